#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""cppcheck, clang-tidy and gcc's analyzer over the sources of the library and the programs.

usage: lint.py BUILD_DIRECTORY [TOOL ...]

Each finding fails, unless the file accepted beside this one has a line for it with the reason; a line whose
finding no longer occurs fails, too. The lines are those of the versions that accepted names: with another version
of a tool, its findings are printed and decide nothing. Takes about ten minutes on two cores.
"""

import concurrent.futures
import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
# Of clang-tidy all that finds bugs in C; behind a minus what has nothing to say here.
CHECKS = [
    "-*", "bugprone-*", "cert-env33-c", "cert-err34-c", "cert-flp30-c", "cert-msc30-c", "cert-msc32-c", "cert-pos44-c",
    "concurrency-thread-canceltype-asynchronous", "misc-misplaced-const", "misc-redundant-expression",
    "-bugprone-easily-swappable-parameters",  # two sizes are two sizes
    "-bugprone-implicit-widening-of-multiplication-result",  # of constants
    "-bugprone-narrowing-conversions",  # gcc's -Wconversion has them, and bytes are made of integers everywhere
    "-bugprone-not-null-terminated-result",  # bytes have their length with them
    "-bugprone-reserved-identifier",  # _GNU_SOURCE
    "-bugprone-suspicious-string-compare",  # !strcmp() is how it is written here
]
FINDING = re.compile(r"^(?P<file>[^:\s]+\.[ch]):\d+(?::\d+)?: (?:warning|error): (?P<text>.*?) \[(?P<check>[\w,.-]+)\]$")
GCC_CWE = re.compile(r" \[CWE-\d+\]")


class Finding(NamedTuple):
    tool: str
    file: str
    check: str
    text: str

    def __str__(self) -> str:
        return f"{self.tool} | {self.file} | {self.check} | {self.text}"


def sources() -> list[str]:
    """All but Windows' own, which no tool here has the headers of."""
    found = [*ROOT.glob("lib/*/*.c"), *ROOT.glob("cli/*.c")]
    return sorted(str(p.relative_to(ROOT)) for p in found if not p.name.startswith("windows-") and p.name != "compat.c")


def relative(name: str, directory: Path) -> str:
    """From the root of the sources; clang-tidy names some as the build does, whatever directory it runs in."""
    path = Path(os.path.normpath(directory / name))
    if name.startswith("../") and not path.exists():
        path = ROOT / name.removeprefix("../")
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else str(path)


def findings(tool: str, text: str, directory: Path) -> set[Finding]:
    found = set()
    for line in text.splitlines():
        match = FINDING.match(GCC_CWE.sub("", line))
        if match:
            found.add(Finding(tool, relative(match["file"], directory), match["check"].removeprefix("-W"), match["text"]))
    return found


def each(work, items) -> set[Finding]:
    """As many at a time as there are processors."""
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        return set().union(*pool.map(work, items))


def cppcheck(_build: Path) -> set[Finding]:
    done = subprocess.run(
        ["cppcheck", "--enable=warning,performance,portability", "--std=c11", "--quiet", f"-j{os.cpu_count()}",
         "--template={file}:{line}: {severity}: {message} [{id}]", "-Iinclude", "-Ilib", "-D__linux__", "-D_GNU_SOURCE",
         "-U_WIN32", *sources()], cwd=ROOT, capture_output=True, text=True, check=False)
    text = re.sub(r": (?:performance|portability|style): ", ": warning: ", done.stderr)
    return findings("cppcheck", text, ROOT)


def clang_tidy(build: Path) -> set[Finding]:
    names = [relative(words[-1], directory) for words, directory in commands(build)]
    parts = [names[i:i + 8] for i in range(0, len(names), 8)]

    def work(part: list[str]) -> set[Finding]:
        done = subprocess.run(["clang-tidy", "-quiet", "-p", build, f"--checks={','.join(CHECKS)}", *part], cwd=ROOT,
                              capture_output=True, text=True, check=False)
        return findings("clang-tidy", done.stdout, ROOT)
    return each(work, parts)


def commands(build: Path) -> list[tuple[list[str], Path]]:
    """How each source is compiled, once, without what is written beside the object."""
    wanted, found = set(sources()), []
    for entry in json.loads((build / "compile_commands.json").read_text()):
        directory = Path(entry["directory"])
        name = relative(entry["file"], directory)
        if name not in wanted:
            continue
        wanted.remove(name)
        words = [word for word in shlex.split(entry["command"]) if word not in ("ccache", "-MD", "-g", "-Werror")]
        for option in ("-MQ", "-MF"):
            if option in words:
                at = words.index(option)
                del words[at:at + 2]
        words[words.index("-o") + 1] = os.devnull
        found.append((words, directory))
    return found


def gcc(build: Path) -> set[Finding]:
    def work(command) -> set[Finding]:
        words, directory = command
        done = subprocess.run([*words, "-fanalyzer", "-fdiagnostics-plain-output", "-Wno-analyzer-too-complex"],
                              cwd=directory, capture_output=True, text=True, check=False, env={**os.environ, "LC_ALL": "C"})
        return {f for f in findings("gcc", done.stderr, directory) if f.check.startswith("analyzer")}
    return each(work, commands(build))


TOOLS = {"cppcheck": (cppcheck, ["cppcheck", "--version"]), "clang-tidy": (clang_tidy, ["clang-tidy", "--version"]),
         "gcc": (gcc, ["gcc", "-dumpversion"])}


def version(tool: str) -> str:
    shown = subprocess.run(TOOLS[tool][1], capture_output=True, text=True, check=True).stdout
    number = re.search(r"\d+(?:\.\d+)?", shown).group()
    return number if tool == "cppcheck" else number.split(".")[0]


def accepted() -> tuple[dict[str, str], dict[tuple, str]]:
    """Versions by tool; and by tool, file, check and a part of the text the reason."""
    rows = [[cell.strip() for cell in line.split(" | ")] for line in (HERE / "accepted").read_text().splitlines()
            if line and not line.startswith("#")]
    versions = {row[1]: row[2] for row in rows if row[0] == "version"}
    reasons = {}
    for row in rows:
        if row[0] == "version":
            continue
        if len(row) != 5 or row[0] not in TOOLS or not row[4]:
            raise SystemExit(f"accepted: need tool | file | check | text | reason: {' | '.join(row)}")
        reasons[tuple(row[:4])] = row[4]
    return versions, reasons


def is_of(finding: Finding, row: tuple) -> bool:
    return finding[:3] == row[:3] and row[3] in finding.text


def main() -> int:
    build = Path(sys.argv[1]).resolve()
    versions, reasons = accepted()
    bad = 0
    for tool in sys.argv[2:] or TOOLS:
        here = version(tool)
        print(f"lint: {tool} {here}", file=sys.stderr, flush=True)
        found = TOOLS[tool][0](build)
        mine = [row for row in reasons if row[0] == tool]
        news = sorted(f for f in found if not any(is_of(f, row) for row in mine))
        gone = [row for row in mine if not any(is_of(f, row) for f in found)]
        for finding in news:
            print(finding)
        if here != versions[tool]:
            print(f"skipped: {tool} {here} decides nothing: what is accepted is of {versions[tool]}")
            continue
        for row in gone:
            print(f"no longer found, take it out of tests/lint/accepted: {' | '.join(row)}")
        bad += len(news) + len(gone)
        print(f"{tool}: {len(found)} findings, {len(found) - len(news)} of them explained")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
