#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The Hinomi authors
"""./x bench selection: what selection costs, beside the machine's limit and beside peers.

Makes its own captures, lists, sets and authorisations below TMPDIR (build/bench) and keeps them for the next time.
Each round runs every program once, in turn, pinned to one core, the capture in the page cache; what is printed are
medians over the rounds, ratios formed within each round. Cost is CPU time of the whole process tree (wait4). Peers that are not installed are
said to be absent; tests/bench/packages.txt names their packages.
"""
import argparse
import json
import os
import random
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tarfile
import threading
import time
from pathlib import Path

SOURCE = Path(os.environ.get("HINOMI_SOURCE", Path(__file__).resolve().parents[2]))
BIN = Path(os.environ.get("HINOMI_BIN", SOURCE / "build/bin"))
DATA = Path(os.environ.get("HINOMI_DATA", SOURCE.parent / "shared/data")) / "pcap"
TOOLS = SOURCE / "build/tests/bench"
WORK = Path(os.environ.get("TMPDIR", SOURCE / "build/bench")) / "selection"
CORE = max(os.sched_getaffinity(0))
FACILITIES = (
    "1.0.0.0/8 2.0.0.0/7 4.0.0.0/6 8.0.0.0/7 11.0.0.0/8 12.0.0.0/6 16.0.0.0/4 32.0.0.0/3 64.0.0.0/2 128.0.0.0/2 "
    "192.0.2.0/24 193.0.0.0/8 194.0.0.0/7 196.0.0.0/6 200.0.0.0/5 208.0.0.0/4 2000::/3"
).split()
ENV = dict(os.environ, PATH=f"{BIN}:{os.environ['PATH']}", HINOMI_LANG="en", LC_ALL="C.UTF-8")


def say(text):
    print(text, file=sys.stderr, flush=True)


def must(*command, **more):
    done = subprocess.run([str(c) for c in command], env=ENV, capture_output=True, text=True, check=False, **more)
    if done.returncode != 0:
        sys.exit(f"bench: {command[0]} ended with {done.returncode}: {done.stderr.strip()[-500:]}")
    return done.stdout


def made(path, make):
    """The file, made under another name first, so that what stands there is whole."""
    if not path.exists():
        say(f"making {path.name}")
        part = path.with_name(path.name + ".part")
        make(part)
        part.rename(path)
    return path


# --- one run, measured


class Run:
    """CPU seconds, wall seconds and peaks of a process tree."""

    def __init__(self, command, core, watch=False, cwd=None):
        self.peak_anon = self.peak_sum = 0
        with open(WORK / "stdout", "wb+") as out, open(WORK / "stderr", "wb+") as err:
            began = time.monotonic()
            child = subprocess.Popen(
                [str(c) for c in command], env=ENV, stdout=out, stderr=err, stdin=subprocess.DEVNULL, cwd=cwd,
                start_new_session=True, preexec_fn=(lambda: os.sched_setaffinity(0, core)) if core else None,
            )
            over = threading.Timer(900, lambda: os.killpg(child.pid, signal.SIGKILL))
            over.start()
            stop = threading.Event()
            watcher = threading.Thread(target=self.watch, args=(child.pid, stop)) if watch else None
            if watcher:
                watcher.start()
            _, status, usage = os.wait4(child.pid, 0)
            stop.set()
            over.cancel()
            if watcher:
                watcher.join()
            child.returncode = os.waitstatus_to_exitcode(status)
            self.wall = time.monotonic() - began
            out.seek(0)
            err.seek(0)
            self.out = out.read().decode("utf-8", "replace")
            self.err = err.read().decode("utf-8", "replace")
        self.code = child.returncode
        self.cpu = usage.ru_utime + usage.ru_stime
        self.rss = usage.ru_maxrss * 1024

    def watch(self, leader, stop):
        """Every 20 ms: the memory of all processes of the session that no file backs, and all of it."""
        while not stop.wait(0.02):
            anon = total = 0
            for entry in os.listdir("/proc"):
                if not entry.isdigit():
                    continue
                try:
                    if os.getsid(int(entry)) != leader:
                        continue
                    text = Path("/proc", entry, "smaps_rollup").read_text()
                except OSError:
                    continue
                field = dict(re.findall(r"^(\w+): +(\d+) kB", text, re.M))
                anon += int(field.get("Pss_Anon", 0)) + int(field.get("Pss_Shmem", 0))
                total += int(field.get("Pss", 0))
            self.peak_anon = max(self.peak_anon, anon * 1024)
            self.peak_sum = max(self.peak_sum, total * 1024)


