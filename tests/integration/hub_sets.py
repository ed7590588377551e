#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The Hinomi authors
"""Holds, sets and approvals by the real program; a follower that mirrors a set and asks the matcher; kill -9 in the middle."""
import base64
import datetime
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import uuid

sys.dont_write_bytecode = True
from hub_world import BIN, DEADLINE, Hub, Tap, databases, until  # noqa: E402  beside this file

GREEN = "marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb"
RED = "marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1"
NAMES = {"en": "National block list", "ja": "全国遮断リスト"}


def now(**delta):
    return (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(**delta)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def indicator(pattern, marking=GREEN, **more):
    return {"type": "indicator", "spec_version": "2.1", "id": f"indicator--{uuid.uuid4()}", "created": now(),
            "modified": now(), "pattern": pattern, "pattern_type": "stix", "valid_from": "2026-01-01T00:00:00Z",
            "object_marking_refs": [marking], **more}


class World:
    """A hub with a centre (anna and ben decide, carl only analyses) and two operators."""

    def __init__(self, database=None):
        self.hub = Hub("http: {rate: 0}\n", database=database)
        made = self.hub.command("init", "--token", "--json", "--login", "first")
        assert made.returncode == 0, made.stderr
        first = json.loads(made.stdout)
        self.centre = first["centre"]
        self.admin = self.hub.client(token=first["token"])
        self.people = {}
        self.anna = self.person("anna", self.centre, "analyst", "approver")
        self.ben = self.person("ben", self.centre, "approver")
        self.carl = self.person("carl", self.centre, "analyst")
        self.isp_id, self.isp = self.operator("isp")
        self.bank_id, self.bank = self.operator("bank")

    def person(self, login, organisation, *roles):
        made = self.admin.post("/api/v1/people", {"login": login, "places": [{"organisation": organisation, "roles": list(roles)}]})
        assert made.status == 201, made
        self.people[login] = made.json["id"]
        assert self.admin.put(f"/api/v1/people/{made.json['id']}/password", {"new": f"a password of {login}"}).status == 204
        return self.hub.client(basic=(login, f"a password of {login}"))

    def operator(self, name):
        body = {"kind": "operator", "names": [{"language": "en", "name": name}],
                "agreements": [{"partner": self.centre, "tlp_max": "red", "onward": False, "purposes": ["defence", "analysis"],
                                "contents": ["technical", "background"]}]}
        made = self.admin.post("/api/v1/organisations", body)
        assert made.status == 201, made
        return made.json["id"], self.person(f"{name}-desk", made.json["id"], "analyst", "approver")

    def add(self, obj, who=None):
        answer = (who or self.anna).post("/api/v1/objects", {"type": "bundle", "id": f"bundle--{uuid.uuid4()}", "objects": [obj]})
        assert answer.status == 200 and answer.json["failed"] == 0, answer
        return obj["id"]

    def set(self, action="block", who=None, **more):
        made = (who or self.anna).post("/api/v1/sets", {"names": NAMES, "action": action, "marking": {"tlp": "amber"}, **more})
        assert made.status == 201, made
        return f"/api/v1/sets/{made.json['id']}"

    def propose(self, path, pattern, who=None, **more):
        made = (who or self.anna).post(path + "/approvals", {"object": self.add(indicator(pattern)), "propose": True, **more})
        assert made.status == 201, made
        return f"{path}/approvals/{made.json['id']}"

    def approved(self, path, pattern):
        at = self.propose(path, pattern)
        answer = self.ben.post(at + "/approve")
        assert answer.status == 200 and answer.json["state"] == "approved", answer
        return at


def payload(head):
    text = head["payload"]
    return json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))


