#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""pcipass.exe writes settings under wine, through a program that stands in for HP's conrep: what it runs,
how that may fail, and what is left when it is killed.

usage: test-settings.py PCIPASS [NAME…]
"""

import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import gen8  # noqa: E402
import wine  # noqa: E402
from gen8 import NEW, OLD  # noqa: E402


class Settings(unittest.TestCase):
    """A directory of the prefix with conrep.exe and what it keeps."""

    FOLDER = "tools"

    @classmethod
    def setUpClass(cls):
        cls.scratch = tempfile.TemporaryDirectory()
        cls.directory = Path(cls.scratch.name)
        cls.wine = wine.Wine(cls.directory)
        cls.conrep = gen8.Conrep(cls.directory)

    @classmethod
    def tearDownClass(cls):
        cls.scratch.cleanup()

    def setUp(self):
        self.drive = self.wine.prefix / "drive_c"
        self.place(self.FOLDER)

    def place(self, directory: str) -> None:
        self.tools = self.drive / directory
        self.conrep.place(self.tools)
        self.store = "hp:C:\\" + directory.replace("/", "\\") + "\\conrep.exe"
        self.addCleanup(shutil.rmtree, self.tools, True)
        self.state = self.drive / "ProgramData/pcipass"
        shutil.rmtree(self.state, ignore_errors=True)

    def run_settings(self, *words: str) -> subprocess.CompletedProcess:
        done = self.wine.pcipass("settings", *words, "--store", self.store, cwd=self.directory)
        self.said = (done.stdout + done.stderr).decode(errors="replace")
        return done

    def set_two(self) -> subprocess.CompletedProcess:
        return self.run_settings("set", "--yes", f"RMRDS_Slot2={NEW}", f"RMRDS_Slot5={NEW}")

    def assert_is(self, value: str):
        found = self.conrep.values()
        self.assertEqual({found["RMRDS_Slot2"], found["RMRDS_Slot5"]}, {value}, self.said)
        self.assertEqual({v for k, v in found.items() if k not in ("RMRDS_Slot2", "RMRDS_Slot5")}, {OLD})

    def left(self) -> set[str]:
        return {p.name for p in self.state.iterdir()} - {"apply.lock"} if self.state.exists() else set()

    def assert_clean(self):
        """Nothing of the work is left but the lock's file."""
        self.assertEqual(self.left(), set(), self.said)

    def test_there_and_back(self):
        self.assertEqual(self.run_settings("list").returncode, 0, self.said)
        self.assertEqual(self.set_two().returncode, 0, self.said)
        self.assert_is(NEW)
        self.assertEqual(self.run_settings("get", "RMRDS_Slot2").returncode, 0)
        self.assertIn(NEW, self.said)
        self.assertEqual(self.run_settings("set", "--yes", f"RMRDS_Slot2={OLD}", f"RMRDS_Slot5={OLD}").returncode, 0)
        self.assert_is(OLD)
        self.assert_clean()

    def test_paths(self):
        """Blanks and letters that are not ASCII."""
        for directory in ("Program Files/HP T\u00f6\u00f4ls \u4e2d", "a'b &c"):
            self.place(directory)
            self.assertEqual(self.set_two().returncode, 0, self.said)
            self.assert_is(NEW)

    def test_what_fails(self):
        """Each failure is told, and what was there is there again."""
        for word, said in (("driver", "driver"), ("half", ""), ("lie", "")):
            with self.subTest(word):
                self.place(self.FOLDER)
                self.conrep.mode(word)
                done = self.set_two()
                self.assertNotEqual(done.returncode, 0, self.said)
                self.assertIn(said, self.said)
                self.conrep.mode("")
                self.run_settings("list")
                self.assert_is(OLD)
                self.assert_clean()

    def test_no_program(self):
        (self.tools / "conrep.exe").unlink()
        self.assertNotEqual(self.set_two().returncode, 0)
        self.assertIn("conrep.exe", self.said)
        for place in ("conrep.exe", "\\conrep.exe", "C:conrep.exe", "\\\\host\\share\\conrep.exe"):
            self.store = "hp:" + place
            self.assertEqual(self.set_two().returncode, 2, self.said)

    def test_a_program_that_others_may_write(self):
        for path in (self.tools / "conrep.exe", self.tools):
            before = path.stat().st_mode
            path.chmod(0o777)
            done = self.set_two()
            path.chmod(before & 0o777)
            self.assertNotEqual(done.returncode, 0, self.said)
            self.assertIn("others than administrators may write to it", self.said)
            self.assert_is(OLD)

    def test_a_state_directory_that_others_may_write(self):
        self.state.mkdir(parents=True)
        self.state.chmod(0o777)
        self.assertNotEqual(self.set_two().returncode, 0)
        self.assertIn("others than administrators may write to it", self.said)
        self.assert_is(OLD)

    def test_killed(self):
        """At many moments, also while conrep is at work: old or new, once the next command has looked."""
        ends = {OLD: 0, NEW: 0}
        for n in range(8):
            with self.subTest(n):
                self.place(self.FOLDER)
                self.conrep.mode("stay" if n % 2 else "")
                words = ["settings", "set", "--yes", "--store", self.store, f"RMRDS_Slot2={NEW}", f"RMRDS_Slot5={NEW}"]
                started = subprocess.Popen([self.wine.loader, self.wine.exe, *words], cwd=self.directory, env=self.wine.environ,
                                           stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
                time.sleep(0.05 + 0.25 * n)
                started.send_signal(signal.SIGKILL)
                started.wait()
                self.conrep.mode("")
                # What it held is let go of by another process of wine's, when that comes to it.
                for _ in range(30):
                    listed = self.run_settings("set", "--yes", f"RMRDS_Slot1={OLD}")
                    if "at work" not in self.said:
                        break
                    time.sleep(0.5)
                self.assertEqual(listed.returncode, 0, self.said)
                now = self.conrep.values()["RMRDS_Slot2"]
                self.assert_is(now)
                # A file that the dead process still has open outlives the first that sweeps.
                if self.left():
                    self.run_settings("set", "--yes", f"RMRDS_Slot1={OLD}")
                self.assert_clean()
                ends[now] += 1
        print(f"killed {sum(ends.values())} times: {ends}", file=sys.stderr)


if __name__ == "__main__":
    gen8.start()
    unittest.main()
