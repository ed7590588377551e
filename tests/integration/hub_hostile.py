#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The Hinomi authors
"""Bad input through the front door: each object is refused by itself and says why, the rest stays, memory stays bounded, and
nothing that came in makes a later read fail. HINOMI_HOSTILE_MB=2048 streams a bundle of 2 GB."""
import http.client
import datetime
import json
import os
import threading
import time
import uuid

from hub_parties import Parties, indicator, malware, marking, stamp
from hub_world import BIN, Tap, databases

tap = Tap()
# MiB; a sanitizer keeps what was freed, and pads what was not.
MEMORY_MAX = 2000 if b"__asan_init" in (BIN / "hinomi-hub").read_bytes() else 160
SIZE = int(os.environ.get("HINOMI_HOSTILE_MB", "200")) << 20
CONFIG = "http:\n  rate: 0\n"


def memory(hub):
    """The most that the hub has had, MiB."""
    with open(f"/proc/{hub.process.pid}/status", encoding="ascii") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM:")) >> 10


def post(party, body, **headers):
    return party.client().ask("POST", "/api/v1/objects", body, Content_Type="application/json", **headers)


def reads(name, hub, party):
    """Whatever came in, everything can be read in every way."""
    client, wrong = party.client(), []
    for path in ("/api/v1/objects?limit=1000&versions=all", "/api/v1/export", "/api/v1/export?format=csv", "/api/v1/counts",
                 "/misp/manifest.json", "/misp/hashes.csv", "/taxii2/nation/collections/all/objects/?match[version]=all",
                 "/taxii2/nation/collections/all/manifest/", "/api/v1/search?text=number"):
        answer = client.ask("GET", path, check=False)
        if answer.status != 200:
            wrong.append((path, answer))
    tap.equal(f"{name}: everything can be read", wrong, [])


def raw(o, **texts):
    """An object's JSON in which "@NAME" stands for a text that no JSON library would write."""
    text = json.dumps(o)
    for name, value in texts.items():
        text = text.replace(f'"@{name}"', value)
    return text.encode("utf-8", "surrogateescape")


def broken(name, hub, party):
    """Each in a bundle between two good ones."""
    deep = "[" * 10000 + "]" * 10000
    cases = [
        ("nesting of 10,000", raw(indicator(1, x_a="@a"), a=deep)),
        ("nesting of 10,000 objects", raw(indicator(1, x_a="@a"), a='{"a":' * 10000 + "1" + "}" * 10000)),
        ("a name twice", raw(indicator(1)).replace(b'"name":', b'"name": "first", "name":')),
        ("an identifier twice", raw(indicator(1)).replace(b'"id":', b'"id": "indicator--x", "id":')),
        ("invalid UTF-8", raw(indicator(1, name="@a"), a='"\udcff\udcfe"')),
        ("overlong UTF-8", raw(indicator(1, name="@a"), a='"\udcc0\udc80"')),
        ("half a surrogate", raw(indicator(1, name="@a"), a='"\\ud800"')),
        ("a control character", raw(indicator(1, name="@a"), a='"\x01"')),
        ("a number of 400 digits", raw(indicator(1, x_a="@a"), a="9" * 400)),
        ("a number beyond any double", raw(indicator(1, x_a="@a"), a="1e999999")),
        ("a confidence of -1", raw(indicator(1, confidence=-1))),
        ("a confidence that is no number", raw(indicator(1, confidence="@a"), a="NaN")),
        ("no pattern", raw(indicator(1, pattern="[[[["))),
        ("a pattern without an end", raw(indicator(1, pattern="[" + " OR ".join(["ipv4-addr:value = '192.0.2.1'"] * 60000)))),
        ("a pattern nested deeply", raw(indicator(1, pattern="[" + "(" * 5000 + "a:b = 1" + ")" * 5000 + "]"))),
        ("a date that is none", raw(indicator(1, modified="2026-13-45T99:99:99Z"))),
        ("modified before created", raw(indicator(1, created=stamp(100)))),
        ("another type than the identifier's", raw(dict(indicator(1), type="malware"))),
        ("an object of 9 MB", raw(indicator(1, description="x" * (9 << 20)))),
        ("200,000 references", raw(indicator(1, object_marking_refs=[marking("green")] * 200000))),
        ("a list instead of a text", raw(indicator(1, name=["a"]))),
    ]
    survivors = []
    for case, text in cases:
        before, after = indicator(10), indicator(11)
        body = b'{"type":"bundle","id":"bundle--%s","objects":[%s,%s,%s]}' % (
            str(uuid.uuid4()).encode(), raw(before), text, raw(after))
        answer = post(party, body)
        if answer.status == 400:  # not JSON at all from there on: what came before stays or not, and is whole
            tap.check(f"{name}: {case}: refused, and says where", answer.json.get("detail"), answer)
            continue
        good = answer.status == 200 and answer.json["failed"] == 1 and answer.json["new"] == 2
        tap.check(f"{name}: {case}: refused by itself, with a reason",
                  good and answer.json["failures"][0]["detail"] and answer.json["failures"][0]["index"] == 1, answer)
        survivors += [before, after]
    client = party.client()
    missing = [o["id"] for o in survivors if client.get(f"/api/v1/objects/{o['id']}").status != 200]
    tap.equal(f"{name}: what stood beside them is there", missing, [])


