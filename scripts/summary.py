#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The Hinomi authors
"""Sums Meson's test logs over their TAP lines and prints what failed.

Usage: summary.py PART...   where PART.json is a testlog.json; an absent one holds no tests.
       summary.py --lines LOG           a line a test of a testlog.json
       summary.py --targets DIR SUITE   the files in build directory DIR that the suite's tests need
The last line is "N passed, N failed, N skipped"; the exit code is 1 when one failed or none ran.
"""
import json
import os
import re
import subprocess
import sys

POINT = re.compile(r"^(not )?ok\b(?: +\d+)?(?: *- *| +|$)(.*)$")
SKIP = re.compile(r"# *skip\b", re.IGNORECASE)
TAIL = 60  # lines of output that are shown of a failed test


def points(text):
    """(verdict, name) of each TAP line."""
    for line in text.splitlines():
        found = POINT.match(line)
        if not found:
            continue
        name = found[2]
        if SKIP.search(name):
            yield "skipped", name
        else:
            yield ("failed" if found[1] else "passed"), name


def count(test):
    """What one test of the log adds, and whether it is shown as failed."""
    sums = {"passed": 0, "failed": 0, "skipped": 0}
    out = test.get("stdout") or ""
    for verdict, _ in points(out):
        sums[verdict] += 1
    result = test["result"]
    total = sum(sums.values())
    planned = [int(n) for n in re.findall(r"^1\.\.(\d+)", out, re.M)]
    broken = result in ("FAIL", "ERROR", "TIMEOUT", "INTERRUPT", "UNEXPECTEDPASS")
    if broken and sums["failed"] == 0:
        # cmocka prints a skipped test as "not ok … # SKIP", which Meson takes for a failure: it is
        # none if the program ended well and ran what it had planned.
        if test["returncode"] != 0 or sums["skipped"] == 0 or planned != [total]:
            sums["failed"] = 1
    elif total == 0:
        sums["skipped" if result == "SKIP" else "passed"] = 1
    return sums


def show(part, test):
    print(f"\n--- {part}: {test['name']}: {test['result']}, exit {test['returncode']}")
    out = (test.get("stdout") or "").splitlines()
    err = (test.get("stderr") or "").splitlines()
    keep = [line for line in out if not re.match(r"^ok\b|^1\.\.|^# *ok\b", line)]
    for line in keep[-TAIL:] + err[-TAIL:]:
        print("    " + line)


def read(path):
    with open(path, encoding="utf-8") as log:
        return [json.loads(line) for line in log]


def lines(path):
    """Meson's own lines call a test failed in which cmocka skipped something."""
    for test in read(path):
        sums = count(test)
        verdict = next((key for key in ("failed", "passed") if sums[key]), "skipped")
        many = ", ".join(f"{n} {key}" for key, n in sums.items() if n)
        print(f"{test['name']:<60} {verdict:<8} {test['duration']:7.2f}s   {many}")


def targets(directory, suite):
    """What Meson must build before the tests of a suite can run, relative to the build directory."""
    asked = ["meson", "introspect", "--tests", "--targets", directory]
    info = json.loads(subprocess.run(asked, check=True, capture_output=True).stdout)
    wanted = set()
    for test in info["tests"]:
        if any(name.split(":")[-1] == suite for name in test["suite"]):
            wanted.update(test["depends"])
    for target in info["targets"]:
        if target["id"] in wanted:
            for name in target["filename"]:
                print(os.path.relpath(name, os.path.abspath(directory)))


def main(parts):
    total = {"passed": 0, "failed": 0, "skipped": 0}
    for part in parts:
        path = part + ".json"
        if not os.path.exists(path):
            continue
        for test in read(path):
            sums = count(test)
            for key, value in sums.items():
                total[key] += value
            if sums["failed"]:
                show(os.path.basename(part), test)
    print(f"\n{total['passed']} passed, {total['failed']} failed, {total['skipped']} skipped")
    return 1 if total["failed"] or total["passed"] == 0 else 0


if __name__ == "__main__":
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(encoding="utf-8", errors="replace")
    if sys.argv[1:2] == ["--targets"]:
        targets(*sys.argv[2:])
    elif sys.argv[1:2] == ["--lines"]:
        lines(*sys.argv[2:])
    else:
        sys.exit(main(sys.argv[1:]))
