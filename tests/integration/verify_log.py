#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The Hinomi authors
"""Verifies a transparency log from its files alone; the standard library and the public specifications suffice.

    verify_log.py LOG --key HEX [--cosigned FILE --cosigner NAME:HEX] [--proof FILE]

LOG is a directory with checkpoint and tile/. Written from C2SP tlog-tiles, tlog-checkpoint, signed-note and
tlog-cosignature, RFC 6962 (trees) and RFC 8032 (Ed25519); it shares no line with the programs it checks. Prints
TAP, one line a claim; exit code 1 when any does not hold.
"""
import argparse
import base64
import hashlib
import json
import pathlib
import re
import struct
import sys

# RFC 8032, 5.1: the curve, in extended coordinates (5.1.4).
P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT_OF_MINUS_ONE = pow(2, (P - 1) // 4, P)


def point_add(p, q):
    a = (p[1] - p[0]) * (q[1] - q[0]) % P
    b = (p[1] + p[0]) * (q[1] + q[0]) % P
    c = 2 * p[3] * q[3] * D % P
    d = 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def point_multiply(scalar, p):
    q = (0, 1, 1, 0)
    while scalar > 0:
        if scalar & 1:
            q = point_add(q, p)
        p = point_add(p, p)
        scalar >>= 1
    return q


def point_equal(p, q):
    return (p[0] * q[2] - q[0] * p[2]) % P == 0 and (p[1] * q[2] - q[1] * p[2]) % P == 0


def recover_x(y, sign):
    if y >= P:
        return None
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    if square == 0:
        return None if sign else 0
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P != 0:
        x = x * ROOT_OF_MINUS_ONE % P
    if (x * x - square) % P != 0:
        return None
    return P - x if x & 1 != sign else x


BASE_Y = 4 * pow(5, P - 2, P) % P
BASE_X = recover_x(BASE_Y, 0)
BASE = (BASE_X, BASE_Y, 1, BASE_X * BASE_Y % P)


def decompress(data):
    y = int.from_bytes(data, "little")
    sign = y >> 255
    y &= (1 << 255) - 1
    x = recover_x(y, sign)
    return None if x is None else (x, y, 1, x * y % P)


def ed25519_verify(public, message, signature):
    """RFC 8032, 5.1.7."""
    if len(public) != 32 or len(signature) != 64:
        return False
    a, r = decompress(public), decompress(signature[:32])
    s = int.from_bytes(signature[32:], "little")
    if a is None or r is None or s >= L:
        return False
    h = int.from_bytes(hashlib.sha512(signature[:32] + public + message).digest(), "little") % L
    return point_equal(point_multiply(s, BASE), point_add(r, point_multiply(h, a)))


# RFC 6962, 2.1.
def leaf_hash(data):
    return hashlib.sha256(b"\x00" + data).digest()


def node_hash(left, right):
    return hashlib.sha256(b"\x01" + left + right).digest()


def tree_root(hashes):
    """MTH over leaf hashes: at each height neighbours pair, a lone last one goes up as it is."""
    if not hashes:
        return hashlib.sha256(b"").digest()
    while len(hashes) > 1:
        pairs = [node_hash(hashes[i], hashes[i + 1]) for i in range(0, len(hashes) - 1, 2)]
        hashes = pairs + hashes[len(hashes) // 2 * 2:]
    return hashes[0]


def path_root(index, size, leaf, path):
    """RFC 9162, 2.1.3.2; None when the path has not the length that index and size ask for."""
    fn, sn, node = index, size - 1, leaf
    for sibling in path:
        if sn == 0:
            return None
        if fn & 1 or fn == sn:
            node = node_hash(sibling, node)
            while fn and not fn & 1:
                fn, sn = fn >> 1, sn >> 1
        else:
            node = node_hash(node, sibling)
        fn, sn = fn >> 1, sn >> 1
    return node if sn == 0 else None


# C2SP signed-note.
def key_id(name, kind, public):
    return hashlib.sha256(name.encode() + b"\n" + bytes([kind]) + public).digest()[:4]


def parse_note(data):
    """The text, and (name, id, signature) of each line."""
    text = data.decode("utf-8")
    body, _, rest = text.rpartition("\n\n")
    signatures = []
    for line in rest.splitlines():
        dash, name, blob = line.split(" ")
        if dash != "\u2014":
            raise ValueError("a signature line begins with an em dash")
        raw = base64.b64decode(blob, validate=True)
        signatures.append((name, raw[:4], raw[4:]))
    return body + "\n", signatures


def note_signed_by(data, name, public):
    text, signatures = parse_note(data)
    mine = [s for n, i, s in signatures if n == name and i == key_id(name, 1, public)]
    return bool(mine) and all(ed25519_verify(public, text.encode(), s) for s in mine)


def cosigned_by(data, name, public):
    """C2SP tlog-cosignature, Ed25519."""
    text, signatures = parse_note(data)
    mine = [s for n, i, s in signatures if n == name and i == key_id(name, 4, public)]
    for signature in mine:
        (time,) = struct.unpack(">Q", signature[:8])
        message = f"cosignature/v1\ntime {time}\n{text}".encode()
        if not ed25519_verify(public, message, signature[8:]):
            return False
    return bool(mine)


def parse_checkpoint(data):
    """C2SP tlog-checkpoint: origin, size, root."""
    lines = parse_note(data)[0].splitlines()
    if not re.fullmatch(r"0|[1-9][0-9]*", lines[1]):
        raise ValueError("the size is no decimal")
    return lines[0], int(lines[1]), base64.b64decode(lines[2], validate=True)


# C2SP tlog-tiles.
def tile_path(level, index, width):
    parts = [f"{index % 1000:03}"]
    while index >= 1000:
        index //= 1000
        parts.insert(0, f"x{index % 1000:03}")
    return f"tile/{level}/" + "/".join(parts) + (f".p/{width}" if width < 256 else "")


def tiles(count):
    """(index, width) of the tiles over count hashes."""
    return [(first // 256, min(256, count - first)) for first in range(0, count, 256)]


def read_bundle(data):
    entries, at = [], 0
    while at < len(data):
        (size,) = struct.unpack_from(">H", data, at)
        if at + 2 + size > len(data):
            raise ValueError("an entry is cut off")
        entries.append(data[at + 2:at + 2 + size])
        at += 2 + size
    return entries


ENTRY = re.compile(rb'\{"commitment":"[0-9a-f]{64}","kind":"[a-z0-9](?:[a-z0-9.-]{0,30}[a-z0-9])?",'
                   rb'"time":"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z","v":1\}')


class Tap:
    def __init__(self):
        self.number = self.failed = 0

    def check(self, name, claim):
        self.number += 1
        try:
            held, why = bool(claim()), ""
        except (OSError, ValueError, IndexError, KeyError, struct.error) as error:
            held, why = False, f" # {error}"
        self.failed += not held
        print(f"{'ok' if held else 'not ok'} {self.number} - {name}{'' if held else why}")

    def done(self):
        print(f"1..{self.number}")
        return 1 if self.failed else 0


def self_test(tap):
    """RFC 8032, 7.1, tests 1 and 2, so that the verifier is known to accept and to refuse."""
    public = bytes.fromhex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")
    signature = bytes.fromhex("e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39"
                              "701cf9b46bd25bf5f0595bbe24655141438e7a100b")
    tap.check("RFC 8032 test 1 verifies", lambda: ed25519_verify(public, b"", signature))
    tap.check("and not for another message", lambda: not ed25519_verify(public, b"x", signature))
    public = bytes.fromhex("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c")
    signature = bytes.fromhex("92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f36"
                              "13d0f11d8c387b2eaeb4302aeeb00d291612bb0c00")
    tap.check("RFC 8032 test 2 verifies", lambda: ed25519_verify(public, b"\x72", signature))


def check_log(tap, log, public):
    note = (log / "checkpoint").read_bytes()
    origin, size, root = parse_checkpoint(note)
    print(f"# {origin}, {size} entries")
    tap.check("the log's key signed the checkpoint", lambda: note_signed_by(note, origin, public))

    entries = []
    for index, width in tiles(size):
        bundle = read_bundle((log / tile_path("entries", index, width)).read_bytes())
        if len(bundle) != width:
            raise ValueError(f"bundle {index} has {len(bundle)} entries, not {width}")
        entries += bundle
    tap.check("each entry is in the documented form", lambda: all(ENTRY.fullmatch(e) for e in entries))
    hashes = [leaf_hash(e) for e in entries]
    tap.check("the entries lead to the checkpoint's root", lambda: tree_root(hashes) == root)

    level = 0
    while hashes:
        for index, width in tiles(len(hashes)):
            want = b"".join(hashes[256 * index:256 * index + width])
            path = tile_path(level, index, width)
            if (log / path).read_bytes() != want:
                tap.check(f"{path} holds the hashes of its subtrees", lambda: False)
        hashes = [tree_root(hashes[i:i + 256]) for i in range(0, len(hashes) // 256 * 256, 256)]
        level += 1
    tap.check(f"all tiles of {level} levels were compared", lambda: True)


def check_proof(tap, path, public):
    proof = json.loads(path.read_bytes())
    note = proof["checkpoint"].encode()
    origin, size, root = parse_checkpoint(note)
    if "record" in proof:
        record = proof["record"].encode()
    else:
        record = base64.b64decode(proof["record_base64"], validate=True)
    entry = proof["entry"].encode()
    commitment = hashlib.sha256(bytes.fromhex(proof["salt"]) + record).hexdigest()
    hashes = [bytes.fromhex(h) for h in proof["path"]]
    tap.check("proof: the key signed its checkpoint", lambda: note_signed_by(note, origin, public))
    tap.check("proof: record and salt give the commitment", lambda: json.loads(entry)["commitment"] == commitment)
    tap.check("proof: the path leads to the root",
              lambda: path_root(proof["index"], size, leaf_hash(entry), hashes) == root)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("log", type=pathlib.Path)
    parser.add_argument("--key", type=bytes.fromhex, required=True, help="the log's Ed25519 public key")
    parser.add_argument("--cosigned", type=pathlib.Path, help="a cosigned checkpoint")
    parser.add_argument("--cosigner", help="its cosigner's NAME:HEX")
    parser.add_argument("--proof", type=pathlib.Path, help="a disclosed record")
    options = parser.parse_args()

    tap = Tap()
    self_test(tap)
    tap.check("the log could be read", lambda: check_log(tap, options.log, options.key) is None)
    if options.proof is not None:
        check_proof(tap, options.proof, options.key)
    if options.cosigned is not None:
        name, _, public = options.cosigner.rpartition(":")
        cosigned = options.cosigned.read_bytes()
        tap.check("the cosigner's signature holds", lambda: cosigned_by(cosigned, name, bytes.fromhex(public)))
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
