#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""From the firmware's table and the topology to who is held."""

import unittest

from hosttree import (ENDPOINT, EXCLUSION, READ, UNITY, WRITE, Case, drhd, ivmd, rmrr,
                      scope)

START, END = 0xBD000000, 0xBD00FFFF


class Dmar(Case):
    def test_relaxable_is_told_by_the_device(self):
        t = self.host()
        t.device("0000:01:00.0", 0x030000, group=1)
        t.device("0000:01:00.1", 0x040300, group=1)
        t.device("0000:00:1d.0", 0x0C0320, group=2)
        t.device("0000:00:1d.1", 0x0C0500, group=3)
        t.dmar(drhd(), rmrr(START, END, scope(ENDPOINT, 1, "00.0"), scope(ENDPOINT, 1, "00.1"),
                            scope(ENDPOINT, 0, "1d.0"), scope(ENDPOINT, 0, "1d.1")))
        region = self.reserved()[0]
        self.assertEqual(region["relaxable_devices"], ["0000:00:1d.0", "0000:01:00.0"])
        self.assertEqual(region["kind"], "direct")

    def test_relaxable_as_a_whole(self):
        t = self.host()
        t.device("0000:00:1d.0", 0x0C0320, group=2)
        t.dmar(drhd(), rmrr(START, END, scope(ENDPOINT, 0, "1d.0")))
        self.assertEqual(self.reserved()[0]["kind"], "direct-relaxable")

    def test_two_regions_of_one_device(self):
        t = self.host()
        t.device("0000:01:00.0", group=1)
        t.dmar(drhd(), rmrr(START, START + 0xFFF, scope(ENDPOINT, 1, "00.0")),
               rmrr(0xBE000000, 0xBE000FFF, scope(ENDPOINT, 1, "00.0")))
        t.regions(1, "0x00000000bd000000 0x00000000bd000fff direct")
        regions = self.reserved()
        self.assertEqual([r["index"] for r in regions], [0, 1])
        self.assertEqual([r["not_listed_by_kernel"] for r in regions], [[], ["0000:01:00.0"]])
        f = self.found(self.survey()["0000:01:00.0"], "rmrr-hard")
        self.assertIn("0xbd000000-0xbd000fff and 1 more", f["text"])

    def test_odd_regions_hold_all_the_same(self):
        t = self.host()
        t.device("0000:01:00.0", group=1)
        t.regions(1, "0x00000000bd000000 0x00000000bd000fff direct")
        here = scope(ENDPOINT, 1, "00.0")
        for start, end, words in ((0, 0, "is empty"), (0x2000, 0x1FFF, "ends below"),
                                  (START + 1, END, "4 KiB"), (START, END - 1, "4 KiB"),
                                  (0x10000000, 0x10000FFF, "not reserved in the memory map")):
            t.dmar(drhd(), rmrr(start, end, here))
            device = self.survey()["0000:01:00.0"]
            self.found(device, "rmrr-hard")
            odd = [f for f in self.document["host"]["findings"] if f["rule"] == "region-odd"]
            self.assertEqual(len(odd), 1, words)
            self.assertIn(words, odd[0]["text"])
        t.dmar(drhd(), rmrr(START, END, here))
        self.survey()
        self.assertNotIn("region-odd", [f["rule"] for f in self.document["host"]["findings"]])


class Ivrs(Case):
    def setUp(self):
        super().setUp()
        t = self.host(iommu="ivhd0")
        for group, address in enumerate(("0000:00:14.0", "0000:01:00.0", "0000:01:00.1",
                                         "0000:10:00.0", "0001:01:00.0")):
            t.device(address, 0x030000 if address.endswith(".1") else 0x010700, group=group)

    def held(self, *blocks):
        self.tree.ivrs(*blocks)
        return [r["devices"] for r in self.reserved()]

    def test_all(self):
        self.assertEqual(self.held(ivmd(0, 0x1000)),
                         [["0000:00:14.0", "0000:01:00.0", "0000:01:00.1", "0000:10:00.0"]])

    def test_select(self):
        self.assertEqual(self.held(ivmd(START, 0x1000, 0x0100, select=True)), [["0000:01:00.0"]])

    def test_range_ends_are_inside(self):
        self.assertEqual(self.held(ivmd(0, 0x1000, 0x00A0, 0x0100)),
                         [["0000:00:14.0", "0000:01:00.0"]])
        self.assertEqual(self.held(ivmd(0, 0x1000, 0x0101, 0x0FFF)), [["0000:01:00.1"]])

    def test_segment(self):
        self.assertEqual(self.held(ivmd(0, 0x1000, segment=1)), [["0001:01:00.0"]])

    def test_unity_or_exclusion_or_neither(self):
        self.assertEqual(self.held(
            ivmd(0, 0x1000, 0x0100, select=True, flags=EXCLUSION),
            ivmd(0x1000, 0x1000, 0x0100, select=True, flags=UNITY),
            ivmd(0x2000, 0x1000, 0x0100, select=True, flags=READ | WRITE),
            ivmd(0x3000, 0x1000, 0x0100, select=True, flags=0)),
            [["0000:01:00.0"], ["0000:01:00.0"], [], []])

    def test_nothing_is_relaxable(self):
        self.tree.ivrs(ivmd(0, 0x1000, 0x0101, select=True))
        region = self.reserved()[0]
        self.assertEqual((region["devices"], region["relaxable_devices"], region["kind"]),
                         (["0000:01:00.1"], [], "direct"))


