#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The Hinomi authors
"""Replays recorded conversations between resolvers and name servers (.rpl), where they are: HINOMI_DATA/dns.

Each scenario's name servers are played on their own addresses in a network namespace of this script; a question that
no server of it answers gets SERVFAIL, as in the player that they were recorded with. The programs run by the
scenario's clock (moved_clock.c), which stands at its date and moves when it says so. What the client gets must match
what the scenario says.

Those in EXPLAINED do not pass, each for the reason that stands there; the packaged Unbound is played them too, with the
same options, and does not pass them either. A scenario that passes although it stands there, or that Unbound passes and
we do not, fails.

resolver_scenarios.py [MOVED_CLOCK] [--only NAME] [--both]      --both: plays all to Unbound too
"""
import argparse
import calendar
import io
import os
import pathlib
import re
import select
import shutil
import signal
import socket
import subprocess
import sys
import tarfile
import tempfile
import threading
import time

try:
    import dns.exception
    import dns.flags
    import dns.message
    import dns.name
    import dns.opcode
    import dns.query
    import dns.rcode
    import dns.rdata
    import dns.rdataclass
    import dns.rdatatype
    import dns.rrset
except ImportError:
    print("1..0 # SKIP python3-dnspython is not installed")
    sys.exit(0)
sys.dont_write_bytecode = True
from moved_clock import Clock  # noqa: E402  beside this file

SOURCE = pathlib.Path(os.environ.get("HINOMI_SOURCE", pathlib.Path(__file__).resolve().parents[2]))
BIN = pathlib.Path(os.environ.get("HINOMI_BIN", SOURCE / "build/bin"))
DATA = pathlib.Path(os.environ.get("HINOMI_DATA", SOURCE.parent / "shared/data")) / "dns/resolver-scenarios"
INSIDE = "--inside"
PARTS = 12
PORTS = {"hinomi": 5300, "unbound": 5301}
ANSWER_S = 12
ROOT_HINTS = "/usr/share/dns/root.hints"  # where a scenario names no server of its own
# Why these pass neither with us nor with the packaged Unbound.
REASONS = {
    "signed by DSA alone, which is no longer validated (RFC 8624)":
        "val_deleg_nons val_faildnskey val_nokeyprime val_nsec3_entnodata_optout_badopt val_nsec3_nods_badsig "
        "val_nsec3_nods_soa val_positive_nosigs val_secds_nosig",
    "sets up modules of the resolver it was recorded with: rules, DNS64, other addresses, least and longest TTL":
        "module_dns64 module_hint_static module_policy_deny_all module_policy_deny_suff_comm module_policy_deny_suff_patt "
        "module_policy_pass_deny module_policy_tc module_renumber iter_minmaxttl",
    "recorded with names cut by questions for NS; here they are for A (RFC 9156), which its servers have no answer to":
        "iter_minim_a iter_minim_a_nxdomain iter_minim_nonempty iter_minim_ns",
    "wants the zone's name servers in each answer; here answers are minimal":
        "iter_domain_sale iter_domain_sale_nschange val_nsec3_cnametocnamewctoposwc",
    "wants an answer from a server that says it has none taken for a lame one's; here it is believed":
        "iter_lame_noaa iter_lame_nosoa iter_ns_badglue",
    "needs more look-ups of name servers that fail than are made for one question (5)":
        "iter_cycle_noh iter_pcdirect",
    "lacks what is asked again here: the address of its name server, or a DS after a bogus one":
        "iter_multiple_A black_ent",
    "its servers answer a question for DS by a DNAME, which is bogus here":
        "val_dname val_dname_bogus",
    "wants SERVFAIL for a DNAME that leads to itself; here the answer ends where the loop begins":
        "iter_dname_insec",
    "wants AD on an answer made of a cached wildcard; here it is given without":
        "nsec_aggr_cache",
    "wants a type's absence told from cached NSEC3; here that is done from NSEC":
        "nsec3_aggr_cache",
    "wants no AD with CD=1; here what was validated before has it":
        "val_ta_sentinel",
    "its signatures ended 14 hours before; clocks may differ by a tenth of their time here, at most a day":
        "val_minimal_expiredsignature",
}
EXPLAINED = {name: reason for reason, names in REASONS.items() for name in names.split()}
# The root's keys come in a resolver's answer (RA, no AA): they are believed or not by what was asked before, in an order
# that chance decides, with both.
BY_CHANCE = {"val_nsec3_optout_unsec_cache": "by chance: the root's keys come in an answer that is not the root's"}


