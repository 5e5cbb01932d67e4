#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The C sources have the form that clang-format gives them.

usage: format-test.py SOURCE_ROOT

Skipped where clang-format is another than version 14: each version breaks some lines differently.
"""

import re
import shutil
import subprocess
import sys
from pathlib import Path

VERSION = "14"
DIRECTORIES = ("lib", "cli", "include", "tests", "fuzz", "bench", "lab")


def find_program() -> str:
    """clang-format of that version, or ""."""
    for name in (f"clang-format-{VERSION}", "clang-format"):
        if shutil.which(name):
            shown = subprocess.run([name, "--version"], check=True, capture_output=True, text=True).stdout
            if re.search(rf"version {VERSION}\.", shown):
                return name
    return ""


def main() -> int:
    root = Path(sys.argv[1])
    program = find_program()
    if not program:
        print(f"skipped: no clang-format {VERSION}")
        return 77
    files = sorted(p for d in DIRECTORIES for p in (root / d).rglob("*.[ch]"))
    done = subprocess.run([program, "--dry-run", *map(str, files)], check=False, capture_output=True, text=True)
    wrong = sorted({(m[1], int(m[2])) for m in re.finditer(r"^(.+?):(\d+):\d+: warning:", done.stderr, re.MULTILINE)})
    for path, line in wrong:
        print(f"{Path(path).relative_to(root)}:{line}: clang-format -i gives it another form")
    if done.returncode:
        print(done.stderr)
    print(f"{len(files)} files")
    return 1 if wrong or done.returncode or not files else 0


if __name__ == "__main__":
    sys.exit(main())
