#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The Hinomi authors
"""The resolver among clients that mean harm, files that break, and sudden ends: who behaves is still answered.

Run inside dns-tree.py, whose namespace holds the servers: dns-tree.py resolver_faults.py
"""
import base64
import contextlib
import random
import resource
import signal
import socket
import struct
import threading
import time

from resolver_world import *  # noqa: F403

PLAIN, BALANCED, TLS, HTTPS = 5300, 5301, 8530, 4430
THREADS = 2
PER_PREFIX = 256  # connections of one /24, for each serving thread
# Bytes that any of this may cost; a sanitizer keeps what was freed, and pads what was not.
SANITIZED = b"__asan_init" in (BIN / "hinomi-resolver").read_bytes()  # noqa: F405
GROWTH_MAX = (800 if SANITIZED else 200) << 20
SET = "5f1f1e0c-4a53-4d0e-9d6c-0c9f5be9d7aa"
RPZ = "$ORIGIN rpz.\n$TTL 60\n@ SOA . . 1 1 1 1 60\n@ NS .\n"


def configuration(path):
    pem = f"certificate: {path}/server.pem, key: {path}/server.key"
    return f"""
threads: {THREADS}
listen:
  - {{address: {HOST}, port: {PLAIN}, transports: [udp, tcp]}}
  - {{address: {HOST}, port: {BALANCED}, transports: [tcp], proxy: true, proxies: [{HOST}]}}
  - {{address: {HOST}, port: {TLS}, transports: [tls], {pem}}}
  - {{address: {HOST}, port: {HTTPS}, transports: [https], {pem}}}
groups:
  - {{name: all, prefixes: [127.0.0.0/8]}}
control: {{socket: {path}/control}}
policy:
  - {{name: zone, rpz: {path}/files/zone.rpz}}
  - {{name: set, set: [{path}/files/set.him]}}
""" + RECURSION


def compile_set(path, *names):
    (path / "list").write_text("".join(n + "\n" for n in names))
    run(BIN / "hinomi-indicators", "compile", "-o", path / "new.him", "--set", SET, path / "list", check=True)
    return (path / "new.him").read_bytes()


def put(target, data):
    """As whoever replaces a file should: whole, by rename."""
    new = target.with_suffix(".tmp")
    new.write_bytes(data)
    new.rename(target)


def answered(count=200, source=None):
    """How many questions over UDP, of what is known, are answered at their first try; and the slowest's milliseconds."""
    got, slowest = 0, 0.0
    for _ in range(count):
        begin = time.monotonic()
        with contextlib.suppress(OSError, dns.exception.Timeout):
            got += ask("www.secure.example", timeout=10, source=source).rcode() == 0
        slowest = max(slowest, time.monotonic() - begin)
    return got, round(slowest * 1000)


def still_answers(t, r, what, before):
    got, slowest = answered()
    t.equal(f"{what}: everybody else is answered", got, 200)
    grown = r.memory() - before
    print(f"# slowest of 200: {slowest} ms; memory grew by {grown >> 20} MB")
    t.check(f"{what}: memory stays bounded", grown < GROWTH_MAX, grown)


