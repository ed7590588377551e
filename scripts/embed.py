#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The Hinomi authors
"""Makes a C source of the API's schemas. Usage: embed.py OUT.c SCHEMA.json...

Each must be JSON; it is carried without white space, under its file's name.
"""
import json
import pathlib
import sys


def literal(text):
    """The text as C string literals of a moderate length."""
    out = []
    for at in range(0, len(text), 80):
        piece = json.dumps(text[at : at + 80])
        out.append(piece.replace("??", '?""?'))
    return "\n\t ".join(out)


def refer(schema):
    """A reference to another file's name leads to where the document has it."""
    if isinstance(schema, list):
        return [refer(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    whole = {name: refer(value) for name, value in schema.items()}
    name = whole.get("$ref")
    if isinstance(name, str) and not name.startswith("#"):
        whole["$ref"] = "#/components/schemas/" + name
    return whole


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    rows = []
    for path in sorted(map(pathlib.Path, sys.argv[2:]), key=lambda p: p.stem):
        schema = refer(json.loads(path.read_text(encoding="utf-8")))
        text = json.dumps(schema, ensure_ascii=True, separators=(",", ":"))
        rows.append(f'\t{{"{path.stem}",\n\t {literal(text)},\n\t {len(text)}}},\n')
    source = '#include "hub/api/schemas.h"\n\nconst struct api_schema API_SCHEMAS[] = {\n' + "".join(rows) + "\t{0},\n};\n"
    pathlib.Path(sys.argv[1]).write_text(source, encoding="ascii")


if __name__ == "__main__":
    main()
