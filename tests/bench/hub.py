#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The Hinomi authors
"""./x bench hub: what the hub takes to add, page, find and hand out objects, beside what SQLite and the loopback alone take.

The hub runs on one core, who asks on the other. Visibility, rate limit, access log and ledger are on; a time ends when the
2xx is there, after the fsync. Index and correlation follow; how far behind they are is told apart.
"""
import argparse
import http.client
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

SOURCE = pathlib.Path(os.environ["HINOMI_SOURCE"])
sys.path.insert(0, str(SOURCE / "tests" / "integration"))
from hub_world import Client, Hub, Postgres  # noqa: E402

BUILD = SOURCE / "build"
PAGES = "/taxii2/nation/collections/all/objects/"
# A limit that counts and never bites.
CONFIG = "http:\n  rate: 10000000\n  burst: 10000000\n  threads: 1\n  bulk_max: 8 GiB\n"
HUB_CORE, ASKING_CORE = ("0", "1") if (os.cpu_count() or 1) > 1 else ("0", "0")


def table(head, rows):
    rows = [[str(cell) for cell in row] for row in rows]
    widths = [max(len(row[i]) for row in [head, *rows]) for i in range(len(head))]
    for row in [head, ["-" * w for w in widths], *rows]:
        print("| " + " | ".join(cell.ljust(w) for cell, w in zip(row, widths)) + " |")
    print(flush=True)


def uuid_of(n):
    """The same identifiers in each run, spread as random ones are."""
    spread = (n * 0x9E3779B97F4A7C15) & (2**64 - 1)
    return f"{spread >> 32:08x}-{spread >> 16 & 0xffff:04x}-4{n & 0xfff:03x}-8{spread & 0xfff:03x}-{n:012x}"


def address_of(n):
    spread = (n * 2654435761) & 0xffffffff
    return f"{1 + (spread >> 24) % 200}.{spread >> 16 & 255}.{spread >> 8 & 255}.{spread & 255}"


def indicator(n, size=0):
    text = (f'{{"type":"indicator","spec_version":"2.1","id":"indicator--{uuid_of(n)}","created":"2026-01-01T00:00:00.000Z",'
            f'"modified":"2026-01-01T00:00:00.000Z","name":"server {n}","indicator_types":["malicious-activity"],'
            f'"pattern":"[ipv4-addr:value = \'{address_of(n)}\']","pattern_type":"stix","valid_from":"2026-01-01T00:00:00Z",'
            f'"object_marking_refs":["marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb"]')  # TLP:GREEN
    if size:
        text += ',"description":"' + "seen in the week's traffic of a town; "[: max(0, size - len(text) - 20)].ljust(
            max(0, size - len(text) - 20), "x") + '"'
    return text + "}"


