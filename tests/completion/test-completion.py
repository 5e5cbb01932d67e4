#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Completion: what "pcipass complete" offers, and what bash, zsh and fish make of it when a Tab is
pressed.

usage: test-completion.py PCIPASS DIRECTORY-OF-COMPLETIONS
"""

import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import shells

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "harness"))
from subset import thin  # noqa: E402

PCIPASS, FILES = Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve()
del sys.argv[1:3]
MACHINES = Path(__file__).resolve().parent.parent / "machines"
WORK = Path(tempfile.mkdtemp(prefix="pcipass-completion-"))
HOST = WORK / "dl380p-gen8.tar.gz"
SHELLS = ("bash", "zsh", "fish")


def setUpModule():
    subprocess.run([sys.executable, "-B", MACHINES / "mkmachine", MACHINES / "dl380p-gen8.machine", "-o", HOST],
                   check=True)
    (WORK / "a plan.json").touch()
    (WORK / "hosts").mkdir()
    for name in ("one", "two"):
        shutil.copy(HOST, WORK / f"hosts/{name}.tar.gz")


def tearDownModule():
    shutil.rmtree(WORK)


class Offered(unittest.TestCase):
    """The candidates, as the program prints them."""

    def offered(self, *words: str) -> dict[str, str]:
        done = subprocess.run([PCIPASS, "complete", "--", *words], capture_output=True, text=True, check=True)
        self.assertEqual(done.stderr, "")
        lines = [x.split("\t") for x in done.stdout.splitlines()]
        self.assertEqual(len({x[0] for x in lines}), len(lines), f"{words}: one of them twice")
        return dict(lines)

    def test_every_command_and_option(self):
        """All that the help has, and no other; each with its help."""
        text = subprocess.run([PCIPASS, "--help"], capture_output=True, text=True, check=True).stdout
        commands = re.findall(r"^  ([a-z]+)(?: .*)?  +(.*)$", text.partition("DEVICE is")[0], re.MULTILINE)
        self.assertGreater(len(commands), 15)
        self.assertEqual(self.offered(""), dict(commands))
        for name in dict(commands):
            own = subprocess.run([PCIPASS, name, "--help"], capture_output=True, text=True, check=True).stdout
            options = set(re.findall(r"^  (?:-\w, )?(--[a-z-]+)", own, re.MULTILINE))
            offered = set(self.offered(name, "--"))
            self.assertEqual(offered, options, name)

    def test_members(self):
        self.assertIn("get", self.offered("settings", ""))
        self.assertEqual(list(self.offered("help", "override", "st")), ["status"])
        self.assertIn("--schema", self.offered("settings", "get", "--s"))
        self.assertNotIn("--attach", self.offered("settings", "get", "--"))

    def test_devices(self):
        found = self.offered("--from", str(HOST), "explain", "")
        self.assertIn("SAS2308", found["07:00.0"])
        self.assertIn("SAS2308", found["slot2"])
        self.assertLess({"group19", "all-slots", "slot3"}, set(found))
        self.assertEqual(list(self.offered(f"--from={HOST}", "check", "0000:07")), ["0000:07:00.0"])
        self.assertEqual(list(self.offered("--from", str(HOST), "emit", "qemu", "slot1", "07")), ["07:00.0"])
        self.assertEqual(self.offered("--from", str(HOST), "check", "slot2", ""), {})
        self.assertEqual(self.offered("--from", str(WORK / "none"), "check", ""), {})

    def test_arguments(self):
        self.assertEqual(set(self.offered("--for", "")), {"kvm", "hyperv", "xen", "all"})
        self.assertEqual(set(self.offered("--for=x")), {"--for=xen"})
        self.assertEqual(set(self.offered("emit", "p")), {"proxmox"})
        self.assertIn("bios-rmrds", self.offered("--from", str(HOST), "free", "slot2", "--by", ""))
        self.assertEqual(list(self.offered("--columns", "+id,verd")), ["+id,verdict"])
        self.assertEqual(list(self.offered("--columns=ADDRESS,VERD")), ["--columns=ADDRESS,VERDICT"])
        found = self.offered("--from", str(HOST), "--filter", "verd")
        self.assertEqual(list(found), ["verdict="])
        found = set(self.offered("--from", str(HOST), "--filter", "id=*,verdict="))
        self.assertEqual(found, {"id=*,verdict=assignable", "id=*,verdict=care", "id=*,verdict=blocked-fixable"})
        self.assertIn("DRIVER=mpt3sas", self.offered("--from", str(HOST), "--filter", "DRIVER=m"))
        many = ["survey", "--from", str(WORK / "hosts")]
        self.assertEqual(set(self.offered(*many, "--filter", "host=")), {"host=one", "host=two"})
        self.assertEqual(list(self.offered(*many, "--filter=driver=mpt")), ["--filter=driver=mpt3sas"])
        self.assertEqual(self.offered("--from", "-", "--filter", "driver="), {})
        for words in (["--from", ""], ["survey", "a", ""], ["-o", "x"], ["settings", "load", ""], ["explain", "--log", ""]):
            self.assertEqual(self.offered(*words), {":file": ""})
        self.assertEqual(self.offered("--from=x"), {":file": "--from="})
        self.assertEqual(self.offered("settings", "list", "--store", "image:x"), {":file": "image:"})

    def test_nonsense(self):
        """Whatever is typed, nothing is offered that is not there, and nothing fails."""
        for words in ([], ["nonsense", ""], ["settings", "nonsense", ""], ["--", "--fr"], ["--nonsense", "-"],
                      ["-"], ["--columns", ",,,"], ["--filter", ",=,"], ["--filter", "x=", "--filter", "="], ["x" * 100000], ["--from"], ["emit"] + ["a"] * 1000):
            done = subprocess.run([PCIPASS, "complete", "--", *words], capture_output=True, check=False)
            self.assertEqual((done.returncode, done.stderr), (0, b""), words[:3])


# What is typed before the Tab, and the line after it.
TYPED = (
    ("pcipass expl", "pcipass explain "),
    ("pcipass settings lo", "pcipass settings load "),
    ("pcipass --for hy", "pcipass --for hyperv "),
    ("pcipass --for=hy", "pcipass --for=hyperv "),
    ("pcipass free --dry", "pcipass free --dry-run "),
    ("pcipass --from dl380p-gen8.tar.gz explain 07:", "pcipass --from dl380p-gen8.tar.gz explain 07:00.0 "),
    ("pcipass --from dl380p-gen8.tar.gz explain 0a:00.1", "pcipass --from dl380p-gen8.tar.gz explain 0a:00.1 "),
    ("pcipass --from=dl380p-gen8.tar.gz check slot2", "pcipass --from=dl380p-gen8.tar.gz check slot2 "),
    ("pcipass --from ~/dl380p-gen8.tar.gz emit xen slot2", "pcipass --from ~/dl380p-gen8.tar.gz emit xen slot2 "),
    ("pcipass --from dl38", "pcipass --from dl380p-gen8.tar.gz "),
    ("pcipass --from=dl38", "pcipass --from=dl380p-gen8.tar.gz "),
    ("pcipass free --plan a", r"pcipass free --plan a\ plan.json "),
)


class Typed(unittest.TestCase):
    """In each shell that is installed."""

    def setUp(self):
        self.programs = WORK / "bin"
        self.programs.mkdir(exist_ok=True)
        if not (self.programs / "pcipass").exists():
            (self.programs / "pcipass").symlink_to(PCIPASS)

    def type_all(self, shell: str):
        for line, after in thin(TYPED, 3, shell == "zsh"):
            with self.subTest(shell=shell, line=line):
                self.assertEqual(shells.completed(shell, FILES, self.programs, WORK, line), after)

    @unittest.skipUnless(shutil.which("bash"), "no bash")
    def test_bash(self):
        self.type_all("bash")

    @unittest.skipUnless(shutil.which("zsh"), "no zsh")
    def test_zsh(self):
        self.type_all("zsh")

    def test_program_in_the_current_directory(self):
        """What lies in a directory is not run because somebody presses Tab there."""
        trap = WORK / "trap" / "pcipass"
        trap.parent.mkdir(exist_ok=True)
        trap.write_text("#!/bin/sh\ntouch ran\n")
        trap.chmod(0o755)
        for shell in ("bash", "zsh"):
            if shutil.which(shell):
                after = shells.completed(shell, FILES, self.programs, trap.parent, "./pcipass expl")
                self.assertEqual(after, "./pcipass explain ", shell)
        if shutil.which("fish"):
            subprocess.run(["fish", "--no-config", "-c", f"source {FILES}/pcipass.fish; complete -C './pcipass expl'"],
                           capture_output=True, check=False, cwd=trap.parent,
                           env={"PATH": f"{self.programs}:/usr/bin:/bin", "HOME": str(WORK)})
        self.assertFalse((trap.parent / "ran").exists())

    @unittest.skipUnless(shutil.which("fish"), "no fish")
    def test_fish(self):
        """Fish itself says what it would put there."""
        for line, after in thin(TYPED, 3, 2):
            with self.subTest(line=line):
                done = subprocess.run(["fish", "--no-config", "-c", f"source {FILES}/pcipass.fish; complete -C '{line}'"],
                                      capture_output=True, text=True, check=False, cwd=WORK,
                                      env={"PATH": f"{self.programs}:/usr/bin:/bin", "HOME": str(WORK)})
                offered = [x.split("\t")[0] for x in done.stdout.splitlines()]
                self.assertEqual(offered, shlex.split(after)[-1:], done.stderr)


if __name__ == "__main__":
    for shell in SHELLS:
        if not shutil.which(shell):
            print(f"skipped: completion in {shell}: it is not installed")
    unittest.main()
