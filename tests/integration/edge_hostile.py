#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The Hinomi authors
"""A hub that means harm and has the true hub's keys, against the edge program; an edge that means harm against the hub; and
what others leave in the folder of a resolver."""
import hashlib
import http.client
import json
import os
import pathlib
import re
import shutil
import socket
import ssl
import sys
import tempfile
import threading
import time
import uuid

sys.dont_write_bytecode = True
from edge_world import (BIN, Channel, Edge, Receipts, Signer, Tap, World, b64, event, now, openssl, packed, run,  # noqa: E402
                        signer_of, unb64, until)
from moved_clock import Clock  # noqa: E402


class FalseHub:
    """Listens where the hub did and speaks as it is told. What it answers to a path is a function of the connection and of the
    request's head; what it says to those who follow heads is pushed."""

    def __init__(self, port, chain, key):
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(chain, key)
        self.listener = socket.create_server(("127.0.0.1", port))
        self.blob = self.post = lambda connection, head: say(connection, 404)
        self.follows = None  # else called for who follows, in the place of what is pushed
        self.asked, self.followers, self.connected, self.lock = [], [], 0, threading.Lock()
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                plain = self.listener.accept()[0]
            except OSError:
                return
            threading.Thread(target=self.serve, args=(plain,), daemon=True).start()

    def serve(self, plain):
        try:
            plain.settimeout(60)
            with self.context.wrap_socket(plain, server_side=True) as connection:
                self.answer(connection)
        except (OSError, ValueError):
            pass

    def answer(self, connection):
        head = b""
        while b"\r\n\r\n" not in head:
            piece = connection.recv(65536)
            if not piece:
                return
            head += piece
        path = head.split(b" ")[1].decode()
        self.asked.append(path)
        if path.endswith("/heads"):
            self.connected += 1
            if self.follows:
                self.follows(connection, head)
                return
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\nretry: 500\n\n")
            with self.lock:
                self.followers.append(connection)
            while connection.recv(4096):
                pass
        elif "/blobs/" in path:
            self.blob(connection, head)
        elif head.startswith(b"POST"):
            self.post(connection, head)
        else:
            say(connection, 200, b'{"streams":{}}')

    def push(self, data):
        until(lambda: self.followers, "somebody follows")
        with self.lock:
            for one in self.followers:
                try:
                    one.sendall(data)
                except OSError:
                    pass

    def cut(self):
        with self.lock:
            for one in self.followers:
                try:
                    one.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass
            self.followers.clear()

    def end(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.cut()


def say(connection, status, body=b"", headers=""):
    connection.sendall(f"HTTP/1.1 {status} X\r\nContent-Length: {len(body)}\r\nConnection: close\r\n{headers}\r\n".encode() + body)


def sse(text):
    return b"event: head\ndata: " + text.replace(b"\n", b"") + b"\n\n"


class Heads:
    """Heads as the hub makes them, signed by whom the test chooses."""

    def __init__(self, signer):
        self.signer = signer

    def set(self, one, version, files, signer=None, until_at=None, issued=None, **more):
        said = {"kind": "set", "id": one, "version": version, "issued": issued or now(minutes=-1), "expires": until_at or now(days=7),
                "base": None, "overlays": [{"digest": hashlib.sha256(file).hexdigest(), "size": size or len(file)} for file, size in files],
                "action": "block", **more}
        return sse((signer or self.signer).jws(said))


def alone(w):
    """A root and a server's certificate by it, of nobody whom an edge knows."""
    root, key, leaf, leaf_key = (w.dir / f"alone.{name}" for name in ("root", "root-key", "pem", "key"))
    request, extra = w.dir / "alone.csr", w.dir / "alone.ext"
    for path in (key, leaf_key):
        path.write_bytes(openssl("genpkey", "-algorithm", "ed25519"))
    openssl("req", "-x509", "-new", "-key", key, "-subj", "/CN=Hinomi hub main", "-days", "10", "-out", root)
    request.write_bytes(openssl("req", "-new", "-key", leaf_key, "-subj", "/CN=localhost"))
    extra.write_text("subjectAltName=DNS:localhost,IP:127.0.0.1\nextendedKeyUsage=serverAuth\n")
    openssl("x509", "-req", "-in", request, "-CA", root, "-CAkey", key, "-days", "5", "-extfile", extra, "-out", leaf)
    chain = w.dir / "alone.chain"
    chain.write_bytes(leaf.read_bytes() + root.read_bytes())
    return chain, leaf_key


# ---- a hub that means harm ----

def second_hub(tap, w, edge, port):
    """One with a root of its own learns nothing, not even the secret of a code."""
    code = w.code(w.anna, "sensor")
    w.hub.stop()
    hub = FalseHub(port, *alone(w))
    before = len(re.findall("another root certificate", edge.log()))
    until(lambda: len(re.findall("another root certificate", edge.log())) > before, "the edge meets the other hub")
    done = run(BIN / "hinomi-edge", "enrol", code, "--directory", w.dir / "nobody", check=False, env=w.hub.env)
    tap.check("a hub of another root: no code is told", done.returncode != 0 and b"another root certificate" in done.stderr,
              done.returncode, done.stderr)
    tap.equal("nor anything asked", hub.asked, [])
    hub.end()


def pushed(tap, w, edge, hub, heads, set_id, old, in_force):
    """What comes on the stream of heads and is none, or is not to be believed."""
    wrong = heads.set(set_id, 99, [(b"x", 0)])
    cases = [
        ("an older head, replayed", sse(old), "older than"),
        ("another head of the same version", heads.set(set_id, json.loads(in_force)["version"], [(b"x", 0)]), "two different heads"),
        ("a head by another key", heads.set(set_id, 99, [(b"x", 0)], signer=Signer(w.dir)), "is not taken"),
        ("a head whose payload was changed", wrong.replace(wrong.split(b'"payload": "')[1][:40], b"A" * 40), "is not taken"),
        ("the questions of another edge", sse(heads.signer.jws({"kind": "questions", "id": str(uuid.uuid4()), "version": 1,
                                                               "issued": now(), "expires": now(days=1), "questions": []})),
         "another edge's"),
        ("a file larger than any", heads.set(set_id, 99, [(b"x", 1 << 50)]), "more than an edge takes"),
        ("a version past all numbers", heads.set(set_id, 1 << 62, [(b"x", 0)]), "is not taken"),
        ("a set with the name of a path", heads.set("../../../etc", 99, [(b"x", 0)]), "is not taken"),
        ("no head", b"event: head\ndata: {}\n\n", "is not taken"),
        ("one that ended before it began", heads.set(set_id, 99, [(b"x", 0)], until_at=now(days=-2)), "is not taken"),
        ("nesting without an end", sse(b"[" * 100000), "is not taken"),
    ]
    for name, text, wanted in cases:
        before = len(edge.log())
        hub.push(text)
        until(lambda: wanted in edge.log()[before:], name)
        said = edge.log()[before:].strip().split("\n")
        tap.check(f"{name}: one line says so", len(said) == 1, said)
    before, connected = len(edge.log()), hub.connected
    hub.push(b"event: other\ndata: x\n\n:\n\n\r\r\ndata\nevent:\n\n" + os.urandom(3000).replace(b"\n", b"") + b"\n\n")
    hub.push(sse(heads.signer.jws({"kind": "later", "id": "x", "version": 1, "issued": now(), "expires": now(days=1)})))
    hub.push(heads.set(set_id, 1, [(b"x", 0)]))
    until(lambda: "older than" in edge.log()[before:], "it reads on")
    tap.equal("other events, garbage and later kinds are passed over", len(edge.log()[before:].strip().split("\n")), 1)
    hub.push(b"data: " + b"x" * (2 << 20))
    until(lambda: hub.connected > connected, "a line without an end ends the connection")
    tap.check("a line without an end: it connects anew", True)


def flooded(tap, edge, hub, heads, set_id):
    before = len(edge.log())
    text = b"".join(b'event: head\ndata: {"payload":"%d","signatures":[]}\n\n' % i for i in range(20000))
    hub.push(text + sse(b"{}") * 1000)
    hub.push(heads.set(set_id, 99, [(b"flood", 0)]))
    until(lambda: any("/blobs/" + hashlib.sha256(b"flood").hexdigest() in path for path in hub.asked), "it reads to the end")
    lines = edge.log()[before:].count("\n")
    tap.check("a flood of bad heads does not fill the log", 0 < lines < 40, lines)


def answered(tap, edge, hub, heads, set_id, clock):
    """Files that are not what their head names, answers that are none. Each is of a set of its own: what fails is tried again
    after a while."""
    file = os.urandom(200000)
    good = f"HTTP/1.1 200 OK\r\nContent-Length: {len(file)}\r\nConnection: close\r\n\r\n".encode()

    def endless(connection, head):
        connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while True:
            connection.sendall(b"10000\r\n" + bytes(65536) + b"\r\n")

    def slow(connection, head):
        connection.sendall(good)
        for byte in file:
            connection.sendall(bytes([byte]))
            time.sleep(1)

    thrown = "is not what its head names"
    cases = [
        ("another file", lambda c, h: say(c, 200, bytes(len(file))), thrown),
        ("a file that is longer", lambda c, h: say(c, 200, file + b"x"), thrown),
        ("a file without an end", endless, thrown),
        ("no file", lambda c, h: say(c, 404), "404"),
        ("a refusal", lambda c, h: say(c, 403, b'{"title":"\\u001b[2Jno","detail":"x"}'), "403"),
        ("a redirection", lambda c, h: say(c, 302, b"", "Location: https://127.0.0.1:1/x\r\n"), "302"),
    ]
    clock.sets(61)  # it says so many lines a minute
    for name, answer, wanted in cases:
        one, before = str(uuid.uuid4()), len(edge.log())
        hub.blob = answer
        hub.push(heads.set(one, 1, [(file, 0)]))
        until(lambda: wanted in edge.log()[before:], name)
        tap.check(f"{name}: told, and nothing of it is there", not list((edge.dir / "sets" / one).glob("*")) or
                  [p.suffix for p in (edge.dir / "sets" / one).glob("*")] == [".part"], list((edge.dir / "sets" / one).glob("*")))
        tap.check(f"{name}: no control character comes into the log", "\x1b" not in edge.log())
    again = [  # these it takes for a connection that was cut, and comes back
        ("a file that ends early", lambda c, h: c.sendall(good + file[:1000])),
        ("a server in trouble", lambda c, h: say(c, 500)),
        ("no HTTP", lambda c, h: c.sendall(os.urandom(500))),
        ("a status that is none", lambda c, h: c.sendall(b"HTTP/1.1 abc\r\n\r\n")),
        ("a negative length", lambda c, h: c.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n")),
        ("two lengths", lambda c, h: c.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 500000\r\n\r\n" + file)),
        ("chunks that are none", lambda c, h: c.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n" + file)),
        ("a header without an end", lambda c, h: c.sendall(b"HTTP/1.1 200 OK\r\nX: " + b"x" * (1 << 20))),
        ("a range that was not asked for", lambda c, h: c.sendall(
            b"HTTP/1.1 206 OK\r\nContent-Range: bytes 9-99/999999\r\nContent-Length: 91\r\nConnection: close\r\n\r\n" + file[:91])),
        ("a byte a second", slow),
    ]
    for name, answer in again:
        one, asked = str(uuid.uuid4()), []

        def first_wrong(connection, head, answer=answer, asked=asked):
            asked.append(head)
            if len(asked) == 1:
                answer(connection, head)
                return
            at = re.search(rb"bytes=(\d+)-", head)
            at = int(at[1]) if at else 0
            say(connection, 206 if at else 200, file[at:])
        hub.blob = first_wrong
        hub.push(heads.set(one, 1, [(file, 0)]))
        if answer is slow:
            until(lambda: asked, "it asks")
            for _ in range(40):  # what is slow is judged over half a minute
                if len(asked) > 1:
                    break
                time.sleep(1.1)
                clock.passes(15)
        until(lambda: (edge.dir / "sets" / one / "head").exists(), name)
        held = (edge.dir / "sets" / one / (hashlib.sha256(file).hexdigest() + ".him")).read_bytes()
        tap.check(f"{name}: it comes back, and has it whole", held == file and len(asked) > 1, len(asked))


def expired(tap, edge, hub, heads):
    one, file = str(uuid.uuid4()), b"what is over"
    hub.blob = lambda c, h: say(c, 200, file)
    hub.push(heads.set(one, 1, [(file, 0)], issued=now(days=-8), until_at=now(days=-1)))
    until(lambda: (edge.dir / "sets" / one / "head").exists(), "an expired head")
    said = run(BIN / "hinomi-edge", "status", "--directory", edge.dir).stdout.decode()
    tap.check("an expired head is told as such and unloads nothing", re.search(f"{one} .*EXPIRED", said), said)


def wrongly_taken(tap, edge, hub, clock):
    """Answers to a batch: what does not say that it is kept leaves it in the spool."""
    state, answers = {}, [
        (200, b"{}"), (200, b"nothing"), (200, b'{"epoch":"%s","through":0}' % str(uuid.uuid4()).encode()), (200, b""),
        (409, b'{"epoch":"x","through":-1}'), (409, b"{}"), (400, b"{}"), (413, b"{}"), (507, b"{}"), (401, b"{}"), (429, b"{}")]

    def post(connection, head):
        length = int(re.search(rb"Content-Length: (\d+)", head)[1])
        body = head.split(b"\r\n\r\n", 1)[1]
        while len(body) < length:
            body += connection.recv(65536)
        epoch = re.search(rb"Hinomi-Epoch: (\S+)", head)[1]
        state["count"] = state.get("count", 0) + 1
        if state["count"] <= len(answers):
            say(connection, *answers[state["count"] - 1])
        else:  # it claims to have what never was
            state["epochs"] = state.get("epochs", set()) | {epoch}
            state["claims"] = state.get("claims", 0) + 1
            say(connection, 200, b'{"epoch":"%s","through":%d}' % (epoch, 1 << 40))
    hub.post = post
    folder = edge.dir.with_suffix(".events")
    uids = [str(uuid.uuid4()) for _ in range(20)]
    write_events(folder, "events-20260101T000001Z.ndjson.zst", uids)
    while state.get("claims", 0) == 0:  # it waits longer after each
        clock.passes(20)
        time.sleep(0.2)
    state["epochs"], claims = set(), state["claims"]
    until(lambda: state["claims"] >= claims + 4, "the false hub claims")
    tap.check("a hub that claims what never was: a new epoch, not one a second", len(state["epochs"]) <= 2, state["epochs"])
    return uids


def write_events(folder, name, uids):
    folder.mkdir(exist_ok=True)
    text = b"".join(json.dumps(event(uid=uid)).encode() + b"\n" for uid in uids)
    (folder / ("." + name)).write_bytes(packed(text))
    (folder / ("." + name)).rename(folder / name)


def events_of(w, edge):
    return sorted(one["id"] for one in w.admin.get(f"/api/v1/edge-events?edge={edge.id}&limit=500").json["events"])


def hostile_hub(tap, w, clock):
    set_id = w.set("block", "[domain-name:value = 'bad.example']")
    edge = Edge(w, "resolver", w.anna)
    head = edge.dir / f"sets/{set_id}/head"
    old = edge.heads(1)[0]
    asked = w.anna.post(f"/api/v1/sets/{set_id}/approvals", {
        "object": w.indicator("[domain-name:value = 'worse.example']"), "propose": True, "act": "act-2026-001"}).json["id"]
    assert w.ben.post(f"/api/v1/sets/{set_id}/approvals/{asked}/approve").status == 200
    edge.dir.with_suffix(".events").mkdir()
    runs = edge.start()
    newest = json.loads(unb64(json.loads(until(lambda: [x for x in edge.heads(1) if x != old], "a newer head")[0])["payload"]))["version"]
    until(lambda: head.exists() and json.loads(head.read_text())["version"] == newest, "the newest is in force")
    in_force = head.read_text()
    keys, port = w.hub.data / "keys", w.hub.edge_port
    second_hub(tap, w, edge, port)
    hub, heads = FalseHub(port, keys / "edges/server.pem", keys / "edges/server.key"), Heads(signer_of(w.dir, keys / "sets"))
    before = edge.log().count("follows the hub")
    until(lambda: edge.log().count("follows the hub") > before, "the edge follows the false hub")
    pushed(tap, w, edge, hub, heads, set_id, old, in_force)
    answered(tap, edge, hub, heads, set_id, clock)
    expired(tap, edge, hub, heads)
    uids = wrongly_taken(tap, edge, hub, clock)
    flooded(tap, edge, hub, heads, set_id)
    tap.equal("through all of it what was in force is", head.read_text(), in_force)
    tap.check("with its files", all((head.parent / f"{one['digest']}.him").exists() for one in json.loads(in_force)["overlays"]))
    tap.check("and the edge lives", runs.poll() is None)
    hub.end()
    edge.followed = edge.log().count("follows the hub")
    w.hub.start()
    w.anew()
    until(edge.follows, "the edge follows the right hub")
    asked = w.anna.post(f"/api/v1/sets/{set_id}/approvals", {
        "object": w.indicator("[domain-name:value = 'worst.example']"), "propose": True, "act": "act-2026-001"}).json["id"]
    assert w.ben.post(f"/api/v1/sets/{set_id}/approvals/{asked}/approve").status == 200
    until(lambda: json.loads(head.read_text())["version"] > newest, "the next version")
    tap.check("with the right hub it goes on", True)
    until(lambda: len(events_of(w, edge)) >= len(uids), "events")
    tap.equal("and the right hub has each event once", events_of(w, edge), sorted(uids))
    return edge, runs


# ---- what others leave in a resolver's folder ----

def alien(tap, w, edge, runs):
    folder, before = edge.dir.with_suffix(".events"), events_of(w, edge)
    good, odd = [str(uuid.uuid4()) for _ in range(3)], []

    def put(name, data=None):
        odd.append(folder / f"events-2025{name}.ndjson.zst")
        if data is not None:
            odd[-1].write_bytes(data)
        return odd[-1]
    put("a", os.urandom(5000))
    put("b", packed(b'{"a":1}\n')[:-4])
    put("c", packed(b'{"a":1}\n\n{"b":2}\n'))
    put("d", packed(b"words\n"))
    put("e", packed(b'{"no":"end"}'))
    put("f f", packed(b'{"a":1}\n'))
    put("g").mkdir()
    os.mkfifo(put("h"))
    put("i").symlink_to("/etc/passwd")
    put("j", b"")
    (folder / "readme.txt").write_text("x")
    write_events(folder, "events-20260101T000002Z.ndjson.zst", good)
    try:
        until(lambda: len(events_of(w, edge)) == len(before) + len(good), "events beside alien files")
    except TimeoutError:
        pass
    tap.equal("files that are none hold up no others", events_of(w, edge), sorted(before + good))
    tap.equal("and stay where they are", [p.name for p in odd if not os.path.lexists(p)], [])
    health = until(lambda: w.edge(edge).get("health", {}).get("source_trouble") and w.edge(edge)["health"], "trouble in its health")
    tap.check("health says so", "move it away" in health["source_trouble"], health)
    for path in odd:
        path.rmdir() if path.is_dir() and not path.is_symlink() else path.unlink()
    until(lambda: "source_trouble" not in w.edge(edge)["health"], "no trouble any more")
    runs.terminate()
    tap.equal("the edge ends well", runs.wait(timeout=60), 0)


# ---- an edge that means harm ----

def alive(c):
    """Whether the other side still holds a connection open."""
    c.settimeout(0)
    try:
        return bool(c.recv(1))
    except (BlockingIOError, ssl.SSLWantReadError):
        return True
    except OSError:
        return False


def slots(tap, w, clock):
    """64 in all. Strangers of one address and a single edge fill them for nobody else."""
    one, two = Edge(w, "resolver", w.anna), Edge(w, "resolver", w.anna)
    strangers = [socket.create_connection(("127.0.0.1", w.hub.edge_port), source_address=("127.0.0.2", 0)) for _ in range(64)]
    until(lambda: sum(map(alive, strangers)) <= 16, "strangers are turned away")
    tap.check("strangers of one address get a part of the slots", 0 < sum(map(alive, strangers)) <= 16)
    tap.equal("and stand in nobody's way", two.ask("GET", "/edge/v1/streams")[0], 200)
    loris = strangers[-1] if alive(strangers[-1]) else next(c for c in strangers if alive(c))
    loris.settimeout(5)
    loris.sendall(b"\x16\x03\x01")
    many = []
    for _ in range(64):
        c = one.connection()
        try:
            c.request("GET", "/edge/v1/heads")
            many.append((c, c.getresponse()))
        except (OSError, http.client.HTTPException):
            pass
    tap.check("one edge holds so many connections and no more", 0 < len(many) <= 32, len(many))
    tap.equal("another comes in beside it", two.ask("GET", "/edge/v1/streams")[0], 200)
    c, answer = two.follow()
    tap.equal("and follows", answer.status, 200)
    c.close()
    clock.passes(30)  # more than a header may take
    until(lambda: not any(map(alive, strangers)), "strangers are cut")
    tap.check("who says nothing, or a little, is cut in time", True)
    for c, _ in many:
        c.close()
    until(lambda: one.ask("GET", "/edge/v1/streams")[0] == 200, "its slots are free again")
    for c in strangers:
        c.close()
    return one, two


def slow(tap, edge, clock):
    """A head of a byte at a time; a body of a byte at a time; an answer that nobody reads."""
    def open_tls():
        return edge.context.wrap_socket(socket.create_connection(("127.0.0.1", edge.port), timeout=60))
    head, body = open_tls(), open_tls()
    body.sendall((f"POST /edge/v1/streams/events HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-ndjson\r\nContent-Encoding: zstd\r\n"
                  f"Content-Length: 100000\r\nHinomi-Epoch: {edge.epoch}\r\nHinomi-First: 1\r\nHinomi-Count: 1\r\n"
                  f"Hinomi-Digest: {'00' * 32}\r\n\r\n").encode())
    ends = {}
    for i in range(60):
        for name, c, byte in (("head", head, b"GET /edge/v1/streams HTTP/1.1\r\nX: "[i % 30:i % 30 + 1]), ("body", body, b"x")):
            if name in ends:
                continue
            try:
                c.settimeout(0.05)
                try:
                    ends[name] = c.recv(4096).split(b"\r\n")[0]
                    continue
                except TimeoutError:
                    pass
                c.sendall(byte)
            except OSError:
                ends[name] = b""
        if len(ends) == 2:
            break
        clock.passes(3)
        time.sleep(0.6)  # a turn of the hub's
    tap.equal("a head of a byte at a time is cut", ends.get("head"), b"")
    tap.check("a body of a byte at a time is told so, and cut", ends.get("body", b"-") == b"" or b"408" in ends["body"], ends)
    head.close()
    body.close()


def strangers_say(tap, w, edge):
    """Who has no certificate: nothing large is taken, nothing odd answered with 200, and the ledger does not fill."""
    nobody = Channel(w.hub.edge_port)
    for name, text in (
            ("two gigabytes", b"POST /edge/v1/enrol HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % (2 << 30)),
            ("a header without an end", b"GET /edge/v1/heads HTTP/1.1\r\nX: " + b"x" * 200000),
            ("a length and chunks", b"POST /edge/v1/enrol HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 5\r\n"
                                    b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
            ("HTTP/2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
            ("garbage", os.urandom(5000) + b"\r\n\r\n"),
            ("a path of dots", b"GET /edge/v1/blobs/..%2f..%2f..%2fetc%2fpasswd HTTP/1.1\r\nHost: x\r\n\r\n"),
            ("the hub's own API", b"GET /api/v1/edges HTTP/1.1\r\nHost: x\r\n\r\n")):
        c = nobody.context.wrap_socket(socket.create_connection(("127.0.0.1", w.hub.edge_port), timeout=60))
        try:
            c.sendall(text)
            said = c.recv(4096)
        except OSError:
            said = b""
        c.close()
        tap.check(f"a stranger's {name} is refused", said == b"" or re.match(rb"HTTP/1\.1 (4\d\d|505) ", said), said[:200])
    old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    old.check_hostname, old.verify_mode, old.maximum_version = False, ssl.CERT_NONE, ssl.TLSVersion.TLSv1_2
    try:
        old.wrap_socket(socket.create_connection(("127.0.0.1", w.hub.edge_port), timeout=60)).close()
        spoken = True
    except (ssl.SSLError, OSError):
        spoken = False
    tap.check("TLS 1.2 is not spoken", not spoken)
    me, before = Signer(w.dir), w.ledger("hub.edge.refused")
    csr = openssl("req", "-new", "-newkey", "ed25519", "-nodes", "-keyout", w.dir / "none.key", "-subj", "/CN=x").decode()
    statuses = set()
    for _ in range(30):
        asked = me.jws({"secret": b64(os.urandom(16)), "csr": csr, "identity": me.public_file(), "kind": "sensor",
                        "program": {"name": "x", "version": "1", "build": "00"}})
        statuses.add(nobody.ask("POST", "/edge/v1/enrol", asked, Content_Type="application/json")[0])
    tap.equal("guessed codes are refused", statuses, {403})
    tap.check("and told in the ledger, but not each", 1 <= w.ledger("hub.edge.refused") - before <= 3, w.ledger("hub.edge.refused") - before)


def others(tap, w, one, two):
    """What one edge says about another."""
    asked = w.ben.post(f"/api/v1/edges/{two.id}/questions", {"ask": "statistics", "arguments": {}})
    assert asked.status == 201, asked
    refused = w.ledger("hub.edge.refused-lines")
    tap.equal("an answer to another's question is taken", one.send("health", {"question": asked.json["id"], "answer": {"ok": "forged"}})[0], 200)
    tap.check("but answers nothing", "answer" not in w.ben.get(asked.headers["Location"]).json, w.ben.get(asked.headers["Location"]))
    two.send("health", {"question": asked.json["id"], "answer": {"ok": True}})
    tap.equal("its own does", w.ben.get(asked.headers["Location"]).json.get("answer"), {"ok": True})
    before = w.edge(two).get("health")
    one.send("health", {"at": now(), "edge": two.id, "program": {"name": "forged", "version": "1"}, "connected": True, "heads": []})
    tap.equal("health in another's name is one's own", w.edge(two).get("health"), before)
    key = w.dir / "renewing.pem"
    key.write_bytes(openssl("genpkey", "-algorithm", "ed25519"))
    csr = openssl("req", "-new", "-key", key, "-subj", f"/CN={two.id}", "-addext", f"subjectAltName=URI:urn:hinomi:edge:{two.id}").decode()
    status, body = one.ask("POST", "/edge/v1/renew", json.dumps({"csr": csr}), Content_Type="application/json")
    text = openssl("x509", "-noout", "-text", data=json.loads(body)["certificate"].encode()).decode() if status == 200 else ""
    tap.check("who renews with another's name keeps its own", status == 200 and one.id in text and two.id not in text, status, text)
    for name in ("records", "receipts", "checkpoints"):
        tap.equal(f"a resolver has no {name}", one.batch(name, 1, [b"{}"], one.epoch)[0], 403)
    return refused


def sensor_says(tap, w):
    """Receipts that contradict each other, and a checkpoint of another's ledger."""
    sensor = Edge(w, "sensor", w.anna)
    receipts, other = Receipts(sensor), Receipts(sensor)
    authorization = str(uuid.uuid4())
    sensor.send("receipts", receipts.next(authorization))
    tap.equal("a receipt is kept", [one["number"] for one in w.admin.get("/api/v1/receipts").json["receipts"]], [1])
    found = w.ledger("hub.receipt.finding")
    sensor.send("receipts", other.next(authorization))
    tap.equal("another of the same number is a finding", w.ledger("hub.receipt.finding") - found, 1)
    shown = w.admin.get("/api/v1/receipts").json["receipts"]
    tap.check("which the first one shows", len(shown) == 1 and not shown[0]["holds"], shown)


def main():
    tap = Tap()
    place = pathlib.Path(tempfile.mkdtemp(prefix="hinomi-clock-"))
    clock = Clock(place / "clock", sys.argv[1])
    w = World("http: {rate: 0}\nedges: {connections: 64}\n", env=clock.environment)
    runs = None
    try:
        one, two = slots(tap, w, clock)
        slow(tap, one, clock)
        w.anew()
        strangers_say(tap, w, one)
        others(tap, w, one, two)
        sensor_says(tap, w)
        edge, runs = hostile_hub(tap, w, clock)
        alien(tap, w, edge, runs)
        tap.equal("the hub ends well", w.hub.stop(), 0)
    finally:
        if runs and runs.poll() is None:
            runs.kill()
        w.end()
        shutil.rmtree(place, ignore_errors=True)
    tap.done()


main()
