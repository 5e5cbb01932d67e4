# SPDX-License-Identifier: GPL-2.0-or-later
"""What a build with sanitizers runs of a test that compares many answers: every so many of its hosts, or of its
test functions. The plain build runs all of them, and so does "./run test --slow" with sanitizers.

usage: subset.py EVERY TEST [ARGUMENT ...]

Of each class of TEST, a Python program with unittest, the first of each EVERY test functions.
"""

import os
import runpy
import sys
import unittest
from pathlib import Path

IS_SANITIZED = "PCIPASS_TEST_SANITIZED" in os.environ and "PCIPASS_TEST_WHOLE" not in os.environ


def some(hosts, every: int) -> list:
    """The first of each so many under sanitizers, else all."""
    return list(hosts)[::every if IS_SANITIZED else 1]


def run(every: int, test: str) -> None:
    class Loader(unittest.TestLoader):
        def getTestCaseNames(self, testCaseClass):  # noqa: N802, N803
            return some(super().getTestCaseNames(testCaseClass), every)

    # Tests that are named are run all the same.
    unittest.main.__init__.__defaults__ = tuple(
        Loader() if value is unittest.defaultTestLoader else value for value in unittest.main.__init__.__defaults__)
    sys.path[0] = str(Path(test).resolve().parent)
    runpy.run_path(test, run_name="__main__")


if __name__ == "__main__":
    EVERY, sys.argv = int(sys.argv[1]), sys.argv[2:]
    run(EVERY, sys.argv[0])