# --- what is measured on


def unpack():
    """The real captures at hand, in one folder an archive."""
    folder = WORK / "captures"
    if not DATA.is_dir():
        return []
    if not folder.exists():
        part = WORK / "captures.part"
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir(parents=True)
        for archive in sorted(DATA.glob("*.tar.zst")):
            if archive.name == "ndpi-result.tar.zst":
                continue
            plain = part / "archive.tar"
            must("zstd", "-dqf", archive, "-o", plain)
            with tarfile.open(plain) as tar:
                tar.extractall(part / archive.name.split(".")[0])
            plain.unlink()
        part.rename(folder)
    return sorted(p for p in folder.rglob("*") if p.is_file())


def captures(quick):
    size, packets, flows = (200_000_000, 1_200_000, 100_000) if quick else (2_000_000_000, 12_000_000, 1_000_000)
    real = unpack()
    tool = TOOLS / "bench_make_capture"
    lab = SOURCE / "lab/nation.pcapng.zst"
    kind = "mixed" if real else "mixed-lab-only"
    mixed = made(WORK / f"{kind}-{size}.pcap", lambda to: must(tool, "mixed", size, to, lab, *real))
    small = made(WORK / f"small-{packets}.pcap", lambda to: must(tool, "small", packets, flows, to))
    return {"mixed": mixed, "small": small}


def addresses(count, seed):
    draw = random.Random(seed)
    out = set()
    while len(out) < count:
        first = draw.randrange(1, 224)
        if first not in (10, 20, 100, 127, 169, 172, 192, 198, 203):
            out.add(f"{first}.{draw.randrange(256)}.{draw.randrange(256)}.{draw.randrange(1, 255)}")
    return sorted(out)


def names(count, seed):
    draw = random.Random(seed)
    letters = "abcdefghijklmnopqrstuvwxyz0123456789"
    tops = ("com", "net", "org", "info", "biz", "top", "ru", "jp", "co.jp")
    out = set()
    while len(out) < count:
        label = "a" + "".join(draw.choices(letters, k=draw.randrange(4, 16)))
        if draw.random() < 0.4:
            label = "a" + "".join(draw.choices(letters, k=draw.randrange(2, 8))) + "." + label
        out.add(f"{label}.{draw.choice(tops)}")
    return sorted(out)


def write_lines(path, values):
    with open(path, "w", encoding="ascii") as file:
        file.writelines(value + "\n" for value in values)


def lists(count):
    """Two files: so many addresses, and so many names, each for itself and all below it."""
    return (
        made(WORK / f"addresses-{count}.txt", lambda to: write_lines(to, addresses(count, 1))),
        made(WORK / f"names-{count}.txt", lambda to: write_lines(to, ("*." + n for n in names(count, 2)))),
    )


def indicator_set(count):
    return made(
        WORK / f"set-{count}.him",
        lambda to: must(BIN / "hinomi-indicators", "compile", "-o", to, "--set", "bench", "--act", "bench", *lists(count)),
    )


def patterns(path):
    """A thousand patterns of command information, six to twelve bytes, at the openings of flows."""
    draw = random.Random(3)
    rows = []
    for i in range(1000):
        fixed = [f"{draw.randrange(256):02x}" for _ in range(draw.randrange(6, 13))]
        if i % 3 == 0:
            fixed[5:5] = ["??"]
        rows.append({"id": f"p{i}", "act": "bench", "position": "udp.opening" if i % 4 == 0 else "tcp.opening",
                     "offset": [0, draw.randrange(0, 512)], "bytes": " ".join(fixed)})
    path.write_text(json.dumps(rows))


