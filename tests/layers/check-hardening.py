#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The program and the library are built so that an overrun or a wild jump ends the process.

Looks at what the toolchain writes into a file: position independence, tables that are read-only before main(),
a stack without code, canaries, checked copies, and on x86 and Arm the instructions that a guarded branch must land
on. What a compiler does not have, meson leaves out, and says so.

usage: check-hardening.py [--optimized] [--option OPTION]... FILE...
"""

import argparse
import re
import subprocess
import sys


def readelf(option: str, path: str) -> str:
    return subprocess.run(["readelf", "-W", option, path], capture_output=True, text=True, check=True).stdout


def code(path: str) -> str:
    return subprocess.run(["objdump", "-d", "--section=.text", path], capture_output=True, text=True, check=True).stdout


def faults(path: str, options: list, optimized: bool) -> list:
    """What is not as it should be."""
    segments, dynamic, symbols = readelf("-l", path), readelf("-d", path), readelf("-s", path)
    found = []
    if not re.search(r"Type:\s+DYN", readelf("-h", path)):
        found.append("not position independent")
    if "GNU_RELRO" not in segments:
        found.append("no part that is read-only after relocation (RELRO)")
    if not re.search(r"BIND_NOW|FLAGS_1.*\bNOW\b", dynamic):
        found.append("symbols are bound late (no BIND_NOW)")
    stack = re.search(r"GNU_STACK\s.*\s([R W E]{3})\s+0x", segments)
    if not stack or "E" in stack[1]:
        found.append("a stack with code")
    if "-fstack-protector-strong" in options and "__stack_chk_fail" not in symbols:
        found.append("no canary on the stack")
    if optimized and not re.search(r"__(mem|str|vsn|sn|f?printf|read)\w*_chk", symbols):
        found.append("no checked copy (_FORTIFY_SOURCE)")
    # The file as a whole is marked only where the C library's own objects are, which Debian's are not.
    landing = {"-fcf-protection=full": "endbr64", "-mbranch-protection=standard": r"paciasp|bti\s"}
    for option, instruction in landing.items():
        if option in options and len(re.findall(instruction, code(path))) < 100:
            found.append(f"functions do not begin with {instruction} ({option})")
    return [f"{path}: {f}" for f in found]


def main() -> int:
    """0: all are."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--optimized", action="store_true")
    parser.add_argument("--option", action="append", default=[])
    parser.add_argument("files", nargs="+")
    args = parser.parse_args()
    wrong = [f for path in args.files for f in faults(path, args.option, args.optimized)]
    print("\n".join(wrong) or f"{len(args.files)} files are hardened")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
