#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Every rule where it speaks, and where it must be silent."""

import json
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "host"))
from hosttree import (BRIDGE, ENDPOINT, NOT_REMAPPED, UNITY, Case, drhd, iort_table,  # noqa: E402
                      ivmd, rmrr, scope, smbios_onboard, smbios_slot, smbios_system)

HBA = "0000:07:00.0"
START, END = 0xBDF83000, 0xBDF84FFF
DIRECT = f"{START:#018x} {END:#018x} direct"
OVERRIDE = ["table-override"]


class Held(Case):
    """A SAS HBA behind a root port, held by its own RMRR."""

    def held(self, release="6.12.0-1-amd64", product="Z420", slot=None, class_code=0x010700,
             iommu="dmar0", log=("DMAR: IOMMU enabled",), groups=True):
        t = self.host(release, iommu=iommu if groups else None, log=log)
        t.bridge("0000:00:03.0", 7, group=1 if groups else None)
        t.device(HBA, class_code, group=2 if groups else None)
        if iommu == "ivhd0":
            t.ivrs(ivmd(START, END - START + 1, 0x0700, select=True))
        else:
            t.dmar(drhd(), rmrr(START, END, scope(ENDPOINT, 0, "03.0", "00.0")))
        if groups:
            t.regions(2, DIRECT)
        maker = "HP" if "ProLiant" in product else "Maker"
        records = [smbios_slot(slot, f"PCI-E Slot {slot}", 7, 0)] if slot else []
        t.smbios(smbios_system(maker, product), smbios_slot(15, "PCI-E Slot 15", 0x77, 0),
                 *records)
        return t

    def finding(self, rule="rmrr-hard", effect="blocks", *words, remedies=None):
        device = self.survey()[HBA]
        self.assertEqual(device["verdict"],
                         {"blocks": "blocked-fixable", "informs": "assignable",
                          "unknown": "unknown"}[effect])
        return self.assert_finding(device, rule, effect, *words, remedies=remedies)

    def test_text_and_proof(self):
        self.held()
        f = self.finding("rmrr-hard", "blocks", "0xbdf83000-0xbdf84fff", remedies=OVERRIDE)
        proof = "\n".join(f["evidence"])
        self.assertIn("DMAR RMRR 0 at +0x40", proof)
        self.assertIn("/sys/kernel/iommu_groups/2/reserved_regions", proof)

    def test_texts_of_the_kernels(self):
        for release, words, not_words in (
                ("5.2.0", "EPERM", "EINVAL"), ("5.18.0", "EPERM", "EINVAL"),
                ("5.19.0", "EPERM", "EINVAL"), ("6.1.0-28-amd64", "EPERM", "EINVAL"),
                ("6.5.13-1-pve", "EPERM", "EINVAL"), ("6.6.0", "EINVAL", "EPERM"),
                ("6.12.0", "EINVAL", "EPERM"), ("10.0.0", "EINVAL", "EPERM")):
            self.setUp()
            self.held(release)
            proof = "\n".join(self.finding()["evidence"])
            self.assertIn(f"kernel {release} refuses with {words}", proof)
            self.assertNotIn(not_words, proof)

    def test_unknown_kernel_quotes_none(self):
        self.held(None)
        proof = "\n".join(self.finding()["evidence"])
        self.assertNotIn("refuses with", proof)
        text = " ".join(self.run_pcipass("explain", HBA).stdout.split())
        for words in ("Linux before 6.6: \"Device is ineligible for IOMMU domain attach",
                      "Linux 6.6 and later: \"Firmware has requested this device have a 1:1"):
            self.assertIn(words, text)
        self.assertEqual({p["this_kernel"] for p in self.document["phrases"]}, {None})

    def test_the_kernel_is_quoted_however_many_regions(self):
        t = self.held()
        t.dmar(drhd(), *(rmrr(START + n * 0x2000, START + n * 0x2000 + 0x1FFF,
                              scope(ENDPOINT, 0, "03.0", "00.0")) for n in range(40)))
        self.assertIn("refuses with EINVAL", self.finding()["evidence"][-1])

    def test_old_kernels_list_is_not_believed(self):
        """Before 5.3 a relaxable region is shown as direct: the table decides."""
        t = self.held("5.2.0", class_code=0x030000)
        self.finding("rmrr-relaxable", "informs", "USB and display")
        t.remove("sys/firmware/acpi/tables/DMAR")
        f = self.finding("region-unread", "unknown")
        self.assertEqual(f["could"], "blocks")

    def test_cures_of_a_gen8(self):
        self.held(product="ProLiant DL380p Gen8", slot=2)
        f = self.finding(remedies=["bios-rmrds", "table-override"])
        self.assertIn("RMRDS_Slot2 to Endpoints_Excluded", f["remedies"][0]["text"])
        self.assertIn("iLO", f["remedies"][0]["side_effect"])
        self.assertNotIn("on board", f["text"])

    def test_no_rmrds_elsewhere(self):
        for product, slot in (("ProLiant MicroServer Gen8", 2), ("ProLiant DL380 Gen9", 2),
                              ("ProLiant DL360 G7", 2), ("PowerEdge Gen8", 2),
                              ("ProLiant DL380p Gen8", None)):
            self.setUp()
            self.held(product=product, slot=slot)
            self.finding(remedies=OVERRIDE)

    def test_no_setting_for_a_slot_beyond(self):
        self.held(product="ProLiant ML350p Gen8", slot=17)
        self.finding(remedies=OVERRIDE)

    def test_slot_of_a_guess_names_no_setting(self):
        t = self.held(product="ProLiant DL380p Gen8")
        t.remove("sys/bus/pci/devices/0000:00:03.0")
        t.bridge("0000:00:03.0", 7, group=1, slot=2)
        self.finding(remedies=OVERRIDE)

    def test_disputed_slot_is_told_with_the_cure(self):
        self.held(product="ProLiant DL380p Gen8", slot=2).slot("5", "0000:07:00")
        f = self.finding(remedies=["bios-rmrds", "table-override"])
        self.assertIn("another source says slot 5", f["remedies"][0]["text"])

    def test_embedded_on_a_proliant(self):
        t = self.held(product="ProLiant DL380p Gen8")
        self.finding("rmrr-hard", "blocks", "it is on board")
        # what cannot be read is no proof of it
        t.remove("sys/firmware/dmi")
        t.write("sys/class/dmi/id/product_name", "ProLiant DL380p Gen8\n")
        self.assertNotIn("on board", self.finding()["text"])

    def test_gen9_network_card(self):
        self.held(product="ProLiant DL380 Gen9", slot=2, class_code=0x020000)
        self.finding(remedies=["bios-shared-memory", "table-override"])
        self.setUp()
        self.held(product="ProLiant DL380p Gen8", slot=2, class_code=0x020000)
        self.finding(remedies=["bios-rmrds", "table-override"])

    def test_relax_rmrr_on_proxmox_only(self):
        for release, remedies in (("6.5.13-1-pve", ["relax-rmrr", "table-override"]),
                               ("6.8.4-2-pve", ["relax-rmrr", "table-override"]),
                               ("5.15.108-1-pve", OVERRIDE), ("6.5.0-amd64", OVERRIDE)):
            self.setUp()
            self.held(release)
            self.finding(remedies=remedies)

    def test_lockdown_takes_the_override(self):
        t = self.held()
        for state in ("none [integrity] confidentiality\n", "none integrity [confidentiality]\n"):
            t.write("sys/kernel/security/lockdown", state)
            device = self.survey()[HBA]
            self.assert_finding(device, "rmrr-hard", "blocks", remedies=[])
            self.assertEqual(device["verdict"], "blocked")

    def test_usb_and_display_go(self):
        for class_code in (0x0C0320, 0x030000, 0x038000):
            self.setUp()
            self.held(class_code=class_code).regions(2, DIRECT + "-relaxable")
            self.finding("rmrr-relaxable", "informs", "USB and display")
        for class_code in (0x0C0500, 0x040300, 0x020000):
            self.setUp()
            self.held(class_code=class_code)
            self.finding()

    def test_kernel_overrules_the_table(self):
        self.held().regions(2, "0x00000000fee00000 0x00000000feefffff msi")
        device = self.survey()[HBA]
        self.assert_finding(device, "region-disputed", "informs", "the kernel decides")
        self.assert_not_found(device, "rmrr-hard")
        self.assertEqual(device["verdict"], "care")

    def test_table_alone(self):
        """The kernel's list is missing: the table decides."""
        self.held().remove("sys/kernel/iommu_groups/2/reserved_regions")
        device = self.survey()[HBA]
        self.assert_finding(device, "rmrr-hard", "blocks")
        self.assert_not_found(device, "region-unread")

    def test_kernel_alone(self):
        """Users cannot read the table: the kernel's list is enough."""
        self.held().remove("sys/firmware/acpi/tables/DMAR")
        device = self.survey()[HBA]
        self.assert_finding(device, "rmrr-hard", "blocks", "0xbdf83000-0xbdf84fff")

    def test_another_iommu(self):
        """No table names regions there: the kernel's list alone, which it minds from 6.6 on."""
        for release, effect in (("6.12.0", "blocks"), ("6.1.0", "degrades"), (None, "unknown")):
            self.setUp()
            t = self.host(release, iommu="smmu3.0x0000000009050000", log=())
            t.device(HBA, 0x010700, group=2)
            t.write("sys/firmware/acpi/tables/IORT", iort_table(4))
            t.regions(2, DIRECT)
            self.assert_finding(self.survey()[HBA], "region-hard", effect)
            t.regions(2, "0x0000000008000000 0x00000000080fffff msi")
            self.assert_not_found(self.survey()[HBA], "region-hard")

    def test_while_off_too(self):
        self.held(groups=False)
        device = self.survey()[HBA]
        self.assert_finding(device, "rmrr-hard", "blocks")
        self.assert_finding(device, "iommu-off", "blocks", "does not use it")
        self.assertEqual([f["rule"] for f in device["findings"]][:2], ["iommu-off", "rmrr-hard"])

    def test_amd(self):
        for release, effect in (("5.3.0", "informs"), ("6.1.0-28-amd64", "degrades"), ("6.5.0", "degrades"),
                                ("6.6.0", "blocks"), ("6.12.0", "blocks"), (None, "unknown")):
            self.setUp()
            self.held(release, iommu="ivhd0")
            f = self.assert_finding(self.survey()[HBA], "ivmd-hard", effect, "IVMD",
                                    remedies=[] if effect in ("degrades", "informs") else ["table-override"])
            if effect == "unknown":
                self.assertEqual(f["could"], "blocks")
            self.assert_not_found(self.survey()[HBA], "rmrr-hard")

    def test_amd_memory_of_guests(self):
        """VFIO of the kernels that attach it maps nothing there: with page 0 that is every guest's end."""
        for start, effect, said in ((0, "blocks", "no guest starts"), (0xFF000, "blocks", "no guest starts"),
                                    (0x100000, "degrades", "a guest with more than 1 MiB may not start"),
                                    (0xAFFFF000, "degrades", "a guest with more than 2815 MiB may not start"),
                                    (0xB0000000, "degrades", "2816 MiB may not start, except with machine type q35"),
                                    (0xDFFFF000, "degrades", "3583 MiB may not start, except"),
                                    (0xE0000000, "informs", "pass it through anyway"), (0xFEBFF000, "informs", "anyway"),
                                    (0xFFFFF000, "degrades", "4095 MiB"), (1 << 32, "degrades", "a guest that has memory there")):
            self.setUp()
            t = self.held("6.1.0-28-amd64", iommu="ivhd0")
            t.ivrs(ivmd(start, 0x1000))
            t.regions(2, f"{start:#018x} {start + 0xfff:#018x} direct")
            t.device("0000:03:00.1", 0x010700, group=2)
            remedies = ["bios-preboot-dma", "table-override"] if effect == "blocks" else []
            for address in (HBA, "0000:03:00.1"):
                self.assert_finding(self.survey()[address], "ivmd-hard", effect, said, remedies=remedies)

    def test_amd_group_of_a_region(self):
        """One function of two is named: what holds for it holds for the other, and no more."""
        for start, effect in ((0, "blocks"), (0x60000000, "degrades"), (0xE0000000, "informs")):
            self.setUp()
            t = self.held("6.1.0-28-amd64", iommu="ivhd0")
            t.ivrs(ivmd(start, 0x1000, 0x700, select=True))
            t.regions(2, f"{start:#018x} {start + 0xfff:#018x} direct")
            t.device("0000:07:00.1", 0x010700, group=2)
            devices = self.survey()
            f = self.assert_finding(devices[HBA], "ivmd-hard", effect)
            other = self.assert_finding(devices["0000:07:00.1"], "region-companion", effect)
            self.assertEqual([r["id"] for r in other["remedies"]], [r["id"] for r in f["remedies"]])
            self.assertEqual(bool(other["remedies"]), effect == "blocks")

    def test_amd_region_of_many_buses(self):
        """What "Pre-boot DMA Protection" declares; a region of one device has nothing to do with it."""
        for more in ({}, {"first": 0, "last": 0x0FFF}):
            t = self.held(iommu="ivhd0")
            t.ivrs(ivmd(START, END - START + 1, **more))
            self.finding("ivmd-hard", "blocks", remedies=["bios-preboot-dma", "table-override"])
            self.setUp()

    def test_amd_display_is_held_too(self):
        self.held(iommu="ivhd0", class_code=0x030000)
        self.finding("ivmd-hard")

    def test_whose_iommu_is_not_known(self):
        """6.1 lets AMD go and Intel not."""
        t = self.held("6.1.0", iommu="dmar0")
        t.remove("sys/class/iommu")
        t.remove("sys/firmware")
        device = self.survey()[HBA]
        self.assert_finding(device, "rmrr-hard", "unknown", "cannot tell")
        self.assertEqual(device["verdict"], "unknown")


