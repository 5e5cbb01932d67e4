# SPDX-License-Identifier: GPL-2.0-or-later
"""The configuration space of a function: header, capabilities, extended capabilities."""

from __future__ import annotations

import struct

from .model import Bar, Function

# PCIe 6.0, 7.5.3.2: device/port type of the PCI Express Capabilities register
PCIE_TYPES = {"endpoint": 0, "legacy": 1, "root-port": 4, "upstream": 5, "downstream": 6,
              "pcie-to-pci": 7, "pci-to-pcie": 8, "rciep": 9}
BAR_BITS = {"io": 1, "32": 0, "64": 4, "32p": 8, "64p": 0xC}
TYPE0_FIRST_CAPABILITY = 0x40
EXTENDED_START = 0x100


def _bar_value(bar: Bar) -> bytes:
    value = bar.address | BAR_BITS[bar.kind]
    return struct.pack("<Q" if bar.kind.startswith("64") else "<I", value)


class Space:
    """The bytes, with the two lists of capabilities linked as they are added."""

    def __init__(self, size: int) -> None:
        self.bytes = bytearray(size)
        self._next = TYPE0_FIRST_CAPABILITY
        self._link = 0x34
        self._next_extended = EXTENDED_START
        self._last_extended = 0

    def put(self, offset: int, layout: str, *values: int) -> None:
        """Writes little-endian values at an offset."""
        struct.pack_into("<" + layout, self.bytes, offset, *values)

    def add(self, cap_id: int, body: bytes) -> int:
        """Appends a capability; body begins after the two header bytes."""
        at = self._next
        self.bytes[self._link] = at
        self.bytes[at] = cap_id
        self.bytes[at + 2:at + 2 + len(body)] = body
        self._link = at + 1
        self._next = (at + 2 + len(body) + 3) & ~3
        assert self._next <= 0x100, "capabilities pass the end of the first 256 bytes"
        return at

    def add_extended(self, cap_id: int, version: int, body: bytes) -> int:
        """Appends an extended capability; body begins after the four header bytes."""
        at = self._next_extended
        self.put(at, "I", cap_id | version << 16)
        if self._last_extended:
            header = struct.unpack_from("<I", self.bytes, self._last_extended)[0]
            self.put(self._last_extended, "I", header | at << 20)
        self.bytes[at + 4:at + 4 + len(body)] = body
        self._last_extended = at
        self._next_extended = (at + 4 + len(body) + 15) & ~15
        return at


def _header(s: Space, f: Function) -> None:
    ids = (0xFFFF, 0xFFFF) if f.physfn else (f.vendor_id, f.device_id)
    command = 0x100 if f.bridge else 0
    if any(b.kind == "io" for b in f.bars) or "io" in f.windows:
        command |= 1
    if any(b.kind != "io" for b in f.bars) or f.bridge:
        command |= 2
    if f.driver or f.bridge:
        command |= 4
    if f.driver and (f.msi or f.msix):
        command |= 0x400
    s.put(0, "HHHH", *ids, command, 0x10)
    s.put(8, "BBH", f.revision, f.class_code & 0xFF, f.class_code >> 8)
    s.put(12, "BBB", 16, 0, (1 if f.bridge else 0) | (0x80 if f.multifunction else 0))
    if not f.physfn:
        for bar in f.bars:
            value = _bar_value(bar)
            at = 0x10 + 4 * bar.index
            s.bytes[at:at + len(value)] = value
        s.put(0x3C, "BB", f.irq & 0xFF or 0xFF, f.pin)


def _bridge(s: Space, f: Function) -> None:
    """PCI-to-PCI Bridge 1.2, 3.2.5. A closed window has its base above its limit."""
    s.put(0x18, "BBB", f.bus, f.secondary, f.subordinate)
    io, mem, pref = (f.windows.get(w) for w in ("io", "mem", "pref"))
    s.put(0x1C, "BB", *((io[0] >> 8 & 0xF0, io[1] >> 8 & 0xF0) if io else (0xF0, 0)))
    s.put(0x20, "HH", *((mem[0] >> 16 & 0xFFF0, mem[1] >> 16 & 0xFFF0) if mem else (0xFFF0, 0)))
    s.put(0x24, "HH", *((pref[0] >> 16 & 0xFFF0 | 1, pref[1] >> 16 & 0xFFF0 | 1)
                        if pref else (0xFFF1, 1)))
    if pref:
        s.put(0x28, "II", pref[0] >> 32, pref[1] >> 32)
    s.put(0x3E, "H", 0x0003)


