#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What pcipass costs, side by side with what else would do the same work.

usage: bench.py BUILD_DIRECTORY [PAIRS]

Makes hosts and captures of them, and runs each command and what it is compared with in turn, PAIRS times (21).
Printed is the median of the pairs' ratios of CPU time; instructions and system calls stand beside them where
valgrind and strace are installed. Absolute times belong to this machine and this moment, and a ratio that
differs by less than 8 % from another says nothing. It judges nothing: no ratio makes it fail. What must not
grow is in tests/budget.
"""

import os
import re
import shutil
import statistics
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.argv[1:], ARGUMENTS = [], sys.argv[1:]
sys.path.insert(0, str(ROOT / "tests/host"))
import hosttree  # pylint: disable=wrong-import-position

HOSTS = (20, 2_000, 20_000)
BUSES = (16, 256)  # functions a bus
MANY = 200         # captures

# What people use today: one lspci a device, over the groups.
SHELL_LOOP = """
n=0
for d in "$1"/sys/kernel/iommu_groups/*/devices/*; do
    g=${d%/devices/*}
    printf 'IOMMU Group %s ' "${g##*/}"
    lspci -A linux-sysfs -O sysfs.path="$1"/sys/bus/pci -nns "${d##*/}"
    n=$((n + 1))
    [ "$n" -ge "$2" ] && break
