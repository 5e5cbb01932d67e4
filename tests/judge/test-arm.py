#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Arm hosts: what an SMMU covers, groups that come with a driver, message interrupts."""

import struct
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "host"))

from hosttree import (REMAP_PERMITTED, SINGLE, SMMU, Case, acpi, iort, iort_rmr, its_group,  # noqa: E402
                      root_complex, smmu)

ITS = "           CPU0\n 55:  1  ITS-PCI-MSIX-0000:00:02.0   0 Edge      PCIe PME\n"
ITS_6_1 = "           CPU0\n 55:  1   ITS-MSI 32768 Edge      PCIe PME\n"
GICV2M = "           CPU0\n 55:  1  GICv2m-PCI-MSIX-0000:00:02.0   0 Edge      PCIe PME\n"
GICV2M_6_1 = "           CPU0\n 55:  1       MSI 134217728 Edge      nvme0q0\n"
NONE = "           CPU0\n 10:  914     GICv3  27 Level     arch_timer\n"
LATE, EARLY = "6.12.0-arm64", "6.16.0-arm64"
ACS = (0x1D, 0x1D)
DIRECT = "0x000000004a000000 0x000000004a00ffff direct"


def covered(first=0, ids=0x10000, **more) -> bytes:
    """An IORT whose root complex leads these ids to an SMMUv3."""
    return iort(smmu(**more), root_complex((first, ids, first, 0)))


class Arm(Case):
    def arm(self, table: bytes | None = None, *, release=LATE, interrupts=ITS, log=()):
        t = self.host(release, iommu="smmu3.0x0000000009050000", interrupts=interrupts, log=log)
        # A port with a driver has a group always.
        t.bridge("0000:00:02.0", 1, group=0, driver="pcieport", acs=ACS)
        if table is not None:
            t.write("sys/firmware/acpi/tables/IORT", table)
        return t

    def at(self, address="0000:00:05.0"):
        return self.survey()[address]