def test_slow_clients(t, r, path):
    before = r.memory()
    q = framed(query("www.secure.example"))
    large = framed(query("huge.secure.example", "TXT")) * 400
    with contextlib.ExitStack() as all_of_them:
        def keep(s):
            s.setblocking(False)
            return all_of_them.enter_context(s)

        dribblers = [keep(connect(PLAIN, f"127.0.{2 + i // 60}.1")) for i in range(120)]
        dribblers += [keep(connect(BALANCED)) for _ in range(60)]
        said = [q] * 120 + [proxy_header("127.0.9.1") + q] * 60
        # A handshake that stops; and one that was made, with half a record behind it.
        half_record = b"\x17\x03\x03\x01\0" + b"x" * 100
        for i in range(60):
            s = connect(TLS, f"127.0.{20 + i // 30}.1")
            s.sendall(b"\x16\x03\x01\x02\0\x01")
            keep(s)
            s = connect(TLS, f"127.0.{20 + i // 30}.1")
            tls = over_tls(s, path)
            plain = socket.socket(fileno=tls.detach())
            plain.sendall(half_record)
            keep(plain)
        never = [keep(connect(PLAIN, f"127.0.{30 + i // 30}.1")) for i in range(60)]
        for s in never:
            with contextlib.suppress(OSError):
                s.send(large)
        for i in range(30):
            s = over_tls(connect(HTTPS, f"127.0.{40 + i // 30}.1"), path, "h2")
            asked = base64.urlsafe_b64encode(query("huge.secure.example", "TXT")).rstrip(b"=").decode()
            s.sendall(PREFACE + frame(SETTINGS, 0, 0, struct.pack(">HI", 4, 0)) + b"".join(
                frame(HEADERS, END_STREAM | END_HEADERS, 1 + 2 * k, request("GET", f"/dns-query?dns={asked}"))
                for k in range(60)))
            keep(s)
        for at in range(len(q) - 2):
            for s, text in zip(dribblers, said):
                with contextlib.suppress(OSError):
                    s.send(text[at:at + 1])
        begin = r.cpu()
        still_answers(t, r, "clients that dribble, stop or never read", before)
        print(f"# processor time meanwhile: {r.cpu() - begin:.2f} s")
        for s in dribblers[:5] + never[:5]:
            s.settimeout(DEADLINE)
            t.check("who dribbles or never reads is sent away", ended(s))


def test_many_connections(t, r):
    before = r.memory()
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    count = 5000 if hard < 0 or hard > 5500 else 600
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    with contextlib.ExitStack() as all_of_them:
        many = [all_of_them.enter_context(connect(PLAIN, "127.0.7.1")) for _ in range(count)]

        def is_open(s):
            s.setblocking(False)
            try:
                return s.recv(1) != b""
            except BlockingIOError:
                return True
            except OSError:
                return False

        still = until(lambda: (n := sum(is_open(s) for s in many)) <= THREADS * PER_PREFIX and n, "they are sent away")
        t.check(f"of {count} connections of one prefix a share stays", 0 < still <= THREADS * PER_PREFIX, still)
        with connect(PLAIN, "127.0.8.1") as s:
            s.sendall(framed(query("www.secure.example", id=4)))
            t.equal("and another prefix is served", message(s).id, 4)
        still_answers(t, r, f"{count} connections of one prefix", before)


def is_sent_away(s, flood):
    """Sends until the server has enough; reads all the while. @return whether it ended the connection"""
    # TLS in Python takes no two calls at once: what is sent goes in turns with what is read.
    end = time.monotonic() + DEADLINE
    for each in flood:
        try:
            s.settimeout(DEADLINE)
            s.sendall(each)
            s.settimeout(0.001)
            if not s.recv(65536):
                return True
        except TimeoutError:
            if time.monotonic() > end:
                return False
        except OSError:
            return True
    s.settimeout(DEADLINE)
    return ended(s)


