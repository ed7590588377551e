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
import datetime
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
import urllib.error
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent
BIN = pathlib.Path(os.environ.get("HINOMI_BIN", ROOT / "build" / "bin"))
JA = os.environ.get("HINOMI_LANG", os.environ.get("LANG", "")).startswith("ja")
HEALTHY_WITHIN = 60
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


def basic(login, password):
    return {"Authorization": "Basic " + base64.b64encode(f"{login}:{password}".encode()).decode()}


class Program:
    """One that runs until the end; its log lies beside the others."""

    def __init__(self, demo, name, command, ready=None, env=None, keep=False):
        self.name, self.log = name, demo.work / "logs" / f"{name}.log"
        self.log.parent.mkdir(exist_ok=True)
        demo.own(self.log.parent)
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=demo.work,
                                            preexec_fn=demo.become(keep), env=dict(os.environ, **(env or {})), start_new_session=True)
        demo.programs.append(self)
        if ready:
            demo.until(ready, self)

    def ended(self):
        return self.process.poll() is not None

    def tail(self):
        return self.log.read_text(errors="replace")[-1500:]

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
        """As root the programs run as a user of their own, from copies that it can read."""
        global BIN
        if os.geteuid() != 0:
            return
        try:
            self.user = pwd.getpwnam(USER)
        except KeyError:
            subprocess.run(["useradd", "--system", "--no-create-home", "--home-dir", str(self.work), "--shell",
                            "/usr/sbin/nologin", USER], check=True)
            self.user = pwd.getpwnam(USER)
        copies = self.work / "bin"
        shutil.rmtree(copies, ignore_errors=True)
        shutil.copytree(BIN, copies)
        shutil.copytree(ROOT / "lab", self.work / "lab", dirs_exist_ok=True)
        BIN = copies
        self.own(self.work)

    def own(self, path):
        if self.user:
            os.chown(path, self.user.pw_uid, self.user.pw_gid)

    def become(self, keep=False):
        if not self.user or keep:
            return None
        uid, gid = self.user.pw_uid, self.user.pw_gid

        def drop():
            os.setgroups([])
            os.setgid(gid)
            os.setuid(uid)
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
                if found := holds():
                    return found
            except (OSError, urllib.error.URLError):
                pass
            for one in [program] if program else self.programs:
                if one and one.ended():
                    raise RuntimeError(f"{one.name} ended: {one.tail()}")
            if time.monotonic() > end:
                raise RuntimeError(f"not within {HEALTHY_WITHIN} s" + (f": {program.name}: {program.tail()}" if program else ""))
            time.sleep(0.05)

    def save(self):
        self.state_file.write_text(json.dumps(self.state, indent=1))
        self.state_file.chmod(0o600)
        self.own(self.state_file)

    # ---- the hub and its nation ----

    def hub(self):
        listen = [f"127.0.0.1:{self.ports['hub']}", f"[::1]:{self.ports['hub']}"]
        if not (self.work / "hub").exists():
            made = json.loads(self.run("hub", "init", "--data", "hub", "--login", "admin", "--token", "--json"))
            self.state.update(token=made["token"], centre=made["centre"], passwords={"admin": made["password"]})
            self.save()
        Program(self, "hub", [str(BIN / "hinomi-hub"), "--data", "hub", "--listen", listen[0], "--listen", listen[1],
                              "--edge-listen", f"127.0.0.1:{self.ports['edges']}"],
                lambda: Api(self.ports["hub"], {}).ask("GET", "/readyz"))
        self.admin = Api(self.ports["hub"], basic("admin", self.state["passwords"]["admin"]))

    def person(self, login):
        return Api(self.ports["hub"], basic(login, self.state["passwords"][login]))

    def organisation(self, one):
        names = [{"language": language, "name": name} for language, name in one["names"].items()]
        if one["kind"] == "centre":
            self.state["organisations"]["centre"] = self.state["centre"]
            return
        body = {"kind": one["kind"], "names": names,
                "parents": [self.state["organisations"][key] for key in one.get("parents", [])],
                "holdings": [{"kind": "prefix", "value": prefix, "state": "entered"} for prefix in one.get("prefixes", [])],
                "agreements": [{"partner": self.state["centre"], "tlp_max": "red", "onward": False,
                                "purposes": ["defence", "analysis", "response"], "contents": ["technical", "background"]}]}
        made = self.admin.ask("POST", "/api/v1/organisations", {key: value for key, value in body.items() if value})
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
            self.own(folder)
            for name in "abc":
                self.run("authority", "keygen", "--name", f"Demo commissioner {name}", "-o", f"commission/{name}.key")
            self.run("authority", "trust", "--threshold", "2", *(f"commission/{name}.key.pub" for name in "abc"),
                     "--domestic", self.lab() / "domestic.txt", "--mark", "demo", "-o", "commission/TRUST.json")
        self.revocations()
        chika = self.person("chika")
        for kind, path, media in (("trust", folder / "TRUST.json", "application/jose+json"),
                                  ("domestic", self.lab() / "domestic.txt", "text/plain"),
                                  ("revocations", folder / "REVOCATIONS.json", "application/jose+json")):
            chika.ask("PUT", f"/api/v1/nation/{kind}", path.read_bytes(), media)

    def witness(self):
        """The commission's own program: it hears the sensor directly, and holds the hub's word against it."""
        folder, config = self.work / "commission", self.work / "commission" / "witness.yaml"
        if "witness" not in self.state:
            made = self.person("chika").ask("POST", "/api/v1/tokens", {"title": "witness", "scopes": ["read", "manage", "audit"],
                                                                       "expires": now(days=365)})
            self.state["witness"] = secrets.token_urlsafe(12)
            for name, text in (("token", made["token"]), ("passphrase", self.state["witness"])):
                (folder / name).write_text(text + "\n")
                (folder / name).chmod(0o600)
                self.own(folder / name)
        config.write_text(f"""data: {self.work}/witness
listen: ["127.0.0.1:{self.ports['witness']}"]
edge_listen: ["127.0.0.1:{self.ports['reports']}"]
trust: {folder}/TRUST.json
key: {folder}/c.key
interval: 60s
hub: {{url: "http://127.0.0.1:{self.ports['hub']}", token_file: {folder}/token, interval: 10s}}
""")
        self.own(config)
        if not (self.work / "witness").exists():
            self.run("witness", "init", "--config", config, "--name", "chika", "--passphrase-file", folder / "passphrase")
        Program(self, "witness", [str(BIN / "hinomi-witness"), "--config", str(config)],
                lambda: socket.create_connection(("127.0.0.1", self.ports["witness"]), 1).close() or True)

    def revocations(self):
        """A list holds for a day; each start makes the next one."""
        folder = self.work / "commission"
        known = ["--list", "commission/REVOCATIONS.json"] if (folder / "REVOCATIONS.json").exists() else []
        (folder / "next.json").unlink(missing_ok=True)
        self.run("authority", "revoke", "--key", "commission/a.key", "--trust", "commission/TRUST.json", *known, "-o",
                 "commission/next.json")
        (folder / "next.json").replace(folder / "REVOCATIONS.json")

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
        self.own(document)
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
        self.own(self.work / "sensor")
        self.follow("sensor", f"sets/{self.state['sets']['select']}/head")
        self.until(lambda: (self.work / "sensor-edge" / "trust.json").exists() and any((self.work / "sensor-edge" / "authorizations").iterdir()))
        if self.options.interface:
            source = f"interface: {self.options.interface}\n" + (f"user: {USER}\n" if self.user else "")
        else:
            capture = self.work / "traffic.pcapng"
            if not capture.exists():
                subprocess.run(["/usr/bin/python3", str(self.lab() / "shift.py"), str(self.lab() / "nation.pcapng.zst"), str(capture)], check=True)
                self.own(capture)
            source = f"replay: {capture}\n"
        (self.work / "sensor.yaml").write_text(f"{source}edge: {self.work}/sensor-edge\noutput: {self.work}/sensor\ninterval: 10s\n")
        Program(self, "sensor", [str(BIN / "hinomi-sensor"), "--config", "sensor.yaml"],
                lambda: json.loads((self.work / "sensor" / "state.json").read_text()).get("state") == "selecting",
                keep=bool(self.options.interface))  # who opens the interface becomes another afterwards

    def resolver(self):
        Program(self, "authority", ["/usr/bin/python3", str(self.lab() / "authority.py"), str(self.ports["authority"])])
        events = self.work / "events"
        events.mkdir(exist_ok=True)
        self.own(events)
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
            try:
                link = self.run("hub", "link", "--data", "hub", "--listen", f"127.0.0.1:{self.ports['hub']}", one["login"]).strip().splitlines()[-1]
                print(f"  {name:34} {link}", flush=True)
            except RuntimeError:
                print(f"  {name:34} {one['login']} / {self.state['passwords'][one['login']]}", flush=True)

    def tell(self):
        say(f"\nhttp://localhost:{self.ports['hub']}\n", f"\nhttp://localhost:{self.ports['hub']}\n")
        self.links()
        say(f"\nhttp://localhost:{self.ports['witness']}   the commission's own: chika, {self.state['witness']}",
            f"\nhttp://localhost:{self.ports['witness']}   委員会の検査: chika、{self.state['witness']}")
        say(f"""
Try:
  dig @127.0.0.1 -p {self.ports['dns']} www.harbor.example          resolved, by the lab's name server alone
  dig @127.0.0.1 -p {self.ports['dns']} {BLOCKED[0]}       refused: it is in the national block list
  propose a name as Anna, approve it as Ben, ask again: refused within a second
  what is kept lies in {self.work}; Ctrl-C ends all of it, --fresh begins again""",
            f"""
お試しを:
  dig @127.0.0.1 -p {self.ports['dns']} www.harbor.example          名前解決される (実演用サーバーのみに問い合わせる)
  dig @127.0.0.1 -p {self.ports['dns']} {BLOCKED[0]}       遮断される (全国遮断リスト)
  杏奈として名前を提案し、勉として承認すると、1秒以内に遮断される
  データは {self.work} にある。Ctrl-C ですべて終了し、--fresh で最初からやり直す""")

    def wait(self):
        while True:
            for one in self.programs:
                if one.ended():
                    raise RuntimeError(f"{one.name} ended: {one.tail()}")
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


