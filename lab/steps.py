# SPDX-License-Identifier: GPL-2.0-or-later
"""What is done to the virtual ProLiant's cards, each step on its own: how a card is seen, tried,
freed, handed over and put back. A better way to do one of them replaces one function."""

from __future__ import annotations

from dataclasses import dataclass

from . import nested
from .terminal import Terminal

DATA = "exclude-slot2.xml"  # of schemas/examples
SAVED = "/tmp/now.dat"
GUEST_SECONDS = 300
# Not what the disks' drivers say when they go and come.
ATTACH_SHOWN = "^(?! +kernel:)|DMAR|1:1"


@dataclass(frozen=True)
class Card:
    """A card of machines/dl380p.machine."""

    slot: int
    address: str
    what: str
    disk: str  # its serial number

    @property
    def name(self) -> str:
        """As pcipass names it."""
        return f"slot{self.slot}"


HBA = Card(2, "0000:01:00.0", "an AHCI controller with a disk", "d0000-01-00-0")
DRIVE = Card(3, "0000:02:00.0", "an NVMe drive", "d0000-02-00-0")
CARDS = (HBA, DRIVE)


@dataclass(frozen=True)
class Refusal:
    """How a kernel refuses a device with a region."""

    error: str
    log: str


REFUSALS = {
    "6.1": Refusal("EPERM", "Device is ineligible for IOMMU domain attach due to platform RMRR "
                            "requirement"),
    "6.12": Refusal("EINVAL", "Firmware has requested this device have a 1:1 IOMMU mapping, "
                              "rejecting"),
}


def start(t: Terminal) -> None:
    """As a Linux server is after its boot."""
    t.quietly("modprobe efivarfs && mount -t efivarfs efivarfs /sys/firmware/efi/efivars")
    t.quietly("modprobe -a ahci sd_mod nvme vfio-pci vfio_iommu_type1")


def survey(t: Terminal, *wanted: str) -> None:
    """The whole machine, as far as the cards are concerned."""
    t.type("pcipass", *wanted, shown="^HP|^Intel|BLOCKED|0[12]:00|RMR|HP's conrep, then|devices:")


def held(t: Terminal, card: Card) -> None:
    """The card is blocked by its region."""
    t.type(f"pcipass check {card.name}",
           rf"^{card.address}: blocked, .*the BIOS reserves memory for it \(RMRR 0x", code=1)


def refused(t: Terminal, card: Card, refusal: Refusal) -> None:
    """The kernel itself refuses it, and everything is put back."""
    t.type(f"pcipass verify --attach {card.name} --take", f"^  {refusal.error} +set-container",
           refusal.log, "^refused: ", "^what was taken is put back$", code=1, shown=ATTACH_SHOWN,
           wide=True)


def exclude_by_file(t: Terminal) -> None:
    """Slot 2, the way of conrep: a schema and a data file."""
    t.type(f"pcipass-conrep -l -x rmrds.xml -f {DATA}", "^Conrep Return Code: 0$")


def exclude_by_name(t: Terminal, card: Card) -> None:
    """A slot by the setting's name."""
    t.type(f"pcipass settings set RMRDS_Slot{card.slot}=Endpoints_Excluded",
           f"^  RMRDS_Slot{card.slot}: Endpoints_Included -> Endpoints_Excluded$",
           "^1 change; written, and in force at the next boot$")


def written(t: Terminal, cards: tuple[Card, ...]) -> None:
    """The store holds what was written, and nothing is left to write."""
    t.type(f"pcipass-conrep -s -x rmrds.xml -f {SAVED}", "^Conrep Return Code: 0$",
           shown="^Saving|^Conrep")
    t.type(f"sed -n 's/ helptext=\"[^\"]*\"//; /Excluded/p' {SAVED}",
           "\\A" + "".join(rf' *<Section name="RMRDS_Slot{c.slot}">Endpoints_Excluded</Section>\n'
                           for c in cards) + "\\Z")
    t.type(f"pcipass settings diff {DATA}", "^no change$")


def free(t: Terminal, card: Card) -> None:
    """Nothing stands in the way."""
    t.type(f"pcipass check {card.name}", rf"^{card.address}: assignable$")


def attached(t: Terminal, card: Card) -> None:
    """The kernel lets VFIO have it; then it is put back."""
    t.type(f"pcipass verify --attach {card.name} --take", "^  ok +set-container", "^attached$",
           "^what was taken is put back$", shown=ATTACH_SHOWN, wide=True)


def hand_over(t: Terminal, card: Card) -> None:
    """From its driver to vfio-pci."""
    t.type(f"cd /sys/bus/pci/devices/{card.address} && echo vfio-pci >driver_override && "
           f"echo {card.address} >driver/unbind && "
           f"echo {card.address} >/sys/bus/pci/drivers_probe && basename $(readlink driver)",
           r"\Avfio-pci\n\Z")


def guest(t: Terminal, cards: tuple[Card, ...]) -> None:
    """A guest that is given the cards reads SMART from their disks."""
    t.quietly("modprobe -a " + " ".join(nested.SERVER_MODULES))
    disks = [rf"Serial Number: +{c.disk}\r?\n(.*\n)*?{nested.PASSED}\r?$" for c in cards]
    t.type(nested.command([c.address for c in cards], GUEST_SECONDS - 10), *disks,
           seconds=GUEST_SECONDS)


def include(t: Terminal, cards: tuple[Card, ...]) -> None:
    """All settings as they were."""
    names = " ".join(f"RMRDS_Slot{c.slot}=Endpoints_Included" for c in cards)
    t.type(f"pcipass settings set {names}", f"^{len(cards)} changes?; written")
