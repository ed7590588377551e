#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The Hinomi authors
"""Sources beside plain fetching: collections found by their names, dry runs, dropped files, and two hubs at one database of which one
fetches, also when it is killed."""
import http.server
import json
import os
import pathlib
import shutil
import threading
import time
import uuid

from hub_parties import Parties, indicator
from hub_world import Client, Hub, Tap, databases, until

tap = Tap()
MEDIA = "application/taxii+json;version=2.1"
ONE, TWO, SHUT = (f"91a7b528-80eb-42ed-a74d-c6fbd5a2611{n}" for n in range(3))


class Server(http.server.ThreadingHTTPServer):
    """A TAXII server with two API roots, of which the second is asked for its collections only by who may; and files."""
    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.objects = {ONE: [indicator(n) for n in range(25)], TWO: [indicator(n) for n in range(100, 103)]}
        self.roots = ["/one/", f"{self.url}/two/", "https://elsewhere.example/root/", "/one/"]
        self.collections = {
            "/one/": [{"id": ONE, "title": "Indicators", "alias": "iocs", "can_read": True, "can_write": False, "x_score": 0.5}],
            "/two/": [{"id": TWO, "title": "Reports", "can_read": True, "can_write": False},
                      {"id": SHUT, "title": "Closed", "can_read": False, "can_write": True}]}
        self.asked, self.files, self.hold = [], {}, threading.Event()
        self.hold.set()
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def handle_error(self, request, client_address):
        """Clients that are killed."""

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_address[1]}"


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def say(self, status, body, **headers):
        body = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", MEDIA)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def page(self, objects, query):
        start = int(dict(p.split("=") for p in query.split("&")).get("next", "0"))
        envelope = {"objects": objects[start:start + 10]}
        if start + 10 < len(objects):
            envelope.update(more=True, next=str(start + 10))
        self.say(200, envelope, X_TAXII_Date_Added_Last=f"2026-01-01T00:00:00.{start:06d}Z")

    def do_GET(self):
        server = self.server
        path, _, query = self.path.partition("?")
        server.asked.append(path)
        server.hold.wait(60)
        if path in server.files:
            self.say(200, server.files[path])
        elif path == "/taxii2/":
            self.say(200, {"title": "Test", "default": server.roots[0], "api_roots": server.roots})
        elif path in server.collections:
            self.say(200, {"title": "Root", "versions": [MEDIA], "max_content_length": 1000})
        elif path.endswith("/collections/") and path[:-12] in server.collections:
            self.say(200, {"collections": server.collections[path[:-12]]})
        elif path.endswith("/objects/"):
            self.page(server.objects[path.split("/")[3]], query)
        else:
            self.say(404, {"title": "Not found"})


class Source:
    def __init__(self, hub, centre, **body):
        self.centre = centre
        made = centre.post("/api/v1/sources", {"name": "S", "organisation": hub.centre.id, "marking": {"tlp": "green"}, **body})
        self.id = made.json["id"]
        self.path = "/api/v1/sources/" + self.id

    def get(self):
        return self.centre.get(self.path).json

    def dry(self):
        return self.centre.post(self.path + "/run?dry=true")

    def run(self):
        runs = self.get()["use"]["runs"]
        self.centre.post(self.path + "/run")
        return self.after(runs)

    def after(self, runs):
        return until(lambda: (lambda s: s if s["use"]["runs"] > runs else None)(self.get()), "the run")


