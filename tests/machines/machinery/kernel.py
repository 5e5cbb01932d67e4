# SPDX-License-Identifier: GPL-2.0-or-later
"""What a kernel makes of a machine and its tables: IOMMU units, groups, reserved regions."""

from __future__ import annotations

from dataclasses import dataclass, field

from . import arm, dmar, groups, ivrs, viot
from .model import Function, Machine
from .topology import References

MSI_WINDOW = (0xFEE00000, 0xFEEFFFFF, "msi")
SMMU_MSI_WINDOW = (0x8000000, 0x80FFFFF, "msi")
AMD_HT_RANGE = (0xFD00000000, 0xFFFFFFFFFF, "reserved")
ISA_REGION = (0x0, 0xFFFFFF, "direct-relaxable")
TYPE_ORDER = ("direct", "direct-relaxable", "reserved", "msi")
PAGE = 0x1000
Interval = tuple[int, int, str]  # first, last, type
Hop = tuple[int, int]  # device, function


@dataclass(eq=False)
class Rmrr:
    """An RMRR after matching its scopes to functions."""

    base: int
    limit: int
    devices: list[Function] = field(default_factory=list)

    @property
    def bad(self) -> bool:
        """Fails the kernel's alignment and order checks."""
        return (self.base % PAGE != 0 or (self.limit + 1) % PAGE != 0
                or self.limit <= self.base)


@dataclass(eq=False)
class UnitState:
    """A remapping unit in use: dmarN or ivhdN."""

    index: int
    address: int
    include_all: bool
    segment: int
    devices: list[Function] = field(default_factory=list)
    cap: int = 0xC90780106F0462
    ecap: int = 0xF020FE


def insert_region(regions: list[Interval], new: Interval) -> None:
    """Keeps the list sorted by start and type; regions of the new one's type merge if they meet."""
    regions.append(new)
    regions.sort(key=lambda r: (r[0], TYPE_ORDER.index(r[2])))
    merged: list[Interval] = []
    top: int | None = None  # index in merged of the last region of that type
    for r in regions:
        if r[2] == new[2] and top is not None and r[0] <= merged[top][1] + 1:
            merged[top] = (merged[top][0], max(merged[top][1], r[1]), r[2])
            continue
        if r[2] == new[2]:
            top = len(merged)
        merged.append(r)
    regions[:] = merged


def _below(f: Function, bridge: Function) -> bool:
    return (bool(bridge.bridge) and f.domain == bridge.domain
            and bridge.secondary <= f.bus <= bridge.subordinate)


