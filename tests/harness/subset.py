# SPDX-License-Identifier: GPL-2.0-or-later
"""What "./run test" runs of a test that starts the program hundreds of times: a part in the plain build, and
another with sanitizers. "./run test --slow", and a test that is asked for by its name, run all of it in both.

usage: subset.py EVERY TEST [ARGUMENT ...]

Of each class of TEST, a Python program with unittest, or of a file of tests/apply, the first of each EVERY test
functions runs with sanitizers, and the others run in the plain build.
"""

import os
import runpy
import sys
import unittest
from pathlib import Path

IS_WHOLE = "PCIPASS_TEST_WHOLE" in os.environ
IS_SANITIZED = "PCIPASS_TEST_SANITIZED" in os.environ and not IS_WHOLE


def some(hosts, every: int) -> list:
    """Under sanitizers the first of each so many; else the second of each four."""
    hosts = list(hosts)
    return few(hosts, every) if IS_WHOLE or IS_SANITIZED or len(hosts) < 2 else hosts[1::4]


def few(hosts, every: int) -> list:
    """Under sanitizers the first of each so many; else all."""
    return list(hosts)[::every if IS_SANITIZED else 1]


def thin(things, every: int, first: int = 0) -> list:
    """Each so many from the first on, in either build."""
    return list(things) if IS_WHOLE else list(things)[first::every]


def split(names, every: int) -> list:
    """Under sanitizers the first of each so many; else the others, or the one that there is."""
    names = list(names)
    if IS_WHOLE:
        return names
    if IS_SANITIZED:
        return names[::every]
    return [name for i, name in enumerate(names) if i % every] or names


def run(every: int, test: str) -> None:
    class Loader(unittest.TestLoader):
        def getTestCaseNames(self, testCaseClass):  # noqa: N802, N803
            return split(super().getTestCaseNames(testCaseClass), every)

    # Tests that are named are run all the same.
    unittest.main.__init__.__defaults__ = tuple(
        Loader() if value is unittest.defaultTestLoader else value for value in unittest.main.__init__.__defaults__)
    sys.path[0] = str(Path(test).resolve().parent)
    runpy.run_path(test, run_name="__main__")


if __name__ == "__main__":
    EVERY, sys.argv = int(sys.argv[1]), sys.argv[2:]
    # For files of tests/apply, which choose their functions themselves.
    os.environ["PCIPASS_TEST_EVERY"] = str(EVERY)
    run(EVERY, sys.argv[0])
