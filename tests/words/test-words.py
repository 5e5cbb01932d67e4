#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Words that were given up do not return: renamed identifiers, and phrases of the texts. And each
source begins with what it is.

usage: test-words.py SOURCE_ROOT
"""

import re
import shutil
import subprocess
import sys
from pathlib import Path

# What a person reads of C: comments and strings.
READ = re.compile(r'"(?:\\.|[^"\\\n])*"|/\*.*?\*/|//[^\n]*', re.DOTALL)
CODE = ("lib", "cli", "include", "tests", "fuzz", "lab")
TEXTS = ("lib", "cli", "include", "man", "doc", "README.md", "CONTRIBUTING.md", "SECURITY.md")


def rows(path: Path) -> list[list[str]]:
    """The fields of every line but comments; one line at the least."""
    lines = [x for x in path.read_text().splitlines() if x and not x.startswith("#")]
    assert lines, f"{path}: empty"
    return [x.split("\t") if "\t" in x else x.split() for x in lines]


def files(root: Path, *places: str) -> list[Path]:
    """The files that git knows, or all where this is no checkout."""
    git = shutil.which("git")
    done = subprocess.run([git, "-C", root, "ls-files", "-z", *places], capture_output=True,
                          text=True, check=False) if git else None
    if done and not done.returncode and done.stdout:
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


def read_part(path: Path, text: str) -> str:
    """The text with everything blanked that is neither comment nor string."""
    if path.suffix not in (".c", ".h"):
        return text
    blank, at = [], 0
    for found in READ.finditer(text):
        blank += [re.sub(r"[^\n]", " ", text[at:found.start()]), found.group()]
        at = found.end()
    return "".join(blank)


def main() -> int:
    root, here = Path(sys.argv[1]).resolve(), Path(__file__).resolve().parent
    renamed = {old: new for old, new in rows(here / "renamed")}
    phrases = [(re.compile(row[0], re.IGNORECASE), row[1], row[2:] == ["text"])
               for row in rows(here / "phrases")]
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
        text = text_of(path)
        lines = zip(text.split("\n"), read_part(path, text).split("\n"))
        for number, (line, said) in enumerate(lines, 1):
            wrong += [f"{path.relative_to(root)}:{number}: '{found.group()}', write '{new}'"
                      for p, new, only in phrases if (found := p.search(said if only else line))]
    print("\n".join(wrong) or f"{len(renamed)} names and {len(phrases)} phrases, none in {seen} files")
    return 1 if wrong or not seen else 0


if __name__ == "__main__":
    sys.exit(main())
