#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The Hinomi authors
"""The folder of the consumer is not there yet when its edge starts, is replaced while it runs, or can never be."""
import json
import os
import sys
import uuid

sys.dont_write_bytecode = True
from edge_world import DEADLINE, Edge, Tap, World, event, packed, until  # noqa: E402


def write(folder, turn):
    """An event file, whole under its name. @return what it tells"""
    value = f"{uuid.uuid4().hex[:8]}.example"
    name = f"events-20260101T{turn:06d}Z.ndjson.zst"
    (folder / ("." + name)).write_bytes(packed(json.dumps(event(value=value)).encode() + b"\n"))
    (folder / ("." + name)).rename(folder / name)
    return value


def arrived(w, value):
    return until(lambda: value in [one["value"] for one in w.admin.get("/api/v1/edge-events").json["events"]], "the event")


def main():
    tap, w = Tap(), World()
    process = None
    try:
        folder = w.dir / "made-later"
        edge = Edge(w, "resolver", w.anna, events=folder)
        tap.equal("what is not there is kept as a whole path", edge.state["events"], str(folder))
        process = edge.start()
        until(edge.follows, "it follows")
        tap.equal("the edge made its consumer's folder, for its user alone", folder.stat().st_mode & 0o7777, 0o700)
        os.makedirs(folder, exist_ok=True)  # as the resolver does
        tap.check("and takes what is written there", arrived(w, write(folder, 1)), edge.log())
        folder.rename(w.dir / "moved-away")
        folder.mkdir()
        left = write(folder, 2)
        tap.equal("one that came in its place ends the edge", process.wait(DEADLINE), 5)
        tap.check("which says so", f"{folder}: is another folder now" in edge.log(), edge.log())
        process = edge.start()
        tap.check("started again it takes from there", arrived(w, left), edge.log())
        process.terminate()
        tap.equal("and ends when it is told to", process.wait(DEADLINE), 0)
        nowhere = Edge(w, "resolver", w.anna, events=w.dir / "no" / "such")
        tap.equal("one that cannot be made is no start", nowhere.start().wait(DEADLINE), 5)
        tap.check("and says what to do", "is not there and cannot be made" in nowhere.log(), nowhere.log())
    finally:
        if process:
            process.kill()
            process.wait()
        w.end()
    tap.done()


main()
