#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The Hinomi authors
"""Signing in, tokens, second factors, rights: what the hub believes, and for how long."""
import base64
import datetime
import hashlib
import hmac
import json
import struct
import sys
import time
import uuid

sys.dont_write_bytecode = True
from hub_world import Hub, Tap, databases  # noqa: E402  beside this file

NAMES = [{"language": "ja", "name": "電力", "reading": "デンリョク"}]


def totp(secret, at=None):
    step = int((time.time() if at is None else at) // 30)
    mac = hmac.new(base64.b32decode(secret), struct.pack(">Q", step), hashlib.sha1).digest()
    offset = mac[19] & 15
    return f"{(struct.unpack('>I', mac[offset:offset + 4])[0] & 0x7fffffff) % 1000000:06d}"


def begin(database=None):
    hub = Hub(database=database)
    made = hub.command("init", "--token", "--json", "--login", "first")
    assert made.returncode == 0, made.stderr
    return hub, json.loads(made.stdout)


def organisation(admin, **more):
    return admin.post("/api/v1/organisations", {"kind": "operator", "names": NAMES, **more}).json["id"]


def person(admin, login, org, roles=(), password=None, **more):
    made = admin.post("/api/v1/people", {"login": login, "places": [{"organisation": org, "roles": list(roles)}], **more})
    assert made.status == 201, made
    if password:
        assert admin.put(f"/api/v1/people/{made.json['id']}/password", {"new": password}).status == 204
    return made.json["id"]


def signing_in(tap, hub, first):
    nobody = hub.client()
    tap.check("init is for the first time only", hub.command("init").returncode == 1)
    answer = nobody.post("/api/v1/sign-in", {"login": "first", "password": first["password"]})
    tap.check("a person signs in", answer.status == 200, answer)
    session = hub.client(token=answer.json["token"])
    me = session.get("/api/v1/me")
    tap.check("and is who was made", me.status == 200 and me.json["account"] == first["person"], me)
    tap.check("basic works where there is no second factor",
              hub.client(basic=("first", first["password"])).get("/api/v1/me").status == 200)
    tap.check("a token may stand as a password", hub.client(basic=("x", first["token"])).get("/api/v1/me").status == 200)
    wrong = nobody.post("/api/v1/sign-in", {"login": "first", "password": "not this one"})
    unknown = nobody.post("/api/v1/sign-in", {"login": "nobody", "password": "not this one"})
    tap.check("a wrong password and an unknown login are answered alike",
              wrong.status == unknown.status == 401 and wrong.body == unknown.body, wrong, unknown)
    tap.check("signing out ends it", session.delete("/api/v1/session").status == 204 and
              session.get("/api/v1/me").status == 401)
    for header in ("Bearer hnm_" + "A" * 43, "Bearer", "Basic !!!", "Basic " + base64.b64encode(b"no-colon").decode(), "Digest x"):
        tap.check(f"'{header[:12]}' is refused", hub.client(headers={"Authorization": header}).get("/api/v1").status == 401)


def second_factor(tap, hub, admin):
    org = organisation(admin)
    person(admin, "totp", org, ["analyst"], "correct horse battery")
    nobody = hub.client()
    sign = {"login": "totp", "password": "correct horse battery"}
    session = hub.client(token=nobody.post("/api/v1/sign-in", sign).json["token"])
    begun = session.post("/api/v1/me/totp").json
    tap.check("a wrong code confirms nothing",
              session.put("/api/v1/me/totp", {"pending": begun["pending"], "code": "000000"}).status in (400, 422))
    now = time.time()
    person(admin, "totp.b", org, ["analyst"], "correct horse battery")
    another = hub.client(token=nobody.post("/api/v1/sign-in", {**sign, "login": "totp.b"}).json["token"])
    tap.check("what one person began nobody else confirms",
              another.put("/api/v1/me/totp", {"pending": begun["pending"], "code": totp(begun["secret"], now)}).status in (400, 422))
    tap.check("the right one does",
              session.put("/api/v1/me/totp", {"pending": begun["pending"], "code": totp(begun["secret"], now)}).status == 204)
    tap.check("what sign-ins gave has ended", session.get("/api/v1/me").status == 401)
    tap.check("the password alone is not enough", nobody.post("/api/v1/sign-in", sign).status == 401)
    tap.check("nor is it by Basic", hub.client(basic=("totp", "correct horse battery")).get("/api/v1/me").status == 401)
    tap.check("the code that confirmed is not good again",
              nobody.post("/api/v1/sign-in", {**sign, "code": totp(begun["secret"], now)}).status == 401)
    code = {**sign, "code": totp(begun["secret"], now + 30)}
    tap.check("the next one signs in", nobody.post("/api/v1/sign-in", code).status == 200)
    tap.check("once", nobody.post("/api/v1/sign-in", code).status == 401)


def tokens(tap, hub, admin):
    org = organisation(admin, agreements=[{"partner": admin.get("/api/v1/me").json["organisation"], "tlp_max": "red", "onward": True,
                                           "purposes": ["defence", "analysis"], "contents": ["technical"]}])
    boss = person(admin, "boss", org, ["administrator"], "a password of boss")
    session = hub.client(basic=("boss", "a password of boss"))
    made = session.post("/api/v1/tokens", {"title": "reader", "scopes": ["read"], "machine": True})
    tap.check("a token is made, and shown once", made.status == 201 and made.json["token"].startswith("hnm_"), made)
    machine = hub.client(token=made.json["token"])
    me = machine.get("/api/v1/me").json
    tap.check("it is a machine's", me["machine"] and me["organisation"] == org and me["scopes"] == ["read"], me)
    tap.check("scopes hold", machine.post("/api/v1/tokens", {"title": "x", "scopes": ["read"]}).status == 403)
    over = session.post("/api/v1/tokens", {"title": "x", "scopes": ["read"], "expires": "2020-01-01T00:00:00Z"})
    tap.check("none is made that is over already", over.status == 400 and over.json["errors"][0]["pointer"] == "/expires", over)
    own = session.post("/api/v1/tokens", {"title": "mine", "scopes": ["read", "manage"]}).json
    lesser = hub.client(token=own["token"])
    tap.check("nobody gives more than they have",
              lesser.post("/api/v1/tokens", {"title": "x", "scopes": ["write"]}).status == 403)
    ends = (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=2)).strftime("%Y-%m-%dT%H:%M:%S.000000Z")
    bounds = {"use": "onward", "tlp_max": "amber", "purposes": ["defence"], "expires": ends}
    narrow = session.post("/api/v1/tokens", {"title": "narrow", "scopes": ["read", "manage"], **bounds}).json
    narrow = hub.client(token=narrow["token"])
    for name, wide in (("expires", "2099-01-01T00:00:00Z"), ("use", "own"), ("tlp_max", "red"), ("purposes", ["defence", "analysis"])):
        got = narrow.post("/api/v1/tokens", {"title": "x", "scopes": ["read"], name: wide})
        tap.check(f"no token makes one that is wider: {name}", got.status == 403 and got.json["errors"][0]["pointer"] == "/" + name, got)
    heir = narrow.post("/api/v1/tokens", {"title": "heir", "scopes": ["read"]}).json["id"]
    tap.equal("what is not said is as itself", [{n: t.get(n) for n in bounds} for t in narrow.get("/api/v1/tokens").json["tokens"]
                                                if t["id"] == heir], [bounds])
    tap.equal("less is given", narrow.post("/api/v1/tokens", {"title": "x", "scopes": ["read"], "tlp_max": "green"}).status, 201)
    listed = session.get("/api/v1/tokens").json["tokens"]
    tap.check("lists hold no secret", {own["id"], made.json["id"]} <= {t["id"] for t in listed} and
              own["token"] not in json.dumps(listed) and "secret" not in json.dumps(listed))
    other = hub.client(token=admin.post("/api/v1/tokens", {"title": "o", "scopes": ["read", "manage"]}).json["token"])
    stranger = person(admin, "stranger", organisation(admin), ["administrator"], "a stranger's password")
    tap.check("a stranger knows of none of them", stranger and
              hub.client(basic=("stranger", "a stranger's password")).delete(f"/api/v1/tokens/{own['id']}").status == 404)
    tap.check("taken away, it is gone at the next request",
              other.delete(f"/api/v1/tokens/{made.json['id']}").status == 204 and machine.get("/api/v1/me").status == 401)
    got = admin.get(f"/api/v1/people/{boss}")
    off = {**got.json, "active": False}
    tap.check("so is everything of a person who is suspended",
              admin.put(f"/api/v1/people/{boss}", off, If_Match=got.headers["ETag"]).status == 204 and
              session.get("/api/v1/me").status == 401 and lesser.get("/api/v1/me").status == 401)


