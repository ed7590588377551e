#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The Hinomi authors
"""`explain` beside what the server does: for each trigger and each action the answer a client gets and the event of it
must be what explain says before and after. Run inside dns-tree.py."""
import http.client
import json
import socket
import subprocess
import threading

from resolver_world import (BIN, DEADLINE, RECURSION, Resolver, Tap, ask, directory, dns, run, need)  # noqa: I001  first: skips

SINKHOLE, LOCAL = "192.0.2.201", "192.0.2.200"
PAGE_PORT = 8053
LISTED = "127.1.8.1"  # the client for whom an indicator set holds
# Trigger: the name asked, the owner in a zone file, the entry and what meets it as explain calls them.
TRIGGERS = {
    "client": ("client-ip", "www.secure.example", "24.0.1.1.127.rpz-client-ip", "127.1.1.0/24", None),
    "qname": ("qname", "www.secure.example", "www.secure.example", "www.secure.example", "www.secure.example"),
    "cname": ("qname", "chain1.secure.example", "chain3.secure.example", "chain3.secure.example", "chain3.secure.example"),
    "ip": ("ip", "many.secure.example", "32.3.2.0.192.rpz-ip", "192.0.2.3", "192.0.2.3"),
    "nsdname": ("nsdname", "www.insecure.example", "ns.insecure.example.rpz-nsdname", "ns.insecure.example",
                "ns.insecure.example"),
    "nsip": ("nsip", "www.office.co.jp", "32.1.3.0.127.rpz-nsip", "127.0.3.1", "127.0.3.1"),
}
ACTIONS = ("nxdomain", "nodata", "sinkhole", "local-data", "passthru", "drop", "tcp-only", "log-only")
ALLOWS = {"allow-chain2": "chain2.secure.example", "allow-www": "www.secure.example", "allow-many": "many.secure.example",
          "allow-ip": "32.3.2.0.192.rpz-ip"}
# Policies in order, the trigger whose name is asked, what explain says, who decides.
ORDERS = [
    (("cname-nxdomain", "allow-chain2"), "cname", "allow", "allow-chain2"),
    (("cname-nxdomain", "allow-www"), "cname", "nxdomain", "cname-nxdomain"),
    (("ip-nxdomain", "allow-many"), "ip", "allow", "allow-many"),
    (("ip-nxdomain", "allow-ip"), "ip", "none", None),
    (("ip-passthru", "ip-nxdomain"), "ip", "passthru", "ip-passthru"),
    (("nsip-log-only", "nsip-nodata"), "nsip", "nodata", "nsip-nodata"),
    (("ip-sinkhole", "qname-nxdomain"), "qname", "nxdomain", "qname-nxdomain"),
]


def configuration(path):
    """One group a case, told apart by the client's address."""
    policies, groups, cases = [], [], []
    for number, (trigger, (kind, name, owner, entry, _)) in enumerate(TRIGGERS.items(), 1):
        (path / f"{trigger}.rpz").write_text("$ORIGIN rpz.test.\n@ 60 IN SOA localhost. root. 1 60 60 60 60\n"
                                             f"@ 60 IN NS localhost.\n{owner} 60 IN CNAME .\n")
        for place, action in enumerate(ACTIONS, 1):
            more = {"sinkhole": f", sinkhole: [{SINKHOLE}]", "local-data": f', records: ["A {LOCAL}"]'}.get(action, "")
            policies.append(f"{{name: {trigger}-{action}, rpz: {path}/{trigger}.rpz, action: {action}{more}}}")
            client = f"127.1.{number}.{place}"
            groups.append((client, [f"{trigger}-{action}"]))
            cases.append((client, name, action, f"{trigger}-{action}", kind, entry))
    for allow, owner in ALLOWS.items():
        (path / f"{allow}.rpz").write_text("$ORIGIN rpz.test.\n@ 60 IN SOA localhost. root. 1 60 60 60 60\n"
                                           f"@ 60 IN NS localhost.\n{owner} 60 IN CNAME rpz-passthru.\n")
        run(BIN / "hinomi-indicators", "compile", "-o", path / f"{allow}.him", "--set", allow, "--act", "act-1",
            path / f"{allow}.rpz", check=True)
        policies.append(f"{{name: {allow}, set: [{path}/{allow}.him]}}")
    (path / "listed.txt").write_text("mail.secure.example\n")
    run(BIN / "hinomi-indicators", "compile", "-o", path / "listed.him", "--set", "listed", "--act", "act-1",
        path / "listed.txt", check=True)
    policies.append(f"{{name: listed, set: [{path}/listed.him]}}")
    groups.append((LISTED, ["listed"]))
    for place, (names, trigger, action, decides) in enumerate(ORDERS, 1):
        groups.append((f"127.1.9.{place}", names))
        cases.append((f"127.1.9.{place}", TRIGGERS[trigger][1], action, decides, None, None))
    groups.append(("127.0.0.1", []))
    text = f"listen: [{{address: 127.0.0.1, port: 5300, transports: [udp, tcp]}}]\n{RECURSION}"
    text += f"control: {{socket: {path}/control}}\nevents: {{directory: {path}/events}}\n"
    text += (f"blockpage: {{addresses: [127.0.0.1], port: {PAGE_PORT}, organisation_en: Office, organisation_ja: O, "
             "contact_en: mail, contact_ja: mail}\n")
    text += "policy:\n" + "".join(f"  - {p}\n" for p in policies) + "groups:\n"
    for i, (client, names) in enumerate(groups):
        text += f'  - {{name: g{i}, prefixes: ["{client}/32"], policy: [{", ".join(names)}]}}\n'
    return text, cases


