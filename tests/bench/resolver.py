#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The Hinomi authors
"""./x bench resolver: what an answer of the protective resolver costs, beside what the kernel takes and beside peers.

Runs inside tests/integration/dns-tree.py, a network namespace with a DNS of its own; the names that are resolved are
served there with a time to live of a day. Each server has one serving thread on one core, our generator the other.
All servers run at once and are loaded in turn, round by round; what is printed are medians. The policy: a list of real
names where the data is at hand, filled up with made ones, each name with all below it, the same for all. Peers that
are not installed are said to be absent; tests/bench/packages.txt names their packages.
"""
import argparse
import contextlib
import fcntl
import json
import os
import random
import shutil
import signal
import statistics
import subprocess
import sys
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from dns import lists, servers  # noqa: E402

SOURCE = Path(os.environ.get("HINOMI_SOURCE", Path(__file__).resolve().parents[2]))
BIN = Path(os.environ.get("HINOMI_BIN", SOURCE / "build/bin"))
DATA = Path(os.environ.get("HINOMI_DATA", SOURCE.parent / "shared/data")) / "dns"
TOOLS = SOURCE / "build/tests/bench"
WORK = Path(os.environ.get("TMPDIR", SOURCE / "build/bench")) / "resolver"
RMEM = Path("/proc/sys/net/core/rmem_default")
CORES = sorted(os.sched_getaffinity(0))
SERVER_CORE, LOAD_CORE = CORES[-1], CORES[0]
ENV = dict(os.environ, PATH=f"{BIN}:{os.environ['PATH']}:/usr/sbin", HINOMI_LANG="en", LC_ALL="C.UTF-8")
HITS = 4096       # names that resolve, each asked many times
BLOCKED = 20_000  # names of the list, half of them with a label before
WINDOW = 512      # questions under way
RELOAD_RATE = 20_000
NXDOMAIN, NOERROR = 3, 0


def say(text):
    print(text, file=sys.stderr, flush=True)


def must(*command):
    done = subprocess.run([str(c) for c in command], env=ENV, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"bench: {command[0]} ended with {done.returncode}: {(done.stderr or done.stdout).strip()[-500:]}")
    return done.stdout


def made(path, make, *names):
    """The file, made under another name first, so that what stands there is whole."""
    if not path.exists():
        say(f"making {path.name}")
        part = path.with_name(path.name + ".part")
        make(part, *names)
        part.rename(path)
    return path


class Alone:
    """While it is held, nobody who asks for the same lock disturbs; for machines on which others build."""

    PATIENCE = 20  # seconds; then it measures beside those who do not measure

    def __init__(self, path):
        self.path, self.times, self.beside = path, 0, 0

    @contextlib.contextmanager
    def __call__(self):
        if not self.path:
            yield
            return
        self.times += 1
        with open(self.path, "a+b") as file:
            if servers.until(lambda: self.taken(file), self.PATIENCE, 0.02) is None:
                self.beside += 1
                fcntl.flock(file, fcntl.LOCK_SH)
            yield

    @staticmethod
    def taken(file):
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        except OSError:
            return False


# --- what is measured on


def compile_set(part, source):
    must(BIN / "hinomi-indicators", "compile", "-o", part, "--set", "bench", "--max-unusable", "1000", source)


def policies(count):
    """Two versions of the list, in each server's form; the second has one name more. And names to ask."""
    folder = WORK / f"lists-{count}"
    folder.mkdir(parents=True, exist_ok=True)
    kept = folder / "names.txt"
    if not kept.exists():
        names, real = lists.make_names(DATA, count)
        (folder / "real").write_text(str(real))
        made(kept, lists.write_bare, names)
    names = kept.read_text().split()
    versions = []
    for version, more in (("a", []), ("b", [lists.MARKER])):
        these = sorted(names + more)
        plain = made(folder / f"{version}.plain", lists.write_plain, these)
        suffixes = made(folder / f"{version}.suffixes", lists.write_suffixes, these)
        versions.append({
            "bare": made(folder / f"{version}.bare", lists.write_bare, these),
            "rpz": made(folder / f"{version}.rpz", lists.write_rpz, these),
            "cdb": made(folder / f"{version}.cdb", lists.write_cdb, these),
            "dnsmasq": made(folder / f"{version}.dnsmasq", lists.write_dnsmasq, these),
            "him": made(folder / f"{version}.him", compile_set, plain),
            "him-suffixes": made(folder / f"{version}-suffixes.him", compile_set, suffixes),
        })
    draw = random.Random(11)
    asked = draw.sample(names, min(BLOCKED, len(names)))
    asked = [n if i % 2 else "www." + n for i, n in enumerate(asked)]
    files = {
        "blocked": made(folder / "ask-blocked.txt", lists.questions, asked),
        "hits": made(WORK / "ask-hits.txt", lists.questions, [f"w{i}.{servers.ZONE}" for i in range(HITS)]),
    }
    return versions, files, asked[1], int((folder / "real").read_text())


