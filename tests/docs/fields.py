#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Makes doc/schema/survey-1.json, groups-1.json, check-1.json and slots-1.json, what other schemas share with the survey's, and the
tables of doc/json.md from the rows that describe the fields.

usage: fields.py LIST_FIELDS SOURCE_ROOT [--write]

Without --write it says where they differ from the rows. The test docs-schema does the same;
"ninja -C build doc-schema" writes them.
"""

import json
import re
import subprocess
import sys
from pathlib import Path

FIRST_VERSION = "0.1.0"
BEGIN, END = "<!-- fields: from lib/report -->\n", "<!-- end of the fields -->\n"
ADDRESS = {"type": "string", "pattern": "^[0-9a-f]{4,8}:[0-9a-f]{2}:[01][0-9a-f]\\.[0-7]$",
           "description": "dddd:bb:dd.f; domains above ffff have more digits."}
# Of the survey's objects, those that other documents have in them, as these write them.
SHARED, SHARING = ("host", "unread"), ("reserved",)
TYPES = {"address": "address", "integer": "integer", "boolean": "boolean", "counts": "object of integers",
         "reasons": "object of texts"}


def rows_of(program: str) -> dict:
    """Of each document the objects with their fields, the document itself first."""
    return json.loads(subprocess.run([program], check=True, capture_output=True).stdout)


def text_schema(field: dict) -> dict:
    """A text: of these words, of this form, or any."""
    words = field["words"]
    if words and not field["nullable"] and len(words) == 1:
        return {"const": words[0]}
    if words:
        return {"enum": words + [None] * field["nullable"]}
    made = {"type": ["string", "null"] if field["nullable"] else "string"}
    if field["pattern"]:
        made["pattern"] = field["pattern"]
    elif not field["may_be_empty"]:
        made["minLength"] = 1
    return made


def counts_schema(field: dict) -> dict:
    """An object with a number for each word."""
    number = {"type": "integer", "minimum": 0}
    return {"type": "object", "required": field["words"],
            "properties": {word: number for word in field["words"]}}


def list_schema(field: dict, items: dict) -> dict:
    """A list, which may have to hold something."""
    return {"type": "array", "items": items} | ({"minItems": 1} if field["has_one"] else {})


def field_schema(field: dict, unread: list[str]) -> dict:
    """One field; unread: the fields of its object that say why they are null."""
    kind = field["type"]
    reference = {"$ref": f"#/$defs/{field['object'] or 'address'}"}
    if kind == "text":
        made = text_schema(field)
    elif kind == "address":
        made = {"anyOf": [reference, {"type": "null"}]} if field["nullable"] else reference
    elif kind == "integer":
        made = {"type": ["integer", "null"] if field["nullable"] else "integer", "minimum": 0}
    elif kind == "boolean":
        made = {"type": ["boolean", "null"] if field["nullable"] else "boolean"}
    elif kind == "texts":
        made = list_schema(field, text_schema(field | {"nullable": False}))
    elif kind == "object":
        made = {"anyOf": [reference, {"type": "null"}]} if field["nullable"] else reference
    elif kind == "objects":
        made = list_schema(field, reference)
    elif kind == "counts":
        made = counts_schema(field)
    else:
        made = {"type": "object", "additionalProperties": {"type": "string", "minLength": 1},
                "propertyNames": {"enum": unread}}
    return made | {"description": field["meaning"]}


def object_schema(made_of: dict) -> dict:
    """An object with all its fields; what is only there sometimes is there exactly then."""
    fields = made_of["fields"]
    unread = [f["name"] for f in fields if f["unread"]]
    schema = {"type": "object", "description": made_of["meaning"],
              "required": [f["name"] for f in fields if not f["only_if"][0] and not f["optional"]],
              "properties": {f["name"]: field_schema(f, unread) for f in fields}}
    sometimes = [
        {"if": {"properties": {f["only_if"][0]: {"const": f["only_if"][1]}}},
         "then": {"required": [f["name"]]}, "else": {"not": {"required": [f["name"]]}}}
        for f in fields if f["only_if"][0]]
    return schema | ({"allOf": sometimes} if sometimes else {})


def schema_of(name: str, objects: dict) -> str:
    """The whole schema of a document, as the file holds it."""
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema",
            "$id": f"https://pcipass.invalid/schema/{name}-1.json", "title": f"pcipass.{name}/1"}
    rest = {"additionalProperties": True,
            "$defs": {"address": ADDRESS} | {n: object_schema(o) for n, o in objects.items() if n != name}}
    return json.dumps(head | object_schema(objects[name]) | rest, indent=2, ensure_ascii=False) + "\n"


def with_shared(schema: dict, objects: dict) -> str:
    """The schema of another document that has the host in it, with the host as the rows describe it."""
    without = {n: o | {"fields": [f for f in o["fields"] if not f["survey_only"]]} for n, o in objects.items()}
    schema["$defs"] |= {n: object_schema(without[n]) for n in SHARED if n in schema["$defs"]}
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def type_in_words(field: dict) -> str:
    """What the column "type" of the document says."""
    kind, words = field["type"], field["words"]
    if kind in ("object", "objects"):
        made = f"{'list of ' if kind == 'objects' else ''}[{field['object']}](#{field['object']})"
    elif kind == "texts":
        made = "list of texts"
    elif words and kind == "text":
        made = ", ".join(f"`{w}`" for w in words)
    else:
        made = TYPES.get(kind, "text")
    return made + (" or null" if field["nullable"] else "")


def tables_of(objects: dict) -> str:
    """A section for each object, with a row for each field."""
    parts = []
    for name, made_of in objects.items():
        parts += [f"### {name}\n\n{made_of['meaning']}\n\n| field | type | meaning | since |\n|---|---|---|---|\n"]
        for field in made_of["fields"]:
            when = "Only with `{}` `{}`. ".format(*field["only_if"]) if field["only_if"][0] else ""
            parts.append(f"| `{field['name']}` | {type_in_words(field)} | {when}{field['meaning']} | "
                         f"{field['since'] or FIRST_VERSION} |\n")
        parts.append("\n")
    return BEGIN + "\n" + "".join(parts) + END


def differences(program: str, root: Path, write: bool = False) -> list[str]:
    """Where schema and document are not what the rows say; with write they are made so."""
    documents, wrong = rows_of(program), []
    objects = documents["survey"]
    document = root / "doc/json.md"
    old = document.read_text()
    found = re.search(re.escape(BEGIN) + ".*?" + re.escape(END), old, re.DOTALL)
    if not found:
        return [f"{document.name}: no place for the fields"]
    made = [(root / f"doc/schema/{name}-1.json", schema_of(name, made_of)) for name, made_of in documents.items()]
    made += [(document, old.replace(found.group(), tables_of(objects)))]
    for name in SHARING:
        path = root / f"doc/schema/{name}-1.json"
        made.append((path, with_shared(json.loads(path.read_text()), objects)))
    for path, wanted in made:
        if write:
            path.write_text(wanted)
        elif path.read_text() != wanted:
            wrong.append(f"{path.relative_to(root)}: not what the rows of lib/report/fields-*.c say; "
                         "\"ninja -C build doc-schema\" writes it")
    return wrong


def main() -> int:
    """Says what differs, or writes it."""
    wrong = differences(sys.argv[1], Path(sys.argv[2]), "--write" in sys.argv[3:])
    print("\n".join(wrong) or "ok")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
