#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The classic spelling: options, words and return codes, on images."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from images import CONREP, KINDS, PCIPASS, RMRDS, SCHEMAS, UNGUARDED, Case, data, main  # noqa: E402

EXCLUDE = data(("RMRDS_Slot2", "Endpoints_Excluded"))


def settings_of(text: str) -> list[str]:
    return [line for line in text.splitlines() if "<Section" in line]


class Story(Case):
    """What people do with it."""

    def setUp(self):
        super().setUp()
        self.image()
        self.write("exclude-slot2.xml", EXCLUDE)

    def bits(self) -> list[int]:
        """The bits that differ between two images, as (offset * 8 + bit)."""
        a, b = self.cells("before"), self.cells()
        self.assertEqual(len(a), len(b))
        return [i * 8 + n for i, (x, y) in enumerate(zip(a, b)) for n in range(8)
                if (x ^ y) >> n & 1]

    def test_one_bit(self):
        self.conrep("-s", "-x", "rmrds.xml", "-f", "before.dat")
        done = self.conrep("-l", "-x", "rmrds.xml", "-f", "exclude-slot2.xml")
        self.assertIn("iLO", done.stderr)
        self.conrep("-s", "-x", "rmrds.xml", "-f", "after.dat")
        before = settings_of((self.directory / "before.dat").read_text())
        after = settings_of((self.directory / "after.dat").read_text())
        self.assertEqual(len(before), 16)
        self.assertEqual([(a, b) for a, b in zip(before, after) if a != b],
                         [(before[1], before[1].replace("Included", "Excluded"))])
        self.assertIn("RMRDS_Slot2", before[1])
        # in the store itself: one bit of the NVRAM
        self.settings("image", "copy", "--store", "image:i")
        self.assertEqual(self.nvram("copy")[RMRDS], 2)
        self.assertEqual(sum(bin(b).count("1") for b in self.nvram("copy")), 1)

    def nvram(self, name: str) -> bytes:
        """The NVRAM by way of a schema that shows each byte of it."""
        values = "".join(f'<value id="{v}">v{v}</value>' for v in range(256))
        self.write("bytes.xml", "<Conrep><global/>" + "".join(
            f'<Section name="B{i}"><nvram>{i}</nvram>{values}<mask>0xff</mask></Section>'
            for i in range(RMRDS - 2, RMRDS + 4)) + "</Conrep>")
        got = self.settings("list", "--json", "--store", f"image:{name}", "--schema", "bytes.xml")
        made = bytearray(RMRDS + 4)
        for s in json.loads(got.stdout)["settings"]:
            made[int(s["name"][1:])] = int(s["value"][1:])
        return bytes(made)

    def test_diff_shows_the_one_change(self):
        self.conrep("-s", "-x", "rmrds.xml", "-f", "before.dat")
        self.conrep("-l", "-xrmrds.xml", "-fexclude-slot2.xml")
        done = self.settings("diff", "before.dat", "--store", "image:i", code=1)
        self.assertEqual(done.stdout.count("->"), 1)
        self.assertIn("RMRDS_Slot2: Endpoints_Excluded -> Endpoints_Included", done.stdout)

    def test_again_changes_nothing(self):
        self.conrep("-l", "-x", "rmrds.xml", "-f", "exclude-slot2.xml")
        self.unchanged(self.conrep, "-l", "-x", "rmrds.xml", "-f", "exclude-slot2.xml")

    def test_back(self):
        before = self.settings("save", "--store", "image:i").stdout
        self.write("back.dat", before)
        self.conrep("-l", "-x", "rmrds.xml", "-f", "exclude-slot2.xml")
        self.assertNotEqual(self.settings("save", "--store", "image:i").stdout, before)
        self.conrep("-l", "-x", "rmrds.xml", "-f", "back.dat")
        self.assertEqual(self.settings("save", "--store", "image:i").stdout, before)

    def test_output(self):
        done = self.conrep("-l", "-x", "rmrds.xml", "-f", "exclude-slot2.xml")
        lines = done.stdout.splitlines()
        self.assertRegex(lines[0], r"^conrep 5\.2\.0\.0 \(pcipass \d+\.\d+\.\d+\): ")
        self.assertEqual(lines[1:], ["\tSystem Type:\t\t\tProLiant DL380p Gen8",
                                     "\tROM Date   :\t\t\t05/24/2019", "\tROM Family :\t\t\tP70",
                                     "\tProcessor Manufacturer :\tIntel",
                                     "XML System Configuration: rmrds.xml (built in)",
                                     "Hardware   Configuration: exclude-slot2.xml",
                                     "Loading configuration data from exclude-slot2.xml",
                                     "Conrep Return Code: 0"])
        self.assertEqual(done.stderr, "conrep: iLO no longer sees the card in slot 2: no temperature, "
                         "no health\n")
        done = self.conrep("-l", "-v", "-x", "rmrds.xml", "-f", "exclude-slot2.xml")
        self.assertIn("\tPlatform check    : [Gen8                            ]"
                      "                  OK\n", done.stdout)
        self.assertEqual(done.stderr, "")

    def test_side_effect_is_the_last_line(self):
        """On one stream: nothing but the return code comes after it, and a failed load tells none."""
        self.write("two.dat", data(("RMRDS_Slot2", "Endpoints_Excluded"),
                                   ("RMRDS_Slot16", "Endpoints_Excluded")))
        command = [CONREP, "-l", "-x", "rmrds.xml", "-f", "two.dat", "--store", "image:i"]
        done = subprocess.run(command, cwd=self.directory, stdout=subprocess.PIPE, text=True,
                              stderr=subprocess.STDOUT, env=self.env, check=True)
        self.assertEqual(done.stdout.splitlines()[-2:],
                         ["conrep: iLO no longer sees the cards in slots 2, 16: no temperature, no "
                          "health", "Conrep Return Code: 0"])
        self.image(name="j")
        (self.directory / "j").replace(self.directory / "i")
        self.take_lock()
        done = self.conrep("-l", "-x", "rmrds.xml", "-f", "two.dat", code=255)
        self.assertNotIn("iLO", done.stderr)

    def test_dry_run(self):
        done = self.unchanged(self.conrep, "-l", "-x", "rmrds.xml", "-f", "exclude-slot2.xml",
                              "--dry-run")
        self.assertIn("RMRDS_Slot2: Endpoints_Included -> Endpoints_Excluded", done.stdout)
        self.assertIn("not written: would take effect at the next boot", done.stdout)
        self.assertEqual(done.stdout.count("DL380p Gen8"), 1, done.stdout)

    def test_default_names(self):
        """The files of this directory that are called so: the data file only, the schema never."""
        self.write("conrep.xml", KINDS)
        done = self.conrep("-s")
        self.assertIn("XML System Configuration: rmrds.xml (built in; HP's conrep.xml is not "
                      "installed)\n", done.stdout)
        self.assertEqual(len(settings_of((self.directory / "conrep.dat").read_text())), 16)
        self.write("conrep.dat", EXCLUDE)
        done = self.conrep("-l")
        self.assertIn("Hardware   Configuration: conrep.dat", done.stdout)
        self.assertIn("Endpoints_Excluded", self.settings("get", "RMRDS_Slot2", "--store",
                                                          "image:i").stdout)

    def test_published_file(self):
        """What HP's tool saved on a DL360e Gen8 is loaded, and saved as the same bytes."""
        root = Path(os.environ.get("PCIPASS_TEST_DATA", "/nonexistent"))
        published = root / "conrep/saved-rmrds-dl360e-gen8.dat"
        if not published.exists():
            self.skipTest(f"no {published}")
        host = self.host("ProLiant DL360e Gen8", "P73", "08/02/2014")
        self.settings("image", "i", "--from", host, "--force")
        self.write("published.xml", UNGUARDED)
        done = self.conrep("-l", "-v", "-x", "published.xml", "-f", published)
        self.assertIn("\tGlobal Restriction: [3.40                            ]"
                      "                  OK\n", done.stdout)
        self.conrep("-s", "-x", "published.xml", "-f", "again.dat")

        def lines(path: Path) -> list[bytes]:
            return [x for x in path.read_bytes().splitlines(True) if not x.startswith(b"<!--")]
        self.assertEqual(lines(self.directory / "again.dat"), lines(published))


