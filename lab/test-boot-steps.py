#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Steps that act at the next boot, on a Debian that is installed: an option of a module, a bridge kept from
its driver by a udev rule, an argument taken off the kernel's command line. Each is applied, holds after the
reboot, lets the device attach, and is taken back."""

from __future__ import annotations

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from lab import kernels, places  # noqa: E402
from lab.checks import Checks, main  # noqa: E402
from lab.commands import Commands  # noqa: E402
from lab.server import Installed  # noqa: E402
from machinery import recipe  # noqa: E402
from machinery.model import Machine  # noqa: E402

# A card behind a bridge that shpchp, built into Debian's kernels, binds.
RECIPE = """system HP "ProLiant DL360 G7"
bios HP P68 05/21/2018
cpu Intel
iommu intel

00:02.0 1b36:000c root-port acs slot=2
  00.0 1b36:000e pcie-to-pci name=bridge
    01.0 1000:0054 sas name=card pcie=none
00:05.0 8086:10d3 ethernet name=lom

slot 2 "PCI-E Slot 2" card type=pci
drhd fed90000 all ioapic:00@ff:00.0
"""
OWN = "/etc/default/grub.d/lab.cfg"
CONF = "/etc/modprobe.d/pcipass.conf"
RULES = "/etc/udev/rules.d/05-pcipass.rules"
UNSAFE = "/sys/module/vfio_iommu_type1/parameters/allow_unsafe_interrupts"
WORD = "intremap=off"
TOOL_SECONDS = 600
BOOT_SECONDS = 2400


def boot(server: Installed, commands: Commands) -> None:
    """Types them on the next boot."""
    answer = server.boot(commands.job, seconds=BOOT_SECONDS)
    commands.check(answer)
    print(f"boot {server.boots}: {answer.seconds:.0f} s", flush=True)


def free_by_option(b: Commands, card: str, bridge: str) -> None:
    """The insecure way, since it is asked for; and the bridge off its driver."""
    b.type("cat /proc/cmdline", WORD)
    b.type(f"basename $(readlink {bridge}/driver)", "shpchp")
    b.type(f"pcipass check {card}", "interrupts are not remapped", code=1)
    b.type(f"pcipass free {card} --by allow-unsafe-interrupts --yes", CONF, RULES, "update-initramfs")
    b.type(f"readlink {bridge}/driver", code=1)


def option_holds(b: Commands, card: str, bridge: str) -> None:
    """Both took; ends with both taken back."""
    b.type(f"readlink {bridge}/driver", code=1)
    b.type(f"modprobe -a vfio-pci vfio_iommu_type1; cat {UNSAFE}", "Y")
    b.type("pcipass verify", "freed")
    b.type(f"pcipass verify --attach {card} --take", "attached")
    b.type("pcipass undo --yes", CONF, RULES)
    b.type(f"ls {CONF} {RULES}", code=2)
    b.type(f"basename $(readlink {bridge}/driver)", "shpchp")


def free_by_argument(b: Commands, card: str, bridge: str) -> None:
    """The module is loaded without the option again: the secure way."""
    b.type(f"pcipass free {card} --yes", WORD, RULES, "update-grub")
    b.type(f"grep -c {WORD} /boot/grub/grub.cfg", "0", code=1)


def argument_gone(b: Commands, card: str, bridge: str) -> None:
    """Both took; and all of it is taken back."""
    b.type(f"grep -c {WORD} /proc/cmdline", "0", code=1)
    b.type(f"readlink {bridge}/driver", code=1)
    b.type(f"modprobe -a vfio-pci vfio_iommu_type1; cat {UNSAFE}", "N")
    b.type("pcipass verify", "freed")
    b.type(f"pcipass verify --attach {card} --take", "attached")
    b.type("pcipass undo --yes", RULES, "update-grub")
    b.type(f"grep -q {WORD} {OWN} && grep -q {WORD} /boot/grub/grub.cfg")
    b.type(f"basename $(readlink {bridge}/driver)", "shpchp")


def as_before(b: Commands, card: str, bridge: str) -> None:
    """The next boot is as the first."""
    b.type("cat /proc/cmdline", WORD)
    b.type(f"basename $(readlink {bridge}/driver)", "shpchp")
    b.type(f"pcipass check {card}", "interrupts are not remapped", code=1)


def one(checks: Checks, series: str) -> None:
    """All boots of one kernel."""
    kernel = kernels.get(series)
    machine: Machine = recipe.loads(RECIPE, str(places.RECIPES))
    at = {f.name: f.address for f in machine.functions if f.name}
    with Installed(machine, kernel) as server:
        first = Commands(checks, TOOL_SECONDS)
        first.type(f"sed -i 's/intel_iommu=on/intel_iommu=on {WORD}/' {OWN} && update-grub")
        boot(server, first)
        for chapter in free_by_option, option_holds, free_by_argument, argument_gone, as_before:
            b = Commands(checks, TOOL_SECONDS)
            chapter(b, at["card"], f"/sys/bus/pci/devices/{at['bridge']}")
            boot(server, b)


def test(checks: Checks) -> None:
    """The kernel that is named, else 6.1."""
    for series in sys.argv[1:] or ("6.1",):
        one(checks, series)


if __name__ == "__main__":
    sys.exit(main(test))
