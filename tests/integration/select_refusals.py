#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The Hinomi authors
"""Each reason for which a selection is refused: exit 4, one line that says which, an entry in the ledger, and not one
record. Told by TAP."""
import json
import re
import sys

sys.dont_write_bytecode = True
from select_world import (HINOMI, LAB, NOT_AUTHORISED, SOURCE, Tap, World, hinomi, must, one_line, rfc3339)  # noqa: E402

# What a file cannot bring about: none is not a refusal; a live sensor alone is refused for want of a list.
NOT_HERE = {"none"}
DAY = 86400


def named_refusals():
    """Every name of enum refusal, as the source lists them."""
    text = (SOURCE / "src/authority/refusal.c").read_text()
    return set(re.findall(r"\[REFUSAL_[A-Z_]+\] =\s*\{\"([a-z-]+)\"", text))


def replace(payload, **members):
    payload.update(members)


def edit(world, name, change):
    """The valid authorisation with its document changed behind the signatures."""
    document = json.loads(world.authorization.read_text())
    change(document)
    world.path(name).write_text(json.dumps(document))
    return world.path(name)


def repeat(document):
    document["signatures"].append(document["signatures"][0])


def spoil(document):
    signature = document["signatures"][0]["signature"]
    document["signatures"][0]["signature"] = ("B" if signature[0] != "B" else "C") + signature[1:]


def tamper(document):
    payload = document["payload"]
    at = len(payload) // 2
    document["payload"] = payload[:at] + ("B" if payload[at] != "B" else "C") + payload[at + 1:]


def revocations(world, name, *options):
    hinomi("authority", "revoke", "--key", world.path("c.key"), "--trust", world.trust, "-o", world.path(name), *options)
    return world.path(name)


def other_set(world, name, lines, set_id="lab", act="act-2026-001"):
    file = world.path(name + ".txt")
    file.write_text("".join(line + "\n" for line in lines))
    hinomi("indicators", "compile", "-o", world.path(name + ".him"), "--set", set_id, "--act", act, file)
    return world.path(name + ".him")


def write(world, name, text):
    world.path(name).write_text(text)
    return world.path(name)


def cases(world):
    """(what, wanted name, options that differ from a run that is authorised)."""
    valid = json.loads(must(HINOMI, "authority", "verify", "--trust", world.trust, "--json", world.authorization))
    identity = valid["authorization"]["id"]
    old = {"start": -3 * DAY, "until": rfc3339(-2 * DAY)}
    yield "no --authorization", "no-authorization", {"authorization": None}
    yield "an authorisation that is not there", "no-authorization", {"authorization": world.path("absent.json")}
    yield "no --trust", "trust-unknown", {"trust": None}
    yield "a trust file that is not there", "trust-unknown", {"trust": world.path("absent.json")}
    yield "a broken trust file", "trust-unknown", {"trust": write(world, "broken.json", world.trust.read_text()[:200])}
    yield "another trust file of the same keys", "trust-unknown", {
        "trust": world.make_trust("OTHER.json", domestic=write(world, "other.txt", "192.0.0.0/16\n"))}
    yield "an empty file", "malformed", {"authorization": write(world, "empty.json", "")}
    yield "half a file", "malformed", {"authorization": write(world, "half.json", world.authorization.read_text()[:500])}
    yield "another document", "malformed", {"authorization": world.forge("type.json", lambda p: replace(p, type="x"))}
    yield "an unknown member", "malformed", {"authorization": world.forge("member.json", lambda p: replace(p, x=1))}
    yield "a floating-point number", "malformed", {
        "authorization": world.forge("float.json", lambda p: replace(p, version=1.5))}
    yield "a stranger's signature", "key-unknown", {
        "authorization": world.sign(world.issue("stranger.json"), ["stranger"])}
    yield "the same signature twice", "signature-repeated", {"authorization": edit(world, "twice.json", repeat)}
    yield "a wrong signature", "signature-wrong", {"authorization": edit(world, "wrong.json", spoil)}
    yield "a payload that was changed", "signature-wrong", {"authorization": edit(world, "tampered.json", tamper)}
    yield "no signature", "signatures-too-few", {"authorization": world.draft("unsigned.json")}
    yield "one signature", "signatures-too-few", {"authorization": world.sign(world.draft("one.json"), "a")}
    yield "ten years", "beyond-limits", {
        "authorization": world.forge("long.json", lambda p: replace(p, until=rfc3339(3650 * DAY)))}
    yield "domestic to domestic", "beyond-limits", {
        "authorization": world.forge("inside.json", lambda p: replace(p, classes=["domestic-domestic"]))}
    yield "issued tomorrow", "clock-behind", {
        "authorization": world.forge("tomorrow.json", lambda p: replace(p, issued=rfc3339(DAY)))}
    yield "a broken revocation list", "revocations-bad", {"revocations": write(world, "list.json", "{}")}
    yield "a revocation list that is not there", "revocations-bad", {"revocations": world.path("absent.json")}
    fresh = revocations(world, "fresh.json")
    stale = world.forge("stale.json", lambda p: replace(p, issued=rfc3339(-2 * DAY), next_update=rfc3339(-DAY)),
                        source=fresh, names="c")
    yield "a revocation list whose time has passed", "revocations-stale", {"revocations": stale}
    yield "revoked", "revoked", {"revocations": revocations(world, "revoked.json", "--id", identity)}
    yield "begins tomorrow", "not-yet-valid", {"authorization": world.issue("later.json", start=DAY)}
    yield "ended, and the capture is of now", "no-longer-valid", {
        "authorization": world.issue("ended.json", **old), "recorded": None}
    yield "a recording whose retention ended", "outside-retention", {
        "authorization": world.issue("past.json", retention="P1D", **old)}
    yield "another sensor", "sensor-other", {"identity": world.path("stranger.key")}
    yield "another sensor by its id", "sensor-other", {"sensor": "6f1c2a34-0000-4000-8000-000000000001"}
    yield "an empty domestic table", "domestic-empty", {"domestic": write(world, "none.txt", "# nothing\n")}
    yield "another domestic table", "domestic-other", {"domestic": write(world, "wide.txt", "192.0.0.0/16\n")}
    yield "a set that is not named", "set-not-covered", {
        "indicators": other_set(world, "unnamed", ["203.0.113.66"], set_id="other")}
    yield "more entries than signed", "set-out-of-bounds", {
        "indicators": other_set(world, "many", [f"203.0.{i // 250}.{i % 250 + 1}" for i in range(1001)])}
    yield "an entry for another act", "set-out-of-bounds", {
        "indicators": other_set(world, "act", ["203.0.113.66"], act="act-2026-002")}
    yield "a prefix wider than signed", "set-out-of-bounds", {"indicators": other_set(world, "prefix", ["203.0.112.0/23"])}
    yield "a kind that is not signed", "set-out-of-bounds", {
        "authorization": world.issue("kinds.json", sets=["lab:ipv4:1000"])}