def start_origin():
    """The server of the zone whose names resolve."""
    folder = WORK / "origin"
    folder.mkdir(exist_ok=True)
    (folder / "zone").write_text(f"$ORIGIN {servers.ZONE}.\n$TTL 86400\n@ SOA ns hostmaster 1 7200 3600 1209600 300\n"
                                 f"@ NS ns\nns A {servers.ORIGIN}\n* A 192.0.2.1\n")
    (folder / "nsd.conf").write_text(f"""server:
  ip-address: {servers.ORIGIN}
  port: 53
  username: ""
  chroot: ""
  zonesdir: "{folder}"
  pidfile: "{folder}/pid"
  xfrdfile: "{folder}/xfrd"
  database: ""
  zonelistfile: "{folder}/list"
  logfile: "{folder}/log"
  xfrdir: "{folder}"
  server-count: 1
  rrl-ratelimit: 0
remote-control:
  control-enable: no
zone:
  name: "{servers.ZONE}."
  zonefile: zone
""")
    return subprocess.Popen(["nsd", "-d", "-c", folder / "nsd.conf"], env=ENV, stdin=subprocess.DEVNULL,
                            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, preexec_fn=servers.begin)


# --- load


def load_command(port, seconds, window, rate, names, pid=None):
    return [str(c) for c in ("taskset", "-c", LOAD_CORE, TOOLS / "bench_dns_load", port, seconds, window, rate, names)] + (
        [str(pid)] if pid else [])


def load(port, seconds, window, rate, names, pid=None):
    return json.loads(must(*load_command(port, seconds, window, rate, names, pid)))


class Echo:
    """What the kernel takes, for answers of one size."""

    def __init__(self, port, size):
        self.port, self.size = port, size
        self.process = subprocess.Popen([TOOLS / "bench_dns_echo", str(port), str(size)], preexec_fn=lambda: servers.begin(SERVER_CORE))
        servers.until(lambda: servers.rcode(port, "echo.example", 0.02) is not None, 5)


def prime(server, files):
    """Until the names that resolve are in its cache."""
    answered = 0
    for _ in range(20):
        found = load(server.port, 1, 64, 4 * HITS, files["hits"])
        answered = answered + found["answers"] if found["noerror"] == found["answers"] else 0
        if answered >= 2 * HITS:
            return
    say(f"  {server.title}: its cache does not fill: {found}")


def is_right(what, found):
    return found["noerror" if what == "hits" else "nxdomain"] >= 0.999 * found["answers"] > 0


def start_all(chosen, version, probe, blocked):
    rows = []
    for server in chosen:
        row = {"key": server.key, "program": server.title, "version": server.version(), "server": server}
        rows.append(row)
        if not server.present():
            row["note"] = "absent"
            continue
        took = server.start(None, probe, NOERROR)
        if took is not None:
            row["bare_s"], row["bare_cpu_s"] = took, server.cpu()
            time.sleep(0.5)
            row["bare_mb"] = server.memory()
            if server.empty:
                continue
        server.stop()
        took = server.start(version, blocked, NXDOMAIN)
        if took is None:
            log = (server.work / "log").read_text("utf-8", "replace").strip()
            row["note"] = f"does not serve: {log[-200:]}"
            server.stop()
            continue
        row["serves_s"], row["serves_cpu_s"] = took, server.cpu()
        time.sleep(0.5)
        row["list_mb"] = server.memory()
        say(f"  {server.title}: serves after {took:.2f} s, {row.get('bare_mb', 0):.0f} -> {row['list_mb']:.0f} MB")
    return rows


