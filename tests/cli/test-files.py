#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Files as people have them: in other encodings, mixed up, of another machine or another tool."""

import os
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from images import UNGUARDED, Case, data, main  # noqa: E402

FIELD_DATA = Path(os.environ.get("PCIPASS_TEST_DATA", "/nonexistent")) / "conrep/field"
STAND_IN = Path(os.environ["PCIPASS_BUILD_ROOT"]) / "tests/store/fake-conrep"

FRAGMENT = '<Conrep>\r\n<Section name="RMRDS_Slot3">Endpoints_Excluded</Section>\r\n</Conrep>\r\n'
WRONG = FRAGMENT.replace("Excluded", "Exluded")


def declared(encoding: str, text: str = FRAGMENT) -> str:
    return f'<?xml version="1.0" encoding="{encoding}"?>\r\n{text}'


def marked(text: str, encoding: str) -> bytes:
    return ("\ufeff" + text).encode(encoding)


GOOD = {
    # Out-File of Windows PowerShell 5.1, of what was typed and of what Get-Content gave
    "out-file": marked(FRAGMENT, "utf-16-le"),
    "out-file-declared": marked(declared("UTF-8"), "utf-16-le"),
    "out-file-latin": marked(declared("ISO-8859-1"), "utf-16-le"),
    "big-endian": marked(declared("utf-16"), "utf-16-be"),
    "utf-8-marked": marked(declared("windows-1252"), "utf-8"),
    "latin": declared("ISO-8859-1", "<!-- f\u00fcr -->" + FRAGMENT).encode("latin-1"),
    "windows": declared("windows-1252", "<!-- \u20ac -->" + FRAGMENT).encode("cp1252"),
    "ascii": declared("US-ASCII").encode(),
}
# name: content, line, a part of the message
BAD = {
    "odd": (marked(FRAGMENT, "utf-16-le")[:-1], 3, "half a UTF-16 character"),
    "surrogate": (marked(FRAGMENT, "utf-16-le") + b"\0\xdc", 4, "surrogate 0xdc00"),
    "nul": (marked(FRAGMENT.replace("Slot3", "Slot\0"), "utf-16-le"), 2, "NUL"),
    "marks": (marked("\ufeff" + FRAGMENT, "utf-16-le"), 1, "second byte order mark"),
    "both-marks": (b"\xfe\xff" + marked(FRAGMENT, "utf-16-le"), 1, "second byte order mark"),
    "unmarked": (FRAGMENT.encode("utf-16-le"), 1, "without a byte order mark"),
    "not-utf-8": (declared("UTF-8", f"<!-- f\u00fcr -->{FRAGMENT}").encode("latin-1"), 2,
                  "byte 0xfc is not UTF-8"),
    "undeclared": (f"<!--\n\u00fc -->{FRAGMENT}".encode("latin-1"), 2, "byte 0xfc is not UTF-8"),
    "not-utf-16": (declared("utf-16").encode(), 1, "8-bit text"),
    **{f"windows-{byte:x}": (declared("windows-1252").encode() + bytes([byte]), 5,
                             f"byte 0x{byte:x} is not windows-1252")
       for byte in (0x81, 0x8D, 0x8F, 0x90, 0x9D)},
    "unknown": (declared("Shift_JIS").encode(), 1,
                "UTF-8, US-ASCII, ISO-8859-1, windows-1252, and UTF-16"),
    "value": (marked(declared("UTF-8", WRONG), "utf-16-le"), 3, 'invalid value "Endpoints_Exluded" (allowed: '),
}
# With a state directory of its own.
OWN_STATE = ("unshare", "-rm", "sh", "-c", 'mount -t tmpfs none /var/lib && exec "$0" "$@"')


