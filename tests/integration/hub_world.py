# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The Hinomi authors
"""What the hub's tests share: a hub that runs in a folder of its own on a free port, on SQLite or PostgreSQL, and a client
whose every answer is checked against the hub's OpenAPI document."""
import base64
import http.client
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
from hub_schema import Document  # noqa: E402  beside this file
from select_world import Tap  # noqa: E402,F401  beside this file

BIN = pathlib.Path(os.environ["HINOMI_BIN"])
DEADLINE = 60  # seconds that anything may take, also under sanitizers
POSTGRES = pathlib.Path("/usr/lib/postgresql/15/bin")


def until(holds, what="it"):
    """Waits for a condition. @return what it gave"""
    end = time.monotonic() + DEADLINE
    while time.monotonic() < end:
        value = holds()
        if value:
            return value
        time.sleep(0.02)
    raise TimeoutError(f"never: {what}")


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def folder():
    return pathlib.Path(tempfile.mkdtemp(prefix="hinomi-hub-"))


class Postgres:
    """A cluster of its own in a temporary folder, reached by a Unix socket only; None of it is kept. Only a durable one flushes
    what it commits, which no test asks for and each measurement does."""

    def __init__(self, durable=False):
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="hinomi-pg-", dir="/tmp"))
        self.dir.chmod(0o755)  # a hub that gave up root's rights reaches the socket
        self.as_user = []
        if os.geteuid() == 0:
            shutil.chown(self.dir, "nobody")
            self.as_user = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"]
        self.run("initdb", "-D", self.dir / "db", "-A", "trust", "-U", "hinomi", "--no-sync", "-E", "UTF8", "--locale=C")
        self.run("pg_ctl", "-D", self.dir / "db", "-w", "-l", self.dir / "log", "-o",
                 f"-c listen_addresses= -c unix_socket_directories={self.dir} -c fsync={'on' if durable else 'off'} -c max_connections=100",
                 "start")
        self.count = 0

    @staticmethod
    def installed():
        return (POSTGRES / "initdb").exists()

    def run(self, program, *args):
        subprocess.run([*self.as_user, str(POSTGRES / program), *map(str, args)], check=True, timeout=DEADLINE,
                       stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/tmp")

    def database(self):
        """A new database. @return its URL"""
        self.count += 1
        subprocess.run([*self.as_user, str(POSTGRES / "createdb"), "-h", str(self.dir), "-U", "hinomi", f"hub{self.count}"],
                       check=True, timeout=DEADLINE, cwd="/tmp")
        return f"postgresql:///hub{self.count}?host={self.dir}&user=hinomi"

    def stop(self):
        self.run("pg_ctl", "-D", self.dir / "db", "-m", "immediate", "stop")
        shutil.rmtree(self.dir, ignore_errors=True)


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    @property
    def json(self):
        return json.loads(self.body)

    def __repr__(self):
        return f"{self.status} {self.body[:300]!r}"


class Client:
    """Asks over a connection that is kept. Every answer is checked against the document."""

    def __init__(self, hub, token=None, basic=None, headers=None):
        self.hub = hub
        self.headers = dict(headers or {})
        if token:
            self.headers["Authorization"] = f"Bearer {token}"
        if basic:
            self.headers["Authorization"] = "Basic " + base64.b64encode(":".join(basic).encode()).decode()
        self.connection = None

    def close(self):
        if self.connection:
            self.connection.close()
        self.connection = None

    def send(self, method, path, body, headers):
        if self.connection is None:
            self.connection = http.client.HTTPConnection("127.0.0.1", self.hub.port, timeout=DEADLINE)
        self.connection.request(method, path, body, headers)
        got = self.connection.getresponse()
        answer = Answer(got.status, got.headers, got.read())
        if got.will_close:
            self.close()
        return answer

    def ask(self, method, path, body=None, check=True, **headers):
        """body: bytes as they are, anything else as JSON. Headers: If_Match="..." is If-Match."""
        all_headers = dict(self.headers)
        all_headers.update({name.replace("_", "-"): value for name, value in headers.items() if value is not None})
        if body is not None and not isinstance(body, (bytes, str)) and not hasattr(body, "read"):
            body = json.dumps(body)
            all_headers.setdefault("Content-Type", "application/json")
        if isinstance(body, str):
            body = body.encode()
        try:
            answer = self.send(method, path, body, all_headers)
        except (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError):
            self.close()
            if method not in ("GET", "HEAD"):
                raise
            answer = self.send(method, path, body, all_headers)
        if check:
            self.hub.document().check(method, path.split("?")[0], answer)
        return answer

    def get(self, path, **headers):
        return self.ask("GET", path, **headers)

    def post(self, path, body=None, **headers):
        return self.ask("POST", path, body, **headers)

    def put(self, path, body=None, **headers):
        return self.ask("PUT", path, body, **headers)

    def patch(self, path, body=None, **headers):
        return self.ask("PATCH", path, body, **headers)

    def delete(self, path, **headers):
        return self.ask("DELETE", path, **headers)


class Hub:
    """A hub that runs. Its folder may outlive it: stop(), kill(), start() again."""

    def __init__(self, config="", database=None, data=None, start=True, env=None, prefix=()):
        self.own = data is None
        self.dir = folder() if data is None else pathlib.Path(data)
        self.data = self.dir / "data"
        self.database = database
        self.port = free_port()
        self.edge_port = free_port()
        self.config = self.dir / "hub.yaml"
        self.config.write_text(config)
        self.env = {**os.environ, **(env or {}), "HINOMI_LANG": "en"}
        self.prefix = list(prefix)
        self.process = None
        self._document = self._admin = None
        if start:
            self.start()

    def options(self):
        options = ["--data", str(self.data)]
        if self.database:
            options += ["--database", self.database]
        return options

    def start(self):
        command = [*self.prefix, str(BIN / "hinomi-hub"), *self.options(), "--listen", f"127.0.0.1:{self.port}",
                   "--edge-listen", f"127.0.0.1:{self.edge_port}"]
        if self.config.read_text():
            command += ["--config", str(self.config)]
        self.log = open(self.dir / "log", "ab")
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=self.log,
                                        env=self.env)
        line = self.process.stdout.readline().decode()
        if not line.startswith(("http://", "https://")):
            raise RuntimeError("the hub did not begin: " + self.log_text())
        return self

    def log_text(self):
        return (self.dir / "log").read_text(errors="replace")

    def command(self, *args, **options):
        """hinomi-hub COMMAND with this hub's folder. @return the ended process"""
        return subprocess.run([str(BIN / "hinomi-hub"), args[0], *self.options(), *map(str, args[1:])], env=self.env,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                              timeout=DEADLINE, **options)

    def init(self):
        """Makes the centre and its administrator. @return what `init --token --json` says"""
        done = self.command("init", "--login", "admin", "--token", "--json")
        if done.returncode != 0:
            raise RuntimeError(f"init: {done.returncode}: {done.stderr}")
        return json.loads(done.stdout)

    def admin(self):
        """A client with the first administrator's token; made once."""
        if self._admin is None:
            self._admin = self.init()
        return Client(self, token=self._admin["token"])

    def document(self):
        if self._document is None:
            client = Client(self)
            self._document = Document(client.ask("GET", "/api/v1/openapi.json", check=False).json)
            client.close()
        return self._document

    def client(self, **options):
        return Client(self, **options)

    def socket(self):
        return socket.create_connection(("127.0.0.1", self.port), timeout=DEADLINE)

    def kill(self):
        """Suddenly, as by kill -9."""
        self.process.kill()
        self.end()

    def stop(self):
        """As systemd does. @return the exit code"""
        self.process.send_signal(signal.SIGTERM)
        return self.end()

    def end(self):
        code = self.process.wait(timeout=DEADLINE)
        self.process.stdout.close()
        self.log.close()
        self.process = None
        return code

    def remove(self):
        if self.process is not None:
            self.kill()
        if self.own:
            shutil.rmtree(self.dir, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.remove()


def databases():
    """Each kind of database once: (name, a function that gives a URL or None, a function that ends it)."""
    yield "sqlite", lambda: None, lambda: None
    if Postgres.installed():
        cluster = Postgres()
        yield "postgresql", cluster.database, cluster.stop
