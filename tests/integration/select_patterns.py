#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The Hinomi authors
"""Command information, end to end: a byte pattern that the commissioners signed is matched at its named position within
the first 1,024 bytes of a flow and nowhere else; the record tells its id and where it began, and none of the bytes; what
may not be signed is refused. Told by TAP."""
import base64
import json
import struct
import sys

sys.dont_write_bytecode = True
from select_world import (HINOMI, NOT_AUTHORISED, Tap, World, now_ns, one_line, pcap, run, schema,  # noqa: E402
                          schema_faults)

KNOCK = b"KNOC\x7f\x01"  # one byte of it is not fixed
BEACON, GATE, VERSION, RANDOM = b"\xde\xad\xbe\xef", b"gate.php?id=", b"libknock", b"\xc0\xde\xc0\xde\xc0\xde"
WINDOW = 1024
PATTERNS = [
    {"id": "knock", "act": "act-2026-001", "position": "tcp.opening", "offset": [0, WINDOW - 6],
     "bytes": "4b 4e 4f 43 ?? 01"},
    {"id": "beacon", "act": "act-2026-001", "position": "udp.opening", "offset": [2, 4], "bytes": "deadbeef"},
    {"id": "gate", "act": "act-2026-001", "position": "http.request_line", "offset": [0, 200], "bytes": GATE.hex()},
    {"id": "version", "act": "act-2026-001", "position": "ssh.banner", "offset": [8, 40], "bytes": VERSION.hex()},
    {"id": "random", "act": "act-2026-001", "position": "tls.client_hello", "offset": [11, 11], "bytes": RANDOM.hex()},
]
SIGNED = (KNOCK, BEACON, GATE, VERSION, RANDOM)
UNTOLD = ("without a header", "when only the client tells")
US, THEM = "192.0.2.10", "198.51.100.65"  # THEM is no indicator
SECRET = b"what-stands-around-it"  # observed, so never written

# Packets.


def ip4(protocol, source, target, payload):
    words = [bytes(map(int, text.split("."))) for text in (source, target)]
    return (bytes(12) + b"\x08\x00" + struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(payload), 0, 0, 64, protocol, 0,
                                                  *words) + payload)


class Flow:
    """Packets between a port of ours and one of theirs; we open unless told otherwise."""

    def __init__(self, ours, theirs, tcp=True, syn=True):
        self.ports, self.tcp = {US: ours, THEM: theirs}, tcp
        self.next, self.packets = {US: 1000, THEM: 9000}, []
        if tcp and syn:
            for side in (US, THEM):
                self.segment(side, b"", 0x02 if side == US else 0x12)
                self.next[side] += 1

    def segment(self, side, data, flags=0x18, at=None):
        other = THEM if side == US else US
        head = (self.ports[side], self.ports[other])
        if self.tcp:
            transport = struct.pack(">HHIIBBHHH", *head, self.next[side] if at is None else at, 0, 0x50, flags, 1024, 0, 0)
        else:
            transport = struct.pack(">HHHH", *head, 8 + len(data), 0)
        self.packets.append(ip4(6 if self.tcp else 17, side, other, transport + data))

    def send(self, side, data, size=1400):
        for at in range(0, len(data), size):
            self.segment(side, data[at:at + size])
            self.next[side] += len(data[at:at + size])
        return self

    def out_of_order(self, side, data, size):
        pieces = [(self.next[side] + at, data[at:at + size]) for at in range(0, len(data), size)]
        for at, piece in reversed(pieces):
            self.segment(side, piece, at=at)
        self.next[side] += len(data)
        return self


def client_hello(random):
    body = b"\x03\x03" + random + b"\0" + b"\0\2\x13\x01" + b"\1\0" + b"\0\0"
    handshake = b"\x01" + len(body).to_bytes(3, "big") + body
    return b"\x16\x03\x01" + len(handshake).to_bytes(2, "big") + handshake


def post(body):
    return b"POST /form HTTP/1.1\r\nHost: www.example\r\nContent-Length: %d\r\n\r\n" % len(body) + body


