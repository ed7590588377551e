#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The Hinomi authors
"""TAXII 2.1, section by section, asked by a client of our own; on SQLite and on PostgreSQL."""
import json
import threading
import uuid

from hub_parties import ONWARD, READ, WRITE, Parties, indicator, malware, marking, old_indicator, stamp
from hub_world import Tap, databases
from taxii_client import MEDIA, Taxii, TaxiiError, key

tap = Tap()
GREEN = {"tlp": "green"}


class World:
    def __init__(self, database):
        self.hub = Parties(database=database)
        self.member = self.hub.party("member")
        self.other = self.hub.party("other", tlp="green")
        self.reader = self.hub.token(self.member, scopes=READ)
        self.writer = self.hub.token(self.member, scopes=WRITE)
        self.peer = self.hub.party("peer", "foreign-cert", tlp="red", onward=True)
        self.feed = self.hub.token(self.peer, scopes=READ, use=ONWARD)
        self.hub.start()

    def collection(self, alias, read=GREEN, write=GREEN, **more):
        body = {"alias": alias, "title": f"The {alias}", "read": read, "write": write, **more}
        answer = self.hub.centre.client().post("/api/v1/collections", body)
        assert answer.status == 201, answer
        return answer.json["id"]

    def get(self, path, token=None, **headers):
        """Without the client, for what it would not do."""
        return self.hub.client(token=token).ask("GET", path, check=False, **headers)


def refused(name, status, run, *args, **filters):
    try:
        got = run(*args, **filters)
        tap.check(name, False, f"not refused: {got!r}")
    except TaxiiError as e:
        tap.equal(name, e.status, status)
        return e
    return None


def server(w):
    t, nobody = w.member.taxii(), Taxii("127.0.0.1", w.hub.port)
    found = nobody.discovery()
    tap.check("4.1 discovery is open, with a default API root", found["default"] in found["api_roots"], found)
    root = t.api_root()
    tap.check("4.2 the API root", root["max_content_length"] >= 1 << 20, root)
    tap.equal("4.2 an API root that is not there", w.get("/taxii2/other/", Accept=MEDIA).status, 404)
    for method, path, status in (("GET", "/taxii2/other/", 404), ("GET", "/taxii2/nation/collections/all/objects/x/", 404),
                                 ("PUT", "/taxii2/nation/", 405), ("GET", "/taxii2/nation/%2e%2e/", 400)):
        lost = w.member.client().ask(method, path, check=False)
        tap.check(f"3.6.1 {method} {path}: TAXII's own error", lost.status == status and lost.json["http_status"] == str(status) and
                  lost.headers["Content-Type"] == MEDIA, lost)
    elsewhere = w.member.client().ask("GET", "/taxii23", check=False)
    tap.equal("and elsewhere a problem", elsewhere.headers["Content-Type"], "application/problem+json")
    wrong = w.get("/taxii2/nation/collections/all/objects/?added_after=yesterday", token=w.member.token, Accept=MEDIA)
    tap.check("3.4 a filter that cannot be read is named", wrong.status == 400 and "added_after" in wrong.json["description"], wrong)
    aliases = {c.get("alias"): (c["can_read"], c["can_write"]) for c in t.collections()}
    tap.equal("5.1 the collections of a member", (aliases.get("all"), aliases.get("inbox")), ((True, False), (False, True)))
    tap.equal("5.1 the collections of the public", [c["alias"] for c in nobody.collections()], ["all"])
    one = t.collection("all")
    tap.equal("5.2 a collection by its alias and by its identifier", t.collection(one["id"]), one)
    refused("5.2 a collection that is not there", 404, t.collection, str(uuid.uuid4()))
    hidden = w.collection("hidden", {"tlp": "amber", "recipients": [w.member.id]}, None)
    tap.check("5.2 who may, knows of it", t.collection("hidden")["id"] == hidden)
    a = refused("5.2 who may not, does not", 404, w.other.taxii().collection, hidden)
    b = refused("5.2 ... as if it were not there", 404, w.other.taxii().collection, str(uuid.uuid4()))
    tap.equal("5.2 ... in the same words", (a.message["title"], len(a.message)), (b.message["title"], len(b.message)))


