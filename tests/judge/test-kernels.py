#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The same host under another kernel: --kernel RELEASE and --kernel all."""

import re
import struct
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "host"))
from hosttree import Case, drhd, ivmd, rmrr, scope  # noqa: E402

SMBUS, ISA, ETHERNET = 0x0C0500, 0x060100, 0x020000
NO_IOAPIC = "AMD-Vi: [Firmware Bug]: : No southbridge IOAPIC found"
NEWEST = "7.3"


def ioapic(handle: int, devid: int) -> bytes:
    """A special device entry of an IVHD."""
    return struct.pack("<BHBBHB", 0x48, 0, 0, handle, devid, 1)


def ivhd(*entries: bytes) -> bytes:
    """An IOMMU with its device entries."""
    body = b"".join(entries)
    return struct.pack("<BBHHHQHHI", 0x10, 0, 24 + len(body), 2, 0x40, 0xFD300000, 0, 0, 0) + body


class Kernels(Case):
    """Asks one host for several kernels."""

    def under(self, kernel: str) -> dict:
        """The devices under a kernel."""
        self.document = self.ask("--kernel", kernel)
        return {d["address"]: d for d in self.document["devices"]}

    def verdicts(self, address: str) -> dict:
        """By kernel."""
        document = self.ask("--kernel", "all")
        device, = [d for d in document["devices"] if d["address"] == address]
        return {a["kernel"]: a["verdict"] for a in device["answers"]}


class Region(Kernels):
    """Whose regions block depends on the release."""

    def amd(self) -> None:
        t = self.host("6.1.0-28-amd64", iommu="ivhd0", log=("AMD-Vi: x",))
        t.ivrs(ivhd(ioapic(1, 0xA0)), ivmd(0xBD000000, 0x1000, 0x100, select=True))
        t.device("0000:00:14.0", SMBUS, group=0)
        t.device("0000:01:00.0", group=1)
        t.regions(1, "0x00000000bd000000 0x00000000bd000fff direct")

    def test_amd(self):
        self.amd()
        self.assertEqual(self.verdicts("0000:01:00.0"), {
            "5.10": "care", "5.15": "care", "6.1.0-28-amd64": "care",
            "6.6": "blocked-fixable", "6.12": "blocked-fixable", "6.18": "blocked-fixable",
            NEWEST: "blocked-fixable"})
        self.assertEqual(self.under("6.5.13")["0000:01:00.0"]["verdict"], "care")
        self.assertEqual(self.under("5.3.18")["0000:01:00.0"]["verdict"], "assignable")
        found = self.assert_finding(self.under("6.6-rc1")["0000:01:00.0"], "ivmd-hard", "blocks")
        self.assertIn("kernel 6.6-rc1 refuses with EINVAL", str(found["evidence"]))
        host = self.document["host"]
        self.assertEqual((host["kernel"], host["running_kernel"]), ("6.6-rc1", "6.1.0-28-amd64"))
        self.assertEqual(self.survey()["0000:01:00.0"]["verdict"], "care")
        self.assertEqual(self.document["host"]["running_kernel"], "6.1.0-28-amd64")

    def test_text(self):
        self.amd()
        text = " ".join(self.run_pcipass("--kernel", "all").stdout.split())
        for part in ("5.10 to 6.1.0-28-amd64: care: the firmware", "6.6 to 7.3: fixable: the firmware",
                     "6.1.0-28-amd64, running 1 1 0 0", "What changes: 01:00.0",
                     "Groups and reserved regions are those that the running kernel shows"):
            self.assertIn(part, text)
        again = re.search(r"More: (pcipass .* --kernel 7.3)", text)[1].split()
        self.assertIn("Linux 7.3 (this", self.run_pcipass(*again[3:]).stdout)
        text = " ".join(self.run_pcipass("--kernel", "6.12").stdout.split())
        self.assertIn("Linux 6.12 (this host runs 6.1.0-28-amd64)", text)
        self.assertIn("Groups and reserved regions are those that the running kernel shows", text)

    def test_check_explain_free(self):
        self.amd()
        codes = [self.run_pcipass("check", "01:00.0", "--kernel", k).returncode
                 for k in ("6.1", "6.12")]
        self.assertEqual(codes, [0, 1])
        text = self.run_pcipass("explain", "01:00.0", "--kernel", "all").stdout
        self.assertIn("6.6 to 7.3: fixable", text)
        self.assertNotIn("00:14.0", text)
        plan = self.run_pcipass("free", "01:00.0", "--dry-run", "--kernel", "6.12")
        self.assertEqual(plan.returncode, 0, plan.stderr)
        self.assertIn("IVRS", plan.stdout)
        self.assertIn("othing", self.run_pcipass("free", "01:00.0", "--dry-run", "--kernel", "6.1").stdout)
        for refused in (("free", "01:00.0", "--kernel", "6.12"),
                        ("free", "01:00.0", "--dry-run", "--kernel", "all"),
                        ("check", "01:00.0", "--kernel", "all"),
                        ("survey", "--kernel", "all", "--noheadings"),
                        ("survey", "--kernel", "all", "--for", "all"),
                        ("reserved", "--kernel", "6.12")):
            self.assertEqual(self.run_pcipass(*refused).returncode, 2, refused)

    def test_intel(self):
        """Intel's driver refused before the core did; 3.16 let such a device go."""
        t = self.host("6.12.9-amd64")
        t.dmar(drhd(), rmrr(0xBD000000, 0xBD000FFF, scope(1, 0, "01.0")))
        t.device("0000:00:01.0", group=1)
        t.regions(1, "0x00000000bd000000 0x00000000bd000fff direct")
        self.assertEqual(set(self.verdicts("0000:00:01.0").values()), {"blocked-fixable"})
        self.assertIn("No device's answer changes.", self.run_pcipass("--kernel", "all").stdout)
        found = self.found(self.under("6.1")["0000:00:01.0"], "rmrr-hard")
        self.assertIn("refuses with EPERM", str(found["evidence"]))
        self.assertEqual(self.under("3.16")["0000:00:01.0"]["verdict"], "assignable")

    def test_relaxed_by_proxmox(self):
        """An argument that a stock kernel does not know: what the running kernel lists is no proof."""
        t = self.host("6.8.12-4-pve")
        t.dmar(drhd(), rmrr(0xBD000000, 0xBD000FFF, scope(1, 0, "01.0")))
        t.device("0000:00:01.0", group=1)
        t.regions(1, "0x00000000bd000000 0x00000000bd000fff direct-relaxable")
        t.write("proc/cmdline", "intel_iommu=on,relax_rmrr\n")
        self.assertNotIn("blocked", self.survey()["0000:00:01.0"]["verdict"])
        self.assertIn("blocked", self.under("6.8")["0000:00:01.0"]["verdict"])
        self.assertNotIn("blocked", self.under("6.14.0-1-pve")["0000:00:01.0"]["verdict"])


