#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The Hinomi authors
"""Without a policy, answers equal the packaged Unbound's (but for EDE, the order of records and a second of TTL).

Run inside dns-tree.py, whose namespace holds the servers: dns-tree.py resolver_unbound.py
"""
import math
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import time

try:
    import dns.edns
    import dns.flags
    import dns.message
    import dns.query
    import dns.rdatatype
except ImportError:
    print("1..0 # SKIP python3-dnspython is not installed")
    sys.exit(0)

TREE = pathlib.Path(os.environ["HINOMI_TREE"])
BIN = pathlib.Path(os.environ["HINOMI_BIN"])
OURS, THEIRS = 5300, 5301

TYPES = {
    "www.secure.example": "A AAAA MX TXT NS SOA DS DNSKEY CNAME ANY HTTPS",
    "secure.example": "A MX TXT CAA NS SOA DS DNSKEY NSEC ANY",
    "example": "A NS SOA DS DNSKEY",
    "": "A NS SOA DNSKEY",
    "many.secure.example": "A AAAA",
    "x.wild.secure.example": "A TXT AAAA",
    "x.y.wild.secure.example": "A",
    "exact.wild.secure.example": "A TXT",
    "wild.secure.example": "A",
    "alias.secure.example": "A AAAA CNAME TXT",
    "chain1.secure.example": "A AAAA CNAME",
    "loop1.secure.example": "A",
    "dangling.secure.example": "A",
    "to-insecure.secure.example": "A CNAME",
    "to-bogus.secure.example": "A",
    "to-nsec3.secure.example": "A",
    "below.tree.secure.example": "A CNAME",
    "tree.secure.example": "DNAME A",
    "www.away.secure.example": "A",
    "deep.secure.example": "A",
    "b.deep.secure.example": "A TXT",
    "a.b.deep.secure.example": "A",
    "large.secure.example": "TXT",
    "huge.secure.example": "TXT",
    "_25._tcp.mail.secure.example": "TLSA",
    "_sip._udp.secure.example": "SRV",
    "service.secure.example": "HTTPS",
    "_dns.secure.example": "SVCB",
    "host.secure.example": "HINFO RP LOC SSHFP NAPTR AFSDB URI TYPE65280 A",
    "ptr.secure.example": "PTR",
    "nothing.secure.example": "A AAAA DS",
    "www.sub.secure.example": "A AAAA",
    "sub.secure.example": "NS DS SOA",
    "nothing.sub.secure.example": "A",
    "www.nsec3.example": "A AAAA TXT",
    "x.wild.nsec3.example": "A AAAA",
    "deep.nsec3.example": "A",
    "nothing.nsec3.example": "A DS",
    "nsec3.example": "SOA NS DNSKEY NSEC3PARAM DS",
    "www.insecure.example": "A AAAA DS ANY",
    "x.wild.insecure.example": "A TXT",
    "alias.insecure.example": "A",
    "to-secure.insecure.example": "A",
    "to-bogus.insecure.example": "A",
    "large.insecure.example": "TXT",
    "nothing.insecure.example": "A",
    "insecure.example": "DS NS SOA",
    "www.bogus.example": "A AAAA",
    "fine.bogus.example": "A",
    "www.expired.example": "A",
    "www.future.example": "A",
    "www.unsigned-ds.example": "A",
    "www.wrong-ds.example": "A",
    "www.office.co.jp": "A AAAA",
    "x.wild.office.co.jp": "A",
    "www.kantei.go.jp": "A AAAA",
    "nothing.kantei.go.jp": "A",
    "co.jp": "TXT A NS",
    "nothing.co.jp": "A",
    "nothing-at-all": "A",
}
# DO, CD, AD of the question
VARIANTS = [(False, False, False), (True, False, False), (False, True, False), (True, True, False), (False, False, True)]


