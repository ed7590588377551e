#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The Hinomi authors
"""hub.yaml read again on SIGHUP: what comes into force, what waits for a restart, what is refused; people without a second factor where
one is required; a second factor that `hinomi hub init` gives."""
import base64
import hashlib
import hmac
import json
import signal
import time
import urllib.parse

from hub_world import Hub, Tap, databases, until

tap = Tap()
PASSWORD = "correct horse battery"


def totp(secret, at):
    """RFC 6238."""
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    mac = hmac.new(key, (int(at) // 30).to_bytes(8, "big"), hashlib.sha1).digest()
    start = mac[19] & 15
    return f"{(int.from_bytes(mac[start:start + 4], 'big') & 0x7fffffff) % 1000000:06d}"


def reload(hub, config):
    """@return what the log says of it"""
    before = len(hub.log_text())
    hub.config.write_text(config)
    hub.process.send_signal(signal.SIGHUP)
    return until(lambda: hub.log_text()[before:] if "reloaded" in hub.log_text()[before:] else "", "the reload")


def session(hub, login, **more):
    answer = hub.client().post("/api/v1/sign-in", {"login": login, "password": PASSWORD, **more})
    return hub.client(token=answer.json["token"]) if answer.status == 200 else answer


def person(admin, login, organisation):
    made = admin.post("/api/v1/people", {"login": login, "places": [{"organisation": organisation, "roles": ["analyst"]}]})
    admin.put(f"/api/v1/people/{made.json['id']}/password", {"new": PASSWORD})


def second_factor(hub, admin, centre):
    person(admin, "ana", centre)
    ana = session(hub, "ana")
    tap.equal("where it is only asked for, one comes in without", ana.get("/api/v1/objects").status, 200)
    said = reload(hub, "sign_in: {second_factor: required}\n")
    tap.check("nothing of it waits", "restart" not in said, said)
    refused = ana.get("/api/v1/objects")
    tap.equal("required, the session that was there may do no more", [refused.status, refused.json["type"].rpartition(":")[2]],
              [403, "second-factor"])
    tap.equal("not by Basic either, nor what is open to all",
              [hub.client(basic=("ana", PASSWORD)).get(path).status for path in ("/api/v1/objects", "/api/v1/export")], [403, 403])
    tap.equal("nor change the password", ana.put("/api/v1/me/password", {"current": PASSWORD, "new": PASSWORD + "!"}).status, 403)
    ana = session(hub, "ana")
    tap.equal("a new session knows who it is", ana.get("/api/v1/me").status, 200)
    tap.equal("and no more", [ana.get("/api/v1/sources").status, ana.post("/api/v1/tokens", {}).status], [403, 403])
    tap.equal("tokens are not asked", admin.get("/api/v1/objects").status, 200)
    begun = ana.post("/api/v1/me/totp").json
    now = time.time()
    done = ana.put("/api/v1/me/totp", {"pending": begun["pending"], "code": totp(begun["secret"], now)})
    tap.equal("a second factor is got", done.status, 204)
    ana = session(hub, "ana", code=totp(begun["secret"], now + 30))
    tap.equal("and with it all is open", ana.get("/api/v1/objects").status, 200)
    ana.close()


def reloading(hub):
    said = reload(hub, "fetch_inside: true\nname: other\nhttp: {rate: 7}\nlisten: [127.0.0.1:9]\n")
    tap.check("what needs a restart is named, and nothing else", "restart only" in said and "name, http.rate" in said
              and "fetch_inside" not in said and "listen" not in said, said)
    tap.equal("and stays", hub.client().get("/api/v1/").json["name"], "main")
    said = reload(hub, "fetch_inside: perhaps\n")
    tap.check("what is wrong is told with its line", "hub.yaml:1" in said and "fetch_inside" in said and "stays" in said, said)
    tap.equal("and nothing is changed by it", hub.client().get("/readyz").status, 200)
    said = reload(hub, "disk_least: 1000 GiB\n")
    tap.equal("readiness is judged anew", hub.client().get("/readyz", check=False).status, 503)
    for _ in range(5):
        reload(hub, "disk_least: 1 MiB\n")
    tap.equal("and anew", hub.client().get("/readyz").status, 200)
    hub.config.unlink()
    hub.process.send_signal(signal.SIGHUP)
    until(lambda: "stays" in hub.log_text().splitlines()[-2] or "stays" in hub.log_text().splitlines()[-1], "the refusal")
    hub.config.write_text("{}\n")


def inside(hub, admin, centre):
    body = {"name": "x", "organisation": centre, "kind": "list", "where": f"http://127.0.0.1:{hub.port}/api/v1/nothing",
            "marking": {"tlp": "green"}}
    path = "/api/v1/sources/" + admin.post("/api/v1/sources", body).json["id"]

    def run():
        runs = admin.get(path).json["use"]["runs"]
        admin.post(path + "/run")
        return until(lambda: (lambda s: s if s["use"]["runs"] > runs else None)(admin.get(path).json), "the run")["state"]["error"]

    reload(hub, "fetch_inside: false\n")
    tap.check("addresses inside are refused", "inside" in run())
    reload(hub, "fetch_inside: true\n")
    tap.check("until a reload allows them", "HTTP 404" in run())


def given_by_init(make):
    hub = Hub("sign_in: {second_factor: required}\n", database=make(), start=False)
    done = hub.command("init", "--login", "admin@example.go.jp", "--totp", "--json")
    made = json.loads(done.stdout)
    uri = urllib.parse.urlsplit(made["totp"])
    secret = urllib.parse.parse_qs(uri.query)["secret"][0]
    tap.equal("init gives a URI", [uri.scheme, uri.netloc, urllib.parse.unquote(uri.path), urllib.parse.parse_qs(uri.query)["issuer"]],
              ["otpauth", "totp", "/Hinomi:admin@example.go.jp", ["Hinomi"]])
    hub.start()
    sign = {"login": "admin@example.go.jp", "password": made["password"]}
    tap.equal("without a code one does not come in", hub.client().post("/api/v1/sign-in", sign).status, 401)
    answer = hub.client().post("/api/v1/sign-in", {**sign, "code": totp(secret, time.time())})
    tap.equal("with it one does", answer.status, 200)
    tap.equal("and may all that is his", hub.client(token=answer.json["token"]).get("/api/v1/people").status, 200)
    hub.remove()
    text = Hub("", database=make(), start=False)
    shown = text.command("init", "--totp")
    tap.check("it is shown to people too", "otpauth://totp/" in shown.stdout and shown.returncode == 0, shown.stdout)
    text.remove()


def main():
    for _, make, end in databases():
        hub = Hub("{}\n", database=make())
        admin = hub.admin()
        centre = hub._admin["centre"]
        second_factor(hub, admin, centre)
        inside(hub, admin, centre)
        reloading(hub)
        admin.close()
        tap.equal("it ends in order", hub.stop(), 0)
        hub.remove()
        given_by_init(make)
        end()
    tap.done()


main()
