# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The Hinomi authors
"""What the end-to-end tests of `hinomi select` share: a commission, the lab's capture, and a check of whatever a run
left in its directory. Standard library only; signatures are checked by verify_log.py's reading of RFC 8032."""
import atexit
import base64
import hashlib
import json
import os
import pathlib
import re
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
from verify_log import ed25519_verify  # noqa: E402  beside this file

# Leaks are looked for at a process's end by another that traces it, which a sandbox rightly kills.
os.environ["ASAN_OPTIONS"] = os.environ.get("ASAN_OPTIONS", "") + ":detect_leaks=0"

SOURCE = pathlib.Path(os.environ["HINOMI_SOURCE"])
HINOMI = os.path.join(os.environ["HINOMI_BIN"], "hinomi")
LAB = SOURCE / "lab"
TIMEOUT = 120  # seconds that a single command may take, also under sanitizers
DONE, NO, USAGE, INPUT, NOT_AUTHORISED, UNFINISHED = range(6)
FACILITIES = ("203.0.113.53 203.0.113.64/26 203.0.113.128/28 198.51.100.64/26 2001:db8:f000::10 2001:db8:f000::53 "
              "2001:db8:f000:6::/64 2001:db8:f000:66::/64 2001:db8:f000:80::/64").split()
CLASSES = ("foreign-foreign", "foreign-domestic", "domestic-foreign", "domestic-domestic", "undecoded")


class Tap:
    def __init__(self):
        self.number = self.failed = 0

    def check(self, name, holds, *shown):
        self.number += 1
        print(("ok" if holds else "not ok") + f" {self.number} - {name}", flush=True)
        if not holds:
            self.failed += 1
            for text in shown:
                print("# " + str(text)[:2000].replace("\n", "\n# "), flush=True)

    def equal(self, name, got, wanted):
        self.check(name, got == wanted, f"got:    {got!r}", f"wanted: {wanted!r}")

    def skip(self, name, why):
        self.number += 1
        print(f"ok {self.number} - {name} # SKIP {why}", flush=True)

    def done(self):
        print(f"1..{self.number}")
        sys.exit(1 if self.failed else 0)


def run(*command, **options):
    """A command's end, with its output as text; never waits longer than TIMEOUT."""
    options.setdefault("stdin", subprocess.DEVNULL)
    return subprocess.run([str(word) for word in command], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                          errors="replace", timeout=TIMEOUT, check=False, **options)


def must(*command, **options):
    done = run(*command, **options)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(map(str, command))}: {done.returncode}\n{done.stderr}")
    return done.stdout


def hinomi(*words):
    return must(HINOMI, *words)


def rfc3339(seconds_from_now):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + seconds_from_now))


