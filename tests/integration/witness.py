#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The Hinomi authors
"""The witness, end to end: edges of the test's own send what is right and each kind of what is wrong; a hub of the test's own
tells the truth and lies; the clock moves; the witness is killed. Told by TAP."""
import copy
import hashlib
import html
import http.client
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import uuid

sys.dont_write_bytecode = True
from select_world import HINOMI, LAB, Tap, from_base64url, hinomi  # noqa: E402  beside this file
from witness_world import (BIN, DEADLINE, XSS, Commission, Edge, Hub, Receipts, Witness, authorisation, stamp, token_of,  # noqa: E402
                           tool, until)

tap = Tap()
commission = Commission()
good = commission.issue("good.json")


def of_edges():
    witness = Witness(commission).start()
    edge = Edge(witness, name="IX " + XSS)
    tap.equal("an edge enrols", edge.enrol(), 201)
    tap.equal("a lost answer is given again", edge.enrol_again(edge.request), 201)
    thief = Edge(witness, "other")
    thief.code = edge.code
    tap.equal("a replayed code does not work for another", thief.enrol(), 403)
    tap.check("and is an alarm", len(witness.alarm("identity")) == 1, witness.alarms())
    thief.code = Witness(commission).run("edge", "x").stdout.strip()
    tap.equal("nor one that another witness gave", thief.enrol(), 403)
    done = witness.run("bring", good)
    tap.equal("the commission brings an authorisation", (done.returncode, done.stderr), (0, ""))
    chain = Receipts(edge, commission, [authorisation(good)])
    first, second = chain.make(), chain.make()
    tap.equal("receipts are taken", edge.receipts(first, second), 200)
    status, body = edge.batch("receipts", [first, second], first=1)
    tap.equal("and again without being doubled", (status, json.loads(body)["through"]), (200, 2))
    status, body = edge.batch("receipts", [chain.make(keep=False)], first=9)
    tap.equal("a hole in the numbers is refused with where it stands", (status, json.loads(body)["through"]), (409, 2))
    tap.equal("where streams stand", json.loads(edge.send("GET", "/edge/v1/streams")[1])["streams"]["receipts"],
              {"epoch": edge.epoch, "through": 2})
    tap.equal("records are not for the commission's machine", edge.batch("records", [b"{}"])[0], 404)
    tap.equal("what holds raises nothing", [a["kind"] for a in witness.alarms() if a["kind"] != "identity"], [])

    def wrong(kind, what, change=None, key=None, keep=False, **members):
        def count():
            return sum(a["count"] for a in witness.alarms() if a["kind"] == kind and
                       all(a[k] == v for k, v in members.items()))

        before = count()
        line = chain.make(change, key, keep)
        status = edge.receipts(line)
        try:
            until(lambda: count() > before, what)
            raised = True
        except TimeoutError:
            raised = False
        tap.check(f"{what}: taken, and an alarm of kind {kind}", (status, raised) == (200, True), status, witness.alarms()[-1:])

    wrong("receipt", "another's signature", key=commission.dir / "other.key")
    wrong("receipt", "sums that do not hold", lambda r: r["sums"]["seen"].update(packets=3))
    wrong("receipt", "an unknown member", lambda r: r.update(more=1))
    wrong("receipt", "another edge's receipt", lambda r: r.update(edge=str(uuid.uuid4())))
    wrong("receipt", "the number of one that came before", lambda r: r.update(number=2))
    wrong("receipt", "a chain that does not follow", lambda r: r.update(former="0" * 64), keep=True, subject="chain")
    wrong("trust", "an unknown trust file", lambda r: r.update(trust="1" * 64), keep=True)
    wrong("unauthorised", "an authorisation that was never seen",
          lambda r: r.update(authorizations=[{"id": str(uuid.uuid4()), "sha256": "2" * 64}]), keep=True)
    wrong("unauthorised", "a known id with another content",
          lambda r: r["authorizations"][0].update(sha256="3" * 64), keep=True)
    chain.authorisations = [authorisation(good)]
    wrong("unauthorised", "an interval outside the validity", lambda r: r.update(
        interval={"from": stamp(time.time() - 90000), "until": stamp(time.time() - 80000)}), keep=True)
    few = commission.issue("few.json", names="b")
    witness.run("bring", few)
    wrong("unauthorised", "too few signatures", lambda r: r.update(authorizations=[authorisation(few)]), keep=True)
    other = commission.issue("other.json", sensor="other")
    witness.run("bring", other)
    wrong("unauthorised", "another sensor's authorisation", lambda r: r.update(authorizations=[authorisation(other)]), keep=True)
    wrong("beyond", "a set that it does not name", lambda r: r["sets"][0].update(id="unnamed"), keep=True)
    wrong("beyond", "more entries than it allows", lambda r: r["sets"][0].update(entries=1001), keep=True)

    def domestic(r):
        for part in ("seen", "selected"):
            r["sums"][part]["by_class"] = {"domestic-foreign": {"bytes": 100, "packets": 2}}
    wrong("beyond", "a class that it does not cover", domestic, keep=True)

    def skip(r):
        r["number"] += 3
    wrong("gap", "numbers that never came", skip, keep=True)
    tap.equal("and goes on", edge.receipts(chain.make()), 200)
    tap.equal("lines that are gone are told", edge.post("receipts", tool("stub", "receipts", edge.epoch, edge.next["receipts"], 4),
                                                        edge.next["receipts"] + 4)[0], 200)
    tap.check("and are an alarm", until(lambda: len(witness.alarm("gap")) >= 2, "two gaps"))
    done = witness.run("revoke", "--id", authorisation(good)["id"], "--passphrase-file", commission.passphrase)
    tap.equal("one commissioner revokes", (done.returncode, done.stderr), (0, ""))
    wrong("unauthorised", "a revoked authorisation", lambda r: r.update(
        interval={"from": stamp(time.time() + 1), "until": stamp(time.time() + 61)}), keep=True)
    edge.epoch, edge.next = str(uuid.uuid4()), {}
    tap.equal("a new epoch begins at 1", edge.receipts(chain.make()), 200)
    tap.check("and is an alarm", len(witness.alarm("epoch")) == 1)

    log = pathlib.Path(tempfile.mkdtemp(dir=commission.dir))
    first = tool("checkpoint", edge.key, log, 3).rstrip(b"\n")
    second = tool("checkpoint", edge.key, log, 5).rstrip(b"\n")
    tap.equal("checkpoints are taken", edge.batch("checkpoints", [first, second])[0], 200)
    status, cosigned = edge.send("GET", "/edge/v1/cosigned")
    tap.check("and cosigned", status == 200 and cosigned.startswith(json.loads(second)["checkpoint"].encode()) and
              cosigned.count(b"\n\xe2\x80\x94 hinomi/witness/commission ") == 1, cosigned)
    forged = pathlib.Path(tempfile.mkdtemp(dir=commission.dir))
    tool("checkpoint", edge.key, forged, 2)
    third = tool("checkpoint", edge.key, forged, 9).rstrip(b"\n")
    tap.equal("a rewritten ledger is told", edge.batch("checkpoints", [third])[0], 200)
    tap.check("and is an alarm", len(witness.alarm("ledger")) == 1)
    tap.equal("the last one that holds stays cosigned", edge.send("GET", "/edge/v1/cosigned")[1], cosigned)
    tap.equal("health is taken", edge.batch("health", [json.dumps({"clock": XSS, "sets": [XSS]}).encode(), b"no json"])[0], 200)

    done = witness.run("alarms")
    tap.check("alarms are listed", done.returncode == 1 and done.stdout.count("\n") >= 8, done.stdout)
    number = witness.alarms()[0]["number"]
    tap.equal("none is acknowledged without a reason", witness.run("acknowledge", number).returncode, 2)
    done = witness.run("acknowledge", number, "--reason", "looked into " + XSS, "--name", "tanaka")
    tap.equal("one is with a reason", (done.returncode, done.stderr), (0, ""))
    tap.check("and says so", until(lambda: witness.alarms()[0].get("reason", "").startswith("looked into"), "reason"))
    status, _, body = witness.get("/metrics")
    tap.check("counted", status == 200 and 'hinomi_witness_alarms{kind="gap"}' in body, body[:500])
    of_pages(witness, edge)
    often = Edge(witness, "other", name="IX 2")
    often.enrol()
    its = Receipts(often, commission, [authorisation(good)], seconds=10)
    often.receipts(its.make(), its.make())
    edge.receipts(chain.make())
    witness.move(60)
    edge.batch("health", [b"{}"])
    often.batch("health", [b"{}"])
    tap.check("an edge is silent after two of its own intervals", len(witness.alarm("edge-silent", edge=often.id)) == 1)
    tap.equal("nobody else is within two of theirs", [a["edge"] for a in witness.alarms() if a["kind"] == "edge-silent"], [often.id])
    witness.move(400)
    tap.check("an edge that is silent for two intervals is an alarm", len(witness.alarm("edge-silent", edge=edge.id)) == 1)
    of_revoked_edges(witness, edge, often)
    tap.equal("it ends when it is told to", witness.stop(), 0)
    done = subprocess.run([str(BIN / "hinomi-ledger"), "verify", str(witness.dir / "data")], stdout=subprocess.PIPE, text=True,
                          stderr=subprocess.PIPE, check=False)
    tap.equal("its own ledger verifies", (done.returncode, done.stderr), (0, ""))


