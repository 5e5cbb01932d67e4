#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Every rule and remedy has its section in the documents, no section is left over, and the
overview of the remedies says what their rows say.

usage: ids-test.py LIST_IDS SOURCE_ROOT [--write]
"""

import re
import subprocess
import sys
from pathlib import Path

BEGIN, END = "<!-- overview: from lib/remedy -->\n", "<!-- end of the overview -->\n"


def rows_of(program: str) -> tuple[set[str], list[list[str]]]:
    """The ids of the rules, and the fields of the remedies."""
    lines = subprocess.run([program], check=True, capture_output=True, text=True).stdout.splitlines()
    fields = [line.split("\t") for line in lines]
    return {f[1] for f in fields if f[0] == "rule"}, [f[1:] for f in fields if f[0] == "remedy"]


def overview(remedies: list[list[str]]) -> str:
    """The table of all remedies, best first."""
    rows = ["| remedy | what it is | the way back | reboot |", "|---|---|---|---|"]
    rows += [f"| [{i}](#{i}) | {summary} | {undo} | {reboot} |" for i, summary, undo, reboot in remedies]
    return BEGIN + "\n".join(rows) + "\n" + END


def overview_differs(remedies: list[list[str]], document: Path, write: bool) -> list[str]:
    """Compares the table in the document, or puts it there."""
    text, wanted = document.read_text(), overview(remedies)
    found = re.search(re.escape(BEGIN) + ".*?" + re.escape(END), text, re.DOTALL)
    if not found:
        return [f"{document.name}: no overview"]
    if write:
        document.write_text(text.replace(found.group(), wanted))
    elif found.group() != wanted:
        return [f"{document.name}: the overview is not what lib/remedy says (--write mends it)"]
    return []


def compare(what: str, code: set[str], document: Path, level: str) -> list[str]:
    """A line for each id that one side lacks."""
    sections = re.findall(rf"^{level} ([a-z0-9-]+)$", document.read_text(), re.MULTILINE)
    wrong = [f"{document.name}: no section for the {what} {i}" for i in code - set(sections)]
    wrong += [f"{document.name}: no {what} is called {i}" for i in set(sections) - code]
    wrong += [f"{document.name}: two sections {i}" for i in set(sections) if sections.count(i) > 1]
    return wrong


def unlinked(remedies: set[str], root: Path) -> list[str]:
    """Each remedy is named by one rule at least; another slot is only ever asked for."""
    linked = set(re.findall(r"\(remedies\.md#([a-z0-9-]+)\)", (root / "doc/rules.md").read_text()))
    return [f"rules.md: no rule leads to {i}" for i in remedies - linked - {"another-slot"}]


def main() -> int:
    root = Path(sys.argv[2])
    rules, rows = rows_of(sys.argv[1])
    remedies, wrong = {row[0] for row in rows}, []
    if not rules or not remedies:
        wrong.append("no rules or no remedies found")
    wrong += compare("rule", rules, root / "doc/rules.md", "###")
    wrong += compare("remedy", remedies, root / "doc/remedies.md", "##")
    wrong += unlinked(remedies, root)
    wrong += overview_differs(rows, root / "doc/remedies.md", "--write" in sys.argv)
    print("\n".join(sorted(wrong)) or f"{len(rules)} rules and {len(remedies)} remedies, all described")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
