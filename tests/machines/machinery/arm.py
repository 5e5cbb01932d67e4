# SPDX-License-Identifier: GPL-2.0-or-later
"""What an Arm machine with an SMMUv3 has in place of an x86 board's tables: IORT (DEN 0049 E.d) and
MADT (ACPI 6.5, 5.2.12), or the properties of a device tree; and its interrupts."""

from __future__ import annotations

import struct

from . import acpi
from .model import Function, Machine
from .topology import References

ITS_GROUP, ROOT_COMPLEX, SMMU_V3, RMR = 0, 2, 4, 6
SMMU_BASE = 0x09050000
ITS_BASE, FRAME_BASE = 0x08080000, 0x08020000
ALL_IDS = 0x10000
SINGLE = 1  # flag of a mapping
REMAP_PERMITTED = 1  # flag of an RMR
NODES_AT = 48
TREE_NODE = 0x8001, 0x8002  # phandles of the SMMU and of what takes messages


def _mapping(first: int, count: int, to: int, node: int, flags: int = 0) -> bytes:
    return struct.pack("<IIIII", first, count - 1, to, node, flags)


def _node(kind: int, revision: int, fields: bytes, *mappings: bytes) -> bytes:
    length = 16 + len(fields) + 20 * len(mappings)
    return struct.pack("<BHBIII", kind, length, revision, 0, len(mappings),
                       16 + len(fields) if mappings else 0) + fields + b"".join(mappings)


def _rmrs(m: Machine, smmu_at: int) -> list[bytes]:
    refs, nodes = References(m), []
    for r in m.rmrs:
        devices = [f for ref in r.devices for f in refs.find(ref, r.line)]
        fields = struct.pack("<III", REMAP_PERMITTED if r.permitted else 0, 1, 28)
        fields += struct.pack("<QQI", r.base, r.limit - r.base + 1, 0)
        nodes.append(_node(RMR, 3, fields, *(
            _mapping(0, 1, f.requester_id, smmu_at, SINGLE) for f in devices)))
    return nodes


def streams(f: Function) -> set[int]:
    """What it sends under: its own id, and what conventional bridges above put in its place."""
    found, above = {f.requester_id}, f.parent
    while above:
        if above.bridge == "pcie-to-pci":
            found.add(above.secondary << 8)
        elif not above.pcie or above.bridge == "pci-to-pcie":
            found.add(above.requester_id)
        above = above.parent
    return found


def iort(m: Machine, oem_id: str = "SAMPLE", oem_table_id: str = "SAMPLE",
         revision: int = 1) -> bytes:
    """An ITS group, an SMMUv3 with it behind, a root complex for each segment, the RMRs."""
    body, at = b"", NODES_AT
    count = 0
    its_at = at
    if m.messages == "its":
        body += _node(ITS_GROUP, 1, struct.pack("<II", 1, 0))
        count += 1
    to_its = (_mapping(0, ALL_IDS, 0, its_at),) if m.messages == "its" else ()
    smmu_at = at + len(body)
    has_smmu = m.iommu.kind == "smmu" and m.iommu.declared
    if has_smmu:
        interrupts = struct.pack("<IIII", 106, 107, 109, 108)
        body += _node(SMMU_V3, 4, struct.pack("<QIIQI", SMMU_BASE, 1, 0, 0, 0) + interrupts
                      + struct.pack("<II", 0, 0), *to_its)
        count += 1
    for segment in sorted({f.domain for f in m.functions}):
        fields = struct.pack("<QIIIB", 1, 0x03000000, 0, segment, 64) + bytes(3)
        maps = (_mapping(0, ALL_IDS, 0, smmu_at),) if has_smmu else to_its
        body += _node(ROOT_COMPLEX, 3, fields, *maps)
        count += 1
    for node in _rmrs(m, smmu_at) if has_smmu else ():
        body += node
        count += 1
    return acpi.seal(b"IORT", 5, oem_id, oem_table_id,
                     struct.pack("<III", count, NODES_AT, 0) + body, revision)


def madt(m: Machine) -> bytes:
    """A GICD, a GICC, and who takes messages."""
    version = 2 if m.messages == "gicv2m" else 3
    body = struct.pack("<BBHIQIB3x", 0x0C, 24, 0, 0, 0x08000000, 0, version)
    body += struct.pack("<BBHII", 0x0B, 80, 0, 0, 0) + bytes(68)
    if m.messages == "its":
        body += struct.pack("<BBHIQI", 0x0F, 20, 0, 0, ITS_BASE, 0)
    elif m.messages == "gicv2m":
        body += struct.pack("<BBHIQIHH", 0x0D, 24, 0, 0, FRAME_BASE, 1, 64, 80)
    return acpi.seal(b"APIC", 4, "SAMPLE", "SAMPLE", struct.pack("<II", 0, 0) + body)


def interrupts(m: Machine) -> str:
    """/proc/interrupts as kernels from 6.11 on write it, and those before."""
    rows = ["           CPU0       \n",
            " 10:        914     GICv3  27 Level     arch_timer\n",
            " 16:          0     GICv3  33 Level     uart-pl011\n"]
    chips = {"its": "ITS", "gicv2m": "GICv2m"}
    for n, f in enumerate(m.functions):
        if m.messages not in chips or not f.driver or not (f.msi or f.msix):
            continue
        kind = "MSIX" if f.msix else "MSI"
        chip = f"{chips[m.messages]}-PCI-{kind}-{f.address}   0"
        if m.version < (6, 11):
            chip = ("ITS-MSI" if m.messages == "its" else "    MSI") + f" {f.requester_id << 11}"
        rows.append(f" {55 + n}:         10  {chip} Edge      {f.driver}\n")
    return "".join(rows)


def tree_properties(m: Machine) -> dict[str, bytes]:
    """Of a PCI host's node, which iommu-map and msi-map point from (devicetree bindings, pci)."""
    smmu, messages = TREE_NODE
    found = {"device_type": b"pci\0"}
    if m.device_tree == "iommu-map":
        found["iommu-map"] = struct.pack(">IIII", 0, smmu, 0, ALL_IDS)
    if m.messages in ("its", "gicv2m"):
        found["msi-map"] = struct.pack(">IIII", 0, messages, 0, ALL_IDS)
    return found


def tree_nodes(m: Machine) -> dict[str, bytes]:
    """Properties of other nodes, by path below the tree."""
    smmu, messages = TREE_NODE
    found = {}
    if m.device_tree == "iommu-map":
        found[f"smmu@{SMMU_BASE:x}/compatible"] = b"arm,smmu-v3\0"
        found[f"smmu@{SMMU_BASE:x}/phandle"] = struct.pack(">I", smmu)
    if m.messages in ("its", "gicv2m"):
        name, compatible = {"its": (f"its@{ITS_BASE:x}", b"arm,gic-v3-its\0"),
                            "gicv2m": (f"v2m@{FRAME_BASE:x}", b"arm,gic-v2m-frame\0")}[m.messages]
        found[f"intc@8000000/{name}/compatible"] = compatible
        found[f"intc@8000000/{name}/phandle"] = struct.pack(">I", messages)
    return found
