# SPDX-License-Identifier: GPL-2.0-or-later
"""From a recipe's functions to QEMU's devices: the same tree, with what QEMU has of each kind.

Only place, kind, slot and ACS are the recipe's; ids and capabilities are those of QEMU's models.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from . import places
from machinery.functions import CLASSES
from machinery.model import Function, Machine, MachineError

DISK_BYTES = 16 << 20
SAS_ADDRESS = 5 << 60  # NAA 5, no vendor
# What the board has by itself, wherever a recipe may list it.
BOARD_DEVICES = (0x00, 0x1F)
# Every other root bus is behind a function of the board, from here downwards.
LAST_ROOT_DEVICE = 0x1E
# The function of this name carries the lab's firmware in its option ROM.
FIRMWARE_CARD = "lom"
BRIDGES = {"root-port": "pcie-root-port", "upstream": "x3130-upstream",
           "downstream": "xio3130-downstream", "pcie-to-pci": "pcie-pci-bridge",
           "pci-bridge": "pci-bridge"}
PORTS = ("root-port", "downstream")
# Models that a recipe gets by their ids.
BRIDGES_BY_ID = {(0x8086, 0x3420): "ioh3420", (0x8086, 0x244E): "i82801b11-bridge"}


class Unsupported(MachineError):
    """A recipe has something that QEMU has no model of."""


class Builder:
    """Collects the words for one machine. Disks are files in its directory, kept if they are there."""

    def __init__(self, machine: Machine, directory: Path, rom: Path | None) -> None:
        self.machine = machine
        self.directory = directory
        self.rom = rom
        self.words: list[str] = []
        self.chassis = 0
        self.roots: dict[int, str] = {0: "pcie.0"}

    def build(self) -> list[str]:
        """All devices, bridges before what is below them."""
        for f in self.machine.functions:
            if f.physfn or (not f.parent and f.bus == 0 and f.device in BOARD_DEVICES):
                continue
            if f.class_code == CLASSES["iommu"] or (self.machine.iommu.kind == "virtio"
                                                    and f.name == self.machine.iommu.at):
                continue  # comes with the machine's IOMMU
            if f.bridge:
                self._bridge(f)
            else:
                self._endpoint(f)
        return self.words

    def name(self, f: Function) -> str:
        """QEMU's id of a function."""
        return f"d{f.domain:04x}-{f.bus:02x}-{f.device:02x}-{f.function:x}"

    def device(self, f: Function, driver: str, *options: str) -> None:
        """A function in its place."""
        if f.domain:
            raise Unsupported(f"{f.address}: only domain 0 is built", self.machine.name, f.line)
        bus = self.name(f.parent) if f.parent else self._root(f.bus)
        multi = ("multifunction=on",) if f.multifunction else ()
        self.words += ["-device", ",".join((driver, f"id={self.name(f)}", f"bus={bus}",
                                            f"addr={f.device:x}.{f.function:x}", *multi,
                                            *options))]

    def _root(self, bus: int) -> str:
        """QEMU's id of a root bus; one that is not there yet is made."""
        if bus not in self.roots:
            self.roots[bus] = f"root-{bus:02x}"
            device = LAST_ROOT_DEVICE + 2 - len(self.roots)
            self.words += ["-device", f"pxb-pcie,id={self.roots[bus]},bus=pcie.0,bus_nr={bus},"
                           f"addr={device:x}.0"]
        return self.roots[bus]

    def disk(self, f: Function) -> str:
        """A drive of its own; returns its id."""
        name = f"disk-{self.name(f)}"
        path = self.directory / f"{name}.img"
        if not path.exists():
            with open(path, "wb") as file:
                file.truncate(DISK_BYTES)
        self.words += ["-drive", f"if=none,id={name},format=raw,cache=unsafe,file={path}"]
        return name

    def _bridge(self, f: Function) -> None:
        driver = BRIDGES_BY_ID.get((f.vendor_id, f.device_id)) or BRIDGES.get(f.bridge)
        if not driver:
            raise Unsupported(f"{f.address}: no model of a {f.bridge}", self.machine.name, f.line)
        self.chassis += 1
        options = []
        if f.bridge in PORTS:
            options += [f"chassis={self.chassis}", f"slot={f.slot or 0}"]
        elif driver == "pci-bridge":
            options += [f"chassis_nr={self.chassis}"]
        if driver == "pcie-root-port" and not f.acs and not f.acs_quirk:
            options += ["disable-acs=on"]
        self.device(f, driver, *options)

    def _endpoint(self, f: Function) -> None:
        build = ENDPOINTS.get(f.class_code)
        if not build:
            raise Unsupported(f"{f.address}: no model of class {f.class_code:06x}",
                              self.machine.name, f.line)
        build(self, f)


