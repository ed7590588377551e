#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The Hinomi authors
"""The hub's side of the edge channel by the real program: who may join, what an edge may say, who sees what it said."""
import hashlib
import http.client
import json
import os
import re
import socket
import sys
import time
import uuid

sys.dont_write_bytecode = True
from edge_world import (Channel, Edge, Receipts, Signer, Tap, World, b64, event, now, openssl, packed, record, unb64,  # noqa: E402
                        until)
from hub_world import databases  # noqa: E402

SHOUT = "</script><script>alert(1)</script>\"'&"


# ---- joining ----

def request(world, signer, code, kind, csr):
    secret = unb64(code.split("-", 1)[1])[2:18]
    return signer.jws({"secret": b64(secret), "csr": csr, "identity": signer.public_file(), "kind": kind,
                       "program": {"name": SHOUT, "version": "1", "build": "00"}})


def csr_of(world):
    key = world.dir / f"csr-{uuid.uuid4()}.pem"
    key.write_bytes(openssl("genpkey", "-algorithm", "ed25519"))
    return key, openssl("req", "-new", "-key", key, "-subj", "/CN=x").decode()


def joining(tap, w):
    stranger = Channel(w.hub.edge_port)
    for path in ("heads", "streams", "blobs/" + "00" * 32):
        tap.equal(f"without a certificate no {path}", stranger.ask("GET", "/edge/v1/" + path)[0], 401)
    key, csr = csr_of(w)
    me, other = Signer(w.dir), Signer(w.dir)
    code = w.code(w.anna, "sensor", {"en": SHOUT, "ja": SHOUT})
    refused = w.ledger("hub.edge.refused")
    tap.equal("a code for a sensor enrols no resolver",
              stranger.ask("POST", "/edge/v1/enrol", request(w, me, code, "resolver", csr), Content_Type="application/json")[0], 403)
    asked = request(w, me, code, "sensor", csr)
    first = stranger.ask("POST", "/edge/v1/enrol", asked, Content_Type="application/json")
    tap.equal("a code enrols", first[0], 201)
    again = stranger.ask("POST", "/edge/v1/enrol", asked, Content_Type="application/json")
    tap.check("the same request, whose answer was lost, gets the same certificate",
              again[0] == 201 and json.loads(again[1])["certificate"] == json.loads(first[1])["certificate"], again)
    stolen = request(w, other, code, "sensor", csr)
    tap.equal("another with the same code is refused", stranger.ask("POST", "/edge/v1/enrol", stolen, Content_Type="application/json")[0], 403)
    newer = request(w, me, code, "sensor", csr_of(w)[1])
    tap.equal("as is the same edge with another key", stranger.ask("POST", "/edge/v1/enrol", newer, Content_Type="application/json")[0], 403)
    forged = json.loads(request(w, other, w.code(w.anna, "sensor"), "sensor", csr))
    forged["signatures"][0]["signature"] = json.loads(stolen)["signatures"][0]["signature"]
    bad = stranger.ask("POST", "/edge/v1/enrol", json.dumps(forged), Content_Type="application/json")
    tap.check("a request that its identity did not sign is refused", 400 <= bad[0] < 500, bad)
    for body in (b"", b"{}", b"[1]", os.urandom(2000), b"{" * 5000, json.dumps({"payload": "AA", "signatures": []})):
        got = stranger.ask("POST", "/edge/v1/enrol", body, Content_Type="application/json")
        tap.check(f"garbage is refused: {body[:12]!r}", 400 <= got[0] < 500, got)
    tap.equal("refusals stand in the ledger", w.ledger("hub.edge.refused") - refused, 3)
    tap.equal("a desk gives out no code for another's edge", w.desks["power"].post(
        "/api/v1/edges", {"kind": "sensor", "names": {"en": "x", "ja": "x"}, "organisation": w.organisations["bank"]}).status, 403)
    shown = [one for one in w.admin.get("/api/v1/edges").json["edges"] if one["names"]["en"] == SHOUT]
    tap.check("names and programs come back as they are", len(shown) == 1 and shown[0]["program"].startswith(SHOUT), shown)
    certificate = w.dir / "first.pem"
    certificate.write_text(json.loads(first[1])["certificate"])
    return Channel(w.hub.edge_port, certificate, key)


