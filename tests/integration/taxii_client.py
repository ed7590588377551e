# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The Hinomi authors
"""A TAXII 2.1 client written from the standard's text (OASIS Standard, 10 June 2021), with nothing but Python's own library.
It believes nothing: every answer is held against the section that describes it, and what differs is an error."""
import base64
import http.client
import json
import re
import uuid

MEDIA = "application/taxii+json;version=2.1"
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")  # 2, timestamp
VERSIONED = {"first", "last", "all"}


class TaxiiError(Exception):
    """The server refused (3.6.1)."""

    def __init__(self, status, message, headers):
        super().__init__(f"{status} {message}")
        self.status, self.message, self.headers = status, message, headers


class Wrong(Exception):
    """The server did what the standard forbids."""


def demand(holds, *what):
    if not holds:
        raise Wrong(" ".join(map(str, what)))


def members(value, required, optional):
    """An object with these members alone: {name: type}."""
    demand(isinstance(value, dict), "no object:", value)
    for name, kind in required.items():
        demand(name in value, f"without '{name}':", value)
        demand(isinstance(value[name], kind) and not (kind is int and isinstance(value[name], bool)), f"'{name}':", value)
    for name, kind in optional.items():
        demand(name not in value or isinstance(value[name], kind), f"'{name}':", value)
        demand(value.get(name) != [], f"'{name}' is an empty list, which 2 forbids")
    unknown = set(value) - set(required) - set(optional)
    demand(not unknown, "members that the standard does not have:", unknown)
    return value


def is_time(text):
    return isinstance(text, str) and TIME.fullmatch(text) is not None


def key(time):
    """A timestamp in an order that does not depend on how many digits it has."""
    whole, _, part = time.rstrip("Z").partition(".")
    return whole, part.rstrip("0")


class Page:
    """An envelope, a manifest or a list of versions, with what pagination needs (3.5)."""

    def __init__(self, body, headers, member):
        self.items = body.get(member, [])
        self.more, self.next = body.get("more", False), body.get("next")
        self.first, self.last = headers.get("X-TAXII-Date-Added-First"), headers.get("X-TAXII-Date-Added-Last")
        if self.items:
            demand(is_time(self.first) and is_time(self.last), "X-TAXII-Date-Added-First and -Last:", self.first, self.last)
            demand(key(self.first) <= key(self.last), "the first was added after the last")
        demand(not (self.more and not self.items), "more, but nothing here to go on from")
        demand(self.next is None or self.more, "next without more")


