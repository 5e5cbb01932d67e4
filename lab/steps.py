# SPDX-License-Identifier: GPL-2.0-or-later
"""What is done to the virtual ProLiant's cards, each step on its own: how a card is seen, tried,
freed, handed over and put back. A better way to do one of them replaces one function."""

from __future__ import annotations

from dataclasses import dataclass

from . import kernels, nested, state
from .terminal import Terminal

DATA = "exclude-slot2.xml"  # of schemas/examples
SAVED = "/tmp/now.dat"
GUEST_SECONDS = 300
GUEST = "/tmp/guest.sh"
GUEST_HOLDS = r"is used by a guest: qemu-system-x86 \(pid \d+\)\s+holds\s+/dev/vfio/\d"
# Not what the disks' drivers say when they go and come.
ATTACH_SHOWN = "^(?! +kernel:)|DMAR|1:1"


@dataclass(frozen=True)
class Card:
    """A card of machines/dl380p.machine."""

    slot: int
    address: str
    what: str
    driver: str
    disk: str  # its serial number

    @property
    def name(self) -> str:
        """As pcipass names it."""
        return f"slot{self.slot}"


HBA = Card(2, "0000:01:00.0", "an AHCI controller with a disk", "ahci", "d0000-01-00-0")
DRIVE = Card(3, "0000:02:00.0", "an NVMe drive", "nvme", "d0000-02-00-0")
CARDS = (HBA, DRIVE)


@dataclass(frozen=True)
class Refusal:
    """How a kernel refuses a device with a region."""

    error: str
    log: str


# By the first of the lab's series that answers so.
REFUSALS = {
    "6.1": Refusal("EPERM", "Device is ineligible for IOMMU domain attach due to platform RMRR "
                            "requirement"),
    "6.12": Refusal("EINVAL", "Firmware has requested this device have a 1:1 IOMMU mapping, "
                              "rejecting"),
}


def refusal(series: str) -> Refusal:
    """How a series refuses one."""
    return REFUSALS["6.12" if kernels.at_least(series, "6.6") else "6.1"]


def start(t: Terminal) -> None:
    """As a Linux server is after its boot."""
    t.quietly("modprobe efivarfs && mount -t efivarfs efivarfs /sys/firmware/efi/efivars")
    t.quietly("modprobe -a ahci sd_mod nvme vfio-pci vfio_iommu_type1")
    t.quietly(state.MOUNT)


def stop(t: Terminal) -> None:
    """As it is before it is switched off."""
    t.quietly(state.UNMOUNT)


def survey(t: Terminal, *wanted: str) -> None:
    """The whole machine, as far as the cards are concerned."""
    t.type("pcipass", *wanted,
           shown="^HP|^Intel|FIXABLE|0[12]:00|RMR|remedy: set|to do it: pcipass free|devices:")


def held(t: Terminal, card: Card) -> None:
    """The card is blocked by its region."""
    t.type(f"pcipass check {card.name}",
           rf"^{card.address}: fixable: the BIOS reserves memory for it \(RMRR 0x", code=1)


def refused(t: Terminal, card: Card, refusal: Refusal) -> None:
    """The kernel itself refuses it, and everything is put back."""
    t.type(f"pcipass verify --attach {card.name} --take", f"^  {refusal.error} +set-container",
           refusal.log, "^refused: ", "^what was taken is put back$", code=1, shown=ATTACH_SHOWN,
           wide=True)


def free(t: Terminal, card: Card) -> None:
    """The whole of it: what is done, what it costs, and done."""
    t.type(f"pcipass free {card.name} --yes", rf"^  1\. .*RMRDS_Slot{card.slot}",
           "^     side effect: iLO no longer sees the card", "^     remedy: bios-rmrds$",
           rf"^pcipass: .*RMRDS_Slot{card.slot}", '^Done. Reboot, then run "pcipass verify"')


