#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The Hinomi authors
"""`hinomi sensor` on a pair of interfaces: what is sent is selected or erased and accounted for, sets are swapped while
packets flow, and nothing is selected while nothing is authorised. Told by TAP."""
import collections
import json
import os
import pwd
import signal
import sys
import threading
import time

sys.dont_write_bytecode = True
from moved_clock import Clock  # noqa: E402
from select_world import (DONE, HINOMI, INPUT, NOT_AUTHORISED, UNFINISHED, USAGE, Tap, packets_of, run, schema,  # noqa: E402
                          schema_faults, tuples)
from sensor_world import (LAB, SENSOR, Edge, Sender, Sensor, World, datagram, hinomi, in_namespace,  # noqa: E402
                          wait_for)

NEW = "198.51.100.77"  # inside a named facility, in no list of the lab
FACILITY = "203.0.113.66"
DOMESTIC = "192.0.2.55"


def total(output, *path):
    """A number of all receipts' sums together."""
    found = 0
    for receipt in output.receipts():
        value = receipt
        for name in path:
            value = value.get(name, {}) if isinstance(value, dict) else value
        found += value or 0
    return found


def account(output):
    """(seen, selected, erased, still pending, not seen) of a run, in packets."""
    last = output.receipts()[-1]
    return (total(output, "sums", "seen", "packets"), total(output, "sums", "selected", "packets"),
            total(output, "sums", "erased", "packets"), last["sums"]["pending_after"]["packets"],
            total(output, "not_seen"))


def reasons(output):
    found = collections.Counter()
    for receipt in output.receipts():
        for by in receipt["sums"]["erased"]["by_reason"].values():
            for reason, tally in by.items():
                found[reason] += tally["packets"]
    return found


def entered(output, text):
    """Whether some record behind the ledger's entries holds that text."""
    return any(text.encode() in data for name, data in output.everything() if name.startswith("private/"))


def seen_all(sensor, sent):
    return sensor.until(lambda s: s["counters"]["seen"]["packets"] + s["counters"]["not_seen"] >= sent, "all was seen")


def the_lab(tap, world, edge):
    """All of the lab's capture crosses the pair once; the ring has room for the whole, however slow this machine is."""
    sensor = Sensor(edge, interface="near", ring="64 MiB").start()
    sender = Sender()
    sender.send([data for _, data, _ in packets_of(world.capture) if len(data) <= 1514])
    # A tag that the kernel takes out of a frame is part of the packet all the same.
    sender.send([datagram(FACILITY, DOMESTIC, 1, tag=7)])
    state = seen_all(sensor, sender.sent)
    tap.equal("ends well at SIGTERM", sensor.stop(), DONE)
    output = sensor.output()
    tap.equal("the directory verifies", output.faults(), [])
    seen, selected, erased, pending, not_seen = account(output)
    tap.equal("each packet is accounted for once", (seen + not_seen, selected + erased, pending),
              (sender.sent, seen, 0))
    tap.equal("none was lost on the way", not_seen, 0)
    records = output.records()
    faults = [fault for record in records[:500] for fault in schema_faults(schema("record.schema.json"), record)]
    tap.equal("records are as their schema says", faults, [])
    faults = [fault for line in output.lines() for fault in schema_faults(schema("receipt.schema.json"), json.loads(line))]
    tap.equal("receipts are as their schema says", faults, [])
    opened, closed = collections.Counter(), collections.Counter()
    for record in records:
        uid = record["connection_info"]["uid"]
        (opened if record["unmapped"]["hinomi"]["phase"] == "open" else closed)[uid] += 1
    tap.check("each selected flow has one record at its match and one at its end, of one connection",
              opened == closed and set(opened.values()) == {1}, len(opened), len(closed))
    tap.check("the records' own uids are all different",
              len({record["metadata"]["uid"] for record in records}) == len(records))
    recorded, files = world.select(world.capture)
    wanted = {(*ends, record["unmapped"]["hinomi"]["indicator"])
              for record in files.records() for ends in tuples([record])}
    got = {(*ends, record["unmapped"]["hinomi"]["indicator"])
           for record in records for ends in tuples([record])}
    got = {row for row in got if row[2] != 1}
    tap.equal("what is selected live is what is selected of the same capture as a file",
              (recorded.returncode, got ^ wanted), (DONE, set()))
    tap.check("a tagged frame is selected", any(row[2] == 1 for row in
                                                (r for record in records for r in tuples([record]))))
    tap.check("state.json said what was in force", state["sets"][0]["version"] == 1 and
              state["authorization"]["id"] == output.receipts()[0]["authorizations"][0]["id"], state)
    receipt = output.receipts()[0]
    tap.equal("a receipt names the interface", (receipt["input"]["state"], receipt["input"]["name"]),
              ("interface", "near"))
    tap.check("intervals follow each other without a gap", all(
        a["interval"]["until"] == b["interval"]["from"] for a, b in zip(output.receipts(), output.receipts()[1:])))


