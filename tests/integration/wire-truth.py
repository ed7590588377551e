#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The Hinomi authors
"""Compares what our decoders find in real captures with tshark's reading of them, and JA4 with nDPI's.

Told by TAP. HINOMI_DATA is the folder that holds pcap/; where it is absent everything is skipped. argv[1] is the
program wire_names. Files in which the readings differ are listed below with the reason; every other difference fails.
With --list the listed ones are shown too.
"""
import csv
import io
import os
import re
import subprocess
import sys
import tempfile

SETS = ("ndpi", "zeek", "tcpdump", "arkime", "scapy", "slips", "otrf", "ics-icsnpp", "ics-iti")


def zstd(path):
    return subprocess.run(["zstd", "-dcq", path], check=True, stdout=subprocess.PIPE).stdout


def rows(data, name):
    return csv.DictReader(io.StringIO(zstd(os.path.join(data, "truth", name + ".csv.zst")).decode("utf-8", "replace")))


def host(text):
    """A Host field as we give it: lower case, without port and trailing dot."""
    text = text.strip().lower()
    text = re.sub(r":\d*$", "", text) if not text.startswith("[") else re.sub(r"\]:\d*$", "]", text)
    return text.strip("[]").rstrip(".")


def truth(data):
    found = {}

    def add(path, kind, value):
        if value:
            found.setdefault((path, kind), set()).add(value)

    for row in rows(data, "dns"):
        if row["kind"] == "dns" and row["qname"] != "<Root>":
            add(row["file"], "dns", row["qname"].lower().rstrip("."))
    for row in rows(data, "tls"):
        if row["handshake_type"] == "1" and row["transport"] in ("tcp", "quic"):
            add(row["file"], row["transport"], host(row["sni"]))
    for row in rows(data, "http"):
        if row["method"]:
            for value in row["host"].split("|"):
                add(row["file"], "http", host(value))
    return found


KINDS = {"dns.query.name": "dns", "tls.sni": "tcp", "quic.sni": "quic", "http.host": "http",
         "tls.ja4": "ja4", "quic.ja4": "ja4"}


def ours(program, folder, paths):
    found = {}
    out = subprocess.run([program] + paths, cwd=folder, check=True, stdout=subprocess.PIPE).stdout
    path = None
    for line in out.decode("utf-8", "replace").split("\n"):
        field, _, value = line.partition(" ")
        if field == "file":
            path = value
        elif field in KINDS:
            found.setdefault((path, KINDS[field]), set()).add(value.strip())
    return found


def ndpi_ja4(folder):
    found = {}
    base = os.path.join(folder, "ndpi-result")
    for name in os.listdir(base):
        with open(os.path.join(base, name), encoding="utf-8", errors="replace") as file:
            values = set(re.findall(r"JA4: ([a-z0-9_]{36})\]", file.read()))
        found["ndpi/" + name[:-len(".out")], "ja4"] = {v for v in values if v[0] in "tq"}
    return found


def normal_ja4(value):
    """Without what nDPI of 2024 made otherwise than the method's description: "d" stood for every hello unless its
    name looked like an address; ALPN gave its first two characters, not the first and the last; an empty list gave
    the digest of nothing instead of zeros."""
    value = value[:3] + "?" + value[4:9] + "?" + value[10:]
    return value.replace("e3b0c44298fc", "000000000000")


def compare(kind, want, have, beside):
    """Differences as (path, lost, extra), and how many values agree."""
    differences, same = [], 0
    for path in sorted({p for p, k in list(want) + list(have) if k == kind}):
        a, b = want.get((path, kind), set()), have.get((path, kind), set())
        if kind == "ja4":
            if not path.startswith("ndpi/"):
                continue
            a, b = {normal_ja4(v) for v in a}, {normal_ja4(v) for v in b}
        same += len(a & b)
        b = {v for v in b if v in a or (v not in beside.get(path, ()) and not NETBIOS.match(v))}
        if a != b:
            differences.append((path, sorted(a - b), sorted(b - a)))
    return differences, same


NETBIOS = re.compile(r"^[a-p]{32}$")  # a NetBIOS name in a message that is DNS in all its bytes