def start(directory):
    (directory / "unbound.conf").write_text(f"""
server:
  interface: 127.0.0.1@{THEIRS}
  port: {THEIRS}
  username: ""
  chroot: ""
  directory: "{directory}"
  pidfile: ""
  use-syslog: no
  logfile: "{directory}/unbound.log"
  root-hints: "{TREE}/root.hints"
  trust-anchor-file: "{TREE}/root.key"
  do-not-query-localhost: no
  qname-minimisation: yes
  aggressive-nsec: yes
  minimal-responses: yes
  do-ip6: no
  edns-buffer-size: 1232
  module-config: "validator iterator"
remote-control:
  control-enable: no
""")
    (directory / "resolver.yaml").write_text(f"""
listen:
  - address: 127.0.0.1
    port: {OURS}
    transports: [udp, tcp]
threads: 1
recursion:
  root_hints: {TREE}/root.hints
  trust_anchors: {TREE}/root.key
  ask_localhost: true
""")
    log = (directory / "hinomi.log").open("w")
    return [
        subprocess.Popen(["unbound", "-d", "-c", directory / "unbound.conf"], stderr=subprocess.DEVNULL),
        subprocess.Popen([BIN / "hinomi-resolver", "--config", directory / "resolver.yaml"], stderr=log),
    ]


def wait_for(port):
    until = time.monotonic() + 30
    question = dns.message.make_query(".", "SOA")
    while time.monotonic() < until:
        try:
            dns.query.udp(question, "127.0.0.1", timeout=1, port=port)
            return
        except (OSError, dns.exception.Timeout):
            time.sleep(0.02)
    sys.exit(f"nothing answers on port {port}")


def mixed(name):
    """Every other letter large (0x20): the answer must bring the question back as it was."""
    return "".join(c.upper() if i % 2 else c for i, c in enumerate(name))


def question(name, rdtype, variant):
    do, cd, ad = variant
    q = dns.message.make_query(mixed(name) + "." if ad else name + ".", rdtype, want_dnssec=do, use_edns=0, payload=1232)
    q.flags &= ~dns.flags.AD
    if cd:
        q.flags |= dns.flags.CD
    if ad:
        q.flags |= dns.flags.AD
    return q


def ask(q, port):
    """The answer over UDP, and over TCP where that was cut."""
    over_udp = dns.query.udp(q, "127.0.0.1", timeout=15, port=port, ignore_unexpected=True)
    if over_udp.flags & dns.flags.TC:
        return over_udp, dns.query.tcp(q, "127.0.0.1", timeout=15, port=port)
    return over_udp, over_udp


def records(section):
    """Each set of records: its name without case, its type and data, and its TTL."""
    return {
        (str(s.name).lower(), s.rdtype, s.covers): (frozenset(r.to_text() for r in s), s.ttl) for s in section
    }


def differences(ours, theirs, seconds):
    found = []
    if ours.rcode() != theirs.rcode():
        found.append(f"rcode {ours.rcode()} for {theirs.rcode()}")
    if ours.flags != theirs.flags:
        found.append(f"flags {dns.flags.to_text(ours.flags)} for {dns.flags.to_text(theirs.flags)}")
    if ours.question != theirs.question:
        found.append("question")
    for name in ("answer", "authority", "additional"):
        mine, other = records(getattr(ours, name)), records(getattr(theirs, name))
        for key in mine.keys() | other.keys():
            a, b = mine.get(key), other.get(key)
            if a is None or b is None:
                found.append(f"{name}: {key[0]} {dns.rdatatype.to_text(key[1])} {'missing' if a is None else 'too much'}")
            elif a[0] != b[0]:
                found.append(f"{name}: {key[0]} {dns.rdatatype.to_text(key[1])} {sorted(a[0])} for {sorted(b[0])}")
            elif abs(a[1] - b[1]) > seconds:
                found.append(f"{name}: {key[0]} {dns.rdatatype.to_text(key[1])} TTL {a[1]} for {b[1]}")
    if (ours.edns, ours.payload, ours.ednsflags) != (theirs.edns, theirs.payload, theirs.ednsflags):
        found.append(f"EDNS {ours.edns, ours.payload, ours.ednsflags} for {theirs.edns, theirs.payload, theirs.ednsflags}")
    return found