def stop_all(rows):
    for row in rows:
        row["server"].stop()


def medians(found):
    return {k: statistics.median(f[k] for f in found) for k in ("rate", "cpu_us", "p50_us", "p99_us", "bytes")}


def speed(rows, runs, seconds, files, alone):
    """Cache hits and blocked names as fast as each answers, then at half the best peer's rate. Fills the rows."""
    running = [r for r in rows if r["server"].process]
    found = {(r["key"], what): [] for r in running for what in ("hits", "blocked")}
    for row in running:
        prime(row["server"], files)
    ours = next((r for r in running if r["server"].ours and not r["server"].empty), running[0])
    sizes = {what: round(load(ours["server"].port, 0.2, 64, 0, files[what])["bytes"]) for what in ("hits", "blocked")}
    echoes = {what: Echo(5300 + i, sizes[what]) for i, what in enumerate(sizes)}
    for what in echoes:
        found["echo", what] = []
    for turn in range(runs):
        for what in ("hits", "blocked"):
            with alone():
                for row in running:
                    if what == "blocked" and row["server"].empty:
                        continue
                    s = row["server"]
                    found[row["key"], what].append(load(s.port, seconds, WINDOW, 0, files[what], s.process.pid))
                e = echoes[what]
                found["echo", what].append(load(e.port, seconds, WINDOW, 0, files[what], e.process.pid))
        say(f"  round {turn + 1} of {runs}: " + ", ".join(
            f"{r['key']} {found[r['key'], 'hits'][-1]['cpu_us']:.2f}" for r in running) + " µs")
    echo = {"key": "echo", "program": f"echo, {sizes['hits']} and {sizes['blocked']} bytes", "version": "", "server": None}
    for row in running + [echo]:
        for what in ("hits", "blocked"):
            these = found.get((row["key"], what))
            if not these:
                continue
            row[what] = medians(these)
            row[what]["over_echo"] = statistics.median(
                a["cpu_us"] - b["cpu_us"] for a, b in zip(these, found["echo", what]))
            if row is not echo and not all(is_right(what, f) for f in these):
                row["note"] = f"WRONG ANSWERS for {what}: {these[-1]}"
    for e in echoes.values():
        e.process.kill()
        e.process.wait()
    rows.insert(0, echo)
    return running


def half_load(running, runs, seconds, files, alone):
    """The median of the median latency, all at the same rate: half of what the best peer answers."""
    peers = [r["hits"]["rate"] for r in running if not r["server"].ours and "hits" in r]
    rate = round((max(peers) if peers else max(r["hits"]["rate"] for r in running)) / 2)
    for row in running:
        row["half"] = []
    for _ in range(runs):
        with alone():
            for row in running:
                s = row["server"]
                row["half"].append(load(s.port, seconds, 4096, rate, files["hits"], s.process.pid))
    for row in running:
        lost = sum(f["lost"] for f in row["half"])
        row["half"] = medians(row["half"]) | {"lost": lost}
    return rate


# --- another list while serving


class Prober(threading.Thread):
    """Asks for names below the marker, each once, until they are blocked (or no more are); tells when."""

    def __init__(self, port, want):
        super().__init__(daemon=True)
        self.port, self.want, self.ended = port, want, False
        self.at = None

    def run(self):
        while not self.ended:
            if servers.rcode(self.port, f"p{time.monotonic_ns()}.{lists.MARKER}", 0.05) == self.want:
                self.at = time.monotonic()
                return
            time.sleep(0.001)

    def end(self):
        self.ended = True
        self.join()


def window(server, seconds, files, act=None, want=NXDOMAIN):
    """One window of load; after a fourth of it act() is done. @return (what the load saw, seconds until in force)."""
    with subprocess.Popen(load_command(server.port, seconds, 65000, RELOAD_RATE, files["hits"], server.process.pid),
                          stdout=subprocess.PIPE, text=True) as child:
        prober = None
        time.sleep(min(seconds / 4, 1))
        if act:
            began = time.monotonic()
            act()
            prober = Prober(server.port, want)
            prober.start()
        found = json.loads(child.communicate()[0])
    if not prober:
        return found, None
    prober.end()
    return found, prober.at - began if prober.at else None


