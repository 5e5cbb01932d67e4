#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""VFIO without groups on a real kernel: the newest, with modules of our own; see cdev.py. Each device
is bound to iommufd, attached to an address space, and off it again; where the kernel has groups as
well, by these before. Not among the tests of ./run test: the modules are built for half an hour.

usage: test-cdev.py [NUMBER OF RANDOM MACHINES]
"""

from __future__ import annotations

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from lab import cdev, truth  # noqa: E402
from lab.checks import Checks, main  # noqa: E402
from lab.trial import ATTACHED, REFUSED, Attempt  # noqa: E402

SEED = 1
# Of every eight random machines the last is AMD's.
RANDOM = int(sys.argv[1]) if len(sys.argv) > 1 else 0

CARDS = """{iommu}
cmdline {cmdline}
00:02.0 1b36:000c root-port acs slot=2
  00.0 8086:10d3 ethernet name=free
00:03.0 1b36:000c root-port acs slot=3
  00.0 8086:10d3 ethernet name=held
"""
INTEL = "drhd fed90000 all ioapic:00@ff:00.0\n"
REGION = "rmrr 7fff8000-7fff8fff held\n"
IOMMU_INTEL = 'system HP "ProLiant DL380p Gen8"\niommu intel'
IOMMU_AMD = 'system Sample "Sample"\niommu amd at=iommu'
AMD_FUNCTION = "00:01.0 1022:0008 iommu name=iommu pcie=none\n"
UNSAFE = "unsafe-interrupts yes\n"
INTEL_LINE, AMD_LINE = "intel_iommu=on iommu=pt", "amd_iommu=on iommu=pt"
FREE, HELD = "0000:01:00.0", "0000:02:00.0"
# With QEMU's amd-iommu Linux 7.3 does not remap interrupts.
MACHINES = {
    "intel": CARDS.format(iommu=IOMMU_INTEL, cmdline=INTEL_LINE) + INTEL + REGION,
    "no-remapping": CARDS.format(iommu=IOMMU_INTEL + " noremap", cmdline=INTEL_LINE) + INTEL,
    "unsafe": CARDS.format(iommu=IOMMU_INTEL + " noremap", cmdline=INTEL_LINE) + UNSAFE + INTEL,
    "amd": CARDS.format(iommu=IOMMU_AMD, cmdline=AMD_LINE) + AMD_FUNCTION,
    "amd-unsafe": CARDS.format(iommu=IOMMU_AMD, cmdline=AMD_LINE) + UNSAFE + AMD_FUNCTION
                  + "ivmd held 7fff8000-7fff8fff unity,read,write\n",
}
BY_GROUPS = ("open-group", "set-container", "set-iommu", "map-dma", "unmap-dma")
BY_DEVICE = ("load-iommufd", "open-device", "bind-iommufd", "alloc-ioas", "attach-ioas", "map-ioas",
             "unmap-ioas", "detach-ioas")
EPERM, EINVAL = 1, 22


def went(attempt: Attempt, step: str) -> bool:
    """It came to that step, and the kernel did it."""
    return any(line.startswith(f"ok {step}:") for line in attempt.steps)


def attaches(checks: Checks, name: str, way: str, attempt: Attempt) -> None:
    """By each way that the kernel has, and by no other."""
    checks.equal(f"{way} {name}: outcome", attempt.outcome, ATTACHED)
    for step in BY_DEVICE:
        checks.true(f"{way} {name}: {step}", went(attempt, step), attempt.steps)
    for step in BY_GROUPS:
        checks.equal(f"{way} {name}: {step}", went(attempt, step), way == cdev.BOTH)


def refused(checks: Checks, name: str, way: str, attempt: Attempt, by_groups: str,
            errno: int) -> None:
    """At the step that the way has for it."""
    step = by_groups if way == cdev.BOTH else "bind-iommufd"
    checks.equal(f"{way} {name}", (attempt.outcome, attempt.step, attempt.errno),
                 (REFUSED, step, errno))


def one_way(checks: Checks, way: str) -> None:
    """Machines whose answers are known, and random ones."""
    recipes = [(f"{way}-{name}", text) for name, text in MACHINES.items()]
    report = truth.run(way, recipes + truth.generated(way, SEED, 0, RANDOM))
    print(report.summary())
    checks.equal(f"{way}: exit code", report.code, truth.AGREE)
    answers = {o.name.removeprefix(f"{way}-"): {d.address: d.attempt for d in o.agreement.devices}
               for o in report.outcomes}
    attaches(checks, "intel", way, answers["intel"][FREE])
    refused(checks, "intel", way, answers["intel"][HELD], "set-container", EINVAL)
    for name in ("no-remapping", "amd"):
        refused(checks, name, way, answers[name][FREE], "set-iommu", EPERM)
    for name in ("unsafe", "amd-unsafe"):
        attaches(checks, name, way, answers[name][FREE])
    refused(checks, "amd-unsafe", way, answers["amd-unsafe"][HELD], "set-container", EINVAL)


def test(checks: Checks) -> None:
    """Both kernels."""
    for way in cdev.WAYS:
        one_way(checks, way)


if __name__ == "__main__":
    sys.exit(main(test))