def ctl(path, *words):
    with socket.socket(socket.AF_UNIX) as s:
        s.settimeout(DEADLINE)
        s.connect(str(path / "control"))
        s.sendall((" ".join(words) + "\n").encode())
        data = b""
        while more := s.recv(65536):
            data += more
    answer = json.loads(data)
    return answer.get("answer", answer)


def ask_in_vain(*words):
    """Of a resolver that ends meanwhile."""
    try:
        ctl(*words)
    except (OSError, ValueError):
        pass


def outcome(name, client):
    """What a client gets, in explain's words; what leaves the answer as it is comes out as 'none'."""
    try:
        answer = ask(name, source=client, timeout=1.5, use_edns=0)
    except dns.exception.Timeout:
        return "drop"
    codes = [o.code for o in answer.options if isinstance(o, dns.edns.EDEOption)]
    addresses = {r.address for rrset in answer.answer for r in rrset if r.rdtype == dns.rdatatype.A}
    if answer.flags & dns.flags.TC:
        return "tcp-only"
    if SINKHOLE in addresses or LOCAL in addresses:
        return "sinkhole" if SINKHOLE in addresses else "local-data"
    if answer.rcode() == dns.rcode.NXDOMAIN:
        return "nxdomain" if 15 in codes else "no such name"
    if not addresses:
        return "nodata" if 15 in codes else "no such record"
    return "none"


def explained(path, case):
    x = ctl(path, "explain", case[1], case[0], "A", "udp")
    decided = x["decided"] or {}
    logged = [m for m in x["matches"] if m["status"] == "logged"]
    return x["action"], decided.get("set"), decided.get("trigger"), decided.get("entry"), [m["set"] for m in logged]


def expected(case):
    client, name, action, policy, trigger, entry = case
    if action == "log-only":
        return "none", None, None, None, [policy]
    return action, policy, trigger, entry, []


def same(case, said, what):
    """Of orders among sets only action and set are told beforehand."""
    return said == what if case[4] else said[:2] == what[:2]


def events(path):
    found = []
    for file in sorted((path / "events").glob("events-*.ndjson.zst*")):
        text = subprocess.run(["zstd", "-dcq", file], stdout=subprocess.PIPE, check=False).stdout
        found += [json.loads(line)["unmapped"]["hinomi"] for line in text.splitlines()]
    return found


def check_events(t, found, cases, says):
    blocks = set(ACTIONS) - {"passthru"}
    want = {(case[3], case[2]) for case in cases if case[2] in blocks and case[3]} | {("nsip-log-only", "log-only"), ("listed", "nxdomain")}
    t.equal("an event for each that acts, and no other", {(e["policy"], e["action"]) for e in found}, want)
    # Who asked stands in no event: neither does an entry that is his address.
    told = {(e["action"], e["policy"], e["trigger"], e.get("value")) for e in found}
    wrong = [x[:4] for x in says if x[0] in blocks and x[:3] + (x[3] if x[2] != "client-ip" else None,) not in told]
    t.equal("with trigger and entry as explained", wrong, [])


def check_object(t, found, said):
    """Entries of indicator sets have an object."""
    event = [e["indicator"] for e in found if e["policy"] == "listed"]
    t.equal("the object is told, and is the event's", (said["action"], [said["decided"]["object"]]), ("nxdomain", event))


