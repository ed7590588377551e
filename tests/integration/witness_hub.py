#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The Hinomi authors
"""The witness and the hub itself: an application goes from one to the other, comes back signed, or refused; receipts that came
to the witness alone are missed. Between them stands one who lets the hub show one thing and ask to sign another, or withhold
what it has. Told by TAP."""
import hashlib
import signal
import sys
import types

sys.dont_write_bytecode = True
import hub_world  # noqa: E402  beside this file
from select_world import Tap, hinomi  # noqa: E402
from witness_world import Commission, Edge, Liar, Receipts, Witness, authorisation, payload_of, until  # noqa: E402

JOSE = {"Content_Type": "application/jose+json"}
tap = Tap()
commission = Commission()


def apply(admin, path):
    made = admin.post("/api/v1/authorisations", path.read_bytes(), **JOSE).json["id"]
    admin.post(f"/api/v1/authorisations/{made}/hand")
    return made


class AtTheHub:
    """What an edge asks of where it joins."""

    def __init__(self, hub, admin):
        self.edge_port, self.commission, self.admin = hub.edge_port, commission, admin

    def run(self, *_):
        code = self.admin.post("/api/v1/edges", {"kind": "sensor", "names": {"en": "a sensor", "ja": "センサー"}}).json["code"]
        return types.SimpleNamespace(stdout=code)


def other_recipients(of):
    """One authorisation is shown with other recipients than those that are asked to be signed."""
    def tell(path, said):
        for one in said.get("authorisations", []):
            if one["id"] == of:
                one["payload"]["recipients"] = ["nobody"]
        return said
    return tell


def without(number):
    def tell(path, said):
        if path == "/api/v1/receipts":
            said["receipts"] = [one for one in said["receipts"] if one["number"] != number]
        return said
    return tell


with hub_world.Hub("cosigners: []\n") as hub:
    admin = hub.admin()
    tap.equal("the trust file is the hub's too", admin.put("/api/v1/nation/trust", commission.trust.read_bytes(), **JOSE).status, 204)
    names = [{"language": "en", "name": "Commission"}]
    organisation = admin.post("/api/v1/organisations", {"kind": "commission", "names": names}).json["id"]
    person = admin.post("/api/v1/people", {"login": "tanaka", "places": [
        {"organisation": organisation, "roles": ["commissioner"]}]}).json["id"]
    admin.put(f"/api/v1/people/{person}/password", {"new": "a password of the commission"})
    member = hub.client(basic=("tanaka", "a password of the commission"))
    token = member.post("/api/v1/tokens", {"title": "witness", "scopes": ["read", "manage", "audit"]}).json["token"]
    first, second = commission.issue("first.json", names=""), commission.issue("second.json", names="")
    one, two = apply(admin, first), apply(admin, second)
    liar = Liar(hub)
    witness = Witness(commission, liar, token=token).start()
    hub.config.write_text(f"cosigners: ['{witness.vkey}']\n")
    hub.process.send_signal(signal.SIGHUP)
    tap.check("the hub's ledger is cosigned, and the hub has it", until(
        lambda: witness.vkey.split("+")[0] in admin.get("/api/v1/ledger/cosigned", check=False).body.decode(), "the cosignature"))
    until(lambda: two in witness.run("applications").stdout, "both applications")
    digest = hashlib.sha256(payload_of(first)).hexdigest()
    done = witness.run("sign", one, "--digest", digest, "--passphrase-file", commission.passphrase)
    tap.equal("one is signed here", (done.returncode, done.stderr), (0, ""))
    hinomi("authority", "sign", "--key", commission.dir / "b.key", first)
    done = witness.run("sign", one, "--signed", first)
    tap.equal("and elsewhere", (done.returncode, done.stderr), (0, ""))

    def state(which, wanted):
        return until(lambda: admin.get(f"/api/v1/authorisations/{which}").json["state"] == wanted, wanted)
    tap.check("the hub has both signatures", state(one, "signed"))
    witness.run("refuse", two, "--reason", "too wide")
    tap.check("and the refusal", state(two, "refused") and
              admin.get(f"/api/v1/authorisations/{two}").json["reason"] == "too wide")
    witness.run("revoke", "--id", one, "--passphrase-file", commission.passphrase)
    tap.check("and the revocation", state(one, "revoked"))
    tap.equal("which raises nothing", witness.alarms(), [])
    third = commission.issue("third.json", names="")
    three = authorisation(third)["id"]
    liar.told = other_recipients(three)
    apply(admin, third)
    tap.check("one that is shown and another that is asked to be signed is an alarm", len(witness.alarm("hub-other", subject=three)) == 1)
    done = witness.run("sign", three, "--digest", authorisation(third)["sha256"], "--passphrase-file", commission.passphrase)
    tap.equal("and is not to be signed", (three in witness.run("applications").stdout, done.returncode), (False, 1))

    edge, there = Edge(witness), Edge(AtTheHub(hub, admin))
    tap.equal("an edge joins both", [edge.enrol(), there.enrol(), edge.id == there.id], [201, 201, True])
    good = commission.issue("good.json")
    witness.run("bring", good)
    chain = Receipts(edge, commission, [authorisation(good)])
    lines = [chain.make() for _ in range(3)]
    liar.told = without(2)
    tap.equal("and sends both the same", [edge.receipts(*lines), there.receipts(*lines)], [200, 200])
    alarm = witness.alarm("hub-withholds", edge=edge.id)
    tap.check("a receipt that the hub has and does not show is an alarm", len(alarm) == 1 and
              "numbers 2 to 2" in alarm[0]["detail_en"], alarm)
    edge.receipts(chain.make())
    liar.told = lambda path, said: said
    before = witness.alarms()[-1]["count"]
    tap.check("one that it never had too", until(lambda: witness.alarms()[-1]["count"] > before, "again"))
    tap.equal("and nothing else", {a["kind"] for a in witness.alarms()}, {"hub-other", "hub-withholds"})
    witness.stop()
tap.done()