def test_http_floods(t, r, path):
    asked = base64.urlsafe_b64encode(query("www.secure.example")).rstrip(b"=").decode()
    slow = base64.urlsafe_b64encode(query("www.silent.example")).rstrip(b"=").decode()
    get, wait = (request("GET", f"/dns-query?dns={a}") for a in (asked, slow))
    post = request("POST", "/dns-query", ("content-type", "application/dns-message"))
    reset = struct.pack(">I", 8)
    many = 200

    def each(count, make):
        return (b"".join(make(i) for i in range(k * 50, k * 50 + 50)) for k in range(count))

    floods = {
        "rapid resets": each(many, lambda i: frame(HEADERS, END_STREAM | END_HEADERS, 2 * i + 1, wait) +
                             frame(RESET, 0, 2 * i + 1, reset)),
        "resets of what is known": each(many, lambda i: frame(HEADERS, END_HEADERS, 2 * i + 1, post) +
                                        frame(RESET, 0, 2 * i + 1, reset)),
        "continuations": each(many, lambda i: (b"" if i else frame(HEADERS, END_STREAM, 1, get)) +
                              frame(CONTINUATION, 0, 1, fields(("x", "y" * 1000)))),
        "empty continuations": each(many, lambda i: (b"" if i else frame(HEADERS, END_STREAM, 1, get)) +
                                    frame(CONTINUATION, 0, 1)),
        "settings": each(many, lambda i: frame(SETTINGS, 0, 0, struct.pack(">HI", 3, i) * 40)),
        "pings": each(4000, lambda i: frame(PING, 0, 0, struct.pack(">Q", i))),
        "empty data": each(40000, lambda i: (b"" if i else frame(HEADERS, END_HEADERS, 1, post)) + frame(DATA, 0, 1)),
        "requests that never end": each(4, lambda i: frame(HEADERS, END_HEADERS, 2 * i + 1, post)),
        "a header bomb": each(many, lambda i: frame(HEADERS, END_STREAM | END_HEADERS, 2 * i + 1, get + fields(
            *[("x" + str(k), "y" * 100) for k in range(100)]))),
        "no preface": [b"GET / HTTP/1.1\r\nHost: resolver.test\r\n\r\n" * 100],
        "a frame beyond its limit": [frame(DATA, 0, 1, bytes(20000))],
    }
    before = r.memory()
    for i, (name, flood) in enumerate(floods.items()):
        with over_tls(connect(HTTPS, f"127.0.{50 + i}.1"), path, "h2") as s:
            if name != "no preface":
                s.sendall(PREFACE + frame(SETTINGS, 0, 0))
            t.check(f"HTTP/2: {name}: sent away", is_sent_away(s, flood))
    # Without reading: what waits to be sent ends it, or that no question is completed.
    for i, (name, make) in enumerate({
            "settings": lambda: frame(SETTINGS, 0, 0), "pings": lambda: frame(PING, 0, 0, b"01234567")}.items()):
        with over_tls(connect(HTTPS, f"127.0.{70 + i}.1"), path, "h2") as s:
            s.settimeout(DEADLINE)
            gone = False
            try:
                s.sendall(PREFACE + frame(SETTINGS, 0, 0))
                for _ in range(20000):
                    s.sendall(make() * 500)
            except OSError as e:
                gone = not isinstance(e, TimeoutError)
            t.check(f"HTTP/2: {name} by who never reads: sent away", gone)
    still_answers(t, r, "floods of HTTP/2", before)


def test_random_names(t, r):
    before = r.memory()
    flooding = threading.Event()
    rng = random.Random(1)
    names = [f"{rng.getrandbits(64):x}.silent.example" for _ in range(4000)]

    def flood():
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.bind(("127.0.6.1", 0))
            s.connect((HOST, PLAIN))
            for i, name in enumerate(names):
                with contextlib.suppress(OSError):
                    s.send(query(name))
                if i == 1000:
                    flooding.set()

    thread = threading.Thread(target=flood)
    thread.start()
    flooding.wait(DEADLINE)
    fresh = [f"n{i}.wild.secure.example" for i in range(100)]
    got = 0
    for name in fresh:
        with contextlib.suppress(OSError, dns.exception.Timeout):
            got += ask(name, timeout=10).rcode() == 0
    thread.join()
    t.equal("random names below one zone: names of another are found", got, len(fresh))
    still_answers(t, r, "random names below one zone", before)


def errors(r):
    return [line for line in r.said().splitlines() if "the policy in force stays" in line]


def restore(r, file, data):
    """Puts what is good there, and waits until it was read: the next change is told by itself."""
    def taken():
        return r.said().count("is in force")

    before = taken()
    put(file, data)
    until(lambda: taken() > before, "a good file is in force again")


