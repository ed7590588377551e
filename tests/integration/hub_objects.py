#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The Hinomi authors
"""Objects by the REST API: handing in, pages, versions, relations, search, correlations; as two organisations see them.
Every answer is checked against the hub's OpenAPI document by the client."""
import datetime
import json
import urllib.parse
import uuid

from hub_parties import Parties, marking
from hub_world import Tap, databases, until

tap = Tap()


def indicator(number, pattern=None, day=1, tlp="green", **more):
    return {"type": "indicator", "spec_version": "2.1", "id": f"indicator--8e2e2d2b-17d4-4cbf-938f-{number:012d}",
            "created": "2026-01-01T00:00:00.000Z", "modified": f"2026-01-{day:02d}T00:00:00.000Z",
            "pattern": pattern or f"[ipv4-addr:value = '192.0.2.{number}']", "pattern_type": "stix",
            "valid_from": "2026-01-01T00:00:00Z", "object_marking_refs": [marking(tlp)], **more}


def hand_in(client, *objects, **query):
    body = {"type": "bundle", "id": f"bundle--{uuid.uuid4()}", "objects": list(objects)}
    suffix = "?" + urllib.parse.urlencode(query) if query else ""
    return client.post("/api/v1/objects" + suffix, body)


def numbers(answer):
    return [int(item["object"]["id"][-12:]) for item in answer.json["objects"]]


def all_pages(client, path):
    """Numbers of all pages, and how many pages they were."""
    found, pages, cursor = [], 0, None
    while True:
        answer = client.get(path + (f"&cursor={cursor}" if cursor else ""))
        found += numbers(answer)
        pages += 1
        cursor = answer.json.get("next")
        if not cursor:
            return found, pages


def handing_in(hub, a, b):
    answer = hand_in(a, *[indicator(n) for n in range(1, 8)], indicator(8, tlp="red"), {"type": "indicator"})
    tap.equal("what is whole is taken, what is not is told", [answer.status, answer.json["new"], answer.json["failed"]], [200, 8, 1])
    failure = answer.json["failures"][0]
    tap.check("with its place", failure["index"] == 8 and "id" in failure["detail"], failure)
    tap.equal("the same again", hand_in(a, indicator(1)).json["same"], 1)
    conflict = hand_in(a, indicator(1, confidence=3)).json
    tap.equal("the same version with another content", [conflict["failed"], conflict["failures"][0]["pointer"]], [1, "/id"])
    dry = hand_in(a, indicator(1), indicator(20), dry="true").json
    tap.equal("a dry run tells", [dry["dry"], dry["same"], dry["new"]], [True, 1, 1])
    tap.equal("and changes nothing", a.get("/api/v1/objects/" + indicator(20)["id"]).status, 404)
    lines = "\n".join(json.dumps(indicator(n)) for n in (9, 10))
    tap.equal("one a line", a.post("/api/v1/objects", lines, Content_Type="application/x-ndjson").json["new"], 2)
    tap.equal("without rights", hub.client().post("/api/v1/objects", indicator(30)).status, 401)
    broken = a.post("/api/v1/objects", b'{"type":"bundle","objects":[{"a":1}', Content_Type="application/json")
    tap.equal("JSON that ends too early", broken.status, 400)


def another_hand(hub, a, b):
    """Whoever knows an identifier may give a version of it; it takes nobody else's place."""
    mine = indicator(60)
    theirs = indicator(60, modified="2026-02-01T00:00:00.000Z", revoked=True, name="not so")
    hand_in(a, mine)
    tap.equal("another organisation's version is a copy of its own", hand_in(b, theirs).json["new"], 1)
    for name, client in (("a", a), ("b", b)):
        got = client.get("/api/v1/objects/" + mine["id"])
        tap.equal(f"{name}: who gave it first has not revoked it", got.json, mine)
        tap.equal(f"{name}: ... nor is another told in pages", [i["object"] for i in client.get("/api/v1/objects?limit=1000").json["objects"]
                                                              if i["object"]["id"] == mine["id"]], [mine])
        versions = client.get(f"/api/v1/objects/{mine['id']}/versions").json["objects"]
        tap.equal(f"{name}: both are versions", [i["object"] for i in versions], [mine, theirs])
        tap.equal(f"{name}: each says whose it is, where one may know that",
                  [i.get("owner") for i in versions], [hub.a.id if name == "a" else None, hub.b.id if name == "b" else None])
        tap.equal(f"{name}: as does the one", got.headers.get("X-Owner"), hub.a.id if name == "a" else None)
    whole = hub.centre.client().get(f"/api/v1/objects/{mine['id']}/versions").json["objects"]
    tap.equal("the centre knows both", [i["owner"] for i in whole], [hub.a.id, hub.b.id])


