#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The Hinomi authors
"""Each command of authority, indicators and ledger, and select --verify, has closed its sandbox before it opens any file
that is given to it: each file in turn is a pipe that the command waits for. Told by TAP."""
import errno
import os
import pathlib
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
from select_world import HINOMI, Tap, hinomi  # noqa: E402

# A search for leaks at the end begins a process, which only a sanitizer's build may.
SANITIZED = "asan" in os.environ["HINOMI_BIN"] or "tsan" in os.environ["HINOMI_BIN"]
UUID = "6f1c2a34-0000-4000-8000-000000000001"

# A word in capitals is a file that is given; each is the pipe once, the others are what they should be.
COMMANDS = [
    "authority keygen -o out.key --passphrase-file PASSPHRASE",
    "authority trust --threshold 1 KEY.pub --domestic DOMESTIC --limits LIMITS -o out.json",
    "authority issue --trust TRUST --basis foreign-foreign --purpose x --act a --until P1D --sensor KEY.pub --set s "
    "--pattern PATTERNS -o out.json",
    "authority sign --key KEY --passphrase-file PASSPHRASE DOCUMENT",
    "authority verify --trust TRUST --revocations DOCUMENT --domestic DOMESTIC DOCUMENT",
    "authority show --trust TRUST DOCUMENT",
    "authority revoke --key KEY --trust TRUST --list DOCUMENT -o out.json",
    f"authority order --trust TRUST --record {UUID} --ground x -o out.json",
    "authority reidentify --trust TRUST --key KEY --order ORDER --records DOCUMENT --ledger out",
    "indicators compile -o out.him --set s --base SET --remove LIST --holdings HOLDINGS --allow WARNING LIST",
    "indicators merge -o out.him SET SET",
    "indicators verify SET",
    "indicators show SET",
    "indicators match SET 192.0.2.7",
    "ledger verify --key KEY.pub LOG",
    "ledger prove --key KEY.pub LOG 0",
    "ledger verify-proof --key KEY.pub DOCUMENT",
    "ledger cosign --key KEY.pub --cosigner KEY --state out.state LOG",
    "ledger export --key KEY.pub LOG",
    "select --verify --key KEY.pub LOG",
]
DIRECTORIES = {"LOG"}


def make_files(root):
    os.chdir(root)
    hinomi("authority", "keygen", "-o", "KEY")
    hinomi("authority", "trust", "--threshold", "1", "KEY.pub", "-o", "TRUST")
    pathlib.Path("LIST").write_text("203.0.113.66\n")
    hinomi("indicators", "compile", "-o", "SET", "--set", "s", "--act", "a", "LIST")
    for name, text in (("PASSPHRASE", "word\n"), ("DOMESTIC", "192.0.2.0/24\n"), ("LIMITS", "{}"), ("PATTERNS", "[]"),
                       ("HOLDINGS", "192.0.2.0/24 here\n"), ("WARNING", "example.org\n")):
        pathlib.Path(name).write_text(text)
    hinomi("authority", "revoke", "--key", "KEY", "--trust", "TRUST", "-o", "DOCUMENT")
    hinomi("authority", "order", "--trust", "TRUST", "--record", UUID, "--ground", "x", "-o", "ORDER")
    hinomi("authority", "sign", "--key", "KEY", "ORDER")
    pathlib.Path("LOG").mkdir()


def status_of(process, name):
    for line in pathlib.Path(f"/proc/{process.pid}/status").read_text().splitlines():
        if line.startswith(name + ":"):
            return line.split()[1]
    return "?"


def wait_reader(process, fifo):
    """Whether the process has the pipe open, or waits for somebody to open its other end."""
    until = time.monotonic() + 30
    while time.monotonic() < until and process.poll() is None:
        try:
            return os.open(fifo, os.O_WRONLY | os.O_NONBLOCK)
        except OSError as error:
            if error.errno != errno.ENXIO:
                raise
        time.sleep(0.002)
    return None


def stop_at(words, position):
    """(Seccomp, NoNewPrivs) of the command while it waits for this file; None when it never asked for it."""
    fifo = "pipe"
    if os.path.exists(fifo):
        os.unlink(fifo)
    os.mkfifo(fifo)
    given = [fifo if i == position else word for i, word in enumerate(words)]
    with subprocess.Popen([HINOMI, *given], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                          stderr=subprocess.PIPE) as process:
        end = wait_reader(process, fifo)
        found = None if end is None else (status_of(process, "Seccomp"), status_of(process, "NoNewPrivs"))
        process.kill()
        told = process.stderr.read().decode()
        if end is not None:
            os.close(end)
    return found, told


def main():
    tap = Tap()
    with tempfile.TemporaryDirectory() as root:
        make_files(root)
        for command in COMMANDS:
            words = command.split()
            for position, word in enumerate(words):
                if not word[:2].isupper() or word in DIRECTORIES or word.startswith("P1"):
                    continue
                found, told = stop_at(words, position)
                tap.check(f"{' '.join(words[:2])}, before it reads {word} ({position})",
                          found == ("0" if SANITIZED else "2", "1"), found, told)
        os.chdir("/")
    tap.done()


if __name__ == "__main__":
    main()
