#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A schema of the size and with all the oddities of the published ones, against a model of it."""

import random
import re
import sys
import xml.etree.ElementTree as ET
import zlib
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from images import Case, data, main  # noqa: E402

ENUMS, SHARED, NO_MASK, NO_BYTE = 200, 43, 9, 20
NVRAM_BYTES, CMOS_BYTES = 4096, 256
FITS = {"platforms": ("platform", ("ProLiant DL380p Gen8", "DL380", "Gen8"), ("ML350", "Gen9")),
        "romfamilies": ("romfamily", ("P70",), ("P71", "I27", "p70")),
        "romdates": ("greaterthan", ("05/23/19", "01/02/98"), ("05/24/19", "12/31/30")),
        "proc_mans": ("proc_man", ("Intel", "Intel(R) Corporation"), ("AMD",))}


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

    def number(self, n: int) -> str:
        """Decimal or hex, of any width that means one thing only."""
        return self.rng.choice([str(n), f"{n:#x}", f"0x{n:02X}", f"0x{n:04x}",
                                *(["00"] if n == 0 else [])])

    def children(self) -> list[str]:
        n = self.number
        parts = [f"<helptext><![CDATA[{self.name}: on & off]]></helptext>"]
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
            parts.append(f"<altname>Old_{self.name}</altname>")
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
        return f'<Section name="{self.name}">\n' + "\n".join(self.children()) + "\n</Section>\n"

    def form(self, raw: bytes) -> str:
        return raw.rstrip(b"\0 ").decode() if self.text else raw.hex(" ")

    def says(self, cells: dict) -> str | dict[str, str]:
        if self.space != "ev":
            raw = cells[self.space][self.place:self.place + 1]
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


def conditions_of(rng: random.Random) -> tuple[str, ...]:
    return tuple(rng.sample(sorted(FITS), rng.choice((0, 0, 1, 2))))


def enums(rng: random.Random) -> list[Section]:
    """Enums in EVs of their own or one that many share, in NVRAM and in CMOS."""
    made, free = [], list(range(0x60, 0x248))
    rng.shuffle(free)
    for i in range(ENUMS):
        bare = i >= ENUMS - NO_BYTE
        if i < SHARED:
            store = ("ev", "CQSBKT", i + 1)  # byte + 1 of a longer EV
        elif bare:
            store = ("ev", f"CQB{i}", rng.choice((1, 2)))
        else:
            store = rng.choice((("ev", f"CQ{i % 60:02}X", 48), ("nvram", free.pop(), 0),
                                ("cmos", 0x20 + i, 0) if i < 0xD0 else ("nvram", free.pop(), 0)))
        s = Section(rng, f"Enum_{i}", "enum", store)
        s.byte = (i if i < SHARED else 0 if bare else i // 60) if store[0] == "ev" else 0
        s.has_byte = not bare
        s.has_mask = not bare or i < ENUMS - NO_MASK
        if s.has_mask:
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
            ("Boot_Entries", "CQBOOT", 24, 6, [("Bus", 1, 1), ("Device", 2, 3)], False)):
        s = Section(rng, name, "records", ("ev", ev, length))
        s.record_size, s.fields, s.text = size, fields, text
        made.append(s)
    made.append(Section(rng, "Raw_Block", "raw", ("ev", "CQRAWB", 7)))
    language = Section(rng, "Language", "raw", ("ev", "CQLANG", 6))
    language.text = True
    return [*made, language]


def sealed(body: str) -> bytes:
    return f"{body}crc32 {zlib.crc32(body.encode()):08x}\n".encode()


def image_of(cells: dict) -> bytes:
    """The image's form, written down a second time."""
    rows = ["pcipass-settings 1", "product ProLiant DL380p Gen8", "rom-family P70",
            "rom-date 05/24/2019", "processor Intel"]
    for name, raw in cells.items():
        rows.append(f"{name} {len(raw)}" if name in ("nvram", "cmos") else f"ev {name} {len(raw)}")
        rows += [raw[i:i + 32].hex() for i in range(0, len(raw), 32)]
    return sealed("\n".join(rows) + "\n")


