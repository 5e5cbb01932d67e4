#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Groups computed from configuration space: each rule of the kernel's, and what is not known."""

import os
import unittest

from hosttree import Case, ivrs_table

ACS = (0x1D, 0x1D)
MULTI = 0x80
ROOT, UP, DOWN, TO_PCI = 4, 5, 6, 7
RC_ENDPOINT = 9


class Groups(Case):
    def setUp(self):
        super().setUp()
        self.t = self.host(iommu=None, log=())

    def computed(self, *options):
        """Sets of devices that share a group, and the document."""
        self.document = self.ask("groups", *options)
        self.assertEqual(self.document["source"], "computed")
        self.reasons = {d["address"][5:]: d["shares"] and d["shares"]["because"]
                        for g in self.document["groups"] for d in g["devices"]}
        self.with_ = {d["address"][5:]: d["shares"] and d["shares"]["with"]
                      for g in self.document["groups"] for d in g["devices"]}
        return [{d["address"][5:] for d in g["devices"]} for g in self.document["groups"]]

    def unknown(self):
        return {d["address"]: d["shares"]["because"] for d in self.document["ungrouped"]}

    def test_ports(self):
        """With access control a port keeps apart what is below; without it joins it."""
        self.t.bridge("0000:00:01.0", 1, acs=ACS)
        self.t.bridge("0000:00:02.0", 2)
        self.t.device("0000:01:00.0")
        self.t.device("0000:02:00.0")
        self.assertEqual(self.computed(), [{"00:01.0"}, {"00:02.0", "02:00.0"}, {"01:00.0"}])
        self.assertEqual(self.reasons["02:00.0"], "no-acs")
        self.assertEqual(self.with_["02:00.0"], "0000:00:02.0")
        self.assertEqual(self.document["access_control"], "assumed")

    def test_what_cannot_be_controlled_is_done(self):
        self.t.bridge("0000:00:01.0", 1, acs=(0x01, 0x01))
        self.t.device("0000:01:00.0")
        self.assertEqual(len(self.computed()), 2)

    def test_control_as_found(self):
        """Where the kernel runs an IOMMU it has set what it sets: off stays off."""
        self.t.bridge("0000:00:01.0", 1, acs=(0x1D, 0x0D), group=1)
        self.t.device("0000:01:00.0", group=1)
        self.assertEqual(self.ask("groups")["source"], "kernel")
        self.assertEqual(self.computed("--computed"), [{"00:01.0", "01:00.0"}])
        self.assertEqual(self.document["access_control"], "as-found")

    def test_control_off_without_an_iommu(self):
        self.t.bridge("0000:00:01.0", 1, acs=(0x1D, 0))
        self.t.device("0000:01:00.0")
        self.assertEqual(len(self.computed()), 2)

    def test_functions(self):
        for f in range(3):
            self.t.device(f"0000:00:03.{f}", device=0x1111, vendor=0x1234, header=MULTI * (f == 0))
        self.t.device("0000:00:04.0", device=0x1111, vendor=0x1234)
        self.assertEqual(self.computed(), [{"00:03.0", "00:03.1", "00:03.2"}, {"00:04.0"}])
        self.assertEqual(self.reasons, {"00:03.0": None, "00:03.1": "functions",
                                        "00:03.2": "functions", "00:04.0": None})

    def test_functions_kept_apart(self):
        """By their own access control, or on the vendor's word (82599)."""
        self.t.device("0000:00:03.0", vendor=0x1234, header=MULTI, acs=(0, 0))
        self.t.device("0000:00:03.1", vendor=0x1234, acs=(0x5C, 0x1C))
        self.t.device("0000:00:03.2", vendor=0x1234)
        self.t.device("0000:00:05.0", device=0x10FB, header=MULTI)
        self.t.device("0000:00:05.1", device=0x10FB)
        self.assertEqual([len(g) for g in self.computed()], [1] * 5)

    def test_bridge_to_pci(self):
        """Everything below it, and below bridges there, goes by its name."""
        self.t.bridge("0000:00:01.0", 1, 3, acs=ACS)
        self.t.bridge("0000:01:00.0", 2, 3, port=TO_PCI)
        self.t.device("0000:02:04.0", pcie=None)
        self.t.bridge("0000:02:05.0", 3, port=None, pcie=None)
        self.t.device("0000:03:00.0", pcie=None)
        self.assertEqual(self.computed(), [{"00:01.0"}, {"01:00.0", "02:04.0", "02:05.0",
                                                         "03:00.0"}])
        self.assertEqual((self.reasons["02:04.0"], self.with_["02:04.0"]),
                         ("conventional-bridge", "0000:01:00.0"))

    def test_conventional_bridge_on_the_root_bus(self):
        self.t.bridge("0000:00:1e.0", 5, port=None, pcie=None)
        self.t.device("0000:05:01.0", pcie=None)
        self.t.device("0000:05:02.0", pcie=None)
        self.t.device("0000:00:02.0", pcie=None)
        self.assertEqual(self.computed(), [{"00:02.0"}, {"00:1e.0", "05:01.0", "05:02.0"}])

    def test_switch(self):
        """One weak port far above lets everything below it meet."""
        self.t.bridge("0000:00:01.0", 1, 4)
        self.t.bridge("0000:01:00.0", 2, 4, port=UP)
        self.t.bridge("0000:02:00.0", 3, port=DOWN, acs=ACS)
        self.t.bridge("0000:02:01.0", 4, port=DOWN, acs=ACS)
        self.t.device("0000:03:00.0")
        self.t.device("0000:04:00.0")
        self.assertEqual(len(self.computed()), 1)
        self.assertEqual(self.with_["04:00.0"], "0000:00:01.0")

    def test_switch_with_control(self):
        self.t.bridge("0000:00:01.0", 1, 4, acs=ACS)
        self.t.bridge("0000:01:00.0", 2, 4, port=UP)
        self.t.bridge("0000:02:00.0", 3, port=DOWN, acs=ACS)
        self.t.bridge("0000:02:01.0", 4, port=DOWN)
        self.t.device("0000:03:00.0")
        self.t.device("0000:04:00.0")
        self.assertEqual([g for g in self.computed() if len(g) > 1], [{"02:01.0", "04:00.0"}])

    def test_port_that_faces_the_wrong_way(self):
        """Downstream right below a root port: it is an upstream port, which needs no control."""
        self.t.bridge("0000:00:01.0", 1, 3, acs=ACS)
        self.t.bridge("0000:01:00.0", 2, 3, port=DOWN)
        self.t.bridge("0000:02:00.0", 3, port=DOWN, acs=ACS)
        self.t.device("0000:03:00.0")
        self.assertEqual([len(g) for g in self.computed()], [1] * 4)

    def test_the_kernels_word_on_chips(self):
        """Cougar Point and Sunrise Point root ports, Intel's integrated endpoints."""
        self.t.bridge("0000:00:1c.0", 1, device=0x1C10)
        self.t.bridge("0000:00:1d.0", 2, device=0xA110, acs=(0x0F, 0))
        self.t.bridge("0000:00:1e.0", 3, device=0xA111)
        for bus in (1, 2, 3):
            self.t.device(f"0000:{bus:02x}:00.0")
        self.t.device("0000:00:04.0", device=0x2021, header=MULTI, pcie=RC_ENDPOINT)
        self.t.device("0000:00:04.1", device=0x2021, pcie=RC_ENDPOINT)
        self.t.device("0000:00:05.0", vendor=0x1022, header=MULTI, pcie=RC_ENDPOINT)
        self.t.device("0000:00:05.1", vendor=0x1022, pcie=RC_ENDPOINT)
        self.assertEqual([g for g in self.computed() if len(g) > 1],
                         [{"00:05.0", "00:05.1"}, {"00:1e.0", "03:00.0"}])

    def test_amds_board(self):
        for f in (0, 1):
            self.t.device(f"0000:00:14.{f}", vendor=0x1002, device=0x4385 - f, pcie=None,
                          header=MULTI * (f == 0))
        self.assertEqual(len(self.computed()), 1)
        self.t.write("sys/firmware/acpi/tables/IVRS", ivrs_table())
        self.assertEqual(len(self.computed()), 2)

    def test_numbers_that_are_borrowed(self):
        """A PLX non-transparent bridge uses any number of its bus."""
        self.t.device("0000:00:03.0", 0x068000, vendor=0x10B5, device=0x87B0)
        self.t.device("0000:00:07.0")
        self.t.bridge("0000:00:08.0", 1, acs=ACS)
        self.t.device("0000:01:07.0")
        self.assertEqual(self.computed(), [{"00:03.0", "00:07.0", "00:08.0"}, {"01:07.0"}])
        self.assertEqual(self.reasons["00:07.0"], "alias")

    def test_virtual_functions(self):
        """A VF is alone below a port with access control, and with its PF below one without."""
        for bus, acs in ((1, ACS), (3, None)):
            self.t.bridge(f"0000:00:{bus:02x}.0", bus, bus + 1, acs=acs)
            self.t.device(f"0000:{bus:02x}:00.0", sriov=4)
            self.t.device(f"0000:{bus:02x}:10.0", physfn=f"0000:{bus:02x}:00.0")
            self.t.device(f"0000:{bus + 1:02x}:10.0", physfn=f"0000:{bus:02x}:00.0")
        self.assertEqual([g for g in self.computed() if len(g) > 1],
                         [{"00:03.0", "03:00.0", "03:10.0", "04:10.0"}])

    def test_what_was_not_read(self):
        """Without root there are 64 bytes: a port's control, and so all below it, is unknown."""
        self.t.bridge("0000:00:01.0", 1)
        self.t.device("0000:01:00.0")
        self.t.bridge("0000:00:02.0", 2, acs=ACS)
        self.t.device("0000:02:00.0")
        file = self.t.root / "sys/bus/pci/devices/0000:00:01.0/config"
        file.write_bytes(file.read_bytes()[:64])
        self.assertEqual(self.computed(), [{"00:01.0"}, {"00:02.0"}, {"02:00.0"}])
        self.assertEqual(self.unknown(), {"0000:01:00.0": "unknown"})

    def test_a_function_that_was_not_read(self):
        """Whether it shares with its neighbours is open, so they are unknown too."""
        for f in range(3):
            self.t.device(f"0000:00:03.{f}", vendor=0x1234, header=MULTI * (f == 0),
                          **({"acs": (0, 0)} if f == 1 else {}))
        file = self.t.root / "sys/bus/pci/devices/0000:00:03.2/config"
        file.write_bytes(file.read_bytes()[:64])
        self.assertEqual(self.computed(), [{"00:03.1"}])
        self.assertEqual(set(self.unknown()), {"0000:00:03.0", "0000:00:03.2"})

    def test_acs_override(self):
        self.t.bridge("0000:00:01.0", 1, acs=ACS)
        self.t.write("proc/cmdline", "pcie_acs_override=downstream\n")
        self.assertEqual(self.computed(), [])
        self.assertEqual(self.unknown(), {"0000:00:01.0": "acs-overridden"})
        # A kernel without that patch says that it does not know the argument.
        self.t.log('Unknown kernel command line parameters "pcie_acs_override=downstream", will be '
                   'passed to user space.')
        self.assertEqual(self.computed(), [{"00:01.0"}])

    def listed(self, argument, release="6.12.30", control=0):
        """Ports whose groups an argument joins with what is below; None: it is not known."""
        self.setUp()
        self.t.kernel(release)
        for port, ids in (("01", 0x3C04), ("02", 0x3C08)):
            self.t.bridge(f"0000:00:{port}.0", int(port), device=ids, acs=(0x1D, control))
            self.t.device(f"0000:{port}:00.0")
        self.t.bridge("0000:00:03.0", 3, 5, acs=ACS)
        self.t.bridge("0000:03:00.0", 4, 5, port=UP)
        self.t.bridge("0000:04:08.0", 5, port=DOWN, acs=(0x1D, control))
        self.t.device("0000:05:00.0")
        self.t.write("proc/cmdline", f"quiet {argument} splash\n")
        groups = self.computed()
        if self.document["ungrouped"]:
            return None
        return {p for p, below in (("00:01.0", "01:00.0"), ("00:02.0", "02:00.0"),
                                   ("04:08.0", "05:00.0"))
                if any({p, below} <= g for g in groups)}

    def test_access_control_by_argument(self):
        """Every form of a device in drivers/pci/pci.c, pci_dev_str_match(); only those are meant."""
        first, second, both, all_three = ({"00:01.0"}, {"00:02.0"}, {"00:01.0", "00:02.0"},
                                          {"00:01.0", "00:02.0", "04:08.0"})
        for devices, joined in (
                ("00:01.0", first), ("0000:00:01.0", first), ("0:1.0", first), ("00:0x1.0", first),
                ("0001:00:01.0", set()), ("00:01.1", set()), ("01:01.0", set()),
                ("00:01.0;00:02.0", both), ("00:09.0;00:02.0", second), ("00:02.0;", second),
                ("00:03.0/00.0/08.0", {"04:08.0"}), ("0000:00:03.0/00.0/08.0", {"04:08.0"}),
                ("03:00.0/08.0", {"04:08.0"}), ("00:03.0/00.0/09.0", set()),
                ("00:02.0/00.0/08.0", set()), ("00:04.0/00.0/00.0/08.0", set()),
                ("pci:8086:3c04;00:02.0", all_three), ("pci:8086:3C08", second),
                ("pci:8086:0", all_three), ("pci:0:0", all_three), ("pci:1000:0", set()), ("pci:1000:0;00:02.0", second),
                ("pci:8086:3c08:103c:0001", None), ("pci:8086:3c08:0:0", second),
                ("pci:8086:3c08:103c", second), ("pci:1000:1:2;00:01.0", set()),
                ("", set()), (";", set()), ("x", set()), ("00:01", set()), ("00:01.0x", set()),
                ("00:01.0/", set()), ("00:01.0 ", first), ("pci:", set()), ("pci:8086", set()),
                ("zz;00:01.0", set()), ("00:02.0;zz;00:01.0", second),
                ("100000000:00:01.0", set()), ("0:0:0:1.0", set())):
            with self.subTest(devices):
                got = self.listed(f"pci=noaer,disable_acs_redir={devices},nomsi")
                self.assertEqual(got, joined)

    def test_how_an_argument_is_written(self):
        for line in ('pci="disable_acs_redir=00:01.0"', '"pci=disable_acs_redir=00:01.0"',
                     "pci=disable_acs_redir=00:02.0 pci=disable_acs_redir=00:01.0",
                     "pci=disable_acs_redir=00:02.0,disable_acs_redir=00:01.0"):
            self.assertEqual(self.listed(line), {"00:01.0"}, line)
        for line in ("pci=disable_acs_redir", "pci=xdisable_acs_redir=00:01.0", "pci=", "pci",
                     "xpci=disable_acs_redir=00:01.0", "-- pci=disable_acs_redir=00:01.0",
                     "disable_acs_redir=00:01.0"):
            self.assertEqual(self.listed(line), set(), line)

    def test_configured_access_control(self):
        """Flags before each device: 1 and 0 set a bit, x leaves it as the firmware set it."""
        for devices, control, joined in (
                ("00000@00:01.0", 0x1D, {"00:01.0"}), ("11101@00:01.0", 0, set()),
                ("xx0xx@00:01.0", 0x1D, {"00:01.0"}), ("x@00:01.0", 0, {"00:01.0"}),
                ("x@00:01.0", 0x1D, set()), ("X1XX0@00:01.0", 0x1C, {"00:01.0"}),
                ("x0x@00:01.0", 0x1D, set()), ("0xxxxx@00:01.0", 0x1D, set()),
                ("11101@00:01.0;0@00:02.0", 0, {"00:02.0"}), ("@00:01.0", 0x1D, set()),
                ("00:01.0", 0, set()), ("2@00:01.0", 0, set()), ("0;00:01.0", 0, set()),
                ("10000000@00:01.0", 0x1D, set()), ("x" * 40 + "@00:01.0", 0, set()),
                ("11101@00:01.0;00:02.0", 0x1D, set())):
            with self.subTest(devices):
                self.assertEqual(self.listed(f"pci=config_acs={devices}", control=control), joined)

    def test_both_arguments(self):
        """The kernel reads config_acs= last."""
        self.assertEqual(self.listed("pci=disable_acs_redir=00:01.0,config_acs=11101@00:01.0"), set())
        self.assertEqual(self.listed("pci=config_acs=11101@00:01.0,disable_acs_redir=00:02.0"),
                         {"00:02.0"})

    def test_arguments_by_kernel(self):
        redirect, config = "pci=disable_acs_redir=00:01.0", "pci=config_acs=0@00:01.0"
        for release, by_redirect, by_config in (
                ("5.10.1", {"00:01.0"}, set()), ("6.10.3", {"00:01.0"}, set()),
                ("6.11.1", None, None), ("6.12.22", None, None),
                ("6.12.23", {"00:01.0"}, {"00:01.0"}), ("7.3.4", {"00:01.0"}, {"00:01.0"})):
            self.assertEqual(self.listed(redirect, release), by_redirect, release)
            self.assertEqual(self.listed(config, release), by_config, release)

    def test_chips_that_later_kernels_know(self):
        """Functions of one network card, apart on the vendor's word; None: it is not known."""
        for release, device, apart in (("6.11.1", 0x1760, True), ("6.10.1", 0x1760, None),
                                       ("6.6.1", 0x1750, True), ("5.10.1", 0x1750, None),
                                       ("5.10.46", 0x16D7, True), ("5.10.45", 0x16D7, None),
                                       ("5.10.1", 0x16D9, False), (None, 0x1760, None)):
            with self.subTest(release=release, device=device):
                super().setUp()
                self.t = self.host(release, iommu=None, log=())
                for f in range(2):
                    self.t.device(f"0000:00:03.{f}", vendor=0x14E4, device=device,
                                  header=MULTI * (f == 0))
                groups = self.computed()
                got = None if self.document["ungrouped"] else len(groups) == 2
                self.assertEqual(got, apart)

    def test_a_chip_that_isolates_without_its_row(self):
        """By its registers it does what the row says, so the kernel's release does not matter."""
        self.t.kernel("6.10.1")
        for f in range(2):
            self.t.device(f"0000:00:03.{f}", vendor=0x14E4, device=0x1760, acs=ACS,
                          header=MULTI * (f == 0))
        self.assertEqual(self.computed(), [{"00:03.0"}, {"00:03.1"}])

    def test_an_argument_with_ids_that_were_not_read(self):
        self.listed("pci=disable_acs_redir=pci:8086:3c04")
        os.truncate(self.t.root / "sys/bus/pci/devices/0000:00:01.0/config", 0)
        self.assertIn("0000:00:01.0", {d["address"] for d in self.ask("groups")["ungrouped"]})

    def test_a_domain_of_its_own(self):
        self.t.device("10000:e1:00.0", 0x010802)
        self.assertEqual(self.computed(), [])
        self.assertEqual(self.unknown(), {"10000:e1:00.0": "other-domain"})

    def test_text(self):
        self.t.bridge("0000:00:02.0", 2)
        self.t.device("0000:02:00.0")
        run = self.run_pcipass("groups")
        self.assertEqual(run.returncode, 0)
        self.assertTrue(run.stdout.startswith("The kernel has made no groups. Computed from"),
                        run.stdout)
        self.assertIn("        the bridge 00:02.0 has no access control (ACS)\n",
                      run.stdout)
        self.assertTrue(run.stdout.endswith("\n1 group, computed\n"), run.stdout)

    def test_text_of_groups_that_were_not_read(self):
        """Of lspci's list alone nobody knows whether the kernel has made any."""
        path = self.t.root / "lspci.txt"
        path.write_text("00:1f.6 0200: 8086:15bb\n")
        run = self.run_pcipass("groups", path=path)
        self.assertEqual(run.returncode, 0, run.stderr)
        self.assertTrue(run.stdout.startswith("The kernel's groups were not read. Computed from"), run.stdout)

    def test_explained(self):
        """A device's own page foretells, as long as the kernel has made no group at all."""
        self.t.bridge("0000:00:02.0", 2)
        self.t.device("0000:02:00.0")
        self.t.device("0000:00:05.0")
        self.assertIn("\n  group    none; computed: with 00:02.0\n",
                      self.run_pcipass("explain", "02:00.0").stdout)
        self.assertIn("\n  group    none; computed: alone\n",
                      self.run_pcipass("explain", "00:05.0").stdout)
        self.t.device("0000:00:06.0", group=1)
        self.assertIn("\n  group    none\n", self.run_pcipass("explain", "00:05.0").stdout)

    def test_text_by_group(self):
        """Together what shares a group; devices in none at the end."""
        self.t.device("0000:00:02.0", group=7)
        self.t.device("0000:00:03.0", group=9)
        self.t.device("0000:00:04.0")
        self.t.device("0000:00:05.0", group=7)
        lines = self.run_pcipass("groups").stdout.splitlines()
        self.assertEqual([x[:13].strip() for x in lines[1:5]],
                         ["7 00:02.0", "00:05.0", "9 00:03.0", "- 00:04.0"])
        self.assertEqual(lines[-1], "2 groups; 1 device in none")

    def test_the_kernels(self):
        self.t.device("0000:00:02.0", group=7)
        self.t.device("0000:00:03.0")
        document = self.ask("groups")
        self.assertEqual((document["source"], document["access_control"]), ("kernel", None))
        self.assertEqual([(g["number"], [d["address"] for d in g["devices"]])
                          for g in document["groups"]], [(7, ["0000:00:02.0"])])
        self.assertEqual([d["address"] for d in document["ungrouped"]], ["0000:00:03.0"])


if __name__ == "__main__":
    unittest.main()
