#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The Hinomi authors
"""What goes out, as a bundle, as CSV and as a MISP feed: all that the asker may see and nothing else, in bounded memory."""
import csv
import hashlib
import io
import json
import uuid

from hub_parties import ONWARD, READ, Parties, indicator, malware, marking, stamp
from hub_world import BIN, Tap, databases, until

tap = Tap()
# KiB; a sanitizer keeps what was freed, and pads what was not.
GROWTH_MAX = (400 if b"__asan_init" in (BIN / "hinomi-hub").read_bytes() else 24) << 10


def hand_in(party, objects):
    answer = party.client().post("/api/v1/objects", json.dumps({"type": "bundle", "id": f"bundle--{uuid.uuid4()}",
                                                                "objects": objects}).encode(), Content_Type="application/json")
    assert answer.status == 200 and answer.json["failed"] == 0, answer


def bundle_of(client, query=""):
    answer = client.get("/api/v1/export" + query)
    assert answer.status == 200, answer
    assert answer.json["type"] == "bundle"
    return answer.json["objects"]


def table_of(client, query=""):
    answer = client.get("/api/v1/export?format=csv" + query)
    assert answer.status == 200, answer
    return list(csv.DictReader(io.StringIO(answer.body.decode())))


def pages_of(client):
    got, cursor = [], ""
    while True:
        page = client.get("/api/v1/objects?limit=1000" + cursor).json
        got += [item["object"] for item in page["objects"]]
        if "next" not in page:
            return got
        cursor = "&cursor=" + page["next"]


def views(hub, member, other, peer):
    clear, green, amber, strict, red = (indicator(n, tlp) for n, tlp in enumerate(
        ("clear", "green", "amber", "amber+strict", "red")))
    masked = malware("parts", "green", description="for few", granular_markings=[
        {"marking_ref": marking("red"), "selectors": ["description"]}])
    hand_in(member, [clear, green, amber, strict, red, masked])
    whole = {o["id"] for o in (clear, green, amber, strict, red)}
    own, others = bundle_of(member.client()), bundle_of(other.client())
    tap.equal("its owner has all of it", {o["id"] for o in own} & (whole | {masked["id"]}), whole | {masked["id"]})
    tap.equal("... as it was", [o for o in own if o["id"] == red["id"]], [red])
    tap.equal("another has what its agreement gives", {o["id"] for o in others} & whole, {clear["id"], green["id"]})
    tap.check("... of the masked one a rendition", masked["id"] not in json.dumps(others) and "for few" not in json.dumps(others)
              and any(o.get("name") == "parts" for o in others), others)
    feed = hub.client(token=peer.token)
    tap.equal("a feed that goes on has neither RED nor AMBER+STRICT", {o["id"] for o in bundle_of(feed)} & whole,
              {clear["id"], green["id"], amber["id"]})
    tap.equal("the public has what is CLEAR", [o["id"] for o in bundle_of(hub.client())], [clear["id"]])
    for name, client in (("its owner", member.client()), ("another", other.client()), ("a feed", feed), ("the public", hub.client())):
        tap.equal(f"{name}: the export is what the pages give", bundle_of(client), pages_of(client))
        tap.check(f"{name}: CSV has the same objects",
                  {row["id"] for row in table_of(client)} == {o["id"] for o in bundle_of(client, "?type=indicator")})
    entries = {row["id"]: row for row in table_of(member.client())}
    row = entries[strict["id"]]
    tap.equal("a row", (row["value"], row["kind"], row["first_seen"], row["confidence"], row["marking"]),
              ("198.51.0.3", "ipv4", "2026-01-01T00:00:00.000000Z", "", "TLP:AMBER+STRICT"))
    return red