class Generated(Case):
    def setUp(self):
        super().setUp()
        self.rng = rng = random.Random(435)
        self.sections = [*enums(rng), *alternatives(rng), *others(rng)]
        rng.shuffle(self.sections)
        self.write("all.xml", """<Conrep>
<global><helptext><![CDATA[Made for this test]]></helptext><fileversion>4.35</fileversion>
<minimumconrepversion>3.40</minimumconrepversion>
<platforms><platform>Gen8</platform><platform>G7</platform></platforms>
<onmismatch>exception</onmismatch></global>
""" + "".join(s.xml() for s in self.sections) + "</Conrep>\n")

    def make_cells(self, fill) -> dict:
        """Of EVs four bytes more than any section knows of."""
        cells = {"nvram": fill(NVRAM_BYTES), "cmos": fill(CMOS_BYTES)}
        for s in self.sections:
            if s.space == "ev":
                length = max(o.length for o in self.sections if o.place == s.place)
                cells.setdefault(s.place, (self.rng.choices(b"Server-0", k=length)
                                           if s.text else list(fill(length))) + list(fill(4)))
        return {name: bytes(raw) for name, raw in cells.items()}

    def save(self, image: str, *more) -> tuple[str, str]:
        done = self.conrep("-s", "-x", "all.xml", "-f", f"{image}.dat", *more,
                           store=f"image:{image}")
        return (self.folder / f"{image}.dat").read_text(), done.stderr

    def test_it_is_of_that_size(self):
        self.assertGreaterEqual(len(self.sections), 219)
        self.assertGreaterEqual(len({s.place for s in self.sections if s.space == "ev"}), 60)

    def test_loads_with_notes_only(self):
        self.write("i", image_of(self.make_cells(bytes)))
        self.assertEqual(self.save("i")[1], "")
        _, notes = self.save("i", "-v")
        lines = notes.splitlines()
        self.assertEqual(len([n for n in lines if "no <mask>, taken as 0xff" in n]), NO_MASK)
        self.assertEqual(len([n for n in lines if "no <byte>, taken as 0" in n]), NO_BYTE)
        self.assertEqual(len(lines), NO_MASK + NO_BYTE, notes)
        self.assertTrue(all(re.search(r"all\.xml line \d+: section Enum_", n) for n in lines))

    def test_saves_what_the_bytes_say(self):
        cells = self.make_cells(self.rng.randbytes)
        self.write("i", image_of(cells))
        text, _ = self.save("i")
        said = {s.get("name"): {e.tag: e.text or "" for e in s} or s.text or ""
                for s in ET.fromstring(text.encode())}
        self.assertEqual(said, {s.name: s.says(cells) for s in self.sections if s.fits})

    def test_comes_back(self):
        """Loaded where it is from: no byte changes. Loaded elsewhere: the bits it owns, no other."""
        cells = self.make_cells(self.rng.randbytes)
        self.write("i", image_of(cells))
        saved, _ = self.save("i")
        self.unchanged(self.conrep, "-l", "-x", "all.xml", "-f", "i.dat")
        other = self.make_cells(self.rng.randbytes)
        self.write("j", image_of(other))
        self.conrep("-l", "-x", "all.xml", "-f", "i.dat", store="image:j")
        self.assertEqual(self.save("j")[0], saved)
        wanted = {name: bytearray(raw) for name, raw in other.items()}
        for s in self.sections:
            if not s.fits:
                continue
            for cell, at, mask in s.owned():
                wanted[cell][at] = wanted[cell][at] & ~mask | cells[cell][at] & mask
        got = (self.folder / "j").read_bytes()
        self.assertEqual(got.decode(), image_of(wanted).decode())

    def test_one_setting(self):
        """At the most ten lines, whatever the schema is like and whatever else cannot be read."""
        cells = self.make_cells(bytes)
        for kept in (cells, {k: v for k, v in cells.items() if k in ("nvram", "CQIMDS")}):
            self.write("i", image_of(kept))
            s = next(s for s in self.sections if s.fits and s.space == "nvram" and len(s.values) > 1
                     and s.says(cells) not in list(s.values.values())[-1:])
            self.write("one.dat", data((s.name, list(s.values.values())[-1])))
            done = self.conrep("-l", "-x", "all.xml", "-f", "one.dat")
            self.assertEqual(done.stderr, "")
            self.assertLessEqual(done.stdout.count("\n"), 10, done.stdout)
            given = ("--store", "image:i", "--schema", "all.xml")
            self.assertEqual(self.settings("get", s.name, *given).stderr, "")
            self.assertEqual(self.settings("set", f"{s.name}={list(s.values.values())[0]}",
                                           *given).stderr, "")
        # An absent EV of records is one whose records are empty, and a raw one has no value.
        left_out = len([s for s in self.sections if s.fits and s.space != "nvram" and s.values])
        done = self.settings("save", *given)
        self.assertEqual(done.stderr, f"pcipass: {left_out} settings could not be read and are left "
                         "out; --verbose names them\n")
        self.assertGreater(self.settings("save", "--verbose", *given).stderr.count(" left out: "),
                           left_out - 1)

    def test_not_for_this_machine(self):
        self.write("i", image_of(self.make_cells(bytes)))
        s = next(s for s in self.sections
                 if not s.fits and s.values and s.name != "Intel_NIC_DMA_Channels")
        self.write("one.dat", data((s.name, next(iter(s.values.values())))))
        done = self.unchanged(self.conrep, "-l", "-x", "all.xml", "-f", "one.dat")
        self.assertIn(f"{s.name} left out", done.stderr)


if __name__ == "__main__":
    main()