def of_revoked_edges(witness, edge, other):
    done = witness.run("edges")
    tap.check("edges are listed, each with its own interval", done.returncode == 0 and
              {line.split()[0]: line.split("every ")[1].split(",")[0] for line in done.stdout.splitlines()} ==
              {edge.id: "60 s", other.id: "10 s"}, done.stdout)
    tap.equal("none is revoked without a reason", witness.run("revoke-edge", edge.id).returncode, 2)
    tap.equal("nor one that never joined", witness.run("revoke-edge", str(uuid.uuid4()), "--reason", "x").returncode, 3)
    done = witness.run("revoke-edge", edge.id, "--reason", "stolen " + XSS, "--name", "tanaka")
    tap.equal("one is with a reason", (done.returncode, done.stderr), (0, ""))
    tap.equal("its certificate opens nothing any more", [edge.send("GET", "/edge/v1/streams")[0], edge.receipts(b"{}")], [401, 401])
    tap.equal("another's does", other.send("GET", "/edge/v1/streams")[0], 200)
    cookie, csrf = witness.sign_in()
    path = f"/edges/{other.id}/revoke"
    tap.equal("on the page not without the form's token", witness.post(path, {"reason": "x"}, cookie)[0], 403)
    tap.equal("and with it", witness.post(path, {"reason": "sold " + XSS, "csrf": csrf}, cookie)[0], 303)
    tap.equal("the other one is out too", other.send("GET", "/edge/v1/streams")[0], 401)
    tap.check("both are shown as revoked", witness.run("edges").stdout.count(": revoked 20") == 2 and
              "Revoke this edge" not in witness.get(f"/edges/{other.id}", {"Cookie": cookie})[2], witness.run("edges").stdout)
    tap.equal("each is in the ledger", [(r["edge"], r["who"], r["reason"]) for r in witness.records("witness.edge-revoked", 2)],
              [(edge.id, "tanaka", "stolen " + XSS), (other.id, "tanaka", "sold " + XSS)])
    other.code = witness.run("edge", "IX 2").stdout.strip()
    tap.equal("with a new code one joins again", [other.enrol(), other.send("GET", "/edge/v1/streams")[0]], [201, 200])


