#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The Hinomi authors
"""Copies a pcapng capture as if it had been recorded just now.

usage: shift.py IN OUT      IN may be compressed by zstd; OUT is plain

All times move by the same whole number of seconds, so that the last packet lies a minute back; nothing else changes.
An authorisation is valid for a while only, and the lab's capture grows older than any.
"""
import struct
import subprocess
import sys
import time

SECTION, INTERFACE, ENHANCED = 0x0A0D0D0A, 1, 6
LITTLE = b"\x4d\x3c\x2b\x1a"
OPTION_END, OPTION_TSRESOL = 0, 9


def blocks(data):
    at, order = 0, "<"
    while at < len(data):
        kind, = struct.unpack_from(order + "I", data, at)
        if kind == SECTION:
            order = "<" if data[at + 8:at + 12] == LITTLE else ">"
        length, = struct.unpack_from(order + "I", data, at + 4)
        if length < 12 or length % 4 or at + length > len(data):
            sys.exit(f"shift.py: not a whole pcapng capture: block at byte {at}")
        yield order, kind, at, length
        at += length


def ticks_per_second(order, data, at, length):
    option = at + 16
    while option < at + length - 4:
        code, size = struct.unpack_from(order + "HH", data, option)
        if code == OPTION_END:
            break
        if code == OPTION_TSRESOL:
            value = data[option + 4]
            return 2 ** (value & 127) if value & 128 else 10 ** value
        option += 4 + (size + 3) // 4 * 4
    return 10 ** 6


def main(source, target):
    if source.endswith(".zst"):
        data = bytearray(subprocess.run(["zstd", "-dc", "--", source], stdout=subprocess.PIPE, check=True).stdout)
    else:
        with open(source, "rb") as file:
            data = bytearray(file.read())
    rates, stamps = [], []
    for order, kind, at, length in blocks(data):
        if kind == SECTION:
            rates = []
        elif kind == INTERFACE:
            rates.append(ticks_per_second(order, data, at, length))
        elif kind == ENHANCED:
            interface, high, low = struct.unpack_from(order + "III", data, at + 8)
            stamps.append((order, at, rates[interface], high << 32 | low))
    last = max(stamp // rate for _, _, rate, stamp in stamps)
    seconds = int(time.time()) - 60 - last
    for order, at, rate, stamp in stamps:
        moved = stamp + seconds * rate
        struct.pack_into(order + "II", data, at + 12, moved >> 32, moved & 0xFFFFFFFF)
    with open(target, "wb") as file:
        file.write(data)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