# Files in which another reading is right, by its reason.
KNOWN = {
    "dns": {
        "inside a tunnel that we do not open (GTP, Geneve, CAPWAP, AYIYA, GRE over UDP, wireless over GRE, SOCKS)":
            "arkime/ipv6-gtp6.pcap zeek/tunnels__geneve-vxlan-dns-truncated.pcap "
            "zeek/tunnels__gre-over-udp-4754.pcap",
        "of a link type that we do not read (PPP, NFLOG, PKTAP, ARCNET, 802.11, SCTP)":
            "tcpdump/LINKTYPE_PKTAP.pcap tcpdump/arcnet-rfc1201-arp-icmp-http.pcap tcpdump/nflog.pcap "
            "zeek/radiotap.pcap zeek/wlanmon.pcap",
        "quoted inside an ICMP error, which is no message of the flow":
            "zeek/communityid__icmp6.pcap zeek/icmp__icmp-destunreach-udp.pcap",
        "broken on purpose: a pointer that loops, a label of a wrong kind, a name or length that does not fit":
            "ndpi/fuzz-2006-06-26-2594.pcap ndpi/malformed_dns.pcap tcpdump/LINKTYPE_IPV4_invalid.pcap "
            "tcpdump/dns-badlabel.pcap tcpdump/dns_fwdptr.pcap zeek/dns__dns-invalid-names.pcap "
            "zeek/quic__vector-max-size-crash.pcap",
        "cut: the beginning of the message, or of the stream, is not in the capture":
            "ndpi/badpackets.pcap",
        "bytes of names that are no text, which the two print in different ways":
            "ndpi/dns-tunnel-iodine.pcap",
        "inverse query (RFC 1035, 6.4): the address of its answer, not a name":
            "zeek/dns-inverse-query.pcap",
    },
    "tcp": {
        "inside a tunnel that we do not open (GTP, Geneve, CAPWAP, AYIYA, GRE over UDP, wireless over GRE, SOCKS)":
            "arkime/socks-https-example.pcap ndpi/capwap_data.pcapng zeek/socks-with-ssl.pcap "
            "zeek/tunnels__geneve-47101.pcap",
        "TLS begins behind another protocol's opening (STARTTLS, SSLRequest, PROXY, CONNECT)":
            "ndpi/haproxy.pcap ndpi/pop3_stls.pcap ndpi/smtp-starttls.pcap zeek/ftp__ftp-auth-tls.pcap "
            "zeek/http__connect-with-header.pcap zeek/ldap__ldap-starttls.pcap "
            "zeek/postgresql__psql-aws-ssl-preferred.pcap "
            "zeek/postgresql__psql-aws-ssl-require-15432.pcap "
            "zeek/postgresql__psql-aws-ssl-require.pcap",
        "broken on purpose: a pointer that loops, a label of a wrong kind, a name or length that does not fit":
            "ndpi/tls_invalid_reads.pcap",
        "tshark took the port for another protocol":
            "ndpi/ookla.pcap",
        "only a beginning is there, which is enough for the name":
            "ndpi/tls_missing_ch_frag.pcap",
    },
    "quic": {
        "a draft version of QUIC; we open versions 1 and 2":
            "ndpi/doq_adguard.pcapng ndpi/quic-23.pcap ndpi/quic-24.pcap ndpi/quic-27.pcap "
            "ndpi/quic-29.pcap ndpi/quic-mvfst-27.pcapng ndpi/quic-mvfst-exp.pcap ndpi/quic_0RTT.pcap "
            "ndpi/quic_t50.pcap ndpi/quic_t51.pcap",
        "of a link type that we do not read (PPP, NFLOG, PKTAP, ARCNET, 802.11, SCTP)":
            "ndpi/dlt_ppp.pcap zeek/interop__quic-go_quic-go__handshake.pcap "
            "zeek/interop__quic-go_quic-go__zerortt.pcap zeek/ppp__quic-interop-retry.pcap",
        "tshark gave up after the version negotiation":
            "tcpdump/quic_vn.pcap",
    },
    "http": {
        "SSDP, which is HTTP over UDP":
            "ics-icsnpp/profinet-io-cm__profinet_io_cm_mixed_1.pcap "
            "ics-icsnpp/synchrophasor__c37118_1100_unclean.pcap ics-iti/beckoff__addroute.pcapng "
            "ndpi/1kxun.pcap ndpi/android.pcap ndpi/anyconnect-vpn.pcap ndpi/gnutella.pcap "
            "ndpi/ssdp-m-search-ua.pcap zeek/igmp__home-multicast-short.pcap zeek/raw_packets.pcap",
        "of a link type that we do not read (PPP, NFLOG, PKTAP, ARCNET, 802.11, SCTP)":
            "arkime/nflog.pcap arkime/sctp-www.pcap tcpdump/arcnet-rfc1201-arp-icmp-http.pcap "
            "zeek/nflog-http.pcap",
        "inside a tunnel that we do not open (GTP, Geneve, CAPWAP, AYIYA, GRE over UDP, wireless over GRE, SOCKS)":
            "arkime/socks-http-pass.pcap arkime/socks5-http-302-frag.pcap arkime/socks5-reverse.pcap "
            "ndpi/false_positives.pcapng ndpi/http_origin_different_than_host.pcap "
            "ndpi/shadowsocks.pcap ndpi/socks.pcap zeek/socks.pcap zeek/tunnels__ayiya3.pcap "
            "zeek/tunnels__geneve-many-options.pcap zeek/tunnels__gre-aruba.pcap "
            "zeek/tunnels__gre-over-udp-4754.pcap "
            "zeek/tunnels__gtp__gtp1_gn_normal_incl_fragmentation.pcap "
            "zeek/tunnels__gtp__gtp2_different_udp_port.pcap zeek/tunnels__socks.pcap",
        "tshark took the port for another protocol":
            "ndpi/http_on_sip_port.pcap zeek/http__get-to-ssh-server.pcap zeek/http__http-to-ssh.pcap "
            "zeek/http__zeek-image-post-1080-8000-x.pcap zeek/postgresql__http-on-port-5432.pcap",
        "only a beginning is there, which is enough for the name":
            "arkime/http-tcp-seq-issue.pcap ndpi/soap.pcap",
        "cut: the beginning of the message, or of the stream, is not in the capture":
            "scapy/pcaps__http_chunk.pcap",
        "broken on purpose: a pointer that loops, a label of a wrong kind, a name or length that does not fit":
            "ndpi/fuzz-2006-09-29-28586.pcap",
        "a method that tshark does not know":
            "zeek/http__query-method.pcap zeek/http__query-method-non-standard-port.pcap",
        "no target, or a method that is none":
            "zeek/http__no-uri.pcap",
    },
    "ja4": {
        "a draft version of QUIC; we open versions 1 and 2":
            "ndpi/doq.pcapng ndpi/doq_adguard.pcapng ndpi/os_detected.pcapng ndpi/quic-23.pcap "
            "ndpi/quic-24.pcap ndpi/quic-27.pcap ndpi/quic-29.pcap ndpi/quic-34.pcap "
            "ndpi/quic-mvfst-27.pcapng ndpi/quic-mvfst-exp.pcap ndpi/quic_0RTT.pcap ndpi/quic_t50.pcap "
            "ndpi/quic_t51.pcap",
        "TLS begins behind another protocol's opening (STARTTLS, SSLRequest, PROXY, CONNECT)":
            "ndpi/ftp-start-tls.pcap ndpi/imap-starttls.pcap ndpi/pop3_stls.pcap "
            "ndpi/smtp-starttls.pcap",
        "inside a tunnel that we do not open (GTP, Geneve, CAPWAP, AYIYA, GRE over UDP, wireless over GRE, SOCKS)":
            "ndpi/capwap_data.pcapng",
        "of a link type that we do not read (PPP, NFLOG, PKTAP, ARCNET, 802.11, SCTP)":
            "ndpi/dlt_ppp.pcap",
        "broken on purpose: a pointer that loops, a label of a wrong kind, a name or length that does not fit":
            "ndpi/tls_cipher_lens.pcap ndpi/tls_invalid_reads.pcap",
        "an acknowledgement carried a byte of garbage before the hello":
            "ndpi/heuristic_tcp_ack_payload.pcap",
        "nDPI stops at fewer ciphers than the method counts":
            "ndpi/ja3_lots_of_cipher_suites.pcap",
    },
}


