#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Schemas of the size and with all the oddities of the two published ones, made up, and a model of
what they say of bytes.

usage: shapes.py 4.35|5.48 FILE
"""

import random
import sys
from pathlib import Path
from xml.sax.saxutils import escape

SHARED = 43  # sections of one EV
FITS = {"platforms": ("platform", ("ProLiant DL380p Gen8", "DL380", "Gen8"), ("ML350", "Gen9")),
        "romfamilies": ("romfamily", ("P70",), ("P71", "I27", "p70")),
        "romdates": ("greaterthan", ("05/23/19", "01/02/98"), ("05/24/19", "12/31/30")),
        "proc_mans": ("proc_man", ("Intel", "Intel(R) Corporation"), ("AMD",))}


class Shape:
    """How large a schema is, and how careful its author was."""

    def __init__(self, version: str, sections: int, evs: int, nvram_end: int, no_mask: int, no_byte: int):
        self.version, self.sections, self.evs, self.nvram_end = version, sections, evs, nvram_end
        self.no_mask, self.no_byte = no_mask, no_byte


SHAPES = {s.version: s for s in (Shape("4.35", 224, 63, 0x247, 9, 20),
                                 Shape("5.48", 297, 95, 0x422, 0, 0))}


class Section:
    """One section: its XML, and what it says of bytes."""

    def __init__(self, rng: random.Random, name: str, kind: str, store: tuple, fits: bool = True,
                 conditions: tuple[str, ...] = ()):
        self.rng, self.name, self.kind, self.fits = rng, name, kind, fits
        self.space, self.place, self.length = store  # place: EV name or address
        self.byte, self.mask, self.values = 0, 0xFF, {}
        self.has_mask = self.has_byte = True
        self.record_size, self.fields, self.text = 0, [], False
        self.conditions = conditions
        self.help = f"{name}: on & off"

    def number(self, n: int) -> str:
        """Decimal or hex, of any width that means one thing only."""
        return self.rng.choice([str(n), f"{n:#x}", f"0x{n:02X}", f"0x{n:04x}",
                                *(["00"] if n == 0 else [])])

    def children(self) -> list[str]:
        n = self.number
        parts = [f"<helptext><![CDATA[{self.help}]]></helptext>"]
        if self.space == "ev":
            parts += [f"<ev>{self.place}</ev>", f"<length>{n(self.length)}</length>"]
        else:
            parts.append(f"<{self.space}>{n(self.place)}</{self.space}>")
        # Values keep their order among themselves.
        parts.append("\n".join(f'<value id="{n(i)}">{text}</value>'
                               for i, text in self.values.items()))
        if self.values and self.has_mask:
            parts.append(f"<mask>{n(self.mask)}</mask>")
        if self.values and self.space == "ev" and self.has_byte:
            parts.append(f"<byte>{n(self.byte)}</byte>")
        if self.fields:
            parts.append(f"<record_size>{n(self.record_size)}</record_size>")
            parts.append("<Fields>" + "".join(
                f"<Field><Field_name>{name}</Field_name><Field_size>{n(size)}</Field_size>"
                f"<Field_start>{n(start)}</Field_start></Field>"
                for name, size, start in self.fields) + "</Fields>")
            parts.append("<empty_delete>1</empty_delete>")
        if self.text:
            parts.append("<format>text</format>")
        if self.rng.random() < 0.2:
            parts.append(f"<altname>{escape('Old_' + self.name)}</altname>")
        for kind in self.conditions:
            entry, right, wrong = FITS[kind]
            entries = [self.rng.choice(wrong)]
            if self.fits:
                entries.append(self.rng.choice(right))
            parts.append(f"<{kind}>" + "".join(f"<{entry}>{e}</{entry}>" for e in entries)
                         + f"</{kind}>")
        self.rng.shuffle(parts)
        return [p for p in parts if p]

    def xml(self) -> str:
        return f'<Section name="{escape(self.name)}">\n' + "\n".join(self.children()) + "\n</Section>\n"

    def saved(self, cells: dict) -> str:
        """As HP's tool saves it."""
        said = self.says(cells)
        inside = escape(said) if isinstance(said, str) else "".join(
            f"<{entry}>{escape(text)}</{entry}>" for entry, text in said.items())
        return f'  <Section name="{escape(self.name)}" helptext="{escape(self.help)}">{inside}</Section>\n'

    def form(self, raw: bytes) -> str:
        return raw.rstrip(b"\0 ").decode() if self.text else raw.hex(" ")

    def says(self, cells: dict) -> str | dict[str, str]:
        if self.space != "ev":
            raw = cells[self.space][self.place:self.place + 1]
        elif self.kind == "raw" and self.place not in cells:
            return ""
        else:
            raw = cells[self.place]
        if self.values:
            bits = raw[self.byte] & self.mask
            return self.values.get(bits, f"0x{bits:02x}")
        if not self.fields:
            return self.form(raw[:self.length])
        return {f"{name}{r}": self.form(raw[r * self.record_size + start:][:size])
                for r in range(self.length // self.record_size)
                for name, size, start in self.fields}

    def owned(self) -> list[tuple[str, int, int]]:
        """(cell, byte, mask)"""
        if self.values:
            at = self.byte if self.space == "ev" else self.place
            return [(self.place if self.space == "ev" else self.space, at, self.mask)]
        if not self.fields:
            return [(self.place, i, 0xFF) for i in range(self.length)]
        return [(self.place, r * self.record_size + start + i, 0xFF)
                for r in range(self.length // self.record_size)
                for _, size, start in self.fields for i in range(size)]


# As people spell them.
NAMES = {44: "Energy/Performance_Bias", 45: "One-Time_Boot_Menu_(F11 Prompt)", 46: "Intel(R) Turbo, Boost",
         47: "PCI-E 2.0 & 3.0", 48: "Fan <Redundancy>", 49: "Intel_VT-d2"}


def conditions_of(rng: random.Random) -> tuple[str, ...]:
    return tuple(rng.sample(sorted(FITS), rng.choice((0, 0, 1, 2))))


def enums(rng: random.Random, shape: Shape, count: int) -> list[Section]:
    """Enums in EVs of their own or one that many share, in NVRAM and in CMOS."""
    made, free = [], [x for x in range(0x60, shape.nvram_end + 1) if x not in (0x26A, 0x26B, 0xCD)]
    rng.shuffle(free)
    many = shape.evs - 29  # the others: the shared one, 20 of bare enums, 8 of records and raw ones
    for i in range(count):
        bare = i >= count - 20
        if i < SHARED:
            store = ("ev", "CQSBKT", i + 1)  # byte + 1 of a longer EV
        elif bare:
            store = ("ev", f"CQB{i}", rng.choice((1, 2)))
        else:
            in_ev = ("ev", f"CQ{i % many:02}X", 48)
            store = in_ev if i < SHARED + many else rng.choice((
                in_ev, ("nvram", free.pop(), 0),
                ("cmos", 0x20 + i, 0) if i < 0xD0 else ("nvram", free.pop(), 0)))
        s = Section(rng, NAMES.get(i, f"Enum_{i}"), "enum", store)
        s.byte = (i if i < SHARED else 0 if bare else i // many) if store[0] == "ev" else 0
        s.has_byte = i < count - shape.no_byte
        s.has_mask = i < count - shape.no_mask
        if not bare or i < count - 9:
            s.mask = rng.choice((0x01, 0x03, 0x30, 0x80, 0xFF, 0xF0))
        ids = [b for b in range(256) if not b & ~s.mask]
        rng.shuffle(ids)
        s.values = {b: rng.choice(("Enabled", "Auto Set", "HP Static, High")) + f" {b}"
                    for b in ids[:rng.randint(1, 6)]}
        s.conditions = conditions_of(rng)
        s.fits = not s.conditions or rng.random() < 0.7
        made.append(s)
    return made


def alternatives(rng: random.Random) -> list[Section]:
    """One byte of NVRAM that means different things, and one name that stands twice."""
    made = []
    for at in (0x5C, 0x58, 0x52, 0xCD):
        for fits, kind in ((False, "romfamilies"), (True, "platforms"), (False, "platforms")):
            s = Section(rng, f"At_{at:x}_{len(made)}", "enum", ("nvram", at, 0), fits, (kind,))
            s.mask, s.values = (0x01, {0: "Off", 1: "On"}) if fits else (0x0C, {4: "A", 8: "B"})
            made.append(s)
    for fits, mask in ((False, 0x02), (True, 0x04)):
        s = Section(rng, "Intel_NIC_DMA_Channels", "enum", ("nvram", 0x53, 0), fits, ("romdates",))
        s.mask, s.values = mask, {0: "Disabled", mask: "Enabled"}
        made.append(s)
    return made


def others(rng: random.Random) -> list[Section]:
    made = []
    for name, ev, length, size, fields, text in (
            ("IPL_Order", "CQHIPL", 16, 1, [("Index", 1, 0)], False),
            ("IMD_ServerName", "CQIMDS", 32, 16, [("Line", 16, 0)], True),
            ("Boot_Entries", "CQBOOT", 24, 6, [("Bus", 1, 1), ("Device", 2, 3)], False),
            ("PCI_Devices", "CQPCID", 20, 5, [("Id", 4, 0), ("Slot", 1, 4)], False),
            ("Controller_Order", "CQHORD", 12, 6, [("Id", 4, 0), ("BusDev", 2, 4)], False)):
        s = Section(rng, name, "records", ("ev", ev, length))
        s.record_size, s.fields, s.text = size, fields, text
        made.append(s)
    made.append(Section(rng, "Raw_Block", "raw", ("ev", "CQRAWB", 7)))
    made.append(Section(rng, "OS", "raw", ("ev", "CQHOS", 2)))
    language = Section(rng, "Language", "raw", ("ev", "CQLANG", 6))
    language.text = True
    return [*made, language]


def sections_of(rng: random.Random, shape: Shape) -> list[Section]:
    rest = [*alternatives(rng), *others(rng)]
    made = [*enums(rng, shape, shape.sections - len(rest)), *rest]
    rng.shuffle(made)
    return made


def schema_of(shape: Shape, sections: list[Section]) -> str:
    return f"""<Conrep>
<global><helptext><![CDATA[Made for this test]]></helptext><fileversion>{shape.version}</fileversion>
<minimumconrepversion>3.40</minimumconrepversion>
<platforms><platform>Gen8</platform><platform>G7</platform></platforms>
<onmismatch>exception</onmismatch></global>
""" + "".join(s.xml() for s in sections) + "</Conrep>\n"


def saved_by_hp(sections: list[Section], cells: dict) -> str:
    """A whole save in the published form."""
    return ('<?xml version="1.0" encoding="UTF-8"?>\n<!--generated by conrep version 5.2.0.0-->\n'
            '<Conrep version="5.2.0.0" originating_platform="ProLiant DL380p Gen8" '
            'originating_family="P70" originating_romdate="05/24/2019" '
            'originating_processor_manufacturer="Intel">\n'
            + "".join(s.saved(cells) for s in sections if s.fits) + "</Conrep>\n")


def main() -> int:
    shape = SHAPES[sys.argv[1]]
    rng = random.Random(int(shape.version.replace(".", "")))
    Path(sys.argv[2]).write_text(schema_of(shape, sections_of(rng, shape)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