def _ahci(b: Builder, f: Function) -> None:
    disk = b.disk(f)
    b.device(f, "ahci")
    b.words += ["-device", f"ide-hd,drive={disk},bus={b.name(f)}.0,serial={b.name(f)}"]


def _nvme(b: Builder, f: Function) -> None:
    if not f.sriov:
        b.device(f, "nvme", f"drive={b.disk(f)}", f"serial={b.name(f)}")
        return
    # VFs need a subsystem, and resources that can be moved to them.
    disk, subsystem, n = b.disk(f), f"subsystem-{b.name(f)}", f.sriov.total
    b.words += ["-device", f"nvme-subsys,id={subsystem}"]
    b.device(f, "nvme", f"serial={b.name(f)}", f"subsys={subsystem}", f"sriov_max_vfs={n}",
             f"sriov_vq_flexible={2 * n}", f"sriov_vi_flexible={n}")
    b.words += ["-device", f"nvme-ns,drive={disk},bus={b.name(f)}"]


def _sas(b: Builder, f: Function) -> None:
    # Without SAS addresses of their own the controller's driver finds no disk.
    disk, address = b.disk(f), SAS_ADDRESS | f.requester_id << 8
    b.device(f, "mptsas1068", f"sas_address={address:#x}")
    b.words += ["-device", f"scsi-hd,drive={disk},bus={b.name(f)}.0,wwn={address + 1:#x}"]


def _ethernet(b: Builder, f: Function) -> None:
    # An empty romfile: no boot from a network that is not there.
    rom = str(b.rom) if b.rom and f.name == FIRMWARE_CARD else ""
    b.device(f, "e1000e", f"romfile={rom}")


def _plain(driver: str, *options: str) -> Callable[[Builder, Function], None]:
    return lambda b, f: b.device(f, driver, *options)


ENDPOINTS: dict[int, Callable[[Builder, Function], None]] = {
    CLASSES["sata"]: _ahci, CLASSES["nvme"]: _nvme, CLASSES["sas"]: _sas,
    CLASSES["scsi"]: _sas, CLASSES["ethernet"]: _ethernet,
    CLASSES["xhci"]: _plain("qemu-xhci"), CLASSES["ehci"]: _plain("usb-ehci"),
    CLASSES["uhci"]: _plain("piix4-usb-uhci"), CLASSES["audio"]: _plain("intel-hda"),
    CLASSES["serial"]: _plain("pci-serial"),
    CLASSES["vga"]: _plain("VGA", "romfile="),
    CLASSES["display"]: _plain("bochs-display", "romfile="),
}


def arguments(machine: Machine, directory: Path, rom: Path | None) -> list[str]:
    """The words for QEMU. With a ROM there must be a card to carry it."""
    carriers = [f for f in machine.functions
                if f.name == FIRMWARE_CARD and f.class_code == CLASSES["ethernet"]]
    if rom and not carriers:
        raise Unsupported(f"no ethernet function called {FIRMWARE_CARD} carries the firmware",
                          machine.name, 1)
    return Builder(machine, directory, rom).build()
