#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The Hinomi authors
"""Runs a command inside a small DNS of its own: dns-tree.py COMMAND [ARGUMENT...]

The command runs in a network namespace in which only loopback exists; every port is free there, so tests run side
by side. Real nsd processes serve a root, top-level domains and zones on port 53 of addresses in 127/8, signed a
moment ago with keys of this run. All is gone when the command ends; its exit status is this script's. Without the
right to make namespaces, or without nsd or dnssec-signzone, it says so by a plan of no tests (TAP: skipped) and ends
with 0.

The command finds the directory of the tree in HINOMI_TREE:
    root.hints      the root's servers, as a resolver's hints
    root.key        the root's key, as a DNSKEY record
    future.date     YYYYMMDDHHMMSS at which what is signed for the future is valid (and all else has expired)
    ZONE.zone       each zone as it is served ("root.zone" is the root)

Servers:  127.0.1.1 the root; 127.0.2.1 example. and jp.; 127.0.3.1 all zones below;
          127.0.9.1 nothing listens; 127.0.9.2 UDP and TCP are open and never answer.
Zones below example., which is signed (NSEC):
    secure.         NSEC; www, mail, a wildcard below wild., a chain of CNAMEs, DNAMEs, large TXT, the common and
                    some rare types, an empty non-terminal, CNAMEs into other zones, a delegation to sub.secure.
    sub.secure.     NSEC, below a signed zone
    nsec3.          NSEC3, with a wildcard
    insecure.       not signed; a wildcard below wild.; CNAMEs into other zones
    bogus.          www was changed after signing; fine was not
    expired.        its signatures ended a month ago
    future.         its signatures begin in a month
    unsigned-ds.    the parent says that it is signed; it is not
    wrong-ds.       signed, with other keys than the parent says
    dead.           served at 127.0.9.1
    silent.         served at 127.0.9.2
and:
    jp.             NSEC3 with opt-out; office.co.jp. below it has no DS, kantei.go.jp. is signed (NSEC3)
"""
import os
import pathlib
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time

ROOT, TOP, LEAF, DEAD, SILENT = "127.0.1.1", "127.0.2.1", "127.0.3.1", "127.0.9.1", "127.0.9.2"
INSIDE = "HINOMI_TREE_INSIDE"
SKIPPED = 0
DAY = 86400
TTL = 300
ALGORITHM = "ECDSAP256SHA256"



def strings(count, width):
    """Character-strings of a TXT record."""
    return " ".join(f'"{i:0{width}d}"' for i in range(count))


SECURE = f"""
@ MX 10 mail
@ TXT "v=spf1 -all"
@ CAA 0 issue "ca.example"
www A 192.0.2.1
www AAAA 2001:db8::1
mail A 192.0.2.2
many A 192.0.2.1
many A 192.0.2.2
many A 192.0.2.3
*.wild A 192.0.2.9
*.wild TXT "by wildcard"
exact.wild A 192.0.2.10
alias CNAME www
chain1 CNAME chain2
chain2 CNAME chain3
chain3 CNAME www
loop1 CNAME loop2
loop2 CNAME loop1
dangling CNAME nothing-here
to-insecure CNAME www.insecure.example.
to-bogus CNAME www.bogus.example.
to-nsec3 CNAME www.nsec3.example.
tree DNAME www-tree
below.www-tree A 192.0.2.11
away DNAME insecure.example.
a.b.deep A 192.0.2.12
large TXT {strings(40, 200)}
huge TXT {strings(200, 250)}
_25._tcp.mail TLSA 3 1 1 {'ab' * 32}
_sip._udp SRV 1 2 5060 www
service HTTPS 1 . alpn="h2,h3" ipv4hint=192.0.2.1
_dns SVCB 1 www alpn="dot"
host HINFO "PC" "Unix"
host RP mail.secure.example. www.secure.example.
host LOC 35 41 22.0 N 139 41 30.0 E 40m 1m 10000m 10m
host SSHFP 4 2 {'cd' * 32}
host NAPTR 100 10 "u" "E2U+sip" "!^.*$!sip:info@secure.example!" .
host AFSDB 1 www
host URI 10 1 "https://www.secure.example/"
host TYPE65280 \\# 4 01020304
ptr PTR www
sub NS ns.sub
ns.sub A {LEAF}
"""

