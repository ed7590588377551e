# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The Hinomi authors
"""The servers that ./x bench resolver compares, each with one serving thread, a policy, and a way to give it another.

All resolve ZONE by asking its server at ORIGIN; none validates but ours, which finds ZONE to be unsigned.
"""
import ctypes
import os
import re
import shutil
import signal
import socket
import struct
import subprocess
import time
from pathlib import Path

ZONE = "load.insecure.example"
ORIGIN = "127.0.4.1"
BUFFER = 4 << 20


def begin(core=None):
    """In a child, before its program: it ends when we do, and stays on one core."""
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
    if core is not None:
        os.sched_setaffinity(0, {core})


def question(name, number):
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split("."))
    return struct.pack(">6H", number, 0x0100, 1, 0, 0, 0) + labels + b"\0\0\1\0\1"


def rcode(port, name, timeout):
    """The answer's code, or None."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(("127.0.0.1", port))
        probe.settimeout(timeout)
        try:
            probe.send(question(name, 0x4849))
            return probe.recv(4096)[3] & 15
        except OSError:
            return None


def until(condition, seconds, step=0.005):
    """Seconds that it took, or None."""
    began = time.monotonic()
    while not condition():
        if time.monotonic() - began > seconds:
            return None
        time.sleep(step)
    return time.monotonic() - began


class Server:
    """One program in one configuration. files: what lists.py wrote, by kind; None: no policy."""

    key = title = program = package = kind = ""
    ours = False
    empty = False  # measured without a policy only

    def __init__(self, work, port, core, env):
        self.work, self.port, self.core, self.env = work / self.key, port, core, env
        self.process = None
        self.policy = self.work / "policy"

    def present(self):
        return shutil.which(self.program, path=self.env["PATH"] + ":/usr/sbin") is not None

    def version(self):
        done = subprocess.run(["dpkg-query", "-W", "-f", "${Version}", self.package], capture_output=True, text=True, check=False)
        return done.stdout if done.returncode == 0 else ""

    def start(self, files, probe, want, seconds=120):
        """Until it answers probe with want. @return seconds, or None"""
        shutil.rmtree(self.work, ignore_errors=True)
        self.work.mkdir(parents=True)
        if files:
            self.place(files[self.kind])
        command = self.command(bool(files))
        with open(self.work / "log", "wb") as log:
            began = time.monotonic()
            self.process = subprocess.Popen(
                [str(c) for c in command], env=self.env, cwd=self.work, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True, preexec_fn=lambda: begin(self.core))
        took = until(lambda: self.process.poll() is not None or rcode(self.port, probe, 0.02) == want, seconds, 0.002)
        if took is None or self.process.poll() is not None:
            return None
        return time.monotonic() - began

    def place(self, source):
        """Puts a list where the server reads it, whole."""
        part = self.policy.with_name(".part")
        part.unlink(missing_ok=True)
        os.link(source, part)
        os.replace(part, self.policy)
        part.unlink(missing_ok=True)  # of the same file already there, nothing was renamed

    def replace(self, files):
        """Gives it another list."""
        self.place(files[self.kind])
        self.tell()

    def tell(self):
        """Says that the list is another; some see it by themselves."""

    def control(self, *command):
        subprocess.Popen([str(c) for c in command], env=self.env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                         stderr=subprocess.DEVNULL)

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()
        self.process = None

    def memory(self):
        """MB: proportional share of all it maps."""
        text = Path(f"/proc/{self.process.pid}/smaps_rollup").read_text()
        return int(re.search(r"^Pss: +(\d+)", text, re.M).group(1)) * 1024 / 1e6

    def peak(self, begin=False):
        """MB: the most that was resident since peak(True)."""
        if begin:
            Path(f"/proc/{self.process.pid}/clear_refs").write_text("5")
        text = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"^VmHWM:\s+(\d+)", text, re.M).group(1)) * 1024 / 1e6

    def cpu(self):
        """Seconds of CPU of all its threads."""
        tasks = Path(f"/proc/{self.process.pid}/task")
        return sum(int((t / "schedstat").read_text().split()[0]) for t in tasks.iterdir()) / 1e9

    def write(self, name, text):
        path = self.work / name
        path.write_text(text)
        return path


class Hinomi(Server):
    key, title, program, kind, ours = "hinomi", "hinomi resolver, set (.him)", "hinomi-resolver", "him", True
    source = "directory: sets"

    def version(self):
        return ""

    def place(self, source):
        (self.work / "sets").mkdir(exist_ok=True)
        self.policy = self.work / "sets" / "a.him"
        super().place(source)

    def command(self, policy):
        tree = os.environ["HINOMI_TREE"]
        text = f"""listen:
  - address: 127.0.0.1
    port: {self.port}
    transports: [udp, tcp]
