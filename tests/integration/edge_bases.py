#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The Hinomi authors
"""A new base does not delay what is approved: while an edge fetches it by a line that stands still, cuts and comes back, each
approval comes into force there on the former base; at each moment what is in force is what the hub says of that version."""
import json
import os
import pathlib
import shutil
import socket
import sys
import threading
import time

sys.dont_write_bytecode = True
from edge_world import BIN, Edge, Tap, World, run, until, unb64  # noqa: E402

SIZE = 10000  # entries of an approval that makes a base due


class Line:
    """Carries what an edge and the hub say to each other. Held, it stops each answer that has become large."""

    def __init__(self, port):
        self.to, self.held, self.carried = port, threading.Event(), 0
        self.stopped, self.pairs = 0, []
        self.large = 430 << 10  # bytes: no overlay here has as many, the new base has
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            near, _ = self.listener.accept()
            try:
                far = socket.create_connection(("127.0.0.1", self.to))
            except OSError:
                near.close()
                continue
            pair = {"near": near, "far": far, "answer": 0}
            self.pairs.append(pair)
            for source, sink, down in ((near, far, False), (far, near, True)):
                threading.Thread(target=self.carry, args=(pair, source, sink, down), daemon=True).start()

    def carry(self, pair, source, sink, down):
        try:
            while data := source.recv(16384):
                pair["answer"] = pair["answer"] + len(data) if down else 0
                if down:
                    self.carried += len(data)
                    if self.held.is_set() and pair["answer"] > self.large:
                        self.stopped += 1
                        while self.held.is_set() and pair in self.pairs:
                            time.sleep(0.01)
                sink.sendall(data)
        except OSError:
            pass
        for one in (source, sink):
            try:
                one.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def cut(self, large):
        """Every connection whose answer is large; from then on so much is."""
        cut, self.large = [one for one in self.pairs if one["answer"] > self.large], large
        for pair in cut:
            self.pairs.remove(pair)
            for name in ("near", "far"):
                try:
                    pair[name].shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass


class Kept:
    """Files of heads, and what they come to: merged into one base, which has the bytes of a fresh compile."""

    def __init__(self, folder):
        self.folder, self.sums = folder, {}
        self.folder.mkdir()

    def content(self, head):
        files = [one["digest"] for one in [head["base"], *head["overlays"]]]
        key = tuple(files)
        if key not in self.sums:
            out = self.folder / "merged.him"
            out.unlink(missing_ok=True)
            run(BIN / "hinomi-indicators", "merge", "-o", out, *(self.folder / name for name in files))
            self.sums[key] = out.read_bytes()[24:56]  # the digest that the file states of itself
        return self.sums[key]


class Heads(threading.Thread):
    """All that the hub says of a set, with its files."""

    def __init__(self, edge, chosen, kept):
        super().__init__(daemon=True)
        self.edge, self.chosen, self.kept, self.said = edge, chosen, kept, {}
        self.start()

    def fetch(self, head):
        for one in [head["base"], *head["overlays"]]:
            path = self.kept.folder / one["digest"]
            if not path.exists():
                status, body = self.edge.ask("GET", f"/edge/v1/blobs/{one['digest']}")
                assert status == 200, (status, one)
                path.write_bytes(body)

    def run(self):
        connection, answer = self.edge.follow()
        while line := answer.readline():
            if line.startswith(b"data: "):
                head = json.loads(unb64(json.loads(line[6:])["payload"]))
                if head["id"] != self.chosen:
                    continue
                self.fetch(head)
                if "former" in head:
                    self.fetch(head["former"])
                self.said[head["version"]] = head
        connection.close()


class Watched(threading.Thread):
    """All that is in force in an edge's folder, one after the other."""

    def __init__(self, edge, chosen, kept):
        super().__init__(daemon=True)
        self.path, self.kept, self.seen, self.missing, self.ends = edge.dir / "sets" / chosen, kept, [], [], False
        self.start()

    def run(self):
        while not self.ends:
            try:
                head = json.loads((self.path / "head").read_text())
            except (OSError, ValueError):
                head = None
            if head and (not self.seen or self.seen[-1] != head):
                for one in [head["base"], *head["overlays"]]:
                    copy = self.kept.folder / one["digest"]
                    try:
                        if not copy.exists():
                            shutil.copy(self.path / f"{one['digest']}.him", copy)
                    except OSError:
                        self.missing.append((head["version"], one))
                self.seen.append(head)
            time.sleep(0.005)

    def last(self):
        return self.seen[-1] if self.seen else {"version": 0, "base": None, "overlays": []}


def names(prefix):
    return "[" + " OR ".join(f"domain-name:value = '{prefix}{i:05}.bases.example'" for i in range(SIZE)) + "]"


def approve(w, chosen, pattern):
    path = f"/api/v1/sets/{chosen}/approvals"
    asked = w.anna.post(path, {"object": w.indicator(pattern), "propose": True, "act": "act-2026-001"})
    assert asked.status == 201, asked
    assert w.ben.post(f"{path}/{asked.json['id']}/approve").status == 200