def certificates(tap, w, sensor):
    """Others' certificates, others' roots, an edge that is revoked."""
    key = w.dir / "evil.key"
    key.write_bytes(openssl("genpkey", "-algorithm", "ed25519"))
    root = w.dir / "evil.pem"
    openssl("req", "-x509", "-new", "-key", key, "-subj", "/CN=Hinomi hub main", "-days", "10", "-out", root)
    tap.check("a certificate by itself is refused", Channel(w.hub.edge_port, root, key).refused())
    leaf_key, leaf_csr = csr_of(w)
    request_file, leaf, extra = w.dir / "leaf.csr", w.dir / "leaf.pem", w.dir / "leaf.ext"
    request_file.write_text(leaf_csr)
    extra.write_text(f"subjectAltName=URI:urn:hinomi:edge:{sensor.id}\nextendedKeyUsage=clientAuth\n")
    openssl("x509", "-req", "-in", request_file, "-CA", root, "-CAkey", key, "-days", "5", "-extfile", extra, "-out", leaf)
    tap.check("as is one by another root with a known edge's name", Channel(w.hub.edge_port, leaf, leaf_key).refused())
    c = socket.create_connection(("127.0.0.1", w.hub.edge_port), timeout=20)
    c.sendall(b"GET /edge/v1/heads HTTP/1.1\r\nHost: x\r\n\r\n")
    tap.check("plain HTTP is not spoken", b"200" not in c.recv(4096))
    c.close()
    old = w.dir / "old.pem"
    old.write_bytes((sensor.dir / "hub/certificate.pem").read_bytes())
    csr = csr_of(w)
    renewed = sensor.ask("POST", "/edge/v1/renew", json.dumps({"csr": csr[1]}), Content_Type="application/json")
    tap.equal("a certificate is renewed", renewed[0], 200)
    new = w.dir / "new.pem"
    new.write_text(json.loads(renewed[1])["certificate"])
    fresh = Channel(w.hub.edge_port, new, csr[0])
    tap.equal("and the new one holds", fresh.ask("GET", "/edge/v1/streams")[0], 200)
    connection, answer = fresh.follow()
    tap.equal("it follows", answer.status, 200)
    kept = fresh.connection()
    kept.request("GET", "/edge/v1/streams")
    kept.getresponse().read()
    tag = w.ben.get(f"/api/v1/edges/{sensor.id}").headers["ETag"]
    tap.equal("a revocation of what it was before is refused", w.ben.delete(f"/api/v1/edges/{sensor.id}", If_Match='"0"').status, 412)
    tap.equal("another's edge is not there for a desk", w.desks["power"].delete(f"/api/v1/edges/{sensor.id}", If_Match=tag).status, 404)
    connection.close()
    connection, answer = fresh.follow()
    tap.equal("an edge is revoked", w.ben.delete(f"/api/v1/edges/{sensor.id}", If_Match=tag).status, 204)
    connection.sock and connection.sock.settimeout(20)
    try:
        while answer.read1(4096):
            pass
        ended = True
    except (http.client.HTTPException, ConnectionError):
        ended = True
    except (TimeoutError, OSError):
        ended = False
    tap.check("its open stream ends at once", ended)
    try:
        kept.request("GET", "/edge/v1/streams")
        over = kept.getresponse().status in (401, 403)
    except (OSError, http.client.HTTPException):
        over = True
    tap.check("as does a connection that is kept", over)
    tap.check("neither of its certificates opens again", fresh.refused() and Channel(w.hub.edge_port, old, sensor.dir / "hub/key.pem").refused())
    tap.check("it stands in the ledger", w.ledger("hub.edge.revoked") == 1)


# ---- batches ----

def memory_of(pid):
    return int(re.search(r"VmRSS:\s+(\d+)", open(f"/proc/{pid}/status").read())[1]) >> 10


