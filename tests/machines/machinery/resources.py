# SPDX-License-Identifier: GPL-2.0-or-later
"""Gives every BAR and every bridge window an address, as firmware would."""

from __future__ import annotations

from .model import Bar, Function, MachineError

WINDOW_ALIGN = {"io": 0x1000, "mem": 0x100000, "pref": 0x100000}
MMCONFIG_BYTES = 0x4000000  # buses 00 to 3f; it lies between memory and the devices
FIRST_IO = 0x1000
FIRST_PREF = 0x380000000000
LAST = {"io": 0xFFFF, "mem": 0xFEBFFFFF, "pref": 0x3FFFFFFFFFFF}


def _align(value: int, to: int) -> int:
    return (value + to - 1) & -to


def _own_bars(f: Function, window: str) -> list[tuple[Bar, int, int]]:
    """(BAR, bytes it takes, alignment): a VF BAR takes its size once for each VF."""
    found = [(b, b.size, b.size) for b in f.bars if b.window == window and b.placed]
    if f.rom and window == "mem":
        found.append((f.rom, f.rom.size, f.rom.size))
    if f.sriov:
        found += [(b, b.size * f.sriov.total, b.size) for b in f.sriov.bars
                  if b.window == window and b.placed]
    return found


class Allocator:
    """Sizes from the leaves up, addresses from the root down."""

    def __init__(self, window: str) -> None:
        self.window = window
        self.sizes: dict[int, tuple[int, int]] = {}

    def _items(self, functions: list[Function]) -> list[tuple[int, int, Bar | Function]]:
        """(alignment, size, what) of everything on one bus, largest alignment first."""
        items: list[tuple[int, int, Bar | Function]] = []
        for f in functions:
            if f.physfn:
                continue  # its BARs are the physical function's
            items += [(align, size, bar) for bar, size, align in _own_bars(f, self.window)]
            if f.bridge:
                size, align = self.measure(f)
                if size:
                    items.append((align, size, f))
        items.sort(key=lambda item: -item[0])
        return items

    def measure(self, bridge: Function) -> tuple[int, int]:
        """Size and alignment of the window a bridge needs."""
        known = self.sizes.get(id(bridge))
        if known:
            return known
        end, align = 0, WINDOW_ALIGN[self.window]
        for item_align, size, _ in self._items(bridge.children):
            end = _align(end, item_align) + size
            align = max(align, item_align)
        self.sizes[id(bridge)] = result = (_align(end, WINDOW_ALIGN[self.window]), align)
        return result

    def place(self, functions: list[Function], base: int) -> int:
        """Addresses for one bus and all below; returns the first address after it."""
        for align, size, what in self._items(functions):
            base = _align(base, align)
            if isinstance(what, Bar):
                what.address = base
            else:
                what.windows[self.window] = (base, base + size - 1)
                self.place(what.children, base)
            base += size
        return base


def assign(functions: list[Function], first_mem: int) -> None:
    """Sets all addresses. The root buses share one space, as on one host bridge."""
    roots = [f for f in functions if not f.parent]
    for window, first in (("io", FIRST_IO), ("mem", first_mem), ("pref", FIRST_PREF)):
        end = Allocator(window).place(roots, first)
        if end > LAST[window] + 1:
            raise MachineError(f"{window} addresses end at 0x{end:x}, past 0x{LAST[window]:x}")
    by_pf: dict[int, int] = {}
    for f in functions:
        pf = f.physfn
        if not pf or not pf.sriov:
            continue
        nth = by_pf[id(pf)] = by_pf.get(id(pf), -1) + 1
        f.bars = [Bar(b.index, b.size, b.kind, b.address + nth * b.size) for b in pf.sriov.bars]
