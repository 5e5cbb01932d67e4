#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What the kernel says of itself: command line, parameters, lockdown, log, interrupts."""

import unittest

from hosttree import ENDPOINT, NOT_REMAPPED, Case, drhd, rmrr, scope


class Off(Case):
    """A host whose firmware has a table and whose kernel runs no IOMMU."""

    def setUp(self):
        super().setUp()
        t = self.host(iommu=None, log=())
        t.device("0000:01:00.0")
        t.dmar(drhd())

    def off(self, line, **more):
        self.tree.write("proc/cmdline", line + "\n")
        return self.assert_finding(self.survey()["0000:01:00.0"], "iommu-off", "blocks", **more)

    def test_not_asked_for(self):
        f = self.off("quiet")
        self.assertIn("does not use it", f["text"])
        self.assertEqual(f["remedies"][0]["text"],
                         "add intel_iommu=on to the kernel command line, then reboot")
        self.assertIs(f["remedies"][0]["by_free"], True)

    def test_switched_off(self):
        for line in ("intel_iommu=off", "intel_iommu=on intel_iommu=off", "iommu=off",
                     "quiet intel_iommu=off -- x", "intel-iommu=off"):
            f = self.off(line)
            self.assertIn("turned off on the kernel command line", f["text"], line)
            self.assertIs(f["remedies"][0]["by_free"], True, line)

    def test_not_switched_off(self):
        for line in ("intel_iommu=off intel_iommu=on", "xintel_iommu=off", "intel_iommu",
                     "quiet -- intel_iommu=off", "intel_iommu=igfx_off", "amd_iommu=off", ""):
            self.assertIn("does not use it", self.off(line)["text"], line)

    def test_amds_own_argument(self):
        self.tree.remove("sys/firmware/acpi/tables/DMAR")
        self.tree.ivrs()
        self.assertIn("(amd_iommu=off)", self.off("amd_iommu=off")["text"])
        self.assertIn("does not use it", self.off("intel_iommu=off")["text"])


class Iommufd(Case):
    """A kernel whose VFIO has no groups: the unsafe switch is iommufd's."""

    def test_unsafe_switch(self):
        t = self.host(interrupts=NOT_REMAPPED)
        t.device("0000:01:00.0", group=1)
        t.write("boot/config-6.12.0-1-amd64", "# Automatically generated file; DO NOT EDIT.\n"
                "CONFIG_VFIO=m\nCONFIG_VFIO_PCI=m\nCONFIG_IOMMUFD=m\nCONFIG_VFIO_DEVICE_CDEV=y\n")
        t.write("etc/modprobe.d/x.conf", "options vfio_iommu_type1 allow_unsafe_interrupts=1\n")
        f = self.assert_finding(self.survey()["0000:01:00.0"], "interrupt-remapping", "blocks")
        self.assertIn("options iommufd allow_unsafe_interrupts=1", str(f["remedies"]))
        t.write("etc/modprobe.d/x.conf", "options iommufd allow_unsafe_interrupts=1\n")
        self.assert_finding(self.survey()["0000:01:00.0"], "interrupt-remapping", "degrades")

    def test_unsafe_switch_while_loaded(self):
        """By a list of modules, as the lab's kernel has it; and with groups beside it."""
        for type1, effect in (("", "degrades"), ("kernel/drivers/vfio/vfio_iommu_type1.ko:\n", "blocks")):
            self.setUp()
            t = self.host(interrupts=NOT_REMAPPED)
            t.device("0000:01:00.0", group=1)
            t.write("lib/modules/6.12.0-1-amd64/modules.dep",
                    "kernel/drivers/vfio/vfio-pci.ko:\nkernel/drivers/vfio/iommufd.ko:\n" + type1)
            for loaded in ("sys/bus/pci/drivers/vfio-pci", "sys/class/misc/iommu"):
                (t.root / loaded).mkdir(parents=True, exist_ok=True)
            t.write("sys/module/iommufd/parameters/allow_unsafe_interrupts", "Y\n")
            self.assert_finding(self.survey()["0000:01:00.0"], "interrupt-remapping", effect)