def too_much(w, edge, length, chunked):
    """Sends a batch of so many bytes; what comes back, and how much was taken."""
    c = edge.connection()
    c.connect()
    head = ("POST /edge/v1/streams/events HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-ndjson\r\nContent-Encoding: zstd\r\n"
            f"Hinomi-Epoch: {edge.epoch}\r\nHinomi-First: 1\r\nHinomi-Count: 1\r\nHinomi-Digest: {'00' * 32}\r\n")
    head += "Transfer-Encoding: chunked\r\n\r\n" if chunked else f"Content-Length: {length}\r\n\r\n"
    piece, sent = bytes(1 << 20), 0
    try:
        c.sock.sendall(head.encode())
        while sent < length:
            c.sock.sendall(b"%x\r\n" % len(piece) + piece + b"\r\n" if chunked else piece)
            sent += len(piece)
    except OSError:
        pass
    try:
        said = c.sock.recv(4096)
    except OSError:
        said = b""
    c.close()
    return said.split(b"\r\n")[0], sent


def batches(tap, w, edge):
    one = [json.dumps(event(uid=str(uuid.uuid4()))).encode() for _ in range(3)]
    answer = edge.batch("events", 1, one, edge.epoch)
    tap.equal("a batch is taken", answer, (200, {"epoch": edge.epoch, "through": 3}))
    tap.equal("once, also when it is sent again", edge.batch("events", 1, one, edge.epoch), (200, {"epoch": edge.epoch, "through": 3}))
    tap.equal("its lines count once", len(w.admin.get(f"/api/v1/edge-events?edge={edge.id}").json["events"]), 3)
    half = one[1:] + [json.dumps(event()).encode()]
    tap.equal("one that overlaps adds what is new", edge.batch("events", 2, half, edge.epoch), (200, {"epoch": edge.epoch, "through": 4}))
    tap.equal("a gap is told where it stands", edge.batch("events", 9, one, edge.epoch), (409, {"epoch": edge.epoch, "through": 4}))
    tap.equal("and is not taken", len(w.admin.get(f"/api/v1/edge-events?edge={edge.id}").json["events"]), 4)
    bomb = packed(b"{}\n" + b'{"a":"' + b"0" * (80 << 20) + b'"}\n')
    deep = b"[" * 100000
    cases = [("another digest", {"Hinomi_Digest": "00" * 32}, one), ("no digest", {"Hinomi_Digest": ""}, one),
             ("another count", {"Hinomi_Count": "2"}, one), ("count 0", {"Hinomi_Count": "0"}, one),
             ("a count past all numbers", {"Hinomi_Count": str(1 << 60)}, one), ("a negative place", {"Hinomi_First": "-1"}, one),
             ("no UUID as an epoch", {"Hinomi_Epoch": "x"}, one), ("not zstd", {"body": b"{}\n"}, one), ("half of a frame", {"body": packed(one[0])[:-5]}, one),
             ("two frames", {"body": packed(one[0] + b"\n") + packed(one[1] + b"\n"), "Hinomi_Count": "2"}, one),
             ("a bomb", {"body": bomb, "Hinomi_Count": "2"}, one), ("an empty line", {}, b"\n"),
             ("a line without its end", {"body": packed(one[0])}, one[:1]), ("a stub that is none", {"Hinomi_Gave_Way": "1"}, one[:1]),
             ("two lines of a stub", {"Hinomi_Gave_Way": "1"}, one)]
    for name, headers, lines in cases:
        got = edge.batch("events", 5, lines, edge.epoch, **headers)
        tap.check(f"refused: {name}", got[0] in (400, 403, 413), got)
    tap.equal("a stream of no name is none", edge.batch("gossip", 1, one, edge.epoch)[0], 404)
    refused = w.ledger("hub.edge.refused-lines")
    odd = [b"nothing", b"[1]", deep, b"\xff\xfe", b'{"a":1,"a":2}', b'{"a":"\\u0000"}', b"{}", b'{"metadata":{"uid":7},"time":"now"}',
           json.dumps(event(time_ms=int(time.time() * 1000) + 3600000)).encode(), json.dumps(event(time_ms=int((time.time() - 40 * 86400) * 1000))).encode(),
           json.dumps(event(time_ms=-(1 << 62))).encode(), json.dumps(event(time_ms=(1 << 63) - 1)).encode(), json.dumps(event(count=0)).encode(),
           json.dumps(event(count=-5)).encode(), json.dumps(event(count=1 << 62)).encode(), json.dumps(event(padding="x" * 200000)).encode()]
    good = json.dumps(event(value="good.example")).encode()
    tap.equal("lines that are no events lose nothing but themselves", edge.batch("events", 5, [*odd, good], edge.epoch),
              (200, {"epoch": edge.epoch, "through": 5 + len(odd)}))
    shown = w.admin.get(f"/api/v1/edge-events?edge={edge.id}").json["events"]
    tap.equal("the good one among them is there", [len(shown), shown[0]["value"]], [5, "good.example"])
    tap.equal("that lines were refused stands in the ledger", w.ledger("hub.edge.refused-lines") - refused, 1)
    at = 6 + len(odd)
    stub = [json.dumps({"gave_way": 1000, "why": "space"}, separators=(",", ":")).encode()]
    tap.equal("a stub tells what gave way", edge.batch("events", at, stub, edge.epoch, Hinomi_Count="1000", Hinomi_Gave_Way="1"),
              (200, {"epoch": edge.epoch, "through": at + 999}))
    tap.equal("and is counted", w.edge(edge)["streams"]["events"]["gave_way"], 1000)
    epoch = str(uuid.uuid4())
    tap.equal("another epoch begins at its first line", edge.batch("events", 5, one, epoch)[0], 409)
    tap.equal("and then goes on", edge.batch("events", 1, one, epoch), (200, {"epoch": epoch, "through": 3}))
    tap.equal("that it began stands in the ledger", w.ledger("hub.edge.epoch"), 1)
    tap.equal("events that came before count once", len(w.admin.get(f"/api/v1/edge-events?edge={edge.id}").json["events"]), 5)
    edge.epoch, edge.next = epoch, {"events": 4}
    before = memory_of(w.hub.process.pid)
    for chunked in (False, True):
        said, sent = too_much(w, edge, 2 << 30, chunked)
        tap.check(f"two gigabytes are refused early, chunked: {chunked}", (b"413" in said or said == b"") and sent < 256 << 20, said, sent)
    grown = memory_of(w.hub.process.pid) - before
    tap.check("and cost no memory", grown < 64 or "san" in os.environ.get("HINOMI_SANITIZE", ""), f"{before} MB and {grown} more")


