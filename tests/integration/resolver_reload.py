#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The Hinomi authors
"""The resolver's configuration and policy, changed while clients ask: nobody is left without an answer, every question
is judged under one configuration, and nothing waits for what is large.

Run inside dns-tree.py, whose namespace holds the servers: dns-tree.py resolver_reload.py
"""
import contextlib
import os
import shutil
import signal
import socket
import struct
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

    def end(self):
        self.stopped = True
        self.thread.join()

    def __exit__(self, *_):
        self.end()


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
        load.end()
        tap.check("no sanitizer had a word", r.end() == 0 and "Sanitizer" not in r.said(), r.said())
    tap.check(f"no question was lost: {load.asked} asked, {load.codes}", load.lost == 0 and set(load.codes) == {0})


def ctl(path, *words):
    """@return exit code and what it said"""
    done = run(BIN / "hinomi-resolver", "ctl", "--socket", path / "control", *words,
               env={**os.environ, "HINOMI_LANG": "en"})
    return done.returncode, done.stdout


def configuration(path, groups, policies, listen="", more=""):
    return f"""
threads: 2
listen:
  - {{address: {HOST}, port: {PORT}, transports: [udp, tcp]}}
{listen}
groups:
{groups}
policy:
{policies}
control: {{socket: {path}/control}}
{more}
""" + RECURSION


HOME = "  - {name: home, prefixes: [127.0.0.1/32], policy: [first]}\n"


def zone_policy(path, name, more=""):
    return f"  - {{name: {name}, rpz: {path}/zones/{name}.rpz{more}}}\n"


def tcp_code(s, name):
    s.sendall(framed(query(name)))
    return dns.rcode.to_text(dns.message.from_wire(exactly(s, struct.unpack("!H", exactly(s, 2))[0])).rcode())


def generation(path):
    return ctl(path, "status")[1].split("generation: ")[1].split()[0]


def groups_and_policies(tap, r, path):
    first, second = zone_policy(path, "first"), zone_policy(path, "second")

    def change(*args, **options):
        r.config.write_text(configuration(path, *args, **options))
        return ctl(path, "reload")

    tap.equal("who is in no group is refused", code("www.secure.example", "127.0.0.3"), "REFUSED")
    guest = "  - {name: guest, prefixes: [127.0.0.3/32], policy: []}\n"
    status, said = change(guest + HOME, first)
    tap.check("a group that is added is served", status == 0 and code("www.secure.example", "127.0.0.3") == "NOERROR",
              status, said)
    tap.check("and keeps to its list", not blocked("first.blocked.test", source="127.0.0.3"))
    tap.check("as the other keeps to its own", blocked("first.blocked.test"), said)
    with connect(PORT, source="127.0.0.3") as s:
        tap.equal("over TCP too", tcp_code(s, "www.secure.example"), "NOERROR")
        change(HOME, first)
        tap.equal("a group that is gone is refused at the next question", code("www.secure.example", "127.0.0.3"),
                  "REFUSED")
        tap.equal("also over a connection that stands", tcp_code(s, "www.secure.example"), "REFUSED")

    put(path / "zones" / "second.rpz", (RPZ + f"second.blocked.test A {SINKHOLE}\n").encode())
    tap.check("a list that nobody named is not heard", not blocked("second.blocked.test"))
    both = HOME.replace("[first]", "[second, first]")
    change(both, first + zone_policy(path, "second", ", contact: 'desk@office.test'"))
    tap.check("one that is named is", blocked("second.blocked.test") and blocked("first.blocked.test"))
    with connect(PORT) as s:
        s.sendall(framed(query("second.blocked.test", use_edns=0)))
        answer = dns.message.from_wire(exactly(s, struct.unpack("!H", exactly(s, 2))[0]))
    tap.check("with its contact", any("desk@office.test" in o.to_text() for o in answer.options), answer)
    change(both.replace(", first", ""), first + second)
    tap.check("and one that a group does not name any more is not", not blocked("first.blocked.test"))
    change(HOME, first)
    before = generation(path)
    change(HOME, "# as before\n" + first)
    tap.equal("what says the same is the same policy", generation(path), before)


