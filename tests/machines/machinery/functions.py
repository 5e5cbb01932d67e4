# SPDX-License-Identifier: GPL-2.0-or-later
"""The words of a function's line: ids, class, capabilities, BARs."""

from __future__ import annotations

import re
from collections.abc import Callable

from .model import BRIDGE_KINDS, Bar, Function, Sriov

CLASSES = {
    "raid": 0x010400, "sas": 0x010700, "sata": 0x010601, "scsi": 0x010000, "nvme": 0x010802,
    "ethernet": 0x020000, "vga": 0x030000, "display": 0x038000, "audio": 0x040300,
    "multimedia": 0x040100, "host-bridge": 0x060000, "isa": 0x060100, "other-bridge": 0x068000,
    "serial": 0x070002, "uhci": 0x0C0300, "ohci": 0x0C0310, "ehci": 0x0C0320, "xhci": 0x0C0330,
    "smbus": 0x0C0500, "firewire": 0x0C0010, "system": 0x088000, "pic": 0x080000,
    "iommu": 0x080600, "signal": 0x118000, "crypto": 0x108000, "communication": 0x078000,
}
BRIDGE_WORDS = BRIDGE_KINDS
FLAGS: dict[str, dict[str, object]] = {
    "msi": {"msi": True}, "msix": {"msix": 16}, "flr": {"flr": True}, "af-flr": {"af_flr": True},
    "pm": {"pm": "keep"}, "pm-reset": {"pm": "reset"}, "ari": {"ari": True},
    "acs": {"acs": (0x1F, 0x1D)}, "acs-quirk": {"acs_quirk": True},
    "hotplug": {"hotplug": True}, "ssvid": {"ssvid": True}, "multi": {"multifunction": True},
}
PCIE_WORDS = ("endpoint", "legacy", "rciep", "none")
IDS = re.compile(r"([0-9a-f]{4}):([0-9a-f]{4})$")
BAR_SPEC = re.compile(r"(\d+)([KMG]?)(?::(io|32|64|32p|64p))?$")
UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30}


def _ids(text: str) -> tuple[int, int]:
    found = IDS.match(text)
    if not found:
        raise ValueError(f"{text!r} is no pair of ids, want vvvv:dddd")
    return int(found[1], 16), int(found[2], 16)


def parse_bars(text: str) -> list[Bar]:
    """SIZE[:KIND],…: "256:io,16K:64"; "-" leaves an index out, 64 bits take two, "!" has no room."""
    bars, index = [], 0
    for part in text.split(","):
        if part == "-":
            index += 1
            continue
        found = BAR_SPEC.match(part.removesuffix("!"))
        if not found:
            raise ValueError(f"{part!r} is no BAR, want SIZE[:io|32|64|32p|64p][!]")
        size = int(found[1]) * UNITS[found[2]]
        if size & (size - 1) or size < 16:
            raise ValueError(f"a BAR of {size} bytes: no power of two from 16 on")
        kind = found[3] or "32"
        bars.append(Bar(index, size, kind, placed=not part.endswith("!")))
        index += 2 if kind.startswith("64") else 1
    if index > 6:
        raise ValueError(f"{text!r} needs {index} BARs, there are 6")
    return bars


def _acs(f: Function, value: str) -> None:
    """acs=CAPABILITY[/CONTROL]"""
    capability, slash, control = value.partition("/")
    f.acs = int(capability, 16), int(control if slash else capability, 16)


def _vfs(f: Function) -> Sriov:
    if not f.sriov:
        raise ValueError("words about VFs come after sriov=")
    return f.sriov


def _sriov(f: Function, value: str) -> None:
    """sriov=ENABLED/TOTAL"""
    enabled, total = (int(x) for x in value.split("/"))
    if enabled > total:
        raise ValueError(f"{enabled} VFs on, but there are {total}")
    f.sriov = Sriov(enabled, total, f.device_id)


def _vf(f: Function, value: str) -> None:
    """vf=DEVICE-ID[,driver]"""
    device, _, driver = value.partition(",")
    _vfs(f).device_id = int(device, 16)
    _vfs(f).driver = driver


