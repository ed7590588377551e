# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The Hinomi authors
"""What the witness's tests share: a commission, a witness that runs, edges, and a hub of the tests' own. Arguments of the
script: witness_edge, moved_clock."""
import atexit
import base64
import copy
import hashlib
import html
import http.client
import http.server
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import ssl
import struct
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse
import uuid

sys.dont_write_bytecode = True
from select_world import HINOMI, LAB, Tap, from_base64url, hinomi, rfc3339, to_base64url  # noqa: E402  beside this file


EDGE_TOOL, MOVED_CLOCK = sys.argv[1], sys.argv[2]
BIN = pathlib.Path(os.environ["HINOMI_BIN"])
DEADLINE = 60
XSS = "<script>alert('x')</script>\"&amp;<img src=x onerror=alert(1)>"


def until(holds, what):
    end = time.monotonic() + DEADLINE
    while time.monotonic() < end:
        value = holds()
        if value:
            return value
        time.sleep(0.05)
    raise TimeoutError(f"never: {what}")


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def tool(*words, data=b""):
    done = subprocess.run([EDGE_TOOL, *map(str, words)], input=data, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          timeout=DEADLINE, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{words}: {done.stderr.decode()}")
    return done.stdout


def payload_of(path):
    return from_base64url(json.loads(path.read_text())["payload"])


class Commission:
    """Keys, a trust file, authorisations, in a folder."""

    def __init__(self):
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="hinomi-witness-"))
        atexit.register(shutil.rmtree, self.dir, ignore_errors=True)
        self.passphrase = self.dir / "passphrase"
        self.passphrase.write_text("a passphrase that is long\n")
        for name in ("a", "b", "c", "stranger", "sensor", "other", "hub"):
            words = ["--passphrase-file", self.passphrase] if name == "a" else []
            hinomi("authority", "keygen", "--name", f"Key {name}", "-o", self.dir / f"{name}.key", *words)
        self.trust = self.dir / "TRUST.json"
        hinomi("authority", "trust", "--threshold", "2", *(self.dir / f"{k}.key.pub" for k in "abc"), "--domestic",
               LAB / "domestic.txt", "--mark", "test", "-o", self.trust)
        self.trust_digest = hashlib.sha256(payload_of(self.trust)).hexdigest()
        self.domestic = json.loads(payload_of(self.trust))["domestic"]

    def issue(self, name, start=-3600, until_="P30D", purpose="test", entries=1000, recipient="police", names="ab",
              sensor="sensor"):
        path = self.dir / name
        hinomi("authority", "issue", "--trust", self.trust, "--basis", "specified", "--purpose", purpose, "--direction",
               "foreign-domestic", "--facility", "203.0.113.0/24", "--act", "act-1", "--set", f"lab:ipv4:{entries}", "--sensor",
               self.dir / f"{sensor}.key.pub", "--recipient", recipient, "--from", rfc3339(start), "--until", until_, "-o", path)
        for key in names:
            words = ["--passphrase-file", self.passphrase] if key == "a" else []
            hinomi("authority", "sign", "--key", self.dir / f"{key}.key", *words, path)
        return path


def authorisation(path):
    payload = payload_of(path)
    return {"id": json.loads(payload)["id"], "sha256": hashlib.sha256(payload).hexdigest()}