class Package(Case):
    """Debian's names of kernels hide the stable release; what is behind them tells it."""

    def refuses(self, version):
        self.tree.write("proc/version", f"Linux version 6.1.0-28-amd64 (debian-kernel@lists) {version}\n")
        return [f["effect"] for f in self.survey()["0000:01:00.0"]["findings"]
                if f["rule"] == "vfio-denylist"]

    def test_stable_release(self):
        self.host().device("0000:01:00.0", 0x088000, vendor=0x8086, device=0x0b25, group=1)
        self.assertEqual(self.refuses("#1 SMP PREEMPT_DYNAMIC Debian 6.1.119-1 (2024-11-22)"),
                         ["blocks"])
        self.assertEqual(self.refuses("#1 SMP PREEMPT_DYNAMIC Debian 6.1.90-1 (2024-05-03)"), [])
        for nothing in ("#1 SMP", "#1 SMP Debian 6.6.31-1", "#1 SMP Debian x", "Debian "):
            self.assertEqual(self.refuses(nothing), ["unknown"], nothing)


class Interrupts(Case):
    def setUp(self):
        super().setUp()
        self.host(interrupts=NOT_REMAPPED).device("0000:01:00.0", group=1)

    def device(self):
        return self.survey()["0000:01:00.0"]

    def test_not_remapped(self):
        self.assert_finding(self.device(), "interrupt-remapping", "blocks", "EPERM",
                            remedies=["allow-unsafe-interrupts"])
        self.assertIs(self.document["host"]["interrupt_remapping"], False)

    def test_prefix_across_the_boundary_of_two_reads(self):
        """The file is read in pieces of 8 KiB: the prefix at every place around the first two."""
        for boundary in (8192, 16381):
            for at in range(boundary - 5, boundary + 2):
                filler = ("x" * 99 + "\n") * 200
                self.tree.write("proc/interrupts", filler[:at] + " IR-IO-APIC 2-edge timer\n")
                self.device()
                self.assertIs(self.document["host"]["interrupt_remapping"], True, at)

    def test_near_misses_of_the_prefix(self):
        for line in ("  0: 1 XIR-IO-APIC timer\n", "  0: 1 DMAR-MSI dmar0\n",
                     "  0: 1 IR IO-APIC\n"):
            self.tree.write("proc/interrupts", NOT_REMAPPED + line)
            self.device()
            self.assertIs(self.document["host"]["interrupt_remapping"], False, line)

    def test_unread(self):
        for spoil in (lambda: self.tree.remove("proc/interrupts"),
                      lambda: self.tree.write("proc/interrupts", "")):
            spoil()
            device = self.device()
            f = self.found(device, "interrupt-remapping")
            self.assertEqual((f["effect"], f.get("could"), device["verdict"]),
                             ("unknown", "blocks", "unknown"))
            self.assertIsNone(self.document["host"]["interrupt_remapping"])

    def test_too_long_to_tell(self):
        self.tree.write("proc/interrupts", ("x" * 1023 + "\n") * 1100)
        self.device()
        self.assertIsNone(self.document["host"]["interrupt_remapping"])

    def allowed(self):
        return self.found(self.device(), "interrupt-remapping")["effect"] == "degrades"

    def test_module_parameter(self):
        path = "sys/module/vfio_iommu_type1/parameters/allow_unsafe_interrupts"
        self.tree.write(path, "Y\n")
        self.assertTrue(self.allowed())
        self.tree.write(path, "N\n")
        # what runs counts, not what is configured
        self.tree.write("etc/modprobe.d/vfio.conf",
                        "options vfio_iommu_type1 allow_unsafe_interrupts=1\n")
        self.assertFalse(self.allowed())

    def test_command_line(self):
        for line, answer in (("vfio_iommu_type1.allow_unsafe_interrupts=1", True),
                             ("vfio-iommu-type1.allow_unsafe_interrupts=Y", True),
                             ("vfio_iommu_type1.allow_unsafe_interrupts", True),
                             ("vfio_iommu_type1.allow_unsafe_interrupts=on", True),
                             ("vfio_iommu_type1.allow_unsafe_interrupts=0", False),
                             ("vfio_iommu_type1.allow_unsafe_interrupts=off", False),
                             ("allow_unsafe_interrupts=1", False)):
            self.tree.write("proc/cmdline", line + "\n")
            self.assertEqual(self.allowed(), answer, line)

    def test_modprobe_configuration(self):
        for line, answer in (
                ("options vfio_iommu_type1 allow_unsafe_interrupts=1", True),
                ("options\tvfio_iommu_type1   allow_unsafe_interrupts=y", True),
                ("  options vfio-iommu-type1 x=2 allow_unsafe_interrupts=1", True),
                ("options vfio_iommu_type1 allow_unsafe_interrupts", True),
                ("options vfio_iommu_type1 allow_unsafe_interrupts=0", False),
                ("# options vfio_iommu_type1 allow_unsafe_interrupts=1", False),
                ("options vfio_iommu_type1 xallow_unsafe_interrupts=1", False),
                ("options vfio_iommu_type2 allow_unsafe_interrupts=1", False),
                ("options vfio_iommu_type1", False)):
            self.tree.write("etc/modprobe.d/vfio.conf", line + "\n")
            self.assertEqual(self.allowed(), answer, line)
        self.tree.remove("etc/modprobe.d/vfio.conf")
        self.tree.write("etc/modprobe.d/vfio.conf.old",
                        "options vfio_iommu_type1 allow_unsafe_interrupts=1\n")
        self.assertFalse(self.allowed())

    def test_configuration_not_kept(self):
        """The default then counts, and the proof says so."""
        self.tree.remove("sys/module")
        self.tree.remove("etc")
        f = self.assert_finding(self.device(), "interrupt-remapping", "blocks")
        self.assertIn("off by default", "".join(f["evidence"]))

    def test_parameter_that_cannot_be_read(self):
        self.tree.write("sys/module/vfio_iommu_type1/parameters/allow_unsafe_interrupts/x", "")
        device = self.device()
        f = self.assert_finding(device, "interrupt-remapping", "unknown", "cannot tell whether")
        self.assertEqual((f["could"], device["verdict"]), ("blocks", "unknown"))


