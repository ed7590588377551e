#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The Hinomi authors
"""Nothing that an edge acknowledged to its resolver is lost, nothing comes twice: hub and edge are killed in mid-batch, the hub
is away for a while, the edge's disk is full; events at the hub are counted against those that were written."""
import json
import os
import random
import shutil
import subprocess
import sys
import time
import uuid

sys.dont_write_bytecode = True
from edge_world import BIN, Edge, Receipts, Tap, World, event, packed, record, until  # noqa: E402

ROUNDS = int(os.environ.get("HINOMI_ROUNDS", "20"))
EVENTS = 400  # of a file


class Resolver:
    """Writes event files as a resolver does: whole under their name, by a rename."""

    def __init__(self, folder):
        self.folder, self.written, self.turn = folder, set(), 0
        self.folder.mkdir(exist_ok=True)

    def write(self, count=EVENTS):
        uids = [str(uuid.uuid4()) for _ in range(count)]
        text = b"".join(json.dumps(event(uid=uid, pad="x" * 200)).encode() + b"\n" for uid in uids)
        self.turn += 1
        name = f"events-20260101T{self.turn:06d}Z.ndjson.zst"
        (self.folder / ("." + name)).write_bytes(packed(text))
        (self.folder / ("." + name)).rename(self.folder / name)
        self.written.update(uids)

    def waiting(self):
        return [p for p in self.folder.iterdir() if p.name.startswith("events-")]


def kill(process):
    if process and process.poll() is None:
        process.kill()
    if process:
        process.wait()


def counted(w):
    """How many events the hub has counted: what charts are made of."""
    return sum(one["count"] for one in w.admin.get("/api/v1/situation?hours=744").json["blocked"]["hours"])


def arrives(tap, w, resolver, name):
    """All that was written, each once."""
    try:
        until(lambda: not resolver.waiting() and counted(w) >= len(resolver.written), name)
    except TimeoutError:
        pass
    time.sleep(1.5)
    tap.equal(f"{name}: each event once", (counted(w), len(resolver.waiting())), (len(resolver.written), 0))


def killed(tap, w, edge, resolver, chance):
    runs = None
    for _ in range(ROUNDS):
        resolver.write(chance.randrange(1, 3 * EVENTS))
        if runs is None or runs.poll() is not None:
            runs = edge.start()
        time.sleep(chance.random() * 0.6)
        if chance.random() < 0.5:
            kill(runs)
        else:
            w.hub.kill()
            if chance.random() < 0.3:
                kill(runs)
            w.hub.start()
    if runs.poll() is not None:
        runs = edge.start()
    arrives(tap, w, resolver, f"{ROUNDS} kills")
    return runs


def away(tap, w, edge, resolver, runs):
    w.hub.stop()
    for _ in range(5):
        resolver.write()
    until(lambda: not resolver.waiting(), "the spool takes what comes meanwhile")
    runs.terminate()
    tap.equal("it ends well without a hub", runs.wait(timeout=30), 0)
    runs = edge.start()
    resolver.write()
    w.hub.start()
    arrives(tap, w, resolver, "a hub that comes back")
    return runs


def full(tap, w, edge, resolver, runs):
    """A disk of a few megabytes in a namespace of the edge's own."""
    inside = ["unshare", "--mount", "--propagation", "private", "sh", "-c"]
    if os.geteuid() != 0 or subprocess.run([*inside, "mount -t tmpfs none /mnt"], stderr=subprocess.DEVNULL, check=False).returncode != 0:
        tap.skip("a full disk at the edge", "no mounts here")
        return runs
    runs.terminate()
    runs.wait(timeout=30)
    saved = edge.dir.with_suffix(".saved")
    shutil.copytree(edge.dir, saved)
    # What is in the small disk comes out when the edge ends, so that nothing that it holds is lost to us.
    script = (f"mount -t tmpfs -o size=3m none {edge.dir} && cp -a {saved}/. {edge.dir}/ && "
              f"dd if=/dev/zero of={edge.dir}/filler bs=1k 2>/dev/null; {BIN}/hinomi-edge run --directory {edge.dir} & "
              f"edge=$!; read line; rm {edge.dir}/filler; read line; kill -TERM $edge; wait $edge; code=$?; "
              f"rm -rf {saved}; cp -a {edge.dir} {saved}; exit $code")
    with open(edge.dir.with_suffix(".log"), "ab") as log:
        small = subprocess.Popen([*inside, script], stdin=subprocess.PIPE, stdout=log, stderr=log, env=w.hub.env)
    resolver.write()
    time.sleep(4)
    tap.check("a full disk takes nothing, and the resolver's file stays", len(resolver.waiting()) == 1 and small.poll() is None,
              edge.dir.with_suffix(".log").read_text(errors="replace")[-1500:])
    small.stdin.write(b"\n")
    small.stdin.flush()
    arrives(tap, w, resolver, "room again")
    small.stdin.write(b"\n")
    small.stdin.flush()
    tap.equal("it ends well", small.wait(timeout=60), 0)
    shutil.rmtree(edge.dir)
    saved.rename(edge.dir)
    return edge.start()


def sensor(tap, w, chance):
    """A sensor's folder, whose receipts cover more records than a batch holds."""
    w.commission()
    chosen = w.set("select", "[ipv4-addr:value = '203.0.113.70']")
    edge = Edge(w, "sensor", w.anna, sensor=w.dir / "sensed")
    authorization = w.authorise([edge.id], chosen)
    folder, receipts, runs, total = w.dir / "sensed", Receipts(edge), None, 0
    folder.mkdir()
    for count in (1, 70000, 0, 3, 90):
        lines = [json.dumps(record(authorization)).encode() for _ in range(count)]
        with open(folder / "selected.ndjson", "ab") as f:
            f.writelines(line + b"\n" for line in lines)
        with open(folder / "receipt.json", "ab") as f:
            f.write(receipts.next(authorization, lines) + b"\n")
        total += count
        kill(runs)
        runs = edge.start()
        time.sleep(chance.random())

    def place():
        return w.edge(edge)["streams"].get("records", {}).get("through")
    try:
        until(lambda: place() == total, "records")
    except TimeoutError:
        pass
    tap.equal("each record of a sensor once", place(), total)
    found = w.admin.get("/api/v1/receipts").json["receipts"]
    tap.equal("and they are those of its receipts", [(one["records"], one["holds"]) for one in reversed(found)],
              [(count, True) for count in (1, 70000, 0, 3, 90)])
    kill(runs)


def main():
    tap = Tap()
    seed = int(os.environ.get("HINOMI_SEED", str(random.randrange(1 << 30))))
    print(f"# HINOMI_SEED={seed}", flush=True)
    w = World()
    runs = None
    try:
        edge = Edge(w, "resolver", w.anna)
        resolver = Resolver(edge.dir.with_suffix(".events"))
        sensor(tap, w, random.Random(seed))
        runs = killed(tap, w, edge, resolver, random.Random(seed))
        runs = away(tap, w, edge, resolver, runs)
        runs = full(tap, w, edge, resolver, runs)
        until(edge.follows, "it follows")
        health = until(lambda: w.edge(edge).get("health", {}).get("connected") and w.edge(edge)["health"], "health")
        tap.check("its health tells of the spool", health["spool"]["full"] is False, health)
        runs.terminate()
        tap.equal("the edge ends well", runs.wait(timeout=30), 0)
        tap.equal("and the hub", w.hub.stop(), 0)
    finally:
        kill(runs)
        w.end()
    tap.done()


main()