# Apex name: (server, signed how: None, "nsec", "nsec3", "optout", records, days from now to begin and end of signatures)
ZONES = {
    "sub.secure.example.": (LEAF, "nsec", "www A 192.0.2.20\n", -1, 30),
    "secure.example.": (LEAF, "nsec", SECURE, -1, 30),
    "nsec3.example.": (LEAF, "nsec3", "www A 192.0.2.30\n*.wild A 192.0.2.31\na.b.deep A 192.0.2.32\n", -1, 30),
    "insecure.example.": (
        LEAF, None,
        "www A 192.0.2.40\n*.wild A 192.0.2.41\nalias CNAME www\nto-secure CNAME www.secure.example.\n"
        "to-bogus CNAME www.bogus.example.\nto-dead CNAME www.dead.example.\nbelow.www A 192.0.2.42\n"
        f"large TXT {strings(40, 200)}\n", 0, 0),
    "bogus.example.": (LEAF, "nsec", "www A 192.0.2.50\nfine A 192.0.2.51\n", -1, 30),
    "expired.example.": (LEAF, "nsec", "www A 192.0.2.60\n", -60, -30),
    "future.example.": (LEAF, "nsec", "www A 192.0.2.61\n", 30, 60),
    "unsigned-ds.example.": (LEAF, None, "www A 192.0.2.62\n", 0, 0),
    "wrong-ds.example.": (LEAF, "nsec", "www A 192.0.2.63\n", -1, 30),
    "dead.example.": (DEAD, None, None, 0, 0),
    "silent.example.": (SILENT, None, None, 0, 0),
    "kantei.go.jp.": (LEAF, "nsec3", "www A 192.0.2.70\n", -1, 30),
    "office.co.jp.": (LEAF, None, "www A 192.0.2.71\n*.wild A 192.0.2.72\n", 0, 0),
    "example.": (TOP, "nsec", "", -1, 30),
    "jp.": (TOP, "optout", 'co TXT "commercial"\ngo TXT "government"\n', -1, 30),
    ".": (ROOT, "nsec", "", -1, 30),
}
# What the parent says of these is not what they are.
DS_FORGED = {"unsigned-ds.example.", "wrong-ds.example."}


def parent_of(apex):
    """The closest zone of ours above."""
    above = apex
    while above != ".":
        above = above.partition(".")[2] or "."
        if above in ZONES:
            return above
    return None


def file_of(apex):
    return ("root" if apex == "." else apex.rstrip(".")) + ".zone"


def run(*command, **options):
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options).stdout


def make_key(directory, apex):
    """A combined signing key; its file's name without suffix."""
    return run("dnssec-keygen", "-q", "-a", ALGORITHM, "-f", "KSK", "-K", directory, apex).strip()


def zone_text(apex, below):
    server, _, records, _, _ = ZONES[apex]
    dot = "" if apex == "." else "." + apex
    text = f"$ORIGIN {apex}\n$TTL {TTL}\n@ SOA ns{dot or '.'} hostmaster{dot or '.'} 1 7200 3600 1209600 {TTL}\n"
    text += f"@ NS ns{dot or '.'}\nns{dot or '.'} A {server}\n" + records
    for child, ds in below:
        text += f"{child} NS ns.{child}\nns.{child} A {ZONES[child][0]}\n{ds}"
    return text


def stamp(days):
    return time.strftime("%Y%m%d%H%M%S", time.gmtime(time.time() + days * DAY))


def sign(directory, apex, key):
    _, how, _, begin, end = ZONES[apex]
    plain = directory / file_of(apex)
    proofs = {"nsec": [], "nsec3": ["-3", "-", "-H", "0"], "optout": ["-3", "-", "-H", "0", "-A"]}[how]
    run("dnssec-signzone", "-q", "-z", "-P", "-o", apex, "-s", stamp(begin), "-e", stamp(end), *proofs,
        "-K", directory, "-d", directory, "-f", directory / (plain.name + ".signed"), plain, directory / (key + ".key"))
    # -S would publish the key; with the key's file given, its record must stand in the zone itself.
    (directory / (plain.name + ".signed")).replace(plain)


def make_zones(directory):
    """Signs from the leaves to the root, so that each parent knows its children's keys."""
    children = {}
    for apex in sorted(ZONES, key=lambda name: 0 if name == "." else name.count("."), reverse=True):
        _, how, records, _, _ = ZONES[apex]
        ds = ""
        if records is not None:
            text = zone_text(apex, children.get(apex, []))
            key = make_key(directory, apex) if how else None
            if key:
                text += (directory / (key + ".key")).read_text()
            (directory / file_of(apex)).write_text(text)
            if key:
                sign(directory, apex, key)
            said = make_key(directory, apex) if apex in DS_FORGED else key
            if said and apex != ".":
                ds = run("dnssec-dsfromkey", "-2", directory / (said + ".key"))
            if apex == ".":
                record = [line for line in (directory / (key + ".key")).read_text().splitlines() if "DNSKEY" in line]
                (directory / "root.key").write_text(record[0] + "\n")
        if apex != ".":
            children.setdefault(parent_of(apex), []).append((apex, ds))
    bogus = directory / file_of("bogus.example.")
    changed = bogus.read_text().replace("192.0.2.50", "192.0.2.250")
    bogus.write_text(changed)
    (directory / "root.hints").write_text(f". 3600000 NS ns.\nns. 3600000 A {ROOT}\n")
    (directory / "future.date").write_text(stamp(45) + "\n")


