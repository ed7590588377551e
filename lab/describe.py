#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The Hinomi authors
"""Tells what tshark sees in the lab's capture, as the independent reading that tests compare with.

usage: describe.py CAPTURE[.zst] > expected.json

It shares no code with Hinomi: tshark decodes; this script only picks the innermost addresses, tells classes by
lab/domestic.txt, makes JA4 from tshark's fields, and looks the lab's indicators up (INDICATORS below repeats by
hand what the files in lab/indicators say).
"""
import collections
import hashlib
import ipaddress
import json
import pathlib
import re
import subprocess
import sys
import tempfile

LAB = pathlib.Path(__file__).resolve().parent
FIELDS = [
    "frame.number", "frame.time_epoch", "frame.len", "frame.protocols",
    "ip.src", "ip.dst", "ip.proto", "ip.frag_offset", "ip.flags.mf",
    "ipv6.src", "ipv6.dst", "ipv6.nxt", "ipv6.fraghdr.offset",
    "tcp.srcport", "tcp.dstport", "udp.srcport", "udp.dstport", "icmp.type", "icmpv6.type",
    "dns.flags.response", "dns.qry.name", "dns.resp.name", "dns.cname", "dns.mx.mail_exchange", "dns.ns", "dns.soa.mname",
    "dns.a", "dns.aaaa",
    "http.request.method", "http.host", "http.request.uri",
    "tls.handshake.type", "tls.handshake.ciphersuite", "tls.handshake.extension.type", "tls.handshake.sig_hash_alg",
    "tls.handshake.extensions_alpn_str", "tls.handshake.extensions.supported_version",
    "tls.handshake.extensions_server_name", "tls.handshake.version", "ssh.protocol",
]

INDICATORS = {
    "ip": ["198.51.100.80/32", "198.51.100.96/27", "2001:db8:f000:80::80/128", "203.0.113.66/32",
           "2001:db8:f000:66::66/128", "203.0.113.99/32", "203.0.113.141/32", "203.0.113.143/32"],
    "name": ["updates.kumo-sync.example", "hon.kitsune-login.example", "relay.oboro.example",
             "backup.usagi-drop.example"],
    "wildcard": ["t.mizuchi.example", "usagi-drop.example"],
    "url": ["cdn.mist-relay.example/gate/report"],
    "ja4": ["t13d031100_342068d8c85c_b26ce05bbdd6"],
}

# What the demonstration (scripts/run-selection.sh) authorises: both directions with these foreign facilities.
DEMO_CLASSES = {"foreign-domestic", "domestic-foreign"}
DEMO_FACILITIES = [ipaddress.ip_network(text) for text in (
    "203.0.113.53", "203.0.113.64/26", "203.0.113.128/28", "198.51.100.64/26", "2001:db8:f000::10", "2001:db8:f000::53",
    "2001:db8:f000:6::/64", "2001:db8:f000:66::/64", "2001:db8:f000:80::/64")]


def tshark(capture):
    command = ["tshark", "-n", "-r", capture, "-o", "ip.defragment:FALSE", "-o", "ipv6.defragment:FALSE",
               "-T", "fields", "-E", "separator=\t", "-E", "occurrence=a", "-E", "aggregator=|"]
    for field in FIELDS:
        command += ["-e", field]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        for line in process.stdout:
            values = line.rstrip("\n").split("\t")
            yield {field: value.split("|") if value else [] for field, value in zip(FIELDS, values)}


def grease(number):
    return number & 0x0F0F == 0x0A0A and number >> 8 == number & 0xFF


def numbers(texts):
    return [n for n in (int(text, 0) for text in texts) if not grease(n)]


def ja4(frame, quic):
    """JA4 as FoxIO's technical description of it says."""
    ciphers = numbers(frame["tls.handshake.ciphersuite"])
    extensions = numbers(frame["tls.handshake.extension.type"])
    signatures = numbers(frame["tls.handshake.sig_hash_alg"])
    versions = numbers(frame["tls.handshake.extensions.supported_version"])
    version = max(versions) if versions else int(frame["tls.handshake.version"][0], 0)
    alpn = frame["tls.handshake.extensions_alpn_str"]
    ends = alpn[0][0] + alpn[0][-1] if alpn else "00"
    first = "%s%s%s%02d%02d%s" % (
        "q" if quic else "t", {0x304: "13", 0x303: "12", 0x302: "11", 0x301: "10", 0x300: "s3"}[version],
        "d" if 0 in extensions else "i", min(len(ciphers), 99), min(len(extensions), 99), ends)

    def digest(text):
        return hashlib.sha256(text.encode()).hexdigest()[:12] if text else "0" * 12

    body = ",".join("%04x" % e for e in sorted(extensions) if e not in (0, 16))
    if signatures:
        body += "_" + ",".join("%04x" % s for s in signatures)
    return "_".join((first, digest(",".join("%04x" % c for c in sorted(ciphers))), digest(body)))