class Machines(Case):
    """On a machine that the settings are not for, nothing is written."""

    def test_gen9(self):
        for schema in ("rmrds.xml", "unguarded.xml"):
            self.write("unguarded.xml", UNGUARDED)
            self.write("exclude.dat", EXCLUDE)
            self.settings("image", "i", "--force", "--from",
                          self.host("ProLiant DL380 Gen9", "P89 v2.76 (10/21/2019)", "10/21/2019"))
            for arguments in (("-l",), ("-s",), ("-l", "--dry-run")):
                done = self.unchanged(self.conrep, *arguments, "-x", schema, "-f", "exclude.dat",
                                      code=5)
                self.assertIn("Gen9", done.stderr)
            self.assertEqual((self.directory / "exclude.dat").read_text(), EXCLUDE)

    def test_gen9_beside_settings_that_fit(self):
        mixed = UNGUARDED.replace("</Conrep>", '<Section name="Other"><nvram>1</nvram><value id="0">'
                                  'A</value><value id="1">B</value><mask>1</mask></Section></Conrep>')
        self.write("mixed.xml", mixed)
        self.image(9, "mixed.xml")
        self.write("both.dat", data(("Other", "B"), ("RMRDS_Slot2", "Endpoints_Excluded")))
        done = self.unchanged(self.conrep, "-l", "-x", "mixed.xml", "-f", "both.dat", code=5)
        self.assertIn("RMRDS_Slot2", done.stderr)
        self.write("other.dat", data(("Other", "B")))
        self.conrep("-l", "-x", "mixed.xml", "-f", "other.dat")

    def test_unknown_machine(self):
        (self.directory / "nobody/sys/class/dmi/id").mkdir(parents=True)
        done = self.settings("image", "i", "--from", "nobody", code=3)
        self.assertIn("product", done.stderr)
        self.assertFalse((self.directory / "i").exists())

    def test_identity(self):
        for version, vendor, family, processor in (
                ("P89 v2.76 (10/21/2019)", "AuthenticAMD", "P89", "AMD"),
                ("I31", "GenuineIntel", "I31", "Intel"),
                ("A41 v1.0 (1/1/2018)", "HygonGenuine", "A41", "HygonGenuine"),
                ("P70 Ver. 01.22", "GenuineIntel", "unknown", "Intel")):  # a PC's, no server's
            self.write("kinds.xml", KINDS)
            host = self.host("ProLiant XY Gen8", version, vendor=vendor)
            self.settings("image", "i", "--force", "--schema", "kinds.xml", "--from", host)
            out = self.conrep("-s", "-x", "kinds.xml", "-f", "out.dat").stdout
            self.assertIn(f"\tROM Family :\t\t\t{family}\n", out)
            self.assertIn(f"\tProcessor Manufacturer :\t{processor}\n", out)
            self.assertIs(f'originating_family="{family}"' in
                          (self.directory / "out.dat").read_text(), family != "unknown")

    def test_platform_checks(self):
        self.write("kinds.xml", KINDS)
        self.image(8, "kinds.xml")
        out = self.conrep("-s", "-x", "kinds.xml", "-f", "out.dat").stdout
        self.assertNotIn("Platform", out)
        out = self.conrep("-s", "-v", "-x", "kinds.xml", "-f", "out.dat").stdout
        self.assertRegex(out, r"Platform check    : \[Gen9 +\]\n")
        self.assertRegex(out, r"Platform check    : \[Gen8 +\] +OK\n")
        self.write("other.xml", KINDS.replace("Gen8<", "G7<"))
        out = self.conrep("-s", "-x", "other.xml", "-f", "out.dat", code=5).stdout
        self.assertRegex(out, r"Platform check    : \[G7 +\]\n")


