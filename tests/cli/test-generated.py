#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Schemas of the size and with all the oddities of the published ones, against a model of them."""

import random
import re
import sys
import xml.etree.ElementTree as ET
import zlib
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parent.parent / "conrep")]
from images import Case, data, main  # noqa: E402
from shapes import SHAPES, saved_by_hp, schema_of, sections_of  # noqa: E402

NVRAM_BYTES, CMOS_BYTES = 4096, 256


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
    SHAPE = SHAPES["4.35"]

    def setUp(self):
        super().setUp()
        self.rng = rng = random.Random(435)
        self.sections = sections_of(rng, self.SHAPE)
        self.write("all.xml", schema_of(self.SHAPE, self.sections))

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
        return (self.directory / f"{image}.dat").read_text(), done.stderr

    def test_it_is_of_that_size(self):
        self.assertEqual(len(self.sections), self.SHAPE.sections)
        self.assertEqual(len({s.place for s in self.sections if s.space == "ev"}), self.SHAPE.evs)

    def test_loads_with_notes_only(self):
        self.write("i", image_of(self.make_cells(bytes)))
        self.assertEqual(self.save("i")[1], "")
        _, notes = self.save("i", "-v")
        lines = notes.splitlines()
        self.assertEqual(len([n for n in lines if "no <mask>, taken as 0xff" in n]), self.SHAPE.no_mask)
        self.assertEqual(len([n for n in lines if "no <byte>, taken as 0" in n]), self.SHAPE.no_byte)
        self.assertEqual(len(lines), self.SHAPE.no_mask + self.SHAPE.no_byte, notes)
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
        got = (self.directory / "j").read_bytes()
        self.assertEqual(got.decode(), image_of(wanted).decode())

    def test_a_whole_save_of_hp_s(self):
        """It comes back but for the comment, loads again, and its empty section deletes nothing."""
        cells, other = (self.make_cells(self.rng.randbytes) for _ in range(2))
        del cells["CQHOS"]
        has_os = image_of(other)
        del other["CQHOS"]
        self.write("hp.dat", saved_by_hp(self.sections, cells))
        self.write("i", image_of(other))
        self.assertEqual(self.conrep("-l", "-x", "all.xml", "-f", "hp.dat").stderr, "")
        saved, _ = self.save("i")
        published = (self.directory / "hp.dat").read_text()
        self.assertEqual([x for x in saved.splitlines(True) if not x.startswith("<!--")],
                         [x for x in published.splitlines(True) if not x.startswith("<!--")])
        self.assertEqual(saved.count("<!--"), 1)
        self.unchanged(self.conrep, "-l", "-x", "all.xml", "-f", "hp.dat")
        self.unchanged(self.conrep, "-l", "-x", "all.xml", "-f", "i.dat")
        # Without the blanks it says the same.
        without = re.sub(r">((?:[0-9a-f]{2} )+[0-9a-f]{2})<",
                         lambda m: ">" + m[1].replace(" ", "") + "<", published)
        self.assertNotEqual(without, published)
        self.write("without.dat", without)
        self.unchanged(self.conrep, "-l", "-x", "all.xml", "-f", "without.dat")
        self.write("i", has_os)
        done = self.conrep("-l", "-x", "all.xml", "-f", "hp.dat")
        self.assertEqual(done.stderr, "conrep: OS left out: the file gives no value\n")
        differ = [(a, b) for a, b in zip(self.save("i")[0].splitlines(), saved.splitlines()) if a != b]
        self.assertEqual(len(differ), 1)
        self.assertRegex(differ[0][0], r'name="OS".*>[0-9a-f]{2} [0-9a-f]{2}</Section>$')

    def test_several_bytes_misspelt(self):
        """One byte of one section: nothing of the whole file is written, and the line is told."""
        cells = self.make_cells(self.rng.randbytes)
        self.write("i", image_of(self.make_cells(bytes)))
        published = saved_by_hp(self.sections, cells)
        raw = next(s for s in self.sections if s.name == "Raw_Block").says(cells)
        line = published[:published.index(f">{raw}<")].count("\n") + 1
        for bad in (raw[:-1], raw[:-3], raw + " 00", raw.replace(" ", "  ", 1), raw.replace(" ", "", 1),
                    raw.replace(" ", "\t"), raw.replace(" ", " 0x")):
            self.write("bad.dat", published.replace(f">{raw}<", f">{bad}<"))
            done = self.unchanged(self.conrep, "-l", "-x", "all.xml", "-f", "bad.dat", code=2)
            self.assertIn(f"bad.dat line {line}: Raw_Block: ", done.stderr)

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


class Later(Generated):
    """The later of the two."""

    SHAPE = SHAPES["5.48"]


if __name__ == "__main__":
    main()
