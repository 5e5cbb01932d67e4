# SPDX-License-Identifier: GPL-2.0-or-later
"""What every ACPI table begins with (ACPI 6.5, 5.2.6)."""

from __future__ import annotations

import struct

HEADER_BYTES = 36


def seal(signature: bytes, revision: int, oem_id: str, oem_table_id: str, body: bytes,
         oem_revision: int = 1) -> bytes:
    """A whole table: header, body, and a checksum that makes all bytes sum to zero."""
    table = bytearray(struct.pack("<4sIBB6s8sI4sI", signature, HEADER_BYTES + len(body), revision,
                                  0, oem_id.encode().ljust(6)[:6],
                                  oem_table_id.encode().ljust(8)[:8], oem_revision, b"PPMK", 1)
                      + body)
    table[9] = -sum(table) & 0xFF
    return bytes(table)