class Coverage(Arm):
    def test_covered_without_a_driver(self):
        """Before 6.15 it gets its group with a driver, and so can be passed through."""
        self.arm(covered()).device("0000:00:05.0")
        device = self.at()
        self.assertEqual(device["verdict"], "assignable")
        self.assertIsNone(device["group"])
        f = self.assert_finding(device, "group-follows", "informs", "when a driver is bound")
        self.assertEqual(f["evidence"][0], "IORT+0x74: the root complex of segment 0 maps id "
                                           "0x28 to the SMMUv3 at +0x30")
        self.assertIn("6.12.0-arm64", f["evidence"][1])
        self.assert_not_found(device, "no-group")

    def test_an_older_smmu(self):
        self.arm(covered(kind=SMMU)).device("0000:00:05.0")
        self.assertIn("SMMU at +0x30", self.found(self.at(), "group-follows")["evidence"][0])

    def test_not_covered(self):
        """An id that no mapping has, one that leads to an ITS alone, a segment without a node."""
        tables = {
            "maps id 0x28 to no SMMU": (covered(0x100), covered(0, 0x28),
                                         iort(smmu(), root_complex()),
                                         iort(its_group(), smmu(), root_complex((0, 4096, 0, 0))),
                                         iort(smmu(), root_complex((0, 4096, 0, 2)))),
            "no root complex of segment 0": (iort(smmu()), iort(smmu(), root_complex(
                (0, 4096, 0, 0), segment=1)))}
        t = self.arm(covered())
        t.device("0000:00:05.0")
        for words, some in tables.items():
            for table in some:
                t.write("sys/firmware/acpi/tables/IORT", table)
                device = self.at()
                self.assertEqual(device["verdict"], "blocked")
                f = self.assert_finding(device, "no-group", "blocks", "no IOMMU of this host")
                self.assertIn(words, " ".join(f["evidence"]))
                self.assert_not_found(device, "group-follows")

    def test_the_last_id_belongs_to_the_next_range(self):
        """Some firmware counts one more than is meant: the kernel lets the next range win."""
        table = iort(smmu(), its_group(),
                     root_complex((0, 0x29, 0, 0), (0x28, 0x100, 0x28, 1)))
        t = self.arm(table)
        t.device("0000:00:05.0")
        self.assert_finding(self.at(), "no-group", "blocks")
        t.write("sys/firmware/acpi/tables/IORT",
                iort(smmu(), its_group(), root_complex((0, 0x29, 0, 0), (0x27, 0x100, 0, 1))))
        self.assert_finding(self.at(), "group-follows", "informs")

    def test_a_single_mapping_takes_every_id(self):
        """To one stream, which one device alone can have."""
        t = self.arm(iort(smmu(), root_complex((0, 1, 7, 0, SINGLE))))
        t.device("0000:00:05.0")
        f = self.assert_finding(self.at(), "stream-shared", "blocks", "stream 0x7", "00:02.0")
        self.assertNotIn("conventional", " ".join(f["evidence"]))
        self.assert_not_found(self.at(), "no-group")
        t.kernel("5.13.0")
        self.assert_finding(self.at(), "group-follows", "informs")
        self.assert_not_found(self.at(), "stream-shared")

    def test_a_stream_that_another_has(self):
        """Behind a conventional bridge with a driver; without one the first to be bound gets it."""
        t = self.arm(covered())
        t.bridge("0000:00:06.0", 4, port=None, pcie=None, group=1, driver="shpchp")
        t.device("0000:04:01.0", pcie=None)
        device = self.at("0000:04:01.0")
        f = self.assert_finding(device, "stream-shared", "blocks", "stream 0x30", "00:06.0",
                                remedies=["another-slot"])
        self.assertIn("conventional bridge", " ".join(f["evidence"]))
        for rule in "no-group", "group-follows", "bridge-driver":
            self.assert_not_found(device, rule)
        t.kernel("7.3.4-arm64")
        self.assert_finding(self.at("0000:04:01.0"), "stream-shared", "blocks")
        self.assert_not_found(self.at("0000:04:01.0"), "no-group")
        t.kernel("5.3.18-150300.59-default")
        self.assert_finding(self.at("0000:04:01.0"), "stream-shared", "unknown")
        t.kernel("5.13.0")
        self.assert_not_found(self.at("0000:04:01.0"), "stream-shared")
        t.kernel(LATE)
        t.remove("sys/bus/pci/devices/0000:00:06.0/iommu_group")
        self.assert_finding(self.at("0000:04:01.0"), "group-follows", "informs")

    def test_a_stream_of_an_older_smmu(self):
        """Its driver lets devices share."""
        t = self.host(LATE, iommu="smmu.0x0000000009050000", interrupts=ITS)
        t.write("sys/firmware/acpi/tables/IORT", covered(kind=SMMU))
        t.bridge("0000:00:06.0", 4, port=None, pcie=None, group=1, driver="shpchp")
        t.device("0000:04:01.0", pcie=None)
        self.assert_not_found(self.at("0000:04:01.0"), "stream-shared")

    def test_mappings_that_lead_round(self):
        self.arm(iort(smmu(), root_complex((0, 4096, 0, 1)))).device("0000:00:05.0")
        self.assert_finding(self.at(), "no-group", "blocks")

    def test_behind_a_conventional_bridge(self):
        """It sends under the bridge's id as well, and all of them must be covered."""
        t = self.arm(covered(0, 0x31))
        t.bridge("0000:00:06.0", 4, port=None, pcie=None)
        t.device("0000:04:01.0", pcie=None)
        self.assert_finding(self.at("0000:04:01.0"), "no-group", "blocks")
        t.write("sys/firmware/acpi/tables/IORT", covered(0x400))
        f = self.assert_finding(self.at("0000:04:01.0"), "no-group", "blocks")
        self.assertIn("maps id 0x30 to no SMMU", " ".join(f["evidence"]))
        t.write("sys/firmware/acpi/tables/IORT", covered())
        self.assert_finding(self.at("0000:04:01.0"), "group-follows", "informs")

    def test_kernels_that_group_at_boot(self):
        t = self.arm(covered(), release=EARLY)
        t.device("0000:00:05.0")
        f = self.assert_finding(self.at(), "no-group", "blocks")
        self.assertIn("to the SMMUv3", " ".join(f["evidence"]))
        t.kernel("6.15.2")
        self.assert_finding(self.at(), "no-group", "blocks")
        t.kernel("6.14.9")
        self.assert_not_found(self.at(), "no-group")

    def test_a_driver_without_a_group(self):
        self.arm(covered()).device("0000:00:05.0", driver="xhci_hcd")
        self.assert_finding(self.at(), "no-group", "blocks")

    def test_unknown(self):
        """No IORT to read, one that is broken, a device tree, an unknown kernel."""
        t = self.arm()
        t.device("0000:00:05.0")
        f = self.assert_finding(self.at(), "group-follows", "unknown", "cannot tell")
        self.assertIn("device tree", f["evidence"][0])
        self.assertEqual(self.at()["verdict"], "unknown")
        t.write("sys/firmware/acpi/tables/IORT", covered()[:60])
        f = self.assert_finding(self.at(), "group-follows", "unknown")
        self.assertIn("was not read", f["evidence"][0])
        t.write("sys/firmware/acpi/tables/IORT", covered())
        t.kernel("5.14.0-503.el9.aarch64")
        self.assert_finding(self.at(), "group-follows", "unknown")
        t.write("sys/firmware/acpi/tables/IORT", covered(0x100))
        self.assert_finding(self.at(), "no-group", "blocks")

    def test_two_smmus(self):
        """Ids of one device that lead to two: kernels differ."""
        t = self.arm(iort(smmu(), smmu(), root_complex((0, 0x400, 0, 0), (0x400, 0x400, 0, 1))))
        t.bridge("0000:00:06.0", 4, port=None, pcie=None)
        t.device("0000:04:01.0", pcie=None)
        self.assert_finding(self.at("0000:04:01.0"), "group-follows", "unknown")

    def test_not_on_x86(self):
        t = self.host("6.1.0")
        t.write("sys/firmware/acpi/tables/IORT", covered())
        t.device("0000:00:04.0", group=1)
        t.device("0000:00:05.0")
        self.assert_finding(self.at(), "no-group", "blocks")

    def test_firmware_without_an_smmu(self):
        t = self.host(iommu=None, log=())
        t.write("sys/firmware/acpi/tables/IORT", iort(its_group()))
        t.device("0000:00:05.0")
        f = self.assert_finding(self.at(), "iommu-absent", "blocks", remedies=["bios-iommu"])
        self.assertIn("SMMU", f["remedies"][0]["text"])
        self.assertNotIn("VT-d", f["remedies"][0]["text"])

    def test_intels_words_mean_nothing(self):
        t = self.host(iommu=None, log=())
        t.write("sys/firmware/acpi/tables/IORT", covered())
        t.write("proc/cmdline", "intel_iommu=off iommu=off\n")
        t.device("0000:00:05.0")
        f = self.assert_finding(self.at(), "iommu-off", "blocks", "(IORT)", remedies=[])
        self.assertNotIn("intel", f["text"])


