#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The Hinomi authors
"""The resolver as real clients meet it: dig, kdig, delv, curl, Chromium, and streams cut in every way.

Run inside dns-tree.py, whose namespace holds the servers: dns-tree.py resolver_clients.py
"""
import base64
import fcntl
import http.server
import json
import os
import re
import shutil
import socket
import sys
import termios
import threading
import time

from resolver_world import *  # noqa: F403

PLAIN, BALANCED, WILDCARD, TLS, TLS_BALANCED, HTTPS = 5300, 5301, 5302, 8530, 8531, 4430
STRANGER, BALANCER = "127.0.0.2", "127.0.0.1"

ZONE = """$ORIGIN rpz.
$TTL 60
@ SOA . . 1 1 1 1 60
@ NS .
"""
# policy: reason, action, name, Extended DNS Error
POLICIES = {
    "national": ("policy", "nxdomain", "own.blocked.example", 15),
    "court": ("law", "nxdomain", "law.blocked.example", 16),
    "school": ("customer", "nodata", "customer.blocked.example", 17),
    "page": ("policy", "sinkhole", "sink.blocked.example", 4),
}
# What recursion itself has to say.
FAILURES = {"www.bogus.example": (6,), "www.expired.example": (7,), "www.future.example": (8,),
            "www.wrong-ds.example": (9,), "www.dead.example": (22, 23)}


def configuration(path, fingerprint):
    text = f"""
threads: 2
listen:
  - {{address: {HOST}, port: {PLAIN}, transports: [udp, tcp]}}
  - {{address: {HOST}, port: {BALANCED}, transports: [udp, tcp], proxy: true, proxies: [{BALANCER}]}}
  - {{address: 0.0.0.0, port: {WILDCARD}, transports: [udp, tcp]}}
  - {{address: "::", port: {WILDCARD}, transports: [udp, tcp]}}
"""
    pem = f"certificate: {path}/server.pem, key: {path}/server.key"
    text += f"""
  - {{address: {HOST}, port: {TLS}, transports: [tls], {pem}, client_ca: {path}/ca.pem}}
  - {{address: {HOST}, port: {TLS_BALANCED}, transports: [tls], {pem}, proxy: true, proxies: [{BALANCER}]}}
  - {{address: {HOST}, port: {HTTPS}, transports: [https], {pem}}}
groups:
  - name: here
    prefixes: [127.0.0.1, "::1", "fe80::/10"]
  - name: behind
    prefixes: [192.0.2.0/24, "2001:db8::/32"]
  - name: certified
    certificates: ["{fingerprint}"]
  - name: path
    token: {TOKEN}
policy:
"""
    for name, (reason, action, blocked, _) in POLICIES.items():
        (path / f"{name}.rpz").write_text(ZONE + f"{blocked} CNAME .\n")
        sink = ", sinkhole: [192.0.2.99]" if action == "sinkhole" else ""
        text += f"""  - {{name: {name}, rpz: {path}/{name}.rpz, reason: {reason}, action: {action}{sink},
     contact: "cert@{name}.example"}}\n"""
    return text + RECURSION


def unsent(s):
    """Bytes that the other side's system has not taken yet."""
    return int.from_bytes(fcntl.ioctl(s, termios.TIOCOUTQ, b"\0" * 4), sys.byteorder)


def dig(*arguments, port=PLAIN):
    return run("dig", f"@{HOST}", "-p", port, "+tries=1", "+time=15", *arguments).stdout


def kdig(*arguments, port=PLAIN):
    return run("kdig", f"@{HOST}", "-p", port, "+retry=0", "+time=15", *arguments).stdout


def has(text, *patterns):
    return all(re.search(p, text) for p in patterns)


