#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The Hinomi authors
"""./x bench protect: from the click of approval to the first blocked question and the first selected flow.

The nation of ./x run (hub, resolver, sensor and their edges) runs in a network namespace of its own, with a million entries
in force in the set that blocks and in the one that selects, and as many more edges connected as are asked for. Each approval
is timed from before the first byte of the second person's request: by a client that asks the resolver without a pause
until it is blocked, and by a sender whose flows pass a pair of interfaces until the sensor has written that one is selected.
Then an approval outside the bounds of the authorisation is seen to be refused where the sensor is.
"""
import argparse
import json
import os
import pathlib
import shutil
import signal
import socket
import statistics
import struct
import subprocess
import sys
import tempfile
import threading
import time
import uuid

SOURCE = pathlib.Path(os.environ["HINOMI_SOURCE"])
sys.path[:0] = [str(SOURCE / "tests" / "integration"), str(SOURCE / "scripts")]
sys.dont_write_bytecode = True
import demo as nation  # noqa: E402
from sensor_world import Sender, datagram, in_namespace  # noqa: E402

EDGES = SOURCE / "build" / "tests" / "bench" / "bench_edges"
PER_OBJECT = 10000  # entries that one approval may bring
PER_HOLDER = 2500  # prefixes that one request may bring
WITHIN = 20  # seconds that one approval may take before it counts as never
DOMESTIC = "192.0.2.150"  # in the lab's table
OUTSIDE = "203.0.112.0/20"  # wider than the /24 of the bounds
# A limit that counts and never bites: two persons and all the edges come from one address here.
CONFIG = "http:\n  rate: 10000000\n  burst: 10000000\n  body_max: 64 MiB\n"


# The servers of the facilities below that are in no list yet.
SERVERS = [ip for ip in (f"{net}.{n}" for net in ("203.0.113", "198.51.100") for n in range(1, 255))
           if not any(f"'{ip}'" in pattern for pattern in nation.SELECTED)]