# ---- events, sightings ----

def sightings_of(client, indicator):
    return client.get(f"/api/v1/sightings?indicator={indicator}").json


def events(tap, w, centre):
    indicator = w.indicator("[domain-name:value = 'seen.example']")
    mine, theirs = w.organisations["power"], w.organisations["bank"]
    power = Edge(w, "resolver", w.desks["power"])
    centre.send("events", event(indicator, organisation=theirs))
    tap.equal("the centre's edge speaks of any organisation", w.desks["bank"].get("/api/v1/edge-events").json["events"][0]["organisation"], theirs)
    power.send("events", event(indicator, organisation=theirs, count=5), event(indicator, organisation="nonsense"), event(indicator))
    seen = w.desks["power"].get("/api/v1/edge-events").json["events"]
    tap.equal("another's name in an operator's event counts as its own", [one["organisation"] for one in seen], [mine] * 3)
    tap.equal("and the other learns nothing", len(w.desks["bank"].get("/api/v1/edge-events").json["events"]), 1)
    for path in ("", f"?edge={power.id}", f"?organisation={mine}", f"?indicator={indicator}"):
        shown = w.desks["bank"].get("/api/v1/edge-events" + path).json["events"]
        tap.check(f"nor does it by asking {path}", all(one["organisation"] == theirs for one in shown), shown)
    tap.equal("another's edge is not there", w.desks["bank"].get(f"/api/v1/edges/{power.id}").status, 404)
    first = sightings_of(w.desks["power"], indicator)
    tap.equal("a day's sightings are one, with their count", [(one["count"], one["organisation"]) for one in first["days"]], [(7, mine)])
    tap.check("two organisations are no crowd", "everywhere" not in first, first)
    rail = Edge(w, "resolver", w.desks["rail"])
    rail.send("events", event(indicator))
    third = sightings_of(w.desks["bank"], indicator)
    tap.equal("from three on others see a count", (third["everywhere"]["count"], third["everywhere"]["organisations"]), (9, 3))
    tap.equal("and only their own day", [one["organisation"] for one in third["days"]], [theirs])

    def objects():
        got = w.desks["power"].get("/api/v1/objects?type=sighting&limit=100").json
        return [one["object"] for one in got["objects"] if one["object"]["sighting_of_ref"] == indicator]
    one = until(objects, "a sighting")
    tap.check("it is a STIX object of its organisation", len(one) == 1 and one[0]["count"] == 7 and
              one[0]["where_sighted_refs"] == [f"identity--{mine}"], one)
    power.send("events", event(indicator, count=10))
    time.sleep(5)
    still = objects()
    tap.equal("versions come at most hourly", [x["count"] for x in still], [7])
    tap.equal("the count itself is up to date", sightings_of(w.desks["power"], indicator)["days"][0]["count"], 17)
    tap.check("others do not see it", f"identity--{mine}".encode() not in w.desks["bank"].get("/api/v1/objects?type=sighting&limit=100").body)
    uid = str(uuid.uuid4())
    rail.send("events", event(uid=uid, value="taken.example"))
    power.send("events", event(uid=uid, value="mine.example"))
    tap.check("an edge cannot take another's numbers away", [x for x in w.desks["power"].get("/api/v1/edge-events").json["events"]
                                                             if x.get("value") == "mine.example"])
    power.send("events", event(value=SHOUT, own={"set": SHOUT}, note=SHOUT))
    shown = w.desks["power"].get("/api/v1/edge-events").json["events"][0]
    tap.check("what an edge writes comes back as a JSON text", shown["value"] == SHOUT and shown["set"] == SHOUT and shown["record"]["note"] == SHOUT, shown)
    power.send("health", {"at": now(), "program": {"name": SHOUT}, "x": SHOUT}, {"question": str(uuid.uuid4()), "answer": {"x": SHOUT}})
    tap.equal("so does its health", w.edge(power)["health"]["x"], SHOUT)
    situation = w.desks["power"].get("/api/v1/situation").json
    tap.equal("the situation counts one's own", sum(x["count"] for x in situation["blocked"]["hours"]), 5 + 1 + 1 + 10 + 1 + 1)
    return power


