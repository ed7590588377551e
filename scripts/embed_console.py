#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The Hinomi authors
"""Makes a C source of the console's files. Usage: embed_console.py OUT.c [DIR]

Without DIR there are none. Each is compressed by gzip without a time, so that two builds give the same bytes.
"""
import gzip
import hashlib
import pathlib
import sys

MEDIA = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
}


def array(data):
    return ",\n\t".join(",".join(str(byte) for byte in data[at : at + 32]) for at in range(0, len(data), 32))


def main():
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    arrays, rows = [], []
    if len(sys.argv) == 3:
        folder = pathlib.Path(sys.argv[2])
        for path in sorted(one for one in folder.rglob("*") if one.is_file()):
            name = path.relative_to(folder).as_posix()
            data = gzip.compress(path.read_bytes(), 9, mtime=0)
            digest = hashlib.sha256(data).hexdigest()
            arrays.append(f"static const uint8_t file_{len(rows)}[] = {{\n\t{array(data)},\n}};\n\n")
            rows.append(f'\t{{"{name}", "{MEDIA[path.suffix]}",\n\t "{digest}", file_{len(rows)}, {len(data)}}},\n')
    source = '#include "hub/console/console.h"\n\n' + "".join(arrays)
    source += "const struct console_file CONSOLE_FILES[] = {\n" + "".join(rows) + "\t{0},\n};\n"
    pathlib.Path(sys.argv[1]).write_text(source, encoding="ascii")


if __name__ == "__main__":
    main()
