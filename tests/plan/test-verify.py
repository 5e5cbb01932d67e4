#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Did a plan take? Yes, no and unknown, each from a host that differs by one fact."""

import json
import sys
import tarfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from planning import Planning  # noqa: E402

DMAR = "sys/firmware/acpi/tables/DMAR"
TABLE, KERNEL = "the firmware's table reserves no memory for it", "the kernel reserves no memory for its group"
GUEST, THERE = "it can be passed to a guest", "the device is still at its address"
TAKEN, REPLACED = ("the kernel took the table from the initrd",
                   "the table is no longer the firmware's")
SETTING = "the BIOS setting RMRDS_Slot2=Endpoints_Excluded is in effect"
FAULTS = "no DMA into formerly reserved memory was blocked"
OVERRIDE = "[    0.010000] ACPI: Table Upgrade: override [DMAR-HP    -ProLiant]\n"


class Verify(Planning):
    """The HBA of slot 2, before and after."""

    def setUp(self) -> None:
        super().setUp()
        self.before = self.sample("dl380p-gen8")
        self.after = self.own("dl380p-gen8-freed")

    def log(self, root: Path) -> Path:
        """The boot log of a sample."""
        return next(f for f in (root / "var/log").iterdir() if f.name.startswith("dmesg"))

    def add_to_log(self, *lines: str) -> None:
        """Lines behind those that the freed host logged."""
        path = self.log(self.after)
        path.write_text(path.read_text() + "".join(lines))

    def override(self) -> dict:
        """The plan that takes the card's entries out of the table."""
        return self.plan(self.before, "slot2", "--by", "table-override")



class Setting(Verify):
    """By a BIOS setting: the table itself must have changed."""

    def test_yes(self):
        checks = self.verify(self.after, self.plan(self.before, "slot2"), 0)
        self.assertEqual({k: c["answer"] for k, c in checks.items()},
                         {"the host has been rebooted since": "unknown", SETTING: "yes", TABLE: "yes",
                          KERNEL: "yes", GUEST: "yes"})
        self.assertIn("no region names a device of slot 2", checks[SETTING]["evidence"])
        # Of a plan in a file nobody knows when it was carried out, and that is said.
        self.assertIn("the plan's file does not say when", checks["the host has been rebooted since"]["evidence"])

    def test_no(self):
        checks = self.verify(self.before, self.plan(self.before, "slot2"), 1)
        self.assertEqual([checks[x]["answer"] for x in (SETTING, TABLE, KERNEL, GUEST)], ["no"] * 4)
        self.assertIn("still names 07:00.0", checks[SETTING]["evidence"])
        self.assertIn("0xbdf83000-0xbdf84fff", checks[TABLE]["evidence"])

    def test_table_gone(self):
        plan = self.plan(self.before, "slot2")
        (self.after / DMAR).unlink()
        checks = self.verify(self.after, plan, 3)
        self.assertEqual([checks[x]["answer"] for x in (SETTING, TABLE, KERNEL)],
                         ["unknown", "unknown", "yes"])

    def test_regions_gone_table_still_there(self):
        plan = self.plan(self.before, "slot2")
        with tarfile.open(self.before) as archive:
            (self.after / DMAR).write_bytes(archive.extractfile(DMAR).read())
        checks = self.verify(self.after, plan, 1)
        self.assertEqual([checks[x]["answer"] for x in (TABLE, KERNEL, GUEST)],
                         ["no", "yes", "yes"])

    def test_regions_unread(self):
        plan = self.plan(self.before, "slot2")
        (self.after / "sys/kernel/iommu_groups/19/reserved_regions").unlink()
        checks = self.verify(self.after, plan, 3)
        self.assertEqual(checks[KERNEL]["answer"], "unknown")

    def test_another_device(self):
        plan = self.plan(self.before, "slot2")
        plan["devices"][0]["device"] = "0072"
        self.assertIn("1000:0087", self.verify(self.after, plan, 1)[THERE]["evidence"])
        plan["devices"][0]["address"] = "0000:77:00.0"
        self.assertIn("no device", self.verify(self.after, plan, 1)[THERE]["evidence"])

    def test_free_before(self):
        plan = self.plan(self.after, "slot2")
        self.assertEqual(list(self.verify(self.after, plan, 0)), [GUEST])