# ---- heads and blobs ----

def payload(head):
    return json.loads(unb64(json.loads(head)["payload"]))


def downward(tap, w, sensor, resolver, sets):
    block, select, secret = sets
    mine = {payload(head)["id"]: payload(head) for head in resolver.heads(1)}
    tap.check("a resolver has what is blocked", block in mine, mine)
    heads = [payload(head) for head in sensor.heads(4)]
    tap.check("a sensor what is selected, trust, revocations and its authorisations",
              {"set", "trust", "revocations", "authorisations"} == {head["kind"] for head in heads} and
              select in {head["id"] for head in heads}, heads)
    tap.check("neither what it may not have", secret not in mine and secret not in {head["id"] for head in heads})
    chosen = [head for head in heads if head["id"] == select][0]["base"]
    status, body = sensor.ask("GET", f"/edge/v1/blobs/{chosen['digest']}")
    # A set's file states its digest, over all its bytes but those 32 (docs/indicators.md).
    tap.equal("a blob is what its digest says", (status, body[24:56].hex(), hashlib.sha256(body[:24] + body[56:]).hexdigest()),
              (200, chosen["digest"], chosen["digest"]))
    status, rest = sensor.ask("GET", f"/edge/v1/blobs/{chosen['digest']}", Range="bytes=10-")
    tap.check("and is taken up where it ended", status == 206 and rest == body[10:])
    for odd in ("bytes=-5", "bytes=99999999999-", "bytes=9-3", "bytes=a-", "lines=1-", "bytes=0-1,5-6"):
        tap.equal(f"another range gets the whole: {odd}", sensor.ask("GET", f"/edge/v1/blobs/{chosen['digest']}", Range=odd), (200, body))
    tap.equal("a resolver gets no set of what is selected", resolver.ask("GET", f"/edge/v1/blobs/{chosen['digest']}")[0], 404)
    document = [head for head in heads if head["kind"] == "authorisations"][0]["documents"][0]
    tap.equal("a sensor gets its authorisation", sensor.ask("GET", f"/edge/v1/blobs/{document['digest']}")[0], 200)
    tap.equal("no other edge does", resolver.ask("GET", f"/edge/v1/blobs/{document['digest']}")[0], 404)
    hidden = w.anna.get(f"/api/v1/sets/{secret}/head", check=False)
    if hidden.status == 200:
        file = payload(hidden.body)["base"]
        tap.equal("nobody gets the blob of a set that it may not see", resolver.ask("GET", f"/edge/v1/blobs/{file['digest']}")[0], 404)
    for name in ("0" * 63, "g" * 64, "..%2f..%2fhub", "%00"):
        tap.equal(f"no blob: {name[:8]}", sensor.ask("GET", f"/edge/v1/blobs/{name}")[0] in (400, 404), True)


