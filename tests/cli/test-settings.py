#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""pcipass settings: looking, comparing and changing, on images."""

import json
import os
import pty
import subprocess
import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parent.parent / "harness")]
from images import KINDS, PCIPASS, UNGUARDED, Case, data, main  # noqa: E402
from terminal import read_terminal  # noqa: E402

STORE = ("--store", "image:i")
WITH = (*STORE, "--schema", "kinds.xml")


class Settings(Case):
    def setUp(self):
        super().setUp()
        self.write("kinds.xml", KINDS)
        self.image(8, "kinds.xml")

    def ask(self, *arguments, **more) -> dict:
        return json.loads(self.settings(*arguments, "--json", *WITH, **more).stdout)


class Looks(Settings):
    def test_list(self):
        text = self.settings("list", *WITH).stdout
        self.assertIn("ProLiant DL380p Gen8, ROM P70 (05/24/2019), Intel\n", text)
        self.assertIn("kinds.xml", text)
        self.assertIn("image:", text)
        self.assertRegex(text, r"(?m)^  Turbo +Off$")
        self.assertRegex(text, r"(?m)^  Boot\.Index3 +00$")
        self.assertNotIn("Elsewhere", text)
        self.settings("set", "Title.Line0=A name", *WITH)
        self.assertEqual([x for x in self.settings("list", *WITH).stdout.splitlines()
                          if len(x) > 80 and "image:" not in x], [])

    def test_list_json(self):
        document = self.ask("list")
        self.assertEqual(document["schema"], "pcipass.settings/1")
        self.assertEqual(document["machine"], {"product": "ProLiant DL380p Gen8",
                                               "rom_family": "P70", "rom_date": "05/24/2019",
                                               "processor": "Intel"})
        settings = {s["name"]: s for s in document["settings"]}
        self.assertEqual(settings["Turbo"]["values"], ["Off", "On", "Auto Set"])
        self.assertEqual(settings["Turbo"]["help"], "EV & enum")
        self.assertEqual([s["kind"] for s in settings.values()],
                         ["enum"] * 3 + ["records"] * 2 + ["raw"])
        self.assertIsNone(settings["Boot"]["value"])
        self.assertEqual(settings["Boot"]["entries"][3], {"name": "Index3", "value": "00"})
        self.assertEqual(settings["Blob"]["value"], "00 00 00")

    def test_default(self):
        """Shown where it is known, whatever the setting says now; for others nothing is claimed."""
        self.settings("image", "r", "--from", "host")
        self.settings("set", "RMRDS_Slot2=Endpoints_Excluded", "--store", "image:r")
        text = self.settings("list", "--store", "image:r").stdout
        self.assertRegex(text, r"(?m)^  RMRDS_Slot1 +Endpoints_Included  \(default\)$")
        self.assertRegex(text, r"(?m)^  RMRDS_Slot2 +Endpoints_Excluded  \(default: Endpoints_Included\)$")
        document = json.loads(self.settings("list", "--json", "--store", "image:r").stdout)
        self.assertEqual({s["default"] for s in document["settings"]}, {"Endpoints_Included"})
        self.assertEqual({s["default"] for s in self.ask("list")["settings"]}, {None})

    def test_get(self):
        self.assertEqual(self.settings("get", "Wake", "Boot.Index1", "Blob", *WITH).stdout,
                         "Wake=Disabled\nBoot.Index1=00\nBlob=00 00 00\n")
        self.assertEqual(self.settings("get", "Boot", *WITH).stdout,
                         "".join(f"Boot.Index{i}=00\n" for i in range(4)))
        self.assertEqual(self.settings("get", "Boost", *WITH).stdout, "Turbo=Off\n")
        one = self.ask("get", "Boot.Index1")["settings"]
        self.assertEqual(one[0]["entries"], [{"name": "Index1", "value": "00"}])

    def test_get_nothing(self):
        for name, code in (("Nap", 2), ("", 2), ("Boot.Index9", 2), ("Nap.x", 2), (".", 2),
                           ("wake", 2), ("Elsewhere", 3)):
            done = self.settings("get", name, *WITH, code=code)
            self.assertEqual(done.stdout, "", name)
            self.assertEqual(done.stderr.count("\n"), 1, done.stderr)

    def test_looking_writes_nothing(self):
        self.write("same.dat", self.settings("save", *WITH).stdout)
        for arguments in (("list",), ("get", "Wake"), ("save",), ("diff", "same.dat"),
                          ("image", "copy", "--force")):
            self.unchanged(self.settings, *arguments, *WITH)

    def test_save(self):
        text = self.settings("save", *WITH).stdout
        self.assertIn('originating_platform="ProLiant DL380p Gen8" originating_family="P70"', text)
        self.settings("save", "-o", "out.dat", *WITH)
        self.assertEqual((self.directory / "out.dat").read_text(), text)
        done = self.settings("save", "-o", "out.dat", *WITH, code=4)
        self.assertIn("--force", done.stderr)
        self.settings("set", "Wake=Enabled", *WITH)
        self.settings("save", "-o", "out.dat", "--force", *WITH)
        self.assertNotEqual((self.directory / "out.dat").read_text(), text)

    def test_standard(self):
        """"-" is standard output and input, and -o - too."""
        text = self.settings("save", *WITH).stdout
        for arguments in (("save", "-"), ("save", "-o", "-")):
            self.assertEqual(self.settings(*arguments, *WITH).stdout, text)
        self.assertFalse((self.directory / "-").exists())
        self.assertIn("no change", self.settings("diff", "-", *WITH, input=text).stdout)
        changed = text.replace(">Disabled<", ">Enabled<")
        self.settings("diff", "-", *WITH, input=changed, code=1)
        self.settings("load", "-", *WITH, input=changed)
        self.assertEqual(self.settings("get", "Wake", *WITH).stdout, "Wake=Enabled\n")
        done = self.unchanged(self.settings, "load", "-", *WITH, input="<Conrep", code=4)
        self.assertIn("standard input line 1", done.stderr)

    def test_many_left_out(self):
        """Of a file that is for another machine the first settings are named, the rest is counted."""
        many = "".join(f'<Section name="E{i}"><platforms><platform>DL980</platform></platforms><nvram>'
                       f'{i}</nvram><value id="0">A</value><mask>1</mask></Section>' for i in range(9))
        self.write("kinds.xml", KINDS.replace("</Conrep>", many + "</Conrep>"))
        self.write("all.dat", data(*((f"E{i}", "A") for i in range(9))))
        told = self.settings("diff", "all.dat", *WITH).stderr.splitlines()
        self.assertEqual((len(told), told[-1]), (5, "pcipass: 5 more of that; --verbose names them"))
        self.assertEqual(self.settings("diff", "all.dat", "-v", *WITH).stderr.count(" left out: "), 9)

    def test_diff(self):
        self.write("same.dat", data(("Wake", "Disabled")))
        self.assertIn("no change\n", self.settings("diff", "same.dat", *WITH).stdout)
        self.write("other.dat", data(("Wake", "Enabled"), ("Turbo", "On"),
                                     ("Boot", "<Index2>7f</Index2>"), ("Elsewhere", "B")))
        done = self.unchanged(self.settings, "diff", "other.dat", *WITH, code=1)
        for line in ("  Wake: Disabled -> Enabled", "  Turbo: Off -> On",
                     "  Boot.Index2: 00 -> 7f"):
            self.assertIn(line + "\n", done.stdout)
        self.assertIn("3 changes, not written: would take effect at the next boot", done.stdout)
        self.assertIn("Elsewhere left out", done.stderr)
        document = self.ask("diff", "other.dat", code=1)
        self.assertEqual(document["schema"], "pcipass.changes/1")
        self.assertEqual((document["written"], document["reboot"]), (False, True))
        self.assertIn({"name": "Boot", "entry": "Index2", "old": "00", "new": "7f"},
                      document["changes"])
        self.assertEqual([x["name"] for x in document["left_out"]], ["Elsewhere"])
        self.write("bad.dat", data(("Wake", "Sometimes")))
        self.assertIn("bad.dat line 3", self.settings("diff", "bad.dat", *WITH, code=4).stderr)
        self.settings("diff", "missing.dat", *WITH, code=4)