def ends(frame):
    """Innermost source and destination; a header quoted by ICMP is no header of the packet."""
    pairs, four, six = [], 0, 0
    for protocol in frame["frame.protocols"][0].split(":"):
        if protocol in ("icmp", "icmpv6"):
            break
        if protocol == "ip":
            pairs.append((frame["ip.src"][four], frame["ip.dst"][four]))
            four += 1
        elif protocol == "ipv6":
            pairs.append((frame["ipv6.src"][six], frame["ipv6.dst"][six]))
            six += 1
    pairs = [tuple(map(ipaddress.ip_address, pair)) for pair in pairs]
    return pairs[-1] if pairs else None


def ports(frame):
    """Protocol number and ports of the innermost transport header (None for a later fragment)."""
    names = frame["frame.protocols"][0].split(":")
    for quoting, number in (("icmp", 1), ("icmpv6", 58)):
        if quoting in names:
            return number, 0, 0
    kinds = [name for name in names if name in ("tcp", "udp")]
    if not kinds:
        return None
    kind = kinds[-1]
    if not frame[kind + ".srcport"]:
        return None
    return {"tcp": 6, "udp": 17}[kind], int(frame[kind + ".srcport"][-1]), int(frame[kind + ".dstport"][-1])


class Reader:
    def __init__(self):
        lines = (LAB / "domestic.txt").read_text().splitlines()
        self.domestic = [ipaddress.ip_network(line) for line in lines if line and not line.startswith("#")]
        self.networks = [ipaddress.ip_network(text) for text in INDICATORS["ip"]]
        self.inside = {}
        self.listed = {}

    def is_domestic(self, address):
        if address not in self.inside:
            # As Hinomi counts: what is not global (link-local, multicast ...) is domestic.
            odd = address.is_link_local or address.is_multicast or address.is_loopback or address.is_unspecified
            self.inside[address] = odd or any(address in network for network in self.domestic)
        return self.inside[address]

    def listing(self, address):
        if address not in self.listed:
            self.listed[address] = next((str(n) for n in self.networks if address in n), None)
        return self.listed[address]

    def class_of(self, source, destination):
        word = {True: "domestic", False: "foreign"}
        return word[self.is_domestic(source)] + "-" + word[self.is_domestic(destination)]


def match_name(name):
    name = name.lower().rstrip(".")
    if name in INDICATORS["name"]:
        return name
    return next(("*." + suffix for suffix in INDICATORS["wildcard"] if name.endswith("." + suffix)), None)


def reasons(reader, frame, source, destination, fingerprint):
    """(field, indicator) of everything in this frame that one of the lab's indicators names."""
    for field, address in (("ip.src", source), ("ip.dst", destination)):
        if reader.listing(address):
            yield field, reader.listing(address)
    named = {"dns.qry.name": "dns.query.name", "dns.resp.name": "dns.answer.name", "dns.cname": "dns.answer.name",
             "tls.handshake.extensions_server_name": "tls.sni", "http.host": "http.host"}
    if "icmp" in frame["frame.protocols"][0].split(":"):
        return
    for field, ours in named.items():
        for name in frame[field]:
            if match_name(name):
                yield ours, match_name(name)
    for field in ("dns.a", "dns.aaaa"):
        for text in frame[field]:
            if reader.listing(ipaddress.ip_address(text)):
                yield "dns.answer.address", reader.listing(ipaddress.ip_address(text))
    for host, path in zip(frame["http.host"], frame["http.request.uri"]):
        if host + path in INDICATORS["url"]:
            yield "http.url", host + path
    if fingerprint in INDICATORS["ja4"]:
        yield "tls.ja4", fingerprint


