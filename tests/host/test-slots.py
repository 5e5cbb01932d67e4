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
        self.assertIn('2 ("PCI-E Slot 2"; source: SMBIOS)', self.told())

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
                              ("PCI-E Slot 02", "2"), ("J6B2", "9")):
            self.tree.smbios(smbios_slot(9, words, 7, 0))
            self.assertEqual(self.slot(), number, words)

    def test_addresses_that_say_nothing(self):
        self.tree.smbios(smbios_slot(1, "Slot 1", 0, 0), smbios_slot(2, "Slot 2", 0, 0))
        self.assertIsNone(self.slot())
        self.tree.smbios(smbios_slot(1, "Slot 1", 7, 0), smbios_slot(2, "Slot 2", 7, 0))
        self.assertIsNone(self.slot())
        notes = [f["text"] for f in self.document["host"]["findings"]]
        self.assertEqual(len([x for x in notes if "is meaningless" in x]), 2)
        # and one that says something beside them
        self.tree.smbios(smbios_slot(1, "Slot 1", 0, 0), smbios_slot(2, "Slot 2", 7, 0))
        self.assertEqual(self.slot(), "2")

    def test_kernel_slots(self):
        self.tree.slot("4", "0000:07:00")
        self.assertEqual(self.slot(), "4")
        self.assertIn("(source: kernel)", self.told())
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
        self.assertTrue([x for x in notes if "'nonsense' is not a slot address" in x])

    def test_second_slot_of_a_number(self):
        """The kernel calls it 2-1, the board 2: they agree."""
        self.tree.smbios(smbios_slot(2, "Slot 2", 7, 0))
        self.tree.slot("2-1", "0000:07:00")
        device = self.survey()[HBA]
        self.assertEqual(device["slot"], "2")
        self.assert_not_found(device, "slot-disputed")
        self.assertIn("source: SMBIOS, kernel)", self.told())

    def test_capability_alone(self):
        self.tree.remove("sys/bus/pci/devices/0000:00:03.0")
        self.tree.bridge("0000:00:03.0", 7, group=1, slot=6)
        self.assertEqual(self.slot(), "6")
        self.assertIn("(source: slot capability)", self.told())

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
        self.assertIn("unknown", self.told())
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

    def number_the_switchs_ports(self):
        for address, bus, number in (("0000:08:00.0", 9, 11), ("0000:08:01.0", 0x0A, 12)):
            self.tree.remove(f"sys/bus/pci/devices/{address}")
            self.tree.bridge(address, bus, group=number, port=6, slot=number)

    def test_second_device_behind_a_switch(self):
        self.number_the_switchs_ports()
        self.tree.slot("11", "0000:09:00")  # they can be hot-plugged: the kernel lists them
        self.tree.slot("12", "0000:0a:00")
        for record in (smbios_slot(2, "Slot 2", 7, 0), smbios_slot(2, "Slot 2", 0, 3 << 3)):
            self.tree.smbios(record)
            self.assertEqual(self.slots(), ["2"] * 4)
            for address in ("0000:09:00.0", "0000:0a:00.0"):
                self.assert_not_found(self.survey()[address], "slot-disputed")
        self.tree.smbios()
        self.tree.slot("2", "0000:07:00")
        self.assertEqual(self.slots(), ["2"] * 4)

    def test_outermost_register_counts(self):
        self.number_the_switchs_ports()
        self.tree.remove("sys/bus/pci/devices/0000:00:03.0")
        self.tree.bridge("0000:00:03.0", 7, 0x0A, group=1, slot=2)
        self.assertEqual(self.slots(), ["2"] * 4)

    def test_a_switch_of_the_board(self):
        """Its ports are what the board names, each of its own."""
        self.tree.smbios(smbios_slot(1, "Slot 1", 8, 0), smbios_slot(2, "Slot 2", 8, 1 << 3))
        self.assertEqual(self.slots(), [None, "2", "1", "2"])

    def test_root_ports_slot_does_not_spread(self):
        """What the record names is one port; its neighbour's card is in no slot."""
        self.tree.bridge("0000:00:04.0", 0x20, group=7)
        self.tree.device("0000:20:00.0", group=8)
        self.tree.smbios(smbios_slot(2, "Slot 2", 0, 3 << 3))
        self.assertIsNone(self.survey()["0000:20:00.0"]["slot"])


