#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Which physical slot a device sits in: SMBIOS, the kernel and the port above as witnesses."""

import unittest

from hosttree import Case, smbios_onboard, smbios_slot, smbios_system

HBA = "0000:07:00.0"


class Slots(Case):
    def setUp(self):
        super().setUp()
        t = self.host()
        t.bridge("0000:00:03.0", 7, group=1)
        t.device(HBA, 0x010700, group=2)
        t.device("0000:07:00.1", 0x010700, group=2)

    def slot(self, address=HBA):
        device = self.survey()[address]
        return device["slot"]

    def told(self, what="07:00.0"):
        """The line about the slot in the words for people."""
        lines = self.run_pcipass("explain", what).stdout.splitlines()
        return [x for x in lines if x.startswith("  slot")][0]

    def test_smbios_names_the_endpoint(self):
        self.tree.smbios(smbios_slot(2, "PCI-E Slot 2", 7, 0))
        self.assertEqual([self.slot(), self.slot("0000:07:00.1")], ["2", "2"])
        self.assertIsNone(self.slot("0000:00:03.0"))
        self.assertIn('2 ("PCI-E Slot 2"), by SMBIOS', self.told())

    def test_smbios_names_the_port(self):
        self.tree.smbios(smbios_slot(2, "PCI-E Slot 2", 0, 3 << 3))
        self.assertEqual(self.slot(), "2")

    def test_smbios_of_another_segment(self):
        self.tree.smbios(smbios_slot(2, "PCI-E Slot 2", 7, 0, segment=1))
        self.assertIsNone(self.slot())

    def test_smbios_segment_of_all_ones_is_none(self):
        self.tree.smbios(smbios_slot(2, "PCI-E Slot 2", 7, 0, segment=0xFFFF))
        self.assertEqual(self.slot(), "2")

    def test_number_from_the_words(self):
        for words, number in (("PCI-E Slot 2", "2"), ("SLOT1 J107", "1"), ("PCIE_SLOT#3", "3"),
                              ("Mezzanine Slot 12", "12"), ("J6B2", "9")):
            self.tree.smbios(smbios_slot(9, words, 7, 0))
            self.assertEqual(self.slot(), number, words)

    def test_addresses_that_say_nothing(self):
        self.tree.smbios(smbios_slot(1, "Slot 1", 0, 0), smbios_slot(2, "Slot 2", 0, 0))
        self.assertIsNone(self.slot())
        self.tree.smbios(smbios_slot(1, "Slot 1", 7, 0), smbios_slot(2, "Slot 2", 7, 0))
        self.assertIsNone(self.slot())
        notes = [f["text"] for f in self.document["host"]["findings"]]
        self.assertEqual(len([x for x in notes if "says nothing" in x]), 2)
        # and one that says something beside them
        self.tree.smbios(smbios_slot(1, "Slot 1", 0, 0), smbios_slot(2, "Slot 2", 7, 0))
        self.assertEqual(self.slot(), "2")

    def test_kernel_slots(self):
        self.tree.slot("4", "0000:07:00")
        self.assertEqual(self.slot(), "4")
        self.assertIn("by the kernel", self.told())
        # nobody says which other device it is
        self.tree.device("0000:08:00.0", group=3)
        self.assertIsNone(self.slot("0000:08:00.0"))

    def test_kernel_slot_of_a_bus(self):
        self.tree.slot("4", "0000:07")
        self.assertEqual(self.slot(), "4")

    def test_kernel_slot_of_another_device_or_domain(self):
        self.tree.slot("4", "0000:07:01")
        self.tree.slot("5", "0001:07:00")
        self.tree.slot("6", "nonsense")
        self.assertIsNone(self.slot())
        notes = [f["text"] for f in self.document["host"]["findings"]]
        self.assertTrue([x for x in notes if "'nonsense' is no slot address" in x])

    def test_second_slot_of_a_number(self):
        """The kernel calls it 2-1, the board 2: they agree."""
        self.tree.smbios(smbios_slot(2, "Slot 2", 7, 0))
        self.tree.slot("2-1", "0000:07:00")
        device = self.survey()[HBA]
        self.assertEqual(device["slot"], "2")
        self.assert_not_found(device, "slot-disputed")
        self.assertIn("by SMBIOS and the kernel", self.told())

    def test_capability_alone(self):
        self.tree.remove("sys/bus/pci/devices/0000:00:03.0")
        self.tree.bridge("0000:00:03.0", 7, group=1, slot=6)
        self.assertEqual(self.slot(), "6")
        self.assertIn("by the port's capability", self.told())

    def test_capability_of_nothing(self):
        self.tree.smbios(smbios_slot(1, "Slot 1", 9, 0))
        self.assertIsNone(self.slot())
        self.assertIn("none", self.told())

    def test_disagreement_is_kept(self):
        self.tree.smbios(smbios_slot(2, "Slot 2", 7, 0))
        self.tree.slot("5", "0000:07:00")
        device = self.survey()[HBA]
        self.assertEqual(device["slot"], "2")
        self.assert_finding(device, "slot-disputed", "informs", "slot 2", "/sys/bus/pci/slots",
                            "slot 5")

    def test_embedded(self):
        self.tree.smbios(smbios_onboard("Embedded NIC 1", 7, 0), smbios_slot(1, "Slot 1", 9, 0))
        device = self.survey()[HBA]
        self.assertIsNone(device["slot"])
        self.assertEqual(device["onboard"], "Embedded NIC 1")
        self.assertIn("none: embedded (Embedded NIC 1)", self.told())

    def test_embedded_below_a_port_with_a_number(self):
        self.tree.remove("sys/bus/pci/devices/0000:00:03.0")
        self.tree.bridge("0000:00:03.0", 7, group=1, slot=6)
        self.tree.smbios(smbios_onboard("Embedded NIC 1", 7, 0))
        self.assertIsNone(self.slot())

    def test_no_slot_or_not_known(self):
        """Only a table with addresses can tell that a device is in none of its slots."""
        self.assertIn("slot", self.survey()[HBA]["unread"])
        self.tree.smbios(smbios_slot(1, "Slot 1", 0, 0))
        self.assertIn("slot", self.survey()[HBA]["unread"])
        self.assertIn("not known", self.told())
        self.tree.smbios(smbios_slot(1, "Slot 1", 9, 0))
        self.assertNotIn("slot", self.survey()[HBA]["unread"])
        self.assertIn("none", self.told())


