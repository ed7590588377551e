#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The Hinomi authors
"""Compares packets and flows of real captures with tshark's reading of them.

Told by TAP. HINOMI_DATA is the folder that holds pcap/; where it is absent everything is skipped. argv[1] is the
program wire_flows. Compared are the number of packets and of bytes on the wire of every capture, and for each flow
without tunnel and fragments how many packets it has. Files in which the readings differ are listed below with the
reason; every other difference fails. With --list the differences are shown.
"""
import collections
import csv
import io
import os
import subprocess
import sys
import tempfile

SETS = ("ndpi", "zeek", "tcpdump", "arkime", "scapy", "slips", "otrf", "ics-icsnpp", "ics-iti")
TRANSPORTS = ("6", "17")

# tshark names an IP packet after its first header; we name it after what the extension headers lead to.
EXTENSIONS = ("0", "43", "44", "51", "60")

# The length on the wire that the file states, which tshark lowers by what the link type adds.
BYTES = set("""ndpi/fuzz-2021-06-07-c6c72a0a56.pcap tcpdump/atm-heapoverflow.pcap tcpdump/atm-oam-heapoverflow.pcap
tcpdump/atm-oam-loopback-print-overrun.pcap tcpdump/icmp-icmp_print-oobr-2.pcap tcpdump/rsvp-rsvp_obj_print-oobr.pcap
tcpdump/slip-compressed_sl_print-oobr.pcap tcpdump/slip-sliplink_print-oobr.pcap""".split())

# Files in which another reading is right, by its reason.
KNOWN = {
    "the capture ends inside the transport header, most often made so to break readers":
        "ndpi/reasm_crash_anon.pcapng tcpdump/beep-oobr.pcap tcpdump/erspan-type-iii-pb-1.pcap "
        "tcpdump/heapoverflow-tcp_print.pcap tcpdump/tcp-auth-heapoverflow.pcap "
        "tcpdump/udp-length-heapoverflow.pcap zeek/tcp__truncated-header.pcap zeek/vntag_vlan_sandwich_clean.pcap",
    "a header that contradicts what carries it, which we do not take for a flow":
        "ndpi/fuzz-2006-06-26-2594.pcap ndpi/fuzz-2006-09-29-28586.pcap tcpdump/cve-2014-8767-OLSR.pcap "
        "tcpdump/isakmp-delete-segfault.pcap tcpdump/lwres-pointer-arithmetic-ub.pcap "
        "zeek/trunc__mpls-6in6-broken.pcap zeek/tunnels__mpls-6in6-6in6-invalid-version-6.pcap",
    "segments that were not cut up yet: with a length of zero tshark stops, or does not open the tunnel":
        "tcpdump/bigtcp-ipv4-vxlan-ipv4.pcap tcpdump/bigtcp-ipv4-vxlan-ipv6.pcap "
        "tcpdump/bigtcp-ipv6-geneve-ipv4.pcap tcpdump/bigtcp-ipv6-geneve-ipv6.pcap "
        "tcpdump/bigtcp-ipv6-vxlan-ipv4.pcap tcpdump/bigtcp-ipv6-vxlan-ipv6.pcap tcpdump/bigtcp-ipv6.pcap",
    "behind a tag that we do not read (NSH, MACsec, Arista, Cisco metadata)":
        "arkime/arkime_synthetic.pcap tcpdump/arista_ether.pcap tcpdump/icmp-rfc8335-missing-bytes.pcap "
        "tcpdump/macsec-integonly.pcap tcpdump/macsec-short-shorter.pcap tcpdump/nsh.pcap",
    "more nested headers than we follow":
        "zeek/pbb-recursive-frames.pcapng",
    "the truth names some packets of the flow after an outer header":
        "zeek/cisco-fabric-path.pcap zeek/ipv6-mobility-dst-opts.pcap",
}


def zstd(path):
    return subprocess.run(["zstd", "-dcq", path], check=True, stdout=subprocess.PIPE).stdout


def rows(data, name):
    return csv.DictReader(io.StringIO(zstd(os.path.join(data, "truth", name + ".csv.zst")).decode("utf-8", "replace")))


