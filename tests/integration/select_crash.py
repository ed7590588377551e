#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The Hinomi authors
"""Selections that are ended: either process, or both, killed at many moments; full disks; torn tails. What is there
verifies, a rerun goes on, and nothing that a receipt covers is lost or changed. Told by TAP."""
import collections
import json
import os
import pathlib
import resource
import subprocess
import sys
import time

sys.dont_write_bytecode = True
from select_world import (DONE, HINOMI, INPUT, TIMEOUT, UNFINISHED, USAGE, Output, Tap, World, gist,  # noqa: E402
                          hinomi, kill, one_line, packets_of, pcap, rfc3339, run, wait_gone)

MOMENTS = 10  # for each way of dying, spread over the time that a whole run takes


def children(pid):
    try:
        text = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return []
    return [int(word) for word in text.split()]


def killed_at(world, inputs, seconds, victims, out):
    """Starts a run, waits, and kills: returns its exit code, its stderr, and whether every process of it ended."""
    process = subprocess.Popen(world.command(out, *inputs), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                               stderr=subprocess.PIPE, text=True)
    time.sleep(seconds)  # where a run is killed does not matter for what must hold
    parsers = children(process.pid)
    if "parser" in victims:
        for pid in parsers:
            kill(pid)
    if "writer" in victims:
        kill(process.pid)
    _, told = process.communicate(timeout=TIMEOUT)
    return process.returncode, told, wait_gone(parsers)


def covered(out):
    """What receipts cover, and the receipts: none of it may ever change."""
    receipts = out.receipts() if out.bytes_of("receipt.json").endswith(b"\n") else []
    end = receipts[-1]["records"]["offset"] + receipts[-1]["records"]["bytes"] if receipts else 0
    return out.bytes_of("selected.ndjson")[:end], b"".join(line + b"\n" for line in out.lines()[:len(receipts)])


def kills(tap, world, files, wanted, seconds):
    """One directory for each way, killed again and again, then brought to its end."""
    for victims in (("writer",), ("parser",), ("parser", "writer")):
        name = " and ".join(victims)
        out = world.fresh()
        wrong, before = [], (b"", b"")
        for moment in range(MOMENTS):
            code, told, gone = killed_at(world, files, seconds * moment / MOMENTS, victims, out)
            if code not in (DONE, UNFINISHED, -9):
                wrong.append((moment, "exit", code, told))
            if not gone:
                wrong.append((moment, "a process stayed"))
            if not out.exists():
                continue
            state = Output(out, world)
            if (out / "ledger/checkpoint").exists():
                wrong += [(moment, fault) for fault in state.faults(torn=True)]
            after = covered(state)
            if any(not new.startswith(old) for new, old in zip(after, before)):
                wrong.append((moment, "what a receipt covered has changed"))
            before = after
        tap.equal(f"{name} killed at {MOMENTS} moments", wrong[:4], [])
        number = len(Output(out, world).lines())
        done, state = world.select(*files, out=out)
        tap.equal(f"{name} killed: a rerun goes on", (done.returncode, state.faults()), (DONE, []))
        tap.check(f"{name} killed: nothing covered was lost", all(
            new.startswith(old) for new, old in zip(covered(state), before)))
        tap.check(f"{name} killed: the rerun found everything", own_records(state, len(files)) == wanted,
                  len(state.lines()), number)


def own_records(state, count):
    """The records of the last `count` receipts."""
    last = state.receipts()[-count:]
    data = state.bytes_of("selected.ndjson")[last[0]["records"]["offset"]:]
    return collections.Counter(gist(json.loads(line)) for line in data.splitlines())


def limited(size):
    return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


def full_disk(tap, world, capture, wanted):
    wrong, met = [], collections.Counter()
    out = world.fresh()
    for size in (0, 10, 200, 700, 3000, 20000, 400000, 1 << 20):
        done, state = world.select(capture, out=out, preexec_fn=limited(size))
        met[done.returncode] += 1
        if done.returncode != UNFINISHED or len(done.stderr.splitlines()) > 2:
            wrong.append((size, done.returncode, done.stderr))
        if (out / "ledger/checkpoint").exists():
            wrong += [(size, fault) for fault in state.faults(torn=True)]
    tap.equal("files may not grow: exit 5, and what is there verifies", wrong[:3], [])
    done, state = world.select(capture, out=out)
    tap.equal("with room again: a rerun goes on", (done.returncode, state.faults()), (DONE, []))
    tap.check("and finds everything", own_records(state, 1) == wanted)


