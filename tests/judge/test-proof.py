#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The remedy follows from the proof: why an IOMMU is off, or interrupts are not remapped; and which
sort of machine the host is."""

import struct
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "host"))
from hosttree import INTERRUPTS, IOAPIC, NOT_REMAPPED, Case, acpi, drhd, ivrs_table, scope  # noqa: E402

CARD = "0000:03:00.0"
WHOLE = "# Automatically generated file; DO NOT EDIT.\n"
ALL_ONES = ("DMAR: [Firmware Bug]: Your BIOS is broken; DMAR reported at address fed90000 returns "
            "all ones!")
IR_OFF = ("AMD-Vi: [Firmware Bug]: : No southbridge IOAPIC found", "AMD-Vi: Disabling interrupt remapping")


def unit(base: int) -> bytes:
    """A DRHD at that address."""
    return struct.pack("<HHBBHQ", 0, 16, 1, 0, 0, base)


def ivhd(*ioapics: tuple) -> bytes:
    """An IVHD with its I/O APICs, each (id, requester id)."""
    entries = b"".join(struct.pack("<BHBBHB", 0x48, 0, 0, i, devid, 1) for i, devid in ioapics)
    return struct.pack("<BBHHHQHHI", 0x10, 0, 24 + len(entries), 2, 0x40, 0xFD600000, 0, 0, 0) + entries


class Proof(Case):
    def card(self):
        return self.survey()[CARD]

    def ids(self, rule):
        return [c["id"] for c in self.found(self.card(), rule)["remedies"]]


class Off(Proof):
    """The table is there and no group is."""

    def setUp(self):
        super().setUp()
        t = self.host(iommu=None, log=())
        t.device(CARD)
        t.dmar(unit(0xFED90000))

    def off(self, *words, remedies):
        return self.assert_finding(self.card(), "iommu-off", "blocks", *words, remedies=remedies)

    def test_nothing_known(self):
        self.off("does not use it", remedies=["kernel-argument"])

    def test_given_already(self):
        """In whatever list and place it stands; one that is taken back is not given."""
        for line, remedies in (("intel_iommu=on", []), ("intel_iommu=on,sm_on quiet", []),
                               ("intel_iommu=igfx_off,on", []), ("intel-iommu=on", []),
                               ("intel_iommu=off intel_iommu=on", []), ('"intel_iommu=on"', []),
                               ("quiet", ["kernel-argument"]), ("iommu=on", ["kernel-argument"]),
                               ("-- intel_iommu=on", ["kernel-argument"])):
            with self.subTest(line):
                self.tree.write("proc/cmdline", line + "\n")
                self.off("does not use it", remedies=remedies)

    def test_a_unit_that_does_not_answer(self):
        self.tree.log(ALL_ONES)
        f = self.off("does not respond", remedies=["bios-update", "bios-iommu", "table-override"])
        self.assertIn("kernel log: " + ALL_ONES, f["evidence"])
        self.tree.log(ALL_ONES + "\\x0aBIOS vendor: X; Ver: 1; Product Version: 2")
        f = self.off("does not respond", remedies=["bios-update", "bios-iommu", "table-override"])
        self.assertIn("kernel log: " + ALL_ONES, f["evidence"])

    def test_units_in_impossible_places(self):
        for base, words in ((0, "at address 0"), (0xFED90800, "not page-aligned")):
            for log in ((), ("DMAR: Parse DMAR table failure.",)):
                self.tree.dmar(unit(0xFED91000), unit(base))
                self.tree.log(*log)
                f = self.off(words, remedies=["bios-update", "table-override"])
                self.assertIn(f"register base {base:#x}", " ".join(f["evidence"]))
        self.tree.dmar(unit(0xFED91000))
        self.tree.log("DMAR: [Firmware Bug]: Your BIOS is broken; DMAR reported at address 0!")
        self.off("at address 0", remedies=["bios-update", "table-override"])
        self.tree.log("DMAR: Parse DMAR table failure.")
        self.off("could not use", remedies=["bios-update", "table-override"])

    def test_no_driver(self):
        self.tree.write("boot/config-6.12.0-1-amd64", "# CONFIG_INTEL_IOMMU is not set\n")
        f = self.off("without its driver", remedies=["another-kernel"])
        self.assertIn("/boot/config-6.12.0-1-amd64: CONFIG_INTEL_IOMMU is not set", f["evidence"])

    def test_configurations(self):
        """A whole file's silence says no, a part's says nothing; unread says nothing."""
        name = "boot/config-6.12.0-1-amd64"
        for text, remedies in ((WHOLE + "CONFIG_PCI=y\n", ["another-kernel"]),
                               ("CONFIG_PCI=y\n", ["kernel-argument"]), ("", ["kernel-argument"]),
                               (WHOLE + "CONFIG_INTEL_IOMMU=y\n", ["kernel-argument"]),
                               ("CONFIG_INTEL_IOMMU=\n# \n=y\n", ["kernel-argument"]),
                               ("CONFIG_INTEL_IOMMU_DEFAULT_ON=y\n", []),
                               ("# CONFIG_INTEL_IOMMU_DEFAULT_ON is not set\n", ["kernel-argument"])):
            with self.subTest(text):
                self.tree.write(name, text)
                self.assertEqual(self.ids("iommu-off"), remedies)
        self.tree.remove(name)
        self.tree.write(name + "/no-file", "")
        self.assertEqual(self.ids("iommu-off"), ["kernel-argument"])

    def test_words(self):
        for line, word, instead in (
                ("iommu=off", "iommu=off", True), ("intel_iommu=off", "intel_iommu=off", True),
                ("intel_iommu=on iommu=off", "iommu=off", False),
                ("intel_iommu=on,off", "intel_iommu=off", True)):
            self.tree.write("proc/cmdline", line + "\n")
            f = self.off(f"({word})", remedies=["kernel-argument"])
            self.assertIn(f"remove {word} from", f["remedies"][0]["text"])
            self.assertEqual("add intel_iommu=on instead" in f["remedies"][0]["text"], instead, line)
        self.tree.write("proc/cmdline", "amd_iommu=off\n")
        self.off("does not use it", remedies=["kernel-argument"])

    def test_what_decides_first(self):
        """A table that Linux drops is not mended by taking a word off."""
        self.tree.write("proc/cmdline", "intel_iommu=off\n")
        self.tree.log(ALL_ONES)
        self.off("does not respond", remedies=["bios-update", "bios-iommu", "table-override"])

    def test_amd(self):
        t = self.tree
        t.remove("sys/firmware/acpi/tables/DMAR")
        t.ivrs()
        t.log("AMD-Vi: Disable IOMMU on Stoney Ridge")
        f = self.off("Stoney Ridge", remedies=["kernel-argument"])
        self.assertIn("amd_iommu=force_enable", f["remedies"][0]["text"])
        t.log("AMD-Vi: IOMMU not currently supported when SME is active")
        self.off("memory encryption", remedies=["bios-update"])
        t.write("proc/cmdline", "mem_encrypt=on\n")
        self.off("memory encryption", remedies=["bios-update", "kernel-argument"])
        t.log()
        t.write("boot/config-6.12.0-1-amd64", "# CONFIG_AMD_IOMMU is not set\n")
        self.off("(CONFIG_AMD_IOMMU)", remedies=["another-kernel"])


class Interrupts(Proof):
    """The IOMMU is on and interrupts are not remapped."""

    def intel(self, *scopes, flags=1, line="quiet\n", log=()):
        t = self.host(interrupts=NOT_REMAPPED, log=log)
        t.device(CARD, group=1)
        t.dmar(drhd(*scopes or (scope(IOAPIC, 0xF0, "1f.7"),)), flags=flags)
        t.write("proc/cmdline", line)
        return t

    def amd(self, release="6.1.0-25-amd64", log=IR_OFF, blocks=((32, 0xA0),)):
        t = self.host(release, iommu="ivhd0", interrupts=NOT_REMAPPED, log=log)
        t.device(CARD, group=1)
        t.device("0000:00:14.0", 0x0C0500, vendor=0x1022, device=0x790B, group=2)
        t.write("sys/firmware/acpi/tables/IVRS", ivrs_table(ivhd(*blocks)))
        return t

    def first(self):
        return self.found(self.card(), "interrupt-remapping")["remedies"][0]

    def test_words(self):
        for line in ("intremap=off", "nointremap", "noapic", "nolapic", "disableapic", "nosmp", "maxcpus=0"):
            self.setUp()
            self.intel(line=line + "\n")
            self.assertEqual(self.ids("interrupt-remapping"), ["kernel-argument", "allow-unsafe-interrupts"])
            self.assertIn(f"remove {line} from", self.first()["text"])
        for line in ("intremap=no_x2apic_optout", "nox2apic", "maxcpus=4"):
            self.setUp()
            self.intel(line=line + "\n")
            self.assertEqual(self.ids("interrupt-remapping"), ["allow-unsafe-interrupts"], line)

    def test_table(self):
        self.intel(flags=0)
        self.assertEqual(self.ids("interrupt-remapping"), ["bios-iommu", "allow-unsafe-interrupts"])
        self.setUp()
        self.intel(scope(1, 0, "02.0"))
        self.assertEqual(self.ids("interrupt-remapping"),
                         ["bios-update", "table-override", "allow-unsafe-interrupts"])
        self.setUp()
        self.intel(log=("DMAR-IR: [Firmware Bug]: ioapic 2 has no mapping iommu, interrupt remapping will "
                        "be disabled",))
        self.assertEqual(self.ids("interrupt-remapping"),
                         ["bios-update", "table-override", "allow-unsafe-interrupts"])

    def test_erratum_has_no_clean_way(self):
        t = self.intel(flags=0)
        t.device("0000:00:00.0", 0x060000, device=0x3406, group=3)
        self.assertEqual(self.ids("interrupt-remapping"), ["allow-unsafe-interrupts"])
        self.assertIn("an erratum", " ".join(self.found(self.card(), "interrupt-remapping")["evidence"]))

    def test_no_driver(self):
        t = self.intel()
        t.write("boot/config-6.12.0-1-amd64", "# CONFIG_IRQ_REMAP is not set\n")
        self.assertEqual(self.ids("interrupt-remapping"), ["another-kernel", "allow-unsafe-interrupts"])

    def test_allowed_is_no_reason_to_stay(self):
        """With the switch set the clean way is told all the same."""
        t = self.intel(line="intremap=off\n")
        t.write("sys/module/vfio_iommu_type1/parameters/allow_unsafe_interrupts", "Y\n")
        f = self.assert_finding(self.card(), "interrupt-remapping", "degrades")
        self.assertEqual([c["id"] for c in f["remedies"]], ["kernel-argument"])

    def missing(self, *ids):
        return tuple(f"AMD-Vi: [Firmware Bug]: : IOAPIC[{i}] not in IVRS table" for i in ids) + IR_OFF

    def test_ivrs(self):
        """Where the id comes from, the address, and the form."""
        for release, argument in (("6.1.0-25-amd64", "ivrs_ioapic[8]=00:14.0"),
                                  ("5.10.0", "ivrs_ioapic[8]=00:14.0"),
                                  ("6.2.0", "ivrs_ioapic=8@0000:00:14.0"),
                                  ("7.3.4", "ivrs_ioapic=8@0000:00:14.0")):
            self.setUp()
            self.amd(release, self.missing(8))
            self.assertEqual(self.ids("interrupt-remapping"),
                             ["ivrs-ioapic", "bios-update", "allow-unsafe-interrupts"])
            self.assertIn(f"add {argument} to", self.first()["text"])
            self.assertIs(self.first()["by_free"], True)

    def test_ivrs_the_timers_address_is_wrong(self):
        self.amd(log=("IOAPIC[0]: apic_id 9, version 33, address 0xfec00000, GSI 0-23", *IR_OFF),
                 blocks=((9, 0x98),))
        self.assertIn("add ivrs_ioapic[9]=00:14.0 to", self.first()["text"])

    def test_ivrs_two(self):
        """The second is where an entry of the table stands whose id nobody has."""
        gsi = ("IOAPIC[0]: apic_id 4, version 33, address 0xfec00000, GSI 0-23",
               "IOAPIC[1]: apic_id 5, version 33, address 0xfec01000, GSI 24-55")
        self.amd(log=gsi + self.missing(4, 5), blocks=((33, 0xA0), (34, 0x02)))
        self.assertIn("add ivrs_ioapic[4]=00:14.0 ivrs_ioapic[5]=00:00.2 to", self.first()["text"])
        plan = self.ask("free", CARD, "--dry-run")
        self.assertEqual([s["argument"]["argument"] for s in plan["steps"]],
                         ["ivrs_ioapic[4]=00:14.0", "ivrs_ioapic[5]=00:00.2"])
        self.assertEqual(self.run_pcipass("free", CARD, "--dry-run").returncode, 0)

    def test_ivrs_not_to_be_told(self):
        """Half of what is missing does not help, and which of two is the timer's is no guess."""
        gsi = ("IOAPIC[0]: apic_id 4, version 33, address 0xfec00000, GSI 0-23",)
        for log, blocks in ((gsi + self.missing(4, 5), ((33, 0xA0),)),
                            (self.missing(4, 5), ((33, 0xA0), (34, 0x02))),
                            (gsi + self.missing(5), ((4, 0x98),)),
                            (("AMD-Vi: Disabling interrupt remapping",), ((4, 0x98),)),
                            ((), ((32, 0xA0),))):
            with self.subTest(log):
                self.setUp()
                self.amd(log=log, blocks=blocks)
                self.assertNotIn("ivrs-ioapic", self.ids("interrupt-remapping"))

    def test_ivrs_without_a_southbridge(self):
        """From 7.3 on a function of that class must be there."""
        t = self.amd("7.3.4", self.missing(8))
        t.remove("sys/bus/pci/devices/0000:00:14.0")
        self.assertNotIn("ivrs-ioapic", self.ids("interrupt-remapping"))
        t.device("0000:00:1f.0", 0x060100, vendor=0x1022, device=0x790E, group=2)
        self.assertIn("add ivrs_ioapic=8@0000:00:1f.0 to", self.first()["text"])

    def test_ivrs_of_a_kernel_to_come(self):
        """What --kernel foretells has the same remedy as what the log says."""
        t = self.amd("6.12.9", log=("IOAPIC[0]: apic_id 0, version 32, address 0xfec00000, GSI 0-23",),
                     blocks=((0, 0xA0),))
        t.write("proc/interrupts", NOT_REMAPPED.replace("IO-APIC ", "IR-IO-APIC "))
        t.remove("sys/bus/pci/devices/0000:00:14.0")
        t.device("0000:00:1f.0", 0x060100, vendor=0x8086, device=0x2918, group=2)
        self.assert_not_found(self.card(), "interrupt-remapping")
        survey = {d["address"]: d for d in self.ask("--kernel", "7.3.4")["devices"]}
        remedies = self.found(survey[CARD], "interrupt-remapping")["remedies"]
        self.assertEqual([r["id"] for r in remedies], ["ivrs-ioapic", "bios-update", "allow-unsafe-interrupts"])
        self.assertIn("add ivrs_ioapic=0@0000:00:1f.0 to", remedies[0]["text"])

    def test_ivrs_given(self):
        t = self.amd(log=self.missing(8))
        t.write("proc/cmdline", "ivrs_ioapic[8]=00:14.0\n")
        self.assertNotIn("ivrs-ioapic", self.ids("interrupt-remapping"))

    def test_odd_log_lines(self):
        log = ("AMD-Vi: IOAPIC[] not in IVRS table", "AMD-Vi: IOAPIC[999] not in IVRS table",
               "AMD-Vi: IOAPIC[8 not in IVRS table", "IOAPIC[0]: apic_id x, GSI 0-", *IR_OFF,
               *(f"AMD-Vi: IOAPIC[{n}] not in IVRS table" for n in range(200)))
        self.amd(log=log)
        self.assertNotIn("ivrs-ioapic", self.ids("interrupt-remapping"))