class Schemas(Case):
    """Which schema a name leads to."""

    def setUp(self):
        super().setUp()
        self.image()
        self.write("on.dat", EXCLUDE)

    def shown(self, *arguments, **more) -> str:
        done = self.conrep("-s", *arguments, "-f", "out.dat", **more)
        return next(x for x in done.stdout.splitlines() if x.startswith("XML")).split(": ", 1)[1]

    def test_files_and_names(self):
        for name in ("rmrds.xml", "conrep_rmrds.xml"):
            self.assertEqual(self.shown("-x", name), "rmrds.xml (built in)")
            self.write(name, UNGUARDED)
            self.assertEqual(self.shown("-x", name), str(self.directory.resolve() / name))
            (self.directory / name).unlink()
        self.assertIn("(built in; ", self.shown("-x", "conrep.xml"))
        self.write("conrep.xml", UNGUARDED)
        self.assertEqual(self.shown("-x", "./conrep.xml"), str(self.directory.resolve() / "conrep.xml"))
        for name in ("rmrds", "RMRDS.XML", "lab.xml", "./rmrds.xml", "/rmrds.xml"):
            self.assertIn(name, self.conrep("-s", "-x", name, code=1).stderr)

    def test_environment(self):
        """No variable says where a schema is."""
        self.write("other/rmrds.xml", KINDS)
        env = {**self.env, "PCIPASS_SCHEMAS": str(self.directory / "other")}
        self.assertEqual(self.shown("-x", "rmrds.xml", env=env), "rmrds.xml (built in)")
        self.conrep("-s", "-x", "kinds.xml", code=1, env=env)

    def test_planted(self):
        """Who owns this directory does not choose the bits that are written."""
        self.write("rmrds.xml", UNGUARDED.replace("0x26a", "0x10"))
        self.write("conrep.xml", UNGUARDED.replace("0x26a", "0x10"))
        self.settings("set", "RMRDS_Slot2=Endpoints_Excluded", "--store", "image:i")
        self.image(name="j")
        self.conrep("-l", "-f", "on.dat", store="image:j")
        self.assertEqual(self.cells("i"), self.cells("j"))
        typed = self.settings("get", "RMRDS_Slot2", "--schema", "rmrds.xml", "--store", "image:i")
        self.assertIn("Included", typed.stdout)
        shown = self.settings("list", "--schema", "rmrds.xml", "--store", "image:i").stdout
        self.assertIn(f"{self.directory.resolve()}/rmrds.xml", shown.replace("\n  ", " "))

    def test_data_file_of_that_name(self):
        """Saved as rmrds.xml, edited and loaded: the data file is not taken for the schema."""
        with_both = ("-x", "conrep_rmrds.xml", "-f", "rmrds.xml")
        self.conrep("-s", *with_both)
        path = self.directory / "rmrds.xml"
        lines = path.read_text().splitlines(True)
        path.write_text("".join(x.replace(">Endpoints_Included", ">Endpoints_Excluded")
                                if "Slot2\"" in x else x for x in lines))
        self.conrep("-l", *with_both)
        self.assertEqual(self.settings("get", "RMRDS_Slot1", "RMRDS_Slot2", "--store", "image:i").stdout,
                         "RMRDS_Slot1=Endpoints_Included\nRMRDS_Slot2=Endpoints_Excluded\n")
        self.settings("diff", "rmrds.xml", "--store", "image:i")
        done = self.conrep("-l", "-x", "rmrds.xml", "-f", "rmrds.xml", code=6)
        self.assertIn("without this file that name means the built-in schema", done.stderr)

    def test_no_schema_named(self):
        self.write("bad.dat", data(("Intel_VT-d2", "Enabled")))
        self.assertIn("-x FILE names one", self.conrep("-l", "-f", "bad.dat", code=2).stderr)
        self.assertNotIn("-x FILE names one",
                         self.conrep("-l", "-x", "rmrds.xml", "-f", "bad.dat", code=2).stderr)
        self.assertIn("a data file goes with -f", self.conrep("-l", "on.dat", code=7).stderr)