# --- the scenario's text


class Entry:
    def __init__(self):
        self.match, self.adjust, self.reply, self.sections = [], [], [], {}
        self.raw = None

    def message(self):
        """The entry as a message."""
        m = dns.message.Message(id=0)
        m.flags = 0
        do = False
        for word in self.reply:
            word = word.upper()
            if word == "DO":
                do = True
            elif word in dns.flags.Flag.__members__:
                m.flags |= dns.flags.Flag[word]
            elif word in dns.opcode.Opcode.__members__:
                m.set_opcode(dns.opcode.from_text(word))
            elif word in ("BADVERS", "BADCOOKIE"):
                continue
            else:
                m.set_rcode(dns.rcode.from_text(word))
        m.use_edns(0, dns.flags.DO if do else 0, 4096)
        for line in self.sections.get("QUESTION", []):
            name, *rest = line.split()
            m.question.append(dns.rrset.RRset(dns.name.from_text(name), dns.rdataclass.IN, dns.rdatatype.from_text(rest[-1])))
        for section, target in (("ANSWER", m.answer), ("AUTHORITY", m.authority), ("ADDITIONAL", m.additional)):
            for line in self.sections.get(section, []):
                add_record(target, line)
        return m


def add_record(target, line):
    """One record in master form, TTL and class in any order or absent."""
    name, rest = line.split(None, 1)
    ttl = 3600
    words = rest.split(None)
    while words and (words[0].isdigit() or words[0].upper() == "IN"):
        if words[0].isdigit():
            ttl = int(words[0])
        words.pop(0)
    kind = words[0]
    data = rest[re.search(r"(?:^|\s)" + re.escape(kind) + r"(?:\s|$)", rest).end():]
    rdata = dns.rdata.from_text(dns.rdataclass.IN, dns.rdatatype.from_text(kind), data, origin=dns.name.root, relativize=False)
    made = dns.rrset.from_rdata(dns.name.from_text(name), ttl, rdata)
    for existing in target:
        if existing.name == made.name and existing.rdtype == made.rdtype and existing.covers == made.covers:
            existing.update(made)
            return
    target.append(made)


class Scenario:
    """What a file says: configuration lines, the servers' ranges, the steps."""

    def __init__(self, name, text):
        self.name = name
        self.config, self.ranges, self.steps = read_scenario(text)
        self.options = options(self.config)
        # Who asks below "test." is answered without asking anybody (RFC 6761) unless it is said who serves it.
        self.options["test"] = any(line.split()[0].endswith("test.") for s in self.steps for e in s["entries"]
                                   for line in e.sections.get("QUESTION", []))

    def addresses(self):
        """Where somebody may be asked."""
        found = {a for r in self.ranges for a in r["addresses"]} | set(self.options["stubs"] + self.options["forwards"])
        for step in self.steps:
            for entry in step["entries"] if step["do"] in ("REPLY", "MOCK") else []:
                for line in (x for lines in entry.sections.values() for x in lines):
                    words = line.split()
                    found |= {words[-1]} if len(words) > 2 and words[-2] in ("A", "AAAA") else set()
        return sorted(found)


def read_scenario(text):
    """(configuration lines, ranges, steps)"""
    config, ranges, steps = [], [], []
    lines = iter(text.splitlines())
    entry = current = None
    section = None
    mode = "config"
    for raw in lines:
        line = re.split(r"\s*;", raw, maxsplit=1)[0].rstrip()
        word = line.split()[0] if line.split() else ""
        if not word:
            continue
        if mode == "config":
            if word == "CONFIG_END":
                mode = "scenario"
            else:
                config.append(line.split("#")[0].strip())
            continue
        rest = line.split()[1:]
        if word == "RANGE_BEGIN":
            current = {"from": int(rest[0]), "until": int(rest[1]), "addresses": rest[2:], "entries": []}
            ranges.append(current)
        elif word == "RANGE_END":
            current = None
        elif word == "ADDRESS":
            current["addresses"].append(rest[0])
        elif word == "ENTRY_BEGIN":
            entry = Entry()
            section = None
        elif word == "ENTRY_END":
            (current["entries"] if current else steps[-1]["entries"]).append(entry)
            entry = None
        elif word == "STEP":
            steps.append({"number": int(rest[0]), "do": rest[1], "rest": rest[2:], "entries": []})
        elif word == "SCENARIO_END":
            break
        elif entry is not None and word in ("MATCH", "ADJUST", "REPLY", "FLAGS"):
            getattr(entry, {"FLAGS": "reply"}.get(word, word.lower())).extend(rest)
        elif entry is not None and word == "RAW":
            entry.raw = bytes.fromhex(next(lines).split(";")[0].strip())
        elif entry is not None and word == "SECTION":
            section = rest[0]
            entry.sections.setdefault(section, [])
        elif entry is not None and section:
            entry.sections[section].append(join_record(line.strip(), lines))
    return config, ranges, steps


