#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The Hinomi authors
"""The collector of a resolver that runs: off unless it is asked for; each listed name once an interval, by its own path,
whoever asks what meanwhile; what it finds stands in files. Its clock is moved through the interval, minute by minute.

Run inside dns-tree.py, whose namespace holds the servers: dns-tree.py resolver_collector.py MOVED_CLOCK
"""
import collections
import json
import re
import threading
import urllib.request

from moved_clock import Clock
from resolver_world import *  # noqa: F403

MAIN, UPSTREAM, METRICS = 5300, 5400, 9180
PATH = "127.0.8.1"  # where the collector's questions go, and no others
MINUTES = 10
INTERVAL = 60 * MINUTES
# Name: what it leads to.
LISTED = {
    "www.secure.example": {"192.0.2.1", "2001:db8::1"},
    "mail.secure.example": {"192.0.2.2"},
    "many.secure.example": {"192.0.2.1", "192.0.2.2", "192.0.2.3"},
    "chain1.secure.example": {"192.0.2.1", "2001:db8::1"},
    "www.office.co.jp": {"192.0.2.71"},
    "dangling.secure.example": set(),
    "www.bogus.example": set(),
}
RPZ = ("$ORIGIN rpz.\n$TTL 60\n@ SOA . . 1 1 1 1 60\n@ NS .\n" + "".join(f"{n} CNAME .\n" for n in LISTED) +
       "*.wild.secure.example CNAME .\nwww.nsec3.example CNAME rpz-passthru.\n32.1.2.0.192.rpz-ip CNAME .\n")
WATCHED = "$ORIGIN watched.\n$TTL 60\n@ SOA . . 1 1 1 1 60\n@ NS .\nwww.insecure.example CNAME .\n"
# Asked by clients, or listed without being refused: nobody's business.
UNLISTED = ("www.kantei.go.jp", "a.wild.secure.example", "www.nsec3.example", "www.insecure.example", "www.sub.secure.example")


def configuration(path, collector):
    return f"""
threads: 2
listen:
  - {{address: {HOST}, port: {MAIN}, transports: [udp, tcp]}}
policy:
  - {{name: national, rpz: {path}/national.rpz}}
  - {{name: watch, rpz: {path}/watch.rpz, action: log-only}}
events: {{directory: {path}/events}}
metrics: {{port: {METRICS}}}
{collector}
""" + RECURSION


ON = f"collector: {{enabled: true, interval: {INTERVAL}s, forward: [{{address: {PATH}}}]}}\n"


