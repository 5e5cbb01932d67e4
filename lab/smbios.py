# SPDX-License-Identifier: GPL-2.0-or-later
"""A recipe's SMBIOS as QEMU takes it: one structure a file, the end marker left out."""

from __future__ import annotations

from pathlib import Path

from . import places  # noqa: F401  (the path of machinery)
from machinery import smbios  # noqa: E402
from machinery.model import Machine

END_OF_TABLE = 127


def structures(table: bytes) -> list[bytes]:
    """Cuts a structure table into its structures, strings included (DSP0134 6.1)."""
    cut, at = [], 0
    while at < len(table):
        end = table.index(b"\0\0", at + table[at + 1]) + 2
        cut.append(table[at:end])
        at = end
    return cut


def arguments(machine: Machine, directory: Path, extra: tuple[bytes, ...] = ()) -> list[str]:
    """Writes the structures, and further ones, into a directory; the words for QEMU."""
    words = []
    table, _ = smbios.build(machine)
    for n, structure in enumerate([*structures(table), *extra]):
        if structure[0] == END_OF_TABLE:
            continue
        path = directory / f"smbios-{n:03}.bin"
        path.write_bytes(structure)
        words += ["-smbios", f"file={path}"]
    return words
