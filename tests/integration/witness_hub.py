#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The Hinomi authors
"""The witness and the hub itself: an application goes from one to the other, comes back signed, or refused; receipts that came
to the witness alone are missed. Told by TAP."""
import hashlib
import signal
import sys

sys.dont_write_bytecode = True
import hub_world  # noqa: E402  beside this file
from select_world import Tap, hinomi  # noqa: E402
from witness_world import Commission, Edge, Receipts, Witness, authorisation, payload_of, until  # noqa: E402

JOSE = {"Content_Type": "application/jose+json"}
tap = Tap()
commission = Commission()


def apply(admin, path):
    made = admin.post("/api/v1/authorisations", path.read_bytes(), **JOSE).json["id"]
    admin.post(f"/api/v1/authorisations/{made}/hand")
    return made


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
    witness = Witness(commission, hub, token=token).start()
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
    edge = Edge(witness)
    edge.enrol()
    good = commission.issue("good.json")
    witness.run("bring", good)
    edge.receipts(Receipts(edge, commission, [authorisation(good)]).make())
    tap.check("a receipt that is not at the hub is an alarm", len(witness.alarm("hub-withholds", edge=edge.id)) == 1)
    witness.stop()
tap.done()