def is_english(text):
    return not any(ord(c) > 0x2fff for c in text)


def refusals(a):
    """Each names its place as programs read it, and says what is wrong in the asker's language."""
    ja = {"Accept_Language": "ja"}
    bad = indicator(40, pattern="[ipv4-addr:value = ")
    failure = hand_in(a, bad).json["failures"][0]
    tap.equal("a refused object: which, and where", [failure["id"], failure["pointer"]], [bad["id"], "/pattern"])
    torn = json.dumps(indicator(41, name="X")).encode().replace(b'"X"', b'"\xff"')
    failure = a.post("/api/v1/objects", torn, Content_Type="application/json").json["failures"][0]
    tap.equal("one that cannot be read: a pointer", failure["pointer"], "/name")
    tap.check("and the byte beside it", "(byte " in failure["detail"], failure)
    failure = a.post("/api/v1/objects", indicator(1, confidence=3), **ja).json["failures"][0]
    tap.check("what the writer finds is told in the asker's language", not is_english(failure["detail"]), failure)
    for body in (b'{"a":1}', b'{"objects":5}'):
        odd = a.post("/api/v1/objects", body, Content_Type="application/json").json
        tap.check(f"{body} is an object that is refused, with its place", [odd["failed"], odd["new"]] == [1, 0] and
                  (odd["failures"][0]["index"], '"type"' in odd["failures"][0]["detail"]) == (0, True), odd)
    ahead = (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=2)).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    ahead = hand_in(a, indicator(42, modified=ahead), indicator(1)).json
    tap.equal("a version of the day after tomorrow is its own failure", [ahead["same"], ahead["failures"][0]["pointer"]], [1, "/modified"])
    broken = a.post("/api/v1/objects", b'[{"a":1}', Content_Type="application/json").json
    tap.equal("a body that cannot be read is the place", [e.get("pointer") for e in broken["errors"]], [""])
    tap.check("and the byte is told", broken["detail"].startswith("byte "), broken)
    asked = a.get("/api/v1/search?pattern=evil*").json
    tap.equal("a pattern that is none: the parameter", asked["errors"][0]["parameter"], "pattern")
    for body in (b'{"names":', b'{"a":1,"a":2}', b'{"a":"\xff"}', b"{} 1", b"{1}", b'{"a":1e999}', b'{"a":"\\u0000"}'):
        said = [a.post("/api/v1/holds/ask", body, Content_Type="application/json", Accept_Language=lang).json["detail"]
                for lang in ("en", "ja")]
        tap.check(f"{body}: in both languages", is_english(said[0]) and ": JSONではない: " in said[1]
                  and not any(word in said[1] for word in ("near", "token", "key", "expected")), said)
    missing = a.post("/api/v1/holds/ask", {}).json
    tap.equal("what is missing: named for programs and for people",
              [missing["errors"][0]["pointer"], missing["detail"].startswith("/value: ")], ["/value", True])


