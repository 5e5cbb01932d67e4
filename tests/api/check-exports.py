#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The shared library exports what the public headers declare: no more, no less.

usage: check-exports.py LIBRARY HEADER_FOLDER
"""

import re
import subprocess
import sys
from pathlib import Path

DECLARATION = re.compile(r"^[a-z].*?\b(pp_\w+)\(", re.MULTILINE)


def main() -> int:
    library, headers = sys.argv[1], Path(sys.argv[2])
    declared = {name for path in headers.glob("*.h") for name in DECLARATION.findall(path.read_text())}
    out = subprocess.run(["nm", "-D", "--defined-only", library], capture_output=True, text=True,
                         check=True).stdout
    exported = {line.split()[-1].split("@")[0] for line in out.splitlines() if " T " in line}
    for name in sorted(declared - exported):
        print(f"{name}: declared in a public header, not exported")
    for name in sorted(exported - declared):
        print(f"{name}: exported, in no public header")
    print(f"{len(exported)} functions exported")
    return 1 if declared != exported or not exported else 0


if __name__ == "__main__":
    sys.exit(main())