def discovery(hub, server, centre):
    for where, name in (("/taxii2/", "iocs"), ("/taxii2", ONE), ("/one/", "Indicators"), ("/taxii2/", "Reports")):
        server.asked.clear()
        source = Source(hub, centre, kind="taxii", where=server.url + where, collection=name)
        done = source.run()
        wanted = TWO if name == "Reports" else ONE
        tap.equal(f"'{name}' is found from {where}", [done["state"].get("error"), done["state"]["collection_url"].split("/")[-2]],
                  [None, wanted])
        tap.check("and fetched", f"/collections/{wanted}/objects/" in server.asked[-1], server.asked)
    for where, name, word in (("/taxii2/", "nothing", "none of the server's 3"), ("/taxii2/", "Closed", "does not let"),
                              ("/nowhere/", "iocs", "HTTP 404")):
        done = Source(hub, centre, kind="taxii", where=server.url + where, collection=name).run()
        tap.check(f"'{name}' at {where} is not", word in done["state"].get("error", ""), done["state"])
    server.collections["/two/"].append({"id": str(uuid.uuid4()), "title": "Indicators", "can_read": True})
    done = Source(hub, centre, kind="taxii", where=server.url + "/taxii2/", collection="Indicators").run()
    tap.check("one of several of the name is not chosen", "several" in done["state"]["error"], done["state"])
    server.collections["/two/"].pop()
    former, server.roots = server.roots, ["https://elsewhere.example/root/"]
    done = Source(hub, centre, kind="taxii", where=server.url + "/taxii2/", collection="iocs").run()
    tap.check("the credential goes to no other server", "another server" in done["state"]["error"], done["state"])
    server.roots = former
    source = Source(hub, centre, kind="taxii", where=server.url + "/taxii2/", collection="moving")
    server.collections["/two/"][0]["alias"] = "moving"
    tap.check("where a name leads", TWO in source.run()["state"]["collection_url"])
    del server.collections["/two/"][0]["alias"]
    server.collections["/one/"][0]["alias"] = "moving"
    done = source.run()
    tap.equal("when it leads elsewhere, all of that is fetched", [done["use"]["same"], ONE in done["state"]["collection_url"]], [28, True])
    server.collections["/one/"][0]["alias"] = "iocs"


def trials(hub, server, centre):
    server.objects[ONE] = [indicator(n) for n in range(500, 525)] + [{"type": "indicator", "id": "indicator--x"}]
    source = Source(hub, centre, kind="taxii", where=server.url + "/taxii2/", collection="iocs")
    before = source.get()
    tried = source.dry()
    tap.equal("a dry run tells", [tried.status] + [tried.json[n] for n in ("complete", "parts", "objects", "new", "same", "refused")],
              [200, True, 3, 26, 25, 0, 1])
    tap.equal("with the place of what is refused", [tried.json["failures"][0][n] for n in ("index", "pointer")], [5, "/id"])
    tap.equal("and keeps nothing, moves no place", source.get(), before)
    use = source.run()["use"]
    tap.equal("so the run brings it all", [use["runs"], use["new"], use["refused"]], [1, 25, 1])
    changed = dict(server.objects[ONE][0], modified="2026-06-01T00:00:00.000Z", name="newer")
    conflict = dict(server.objects[ONE][1], name="another content")
    fresh = Source(hub, centre, kind="taxii", where=server.url + "/taxii2/", collection="iocs")
    server.objects[ONE] = [changed, conflict] + server.objects[ONE][2:25] + [indicator(600)]
    tried = fresh.dry().json
    tap.equal("new, newer, same, conflict", [tried[n] for n in ("new", "newer", "same", "conflict", "refused")], [1, 1, 23, 1, 0])
    server.objects[ONE] = [indicator(n) for n in range(700, 850)]
    tried = fresh.dry().json
    tap.equal("of a long one the first pages", [tried["complete"], tried["parts"], tried["new"]], [False, 10, 100])
    server.files["/list.csv"] = b"value,type\ny.example,domain\nnothing,ip\n"
    table = Source(hub, centre, kind="csv", where=server.url + "/list.csv")
    tried = table.dry().json
    tap.equal("what would be left out", [tried["new"], tried["left_out"]["reasons"]], [1, {"value": 1}])
    missing = Source(hub, centre, kind="csv", where=server.url + "/not-there").dry()
    tap.equal("an error is an answer", [missing.status, missing.json["error"], missing.json["complete"]], [200, "HTTP 404", False])
    tap.equal("what is handed in cannot be tried", Source(hub, centre, kind="api").dry().status, 409)
    other = hub.a.client()
    tap.equal("nor by others", other.post(table.path + "/run?dry=true").status, 404)
    other.close()