def flow(protocol, src, src_port, dst, dst_port):
    if protocol not in TRANSPORTS:
        src_port = dst_port = "0"
    ends = sorted(((src, src_port or "0"), (dst, dst_port or "0")))
    return (protocol, ends[0], ends[1])


def truth_flows(data):
    """By file: packets of each flow that can be compared, and the flows that cannot."""
    plain, beside = collections.defaultdict(collections.Counter), collections.defaultdict(set)
    for row in rows(data, "flows"):
        key = flow(row["ipproto"], row["src"], row["sport"], row["dst"], row["dport"])
        if "1" in (row["tunnelled"], row["fragments"]) or row["ipproto"] in EXTENSIONS or \
                "" in (row["ipproto"], row["src"], row["dst"]):
            beside[row["file"]].add(key)
        plain[row["file"]][key] += int(row["packets_fwd"]) + int(row["packets_rev"])
    return plain, beside


def ours(program, folder, paths):
    """Yields (path, opened, packets, bytes, reasons, flows, flows in tunnels or fragments)."""
    text = "".join(path + "\n" for path in paths)
    out = subprocess.run([program], cwd=folder, check=True, input=text.encode(), stdout=subprocess.PIPE).stdout
    flows, beside, reasons = collections.Counter(), set(), {}
    for line in out.decode().split("\n"):
        part = line.split("\t")
        if part[0] == "P" and part[6] == "-":
            flows[flow(*part[1:6])] += 1
        elif part[0] == "P":
            beside.add(flow(*part[1:6]))
        elif part[0] == "R":
            reasons[part[1]] = int(part[2])
        elif part[0] == "F":
            yield part[1], part[2] == "0", part[3], part[4], reasons, flows, beside
            flows, beside, reasons = collections.Counter(), set(), {}


def differences(want, aside, have, beside):
    found = []
    for key, packets in want.items():
        if key not in aside and key not in beside and have[key] != packets:
            found.append(f"{key}: tshark {packets}, we {have[key]}")
    # An IPv6 packet behind extension headers is in the truth under another protocol.
    return found + [f"{key}: only we, {n}" for key, n in have.items() if key not in want and not aside]


def main():
    program = os.path.abspath(sys.argv[1])
    show = "--list" in sys.argv
    data = os.path.join(os.environ.get("HINOMI_DATA") or os.path.join(os.environ.get("HINOMI_SOURCE", "."), "..",
                                                                      "shared", "data"), "pcap")
    if not os.path.isdir(os.path.join(data, "truth")):
        print("1..0 # SKIP no captures in " + data)
        return 0
    files = {row["file"]: row for row in rows(data, "files")}
    want, aside = truth_flows(data)
    known = {path for text in KNOWN.values() for path in text.split()}
    totals, same, unread, packets_same = [], 0, 0, 0
    flows_differ, gone = [], sorted(known)
    with tempfile.TemporaryDirectory() as folder:
        for name in SETS:
            tar = zstd(os.path.join(data, name + ".tar.zst"))
            subprocess.run(["tar", "-xf", "-", "-C", folder], check=True, input=tar)
        for path, opened, packets, size, reasons, have, beside in ours(program, folder, sorted(files)):
            row = files[path]
            if not opened:
                totals.append(path + ": not opened")
            elif row["packets"] and (packets != row["packets"] or (size != row["bytes_on_wire"]) != (path in BYTES)):
                totals.append(f"{path}: tshark {row['packets']} of {row['bytes_on_wire']}, we {packets} of {size}")
            packets_same += int(packets)
            if "link_unknown" in reasons and not have:
                unread += 1
                continue
            found = differences(want[path], aside[path], have, beside)
            same += len(have) - len(found)
            if found:
                gone = [one for one in gone if one != path]
            if found and (path not in known or show):
                flows_differ.append(f"{path} {reasons}: " + "; ".join(found[:3]))
    print("1..3")
    for number, (name, bad) in enumerate((
            (f"packets and bytes of {len(files)} captures ({packets_same} packets)", totals),
            (f"flows, {same} the same; {unread} captures of other link types, {len(known)} listed", flows_differ),
            ("what is listed still differs", gone)), 1):
        print(f"{'not ok' if bad else 'ok'} {number} - {name}")
        for line in bad:
            print("# " + line)
    return 0


if __name__ == "__main__":
    sys.exit(main())