def cells(*numbers: int) -> bytes:
    return struct.pack(f">{len(numbers)}I", *numbers)


class Tree(Arm):
    """A device tree tells by the property iommu-map of the PCI host."""

    NODE = "sys/firmware/devicetree/base/axi/pcie@1000000"

    def board(self, maps: bytes | None, mask: bytes | None = None, **more):
        self.setUp()
        t = self.arm(**more)
        t.remove("sys/firmware/acpi")
        t.write(f"{self.NODE}/device_type", b"pci\0")
        if maps is not None:
            t.write(f"{self.NODE}/iommu-map", maps)
        if mask is not None:
            t.write(f"{self.NODE}/iommu-map-mask", mask)
        link = t.root / "sys/class/pci_bus/0000:00/of_node"
        link.parent.mkdir(parents=True)
        link.symlink_to(f"../../../../{self.NODE}")
        t.device("0000:00:05.0")
        return t

    def test_covered(self):
        self.board(cells(0, 7, 0x4000, 0x10000))
        f = self.assert_finding(self.at(), "group-follows", "informs", "when a driver is bound")
        self.assertEqual(f["evidence"][0],
                         "/sys/class/pci_bus/0000:00/of_node/iommu-map: id 0x28 is stream 0x4028 "
                         "of the IOMMU with phandle 0x7")
        self.assertEqual(self.at()["verdict"], "assignable")

    def test_the_second_entry(self):
        self.board(cells(0, 7, 0, 0x28, 0x28, 8, 0x100, 1))
        self.assertIn("stream 0x100 of the IOMMU with phandle 0x8",
                      self.found(self.at(), "group-follows")["evidence"][0])

    def test_not_covered(self):
        for maps in (cells(0, 7, 0, 0x28), cells(0x29, 7, 0, 0x1000), cells(0x28, 7, 0, 0),
                     cells(0xFFFFFFFF, 7, 0, 0xFFFFFFFF)):
            self.board(maps)
            device = self.at()
            f = self.assert_finding(device, "no-group", "blocks")
            self.assertIn("iommu-map: nothing for id 0x28", " ".join(f["evidence"]))
            self.assert_not_found(device, "group-follows")

    def test_mask(self):
        """Ids count without what the mask leaves out; an entry outside it ends the search."""
        self.board(cells(8, 7, 0x100, 1), mask=cells(8))
        self.assertIn("stream 0x100", self.found(self.at(), "group-follows")["evidence"][0])
        self.board(cells(0x100, 7, 0, 1, 0, 7, 0, 0x1000), mask=cells(0xFF))
        self.assert_finding(self.at(), "no-group", "blocks")

    def test_unknown(self):
        """Entries of another size, too large a map, a mask that is none."""
        for maps, mask in ((b"", None), (cells(0, 7, 0), None), (cells(0, 7, 0, 0, 0x10000), None),
                           (cells(0, 7, 0, 0x10000) * 5000, None),
                           (cells(0, 7, 0, 0x10000), b"\0\0"),
                           (cells(0, 7, 0, 0x10000), bytes(8))):
            self.board(maps, mask)
            self.assert_finding(self.at(), "group-follows", "unknown", "cannot tell")
        t = self.board(cells(0, 7, 0, 0x10000))
        t.remove("sys/class/pci_bus/0000:00/of_node")
        self.assert_finding(self.at(), "group-follows", "unknown", "cannot tell")

    def test_a_stream_that_another_has(self):
        t = self.board(cells(0, 7, 0, 0x10000))
        t.bridge("0000:00:06.0", 4, port=None, pcie=None, group=1, driver="shpchp")
        t.device("0000:04:01.0", pcie=None)
        self.assert_finding(self.at("0000:04:01.0"), "stream-shared", "blocks", "stream 0x30")

    def test_access_control_comes_too_late(self):
        """Before 7.0 a kernel with a device tree turns it on for nobody."""
        for release, together in (("6.12.0-arm64", True), ("7.0.0-arm64", False)):
            t = self.board(cells(0, 7, 0, 0x10000), release=release)
            t.bridge("0000:00:03.0", 4, acs=(0x1D, 0))
            t.device("0000:04:00.0")
            for path in "sys/kernel/iommu_groups", "sys/class/iommu":
                t.remove(path)
            t.remove("sys/bus/pci/devices/0000:00:02.0/iommu_group")
            groups = self.ask("groups", "--computed")["groups"]
            members = [sorted(d["address"] for d in g["devices"]) for g in groups]
            self.assertEqual(["0000:00:03.0", "0000:04:00.0"] in members, together, members)

    def test_a_capture_says_the_same(self):
        self.board(cells(0, 7, 0x4000, 0x10000), mask=cells(0xFFFF))
        before = self.at()
        capture = self.directory / "host.tar"
        self.assertEqual(self.run_pcipass("capture", "-o", str(capture)).returncode, 0)
        self.assertEqual(self.ask(path=capture)["devices"], [
            d for d in self.document["devices"]])
        self.assertEqual(before["verdict"], "assignable")


