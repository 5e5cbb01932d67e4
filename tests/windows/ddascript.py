# SPDX-License-Identifier: GPL-2.0-or-later
"""The order of the tests in Microsoft's survey script for Discrete Device Assignment, written anew from
its description: properties in, its first reason out."""

from __future__ import annotations

ORDER = ("region", "acs", "old-style", "bios-kept", "legacy", "line")
# The property that an answer rests on.
PROPERTIES = {"region": "RequiresReservedMemoryRegion", "acs": "AcsCompatibleUpHierarchy",
              "old-style": "DeviceType", "line": "InterruptSupport"}
ENDPOINT, LEGACY, EMBEDDED, TREATED_AS_PCI = 2, 3, 4, 5
DISPLAY = 3
DISABLED = 22
LINE = 1


def base_class(properties: dict) -> int:
    """The first byte of the class code, as the hardware ids have it."""
    return int(properties["HardwareIds"].rpartition("&CC_")[2][:2], 16)


def by_type(device_type: int | None, cls: int) -> str | None:
    """The script's answer to a type that it does not take."""
    if device_type in (ENDPOINT, EMBEDDED) or (device_type == LEGACY and cls == DISPLAY):
        return None
    if device_type == LEGACY:
        return "legacy"
    return "bios-kept" if device_type == TREATED_AS_PCI else "old-style"


def first_reason(p: dict, missing_passes: bool = False) -> str | None:
    """None: it may be assigned. A missing region counts as one, a missing ACS as none to miss;
    missing_passes: a property that is missing passes its test instead, whichever it is."""
    region, acs, kind, interrupts = (p[PROPERTIES[key]] for key in ("region", "acs", "old-style", "line"))
    if region != 0 and not (region is None and missing_passes):
        return "region"
    if acs == 0:
        return "acs"
    refused = by_type(kind, base_class(p))
    if refused and not (kind is None and missing_passes):
        return refused
    if p["Problem"] == DISABLED:
        return "disabled"
    # It looks at the interrupts in use: of what a device can do, Windows uses messages first.
    if interrupts == LINE:
        return "line"
    return None
