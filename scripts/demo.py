#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The Hinomi authors
"""./x run: hub, resolver, sensor and their edges on this machine, with a nation that does not exist.

usage: demo.py [--fresh] [--interface NAME] [--once]

--fresh      throws away what former runs kept, and begins again
--interface  the sensor listens there instead of replaying the lab's capture (root)
--once       ends as soon as all is healthy (for tests)
"""
import argparse
import base64
import ctypes
import datetime
import fcntl
import json
import os
import pathlib
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
import unicodedata
import urllib.error
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent
BIN = pathlib.Path(os.environ.get("HINOMI_BIN", ROOT / "build" / "bin"))
# As base/lang.c chooses.
JA = next(filter(None, map(os.environ.get, ("HINOMI_LANG", "LC_ALL", "LC_MESSAGES", "LANG"))), "").startswith("ja")
HEALTHY_WITHIN = 60
LASTS_DAYS = 29  # certificates and the authorisation have 30
RENEW_AFTER = 12 * 3600  # seconds; a list of revocations holds for a day
PR_SET_PDEATHSIG = 1
USER = "_hinomi"
PORTS = {"hub": 8470, "witness": 8471, "edges": 8472, "reports": 8473, "dns": 5300, "authority": 5399}
# What the lab's capture has, and the commission allows (docs/lab.md).
FACILITIES = ["203.0.113.53/32", "203.0.113.64/26", "203.0.113.128/28", "198.51.100.64/26", "2001:db8:f000::10/128",
              "2001:db8:f000::53/128", "2001:db8:f000:6::/64", "2001:db8:f000:66::/64", "2001:db8:f000:80::/64"]
SELECTED = ["[ipv4-addr:value = '203.0.113.66']", "[ipv4-addr:value = '198.51.100.80']", "[domain-name:value = 'c2.usagi-drop.example']",
            "[domain-name:value = 'cdn.mist-relay.example']", "[domain-name:value = 'updates.kumo-sync.example']"]
BLOCKED = ["kitsune-login.example", "backup.usagi-drop.example", "cdn.mist-relay.example", "updates.kumo-sync.example"]
GREEN = "marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb"


def t(english, japanese):
    return japanese if JA else english


def say(english, japanese):
    print(t(english, japanese), flush=True)


def now(**delta):
    return (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(**delta)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


class Api:
    def __init__(self, port, headers):
        self.base, self.headers = f"http://127.0.0.1:{port}", headers

    def ask(self, method, path, body=None, kind="application/json", expect=(200, 201, 204)):
        data = body if isinstance(body, (bytes, type(None))) else json.dumps(body).encode()
        request = urllib.request.Request(self.base + path, data=data, method=method, headers=dict(self.headers))
        if data is not None:
            request.add_header("Content-Type", kind)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                text, status = answer.read(), answer.status
        except urllib.error.HTTPError as error:
            text, status = error.read(), error.code
        if status not in expect:
            raise RuntimeError(f"{method} {path}: {status} {text.decode(errors='replace')}")
        return json.loads(text) if text[:1] in (b"{", b"[") else text

    def version(self, path):
        """@return headers for a change of what is there now"""
        with urllib.request.urlopen(urllib.request.Request(self.base + path, headers=self.headers), timeout=30) as answer:
            return dict(self.headers, **{"If-Match": answer.headers["ETag"]})


class Refusal(Exception):
    """Why it does not begin, for the person who typed it."""


def secret(path, text):
    """Writes a file that is readable to its owner alone."""
    path.unlink(missing_ok=True)
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)


def basic(login, password):
    return {"Authorization": "Basic " + base64.b64encode(f"{login}:{password}".encode()).decode()}


