#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A room includes headers of its own and of rooms on the floors below, never of those above.

usage: check-floors.py SOURCE_ROOT
"""

import re
import sys
from pathlib import Path

# Lowest first; rooms on one floor do not know each other unless named in ALSO.
FLOORS = [
    {"base"},
    {"sys"},
    {"acpi", "pci", "smbios", "source", "conrep"},
    {"host", "store", "override"},
    {"remedy"},
    {"judge", "settings"},
    {"plan"},
    {"report", "use"},
    {"emit", "txn"},
    {"attach", "boot"},
    {"apply"},
]
INCLUDE = re.compile(r'^\s*#include\s+"([a-z]+)/', re.MULTILINE)


def floor_of(room: str) -> int:
    """The floor a room is on; every room must have one."""
    for number, rooms in enumerate(FLOORS):
        if room in rooms:
            return number
    raise SystemExit(f"lib/{room}: on no floor; give it one in {__file__}")


def main() -> int:
    root = Path(sys.argv[1]) / "lib"
    wrong, seen = [], 0
    for path in sorted(root.glob("*/*.[ch]")):
        room = path.parent.name
        for other in INCLUDE.findall(path.read_text()):
            seen += 1
            if other != room and floor_of(other) >= floor_of(room):
                wrong.append(f"{path.relative_to(root)} includes {other}/: no floor below it")
    print("\n".join(wrong) or f"{seen} includes, all point down")
    return 1 if wrong or not seen else 0


if __name__ == "__main__":
    sys.exit(main())