class Places(Case):
    """What kind of place it is: by the words and by the code of SMBIOS."""

    PCI, PROPRIETARY, M2, U2, OCP, PCIE3_X16 = 0x06, 0x09, 0x17, 0x20, 0x26, 0xB6

    def setUp(self):
        super().setUp()
        t = self.host()
        t.bridge("0000:00:03.0", 7, group=1)
        t.device(HBA, 0x010700, group=2)

    def place(self, words, code, number=5):
        self.tree.smbios(smbios_slot(number, words, 7, 0, slot_type=code))
        device = self.survey()[HBA]
        slot = device["slot"]
        self.assertEqual(slot, device["place"].removeprefix("slot")
                         if (device["place"] or "").startswith("slot") else None)
        return device["place"]

    def test_words_and_code(self):
        for words, code, place in (
                ("PCI-E Slot 2", self.PCIE3_X16, "slot2"), ("PCI Slot 7", self.PCI, "slot7"),
                ("PCI-E Slot10", self.PCIE3_X16, "slot10"), ("PCI-E Slot 3", 0xFF, "slot3"),
                ("PCI-E Slot 3", self.PROPRIETARY, "slot3"), ("Slot 3", 2, "slot3"),
                ("PCI-E Riser 2 Slot 1", self.PCIE3_X16, "slot1"),
                ("PCIE1-J5", self.PCIE3_X16, "slot5"),
                ("Mezzanine Slot 2", self.PCIE3_X16, "mezz2"), ("Mezz2", self.PCIE3_X16, "mezz2"),
                ("Mezzanine 1", self.PCIE3_X16, "mezz1"), ("OCP Slot 14", self.OCP, "ocp14"),
                ("OCP Slot 14", self.PCIE3_X16, "ocp14"), ("OCP NIC 3.0", self.OCP, "ocp5"),
                ("OCP NIC 3.0 2", self.OCP, "ocp2"), ("OCP_MEZZ_CONN", self.PROPRIETARY, "ocp5"),
                ("PCI-E Slot 4", self.OCP, "ocp4"), ("PCI-E Slot 4", self.U2, "nvme4"),
                ("NVMe Slot 30", self.U2, "nvme30"), ("NVMe Slot", self.U2, "nvme5"),
                ("Slot7/M.2 SSD0", self.M2, "nvme7"), ("M.2 Slot 3", self.PCIE3_X16, "nvme3"),
                ("Storage Controller Slot 12", self.PROPRIETARY, "storage12"),
                ("Smart Array Slot 1", self.PCIE3_X16, "storage1"),
                ("FlexibleLOM 1", self.PCIE3_X16, "flexlom1"),
                ("FlexLOM", self.PCIE3_X16, "flexlom5"),
                ("Embedded SATA", self.PCIE3_X16, "other5"), ("Slot 3", self.PROPRIETARY, "other3"),
                ("AGP Slot", 0x0F, "other5"), ("Front Bay", self.PROPRIETARY, "other5")):
            self.assertEqual(self.place(words, code), place, (words, code))

    def test_without_a_number(self):
        self.assertIsNone(self.place("NVMe Slot", self.U2, number=0))
        told = self.run_pcipass("explain", "07:00.0").stdout
        self.assertIn('place    nvme, without a number ("NVMe Slot")', told)
        self.tree.smbios(smbios_slot(0, "1/1/0/3", 7, 0))
        self.assertIn('slot     without a number ("1/1/0/3")',
                      self.run_pcipass("explain", "07:00.0").stdout)
        self.tree.slot("3", "0000:07:00")  # a number from elsewhere will do
        self.assertEqual(self.survey()[HBA]["place"], "slot3")

    def test_named_on_the_command_line(self):
        self.place("Mezzanine Slot 2", self.PCIE3_X16)
        for what in ("mezz2", "mezz 2", "mezz-2", "mezz:2", "mezz02", "mezzanine2"):
            self.assertEqual(len(self.ask("explain", what)["devices"]), 1, what)
        for what, code in (("slot2", 2), ("mezz3", 2), ("ocp2", 2), ("mezz", 2)):
            self.assertEqual(self.run_pcipass("explain", what).returncode, code, what)
        self.assertIn("slot2: no such slot; places here: mezz2",
                      self.run_pcipass("explain", "slot2").stderr)
        self.assertIn('place    mezz2 ("Mezzanine Slot 2"; source: SMBIOS)',
                      self.run_pcipass("explain", "mezz2").stdout)

    def test_virtual_functions_are_where_the_card_is(self):
        self.tree.device("0000:07:10.0", 0x020000, group=3, physfn=HBA)
        self.place("PCI-E Slot 2", self.PCIE3_X16)
        self.assertEqual(self.survey()["0000:07:10.0"]["place"], "slot2")


