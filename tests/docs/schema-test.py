#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Validates what --json writes against doc/schema, on every machine that is at hand.

usage: schema-test.py PCIPASS SOURCE_ROOT MAKE_ATTACH_DOCUMENT LIST_FIELDS

Recorded machines, bare tables, the sample machines and the live host. Attempts to attach are made on a
machine that is not there. The schemas themselves are tested too: no field is written that they do not describe, and they miss no field that goes missing.
"""

import contextlib
import copy
import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

try:
    from jsonschema import Draft202012Validator as Validator
except ImportError:
    print("skipped: python3-jsonschema is not installed")
    sys.exit(77)

sys.path[:0] = [str(Path(__file__).resolve().parent.parent / name) for name in ("harness", "machines")]
import fields  # noqa: E402
from machinery.command import make  # noqa: E402
from machinery.model import MissingData  # noqa: E402
from subset import IS_SANITIZED, some, thin  # noqa: E402

NAMES = ("survey", "reserved", "check", "groups", "kernels", "attach", "settings", "changes", "plan",
         "verify", "log", "slots", "status", "unknown")
ATTEMPTS = ("attached", "nodes", "refused", "not-tried", "stopped", "left")


def closed(schema: object) -> object:
    """The schema with every object that lists its fields closed to others."""
    if isinstance(schema, list):
        return [closed(s) for s in schema]
    if not isinstance(schema, dict):
        return schema
    made = {k: v if k in ("if", "then", "else") else closed(v) for k, v in schema.items()}
    if isinstance(schema.get("properties"), dict):
        made["additionalProperties"] = False
    return made


def kinds(document: dict) -> set[str]:
    """What sorts of things a document holds: of each sort one is kept."""
    found = {r["source"] for r in document.get("regions", []) if "source" in r}
    found |= {document[k] for k in ("result", "source") if k in document}
    found |= {f["effect"] for d in document.get("devices", [])
              if isinstance(d, dict) for f in d.get("findings", [])}
    found |= {x["kind"] for x in document.get("settings", [])}
    found |= {"changes" for x in document.get("changes", [])[:1]}
    found |= {s["kind"] for s in document.get("steps", []) if "kind" in s}
    found |= {s["override"]["table"] for s in document.get("steps", []) if "override" in s}
    return found or {"plain"}


class Schemas:
    """The published schemas, strict and as published, and what was held against them."""

    def __init__(self, directory: Path) -> None:
        self.published, self.strict = {}, {}
        for name in NAMES:
            schema = json.loads((directory / f"{name}-1.json").read_text())
            Validator.check_schema(schema)
            self.published[name] = Validator(schema)
            self.strict[name] = Validator(closed(schema))
        self.counts: Counter = Counter()
        self.wrong: list[str] = []
        self.kept: dict[str, dict[str, dict]] = {name: {} for name in NAMES}

    def hold(self, name: str, where: str, document: dict) -> None:
        """Validates a document; keeps some to take fields away from."""
        self.counts[name] += 1
        for error in list(self.strict[name].iter_errors(document))[:3]:
            self.wrong.append(f"{where}: {name}: {error.json_path}: {error.message[:300]}"
                              + "".join(f"; {c.message[:120]}" for c in error.context[:6]))
        if document.get("schema") != f"pcipass.{name}/1":
            self.wrong.append(f"{where}: schema is {document.get('schema')}")
        for kind in kinds(document):
            self.kept[name].setdefault(kind, document)


def run(pcipass: str, args: list, wrong: list[str], allowed=(0, 3)) -> dict | None:
    """The document, None where there is none; an unexpected end is noted."""
    done = subprocess.run([pcipass, *args], capture_output=True, check=False)
    where = " ".join(map(str, args))
    if done.returncode not in allowed:
        wrong.append(f"{where}: exit {done.returncode}: {done.stderr.decode()[-500:]}")
        return None
    if not done.stdout:
        return None
    if not done.stdout.endswith(b"}\n"):
        wrong.append(f"{where}: the document does not end in a newline")
    return json.loads(done.stdout)


def plans(pcipass: str, head: list, where: str, address: str, s: Schemas) -> None:
    """Plans for a device by each way there is, and whether the host is already as they want it."""
    ways, seen = [None], set()
    while ways:
        way = ways.pop()
        if way in seen:
            continue
        seen.add(way)
        plan = run(pcipass, [*head, "free", address, "--dry-run", *(["--by", way] if way else [])],
                   s.wrong, (0, 1, 3))
        if not plan:
            continue
        s.hold("plan", f"{where} {address}", plan)
        ways += [a["remedy"] for a in plan["alternatives"] if a["possible"]]
        with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
            json.dump(plan, file)
            file.flush()
            answer = run(pcipass, [*head, "verify", "--plan", file.name], s.wrong, (0, 1, 3))
        if answer:
            s.hold("verify", f"{where} {address}", answer)


def look(pcipass: str, path: Path | None, s: Schemas, deep: bool = True) -> None:
    """Survey, reserved; if deep, explain and check for one device of each verdict."""
    head = ["--from", str(path)] if path else []
    where = str(path or "live")
    survey = run(pcipass, [*head, "--json"], s.wrong)
    reserved = run(pcipass, [*head, "--json", "reserved"], s.wrong)
    if reserved:
        s.hold("reserved", where, reserved)
    for options in ([], ["--computed"]):
        document = run(pcipass, [*head, "--json", "groups", *options], s.wrong)
        if document:
            s.hold("groups", where, document)
    document = run(pcipass, [*head, "--json", "slots"], s.wrong, (0, 3))
    if document:
        s.hold("slots", where, document)
    log = Path(__file__).parent.parent / "log/lines"
    document = run(pcipass, [*head, "--json", "explain", "--log", str(log)], s.wrong)
    if document:
        s.hold("log", where, document)
    document = run(pcipass, [*head, "--json", "--kernel", "all"], s.wrong) if deep else None
    if document:
        s.hold("kernels", where, document)
    if not survey:
        return
    s.hold("survey", where, survey)
    s.wrong += [f"{where}: {d['address']}: unread has {k}, and {k} is not null"
                for d in survey["devices"] for k in d["unread"] if d[k] is not None]
    first = {d["verdict"]: d["address"] for d in reversed(survey["devices"])}
    if Counter(d["verdict"] for d in survey["devices"]) != Counter(
            {k: v for k, v in survey["summary"].items() if k != "devices" and v}):
        s.wrong.append(f"{where}: the summary does not count the devices")
    for verdict, address in first.items() if deep else ():
        one = run(pcipass, [*head, "--json", "check", address], s.wrong, (0, 1, 3))
        if one:
            s.hold("check", where, one)
            if one["verdict"] != verdict or one["address"] != address:
                s.wrong.append(f"{where}: check {address}: {one}, the survey says {verdict}")
        if path and verdict != "not-endpoint":
            plans(pcipass, [*head, "--json"], where, address, s)
        part = run(pcipass, [*head, "--json", "explain", address], s.wrong)
        if part:
            s.hold("survey", where, part)
            if [d["address"] for d in part["devices"]] != [address]:
                s.wrong.append(f"{where}: explain {address} gave other devices")


def look_at_many(pcipass: str, directory: Path, s: Schemas) -> None:
    """Many hosts, a document a line; one of them is broken."""
    (directory / "broken.tar").write_bytes(b"")
    for options in ([], ["--for", "all"]):
        done = subprocess.run([pcipass, "survey", "--json", "--from", directory, *options], capture_output=True, check=False)
        for line in done.stdout.splitlines():
            document = json.loads(line)
            s.hold(document["schema"].split(".")[1].split("/")[0], "many hosts", document)
    if not s.counts["unknown"]:
        s.wrong.append("many hosts: the broken one has no document")


def attempts(maker: str, s: Schemas) -> None:
    """Each way in which an attempt can end."""
    for kind in ATTEMPTS:
        document = run(maker, ["json", kind], s.wrong)
        if not document:
            continue
        s.hold("attach", kind, document)
        ended = document["result"] if document["restored"] else "left"
        if kind == "nodes" and "detach-ioas" in [x["step"] for x in document["steps"]]:
            ended = "nodes" if ended == "attached" else ended
        if ended != kind or bool(document["to_restore"]) != (kind == "left"):
            s.wrong.append(f"{kind}: the document says {ended}")
def look_at_settings(pcipass: str, root: Path, directory: Path, s: Schemas) -> None:
    """Each kind of setting, and changes that are shown, written and left out, on an image."""
    schema = root / "schemas/lab.xml"
    identity = directory / "lab/sys/class/dmi/id"
    identity.mkdir(parents=True)
    (identity / "product_name").write_text("ProLiant Lab\n")
    with_store = ["--store", f"image:{directory}/image", "--schema", str(schema)]
    run(pcipass, ["settings", "image", directory / "image", "--from", directory / "lab", *with_store[2:]], s.wrong)
    listed = run(pcipass, ["settings", "list", "--json", *with_store], s.wrong)
    if not listed:
        s.wrong.append("settings list: no document")
        return
    s.hold("settings", "lab.xml", listed)
    kinds_seen = {x["kind"] for x in listed["settings"]}
    if "enum" not in kinds_seen or "records" not in kinds_seen:
        s.wrong.append(f"lab.xml: only {kinds_seen}")
    enum = next(x for x in listed["settings"] if x["kind"] == "enum" and len(x["values"]) > 1)
    wish = f"{enum['name']}={next(v for v in enum['values'] if v != enum['value'])}"
    saved = directory / "saved.dat"
    run(pcipass, ["settings", "save", "-o", saved, *with_store], s.wrong)
    for arguments, code in ((["set", wish, "--dry-run"], 0), (["set", wish], 0), (["set", wish], 0),
                            (["diff", saved], 1)):
        document = run(pcipass, ["settings", *arguments, "--json", *with_store], s.wrong, (code,))
        if document:
            s.hold("changes", " ".join(map(str, arguments)), document)
    if s.counts["changes"] != 4:
        s.wrong.append("settings: a document of changes is missing")


def without_each_field(value: object, path: str = ""):
    """Copies of a document, in each of which one field of one object is gone; with its path."""
    if isinstance(value, list):
        sorts = set()
        for i, item in enumerate(value):
            sort = str(sorted(item)) + str(item.get("source")) if isinstance(item, dict) else ""
            if sort in sorts:
                continue
            sorts.add(sort)
            for where, made in without_each_field(item, path):
                yield where, value[:i] + [made] + value[i + 1:]
    elif isinstance(value, dict):
        for key in value:
            made = copy.copy(value)
            del made[key]
            yield f"{path}.{key}", made
            for where, inner in without_each_field(value[key], f"{path}.{key}"):
                yield where, {**value, key: inner}


def test_schemas(s: Schemas) -> None:
    """A document that lacks a field is refused."""
    for name in NAMES:
        for document in s.kept[name].values():
            for where, made in without_each_field(document):
                # a device's unread tells only of what is null
                if ".devices.unread." in where or where in (".unread.log", ".unread.groups"):
                    continue
                # missing where nothing is to be said
                if (name, where) == ("plan", ".isolation"):
                    continue
                s.counts["refused"] += 1
                if s.published[name].is_valid(made):
                    s.wrong.append(f"{name}: not missed when gone: {where}")


def samples(root: Path, directory: Path) -> list[Path]:
    """The sample machines, made into directory."""
    machines, made = root / "tests/machines", []
    for recipe in sorted(machines.glob("*.machine")):
        path = directory / f"{recipe.stem}.tar.gz"
        with contextlib.suppress(MissingData):
            make(recipe, "-o", path)
            made.append(path)
    return made


def main() -> int:
    pcipass, root = sys.argv[1], Path(sys.argv[2])
    data = Path(os.environ.get("PCIPASS_TEST_DATA", "/nonexistent"))
    s = Schemas(root / "doc/schema")
    s.wrong += fields.differences(sys.argv[4], root)
    look(pcipass, None, s)
    document = run(pcipass, ["status", "--json"], s.wrong, (0, 1, 3))
    if document:
        s.hold("status", "live", document)
    attempts(sys.argv[3], s)
    recorded = sorted(data.glob("truth/*/capture.tar.gz"))
    with tempfile.TemporaryDirectory() as temporary:
        made = samples(root, Path(temporary))
        look_at_many(pcipass, Path(temporary), s)
        thorough = some(made, 16)
        for path in some(made, 4):
            look(pcipass, path, s, deep=path in thorough)
        look_at_settings(pcipass, root, Path(temporary), s)
    for i, path in enumerate(some(recorded, 24)):
        look(pcipass, path, s, deep=i % 4 == 0)
    for table in thin(sorted(data.glob("acpi/*/*.bin")), 3):
        document = run(pcipass, ["--from", str(table), "--json", "reserved"], s.wrong)
        if document:
            s.hold("reserved", table.name, document)
    if not IS_SANITIZED:
        test_schemas(s)
    for line in sorted(set(s.wrong))[:60]:
        print(line)
    print(", ".join(f"{k} {v}" for k, v in sorted(s.counts.items())))
    if s.wrong:
        return 1
    if not recorded:
        print(f"skipped: no recorded machines in {data}; the live host and the samples were looked at")
    return 0


if __name__ == "__main__":
    sys.exit(main())
