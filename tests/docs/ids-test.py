#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Every rule and cure of the judge has its section in the documents, and no section is left over.

usage: ids-test.py SOURCE_ROOT
"""

import re
import sys
from pathlib import Path

RULE = re.compile(r'\.id\s*=\s*"([^"]+)"')
CURE = re.compile(r'\bpp_add_cure(?:_by_free)?\(\s*\w+,\s*"([^"]+)"')
CURE_CALL = re.compile(r"\bpp_add_cure(?:_by_free)?\(")


WAY = re.compile(r'\.cure\s*=\s*"([^"]+)"')


def ids_of_code(judge: Path) -> tuple[set[str], set[str], list[str]]:
    """Rules, cures, and what the patterns above did not understand."""
    rules, cures, wrong = set(), set(), []
    for path in sorted(judge.glob("*.c")):
        text = path.read_text()
        if path.name.startswith("rule-"):
            rules.update(RULE.findall(text))
        found = CURE.findall(text)
        cures.update(found)
        # finding.c defines it; everywhere else the id must stand in the call.
        if path.name != "finding.c" and len(found) != len(CURE_CALL.findall(text)):
            wrong.append(f"{path.name}: a call of pp_add_cure() whose id is not a literal")
    return rules, cures, wrong


def compare(what: str, code: set[str], document: Path, level: str) -> list[str]:
    """A line for each id that one side lacks."""
    sections = re.findall(rf"^{level} ([a-z0-9-]+)$", document.read_text(), re.MULTILINE)
    wrong = [f"{document.name}: no section for the {what} {i}" for i in code - set(sections)]
    wrong += [f"{document.name}: no {what} is called {i}" for i in set(sections) - code]
    wrong += [f"{document.name}: two sections {i}" for i in set(sections) if sections.count(i) > 1]
    return wrong


def rule_cures(root: Path) -> list[str]:
    """Each cure is named by one rule at least."""
    linked = set(re.findall(r"\(cures\.md#([a-z0-9-]+)\)", (root / "doc/rules.md").read_text()))
    cures = ids_of_code(root / "lib/judge")[1]
    return [f"rules.md: no rule leads to the cure {i}" for i in cures - linked]


def main() -> int:
    root = Path(sys.argv[1])
    rules, cures, wrong = ids_of_code(root / "lib/judge")
    if not rules or not cures:
        wrong.append("no rules or no cures found in lib/judge")
    wrong += compare("rule", rules, root / "doc/rules.md", "###")
    cures |= set(WAY.findall((root / "lib/plan/way.c").read_text()))
    wrong += compare("cure", cures, root / "doc/cures.md", "##")
    wrong += rule_cures(root)
    print("\n".join(sorted(wrong)) or f"{len(rules)} rules and {len(cures)} cures, all described")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