def of_what_is_due():
    witness = Witness(commission).start()
    witness.run("bring", good)
    witness.run("bring", commission.issue("short.json", until_="P10D"))
    soon = authorisation(commission.dir / "short.json")["id"]
    witness.run("revoke", "--passphrase-file", commission.passphrase)
    cookie, _ = witness.sign_in()

    def said():
        return (witness.dir / "log").read_text()

    def page():
        return witness.get("/applications", {"Cookie": cookie})[2]
    text = witness.run("status").stdout
    tap.check("status says how long what is in force is good", text.count("until 20") == 3 and
              f": an authorisation: ends soon {soon}" in text and ": the revocation list \n" in text, text)
    tap.check("so does the page", page().count('class="bad"') == 1 and "ends soon" in page(), page())
    witness.move(17 * 3600)
    tap.check("eight hours before it ends the log asks for a new list", until(lambda: "renew it now" in said(), "the list"))
    tap.check("and fourteen days before for a new authorisation", until(lambda: soon in said(), "it"), said())
    tap.equal("neither is an alarm", witness.alarms(), [])
    witness.move(22.5 * 3600)
    tap.check("two hours before it ends it is one", len(witness.alarm("due")) == 1)
    tap.check("each was logged once", said().count("renew it now") == 1 and said().count(soon) == 1, said())
    witness.stop()


