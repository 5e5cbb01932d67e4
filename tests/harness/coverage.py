#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What of each directory of lib/ and cli/ the tests have run, from what gcov counted, and the files that lack most.

usage: coverage.py BUILD [FILES]

BUILD is one with b_coverage, in which tests were run. A line that several programs have counts once. FILES: how many of the
files with the most lines that nothing ran are named (20). What a process runs that can write no file, such as the confined
one that decodes captures, or that is killed, is not counted.
"""

import json
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

AT_ONCE = 40


def counts_of(build: Path, notes: list[Path]) -> list[dict]:
    """gcov's own documents, one a line."""
    done = subprocess.run(["gcov", "--json-format", "--stdout", *notes], cwd=build, capture_output=True, text=True, check=True)
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]


def lines_of(build: Path, root: Path) -> dict[str, dict[int, int]]:
    """Of each source file, how often each line was run."""
    lines: dict[str, dict[int, int]] = defaultdict(lambda: defaultdict(int))
    notes = sorted(p.relative_to(build) for p in build.rglob("*.gcno") if p.parts[len(build.parts)] in ("lib", "cli", "pcipass.p"))
    for at in range(0, len(notes), AT_ONCE):
        for document in counts_of(build, notes[at:at + AT_ONCE]):
            for file in document["files"]:
                path = (build / file["file"]).resolve()
                if not path.is_relative_to(root) or path.suffix != ".c":
                    continue
                name = str(path.relative_to(root))
                for line in file["lines"]:
                    lines[name][line["line_number"]] += line["count"]
    return lines


def row(name: str, run: int, of: int) -> str:
    return f"{name:<32} {of:>6} {of - run:>6} {100 * run / max(of, 1):>6.1f} %"


def main() -> int:
    build, root = Path(sys.argv[1]).resolve(), Path(__file__).resolve().parents[2]
    worst = int(sys.argv[2]) if len(sys.argv) > 2 else 20
    files = {name: (sum(1 for n in lines.values() if n), len(lines)) for name, lines in lines_of(build, root).items()
             if name.startswith(("lib/", "cli/"))}
    directories: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for name, (run, of) in files.items():
        for key in (str(Path(name).parent), "all"):
            directories[key][0] += run
            directories[key][1] += of
    if not files:
        print(f"{build}: gcov has counted nothing here", file=sys.stderr)
        return 1
    print(f"{'directory':<32} {'lines':>6} {'unrun':>6} {'run':>8}")
    for name in sorted(set(directories) - {"all"}) + ["all"]:
        print(row(name, *directories[name]))
    print()
    for name, (run, of) in sorted(files.items(), key=lambda f: f[1][0] - f[1][1])[:worst]:
        print(row(name, run, of))
    return 0


sys.exit(main())