def refused_entries(world, out, key):
    proofs = []
    for index in range(10):
        proof = world.path(f"{out.path.name}-{index}.json")
        words = [HINOMI, "ledger", "prove", "--key", world.path(key + ".key.pub"), "-o", proof, out.path, str(index)]
        try:
            must(*words)
        except RuntimeError:
            break
        proofs.append(must(HINOMI, "ledger", "verify-proof", "--key", world.path(key + ".key.pub"), proof))
    return proofs


def main():
    tap, world = Tap(), World()
    done, out = world.select(world.capture, revocations=revocations(world, "current.json"))
    tap.equal("authorised, with a current list of what is revoked", (done.returncode, out.faults()), (0, []))
    met = set()
    for what, wanted, options in cases(world):
        met.add(wanted)
        done, out = world.select(world.capture, **options)
        tap.equal(f"{what}: exit 4, one line", (done.returncode, one_line(done.stderr), done.stdout),
                  (NOT_AUTHORISED, True, ""))
        key = "stranger" if options.get("identity") == world.path("stranger.key") else "sensor"
        proofs = refused_entries(world, out, key)
        tap.check(f"{what}: the ledger says {wanted}", len(proofs) == 1 and f'"refusal":"{wanted}"' in proofs[0] and
                  re.search(r"\brefused\b", proofs[0].splitlines()[0]), done.stderr, *proofs)
        tap.equal(f"{what}: nothing selected", (out.bytes_of("selected.ndjson"), out.bytes_of("receipt.json")), (b"", b""))
    tap.equal("every reason was met", named_refusals() - met - NOT_HERE, set())
    done, out = world.select(world.capture)
    before = dict(out.everything())
    done, again = world.select(world.capture, out=out.path, authorization=None)
    tap.equal("a refusal in a directory in use leaves it whole", (done.returncode, again.faults()), (NOT_AUTHORISED, []))
    tap.equal("and its records as they were", again.bytes_of("selected.ndjson"), before["selected.ndjson"])
    done, out = world.select(world.capture, authorization=world.issue("outside.json", start=-3 * DAY,
                                                                      until=rfc3339(-2 * DAY)))
    sums = out.receipts()[0]["sums"]
    reasons = {name for by in sums["erased"]["by_reason"].values() for name in by}
    tap.check("packets outside the validity are erased and counted", done.returncode == 0 and out.records() == [] and
              "outside_time" in reasons and out.faults() == [], done.stderr, sums)
    tap.done()


if __name__ == "__main__":
    main()