def from_base64url(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def to_base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class World:
    """A directory with three commissioners, a sensor, the lab's indicators and its capture moved to now."""

    def __init__(self):
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="hinomi-select-"))
        atexit.register(shutil.rmtree, self.dir, ignore_errors=True)
        self.runs = 0
        for name in ("a", "b", "c", "stranger", "sensor"):
            hinomi("authority", "keygen", "--name", f"Key {name}", "-o", self.path(name + ".key"))
        self.trust = self.make_trust("TRUST.json")
        self.set = self.path("lab.him")
        inputs = [LAB / "indicators" / f"act-2026-001.{end}" for end in ("txt", "stix.json", "misp.json", "rpz", "csv")]
        hinomi("indicators", "compile", "-o", self.set, "--set", "lab", "--act", "act-2026-001",
               "--holdings", LAB / "holdings.txt", "--allow", LAB / "indicators/warning.txt",
               "--allow", LAB / "indicators/warning.misp.json", *inputs)
        self.capture = self.path("nation.pcapng")
        must(sys.executable, "-B", LAB / "shift.py", LAB / "nation.pcapng.zst", self.capture)
        self.authorization = self.issue("A.json")

    def path(self, name):
        return self.dir / name

    def make_trust(self, name, *options, domestic=LAB / "domestic.txt"):
        hinomi("authority", "trust", "--threshold", "2", *(self.path(k + ".key.pub") for k in "abc"),
               "--domestic", domestic, "--mark", "demo", "-o", self.path(name), *options)
        return self.path(name)

    def draft(self, name, *options, start=-3600, until="P30D", retention="P30D", sensor="sensor.key.pub", acts=None,
              sets=("lab:ipv4,ipv6,ipv4-prefix,name,wildcard,url,ja4,sha256:1000",), trust=None):
        words = ["--trust", trust or self.trust, "--basis", "specified", "--purpose", "test",
                 "--direction", "foreign-domestic", "--direction", "domestic-foreign", "--from", rfc3339(start),
                 "--until", until, "--retention", retention, "-o", self.path(name),
                 "--sensor", self.path(sensor) if sensor.endswith(".pub") else sensor]
        for flag, values in (("--facility", FACILITIES), ("--act", acts or ["act-2026-001"]), ("--set", sets)):
            for value in values:
                words += [flag, value]
        hinomi("authority", "issue", *words, *options)
        return self.path(name)

    def sign(self, path, names="ab"):
        for name in names:
            hinomi("authority", "sign", "--key", self.path(name + ".key"), path)
        return path

    def issue(self, name, *options, **changes):
        return self.sign(self.draft(name, *options, **changes))

    def forge(self, name, change, source=None, names="ab"):
        """A document whose payload was changed by hand and then signed by real keys."""
        document = json.loads((source or self.draft("draft-" + name)).read_text())
        payload = json.loads(from_base64url(document["payload"]))
        change(payload)
        document["payload"] = to_base64url(json.dumps(payload).encode())
        document["signatures"] = []
        self.path(name).write_text(json.dumps(document))
        return self.sign(self.path(name), names)

    def command(self, out, *inputs, **changes):
        """The words of a selection; an option given as None is left out, True is a flag."""
        options = {"authorization": self.authorization, "trust": self.trust, "indicators": self.set,
                   "domestic": LAB / "domestic.txt", "identity": self.path("sensor.key"), "recorded": True}
        options.update(changes)
        words = [HINOMI, "select", "-o", out]
        for name, value in options.items():
            if value is True:
                words.append("--" + name.replace("_", "-"))
            elif value is not None:
                words += ["--" + name.replace("_", "-"), value]
        return [str(word) for word in (*words, *inputs)]

    def fresh(self):
        self.runs += 1
        return self.path(f"out-{self.runs}")

    def select(self, *inputs, out=None, stdin=subprocess.DEVNULL, preexec_fn=None, **changes):
        out = out or self.fresh()
        done = run(*self.command(out, *inputs, **changes), stdin=stdin, preexec_fn=preexec_fn)
        return done, Output(out, self)

    def public_key(self, name="sensor"):
        return from_base64url(json.loads(self.path(name + ".key.pub").read_text())["ed25519"])


