# SPDX-License-Identifier: GPL-2.0-or-later
"""The model of a PCI host: plain data, no parsing and no writing."""

from __future__ import annotations

from dataclasses import dataclass, field

BRIDGE_KINDS = ("root-port", "upstream", "downstream", "pcie-to-pci", "pci-to-pcie", "pci-bridge")


class MachineError(Exception):
    """A recipe that cannot be built; names the recipe and the line where there is one."""

    def __init__(self, text: str, file: str = "", line: int = 0) -> None:
        super().__init__(f"{file}:{line}: {text}" if line else text)
        self.line = line


class MissingData(MachineError):
    """A recipe needs real data that this host does not have."""


@dataclass(slots=True)
class Bar:
    """A base address register: kind is io, 32, 64, 32p or 64p (p: prefetchable)."""

    index: int
    size: int
    kind: str
    address: int = 0
    placed: bool = True  # else it finds no room, and the kernel gives it no address

    @property
    def window(self) -> str:
        """The bridge window it has to lie in. A 32-bit BAR cannot use the one above 4 GiB."""
        if self.kind == "io":
            return "io"
        return "pref" if self.kind == "64p" else "mem"


@dataclass(slots=True)
class Sriov:
    """SR-IOV of a physical function: enabled of total VFs, and where they lie."""

    enabled: int
    total: int
    device_id: int
    offset: int = 1
    stride: int = 1
    driver: str = ""
    bars: list[Bar] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class Function:
    """One PCI function. Compared by identity: an address alone is no name across recipes."""

    domain: int
    bus: int
    device: int
    function: int
    vendor_id: int = 0
    device_id: int = 0
    class_code: int = 0  # 24 bits, with the programming interface
    revision: int = 0
    subsystem: tuple[int, int] = (0, 0)
    name: str = ""
    driver: str = ""
    bridge: str = ""  # one of BRIDGE_KINDS, or "" for a type 0 header
    pcie: str = ""  # endpoint, legacy, rciep or the bridge's kind; "": no PCI Express capability
    pm: str = ""  # "", "keep" (no soft reset on D3->D0) or "reset"
    msi: bool = False
    msix: int = 0  # number of vectors
    flr: bool = False
    af_flr: bool = False
    ari: bool = False
    hotplug: bool = False
    acs: tuple[int, int] | None = None  # capability and control bits
    acs_quirk: bool = False  # the kernel counts it as isolated without the capability
    ssvid: bool = False
    slot: int | None = None  # physical slot number in Slot Capabilities
    pin: int = 0
    irq: int = 0
    numa: int = -1
    link: tuple[int, int] = (2, 8)  # generation, width
    reset: str | None = None  # text of reset_method, if it is not to be computed
    bars: list[Bar] = field(default_factory=list)
    rom: Bar | None = None
    sriov: Sriov | None = None
    line: int = 0
    # filled in by topology.py
    parent: Function | None = None
    children: list[Function] = field(default_factory=list)
    multifunction: bool = False
    secondary: int = 0
    subordinate: int = 0
    physfn: Function | None = None
    windows: dict[str, tuple[int, int]] = field(default_factory=dict)  # base, limit (inclusive)

    @property
    def address(self) -> str:
        """dddd:bb:dd.f"""
        return f"{self.domain:04x}:{self.bus:02x}:{self.device:02x}.{self.function:x}"

    @property
    def devfn(self) -> int:
        """Device and function as one byte."""
        return self.device << 3 | self.function

    @property
    def requester_id(self) -> int:
        """Bus, device and function as 16 bits."""
        return self.bus << 8 | self.devfn

    @property
    def root(self) -> Function:
        """The function on the root bus above it, or itself."""
        f = self
        while f.parent:
            f = f.parent
        return f


@dataclass(slots=True)
class Slot:
    """SMBIOS type 9 and, if kernel is set, a directory in /sys/bus/pci/slots."""

    slot_id: int
    designation: bytes
    target: str  # reference to a function, or an address
    slot_type: int = 0xA5
    width: int = 2
    usage: int | None = None  # None: by what is there
    kernel: str = ""
    line: int = 0


@dataclass(slots=True)
class Onboard:
    """SMBIOS type 41."""

    designation: bytes
    device_type: int
    instance: int
    target: str
    line: int = 0


