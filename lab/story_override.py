# SPDX-License-Identifier: GPL-2.0-or-later
"""The story on a machine without the setting: the kernel is given a table without the card, by the
tools of the Debian that is on its disk, and all of it is taken back."""

from __future__ import annotations

from collections.abc import Callable

from . import kernels, places, steps
from .checks import Checks
from .server import Installed
from .steps import DRIVE, HBA, refusal
from .terminal import Terminal
from machinery import recipe

RECIPE = "dl360g7.machine"
BOOT_SECONDS = 2400
TOOL_SECONDS = 600  # update-initramfs takes a minute here, and four on a busy host
# Everything that an apply may touch, each file with its checksum; of the initrd what is in it.
# GRUB's menu names the disk by its number, which changes from boot to boot.
STATE = ("(cd / && find etc boot/grub -type f ! -name grub.cfg | sort | xargs -d '\\n' sha256sum; "
         "sed 's/\\(hd\\|ahci\\)[0-9]*,//g' boot/grub/grub.cfg | sha256sum; "
         "rm -rf /tmp/i; unmkinitramfs /boot/initrd.img-$(uname -r) /tmp/i && cd /tmp/i && "
         "find . -type f | sort | xargs -d '\\n' sha256sum; find . ! -type f | sort)")
BEFORE = "/root/before"
OWN_ARGUMENTS = "/etc/default/grub.d/lab.cfg"
# The first archive only: it is the one that is not compressed.
INITRD_TABLE = "cpio -t --quiet </boot/initrd.img-$(uname -r) | grep firmware/acpi"
WORK = "/var/tmp/mkinitramfs_*"  # there while an initrd is made


def _start(t: Terminal) -> None:
    t.quietly("modprobe -a ahci sd_mod nvme vfio-pci vfio_iommu_type1")


def _as_before(t: Terminal) -> None:
    t.type(f"{STATE} | diff {BEFORE} - && echo same", r"\Asame\n\Z", seconds=TOOL_SECONDS)


def _undo(t: Terminal) -> None:
    t.type("pcipass undo --yes", "^pcipass: run update-initramfs -u -k all again$",
           seconds=TOOL_SECONDS)


def blocked(t: Terminal, series: str) -> None:
    """The firmware holds the card, and there is no setting; ends with the table installed."""
    _start(t)
    t.quietly(f"{STATE} >{BEFORE}", TOOL_SECONDS)
    t.say(f"FIRST BOOT, from its disk through GRUB. Slot 2 has {HBA.what}; the firmware holds it.")
    steps.survey(t, "FIXABLE")
    steps.held(t, HBA)
    steps.refused(t, HBA, refusal(series))
    t.say("No setting here. The way that is left is another table:")
    t.type(f"pcipass free {HBA.name} --yes", "table-override|without these devices",
           "^pcipass: write /etc/initramfs-tools/hooks/pcipass$",
           "^pcipass: run update-initramfs -u -k all$", "^Done. Reboot", seconds=TOOL_SECONDS)
    t.type("pcipass override status", code=1)
    t.type(INITRD_TABLE, "^kernel/firmware/acpi/")
    t.type("pcipass verify", code=1)
    steps.held(t, HBA)


def freed(t: Terminal) -> None:
    """The kernel has taken it; ends with everything taken back."""
    _start(t)
    t.say("REBOOT. The kernel has taken the table:")
    t.type("dmesg | grep -E 'Table Upgrade|DMAR ACPI table found in initrd'",
           r"Table Upgrade: override \[DMAR")
    t.type("pcipass override status")
    t.type("pcipass verify", f"^{HBA.name}: freed")
    steps.assignable(t, HBA)
    steps.attached(t, HBA)
    t.say("An update of the kernel makes the initrd anew; the table stays in it:")
    t.type("update-initramfs -u", "Generating /boot/initrd", seconds=TOOL_SECONDS)
    t.type(INITRD_TABLE, "^kernel/firmware/acpi/")
    t.say("And back:")
    _undo(t)
    _as_before(t)