def die_with_parent():
    import ctypes
    ctypes.CDLL(None).prctl(1, signal.SIGTERM)


def start_nsd(directory, address):
    """One nsd for an address: a server that also held the parent would never send a referral."""
    name = f"nsd-{address}"
    lines = [
        "server:", f"  ip-address: {address}", "  port: 53", '  username: ""', '  chroot: ""',
        f'  zonesdir: "{directory}"', f'  pidfile: "{directory}/{name}.pid"', f'  xfrdfile: "{directory}/{name}.xfrd"',
        '  database: ""', f'  zonelistfile: "{directory}/{name}.list"', f'  logfile: "{directory}/{name}.log"',
        f'  xfrdir: "{directory}"', "  server-count: 1", "  rrl-ratelimit: 0", "  hide-version: yes",
        "  minimal-responses: no", "  ipv4-edns-size: 1232", "remote-control:", "  control-enable: no",
    ]
    for apex, (server, _, records, _, _) in ZONES.items():
        if server == address and records is not None:
            lines += ["zone:", f'  name: "{apex}"', f'  zonefile: "{file_of(apex)}"']
    config = directory / f"{name}.conf"
    config.write_text("\n".join(lines) + "\n")
    return subprocess.Popen(["nsd", "-d", "-c", config], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                            stderr=subprocess.DEVNULL, preexec_fn=die_with_parent)


def wait_for(address, apex, server, directory):
    """Until it answers for this zone."""
    labels = b"".join(bytes([len(label)]) + label.encode() for label in apex.rstrip(".").split(".") if label)
    question = struct.pack(">6H", 0x4849, 0, 1, 0, 0, 0) + labels + b"\0" + struct.pack(">2H", 6, 1)
    until = time.monotonic() + 60
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect((address, 53))
        probe.settimeout(0.1)
        while time.monotonic() < until and server.poll() is None:
            try:
                probe.send(question)
                answer = probe.recv(4096)
                if answer[3] & 15 == 0 and answer[2] & 4:
                    return
            except OSError:
                time.sleep(0.01)
    log = directory / f"nsd-{address}.log"
    sys.exit(f"dns-tree: {address} does not answer for '{apex}': {log.read_text() if log.exists() else ''}")


def silent_sockets():
    """Open, full of questions nobody reads."""
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    udp.bind((SILENT, 53))
    tcp = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    tcp.bind((SILENT, 53))
    tcp.listen(64)
    return udp, tcp


def inside(command):
    # A loopback that is down answers nobody.
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    directory = pathlib.Path(tempfile.mkdtemp(prefix="hinomi-tree-"))
    servers = []
    held = silent_sockets()
    try:
        make_zones(directory)
        servers = [(address, start_nsd(directory, address)) for address in (ROOT, TOP, LEAF)]
        for address, server in servers:
            for apex, zone in ZONES.items():
                if zone[0] == address and zone[2] is not None:
                    wait_for(address, apex, server, directory)
        child = subprocess.Popen(command, env={**os.environ, "HINOMI_TREE": str(directory)}, preexec_fn=die_with_parent)
        signal.signal(signal.SIGTERM, lambda *_: child.terminate())
        signal.signal(signal.SIGINT, lambda *_: child.terminate())
        status = child.wait()
        return status if status >= 0 else 128 - status
    finally:
        for _, server in servers:
            server.terminate()
        for _, server in servers:
            server.wait()
        for each in held:
            each.close()
        shutil.rmtree(directory, ignore_errors=True)


def main():
    command = sys.argv[1:]
    if not command or command[0].startswith("-"):
        sys.exit(__doc__)
    if os.environ.get(INSIDE) != str(os.getpid()):
        for program in ("unshare", "ip", "nsd", "dnssec-keygen", "dnssec-signzone"):
            if shutil.which(program) is None:
                print(f"1..0 # SKIP {program} is not installed")
                sys.exit(SKIPPED)
        namespace = ["unshare", "--net"] if os.geteuid() == 0 else ["unshare", "--user", "--map-root-user", "--net"]
        if subprocess.run([*namespace, "true"], stderr=subprocess.DEVNULL).returncode != 0:
            print("1..0 # SKIP no network namespace can be made here")
            sys.exit(SKIPPED)
        # unshare becomes this script again without another process between, so that the process id stays.
        os.environ[INSIDE] = str(os.getpid())
        os.execvp(namespace[0], [*namespace, sys.executable, os.path.abspath(__file__), *command])
    del os.environ[INSIDE]
    sys.exit(inside(command))


if __name__ == "__main__":
    main()