class Companions(Case):
    def setUp(self):
        super().setUp()
        t = self.host()
        t.device("0000:00:1f.0", 0x060100, group=5)
        t.device("0000:00:1f.2", 0x010601, group=5, driver="ahci")
        t.device("0000:00:1f.3", 0x0C0500, group=5)
        t.device("0000:02:00.0", group=6)

    def test_one_held_blocks_all(self):
        self.tree.dmar(drhd(), rmrr(START, END, scope(ENDPOINT, 0, "1f.2")))
        self.tree.regions(5, DIRECT)
        devices = self.survey()
        self.assert_finding(devices["0000:00:1f.3"], "region-companion", "blocks",
                            "shares group 5 with 00:1f.2", "RMRR", remedies=OVERRIDE)
        self.assert_not_found(devices["0000:00:1f.2"], "region-companion")
        self.assert_finding(devices["0000:00:1f.2"], "rmrr-hard", "blocks")
        self.assertEqual(devices["0000:00:1f.0"]["verdict"], "not-endpoint")
        self.assertEqual(devices["0000:02:00.0"]["verdict"], "assignable")

    def test_held_by_nobody_known(self):
        self.tree.regions(5, DIRECT)
        f = self.assert_finding(self.survey()["0000:00:1f.3"], "region-companion", "blocks",
                                "a device in its group 5", "run as root to see which")
        self.assertIn("reserved_regions", "".join(f["evidence"]))

    def test_relaxable_holds_nobody(self):
        self.tree.regions(5, DIRECT + "-relaxable")
        self.assert_not_found(self.survey()["0000:00:1f.3"], "region-companion")

    def test_one_guest_or_unbound(self):
        devices = self.survey()
        f = self.assert_finding(devices["0000:00:1f.3"], "companions", "degrades", "group 5",
                                "00:1f.2 (ahci)", "00:1f.3")
        self.assertNotIn("00:1f.0", f["text"])
        self.assertIn("1 bound to a host driver", f["evidence"][0])
        self.assertEqual(devices["0000:00:1f.3"]["verdict"], "care")
        self.assert_not_found(devices["0000:02:00.0"], "companions")

    def test_isa_bridge_with_a_driver_counts(self):
        self.tree.remove("sys/bus/pci/devices/0000:00:1f.0")
        self.tree.device("0000:00:1f.0", 0x060100, group=5, driver="lpc_ich")
        self.assertIn("00:1f.0 (lpc_ich)",
                      self.found(self.survey()["0000:00:1f.3"], "companions")["text"])


