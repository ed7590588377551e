#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The Hinomi authors
"""Who may see what, through every answer of the API and of TAXII: each client gets what an oracle written from docs/access.md
says, and what is added beyond its sight changes no byte and no entity tag of what it gets."""
import json
import random
import sys
import uuid

sys.dont_write_bytecode = True
from hub_parties import Parties, indicator, marking  # noqa: E402  beside this file
from hub_world import Tap, databases, until  # noqa: E402

EXTENSION = "extension-definition--08486503-4c36-4673-84ef-ef29375eea05"
LEVELS = ["clear", "green", "amber", "amber+strict", "red"]
TAXII = "application/taxii+json;version=2.1"
VOLATILE = {"indexed_until"}  # the time of the question


class Client:
    def __init__(self, http, name, org=None, tlp="clear", groups=(), parents=(), onward=False, clearance=0):
        self.http, self.name, self.org, self.tlp, self.onward, self.clearance = http, name, org, tlp, onward, clearance
        self.groups, self.parents = set(groups), list(parents)


class World:
    """Organisations: power is a client of sector; ring has sector and police, circle has power and vendor."""

    def __init__(self, database, seed):
        self.random = random.Random(seed)
        self.hub = Parties(database=database)
        self.ring, self.circle = str(uuid.uuid4()), str(uuid.uuid4())
        self.hub.start()
        admin = self.hub.centre.client()
        for group in (self.ring, self.circle):
            made = admin.put(f"/api/v1/groups/{group}", {"names": [{"language": "en", "name": "g"}], "keeper": self.hub.centre.id},
                             If_None_Match="*")
            assert made.status == 201, made
        self.clients = [Client(self.hub.client(), "public"), Client(admin, "centre", self.hub.centre.id, "red")]
        self.admin = admin
        self.writers = {self.hub.centre.id: admin}
        sector = self.member("sector", "ceptoar", "red", [self.ring])
        self.member("power", "operator", "amber", [self.circle], [sector])
        self.member("police", "police", "red", [self.ring])
        self.member("vendor", "vendor", "green", [self.circle])
        self.member("foreign", "foreign-cert", "red", [], onward=True)
        self.cleared(sector)
        self.objects = []

    def member(self, name, kind, tlp, groups, parents=(), onward=False):
        org = str(uuid.uuid4())
        body = {"kind": kind, "names": [{"language": "en", "name": name}], "parents": [p.org for p in parents],
                "memberships": [{"group": g, "consent": "2020-01-01T00:00:00Z"} for g in groups],
                "agreements": [{"partner": self.hub.centre.id, "tlp_max": tlp, "onward": onward, "purposes": ["defence"],
                                "contents": ["technical", "background"]}]}
        made = self.admin.put(f"/api/v1/organisations/{org}", body, If_None_Match="*")
        assert made.status == 201, made
        client = Client(self.hub.client(token=self.token(org, onward)), name, org, tlp, groups, parents, onward)
        self.clients.append(client)
        self.writers[org] = self.hub.client(token=self.token(org, False))
        return client

    def token(self, org, onward):
        made = self.admin.post("/api/v1/tokens", {"title": "t", "machine": True, "organisation": org, "scopes": ["read", "write"],
                                                  "use": "onward" if onward else "own"})
        assert made.status == 201, made
        return made.json["token"]

    def cleared(self, client):
        """A person of the same organisation with a clearance."""
        made = self.admin.post("/api/v1/people", {
            "login": "cleared", "places": [{"organisation": client.org, "roles": ["analyst"]}]})
        person = self.person = made.json["id"]
        assert self.admin.put(f"/api/v1/people/{person}/password", {"new": "the first password"}).status == 204
        own = self.hub.client().post("/api/v1/sign-in", {"login": "cleared", "password": "the first password"})
        own = self.hub.client(token=own.json["token"])
        assert own.put("/api/v1/me/password", {"current": "the first password", "new": "a password for tests"}).status == 204
        second = self.admin.post("/api/v1/people", {"login": "second", "places": [{"organisation": self.hub.centre.id, "roles": ["administrator"]}]})
        assert self.admin.put(f"/api/v1/people/{second.json['id']}/password", {"new": "a password for tests"}).status == 204
        second = self.hub.client(basic=("second", "a password for tests"))
        got = second.get(f"/api/v1/people/{person}")
        body = {**got.json, "clearance": {"level": "secret", "until": "2099-01-01T00:00:00Z"}}
        assert second.put(f"/api/v1/people/{person}", body, If_Match=got.headers["ETag"]).status == 204
        answer = self.hub.client().post("/api/v1/sign-in", {"login": "cleared", "password": "a password for tests"})
        self.clients.append(Client(self.hub.client(token=answer.json["token"]), "cleared", client.org, client.tlp, client.groups,
                                   client.parents, clearance=2))

    # ---- what is given ----

    def add(self):
        """A random object of a random organisation, with a marking of its own. Kept as the oracle knows it."""
        r, orgs = self.random, [c.org for c in self.clients if c.org]
        owner = r.choice(sorted(self.writers))
        says = {"tlp": r.choice(LEVELS)}
        if r.random() < .3:
            says["groups"] = [r.choice([self.ring, self.circle])]
        if r.random() < .3:
            says["recipients"] = r.sample(sorted(set(orgs)), 2)
        if r.random() < .15:
            says["clearance"] = r.choice([1, 2, 3])
        if r.random() < .15:
            says["originator_control"] = True
        if r.random() < .15:
            says["purposes"] = [r.choice(["defence", "statistics"])]
        if r.random() < .15:
            says["consent"] = r.sample(["police", "operator", "foreign-cert", "public"], 2)
        definition = {"type": "marking-definition", "spec_version": "2.1", "id": f"marking-definition--{uuid.uuid4()}",
                      "created": "2026-01-01T00:00:00.000Z", "object_marking_refs": [marking("red")],
                      "extensions": {EXTENSION: {"extension_type": "property-extension", **{
                          k: [f"identity--{i}" for i in v] if k in ("groups", "recipients") else v for k, v in says.items()}}}}
        o = indicator(len(self.objects), tlp=None, object_marking_refs=[definition["id"]], description=f"secret{len(self.objects)}x")
        bundle = {"type": "bundle", "id": f"bundle--{uuid.uuid4()}", "objects": [definition, o]}
        self.writers[owner].close()  # it may have been idle for long
        answer = self.writers[owner].ask("POST", "/api/v1/objects", json.dumps(bundle), Content_Type="application/json")
        assert answer.status == 200 and answer.json["new"] == 2, answer
        self.objects.append({"id": o["id"], "owner": owner, "pattern": o["pattern"], "word": o["description"], **says})
        return self.objects[-1]

    # ---- the oracle ----

    def sees(self, c, o):
        named, tlp = c.org in o.get("recipients", []), LEVELS.index(o["tlp"])
        if o.get("clearance", 0) > c.clearance:
            return False
        if c.onward and (tlp > 2 or (o.get("originator_control") and not named and c.org != o["owner"])):
            return False
        audience = bool(o.get("groups") or o.get("recipients"))
        if c.org is None:
            return tlp == 0 and not audience and not o.get("originator_control") and not o.get("purposes") and \
                ("public" in o["consent"] if "consent" in o else True)
        if c.org == o["owner"]:
            return True
        if c.org == self.hub.centre.id:
            return tlp < 4 or named
        if (tlp == 4 or o.get("originator_control")) and not named:
            return False
        if audience and not named and not set(o.get("groups", [])) & c.groups:
            parents = any(p.org in o.get("recipients", []) or set(o.get("groups", [])) & p.groups for p in c.parents)
            if tlp > 2 or not parents:
                return False
        if tlp > LEVELS.index(c.tlp):
            return False
        if o.get("purposes") == ["statistics"]:
            return False
        kind = {"sector": "ceptoar", "cleared": "ceptoar", "power": "operator", "foreign": "foreign-cert"}.get(c.name, c.name)
        return "consent" not in o or "public" in o["consent"] or kind in o["consent"]

    # ---- everything that can be asked ----

    def pages(self, c, path):
        cursor, objects = "", []
        while True:
            answer = c.http.get(path + ("&" if "?" in path else "?") + "limit=3" + (f"&cursor={cursor}" if cursor else ""))
            yield answer
            objects += answer.json["objects"]
            cursor = answer.json.get("next")
            if not cursor:
                return

    def taxii(self, c):
        for path in ("/taxii2/", "/taxii2/nation/", "/taxii2/nation/collections/"):
            yield path, c.http.ask("GET", path, check=False, Accept=TAXII)
        for what in ("objects", "manifest"):
            path = f"/taxii2/nation/collections/all/{what}/?limit=4&match[type]=indicator"
            following = ""
            while True:
                answer = c.http.ask("GET", path + following, check=False, Accept=TAXII)
                yield path + following, answer
                if answer.status != 200 or not answer.json.get("more"):
                    break
                following = f"&next={answer.json['next']}"

    def everything(self, c, known):
        """Each answer by its question: status, entity tag, the headers that could tell, body."""
        answers = {}

        def keep(path, answer):
            body = answer.body
            if answer.status == 200 and ("/search?" in path or path.endswith("/correlations")):
                body = json.dumps({k: v for k, v in answer.json.items() if k not in VOLATILE})
            told = [answer.headers.get(h) for h in ("ETag", "Last-Modified", "X-TAXII-Date-Added-First", "X-TAXII-Date-Added-Last")]
            answers[path] = (answer.status, told, body)

        for i, answer in enumerate(self.pages(c, "/api/v1/objects?type=indicator")):
            keep(f"/api/v1/objects {i}", answer)
        for path in ("/api/v1/counts", "/api/v1/counts?type=indicator", "/api/v1/counts?type=marking-definition", "/api/v1/organisations",
                     "/api/v1/groups", "/api/v1/people", "/api/v1/tokens", "/api/v1/search?text=secret0x",
                     "/api/v1/search?inside=198.51.0.0/16"):
            keep(path, c.http.get(path))
        for o in known:
            for path in (f"/api/v1/objects/{o['id']}", f"/api/v1/objects/{o['id']}/versions", f"/api/v1/objects/{o['id']}/relations",
                         f"/api/v1/objects/{o['id']}/correlations", f"/api/v1/search?text={o['word']}"):
                keep(path, c.http.get(path))
        for path, answer in self.taxii(c):
            keep(path, answer)
        return answers

    def indexed(self):
        word = self.objects[-1]["word"]
        until(lambda: self.writers[self.objects[-1]["owner"]].get(f"/api/v1/search?text={word}").json["complete"], "the index is there")