def of_kills():
    witness = Witness(commission).start()
    edge = Edge(witness)
    edge.enrol()
    chain = Receipts(edge, commission, [authorisation(good)])
    witness.run("bring", good)
    lines = [chain.make() for _ in range(60)]
    acknowledged, at = 0, 0
    for turn in range(6):
        stop = threading.Timer(0.05 + 0.03 * turn, lambda: witness.process.send_signal(signal.SIGKILL))
        stop.start()
        while at < len(lines):
            try:
                status, body = edge.batch("receipts", lines[at:at + 5], first=at + 1)
            except (OSError, http.client.HTTPException):
                break
            if status == 200:
                acknowledged = json.loads(body)["through"]
                at = acknowledged
        stop.join()
        witness.process.wait(timeout=DEADLINE)
        witness.process.stdout.close()
        witness.start()
        streams = json.loads(edge.send("GET", "/edge/v1/streams")[1])["streams"]
        through = streams.get("receipts", {"through": 0})["through"]
        tap.check(f"kill {turn + 1}: nothing acknowledged is lost", through >= acknowledged, through, acknowledged)
        at = through
    while at < len(lines):
        at = json.loads(edge.batch("receipts", lines[at:at + 5], first=at + 1)[1])["through"]
    done = witness.run("status")
    tap.check("each receipt is there once", "receipts 60 up to number 60, 0 with findings" in done.stdout, done.stdout)
    tap.equal("and raised nothing", witness.alarms(), [])
    witness.stop()
    done = subprocess.run([str(BIN / "hinomi-ledger"), "verify", str(witness.dir / "data")], stdout=subprocess.PIPE, text=True,
                          stderr=subprocess.PIPE, check=False)
    tap.equal("its own ledger verifies", (done.returncode, done.stderr), (0, ""))


