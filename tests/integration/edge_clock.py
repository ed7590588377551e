#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The Hinomi authors
"""The edge channel while time passes: codes die, certificates are renewed or end, what is kept for a while goes, a hub is away
for long. Hub and edges have a clock that this test moves."""
import datetime
import json
import pathlib
import shutil
import sys
import tempfile
import time
import uuid

sys.dont_write_bytecode = True
from edge_world import BIN, DEADLINE, Edge, Receipts, Tap, World, event, packed, record, run, until  # noqa: E402
from moved_clock import Clock  # noqa: E402

MINUTE, DAY = 60, 86400


class Moved(Clock):
    """The world's clients begin anew where time has passed: no connection that is kept lives so long."""
    world = None

    def passes(self, seconds):
        super().passes(seconds)
        if self.world:
            self.world.anew()

    def text(self, **more):
        """Now, as records and receipts say it."""
        moment = datetime.datetime.fromtimestamp(self.now(), datetime.timezone.utc) + datetime.timedelta(**more)
        return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def codes(tap, w, clock):
    early, late = w.code(w.anna, "sensor"), w.code(w.anna, "sensor")
    clock.passes(14 * MINUTE)
    done = run(BIN / "hinomi-edge", "enrol", early, "--directory", w.dir / "early", check=False, env=w.hub.env)
    tap.equal("after 14 minutes a code enrols", done.returncode, 0)
    clock.passes(2 * MINUTE)
    done = run(BIN / "hinomi-edge", "enrol", late, "--directory", w.dir / "late", check=False, env=w.hub.env)
    tap.check("after 15 it does not, and says what to do", done.returncode == 4 and b"ask for a new one" in done.stderr, done.returncode, done.stderr)
    tap.equal("nor the other again", run(BIN / "hinomi-edge", "enrol", early, "--directory", w.dir / "again", check=False,
                                         env=w.hub.env).returncode, 4)


class Resolver:
    def __init__(self, edge, clock):
        self.folder, self.clock, self.turn = edge.dir.with_suffix(".events"), clock, 0
        self.folder.mkdir()

    def write(self, count=3):
        """@return the identifiers of its events"""
        self.turn += 1
        uids, name = [str(uuid.uuid4()) for _ in range(count)], f"events-20260101T{self.turn:06d}Z.ndjson.zst"
        lines = [json.dumps(event(uid=uid, time_ms=int(self.clock.now() * 1000))).encode() + b"\n" for uid in uids]
        (self.folder / ("." + name)).write_bytes(packed(b"".join(lines)))
        (self.folder / ("." + name)).rename(self.folder / name)
        return uids


def events_of(w, edge):
    return sorted(one["id"] for one in w.anna.get(f"/api/v1/edge-events?edge={edge.id}&limit=500").json["events"])


def ended(answer):
    """Whether a stream of heads comes to its end."""
    last = time.monotonic() + DEADLINE
    try:
        while time.monotonic() < last:
            if not answer.read1(65536):
                return True
    except TimeoutError:
        pass
    except OSError:
        return True
    return False


def certificates(tap, w, clock):
    """@return an edge that runs, and its resolver"""
    edge, watcher = Edge(w, "resolver", w.anna), Edge(w, "resolver", w.anna)
    resolver = Resolver(edge, clock)
    runs = edge.start()
    until(edge.follows, "it follows")
    old = resolver.write()
    until(lambda: events_of(w, edge) == sorted(old), "events")
    c, answer = watcher.follow()
    renewed, before = w.ledger("hub.edge.renewed"), (edge.dir / "hub/certificate.pem").read_text()
    clock.passes(19 * DAY)
    tap.equal("before two thirds of its time a certificate is as it was", (edge.dir / "hub/certificate.pem").read_text(), before)
    clock.passes(2 * DAY)
    until(lambda: "the certificate was renewed" in edge.log(), "a renewal")
    tap.equal("then it is renewed, once", w.ledger("hub.edge.renewed") - renewed, 1)
    answer.fp.raw._sock.settimeout(3)
    tap.check("who holds a certificate follows as long as it holds", not ended(answer))
    c.close()
    c, answer = watcher.follow()
    clock.passes(10 * DAY)
    tap.check("when it is over its stream ends", ended(answer))
    c.close()
    tap.check("and it opens no other", watcher.refused())
    new = resolver.write()
    until(lambda: set(new) <= set(events_of(w, edge)), "events under the new certificate")
    tap.check("with the new one an edge speaks on", True)
    until(lambda: not set(old) & set(events_of(w, edge)), "events of 31 days ago are gone")
    tap.equal("events are gone after 30 days, and no others", events_of(w, edge), sorted(new))
    return edge, runs, resolver