def check_types_and_ways(t, path):
    """What depends on the record type and on the way a question comes."""
    x = ctl(path, "explain", "many.secure.example", "127.1.4.1")
    t.equal("of A and AAAA the one that is decided, and the other", (x["type"], x["action"], x["also"]["type"],
            x["also"]["action"]), ("A", "nxdomain", "AAAA", "none"))
    judged = {(v["trigger"], v["value"]) for v in x["judged"]}
    t.equal("with what was judged", judged, {("qname", "many.secure.example")} | {("ip", f"192.0.2.{i}") for i in (1, 2, 3)})
    t.equal("over TCP tcp-only is met", ctl(path, "explain", "chain1.secure.example", "127.1.3.7", "A", "tcp")["decided"]["set"],
            "cname-tcp-only")
    chain = ctl(path, "explain", "chain1.secure.example", "127.1.3.1", "A")
    t.equal("a step's place in the chain", (chain["decided"]["value"], chain["decided"]["step"]), ("chain3.secure.example", 2))
    t.equal("no client, no judgement of one", "note" in ctl(path, "explain", "www.secure.example", "-", "A"), True)
    t.equal("what is no type", ctl(path, "explain", "www.secure.example", "-", "X")["ok"], False)


def check_what_is_asked(t, path):
    """A name that is blocked by name is not resolved; one that nobody answers for is given up."""
    def count():
        return ctl(path, "status")["recursion"]["asked"]
    ctl(path, "flush", ".")
    before = count()
    t.equal("blocked by name", ctl(path, "explain", "www.secure.example", "127.1.2.1")["action"], "nxdomain")
    t.equal("and nobody was asked", count(), before)
    t.equal("blocked by client too", (ctl(path, "explain", "www.nsec3.example", "127.1.1.1")["action"], count()),
            ("nxdomain", before))
    ctl(path, "explain", "www.nsec3.example", "127.1.4.1")
    t.check("else it is resolved", count() > before)
    x = ctl(path, "explain", "www.silent.example", "127.1.4.1", "A")
    t.equal("what does not come in time", (x["action"], "in time" in x["note"]), ("none", True))
    x = ctl(path, "explain", "www.bogus.example", "127.1.4.1", "A")
    t.equal("what does not validate", (x["action"], "cannot be resolved" in x["note"]), ("none", True))


def page(name, client):
    c = http.client.HTTPConnection("127.0.0.1", PAGE_PORT, timeout=DEADLINE, source_address=(client, 0))
    c.request("GET", "/", headers={"Host": name, "Accept-Language": "en"})
    answer = c.getresponse()
    return answer.status, answer.read().decode()


def check_page(t, r, path):
    """Who was led here by an alias, an address or a name server is told why; nobody else learns anything."""
    for number, (trigger, (_, name, _, entry, _)) in enumerate(TRIGGERS.items(), 1):
        status, text = page(name, f"127.1.{number}.3")
        told = f"<dd>{entry}</dd>" in text
        t.equal(f"the page tells of a block by {trigger}", (status, told), (403, trigger != "client"))
    t.equal("not of a view that does not block it", page("many.secure.example", "127.0.0.1")[0], 404)
    t.equal("nor to who belongs to no group", page("many.secure.example", "127.9.9.9")[0], 404)
    t.check("the log has the entry, not the name nor who asks", "chain1" not in r.said() and "127.1." not in r.said())
    before = ctl(path, "status")["recursion"]["asked"]
    ctl(path, "flush", ".")
    t.equal("what is not cached is not looked for", (page("many.secure.example", "127.1.4.3")[0],
            ctl(path, "status")["recursion"]["asked"]), (404, before))


def main():
    need("zstd", "openssl")
    t = Tap()
    path = directory()
    config, cases = configuration(path)
    with Resolver(path, config) as r:
        before = [explained(path, case) for case in cases]
        wrong = [(c, s, expected(c)) for c, s in zip(cases, before) if not same(c, s, expected(c))]
        t.equal("what decides, before anybody asked", wrong, [])
        got = [outcome(case[1], case[0]) for case in cases]
        mild = {"passthru": "none", "allow": "none"}
        wrong = [(c, s[0], g) for c, s, g in zip(cases, before, got) if mild.get(s[0], s[0]) != g]
        t.equal("clients get what was said", wrong, [])
        after = [explained(path, case) for case in cases]
        t.equal("and it is said again from the cache", [x for x in zip(before, after) if x[0] != x[1]], [])
        t.check("no question of explain is in the log", "chain1" not in r.said())
        check_page(t, r, path)
        check_types_and_ways(t, path)
        check_what_is_asked(t, path)
        said = ctl(path, "explain", "mail.secure.example", LISTED)
        t.equal("as it is answered", outcome("mail.secure.example", LISTED), "nxdomain")
        waiting = threading.Thread(target=ask_in_vain, args=(path, "explain", "x.silent.example", "127.1.4.1"))
        waiting.start()
        t.equal("who waits does not delay the end", r.end(), 0)
        waiting.join()
        found = events(path)
        check_events(t, found, cases, before)
        check_object(t, found, said)
    t.done()


if __name__ == "__main__":
    main()
