#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The Hinomi authors
"""One end of a tunnel, for kernels that were built without that tunnel's device.

usage: relay.py gre|sit|ipip TUN LOCAL REMOTE      over IPv4, between two addresses
       relay.py vlan|mpls TUN LINK PEER_MAC ID     over Ethernet, tagged or labelled ID

What the kernel routes into the device TUN leaves wrapped; what arrives wrapped for us is handed to the
kernel through TUN. Both ends are real IP stacks; only the wrapping is done here.
"""
import fcntl
import os
import select
import socket
import struct
import sys

TUNSETIFF = 0x400454CA
IFF_TUN, IFF_NO_PI = 0x0001, 0x1000
SOL_PACKET, PACKET_AUXDATA = 263, 8
ETH_P_ALL, ETH_P_IP, ETH_P_IPV6, ETH_P_VLAN, ETH_P_MPLS = 3, 0x0800, 0x86DD, 0x8100, 0x8847
TP_STATUS_VLAN_VALID = 1 << 4
PROTOCOL = {"gre": 47, "sit": 41, "ipip": 4}
MPLS_BOTTOM, MPLS_TTL = 0x100, 64


def tun_open(name):
    fd = os.open("/dev/net/tun", os.O_RDWR)
    fcntl.ioctl(fd, TUNSETIFF, struct.pack("16sH22x", name.encode(), IFF_TUN | IFF_NO_PI))
    return fd


def ethertype(packet):
    return ETH_P_IPV6 if packet[0] >> 4 == 6 else ETH_P_IP


class OverIp:
    """GRE (RFC 2784, no options), 6in4 (RFC 4213) or IP-in-IP (RFC 2003)."""

    def __init__(self, kind, local, remote):
        self.gre = kind == "gre"
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_RAW, PROTOCOL[kind])
        # Path MTU discovery off: a wrapped full-size packet travels in fragments.
        self.sock.setsockopt(socket.IPPROTO_IP, 10, 0)
        self.sock.bind((local, 0))
        self.sock.connect((remote, 0))

    def send(self, packet):
        head = struct.pack("!HH", 0, ethertype(packet)) if self.gre else b""
        self.sock.send(head + packet)

    def receive(self):
        packet = self.sock.recv(65535)
        packet = packet[(packet[0] & 15) * 4:]
        return packet[4:] if self.gre else packet


class OverEthernet:
    """802.1Q or MPLS (RFC 3032) on a link that also carries plain frames."""

    def __init__(self, kind, link, peer, number):
        self.vlan, self.number = kind == "vlan", int(number)
        self.sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
        self.sock.bind((link, ETH_P_ALL))
        self.sock.setsockopt(SOL_PACKET, PACKET_AUXDATA, 1)
        self.macs = bytes.fromhex(peer.replace(":", "")) + self.sock.getsockname()[4]

    def send(self, packet):
        if self.vlan:
            shim = struct.pack("!HHH", ETH_P_VLAN, self.number, ethertype(packet))
        else:
            shim = struct.pack("!HI", ETH_P_MPLS, self.number << 12 | MPLS_BOTTOM | MPLS_TTL)
        self.sock.send(self.macs + shim + packet)

    def receive(self):
        frame, ancillary, _, sender = self.sock.recvmsg(65535, 256)
        if sender[2] == socket.PACKET_OUTGOING:
            return b""
        if not self.vlan:
            ours = frame[12:14] == struct.pack("!H", ETH_P_MPLS)
            return frame[18:] if ours and struct.unpack("!I", frame[14:18])[0] >> 12 == self.number else b""
        for level, kind, data in ancillary:
            if (level, kind) != (SOL_PACKET, PACKET_AUXDATA):
                continue
            status, *_, tci, _ = struct.unpack("IIIHHHH", data[:20])
            if status & TP_STATUS_VLAN_VALID and tci & 0xFFF == self.number:
                return frame[14:]
        return b""


def deliver(tun, packet):
    try:
        os.write(tun, packet)
    except OSError:
        pass  # the device is not up yet: lost, as on any wire


def main(kind, tun_name, *where):
    tun = tun_open(tun_name)
    wrap = OverIp(kind, *where) if kind in PROTOCOL else OverEthernet(kind, *where)
    while True:
        ready, _, _ = select.select([tun, wrap.sock], [], [])
        if tun in ready:
            wrap.send(os.read(tun, 65535))
        if wrap.sock in ready:
            packet = wrap.receive()
            if packet and packet[0] >> 4 in (4, 6):
                deliver(tun, packet)


if __name__ == "__main__":
    if len(sys.argv) < 5:
        sys.exit(__doc__)
    main(*sys.argv[1:])
