#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The Hinomi authors
"""Sources, imports of MISP, CSV and lists, warning lists: dry runs, what has no place, quotas, kill -9 in the middle and again.
Every answer is checked against the hub's OpenAPI document by the client."""
import http.client
import json
import os
import pathlib
import subprocess
import threading
import uuid

from hub_parties import TLP, Parties, indicator
from hub_world import Tap, databases, until

tap = Tap()
DATA = pathlib.Path(os.environ.get("HINOMI_DATA", "../shared/data"))


def event(count, **more):
    attributes = [{"uuid": str(uuid.uuid5(uuid.NAMESPACE_DNS, f"a{n}")), "type": "domain", "value": f"n{n}.example", "to_ids": True,
                   "category": "Network activity", "timestamp": "1704200000"} for n in range(count)]
    return {"Event": {"uuid": "5a000000-0000-4000-8000-000000000001", "info": "Test", "date": "2024-01-02", "timestamp": "1704200000",
                      "Tag": [{"name": "tlp:green"}], "Attribute": attributes, **more}}


def imports(client, form, body, **query):
    media = {"misp": "application/json", "stix": "application/json", "csv": "text/csv", "list": "text/plain"}[form]
    more = "".join(f"&{name}={value}" for name, value in query.items())
    if not isinstance(body, (bytes, str)):
        body = json.dumps(body)
    return client.post(f"/api/v1/import?format={form}{more}", body, Content_Type=media)


def source(organisation, **more):
    return {"name": "Feed", "organisation": organisation.id, "kind": "api", **more}


def managing_sources(hub, centre, a, b):
    made = centre.post("/api/v1/sources", source(hub.a, trust=70, marking={"tlp": "green"}))
    tap.equal("a source is made", made.status, 201)
    path = "/api/v1/sources/" + made.json["id"]
    got = centre.get(path)
    tap.equal("it has what was said", [got.json["trust"], got.json["marking"], got.json["has_credential"], got.json["use"]["new"]],
              [70, {"tlp": "green"}, False, 0])
    tap.equal("others do not learn of it", [b.get(path).status, a.get(path).status], [404, 404])
    tap.equal("nor change it", b.put(path, source(hub.b), If_None_Match="*").status, 404)
    tap.equal("replacing wants If-Match", centre.put(path, source(hub.a)).status, 428)
    tap.equal("of what is there", centre.put(path, source(hub.a), If_Match='"77"').status, 412)
    etag = got.headers["ETag"]
    tap.equal("then it is done", centre.put(path, source(hub.a, marking={"tlp": "green"}), If_Match=etag).status, 204)
    wrong = centre.post("/api/v1/sources", source(hub.a, kind="csv"))
    tap.equal("what is wrong is told at its place", [wrong.status, wrong.json["errors"][0]["pointer"]], [400, "/where"])
    secret = "s3cret-never-shown"
    credential = {"kind": "basic", "user": "u", "password": secret}
    tap.equal("a credential is taken", centre.put(path + "/credential", credential).status, 204)
    got = centre.get(path)
    tap.check("and never shown", got.json["has_credential"] and secret not in got.body.decode())
    for file in (hub.dir / "log", *hub.data.glob("hub.db*"), *hub.data.glob("access/*")):
        if file.is_file():
            tap.check(f"nor in {file.name}", secret.encode() not in file.read_bytes())
    tap.equal("nothing to fetch from what people hand in", centre.post(path + "/run").status, 409)
    tap.equal("the list has it", [s["id"] for s in centre.get("/api/v1/sources").json["sources"]], [made.json["id"]])
    return made.json["id"]


def terms_of_sources(hub, centre, a, feed):
    plain = indicator(1, tlp=None)
    a.post(f"/api/v1/objects?source={feed}", {"type": "bundle", "id": f"bundle--{uuid.uuid4()}", "objects": [plain]})
    shown = [o for o in centre.get("/api/v1/objects").json["objects"] if o["object"]["id"] == plain["id"]]
    tap.equal("an object without marking has its source's", shown[0]["marking"]["tlp"], "green")
    use = centre.get("/api/v1/sources/" + feed).json["use"]
    tap.equal("the source has counted it", [use["new"], use["refused"]], [1, 0])
    missing = a.post(f"/api/v1/objects?source={uuid.uuid4()}", {"type": "bundle", "id": f"bundle--{uuid.uuid4()}", "objects": [plain]})
    tap.equal("a source that is not there", missing.status, 404)


def importing(hub, a):
    dry = imports(a, "misp", event(5), dry="true").json
    tap.equal("a dry run tells", [dry["dry"], dry["new"], dry["failed"]], [True, 6, 0])
    tap.equal("and changes nothing", a.get("/api/v1/search?value=n1.example").json["objects"], [])
    done = imports(a, "misp", event(5)).json
    tap.equal("then it is done", [done["new"], done["left_out"]["total"]], [6, 0])
    tap.equal("again it is the same", [imports(a, "misp", event(5)).json[n] for n in ("same", "new")], [6, 0])
    found = until(lambda: a.get("/api/v1/search?value=n1.example").json["objects"], "the index")
    indicators = [o for o in found if o["object"]["type"] == "indicator"]
    tap.equal("it is found, marked as the event says",
              [len(indicators), indicators[0]["object"]["object_marking_refs"], indicators[0]["marking"]["tlp"]],
              [1, ["marking-definition--" + TLP["green"]], "green"])
    rows = "value,type,tlp\nx.example,domain,amber\nnothing,ip,\n1.2.3.4,,\n"
    table = imports(a, "csv", rows).json
    tap.equal("rows, and what had no place", [table["new"], table["left_out"]["reasons"], table["left_out"]["items"][0]["place"]],
              [2, {"value": 1}, "line 3"])
    text = imports(a, "list", "# list\nhxxp://bad[.]example/x\nno value here\n198.51.100.9\n").json
    tap.equal("lines", [text["new"], text["left_out"]["total"]], [2, 1])
    tap.equal("the same lines again", imports(a, "list", "198.51.100.9\n").json["same"], 1)
    tap.equal("what is no such form", [imports(a, "misp", {"no": 1}).status, imports(a, "csv", "a,b\n1,2\n").status], [400, 400])
    tap.equal("a form that is not known", a.post("/api/v1/import?format=fax", "x", check=False, Content_Type="text/plain").status, 400)
    stix = imports(a, "stix", {"type": "bundle", "id": f"bundle--{uuid.uuid4()}", "objects": [indicator(7), {"type": "x"}]}).json
    tap.equal("STIX itself", [stix["new"], stix["failed"]], [1, 1])


