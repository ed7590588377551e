#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The Hinomi authors
"""A resolver that runs reports what it stopped: events that fit their schema and name no more than was listed, files
that read after kill -9, a full disk that hurts no answer, numbers for Prometheus and for ctl. Told by TAP."""
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

sys.dont_write_bytecode = True
from select_world import HINOMI, Tap, schema, schema_faults  # noqa: E402

ORGANISATION = "11111111-2222-4333-8444-555555555555"
ZONE = "$ORIGIN rpz.test.\n@ 60 IN SOA localhost. root. 7 60 60 60 60\n@ 60 IN NS localhost.\n"
NATIONAL = ZONE + "evil.example 60 IN CNAME .\n*.evil.example 60 IN CNAME .\ngone.example 60 IN CNAME rpz-drop.\n"
WATCH = ZONE + "evil.example 60 IN CNAME .\n"
CONFIG = """listen: [{{address: 127.0.0.1, port: {dns}, transports: [udp, tcp]}}]
threads: 2
recursion: {{threads: 1, answer_within: 2s}}
groups:
  - {{name: office, prefixes: [127.0.0.1], policy: [watch, national]}}
  - {{name: town, prefixes: [127.0.0.2], organisation: {organisation}, addresses: true}}
policy:
  - {{name: national, rpz: national.rpz}}
  - {{name: watch, rpz: watch.rpz, action: log-only}}
events: {{directory: {events}, rotate: 1h}}
metrics: {{port: {http}}}
control: {{socket: control}}
"""


def free_ports(count):
    taken = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [s.getsockname()[1] for s in taken]
    for s in taken:
        s.close()
    return ports


def question(name, number):
    labels = b"".join(bytes([len(x)]) + x.encode() for x in name.split("."))
    return number.to_bytes(2, "big") + b"\1\0\0\1\0\0\0\0\0\0" + labels + b"\0\0\1\0\1"


