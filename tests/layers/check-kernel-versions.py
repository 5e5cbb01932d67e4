#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Releases of the kernel are compared and written in lib/host/kernel-facts.c alone.

What else compares them, or names one in a sentence, would drift from the table.

usage: check-kernel-versions.py SOURCE_ROOT
"""

import re
import sys
from pathlib import Path

# lib/host reads the release; the table's own function is for tables of lib/host whose rows carry
# releases of their own.
FREE = ("lib/host",)
COMPARES = re.compile(r"\bpp_kernel_since\(|\bpp_kernel_set_release\(|"
                      r"(?:->|\.)(?:major|minor|patch)\b|\bpatch_known\b|\bstrverscmp\(")
NAMES = re.compile(r"(?:kernel|Linux|before|since|from)s?\b[^\"]{0,20}\b[2-9]\.[0-9]{1,2}\b",
                   re.IGNORECASE)
COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
STRING = re.compile(r'"(?:[^"\\\n]|\\.)*"')
# What is no rule about a kernel: a requirement of ours, named with the error.
ALLOWED = {("lib/source/directory.c", "that needs openat2, Linux 5.6 or later (%s)")}


def faults(text: str, name: str) -> list[str]:
    """What a source compares or names."""
    code = COMMENT.sub("", text)
    found = [m.group() for m in COMPARES.finditer(STRING.sub('""', code))]
    for literal in STRING.findall(code):
        if NAMES.search(literal) and (name, literal[1:-1]) not in ALLOWED:
            found.append(literal)
    return found


def self_test() -> None:
    """The patterns find what they are for."""
    for text in ('if (k->minor > 6)', 'pp_kernel_since(k, "6.6", NULL)',
                 'pp_find(j, "kernels before 6.6 let it go")'):
        assert faults(text, "x"), text
    for text in ('/* kernels before 6.6 */', 'pp_kernel_has(k, PP_KERNEL_BLOCKS_DIRECT)',
                 '"PCIe 7.5.3"'):
        assert not faults(text, "x"), text


def main() -> int:
    """0: nowhere else."""
    self_test()
    root, seen, wrong = Path(sys.argv[1]), 0, []
    for path in sorted([*root.glob("lib/*/*.[ch]"), *root.glob("cli/*.[ch]")]):
        name = str(path.relative_to(root))
        if name.startswith(FREE):
            continue
        seen += 1
        wrong += [f"{name}: {f}: releases of kernels belong into lib/host/kernel-facts.c"
                  for f in faults(path.read_text(), name)]
    print("\n".join(wrong) or f"{seen} sources name no release of a kernel")
    return 1 if wrong or not seen else 0


if __name__ == "__main__":
    sys.exit(main())
