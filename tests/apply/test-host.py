#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The program as it is typed on a host: each command that it names next is the one that is run.

The host is a folder that a mount namespace has as its root, so this is all of pcipass with nothing
given to it but its command line. What the kernel does with a driver or a table is not in it: a
story of the lab has that.

usage: test-host.py PCIPASS
"""

import re
import shutil
import sys
import tempfile
import unittest
from pathlib import Path

import fakeroot
import namespace

PCIPASS = sys.argv.pop(1)
KILLED = "#!/bin/sh\nkill -9 $PPID\n"  # the power goes while the initrd is made


def named(text: str, pattern: str) -> str:
    """A command that a text tells to type, over its line breaks."""
    found = re.search(pattern, re.sub(r"\s+", " ", text))
    assert found, f"no {pattern} in: {text}"
    return found.group(1)


class Typed(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.host = namespace.Host(Path(folder.name) / "host", PCIPASS)

    def type(self, line: str, code: int, *words: str) -> str:
        """What it said; its exit status and some words are as expected."""
        status, text = self.host.run(line)
        self.assertEqual(status, code, f"{line}: {text}")
        for word in words:
            self.assertIn(word, text, line)
        self.assertNotIn("Sanitizer", text)
        return text

    def test_a_setting(self):
        """Surveyed, freed, rebooted, verified, and taken back, each by the command named before."""
        before = self.host.changed()
        survey = self.type("pcipass", 0)
        free = named(survey, r"Next: to free slot 2, .*? done by: (pcipass free slot2) \(as root; ")
        self.assertEqual(named(self.type("pcipass check slot2", 1), r"\((pcipass .*?)\): "), free)
        explained = self.type(named(survey, "More: (pcipass explain 07:00.0)"), 0)
        self.assertEqual(named(explained, r"as root: (pcipass free \S+)"), "pcipass free 07:00.0")
        planned = self.type(named(explained, r"would do: (pcipass free \S+ --dry-run)"), 0)
        self.assertEqual(named(planned, r"as root, (pcipass free \S+) asks"),
                         "pcipass free 07:00.0")
        yes = named(self.type(free, 2), "nobody can be asked here: (--yes)")
        self.assertEqual(before, self.host.changed())
        done = self.type(f"{free} {yes}", 0, "set RMRDS_Slot2 to Endpoints_Excluded")
        self.assertNotIn("Next:", done)
        self.assertIn("RMRDS_Slot2=Endpoints_Excluded\n", self.host.text("usr/sbin/settings"))
        verify, undo = (named(done, f'Done. Reboot, .*?"(pcipass {x})"') for x in ("verify", "undo"))
        self.type(verify, 1, "reboot first")
        self.host.started("dl380p-gen8-freed", fakeroot.NEW_BOOT)
        self.type(verify, 0, "slot2: it took")
        self.type("pcipass check slot2", 0, "assignable")
        self.type(f"{undo} --yes", 0, "set RMRDS_Slot2 back to")
        self.assertNotIn("Excluded", self.host.text("usr/sbin/settings"))
        self.type(f"{undo} --yes", 4, "undone already")

    def test_a_table(self):
        before = self.host.changed()
        free = named(self.type("pcipass free slot2 --dry-run --by table-override", 0),
                     r"as root, (pcipass free slot2 --by table-override) asks")
        self.type(f"{free} --yes", 0, "run update-initramfs -u -k all")
        self.type("pcipass override status", 1, "reboot")
        self.type("pcipass override remove", 0)
        self.assertEqual(before, self.host.changed())
        self.type("pcipass override install 02:00.0 --yes", 0)
        self.type("pcipass undo --yes", 0)
        self.assertEqual(before, self.host.changed())

    def test_override_remove_is_not_for_more(self):
        self.type("pcipass free slot2 --yes", 0)
        undo = named(self.type("pcipass override remove", 1), '"(pcipass undo)" takes all')
        self.type(f"{undo} --yes", 0)

    def test_arguments(self):
        self.host.started("dl380p-gen8-iommu-off")
        before = self.host.changed()
        free = named(self.type("pcipass", 0), r"Next: add intel_iommu=on .*? done by: (pcipass \S+ \S+)")
        self.type(f"{free} --yes", 0, "run update-grub")
        self.assertIn("intel_iommu=on", self.host.text("boot/grub/grub.cfg"))
        self.type("pcipass undo --yes", 0)
        self.assertEqual(before, self.host.changed())

    def test_half_done(self):
        before = self.host.changed()
        for which in ("apply --resume", "undo"):
            tool = self.host.path / "usr/sbin/update-initramfs"
            whole = tool.read_text()
            tool.write_text(KILLED)
            self.type("pcipass free slot2 --by table-override --yes; code=$?; sleep 0.5; exit $code",
                      137)
            tool.write_text(whole)
            told = self.type("pcipass free slot2 --yes", 4, "half done")
            command = named(told, f'"(pcipass {which})"')
            self.assertIn(command, self.type("pcipass verify", 3, "half done"))
            self.type(f"{command} --yes", 0)
            if which != "undo":
                self.type("pcipass undo --yes", 0)
            self.assertEqual(before, self.host.changed())

    def test_nothing_applied(self):
        told = self.type("pcipass verify", 3)
        self.assertEqual(named(told, "give (--plan) FILE, or --attach DEVICE"), "--plan")
        self.type("pcipass free slot2 -o plan.json", 0)
        self.type("pcipass verify --plan plan.json", 1)
        self.type("pcipass apply --plan plan.json --dry-run", 0, "would set RMRDS_Slot2")
        self.type("pcipass apply --plan plan.json --yes", 0)

    def test_without_conrep(self):
        """Where HP's program is missing it is said before anything is changed, and how to name it."""
        self.host.path.joinpath("usr/sbin/conrep").rename(self.host.path / "usr/sbin/hp-conrep")
        told = self.type("pcipass free slot2 --yes", 4, "install HP's")
        self.assertIn("hp:PROGRAM", told)
        self.type("pcipass settings get --store hp:/usr/sbin/hp-conrep RMRDS_Slot2", 0,
                  "RMRDS_Slot2=Endpoints_Included")

    def test_bound_at_boot(self):
        before = self.host.changed()
        bind = named(self.type("pcipass bind slot2 --dry-run", 0), "as root, (pcipass bind slot2) asks")
        self.type(f"{bind} --boot --yes", 0, "write /etc/udev/rules.d/05-pcipass.rules")
        self.type("pcipass undo --yes", 0)
        self.assertEqual(before, self.host.changed())


if __name__ == "__main__":
    WHY = namespace.missing()
    if WHY:
        print(f"skipped: {WHY}")
        sys.exit(77)
    if not shutil.which("chroot"):
        print("skipped: chroot is not installed")
        sys.exit(77)
    unittest.main()
