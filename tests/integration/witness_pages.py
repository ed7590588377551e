#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The Hinomi authors
"""The witness's pages in a browser: this part makes a witness that has something on each of them, with hostile text in all that
others fill; witness_pages.mjs drives the browser and prints the results."""
import json
import os
import pathlib
import shutil
import subprocess
import sys

sys.dont_write_bytecode = True
from console import HOSTILE, SOURCE, missing  # noqa: E402  beside this file
from select_world import Tap  # noqa: E402
from witness_world import BIN, Commission, Edge, Hub, Receipts, Witness, authorisation, until  # noqa: E402


def world():
    commission = Commission()
    hub = Hub(commission)
    witness = Witness(commission, hub).start()
    edge, other = Edge(witness, name=HOSTILE[:120]), Edge(witness, "other")
    edge.enrol()
    other.enrol()
    good, waits = commission.issue("good.json", until_="P10D"), commission.issue("waits.json", names="", purpose=HOSTILE, recipient=HOSTILE)
    witness.run("bring", good)
    hub.show(waits)
    until(lambda: authorisation(waits)["id"] in witness.run("applications").stdout, "the application")
    witness.run("revoke", "--passphrase-file", commission.passphrase)
    chain = Receipts(edge, commission, [authorisation(good)])
    edge.receipts(chain.make(), chain.make(lambda r: r["sets"][0].update(id="x" * 60)), b'{"receipt": "none"}')
    edge.batch("health", [json.dumps({"clock": HOSTILE}).encode()])
    witness.alarm("hub-withholds", edge=edge.id)
    witness.run("acknowledge", witness.alarms()[0]["number"], "--reason", HOSTILE)
    return witness, {"url": f"http://127.0.0.1:{witness.port}", "edge": edge.id, "other": other.id, "application": authorisation(waits)["id"],
                     "signed": authorisation(good)["id"], "hostile": HOSTILE, "name": "tanaka", "passphrase": "a passphrase that is long"}


def main():
    why = missing()
    if why:
        tap = Tap()
        tap.skip("the witness's pages in a browser", why)
        tap.done()
    witness, told = world()
    try:
        done = subprocess.run(["node", str(pathlib.Path(__file__).with_suffix(".mjs"))], timeout=540, stdin=subprocess.DEVNULL,
                              env=dict(os.environ, CONSOLE_WORLD=json.dumps(told), CONSOLE_SCREENSHOTS=str(BIN.parent / "screenshots"),
                                       CONSOLE_PACKAGES=str(SOURCE / "console/package.json"), CONSOLE_BROWSER=shutil.which("chromium")))
        sys.exit(done.returncode)
    finally:
        witness.stop()


main()