def of_the_hub():
    hub = Hub(commission)
    hub.documents["/api/v1/nation/trust"] = commission.trust.read_bytes()
    witness = Witness(commission, hub).start()
    draft = commission.issue("draft.json", names="", purpose="how " + XSS, recipient="police")
    shown = hub.show(draft)
    until(lambda: shown["id"] in witness.run("applications").stdout, "the application")
    text = witness.run("applications", shown["id"]).stdout
    tap.check("an application is decoded in full", all(word in text for word in (
        shown["digest"], "203.0.113.0/24", "how " + XSS, "act-1", "lab: at most 1000", "police", "de-identified", "ipv4",
        "foreign-domestic", "P30D")), text)
    sign = ["sign", shown["id"], "--passphrase-file", commission.passphrase]
    tap.equal("nothing is signed but what was shown", witness.run(*sign, "--digest", "0" * 64).returncode, 1)
    wrong = commission.dir / "wrong"
    wrong.write_text("another passphrase\n")
    done = witness.run("sign", shown["id"], "--digest", shown["digest"], "--passphrase-file", wrong)
    tap.equal("nor with another passphrase", done.returncode, 1)
    done = witness.run(*sign, "--digest", shown["digest"])
    tap.equal("a member signs", (done.returncode, done.stderr), (0, ""))
    path = f"/api/v1/authorisations/{shown['id']}/document"
    taken = until(lambda: [json.loads(b) for m, p, b in hub.taken if (m, p) == ("PUT", path)], "the signature")[-1]
    tap.check("and it is handed to the hub", taken["payload"] == json.loads(draft.read_text())["payload"] and
              len(taken["signatures"]) == 1, taken)
    tap.equal("the same key signs once", witness.run(*sign, "--digest", shown["digest"]).returncode, 1)
    hinomi("authority", "sign", "--key", commission.dir / "stranger.key", draft)
    done = witness.run("sign", shown["id"], "--signed", draft)
    tap.equal("a stranger's signature is not taken", done.returncode, 1)
    fresh = json.loads(draft.read_text())
    fresh["signatures"] = []
    draft.write_text(json.dumps(fresh))
    hinomi("authority", "sign", "--key", commission.dir / "b.key", draft)
    done = witness.run("sign", shown["id"], "--signed", draft)
    tap.equal("one made offline is", (done.returncode, done.stderr), (0, ""))
    taken = until(lambda: [json.loads(b) for m, p, b in hub.taken if (m, p) == ("PUT", path) and
                           len(json.loads(b)["signatures"]) == 2], "both signatures")[-1]
    signed = commission.dir / "signed.json"
    signed.write_text(json.dumps(taken))
    done = subprocess.run([HINOMI, "authority", "verify", "--trust", commission.trust, signed], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, check=False)
    tap.equal("with both it is authorised", done.returncode, 0)
    tap.check("and signed here", "state: signed" in witness.run("applications", shown["id"]).stdout)

    changed = hub.show(commission.issue("changed.json", names="", purpose="how " + XSS, recipient="somebody else"))
    until(lambda: changed["id"] in witness.run("applications").stdout, "the next application")
    text = witness.run("applications", changed["id"]).stdout
    tap.check("what differs from the last one signed is shown", "+ recipient: somebody else" in text and
              "- recipient: police" in text and "+ purpose" not in text and shown["id"] in text, text)
    tap.equal("none is refused without a reason", witness.run("refuse", changed["id"]).returncode, 2)
    done = witness.run("refuse", changed["id"], "--reason", "who is " + XSS)
    tap.equal("one is refused with a reason", (done.returncode, done.stderr), (0, ""))
    taken = until(lambda: [json.loads(b) for m, p, b in hub.taken if p.endswith(changed["id"] + "/refuse")], "the refusal")
    tap.equal("which the hub is told", taken, [{"reason": "who is " + XSS}])
    done = witness.run(*["sign", changed["id"], "--digest", changed["digest"], "--passphrase-file", commission.passphrase])
    tap.equal("and is signed no more", done.returncode, 1)
    done = witness.run("revoke", "--id", shown["id"], "--passphrase-file", commission.passphrase)
    taken = until(lambda: [b for m, p, b in hub.taken if p == "/api/v1/nation/revocations"], "the list")[-1]
    tap.check("a revocation is handed over", shown["id"] in from_base64url(json.loads(taken)["payload"]).decode(), taken)
    tap.equal("a hub that tells the truth raises nothing", witness.alarms(), [])

    lie = copy.deepcopy(hub.show(commission.issue("lie.json", names="", recipient="police")))
    lie["payload"]["recipients"] = ["harmless"]
    hub.applications[lie["id"]] = lie
    tap.check("a hub that shows one and asks to sign another is an alarm", len(witness.alarm("hub-other", subject=lie["id"])) == 1)
    tap.check("and it is not to be signed", lie["id"] not in witness.run("applications").stdout)
    del hub.applications[lie["id"]]
    other = hub.show(commission.issue("swap.json", names="", recipient="police"))
    other["id"] = shown["id"]
    hub.applications = {shown["id"]: other}
    tap.check("another content under a known id is an alarm", len(witness.alarm("hub-other", subject=shown["id"])) == 1)
    unseen = hub.show(commission.issue("unseen.json"), "issued")
    hub.applications = {unseen["id"]: unseen}
    tap.check("one issued that was never seen is an alarm", len(witness.alarm("unauthorised", subject=unseen["id"])) == 1)
    hub.applications = {}
    hub.documents["/api/v1/nation/trust"] = json.dumps({"payload": "e30", "signatures": []}).encode()
    tap.check("a trust file of the hub's own is an alarm", len(witness.alarm("trust")) == 1)

    edge = Edge(witness)
    edge.enrol()
    witness.run("bring", good)
    chain = Receipts(edge, commission, [authorisation(good)])
    lines = [chain.make() for _ in range(3)]
    edge.receipts(*lines)
    hub.receipts[edge.id] = {1: lines[0], 2: lines[1]}
    alarm = witness.alarm("hub-withholds", edge=edge.id)
    tap.check("a hub that withholds a receipt is an alarm", len(alarm) == 1 and "numbers 3 to 3" in alarm[0]["detail_en"], alarm)
    hub.receipts[edge.id][3] = chain.make(lambda r: r.update(number=3), keep=False)
    tap.check("so is one that shows another", len(witness.alarm("hub-receipt", edge=edge.id, subject="3")) == 1)
    hub.quiet = True
    tap.check("a silent hub is an alarm", len(witness.alarm("hub-silent")) == 1)
    witness.stop()