HEAD = bytes.fromhex("1234 0100 0001 0000 0000 0000")
WWW = b"\3www\6secure\7example\0"
A_IN = b"\0\1\0\1"
OPT = b"\0\0\x29\4\xd0\0\0\0\0\0\0"
# What no client sends by intent. Ours and theirs must agree on the RCODE, or on silence.
ODD = {
    "nothing": b"",
    "a header cut short": HEAD[:11],
    "a header alone": bytes.fromhex("1234 0100 0000 0000 0000 0000"),
    "a question announced and not there": HEAD,
    "a name cut short": HEAD + WWW[:6],
    "no type": HEAD + WWW,
    "a response": bytes.fromhex("1234 8180 0001 0000 0000 0000") + WWW + A_IN,
    "two questions": bytes.fromhex("1234 0100 0002 0000 0000 0000") + (WWW + A_IN) * 2,
    "an answer in the question": bytes.fromhex("1234 0100 0001 0001 0000 0000") + WWW + A_IN,
    "a pointer to itself": HEAD + b"\xc0\x0c" + A_IN,
    "a label of an unknown kind": HEAD + b"\x41a\0" + A_IN,
    "a name over 255 bytes": HEAD + (b"\x3f" + b"a" * 63) * 4 + b"\0" + A_IN,
    "opcode 2": bytes.fromhex("1234 1100 0001 0000 0000 0000") + WWW + A_IN,
    "opcode 5": bytes.fromhex("1234 2900 0001 0000 0000 0000") + WWW + A_IN,
    "two OPTs": bytes.fromhex("1234 0100 0001 0000 0000 0002") + WWW + A_IN + OPT * 2,
    "EDNS version 1": bytes.fromhex("1234 0100 0001 0000 0000 0001") + WWW + A_IN + OPT[:6] + b"\1" + OPT[7:],
    "bytes behind the question": HEAD + WWW + A_IN + b"junk",
    "AXFR": HEAD + WWW + b"\0\xfc\0\1",
    "no recursion desired": bytes.fromhex("1234 0000 0001 0000 0000 0000") + WWW + A_IN,
}


def ask_raw(message, port):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.connect(("127.0.0.1", port))
        s.settimeout(0.5)
        s.send(message)
        try:
            answer = s.recv(4096)
        except TimeoutError:
            return "silence"
        return f"rcode {answer[3] & 15}"


def main():
    for program in ("unbound",):
        if shutil.which(program) is None:
            print(f"1..0 # SKIP {program} is not installed")
            return 0
    directory = pathlib.Path(tempfile.mkdtemp(prefix="hinomi-unbound-"))
    servers = start(directory)
    number = failed = 0
    slowest = 0
    try:
        wait_for(THEIRS)
        wait_for(OURS)
        for name, types in TYPES.items():
            for variant in VARIANTS:
                for rdtype in types.split():
                    number += 1
                    q = question(name, rdtype, variant)
                    # Both from the same beginning: each asks once, then from its cache.
                    began = time.monotonic()
                    ours, theirs = ask(q, OURS), ask(q, THEIRS)
                    # A set of records may have come into the two caches as far apart as the slowest pair was.
                    slowest = max(slowest, time.monotonic() - began)
                    said = differences(ours[1], theirs[1], 1 + math.ceil(slowest))
                    if (ours[0].flags ^ theirs[0].flags) & dns.flags.TC:
                        said.append("TC over UDP")
                    label = f"{name or '.'} {rdtype} do={variant[0]:d} cd={variant[1]:d} ad={variant[2]:d}"
                    print(f"{'not ok' if said else 'ok'} {number} - {label}")
                    for line in said:
                        print(f"# {line}")
                    failed += bool(said)
        for label, message in ODD.items():
            number += 1
            ours, theirs = ask_raw(message, OURS), ask_raw(message, THEIRS)
            print(f"{'ok' if ours == theirs else 'not ok'} {number} - {label}: {theirs}")
            if ours != theirs:
                print(f"# {ours} for {theirs}")
                failed += 1
    finally:
        for server in servers:
            server.terminate()
        for server in servers:
            server.wait()
        if failed:
            print("# " + (directory / "hinomi.log").read_text().replace("\n", "\n# "))
        shutil.rmtree(directory, ignore_errors=True)
    print(f"1..{number}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
