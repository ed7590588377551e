#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The Hinomi authors
"""The resolver's configuration and policy, changed while clients ask: nobody is left without an answer, every question
is judged under one configuration, and nothing waits for what is large.

Run inside dns-tree.py, whose namespace holds the servers: dns-tree.py resolver_reload.py
"""
import socket
import threading

from resolver_world import *  # noqa: F403

PORT = 5300
SET = "5f1f1e0c-4a53-4d0e-9d6c-0c9f5be9d7aa"
RPZ = "$ORIGIN rpz.\n$TTL 60\n@ SOA . . 1 1 1 1 60\n@ NS .\n"
SINKHOLE = "192.0.2.9"
SOON = 0.05  # seconds in which an overlay is to be in force


def put(target, data):
    """As whoever replaces a file should: whole, by rename."""
    new = target.with_name("." + target.name)
    new.write_bytes(data)
    new.rename(target)


def compile_set(target, *names, base=None):
    lines = target.with_name(".list")
    lines.write_text("".join(n + "\n" for n in names))
    new = target.with_name("." + target.name)
    more = ["--base", base] if base else []
    run(BIN / "hinomi-indicators", "compile", "-o", new, "--set", SET, *more, lines, check=True)
    new.chmod(0o644)
    return new


class Load:
    """Clients that ask for one name without a pause, one question at a time; counts what came back."""

    def __init__(self, name, source="127.0.0.1"):
        self.question, self.source = query(name), source
        self.asked = self.lost = 0
        self.codes = {}
        self.stopped = False
        self.thread = threading.Thread(target=self.work)

    def work(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.bind((self.source, 0))
            s.connect((HOST, PORT))
            s.settimeout(5)
            while not self.stopped:
                self.asked += 1
                try:
                    s.send(self.question)
                    code = s.recv(4096)[3] & 15
                    self.codes[code] = self.codes.get(code, 0) + 1
                except OSError:
                    self.lost += 1

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.stopped = True
        self.thread.join()


def code(name, source="127.0.0.1", **options):
    return dns.rcode.to_text(ask(name, port=PORT, source=source, **options).rcode())


def blocked(name, **options):
    """Whether it leads to the sinkhole: a name that is nowhere is no such name either."""
    return any(SINKHOLE in rrset.to_text() for rrset in ask(name, port=PORT, **options).answer)


def overlay_past_a_list(tap):
    """A list of many rules is replaced, and at once an overlay arrives."""
    path = directory()
    (path / "sets").mkdir(mode=0o755)
    (path / "zone").mkdir(mode=0o755)
    base = path / "sets" / "0.him"
    compile_set(base, "base.blocked.test").rename(base)
    zone = path / "zone" / "zone.rpz"
    rules = "".join(f"name-{i}.of-a-long-list.test CNAME .\n" for i in range(600000))
    put(zone, (RPZ + f"before.blocked.test A {SINKHOLE}\n" + rules).encode())
    config = f"""
threads: 1
listen:
  - {{address: {HOST}, port: {PORT}, transports: [udp, tcp]}}
groups:
  - {{name: all, prefixes: [127.0.0.0/8]}}
policy:
  - {{name: sets, directory: {path}/sets, action: sinkhole, sinkhole: [{SINKHOLE}]}}
  - {{name: zone, rpz: {path}/zone/zone.rpz}}
""" + RECURSION
    with Resolver(path, config) as r, Load("base.blocked.test") as load:
        new = compile_set(path / "sets" / "1.him", "overlay.blocked.test", base=base)
        data = (RPZ + f"after.blocked.test A {SINKHOLE}\n" + rules).encode()
        generations = r.said().count("is in force")
        put(zone, data)
        began = time.monotonic()
        new.rename(path / "sets" / "1.him")
        while not blocked("overlay.blocked.test") and time.monotonic() < began + DEADLINE:
            pass
        took = time.monotonic() - began
        between = blocked("after.blocked.test")
        until(lambda: blocked("after.blocked.test"), "the list is in force")
        read = time.monotonic() - began
        tap.check("an overlay is in force before a large list that came before it", not between)
        tap.check("then the list is, and the overlay stays",
                  blocked("overlay.blocked.test") and not blocked("before.blocked.test"))
        print(f"# the overlay after {took * 1000:.1f} ms ({SOON * 1000:.0f} wanted), the list of 600,001 rules after "
              f"{read * 1000:.0f} ms")
        tap.check("each is one policy", r.said().count("is in force") == generations + 2)
    tap.check(f"no question was lost: {load.asked} asked, {load.codes}", load.lost == 0 and set(load.codes) == {0})


def main():
    need("openssl")
    tap = Tap()
    overlay_past_a_list(tap)
    tap.done()


if __name__ == "__main__":
    main()