def quotas(hub, centre, a):
    made = centre.post("/api/v1/sources", source(hub.a, name="Small", quota={"objects_day": 8})).json["id"]
    tap.equal("within the quota", imports(a, "misp", event(5, uuid=str(uuid.uuid4())), source=made).status, 200)
    over = imports(a, "misp", event(5), source=made)
    tap.equal("over it", over.status, 413)
    use = centre.get("/api/v1/sources/" + made).json["use"]
    tap.equal("nothing of that was counted", sum(use[n] for n in ("new", "newer", "same")), 6)
    centre.delete("/api/v1/sources/" + made)
    tap.equal("a source that is disabled takes nothing", imports(a, "list", "x.example\n", source=made).status, 409)


def warning_lists(centre, a):
    path = f"/api/v1/warning-lists/{uuid.uuid4()}"
    tap.equal("others make no list", a.put(path, {"name": "Mine"}, If_None_Match="*").status, 403)
    tap.equal("a list is made", centre.put(path, {"name": "Top", "action": "block"}, If_None_Match="*").status, 201)
    content = centre.put(path + "/content", json.dumps({"name": "x", "type": "hostname", "list": ["a.example", "b.example"]}),
                         Content_Type="application/json")
    tap.equal("it gets its content", [content.json["values"], content.json["form"]], [2, "misp"])
    got = a.get(path)
    tap.equal("everybody knows it", [got.json["values"], got.json["action"]], [2, "block"])
    for body in (b"[1]", b'["a.example"]', b'{"name": "x", "type": "string", "list": ["a.example", 1]}'):
        refused = centre.put(path + "/content", body, Content_Type="application/json")
        tap.check(f"no list: {body}", refused.status in (400, 422), refused)
    tap.equal("... and the element is named", refused.json["errors"][0]["pointer"], "/list/1")
    tap.equal("what is no list", centre.put(path + "/content", "{}", Content_Type="application/json").status, 400)
    tap.equal("all lists", len(a.get("/api/v1/warning-lists").json["warning_lists"]), 1)
    tap.equal("it is taken away", [centre.delete(path).status, a.get(path).status], [204, 404])


def killed(hub, a):
    """Killed in the middle of an import; the import again brings what is missing, and nothing twice."""
    count = 6000
    body = json.dumps(event(count, uuid="5a000000-0000-4000-8000-0000000000ff")).encode()
    sent = threading.Event()

    def send():
        connection = http.client.HTTPConnection("127.0.0.1", hub.port, timeout=60)
        try:
            connection.putrequest("POST", "/api/v1/import?format=misp")
            connection.putheader("Authorization", f"Bearer {hub.a.token}")
            connection.putheader("Content-Type", "application/json")
            connection.putheader("Content-Length", str(len(body)))
            connection.endheaders()
            connection.send(body[:-100])
            sent.set()
            connection.send(body[-100:])
            connection.getresponse().read()
        except OSError:
            pass
        except http.client.HTTPException:
            pass
        finally:
            sent.set()
            connection.close()

    thread = threading.Thread(target=send)
    thread.start()
    sent.wait(60)
    hub.kill()
    thread.join()
    hub.start()
    client = hub.a.client()
    done = imports(client, "misp", body).json
    tap.equal("after a kill, again", [done["new"] + done["same"], done["failed"]], [count + 1, 0])
    done = imports(client, "misp", body).json
    tap.equal("nothing twice", [done["same"], done["new"], done["newer"]], [count + 1, 0, 0])
    client.close()


def real(a):
    file = DATA / "misp" / "stalkerware-misp-event.json.zst"
    if not file.exists():
        tap.check("real events # SKIP no data", True)
        return
    text = subprocess.run(["zstd", "-dc", str(file)], stdout=subprocess.PIPE, check=True, timeout=60).stdout
    done = imports(a, "misp", text).json
    tap.check("a real event", done["new"] > 1000 and done["failed"] == 0, {n: done[n] for n in ("new", "failed")})


def main():
    for _, url, end in databases():
        with Parties(database=url()) as hub:
            hub.a, hub.b = hub.party("A"), hub.party("B", kind="vendor")
            hub.start()
            centre, a, b = hub.centre.client(), hub.a.client(), hub.b.client()
            feed = managing_sources(hub, centre, a, b)
            terms_of_sources(hub, centre, a, feed)
            importing(hub, a)
            quotas(hub, centre, a)
            warning_lists(centre, a)
            real(a)
            for client in (centre, a, b):
                client.close()
            killed(hub, a)
        end()
    tap.done()


main()