class Changes(Settings):
    def test_set(self):
        done = self.settings("set", "Wake=Enabled", "Turbo=Auto Set", "Boot.Index0=0A",
                             "Boot.Index3=ff", "Title.Line0=GH2=x", "Blob=0102aa", *WITH)
        self.assertIn("6 changes written: take effect at the next boot", done.stdout)
        self.assertEqual(
            self.settings("get", "Wake", "Turbo", "Boot", "Title", "Blob", *WITH).stdout,
            "Wake=Enabled\nTurbo=Auto Set\nBoot.Index0=0a\nBoot.Index1=00\nBoot.Index2=00\n"
            "Boot.Index3=ff\nTitle.Line0=GH2=x\nBlob=01 02 aa\n")

    def test_get_is_taken_by_set(self):
        self.settings("set", "Turbo=On", "Title.Line0=A b", "Boot.Index1=01", *WITH)
        got = self.settings("get", "Turbo", "Title", "Boot", "Blob", *WITH).stdout.splitlines()
        self.assertIn("no change", self.unchanged(self.settings, "set", *got, *WITH).stdout)

    def test_set_json(self):
        document = self.ask("set", "Wake=Enabled")
        self.assertTrue(document["written"] and document["reboot"])
        self.assertEqual(document["changes"],
                         [{"name": "Wake", "entry": None, "old": "Disabled", "new": "Enabled"}])
        document = self.ask("set", "Wake=Enabled")
        self.assertFalse(document["written"] or document["reboot"] or document["changes"])

    def test_refused(self):
        for arguments, code, words in (
                (("Wake",), 2, "NAME=VALUE"), (("=x",), 2, "NAME=VALUE"), (("Wake=",), 2, "Wake"),
                (("Wake=Enabled", "Wake=Enabled"), 2, "twice"),
                (("Boot.Index0=00", "Boot.Index0=01"), 2, "twice"),
                (("Boot=00",), 2, "Boot"), (("Boot.Index0=x",), 2, "Index0"),
                (("Boot.Index9=00",), 2, "Index9"), (("Nap=1",), 2, "no such setting"),
                (("Wake=Enabled", "Nap=1"), 2, "Nap"), (("Wake=Sometimes",), 2, "Enabled"),
                (("Blob=01",), 2, "Blob"), (("Elsewhere=B",), 1, "Elsewhere"),
                (("Wake=Enabled", "Elsewhere=B"), 1, "Elsewhere")):
            done = self.unchanged(self.settings, "set", *arguments, *WITH, code=code)
            self.assertIn(words, done.stderr, arguments)
            self.assertEqual(done.stdout, "")

    def test_dry_run(self):
        self.write("on.dat", data(("Wake", "Enabled")))
        for arguments in (("set", "Wake=Enabled"), ("load", "on.dat")):
            done = self.unchanged(self.settings, *arguments, "--dry-run", *WITH)
            self.assertIn("Wake: Disabled -> Enabled", done.stdout)
            self.assertIn("would take effect", done.stdout)
            self.assertFalse(self.ask(*arguments, "--dry-run")["written"])

    def test_load(self):
        self.write("on.dat", data(("Wake", "Enabled"), ("Turbo", "On")))
        self.assertIn("2 changes written", self.settings("load", "on.dat", *WITH).stdout)
        self.assertIn("no change", self.unchanged(self.settings, "load", "on.dat", *WITH).stdout)
        self.write("bad.dat", data(("Clock", "Fast"), ("Turbo", "Never")))
        done = self.unchanged(self.settings, "load", "bad.dat", *WITH, code=4)
        self.assertIn("bad.dat line 4", done.stderr)

    def test_risk_is_told_before(self):
        self.settings("image", "r", "--from", "host")
        for arguments in (("--dry-run",), ()):
            done = self.settings("set", "RMRDS_Slot2=Endpoints_Excluded", "--store", "image:r",
                                 *arguments)
            self.assertIn("iLO", done.stdout + done.stderr)
        done = self.settings("set", "RMRDS_Slot2=Endpoints_Included", "--store", "image:r")
        self.assertNotIn("iLO", done.stdout + done.stderr)

    def test_guard(self):
        self.write("unguarded.xml", UNGUARDED)
        for schema in ("rmrds.xml", "unguarded.xml"):
            self.settings("image", "i", "--force", "--schema", schema, "--from",
                          self.host("ProLiant DL380 Gen9", "P89 v2.76 (10/21/2019)"))
            self.write("on.dat", data(("RMRDS_Slot2", "Endpoints_Excluded")))
            for arguments, code in ((("set", "RMRDS_Slot2=Endpoints_Excluded"), 1),
                                    (("set", "RMRDS_Slot2=Endpoints_Excluded", "--yes"), 1),
                                    (("load", "on.dat"), 1), (("diff", "on.dat"), 3),
                                    (("list",), 3), (("get", "RMRDS_Slot2"), 3)):
                done = self.unchanged(self.settings, *arguments, *STORE, "--schema", schema,
                                      code=code)
                self.assertIn("Gen9", done.stderr)
                self.assertEqual(done.stdout, "")


