#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Why devices share a group, and groups that only the command line keeps apart or joins.

usage: test-isolation.py PCIPASS
"""

import os
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "host"))
from hosttree import Case, smbios_slot, smbios_system  # noqa: E402

PORT, OTHER_PORT = "0000:00:01.0", "0000:00:02.0"
FIRST, SECOND, OTHER = "0000:01:00.0", "0000:01:01.0", "0000:02:00.0"
NONE, OFF, ON = None, (0x1F, 0x00), (0x1F, 0x1D)
OVERRIDE = "quiet pcie_acs_override=downstream,multifunction"


class Isolation(Case):
    def ports(self, *, acs, groups, line="quiet", other_acs=ON, log=(), release="6.8.12-8-pve"):
        """Two cards behind one port and one behind another; groups of the first two."""
        self.setUp()
        t = self.host(release, log=("DMAR: IOMMU enabled", *log))
        t.write("proc/cmdline", line + "\n")
        t.bridge(PORT, 1, group=1, acs=acs)
        t.bridge(OTHER_PORT, 2, group=20, acs=other_acs)
        t.device(FIRST, group=groups[0])
        t.device(SECOND, group=groups[1])
        t.device(OTHER, group=21)
        t.smbios(smbios_system("Maker", "Board"), smbios_slot(4, "Slot 4", 2, 0))
        return self.survey()

    def notes(self):
        return [f["text"] for f in self.document["host"]["findings"] if f["rule"] == "acs-argument"]


class Apart(Isolation):
    """The kernel's groups are finer than what the hardware keeps apart."""

    def test_by_the_override(self):
        devices = self.ports(acs=NONE, groups=(2, 3), line=OVERRIDE)
        for address, group, other in ((FIRST, 2, "01:01.0"), (SECOND, 3, "01:00.0")):
            f = self.assert_finding(devices[address], "acs-override", "degrades",
                                    f"group {group} is separate from {other} only because of pcie_acs_override",
                                    remedies=["another-slot"])
            proof = "\n".join(f["evidence"])
            for words in (f"the kernel's group {group}: {address[5:]}", "00:01.0, 01:00.0, 01:01.0",
                          "/proc/cmdline: pcie_acs_override=downstream,multifunction",
                          "no access control (ACS) in hardware: 00:01.0"):
                self.assertIn(words, proof)
            self.assertIn("slot 4, below 00:02.0", f["remedies"][0]["text"])
            self.assertEqual(devices[address]["verdict"], "care")
        self.assert_not_found(devices[OTHER], "acs-override")
        self.assertEqual(self.notes(), [])
        text = " ".join(self.run_pcipass("free", "01:00.0", "--dry-run").stdout.split())
        self.assertLess(text.index("only because of pcie_acs_override"), text.index("nothing to do"))

    def test_a_kernel_that_does_not_know_it(self):
        log = ('Unknown kernel command line parameters "pcie_acs_override=downstream", will be '
               "passed to user space.",)
        devices = self.ports(acs=NONE, groups=(2, 3), line=OVERRIDE, log=log)
        self.assert_not_found(devices[FIRST], "acs-override")

    def test_a_chip_that_the_kernel_knows_better(self):
        self.assert_not_found(self.ports(acs=NONE, groups=(2, 3))[FIRST], "acs-override")

    def test_switched_off_since(self):
        devices = self.ports(acs=OFF, groups=(2, 3))
        f = self.assert_finding(devices[FIRST], "acs-override", "degrades", "turned off since",
                                "01:01.0", remedies=["acs-on"])
        self.assertIn("access control (ACS) present but off: 00:01.0", f["evidence"])
        self.assert_not_found(self.ports(acs=ON, groups=(2, 3))[FIRST], "acs-override")

    def test_not_read_is_unknown(self):
        self.ports(acs=NONE, groups=(2, 3), line=OVERRIDE)
        os.truncate(self.tree.root / "sys/bus/pci/devices" / PORT / "config", 64)
        f = self.assert_finding(self.survey()[FIRST], "acs-override", "unknown", "cannot tell")
        self.assertEqual(f["could"], "degrades")
        self.assertEqual(self.notes(), [])
        self.tree.write("proc/cmdline", "quiet\n")
        self.assert_not_found(self.survey()[FIRST], "acs-override")

    def test_command_line_not_read(self):
        self.ports(acs=NONE, groups=(2, 3), line=OVERRIDE)
        self.tree.remove("proc/cmdline")
        device = self.survey()[FIRST]
        f = self.assert_finding(device, "acs-override", "unknown", "command line was not read")
        self.assertEqual((f["could"], device["verdict"]), ("degrades", "care"))

    def test_it_changes_nothing(self):
        for acs, groups in ((ON, (2, 3)), (NONE, (1, 1))):
            devices = self.ports(acs=acs, groups=groups, line=OVERRIDE)
            self.assert_not_found(devices[FIRST], "acs-override")
            self.assertEqual(self.notes(), [
                "pcie_acs_override=downstream,multifunction has no effect here: the groups are the "
                "same without it"])