SMALL_DISK = """
mount -t tmpfs -o size="$1" hinomi "$2" || exit 99
shift 2
"$@"
code=$?
cp -a "$OUT" "$KEEP"
exit $code
"""


def small_disk(tap, world, capture):
    """A disk that is truly full, in a mount namespace of its own."""
    probe = run("unshare", "-m", "sh", "-c", "mount -t tmpfs none /mnt") if os.geteuid() == 0 else None
    if probe is None or probe.returncode != 0:
        tap.skip("a full disk", "no mount namespace here")
        return
    disk = world.path("disk")
    disk.mkdir()
    for size in ("64k", "300k", "900k"):
        keep = world.path("kept-" + size)
        environment = dict(os.environ, OUT=str(disk / "out"), KEEP=str(keep))
        done = run("unshare", "-m", "sh", "-c", SMALL_DISK, "sh", size, disk,
                   *world.command(disk / "out", capture), env=environment)
        state = Output(keep, world)
        wrong = state.faults(torn=True) if (keep / "ledger/checkpoint").exists() else []
        tap.equal(f"a disk of {size}: exit 5, and what is there verifies", (done.returncode, wrong), (UNFINISHED, []))
        done, state = world.select(capture, out=keep)
        tap.equal(f"a disk of {size}: moved to a larger one, a rerun goes on", (done.returncode, state.faults()), (DONE, []))


def torn_tails(tap, world, capture):
    """Bytes behind the last receipt, or missing in receipt.json, are mended and the mending is ledgered."""
    def spoil_receipt(state):
        file = state.path / "receipt.json"
        file.write_bytes(file.read_bytes() + b'{"receipt":{"vers')

    def cut_receipt(state):
        file = state.path / "receipt.json"
        file.write_bytes(file.read_bytes()[:-100])

    def drop_receipt(state):
        (state.path / "receipt.json").write_bytes(b"")

    def more_records(state):
        file = state.path / "selected.ndjson"
        file.write_bytes(file.read_bytes() + b'{"class_uid":4001,"cat')

    for name, spoil in (("half a receipt", spoil_receipt), ("a receipt cut short", cut_receipt),
                        ("a receipt lost", drop_receipt), ("half a record", more_records)):
        _, state = world.select(capture)
        before = covered(state)
        spoil(state)
        done, state = world.select(capture, out=state.path)
        tap.equal(f"{name}: mended", (done.returncode, state.faults()), (DONE, []))
        tap.check(f"{name}: what was covered is as it was", all(
            new.startswith(old) for new, old in zip(covered(state), before)))
    _, state = world.select(capture)
    file = state.path / "selected.ndjson"
    file.write_bytes(file.read_bytes()[:-10])
    done, state = world.select(capture, out=state.path)
    tap.check("covered records that are missing stop the run", done.returncode not in (DONE, -11) and one_line(done.stderr),
              done.returncode, done.stderr)
    done, state = world.select(capture)
    done, _ = world.select(capture, out=state.path, identity=world.path("stranger.key"))
    tap.check("another identity's directory is left alone", done.returncode not in (DONE, -11) and one_line(done.stderr) and
              state.faults() == [], done.returncode, done.stderr)


