#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The Hinomi authors
"""Replays recorded conversations between resolvers and name servers (.rpl), where they are: HINOMI_DATA/dns.

Each scenario's name servers are played on their own addresses in a network namespace of this script, with the clock of
validation set to the scenario's. What the client gets must match what the scenario says. The packaged Unbound is played
the same scenario with the same options: one that it does not pass under them is told as skipped, since it asks for
options we do not have (another cache policy) or for that implementation's ways.

resolver_scenarios.py [--only NAME]
"""
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

SOURCE = pathlib.Path(os.environ.get("HINOMI_SOURCE", pathlib.Path(__file__).resolve().parents[2]))
BIN = pathlib.Path(os.environ.get("HINOMI_BIN", SOURCE / "build/bin"))
DATA = pathlib.Path(os.environ.get("HINOMI_DATA", SOURCE.parent / "shared/data")) / "dns/resolver-scenarios"
INSIDE = "--inside"
PARTS = 12
PORTS = {"hinomi": 5300, "unbound": 5301}
ANSWER_S = 12


# --- the scenario's text


class Entry:
    def __init__(self):
        self.match, self.adjust, self.reply, self.sections = [], [], [], {}

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
        if do:
            m.use_edns(0, dns.flags.DO, 4096)
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


def read_scenario(text):
    """(configuration lines, temporary files, ranges, steps)"""
    config, files, ranges, steps = [], {}, [], []
    lines = iter(text.splitlines())
    entry = current = None
    section = None
    mode = "config"
    for raw in lines:
        line = re.split(r"\s*;", raw, maxsplit=1)[0].rstrip() if mode != "config" or not raw.lstrip().startswith("server") else raw
        word = line.split()[0] if line.split() else ""
        if not word:
            continue
        if mode == "config":
            if word == "CONFIG_END":
                mode = "scenario"
            elif word == "TEMPFILE_CONTENTS":
                content = []
                for inner in lines:
                    if inner.strip() == "TEMPFILE_END":
                        break
                    content.append(inner)
                files[line.split()[1]] = "\n".join(content) + "\n"
            else:
                config.append(line.split("#")[0].strip())
            continue
        rest = line.split()[1:]
        if word == "RANGE_BEGIN":
            current = {"from": int(rest[0]), "until": int(rest[1]), "addresses": [], "entries": []}
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
        elif entry is not None and word in ("MATCH", "ADJUST", "REPLY"):
            getattr(entry, word.lower()).extend(rest)
        elif entry is not None and word == "SECTION":
            section = rest[0]
            entry.sections.setdefault(section, [])
        elif entry is not None and section:
            entry.sections[section].append(join_record(line.strip(), lines))
    return config, files, ranges, steps


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

    def __init__(self, ranges):
        self.ranges, self.step, self.lock = ranges, 0, threading.Lock()
        self.sockets = {}
        self.over = False
        for address in sorted({a for r in ranges for a in r["addresses"]}):
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
        with self.lock:
            step = self.step
        for r in self.ranges:
            if address in r["addresses"] and r["from"] <= step <= r["until"]:
                for entry in r["entries"]:
                    if fits(entry, query):
                        return self.made(entry, query)
        return None

    @staticmethod
    def made(entry, query):
        if "do_not_answer" in entry.adjust:
            return None
        answer = entry.message()
        if "copy_query" in entry.adjust or not answer.question:
            answer.question = query.question
        answer.id = query.id
        if query.edns >= 0:
            answer.use_edns(0, query.ednsflags & dns.flags.DO, 4096)
        return answer.to_wire(max_size=65535)


# --- the resolvers


def options(config):
    """What of the scenario's configuration concerns us."""
    found = {"stubs": [], "anchors": [], "date": None, "whole": False}
    for line in config:
        key, _, value = line.partition(":")
        key, value = key.strip(), value.split("#")[0].strip().strip('"')
        if key == "stub-addr":
            found["stubs"].append(value.split()[0])
        elif key == "trust-anchor":
            found["anchors"].append(re.sub(r"[()]", " ", value))
        elif key == "val-override-date" and value.isdigit():
            found["date"] = value
        elif key in ("query-minimization", "qname-minimisation"):
            found["whole"] = value in ("off", "no")
        elif key == "val-override-timestamp":
            found["date"] = time.strftime("%Y%m%d%H%M%S", time.gmtime(int(value.split()[0])))
    return found


