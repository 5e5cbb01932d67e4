#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Each source file begins with its licence and a sentence on what it is.

usage: begins-test.py SOURCE_ROOT
"""

import re
import sys
from pathlib import Path

DIRECTORIES = ("lib", "cli", "include", "tests", "fuzz", "bench", "lab", "windows")
BEGINS = {
    ".c": re.compile(r"/\* SPDX-License-Identifier: \S+ \*/\n\n?/\*\s(?:\* )?\s*\S+ \S"),
    ".py": re.compile(r"(?:#!.*\n)?# SPDX-License-Identifier: \S+\n\n?(?:\"\"\"|# )\S+ \S"),
}
BEGINS[".h"] = BEGINS[".c"]


def main() -> int:
    root = Path(sys.argv[1])
    files = [p for d in DIRECTORIES for p in sorted((root / d).rglob("*")) if p.suffix in BEGINS]
    wrong = [p for p in files if p.stat().st_size and not BEGINS[p.suffix].match(p.read_text())]
    for path in wrong:
        print(f"{path.relative_to(root)}: does not begin with its licence and what it is")
    print(f"{len(files)} files")
    return 1 if wrong or not files else 0


if __name__ == "__main__":
    sys.exit(main())
