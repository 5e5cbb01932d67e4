#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What is typed, and the exit code and sentence that answer it."""

import os
import subprocess
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "host"))
from hosttree import ENDPOINT, PCIPASS, Case, drhd, rmrr, scope, smbios_slot  # noqa: E402

COMMANDS = ("survey", "explain", "check", "reserved", "capture", "groups", "emit", "verify",
            "bind", "unbind")


def run(*arguments, **more):
    """pcipass alone; a look at this host must not be needed."""
    return subprocess.run([PCIPASS, *arguments], capture_output=True, text=True,
                          errors="surrogateescape", check=False, timeout=60, **more)


class Usage(unittest.TestCase):
    def refused(self, *arguments, words=""):
        answer = run(*arguments)
        self.assertEqual((answer.returncode, answer.stdout), (2, ""), arguments)
        self.assertTrue(answer.stderr.startswith("pcipass: "), answer.stderr)
        self.assertEqual(answer.stderr.count("\n"), 1, answer.stderr)
        self.assertIn(words, answer.stderr)

    def test_unknown_words(self):
        self.refused("nonsense", words="unknown command 'nonsense'")
        self.refused("", words="unknown command ''")
        self.refused("--nonsense", words="--nonsense")
        self.refused("-x", words="-x")
        self.refused("-xh", words="-x")
        self.refused("--all", "-zq", words="-z")
        self.refused("--j=1", words="--j=1")

    def test_missing_values(self):
        self.refused("--from", words="--from")
        self.refused("reserved", "--from", words="--from")
        self.refused("capture", "-o", words="-o")
        self.refused("capture", "--output", words="--output")
        self.refused("--color", words="--color")

    def test_missing_and_superfluous_arguments(self):
        for command in ("explain", "check"):
            self.refused(command, words="an argument is missing")
            self.refused(command, "07:00.0", "07:00.1", words="'07:00.1': one argument too many")
        self.refused("emit", "qemu", words="an argument is missing")
        self.refused("emit", "qemu", *["07:00.0"] * 16, "x", words="'x': one argument too many")
        for command in ("survey", "reserved", "capture"):
            self.refused(command, "x", words="'x': one argument too many")

    def test_color(self):
        self.refused("--color", "bad", words="--color bad: need auto, always or never")
        self.refused("--color=", words="need auto, always or never")

    def test_options_that_a_command_does_not_take(self):
        for command, option in (("check", "--all"), ("check", "--color=never"),
                                ("explain", "--all"), ("capture", "--json"),
                                ("capture", "--all"), ("survey", "--force"),
                                ("reserved", "--keep-private"), ("survey", "-ox")):
            arguments = [command, option] + (["07:00.0"] if command in ("check", "explain") else [])
            self.refused(*arguments, words=f"{command} does not take")

    def test_binding(self):
        for command in ("bind", "unbind"):
            self.refused(command, words="an argument is missing")
            self.refused(command, "07:00.0", "x", words="'x': one argument too many")
            for option in ("--json", "--resume", "--from=x", "--take"):
                self.refused(command, "07:00.0", option, words=f"{command} does not take")
            for option in ("--now", "--boot"):
                self.refused("undo", option, words="undo does not take")

    def test_capture_without_a_place(self):
        self.refused("capture", words="-o FILE")

    def test_arguments_do_not_steer_the_terminal(self):
        for arguments in (("\x1b[31mx",), ("--\x1b[31m",), ("--color", "\x1b[31m"),
                          ("check", "a", "\x1b[31m"), ("check", "\x1b[31m\n")):
            answer = run(*arguments)
            self.assertEqual(answer.returncode, 2)
            self.assertNotIn("\x1b", answer.stderr)

    def test_bytes_that_are_no_text(self):
        for arguments in ((b"\xff\xfe",), (b"--\xff",), (b"check", b"\xff:\xff"),
                          (b"explain", b"slot\xff", b"x")):
            answer = subprocess.run([PCIPASS.encode(), *arguments], capture_output=True,
                                    check=False, timeout=60)
            self.assertEqual((answer.returncode, answer.stdout), (2, b""))


class Help(unittest.TestCase):
    def test_help_names_everything(self):
        for option in ("--help", "-h"):
            answer = run(option)
            self.assertEqual((answer.returncode, answer.stderr), (0, ""))
            for word in COMMANDS + ("--from", "--json", "--color", "--version", "Exit:"):
                self.assertIn(word, answer.stdout)
            self.assertEqual([x for x in answer.stdout.splitlines() if len(x) > 80], [])

    def test_help_of_a_command(self):
        for command in COMMANDS:
            for arguments in ((command, "--help"), ("--help", command)):
                answer = run(*arguments)
                self.assertEqual(answer.returncode, 0)
                self.assertIn(f"usage: pcipass [options] {command}", answer.stdout)
        self.assertNotIn("--all", run("check", "--help").stdout)
        self.assertIn("--keep-private", run("capture", "--help").stdout)

    def test_version(self):
        answer = run("--version")
        self.assertEqual(answer.returncode, 0)
        self.assertRegex(answer.stdout, r"^pcipass \d+\.\d+\.\d+\n$")