def test_dig(t):
    for how in ("+notcp", "+tcp", "+edns", "+noedns", "+dnssec", "+bufsize=512", "+ignore"):
        shown = dig(how, "www.secure.example", "A")
        t.check(f"dig {how}", has(shown, "status: NOERROR", r"IN\s+A\s+192\.0\.2\.1\n"), shown)
    shown = dig("+tcp", "+keepopen", "www.secure.example", "mail.secure.example", "nothing.secure.example", "+qr")
    t.check("dig +keepopen, three questions", shown.count("status: NOERROR") >= 2 and "status: NXDOMAIN" in shown, shown)
    shown = dig("large.secure.example", "TXT")
    t.check("what is large comes over TCP", has(shown, "Truncated, retrying in TCP mode", "status: NOERROR"), shown)
    shown = dig("+dnssec", "www.secure.example")
    t.check("validated", has(shown, r"flags: qr rd ra ad;"), shown)
    shown = dig("version.bind", "CH", "TXT")
    t.check("version.bind is refused", has(shown, "status: REFUSED", "ANSWER: 0"), shown)
    shown = dig("+subnet=198.51.100.0/24", "www.secure.example")
    t.check("a client's subnet says nothing", has(shown, "status: NOERROR") and "CLIENT-SUBNET" not in shown, shown)


def test_reasons(t):
    for name, (_, action, blocked, code) in POLICIES.items():
        shown = dig("+cookie", blocked)
        shown = dig("+tcp", blocked)
        status = "NXDOMAIN" if action == "nxdomain" else "NOERROR"
        t.check(f"dig sees why: {code}", has(shown, f"status: {status}", rf"EDE: {code} .*{name}"), shown)
        shown = kdig("+tcp", "+edns", blocked)
        t.check(f"kdig sees why: {code}", has(shown, f"status: {status}", rf"EDE: {code}\b.*{name}"), shown)
    for name, codes in FAILURES.items():
        shown = dig(name)
        t.check(f"dig sees why {name} fails: {codes}",
                has(shown, "status: SERVFAIL") and any(f"EDE: {c} " in shown for c in codes), shown)


def test_kdig(t, path):
    ca = (f"+tls-ca={path}/ca.pem", "+tls-hostname=resolver.test")
    mine = (f"+tls-certfile={path}/client.pem", f"+tls-keyfile={path}/client.key")
    shown = kdig("+tls", *ca, "www.secure.example", port=TLS)
    t.check("kdig +tls", has(shown, "status: NOERROR", "TLS session .TLS1.3", r"192\.0\.2\.1\n"), shown)
    shown = kdig("+tls", *ca, *mine, "-b", STRANGER, "www.secure.example", port=TLS)
    t.check("kdig +tls with a certificate, from anywhere", has(shown, "status: NOERROR"), shown)
    shown = kdig("+tls", *ca, "-b", STRANGER, "www.secure.example", port=TLS)
    t.check("kdig +tls without one, from anywhere: nothing", "status:" not in shown, shown)
    secure = ("+tls-ca=" + str(path / "ca.pem"), "+tls-hostname=resolver.test")
    for get in ("+nohttps-get", "+https-get"):
        shown = kdig("+https=/dns-query", get, *secure, "www.secure.example", port=HTTPS)
        t.check(f"kdig +https {get}", has(shown, "status: NOERROR", "HTTP session .HTTP/2", "status: 200"), shown)
        shown = kdig(f"+https=/dns-query/{TOKEN}", get, *secure, "-b", STRANGER, "www.secure.example", port=HTTPS)
        t.check(f"kdig +https {get} with a token, from anywhere", has(shown, "status: NOERROR"), shown)
    for token in ("/dns-query", "/dns-query/" + TOKEN[:-1] + "0"):
        shown = kdig(f"+https={token}", *secure, "-b", STRANGER, "www.secure.example", port=HTTPS)
        t.check(f"kdig +https={token}: nothing", "status: NOERROR" not in shown, shown)
    for how in ("+notcp", "+tcp"):
        shown = kdig(how, "+proxy=192.0.2.7#1111-192.0.2.254#53", "www.secure.example", port=BALANCED)
        t.check(f"kdig {how} behind a balancer", has(shown, "status: NOERROR"), shown)
    shown = kdig("+notcp", "+proxy=198.51.100.7#1111-192.0.2.254#53", "www.secure.example", port=BALANCED)
    t.check("and for who is not served", has(shown, "status: REFUSED"), shown)