class MemoryMap(Case):
    def covered(self, iomem):
        t = self.tree
        if iomem is not None:
            t.write("proc/iomem", iomem)
        else:
            t.remove("proc/iomem")
        return self.reserved()[0]["reserved_in_memory_map"]

    def test_coverage(self):
        t = self.host()
        t.device("0000:01:00.0", group=1)
        t.dmar(drhd(), rmrr(START, END, scope(ENDPOINT, 1, "00.0")))
        for iomem, answer in (
                ("bd000000-bd00ffff : Reserved\n", True),
                ("bd000000-bd00ffff : reserved\n", True),
                ("bd000000-bd00ffff : ACPI Non-volatile Storage\n", True),
                ("bd000000-bd00fffe : Reserved\n", False),
                ("bd000001-bd00ffff : Reserved\n", False),
                ("bd000000-bd00ffff : System RAM\n", False),
                ("bd000000-bd007fff : Reserved\nbd008000-bdffffff : Reserved\n", True),
                ("bd000000-bd007fff : Reserved\nbd008001-bdffffff : Reserved\n", False),
                ("00000000-ffffffff : PCI Bus\n  bc000000-be000000 : Reserved\n", True),
                ("nonsense\n1000-1fff : System RAM\n", False),
                # what users see is no answer
                ("00000000-00000000 : Reserved\n  00000000-00000000 : Reserved\n", None),
                ("", None), (None, None)):
            self.assertIs(self.covered(iomem), answer, iomem)
        self.assertIn("proc/iomem", [u["path"] for u in self.ask("reserved")["host"]["unread"]])


class KernelRegions(Case):
    def setUp(self):
        super().setUp()
        self.host().device("0000:01:00.0", group=7)

    def test_kinds(self):
        self.tree.regions(7, "0x0000000000001000 0x0000000000001fff direct",
                          "0x0000000000002000 0x0000000000002fff direct-relaxable",
                          "0x0000000000003000 0x0000000000003fff reserved",
                          "0x00000000fee00000 0x00000000feefffff msi",
                          "0x000000fd00000000 0x000000ffffffffff strange")
        regions = [(r["start"], r["end"], r["kind"], r["group"])
                   for r in self.ask("reserved")["regions"]]
        self.assertEqual(regions, [("0x1000", "0x1fff", "direct", 7),
                                   ("0x2000", "0x2fff", "direct-relaxable", 7),
                                   ("0x3000", "0x3fff", "reserved", 7),
                                   ("0xfee00000", "0xfeefffff", "msi", 7),
                                   ("0xfd00000000", "0xffffffffff", "unknown", 7)])

    def test_malformed_line_makes_it_unread(self):
        good = "0x0000000000001000 0x0000000000001fff direct"
        for bad in ("0x1000 direct", "words", "0x1000 0x1fff", "0x1000 0x1zff direct",
                    "0x11111111111111111 0x2 direct", "0x1000 0x" + "f" * 400 + " direct"):
            self.tree.regions(7, good, bad)
            device = self.survey()["0000:01:00.0"]
            f = self.found(device, "region-unread")
            self.assertEqual((f["effect"], f["could"]), ("unknown", "blocks"))
            self.assertEqual(device["verdict"], "unknown", bad)
            self.assertEqual(self.ask("reserved")["regions"], [])
            self.assertEqual(self.run_pcipass("reserved").returncode, 0)

    def test_malformed_line_beside_a_table(self):
        """The table then decides, and what was read before the bad line is no proof."""
        self.tree.dmar(drhd(), rmrr(START, END, scope(ENDPOINT, 1, "00.0")))
        self.tree.regions(7, "0x1000 0x1fff direct", "nonsense")
        device = self.survey()["0000:01:00.0"]
        f = self.assert_finding(device, "rmrr-hard", "blocks")
        self.assertNotIn("reserved_regions", "".join(f["evidence"]))

    def test_absent(self):
        self.tree.remove("sys/kernel/iommu_groups/7/reserved_regions")
        self.assertEqual(self.survey()["0000:01:00.0"]["verdict"], "unknown")

    def test_empty_is_no_region(self):
        self.tree.regions(7)
        self.assertEqual(self.survey()["0000:01:00.0"]["verdict"], "assignable")


if __name__ == "__main__":
    unittest.main()