def authorise():
    """Keys, a trust file marked test with its limits widened, and two authorisations: with and without patterns."""
    tool = BIN / "hinomi-authority"
    where = WORK / "authority"
    if where.exists():
        return where
    part = WORK / "authority.part"
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir()
    (part / "limits.json").write_text(json.dumps({
        "specified": {"validity_max": "P3650D"}, "retention_max": "P3650D", "prefix4_widest": 0, "prefix6_widest": 0,
        "entries_max": 100_000_000}))
    (part / "domestic.txt").write_text("20.0.0.0/8\n")
    patterns(part / "patterns.json")
    for key in ("commissioner", "sensor"):
        must(tool, "keygen", "-o", part / f"{key}.key")
    must(tool, "trust", "--threshold", "1", "--mark", "test", "--limits", part / "limits.json",
         part / "commissioner.key.pub", "-o", part / "trust.json")
    common = ["issue", "--trust", part / "trust.json", "--basis", "specified", "--direction", "foreign-domestic",
              "--direction", "domestic-foreign", "--purpose", "measurement", "--act", "bench",
              "--from", "2025-12-01T00:00:00Z", "--until", "P1000D", "--retention", "P3650D",
              "--sensor", part / "sensor.key.pub", "--set", "bench:ipv4,name,wildcard:20000000"]
    for prefix in FACILITIES:
        common += ["--facility", prefix]
    for name, more in (("plain", []), ("patterns", ["--pattern", part / "patterns.json"])):
        must(tool, *common, *more, "-o", part / f"authorisation-{name}.json")
        must(tool, "sign", "--key", part / "commissioner.key", part / f"authorisation-{name}.json")
    part.rename(where)
    return where


# --- what runs


def select(set_file, *more, authorization="plain"):
    where = authorise()
    return [BIN / "hinomi-select", "--authorization", where / f"authorisation-{authorization}.json", "--trust", where / "trust.json",
            "--indicators", set_file, "--domestic", where / "domestic.txt", "--identity", where / "sensor.key",
            "--recorded", "--json", *more, "-o", WORK / "out"]


def selected(run):
    """(packets seen, what was found) of a summary."""
    try:
        summary = json.loads(run.out)
    except ValueError:
        return None, run.err.strip()[-200:]
    return summary["seen"]["packets"], f"{summary['flows']['selected']} flows selected"


def number_after(pattern):
    def read(run):
        found = re.search(pattern, run.out + run.err)
        return (int(found.group(1)) if found else None), ""
    return read


def read_limit(run):
    found = json.loads(run.out)
    return found["packets"], f"{found['hits']} hits; {found['packets'] / found['loop_s'] / 1e6:.1f} M/s in its loop"


def read_ndpi(run):
    """Packets that it read, and flows that its lists gave the custom category."""
    packets = re.search(r"Ethernet bytes.*?(?:Total|IP) packets: +(\d+)", run.out, re.S)
    total = re.search(r"of (\d+) packets total", run.out)
    number = total or packets
    return (int(number.group(1)) if number else None), ""