def wrong_files(tap, r, path):
    first = zone_policy(path, "first")
    good = configuration(path, HOME, first)
    before = generation(path)
    elsewhere = directory()
    put(elsewhere / "far.rpz", (RPZ + "far.blocked.test CNAME .\n").encode())
    far = f"  - {{name: far, rpz: {elsewhere}/far.rpz}}\n"
    dark = path / "dark"
    dark.mkdir()
    put(dark / "dark.rpz", (RPZ + "dark.blocked.test CNAME .\n").encode())
    dark.chmod(0o311)  # its files can be read, its changes not
    cases = [
        ("an unknown key", good + "grups: []\n", "resolver.yaml:"),
        ("a policy that is not there", good.replace("[first]", "[none]"), "groups.policy: no policy is called 'none'"),
        ("a prefix in two groups", configuration(path, HOME + HOME.replace("home", "too"), first), "resolver.yaml:"),
        ("a zone that is not there", configuration(path, HOME, first + zone_policy(path, "gone")), "gone.rpz"),
        ("a directory that cannot be watched",
         configuration(path, HOME, first + f"  - {{name: dark, rpz: {dark}/dark.rpz}}\n"), "dark: cannot watch it"),
        ("a token that no listener in force takes",
         configuration(path, HOME + "  - {name: t, token: 0123456789abcdef}\n", first,
                       listen=f"  - {{address: {HOST}, port: 4430, transports: [https], certificate: {path}/server.pem,"
                              f" key: {path}/server.key}}\n"),
         "restart to change them too"),
    ]
    if "Landlock ABI 0" not in r.said():
        cases.append(("a file beyond the sandbox", configuration(path, HOME, first + far), "or restart"))
    for name, text, why in cases:
        r.config.write_text(text)
        status, said = ctl(path, "reload")
        tap.check(f"{name} is refused and told", status == 1 and why in said, status, said)
    r.config.unlink()
    os.mkfifo(r.config, 0o644)
    status, said = ctl(path, "reload")
    tap.check("a pipe in place of the configuration holds up nobody", status == 1 and "is no file" in said, status, said)
    tap.equal("nothing has changed", generation(path), before)
    put(r.config, good.encode())
    tap.equal("and the one in force can be read again", ctl(path, "reload")[0], 0)
    tap.equal("and the same are served", (code("www.secure.example"), code("www.secure.example", "127.0.0.3")),
              ("NOERROR", "REFUSED"))
    r.config.write_text(cases[-1][1])
    before = r.said()
    r.process.send_signal(signal.SIGHUP)
    until(lambda: "nothing was changed" in r.said()[len(before):], "SIGHUP tells the same")
    tap.check("SIGHUP tells the same", cases[-1][2] in r.said()[len(before):], r.said()[len(before):])
    shutil.rmtree(elsewhere)


def what_needs_a_restart(tap, r, path):
    guest = "  - {name: guest, prefixes: [127.0.0.3/32], policy: []}\n"
    r.config.write_text(configuration(
        path, HOME + guest, zone_policy(path, "first"), listen=f"  - {{address: {HOST}, port: 5399, transports: [udp]}}\n",
        more="metrics: {port: 9153}\ncache: {size: 32 MiB, stale: 0s}\n").replace("threads: 2", "threads: 1"))
    before = r.said()
    status, said = ctl(path, "reload")
    wanted = "listen, threads, cache.size, metrics.port"
    tap.check("what needs a restart is told", status == 0 and wanted in said, said)
    tap.equal("in one line of the log", r.said()[len(before):].count("by a restart only"), 1)
    tap.equal("the rest is in force", code("www.secure.example", "127.0.0.3"), "NOERROR")
    with contextlib.suppress(OSError, dns.exception.Timeout):
        ask("www.secure.example", port=5399, timeout=0.3)
        tap.check("nobody listens there", False)
    before = r.said()
    r.config.write_text(configuration(path, HOME, zone_policy(path, "first")))
    r.process.send_signal(signal.SIGHUP)
    until(lambda: code("www.secure.example", "127.0.0.3") == "REFUSED", "SIGHUP puts it in force")
    tap.check("SIGHUP does the same, and nothing is left to tell", "by a restart only" not in r.said()[len(before):])


def one_generation(tap, r, path):
    """Two configurations in turn, each with its groups and lists in another order: an answer that mixes them is in
    neither."""
    for name, address in (("x", "192.0.2.101"), ("y", "192.0.2.102")):
        put(path / "zones" / f"{name}.rpz", (RPZ + f"turn.blocked.test A {address}\n").encode())
    other = "  - {name: other, prefixes: [127.0.0.9/32], policy: []}\n"
    texts = [configuration(path, HOME.replace("[first]", "[x]") + other, zone_policy(path, "x") + zone_policy(path, "first")),
             configuration(path, other + HOME.replace("[first]", "[first, y]"),
                           zone_policy(path, "first") + zone_policy(path, "y"))]
    seen, wrong, stop = {}, [], threading.Event()

    def work():
        while not stop.is_set():
            text = " ".join(rrset.to_text() for rrset in ask("turn.blocked.test", port=PORT).answer)
            which = [a for a in ("192.0.2.101", "192.0.2.102") if a in text]
            seen[str(which)] = seen.get(str(which), 0) + 1
            if len(which) != 1:
                wrong.append(text)

    r.config.write_text(texts[0])
    ctl(path, "reload")
    clients = [threading.Thread(target=work) for _ in range(2)]
    for c in clients:
        c.start()
    for i in range(30):
        r.config.write_text(texts[(i + 1) % 2])
        ctl(path, "reload")
    stop.set()
    for c in clients:
        c.join()
    tap.check("each answer is of one configuration", not wrong and len(seen) == 2, seen, wrong[:3])


def reloads(tap):
    path = directory()
    certificates(path)
    (path / "zones").mkdir(mode=0o755)
    put(path / "zones" / "first.rpz", (RPZ + f"first.blocked.test A {SINKHOLE}\n").encode())
    with Resolver(path, configuration(path, HOME, zone_policy(path, "first"))) as r:
        with Load("www.secure.example") as load:
            groups_and_policies(tap, r, path)
            wrong_files(tap, r, path)
            what_needs_a_restart(tap, r, path)
        tap.check("no question was lost", load.lost == 0 and set(load.codes) == {0}, load.asked, load.lost, load.codes)
        one_generation(tap, r, path)
        tap.equal("it ends well", r.end(), 0)
        tap.check("no sanitizer had a word", "Sanitizer" not in r.said(), r.said())
        if tap.failed:
            print("# " + r.said().replace("\n", "\n# "))


def main():
    need("openssl")
    tap = Tap()
    TREE.chmod(0o755)  # hints and anchors are read again, too, as another user
    reloads(tap)
    overlay_past_a_list(tap)
    tap.done()


if __name__ == "__main__":
    main()
