# SPDX-License-Identifier: GPL-2.0-or-later
"""IOMMU groups by Linux's rules: ACS upward, then the slot's functions.

The kernel first looks at bridges that put their own requester id on what passes. None of them is
ever isolated, so the way upward stops at them too, and no second walk is needed here.
"""

from __future__ import annotations

from .model import Function

REQUIRED = 0x1D  # source validation, request and completion redirect, upstream forwarding
EGRESS_CONTROL = 0x20
INTEL = 0x8086


def _flags_hold(f: Function) -> bool:
    """A bit that the capability lacks is not asked of the control register."""
    if f.acs is None:
        return False
    capability, control = f.acs
    wanted = REQUIRED & (capability | EGRESS_CONTROL)
    return control & wanted == wanted


def isolated(f: Function) -> bool:
    """Whether requests of this function cannot reach a peer unseen."""
    if f.acs_quirk or (f.pcie == "rciep" and f.vendor_id == INTEL):
        return True  # the kernel's quirks: makers' word instead of a capability
    if f.pcie in ("root-port", "downstream"):
        return _flags_hold(f)
    if not f.pcie or f.pcie in ("pcie-to-pci", "pci-to-pcie"):
        return False
    return not f.multifunction or _flags_hold(f)


def _path_isolated(bridge: Function) -> bool:
    at: Function | None = bridge
    while at:
        if not isolated(at):
            return False
        at = at.parent
    return True


class Grouping:
    """Gives every function a group number in the order the kernel meets the functions."""

    def __init__(self, functions: list[Function]) -> None:
        self.numbers: dict[int, int] = {}
        self.next_number = 0
        self.by_slot: dict[tuple[int, int, int], list[Function]] = {}
        for f in functions:
            self.by_slot.setdefault((f.domain, f.bus, f.device), []).append(f)

    def add(self, f: Function) -> int:
        """The group of a function; a new one if it can share none."""
        number = self._find(f)
        if number is None:
            number = self.next_number
            self.next_number += 1
        self.numbers[id(f)] = number
        return number

    def _find(self, f: Function) -> int | None:
        top, at = f, f.parent
        while at and not _path_isolated(at):
            top = at
            if id(at) in self.numbers:
                return self.numbers[id(at)]
            at = at.parent
        return self._of_slot(top)

    def _of_slot(self, f: Function) -> int | None:
        """The group of a sibling function that is no more isolated than this one."""
        if not f.multifunction or isolated(f):
            return None
        for other in self.by_slot[f.domain, f.bus, f.device]:
            if other is not f and not isolated(other) and id(other) in self.numbers:
                return self.numbers[id(other)]
        return None
