#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The Hinomi authors
"""A demonstration's nation, marked so by its trust file, is served on loopback alone, to people and to edges."""
import subprocess
import sys

sys.dont_write_bytecode = True
from hub_world import BIN, DEADLINE, Hub, Tap, free_port  # noqa: E402  beside this file

tap = Tap()
LISTENERS = {"people's": ("--listen", "0.0.0.0"), "people's, by IPv6": ("--listen", "[::]"), "edges'": ("--edge-listen", "0.0.0.0")}


class Beyond(Hub):
    more = ()

    def options(self):
        return [*super().options(), *self.more]


def trust(folder, *mark):
    tool = BIN / "hinomi-authority"
    name = "-".join(("trust", *mark))
    for words in (("keygen", "-o", f"{name}.key"), ("trust", "--threshold", "1", f"{name}.key.pub", *mark, "-o", f"{name}.json")):
        subprocess.run([tool, *words], cwd=folder, check=True, stdout=subprocess.DEVNULL, timeout=DEADLINE)
    return (folder / f"{name}.json").read_bytes()


def put(client, document):
    return client.put("/api/v1/nation/trust", document, Content_Type="application/jose+json")


def refused(hub):
    for name, (option, address) in LISTENERS.items():
        done = subprocess.run([BIN / "hinomi-hub", *hub.options(), "--config", hub.config, option, f"{address}:{free_port()}"],
                              env=hub.env, text=True, capture_output=True, timeout=DEADLINE, check=False, stdin=subprocess.DEVNULL)
        tap.check(f"with {name} listener beyond, it does not start", done.returncode == 2 and "demo" in done.stderr, done)


def marked():
    with Beyond("http: {beyond_loopback: true}\n") as hub:
        tap.equal("a demonstration's trust file is taken on loopback", put(hub.admin(), trust(hub.dir, "--mark", "demo")).status, 204)
        hub.stop()
        refused(hub)
        hub.start()
        tap.equal("on loopback it goes on", hub.client().get("/readyz").status, 200)


def handed_in():
    with Beyond(start=False) as hub:
        token = hub.init()["token"]
        hub.more = ("--edge-listen", f"0.0.0.0:{free_port()}")
        hub.start()
        answer = put(hub.client(token=token), trust(hub.dir, "--mark", "demo"))
        tap.check("beyond loopback, none is taken", answer.status == 400 and b"demo" in answer.body, answer)
        tap.equal("another is", put(hub.client(token=token), trust(hub.dir, "--mark", "test")).status, 204)
        hub.more = ()


marked()
handed_in()
tap.done()