class Path:
    """Hands each question on to a resolver that recurses, and remembers it."""

    def __init__(self):
        self.asked, self.lock = [], threading.Lock()
        self.clock = None
        self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.udp.bind((PATH, 53))
        self.tcp = socket.create_server((PATH, 53))
        for serve in (self.serve_udp, self.serve_tcp):
            threading.Thread(target=serve, daemon=True).start()

    def remember(self, wire):
        question = dns.message.from_wire(wire).question[0]
        with self.lock:
            self.asked.append((question.name.to_text(omit_final_dot=True).lower(), dns.rdatatype.to_text(question.rdtype),
                               self.clock.now() // 60))

    def serve_udp(self):
        while True:
            wire, peer = self.udp.recvfrom(65535)
            self.remember(wire)
            threading.Thread(target=self.hand_on, args=(wire, peer), daemon=True).start()

    def hand_on(self, wire, peer):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.settimeout(DEADLINE)
            s.connect((HOST, UPSTREAM))
            s.send(wire)
            self.udp.sendto(s.recv(65535), peer)

    def serve_tcp(self):
        while True:
            connection, _ = self.tcp.accept()
            with connection, connect(UPSTREAM) as s:
                wire = message(connection)
                self.remember(wire)
                s.sendall(framed(wire))
                connection.sendall(framed(message(s)))

    def take(self):
        """What was asked since: name, type, and the minute."""
        with self.lock:
            taken, self.asked = self.asked, []
        return taken


def numbers():
    with urllib.request.urlopen(f"http://127.0.0.1:{METRICS}/metrics", timeout=DEADLINE) as answer:
        text = answer.read().decode()
    return {how: int(n) for how, n in re.findall(r'collector_names_total\{how="(\w+)"\} (\d+)', text)}


def clients_ask():
    """Listed names are refused, the others are answered; each many times."""
    for name in (*LISTED, *UNLISTED):
        for rdtype in ("A", "AAAA") * 5:
            ask(name, rdtype)


def next_minute(clock):
    """To where nearly all of its names are due, and some seconds are left."""
    clock.passes(60 - clock.now() % 60 + 56)


def an_interval(clock):
    """Minute by minute; in each until nothing more is asked. @return names asked in each"""
    each, before = [], numbers().get("asked", 0)
    for _ in range(MINUTES):
        next_minute(clock)
        quiet, last = 0, None
        while quiet < 5:  # rounds of the collector, ten a second
            time.sleep(0.1)
            now = numbers()
            quiet = quiet + 1 if now == last else 0
            last = now
        each.append(last.get("asked", 0) - before)
        before = last.get("asked", 0)
    return each


def found(path):
    lines = []
    for file in sorted((path / "events").glob("addresses-*.ndjson.zst")):
        lines += [json.loads(x) for x in run("zstd", "-dcq", file, check=True).stdout.splitlines()]
    return lines


def world(library):
    """A directory of sets, gone with its resolver, and a clock."""
    path = directory()
    (path / "national.rpz").write_text(RPZ)
    (path / "watch.rpz").write_text(WATCHED)
    path.chmod(0o777)  # who starts as root writes as another user
    return path, Clock(path / "clock", library)


def off(tap, recorder, library):
    path, clock = world(library)
    recorder.clock = clock
    with Resolver(path, configuration(path, ""), MAIN, clock) as resolver:
        clients_ask()
        an_interval(clock)
        tap.equal("off unless it is asked for: it asks nothing", recorder.take(), [])
        tap.equal("and has no numbers", numbers(), {})
        tap.equal("it ends well", resolver.end(), 0)
        tap.equal("and leaves no file", [p.name for p in (path / "events").glob("addresses*")], [])


def on(tap, recorder, library):
    path, clock = world(library)
    recorder.clock = clock
    next_minute(clock)
    with Resolver(path, configuration(path, ON), MAIN, clock) as resolver:
        # Whatever stands in the minute of the start.
        time.sleep(1)
        first = numbers()["asked"]
        clients_ask()
        tap.check("what clients ask moves nothing", numbers()["asked"] == first or clock.now() % 60 < 56, first, numbers())
        recorder.take()
        skipped = numbers()["skipped"]
        each = an_interval(clock)
        counts = numbers()
        minutes = collections.defaultdict(set)
        for name, rdtype, minute in recorder.take():
            minutes[name, rdtype].add(minute)
        tap.check("all by its path", set(LISTED) <= {name for name, _ in minutes}, minutes)
        tap.equal("an interval asks each listed name", sum(each), len(LISTED))
        tap.equal("and has time for all", counts["skipped"] - skipped, 0)
        tap.check("at minutes of their own", max(each) < len(LISTED), each)
        # A resolver repeats a question that gets no answer, or a bogus one; one type's answer may tell the other's. On a
        # loaded machine an answer is late now and then, and its question comes again: that is the exception, not the rule.
        twice = [k for k, at in minutes.items() if k[0] in LISTED and len(at) > 1]
        tap.check("hardly a question in two minutes", len(twice) <= 1 + len(minutes) // 10, twice)
        clock_then = clock.now()
        clients_ask()
        others = {name for name, rdtype in minutes if rdtype in ("A", "AAAA")} - set(LISTED)
        tap.equal("no name that is not listed, though clients ask it; but for where listed ones lead",
                  others - {"chain2.secure.example", "chain3.secure.example", "nothing-here.secure.example"}, set())
        again = an_interval(clock)
        tap.equal("the next interval asks each again, at the same minutes", sorted(again), sorted(each))
        tap.equal("it ends well", resolver.end(), 0)
        tap.check("and says nothing", "error" not in resolver.said(), resolver.said())
        what_was_found(tap, path, clock_then)


def what_was_found(tap, path, clock_then):
    lines = found(path)
    addresses = collections.defaultdict(set)
    for line in lines:
        addresses[line["name"]].add(line["address"])
    tap.equal("what they lead to", dict(addresses), {n: a for n, a in LISTED.items() if a})
    tap.equal("each with its policy", {line["policy"] for line in lines}, {"national"})
    wrong = [x for x in lines if x["first_seen"] > x["last_seen"]]
    later = [x for x in lines if x["last_seen"] > time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(clock_then))]
    tap.check("when it was seen first, and last", not wrong and later and all(x["first_seen"] < x["last_seen"] for x in later),
              wrong, later)
    tap.equal("in files of their user alone", {oct(p.stat().st_mode & 0o777) for p in (path / "events").glob("addresses-*")},
              {"0o600"})


def main():
    need("zstd")
    tap = Tap()
    library = pathlib.Path(sys.argv[1]).resolve()
    recursing = f"listen:\n  - {{address: {HOST}, port: {UPSTREAM}, transports: [udp, tcp]}}\n" + RECURSION
    with Resolver(directory(), recursing, UPSTREAM):
        recorder = Path()
        off(tap, recorder, library)
        on(tap, recorder, library)
    tap.done()


if __name__ == "__main__":
    main()
