# SPDX-License-Identifier: GPL-2.0-or-later
"""What a virtual machine with a virtio-iommu declares: a VIOT (ACPI 6.5, 5.2.34) as QEMU writes it, one node for
the IOMMU and one for each root bus."""

from __future__ import annotations

import struct

from . import acpi
from .model import Function, Machine
from .topology import References

PCI_RANGE, IOMMU_PCI = 1, 3
NODES_AT = 48


def _node(kind: int, fields: bytes) -> bytes:
    return struct.pack("<BxH", kind, 4 + len(fields)) + fields


def iommu_of(m: Machine) -> Function:
    """The function that is the IOMMU, which is behind no other."""
    return References(m).one(m.iommu.at)


def build(m: Machine) -> bytes:
    """The table of a machine."""
    at = iommu_of(m)
    nodes = [_node(IOMMU_PCI, struct.pack("<HH8x", at.domain, at.requester_id))]
    roots: dict[tuple[int, int], int] = {}
    for f in m.functions:
        key = (f.domain, f.root.bus)
        roots[key] = max(roots.get(key, 0), f.subordinate if f.bridge else f.bus)
    for (domain, first), last in sorted(roots.items()):
        ids = first << 8, last << 8 | 0xFF
        nodes.append(_node(PCI_RANGE, struct.pack("<IHHHHH6x", domain << 16 | ids[0], domain, domain, *ids, NODES_AT)))
    return acpi.seal(b"VIOT", 0, "BOCHS", "BXPC", struct.pack("<HH8x", len(nodes), NODES_AT) + b"".join(nodes), 1)