class Rights(Settings):
    def test_read_only(self):
        """An image in a directory that cannot be written, seen by somebody who is not root."""
        more = self.as_nobody()
        self.settings("list", *WITH, **more)
        done = self.unchanged(self.settings, "set", "Wake=Enabled", *WITH, code=None, **more)
        self.assertIn(done.returncode, (3, 4))
        self.assertTrue(done.stderr)
        done = self.unchanged(self.settings, "set", "Wake=Enabled", "--dry-run", *WITH, **more)
        self.assertIn("Wake", done.stdout)

    def test_in_use(self):
        self.take_lock()
        done = self.unchanged(self.settings, "set", "Wake=Enabled", *WITH, code=4)
        self.assertIn("in use by process 1234", done.stderr)
        self.settings("list", *WITH)

    def test_interrupted(self):
        """A journal of a write that never came: told to who looks, removed by who writes."""
        self.write("i.journal", "nonsense")
        for arguments in (("set", "Wake=Enabled"), ("list",)):
            done = self.unchanged(self.settings, *arguments, *WITH, code=4)
            self.assertIn("journal", done.stderr)

    def test_no_store(self):
        for store, code in (("image:missing", 4), ("image:", 2), ("nonsense", 2), ("", 2),
                            ("hp:/missing", 4), ("efivars:/missing", 4)):
            done = self.settings("list", "--store", store, code=code)
            self.assertEqual(done.stdout, "")
            self.assertEqual(done.stderr.count("\n"), 1, done.stderr)

    def test_no_schema(self):
        done = self.settings("list", *STORE, "--schema", "missing.xml", code=4)
        self.assertIn("missing.xml", done.stderr)
        self.assertIn("rmrds.xml is", done.stderr)
        done = self.settings("list", *STORE, "--schema", "", code=2)
        self.assertIn("empty file name", done.stderr)

    def test_name_that_is_near(self):
        for command in (("set", "Wakr=Enabled"), ("get", "Wakr")):
            done = self.settings(*command, *WITH, code=2)
            self.assertIn("did you mean Wake?", done.stderr)
        self.settings("image", "r", "--from", "host")
        given = ("--store", "image:r")
        for name, words in (("RMRDS_Slot17", "it has RMRDS_Slot1 to RMRDS_Slot16"),
                            ("Slot17", "it has RMRDS_Slot1 to RMRDS_Slot16"),
                            ("slot0", "it has RMRDS_Slot1 to RMRDS_Slot16"),
                            ("Slot2", "did you mean RMRDS_Slot2?"),
                            ("rmrds_slot2", "did you mean RMRDS_Slot2?"),
                            ("RMRDS_Slot99999999999999999999", "no such setting"),
                            ("Intel_VT-d2", "--schema FILE names another schema")):
            for command in (("set", f"{name}=Endpoints_Excluded"), ("get", name)):
                self.assertIn(words, self.settings(*command, *given, code=2).stderr)
            self.write("x.dat", data((name, "Endpoints_Excluded")))
            done = self.settings("load", "x.dat", *given, code=4)
            self.assertIn("x.dat line 3: rmrds.xml has no section ", done.stderr)
            if "names another" not in words and "no such" not in words:
                self.assertIn(words, done.stderr)

    def test_written_and_not_told(self):
        """A full disk behind standard output: the exit code is no, the text says what stands."""
        with open("/dev/full", "w", encoding="ascii") as full:
            done = subprocess.run([PCIPASS, "settings", "set", "Wake=Enabled", *WITH],
                                  cwd=self.directory, stdout=full, stderr=subprocess.PIPE,
                                  env=self.env, text=True, check=False)
        self.assertEqual(done.returncode, 4)
        self.assertIn("have been written", done.stderr)
        self.assertEqual(self.settings("get", "Wake", *WITH).stdout, "Wake=Enabled\n")


