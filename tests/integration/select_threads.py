#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The Hinomi authors
"""Selection on all its threads, each way of reading: what ./x test thread runs under ThreadSanitizer. Told by TAP."""
import collections
import subprocess
import sys

sys.dont_write_bytecode = True
from select_world import DONE, Tap, World, gist, packets_of, pcap  # noqa: E402


def main():
    tap, world = Tap(), World()
    packets = list(packets_of(world.capture))
    packed = world.path("packed")
    packed.write_bytes(subprocess.run(["zstd", "-qc1", world.capture], stdout=subprocess.PIPE, check=True).stdout)
    parts = [world.path("part-1"), world.path("part-2")]
    parts[0].write_bytes(pcap(packets[:20000]))
    parts[1].write_bytes(pcap(packets[20000:]))
    done, out = world.select(world.capture, no_digest=True)
    tap.check("on one thread", done.returncode == DONE, done.returncode, done.stderr)
    wanted = collections.Counter(gist(r) for r in out.records())
    for name, inputs, options in (
            ("digest beside", [world.capture], {}), ("two threads", [world.capture], {"threads": "2", "no_digest": True}),
            ("all three", [world.capture], {"threads": "2"}), ("a compressed capture", [packed], {"threads": "2"}),
            ("several captures", parts, {"threads": "2"}),
            ("few flows", [world.capture], {"threads": "2", "max_flows": "500"})):
        done, out = world.select(*inputs, **options)
        tap.check(f"{name}: done, without a word", done.returncode == DONE and done.stderr == "", done.returncode,
                  done.stderr)
        tap.equal(f"{name}: what is there verifies", out.faults(), [])
        if "max_flows" not in options:
            tap.check(f"{name}: the same", collections.Counter(gist(r) for r in out.records()) == wanted)
    tap.done()


if __name__ == "__main__":
    main()