def truncated(name, party):
    whole = json.dumps({"type": "bundle", "id": f"bundle--{uuid.uuid4()}", "objects": [indicator(1)]}).encode()
    wrong = [cut for cut in range(1, len(whole) - 1, 7) if post(party, whole[:cut]).status < 400]
    tap.equal(f"{name}: no beginning of a bundle is taken for one", wrong, [])
    for text in (b"null", b"true", b'"text"', b"5", b"[5]", b"{}", b'{"objects": 5}', b"\xef\xbb\xbf{}"):
        answer = post(party, text)
        tap.check(f"{name}: {text}", answer.status in (200, 400, 422) and (answer.status != 200 or answer.json["new"] == 0), answer)


def versions(name, party):
    """Collisions, clocks that are wrong, replays, cycles."""
    first = indicator(20)
    post(party, raw(first))
    answer = post(party, raw(dict(first, name="another")))
    tap.equal(f"{name}: one version with another content", (answer.json["failed"], answer.json["new"]), (1, 0))
    again = [post(party, raw(first)).json["same"] for _ in range(20)]
    tap.equal(f"{name}: replays change nothing", again, [1] * 20)
    far = post(party, raw(indicator(23, modified="2999-01-01T00:00:00.000Z"))).json
    tap.equal(f"{name}: a version of years ahead is refused, with its place",
              (far["failed"], [one.get("pointer") for one in far["failures"]]), (1, ["/modified"]))
    # A sender's clock that is ahead by hours is a clock; what it sends is taken.
    ahead = datetime.datetime.now(datetime.timezone.utc)
    future = indicator(21, modified=stamp(36000, ahead))
    past = dict(future, modified=stamp(60), name="later sent, earlier modified")
    post(party, raw(future))
    tap.equal(f"{name}: a version behind one from the future is an older one", post(party, raw(past)).json["older"], 1)
    tap.equal(f"{name}: ... and the newest stays", party.client().get(f"/api/v1/objects/{future['id']}").json["modified"],
              future["modified"])
    added = party.client().get(f"/api/v1/objects/{future['id']}").headers["X-Added"]
    tap.check(f"{name}: ... added when it came, not when it says", added < future["modified"], added)
    old = indicator(22, created="0001-01-01T00:00:00.000Z", modified="0001-01-01T00:00:00.000Z")
    tap.equal(f"{name}: the beginning of time", post(party, raw(old)).json["new"], 1)
    a, b = malware("a"), malware("b")
    ring = []
    for x, y in ((a, b), (b, a), (a, a)):
        ring.append({"type": "relationship", "spec_version": "2.1", "id": f"relationship--{uuid.uuid4()}", "created": stamp(),
                     "modified": stamp(), "relationship_type": "variant-of", "source_ref": x["id"], "target_ref": y["id"],
                     "object_marking_refs": [marking("green")]})
    loop = {"type": "marking-definition", "spec_version": "2.1", "id": f"marking-definition--{uuid.uuid4()}", "created": stamp(),
            "definition_type": "statement", "definition": {"statement": "itself"}}
    loop["object_marking_refs"] = [loop["id"]]
    answer = post(party, json.dumps({"type": "bundle", "id": f"bundle--{uuid.uuid4()}", "objects": [a, b, *ring, loop]}).encode())
    tap.check(f"{name}: cycles of references", answer.status == 200 and answer.json["new"] >= 5, answer)
    tap.equal(f"{name}: ... are followed one step", party.client().get(f"/api/v1/objects/{a['id']}/relations").status, 200)


