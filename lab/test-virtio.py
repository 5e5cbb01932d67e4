#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A virtual machine with a virtio-iommu, whose driver is a module: without it, with it, and what VFIO then says."""

from __future__ import annotations

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from lab import initramfs, job, kernels, places  # noqa: E402
from lab.checks import Checks, main  # noqa: E402
from lab.server import Server  # noqa: E402
from machinery import recipe  # noqa: E402

RECIPE = """system Sample "Virtual machine"
00:01.0 1af4:1057 00ff00 name=viommu
iommu virtio at=viommu
00:02.0 1b36:000c root-port acs slot=2
  00.0 8086:10d3 ethernet name=card
slot 2 "PCIe Slot 2" card
"""
KERNEL = "6.12"  # Debian's 6.1 for amd64 has no driver
CARD = "0000:01:00.0"
SECONDS = 300


def test(checks: Checks) -> None:
    """One boot."""
    machine = recipe.loads(RECIPE, str(places.RECIPES))
    kernel = kernels.get(KERNEL)
    image = initramfs.Image(kernel)
    image.add_modules("virtio-iommu")
    asked = job.Job()
    without = asked.run("pcipass", SECONDS)
    asked.run("modprobe -a virtio_iommu vfio-pci vfio_iommu_type1", SECONDS)
    survey = asked.run("pcipass --json", SECONDS)
    refused = asked.run(f"pcipass verify --attach {CARD} --take", SECONDS)
    asked.run("echo Y >/sys/module/vfio_iommu_type1/parameters/allow_unsafe_interrupts", SECONDS)
    check = asked.run(f"pcipass check {CARD}", SECONDS)
    attached = asked.run(f"pcipass verify --attach {CARD} --take", SECONDS)
    itself = asked.run("pcipass check 00:01.0", SECONDS)
    with Server(machine, kernel, image, firmware=False) as server:
        a = server.boot(asked)
    checks.true("without its driver", "has a virtio-iommu, but its driver is not loaded" in
                " ".join(a[without].text.split()), a[without].text)
    devices = {d["address"]: d for d in a[survey].json()["devices"]}
    rules = {f["rule"]: f for f in devices[CARD]["findings"]}
    checks.equal("the card before", devices[CARD]["group"], None)
    checks.true("its group comes", "the virtio-iommu covers it" in rules["group-follows"]["text"], rules)
    checks.equal("interrupts", rules["interrupt-remapping"]["effect"], "blocks")
    checks.true("VFIO refuses", all(w in a[refused].text for w in ("is in group", "EPERM")) and a[refused].exit == 1, a[refused].text)
    checks.true("VFIO may", " care: " in a[check].text or "with care" in a[check].text, a[check].text)
    checks.true("and does", "attached" in a[attached].text and a[attached].exit == 0, a[attached].text)
    checks.true("the IOMMU itself", "no IOMMU of this host covers it" in a[itself].text, a[itself].text)


if __name__ == "__main__":
    sys.exit(main(test))