class InterruptsByLog(Proof):
    """Nobody kept /proc/interrupts: the kernel's own line decides."""

    ON = ("DMAR-IR: Enabled IRQ remapping in x2apic mode", "AMD-Vi: Interrupt remapping enabled",
          "Enabled IRQ remapping in xapic mode")
    OFF = ("DMAR-IR: Failed to enable irq remapping. You are vulnerable to irq-injection attacks.",
           "DMAR-IR: Not enabling interrupt remapping", "Not enable interrupt remapping",
           "AMD-Vi: Disabling interrupt remapping", "Not init interrupt remapping due to skipped IO-APIC setup",
           "DMAR-IR: [Firmware Bug]: ioapic 2 has no mapping iommu, interrupt remapping will be disabled",
           "DMAR-IR: This system BIOS has enabled interrupt remapping\\x0aon a chipset that contains an erratum")
    REFUSED = ("vfio_iommu_type1_attach_group: No interrupt remapping support.  Use the module param "
               "\"allow_unsafe_interrupts\" to enable VFIO IOMMU support on this platform")
    RULE = "interrupt-remapping"

    def of(self, *log: str, interrupts=None, iommu="dmar0"):
        self.setUp()
        t = self.host(interrupts=interrupts, log=log, iommu=iommu)
        t.device(CARD, group=1)
        t.regions(1)
        return self.card()

    def unread(self) -> list:
        return [u["path"] for u in self.ask()["host"]["unread"]]

    def test_on(self):
        for line in self.ON:
            for iommu in ("dmar0", "ivhd0", None):
                self.assert_not_found(self.of(line, iommu=iommu), self.RULE)
                self.assertNotIn("proc/interrupts", self.unread())
                self.assertIs(self.ask()["host"]["interrupt_remapping"], True)

    def test_off(self):
        for line in self.OFF:
            f = self.assert_finding(self.of(line), self.RULE, "blocks", "VFIO refuses every device")
            self.assertEqual(f["evidence"].count("kernel log: " + line.partition("\\x0a")[0]), 1, f["evidence"])
            self.assertNotIn("proc/interrupts", " ".join(f["evidence"] + self.unread()))

    def test_refused(self):
        """VFIO says so itself; but of a device behind VMD that may be true of it alone."""
        f = self.assert_finding(self.of(self.REFUSED), self.RULE, "blocks")
        self.assertIn("kernel log: " + self.REFUSED, f["evidence"])
        self.tree.device("10000:01:00.0", group=2)
        self.assert_finding(self.card(), self.RULE, "unknown")
        self.assert_not_found(self.of(self.ON[0], self.REFUSED), self.RULE)
        f = self.assert_finding(self.of(self.OFF[0], self.REFUSED), self.RULE, "blocks")
        self.assertEqual([e for e in f["evidence"] if e.startswith("kernel log: ")],
                         ["kernel log: " + self.OFF[0], "kernel log: " + self.REFUSED])

    def test_nothing_said(self):
        for lines in ((), ("DMAR: IOMMU enabled", "Interrupt remapping enabled"), (self.ON[0], self.OFF[0]),
                      (self.OFF[3], self.ON[1])):
            self.assert_finding(self.of(*lines), self.RULE, "unknown")
            self.assertIn("proc/interrupts", self.unread())

    def test_what_is_seen_decides(self):
        f = self.assert_finding(self.of(self.ON[0], interrupts=NOT_REMAPPED), self.RULE, "blocks")
        self.assertIn("/proc/interrupts: no chip name begins with IR-", f["evidence"])
        self.assert_not_found(self.of(self.OFF[0], self.REFUSED, interrupts=INTERRUPTS), self.RULE)

    def test_which_iommu_is_not_known(self):
        """Chips that are remapped say so of any; that none is says less, and then the log is asked."""
        self.assert_not_found(self.of(interrupts=INTERRUPTS, iommu=None), self.RULE)
        self.assert_finding(self.of(interrupts=NOT_REMAPPED, iommu=None), self.RULE, "unknown")
        self.assert_finding(self.of(self.ON[0], interrupts=NOT_REMAPPED, iommu=None), self.RULE, "unknown")
        f = self.assert_finding(self.of(self.OFF[0], interrupts=NOT_REMAPPED, iommu=None), self.RULE, "blocks")
        self.assertIn("kernel log: " + self.OFF[0], f["evidence"])

    def test_other_machines(self):
        """The lines are of x86."""
        self.assert_finding(self.of(self.ON[0], self.REFUSED, iommu="smmu3.0x0000000009050000"), self.RULE, "unknown")