class Output:
    """What stands in an output directory."""

    def __init__(self, path, world):
        self.path, self.world = path, world

    def bytes_of(self, name):
        file = self.path / name
        return file.read_bytes() if file.exists() else b""

    def lines(self):
        return self.bytes_of("receipt.json").splitlines()

    def receipts(self):
        return [json.loads(line)["receipt"] for line in self.lines()]

    def records(self):
        return [json.loads(line) for line in self.bytes_of("selected.ndjson").splitlines() if line]

    def everything(self):
        """(name, bytes) of each file below the directory."""
        for file in sorted(self.path.rglob("*")):
            if file.is_file():
                yield str(file.relative_to(self.path)), file.read_bytes()

    def faults(self, torn=False, expired=False):
        """Why the directory does not verify; nothing when it does. `torn`: a run was stopped, so that records and half a
        line may follow what receipts cover. `expired`: the records of a receipt may be erased, all of them."""
        found = []
        verified = run(HINOMI, "ledger", "verify", "--key", self.world.path("sensor.key.pub"), self.path)
        if verified.returncode != 0:
            found.append("ledger: " + verified.stderr)
        whole = run(HINOMI, "select", "--verify", "--key", self.world.path("sensor.key.pub"), self.path)
        if whole.returncode != 0 and not torn:
            found.append("select --verify: " + whole.stderr)
        lines = self.bytes_of("receipt.json").split(b"\n")
        if lines.pop() and not torn:
            found.append("receipt.json ends within a line")
        records, end, former, number = self.bytes_of("selected.ndjson"), 0, None, 0
        for line in lines:
            receipt = json.loads(line)["receipt"]
            number += 1
            found += self.receipt_faults(line, receipt, number, former)
            part = receipt["records"]
            covered = records[part["offset"]:part["offset"] + part["bytes"]]
            erased = expired and covered == b"\n" * part["bytes"]
            if part["offset"] != end or len(covered) != part["bytes"] or \
                    covered.count(b"\n") != part["count"] and not erased:
                found.append(f"receipt {number}: covers other records than there are")
            if not erased and hashlib.sha256(covered).hexdigest() != part["sha256"]:
                found.append(f"receipt {number}: digest of the records differs")
            end, former = part["offset"] + part["bytes"], hashlib.sha256(line).hexdigest()
        if len(records) != end and not torn:
            found.append("records that no receipt covers")
        names = {name.split("/")[0] for name, _ in self.everything()}
        if not names <= {"selected.ndjson", "receipt.json", "ledger", "private", "state.json"}:
            found.append(f"other files: {names}")
        return found

    def receipt_faults(self, line, receipt, number, former):
        found = []
        envelope = json.loads(line)
        begin = line.index(b'{"receipt":') + len(b'{"receipt":')
        text = line[begin:line.rindex(b',"protected":')]
        signed = envelope["protected"].encode() + b"." + to_base64url(text).encode()
        if not ed25519_verify(self.world.public_key(), signed, from_base64url(envelope["signature"])):
            found.append(f"receipt {number}: the signature does not hold")
        if receipt["number"] != number or receipt.get("former") != former:
            found.append(f"receipt {number}: does not follow the one before")
        for unit in ("packets", "bytes"):
            for name in (None, *CLASSES):
                side = {key: side_of(value, name, unit) for key, value in receipt["sums"].items()}
                if side["pending_before"] + side["seen"] != side["selected"] + side["erased"] + side["pending_after"]:
                    found.append(f"receipt {number}: {unit} of {name or 'all'} do not add up: {side}")
        reasons = receipt["sums"]["erased"]["by_reason"]
        if sum(tally["packets"] for by in reasons.values() for tally in by.values()) != \
                receipt["sums"]["erased"]["packets"]:
            found.append(f"receipt {number}: reasons do not add up")
        return found


def side_of(side, name, unit):
    return side[unit] if name is None else side["by_class"].get(name, {}).get(unit, 0)


def tuples(records):
    """The 5-tuples of identified records, as lab/expected.json has them."""
    for record in records:
        source, target = record["src_endpoint"], record["dst_endpoint"]
        yield (record["connection_info"]["protocol_num"], source.get("ip", "?"), source["port"], target.get("ip", "?"),
               target["port"])


def gist(record):
    """What must be the same whenever the same packets were selected: not ids, nor what is drawn at random."""
    own = record["unmapped"]["hinomi"]
    ends = tuple((record[end].get("ip"), record[end]["port"]) for end in ("src_endpoint", "dst_endpoint"))
    return json.dumps([record["class_uid"], record["start_time_dt"], record["end_time_dt"], ends, record["traffic"],
                       own["class"], own["field"], own["matched_dt"], own["indicator"], own.get("value"),
                       own.get("organisation"), own.get("peer", {}).get("organisation")])