def exclude_by_name(t: Terminal, card: Card) -> None:
    """A slot by the setting's name."""
    t.type(f"pcipass settings set RMRDS_Slot{card.slot}=Endpoints_Excluded",
           f"^  RMRDS_Slot{card.slot}: Endpoints_Included -> Endpoints_Excluded$",
           "^1 change written: takes effect at the next boot$")


def written(t: Terminal, cards: tuple[Card, ...]) -> None:
    """The store holds what was written, and nothing is left to write."""
    t.type(f"pcipass-conrep -s -x rmrds.xml -f {SAVED}", "^Conrep Return Code: 0$",
           shown="^Saving|^Conrep")
    t.type(f"sed -n 's/ helptext=\"[^\"]*\"//; /Excluded/p' {SAVED}",
           "\\A" + "".join(rf' *<Section name="RMRDS_Slot{c.slot}">Endpoints_Excluded</Section>\n'
                           for c in cards) + "\\Z")
    t.type(f"pcipass settings diff {DATA}", "^no change$")


def not_yet(t: Terminal, card: Card) -> None:
    """Asked too early it says so."""
    t.type("pcipass verify", "^  no +the host has been rebooted since$", f"^{card.name}: ", code=1)


def verified(t: Terminal, card: Card) -> None:
    """All that was done took."""
    t.type("pcipass verify", "^  yes +the host has been rebooted since$",
           rf"^{card.name}: freed", shown="")


def assignable(t: Terminal, card: Card) -> None:
    """Nothing stands in the way."""
    t.type(f"pcipass check {card.name}", rf"^{card.address}: assignable(; next.*: .*)?$")


def attached(t: Terminal, card: Card) -> None:
    """The kernel lets VFIO have it; then it is put back."""
    t.type(f"pcipass verify --attach {card.name} --take", "^  ok +set-container", "^attached$",
           "^what was taken is put back$", shown=ATTACH_SHOWN, wide=True)


def hand_over(t: Terminal, card: Card) -> None:
    """From its driver to vfio-pci."""
    t.type(f"pcipass bind {card.name} --now --yes", f"^pcipass: .*{card.address}")
    t.type(f"basename $(readlink /sys/bus/pci/devices/{card.address}/driver)", r"\Avfio-pci\n\Z")


def guest(t: Terminal, cards: tuple[Card, ...]) -> None:
    """A guest that is given the cards, by what emit says, reads SMART from their disks."""
    t.quietly("modprobe -a " + " ".join(nested.SERVER_MODULES))
    names = " ".join(card.name for card in cards)
    t.type(f"pcipass emit qemu {names} >{GUEST} && cat {GUEST}",
           *[f"host={card.address}," for card in cards])
    t.type(f"cat /{nested.START}")
    disks = [rf"Serial Number: +{c.disk}\r?\n(.*\n)*?{nested.PASSED}\r?$" for c in cards]
    t.say("While the guest has them, nobody takes them away:")
    t.type(f"LC_ALL=C bash /{nested.START} & "
           "until [ $(ls -l /proc/[0-9]*/fd 2>/dev/null | grep -c ' /dev/vfio/[0-9]') -ge "
           f"{len(cards)} ]; do sleep 0.2; done; pcipass undo --yes; wait", GUEST_HOLDS, *disks, seconds=GUEST_SECONDS)


def take_back(t: Terminal, card: Card) -> None:
    """What hand_over() did."""
    t.type("pcipass undo --yes", f"^pcipass: .*{card.address}")
    t.type(f"basename $(readlink /sys/bus/pci/devices/{card.address}/driver)",
           rf"\A{card.driver}\n\Z")


def undo(t: Terminal, card: Card) -> None:
    """What free() did."""
    t.type("pcipass undo --yes", rf"^pcipass: .*RMRDS_Slot{card.slot}")


def nothing_applied(t: Terminal) -> None:
    """There is nothing to verify."""
    t.type("pcipass verify", "^pcipass: nothing is applied here", code=3)


def include_by_name(t: Terminal, card: Card) -> None:
    """What exclude_by_name() did."""
    t.type(f"pcipass settings set RMRDS_Slot{card.slot}=Endpoints_Included",
           "^1 change written")
