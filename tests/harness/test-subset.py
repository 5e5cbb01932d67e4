#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Between the plain build and the one with sanitizers no test function is left out (subset.py).

usage: test-subset.py
"""

import json
import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

SUBSET = Path(__file__).resolve().parent / "subset.py"
# Seven functions, and a class with one.
TESTS = """import unittest
class Seven(unittest.TestCase):
    pass
for n in range(7):
    setattr(Seven, f"test_{n}", lambda self: None)
class Alone(unittest.TestCase):
    def test_a(self):
        pass
unittest.main(verbosity=2)
"""
# How a file of tests/apply chooses.
CHOOSES = f"""import os, sys
sys.path.insert(0, {str(SUBSET.parent)!r})
from subset import few, some, split, thin
print(split("abcdefg", int(os.environ["PCIPASS_TEST_EVERY"])), some("abcdefg", 3), few("abcdefg", 3), some("a", 3), thin("abcdefg", 4, 1))
"""


class Subset(unittest.TestCase):
    def setUp(self):
        self.directory = Path(self.enterContext(tempfile.TemporaryDirectory()))

    def ran(self, text: str, every: int, *names: str, **more: str) -> str:
        """What a test prints that is run so."""
        file = self.directory / "test.py"
        file.write_text(text)
        env = {k: v for k, v in os.environ.items() if not k.startswith("PCIPASS_TEST_")}
        done = subprocess.run([sys.executable, "-B", SUBSET, str(every), file, *names], env=env | more, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        self.assertEqual(done.returncode, 0, done.stdout)
        return done.stdout

    def functions(self, every: int, *names: str, **more: str) -> set[str]:
        lines = self.ran(TESTS, every, *names, **more).splitlines()
        return {line.split()[0] for line in lines if line.endswith("... ok")}

    def test_functions(self):
        every = {f"test_{n}" for n in range(7)} | {"test_a"}
        self.assertEqual(self.functions(5, PCIPASS_TEST_SANITIZED="1"), {"test_0", "test_5", "test_a"})
        self.assertEqual(self.functions(5), every - {"test_0", "test_5"})
        for more in ({}, {"PCIPASS_TEST_SANITIZED": "1"}):
            self.assertEqual(self.functions(5, PCIPASS_TEST_WHOLE="1", **more), every)
            self.assertEqual(self.functions(5, "Seven.test_0", "Seven.test_1", **more), {"test_0", "test_1"})

    def test_lists(self):
        self.assertEqual(self.ran(CHOOSES, 5, PCIPASS_TEST_SANITIZED="1").strip(),
                         "['a', 'f'] ['a', 'd', 'g'] ['a', 'd', 'g'] ['a'] ['b', 'f']")
        whole = str([*"abcdefg"])
        self.assertEqual(self.ran(CHOOSES, 5).strip(),
                         f"['b', 'c', 'd', 'e', 'g'] ['b', 'f'] {whole} ['a'] ['b', 'f']")
        for more in ({}, {"PCIPASS_TEST_SANITIZED": "1"}):
            self.assertEqual(self.ran(CHOOSES, 5, PCIPASS_TEST_WHOLE="1", **more).strip(), f"{whole} {whole} {whole} ['a'] {whole}")

    def test_once(self):
        """What the build with sanitizers leaves out, the plain one runs all of."""
        tests = json.loads(Path(os.environ["PCIPASS_BUILD_ROOT"], "meson-info/intro-tests.json").read_text())
        once = [t for t in tests if any(suite.endswith("once") for suite in t["suite"])]
        self.assertGreater(len(once), 10)
        self.assertEqual([t["name"] for t in once if str(SUBSET) in map(os.path.realpath, t["cmd"])], [])


if __name__ == "__main__":
    unittest.main()