def main():
    parser = argparse.ArgumentParser(prog="./x run", add_help=True)
    parser.add_argument("--fresh", action="store_true")
    parser.add_argument("--interface")
    parser.add_argument("--once", action="store_true")
    options = parser.parse_args()
    work = pathlib.Path(os.environ.get("HINOMI_DEMO", "/var/lib/hinomi-demo" if os.geteuid() == 0 else ROOT / "tmp" / "demo"))
    if options.fresh:
        shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True, exist_ok=True, mode=0o755)
    ports = dict(PORTS, **json.loads(os.environ.get("HINOMI_DEMO_PORTS", "{}")))
    demo = Demo(work, options, ports)

    def end(*_):
        raise KeyboardInterrupt
    signal.signal(signal.SIGTERM, end)
    code = 0
    try:
        begun = time.monotonic()
        demo.start()
        say(f"healthy after {time.monotonic() - begun:.1f} s", f"{time.monotonic() - begun:.1f}秒で準備完了")
        demo.tell()
        if not options.once:
            demo.wait()
    except KeyboardInterrupt:
        say("\nends; what was made is kept", "\n終了する。データは残る")
    except RuntimeError as error:
        print(f"./x run: {error}", file=sys.stderr)
        code = 5
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        demo.stop()
    return code


if __name__ == "__main__":
    sys.exit(main())