def _vf_at(f: Function, value: str) -> None:
    """vf-at=OFFSET/STRIDE"""
    s = _vfs(f)
    s.offset, s.stride = (int(x) for x in value.split("/"))


def _vf_bars(f: Function, value: str) -> None:
    _vfs(f).bars = parse_bars(value)


def _link(f: Function, value: str) -> None:
    """link=GENERATION/WIDTH"""
    generation, width = (int(x) for x in value.split("/"))
    f.link = generation, width


def _pcie(f: Function, value: str) -> None:
    if value not in PCIE_WORDS:
        raise ValueError(f"pcie={value}: want one of {', '.join(PCIE_WORDS)}")
    f.pcie = value


def _bus(f: Function, value: str) -> None:
    """bus=SECONDARY[-SUBORDINATE]"""
    first, _, last = value.partition("-")
    f.secondary = int(first, 16)
    f.subordinate = int(last or first, 16)


def _driver(f: Function, value: str) -> None:
    f.driver = "" if value == "none" else value


def _text(field: str) -> Callable[[Function, str], None]:
    return lambda f, value: setattr(f, field, value)


def _count(field: str, base: int = 10) -> Callable[[Function, str], None]:
    return lambda f, value: setattr(f, field, int(value, base))


def _subsystem(f: Function, value: str) -> None:
    f.subsystem = _ids(value)


def _bars(f: Function, value: str) -> None:
    f.bars = parse_bars(value)


def _rom(f: Function, value: str) -> None:
    f.rom = parse_bars(value)[0]


def _pin(f: Function, value: str) -> None:
    f.pin = "ABCD".index(value) + 1


VALUES: dict[str, Callable[[Function, str], None]] = {
    "name": _text("name"), "sub": _subsystem, "rev": _count("revision", 16), "driver": _driver,
    "bars": _bars, "rom": _rom, "slot": _count("slot"), "bus": _bus, "irq": _count("irq"),
    "numa": _count("numa"), "pin": _pin, "acs": _acs, "sriov": _sriov, "vf": _vf, "vf-at": _vf_at,
    "vf-bars": _vf_bars, "link": _link, "pcie": _pcie, "msix": _count("msix"),
    "reset": _text("reset"),
}


def _class(f: Function, word: str) -> bool:
    """A class by name, a kind of bridge, or four or six hexadecimal digits."""
    if word in BRIDGE_WORDS:
        f.bridge, f.class_code = word, 0x060400
        f.pcie = "" if word == "pci-bridge" else word
        if word in ("root-port", "upstream", "downstream"):
            f.driver = "pcieport"
        return True
    if word in CLASSES:
        f.class_code = CLASSES[word]
        return True
    if re.fullmatch(r"[0-9a-f]{4}|[0-9a-f]{6}", word):
        f.class_code = int(word.ljust(6, "0"), 16)
        return True
    return False


def _check(f: Function) -> None:
    if not f.class_code and not f.vendor_id:
        raise ValueError("neither ids nor a class")
    extended = [w for w, there in (("acs", f.acs), ("ari", f.ari), ("flr", f.flr),
                                   ("sriov", f.sriov)) if there]
    if extended and not f.pcie:
        raise ValueError(f"{extended[0]} on conventional PCI")
    if f.bridge and len(f.bars) > 2:
        raise ValueError("a bridge has two BARs")


def apply_words(f: Function, words: list[str]) -> None:
    """Sets what the words say; the last one wins. Below a PCIe port a device is an endpoint."""
    if f.parent and f.parent.bridge in ("root-port", "downstream"):
        f.pcie = "endpoint"
    for word in words:
        key, equals, value = word.partition("=")
        if equals and key in VALUES:
            VALUES[key](f, value)
        elif word in FLAGS:
            for field, wanted in FLAGS[word].items():
                setattr(f, field, wanted)
        elif IDS.match(word):
            f.vendor_id, f.device_id = _ids(word)
        elif not _class(f, word):
            raise ValueError(f"unknown word {word!r}")
    if f.pcie == "none":
        f.pcie = ""
    _check(f)