def reloads(running, versions, files, alone):
    for row in running:
        server = row["server"]
        if row["server"].empty:
            continue
        seconds = min(4 + 2.5 * row["serves_s"], 55)
        prime(server, files)
        with alone():
            found, took = window(server, seconds, files, lambda s=server: s.replace(versions[1]))
        row["reload"] = {"silence_ms": found["silence_ms"], "lost": found["lost"], "seconds": seconds, "in_force_s": took}
        say(f"  {server.title}: reload: silent {found['silence_ms']:.1f} ms, {found['lost']} lost, in force after {took} s")
        server.stop()


# --- point 4: sets replaced again and again


def overlay(versions, number):
    """An overlay of the first version that blocks the marker."""
    source = WORK / "marker.txt"
    source.write_text(f"*.{lists.MARKER}\nnumber-{number}.example\n")
    to = WORK / f"overlay-{number}.him"
    to.unlink(missing_ok=True)
    must(BIN / "hinomi-indicators", "compile", "-o", to, "--set", "bench", "--base", versions[0]["him"], source)
    return to


def swaps(versions, files, blocked, count, seconds, alone):
    """Windows with a swap and windows without, in turn; then as many overlays that come and go."""
    server = servers.Hinomi(WORK / "run", 5399, SERVER_CORE, ENV)
    bare = server.start(None, f"w1.{servers.ZONE}", NOERROR)
    time.sleep(0.5)
    empty = server.peak()
    server.stop()
    if bare is None or server.start(versions[0], blocked, NXDOMAIN) is None:
        return None
    prime(server, files)
    out = {"set_mb": versions[0]["him"].stat().st_size / 1e6, "empty_mb": empty, "windows": count, "seconds": seconds}
    plain, sets, overlays = [], [], []
    server.peak(True)
    for turn in range(count):
        with alone():
            version = versions[1 - turn % 2]
            want = NOERROR if turn % 2 else NXDOMAIN
            sets.append(window(server, seconds, files, lambda v=version: server.replace(v), want))
            plain.append(window(server, seconds, files))
    out["peak_mb"] = server.peak()
    if count % 2:
        server.replace(versions[0])
        time.sleep(2)
    number = overlay(versions, 1)
    place = server.policy.with_name("b.him")
    for turn in range(count):
        with alone():
            if turn % 2 == 0:
                part = shutil.copyfile(number, place.with_name(".overlay"))
                overlays.append(window(server, seconds, files, lambda p=Path(part): p.rename(place)))
            else:
                overlays.append(window(server, seconds, files, place.unlink, NOERROR))
    for name, these in (("plain", plain), ("sets", sets), ("overlays", overlays)):
        took = sorted(t for _, t in these if t is not None)
        out[name] = {
            "silence_ms": max(f["silence_ms"] for f, _ in these),
            "silence_median_ms": statistics.median(f["silence_ms"] for f, _ in these),
            "lost": sum(f["lost"] for f, _ in these), "answers": sum(f["answers"] for f, _ in these),
            "in_force": len(took), "in_force_median_s": statistics.median(took) if took else None,
            "in_force_most_s": took[-1] if took else None,
        }
    server.stop()
    return out


# --- a million names


def million(versions, runs, blocked, alone):
    """Memory and time of start-up with the list as a set and as RPZ text, over those without."""
    out = {}
    for name, kind, kinds in (("set, a suffix entry a name", servers.Hinomi, {"him": versions[0]["him-suffixes"]}),
                              ("set, a name and a wildcard a name", servers.Hinomi, {"him": versions[0]["him"]}),
                              ("RPZ text, two records a name", servers.HinomiRpz, {"rpz": versions[0]["rpz"]})):
        found = []
        with alone():
            for _ in range(runs):
                server = kind(WORK / "run", 5398, SERVER_CORE, ENV)
                bare = server.start(None, f"w1.{servers.ZONE}", NOERROR)
                if bare is None:
                    return None
                bare_cpu = server.cpu()
                time.sleep(0.3)
                bare_mb = server.memory()
                server.stop()
                took = server.start(kinds, blocked, NXDOMAIN)
                cpu = server.cpu()
                time.sleep(0.3)
                found.append((server.memory() - bare_mb, took - bare, cpu - bare_cpu))
                server.stop()
        out[name] = dict(zip(("mb", "wall_s", "cpu_s"), (statistics.median(f[i] for f in found) for i in range(3))))
        out[name]["file_mb"] = next(iter(kinds.values())).stat().st_size / 1e6
    return out


