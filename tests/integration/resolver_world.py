# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The Hinomi authors
"""What the resolver's tests with real clients and with hostile ones share: certificates, a resolver that runs, messages
over streams, frames of HTTP/2. Run inside dns-tree.py."""
import os
import pathlib
import shutil
import socket
import ssl
import struct
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
try:
    import dns.edns
    import dns.exception
    import dns.flags
    import dns.message
    import dns.query
    import dns.rcode
    import dns.rdatatype
except ImportError:
    print("1..0 # SKIP python3-dnspython is not installed")
    sys.exit(0)
from select_world import Tap  # noqa: E402,F401  beside this file

TREE = pathlib.Path(os.environ["HINOMI_TREE"])
BIN = pathlib.Path(os.environ["HINOMI_BIN"])
DEADLINE = 60  # seconds that anything may take, also under sanitizers
HOST = "127.0.0.1"
TOKEN = "0123456789abcdef"
RECURSION = f"""
recursion:
  threads: 1
  root_hints: {TREE}/root.hints
  trust_anchors: {TREE}/root.key
  ask_localhost: true
"""


def need(*programs):
    for program in programs:
        if shutil.which(program) is None:
            print(f"1..0 # SKIP {program} is not installed")
            sys.exit(0)


def run(*command, **options):
    return subprocess.run([str(c) for c in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          errors="replace", timeout=DEADLINE, stdin=subprocess.DEVNULL, **options)


def until(holds, what="it"):
    """Waits for a condition. @return what it gave"""
    end = time.monotonic() + DEADLINE
    while time.monotonic() < end:
        value = holds()
        if value:
            return value
        time.sleep(0.02)
    raise TimeoutError(f"never: {what}")


def directory():
    path = pathlib.Path(tempfile.mkdtemp(prefix="hinomi-clients-"))
    path.chmod(0o755)  # who starts as root reads as another user
    return path


def certificates(path):
    """ca.pem, server.pem for 127.0.0.1 and resolver.test, client.pem; keys beside them."""
    def key(name):
        run("openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", path / f"{name}.key", check=True)

    for name in ("ca", "server", "client"):
        key(name)
    run("openssl", "req", "-x509", "-new", "-key", path / "ca.key", "-subj", "/CN=Hinomi test", "-days", "2", "-out",
        path / "ca.pem", check=True)
    (path / "names").write_text(f"subjectAltName=DNS:resolver.test,IP:{HOST}\n")
    for name in ("server", "client"):
        run("openssl", "req", "-new", "-key", path / f"{name}.key", "-subj", f"/CN={name}", "-out", path / f"{name}.csr",
            check=True)
        run("openssl", "x509", "-req", "-in", path / f"{name}.csr", "-CA", path / "ca.pem", "-CAkey", path / "ca.key",
            "-CAcreateserial", "-days", "2", "-extfile", path / "names", "-out", path / f"{name}.pem", check=True)
    shown = run("openssl", "x509", "-in", path / "client.pem", "-noout", "-fingerprint", "-sha256", check=True).stdout
    return shown.strip().split("=")[1]


class Resolver:
    """A resolver that runs, and its log."""

    def __init__(self, path, config, port=5300, clock=None):
        self.path, self.port, self.clock = path, port, clock
        self.config = path / "resolver.yaml"
        self.config.write_text(config)
        self.start()

    def start(self, wait=True):
        around = self.clock.environment if self.clock else os.environ
        environment = {**around, "HINOMI_LANG": "en", "LC_ALL": "C",
                       "ASAN_OPTIONS": around.get("ASAN_OPTIONS", "") + ":detect_leaks=0:quarantine_size_mb=16"}
        self.log = (self.path / "log").open("a+")
        self.process = subprocess.Popen([BIN / "hinomi-resolver", "--config", self.config], stderr=self.log,
                                        env=environment)
        if wait:
            until(self.answers, "the resolver answers")

    def answers(self):
        if self.process.poll() is not None:
            raise RuntimeError(f"it ended: {self.process.returncode}\n{self.said()}")
        try:
            return ask("www.secure.example", port=self.port, timeout=0.5)
        except (OSError, dns.exception.Timeout):
            return None

    def said(self):
        return (self.path / "log").read_text()

    def memory(self):
        """Resident bytes."""
        for line in pathlib.Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS"):
                return int(line.split()[1]) * 1024
        return 0

    def cpu(self):
        """Seconds of processor time, of all threads."""
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def end(self):
        if self.process.poll() is None:
            self.process.terminate()
        return self.process.wait(DEADLINE)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.log.close()
        shutil.rmtree(self.path, ignore_errors=True)


def query(name, rdtype="A", **options):
    """A question in wire form."""
    return dns.message.make_query(name + ".", rdtype, **options).to_wire()


def ask(name, rdtype="A", port=5300, where=HOST, source=None, timeout=5, **options):
    q = dns.message.make_query(name + ".", rdtype, **options)
    return dns.query.udp(q, where, timeout=timeout, port=port, source=source)


def connect(port, source=None, where=HOST):
    s = socket.create_connection((where, port), timeout=DEADLINE, source_address=(source, 0) if source else None)
    s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return s


def over_tls(s, path, protocol="dot", client=False):
    context = ssl.create_default_context(cafile=path / "ca.pem")
    context.set_alpn_protocols([protocol])
    if client:
        context.load_cert_chain(path / "client.pem", path / "client.key")
    return context.wrap_socket(s, server_hostname="resolver.test")


def framed(*messages):
    """As messages stand on a stream."""
    return b"".join(struct.pack(">H", len(m)) + m for m in messages)


def exactly(s, size):
    data = b""
    while len(data) < size:
        more = s.recv(size - len(data))
        if not more:
            raise EOFError(f"the server ended after {len(data)} of {size} bytes")
        data += more
    return data


def message(s):
    """The next answer of a stream."""
    return dns.message.from_wire(exactly(s, struct.unpack(">H", exactly(s, 2))[0]))


def ended(s):
    """Whether the server closes this connection, whatever it still sends."""
    try:
        while s.recv(65536):
            pass
    except TimeoutError:
        return False
    except OSError:
        pass
    return True


def proxy_header(client, server="192.0.2.254", stream=True, port=1234):
    """PROXY protocol, version 2."""
    family = socket.AF_INET6 if ":" in client else socket.AF_INET
    addresses = socket.inet_pton(family, client) + socket.inet_pton(family, server) + struct.pack(">2H", port, 53)
    kind = (0x21 if ":" in client else 0x11) + (0 if stream else 1)
    return b"\r\n\r\n\0\r\nQUIT\n" + struct.pack(">BBH", 0x21, kind, len(addresses)) + addresses


# ---- frames of HTTP/2 (RFC 9113, 4.1), headers without compression (RFC 7541, 6.2.2)

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, RESET, SETTINGS, PING, GOAWAY, WINDOW, CONTINUATION = 0, 1, 3, 4, 6, 7, 8, 9
END_STREAM, ACK, END_HEADERS = 1, 1, 4


def frame(kind, flags, stream, payload=b""):
    return struct.pack(">I", len(payload))[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + payload


def fields(*pairs):
    def text(t):
        t = t.encode() if isinstance(t, str) else t
        if len(t) < 127:
            return bytes([len(t)]) + t
        rest, out = len(t) - 127, b"\x7f"
        while rest >= 128:
            out, rest = out + bytes([rest % 128 + 128]), rest // 128
        return out + bytes([rest]) + t
    return b"".join(b"\0" + text(name) + text(value) for name, value in pairs)


def request(method, path, *more):
    return fields((":method", method), (":scheme", "https"), (":path", path), (":authority", "resolver.test"), *more)


def frames(s):
    """What the server sends, until it ends: kind, flags, stream, payload."""
    while True:
        head = exactly(s, 9)
        size = int.from_bytes(head[:3], "big")
        yield head[3], head[4], int.from_bytes(head[5:], "big"), exactly(s, size)