threads: 1
recursion:
  threads: 1
  root_hints: {tree}/root.hints
  trust_anchors: {tree}/root.key
  ask_localhost: true
  zone_max: 1024
  client_max: 1024
  stubs:
    - zone: {ZONE}
      addresses: ['{ORIGIN}:53']
"""
        if policy:
            text += f"policy:\n  - name: bench\n    {self.source}\n"
        return [self.program, "--config", self.write("resolver.yaml", text)]


class HinomiEmpty(Hinomi):
    """Without any policy: what the list costs is the difference."""

    key, title, empty = "hinomi-empty", "hinomi resolver, no rules", True


class HinomiRpz(Hinomi):
    key, title, kind = "hinomi-rpz", "hinomi resolver, RPZ file", "rpz"
    source = "rpz: policy"

    def place(self, source):
        Server.place(self, source)


class Unbound(Server):
    key, title, program, package, kind = "unbound", "Unbound, RPZ", "unbound", "unbound", "rpz"

    def command(self, policy):
        zone = f'rpz:\n  name: "rpz."\n  zonefile: "{self.policy}"\n' if policy else ""
        config = self.write("unbound.conf", f"""server:
  interface: 127.0.0.1@{self.port}
  username: ""
  chroot: ""
  directory: "{self.work}"
  pidfile: ""
  use-syslog: no
  num-threads: 1
  so-rcvbuf: {BUFFER}
  so-sndbuf: {BUFFER}
  do-not-query-localhost: no
  minimal-responses: yes
  msg-cache-size: 64m
  rrset-cache-size: 64m
  outgoing-range: 4096
  num-queries-per-thread: 2048
  module-config: "{'respip ' if policy else ''}iterator"
remote-control:
  control-enable: no
stub-zone:
  name: "{ZONE}"
  stub-addr: {ORIGIN}
{zone}""")
        return ["unbound", "-d", "-c", config]

    def tell(self):
        self.process.send_signal(signal.SIGHUP)  # auth_zone_reload is deaf for longer


class Dnsdist(Server):
    key, title, program, package, kind = "dnsdist", "dnsdist, SuffixMatchNode", "dnsdist", "dnsdist", "bare"

    def rules(self):
        return f"""function reload()
  local names = newSuffixMatchNode()
  for line in io.lines("{self.policy}") do names:add(newDNSName(line)) end
  clearRules()
  addAction(SuffixMatchNodeRule(names, true), RCodeAction(DNSRCode.NXDOMAIN))
end
reload()
"""

    def command(self, policy):
        console = f'setKey("{"QUFB" * 10}QUE=")\ncontrolSocket("127.0.0.1:{self.port + 1000}")\n'
        self.write("client.conf", console)
        config = self.write("dnsdist.conf", f"""setLocal("127.0.0.1:{self.port}")
{console}newServer({{address="{ORIGIN}:53", checkName="up.{ZONE}.", useClientSubnet=false}})
setMaxUDPOutstanding(65535)
getPool(""):setCache(newPacketCache(100000, {{maxTTL=86400}}))
{self.rules() if policy else ''}""")
        return ["dnsdist", "--supervised", "--disable-syslog", "-C", config]

    def tell(self):
        self.control("dnsdist", "-C", self.work / "client.conf", "-e", "reload()")


class DnsdistCdb(Dnsdist):
    key, title, kind = "dnsdist-cdb", "dnsdist, CDB", "cdb"

    def rules(self):
        return f"""local store = newCDBKVStore("{self.policy}", 1)
