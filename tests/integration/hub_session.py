#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The Hinomi authors
"""Sessions of browsers: the cookie, what a change by it needs, and when it ends."""
import concurrent.futures
import contextlib
import http.client
import http.cookies
import json
import sqlite3
import sys

sys.dont_write_bytecode = True
from hub_world import DEADLINE, Hub, Tap, databases  # noqa: E402  beside this file

NAMES = [{"language": "en", "name": "Somebody"}]
WORD = "correct horse battery"


class Browser:
    """A client that keeps cookies and sends what browsers send."""

    def __init__(self, hub, **headers):
        self.hub, self.jar, self.csrf = hub, {}, None
        self.client = hub.client(headers={"Sec-Fetch-Mode": "cors", **headers})

    def ask(self, method, path, body=None, csrf=True, origin=True, **headers):
        if self.jar:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.jar.items())
        if origin:
            headers.setdefault("Sec_Fetch_Site", "same-origin")
            if method != "GET":
                headers.setdefault("Origin", f"http://127.0.0.1:{self.hub.port}")
        if csrf and self.csrf and method != "GET":
            headers["Hinomi_CSRF"] = self.csrf
        answer = self.client.ask(method, path, body, **headers)
        for line in answer.headers.get_all("Set-Cookie") or []:
            for name, morsel in http.cookies.SimpleCookie(line).items():
                self.jar.pop(name, None)
                if morsel["max-age"] != "0":
                    self.jar[name] = morsel.value
        return answer

    def sign_in(self, login, password, **headers):
        answer = self.ask("POST", "/api/v1/session/password", {"login": login, "password": password}, **headers)
        if answer.status == 200:
            self.csrf = answer.json["csrf"]
        return answer


def make_person(admin, login, roles=("analyst",)):
    org = admin.post("/api/v1/organisations", {"kind": "operator", "names": NAMES}).json["id"]
    made = admin.post("/api/v1/people", {"login": login, "names": NAMES,
                                         "places": [{"organisation": org, "roles": list(roles)}]})
    assert made.status == 201, made
    assert admin.put(f"/api/v1/people/{made.json['id']}/password", {"new": WORD}).status == 204
    return made.json["id"], org


def the_cookie(tap, hub, admin):
    person, org = make_person(admin, "browser")
    b = Browser(hub)
    nobody = b.ask("GET", "/api/v1/session")
    tap.check("nobody has a session at first", nobody.status == 401, nobody)
    tap.equal("and a page is not asked for a password by the browser", nobody.headers["WWW-Authenticate"],
              'Bearer realm="hinomi"')
    answer = b.sign_in("browser", WORD)
    tap.check("a person signs in", answer.status == 200, answer)
    cookie = answer.headers["Set-Cookie"]
    tap.check("the cookie is the browser's alone", all(word in cookie.split("; ") for word in
              ("Path=/", "HttpOnly", "SameSite=Strict", "Max-Age=43200")) and cookie.startswith("hinomi=hnc_"), cookie)
    tap.check("on plain loopback it is not Secure", "Secure" not in cookie and "__Host-" not in cookie)
    tap.check("256 bits", len(b.jar["hinomi"]) == 47, b.jar)
    told = b.ask("GET", "/api/v1/session").json
    tap.check("one is told who one is", told["person"] == person and told["organisation"] == org and
              told["organisations"] == [{"id": org, "roles": ["analyst"]}] and told["names"] == NAMES and
              told["how"] == "password" and told["second_factor"] is False and told["login"] == "browser", told)
    tap.equal("it is the same as the answer to the sign-in", told, answer.json)
    tap.check("other requests know it", b.ask("GET", "/api/v1/me").json["account"] == person)
    tap.equal("it is no token", hub.client(token=b.jar["hinomi"]).get("/api/v1/me").status, 401)
    token = hub.client().post("/api/v1/sign-in", {"login": "browser", "password": WORD}).json["token"]
    tap.equal("nor is a token a cookie", hub.client(headers={"Cookie": f"hinomi={token}"}).get("/api/v1/me").status, 401)
    bearer = hub.client(token=token).get("/api/v1/session").json
    tap.check("a token's session has nothing for pages", "csrf" not in bearer and bearer["person"] == person, bearer)
    twice = hub.client(headers={"Cookie": f"hinomi={b.jar['hinomi']}; hinomi={b.jar['hinomi']}"})
    tap.equal("a cookie that is there twice is none", twice.get("/api/v1/me").status, 401)
    host = hub.client(headers={"Cookie": f"__Host-hinomi={b.jar['hinomi']}"})
    tap.equal("the name for TLS is not for plain loopback", host.get("/api/v1/me").status, 401)
    stale = hub.client(headers={"Cookie": "hinomi=hnc_" + "A" * 43})
    tap.equal("one that does not hold is nobody, and pages open", stale.get("/api/v1/openapi.json").status, 200)
    tap.equal("but no more than that", stale.get("/api/v1/me").status, 401)
    wrong = Browser(hub)
    answer = wrong.sign_in("browser", "not this one at all")
    unknown = Browser(hub).sign_in("nobody-here", "not this one at all")
    tap.check("a wrong password gives no cookie", answer.status == 401 and not wrong.jar and
              answer.body == unknown.body, answer)
    return b