# --- printing


def table(headings, rows):
    widths = [max(len(str(r[i])) for r in [headings] + rows) for i in range(len(headings))]
    for n, row in enumerate([headings] + rows):
        print("| " + " | ".join(str(c).ljust(w) for c, w in zip(row, widths)) + " |")
        if n == 0:
            print("|" + "|".join("-" * (w + 2) for w in widths) + "|")
    print(flush=True)


def figure(row, keys, form):
    for key in keys.split("."):
        row = row.get(key) if isinstance(row, dict) else None
    return format(row, form) if row is not None else ""


def print_speed(rows, rate):
    table(["program", "version", "hits µs", "over echo", "k/s", "blocked µs", "over echo", "k/s", f"p50 µs at {rate / 1000:.0f} k/s",
           "answered k/s"],
          [[r["program"], r["version"].split("+")[0], figure(r, "hits.cpu_us", ".2f"), figure(r, "hits.over_echo", "+.2f"),
            figure({"v": r["hits"]["rate"] / 1000} if "hits" in r else {}, "v", ".0f"), figure(r, "blocked.cpu_us", ".2f"),
            figure(r, "blocked.over_echo", "+.2f"), figure({"v": r["blocked"]["rate"] / 1000} if "blocked" in r else {}, "v", ".0f"),
            figure(r, "half.p50_us", ".0f"), figure({"v": r["half"]["rate"] / 1000} if "half" in r else {}, "v", ".0f")]
           for r in rows])


def print_notes(rows):
    for r in rows:
        if r.get("note"):
            print(f"{r['program']}: {r['note']}\n")


def print_list(rows):
    table(["program", "MB without", "MB with the list", "serves after s", "silent ms at a reload", "answers lost", "in force after s"],
          [[r["program"], figure(r, "bare_mb", ".0f"), figure(r, "list_mb", ".0f"), figure(r, "serves_s", ".2f"),
            figure(r, "reload.silence_ms", ".0f"), figure(r, "reload.lost", "d"), figure(r, "reload.in_force_s", ".2f")]
           for r in rows if "serves_s" in r and not r["server"].empty])


def print_swaps(s):
    print(f"A set of {s['set_mb']:.0f} MB replaced {s['windows']} times; resident at most {s['peak_mb']:.0f} MB, without a set "
          f"{s['empty_mb']:.0f} MB: {(s['peak_mb'] - s['empty_mb']) / s['set_mb']:.2f} times the set")
    table(["windows", "answers", "lost", "longest silence ms", "median ms", "in force", "after s, median", "most"],
          [[name, s[k]["answers"], s[k]["lost"], f"{s[k]['silence_ms']:.1f}", f"{s[k]['silence_median_ms']:.1f}", s[k]["in_force"],
            figure(s[k], "in_force_median_s", ".4f"), figure(s[k], "in_force_most_s", ".4f")]
           for name, k in (("nothing happens", "plain"), ("the set replaced", "sets"), ("an overlay comes or goes", "overlays"))])


def wrap_tree(argv):
    """Starts this script again inside the tree, with large buffers for who does not ask for its own."""
    before = RMEM.read_text()
    with contextlib.suppress(OSError):
        RMEM.write_text(str(servers.BUFFER))
    tree = subprocess.Popen([SOURCE / "tests/integration/dns-tree.py", __file__, *argv], env=os.environ | {"HINOMI_BENCH_INSIDE": "1"})
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: tree.terminate())
    try:
        sys.exit(tree.wait())
    finally:
        with contextlib.suppress(OSError):
            RMEM.write_text(before)


