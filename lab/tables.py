# SPDX-License-Identifier: GPL-2.0-or-later
"""A DMAR or IVRS for a machine without the lab's firmware: it rides before the initramfs."""

from __future__ import annotations

import struct

from . import cpio, places  # noqa: F401  (the path of machinery)
from machinery import acpi, dmar, ivrs  # noqa: E402
from machinery.model import Machine
from machinery.topology import References

# Those of QEMU's own table, with a greater revision: the kernel then takes ours in its place.
OEM_ID, OEM_TABLE_ID, OEM_REVISION = "BOCHS", "BXPC", 2


def early(table: bytes, name: str = "dmar") -> bytes:
    """An archive to lead the initramfs with; the kernel overrides its table by this one."""
    archive = cpio.Archive()
    archive.file(f"kernel/firmware/acpi/{name}.aml", table)
    return archive.pack()


def from_recipe(machine: Machine) -> bytes:
    """The recipe's DMAR, whole. Its units must be where QEMU has them (one, at fed90000)."""
    return dmar.from_machine(machine).pack(OEM_ID, OEM_TABLE_ID, OEM_REVISION)


# What QEMU's own IVRS says of its unit (AMD I/O Virtualization 3.08, 5.2.2): 00:01.0, and the
# IOAPIC whose interrupts are remapped under 00:14.0.
IVINFO = 0x2800
UNIT = struct.pack("<HHQHHI", 0x0008, 0x40, 0xFED80000, 0, 0, 0x44)
ALL_DEVICES = struct.pack("<BHBBHB", 3, 0, 0, 4, 0xFFFF, 0)
IOAPIC = struct.pack("<BHBBHB", 0x48, 0, 0, 0, 0x00A0, 1)


def ivrs_from_recipe(machine: Machine) -> bytes:
    """An IVRS with QEMU's unit and the recipe's regions."""
    entries = ALL_DEVICES + IOAPIC
    unit = struct.pack("<BBH", 0x10, 0xD1, 4 + len(UNIT) + len(entries)) + UNIT + entries
    body = struct.pack("<IQ", IVINFO, 0) + unit + ivrs.memory(machine, References(machine))
    return acpi.seal(b"IVRS", 1, OEM_ID, OEM_TABLE_ID, body, OEM_REVISION)


def early_from_recipe(machine: Machine) -> bytes:
    """The archive for a recipe's table; empty where it declares none."""
    if machine.iommu.kind in ("none", "smmu", "virtio") or not machine.iommu.declared:
        return b""
    if machine.iommu.kind == "amd":
        return early(ivrs_from_recipe(machine), "ivrs")
    return early(from_recipe(machine))


# SeaBIOS keeps them for itself, so the memory map has them as reserved.
RESERVED = ((0xF0000, 0xFFFFF), (0x7FFE0000, 0x7FFFFFFF))
PAGE = 0x1000


def reserving_words(machine: Machine) -> list[str]:
    """Words for the kernel that add the recipe's covered regions to the memory map."""
    spans = [(r.base, r.limit) for r in machine.regions if r.covered]
    spans += [(a.base, a.base + a.length - 1) for a in machine.amd_regions]
    words = []
    for base, limit in sorted(set(spans)):
        first, end = base & -PAGE, (limit | (PAGE - 1)) + 1
        if end > first and not any(a <= first and end - 1 <= b for a, b in RESERVED):
            words.append(f"memmap={end - first:#x}${first:#x}")
    return words