class Standard(Case):
    """"-" for the data file."""

    def setUp(self):
        super().setUp()
        self.image()

    def test_saved(self):
        """Nothing but the document goes to standard output."""
        self.conrep("-s", "-x", "rmrds.xml", "-f", "file.dat")
        done = self.run_in(CONREP, "-s", "-x", "rmrds.xml", "-f", "-", "--store", "image:i")
        self.assertEqual((done.returncode, done.stdout), (0, (self.directory / "file.dat").read_text()))
        self.assertTrue(done.stderr.endswith("Conrep Return Code: 0\n"), done.stderr)
        self.assertFalse((self.directory / "-").exists())

    def test_loaded(self):
        self.conrep("-l", "-f-", input=EXCLUDE)
        self.assertIn("Excluded", self.settings("get", "RMRDS_Slot2", "--store", "image:i").stdout)
        for text in ("", "<Conrep>", "<Conrep>" + " " * (17 << 20) + "</Conrep>"):
            done = self.unchanged(self.conrep, "-l", "-f", "-", code=2, input=text)
            self.assertIn("standard input", done.stderr)
        self.unchanged(self.conrep, "-l", "-f", "-", "--dry-run", input=EXCLUDE)


class ReturnCodes(Case):
    def setUp(self):
        super().setUp()
        self.write("kinds.xml", KINDS)
        self.image(8, "kinds.xml")
        self.write("good.dat", data(("Wake", "Enabled")))

    def load(self, schema: str = "kinds.xml", file: str = "good.dat", **more):
        return self.unchanged(self.conrep, "-l", "-x", schema, "-f", file, **more)

    def test_1_schema(self):
        self.assertIn("built in", self.load("missing.xml", code=1).stderr)
        self.load("./missing.xml", code=1)
        (self.directory / "empty.xml").write_text("")
        (self.directory / "directory").mkdir()
        for name in ("empty.xml", "directory"):
            done = self.load(name, code=1)
            self.assertIn(name, done.stderr)
        self.load("/dev/zero", code=1)
        self.write("bad.xml", KINDS.replace('id="0x10"', 'id="0x11"'))
        done = self.load("bad.xml", code=1)
        self.assertRegex(done.stderr, r"bad\.xml line \d+: ")
        self.write("new.xml", KINDS.replace("3.40<", "6.0<"))
        done = self.load("new.xml", code=1)
        self.assertIn("6.0", done.stderr)
        self.write("even.xml", KINDS.replace("3.40<", "5.2.0.0<"))
        self.conrep("-s", "-x", "even.xml", "-f", "out.dat")

    def test_2_data(self):
        self.load(file="missing.dat", code=2)
        for i, (name, value, words) in enumerate((
                ("Wake", "Sometimes", "Enabled"), ("Nap", "Enabled", "Nap"), ("Wake", "", "Wake"),
                ("Boot", "00", "Boot"), ("Boot", "<Index9>00</Index9>", "Index9"),
                ("Boot", "<Index0>0g</Index0>", "Index0"), ("Blob", "0011", "Blob"),
                ("Title", "<Line0>seventeen letters</Line0>", "Line0"),
                ("Wake", "<Line0>Enabled</Line0>", "Wake"))):
            self.write(f"bad{i}.dat", data(("Turbo", "On"), (name, value)))
            done = self.load(file=f"bad{i}.dat", code=2)
            self.assertIn(words, done.stderr)
            self.assertRegex(done.stderr, rf"bad{i}\.dat line 4: ", f"{name} {value}")
        # a data file that cannot be written
        self.unchanged(self.conrep, "-s", "-x", "kinds.xml", "-f", "no/where", code=2)

    def test_3_store(self):
        self.conrep("-s", "-x", "kinds.xml", store="image:missing", code=3)
        self.write("text", "no image")
        self.conrep("-s", "-x", "kinds.xml", store="image:text", code=3)
        self.conrep("-s", "-x", "kinds.xml", store="hp:/missing/conrep", code=3)

    def test_6_missing_tag(self):
        for i, text in enumerate((
                "<Other/>", "<Conrep/>", KINDS.replace("<nvram>0x52</nvram>", ""),
                KINDS.replace('name="Wake"', ""))):
            self.write(f"tag{i}.xml", text)
            self.load(f"tag{i}.xml", code=6)

    def test_7_command(self):
        for arguments in ((), ("-x", "kinds.xml"), ("-s", "-l"), ("-q",), ("--nonsense",),
                          ("-s", "-x"), ("-l", "--file"), ("-s", "extra"), ("-s", "--dry-run"),
                          ("-s", "-x", ""), ("-s", "-f", ""), ("-s", "--save=1")):
            done = self.unchanged(self.conrep, *arguments, code=7, store=None)
            self.assertTrue(done.stderr.startswith("conrep: "), arguments)
        self.conrep("-s", store="nonsense", code=7)
        self.conrep("-s", store="nonsense:x", code=7)

    def test_255_in_use(self):
        self.take_lock()
        done = self.load(code=255)
        self.assertIn("in use by process 1234", done.stderr)

    def test_255_read_only(self):
        more = self.as_nobody()
        done = self.load(code=255, **more)
        self.assertIn("i.", done.stderr)
        self.conrep("-l", "-x", "kinds.xml", "-f", "good.dat", "--dry-run", **more)

    def test_255_output(self):
        with open("/dev/full", "w", encoding="ascii") as full:
            done = subprocess.run([CONREP, "-s", "-x", "kinds.xml", "-f", "o.dat", "--store",
                                   "image:i"], cwd=self.directory, stdout=full, check=False,
                                  stderr=subprocess.PIPE, env=self.env)
        self.assertEqual(done.returncode, 255)
        self.assertIn(b"the request was carried out", done.stderr)

    def test_help(self):
        for option in ("-h", "-?", "--help"):
            done = self.run_in(CONREP, option)
            self.assertEqual(done.returncode, 0)
            self.assertIn("usage: pcipass-conrep", done.stdout)
            self.assertEqual([x for x in done.stdout.splitlines() if len(x) > 80], [])
            self.assertNotIn("Copyright", done.stdout)
        self.assertRegex(self.run_in(CONREP, "--version").stdout, r"^conrep 5\.2\.0\.0 \(pcipass ")