class Images(Settings):
    def test_copy(self):
        self.settings("set", "Wake=Enabled", "Title.Line0=GH2", *WITH)
        self.settings("image", "copy", *WITH)
        self.assertEqual(sorted(self.cells("copy").splitlines()[:-1]),
                         sorted(self.cells().splitlines()[:-1]))
        self.settings("set", "Wake=Disabled", "--store", "image:copy", "--schema", "kinds.xml")
        self.assertIn("Enabled", self.settings("get", "Wake", *WITH).stdout)

    def test_not_over_another(self):
        before = self.cells()
        self.assertIn("--force", self.settings("image", "i", "--from", "host", code=4).stderr)
        self.settings("image", "i", *WITH, code=4)
        self.assertEqual(self.cells(), before)

    def test_from_and_store(self):
        self.settings("image", "x", "--from", "host", *STORE, code=2)

    def test_of_a_capture(self):
        sample = Path(os.environ["PCIPASS_SOURCE_ROOT"]) / "tests/machines"
        subprocess.run([sys.executable, sample / "mkmachine", sample / "dl380p-gen8.machine", "-o",
                        self.directory / "host.tar.gz"], check=True)
        self.settings("image", "s", "--from", "host.tar.gz")
        self.assertIn("ProLiant DL380p Gen8, ROM P70", self.settings("list", "--store",
                                                                     "image:s").stdout)