def test_broken_files(t, r, path):
    files = path / "files"
    zone, whole = files / "zone.rpz", files / "set.him"
    good_zone, good_set = zone.read_bytes(), whole.read_bytes()
    cases = {
        "cut": (zone, good_zone[:-3]),
        "cut inside its beginning": (zone, good_zone[:25]),
        "empty": (zone, b""),
        "no zone at all": (zone, random.Random(2).randbytes(4096)),
        "a set cut in half": (whole, good_set[:len(good_set) // 2]),
        "an empty set": (whole, b""),
        "a set with a wrong bit": (whole, good_set[:-40] + bytes([good_set[-40] ^ 1]) + good_set[-39:]),
        "no set at all": (whole, b"evil.example\n"),
    }
    for name, (file, data) in cases.items():
        before = len(errors(r))
        put(file, data)
        until(lambda: len(errors(r)) > before, f"{name}: an error is told")
        both = [ask(n).rcode() for n in ("zone.blocked.example", "set.blocked.example")]
        t.equal(f"{name}: the old policy stays", both, [3, 3])
        told = errors(r)[before:]
        t.check(f"{name}: one line that names the file", len(told) == 1 and file.name in told[0], told)
        restore(r, file, good_zone if file is zone else good_set)
    put(zone, good_zone + b"mail.secure.example CNAME .\n")
    until(lambda: ask("mail.secure.example").rcode() == 3, "a good file is in force again")
    t.check("a good file is in force again", True)
    # Written over where it lies: what is in force must not change under the feet of who asks.
    for name, data in (("cut in its place", good_set[:64]), ("overwritten in its place", b"x" * len(good_set))):
        before = len(errors(r))
        whole.write_bytes(data)
        until(lambda: len(errors(r)) > before, f"a set {name}: an error is told")
        t.equal(f"a set {name}: the old policy stays", ask("set.blocked.example").rcode(), 3)
        restore(r, whole, good_set)
    half = files / "half"
    half.write_bytes(good_zone[:30])
    t.equal("a file beside them changes nothing", ask("zone.blocked.example").rcode(), 3)


def test_kill(t, r):
    stop, wrong, got = threading.Event(), [], [0]

    def load(source):
        while not stop.is_set():
            with contextlib.suppress(OSError, dns.exception.Timeout):
                name = f"k{got[0]}.wild.secure.example"
                answer = ask(name, timeout=0.2, source=source)
                if answer.rcode() not in (0, 2) or (answer.rcode() == 0 and str(answer.answer[0][0]) != "192.0.2.9"):
                    wrong.append(answer.to_text())
                got[0] += 1

    threads = [threading.Thread(target=load, args=(f"127.0.80.{i}",)) for i in range(1, 5)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(5):
            before = got[0]
            until(lambda: got[0] > before + 50, "the load is answered")
            r.process.send_signal(signal.SIGKILL)
            r.process.wait()
            r.start()
            t.equal("killed and started again under load: it answers", ask("set.blocked.example").rcode(), 3)
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    t.equal("and never wrongly", wrong, [])


def test_end(t, r):
    """What was read before the signal is answered, by whatever way it came."""
    known = query("www.secure.example", id=9999)
    asked = {i: query(f"e{i}.silent.example", id=i) for i in range(40)}
    with connect(PLAIN, "127.0.90.1") as tcp, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.bind(("127.0.91.1", 0))
        udp.connect((HOST, PLAIN))
        udp.settimeout(DEADLINE)
        for q in asked.values():
            udp.send(q)
        udp.send(known)
        tcp.sendall(framed(*asked.values(), known))
        # Taken in their order: when this is answered the others were read.
        t.equal("all were read", (message(tcp).id, dns.message.from_wire(udp.recv(4096)).id), (9999, 9999))
        r.process.terminate()
        got = {message(tcp).id for _ in asked}
        t.equal("SIGTERM: each question over TCP is answered", got, set(asked))
        t.check("and then the connection ends", ended(tcp))
        got = {dns.message.from_wire(udp.recv(4096)).id for _ in asked}
        t.equal("SIGTERM: each question over UDP is answered", got, set(asked))
    t.equal("and it ends well", r.process.wait(DEADLINE), 0)


def main():
    need("openssl")
    t = Tap()
    path = directory()
    certificates(path)
    (path / "files").mkdir()
    (path / "files").chmod(0o755)
    (path / "files" / "zone.rpz").write_text(RPZ + "zone.blocked.example CNAME .\n")
    (path / "files" / "set.him").write_bytes(compile_set(path, "set.blocked.example"))
    with Resolver(path, configuration(path)) as r:
        for test in (lambda: test_broken_files(t, r, path), lambda: test_slow_clients(t, r, path),
                     lambda: test_many_connections(t, r), lambda: test_http_floods(t, r, path),
                     lambda: test_random_names(t, r), lambda: test_kill(t, r), lambda: test_end(t, r)):
            ask("huge.secure.example", "TXT")
            test()
        if t.failed:
            print("# " + r.said().replace("\n", "\n# "))
    t.done()


if __name__ == "__main__":
    main()