def forgery(tap, hub, b):
    change = ("POST", "/api/v1/me/totp")
    tap.equal("a page's change is taken", b.ask(*change).status, 200)
    tap.equal("without the header it is not", b.ask(*change, csrf=False).status, 403)
    for name, value in (("wrong", "A" * 43), ("short", b.csrf[:-1]), ("empty", ""), ("the cookie", b.jar["hinomi"])):
        tap.equal(f"nor with one that is {name}", b.ask(*change, csrf=False, Hinomi_CSRF=value).status, 403)
    other = Browser(hub)
    other.sign_in("browser", WORD)
    tap.check("each session has its own", other.csrf != b.csrf and
              b.ask(*change, csrf=False, Hinomi_CSRF=other.csrf).status == 403)
    for origin in ("http://evil.example", "null", f"https://127.0.0.1:{hub.port}", f"http://127.0.0.1:{hub.port + 1}",
                   f"http://127.0.0.1:{hub.port}.evil.example"):
        tap.equal(f"nor from {origin}", b.ask(*change, Origin=origin).status, 403)
    for site in ("cross-site", "same-site", "none"):
        tap.equal(f"nor where the browser says {site}", b.ask(*change, Sec_Fetch_Site=site).status, 403)
        tap.equal(f"nor can {site} sign somebody in", Browser(hub).sign_in("browser", WORD, Sec_Fetch_Site=site).status, 403)
    tap.equal("a client that says neither is taken", b.ask(*change, origin=False).status, 200)
    for method, path in (("PUT", "/api/v1/me/password"), ("DELETE", "/api/v1/session"), ("POST", "/api/v1/tokens"),
                         ("PATCH", "/api/v1/holds/00000000-0000-4000-8000-000000000000")):
        answer = b.client.ask(method, path, {} if method != "DELETE" else None, check=False,
                              Cookie=f"hinomi={b.jar['hinomi']}")
        tap.check(f"{method} needs it", answer.status in (403, 405), answer)
    token = hub.client().post("/api/v1/sign-in", {"login": "browser", "password": WORD}).json["token"]
    bearer = hub.client(token=token, headers={"Cookie": f"hinomi={b.jar['hinomi']}", "Origin": "http://evil.example"})
    tap.equal("what comes by token needs none of it", bearer.post("/api/v1/me/totp").status, 200)


def events(tap, hub, admin, b):
    c = http.client.HTTPConnection("127.0.0.1", hub.port, timeout=DEADLINE)
    c.request("GET", "/api/v1/events", headers={"Cookie": f"hinomi={b.jar['hinomi']}", "Accept": "text/event-stream"})
    got = c.getresponse()
    tap.check("the stream of events knows the cookie", got.status == 200 and
              got.headers["Content-Type"].startswith("text/event-stream"), got.status)
    text = piece = got.read1(4096)
    make_person(admin, "told", ["analyst"])
    while piece and b"event: changed\n" not in text:
        piece = got.read1(4096)
        text += piece
    tap.check("and tells a person that something else than objects changed", b"event: changed\ndata: {}\n\n" in text and
              b"event: objects" not in text, text)
    c.close()


