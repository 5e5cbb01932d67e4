#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""That one test can be run by its name, its file, and by a name inside it.

usage: test-one.py BUILD SOURCE_ROOT
"""

import contextlib
import io
import re
import subprocess
import sys
import unittest
from pathlib import Path

import one
from subset import IS_WHOLE, thin

BUILD, ROOT = Path(sys.argv.pop(1)).resolve(), Path(sys.argv.pop(1))


def run_one(*words: str) -> tuple:
    ran = subprocess.run([sys.executable, "-B", str(ROOT / "tests/harness/one.py"), str(BUILD), *words], check=False,
                         capture_output=True, text=True, timeout=60)
    return ran.returncode, ran.stdout + ran.stderr


class One(unittest.TestCase):
    def test_in_c(self) -> None:
        for name in ("base-text", str(ROOT / "tests/base/test-text.c")):
            code, text = run_one(name)
            self.assertEqual(code, 0, text)
            names = re.findall(r"\[ RUN      \] (\w+)", text)
            self.assertGreater(len(names), 1)
            code, text = run_one(name, names[1])
            self.assertEqual((code, re.findall(r"\[ RUN      \] (\w+)", text)), (0, [names[1]]))
            code, text = run_one(name, names[1][:-1] + "?")
            self.assertIn(f"[ RUN      ] {names[1]}", text)

    def test_in_python(self) -> None:
        for name in ("docs-rolling", str(ROOT / "tests/docs/rolling-test.py")):
            code, text = run_one(name, "NoSuchClass")
            self.assertEqual(code, 1, text)

    def test_unknown(self) -> None:
        code, text = run_one("base-texd")
        self.assertEqual(code, 2)
        self.assertIn("did you mean base-text", text)

    def test_one_whole(self) -> None:
        code, text = run_one("layers", "x")
        self.assertEqual(code, 2)
        self.assertIn("takes no pattern", text)

    def test_a_pattern_that_fits_nothing(self) -> None:
        """Never a run of everything, and never a success: tried on a third of the tests, and in a whole run on each
        that takes names."""
        known = one.known_tests(BUILD)
        targets = {Path(f): t for t in known["targets"] for f in t["filename"]}
        tried = 0
        for test in thin(known["tests"], 3):
            what = one.takes(test, targets)
            if what and test["name"] != "one" and not test["name"].endswith("-smoke"):
                with self.subTest(test["name"]):
                    text = io.StringIO()
                    with contextlib.redirect_stdout(text), contextlib.redirect_stderr(text):
                        code = one.run_test(test, ["test_of_no_such_name"], BUILD, targets)
                    self.assertIn(code, (1, 77), text.getvalue()[-400:])
                    tried += 1
        self.assertGreater(tried, 60 if IS_WHOLE else 20)


if __name__ == "__main__":
    unittest.main()