class World:
    """A hub with an administrator and a token, on a core of its own."""

    def __init__(self, database=None):
        self.hub = Hub(CONFIG, database=database, start=False, prefix=("taskset", "-c", HUB_CORE))
        self.token = json.loads(self.hub.command("init", "--token", "--json").stdout)["token"]
        self.hub.start()
        self.client = Client(self.hub, token=self.token)

    def memory(self):
        """MB resident now and at most."""
        status = pathlib.Path(f"/proc/{self.hub.process.pid}/status").read_text()
        return tuple(int(status.split(f"{name}:")[1].split()[0]) / 1024 for name in ("VmRSS", "VmHWM"))

    def post(self, path, body, media):
        """@return seconds, the answer"""
        connection = http.client.HTTPConnection("127.0.0.1", self.hub.port, timeout=3600)
        start = time.monotonic()
        connection.request("POST", path, body, {"Authorization": f"Bearer {self.token}", "Content-Type": media})
        answer = connection.getresponse()
        text = answer.read()
        seconds = time.monotonic() - start
        connection.close()
        if answer.status // 100 != 2:
            raise SystemExit(f"{path}: {answer.status} {text[:300]!r}")
        return seconds, json.loads(text)

    def indexed(self):
        """Waits for the index. @return seconds"""
        start = time.monotonic()
        while not self.client.ask("GET", "/api/v1/search?text=nothing", check=False).json["complete"]:
            time.sleep(0.02)
        return time.monotonic() - start

    def load(self, paths, seconds, connections=16):
        """Requests a second, and the hub's microseconds of CPU for one."""
        with tempfile.NamedTemporaryFile("w", suffix=".paths") as file:
            file.write("\n".join(paths))
            file.flush()
            before = self.cpu()
            out = subprocess.run(
                ["taskset", "-c", ASKING_CORE, BUILD / "tests/bench/bench_http_load", str(self.hub.port), str(seconds),
                 str(connections), file.name, f"Authorization: Bearer {self.token}"], check=True, capture_output=True, text=True)
            spent = self.cpu() - before
        got = json.loads(out.stdout)
        if got["bad"]:
            raise SystemExit(f"{got['bad']} of {got['answers']} answers were not 2xx")
        got["a_second"] = got["answers"] / got["seconds"]
        got["cpu_us"] = spent / got["answers"] * 1e6
        return got

    def cpu(self):
        fields = pathlib.Path(f"/proc/{self.hub.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def pages(self, limit):
        """The paths of all pages, one behind the other, and the seconds it took to read them."""
        connection = http.client.HTTPConnection("127.0.0.1", self.hub.port, timeout=600)
        paths, path, got = [], f"{PAGES}?limit={limit}", 0
        start = time.monotonic()
        while path:
            paths.append(path)
            connection.request("GET", path, headers={"Authorization": f"Bearer {self.token}",
                                                     "Accept": "application/taxii+json;version=2.1"})
            answer = connection.getresponse()
            text = answer.read()
            got += len(text)
            tail = text[-80:]
            at = tail.find(b'"next":"')
            following = tail[at + 8:].partition(b'"')[0].decode()
            path = f"{PAGES}?limit={limit}&next={following}" if at >= 0 else None
        seconds = time.monotonic() - start
        connection.close()
        return paths, seconds, got

    def stop(self):
        self.client.close()
        self.hub.remove()


def limit(what, argument, seconds=1.0):
    out = subprocess.run(["taskset", "-c", HUB_CORE, BUILD / "tests/bench/bench_hub_limit", what, str(argument), str(seconds)],
                         check=True, capture_output=True, text=True)
    return json.loads(out.stdout)["a_second"]


def bundle(objects):
    return ('{"type":"bundle","id":"bundle--8e2e2d2b-17d4-4cbf-938f-000000000000","objects":[' + ",".join(objects) + "]}").encode()


def part_objects(args):
    """20,000 objects of 29 MB in one POST, paged, asked one by one; pages again with ten times as many."""
    rows = []
    world = World()
    empty = world.memory()[0]
    count = 2000 if args.quick else 20000
    body = bundle(indicator(n, 1450) for n in range(count))
    seconds, result = world.post("/api/v1/objects", body, "application/json")
    assert result["new"] == count, result
    rows.append(("added in one POST", f"{count} objects, {len(body) / 1e6:.0f} MB", f"{seconds:.2f} s", "under 1 s", ""))
    rows.append(("index of values and words behind it", "", f"{world.indexed():.2f} s", "2 s", ""))
    paths, _, got = world.pages(1000)
    whole = statistics.median(world.pages(1000)[1] for _ in range(args.runs))
    rows.append(("paged whole", f"{len(paths)} pages, {got / 1e6:.0f} MB", f"{whole:.3f} s", "under 0.5 s", ""))
    database = world.hub.data / "hub.db"
    few = measure_pages(world, args)
    bare, sent = limit("pages", database), limit("send", 145000)
    rows.append(("pages of 100", f"{count} stored", f"{few['a_second']:.0f}/s, {few['cpu_us']:.0f} µs CPU", "over 5,000/s",
                 f"SQLite {bare:.0f}/s, loopback {sent:.0f}/s"))
    by_id = world.load([f"/api/v1/objects/indicator--{uuid_of(n * 7919 % count)}" for n in range(count)], args.seconds)
    bare, sent = limit("ids", database), limit("send", 1800)
    rows.append(("objects by id", "", f"{by_id['a_second']:.0f}/s, {by_id['cpu_us']:.0f} µs CPU", "over 20,000/s",
                 f"SQLite {bare:.0f}/s, loopback {sent:.0f}/s, one at a time"))
    small = world.load(["/api/v1/counts"], args.seconds)
    rows.append(("small reads (counts)", "", f"{small['a_second']:.0f}/s, {small['cpu_us']:.0f} µs CPU", "over 10,000/s", ""))
    more = bundle(indicator(count + n, 1450) for n in range(count * 4))
    world.post("/api/v1/objects", more, "application/json")
    world.indexed()
    many = measure_pages(world, args)
    rows.append(("pages of 100", f"{count * 5} stored", f"{many['a_second']:.0f}/s, {many['cpu_us']:.0f} µs CPU",
                 "as with fewer", ""))
    rows.append(("resident: empty; now; at most", "", f"{empty:.0f}; {world.memory()[0]:.0f}; {world.memory()[1]:.0f} MB",
                 "empty under 30 MB", ""))
    world.stop()
    return rows


def measure_pages(world, args):
    paths = world.pages(100)[0][:-1]
    return world.load(paths, args.seconds)


def part_attack(args):
    """The enterprise ATT&CK set, on both databases."""
    data = pathlib.Path(os.environ.get("HINOMI_DATA", SOURCE.parent / "shared" / "data")) / "stix" / "attack"
    files = sorted(data.glob("enterprise*.zst")) if data.is_dir() else []
    if not files:
        print("ATT&CK is not here: left out\n")
        return []
    body = subprocess.run(["zstd", "-dc", files[0]], check=True, capture_output=True).stdout
    rows = []
    clusters = [(None, "SQLite", "under 1.5 s")]
    cluster = Postgres(durable=True) if Postgres.installed() else None
    if cluster:
        clusters.append((cluster, "PostgreSQL", "under 4 s"))
    for where, name, wanted in clusters:
        world = World(where.database() if where else None)
        seconds, result = world.post("/api/v1/objects", body, "application/json")
        rows.append(("enterprise ATT&CK", f"{name}: {result['objects']} objects, {len(body) / 1e6:.0f} MB, {result['failed']} refused",
                     f"{seconds:.2f} s", wanted, f"index {world.indexed():.1f} s behind"))
        world.stop()
    if cluster:
        cluster.stop()
    return rows


def part_million(args):
    """A million indicators in POSTs of 50,000, and a look-up among them (--five: among five million)."""
    rows = []
    world = World()
    count, step = (20000, 5000) if args.quick else (1_000_000, 50_000)
    total = 0.0
    for n in range(0, count, step):
        total += world.post("/api/v1/objects", bundle(indicator(i) for i in range(n, n + step)), "application/json")[0]
    rows.append(("indicators added", f"{count}", f"{total:.1f} s", "1 million under 60 s", f"index {world.indexed():.1f} s behind"))
    rows.append(("resident with them", "", f"{world.memory()[0]:.0f} MB, at most {world.memory()[1]:.0f}", "under 300 MB", ""))
    if args.five:
        for n in range(count, 5 * count, step):
            total += world.post("/api/v1/objects", bundle(indicator(i) for i in range(n, n + step)), "application/json")[0]
        count *= 5
        rows.append(("indicators added", f"{count}", f"{total:.0f} s", "", f"index {world.indexed():.1f} s behind"))
    asked = [f"/api/v1/search?value={address_of(n * 7919 % count)}" for n in range(20000)]
    found = world.load(asked, args.seconds, connections=1)
    rows.append(("a value looked up", f"among {count}", f"{found['p50_us']} µs, 99 of 100 in {found['p99_us']} µs", "under 1 ms", ""))
    few = measure_pages_some(world, args)
    rows.append(("pages of 100", f"{count} stored", f"{few['a_second']:.0f}/s, {few['cpu_us']:.0f} µs CPU", "as with fewer", ""))
    world.stop()
    return rows


def part_stream(args):
    """A bundle of 2 GiB, objects of 100 kB, sent in chunks: nobody has all of it in memory."""
    world = World()
    size, filler = (64 << 20 if args.quick else 2 << 30), "x" * 100_000

    def pieces():
        yield b'{"type":"bundle","id":"bundle--8e2e2d2b-17d4-4cbf-938f-000000000000","objects":['
        total = number = 0
        while total < size:
            text = (("," if number else "") + indicator(number)[:-1] + f',"description":"{filler}"}}').encode()
            total += len(text)
            number += 1
            yield text
        yield b"]}"

    connection = http.client.HTTPConnection("127.0.0.1", world.hub.port, timeout=3600)
    start = time.monotonic()
    connection.request("POST", "/api/v1/objects", pieces(), {
        "Authorization": f"Bearer {world.token}", "Content-Type": "application/json", "Transfer-Encoding": "chunked"},
        encode_chunked=True)
    answer = connection.getresponse()
    result = json.loads(answer.read())
    seconds = time.monotonic() - start
    connection.close()
    if answer.status // 100 != 2 or result["failed"]:
        raise SystemExit(f"the stream: {answer.status} {result}")
    row = (f"a bundle of {size >> 20} MiB in one POST", f"{result['new']} objects", f"{seconds:.1f} s",
           "bounded memory", f"resident at most {world.memory()[1]:.0f} MB")
    world.stop()
    return [row]


def part_owners(args):
    """A million events matched to who holds the address, name, network or certificate, on one core."""
    subprocess.run(["ninja", "-C", str(BUILD), "tests/bench/bench_hub_owners"], check=True, stdout=subprocess.DEVNULL)
    with tempfile.TemporaryDirectory() as folder:
        out = [json.loads(subprocess.run(
            ["taskset", "-c", HUB_CORE, BUILD / "tests/bench/bench_hub_owners", f"sqlite:{folder}/{run}.db",
             "1000" if args.quick else "20000", "1000000"], check=True, capture_output=True, text=True).stdout)
            for run in range(min(args.runs, 3))]
    got = sorted(out, key=lambda one: one["seconds"])[len(out) // 2]
    return [("events matched to owners", f"{got['events']} events, {got['holdings']} holdings, {got['held']} held by somebody",
             f"{got['seconds']:.2f} s", "1 million under 1 s", f"image made in {got['image_seconds']:.2f} s")]


def measure_pages_some(world, args):
    """Pages from all over the collection, without reading all of it first."""
    first, last = (world.client.ask("GET", f"{PAGES}?limit=1", check=False), None)
    stamp = int(json.loads(first.body)["next"], 16)
    span = int(time.time() * 1e6) - stamp - 2_000_000
    return world.load([f"{PAGES}?limit=100&next={stamp + span * i // 500:x}" for i in range(500)], args.seconds)


PARTS = {"objects": part_objects, "attack": part_attack, "million": part_million, "stream": part_stream, "owners": part_owners}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--part", action="append", choices=PARTS, help="only this part; repeatable")
    parser.add_argument("--runs", type=int, default=5, help="of what is quick (5)")
    parser.add_argument("--seconds", type=float, default=3, help="of one load (3)")
    parser.add_argument("--five", action="store_true", help="the look-up among five million (takes minutes)")
    parser.add_argument("--quick", action="store_true", help="small numbers, to see that all of it works")
    args = parser.parse_args()
    subprocess.run(["ninja", "-C", str(BUILD), "tests/bench/bench_http_load", "tests/bench/bench_hub_limit"], check=True,
                   stdout=subprocess.DEVNULL)
    rows = []
    for name in args.part or PARTS:
        rows += PARTS[name](args)
    table(["what", "of how much", "measured", "wanted", "beside it"], rows)


if __name__ == "__main__":
    main()
