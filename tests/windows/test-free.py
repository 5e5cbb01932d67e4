#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""pcipass.exe frees a slot under wine: planned, asked, written through a program that stands in for HP's
conrep, checked after a reboot, and undone; and what is left when it is killed at any of its changes.

usage: test-free.py PCIPASS [NAME…]

The machine is that of gen8host.py.
"""

import json
import shutil
import subprocess
import sys
import time
import unittest
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "harness")]
import gen8  # noqa: E402
from gen8host import DRIVER_BYTES, MODULE, NEWER, OLDER, Host  # noqa: E402
from subset import IS_WHOLE  # noqa: E402

KILLED = 99
SLOT2 = {"RMRDS_Slot2"}


class Free(Host):
    def test_there_and_back(self):
        """The whole way, as it is typed."""
        said = self.live("explain", "slot2")
        self.assertIn("Next: as an administrator on that host (it asks first): pcipass free slot2", said)
        said = self.live("free", "slot2", code=2)
        self.assertIn("not a terminal, so pcipass cannot ask", said)
        self.assertIn("set the BIOS setting RMRDS_Slot2 to Endpoints_Excluded", said)
        self.assertEqual((self.conrep.changed(), self.left()), (set(), set()))
        said = self.live("free", "slot2", "--yes")
        self.assertIn('Reboot, then run "pcipass verify"', said)
        self.assertEqual(self.conrep.changed(), SLOT2)
        said = self.live("verify", code=1)
        self.assertIn("it has not been rebooted yet", said)
        self.boot()
        said = self.live("verify")
        self.assertIn("its boot id has changed", said)
        self.assertIn("slot2: freed", said)
        self.assertRegex(said, r"Next: pcipass .*emit hyperv slot2")
        said = self.live("emit", "hyperv", "slot2", "--vm", "Ceph")
        self.assertIn("Dismount-VMHostAssignableDevice -Force -LocationPath $path", said)
        said = self.run_it("undo", "--yes")
        self.assertIn("Undone; it takes effect at the next boot", said)
        self.assertEqual(self.conrep.changed(), set())
        self.boot()
        self.live("check", "slot2", code=1)
        self.assertIn("Nothing to undo", self.run_it("undo", "--yes"))

    def test_by_a_plan(self):
        self.live("free", "slot2", "-o", "plan.json", "--force")
        plan = json.loads((self.directory / "plan.json").read_text())
        self.assertEqual((plan["host"]["kernel"], plan["host"]["windows"][:7]), (None, "Windows"))
        self.run_it("apply", "--plan", "plan.json", "--yes")
        self.assertEqual(self.conrep.changed(), SLOT2)
        self.run_it("undo", "--yes")
        self.assertEqual(self.conrep.changed(), set())

    def test_where_conrep_is(self):
        """The newest version of the module; the path of every user; a name that is given, with any letters."""
        self.conrep.place(self.drive / OLDER)
        older = self.conrep.tools
        self.conrep.place(self.drive / NEWER)
        self.live("free", "slot2", "--yes")
        self.assertEqual(self.conrep.changed(), SLOT2)
        self.run_it("undo", "--yes")
        self.conrep.tools = older
        self.assertEqual(self.conrep.changed(), set())
        shutil.rmtree(self.drive / MODULE)
        directory = "HP T\u00f6\u00f4ls \u4e2d"
        self.conrep.place(self.drive / directory)
        self.addCleanup(shutil.rmtree, self.drive / directory)
        said = self.live("free", "slot2", "--yes", code=4)
        self.assertIn("HP's conrep is not installed", said)
        self.live("free", "slot2", "--yes", "--store", f"hp:C:\\{directory}\\conrep.exe")
        self.assertEqual(self.conrep.changed(), SLOT2)
        self.run_it("undo", "--yes")
        key = r"HKLM\SYSTEM\CurrentControlSet\Control\Session Manager\Environment"
        self.addCleanup(self.wine.run, "reg", "add", key, "/v", "Path", "/t", "REG_EXPAND_SZ", "/d",
                        r"C:\windows\system32;C:\windows", "/f")
        self.wine.run("reg", "add", key, "/v", "Path", "/t", "REG_EXPAND_SZ", "/d", rf"C:\windows;C:\{directory}", "/f")
        self.live("free", "slot2", "--yes")
        self.assertEqual(self.conrep.changed(), SLOT2)

    def test_driver(self):
        """Asked about first, put in place, and taken away by an undo of its own."""
        package = self.needs_driver()
        said = self.live("free", "slot2", code=2)
        self.assertIn("copy hpsstkio.sys, the driver that HP's conrep needs", " ".join(said.split()))
        self.assertFalse(self.driver.exists())
        for path in (package, package.parent):
            before = path.stat().st_mode
            path.chmod(0o777)
            said = self.live("free", "slot2", "--yes", code=3)
            path.chmod(before & 0o777)
            self.assertIn("others than administrators may write to it", said)
        self.live("free", "slot2", "--yes")
        self.assertEqual((self.driver.read_bytes(), self.conrep.changed()), (DRIVER_BYTES, SLOT2))
        self.run_it("undo", "--yes")
        self.assertEqual((self.driver.exists(), self.conrep.changed()), (True, set()))
        said = self.run_it("undo", "--yes")
        self.assertIn("remove C:/windows/System32/drivers/hpsstkio.sys", said)
        self.assertFalse(self.driver.exists())
        self.assertIn("Nothing to undo", self.run_it("undo", "--yes"))

    def test_driver_for_settings(self):
        """Commands on settings offer it too: with --yes, or at a terminal; never unasked."""
        self.needs_driver()
        wish = f"RMRDS_Slot2={gen8.NEW}"
        for words, more in ((["list"], {}), (["get", "RMRDS_Slot2"], {}), (["save"], {}), (["set", wish], {}),
                            (["set", wish, "--yes", "--dry-run"], {}),
                            (["set", wish, "--yes"], {"exe": self.wine.faults, "PCIPASS_PLAIN": "1"})):
            done = self.wine.run(more.pop("exe", self.wine.exe), "settings", *words, cwd=self.directory, **more)
            self.said = (done.stdout + done.stderr).decode(errors="replace")
            self.assertNotIn(done.returncode, (0, 1), self.said)
            self.assertEqual((self.driver.exists(), self.conrep.changed(), self.left() - {"apply.lock"}), (False, set(), set()), words)
            if not more and "--dry-run" not in words:
                self.assertIn("lacks its driver, hpsstkio.sys", self.said)
        done = self.wine.pcipass("settings", "set", wish, "--yes", "--json", cwd=self.directory)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertTrue(json.loads(done.stdout))
        self.assertIn(b'"pcipass undo" removes it', done.stderr)
        self.assertEqual((self.driver.read_bytes(), self.conrep.changed()), (DRIVER_BYTES, SLOT2))
        self.assertIn("copy hpsstkio.sys", " ".join(self.run_it("status").split()))
        self.run_it("settings", "get", "RMRDS_Slot2")
        self.run_it("settings", "set", f"RMRDS_Slot2={gen8.OLD}", "--yes")
        self.run_it("undo", "--yes")
        self.assertEqual((self.driver.exists(), self.conrep.changed()), (False, set()))
        self.assertIn("Nothing to undo", self.run_it("undo", "--yes"))

    def test_a_driver_that_is_there(self):
        """Stays as it is; without one in the package it is said what is missing."""
        self.needs_driver().unlink()
        said = self.live("free", "slot2", "--yes", code=3)
        self.assertIn("hpsstkio.sys", said)
        self.needs_driver("Tools/ConfigurationData")
        self.driver.write_bytes(b"another version")
        self.live("free", "slot2", "--yes")
        self.run_it("undo", "--yes")
        self.assertEqual((self.driver.read_bytes(), self.conrep.changed()), (b"another version", set()))

    def test_what_fails(self):
        """Each is told, nothing of it stays, and there is nothing to undo."""
        for word, code, said in (("driver", 3, "hpsstkio.sys"), ("half", 4, "RMRDS_Slot"), ("lie", 4, "does not read back"),
                                 ("die", 4, "255"), ("hang", 4, "stopped")):
            with self.subTest(word):
                shutil.rmtree(self.state, ignore_errors=True)
                self.conrep.reset()
                self.conrep.mode(word)
                self.live("free", "all-slots", "--yes", code=code, exe=self.wine.faults, PCIPASS_FAST="1000" if word == "hang" else "1")
                self.assertIn(said, self.said)
                self.assertNotIn("Linux", self.said)
                if word in ("die", "hang"):
                    self.assertIn("run it yourself with -s", self.said)
                self.conrep.mode("")
                self.assertEqual(self.conrep.changed(), set(), self.said)
                self.assertIn("Nothing to undo", self.run_it("undo", "--yes"))

    def test_no_rights(self):
        """What can be told is; who wants to act is told so before any question, and nothing is written."""
        plain = {"exe": self.wine.faults, "PCIPASS_PLAIN": "1"}
        self.live("check", "slot2", code=1, **plain)
        self.live("free", "slot2", "--dry-run", **plain)
        for words in (["free", "slot2"], ["free", "slot2", "--yes"], ["undo"], ["apply", "--plan", "none.json"]):
            said = self.run_it(*(["--from", "live:live"] if words[0] == "free" else []), *words, code=3, **plain)
            self.assertIn("only an administrator can change this host", said)
            self.assertNotIn("WHAT WILL BE DONE", said)
        self.assertEqual((self.left(), self.conrep.changed()), (set(), set()))

    def test_program_data_elsewhere(self):
        """On another drive; by the registry, whatever the environment says."""
        other, letter = self.directory / "data", self.wine.prefix / "dosdevices/d:"
        other.mkdir()
        key = r"HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion\ProfileList"
        self.addCleanup(self.wine.run, "reg", "delete", key, "/v", "ProgramData", "/f")
        self.addCleanup(letter.unlink, True)
        letter.symlink_to(other)
        self.wine.run("reg", "add", key, "/v", "ProgramData", "/d", "D:\\", "/f")
        self.live("free", "slot2", "--yes", ProgramData=r"C:\nowhere")
        self.assertEqual({p.name for p in (other / "pcipass").iterdir()}, {"apply.json", "apply.lock"})
        self.assertEqual((self.left(), self.conrep.changed()), (set(), SLOT2))
        self.run_it("undo", "--yes")
        self.assertEqual(self.conrep.changed(), set())

    def test_a_state_directory_that_others_may_write(self):
        self.state.mkdir(parents=True)
        self.state.chmod(0o777)
        said = self.live("free", "slot2", "--yes", code=3)
        self.assertIn("others than administrators may write to it", said)
        self.assertEqual(self.conrep.changed(), set())


class Killed(Host):
    """Ended in front of each change: old or new, and the next command brings it to an end."""

    EVERY = 1 if IS_WHOLE else 19

    def kill_at(self, n: int, *words: str) -> bool:
        """Whether the command has so many changes."""
        done = self.wine.run(self.wine.faults, *words, cwd=self.directory, PCIPASS_KILL=str(n))
        self.said = (done.stdout + done.stderr).decode(errors="replace")
        self.assertIn(done.returncode, (0, KILLED), (n, self.said))
        return done.returncode == KILLED

    def assert_whole(self, what):
        self.assertIn(self.conrep.changed(), (set(), SLOT2), what)

    def assert_tidy(self, what):
        """No directory of conrep's work and no temporary file; the journal is that of a whole apply."""
        self.assertLessEqual(self.left(), {"apply.json", "apply.lock"}, what)

    def settled(self, *words: str) -> subprocess.CompletedProcess:
        """Runs a command that brings an end to what was killed, as soon as wine has let go of its lock."""
        for _ in range(60):
            done = self.wine.pcipass(*words, cwd=self.directory)
            self.said = (done.stdout + done.stderr).decode(errors="replace")
            if "at work" not in self.said:
                return done
            time.sleep(0.1)
        raise AssertionError(self.said)

    def test_free(self):
        """By turns it goes on, or is undone."""
        ends: dict = {}
        self.needs_driver()
        n = 1
        while self.kill_at(n, "--from", "live:live", "free", "slot2", "--yes"):
            self.assert_whole(n)
            there = self.left()
            begun = "apply.json" in there
            how = "resume" if n // self.EVERY % 2 else "undo"
            done = self.settled("apply", "--resume") if how == "resume" else self.settled("undo", "--yes")
            # Killed in front of the journal's first byte, or behind its last, there is nothing to carry on.
            nothing = bool(done.returncode) or "Nothing to " in self.said
            if nothing:
                self.assertRegex(self.said, "nothing is applied|no apply was interrupted", n)
            elif how == "undo":
                self.assertEqual(self.conrep.changed(), set(), (n, self.said))
            else:
                # The driver alone, before it came to the setting.
                self.assertTrue(self.conrep.changed() == SLOT2 or self.driver.exists(), (n, self.said))
            self.assertTrue(begun or nothing, (n, self.said))
            self.assertTrue(not self.driver.exists() or self.driver.read_bytes() == DRIVER_BYTES, n)
            while not self.settled("undo", "--yes").returncode and "Nothing to undo" not in self.said:
                pass
            self.assertEqual((self.conrep.changed(), self.driver.exists()), (set(), False), (n, self.said))
            if nothing or self.left() - {"apply.json", "apply.lock"}:
                # No journal named the store yet, so that nothing was swept there: the next that writes does that.
                self.driver.touch()
                self.assertEqual(self.settled("settings", "set", "--yes", f"RMRDS_Slot1={gen8.OLD}").returncode, 0, self.said)
                self.driver.unlink()
            self.assert_tidy(n)
            key = how if not nothing else "nothing begun"
            ends[key] = ends.get(key, 0) + 1
            shutil.rmtree(self.state, ignore_errors=True)
            n += self.EVERY
        self.assertEqual(self.conrep.changed(), SLOT2, self.said)
        self.assertGreater(n, 20)
        print(f"free, killed: {ends}", file=sys.stderr)

    def test_settings(self):
        """The driver is all there or not at all, the setting old or new, and both can be taken back."""
        wish, n, ends = f"RMRDS_Slot2={gen8.NEW}", 1, {}
        self.needs_driver()
        while self.kill_at(n, "settings", "set", wish, "--yes"):
            self.assert_whole(n)
            self.assertTrue(not self.driver.exists() or self.driver.read_bytes() == DRIVER_BYTES, n)
            begun = self.driver.exists()
            # The same again carries on where it can; an apply that was interrupted is undone first.
            if self.settled("settings", "set", wish, "--yes").returncode:
                self.assertEqual(self.settled("undo", "--yes").returncode, 0, (n, self.said))
                self.assertEqual(self.settled("settings", "set", wish, "--yes").returncode, 0, (n, self.said))
            self.assertEqual((self.conrep.changed(), self.driver.read_bytes()), (SLOT2, DRIVER_BYTES), (n, self.said))
            self.assert_tidy(n)
            ends[begun] = ends.get(begun, 0) + 1
            self.driver.unlink()
            self.conrep.reset()
            shutil.rmtree(self.state, ignore_errors=True)
            n += self.EVERY
        self.assertEqual(self.conrep.changed(), SLOT2, self.said)
        self.assertGreater(n, 20)
        print(f"settings set, killed, by whether the driver was there: {ends}", file=sys.stderr)

    def test_undo(self):
        n, ends = 1, {}
        while True:
            shutil.rmtree(self.state, ignore_errors=True)
            self.conrep.reset()
            self.live("free", "slot2", "--yes")
            if not self.kill_at(n, "undo", "--yes"):
                break
            self.assert_whole(n)
            done = self.settled("undo", "--yes")
            if done.returncode:
                self.assertIn("was undone already", self.said)
            self.assertEqual(self.conrep.changed(), set(), (n, self.said))
            self.assert_tidy(n)
            ends[done.returncode] = ends.get(done.returncode, 0) + 1
            n += self.EVERY
        self.assertEqual(self.conrep.changed(), set(), self.said)
        self.assertGreater(n, 20)
        print(f"undo, killed: {ends}", file=sys.stderr)


if __name__ == "__main__":
    gen8.start()
    unittest.main()