def join_record(line, lines):
    """A record over several lines, by parentheses."""
    while line.count("(") > line.count(")"):
        line += " " + next(lines).split(";")[0].strip()
    return line.replace("(", " ").replace(")", " ")


# --- the name servers


def fits(entry, query):
    """Whether a question is the one an entry answers."""
    asked = query.question[0] if query.question else None
    expected = entry.sections.get("QUESTION", [])
    name = dns.name.from_text(expected[0].split()[0]) if expected else None
    kind = dns.rdatatype.from_text(expected[0].split()[-1]) if expected else None
    for what in entry.match:
        if what in ("qname", "question", "all") and (asked is None or asked.name != name):
            return False
        if what == "qcase" and (asked is None or asked.name.labels != name.labels):
            return False
        if what in ("qtype", "question", "all") and (asked is None or asked.rdtype != kind):
            return False
        if what == "subdomain" and (asked is None or not asked.name.is_subdomain(name)):
            return False
        if what == "TCP" and not query.tcp:
            return False
        if what == "UDP" and query.tcp:
            return False
    return True


class Players:
    """Answers on every address of the scenario."""

    def __init__(self, scenario):
        self.ranges, self.step, self.lock = scenario.ranges, 0, threading.Lock()
        self.options = scenario.options
        # Answers that are given once, by whichever server is asked.
        self.once = [(s["number"], s["entries"][0]) for s in scenario.steps if s["do"] in ("REPLY", "MOCK")]
        self.sockets = {}
        self.over = False
        for address in scenario.addresses():
            family = socket.AF_INET6 if ":" in address else socket.AF_INET
            for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
                s = socket.socket(family, kind)
                s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                s.bind((address, 53))
                if kind == socket.SOCK_STREAM:
                    s.listen(16)
                self.sockets[s] = (address, kind)
        self.wake, self.woken = socket.socketpair()
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def close(self):
        self.over = True
        self.wake.send(b".")
        self.thread.join()
        for s in [*self.sockets, self.wake, self.woken]:
            s.close()

    def run(self):
        while not self.over:
            ready, _, _ = select.select([*self.sockets, self.woken], [], [])
            for s in ready:
                if s is self.woken:
                    continue
                address, kind = self.sockets[s]
                try:
                    if kind == socket.SOCK_DGRAM:
                        wire, peer = s.recvfrom(65535)
                        answer = self.answer(address, wire, False)
                        if answer:
                            s.sendto(answer, peer)
                    else:
                        connection, _ = s.accept()
                        with connection:
                            connection.settimeout(2)
                            length = connection.recv(2, socket.MSG_WAITALL)
                            wire = connection.recv(int.from_bytes(length, "big"), socket.MSG_WAITALL)
                            answer = self.answer(address, wire, True)
                            if answer:
                                connection.sendall(len(answer).to_bytes(2, "big") + answer)
                except OSError:
                    continue

    def answer(self, address, wire, tcp):
        try:
            query = dns.message.from_wire(wire)
        except dns.exception.DNSException:
            return None
        query.tcp = tcp
        entry = self.found(address, query)
        if entry:
            return self.made(entry, query)
        return self.unrecorded(address, query).to_wire()

    def unrecorded(self, address, query):
        """What a recorded resolver did not ask and ours do: who the root's servers are; whether there is IPv6."""
        answer = dns.message.make_response(query)
        name, kind = (query.question[0].name, query.question[0].rdtype) if query.question else (None, None)
        if name == dns.name.root and kind == dns.rdatatype.NS and address in self.options["stubs"]:
            answer.flags |= dns.flags.AA
            add_record(answer.answer, ". 3600000 NS k.root-servers.net.")
            for a in self.options["stubs"]:
                add_record(answer.additional, f"k.root-servers.net. 3600000 {'AAAA' if ':' in a else 'A'} {a}")
        elif kind == dns.rdatatype.AAAA and self.options["only_ipv4"]:
            answer.flags |= dns.flags.AA
        else:
            answer.set_rcode(dns.rcode.SERVFAIL)
        return answer

    def found(self, address, query):
        known = any(address in r["addresses"] for r in self.ranges)
        with self.lock:
            for r in self.ranges:
                if r["from"] <= self.step <= r["until"] and (not known or not r["addresses"] or address in r["addresses"]):
                    return next((e for e in r["entries"] if fits(e, query)), None)
            for k, (number, entry) in enumerate(self.once):
                if number >= self.step and fits(entry, query):
                    return self.once.pop(k)[1]
        return None

    @staticmethod
    def made(entry, query):
        if "do_not_answer" in entry.adjust:
            return None
        if entry.raw is not None:
            return query.id.to_bytes(2, "big") + entry.raw[2:] if "raw_id" in entry.adjust else entry.raw
        answer = entry.message()
        if "copy_query" in entry.adjust:
            answer.question = query.question
        elif query.question and answer.question and answer.question[0].name == query.question[0].name:
            answer.question[0].name = query.question[0].name  # with its capitals
        answer.id = query.id
        answer.use_edns(False)
        if query.edns >= 0:
            answer.use_edns(0, query.ednsflags & dns.flags.DO, 4096)
        return answer.to_wire(max_size=65535)


