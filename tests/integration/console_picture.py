#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The Hinomi authors
"""Takes the README's pictures of the console (./x screenshot): the demonstration runs as ./x run has it, with one more
resolver that tells of its last day; Chromium signs in as Anna, in English and in Japanese.

usage: console_picture.py FOLDER    console.png and console.ja.png are put there"""
import contextlib
import json
import math
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import uuid

sys.dont_write_bytecode = True
from console import GREEN, SOURCE, Edge, indicator, missing, now, stix  # noqa: E402  beside this file
from nation import World, demo, until  # noqa: E402  beside this file

HOUR_MS = 3_600_000
SHARES = (5, 3, 2, 1)  # of what is blocked, name by name


def known(anna):
    """The indicators of the block list, by name."""
    found = {}
    for name in demo.BLOCKED:
        for item in anna.ask("GET", f"/api/v1/search?value={name}")["objects"]:
            if item["object"]["type"] == "indicator":
                found[name] = item["object"]["id"]
    return found


def day(edge, indicators, block):
    """More by day than by night, in Japan, as people ask."""
    at, lines = int(time.time() * 1000), []
    for hour in reversed(range(24)):
        busy = 1.2 - math.cos((at / HOUR_MS + 9 - hour) * math.pi / 12)
        for share, (name, of) in zip(SHARES, indicators.items()):
            count = round(4 * share * busy * (1 + (hour * 7 + share) % 3 / 4))
            lines.append({"metadata": {"uid": str(uuid.uuid4())}, "time": at - hour * HOUR_MS - 1000, "count": max(1, count),
                          "query": {"hostname": name}, "unmapped": {"hinomi": {"set": block, "action": "block", "indicator": of, "value": name}}})
    edge.send("events", *lines)
    edge.send("health", {"time": now(), "spool": {"bytes": 0}})


def knowledge(anna, block):
    """What an analyst would have beside it, and two proposals that wait for Ben."""
    group = stix("intrusion-set", name="KITSUNEBI", aliases=["狐火"], description="電力・医療分野を狙う攻撃グループ。")
    malware = stix("malware", name="ONIBI", is_family=True, malware_types=["remote-access-trojan"])
    report = stix("report", name="狐火の活動について", published=now(), object_refs=[group["id"], malware["id"]])
    new = [indicator(f"[domain-name:value = '{name}']", name=title, confidence=85, indicator_types=["malicious-activity"])
           for name, title in (("mail.kitsunebi.example", "狐火の指令サーバ"), ("cdn.onibi.example", "ONIBI の配布元"))]
    seen = [stix("sighting", sighting_of_ref=one["id"], count=n + 2, first_seen=now(days=-1), last_seen=now()) for n, one in enumerate(new)]
    links = [stix("relationship", relationship_type="indicates", source_ref=one["id"], target_ref=group["id"]) for one in new]
    anna.ask("POST", "/api/v1/objects", {"type": "bundle", "id": f"bundle--{uuid.uuid4()}", "objects": [group, malware, report, *new, *seen, *links]})
    for one, reason in zip(new, ("狐火の指令サーバ、他国CERTの通報と一致", "検体 ONIBI の取得元")):
        anna.ask("POST", f"/api/v1/sets/{block}/approvals", {"object": one["id"], "propose": True, "reason": reason})


def follow(edge):
    """Hears of new sets until the demonstration ends, as an edge does."""
    def hear():
        with contextlib.suppress(ValueError, OSError):
            edge.ask("GET", "/edge/v1/heads", None, {})
    threading.Thread(target=hear, daemon=True).start()


def take(world, state, folder):
    anna = demo.Api(world.ports["hub"], demo.basic("anna", state["passwords"]["anna"]))
    code = anna.ask("POST", "/api/v1/edges", {"kind": "resolver", "names": {"en": "Umeda resolver", "ja": "梅田リゾルバー"}})["code"]
    edge = Edge(code, world.ports["edges"])
    try:
        day(edge, known(anna), state["sets"]["block"])
        knowledge(anna, state["sets"]["block"])
        follow(edge)
        until(lambda: anna.ask("GET", "/api/v1/situation")["packets"]["selected"], "a receipt with something selected")
        told = {"url": f"http://localhost:{world.ports['hub']}", "password": state["passwords"]}
        subprocess.run(["node", str(pathlib.Path(__file__).with_name("console_picture.mjs"))], check=True, timeout=300, stdin=subprocess.DEVNULL,
                       stdout=sys.stderr, env=dict(os.environ, CONSOLE_WORLD=json.dumps(told), CONSOLE_SCREENSHOTS=str(folder),
                                CONSOLE_PACKAGES=str(SOURCE / "console/package.json"), CONSOLE_BROWSER=shutil.which("chromium")))
    finally:
        edge.remove()


def main():
    folder = pathlib.Path(sys.argv[1]).resolve()
    if why := missing():
        sys.exit(f"console_picture.py: {why}")
    world = World()
    try:
        if not world.start():
            sys.exit(world.said().decode(errors="replace"))
        _, state = world.api("anna")
        with tempfile.TemporaryDirectory() as made:
            take(world, state, made)
            for name in ("console.png", "console.ja.png"):
                shutil.copyfile(pathlib.Path(made) / name, folder / name)
    finally:
        if world.process.poll() is None:
            world.stop()
        shutil.rmtree(world.dir, ignore_errors=True)


if __name__ == "__main__":
    main()