def ends(tap, hub, admin, b):
    other = Browser(hub)
    other.sign_in("browser", WORD)
    tap.equal("signing out", other.ask("DELETE", "/api/v1/session").status, 204)
    kept = hub.client(headers={"Cookie": f"hinomi={b.jar['hinomi']}"})
    tap.check("takes the cookie away, and ends that one session alone",
              not other.jar and kept.get("/api/v1/me").status == 200)
    hub.stop()
    hub.start()
    b.client.close()
    kept.close()
    admin.close()
    tap.check("it outlives a restart, and what its page holds does too", kept.get("/api/v1/me").status == 200 and
              b.ask("POST", "/api/v1/me/totp").status == 200)
    listed = [t for t in admin.get("/api/v1/tokens?limit=1000").json["tokens"] if t["session"] and t.get("title") == "password"]
    tap.check("who administers sees how it began, and no secret", listed and b.jar["hinomi"] not in json.dumps(listed))
    person = b.ask("GET", "/api/v1/me").json["account"]
    one = Browser(hub)
    one.sign_in("browser", WORD)
    mine = [t["id"] for t in one.ask("GET", "/api/v1/tokens").json["tokens"] if t["session"]]
    for gone in mine:
        admin.delete(f"/api/v1/tokens/{gone}")
    tap.equal("a credential taken away is gone at the next request", one.ask("GET", "/api/v1/me").status, 401)
    two = Browser(hub)
    two.sign_in("browser", WORD)
    got = admin.get(f"/api/v1/people/{person}")
    assert admin.put(f"/api/v1/people/{person}", {**got.json, "places": []}, If_Match=got.headers["ETag"]).status == 204
    tap.check("who has no place any more is nobody, and can still open the page",
              two.ask("GET", "/api/v1/session").status == 401 and two.ask("GET", "/api/v1/openapi.json").status == 200)
    got = admin.get(f"/api/v1/people/{person}")
    back = {**got.json, "places": [{"organisation": admin.get("/api/v1/organisations").json["organisations"][-1]["id"],
                                    "roles": []}]}
    assert admin.put(f"/api/v1/people/{person}", back, If_Match=got.headers["ETag"]).status == 204
    tap.equal("with a place again, the session is there again", two.ask("GET", "/api/v1/session").status, 200)
    got = admin.get(f"/api/v1/people/{person}")
    assert admin.put(f"/api/v1/people/{person}", {**got.json, "active": False}, If_Match=got.headers["ETag"]).status == 204
    tap.equal("who is suspended has none", two.ask("GET", "/api/v1/session").status, 401)


def locking(tap, hub, admin):
    make_person(admin, "locked")
    statuses = [Browser(hub).sign_in("locked", "wrong again and again").status for _ in range(8)]
    tap.check("after some failures one waits", statuses[0] == 401 and statuses[-1] == 429, statuses)


def make_link(hub, login, *more):
    made = hub.command("link", "--json", "--listen", f"127.0.0.1:{hub.port}", *more, login)
    assert made.returncode == 0, made.stderr
    return json.loads(made.stdout)


def aged(hub, login, minutes):
    """@return how a link of a quarter of an hour is taken that was made some minutes ago"""
    link = make_link(hub, login)
    with contextlib.closing(sqlite3.connect(hub.data / "hub.db", timeout=DEADLINE)) as db, db:
        db.execute("UPDATE credential SET expires = expires - ? WHERE number = (SELECT max(number) FROM credential)", (minutes * 60_000_000,))
    return Browser(hub).ask("POST", "/api/v1/session/link", {"token": link["token"]}).status


