#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The Hinomi authors
"""The processes that fetch: what each may have and reach, what happens when one of them or the hub is killed, and that names are
resolved inside their sandbox."""
import os
import pathlib
import signal
import socket
import struct
import subprocess
import sys
import threading

from hub_parties import Parties
from hub_world import BIN, DEADLINE, Tap, databases, until

tap = Tap()
SECRET = "s3cret-of-the-source"


def children(pid):
    """Of a process, by every thread of it."""
    found = []
    for file in pathlib.Path(f"/proc/{pid}/task").glob("*/children"):
        found += [int(n) for n in file.read_text().split()]
    return found


def alive(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def status(pid):
    lines = pathlib.Path(f"/proc/{pid}/status").read_text().splitlines()
    return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}


class Stalling:
    """A server that takes a question and does not answer until it is let."""

    def __init__(self):
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.asked, self.go, self.body = [], threading.Event(), b"a.example\n"
        threading.Thread(target=self.run, daemon=True).start()

    @property
    def port(self):
        return self.socket.getsockname()[1]

    def run(self):
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            threading.Thread(target=self.answer, args=(connection,), daemon=True).start()

    def answer(self, connection):
        with connection:
            head = b""
            while b"\r\n\r\n" not in head:
                piece = connection.recv(4096)
                if not piece:
                    return
                head += piece
            self.asked.append(head)
            self.go.wait(DEADLINE)
            try:
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n" % len(self.body) + self.body)
            except OSError:
                pass


class Source:
    def __init__(self, hub, centre, url):
        self.centre = centre
        self.path = "/api/v1/sources/" + centre.post("/api/v1/sources", {
            "name": "Slow", "organisation": hub.centre.id, "kind": "list", "where": url, "marking": {"tlp": "green"}}).json["id"]

    def get(self):
        return self.centre.get(self.path).json

    def start(self):
        self.runs = self.get()["use"]["runs"]
        tap.equal("a run is asked for", self.centre.post(self.path + "/run").status, 204)

    def end(self):
        return until(lambda: (lambda s: s if s["use"]["runs"] > self.runs else None)(self.get()), "the run's end")


def processes(hub):
    """All that the hub has begun, by their second argument. @return keepers, sessions (whose calls are filtered)"""
    found = ([], [])
    for folder in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            arguments = (folder / "cmdline").read_bytes().split(b"\0")
            if arguments[1:3] == [b"fetch-process", str(hub.process.pid).encode()] and alive(folder.name):
                found[status(folder.name)["Seccomp"] == "2"].append(int(folder.name))
        except OSError:
            pass
    return found


def keepers_of(hub):
    """The one that is asked and the one in reserve."""
    both = until(lambda: (lambda k: k if len(k) == 2 else None)(processes(hub)[0]), "two keepers")
    return sorted(both, key=lambda pid: len(children(pid)), reverse=True)


def session_of(hub):
    return until(lambda: processes(hub)[1], "the session")[0]


def files(pid):
    return [os.readlink(f"/proc/{pid}/fd/{n}").split(":")[0] for n in os.listdir(f"/proc/{pid}/fd") if int(n) > 2]


def memory_of(pid):
    """All of it that may be read; nothing of a sanitizer's build, which has terabytes of shadows."""
    found = b""
    with open(f"/proc/{pid}/maps", encoding="ascii") as maps, open(f"/proc/{pid}/mem", "rb") as memory:
        for line in maps:
            span, rights = line.split()[:2]
            if rights.startswith("rw"):
                begin, end = (int(n, 16) for n in span.split("-"))
                if end - begin > 1 << 34:
                    return b""
                try:
                    memory.seek(begin)
                    found += memory.read(end - begin)
                except OSError:
                    pass
    return found