def of_the_hubs_ledger():
    hub = Hub(commission)
    draft = commission.issue("pretended.json", names="")
    witness = Witness(commission, hub).start()

    def cosigned(size):
        return [b for m, p, b in hub.taken if p == "/api/v1/ledger/cosigned" and b.split(b"\n")[1] == b"%d" % size and
                b.count(b"\n\xe2\x80\x94 hinomi/witness/commission ") == 1]

    def rises(kind, text, what):
        """An alarm that stands with this text; it is acknowledged, for the next one stands by itself."""
        def look():
            return [a for a in witness.alarms() if a["kind"] == kind and text in a["detail_en"] and "acknowledged" not in a]
        try:
            found = until(look, what)
        except TimeoutError:
            found = []
        tap.check(what, len(found) == 1, witness.alarms())
        for alarm in found:
            witness.run("acknowledge", alarm["number"], "--reason", "seen")

    tap.check("the hub's checkpoint is cosigned and handed over", until(lambda: cosigned(300), "the first"))
    older = pathlib.Path(tempfile.mkdtemp(dir=commission.dir)) / "log"
    shutil.copytree(hub.log, older)
    hub.grow(700)
    tap.check("one that continues it is too", until(lambda: cosigned(1001), "the second"))
    time.sleep(2)
    tap.equal("and where nothing else was entered nothing is said", [b.split(b"\n")[1] for m, p, b in hub.taken], [b"300", b"1001"])
    tap.equal("a ledger that goes on raises nothing", witness.alarms(), [])
    log, hub.no_tiles = hub.log, True
    hub.grow(300)
    rises("hub-ledger", "not shown whole since", "one that cannot be followed is an alarm")
    hub.no_tiles = False
    until(lambda: cosigned(1302), "the third")
    hub.log = older
    rises("hub-ledger", "shorter than before", "one that was rolled back is an alarm")
    hub.grow(2000, older)
    rises("hub-ledger", "does not prove that it continues", "one that was rewritten is an alarm")
    hub.log, hub.stands = log, True
    hub.grow(5)
    rises("hub-ledger", "shows no entry behind it", "one that is held back is an alarm")
    hub.log, hub.stands = pathlib.Path(tempfile.mkdtemp(dir=commission.dir)), False
    hub.key = commission.dir / "stranger.key"
    hub.grow(3000)
    shown = hub.show(draft)
    rises("hub-ledger", "not signed by the key", "a second hub that pretends to be the first is an alarm")
    before, tokens = len(hub.taken), hub.tokens
    witness.run("revoke", "--passphrase-file", commission.passphrase)
    rises("hub-ledger", "not signed by the key", "again")
    rises("hub-silent", "nothing since", "the first one is silent")
    tap.equal("it is shown no token and handed nothing", (hub.tokens - tokens, len(hub.taken) - before), (0, 0))
    tap.check("what it shows is taken for nothing", shown["id"] not in witness.run("applications").stdout)
    witness.stop()