def ids_of(answers):
    found = set()
    for path, (status, _, body) in answers.items():
        if path.startswith("/api/v1/objects ") and status == 200:
            found |= {o["object"]["id"] for o in json.loads(body)["objects"]}
    return found


def check(tap, w, c, answers, known):
    wanted = {o["id"] for o in known if w.sees(c, o)}
    tap.equal(f"{c.name}: the pages", ids_of(answers), wanted)
    taxii = set()
    for path, (status, _, body) in answers.items():
        if "/objects/?" in path and status == 200:
            taxii |= {o["id"] for o in json.loads(body).get("objects", [])}
    tap.equal(f"{c.name}: TAXII", taxii, wanted)
    tap.equal(f"{c.name}: the count", json.loads(answers["/api/v1/counts?type=indicator"][2])["objects"], len(wanted))
    one = {o["id"] for o in known if answers[f"/api/v1/objects/{o['id']}"][0] == 200}
    tap.equal(f"{c.name}: one by one", one, wanted)
    found = {o["id"] for o in known if json.loads(answers[f"/api/v1/search?text={o['word']}"][2])["objects"]}
    tap.equal(f"{c.name}: the search", found, wanted)
    everything = json.dumps([str(a) for a in answers.values()])
    tap.check(f"{c.name}: no word of the rest anywhere", not any(
        f'"description":"{o["word"]}"' in everything or o["word"] + '\\' in everything for o in known if o["id"] not in wanted))