def negotiation(w):
    path = "/taxii2/nation/collections/all/objects/"
    for accept, status in ((MEDIA, 200), ("application/taxii+json", 200), ("application/taxii+json; version=2.1", 200), (None, 200),
                           ("*/*", 200), ("text/html, application/taxii+json;q=0.5", 200), ("application/taxii+json;version=2.0", 406),
                           ("application/taxii+json;version=3.0", 406), ("application/json", 406), ("text/html", 406),
                           ("application/vnd.oasis.stix+json", 406), ("application/taxii+json;version=2.0, " + MEDIA, 200)):
        got = w.get(path, w.member.token, Accept=accept)
        tap.equal(f"1.6.8 Accept: {accept}", (got.status, got.headers["Content-Type"]), (status, MEDIA))
    body = json.dumps({"objects": [indicator(1)]}).encode()
    client = w.hub.client(token=w.member.token)
    for media, status in ((MEDIA, 202), ("application/taxii+json", 202), ("application/taxii+json; version=2.1; charset=utf-8", 202),
                          ("application/taxii+json;version=2.0", 415), ("application/json", 415),
                          ("application/stix+json;version=2.1", 415), (None, 415)):
        got = client.ask("POST", "/taxii2/nation/collections/inbox/objects/", body, check=False, Content_Type=media)
        tap.equal(f"1.6.8 Content-Type: {media}", (got.status, got.headers["Content-Type"]), (status, MEDIA))
    got = client.ask("POST", "/taxii2/nation/collections/inbox/objects/", body, check=False, Content_Type=MEDIA,
                     Accept="application/taxii+json;version=2.0")
    tap.equal("1.6.8 an answer that the client would not read: nothing is added", got.status, 406)


def refusals(w):
    nobody = Taxii("127.0.0.1", w.hub.port)
    body = json.dumps({"objects": [indicator(1)]}).encode()
    e = refused("3.6 nobody adds", 401, nobody.add, "inbox", body)
    tap.check("3.2 401 says how to sign in", "Basic" in e.headers["WWW-Authenticate"], dict(e.headers))
    wrong = Taxii("127.0.0.1", w.hub.port, token="hnm_" + "A" * 43)
    refused("3.6 a token that does not hold", 401, wrong.objects, "all")
    named = Taxii("127.0.0.1", w.hub.port, basic=("anybody", w.member.token))
    tap.check("3.2 Basic, with a token as password", named.collection("inbox")["can_write"])
    reader = Taxii("127.0.0.1", w.hub.port, token=w.reader)
    refused("3.6 a token for reading does not add", 403, reader.add, "inbox", body)
    t = w.member.taxii()
    e = refused("5.5 a collection to be read only", 403, t.add, "all", body)
    tap.check("3.6.1 the error message", e.message["http_status"] == "403" and e.message["title"] and uuid.UUID(e.message["error_id"]),
              e.message)
    refused("5.4 a collection to be written only", 403, t.objects, "inbox")
    refused("5.3 ... nor its manifest", 403, t.manifest, "inbox")
    refused("5.7 nothing is taken out of what is read only", 403, t.delete, "all", indicator(1)["id"])
    refused("5.6 an object that is not there", 404, t.object, "all", indicator(1)["id"])
    refused("5.8 nor its versions", 404, t.versions, "all", indicator(1)["id"])
    refused("4.3 a status that is not there", 404, t.status, str(uuid.uuid4()))
    for query in ("limit=0", "limit=-1", "limit=x", "next=zz", "added_after=yesterday", "match[id]=x", "match[version]=now",
                  "match[version]=last&match[version]=all", "added_after=2026-13-01T00:00:00Z"):
        got = w.get("/taxii2/nation/collections/all/objects/?" + query, w.member.token, Accept=MEDIA)
        tap.equal(f"3.4 ?{query}", (got.status, got.headers["Content-Type"]), (400, MEDIA))
    tap.equal("1.6.6 parameters that nobody knows are passed over", w.get("/taxii2/nation/collections/all/objects/?a=b").status, 200)
    head = w.hub.client(token=w.member.token).ask("HEAD", "/taxii2/nation/collections/all/objects/", check=False)
    tap.equal("HEAD is a GET without its body", (head.status, head.body, head.headers["Content-Type"]), (200, b"", MEDIA))
    with w.hub.socket() as s:
        s.sendall((f"POST /taxii2/nation/collections/inbox/objects/ HTTP/1.1\r\nHost: a\r\nContent-Type: {MEDIA}\r\n"
                   f"Authorization: Bearer {w.member.token}\r\nContent-Length: {200 << 20}\r\n\r\n").encode())
        tap.check("5.5 over max_content_length", s.recv(4096).startswith(b"HTTP/1.1 413 "))
    for text in (b"", b"{", b"[1", b"\xff", b'{"objects":'):
        refused(f"5.5 a body of {text}", 400, t.add, "inbox", text)