class Follower:
    """Mirrors a set into a folder, as an edge will: heads by waiting, files by digest."""

    def __init__(self, client, path):
        self.client, self.path = client, path
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="hinomi-follower-"))
        self.version, self.files = 0, []

    def turn(self, wait=0):
        """@return whether there was another head"""
        answer = self.client.get(f"{self.path}/head?version={self.version}&wait={wait}")
        if answer.status == 204:
            return False
        assert answer.status == 200, answer
        head = payload(answer.json)
        assert head["kind"] == "set" and head["action"] in ("watch", "block", "select") and head["version"] > self.version, head
        files = []
        for file in [head["base"], *head["overlays"]]:
            at = self.dir / (file["digest"] + ".him")
            if not at.exists():
                blob = self.client.get(f"{self.path}/blobs/{file['digest']}", check=False)
                assert blob.status == 200 and len(blob.body) == file["size"], (blob.status, len(blob.body), file)
                at.write_bytes(blob.body)
                subprocess.run([BIN / "hinomi", "indicators", "verify", at], check=True, stdout=subprocess.DEVNULL, timeout=DEADLINE)
            files.append(at)
        self.version, self.files = head["version"], files
        return True

    def has(self, value):
        done = subprocess.run([BIN / "hinomi", "indicators", "match", *[str(f) for f in self.files], value], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True, timeout=DEADLINE)
        assert done.returncode in (0, 1), done.stderr
        return done.returncode == 0


def holds(tap, w):
    body = {"value": "203.0.113.0/24", "reason": "under watch", "contact": "desk@isp.example", "until": now(days=1),
            "marking": {"tlp": "red", "recipients": [w.isp_id]}}
    made = w.isp.post("/api/v1/holds", body)
    tap.check("a hold is entered", made.status == 201, made)
    path = made.headers["Location"]
    shown = w.isp.get(path)
    tap.check("and shown to its holder", shown.status == 200 and shown.json["value"] == "203.0.113.0/24", shown)
    tap.check("but not beyond its marking", w.bank.get(path).status == 404 and w.bank.get("/api/v1/holds").json["holds"] == [])
    ask = w.bank.post("/api/v1/holds/ask", {"value": "203.0.113.9"})
    tap.check("who names a value learns yes, and nothing else", ask.status == 200 and ask.json == {"held": True}, ask)
    tap.check("or no", w.bank.post("/api/v1/holds/ask", {"value": "198.51.100.9"}).json == {"held": False})
    tap.check("a wide question is none", w.bank.post("/api/v1/holds/ask", {"value": "203.0.0.0/8"}).status == 400)
    asked = w.isp.get(path + "/questions")
    tap.check("the holder sees who asked", [q["organisation"] for q in asked.json["questions"]] == [w.bank_id], asked)
    tap.check("nobody else does", w.bank.get(path + "/questions").status == 404)
    change = {key: body[key] for key in ("reason", "contact", "until", "marking")}
    tap.check("a stranger does not change it", w.bank.put(path, change).status == 404)
    tap.check("the holder does, on what he saw", w.isp.put(path, change, If_Match=shown.headers["ETag"]).status == 204 and
              w.isp.put(path, change, If_Match=shown.headers["ETag"]).status == 409)
    many = [w.bank.post("/api/v1/holds/ask", {"value": "198.51.100.9"}).status for _ in range(60)]
    tap.check("questions are few", 429 in many, many)
    return path