def programs(address_list, name_list, one, ten):
    """Rows: key, title, command for a capture, threads (0: not pinned), reader of what it saw."""
    ndpi_list = WORK / "ndpi-categories.txt"

    def ndpi_categories(to):
        with open(to, "w", encoding="ascii") as file:
            for source in (address_list, name_list):
                for line in source.read_text().split():
                    file.write(line.removeprefix("*.") + "\t100\n")
    if shutil.which("ndpiReader"):
        made(ndpi_list, ndpi_categories)
    return [
        ("limit", "limit: map, walk headers, probe a table of 1 M addresses twice",
         lambda c: [TOOLS / "bench_limit", c, address_list], 1, read_limit),
        ("select", "hinomi select, 1 M addresses + 1 M suffix names", lambda c: select(one, "--no-digest", c), 1, selected),
        ("digest", "the same, with the input's digest", lambda c: select(one, c), 1, selected),
        ("patterns", "the same, with 1,000 byte patterns, without digest",
         lambda c: select(one, "--no-digest", c, authorization="patterns"), 1, selected),
        ("ten", "the same, 10 M indicators (5 M + 5 M)", lambda c: select(ten, "--no-digest", c), 1, selected),
        ("two", "the same, 1 M + 1 M, --threads 2 (two cores)",
         lambda c: select(one, "--no-digest", "--threads", "2", c), 0, selected),
        ("unpinned", "the same, --threads 1 (two cores)", lambda c: select(one, "--no-digest", c), 0, selected),
        ("tcpdump", "tcpdump -w /dev/null", lambda c: ["tcpdump", "-r", c, "-w", "/dev/null"], 1, lambda run: (None, "it tells no count")),
        ("softflowd", "softflowd (no matching)",
         lambda c: ["softflowd", "-r", c, "-d", "-m", "2000000", "-p", WORK / "sf.pid", "-c", "none"], 1,
         number_after(r"Packets processed: (\d+)")),
        ("nfpcapd", "nfpcapd (no matching)",
         lambda c: ["nfpcapd", "-r", c, "-w", WORK / "flows"], 1, number_after(r"Total: Processed: (\d+)")),
        ("ndpiReader", "ndpiReader -c, 1 M addresses + 1 M names, exact",
         lambda c: ["ndpiReader", "-c", ndpi_list, "-i", c], 1, read_ndpi),
    ]


def one_run(command, pinned, watch=False):
    for folder in ("out", "flows"):
        shutil.rmtree(WORK / folder, ignore_errors=True)
    (WORK / "flows").mkdir()
    return Run(command, {CORE} if pinned else None, watch)


def ratio(results, than, key):
    """The median, over the rounds, of how much faster one is than another in the same round."""
    pairs = [a.cpu / b.cpu for a, b in zip(results.get(than, []), results[key]) if a.code == 0 and b.code == 0]
    return statistics.median(pairs) if pairs else None


def packet_count(run):
    return int(json.loads(run.out)["packets"])


def speed(capture, rounds, wanted, peer_rounds, sets):
    rows = [r for r in programs(*sets) if not wanted or r[0] in wanted]
    subprocess.run(["cat", str(capture)], stdout=subprocess.DEVNULL, check=True)
    total = packet_count(one_run([TOOLS / "bench_limit", capture, sets[0]], True))
    results = {key: [] for key, *_ in rows}
    for turn in range(rounds):
        for key, _, command, pinned, _ in rows:
            line = command(capture)
            ours = str(line[0]).startswith("/")
            if shutil.which(str(line[0])) is None or (not ours and turn >= peer_rounds):
                continue
            run = one_run(line, pinned)
            if key == "limit":  # its table stands already when it begins to count, as our set does
                run.cpu = json.loads(run.out)["process_s"]
            results[key].append(run)
            say(f"  {capture.stem} {turn + 1}/{rounds} {key}: {total / run.cpu / 1e6:.2f} M/s")
    table = []
    for key, title, _, _, read in rows:
        runs = [r for r in results[key] if r.code == 0]
        row = {"key": key, "program": title, "capture": capture.stem, "packets": total, "runs": len(runs)}
        if not results[key]:
            row["note"] = "absent"
        elif not runs:
            row["note"] = f"failed ({results[key][0].code}): {results[key][0].err.strip()[-120:]}"
        else:
            seen, found = read(runs[-1])
            row |= {"mpps": total / statistics.median(r.cpu for r in runs) / 1e6,
                    "cpu_s": [round(r.cpu, 3) for r in runs], "wall_s": statistics.median(r.wall for r in runs),
                    "largest_mb": max(r.rss for r in runs) / 1e6, "seen": seen, "note": found}
            if seen == total:
                row["note"] = "all packets" + ("; " if found else "") + found
            elif seen is not None:
                row["note"] = f"SAW {seen} of {total} packets; " + found
        table.append(row)
    for row in table:
        if "mpps" in row:
            row["of_limit"] = ratio(results, "limit", row["key"])
            row["of_select"] = ratio(results, "select", row["key"])
    return table