class Graphics(Proof):
    """Intel's built-in graphics in no group."""

    GPU = "0000:00:02.0"

    def graphics(self, line, config=None):
        t = self.host()
        t.dmar(drhd())
        t.device(CARD, group=1)
        t.device(self.GPU, 0x030000, device=0x46A6)
        t.write("proc/cmdline", line + "\n")
        if config:
            t.write("boot/config-6.12.0-1-amd64", config)
        return self.found(self.survey()[self.GPU], "no-group")

    def test_words(self):
        f = self.graphics("intel_iommu=on,igfx_off")
        self.assertEqual([c["id"] for c in f["remedies"]], ["kernel-argument"])
        self.assertIn("remove intel_iommu=igfx_off from", f["remedies"][0]["text"])

    def test_by_the_distribution(self):
        f = self.graphics("quiet", "CONFIG_INTEL_IOMMU_DEFAULT_ON_INTGPU_OFF=y\n")
        self.assertIn("add intel_iommu=on", f["remedies"][0]["text"])

    def test_for_another_reason(self):
        self.assertEqual(self.graphics("intel_iommu=on", "CONFIG_INTEL_IOMMU_DEFAULT_ON_INTGPU_OFF=y\n")
                         ["remedies"], [])


class Kind(Proof):
    """The kind of machine, by whatever is there; and what it rules out."""

    def bare(self, release="6.12.0-sample"):
        t = self.host(release, iommu=None, interrupts=None, log=())
        t.device(CARD, vendor=0x10DE)
        return t

    def kind(self):
        self.survey()
        return self.document["host"]["kind"]

    def test_by_cpuinfo(self):
        for text, kind in (("vendor_id\t: GenuineIntel\nflags\t\t: fpu\n", "intel"),
                           ("vendor_id\t: AuthenticAMD\n", "amd"), ("vendor_id\t: HygonGenuine\n", "amd"),
                           ("flags\t\t: fpu vme\n", "x86"), ("CPU implementer\t: 0x41\n", "arm-acpi"),
                           ("hart\t: 0\nisa\t\t: rv64imafdc\n", "riscv"),
                           ("cpu\t\t: POWER9, altivec supported\n", "power"),
                           ("vendor_id       : IBM/S390\n", "other"), ("", "unknown"), ("\xff:\n:\n", "unknown")):
            self.setUp()
            self.bare().write("proc/cpuinfo", "processor\t: 0\n" + text)
            self.assertEqual(self.kind(), kind, text)
            capture = self.directory / "c.tar"
            self.assertEqual(self.run_pcipass("capture", "-o", str(capture)).returncode, 0)
            self.assertEqual(self.ask(path=capture)["host"]["kind"], kind, text)

    def test_by_the_kernel(self):
        for release, kind in (("6.12.0-arm64", "arm-acpi"), ("6.1.0-1-amd64", "x86"), ("6.8.0-pve", "x86"),
                              ("5.14.0-1.el9.x86_64", "x86"), ("6.6.0-riscv64", "riscv"),
                              ("6.4.0-ppc64le", "power"), ("6.12.0", "unknown")):
            self.setUp()
            self.bare(release)
            self.assertEqual(self.kind(), kind, release)

    def test_by_tables_and_boards(self):
        for table, kind in (("DMAR", "intel"), ("IVRS", "amd"), ("IORT", "arm-acpi")):
            self.setUp()
            self.bare().write(f"sys/firmware/acpi/tables/{table}", acpi(table.encode(), bytes(64)))
            self.assertEqual(self.kind(), kind)
        for vendor, device, kind in ((0x8086, 0x3EC2, "intel"), (0x1022, 0x1480, "amd"),
                                     (0x8086, 0x29C0, "unknown"), (0x1B36, 8, "unknown")):
            self.setUp()
            self.bare().device("0000:00:00.0", 0x060000, vendor=vendor, device=device)
            self.assertEqual(self.kind(), kind)

    def tree_host(self):
        t = self.bare("6.12.25-v8")
        t.remove("sys/firmware/acpi")
        t.write("proc/cpuinfo", "CPU implementer\t: 0x41\n")
        t.write("sys/firmware/devicetree/base/model", "Sample Board 5\0")
        return t

    def test_device_tree(self):
        t = self.tree_host()
        self.assertEqual(self.kind(), "arm-device-tree")
        f = self.assert_finding(self.card(), "iommu-absent", "blocks", "no setting can change that", remedies=[])
        self.assertEqual(self.card()["verdict"], "blocked")
        self.assertEqual(self.document["host"]["product"], "Sample Board 5")
        self.assertIn("no PCI host has the property iommu-map", f["evidence"][0])
        t.write("sys/firmware/devicetree/base/axi/pcie@1000110000/iommu-map", "\0" * 16)
        self.assert_finding(self.card(), "iommu-absent", "blocks", "uses no IOMMU for PCI", remedies=[])
        t.remove("sys/firmware/devicetree")
        self.assertEqual(self.kind(), "arm")

    def test_an_empty_tree_beside_acpi(self):
        """Some x86 kernels show a device tree with nothing in it."""
        self.bare("6.12.0-1-amd64").write("sys/firmware/devicetree/base/name", "")
        self.assertEqual(self.kind(), "x86")

    def test_words_of_the_firmware(self):
        for cpu, words, others in (
                ("vendor_id : GenuineIntel", "Intel VT-d", ("AMD", "SMMU", "ProLiant")),
                ("vendor_id : AuthenticAMD", "AMD-Vi", ("Intel", "SMMU")),
                ("CPU implementer : 0x41", "in the firmware setup, if there is such an entry", ("Intel", "AMD", "BIOS"))):
            self.setUp()
            self.bare().write("proc/cpuinfo", cpu + "\n")
            f = self.assert_finding(self.card(), "iommu-absent", "blocks", remedies=["bios-iommu"])
            self.assertIn(words, f["remedies"][0]["text"])
            for other in others:
                self.assertNotIn(other, str(f))

    def test_guests(self):
        for cpu, words in (("vendor_id : GenuineIntel\nflags : fpu hypervisor", "intel-iommu"),
                           ("vendor_id : AuthenticAMD\nflags : fpu hypervisor", "amd-iommu")):
            self.setUp()
            self.bare().write("proc/cpuinfo", cpu + "\n")
            f = self.assert_finding(self.card(), "iommu-absent", "blocks", remedies=["virtual-iommu"])
            self.assertIn(words, f["remedies"][0]["text"])
        self.setUp()
        t = self.bare("6.12.0-arm64")
        t.write("sys/class/dmi/id/sys_vendor", "QEMU\n")
        f = self.assert_finding(self.card(), "iommu-absent", "blocks", remedies=["virtual-iommu"])
        self.assertIn("iommu=smmuv3", f["remedies"][0]["text"])

    def test_guests_of_another_machine(self):
        """i440FX has no IOMMU; with KVM interrupts are remapped only with a split irqchip."""
        t = self.bare()
        t.write("proc/cpuinfo", "vendor_id : GenuineIntel\nflags : fpu hypervisor\n")
        t.write("sys/class/dmi/id/sys_vendor", "QEMU\n")
        for product, i440fx in (("Standard PC (i440FX + PIIX, 1996)", True), ("Standard PC (Q35 + ICH9, 2009)", False)):
            t.write("sys/class/dmi/id/product_name", product + "\n")
            (remedy,) = self.assert_finding(self.card(), "iommu-absent", "blocks")["remedies"]
            self.assertEqual("make this virtual machine a q35 machine" in remedy["text"], i440fx, product)
            for words in ("-machine q35,kernel-irqchip=split -device intel-iommu,intremap=on",
                          "<driver intremap='on'/>", "<ioapic driver='qemu'/>", "--machine q35,viommu=intel"):
                self.assertIn(words, remedy["text"])
            self.assertNotIn("helps only", str(remedy))

    def test_guests_that_get_none(self):
        t = self.bare()
        t.write("proc/cpuinfo", "vendor_id : GenuineIntel\nflags : fpu hypervisor\n")
        for maker, text in (("Microsoft Corporation", None), ("Amazon EC2", None),
                            ("VMware, Inc.", "Expose IOMMU"), ("QEMU", "intel-iommu")):
            t.write("sys/class/dmi/id/sys_vendor", maker + "\n")
            f = self.assert_finding(self.card(), "iommu-absent", "blocks")
            self.assertEqual(len(f["remedies"]), text is not None, maker)
            self.assertIn(text or "", str(f["remedies"]))

    def test_xen(self):
        t = self.bare()
        t.write("sys/hypervisor/type", "xen\n")
        for capabilities, words in ((None, "runs under Xen, which"), ("control_d\n", "as its dom0"),
                                    ("\n", "is a Xen guest")):
            if capabilities:
                t.write("proc/xen/capabilities", capabilities)
            self.assert_finding(self.card(), "xen", "blocks", words, "KVM cannot pass devices through")

    def test_power_has_no_tables(self):
        self.bare("6.4.0-ppc64le")
        f = self.assert_finding(self.card(), "iommu-absent", "blocks", "uses no IOMMU", remedies=[])
        self.assertNotIn("DMAR", str(f))

    def test_container(self):
        for path in (".dockerenv", "run/.containerenv", "run/systemd/container"):
            self.setUp()
            t = self.bare()
            t.write(path, "lxc\n")
            self.survey()
            found = [f for f in self.document["host"]["findings"] if f["rule"] == "container"]
            self.assertEqual([(f["rule"], f["effect"]) for f in found], [("container", "informs")])
            self.assertEqual(found[0]["evidence"], ["/" + path])

    def test_container_by_what_is_hidden(self):
        t = self.bare()
        t.remove("sys/firmware/acpi")
        t.remove("sys/firmware/dmi")
        self.assertIn("looks like a container", self.run_pcipass().stdout)


if __name__ == "__main__":
    unittest.main()
