#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The Hinomi authors
"""The edge channel where room ends: a full disk at the edge and at the hub, a spool that is full, and an edge that came back from
an older copy. What comes late comes once, and what gave way is counted exactly."""
import json
import os
import shutil
import subprocess
import sys
import time
import uuid

sys.dont_write_bytecode = True
import edge_world  # noqa: E402
from edge_world import BIN, DEADLINE, Edge, Hub, Receipts, Tap, World, event, packed, record, until  # noqa: E402

PRIVATE = ["unshare", "-m", "--propagation", "private"]
EVENTS = 180  # of a file, which are about the most that a batch holds


def may_mount():
    return os.geteuid() == 0 and subprocess.run([*PRIVATE, "sh", "-c", "mount -t tmpfs none /mnt"], stderr=subprocess.DEVNULL,
                                                check=False).returncode == 0


def within(process, *words):
    """Runs a command where a process has its mounts."""
    return subprocess.run(["nsenter", "-m", "-t", str(process.pid), *map(str, words)], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          timeout=DEADLINE, check=False)


class SmallHub(Hub):
    """One whose data lies on a small disk of its own."""

    def __init__(self, *args, **options):
        script = 'mkdir -p "$0" && mount -t tmpfs -o size=40m none "$0" && exec "$@"'
        super().__init__(*args, start=False, **options)
        self.prefix = [*PRIVATE, "sh", "-c", script, str(self.data)]
        self.start()

    def command(self, *args, **_):
        done = within(self.process, BIN / "hinomi-hub", args[0], *self.options(), *args[1:])
        return subprocess.CompletedProcess(done.args, done.returncode, done.stdout.decode(), done.stderr.decode())


class Resolver:
    def __init__(self, edge):
        self.folder, self.turn, self.written = edge.dir.with_suffix(".events"), 0, []
        self.folder.mkdir()

    def write(self, count=EVENTS, size=6000):
        """Events that do not get much smaller."""
        self.turn += 1
        uids, name = [str(uuid.uuid4()) for _ in range(count)], f"events-20260101T{self.turn:06d}Z.ndjson.zst"
        lines = [json.dumps(event(uid=uid, pad=os.urandom(size).hex())).encode() + b"\n" for uid in uids]
        (self.folder / ("." + name)).write_bytes(packed(b"".join(lines)))
        (self.folder / ("." + name)).rename(self.folder / name)
        self.written.append(uids)

    def waiting(self):
        return [p for p in self.folder.iterdir() if p.name.startswith("events-")]

    def count(self):
        return sum(map(len, self.written))


def counted(w):
    return sum(one["count"] for one in w.admin.get("/api/v1/situation?hours=744").json["blocked"]["hours"])


def end(runs):
    runs.terminate()
    return runs.wait(timeout=DEADLINE)


# ---- the spool ----

def bounded(tap, w):
    """More than a spool of 16 MiB holds while the hub is away; the edge is killed now and then."""
    edge = Edge(w, "resolver", w.anna)
    resolver = Resolver(edge)
    before = counted(w)
    w.hub.stop()
    runs = edge.start("--spool", 16)
    for turn in range(22):
        resolver.write()
        if turn % 7 == 3:
            runs.kill()
            runs.wait()
            runs = edge.start("--spool", 16)
    until(lambda: not resolver.waiting(), "the spool takes all")
    on_disk = sum(p.stat().st_blocks * 512 for p in edge.dir.glob("spool/**/*"))
    tap.check("a spool of 16 MiB stays so small", on_disk < 17 << 20, on_disk)
    w.hub.start()
    w.anew()

    def place():
        return w.edge(edge)["streams"].get("events", {"through": 0})
    until(lambda: place()["through"] == resolver.count(), "all is told")
    gone = place()["gave_way"]
    tap.check("the oldest gave way, and not all", 0 < gone < resolver.count(), gone)
    tap.equal("what came and what gave way are what was written", counted(w) - before + gone, resolver.count())
    newest = {one["id"] for one in w.admin.get(f"/api/v1/edge-events?edge={edge.id}&limit=500").json["events"]}
    tap.check("the newest are there", set(resolver.written[-1]) <= newest)
    tap.equal("the edge ends well", end(runs), 0)


