#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Puts style and script into the page, and their hashes into its Content-Security-Policy, and writes
it as a C string. The files of the script become one, in this order.

usage: assemble.py OUTPUT page.html page.css FILE.js..."""

import base64
import hashlib
import sys
from pathlib import Path

PER_LINE = 16


def hash_of(text: str) -> str:
    return "'sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() + "'"


def put(page: str, place: str, text: str) -> str:
    mark = f"<!--assemble:{place}-->"
    if page.count(mark) != 1:
        sys.exit(f"assemble.py: {mark} is there {page.count(mark)} times, need once")
    return page.replace(mark, text)


def main() -> None:
    page, style, *parts = (Path(name).read_text(encoding="utf-8") for name in sys.argv[2:])
    script = "\n".join(parts)
    for text in (style, script):
        # Either would end the element, or open a comment in it; a place is the program's to fill.
        if "</" in text or "<!--" in text:
            sys.exit("assemble.py: the style and the script must not contain </ or <!--")
    policy = (f"default-src 'none'; style-src {hash_of(style)}; script-src {hash_of(script)}; "
              "base-uri 'none'; form-action 'none'")
    page = put(page, "policy", policy)
    page = put(page, "style", style)
    page = put(page, "script", script)
    data = page.encode() + b"\0"
    rows = (", ".join(f"0x{byte:02x}" for byte in data[i:i + PER_LINE])
            for i in range(0, len(data), PER_LINE))
    Path(sys.argv[1]).write_text("/* Made from lib/report/page. */\n"
                                 "static const unsigned char page_bytes[] = {\n"
                                 + "".join(f"\t{row},\n" for row in rows) + "};\n")


main()