class Answers(Case):
    """The exit codes that a script relies on."""

    def setUp(self):
        super().setUp()
        t = self.host()
        t.device("0000:01:00.0", 0x010700, group=1)
        t.device("0000:02:00.0", group=2)
        t.device("0000:03:00.0", group=3, msi=False)
        t.bridge("0000:00:01.0", 1, group=4)
        t.dmar(drhd(), rmrr(0xBD000000, 0xBD000FFF, scope(ENDPOINT, 1, "00.0")))
        t.regions(1, "0x00000000bd000000 0x00000000bd000fff direct")
        t.smbios(smbios_slot(2, "Slot 2", 1, 0))

    def code(self, *arguments):
        return self.run_pcipass(*arguments).returncode

    def test_check(self):
        for what, code, words in (
                ("01:00.0", 1, "blocked"), ("0000:01:00.0", 1, "blocked"), ("slot2", 1, "blocked"),
                ("group1", 1, "blocked"), ("02:00.0", 0, "assignable"),
                ("03:00.0", 0, "with care"), ("00:01.0", 1, "a bridge"),
                ("8086:10fb", 1, "blocked")):
            answer = self.run_pcipass("check", what)
            self.assertEqual(answer.returncode, code, what)
            self.assertEqual(answer.stdout.count("\n"), 1)
            self.assertIn(words, answer.stdout)

    def test_check_unknown(self):
        self.tree.remove("sys/kernel/iommu_groups/2/reserved_regions")
        self.tree.remove("sys/firmware/acpi/tables/DMAR")
        self.assertEqual(self.code("check", "02:00.0"), 3)

    def test_names(self):
        for command in ("check", "explain"):
            for what, code in (("nonsense", 2), ("", 2), ("0:0", 3), ("09:00.0", 3),
                               ("slot9", 3), ("group99", 3), ("1234:5678", 3),
                               ("01:20.0", 2), ("01:00.8", 2)):
                answer = self.run_pcipass(command, what)
                self.assertEqual((answer.returncode, answer.stdout), (code, ""), what)
                self.assertEqual(answer.stderr.count("\n"), 1)

    def test_looks(self):
        for arguments in ((), ("survey",), ("explain", "slot2"), ("reserved",), ("--json",),
                          ("reserved", "--json"), ("explain", "01:00.0", "--json")):
            self.assertEqual(self.code(*arguments), 0, arguments)

    def test_survey_with_an_unknown(self):
        self.tree.remove("proc/interrupts")
        self.assertEqual(self.code(), 3)

    def test_truncated_table(self):
        file = self.tree.root / "sys/firmware/acpi/tables/DMAR"
        os.truncate(file, 80)
        for arguments in ((), ("reserved",), ("--json",)):
            answer = self.run_pcipass(*arguments)
            self.assertEqual(answer.returncode, 3, arguments)
            self.assertRegex(answer.stderr, r"DMAR\+0x4: table length \d+, but only 80 bytes")
            self.assertTrue(answer.stdout)

    def test_bare_table(self):
        file = self.tree.root / "sys/firmware/acpi/tables/DMAR"
        answer = self.run_pcipass("reserved", path=file)
        self.assertEqual(answer.returncode, 0)
        self.assertIn("0xbd000000-0xbd000fff", answer.stdout)
        self.assertEqual(self.run_pcipass(path=file).returncode, 3)
        os.truncate(file, 80)
        answer = self.run_pcipass("reserved", path=file)
        self.assertEqual(answer.returncode, 4)
        self.assertIn("DMAR+0x4", answer.stderr)

    def test_from_nonsense(self):
        (self.folder / "empty").mkdir()
        (self.folder / "text").write_text("no capture")
        (self.folder / "nothing").write_text("")
        os.mkfifo(self.folder / "pipe")
        for name in ("missing", "text", "nothing", "pipe"):
            answer = self.run_pcipass(path=self.folder / name)
            self.assertEqual((answer.returncode, answer.stdout), (4, ""), name)
            self.assertIn(name, answer.stderr)
            self.assertEqual(answer.stderr.count("\n"), 1)
        answer = self.run_pcipass(path="/dev/null")
        self.assertEqual(answer.returncode, 4)
        # a folder that holds no host: nothing is known
        self.assertIn(self.run_pcipass(path=self.folder / "empty").returncode, (3, 4))


if __name__ == "__main__":
    unittest.main()