class Terminal(Settings):
    def on_a_terminal(self, answer: bytes, *arguments) -> tuple[int, str]:
        """Runs it where somebody sits, who types the answer."""
        try:
            master, slave = pty.openpty()
        except OSError as why:
            self.skipTest(f"no terminal to be had: {why}")
        with subprocess.Popen([PCIPASS, "settings", *arguments, *WITH], stdin=slave, stdout=slave,
                              stderr=slave, cwd=self.directory, env=self.env) as process:
            os.close(slave)
            os.write(master, answer)
            text = read_terminal(master)
            code = process.wait(60)
        return code, text.decode().replace("\r\n", "\n")

    def test_no(self):
        for answer in (b"n\n", b"\n", b"nonsense\n", b"\x04"):
            code, text = self.unchanged(self.on_a_terminal, answer, "set", "Wake=Enabled")
            self.assertEqual(code, 1, text)
            self.assertIn("Wake: Disabled -> Enabled", text)
            self.assertIn("nothing was written", text)

    def test_yes(self):
        code, text = self.on_a_terminal(b"y\n", "set", "Wake=Enabled")
        self.assertEqual(code, 0, text)
        self.assertIn("Written", text)
        self.assertIn("Enabled", self.settings("get", "Wake", *WITH).stdout)

    def test_not_asked(self):
        code, text = self.on_a_terminal(b"", "set", "--yes", "Wake=Enabled")
        self.assertEqual(code, 0, text)
        self.assertNotIn("[y/N]", text)
        code, text = self.unchanged(self.on_a_terminal, b"", "set", "--dry-run", "Wake=Disabled")
        self.assertEqual(code, 0, text)


class Usage(Settings):
    def test_arguments(self):
        for arguments in ((), ("nonsense",), ("get",), ("set",), ("diff",), ("load",), ("image",),
                          ("list", "x"), ("diff", "a", "b"), ("save", "x"), ("list", "--dry-run"),
                          ("list", "--from", "host"), ("diff", "x", "--yes"), ("save", "--json"),
                          ("list", "--color=never"), ("get", "x", "-o", "y"),
                          ("save", "-", "-o", "y"), ("get", "-v")):
            done = self.unchanged(self.settings, *arguments, code=2)
            self.assertEqual(done.stdout, "")
            self.assertEqual(done.stderr.count("\n"), 1, done.stderr)
            self.assertTrue(done.stderr.startswith("pcipass: "))

    def test_help(self):
        text = self.settings("--help").stdout
        for word in ("list", "get NAME...", "set NAME=VALUE...", "diff FILE", "save", "load FILE",
                     "image FILE", "--store", "--schema", "--dry-run", "--yes"):
            self.assertIn(word, text)
        self.assertEqual([x for x in text.splitlines() if len(x) > 80], [])
        self.assertIn("usage: pcipass [options] settings set NAME=VALUE",
                      self.settings("set", "--help").stdout)


if __name__ == "__main__":
    main()
