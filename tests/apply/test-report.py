#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What an attempt prints, in text. The document is held against its schema in tests/docs."""

import subprocess
import sys
import unittest

MAKER = sys.argv.pop(1)


def text(kind: str) -> str:
    return subprocess.run([MAKER, "text", kind], check=True, capture_output=True, text=True).stdout


class Text(unittest.TestCase):
    def test_attached(self):
        out = text("attached")
        self.assertTrue(out.startswith("0000:02:00.0, group 8\n0000:02:00.1, group 8\n"), out)
        self.assertIn("\n  ok         set-container  group 8\n", out)
        self.assertTrue(out.endswith("\nattached\nwhat was taken is put back\nNext: pcipass emit qemu slot2\n"), out)

    def test_refused(self):
        out = text("refused")
        self.assertIn("\n  EPERM      set-container  group 8\n"
                      "             kernel: vfio-pci 0000:02:00.0: DMAR: Device is ineligible\n", out)
        self.assertIn("\nrefused: the kernel refused set-container: Operation not permitted\n", out)
        self.assertTrue(out.endswith("what was taken is put back\nNext: pcipass explain slot2\n"), out)

    def test_not_tried(self):
        out = text("not-tried")
        self.assertIn("\nnot tried: 0000:02:00.0 belongs to mptsas: --take takes it, and puts it "
                      "back\n", out)
        self.assertNotIn("put back", out)

    def test_stopped(self):
        self.assertIn("\nstopped: it was asked to stop\n", text("stopped"))

    def test_left(self):
        out = text("left")
        self.assertTrue(out.endswith(
            "NOT PUT BACK: what is left to do, as root:\n"
            "  echo 0000:02:00.0 > /sys/bus/pci/drivers/mptsas/bind\n"
            "or \"pcipass undo\", which tries that again\n"), out)
        self.assertIn("what the kernel logged could not be read: Operation not permitted\n", out)


if __name__ == "__main__":
    unittest.main()
