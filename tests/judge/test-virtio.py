#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Virtual machines with a virtio-iommu: what its table covers, whether it runs, and that it remaps no interrupts."""

import struct
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "host"))

from hosttree import Case, acpi  # noqa: E402

LATE, EARLY = "6.12.0-amd64", "6.16.0-amd64"
PLAIN = "           CPU0\n 24:  5  PCI-MSIX-0000:00:02.0   0-edge      PCIe PME\n"
CPU = "vendor_id\t: AuthenticAMD\ncpu family\t: 25\nmodel\t\t: 1\nflags\t\t: fpu hypervisor svm\n"
VIOT = "sys/firmware/acpi/tables/VIOT"
ACS = (0x1D, 0x1D)
ITSELF = "0000:00:01.0"
CARD = "0000:00:05.0"


def viot(first=0, last=0x02FF, iommu=48, segment=0) -> bytes:
    """A virtio-iommu at 00:01.0 and a range of ids."""
    return acpi(b"VIOT", struct.pack("<HH8x", 2, 48) + struct.pack("<BxHHH8x", 3, 16, 0, 8)
                + struct.pack("<BxHIHHHHH6x", 1, 24, first, segment, segment, first, last, iommu))


class Virtio(Case):
    def guest(self, *, release=LATE, runs=True, table: bytes | None = viot(), config="", unsafe=False, cpu=CPU,
              interrupts=PLAIN):
        t = self.host(release, iommu=ITSELF if runs else None, interrupts=interrupts, log=("quiet",))
        t.write("proc/cpuinfo", cpu)
        t.write("sys/class/dmi/id/sys_vendor", "QEMU\n")
        t.write("sys/module/vfio_iommu_type1/parameters/allow_unsafe_interrupts", "Y\n" if unsafe else "N\n")
        if table is not None:
            t.write(VIOT, table)
        if config:
            t.write(f"boot/config-{release}", config)
        t.device(ITSELF, vendor=0x1AF4, device=0x1057, class_code=0x00FF00, driver="virtio-pci")
        t.bridge("0000:00:02.0", 1, group=0 if runs else None, driver="pcieport", acs=ACS)
        return t

    def at(self, address=CARD):
        return self.survey()[address]

    def host_finding(self, rule):
        """Of what is true of the host every device tells."""
        return next((f for f in self.at(ITSELF)["findings"] if f["rule"] == rule), None)


class Coverage(Virtio):
    def test_covered_without_a_driver(self):
        """The group comes with a driver before 6.15, as the kernel itself showed in the lab."""
        self.guest(unsafe=True).device(CARD)
        device = self.at()
        self.assertEqual(device["verdict"], "care")
        f = self.assert_finding(device, "group-follows", "informs", "when a driver is bound to it",
                                "the virtio-iommu covers it")
        self.assertEqual(f["evidence"][0], "VIOT+0x40: PCI range, id 0x28 is endpoint 0x28 of the virtio-iommu at +0x30")
        self.assert_not_found(device, "no-group")

    def test_later_kernels_have_the_groups_at_once(self):
        # What has none was bound before the IOMMU's driver came, and is refused until the reboot: 7.3.4 in the lab.
        self.guest(release=EARLY, unsafe=True).device(CARD, driver="e1000e")
        self.assert_finding(self.at(), "no-group", "blocks", "loaded before the virtio-iommu's",
                            remedies=["virtio-iommu"])
        self.assert_not_found(self.at(), "group-follows")

    def test_the_iommu_itself(self):
        self.guest(unsafe=True).device(CARD)
        device = self.at(ITSELF)
        self.assertEqual(device["verdict"], "blocked")
        f = self.assert_finding(device, "no-group", "blocks")
        self.assertEqual(f["evidence"][0], "VIOT+0x30: it is the virtio-iommu itself")

    def test_not_covered(self):
        """An id out of the range, another segment, a range that leads to nothing."""
        t = self.guest(unsafe=True)
        t.device(CARD)
        for table in (viot(0, 0x27), viot(0x29, 0xFFFF), viot(segment=1)):
            t.write(VIOT, table)
            f = self.assert_finding(self.at(), "no-group", "blocks", "no IOMMU of this host")
            self.assertEqual(f["evidence"][0], "VIOT: no PCI range has id 0x28 of segment 0")

    def test_an_unread_table(self):
        """Without it nothing is known of what is covered; the kernel's name of the IOMMU is still there."""
        t = self.guest(unsafe=True, table=None)
        t.device(CARD)
        f = self.assert_finding(self.at(), "group-follows", "unknown")
        self.assertEqual(f["evidence"], ["the VIOT, which says what the virtio-iommu covers, was not read"])

    def test_a_broken_table(self):
        t = self.guest(unsafe=True, table=viot()[:-1])
        t.device(CARD)
        self.assert_finding(self.at(), "group-follows", "unknown")
        self.assertIn("VIOT", str(self.ask()))