def test_delv(t, path):
    key = re.search(r"DNSKEY\s+(\d+ \d+ \d+) (.+)", (TREE / "root.key").read_text())
    (path / "anchors").write_text(f'trust-anchors {{ . static-key {key[1]} "{key[2].replace(" ", "")}"; }};\n')
    for name, wanted in (("www.secure.example", "fully validated"), ("www.insecure.example", "unsigned answer"),
                         ("nothing.secure.example", "negative response, fully validated"),
                         ("www.kantei.go.jp", "fully validated"), ("www.bogus.example", "resolution failed")):
        shown = run("delv", f"@{HOST}", "-p", PLAIN, "-a", path / "anchors", "+root", name, "A").stdout
        t.check(f"delv {name}: {wanted}", wanted in shown, shown)


def test_curl(t, path):
    url = f"https://resolver.test:{HTTPS}"
    common = ("curl", "-sS", "--http2", "--cacert", path / "ca.pem", "--resolve", f"resolver.test:{HTTPS}:{HOST}")
    q = query("www.secure.example", id=0)
    asked = base64.urlsafe_b64encode(q).rstrip(b"=").decode()
    (path / "q").write_bytes(q)
    (path / "large").write_bytes(q + bytes(5000))
    post = ("-H", "content-type: application/dns-message", "--data-binary", f"@{path}/q")
    for name, arguments in (("GET", (f"{url}/dns-query?dns={asked}",)), ("POST", (*post, f"{url}/dns-query"))):
        shown = run(*common, "-D", path / "head", "-o", path / "out", *arguments)
        head = (path / "head").read_text()
        answer = dns.message.from_wire((path / "out").read_bytes())
        ttl = min(s.ttl for s in answer.answer)
        age = int(re.search(r"max-age=(\d+)", head)[1])
        t.check(f"curl {name}", has(head, "^HTTP/2 200", "content-type: application/dns-message") and
                answer.id == 0 and str(answer.answer[0][0]) == "192.0.2.1", shown.stdout, head)
        t.check(f"curl {name}: as fresh as its records", age == ttl, age, ttl)
    refused = (
        (404, (f"{url}/",)), (404, (f"{url}/dns-query/wrong?dns={asked}",)), (400, (f"{url}/dns-query",)),
        (400, (f"{url}/dns-query?dns=!",)), (400, (f"{url}/dns-query?dns={asked}&dns={asked}",)),
        (403, ("--interface", STRANGER, f"{url}/dns-query?dns={asked}")),
        (200, ("--interface", STRANGER, f"{url}/dns-query/{TOKEN}?dns={asked}")),
        (405, ("-X", "PUT", *post, f"{url}/dns-query")), (405, ("-I", f"{url}/dns-query")),
        (413, ("-H", "content-type: application/dns-message", "--data-binary", f"@{path}/large", f"{url}/dns-query")),
        (414, (f"{url}/dns-query?dns={'A' * 7000}",)), (415, ("--data-binary", f"@{path}/q", f"{url}/dns-query")),
        (200, ("-H", "content-type: Application/DNS-Message", "--data-binary", f"@{path}/q", f"{url}/dns-query")),
    )
    for status, arguments in refused:
        shown = run(*common, "-o", path / "out", "-w", "%{http_code}", *arguments).stdout
        t.check(f"curl {' '.join(str(a) for a in arguments if not str(a).startswith('https'))[:60]} "
                f"{str(arguments[-1])[len(url):][:40]}: {status}", shown == str(status), shown)
    shown = run(*common[:2], "--http1.1", *common[3:], f"{url}/dns-query?dns={asked}").stdout
    t.check("curl --http1.1: there is HTTP/2 alone", "HTTP/1.1" not in shown and shown.startswith("curl:"), shown)