def swaps(tap, world, edge):
    """A set changes while packets flow."""
    (world.path("new.txt")).write_text(NEW + "\n")
    overlay, outside = world.path("new.him"), world.path("outside.him")
    hinomi("indicators", "compile", "-o", overlay, "--set", "lab", "--act", "act-2026-001", "--base", world.set,
           world.path("new.txt"))
    hinomi("indicators", "compile", "-o", outside, "--set", "lab", "--act", "act-of-others", "--base", world.set,
           world.path("new.txt"))
    sensor = Sensor(edge, interface="near", threads=2, ring="32 MiB").start()
    sender, going = Sender(), threading.Event()

    def flow():
        port = 10000
        while not going.is_set():
            sender.send([datagram(NEW, DOMESTIC, 5000), datagram(FACILITY, DOMESTIC, port),
                         datagram(FACILITY, "8.8.8.8", port)])
            port = port + 1 if port < 60000 else 10000
            time.sleep(0.0005)

    thread = threading.Thread(target=flow)
    thread.start()
    try:
        sensor.until(lambda s: s["counters"]["flows_selected"] > 20)
        edge.head(world.set, outside)
        state = sensor.until(lambda s: s["refusals"]["count"] > 0, "refused")
        tap.equal("an entry outside the bounds refuses the whole version, and the old one stays",
                  (state["refusals"]["last"][0]["refusal"], state["sets"][0]["version"]), ("set-out-of-bounds", 1))
        version = edge.head(world.set, overlay)
        state = sensor.until(lambda s: s["sets"] and s["sets"][0]["version"] == version, "swapped")
        tap.check("a version inside them is in force, and how long that took is told", state["sets"][0]["took_us"] > 0)
        new = sensor.until(lambda s: any(ends[2] == 5000 for r in sensor.output().records() for ends in tuples([r])))
        tap.check("a flow that goes on is selected when its address comes to be listed", new is not None)
        for _ in range(6):
            edge.head(world.set, overlay)
            edge.head(world.set)
        sensor.until(lambda s: s["sets"][0]["version"] == edge.version, "swapped often")
        newest = edge.version
        edge.head(world.set, version=1)
        sensor.until(lambda s: s["refusals"]["count"] > 1, "an older version")
        tap.equal("an older version is refused", sensor.state()["sets"][0]["version"], newest)
    finally:
        going.set()
        thread.join()
    seen_all(sensor, sender.sent)
    tap.equal("ends well", sensor.stop(), DONE)
    output = sensor.output()
    tap.equal("the directory verifies, with flows that began under one version and ended under another",
              output.faults(), [])
    seen, selected, erased, pending, not_seen = account(output)
    tap.equal("nothing was lost while sets were swapped", (seen, selected + erased, pending, not_seen),
              (sender.sent, seen, 0, 0))
    tap.check("the ledger has the refusal", entered(output, "set-out-of-bounds"))
    versions = {receipt["sets"][0]["version"] for receipt in output.receipts()}
    tap.check("each receipt is of one version", len(versions) == 2, versions)