class Card(Case):
    """A card with a switch of its own: upstream port, two downstream ports, two functions."""

    def setUp(self):
        super().setUp()
        t = self.host()
        t.bridge("0000:00:03.0", 7, 0x0A, group=1)
        t.bridge("0000:07:00.0", 8, 0x0A, group=2, port=5)
        t.bridge("0000:08:00.0", 9, group=3, port=6)
        t.bridge("0000:08:01.0", 0x0A, group=4, port=6)
        t.device("0000:09:00.0", group=5)
        t.device("0000:0a:00.0", group=6)

    def slots(self):
        devices = self.survey()
        return [devices[a]["slot"] for a in ("0000:07:00.0", "0000:08:01.0", "0000:09:00.0",
                                             "0000:0a:00.0")]

    def test_inherited_from_the_endpoints_record(self):
        self.tree.smbios(smbios_slot(2, "Slot 2", 7, 0))
        self.assertEqual(self.slots(), ["2"] * 4)

    def test_inherited_from_the_ports_record(self):
        self.tree.smbios(smbios_slot(2, "Slot 2", 0, 3 << 3))
        self.assertEqual(self.slots(), ["2"] * 4)

    def test_inherited_from_the_kernel(self):
        self.tree.slot("2", "0000:07:00")
        self.assertEqual(self.slots(), ["2"] * 4)

    def test_the_switchs_own_numbers_are_none_of_the_board(self):
        self.tree.remove("sys/bus/pci/devices/0000:08:00.0")
        self.tree.bridge("0000:08:00.0", 9, group=3, port=6, slot=11)
        self.tree.smbios(smbios_slot(2, "Slot 2", 7, 0))
        self.assertEqual(self.slots(), ["2"] * 4)

    def test_root_ports_slot_does_not_spread(self):
        """What the record names is one port; its neighbour's card is in no slot."""
        self.tree.bridge("0000:00:04.0", 0x20, group=7)
        self.tree.device("0000:20:00.0", group=8)
        self.tree.smbios(smbios_slot(2, "Slot 2", 0, 3 << 3))
        self.assertIsNone(self.survey()["0000:20:00.0"]["slot"])


class Select(Case):
    def test_by_slot(self):
        t = self.host()
        t.device(HBA, 0x010700, group=2)
        t.smbios(smbios_system("HP", "ProLiant"), smbios_slot(2, "Slot 2", 7, 0))
        for what in ("slot2", "slot 2", "slot-2", "slot:2"):
            self.assertEqual(len(self.ask("explain", what)["devices"]), 1, what)
        for what, code in (("slot3", 3), ("slot", 2)):
            self.assertEqual(self.run_pcipass("explain", what).returncode, code, what)


if __name__ == "__main__":
    unittest.main()
