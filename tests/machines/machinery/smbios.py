# SPDX-License-Identifier: GPL-2.0-or-later
"""SMBIOS 2.7: the structure table and its entry point (DMTF DSP0134)."""

from __future__ import annotations

import struct

from .model import Machine, MachineError
from .topology import References, parse_address

TABLE_ADDRESS = 0xBDDD4000
AVAILABLE, IN_USE = 3, 4
Position = tuple[int, int, int]  # segment, bus, device and function


def _structure(kind: int, handle: int, body: bytes, strings: list[bytes]) -> bytes:
    """6.1.2 and 6.1.3: header, formatted part, string set; an empty set is two zeros."""
    text = b"".join(s + b"\0" for s in strings) if strings else b"\0"
    return struct.pack("<BBH", kind, 4 + len(body), handle) + body + text + b"\0"


def _position(target: str, refs: References, line: int) -> tuple[Position, bool]:
    """Where a slot points, and whether something is there. An address need not exist."""
    if target == "none":
        return (0xFFFF, 0xFF, 0xFF), False
    address = parse_address(target)
    if address:
        domain, bus, device, function = address
        text = f"{domain:04x}:{bus:02x}:{device:02x}.{function:x}"
        found = refs.by_address.get(text)
        occupied = bool(found and (not found.bridge or found.children))
        return (domain, bus, device << 3 | function), occupied
    f = refs.one(target, line)
    return (f.domain, f.bus, f.devfn), bool(not f.bridge or f.children)


def _bios(m: Machine) -> bytes:
    """7.1"""
    body = struct.pack("<BBHBBQBBBBBB", 1, 2, 0xF000, 3, 0x7F, 0x13D8CBD80, 3, 0x0D, 0xFF, 0xFF,
                       2, 70)
    return _structure(0, 0x0000, body, [s.encode() for s in
                                        (m.bios_vendor, m.bios_version, m.bios_date)])


def _system(m: Machine) -> bytes:
    """7.2: no serial number, no UUID: a sample is nobody's machine."""
    body = struct.pack("<BBBB16sBBB", 1, 2, 0, 0, bytes(16), 6, 0, 3)
    return _structure(1, 0x0100, body, [m.vendor.encode(), m.product.encode(),
                                        m.product.partition(" ")[0].encode() or b"-"])


def _processor(m: Machine) -> bytes:
    """7.5, the fields of version 2.6 that a reader may look at."""
    body = struct.pack("<BBBBQBBHHHBBHHHBBBBBBHH", 1, 3, 0xB3, 2, 0, 3, 0x8C, 100, 4800, 2600,
                       0x41, 0x24, 0xFFFF, 0xFFFF, 0xFFFF, 0, 0, 0, 8, 8, 16, 4, 0xB3)
    return _structure(4, 0x0400, body, [b"Proc 1", m.cpu_vendor.encode(), b"CPU"])


def _slots(m: Machine, refs: References) -> bytes:
    """7.10, the 17 bytes of version 2.6."""
    out = b""
    for n, slot in enumerate(m.slots):
        (segment, bus, devfn), occupied = _position(slot.target, refs, slot.line)
        usage = slot.usage if slot.usage is not None else IN_USE if occupied else AVAILABLE
        body = struct.pack("<BBBBBHBBHBB", 1, slot.slot_type, slot.width, usage, 4, slot.slot_id,
                           0x04, 0x01, segment, bus, devfn)
        out += _structure(9, 0x0901 + n, body, [slot.designation])
    return out


def _onboard(m: Machine, refs: References) -> bytes:
    """7.42"""
    out = b""
    for n, device in enumerate(m.onboard):
        (segment, bus, devfn), _ = _position(device.target, refs, device.line)
        body = struct.pack("<BBBHBB", 1, device.device_type | 0x80, device.instance, segment, bus,
                           devfn)
        out += _structure(41, 0x2901 + n, body, [device.designation])
    return out


def build(m: Machine) -> tuple[bytes, bytes]:
    """The structure table and the 31-byte entry point for it."""
    refs = References(m)
    parts = [_bios(m), _system(m), _processor(m), _slots(m, refs), _onboard(m, refs),
             _structure(127, 0x7F00, b"", [])]
    table = b"".join(parts)
    if len(table) > 0xFFFF:
        raise MachineError(f"SMBIOS table of {len(table)} bytes does not fit version 2.7", m.name)
    count = 4 + len(m.slots) + len(m.onboard)
    largest = max(64, max(len(p) for p in parts[:3]))
    intermediate = bytearray(struct.pack("<5sBHIHB", b"_DMI_", 0, len(table), TABLE_ADDRESS,
                                         count, 0x27))
    intermediate[5] = -sum(intermediate) & 0xFF
    entry = bytearray(struct.pack("<4sBBBBHB5s", b"_SM_", 0, 31, 2, 7, largest, 0, bytes(5)))
    entry += intermediate
    entry[4] = -sum(entry) & 0xFF
    return table, bytes(entry)