addAction(KeyValueStoreLookupRule(store, KeyValueLookupKeySuffix(0, true)), RCodeAction(DNSRCode.NXDOMAIN))
"""

    def tell(self):
        pass  # looks at the file each second


class Recursor(Server):
    key, title, program, package, kind = "pdns", "PowerDNS Recursor, RPZ", "pdns_recursor", "pdns-recursor", "rpz"

    def command(self, policy):
        self.write("policy.lua", f'rpzFile("{self.policy}", {{policyName="bench"}})\n' if policy else "")
        self.write("recursor.conf", f"""local-address=127.0.0.1
local-port={self.port}
threads=1
pdns-distributes-queries=no
reuseport=no
dont-query=
dnssec=off
forward-zones={ZONE}={ORIGIN}
hint-file={os.environ['HINOMI_TREE']}/root.hints
lua-config-file={self.work}/policy.lua
socket-dir={self.work}
packetcache-ttl=86400
max-cache-ttl=86400
setuid=
setgid=
write-pid=no
security-poll-suffix=
quiet=yes
loglevel=3
disable-syslog=yes
""")
        return ["pdns_recursor", f"--config-dir={self.work}", "--daemon=no"]

    def tell(self):
        self.control("rec_control", f"--config-dir={self.work}", f"--socket-dir={self.work}", "reload-lua-config")


class Bind(Server):
    key, title, program, package, kind = "bind", "BIND, RPZ", "named", "bind9", "rpz"

    def command(self, policy):
        rule = 'response-policy { zone "rpz"; } qname-wait-recurse no nsip-wait-recurse no;' if policy else ""
        zone = f'zone "rpz" {{ type primary; file "{self.policy}"; notify no; max-journal-size 1m; }};' if policy else ""
        config = self.write("named.conf", f"""options {{
  directory "{self.work}";
  listen-on port {self.port} {{ 127.0.0.1; }};
  listen-on-v6 {{ none; }};
  pid-file none;
  session-keyfile none;
  recursion yes;
  allow-query {{ any; }};
  dnssec-validation no;
  minimal-responses yes;
  recursive-clients 10000;
  max-cache-size 256m;
  querylog no;
  {rule}
}};
controls {{ }};
zone "{ZONE}" {{ type static-stub; server-addresses {{ {ORIGIN}; }}; }};
{zone}
""")
        return ["named", "-f", "-4", "-n", "1", "-c", config]

    def tell(self):
        self.process.send_signal(signal.SIGHUP)


class Knot(Server):
    key, title, program, package, kind = "knot", "Knot Resolver, RPZ", "kresd", "knot-resolver", "rpz"

    def command(self, policy):
        rule = f"policy.add(policy.rpz(policy.DENY, '{self.policy}', true))" if policy else ""
        config = self.write("kresd.conf", f"""net.listen('127.0.0.1', {self.port}, {{ kind = 'dns' }})
net.ipv6 = false
modules.unload('ta_update')
modules.unload('ta_signal_query')
modules.unload('priming')
modules.unload('detect_time_skew')
trust_anchors.remove('.')
modules.load('policy')
cache.size = 100 * MB
{rule}
policy.add(policy.suffix(policy.STUB({{'{ORIGIN}'}}), {{todname('{ZONE}')}}))
""")
        return ["kresd", "-n", "-q", "-c", config, self.work]


class Dnsmasq(Server):
    key, title, program, package, kind = "dnsmasq", "dnsmasq, servers-file", "dnsmasq", "dnsmasq-base", "dnsmasq"

    def command(self, policy):
        config = self.write("dnsmasq.conf", f"""port={self.port}
listen-address=127.0.0.1
bind-interfaces
no-resolv
no-hosts
user=root
cache-size=10000
dns-forward-max=10000
server=/{ZONE}/{ORIGIN}
{f'servers-file={self.policy}' if policy else ''}
""")
        return ["dnsmasq", "-k", f"--conf-file={config}", "--pid-file="]

    def tell(self):
        self.process.send_signal(signal.SIGHUP)


PEERS = (Unbound, Dnsdist, DnsdistCdb, Recursor, Bind, Knot, Dnsmasq)
