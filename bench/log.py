#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What explain --log costs on a large log, side by side with grep -E and as many alternatives.

usage: log.py BUILD_FOLDER [MIB]

Makes a kernel log of 100 MiB (or MIB) whose lines are those of a usual boot, and in one of some thousand
the line of a message that pcipass knows; and one of half that size. Both programs search the same files in
turn. grep has one alternative for each message, the fixed text with ".*" where it varies, in the C locale
and counting only. Prints the medians, the throughputs' ratio and the peaks of memory. It judges nothing: no
ratio makes it fail.
"""

import os
import re
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
RUNS = 5
KNOWN_EVERY = 5000
USUAL = (
    "usb 1-{n}: New USB device found, idVendor=046d, idProduct=c31c, bcdDevice=64.00",
    "pci 0000:{b:02x}:00.0: [8086:10fb] type 00 class 0x020000",
    "pci 0000:{b:02x}:00.0: reg 0x10: [mem 0xf7c00000-0xf7c7ffff 64bit pref]",
    "ata{n}: SATA link up 6.0 Gbps (SStatus 133 SControl 300)",
    "EXT4-fs (dm-{n}): mounted filesystem with ordered data mode. Quota mode: none.",
    "audit: type=1400 audit(1700000000.{n}:{n}): apparmor=\"STATUS\" operation=\"profile_load\"",
    "systemd[1]: Started Session {n} of user root.",
    "IPv6: ADDRCONF(NETDEV_CHANGE): veth{n}: link becomes ready",
)


def phrases() -> list[str]:
    """The fixed texts of the messages that the program knows, with {} for what varies."""
    found = []
    for source in sorted((ROOT / "lib/judge").glob("phrases-*.c")):
        for row in re.findall(r"\.text = ((?:\"(?:[^\"\\]|\\.)*\"\s*)+)", source.read_text()):
            found.append("".join(re.findall(r"\"((?:[^\"\\]|\\.)*)\"", row)).replace('\\"', '"').replace("\\\\", "\\"))
    return found


def alternative(phrase: str) -> str:
    return ".*".join(re.sub(r"([][\\.*^$+?(){}|/])", r"\\\1", part) for part in phrase.split("{}"))


def make(path: Path, mib: int, known: list[str]) -> None:
    """A log; nothing in it is random, so that every run has the same."""
    n = size = 0
    with path.open("w") as out:
        while size < mib << 20:
            text = known[n // KNOWN_EVERY % len(known)] if n % KNOWN_EVERY == KNOWN_EVERY - 1 else \
                USUAL[n % len(USUAL)].format(n=n % 97, b=n % 200)
            size += out.write(f"[{n / 1000:12.6f}] {text}\n")
            n += 1


def measure(build: Path, command: list, codes: tuple = (0, 1)) -> tuple[float, int]:
    """CPU seconds and peak KiB of one run."""
    run = subprocess.run([build / "bench/measure", *command], capture_output=True, text=True, check=True,
                         env={**os.environ, "LC_ALL": "C"})
    cpu, peak, code = run.stdout.split()
    if int(code) not in codes:
        raise SystemExit(f"{' '.join(map(str, command))}: exit {code}\n{run.stderr}")
    return float(cpu), int(peak)


def main() -> int:
    build = Path(sys.argv[1]).resolve()
    mib = int(sys.argv[2]) if len(sys.argv) > 2 else 100
    all_phrases = phrases()
    known = [line.split(" | ", 1)[1] for line in (ROOT / "tests/log/lines").read_text().splitlines()
             if " | " in line and not line.startswith("#")]
    with tempfile.TemporaryDirectory() as scratch:
        whole, half, pattern = (Path(scratch) / name for name in ("whole", "half", "pattern"))
        make(whole, mib, known)
        make(half, mib // 2, known)
        pattern.write_text("\n".join(map(alternative, all_phrases)) + "\n")
        commands = {
            "explain --log": [build / "pcipass", "explain", "--log", whole],
            # Into a pipe: with /dev/null as its output GNU grep stops at the first match.
            "grep -E": ["sh", "-c", 'grep -c -E -f "$1" "$2" | cat', "sh", pattern, whole],
            "explain --log, half": [build / "pcipass", "explain", "--log", half],
        }
        cost = {name: [] for name in commands}
        peak = dict.fromkeys(commands, 0)
        for _ in range(RUNS):
            for name, command in commands.items():
                cpu, kib = measure(build, command)
                cost[name].append(cpu)
                peak[name] = max(peak[name], kib)
    median = {name: statistics.median(values) for name, values in cost.items()}
    print(f"{mib} MiB of log, {len(all_phrases)} messages; CPU time, median of {RUNS} runs in turn")
    for name, seconds in median.items():
        size = mib // 2 if "half" in name else mib
        print(f"  {name:<20} {seconds:7.2f} s  {size / seconds:8.0f} MiB/s  peak {peak[name] / 1024:6.1f} MiB")
    print(f"throughput, explain --log / grep -E  {median['grep -E'] / median['explain --log']:.2f}")
    print(f"peak memory, whole / half            {peak['explain --log'] / peak['explain --log, half']:.2f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
