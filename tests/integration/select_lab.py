#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The Hinomi authors
"""The main job on the lab's capture: what must be selected is, nothing else is, nothing observed is written, and the
result does not depend on how the capture is given. Told by TAP."""
import collections
import gzip
import hashlib
import json
import pathlib
import re
import subprocess
import sys

sys.dont_write_bytecode = True
from select_world import (DONE, HINOMI, INPUT, LAB, USAGE, Tap, World, gist, hinomi, must, one_line, packets_of,  # noqa: E402
                          pcap, run, schema, schema_faults, tuples)

EXPECTED = json.loads((LAB / "expected.json").read_text())
BY_FIELD = {"ip.src": 13962, "ip.dst": 60, "dns.query.name": 55, "tls.sni": 14, "quic.sni": 2, "tls.ja4": 3,
            "http.host": 6, "http.url": 8}


def indicators():
    """Every text that the compiled set holds, and thus may be written."""
    return {row["indicator"] for row in EXPECTED["matches"]}


def observed_only():
    """What stands in the capture and is no indicator."""
    known = indicators()
    names = set(EXPECTED["dns_queries"])
    for hello in EXPECTED["client_hellos"]:
        names |= {hello["sni"], hello["ja4"]}
    for url in EXPECTED["http_requests"]:
        names |= {url, url.split("/")[0]}
        if "/" in url and url not in known:
            names.add(url[url.index("/"):])
    domestic = set()
    for row in EXPECTED["matches"]:
        for ends in row.get("tuples", []):
            domestic |= {end for end in (ends[1], ends[3]) if re.match(r"192\.0\.2\.|2001:db8:[1-9a-f]00:", end)}
    written = " ".join(known)
    kept = {name for name in names if len(name) > 4 and name not in written and not name.startswith("*.") and
            not re.match(r"^[0-9.:]+$", name)}
    return kept, domestic


def what_is_selected(tap, world):
    done, out = world.select(world.capture, authorization=world.issue("I.json", "--identified", "test"))
    tap.equal("identified: the run is done", done.returncode, DONE)
    records = out.records()
    found = {key for key in tuples(records) if key[0] in (6, 17)}
    demonstration = EXPECTED["demonstration"]
    tap.equal("TCP and UDP flows", (sum(k[0] == 6 for k in found), sum(k[0] == 17 for k in found)),
              (demonstration["tcp"], demonstration["udp"]))
    lines = "".join(sorted(" ".join(map(str, key)) + "\n" for key in found))
    tap.equal("exactly the flows that tshark's reading names", hashlib.sha256(lines.encode()).hexdigest(),
              demonstration["sha256"])
    fields = collections.Counter(r["unmapped"]["hinomi"]["field"] for r in records)
    tap.equal("by the field that matched", dict(fields), BY_FIELD)
    tap.check("each end has its address", all("ip" in r[e] for r in records for e in ("src_endpoint", "dst_endpoint")))
    tap.check("the receipt says identified", out.receipts()[0]["identified"])
    packets = sum(r["traffic"]["packets"] for r in records)
    tap.equal("records and receipt count the same packets", packets, out.receipts()[0]["sums"]["selected"]["packets"])
    tap.equal("what is there verifies", out.faults(), [])
    return {gist_without_ends(r) for r in records}


def gist_without_ends(record):
    return json.dumps([record["start_time_dt"], record["traffic"], record["unmapped"]["hinomi"]["field"]])


