#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The Hinomi authors
"""The checks of ./x lint that read text. Usage: lint.py rooms|comments|licence|words|languages

Prints FILE:LINE: what is wrong; exit code 1 when anything is.
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
# In the order in which one may include the other.
LIBRARIES = ["base", "wire", "match", "stix", "ledger", "authority", "store", "http", "bus"]
PROGRAMS = ["sensor", "resolver", "hub", "witness", "edge", "cli", "scan", "agent", "hunt", "lure"]
SKIPPED = {".git", "node_modules", "__pycache__", "tmp"}
TEXT = {".c", ".h", ".py", ".sh", ".md", ".build", ".txt", ".yaml", ".yml", ".json", ".ts", ".tsx", ".mjs", ".css", ".in"}


def files(*suffixes, under="."):
    """Our files with these suffixes; the build folders are none of ours."""
    for path in sorted((ROOT / under).rglob("*")):
        parts = path.relative_to(ROOT).parts
        if parts[0].startswith("build") or SKIPPED & set(parts) or not path.is_file():
            continue
        if path.suffix in suffixes:
            yield path


def lines(path):
    return path.read_text(encoding="utf-8", errors="replace").splitlines()


def where(path, number, message):
    return f"{path.relative_to(ROOT)}:{number}: {message}"


def rooms():
    """A library includes libraries before it; a program includes libraries and itself."""
    for path in files(".c", ".h", under="src"):
        room = path.relative_to(ROOT / "src").parts[0]
        if room in LIBRARIES:
            allowed = LIBRARIES[: LIBRARIES.index(room) + 1]
        elif room in PROGRAMS:
            allowed = LIBRARIES + [room]
        else:
            yield where(path, 1, f"'{room}' is no room; name it in scripts/lint.py")
            continue
        for number, line in enumerate(lines(path), 1):
            found = re.match(r'\s*#\s*include\s+"([^"]+)"', line)
            if not found:
                continue
            target = found[1].split("/")[0]
            if "/" not in found[1] or target in (".", ".."):
                yield where(path, number, f'write "room/thing.h", not "{found[1]}"')
            elif target not in allowed:
                yield where(path, number, f"{room} may not include {target}")


DECLARATION = re.compile(r"^(?!typedef|struct [a-z_0-9]+ \{|enum|#|\s|/?\*)[A-Za-z_][^;{}=]*\([^;{}]*\)[^;{}]*;", re.M)


def comments():
    """Each paragraph of a header that declares functions says what they do."""
    for path in files(".h", under="src"):
        number = 1
        for paragraph in re.split(r"(?<=\n)\n", path.read_text(encoding="utf-8")):
            found = DECLARATION.search(paragraph)
            code = re.sub(r"/\*.*?\*/", "", paragraph, flags=re.S)
            inside = code.count("{") != code.count("}")
            if found and "/*" not in paragraph and not inside and not found[0].startswith("_Static"):
                yield where(path, number + paragraph[: found.start()].count("\n"), "no comment says what this does")
            number += paragraph.count("\n") + 1


def licence():
    """Two SPDX lines atop each source."""
    for path in files(".c", ".h", ".py", ".sh", ".ts", ".tsx", ".mjs", ".css"):
        head = "\n".join(lines(path)[:4])
        if "SPDX-License-Identifier: Apache-2.0" not in head or "SPDX-FileCopyrightText:" not in head:
            yield where(path, 1, "the two SPDX lines are not at the top")


WORDS = [
    (re.compile(r"\b(TODO|FIXME|XXX|HACK)\b(?!\(#\d+\))"), "a task belongs into an issue: write WORD(#number)"),
    (re.compile(r"(?<![\w.<>-])/(work|home|root|Users)/[\w.]"), "a path of one machine"),
]


def words():
    """No loose tasks, nothing that holds on one machine only."""
    for path in files(*TEXT):
        name = path.relative_to(ROOT).as_posix()
        if name == "scripts/lint.py" or "/corpus/" in name or name.startswith("console/package"):
            continue
        for number, line in enumerate(lines(path), 1):
            for pattern, message in WORDS:
                if pattern.search(line):
                    yield where(path, number, message)


JAPANESE = re.compile(r"[\u3040-\u30ff\u4e00-\u9fff]")


def calls(text, name):
    """(line, arguments as source text) of each call of name."""
    for found in re.finditer(r"\b" + name + r"\(", text):
        depth, at, parts, quoted = 1, found.end(), [""], False
        while at < len(text) and depth > 0:
            c = text[at]
            if quoted and c == "\\":
                parts[-1] += text[at : at + 2]
                at += 2
                continue
            if c == '"':
                quoted = not quoted
            elif not quoted and c in "([{":
                depth += 1
            elif not quoted and c in ")]}":
                depth -= 1
            if not quoted and c == "," and depth == 1:
                parts.append("")
            elif depth > 0:
                parts[-1] += c
            at += 1
        yield text.count("\n", 0, found.start()) + 1, parts


def languages():
    """tr(English, Japanese): the first without, the second with Japanese letters, unless both are the same."""
    for path in files(".c", ".h", under="src"):
        for number, parts in calls(path.read_text(encoding="utf-8"), "tr"):
            if len(parts) != 2 or '"' not in parts[0] or '"' not in parts[1]:
                continue
            if JAPANESE.search(parts[0]):
                yield where(path, number, "tr() takes English first")
            elif not JAPANESE.search(parts[1]) and re.search(r"[a-z]{3}", re.sub(r"%[a-z]+", "", parts[1])):
                yield where(path, number, "the Japanese text is not Japanese")


def main():
    checks = {check.__name__: check for check in (rooms, comments, licence, words, languages)}
    if len(sys.argv) != 2 or sys.argv[1] not in checks:
        sys.exit(__doc__)
    findings = list(checks[sys.argv[1]]())
    print("\n".join(findings))
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
