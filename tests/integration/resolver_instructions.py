#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The Hinomi authors
"""How many instructions an answer takes stays bounded: resolver_instructions.py BENCH_EXCHANGE

Runs tests/bench/exchange.c under callgrind with two numbers of rounds; what they differ by is what the answers of the
rounds between cost, whatever the start takes. The kernel's part is not in it. Instructions do not depend on who else
uses the machine; they do on the compiler, so this is run for gcc with optimisation alone. Told by TAP.
"""
import re
import shutil
import subprocess
import sys
import tempfile

BATCH = 64
FEW, MANY = 64, 320  # rounds; each of the 4,096 names is asked as often as any other
# (what, rules, instructions an answer at most): what was measured and 15 percent.
BOUNDS = [
    ("cached", 0, 1340),
    ("cached", 2000, 1340),
    ("blocked", 2000, 2730),
]


def instructions(bench, what, rules, rounds, directory):
    done = subprocess.run(
        ["valgrind", "--tool=callgrind", f"--callgrind-out-file={directory}/out", bench, what, str(rules), str(rounds)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
    found = re.search(r"Collected : (\d+)", done.stderr)
    if done.returncode != 0 or not found:
        print("Bail out! " + done.stderr.strip().replace("\n", " ")[-400:])
        sys.exit(1)
    return int(found.group(1))


def main():
    if shutil.which("valgrind") is None:
        print("1..0 # SKIP valgrind is not installed")
        return
    failed = 0
    print(f"1..{len(BOUNDS)}")
    with tempfile.TemporaryDirectory(prefix="hinomi-instructions-") as directory:
        for number, (what, rules, most) in enumerate(BOUNDS, 1):
            few, many = (instructions(sys.argv[1], what, rules, rounds, directory) for rounds in (FEW, MANY))
            each = (many - few) / ((MANY - FEW) * BATCH)
            good = each <= most
            failed += not good
            print(f"{'ok' if good else 'not ok'} {number} - {what} with {rules} rules: {each:.0f} instructions an answer, at most {most}",
                  flush=True)
    sys.exit(failed > 0)


if __name__ == "__main__":
    main()