class Ioapic(Kernels):
    """AMD's driver wants the timer's I/O APIC in one place or another."""

    def board(self, *entries: bytes, release: str = "6.12.9-amd64", log: tuple = ("AMD-Vi: x",),
              **more) -> None:
        """A board whose IVRS has these entries; 00:14.0 is an SMBus function, 00:0b.0 none."""
        t = self.host(release, iommu="ivhd0", log=log, **more)
        t.ivrs(ivhd(*entries))
        t.device("0000:00:14.0", SMBUS, group=0)
        t.device("0000:00:0b.0", ETHERNET, group=2)
        t.device("0000:00:14.3", ISA, group=0)
        t.device("0000:01:00.0", group=1)

    def remapping(self, kernel: str) -> object:
        self.under(kernel)
        return self.document["host"]["interrupt_remapping"]

    def test_at_the_smbus(self):
        self.board(ioapic(8, 0xA0))
        self.assertEqual([self.remapping(k) for k in ("6.1", "7.2", "7.3", "8.0")], [True] * 4)

    def test_elsewhere(self):
        """Two I/O APICs: the timer's may be either, and the table does not tell which."""
        self.board(ioapic(8, 0xA0), ioapic(9, 0x58))
        self.assertEqual([self.remapping(k) for k in ("7.2", "7.3")], [True, None])

    def test_lost(self):
        """At a function of another class: fine before, off from then on."""
        self.board(ioapic(8, 0x58))
        self.assertIs(self.remapping("7.2"), True)
        device = self.under("7.3")["0000:01:00.0"]
        found = self.assert_finding(device, "interrupt-remapping", "blocks")
        self.assertIn("IVRS+0x48: I/O APIC 8 is at 00:0b.0, and Linux 7.3 wants it at an SMBus or "
                      "ISA bridge function", found["evidence"])
        self.assertEqual(self.verdicts("0000:01:00.0")[NEWEST], device["verdict"])
        self.assertEqual(self.verdicts("0000:01:00.0")["6.18"], "assignable")

    def test_lost_without_a_function(self):
        self.board(ioapic(8, 0xF8))
        self.assertIs(self.remapping("7.3"), False)

    def test_found_again(self):
        """7.3 runs and does not remap: an older kernel would not either, or it would."""
        off = "           CPU0\n   2:   24  IO-APIC    2-edge      timer\n"
        self.board(ioapic(8, 0xA0), release="7.3.4", log=("AMD-Vi: x", NO_IOAPIC), interrupts=off)
        self.assertEqual([self.remapping(k) for k in ("7.3.9", "6.12")], [False, True])
        self.tree.log("AMD-Vi: x")
        self.assertIs(self.remapping("6.12"), False, "off for another reason")

    def test_isa(self):
        self.board(ioapic(8, 0xA3))
        self.assertIs(self.remapping("7.3"), True)

    def test_not_known(self):
        self.board(ioapic(8, 0x58))
        self.tree.write("proc/cmdline", "ivrs_ioapic[8]=00:14.0\n")
        self.assertIsNone(self.remapping("7.3"))
        self.tree.write("proc/cmdline", "quiet\n")
        self.tree.remove("sys/firmware/acpi/tables/IVRS")
        self.assertIsNone(self.remapping("7.3"))
        self.tree.ivrs(ivhd())
        self.assertIs(self.remapping("7.3"), False)


