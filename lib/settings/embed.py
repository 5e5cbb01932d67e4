#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Writes a file's bytes as a C array, to be compiled in. usage: embed.py FILE NAME OUTPUT"""

import sys
from pathlib import Path

PER_LINE = 16


def main() -> None:
    source, name, output = sys.argv[1:]
    data = Path(source).read_bytes()
    rows = (", ".join(f"0x{byte:02x}" for byte in data[i:i + PER_LINE])
            for i in range(0, len(data), PER_LINE))
    Path(output).write_text(f"/* Made from {Path(source).name}. */\n"
                            f"static const unsigned char {name}[] = {{\n"
                            + "".join(f"\t{row},\n" for row in rows) + "};\n")


main()
