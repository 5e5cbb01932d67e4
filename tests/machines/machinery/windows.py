# SPDX-License-Identifier: GPL-2.0-or-later
"""The same machine under Windows: what its properties say of each function, as a capture made there."""

from __future__ import annotations

from . import ivrs, smbios
from .kernel import Kernel
from .model import Function, Machine
from .sinks import Sink

# pciprop.h, DevProp_PciDevice_DeviceType_…; conventional without a PCI Express capability
TYPES = {"endpoint": 2, "legacy": 3, "rciep": 4, "root-port": 8, "upstream": 9, "downstream": 10,
         "pcie-to-pci": 11, "pci-to-pcie": 12}
PCI, PCI_BRIDGE, TREATED_AS_PCI, BRIDGE_TREATED_AS_PCI = 0, 6, 5, 13
LINE, MSI, MSIX = 1, 2, 4
# What every port needs: source validation, request and completion redirect, upstream forwarding.
ACS_WANTED = 0x1D
NONE, SUPPORTED = 0, 3
SYSTEM = {"ProductName": "Windows Server 2022 Standard", "CurrentBuildNumber": "20348", "UBR": "2113",
          "InstallationType": "Server", "HyperVRole": "1", "Hypervisor": "root", "SecureBoot": "1"}
# A device's files, as a capture may hold them.
NAMES = ("HardwareIds", "Service", "Enumerator", "LocationPaths", "DeviceType", "BaseClass", "SubClass",
         "ProgIf", "InterruptSupport", "SriovSupport", "AcsSupport", "AcsCompatibleUpHierarchy",
         "RequiresReservedMemoryRegion", "OnPostPath", "Problem", "Resources")


def directory(f: Function) -> str:
    """0000-07-00.0: a colon is no letter of a file's name there."""
    return f.address.replace(":", "-")


def device_type(m: Machine, f: Function) -> int:
    """By the capability, unless the firmware keeps PCI Express to itself."""
    if not f.pcie:
        return PCI_BRIDGE if f.bridge else PCI
    if m.pcie_control == "kept":
        return BRIDGE_TREATED_AS_PCI if f.bridge else TREATED_AS_PCI
    return TYPES[f.pcie]


def acs_up(f: Function) -> int:
    """Whether the function, and each bridge above it, keeps its traffic apart."""
    at: Function | None = f
    while at:
        port = at.pcie in ("root-port", "downstream")
        alone = at.pcie == "rciep" or not (at.multifunction or at.function)
        conventional = not at.pcie
        needs = port or (conventional and at is not f) or not (port or conventional or alone)
        if needs and (not at.acs or at.acs[0] & ACS_WANTED != ACS_WANTED):
            return NONE
        at = at.parent
    return SUPPORTED


class WindowsWriter:
    """One machine, into any sink, without the virtual functions that Linux made."""

    def __init__(self, m: Machine) -> None:
        self.m = m
        self.kernel = Kernel(m)
        self.roots = sorted({(f.domain, f.bus) for f in m.functions if not f.parent})
        self.functions = [f for f in m.functions if not f.physfn]
        self.held = {id(f) for r in self.kernel.rmrrs for f in r.devices}
        self.held_by_ivmd = ivrs.held(m) if m.iommu.kind == "amd" else []

    def location(self, f: Function) -> str:
        """PCIROOT(0)#PCI(0300)#PCI(0000)"""
        hops, at = [], f
        while True:
            hops.append(f"#PCI({at.device:02X}{at.function:02X})")
            if not at.parent:
                break
            at = at.parent
        return f"PCIROOT({self.roots.index((at.domain, at.bus)):X})" + "".join(reversed(hops))

    def region(self, f: Function) -> int | None:
        """None: an IVMD names it, and what Windows makes of that is not known."""
        if any(first <= f.requester_id <= last for first, last, _, _ in self.held_by_ivmd):
            return None
        return int(id(f) in self.held)

    def resources(self, f: Function) -> list[str]:
        """What Windows gave it, a line a range."""
        rows = [("io" if b.kind == "io" else "memory", b.address, b.address + b.size - 1)
                for b in f.bars if b.placed and b.address]
        return [f"{kind} 0x{first:x} 0x{last:x}" for kind, first, last in rows]

    def properties(self, f: Function) -> dict[str, str | int | list[str]]:
        """Numbers, texts, and lists of lines, by the name of the file."""
        ids = f"PCI\\VEN_{f.vendor_id:04X}&DEV_{f.device_id:04X}"
        found: dict[str, str | int | list[str]] = {
            "HardwareIds": [f"{ids}&SUBSYS_{f.subsystem[1]:04X}{f.subsystem[0]:04X}&REV_{f.revision:02X}",
                            f"{ids}&CC_{f.class_code:06X}", f"{ids}&CC_{f.class_code >> 8:04X}"],
            "Enumerator": "PCI",
            "LocationPaths": [self.location(f)],
            "DeviceType": device_type(self.m, f),
            "BaseClass": f.class_code >> 16,
            "SubClass": f.class_code >> 8 & 0xFF,
            "ProgIf": f.class_code & 0xFF,
            "InterruptSupport": LINE * bool(f.pin) | MSI * f.msi | MSIX * bool(f.msix),
            "AcsCompatibleUpHierarchy": acs_up(f),
            "Problem": 0,
        }
        region = self.region(f)
        if region is not None:
            found["RequiresReservedMemoryRegion"] = region
        if f.driver:
            found["Service"] = f.driver
        if not f.bridge:
            found["Resources"] = self.resources(f)
        return found

    def tables(self) -> dict[str, bytes]:
        """The firmware's, by the names that Linux has for their files."""
        made = {f"sys/firmware/acpi/tables/{name}": data for name, data in self.kernel.tables.items()}
        made["sys/firmware/acpi/tables/FACP"] = b"FACP"
        made["sys/firmware/dmi/tables/DMI"] = smbios.build(self.m)[0]
        return made

    def manifest(self) -> str:
        """Every name was asked for, so that what is not there is absent."""
        lines = ["pcipass-capture 1", "tool sample", "root yes", "redacted yes"]
        lines += [f"asked {path}/" for path in ("windows/devices", "windows/system", "sys/firmware/acpi/tables",
                                                "sys/firmware/dmi/tables")]
        return "\n".join(lines + [f"asked windows/devices/*/{name}" for name in NAMES]) + "\n"

    def write(self, sink: Sink, drop: frozenset[str] = frozenset()) -> None:
        """All of it, without the properties that are named."""
        sink.file("pcipass/manifest", self.manifest().encode())
        for name, text in SYSTEM.items():
            sink.file(f"windows/system/{name}", f"{text}\n".encode())
        for f in self.functions:
            sink.directory(f"windows/devices/{directory(f)}")
            for name, value in self.properties(f).items():
                if name not in drop:
                    text = "".join(f"{line}\n" for line in value) if isinstance(value, list) else f"{value}\n"
                    sink.file(f"windows/devices/{directory(f)}/{name}", text.encode())
        for path, data in sorted(self.tables().items()):
            sink.file(path, data)
