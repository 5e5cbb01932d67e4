#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs one test as meson would, but with its output shown as it comes.

usage: one.py BUILD NAME [PATTERN...]

NAME is the test's name as "meson test --list" has it, or its source file. PATTERN says what of it
to run: for a program that uses cmocka a name with "*" and "?", for a script names of unittest
(Class or Class.test_name), for a script of tests/apply the names of its functions.
Exits as the test does, and with 1 if no test fits the pattern.
"""

import difflib
import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path


def known_tests(build: Path) -> dict:
    """What "meson introspect" shows, from the files that meson keeps of it."""
    return {what: json.loads((build / f"meson-info/intro-{what}.json").read_text()) for what in ("tests", "targets")}


def sources_of(test: dict, targets: dict) -> set:
    """The files that a test consists of, resolved."""
    files = {Path(word).resolve() for word in test["cmd"] if word.endswith(".py")}
    program = targets.get(Path(test["cmd"][0]))
    if program:
        files |= {Path(s).resolve() for group in program["target_sources"] for s in group.get("sources", [])}
    return files


def find_tests(name: str, tests: list, targets: dict) -> list:
    """Those of that name; else those of that file."""
    named = [t for t in tests if t["name"] == name]
    if named or not Path(name).is_file():
        return named
    return [t for t in tests if Path(name).resolve() in sources_of(t, targets)]


def takes(test: dict, targets: dict) -> str:
    """What a pattern means to a test: "cmocka", "names", or "" where it is one whole."""
    for file in sources_of(test, targets):
        text = file.read_text()
        if file.suffix == ".c" and "cmocka_run_group_tests" in text:
            return "cmocka"
        if re.search(r"^(import unittest|from (applying|images|emitting|planning) import"
                     r"|from hosttree import (\([^)]*|[^(\n]*)\bCase\b)", text, re.MULTILINE):
            return "names"
    return ""


def run_test(test: dict, patterns: list, build: Path, targets: dict) -> int:
    # All of it (subset.py).
    command, env = list(test["cmd"]), {**os.environ, **test["env"], "PCIPASS_TEST_WHOLE": "1"}
    what = takes(test, targets)
    if patterns and not what:
        print(f"one.py: {test['name']} is one test; it takes no pattern", file=sys.stderr)
        return 2
    if what == "cmocka" and len(patterns) > 1:
        print("one.py: a test in C takes one pattern", file=sys.stderr)
        return 2
    if what == "cmocka":
        env["CMOCKA_TEST_FILTER"] = patterns[0] if patterns else ""
    else:
        command += patterns
    print("+", " ".join(command), file=sys.stderr)
    ran = subprocess.Popen(command, cwd=test["workdir"] or build, env=env, stdout=subprocess.PIPE,
                           stderr=subprocess.STDOUT, text=True)
    nothing = False
    for line in ran.stdout:
        print(line, end="", flush=True)
        nothing |= bool(re.match(r"\[=+\].* 0 test\(s\)|Ran 0 tests|0 of 0 tests", line))
    status = ran.wait()
    if patterns and nothing:
        print(f"one.py: no test of {test['name']} fits {' '.join(patterns)}", file=sys.stderr)
        return status or 1
    return status


def main() -> int:
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    if len(sys.argv) < 3:
        print(__doc__, file=sys.stderr)
        return 2
    build, name, patterns = Path(sys.argv[1]).resolve(), sys.argv[2], sys.argv[3:]
    known = known_tests(build)
    targets = {Path(f): t for t in known["targets"] for f in t["filename"]}
    found = find_tests(name, known["tests"], targets)
    if not found:
        near = difflib.get_close_matches(name, [t["name"] for t in known["tests"]])
        print(f"one.py: no test is called '{name}'" + (f"; did you mean {', '.join(near)}?" if near else "") +
              " (meson test -C build --list)", file=sys.stderr)
        return 2
    return max(run_test(test, patterns, build, targets) for test in found)


if __name__ == "__main__":
    sys.exit(main())