class Spelling(Case):
    def setUp(self):
        super().setUp()
        self.write("kinds.xml", KINDS)
        self.image(8, "kinds.xml")

    def test_glued_and_long(self):
        for i, arguments in enumerate((
                ("-s", "-xkinds.xml", "-f{}"), ("-s", "-x", "kinds.xml", "-f", "{}"),
                ("--save", "--xml", "kinds.xml", "--file", "{}"),
                ("--save", "--xml=kinds.xml", "--file={}"), ("-sxkinds.xml", "-f{}"),
                ("--schema", "kinds.xml", "-f{}", "-s"))):
            name = f"{i}.dat"
            self.conrep(*(a.format(name) for a in arguments))
            self.assertEqual((self.directory / name).read_bytes(), (self.directory / "0.dat").read_bytes())
        self.write("on.dat", data(("Wake", "Enabled")))
        self.conrep("--load", "-xkinds.xml", "-fon.dat")
        self.conrep("-s", "-xkinds.xml", "-fafter.dat")
        self.assertIn(">Enabled<", (self.directory / "after.dat").read_text())

    def test_every_kind(self):
        self.write("all.dat", data(
            ("Turbo", "Auto Set"), ("Wake", "Enabled"), ("Clock", "Fast"),
            ("Boot", "<Index0>0A</Index0><Index3>ff</Index3>"), ("Title", "<Line0>GH2</Line0>"),
            ("Blob", "0a0b0c"), ("Elsewhere", "B")))
        done = self.conrep("-l", "-x", "kinds.xml", "-f", "all.dat")
        self.assertIn("Elsewhere left out", done.stderr)
        self.conrep("-s", "-x", "kinds.xml", "-f", "out.dat")
        text = (self.directory / "out.dat").read_text()
        for part in (">Auto Set<", ">Enabled<", ">Fast<", "<Index0>0a</Index0>",
                     "<Index1>00</Index1>", "<Index3>ff</Index3>", "<Line0>GH2</Line0>", ">0a 0b 0c<",
                     'helptext="EV &amp; enum"'):
            self.assertIn(part, text)
        self.assertNotIn("Elsewhere", text)
        self.unchanged(self.conrep, "-l", "-x", "kinds.xml", "-f", "out.dat")

    def test_altname(self):
        self.write("alt.dat", data(("Boost", "On")))
        self.conrep("-l", "-x", "kinds.xml", "-f", "alt.dat")
        self.conrep("-s", "-x", "kinds.xml", "-f", "out.dat")
        self.assertRegex((self.directory / "out.dat").read_text(), r'"Turbo"[^>]*>On<')

    def test_pipes(self):
        """Bash's <(…): files that can be read once."""
        done = subprocess.run(
            ["bash", "-c", 'exec "$0" -l -x <(cat kinds.xml) -f <(cat "$1") --store image:i',
             str(CONREP), str(self.write("on.dat", data(("Wake", "Enabled"))))],
            cwd=self.directory, capture_output=True, text=True, check=False, timeout=60, env=self.env)
        self.assertEqual(done.returncode, 0, done.stderr)