class Encodings(Case):
    def setUp(self):
        super().setUp()
        self.image()
        self.write("plain.xml", UNGUARDED)

    def excluded(self) -> None:
        got = self.settings("get", "RMRDS_Slot3", "--store", "image:i")
        self.assertEqual(got.stdout, "RMRDS_Slot3=Endpoints_Excluded\n")
        self.settings("set", "RMRDS_Slot3=Endpoints_Included", "--store", "image:i")

    def test_data(self):
        for name, content in GOOD.items():
            with self.subTest(name):
                self.write(name, content)
                self.conrep("-l", "-f", name)
                self.excluded()
                self.settings("load", name, "--store", "image:i")
                self.excluded()
        self.conrep("-l", "-f", "-", input=GOOD["ascii"].decode())

    def test_schema(self):
        self.write("one.dat", FRAGMENT)
        for encoding in ("utf-16-le", "utf-16-be", "utf-8"):
            with self.subTest(encoding):
                self.write("schema.xml", marked(declared("ISO-8859-1", UNGUARDED), encoding))
                self.conrep("-l", "-x", "schema.xml", "-f", "one.dat")
                self.excluded()

    def test_bad_data(self):
        for name, (content, line, message) in BAD.items():
            with self.subTest(name):
                self.write(f"{name}.dat", content)
                for action in ((self.conrep, "-l", "-f", f"{name}.dat", 2),
                               (self.settings, "load", f"{name}.dat", "--store", "image:i", 4),
                               (self.settings, "diff", f"{name}.dat", "--store", "image:i", 4)):
                    done = self.unchanged(action[0], *action[1:-1], code=action[-1])
                    self.assertIn(f"{name}.dat line {line}: ", done.stderr)
                    self.assertIn(message, done.stderr)

    def test_bad_schema(self):
        self.write("one.dat", FRAGMENT)
        for name, (content, line, message) in BAD.items():
            if name == "value":
                continue
            with self.subTest(name):
                self.write(f"{name}.xml", content)
                done = self.unchanged(self.conrep, "-l", "-x", f"{name}.xml", "-f", "one.dat", code=1)
                self.assertIn(f"{name}.xml line {line}: ", done.stderr)
                self.assertIn(message, done.stderr)
                self.settings("image", "new", "--from", self.directory / "host", "--schema",
                              f"{name}.xml", code=4)
                self.assertFalse((self.directory / "new").exists())

    def test_large(self):
        """The limit counts bytes of UTF-8; a file of UTF-16 has twice as many."""
        filler = "<!--" + " " * (9 << 20) + "-->"
        self.write("large.dat", marked(filler + FRAGMENT, "utf-16-le"))
        self.conrep("-l", "-f", "large.dat")
        self.excluded()
        self.write("large.dat", marked(filler * 2 + FRAGMENT, "utf-16-le"))
        done = self.unchanged(self.conrep, "-l", "-f", "large.dat", code=2)
        self.assertIn("bytes", done.stderr)

    def test_the_field_s_own(self):
        for name in ("outfile-utf16.xml", "declared-latin1.dat"):
            if not (FIELD_DATA / name).exists():
                self.skipTest(f"no {FIELD_DATA / name}")
            self.conrep("-l", "-f", FIELD_DATA / name)
            self.excluded()


class Hints(Case):
    """What a file is, where another one is wanted."""

    def setUp(self):
        super().setUp()
        self.image()
        self.write("schema.xml", UNGUARDED)
        self.write("one.dat", FRAGMENT)
        self.write("bios.xml", "<hprcu>\n<feature feature_id='1'/>\n</hprcu>\n")

    def test_as_data(self):
        for name, what in (("bios.xml", "HP's ROM Configuration Utility (hprcu)"),
                           ("schema.xml", "this is a schema, which says where")):
            done = self.unchanged(self.conrep, "-l", "-f", name, code=2)
            self.assertRegex(done.stderr, f"{name} line \\d+: this is ")
            self.assertIn(what, done.stderr)
            self.assertIn("wanted a data file", done.stderr)
            self.unchanged(self.settings, "load", name, "--store", "image:i", code=4)

    def test_as_schema(self):
        self.conrep("-s", "-x", "schema.xml", "-f", "saved.dat")
        for name, what in (("bios.xml", "HP's ROM Configuration Utility (hprcu)"),
                           ("one.dat", "this is a data file, which says what"),
                           ("saved.dat", "this is a data file, which says what")):
            done = self.unchanged(self.conrep, "-l", "-x", name, "-f", "one.dat", code=None)
            self.assertIn(done.returncode, (1, 6))
            self.assertRegex(done.stderr, f"{name} line \\d+: this is ")
            self.assertIn(what, done.stderr)
            self.assertIn("wanted a schema", done.stderr)

    def load_from(self, attributes: str) -> str:
        self.write("from.dat", FRAGMENT.replace("<Conrep>", f"<Conrep {attributes}>"))
        return self.settings("diff", "from.dat", "--store", "image:i", code=1).stderr

    def test_another_machine(self):
        other = self.load_from('originating_platform="ProLiant DL360e Gen8" originating_family="P73"')
        self.assertEqual(other, "pcipass: from.dat is from another machine: ProLiant DL360e Gen8, ROM "
                         "P73; this is ProLiant DL380p Gen8, ROM P70\n")
        self.assertIn("ROM P71; this is", self.load_from(
            'originating_platform="ProLiant DL380p Gen8" originating_family="P71"'))
        for same in ("", 'originating_platform="ProLiant DL380p Gen8" originating_family="P70"',
                     'originating_platform="ProLiant DL380p Gen8   " originating_romdate="01/01/2014"',
                     'originating_family="P70" originating_platform=" "'):
            self.assertEqual(self.load_from(same), "")
        # It is loaded all the same.
        self.write("from.dat", FRAGMENT.replace("<Conrep>", '<Conrep originating_family="P71">'))
        self.assertEqual(self.conrep("-l", "-f", "from.dat").stderr.count("another machine"), 1)


class SpacedBytes(Case):
    """A file in HP's form beside its schema, as it was found."""

    def test_comes_back(self):
        schema, wanted = (FIELD_DATA / f"spaced-bytes.{x}" for x in ("schema.xml", "dat"))
        if not wanted.exists():
            self.skipTest(f"no {wanted}")
        self.image(schema=schema)
        self.conrep("-l", "-x", schema, "-f", wanted)
        self.conrep("-s", "-x", schema, "-f", "again.dat")
        sections = [x for x in wanted.read_text().splitlines() if "<Section" in x]
        again = (self.directory / "again.dat").read_text().splitlines()
        self.assertEqual([x for x in again if x in sections], sections)
        self.assertEqual(len(sections), 3)
        self.unchanged(self.conrep, "-l", "-x", schema, "-f", "again.dat")