def patterns(name, hub, party):
    """What a pattern or a search may cost is bounded."""
    client, began = party.client(), time.monotonic()
    for query in ("pattern=" + "[" * 2000, "pattern=" + "(" * 2000, "pattern=%5B" + "%20OR%20".join(["a:b='c'"] * 500) + "%5D",
                  "text=" + "a%20" * 400, "text=" + "%E6%94%BB" * 300, "inside=0.0.0.0/0", "inside=::/0", "inside=com",
                  "value=" + "a." * 500, "value=" + "%25" * 600):
        answer = client.ask("GET", "/api/v1/search?" + query, check=False)
        if answer.status not in (200, 400, 413, 414):
            tap.check(f"{name}: {query[:30]}", False, answer)
    tap.check(f"{name}: expensive searches are answered or refused soon", time.monotonic() - began < 30, time.monotonic() - began)


def body_of(size, sent):
    """A bundle of about so many bytes: mostly objects of 100 kB, and some that are odd."""
    yield b'{"type":"bundle","id":"bundle--%s","objects":[' % str(uuid.uuid4()).encode()
    filler, number, total = "x" * 100000, 0, 0
    while total < size:
        odd = number % 100 == 99
        o = indicator(number, "green", description=filler, name=5 if odd else "large")
        text = (b"," if number else b"") + json.dumps(o).encode()
        if not odd:
            sent.append(o["id"])
        total += len(text)
        number += 1
        yield text
    yield b"]}"


def large(name, hub, party):
    sent, before = [], memory(hub)
    connection = http.client.HTTPConnection("127.0.0.1", hub.port, timeout=600)
    others, wrong, ended = [0], [], threading.Event()

    def meanwhile():
        client = party.client()
        while not ended.is_set():
            answer = client.ask("GET", "/api/v1/counts", check=False)
            if answer.status != 200:
                wrong.append(answer)
            others[0] += 1

    thread = threading.Thread(target=meanwhile)
    thread.start()
    connection.request("POST", "/api/v1/objects", body_of(SIZE, sent), {
        "Content-Type": "application/json", "Authorization": f"Bearer {party.token}", "Transfer-Encoding": "chunked"},
        encode_chunked=True)
    answer = connection.getresponse()
    result = json.loads(answer.read())
    ended.set()
    thread.join()
    tap.check(f"{name}: a bundle of {SIZE >> 20} MB", answer.status == 200 and result["new"] == len(sent), answer.status,
              {k: v for k, v in result.items() if k != "failures"}, len(sent))
    tap.check(f"{name}: ... in bounded memory", memory(hub) < MEMORY_MAX, before, memory(hub))
    tap.check(f"{name}: ... while others are answered", others[0] > 5 and not wrong, others, wrong[:1])
    tap.check(f"{name}: ... each that is odd by itself", result["failed"] == len(sent) // 99 or result["failed"] > 0, result["failed"])
    with hub.socket() as s:  # a sender that goes away
        s.sendall((f"POST /api/v1/objects HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nAuthorization: Bearer {party.token}"
                   f"\r\nContent-Length: {1 << 30}\r\n\r\n").encode() + b'{"type":"bundle","objects":[' + raw(indicator(1)))
    tap.equal(f"{name}: a sender that goes away harms nobody", hub.client().get("/healthz").status, 200)


def main():
    for name, make, end in databases():
        print(f"# {name}", flush=True)
        hub = Parties(CONFIG, database=make())
        party = hub.party("member")
        hub.start()
        broken(name, hub, party)
        truncated(name, party)
        versions(name, party)
        patterns(name, hub, party)
        reads(name, hub, party)
        tap.check(f"{name}: in bounded memory", memory(hub) < MEMORY_MAX, memory(hub))
        hub.stop()
        hub.start()
        if name == "sqlite" or "HINOMI_HOSTILE_MB" in os.environ:
            large(name, hub, party)
        done = hub.command("check")
        tap.equal(f"{name}: the database is whole", (done.returncode, done.stdout), (0, "nothing is wrong\n"))
        tap.equal(f"{name}: the hub ends well", hub.stop(), 0)
        hub.remove()
        end()
    tap.done()


main()