class Installed(Kernels):
    """The configuration and modules of a kernel that is installed and does not run."""

    OTHER = "7.3.4+deb13-amd64"
    CARD = "0000:01:00.0"
    WHOLE = "# Automatically generated file; DO NOT EDIT.\nCONFIG_PCI=y\n"
    VFIO = "CONFIG_VFIO=m\nCONFIG_VFIO_PCI=m\nCONFIG_VFIO_IOMMU_TYPE1=m\n"

    def one(self, config: str | None, *, dep: str | None = None, release: str = OTHER) -> None:
        self.setUp()
        self.host("6.12.9-amd64").device(self.CARD, group=1)
        self.tree.write("boot/config-6.12.9-amd64", self.WHOLE + self.VFIO)
        if config is not None:
            self.tree.write(f"boot/config-{release}", config)
        for installed in (release, "6.12.9-amd64"):
            (self.tree.root / "lib/modules" / installed).mkdir(parents=True)
        if dep is not None:
            self.tree.write(f"lib/modules/{release}/modules.dep", dep)

    def rules(self, kernel: str, **more) -> list:
        device = {d["address"]: d for d in self.ask("--kernel", kernel, **more)["devices"]}[self.CARD]
        self.evidence = str(device["findings"])
        return [f["rule"] for f in device["findings"]]

    def test_read(self):
        """By its release or, if it is the only one, by its series; in a capture the same."""
        self.one(self.WHOLE)
        archive = self.directory / "c.tar"
        self.assertEqual(self.run_pcipass("capture", "-o", str(archive)).returncode, 0)
        for more in ({}, {"path": archive}):
            for kernel in (self.OTHER, "7.3", "7.3.4"):
                self.assertIn("no-vfio-pci", self.rules(kernel, **more), kernel)
                self.assertIn(f"/boot/config-{self.OTHER}", self.evidence)
            for kernel in ("6.12", "7.2", "7.3.5", "7.30", "7.3.4+deb1"):
                self.assertEqual(self.rules(kernel, **more), [], kernel)
        self.assertEqual([f["rule"] for f in self.survey()[self.CARD]["findings"]], [])

    def test_what_runs_does_not_count(self):
        """vfio-pci is loaded in the running kernel; the other has none."""
        self.one(self.WHOLE)
        for path in ("sys/bus/pci/drivers/vfio-pci", "sys/module/vfio_iommu_type1"):
            (self.tree.root / path).mkdir(parents=True)
        self.assertIn("no-vfio-pci", self.rules("7.3"))
        self.one(self.WHOLE + self.VFIO)
        self.assertEqual(self.rules("7.3"), [])

    def test_modules(self):
        """A configuration that was not read whole, and the list of modules; another's list is none."""
        self.one("CONFIG_PCI=y\n", dep="kernel/drivers/net/e1000.ko:\n")
        archive = self.directory / "c.tar"
        self.assertEqual(self.run_pcipass("capture", "-o", str(archive)).returncode, 0)
        for more in ({}, {"path": archive}):
            self.assertIn("no-vfio-pci", self.rules("7.3", **more))
        self.one("CONFIG_VFIO_PCI=m\n", release="7.2.1-amd64", dep="")
        self.assertEqual(self.rules("7.3"), [])

    def test_not_told_apart_or_not_read(self):
        """Two of a series, a directory, and odd names: nothing is said."""
        self.one(self.WHOLE)
        self.tree.write("boot/config-7.3.3+deb13-amd64", self.WHOLE)
        (self.tree.root / "lib/modules/7.3.3+deb13-amd64").mkdir()
        self.assertEqual(self.rules("7.3"), [])
        self.assertIn("no-vfio-pci", self.rules(self.OTHER))
        self.one(None)
        (self.tree.root / f"boot/config-{self.OTHER}").mkdir()
        self.tree.write("boot/config-", self.WHOLE)
        self.tree.write("lib/modules/7.3", "a file")
        self.tree.write("boot/config-7.3", "\0\0\0")
        for kernel in ("7.3", self.OTHER, "7.3.4/../x"):
            self.assertEqual(self.rules(kernel), [], kernel)