class BridgeDriver(Case):
    def port(self, driver, release="6.12.0"):
        t = self.host(release)
        t.bridge("0000:00:1c.0", 3, group=4, driver=driver)
        t.device("0000:03:00.0", group=4)
        return self.survey()["0000:03:00.0"]

    def test_shpchp(self):
        device = self.port("shpchp")
        f = self.assert_finding(device, "bridge-driver", "blocks", "00:1c.0", "shpchp",
                                remedies=["unbind-bridge"])
        self.assertIn("echo 0000:00:1c.0 > /sys/bus/pci/drivers/shpchp/unbind",
                      f["remedies"][0]["text"])
        self.assertEqual(device["verdict"], "blocked-fixable")

    def test_harmless(self):
        for driver in ("pcieport", "pci-stub", "vfio-pci", "mlx5_vfio_pci", None):
            self.setUp()
            self.assert_not_found(self.port(driver), "bridge-driver")

    def test_since_5_19(self):
        self.assert_not_found(self.port("shpchp", "5.18.19"), "bridge-driver")
        self.setUp()
        self.assert_finding(self.port("shpchp", "5.19.0"), "bridge-driver", "blocks")
        self.setUp()
        device = self.port("shpchp", None)
        self.assert_finding(device, "bridge-driver", "unknown")
        self.assertEqual(device["verdict"], "unknown")

    def test_unread_driver(self):
        t = self.host()
        d = t.bridge("0000:00:1c.0", 3, group=4)
        (d / "driver").write_text("no link")
        t.device("0000:03:00.0", group=4)
        device = self.survey()["0000:03:00.0"]
        self.assert_finding(device, "bridge-driver", "unknown", "cannot tell")

    def test_another_groups_bridge(self):
        t = self.host()
        t.bridge("0000:00:1c.0", 3, group=4, driver="shpchp")
        t.device("0000:03:00.0", group=5)
        self.assert_not_found(self.survey()["0000:03:00.0"], "bridge-driver")