class Program:
    """One that runs until the end; its log lies beside the others."""

    def __init__(self, demo, name, command, ready=None, env=None, keep=False):
        self.name, self.log = name, demo.work / "logs" / f"{name}.log"
        self.log.parent.mkdir(exist_ok=True)
        if self.log.exists() and not os.access(self.log, os.W_OK, effective_ids=True):
            self.log.unlink()  # of a run as another user
        with open(self.log, "ab") as log:
            self.begins = log.tell()
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=demo.work,
                                            preexec_fn=demo.become(keep), env=dict(os.environ, **(env or {})), start_new_session=True)
        demo.programs.append(self)
        if ready:
            demo.until(ready, self)

    def ended(self):
        return self.process.poll() is not None

    def tail(self):
        """What it said last since it began."""
        return f"{self.log}:\n" + self.log.read_bytes()[self.begins:][-1500:].decode(errors="replace")

    def how_ended(self):
        code = self.process.returncode
        how = t(f"by signal {-code}", f"シグナル {-code}") if code < 0 else t(f"with exit code {code}", f"終了コード {code}")
        return t(f"{self.name} ended {how}; {self.tail()}", f"{self.name} が終了した({how})。{self.tail()}")

    def end(self):
        if not self.ended():
            self.process.send_signal(signal.SIGTERM)

    def wait(self):
        try:
            self.process.wait(timeout=15)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class Demo:
    FACILITIES = FACILITIES
    BOUNDS = {"kinds": ["ipv4", "ipv6", "ipv4-prefix", "ipv6-prefix", "name", "wildcard", "url", "ja4"],
              "entries_max": 1000000, "prefix4_widest": 24, "prefix6_widest": 48}

    def __init__(self, work, options, ports):
        self.work, self.options, self.ports = work, options, ports
        self.programs, self.user = [], None
        self.nation = json.loads((ROOT / "catalog" / "demo" / "nation.json").read_text())
        self.state_file = work / "state.json"
        self.state = json.loads(self.state_file.read_text()) if self.state_file.exists() else {}

    # ---- who runs it ----

    def prepare(self):
        """As root the programs run as a user of their own, from copies that it can read; and so does all of this from here on,
        since what lies in that user's folders may be of its making."""
        global BIN
        if os.geteuid() != 0:
            return
        try:
            self.user = pwd.getpwnam(USER)
        except KeyError:
            subprocess.run(["useradd", "--system", "--no-create-home", "--home-dir", str(self.work), "--shell",
                            "/usr/sbin/nologin", USER], check=True)
            self.user = pwd.getpwnam(USER)
        # Sticky: what root puts here that user cannot replace.
        os.chown(self.work, 0, self.user.pw_gid)
        self.work.chmod(0o1775)
        for one in (self.state_file, *self.work.glob("*.yaml")):
            if one.exists():
                os.chown(one, self.user.pw_uid, self.user.pw_gid, follow_symlinks=False)
        for name, source in (("bin", BIN), ("lab", ROOT / "lab")):
            shutil.rmtree(self.work / name, ignore_errors=True)
            shutil.copytree(source, self.work / name, ignore=shutil.ignore_patterns("*.p"))
        BIN = self.work / "bin"
        os.setgroups([])
        os.setegid(self.user.pw_gid)
        os.seteuid(self.user.pw_uid)

    def become(self, keep=False):
        """Before a program begins: who it is, and that it ends with this one."""
        user = self.user

        def drop():
            if user:
                os.seteuid(0)
                os.setgid(0 if keep else user.pw_gid)
                os.setuid(0 if keep else user.pw_uid)
            ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        return drop

    def lab(self):
        return self.work / "lab" if self.user else ROOT / "lab"

    def run(self, *command, text=None):
        done = subprocess.run([str(BIN / f"hinomi-{command[0]}"), *map(str, command[1:])], cwd=self.work, input=text, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, preexec_fn=self.become())
        if done.returncode != 0:
            raise RuntimeError(f"hinomi {' '.join(map(str, command))}: {done.stderr.strip()}")
        return done.stdout

    def until(self, holds, program=None):
        end = time.monotonic() + HEALTHY_WITHIN
        while True:
            try:
                found = holds()
            except (OSError, urllib.error.URLError):
                found = None
            # Asked afterwards: where it has ended, another answered.
            self.look([program] if program else self.programs)
            if found:
                return found
            if time.monotonic() > end:
                raise RuntimeError(t(f"not within {HEALTHY_WITHIN} s", f"{HEALTHY_WITHIN}秒以内に整わなかった") +
                                   (f": {program.name}; {program.tail()}" if program else ""))
            time.sleep(0.05)

    @staticmethod
    def look(programs):
        for one in programs:
            if one.ended():
                raise RuntimeError(one.how_ended())

    def save(self):
        secret(self.work / "state.new", json.dumps(self.state, indent=1))
        (self.work / "state.new").replace(self.state_file)

    # ---- the hub and its nation ----

    def hub(self):
        listen = [f"127.0.0.1:{self.ports['hub']}", f"[::1]:{self.ports['hub']}"]
        if not (self.work / "hub").exists():
            made = json.loads(self.run("hub", "init", "--data", "hub", "--login", "admin", "--token", "--json"))
            self.state.update(token=made["token"], centre=made["centre"], passwords={"admin": made["password"]})
            self.save()
        self.settings()
        Program(self, "hub", [str(BIN / "hinomi-hub"), "--data", "hub", "--config", "settings/hub.yaml", "--listen", listen[0],
                              "--listen", listen[1], "--edge-listen", f"127.0.0.1:{self.ports['edges']}"],
                lambda: Api(self.ports["hub"], {}).ask("GET", "/readyz"))
        self.admin = Api(self.ports["hub"], basic("admin", self.state["passwords"]["admin"]))

    def settings(self):
        """Whose cosignatures the hub takes."""
        folder = self.work / "settings"
        folder.mkdir(exist_ok=True)
        (folder / "hub.yaml").write_text(f"cosigners: {json.dumps([self.state['cosigner']] if 'cosigner' in self.state else [])}\n")

    def person(self, login):
        return Api(self.ports["hub"], basic(login, self.state["passwords"][login]))

    def organisation(self, one):
        names = [{"language": language, "name": name} for language, name in one["names"].items()]
        if "reading" in one:
            names[-1]["reading"] = one["reading"]
        body = {"kind": one["kind"], "names": names, "sectors": one.get("sectors"), "contact_windows": one.get("windows"),
                "parents": [self.state["organisations"][key] for key in one.get("parents", [])],
                "holdings": [{"kind": kind[:-2] if kind == "prefixes" else kind[:-1], "value": value, "state": "entered"}
                             for kind in ("prefixes", "domains") for value in one.get(kind, [])]}
        body = {key: value for key, value in body.items() if value}
        if one["kind"] == "centre":
            self.state["organisations"][one["key"]] = self.state["centre"]
            path = f"/api/v1/organisations/{self.state['centre']}"
            Api(self.ports["hub"], self.admin.version(path)).ask("PUT", path, body)
            return
        body["agreements"] = [{"partner": self.state["centre"], "tlp_max": "red", "onward": False,
                               "purposes": ["defence", "analysis", "response"], "contents": ["technical", "background"]}]
        made = self.admin.ask("POST", "/api/v1/organisations", body)
        self.state["organisations"][one["key"]] = made["id"]

    def build(self):
        if self.state.get("built"):
            return
        self.state["organisations"] = {}
        for one in self.nation["organisations"]:
            self.organisation(one)
        for one in self.nation["people"]:
            made = self.admin.ask("POST", "/api/v1/people", {
                "login": one["login"], "names": [{"language": k, "name": v} for k, v in one["names"].items()],
                "places": [{"organisation": self.state["organisations"][one["organisation"]], "roles": one["roles"]}]})
            password = secrets.token_urlsafe(12)
            self.admin.ask("PUT", f"/api/v1/people/{made['id']}/password", {"new": password})
            self.state["passwords"][one["login"]] = password
        self.state["sets"] = {}
        for one in self.nation["sets"]:
            made = self.person("anna").ask("POST", "/api/v1/sets", {"names": one["names"], "action": one["action"],
                                                                    "marking": {"tlp": "amber"}})
            self.state["sets"][one["key"]] = made["id"]
        self.approve("select", SELECTED)
        self.approve("block", [f"[domain-name:value = '{name}']" for name in BLOCKED])
        self.state["built"] = True
        self.save()

    def approve(self, key, patterns):
        anna, ben, path = self.person("anna"), self.person("ben"), f"/api/v1/sets/{self.state['sets'][key]}/approvals"
        import uuid
        for pattern in patterns:
            indicator = {"type": "indicator", "spec_version": "2.1", "id": f"indicator--{uuid.uuid4()}", "created": now(),
                         "modified": now(), "pattern": pattern, "pattern_type": "stix", "valid_from": "2024-01-01T00:00:00Z",
                         "name": f"{self.nation['act']}: {pattern}", "object_marking_refs": [GREEN]}
            anna.ask("POST", "/api/v1/objects", {"type": "bundle", "id": f"bundle--{uuid.uuid4()}", "objects": [indicator]})
            made = anna.ask("POST", path, {"object": indicator["id"], "propose": True, "act": self.nation["act"]})
            ben.ask("POST", f"{path}/{made['id']}/approve")

    # ---- the commission ----

    def commission(self):
        folder = self.work / "commission"
        if not folder.exists():
            folder.mkdir(mode=0o700)
            for name in "abc":
                self.run("authority", "keygen", "--name", f"Demo commissioner {name}", "-o", f"commission/{name}.key")
            self.run("authority", "trust", "--threshold", "2", *(f"commission/{name}.key.pub" for name in "abc"),
                     "--domestic", self.lab() / "domestic.txt", "--mark", "demo", "-o", "commission/TRUST.json")
        self.hand("trust", folder / "TRUST.json")
        self.hand("domestic", self.lab() / "domestic.txt", "text/plain")
        self.revocations()

    def hand(self, kind, path, media="application/jose+json"):
        self.person("chika").ask("PUT", f"/api/v1/nation/{kind}", path.read_bytes(), media)

    def witness(self):
        """The commission's own program: it hears the sensor directly, and holds the hub's word against it."""
        folder, config = self.work / "commission", self.work / "commission" / "witness.yaml"
        if "witness" not in self.state:
            made = self.person("chika").ask("POST", "/api/v1/tokens", {"title": "witness", "scopes": ["read", "manage", "audit"],
                                                                       "expires": now(days=365)})
            self.state["witness"] = secrets.token_urlsafe(12)
            for name, text in (("token", made["token"]), ("passphrase", self.state["witness"])):
                secret(folder / name, text + "\n")
        config.write_text(f"""data: {self.work}/witness
listen: ["127.0.0.1:{self.ports['witness']}"]
edge_listen: ["127.0.0.1:{self.ports['reports']}"]
trust: {folder}/TRUST.json
key: {folder}/c.key
interval: 60s
hub: {{url: "http://127.0.0.1:{self.ports['hub']}", token_file: {folder}/token, interval: 10s}}
""")
        if "cosigner" not in self.state:
            said = self.run("witness", "init", "--config", config, "--name", "chika", "--passphrase-file", folder / "passphrase")
            self.state["cosigner"] = said.split()[-1]
            self.save()
            self.settings()
            next(one for one in self.programs if one.name == "hub").process.send_signal(signal.SIGHUP)
        Program(self, "witness", [str(BIN / "hinomi-witness"), "--config", str(config)],
                lambda: socket.create_connection(("127.0.0.1", self.ports["witness"]), 1).close() or True)

    def revocations(self):
        """A list holds for a day; each start makes the next one, and half a day."""
        folder = self.work / "commission"
        known = ["--list", "commission/REVOCATIONS.json"] if (folder / "REVOCATIONS.json").exists() else []
        (folder / "next.json").unlink(missing_ok=True)
        self.run("authority", "revoke", "--key", "commission/a.key", "--trust", "commission/TRUST.json", *known, "-o",
                 "commission/next.json")
        (folder / "next.json").replace(folder / "REVOCATIONS.json")
        self.hand("revocations", folder / "REVOCATIONS.json")

    def authorise(self):
        """Applied for by the centre, signed by two of three, issued to the sensor."""
        if self.state.get("authorised"):
            return
        ben, chika = self.person("ben"), self.person("chika")
        made = ben.ask("POST", "/api/v1/authorisations", {
            "basis": "specified", "classes": ["foreign-domestic", "domestic-foreign"],
            "facilities": [{"classes": ["foreign-domestic", "domestic-foreign"], "prefix": prefix} for prefix in self.FACILITIES],
            "purpose": "To learn how act-2026-001 is carried out / act-2026-001 の実態の把握", "acts": [self.nation["act"]],
            "sets": [dict(self.BOUNDS, id=self.state["sets"]["select"])],
            "sensors": [{"id": self.state["edges"]["sensor"]}], "from": now(hours=-1), "until": now(days=30), "retention": "P30D",
            "recipients": ["national-police"]})
        path, config = f"/api/v1/authorisations/{made['id']}", self.work / "commission" / "witness.yaml"
        ben.ask("POST", path + "/hand")
        # One member signs at the commission's own machine, after it has fetched what was handed in ...
        self.until(lambda: made["id"] in self.run("witness", "applications", "--config", config))
        digest = ben.ask("GET", path)["digest"]
        self.run("witness", "sign", made["id"], "--digest", digest, "--config", config, "--name", "chika", "--passphrase-file",
                 self.work / "commission" / "passphrase")
        self.until(lambda: ben.ask("GET", path)["signatures"] == 1)
        # ... another on a machine without a network, and brings the file.
        document = self.work / "commission" / "A.json"
        document.write_text(json.dumps(chika.ask("GET", path)["document"]))
        self.run("authority", "sign", "--key", "commission/a.key", "commission/A.json")
        self.run("witness", "sign", made["id"], "--digest", digest, "--signed", document, "--config", config, "--name", "chika",
                 "--passphrase-file", self.work / "commission" / "passphrase")
        self.until(lambda: ben.ask("GET", path)["state"] == "signed")
        ben.ask("POST", path + "/issue")
        self.state["authorised"] = made["id"]
        self.save()

    # ---- the edges ----

    def enrol(self, kind, names, *options):
        edges = self.state.setdefault("edges", {})
        if kind in edges:
            return
        anna = self.person("ben")
        code = anna.ask("POST", "/api/v1/edges", {"kind": kind, "names": names})["code"]
        self.run("edge", "enrol", code, "--directory", f"{kind}-edge", *options)
        edges[kind] = json.loads((self.work / f"{kind}-edge" / "edge.json").read_text())["edge"]
        self.save()

    def follow(self, kind, wanted):
        folder = self.work / f"{kind}-edge"
        Program(self, f"{kind}-edge", [str(BIN / "hinomi-edge"), "run", "--directory", str(folder)],
                lambda: (folder / wanted).exists())

    def sensor(self):
        self.enrol("sensor", {"en": "Sensor at the border", "ja": "国境のセンサー"}, "--sensor", "sensor")
        if "witnessed" not in self.state:
            code = self.run("witness", "edge", "Sensor at the border", "--config", self.work / "commission" / "witness.yaml").split()[-1]
            self.run("edge", "enrol", code, "--witness", "--directory", "sensor-edge")
            self.state["witnessed"] = True
            self.save()
        self.authorise()
        (self.work / "sensor").mkdir(exist_ok=True)
        self.follow("sensor", f"sets/{self.state['sets']['select']}/head")
        self.until(lambda: (self.work / "sensor-edge" / "trust.json").exists() and any((self.work / "sensor-edge" / "authorizations").iterdir()))
        if self.options.interface:
            source = f"interface: {self.options.interface}\n" + (f"user: {USER}\n" if self.user else "")
        else:
            capture = self.work / "traffic.pcapng"
            if not capture.exists():
                part = self.work / "traffic.new"
                subprocess.run(["/usr/bin/python3", str(self.lab() / "shift.py"), str(self.lab() / "nation.pcapng.zst"), str(part)],
                               check=True, preexec_fn=self.become())
                part.replace(capture)
            source = f"replay: {capture}\n"
        config = f"{source}edge: {self.work}/sensor-edge\noutput: {self.work}/sensor\ninterval: 10s\n"
        if self.options.interface and self.user:  # root reads it
            os.seteuid(0)
            path = self.work / "bin" / "sensor.yaml"
            path.write_text(config)
            os.seteuid(self.user.pw_uid)
        else:
            path = self.work / "sensor.yaml"
            path.write_text(config)
        (self.work / "sensor" / "state.json").unlink(missing_ok=True)  # of one that was killed
        Program(self, "sensor", [str(BIN / "hinomi-sensor"), "--config", str(path)],
                lambda: json.loads((self.work / "sensor" / "state.json").read_text()).get("state") == "selecting",
                keep=bool(self.options.interface))  # who opens the interface becomes another afterwards

    def resolver(self):
        Program(self, "authority", ["/usr/bin/python3", str(self.lab() / "authority.py"), str(self.ports["authority"])])
        events = self.work / "events"
        events.mkdir(exist_ok=True)
        self.enrol("resolver", {"en": "Resolver of the centre", "ja": "中央のリゾルバー"}, "--events", "events", "--control",
                   str(self.work / "control"))
        folder = f"sets/{self.state['sets']['block']}"
        self.follow("resolver", folder + "/head")
        server = f'"127.0.0.1:{self.ports["authority"]}"'
        (self.work / "resolver.yaml").write_text(f"""listen:
  - {{address: 127.0.0.1, port: {self.ports['dns']}, transports: [udp, tcp]}}
groups:
  - {{name: office, organisation: {self.state['organisations']['power']}, prefixes: [127.0.0.0/8]}}
recursion:
  ask_localhost: true
  stubs:
    - {{zone: ".", addresses: [{server}], insecure: true}}
    - {{zone: example., addresses: [{server}], insecure: true}}
policy:
  - {{name: national, directory: {self.work}/resolver-edge/{folder}, organisation: Demonstration National Cyber Office, contact: "https://appeal.example/"}}
events: {{directory: {events}, rotate: 10s}}
control: {{socket: {self.work}/control}}
""")
        Program(self, "resolver", [str(BIN / "hinomi-resolver"), "--config", "resolver.yaml"], self.blocks)

    def blocks(self):
        """Whether a listed name is refused."""
        return question(self.ports["dns"], BLOCKED[0])[0] == 3

    # ---- all of it ----

    def start(self):
        self.prepare()
        for step, english, japanese in ((self.hub, "the hub", "ハブ"), (self.build, "the nation, its sets", "国と集合"),
                                        (self.commission, "the commission", "委員会"), (self.witness, "its witness", "委員会の検査"), (self.sensor, "the sensor", "センサー"),
                                        (self.resolver, "the resolver", "リゾルバー")):
            say(f"... {english}", f"... {japanese}")
            step()

    def links(self):
        """A sign-in link for each person, good once and for 15 minutes."""
        for one in self.nation["people"]:
            name = one["names"]["ja" if JA else "en"]
            link = self.run("hub", "link", "--data", "hub", "--listen", f"127.0.0.1:{self.ports['hub']}", one["login"]).strip()
            width = 34 - sum(unicodedata.east_asian_width(letter) in "WF" for letter in name)
            print(f"  {name:{width}} {link}", flush=True)

    def tell(self):
        say(f"\nhttp://localhost:{self.ports['hub']}\n", f"\nhttp://localhost:{self.ports['hub']}\n")
        self.links()
        say(f"\nhttp://localhost:{self.ports['witness']}   the commission's own: chika, {self.state['witness']}",
            f"\nhttp://localhost:{self.ports['witness']}   委員会の検査: chika、{self.state['witness']}")
        another = f"{BIN}/hinomi hub link --data {self.work}/hub --listen 127.0.0.1:{self.ports['hub']} anna"
        if self.user:
            another = f"runuser -u {USER} -- {another}"
        say(f"""
Try:
  dig @127.0.0.1 -p {self.ports['dns']} www.harbor.example          resolved, by the lab's name server alone
  dig @127.0.0.1 -p {self.ports['dns']} {BLOCKED[0]}       refused: it is in the national block list
  propose a name as Anna, approve it as Ben, ask again: refused within a second
  {another}
      a further link, for a link is good once and for 15 minutes
  what is kept lies in {self.work}; Ctrl-C ends all of it, --fresh begins again""",
            f"""
お試しを:
  dig @127.0.0.1 -p {self.ports['dns']} www.harbor.example          名前解決される (実演用サーバーのみに問い合わせる)
  dig @127.0.0.1 -p {self.ports['dns']} {BLOCKED[0]}       遮断される (全国遮断リスト)
  杏奈として名前を提案し、勉として承認すると、1秒以内に遮断される
  {another}
      新しいリンクの発行(リンクは一度だけ、15分以内に使える)
  データは {self.work} にある。Ctrl-C ですべて終了し、--fresh で最初からやり直す""")

    def wait(self):
        renewed = time.monotonic()
        while True:
            self.look(self.programs)
            if time.monotonic() - renewed > RENEW_AFTER:
                self.revocations()
                renewed = time.monotonic()
            time.sleep(0.5)

    def stop(self):
        """Who makes records first, then who carries them, then who takes them."""
        for names in (("sensor", "resolver"), ("sensor-edge", "resolver-edge"), ("authority", "witness"), ("hub",)):
            chosen = [one for one in self.programs if one.name in names]
            for one in chosen:
                one.end()
            for one in chosen:
                one.wait()