def authorisations(tap, world):
    """Nothing is selected, and all is accounted for, while nothing is authorised."""
    edge = Edge(world, "edge-none")
    for document in (edge.path / "authorizations").iterdir():
        document.unlink()
    sensor = Sensor(edge, interface="near").start("not-authorised")
    sender = Sender()
    sender.send([datagram(FACILITY, DOMESTIC, 6000 + i) for i in range(50)])
    seen_all(sensor, sender.sent)
    edge.authorize(world.authorization)
    sensor.until(lambda s: s["state"] == "selecting")
    sender.send([datagram(FACILITY, DOMESTIC, 7000 + i) for i in range(30)])
    sender.send([datagram("203.0.113.70", DOMESTIC, 7500 + i) for i in range(20)])  # pending when it ends
    seen_all(sensor, sender.sent)
    name = json.loads((sensor.out / "state.json").read_text())["authorization"]["id"]
    edge.revoke(name)
    state = sensor.until(lambda s: s["state"] == "not-authorised")
    tap.equal("it says why", state["refused"]["reason"], "revoked")
    sender.send([datagram(FACILITY, DOMESTIC, 8000 + i) for i in range(40)])
    seen_all(sensor, sender.sent)
    tap.equal("ends well", sensor.stop(), DONE)
    output = sensor.output()
    tap.equal("the directory verifies", output.faults(), [])
    found = reasons(output)
    tap.equal("what came while nothing was authorised is erased for that, and what was pending then",
              found["not_authorised"], 50 + 20 + 40)
    tap.equal("and nothing else", sum(found.values()), 110)
    tap.equal("selected is what came in between", total(output, "flows", "selected"), 30)
    refused = [receipt.get("refused") for receipt in output.receipts()]
    tap.check("receipts say why, and hold no authorisation then", "no-authorization" in refused and
              "revoked" in refused and all(("refused" in r) == (r["authorizations"] == []) for r in output.receipts()),
              refused)


def time_passes(tap, world, library):
    """Lists run out, records are erased by the clock."""
    edge = Edge(world, "edge-time")
    clock = Clock(world.path("clock"), library)
    sensor = Sensor(edge, interface="near", environment=clock.environment).start()
    sender = Sender()
    sender.send([datagram(FACILITY, DOMESTIC, 6000 + i) for i in range(10)])
    sensor.until(lambda s: s["counters"]["flows_selected"] == 10)
    count = sensor.state()["counters"]["receipts"]
    clock.passes(5)
    sensor.until(lambda s: s["counters"]["receipts"] > count)
    clock.passes(-60)
    state = sensor.until(lambda s: s["state"] == "not-authorised")
    tap.equal("a clock that is set back is not believed", state["refused"]["reason"], "clock-behind")
    clock.passes(60)
    sensor.until(lambda s: s["state"] == "selecting")
    clock.passes(25 * 3600)
    state = sensor.until(lambda s: s["state"] == "not-authorised")
    tap.equal("a list of revocations that has run out ends the selection", state["refused"]["reason"],
              "revocations-stale")
    sender.send([datagram(FACILITY, DOMESTIC, 6100 + i) for i in range(10)])
    seen_all(sensor, sender.sent)
    tap.equal("nothing is selected from then on", sensor.state()["counters"]["flows_selected"], 10)
    clock.passes(61 * 24 * 3600)
    state = sensor.until(lambda s: s["counters"]["expired_records"] > 0)
    tap.equal("records are erased at the end of their retention, by the clock", state["counters"]["expired_records"], 20)
    tap.equal("ends well", sensor.stop(), DONE)
    tap.equal("the directory verifies", sensor.output().faults(expired=True), [])
    tap.check("the ledger has it", entered(sensor.output(), '"records":'))