class Nation(nation.Demo):
    """That of ./x run, with wider facilities, more entries, a list of its own, and edges that are simulated."""
    FACILITIES = ["203.0.113.0/24", "198.51.100.0/24"]
    BOUNDS = dict(nation.Demo.BOUNDS, kinds=["ipv4", "ipv4-prefix", "name"], entries_max=2000000)

    def __init__(self, work, options):
        ports = nation.PORTS if "HINOMI_NAMESPACE" in os.environ else {name: free_port() for name in nation.PORTS}
        options.interface = "near" if "HINOMI_NAMESPACE" in os.environ else None
        super().__init__(work, options, dict(ports))
        self.simulated, self.everywhere = None, {}

    def hub(self):
        made = json.loads(self.run("hub", "init", "--data", "hub", "--login", "admin", "--token", "--json"))
        self.state.update(token=made["token"], centre=made["centre"], passwords={"admin": made["password"]})
        (self.work / "hub.yaml").write_text(CONFIG)
        nation.Program(self, "hub", [str(nation.BIN / "hinomi-hub"), "--data", "hub", "--config", "hub.yaml", "--listen",
                                     f"127.0.0.1:{self.ports['hub']}", "--edge-listen", f"127.0.0.1:{self.ports['edges']}"],
                       lambda: nation.Api(self.ports["hub"], {}).ask("GET", "/readyz"))
        self.admin = nation.Api(self.ports["hub"], nation.basic("admin", self.state["passwords"]["admin"]))

    # ---- what is in force ----

    def indicator(self, pattern):
        return {"type": "indicator", "spec_version": "2.1", "id": f"indicator--{uuid.uuid4()}", "created": nation.now(),
                "modified": nation.now(), "pattern": pattern, "pattern_type": "stix", "valid_from": "2024-01-01T00:00:00Z",
                "object_marking_refs": [nation.GREEN]}

    def add(self, patterns):
        """@return the identifiers of new indicators"""
        objects = [self.indicator(pattern) for pattern in patterns]
        self.anna.ask("POST", "/api/v1/objects", {"type": "bundle", "id": f"bundle--{uuid.uuid4()}", "objects": objects})
        return [one["id"] for one in objects]

    def propose(self, key, identifier):
        """@return the path of the approval that waits for the second person"""
        path = f"/api/v1/sets/{self.state['sets'][key]}/approvals"
        made = self.anna.ask("POST", path, {"object": identifier, "propose": True, "act": self.nation["act"]})
        return f"{path}/{made['id']}/approve"

    def fill(self, entries, begin=0):
        """By the door that every indicator takes: objects of 10,000 names, proposed by one and approved by another."""
        self.anna, self.ben = self.person("anna"), self.person("ben")
        for first in range(begin, begin + entries, PER_OBJECT):
            names = (f"h{n:07}.load.example" for n in range(first, min(first + PER_OBJECT, begin + entries)))
            pattern = "[" + " OR ".join(f"domain-name:value = '{name}'" for name in names) + "]"
            identifier, = self.add([pattern])
            for key in ("block", "select"):
                self.ben.ask("POST", self.propose(key, identifier))

    def hold(self, count):
        """Organisations that hold so many prefixes of the nation, with which sets that select come."""
        for first in range(0, count, PER_HOLDER):
            self.hold_one(f"Holder {first}", (f"10.{n >> 12 & 255}.{n >> 4 & 255}.{(n & 15) << 4}/28"
                                              for n in range(first, min(first + PER_HOLDER, count))))

    def hold_one(self, name, prefixes):
        self.admin.ask("POST", "/api/v1/organisations", {
            "kind": "operator", "names": [{"language": "en", "name": name}],
            "holdings": [{"kind": "prefix", "value": prefix, "state": "entered"} for prefix in prefixes]})

    def head(self, key):
        said = self.anna.ask("GET", f"/api/v1/sets/{self.state['sets'][key]}/head")
        return json.loads(nation.base64.urlsafe_b64decode(said["payload"] + "=="))

    def settle(self):
        """Until everything is published and what was merged is in force. @return the heads"""
        was, since = None, time.monotonic()
        while time.monotonic() - since < 3:
            heads = {key: self.head(key) for key in ("block", "select")}
            if heads != was:
                was, since = heads, time.monotonic()
            time.sleep(0.2)
        return was

    # ---- the other edges ----

    def simulate(self, count):
        os.seteuid(os.getuid())  # who sends frames is root again
        command = "".join(
            f"{kind} " + self.ben.ask("POST", "/api/v1/edges", {"kind": kind, "names": {"en": f"Simulated {n}", "ja": f"模擬 {n}"}})["code"] + "\n"
            for n in range(count) for kind in [("sensor", "resolver")[n % 2]])
        with open(self.work / "logs" / "edges.log", "ab") as log:
            self.simulated = subprocess.Popen([EDGES], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True)
        self.simulated.stdin.write(command + "\n")
        self.simulated.stdin.flush()
        told = threading.Thread(target=self.listen, daemon=True)
        told.start()
        wanted = {key: self.head(key)["version"] for key in ("block", "select")}
        if count > 1:
            self.until(lambda: all(self.has_all(key, wanted[key]) for key in wanted))

    def has_all(self, key, version):
        """When the last of the simulated edges had this version or a later one, by the monotonic clock."""
        if self.simulated.poll() is not None:
            raise RuntimeError("the simulated edges ended: " + (self.work / "logs" / "edges.log").read_text()[-500:])
        kind = {"block": "resolver", "select": "sensor"}[key]
        return next((at for have, at in self.everywhere.get(kind, []) if have >= version), None)

    def listen(self):
        for line in self.simulated.stdout:
            words = line.split()
            if words[0] == "all":
                self.everywhere.setdefault(words[1], []).append((int(words[2]), int(words[3]) / 1e9))
            elif words[0][0] == "{":
                self.simulated_sums = json.loads(line)

    def end_simulated(self):
        if self.simulated is None:
            return None
        self.simulated.stdin.close()
        try:
            self.simulated.wait(timeout=15)
        except subprocess.TimeoutExpired:
            self.simulated.kill()
        time.sleep(0.1)
        return getattr(self, "simulated_sums", None)

    # ---- the sensor ----

    def sensor_state(self):
        return json.loads((self.work / "sensor" / "state.json").read_text())


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Second:
    """The second person, whose connection is there already; the click is one request."""

    def __init__(self, made):
        self.address = ("127.0.0.1", made.ports["hub"])
        self.authorization = nation.basic("ben", made.state["passwords"]["ben"])["Authorization"]
        self.socket = None

    def click(self, path):
        """Begins it on a thread of its own. @return that thread, and where it says when it began and was answered"""
        told = {}
        if self.socket is None:
            self.socket = socket.create_connection(self.address)
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        request = (f"POST {path} HTTP/1.1\r\nHost: {self.address[0]}:{self.address[1]}\r\nAuthorization: {self.authorization}\r\n"
                   "Content-Length: 0\r\n\r\n").encode()

        def run():
            told["began"] = time.monotonic()
            self.socket.sendall(request)
            said = self.socket.recv(65536)
            told["answered"] = time.monotonic()
            told["status"] = int(said.split(b" ", 2)[1])
            told["text"] = said.decode(errors="replace")
        thread = threading.Thread(target=run)
        thread.start()
        return thread, told


