#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The Hinomi authors
"""Signing in by a client certificate that a trusted proxy hands on: only by a certificate that is known and holds, only from
the proxy, and no longer than it is known."""
import hashlib
import json
import pathlib
import ssl
import subprocess
import sys
import urllib.parse

sys.dont_write_bytecode = True
from hub_world import Hub, Tap  # noqa: E402  beside this file

tap = Tap()
HEADER = "X-Client-Certificate"


def certificate(folder, name, *dates):
    """@return PEM, and the SHA-256 of its DER"""
    out = pathlib.Path(folder) / f"{name}.pem"
    key = pathlib.Path(folder) / f"{name}.key"
    request = pathlib.Path(folder) / f"{name}.csr"
    run = {"check": True, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    if dates:
        # `openssl x509` has no dates in Debian 12; a certificate that has ended is made by a negative number of days.
        subprocess.run(["openssl", "req", "-newkey", "ed25519", "-nodes", "-subj", f"/CN={name}", "-keyout", key, "-out", request], **run)
        subprocess.run(["openssl", "x509", "-req", "-in", request, "-signkey", key, "-days", dates[0], "-out", out], **run)
    else:
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ed25519", "-nodes", "-subj", f"/CN={name}", "-days", "2", "-keyout", key,
                        "-out", out], **run)
    pem = out.read_text()
    pem = pem[pem.index("-----BEGIN"):]
    return pem, hashlib.sha256(ssl.PEM_cert_to_DER_cert(pem)).hexdigest()


def me(hub, pem, **headers):
    """Who the hub says this certificate is; its account or the status."""
    sent = {HEADER: urllib.parse.quote(pem, safe="")} if pem else {}
    answer = hub.client(headers={**sent, **headers}).get("/api/v1/me")
    return answer.json.get("how") if answer.status == 200 else answer.status


def trusted():
    with Hub(f"http:\n  proxies: [127.0.0.1]\n  certificate_header: {HEADER}\n") as hub:
        admin = hub.client(token=json.loads(hub.command("init", "--token", "--json").stdout)["token"])
        good, digest = certificate(hub.dir, "good")
        other, _ = certificate(hub.dir, "other")
        ended, ended_digest = certificate(hub.dir, "ended", "-1")
        for known in (digest, ended_digest):
            made = admin.post("/api/v1/tokens", {"title": "edge", "scopes": ["read"], "certificate": known})
            tap.equal("a certificate is made known", made.status, 201)
        tap.equal("the known one signs in", me(hub, good), "certificate")
        tap.equal("another does not", me(hub, other), 401)
        tap.equal("nor one that has ended", me(hub, ended), 401)
        tap.equal("nor what is none", me(hub, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"), 401)
        tap.equal("nor two joined", me(hub, good + good), 401)
        tap.equal("nobody without", me(hub, None), 401)
        listed = [t for t in admin.get("/api/v1/tokens").json["tokens"] if t.get("kind") == "certificate"]
        tap.equal("both are listed", len(listed), 2)
        for token in listed:
            admin.delete("/api/v1/tokens/" + token["id"])
        tap.equal("taken away, it is gone at the next request", me(hub, good), 401)


def not_trusted():
    with Hub(f"http:\n  proxies: [192.0.2.1]\n  certificate_header: {HEADER}\n") as hub:
        admin = hub.client(token=json.loads(hub.command("init", "--token", "--json").stdout)["token"])
        good, digest = certificate(hub.dir, "good")
        admin.post("/api/v1/tokens", {"title": "edge", "scopes": ["read"], "certificate": digest})
        tap.equal("the header of who is no proxy says nothing", me(hub, good), 401)


trusted()
not_trusted()
tap.done()