def kills(tap, world, edge):
    """Killed at any moment it leaves a directory that verifies up to its last receipt; the next start mends it."""
    out = world.fresh()
    sender = Sender()
    for turn in range(6):
        sensor = Sensor(edge, out=out, interface="near").start()
        for i in range(40 + 17 * turn):
            sender.send([datagram(FACILITY, DOMESTIC, 10000 + 100 * turn + i),
                         datagram("203.0.113.70", DOMESTIC, 20000 + 100 * turn + i)])
        wait_for("a record", lambda: (out / "selected.ndjson").stat().st_size > 0, sensor.process)
        if turn % 2 == 0:
            sensor.until(lambda s: s["counters"]["receipts"] > 0)
        sensor.stop(signal.SIGKILL)
        faults = sensor.output().faults(torn=True)
        tap.equal(f"killed, turn {turn}: what is written verifies up to the last receipt", faults, [])
    sensor = Sensor(edge, out=out, interface="near").start()
    tap.equal("the next start goes on", sensor.stop(), DONE)
    tap.equal("and the directory is whole again", sensor.output().faults(), [])
    tap.check("what was left is in the ledger", entered(sensor.output(), "flows_without_record"))


def children(pid):
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as f:
        return [int(word) for word in f.read().split()]


def drops(tap, world, edge):
    """A ring that is full drops, and that is told."""
    sensor = Sensor(edge, interface="near").start()
    parser, = children(sensor.process.pid)
    sender = Sender()
    os.kill(parser, signal.SIGSTOP)
    sender.send((datagram(FACILITY, DOMESTIC, 9000, size=1400) for _ in range(6000)))
    os.kill(parser, signal.SIGCONT)
    seen_all(sensor, sender.sent)
    tap.equal("ends well", sensor.stop(), DONE)
    output = sensor.output()
    seen, selected, erased, pending, not_seen = account(output)
    tap.check("packets that found no room are told as not seen", not_seen > 0, not_seen)
    tap.equal("and all others are accounted for", (seen + not_seen, selected + erased, pending), (sender.sent, seen, 0))
    tap.equal("the directory verifies", output.faults(), [])
    # One that is alone in the end: the parser gone.
    sensor = Sensor(edge, interface="near").start()
    parser, = children(sensor.process.pid)
    os.kill(parser, signal.SIGKILL)
    tap.equal("without its parser it ends, and says so", sensor.process.wait(60), UNFINISHED)


def replays(tap, world, edge):
    """A capture as if it were now: only where the trust file says that it is a demonstration."""
    sensor = Sensor(edge, replay=world.capture).start()
    state = sensor.until(lambda s: s["counters"]["records"] > 0)
    tap.equal("a capture is replayed as if it were now", (state["input"]["state"], sensor.stop()), ("replay", DONE))
    output = sensor.output()
    tap.equal("the directory verifies", output.faults(), [])
    started = output.records()[0]["start_time_dt"]
    tap.check("its times are of now", abs(time.time() - time.mktime(time.strptime(started[:19], "%Y-%m-%dT%H:%M:%S")) +
                                          time.timezone) < 600, started)
    trust = world.make_trust("TEST.json", "--mark", "test")
    refused = Sensor(edge, replay=world.capture, trust=trust)
    done = refused.run()
    tap.equal("under another trust file it is refused", done.returncode, NOT_AUTHORISED)
    tap.check("the refusal is in the ledger", entered(refused.output(), "trust-unknown"), done.stderr)
    broken = Sensor(edge, replay=LAB / "domestic.txt").run()
    tap.check("what is no capture is said", broken.returncode == UNFINISHED and "domestic.txt" in broken.stderr,
              broken.returncode, broken.stderr)


