#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Each public header compiles by itself, as C and, where there is a compiler for it, as C++, in which
its functions keep their names.

usage: check-headers.py INCLUDE_FOLDER

pcipass.h gives all of them.
"""

import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

WARNINGS = ["-Wall", "-Wextra", "-pedantic", "-Werror", "-fsyntax-only"]


def compile_one(command: list[str], text: str, suffix: str) -> str:
    """What the compiler says of a source of these lines."""
    with tempfile.NamedTemporaryFile("w", suffix=suffix) as source:
        source.write(text)
        source.flush()
        done = subprocess.run([*command, *WARNINGS, source.name], capture_output=True, text=True,
                              check=False)
    return done.stderr if done.returncode else ""


def mangled(command: list[str], include: Path, header: str) -> list[str]:
    """The functions of a header that C++ does not find in a library of C."""
    names = re.findall(r"^[a-z][^(;{]*?\b(pp_\w+)\(", (include / "pcipass" / header).read_text(), re.MULTILINE)
    text = f"#include <pcipass/{header}>\n" + "".join(
        f"extern void (*use{i})(); void (*use{i})() = (void (*)())::{name};\n" for i, name in enumerate(names))
    with tempfile.TemporaryDirectory() as directory:
        source = Path(directory) / "use.cc"
        source.write_text(text)
        subprocess.run([*command, f"-I{include}", "-c", source, "-o", source.with_suffix(".o")], check=True)
        found = subprocess.run(["nm", "-u", source.with_suffix(".o")], check=True, text=True,
                               capture_output=True).stdout.split()
    return [x for x in names if x not in found]


def main() -> int:
    include = Path(sys.argv[1])
    headers = sorted(x.name for x in (include / "pcipass").glob("*.h"))
    languages = {".c": ["cc", "-std=c99"], ".cc": ["c++", "-std=c++11"]}
    wrong, skipped = [], []
    for suffix, command in languages.items():
        if not shutil.which(command[0]):
            skipped.append(f"skipped: no {command[0]}")
            continue
        for header in headers:
            text = f"#include <pcipass/{header}>\nint main(void) {{ return 0; }}\n"
            said = compile_one([*command, f"-I{include}"], text, suffix)
            wrong += [f"{header} as {suffix}:\n{said}"] if said else []
            if suffix == ".cc" and not said:
                wrong += [f"{header}: {x} has no C linkage in C++" for x in mangled(command, include, header)]
    included = set(re.findall(r"#include <pcipass/(\S+)>", (include / "pcipass/pcipass.h").read_text()))
    wrong += [f"pcipass.h does not include {x}" for x in headers if x not in included | {"pcipass.h"}]
    print("\n".join(wrong + skipped) or f"{len(headers)} headers")
    if wrong or not headers:
        return 1
    return 77 if len(skipped) == len(languages) else 0


if __name__ == "__main__":
    sys.exit(main())