class Iommu(Case):
    def device(self):
        return self.survey()["0000:03:00.0"]

    def off(self, **more):
        t = self.host(iommu=None, log=(), **more)
        t.device("0000:03:00.0")
        return t

    def test_absent(self):
        self.off()
        f = self.assert_finding(self.device(), "iommu-absent", "blocks", "no IOMMU",
                                remedies=["bios-iommu"])
        self.assertIn("Intel VT-d", f["remedies"][0]["text"])
        self.assert_not_found(self.device(), "iommu-off")

    def test_iort_is_a_table_too(self):
        t = self.off()
        t.write("sys/firmware/acpi/tables/IORT", iort_table(4))
        self.assert_not_found(self.device(), "iommu-absent")
        self.assert_finding(self.device(), "iommu-off", "blocks", "IORT", remedies=[])
        # many list interrupt controllers and no IOMMU
        t.write("sys/firmware/acpi/tables/IORT", iort_table(0))
        self.assert_finding(self.device(), "iommu-absent", "blocks", "its IORT lists none")
        self.assert_not_found(self.device(), "iommu-off")

    def test_iort_that_could_not_be_read(self):
        t = self.off()
        t.write("sys/firmware/acpi/tables/IORT", iort_table(4)[:50])
        self.assert_not_found(self.device(), "iommu-absent")
        self.assert_finding(self.device(), "iommu-off", "blocks", "cannot tell")

    def test_hidden_tables(self):
        """A container shows an empty directory: nothing is known of the firmware."""
        self.off().remove("sys/firmware/acpi/tables/FACP")
        self.assert_not_found(self.device(), "iommu-absent")
        self.assert_finding(self.device(), "iommu-off", "blocks", "cannot tell")

    def test_absent_in_a_guest(self):
        t = self.off()
        t.write("proc/cpuinfo", "processor\t: 0\nflags\t\t: fpu vme hypervisor lahf_lm\n")
        self.assert_finding(self.device(), "iommu-absent", "blocks", remedies=["virtual-iommu"])
        t.write("proc/cpuinfo", "processor\t: 0\nflags\t\t: fpu vme lahf_lm\n")
        self.assert_finding(self.device(), "iommu-absent", "blocks", remedies=["bios-iommu"])

    def test_xen(self):
        t = self.off()
        t.write("sys/hypervisor/type", "xen\n")
        self.assert_finding(self.device(), "xen", "blocks", "KVM cannot pass devices through", remedies=[])
        self.assertEqual(self.device()["verdict"], "blocked")
        t.write("sys/hypervisor/type", "kvm\n")
        self.assert_not_found(self.device(), "xen")

    def test_xen_renames_the_dmar(self):
        """Its dom0 finds the same table as RMAD."""
        t = self.off()
        t.write("sys/hypervisor/type", "xen\n")
        t.dmar(drhd(), rmrr(0xbd000000, 0xbd000fff, scope(1, 0, "01.0")))
        table = t.root / "sys/firmware/acpi/tables/DMAR"
        renamed = table.rename(table.with_name("RMAD"))
        renamed.write_bytes(b"RMAD" + renamed.read_bytes()[4:])
        found = self.assert_finding(self.device(), "xen", "blocks")
        self.assertIn("/sys/firmware/acpi/tables/RMAD: the DMAR, which Xen renames for its dom0",
                      found["evidence"])
        regions = self.ask("reserved")["regions"]
        self.assertEqual([(r["source"], r["start"]) for r in regions], [("DMAR", "0xbd000000")])
        renamed.write_bytes(b"XXXX" + renamed.read_bytes()[4:])
        self.assertNotIn("RMAD: the DMAR", str(self.assert_finding(self.device(), "xen", "blocks")))
        self.assertIn("RMAD", str(self.document["host"]["unread"]))
        # Elsewhere such a table is nobody's.
        t.write("sys/hypervisor/type", "kvm\n")
        self.assert_finding(self.device(), "iommu-absent", "blocks")

    def test_stand_in_group(self):
        """VFIO makes a group for a device that no IOMMU covers."""
        t = self.off()
        t.device("0000:04:00.0", group=0)
        t.write("sys/kernel/iommu_groups/0/name", "vfio-noiommu\n")
        stand_in = self.survey()["0000:04:00.0"]
        self.assert_finding(stand_in, "no-group", "blocks", "VFIO made its group")
        self.assert_finding(stand_in, "iommu-absent", "blocks")
        self.assert_not_found(self.device(), "no-group")

    def test_groups_of_other_devices(self):
        """An IOMMU that covers the board's own devices, and not PCI."""
        t = self.host("6.16.0", iommu="smmu3.0x0000000009050000")
        t.device("0000:03:00.0")
        t.write("sys/kernel/iommu_groups/0/type", "DMA\n")
        self.assert_finding(self.device(), "no-group", "blocks", "no IOMMU of this host")
        self.assert_not_found(self.device(), "groups-unread")

    def test_interrupts_elsewhere(self):
        t = self.host(iommu="smmu3.0x0000000009050000",
                      interrupts="           CPU0\n 25:  1  ITS-PCI-MSI-0000:03:00.0 0 Edge x\n")
        t.device("0000:03:00.0", group=1)
        t.regions(1)
        self.assert_not_found(self.device(), "interrupt-remapping")
        t.write("proc/interrupts", "           CPU0\n 25:  1  GICv3 0 Edge x\n")
        self.assert_finding(self.device(), "interrupt-remapping", "unknown")

    def test_whether_there_is_a_table_could_not_be_read(self):
        self.off().remove("sys/firmware")
        self.assert_not_found(self.device(), "iommu-absent")
        self.assert_finding(self.device(), "iommu-off", "blocks", "cannot tell",
                            remedies=["kernel-argument", "bios-iommu"])

    def test_off_cures(self):
        t = self.off()
        t.dmar(drhd())
        self.assert_finding(self.device(), "iommu-off", "blocks", remedies=["kernel-argument"])
        t.write("proc/cmdline", "intel_iommu=off\n")
        f = self.assert_finding(self.device(), "iommu-off", "blocks", "(intel_iommu=off)")
        self.assertIn("remove intel_iommu=off from", f["remedies"][0]["text"])

    def test_broken_table_is_not_cured_by_an_argument(self):
        t = self.off()
        t.write("sys/firmware/acpi/tables/DMAR", b"DMAR" + b"\0" * 60)
        f = self.assert_finding(self.device(), "iommu-off", "blocks", "broken", "DMAR+0x4",
                                remedies=["bios-update", "table-override"])
        t.write("sys/kernel/security/lockdown", "none [integrity] confidentiality\n")
        f = self.found(self.device(), "iommu-off")
        self.assertEqual([c["id"] for c in f["remedies"]], ["bios-update"])

    def test_direct_map_failed(self):
        t = self.off()
        t.ivrs(ivmd(START, 0x1000, flags=UNITY))
        t.log("AMD-Vi: not able to establish FW requested direct mapping")
        self.assert_finding(self.device(), "iommu-off", "blocks", "could not map",
                            remedies=["kernel-argument", "bios-update", "table-override"])

    def test_on_says_nothing(self):
        t = self.host()
        t.device("0000:03:00.0", group=1)
        t.dmar(drhd())
        self.assertEqual(self.device()["findings"], [])
        self.assertEqual(self.device()["verdict"], "assignable")

    def test_wrong_scope_type(self):
        t = self.off()
        t.bridge("0000:00:1c.0", 3)
        t.dmar(drhd(), rmrr(START, END, scope(ENDPOINT, 0, "1c.0")))
        f = self.assert_finding(self.device(), "iommu-scope-type", "blocks", "00:1c.0",
                                "an endpoint", remedies=["table-override", "bios-update"])
        self.assertIn("DMAR+0x58: scope of type 1 for 00:1c.0", f["evidence"][0])
        self.assert_not_found(self.device(), "iommu-off")
        # in any structure that is matched, and not where all devices are meant
        t.dmar(drhd(scope(BRIDGE, 3, "00.0"), flags=0))
        f = self.found(self.device(), "iommu-scope-type")
        self.assertFalse(self.device()["by_free"])  # what a unit covers cannot be left out
        self.assertIn("by hand", f["remedies"][1]["text"])
        t.dmar(drhd(scope(BRIDGE, 3, "00.0"), flags=1))
        self.assert_not_found(self.device(), "iommu-scope-type")

    def test_wrong_scope_type_is_left_out(self):
        """All entries of the wrong type, and beside them those that hold the device itself."""
        t = self.off()
        t.bridge("0000:00:1c.0", 3)
        t.write("etc/initramfs-tools/x", "")
        plan = self.directory / "plan.json"

        def scopes() -> list:
            run = self.run_pcipass("free", "0000:03:00.0", "-o", str(plan), "--force")
            self.assertEqual(run.returncode, 0, run.stderr)
            return [s["override"]["scopes"] for s in json.loads(plan.read_text())["steps"] if s["kind"] == "override"]
        t.dmar(drhd(), rmrr(START, END, scope(ENDPOINT, 0, "1c.0")))
        self.assertTrue(self.device()["by_free"])
        self.assertEqual(scopes(), [[0x58]])
        t.dmar(drhd(), rmrr(START, END, scope(ENDPOINT, 0, "1c.0")), rmrr(START, END, scope(ENDPOINT, 0, "1c.0")))
        self.assertEqual(scopes(), [[0x58, 0x78]])
        t.dmar(drhd(), rmrr(START, END, scope(ENDPOINT, 0, "1c.0"), scope(ENDPOINT, 0, "1c.0", "00.0")))
        self.assertEqual(sorted(scopes()), [[0x58], [0x60]])
        # one that is in the way elsewhere is not mended by this
        t.dmar(drhd(scope(BRIDGE, 3, "00.0"), flags=0), rmrr(START, END, scope(ENDPOINT, 0, "1c.0")))
        self.assertFalse(self.device()["by_free"])
        t.dmar(drhd(), rmrr(START, END, scope(ENDPOINT, 0, "1c.0")))
        t.write("sys/kernel/security/lockdown", "none [integrity] confidentiality\n")
        self.assertFalse(self.device()["by_free"])

    def test_wrong_scope_type_while_on(self):
        """It is on: so the kernel took no offence, whatever the table looks like."""
        t = self.host()
        t.bridge("0000:00:1c.0", 3, group=1)
        t.device("0000:03:00.0", group=2)
        t.dmar(drhd(), rmrr(START, END, scope(ENDPOINT, 0, "1c.0")))
        self.assert_not_found(self.device(), "iommu-scope-type")

    def test_groups_unread(self):
        t = self.off()
        t.remove("sys/kernel")
        f = self.assert_finding(self.device(), "groups-unread", "unknown", "cannot tell")
        self.assertEqual((f["could"], self.device()["verdict"]), ("blocks", "unknown"))

    def test_amd_off(self):
        t = self.off()
        t.ivrs(ivmd(START, 0x1000))
        f = self.found(self.device(), "iommu-off")
        self.assertIn("IVRS", f["text"])
        self.assertEqual(f["remedies"], [])  # on by default: there is nothing to switch
        self.assertIn("AMD-Vi", "".join(f["evidence"]))