class Hub:
    """As much of the hub as the witness asks for; what it shows is what the test puts there."""

    def __init__(self, commission):
        self.applications, self.receipts, self.documents, self.taken, self.tokens = {}, {}, {}, [], 0
        self.quiet, self.no_tiles, self.stands = False, False, False
        self.key, self.growing = commission.dir / "hub.key", threading.Lock()
        self.log = pathlib.Path(tempfile.mkdtemp(dir=commission.dir))
        self.grow(300)
        hub = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def reply(self, status, body=b"", media="application/json"):
                self.send_response(status)
                self.send_header("Content-Type", media)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def answer(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                hub.tokens += "Authorization" in self.headers
                if self.path in ("/api/v1/ledger/key", "/api/v1/ledger/checkpoint") and not hub.quiet:
                    return self.reply(200, hub.vkey().encode() if self.path.endswith("key") else hub.checkpoint(), "text/plain")
                if hub.quiet or self.headers.get("Authorization") != "Bearer secret-token":
                    return self.reply(503 if hub.quiet else 401)
                path = self.path.split("?")[0]
                if self.command != "GET":
                    if path == "/api/v1/ledger/cosigned" and not hub.stands:
                        hub.grow(1)
                    hub.taken.append((self.command, path, body))
                    return self.reply(204)
                if path.startswith("/api/v1/ledger/tile/"):
                    tile = hub.log / path[len("/api/v1/"):]
                    shown = tile.is_file() and not hub.no_tiles
                    return self.reply(200 if shown else 404, tile.read_bytes() if shown else b"", "application/octet-stream")
                if path == "/api/v1/authorisations":
                    return self.reply(200, json.dumps({"authorisations": list(hub.applications.values())}).encode())
                if path == "/api/v1/receipts":
                    edge = self.path.split("edge=")[1].split("&")[0]
                    rows = sorted(hub.receipts.get(edge, {}).items(), reverse=True)
                    return self.reply(200, json.dumps({"receipts": [{"number": n, "receipt": json.loads(line)}
                                                                    for n, line in rows]}).encode())
                document = hub.documents.get(path)
                return self.reply(200, document) if document else self.reply(404)

            do_GET = do_PUT = do_POST = answer

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def grow(self, count, log=None):
        with self.growing:
            tool("checkpoint", self.key, log or self.log, count)

    def checkpoint(self):
        return (self.log / "ledger" / "checkpoint").read_bytes()

    def vkey(self):
        name, what = self.checkpoint().split(b"\n")[0], b"\x01" + from_base64url(json.loads(
            self.key.with_suffix(".key.pub").read_text())["ed25519"])
        return f"{name.decode()}+{hashlib.sha256(name + bytes([10]) + what).hexdigest()[:8]}+{base64.b64encode(what).decode()}"

    def show(self, path, state="handed"):
        document = json.loads(path.read_text())
        payload = payload_of(path)
        one = {"id": json.loads(payload)["id"], "state": state, "digest": hashlib.sha256(payload).hexdigest(),
               "payload": json.loads(payload), "document": document, "signatures": len(document["signatures"])}
        self.applications[one["id"]] = one
        return one


class Liar:
    """Stands between the witness and a hub, and changes what the hub says."""

    def __init__(self, hub):
        self.told = lambda path, said: said  # what becomes of a JSON object
        liar = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def answer(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                connection = http.client.HTTPConnection("127.0.0.1", hub.port, timeout=DEADLINE)
                connection.request(self.command, self.path, body or None, {
                    k: v for k, v in self.headers.items() if k.lower() not in ("host", "content-length")})
                got = connection.getresponse()
                said = got.read()
                connection.close()
                if got.status == 200 and got.headers.get_content_type() == "application/json":
                    said = json.dumps(liar.told(self.path.split("?")[0], json.loads(said))).encode()
                self.send_response(got.status)
                self.send_header("Content-Type", got.headers.get("Content-Type", "text/plain"))
                if got.status != 204:
                    self.send_header("Content-Length", str(len(said)))
                self.end_headers()
                self.wfile.write(said)

            do_GET = do_PUT = do_POST = answer

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


class Witness:
    def __init__(self, commission, hub=None, interval="60s", token="secret-token"):
        self.commission = commission
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="witness-", dir=commission.dir))
        self.port, self.edge_port = free_port(), free_port()
        self.clock = self.dir / "clock"
        self.clock.write_bytes(struct.pack("=qq", 0, 0))
        (self.dir / "token").write_text(token + "\n")
        text = (f"data: {self.dir}/data\nlisten: ['127.0.0.1:{self.port}']\nedge_listen: ['127.0.0.1:{self.edge_port}']\n"
                f"trust: {commission.trust}\nkey: {commission.dir}/a.key\ninterval: {interval}\n")
        if os.geteuid() == 0:
            text += "user: root\n"
        if hub:
            text += f"hub:\n  url: http://127.0.0.1:{hub.port}\n  token_file: {self.dir}/token\n  interval: 1s\n"
        self.config = self.dir / "witness.yaml"
        self.config.write_text(text)
        self.env = dict(os.environ, HINOMI_LANG="en", HINOMI_MOVED_CLOCK=str(self.clock))
        self.process = None
        done = self.run("init", "--name", "tanaka", "--passphrase-file", commission.passphrase)
        self.vkey = done.stdout.strip()
        if done.returncode != 0:
            raise RuntimeError(done.stderr)

    def run(self, *words):
        return subprocess.run([str(BIN / "hinomi-witness"), *map(str, words), "--config", str(self.config)], env=self.env,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                              timeout=DEADLINE, check=False)

    def start(self):
        with open(self.dir / "log", "ab") as log:
            self.process = subprocess.Popen([str(BIN / "hinomi-witness"), "--config", str(self.config)], env=dict(
                self.env, LD_PRELOAD=MOVED_CLOCK), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log)
        line = self.process.stdout.readline().decode()
        if not line.startswith("http://"):
            raise RuntimeError("the witness did not begin: " + (self.dir / "log").read_text())
        return self

    def move(self, seconds):
        with open(self.clock, "r+b") as clock:  # which the program has mapped
            clock.write(struct.pack("=qq", int(seconds * 1e9), int(seconds * 1e9)))

    def stop(self, how=signal.SIGTERM):
        self.process.send_signal(how)
        code = self.process.wait(timeout=DEADLINE)
        self.process.stdout.close()
        return code

    def alarms(self):
        path = self.dir / "data" / "alarms.ndjson"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    def records(self, kind, count):
        """The last records of a kind in the witness's own ledger, which takes what waits in its time."""
        def proved(index):
            done = subprocess.run([str(BIN / "hinomi-ledger"), "prove", str(self.dir / "data"), str(index)], check=True,
                                  stdout=subprocess.PIPE)
            return json.loads(done.stdout)

        def look():
            size, found = int((self.dir / "data" / "ledger" / "checkpoint").read_text().split("\n")[1]), []
            for index in range(size - 1, max(size - 10, 0), -1):
                proof = proved(index)
                if json.loads(proof["entry"])["kind"] == kind:
                    found.insert(0, json.loads(proof["record"]))
                if len(found) == count:
                    return found
            return []
        return until(look, f"{count} of {kind}")

    def alarm(self, kind, **members):
        def look():
            return [a for a in self.alarms() if a["kind"] == kind and all(a[k] == v for k, v in members.items())]
        try:
            return until(look, kind)
        except TimeoutError:
            return []

    def get(self, path, headers=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=DEADLINE)
        connection.request("GET", path, headers=headers or {})
        got = connection.getresponse()
        body = got.read().decode()
        connection.close()
        return got.status, got.headers, body

    def post(self, path, fields, cookie="", **headers):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=DEADLINE)
        connection.request("POST", path, urllib.parse.urlencode(fields), {
            "Content-Type": "application/x-www-form-urlencoded", "Cookie": cookie, **headers})
        got = connection.getresponse()
        body = got.read().decode()
        connection.close()
        return got.status, got.headers, body

    def sign_in(self, passphrase="a passphrase that is long"):
        """@return the cookie, the token of forms"""
        csrf = token_of(self.get("/sign-in")[2])
        status, headers, _ = self.post("/sign-in", {"name": "tanaka", "passphrase": passphrase, "csrf": csrf})
        if status != 303:
            return None, status
        self.cookie_line = headers["Set-Cookie"]
        cookie = headers["Set-Cookie"].split(";")[0]
        return cookie, token_of(self.get("/", {"Cookie": cookie})[2])


