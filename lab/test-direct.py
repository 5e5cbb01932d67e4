#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The fast way, without UEFI: each kernel sees the recipe's machine and obeys its table."""

from __future__ import annotations

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from lab import initramfs, job, kernels, places, tables  # noqa: E402
from lab.checks import Checks, main  # noqa: E402
from lab.server import Server  # noqa: E402
from machinery import recipe  # noqa: E402
from machinery.model import Machine  # noqa: E402

# Low memory ends at 80000000; SeaBIOS keeps the last 128 KiB for itself.
RECIPE = "include kinds.machine\nrmrr 7fff8000-7fff8fff nic\n"
BOARD = ("00.0", "1f.0", "1f.2", "1f.3")
HELD = "0x000000007fff8000 0x000000007fff8fff direct"


def expected_addresses(machine: Machine) -> set[str]:
    """The recipe's functions and the board's own."""
    return {f.address for f in machine.functions} | {f"0000:00:{at}" for at in BOARD}


def one(checks: Checks, series: str) -> None:
    """One boot of one kernel."""
    kernel = kernels.get(series)
    machine = recipe.loads(RECIPE, str(places.RECIPES))
    asked = job.Job()
    functions = asked.run("ls /sys/bus/pci/devices")
    regions = asked.run("cat /sys/bus/pci/devices/0000:01:00.0/iommu_group/reserved_regions")
    held = asked.run("pcipass check slot1")
    beside = asked.run("pcipass check 01:00.1")
    free = asked.run("pcipass check slot5")
    slow = asked.run("echo begun; sleep 20", seconds=1)
    odd = asked.run(r"printf '\377\000\n'; echo '<4>lab: hello' >/dev/kmsg; exit 3")
    with Server(machine, kernel, initramfs.Image(kernel), firmware=False) as server:
        a = server.boot(asked, tables.early(tables.from_recipe(machine)))
    checks.equal("kernel", a.kernel, kernel.release)
    checks.equal("functions", set(a[functions].text.split()), expected_addresses(machine))
    checks.true("override", any("Table Upgrade: override" in line for line in a.log), a.log)
    checks.true("region", HELD in a[regions].text, a[regions].text)
    checks.equal("check slot1", a[held].exit, 1)
    checks.equal("check its neighbour in the group", a[beside].exit, 1)
    checks.equal("check slot5", a[free].exit, 0)
    checks.equal("a slow command", (a[slow].timed_out, a[slow].stdout), (True, b"begun\n"))
    checks.equal("bytes come through", (a[odd].exit, a[odd].stdout), (3, b"\xff\0\n"))
    checks.true("the log beside a command", any("lab: hello" in line for line in a[odd].log),
                a[odd].log)
    print(f"Linux {a.kernel}: {a.seconds:.1f} s")


def test(checks: Checks) -> None:
    """Both kernels."""
    for series in ("6.1", "6.12"):
        one(checks, series)


if __name__ == "__main__":
    sys.exit(main(test))
