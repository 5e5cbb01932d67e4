#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The rules held against what real kernels showed, and the recipe that uses a real table."""

from __future__ import annotations

import os
import sys
import unittest
from glob import glob

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)

import recorded  # noqa: E402
from machinery import recipe  # noqa: E402
from machinery.kernel import Kernel  # noqa: E402

DATA = os.environ.get("PCIPASS_TEST_DATA", "")
SKIPPED = 77
# Group numbers of the real host, from its lspci.
G7_GROUPS = {"0000:00:00.0": 0, "0000:00:03.0": 3, "0000:00:0a.0": 10, "0000:03:00.0": 30,
             "0000:03:00.1": 30, "0000:04:00.0": 31, "0000:06:00.1": 34, "0000:09:00.0": 35,
             "0000:09:00.1": 35, "0000:3e:00.0": 36, "0000:3e:02.1": 37}


class Recorded(unittest.TestCase):
    """Groups and reserved regions of every recorded machine with an Intel IOMMU."""

    def test_groups_and_regions(self) -> None:
        seen = 0
        for path in sorted(glob(f"{DATA}/truth/6*/capture.tar.gz")):
            capture = recorded.Recording(path)
            if "sys/firmware/acpi/tables/DMAR" not in capture.files:
                continue
            k = Kernel(recorded.machine(capture))
            with self.subTest(machine=path.split("/")[-2]):
                self.assertEqual({f.address: n for f, n in k.items()}, capture.groups())
                regions = {n: "".join(f"0x{a:016x} 0x{b:016x} {kind}\n" for a, b, kind in r)
                           for n, r in k.regions.items()}
                self.assertEqual(regions, capture.regions())
                seen += 1
        self.assertGreater(seen, 30)


class Dl360G7(unittest.TestCase):
    """The recipe of a real host, with its own DMAR."""

    def test_as_the_real_host(self) -> None:
        m = recipe.load(f"{HERE}/dl360-g7.machine")
        k = Kernel(m)
        groups = {f.address: n for f, n in k.items()}
        for address, number in G7_GROUPS.items():
            with self.subTest(device=address):
                self.assertEqual(groups[address], number)
        held = [[d.address[5:] for d in r.devices] for r in k.rmrrs]
        self.assertEqual(held[0], ["00:1d.7"])
        self.assertEqual(held[2], ["05:00.0", "02:00.0", "02:00.2", "06:00.0", "06:00.1",
                                   "09:00.0", "09:00.1"])
        self.assertEqual(k.scope_messages, [])


if __name__ == "__main__":
    if not os.path.isdir(f"{DATA}/truth"):
        print(f"skipped: no recorded machines in PCIPASS_TEST_DATA ({DATA or 'not set'})")
        sys.exit(SKIPPED)
    unittest.main()