class TreeMessages(Arm):
    """Where no driver uses message interrupts, the node that msi-map or msi-parent points to tells."""

    NODE, board = Tree.NODE, Tree.board
    BASE = "sys/firmware/devicetree/base"
    ITS, FRAME = b"arm,gic-v3-its\0", b"arm,gic-v2m-frame\0"

    def controllers(self, *nodes: tuple[int, bytes], parent: bytes | None = None, maps: bytes | None = None,
                    bus: str = "interrupt-controller@8000000", **more) -> None:
        t = self.board(cells(0, 7, 0, 0x10000), interrupts=NONE, **more)
        if maps is not None:
            t.write(f"{self.NODE}/msi-map", maps)
        if parent is not None:
            t.write(f"{self.NODE}/msi-parent", parent)
        for n, (phandle, compatible) in enumerate(nodes):
            node = f"{self.BASE}/{bus}/msi-controller@{n}"
            t.write(f"{node}/phandle", cells(phandle))
            t.write(f"{node}/compatible", compatible)

    def isolated(self) -> bool | None:
        self.survey()
        return self.document["host"]["interrupt_remapping"]

    MAP = cells(0, 9, 0, 0x10000)

    def test_forms(self):
        """By a map or by a parent, below the root or below a bus, with other names in front."""
        for more in ({"maps": self.MAP}, {"parent": cells(9)}, {"parent": cells(9, 0x5)},
                     {"maps": cells(0, 9, 0, 0x100, 0x100, 9, 0x100, 0x100)},
                     {"maps": self.MAP, "bus": "soc/interrupt-controller@8000000"}, {"maps": self.MAP, "bus": "soc"}):
            for compatible, wanted in ((self.ITS, True), (b"vendor,its\0" + self.ITS, True), (self.FRAME, False),
                                       (b"arm,gic-v5-its\0", True)):
                self.controllers((8, b"arm,pl011\0"), (9, compatible), **more)
                self.assertIs(self.isolated(), wanted, (more, compatible))
        self.controllers((9, self.FRAME), maps=self.MAP)
        f = self.found(self.at(), "interrupt-remapping")
        self.assertIn("/sys/class/pci_bus/*/of_node/msi-map: GICv2m", f["evidence"][0])
        capture = self.directory / "host.tar"
        self.assertEqual(self.run_pcipass("capture", "-o", str(capture)).returncode, 0)
        self.assertEqual(self.ask(path=capture)["devices"], self.document["devices"])

    def test_not_known(self):
        for nodes, maps in (((), self.MAP), (((8, self.ITS),), self.MAP), (((9, b"arm,gic-v3-itsx\0"),), self.MAP),
                            (((9, b"arm,gic-v3-its"),), self.MAP), (((9, b"xarm,gic-v3-its\0"),), self.MAP), (((9, b""),), self.MAP),
                            (((9, b"brcm,bcm2712-mip\0"),), self.MAP), (((9, self.ITS),), None), (((9, self.ITS),), b""),
                            (((9, self.ITS),), self.MAP[:12]), (((9, self.ITS),), self.MAP * 300),
                            (((9, self.ITS), (10, b"brcm,bcm2712-mip\0")), self.MAP + cells(0x10000, 10, 0, 1)),
                            (((9, self.ITS * 300),), self.MAP)):
            self.controllers(*nodes, maps=maps)
            self.assertIsNone(self.isolated(), (nodes, maps))
        self.assert_finding(self.at(), "interrupt-remapping", "unknown")
        self.controllers((9, self.ITS), parent=b"\0\0\t")
        self.assertIsNone(self.isolated())

    def test_both(self):
        """Kernels that ask each device cannot be told of; those before want both to isolate."""
        both = cells(0, 9, 0, 0x100, 0x100, 10, 0, 0x100)
        for release, wanted in (("6.1.0-arm64", False), ("6.12.0-arm64", None)):
            self.controllers((9, self.ITS), (10, self.FRAME), maps=both, release=release)
            self.assertIs(self.isolated(), wanted, release)

    def test_what_a_driver_uses_counts(self):
        self.controllers((9, self.FRAME), maps=self.MAP)
        (self.tree.root / "proc/interrupts").write_text(ITS)
        self.assertIs(self.isolated(), True)


