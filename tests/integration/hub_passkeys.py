#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The Hinomi authors
"""Passkeys: getting one and signing in by one, with an authenticator that is made here, and everything that it may do wrong."""
import base64
import hashlib
import json
import os
import struct
import sys

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

sys.dont_write_bytecode = True
from hub_session import WORD, Browser, make_person  # noqa: E402  beside this file
from hub_world import Hub, Tap, databases  # noqa: E402  beside this file

HOST = "localhost"


def url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def from_url(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def cbor(value):
    """As much of RFC 8949 as authenticators write."""
    def head(major, n):
        if n < 24:
            return bytes([major << 5 | n])
        return bytes([major << 5 | 24, n]) if n < 256 else bytes([major << 5 | 25]) + struct.pack(">H", n)
    if isinstance(value, int):
        return head(0, value) if value >= 0 else head(1, -1 - value)
    if isinstance(value, bytes):
        return head(2, len(value)) + value
    if isinstance(value, str):
        return head(3, len(value)) + value.encode()
    return head(5, len(value)) + b"".join(cbor(k) + cbor(v) for k, v in value.items())


class Authenticator:
    """A passkey of one kind."""

    def __init__(self, kind="ES256", counting=True):
        self.kind, self.id, self.counter, self.counting, self.user = kind, os.urandom(32), 0, counting, None
        self.key = {"ES256": lambda: ec.generate_private_key(ec.SECP256R1()), "EdDSA": ed25519.Ed25519PrivateKey.generate,
                    "RS256": lambda: rsa.generate_private_key(65537, 2048)}[kind]()

    def cose(self):
        public = self.key.public_key()
        if self.kind == "ES256":
            n = public.public_numbers()
            return {1: 2, 3: -7, -1: 1, -2: n.x.to_bytes(32, "big"), -3: n.y.to_bytes(32, "big")}
        if self.kind == "EdDSA":
            return {1: 1, 3: -8, -1: 6, -2: public.public_bytes(Encoding.Raw, PublicFormat.Raw)}
        n = public.public_numbers()
        return {1: 3, 3: -257, -1: n.n.to_bytes(256, "big"), -2: n.e.to_bytes(3, "big")}

    def sign(self, data):
        if self.kind == "ES256":
            return self.key.sign(data, ec.ECDSA(hashes.SHA256()))
        return self.key.sign(data) if self.kind == "EdDSA" else self.key.sign(data, padding.PKCS1v15(), hashes.SHA256())

    def data(self, host, flags, counter, more=b""):
        if counter is None:
            self.counter += self.counting
            counter = self.counter
        return hashlib.sha256(host.encode()).digest() + bytes([flags]) + struct.pack(">I", counter) + more

    @staticmethod
    def client(kind, challenge, origin, **more):
        return json.dumps({"type": kind, "challenge": challenge, "origin": origin, "crossOrigin": False, **more}).encode()

    def create(self, options, origin, host=HOST, flags=0x45, kind="webauthn.create", fmt="none", counter=None):
        self.user = from_url(options["user"]["id"])
        inside = bytes(16) + struct.pack(">H", len(self.id)) + self.id + cbor(self.cose())
        thing = {"fmt": fmt, "attStmt": {}, "authData": self.data(host, flags, counter, inside)}
        return {"id": url(self.id), "rawId": url(self.id), "type": "public-key", "clientExtensionResults": {}, "response": {
            "clientDataJSON": url(self.client(kind, options["challenge"], origin)), "attestationObject": url(cbor(thing))}}

    def get(self, options, origin, host=HOST, flags=0x05, kind="webauthn.get", counter=None, spoil=False, **more):
        data = self.data(host, flags, counter)
        client = self.client(kind, options["challenge"], origin, **more)
        signature = bytearray(self.sign(data + hashlib.sha256(client).digest()))
        signature[-1] ^= spoil
        return {"id": url(self.id), "rawId": url(self.id), "type": "public-key", "response": {
            "clientDataJSON": url(client), "authenticatorData": url(data), "signature": url(bytes(signature)),
            "userHandle": url(self.user)}}


def enrol(b, key, origin, **wrong):
    options = b.ask("POST", "/api/v1/me/passkeys/options").json
    return b.ask("POST", "/api/v1/me/passkeys", {**key.create(options, origin, **wrong), "title": "my key"})


def sign(hub, key, origin, b=None, **wrong):
    b = b or Browser(hub)
    options = b.ask("POST", "/api/v1/session/passkey/options", {}).json
    return b.ask("POST", "/api/v1/session/passkey", key.get(options, origin, **wrong))


def getting(tap, hub, admin, origin):
    person, _ = make_person(admin, "holder")
    b = Browser(hub)
    b.sign_in("holder", WORD)
    options = b.ask("POST", "/api/v1/me/passkeys/options").json
    tap.check("a passkey is asked for that is found by itself and verifies its user", options["rp"]["id"] == HOST and
              options["authenticatorSelection"]["userVerification"] == options["authenticatorSelection"]["residentKey"] == "required"
              and len(from_url(options["challenge"])) == 32 and options["attestation"] == "none", options)
    for name, wrong in (("another host", {"host": "evil.example"}), ("a user who was not verified", {"flags": 0x41}),
                        ("nobody present", {"flags": 0x44}), ("another ceremony", {"kind": "webauthn.get"}),
                        ("an attestation that nobody asked for", {"fmt": "packed"})):
        tap.equal(f"{name} gives none", enrol(b, Authenticator(), origin, **wrong).status, 400)
    for site in ("http://evil.example", "http://localhost.evil.example", "https://evil.localhost", "null", origin + ".evil"):
        tap.equal(f"nor does {site}", enrol(b, Authenticator(), site).status, 400)
    key = Authenticator()
    options = b.ask("POST", "/api/v1/me/passkeys/options").json
    made = key.create(options, origin)
    one = b.ask("POST", "/api/v1/me/passkeys", {**made, "title": "my key"})
    tap.check("one is added", one.status == 201, one)
    tap.equal("once", b.ask("POST", "/api/v1/me/passkeys", made).status, 400)
    tap.equal("the same again is refused", enrol(b, key, origin).status, 409)
    listed = b.ask("GET", "/api/v1/me/passkeys").json["passkeys"]
    tap.check("it is listed, without its key", [p["id"] for p in listed] == [one.json["id"]] and listed[0]["title"] == "my key" and
              "secret" not in json.dumps(listed), listed)
    token = hub.client(token=hub.client(token=hub.client().post("/api/v1/sign-in", {
        "login": "holder", "password": WORD}).json["token"]).post(
            "/api/v1/tokens", {"title": "x", "scopes": ["read", "manage"]}).json["token"])
    again = b.ask("POST", "/api/v1/me/passkeys/options").json
    tap.equal("an authenticator that has it is told to make no other", again["excludeCredentials"],
              [{"type": "public-key", "id": url(key.id)}])
    tap.equal("a token gets none", token.post("/api/v1/me/passkeys/options").status, 403)
    return b, key, person, one.json["id"]


def signing(tap, hub, key, person, origin):
    b = Browser(hub)
    got = sign(hub, key, origin, b)
    tap.check("it signs in", got.status == 200 and got.json["person"] == person and got.json["how"] == "passkey" and
              got.json["second_factor"] is True, got)
    tap.equal("and one is there", b.ask("GET", "/api/v1/me").json["how"], "passkey")
    other = Authenticator()
    other.user = key.user
    unknown = sign(hub, other, origin)
    tap.equal("one that nobody knows does not", unknown.status, 401)
    wrongs = (("a wrong signature", {"spoil": True}), ("another host", {"host": "evil.example"}),
              ("a user who was not verified", {"flags": 0x01}), ("nobody present", {"flags": 0x04}),
              ("another ceremony", {"kind": "webauthn.create"}), ("a frame of another site", {"crossOrigin": True}))
    for name, wrong in wrongs:
        got = sign(hub, key, origin, **wrong)
        tap.check(f"nor does {name}, and is answered alike", got.status == 401 and got.body == unknown.body, got)
        assert sign(hub, key, origin).status == 200
    tap.equal("nor another page", sign(hub, key, "https://evil.example").status, 401)
    assert sign(hub, key, origin).status == 200
    b = Browser(hub)
    options = b.ask("POST", "/api/v1/session/passkey/options", {}).json
    given = key.get(options, origin)
    tap.equal("a challenge is another browser's", Browser(hub).ask("POST", "/api/v1/session/passkey", given).status, 401)
    tap.equal("it is good", b.ask("POST", "/api/v1/session/passkey", given).status, 200)
    tap.equal("once", b.ask("POST", "/api/v1/session/passkey", key.get(options, origin)).status, 401)
    assert sign(hub, key, origin).status == 200
    back = sign(hub, key, origin, counter=key.counter - 1)
    tap.check("a counter that goes back is refused", back.status == 401 and back.body == unknown.body, back)
    tap.equal("also one that stays", sign(hub, key, origin, counter=key.counter).status, 401)
    assert sign(hub, key, origin).status == 200
    for body in ({}, {"id": "!", "type": "public-key", "response": {}}, {"id": "AA", "type": "password", "response": {}},
                 {"id": "AA", "type": "public-key", "response": {"clientDataJSON": "AA", "authenticatorData": "AA", "signature": 1}}):
        tap.equal("what is none is refused as such", Browser(hub).ask("POST", "/api/v1/session/passkey", body).status // 100, 4)


def kinds(tap, hub, admin, origin):
    for kind, counting in (("EdDSA", True), ("RS256", True), ("ES256", False)):
        login = f"kind-{kind.lower()}-{counting}".lower()
        make_person(admin, login)
        b = Browser(hub)
        b.sign_in(login, WORD)
        key = Authenticator(kind, counting)
        tap.check(f"{kind}{'' if counting else ' that counts nothing'}", enrol(b, key, origin).status == 201 and
                  sign(hub, key, origin).status == 200 and sign(hub, key, origin).status == 200)


def leaving(tap, hub, admin, b, key, passkey, origin):
    other, _ = make_person(admin, "another")
    thief = Browser(hub)
    thief.sign_in("another", WORD)
    tap.equal("who has none excludes none", thief.ask("POST", "/api/v1/me/passkeys/options").json["excludeCredentials"], [])
    tap.equal("nobody takes another's away", thief.ask("DELETE", f"/api/v1/me/passkeys/{passkey}").status, 404)
    tap.equal("one takes one's own away", b.ask("DELETE", f"/api/v1/me/passkeys/{passkey}").status, 204)
    tap.check("and it signs nobody in", sign(hub, key, origin).status == 401 and not
              b.ask("GET", "/api/v1/me/passkeys").json["passkeys"])
    tap.equal("it can be added anew", enrol(b, key, origin).status, 201)


def required(tap):
    with Hub(config="sign_in:\n  second_factor: required\n") as hub:
        origin = f"http://localhost:{hub.port}"
        make_person(hub.admin(), "lone", ["analyst", "administrator"])
        b = Browser(hub)
        b.sign_in("lone", WORD)
        key = Authenticator()
        tap.equal("who needs a second factor may get a passkey", enrol(b, key, origin).status, 201)
        tap.check("but the password alone gets no other then, of any kind",
                  b.ask("POST", "/api/v1/me/passkeys/options").status == 403 and b.ask("POST", "/api/v1/me/totp").status == 403)
        full = Browser(hub)
        tap.equal("the passkey signs in by itself", sign(hub, key, origin, full).status, 200)
        tap.equal("and is enough", full.ask("GET", "/api/v1/organisations").status, 200)


def run(tap, database):
    with Hub(database=database) as hub:
        admin = hub.admin()
        origin = f"http://localhost:{hub.port}"
        b, key, person, passkey = getting(tap, hub, admin, origin)
        signing(tap, hub, key, person, origin)
        kinds(tap, hub, admin, origin)
        leaving(tap, hub, admin, b, key, passkey, origin)


tap = Tap()
for _, database, end in databases():
    run(tap, database())
    end()
required(tap)
tap.done()