def values(member):
    good = indicator(77, confidence=80, pattern="[file:name = 'a,\"b\" c.exe' OR domain-name:value = 'Bad.Example']")
    hand_in(member, [good, indicator(78, revoked=True), indicator(79, valid_until=stamp(60))])
    mark = [row["added"] for row in table_of(member.client()) if row["id"] == good["id"]][-1]
    rows = [row for row in table_of(member.client()) if row["id"] == good["id"]]
    tap.equal("each value is a row, quoted as RFC 4180 says", sorted((r["value"], r["kind"], r["confidence"]) for r in rows),
              [('a,"b" c.exe', "filename", "80"), ("bad.example", "name", "80")])
    tap.check("what is revoked or no longer valid is no value to act on",
              not any(row["value"] in ("198.51.0.78", "198.51.0.79") for row in table_of(member.client())))
    tap.check("... but stands in the bundle", any(o.get("revoked") for o in bundle_of(member.client())))
    later = indicator(80)
    hand_in(member, [later])
    tap.equal("after: only what was added later", [o["id"] for o in bundle_of(member.client(), f"?type=indicator&after={mark}")][-1:],
              [later["id"]])
    tap.equal("by type", {o["type"] for o in bundle_of(member.client(), "?type=malware")}, {"malware"})
    tap.equal("of a type that nobody knows", bundle_of(member.client(), "?type=x-nothing"), [])
    tap.equal("a time that is none", member.client().get("/api/v1/export?after=x").status, 400)
    tap.equal("a format that is none", member.client().get("/api/v1/export?format=doc").status, 400)


def tags(hub, member, other):
    """An export that did not change is not sent again, and nothing hidden shows in its tag."""
    guest = other.client()
    first = guest.get("/api/v1/export")
    tag = first.headers["ETag"]
    tap.equal("the same export is the same bytes", guest.get("/api/v1/export").body, first.body)
    tap.equal("... and not sent again", guest.get("/api/v1/export", If_None_Match=tag).status, 304)
    tap.check("another question has another tag", guest.get("/api/v1/export?type=malware").headers["ETag"] != tag)
    tap.check("another asker has another tag", member.client().get("/api/v1/export").headers["ETag"] != tag)
    hand_in(member, [indicator(90, "red")])
    tap.equal("what one does not see does not show in it", guest.get("/api/v1/export", If_None_Match=tag).status, 304)
    hand_in(member, [indicator(91, "green")])
    tap.equal("what one sees does", guest.get("/api/v1/export", If_None_Match=tag).status, 200)
    tap.check("what changes by time alone has none", "ETag" not in guest.get("/api/v1/export?format=csv").headers)


def event(member, other):
    """All as one event of MISP."""
    for name, client in (("its owner", member.client()), ("another", other.client())):
        got = client.get("/api/v1/export?format=misp").json["Event"]
        rows = table_of(client)
        tap.equal(f"{name}: the event has the values of the CSV", sorted(a["value"] for a in got["Attribute"]),
                  sorted(row["value"] for row in rows))
        again = client.get("/api/v1/export?format=misp&type=malware").json["Event"]
        tap.equal(f"{name}: the same event again", again["uuid"], got["uuid"])
    tap.check("each organisation's is its own", got["uuid"] != member.client().get("/api/v1/export?format=misp").json["Event"]["uuid"])


