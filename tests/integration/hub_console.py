#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The Hinomi authors
"""How the hub serves its console: by any client, without a browser."""
import gzip
import re
import sys

sys.dont_write_bytecode = True
from hub_world import Hub, Tap  # noqa: E402  beside this file

UUID = "5f0e2d2b-17d4-4cbf-938f-98ee46b3cd3f"
PAGES = ["/", "/sign-in", "/situation", "/threats?q=%E6%94%BB", "/threats/extract", "/threats/approvals",
         "/threats/holds", f"/threats/holds/{UUID}",
         f"/threats/objects/indicator--{UUID}", f"/threats/sets/{UUID}", f"/threats/sets/{UUID}/approvals/{UUID}",
         "/authorisations", f"/authorisations/{UUID}", "/edges", f"/edges/{UUID}", "/directory",
         f"/directory/groups/{UUID}", f"/directory/organisations/{UUID}", f"/directory/people/{UUID}", "/account"]


def text_of(answer):
    return (gzip.decompress(answer.body) if answer.headers.get("Content-Encoding") == "gzip" else answer.body).decode()


def main():
    tap = Tap()
    with Hub() as hub:
        client = hub.client()

        def get(path, **headers):
            return client.ask("GET", path, check=False, **{"Accept_Encoding": "gzip", **headers})

        first = get("/")
        tap.equal("every path of the console gives the one page",
                  [path for path in PAGES if (get(path).status, get(path).body) != (200, first.body)], [])
        tap.check("it is a page", first.headers["Content-Type"].startswith("text/html"), first.headers)
        for name, wanted in [("Cross-Origin-Opener-Policy", "same-origin"), ("Cross-Origin-Resource-Policy", "same-origin"),
                             ("Referrer-Policy", "no-referrer"), ("X-Content-Type-Options", "nosniff"), ("X-Frame-Options", "DENY")]:
            tap.equal(f"{name} is said", first.headers.get(name), wanted)
        policy = first.headers.get_all("Content-Security-Policy")
        tap.check("there is one policy, without exceptions",
                  len(policy) == 1 and policy[0].startswith("default-src 'none';") and "unsafe" not in policy[0], policy)
        for wanted in ["script-src 'self'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'self'", "connect-src 'self'",
                       "require-trusted-types-for 'script'"]:
            tap.check(f"the policy says {wanted}", wanted in policy[0], policy)
        tap.equal("what is no page is not there", [get(path).status for path in ("/nowhere", "/threats/objects/x", "/edges/x")], [404] * 3)
        tap.equal("nor is what is no file", [get(path).status for path in ("/assets/x.js", "/assets/index.html", "/index.html")], [404] * 3)
        other = get("/api/v1").headers.get("Content-Security-Policy")
        tap.equal("other answers keep theirs", other, "default-src 'none'; frame-ancestors 'none'")
        if first.headers.get("Content-Encoding") != "gzip":
            tap.check("a hub without console says how to get it", "./x build" in text_of(first), text_of(first))
            tap.skip("its files", "the hub was built without its console")
            tap.done()
        assets = re.findall(r'"(/assets/[^"]+)"', text_of(first))
        tap.check("the page names its files", len(assets) >= 3, text_of(first))
        for path in assets:
            answer = get(path)
            tap.check(f"{path.rsplit('.', 1)[1]}: it is kept for good", answer.status == 200 and "immutable" in answer.headers["Cache-Control"],
                      answer.headers)
            again = get(path, If_None_Match=answer.headers["ETag"])
            tap.equal(f"{path.rsplit('.', 1)[1]}: it is not sent twice", (again.status, again.body), (304, b""))
        for accepts in ("identity", "gzip;q=0, *", "br", "*;q=0.0"):
            plain = get("/", Accept_Encoding=accepts)
            tap.equal(f"who takes no gzip gets none: {accepts}", (plain.headers.get("Content-Encoding"), plain.body.decode()),
                      (None, text_of(first)))
        tap.check("... under another tag", plain.headers["ETag"] != first.headers["ETag"])
        tap.equal("who takes all gets gzip", get("/", Accept_Encoding="br, *;q=0.1").headers.get("Content-Encoding"), "gzip")
        tap.equal("the page itself is asked for anew", get("/").headers["Cache-Control"], "no-cache")
        tap.equal("HEAD has no body", client.ask("HEAD", "/", check=False).body, b"")
    tap.done()


if __name__ == "__main__":
    main()