def older_copy(tap, w):
    """An edge that came back from a copy: the hub has more of its streams than it ever had. Receipts cover the records that they
    covered, each record is there once."""
    w.commission()
    chosen = w.set("select", "[ipv4-addr:value = '203.0.113.70']")
    folder = w.dir / "sensed"
    folder.mkdir()
    edge = Edge(w, "sensor", w.anna, sensor=folder)
    authorization, receipts = w.authorise([edge.id], chosen), Receipts(edge)
    w.person("henri", w.centre, "analyst")
    handler = w.handles("henri", authorization)

    def write(count):
        lines = [json.dumps(record(authorization)).encode() for _ in range(count)]
        with open(folder / "selected.ndjson", "ab") as f:
            f.writelines(line + b"\n" for line in lines)
        with open(folder / "receipt.json", "ab") as f:
            f.write(receipts.next(authorization, lines) + b"\n")

    def records():
        return handler.get("/api/v1/selected?limit=500").json["records"]

    def health():
        return w.edge(edge)["streams"].get("health", {"through": 0})["through"]
    for count in (5, 3):
        write(count)
    runs = edge.start()
    until(lambda: len(records()) == 8 and health() > 0, "records")
    end(runs)
    copy = edge.dir.with_suffix(".copy")
    shutil.copytree(edge.dir, copy)
    for turn in range(3):  # beyond what the copy will say at its start
        runs = edge.start()
        if turn == 0:
            write(4)
        until(lambda at=health(): health() > at + 1, "health")
        end(runs)
    until(lambda: len(records()) == 12, "records")
    refused = w.ledger("hub.edge.refused-lines")
    shutil.rmtree(edge.dir)
    copy.rename(edge.dir)
    runs = edge.start()
    until(lambda: "a new epoch begins" in edge.log(), "a new epoch")
    for count in (2, 6):
        write(count)
    try:
        until(lambda: len(records()) == 20, "records of all")
        until(lambda: w.edge(edge)["streams"]["records"]["through"] == 20, "their place")
    except TimeoutError:
        pass
    found = [(one["number"], one["records"], one["holds"]) for one in w.admin.get("/api/v1/receipts").json["receipts"]]
    tap.equal("after a copy each receipt holds", sorted(found), [(1, 5, True), (2, 3, True), (3, 4, True), (4, 2, True), (5, 6, True)])
    tap.equal("each record is there once", len({one["record"]["metadata"]["uid"] for one in records()}), 20)
    place = w.edge(edge)["streams"]["records"]
    tap.equal("by its number", (place["through"], place["gave_way"]), (20, 0))
    tap.equal("and none was refused", w.ledger("hub.edge.refused-lines"), refused)
    tap.equal("the edge ends well", end(runs), 0)


# ---- disks ----

def propose(w, set_id, name):
    asked = w.anna.post(f"/api/v1/sets/{set_id}/approvals", {
        "object": w.indicator(f"[domain-name:value = '{name}']"), "propose": True, "act": "act-2026-001"})
    assert w.ben.post(f"/api/v1/sets/{set_id}/approvals/{asked.json['id']}/approve").status == 200


def full_edge(tap, w):
    set_id = w.set("block", "[domain-name:value = 'bad.example']")
    edge = Edge(w, "resolver", w.anna)
    resolver = Resolver(edge)
    saved, head = edge.dir.with_suffix(".saved"), edge.dir / f"sets/{set_id}/head"
    shutil.copytree(edge.dir, saved)
    script = 'mount -t tmpfs -o size=3m none "$1" && cp -a "$0/." "$1/" && shift && exec "$@"'
    runs = edge.start(prefix=[*PRIVATE, "sh", "-c", script, saved, edge.dir])

    def version():
        done = within(runs, "cat", head)
        return json.loads(done.stdout)["version"] if done.returncode == 0 else 0
    until(lambda: version() == 2, "the set is in force")
    within(runs, "sh", "-c", f"dd if=/dev/zero of={edge.dir}/filler bs=4k")
    propose(w, set_id, "worse.example")
    resolver.write(3, 1000)
    until(lambda: "what was in force stays" in edge.log(), "it has no room")
    time.sleep(1)
    said = edge.log().count("what was in force stays")
    tap.equal("a full disk takes no new version; the old one stays, and one line says so", (version(), said), (2, 1))
    within(runs, "rm", edge.dir / "filler")
    until(lambda: version() == 3, "with room again the new one is in force")
    until(lambda: not resolver.waiting(), "events")
    tap.check("with room again it is there by itself, and what waited goes up", True)
    tap.equal("the edge ends well", end(runs), 0)


def full_hub(tap):
    if not may_mount():
        tap.skip("full disks", "no mounts here")
        return
    edge_world.Hub = SmallHub
    w = World("http: {rate: 0}\ndisk_least: 1MiB\n")
    try:
        full_edge(tap, w)
        edge = Edge(w, "resolver", w.anna)
        resolver = Resolver(edge)
        before, runs = counted(w), edge.start()
        resolver.write(20)
        until(lambda: counted(w) - before == 20, "events")
        within(w.hub.process, "sh", "-c", f"dd if=/dev/zero of={w.hub.data}/filler bs=64k")

        def refused():
            resolver.write(20)
            until(lambda: not resolver.waiting(), "the spool takes what comes")
            return "507" in edge.log()
        until(refused, "the hub has no room")
        had = counted(w)
        for _ in range(3):
            resolver.write(20)
        until(lambda: not resolver.waiting(), "the spool takes what comes")
        tap.equal("a hub whose disk is full takes nothing", counted(w), had)
        within(w.hub.process, "rm", w.hub.data / "filler")
        try:
            until(lambda: counted(w) - before >= resolver.count(), "events again")
        except TimeoutError:
            pass
        time.sleep(1)
        place = w.edge(edge)["streams"]["events"]
        tap.equal("with room again each event is there once, and none gave way",
                  (counted(w) - before, place["through"], place["gave_way"]), (resolver.count(), resolver.count(), 0))
        tap.equal("the edge ends well", end(runs), 0)
        tap.equal("nothing is wrong", w.hub.command("check").stdout, "nothing is wrong\n")
        tap.equal("and the hub ends well", w.hub.stop(), 0)
    finally:
        w.end()


def main():
    tap = Tap()
    w = World()
    try:
        older_copy(tap, w)
        bounded(tap, w)
        tap.equal("the hub ends well", w.hub.stop(), 0)
    finally:
        w.end()
    full_hub(tap)
    tap.done()


main()
