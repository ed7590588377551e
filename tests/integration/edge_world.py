# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The Hinomi authors
"""What the tests of the edge channel share: a hub with a small nation and its commission, edges enrolled by the real program,
and a hostile client that speaks the channel with an edge's keys."""
import base64
import datetime
import hashlib
import http.client
import json
import os
import pathlib
import shutil
import ssl
import subprocess
import sys
import tempfile
import time
import uuid

sys.dont_write_bytecode = True
from hub_world import BIN, DEADLINE, Hub, Tap, until  # noqa: E402,F401  beside this file

HERE = pathlib.Path(__file__).resolve().parent
LAB = HERE.parent.parent / "lab"
RECEIPT = HERE.parent / "fuzz" / "corpus" / "receipt_check" / "whole"
GREEN = "marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb"


def now(**delta):
    return (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(**delta)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def unb64(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def run(*words, data=None, check=True, **options):
    done = subprocess.run([str(word) for word in words], input=data, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          timeout=DEADLINE, check=False, **options)
    if check and done.returncode != 0:
        raise RuntimeError(f"{words}: {done.returncode}\n{done.stderr.decode(errors='replace')}")
    return done


def openssl(*words, data=None):
    return run("openssl", *words, data=data).stdout


def packed(data):
    return run("zstd", "-q", "-c", data=data).stdout


class Signer:
    """An Ed25519 key that signs as an edge's identity does (RFC 7515, RFC 9864)."""

    def __init__(self, place, secret=None):
        seed = secret[:32] if secret else os.urandom(32)
        self.pem = pathlib.Path(place) / f"signer-{uuid.uuid4()}.pem"
        der = bytes.fromhex("302e020100300506032b657004220420") + seed
        self.pem.write_bytes(openssl("pkey", "-inform", "DER", data=der))
        self.public = openssl("pkey", "-in", self.pem, "-pubout", "-outform", "DER")[-32:]
        said = json.dumps({"crv": "Ed25519", "kty": "OKP", "x": b64(self.public)}, separators=(",", ":"))
        self.kid = b64(hashlib.sha256(said.encode()).digest())
        self.protected = b64(json.dumps({"alg": "Ed25519", "kid": self.kid}, separators=(",", ":")).encode())

    def sign(self, text):
        with tempfile.NamedTemporaryFile() as f:
            f.write(text.encode())
            f.flush()
            return b64(openssl("pkeyutl", "-sign", "-rawin", "-inkey", self.pem, "-in", f.name))

    def jws(self, payload):
        body = b64(json.dumps(payload).encode())
        return json.dumps({"payload": body, "signatures": [{"protected": self.protected,
                                                            "signature": self.sign(f"{self.protected}.{body}")}]}).encode()

    def receipt(self, receipt):
        text = json.dumps(receipt, separators=(",", ":"), sort_keys=True)
        signature = self.sign(f"{self.protected}.{b64(text.encode())}")
        return f'{{"receipt":{text},"protected":"{self.protected}","signature":"{signature}"}}'.encode()

    def public_file(self, name="x"):
        """As `hinomi authority keygen` writes it."""
        return json.dumps({"type": "hinomi-public-key", "version": 1, "kid": self.kid, "name": name, "ed25519": b64(self.public),
                           "x25519": b64(bytes(31) + b"\x09")})


def signer_of(place, path):
    """One with the key of a file, as `hinomi authority keygen` writes it."""
    secret = [line.split()[1] for line in path.read_text().splitlines() if line.startswith("secret ")][0]
    return Signer(place, unb64(secret))


class Channel:
    """A client of the channel with a certificate or without one; nothing that it sends is checked here."""

    def __init__(self, port, certificate=None, key=None):
        self.port = port
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self.context.check_hostname = False
        self.context.verify_mode = ssl.CERT_NONE
        if certificate:
            self.context.load_cert_chain(certificate, key)

    def connection(self, timeout=DEADLINE):
        return http.client.HTTPSConnection("127.0.0.1", self.port, context=self.context, timeout=timeout)

    def ask(self, method, path, body=None, **headers):
        """@return (status, body)"""
        c = self.connection()
        try:
            c.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
            got = c.getresponse()
            return got.status, got.read()
        finally:
            c.close()

    def refused(self, path="/edge/v1/streams"):
        """Whether it gets nothing: by the handshake or by the answer."""
        try:
            return self.ask("GET", path)[0] in (401, 403)
        except (OSError, http.client.HTTPException):
            return True

    def follow(self):
        """The stream of heads: (its connection, its answer)"""
        c = self.connection()
        c.request("GET", "/edge/v1/heads")
        return c, c.getresponse()

    def heads(self, count):
        """The first heads that come: what they say, as it was signed."""
        c, answer = self.follow()
        found = []
        while len(found) < count:
            line = answer.readline()
            if not line:
                break
            if line.startswith(b"data: "):
                found.append(line[6:].strip())
        c.close()
        return found

    def batch(self, stream, first, lines, epoch, **headers):
        """Lines as a batch; headers put others in the place of the true ones. @return (status, JSON or bytes)"""
        plain = lines if isinstance(lines, bytes) else b"".join(line + b"\n" for line in lines)
        body = headers.pop("body", None)
        body = packed(plain) if body is None else body
        told = {"Content-Type": "application/x-ndjson", "Content-Encoding": "zstd", "Hinomi-Epoch": epoch, "Hinomi-First": str(first),
                "Hinomi-Count": str(plain.count(b"\n")), "Hinomi-Digest": hashlib.sha256(body).hexdigest()}
        told.update({name.replace("_", "-"): value for name, value in headers.items()})
        status, answer = self.ask("POST", f"/edge/v1/streams/{stream}", body, **told)
        try:
            return status, json.loads(answer)
        except ValueError:
            return status, answer


class Edge(Channel):
    """Enrolled by hinomi-edge, then played by this test with its keys."""

    def __init__(self, world, kind, client, names=None, organisation=None, **paths):
        self.world, self.dir = world, world.dir / f"{kind}-{uuid.uuid4().hex[:6]}"
        self.code = world.code(client, kind, names, organisation)
        words = []
        for name, path in ({"events": self.dir.with_suffix(".events")} if kind == "resolver" and not paths else paths).items():
            words += [f"--{name}", path]
        run(BIN / "hinomi-edge", "enrol", self.code, "--directory", self.dir, *words, env=world.hub.env)
        self.state = json.loads((self.dir / "edge.json").read_text())
        self.id, self.epoch = self.state["edge"], str(uuid.uuid4())
        self.next = {}
        super().__init__(world.hub.edge_port, self.dir / "hub/certificate.pem", self.dir / "hub/key.pem")

    def signer(self):
        return signer_of(self.world.dir, self.dir / "identity")

    def send(self, stream, *lines):
        """What follows in a stream."""
        first = self.next.get(stream, 1)
        status, answer = self.batch(stream, first, [json.dumps(x).encode() if isinstance(x, dict) else x for x in lines], self.epoch)
        if status == 200:
            self.next[stream] = first + len(lines)
        return status, answer

    def log(self):
        log = self.dir.with_suffix(".log")
        return log.read_text(errors="replace") if log.exists() else ""

    def follows(self):
        """Whether the program that was started last has reached the hub."""
        return self.log().count("follows the hub") > self.followed

    def start(self, *options, prefix=()):
        self.followed = self.log().count("follows the hub")
        return subprocess.Popen([*prefix, str(BIN / "hinomi-edge"), "run", "--directory", str(self.dir), *map(str, options)],
                                stdin=subprocess.DEVNULL, stdout=open(self.dir.with_suffix(".log"), "ab"), stderr=subprocess.STDOUT,
                                env=self.world.hub.env)


def event(indicator="", organisation="", time_ms=None, count=1, **more):
    own = {"action": "block", "set": "national", "value": more.pop("value", "bad.example"), **more.pop("own", {})}
    if indicator:
        own["indicator"] = indicator
    if organisation:
        own["organisation"] = organisation
    return {"metadata": {"uid": more.pop("uid", None) or str(uuid.uuid4())}, "time": time_ms or int(time.time() * 1000), "count": count,
            "unmapped": {"hinomi": own}, **more}


def record(authorization, indicator="", **more):
    own = {"authorization": authorization, "class": "foreign-domestic", **more.pop("own", {})}
    if indicator:
        own["indicator"] = indicator
    return {"metadata": {"uid": str(uuid.uuid4())}, "time": more.pop("time_ms", None) or int(time.time() * 1000),
            "unmapped": {"hinomi": own}, **more}


class World:
    """The centre (anna and ben decide), the commission (chika), three operators (a desk each)."""

    def __init__(self, config="http: {rate: 0, idle_time: 3600s}\n", database=None, env=None, prefix=()):
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="hinomi-edges-"))
        self.hub = Hub(config, database=database, env=env, prefix=prefix)
        self.admin = self.hub.admin()
        self.centre = self.hub._admin["centre"]
        self.people, self.organisations = {}, {}
        self.anna = self.person("anna", self.centre, "analyst", "approver", "edge-operator")
        self.ben = self.person("ben", self.centre, "approver", "administrator")
        self.chika = self.desk("commission", "commissioner", kind="commission")
        self.desks = {name: self.desk(name, "analyst", "approver", "administrator") for name in ("power", "bank", "rail")}

    def person(self, login, organisation, *roles, **more):
        made = self.admin.post("/api/v1/people", {"login": login, "places": [{"organisation": organisation, "roles": list(roles)}], **more})
        assert made.status == 201, made
        self.people[login] = made.json["id"]
        done = self.admin.put(f"/api/v1/people/{made.json['id']}/password", {"new": f"a password of {login}"})
        assert done.status == 204, done
        return self.hub.client(basic=(login, f"a password of {login}"))

    def anew(self):
        """Connections that were kept are the hub's to end: all begin anew."""
        for client in (self.admin, self.anna, self.ben, self.chika, *self.desks.values()):
            client.close()

    def handles(self, login, authorization):
        """Names a person, who has a password of his own by then, as one who handles what is selected under it: no
        administrator gives such rights to whom he gave a password."""
        done = self.hub.client(basic=(login, f"a password of {login}")).put(
            "/api/v1/me/password", {"current": f"a password of {login}", "new": f"my own, {login}'s"})
        assert done.status == 204, done
        path = f"/api/v1/people/{self.people[login]}"
        shown = self.ben.get(path)
        body = {name: value for name, value in shown.json.items() if name in ("login", "names", "active", "places", "clearance")}
        done = self.ben.put(path, {**body, "handlings": [{"authorization": authorization}]}, If_Match=shown.headers["ETag"])
        assert done.status in (200, 204), done
        return self.hub.client(basic=(login, f"my own, {login}'s"))

    def desk(self, name, *roles, kind="operator"):
        made = self.admin.post("/api/v1/organisations", {
            "kind": kind, "names": [{"language": "en", "name": name}],
            "agreements": [{"partner": self.centre, "tlp_max": "red", "onward": False, "purposes": ["defence", "analysis"],
                            "contents": ["technical", "background"]}]})
        assert made.status == 201, made
        self.organisations[name] = made.json["id"]
        return self.person(f"{name}-desk", made.json["id"], *roles)

    def code(self, client, kind, names=None, organisation=None):
        body = {"kind": kind, "names": names or {"en": f"a {kind}", "ja": "機器"}}
        if organisation:
            body["organisation"] = organisation
        made = client.post("/api/v1/edges", body)
        assert made.status == 201, made
        return made.json["code"]

    def indicator(self, pattern, who=None, marking=GREEN):
        one = {"type": "indicator", "spec_version": "2.1", "id": f"indicator--{uuid.uuid4()}", "created": now(), "modified": now(),
               "pattern": pattern, "pattern_type": "stix", "valid_from": "2026-01-01T00:00:00Z", "object_marking_refs": [marking]}
        answer = (who or self.anna).post("/api/v1/objects", {"type": "bundle", "id": f"bundle--{uuid.uuid4()}", "objects": [one]})
        assert answer.status == 200 and answer.json["failed"] == 0, answer
        return one["id"]

    def set(self, action, pattern, tlp="amber", **marking):
        """A set with an entry in force. @return its UUID"""
        made = self.anna.post("/api/v1/sets", {"names": {"en": action, "ja": "集合"}, "action": action, "marking": {"tlp": tlp, **marking}})
        assert made.status == 201, made
        path = f"/api/v1/sets/{made.json['id']}/approvals"
        asked = self.anna.post(path, {"object": self.indicator(pattern), "propose": True, "act": "act-2026-001"})
        assert asked.status == 201, asked
        done = self.ben.post(f"{path}/{asked.json['id']}/approve")
        assert done.status == 200, done
        return made.json["id"]

    # ---- the commission ----

    def commission(self):
        """Trust file, table and an empty list of revocations."""
        tool, d = BIN / "hinomi-authority", self.dir
        for name in "ab":
            run(tool, "keygen", "--name", f"commissioner {name}", "-o", d / f"{name}.key")
        run(tool, "trust", "--threshold", "2", d / "a.key.pub", d / "b.key.pub", "--domestic", LAB / "domestic.txt", "--mark", "demo",
            "-o", d / "TRUST.json")
        self.put("trust", d / "TRUST.json")
        self.put("domestic", LAB / "domestic.txt", "text/plain")
        self.revoke()

    def put(self, kind, path, media="application/jose+json"):
        done = self.chika.put(f"/api/v1/nation/{kind}", path.read_bytes(), Content_Type=media)
        assert done.status == 204, done

    def revoke(self, *ids):
        d = self.dir
        known = ["--list", d / "REVOCATIONS.json"] if (d / "REVOCATIONS.json").exists() else []
        run(BIN / "hinomi-authority", "revoke", "--key", d / "a.key", "--trust", d / "TRUST.json", *known, "-o", d / "next.json",
            *(word for one in ids for word in ("--id", one)))
        (d / "next.json").replace(d / "REVOCATIONS.json")
        self.put("revocations", d / "REVOCATIONS.json")

    def apply(self, sensors, set_id, until_at=None, start=None):
        both = ["foreign-domestic", "domestic-foreign"]
        made = self.ben.post("/api/v1/authorisations", {
            "basis": "specified", "classes": both, "facilities": [{"classes": both, "prefix": "203.0.113.64/26"}],
            "purpose": "to learn", "acts": ["act-2026-001"],
            "sets": [{"id": set_id, "kinds": ["ipv4", "name"], "entries_max": 1000, "prefix4_widest": 24, "prefix6_widest": 48}],
            "sensors": [{"id": one} for one in sensors], "from": start or now(hours=-1), "until": until_at or now(days=30),
            "retention": "P30D", "recipients": ["national-police"]})
        assert made.status == 201, made
        return made.json["id"]

    def authorise(self, sensors, set_id, **more):
        """Applied for, signed by two, issued. @return its UUID"""
        one = self.apply(sensors, set_id, **more)
        path, document = f"/api/v1/authorisations/{one}", self.dir / f"{one}.json"
        assert self.ben.post(path + "/hand").status == 204
        document.write_text(json.dumps(self.chika.get(path).json["document"]))
        for name in "ab":
            run(BIN / "hinomi-authority", "sign", "--key", self.dir / f"{name}.key", document)
        done = self.chika.put(path + "/document", document.read_bytes(), Content_Type="application/jose+json")
        assert done.status == 204, done
        done = self.ben.post(path + "/issue")
        assert done.status == 204, done
        return one

    # ---- what the ledger says ----

    def ledger(self, kind):
        """How many entries of a kind there are."""
        entries = self.hub.data / "ledger" / "tile" / "entries"
        newest = {p.with_suffix(""): max(p.iterdir(), key=lambda one: int(one.name)) for p in entries.rglob("*.p")}
        whole = {p: p for p in entries.rglob("*") if p.is_file() and p.suffix == "" and p.parent.suffix == ""}
        return sum(p.read_bytes().count(f'"{kind}"'.encode()) for p in {**newest, **whole}.values())

    def edge(self, edge, who=None):
        return (who or self.admin).get(f"/api/v1/edges/{edge.id}").json

    def end(self):
        self.hub.remove()
        shutil.rmtree(self.dir, ignore_errors=True)


class Receipts:
    """Receipts as a sensor makes them, one behind the other."""

    def __init__(self, edge):
        self.edge, self.signer = edge, edge.signer()
        self.number, self.former, self.offset = 0, None, 0
        self.epoch = str(uuid.uuid4())

    def next(self, authorization, lines=(), number=None, signer=None, erase_by=None, **changes):
        """One over some records. @return its line"""
        one = json.loads(RECEIPT.read_text())["receipt"]
        text = b"".join(line + b"\n" for line in lines)
        self.number = number or self.number + 1
        one.update(edge=self.edge.id, epoch=self.epoch, number=self.number, made=now(), interval={"from": now(minutes=-1), "until": now()})
        one["authorizations"] = [{"id": authorization, "sha256": "00" * 32}]
        one["records"] = {"bytes": len(text), "count": len(lines), "erase_by": erase_by or now(days=30), "offset": self.offset,
                          "sha256": hashlib.sha256(text).hexdigest()}
        if self.former:
            one["former"] = self.former
        one.update(changes)
        line = (signer or self.signer).receipt(one)
        self.former, self.offset = hashlib.sha256(line).hexdigest(), self.offset + len(text)
        return line
