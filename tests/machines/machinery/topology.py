# SPDX-License-Identifier: GPL-2.0-or-later
"""From functions with a parent each to a whole tree: bus numbers, VFs, order, references."""

from __future__ import annotations

import re

from . import resources
from .model import Function, Machine, MachineError

ADDRESS = re.compile(r"(?:([0-9a-f]{4,5}):)?([0-9a-f]{2}):([0-9a-f]{2})\.([0-7])$")


def parse_address(text: str) -> tuple[int, int, int, int] | None:
    """Domain, bus, device, function of "[dddd:]bb:dd.f"; None: not an address."""
    found = ADDRESS.match(text)
    if not found:
        return None
    domain, bus, device, function = (int(x or "0", 16) for x in found.groups())
    return domain, bus, device, function


def _number_buses(f: Function, next_bus: dict[int, int]) -> None:
    """Depth first, as firmware does; a number given in the recipe is kept."""
    for child in f.children:
        child.domain, child.bus = f.domain, f.secondary
    for child in f.children:
        if child.bridge:
            if not child.secondary:
                child.secondary = next_bus[f.domain]
            next_bus[f.domain] = max(next_bus[f.domain], child.secondary) + 1
            _number_buses(child, next_bus)
    below = [c.subordinate for c in f.children if c.bridge]
    f.subordinate = max([f.secondary, f.subordinate] + below)
    next_bus[f.domain] = max(next_bus[f.domain], f.subordinate + 1)


def _virtual_functions(pf: Function) -> list[Function]:
    """The VFs that are on. Their configuration space has neither ids nor a pin of its own."""
    s = pf.sriov
    assert s
    made = []
    for n in range(s.enabled):
        rid = pf.requester_id + s.offset + n * s.stride
        made.append(Function(
            pf.domain, rid >> 8, rid >> 3 & 31, rid & 7, vendor_id=pf.vendor_id,
            device_id=s.device_id, class_code=pf.class_code, revision=pf.revision,
            subsystem=pf.subsystem, driver=s.driver, pcie="endpoint", msix=min(pf.msix, 3),
            flr=True, ari=True, numa=pf.numa, link=pf.link, parent=pf.parent, physfn=pf,
            line=pf.line))
    return made


def sorts_breadth_first(m: Machine) -> bool:
    """Old HP servers are on a list of machines whose devices the kernel sorts by address."""
    return m.vendor == "HP" and ("ProLiant DL360" in m.product or "ProLiant DL380" in m.product)


def _in_kernel_order(roots: list[Function]) -> list[Function]:
    """A bus first, then what is below its bridges: the order in which the kernel adds devices."""
    ordered: list[Function] = []

    def bus(functions: list[Function]) -> None:
        functions.sort(key=lambda f: f.requester_id)
        ordered.extend(functions)
        for f in functions:
            if f.bridge:
                bus(f.children)

    for key in sorted({(f.domain, f.bus) for f in roots}):
        bus([f for f in roots if (f.domain, f.bus) == key])
    return ordered


def finish(m: Machine) -> None:
    """Completes a machine whose functions have parent and position."""
    roots = [f for f in m.functions if not f.parent]
    next_bus: dict[int, int] = {}
    for f in roots:
        next_bus[f.domain] = max(next_bus.get(f.domain, 1), 1)
    for f in sorted(roots, key=lambda f: (f.domain, f.requester_id)):
        if f.bridge:
            if not f.secondary:
                f.secondary = next_bus[f.domain]
            next_bus[f.domain] = max(next_bus[f.domain], f.secondary) + 1
            _number_buses(f, next_bus)
    functions = _in_kernel_order(roots)
    if sorts_breadth_first(m):
        functions.sort(key=lambda f: (f.domain, f.requester_id))
    slots: dict[tuple[int, int, int], int] = {}
    seen: dict[str, Function] = {}
    for f in functions:
        key = (f.domain, f.bus, f.device)
        slots[key] = slots.get(key, 0) + 1
        if f.address in seen:
            raise MachineError(f"{f.address} is there twice", m.name, f.line)
        if f.secondary > 255 or f.bus > 255:
            raise MachineError(f"{f.address}: no bus numbers left", m.name, f.line)
        seen[f.address] = f
    for f in functions:
        f.multifunction = slots[f.domain, f.bus, f.device] > 1 or f.multifunction
    virtual = [v for f in functions if f.sriov for v in _virtual_functions(f)]
    for v in virtual:
        if v.address in seen:
            raise MachineError(f"the VF {v.address} meets a function", m.name, v.line)
        if v.parent:
            v.parent.children.append(v)
    m.functions = functions + virtual
    resources.assign(m.functions, m.memory_top + resources.MMCONFIG_BYTES)


class References:
    """Finds functions by name, name.N, name.* or address."""

    def __init__(self, m: Machine) -> None:
        self.recipe = m.name
        self.by_address = {f.address: f for f in m.functions}
        self.by_name: dict[str, Function] = {}
        for f in m.functions:
            if f.name:
                self.by_name.setdefault(f.name, f)

    def _named(self, text: str) -> list[Function]:
        name, dot, number = text.partition(".")
        first = self.by_name.get(name)
        if not first or not dot:
            return [first] if first else []
        prefix = first.address[:-1]
        if number == "*":
            return [f for a, f in self.by_address.items() if a[:-1] == prefix and not f.physfn]
        found = self.by_address.get(prefix + number)
        return [found] if found else []

    def find(self, text: str, line: int = 0) -> list[Function]:
        """All functions a reference names; refuses one that names nothing."""
        position = parse_address(text)
        if position:
            address = "%04x:%02x:%02x.%x" % position
            found = [self.by_address[address]] if address in self.by_address else []
        else:
            found = self._named(text)
        if not found:
            raise MachineError(f"nothing is called {text!r}", self.recipe, line)
        return found

    def one(self, text: str, line: int = 0) -> Function:
        """The one function a reference names."""
        found = self.find(text, line)
        if len(found) > 1:
            raise MachineError(f"{text!r} names {len(found)} functions, need one",
                               self.recipe, line)
        return found[0]
