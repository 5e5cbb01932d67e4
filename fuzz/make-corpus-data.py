#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Writes the inputs of fuzz-data that are not plain ASCII, each behind the digit of its schema.

usage: make-corpus-data.py FOLDER
"""

import sys
from pathlib import Path

DECLARED = '<?xml version="1.0" encoding="{}"?>\r\n'
SLOTS = ('<Conrep version="5.2.0.0">\r\n  <Section name="RMRDS_Slot2" helptext="f\u00fcr \u20ac">'
         "Endpoints_Excluded</Section>\r\n</Conrep>\r\n")
LATIN = SLOTS.replace("\u20ac", "")


def marked(text: str, encoding: str) -> bytes:
    """With a byte order mark, as editors and shells of Windows write it."""
    return ("\ufeff" + text).encode(encoding)


INPUTS = {
    "out-file": marked(SLOTS, "utf-16-le"),
    "out-file-declared": marked(DECLARED.format("UTF-8") + SLOTS, "utf-16-le"),
    "utf-16-big": marked(SLOTS + "\U0001f600", "utf-16-be"),
    "utf-16-odd": marked(SLOTS, "utf-16-le")[:-1],
    "utf-16-surrogate": marked(SLOTS[:-9], "utf-16-le") + b"\0\xdc\0\xd8",
    "utf-16-nul": marked(SLOTS.replace("\u20ac", "\0"), "utf-16-le"),
    "utf-16-marks": marked("\ufeff" + SLOTS, "utf-16-be"),
    "utf-16-unmarked": SLOTS.encode("utf-16-le"),
    "utf-16-not": (DECLARED.format("UTF-16") + LATIN).encode("iso-8859-1"),
    "utf-8-marked": marked(DECLARED.format("windows-1252") + SLOTS, "utf-8"),
    "utf-8-not": (DECLARED.format("UTF-8") + LATIN).encode("iso-8859-1"),
    "latin1": (DECLARED.format("ISO-8859-1") + LATIN).encode("iso-8859-1"),
    "windows-1252": (DECLARED.format("windows-1252") + SLOTS).encode("cp1252"),
    "windows-1252-not": (DECLARED.format("windows-1252") + LATIN).encode("cp1252") + b"\x81",
}


def main() -> int:
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in INPUTS.items():
        (folder / name).write_bytes(b"0" + content)
    return 0


if __name__ == "__main__":
    sys.exit(main())
