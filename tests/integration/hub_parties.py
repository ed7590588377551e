# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The Hinomi authors
"""A hub with a centre and other parties, each with a token; and STIX made by short calls."""
import datetime
import json
import subprocess
import sys
import uuid

from hub_world import DEADLINE, Hub
from taxii_client import Taxii

SEED = sys.argv[1]
READ, WRITE, ALL = 1, 2, 127        # scopes
OWN, ONWARD, SETS = 0, 1, 2         # uses of a token
CLEAR, GREEN, AMBER, STRICT, RED = range(5)
TLP = {"clear": "94868c89-83c2-464b-929b-a1a8aa3c8487", "green": "bab4a63c-aed9-4cf5-a766-dfca5abac2bb",
       "amber": "55d920b0-5e8b-4f79-9ee9-91f868d9b421", "amber+strict": "939a9414-2ddd-4d32-a0cd-375ea402b003",
       "red": "e828b379-4e03-4974-9ac4-e53a884c97c1"}


def marking(tlp):
    return "marking-definition--" + TLP[tlp]


class Party:
    def __init__(self, hub, name, kind, identifier=None):
        self.hub, self.name, self.kind = hub, name, kind
        self.id = identifier or str(uuid.uuid4())
        self.token = None

    def client(self, **options):
        return self.hub.client(token=self.token, **options)

    def taxii(self):
        return Taxii("127.0.0.1", self.hub.port, token=self.token, timeout=DEADLINE)


class Parties(Hub):
    """Not started before begin(): parties are made first."""

    def __init__(self, config="", database=None, **options):
        super().__init__(config="http: {rate: 0}\n" + config if "http:" not in config else config, database=database,
                         start=False, **options)
        done = self.command("init", "--token", "--json")
        if done.returncode != 0:
            raise RuntimeError(done.stderr)
        made = json.loads(done.stdout)
        self.centre = Party(self, "centre", "centre", made["centre"])
        self.centre.token = made["token"]
        self.lines = []

    def party(self, name, kind="operator", tlp="amber+strict", onward=False, **more):
        """An organisation with an agreement with the centre."""
        party = Party(self, name, kind)
        body = {"kind": kind, "names": [{"language": "en", "name": name}],
                "agreements": [{"partner": self.centre.id, "tlp_max": tlp, "onward": onward, "purposes": ["defence", "analysis"],
                                "contents": ["technical", "background"]}]}
        body.update(more)
        self.seed(f"organisation {party.id} {json.dumps(body)}")
        party.token = self.token(party)
        return party

    def token(self, party, scopes=ALL, use=OWN, tlp=RED):
        return self.seed(f"token {party.id} {scopes} {use} {tlp}")

    def seed(self, line):
        database = self.database or f"sqlite:{self.data}/hub.db"
        done = subprocess.run([SEED, database, str(self.data)], input=line + "\n", stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True, timeout=DEADLINE)
        if done.returncode != 0:
            raise RuntimeError(done.stderr)
        return done.stdout.strip()


def stamp(seconds=0, base=datetime.datetime(2026, 1, 1, tzinfo=datetime.timezone.utc)):
    return (base + datetime.timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def indicator(number, tlp="green", identifier=None, version=0, **more):
    """An indicator for an address made of the number."""
    o = {"type": "indicator", "spec_version": "2.1", "id": identifier or f"indicator--{uuid.uuid4()}", "created": stamp(),
         "modified": stamp(version), "name": f"number {number}",
         "pattern": f"[ipv4-addr:value = '198.{51 + number // 65536 % 100}.{number // 256 % 256}.{number % 256}']",
         "pattern_type": "stix", "valid_from": stamp(), "indicator_types": ["malicious-activity"]}
    if tlp:
        o["object_marking_refs"] = [marking(tlp)]
    o.update(more)
    return o


def malware(name, tlp="green", **more):
    o = {"type": "malware", "spec_version": "2.1", "id": f"malware--{uuid.uuid4()}", "created": stamp(), "modified": stamp(),
         "name": name, "is_family": False, "object_marking_refs": [marking(tlp)]}
    o.update(more)
    return o


def old_indicator(name, **more):
    """STIX 2.0: no spec_version."""
    o = {"type": "indicator", "id": f"indicator--{uuid.uuid4()}", "created": stamp(), "modified": stamp(), "name": name,
         "labels": ["malicious-activity"], "pattern": "[domain-name:value = 'old.example']", "valid_from": stamp(),
         "object_marking_refs": ["marking-definition--34098fce-860f-48ae-8e50-ebd3cc5e41da"]}
    o.update(more)
    return o