# --- the resolvers


def options(config):
    """What of the scenario's configuration concerns us."""
    found = {"stubs": [], "forwards": [], "anchors": [], "insecure": [], "date": None, "whole": False, "only_ipv4": False}
    for line in config:
        key, _, value = line.partition(":")
        key, value = key.strip(), value.split("#")[0].strip().strip('"')
        if key == "stub-addr":
            found["stubs"].append(value.split()[0])
        elif key == "forward-addr":
            found["forwards"].append(value.split()[0])
        elif key == "trust-anchor":
            found["anchors"].append(re.sub(r"[()]", " ", value))
        elif key == "domain-insecure":
            found["insecure"].append(value)
        elif key == "val-override-date" and value.isdigit():
            found["date"] = calendar.timegm(time.strptime(value, "%Y%m%d%H%M%S"))
        elif key == "val-override-timestamp":
            found["date"] = int(value.split()[0])
        elif key == "do-ip6":
            found["only_ipv4"] = value == "no"
        elif key in ("query-minimization", "qname-minimisation"):
            found["whole"] = value in ("off", "no")
    return found


def start(which, directory, found, clock):
    hints = directory / "root.hints"
    hints.write_text(". 3600000 NS k.root-servers.net.\n" + "".join(
        f"k.root-servers.net. 3600000 {'AAAA' if ':' in a else 'A'} {a}\n" for a in found["stubs"]))
    anchors = directory / "anchors"
    # Without an anchor nothing is validated; ours wants one, so it gets that of a name nobody asks.
    anchors.write_text("".join(a + "\n" for a in found["anchors"] or [f"nobody-asks.invalid. DS 1 13 2 {'00' * 32}"]))
    with (directory / f"{which}.log").open("w") as log:
        command = {"hinomi": start_hinomi, "unbound": start_unbound}[which](directory, found, hints, anchors)
        return subprocess.Popen(command, stderr=log, stdout=log, env=clock.environment)


def start_hinomi(directory, found, hints, anchors):
    config = directory / "resolver.yaml"
    text = f"listen:\n  - address: 127.0.0.1\n    port: {PORTS['hinomi']}\n    transports: [udp, tcp]\nthreads: 1\n"
    text += "cache: {stale: 0s, prefetch: false}\n"
    text += f"recursion:\n  trust_anchors: {anchors}\n  ask_localhost: true\n"
    text += f"  whole_names: {str(found['whole']).lower()}\n"
    text += f"  root_hints: {hints}\n" if found["stubs"] else ""
    if found["stubs"] and found["test"]:
        text += f"  stubs: [{{zone: test., addresses: [{', '.join(found['stubs'])}]}}]\n"
    text += f"  forward: [{', '.join('{address: ' + a + '}' for a in found['forwards'])}]\n" if found["forwards"] else ""
    config.write_text(text)
    return [BIN / "hinomi-resolver", "--config", config]


