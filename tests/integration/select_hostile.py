#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The Hinomi authors
"""Inputs made to hurt: never a crash, a hang or unbounded memory; the exit code and the one line that the input
deserves; and whatever was read is accounted for. Told by TAP."""
import gzip
import os
import random
import struct
import subprocess
import sys
import time

sys.dont_write_bytecode = True
from select_world import (DONE, INPUT, TIMEOUT, Output, Tap, World, now_ns, one_line, packets_of, pcap)  # noqa: E402

MEMORY_MAX_KB = 400 << 10
SANITIZED = "asan" in os.environ["HINOMI_BIN"] or "tsan" in os.environ["HINOMI_BIN"]
MAC = bytes(12)


def measured(world, *inputs, **options):
    """(exit code, stderr, output, peak memory in KB of both processes)"""
    out = world.fresh()
    with open(world.path("told"), "w+", encoding="utf-8") as told:
        process = subprocess.Popen(world.command(out, *inputs, **options), stdin=subprocess.DEVNULL,
                                   stdout=subprocess.DEVNULL, stderr=told)
        until = time.monotonic() + TIMEOUT
        while True:
            pid, status, usage = os.wait4(process.pid, os.WNOHANG)
            if pid:
                break
            if time.monotonic() > until:
                process.kill()
                raise TimeoutError(str(inputs))
            time.sleep(0.01)
        process.returncode = os.waitstatus_to_exitcode(status)
        told.seek(0)
        return process.returncode, told.read(), Output(out, world), usage.ru_maxrss


def good(tap, name, world, *inputs, code=DONE, **options):
    """Checks what holds of every run that reads what it is given."""
    status, told, out, memory = measured(world, *inputs, **options)
    fine = status == code and (told == "" if code == DONE else one_line(told)) and out.faults() == []
    tap.check(name, fine and (SANITIZED or memory < MEMORY_MAX_KB), status, told, out.faults(), f"{memory} KB")
    return out


def ethernet(kind, payload):
    return MAC + struct.pack(">H", kind) + payload


def ip4(protocol, payload, source="198.51.100.80", target="192.0.2.10", length=None):
    words = [bytes(map(int, text.split("."))) for text in (source, target)]
    total = min(20 + len(payload), 65535) if length is None else length
    return struct.pack(">BBHHHBBH4s4s", 0x45, 0, total, 0, 0, 64, protocol, 0, *words) + payload


def syn(port):
    return struct.pack(">HHIIBBHHH", port, 443, 1, 0, 0x50, 2, 1024, 0, 0)


def nested():
    inner = ip4(6, syn(1))
    for name, deep, kind, layer in (
            ("MPLS labels", 65000, 0x8847, lambda p: bytes([0, 1, 0, 64]) + p),
            ("VLAN tags", 65000, 0x8100, lambda p: b"\0\1\x81\0" + p)):
        yield name, ethernet(kind, layer(b"")[:4] * deep + inner)
    data = inner
    for _ in range(3200):
        data = ip4(4, data)
    yield "IP in IP", ethernet(0x800, data)
    data = inner
    for _ in range(2600):
        data = ip4(47, b"\0\0\x08\0" + data)
    yield "GRE", ethernet(0x800, data)
    extensions = (b"\x3c\0" + bytes(6)) * 8000
    six = struct.pack(">IHBB", 6 << 28, len(extensions), 60, 64) + bytes(32)
    yield "extension headers", ethernet(0x86DD, six + extensions)
    yield "GRE over MPLS over GRE", ethernet(0x800, ip4(47, b"\0\0\x88\x47" + bytes([0, 1, 1, 64]) + data))


def tunnels(tap, world):
    packets = [(now_ns(), data[:262144], len(data)) for _, data in nested()]
    file = world.path("nested")
    file.write_bytes(pcap(packets * 50))
    out = good(tap, "tunnels in tunnels, to the size of a packet", world, file)
    sums = out.receipts()[0]["sums"]
    tap.equal("all of them are erased", (sums["seen"]["packets"], sums["selected"]["packets"]), (50 * len(packets), 0))