class Device(Case):
    def device(self, *arguments, **more):
        t = self.host(more.pop("release", "6.12.0"))
        t.device("0000:03:00.0", *arguments, group=1, **more)
        return self.survey()["0000:03:00.0"]

    def test_plain(self):
        self.assertEqual(self.device()["findings"], [])

    def test_in_no_group(self):
        t = self.host()
        t.device("0000:03:00.0", group=1)
        t.device("0000:04:00.0")
        t.device("0000:00:00.2", 0x080600)
        devices = self.survey()
        self.assert_finding(devices["0000:04:00.0"], "no-group", "blocks", "no IOMMU of this host")
        self.assert_finding(devices["0000:00:00.2"], "no-group", "blocks", "the IOMMU itself")
        self.assert_not_found(devices["0000:03:00.0"], "no-group")
        self.assertEqual(devices["0000:04:00.0"]["verdict"], "blocked")

    def test_the_iommu_is_blocked_while_it_is_off(self):
        t = self.host()
        t.device("0000:00:00.2", 0x080600)
        t.device("0000:03:00.0")
        devices = self.survey()
        self.assert_finding(devices["0000:00:00.2"], "no-group", "blocks", "the IOMMU itself")
        self.assertEqual(devices["0000:00:00.2"]["verdict"], "blocked")
        self.assertEqual(devices["0000:03:00.0"]["verdict"], "blocked-fixable")

    def test_group_unread(self):
        t = self.host()
        t.device("0000:03:00.0", group=1)
        (t.device("0000:04:00.0") / "iommu_group").write_text("no link")
        device = self.survey()["0000:04:00.0"]
        self.assert_finding(device, "no-group", "unknown", "could not be read")
        self.assertEqual(device["verdict"], "unknown")

    def test_bridges_stay(self):
        for class_code in (0x060100, 0x060000):
            self.setUp()
            device = self.device(class_code)
            self.assert_finding(device, "not-endpoint", "informs", "a bridge")
            self.assertEqual(device["verdict"], "not-endpoint")

    def test_other_bridges_are_endpoints(self):
        """NVSwitch, non-transparent bridges: a normal header is what VFIO looks at."""
        device = self.device(0x068000, reset="flr\n")
        self.assert_not_found(device, "not-endpoint")
        self.assertEqual(device["verdict"], "assignable")

    def test_behind_vmd(self):
        t = self.host()
        t.device("10000:e1:00.0", group=1)
        t.device("0000:00:0e.0", group=1)
        self.assert_finding(self.survey()["10000:e1:00.0"], "behind-vmd", "blocks",
                            remedies=["bios-vmd"])
        self.assert_not_found(self.survey()["0000:00:0e.0"], "behind-vmd")

    def test_vmd_controller(self):
        """Only the controller, and of what is behind it only what a guest would see as a device."""
        t = self.host()
        controller, other = "0000:00:0e.0", "0000:00:0f.0"
        t.device(controller, 0x010400, vendor=0x8086, device=0x467F, group=1, driver="vmd")
        t.device(other, 0x010400, vendor=0x8086, group=2)
        self.assert_not_found(self.survey()[controller], "vmd-controller")
        t.bridge("10000:e0:06.0", 0xE1, group=1)
        for n in range(8):
            t.device(f"10000:e1:{n:02x}.0", 0x010802, group=1, driver="nvme")
        survey = self.survey()
        self.assert_finding(survey[controller], "vmd-controller", "degrades",
                            "10000:e1:05.0 (nvme) and 2 more")
        self.assertNotIn("10000:e0:06.0", json.dumps(survey[controller]["findings"]))
        for address in (other, "10000:e1:00.0"):
            self.assert_not_found(survey[address], "vmd-controller")
        for address in (controller, "10000:e1:00.0"):
            self.assert_not_found(survey[address], "companions")
            self.assert_not_found(survey[address], "group-joined")

    def test_pf_and_vf(self):
        t = self.host()
        t.device("0000:03:00.0", group=1, sriov=2, reset="flr\n")
        t.device("0000:03:10.0", group=2, physfn="0000:03:00.0", reset="flr\n")
        t.device("0000:03:10.2", group=3, physfn="0000:03:00.0", reset="flr\n")
        t.dmar(drhd(), rmrr(START, END, scope(ENDPOINT, 3, "00.0")))
        t.regions(1, DIRECT)
        devices = self.survey()
        self.assert_finding(devices["0000:03:00.0"], "pf-with-vfs", "blocks",
                            "2 of its virtual functions", remedies=["use-vf", "vfs-off"])
        vf = devices["0000:03:10.0"]
        self.assert_finding(vf, "vf", "informs", "03:00.0")
        self.assert_finding(vf, "region-not-for-vf", "informs", "03:00.0")
        self.assertEqual(vf["verdict"], "assignable")
        self.assert_not_found(devices["0000:03:00.0"], "vf")

    def test_pf_without_vfs(self):
        self.assert_not_found(self.device(), "pf-with-vfs")

    def test_vfs_that_the_kernel_does_not_show(self):
        """The device says they are on: a capture may lack them."""
        self.assert_finding(self.device(sriov=4), "pf-with-vfs", "blocks", "4 of its")

    def test_line_interrupts(self):
        f = self.assert_finding(self.device(msi=False), "line-interrupts", "degrades", "line")
        self.assertIn("INTA", f["evidence"][0])
        self.setUp()
        self.assert_not_found(self.device(msi=False, pin=0), "line-interrupts")

    def test_no_reset(self):
        device = self.device(reset=None)
        self.assert_finding(device, "no-reset", "degrades", "cannot reset it")
        self.assertEqual(device["verdict"], "care")
        # the kernel's list counts, not what the function claims: some hang on it
        self.setUp()
        self.assert_finding(self.device(reset=None, flr=True), "no-reset", "degrades")
        for more in ({"reset": "bus\n"},
                     {"reset": None, "flr": True, "release": "5.10.0"},
                     {"reset": None, "release": "5.10.0"}):
            self.setUp()
            self.assert_not_found(self.device(**more), "no-reset")
        self.setUp()
        self.assert_finding(self.device(reset=None, release=None), "no-reset", "unknown")

    def test_denylist(self):
        self.assert_finding(self.device(0x0B4000, device=0x0435), "vfio-denylist", "blocks",
                            remedies=["disable-denylist"])
        for vendor, number in ((0x8086, 0x0436), (0x1000, 0x0435)):
            self.setUp()
            self.assert_not_found(self.device(0x0B4000, vendor=vendor, device=number),
                                  "vfio-denylist")

    def test_denylist_of_later(self):
        self.assert_finding(self.device(0x088000, device=0x0B25), "vfio-denylist", "blocks")
        self.setUp()
        self.assert_finding(self.device(0x088000, device=0x0B25, release="6.1.0"), "vfio-denylist",
                            "unknown")
        self.setUp()
        self.assert_not_found(self.device(0x0B4000, device=0x0435, release="5.8.0"),
                              "vfio-denylist")
        for where, what in (("sys/module/vfio_pci/parameters/disable_denylist", "Y\n"),
                            ("etc/modprobe.d/x.conf", "options vfio-pci disable_denylist=1\n"),
                            ("proc/cmdline", "vfio-pci.disable_denylist=1\n")):
            self.setUp()
            t = self.host()
            t.device("0000:03:00.0", 0x0B4000, device=0x0435, group=1)
            t.write(where, what)
            self.assert_not_found(self.survey()["0000:03:00.0"], "vfio-denylist")

    def test_one_finding_for_all_bridges(self):
        t = self.host()
        t.device("0000:09:00.0", group=1)
        for bus in range(1, 9):
            t.bridge(f"0000:00:{bus:02x}.0", bus, group=1, driver="shpchp")
        t.regions(1)
        f = self.assert_finding(self.survey()["0000:09:00.0"], "bridge-driver", "blocks",
                                "00:01.0", "7 more", remedies=["unbind-bridge"])
        self.assertIn("the others in the same way", f["remedies"][0]["text"])

    def test_relaxed_by_the_command_line(self):
        """The beginning of the log may be gone; only Proxmox knows the argument."""
        for release, effect in (("6.5.13-6-pve", "degrades"), ("6.12.0-1-amd64", None)):
            self.setUp()
            t = self.host(release, log=())
            t.write("proc/cmdline", "intel_iommu=on,relax_rmrr\n")
            t.device("0000:03:00.0", group=1)
            t.dmar(drhd(), rmrr(START, END, scope(ENDPOINT, 3, "00.0")))
            t.regions(1, DIRECT.replace("direct", "direct-relaxable"))
            device = self.survey()["0000:03:00.0"]
            if effect:
                self.assert_finding(device, "rmrr-relaxable", effect, "relax_rmrr")
            else:
                self.assert_not_found(device, "rmrr-relaxable")

    def test_vendor_kernels(self):
        """A low number of Red Hat's or SUSE's does not mean old behaviour."""
        for release in ("5.14.0-427.13.1.el9_4.x86_64", "5.14.21-150500.55.88-default"):
            self.setUp()
            t = self.host(release, iommu="ivhd0")
            t.device("0000:03:00.0", group=1)
            t.ivrs(ivmd(START, 0x1000))
            t.regions(1, DIRECT)
            device = self.survey()["0000:03:00.0"]
            self.assert_finding(device, "ivmd-hard", "unknown")
            self.assertEqual(device["verdict"], "unknown")

    def test_scope_that_names_nothing(self):
        t = self.host()
        t.device("0000:03:00.0", group=1)
        t.dmar(drhd(), rmrr(START, END, scope(ENDPOINT, 0, "1d.0", "00.0")))
        self.survey()
        texts = [f["text"] for f in self.document["host"]["findings"]
                 if f["rule"] == "scope-names-nothing"]
        self.assertEqual(len(texts), 1)
        self.assertIn("names 00:1d.0/00.0, but there is no device", texts[0])


