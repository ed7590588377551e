#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The Hinomi authors
"""The hub's HTTP: what is well formed is answered, what could be read in two ways is refused and the connection closed,
who is slow is cut, who is many is bounded. Raw sockets, for a client library would not send most of it."""
import json
import socket
import time

from hub_world import DEADLINE, Hub, Tap, until

tap = Tap()
HOST = b"Host: hub.test\r\n"


def talk(hub, data, wait=DEADLINE):
    """Sends bytes and reads until the hub closes; whatever it says."""
    with hub.socket() as s:
        s.settimeout(wait)
        out = b""
        try:
            s.sendall(data)
            while True:
                piece = s.recv(65536)
                if not piece:
                    return out
                out += piece
        except (TimeoutError, ConnectionResetError, BrokenPipeError):
            return out


def statuses(text):
    """The status of each answer in a stream of them."""
    found, at = [], 0
    while text.startswith(b"HTTP/1.1 ", at):
        head, _, rest = text[at:].partition(b"\r\n\r\n")
        status = int(head[9:12])
        found.append(status)
        length = 0
        for line in head.split(b"\r\n")[1:]:
            if line.lower().startswith(b"content-length:"):
                length = int(line.split(b":")[1])
        at += len(head) + 4 + (0 if status == 100 else length)
    return found


END = b"GET /healthz HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n"


def get(path, *headers):
    return b"GET " + path + b" HTTP/1.1\r\n" + HOST + b"".join(h + b"\r\n" for h in headers) + b"\r\n"


def refused(hub, name, data, status=400):
    """Refused, and what stands behind it is not read as a request."""
    text = talk(hub, data + END)
    tap.equal(name, statuses(text), [status])


def good_forms(hub):
    for name, data, wanted in [
        ("two requests at once are two answers", get(b"/healthz") + END, [200, 200]),
        ("a hundred requests at once", get(b"/healthz") * 99 + END, [200] * 100),
        ("HTTP/1.0 without Host closes", b"GET /healthz HTTP/1.0\r\n\r\n", [200]),
        ("HTTP/1.0 may keep", b"GET /healthz HTTP/1.0\r\nConnection: keep-alive\r\n\r\n" + END, [200, 200]),
        ("a proxy's absolute form", b"GET http://hub.test/healthz HTTP/1.1\r\n" + HOST + b"\r\n" + END, [200, 200]),
        ("HEAD has no body", b"HEAD /healthz HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n", [200]),
        ("OPTIONS *", b"OPTIONS * HTTP/1.1\r\n" + HOST + b"\r\n" + END, [204, 200]),
        ("a slash more at the end", get(b"/healthz/") + END, [200, 200]),
        ("a length of zero", get(b"/healthz", b"Content-Length: 0") + END, [200, 200]),
    ]:
        tap.equal(name, statuses(talk(hub, data)), wanted)
    text = talk(hub, b"HEAD /healthz HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n")
    tap.check("HEAD tells the length and sends nothing", text.endswith(b"\r\n\r\n") and b"Content-Length: 15" in text, text)
    with hub.socket() as s:
        for byte in END:
            s.sendall(bytes([byte]))
        s.settimeout(DEADLINE)
        tap.check("a request byte by byte", s.recv(4096).startswith(b"HTTP/1.1 200"))