def failures(w):
    w.collection("odd")
    t = w.member.taxii()
    good, newer = indicator(1), indicator(2)
    bad = [{"type": "indicator"}, {"id": "x"}, indicator(3, pattern=5), indicator(4, created="never"), 5, None, [], "text",
           indicator(5, identifier="indicator--not-a-uuid"), dict(indicator(6), type="malware"), {}, indicator(7, modified="2026-02-30T00:00:00Z"),
           indicator(8, x_big=123456789012345678901234567890)]
    status = t.add("odd", [good, *bad, newer])
    tap.equal("5.5 each object stands by itself", (status["success_count"], status["failure_count"]), (2, len(bad)))
    tap.equal("4.3 what was taken", [s["id"] for s in status["successes"]], [good["id"], newer["id"]])
    tap.equal("4.3 ... with its version", status["successes"][0]["version"], good["modified"])
    tap.check("4.3 why the others were not", all(f.get("message") for f in status["failures"]), status)
    tap.equal("4.3 the status may be asked for again", t.status(status["id"]), status)
    refused("4.3 ... by no other organisation", 404, w.other.taxii().status, status["id"])
    tap.equal("5.4 odd objects do not turn reading into an error", {o["id"] for o in t.objects("odd").items}, {good["id"], newer["id"]})
    custom = {"type": "x-odd-thing", "spec_version": "2.1", "id": f"x-odd-thing--{uuid.uuid4()}", "created": stamp(), "modified": stamp(),
              "x_deep": {"a": [[[{"b": None}]]], "é": "\u0000\U0001f600"}, "x_big": 9007199254740991, "x_small": 1e-300,
              "object_marking_refs": [marking("green")]}
    plain = {"type": "ipv4-addr", "spec_version": "2.1", "id": f"ipv4-addr--{uuid.uuid4()}", "value": "192.0.2.77",
             "object_marking_refs": [marking("green")]}
    status = t.add("odd", [custom, plain])
    tap.check("custom objects and observables", status["success_count"] == 2, status)
    tap.equal("... come back as they were", t.object("odd", custom["id"]).items, [custom])
    tap.equal("... an observable too", t.object("odd", plain["id"]).items, [plain])
    changed = dict(good, name="another name under the same version")
    status = t.add("odd", [changed, good])
    tap.equal("one version with another content is refused, the same is not",
              (status["success_count"], status["failure_count"]), (1, 1))
    tap.equal("... and nothing changed", t.object("odd", good["id"]).items, [good])
    tap.equal("5.5 an envelope without objects", t.add("odd", [])["total_count"], 0)
    bundle = {"type": "bundle", "id": f"bundle--{uuid.uuid4()}", "objects": [indicator(8)]}
    tap.equal("a bundle where an envelope belongs is read all the same",
              t.add("odd", json.dumps(bundle).encode())["success_count"], 1)


