#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Steps that free a device without the firmware, on real kernels: a bridge taken from a driver that VFIO
does not accept, virtual functions switched off, an option of a module. Each is applied, the device
attaches, and undo takes it back. What happens at the next boot needs udev and an initrd of a whole
system, and is no part of this."""

from __future__ import annotations

import base64
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from lab import initramfs, kernels, places, tables  # noqa: E402
from lab.checks import Checks, main  # noqa: E402
from lab.commands import Commands  # noqa: E402
from lab.server import Server  # noqa: E402
from machinery import recipe  # noqa: E402

# A card behind a bridge that shpchp binds, a controller with virtual functions, interrupts not remapped.
RECIPE = """include kinds.machine
iommu intel noremap
00:0b.0 @port acs slot=6
  00.0 1b36:0010 nvme name=pf sriov=0/2 vf=0010
slot 6 "PCI-E Slot 6" pf
"""
CONF = "/etc/modprobe.d/pcipass.conf"
UNSAFE = "/sys/module/vfio_iommu_type1/parameters/allow_unsafe_interrupts"
SECONDS = 240


def one(checks: Checks, series: str) -> None:
    """One boot of one kernel."""
    kernel = kernels.get(series)
    machine = recipe.loads(RECIPE, str(places.RECIPES))
    at = {f.name: f.address for f in machine.functions if f.name}
    old, pf = at["old"], at["pf"]
    bridge, = (f.address for f in machine.functions if f.bridge == "pcie-to-pci")
    sys_ = "/sys/bus/pci/devices"
    image = initramfs.Image(kernel)
    for name in ("modprobe", "depmod"):  # busybox reads modprobe.d in its own way
        image.add_program(places.program(name, "kmod"), to="sbin", name=name)
    s = Commands(checks, SECONDS)
    s.type("mkdir -p /etc/modprobe.d /etc/udev/rules.d; modprobe nvme; "
           f"echo 2 >{sys_}/{pf}/sriov_numvfs; cat {sys_}/{pf}/sriov_numvfs", "2")
    s.type(f"basename $(readlink {sys_}/{bridge}/driver)", "shpchp")
    s.type(f"pcipass check {old}", "fixable", code=1)
    s.type(f"pcipass free {old} --yes", bridge, "allow_unsafe_interrupts")
    s.type(f"readlink {sys_}/{bridge}/driver", code=1)
    s.type(f"cat {CONF}", "options vfio_iommu_type1 allow_unsafe_interrupts=1")
    s.type(f"/sbin/depmod && /sbin/modprobe -a vfio-pci vfio_iommu_type1; cat {UNSAFE}", "Y")
    s.type(f"pcipass verify --attach {old} --take", "attached")
    s.type(f"pcipass check {pf}", "of its virtual functions are enabled", code=1)
    s.type(f"pcipass free {pf} --yes", pf)
    s.type(f"cat {sys_}/{pf}/sriov_numvfs", "0")
    s.type(f"pcipass verify --attach {pf} --take", "attached")
    s.type("pcipass undo --yes", pf)
    s.type("pcipass undo --yes", bridge, CONF)
    s.type("pcipass undo --yes", "undone already")
    s.type(f"cat {sys_}/{pf}/sriov_numvfs; basename $(readlink {sys_}/{bridge}/driver)", "2", "shpchp")
    s.type(f"ls {CONF} /etc/udev/rules.d/05-pcipass.rules", code=1)
    with Server(machine, kernel, image, firmware=False) as server:
        answer = server.boot(s.job, tables.early(tables.from_recipe(machine)), seconds=1800)
    s.check(answer)
    print(f"Linux {answer.kernel}: {answer.seconds:.1f} s")


# The firmware calls a port an endpoint, and Linux leaves the whole IOMMU off.
WRONG = "include kinds.machine\nrmrr 7fff8000-7fff8fff endpoint:00:02.0\n"


def wrong_type(checks: Checks, series: str) -> None:
    """Two boots: with that table, and with the one that pcipass makes of it."""
    kernel = kernels.get(series)
    machine = recipe.loads(WRONG, str(places.RECIPES))
    first, second = Commands(checks, SECONDS), Commands(checks, SECONDS)
    first.type("ls /sys/kernel/iommu_groups | wc -l", "0\n")
    first.type("dmesg | grep 'Device scope type does not match'", "0000:00:02.0")
    first.type("pcipass check 01:00.0", "lists 00:02.0 as an endpoint", code=1)
    made = first.job.run("pcipass override build 01:00.0 -o /tmp/table.cpio >&2 && base64 /tmp/table.cpio", SECONDS)
    second.type("dmesg | grep 'Table Upgrade: override'", "DMAR")
    second.type("ls /sys/kernel/iommu_groups | grep -c .", "1")
    second.type("modprobe -a vfio-pci vfio_iommu_type1")
    second.type("pcipass verify --attach 01:00.0 --take", "attached")
    with Server(machine, kernel, initramfs.Image(kernel), firmware=False) as server:
        answer = server.boot(first.job, tables.early(tables.from_recipe(machine)), seconds=1800)
        first.check(answer)
        table = base64.b64decode(answer[made].stdout)
        checks.true("a table was made", table, answer[made].stderr)
        second.check(server.boot(second.job, table, seconds=1800))


def another_namespace(checks: Checks, series: str) -> None:
    """A card whose interface a container has: the kernel shows its directory of interfaces, and nothing in it."""
    kernel = kernels.get(series)
    machine = recipe.loads(RECIPE, str(places.RECIPES))
    far, = (f.address for f in machine.functions if f.name == "far")
    net = f"/sys/bus/pci/devices/{far}/net"
    s = Commands(checks, SECONDS)
    s.type(f"modprobe -a e1000e vfio-pci; until ls {net}/*; do sleep 0.1; done; ls {net}", "eth")
    s.type(f"pcipass explain {far} | grep -c 'another network namespace'", "0", code=1)
    s.type(f"unshare -n sleep 200 & sleep 1; ip link set $(ls {net}) netns $!; ls -A {net} | wc -l", "0\n")
    s.type(f"pcipass explain {far}", "its network interface is in another network namespace")
    s.type(f"pcipass bind {far} --now --yes", "is in another network namespace", code=1)
    s.type(f"basename $(readlink /sys/bus/pci/devices/{far}/driver)", "e1000e")
    with Server(machine, kernel, initramfs.Image(kernel), firmware=False) as server:
        s.check(server.boot(s.job, tables.early(tables.from_recipe(machine)), seconds=1800))


def test(checks: Checks) -> None:
    """Each kernel that is named, else both."""
    for series in sys.argv[1:] or ("6.1", "6.12"):
        another_namespace(checks, series)
        one(checks, series)
        wrong_type(checks, series)


if __name__ == "__main__":
    sys.exit(main(test))