def selected(tap, w, clock):
    """Records at the hub go at their time; those in the spool too, sent or not, and the hub hears that they did."""
    w.commission()
    chosen = w.set("select", "[ipv4-addr:value = '203.0.113.70']")
    folder = w.dir / "sensed"
    folder.mkdir()
    edge = Edge(w, "sensor", w.anna, sensor=folder)
    authorization = w.authorise([edge.id], chosen, start=clock.text(hours=-1), until_at=clock.text(days=30))
    receipts = Receipts(edge)

    def write(count, **erase):
        lines = [json.dumps(record(authorization, time_ms=int(clock.now() * 1000))).encode() for _ in range(count)]
        with open(folder / "selected.ndjson", "ab") as f:
            f.writelines(line + b"\n" for line in lines)
        with open(folder / "receipt.json", "ab") as f:
            f.write(receipts.next(authorization, lines, erase_by=clock.text(**erase), made=clock.text(),
                                  interval={"from": clock.text(minutes=-1), "until": clock.text()}) + b"\n")
    w.person("henri", w.centre, "analyst")
    handler = w.handles("henri", authorization)

    def records():
        handler.close()
        return len(handler.get("/api/v1/selected").json["records"])

    def place():
        return {name: w.edge(edge, w.anna)["streams"].get("records", {}).get(name) for name in ("through", "gave_way")}
    write(5, days=2)
    runs = edge.start()
    until(lambda: records() == 5, "records")
    erased = w.ledger("hub.selected.erased")
    w.hub.stop()
    write(7, days=1)
    spooled = lambda: [p for p in edge.dir.glob("spool/*/records/*.zst")]  # noqa: E731
    until(spooled, "records wait in the spool")
    clock.passes(3 * DAY)
    until(lambda: "were erased unsent" in edge.log(), "records are erased in the spool")
    tap.equal("what waits longer than it may is erased unsent", spooled(), [])
    w.hub.start()
    w.anew()
    until(lambda: place()["through"] == 12, "the hub hears of it")
    tap.equal("and the hub hears how much", place(), {"through": 12, "gave_way": 7})
    until(lambda: records() == 0, "the hub's are erased")
    tap.check("what the hub had goes at its time, which stands in the ledger", w.ledger("hub.selected.erased") > erased)
    runs.terminate()
    tap.equal("the sensor's edge ends well", runs.wait(timeout=60), 0)


def away(tap, w, clock, edge, resolver):
    """A fortnight."""
    before = events_of(w, edge)
    w.hub.stop()
    written = []
    for _ in range(14):
        written += resolver.write()
        clock.passes(DAY)
    until(lambda: not list(resolver.folder.glob("events-*")), "the spool takes what comes meanwhile")
    told = edge.log().count("the hub does not answer")
    tap.check("that the hub is away is not said endlessly", 0 < told < 10, told)
    w.hub.start()
    w.anew()
    edge.followed = edge.log().count("follows the hub")
    for _ in range(3):
        clock.passes(MINUTE)  # a back-off is over
    until(edge.follows, "it follows")
    until(lambda: len(events_of(w, edge)) >= len(before) + len(written), "events")
    tap.equal("all that came in a fortnight without a hub is there once", events_of(w, edge), sorted(before + written))


def revoked(tap, w, edge, runs):
    until(lambda: w.edge(edge, w.anna)["follows"], "it follows")
    before = len(edge.log())
    tag = w.ben.get(f"/api/v1/edges/{edge.id}").headers["ETag"]
    tap.equal("an edge is revoked", w.ben.delete(f"/api/v1/edges/{edge.id}", If_Match=tag).status, 204)
    until(lambda: not w.edge(edge, w.anna)["follows"], "its stream ends")
    tap.check("its running stream ends", True)
    until(lambda: "401" in edge.log()[before:] or "403" in edge.log()[before:], "it is told")
    tap.check("it says why, lives, and does not follow any more", runs.poll() is None and edge.log()[before:].count("follows the hub") == 0,
              edge.log()[before:])
    runs.terminate()
    tap.equal("it ends well", runs.wait(timeout=60), 0)


def main():
    tap, runs = Tap(), None
    place = pathlib.Path(tempfile.mkdtemp(prefix="hinomi-clock-"))
    clock = Moved(place / "clock", sys.argv[1])
    w = World("http: {rate: 0}\n", env=clock.environment)
    clock.world = w
    try:
        codes(tap, w, clock)
        selected(tap, w, clock)
        edge, runs, resolver = certificates(tap, w, clock)
        away(tap, w, clock, edge, resolver)
        revoked(tap, w, edge, runs)
        tap.equal("the hub ends well", w.hub.stop(), 0)
    finally:
        if runs and runs.poll() is None:
            runs.kill()
        w.end()
        shutil.rmtree(place, ignore_errors=True)
    tap.done()


main()