def filters(w):
    w.collection("filters")
    t = w.member.taxii()
    a, b, old = indicator(1), malware("b"), old_indicator("old")
    versions = [dict(a, modified=stamp(n), name=f"version {n}") for n in (0, 60, 120)]
    times = []
    for objects in ([versions[0]], [b], [versions[1]], [old], [versions[2]]):
        t.add("filters", objects)
        times.append(t.manifest("filters").last)
    ids = lambda page: [o["id"] for o in page.items]  # noqa: E731
    tap.equal("5.4 the last version of each, in the order of adding", t.objects("filters").items, [b, old, versions[2]])
    tap.equal("3.4 match[id]", ids(t.objects("filters", match_id=f"{b['id']},{old['id']}")), [b["id"], old["id"]])
    tap.equal("3.4 match[id] of what is not there", ids(t.objects("filters", match_id=indicator(1)["id"])), [])
    tap.equal("3.4 match[type]", ids(t.objects("filters", match_type="malware,tool")), [b["id"]])
    tap.equal("3.4 match[type] of what nobody knows", ids(t.objects("filters", match_type="x-unheard-of")), [])
    tap.equal("3.4 match[version]=first", t.objects("filters", match_version="first").items, [versions[0], b, old])
    tap.equal("3.4 match[version]=all", t.objects("filters", match_version="all").items, [versions[0], b, versions[1], old, versions[2]])
    tap.equal("3.4 match[version]=first,last", t.objects("filters", match_version="first,last", match_id=a["id"]).items,
              [versions[0], versions[2]])
    tap.equal("3.4 match[version] of a time", t.objects("filters", match_version=stamp(60)).items, [versions[1]])
    tap.equal("3.4 match[version] of a time with other digits", t.objects("filters", match_version=stamp(60).replace(".000", "")).items,
              [versions[1]])
    tap.equal("3.4 match[version] of a time and last", t.objects("filters", match_version=stamp(60) + ",last", match_id=a["id"]).items,
              versions[1:])
    tap.equal("3.4 match[spec_version]=2.0", ids(t.objects("filters", match_spec_version="2.0")), [old["id"]])
    tap.equal("3.4 match[spec_version]=2.1", ids(t.objects("filters", match_spec_version="2.1")), [b["id"], a["id"]])
    tap.equal("3.4 match[spec_version]=2.0,2.1", ids(t.objects("filters", match_spec_version="2.0,2.1")), [b["id"], old["id"], a["id"]])
    tap.equal("3.4 match[spec_version] of none", ids(t.objects("filters", match_spec_version="3.0")), [])
    tap.equal("3.4 filters hold together", ids(t.objects("filters", match_type="indicator", match_spec_version="2.1")), [a["id"]])
    tap.equal("3.4 added_after", ids(t.objects("filters", added_after=times[1])), [old["id"], a["id"]])
    tap.equal("3.4 added_after the last", ids(t.objects("filters", added_after=times[-1])), [])
    tap.equal("3.7 an envelope of nothing is an empty object", w.get(
        f"/taxii2/nation/collections/filters/objects/?added_after={times[-1]}", w.member.token).body, b"{}")
    tap.equal("5.6 one object", t.object("filters", a["id"]).items, [versions[2]])
    tap.equal("5.6 its versions", t.object("filters", a["id"], match_version="all").items, versions)
    tap.equal("5.6 of which the filter leaves nothing", t.object("filters", a["id"], match_version=stamp(1)).items, [])
    tap.equal("5.8 versions", t.versions("filters", a["id"]).items, [v["modified"] for v in versions])
    one = t.versions("filters", a["id"], limit=1)
    tap.equal("5.8 a page of versions", (one.items, one.more), ([versions[0]["modified"]], True))
    tap.equal("5.8 ... and the next", t.versions("filters", a["id"], next=one.next).items, [v["modified"] for v in versions[1:]])
    manifest = t.manifest("filters", match_version="all").items
    tap.equal("5.3 the manifest", [(m["id"], m["version"]) for m in manifest],
              [(o["id"], o["modified"]) for o in (versions[0], b, versions[1], old, versions[2])])
    tap.equal("5.3 its media types", {m["id"]: m["media_type"] for m in manifest}[old["id"]], "application/stix+json;version=2.0")
    tap.equal("5.3 filters of the manifest", [m["id"] for m in t.manifest("filters", match_type="malware").items], [b["id"]])
    added = [key(m["date_added"]) for m in manifest]
    tap.check("5.3 date_added is unique and rises", added == sorted(set(added)), added)


