#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The unit that checks at every boot: systemd takes every line of it, and the program takes its command.

usage: test-unit.py UNIT PCIPASS
"""

import re
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

UNIT, PCIPASS = (Path(x).resolve() for x in sys.argv[1:3])
del sys.argv[1:3]
ANALYZE = shutil.which("systemd-analyze")


class Unit(unittest.TestCase):
    def command(self) -> list[str]:
        return re.search(r"^ExecStart=(.*)$", UNIT.read_text(), re.MULTILINE)[1].split()

    def analyze(self, text: str) -> str:
        """What systemd says to a unit of that text, with the program of the build in it."""
        with tempfile.TemporaryDirectory() as directory:
            unit = Path(directory) / UNIT.name
            unit.write_text(text.replace(self.command()[0], str(PCIPASS)))
            done = subprocess.run([ANALYZE, "verify", "--man=no", "--recursive-errors=no", unit],
                                  capture_output=True, text=True, check=False, timeout=100)
            return "".join(x for x in done.stderr.splitlines(True) if UNIT.name in x)

    @unittest.skipUnless(ANALYZE, "no systemd-analyze")
    def test_systemd_takes_it(self):
        self.assertEqual(self.analyze(UNIT.read_text()), "")
        odd = self.analyze(UNIT.read_text().replace("ProtectHome=yes", "ProtectHome=perhaps"))
        self.assertIn("perhaps", odd)

    def test_the_program_takes_its_command(self):
        program, *arguments = self.command()
        self.assertTrue(program.endswith("/bin/pcipass"))
        self.assertEqual(arguments, ["verify", "--boot"])
        done = subprocess.run([PCIPASS, *arguments, "--help"], capture_output=True, text=True, check=True)
        self.assertIn("pcipass [options] verify --boot", done.stdout)

    def test_only_where_something_is_applied(self):
        self.assertIn("\nConditionPathExists=/var/lib/pcipass/apply.json\n", UNIT.read_text())


if __name__ == "__main__":
    if not ANALYZE:
        print("skipped: what systemd says to the unit: no systemd-analyze here")
    unittest.main()