def decisions(tap, w, hold):
    path = w.set()
    short = w.anna.post("/api/v1/sets", {"names": NAMES, "action": "block", "persons": 1})
    tap.check("a set that blocks asks two persons at least", short.status == 400, short)
    draft = w.carl.post(path + "/approvals", {"object": w.add(indicator("[domain-name:value = 'evil.example'] OR "
                                                                       "[email-addr:value = 'a@evil.example']"))})
    tap.check("an analyst drafts", draft.status == 201 and draft.json["state"] == "draft" and draft.json["entry_count"] == 1, draft)
    tap.check("and is told what has no place", [l["reason"] for l in draft.json["left_out"]] == ["type"], draft)
    at = f"{path}/approvals/{draft.json['id']}"
    tap.check("a draft is not approved", w.ben.post(at + "/approve").status == 409)
    tap.check("it is proposed", w.anna.post(at + "/propose").json == {"state": "proposed"})
    tap.check("nobody approves what he proposed", w.anna.post(at + "/approve").status == 403)
    tap.check("an analyst does not approve", w.carl.post(at + "/approve").status == 403)
    tap.check("others do not know of it", w.isp.get(at).status == 404 and w.isp.post(at + "/approve").status == 404)
    look = w.ben.get(at + "/blast-radius")
    entry = look.json["entries"][0]
    tap.check("before it one sees what it hits", look.status == 200 and entry["value"] == "evil.example" and
              entry["asked"] == {"known": False} and not look.json["held"], look)
    both = [None, None]
    people = [w.ben, w.person("dora", w.centre, "approver")]

    def approve(i):
        both[i] = people[i].post(at + "/approve").status

    threads = [threading.Thread(target=approve, args=(i,)) for i in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    tap.check("of two at the same time one approves", sorted(both) == [200, 409], both)
    shown = w.anna.get(at).json
    tap.check("who and when stands there", shown["state"] == "approved" and shown["proposed"]["by"] == w.people["anna"] and
              len(shown["approvals"]) == 1 and shown["entries"] == [{"kind": "name", "value": "evil.example"}], shown)
    held = w.propose(path, "[ipv4-addr:value = '203.0.113.77']")
    stopped = w.ben.post(held + "/approve")
    tap.check("what is held is not approved", stopped.status == 409 and stopped.json["type"].endswith(":held"), stopped)
    questions = w.isp.get(hold + "/questions").json["questions"]
    tap.check("and the holder sees that it was asked", questions[0]["approval"] and questions[0]["organisation"] == w.centre, questions)
    for action in ("watch", "select"):
        more = {"act": "act-1"} if action == "select" else {}
        passive = w.ben.post(w.propose(w.set(action), "[ipv4-addr:value = '203.0.113.78']", **more) + "/approve")
        tap.check(f"who would {action} is told of the hold and not stopped", passive.status == 200 and
                  passive.json == {"state": "approved", "held": True}, passive)
    tap.check("and the holder sees each question", len(w.isp.get(hold + "/questions").json["questions"]) == len(questions) + 2)
    tap.check("a hold is released", w.isp.post(hold + "/release").status == 204)
    tap.check("then it is", w.ben.post(held + "/approve").status == 200)
    red = w.anna.post(path + "/approvals", {"object": w.add(indicator("[ipv4-addr:value = '198.51.100.1']", RED))})
    tap.check("what the audience may not see stays out", red.status in (404, 409), red)
    only = w.set("select")
    act = w.anna.post(only + "/approvals", {"object": w.add(indicator("[ipv4-addr:value = '198.51.100.2']"))})
    tap.check("a set that selects asks the target act", act.status == 422, act)
    watch = w.set("watch")
    tap.check("where one person is enough, he may", w.anna.post(w.propose(watch, "[url:value = 'http://a.example/x']") +
                                                               "/approve").json == {"state": "approved", "held": False})
    off = w.propose(path, "[domain-name:value = 'late.example']", who=w.carl)
    got = w.admin.get(f"/api/v1/people/{w.people['carl']}")
    assert w.admin.put(f"/api/v1/people/{w.people['carl']}", {**got.json, "active": False}, If_Match=got.headers["ETag"]).status == 204
    tap.check("a proposer who is gone approves nothing", w.ben.post(off + "/approve").status == 409)
    reader = w.isp.post("/api/v1/tokens", {"title": "reader", "scopes": ["read"]}).json["token"]
    tap.check("who has no scope for it does not speak for resolvers",
              w.hub.client(token=reader).put("/api/v1/asked", {"levels": []}).status == 403)
    tap.check("the list of a set", [a["state"] for a in w.anna.get(path + "/approvals?state=approved").json["approvals"]] ==
              ["approved", "approved"])
    return path


def radius(tap, w):
    """What is seen before an approval, and what stops it."""
    path = w.set()
    for name, action, content in (("Top sites", "block", "top.example\n"), ("Shared hosts", "inform", "shared.example\n")):
        at = f"/api/v1/warning-lists/{uuid.uuid4()}"
        made = w.admin.put(at, {"name": name, "action": action}, If_None_Match="*")
        assert made.status in (200, 201, 204), made
        made = w.admin.put(at + "/content", content, Content_Type="text/plain")
        assert made.status in (200, 204), made
    got = w.admin.get(f"/api/v1/organisations/{w.bank_id}")
    held = [{"kind": "domain", "value": "bank.example", "state": "entered"},
            {"kind": "prefix", "value": "198.51.100.64/26", "state": "entered"}]
    done = w.admin.put(f"/api/v1/organisations/{w.bank_id}", {**got.json, "holdings": held}, If_Match=got.headers["ETag"])
    assert done.status == 204, done
    w.admin.put("/api/v1/asked", {"levels": [{"name": "busy.example", "level": "thousands"}]})
    at = w.propose(path, "[domain-name:value = 'top.example'] OR [domain-name:value = 'shared.example'] OR "
                         "[domain-name:value = 'www.bank.example'] OR [domain-name:value = 'a.b.busy.example'] OR "
                         "[ipv4-addr:value = '198.51.100.0/24'] OR [ipv4-addr:value = '198.51.101.0/24'] OR "
                         "[url:value = 'http://bank.example/login']")

    def look():
        got = w.ben.get(at + "/blast-radius")
        return got.status == 200 and {e["value"]: e for e in got.json["entries"]}

    entries = until(look, "the lists are read")
    tap.check("warning lists are told, each with what it does",
              [x["action"] for x in entries["top.example"]["warning_lists"]] == ["block"] and
              [x["action"] for x in entries["shared.example"]["warning_lists"]] == ["inform"], entries)
    tap.check("the nation's own holdings", entries["www.bank.example"]["holdings"] == {"count": 1, "organisations": [w.bank_id]} and
              entries["top.example"]["holdings"]["count"] == 0, entries)
    tap.check("over all that an entry matches", entries["198.51.100.0/24"]["holdings"]["organisations"] == [w.bank_id] and
              entries["198.51.101.0/24"]["holdings"]["count"] == 0 and entries["bank.example/login"]["holdings"]["count"] == 1, entries)
    asked = entries["a.b.busy.example"]["asked"]
    tap.check("and what resolvers say of the name above", asked["level"] == "thousands" and asked["labels_up"] == 2, asked)
    stopped = w.ben.post(at + "/approve")
    tap.check("a list that blocks stops it", stopped.status == 409 and stopped.json["type"].endswith(":warning-list") and
              stopped.json["detail"] == "Top sites", stopped)
    only = w.propose(path, "[domain-name:value = 'shared.example']")
    tap.check("one that informs does not", w.ben.post(only + "/approve").status == 200)


def long_lists(tap, w):
    """From the answer on that a list was changed, nothing is shown or decided by what it was before."""
    path = w.set()
    at = f"/api/v1/warning-lists/{uuid.uuid4()}"
    etag = w.admin.put(at, {"name": "Many", "action": "block"}, If_None_Match="*").headers["ETag"]
    many = "".join(f"site{i}.example\n" for i in range(100000))
    step = w.propose(path, "[domain-name:value = 'site99999.example']")
    put = w.admin.put(at + "/content", many, Content_Type="text/plain", If_Match=etag)
    tap.equal("a long list", [put.status, put.json["values"]], [200, 100000])
    looks, answers = [], []
    while not answers or answers[-1].status == 503:
        looks.append(w.ben.get(step + "/blast-radius"))
        answers.append(w.ben.post(step + "/approve"))
    tap.check("no approval by the lists that were", answers[-1].status == 409 and answers[-1].json["detail"] == "Many",
              answers[-1])
    tap.check("nor a look", all(x.status == 503 or x.json["blocked"] for x in looks), looks)
    tap.check("and it says when to come again", all(x.headers["Retry-After"] for x in answers[:-1]), answers)
    tap.equal("content over another's", w.admin.put(at + "/content", "a.example\n", Content_Type="text/plain",
                                                    If_Match=etag).status, 412)
    tap.equal("content that is none", w.admin.put(at + "/content", b'{"name": "x", "list": 5}', Content_Type="application/json").status, 400)
    tap.equal("content of others' lists", w.isp.put(at + "/content", "a.example\n", Content_Type="text/plain").status, 403)
    tap.equal("taken away", w.admin.delete(at).status, 204)
    until(lambda: w.ben.get(step + "/blast-radius").status == 200, "the lists are read")
    tap.equal("it stops nothing any more", w.ben.post(step + "/approve").status, 200)


def publishing(tap, w):
    path = w.set()
    follower = Follower(w.isp, path)
    until(follower.turn, "a first head")
    key = w.isp.get("/api/v1/set-key").json
    head = w.isp.get(path + "/head").json
    kid = json.loads(base64.urlsafe_b64decode(head["signatures"][0]["protected"] + "=="))["kid"]
    tap.check("a head is signed by the hub's key", kid == key["kid"], head)
    times, waited = [], threading.Event()
    seen = []

    def follow():
        while not waited.is_set():
            if follower.turn(wait=20):
                seen.append((time.monotonic(), follower.version))
                if len(seen) >= 3:
                    return

    thread = threading.Thread(target=follow)
    thread.start()
    at = []
    for name in ("one", "two", "three"):
        before = len(seen)
        at.append(w.propose(path, f"[domain-name:value = '{name}.evil.example']"))
        clicked = time.monotonic()
        assert w.ben.post(at[-1] + "/approve").status == 200
        until(lambda: len(seen) > before, "a new head")
        times.append(seen[-1][0] - clicked)
    waited.set()
    thread.join()
    print(f"# from the click to the follower's files: {', '.join(f'{t * 1000:.0f} ms' for t in times)}")
    tap.check("each approval is an overlay with the next version", [v for _, v in seen] == [2, 3, 4] and len(follower.files) == 4, seen)
    tap.check("the matcher finds what was approved", follower.has("two.evil.example") and not follower.has("four.evil.example"))
    zone = w.isp.get(path + "/rpz?zone=block.test", check=False)
    tap.check("as a zone", zone.status == 200 and b"two.evil.example CNAME .\n" in zone.body and b"$ORIGIN block.test." in zone.body, zone)
    serial = int(zone.body.split(b"SOA ")[1].split()[2])
    lists = [f"/api/v1/warning-lists/{uuid.uuid4()}" for _ in range(3)]
    for at_, name, rules in ((lists[0], "two", [{"export": "rpz", "action": "block"}]), (lists[1], "three", [{"consumer": w.bank_id, "action": "block"}]),
                             (lists[2], "one", [{"export": "rpz", "action": "inform"}])):
        assert w.admin.put(at_, {"name": f"Of {name}", "action": "off", "rules": rules}, If_None_Match="*").status == 201
        assert w.admin.put(at_ + "/content", f"{name}.evil.example\n", Content_Type="text/plain").status == 200

    def listed(client):
        got = until(lambda: (a := client.get(path + "/rpz?zone=block.test", check=False)).status == 200 and a, "the lists are read")
        return got, [name for name in ("one", "two", "three") if f"\n{name}.evil.example CNAME .".encode() in got.body]

    zone, names = listed(w.isp)
    tap.equal("what a list blocks is in no zone", names, ["one", "three"])
    tap.check("... and that is told", zone.body.endswith(b", 1 kept out by warning lists\n") and
              b"; warning list: Of one\none.evil.example CNAME" in zone.body, zone.body)
    tap.check("... under a higher serial", int(zone.body.split(b"SOA ")[1].split()[2]) > serial, zone.body)
    tap.equal("... for whom it blocks it", listed(w.bank)[1], ["one"])
    for at_ in lists:
        assert w.admin.delete(at_).status == 204
    gone = w.ben.post(at[1] + "/retire", {"reason": "wrong"})
    tap.check("retreat asks one person", gone.json == {"state": "retired"}, gone)
    until(follower.turn, "the retreat")
    tap.check("and is as quick", not follower.has("two.evil.example") and follower.has("one.evil.example"))
    again = w.approved(path, "[domain-name:value = 'one.evil.example']")
    until(follower.turn, "the second")
    assert w.ben.post(at[0] + "/retire").status == 200
    until(follower.turn, "its retreat")
    tap.check("what another approval still holds stays", follower.has("one.evil.example"), again)
    for i in range(12):
        w.approved(path, f"[ipv4-addr:value = '198.51.100.{i + 1}']")
    until(lambda: follower.turn() and False or len(follower.files) < 9 and follower.has("198.51.100.12"), "a merged base")
    tap.check("overlays become a base", follower.has("198.51.100.1") and not follower.has("two.evil.example"), follower.files)
    large = w.set()
    w.approved(large, "[" + " OR ".join(f"domain-name:value = 'n{i:05}.evil.example'" for i in range(10000)) + "]")
    beside = Follower(w.isp, large)
    for i in range(10):
        w.approved(large, f"[ipv4-addr:value = '203.0.113.{i + 1}']")
    until(lambda: beside.turn() and False or len(beside.files) > 0 and beside.files[0].stat().st_size > 100000, "a large base")
    base, most = beside.files[0], 0
    for i in range(20):
        w.approved(large, f"[ipv4-addr:value = '198.51.100.{i + 1}']")
        until(beside.turn, "the next head")
        most = max(most, len(beside.files))
    tap.check("few changes of a large base become one overlay, and nobody fetches the base again", beside.files[0] == base and
              most <= 9 and all(beside.has(f"198.51.100.{i + 1}") for i in range(20)) and beside.has("n09999.evil.example"), most)
    private = w.set(who=w.isp, marking={"tlp": "red", "recipients": [w.isp_id]})
    tap.check("a set is there for its audience only", w.bank.get(private).status == 404 and w.bank.get(private + "/head").status == 404 and
              private.rsplit("/", 1)[1] not in {s["id"] for s in w.bank.get("/api/v1/sets").json["sets"]})
    tap.check("nor are its files", until(lambda: w.isp.get(private + "/head").status == 200) and
              w.bank.get(private + "/blobs/" + payload(w.isp.get(private + "/head").json)["base"]["digest"], check=False).status == 404)


def holdings(tap, w):
    """A set that selects carries who holds what, whole, as soon as it has changed and only then."""
    def hold(count, step):
        """Prefixes of two organisations."""
        for i, at in enumerate((w.isp_id, w.bank_id)):
            got = w.admin.get(f"/api/v1/organisations/{at}")
            held = [{"kind": "prefix", "value": f"10.{n >> 8}.{n & 255}.0/{step}", "state": "entered"} for n in range(count)[i::2]]
            done = w.admin.put(f"/api/v1/organisations/{at}", {**got.json, "holdings": held}, If_Match=got.headers["ETag"])
            assert done.status == 204, done

    def approve(i):
        at = w.propose(path, f"[ipv4-addr:value = '203.0.113.{i}']", act="act-1")
        assert w.ben.post(at + "/approve").status == 200
        until(lambda: (follower.turn(), follower.has(f"203.0.113.{i}"))[1], "the next head")

    def tables():
        shown = (subprocess.run([BIN / "hinomi", "indicators", "show", "--json", at], check=True, stdout=subprocess.PIPE, timeout=DEADLINE).stdout
                 for at in follower.files)
        return [json.loads(text)["holdings"] for text in shown]

    def said():
        return [count for count in tables() if count > 0][-1]
    hold(5000, 24)
    path = w.set("select")
    follower = Follower(w.isp, path)
    until(follower.turn, "a first head")
    tap.equal("a set that selects begins with the table of holdings", tables(), [5000])
    approve(1)
    tap.equal("an approval does not carry it again", tables(), [5000, 0])
    hold(5001, 24)
    approve(2)
    tap.equal("but when it has changed, whole", said(), 5001)
    until(lambda: (follower.turn(), tables())[1] == [5001], "so much that it becomes a base")
    approve(3)
    tap.equal("and once", tables()[-1], 0)
    hold(4999, 25)
    assert w.hub.stop() == 0
    for one in (w.anna, w.ben, w.admin):
        one.close()
    w.hub.start()
    until(lambda: follower.turn() and said() == 4999, "a head without a decision")
    tap.check("what changes beside decisions comes by itself", follower.has("203.0.113.3"), tables())
    for i in range(4, 14):
        approve(i)
    while follower.turn():
        pass
    tap.check("and stays when overlays are folded or merged", said() == 4999 and follower.has("203.0.113.1"), tables())
    hold(0, 24)


def killed(tap, w):
    """Approvals that were answered are in what is published afterwards; what was not is there whole or not at all."""
    path = w.set()
    follower = Follower(w.isp, path)
    names, answered = [f"k{i}.killed.example" for i in range(40)], []
    ready = [(name, w.propose(path, f"[domain-name:value = '{name}']")) for name in names]
    begun = threading.Event()

    def approve():
        for name, at in ready:
            try:
                if w.ben.post(at + "/approve").status == 200:
                    answered.append(name)
            except OSError:
                return
            except Exception:  # noqa: BLE001  a connection that is cut in any of its ways
                return
            if len(answered) == 7:
                begun.set()

    thread = threading.Thread(target=approve)
    thread.start()
    begun.wait(DEADLINE)
    w.hub.kill()
    thread.join()
    w.hub.start()
    until(lambda: w.isp.get(path, check=False).json["published"], "published after the kill")
    while follower.turn():
        pass
    lost = [name for name in answered if not follower.has(name)]
    tap.check("after a kill everything answered is published", not lost, lost)
    state = {a["id"]: a["state"] for a in w.anna.get(path + "/approvals?limit=1000").json["approvals"]}
    wrong = [name for name, at in ready if (state[at.rsplit("/", 1)[1]] == "approved") != follower.has(name)]
    tap.check("and what is published is what is approved", not wrong, wrong)


def restored(tap, w, database):
    """After a restore followers have whole sets, as the backup knew them, though they had seen later heads."""
    path = w.set()
    w.approved(path, "[domain-name:value = 'kept.restored.example']")
    until(lambda: w.isp.get(path, check=False).json["version"] >= 2, "published")
    copy = w.hub.dir / "copy"
    done = w.hub.command("backup", copy)
    assert done.returncode == 0, done.stderr
    follower = Follower(w.isp, path)
    for name in ("late", "later"):
        w.approved(path, f"[domain-name:value = '{name}.restored.example']")
        until(follower.turn, "a head that the backup does not know")
    assert follower.has("late.restored.example")
    w.hub.stop()
    for client in (w.anna, w.ben, w.isp):
        client.close()
    shutil.rmtree(w.hub.data)
    w.hub.database = database()
    done = w.hub.command("restore", copy)
    assert done.returncode == 0, done.stderr
    w.hub.start()
    until(follower.turn, "a head after the restore")
    tap.check("after a restore a follower takes what the backup knew", follower.has("kept.restored.example") and
              not follower.has("late.restored.example"), follower.files)
    w.approved(path, "[domain-name:value = 'after.restored.example']")
    until(lambda: follower.turn() and False or follower.has("after.restored.example"), "what is approved then")
    before = follower.version
    w.hub.stop()
    w.hub.start()
    tap.check("with all files there a head stays as it was", payload(w.isp.get(path + "/head").json)["version"] == before, before)


STEPS = {f"hub.hold.{x}" for x in ("enter", "change", "release", "question")} | {"hub.set.make"} | {
    f"hub.approval.{x}" for x in ("drafted", "proposed", "approved", "retired", "stopped", "looked")}


def ledger_kinds(data):
    """The kinds of what the log holds: words that stand in its entries."""
    text = b"".join(p.read_bytes() for p in (data / "ledger").rglob("*") if p.is_file())
    return {kind for kind in STEPS if kind.encode() in text}


def main():
    tap = Tap()
    for name, database, end in databases():
        print(f"# {name}")
        w = World(database())
        hold = holds(tap, w)
        decisions(tap, w, hold)
        radius(tap, w)
        long_lists(tap, w)
        publishing(tap, w)
        holdings(tap, w)
        killed(tap, w)
        restored(tap, w, database)
        code = w.hub.stop()
        tap.check("it ends well", code == 0, w.hub.log_text()[-2000:])
        tap.check("every step stands in the ledger", STEPS <= ledger_kinds(w.hub.data), STEPS - ledger_kinds(w.hub.data))
        w.hub.remove()
        end()
    tap.done()


main()
