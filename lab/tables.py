# SPDX-License-Identifier: GPL-2.0-or-later
"""A DMAR for a machine without the lab's firmware: it rides in front of the initramfs."""

from __future__ import annotations

from . import cpio, places  # noqa: F401  (the path of machinery)
from machinery import dmar  # noqa: E402
from machinery.model import Machine

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