def main():
    data = os.path.join(os.environ.get("HINOMI_DATA") or
                        os.path.join(os.environ["HINOMI_SOURCE"], "..", "shared", "data"), "pcap")
    if not os.path.isdir(os.path.join(data, "truth")):
        print("1..0 # SKIP no captures in", data)
        return
    with tempfile.TemporaryDirectory() as folder:
        for name in SETS + ("ndpi-result",):
            with subprocess.Popen(["zstd", "-dcq", os.path.join(data, name + ".tar.zst")],
                                  stdout=subprocess.PIPE) as unpack:
                subprocess.run(["tar", "-xC", folder], stdin=unpack.stdout, check=True)
        paths = sorted(os.path.join(name, file) for name in SETS for file in os.listdir(os.path.join(folder, name)))
        have = ours(os.path.abspath(sys.argv[1]), folder, paths)
        want = truth(data)
        want.update(ndpi_ja4(folder))
    beside = {}
    for row in rows(data, "dns"):
        if row["kind"] != "dns":
            beside.setdefault(row["file"], set()).add(row["qname"].lower().rstrip("."))
    print("1..%d" % len(KINDS_SHOWN))
    failed = False
    for number, (kind, what) in enumerate(KINDS_SHOWN, 1):
        differences, same = compare(kind, want, have, beside)
        reasons = {path: reason for reason, files in KNOWN[kind].items() for path in files.split()}
        unknown = [d for d in differences if d[0] not in reasons]
        for path, lost, extra in differences if "--list" in sys.argv else unknown:
            print(f"# {path}: lost {lost}, more {extra}: {reasons.get(path, 'not explained')}")
        for path in sorted(set(reasons) - {d[0] for d in differences}):
            print(f"# {path}: is listed as different, and is not")
        print(f"# {what}: {same} alike, {len(differences)} files differ, {len(unknown)} of them unexplained")
        print(("not ok" if unknown else "ok"), number, "-", what)
        failed = failed or bool(unknown)
    sys.exit(1 if failed else 0)


KINDS_SHOWN = (("dns", "names of DNS questions"), ("tcp", "server names over TCP"),
               ("quic", "server names over QUIC"), ("http", "hosts of HTTP requests"), ("ja4", "JA4"))

main()