def finish(thread, told, path):
    thread.join(WITHIN)
    if told.get("status") != 200:
        raise RuntimeError(f"{path}: {told.get('text')}")


class Asker:
    """Asks the resolver for a name, one question after the other."""

    def __init__(self, port):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.settimeout(2)
        self.socket.connect(("127.0.0.1", port))
        self.asked = 0

    def code(self, name):
        self.asked += 1
        number = self.asked & 0xFFFF
        self.socket.send(struct.pack(">HHHHHH", number, 0x0100, 1, 0, 0, 0) + b"".join(
            bytes([len(part)]) + part.encode() for part in name.split(".")) + b"\0" + struct.pack(">HH", 1, 1))
        while True:
            answer = self.socket.recv(4096)
            if struct.unpack(">H", answer[:2])[0] == number:
                return answer[3] & 15

    def until_blocked(self, name):
        """@return when the first blocked answer was there"""
        end = time.monotonic() + WITHIN
        while self.code(name) != 3:
            if time.monotonic() > end:
                raise RuntimeError(f"{name} is not blocked")
        return time.monotonic()


class Flows:
    """Sends flows from a server, and looks at what the sensor writes."""

    def __init__(self, made):
        self.sender, self.file = Sender("far"), open(made.work / "sensor" / "selected.ndjson", "rb")
        self.sent = 0

    def selected(self):
        """The records of the openings that were written since."""
        lines = self.file.read()
        while lines and not lines.endswith(b"\n"):
            lines += self.file.read()
        return [line for line in lines.splitlines() if b'"phase":"open"' in line]

    def until_selected(self, server):
        """A flow of its own each half millisecond. @return when the first record of an opening was there"""
        frames = [datagram(server, DOMESTIC, 1024 + n) for n in range(2000)]
        end = time.monotonic() + WITHIN
        while time.monotonic() < end:
            self.sender.socket.send(frames[self.sent % len(frames)])
            self.sent += 1
            if found := [line for line in self.selected() if server.encode() in line]:
                return time.monotonic()
            time.sleep(0.0003)
        raise RuntimeError(f"no flow of {server} is selected")

    def rest(self):
        """What was sent before is decided, and its records are read."""
        time.sleep(0.05)
        self.selected()


def one(second, path, sees, subject):
    """An approval. @return seconds until the answer, and until it was seen"""
    seen = {}

    def look():
        try:
            seen["at"] = sees(subject)
        except (RuntimeError, OSError) as error:
            seen["error"] = error
    looking = threading.Thread(target=look)
    looking.start()
    time.sleep(0.02)
    thread, told = second.click(path)
    looking.join(WITHIN + 5)
    finish(thread, told, path)
    if "error" in seen:
        raise RuntimeError(str(seen["error"]))
    if seen["at"] < told["began"]:
        raise RuntimeError(f"{subject} was in force before")
    return told["began"], told["answered"] - told["began"], seen["at"] - told["began"]


def everywhere(made, rows):
    """Seconds from each click until the last simulated edge for that set had verified its version."""
    keys = {"resolver": "block", "sensor": "select"}
    made.until(lambda: all(made.has_all(keys[kind], row[3]) for kind in rows for row in rows[kind]))
    return [made.has_all(keys[kind], row[3]) - row[0] for kind in rows for row in rows[kind]]