class Refused(Kernels):
    """Nobody kept the table and the kernel's list, but the log has the kernel's refusal."""

    LINE = ("vfio-pci 0000:01:00.0: Firmware has requested this device have a 1:1 IOMMU mapping, rejecting configuring the "
            "device without a 1:1 mapping. Contact your platform vendor.")
    OLD = ("vfio-pci 0000:01:00.0: Device is ineligible for IOMMU domain attach due to platform RMRR requirement.  Contact "
           "your platform vendor.")

    def refused(self, *log: str, release="6.12.9-amd64", iommu="ivhd0") -> dict:
        self.setUp()
        t = self.host(release, iommu=iommu, log=log)
        t.device("0000:01:00.0", group=1)
        t.device("0000:01:00.1", group=1)
        t.device("0000:02:00.0", group=2)
        for group in (1, 2):
            t.remove(f"sys/kernel/iommu_groups/{group}/reserved_regions")
        return self.survey()

    def test_refused(self):
        for line, iommu, rule in ((self.LINE, "ivhd0", "ivmd-hard"), (self.LINE, "dmar0", "rmrr-hard"),
                                  (self.OLD, "dmar0", "rmrr-hard")):
            devices = self.refused(line, iommu=iommu)
            f = self.assert_finding(devices["0000:01:00.0"], rule, "blocks", "the kernel refused")
            self.assertEqual(f["evidence"][0], "kernel log: " + line)
            self.assertIn("was not read", f["evidence"][1])
            f = self.assert_finding(devices["0000:01:00.1"], "region-companion", "blocks", "shares group 1 with 01:00.0")
            self.assertEqual(f["evidence"][0], "kernel log: " + line)
            for address in ("0000:01:00.0", "0000:01:00.1"):
                self.assert_not_found(devices[address], "region-unread")
            self.assertEqual([f["rule"] for f in devices["0000:02:00.0"]["findings"]], ["region-unread"])

    def test_both(self):
        """Each of them for its own region."""
        devices = self.refused(self.LINE, self.LINE.replace("01:00.0", "01:00.1"))
        for address in ("0000:01:00.0", "0000:01:00.1"):
            self.assert_finding(devices[address], "ivmd-hard", "blocks")
            self.assert_not_found(devices[address], "region-companion")

    def test_another_kernel(self):
        """That there is a region does not tell whether another kernel minds it, or a guest's memory lies there."""
        self.refused(self.LINE)
        self.assert_finding(self.under("6.6")["0000:01:00.0"], "ivmd-hard", "blocks")
        devices = self.under("6.1")
        for address in ("0000:01:00.0", "0000:01:00.1"):
            self.assert_finding(devices[address], "region-unread", "unknown")
            self.assertNotEqual(devices[address]["verdict"], "blocked")

    def test_the_list_decides(self):
        self.refused(self.LINE)
        self.tree.regions(1, "0x00000000fee00000 0x00000000feefffff msi")
        devices = self.survey()
        for address in ("0000:01:00.0", "0000:01:00.1"):
            self.assertEqual([f["rule"] for f in devices[address]["findings"] if f["effect"] != "degrades"], [])

    def test_others_lines(self):
        """Not of the device, or cut off."""
        for line in (self.LINE.replace("01:00.0", "01:00.2"), self.LINE.replace("0000:01:00.0: ", ""),
                     self.LINE.replace(" have a 1:1", "")):
            self.assert_finding(self.refused(line)["0000:01:00.0"], "region-unread", "unknown")