def what_is_written(tap, world, plain):
    records, receipt = plain.records(), plain.receipts()[0]
    sums = receipt["sums"]
    seen = {name: tally["packets"] for name, tally in sums["seen"]["by_class"].items()}
    tap.equal("packets by class as tshark tells them", seen, EXPECTED["packets_by_class"])
    tap.equal("bytes by class", {n: t["bytes"] for n, t in sums["seen"]["by_class"].items()}, EXPECTED["bytes_by_class"])
    tap.equal("nothing is left pending", sums["pending_after"]["packets"], 0)
    tap.equal("every packet of the capture is seen", sums["seen"]["packets"], EXPECTED["packets"])
    tap.equal("the input's digest", receipt["input"].get("sha256"), hashlib.sha256(world.capture.read_bytes()).hexdigest())
    tap.check("de-identified: only foreign ends have an address", all(
        re.match(r"203\.0\.113\.|198\.51\.100\.|2001:db8:f000:", r[e]["ip"])
        for r in records for e in ("src_endpoint", "dst_endpoint") if "ip" in r[e]))
    tap.check("each domestic end has a holder, pseudonyms and a seal", all(
        sum("ip" not in r[e] for e in ("src_endpoint", "dst_endpoint")) ==
        ("sealed" in r["unmapped"]["hinomi"]) + ("peer" in r["unmapped"]["hinomi"]) for r in records))
    shape, wrong = schema("record.schema.json"), []
    for record in records:
        wrong += schema_faults(shape, record)
    tap.equal("records fit catalog/record.schema.json", wrong[:5], [])
    wrong = [f for line in plain.lines() for f in schema_faults(schema("receipt.schema.json"), json.loads(line))]
    tap.equal("the receipt fits catalog/receipt.schema.json", wrong[:5], [])
    tap.equal("ids are never used twice", len({r["metadata"]["uid"] for r in records}), len(records))

    names, domestic = observed_only()
    tap.check("there is something to look for", len(names) > 60 and len(domestic) > 5, len(names), len(domestic))
    found = []
    for where, data in plain.everything():
        found += [(where, name) for name in names | domestic if name.encode() in data and re.search(
            rb"(?<![0-9A-Za-z.:])" + re.escape(name.encode()) + rb"(?![0-9A-Za-z:])", data)]
        found += [(where, hit) for hit in re.findall(rb"[0-9a-z-]+\.t\.mizuchi\.example", data)]
    tap.equal("nothing observed that no indicator says is in any file", found[:5], [])


def reidentify(tap, world, plain):
    uid = next(r["metadata"]["uid"] for r in plain.records() if r["unmapped"]["hinomi"]["field"] == "tls.ja4")
    order = world.path("ORDER.json")
    hinomi("authority", "order", "--trust", world.trust, "--record", uid, "--ground", "test", "-o", order)
    world.sign(order)
    told = must(HINOMI, "authority", "reidentify", "--trust", world.trust, "--key", world.path("a.key"), "--order", order,
                "--records", plain.path / "selected.ndjson", "--ledger", world.path("commission")).splitlines()
    opened = [json.loads(line) for line in told]
    tap.check("the commission opens exactly the record it ordered", len(opened) == 1 and opened[0]["uid"] == uid and
              opened[0]["ip"].startswith(("192.0.2.", "2001:db8:200:", "2001:db8:300:")), told)


def other_forms(tap, world, wanted):
    packets = list(packets_of(world.capture))
    plain = world.capture.read_bytes()
    classic = pcap(packets)
    forms = {"pcap": classic, "pcap of the other byte order": pcap(packets, order=">"),
             "pcapng, gzip": gzip.compress(plain, 1), "pcap, gzip": gzip.compress(classic, 1),
             "pcapng, zstd": subprocess.run(["zstd", "-qc1", world.capture], stdout=subprocess.PIPE, check=True).stdout}
    for name, data in forms.items():
        file = world.path("form")
        file.write_bytes(data)
        done, out = world.select(file)
        same(tap, f"the same from {name}", done, out, wanted)
        tap.equal(f"digest of what is stored: {name}", out.receipts()[0]["input"].get("sha256"),
                  hashlib.sha256(data).hexdigest())
        if name in ("pcapng, zstd", "pcap"):
            with open(file, "rb") as stdin:
                done, out = world.select("-", stdin=stdin)
            same(tap, f"the same from standard input: {name}", done, out, wanted)
    for options in ({"threads": "2"}, {"no_digest": True}, {"threads": "2", "no_digest": True},
                    {"digest": hashlib.sha256(plain).hexdigest()}, {"max_flows": "17000"}):
        done, out = world.select(world.capture, **options)
        same(tap, f"the same with {options}", done, out, wanted)
        told = out.receipts()[0]["input"]
        tap.equal("digest as asked, and marked where it was given", ("sha256" in told, told.get("sha256_given")),
                  ("no_digest" not in options, True if "digest" in options else None))
    return packets


def same(tap, name, done, out, wanted):
    got = collections.Counter(gist(r) for r in out.records())
    tap.check(name, done.returncode == DONE and got == wanted and out.faults() == [], done.returncode, done.stderr,
              out.faults(), list((got - wanted).items())[:2], list((wanted - got).items())[:2])