def directory(tap, hub, admin, first):
    org = organisation(admin, sectors={"critical": ["electric-power"]})
    path = f"/api/v1/organisations/{org}"
    got = admin.get(path)
    tag = got.headers["ETag"]
    changed = {**got.json, "contact_windows": [{"title": "desk"}]}
    tap.check("without If-Match nothing is replaced", admin.put(path, changed).status == 428)
    tap.check("with it, it is", admin.put(path, changed, If_Match=tag).status == 204)
    tap.check("with an old one it is not", admin.put(path, got.json, If_Match=tag).status == 412)
    tap.check("an unchanged one is 304", admin.get(path, If_None_Match=admin.get(path).headers["ETag"]).status == 304)
    bad = admin.post("/api/v1/organisations", {"kind": "operator", "names": NAMES, "parents": [str(uuid.uuid4())]})
    tap.check("what is not there cannot be named", bad.status in (400, 422) and bad.json["errors"][0]["pointer"] == "/parents", bad)
    new = str(uuid.uuid4())
    body = {"kind": "vendor", "names": NAMES}
    tap.check("a new one under a given identifier", admin.put(f"/api/v1/organisations/{new}", body, If_None_Match="*").status == 201)
    tap.check("but once", admin.put(f"/api/v1/organisations/{new}", body, If_None_Match="*").status == 409)
    person(admin, "op", org, ["analyst"], "password of operator")
    op = hub.client(basic=("op", "password of operator"))
    mine, theirs = op.get(path), op.get(f"/api/v1/organisations/{new}")
    absent = op.get(f"/api/v1/organisations/{uuid.uuid4()}")
    tap.check("one's own is seen whole", mine.status == 200 and "contact_windows" in mine.json)
    tap.check("what one may not know of is as if it were not there",
              theirs.status == absent.status == 404 and theirs.body == absent.body, theirs, absent)
    tap.check("an analyst changes nothing", op.put(path, mine.json, If_Match=mine.headers["ETag"]).status == 403)
    me = admin.get(f"/api/v1/people/{first['person']}")
    raised = {**me.json, "clearance": {"level": "secret", "until": "2099-01-01T00:00:00Z"}}
    tap.check("nobody raises their own rights",
              admin.put(f"/api/v1/people/{first['person']}", raised, If_Match=me.headers["ETag"]).status == 403)
    pages, cursor = [], ""
    while cursor is not None:
        page = admin.get("/api/v1/organisations?limit=2" + (f"&cursor={cursor}" if cursor else "")).json
        pages += [o["id"] for o in page["organisations"]]
        cursor = page.get("next")
    tap.check("lists come in pages", org in pages and new in pages and len(pages) == len(set(pages)))
    first_page = admin.get("/api/v1/organisations?limit=1").json["next"]
    tags = [first_page, admin.get(path).headers["ETag"], mine.headers["ETag"]]
    tap.check("neither cursors nor entity tags are small numbers, which would count what others have",
              all(len(tag.strip('"')) == 16 and int(tag.strip('"'), 16) > 1 << 32 for tag in tags), tags)
    tap.equal("a cursor of one's own making", op.get("/api/v1/organisations?cursor=0000000000000005").status, 400)
    tap.check("a cursor that the hub gave, again", admin.get(f"/api/v1/organisations?limit=1&cursor={first_page}").json ==
              admin.get(f"/api/v1/organisations?limit=1&cursor={first_page}").json)
    hub.stop()
    hub.start()
    for client in (admin, op):
        client.close()
    tap.equal("and after a restart", admin.get(f"/api/v1/organisations?limit=1&cursor={first_page}").status, 200)
    tap.equal("as does an entity tag", op.get(path, If_None_Match=mine.headers["ETag"]).status, 304)


