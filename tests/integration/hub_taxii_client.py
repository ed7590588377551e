#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The Hinomi authors
"""The hub as client: a TAXII server that misbehaves (500, 429 with Retry-After, cut and wrong bodies, huge pages, `next` that
runs in circles or is forgotten, kill -9 between pages), and feeds behind a URL (conditional requests, redirects, credentials)."""
import base64
import http.server
import json
import threading
import urllib.parse
import uuid

from hub_parties import Parties, indicator
from hub_world import Tap, databases, until

tap = Tap()
PAGE = 10


class Server(http.server.ThreadingHTTPServer):
    """What it does next stands in `tricks`: each request takes one."""
    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.objects = [indicator(n) for n in range(35)]
        self.tricks, self.asked, self.files = [], [], {}
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def handle_error(self, request, client_address):
        """Clients that go away are what is tested."""

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_address[1]}"


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def answer(self, status, body=b"", media="application/taxii+json;version=2.1", **headers):
        self.send_response(status)
        self.send_header("Content-Type", media)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        try:
            self.wfile.write(body)
        except OSError:
            pass

    def page(self, query, trick):
        start = int(query.get("next", ["0"])[0].removeprefix("at"))
        after = query.get("added_after", [""])[0]
        if after:
            start = max(start, int(after[20:26]))
        objects = self.server.objects[start:start + PAGE]
        more = start + PAGE < len(self.server.objects)
        envelope = {"objects": objects} if objects else {}
        if more:
            envelope.update(more=True, next=f"at{start + PAGE}")
        if trick == "circle":
            envelope.update(more=True, next="at20" if start == 10 else "at10")
        if trick == "no next" and more:
            del envelope["next"]
        last = f"2026-01-01T00:00:00.{min(start + PAGE, len(self.server.objects)):06d}Z"
        return json.dumps(envelope).encode(), last

    def do_GET(self):
        server = self.server
        path, _, query = self.path.partition("?")
        server.asked.append((self.path, dict(self.headers)))
        if path in server.files:
            body, tag = server.files[path]
            if self.headers.get("If-None-Match") == tag:
                self.answer(304)
            else:
                self.answer(200, body, "text/plain", ETag=tag)
            return
        trick = server.tricks.pop(0) if server.tricks else None
        if trick in (500, 404, 401):
            self.answer(trick)
        elif trick == 429:
            self.answer(429, Retry_After="3600")
        elif trick == "redirect":
            self.answer(302, Location="http://198.51.100.1/")
        elif trick == "json":
            self.answer(200, b'{"objects":[{"type":"indicator"')
        elif trick == "list":
            self.answer(200, b"[]")
        elif trick == "huge":
            self.answer(200, b'{"objects":[' + b" " * 3000000 + b"]}")
        elif trick == "cut":
            body, last = self.page(urllib.parse.parse_qs(query), trick)
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body[:-50])
            self.close_connection = True
        else:
            body, last = self.page(urllib.parse.parse_qs(query), trick)
            self.answer(200, body, X_TAXII_Date_Added_Last=last)


class Feed:
    def __init__(self, hub, server, centre, kind="taxii", path="/api/collections/1/", **more):
        self.hub, self.server, self.centre = hub, server, centre
        body = {"name": "Foreign", "organisation": hub.centre.id, "kind": kind, "where": server.url + path,
                "marking": {"tlp": "green"}, **more}
        self.path = "/api/v1/sources/" + centre.post("/api/v1/sources", body).json["id"]

    def get(self):
        return self.centre.get(self.path).json

    def run(self):
        """One run. @return the source behind it"""
        runs = self.get()["use"]["runs"]
        if self.centre.post(self.path + "/run").status != 204:
            raise RuntimeError("it does not run")
        return until(lambda: (lambda s: s if s["use"]["runs"] > runs else None)(self.get()), "the run")


def counted(source):
    return source["use"]["new"]


def everything(hub, server, centre):
    feed = Feed(hub, server, centre)
    centre.put(feed.path + "/credential", {"kind": "basic", "user": "me", "password": "pass"})
    done = feed.run()
    tap.equal("all pages", [counted(done), done["state"]["failures"], done["state"].get("error")], [35, 0, None])
    headers = server.asked[-1][1]
    tap.equal("with the credential", headers["Authorization"], "Basic " + base64.b64encode(b"me:pass").decode())
    tap.equal("and the standard's media type", headers["Accept"], "application/taxii+json;version=2.1")
    server.asked.clear()
    done = feed.run()
    tap.equal("again only what came since", [counted(done), len(server.asked), "added_after=" in server.asked[0][0]], [35, 1, True])
    server.objects += [indicator(n) for n in range(100, 103)]
    tap.equal("which is taken", counted(feed.run()), 38)
    return feed


def misbehaving(hub, server, centre):
    for trick, word in ((500, "HTTP 500"), (401, "HTTP 401"), ("redirect", "HTTP 302"), ("json", ""),
                        ("list", "envelope"), ("cut", ""), ("huge", "bytes")):
        server.objects = [indicator(n) for n in range(200, 225)]
        feed = Feed(hub, server, centre, quota={"bytes_fetch": 1000000})
        server.tricks = [None, trick]
        done = feed.run()
        tap.check(f"{trick}: the error is told", done["state"]["failures"] == 1 and word in done["state"].get("error", ""), done["state"])
        tap.equal(f"{trick}: the page before stays, nothing of this one", counted(done), PAGE)
        tap.check(f"{trick}: it waits", "next_run" in done["state"], done["state"])
        done = feed.run()
        tap.equal(f"{trick}: it goes on where it stood", [counted(done), done["use"]["same"], done["state"]["failures"]], [25, 0, 0])
    server.tricks = [429]
    done = Feed(hub, server, centre).run()
    hours = (int(done["state"]["next_run"][11:13]) - int(done["state"]["last_run"][11:13])) % 24
    tap.equal("429: it waits as long as it was told, an hour", hours, 1)
    server.tricks = ["circle"] * 50
    done = Feed(hub, server, centre).run()
    tap.check("pages in a circle end", "circle" in done["state"].get("error", ""), done["state"])
    server.objects = [indicator(n) for n in range(230, 255)]
    server.tricks = ["no next"] * 10
    done = Feed(hub, server, centre).run()
    tap.equal("without next the time goes on", [counted(done), done["state"]["failures"]], [25, 0])