class Lockdown(Case):
    def test_states(self):
        t = self.host()
        t.device("0000:01:00.0", group=1)
        for text, answer in (("[none] integrity confidentiality\n", "none"),
                             ("none [integrity] confidentiality\n", "integrity"),
                             ("none integrity [confidentiality]\n", "confidentiality")):
            t.write("sys/kernel/security/lockdown", text)
            self.survey()
            self.assertEqual(self.document["host"]["lockdown"], answer)
        t.remove("sys/kernel/security/lockdown")
        self.survey()
        self.assertIsNone(self.document["host"]["lockdown"])


class Log(Case):
    def setUp(self):
        super().setUp()
        t = self.host(iommu=None, log=())
        t.device("0000:01:00.0")
        t.dmar(drhd())

    def rules(self, *lines):
        self.tree.log(*lines)
        return {f["rule"]: f["text"] for f in self.survey()["0000:01:00.0"]["findings"]
                if f["effect"] == "blocks"}

    def test_scope_mismatch(self):
        rules = self.rules("DMAR: Device scope type does not match for 0000:00:1c.0")
        self.assertIn("0000:00:1c.0", rules["iommu-scope-type"])
        self.assertNotIn("iommu-off", rules)

    def test_direct_map_failed(self):
        self.assertIn("could not map a region",
                      self.rules("pci 0000:01:00.0: not able to establish FW requested direct "
                                 "mapping")["iommu-off"])

    def test_other_lines(self):
        self.assertIn("does not use it", self.rules("DMAR: Device scope type matches",
                                                    "usb: new device")["iommu-off"])

    def test_unread(self):
        self.tree.remove("var")
        self.survey()
        self.assertIn("kernel log", [u["path"] for u in self.document["host"]["unread"]])


class RelaxedByLog(Case):
    def test_relax_rmrr(self):
        t = self.host("6.5.13-1-pve", log=("DMAR: Intel-IOMMU: assuming all RMRRs are relaxable. "
                                           "This can lead to instability or data loss",))
        t.device("0000:01:00.0", 0x010700, group=1)
        t.dmar(drhd(), rmrr(0xBD000000, 0xBD000FFF, scope(ENDPOINT, 1, "00.0")))
        t.regions(1, "0x00000000bd000000 0x00000000bd000fff direct-relaxable")
        device = self.survey()["0000:01:00.0"]
        self.assert_finding(device, "rmrr-relaxable", "degrades", "allowed only because of relax_rmrr")
        self.assertEqual(device["verdict"], "care")
        # an argument that the kernel did not know changes nothing
        t.log("DMAR: Unknown option - 'relax_rmrr'")
        t.regions(1, "0x00000000bd000000 0x00000000bd000fff direct")
        self.assertEqual(self.survey()["0000:01:00.0"]["verdict"], "blocked-fixable")


if __name__ == "__main__":
    unittest.main()