def raising(tap, hub, admin, first):
    """Who could sign in as somebody does not raise what that one may see."""
    anna = person(admin, "anna.c", first["centre"], ["analyst"], "the first password")
    person(admin, "second.c", first["centre"], ["administrator"], "a second password")
    second = hub.client(basic=("second.c", "a second password"))
    own = hub.client(basic=("anna.c", "the first password"))

    def clear(client, level):
        got = client.get(f"/api/v1/people/{anna}")
        body = {**got.json, "clearance": {"level": level, "until": "2099-01-01T00:00:00Z"}}
        if level is None:
            body.pop("clearance")
        return client.put(f"/api/v1/people/{anna}", body, If_Match=got.headers["ETag"])

    def change(current, new):
        session = own_session(current)
        return session.put("/api/v1/me/password", {"current": current, "new": new}).status

    def own_session(password):
        return hub.client(token=hub.client().post("/api/v1/sign-in", {"login": "anna.c", "password": password}).json["token"])

    kept = own.post("/api/v1/tokens", {"title": "whose?", "scopes": ["read"]}).json["token"]
    tap.equal("not while a password holds that somebody gave", clear(second, "secret").status, 403)
    tap.equal("one's own password", change("the first password", "a password of Anna"), 204)
    tap.equal("... ends what was made under the other", hub.client(token=kept).get("/api/v1/me").status, 401)
    mine = own_session("a password of Anna")
    token = mine.post("/api/v1/tokens", {"title": "mine", "scopes": ["read"]}).json["token"]
    tap.equal("another administrator clears her", clear(second, "secret").status, 204)
    tap.equal("... and what is hers stays", hub.client(token=token).get("/api/v1/me").json["clearance"], "secret")
    tap.equal("nobody without it sets her password", admin.put(f"/api/v1/people/{anna}/password", {"new": "to get at it 1"}).status, 403)
    tap.equal("a clearance is taken away", clear(admin, None).status, 204)
    tap.equal("... then her password is set", admin.put(f"/api/v1/people/{anna}/password", {"new": "to get at it 1"}).status, 204)
    tap.equal("... and changed as if by her", change("to get at it 1", "to get at it 2"), 204)
    tap.equal("... but not given back by who did that", clear(admin, "secret").status, 403)
    tap.equal("... who may name her otherwise", admin.put(f"/api/v1/people/{anna}", {**admin.get(f"/api/v1/people/{anna}").json,
              "mail": "anna@centre.example"}, If_Match=admin.get(f"/api/v1/people/{anna}").headers["ETag"]).status, 204)


