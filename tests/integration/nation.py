#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The Hinomi authors
"""The demonstration as ./x run starts it: a nation on this machine, from the approval to the refused name, the event, the receipt."""
import json
import os
import pathlib
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
import uuid

SOURCE = pathlib.Path(os.environ["HINOMI_SOURCE"])
sys.path.insert(0, str(SOURCE / "scripts"))
sys.dont_write_bytecode = True
import demo  # noqa: E402  scripts/demo.py
from hub_world import Tap, free_port  # noqa: E402  beside this file

tap = Tap()
# An event is told when its minute is over, and its file is closed a little later.
PATIENCE = 240


def until(holds, what):
    """@return what the condition gave"""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if value := holds():
            return value
        time.sleep(0.05)
    raise TimeoutError(f"never: {what}")


class World:
    def __init__(self):
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="hinomi-demo-"))
        self.dir.chmod(0o755)
        self.ports = {name: free_port() for name in demo.PORTS}
        self.env = dict(os.environ, HINOMI_DEMO=str(self.dir / "nation"), HINOMI_DEMO_PORTS=json.dumps(self.ports), HINOMI_LANG="en")

    def start(self, *options, wait=b"Try:"):
        self.out = open(self.dir / "out", "wb")
        self.process = subprocess.Popen(["/usr/bin/python3", str(SOURCE / "scripts" / "demo.py"), *options], env=self.env,
                                        stdin=subprocess.DEVNULL, stdout=self.out, stderr=self.out)
        until(lambda: wait in self.said() or self.process.poll() is not None, "the demonstration")
        return b"healthy after" in self.said()

    def said(self):
        return (self.dir / "out").read_bytes()

    def stop(self, how=signal.SIGTERM):
        self.process.send_signal(how)
        return self.process.wait(timeout=120)

    def programs(self):
        """@return the processes that run with this nation's folder, by the name of their program"""
        found = {}
        for one in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
            try:
                words = one.read_bytes().decode(errors="replace").split("\0")
            except OSError:
                continue
            if any(str(self.dir / "nation") in word for word in words) and "demo.py" not in " ".join(words):
                found[pathlib.Path(words[0]).name] = int(one.parent.name)
        return found

    def api(self, who):
        state = json.loads((self.dir / "nation" / "state.json").read_text())
        return demo.Api(self.ports["hub"], demo.basic(who, state["passwords"][who])), state

    def answer(self, name):
        try:
            return demo.question(self.ports["dns"], name)
        except TimeoutError:
            return None


def approve(world, name):
    """Anna proposes, Ben approves. @return the indicator's id"""
    anna, state = world.api("anna")
    ben, _ = world.api("ben")
    path = f"/api/v1/sets/{state['sets']['block']}/approvals"
    indicator = {"type": "indicator", "spec_version": "2.1", "id": f"indicator--{uuid.uuid4()}", "created": demo.now(),
                 "modified": demo.now(), "pattern": f"[domain-name:value = '{name}']", "pattern_type": "stix",
                 "valid_from": "2024-01-01T00:00:00Z", "object_marking_refs": [demo.GREEN]}
    anna.ask("POST", "/api/v1/objects", {"type": "bundle", "id": f"bundle--{uuid.uuid4()}", "objects": [indicator]})
    made = anna.ask("POST", path, {"object": indicator["id"], "propose": True})
    ben.ask("POST", f"{path}/{made['id']}/approve")
    return indicator["id"], f"{path}/{made['id']}"


