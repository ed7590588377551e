#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The Hinomi authors
"""`hinomi select --verify`: an output directory verifies as it was put out, and after any change it does not; the line
that is told names the file, the receipt and the bytes; nothing is written. Told by TAP."""
import json
import os
import shutil
import sys

sys.dont_write_bytecode = True
from select_world import (DONE, HINOMI, INPUT, NO, USAGE, Output, Tap, World, one_line, packets_of,  # noqa: E402
                          pcap, rfc3339, run)

FLIPS = 40  # places in each file, spread over it


def verify(world, out, *options, key="sensor.key.pub"):
    words = ["--key", world.path(key)] if key else []
    return run(HINOMI, "select", "--verify", *words, *options, out)


def inputs(world):
    """The lab's capture in two files, so that there are two receipts in a run."""
    packets = list(packets_of(world.capture))
    files = []
    for number, part in enumerate((packets[:len(packets) // 2], packets[len(packets) // 2:])):
        files.append(world.path(f"part-{number}.pcap"))
        files[-1].write_bytes(pcap(part))
    return files


def times(out):
    return {str(p): (p.stat().st_mtime_ns, p.stat().st_size) for p in [out, *out.rglob("*")]}


def good(tap, world, files):
    done, state = world.select(*files)
    out = state.path
    before, when = list(state.everything()), times(out)
    done = verify(world, out)
    tap.check("what was put out verifies", done.returncode == DONE and done.stdout.startswith("verified: hinomi/") and
              done.stderr == "", done.returncode, done.stdout, done.stderr)
    told = json.loads(verify(world, out, "--json").stdout)
    root = json.loads(run(HINOMI, "ledger", "verify", "--json", out).stdout)["root"]
    count = len(state.records())
    tap.equal("and says what there is", {name: told[name] for name in
                                         ("verified", "signatures", "receipts", "receipts_committed", "records",
                                          "records_erased", "entries", "root", "pending_packets")},
              {"verified": True, "signatures": "verified", "receipts": 2, "receipts_committed": 2, "records": count,
               "records_erased": 0, "entries": 3, "root": root, "pending_packets": 0})
    done = verify(world, out, key=None)
    tap.check("without a key it says what was not checked", done.returncode == DONE and "--key" in done.stdout,
              done.stdout, done.stderr)
    done = verify(world, out, key="stranger.key.pub")
    tap.check("another's key: no", done.returncode == NO and one_line(done.stderr), done.returncode, done.stderr)
    tap.check("nothing was written", before == list(state.everything()) and when == times(out))
    public = world.path("public")
    shutil.copytree(out, public, ignore=shutil.ignore_patterns("private"))
    told = json.loads(verify(world, public, "--json").stdout)
    tap.equal("a copy without private/ verifies by its signatures", (told["verified"], told["receipts_committed"]),
              (True, 0))
    return out


def flips(tap, world, out):
    for name in ("selected.ndjson", "receipt.json", "ledger/checkpoint", "private/index", "private/records"):
        file, wrong = out / name, []
        data = file.read_bytes()
        for place in sorted({len(data) * i // FLIPS for i in range(FLIPS)} | {len(data) - 1}):
            with open(file, "r+b") as handle:
                handle.seek(place)
                handle.write(bytes([data[place] ^ 1]))
            done = verify(world, out)
            if done.returncode != NO or not one_line(done.stderr) or "verified" in done.stdout or \
                    name.split("/", maxsplit=1)[0] not in done.stderr:
                wrong.append((place, done.returncode, done.stdout, done.stderr))
            file.write_bytes(data)
        tap.equal(f"a bit of {name} changed: no, and it is named", wrong, [])
    tap.equal("undone, it verifies", verify(world, out).returncode, DONE)


def named(tap, world, out):
    """File, receipt and bytes, told to a person and as JSON."""
    state = Output(out, world)
    part = state.receipts()[1]["records"]
    file = out / "selected.ndjson"
    data = bytearray(file.read_bytes())
    data[part["offset"] + 9] ^= 1
    kept = file.read_bytes()
    file.write_bytes(data)
    done = verify(world, out)
    tap.check("a changed record: its receipt and bytes are told", f"selected.ndjson, receipt 2, {part['bytes']} bytes "
              f"from byte {part['offset']}: " in done.stderr, done.stderr)
    told = json.loads(verify(world, out, "--json").stdout)
    tap.equal("also as JSON", [told[name] for name in ("verified", "receipt", "offset", "bytes")],
              [False, 2, part["offset"], part["bytes"]])
    japanese = run(HINOMI, "select", "--verify", out, env={**os.environ, "HINOMI_LANG": "ja"})
    tap.check("also in Japanese", f"selected.ndjson、受領証2、{part['offset']}バイト目から{part['bytes']}バイト" in
              japanese.stderr, japanese.stderr)
    file.write_bytes(kept)
    file = out / "receipt.json"
    kept = file.read_bytes()
    lines = kept.splitlines(keepends=True)
    file.write_bytes(lines[1])
    done = verify(world, out)
    tap.check("a receipt taken away: the first that is missed", done.returncode == NO and
              "receipt.json, receipt 1, " in done.stderr, done.stderr)
    file.write_bytes(lines[0])
    done = verify(world, out)
    tap.check("the last taken away", done.returncode == NO and "receipt.json, receipt 2, " in done.stderr, done.stderr)
    file.write_bytes(kept)


def rerun(tap, world, out, files):
    """A run does not go on behind receipts that were changed, and leaves all as it is."""
    file = out / "receipt.json"
    kept = file.read_bytes()
    for place in (100, len(kept) - 100):
        data = bytearray(kept)
        data[place] ^= 1
        file.write_bytes(data)
        before = list(Output(out, world).everything())
        done, state = world.select(files[0], out=out)
        tap.check(f"byte {'of the first' if place == 100 else 'of the last'} receipt changed: a rerun is refused",
                  done.returncode == INPUT and one_line(done.stderr) and before == list(state.everything()),
                  done.returncode, done.stderr)
    file.write_bytes(kept)
    done, state = world.select(files[0], out=out)
    tap.equal("undone, it goes on", (done.returncode, state.faults()), (DONE, []))


def expired(tap, world, files):
    short = world.issue("short-verify.json", retention="P1D")
    _, state = world.select(*files, authorization=short)
    count = len(state.records())
    data = state.bytes_of("selected.ndjson")
    (state.path / "selected.ndjson").write_bytes(b"\n" * len(data))
    done = verify(world, state.path)
    tap.check("overwritten by hand: no entry says so", done.returncode == NO and "expired" in done.stderr, done.stderr)
    (state.path / "selected.ndjson").write_bytes(data)
    run(HINOMI, "select", "--expire", "--identity", world.path("sensor.key"), "--now", rfc3339(2 * 86400), "-o",
        state.path)
    told = json.loads(verify(world, state.path, "--json").stdout)
    tap.equal("erased at the end of retention: verifies", [told[n] for n in ("verified", "records", "records_erased")],
              [True, 0, count])
    (state.path / "selected.ndjson").write_bytes(data)
    tap.equal("put back: no", verify(world, state.path).returncode, NO)


def usage(tap, world, out, capture):
    for what, words, code in (
            ("no directory", ["--verify"], USAGE), ("two", ["--verify", out, out], USAGE),
            ("with --expire", ["--verify", "--expire", out], USAGE),
            ("--key without --verify", ["--key", "x", "-o", out, capture], USAGE),
            ("a directory that is not there", ["--verify", world.path("nowhere")], INPUT),
            ("a file", ["--verify", capture], INPUT),
            ("a directory without a ledger", ["--verify", world.dir], INPUT),
            ("a key that is not there", ["--verify", "--key", world.path("nokey.pub"), out], INPUT)):
        done = run(HINOMI, "select", *words)
        tap.check(f"{what}: {code}", done.returncode == code and one_line(done.stderr), done.returncode, done.stderr)
    tap.equal("-o DIR is taken too", run(HINOMI, "select", "--verify", "-o", out).returncode, DONE)
    tap.check("no directory was made", not world.path("nowhere").exists())


def main():
    tap, world = Tap(), World()
    files = inputs(world)
    out = good(tap, world, files)
    flips(tap, world, out)
    named(tap, world, out)
    rerun(tap, world, out, files)
    expired(tap, world, files)
    usage(tap, world, out, world.capture)
    tap.done()


if __name__ == "__main__":
    main()
