#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The Hinomi authors
"""Two centres exchange by TAXII while each is killed at random: what may cross crosses, once; what is TLP:RED,
TLP:AMBER+STRICT or under originator control does not; nothing that was answered is lost."""
import http.client
import random
import threading
import time
import uuid

from hub_parties import ONWARD, READ, WRITE, Parties, indicator, marking, stamp
from hub_world import DEADLINE, Tap, databases
from taxii_client import Taxii, TaxiiError

tap = Tap()
EXTENSION = "extension-definition--08486503-4c36-4673-84ef-ef29375eea05"
CROSSES = ("clear", "green", "amber")
STAYS = ("amber+strict", "red", "controlled")
OBJECTS = 60  # of each marking at each hub
ROUNDS = 10   # kills


class Centre:
    """A hub, one of its members, and the other hub as its peer."""

    def __init__(self, name, database):
        self.name = name
        self.hub = Parties(database=database)
        self.member = self.hub.party(f"member of {name}")
        self.peer = self.hub.party(f"peer of {name}", "foreign-cert", tlp="amber", onward=True)
        self.pull = self.hub.token(self.peer, scopes=READ, use=ONWARD)
        self.push = self.hub.token(self.peer, scopes=WRITE)
        self.hub.start()
        self.control = {"type": "marking-definition", "spec_version": "2.1", "id": f"marking-definition--{uuid.uuid4()}",
                        "created": stamp(), "extensions": {EXTENSION: {
                            "extension_type": "property-extension", "originator_control": True, "tlp": "green"}}}
        self.crosses, self.stays = set(), set()  # (id, version)
        self.objects = []
        for number in range(OBJECTS):
            for tlp in CROSSES + STAYS:
                o = indicator(number, None, object_marking_refs=[
                    self.control["id"] if tlp == "controlled" else marking(tlp)])
                versions = [o] if number % 3 else [o, dict(o, modified=stamp(60), name="newer")]
                self.objects.append(versions)
                (self.crosses if tlp in CROSSES else self.stays).update((v["id"], v["modified"]) for v in versions)
        random.Random(name).shuffle(self.objects)

    def taxii(self, token):
        return Taxii("127.0.0.1", self.hub.port, token=token, timeout=DEADLINE, root="/taxii2/nation/")

    def there(self):
        """Every version that the hub has, as its centre, its member and its peer see it: {(id, version): object}, and
        whether any of them got one twice."""
        everything, twice = {}, False
        for party in (self.hub.centre, self.member, self.peer):
            t, got = self.taxii(party.token), []
            for page in t.walk(t.objects, "all", match_version="all", limit=500):
                got += [o for o in page.items if o["type"] == "indicator"]
            seen = {(o["id"], o["modified"]): o for o in got}
            twice = twice or len(seen) != len(got)
            everything.update(seen)
        return everything, twice


def again(run, *args, **filters):
    """Until it is answered: who asks a hub that is killed asks again."""
    end = time.monotonic() + DEADLINE
    while True:
        try:
            return run(*args, **filters)
        except TaxiiError as e:
            if e.status < 500 or time.monotonic() > end:
                raise
        except (OSError, http.client.HTTPException):
            if time.monotonic() > end:
                raise
        time.sleep(0.05)


def write(centre, part, wrong):
    t = centre.taxii(centre.member.token)
    try:
        for versions in centre.objects[part::3]:
            for o in versions:
                status = again(t.add, "inbox", [o])
                if status["success_count"] != 1:
                    wrong.append(status)
    except Exception as e:  # noqa: BLE001
        wrong.append(repr(e))


def carry(source, target, ended, wrong):
    """Pulls by added_after; what the target has not answered is pulled again."""
    pull, push, after = source.taxii(source.pull), target.taxii(target.push), None
    try:
        while True:
            last = ended.is_set()
            filters = {"match_version": "all", "limit": 40}
            if after:
                filters["added_after"] = after
            page = again(pull.objects, "all", **filters)
            if page.items:
                status = again(push.add, "inbox", page.items)
                if status["failure_count"]:
                    wrong.append(status)
                after = page.last
            elif last:
                return
            else:
                time.sleep(0.05)
    except Exception as e:  # noqa: BLE001
        wrong.append(repr(e))


def kill(centres):
    chance = random.Random(7)
    for _ in range(ROUNDS):
        time.sleep(chance.uniform(0.1, 0.4))
        hub = chance.choice(centres).hub
        hub.kill()
        hub.start()


def exchange(name, a, b):
    wrong, ended = [], threading.Event()
    for centre in (a, b):
        tap.equal(f"{name}: {centre.name} has its own marking",
                  centre.taxii(centre.member.token).add("inbox", [centre.control])["success_count"], 1)
    writers = [threading.Thread(target=write, args=(centre, part, wrong)) for centre in (a, b) for part in range(3)]
    carriers = [threading.Thread(target=carry, args=(x, y, ended, wrong)) for x, y in ((a, b), (b, a))]
    for thread in writers + carriers:
        thread.start()
    kill((a, b))
    for thread in writers:
        thread.join()
    ended.set()
    for thread in carriers:
        thread.join()
    # What came last on one side may have been carried before the other side's echo was: once more, quietly.
    for x, y in ((a, b), (b, a)):
        carry(x, y, ended, wrong)
    tap.equal(f"{name}: everybody was answered in the end", wrong[:3], [])


def compare(name, mine, other):
    got, twice = mine.there()
    tap.check(f"{name}: {mine.name} has nothing twice", not twice)
    own = mine.crosses | mine.stays
    tap.equal(f"{name}: ... has all that its members were answered for", own - set(got), set())
    came = set(got) - own
    tap.equal(f"{name}: ... has all of the other's that may cross", other.crosses - came, set())
    tap.equal(f"{name}: ... and nothing that stays", came & other.stays, set())
    tap.equal(f"{name}: ... and nothing else", came - other.crosses, set())
    sent = {(o["id"], o["modified"]): o for versions in mine.objects + other.objects for o in versions}
    tap.check(f"{name}: ... each as it was sent", all(got[key] == sent[key] for key in got))
    done = mine.hub.command("check")
    tap.equal(f"{name}: ... and its database is whole", (done.returncode, done.stdout), (0, "nothing is wrong\n"))


def main():
    for name, make, end in databases():
        print(f"# {name}", flush=True)
        a, b = Centre("A", make()), Centre("B", make())
        exchange(name, a, b)
        compare(name, a, b)
        compare(name, b, a)
        for centre in (a, b):
            tap.equal(f"{name}: {centre.name} ends well", centre.hub.stop(), 0)
            centre.hub.remove()
        end()
    tap.done()


main()
