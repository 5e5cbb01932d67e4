#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The fields of structures, as rows for test-facts.c: of those that hold what is known of a host.

usage: fields.py SOURCE_ROOT >fields.h
"""

import re
import sys
from pathlib import Path

STRUCTURES = (("lib/host/host.h", "pp_host"), ("lib/host/host.h", "pp_kernel"), ("lib/host/host.h", "pp_device"),
              ("lib/pci/config.h", "pp_config"), ("lib/host/on-windows.h", "pp_windows"),
              ("lib/host/on-windows.h", "pp_windows_device"))


def fields(text: str, name: str) -> list[str]:
    """A structure inside of it counts as one field."""
    body = re.search(rf"^struct {name} \{{(.*?)^\}};", re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL), re.DOTALL | re.MULTILINE)
    assert body, name
    declarations = re.sub(r"\[[^]]*\]", "", re.sub(r"\{[^{}]*\}", "", body[1])).split(";")
    return [re.findall(r"\w+", part)[-1] for d in declarations if d.strip() for part in d.split(",")]


if __name__ == "__main__":
    for path, structure in STRUCTURES:
        for field in fields(Path(sys.argv[1], path).read_text(), structure):
            print(f"FIELD({structure}, {field})")
