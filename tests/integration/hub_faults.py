#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The Hinomi authors
"""A hub that is killed under writers, whose disk is full, that is copied while it serves, that tells of changes: what was
answered is there, once; what was not is absent or whole; the ledger verifies."""
import http.client
import json
import os
import shutil
import subprocess
import sys
import threading
import time
import uuid

from hub_world import BIN, DEADLINE, Client, Hub, Postgres, Tap, databases, until

tap = Tap()
WRITERS = 50


GREEN = ["marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb"]  # TLP 2.0


def indicator(number, size=0):
    """With a size it is TLP:GREEN, so that reading it writes nothing into the ledger."""
    marked = {"object_marking_refs": GREEN, "description": "d" * size} if size > 0 else {}
    return marked | {
        "type": "indicator", "spec_version": "2.1", "id": f"indicator--{uuid.UUID(int=number, version=4)}",
        "created": "2026-11-01T00:00:00.000Z", "modified": "2026-11-01T00:00:00.000Z", "pattern_type": "stix",
        "pattern": f"[ipv4-addr:value = '198.51.{number >> 8 & 255}.{number & 255}']", "valid_from": "2026-11-01T00:00:00Z",
    }


def verified(hub):
    done = subprocess.run([BIN / "hinomi-ledger", "verify", hub.data], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, timeout=DEADLINE)
    return done.returncode == 0, done.stdout


def write_until_killed(hub, token, base, kept):
    """One writer: objects one by one; those that were answered with 200 are put into kept."""
    client = Client(hub, token=token)
    for number in range(base, base + 100000):
        try:
            answer = client.send("POST", "/api/v1/objects", json.dumps(indicator(number)),
                                 dict(client.headers, **{"Content-Type": "application/json"}))
        except (OSError, http.client.HTTPException):
            return
        if answer.status != 200 or answer.json["new"] != 1:
            kept.append(("odd", answer.status, answer.body))
            return
        kept.append(number)


def killed(name, database):
    with Hub("http:\n  rate: 0\n", database=database) as hub:
        hub.admin()
        token = hub._admin["token"]
        kept, rounds = [], 3
        for round_number in range(rounds):
            lists = [[] for _ in range(WRITERS)]
            threads = [threading.Thread(target=write_until_killed,
                                        args=(hub, token, (round_number * WRITERS + i) * 1000000, lists[i]))
                       for i in range(WRITERS)]
            for thread in threads:
                thread.start()
            until(lambda: sum(map(len, lists)) > 100 * (round_number + 1), "writes")
            hub.kill()
            for thread in threads:
                thread.join()
            kept += [number for entries in lists for number in entries]
            hub.start()
        odd = [entry for entry in kept if isinstance(entry, tuple)]
        tap.equal(f"{name}: nobody was answered oddly", odd[:3], [])
        client = hub.admin()
        missing = [n for n in kept if client.get(f"/api/v1/objects/{indicator(n)['id']}").status != 200]
        tap.equal(f"{name}: what was answered is there ({len(kept)} objects)", missing[:3], [])
        versions = client.get(f"/api/v1/objects/{indicator(kept[0])['id']}/versions").json
        tap.equal(f"{name}: once", len(versions["objects"]), 1)
        count = client.get("/api/v1/counts?type=indicator").json
        tap.check(f"{name}: at most one a writer that was under way beside them",
                  len(kept) <= count["objects"] <= len(kept) + rounds * WRITERS, count, len(kept))
        done = hub.command("check")
        tap.equal(f"{name}: nothing is wrong", (done.returncode, done.stdout), (0, "nothing is wrong\n"))
        hub.stop()
        good, said = verified(hub)
        tap.check(f"{name}: the ledger verifies", good, said)


def copied():
    with Hub("http:\n  rate: 0\n") as hub:
        client = hub.admin()
        token = hub._admin["token"]
        kept = []
        writer = threading.Thread(target=write_until_killed, args=(hub, token, 0, kept))
        writer.start()
        until(lambda: len(kept) > 50, "writes")
        before = len(kept)
        copy = hub.dir / "copy"
        done = hub.command("backup", copy)
        tap.equal("a backup while it serves", (done.returncode, done.stderr), (0, ""))
        done = hub.command("backup", copy)
        tap.equal("never over another", done.returncode, 5)
        done = hub.command("check")
        tap.equal("a check while it serves", (done.returncode, done.stdout), (0, "nothing is wrong\n"))
        hub.kill()
        writer.join()
        done = hub.command("restore", copy)
        tap.check("never over a hub", done.returncode == 5 and "already" in done.stderr, done)
        shutil.rmtree(hub.data)
        done = hub.command("restore", copy)
        tap.equal("restored", (done.returncode, done.stderr), (0, ""))
        hub.start()
        missing = [n for n in kept[:before] if client.get(f"/api/v1/objects/{indicator(n)['id']}").status != 200]
        tap.equal("what was there before the backup is there", missing, [])
        tap.equal("and can be added to", client.post("/api/v1/objects", indicator(10**9)).json["new"], 1)
        hub.stop()
        good, said = verified(hub)
        tap.check("the ledger goes on", good, said)