def question(port, name, kind=1):
    """Asks the resolver by UDP. @return code and number of answers"""
    import struct
    query = struct.pack(">HHHHHH", 7, 0x0100, 1, 0, 0, 0) + b"".join(
        bytes([len(part)]) + part.encode() for part in name.split(".")) + b"\0" + struct.pack(">HH", kind, 1)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.settimeout(2)
        s.sendto(query, ("127.0.0.1", port))
        data = s.recv(4096)
    return data[3] & 15, struct.unpack(">H", data[6:8])[0]


def own_folder(work):
    """Takes the folder for this run alone. @return what keeps others out"""
    work.mkdir(parents=True, exist_ok=True, mode=0o755)
    held = os.open(work, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise Refusal(t(f"another ./x run uses {work}; end it first", f"別の ./x run が {work} を使用中。先に終了させること")) from None
    if any(work.iterdir()) and not (work / "state.json").exists():
        raise Refusal(t(f"{work} holds something else; name another folder in HINOMI_DEMO, or remove it",
                        f"{work} には別のものがある。HINOMI_DEMO で別のフォルダーを指定するか、削除すること"))
    return held


def clear_folder(work, fresh):
    """What a run left that never became whole is thrown away, as with --fresh."""
    state = work / "state.json"
    kept = json.loads(state.read_text()) if state.exists() else {}
    if fresh or "authorised" not in kept or "resolver" not in kept.get("edges", {}):
        for one in sorted(work.iterdir(), key=lambda path: path == state):
            shutil.rmtree(one) if one.is_dir() and not one.is_symlink() else one.unlink()
    elif now(days=-LASTS_DAYS) > kept.get("begun", now()):
        raise Refusal(t(f"this demonstration is older than {LASTS_DAYS} days, and its certificates and its authorisation end: "
                        "./x run --fresh begins again",
                        f"この実演は開始から{LASTS_DAYS}日を過ぎ、証明書と承認の期限が切れる。./x run --fresh で最初からやり直すこと"))
    if not state.exists():
        secret(state, json.dumps({"begun": now()}))


def check_ports(ports):
    for name, port in ports.items():
        kinds = [(socket.AF_INET, socket.SOCK_STREAM, "127.0.0.1")]
        kinds += [(socket.AF_INET6, socket.SOCK_STREAM, "::1")] if name == "hub" else []
        kinds += [(socket.AF_INET, socket.SOCK_DGRAM, "127.0.0.1")] if name in ("dns", "authority") else []
        for family, kind, address in kinds:
            with socket.socket(family, kind) as one:
                if kind == socket.SOCK_STREAM:
                    one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                try:
                    one.bind((address, port))
                except OSError as error:
                    other = json.dumps({name: port + 1000})
                    raise Refusal(t(f"port {port} of {address}: {error.strerror}; end what uses it, or choose others: HINOMI_DEMO_PORTS='{other}'",
                                    f"{address} のポート {port}: {error.strerror}。使用中のプログラムを終了するか、別のポートを選ぶこと: "
                                    f"HINOMI_DEMO_PORTS='{other}'")) from None


def check_interface(name):
    if os.geteuid() != 0:
        raise Refusal(t("--interface needs root", "--interface にはrootが必要"))
    if name not in (one for _, one in socket.if_nameindex()):
        raise Refusal(t(f"there is no interface {name}", f"インターフェース {name} は存在しない"))


def begin(options):
    """@return all of it, ready to be started"""
    work = pathlib.Path(os.environ.get("HINOMI_DEMO", "/var/lib/hinomi-demo" if os.geteuid() == 0 else ROOT / "tmp" / "demo")).resolve()
    ports = dict(PORTS, **json.loads(os.environ.get("HINOMI_DEMO_PORTS", "{}")))
    if options.interface:
        check_interface(options.interface)
    held = own_folder(work)
    check_ports(ports)
    clear_folder(work, options.fresh)
    demo = Demo(work, options, ports)
    demo.held = held
    return demo


def main():
    parser = argparse.ArgumentParser(prog="./x run", add_help=True)
    parser.add_argument("--fresh", action="store_true",
                        help=t("throws away what former runs kept, and begins again", "これまでのデータを捨て、最初からやり直す"))
    parser.add_argument("--interface", metavar="NAME",
                        help=t("the sensor listens there instead of replaying the lab's capture (root)",
                               "センサーが記録の再生の代わりにここで待ち受ける(root)"))
    parser.add_argument("--once", action="store_true",
                        help=t("ends as soon as all is healthy (for tests)", "すべて整ったら終了する(テスト用)"))
    options = parser.parse_args()
    ends = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

    def end(*_):
        for one in ends:  # once is enough
            signal.signal(one, signal.SIG_IGN)
        raise KeyboardInterrupt
    for one in ends:
        signal.signal(one, end)
    demo, code = None, 0
    try:
        begun = time.monotonic()
        demo = begin(options)
        demo.start()
        say(f"healthy after {time.monotonic() - begun:.1f} s", f"{time.monotonic() - begun:.1f}秒で準備完了")
        demo.tell()
        if not options.once:
            demo.wait()
    except KeyboardInterrupt:
        say("\nends; what was made is kept", "\n終了する。データは残る")
    except (Refusal, RuntimeError, OSError) as error:
        print(f"./x run: {error}", file=sys.stderr)
        code = 2 if isinstance(error, Refusal) else 5
    finally:
        for one in ends:
            signal.signal(one, signal.SIG_IGN)
        if demo:
            demo.stop()
    return code


if __name__ == "__main__":
    sys.exit(main())