def asked_meanwhile(hub, server, centre):
    server.files["/slow.txt"] = b"slow.example\n"
    source = Source(hub, centre, kind="list", where=server.url + "/slow.txt")
    server.hold.clear()
    server.asked.clear()
    centre.post(source.path + "/run")
    until(lambda: server.asked, "the question")
    tap.equal("it is shown that it runs", [source.get()["state"][n] for n in ("running", "asked")], [True, False])
    tap.equal("a run is asked for meanwhile", centre.post(source.path + "/run").status, 204)
    tap.equal("which is remembered", source.get()["state"]["asked"], True)
    server.hold.set()
    done = source.after(1)
    tap.equal("and follows", [done["use"]["runs"], done["state"]["asked"]], [2, False])


def put(folder, name, content):
    part = folder / (name + ".part")
    part.write_bytes(content)
    shutil.chown(part, folder.stat().st_uid, folder.stat().st_gid)
    part.rename(folder / name)


def result(folder, where, name, kept=True):
    """What came of a file, which lies beside it."""
    found = until(lambda: [f for f in (folder / where).glob(f"*-{name}.result.json")], f"{where}/{name}")[0]
    file = found.with_name(found.name.removesuffix(".result.json"))
    until(lambda: os.path.lexists(file) == kept and not os.path.lexists(folder / name), "the file")
    return json.loads(found.read_text())


def drops(hub, centre):
    source = Source(hub, centre, kind="drop", format="csv", quota={"bytes_fetch": 100000})
    folder = until(lambda: (lambda f: f if (f / "failed").is_dir() else None)(hub.data / "drop" / source.id), "the folder")
    put(folder, "first.csv", b"value,type\nd1.example,domain\nnothing,ip\n")
    done = result(folder, "done", "first.csv")
    tap.equal("a file is taken", [done[n] for n in ("taken", "new", "source")] + [done["left_out"]["total"]], [True, 1, source.id, 1])
    tap.check("and moved", not (folder / "first.csv").exists())
    tap.equal("it is counted", source.get()["use"]["new"], 1)
    put(folder, "again.csv", b"value,type\nd1.example,domain\n")
    tap.equal("what is known is known", result(folder, "done", "again.csv")["same"], 1)
    put(folder, "bad.csv", b"no\nheader\n")
    put(folder, "behind.csv", b"value\nd2.example\n")
    failed = result(folder, "failed", "bad.csv")
    tap.check("what cannot be read is put aside with its reason", failed["taken"] is False and failed["reason"], failed)
    tap.equal("and the next is taken", result(folder, "done", "behind.csv")["new"], 1)
    put(folder, "large.csv", b"value\n" + b"x.example\n" * 20000)
    tap.check("one that is too large", "bytes_fetch" in result(folder, "failed", "large.csv")["reason"])
    os.symlink("/etc/passwd", folder / "link.csv")
    failed = result(folder, "failed", "link.csv", kept=False)
    tap.equal("a link is no file", [failed["taken"], failed["objects"]], [False, 0])
    (folder / "name\nwith a line").write_bytes(b"value\nd3.example\n")
    shutil.chown(folder / "name\nwith a line", folder.stat().st_uid, folder.stat().st_gid)
    tap.equal("a name that nobody may have", result(folder, "done", "unnamed")["new"], 1)
    (folder / ".hidden").write_bytes(b"value\nd4.example\n")
    (folder / "half.part").write_bytes(b"value\nd4")
    tried = source.dry().json
    tap.equal("what is not whole is not looked at", [tried["parts"], tried["new"]], [0, 0])
    centre.delete(source.path)
    put(folder, "later.csv", b"value\nd5.example\n")
    tried = source.dry().json
    tap.equal("a dry run reads and leaves it", [tried["parts"], tried["new"], (folder / "later.csv").exists()], [1, 1, True])
    put(folder, "wrong.csv", b"no\nheader\n")
    tried = source.dry().json
    tap.check("or tells why not", tried["error"] and not tried["complete"] and (folder / "wrong.csv").exists(), tried)
    got = centre.get(source.path)
    body = {n: got.json[n] for n in ("name", "organisation", "kind", "format", "marking", "quota")}
    tap.equal("enabled again", centre.put(source.path, body, If_Match=got.headers["ETag"]).status, 204)
    tap.equal("it goes on", result(folder, "done", "later.csv")["new"], 1)
    killed_in_a_file(hub, source, folder)