class Company(Arm):
    """The group to come, as far as it is there already."""

    def behind(self, *regions, driver="pcieport", **more):
        t = self.arm(covered(), **more)
        t.bridge("0000:00:03.0", 4, group=3, driver=driver)
        t.regions(3, *regions)
        t.device("0000:04:00.0")
        return t

    def test_alone_with_its_port(self):
        self.behind()
        device = self.at("0000:04:00.0")
        self.assertEqual([f["rule"] for f in device["findings"]], ["group-follows"])
        self.assertEqual(device["verdict"], "assignable")

    def test_with_another(self):
        t = self.behind()
        t.device("0000:04:01.0", group=3, driver="ahci")
        f = self.at("0000:04:00.0")["findings"][0]
        self.assertEqual((f["rule"], f["effect"]), ("group-follows", "degrades"))
        self.assertIn("will share group 3 with 04:01.0", f["text"])

    def test_with_others(self):
        t = self.behind()
        t.device("0000:04:01.0", group=3, driver="ahci")
        t.device("0000:04:02.0", group=3, driver="ahci")
        self.assert_finding(self.at("0000:04:00.0"), "companions", "degrades", "group 3")

    def test_a_group_that_is_held(self):
        t = self.behind(DIRECT)
        self.assert_finding(self.at("0000:04:00.0"), "region-companion", "blocks", "group 3")
        t.kernel("6.1.0")
        self.assert_finding(self.at("0000:04:00.0"), "region-companion", "degrades")

    def test_a_bridge_that_vfio_refuses(self):
        self.behind(driver="shpchp")
        self.assert_finding(self.at("0000:04:00.0"), "bridge-driver", "blocks", "00:03.0",
                            remedies=["unbind-bridge"])

    def test_not_known_with_whom(self):
        """64 bytes of configuration space, as without root."""
        t = self.behind()
        for address in ("0000:00:03.0", "0000:04:00.0"):
            file = t.root / "sys/bus/pci/devices" / address / "config"
            file.write_bytes(file.read_bytes()[:64])
        findings = [f for f in self.at("0000:04:00.0")["findings"] if f["effect"] == "unknown"
                    and f["rule"] == "group-follows"]
        self.assertEqual(len(findings), 1)


START = 0x4A000000
ALL = (0, 0x10000, 0, 0)


def held(*streams, ranges=((START, 0x10000),), flags=0, revision=5) -> bytes:
    """An IORT with one RMR for these streams of its SMMUv3."""
    maps = tuple((0, 1, s, 0, SINGLE) for s in streams)
    return iort(smmu(), root_complex(ALL), iort_rmr(*ranges, maps=maps, flags=flags),
                revision=revision)


