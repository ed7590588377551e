#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The Hinomi authors
"""The witness, end to end: edges of the test's own send what is right and each kind of what is wrong; a hub of the test's own
tells the truth and lies; the clock moves; the witness is killed. Told by TAP."""
import atexit
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
tap = Tap()


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
        for name in ("a", "b", "c", "stranger", "sensor", "other"):
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

    def __init__(self):
        self.applications, self.receipts, self.documents, self.taken = {}, {}, {}, []
        self.quiet = False
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
                if hub.quiet or self.headers.get("Authorization") != "Bearer secret-token":
                    return self.reply(503 if hub.quiet else 401)
                path = self.path.split("?")[0]
                if self.command != "GET":
                    hub.taken.append((self.command, path, body))
                    return self.reply(204)
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

    def show(self, path, state="handed"):
        document = json.loads(path.read_text())
        payload = payload_of(path)
        one = {"id": json.loads(payload)["id"], "state": state, "digest": hashlib.sha256(payload).hexdigest(),
               "payload": json.loads(payload), "document": document, "signatures": len(document["signatures"])}
        self.applications[one["id"]] = one
        return one


class Witness:
    def __init__(self, commission, hub=None, interval="60s"):
        self.commission = commission
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="witness-", dir=commission.dir))
        self.port, self.edge_port = free_port(), free_port()
        self.clock = self.dir / "clock"
        self.clock.write_bytes(struct.pack("=qq", 0, 0))
        (self.dir / "token").write_text("secret-token\n")
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
        status, body = self.send("POST", "/edge/v1/enrol", request, {"Content-Type": "application/jose+json"}, bare)
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
    """A chain of receipts of an edge."""

    def __init__(self, edge, commission, authorisations):
        self.edge, self.commission, self.authorisations = edge, commission, authorisations
        self.number, self.former, self.epoch, self.offset = 0, None, str(uuid.uuid4()), 0

    def make(self, change=None, key=None, keep=True):
        r = copy.deepcopy(TEMPLATE)
        now = time.time()
        zero = {"by_class": {}, "bytes": 0, "packets": 0}
        one = {"by_class": {"foreign-domestic": {"bytes": 100, "packets": 2}}, "bytes": 100, "packets": 2}
        r.update(edge=self.edge.id, epoch=self.epoch, number=self.number + 1, made=stamp(now), trust=self.commission.trust_digest,
                 trust_mark="test", domestic=self.commission.domestic, authorizations=self.authorisations,
                 interval={"from": stamp(now - 60), "until": stamp(now)},
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


commission = Commission()
good = commission.issue("good.json")


def of_edges():
    witness = Witness(commission).start()
    edge = Edge(witness, name="IX " + XSS)
    tap.equal("an edge enrols", edge.enrol(), 201)
    tap.equal("a lost answer is given again", edge.enrol_again(edge.request), 201)
    thief = Edge(witness, "other")
    thief.code = edge.code
    tap.equal("a replayed code does not work for another", thief.enrol(), 403)
    tap.check("and is an alarm", len(witness.alarm("identity")) == 1, witness.alarms())
    thief.code = Witness(commission).run("edge", "x").stdout.strip()
    tap.equal("nor one that another witness gave", thief.enrol(), 403)
    done = witness.run("bring", good)
    tap.equal("the commission brings an authorisation", (done.returncode, done.stderr), (0, ""))
    chain = Receipts(edge, commission, [authorisation(good)])
    first, second = chain.make(), chain.make()
    tap.equal("receipts are taken", edge.receipts(first, second), 200)
    status, body = edge.batch("receipts", [first, second], first=1)
    tap.equal("and again without being doubled", (status, json.loads(body)["through"]), (200, 2))
    status, body = edge.batch("receipts", [chain.make(keep=False)], first=9)
    tap.equal("a hole in the numbers is refused with where it stands", (status, json.loads(body)["through"]), (409, 2))
    tap.equal("where streams stand", json.loads(edge.send("GET", "/edge/v1/streams")[1])["streams"]["receipts"],
              {"epoch": edge.epoch, "through": 2})
    tap.equal("records are not for the commission's machine", edge.batch("records", [b"{}"])[0], 404)
    tap.equal("what holds raises nothing", [a["kind"] for a in witness.alarms() if a["kind"] != "identity"], [])

    def wrong(kind, what, change=None, key=None, keep=False, **members):
        def count():
            return sum(a["count"] for a in witness.alarms() if a["kind"] == kind and
                       all(a[k] == v for k, v in members.items()))

        before = count()
        line = chain.make(change, key, keep)
        status = edge.receipts(line)
        try:
            until(lambda: count() > before, what)
            raised = True
        except TimeoutError:
            raised = False
        tap.check(f"{what}: taken, and an alarm of kind {kind}", (status, raised) == (200, True), status, witness.alarms()[-1:])

    wrong("receipt", "another's signature", key=commission.dir / "other.key")
    wrong("receipt", "sums that do not hold", lambda r: r["sums"]["seen"].update(packets=3))
    wrong("receipt", "an unknown member", lambda r: r.update(more=1))
    wrong("receipt", "another edge's receipt", lambda r: r.update(edge=str(uuid.uuid4())))
    wrong("receipt", "the number of one that came before", lambda r: r.update(number=2))
    wrong("receipt", "a chain that does not follow", lambda r: r.update(former="0" * 64), keep=True, subject="chain")
    wrong("trust", "an unknown trust file", lambda r: r.update(trust="1" * 64), keep=True)
    wrong("unauthorised", "an authorisation that was never seen",
          lambda r: r.update(authorizations=[{"id": str(uuid.uuid4()), "sha256": "2" * 64}]), keep=True)
    wrong("unauthorised", "a known id with another content",
          lambda r: r["authorizations"][0].update(sha256="3" * 64), keep=True)
    chain.authorisations = [authorisation(good)]
    wrong("unauthorised", "an interval outside the validity", lambda r: r.update(
        interval={"from": stamp(time.time() - 90000), "until": stamp(time.time() - 80000)}), keep=True)
    few = commission.issue("few.json", names="b")
    witness.run("bring", few)
    wrong("unauthorised", "too few signatures", lambda r: r.update(authorizations=[authorisation(few)]), keep=True)
    other = commission.issue("other.json", sensor="other")
    witness.run("bring", other)
    wrong("unauthorised", "another sensor's authorisation", lambda r: r.update(authorizations=[authorisation(other)]), keep=True)
    wrong("beyond", "a set that it does not name", lambda r: r["sets"][0].update(id="unnamed"), keep=True)
    wrong("beyond", "more entries than it allows", lambda r: r["sets"][0].update(entries=1001), keep=True)

    def domestic(r):
        for part in ("seen", "selected"):
            r["sums"][part]["by_class"] = {"domestic-foreign": {"bytes": 100, "packets": 2}}
    wrong("beyond", "a class that it does not cover", domestic, keep=True)

    def skip(r):
        r["number"] += 3
    wrong("gap", "numbers that never came", skip, keep=True)
    tap.equal("and goes on", edge.receipts(chain.make()), 200)
    tap.equal("lines that are gone are told", edge.post("receipts", tool("stub", "receipts", edge.epoch, edge.next["receipts"], 4),
                                                        edge.next["receipts"] + 4)[0], 200)
    tap.check("and are an alarm", until(lambda: len(witness.alarm("gap")) >= 2, "two gaps"))
    done = witness.run("revoke", "--id", authorisation(good)["id"], "--passphrase-file", commission.passphrase)
    tap.equal("one commissioner revokes", (done.returncode, done.stderr), (0, ""))
    wrong("unauthorised", "a revoked authorisation", lambda r: r.update(
        interval={"from": stamp(time.time() + 1), "until": stamp(time.time() + 61)}), keep=True)
    edge.epoch, edge.next = str(uuid.uuid4()), {}
    tap.equal("a new epoch begins at 1", edge.receipts(chain.make()), 200)
    tap.check("and is an alarm", len(witness.alarm("epoch")) == 1)

    log = pathlib.Path(tempfile.mkdtemp(dir=commission.dir))
    first = tool("checkpoint", edge.key, log, 3).rstrip(b"\n")
    second = tool("checkpoint", edge.key, log, 5).rstrip(b"\n")
    tap.equal("checkpoints are taken", edge.batch("checkpoints", [first, second])[0], 200)
    status, cosigned = edge.send("GET", "/edge/v1/cosigned")
    tap.check("and cosigned", status == 200 and cosigned.startswith(json.loads(second)["checkpoint"].encode()) and
              cosigned.count(b"\n\xe2\x80\x94 hinomi/witness/commission ") == 1, cosigned)
    forged = pathlib.Path(tempfile.mkdtemp(dir=commission.dir))
    tool("checkpoint", edge.key, forged, 2)
    third = tool("checkpoint", edge.key, forged, 9).rstrip(b"\n")
    tap.equal("a rewritten ledger is told", edge.batch("checkpoints", [third])[0], 200)
    tap.check("and is an alarm", len(witness.alarm("ledger")) == 1)
    tap.equal("the last one that holds stays cosigned", edge.send("GET", "/edge/v1/cosigned")[1], cosigned)
    tap.equal("health is taken", edge.batch("health", [json.dumps({"clock": XSS, "sets": [XSS]}).encode(), b"no json"])[0], 200)

    done = witness.run("alarms")
    tap.check("alarms are listed", done.returncode == 1 and done.stdout.count("\n") >= 8, done.stdout)
    number = witness.alarms()[0]["number"]
    tap.equal("none is acknowledged without a reason", witness.run("acknowledge", number).returncode, 2)
    done = witness.run("acknowledge", number, "--reason", "looked into " + XSS, "--name", "tanaka")
    tap.equal("one is with a reason", (done.returncode, done.stderr), (0, ""))
    tap.check("and says so", until(lambda: witness.alarms()[0].get("reason", "").startswith("looked into"), "reason"))
    status, _, body = witness.get("/metrics")
    tap.check("counted", status == 200 and 'hinomi_witness_alarms{kind="gap"}' in body, body[:500])
    of_pages(witness, edge)
    witness.move(100)
    edge.batch("health", [b"{}"])
    time.sleep(1)
    tap.equal("nobody is silent within two intervals", [a for a in witness.alarms() if a["kind"] == "edge-silent"], [])
    witness.move(400)
    tap.check("an edge that is silent for two intervals is an alarm", len(witness.alarm("edge-silent", edge=edge.id)) == 1)
    tap.equal("it ends when it is told to", witness.stop(), 0)
    done = subprocess.run([str(BIN / "hinomi-ledger"), "verify", str(witness.dir / "data")], stdout=subprocess.PIPE, text=True,
                          stderr=subprocess.PIPE, check=False)
    tap.equal("its own ledger verifies", (done.returncode, done.stderr), (0, ""))


def of_kills():
    witness = Witness(commission).start()
    edge = Edge(witness)
    edge.enrol()
    chain = Receipts(edge, commission, [authorisation(good)])
    witness.run("bring", good)
    lines = [chain.make() for _ in range(60)]
    acknowledged, at = 0, 0
    for turn in range(6):
        stop = threading.Timer(0.05 + 0.03 * turn, lambda: witness.process.send_signal(signal.SIGKILL))
        stop.start()
        while at < len(lines):
            try:
                status, body = edge.batch("receipts", lines[at:at + 5], first=at + 1)
            except (OSError, http.client.HTTPException):
                break
            if status == 200:
                acknowledged = json.loads(body)["through"]
                at = acknowledged
        stop.join()
        witness.process.wait(timeout=DEADLINE)
        witness.process.stdout.close()
        witness.start()
        streams = json.loads(edge.send("GET", "/edge/v1/streams")[1])["streams"]
        through = streams.get("receipts", {"through": 0})["through"]
        tap.check(f"kill {turn + 1}: nothing acknowledged is lost", through >= acknowledged, through, acknowledged)
        at = through
    while at < len(lines):
        at = json.loads(edge.batch("receipts", lines[at:at + 5], first=at + 1)[1])["through"]
    done = witness.run("status")
    tap.check("each receipt is there once", "receipts 60 up to number 60, 0 with findings" in done.stdout, done.stdout)
    tap.equal("and raised nothing", witness.alarms(), [])
    witness.stop()
    done = subprocess.run([str(BIN / "hinomi-ledger"), "verify", str(witness.dir / "data")], stdout=subprocess.PIPE, text=True,
                          stderr=subprocess.PIPE, check=False)
    tap.equal("its own ledger verifies", (done.returncode, done.stderr), (0, ""))


def of_the_hub():
    hub = Hub()
    hub.documents["/api/v1/nation/trust"] = commission.trust.read_bytes()
    witness = Witness(commission, hub).start()
    draft = commission.issue("draft.json", names="", purpose="how " + XSS, recipient="police")
    shown = hub.show(draft)
    until(lambda: shown["id"] in witness.run("applications").stdout, "the application")
    text = witness.run("applications", shown["id"]).stdout
    tap.check("an application is decoded in full", all(word in text for word in (
        shown["digest"], "203.0.113.0/24", "how " + XSS, "act-1", "lab: at most 1000", "police", "de-identified", "ipv4",
        "foreign-domestic", "P30D")), text)
    sign = ["sign", shown["id"], "--passphrase-file", commission.passphrase]
    tap.equal("nothing is signed but what was shown", witness.run(*sign, "--digest", "0" * 64).returncode, 1)
    wrong = commission.dir / "wrong"
    wrong.write_text("another passphrase\n")
    done = witness.run("sign", shown["id"], "--digest", shown["digest"], "--passphrase-file", wrong)
    tap.equal("nor with another passphrase", done.returncode, 1)
    done = witness.run(*sign, "--digest", shown["digest"])
    tap.equal("a member signs", (done.returncode, done.stderr), (0, ""))
    path = f"/api/v1/authorisations/{shown['id']}/document"
    taken = until(lambda: [json.loads(b) for m, p, b in hub.taken if (m, p) == ("PUT", path)], "the signature")[-1]
    tap.check("and it is handed to the hub", taken["payload"] == json.loads(draft.read_text())["payload"] and
              len(taken["signatures"]) == 1, taken)
    tap.equal("the same key signs once", witness.run(*sign, "--digest", shown["digest"]).returncode, 1)
    hinomi("authority", "sign", "--key", commission.dir / "stranger.key", draft)
    done = witness.run("sign", shown["id"], "--signed", draft)
    tap.equal("a stranger's signature is not taken", done.returncode, 1)
    fresh = json.loads(draft.read_text())
    fresh["signatures"] = []
    draft.write_text(json.dumps(fresh))
    hinomi("authority", "sign", "--key", commission.dir / "b.key", draft)
    done = witness.run("sign", shown["id"], "--signed", draft)
    tap.equal("one made offline is", (done.returncode, done.stderr), (0, ""))
    taken = until(lambda: [json.loads(b) for m, p, b in hub.taken if (m, p) == ("PUT", path) and
                           len(json.loads(b)["signatures"]) == 2], "both signatures")[-1]
    signed = commission.dir / "signed.json"
    signed.write_text(json.dumps(taken))
    done = subprocess.run([HINOMI, "authority", "verify", "--trust", commission.trust, signed], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, check=False)
    tap.equal("with both it is authorised", done.returncode, 0)
    tap.check("and signed here", "state: signed" in witness.run("applications", shown["id"]).stdout)

    changed = hub.show(commission.issue("changed.json", names="", purpose="how " + XSS, recipient="somebody else"))
    until(lambda: changed["id"] in witness.run("applications").stdout, "the next application")
    text = witness.run("applications", changed["id"]).stdout
    tap.check("what differs from the last one signed is shown", "+ recipient: somebody else" in text and
              "- recipient: police" in text and "+ purpose" not in text and shown["id"] in text, text)
    tap.equal("none is refused without a reason", witness.run("refuse", changed["id"]).returncode, 2)
    done = witness.run("refuse", changed["id"], "--reason", "who is " + XSS)
    tap.equal("one is refused with a reason", (done.returncode, done.stderr), (0, ""))
    taken = until(lambda: [json.loads(b) for m, p, b in hub.taken if p.endswith(changed["id"] + "/refuse")], "the refusal")
    tap.equal("which the hub is told", taken, [{"reason": "who is " + XSS}])
    done = witness.run(*["sign", changed["id"], "--digest", changed["digest"], "--passphrase-file", commission.passphrase])
    tap.equal("and is signed no more", done.returncode, 1)
    done = witness.run("revoke", "--id", shown["id"], "--passphrase-file", commission.passphrase)
    taken = until(lambda: [b for m, p, b in hub.taken if p == "/api/v1/nation/revocations"], "the list")[-1]
    tap.check("a revocation is handed over", shown["id"] in from_base64url(json.loads(taken)["payload"]).decode(), taken)
    tap.equal("a hub that tells the truth raises nothing", witness.alarms(), [])

    lie = copy.deepcopy(hub.show(commission.issue("lie.json", names="", recipient="police")))
    lie["payload"]["recipients"] = ["harmless"]
    hub.applications[lie["id"]] = lie
    tap.check("a hub that shows one and asks to sign another is an alarm", len(witness.alarm("hub-other", subject=lie["id"])) == 1)
    tap.check("and it is not to be signed", lie["id"] not in witness.run("applications").stdout)
    del hub.applications[lie["id"]]
    other = hub.show(commission.issue("swap.json", names="", recipient="police"))
    other["id"] = shown["id"]
    hub.applications = {shown["id"]: other}
    tap.check("another content under a known id is an alarm", len(witness.alarm("hub-other", subject=shown["id"])) == 1)
    unseen = hub.show(commission.issue("unseen.json"), "issued")
    hub.applications = {unseen["id"]: unseen}
    tap.check("one issued that was never seen is an alarm", len(witness.alarm("unauthorised", subject=unseen["id"])) == 1)
    hub.applications = {}
    hub.documents["/api/v1/nation/trust"] = json.dumps({"payload": "e30", "signatures": []}).encode()
    tap.check("a trust file of the hub's own is an alarm", len(witness.alarm("trust")) == 1)

    edge = Edge(witness)
    edge.enrol()
    witness.run("bring", good)
    chain = Receipts(edge, commission, [authorisation(good)])
    lines = [chain.make() for _ in range(3)]
    edge.receipts(*lines)
    hub.receipts[edge.id] = {1: lines[0], 2: lines[1]}
    alarm = witness.alarm("hub-withholds", edge=edge.id)
    tap.check("a hub that withholds a receipt is an alarm", len(alarm) == 1 and "numbers 3 to 3" in alarm[0]["detail_en"], alarm)
    hub.receipts[edge.id][3] = chain.make(lambda r: r.update(number=3), keep=False)
    tap.check("so is one that shows another", len(witness.alarm("hub-receipt", edge=edge.id, subject="3")) == 1)
    hub.quiet = True
    tap.check("a silent hub is an alarm", len(witness.alarm("hub-silent")) == 1)
    witness.stop()


def of_pages(witness, edge):
    for path in ("/", "/applications", "/edges", "/hub", f"/edges/{edge.id}"):
        status, headers, _ = witness.get(path)
        tap.equal(f"{path} leads to the sign-in", (status, headers["Location"]), (303, "/sign-in"))
    tap.equal("another passphrase does not sign in", witness.sign_in("another passphrase")[1], 403)
    tap.equal("nor a form without its token", witness.post("/sign-in", {"name": "tanaka", "passphrase":
                                                                       "a passphrase that is long"})[0], 403)
    cookie, csrf = witness.sign_in()
    tap.check("a commissioner signs in", cookie and "HttpOnly" in witness.cookie_line and "SameSite=Strict" in witness.cookie_line)
    for path in ("/", "/applications", "/edges", "/hub", f"/edges/{edge.id}", f"/applications/{authorisation(good)['id']}"):
        for lang in ("en", "ja"):
            status, headers, body = witness.get(path, {"Cookie": cookie, "Accept-Language": lang})
            tap.check(f"{path} ({lang})", status == 200 and f'<html lang="{lang}">' in body and
                      headers["Content-Security-Policy"].startswith("default-src 'none'; style-src 'self'") and
                      "script" not in headers["Content-Security-Policy"] and "<script" not in body and "<img" not in body,
                      status, body[:500])
    tap.check("what edges say is shown as text", html.escape(XSS, quote=True).replace("&#x27;", "&#39;") in
              witness.get("/edges", {"Cookie": cookie})[2])
    tap.check("the style is there", witness.get("/style.css")[0] == 200)
    number = [a for a in witness.alarms() if "acknowledged" not in a][0]["number"]
    path = f"/alarms/{number}/acknowledge"
    tap.equal("no form without its token", witness.post(path, {"reason": "x"}, cookie)[0], 403)
    tap.equal("none with another's", witness.post(path, {"reason": "x", "csrf": "0" * 64}, cookie)[0], 403)
    tap.equal("none from another site", witness.post(path, {"reason": "x", "csrf": csrf}, cookie,
                                                     **{"Sec-Fetch-Site": "cross-site"})[0], 403)
    tap.equal("none without a sign-in", witness.post(path, {"reason": "x", "csrf": csrf})[0], 303)
    tap.check("none of them did anything", "acknowledged" not in [a for a in witness.alarms() if a["number"] == number][0])
    tap.equal("with all of it an alarm is acknowledged", witness.post(path, {"reason": "seen " + XSS, "csrf": csrf}, cookie)[0], 303)
    tap.check("under the name that signed in", until(
        lambda: [a for a in witness.alarms() if a["number"] == number and a.get("who") == "tanaka"], "it"))
    _, headers, _ = witness.post("/language", {"to": "ja", "csrf": csrf}, cookie)
    both = cookie + "; " + headers["Set-Cookie"].split(";")[0]
    tap.check("the language is switched", '<html lang="ja">' in witness.get("/", {"Cookie": both})[2])
    waiting = commission.issue("page.json", names="", purpose="page " + XSS, recipient=XSS)
    one = authorisation(waiting)
    witness.run("bring", waiting)
    path = f"/applications/{one['id']}"
    body = witness.get(path, {"Cookie": cookie})[2]
    tap.check("an application is shown as text", one["sha256"] in body and "<script" not in body and "<img" not in body and
              "page &lt;script&gt;" in body, body)
    csrf = token_of(body)
    secret = "a passphrase that is long"
    tap.equal("what was not shown is not signed", witness.post(path + "/sign", {
        "digest": "0" * 64, "passphrase": secret, "csrf": csrf}, cookie)[0], 403)
    tap.equal("what was shown is", witness.post(path + "/sign", {
        "digest": one["sha256"], "passphrase": secret, "csrf": csrf}, cookie)[0], 303)
    hinomi("authority", "sign", "--key", commission.dir / "b.key", waiting)
    tap.equal("a file from elsewhere is taken", witness.post(path + "/take", {
        "document": waiting.read_text(), "csrf": csrf}, cookie)[0], 303)
    tap.check("and it is signed", "; 2 of 2 signatures" in witness.get(path, {"Cookie": cookie})[2])
    tap.equal("the list is renewed", witness.post("/revocations", {"id": "", "passphrase": secret, "csrf": csrf}, cookie)[0], 303)
    tap.equal("one signs out", witness.post("/sign-out", {"csrf": csrf}, cookie)[0], 303)
    tap.equal("and is out", witness.get("/", {"Cookie": cookie})[0], 303)


of_edges()
of_the_hub()
of_kills()
tap.done()
