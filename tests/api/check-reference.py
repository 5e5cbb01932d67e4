#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Every exported function is described: it has a comment in a header and stands in libpcipass(3).

usage: check-reference.py LIBRARY REFERENCE_SCRIPT PAGE_SOURCE HEADER...

Then headers that lack something are tried: the page must not be made of them.
"""

import importlib.util
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from types import ModuleType

# What is wrong with a header, and the words of the refusal.
BAD = {
    "no comment at all": ("int pp_a(void);\n", "pp_a() has no comment"),
    "the comment is an introduction": ("/* A comment. */\n\nint pp_b(void);\n", "pp_b() has no comment"),
    "a blank line ends the comment's reach": (
        "/* A comment. */\nint pp_a(void);\n\nconst char *pp_c(int x,\n                 int y);\n",
        "pp_c() has no comment"),
}


def load(path: str) -> ModuleType:
    """The script that makes the page, as a module."""
    spec = importlib.util.spec_from_file_location("reference", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules["reference"] = module
    spec.loader.exec_module(module)
    return module


def exported(library: str) -> set[str]:
    """The functions of the shared library."""
    out = subprocess.run(["nm", "-D", "--defined-only", library], capture_output=True, text=True,
                         check=True).stdout
    return {line.split()[-1].split("@")[0] for line in out.splitlines() if " T " in line}


def test_bad(script: str) -> list[str]:
    """Headers that must be refused."""
    wrong = []
    with tempfile.TemporaryDirectory() as where:
        for what, (text, refusal) in BAD.items():
            header = Path(where) / "bad.h"
            header.write_text(text)
            done = subprocess.run([sys.executable, "-B", script, header], capture_output=True,
                                  text=True, check=False)
            if not done.returncode or refusal not in done.stderr:
                wrong.append(f"{what}: exit {done.returncode}: {done.stderr.strip()}")
    return wrong


def main() -> int:
    library, script, page = sys.argv[1:4]
    headers = [Path(x) for x in sys.argv[4:]]
    functions, reference = exported(library), load(script)
    described = {f for h in headers for e in reference.entries(h)
                 if any(re.search(r"\w{2}", x) for x in e.comment) for f in e.functions()}
    source = Path(page).read_text()
    shown = set(re.findall(r"\b(pp_\w+)\((?!\))", "\n".join(re.findall(
        r"^```\n(.*?)^```$", source, re.MULTILINE | re.DOTALL))))
    wrong = [f"{f}: no comment in a header" for f in sorted(functions - described)]
    wrong += [f"{f}: not in libpcipass(3)" for f in sorted(functions - shown)]
    wrong += test_bad(script)
    print("\n".join(wrong) or f"{len(functions)} functions, each with its comment, in the page")
    return 1 if wrong or not functions else 0


if __name__ == "__main__":
    sys.exit(main())