def memory(capture, set_file):
    """Peak of a run over the capture: what no file backs, in all its processes, and the set's size."""
    run = one_run(select(set_file, "--no-digest", capture), False, watch=True)
    return {"capture": capture.stem, "set_mb": set_file.stat().st_size / 1e6, "anonymous_mb": run.peak_anon / 1e6,
            "sum_mb": run.peak_sum / 1e6, "largest_mb": run.rss / 1e6,
            "beyond_set_mb": max(run.peak_sum - set_file.stat().st_size, 0) / 1e6, "code": run.code}


def compiling(rounds, ten):
    """Seconds of compiling a million addresses, names; an overlay of 100; opening and asking ten million."""
    tool = BIN / "hinomi-indicators"
    address_list, name_list = lists(1_000_000)
    few = WORK / "few.txt"
    write_lines(few, [f"198.51.100.{i}" for i in range(1, 101)])
    to = WORK / "compiled.him"
    base = WORK / "base-plain.him"
    compile_one = [tool, "compile", "-o", to, "--set", "bench", "--act", "bench"]
    made(base, lambda part: must(tool, "compile", "-o", part, "--set", "bench", "--act", "bench", address_list))
    jobs = {
        "compile 1 M addresses": compile_one + [address_list],
        "compile 1 M suffix names": compile_one + [name_list],
        "overlay of 100 on 1 M": compile_one + ["--base", base, few],
        "open 10 M and look one up": [tool, "match", ten, "192.0.2.77"],
    }
    times = {name: [] for name in jobs}
    for _ in range(rounds):
        for name, command in jobs.items():
            to.unlink(missing_ok=True)
            run = one_run(command, True)
            times[name].append((run.wall, run.cpu))
    return {name: {"wall_s": statistics.median(w for w, _ in t), "cpu_s": statistics.median(c for _, c in t)}
            for name, t in times.items()}