def consumed(tap, world, packets):
    """An input that is gone has a durable receipt."""
    wrong = []
    out = world.fresh()
    for moment in range(MOMENTS):
        files = [world.path(f"eat-{moment}-{i}") for i in range(3)]
        for i, file in enumerate(files):
            file.write_bytes(pcap(packets[i * 3000:(i + 1) * 3000]))
        process = subprocess.Popen(world.command(out, *files, consume=True), stdin=subprocess.DEVNULL,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(0.02 * moment)
        kill(process.pid)
        process.wait(timeout=TIMEOUT)
        state = Output(out, world)
        names = {r["input"]["name"] for r in state.receipts()} if state.bytes_of("receipt.json").endswith(b"\n") else set()
        wrong += [(moment, file.name) for file in files if not file.exists() and str(file) not in names]
    tap.equal(f"--consume, killed at {MOMENTS} moments: no input is gone that no receipt covers", wrong, [])
    done, state = world.select(world.capture, out=out)
    tap.equal("and the directory goes on", (done.returncode, state.faults()), (DONE, []))


def between_inputs(tap, world, packets):
    """Ended between two inputs: what the last receipt leaves pending, and selected without a record, is said and entered
    once."""
    first, second, out = world.path("first.pcap"), world.path("second.fifo"), world.fresh()
    half = len(packets) // 2
    first.write_bytes(pcap(packets[:half]))
    os.mkfifo(second)
    process = subprocess.Popen(world.command(out, first, second), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)
    with open(second, "wb") as pipe:
        pipe.write(pcap([])[:24])  # a header, and never a packet
        pipe.flush()
        while not (out / "receipt.json").exists() or not (out / "receipt.json").read_bytes().endswith(b"\n"):
            time.sleep(0.005)
        kill(process.pid)
        process.wait(timeout=TIMEOUT)
    receipt, = Output(out, world).receipts()
    left = {"records_dropped_bytes": 0, "receipt_added": False,
            "pending_erased": {unit: receipt["sums"]["pending_after"][unit] for unit in ("packets", "bytes")},
            "flows_without_record": receipt["flows"]["selected"] - receipt["records"]["count"]}
    tap.check("killed between two inputs: something was left", left["pending_erased"]["packets"] > 0 and
              left["flows_without_record"] > 0, left)
    run(*expire(world, out, 0))
    done, state = world.select(first, out=out)
    tap.equal("and that is an entry of the ledger, once", (done.returncode, state.faults(),
                                                           entries_of_kind(world, out, "mended")), (DONE, [], [left]))


def changes(tap, world, capture):
    """What a version of a set changes is in the ledger before it is used."""
    overlay, add, remove = (world.path(name) for name in ("more.him", "more.txt", "fewer.txt"))
    add.write_text("one.more.example\n198.51.100.77\n198.51.100.78\n")
    remove.write_text("gone.example\n")
    hinomi("indicators", "compile", "-o", overlay, "--set", "lab", "--act", "act-2026-001", "--base", world.set,
           "--remove", remove, add)
    done, state = world.select(capture, indicators=f"{world.set},{overlay}")
    tap.equal("a base and an overlay", (done.returncode, state.faults()), (DONE, []))
    begun, = entries_of_kind(world, state.path, "run-begun")
    told, base = begun["sets"][0]["layers"]
    tap.equal("its ledger says what the overlay changes", told,
              {"sha256": state.receipts()[0]["sets"][0]["layers"][0], "added": {"ipv4": 2, "name": 1},
               "removed": {"name": 1}})
    tap.check("and on which base it stands", base["sha256"] == state.receipts()[0]["sets"][0]["layers"][1] and
              base["removed"] == {} and sum(base["added"].values()) > 3, base)


def expire(world, out, days, *more):
    return [HINOMI, "select", "--expire", "--identity", str(world.path("sensor.key")), "--now", rfc3339(days * 86400),
            "-o", str(out), *more]


def entries_of_kind(world, out, kind):
    """The private records of the ledger's entries of a kind, as anybody with the directory can prove them."""
    found = []
    size = int((out / "ledger/checkpoint").read_text().split("\n")[1])
    for index in range(size):
        proof = json.loads(hinomi("ledger", "prove", out, str(index)))
        if json.loads(proof["entry"])["kind"] == kind:
            found.append(json.loads(proof["record"]))
    return found


def retention(tap, world, files):
    """At the end of retention records go, receipts stay, and the ledger says how many."""
    short = world.issue("short.json", retention="P1D")
    done, state = world.select(*files[:2], authorization=short)
    out = state.path
    done, state = world.select(files[2], out=out)
    counts = [r["records"]["count"] for r in state.receipts()]
    ends = [r["records"]["erase_by"] for r in state.receipts()]
    due = [number for number in (1, 2) if counts[number - 1] > 0]  # an input may leave its flows to the next
    tap.check("receipts say by when their records go", due and counts[2] > 0 and ends[0] == ends[1] < ends[2] and
              rfc3339(86000) < ends[0] < rfc3339(86401), counts, ends)
    before = state.bytes_of("selected.ndjson"), state.bytes_of("receipt.json")
    done = run(*expire(world, out, 0))
    tap.equal("before its end nothing is erased", (done.returncode, done.stdout, state.bytes_of("selected.ndjson")),
              (DONE, "erased 0 records of 0 receipts\n", before[0]))
    done = run(*expire(world, out, 2, "--json"))
    tap.equal("after it the records are", (done.returncode, json.loads(done.stdout), done.stderr),
              (DONE, {"expired_records": counts[0] + counts[1], "expired_receipts": len(due)}, ""))
    tail = state.receipts()[2]["records"]["offset"]
    data = state.bytes_of("selected.ndjson")
    tap.check("only those", data[tail:] == before[0][tail:] and data[:tail] == b"\n" * tail)
    tap.equal("receipts stay, and all verifies", (state.bytes_of("receipt.json"), state.faults(expired=True)),
              (before[1], []))
    tap.equal("the ledger says how many", entries_of_kind(world, out, "expired"),
              [{"records": counts[0] + counts[1], "bytes": tail, "receipts": due}])
    done, state = world.select(files[3], out=out)
    tap.equal("the directory goes on", (done.returncode, done.stderr, state.faults(expired=True)), (DONE, "", []))
    left = state.records()
    tap.equal("a reader of lines finds what is left", len(left), counts[2] + state.receipts()[3]["records"]["count"])

    # Killed again and again, then brought to its end.
    wrong = []
    for moment in range(MOMENTS):
        process = subprocess.Popen(expire(world, out, 40), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(0.002 * moment)
        kill(process.pid)
        process.wait(timeout=TIMEOUT)
        wrong += [(moment, fault) for fault in state.faults(torn=True, expired=True) if "covers" not in fault and
                  "digest" not in fault]
        if process.returncode == DONE:
            break
    done = run(*expire(world, out, 40))
    tap.equal("killed while it erases: what is there verifies", wrong, [])
    tap.equal("and another brings it to its end", (done.returncode, state.faults(expired=True), state.records()),
              (DONE, [], []))
    wanted = {r["number"] for r in state.receipts() if r["records"]["count"] > 0}
    told = set(number for entry in entries_of_kind(world, out, "expired") for number in entry["receipts"])
    tap.equal("each receipt's erasure is in the ledger", told, wanted)

    # A run erases by itself what is due.
    done, state = world.select(files[0], authorization=world.issue("second.json", retention="PT1S"))
    for _ in range(200):  # a second must pass; each run takes a good part of one
        done, state = world.select(files[1], out=state.path)
        if done.returncode != DONE or done.stderr:
            break
    first = state.receipts()[0]["records"]
    tap.check("a later run erases by itself what is due", done.returncode == DONE and one_line(done.stderr) and
              state.faults(expired=True) == [] and state.bytes_of("selected.ndjson")[:first["bytes"]] ==
              b"\n" * first["bytes"], done.returncode, done.stderr)
    tap.equal("and enters it", entries_of_kind(world, state.path, "expired"),
              [{"records": first["count"], "bytes": first["bytes"], "receipts": [1]}])

    for what, options in (("--expire with a capture", ["x.pcap"]), ("--now without a time", ["--now", "soon"])):
        done = run(*expire(world, out, 1, *options))
        tap.check(f"{what}: refused", done.returncode == USAGE and one_line(done.stderr), done.returncode, done.stderr)
    done = run(*expire(world, world.path("nowhere"), 1))
    tap.check("--expire makes no directory", done.returncode == INPUT and not world.path("nowhere").exists() and
              one_line(done.stderr), done.returncode, done.stderr)


def gone_reader(tap, world, capture):
    """Whoever reads our output may go away."""
    read, write = os.pipe()
    os.close(read)
    out = world.fresh()
    done = subprocess.run(world.command(out, capture), stdin=subprocess.DEVNULL, stdout=write, stderr=write,
                          timeout=TIMEOUT, check=False)
    os.close(write)
    tap.equal("nobody reads the summary: the work is done all the same", (done.returncode, Output(out, world).faults()),
              (DONE, []))


def main():
    tap, world = Tap(), World()
    packets = list(packets_of(world.capture))
    files = [world.path(f"part-{i}") for i in range(4)]
    for i, file in enumerate(files):
        file.write_bytes(pcap(packets[i * 9000:(i + 1) * 9000]))
    started = time.monotonic()
    done, state = world.select(*files)
    seconds = time.monotonic() - started
    tap.equal("an undisturbed run", (done.returncode, state.faults()), (DONE, []))
    kills(tap, world, files, collections.Counter(gist(r) for r in state.records()), seconds)
    _, state = world.select(files[0])
    wanted = collections.Counter(gist(r) for r in state.records())
    full_disk(tap, world, files[0], wanted)
    small_disk(tap, world, files[0])
    torn_tails(tap, world, files[0])
    consumed(tap, world, packets)
    between_inputs(tap, world, packets)
    changes(tap, world, files[0])
    retention(tap, world, files)
    gone_reader(tap, world, files[0])
    tap.done()


if __name__ == "__main__":
    assert pathlib.Path(HINOMI).exists(), HINOMI
    main()