def cases():
    """(what, their port, TCP?, what is sent, (pattern, offset) or None)."""
    def us(data, **how):
        return lambda flow: flow.send(US, data, **how)

    def them(data):
        return lambda flow: flow.send(THEM, data)

    def both(first, second):
        return lambda flow: flow.send(*first).send(*second)

    pad = SECRET * 200
    yield "at the first byte", 4444, True, us(KNOCK + SECRET), ("knock", 0)
    yield "behind other bytes", 4444, True, us(SECRET + KNOCK), ("knock", len(SECRET))
    yield "whatever the byte that is not fixed", 4444, True, us(b"KNOC\0\x01"), ("knock", 0)
    yield "ending at byte 1,024", 4444, True, us(pad[:1018] + KNOCK + SECRET), ("knock", 1018)
    yield "ending one byte later", 4444, True, us(pad[:1019] + KNOCK + SECRET), None
    yield "behind the first 1,024 bytes", 4444, True, us(pad[:1024] + KNOCK), None
    yield "far behind, in a segment of its own", 4444, True, both((US, pad[:1400]), (US, KNOCK)), None
    yield "in segments of one byte", 4444, True, us(SECRET + KNOCK, size=1), ("knock", len(SECRET))
    yield "in segments that come in the wrong order", 4444, True, lambda flow: flow.out_of_order(
        US, SECRET + KNOCK + SECRET, 5), ("knock", len(SECRET))
    yield "in what they answer", 4444, True, both((US, SECRET), (THEM, b"ok" + KNOCK)), ("knock", 2)
    yield "in what they say first", 4444, True, them(KNOCK), ("knock", 0)
    yield "with a fixed byte changed", 4444, True, us(b"KNOX\x7f\x01"), None
    yield "in a datagram, though signed for TCP", 4444, False, us(KNOCK), None

    yield "in a datagram", 4444, False, us(b"\x01\x02" + BEACON + SECRET), ("beacon", 2)
    yield "in a datagram at the last offset", 4444, False, us(b"\x01\x02\x03\x04" + BEACON), ("beacon", 4)
    yield "in a datagram before the first offset", 4444, False, us(b"\x01" + BEACON), None
    yield "in a datagram behind the last offset", 4444, False, us(b"\x01\x02\x03\x04\x05" + BEACON), None
    yield "in a second datagram", 4444, False, both((US, b"\x01" + SECRET), (US, b"\x01\x02" + BEACON)), None
    yield "in the answering datagram", 4444, False, both((US, b"\x01" + SECRET), (THEM, b"\x01\x02" + BEACON)), (
        "beacon", 2)
    yield "over TCP, though signed for datagrams", 4444, True, us(b"\x01\x02" + BEACON), None

    yield "in a request line", 80, True, us(b"GET /" + GATE + b"7 HTTP/1.1\r\nHost: www.example\r\n\r\n"), ("gate", 5)
    yield "in a request line elsewhere", 4444, True, us(b"POST /" + GATE + b"7 HTTP/1.1\r\n\r\n"), ("gate", 6)
    yield "in a header", 80, True, us(b"GET / HTTP/1.1\r\nHost: www.example\r\nReferer: /" + GATE + b"\r\n\r\n"), None
    yield "in a form that is sent", 80, True, us(post(GATE)), None
    yield "not signed for request lines", 80, True, us(b"GET /" + KNOCK[:4] + b"~\x01 HTTP/1.1\r\n\r\n"), None

    yield "web: in a form that is sent", 80, True, us(post(KNOCK)), None
    yield "web: in a form, on another port", 4444, True, us(post(KNOCK)), None
    for name, line in (("a method few know", b"PURGE /x HTTP/1.1"), ("small letters", b"post /x HTTP/1.1"),
                       ("a target without a slash", b"POST x HTTP/1.0"), ("one byte a segment", b"QUERY /x HTTP/1.1")):
        yield f"web: in what is sent by {name}", 8081, True, us(
            line + b"\r\nHost: www.example\r\n\r\n" + KNOCK, size=1 if "segment" in name else 1400), None
    yield "in a request line of a method few know", 4444, True, us(b"PURGE /" + GATE + b"7 HTTP/1.1\r\n\r\n"), ("gate", 7)
    yield "web: in a page", 80, True, both((US, b"GET / HTTP/1.1\r\n\r\n"), (THEM, b"HTTP/1.1 200 OK\r\n\r\n" + KNOCK)), None
    yield "web: in a page whose request is not seen", 4444, True, them(b"HTTP/1.1 200 OK\r\n\r\n" + KNOCK), None
    yield "web: in an answer without a header", 4444, True, both(
        (US, b"GET / HTTP/1.1\r\n\r\n"), (THEM, bytes(20) + KNOCK)), None
    yield "web: in HTTP/2", 4444, True, us(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + KNOCK), None

    yield "mail: in a message", 25, True, both((THEM, b"220 mail.example ESMTP\r\n"), (
        US, b"EHLO a\r\nMAIL FROM:<a@b.example>\r\nDATA\r\n" + KNOCK)), None
    yield "mail: in a message, on another port", 4444, True, us(b"EHLO a\r\nDATA\r\n" + KNOCK), None
    yield "mail: in a message, client not seen", 4444, True, them(b"+OK ready\r\n+OK 6 octets\r\n" + KNOCK), None
    yield "mail: in what is fetched", 4444, True, both((THEM, b"* OK IMAP4rev1\r\n"), (THEM, KNOCK)), None
    yield "mail: in what the client says, when only the server's greeting tells", 4444, True, both(
        (THEM, b"+OK ready\r\n"), (US, b"USER a\r\nPASS b\r\n" + KNOCK)), None
    yield "mail: whatever is on its port", 143, True, us(KNOCK), None

    yield "messages: IRC", 4444, True, us(b"NICK a\r\nPRIVMSG b :" + KNOCK), None
    yield "messages: in what the server says, when only the client tells", 4444, True, both(
        (US, b"NICK a\r\n"), (THEM, bytes(20) + KNOCK)), None
    yield "messages: IRC with a password first", 4444, True, us(b"PASS a\r\nNICK a\r\nPRIVMSG b :" + KNOCK), None
    yield "messages: XMPP", 4444, True, us(b"<stream:stream to='a'><message><body>" + KNOCK), None
    yield "messages: MQTT", 4444, True, us(b"\x10\x0c\0\x04MQTT\x04\x02\0\x3c\0\0" + KNOCK), None
    yield "messages: SIP over TCP", 4444, True, us(b"MESSAGE sip:a@b.example SIP/2.0\r\n\r\n" + KNOCK), None
    yield "messages: SIP over UDP", 4444, False, us(b"\xde\xad"), None
    yield "messages: SIP over UDP, at any place", 4444, False, us(b"MESSAGE sip:a@b.example SIP/2.0\r\n\r\n" + BEACON), None

    yield "in SSH's banner", 22, True, us(b"SSH-2.0-" + VERSION + b"_1\r\n"), ("version", 8)
    yield "behind SSH's banner", 22, True, us(b"SSH-2.0-x\r\n" + VERSION), None
    yield "in a ClientHello", 443, True, us(client_hello(RANDOM + bytes(26))), ("random", 11)
    yield "elsewhere in a ClientHello", 443, True, us(client_hello(b"\0" + RANDOM + bytes(25))), None
    yield "at the same place, but no ClientHello", 4444, True, us(bytes(11) + RANDOM), None


