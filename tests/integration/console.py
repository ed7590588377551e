#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The Hinomi authors
"""The console in a browser against the real hub. This part makes a small nation, with hostile text in every field that others
fill; console.mjs, or console_NAME.mjs, drives the browser and prints the results.

usage: console.py [NAME | --stay]: with --stay the hub stays for looking"""
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
import threading
import time
import uuid

sys.dont_write_bytecode = True
from hub_world import BIN, Hub, Tap  # noqa: E402  beside this file

SOURCE = pathlib.Path(os.environ.get("HINOMI_SOURCE", pathlib.Path(__file__).resolve().parents[2]))
GREEN = "marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb"
AMBER = "marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421"
HOSTILE = "\"'><img src=x onerror=\"window.hostile=1\"><script>window.hostile=1</script><svg/onload=window.hostile=1>"
PASSWORD = "a long password of {}"


def now(**delta):
    return (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(**delta)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def stix(kind, **more):
    one = {"type": kind, "spec_version": "2.1", "id": f"{kind}--{uuid.uuid4()}", "created": now(), "modified": now(),
           "object_marking_refs": [GREEN]}
    one.update(more)
    return one


def indicator(pattern, **more):
    return stix("indicator", pattern=pattern, pattern_type="stix", valid_from="2026-01-01T00:00:00Z", **more)


def hostile_bundle():
    """One of each kind, with hostile text wherever the standard lets text stand."""
    shared = {"labels": [HOSTILE], "external_references": [{"source_name": HOSTILE, "description": HOSTILE, "external_id": HOSTILE,
                                                            "url": "javascript:window.hostile=1"}]}
    malware = stix("malware", name=HOSTILE, description=HOSTILE, is_family=True, aliases=[HOSTILE], malware_types=[HOSTILE], **shared)
    actor = stix("threat-actor", name=HOSTILE, description=HOSTILE, goals=[HOSTILE], roles=[HOSTILE], sophistication=HOSTILE,
                 primary_motivation=HOSTILE, **shared)
    evil = indicator("[domain-name:value = 'hostile.example' AND url:value = '" + HOSTILE.replace("\\", "\\\\").replace("'", "\\'") + "']",
                     name=HOSTILE, description=HOSTILE, indicator_types=[HOSTILE], lang="en",
                     kill_chain_phases=[{"kill_chain_name": HOSTILE, "phase_name": HOSTILE}], x_theirs=HOSTILE, **shared)
    return evil, [
        malware, actor, evil,
        stix("report", name=HOSTILE, description=HOSTILE, published="2026-11-01T00:00:00Z", report_types=[HOSTILE],
             object_refs=[malware["id"]], **shared),
        stix("note", content=HOSTILE, abstract=HOSTILE, authors=[HOSTILE], object_refs=[evil["id"]], **shared),
        stix("relationship", relationship_type="indicates", description=HOSTILE, source_ref=evil["id"], target_ref=malware["id"]),
        *[stix(kind, name=HOSTILE, description=HOSTILE, **more, **shared) for kind, more in {
            "attack-pattern": {"aliases": [HOSTILE]}, "campaign": {"objective": HOSTILE}, "course-of-action": {},
            "identity": {"roles": [HOSTILE], "identity_class": HOSTILE, "sectors": [HOSTILE], "contact_information": HOSTILE},
            "infrastructure": {"infrastructure_types": [HOSTILE]}, "intrusion-set": {"goals": [HOSTILE], "resource_level": HOSTILE},
            "location": {"country": "JP", "city": HOSTILE, "street_address": HOSTILE}, "tool": {"tool_version": HOSTILE},
            "vulnerability": {}}.items()],
        stix("opinion", opinion="disagree", explanation=HOSTILE, authors=[HOSTILE], object_refs=[evil["id"]], **shared),
        stix("grouping", name=HOSTILE, context=HOSTILE, object_refs=[evil["id"]], **shared),
        stix("malware-analysis", product=HOSTILE, version=HOSTILE, result="malicious", result_name=HOSTILE, **shared),
        {"type": "file", "spec_version": "2.1", "id": f"file--{uuid.uuid4()}", "name": HOSTILE, "hashes": {"MD5": "0" * 32},
         "object_marking_refs": [GREEN]},
        {"type": "email-message", "spec_version": "2.1", "id": f"email-message--{uuid.uuid4()}", "is_multipart": False, "subject": HOSTILE,
         "body": HOSTILE, "additional_header_fields": {"X-Theirs": [HOSTILE]}, "object_marking_refs": [GREEN]},
        stix("sighting", sighting_of_ref=evil["id"], description=HOSTILE, count=3, first_seen="2026-11-20T00:00:00Z",
             last_seen="2026-11-20T10:00:00Z", summary=False),
    ]


def b64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Edge:
    """Speaks the edge channel as a resolver would, by the packaged openssl and zstd."""

    def __init__(self, code, port, kind="resolver"):
        self.kind = kind
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="hinomi-edge-"))
        self.port, self.epoch, self.through = port, str(uuid.uuid4()), {}
        self.enrol(code)

    def run(self, *command, **options):
        return subprocess.run(command, check=True, cwd=self.dir, capture_output=True, timeout=60, **options).stdout

    def key(self, kind):
        self.run("openssl", "genpkey", "-algorithm", kind, "-out", f"{kind}.pem")
        return self.run("openssl", "pkey", "-in", f"{kind}.pem", "-pubout", "-outform", "DER")[-32:]

    def enrol(self, code):
        raw = base64.urlsafe_b64decode(code.removeprefix("hinomi1-") + "==")
        ed25519, x25519 = b64url(self.key("ed25519")), b64url(self.key("x25519"))
        kid = b64url(hashlib.sha256(f'{{"crv":"Ed25519","kty":"OKP","x":"{ed25519}"}}'.encode()).digest())
        identity = {"type": "hinomi-public-key", "version": 1, "kid": kid, "name": "edge", "ed25519": ed25519, "x25519": x25519}
        self.run("openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", "tls.pem")
        csr = self.run("openssl", "req", "-new", "-key", "tls.pem", "-subj", "/CN=edge").decode()
        payload = b64url(json.dumps({"secret": b64url(raw[2:18]), "csr": csr, "identity": json.dumps(identity), "kind": self.kind,
                                     "program": {"name": "hinomi-edge", "version": HOSTILE[:100], "build": HOSTILE[:100]}}).encode())
        head = b64url(json.dumps({"alg": "Ed25519", "kid": kid}).encode())
        (self.dir / "signed").write_bytes(f"{head}.{payload}".encode())
        signature = b64url(self.run("openssl", "pkeyutl", "-sign", "-rawin", "-inkey", "ed25519.pem", "-in", "signed"))
        status, answer = self.ask("POST", "/edge/v1/enrol", json.dumps({"payload": payload, "signatures": [
            {"protected": head, "signature": signature}]}).encode(), {"Content-Type": "application/json"}, certificate=False)
        assert status == 201, answer
        self.id = answer["edge"]
        (self.dir / "certificate.pem").write_text(answer["certificate"])

    def ask(self, method, path, body, headers, certificate=True):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        if certificate:
            context.load_cert_chain(self.dir / "certificate.pem", self.dir / "tls.pem")
        connection = http.client.HTTPSConnection("127.0.0.1", self.port, timeout=60, context=context)
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        text = answer.read()
        connection.close()
        return answer.status, json.loads(text) if text else None

    def send(self, stream, *lines):
        body = self.run("zstd", "-q", "-c", input="".join(json.dumps(line) + "\n" for line in lines).encode())
        first = self.through.get(stream, 0) + 1
        status, answer = self.ask("POST", f"/edge/v1/streams/{stream}", body, {
            "Content-Type": "application/x-ndjson", "Content-Encoding": "zstd", "Hinomi-Epoch": self.epoch, "Hinomi-First": str(first),
            "Hinomi-Count": str(len(lines)), "Hinomi-Digest": hashlib.sha256(body).hexdigest()})
        assert status == 200, answer
        self.through[stream] = answer["through"]

    def answer(self, reply):
        """Answers every question of the hub's from now on, in the background."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        context.load_cert_chain(self.dir / "certificate.pem", self.dir / "tls.pem")
        connection = http.client.HTTPSConnection("127.0.0.1", self.port, timeout=600, context=context)
        connection.request("GET", "/edge/v1/heads")
        heads = connection.getresponse()
        done = set()

        def follow():
            try:
                for line in heads:
                    if not line.startswith(b"data:"):
                        continue
                    payload = json.loads(line[5:])["payload"]
                    head = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
                    for question in head.get("questions", []):
                        if question["id"] not in done:
                            done.add(question["id"])
                            self.send("health", {"question": question["id"], "answer": reply})
            except (OSError, http.client.HTTPException):
                pass  # the hub ended

        threading.Thread(target=follow, daemon=True).start()

    def remove(self):
        shutil.rmtree(self.dir, ignore_errors=True)


class World:
    def __init__(self):
        self.hub = Hub("http: {rate: 0}\n")
        made = self.hub.command("init", "--token", "--json", "--login", "first", "--centre", "国家サイバー統括室")
        assert made.returncode == 0, made.stderr
        first = json.loads(made.stdout)
        self.centre = first["centre"]
        self.admin = self.hub.client(token=first["token"])
        answer = self.admin.get(f"/api/v1/organisations/{self.centre}")
        whole = answer.json
        whole["names"] = [{"language": "ja", "name": "国家サイバー統括室", "reading": "こっかさいばーとうかつしつ"},
                          {"language": "en", "name": "National Cybersecurity Office"}]
        assert self.admin.put(f"/api/v1/organisations/{self.centre}", whole, If_Match=answer.headers["ETag"]).status == 204
        self.people = {}
        self.anna = self.person("anna", self.centre, [("ja", "山田 杏奈"), ("en", "Anna Yamada")], "analyst", "approver", "administrator")
        self.ben = self.person("ben", self.centre, [("ja", "佐藤 勉"), ("en", "Ben Sato")], "approver")
        self.gen = self.person("gen", self.centre, [("ja", "高橋 元"), ("en", "Gen Takahashi")], "approver")
        self.fill()

    def person(self, login, organisation, names, *roles):
        made = self.admin.post("/api/v1/people", {"login": login, "names": [{"language": lang, "name": name} for lang, name in names],
                                                  "places": [{"organisation": organisation, "roles": list(roles)}]})
        assert made.status == 201, made
        self.people[login] = made.json["id"]
        assert self.admin.put(f"/api/v1/people/{made.json['id']}/password", {"new": PASSWORD.format(login)}).status == 204
        return self.hub.client(basic=(login, PASSWORD.format(login)))

    def add(self, who, *objects):
        answer = who.post("/api/v1/objects", {"type": "bundle", "id": f"bundle--{uuid.uuid4()}", "objects": list(objects)})
        assert answer.status == 200 and answer.json["failed"] == 0, answer

    def organisation(self, kind, ja, en, **more):
        made = self.admin.post("/api/v1/organisations", {
            "kind": kind, "names": [{"language": "ja", "name": ja}, {"language": "en", "name": en}],
            "agreements": [{"partner": self.centre, "tlp_max": "amber", "onward": False, "purposes": ["defence", "analysis"]}], **more})
        assert made.status == 201, made
        return made.json["id"]

    def fill(self):
        self.power = self.organisation(
            "operator", "あけぼの電力株式会社", "Akebono Electric Power", sectors={"critical": ["electric-power"]},
            holdings=[{"kind": "prefix", "value": "198.51.100.0/24", "state": "entered"}, {"kind": "domain", "value": "akebono.example", "state": "proved"}],
            contact_windows=[{"title": "CSIRT 当直", "telephone": "+81-3-0000-0000", "mail": "csirt@akebono.example", "hours": "24時間"}])
        self.dora = self.person("dora", self.power, [("ja", "田中 緑"), ("en", "Midori Tanaka")], "administrator")
        self.organisation("ceptoar", "電力セプター", "Electric power CEPTOAR", sectors={"critical": ["electric-power"]})
        self.organisation("ministry", "経済産業省", "Ministry of Economy, Trade and Industry")
        self.foreign = self.organisation(
            "foreign-cert", HOSTILE, HOSTILE,
            contact_windows=[{"title": HOSTILE, "mail": HOSTILE, "telephone": HOSTILE, "hours": HOSTILE, "note": HOSTILE}],
            holdings=[{"kind": "prefix", "value": "192.0.2.0/24", "state": "claimed", "note": HOSTILE}])
        self.stranger = self.person("stranger", self.foreign, [("en", HOSTILE)], "analyst")
        assert self.admin.post("/api/v1/groups", {"names": [{"language": "en", "name": HOSTILE}], "description": HOSTILE,
                                                  "keeper": self.centre}).status == 201
        self.evil, bundle = hostile_bundle()
        self.bundle = [one["id"] for one in bundle]
        self.add(self.stranger, *bundle)
        self.attack = indicator("[domain-name:value = 'c2.fubuki.example']", name="標的型攻撃の指令サーバ",
                                description="電力分野への攻撃で使われた指令サーバ。", indicator_types=["malicious-activity"], confidence=85)
        actor = stix("intrusion-set", name="FUBUKI", aliases=["吹雪"], description="重要インフラを狙う攻撃グループ。")
        inside = [indicator(f"[ipv4-addr:value = '203.0.113.{n}']", name=f"攻撃の踏み台 {n}", confidence=60) for n in (5, 9, 77)]
        self.inside = [one["id"] for one in inside]
        seen = stix("sighting", sighting_of_ref=self.attack["id"], count=4, first_seen="2026-11-20T00:00:00Z", last_seen="2026-11-20T21:10:00Z")
        self.add(self.anna, self.attack, actor, *inside, seen,
                 stix("relationship", relationship_type="indicates", source_ref=self.attack["id"], target_ref=actor["id"]))
        made = self.anna.post("/api/v1/sets", {"names": {"en": "National block list", "ja": "全国遮断リスト"}, "action": "block",
                                               "marking": {"tlp": "green"}})
        assert made.status == 201, made
        self.set = made.json["id"]
        hostile = self.anna.post("/api/v1/sets", {"names": {"en": HOSTILE, "ja": HOSTILE}, "action": "watch", "marking": {"tlp": "green"}})
        assert hostile.status == 201, hostile
        proposed = self.anna.post(f"/api/v1/sets/{hostile.json['id']}/approvals",
                                  {"object": inside[0]["id"], "propose": True, "reason": HOSTILE})
        assert proposed.status == 201, proposed
        self.report(inside[0]["id"])
        self.commission()
        self.hostile_approval = f"/threats/sets/{hostile.json['id']}/approvals/{proposed.json['id']}"

    def report(self, indicator_id):
        """A resolver that blocked now and then for a day, and says hostile things of itself."""
        made = self.admin.post("/api/v1/edges", {"kind": "resolver", "names": {"en": HOSTILE, "ja": HOSTILE}})
        assert made.status == 201, made
        self.edge = Edge(made.json["code"], self.hub.edge_port)
        at = int(time.time() * 1000)
        lines = []
        for hour in reversed(range(20)):
            own = {"set": HOSTILE if hour == 3 else "block", "action": "block", "indicator": indicator_id if hour == 3 else self.attack["id"],
                   "value": HOSTILE[:200] if hour == 3 else "c2.fubuki.example"}
            lines.append({"metadata": {"uid": str(uuid.uuid4())}, "time": at - hour * 3_600_000, "count": 1 + hour * 7 % 11,
                          "query": {"hostname": own["value"]}, "unmapped": {"hinomi": own}})
        self.edge.send("events", *lines)
        self.edge.send("health", {
            "time": now(), "sets": {HOSTILE: HOSTILE}, HOSTILE: HOSTILE, "spool": {"bytes": 4096, "waiting": {HOSTILE: 3}},
            "heads": [{"kind": HOSTILE, "id": HOSTILE, "version": HOSTILE, "expires": HOSTILE}, {"kind": "set", "id": "../me", "version": 1},
                      {"kind": "set", "id": HOSTILE, "version": 2}],
            "resolver": {"ok": True, "answer": {"sets": [{"name": HOSTILE, "set_id": HOSTILE, "action": HOSTILE, "organisation": HOSTILE}]}}})
        match = {name: HOSTILE for name in ("set", "set_id", "organisation", "contact", "entry", "value", "object", "marking", "action",
                                            "status", "why", "trigger")}
        self.edge.answer({"ok": True, HOSTILE: HOSTILE, "answer": {
            "name": HOSTILE, "action": HOSTILE, "note": HOSTILE, "decided": match, "matches": [match, {**match, "object": "javascript:1"}],
            "asked": {"days": [{"day": HOSTILE, "asked": HOSTILE}]}, HOSTILE: {HOSTILE: 7}}})

    def commission(self):
        """The oversight commission, its trust file, a sensor and a set to select by."""
        commission = self.organisation("commission", "サイバー通信情報監理委員会", "Oversight commission")
        self.carol = self.person("carol", commission, [("ja", "鈴木 薫"), ("en", "Kaoru Suzuki")], "commissioner")
        made = self.anna.post("/api/v1/sets", {"names": {"en": "Selection", "ja": "選別用"}, "action": "select", "marking": {"tlp": "green"}})
        assert made.status == 201, made
        made = self.admin.post("/api/v1/edges", {"kind": "sensor", "names": {"en": "Toyosu sensor", "ja": "豊洲センサー"}})
        assert made.status == 201, made
        self.sensor = Edge(made.json["code"], self.hub.edge_port, "sensor")
        self.keys = self.sensor.dir
        authority = str(BIN / "hinomi-authority")
        self.sensor.run(authority, "keygen", "-o", "member.key")
        self.sensor.run(authority, "trust", "--threshold", "1", "member.key.pub", "--mark", "test", "-o", "trust.json")
        put = self.admin.ask("PUT", "/api/v1/nation/trust", (self.keys / "trust.json").read_bytes(), Content_Type="application/jose+json")
        assert put.status == 204, put

    def told(self):
        """What the browser's part needs to know."""
        return {"url": f"http://localhost:{self.hub.port}", "set": self.set, "evil": self.evil["id"], "attack": self.attack["id"],
                "centre": self.centre, "power": self.power, "foreign": self.foreign, "stranger": self.people["stranger"],
                "people": self.people, "bundle": self.bundle, "inside": self.inside,
                                "edge": self.edge.id, "keys": str(self.keys), "authority": str(BIN / "hinomi-authority"), "hostileApproval": self.hostile_approval, "hostile": HOSTILE,
                "password": {login: PASSWORD.format(login) for login in self.people}}