def smuggling(hub):
    post = b"POST /healthz HTTP/1.1\r\n" + HOST
    refused(hub, "length and chunks", post + b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")
    refused(hub, "chunks and length", post + b"Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n")
    refused(hub, "two lengths", post + b"Content-Length: 0\r\nContent-Length: 4\r\n\r\nGET ")
    refused(hub, "the same length twice", post + b"Content-Length: 4\r\nContent-Length: 4\r\n\r\nabcd")
    for text in (b"+4", b"-4", b"0x4", b"4,4", b"4 4", b"", b"4a", b"1" * 30):
        refused(hub, f"a length of {text}", post + b"Content-Length: " + text + b"\r\n\r\nabcd")
    for text in (b"identity", b"chunked, chunked", b"gzip, chunked", b"xchunked", b"chunked;a=b"):
        refused(hub, f"an encoding of {text}", post + b"Transfer-Encoding: " + text + b"\r\n\r\n0\r\n\r\n", 501)
    refused(hub, "two encodings", post + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")
    refused(hub, "chunks in HTTP/1.0", b"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")
    refused(hub, "a folded line", b"GET /healthz HTTP/1.1\r\n" + HOST + b"A: b\r\n c\r\n\r\n")
    refused(hub, "a folded encoding", post + b"Transfer-Encoding: chun\r\n ked\r\n\r\n0\r\n\r\n")
    refused(hub, "a fold before the first field", b"GET /healthz HTTP/1.1\r\n Host: x\r\n\r\n")
    refused(hub, "a bare LF behind a field", b"GET /healthz HTTP/1.1\r\n" + HOST + b"A: b\nC: d\r\n\r\n")
    refused(hub, "bare LFs throughout", b"GET /healthz HTTP/1.1\nHost: x\n\n")
    refused(hub, "a bare CR in a value", b"GET /healthz HTTP/1.1\r\n" + HOST + b"A: b\rContent-Length: 9\r\n\r\n")
    refused(hub, "NUL in a value", b"GET /healthz HTTP/1.1\r\n" + HOST + b"A: b\0c\r\n\r\n")
    refused(hub, "NUL in a name", b"GET /healthz HTTP/1.1\r\n" + HOST + b"A\0B: c\r\n\r\n")
    refused(hub, "a space before the colon", post + b"Content-Length : 4\r\n\r\nabcd")
    refused(hub, "a line without a colon", b"GET /healthz HTTP/1.1\r\n" + HOST + b"Abc\r\n\r\n")
    refused(hub, "an empty name", b"GET /healthz HTTP/1.1\r\n" + HOST + b": b\r\n\r\n")
    refused(hub, "no Host", b"GET /healthz HTTP/1.1\r\n\r\n")
    refused(hub, "two Hosts", b"GET /healthz HTTP/1.1\r\n" + HOST + HOST + b"\r\n")
    refused(hub, "Host of another than the target", b"GET http://a/healthz HTTP/1.1\r\nHost: b\r\n\r\n")
    refused(hub, "an empty line first", b"\r\n" + get(b"/healthz"))
    refused(hub, "two spaces", b"GET  /healthz HTTP/1.1\r\n" + HOST + b"\r\n")
    refused(hub, "a space in the target", b"GET /heal thz HTTP/1.1\r\n" + HOST + b"\r\n")
    refused(hub, "no version", b"GET /healthz\r\n\r\n")
    refused(hub, "another protocol", b"GET /healthz HTTQ/1.1\r\n" + HOST + b"\r\n")
    refused(hub, "HTTP/2.0", b"GET /healthz HTTP/2.0\r\n" + HOST + b"\r\n", 505)
    refused(hub, "TLS on a plain port", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\n" * 8)
    refused(hub, "a body where none is taken", b"GET /healthz HTTP/1.1\r\n" + HOST + b"Content-Length: 30\r\n\r\n" + b"x" * 30)
    refused(hub, "an unknown expectation", get(b"/healthz", b"Expect: wonders"), 417)


def paths(hub):
    for path in (b"/api/../healthz", b"/api/./v1", b"//healthz", b"/%2e%2e/healthz", b"/api%2fv1", b"/api%2Fv1", b"/api%5cv1",
                 b"/api\\v1", b"/healthz%00", b"/health%zz", b"/healthz%", b"/healthz%0a", b"/%ff", b"/%c0%af", b"/a|b"):
        tap.equal(f"path {path}", statuses(talk(hub, get(path) + END)), [400, 200])
    for path in (b"/healthz;a=b", b"/HEALTHZ", b"/api/v1/nothing", b"/%68ealthz"):
        tap.equal(f"path {path}", statuses(talk(hub, get(path) + END)), [404, 200])
    tap.equal("a parameter that is none", statuses(talk(hub, get(b"/healthz?a=b") + END)), [400, 200])
    tap.equal("a fragment", statuses(talk(hub, get(b"/healthz#a") + END)), [400])
    text = talk(hub, b"DELETE /healthz HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n")
    tap.check("another method: 405 with Allow", statuses(text) == [405] and b"Allow: OPTIONS, GET, HEAD\r\n" in text, text)
    tap.equal("an unknown method", statuses(talk(hub, b"BREW /healthz HTTP/1.1\r\n" + HOST + b"\r\n" + END)), [501, 200])


def sizes(hub):
    refused(hub, "a target of 9,000 bytes", get(b"/" + b"a" * 9000), 414)
    refused(hub, "a head of 20,000 bytes", get(b"/healthz", *[b"A%d: " % i + b"b" * 400 for i in range(50)]), 431)
    refused(hub, "a hundred fields", get(b"/healthz", *[b"A%d: b" % i for i in range(100)]), 431)
    tap.check("a head without an end is refused when it is too large",
              statuses(talk(hub, b"GET /healthz HTTP/1.1\r\nA: " + b"b" * 100000)) == [431])


def negotiation(hub):
    client = hub.client()
    answer = client.get("/healthz", Accept="text/html")
    tap.equal("nothing that is accepted: 406", answer.status, 406)
    for accept in ("*/*", "application/*", "application/json", "application/json; charset=utf-8", "text/html, */*;q=0.1"):
        tap.equal(f"Accept: {accept}", client.get("/healthz", Accept=accept).status, 200)
    tap.equal("a quality of nothing", client.get("/healthz", Accept="application/json;q=0, */*").status, 406)
    ja = client.get("/nothing", Accept_Language="de, ja-JP;q=0.8, en;q=0.5")
    tap.check("a problem in Japanese", ja.headers["Content-Language"] == "ja" and ja.json["title"] == "見つからない", ja)
    en = client.get("/nothing", Accept_Language="ja;q=0.1, en")
    tap.check("a problem in English", en.headers["Content-Language"] == "en" and "nothing" in en.json["title"], en)
    document = client.get("/api/v1/openapi.json")
    etag = document.headers["ETag"]
    tap.check("an entity tag is strong", etag.startswith('"'), etag)
    again = client.get("/api/v1/openapi.json", If_None_Match=f'"x", W/{etag}')
    tap.check("unchanged: 304 without a body", again.status == 304 and again.body == b"", again)
    tap.equal("another tag", client.get("/api/v1/openapi.json", If_None_Match='"x"').status, 200)
    tap.check("both languages have the same operations",
              set(document.json["paths"]) == set(client.get("/api/v1/openapi.json", Accept_Language="ja").json["paths"]))
    uid = client.get("/healthz").headers["X-Request-Id"]
    tap.check("each answer has its number", uid != client.get("/healthz").headers["X-Request-Id"], uid)
    client.close()


def slow(hub):
    """Connections that say little are cut, also when they say a little again and again."""
    began = time.monotonic()
    many = [hub.socket() for _ in range(20)]
    for s in many:
        s.sendall(b"GET /healthz HTTP/1.1\r\nA: ")
    cut = 0
    for _ in range(200):
        time.sleep(0.1)
        for s in list(many):
            try:
                s.sendall(b"b")
            except OSError:
                many.remove(s)
                s.close()
                cut += 1
        if not many:
            break
    tap.check("a head that drips is cut as a whole", cut == 20 and time.monotonic() - began < 20, cut)
    with hub.socket() as s:
        s.settimeout(DEADLINE)
        tap.equal("who says nothing is cut", s.recv(1), b"")


def crowds(hub):
    held = [hub.socket() for _ in range(12)]
    for s in held:
        s.settimeout(DEADLINE)
        try:
            s.sendall(get(b"/healthz"))
        except OSError:
            pass
    served = 0
    for s in held:
        try:
            served += s.recv(4096).startswith(b"HTTP/1.1 200")
        except ConnectionResetError:
            pass
    tap.equal("an address holds no more connections than it may", served, 8)
    for s in held:
        s.close()
    until(lambda: talk(hub, END).startswith(b"HTTP/1.1 200"), "room again")
    tap.check("they are free again", True)


def rates():
    with Hub("http:\n  rate: 5\n  burst: 5\n") as hub:
        got = [talk(hub, get(b"/api/v1", b"Connection: close")) for _ in range(12)]
        tap.check("over the rate: 429 with Retry-After", 5 <= [statuses(t)[0] for t in got].count(200) < 12 and
                  any(b" 429 " in t and b"Retry-After: 1\r\n" in t for t in got), got[-1])
        tap.equal("health is not counted", statuses(talk(hub, END)), [200])


def proxies():
    with Hub("http:\n  proxies: [127.0.0.1]\n") as hub:
        for sent in (b"203.0.113.9", b"198.51.100.1, 203.0.113.9", b"203.0.113.9, 127.0.0.1"):
            talk(hub, get(b"/api/v1", b"X-Forwarded-For: " + sent, b"Connection: close"))
        hub.stop()
        lines = [json.loads(line) for line in (hub.data / "access/current.ndjson").read_text().splitlines()]
        tap.equal("a trusted proxy says who asks", [line["address"] for line in lines], ["203.0.113.9"] * 3)
    with Hub() as hub:
        talk(hub, get(b"/api/v1", b"X-Forwarded-For: 203.0.113.9", b"Connection: close"))
        hub.stop()
        line = json.loads((hub.data / "access/current.ndjson").read_text())
        tap.equal("nobody else does", line["address"], "127.0.0.1")
        tap.check("a line of the access log", line["operation"] == "getRoot" and line["status"] == 200 and
                  set(line) == {"time", "request", "address", "method", "operation", "status", "objects", "bytes_in",
                                "bytes_out", "us"}, line)


def ending(hub):
    with hub.socket() as s:
        s.settimeout(DEADLINE)
        s.sendall(get(b"/healthz"))
        tap.check("a connection is kept", s.recv(4096).startswith(b"HTTP/1.1 200"))
        tap.equal("SIGTERM ends it", hub.stop(), 0)
        tap.equal("idle connections are closed", s.recv(1), b"")


with Hub("http:\n  header_time: 3s\n  connections_address: 64\n  threads: 2\n") as world:
    good_forms(world)
    smuggling(world)
    paths(world)
    sizes(world)
    negotiation(world)
    slow(world)
    ending(world)
with Hub("http:\n  connections_address: 8\n  threads: 1\n") as world:
    crowds(world)
rates()
proxies()
tap.done()