class Storage(Case):
    """What a guest finds behind a controller."""

    def controller(self, class_code: int, vendor: int, device: int, driver: str | None = None):
        self.setUp()
        self.host().device(HBA, class_code, vendor=vendor, device=device, group=1, driver=driver)
        return self.survey()[HBA]

    def test_raid_controllers(self):
        for vendor, number, driver in ((0x103C, 0x323B, "hpsa"), (0x1000, 0x005D, "megaraid_sas"),
                                       (0x9005, 0x028D, "aacraid"), (0x9005, 0x028F, "smartpqi"),
                                       (0x13C1, 0x1010, "3w-sas"), (0x17D3, 0x1880, "arcmsr")):
            for bound in (driver, "vfio-pci", None):
                device = self.controller(0x010400, vendor, number, bound)
                f = self.assert_finding(device, "raid-controller", "informs", "logical volumes",
                                        "SMART", "HBA mode")
                self.assertIn(bound or f"{vendor:04x}:{number:04x}", f["evidence"][0])
                self.assertEqual(device["verdict"], "care")
                self.assert_not_found(device, "sas-hba")

    def test_class_raid_alone_is_none(self):
        """Chipset ports, VMD, and iLO 5's virtual function hide no disk."""
        for vendor, number, driver in ((0x8086, 0x2822, "ahci"), (0x8086, 0x9A0B, "vmd"),
                                       (0x103C, 0x193F, None), (0x1B4B, 0x9230, "ahci"),
                                       (0x8086, 0x2822, None), (0x9005, 0x0241, None)):
            self.assert_not_found(self.controller(0x010400, vendor, number, driver),
                                  "raid-controller")

    def test_no_raid_class(self):
        """Smart Array in HBA mode has class SAS: of such a controller nothing is said."""
        for class_code in (0x010700, 0x010600, 0x020000):
            device = self.controller(class_code, 0x103C, 0x323B, "hpsa")
            self.assert_not_found(device, "raid-controller")
            self.assert_not_found(device, "sas-hba")

    def test_sas_hba(self):
        for number, driver in ((0x0087, "mpt3sas"), (0x0072, None), (0x0097, "vfio-pci")):
            device = self.controller(0x010700, 0x1000, number, driver)
            self.assert_finding(device, "sas-hba", "informs", "disks themselves", "SMART")
            self.assert_not_found(device, "raid-controller")
        self.assert_not_found(self.controller(0x010700, 0x9005, 0x028F, "smartpqi"), "sas-hba")


