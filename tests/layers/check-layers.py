#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A module includes headers of its own and of modules in the layers below, never of those above.

usage: check-layers.py SOURCE_ROOT
"""

import re
import sys
from pathlib import Path

# Lowest first; modules of one layer do not know each other.
LAYERS = [
    {"base"},
    {"lazy", "sys"},
    {"acpi", "pci", "smbios", "source", "conrep"},
    {"host", "import", "override", "store"},
    {"remedy"},
    {"judge", "settings"},
    {"plan", "log"},
    {"report", "inuse"},
    {"emit", "txn"},
    {"attach", "boot"},
    {"apply"},
]
INCLUDE = re.compile(r'^\s*#include\s+"([a-z]+)/', re.MULTILINE)


def layer_of(module: str) -> int:
    """The layer of a module; every module has one."""
    for number, modules in enumerate(LAYERS):
        if module in modules:
            return number
    raise SystemExit(f"lib/{module}: in no layer; give it one in {__file__}")


def main() -> int:
    root = Path(sys.argv[1]) / "lib"
    wrong, seen = [], 0
    for path in sorted(root.glob("*/*.[ch]")):
        module = path.parent.name
        for other in INCLUDE.findall(path.read_text()):
            seen += 1
            if other != module and layer_of(other) >= layer_of(module):
                wrong.append(f"{path.relative_to(root)} includes {other}/: no layer below it")
    print("\n".join(wrong) or f"{seen} includes, all point down")
    return 1 if wrong or not seen else 0


if __name__ == "__main__":
    sys.exit(main())
