# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The Hinomi authors
"""What the tests of `hinomi sensor` share: an edge's folder, a sensor that runs, and a pair of interfaces in a network
namespace of the test's own."""
import json
import os
import pathlib
import shutil
import signal
import socket
import struct
import subprocess
import sys
import time

sys.dont_write_bytecode = True
from select_world import (HINOMI, LAB, TIMEOUT, Output, World, from_base64url, hinomi, must, run)  # noqa: E402

SENSOR = os.path.join(os.environ["HINOMI_BIN"], "hinomi-sensor")


def in_namespace():
    """Becomes this script again in a network namespace with a pair of interfaces, near and far. @return why not"""
    if "HINOMI_NAMESPACE" in os.environ:
        return None
    for program in ("unshare", "ip"):
        if shutil.which(program) is None:
            return f"needs {program}"
    own = ["unshare", "--user", "--map-current-user", "--keep-caps", "--net"]
    namespace = ["unshare", "--net"] if os.geteuid() == 0 else own
    make = ("echo 1 > /proc/sys/net/ipv6/conf/default/disable_ipv6; "
            "ip link add near type veth peer name far && ip link set near up && ip link set far up && ip link set lo up")
    if subprocess.run([*namespace, "sh", "-c", make], stderr=subprocess.DEVNULL, check=False).returncode != 0:
        return "no network namespace with a veth pair can be made here"
    os.execvpe(namespace[0], [*namespace, "sh", "-c", make + ' && exec "$@"', "sh", sys.executable, "-B", *sys.argv],
               dict(os.environ, HINOMI_NAMESPACE="1"))