def split(tap, world, packets, wanted):
    """The capture in pieces of uneven sizes: flows go on over them, and so do the accounts."""
    cuts, files, at = [1, 700, 12000, 12001, 30000, len(packets)], [], 0
    for number, cut in enumerate(cuts):
        file = world.path(f"piece-{number}")
        file.write_bytes(pcap(packets[at:cut]))
        files.append(file)
        at = cut
    done, out = world.select(*files, threads="2")
    same(tap, "the same from a capture in six pieces", done, out, wanted)
    receipts = out.receipts()
    tap.equal("a receipt for each", len(receipts), len(files))
    tap.check("what is pending is carried over", all(
        a["sums"]["pending_after"] == b["sums"]["pending_before"] for a, b in zip(receipts, receipts[1:])) and
        any(r["sums"]["pending_after"]["packets"] for r in receipts))
    tap.equal("and ends with nothing pending", receipts[-1]["sums"]["pending_after"]["packets"], 0)
    tap.equal("all is seen once", sum(r["sums"]["seen"]["packets"] for r in receipts), len(packets))


def few_flows(tap, world):
    """With too small a table the oldest leave first; every packet is accounted for all the same."""
    for most in (16, 100, 1000):
        done, out = world.select(world.capture, max_flows=str(most))
        sums, flows = out.receipts()[0]["sums"], out.receipts()[0]["flows"]
        tap.check(f"--max-flows {most}: evicted flows are counted", done.returncode == DONE and
                  flows["erased"].get("flow_evicted", 0) > 0 and out.faults() == [] and
                  sums["seen"]["packets"] == EXPECTED["packets"], done.stderr, flows, out.faults())
        tap.equal("every flow has one end", flows["begun"], flows["selected"] + sum(flows["erased"].values()))


def again(tap, world, plain, wanted):
    before = dict(plain.everything())
    done, out = world.select(world.capture, out=plain.path)
    tap.equal("a second run goes on in the directory", (done.returncode, len(out.receipts()), out.faults()), (DONE, 2, []))
    tap.check("what was there stays", out.bytes_of("selected.ndjson").startswith(before["selected.ndjson"]) and
              out.bytes_of("receipt.json").startswith(before["receipt.json"]))
    got = collections.Counter(gist(r) for r in out.records())
    tap.check("and finds the same again", got == wanted + wanted)


def consume(tap, world, packets):
    files = [world.path("eaten-1"), world.path("eaten-2")]
    for file in files:
        file.write_bytes(pcap(packets[:500]))
    done, out = world.select(*files, consume=True)
    tap.equal("--consume unlinks", (done.returncode, [f.exists() for f in files]), (DONE, [False, False]))
    tap.equal("and the receipts say so", [r["input"]["state"] for r in out.receipts()], ["unlinking"] * 2)
    tap.equal("what is there verifies", out.faults(), [])
    done, _ = world.select("-", consume=True)
    tap.equal("standard input cannot be consumed", done.returncode, USAGE)
    cut = world.path("cut")
    cut.write_bytes(pcap(packets[:500])[:-3])
    done, out = world.select(cut)
    tap.equal("a capture that ends within a record", (done.returncode, out.receipts()[0]["input"]["cut"]), (DONE, True))
    cut.write_bytes(pcap([]))
    done, out = world.select(cut)
    receipt = out.receipts()[0]
    tap.equal("one without packets: the interval is the moment of its receipt", (done.returncode, receipt["interval"]),
              (DONE, {"from": receipt["made"], "until": receipt["made"]}))


def usage(tap, world):
    for name, words in {"no output": ["--domestic", "x"], "no capture": ["-o", "x", "--domestic", "y", "--indicators", "z"],
                        "an unknown option": ["--frobnicate"]}.items():
        done = run(HINOMI, "select", *words)
        tap.check(f"usage: {name}", done.returncode == USAGE and one_line(done.stderr), done.returncode, done.stderr)
    done, _ = world.select(world.path("absent"))
    tap.check("a capture that is not there", done.returncode == INPUT and one_line(done.stderr), done.stderr)
    done, _ = world.select(world.capture, json=True)
    tap.check("the summary as JSON", isinstance(json.loads(done.stdout), dict), done.stdout)


def main():
    tap, world = Tap(), World()
    what_is_selected(tap, world)
    done, plain = world.select(world.capture)
    tap.equal("de-identified: the run is done", done.returncode, DONE)
    tap.equal("what is there verifies", plain.faults(), [])
    wanted = collections.Counter(gist(r) for r in plain.records())
    what_is_written(tap, world, plain)
    reidentify(tap, world, plain)
    packets = other_forms(tap, world, wanted)
    split(tap, world, packets, wanted)
    few_flows(tap, world)
    again(tap, world, plain, wanted)
    consume(tap, world, packets)
    usage(tap, world)
    tap.done()


if __name__ == "__main__":
    assert pathlib.Path(HINOMI).exists(), HINOMI
    main()
