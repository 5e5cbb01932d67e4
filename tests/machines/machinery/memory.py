# SPDX-License-Identifier: GPL-2.0-or-later
"""The firmware's memory map and /proc/iomem."""

from __future__ import annotations

from .kernel import PAGE, Kernel
from .resources import MMCONFIG_BYTES

HIGH_START = 0x100000000
HIGH_LIMIT = 0x43FFFFFFF
Range = tuple[int, int, str]  # first, last, "usable" or "reserved"


def _reserved(kernel: Kernel) -> list[tuple[int, int]]:
    """Fixed ranges of a PC and every region that the firmware also declares as reserved."""
    top = kernel.machine.memory_top
    ranges = [(0x9FC00, 0x9FFFF), (0xF0000, 0xFFFFF), (top, top + MMCONFIG_BYTES - 1),
              (0xFEC00000, 0xFEE0FFFF), (0xFF800000, 0xFFFFFFFF)]
    uncovered = {(r.base, r.limit) for r in kernel.machine.regions if not r.covered}
    for r in kernel.rmrrs:
        if (r.base, r.limit) not in uncovered and r.limit >= r.base:
            ranges.append((r.base & -PAGE, r.limit | (PAGE - 1)))
    for a in kernel.machine.amd_regions:
        if a.base >= 0x100000:
            ranges.append((a.base & -PAGE, (a.base + a.length - 1) | (PAGE - 1)))
    return ranges


def memory_map(kernel: Kernel) -> list[Range]:
    """Sorted, without overlaps; what is reserved is not usable."""
    usable = [(0x0, 0x9FBFF), (0x100000, kernel.machine.memory_top - 1), (HIGH_START, HIGH_LIMIT)]
    reserved = _reserved(kernel)
    edges = sorted({e for first, last in usable + reserved for e in (first, last + 1)})
    out: list[Range] = []
    for first, end in zip(edges, edges[1:]):
        if any(a <= first <= b for a, b in reserved):
            kind = "reserved"
        elif any(a <= first <= b for a, b in usable):
            kind = "usable"
        else:
            continue
        if out and out[-1][2] == kind and out[-1][1] + 1 == first:
            out[-1] = (out[-1][0], end - 1, kind)
        else:
            out.append((first, end - 1, kind))
    return out


def reserves(memory: list[Range], first: int, last: int) -> bool:
    """Whether one reserved range of the map holds all of it."""
    return any(kind == "reserved" and a <= first and last <= b for a, b, kind in memory)


def iomem(kernel: Kernel, memory: list[Range]) -> str:
    """Text of /proc/iomem; without root's rights every number is zero."""
    names = {"usable": "System RAM", "reserved": "Reserved"}
    rows = [(first, last, names[kind]) for first, last, kind in memory]
    rows += [(u.address, u.address + PAGE - 1, f"dmar{u.index}") for u in kernel.units
             if kernel.machine.iommu.kind == "intel"]
    rows += [f.windows["mem"] + (f"PCI Bus {f.domain:04x}:{f.secondary:02x}",)
             for f in kernel.machine.functions if "mem" in f.windows and not f.parent]
    lines = []
    for first, last, name in sorted(rows):
        if not kernel.machine.as_root:
            first = last = 0
        lines.append(f"{first:08x}-{last:08x} : {name}\n")
    return "".join(lines)