def refusals(tap, world, edge):
    tap.equal("an interface that is not there", Sensor(edge, interface="none0").run().returncode, INPUT)
    tap.equal("a key that nobody knows", Sensor(edge, interface="near", colour="red").run().returncode, USAGE)
    good = Sensor(edge, interface="near")
    done = run(SENSOR, "--check", "--config", good.configure())
    tap.equal("--check says what would be in force", (done.returncode, "under authorisation" in done.stdout), (DONE, True))
    second = Edge(world, "edge-second")
    sensor = Sensor(second, interface="near").start()
    stranger = world.make_trust("OTHER.json", "--mark", "test")
    second.put("trust.json", stranger.read_bytes())
    state = sensor.until(lambda s: s["refusals"]["count"] > 0)
    tap.equal("a trust file that does not follow is refused, and the old one stays",
              (state["refusals"]["last"][0]["what"], state["state"]), ("trust", "selecting"))
    sensor.stop()
    again = Sensor(second, out=sensor.out, interface="near").start()
    tap.equal("also after a restart", again.until(lambda s: s["refusals"]["count"] > 0)["trust"]["mark"], "demo")
    (second.path / "trust.json").write_bytes(b"{")
    os.kill(again.process.pid, signal.SIGHUP)
    again.until(lambda s: s["refusals"]["count"] > 1)
    (second.path / "sets" / "lab" / "head").write_bytes(b"[]")
    again.until(lambda s: s["refusals"]["count"] > 2)
    digest = world.set.read_bytes()[24:56].hex()
    tap.equal("broken files change nothing", (again.state()["state"], again.state()["sets"][0]["set_version"]),
              ("selecting", digest))
    damaged = bytearray(world.set.read_bytes())
    damaged[-1] ^= 1
    third = Edge(world, "edge-third")
    third.put(f"sets/lab/{digest}.him", bytes(damaged))
    sensor = Sensor(third, interface="near").start()
    state = sensor.until(lambda s: s["refusals"]["count"] > 0)
    tap.equal("a file that is not what its name says is not used", state["sets"], [])
    tap.equal("both end well", (sensor.stop(), again.stop()), (DONE, DONE))
    tap.equal("and verify", (sensor.output().faults(), again.output().faults()), ([], []))


def users(tap, world):
    """Started as root: the writer becomes the user that is named, the parser nobody."""
    if os.geteuid() != 0 or os.environ.get("HINOMI_NAMESPACE") != "1":
        tap.skip("another user", "needs root")
        return
    try:
        user = pwd.getpwnam("daemon")
    except KeyError:
        tap.skip("another user", "there is no daemon here")
        return
    edge, out = Edge(world, "edge-user"), world.fresh()
    out.mkdir()
    os.chmod(world.dir, 0o711)
    try:
        for path in (out, edge.path, *edge.path.rglob("*")):
            os.chown(path, user.pw_uid, user.pw_gid)
    except OSError:
        tap.skip("another user", "this root has no other users")
        return
    sensor = Sensor(edge, out=out, interface="near", user="daemon").start()
    status = [next(line.split()[1] for line in open(f"/proc/{pid}/status", encoding="ascii") if line.startswith("Uid:"))
              for pid in (sensor.process.pid, *children(sensor.process.pid))]
    tap.equal("the writer is the user that is named, the parser nobody", status, [str(user.pw_uid), "65534"])
    tap.check("both without privileges", all(process["unprivileged"] for process in
                                             (sensor.state()["sandbox"][name] for name in ("parser", "writer"))))
    tap.equal("ends well, and verifies", (sensor.stop(), sensor.output().faults()), (DONE, []))


def main():
    tap = Tap()
    why = in_namespace()
    if why is not None:
        tap.skip("a live sensor", why)
        tap.done()
    world = World()
    edge = Edge(world)
    wanted = sys.argv[2:]
    for name, test in (("lab", lambda: the_lab(tap, world, edge)), ("swaps", lambda: swaps(tap, world, edge)),
                       ("authorisations", lambda: authorisations(tap, world)),
                       ("time", lambda: time_passes(tap, world, sys.argv[1])),
                       ("kills", lambda: kills(tap, world, Edge(world, "edge-kills"))),
                       ("drops", lambda: drops(tap, world, Edge(world, "edge-drops"))),
                       ("replays", lambda: replays(tap, world, Edge(world, "edge-replays"))),
                       ("refusals", lambda: refusals(tap, world, Edge(world, "edge-refusals"))),
                       ("users", lambda: users(tap, world))):
        if not wanted or name in wanted:
            test()
    tap.done()


main()