def start_unbound(directory, found, hints, anchors):
    config = directory / "unbound.conf"
    zones = "forward-zone:\n  name: .\n" + "".join(f"  forward-addr: {a}\n" for a in found["forwards"])
    config.write_text(f"""
server:
  interface: 127.0.0.1@{PORTS["unbound"]}
  port: {PORTS["unbound"]}
  username: ""
  chroot: ""
  directory: "{directory}"
  pidfile: ""
  use-syslog: no
  logfile: ""
  root-hints: "{hints if found["stubs"] else ROOT_HINTS}"
  {f'trust-anchor-file: "{anchors}"' if found["anchors"] else ""}
  {'local-zone: "test." nodefault' if found["test"] else ""}
  do-not-query-localhost: no
  qname-minimisation: {"no" if found["whole"] else "yes"}
  aggressive-nsec: yes
  minimal-responses: yes
  edns-buffer-size: 1232
  module-config: "validator iterator"
remote-control:
  control-enable: no
{zones if found["forwards"] else ""}
""")
    return ["unbound", "-d", "-c", config]


def wait_for(port, server):
    until = time.monotonic() + 20
    while time.monotonic() < until and server.poll() is None:
        with socket.socket() as s:
            if s.connect_ex(("127.0.0.1", port)) == 0:
                return True
        time.sleep(0.01)
    return False


def as_set(section):
    return {(s.name, s.rdtype, r.to_text().lower()) for s in section for r in s}


def objection(entry, got):
    """Why an answer does not match; None: it does."""
    expected = entry.message()
    for what in entry.match:
        everything = what == "all"
        if (what == "rcode" or everything) and got.rcode() != expected.rcode():
            return f"rcode {dns.rcode.to_text(got.rcode())} for {dns.rcode.to_text(expected.rcode())}"
        if what == "flags" or everything:
            mask = dns.flags.QR | dns.flags.AA | dns.flags.TC | dns.flags.RD | dns.flags.RA | dns.flags.AD | dns.flags.CD
            if (got.flags ^ expected.flags) & mask:
                return f"flags {dns.flags.to_text(got.flags)} for {dns.flags.to_text(expected.flags)}"
        if what in ("question", "qname") and got.question and expected.question and \
                got.question[0].name != expected.question[0].name:
            return "question"
        for section in ("answer", "authority", "additional"):
            if what == section or (everything and section != "additional"):
                mine, other = as_set(getattr(got, section)), as_set(getattr(expected, section))
                if mine != other:
                    return f"{section}: {sorted(map(str, mine - other))} too much, {sorted(map(str, other - mine))} missing"
    return None


def asked(entry, port):
    """Asks. @return the answer; None where there is none, or none is waited for"""
    if entry.raw is not None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.sendto(entry.raw, ("127.0.0.1", port))
        return None
    query = entry.message()
    query.id = 0x4d4d
    try:
        return dns.query.udp_with_fallback(query, "127.0.0.1", timeout=ANSWER_S, port=port)[0]
    except dns.exception.DNSException:
        return None


def play(which, scenario, library):
    """@return None when all steps matched, else what did not"""
    directory = pathlib.Path(tempfile.mkdtemp(prefix="hinomi-scenario-"))
    clock = Clock(directory / "clock", library, scenario.options["date"])
    players = Players(scenario)
    server = start(which, directory, scenario.options, clock)
    got = None
    try:
        if not wait_for(PORTS[which], server):
            return "does not start: " + (directory / f"{which}.log").read_text()[-300:]
        for step in scenario.steps:
            with players.lock:
                players.step = step["number"]
            if step["do"] == "QUERY":
                got = asked(step["entries"][0], PORTS[which])
            elif step["do"] == "CHECK_ANSWER":
                why = objection(step["entries"][0], got) if got else "no answer"
                if why:
                    return f"step {step['number']}: {why}"
            elif step["do"] == "TIME_PASSES":
                clock.passes(int(step["rest"][-1]))
            elif step["do"] not in ("REPLY", "MOCK", "CHECK_OUT_QUERY"):
                return f"step {step['number']}: {step['do']} is not played"
        return None
    finally:
        server.terminate()
        server.wait()
        players.close()
        shutil.rmtree(directory, ignore_errors=True)


