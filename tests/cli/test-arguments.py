#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What is typed, and the exit code and sentence that answer it."""

import os
import shutil
import subprocess
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "host"))
from hosttree import ENDPOINT, PCIPASS, Case, drhd, rmrr, scope, smbios_slot  # noqa: E402

COMMANDS = ("survey", "explain", "check", "reserved", "slots", "tree", "capture", "groups", "emit", "verify",
            "status", "bind", "unbind")


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
        self.refused("--j=1", words="option '--json' takes no value")

    def test_missing_values(self):
        self.refused("--from", words="--from")
        self.refused("reserved", "--from", words="--from")
        self.refused("capture", "-o", words="-o")
        self.refused("capture", "--output", words="--output")
        self.refused("--color", words="--color")

    def test_missing_and_superfluous_arguments(self):
        for command in ("explain", "check"):
            need = "DEVICE, or --log" if command == "explain" else "DEVICE"
            self.refused(command, words=f"{command} needs {need}; see pcipass {command} --help")
            self.refused(command, "07:00.0", "07:00.1", words="unexpected argument '07:00.1'")
        self.refused("emit", "qemu", words="emit needs FORM DEVICE...")
        self.refused("emit", "qemu", *["07:00.0"] * 16, "x", words="unexpected argument 'x'")
        self.refused("settings", words="settings needs a command: list, get, ")
        for command in ("survey", "slots", "status", "capture"):
            self.refused(command, "x",
                         words=f"unexpected argument 'x'; see pcipass {command} --help")

    def test_nearest_word(self):
        """One line with what was meant, and no help beside it."""
        for typed, meant in ((["chekc", "slot2"], "unknown command 'chekc', did you mean 'check'?"),
                             (["CHECK"], "did you mean 'check'?"),
                             (["setings", "list"], "did you mean 'settings'?"),
                             (["help", "fre"], "unknown command 'fre', did you mean 'free'?"),
                             (["chekc", "--help"], "did you mean 'check'?"),
                             (["settings", "lsit"],
                              "unknown command 'settings lsit', did you mean 'settings list'?"),
                             (["override", "instal"], "did you mean 'override install'?"),
                             (["get", "x"], "unknown command 'get', did you mean 'settings get'?"),
                             (["--jsno"], "unknown option '--jsno', did you mean '--json'?"),
                             (["--colour", "always"], "did you mean '--color'?"),
                             (["survey", "--form=x"], "unknown option '--form', did you mean '--from'?"),
                             (["emit", "qmeu", "00:00.0"],
                              "unknown hypervisor 'qmeu', did you mean 'qemu'?")):
            self.refused(*typed, words=meant)
            self.assertNotIn("--help", run(*typed).stderr)

    def test_options_in_other_ways(self):
        self.refused("check", "--nonsense", words="unknown option '--nonsense'; see pcipass check --help")
        # an option that another command takes is no suggestion
        self.refused("check", "--reste", words="unknown option '--reste'; see pcipass check --help")
        self.refused("verify", "--reste", words="did you mean '--reset'?")
        self.refused("--re", words="option '--re' is short for more than one: --resume, --reset;")
        self.refused("--json=1", words="option '--json' takes no value")
        self.refused("settings", "list", "--verbose=1", words="option '--verbose' takes no value")
        self.refused("--color=never", "-zq", words="unknown option '-z'")
        self.refused("capture", "-o", words="option '-o' needs a value; see pcipass capture --help")
        self.refused("--", "--json", words="unknown command '--json'")

    def test_color(self):
        self.refused("--color", "bad", words="--color bad: need auto, always or never")
        self.refused("--color=", words="need auto, always or never")

    def test_options_that_a_command_does_not_take(self):
        for command, option in (("check", "--all"), ("check", "--color=never"),
                                ("explain", "--all"), ("capture", "--json"),
                                ("capture", "--all"), ("survey", "--yes"),
                                ("reserved", "--keep-private"), ("groups", "-ox")):
            arguments = [command, option] + (["07:00.0"] if command in ("check", "explain") else [])
            self.refused(*arguments, words=f"{command} does not take")

    def test_binding(self):
        for command in ("bind", "unbind"):
            self.refused(command, words=f"{command} needs DEVICE")
            self.refused(command, "07:00.0", "x", words="unexpected argument 'x'")
            for option in ("--json", "--resume", "--from=x", "--take"):
                self.refused(command, "07:00.0", option, words=f"{command} does not take")
            for option in ("--now", "--boot"):
                self.refused("undo", option, words=f"undo does not take {option};")

    def test_which_option(self):
        """Two that are taken together are told apart."""
        for option in ("--text", "--list"):
            self.refused(option, words=f"survey does not take {option};")

    def test_a_device_for_a_survey(self):
        self.refused("survey", "slot2", words="survey takes no device: try pcipass explain slot2\n")
        self.refused("survey", "07:00.0", "--from", "x y",
                     words="survey takes no device: try pcipass --from 'x y' explain 07:00.0\n")
        for path in ("C:\\x\\missing.tar", "rack2:web.tgz", "group1.tgz", "/slot2", "slot2.tar"):
            self.assertNotIn("takes no device", run("survey", path, "--from", "/nonexistent").stderr)

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

    def test_help_as_a_command(self):
        self.assertEqual(run("help").stdout, run("--help").stdout)
        for words in (["check"], ["settings"], ["settings", "get"], ["help"]):
            asked = run("help", *words)
            self.assertEqual((asked.returncode, asked.stderr), (0, ""))
            self.assertEqual(asked.stdout, run(*words, "--help").stdout)
            self.assertTrue(asked.stdout.endswith("For more details see pcipass(1).\n"), asked.stdout)

    def test_version(self):
        for option in ("--version", "-V"):
            answer = run(option)
            self.assertEqual(answer.returncode, 0)
            self.assertRegex(answer.stdout, r"^pcipass \d+\.\d+\.\d+\nWhat --from names is read (confined by|with limits only).*\.\n$")