class Asked(Kernels):
    """What can be asked for."""

    def test_releases(self):
        self.host().device("0000:01:00.0", group=1)
        for bad in ("", "x", "6", "all6", "-1.2", "6,12"):
            run = self.run_pcipass("--kernel", bad)
            self.assertEqual(run.returncode, 2, bad)
            self.assertIn("is not a Linux release", run.stderr)
        for old in ("2.6", "3.5.9"):
            run = self.run_pcipass("--kernel", old)
            self.assertEqual(run.returncode, 2, old)
            self.assertIn("has no VFIO", run.stderr)
        for good in ("3.6", "6.12", "6.12.57+deb13-amd64", "6.8.12-4-pve", "5.14.0-503.el9.x86_64",
                     "6.1\x1b[31m"):
            run = self.run_pcipass("--kernel", good)
            self.assertEqual(run.returncode, 0, good)
            self.assertNotIn("\x1b", run.stdout)

    def test_running_kernel_not_known(self):
        self.host(None).device("0000:01:00.0", group=1)
        kernels = self.ask("--kernel", "all")["kernels"]
        self.assertEqual([(k["kernel"], k["running"]) for k in kernels][-1], (None, True))
        self.assertIn("unknown, running", self.run_pcipass("--kernel", "all").stdout)
        self.assertIn("the running kernel is unknown", self.run_pcipass("--kernel", "6.1").stdout)

    def test_each_series_once(self):
        for release, place in (("6.6.30", 3), ("7.3.4+deb13-amd64", 6), ("9.1", 7), ("4.19", 0)):
            self.setUp()
            self.host(release).device("0000:01:00.0", group=1)
            kernels = self.ask("--kernel", "all")["kernels"]
            self.assertEqual([k["running"] for k in kernels].index(True), place)
            series = [".".join(k["kernel"].split(".")[:2]).partition("+")[0] for k in kernels]
            self.assertEqual(len(series), len(set(series)))

    def test_what_was_logged(self):
        """What stands in the running kernel's log is not the other's."""
        t = self.host(log=("AMD-Vi: x", "ACPI: DMAR 0x0", "Unknown kernel command line parameters "
                           "\"pcie_acs_override=downstream\", will be passed to user space."))
        t.device("0000:01:00.0", group=1)
        self.assertEqual(self.under("6.1")["0000:01:00.0"]["verdict"], "assignable")

    def test_the_running_one(self):
        """Asked for by its own release it is what it is; of another what its log told is not known."""
        t = self.host("6.12.9-amd64", log=("pci 0000:01:00.0: Firmware has requested this device have a 1:1 IOMMU "
                                           "mapping, rejecting", "AMD-Vi: not able to establish FW requested direct mapping"))
        t.device("0000:01:00.0")
        t.ivrs()
        t.remove("sys/class/iommu")
        plain = self.survey()["0000:01:00.0"]
        self.assertEqual(plain["verdict"], "blocked-fixable")
        self.assertIn("gave up on the IOMMU", plain["findings"][0]["text"])
        self.assertEqual(self.under("6.12.9-amd64")["0000:01:00.0"], plain)
        other = self.under("6.6")["0000:01:00.0"]
        self.assertEqual(other["verdict"], "unknown")
        self.assertIn("cannot tell whether Linux 6.6 would use the IOMMU", other["findings"][0]["text"])

    def test_without_devices(self):
        self.host()
        self.assertEqual(self.ask("--kernel", "all", codes=(0, 3))["devices"], [])


if __name__ == "__main__":
    unittest.main()
