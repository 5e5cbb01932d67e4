# SPDX-License-Identifier: GPL-2.0-or-later
"""Reads a recorded host back into a model, so that the rules can be held against real kernels."""

from __future__ import annotations

import struct
import tarfile

from machinery.config_space import PCIE_TYPES
from machinery.model import BRIDGE_KINDS, Function, Machine
from machinery.topology import parse_address

TYPE_NAMES = {code: name for name, code in PCIE_TYPES.items()}


class Recording:
    """The files of one capture, by their names on the host."""

    def __init__(self, path: str) -> None:
        self.files: dict[str, bytes] = {}
        self.links: dict[str, str] = {}
        with tarfile.open(path) as archive:
            for entry in archive:
                name = entry.name.removeprefix("./")
                if entry.issym():
                    self.links[name] = entry.linkname
                elif entry.isreg():
                    content = archive.extractfile(entry)
                    self.files[name] = content.read() if content else b""

    def text(self, path: str) -> str:
        """A text file without its last newline; "" if it is not there."""
        return self.files.get(path, b"").decode("latin-1").rstrip("\n")

    def directory(self, address: str) -> str:
        """Path of a device's directory."""
        return "sys/" + self.links[f"sys/bus/pci/devices/{address}"].removeprefix("../../../")

    def addresses(self) -> list[str]:
        """All functions, sorted."""
        prefix = "sys/bus/pci/devices/"
        return sorted(p[len(prefix):] for p in self.links if p.startswith(prefix))

    def groups(self) -> dict[str, int]:
        """Group number of each function that has one."""
        found = {}
        for path in self.links:
            words = path.split("/")
            if words[:3] == ["sys", "kernel", "iommu_groups"] and words[4] == "devices":
                found[words[5]] = int(words[3])
        return found

    def regions(self) -> dict[int, str]:
        """Text of reserved_regions of each group."""
        return {int(path.split("/")[3]): content.decode() for path, content in self.files.items()
                if path.startswith("sys/kernel/iommu_groups/")
                and path.endswith("/reserved_regions")}


def _capabilities(config: bytes, f: Function) -> None:
    at, seen = config[0x34] & ~3, set()
    while at and at not in seen and at + 4 <= len(config):
        seen.add(at)
        if config[at] == 0x10:
            flags = struct.unpack_from("<H", config, at + 2)[0]
            f.pcie = TYPE_NAMES.get(flags >> 4 & 15, "endpoint")
        at = config[at + 1] & ~3
    at, seen = 0x100, set()
    while at and at not in seen and at + 8 <= len(config):
        seen.add(at)
        header = struct.unpack_from("<I", config, at)[0]
        if header & 0xFFFF == 0x000D:
            f.acs = struct.unpack_from("<HH", config, at + 4)
        at = header >> 20


def _function(r: Recording, address: str) -> Function:
    position = parse_address(address)
    assert position
    f = Function(*position)
    directory = r.directory(address)
    config = r.files[f"{directory}/config"]
    f.class_code = int(r.text(f"{directory}/class"), 16)
    f.vendor_id = int(r.text(f"{directory}/vendor"), 16)
    f.device_id = int(r.text(f"{directory}/device"), 16)
    f.multifunction = bool(config[0x0E] & 0x80)
    _capabilities(config, f)
    if config[0x0E] & 0x7F == 1:
        f.secondary, f.subordinate = config[0x19], config[0x1A]
        f.bridge = f.pcie if f.pcie in BRIDGE_KINDS else "pci-bridge"
    return f


def machine(r: Recording) -> Machine:
    """A model with what the grouping and region rules look at, and the recorded tables."""
    m = Machine(vendor="Recorded", product="Recorded", release=r.text("proc/version").split()[2])
    m.cmdline = r.text("proc/cmdline")
    by_address = {a: _function(r, a) for a in r.addresses()}
    for address, f in by_address.items():
        above = r.directory(address).split("/")[-2]
        f.parent = by_address.get(above)
        if f.parent:
            f.parent.children.append(f)
        physfn = r.links.get(f"{r.directory(address)}/physfn", "")
        f.physfn = by_address.get(physfn.rpartition("/")[2])
    m.functions = sorted(by_address.values(), key=lambda f: (bool(f.physfn), f.domain,
                                                             f.requester_id))
    m.iommu.kind = "intel"
    m.iommu.on = "intel_iommu=off" not in m.cmdline
    m.raw_tables = {"DMAR": r.files["sys/firmware/acpi/tables/DMAR"]}
    return m