class Taxii:
    def __init__(self, address, port, token=None, basic=None, root=None, timeout=60, discovery="/taxii2/"):
        self.address, self.port, self.timeout, self.discovery_path = address, port, timeout, discovery
        self.headers = {"Accept": MEDIA}
        if token:
            self.headers["Authorization"] = f"Bearer {token}"
        if basic:
            self.headers["Authorization"] = "Basic " + base64.b64encode(":".join(basic).encode()).decode()
        self.connection = None
        self._root = root

    def close(self):
        if self.connection:
            self.connection.close()
        self.connection = None

    # ---- one request ----

    def send(self, method, path, body, headers):
        if self.connection is None:
            self.connection = http.client.HTTPConnection(self.address, self.port, timeout=self.timeout)
        try:
            self.connection.request(method, path, body, headers)
            got = self.connection.getresponse()
            answer = got.status, got.headers, got.read()
            if got.will_close:
                self.close()
            return answer
        except (OSError, http.client.HTTPException):
            self.close()
            raise

    def ask(self, method, path, query=None, body=None):
        """@return (the JSON, headers)"""
        headers = dict(self.headers)
        if body is not None:
            headers["Content-Type"] = MEDIA
        if query:
            path += "?" + "&".join(f"{name}={escape(value)}" for name, value in query.items())
        try:
            status, fields, data = self.send(method, path, body, headers)
        except (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError):
            if method != "GET":
                raise
            status, fields, data = self.send(method, path, body, headers)
        demand(fields["Content-Type"] == MEDIA, "Content-Type (1.6.8):", fields["Content-Type"], status, data[:200])
        if method == "DELETE" and status == 200 and not data:
            return None, fields
        value = json.loads(data)
        if status >= 400:
            self.check_error(status, value)
            raise TaxiiError(status, value, fields)
        return value, fields

    @staticmethod
    def check_error(status, value):
        members(value, {"title": str}, {"description": str, "error_id": str, "error_code": str, "http_status": str,
                                        "external_details": str, "details": dict})
        demand(value.get("http_status", str(status)) == str(status), "http_status:", value)

    # ---- 4: the server ----

    def discovery(self):
        value, _ = self.ask("GET", self.discovery_path)
        members(value, {"title": str}, {"description": str, "contact": str, "default": str, "api_roots": list})
        demand("default" not in value or value["default"] in value["api_roots"], "the default is none of the API roots")
        return value

    @property
    def root(self):
        """The default API root's path; ends with a slash."""
        if self._root is None:
            value = self.discovery()
            self._root = value.get("default") or value["api_roots"][0]
            demand(self._root.endswith("/"), "an API root without a slash at its end:", self._root)
        return self._root

    def api_root(self):
        value, _ = self.ask("GET", self.root)
        members(value, {"title": str, "versions": list, "max_content_length": int}, {"description": str})
        demand(MEDIA in value["versions"], "versions without", MEDIA)
        demand(value["max_content_length"] > 0, "max_content_length")
        return value

    def status(self, identifier):
        value, _ = self.ask("GET", f"{self.root}status/{identifier}/")
        return self.check_status(value)

    @staticmethod
    def check_status(value):
        members(value, {"id": str, "status": str, "total_count": int, "success_count": int, "failure_count": int,
                        "pending_count": int},
                {"request_timestamp": str, "successes": list, "failures": list, "pendings": list})
        demand(value["status"] in ("complete", "pending"), "status:", value["status"])
        demand((value["status"] == "complete") == (value["pending_count"] == 0), "complete means that nothing is pending")
        demand(value["total_count"] == value["success_count"] + value["failure_count"] + value["pending_count"], "counts:", value)
        uuid.UUID(value["id"])
        for name in ("successes", "failures", "pendings"):
            for detail in value.get(name, []):
                members(detail, {"id": str}, {"version": str, "message": str})
        for name, count in (("successes", "success_count"), ("failures", "failure_count")):
            demand(len(value.get(name, [])) <= value[count], f"more {name} than counted")
        return value

    # ---- 5: collections ----

    def collections(self):
        value, _ = self.ask("GET", f"{self.root}collections/")
        members(value, {}, {"collections": list})
        return [self.check_collection(c) for c in value.get("collections", [])]

    @staticmethod
    def check_collection(value):
        members(value, {"id": str, "title": str, "can_read": bool, "can_write": bool},
                {"description": str, "alias": str, "media_types": list})
        uuid.UUID(value["id"])
        return value

    def collection(self, name):
        value, _ = self.ask("GET", f"{self.root}collections/{name}/")
        return self.check_collection(value)

    def page(self, path, member, filters):
        value, headers = self.ask("GET", path, filters)
        members(value, {}, {"more": bool, "next": str, member: list})
        return Page(value, headers, member)

    def manifest(self, name, **filters):
        page = self.page(f"{self.root}collections/{name}/manifest/", "objects", matches(filters))
        for record in page.items:
            members(record, {"id": str, "date_added": str, "version": str}, {"media_type": str})
            demand(is_time(record["date_added"]) and is_time(record["version"]), "times:", record)
        times = [key(record["date_added"]) for record in page.items]
        demand(times == sorted(times), "a manifest that does not rise by date_added (3.5)")
        if page.items:
            demand(page.items[0]["date_added"] == page.first and page.items[-1]["date_added"] == page.last, "headers:", page.first)
        return page

    def objects(self, name, **filters):
        return self.page(f"{self.root}collections/{name}/objects/", "objects", matches(filters))

    def object(self, name, identifier, **filters):
        page = self.page(f"{self.root}collections/{name}/objects/{identifier}/", "objects", matches(filters))
        demand(all(o["id"] == identifier for o in page.items), "another object than was asked for")
        return page

    def versions(self, name, identifier, **filters):
        page = self.page(f"{self.root}collections/{name}/objects/{identifier}/versions/", "versions", matches(filters))
        demand(all(map(is_time, page.items)), "versions:", page.items)
        return page

    def add(self, name, objects):
        """objects: a list, or bytes of an envelope. @return the status resource"""
        body = objects if isinstance(objects, bytes) else json.dumps({"objects": objects}).encode()
        value, _ = self.ask("POST", f"{self.root}collections/{name}/objects/", body=body)
        return self.check_status(value)

    def delete(self, name, identifier, **filters):
        self.ask("DELETE", f"{self.root}collections/{name}/objects/{identifier}/", matches(filters))

    # ---- following ----

    def walk(self, ask, *args, **filters):
        """All pages: by `next` where the server gives one, else by the time of the last (3.5)."""
        while True:
            page = ask(*args, **filters)
            yield page
            if not page.more:
                return
            if page.next is not None:
                filters["next"] = page.next
            else:
                filters["added_after"] = page.last

    def follow(self, name, after=None, limit=None):
        """What was added after a time, and the time to ask from next: the way in which one hub follows another."""
        filters = {name: value for name, value in (("added_after", after), ("limit", limit)) if value is not None}
        got, last = [], after
        for page in self.walk(self.objects, name, **filters):
            got += page.items
            last = page.last or last
        return got, last


def escape(value):
    return "".join(c if c.isalnum() or c in "-._~:,*" else "".join(f"%{b:02x}" for b in c.encode()) for c in str(value))


def matches(filters):
    """match_type="a,b" is match[type]=a,b."""
    return {f"match[{name[6:]}]" if name.startswith("match_") else name: value for name, value in filters.items()}