class Rmr(Arm):
    """Memory that the firmware reserves for devices, by their stream ids."""

    def device_held(self, *lines, release="7.3.4-arm64", table=None, **more):
        t = self.arm(table or held(0x100), release=release)
        t.device("0000:01:00.0", group=1, **more)
        t.regions(1, *lines)
        return t

    def one(self):
        return self.at("0000:01:00.0")

    def test_held(self):
        self.device_held(DIRECT)
        f = self.assert_finding(self.one(), "region-hard", "blocks",
                                "RMR 0x4a000000-0x4a00ffff", remedies=["table-override"])
        self.assertIn("IORT RMR 0 at +0xc8: 0x4a000000-0x4a00ffff", f["evidence"])
        self.assertIn("EINVAL", f["evidence"][-1])
        self.assertEqual(self.one()["verdict"], "blocked-fixable")
        remedy, = f["remedies"]
        self.assertIn("IORT table (from the initrd) with a copy in which this device's reserved memory may be remapped",
                      remedy["text"])

    def test_the_table_names_another_device(self):
        """The kernel's list is the group's: without an RMR of its own no table is of use."""
        self.device_held(DIRECT, table=held(0x108))
        self.assert_finding(self.one(), "region-hard", "blocks", remedies=[])

    def test_kernels_before_6_6(self):
        for release, effect in (("6.1.0-arm64", "degrades"), ("6.0.0-arm64", "degrades"), ("5.19.0-arm64", "informs")):
            self.setUp()
            self.device_held(DIRECT, release=release)
            self.assert_finding(self.one(), "region-hard", effect, "before 6.6", remedies=[])

    def test_kernel_not_known(self):
        t = self.device_held(DIRECT)
        t.remove("proc/version")
        f = self.assert_finding(self.one(), "region-hard", "unknown", "6.6 and later")
        self.assertNotIn("Intel", f["text"])

    def test_remapping_permitted(self):
        self.device_held(DIRECT + "-relaxable", table=held(0x100, flags=REMAP_PERMITTED))
        device = self.one()
        self.assert_finding(device, "rmr-relaxable", "informs", "permits")
        self.assert_not_found(device, "rmrr-relaxable")
        self.assertEqual(device["verdict"], "assignable")

    def test_usb_is_held_like_any(self):
        """Only Intel's driver lets USB and display devices go."""
        self.device_held(DIRECT, class_code=0x0C0330)
        self.assert_finding(self.one(), "region-hard", "blocks")

    def test_the_kernel_lists_none(self):
        """Without the host bridge's _DSM 5 the kernel passes over RMRs."""
        self.device_held()
        device = self.one()
        self.assert_not_found(device, "region-hard")
        f = self.assert_finding(device, "region-disputed", "informs")
        self.assertIn("_DSM 5", f["evidence"][-1])
        self.assertEqual(device["verdict"], "assignable")

    def test_regions_unread(self):
        t = self.device_held()
        t.remove("sys/kernel/iommu_groups/1/reserved_regions")
        device = self.one()
        self.assert_finding(device, "region-hard", "unknown")
        self.assert_finding(device, "region-unread", "unknown")
        t.write("sys/firmware/acpi/tables/IORT", held(0x200))
        self.assertEqual(self.one()["verdict"], "assignable")

    def test_company(self):
        t = self.device_held(DIRECT)
        t.device("0000:01:00.1", group=1)
        self.assert_finding(self.survey()["0000:01:00.1"], "region-companion", "blocks",
                            "01:00.0", "(RMR)")

    def test_without_a_group(self):
        """Before 6.15: what the kernel lists for others of the host bridge tells whether it counts."""
        t = self.arm(held(0x28, 0x30))
        t.device("0000:00:05.0")
        self.assert_finding(self.at(), "region-hard", "unknown", "until the device has a group")
        self.assertEqual(self.at()["verdict"], "unknown")
        t.device("0000:00:06.0", group=6, driver="nvme")
        t.regions(6, DIRECT)
        self.assert_finding(self.at(), "region-hard", "blocks")
        t.regions(6)
        self.assert_not_found(self.at(), "region-hard")
        self.assert_finding(self.at(), "region-disputed", "informs")
        # Another host bridge says nothing of this one.
        t.write("sys/firmware/acpi/tables/IORT", held(0x28, 0x4000))
        t.device("0000:40:00.0", group=7, driver="nvme")
        t.regions(7, DIRECT)
        self.assert_finding(self.at(), "region-hard", "unknown")

    def reserved_of(self, table, **more):
        t = self.device_held(DIRECT, **more)
        t.write("sys/firmware/acpi/tables/IORT", table)
        return self.reserved()

    def test_reserved(self):
        two = ((START, 0x10000), (0x4B000000, 0x1000))
        regions = self.reserved_of(held(0x100, 0x200, ranges=two))
        self.assertEqual([(r["source"], r["index"], r["start"], r["end"], r["kind"], r["segment"],
                           r["devices"], r["relaxable_devices"], r["not_listed_by_kernel"])
                          for r in regions],
                         [("IORT", 0, "0x4a000000", "0x4a00ffff", "direct", 0,
                           ["0000:01:00.0"], [], []),
                          ("IORT", 1, "0x4b000000", "0x4b000fff", "direct", 0,
                           ["0000:01:00.0"], [], ["0000:01:00.0"])])
        self.assertEqual(regions[0]["scopes"],
                         [{"type": "streams", "smmu_offset": 48, "first": s, "last": s}
                          for s in ("0x100", "0x200")])
        text = self.run_pcipass("reserved").stdout
        for words in ("RMR  1 ", "stream 0x100 of the SMMUv3 at +0x30", "unlisted", "hard"):
            self.assertIn(words, text)

    def test_whom_it_holds(self):
        """By the SMMU and the stream behind it, not by the requester id."""
        shifted = root_complex((0, 0x10000, 0x500000, 0))
        for rmr, who in ((iort_rmr((START, 0x10000), maps=((0, 1, 0x100, 0, 0),)), []),
                         (iort_rmr((START, 0x10000), maps=((0, 1, 0x500100, 0, 0),)), [1]),
                         (iort_rmr((START, 0x10000), maps=((0, 0xE9, 0x500018, 0, 0),)), [1]),
                         (iort_rmr((START, 0x10000), maps=((0, 0xE8, 0x500018, 0, 0),)), []),
                         (iort_rmr((START, 0x10000), maps=((0, 1, 0x500100, 3, 0),)), []),
                         (iort_rmr((START, 0x10000)), []),
                         (iort_rmr(maps=((0, 1, 0x500100, 0, 0),)), None)):
            self.setUp()
            regions = self.reserved_of(iort(smmu(), shifted, rmr, smmu()))
            if who is None:
                self.assertEqual(regions, [])
            else:
                self.assertEqual(regions[0]["devices"], ["0000:01:00.0"] * len(who))

    def test_an_older_table(self):
        """The kernel reads no RMR below revision 5."""
        regions = self.reserved_of(held(0x100, revision=4))
        self.assertEqual(regions[0]["devices"], [])
        self.assertIsNone(regions[0]["segment"])
        self.assertIn("ignored: the table's revision", self.run_pcipass("reserved").stdout)

    def test_odd_ranges_hold_all_the_same(self):
        for start, length in ((START, 0), (START + 1, 0x1000), (2**64 - 0x1000, 0x2000), (0, 0)):
            self.setUp()
            self.device_held(DIRECT, table=held(0x100, ranges=((start, length),)))
            self.assert_finding(self.one(), "region-hard", "blocks")
            self.assertEqual(len(self.reserved()), 1)

    def test_a_bare_table(self):
        path = self.tree.write("IORT.bin", held(0x100, flags=REMAP_PERMITTED))
        region = self.ask("reserved", path=path)["regions"][0]
        self.assertEqual((region["kind"], region["devices"], region["segment"]),
                         ("direct-relaxable", None, None))
        text = self.run_pcipass("reserved", path=path).stdout
        self.assertIn("stream 0x100 of the SMMUv3 at +0x30: remapping permitted", text)
        path = self.tree.write("IORT.bin", iort(smmu(), root_complex(ALL)))
        self.assertIn("declares no reserved region", self.run_pcipass("reserved", path=path).stdout)

    def test_many_mappings_and_ranges(self):
        """A hostile table: each range has all mappings, which must not multiply."""
        ranges = tuple((START + i * 0x10000, 0x10000) for i in range(1500))
        table = held(*range(0x1000, 0x1000 + 1500), ranges=ranges)
        path = self.tree.write("IORT.bin", table)
        run = self.run_pcipass("--json", "reserved", path=path)
        self.assertEqual(run.returncode, 0, run.stderr)
        self.assertLess(len(run.stdout), 20_000_000)
        self.assertIn('"scopes_left_out": 1436', run.stdout.replace('":1436', '": 1436'))
        self.assertIn("and 1436 more id mappings", self.run_pcipass("reserved", path=path).stdout)