def wait_for(what, holds, process=None, seconds=TIMEOUT):
    """Looks again and again until it holds; a test ends when it never does."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = holds()
        if found:
            return found
        if process is not None and process.poll() is not None:
            raise RuntimeError(f"{what}: the sensor has ended ({process.returncode})")
        time.sleep(0.02)
    raise RuntimeError(f"{what}: not within {seconds} s")


class Edge:
    """The folder that the edge program keeps: everything appears in it by rename."""

    def __init__(self, world, name="edge"):
        self.world, self.path = world, world.path(name)
        (self.path / "sets" / "lab").mkdir(parents=True)
        (self.path / "authorizations").mkdir()
        shutil.copy(world.path("sensor.key"), self.path / "identity")
        shutil.copy(world.path("sensor.key.pub"), self.path / "identity.pub")
        self.version = 0
        self.put("trust.json", world.trust.read_bytes())
        self.put("domestic.txt", (LAB / "domestic.txt").read_bytes())
        self.revoke()
        self.authorize(world.authorization)
        self.head(world.set)

    def put(self, name, data):
        path = self.path / name
        beside = path.with_name("." + path.name + ".new")
        beside.write_bytes(data)
        beside.chmod(0o644)
        beside.rename(path)

    def authorize(self, document):
        name = json.loads(from_base64url(json.loads(document.read_text())["payload"]))["id"]
        self.put(f"authorizations/{name}.json", document.read_bytes())
        return name

    def revoke(self, *ids, options=()):
        words, new = [], self.world.path(f"revocations-{time.monotonic_ns()}.json")
        if (self.path / "revocations.json").exists():
            words += ["--list", self.path / "revocations.json"]
        for one in ids:
            words += ["--id", one]
        hinomi("authority", "revoke", "--key", self.world.path("a.key"), "--trust", self.world.trust, *words, *options,
               "-o", new)
        self.put("revocations.json", new.read_bytes())

    def head(self, base, *overlays, name="lab", version=None, **more):
        """A new version of a set: its files, then its head."""
        layers = []
        (self.path / "sets" / name).mkdir(exist_ok=True)
        for layer in (base, *overlays):
            digest = pathlib.Path(layer).read_bytes()[24:56].hex()  # as the file states it
            if not (self.path / "sets" / name / f"{digest}.him").exists():
                self.put(f"sets/{name}/{digest}.him", pathlib.Path(layer).read_bytes())
            layers.append({"digest": digest, "size": pathlib.Path(layer).stat().st_size})
        self.version = self.version + 1 if version is None else version
        self.put(f"sets/{name}/head", (json.dumps({
            "kind": "set", "id": name, "version": self.version, "issued": "2026-01-01T00:00:00.000000Z",
            "expires": "2036-01-01T00:00:00.000000Z", "base": layers[0], "overlays": layers[1:], **more}) + "\n").encode())
        return self.version


class Sensor:
    """One that runs, or has run, over a directory."""

    def __init__(self, edge, out=None, environment=None, **keys):
        self.edge, self.out = edge, out or edge.world.fresh()
        self.keys = {"edge": edge.path, "output": self.out, "interval": "1s", "ring": "4 MiB", "flows": 65536, **keys}
        self.environment = environment
        self.log = edge.world.path(f"sensor-{time.monotonic_ns()}.log")
        self.process = None

    def configure(self):
        path = self.out.with_name(self.out.name + ".yaml")
        path.write_text("".join(f"{key}: {str(value).lower() if isinstance(value, bool) else value}\n"
                                for key, value in self.keys.items() if value is not None))
        return path

    def start(self, wait="selecting"):
        before = self.written()
        with self.log.open("ab") as log:
            self.process = subprocess.Popen([SENSOR, "--config", str(self.configure())], stdin=subprocess.DEVNULL,
                                            stdout=log, stderr=log, env=self.environment)
        if wait:
            self.until(lambda s: s["state"] == wait and self.written() != before, wait)
        return self

    def written(self):
        """When the state was last written: what a former run left is not this one's."""
        try:
            return (self.out / "state.json").stat().st_mtime_ns
        except FileNotFoundError:
            return None

    def state(self):
        try:
            return json.loads((self.out / "state.json").read_text())
        except FileNotFoundError:
            return None

    def until(self, holds, what="state.json"):
        """Its state once that holds."""
        def look():
            state = self.state()
            return state if state is not None and holds(state) else None
        try:
            return wait_for(what, look, self.process)
        except RuntimeError as error:
            raise RuntimeError(f"{error}\n{self.log.read_text()}\n{self.state()}") from None

    def stop(self, how=signal.SIGTERM):
        self.process.send_signal(how)
        return self.process.wait(TIMEOUT)

    def output(self):
        return Output(self.out, self.edge.world)

    def run(self):
        """To its end, for those that do not stay."""
        return run(SENSOR, "--config", self.configure(), env=self.environment)


def checksum(data):
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def datagram(source, target, sport, dport=4444, tag=None, size=64):
    """An Ethernet frame with one UDP datagram, maybe with the tag of a VLAN."""
    udp = struct.pack("!HHHH", sport, dport, 8 + size, 0) + bytes(size)
    head = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 1, 0, 64, 17, 0, socket.inet_aton(source),
                       socket.inet_aton(target))
    head = head[:10] + struct.pack("!H", checksum(head)) + head[12:]
    tagged = b"" if tag is None else struct.pack("!HH", 0x8100, tag)
    return b"\x02\0\0\0\0\x01\x02\0\0\0\0\x02" + tagged + b"\x08\0" + head + udp


class Sender:
    """Puts frames on an interface; the kernel stamps them when they arrive at the other end."""

    def __init__(self, interface="far"):
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
        self.socket.bind((interface, 0))
        self.sent = 0

    def send(self, frames, pause_every=64):
        for frame in frames:
            self.socket.send(frame)
            self.sent += 1
            if self.sent % pause_every == 0:
                time.sleep(0.001)


__all__ = ["HINOMI", "LAB", "SENSOR", "Edge", "Sender", "Sensor", "World", "datagram", "hinomi", "in_namespace", "must", "run",
           "wait_for"]