# ---- records and receipts ----

def selected(tap, w, sensor, authorization, set_id):
    w.person("henri", w.centre, "analyst")
    handler = w.handles("henri", authorization)
    indicator = w.indicator("[ipv4-addr:value = '203.0.113.70']")
    receipts = Receipts(sensor)
    other = w.apply([sensor.id], set_id)
    ended = w.authorise([sensor.id], set_id, until_at=now(hours=1), start=now(hours=-1))
    foreign = w.authorise([str(uuid.uuid4())], set_id)
    w.revoke(ended)
    lines = [json.dumps(x).encode() for x in (
        record(authorization, indicator, canary="kingfisher"), record(str(uuid.uuid4())), record(other), record(ended), record(foreign),
        record(authorization, time_ms=int((time.time() - 7200) * 1000)), record("none"))]
    tap.equal("a record comes before its receipt", sensor.send("records", lines[0])[0], 200)
    tap.equal("and is refused", handler.get("/api/v1/selected").json["records"], [])
    before = w.ledger("hub.edge.refused-lines")
    sensor.epoch = str(uuid.uuid4())
    sensor.next = {}
    tap.equal("a receipt is taken", sensor.send("receipts", receipts.next(authorization, lines))[0], 200)
    tap.equal("and holds", [one["holds"] for one in w.admin.get("/api/v1/receipts").json["receipts"]], [True])
    tap.equal("the commission sees it here too", [one["number"] for one in w.chika.get("/api/v1/receipts").json["receipts"]], [1])
    for name, client in w.desks.items():
        tap.equal(f"{name}, who has no sensor, does not", client.get("/api/v1/receipts").json["receipts"], [])
        said = client.put("/api/v1/nation/revocations", (w.dir / "REVOCATIONS.json").read_bytes(), Content_Type="application/jose+json")
        tap.equal(f"nor does {name} speak for the nation", said.status, 403)
    tap.equal("its records come", sensor.send("records", *lines)[0], 200)
    shown = handler.get("/api/v1/selected").json["records"]
    tap.check("of no authorisation, one not issued, one revoked, another edge's, one too early: refused",
              [one["record"].get("canary") for one in shown] == ["kingfisher"], shown)
    tap.check("in the ledger", w.ledger("hub.edge.refused-lines") > before)
    nobody = {"anna": w.anna, "ben": w.ben, "chika": w.chika, "admin": w.admin, **w.desks}
    for name, client in nobody.items():
        tap.equal(f"{name} sees none of it", client.get("/api/v1/selected").json["records"], [])
        days = client.get(f"/api/v1/sightings?indicator={indicator}")
        tap.check(f"{name} sees no sighting of it", days.status == 404 or (days.json["days"] == [] and "everywhere" not in days.json), days)
    mine = sightings_of(handler, indicator)["days"]
    tap.equal("the handler does", [(one["selected"], one["count"]) for one in mine], [(True, 1)])

    def object_of(client):
        got = client.get("/api/v1/objects?type=sighting&limit=500").json["objects"]
        return [one for one in got if one["object"]["sighting_of_ref"] == indicator]
    for name, client in {"the handler": handler, **nobody}.items():
        tap.equal(f"{name} finds no object of it", object_of(client), [])
        for path in (f"/api/v1/search?q={indicator}", "/api/v1/edge-events", "/api/v1/situation", "/api/v1/export?type=sighting"):
            got = client.ask("GET", path, check=False)
            tap.check(f"nor in {path.split('?')[0]}", b"kingfisher" not in got.body and f'"sighting_of_ref":"{indicator}"'.encode() not in got.body, got)
    return handler, receipts