def pages(a, b):
    for limit in (1, 3, 4, 100):
        path = f"/api/v1/objects?limit={limit}"
        tap.equal(f"pages of {limit}: the owner's", all_pages(a, path), (list(range(1, 11)), -(-10 // limit)))
        others = [n for n in range(1, 11) if n != 8]
        tap.equal(f"pages of {limit}: another's", all_pages(b, path), (others, -(-9 // limit)))
    first = b.get("/api/v1/objects?limit=2").json
    again = [numbers(b.get(f"/api/v1/objects?limit=2&cursor={first['next']}")) for _ in range(2)]
    tap.equal("a cursor is not used up", again, [[3, 4], [3, 4]])
    tap.equal("counts", [c.get("/api/v1/counts?type=indicator").json["objects"] for c in (a, b)], [10, 9])
    tap.equal("of a type that is not there", a.get("/api/v1/objects?type=malware").json["objects"], [])
    tap.equal("a cursor that is none", a.get("/api/v1/objects?cursor=zz").status, 400)
    tap.equal("a parameter that is none", a.get("/api/v1/objects?colour=red").status, 400)


def one(hub, a, b):
    path = "/api/v1/objects/" + indicator(1)["id"]
    answer = b.get(path)
    tap.equal("one object, byte for byte", json.loads(answer.body), indicator(1))
    tap.equal("not again", b.get(path, If_None_Match=answer.headers["ETag"]).status, 304)
    hidden, missing = ("/api/v1/objects/" + indicator(n)["id"] for n in (8, 77))
    answers = [b.get(p, Accept_Language="ja") for p in (hidden, missing)]
    tap.equal("what may not be seen is as if it were not there", *[(x.status, x.body) for x in answers])
    hand_in(a, indicator(1, day=3, name="later"))
    hand_in(a, indicator(1, day=2))
    versions = [item["object"]["modified"][8:10] for item in b.get(path + "/versions").json["objects"]]
    tap.equal("versions", sorted(versions), ["01", "02", "03"])
    tap.equal("the latest", b.get(path).json["name"], "later")
    tap.equal("one of them", b.get(path + "?version=2026-01-02T00:00:00Z").json["modified"][8:10], "02")
    relation = {"type": "relationship", "spec_version": "2.1", "id": f"relationship--{uuid.uuid4()}", "relationship_type": "related-to",
                "created": "2026-01-01T00:00:00Z", "modified": "2026-01-01T00:00:00Z", "source_ref": indicator(1)["id"],
                "target_ref": indicator(8)["id"], "object_marking_refs": [marking("green")]}
    hand_in(a, relation)
    found = [item["object"]["id"] for item in b.get(path + "/relations").json["objects"]]
    tap.equal("what points to it", found, [relation["id"]])
    tap.equal("of what may not be seen: nothing", b.get(hidden + "/relations").status, 404)


def indexed(client):
    return until(lambda: client.get("/api/v1/search?text=x").json["complete"], "the index")


def found(client, **query):
    return sorted(numbers(client.get("/api/v1/search?" + urllib.parse.urlencode(query))))


def search(a, b):
    hand_in(a, indicator(11, "[ipv4-addr:value = '192.0.2.0/24']", name="水道への標的型攻撃"),
            indicator(12, "[domain-name:value = 'www.evil.example']", tlp="red", name="標的型攻撃"),
            indicator(13, "[ipv4-addr:value = '192.0.2.5']", name="the same server"))
    indexed(a)
    tap.equal("by a value, and the prefix around it", found(b, value="192.0.2.5"), [5, 11, 13])
    tap.equal("inside a prefix", found(b, inside="192.0.2.4/30"), [4, 5, 6, 7, 13])
    tap.equal("below a name: the owner", found(a, inside="evil.example"), [12])
    tap.equal("below a name: another", found(b, inside="evil.example"), [])
    tap.equal("by words of two letters in Japanese", [found(a, text="攻撃"), found(b, text="攻撃")], [[11, 12], [11]])
    tap.equal("by a pattern", found(b, pattern="[ipv4-addr:value = '192.0.2.4' OR ipv4-addr:value = '192.0.2.6']"), [4, 6, 11])
    tap.equal("two questions at once", b.get("/api/v1/search?text=a&value=b").status, 400)
    values = b.get("/api/v1/objects/" + indicator(13)["id"] + "/correlations").json["values"]
    tap.equal("what shares a value", [(v["value"], [o["object"]["id"][-2:] for o in v["objects"]]) for v in values],
              [("192.0.2.5", ["05"])])
    both = indicator(15, "[ipv4-addr:value = '192.0.2.6' OR ipv4-addr:value = '192.0.2.7']")
    hand_in(a, both)
    indexed(a)
    values = b.get("/api/v1/objects/" + both["id"] + "/correlations").json["values"]
    tap.equal("of two values each by itself", [(v["value"], [o["object"]["id"][-2:] for o in v["objects"]]) for v in values],
              [("192.0.2.6", ["06"]), ("192.0.2.7", ["07"])])


def masked(a, b):
    part = indicator(14, name="seen by all", description="who told us",
                     granular_markings=[{"marking_ref": marking("red"), "selectors": ["description"]}])
    tap.equal("an object with a hidden part", hand_in(a, part).json["new"], 1)
    item = [i for i in b.get("/api/v1/objects?limit=1000").json["objects"] if i["object"].get("name") == "seen by all"][0]
    tap.check("is another rendition", item.get("masked") and item["object"]["id"] != part["id"], item)
    tap.check("without the part", "who told us" not in json.dumps(item), item)
    answer = b.get("/api/v1/objects/" + item["object"]["id"])
    tap.equal("found by its own identifier", [answer.status, answer.headers["X-Masked"]], [200, "true"])
    tap.equal("not by the whole's", b.get("/api/v1/objects/" + part["id"]).status, 404)
    indexed(a)
    tap.equal("nor by the words of the part", [found(a, text="who told us"), found(b, text="who told us")], [[14], []])
    tap.equal("the owner has it whole", a.get("/api/v1/objects/" + part["id"]).json["description"], "who told us")


def owners(hub, first, second, a, b):
    """Two gave the same identifier; the centre sees which organisations there are."""
    hand_in(a, indicator(90, description="of the first"), indicator(91))
    hand_in(b, indicator(90, description="of the second", day=2), indicator(92))
    centre = hub.centre.client()
    path = "/api/v1/objects/" + indicator(90)["id"]
    got = {who: centre.get(f"{path}?owner={who}") for who in (first.id, second.id)}
    tap.equal("each one's own copy", [one.json["description"] for one in got.values()], ["of the first", "of the second"])
    tap.equal("whose it is", [one.headers["X-Owner"] for one in got.values()], [first.id, second.id])
    tap.equal("its versions", numbers(centre.get(f"{path}/versions?owner={second.id}")), [90])
    lists = [[item["object"]["id"] for item in centre.get(f"/api/v1/objects?owner={who}&limit=1000").json["objects"]]
             for who in (first.id, second.id)]
    mine = {indicator(n)["id"]: n for n in (90, 91, 92)}
    tap.equal("lists", [sorted(mine[one] for one in ids if one in mine) for ids in lists], [[90, 91], [90, 92]])
    counts = [centre.get(f"/api/v1/counts?owner={who}").json["objects"] for who in (first.id, second.id)]
    tap.equal("counts are what is listed", counts, [len(ids) for ids in lists])
    nobody = uuid.uuid4()
    tap.equal("of nobody there is nothing", [centre.get(f"/api/v1/objects?owner={nobody}").json["objects"],
                                             centre.get(f"/api/v1/counts?owner={nobody}").json["objects"],
                                             centre.get(f"{path}?owner={nobody}").status], [[], 0, 404])
    tap.equal("an owner that is none", centre.get("/api/v1/objects?owner=acme").status, 400)


for name, make, end in databases():
    with Parties(database=make()) as hub:
        first, second = hub.party("acme"), hub.party("bolt")
        hub.start()
        a, b = first.client(), second.client()
        handing_in(hub, a, b)
        refusals(a)
        pages(a, b)
        one(hub, a, b)
        search(a, b)
        masked(a, b)
        hub.a, hub.b = first, second
        another_hand(hub, a, b)
        owners(hub, first, second, a, b)
    end()
tap.done()