def through(edge, line):
    """The edge goes by this line from now on."""
    path = edge.dir / "edge.json"
    path.write_text(path.read_text().replace(str(edge.world.hub.edge_port), str(line.port)))


def settled(heads, watched):
    """What is in force is the newest that the hub says, on its newest base."""
    newest = heads.said[max(heads.said)] if heads.said else None
    last = watched.last()
    return newest and "former" not in newest and last["version"] == newest["version"] and last["base"] == newest["base"]


def bases(tap, w):
    chosen = w.set("block", names("a"))
    edge, beside = Edge(w, "resolver", w.anna), Edge(w, "resolver", w.anna)
    line = Line(w.hub.edge_port)
    through(edge, line)
    kept = Kept(w.dir / "kept")
    heads, watched = Heads(beside, chosen, kept), Watched(edge, chosen, kept)
    edge.dir.with_suffix(".events").mkdir(exist_ok=True)
    program = edge.start()
    until(lambda: settled(heads, watched) and watched.last()["base"]["size"] > 256 << 10, "a large base")
    old, first = watched.last()["base"], watched.last()["version"]

    line.held.set()
    approve(w, chosen, names("b"))
    offered = until(lambda: [head for v, head in sorted(heads.said.items()) if v > first and "former" in head], "a new base")[0]
    tap.check("a set that has grown by much gets a new base, and the former goes on beside it",
              offered["former"]["base"] == old and offered["base"]["size"] > 1.5 * old["size"], offered)
    until(lambda: line.stopped > 0, "the base is on its way, and its line stands still")
    took = []
    for i in range(12):
        approve(w, chosen, f"[ipv4-addr:value = '203.0.113.{i + 1}']")
        version, begun = max(offered["version"], watched.last()["version"]) + 1, time.monotonic()
        until(lambda: watched.last()["version"] >= version, "an approval beside it")
        took.append(time.monotonic() - begun)
    print(f"# in force beside a base that does not come: longest {max(took) * 1000:.0f} ms")
    tap.check("each approval is in force while the base does not come", watched.last()["base"] == old and line.held.is_set(), watched.last())
    state = lambda: [one.get("base") for one in w.edge(edge)["health"]["heads"] if one["id"] == chosen]  # noqa: E731
    until(lambda: w.edge(edge).get("health") and state() == [old["digest"]], "the edge says which base it uses")
    time.sleep(11)
    tap.check("and as long as one says so the hub serves it", "former" in heads.said[max(heads.said)], heads.said[max(heads.said)])

    part = edge.dir / "sets" / chosen / f"{offered['base']['digest']}.him.part"
    stood, before, carried = line.stopped, part.stat().st_size, line.carried
    line.cut(100 << 10)
    until(lambda: line.stopped > stood, "it comes again")
    program.kill()
    program.wait()
    tap.check("what was there of it is kept", part.stat().st_size >= before > 0, before)
    late = "[ipv4-addr:value = '203.0.113.200']"
    program = edge.start()
    approve(w, chosen, late)
    version = watched.last()["version"]
    until(lambda: watched.last()["version"] > version, "an approval after a kill")
    line.held.clear()
    line.cut(1 << 30)
    until(lambda: watched.last()["base"] == offered["base"], "the new base")
    rest = line.carried - carried
    tap.check("a base is taken up where it ended", rest < offered["base"]["size"], f"{rest} of {offered['base']['size']}, {before} were there")
    until(lambda: settled(heads, watched), "the former base is let go")
    approve(w, chosen, "[ipv4-addr:value = '203.0.113.201']")
    until(lambda: watched.last()["version"] == max(heads.said) and settled(heads, watched), "the end")
    until(lambda: {p.name for p in (edge.dir / "sets" / chosen).iterdir()} ==
          {"head", *(f"{one['digest']}.him" for one in [watched.last()["base"], *watched.last()["overlays"]])}, "what is used no more goes")
    watched.ends = True
    watched.join()
    # Of versions that come close together a stream may tell the last alone.
    seen = [head for head in watched.seen if head["version"] in heads.said]
    wrong = [(head["version"], head["base"]["digest"]) for head in seen if kept.content(head) != kept.content(heads.said[head["version"]])]
    print(f"# {len(watched.seen)} moments, {len(seen)} compared")
    tap.check("at each moment what was in force is what the hub said of that version", len(seen) > 12 and not wrong and not watched.missing,
              wrong, watched.missing)
    both = [head for head in heads.said.values() if "former" in head]
    tap.check("both bases of a head say the same", len(both) > 2 and all(kept.content(head) == kept.content(head["former"]) for head in both))
    tap.check("versions only rise", all(a["version"] <= b["version"] for a, b in zip(watched.seen, watched.seen[1:])))
    program.terminate()
    tap.equal("the edge ends well", program.wait(timeout=30), 0)


def main():
    tap = Tap()
    w = World(config="http: {rate: 0, body_max: 16 MiB}\n")
    try:
        bases(tap, w)
    except Exception:
        for log in w.dir.glob("*.log"):
            sys.stderr.write(log.read_text(errors="replace")[-3000:])
        raise
    finally:
        w.end()
    tap.done()


if __name__ == "__main__":
    main()
