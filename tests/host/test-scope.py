#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Which device a DMAR scope names, exactly as Linux finds it."""

import unittest

from hosttree import ACPI, BRIDGE, ENDPOINT, HPET, IOAPIC, Case, drhd, rmrr, scope

START, END = 0xBD000000, 0xBD00FFFF


class Scopes(Case):
    def setUp(self):
        super().setUp()
        t = self.host()
        t.bridge("0000:00:1c.0", 1, 3, group=1)
        t.bridge("0000:01:00.0", 2, 3, group=2, port=5)
        t.bridge("0000:02:04.0", 3, group=3, port=6)
        t.device("0000:03:00.0", 0x010700, group=4)
        t.device("0000:03:00.1", 0x010700, group=5)
        t.device("0000:00:1f.0", 0x060100, group=6)
        t.device("0000:00:02.0", 0x030000, group=7)
        t.device("0000:40:00.0", 0x020000, group=8)
        t.device("0001:00:02.0", 0x020000, group=9)

    def one(self, *scopes, segment=0):
        """The region of a table that has only this one."""
        self.tree.dmar(drhd(), rmrr(START, END, *scopes, segment=segment))
        return self.reserved()[0]

    def devices(self, *scopes, segment=0):
        return self.one(*scopes, segment=segment)["devices"]

    def match(self, *scopes, segment=0):
        return [s["match"] for s in self.one(*scopes, segment=segment)["scopes"]]

    def test_path_through_bridges(self):
        path = scope(ENDPOINT, 0, "1c.0", "00.0", "04.0", "00.0")
        self.assertEqual(self.devices(path), ["0000:03:00.0"])
        self.assertEqual(self.match(path), ["matched"])

    def test_one_wrong_hop_names_nothing(self):
        for hops in (("1c.1", "00.0", "04.0", "00.0"), ("1c.0", "00.1", "04.0", "00.0"),
                     ("1c.0", "00.0", "04.0", "01.0"), ("1c.0", "04.0", "00.0"),
                     ("1c.0", "00.0", "04.0", "00.0", "00.0")):
            region = self.one(scope(ENDPOINT, 0, *hops))
            self.assertEqual(region["devices"], [], hops)
            self.assertEqual(region["scopes"][0]["match"], "names nothing that is there")

    def test_start_bus_must_be_a_root_bus(self):
        self.assertEqual(self.devices(scope(ENDPOINT, 1, "00.0", "04.0", "00.0")), [])
        self.assertEqual(self.devices(scope(ENDPOINT, 2, "04.0", "00.0")), [])

    def test_one_hop_is_tried_as_an_address(self):
        region = self.one(scope(ENDPOINT, 3, "00.1"))
        self.assertEqual(region["devices"], ["0000:03:00.1"])
        self.assertIn("workaround", region["scopes"][0]["match"])
        self.assertEqual(self.devices(scope(BRIDGE, 2, "04.0")),
                         ["0000:02:04.0", "0000:03:00.0", "0000:03:00.1"])

    def test_other_root_bus(self):
        self.assertEqual(self.match(scope(ENDPOINT, 0x40, "00.0")), ["matched"])
        self.assertEqual(self.devices(scope(ENDPOINT, 0x40, "00.0")), ["0000:40:00.0"])

    def test_bridge_holds_all_below(self):
        self.assertEqual(self.devices(scope(BRIDGE, 0, "1c.0")),
                         ["0000:00:1c.0", "0000:01:00.0", "0000:02:04.0", "0000:03:00.0",
                          "0000:03:00.1"])
        self.tree.regions(4, f"{START:#018x} {END:#018x} direct")
        finding = self.found(self.survey()["0000:03:00.0"], "rmrr-hard")
        self.assertIn("through the bridge 00:1c.0", finding["evidence"][0])

    def test_endpoint_scope_holds_only_it(self):
        self.assertEqual(self.devices(scope(ENDPOINT, 3, "00.0")), ["0000:03:00.0"])

    def test_endpoint_scope_on_a_bridge_is_of_the_wrong_type(self):
        region = self.one(scope(ENDPOINT, 0, "1c.0"))
        self.assertIn("wrong type", region["scopes"][0]["match"])
        self.assertEqual(region["devices"], [])

    def test_bridge_scope_on_an_endpoint_is_of_the_wrong_type(self):
        self.assertIn("wrong type", self.match(scope(BRIDGE, 0, "02.0"))[0])

    def test_bridge_scope_on_the_isa_bridge_is_accepted(self):
        region = self.one(scope(BRIDGE, 0, "1f.0"))
        self.assertEqual(region["scopes"][0]["match"], "matched")
        self.assertEqual(region["devices"], ["0000:00:1f.0"])

    def test_other_types_are_ignored(self):
        for kind in (IOAPIC, HPET, ACPI, 6):
            region = self.one(scope(kind, 3, "00.0"))
            self.assertIn("ignores", region["scopes"][0]["match"])
            self.assertEqual(region["devices"], [])

    def test_segment(self):
        self.assertEqual(self.devices(scope(ENDPOINT, 0, "02.0"), segment=1), ["0001:00:02.0"])
        self.assertEqual(self.devices(scope(ENDPOINT, 0, "02.0"), segment=0), ["0000:00:02.0"])
        self.assertEqual(self.devices(scope(ENDPOINT, 0, "02.0"), segment=2), [])

    def test_no_hops(self):
        region = self.one(scope(ENDPOINT, 0))
        self.assertEqual(region["scopes"][0]["match"], "names nothing that is there")
        self.assertEqual(region["devices"], [])

    def test_hop_that_is_no_device(self):
        self.assertEqual(self.devices(scope(ENDPOINT, 0, "20.0")), [])
        self.assertEqual(self.devices(scope(ENDPOINT, 0, "02.8")), [])

    def test_vf_is_never_named(self):
        self.tree.device("0000:03:10.0", group=10, physfn="0000:03:00.0")
        region = self.one(scope(ENDPOINT, 3, "10.0"))
        self.assertEqual(region["scopes"][0]["match"], "names nothing that is there")
        self.assertEqual(region["devices"], [])
        # but a bridge above takes it along
        self.assertIn("0000:03:10.0", self.devices(scope(BRIDGE, 0, "1c.0")))

    def test_bridge_without_a_bus_leads_nowhere(self):
        self.tree.bridge("0000:00:1d.0", 0, group=11)
        self.assertEqual(self.devices(scope(ENDPOINT, 0, "1d.0", "02.0")), [])
        self.assertEqual(self.devices(scope(BRIDGE, 0, "1d.0")), ["0000:00:1d.0"])

    def test_two_scopes_to_one_device_hold_it_once(self):
        region = self.one(scope(ENDPOINT, 3, "00.0"), scope(BRIDGE, 0, "1c.0"),
                          scope(ENDPOINT, 0, "1c.0", "00.0", "04.0", "00.0"))
        self.assertEqual(region["devices"].count("0000:03:00.0"), 1)
        self.assertEqual(len(region["devices"]), 5)


if __name__ == "__main__":
    unittest.main()