class AnotherHost(Verify):
    """Its plan is no question to this one."""

    def test_model(self):
        plan = self.plan(self.before, "slot2")
        for key in ("product", "board"):
            for value, code in (("PowerEdge R720", 3 if plan["host"][key] else 0), (None, 0)):
                other = json.loads(json.dumps(plan))
                other["host"][key] = value
                run = self.run_pcipass("verify", "--plan", self.file(other), path=self.after)
                self.assertEqual(run.returncode, code, (key, value, run.stdout, run.stderr))
                if code:
                    self.assertEqual(run.stdout, "")
                    self.assertEqual(run.stderr, f"pcipass: the plan was made for a host whose {key} is {value}; this "
                                     f"host's is {plan['host'][key]}\n")


class Override(Verify):
    """By another table: the log and the table's bytes tell."""

    def test_yes(self):
        plan = self.override()
        self.add_to_log(OVERRIDE)
        checks = self.verify(self.after, plan, 0)
        self.assertEqual([checks[x]["answer"] for x in (TAKEN, REPLACED, FAULTS)], ["yes"] * 3)

    def test_another_bios(self):
        """What the table was made from may be gone: by version, and by date where the version stays."""
        plan, what = self.override(), "the override was made from this BIOS's table"
        self.add_to_log(OVERRIDE)
        self.assertEqual(self.verify(self.after, plan, 0)[what]["answer"], "yes")
        for key, value in (("bios_version", "P69"), ("bios_date", "01/01/2012")):
            older = json.loads(json.dumps(plan))
            older["host"][key] = value
            check = self.verify(self.after, older, 1)[what]
            self.assertEqual(check["answer"], "no")
            self.assertIn(value, check["evidence"])
        # A plan of before has no date; of one without either nothing is asked.
        del older["host"]["bios_date"]
        self.assertEqual(self.verify(self.after, older, 0)[what]["answer"], "yes")
        older["host"]["bios_version"] = None
        self.assertNotIn(what, self.verify(self.after, older, 0))

    def test_not_taken(self):
        checks = self.verify(self.before, self.override(), 1)
        self.assertEqual([checks[x]["answer"] for x in (TAKEN, REPLACED)], ["no"] * 2)

    def test_locked_down(self):
        plan = self.override()
        self.add_to_log("[    0.010000] ACPI: kernel is locked down, ignoring table override\n")
        self.assertIn("locked down", self.verify(self.after, plan, 1)[TAKEN]["evidence"])

    def test_found_and_not_taken(self):
        """A revision that is not higher: the kernel says that it found the table, and no more."""
        plan = self.override()
        self.add_to_log("[    0.010000] ACPI: DMAR ACPI table found in initrd "
                        "[kernel/firmware/acpi/dmar.aml][0xb0]\n")
        check = self.verify(self.after, plan, 1)[TAKEN]
        self.assertEqual(check["answer"], "no")
        self.assertIn("found in initrd, but not taken: its OEM revision is not above that of the "
                      "firmware's table; run 'pcipass undo'", check["evidence"])

    def test_added(self):
        """Other OEM ids: a second table, which nobody reads."""
        plan = self.override()
        self.add_to_log("[    0.010000] ACPI: DMAR ACPI table found in initrd "
                        "[kernel/firmware/acpi/dmar.aml][0xb0]\n"
                        "[    0.020000] ACPI: Table Upgrade: install [DMAR-OTHER -OTHERS  ]\n")
        check = self.verify(self.after, plan, 1)[TAKEN]
        self.assertEqual(check["answer"], "no")
        self.assertIn("its OEM ids are not those of the firmware's table", check["evidence"])
        self.add_to_log("[    0.030000] ACPI: Table Upgrade: override [IVRS-HP    -OTHERS  ]\n")
        self.assertEqual(self.verify(self.after, plan, 1)[TAKEN]["answer"], "no")

    def test_log_cut_or_unread(self):
        plan, path = self.override(), self.log(self.after)
        path.write_text("[  900.000000] DMAR: something later\n")
        self.assertEqual(self.verify(self.after, plan, 3)[TAKEN]["answer"], "unknown")
        path.unlink()
        checks = self.verify(self.after, plan, 3)
        self.assertEqual([checks[x]["answer"] for x in (TAKEN, FAULTS)], ["unknown"] * 2)

    def test_faults(self):
        plan = self.override()
        self.add_to_log(OVERRIDE)
        path = self.log(self.after)
        before = path.read_text()
        inside, outside = 0xbdf84000, 0xbdf85000
        forms = ("DMAR: [DMA Write] Request device [07:00.0] fault addr {:x} [fault reason 05] PTE",
                 "DMAR: [DMA Read NO_PASID] Request device [07:00.0] fault addr {:#x} [fault reason"
                 " 0x06] PTE Read access is not set",
                 "DMAR: [DMA Write] Request device [07:00.0] PASID ffffffff fault addr {:x} [fault",
                 "AMD-Vi: Event logged [IO_PAGE_FAULT device=07:00.0 domain=0x0007 address={:#x} "
                 "flags=0x0000]",
                 "AMD-Vi: Event logged [IO_PAGE_FAULT device=0000:07:00.0 domain=0x0007 "
                 "address={:#x} flags=0x0000]",
                 "mpt3sas 0000:07:00.0: AMD-Vi: Event logged [IO_PAGE_FAULT domain=0x000d "
                 "address={:#x} flags=0x0020]")
        for form in forms:
            path.write_text(before + "[   99.000000] " + form.format(inside) + "\n")
            checks = self.verify(self.after, plan, 1)
            self.assertIn("07:00.0 at 0xbdf84000", checks[FAULTS]["evidence"], form)
            # A capture keeps the line.
            capture = self.directory / "capture.tar"
            made = self.run_pcipass("capture", "--force", "-o", capture, path=self.after)
            self.assertEqual(made.returncode, 0, made.stderr)
            self.assertEqual(self.verify(capture, plan, 1), checks)
            path.write_text(before + "[   99.000000] " + form.format(outside) + "\n")
            self.assertEqual(self.verify(self.after, plan, 0)[FAULTS]["answer"], "yes", form)
        for broken in ("DMAR: Request device [07:00.0] fault addr ", "DMAR: Request device [",
                       "AMD-Vi: Event logged [IO_PAGE_FAULT address=0x1 ]",
                       ": AMD-Vi: Event logged [IO_PAGE_FAULT domain=0 address=0xbdf84000 f]",
                       "DMAR: Request device [zz] fault addr bdf84000 "):
            path.write_text(before + "[   99.000000] " + broken + "\n")
            self.verify(self.after, plan, 0)