def _pcie(f: Function) -> bytes:
    """PCIe 6.0, 7.5.3, version 2 of the structure: 60 bytes."""
    port = f.pcie in ("root-port", "downstream")
    flags = 2 | PCIE_TYPES[f.pcie] << 4 | (0x100 if port and f.slot is not None else 0)
    devcap = 0x8001 | (1 << 28 if f.flr else 0)
    speed, width = f.link
    linkcap = speed | width << 4 | (0x00100000 if port else 0)
    status = speed | width << 4
    slotcap = (f.slot or 0) << 19 | (0x60 if f.hotplug else 0) if f.slot is not None else 0
    occupied = 0x40 if f.children else 0
    devcap2 = 0x10 | (0x20 if f.ari and port else 0)
    devctl2 = 0x20 if f.ari and port else 0
    return struct.pack("<HIHHIHHIHHHHIIHHIHHIHH", flags, devcap, 0x2810, 0, linkcap, 0x40, status,
                       slotcap, 0, occupied if slotcap else 0, 0, 0, 0, devcap2, devctl2, 0,
                       (2 << speed) - 2, speed, 0, 0, 0, 0)


def _capabilities(s: Space, f: Function) -> None:
    if f.ssvid or f.bridge and f.subsystem[0]:
        s.add(0x0D, struct.pack("<HHH", 0, *f.subsystem))
    if f.pm:
        s.add(0x01, struct.pack("<HHBB", 0x0003, 0x0008 if f.pm == "keep" else 0, 0, 0))
    if f.msi:
        enabled = 1 if f.driver and not f.msix else 0
        s.add(0x05, struct.pack("<HIIHH", 0x0080 | enabled, 0xFEE00000 if enabled else 0, 0, 0, 0))
    if f.msix:
        enabled = 0x8000 if f.driver else 0
        table = next((b.index for b in f.bars if b.kind != "io"), 0)
        s.add(0x11, struct.pack("<HII", f.msix - 1 | enabled, table, 0x800 | table))
    if f.af_flr:
        s.add(0x13, struct.pack("<BBBB", 6, 3, 0, 0))
    if f.pcie:
        s.add(0x10, _pcie(f))


def _sriov(f: Function) -> bytes:
    """PCIe 6.0, 9.3.3: 60 bytes after the header."""
    s = f.sriov
    assert s
    bars = bytearray(24)
    for b in s.bars:
        value = _bar_value(b)
        bars[4 * b.index:4 * b.index + len(value)] = value
    control = 0x19 if s.enabled else 0
    return struct.pack("<IHHHHHBBHHHHII", 0, control, 0, s.total, s.total, s.enabled, 0, 0,
                       s.offset, s.stride, 0, s.device_id, 0x553, 1) + bytes(bars) + bytes(4)


def _extended(s: Space, f: Function) -> None:
    s.add_extended(0x0001, 1, bytes(68))  # Advanced Error Reporting
    if f.acs is not None:
        s.add_extended(0x000D, 1, struct.pack("<HH", *f.acs))
    if f.ari and not f.bridge:
        s.add_extended(0x000E, 1, struct.pack("<HH", 0, 0))
    if f.sriov:
        s.add_extended(0x0010, 1, _sriov(f))


def build(f: Function) -> bytes:
    """256 bytes for conventional PCI, 4096 for PCI Express, as sysfs shows them to root."""
    s = Space(4096 if f.pcie else 256)
    _header(s, f)
    if f.bridge:
        _bridge(s, f)
    else:
        s.put(0x2C, "HH", *f.subsystem)
        if f.rom and not f.physfn:
            s.put(0x30, "I", f.rom.address)
    _capabilities(s, f)
    if not s.bytes[0x34]:
        s.put(6, "H", 0)
    if f.pcie:
        _extended(s, f)
    return bytes(s.bytes)
