#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What a survey costs, side by side with what else would read the same host.

usage: bench.py BUILD_FOLDER

Makes hosts of 2,000 and 20,000 functions and runs everything in turn, several times, on the same
trees; prints the medians and their ratios. Absolute times belong to this machine and this moment;
the ratios are the figures to keep. It judges nothing: no ratio makes it fail.
"""

import re
import shutil
import statistics
import subprocess
import sys
from pathlib import Path

RUNS = 9
SMALL, LARGE = 2_000, 20_000
LOOP_SAMPLE = 20  # devices that the shell loop is run for: all of them would take minutes

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


def measure(build: Path, command: list[str]) -> tuple[float, int]:
    """CPU seconds and peak KiB of one run."""
    run = subprocess.run([build / "bench" / "measure", *command], capture_output=True, text=True,
                         check=True)
    cpu, peak, code = run.stdout.split()
    if int(code) not in (0, 3):
        raise SystemExit(f"{' '.join(map(str, command))}: exit {code}\n{run.stderr}")
    return float(cpu), int(peak)


def generate(root: Path, build: Path, count: int) -> Path:
    """A host of so many functions, made once."""
    tree = build / f"host-{count}"
    done = build / f"host-{count}.done"
    if not done.exists():
        shutil.rmtree(tree, ignore_errors=True)
        subprocess.run([sys.executable, root / "tests/machines/mkmachine", "--generate",
                        str(count), "-o", tree], check=True, stdout=subprocess.DEVNULL)
        done.touch()
    return tree


def system_calls(command: list[str]) -> int | None:
    """How many system calls a run makes; None without strace."""
    if not shutil.which("strace"):
        return None
    run = subprocess.run(["strace", "-f", "-c", "-o", "/dev/stderr", *command],
                         stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False)
    total = re.search(r"^\s*100\.00\s+\S+\s+(?:\S+\s+)?(\d+)\s+(?:\d+\s+)?total$", run.stderr, re.M)
    return int(total.group(1)) if total else None


def main() -> int:
    build = Path(sys.argv[1]).resolve()
    root = Path(__file__).resolve().parent.parent
    pcipass = build / "pcipass"
    small, large = generate(root, build, SMALL), generate(root, build, LARGE)
    lspci = ["lspci", "-A", "linux-sysfs", "-O", f"sysfs.path={small}/sys/bus/pci"]
    commands = {
        "pcipass": [pcipass, "--from", small],
        "pcipass --json": [pcipass, "--from", small, "--json"],
        "reads alone": [build / "bench" / "reads", small],
        "lspci -nn": [*lspci, "-nn"],
        "lspci -vv": [*lspci, "-vv"],
        f"pcipass, {LARGE}": [pcipass, "--from", large],
    }
    times: dict[str, list[float]] = {name: [] for name in commands}
    peaks: dict[str, int] = {}
    for run in range(RUNS + 1):  # the first warms the caches and is not counted
        for name, command in commands.items():
            cpu, peak = measure(build, command)
            if run:
                times[name].append(cpu)
                peaks[name] = max(peak, peaks.get(name, 0))
    loop, _ = measure(build, ["sh", "-c", SHELL_LOOP, "loop", str(small), str(LOOP_SAMPLE)])

    cost = {name: statistics.median(values) for name, values in times.items()}
    print(f"{SMALL} functions; CPU time (user and system), median of {RUNS} runs in turn")
    for name in commands:
        print(f"  {name:<18} {cost[name] * 1000:9.1f} ms  peak {peaks[name] / 1024:6.1f} MiB")
    whole = loop / LOOP_SAMPLE * SMALL
    print(f"  {'shell loop':<18} {whole * 1000:9.0f} ms  (reckoned from {LOOP_SAMPLE} of its "
          f"{SMALL} devices)")
    print("ratios")
    print(f"  pcipass / lspci -nn         {cost['pcipass'] / cost['lspci -nn']:.2f}")
    print(f"  pcipass / lspci -vv         {cost['pcipass'] / cost['lspci -vv']:.2f}")
    print(f"  pcipass / reads alone       {cost['pcipass'] / cost['reads alone']:.2f}")
    print(f"  pcipass --json / reads alone {cost['pcipass --json'] / cost['reads alone']:.2f}")
    print(f"  shell loop / pcipass        {whole / cost['pcipass']:.0f}")
    print(f"  {LARGE} functions / {SMALL}    {cost[f'pcipass, {LARGE}'] / cost['pcipass']:.1f}")
    calls = system_calls([str(c) for c in commands["pcipass"]])
    if calls:
        print(f"system calls a function: {calls / SMALL:.1f} ({calls} in all)")
    return 0


if __name__ == "__main__":
    sys.exit(main())