class ThroughHp(Case):
    """HP's program, which parses what it is given with another parser."""

    SECTIONS = """<Section name="M\u00f6de"><helptext>\u20ac</helptext><nvram>0x10</nvram>
<value id="0">Off</value><value id="1">On</value><mask>1</mask></Section>
<Section name="Order"><ev>TSTORD</ev><length>4</length></Section>
<Section name="VLAN"><ev>TSTVLN</ev><length>3</length><record_size>3</record_size><Fields><Field>
<Field_name>Control</Field_name><Field_size>1</Field_size><Field_start>0</Field_start></Field><Field>
<Field_name>Id</Field_name><Field_size>2</Field_size><Field_start>1</Field_start></Field></Fields>
</Section>"""
    TOLD = "M\u00f6de=Off\nOrder=15 90 00 eb\nVLAN=<Control0>01</Control0><Id0>00 64</Id0>\n"

    def setUp(self):
        super().setUp()
        program = self.write("bin/conrep", STAND_IN.read_bytes())
        program.chmod(0o755)
        self.write("bin/settings", self.TOLD)
        self.store = f"hp:{program}"
        if subprocess.run([*OWN_STATE, "true"], capture_output=True, check=False).returncode:
            self.skipTest("no namespace for mounts")
        if os.geteuid():
            self.skipTest("in an ordinary user's namespace /tmp belongs to nobody")

    def run_in(self, program, *arguments, **more):
        return super().run_in(OWN_STATE[0], *OWN_STATE[1:], program, *arguments, **more)

    def schema(self, encoding: str, name: str | None = None) -> bytes:
        text = declared(name or encoding, f"<Conrep>{self.SECTIONS}</Conrep>")
        return marked(text, encoding) if encoding.startswith("utf") else text.encode(encoding)

    def told(self) -> str:
        return (self.directory / "bin/settings").read_text()

    def test_its_schema_is_utf_8(self):
        for encoding, name in (("utf-8", "ISO-8859-1"), ("utf-16-le", "UTF-8"),
                               ("utf-16-be", "windows-1252"), ("cp1252", "windows-1252")):
            with self.subTest(encoding):
                self.write("s.xml", self.schema(encoding, name))
                self.write("bin/settings", self.TOLD)
                self.write("d.dat", marked('<Conrep><Section name="M\u00f6de">On</Section>'
                                           "</Conrep>", "utf-16-le"))
                self.conrep("-l", "-x", "s.xml", "-f", "d.dat", store=self.store)
                self.assertEqual(self.told(), self.TOLD.replace("Off", "On"))

    def test_several_bytes(self):
        self.write("s.xml", self.schema("utf-8", "UTF-8"))
        wanted = data(("Order", "0102FFff"), ("VLAN", "<Id0>00 c8</Id0>"))
        self.write("d.dat", wanted)
        self.conrep("-l", "-x", "s.xml", "-f", "d.dat", store=self.store)
        self.assertEqual(self.told(), self.TOLD.replace("15 90 00 eb", "01 02 ff ff")
                         .replace("00 64", "00 c8"))
        # what it saves comes back, and changes nothing
        self.conrep("-s", "-x", "s.xml", "-f", "again.dat", store=self.store)
        self.assertIn(">01 02 ff ff<", (self.directory / "again.dat").read_text())
        before = (self.directory / "bin/log").read_text().count("load")
        self.conrep("-l", "-x", "s.xml", "-f", "again.dat", store=self.store)
        self.assertEqual((self.directory / "bin/log").read_text().count("load"), before)

    def test_left_out(self):
        """A setting that the program did not report: which program is said."""
        self.write("s.xml", self.schema("utf-8", "UTF-8"))
        self.write("bin/settings", "M\u00f6de=Off\nVLAN=<Control0>01</Control0><Id0>00 64</Id0>\n")
        for command in (("get", "Order"), ("set", "Order=01 02 ff ff", "--dry-run")):
            done = self.settings(*command, "--schema", "s.xml", "--store", self.store, code=3)
            self.assertIn("Order", done.stderr)
            self.assertIn("bin/conrep", done.stderr, command)

    def test_no_machine(self):
        """One line with its cause."""
        self.write("s.xml", self.schema("utf-8", "UTF-8"))
        self.write("d.dat", data(("Order", "0102ffff")))
        self.write("bin/mode", "save:noattr")
        for action in (("-l", "-x", "s.xml", "-f", "d.dat"), ("-s", "-x", "s.xml", "-f", "out.dat")):
            done = self.conrep(*action, store=self.store, code=255)
            self.assertEqual(done.stderr.count("\n"), 1, done.stderr)
            self.assertIn("originating_platform is missing", done.stderr)
        self.assertFalse((self.directory / "out.dat").exists())
        self.assertEqual(self.told(), self.TOLD)


if __name__ == "__main__":
    main()