def of_pages(witness, edge):
    for path in ("/", "/applications", "/edges", "/hub", f"/edges/{edge.id}"):
        status, headers, _ = witness.get(path)
        tap.equal(f"{path} leads to the sign-in", (status, headers["Location"]), (303, "/sign-in"))
    tap.equal("another passphrase does not sign in", witness.sign_in("another passphrase")[1], 403)
    tap.equal("nor a form without its token", witness.post("/sign-in", {"name": "tanaka", "passphrase":
                                                                       "a passphrase that is long"})[0], 403)
    cookie, csrf = witness.sign_in()
    tap.check("a commissioner signs in", cookie and "HttpOnly" in witness.cookie_line and "SameSite=Strict" in witness.cookie_line)
    for path in ("/", "/applications", "/edges", "/hub", f"/edges/{edge.id}", f"/applications/{authorisation(good)['id']}"):
        for lang in ("en", "ja"):
            status, headers, body = witness.get(path, {"Cookie": cookie, "Accept-Language": lang})
            tap.check(f"{path} ({lang})", status == 200 and f'<html lang="{lang}">' in body and
                      headers["Content-Security-Policy"].startswith("default-src 'none'; style-src 'self'") and
                      "script" not in headers["Content-Security-Policy"] and "<script" not in body and "<img" not in body,
                      status, body[:500])
    tap.check("what edges say is shown as text", html.escape(XSS, quote=True).replace("&#x27;", "&#39;") in
              witness.get("/edges", {"Cookie": cookie})[2])
    tap.check("the style is there", witness.get("/style.css")[0] == 200)
    number = [a for a in witness.alarms() if "acknowledged" not in a][0]["number"]
    path = f"/alarms/{number}/acknowledge"
    tap.equal("no form without its token", witness.post(path, {"reason": "x"}, cookie)[0], 403)
    tap.equal("none with another's", witness.post(path, {"reason": "x", "csrf": "0" * 64}, cookie)[0], 403)
    tap.equal("none from another site", witness.post(path, {"reason": "x", "csrf": csrf}, cookie,
                                                     **{"Sec-Fetch-Site": "cross-site"})[0], 403)
    tap.equal("none without a sign-in", witness.post(path, {"reason": "x", "csrf": csrf})[0], 303)
    tap.check("none of them did anything", "acknowledged" not in [a for a in witness.alarms() if a["number"] == number][0])
    tap.equal("with all of it an alarm is acknowledged", witness.post(path, {"reason": "seen " + XSS, "csrf": csrf}, cookie)[0], 303)
    tap.check("under the name that signed in", until(
        lambda: [a for a in witness.alarms() if a["number"] == number and a.get("who") == "tanaka"], "it"))
    _, headers, _ = witness.post("/language", {"to": "ja", "csrf": csrf}, cookie)
    both = cookie + "; " + headers["Set-Cookie"].split(";")[0]
    tap.check("the language is switched", '<html lang="ja">' in witness.get("/", {"Cookie": both})[2])
    waiting = commission.issue("page.json", names="", purpose="page " + XSS, recipient=XSS)
    one = authorisation(waiting)
    witness.run("bring", waiting)
    path = f"/applications/{one['id']}"
    body = witness.get(path, {"Cookie": cookie})[2]
    tap.check("an application is shown as text", one["sha256"] in body and "<script" not in body and "<img" not in body and
              "page &lt;script&gt;" in body, body)
    csrf = token_of(body)
    secret = "a passphrase that is long"
    tap.equal("what was not shown is not signed", witness.post(path + "/sign", {
        "digest": "0" * 64, "passphrase": secret, "csrf": csrf}, cookie)[0], 403)
    tap.equal("what was shown is", witness.post(path + "/sign", {
        "digest": one["sha256"], "passphrase": secret, "csrf": csrf}, cookie)[0], 303)
    hinomi("authority", "sign", "--key", commission.dir / "b.key", waiting)
    tap.equal("a file from elsewhere is taken", witness.post(path + "/take", {
        "document": waiting.read_text(), "csrf": csrf}, cookie)[0], 303)
    tap.check("and it is signed", "; 2 of 2 signatures" in witness.get(path, {"Cookie": cookie})[2])
    tap.equal("the list is renewed", witness.post("/revocations", {"id": "", "passphrase": secret, "csrf": csrf}, cookie)[0], 303)
    tap.equal("one signs out", witness.post("/sign-out", {"csrf": csrf}, cookie)[0], 303)
    tap.equal("and is out", witness.get("/", {"Cookie": cookie})[0], 303)


def of_a_demonstration():
    """A nation that is marked demo stays on its machine."""
    witness = Witness(commission)
    trust = commission.dir / "DEMO.json"
    hinomi("authority", "trust", "--threshold", "2", *(commission.dir / f"{k}.key.pub" for k in "abc"), "--domestic",
           LAB / "domestic.txt", "--mark", "demo", "-o", trust)
    text = witness.config.read_text().replace(str(commission.trust), str(trust))
    witness.config.write_text(text.replace(f"127.0.0.1:{witness.edge_port}", f"0.0.0.0:{witness.edge_port}"))
    done = witness.run()
    tap.check("a demonstration that others could reach does not begin", done.returncode == 2 and
              "a demonstration listens on loopback alone" in done.stderr, done.returncode, done.stderr)
    witness.config.write_text(text)
    witness.start()
    tap.equal("on loopback it does", witness.stop(), 0)


of_a_demonstration()
of_edges()
of_the_hub()
of_the_hubs_ledger()
of_what_is_due()
of_kills()
tap.done()