class OverItself(Case):
    def test_refused(self):
        """A wrong -f or -o must not lose the schema or the store."""
        self.write("kinds.xml", KINDS)
        self.image(8, "kinds.xml")
        os.symlink("i", self.directory / "link")
        os.link(self.directory / "i", self.directory / "name")
        schema = (self.directory / "kinds.xml").read_bytes()
        for name in ("i", "./i", "name"):
            done = self.unchanged(self.conrep, "-s", "-x", "kinds.xml", "-f", name, code=2)
            self.assertIn("the store itself", done.stderr)
        self.conrep("-s", "-x", "kinds.xml", "-f", "kinds.xml", code=2)
        self.conrep("-s", "-x", "kinds.xml", "-f", "kinds.xml", store="image:link", code=2)
        to = ("--schema", "kinds.xml", "--force")
        for name in ("i", "kinds.xml", "name"):
            self.unchanged(self.settings, "save", "-o", name, "--store", "image:i", *to, code=2)
            self.unchanged(self.settings, "image", name, "--store", "image:i", *to, code=2)
        self.settings("image", "kinds.xml", "--from", "host", *to, code=2)
        self.assertEqual((self.directory / "kinds.xml").read_bytes(), schema)


class Inherited(Case):
    def test_standard_files_and_children(self):
        """Started without standard files, and with the end of children ignored."""
        os.mkfifo(self.directory / "wait.xml")
        self.image()

        def spoil():
            signal.signal(signal.SIGCHLD, signal.SIG_IGN)
            for fd in range(3):
                os.close(fd)
        for command in ([CONREP, "-s", "-x", "wait.xml", "-f", "o.dat", "--store", "image:i"],
                        [PCIPASS, "settings", "list", "--schema", "wait.xml", "--store",
                         "image:i"]):
            child = subprocess.Popen(command, cwd=self.directory, env=self.env, preexec_fn=spoil)
            try:
                # opened for writing: now the other end is open, and it waits
                with open(self.directory / "wait.xml", "wb") as pipe:
                    self.assertEqual([os.readlink(f"/proc/{child.pid}/fd/{fd}")
                                      for fd in range(3)], ["/dev/null"] * 3)
                    status = Path(f"/proc/{child.pid}/status").read_text()
                    ignored = int(status.split("SigIgn:")[1].split()[0], 16)
                    self.assertFalse(ignored >> (signal.SIGCHLD - 1) & 1)
                    pipe.write((SCHEMAS / "rmrds.xml").read_bytes())
                self.assertNotEqual(child.wait(60), 0)
            finally:
                child.kill()
                child.wait()