class OtherSteps(Verify):
    """Arguments and drivers."""

    def step(self, kind: str, needs_reboot: bool, **details) -> dict:
        """A plan for the freed host with one step of that kind."""
        plan = self.plan(self.after, "slot2")
        plan["steps"] = [{"kind": kind, "remedy": kind, "text": "", "side_effect": None, "undo": "",
                          "needs_reboot": needs_reboot, kind: details}]
        return plan

    def test_argument(self):
        what = "the kernel was started with intel_iommu=on"
        plan = self.step("argument", True, argument="intel_iommu=on")
        for line, code in (("quiet intel_iommu=on", 0), ("intel_iommu=sm_on,on", 0),
                           ("quiet", 1), ("intel_iommu=on intel_iommu=off", 1), (None, 3)):
            path = self.after / "proc/cmdline"
            path.unlink(missing_ok=True)
            if line is not None:
                path.write_text(line + "\n")
            else:
                path.mkdir()
            answer = {0: "yes", 1: "no", 3: "unknown"}[code]
            self.assertEqual(self.verify(self.after, plan, code)[what]["answer"], answer, line)

    def test_taken_off(self):
        what = "the kernel was started without intel_iommu=off"
        plan = self.step("take-off", True, argument="intel_iommu=off")
        path = self.after / "proc/cmdline"
        for line, code in (("quiet intel_iommu=on", 0), ("quiet", 0), ("intel_iommu=off", 1),
                           ("intel_iommu=sm_on,off", 1)):
            path.write_text(line + "\n")
            self.assertEqual(self.verify(self.after, plan, code)[what]["answer"],
                             "yes" if not code else "no", line)
        path.unlink()
        path.mkdir()
        self.verify(self.after, plan, 3)

    def test_option(self):
        """As the module has it, or would be loaded with."""
        what = "the option disable_idle_d3 of vfio_pci is on"
        plan = self.step("option", True, module="vfio_pci", option="disable_idle_d3")
        conf = self.after / "etc/modprobe.d/pcipass.conf"
        conf.parent.mkdir(parents=True, exist_ok=True)
        self.assertEqual(self.verify(self.after, plan, 1)[what]["answer"], "no")
        conf.write_text("options vfio-pci disable_idle_d3=1\n")
        self.assertEqual(self.verify(self.after, plan, 0)[what]["answer"], "yes")
        parameter = self.after / "sys/module/vfio_pci/parameters/disable_idle_d3"
        parameter.parent.mkdir(parents=True, exist_ok=True)
        for text, code in (("N\n", 1), ("Y\n", 0)):
            parameter.write_text(text)
            self.verify(self.after, plan, code)
        parameter.unlink()
        parameter.mkdir()
        conf.unlink()
        self.assertEqual(self.verify(self.after, plan, 3)[what]["answer"], "unknown")

    def test_driver(self):
        plan = self.step("bind", False, address="0000:07:00.0", vendor="1000", device="0087",
                         expected_driver="mpt3sas")
        what = "07:00.0 is bound to vfio-pci"
        self.assertIn("mpt3sas", self.verify(self.after, plan, 1)[what]["evidence"])
        devices = self.after / "sys/bus/pci/devices"
        driver = (devices / "0000:07:00.0").resolve() / "driver"
        driver.unlink()
        self.assertIn("no driver", self.verify(self.after, plan, 1)[what]["evidence"])
        driver.symlink_to("../../../bus/pci/drivers/vfio-pci")
        self.assertEqual(self.verify(self.after, plan, 0)[what]["answer"], "yes")

    def test_bridge_and_functions(self):
        for kind, what, more in (
                ("no-driver", "the bridge 07:00.0 has no driver", {"expected_driver": "shpchp"}),
                ("vfs", "07:00.0 has no virtual functions", {"expected": 2})):
            plan = self.step(kind, False, address="0000:07:00.0", vendor="1000", device="0087", **more)
            answer = self.verify(self.after, plan, 1 if kind == "no-driver" else 0)[what]
            self.assertEqual(answer["answer"], "no" if kind == "no-driver" else "yes")
            plan = self.step(kind, False, address="0000:07:0f.0", vendor="1000", device="0087", **more)
            self.assertIn("no device has this address",
                          self.verify(self.after, plan, 1)[what.replace("00.0", "0f.0")]["evidence"])
        plan = self.step("no-driver", False, address="0000:07:00.0", vendor="1000", device="0087",
                         expected_driver="shpchp")
        ((self.after / "sys/bus/pci/devices/0000:07:00.0").resolve() / "driver").unlink()
        self.assertEqual(self.verify(self.after, plan, 0)["the bridge 07:00.0 has no driver"]["answer"], "yes")
        plan["steps"] = [{"kind": "vfs", "remedy": "vfs-off", "text": "", "side_effect": None, "undo": "",
                          "needs_reboot": False,
                          "vfs": {"address": "0000:41:00.0", "vendor": "8086", "device": "10fb", "expected": 4}}]
        plan["host"]["product"] = None
        answer = self.verify(self.sample("sriov-nic"), plan, 1)["41:00.0 has no virtual functions"]
        self.assertIn("are on: something enabled them again", answer["evidence"])

    def test_unbound(self):
        what = "07:00.0 is no longer bound to vfio-pci"
        details = {"address": "0000:07:00.0", "vendor": "1000", "device": "0087",
                   "expected_driver": "vfio-pci"}
        plan = self.step("unbind", False, **details)
        checks = self.verify(self.after, plan, 0)
        self.assertEqual(checks[what]["answer"], "yes")
        self.assertIn("mpt3sas", checks[what]["evidence"])
        # It stays with the host: what a guest would say of it is no question.
        self.assertNotIn(GUEST, checks)
        driver = (self.after / "sys/bus/pci/devices/0000:07:00.0").resolve() / "driver"
        driver.unlink()
        self.assertIn("no driver", self.verify(self.after, plan, 0)[what]["evidence"])
        driver.symlink_to("../../../bus/pci/drivers/vfio-pci")
        self.assertIn("vfio-pci", self.verify(self.after, plan, 1)[what]["evidence"])
        # With --plan it is taken for granted that the host has been rebooted.
        plan = self.step("unbind", False, **details, when="now")
        self.assertIn("next boot only", self.verify(self.after, plan, 3)[what]["evidence"])
        plan = self.step("unbind", True, **details, when="boot")
        self.assertEqual(self.verify(self.after, plan, 1)[what]["answer"], "no")

    def test_usage(self):
        for arguments in ((), ("--plan", "x", "--attach", "07:00.0"), ("--plan", "x", "--take"),
                          ("--attach", "07:00.0")):
            run = self.run_pcipass("verify", *arguments, path=self.after)
            self.assertEqual(run.returncode, 2, run.stderr)
        self.assertEqual(self.run_pcipass("verify", "--plan", "/nonexistent",
                                          path=self.after).returncode, 4)

    def test_text(self):
        plan = self.file(self.plan(self.before, "slot2"))
        run = self.run_pcipass("verify", "--plan", plan, path=self.after)
        self.assertIn("slot2: freed", run.stdout.splitlines())
        self.assertIn("emit qemu slot2", run.stdout.split("slot2: freed")[1])
        self.assertEqual([x for x in run.stdout.splitlines() if len(x) > 80], [])


if __name__ == "__main__":
    unittest.main()