def main():
    parts = ("speed", "reload", "swap", "million")
    parser = argparse.ArgumentParser(prog="./x bench resolver", description=__doc__.split("\n")[0])
    parser.add_argument("--runs", type=int, default=7, help="rounds (7)")
    parser.add_argument("--seconds", type=float, default=1.2, metavar="S", help="of one measurement of a round (1.2)")
    parser.add_argument("--names", type=int, default=1_190_000, metavar="N", help="blocked names (1190000: 2.38 million RPZ records)")
    parser.add_argument("--part", action="append", choices=parts, help="only this part; repeatable")
    parser.add_argument("--server", action="append", help="only this server, e.g. hinomi, hinomi-empty, unbound; repeatable")
    parser.add_argument("--swaps", type=int, default=20, metavar="N", help="windows of each kind (20)")
    parser.add_argument("--quick", action="store_true", help="a tenth of the names, two rounds, four swaps, to see that all of it works")
    parser.add_argument("--lock", metavar="FILE", help="hold this file's lock while measuring, where others who heed it build")
    parser.add_argument("--json", metavar="FILE", help="results as JSON")
    args = parser.parse_args()
    WORK.mkdir(parents=True, exist_ok=True)
    if "HINOMI_BENCH_INSIDE" not in os.environ:
        must("ninja", "-C", SOURCE / "build", "tests/bench/bench_dns_load", "tests/bench/bench_dns_echo")
        wrap_tree(sys.argv[1:])
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    if args.quick:
        args.names, args.runs, args.swaps, args.seconds = args.names // 10, 2, 4, 0.5
    measure(args, args.part or parts)


def measure(args, chosen):
    alone = Alone(args.lock)
    versions, files, blocked, real = policies(args.names)
    buffer = int(RMEM.read_text())
    result = {"names": args.names, "real": real, "runs": args.runs, "rmem_default": buffer}
    print(f"{args.names} names and all below each ({2 * args.names} RPZ records), {real} of them real; net.core.rmem_default {buffer}"
          + ("" if buffer == servers.BUFFER else ": ours, Unbound and echo ask for 4 MB by themselves") + "\n", flush=True)
    origin = start_origin()
    probe = f"w1.{servers.ZONE}"
    servers.until(lambda: False, 0.3)
    try:
        if "speed" in chosen or "reload" in chosen:
            result["servers"] = compare(args, chosen, versions, files, (probe, blocked), alone)
        if "swap" in chosen:
            result["swap"] = swaps(versions, files, blocked, args.swaps, 2, alone)
            if result["swap"]:
                print_swaps(result["swap"])
        if "million" in chosen:
            few, _, few_blocked, _ = policies(1_000_000 // (10 if args.quick else 1))
            result["million"] = million(few, 3, few_blocked, alone)
            table(["names" if args.quick else "1 million names", "file MB", "MB beyond the empty process", "start-up takes longer, wall s", "CPU s"],
                  [[k, f"{v['file_mb']:.0f}", f"{v['mb']:.0f}", f"{v['wall_s']:.3f}", f"{v['cpu_s']:.3f}"]
                   for k, v in (result["million"] or {}).items()])
    finally:
        origin.terminate()
        origin.wait()
    if args.lock:
        say(f"{alone.beside} of {alone.times} measurements beside others")
    if args.json:
        Path(args.json).write_text(json.dumps(result, indent=1, default=str) + "\n")


def compare(args, chosen, versions, files, probes, alone):
    kinds = [servers.HinomiEmpty, servers.Hinomi, servers.HinomiRpz, *servers.PEERS]
    picked = [kind(WORK / "run", 5310 + i, SERVER_CORE, ENV) for i, kind in enumerate(kinds)
              if not args.server or kind.key in args.server]
    rows = start_all(picked, versions[0], *probes)
    running = [r for r in rows if r["server"].process]
    try:
        if "speed" in chosen and running:
            running = speed(rows, args.runs, args.seconds, files, alone)
            rate = half_load(running, min(args.runs, 5), args.seconds, files, alone)
            print_speed(rows, rate)
        if "reload" in chosen:
            reloads(running, versions, files, alone)
            print_list(rows)
        print_notes(rows)
    finally:
        stop_all([r for r in rows if r["server"]])
    return rows


if __name__ == "__main__":
    main()
