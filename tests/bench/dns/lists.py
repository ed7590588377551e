# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The Hinomi authors
"""The names that are blocked in ./x bench resolver, and the files in which each server wants them."""
import io
import random
import re
import struct
import subprocess

NAME = re.compile(r"^(?=.{4,200}$)([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?\.)+[a-z]([a-z0-9-]{0,20}[a-z0-9])$")
# Plain lists, a name a line.
REAL = ("blocklistproject/alt-version__phishing-nl.txt.zst", "blocklistproject/crypto.txt.zst", "hagezi/domains__light.txt.zst",
        "malicious-domains/full-domains-aa.txt.zst", "phishing-database/phishing-domains-ACTIVE2.txt.zst")
MARKER = "marker.load.insecure.example"  # blocked by the second version only; without it names below resolve


def real_names(data):
    found = set()
    for name in REAL:
        path = data / name
        if not path.exists():
            continue
        text = subprocess.run(["zstd", "-dcq", path], stdout=subprocess.PIPE, check=True).stdout.decode("utf-8", "replace")
        found.update(line for line in text.lower().split() if NAME.match(line))
    return found


def make_names(data, count):
    """Real names as far as they are at hand, and made ones of the same shape: sorted, each different."""
    names = set(sorted(real_names(data))[:count])
    real = len(names)
    draw = random.Random(7)
    letters = "abcdefghijklmnopqrstuvwxyz0123456789"
    tops = ("com", "net", "org", "info", "top", "xyz", "online", "ru", "cn", "jp", "co.jp", "com.br", "duckdns.org", "web.app")
    while len(names) < count:
        name = "".join(draw.choices(letters, k=draw.randrange(5, 16)))
        if draw.random() < 0.35:
            name = "".join(draw.choices(letters, k=draw.randrange(3, 10))) + "." + name
        names.add(f"a{name}.{draw.choice(tops)}")
    return sorted(names), real


def write_plain(path, names):
    """Each name and everything below it, as two entries."""
    with open(path, "w", encoding="ascii") as file:
        file.writelines(f"{n}\n*.{n}\n" for n in names)


def write_suffixes(path, names):
    """Each name with everything below it, as one entry."""
    with open(path, "w", encoding="ascii") as file:
        file.writelines(f"*.{n}\n" for n in names)


def write_bare(path, names):
    with open(path, "w", encoding="ascii") as file:
        file.writelines(f"{n}\n" for n in names)


def write_rpz(path, names):
    with open(path, "w", encoding="ascii") as file:
        file.write("$TTL 300\n$ORIGIN rpz.\n@ SOA localhost. hostmaster.localhost. 1 3600 600 86400 300\n@ NS localhost.\n")
        file.writelines(f"{n} CNAME .\n*.{n} CNAME .\n" for n in names)


def write_dnsmasq(path, names):
    with open(path, "w", encoding="ascii") as file:
        file.writelines(f"server=/{n}/\n" for n in names)


def write_cdb(path, names):
    """A constant database (cr.yp.to/cdb) of names in wire form."""
    slots = [[] for _ in range(256)]
    with open(path, "wb") as file:
        file.write(bytes(2048))
        at = 2048
        for name in names:
            key = b"".join(bytes([len(label)]) + label.encode() for label in name.split(".")) + b"\0"
            h = 5381
            for byte in key:
                h = (h * 33 & 0xFFFFFFFF) ^ byte
            slots[h & 255].append((h, at))
            file.write(struct.pack("<II", len(key), 1) + key + b"1")
            at += 9 + len(key)
        head = io.BytesIO()
        for bucket in slots:
            size = 2 * len(bucket)
            head.write(struct.pack("<II", at, size))
            table = [(0, 0)] * size
            for h, place in bucket:
                i = (h >> 8) % size
                while table[i][1]:
                    i = (i + 1) % size
                table[i] = (h, place)
            file.write(b"".join(struct.pack("<II", *entry) for entry in table))
            at += 8 * size
        file.seek(0)
        file.write(head.getvalue())


def questions(path, names):
    with open(path, "w", encoding="ascii") as file:
        file.writelines(f"{n} 1\n" for n in names)
