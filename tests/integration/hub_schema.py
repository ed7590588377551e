# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The Hinomi authors
"""Whether answers of the hub are what its OpenAPI document says: as much of JSON Schema as catalog/api uses. A keyword
that is not known here is an error, so that none is passed over."""
import datetime
import re
import uuid

IGNORED = {"description", "title", "examples", "default", "$comment", "deprecated", "$schema", "$id"}
TYPES = {"object": dict, "array": list, "string": str, "boolean": bool, "null": type(None)}


class Mismatch(AssertionError):
    pass


def is_type(value, name):
    if name == "integer":
        return isinstance(value, int) and not isinstance(value, bool)
    if name == "number":
        return isinstance(value, (int, float)) and not isinstance(value, bool)
    return isinstance(value, TYPES[name])


def is_format(value, name):
    try:
        if name == "uuid":
            return str(uuid.UUID(value)) == value.lower()
        if name == "date-time":
            datetime.datetime.fromisoformat(value.replace("Z", "+00:00"))
            return "T" in value
    except ValueError:
        return False
    return True


class Schemas:
    def __init__(self, document):
        self.document = document

    def follow(self, reference):
        at = self.document
        assert reference.startswith("#/"), reference
        for part in reference[2:].split("/"):
            at = at[part.replace("~1", "/").replace("~0", "~")]
        return at

    def check(self, value, schema, where="$"):
        """Raises Mismatch, which says where."""
        def fail(why):
            raise Mismatch(f"{where}: {why}")

        if schema is True:
            return
        if schema is False:
            fail("nothing may stand here")
        for word, wanted in schema.items():
            if word in IGNORED:
                continue
            rule = getattr(self, "check_" + word.replace("$", ""), None)
            if rule is None:
                raise NotImplementedError(f"schema keyword {word}")
            rule(value, wanted, schema, where, fail)

    def check_ref(self, value, reference, _schema, where, _fail):
        self.check(value, self.follow(reference), where)

    def check_type(self, value, wanted, _schema, _where, fail):
        names = [wanted] if isinstance(wanted, str) else wanted
        if not any(is_type(value, name) for name in names):
            fail(f"{value!r:.80} is no {wanted}")

    def check_enum(self, value, wanted, _schema, _where, fail):
        if value not in wanted:
            fail(f"{value!r:.80} is none of {wanted}")

    def check_const(self, value, wanted, _schema, _where, fail):
        if value != wanted:
            fail(f"{value!r:.80} is not {wanted!r}")

    def check_required(self, value, wanted, _schema, _where, fail):
        missing = [name for name in wanted if isinstance(value, dict) and name not in value]
        if missing:
            fail(f"without {missing}")

    def check_properties(self, value, wanted, _schema, where, _fail):
        if isinstance(value, dict):
            for name, schema in wanted.items():
                if name in value:
                    self.check(value[name], schema, f"{where}.{name}")

    def check_additionalProperties(self, value, wanted, schema, where, _fail):
        if not isinstance(value, dict):
            return
        patterns = schema.get("patternProperties", {})
        for name in value:
            if name not in schema.get("properties", {}) and not any(re.search(p, name) for p in patterns):
                self.check(value[name], wanted, f"{where}.{name}")

    def check_patternProperties(self, value, wanted, _schema, where, _fail):
        if isinstance(value, dict):
            for pattern, schema in wanted.items():
                for name in value:
                    if re.search(pattern, name):
                        self.check(value[name], schema, f"{where}.{name}")

    def check_propertyNames(self, value, wanted, _schema, where, _fail):
        if isinstance(value, dict):
            for name in value:
                self.check(name, wanted, f"{where}.{name}")

    def check_items(self, value, wanted, _schema, where, _fail):
        if isinstance(value, list):
            for i, item in enumerate(value):
                self.check(item, wanted, f"{where}[{i}]")

    def check_uniqueItems(self, value, wanted, _schema, _where, fail):
        if wanted and isinstance(value, list) and len({repr(v) for v in value}) != len(value):
            fail("twice the same")

    def limit(self, value, kinds, holds, what, fail):
        if isinstance(value, kinds) and not isinstance(value, bool) and not holds(value):
            fail(f"{value!r:.80}: {what}")

    def check_minItems(self, value, wanted, _schema, _where, fail):
        self.limit(value, list, lambda v: len(v) >= wanted, f"fewer than {wanted}", fail)

    def check_maxItems(self, value, wanted, _schema, _where, fail):
        self.limit(value, list, lambda v: len(v) <= wanted, f"more than {wanted}", fail)

    def check_minProperties(self, value, wanted, _schema, _where, fail):
        self.limit(value, dict, lambda v: len(v) >= wanted, f"fewer than {wanted}", fail)

    def check_maxProperties(self, value, wanted, _schema, _where, fail):
        self.limit(value, dict, lambda v: len(v) <= wanted, f"more than {wanted}", fail)

    def check_minLength(self, value, wanted, _schema, _where, fail):
        self.limit(value, str, lambda v: len(v) >= wanted, f"shorter than {wanted}", fail)

    def check_maxLength(self, value, wanted, _schema, _where, fail):
        self.limit(value, str, lambda v: len(v) <= wanted, f"longer than {wanted}", fail)

    def check_minimum(self, value, wanted, _schema, _where, fail):
        self.limit(value, (int, float), lambda v: v >= wanted, f"below {wanted}", fail)

    def check_maximum(self, value, wanted, _schema, _where, fail):
        self.limit(value, (int, float), lambda v: v <= wanted, f"above {wanted}", fail)

    def check_pattern(self, value, wanted, _schema, _where, fail):
        self.limit(value, str, lambda v: re.search(wanted, v), f"not like {wanted}", fail)

    def check_format(self, value, wanted, _schema, _where, fail):
        self.limit(value, str, lambda v: is_format(v, wanted), f"no {wanted}", fail)

    def count(self, value, wanted, where):
        held = 0
        for schema in wanted:
            try:
                self.check(value, schema, where)
                held += 1
            except Mismatch:
                pass
        return held

    def check_anyOf(self, value, wanted, _schema, where, fail):
        if self.count(value, wanted, where) == 0:
            fail("none of anyOf")

    def check_oneOf(self, value, wanted, _schema, where, fail):
        held = self.count(value, wanted, where)
        if held != 1:
            fail(f"{held} of oneOf")

    def check_allOf(self, value, wanted, _schema, where, _fail):
        for schema in wanted:
            self.check(value, schema, where)

    def check_not(self, value, wanted, _schema, where, fail):
        if self.count(value, [wanted], where) > 0:
            fail("is what it must not be")