done
"""
LOOP_SAMPLE = 20  # devices that the shell loop is run for: all of them would take minutes


class Bench:
    """The programs, and the hosts that they are run on."""

    def __init__(self, build: Path, pairs: int):
        self.build, self.pairs = build, pairs
        self.pcipass = build / "pcipass"
        self.made = build / "bench-hosts"
        self.made.mkdir(exist_ok=True)

    def measure(self, command: list) -> tuple[float, int]:
        """CPU seconds and peak KiB of one run."""
        run = subprocess.run([self.build / "bench/measure", *command], capture_output=True, text=True, check=True,
                             env={**os.environ, "LC_ALL": "C"})
        cpu, peak, code = run.stdout.split()
        if int(code) not in (0, 1, 3):
            raise SystemExit(f"{' '.join(map(str, command))}: exit {code}\n{run.stderr}")
        return float(cpu), int(peak)

    def ratio(self, name: str, command: list, other: list) -> None:
        """Prints what a command costs, as a multiple of what another does."""
        self.measure(command)
        self.measure(other)  # caches are warm from here on
        pairs = [(self.measure(command), self.measure(other)) for _ in range(self.pairs)]
        ratio = statistics.median(a[0] / b[0] for a, b in pairs)
        ms = statistics.median(a[0] for a, _ in pairs) * 1000
        print(f"  {name:<50} {ratio:6.2f}   {ms:8.1f} ms, {self.counted(command)}", flush=True)

    def counted(self, command: list) -> str:
        """Instructions and system calls, in words."""
        words = []
        n = self.instructions(command)
        if n:
            words.append(f"{n / 1e6:.1f} M instructions")
        if shutil.which("strace"):
            run = subprocess.run(["strace", "-f", "-c", "-o", self.made / "strace", *command], check=False,
                                 stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            total = re.search(r"(\d+)\s+(?:\d+\s+)?total$", (self.made / "strace").read_text(), re.MULTILINE)
            if run.returncode in (0, 1, 3) and total:
                words.append(f"{total.group(1)} system calls")
        return ", ".join(words)

    def instructions(self, command: list) -> int | None:
        """By callgrind; valgrind does not know openat2, so openat stands in."""
        if not shutil.which("valgrind"):
            return None
        run = subprocess.run(["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", *command], text=True,
                             stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False,
                             env={**os.environ, "LC_ALL": "C",
                                  "LD_PRELOAD": str(self.build / "tests/budget/budget-openat2.so")})
        found = re.search(r"Collected\s*:\s*(\d+)", run.stderr)
        return int(found.group(1)) if found else None

    def host(self, count: int) -> Path:
        """A generated host of so many functions, made once."""
        tree, done = self.made / f"host-{count}", self.made / f"host-{count}.done"
        if not done.exists():
            shutil.rmtree(tree, ignore_errors=True)
            subprocess.run([sys.executable, ROOT / "tests/machines/mkmachine", "--generate", str(count), "-o", tree],
                           check=True, stdout=subprocess.DEVNULL)
            subprocess.run(["tar", "-cf", f"{tree}.tar", "--sort=name", "-C", tree, "."], check=True)
            done.touch()
        return tree

    def host_of_buses(self, functions: int) -> Path:
        """2,048 functions without groups, so many a bus."""
        root = self.made / f"isolated-{functions}"
        if not root.exists():
            tree = hosttree.Tree(root)
            tree.kernel("6.12.0-1-amd64")
            for bus in range(2048 // functions):
                tree.bridge(f"0000:00:{bus >> 3:02x}.{bus & 7}", bus + 1, acs=(0x1d, 0x1d))
                for n in range(functions):
                    # With access control: else all of a bus is one group, and there is little to compute.
                    tree.device(f"0000:{bus + 1:02x}:{n >> 3:02x}.{n & 7}", acs=(0x1d, 0x1d))
        return root

    def captures(self, count: int) -> Path:
        """A directory of so many captures: the sample machines, over and over."""
        many = self.made / f"captures-{count}"
        if not many.exists():
            recipes = sorted((ROOT / "tests/machines").glob("*.machine"))
            samples = [self.made / f"{recipe.stem}.tar.gz" for recipe in recipes]
            for recipe, sample in zip(recipes, samples):
                if not sample.exists():
                    subprocess.run([sys.executable, ROOT / "tests/machines/mkmachine", recipe, "-o", sample],
                                   check=False, stdout=subprocess.DEVNULL)
            samples = [sample for sample in samples if sample.exists()]
            many.mkdir()
            for n in range(count):
                (many / f"{n:05}.tar.gz").hardlink_to(samples[n % len(samples)])
        return many


def compare_surveys(b: Bench) -> None:
    small, large = b.host(HOSTS[0]), b.host(HOSTS[1])
    for count, tree in zip(HOSTS, (small, large)):
        lspci = ["lspci", "-A", "linux-sysfs", "-O", f"sysfs.path={tree}/sys/bus/pci", "-nn"]
        b.ratio(f"survey, {count} functions / lspci -nn", [b.pcipass, "--from", tree], lspci)
    survey = [b.pcipass, "--from", large]
    b.ratio("survey / the same files read", survey, [b.build / "bench/reads", large])
    b.ratio("survey --json / survey", [*survey, "--json"], survey)
    device = sorted(p.name for p in (large / "sys/bus/pci/devices").iterdir())[-1]
    b.ratio("check of one device / survey", [*survey, "check", device], survey)
    b.ratio("survey, 20,000 functions / 2,000", [b.pcipass, "--from", b.host(HOSTS[2])], survey)


def compare_captures(b: Bench) -> None:
    tree = b.host(HOSTS[1])
    tar, out = Path(f"{tree}.tar"), b.made / "out.tar"
    b.ratio("survey of a .tar / tar tf", [b.pcipass, "--from", tar], ["tar", "-tf", tar])
    capture = [b.pcipass, "--from", tree, "capture", "--force", "-o", out]
    subprocess.run(capture, check=True, stderr=subprocess.DEVNULL)
    listed = subprocess.run(["tar", "-tf", out], check=True, capture_output=True, text=True).stdout.splitlines()
    (b.made / "files").write_text("".join(f"{name}\n" for name in listed if os.path.lexists(tree / name)))
    b.ratio("capture / tar cf of the same files", capture,
            ["tar", "-cf", b.made / "other.tar", "--no-recursion", "-C", tree, "-T", b.made / "files"])
    _, peak = b.measure([b.pcipass, "--from", f"{b.host(HOSTS[2])}.tar"])
    print(f"  {'survey of a .tar of 20,000 functions, peak':<50} {peak / 1024:6.0f} MiB", flush=True)


def compare_processes(b: Bench) -> None:
    """One process for all captures, and a process for each, in turn: the load of the moment falls on both."""
    survey = [b.pcipass, "survey", "--json", "--from"]
    many = b.captures(MANY)
    pairs = []
    for _ in range(3):
        one = b.measure([*survey, many])[0]
        pairs.append((one, sum(b.measure([*survey, capture])[0] for capture in sorted(many.iterdir()))))
    for name, cpu in zip(("in one process", "a process each"), map(statistics.median, zip(*pairs))):
        print(f"  {f'captures a CPU second, {name}':<50} {MANY / cpu:6.0f}")
    ratio = statistics.median(each / one for one, each in pairs)
    print(f"  {'captures, a process each / in one process':<50} {ratio:6.2f}", flush=True)
    for count in (MANY, 10 * MANY):
        _, peak = b.measure([*survey, b.captures(count)])
        print(f"  {f'{count} captures in one process, peak':<50} {peak / 1024:6.1f} MiB", flush=True)


def compare_groups(b: Bench) -> None:
    for words, more in (("survey", []), ("groups --computed", ["groups", "--computed"])):
        commands = [[b.pcipass, "--from", b.host_of_buses(n), *more] for n in BUSES]
        b.ratio(f"{words}, {BUSES[1]} functions a bus / {BUSES[0]}", commands[1], commands[0])


def tell_start(b: Bench) -> None:
    n = b.instructions([b.pcipass, "--version"])
    if n:
        print(f"  {'instructions to start and end (--version)':<50} {n / 1e6:6.2f} M")
    tree = b.host(HOSTS[1])
    loop, _ = b.measure(["sh", "-c", SHELL_LOOP, "loop", str(tree), str(LOOP_SAMPLE)])
    survey, _ = b.measure([b.pcipass, "--from", tree])
    print(f"  {'a shell loop of lspci / survey (reckoned)':<50} {loop / LOOP_SAMPLE * HOSTS[1] / survey:6.0f}")


def main() -> int:
    pairs = int(ARGUMENTS[1]) if len(ARGUMENTS) > 1 else 21
    b = Bench(Path(ARGUMENTS[0]).resolve(), pairs)
    print(f"ratio of CPU time, median of {pairs} pairs; 2,000 functions unless another number is there")
    for part in (compare_surveys, compare_captures, compare_processes, compare_groups, tell_start):
        part(b)
    return 0


if __name__ == "__main__":
    sys.exit(main())