def token_of(page):
    return re.search(r'name="csrf" value="([0-9a-f]{64})"', page).group(1)


class Edge:
    """Dials the witness with an identity; numbers its lines."""

    def __init__(self, witness, identity="sensor", name="IX 1"):
        self.witness, self.key = witness, witness.commission.dir / f"{identity}.key"
        self.pem = pathlib.Path(tempfile.mkdtemp(dir=witness.commission.dir)) / "key.pem"
        self.epoch, self.next = str(uuid.uuid4()), {}
        self.code = witness.run("edge", name).stdout.strip()
        self.context = None
        self.id = None

    def send(self, method, path, body=None, headers=None, context=None):
        if context is None:
            context = self.context
        connection = http.client.HTTPSConnection("127.0.0.1", self.witness.edge_port, timeout=DEADLINE, context=context)
        try:
            connection.request(method, path, body, headers or {})
            got = connection.getresponse()
            return got.status, got.read()
        finally:
            connection.close()

    def enrol(self):
        bare = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        bare.check_hostname, bare.verify_mode = False, ssl.CERT_NONE
        self.request = tool("request", self.code, self.key, self.pem)
        return self.enrol_again(self.request, bare)

    def enrol_again(self, request, bare=None):
        if bare is None:
            bare = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            bare.check_hostname, bare.verify_mode = False, ssl.CERT_NONE
        status, body = self.send("POST", "/edge/v1/enrol", request, {"Content-Type": "application/json"}, bare)
        if status == 201:
            answer = json.loads(body)
            self.id = answer["edge"]
            chain = self.pem.with_name("chain.pem")
            chain.write_text(answer["certificate"])
            root = self.pem.with_name("root.pem")
            root.write_text(answer["root"])
            self.context = ssl.create_default_context(cafile=str(root))
            self.context.load_cert_chain(str(chain), str(self.pem))
        return status

    def batch(self, stream, lines, first=None, epoch=None):
        first = first or self.next.get(stream, 1)
        packed = tool("pack", stream, epoch or self.epoch, first, data=b"".join(line + b"\n" for line in lines))
        return self.post(stream, packed, first + len(lines))

    def post(self, stream, packed, following):
        head, body = packed.split(b"\r\n\r\n", 1)
        headers = dict(line.decode().split(": ", 1) for line in head.split(b"\r\n"))
        headers.update({"Content-Type": "application/x-ndjson", "Content-Encoding": "zstd"})
        status, answer = self.send("POST", f"/edge/v1/streams/{stream}", body, headers)
        if status == 200:
            self.next[stream] = following
        return status, answer

    def receipts(self, *lines):
        return self.batch("receipts", lines)[0]


