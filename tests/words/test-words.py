#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Words that were given up do not return: renamed identifiers, and phrases of the texts. And each
source begins with what it is.

usage: test-words.py SOURCE_ROOT
"""

import re
import subprocess
import sys
from pathlib import Path

CODE = ("lib", "cli", "include", "tests", "fuzz", "lab")
TEXTS = ("lib", "cli", "include", "man", "doc", "README.md", "CONTRIBUTING.md", "SECURITY.md")


def rows(path: Path) -> list[list[str]]:
    """The fields of every line but comments; one line at the least."""
    lines = [x for x in path.read_text().splitlines() if x and not x.startswith("#")]
    assert lines, f"{path}: empty"
    return [x.split("\t") if "\t" in x else x.split() for x in lines]


def files(root: Path, *places: str) -> list[Path]:
    """The files that git knows, or all where this is no checkout."""
    done = subprocess.run(["git", "-C", root, "ls-files", "-z", *places], capture_output=True,
                          text=True, check=False)
    if not done.returncode and done.stdout:
        found = [root / p for p in done.stdout.split("\0") if p]
    else:
        found = [p for place in places for p in [root / place, *(root / place).rglob("*")]]
    here = Path(__file__).resolve().parent
    return [p for p in found if p.is_file() and here not in p.resolve().parents
            and "decisions" not in p.parts and "corpus" not in p.parts]


def text_of(path: Path) -> str:
    """What is no text is empty."""
    try:
        return path.read_text()
    except UnicodeDecodeError:
        return ""


def main() -> int:
    root, here = Path(sys.argv[1]).resolve(), Path(__file__).resolve().parent
    renamed = {old: new for old, new in rows(here / "renamed")}
    phrases = [(re.compile(old, re.IGNORECASE), new) for old, new in rows(here / "phrases")]
    wrong, seen = [], 0
    old_names = re.compile(r"\b(?:" + "|".join(map(re.escape, renamed)) + r")\b")
    for path in files(root, *CODE):
        if path.suffix == ".c" and not text_of(path).split("\n", 2)[1].startswith("/*"):
            wrong.append(f"{path.relative_to(root)}: its second line does not say what it is")
        if path.suffix in (".c", ".h", ".py", ".build", ".map"):
            seen += 1
            for found in old_names.findall(text_of(path)):
                wrong.append(f"{path.relative_to(root)}: {found} is called {renamed[found]} now")
    for path in files(root, *TEXTS):
        for number, line in enumerate(text_of(path).splitlines(), 1):
            wrong += [f"{path.relative_to(root)}:{number}: '{p.search(line).group()}', "
                      f"write '{new}'" for p, new in phrases if p.search(line)]
    print("\n".join(wrong) or f"{len(renamed)} names and {len(phrases)} phrases, none in {seen} files")
    return 1 if wrong or not seen else 0


if __name__ == "__main__":
    sys.exit(main())