def start(which, directory, found):
    hints = directory / "root.hints"
    hints.write_text(". 3600000 NS k.root-servers.net.\n" + "".join(
        f"k.root-servers.net. 3600000 {'AAAA' if ':' in a else 'A'} {a}\n" for a in found["stubs"]))
    anchors = directory / "anchors"
    # Without an anchor nothing is validated; ours wants one, so it gets that of a name nobody asks.
    anchors.write_text("".join(a + "\n" for a in found["anchors"] or [f"nobody-asks.invalid. DS 1 13 2 {'00' * 32}"]))
    log = (directory / f"{which}.log").open("w")
    if which == "hinomi":
        config = directory / "resolver.yaml"
        text = f"listen:\n  - address: 127.0.0.1\n    port: {PORTS[which]}\n    transports: [udp, tcp]\nthreads: 1\n"
        text += f"recursion:\n  root_hints: {hints}\n  trust_anchors: {anchors}\n  ask_localhost: true\n"
        text += f"  whole_names: {str(found['whole']).lower()}\n"
        if found["date"]:
            text += f'  validation_date: "{found["date"]}"\n'
        config.write_text(text)
        return subprocess.Popen([BIN / "hinomi-resolver", "--config", config], stderr=log)
    config = directory / "unbound.conf"
    config.write_text(f"""
server:
  interface: 127.0.0.1@{PORTS[which]}
  port: {PORTS[which]}
  username: ""
  chroot: ""
  directory: "{directory}"
  pidfile: ""
  use-syslog: no
  logfile: ""
  root-hints: "{hints}"
  {f'trust-anchor-file: "{anchors}"' if found["anchors"] else ""}
  {f'val-override-date: "{found["date"]}"' if found["date"] else ""}
  do-not-query-localhost: no
  qname-minimisation: {"no" if found["whole"] else "yes"}
  aggressive-nsec: yes
  minimal-responses: yes
  edns-buffer-size: 1232
  module-config: "validator iterator"
remote-control:
  control-enable: no
""")
    return subprocess.Popen(["unbound", "-d", "-c", config], stderr=log, stdout=log)


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


def play(which, text):
    """@return None when all steps matched, else what did not"""
    config, _, ranges, steps = read_scenario(text)
    found = options(config)
    directory = pathlib.Path(tempfile.mkdtemp(prefix="hinomi-scenario-"))
    players = Players(ranges)
    server = start(which, directory, found)
    got = None
    try:
        if not wait_for(PORTS[which], server):
            return "does not start: " + (directory / f"{which}.log").read_text()[-300:]
        for step in steps:
            with players.lock:
                players.step = step["number"]
            if step["do"] == "QUERY":
                entry = step["entries"][0]
                query = entry.message()
                query.id = 0x4d4d
                try:
                    got, _ = dns.query.udp_with_fallback(query, "127.0.0.1", timeout=ANSWER_S, port=PORTS[which])
                except dns.exception.DNSException as e:
                    got = e
                    if which == "hinomi":
                        return f"step {step['number']}: {type(e).__name__}"
            elif step["do"] == "CHECK_ANSWER":
                if not isinstance(got, dns.message.Message):
                    return f"step {step['number']}: no answer"
                why = objection(step["entries"][0], got)
                if why:
                    return f"step {step['number']}: {why}"
            elif step["do"] in ("TIME_PASSES", "REPLY", "CHECK_OUT_QUERY", "TIMEOUT", "NOTHING"):
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


def addresses(text):
    return {a for r in read_scenario(text)[2] for a in r["addresses"]}


def inside(only, part, parts):
    """Plays every parts-th scenario in this namespace: a line of result and one of comment for each."""
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    mine = list(scenarios(only))[part::parts]
    for address in sorted({a for _, text in mine for a in addresses(text)}):
        subprocess.run(["ip", "address", "add", address + ("/128" if ":" in address else "/32"), "dev", "lo", *(
            ["nodad"] if ":" in address else [])], check=False, stderr=subprocess.DEVNULL)
    for name, text in mine:
        ours = play("hinomi", text)
        theirs = None if ours is None else play("unbound", text)
        state = "passed" if ours is None else "failed" if theirs is None else "skipped"
        print(state, name, " ".join((ours or "").split())[:300], "|", " ".join((theirs or "").split())[:100], flush=True)


def play_all(only):
    """The parts side by side: most of the time everybody waits for a server that does not answer."""
    namespace = ["unshare", "--net"] if os.geteuid() == 0 else ["unshare", "--user", "--map-root-user", "--net"]
    if subprocess.run([*namespace, "true"], stderr=subprocess.DEVNULL, check=False).returncode != 0:
        print("1..0 # SKIP no network namespace can be made here")
        return 0
    parts = [
        subprocess.Popen([*namespace, sys.executable, os.path.abspath(__file__), INSIDE, only, str(k), str(PARTS)],
                         stdout=subprocess.PIPE, text=True) for k in range(PARTS)]
    counts = {"passed": 0, "skipped": 0, "failed": 0}
    number = 0
    for part in parts:
        for line in part.stdout:
            state, name, why = line.rstrip("\n").split(" ", 2)
            ours, _, theirs = why.partition("|")
            number += 1
            counts[state] += 1
            skip = f" # SKIP nor does Unbound: {theirs.strip()}" if state == "skipped" else ""
            print(f"{'not ok' if state == 'failed' else 'ok'} {number} - {name}{skip}")
            if state != "passed":
                print(f"# ours: {ours.strip()}", flush=True)
        if part.wait() != 0:
            number += 1
            counts["failed"] += 1
            print(f"not ok {number} - a part ended with {part.returncode}")
    print(f"# {counts['passed']} passed, {counts['skipped']} that Unbound does not pass either, {counts['failed']} failed")
    print(f"1..{number}")
    return 1 if counts["failed"] else 0


def main():
    if len(sys.argv) == 5 and sys.argv[1] == INSIDE:
        inside(sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
        return 0
    for program in ("unbound", "zstd", "ip", "unshare"):
        if shutil.which(program) is None:
            print(f"1..0 # SKIP {program} is not installed")
            return 0
    if not (DATA / "deckard-rpl.tar.zst").exists():
        print("1..0 # SKIP no recorded scenarios here")
        return 0
    return play_all(sys.argv[2] if len(sys.argv) == 3 and sys.argv[1] == "--only" else "")


if __name__ == "__main__":
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    sys.exit(main())