def missing():
    """Why the browser's part cannot run here; None: it can."""
    browser = shutil.which("chromium")
    if browser is None:
        return "chromium is not installed"
    if shutil.which("node") is None or not (SOURCE / "console/node_modules/playwright-core").is_dir():
        return "the console's packages are not there (npm)"
    return None


def main():
    asked = sys.argv[1] if len(sys.argv) > 1 else ""
    stay = asked == "--stay"
    why = missing()
    if why and not stay:
        tap = Tap()
        tap.skip("the console in a browser", why)
        tap.done()
    world = World()
    try:
        if not stay and world.hub.client().ask("GET", "/", check=False, Accept_Encoding="gzip").headers.get("Content-Encoding") != "gzip":
            tap = Tap()
            tap.skip("the console in a browser", "the hub was built without it")
            tap.done()
        if stay:
            print(json.dumps(world.told(), ensure_ascii=False, indent=1), flush=True)
            sys.stdin.read()
            return
        shots = BIN.parent / "screenshots"
        script = pathlib.Path(__file__).with_name(f"console_{asked}.mjs" if asked else "console.mjs")
        done = subprocess.run(["node", str(script)], timeout=540, stdin=subprocess.DEVNULL,
                              env=dict(os.environ, CONSOLE_WORLD=json.dumps(world.told()), CONSOLE_SCREENSHOTS=str(shots),
                                       CONSOLE_PACKAGES=str(SOURCE / "console/package.json"), CONSOLE_BROWSER=shutil.which("chromium")))
        sys.exit(done.returncode)
    finally:
        world.edge.remove()
        world.sensor.remove()
        world.hub.remove()


if __name__ == "__main__":
    main()
