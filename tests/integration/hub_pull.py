#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The Hinomi authors
"""A second hub as peer: it pulls from the first by a source of its own, while either is killed at random. What the agreement
lets cross arrives, once; nothing TLP:RED or TLP:AMBER+STRICT does."""
import collections
import random

from hub_parties import ONWARD, READ, Parties, indicator
from hub_world import Tap, databases, until

tap = Tap()
CONFIG = "http: {rate: 0}\nfetch_inside: true\n"
EACH = 150  # objects of each marking
CROSSES, STAYS = ("clear", "green", "amber"), ("amber+strict", "red")
KILLS = 4


def fill(member):
    """@return identifiers of what may cross, and of what may not"""
    made = [(tlp, indicator(n, tlp)) for n in range(EACH) for tlp in CROSSES + STAYS]
    random.Random(7).shuffle(made)
    client = member.client()
    done = client.post("/api/v1/objects", {"type": "bundle", "id": "bundle--8e2e2d2b-17d4-4cbf-938f-000000000000",
                                           "objects": [o for _, o in made]})
    assert done.json["new"] == len(made), done
    return ({o["id"] for tlp, o in made if tlp in CROSSES}, {o["id"] for tlp, o in made if tlp in STAYS})


def everything(hub):
    """Identifiers that the hub's centre sees, each as often as it is told."""
    found, cursor, client = [], None, hub.centre.client()
    while True:
        page = client.get("/api/v1/objects?limit=500" + (f"&cursor={cursor}" if cursor else "")).json
        found += [item["object"]["id"] for item in page["objects"]]
        cursor = page.get("next")
        if not cursor:
            return found


class Pull:
    """A source of the second hub that leads to the first."""

    def __init__(self, hub, giver, token):
        self.hub = hub
        centre = hub.centre.client()
        body = {"name": "The other centre", "organisation": hub.centre.id, "kind": "taxii", "marking": {"tlp": "amber"},
                "where": f"http://127.0.0.1:{giver.port}/taxii2/nation/collections/all/"}
        self.path = "/api/v1/sources/" + centre.post("/api/v1/sources", body).json["id"]
        centre.put(self.path + "/credential", {"kind": "token", "token": token})

    def get(self):
        return self.hub.centre.client().get(self.path).json

    def start(self):
        return self.hub.centre.client().post(self.path + "/run").status

    def run(self):
        """One run to its end. @return the source behind it"""
        runs = self.get()["use"]["runs"]
        tap.equal("it runs", self.start(), 204)
        return until(lambda: (lambda s: s if s["use"]["runs"] > runs else None)(self.get()), "the run")


def exchange(make):
    with Parties(database=make()) as giver, Parties(CONFIG, database=make()) as taker:
        member = giver.party("member")
        peer = giver.party("peer", "foreign-cert", tlp="amber", onward=True)
        token = giver.token(peer, scopes=READ, use=ONWARD)
        giver.start()
        taker.start()
        crosses, stays = fill(member)
        pull = Pull(taker, giver, token)
        chance = random.Random(3)
        for _ in range(KILLS):
            pull.start()
            (giver if chance.random() < 0.5 else taker).kill()
            for hub in (giver, taker):
                if hub.process is None:
                    hub.start()
        done = until(lambda: (lambda s: s if s["state"].get("error") is None else None)(pull.run()), "a run without an error")
        tap.equal("the source is well", done["state"]["failures"], 0)
        got = collections.Counter(everything(taker))
        tap.equal("all that may cross is there", crosses - set(got), set())
        tap.equal("nothing that may not", stays & set(got), set())
        tap.equal("nothing twice", [i for i, n in got.items() if n > 1], [])
        before = done["use"]["new"]
        again = pull.run()
        tap.equal("another run brings nothing new", again["use"]["new"], before)


for name, make, end in databases():
    print(f"# {name}", flush=True)
    exchange(make)
    end()
tap.done()
