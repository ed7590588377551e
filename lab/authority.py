#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The Hinomi authors
"""A name server for the demonstration, on loopback: every name under `example.` is there, nothing else is anywhere.

usage: authority.py PORT      UDP and TCP on 127.0.0.1 and ::1, until it is ended

The addresses are those of the lab (RFC 5737, RFC 3849): nobody's. No question ever leaves this machine.
"""
import ipaddress
import socketserver
import struct
import sys
import threading

ADDRESS4, ADDRESS6 = ipaddress.ip_address("203.0.113.10").packed, ipaddress.ip_address("2001:db8:f000::10").packed
A, NS, SOA, AAAA, ANY = 1, 2, 6, 28, 255
NXDOMAIN, REFUSED, TTL = 3, 5, 60


def read_name(data, at):
    labels = []
    while data[at]:
        if data[at] > 63:
            raise ValueError("a pointer in a question")
        labels.append(data[at + 1:at + 1 + data[at]].lower())
        at += 1 + data[at]
    return labels, at + 1


def name(text):
    return b"".join(bytes([len(part)]) + part for part in text.encode().split(b".") if part) + b"\0"


def record(owner, kind, data):
    return owner + struct.pack(">HHIH", kind, 1, TTL, len(data)) + data


def soa(zone):
    return record(zone, SOA, name("ns.lab.example") + name("hostmaster.lab.example") + struct.pack(">IIIII", 1, 3600, 600, 86400, TTL))


def answer(query):
    """@return the answer to a question; None: it is none"""
    if len(query) < 17 or query[2] & 0xF8:
        return None
    try:
        labels, at = read_name(query, 12)
        kind, _ = struct.unpack_from(">HH", query, at)
    except (IndexError, ValueError, struct.error):
        return None
    inside = bool(labels) and labels[-1] == b"example"
    found = {A: ADDRESS4, AAAA: ADDRESS6}.get(kind) if inside and len(labels) > 1 else None
    answers = [record(b"\xc0\x0c", kind, found)] if found else []
    if kind == NS and len(labels) == 1 and inside:
        answers = [record(b"\xc0\x0c", NS, name("ns.lab.example"))]
    authority = [] if answers else [soa(name("example") if inside else b"\0")]
    code = 0 if inside or not labels else NXDOMAIN
    head = query[:2] + bytes([0x84 | query[2] & 1, code]) + struct.pack(">HHHH", 1, len(answers), len(authority), 0)
    return head + query[12:at + 4] + b"".join(answers) + b"".join(authority)


class Datagram(socketserver.BaseRequestHandler):
    def handle(self):
        said = answer(self.request[0])
        if said:
            self.request[1].sendto(said, self.client_address)


class Stream(socketserver.StreamRequestHandler):
    timeout = 5

    def handle(self):
        while len(head := self.rfile.read(2)) == 2:
            said = answer(self.rfile.read(struct.unpack(">H", head)[0]))
            if not said:
                return
            self.wfile.write(struct.pack(">H", len(said)) + said)


class Datagrams(socketserver.ThreadingUDPServer):
    allow_reuse_address = True


class Streams(socketserver.ThreadingTCPServer):
    allow_reuse_address = daemon_threads = True


def main():
    if len(sys.argv) != 2 or not sys.argv[1].isdigit():
        sys.exit(__doc__)
    port = int(sys.argv[1])
    servers = [Datagrams(("127.0.0.1", port), Datagram), Streams(("127.0.0.1", port), Stream)]
    for server in servers[1:]:
        threading.Thread(target=server.serve_forever, daemon=True).start()
    print(f"answers for example. on 127.0.0.1 port {port}", flush=True)
    try:
        servers[0].serve_forever()
    except KeyboardInterrupt:
        pass


if __name__ == "__main__":
    main()