class Joined(Isolation):
    """Which of three it is."""

    def joined(self, *words, effect="informs", remedies=None, **more):
        device = self.ports(groups=(1, 1), **more)[FIRST]
        self.found(device, "companions")
        f = self.assert_finding(device, "group-joined", effect, *words, remedies=remedies)
        text = " ".join(self.run_pcipass("free", "01:00.0", "--dry-run").stdout.split())
        self.assertLess(text.index("01:01.0 shares its IOMMU group"), text.index("nothing to do"))
        self.assertIn(f["text"], text)
        kept = self.ask("free", "01:00.0", "--dry-run")
        self.assertIn(f["text"], [i["text"] for i in kept["isolation"]])
        return f

    def test_no_acs(self):
        f = self.joined("the bridge 00:01.0 has no access control", acs=NONE,
                        remedies=["another-slot"])
        self.assertIn("such as slot 4, below 00:02.0, where 02:00.0 is now", f["remedies"][0]["text"])
        self.assertEqual(f["evidence"], ["00:01.0: no ACS capability"])

    def test_no_better_slot_is_named_where_none_is(self):
        f = self.joined(acs=NONE, other_acs=NONE, remedies=["another-slot"])
        # the kernel keeps that one apart from its port: it knows the chip
        self.assertIn("slot 4", f["remedies"][0]["text"])
        self.tree.remove(f"sys/bus/pci/devices/{OTHER}/iommu_group")
        f = self.found(self.survey()[FIRST], "group-joined")
        self.assertNotIn("slot 4", f["remedies"][0]["text"])

    def test_off(self):
        f = self.joined("the port 00:01.0 could do access control", "the kernel left it off", acs=OFF,
                        remedies=["another-kernel"])
        self.assertEqual(f["evidence"], ["00:01.0: ACS capability 0x1f, control 0x00"])

    def test_off_by_an_argument(self):
        for line in ("pci=disable_acs_redir=0000:00:01.0", "pci=noaer,config_acs=00x00@pci:8086:0"):
            f = self.joined("shared only because of pci=", line.split("=")[-2].split(",")[-1], acs=OFF,
                            line="quiet " + line, effect="degrades", remedies=["kernel-argument"],
                            release="6.12.30")
            self.assertIn("remove", f["remedies"][0]["text"])
        self.ports(acs=ON, groups=(2, 3), line="quiet pci=disable_acs_redir=0000:00:01.0")
        self.assertEqual(self.notes(), ["pci=disable_acs_redir=0000:00:01.0 has no effect here: the "
                                        "groups are the same without it"])

    def test_off_and_the_argument_lists_others(self):
        for line in ("pci=disable_acs_redir=00:02.0", "pci=config_acs=0@00:05.0",
                     "pci=disable_acs_redir=00:02.0;00:1f.0"):
            self.joined("the port 00:01.0 could do access control", "the kernel left it off", acs=OFF,
                        line=line, remedies=["another-kernel"], release="6.12.30")

    def test_arguments_that_do_nothing(self):
        for release, line, words in (
                ("6.12.30", "pci=config_acs=0@00:05.0", "names no device of this host"),
                ("6.12.30", "pci=disable_acs_redir=0001:00:01.0", "names no device of this host"),
                ("6.12.30", "pci=config_acs=00:01.0", "the kernel cannot parse this list"),
                ("6.12.30", "pci=disable_acs_redir=", "names no device of this host"),
                ("6.8.12", "pci=config_acs=0@00:01.0",
                 "Linux 6.8.12 does not know this argument"),
                ("6.12.30", "pci=config_acs=11101@00:01.0", "has no effect here")):
            with self.subTest(line):
                self.ports(acs=ON, groups=(2, 3), line=line, release=release)
                self.assertEqual(len(self.notes()), 1, self.notes())
                self.assertIn(words, self.notes()[0])

    def test_functions(self):
        t = self.host()
        t.bridge(PORT, 1, group=1, acs=ON)
        t.device("0000:01:00.0", group=2, device=0x1234, header=0x80)
        t.device("0000:01:00.1", group=2, device=0x1234)
        f = self.assert_finding(self.survey()[FIRST], "group-joined", "informs",
                                "01:00.0, 01:00.1 are functions of one device", remedies=[])
        self.assertEqual(len(f["evidence"]), 2)

    def test_functions_below_a_port_without_acs(self):
        """A graphics card and its audio: in another slot they would still be together."""
        audio = "0000:01:00.1"
        self.ports(acs=NONE, groups=(1, 1))
        self.tree.remove(f"sys/bus/pci/devices/{SECOND}")
        self.tree.remove(f"sys/bus/pci/devices/{FIRST}")
        self.tree.device(FIRST, 0x030000, group=1, device=0x1234, header=0x80)
        self.tree.device(audio, 0x040300, group=1, device=0x1234, header=0x80)
        for line, group in (("quiet", 1), (OVERRIDE, 5)):
            self.tree.write("proc/cmdline", line + "\n")
            if group != 1:
                self.tree.remove(f"sys/bus/pci/devices/{audio}")
                self.tree.device(audio, 0x040300, group=group, device=0x1234, header=0x80)
            rule = "group-joined" if group == 1 else "acs-override"
            found = [f for f in self.survey()[FIRST]["findings"] if f["rule"] == rule]
            self.assertEqual(len(found), 1)
            self.assertIn("functions of one device", found[0]["text"] + "".join(found[0]["evidence"]))
            self.assertEqual(found[0]["remedies"], [])

    def test_conventional(self):
        t = self.host()
        t.bridge(PORT, 1, group=1, acs=ON)
        t.bridge("0000:01:00.0", 2, group=1, port=7)
        for device in "12":
            t.device(f"0000:02:0{device}.0", group=1, pcie=None)
        f = self.assert_finding(self.survey()["0000:02:01.0"], "group-joined", "informs",
                                "the bridge 01:00.0 has no access control", remedies=["another-slot"])
        self.assertEqual(f["remedies"][0]["text"], "if these are cards of their own, move one of them to a slot that is "
                                                   "not behind 01:00.0")
        t.smbios(smbios_system("Maker", "Board"), smbios_slot(4, "PCI Slot 4", 2, 8))
        f = self.found(self.survey()["0000:02:01.0"], "group-joined")
        self.assertEqual(f["remedies"][0]["text"], "move one of the cards to a slot that is not behind 01:00.0")

    def switch(self, *slots, port_acs=NONE, down_acs=NONE):
        """Two drives below a switch; slots: (number, bus, device and function) each."""
        self.setUp()
        t = self.host()
        t.bridge(PORT, 1, 4, group=1, acs=port_acs)
        t.bridge("0000:01:00.0", 2, 4, group=1, port=5)
        for n in range(2):
            t.bridge(f"0000:02:0{n}.0", 3 + n, group=1, port=6, acs=down_acs)
            t.device(f"0000:0{3 + n}:00.0", 0x010802, group=1)
        t.smbios(smbios_system("Maker", "Board"), *(smbios_slot(n, f"Slot {n}", *at) for n, *at in slots))
        return self.found(self.survey()["0000:03:00.0"], "group-joined")

    def test_switch_of_a_card(self):
        """The slot's port is above the switch, or the switch is what the slot holds: no slot makes that isolate."""
        for at in ((0, 0x08), (1, 0)):
            for port_acs in (NONE, ON):
                f = self.switch((4, *at), port_acs=port_acs)
                self.assertEqual(f["text"], "group 1 is shared because the ports 02:00.0, 02:01.0 of the card's own switch have "
                                            "no access control (ACS) in hardware: another slot does not change that")
                self.assertEqual(f["remedies"], [])

    def test_port_above_a_switch_of_a_card(self):
        f = self.switch((4, 1, 0), down_acs=ON)
        self.assertIn("the bridge 00:01.0 has no access control", f["text"])
        self.assertEqual(f["remedies"][0]["text"], "move the card to a slot whose port has access control (ACS)")

    def test_switch_of_the_board(self):
        """The slots are below it."""
        f = self.switch((4, 3, 0), (5, 4, 0))
        self.assertIn("02:00.0, 02:01.0", f["text"])
        self.assertEqual(f["remedies"][0]["text"], "move the card to a slot whose port has access control (ACS)")

    def test_switch_of_nobody_known(self):
        f = self.switch()
        self.assertEqual(f["remedies"][0]["text"], "unless the switch with 02:00.0 is the card's own, move the card to a slot "
                                                   "whose port has access control (ACS)")

    def test_alone_needs_no_reason(self):
        self.assert_not_found(self.ports(acs=ON, groups=(2, 3))[FIRST], "group-joined")
        self.setUp()
        t = self.host()
        t.bridge(PORT, 1, group=1)
        t.device(FIRST, group=1)
        self.assert_not_found(self.survey()[FIRST], "group-joined")


if __name__ == "__main__":
    unittest.main()