def test_streams(t, path):
    ask("mail.secure.example")
    names = ["www.secure.example", "mail.secure.example", "nothing.secure.example", "www.bogus.example", "own.blocked.example"]
    asked = [query(n, id=i + 1) for i, n in enumerate(names)]
    for kind in ("tcp", "tls"):
        def dial():
            return connect(PLAIN) if kind == "tcp" else over_tls(connect(TLS), path)
        with dial() as s:
            s.sendall(framed(*asked))
            got = {message(s).id for _ in asked}
            t.equal(f"{kind}: five questions in one segment", got, {1, 2, 3, 4, 5})
        with dial() as s:
            for byte in framed(asked[0], asked[1]):
                s.sendall(bytes([byte]))
            t.equal(f"{kind}: a byte a segment", {message(s).id, message(s).id}, {1, 2})
        with dial() as s:
            s.sendall(framed(query("www.silent.example", id=11), asked[1]))
            t.equal(f"{kind}: what is known does not wait for what is slow", message(s).id, 2)
        with dial() as s:
            s.sendall(framed(*[query("huge.secure.example", "TXT", id=i) for i in range(60)]))
            got = [message(s).id for _ in range(60)]
            t.equal(f"{kind}: sixty answers of 50,000 bytes each", sorted(got), list(range(60)))
    with connect(PLAIN) as s:
        s.sendall(framed(query(f"x{time.monotonic_ns()}.wild.secure.example", id=5)))
        s.shutdown(socket.SHUT_WR)
        t.check("who sends no more is still answered, and then it ends", message(s).id == 5 and ended(s))


def test_balanced(t, path):
    q = query("www.secure.example", id=3)
    for client in ("192.0.2.7", "2001:db8::7", "::ffff:192.0.2.7"):
        header = proxy_header(client, "2001:db8::53" if ":" in client else "192.0.2.254")
        for cut in (0, 1, 11, 13, 15, 16, 17, len(header) - 1, len(header)):
            with connect(TLS_BALANCED) as plain:
                plain.sendall(header[:cut])
                until(lambda: cut == 0 or unsent(plain) == 0, "the first part arrives")
                plain.sendall(header[cut:])
                with over_tls(plain, path) as s:
                    s.sendall(framed(q))
                    t.equal(f"TLS behind a balancer, for {client}, the header cut after {cut}", message(s).id, 3)
    with connect(TLS_BALANCED) as s:
        s.sendall(proxy_header("198.51.100.7"))
        t.check("and for who is not served: it ends", ended(s))


def test_options(t, path):
    cookie = dns.edns.GenericOption(10, b"01234567")
    first = ask("www.secure.example", options=[cookie])
    full = [o.data for o in first.options if o.otype == 10][0]
    t.check("a client's cookie is completed", len(full) == 24 and full.startswith(b"01234567"), full.hex())
    second = ask("www.secure.example", options=[dns.edns.GenericOption(10, full)])
    t.equal("a whole cookie is valid, and stays", [o.data for o in second.options if o.otype == 10], [full])
    wrong = ask("www.secure.example", options=[dns.edns.GenericOption(10, full[:-1] + bytes([full[-1] ^ 1]))])
    forged = [o.data for o in wrong.options if o.otype == 10][0]
    t.check("a forged one is replaced", forged[:8] == full[:8] and forged[-1] != full[-1] ^ 1, forged.hex())
    shown = dig("+cookie=3031323334353637", "www.secure.example")
    t.check("dig +cookie", "(good)" in shown, shown)
    blocked = "own.blocked.example"
    bare = dns.message.make_query(blocked + ".", "A", use_edns=0)
    long = ask(blocked, options=[dns.edns.GenericOption(10, full)])
    short = dns.query.udp(bare, HOST, timeout=5, port=PLAIN)
    t.check("a blocked answer is short for who may have forged an address, whole with a cookie",
            len(short.to_wire()) <= 1.5 * len(bare.to_wire()) and len(long.authority) == 1,
            len(short.to_wire()), len(bare.to_wire()))
    with over_tls(connect(TLS), path) as s:
        for name, rdtype in (("www.secure.example", "A"), ("large.secure.example", "TXT"), (blocked, "A")):
            s.sendall(framed(query(name, rdtype, options=[dns.edns.GenericOption(12, b"\0" * 20)])))
            size = int.from_bytes(exactly(s, 2), "big")
            exactly(s, size)
            t.equal(f"padded over TLS: {name} {rdtype}", size % 468, 0)
    with connect(PLAIN) as s:
        s.sendall(framed(query("www.secure.example", options=[dns.edns.GenericOption(12, b"\0" * 20),
                                                              dns.edns.GenericOption(11, b"")])))
        got = {o.otype: o.data for o in message(s).options}
        t.check("not padded in the clear; told for how long it stays open", 12 not in got and got.get(11) == b"\0\x64", got)