def half_open(tap, world):
    """A million connections that are never answered: 32 foreign addresses, one of ours, all ports."""
    flows, stamp = 1000000, now_ns() - 10**9
    start = pcap([])
    head = struct.pack("<IIII", stamp // 10**9, stamp % 10**9, 54, 54)
    chunks = [start]
    for number in range(flows):
        # 198.51.100.64/26 without what the set lists there
        packet = bytearray(ethernet(0x800, b""))
        source = f"198.51.100.{64 + number // 65536}"
        if number % 65536 == 0:
            ip = ip4(6, b"", source=source, target="192.0.2.10", length=40)
        chunks.append(head + bytes(packet) + ip + syn(number % 65536))
    file = world.path("half-open")
    file.write_bytes(b"".join(chunks))
    out = good(tap, "a million half-open flows", world, file, no_digest=True)
    flows_told = out.receipts()[0]["flows"]
    tap.equal("each is a flow of its own", (flows_told["begun"], flows_told["selected"]), (flows, 0))
    out = good(tap, "and with room for a thousand", world, file, max_flows="1000", threads="2")
    flows_told = out.receipts()[0]["flows"]
    tap.check("the oldest leave, counted", flows_told["erased"].get("flow_evicted", 0) >= flows - 1000, flows_told)
    file.unlink()


def bombs(tap, world):
    header = pcap([])
    absurd = struct.pack("<IIII", 1, 1, 0xFFFFFFFF, 0xFFFFFFFF)
    zeros = bytes(64 << 20)
    for name, content in (("records of nothing", header + zeros), ("a record of 4 GB", header + absurd + zeros)):
        for kind, command in (("gzip", ["gzip", "-1c"]), ("zstd", ["zstd", "-qc1"]),
                              ("zstd with a long window", ["zstd", "-qc1", "--long=31"])):
            file = world.path("bomb")
            file.write_bytes(subprocess.run(command, input=content, stdout=subprocess.PIPE, check=True).stdout)
            status, told, out, memory = measured(world, file)
            tap.check(f"{name}, {kind}", status in (DONE, INPUT) and len(told.splitlines()) <= 1 and
                      (SANITIZED or memory < MEMORY_MAX_KB) and out.faults() == [], status, told, out.faults(),
                      f"{memory} KB")
    file.write_bytes(gzip.compress(gzip.compress(header)))
    good(tap, "compressed twice", world, file, code=INPUT)


def damaged(tap, world, data, name, first):
    """Cut anywhere and flipped anywhere, 256 at a time."""
    generator = random.Random(7)
    files = []
    for number in range(256):
        if number % 2 == 0:
            piece = data[:first + (len(data) - first) * number // 256]
        else:
            piece = bytearray(data)
            at = generator.randrange(first, len(data))
            piece[at] ^= 1 << generator.randrange(8)
        file = world.path(f"damaged-{number}")
        file.write_bytes(piece)
        files.append(file)
    out = good(tap, f"{name}: cut and flipped at 256 places", world, *files, no_digest=True)
    tap.equal(f"{name}: a receipt for each", len(out.receipts()), 256)
    wrong = []
    for at in list(range(0, first, 2)) + [first - 1]:
        piece = bytearray(data)
        piece[at] ^= 1 << at % 8
        for content in (piece, data[:at]):
            file = world.path("header")
            file.write_bytes(content)
            status, told, out, _ = measured(world, file, threads=generator.choice("12"))
            if status not in (DONE, INPUT) or (status == INPUT and not one_line(told)) or out.faults():
                wrong.append((at, status, told, out.faults()))
    tap.equal(f"{name}: its header cut and flipped", wrong[:3], [])


def no_captures(tap, world):
    empty, text, noise = world.path("empty"), world.path("text"), world.path("noise")
    empty.write_bytes(b"")
    text.write_text("To be, or not to be\n" * 1000)
    noise.write_bytes(random.Random(1).randbytes(100000))
    half = world.path("half.gz")
    half.write_bytes(gzip.compress(world.capture.read_bytes()[:100000])[:12])
    for what in (empty, text, noise, half, world.path("absent"), world.dir, "/dev/zero", "/dev/null", world.set,
                 world.authorization):
        status, told, _, _ = measured(world, what)
        tap.check(f"no capture: {os.path.basename(what)}: exit 3, one line that names it", status == INPUT and
                  one_line(told) and str(what) in told, status, told)
    status, told, out, _ = measured(world, world.capture, text)
    tap.check("one good, one bad: nothing is begun", status == INPUT and one_line(told) and out.receipts() == [], status,
              told)


def times(tap, world, packets):
    """Times that jump, that are absurd, that are all the same."""
    shapes = {
        "backwards": list(reversed(packets)), "all at once": [(packets[0][0], d, w) for _, d, w in packets],
        "at the end of time": [((1 << 32) * 10**9 - 1, d, w) for _, d, w in packets],
        "at the epoch": [(0, d, w) for _, d, w in packets],
        "a day apart": [(s + (i % 2) * 86400 * 10**9, d, w) for i, (s, d, w) in enumerate(packets)],
    }
    for name, shape in shapes.items():
        file = world.path("times")
        file.write_bytes(pcap(shape))
        out = good(tap, f"times: {name}", world, file)
        tap.equal(f"times: {name}: all is seen", out.receipts()[0]["sums"]["seen"]["packets"], len(packets))


def links(tap, world, packets):
    """Another link type than the packets have, and none that is known."""
    for link in (0, 1, 12, 101, 113, 228, 229, 276, 147, 65535):
        file = world.path("link")
        file.write_bytes(pcap(packets, link=link))
        good(tap, f"the same bytes as link type {link}", world, file)


def main():
    tap, world = Tap(), World()
    packets = list(packets_of(world.capture))[:300]
    no_captures(tap, world)
    damaged(tap, world, pcap(packets[:100]), "pcap", 24)
    plain = world.capture.read_bytes()
    damaged(tap, world, plain[:20000], "pcapng", plain.index(struct.pack("<I", 6), 28))
    tunnels(tap, world)
    times(tap, world, packets)
    links(tap, world, packets)
    bombs(tap, world)
    half_open(tap, world)
    tap.done()


if __name__ == "__main__":
    main()