@dataclass(slots=True)
class Unit:
    """A remapping unit as the recipe asks for it; scopes are still references."""

    address: int
    segment: int = 0
    include_all: bool = False
    scopes: list[str] = field(default_factory=list)
    cap: int = 0xD2078C106F0466
    ecap: int = 0xF020DE
    line: int = 0


@dataclass(slots=True)
class Region:
    """A reserved region as the recipe asks for it; limit is inclusive."""

    base: int
    limit: int
    segment: int = 0
    scopes: list[str] = field(default_factory=list)
    covered: bool = True  # the memory map reserves it
    line: int = 0


@dataclass(slots=True)
class AmdRegion:
    """An IVMD: kind 20h all devices, 21h one, 22h a range of device ids."""

    kind: int
    first: str
    last: str
    base: int
    length: int
    flags: int
    line: int = 0


@dataclass(slots=True)
class Rmr:
    """A reserved memory range of an IORT; limit is inclusive."""

    base: int
    limit: int
    devices: list[str] = field(default_factory=list)  # references
    permitted: bool = False  # remapping
    line: int = 0


@dataclass(slots=True)
class Iommu:
    """What there is, what the firmware says of it and whether the kernel uses it."""

    kind: str = "none"  # intel, amd, smmu, virtio, none
    declared: bool = True
    on: bool = True
    remap: bool = True  # interrupt remapping works
    at: str = ""  # AMD, virtio: the IOMMU's own function
    dsm5: bool = False  # Arm: the host bridge's _DSM 5 has the PCI configuration kept, so RMRs count
    efr: int = 0x206D73EF22254ADE


@dataclass
class Machine:
    """A whole host."""

    name: str = ""
    vendor: str = "Sample"
    product: str = "Sample"
    bios_vendor: str = "Sample"
    bios_version: str = "1.0"
    bios_date: str = "01/02/2024"
    cpu_vendor: str = "Intel"
    release: str = "6.1.0-25-amd64"
    flavour: str = "debian"
    banner: str = ""
    cmdline: str = "quiet"
    lockdown: str = "none"
    unsafe_interrupts: bool = False
    pcie_control: str = "given"  # whether the firmware's _OSC leaves PCI Express to the system, or "kept"
    log: list[str] = field(default_factory=list)  # lines of the boot log besides those worked out
    device_tree: str = ""  # "": ACPI; else an Arm board: "plain" or "iommu-map"
    messages: str = ""  # Arm: who takes message interrupts: its, gicv2m, none; "": no Arm, or a plain board
    as_root: bool = True
    lean: bool = False  # only the dozen files a device that matter; for very large hosts
    memory_top: int = 0xC0000000  # end of low memory; PCI memory starts here
    iommu: Iommu = field(default_factory=Iommu)
    functions: list[Function] = field(default_factory=list)
    slots: list[Slot] = field(default_factory=list)
    kernel_slots: list[tuple[str, str, int]] = field(default_factory=list)  # name, target, line
    onboard: list[Onboard] = field(default_factory=list)
    units: list[Unit] = field(default_factory=list)
    regions: list[Region] = field(default_factory=list)
    root_port_ats: list[list[str]] = field(default_factory=list)  # scopes of each ATSR
    amd_regions: list[AmdRegion] = field(default_factory=list)
    rmrs: list[Rmr] = field(default_factory=list)
    excluded: list[tuple[str, int]] = field(default_factory=list)  # references held by no RMRR
    joined: list[tuple[list[str], int]] = field(default_factory=list)  # groups set by hand
    unknowns: list[tuple[str, str, int]] = field(default_factory=list)  # reference, why, line
    raw_tables: dict[str, bytes] = field(default_factory=dict)
    files: list[tuple[str, bytes]] = field(default_factory=list)  # besides: path, content
    links: list[tuple[str, str]] = field(default_factory=list)  # besides: path, target

    @property
    def arm(self) -> bool:
        """Whether it is an Arm machine."""
        return bool(self.device_tree or self.messages)

    @property
    def late_groups(self) -> bool:
        """Before 6.15 a device behind such an IOMMU gets its group together with a driver."""
        return self.iommu.kind in ("smmu", "virtio") and self.version < (6, 15)

    @property
    def version(self) -> tuple[int, int]:
        """The kernel's major and minor number."""
        major, minor = self.release.split(".")[:2]
        return int(major), int(minor)