def test_strangers(t):
    q = query("own.blocked.example", use_edns=0, payload=1232)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.bind((STRANGER, 0))
        s.connect((HOST, PLAIN))
        s.settimeout(2)
        answers = []
        for _ in range(200):
            s.send(q)
        try:
            while True:
                answers.append(s.recv(4096))
        except TimeoutError:
            pass
        t.check("strangers are refused", answers and all(a[3] & 15 == 5 for a in answers))
        t.check("in no more bytes than they sent", all(len(a) <= len(q) for a in answers))
        t.check("and then met with silence", len(answers) <= 60, len(answers))
    with connect(PLAIN, STRANGER) as s:
        t.check("a stranger's connection ends", ended(s))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.bind(("127.0.0.9", 0))
        s.connect((HOST, BALANCED))
        s.settimeout(1)
        s.send(proxy_header("192.0.2.7", stream=False) + q)
        try:
            said = s.recv(4096)
        except TimeoutError:
            said = b""
        t.equal("who is no balancer has no word for another", said, b"")


def test_wildcard(t):
    for where in ("127.0.0.55", "127.200.1.2"):
        got = ask("www.secure.example", where=where, port=WILDCARD)
        t.equal(f"a wildcard socket answers from {where}", got.rcode(), 0)
        name = f"late{time.monotonic_ns()}.wild.secure.example"
        t.equal(f"and later too, from {where}", ask(name, where=where, port=WILDCARD).rcode(), 0)
    for command in ("address add fe80::53/64 dev lo nodad", "address add 192.0.2.1/32 dev lo"):
        run("ip", *command.split(), check=True)
    for where in ("::1", "fe80::53%lo"):
        for how in ("+notcp", "+tcp"):
            shown = run("dig", f"@{where}", "-p", WILDCARD, "+tries=1", "+time=10", how, "www.secure.example").stdout
            t.check(f"a wildcard socket answers from {where}, {how}", "status: NOERROR" in shown, shown)


def serve_page():
    class Page(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            body = b"<p id=found>the page of www.secure.example</p>"
            self.send_response(200)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("192.0.2.1", 8080), Page)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def test_chromium(t, path):
    name = "Chromium, asking over HTTPS alone"
    browser = shutil.which("chromium")
    if browser is None or shutil.which("certutil") is None:
        t.skip(name, "chromium or certutil is not installed")
        return
    home = path / "home"
    store = home / ".pki" / "nssdb"
    store.mkdir(parents=True)
    run("certutil", "-d", f"sql:{store}", "-N", "--empty-password", check=True)
    run("certutil", "-d", f"sql:{store}", "-A", "-t", "C,,", "-n", "hinomi", "-i", path / "ca.pem", check=True)
    profile = home / "profile"
    profile.mkdir()
    (profile / "Local State").write_text(json.dumps(
        {"dns_over_https": {"mode": "secure", "templates": f"https://{HOST}:{HTTPS}/dns-query"}}))
    server = serve_page()
    environment = {**os.environ, "HOME": str(home)}
    try:
        for site, found in (("www.secure.example", True), ("own.blocked.example", False)):
            shown = run(browser, "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-sync",
                        "--disable-background-networking", f"--user-data-dir={profile}", "--virtual-time-budget=20000",
                        "--dump-dom", f"http://{site}:8080/", env=environment).stdout
            t.check(f"{name}: {site}", ("the page of www" in shown) == found, shown[-1500:])
    finally:
        server.shutdown()


def main():
    need("dig", "kdig", "delv", "curl", "openssl")
    t = Tap()
    path = directory()
    fingerprint = certificates(path)
    with Resolver(path, configuration(path, fingerprint)) as resolver:
        test_dig(t)
        test_reasons(t)
        test_kdig(t, path)
        test_delv(t, path)
        test_curl(t, path)
        test_streams(t, path)
        test_balanced(t, path)
        test_options(t, path)
        test_strangers(t)
        test_wildcard(t)
        test_chromium(t, path)
        t.equal("it ends when it is told to", resolver.end(), 0)
        if t.failed:
            print("# " + resolver.said().replace("\n", "\n# "))
    t.done()


if __name__ == "__main__":
    main()