class Document:
    """The OpenAPI document, asked by method and path."""

    def __init__(self, document):
        self.document = document
        self.schemas = Schemas(document)
        self.paths = []
        for template, operations in document["paths"].items():
            pattern = "".join("[^/]+" if part.startswith("{") else re.escape(part)
                              for part in re.split(r"(\{[^}]*\})", template))
            self.paths.append((template.count("{"), re.compile(pattern + "/?"), operations))
        self.paths.sort(key=lambda row: row[0])

    def operation(self, method, path):
        """The operation, or None where the path is not of this API."""
        for _, pattern, operations in self.paths:
            if pattern.fullmatch(path):
                return operations.get("get" if method == "HEAD" else method.lower())
        return None

    def check(self, method, path, answer):
        """Raises Mismatch where the answer is none that the document allows."""
        operation = self.operation(method, path)
        if operation is None:
            return
        responses = operation["responses"]
        said = responses.get(str(answer.status))
        if said is None and answer.status < 400:
            raise Mismatch(f"{method} {path}: {answer.status} is not in the document")
        said = said or responses["default"]
        if "$ref" in said:
            said = self.schemas.follow(said["$ref"])
        self.check_content(f"{method} {path} {answer.status}", said.get("content", {}), answer)

    def check_content(self, where, content, answer):
        if not answer.body:
            return
        kind = answer.headers.get("Content-Type", "")
        base = kind.split(";")[0].strip()
        media = next((m for name, m in content.items() if name.split(";")[0] == base), None)
        problem = base == "application/problem+json"
        if media is None and not problem:
            raise Mismatch(f"{where}: content of kind {kind!r} is not in the document")
        schema = (media or {}).get("schema")
        if problem:
            schema = {"$ref": "#/components/schemas/problem"}
        if schema is not None:
            self.schemas.check(answer.json, schema, where)