TEMPLATE = json.loads((pathlib.Path(os.environ["HINOMI_SOURCE"]) / "tests/fuzz/corpus/receipt_check/whole").read_text())["receipt"]


class Receipts:
    """A chain of receipts of an edge, one an interval."""

    def __init__(self, edge, commission, authorisations, seconds=60):
        self.edge, self.commission, self.authorisations, self.seconds = edge, commission, authorisations, seconds
        self.number, self.former, self.epoch, self.offset = 0, None, str(uuid.uuid4()), 0

    def make(self, change=None, key=None, keep=True):
        r = copy.deepcopy(TEMPLATE)
        now = time.time()
        zero = {"by_class": {}, "bytes": 0, "packets": 0}
        one = {"by_class": {"foreign-domestic": {"bytes": 100, "packets": 2}}, "bytes": 100, "packets": 2}
        r.update(edge=self.edge.id, epoch=self.epoch, number=self.number + 1, made=stamp(now), trust=self.commission.trust_digest,
                 trust_mark="test", domestic=self.commission.domestic, authorizations=self.authorisations,
                 interval={"from": stamp(now - self.seconds), "until": stamp(now)},
                 flows={"begun": 1, "erased": {}, "pending": 0, "selected": 1})
        r["sums"] = {"erased": {"by_class": {}, "by_reason": {}, "bytes": 0, "packets": 0}, "pending_after": zero,
                     "pending_before": zero, "seen": copy.deepcopy(one), "selected": copy.deepcopy(one)}
        r["records"].update(count=1, offset=self.offset, bytes=10, erase_by=stamp(now + 86400))
        r["input"].update(packets=2, bytes=200)
        if self.former:
            r["former"] = self.former
        if change:
            change(r)
        text = json.dumps(r, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        line = tool("seal", key or self.edge.key, data=text.encode()).rstrip(b"\n")
        if keep:
            self.number, self.former, self.offset = r["number"], hashlib.sha256(line).hexdigest(), self.offset + 10
        return line


def stamp(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds)) + ".%06dZ" % (seconds % 1 * 1e6)