def explain(tap, w, known):
    """What explain says is what is so, and only those learn it who may."""
    cleared = next(c for c in w.clients if c.name == "cleared")
    me = w.admin.get("/api/v1/me").json["account"]
    wrong = []
    for o in known:
        path = f"/api/v1/access/explain?object={o['id']}&person={w.person}"
        said, own = w.admin.get(path), cleared.http.get(path)
        if said.status != 200 or said.json["seen"] != w.sees(cleared, o) or \
                said.json["seen"] != all(rule["passes"] for rule in said.json["rules"]):
            wrong.append((o, said))
        if own.status != (200 if w.sees(cleared, o) else 404):
            wrong.append((o, own))
    tap.equal("explain says what is so, to auditors and to oneself", wrong, [])
    seen = next(o for o in known if w.sees(cleared, o) and o["owner"] != cleared.org)
    hidden = next(o for o in known if not w.sees(cleared, o))
    about = "/api/v1/access/explain?person=" + me + "&object="
    tap.equal("others are not explained", cleared.http.get(about + seen["id"]).status, 403)
    absent = cleared.http.get(about + f"indicator--{uuid.uuid4()}")
    there = cleared.http.get(about + hidden["id"])
    tap.check("what one does not see is not there", there.status == absent.status == 404 and there.body == absent.body, there, absent)
    tap.equal("reasons come in Japanese too",
              w.admin.get(about + seen["id"], Accept_Language="ja").json["rules"][0]["reason"][:3], "選別後")


def run(tap, database, seed):
    w = World(database, seed)
    with w.hub:
        for _ in range(25):
            w.add()
        w.indexed()
        known = list(w.objects)
        before = {}
        for c in w.clients:
            before[c.name] = w.everything(c, known)
            check(tap, w, c, before[c.name], known)
        explain(tap, w, known)
        quiet = 0
        for _ in range(6):
            added = w.add()
            w.indexed()
            for c in w.clients:
                after = w.everything(c, known)
                # Whose it is sees its marking's definition, even where a clearance is missing for the object.
                if not w.sees(c, added) and c.org != added["owner"]:
                    quiet += 1
                    changed = [p for p in after if after[p] != before[c.name].get(p)]
                    tap.equal(f"{c.name}: what is added beyond its sight changes no answer", changed, [])
                before[c.name] = after
        tap.check("there was something to hide", quiet > 5)


tap = Tap()
for n, (_, database, end) in enumerate(databases()):
    run(tap, database(), 11 + n)
    end()
tap.done()