class Twins(Case):
    """Two places of one number."""

    def setUp(self):
        super().setUp()
        t = self.host()
        t.bridge("0000:00:03.0", 7, group=1)
        t.device(HBA, 0x010700, group=2)
        t.bridge("0000:00:04.0", 9, group=3)
        t.device("0000:09:00.0", group=4)

    def refused(self, what, *words):
        run = self.run_pcipass("explain", what)
        self.assertEqual((run.returncode, run.stdout), (2, ""), run.stderr)
        for word in words:
            self.assertIn(word, run.stderr)

    def test_two_records(self):
        self.tree.smbios(smbios_slot(1, "PCI-E Riser 1 Slot 1", 7, 0),
                         smbios_slot(1, "PCI-E Riser 2 Slot 1", 9, 0))
        self.refused("slot1", '07:00.0 ("PCI-E Riser 1 Slot 1")', '09:00.0 ("PCI-E Riser 2 Slot 1")')
        told = self.run_pcipass("explain", "07:00.0").stdout
        self.assertIn('another slot has this number: "PCI-E Riser 2 Slot 1" (09:00.0)', told)
        self.assertEqual([self.survey()[a]["slot"] for a in (HBA, "0000:09:00.0")], ["1", "1"])

    def test_one_number_of_two_kinds(self):
        self.tree.smbios(smbios_slot(2, "PCI-E Slot 2", 7, 0),
                         smbios_slot(2, "Mezzanine Slot 2", 9, 0))
        for what, address in (("slot2", HBA), ("mezz2", "0000:09:00.0")):
            devices = self.ask("explain", what)["devices"]
            self.assertEqual([d["address"] for d in devices], [address])
        self.assertNotIn("another slot", self.run_pcipass("explain", "07:00.0").stdout)

    def test_an_empty_slot_counts(self):
        self.tree.smbios(smbios_slot(1, "Riser 1 Slot 1", 7, 0), smbios_slot(1, "Riser 2 Slot 1", 0x33, 0))
        self.assertEqual(len(self.ask("explain", "slot1")["devices"]), 1)
        self.assertIn('another slot has this number: "Riser 2 Slot 1"',
                      self.run_pcipass("explain", "slot1").stdout)

    def test_the_kernels_second(self):
        self.tree.slot("2", "0000:07:00")
        self.tree.slot("2-1", "0000:09:00")
        self.assertIn("another slot has this number: the kernel's slot 2-1 (09:00.0)",
                      self.run_pcipass("explain", "slot2").stdout)
        self.assertEqual([d["address"] for d in self.ask("explain", "slot2-1")["devices"]],
                         ["0000:09:00.0"])

    def test_a_record_without_address_is_the_kernels_slot(self):
        self.tree.smbios(smbios_slot(2, "PCI-E Slot 2", 0, 0), smbios_slot(3, "PCI-E Slot 3", 0, 0))
        self.tree.slot("2", "0000:07:00")
        self.assertNotIn("another slot", self.run_pcipass("explain", "slot2").stdout)
        self.tree.smbios(smbios_slot(2, "PCI-E Slot 2", 0, 0), smbios_slot(2, "PCI Slot 2", 0, 0))
        self.assertIn("another slot", self.run_pcipass("explain", "slot2").stdout)

    def test_a_register_is_no_twin_of_a_record(self):
        self.tree.remove("sys/bus/pci/devices/0000:00:04.0")
        self.tree.bridge("0000:00:04.0", 9, group=3, slot=2)
        self.tree.smbios(smbios_slot(2, "PCI-E Slot 2", 7, 0))
        self.assertEqual([d["address"] for d in self.ask("explain", "slot2")["devices"]], [HBA])
        self.assertNotIn("another slot", self.run_pcipass("explain", "slot2").stdout)


class Select(Case):
    def test_what_is_here(self):
        t = self.host()
        for bus, number in ((7, 10), (8, 2), (9, 1)):
            t.device(f"0000:{bus:02x}:00.0", 0x010700, group=bus)
        t.smbios(*(smbios_slot(n, f"PCI-E Slot {n}", bus, 0)
                   for bus, n in ((7, 10), (8, 2), (9, 1), (0x44, 4))))
        self.assertIn("slot7: no such slot; slots here: 1, 2, 10\n",
                      self.run_pcipass("explain", "slot7").stderr)
        self.assertIn('slot4: no device is known to be in "PCI-E Slot 4"; slots here: 1, 2, 10\n',
                      self.run_pcipass("explain", "slot4").stderr)

    def test_by_slot(self):
        t = self.host()
        t.device(HBA, 0x010700, group=2)
        t.smbios(smbios_system("HP", "ProLiant"), smbios_slot(2, "Slot 2", 7, 0))
        for what in ("slot2", "slot 2", "slot-2", "slot:2"):
            self.assertEqual(len(self.ask("explain", what)["devices"]), 1, what)
        for what, code in (("slot3", 2), ("slot", 2)):
            self.assertEqual(self.run_pcipass("explain", what).returncode, code, what)


if __name__ == "__main__":
    unittest.main()
