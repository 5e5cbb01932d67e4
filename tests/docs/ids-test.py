#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Every rule and remedy has its section in the documents, no section is left over, and the
overviews of remedies and steps, and the schema of a plan, say what their rows say.

usage: ids-test.py LIST_IDS SOURCE_ROOT [--write]
"""

import json
import re
import subprocess
import sys
from pathlib import Path

END = "<!-- end of the overview -->\n"


def rows_of(program: str) -> dict[str, list[list[str]]]:
    """The fields of the rows: of the rules, the remedies and the kinds of steps."""
    lines = subprocess.run([program], check=True, capture_output=True, text=True).stdout.splitlines()
    rows: dict[str, list[list[str]]] = {"rule": [], "remedy": [], "step": []}
    for line in lines:
        what, *fields = line.split("\t")
        rows[what].append(fields)
    return rows


def remedies_table(remedies: list[list[str]]) -> list[str]:
    """All remedies, best first."""
    rows = ["| remedy | what it does | to undo it | reboot |", "|---|---|---|---|"]
    return rows + [f"| [{i}](#{i}) | {summary} | {undo} | {reboot} |" for i, summary, undo, reboot in remedies]


def steps_table(steps: list[list[str]]) -> list[str]:
    """The kinds of steps."""
    rows = ["| step | what it does |", "|---|---|"]
    return rows + [f"| {name} | {summary} |" for name, summary, _ in steps]


def overview_differs(module: str, table: list[str], document: Path, write: bool) -> list[str]:
    """Compares the table in the document, or puts it there."""
    begin = f"<!-- overview: from {module} -->\n"
    text, wanted = document.read_text(), begin + "\n".join(table) + "\n" + END
    found = re.search(re.escape(begin) + ".*?" + re.escape(END), text, re.DOTALL)
    if not found:
        return [f"{document.name}: no overview from {module}"]
    if write:
        document.write_text(text.replace(found.group(), wanted))
    elif found.group() != wanted:
        return [f"{document.name}: the overview is not what {module} says (--write mends it)"]
    return []


def schema_differs(steps: list[list[str]], file: Path) -> list[str]:
    """The kinds of the schema, and the fields of each, are those of the rows."""
    schema = json.loads(file.read_text())
    step = schema["properties"]["steps"]["items"]
    wrong = []
    if step["properties"]["kind"]["enum"] != [name for name, _, _ in steps]:
        wrong.append(f"{file.name}: the kinds of steps are not those of lib/plan")
    for name, _, keys in steps:
        found = step["properties"].get(name, {})
        found = schema["$defs"].get(found.get("$ref", "").removeprefix("#/$defs/"), found)
        if set(found.get("properties", {})) != set(keys.replace("?", "").split()):
            wrong.append(f"{file.name}: the fields of {name} are not those of lib/plan: {keys}")
        must = set(found.get("required", []))
        if must != {key for key in keys.split() if not key.endswith("?")}:
            wrong.append(f"{file.name}: {name} requires {sorted(must)}, lib/plan: {keys}")
        needs = {"if": {"properties": {"kind": {"const": name}}}, "then": {"required": [name]}}
        if keys and needs not in step["allOf"]:
            wrong.append(f"{file.name}: a step {name} without its fields is taken")
    return wrong


def compare(what: str, code: set[str], document: Path, level: str) -> list[str]:
    """A line for each id that one side lacks."""
    sections = re.findall(rf"^{level} ([a-z0-9-]+)$", document.read_text(), re.MULTILINE)
    wrong = [f"{document.name}: no section for the {what} {i}" for i in code - set(sections)]
    wrong += [f"{document.name}: no {what} is called {i}" for i in set(sections) - code]
    wrong += [f"{document.name}: two sections {i}" for i in set(sections) if sections.count(i) > 1]
    return wrong


def targets_differ(rules: list[list[str]], document: Path) -> list[str]:
    """Whom a rule speaks for: a line "- for:", unless it is KVM alone."""
    wrong = []
    sections = re.split(r"^### ", document.read_text(), flags=re.MULTILINE)[1:]
    said = {s.split("\n", 1)[0]: re.findall(r"^- for: (.*)$", s, re.MULTILINE) for s in sections}
    for name, _, whom in rules:
        wanted = [] if whom == "KVM" else [whom]
        if said.get(name, []) != wanted:
            wrong.append(f"{document.name}: {name} is for {whom}, its section says {said.get(name)}")
    return wrong


def unlinked(remedies: set[str], root: Path) -> list[str]:
    """Each remedy is named by one rule at least; another slot is only ever asked for."""
    linked = set(re.findall(r"\(remedies\.md#([a-z0-9-]+)\)", (root / "doc/rules.md").read_text()))
    return [f"rules.md: no rule leads to {i}" for i in remedies - linked - {"another-slot"}]


def main() -> int:
    root = Path(sys.argv[2])
    rows, write = rows_of(sys.argv[1]), "--write" in sys.argv
    rules, remedies = ({row[0] for row in rows[what]} for what in ("rule", "remedy"))
    wrong = [f"no {what} found" for what, found in rows.items() if not found]
    wrong += compare("rule", rules, root / "doc/rules.md", "###")
    wrong += compare("remedy", remedies, root / "doc/remedies.md", "##")
    wrong += unlinked(remedies, root)
    wrong += targets_differ(rows["rule"], root / "doc/rules.md")
    for module, table in (("lib/remedy", remedies_table(rows["remedy"])),
                          ("lib/plan", steps_table(rows["step"]))):
        wrong += overview_differs(module, table, root / "doc/remedies.md", write)
    wrong += schema_differs(rows["step"], root / "doc/schema/plan-1.json")
    print("\n".join(sorted(wrong)) or f"{len(rules)} rules, {len(remedies)} remedies and "
          f"{len(rows['step'])} kinds of steps, all described")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