def describe(capture):
    reader = Reader()
    count = collections.Counter
    classes, wire_bytes, names, hellos, urls, layers = count(), count(), count(), count(), count(), count()
    flows, times = {}, []
    for frame in tshark(capture):
        times.append(frame["frame.time_epoch"][0])
        length = int(frame["frame.len"][0])
        protocols = frame["frame.protocols"][0].split(":")
        for layer in ("vlan", "mpls", "gre", "vxlan", "quic", "ssh", "smtp", "arp", "ipv6"):
            layers[layer] += layer in protocols
        layers["fragment"] += frame["ip.flags.mf"][-1:] in (["1"], ["True"]) or bool(frame["ipv6.fraghdr.offset"]) \
            or frame["ip.frag_offset"][-1:] not in ([], ["0"])
        pair = ends(frame)
        if not pair:
            classes["not-ip"] += 1
            wire_bytes["not-ip"] += length
            continue
        source, destination = pair
        where = reader.class_of(source, destination)
        classes[where] += 1
        wire_bytes[where] += length

        quoted = "icmp" in protocols or "icmpv6" in protocols
        if frame["dns.flags.response"][:1] in (["0"], ["False"]) and not quoted:
            for name in frame["dns.qry.name"]:
                if "." in name:
                    names[name if not name.endswith(".t.mizuchi.example") else "*.t.mizuchi.example"] += 1
        fingerprint = None
        if "1" in frame["tls.handshake.type"]:
            quic = "quic" in protocols
            fingerprint = ja4(frame, quic)
            hellos["quic" if quic else "tls", "".join(frame["tls.handshake.extensions_server_name"]), fingerprint] += 1
        for host, path in zip(frame["http.host"], frame["http.request.uri"]):
            urls[host + path.split("?")[0]] += 1

        tuple5 = ports(frame)
        if not tuple5:
            continue
        protocol, sport, dport = tuple5
        key = (protocol, str(source), sport, str(destination), dport)
        back = (protocol, str(destination), dport, str(source), sport)
        key = back if back in flows else key
        flow = flows.setdefault(key, {"packets": count(), "reasons": {}})
        flow["packets"][where] += 1
        for field, indicator in reasons(reader, frame, source, destination, fingerprint):
            flow["reasons"].setdefault((field, indicator), set()).add(where)
    return {
        "made_by": subprocess.run(["tshark", "--version"], capture_output=True, text=True,
                                  check=True).stdout.split("\n")[0].split(" (Git")[0],
        "sha256": hashlib.sha256(pathlib.Path(capture).read_bytes()).hexdigest(),
        "packets": len(times), "first": min(times), "last": max(times),
        "packets_by_class": dict(sorted(classes.items())), "bytes_by_class": dict(sorted(wire_bytes.items())),
        "packets_with": dict(sorted(layers.items())),
        "flows": {name: sum(1 for key in flows if key[0] == number)
                  for name, number in (("tcp", 6), ("udp", 17), ("icmp", 1), ("icmpv6", 58))},
        "dns_queries": dict(sorted(names.items())),
        "client_hellos": [dict(zip(("over", "sni", "ja4", "count"), (*key, number)))
                          for key, number in sorted(hellos.items())],
        "http_requests": dict(sorted(urls.items())),
        "demonstration": demonstration(reader, flows),
        "matches": matches(flows),
    }


def demonstration(reader, flows):
    """The TCP and UDP flows that the demonstration must select: those with a match in a packet of an authorised
    class to or from a named facility. `sha256` is over their sorted lines "protocol source port destination port"."""
    chosen = []
    for key, flow in flows.items():
        foreign = next((a for a in map(ipaddress.ip_address, (key[1], key[3])) if not reader.is_domestic(a)), None)
        matched = set().union(*flow["reasons"].values())
        if key[0] in (6, 17) and matched & DEMO_CLASSES and any(foreign in f for f in DEMO_FACILITIES):
            chosen.append(key)
    lines = sorted(" ".join(map(str, key)) + "\n" for key in chosen)
    return {
        "tcp": sum(key[0] == 6 for key in chosen), "udp": sum(key[0] == 17 for key in chosen),
        "packets": sum(sum(flows[key]["packets"].values()) for key in chosen),
        "sha256": hashlib.sha256("".join(lines).encode()).hexdigest(),
    }


def matches(flows):
    """By indicator; the flows that only an address names are counted, the others are listed."""
    by_reason = collections.defaultdict(list)
    for key, flow in flows.items():
        for reason, where in flow["reasons"].items():
            by_reason[reason].append((key, sorted(where), dict(sorted(flow["packets"].items()))))
    result = []
    for (field, indicator), found in sorted(by_reason.items()):
        row = {"field": field, "indicator": indicator, "flows": len(found),
               "flows_by_class": dict(sorted(collections.Counter(w for _, where, _ in found for w in where).items()))}
        if not field.startswith("ip.") or len(found) <= 100:
            row["tuples"] = [[*key, "+".join(where)] for key, where, _ in found]
        result.append(row)
    return result


def main(path):
    if path.endswith(".zst"):
        with subprocess.Popen(["zstd", "-dc", path], stdout=subprocess.PIPE) as plain:
            with tempfile.NamedTemporaryFile() as unpacked:
                unpacked.write(plain.stdout.read())
                unpacked.flush()
                told = describe(unpacked.name)
    else:
        told = describe(path)
    lines = json.dumps(told, indent=1, ensure_ascii=False)
    print(re.sub(r"\[([^][{}]*)\]", lambda row: "[" + " ".join(row[1].split()) + "]", lines))  # a tuple a line


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