class Kernel:
    """The state after boot. Everything is worked out when it is made."""

    def __init__(self, m: Machine) -> None:
        self.machine = m
        self.unknown_options: list[str] = []
        self.scope_messages: list[str] = []
        self.units: list[UnitState] = []
        self.rmrrs: list[Rmrr] = []
        self.table: dmar.Dmar | None = None
        self.tables: dict[str, bytes] = {}
        self.group_of: dict[int, int] = {}
        self.regions: dict[int, list[Interval]] = {}
        self.broken = False  # a scope of the wrong type: the Intel IOMMU stays off
        self.refs = References(m)
        self._by_path = {(f.domain, *self._key(*dmar.path_to(f))): f
                         for f in m.functions if not f.physfn}
        self._read_options()
        self._make_tables()
        if m.iommu.kind == "intel" and self.table:
            self._match_intel(self.table)
        self.active = (m.iommu.kind != "none" and m.iommu.declared and m.iommu.on
                       and not self.broken)
        # intel_iommu=off leaves interrupt remapping alone
        if m.arm:
            self.remapping = self.active and m.messages == "its"
        else:
            self.remapping = m.iommu.remap and (self.active if m.iommu.kind == "amd"
                                                else bool(self.table and self.table.flags & 1))
        if self.active:
            if m.iommu.kind == "virtio":
                self.units = [UnitState(0, 0, True, 0)]
            if m.iommu.kind == "amd":
                at = self.refs.one(m.iommu.at)
                self.units = [UnitState(0, ivrs.REGISTER_BASE, True, at.domain)]
            if m.iommu.kind == "smmu":
                self.units = [UnitState(0, arm.SMMU_BASE, True, 0)]
            self._group()
            self._reserve()

    @staticmethod
    def _key(start_bus: int, path: list[Hop]) -> tuple[int, tuple[Hop, ...]]:
        return start_bus, tuple(path)

    def _read_options(self) -> None:
        options = [w[len("intel_iommu="):].split(",") for w in self.machine.cmdline.split()
                   if w.startswith("intel_iommu=")]
        self.options = [o for words in options for o in words]
        self.relax_all = "relax_rmrr" in self.options and self.machine.flavour == "proxmox"
        known = {"on", "off", "igfx_off", "forcedac", "strict", "sp_off", "sm_on", "sm_off"}
        if self.relax_all:
            known.add("relax_rmrr")
        self.unknown_options = [o for o in self.options if o not in known]

    def _make_tables(self) -> None:
        m = self.machine
        self.tables.update(m.raw_tables)
        if m.arm and not m.device_tree:
            self.tables.update(IORT=arm.iort(m), APIC=arm.madt(m))
        if not m.iommu.declared:
            return
        if m.iommu.kind == "intel":
            if "DMAR" in self.tables:
                self.table = dmar.unpack(self.tables["DMAR"])
                return
            self.table = dmar.from_machine(m)
            oem = "HP" if m.vendor in ("HP", "HPE") else "INTEL"
            self.tables["DMAR"] = self.table.pack(oem, m.product or "SAMPLE")
        elif m.iommu.kind == "amd":
            self.tables.setdefault("IVRS", ivrs.build(m))
        elif m.iommu.kind == "virtio":
            self.tables["VIOT"] = viot.build(m)

    def _match(self, scope: dmar.Scope, segment: int, what: str) -> Function | None:
        """The function a scope names; a one-hop scope may be a plain bus, device, function."""
        if scope.kind not in (1, 2):
            return None
        found = self._by_path.get((segment, *self._key(scope.start_bus, scope.path)))
        if not found and len(scope.path) == 1:
            device, function = scope.path[0]
            found = self.refs.by_address.get(
                f"{segment:04x}:{scope.start_bus:02x}:{device:02x}.{function:x}")
            if found and (found.physfn or not found.parent):
                found = None
            if found:
                self.scope_messages.append(f"DMAR: [Firmware Bug]: {what} entry for device "
                                           f"{found.address[5:]} is broken - applying workaround")
        if not found:
            return None
        wrong = bool(found.bridge) if scope.kind == 1 else (
            not found.bridge and found.class_code >> 16 != 6)
        if wrong:
            self.scope_messages.append(
                f"DMAR: Device scope type does not match for {found.address}")
            self.broken = True
            return None
        return found

    def _match_intel(self, table: dmar.Dmar) -> None:
        for n, s in enumerate(table.of_kind(0)):
            devices = [f for f in (self._match(x, s.segment, "RMRR") for x in s.scopes) if f]
            unit = UnitState(n, s.base, bool(s.flags & 1), s.segment, devices)
            for wanted in self.machine.units:
                if wanted.address == s.base:
                    unit.cap, unit.ecap = wanted.cap, wanted.ecap
            self.units.append(unit)
        for s in table.of_kind(1):
            devices = [f for f in (self._match(x, s.segment, "RMRR") for x in s.scopes) if f]
            self.rmrrs.append(Rmrr(s.base, s.limit, devices))
        for s in table.of_kind(2):
            for x in s.scopes:
                self._match(x, s.segment, "RMRR")

    def unit_of(self, f: Function) -> UnitState | None:
        """The unit that translates for a function; None: no unit covers it, so it has no group."""
        if not self.active:
            return None
        f = f.physfn or f
        if self.machine.iommu.kind == "smmu":
            return self.units[0]
        if self.machine.iommu.kind == "virtio":
            return None if f is viot.iommu_of(self.machine) else self.units[0]
        if self.machine.iommu.kind == "amd":
            covered = ivrs.FIRST_DEVICE <= f.requester_id <= ivrs.LAST_DEVICE
            return self.units[0] if covered and not f.domain else None
        for unit in self.units:
            if any(f is d or _below(f, d) for d in unit.devices):
                return unit
        return next((u for u in self.units if u.include_all and u.segment == f.domain), None)

    def _group(self) -> None:
        covered = [f for f in self.machine.functions if self.unit_of(f)]
        if self.machine.late_groups:
            covered = [f for f in covered if f.driver]
        if self.machine.iommu.kind == "smmu" and self.machine.version >= (5, 14):
            covered = self._first_of_streams(covered)
        grouping = groups.Grouping(covered)
        for f in covered:
            self.group_of[id(f)] = grouping.add(f)
        for words, line in self.machine.joined:
            members = [f for w in words for f in self.refs.find(w, line)]
            number = self.group_of[id(members[0])]
            if any(n == number and f not in members for f, n in self.items()):
                number = grouping.next_number
                grouping.next_number += 1
            for f in members:
                self.group_of[id(f)] = number
        used = {n: i for i, n in enumerate(sorted(set(self.group_of.values())))}
        self.group_of = {key: used[n] for key, n in self.group_of.items()}

    def items(self) -> list[tuple[Function, int]]:
        """Every function that has a group, in the kernel's order."""
        return [(f, self.group_of[id(f)]) for f in self.machine.functions
                if id(f) in self.group_of]

    @staticmethod
    def _first_of_streams(functions: list[Function]) -> list[Function]:
        """An SMMUv3's driver gives a stream to one device alone: those that get theirs."""
        taken: set[tuple[int, int]] = set()
        kept = []
        for f in functions:
            own = {(f.domain, s) for s in arm.streams(f)}
            if not own & taken:
                taken |= own
                kept.append(f)
        return kept

    def stream_taken(self, f: Function) -> bool:
        """Whether another device has a stream of it already."""
        m = self.machine
        if not self.active or m.iommu.kind != "smmu" or m.version < (5, 14):
            return False
        return id(f) not in self.group_of and any(
            arm.streams(f) & arm.streams(o) for o, _ in self.items() if o.domain == f.domain)

    def company(self, f: Function) -> list[Function]:
        """Who shares its group once all of them are bound; [f] alone too; [] without an IOMMU."""
        if not self.machine.late_groups:
            number = self.group_of.get(id(f), -1)
            return [o for o, n in self.items() if n == number]
        if not self.unit_of(f):
            return []
        covered = [o for o in self.machine.functions if self.unit_of(o)]
        grouping = groups.Grouping(covered)
        numbers = {id(o): grouping.add(o) for o in covered}
        return [o for o in covered if numbers[id(o)] == numbers[id(f)]]

    def relaxable(self, f: Function) -> bool:
        """USB and display, tested on the function itself; older kernels have no such type."""
        if self.machine.version < (5, 3):
            return False
        return self.relax_all or f.class_code >> 8 == 0x0C03 or f.class_code >> 16 == 0x03

    def regions_of(self, f: Function) -> list[Interval]:
        """Public for those who are in no group yet."""
        return self._of_function(f)

    def _of_function(self, f: Function) -> list[Interval]:
        """What a driver of the IOMMU reports for one function."""
        found: list[Interval] = []
        if self.machine.iommu.kind == "amd":
            held = [(base, limit, "direct") for first, last, base, limit in self._amd
                    if first <= f.requester_id <= last]
            return held + [MSI_WINDOW, AMD_HT_RANGE]
        if self.machine.iommu.kind == "virtio":
            return [MSI_WINDOW]
        if self.machine.iommu.kind == "smmu":
            for rmr in self.machine.rmrs if self.machine.iommu.dsm5 else ():
                kind = "direct-relaxable" if rmr.permitted else "direct"
                found += [(rmr.base, rmr.limit, kind) for ref in rmr.devices
                          if f in self.refs.find(ref, rmr.line)]
            return found + [SMMU_MSI_WINDOW]
        for r in self.rmrrs:
            kind = "direct-relaxable" if self.relaxable(f) else "direct"
            found += [(r.base, r.limit, kind) for d in r.devices if d is f or _below(f, d)]
        if f.class_code >> 8 == 0x0601:
            found.append(ISA_REGION)
        found.append(MSI_WINDOW)
        return found

    def _reserve(self) -> None:
        self._amd = ivrs.held(self.machine) if self.machine.iommu.kind == "amd" else []
        for f, number in self.items():
            regions = self.regions.setdefault(number, [])
            for r in self._of_function(f):
                if r not in regions:
                    insert_region(regions, r)

    @property
    def group_type(self) -> str:
        """The default domain of a group, as its type file says."""
        if "iommu=pt" in self.machine.cmdline.split():
            return "identity"
        return "DMA-FQ" if self.machine.version >= (5, 15) else "DMA"

    def reset_method(self, f: Function) -> str:
        """Text of reset_method: what the kernel found when it met the function first."""
        if f.reset is not None:
            return f.reset
        methods = [name for name, there in (("flr", f.flr and bool(f.pcie)),
                                            ("af_flr", f.af_flr), ("pm", f.pm == "reset"))
                   if there]
        if f.parent and not f.physfn:
            first = min(f.parent.children, key=lambda c: (bool(c.physfn), c.requester_id))
            if first is f:
                methods.append("bus")
        return " ".join(methods)
