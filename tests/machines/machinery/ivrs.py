# SPDX-License-Identifier: GPL-2.0-or-later
"""The IVRS table of a machine with an AMD IOMMU (AMD I/O Virtualization 3.08, chapter 5)."""

from __future__ import annotations

import struct

from . import acpi
from .model import Machine
from .topology import References, parse_address

CAPABILITY_OFFSET = 0x40
FIRST_DEVICE = 0x0003  # 00:00.3: the root complex and the IOMMU itself have no entry
LAST_DEVICE = 0xFFFE
IV_INFO = 0x00203040  # 48-bit virtual, 48-bit physical addresses
REGISTER_BASE = 0xFD600000


def device_id(text: str, refs: References, line: int) -> int:
    """The 16-bit id of an address or of a named function."""
    position = parse_address(text)
    if position:
        return position[1] << 8 | position[2] << 3 | position[3]
    return refs.one(text, line).requester_id


def _entries() -> bytes:
    """Everything in one range, and the IOAPIC and HPET as special devices."""
    entries = struct.pack("<BHB", 3, FIRST_DEVICE, 0) + struct.pack("<BHB", 4, LAST_DEVICE, 0)
    entries += struct.pack("<BHBBHB", 0x48, 0, 0, 0, 0x00A0, 0x02)  # HPET at 00:14.0
    return entries + struct.pack("<BHBBHB", 0x48, 0, 0xD7, 32, 0x00A0, 0x01)  # IOAPIC 32


def _hardware(m: Machine, refs: References, kind: int) -> bytes:
    """5.2.2: the same unit as type 10h and, with its feature register, as 11h."""
    iommu = refs.one(m.iommu.at)
    head = 24 if kind == 0x10 else 40
    entries = _entries()
    block = struct.pack("<BBHHHQHHI", kind, 0xB0, head + len(entries), iommu.requester_id,
                        CAPABILITY_OFFSET, REGISTER_BASE, iommu.domain, 0,
                        0x80048F6E if kind == 0x10 else 0x00040200)
    if kind != 0x10:
        block += struct.pack("<QQ", m.iommu.efr, 0)
    return block + entries


def memory(m: Machine, refs: References) -> bytes:
    """5.2.4: one IVMD for each region."""
    blocks = b""
    for r in m.amd_regions:
        first = device_id(r.first, refs, r.line) if r.first else 0
        last = device_id(r.last, refs, r.line) if r.last else 0
        blocks += struct.pack("<BBHHHQQQ", r.kind, r.flags, 32, first, last, 0, r.base, r.length)
    return blocks


def build(m: Machine) -> bytes:
    """The table's bytes."""
    refs = References(m)
    body = struct.pack("<IQ", IV_INFO, 0) + _hardware(m, refs, 0x10) + _hardware(m, refs, 0x11)
    return acpi.seal(b"IVRS", 2, "AMD", "AmdTable", body + memory(m, refs))


def held(m: Machine) -> list[tuple[int, int, int, int]]:
    """(first id, last id, base, limit) of each region that the kernel will map one to one."""
    refs = References(m)
    found = []
    for r in m.amd_regions:
        if not r.flags & 0x9:  # neither unity nor exclusion: ignored
            continue
        first = device_id(r.first, refs, r.line) if r.first else 0
        last = device_id(r.last, refs, r.line) if r.last else first
        if r.kind == 0x20:
            first, last = 0, 0xFFFF
        found.append((first, last, r.base, r.base + r.length - 1))
    return found