def confined(hub, keeper, session):
    for name, pid in (("the keeper", keeper), ("a session", session)):
        now = status(pid)
        tap.equal(f"{name} can gain no right", [now["NoNewPrivs"], int(now["CapEff"], 16), int(now["CapPrm"], 16)], ["1", 0, 0])
        if os.geteuid() == 0:
            tap.equal(f"{name} is nobody", now["Uid"].split(), ["65534"] * 4)
        tap.equal(f"{name} has sockets and no file", set(files(pid)), {"socket"})
        environment = pathlib.Path(f"/proc/{pid}/environ").read_bytes()
        tap.check(f"{name} has not the hub's environment", b"HINOMI_SECRET" not in environment and b"HINOMI_LANG" in environment)
        tap.equal(f"{name}'s arguments", pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")[1], b"fetch-process")
        if os.geteuid() == 0:
            memory = memory_of(pid)
            tap.check(f"{name} has not the hub's memory", b"hidden-in-the-url" not in memory and str(hub.data).encode() not in memory)
    tap.equal("a session's calls are filtered", status(session)["Seccomp"], "2")
    if os.geteuid() == 0:
        tap.check("the keeper never has a credential", SECRET.encode() not in memory_of(keeper))
        tap.check("the hub has it no more", SECRET.encode() not in memory_of(hub.process.pid))


def killing(hub, centre):
    server = Stalling()
    source = Source(hub, centre, f"http://127.0.0.1:{server.port}/x")
    centre.put(source.path + "/credential", {"kind": "token", "token": SECRET})
    keeper, reserve = keepers_of(hub)
    tap.equal("nobody fetches yet", processes(hub)[1], [])
    # A restart, so that what the request with the credential left in the hub's memory is not taken for the fetcher's.
    hub.stop()
    tap.check("the keepers end with the hub", until(lambda: not alive(keeper) and not alive(reserve), "their end"))
    hub.start()
    keeper, reserve = keepers_of(hub)
    source.start()
    until(lambda: server.asked, "the question")
    session = session_of(hub)
    tap.check("it is asked with the credential", f"Authorization: Bearer {SECRET}".encode() in server.asked[0])
    confined(hub, keeper, session)
    for sent in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        os.kill(session, sent)
        os.kill(keeper, sent)
    tap.check("a service manager's signals are the hub's", alive(session) and alive(keeper))
    os.kill(session, signal.SIGKILL)
    done = source.end()
    tap.check("one that is killed ends its run", "ended" in done["state"]["error"], done["state"])
    tap.check("and the keeper lives", alive(keeper))
    server.go.set()
    source.start()
    done = source.end()
    tap.equal("the next run has another", [done["use"]["new"], done["state"].get("error")], [1, None])
    until(lambda: not processes(hub)[1], "the session's end")
    tap.check("which ends with its run", True)
    server.go.clear()
    server.asked.clear()
    source.start()
    until(lambda: server.asked, "the question")
    session = session_of(hub)
    hub.kill()
    tap.check("all end with the hub", until(lambda: not any(alive(pid) for pid in (keeper, reserve, session)), "their end"))
    server.go.set()
    hub.start()
    until(lambda: source.get()["state"].get("error") is None and source.get()["use"]["runs"] >= 3, "the run goes on")
    former = keepers_of(hub)
    for _ in range(3):
        keeper, reserve = keepers_of(hub)
        os.kill(keeper, signal.SIGKILL)
        source.start()
        done = source.end()
        tap.equal("for a keeper that is killed the reserve goes on", done["state"].get("error"), None)
    tap.equal("and has another behind it", set(former) & set(keepers_of(hub)), set())
    for pid in processes(hub)[0]:
        os.kill(pid, signal.SIGKILL)
    source.start()
    done = source.end()
    tap.check("without a keeper nothing is fetched, and it is told", "restart" in done["state"]["error"], done["state"])
    tap.equal("and the hub serves on", centre.get("/healthz").status, 200)


def stranger(hub):
    alone = subprocess.run([BIN / "hinomi-hub", "fetch-process", "1"], env=hub.env, stdin=subprocess.DEVNULL, capture_output=True,
                           timeout=DEADLINE, check=False)
    tap.equal("nobody begins it by hand", alone.returncode, 2)


# ---- names, in a network of one's own ----

def name_server(address):
    """Answers every A question with 127.0.0.1, AAAA with nothing."""
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind((address, 53))

    def run():
        while True:
            question, sender = server.recvfrom(4096)
            end = 12
            while question[end]:
                end += 1 + question[end]
            kind = struct.unpack_from(">H", question, end + 1)[0]
            body = question[12:end + 5]
            answers = b"\xc0\x0c\0\x01\0\x01\0\0\0\x3c\0\x04\x7f\0\0\x01" if kind == 1 else b""
            server.sendto(question[:2] + struct.pack(">HHHHH", 0x8180, 1, 1 if answers else 0, 0, 0) + body + answers, sender)

    threading.Thread(target=run, daemon=True).start()


def names_inside():
    """In the namespaces that names() made."""
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    name_server("127.0.0.1")
    with Parties("fetch_inside: true\n") as hub:
        hub.start()
        centre = hub.centre.client()
        server = Stalling()
        server.go.set()
        source = Source(hub, centre, f"http://feed.hinomi.example:{server.port}/x")
        source.start()
        done = source.end()
        print("names:", done["use"]["new"], done["state"].get("error"), flush=True)
        centre.close()


def names():
    resolv = pathlib.Path("/etc/resolv.conf")
    tools = all(subprocess.run(["sh", "-c", f"command -v {t}"], capture_output=True, check=False).returncode == 0 for t in ("unshare", "ip"))
    if os.geteuid() != 0 or not tools or not resolv.is_file():
        tap.check("names are resolved # SKIP root makes namespaces", True)
        return
    own = pathlib.Path(f"/tmp/hinomi-resolv-{os.getpid()}")
    own.write_text("nameserver 127.0.0.1\noptions timeout:2 attempts:2\n")
    own.chmod(0o644)
    try:
        done = subprocess.run(["unshare", "--net", "--mount", "sh", "-c", f"mount --bind {own} {resolv} && exec \"$@\"", "sh", sys.executable,
                               __file__, *sys.argv[1:], "--names"], capture_output=True, text=True, timeout=2 * DEADLINE, check=False)
    finally:
        own.unlink()
    if "unshare" in done.stderr or "mount" in done.stderr:
        tap.check("names are resolved # SKIP no namespaces here", True)
        return
    tap.check("names are resolved in the sandbox", "names: 1 None" in done.stdout, done.stdout[-500:] + done.stderr[-1500:])


def main():
    if sys.argv[-1] == "--names":
        names_inside()
        return
    names()
    for _, url, end in databases():
        database = url()
        if database and database.startswith("postgresql"):
            database += "&application_name=hidden-in-the-url"
        with Parties("fetch_inside: true\n", database=database, env={"HINOMI_SECRET": "x"}) as hub:
            hub.start()
            centre = hub.centre.client()
            stranger(hub)
            killing(hub, centre)
            centre.close()
        end()
    tap.done()


main()