def forgotten(hub, server, centre):
    """A server that forgot its `next` is asked from the time on."""
    feed = Feed(hub, server, centre)
    server.tricks = [None, 500]
    feed.run()
    server.tricks = [404]
    done = feed.run()
    tap.equal("a forgotten next", [counted(done), done["use"]["same"], done["state"]["failures"]], [25, PAGE, 0])


def killed(hub, server, centre):
    server.objects = [indicator(n) for n in range(300, 360)]
    feed = Feed(hub, server, centre)
    server.asked.clear()
    server.tricks = []
    centre.post(feed.path + "/run")
    until(lambda: len(server.asked) >= 3, "some pages")
    hub.kill()
    centre.close()
    hub.start()
    done = until(lambda: (lambda s: s if s["use"]["runs"] >= 1 else None)(feed.get()), "the run after the kill")
    tap.equal("after a kill everything is there", [counted(done), done["state"]["failures"]], [60, 0])


def feeds(hub, server, centre):
    server.files["/list.txt"] = (b"a.example\nb.example\nnot a value\n", '"one"')
    feed = Feed(hub, server, centre, kind="list", path="/list.txt")
    tap.equal("a list", counted(feed.run()), 2)
    server.asked.clear()
    done = feed.run()
    tap.equal("is asked for again only where it changed", [counted(done), done["use"]["same"], server.asked[0][1].get("If-None-Match")],
              [2, 0, '"one"'])
    server.files["/list.txt"] = (b"a.example\nb.example\nc.example\n", '"two"')
    done = feed.run()
    tap.equal("and then what is new is new", [counted(done), done["use"]["same"]], [3, 2])
    bundle = {"type": "bundle", "id": f"bundle--{uuid.uuid4()}", "objects": [indicator(n) for n in range(400, 405)] + [{"type": "x"}]}
    server.files["/bundle.json"] = (json.dumps(bundle).encode(), '"b"')
    done = Feed(hub, server, centre, kind="stix", path="/bundle.json").run()
    tap.equal("a bundle", [counted(done), done["use"]["refused"]], [5, 1])
    misp_feed(hub, server, centre)


def misp_event(number, stamp):
    name = f"5a000000-0000-4000-8000-{number:012d}"
    attribute = {"uuid": f"5b000000-0000-4000-8000-{number:012d}", "type": "domain", "value": f"m{number}.example", "to_ids": True,
                 "timestamp": stamp}
    event = {"Event": {"uuid": name, "info": "x", "timestamp": stamp, "Attribute": [attribute]}}
    return name, json.dumps(event).encode()


def misp_feed(hub, server, centre):
    def serve(stamps, tag):
        manifest = {}
        for number, stamp in stamps.items():
            name, body = misp_event(number, stamp)
            manifest[name] = {"info": "x", "timestamp": stamp}
            server.files[f"/misp/{name}.json"] = (body, "")
        server.files["/misp/manifest.json"] = (json.dumps(manifest).encode(), tag)

    serve({1: "1704200000", 2: "1704100000", 3: "1704200000"}, '"m1"')
    feed = Feed(hub, server, centre, kind="misp", path="/misp/manifest.json")
    tap.equal("a MISP feed", counted(feed.run()), 6)
    server.asked.clear()
    feed.run()
    tap.equal("unchanged, it is one question", len(server.asked), 1)
    serve({1: "1704200000", 2: "1704300000", 3: "1704200000"}, '"m2"')
    server.asked.clear()
    done = feed.run()
    tap.equal("only what changed is fetched", [done["use"]["newer"], len(server.asked)], [2, 2])
    manifest = json.loads(server.files["/misp/manifest.json"][0])
    manifest["../../etc/passwd"] = {"timestamp": "1904300000"}
    server.files["/misp/manifest.json"] = (json.dumps(manifest).encode(), '"m3"')
    done = feed.run()
    tap.check("a name that is no UUID is not asked for", "UUID" in done["state"].get("error", ""), done["state"])


def inside(database):
    """Without the operator's word nothing inside is called."""
    with Parties(database=database) as hub:
        hub.start()
        server, centre = Server(), hub.centre.client()
        done = Feed(hub, server, centre).run()
        tap.check("an address inside is refused", "inside" in done["state"].get("error", ""), done["state"])
        tap.equal("and was not asked", server.asked, [])
        server.shutdown()
        centre.close()


def main():
    for _, url, end in databases():
        with Parties("fetch_inside: true\n", database=url()) as hub:
            hub.start()
            server, centre = Server(), hub.centre.client()
            everything(hub, server, centre)
            misbehaving(hub, server, centre)
            server.objects = [indicator(n) for n in range(200, 225)]
            forgotten(hub, server, centre)
            killed(hub, server, centre)
            feeds(hub, server, centre)
            server.shutdown()
            centre.close()
        inside(url())
        end()
    tap.done()


main()