def row_of(approved, head):
    """When, seconds to the answer and to the sight of it, the version, and whether edges were fetching a new base then."""
    return (*approved, head["version"], "former" in head)


def summary(values):
    values = sorted(values)
    if not values:
        return None

    def share(p):
        return values[min(len(values) - 1, max(0, -(-len(values) * p // 100) - 1))]
    return {"count": len(values), "median": statistics.median(values), "p90": share(90), "p99": share(99), "max": values[-1]}


def outside(made, second):
    """An approval outside the bounds: the hub publishes it, the sensor refuses it, and what was in force stays."""
    version = made.head("select")["version"]
    made.until(lambda: made.sensor_state()["sets"][0]["version"] == version)
    before = made.sensor_state()
    identifier, = made.add([f"[ipv4-addr:value = '{OUTSIDE}']"])
    path = made.propose("select", identifier)
    thread, told = second.click(path)
    finish(thread, told, path)
    made.until(lambda: made.head("select")["version"] > version)
    after = made.until(lambda: (s := made.sensor_state())["refusals"]["count"] > before["refusals"]["count"] and s)
    last = after["refusals"]["last"][-1]
    flows = Flows(made)
    flows.rest()
    flows.until_selected(SERVERS[0])
    records = made.work / "sensor" / "private" / "records"
    seconds = time.monotonic() - told["began"]
    entered = made.until(lambda: b'"refusal":"set-out-of-bounds"' in records.read_bytes())
    return {"entry": OUTSIDE, "refused": last, "seconds": seconds, "version_published": made.head("select")["version"],
            "version_in_force": made.sensor_state()["sets"][0]["version"], "version_before": version, "ledger": entered}


def table(made, second):
    """The directory changes, and one more address is approved: its overlay brings the whole table of holdings."""
    flows, server = Flows(made), SERVERS[-1]
    path = made.propose("select", made.add([f"[ipv4-addr:value = '{server}']"])[0])
    made.hold_one("One more", ["100.64.0.0/28"])
    flows.rest()
    seconds = one(second, path, flows.until_selected, server)[2]
    return {"seconds": seconds, "bytes": made.head("select")["overlays"][-1]["size"]}


def measure(made, options, say):
    second, asker = Second(made), Asker(made.ports["dns"])
    flows = Flows(made) if options.interface else None
    names = [f"p{n:04}.protect.example" for n in range(options.count)]
    servers = SERVERS[:options.count] if flows else []
    say(f"proposing {len(names)} names and {len(servers)} addresses")
    block = [made.propose("block", one) for one in made.add(f"[domain-name:value = '{name}']" for name in names)]
    select = [made.propose("select", one) for one in made.add(f"[ipv4-addr:value = '{ip}']" for ip in servers)] if servers else []
    rows = {"resolver": [], "sensor": []}
    if options.grow:
        say(f"{options.grow} entries more")
        made.fill(options.grow, options.entries)
    for n in range(options.count):
        if asker.code(names[n]) == 3:
            raise RuntimeError(f"{names[n]} is blocked already")
        rows["resolver"].append(row_of(one(second, block[n], asker.until_blocked, names[n]), made.head("block")))
        if flows:
            flows.rest()
            rows["sensor"].append(row_of(one(second, select[n], flows.until_selected, servers[n]), made.head("select")))
        if n % 20 == 19:
            say(f"{n + 1} approved")
    return rows, second


def bench(options, say):
    work = pathlib.Path(tempfile.mkdtemp(prefix="hinomi-protect-"))
    work.chmod(0o755)
    made = Nation(work, options)
    begun = time.monotonic()
    try:
        for step, text in ((made.prepare, "preparing"), (made.hub, "the hub"), (made.build, "the nation"), (lambda: made.fill(options.entries), "entries"),
                           (lambda: made.hold(options.holdings), "holdings"),
                           (made.settle, "publishing"), (made.commission, "the commission"), (made.witness, "its witness"),
                           *(((made.sensor, "the sensor"),) if options.interface else ()), (made.resolver, "the resolver"),
                           (lambda: made.simulate(options.edges), "the other edges"), (made.settle, "quiet")):
            step()
            say(f"{text}: {time.monotonic() - begun:.1f} s")
        sizes = {key: made.head(key) for key in ("block", "select")}
        rows, second = measure(made, options, say)
        result = {"entries": options.entries, "edges": options.edges + (2 if options.interface else 1),
                  "base_bytes": {key: head["base"]["size"] for key, head in sizes.items()},
                  "answered": summary([row[1] for kind in rows.values() for row in kind]),
                  "resolver": summary([row[2] for row in rows["resolver"]]),
                  "sensor": summary([row[2] for row in rows["sensor"]])}
        if options.edges > 1:
            result["everywhere"] = summary(everywhere(made, rows))
        result["beside"] = sum(row[4] for kind in rows.values() for row in kind)
        if options.rows:
            result["rows"] = rows
        if options.interface and options.holdings and options.count < len(SERVERS):
            result["table"] = table(made, second)
        if options.interface:
            result["outside"] = outside(made, second)
        result["simulated"] = made.end_simulated()
        result["seconds"] = time.monotonic() - begun
        return result
    finally:
        os.seteuid(os.getuid())
        made.end_simulated()
        made.stop()
        if options.keep:
            say(f"kept: {work}")
        else:
            shutil.rmtree(work, ignore_errors=True)


def tell(result):
    print(f"\n{result['entries']} entries in each set, {result['edges']} edges connected\n")
    print("| from the click to        | approvals | median  | p90     | p99     | max     |\n|---|---|---|---|---|---|")
    for key, text in (("answered", "the hub's answer"), ("resolver", "the first blocked answer"), ("sensor", "the first selected flow"),
                      ("everywhere", "the last simulated edge")):
        row = result.get(key)
        if row is not None:
            print(f"| {text:24} | {row['count']:9} | " + " | ".join(f"{row[k] * 1000:4.0f} ms" for k in ("median", "p90", "p99", "max")) + " |")
    if "outside" in result:
        o = result["outside"]
        print(f"\noutside the bounds ({o['entry']}): version {o['version_published']} refused at the sensor ({o['refused']['refusal']}), "
              f"version {o['version_in_force']} stays; in the ledger: {'yes' if o['ledger'] else 'NO'}")
    if "table" in result:
        print(f"with a changed table of holdings: {result['table']['seconds'] * 1000:.0f} ms, an overlay of {result['table']['bytes']} bytes")
    if result["beside"]:
        print(f"{result['beside']} of the approvals while edges were fetching a new base")
    print(f"simulated edges: {json.dumps(result['simulated'])}; {result['seconds']:.0f} s in all")


def main():
    parser = argparse.ArgumentParser(prog="./x bench protect", description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--count", type=int, default=200, help="approvals of each kind, 1 to 500 (200)")
    parser.add_argument("--entries", type=int, default=1000000, help="in force in each set (1000000)")
    parser.add_argument("--grow", type=int, default=0, help="more entries just before, so that a new base is made and fetched meanwhile (0)")
    parser.add_argument("--holdings", type=int, default=0, help="prefixes that organisations hold, up to 1000000 (0)")
    parser.add_argument("--edges", type=int, default=98, help="simulated, beside the real ones (98)")
    parser.add_argument("--rows", action="store_true", help="with --json: every approval")
    parser.add_argument("--keep", action="store_true", help="leaves what was made, with the logs")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    if not 1 <= options.count <= 500 or options.entries < 0 or options.grow < 0 or not 0 <= options.edges <= 1000:
        parser.error("--count 1 to 500, --edges up to 1000")
    why = in_namespace()
    if why is not None:
        print(f"no sensor, the resolver alone is measured: {why}", file=sys.stderr)
    subprocess.run(["ninja", "-C", SOURCE / "build", "tests/bench/bench_edges"], check=True, stdout=subprocess.DEVNULL)

    def end(*_):
        raise KeyboardInterrupt
    signal.signal(signal.SIGTERM, end)
    try:
        result = bench(options, lambda text: print(f"... {text}", file=sys.stderr, flush=True))
    except RuntimeError as error:
        sys.exit(f"bench protect: {error}")
    print(json.dumps(result, indent=1)) if options.json else tell(result)


if __name__ == "__main__":
    main()