# Captures.

def packets_of(path):
    """(nanoseconds, bytes captured, length on the wire) of a little-endian pcapng file with one interface."""
    data, at, unit = pathlib.Path(path).read_bytes(), 0, 1000
    while at < len(data):
        kind, length = struct.unpack_from("<II", data, at)
        if kind == 1:
            option = at + 16
            while option < at + length - 4:
                code, size = struct.unpack_from("<HH", data, option)
                if code == 9:
                    unit = 10 ** (9 - data[option + 4])
                option += 4 + (size + 3) // 4 * 4
        elif kind == 6:
            _, high, low, captured, wire = struct.unpack_from("<IIIII", data, at + 8)
            yield (high << 32 | low) * unit, data[at + 28:at + 28 + captured], wire
        at += length


def pcap(packets, link=1, order="<"):
    """A classic pcap with nanoseconds."""
    out = [struct.pack(order + "IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, 262144, link)]
    for stamp, data, wire in packets:
        out.append(struct.pack(order + "IIII", stamp // 10**9, stamp % 10**9, len(data), wire))
        out.append(data)
    return b"".join(out)


def now_ns():
    return int(time.time() * 10**9)


def one_line(text):
    return len(text.splitlines()) == 1


def killed(done):
    return done.returncode < 0 or done.returncode > 128


# A validator for the part of JSON Schema that catalog/ uses.

TYPES = {"object": dict, "array": list, "string": str, "boolean": bool}


def schema_faults(schema, value, root=None, where=""):
    root = root or schema
    if "$ref" in schema:
        target = root
        for word in schema["$ref"].lstrip("#/").split("/"):
            target = target[word]
        return schema_faults(target, value, root, where)
    found = []
    kind = schema.get("type")
    if kind == "integer":
        right = isinstance(value, int) and not isinstance(value, bool)
    else:
        right = kind is None or isinstance(value, TYPES[kind])
    if not right:
        return [f"{where}: no {kind}"]
    if "const" in schema and value != schema["const"]:
        found.append(f"{where}: not {schema['const']!r}")
    if "enum" in schema and value not in schema["enum"]:
        found.append(f"{where}: {value!r} is none of {schema['enum']}")
    if "pattern" in schema and not re.search(schema["pattern"], value):
        found.append(f"{where}: {value!r} does not fit {schema['pattern']}")
    if "minimum" in schema and value < schema["minimum"] or "maximum" in schema and value > schema["maximum"]:
        found.append(f"{where}: {value} is out of range")
    if isinstance(value, list):
        if len(value) < schema.get("minItems", 0):
            found.append(f"{where}: too few items")
        for i, item in enumerate(value):
            found += schema_faults(schema.get("items", {}), item, root, f"{where}/{i}")
    if isinstance(value, dict):
        found += [f"{where}: lacks {name}" for name in schema.get("required", []) if name not in value]
        for name, member in value.items():
            if name in schema.get("properties", {}):
                found += schema_faults(schema["properties"][name], member, root, f"{where}/{name}")
            elif schema.get("additionalProperties") is False:
                found.append(f"{where}: unknown member {name}")
            elif isinstance(schema.get("additionalProperties"), dict):
                found += schema_faults(schema["additionalProperties"], member, root, f"{where}/{name}")
    if "oneOf" in schema:
        fits = [part for part in schema["oneOf"] if not schema_faults(part, value, root, where)]
        if len(fits) != 1:
            found.append(f"{where}: fits {len(fits)} of oneOf")
    return found


def schema(name):
    return json.loads((SOURCE / "catalog" / name).read_text())


def wait_gone(pids, seconds=20):
    """Whether the processes have ended (a zombie has)."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if not any(alive(pid) for pid in pids):
            return True
        time.sleep(0.005)
    return False


def alive(pid):
    try:
        state = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state not in "ZX"


def kill(pid, number=signal.SIGKILL):
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        pass
