#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The Hinomi authors
"""What a DNS tunnel looks like on the wire, and nothing more: it carries random bytes to nobody.

usage: dns-tunnel.py SERVER SUFFIX COUNT SECONDS_BETWEEN
"""
import base64
import os
import random
import socket
import struct
import sys
import time

TXT, NULL, A = 16, 10, 1


def question(number, labels, qtype):
    name = b"".join(bytes([len(label)]) + label for label in labels) + b"\0"
    return struct.pack("!6H", number, 0x0100, 1, 0, 0, 0) + name + struct.pack("!HH", qtype, 1)


def main(server, suffix, count, between):
    family = socket.AF_INET6 if ":" in server else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_DGRAM)
    sock.connect((server, 53))
    sock.settimeout(1)
    tail = [label.encode() for label in suffix.split(".")]
    for number in range(int(count)):
        data = base64.b32encode(os.urandom(random.randint(30, 75))).rstrip(b"=").lower()
        labels = [data[at:at + 60] for at in range(0, len(data), 60)]
        sock.send(question(number, labels + tail, random.choice((TXT, TXT, NULL, A))))
        try:
            sock.recv(4096)
        except TimeoutError:
            pass
        time.sleep(float(between))


if __name__ == "__main__":
    if len(sys.argv) != 5:
        sys.exit(__doc__)
    main(*sys.argv[1:])
