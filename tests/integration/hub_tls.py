#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The Hinomi authors
"""A hub that speaks TLS by itself, asked by curl, openssl s_client and Python: TLS 1.3 alone, an API as over a plain socket,
keys read again at SIGHUP, and what cannot be used refused with its file's name."""
import http.client
import json
import signal
import socket
import ssl
import subprocess
import sys

sys.dont_write_bytecode = True
from hub_world import DEADLINE, Client, Hub, Tap, folder, until  # noqa: E402  beside this file

tap = Tap()


def pair(where, name, passphrase=None):
    """A certificate for localhost that signs itself, in NAME.pem and NAME.key."""
    locked = ["-passout", "pass:" + passphrase] if passphrase else ["-nodes"]
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ed25519", *locked, "-subj", f"/CN={name}", "-days", "2", "-addext",
                    "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", where / f"{name}.key", "-out", where / f"{name}.pem"],
                   check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=DEADLINE)


def put(where, name):
    """The pair goes into place, each by a rename."""
    for kind in ("pem", "key"):
        new = where / f"new.{kind}"
        new.write_bytes((where / f"{name}.{kind}").read_bytes())
        new.chmod(0o644)
        new.rename(where / f"hub.{kind}")


class TlsClient(Client):
    def send(self, method, path, body, headers):
        if self.connection is None:
            context = ssl.create_default_context(cafile=str(self.hub.keys / "hub.pem"))
            self.connection = http.client.HTTPSConnection("localhost", self.hub.port, timeout=DEADLINE, context=context)
            self.connection.connect = lambda: connect(self.connection, context)
        return super().send(method, path, body, headers)


def connect(connection, context):
    raw = socket.create_connection(("127.0.0.1", connection.port), timeout=DEADLINE)
    connection.sock = context.wrap_socket(raw, server_hostname="localhost")


def shown(hub):
    """The subject of the certificate that a new connection is shown."""
    done = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{hub.port}"], input="", text=True, capture_output=True,
                          timeout=DEADLINE, check=False)
    return next((line.split("CN = ")[1] for line in done.stdout.splitlines() if line.startswith("subject=")), None)


def curl(hub, *options):
    return subprocess.run(["curl", "-sS", "--cacert", str(hub.keys / "hub.pem"), "--resolve", f"localhost:{hub.port}:127.0.0.1", *options],
                          text=True, capture_output=True, timeout=DEADLINE, check=False)


def speaks(hub):
    url = f"https://localhost:{hub.port}"
    done = curl(hub, "-i", url + "/healthz")
    tap.check("curl is answered", done.returncode == 0 and done.stdout.startswith("HTTP/1.1 200"), done.stderr)
    done = curl(hub, "-i", f"http://localhost:{hub.port}/healthz")
    tap.check("nothing is said in the clear", done.returncode != 0 and "HTTP/1.1" not in done.stdout, done.stdout)
    done = curl(hub, "--tls-max", "1.2", url + "/healthz")
    tap.check("TLS 1.2 is refused", done.returncode == 35, done.stderr)
    done = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{hub.port}", "-alpn", "http/1.1"], input="", text=True,
                          capture_output=True, timeout=DEADLINE, check=False)
    tap.check("s_client agrees", "TLSv1.3" in done.stdout and "ALPN protocol: http/1.1" in done.stdout
              and "Early data was not sent" in done.stdout, done.stdout)
    admin = TlsClient(hub, token=hub.token)
    tap.equal("the API is what it was", admin.get("/api/v1/me").status, 200)
    body = json.dumps({"type": "bundle", "id": "bundle--a7f6ac3c-8b1f-4b4e-9c5c-0f6d7f6c0001", "objects": [
        {"type": "indicator", "spec_version": "2.1", "id": f"indicator--a7f6ac3c-8b1f-4b4e-9c5c-{n:012x}", "created": "2026-01-01T00:00:00Z",
         "modified": "2026-01-01T00:00:00Z", "pattern": f"[domain-name:value = 'n{n}.example']", "pattern_type": "stix",
         "valid_from": "2026-01-01T00:00:00Z"} for n in range(4000)]})
    made = admin.post("/api/v1/objects", body, Content_Type="application/stix+json;version=2.1")
    tap.check("a large body is taken", made.status in (200, 201, 202), made)
    admin.close()