class Interrupted(Case):
    def test_killed(self):
        """Killed at its second removal, of the journal (the first is of recovery's lock)."""
        self.write("kinds.xml", KINDS)
        self.write("on.dat", data(("Wake", "Enabled"), ("Turbo", "On")))
        self.image(8, "kinds.xml")
        command = [CONREP, "-l", "-x", "kinds.xml", "-f", "on.dat", "--store", "image:i"]
        env = {**self.env, "ASAN_OPTIONS": "detect_leaks=0"}
        try:
            subprocess.run(["strace", "-qq", "-o", "trace", "-e", "trace=unlink,unlinkat", "-e",
                            "inject=unlink,unlinkat:signal=KILL:when=2", *command],
                           cwd=self.directory, env=env, capture_output=True, check=False, timeout=60)
        except FileNotFoundError:
            self.skipTest("strace is not installed")
        if not (self.directory / "i.journal").exists():
            self.skipTest("strace cannot trace here")
        with_image = ("--store", "image:i", "--schema", "kinds.xml")
        looked = self.unchanged(self.settings, "list", *with_image)
        self.assertIn("a write was interrupted: all the new settings stand", looked.stderr)
        self.assertTrue((self.directory / "i.journal").exists())
        done = self.conrep("-l", "-x", "kinds.xml", "-f", "on.dat")
        self.assertIn("the new settings stand", done.stderr)
        self.assertEqual(self.settings("get", "Wake", "Turbo", *with_image).stdout,
                         "Wake=Enabled\nTurbo=On\n")
        self.assertEqual([p.name for p in self.directory.iterdir() if "journal" in p.name], [])