class Interrupts(Arm):
    def judged(self, effect, interrupts, *words, log=(), release=LATE, madt=None, capture=False):
        self.setUp()
        t = self.arm(covered(), interrupts=interrupts, log=log, release=release)
        t.device("0000:00:05.0")
        if madt is not None:
            t.write("sys/firmware/acpi/tables/APIC", madt)
        if capture:
            archive = self.directory / "c.tar"
            self.assertEqual(self.run_pcipass("capture", "-o", str(archive)).returncode, 0)
            self.assertEqual(self.survey(path=archive), self.survey())
        device = self.at()
        if effect:
            return self.assert_finding(device, "interrupt-remapping", effect, *words)
        self.assert_not_found(device, "interrupt-remapping")
        self.assertTrue(self.document["host"]["interrupt_remapping"])
        return None

    def test_its(self):
        self.judged(None, ITS)
        self.judged(None, ITS_6_1, release="6.1.0")

    def test_gicv2m(self):
        for text in GICV2M, GICV2M_6_1:
            f = self.judged("blocks", text, "EPERM")
            self.assertEqual([c["id"] for c in f["remedies"]], ["allow-unsafe-interrupts"])
            self.assertEqual(f["evidence"][0],
                             "/proc/interrupts: GICv2m, which cannot tell devices apart, and no ITS")
            for word in "IR-", "DMAR", "VT-d", "intremap":
                self.assertNotIn(word, " ".join(f["evidence"]))

    def test_by_the_log(self):
        """Where no driver uses message interrupts."""
        its = "ITS [mem 0x08080000-0x0809ffff]"
        v2m = "GICv2m: range[mem 0x08020000-0x08020fff], SPI[80:143]"
        self.judged(None, NONE, log=(its,))
        self.assertIn("kernel log", self.judged("blocks", NONE, log=(v2m,))["evidence"][0])
        self.judged(None, None, log=(its,))
        self.judged("unknown", NONE, log=(its, v2m))
        self.judged("unknown", NONE)
        self.judged("unknown", None)
        self.judged("blocks", GICV2M, log=(its,))

    def test_by_the_madt(self):
        """Where the log is gone as well; a table that cannot be decoded declares nothing."""
        its, v2m = b"\x0f\x14" + bytes(18), b"\x0d\x18" + bytes(22)
        gic = b"\x0b\x50" + b"\x0f" * 78

        def madt(*structures: bytes) -> bytes:
            return acpi(b"APIC", bytes(8) + b"".join(structures))

        self.judged(None, NONE, madt=madt(gic, its), capture=True)
        self.judged(None, None, madt=madt(gic, its))
        f = self.judged("blocks", NONE, madt=madt(gic, v2m), capture=True)
        self.assertIn("/sys/firmware/acpi/tables/APIC: GICv2m", f["evidence"][0])
        self.judged("unknown", NONE, madt=madt(its, v2m))
        self.judged("blocks", NONE, madt=madt(its, v2m), release="6.1.0")
        for odd in (madt(gic), madt(), madt(its)[:-1], madt(its, b"\x0f\0"), madt(its, b"\x0d"), b"", b"APIC",
                    acpi(b"FACP", bytes(8) + its)):
            f = self.judged("unknown", NONE, madt=odd)
            self.assertIn("nor the device tree's msi-map names", f["evidence"][0])
        # What the kernel shows goes before what the firmware declares.
        self.judged("blocks", GICV2M, madt=madt(its))
        self.judged("blocks", NONE, madt=madt(its), log=("GICv2m: range[mem 0x08020000-0x08020fff], SPI[80:143]",))

    def test_both(self):
        """Up to 6.2 every controller had to isolate, since then the device's own."""
        both = ITS + GICV2M.split("\n", 1)[1]
        self.judged("blocks", both, release="6.1.0")
        self.judged("unknown", both, release="6.3.0")

    def test_names_that_only_look_like_it(self):
        self.judged("unknown", "           CPU0\n 55:  1  GICv3  27 Level  my MSI driver\n")
        self.judged("unknown", "           CPU0\n 55:  1  PCI-MSI 134217728 Edge  x\n")
        self.judged("unknown", "           CPU0\n 55:  1  GICv3 27 Level  BITS-1\n")

    def test_names_across_pieces(self):
        """The file is read 8192 bytes at a time."""
        for text, effect in (ITS, None), (GICV2M, "blocks"), (GICV2M_6_1, "blocks"):
            name = text.split("\n", 1)[1]
            for at in range(8150, 8200, 7):
                self.judged(effect, "x" * at + "\n" + name)

    def test_a_redacted_capture_says_the_same(self):
        for line, remapped in (("ITS [mem 0x08080000-0x0809ffff]", True),
                               ("GICv2m: range[mem 0x08020000-0x08020fff], SPI[80:143]", False)):
            self.setUp()
            self.arm(covered(), interrupts=NONE, log=(line, "secret")).device("0000:00:05.0")
            capture = self.directory / "host.tar"
            run = self.run_pcipass("capture", "-o", str(capture))
            self.assertEqual(run.returncode, 0, run.stderr)
            host = self.ask(path=capture)["host"]
            self.assertEqual(host["interrupt_remapping"], remapped)


if __name__ == "__main__":
    unittest.main()