def deletion(w):
    w.collection("taken")
    w.collection("kept")
    t, other = w.member.taxii(), w.other.taxii()
    mine, theirs = indicator(1), indicator(2)
    newer = dict(mine, modified=stamp(60))
    t.add("taken", [mine, newer])
    t.add("kept", [mine, newer])
    other.add("taken", [theirs])
    refused("5.7 what another gave is not taken out", 404, t.delete, "taken", theirs["id"])
    t.delete("taken", mine["id"], match_version=stamp(60))
    tap.equal("5.7 one version: the one before is the last there", t.object("taken", mine["id"]).items, [mine])
    tap.equal("5.7 another collection keeps it", t.object("kept", mine["id"]).items, [newer])
    t.delete("taken", mine["id"])
    refused("5.7 all of it", 404, t.object, "taken", mine["id"])
    refused("5.7 twice", 404, t.delete, "taken", mine["id"])
    before = t.manifest("taken").last
    t.add("taken", [mine])
    tap.equal("what is put in again is met by who follows", t.follow("taken", before)[0], [mine])


def several(w):
    """A collection is what was put there, whatever else the hub has."""
    w.collection("one")
    w.collection("two")
    t, other = w.member.taxii(), w.other.taxii()
    x, y = indicator(1), indicator(2)
    t.add("one", [x])
    other.add("two", [y])
    mark = other.manifest("two").last
    other.add("two", [x])
    tap.equal("what another gave elsewhere before is new here", t.follow("two", mark)[0], [x])
    mark = t.manifest("two").last
    t.add("two", [x])
    tap.equal("the copy of a second organisation is not told twice", [o["id"] for o in t.objects("two").items], [y["id"], x["id"]])
    del mark
    newer = dict(x, modified=stamp(60))
    t.add("one", [newer])
    tap.equal("a newer version that stands elsewhere hides nothing", t.object("two", x["id"]).items, [x])
    t.add("two", [newer])
    tap.equal("... until it is put there too", t.object("two", x["id"]).items, [newer])
    secret = indicator(3, "red")
    t.add("two", [secret])
    tap.equal("TLP:RED is its owner's", [o["id"] for o in t.objects("two", match_id=secret["id"]).items], [secret["id"]])
    refused("... to another it is not there", 404, other.object, "two", secret["id"])
    strict = indicator(4, "amber+strict")
    t.add("two", [strict])
    feed = Taxii("127.0.0.1", w.hub.port, token=w.feed)
    tap.equal("a feed that goes on has neither", [o["id"] for o in feed.objects("two", match_id=f"{secret['id']},{strict['id']}").items], [])
    refused("an agreement up to GREEN does not give AMBER+STRICT", 404, other.object, "two", strict["id"])


def pages(w):
    w.collection("pages")
    t = w.member.taxii()
    t.add("pages", [indicator(n) for n in range(250)])
    whole = [o["id"] for o in t.objects("pages", limit=1000).items]
    tap.equal("250 objects", len(whole), 250)
    for limit in (1, 7, 100, 249, 250, 251):
        got = [o["id"] for page in t.walk(t.objects, "pages", limit=limit) for o in page.items]
        tap.equal(f"3.5 in pages of {limit}", got, whole)
    first = t.objects("pages", limit=100)
    again = [t.objects("pages", limit=100, next=first.next).items for _ in range(3)]
    tap.check("3.5 a `next` may be asked again", again[0] == again[1] == again[2] and [o["id"] for o in again[0]] == whole[100:200])
    by_time = t.objects("pages", limit=100, added_after=first.last)
    tap.equal("3.5 added_after X-TAXII-Date-Added-Last goes on as `next` does", by_time.items, again[0])
    tap.equal("3.5 the last page has no more", (t.objects("pages", limit=50, added_after=t.objects("pages", limit=200).last).more), False)
    got = [o["id"] for page in t.walk(t.manifest, "pages", limit=99) for o in page.items]
    tap.equal("3.5 the manifest in pages", got, whole)