def refuses(world):
    """It begins with nothing that is another's."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", world.ports["edges"]))
        taken.listen()
        tap.check("where a port is taken it does not begin", not world.start() and world.process.wait() == 2 and
                  str(world.ports["edges"]).encode() in world.said(), world.said())
    precious = world.dir / "nation" / "precious"
    precious.touch()
    (world.dir / "nation" / "state.json").unlink(missing_ok=True)
    tap.check("nor in a folder that holds something else", not world.start("--fresh") and world.process.wait() == 2 and precious.exists(),
              world.said())
    precious.unlink()


def interrupted(world):
    world.start(wait=b"... its witness")
    tap.equal("Ctrl-C, twice, in the middle", (world.process.send_signal(signal.SIGINT), world.stop(signal.SIGINT))[1], 0)
    tap.equal("leaves no program", world.programs(), {})


def directory(world):
    ben, _ = world.api("ben")
    found = ben.ask("GET", "/api/v1/organisations?limit=500")["organisations"]
    kinds = set(json.loads((SOURCE / "catalog" / "api" / "organisation.json").read_text())["properties"]["kind"]["enum"])
    tap.equal("there are organisations of every kind", kinds - {one["kind"] for one in found}, {"public"})
    tap.equal("with names in both languages", [one for one in found if {name["language"] for name in one["names"]} != {"en", "ja"}], [])
    sectors = {sector for one in found for sector in one.get("sectors", {}).get("critical", [])}
    tap.equal("of every sector", len(sectors), 15)


def killed(world):
    other = subprocess.run(["/usr/bin/python3", str(SOURCE / "scripts" / "demo.py"), "--fresh"], env=world.env, capture_output=True,
                           timeout=120, check=False, stdin=subprocess.DEVNULL)
    tap.check("a second one beside it does not begin", other.returncode == 2, other)
    os.kill(world.programs()["hinomi-resolver"], signal.SIGKILL)
    tap.equal("where a program is killed, all of it ends", world.process.wait(timeout=120), 5)
    tap.check("and says which", b"resolver ended by signal 9" in world.said(), world.said())
    tap.equal("and leaves none", world.programs(), {})


def protected(world):
    name = "new-in-the-list.example"
    tap.check("a name is resolved before it is listed", world.answer(name) == (0, 1))
    indicator, approval = approve(world, name)
    until(lambda: (world.answer(name) or (0,))[0] == 3, "the block")
    tap.check("approved by a second person, it is refused", True)
    anna, _ = world.api("anna")
    until(lambda: anna.ask("GET", f"/api/v1/edge-events?indicator={indicator}")["events"], "the event")
    event = anna.ask("GET", f"/api/v1/edge-events?indicator={indicator}")["events"][0]
    tap.check("the question that was refused is an event at the hub", event["value"] == name and event["count"] >= 1, event)
    days = until(lambda: anna.ask("GET", f"/api/v1/sightings?indicator={indicator}")["days"], "the sighting")
    tap.check("and a sighting of the day", days[0]["source"] == "resolver" and days[0]["count"] == event["count"], days)
    ben, _ = world.api("ben")
    ben.ask("POST", approval + "/retire")
    until(lambda: (world.answer(name) or (3,))[0] == 0, "the retreat")
    tap.check("retired, it is resolved again", True)


def witness(world, *command):
    config = world.dir / "nation" / "commission" / "witness.yaml"
    return subprocess.run([str(demo.BIN / "hinomi-witness"), *command, "--config", str(config)], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, env=world.env).stdout


def at_hub(nation):
    with sqlite3.connect(f"file:{nation}/witness/witness.db?mode=ro", uri=True) as state:
        return state.execute("SELECT 1 FROM receipts WHERE at_hub = 1").fetchone()


def no_alarm(world, what):
    alarms = witness(world, "alarms")
    tap.check(what, alarms.strip() in ("", "no alarms"), alarms, (world.dir / "nation" / "logs" / "witness.log").read_text())


def selected(world):
    ben, state = world.api("ben")
    receipts = until(lambda: [one for one in ben.ask("GET", "/api/v1/receipts")["receipts"] if one["packets"]["selected"]], "a receipt")
    tap.check("receipts of the sensor came, and hold", all(one["holds"] for one in receipts), receipts)
    use = ben.ask("GET", f"/api/v1/authorisations/{state['authorised']}")["use"]
    tap.check("the authorisation's use is counted by them", use["receipts"] >= 1, use)
    tap.check("what was selected is not shown to who does not handle it", ben.ask("GET", "/api/v1/selected")["records"] == [])
    edges = ben.ask("GET", "/api/v1/edges")["edges"]
    tap.check("both edges follow", sorted(one["kind"] for one in edges if one["follows"]) == ["resolver", "sensor"], edges)
    nation = world.dir / "nation"
    until(lambda: at_hub(nation), "a receipt that the witness has, and finds at the hub")
    no_alarm(world, "the commission's witness signed, hears the sensor, and has no alarm")
    until(lambda: b"hinomi/witness/commission" in ben.ask("GET", "/api/v1/ledger/cosigned", expect=(200, 404)), "its cosignature")
    tap.check("it cosigns the hub's ledger", True)
    situation = ben.ask("GET", "/api/v1/situation")
    tap.check("the situation counts packets and edges", situation["packets"]["seen"] > 0 and situation["edges"]["enrolled"] == 2, situation)


def programs(world):
    """@return of each program of ours that the demonstration began: its name, and what it may still do"""
    found = []
    for folder in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            status = dict(line.split(":\t", 1) for line in (folder / "status").read_text().splitlines() if ":\t" in line)
            name = pathlib.Path(os.fsdecode((folder / "cmdline").read_bytes().split(b"\0")[0])).name
        except (OSError, ValueError):
            continue  # gone meanwhile
        if int(status["PPid"]) == world.process.pid and name.startswith("hinomi-"):
            found.append((name, status["NoNewPrivs"], int(status["CapEff"], 16), status["Seccomp"]))
    return sorted(found)


def confined(world):
    names = ["hinomi-edge", "hinomi-edge", "hinomi-hub", "hinomi-resolver", "hinomi-sensor", "hinomi-witness"]
    tap.check("each program has no capability, can gain none, and its system calls are filtered",
              programs(world) == [(name, "1", 0, "2") for name in names], programs(world))


def main():
    world = World()
    try:
        refuses(world)
        interrupted(world)
        tap.check("all of it is healthy", world.start(), world.said().decode(errors="replace"))
        directory(world)
        tap.check("a listed name is refused", world.answer(demo.BLOCKED[0])[0] == 3)
        tap.check("another is resolved", world.answer("www.harbor.example") == (0, 1))
        beyond = world.answer("www.iana.org")
        tap.check("nothing beyond the lab's names is there", beyond is None or (beyond[0] != 0 and beyond[1] == 0), beyond)
        confined(world)
        selected(world)
        protected(world)
        no_alarm(world, "nor when some minutes have gone")
        tap.check("it ends well", world.stop() == 0, world.said().decode(errors="replace"))
        nation = world.dir / "nation"
        records = [json.loads(line) for line in (nation / "sensor" / "selected.ndjson").read_text().splitlines() if line]
        named = {one["unmapped"]["hinomi"].get("organisation") for one in records}
        known = set(json.loads((nation / "state.json").read_text())["organisations"].values())
        tap.check("records name who holds the domestic end", bool(records) and bool(named & known), named)
        verified = subprocess.run([str(demo.BIN / "hinomi-select"), "--verify", "--key", str(nation / "sensor-edge" / "identity.pub"),
                                   str(nation / "sensor")], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        tap.check("the sensor's receipts, records and ledger verify", verified.returncode == 0, verified.stdout)
        tap.check("it begins again with what it kept", world.start(), world.said().decode(errors="replace"))
        tap.check("and refuses what is listed", world.answer(demo.BLOCKED[0])[0] == 3)
        killed(world)
    except TimeoutError:
        for log in sorted((world.dir / "nation" / "logs").glob("*.log")):
            print(f"# {log.name}", *log.read_text(errors="replace").splitlines()[-20:], sep="\n#   ")
        raise
    finally:
        if world.process.poll() is None:
            world.stop()
        shutil.rmtree(world.dir, ignore_errors=True)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