def locking(tap, hub):
    nobody = hub.client()
    wrong = {"login": "first", "password": "wrong again and again"}
    statuses = [nobody.post("/api/v1/sign-in", wrong).status for _ in range(8)]
    tap.check("after some failures one waits", statuses[0] == 401 and statuses[-1] == 429, statuses)
    answer = nobody.post("/api/v1/sign-in", wrong)
    tap.check("and is told how long", int(answer.headers["Retry-After"]) >= 1)


def helping(tap, hub, admin, first):
    centre = first["centre"]
    other = admin.post("/api/v1/organisations", {"kind": "operator", "names": [{"language": "en", "name": "Elsewhere"}]}).json["id"]
    made = {}
    for login, place, roles in (("guessed.at", centre, ["analyst"]), ("no.admin", centre, ["auditor"]), ("their.admin", other, ["administrator"])):
        made[login] = admin.post("/api/v1/people", {"login": login, "places": [{"organisation": place, "roles": roles}]}).json["id"]
        tap.equal(f"a password for {login}", admin.put(f"/api/v1/people/{made[login]}/password", {"new": "a long password 1"}).status, 204)
    where = f"/api/v1/people/{made['guessed.at']}/lockout"
    tap.equal("nobody failed yet", admin.get(where).json, {"failures": 0, "wait": 0})
    clients = {login: hub.client(token=hub.client().post("/api/v1/sign-in", {"login": login, "password": "a long password 1"}).json["token"])
               for login in ("no.admin", "their.admin", "guessed.at")}
    right = {"login": "guessed.at", "password": "a long password 1"}
    while hub.client().post("/api/v1/sign-in", {**right, "password": "a guess, and another"}).status == 401:
        pass
    standing = admin.get(where).json
    tap.check("an administrator sees that somebody has to wait", standing["failures"] >= 5 and standing["wait"] >= 1 and "last" in standing, standing)
    tap.equal("who is no administrator sees nothing", clients["no.admin"].get(where).status, 403)
    tap.equal("... and lifts nothing", clients["no.admin"].delete(where).status, 403)
    tap.equal("nor does oneself", clients["guessed.at"].delete(where).status, 403)
    tap.equal("another organisation's administrator knows of nobody", clients["their.admin"].get(where).status, 404)
    tap.equal("... and helps nobody", clients["their.admin"].delete(where).status, 404)
    tap.check("... so that one still waits", admin.get(where).json["failures"] >= 5)
    tap.equal("an administrator lifts it", admin.delete(where).status, 204)
    tap.equal("... which forgets the failures", admin.get(where).json, {"failures": 0, "wait": 0})
    tap.equal("... so that the right password opens", hub.client().post("/api/v1/sign-in", right).status, 200)


def restart(tap, hub, first):
    hub.stop()
    hub.start()
    tap.check("tokens outlive a restart", hub.client(token=first["token"]).get("/api/v1/me").status == 200)


def run(tap, database):
    hub, first = begin(database)
    with hub:
        admin = hub.client(token=first["token"])
        signing_in(tap, hub, first)
        second_factor(tap, hub, admin)
        tokens(tap, hub, admin)
        directory(tap, hub, admin, first)
        raising(tap, hub, admin, first)
        helping(tap, hub, admin, first)
        locking(tap, hub)
        restart(tap, hub, first)


tap = Tap()
for _, database, end in databases():
    run(tap, database())
    end()
tap.done()