def links(tap, hub, admin):
    person, _ = make_person(admin, "linked")
    link = make_link(hub, "linked")
    tap.equal("a link is the console's page", link["url"], f"http://localhost:{hub.port}/sign-in#{link['token']}")
    b = Browser(hub)
    tap.equal("another site's page signs nobody in",
              b.ask("POST", "/api/v1/session/link", {"token": link["token"]}, Sec_Fetch_Site="cross-site").status, 403)
    answer = b.ask("POST", "/api/v1/session/link", {"token": link["token"]})
    tap.check("it signs in", answer.status == 200 and answer.json["person"] == person and answer.json["how"] == "link", answer)
    b.csrf = answer.json["csrf"]
    tap.check("as a session does", b.ask("GET", "/api/v1/session").json == answer.json and
              b.ask("POST", "/api/v1/me/totp").status == 200)
    again = Browser(hub).ask("POST", "/api/v1/session/link", {"token": link["token"]})
    unknown = Browser(hub).ask("POST", "/api/v1/session/link", {"token": "hnl_" + "A" * 43})
    other = Browser(hub).ask("POST", "/api/v1/session/link", {"token": b.jar["hinomi"]})
    tap.check("once; used, unknown and wrong are answered alike", again.status == 401 and "Set-Cookie" not in again.headers and
              again.body == unknown.body == other.body, again, unknown, other)
    spare = make_link(hub, "linked", "--minutes", "1")
    handed = Browser(hub, **{"X-Forwarded-For": "127.0.0.1"})
    far = handed.ask("POST", "/api/v1/session/link", {"token": spare["token"]})
    tap.check("one who asks for another is not at this machine", far.status == 401 and far.body == unknown.body, far)
    tap.equal("a link is no token", hub.client(token=spare["token"]).get("/api/v1/me").status, 401)
    racing = [Browser(hub) for _ in range(4)]
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        got = sorted(pool.map(lambda one: one.ask("POST", "/api/v1/session/link", {"token": spare["token"]}).status, racing))
    tap.equal("four at once: one gets in", got, [200, 401, 401, 401])
    if not hub.database:
        tap.equal("after 14 minutes it holds, after 15 no more", [aged(hub, "linked", 14), aged(hub, "linked", 15)], [200, 401])
    late = make_link(hub, "linked")
    row = next(t for t in admin.get("/api/v1/tokens?limit=1000").json["tokens"] if t["kind"] == "link") if hub.database else None
    tap.check("who administers can take one away", row is None or
              (admin.delete(f"/api/v1/tokens/{row['id']}").status == 204 and
               Browser(hub).ask("POST", "/api/v1/session/link", {"token": late["token"]}).status == 401))
    suspended = make_link(hub, "linked")
    got = admin.get(f"/api/v1/people/{person}")
    assert admin.put(f"/api/v1/people/{person}", {**got.json, "active": False}, If_Match=got.headers["ETag"]).status == 204
    tap.equal("who is suspended is not signed in", Browser(hub).ask("POST", "/api/v1/session/link",
                                                                    {"token": suspended["token"]}).status, 401)
    tap.equal("nobody has no link", hub.command("link", "nobody-here").returncode, 3)
    tap.check("none lasts an hour", hub.command("link", "--minutes", "60", "linked").returncode == 2)
    text = "".join(p.read_text(errors="replace") for p in hub.data.rglob("*") if p.is_file() and p.stat().st_size < 1 << 26)
    tap.check("no secret lies in the folder", link["token"] not in text and b.jar["hinomi"] not in text)


def behind_tls(tap):
    with Hub(config="http:\n  proxies: [127.0.0.1/32]\n") as hub:
        admin = hub.admin()
        make_person(admin, "tls")
        https = {"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "https", "Host": "hub.example"}
        b = Browser(hub, **https)
        answer = b.sign_in("tls", WORD, Origin="https://hub.example")
        cookie = answer.headers["Set-Cookie"]
        tap.check("over TLS the cookie is bound to it and to the host", cookie.startswith("__Host-hinomi=") and
                  "Secure" in cookie.split("; ") and "Domain" not in cookie, cookie)
        tap.equal("it works", b.ask("GET", "/api/v1/me").status, 200)
        tap.equal("the origin is the one of TLS", b.ask("POST", "/api/v1/me/totp", Origin="http://hub.example").status, 403)
        tap.equal("and is taken", b.ask("POST", "/api/v1/me/totp", Origin="https://hub.example").status, 200)
        link = make_link(hub, "tls")
        tap.equal("a link is for this machine alone", Browser(hub, **https).ask(
            "POST", "/api/v1/session/link", {"token": link["token"]}, Origin="https://hub.example").status, 401)
        plain = hub.client(headers={**https, "X-Forwarded-Proto": "http", "Cookie": f"__Host-hinomi={b.jar['__Host-hinomi']}"})
        tap.equal("in the clear it is none", plain.get("/api/v1/me").status, 401)


def required(tap):
    with Hub(config="sign_in:\n  second_factor: required\n") as hub:
        admin = hub.admin()
        make_person(admin, "lone", ["analyst", "administrator"])
        b = Browser(hub)
        tap.equal("with a password alone", b.sign_in("lone", WORD).status, 200)
        tap.check("one is told who one is", b.ask("GET", "/api/v1/session").json["second_factor"] is False)
        tap.equal("and may get a second factor", b.ask("POST", "/api/v1/me/totp").status, 200)
        tap.equal("and nothing else", b.ask("GET", "/api/v1/organisations").status, 403)
        tap.equal("but sign out", b.ask("DELETE", "/api/v1/session").status, 204)


def run(tap, database):
    with Hub(database=database) as hub:
        admin = hub.admin()
        b = the_cookie(tap, hub, admin)
        forgery(tap, hub, b)
        events(tap, hub, admin, b)
        ends(tap, hub, admin, b)
        links(tap, hub, admin)
        locking(tap, hub, admin)


if __name__ == "__main__":
    tap = Tap()
    for _, database, end in databases():
        run(tap, database())
        end()
    behind_tls(tap)
    required(tap)
    tap.done()
