# SPDX-License-Identifier: GPL-2.0-or-later
"""The recipe language: text to model. tests/machines/README.md describes it."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Callable

from . import topology
from .functions import BRIDGE_WORDS, apply_words
from .model import (AmdRegion, Function, Machine, MachineError, MissingData, Onboard, Region, Rmr,
                    Slot, Unit)

# "07:00.0", "0001:07:00.0", "00.0", "00.0-3": at the start of a line that describes functions
POSITION = re.compile(r"(?:(?:([0-9a-f]{4,5}):)?([0-9a-f]{2}):)?"
                      r"([0-9a-f]{2})\.([0-7])(?:-([0-7]))?$")
# DSP0134 7.10.1 and 7.10.2
SLOT_TYPES = {"pci": (0x06, 5), "pcie1-x1": (0xA6, 8), "pcie2-x8": (0xAF, 11),
              "pcie2-x16": (0xB0, 13), "pcie2-x4": (0xAD, 11), "pcie3": (0xB1, 0),
              "pcie3-x8": (0xB5, 11), "pcie3-x16": (0xB6, 13), "pcie4-x16": (0xBD, 13),
              "proprietary": (0x09, 2), "m2": (0x17, 10), "u2": (0x20, 10), "ocp": (0x26, 11)}
USAGES = {"other": 1, "unknown": 2, "available": 3, "in-use": 4}
# DSP0134 7.42.2
ONBOARD_TYPES = {"other": 1, "video": 3, "scsi": 4, "ethernet": 5, "sound": 7, "sata": 9,
                 "sas": 10}
IVMD_FLAGS = {"unity": 1, "read": 2, "write": 4, "exclusion": 8}
MAX_INCLUDES = 8


def number(text: str) -> int:
    """A hexadecimal number, with or without 0x."""
    return int(text, 16)


def interval(text: str) -> tuple[int, int]:
    """START-END in hexadecimal; the end is inclusive and may be below the start."""
    first, dash, last = text.partition("-")
    if not dash:
        raise ValueError(f"{text!r} is no interval, want START-END")
    return number(first), number(last)


class Parser:
    """Reads one recipe and those it includes. Every message names the file and the line."""

    def __init__(self, directory: str) -> None:
        self.machine = Machine()
        self.directory = directory
        self.file = ""
        self.line = 0
        self.kinds: dict[str, list[str]] = {}
        self.open: list[tuple[int, Function]] = []  # indentation and bridge, outermost first
        self.depth = 0
        self.handlers: dict[str, Callable[[list[str]], None]] = {
            name[3:].replace("_", "-"): getattr(self, name)
            for name in dir(self) if name.startswith("on_")}

    def fail(self, text: str) -> MachineError:
        """An error at the current line."""
        return MachineError(text, self.file, self.line)

    def read(self, name: str) -> None:
        """Parses a file of the recipes' directory."""
        outer = self.file, self.line
        path = os.path.join(self.directory, name)
        with open(path, encoding="utf-8") as f:
            text = f.read()
        self.file, self.open = name, []
        self.parse(text)
        self.file, self.line = outer

    def parse(self, text: str) -> None:
        """Parses lines: a position and what is there, or a statement."""
        for n, raw in enumerate(text.splitlines(), 1):
            self.line = n
            try:
                words = shlex.split(raw, comments=True)
            except ValueError as e:
                raise self.fail(f"{e}") from e
            if not words:
                continue
            if "\t" in raw[:len(raw) - len(raw.lstrip())]:
                raise self.fail("indentation by tabs, want spaces")
            try:
                self._line(len(raw) - len(raw.lstrip()), words)
            except MachineError:
                raise
            except (ValueError, KeyError, IndexError, OSError) as e:
                raise self.fail(f"{words[0]}: {e}") from e

    def _line(self, indent: int, words: list[str]) -> None:
        position = POSITION.match(words[0])
        if position:
            self._functions(indent, position, words[1:])
            return
        handler = self.handlers.get(words[0])
        if not handler:
            raise self.fail(f"unknown word {words[0]!r}")
        if indent:
            raise self.fail(f"{words[0]!r} is indented, only functions below a bridge are")
        handler(words[1:] if words[0] == "kind" else self._expand(words[1:], set()))

    # --- functions -------------------------------------------------------------------------

    def _functions(self, indent: int, position: re.Match[str], words: list[str]) -> None:
        while self.open and self.open[-1][0] >= indent:
            self.open.pop()
        parent = self.open[-1][1] if self.open else None
        if indent and not parent:
            raise self.fail("indented, but no bridge is above")
        domain, bus, device, first, last = position.groups()
        if parent and bus is not None:
            raise self.fail("a function below a bridge has no bus number: it is the bridge's")
        words = self._expand(words, set())
        for nth in range(int(first), int(last or first) + 1):
            f = Function(int(domain or "0", 16), int(bus or "0", 16), int(device, 16), nth,
                         parent=parent, line=self.line)
            apply_words(f, words)
            if nth != int(first):
                f.name = ""
            if parent:
                parent.children.append(f)
            self.machine.functions.append(f)
        if f.bridge:
            self.open.append((indent, f))

    def _expand(self, words: list[str], seen: set[str]) -> list[str]:
        out: list[str] = []
        for word in words:
            if not word.startswith("@"):
                out.append(word)
                continue
            if word in seen or word[1:] not in self.kinds:
                raise self.fail(f"no kind is called {word[1:]!r}")
            out += self._expand(self.kinds[word[1:]], seen | {word})
        return out

    # --- statements ------------------------------------------------------------------------

    def on_include(self, words: list[str]) -> None:
        """include FILE"""
        self.depth += 1
        if self.depth > MAX_INCLUDES:
            raise self.fail("includes go too deep")
        self.read(words[0])
        self.open = []
        self.depth -= 1

    def on_kind(self, words: list[str]) -> None:
        """kind NAME WORD…"""
        self.kinds[words[0]] = words[1:]

    def on_system(self, words: list[str]) -> None:
        """system VENDOR PRODUCT"""
        self.machine.vendor, self.machine.product = words

    def on_bios(self, words: list[str]) -> None:
        """bios VENDOR VERSION DATE"""
        m = self.machine
        m.bios_vendor, m.bios_version, m.bios_date = words

    def on_cpu(self, words: list[str]) -> None:
        """cpu MANUFACTURER"""
        self.machine.cpu_vendor, = words

    def on_kernel(self, words: list[str]) -> None:
        """kernel RELEASE debian|proxmox|vanilla [PACKAGE-VERSION]"""
        m = self.machine
        m.release, m.flavour = words[:2]
        if m.flavour not in ("debian", "proxmox", "vanilla"):
            raise self.fail(f"unknown flavour {m.flavour!r}")
        m.banner = words[2] if len(words) > 2 else ""
        if m.version < (3, 0):
            raise self.fail(f"kernel {m.release} is too old")

    def on_cmdline(self, words: list[str]) -> None:
        """cmdline WORD…"""
        self.machine.cmdline = " ".join(words)

    def on_lockdown(self, words: list[str]) -> None:
        """lockdown none|integrity|confidentiality"""
        if words[0] not in ("none", "integrity", "confidentiality"):
            raise self.fail(f"unknown lockdown {words[0]!r}")
        self.machine.lockdown = words[0]

    def on_pcie_control(self, words: list[str]) -> None:
        """pcie-control given|kept"""
        if words[0] not in ("given", "kept"):
            raise ValueError(f"pcie-control: given or kept, not {words[0]}")
        self.machine.pcie_control = words[0]

    def on_unsafe_interrupts(self, words: list[str]) -> None:
        """unsafe-interrupts yes|no"""
        self.machine.unsafe_interrupts = {"yes": True, "no": False}[words[0]]

    def on_log(self, words: list[str]) -> None:
        """log TEXT"""
        self.machine.log.append(" ".join(words))

    def on_device_tree(self, words: list[str]) -> None:
        """device-tree plain|iommu-map"""
        if words[0] not in ("plain", "iommu-map"):
            raise self.fail(f"unknown device-tree {words[0]!r}")
        self.machine.device_tree = words[0]

    def on_made_by(self, words: list[str]) -> None:
        """made-by root|user"""
        self.machine.as_root = {"root": True, "user": False}[words[0]]

    def on_memory_top(self, words: list[str]) -> None:
        """memory-top ADDRESS"""
        self.machine.memory_top = number(words[0])

    def on_iommu(self, words: list[str]) -> None:
        """iommu intel|amd|smmu|virtio|none [undeclared] [off] [noremap] [dsm5] [at=REFERENCE]"""
        io = self.machine.iommu
        io.kind = words[0]
        if io.kind not in ("intel", "amd", "smmu", "virtio", "none"):
            raise self.fail(f"unknown IOMMU {io.kind!r}")
        io.declared, io.on, io.remap, io.dsm5 = True, True, True, "dsm5" in words
        if io.kind == "smmu" and not self.machine.messages:
            self.machine.messages = "its"
        for word in words[1:]:
            if word.startswith("at="):
                io.at = word[3:]
            elif word in ("undeclared", "off", "noremap"):
                setattr(io, {"undeclared": "declared", "off": "on", "noremap": "remap"}[word],
                        False)
            elif word != "dsm5":
                raise self.fail(f"unknown word {word!r}")

    def on_messages(self, words: list[str]) -> None:
        """messages its|gicv2m|none"""
        if words[0] not in ("its", "gicv2m", "none"):
            raise self.fail(f"unknown taker of messages {words[0]!r}")
        self.machine.messages = words[0]

    def on_rmr(self, words: list[str]) -> None:
        """rmr START-END [permitted] REFERENCE…"""
        base, limit = interval(words[0])
        devices = [w for w in words[1:] if w != "permitted"]
        self.machine.rmrs.append(Rmr(base, limit, devices, "permitted" in words[1:], self.line))

    def on_table(self, words: list[str]) -> None:
        """table DMAR PATH: real bytes from the directory of test data"""
        if words[0] != "DMAR":
            raise self.fail(f"table {words[0]}: only a DMAR can be read back")
        base = os.environ.get("PCIPASS_TEST_DATA", "")
        path = os.path.join(base, words[1])
        if not base or not os.path.exists(path):
            raise MissingData(f"table {words[0]}: no {words[1]} in PCIPASS_TEST_DATA",
                              self.file, self.line)
        with open(path, "rb") as f:
            self.machine.raw_tables[words[0]] = f.read()

    def on_drhd(self, words: list[str]) -> None:
        """drhd ADDRESS [all] [segment=N] [cap=N] [ecap=N] SCOPE…"""
        unit = Unit(number(words[0]), line=self.line)
        for word in words[1:]:
            key, equals, value = word.partition("=")
            if word == "all":
                unit.include_all = True
            elif equals and key in ("segment", "cap", "ecap"):
                setattr(unit, key, number(value))
            else:
                unit.scopes.append(word)
        self.machine.units.append(unit)

    def on_rmrr(self, words: list[str]) -> None:
        """rmrr START-END [uncovered] [segment=N] SCOPE…"""
        region = Region(*interval(words[0]), line=self.line)
        for word in words[1:]:
            if word == "uncovered":
                region.covered = False
            elif word.startswith("segment="):
                region.segment = number(word[8:])
            else:
                region.scopes.append(word)
        self.machine.regions.append(region)

    def on_atsr(self, words: list[str]) -> None:
        """atsr SCOPE…"""
        self.machine.root_port_ats.append(words)

    def on_exclude(self, words: list[str]) -> None:
        """exclude REFERENCE…: no RMRR names them"""
        self.machine.excluded += [(w, self.line) for w in words]

    def on_ivmd(self, words: list[str]) -> None:
        """ivmd all|DEVICE|FIRST..LAST START-END FLAG[,FLAG]"""
        which, span, flags = words
        base, limit = interval(span)
        first, dots, last = which.partition("..")
        kind = 0x20 if which == "all" else 0x22 if dots else 0x21
        bits = sum(IVMD_FLAGS[f] for f in flags.split(","))
        self.machine.amd_regions.append(AmdRegion(
            kind, "" if which == "all" else first, last, base, limit - base + 1, bits, self.line))

    def on_slot(self, words: list[str]) -> None:
        """slot ID DESIGNATION TARGET [type=T] [usage=U] [kernel=NAME]; \\xNN in the designation"""
        text = words[1].encode().decode("unicode_escape").encode("latin-1")
        slot = Slot(int(words[0]), text, words[2], line=self.line)
        for word in words[3:]:
            key, _, value = word.partition("=")
            if key == "type":
                slot.slot_type, slot.width = SLOT_TYPES[value]
            elif key == "usage":
                slot.usage = USAGES[value]
            elif key == "kernel":
                slot.kernel = value
            else:
                raise self.fail(f"unknown word {word!r}")
        self.machine.slots.append(slot)

    def on_kernel_slot(self, words: list[str]) -> None:
        """kernel-slot NAME TARGET: only in /sys/bus/pci/slots"""
        name, target = words
        self.machine.kernel_slots.append((name, target, self.line))

    def on_onboard(self, words: list[str]) -> None:
        """onboard DESIGNATION TYPE INSTANCE TARGET"""
        name, kind, instance, target = words
        self.machine.onboard.append(Onboard(name.encode(), ONBOARD_TYPES[kind], int(instance),
                                            target, self.line))

    def on_group(self, words: list[str]) -> None:
        """group REFERENCE…: exactly these share a group, whatever the rules say"""
        self.machine.joined.append((words, self.line))

    def on_unknown(self, words: list[str]) -> None:
        """unknown REFERENCE REASON: no verdict can be had of it, for that reason"""
        reference, reason = words
        self.machine.unknowns.append((reference, reason, self.line))

    def on_file(self, words: list[str]) -> None:
        """file PATH [LINE…]: a file of the host besides, with these lines"""
        content = "".join(f"{line}\n" for line in words[1:])
        self.machine.files.append((words[0], content.encode()))

    def on_link(self, words: list[str]) -> None:
        """link PATH TARGET: a symbolic link besides"""
        path, target = words
        self.machine.links.append((path, target))

    def on_no_slots(self, words: list[str]) -> None:
        """no-slots: drops the slots of an included recipe"""
        self.machine.slots.clear()
        self.machine.kernel_slots.clear()


def load(path: str) -> Machine:
    """The machine that a recipe describes, complete."""
    parser = Parser(os.path.dirname(os.path.abspath(path)))
    parser.read(os.path.basename(path))
    return complete(parser, os.path.basename(path))


def loads(text: str, directory: str = ".") -> Machine:
    """The same from text; messages call it "recipe"."""
    parser = Parser(directory)
    parser.file = "recipe"
    parser.parse(text)
    return complete(parser, "recipe")


def complete(parser: Parser, name: str) -> Machine:
    """Numbers buses, makes VFs and addresses, and checks what only shows at the end."""
    m = parser.machine
    m.name = name
    for f in m.functions:
        if f.children and f.bridge not in BRIDGE_WORDS:
            raise MachineError(f"{f.address} has functions below but is no bridge", name, f.line)
    if m.iommu.kind == "amd" and m.iommu.declared and not m.iommu.at:
        raise MachineError("iommu amd: want at=REFERENCE of its own function", name, 1)
    topology.finish(m)
    return m
