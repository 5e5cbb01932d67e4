# SPDX-License-Identifier: GPL-2.0-or-later
"""The DMAR table: from a machine to structures, to bytes and back (VT-d 4.1, chapter 8)."""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass, field

from . import acpi
from .model import Function, Machine, MachineError
from .topology import References

SCOPE_TYPES = {"endpoint": 1, "bridge": 2, "ioapic": 3, "hpet": 4, "acpi": 5}
RAW_SCOPE = re.compile(r"(endpoint|bridge|ioapic|hpet|acpi|type\d+):(?:(\d+)@)?"
                       r"([0-9a-f]{2}):((?:[0-9a-f]{2}\.[0-7]/?)+)$")
HOST_ADDRESS_WIDTH = 46


@dataclass
class Scope:
    """A device scope: path from a start bus, (device, function) each hop."""

    kind: int
    start_bus: int
    path: list[tuple[int, int]]
    enumeration_id: int = 0

    def pack(self) -> bytes:
        """VT-d 8.3.1."""
        head = struct.pack("<BBHBB", self.kind, 6 + 2 * len(self.path), 0, self.enumeration_id,
                           self.start_bus)
        return head + b"".join(bytes(hop) for hop in self.path)


@dataclass
class Structure:
    """A remapping structure: DRHD (0), RMRR (1) or ATSR (2). Others are not needed here."""

    kind: int
    segment: int
    scopes: list[Scope]
    flags: int = 0
    base: int = 0
    limit: int = 0

    def pack(self) -> bytes:
        """VT-d 8.3 to 8.5."""
        scopes = b"".join(s.pack() for s in self.scopes)
        if self.kind == 0:
            body = struct.pack("<BBHQ", self.flags, 0, self.segment, self.base)
        elif self.kind == 1:
            body = struct.pack("<HHQQ", 0, self.segment, self.base, self.limit)
        else:
            body = struct.pack("<BBH", self.flags, 0, self.segment)
        return struct.pack("<HH", self.kind, 4 + len(body) + len(scopes)) + body + scopes


@dataclass
class Dmar:
    """A whole table."""

    flags: int
    structures: list[Structure] = field(default_factory=list)

    def of_kind(self, kind: int) -> list[Structure]:
        """All structures of one type, in the table's order."""
        return [s for s in self.structures if s.kind == kind]

    def pack(self, oem_id: str, oem_table_id: str, oem_revision: int = 1) -> bytes:
        """VT-d 8.1."""
        body = struct.pack("<BB10x", HOST_ADDRESS_WIDTH - 1, self.flags)
        body += b"".join(s.pack() for s in self.structures)
        return acpi.seal(b"DMAR", 1, oem_id, oem_table_id, body, oem_revision)


def path_to(f: Function) -> tuple[int, list[tuple[int, int]]]:
    """Start bus and hops from the root bus to a function."""
    hops = []
    at: Function | None = f
    while at:
        hops.append((at.device, at.function))
        root, at = at, at.parent
    return root.bus, hops[::-1]


def _scopes(text: str, refs: References, line: int) -> list[Scope]:
    """A raw scope ("endpoint:00:1c.4/00.0", "ioapic:8@00:1f.7") or those a reference names."""
    raw = RAW_SCOPE.match(text)
    if raw:
        kind, number, bus, path = raw.groups()
        hops = [(int(h[:2], 16), int(h[3])) for h in path.rstrip("/").split("/")]
        code = SCOPE_TYPES.get(kind) or int(kind[4:])
        return [Scope(code, int(bus, 16), hops, int(number or 0))]
    if ":" in text and "@" in text or text.split(":")[0] in SCOPE_TYPES:
        raise MachineError(f"{text!r} is no scope: want KIND:[ID@]BB:DD.F[/DD.F]",
                           refs.recipe, line)
    made = []
    for f in refs.find(text, line):
        if f.physfn:
            raise MachineError(f"{text!r} is a VF, no firmware names one", refs.recipe, line)
        made.append(Scope(2 if f.bridge else 1, *path_to(f)))
    return made


def from_machine(m: Machine) -> Dmar:
    """The table the recipe asks for: units, regions, root ports with ATS."""
    refs = References(m)
    dropped = [(s.start_bus, s.path) for text, line in m.excluded
               for s in _scopes(text, refs, line)]
    table = Dmar(1 if m.iommu.remap else 0)
    for u in m.units:
        scopes = [s for text in u.scopes for s in _scopes(text, refs, u.line)]
        table.structures.append(Structure(0, u.segment, scopes, int(u.include_all), u.address))
    for r in m.regions:
        scopes = [s for text in r.scopes for s in _scopes(text, refs, r.line)]
        kept = [s for s in scopes if (s.start_bus, s.path) not in dropped]
        if kept or not scopes:
            table.structures.append(Structure(1, r.segment, kept, 0, r.base, r.limit))
    for ports in m.root_port_ats:
        table.structures.append(Structure(2, 0, [s for p in ports for s in _scopes(p, refs, 0)]))
    return table


def _unpack_scopes(data: bytes) -> list[Scope]:
    scopes, at = [], 0
    while at + 6 <= len(data):
        kind, length, _, number, bus = struct.unpack_from("<BBHBB", data, at)
        if length < 6 or at + length > len(data):
            break
        hops = [(data[i], data[i + 1]) for i in range(at + 6, at + length - 1, 2)]
        scopes.append(Scope(kind, bus, hops, number))
        at += length
    return scopes


def unpack(data: bytes) -> Dmar:
    """Reads a well-formed table; what is odd in it stays odd."""
    table, at = Dmar(data[37]), 48
    while at + 4 <= len(data):
        kind, length = struct.unpack_from("<HH", data, at)
        if length < 4 or at + length > len(data):
            raise MachineError(f"DMAR+0x{at:x}: structure of {length} bytes")
        body = data[at:at + length]
        if kind == 0:
            flags, _, segment, base = struct.unpack_from("<BBHQ", body, 4)
            table.structures.append(Structure(0, segment, _unpack_scopes(body[16:]), flags, base))
        elif kind == 1:
            _, segment, base, limit = struct.unpack_from("<HHQQ", body, 4)
            table.structures.append(
                Structure(1, segment, _unpack_scopes(body[24:]), 0, base, limit))
        elif kind == 2:
            flags, _, segment = struct.unpack_from("<BBH", body, 4)
            table.structures.append(Structure(2, segment, _unpack_scopes(body[8:]), flags))
        at += length
    return table
