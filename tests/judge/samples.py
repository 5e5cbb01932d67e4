#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What the tool must say of the sample machines.

usage: samples.py PCIPASS RECIPE_FOLDER

Each expectation is written down from what the machine is, not from what the tool said. "blocks" and
"remedies" are compared whole; a device that is not named may say anything but "unknown".
"""

import json
import os
import subprocess
import sys
import tarfile
import tempfile
import unittest
from pathlib import Path

PCIPASS, RECIPES = sys.argv.pop(1), Path(sys.argv.pop(1))
sys.path.insert(0, str(RECIPES))
from machinery.command import make  # noqa: E402
from machinery.model import MissingData  # noqa: E402

REGIONS = "0xbdf83000-0xbdf84fff"


class Sample:
    """A sample machine, built as an archive, and the answers about it."""

    def __init__(self, name: str) -> None:
        self.dir = tempfile.TemporaryDirectory()
        self.archive = Path(self.dir.name) / f"{name}.tar"
        try:
            make(RECIPES / f"{name}.machine", "-o", self.archive)
        except MissingData as e:
            raise unittest.SkipTest(str(e)) from e
        self.survey = json.loads(self.run("--json").stdout)
        self.devices = {d["address"].removeprefix("0000:"): d for d in self.survey["devices"]}

    def run(self, *arguments: str) -> subprocess.CompletedProcess:
        """The tool on this machine."""
        return subprocess.run([PCIPASS, "--from", self.archive, *arguments], capture_output=True,
                              text=True, check=False, env={**os.environ, "COLUMNS": "80"})

    def findings(self, address: str, effect: str = "blocks") -> list[dict]:
        """The findings of a device that have that effect."""
        return [f for f in self.devices[address]["findings"] if f["effect"] == effect]

    def rules(self, address: str, effect: str = "blocks") -> set[str]:
        """The rules behind them."""
        return {f["rule"] for f in self.findings(address, effect)}

    def remedies(self, address: str) -> list[str]:
        """The remedies of the first finding that blocks, best first."""
        return [c["id"] for c in self.findings(address)[0]["remedies"]]


class SampleTest(unittest.TestCase):
    """Shorthand for what is asserted again and again."""

    def blocked(self, sample: Sample, address: str, rules: set[str], remedies: list[str]) -> None:
        """Blocked by just these rules; the first of them has just these remedies."""
        self.assertEqual(sample.rules(address), rules, address)
        self.assertEqual(sample.remedies(address), remedies, address)
        verdict = "blocked-fixable" if remedies else "blocked"
        self.assertEqual(sample.devices[address]["verdict"], verdict, address)

    def free(self, sample: Sample, *addresses: str) -> None:
        """Assignable, with care or without."""
        for address in addresses:
            self.assertIn(sample.devices[address]["verdict"], {"assignable", "care"}, address)

    def none_unknown(self, sample: Sample) -> None:
        """Everything was read, so everything is known."""
        self.assertEqual(sample.survey["summary"]["unknown"], 0)


class ProLiantGen8(SampleTest):
    """The story: an HBA in slot 2 that the BIOS holds."""

    def test_story(self) -> None:
        s = Sample("dl380p-gen8")
        self.none_unknown(s)
        self.assertEqual(s.devices["07:00.0"]["slot"], "2")
        self.blocked(s, "07:00.0", {"rmrr-hard"}, ["bios-rmrds", "table-override"])
        finding = s.findings("07:00.0")[0]
        self.assertIn(REGIONS, finding["text"])
        self.assertIn("6 more", finding["text"])
        self.assertEqual(sum("DMAR RMRR" in e for e in finding["evidence"]), 7)
        self.assertIn("RMRDS_Slot2", finding["remedies"][0]["text"])
        self.assertIn("iLO", finding["remedies"][0]["side_effect"])
        for nic in ("0a:00.0", "0a:00.1"):
            self.blocked(s, nic, {"rmrr-hard"}, ["bios-rmrds", "table-override", "use-vf"])
            self.assertIn("RMRDS_Slot3", s.findings(nic)[0]["remedies"][0]["text"])
        for embedded in ("02:00.0", "03:00.0", "03:00.1", "03:00.2", "03:00.3"):
            self.blocked(s, embedded, {"rmrr-hard"}, ["table-override"])
            self.assertIsNone(s.devices[embedded]["slot"])
            self.assertIn("on board", s.findings(embedded)[0]["text"])
        # VGA and USB are let go, although regions name them.
        for relaxed in ("04:00.0", "00:1a.0", "00:1d.0"):
            self.free(s, relaxed)
            self.assertIn("rmrr-relaxable", s.rules(relaxed, "informs"))
        # iLO's USB function is let go as such, but shares a group with those that are not.
        self.blocked(s, "01:00.4", {"region-companion"}, ["table-override"])

    def test_last_lines_say_what_to_do(self) -> None:
        text = Sample("dl380p-gen8").run().stdout
        last = text[text.rindex("Next:"):]
        self.assertIn("Next: to free slot 2, set the hidden BIOS setting RMRDS_Slot2", last)
        self.assertIn("side effect: iLO no longer sees the card", last)
        self.assertIn("explain slot2", last.splitlines()[-1])
        self.assertTrue(all(len(line) <= 80 for line in text.splitlines()), text)

    def test_freed(self) -> None:
        s = Sample("dl380p-gen8-freed")
        self.assertEqual(s.devices["07:00.0"]["verdict"], "assignable")
        self.blocked(s, "0a:00.0", {"rmrr-hard"}, ["bios-rmrds", "table-override", "use-vf"])

    def test_kernel_chooses_the_words(self) -> None:
        for name, errno, words in (("dl380p-gen8", "EPERM", "platform RMRR requirement.  Contact"),
                                   ("dl380p-gen8-k612", "EINVAL", "1:1 IOMMU mapping")):
            evidence = "\n".join(Sample(name).findings("07:00.0")[0]["evidence"])
            self.assertIn(errno, evidence)
            self.assertIn(words, evidence)

    def test_relaxed_by_proxmox(self) -> None:
        s = Sample("dl380p-gen8-pve")
        self.assertEqual(s.devices["07:00.0"]["verdict"], "care")
        self.assertIn("relax_rmrr", s.findings("07:00.0", "degrades")[0]["text"])

    def test_iommu_off_in_the_kernel(self) -> None:
        s = Sample("dl380p-gen8-iommu-off")
        self.blocked(s, "07:00.0", {"iommu-off", "rmrr-hard"}, ["kernel-argument"])
        self.assertIn("intel_iommu=on", s.findings("07:00.0")[0]["remedies"][0]["text"])
        # The table tells what comes after: the slot will still be held.
        self.assertEqual(s.devices["04:00.0"]["verdict"], "blocked-fixable")
        self.assertEqual(s.rules("04:00.0"), {"iommu-off"})

    def test_iommu_off_in_the_firmware(self) -> None:
        s = Sample("dl380p-gen8-vtd-off")
        self.blocked(s, "07:00.0", {"iommu-absent"}, ["bios-iommu"])

    def test_without_root(self) -> None:
        s = Sample("dl380p-gen8-user")
        self.none_unknown(s)  # the kernel's own lists are for everybody
        self.blocked(s, "07:00.0", {"rmrr-hard"}, ["bios-rmrds", "table-override"])
        self.blocked(s, "03:00.0", {"region-companion"}, ["table-override"])
        self.assertIn("run as root to see which", s.findings("03:00.0")[0]["text"])
        self.free(s, "04:00.0", "00:1a.0")
        unread = {u["path"] for u in s.survey["host"]["unread"]}
        self.assertIn("sys/firmware/acpi/tables/DMAR", unread)
        # What needs the rest of the configuration space is unknown, not absent.
        self.assertIn("line-interrupts", s.rules("07:00.0", "unknown"))


class ProLiantG7(SampleTest):
    """The real table of a DL360 G7."""

    def test_regions(self) -> None:
        s = Sample("dl360-g7")
        for address, slot in (("06:00.0", "1"), ("06:00.1", "1"), ("09:00.0", "2"),
                              ("09:00.1", "2"), ("05:00.0", None)):
            self.assertEqual(s.devices[address]["slot"], slot, address)
            self.assertIn("rmrr-hard", s.rules(address), address)
            text = [f["text"] for f in s.findings(address) if f["rule"] == "rmrr-hard"][0]
            self.assertIn("0xdf61e000-0xdf61ffff", text)
            # The setting is known of Gen8 alone.
            self.assertNotIn("bios-rmrds", json.dumps(s.devices[address]))
        self.assertIn("no slot", json.dumps(s.devices["05:00.0"]))
        for address in ("03:00.0", "03:00.1", "04:00.0", "04:00.1"):
            self.assertEqual(s.rules(address), {"interrupt-remapping"}, address)
        for address in ("00:1d.0", "00:1d.1", "00:1d.2", "00:1d.3", "00:1d.7"):
            self.assertIn("rmrr-relaxable", s.rules(address, "informs"), address)
            self.assertNotIn("rmrr-hard", s.rules(address), address)

    def test_reserved(self) -> None:
        regions = json.loads(Sample("dl360-g7").run("reserved", "--json").stdout)["regions"]
        table = [r for r in regions if r["source"] == "DMAR"]
        self.assertEqual([(r["start"], r["end"]) for r in table],
                         [("0xdf7e6000", "0xdf7e7fff"), ("0xdf7df000", "0xdf7e4fff"),
                          ("0xdf61e000", "0xdf61ffff")])
        self.assertEqual(table[0]["kind"], "direct-relaxable")
        self.assertEqual(table[2]["kind"], "direct")
        self.assertEqual(table[2]["devices"],
                         ["0000:02:00.0", "0000:02:00.2", "0000:05:00.0", "0000:06:00.0",
                          "0000:06:00.1", "0000:09:00.0", "0000:09:00.1"])
        self.assertIn({"type": "endpoint", "start_bus": 0, "path": ["09.0", "00.1"]},
                      [{k: s[k] for k in ("type", "start_bus", "path")}
                       for s in table[2]["scopes"]])


class Others(SampleTest):
    """One thing each."""

    def test_desktop(self) -> None:
        s = Sample("desktop-relaxable")
        self.assertEqual({d["verdict"] for d in s.survey["devices"]},
                         {"assignable", "care", "not-endpoint"})
        # A card and its sound are one thing: nothing to take care of.
        self.assertIn("companions", s.rules("01:00.0", "informs"))
        self.assertNotIn("no-reset", s.rules("01:00.0", "degrades"))

    def test_switches(self) -> None:
        together, apart = Sample("switch-cards"), Sample("switch-acs")
        for address in ("03:00.0", "04:00.0", "05:00.0", "06:00.0"):
            self.assertEqual(together.rules(address, "degrades"), {"companions"})
            self.assertEqual(apart.devices[address]["verdict"], "assignable")
            # What sits behind the card's own switch sits in the card's slot.
            self.assertEqual(apart.devices[address]["slot"], "6")

    def test_virtual_functions(self) -> None:
        s = Sample("sriov-nic")
        self.assertEqual(s.rules("41:00.0"), {"rmrr-hard", "pf-with-vfs"})
        for vf in ("41:10.0", "41:10.2", "41:10.4", "41:10.6"):
            self.assertEqual(s.devices[vf]["verdict"], "assignable")
            self.assertEqual(s.devices[vf]["physfn"], "0000:41:00.0")
            self.assertIn("region-not-for-vf", s.rules(vf, "informs"))

    def test_bridge_driver(self) -> None:
        s = Sample("conventional-pci")
        self.blocked(s, "02:00.0", {"bridge-driver"}, ["unbind-bridge"])
        self.assertIn("shpchp", s.findings("02:00.0")[0]["text"])

    def test_amd(self) -> None:
        old, new = Sample("amd-board"), Sample("amd-board-k612")
        self.assertIn("no guest starts with it", old.findings("02:00.0")[0]["text"])
        for s in (old, new):
            self.blocked(s, "02:00.0", {"ivmd-hard"}, ["bios-preboot-dma", "table-override"])
            self.assertEqual(s.devices["00:00.2"]["verdict"], "blocked")

    def test_no_interrupt_remapping(self) -> None:
        s = Sample("no-intremap")
        self.blocked(s, "01:00.0", {"interrupt-remapping"}, ["allow-unsafe-interrupts"])

    def test_odd_firmware(self) -> None:
        s = Sample("odd-firmware")
        odd = [f["rule"] for f in s.survey["host"]["findings"]]
        self.assertIn("scope-names-nothing", odd)
        self.assertIn("region-odd", odd)
        self.assertIn("firmware-odd", odd)
        self.none_unknown(s)

    def test_check(self) -> None:
        s = Sample("dl380p-gen8")
        for what, code in (("07:00.0", 1), ("slot2", 1), ("slot1", 0), ("04:00.0", 0),
                           ("group18", 0), ("1000:0087", 1), ("00:01.0", 1), ("slot9", 2),
                           ("99:00.0", 2), ("nonsense", 2)):
            run = s.run("check", what)
            self.assertEqual(run.returncode, code, f"{what}: {run.stdout}{run.stderr}")
            self.assertEqual(len((run.stdout + run.stderr).splitlines()), 1)


class Places(SampleTest):
    """A Gen8 board under another name: a setting for PCI and PCI-E slots alone, and of one number one."""

    def test_places(self) -> None:
        s = Sample("gen8-places")
        self.none_unknown(s)
        for address, slot, place in (
                ("04:00.0", "1", "slot1"), ("21:00.0", "1", "slot1"), ("09:00.0", "2", "slot2"),
                ("0a:00.0", "2", "slot2"), ("0a:10.0", "2", "slot2"), ("10:00.0", None, "nvme13"),
                ("11:00.0", None, "mezz2"), ("24:00.0", None, "ocp14"),
                ("03:00.0", None, "storage12"), ("02:00.3", None, "flexlom1")):
            self.assertEqual((s.devices[address]["slot"], s.devices[address]["place"]),
                             (slot, place), address)
        for address in ("09:00.0", "0a:00.0"):
            self.assertEqual(s.findings(address)[0]["remedies"][0]["id"], "bios-rmrds")
            self.assertIn("RMRDS_Slot2", s.findings(address)[0]["remedies"][0]["text"])
        for address, why in (("10:00.0", 'an NVMe bay ("NVMe Slot")'),
                             ("11:00.0", 'a mezzanine ("Mezzanine Slot 2")'),
                             ("24:00.0", 'an OCP slot ("PCI-E Slot 14")'),
                             ("03:00.0", 'a storage controller\'s slot ("Storage Controller'),
                             ("02:00.0", 'a FlexLOM slot ("FlexLOM 1")')):
            self.blocked(s, address, {"rmrr-hard"}, ["table-override"])
            self.assertIn(why, s.findings(address)[0]["text"])
            self.assertIn("only PCI and PCI-E slots have a setting", s.findings(address)[0]["text"])

    def test_two_of_one_number(self) -> None:
        s = Sample("gen8-places")
        both = '"PCI-E Riser 1 Slot 1"', '"PCI-E Riser 2 Slot 1"'
        for address in ("04:00.0", "21:00.0"):
            self.blocked(s, address, {"rmrr-hard"}, ["table-override"])
            plan = s.run("free", address, "--by", "bios-rmrds", "--dry-run")
            self.assertEqual(plan.returncode, 1, plan.stdout)
            for word in both:
                self.assertIn(word, s.findings(address)[0]["text"])
                self.assertIn(word, plan.stderr)
        for command in ("explain", "check", "free", "emit qemu"):
            run = s.run(*command.split(), "slot1", *(["--dry-run"] if command == "free" else []))
            self.assertEqual(run.returncode, 2, run.stdout)
            for word in (*both, "04:00.0", "21:00.0", "use the address of the device instead"):
                self.assertIn(word, run.stderr, command)

    def test_names_are_typed(self) -> None:
        s = Sample("gen8-places")
        for place, address in (("mezz2", "11:00.0"), ("ocp14", "24:00.0"), ("nvme13", "10:00.0"),
                               ("storage12", "03:00.0")):
            self.assertIn(f"pcipass free {place}", s.run("check", place).stdout)
            plan = json.loads(s.run("--json", "free", place, "--dry-run").stdout)
            self.assertEqual([(d["address"], d["slot"], d["place"]) for d in plan["devices"]],
                             [(f"0000:{address}", None, place)])
            self.assertEqual([x["remedy"] for x in plan["steps"]], ["table-override"])
            self.assertIn(f"  {address}  {place}, ", s.run("free", place, "--dry-run").stdout)
        self.assertIn("slot9: no such slot; slots here: 1, 2; mezz2; ocp14; nvme13; "
                      "storage12; flexlom1", s.run("explain", "slot9").stderr)
        text = s.run().stdout
        self.assertIn("  11:00.0     mezz2    ", text)
        self.assertIn("to do it: pcipass free 04:00.0", text)
        self.assertTrue(all(len(line) <= 80 for line in text.splitlines()), text)


class Captures(SampleTest):
    """A capture of a sample answers as the sample does."""

    def test_same_answer(self) -> None:
        for name in ("dl380p-gen8", "dl380p-gen8-user", "dl380p-gen8-vtd-off", "odd-firmware",
                     "sriov-nic", "conventional-pci", "gen8-places", "amd-board-k612", "desktop-relaxable"):
            s = Sample(name)
            directory = Path(s.dir.name) / "host"
            with tarfile.open(s.archive) as archive:
                archive.extractall(directory)
            # Larger than what is read of it: the capture keeps less than that.
            (directory / "proc").mkdir(exist_ok=True)
            (directory / "proc/cpuinfo").write_text("processor : 0\nflags : fpu vme\n" * 1000)
            capture = Path(s.dir.name) / "capture.tar"
            s.archive = directory
            before = s.run("--json").stdout
            self.assertEqual(s.run("capture", "-o", capture).returncode, 0, name)
            s.archive = capture
            self.assertEqual(s.run("--json").stdout, before, name)


if __name__ == "__main__":
    unittest.main()