def warning_lists(hub, member, other):
    """What a list blocks does not leave by that way for that consumer; what it informs of leaves and is told."""
    names = {"block": "cdn.example", "own": "own.example", "told": "told.example"}
    made = {k: indicator(0, "green", pattern=f"[domain-name:value = '{v}']") for k, v in names.items()}
    made["both"] = indicator(0, "green", pattern="[domain-name:value = 'cdn.example'] OR [domain-name:value = 'bad.test']")
    gone = indicator(0, "green", version=1, pattern="[domain-name:value = 'cdn.example']", revoked=True)
    hand_in(member, [*made.values(), gone])
    centre, mine, guest = hub.centre.client(), member.client(), other.client()
    ids = {o["id"]: k for k, o in {**made, "gone": gone}.items()}
    collection = next(c["id"] for c in mine.get("/taxii2/nation/collections/", Accept="*/*").json["collections"] if c["can_read"])
    objects = f"/taxii2/nation/collections/{collection}/"

    def bundle(c):
        return {ids[o["id"]] for o in bundle_of(c, "?type=indicator") if o["id"] in ids}

    def taxii(c, what="objects", query=""):
        got, more = set(), ""
        while True:
            page = c.get(objects + f"{what}/?match[type]=indicator{query}{more}").json
            got |= {ids[o["id"]] for o in page.get("objects", []) if o["id"] in ids}
            if not page.get("more"):
                return got
            more = "&next=" + page["next"]

    def table(c):
        return {(r["value"], r["warning"]) for r in table_of(c) if r["id"] in ids}

    def attributes(c):
        event = c.get("/api/v1/export?format=misp").json["Event"]
        return {(a["value"], a["Tag"][-1]["name"]) for a in event["Attribute"] if a["comment"] in ids}

    def feed(c):
        manifest = c.get("/misp/manifest.json").json
        return {a["value"] for e in manifest for a in c.get(f"/misp/{e}.json").json["Event"]["Attribute"]}

    def hashes(c):
        return {line.split(",")[0] for line in c.get("/misp/hashes.csv").body.decode().splitlines()}

    whole = set(ids.values())
    tap.equal("no list: all leaves", (bundle(mine), taxii(mine)), (whole, whole))
    tag = mine.get("/api/v1/export").headers["ETag"]
    paths = []
    for name, action, rules, content in (
            ("CDN", "off", [{"export": e, "action": "block"} for e in ("csv", "misp", "stix", "taxii")], "cdn.example\n"),
            ("Own", "off", [{"consumer": other.id, "action": "block"}], "own.example\n"),
            ('A "told" one', "inform", [], "told.example\n")):
        paths.append(f"/api/v1/warning-lists/{uuid.uuid4()}")
        assert centre.put(paths[-1], {"name": name, "action": action, "rules": rules}, If_None_Match="*").status == 201
        assert centre.put(paths[-1] + "/content", content, Content_Type="text/plain").status == 200

    def read():
        answer = mine.get("/api/v1/export")
        assert answer.status == 200 or answer.headers["Retry-After"], answer
        return answer.status == 200 and answer

    answer = until(read, "the lists are read")
    tap.check("the tag is another", answer.headers["ETag"] != tag)
    tap.equal("a head tells what counts", answer.headers["Hinomi-Warning-Lists"], "block=1, inform=1")
    for name, c, left in (("a member", mine, {"own", "told", "gone"}), ("for another consumer", guest, {"told", "gone"})):
        tap.equal(f"{name}: a bundle", bundle(c), left)
        tap.equal(f"{name}: TAXII's objects", taxii(c), left)
        tap.equal(f"{name}: ... by small pages", taxii(c, query="&limit=1"), left)
        tap.equal(f"{name}: its manifest", taxii(c, "manifest"), left)
        rows = {("told.example", 'A "told" one'), ("bad.test", "")} | ({("own.example", "")} if "own" in left else set())
        tap.equal(f"{name}: CSV, by value", table(c), rows)
        tap.equal(f"{name}: an event of MISP", attributes(c),
                  {(v, "hinomi:warning-list=\"A 'told' one\"" if w else "tlp:green") for v, w in rows})
        sees = feed(c)
        tap.equal(f"{name}: the MISP feed", [n in sees for n in ("cdn.example", "own.example", "told.example", "bad.test")],
                  [False, "own" in left, True, True])
        tap.equal(f"{name}: its hashes", [hashlib.md5(n.encode()).hexdigest() in hashes(c) for n in ("cdn.example", "told.example")],
                  [False, True])
    for what in ("", "versions/"):
        one = mine.get(objects + f"objects/{made['block']['id']}/{what}")
        tap.equal(f"one object {what}", (one.status, one.json, one.headers["Hinomi-Warned"]), (200, {}, "withheld=1, informed=0"))
    one = mine.get(objects + f"objects/{made['told']['id']}/")
    tap.equal("what is told leaves as it is", (one.json["objects"], one.headers["Hinomi-Warned"]),
              ([made["told"]], "withheld=0, informed=1"))
    tap.equal("it is no matter of visibility", mine.get(f"/api/v1/objects/{made['block']['id']}").status, 200)
    for path in paths:
        assert centre.delete(path).status == 204
    until(lambda: read() and "Hinomi-Warning-Lists" not in read().headers, "the lists are gone")
    tap.equal("without the lists all leaves again", (bundle(mine), taxii(guest)), (whole, whole))


def many(hub, member):
    """A store larger than any buffer, told in pieces."""
    for part in range(4):
        hand_in(member, [indicator(part * 5000 + n, "amber+strict", description="x" * 1500) for n in range(5000)])
    before = memory(hub)
    own = bundle_of(member.client())
    tap.check("20,000 objects of 40 MB in one answer", len(own) > 20000, len(own))
    tap.equal("... each once", len({o["id"] for o in own}), len(own))
    after = memory(hub)
    tap.check("... in bounded memory", after - before < GROWTH_MAX, before, after)
    with hub.socket() as s:  # a client that goes away in the middle
        s.sendall(f"GET /api/v1/export HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {member.token}\r\n\r\n".encode())
        s.recv(1000)
    tap.equal("a client that goes away harms nobody", hub.client().get("/healthz").status, 200)
    head = member.client().ask("HEAD", "/api/v1/export", check=False)
    tap.equal("HEAD sends no body", (head.status, head.body), (200, b""))