def receipts_found(tap, w, sensor, authorization, receipts):
    def findings():
        return {one["number"]: one.get("finding", "") for one in w.admin.get("/api/v1/receipts").json["receipts"]}
    refused = w.ledger("hub.edge.refused-lines")
    forged = Receipts(sensor)
    forged.number, forged.former, forged.offset = receipts.number, receipts.former, receipts.offset
    sensor.send("receipts", forged.next(authorization, signer=Signer(w.dir)))
    whole = receipts.signer.receipt(json.loads(forged.next(authorization, number=receipts.number + 1))["receipt"])
    sensor.send("receipts", whole.replace(b'"not_seen":0', b'"not_seen":1'))
    stranger = Receipts(sensor)
    stranger.number, stranger.former, stranger.offset = receipts.number, receipts.former, receipts.offset
    sensor.send("receipts", stranger.next(authorization, edge=str(uuid.uuid4())))
    tap.equal("another's signature, a changed receipt, another edge's: not kept", sorted(findings()), [1])
    tap.equal("each in the ledger", w.ledger("hub.edge.refused-lines") - refused, 3)
    found = w.ledger("hub.receipt.finding")
    sensor.send("receipts", receipts.next(authorization, number=receipts.number + 2))
    tap.check("a gap is a finding", "number" in findings().get(3, ""), findings())
    tap.equal("that stands in the ledger", w.ledger("hub.receipt.finding") - found, 1)
    sensor.send("receipts", receipts.next(authorization, [json.dumps(record(authorization)).encode()]))
    tap.equal("the next that follows holds", findings().get(4), "")
    sensor.send("records", record(authorization, canary="another"))
    tap.check("records that are not those of the receipt are a finding", "/records/sha256" in findings().get(4, ""), findings())
    tap.equal("in the ledger too", w.ledger("hub.receipt.finding") - found, 2)
    sensor.send("receipts", *[b"{}", b"x", b'{"receipt":{}}'])
    sensor.send("checkpoints", *[b"{}", b"x", b'{"note":"hinomi/x\\n1\\nAA==\\n"}'])
    tap.equal("garbage is none", sorted(findings()), [1, 3, 4])


def kinds(tap, w, sensor, resolver, authorization):
    """What is selected does not become an event by another stream's name."""
    before = len(w.admin.get(f"/api/v1/edge-events?edge={sensor.id}").json["events"])
    sensor.send("events", event(value="laundered.example"))
    tap.equal("a sensor has no events", len(w.admin.get(f"/api/v1/edge-events?edge={sensor.id}").json["events"]), before)
    count = len(w.admin.get("/api/v1/receipts").json["receipts"])
    resolver.send("receipts", Receipts(resolver).next(authorization))
    tap.equal("a resolver has no receipts", len(w.admin.get("/api/v1/receipts").json["receipts"]), count)


def channel(tap, database):
    w = World(database=database)
    try:
        joining(tap, w)
        certificates(tap, w, Edge(w, "sensor", w.anna))
        centre = Edge(w, "resolver", w.anna)
        batches(tap, w, centre)
        events(tap, w, centre)
        w.commission()
        sensor = Edge(w, "sensor", w.anna)
        sets = w.set("block", "[domain-name:value = 'bad.example']"), w.set("select", "[ipv4-addr:value = '203.0.113.70']"), \
            w.set("block", "[domain-name:value = 'closed.example']", tlp="red", recipients=[w.organisations["bank"]])
        authorization = w.authorise([sensor.id], sets[1])
        until(lambda: len(sensor.heads(4)) == 4, "heads")
        downward(tap, w, sensor, Edge(w, "resolver", w.desks["power"]), sets)
        handler, receipts = selected(tap, w, sensor, authorization, sets[1])
        receipts_found(tap, w, sensor, authorization, receipts)
        kinds(tap, w, sensor, centre, authorization)
        tap.check("it ends well", w.hub.stop() == 0, w.hub.log_text()[-3000:])
    finally:
        w.end()


def main():
    tap = Tap()
    for name, make, end in databases():
        print(f"# {name}", flush=True)
        try:
            channel(tap, make())
        finally:
            end()
    tap.done()


main()