class Runs(Virtio):
    def test_it_does(self):
        self.guest()
        self.assertIn("virtio-iommu on, interrupts not remapped", self.run_pcipass().stdout)

    def test_interrupts(self):
        """Nothing on x86 remaps them then: VFIO refuses, and another IOMMU is the better remedy."""
        self.guest()
        f = self.host_finding("interrupt-remapping")
        self.assertEqual(f["effect"], "blocks")
        self.assertEqual(f["evidence"][0], "a virtio-iommu does not remap interrupts")
        self.assertEqual([r["id"] for r in f["remedies"]], ["virtual-iommu", "allow-unsafe-interrupts"])
        self.assertIn("in place of the virtio-iommu", f["remedies"][0]["text"])

    def test_interrupts_that_may(self):
        self.guest(unsafe=True)
        self.assertEqual(self.host_finding("interrupt-remapping")["effect"], "degrades")

    def test_interrupts_on_arm(self):
        """There an ITS isolates them."""
        its = "           CPU0\n 55:  1  ITS-PCI-MSIX-0000:00:02.0   0 Edge      PCIe PME\n"
        self.guest(release="6.12.0-arm64", cpu="CPU implementer\t: 0x41\nCPU part\t: 0xd40\n", interrupts=its)
        self.assertIsNone(self.host_finding("interrupt-remapping"))

    def test_driver_not_loaded(self):
        """Its table alone is there: that is not "no IOMMU"."""
        self.guest(runs=False)
        f = self.host_finding("iommu-off")
        self.assertIn("has a virtio-iommu, but its driver is not loaded", f["text"])
        self.assertEqual([r["id"] for r in f["remedies"]], ["virtio-iommu", "virtual-iommu"])
        self.assertNotIn("intel_iommu=on", f["remedies"][0]["text"])
        self.assertIsNone(self.host_finding("iommu-absent"))
        self.assertIn("virtio-iommu, off in the kernel", self.run_pcipass().stdout)

    def test_driver_not_loaded_and_no_root(self):
        """The table cannot be read, but it is there; no device may pass for one that is free."""
        t = self.guest(runs=False)
        (t.root / VIOT).unlink()
        (t.root / VIOT).mkdir()  # what nobody can read as a file, root neither
        t.device(CARD)
        self.assertIn("its driver is not loaded", self.host_finding("iommu-off")["text"])
        self.assertEqual(self.at()["verdict"], "blocked-fixable")
        self.assertIn("virtio-iommu, off in the kernel", self.run_pcipass().stdout)

    def test_driver_not_built(self):
        """As with Debian 12's kernel for amd64."""
        self.guest(runs=False, config="CONFIG_VFIO=m\n# CONFIG_VIRTIO_IOMMU is not set\n")
        f = self.host_finding("iommu-off")
        self.assertIn("built without its driver (CONFIG_VIRTIO_IOMMU)", f["text"])
        self.assertEqual([r["id"] for r in f["remedies"]], ["another-kernel", "virtual-iommu"])

    def test_a_table_of_nothing(self):
        """A VIOT that leads to no IOMMU declares none."""
        self.guest(runs=False, table=acpi(b"VIOT", struct.pack("<HH8x", 0, 48)))
        self.assertIsNone(self.host_finding("iommu-off"))
        self.assertIn("declares no IOMMU", self.host_finding("iommu-absent")["text"])

    def test_a_capture_of_before(self):
        """Archives made before the table was looked for lack it: no word of it."""
        self.guest(runs=False, table=None)
        self.assertNotIn("VIOT", str(self.ask()))


if __name__ == "__main__":
    unittest.main()