class Resolver:
    def __init__(self, directory, events="events"):
        self.directory = pathlib.Path(directory)
        self.events = self.directory / events
        self.dns, self.http = free_ports(2)
        (self.directory / "national.rpz").write_text(NATIONAL)
        (self.directory / "watch.rpz").write_text(WATCH)
        (self.directory / "r.yaml").write_text(CONFIG.format(dns=self.dns, http=self.http, events=events,
                                                             organisation=ORGANISATION))
        self.process = None

    def start(self):
        # A sanitizer's build looks for leaks with system calls that the sandbox does not leave it.
        environment = dict(os.environ, ASAN_OPTIONS=os.environ.get("ASAN_OPTIONS", "") + ":detect_leaks=0")
        with open(self.directory / "log", "ab") as log:
            self.process = subprocess.Popen([HINOMI, "resolver", "--config", "r.yaml"], cwd=self.directory, stderr=log,
                                            env=environment)
        for _ in range(300):
            if self.ctl("status"):
                return
            if self.process.poll() is not None:
                break
            time.sleep(0.1)
        print("Bail out! it does not start: " + self.log())
        sys.exit(1)

    def end(self, number=signal.SIGTERM):
        self.process.send_signal(number)
        return self.process.wait(60)

    def log(self):
        return (self.directory / "log").read_text()

    def ctl(self, *words):
        done = subprocess.run([HINOMI, "resolver", "ctl", "-s", "control", "--json", *words], cwd=self.directory,
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
        return json.loads(done.stdout)["answer"] if done.returncode == 0 else None

    def ask(self, name, client="127.0.0.1", times=1):
        """@return how many answers came"""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.bind((client, 0))
            s.settimeout(10)
            for i in range(times):
                s.sendto(question(name, i), ("127.0.0.1", self.dns))
                s.recv(4096)
        return times

    def drop(self, name):
        """Asks for what gets no answer."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.sendto(question(name, 1), ("127.0.0.1", self.dns))

    def http_get(self, path, method="GET"):
        request = urllib.request.Request(f"http://127.0.0.1:{self.http}{path}", method=method)
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as refusal:
            return refusal.code, ""

    def taken(self, wanted):
        """Waits until the writer has taken so many events."""
        for _ in range(200):
            if self.ctl("stats")["events_total"] >= wanted:
                return True
            time.sleep(0.05)
        return False


def lines(path):
    done = subprocess.run(["zstd", "-dcq", path], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
    return [json.loads(line) for line in done.stdout.splitlines()], done.returncode


def records(directory):
    found = []
    for path in sorted(directory.glob("*.ndjson.zst")):
        more, code = lines(path)
        if code != 0:
            return None
        found += more
    return found


def what_was_stopped(tap, resolver):
    resolver.start()
    if os.geteuid() == 0:
        status = pathlib.Path(f"/proc/{resolver.process.pid}/status").read_text()
        tap.equal("who was started as root has no capability, and none can come back",
                  set(re.findall(r"^Cap\w+:\s+(\w+)$", status, re.M)), {"0" * 16})
    resolver.ask("secret.evil.example", times=5)
    resolver.ask("evil.example")
    resolver.ask("secret.evil.example", "127.0.0.2")
    resolver.drop("gone.example")
    tap.check("the writer takes what was stopped", resolver.taken(9))
    top = resolver.ctl("top")["entries"]
    tap.equal("top", [(e["entry"], e["count"]) for e in top],
              [("*.evil.example", 6), ("evil.example", 1), ("gone.example", 1)])
    tap.equal("it ends well", resolver.end(), 0)
    found = records(resolver.events)
    tap.equal("one record for repeats", sorted((r["query"]["hostname"], r["count"],
                                                r["unmapped"]["hinomi"]["action"]) for r in found),
              [("evil.example", 1, "log-only"), ("evil.example", 1, "nxdomain"), ("evil.example", 1, "nxdomain"),
               ("evil.example", 5, "nxdomain"), ("gone.example", 1, "drop")])
    own = records(resolver.events / f"organisation-{ORGANISATION}")
    tap.equal("the address is for its organisation", [r["src_endpoint"] for r in own], [{"ip": "127.0.0.2"}])
    text = json.dumps(found)
    tap.check("neither the name that was asked nor an address is told", "secret" not in text and "127.0.0." not in text)
    tap.equal("two clients", len({r["src_endpoint"]["uid"] for r in found}), 2)
    wrong = [fault for r in found + own for fault in schema_faults(schema("record.schema.json"), r)]
    tap.equal("records fit catalog/record.schema.json", wrong[:3], [])
    tap.equal("files are their user's alone", {oct(p.stat().st_mode & 0o777) for p in resolver.events.rglob("*")
                                               if p.is_file()}, {"0o600"})


METRIC = re.compile(r'^(# (HELP|TYPE) hinomi_resolver_[a-z_0-9]+ .+|'
                    r'hinomi_resolver_[a-z_0-9]+(\{[a-z]+="[^"]*"\})? [0-9]+(\.[0-9]+)?)$')


def numbers(tap, resolver):
    resolver.start()
    resolver.ask("evil.example", times=3)
    status, text = resolver.http_get("/metrics")
    tap.equal("metrics are served", status, 200)
    tap.equal("each line is one of Prometheus' text", [x for x in text.splitlines() if not METRIC.match(x)], [])
    values = dict(x.rsplit(" ", 1) for x in text.splitlines() if not x.startswith("#"))
    prefix = "hinomi_resolver_"
    tap.equal("what they say", [values[prefix + x] for x in ('questions_total{transport="udp"}', 'answers_total{rcode="NXDOMAIN"}',
                                                            'blocked_total{action="nxdomain"}',
                                                            'policy_blocked_total{policy="national"}', "policy_generation")],
              ["3", "3", "3", "3", "1"])
    types = [x.split()[2] for x in text.splitlines() if x.startswith("# TYPE")]
    tap.equal("no family stands twice", len(types), len(set(types)))
    stats = resolver.ctl("stats")
    tap.equal("ctl tells the same", (stats["blocked_total"]["nxdomain"], set(prefix + x for x in stats)), (3, set(types)))
    tap.equal("other paths and methods", [resolver.http_get("/")[0], resolver.http_get("/metrics2")[0],
                                          resolver.http_get("/metrics", "POST")[0]], [404, 404, 405])
    days = resolver.ctl("sketch", "www.evil.example")
    tap.equal("what is stopped is not in the sketch", (days["name"], {d["asked"] for d in days["days"]}),
              ("evil.example", {"none"}))
    tap.equal("explain says how much a name is asked", resolver.ctl("explain", "evil.example")["asked"], days)


def killed(tap, resolver):
    """Under load; goes on from where numbers() left it."""
    for i in range(20):
        resolver.ask(f"n{i}.evil.example", times=20)
    resolver.taken(400)
    resolver.end(signal.SIGKILL)
    left = list(resolver.events.glob("*.part"))
    resolver.start()
    tap.equal("nothing half-written stays", list(resolver.events.glob("*.part")), [])
    tap.check("what is there reads", records(resolver.events) is not None, left)
    tap.equal("and it answers", resolver.ask("evil.example"), 1)
    resolver.end()


def full_disk(tap, directory):
    small = pathlib.Path(directory) / "small"
    small.mkdir()
    mounted = os.geteuid() == 0 and subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=32k,mode=0777", "tmpfs", small], stderr=subprocess.DEVNULL,
        check=False).returncode == 0
    if not mounted:
        tap.skip("a full disk", "cannot mount a tmpfs")
        return
    resolver = Resolver(directory, "small")
    try:
        resolver.start()
        filler = small / "filler"
        with open(filler, "wb", buffering=0) as f:
            try:
                while f.write(b"x" * 4096):
                    pass
            except OSError:
                pass
        resolver.ask("evil.example", times=10)
        resolver.ask("evil.example", "127.0.0.2")
        resolver.taken(21)
        # The sketch is what is written first: it does not fit either.
        resolver.ask("localhost")
        for _ in range(300):
            if resolver.ctl("stats")["events_failing"]:
                break
            time.sleep(0.1)
        tap.equal("it is told", resolver.ctl("stats")["events_failing"], 1)
        tap.equal("and answers go on", resolver.ask("evil.example", times=20), 20)
        tap.equal("in one line", resolver.log().count("cannot be written"), 1)
        filler.unlink()
        tap.equal("it ends well", resolver.end(), 0)
        tap.check("what waited is written", sum(r["count"] for r in records(small)) >= 31, resolver.log())
    finally:
        if resolver.process and resolver.process.poll() is None:
            resolver.end(signal.SIGKILL)
        subprocess.run(["umount", small], check=False)


def main():
    tap = Tap()
    if shutil.which("zstd") is None:
        print("1..0 # SKIP zstd is not installed")
        return
    for part in (what_was_stopped, None, full_disk):
        with tempfile.TemporaryDirectory(prefix="hinomi-events-") as directory:
            os.chmod(directory, 0o777)  # who starts as root writes as another user
            if part is full_disk:
                full_disk(tap, directory)
                continue
            resolver = Resolver(directory)
            try:
                if part:
                    part(tap, resolver)
                else:
                    numbers(tap, resolver)
                    killed(tap, resolver)
            finally:
                if resolver.process and resolver.process.poll() is None:
                    resolver.end(signal.SIGKILL)
    tap.done()


if __name__ == "__main__":
    main()