class Rights(unittest.TestCase):
    """Who may not change the host is told before anything is read, shown or asked."""

    def setUp(self):
        if os.geteuid() == 0 and not shutil.which("setpriv"):
            self.skipTest("setpriv is not installed")

    def as_user(self, *arguments):
        command = [PCIPASS, *arguments]
        if os.geteuid() == 0:
            command = ["setpriv", "--reuid", "65534", "--clear-groups", *command]
        return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)

    def test_not_root(self):
        for line in ("bind 00:00.0", "bind 00:00.0 --yes", "bind 00:00.0 --dry-run", "unbind 00:00.0",
                     "free 00:00.0", "free 00:00.0 --yes", "free --plan missing.json",
                     "apply --plan missing.json", "apply --resume", "undo", "undo --yes",
                     "override install 00:00.0", "override remove"):
            answer = self.as_user(*line.split())
            self.assertEqual((answer.returncode, answer.stdout, answer.stderr),
                             (3, "", "pcipass: only root can change this host; run it with sudo\n"),
                             line)

    def test_misuse_comes_first(self):
        for line in ("bind", "apply", "free", "undo x", "free 00:00.0 --plan x"):
            self.assertEqual(self.as_user(*line.split()).returncode, 2, line)


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
                ("01:00.0", 1, "fixable"), ("0000:01:00.0", 1, "fixable"), ("slot2", 1, "fixable"),
                ("group1", 1, "fixable"), ("02:00.0", 0, "assignable"),
                ("03:00.0", 0, "with care"), ("00:01.0", 1, "a bridge"),
                ("8086:10fb", 1, "fixable")):
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
            for what, words in (("nonsense", "is not a device name: expected an address"), ("", ""),
                                ("0:0", "no such device"), ("09:00.0", "no such device"),
                                ("slot9", "slot9: no such slot; slots here: 2"),
                                ("group99", "no such group; groups here: 1, 2, 3, 4"),
                                ("1234:5678", "no such device"), ("Slot2", "did you mean 'slot2'?"),
                                ("slto2", "did you mean 'slot2'?"), ("gruop3", "did you mean 'group3'?"),
                                ("01:20.0", ""), ("01:00.8", "")):
                answer = self.run_pcipass(command, what)
                self.assertEqual((answer.returncode, answer.stdout), (2, ""), what)
                self.assertEqual(answer.stderr.count("\n"), 1)
                self.assertIn(words, answer.stderr)

    def test_names_that_may_be_here(self):
        """What was not read is no "no such"."""
        self.tree.remove("sys/firmware/dmi/tables/DMI")
        answer = self.run_pcipass("check", "slot9")
        self.assertEqual(answer.returncode, 3)
        self.assertIn("slot9: cannot tell whether it is present", answer.stderr)
        for file in ("vendor", "config"):
            self.tree.remove(f"sys/bus/pci/devices/0000:02:00.0/{file}")
        self.assertIn("the ids of some devices", self.run_pcipass("check", "1234:5678").stderr)

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
        (self.directory / "empty").mkdir()
        (self.directory / "text").write_text("no capture")
        (self.directory / "nothing").write_text("")
        os.mkfifo(self.directory / "pipe")
        for name in ("missing", "text", "nothing", "pipe"):
            answer = self.run_pcipass(path=self.directory / name)
            self.assertEqual((answer.returncode, answer.stdout), (4, ""), name)
            self.assertIn(name, answer.stderr)
            self.assertEqual(answer.stderr.count("\n"), 1)
        answer = self.run_pcipass(path="/dev/null")
        self.assertEqual(answer.returncode, 4)
        # a directory that holds no host: nothing is known
        self.assertIn(self.run_pcipass(path=self.directory / "empty").returncode, (3, 4))


if __name__ == "__main__":
    unittest.main()