class Hostile(Case):
    """Bad files of every sort leave the image as it is."""

    def setUp(self):
        super().setUp()
        self.write("kinds.xml", KINDS)
        self.image(8, "kinds.xml")

    BAD = (b"", b"\0", b"\xff\xfe<\0C\0", b"<Conrep", b"<Conrep>", b"<Conrep></Section>",
           b"<!DOCTYPE Conrep><Conrep/>",
           b'<!DOCTYPE Conrep [<!ENTITY a SYSTEM "file:///etc/passwd">]><Conrep>'
           b'<Section name="Wake">&a;</Section></Conrep>',
           b"<Conrep><Section name='Wake'>Enabled</Section></Conrep><Conrep/>",
           b"<Conrep><Section name='Wake'>&undefined;</Section></Conrep>",
           b"<Conrep>" * 100, b"<a>" * 20 + b"</a>" * 20,
           b"<Conrep><Section name='Wake'>Enabled</Section>",
           b"<Conrep><Section name='Wake'>Ena\x00bled</Section></Conrep>",
           b"<Conrep><Section name='Wake'>Ena\xffbled</Section></Conrep>",
           b"<Conrep><Section>Enabled</Section></Conrep>",
           b"<Conrep><Section name='Wake'>Enabled</Section><Section name='Wake'>Disabled</Section>"
           b"</Conrep>",
           b"<Conrep>" + b"<Section name='Wake'>Enabled</Section>" * 250000 + b"</Conrep>",
           b'<?xml version="1.0" encoding="UTF-16"?><Conrep/>', b"<x:Conrep/>", b"text")

    def test_data(self):
        for i, text in enumerate(self.BAD):
            self.write("bad.dat", text)
            done = self.unchanged(self.conrep, "-l", "-x", "kinds.xml", "-f", "bad.dat", code=2)
            self.assertIn("bad.dat", done.stderr, i)
            self.assertNotIn("root:", done.stderr)

    def test_schema(self):
        self.write("good.dat", data(("Wake", "Enabled")))
        for i, text in enumerate(self.BAD):
            self.write("bad.xml", text)
            done = self.unchanged(self.conrep, "-l", "-x", "bad.xml", "-f", "good.dat", code=None)
            self.assertIn(done.returncode, (1, 6), i)
            self.assertIn("bad.xml", done.stderr, i)

    def test_truncated(self):
        whole = data(("Turbo", "On"), ("Wake", "Enabled"), ("Clock", "Fast")).encode()
        for cut in range(0, len(whole.rstrip()), 17):
            self.write("cut.dat", whole[:cut])
            self.unchanged(self.conrep, "-l", "-x", "kinds.xml", "-f", "cut.dat", code=2)

    def test_large(self):
        self.write("large.dat", b"<Conrep>" + b" " * (17 << 20) + b"</Conrep>")
        self.unchanged(self.conrep, "-l", "-x", "kinds.xml", "-f", "large.dat", code=2)

    def test_damaged_image(self):
        whole = self.cells()
        self.write("good.dat", data(("Wake", "Enabled")))
        for cut in (0, 1, 16, len(whole) // 2, len(whole) - 1):
            self.write("i", whole[:cut])
            self.unchanged(self.conrep, "-l", "-x", "kinds.xml", "-f", "good.dat", code=3)
        middle = len(whole) // 2
        self.write("i", whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1:])
        self.unchanged(self.conrep, "-l", "-x", "kinds.xml", "-f", "good.dat", code=3)

    def test_no_terminal_escapes(self):
        """Neither ESC nor the one character that means the same."""
        self.write("bad.dat", data(("Wake", "\x9b31m")))
        self.write("bad.xml", KINDS.replace("<platform>Gen9", "<platform>\x9b31m")
                   .replace("Enabled", "\x9b31m").replace("Clock", "\x9bClock"))
        for schema in ("kinds.xml", "bad.xml"):
            done = self.conrep("-l", "-x", schema, "-f", "bad.dat", code=None)
            text = done.stdout + done.stderr + self.settings(
                "list", "--store", "image:i", "--schema", schema).stdout
            self.assertNotIn("\x1b", text)
            self.assertNotIn("\x9b", text)


if __name__ == "__main__":
    main()