def killed_in_a_file(hub, source, folder):
    big = b"value\n" + b"".join(b"k%d.example\n" % n for n in range(4000))
    before = sum(source.get()["use"][n] for n in ("new", "same"))
    put(folder, "big.csv", big)
    until(lambda: sum(source.get()["use"][n] for n in ("new", "same")) > before or (folder / "done").glob("*-big.csv"), "a part")
    hub.kill()
    source.centre.close()
    hub.start()
    result(folder, "done", "big.csv")
    use = source.get()["use"]
    tap.equal("after a kill all of it is there, once", [use["new"], use["conflict"], use["newer"]], [4 + 4000, 0, 0])


def two_hubs(url, server):
    """Both serve from one database; the second has the first's keys for what is sealed, and a name of its own."""
    config = "fetch_inside: true\n"
    with Parties(config, database=url) as first:
        first.start()
        centre = first.centre.client()
        second = Hub(config + "name: second\npublish: false\n", database=url, start=False)
        second.data.mkdir(mode=0o700)
        (second.data / "keys").mkdir(mode=0o700)
        for name in ("identity", "sources"):
            shutil.copy2(first.data / "keys" / name, second.data / "keys" / name)
        for file in (second.data, second.data / "keys", *(second.data / "keys").iterdir()):
            shutil.chown(file, first.data.stat().st_uid, first.data.stat().st_gid)
        refused_beside(url)
        second.start()
        server.files["/both.txt"] = b"both.example\n"
        source = Source(first, centre, kind="list", where=server.url + "/both.txt")
        centre.put(source.path + "/credential", {"kind": "token", "token": "t"})
        for _ in range(5):
            server.asked.clear()
            runs = source.run()["use"]["runs"]
            tap.equal("a run is one run", [len(server.asked), source.get()["use"]["runs"]], [1, runs])
        killed = held_by_one(first, second, server, source)
        second_client = Client(second if killed is first else first, token=first.centre.token)
        source.centre = second_client
        done = source.after(5)
        tap.equal("who is left takes it over", [done["use"]["runs"], done["state"].get("error")], [6, None])
        second_client.close()
        centre.close()
        second.remove()


def refused_beside(url):
    third = Hub("name: third\n", database=url, start=False)
    try:
        third.start()
        why = "it began"
    except RuntimeError as error:
        why = str(error)
    tap.check("two that publish are refused", "publish: another hub publishes sets from this database" in why, why)
    tap.equal("and it ends", third.end(), 5)
    third.remove()


def held_by_one(first, second, server, source):
    """Kills the hub that fetches. @return it"""
    server.hold.clear()
    server.asked.clear()
    source.centre.post(source.path + "/run")
    until(lambda: server.asked, "the question")
    time.sleep(2.5)  # two looks of the other
    tap.equal("while one fetches the other does not", len(server.asked), 1)
    fetching = [hub for hub in (first, second) if fetches(hub.process.pid)]
    tap.equal("it is one of them", len(fetching), 1)
    fetching[0].kill()
    source.centre.close()
    server.hold.set()
    return fetching[0]


def fetches(pid):
    """Whether a session of this hub runs: its keepers' calls are open, a session's are filtered."""
    for folder in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            arguments = (folder / "cmdline").read_bytes().split(b"\0")
            if arguments[1:3] == [b"fetch-process", str(pid).encode()] and "\nSeccomp:\t2" in (folder / "status").read_text():
                return True
        except OSError:
            pass
    return False


def main():
    for _, url, end in databases():
        server = Server()
        with Parties("fetch_inside: true\n", database=url()) as hub:
            hub.a = hub.party("A")
            hub.start()
            centre = hub.centre.client()
            discovery(hub, server, centre)
            trials(hub, server, centre)
            asked_meanwhile(hub, server, centre)
            drops(hub, centre)
            centre.close()
        database = url()
        if database and database.startswith("postgresql"):
            two_hubs(database, server)
        server.shutdown()
        end()
    tap.done()


main()
