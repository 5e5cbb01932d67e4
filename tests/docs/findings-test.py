#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The scripts of findings/: listed, of one form, pinned, and clean for shellcheck. None is run.

usage: findings-test.py SOURCE_ROOT
"""

import os
import re
import shutil
import subprocess
import sys
import unittest
from pathlib import Path

FOLDER = Path(sys.argv.pop(1)) / "findings"
SCRIPTS = sorted(FOLDER.glob("*-*.sh"))
QEMU = re.search(r"^qemu_packages=\(([^)]*)\)", (FOLDER / "common.sh").read_text(), re.M)[1].replace("\n\t", " ")
TEXTS = {script.name: script.read_text() for script in SCRIPTS}


class Findings(unittest.TestCase):
    def test_list(self):
        listed = re.findall(r"^\| \[([^]]+)\]\(\1\) \| \S", (FOLDER / "README.md").read_text(), re.M)
        self.assertEqual(listed, [script.name for script in SCRIPTS])
        self.assertTrue(listed)

    def test_head(self):
        """Each says first what one would expect, what happens, where, and why it matters."""
        for name, text in TEXTS.items():
            with self.subTest(name):
                head = text.split("\n# shellcheck", 1)[0].splitlines()
                self.assertTrue(all(line.startswith("#") for line in head))
                words = [line.split()[1] for line in head if re.match(r"# [A-Z]\w+( it matters)?:", line)]
                self.assertEqual(words, ["Expected:", "Seen:", "Versions:", "Why"])

    def test_pins(self):
        """A package without a version would tell of another version tomorrow."""
        for name, text in TEXTS.items():
            with self.subTest(name):
                text = text.replace('"${qemu_packages[@]}"', QEMU)
                packages = " ".join(re.findall(r"^\t*(?:get_from \w+|get|npm_get) (.+)$", text.replace("\\\n", ""), re.M)).split()
                self.assertTrue(packages)
                self.assertEqual([p for p in packages if not re.search(r"\w(=|@)\d", p)], [])

    def test_end(self):
        for name, text in TEXTS.items():
            with self.subTest(name):
                self.assertTrue(text.endswith("\nfinish\n"))
                self.assertTrue(os.access(FOLDER / name, os.X_OK))

    @unittest.skipUnless(shutil.which("shellcheck"), "shellcheck is not installed")
    def test_shellcheck(self):
        run = subprocess.run(["shellcheck", "-x", *(str(f) for f in FOLDER.glob("*.sh"))],
                             capture_output=True, text=True, check=False)
        self.assertEqual((run.returncode, run.stdout), (0, ""))


if __name__ == "__main__":
    unittest.main()