def writers(w):
    """Ten add while one follows by added_after and one walks by next: nothing is missed, nothing comes twice."""
    w.collection("busy")
    each, count = 40, 10
    sent, wrong, ended = [], [], threading.Event()

    def write(number):
        t = w.hub.centre.taxii() if number % 3 == 0 else w.member.taxii() if number % 3 == 1 else w.other.taxii()
        for round_ in range(each // 4):
            objects = [indicator(number * 1000 + round_ * 4 + n) for n in range(4)]
            try:
                if t.add("busy", objects)["success_count"] != 4:
                    wrong.append("not taken")
            except Exception as e:  # noqa: BLE001  whatever it is, the test says it
                wrong.append(repr(e))
            sent.extend(o["id"] for o in objects)

    def follow(got):
        t, after = w.member.taxii(), None
        try:
            while True:
                last = ended.is_set()
                objects, after = t.follow("busy", after, limit=17)
                got.extend(o["id"] for o in objects)
                if last:
                    return
        except Exception as e:  # noqa: BLE001
            wrong.append(repr(e))

    followed = [[], []]
    threads = [threading.Thread(target=write, args=(n,)) for n in range(count)]
    followers = [threading.Thread(target=follow, args=(got,)) for got in followed]
    for thread in threads + followers:
        thread.start()
    for thread in threads:
        thread.join()
    ended.set()
    for thread in followers:
        thread.join()
    tap.equal("ten writers are all answered", wrong, [])
    for got in followed:
        tap.equal("who follows by added_after misses nothing and has nothing twice", (len(got), sorted(got)), (len(sent), sorted(sent)))
    t = w.member.taxii()
    walked = [o["id"] for page in t.walk(t.objects, "busy", limit=33) for o in page.items]
    tap.equal("... in the order in which it came", followed[0], walked)
    added = [key(m["date_added"]) for page in t.walk(t.manifest, "busy", limit=100) for m in page.items]
    tap.check("date_added rises strictly over all writers", added == sorted(set(added)) and len(added) == each * count)


def collections_api(w):
    admin, member = w.hub.centre.client(), w.member.client()
    made = w.collection("api", {"tlp": "amber", "recipients": [w.member.id]}, None, description="of the API")
    got = admin.get(f"/api/v1/collections/{made}")
    tap.check("the centre's administrators see who reads", got.json["read"]["recipients"] == [w.member.id] and got.headers["ETag"], got)
    seen = member.get(f"/api/v1/collections/{made}")
    tap.check("a member is not told for whom", seen.status == 200 and "read" not in seen.json and not seen.headers["ETag"], seen)
    tap.equal("another does not know it", w.other.client().get(f"/api/v1/collections/{made}").status, 404)
    change = {"title": "Open now", "read": GREEN, "write": None}
    tap.equal("a change without If-Match", admin.put(f"/api/v1/collections/{made}", change).status, 428)
    tap.equal("a change of what has changed", admin.put(f"/api/v1/collections/{made}", change, If_Match='"x"').status, 412)
    tap.equal("a change", admin.put(f"/api/v1/collections/{made}", change, If_Match=got.headers["ETag"]).status, 200)
    tap.equal("... opens it", w.other.taxii().collection(made)["title"], "Open now")
    tap.equal("who is no administrator of the centre makes none", member.post("/api/v1/collections", dict(change)).status, 403)
    for name, body in (("no title", {"read": GREEN}), ("nobody at all", {"title": "a"}), ("a strange alias", dict(change, alias="A b")),
                       ("an alias that is taken", dict(change, alias="all")), ("a strange marking", {"title": "a", "read": {"tlp": "blue"}}),
                       ("an unknown member", dict(change, a=1)), ("all, written", {"title": "a", "kind": "all", "read": GREEN, "write": GREEN})):
        answer = admin.post("/api/v1/collections", body)
        tap.check(f"refused: {name}", answer.status in (400, 409, 422) and answer.json.get("errors"), answer)


def main():
    for name, make, end in databases():
        print(f"# {name}", flush=True)
        w = World(make())
        for part in (server, negotiation, refusals, failures, filters, deletion, several, pages, writers, collections_api):
            try:
                part(w)
            except Exception as e:  # noqa: BLE001
                tap.check(f"{name}: {part.__name__} ends", False, repr(e))
        tap.equal("the hub ends well", w.hub.stop(), 0)
        tap.check("and its log names no error", "error" not in w.hub.log_text().lower(), w.hub.log_text()[-2000:])
        w.hub.remove()
        end()
    tap.done()


main()