def disk_full():
    if os.geteuid() != 0 or shutil.which("unshare") is None:
        tap.skip("a full disk", "needs root and unshare")
        return
    if subprocess.run(["unshare", "-m", "--propagation", "private", "true"], stderr=subprocess.DEVNULL).returncode != 0:
        tap.skip("a full disk", "needs a file system of its own, which there is not in a chroot")
        return
    hub = Hub("http:\n  rate: 0\ndisk_least: 1MiB\n", start=False)
    hub.data.mkdir()
    mount = f"mount -t tmpfs -o size=24m tmpfs {hub.data} && exec \"$@\""
    hub.prefix = ["unshare", "-m", "--propagation", "private", "sh", "-c", mount, "sh"]
    with hub:
        hub.start()
        # init runs beside it, in its namespace.
        done = subprocess.run(["nsenter", "-m", "-t", str(hub.process.pid), str(BIN / "hinomi-hub"), "init", *hub.options(),
                               "--login", "admin", "--token", "--json"], stdout=subprocess.PIPE, timeout=DEADLINE, env=hub.env)
        client = Client(hub, token=json.loads(done.stdout)["token"])
        kept, number, status = [], 1, 200
        while status == 200 and number < 3000:
            answer = client.post("/api/v1/objects", indicator(number, 20000))
            status = answer.status
            if status == 200:
                kept.append(number)
            number += 1
        tap.equal("writes are answered 507 when the disk is full", status, 507)
        tap.check("there was room for some", len(kept) > 50, len(kept))
        reads = {client.get(f"/api/v1/objects/{indicator(n)['id']}").status for n in kept}
        tap.equal("reads go on", reads, {200})
        tap.equal("it says that it is not ready", client.get("/readyz").status, 503)
        tap.equal("but alive", client.get("/healthz").status, 200)
        subprocess.run(["nsenter", "-m", "-t", str(hub.process.pid), "mount", "-o", "remount,size=64m", str(hub.data)],
                       check=True, timeout=DEADLINE)
        until(lambda: client.post("/api/v1/objects", indicator(number, 20000)).status == 200, "writes again")
        tap.check("with room again it writes again", True)
        tap.equal("ready again", until(lambda: client.get("/readyz").status == 200 and 200), 200)
        done = subprocess.run(["nsenter", "-m", "-t", str(hub.process.pid), str(BIN / "hinomi-hub"), "check",
                               *hub.options()], stdout=subprocess.PIPE, text=True, timeout=DEADLINE, env=hub.env)
        tap.equal("nothing is wrong", (done.returncode, done.stdout), (0, "nothing is wrong\n"))


def read_until(s, holds):
    """Reads what a socket says until it suffices, or nothing more comes."""
    s.settimeout(DEADLINE)
    text = b""
    while not holds(text):
        try:
            piece = s.recv(4096)
        except TimeoutError:
            break
        if not piece:
            break
        text += piece
    return text


def events():
    with Hub() as hub:
        client = hub.admin()
        client.get("/healthz")
        with hub.socket() as s, hub.socket() as nobody:
            request = f"GET /api/v1/events HTTP/1.1\r\nHost: a\r\n%s\r\n"
            s.sendall((request % f"Authorization: Bearer {hub._admin['token']}\r\n").encode())
            nobody.sendall((request % "").encode())
            for each in (s, nobody):
                read_until(each, lambda text: b"retry: 2000\n\n" in text)
            client.post("/api/v1/objects", indicator(1))
            text = read_until(s, lambda text: b"}\n\n" in text)
            tap.check("who may see it is told that something changed",
                      b"event: objects\n" in text and b'"types":["indicator"]' in text, text)
            last = next(line for line in text.decode().split("\n") if line.startswith("id: "))[4:]
            nobody.settimeout(1)
            try:
                told = nobody.recv(4096)
            except TimeoutError:
                told = b""
            tap.check("who may not is told nothing", b"event:" not in told, told)
        tap.equal("another change", client.post("/api/v1/objects", indicator(2)).status, 200)
        with hub.socket() as s:
            s.sendall((request % f"Authorization: Bearer {hub._admin['token']}\r\nLast-Event-ID: {last}\r\n").encode())
            text = read_until(s, lambda text: b"}\n\n" in text)
            tap.check("who comes back misses nothing", b'"count":1,' in text, text)
            began = time.monotonic()
            tap.equal("a stream does not hold up the end", hub.stop(), 0)
            tap.check("for long", time.monotonic() - began < 8, time.monotonic() - began)


def database_away():
    """A hub whose database goes away lives, and says that it is not ready and why."""
    if not Postgres.installed():
        tap.skip("a database that goes away", "needs PostgreSQL")
        return
    cluster = Postgres()
    with Hub("http: {rate: 0}\n", database=cluster.database()) as hub:
        client, nobody = hub.admin(), hub.client()
        tap.equal("with its database it is ready", nobody.get("/readyz").json["checks"]["database"], "ok")
        cluster.run("pg_ctl", "-D", cluster.dir / "db", "-m", "immediate", "stop")
        until(lambda: client.get("/api/v1/counts").status == 503, "the database is missed")
        for who in (nobody, client):
            tap.equal("the process lives", [who.get("/healthz").status, who.get("/healthz").json], [200, {"status": "ok"}])
            ready = who.get("/readyz")
            tap.equal("it is not ready, and says why", [ready.status, ready.json["checks"]["database"]], [503, "failed"])
        tap.equal("what is not of health is for later", nobody.get("/api/v1/counts").status, 503)
    shutil.rmtree(cluster.dir, ignore_errors=True)


def main():
    events()
    database_away()
    copied()
    disk_full()
    for name, make, end in databases():
        try:
            killed(name, make())
        finally:
            end()
    tap.done()


if __name__ == "__main__":
    sys.exit(main())