def reloads(hub):
    kept = TlsClient(hub, token=hub.token)
    tap.equal("the first certificate", (shown(hub), kept.get("/api/v1/me").status), ("first", 200))
    put(hub.keys, "second")
    hub.process.send_signal(signal.SIGHUP)
    tap.check("SIGHUP takes another", until(lambda: shown(hub) == "second", "the second certificate"))
    tap.equal("connections that are open go on", kept.get("/api/v1/me").status, 200)
    kept.close()
    (hub.keys / "hub.key").write_bytes((hub.keys / "first.key").read_bytes())
    hub.process.send_signal(signal.SIGHUP)
    until(lambda: "hub.key: " in hub.log_text(), "the log's line")
    tap.check("a key of another is refused, and named", "what was in force stays" in hub.log_text(), hub.log_text())
    tap.equal("and the former stays", shown(hub), "second")


def refuses(keys):
    cases = (
        ("a certificate without a key", "{certificate: %s/first.pem}", "http.key"),
        ("a key without a certificate", "{key: %s/first.key}", "http.certificate"),
        ("a file that is not there", "{certificate: %s/none.pem, key: %s/first.key}", "none.pem"),
        ("another's key", "{certificate: %s/first.pem, key: %s/second.key}", "second.key"),
        ("a key under a passphrase", "{certificate: %s/locked.pem, key: %s/locked.key}", "passphrase"),
        ("a key for a certificate", "{certificate: %s/first.key, key: %s/first.key}", "first.key"),
    )
    for name, text, wanted in cases:
        hub = Hub("http: " + text.replace("%s", str(keys)) + "\n", start=False)
        done = subprocess.run([*hub_command(hub)], env=hub.env, text=True, capture_output=True, timeout=DEADLINE, check=False,
                              stdin=subprocess.DEVNULL)
        tap.check(f"{name} is refused", done.returncode in (2, 3) and wanted in done.stderr, (done.returncode, done.stderr))
        hub.remove()


def hub_command(hub):
    from hub_world import BIN
    return [str(BIN / "hinomi-hub"), *hub.options(), "--config", str(hub.config), "--listen", f"127.0.0.1:{hub.port}",
            "--edge-listen", f"127.0.0.1:{hub.edge_port}"]


def beyond(keys):
    """With TLS it needs no proxy."""
    hub = Hub(f"http: {{certificate: {keys}/first.pem, key: {keys}/first.key}}\n", start=False)
    done = subprocess.run([*hub_command(hub), "--listen", "0.0.0.0:1", "--check"], env=hub.env, text=True, capture_output=True,
                          timeout=DEADLINE, check=False, stdin=subprocess.DEVNULL)
    tap.check("it may listen beyond loopback", done.returncode == 0, done.stderr)
    hub.remove()


keys = folder()
keys.chmod(0o755)
pair(keys, "first")
pair(keys, "second")
pair(keys, "locked", "a passphrase")
put(keys, "first")
with Hub(f"http:\n  certificate: {keys}/hub.pem\n  key: {keys}/hub.key\n", start=False) as world:
    world.keys = keys
    world.token = world.init()["token"]
    world.start()
    speaker = TlsClient(world)
    from hub_schema import Document  # noqa: E402  beside this file
    world._document = Document(speaker.ask("GET", "/api/v1/openapi.json", check=False).json)
    speaker.close()
    speaks(world)
    reloads(world)
    tap.equal("it ends well", world.stop(), 0)
refuses(keys)
beyond(keys)
tap.done()
