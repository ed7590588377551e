#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The Hinomi authors
"""The hub's ledger from outside: its key, checkpoint and tiles over HTTP are those that verify; cosignatures of those who are
known are taken, no others."""
import base64
import hashlib
import json
import shutil
import subprocess

from hub_world import BIN, DEADLINE, Hub, Tap, folder

tap = Tap()
NAME = "commission.example/w1"


def run(program, *args):
    return subprocess.run([str(BIN / program), *map(str, args)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                          timeout=DEADLINE)


def verifier(public):
    """A cosigner's key as one word (C2SP signed-note)."""
    what = b"\x04" + public
    number = hashlib.sha256(NAME.encode() + b"\n" + what).hexdigest()[:8]
    return f"{NAME}+{number}+{base64.b64encode(what).decode()}"


def secret_object(number):
    return {"type": "identity", "spec_version": "2.1", "id": f"identity--{number:08x}-0000-4000-8000-000000000000",
            "created": "2026-11-01T00:00:00.000Z", "modified": "2026-11-01T00:00:00.000Z", "name": "Tower"}


place = folder()
run("hinomi-authority", "keygen", "-o", place / "w.key", "--name", NAME)
signing = json.loads((place / "w.key.pub").read_text())
raw = signing["ed25519"]
public = base64.urlsafe_b64decode(raw + "=" * (-len(raw) % 4))
with Hub(f"cosigners: ['{verifier(public)}']\n") as hub:
    client = hub.admin()
    client.post("/api/v1/objects", secret_object(1))
    for _ in range(300):
        client.get(f"/api/v1/objects/{secret_object(1)['id']}")
    (place / "hub.pub").write_bytes(client.get("/api/v1/ledger/key").body)
    head = client.get("/api/v1/ledger/checkpoint").body.decode().split("\n")
    size = int(head[1])
    tap.check("each read of what is closely kept is an entry", size >= 300 and head[0] == "hinomi/hub/main", head)
    done = run("hinomi-ledger", "verify", "--key", place / "hub.pub", hub.data)
    tap.equal("the log verifies with the key that it gives", (done.returncode, done.stderr), (0, ""))
    for path in ["tile/0/000", "tile/entries/000", f"tile/0/001.p/{size - 256}", "tile/1/000.p/1"]:
        answer = client.get("/api/v1/ledger/" + path)
        tap.check(f"{path} is the file", answer.status == 200 and answer.body == (hub.data / "ledger" / path).read_bytes(), answer)
    for path in ["tile/0/0", "tile/0/999", "tile/0/000.p/999", "tile/00/000", "tile/x/000", "tile/0/000.p"]:
        tap.equal(f"{path} is none", client.get("/api/v1/ledger/" + path).status, 404)
    tap.equal("tiles are not the public's", hub.client().get("/api/v1/ledger/tile/0/000").status, 401)
    centre = client.get("/api/v1/me").json["organisation"]
    for kind, told in (("operator", 403), ("commission", 200)):
        made = client.post("/api/v1/organisations", {"kind": kind, "names": [{"language": "en", "name": kind}]}).json["id"]
        token = client.post("/api/v1/tokens", {"title": "x", "scopes": ["audit"], "machine": True, "organisation": made}).json["token"]
        tap.equal(f"with the scope alone: {kind}", hub.client(token=token).get("/api/v1/ledger/tile/0/000").status, told)
        far = hub.client(token=token, headers={"X-Forwarded-For": "192.0.2.1"}).get("/metrics")
        tap.equal(f"and from afar the counters: {kind}", far.status, {403: 404}.get(told, told))
    answer = client.post("/api/v1/tokens", {"title": "x", "scopes": ["audit"], "machine": True, "organisation": centre})
    far = hub.client(token=answer.json["token"], headers={"X-Forwarded-For": "192.0.2.1"}).get("/metrics")
    tap.equal("the centre's monitoring has them", far.status, 200)
    tap.equal("nobody has cosigned", client.get("/api/v1/ledger/cosigned").status, 404)
    done = run("hinomi-ledger", "cosign", "--key", place / "hub.pub", "--cosigner", place / "w.key", "--name", NAME,
               "--state", place / "state", hub.data)
    tap.equal("a commission cosigns", (done.returncode, done.stderr), (0, ""))
    cosigned = done.stdout.encode()
    size = int(cosigned.decode().split("\n")[1])
    plain = {"Content_Type": "text/plain"}
    tap.equal("and hands it in", client.post("/api/v1/ledger/cosigned", cosigned, **plain).status, 204)
    tap.equal("everybody may have it", hub.client().get("/api/v1/ledger/cosigned").body, cosigned)
    bare = client.get("/api/v1/ledger/checkpoint").body
    tap.equal("without a cosignature it is refused", client.post("/api/v1/ledger/cosigned", bare, **plain).status, 403)
    changed = cosigned.replace(f"\n{size}\n".encode(), f"\n{size + 1}\n".encode(), 1)
    tap.equal("a changed one is refused", client.post("/api/v1/ledger/cosigned", changed, **plain).status, 403)
    tap.equal("another text is refused", client.post("/api/v1/ledger/cosigned", b"hello\n", **plain).status, 400)
    tap.equal("nobody signed in may not", hub.client().post("/api/v1/ledger/cosigned", cosigned, **plain).status, 401)
    tap.equal("the kept one stays", client.get("/api/v1/ledger/cosigned").body, cosigned)
shutil.rmtree(place)
tap.done()
