#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""pcipass.exe says of a capture what pcipass says, byte for byte, with the same exit code.

usage: test-same.py PCIPASS [--few | --all | NAME...]

Of each third sample machine and each twentieth of those recorded below PCIPASS_TEST_DATA, with --all of each; and of bad input.
--few: of some of them; --all: of all that are recorded.
"""

import gzip
import itertools
import os
import random
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from wine import SOURCE, Wine, skip, why_not

PCIPASS = Path(sys.argv[1]).resolve()
FEW = ["amd-board", "dl380p-gen8", "odd-firmware", "arm-board"]
MACHINES = SOURCE / "tests/machines"
TRUTH = Path(os.environ.get("PCIPASS_TEST_DATA", "/nonexistent"), "truth")
# Commands for every machine; and for one.
ALWAYS = [[], ["--for", "all", "--json"], ["reserved", "--json"], ["groups", "--json"]]
RECORDED = [["--for", "all", "--json"], ["reserved", "--json"]]
THOROUGH = [["--for", "all"], ["--for", "hyperv"], ["--for", "xen"], ["--all"], ["--kernel", "all"], ["--kernel", "7.3"],
            ["reserved"], ["groups"], ["--columns", "address,slot,name,verdict"], ["--list-columns"],
            ["explain", "slot2"], ["explain", "slot2", "--json"], ["check", "slot2"], ["check", "slot2", "--for", "all"],
            ["check", "slot9"], ["explain", "nonsense"], ["free", "slot2", "--dry-run"],
            ["free", "slot2", "--dry-run", "--json"], ["free", "slot2"],
            *(["emit", form, "slot2"] for form in ("qemu", "libvirt", "proxmox", "hyperv", "xen")),
            ["--help"], ["explain", "--help"], ["reserved", "--nonsense"], ["surve"]]
# Texts that are the program's own on Windows.
OWN = ("--help",)


class Both:
    """Runs a command of both programs and remembers where they differ."""

    def __init__(self, directory: Path):
        self.directory = directory
        self.wine = Wine(directory)
        self.compared = 0
        self.differences = []

    def same(self, *command, stdin=b"") -> None:
        ours = subprocess.run([PCIPASS, *command], cwd=self.directory, input=stdin, capture_output=True, check=False,
                              env={**os.environ, "LC_ALL": "C.UTF-8"})
        theirs = self.wine.pcipass(*command, cwd=self.directory, stdin=stdin)
        self.compared += 1
        for what, a, b in (("exit code", ours.returncode, theirs.returncode), ("output", ours.stdout, theirs.stdout),
                           ("messages", ours.stderr, theirs.stderr)):
            if a != b and not (command[-1] in OWN and what == "output"):
                self.differences.append(f"{' '.join(map(str, command))}: {what}:\n{show(a, b)}")


def show(a, b) -> str:
    """The first line that differs."""
    if isinstance(a, int):
        return f"  Linux    {a}\n  Windows  {b}"
    for x, y in itertools.zip_longest(a.split(b"\n"), b.split(b"\n"), fillvalue=b"(end)"):
        if x != y:
            return f"  Linux    {x[:300]!r}\n  Windows  {y[:300]!r}"
    return "  the same"


def make_samples(directory: Path, names: list) -> list:
    """Captures of the sample machines, by name; some want data that is not here, and say so."""
    for name in names:
        done = subprocess.run([sys.executable, MACHINES / "mkmachine", MACHINES / f"{name}.machine", "-o",
                               directory / f"{name}.tar.gz"], check=False)
        if done.returncode != 77:
            done.check_returncode()
    return [f"{name}.tar.gz" for name in names if (directory / f"{name}.tar.gz").exists()]


def recorded(every: int) -> list:
    found = sorted(TRUTH.glob("*/capture.tar.gz"))
    if not found:
        print("skipped: recorded machines under wine: no PCIPASS_TEST_DATA")
    return [str(path) for path in found[::every]]


def bad_input(both: Both) -> list:
    """Commands over archives and tables that are cut off or damaged."""
    rng = random.Random(13)
    whole = (both.directory / "dl380p-gen8.tar.gz").read_bytes()
    plain = gzip.decompress(whole)
    commands = []

    def add(name: str, content: bytes) -> None:
        (both.directory / name).write_bytes(content)
        commands.append(["--from", name])

    for i in range(12):
        add(f"cut-{i}.tar.gz", whole[:rng.randrange(len(whole))])
        add(f"cut-{i}.tar", plain[:rng.randrange(len(plain))])
        at = rng.randrange(len(plain))
        add(f"odd-{i}.tar", plain[:at] + bytes([plain[at] ^ (1 << rng.randrange(8))]) + plain[at + 1:])
    for i, content in enumerate((b"", b"DMAR", b"DMAR" + b"\xff" * 60, b"nothing of ours\n", bytes(2000))):
        add(f"table-{i}.bin", content)
    # Names that need a pax header, and such as no file of Windows could have.
    add("names.tar", plain_tar({"sys/\u00fc:?*": b"x", "proc/con": b"y", "sys/a\\b": b"z"}))
    commands.append(["--from", "missing.tar"])
    return commands


def plain_tar(files: dict) -> bytes:
    import io
    import tarfile
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    return out.getvalue()


def main() -> int:
    reason = why_not(PCIPASS)
    if reason:
        skip(reason)
    few, whole = "--few" in sys.argv, "--all" in sys.argv
    names = [a for a in sys.argv[2:] if not a.startswith("-")] or (
        FEW if few else sorted(p.stem for p in MACHINES.glob("*.machine"))[::1 if whole else 3])
    with tempfile.TemporaryDirectory() as name:
        both = Both(Path(name))
        captures = make_samples(both.directory, sorted({*names, "dl380p-gen8"}))
        commands = [["--from", c, *rest] for c in captures for rest in ALWAYS]
        commands += [["--from", c, *rest] for c in recorded(40 if few else 1 if whole else 20) for rest in RECORDED]
        commands += [["--from", "dl380p-gen8.tar.gz", *rest] for rest in THOROUGH] + bad_input(both)
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            list(pool.map(lambda c: both.same(*c), commands))
    print("\n".join(both.differences))
    print(f"{both.compared} commands on {len(captures)} sample machines and others, {len(both.differences)} differences")
    return 1 if both.differences or both.compared < 50 else 0


if __name__ == "__main__":
    sys.exit(main())