def memory(hub):
    """The most that the hub has had, KiB."""
    with open(f"/proc/{hub.process.pid}/status", encoding="ascii") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM:"))


def misp(hub, member, other, red):
    first, second, hidden = indicator(201, "green"), indicator(202, "amber"), indicator(203, "red")
    report = {"type": "report", "spec_version": "2.1", "id": f"report--{uuid.uuid4()}", "created": stamp(), "modified": stamp(),
              "name": "A \"report\" 攻撃", "published": stamp(), "object_refs": [first["id"], second["id"], hidden["id"]],
              "object_marking_refs": [marking("green")]}
    hand_in(member, [first, second, hidden, report])
    owner, guest = member.client(), other.client()
    mine, theirs = owner.get("/misp/manifest.json").json, guest.get("/misp/manifest.json").json
    event = report["id"].split("--")[1]
    tap.equal("a report is an event", mine[event]["info"], report["name"])
    tap.equal("... with its TLP as a tag", mine[event]["Tag"], [{"name": "tlp:green"}])
    days = [key for key, value in mine.items() if value["info"].startswith("Indicators of")]
    tap.equal("indicators are an event a day and source", len(days), 1)
    tap.equal("... another asker has the same event", [key for key, value in theirs.items() if value["info"].startswith("Indic")], days)
    for name, client, values_ in (("its owner", owner, {"198.51.0.201", "198.51.0.202", "198.51.0.203"}),
                                  ("another", guest, {"198.51.0.201"})):
        got = client.get(f"/misp/{event}.json")
        attributes = got.json["Event"]["Attribute"]
        tap.equal(f"{name}: the report's indicators", {a["value"] for a in attributes}, values_)
        tap.check(f"{name}: each an attribute", all(a["type"] == "ip-dst" and a["category"] == "Network activity" and
                                                    uuid.UUID(a["uuid"]) for a in attributes), attributes)
        tap.equal(f"{name}: its entity tag is of these bytes", client.get(f"/misp/{event}.json",
                                                                         If_None_Match=got.headers["ETag"]).status, 304)
        day = client.get(f"/misp/{days[0]}.json").json["Event"]
        seen = {row["value"] for row in table_of(client, "&type=indicator")}
        tap.equal(f"{name}: the day's indicators are those of the export", {a["value"] for a in day["Attribute"]}, seen)
        hashes = [line.split(",") for line in client.get("/misp/hashes.csv").body.decode().splitlines()]
        tap.equal(f"{name}: hashes.csv", {h for h, _ in hashes}, {hashlib.md5(v.encode()).hexdigest() for v in seen})
        tap.equal(f"{name}: ... leads to the event", {e for _, e in hashes}, set(days))
    tap.check("what is RED is in nothing of another's", not any(red["id"] in guest.get(path).body.decode() for path in (
        f"/misp/{days[0]}.json", "/misp/manifest.json")))
    public = hub.client()
    tap.equal("the public knows no such report", public.get(f"/misp/{event}.json").status, 404)
    for path in (f"/misp/{uuid.uuid4()}.json", "/misp/x.json", f"/misp/{event}", "/misp/"):
        tap.equal(f"404: {path[:12]}", owner.get(path).status, 404)


def main():
    for name, make, end in databases():
        print(f"# {name}", flush=True)
        hub = Parties(database=make())
        member, other = hub.party("member"), hub.party("other", tlp="green")
        peer = hub.party("peer", "foreign-cert", tlp="red", onward=True)
        peer.token = hub.token(peer, scopes=READ, use=ONWARD)
        hub.start()
        red = views(hub, member, other, peer)
        values(member)
        misp(hub, member, other, red)
        event(member, other)
        tags(hub, member, other)
        warning_lists(hub, member, other)
        many(hub, member)
        tap.equal("the hub ends well", hub.stop(), 0)
        hub.remove()
        end()
    tap.done()


main()