def scenarios(only):
    """(name, text) of each recorded conversation without response policies (resolver_policy tests have theirs)."""
    path = DATA / "deckard-rpl.tar.zst"
    raw = subprocess.run(["zstd", "-dc", path], check=True, stdout=subprocess.PIPE).stdout
    with tarfile.open(fileobj=io.BytesIO(raw)) as archive:
        for member in sorted(archive.getmembers(), key=lambda m: m.name):
            if member.name.endswith(".rpl") and "resolver/" in member.name and (not only or only in member.name):
                yield pathlib.PurePath(member.name).stem, archive.extractfile(member).read().decode()


def inside(library, only, both, part, parts):
    """Plays every parts-th scenario in this namespace: a line of result and one of comment for each."""
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    mine = [Scenario(name, text) for name, text in scenarios(only)][part::parts]
    for address in sorted({a for scenario in mine for a in scenario.addresses()}):
        subprocess.run(["ip", "address", "add", address + ("/128" if ":" in address else "/32"), "dev", "lo", *(
            ["nodad"] if ":" in address else [])], check=False, stderr=subprocess.DEVNULL)
    for scenario in mine:
        ours = play("hinomi", scenario, library)
        theirs = play("unbound", scenario, library) if ours or both else None
        print(scenario.name, " ".join((ours or "").split())[:300], "|", " ".join((theirs or "").split())[:300], flush=True)


def told(number, name, ours, theirs):
    """@return whether this one counts as passed, skipped or failed"""
    reason = EXPLAINED.get(name)
    wrong = (ours and not reason) or (ours and not theirs) or (reason and not ours)
    if name in BY_CHANCE:
        reason, wrong = BY_CHANCE[name], False
    skip = f" # SKIP {reason}" if ours and reason and not wrong else ""
    print(f"{'not ok' if wrong else 'ok'} {number} - {name}{skip}")
    if wrong and not ours:
        print("# it passes, though it is told not to")
    if ours:
        print(f"# ours: {ours}\n# Unbound: {theirs or 'passes'}", flush=True)
    return "failed" if wrong else "skipped" if ours else "passed"


def play_all(library, only, both):
    """The parts side by side: most of the time everybody waits for a server that does not answer."""
    namespace = ["unshare", "--net"] if os.geteuid() == 0 else ["unshare", "--user", "--map-root-user", "--net"]
    if subprocess.run([*namespace, "true"], stderr=subprocess.DEVNULL, check=False).returncode != 0:
        print("1..0 # SKIP no network namespace can be made here")
        return 0
    parts = [
        subprocess.Popen([*namespace, sys.executable, os.path.abspath(__file__), INSIDE, library, only, both, str(k), str(PARTS)],
                         stdout=subprocess.PIPE, text=True) for k in range(PARTS)]
    counts = {"passed": 0, "skipped": 0, "failed": 0}
    number = 0
    for part in parts:
        for line in part.stdout:
            name, _, why = line.rstrip("\n").partition(" ")
            ours, _, theirs = why.partition("|")
            number += 1
            counts[told(number, name, ours.strip(), theirs.strip())] += 1
            if both and theirs.strip() and not ours.strip():
                print(f"# Unbound alone does not: {theirs.strip()}")
        if part.wait() != 0:
            number += 1
            counts["failed"] += 1
            print(f"not ok {number} - a part ended with {part.returncode}")
    print(f"# {counts['passed']} passed, {counts['skipped']} explained, {counts['failed']} failed")
    print(f"1..{number}")
    return 1 if counts["failed"] else 0


def main():
    if len(sys.argv) == 7 and sys.argv[1] == INSIDE:
        inside(pathlib.Path(sys.argv[2]), sys.argv[3], sys.argv[4], int(sys.argv[5]), int(sys.argv[6]))
        return 0
    arguments = argparse.ArgumentParser()
    arguments.add_argument("library", nargs="?", default=SOURCE / "build/tests/integration/moved_clock.so")
    arguments.add_argument("--only", default="")
    arguments.add_argument("--both", action="store_const", const="both", default="")
    chosen = arguments.parse_args()
    for program in ("unbound", "zstd", "ip", "unshare"):
        if shutil.which(program) is None:
            print(f"1..0 # SKIP {program} is not installed")
            return 0
    if not (DATA / "deckard-rpl.tar.zst").exists():
        print("1..0 # SKIP no recorded scenarios here")
        return 0
    return play_all(str(pathlib.Path(chosen.library).resolve()), chosen.only, chosen.both)


if __name__ == "__main__":
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    sys.exit(main())