class Together(Case):
    def test_everything_at_once_and_in_order(self):
        t = self.host("6.12.0", interrupts=NOT_REMAPPED)
        t.bridge("0000:00:1c.0", 3, group=1, driver="shpchp")
        t.device("0000:03:00.0", 0x0B4000, device=0x0435, group=1, driver="qat", reset=None,
                 msi=False, sriov=2)
        t.device("0000:03:00.1", group=1)
        t.dmar(drhd(), rmrr(START, END, scope(ENDPOINT, 3, "00.0")))
        t.regions(1, DIRECT)
        t.smbios(smbios_system("Maker", "Z"), smbios_slot(2, "Slot 2", 3, 0),
                 smbios_onboard("NIC", 9, 0))
        t.slot("4", "0000:03:00")
        device = self.survey()["0000:03:00.0"]
        self.assertEqual([(f["rule"], f["effect"]) for f in device["findings"]], [
            ("interrupt-remapping", "blocks"), ("rmrr-hard", "blocks"), ("pf-with-vfs", "blocks"),
            ("vfio-denylist", "blocks"), ("bridge-driver", "blocks"),
            ("line-interrupts", "degrades"), ("companions", "degrades"),
            ("slot-disputed", "informs"), ("no-reset", "informs"), ("group-joined", "informs")])
        self.assertEqual(device["verdict"], "blocked-fixable")
        run = self.run_pcipass("explain", "03:00.0")
        self.assertEqual(run.returncode, 0)
        for f in device["findings"]:
            self.assertIn(f"rule:     {f['rule']}", run.stdout)
        # what is not held can be passed all the same; without it nothing is left
        t.write("sys/kernel/security/lockdown", "none [integrity] confidentiality\n")
        held = self.survey()["0000:03:00.0"]["findings"][1]
        self.assertEqual([c["id"] for c in held["remedies"]], ["use-vf"])
        t.remove("sys/bus/pci/devices/0000:03:00.0")
        t.device("0000:03:00.0", 0x0B4000, device=0x0435, group=1, driver="qat", reset=None,
                 msi=False)
        self.assertEqual(self.survey()["0000:03:00.0"]["verdict"], "blocked")

    def test_blocks_before_unknown_before_degrades(self):
        t = self.host(None, interrupts=None)
        t.bridge("0000:00:1c.0", 3, group=1, driver="shpchp")
        t.device("0000:03:00.0", group=1, msi=False, sriov=1)
        device = self.survey()["0000:03:00.0"]
        self.assertEqual([(f["rule"], f["effect"], f.get("could")) for f in device["findings"]], [
            ("pf-with-vfs", "blocks", None), ("interrupt-remapping", "unknown", "blocks"),
            ("no-vfio-pci", "unknown", "blocks"), ("bridge-driver", "unknown", "blocks"),
            ("line-interrupts", "degrades", None)])
        self.assertEqual(device["verdict"], "blocked-fixable")


if __name__ == "__main__":
    unittest.main()