def silent(flow):
    """A conversation under way when the capture begins: nobody knows what its bytes are."""
    return flow.send(US, KNOCK).send(THEM, KNOCK)


def capture(world, flows):
    start = now_ns() - 10**9
    packets = [packet for flow in flows for packet in flow.packets]
    file = world.path("patterns.pcap")
    file.write_bytes(pcap((start + i, data, len(data)) for i, data in enumerate(packets)))
    return file


def by_port(out):
    found = {}
    for record in out.records():
        own = record["unmapped"]["hinomi"]
        end = next(e for e in ("src_endpoint", "dst_endpoint") if record[e].get("ip") != THEM)
        found.setdefault(record[end]["port"], []).append((own["indicator"], own.get("offset"), own["field"], own["act"]))
    return found


def forms(data):
    """The bytes as they might be written: as they are, in hex, in base64 at each alignment."""
    yield data
    yield data.hex().encode()
    yield data.hex(" ").encode()
    for lead in range(3):
        encoded = base64.b64encode(bytes(lead) + data).rstrip(b"=")
        yield encoded[(lead * 4 + 2) // 3:-1]


def only_inward(payload):
    payload["classes"] = ["foreign-domestic"]
    for facility in payload["facilities"]:
        facility["classes"] = ["foreign-domestic"]


def what_is_matched(tap, world, signed):
    flows, wanted, names = [], {}, {}
    for number, (name, port, tcp, send, match) in enumerate(cases()):
        flow = Flow(20000 + number, port, tcp)
        send(flow)
        flows.append(flow)
        names[20000 + number] = name
        wanted[20000 + number] = match
    names[30000], wanted[30000] = "in a conversation whose beginning was not seen", None
    flows.append(silent(Flow(30000, 4444, syn=False)))
    file = capture(world, flows)
    done, out = world.select(file, authorization=signed)
    tap.equal("the run is done and what it left verifies", (done.returncode, done.stderr, out.faults()), (0, "", []))
    found = by_port(out)
    for port, match in wanted.items():
        told = [] if match is None else [(*match, "pattern", "act-2026-001")]
        tap.equal(f"{names[port]}: {'matched' if match else 'not matched'}", found.get(port, []), told)
    faults = [f for r in out.records() for f in schema_faults(schema("record.schema.json"), r)]
    tap.equal("records fit catalog/record.schema.json", faults[:3], [])
    tap.check("a pattern's record names no set and no value", all(
        not {"set", "value", "kind"} & r["unmapped"]["hinomi"].keys() for r in out.records()))
    leaked = [(where, data) for where, text in out.everything() for data in (*SIGNED, SECRET[:12])
              for form in forms(data) if form in text]
    tap.equal("none of the bytes stands in any file", leaked, [])
    done, out = world.select(file)
    tap.equal("the same packets, nothing signed: nothing matched", (done.returncode, out.records()), (0, []))
    other = world.issue("other.json", *pattern_options(world, "other", [dict(PATTERNS[0], id="else", bytes="58595a5a")]))
    done, out = world.select(file, authorization=other)
    tap.equal("another pattern signed: nothing matched", (done.returncode, out.records()), (0, []))
    inward = world.forge("inward.json", only_inward, source=signed)
    done, out = world.select(file, authorization=inward)
    sides = {r["unmapped"]["hinomi"]["class"] for r in out.records()}
    # What tells that a flow is web or messages may lie in the direction that nobody may look at.
    untold = {port for port, name in names.items() if name.endswith(UNTOLD)}
    tap.check("where one direction is authorised, the other is not looked at", done.returncode == 0 and
              sides == {"foreign-domestic"} and set(by_port(out)) - untold <= {p for p, m in wanted.items() if m},
              done.stderr, sides, by_port(out))


def pattern_options(world, name, patterns):
    file = world.path(f"patterns-{name}.json")
    file.write_text(json.dumps(patterns))
    return "--pattern", file


def not_lawful():
    """(what, members that differ from a pattern that may be signed)."""
    yield "three fixed bytes", {"bytes": "4b 4e 4f"}
    yield "four fixed bytes, but not together", {"bytes": "4b 4e ?? 4f 43"}
    yield "no fixed byte", {"bytes": "?? ?? ?? ?? ??"}
    yield "no byte", {"bytes": ""}
    yield "half a byte fixed", {"bytes": "4b 4e 4f 4? 01"}
    yield "an end behind the first 1,024 bytes", {"offset": [0, WINDOW - 5]}
    yield "a begin behind the first 1,024 bytes", {"offset": [WINDOW, WINDOW]}
    yield "more than 1,024 bytes", {"offset": [0, 0], "bytes": "41" * (WINDOW + 1)}
    yield "a negative offset", {"offset": [-1, 4]}
    yield "the body of a page", {"position": "http.body"}
    yield "the headers of a request", {"position": "http.headers"}
    yield "the body of mail", {"position": "smtp.data"}
    yield "a message", {"position": "irc.message"}
    yield "no position", {"position": ""}
    yield "an act that is not authorised", {"act": "act-2026-002"}
    yield "no act", {"act": ""}
    yield "a member nobody knows", {"anywhere": True}


def what_is_refused(tap, world, signed):
    file = capture(world, [Flow(20000, 4444).send(US, KNOCK)])
    for number, (name, members) in enumerate(not_lawful()):
        changed = dict(PATTERNS[0], **members)
        draft = world.path(f"never-{number}.json")
        done = run(HINOMI, "authority", "issue", "--trust", world.trust, "--basis", "specified", "--purpose", "test",
                   "--direction", "foreign-domestic", "--facility", "198.51.100.64/26", "--act", "act-2026-001",
                   "--until", "P30D", "--retention", "P30D", "--sensor", world.path("sensor.key.pub"), "--set", "lab",
                   "-o", draft, *pattern_options(world, str(number), [changed]))
        tap.check(f"{name}: issue makes no draft", done.returncode != 0 and one_line(done.stderr) and not draft.exists(),
                  done.returncode, done.stderr)
        forged = world.forge(f"forged-{number}.json", lambda p: p.update(patterns=[changed]), source=signed)
        done, out = world.select(file, authorization=forged)
        tap.check(f"{name}: signed all the same, select refuses", done.returncode == NOT_AUTHORISED and
                  one_line(done.stderr) and out.bytes_of("selected.ndjson") == b"", done.returncode, done.stderr)
    twice = world.forge("twice.json", lambda p: p.update(patterns=[PATTERNS[0], PATTERNS[0]]), source=signed)
    done, out = world.select(file, authorization=twice)
    tap.equal("one id twice", (done.returncode, out.bytes_of("selected.ndjson")), (NOT_AUTHORISED, b""))
    done, out = world.select(file, authorization=world.forge("right.json", lambda p: None, source=signed))
    tap.equal("unchanged and signed anew, it holds", (done.returncode, len(out.records())), (0, 1))


def main():
    tap, world = Tap(), World()
    signed = world.issue("P.json", *pattern_options(world, "signed", PATTERNS))
    what_is_matched(tap, world, signed)
    what_is_refused(tap, world, signed)
    tap.done()


if __name__ == "__main__":
    main()