def blocked_again(t: Terminal) -> None:
    """As the first boot; then an apply that is killed; ends with a drive bound."""
    _start(t)
    t.say("REBOOT. The firmware's own table again.")
    steps.held(t, HBA)
    t.quietly(f"rm -rf {WORK}")
    t.say("Killed in the middle of making the initrd:")
    kill = (f"pcipass free {HBA.name} --yes & pid=$!; "
            f"until ls -d {WORK} >/dev/null 2>&1; do sleep 0.2; done; "
            "kill -9 $pid; wait $pid")
    t.type(kill, code=137, seconds=TOOL_SECONDS)
    t.type(f"pcipass free {HBA.name} --yes", "another pcipass is at work", code=1,
           shown="another")
    t.quietly(f"while ls -d {WORK} >/dev/null 2>&1; do sleep 0.2; done; sleep 2", TOOL_SECONDS)
    t.type("pcipass apply --resume --yes", seconds=TOOL_SECONDS)
    t.type(INITRD_TABLE, "^kernel/firmware/acpi/")
    _undo(t)
    _as_before(t)
    t.say(f"{DRIVE.what.capitalize()} for guests only, now and at every boot:")
    t.type(f"pcipass bind {DRIVE.name} --yes", seconds=TOOL_SECONDS)
    _driver(t, "vfio-pci")


def _driver(t: Terminal, name: str) -> None:
    t.type(f"basename $(readlink /sys/bus/pci/devices/{DRIVE.address}/driver)",
           rf"\A{name}\n\Z")


def bound(t: Terminal) -> None:
    """udev has bound the drive; ends with an IOMMU that is off."""
    t.say("REBOOT. Nobody has typed anything yet:")
    _driver(t, "vfio-pci")
    t.say("Taken off again, whoever bound it; and all of that undone:")
    t.type(f"pcipass unbind {DRIVE.name} --yes", "^pcipass: remove /etc/udev/rules.d/05-pcipass",
           seconds=TOOL_SECONDS)
    _driver(t, "nvme")
    _undo(t)
    _driver(t, "vfio-pci")
    _undo(t)
    _driver(t, "nvme")
    _as_before(t)
    t.say("The IOMMU is turned off on the kernel command line:")
    t.type(f"sed -i s/intel_iommu=on/intel_iommu=off/ {OWN_ARGUMENTS} && update-grub",
           seconds=TOOL_SECONDS)


def iommu_off(t: Terminal) -> None:
    """Ends with a plan carried out that was made elsewhere."""
    _start(t)
    t.quietly(f"{STATE} >{BEFORE}", TOOL_SECONDS)
    t.say("REBOOT. The IOMMU is off, and the firmware holds the card. The plan is made elsewhere, "
          "from a capture:")
    t.type("pcipass capture -o /tmp/host.tar")
    t.type(f"pcipass free {HBA.name} --from /tmp/host.tar -o /root/plan.json",
           "remove intel_iommu=off from the kernel command line",
           "add intel_iommu=on", "remedy: table-override")
    t.type("pcipass apply --plan /root/plan.json --yes", "^pcipass: run update-initramfs -u -k all$",
           "^pcipass: run update-grub$", seconds=TOOL_SECONDS)
    t.type("cat /etc/default/grub.d/pcipass.cfg", "intel_iommu=on")
    t.type(f"grep intel_iommu=off {OWN_ARGUMENTS}", code=1)


def iommu_on(t: Terminal) -> None:
    """All of it took."""
    _start(t)
    t.say("REBOOT. All of it took:")
    t.type("cat /proc/cmdline", "^(?!.*intel_iommu=off).*intel_iommu=on")
    t.type("pcipass verify", f"^{HBA.name}: freed")
    steps.attached(t, HBA)
    t.type("pcipass undo --yes", "^pcipass: run update-grub again$", seconds=TOOL_SECONDS)
    _as_before(t)


def tell(checks: Checks, series: str, told: Callable[[str], None]) -> None:
    """The whole of it."""
    kernel = kernels.get(series)
    machine = recipe.load(str(places.RECIPES / RECIPE))
    told(f"A virtual {machine.vendor} {machine.product}, Debian 12, Linux {kernel.release}.\n")
    with Installed(machine, kernel) as server:
        for chapter in (lambda t: blocked(t, series), freed, blocked_again, bound, iommu_off,
                        iommu_on):
            t = Terminal(checks, told)
            chapter(t)
            answer = server.boot(t.job, seconds=BOOT_SECONDS)
            t.tell(answer)
            told(f"[{answer.seconds:.0f} s]\n")
