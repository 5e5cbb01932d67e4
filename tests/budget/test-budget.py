#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""System calls and instructions of the commands that scripts call often, held against a budget.

usage: test-budget.py BUILD_DIRECTORY PRELOAD COMPILER

COMPILER is a name and version such as "gcc-12", or "other" where the build is no usual one. Each command runs
on two generated hosts (settings: two schemas) of different size. The difference is the cost a function (a
setting); what remains of the smaller one is the cost of the start. Both are held against the file budget beside
this one. Of instructions 5 % more fails; of system calls half a call more a function, or more than eight to
start: a file that is read for each device is four, and a directory is looked through for no device. Nothing is
timed, so load does not matter. System calls, but read() and write(), are counted by strace; instructions by callgrind, and only with the compiler and C library that the file names, because others
make other code of the same source. PCIPASS_WRITE_BUDGET=1 in the environment replaces the figures by those that were
counted.
"""

import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path.insert(0, str(ROOT / "bench"))
import settings  # pylint: disable=wrong-import-position

ALLOWED = 1.05   # of instructions …
NEAR_0 = 50      # … and by what a figure near 0 may grow
MORE_CALLS = {"to start": 8, "each": 0.5}
SMALL, LARGE = 40, 160
# Without the parts of the C library that are chosen by the processor.
PLAIN = "glibc.cpu.hwcaps=-AVX512F,-AVX2,-AVX,-ERMS,-FSRM"
DEVICE = "0000:01:00.2"  # below a port, on both hosts
COMMANDS = {
    "survey": ["--from", "{host}"],
    "survey --json": ["--from", "{host}", "--json"],
    "survey of a .tar": ["--from", "{host}.tar"],
    "check": ["--from", "{host}", "check", DEVICE],
    "explain": ["--from", "{host}", "explain", DEVICE],
    "groups --computed": ["--from", "{host}", "groups", "--computed"],
    "capture": ["--from", "{host}", "capture", "--force", "-o", "out.tar"],
    "settings save": ["settings", "save", "--force", "-o", "out.xml", "--schema", "./{host}.xml", "--store", "image:{host}.image"],
}


def run(where: Path, command: list, **environment: str) -> str:
    """What a command writes to its error output. 3 is its answer where facts are missing."""
    done = subprocess.run(command, cwd=where, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                          env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C", **environment}, check=False)
    if done.returncode not in (0, 1, 3):
        raise SystemExit(f"{' '.join(map(str, command))}: exit {done.returncode}\n{done.stderr}")
    return done.stderr


def make(where: Path, pcipass: Path, count: int) -> str:
    """A host, its archive, a schema and an image of as many settings; the name that all of them begin with."""
    host = f"host-{count:03}"
    subprocess.run([sys.executable, ROOT / "tests/machines/mkmachine", "--generate", str(count), "-o", host], cwd=where,
                   check=True, stdout=subprocess.DEVNULL)
    subprocess.run(["tar", "-cf", f"{host}.tar", "--sort=name", "-C", host, "."], cwd=where, check=True)
    (where / f"{host}.xml").write_text(settings.schema(count))
    identity = where / "proliant/sys/class/dmi/id"
    identity.mkdir(parents=True, exist_ok=True)
    (identity / "product_name").write_text("ProLiant DL380p Gen8\n")
    run(where, [pcipass, "settings", "image", f"{host}.image", "--from", "proliant", "--schema", f"./{host}.xml"])
    return host


def calls(where: Path, command: list) -> int:
    # How many pieces a pipe gives depends on who runs when; attributes are read by pread().
    run(where, ["strace", "-f", "-c", "-e", "trace=!read,write", "-o", "strace", *command])
    rows = re.findall(r"^\s*[\d.]+\s+[\d.]+\s+\d+\s+(\d+)\s+(?:\d+\s+)?(?!total)\w+$",
                      (where / "strace").read_text(), re.MULTILINE)
    return sum(map(int, rows))


def instructions(where: Path, command: list, preload: Path) -> int:
    told = run(where, ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", *command],
               LD_PRELOAD=str(preload), GLIBC_TUNABLES=PLAIN)
    # Each process has a line of its own.
    return sum(map(int, re.findall(r"Collected\s*:\s*(\d+)", told)))


def costs(small: int, large: int) -> tuple[float, float]:
    """The start's, and that of one function."""
    each = (large - small) / (LARGE - SMALL)
    return small - each * SMALL, each


def read_budget() -> tuple[str, dict]:
    """Whose the instructions are, and the figures by name and unit."""
    lines = [line.split(" | ") for line in (HERE / "budget").read_text().splitlines()
             if line and not line.startswith("#")]
    return lines[0][1], {(name.strip(), unit.strip()): (float(start), float(each))
                         for name, unit, start, each in lines[1:]}


def write_budget(toolchain: str, counted: dict) -> None:
    head = [line for line in (HERE / "budget").read_text().splitlines() if line.startswith("#")]
    rows = [f"{name:<17} | {unit:<12} | {start:10.{digits}f} | {each:10.{digits}f}"
            for (name, unit), (start, each) in counted.items() for digits in [1 if unit == "calls" else 0]]
    (HERE / "budget").write_text("\n".join([*head, f"toolchain | {toolchain}", *rows]) + "\n")


def count(where: Path, build: Path, preload: Path | None) -> dict:
    """The figures of all commands; without a library to preload no instructions."""
    pcipass = build / "pcipass"
    hosts = [make(where, pcipass, n) for n in (SMALL, LARGE)]
    counted = {}
    for name, words in COMMANDS.items():
        commands = [[pcipass, *(word.replace("{host}", host) for word in words)] for host in hosts]
        if shutil.which("strace"):
            counted[name, "calls"] = costs(*(calls(where, c) for c in commands))
        if preload:
            counted[name, "instructions"] = costs(*(instructions(where, c, preload) for c in commands))
    return counted


def judge(budget: dict, counted: dict) -> int:
    """Prints all figures; how many are too high."""
    bad = 0
    for (name, unit), figures in counted.items():
        for what, figure, allowed in zip(("to start", "each"), figures, budget.get((name, unit), (0, 0))):
            most = allowed + MORE_CALLS[what] if unit == "calls" else allowed * ALLOWED + NEAR_0
            over = figure > most
            bad += over
            print(f"{name:<17} {unit:<12} {what:<8} {figure:12.1f}, budget {allowed:12.1f}"
                  f"{'  TOO HIGH' if over else ''}")
    if bad:
        print("A command costs more than its budget. Find out what it does more often. If that is worth it, write the\n"
              "new figures as CONTRIBUTING.md says, and say in the commit what they are for.")
    return bad


def main() -> int:
    build, preload, compiler = Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve(), sys.argv[3]
    toolchain = f"{compiler} {platform.machine()} {'-'.join(platform.libc_ver())}"
    budget_of, budget = read_budget()
    write = os.environ.get("PCIPASS_WRITE_BUDGET") == "1"
    if toolchain != budget_of and not write:
        print(f"skipped: instructions are counted with {budget_of}, and this is {toolchain}")
    comparable = write or toolchain == budget_of
    for tool in ("strace", "valgrind"):
        if not shutil.which(tool):
            print(f"skipped: what {tool} counts: it is not installed")
    with tempfile.TemporaryDirectory(prefix="budget-") as scratch:
        counted = count(Path(scratch), build, preload if comparable and shutil.which("valgrind") else None)
    if write:
        write_budget(toolchain, counted)
        return 0
    return 1 if judge(budget, counted) else 0 if counted else 77


if __name__ == "__main__":
    sys.exit(main())