def hurt(mixed, one, packets, wanted, every):
    """CPU a packet of many copies of each small capture, over that of mixed traffic, start-up taken off both."""
    empty = WORK / "empty.pcap"
    with open(mixed, "rb") as file:
        empty.write_bytes(file.read(24))
    few = made(WORK / "set-few.him", lambda to: must(
        BIN / "hinomi-indicators", "compile", "-o", to, "--set", "bench", "--act", "bench", *lists(1000)))

    def start(set_file):
        return statistics.median(one_run(select(set_file, "--no-digest", empty), True).cpu for _ in range(5))

    starts = {few: start(few), one: start(one)}

    def cost(capture, set_file, rounds):
        found, runs = 0, []
        for _ in range(rounds):
            run = one_run(select(set_file, "--no-digest", capture), True)
            runs.append(run.cpu)
            found, _ = selected(run)
        if not found:
            return None, 0
        return max(statistics.median(runs) - starts[set_file], 0) / found * 1e9, found

    def repeated(source, count):
        to = WORK / "repeated.pcap"
        must(TOOLS / "bench_make_capture", "repeat", count, to, source)
        return to

    say("mixed traffic, for comparison")
    base_few, _ = cost(mixed, few, 3)
    base_one, _ = cost(mixed, one, 3)
    rows = []
    sources = [p for p in unpack() if not wanted or any(w in str(p) for w in wanted)][::every]
    for i, source in enumerate(sources):
        if i % 200 == 0:
            say(f"  {i} of {len(sources)} captures")
        try:
            ns, _ = cost(repeated(source, packets // 3), few, 1)
        except SystemExit:
            continue
        if ns is None:
            continue
        if ns / base_few > 2:
            ns, found = cost(repeated(source, packets), one, 3)
            rows.append({"capture": str(source.relative_to(WORK / "captures")), "packets": found, "ns": ns,
                         "ratio": ns / base_one})
    (WORK / "repeated.pcap").unlink(missing_ok=True)
    rows.sort(key=lambda r: -r["ratio"])
    return {"mixed_ns": base_one, "captures": len(sources), "over_2": rows}


# --- printing


def table(headings, rows):
    widths = [max(len(str(r[i])) for r in [headings] + rows) for i in range(len(headings))]
    for n, row in enumerate([headings] + rows):
        print("| " + " | ".join(str(c).ljust(w) for c, w in zip(row, widths)) + " |")
        if n == 0:
            print("|" + "|".join("-" * (w + 2) for w in widths) + "|")
    print()


def figure(row, key, form):
    return format(row[key], form) if row.get(key) is not None else ""


def main():
    parts = ("speed", "memory", "compile", "hurt")
    parser = argparse.ArgumentParser(prog="./x bench selection", description=__doc__.split("\n")[0])
    parser.add_argument("--runs", type=int, default=5, help="rounds (5)")
    parser.add_argument("--peer-runs", type=int, default=2, help="rounds of the peers (2)")
    parser.add_argument("--part", action="append", choices=parts, help="only this part; repeatable")
    parser.add_argument("--row", action="append", help="only this row of speed, e.g. limit, select, ndpiReader; repeatable")
    parser.add_argument("--capture", choices=("mixed", "small"), action="append")
    parser.add_argument("--hurt", action="append", help="only captures with this in their name; repeatable")
    parser.add_argument("--hurt-packets", type=int, default=300_000, metavar="N", help="copies make so many packets (300000)")
    parser.add_argument("--hurt-every", type=int, default=1, metavar="N", help="only every Nth capture (1)")
    parser.add_argument("--quick", action="store_true", help="a tenth of the size, to see that all of it works")
    parser.add_argument("--json", metavar="FILE", help="results as JSON")
    args = parser.parse_args()
    chosen = args.part or parts
    WORK.mkdir(parents=True, exist_ok=True)
    must("ninja", "-C", SOURCE / "build", "tests/bench/bench_limit", "tests/bench/bench_make_capture")
    files = captures(args.quick)
    scale = 10 if args.quick else 1
    address_list, name_list = lists(1_000_000 // scale)
    one, ten = indicator_set(1_000_000 // scale), indicator_set(5_000_000 // scale)
    authorise()
    result = {"core": CORE, "rounds": args.runs}

    if "speed" in chosen:
        result["speed"] = []
        for name in args.capture or ("mixed", "small"):
            rows = speed(files[name], args.runs, args.row, args.peer_runs, (address_list, name_list, one, ten))
            result["speed"] += rows
            print(f"{files[name].stem}: {rows[0]['packets']} packets, {files[name].stat().st_size} bytes")
            table(["program", "M packets / CPU s", "of the limit", "of select", "largest process MB", "runs", "what it saw"],
                  [[r["program"], figure(r, "mpps", ".2f"), figure(r, "of_limit", ".0%"), figure(r, "of_select", ".2f"),
                    figure(r, "largest_mb", ".0f"), r["runs"], r.get("note", "")] for r in rows])
    if "memory" in chosen:
        result["memory"] = [memory(files["small"], one), memory(files["mixed"], one), memory(files["small"], ten)]
        table(["capture", "set MB", "all processes MB", "beyond the set MB", "of that not file-backed MB", "largest process MB"],
              [[r["capture"]] + [f"{r[k]:.0f}" for k in ("set_mb", "sum_mb", "beyond_set_mb", "anonymous_mb", "largest_mb")]
               for r in result["memory"]])
    if "compile" in chosen:
        result["compile"] = compiling(args.runs, ten)
        table(["what", "wall s", "CPU s"],
              [[k, f"{v['wall_s']:.4f}", f"{v['cpu_s']:.4f}"] for k, v in result["compile"].items()])
    if "hurt" in chosen:
        found = result["hurt"] = hurt(files["mixed"], one, args.hurt_packets, args.hurt, args.hurt_every)
        print(f"{found['captures']} captures repeated; mixed traffic costs {found['mixed_ns']:.0f} ns a packet. Over twice that:")
        table(["capture", "packets", "ns a packet", "times mixed"],
              [[r["capture"], r["packets"], f"{r['ns']:.0f}", f"{r['ratio']:.1f}"] for r in found["over_2"]])
    if args.json:
        Path(args.json).write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
