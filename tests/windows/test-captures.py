#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Captures made under Windows: the same verdicts as the same machine's capture made under Linux; the
first reason of Microsoft's survey script on random properties; the answers of public listings.

usage: test-captures.py PCIPASS SOURCE_ROOT [NAME…]
"""

import json
import os
import random
import re
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

PCIPASS, ROOT = sys.argv.pop(1), Path(sys.argv.pop(1))
DATA = Path(os.environ.get("PCIPASS_TEST_DATA") or "/nonexistent")
sys.path[:0] = [str(ROOT / "tests/machines"), str(ROOT / "tests/windows")]
import ddascript  # noqa: E402
import sampled  # noqa: E402
from machinery import dmar, sinks, windows  # noqa: E402

MANIFEST = "pcipass-capture 1\ntool sample\nroot yes\nredacted yes\nasked windows/devices/\nasked windows/system/\n"
TABLES = {"sys/firmware/acpi/tables/DMAR":
          dmar.Dmar(1, [dmar.Structure(0, 0, [], 1, 0xFBFFE000)]).pack("SAMPLE", "SAMPLE")}


def survey(capture: str, *words: str) -> dict:
    done = subprocess.run([PCIPASS, "--from", capture, *words, "--json"], capture_output=True, text=True, check=False)
    if done.returncode not in (0, 3):
        raise AssertionError(f"{capture}: {done.stderr}")
    return json.loads(done.stdout)


def by_address(document: dict) -> dict:
    return {d["address"]: d for d in document["devices"]}


def rules(device: dict, *effects: str) -> set[str]:
    return {f["rule"] for f in device["findings"] if f["effect"] in effects}


def as_windows(found: set[str]) -> set[str]:
    """Linux says of the host that the firmware keeps PCI Express; Windows of each device that has it, and
    then not what else it is."""
    if "hyperv-pcie-control" not in found:
        return found
    found = found - {"hyperv-pcie-control"}
    return found if "hyperv-conventional" in found else found - {"hyperv-legacy", "hyperv-embedded"} | {"hyperv-treated-as-pci"}


class Capture(unittest.TestCase):
    """A test that makes captures of properties."""

    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.scratch = Path(scratch.name)
        self.made = 0

    def capture(self, devices: dict[str, dict], system: dict | None = None, more: dict | None = None) -> str:
        """Of properties by address: a number, a text, or None for one that Windows does not have."""
        self.made += 1
        path = f"{self.scratch}/{self.made}.tar"
        sink = sinks.open_sink(path)
        asked = "".join(f"asked windows/devices/*/{name}\n" for name in windows.NAMES)
        sink.file("pcipass/manifest", (MANIFEST + asked).encode())
        for name, text in (windows.SYSTEM if system is None else system).items():
            sink.file(f"windows/system/{name}", f"{text}\n".encode())
        for address, properties in devices.items():
            sink.directory(f"windows/devices/{address.replace(':', '-')}")
            for name, value in properties.items():
                if value is not None:
                    text = value if isinstance(value, bytes) else f"{value}\n".encode()
                    sink.file(f"windows/devices/{address.replace(':', '-')}/{name}", text)
        for name, content in (TABLES if more is None else more).items():
            sink.file(name, content)
        sink.close()
        return path


def device(device_class: int = 0x020000, **properties) -> dict:
    """A function that Hyper-V assigns, but for what is said."""
    return {"HardwareIds": f"PCI\\VEN_1000&DEV_0072&SUBSYS_30201000&REV_03\nPCI\\VEN_1000&DEV_0072&CC_{device_class:06X}",
            "LocationPaths": "PCIROOT(0)#PCI(0300)#PCI(0000)", "DeviceType": 2, "InterruptSupport": 6,
            "AcsCompatibleUpHierarchy": 3, "RequiresReservedMemoryRegion": 0, "Problem": 0,
            "Resources": "memory 0xf7e00000 0xf7e03fff", "Enumerator": "PCI"} | properties


class Samples(Capture):
    """Each sample machine in both worlds."""

    def accepted(self) -> dict[tuple[str, str], str]:
        lines = (ROOT / "tests/windows/accepted").read_text().splitlines()
        rows = [re.fullmatch(r"(\S+) (\S+)\s+# (.+)", line) for line in lines if line and not line.startswith("#")]
        return {(row[1], row[2]): row[3] for row in rows}

    def test_same_verdict_and_reasons(self):
        known, used, count = self.accepted(), set(), 0
        for name, machine in sampled.machines():
            # What Windows would say on Arm is not known.
            if not machine.as_root or machine.device_tree or machine.iommu.kind not in ("intel", "amd", "none"):
                continue
            linux, there = f"{self.scratch}/{name}.tar", f"{self.scratch}/{name}-windows.tar"
            for path, writer in ((linux, sampled.tree.TreeWriter(machine)), (there, windows.WindowsWriter(machine))):
                sink = sinks.open_sink(path)
                writer.write(sink)
                sink.close()
            here, told = by_address(survey(linux, "--for", "hyperv")), by_address(survey(there))
            for address, d in here.items():
                if d["physfn"]:
                    self.assertNotIn(address, told)
                    continue
                count += 1
                ours = as_windows(rules(d, "blocks", "unknown", "degrades"))
                theirs = rules(told[address], "blocks", "unknown", "degrades")
                # How Linux uses the device now is no news of the hardware.
                for rule in {r for r in ours ^ theirs if r in theirs or r.startswith("hyperv-")}:
                    self.assertIn((name, rule), known, f"{name} {address}: Linux {sorted(ours)}, Windows {sorted(theirs)}")
                    used.add((name, rule))
                # Of a device that is treated as PCI Windows does not say that it is a legacy endpoint.
                hidden = "hyperv-treated-as-pci" in ours and "hyperv-legacy" in rules(d, "blocks")
                if ours == theirs and not hidden:
                    self.assertEqual(d["verdict"], told[address]["verdict"], f"{name} {address}")
                    for key in ("vendor", "device", "class", "onboard"):
                        self.assertEqual(d[key], told[address][key], f"{name} {address} {key}")
                    # Without SMBIOS' word the kernel's and the port's registers name slots, which Windows does not show.
                    self.assertIn(told[address]["place"], (None, d["place"]), f"{name} {address}")
        self.assertEqual(set(known) - used, set(), "accepted, but no longer there")
        self.assertGreater(count, 300)
        print(f"{count} devices alike, {len(known)} differences accepted", file=sys.stderr)

    def test_nothing_of_linux(self):
        """What is told of a host that runs Windows can be done there: no driver, command or person of Linux."""
        linux = re.compile(r"vfio|\bbind\b|\bsudo\b|\broot\b(?! complex)|modprobe|emit qemu|/sys/|/proc/|kernel|IOMMU group", re.I)
        for name in ("dl380p-gen8", "dl380p-gen8-freed", "desktop-relaxable", "amd-board", "overlapping-regions"):
            path = f"{self.scratch}/{name}.tar"
            sink = sinks.open_sink(path)
            windows.WindowsWriter(dict(sampled.machines())[name]).write(sink)
            sink.close()
            asked = [[]]
            for d in survey(path)["devices"]:
                if d["verdict"] != "not-endpoint":
                    asked += [["explain", d["address"]], ["check", d["address"]], ["free", d["address"], "--dry-run"]]
            for words in asked[:40]:
                done = subprocess.run([PCIPASS, "--from", path, *words], capture_output=True, text=True, check=False)
                # Where a rule comes from, and what a driver of the sample is called, is no advice.
                said = [line for line in (done.stdout + done.stderr).splitlines()
                        if not re.match(r" +(see:|driver )|^  \S+:\S+ ", line)]
                self.assertFalse(linux.findall("\n".join(said)), (name, words, said))
                if words[:1] == ["explain"]:
                    self.assertRegex("\n".join(said), r"\nNext: (.|\n)*pcipass")

    def test_captured_again(self):
        """A capture of a capture says the same."""
        machine = dict(sampled.machines())["dl380p-gen8"]
        first, second = f"{self.scratch}/first.tar", f"{self.scratch}/second.tar.gz"
        sink = sinks.open_sink(first)
        windows.WindowsWriter(machine).write(sink)
        sink.close()
        done = subprocess.run([PCIPASS, "--from", first, "capture", "-o", second], capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(survey(first), survey(second))
        self.assertEqual(survey(first, "--for", "all"), survey(second, "--for", "all"))


# A rule of ours for each of the script's answers.
RULES = {"region": "hyperv-region", "acs": "hyperv-acs", "old-style": "hyperv-conventional",
         "bios-kept": "hyperv-treated-as-pci", "legacy": "hyperv-legacy", "line": "hyperv-interrupts"}


class Script(Capture):
    """The script's order on random properties."""

    CLASSES = (0x010700, 0x020000, 0x030000, 0x040300, 0x0C0330, 0x0B4000)

    def one(self, rng: random.Random) -> dict:
        def pick(*values):
            return None if rng.random() < 0.06 else rng.choice(values)
        return device(rng.choice(self.CLASSES), DeviceType=pick(2, 2, 2, *range(15)), InterruptSupport=pick(0, 1, 2, 3, 4, 5, 6, 7),
                      AcsCompatibleUpHierarchy=pick(0, 1, 2, 3, 4), RequiresReservedMemoryRegion=pick(0, 0, 1),
                      Problem=rng.choice((0, 0, 0, 0, 22)))

    def test_first_reason(self):
        """The accepted differences: a property that is missing, and a device that is disabled."""
        rng, seen, accepted = random.Random(20261128), 0, {"missing": 0, "disabled": 0}
        while seen < 10000:
            devices = {f"0000:{bus:02x}:{n:02x}.0": self.one(rng) for bus in range(1, 21) for n in range(25)}
            told = by_address(survey(self.capture(devices, more={})))
            for address, p in devices.items():
                seen += 1
                how = self.compare(p, told[address], address)
                accepted[how] = accepted.get(how, 0) + 1
        self.assertGreater(accepted["missing"], 100)
        self.assertGreater(accepted["disabled"], 100)
        print(f"{seen} property sets: {accepted}", file=sys.stderr)

    def compare(self, p: dict, d: dict, what: str) -> str:
        script = ddascript.first_reason(p)
        blocks, unknown = rules(d, "blocks"), rules(d, "unknown")
        ours = next((key for key in ddascript.ORDER if RULES[key] in blocks), None)
        missing = {key for key, name in ddascript.PROPERTIES.items() if p[name] is None}
        for key in missing:
            self.assertIn(RULES[key], unknown, f"{what}: {p}")
            self.assertNotIn(RULES[key], blocks, what)
        if script == ours:
            return "same"
        # It says no where it read nothing, or goes on where it should have read something.
        if missing:
            stated = ddascript.first_reason(p, missing_passes=True)
            if stated == ours:
                return "missing"
            script = stated
        self.assertEqual(script, "disabled", f"{what}: {p}: the script {script}, ours {ours}")
        self.assertIn("hyperv-disabled", rules(d, "informs"), what)
        self.assertIn(ours, (None, "line"), what)
        return "disabled"


class Listings(Capture):
    """What the script printed on real machines, by the properties that its answer tells of."""

    FILE = DATA / "hyperv/listings.md"
    KEYS = {"region": {"RequiresReservedMemoryRegion": 1}, "ACS": {"AcsCompatibleUpHierarchy": 0},
            "old-style": {"DeviceType": 0}, "BIOS-kept": {"DeviceType": 5}, "endpoint": {"DeviceType": 2},
            "message": {"InterruptSupport": 4}}
    WANTED = {"region": "hyperv-region", "ACS": "hyperv-acs", "old-style": "hyperv-conventional",
              "BIOS-kept": "hyperv-treated-as-pci"}
    # Told as held by a region: the property is missing there, most likely, and missing is unknown here.
    EXPLAINED = ("Host Bridge",)

    def rows(self) -> list[tuple[str, list[str]]]:
        found = []
        for line in self.FILE.read_text().splitlines():
            cells = [c.strip() for c in line.strip("|").split("|")]
            if cells and cells[0].isdigit():
                cells = cells[1:]
            if line.startswith("|") and len(cells) >= 4:
                keys = [k.split(" (")[0].strip() for k in cells[1].split(",")]
                if keys and keys[0] in self.KEYS:
                    found.append((cells[0], [k for k in keys if k in self.KEYS]))
        return found

    def test_same_answers(self):
        if not self.FILE.exists():
            self.skipTest("skipped: no listings")
        rows, explained = self.rows(), 0
        self.assertGreaterEqual(len(rows), 18)
        for name, keys in rows:
            with self.subTest(name):
                properties: dict = {}
                for key in keys:
                    properties |= self.KEYS[key]
                bridge = any(word in name for word in self.EXPLAINED)
                if bridge:
                    properties = {"RequiresReservedMemoryRegion": None}
                d = survey(self.capture({"0000:01:00.0": device(0x060000 if bridge else 0x010700, **properties)}))["devices"][0]
                if bridge:
                    explained += 1
                    self.assertEqual(d["verdict"], "not-endpoint")
                    continue
                self.assertEqual(rules(d, "blocks"), {self.WANTED[k] for k in keys if k in self.WANTED}, keys)
        self.assertEqual(explained, 1)
        print(f"{len(rows)} devices of listings, {explained} explained", file=sys.stderr)


class Odd(Capture):
    """Properties that are missing, wrong or hostile."""

    def one(self, more: dict | None = None, **properties) -> dict:
        return survey(self.capture({"0000:07:00.0": device(**properties)}, more=more))["devices"][0]

    def test_all_is_well(self):
        self.assertEqual(self.one()["verdict"], "assignable")

    def test_missing_is_unknown(self):
        for name, rule in (("DeviceType", "hyperv-conventional"), ("AcsCompatibleUpHierarchy", "hyperv-acs"),
                           ("RequiresReservedMemoryRegion", "hyperv-region"), ("InterruptSupport", "hyperv-interrupts")):
            for value in (None, "", "x", "-1", "0x2", "4294967296", b"\xff\xfe3\0\n"):
                d = self.one({}, **{name: value})
                self.assertEqual(rules(d, "unknown") - {"hyperv-machine"}, {rule}, f"{name} {value!r}")
                self.assertEqual((d["verdict"], rules(d, "blocks")), ("unknown", set()), f"{name} {value!r}")

    def test_the_table_tells_what_the_property_does_not(self):
        """A table that was read says whether a region is there; a property that is there counts first."""
        held = dmar.Structure(1, 0, [dmar.Scope(1, 0, [(3, 0), (0, 0)])], 0, 0xBDF83000, 0xBDF84FFF)
        table = {"sys/firmware/acpi/tables/DMAR":
                 dmar.Dmar(1, [dmar.Structure(0, 0, [], 1, 0xFBFFE000), held]).pack("SAMPLE", "SAMPLE")}
        bridge = device(0x060400, DeviceType=8, LocationPaths="PCIROOT(0)#PCI(0300)")
        for value, blocks in ((None, True), (0, False), (1, True)):
            card = device(RequiresReservedMemoryRegion=value, LocationPaths="PCIROOT(0)#PCI(0300)#PCI(0000)")
            told = survey(self.capture({"0000:00:03.0": bridge, "0000:07:00.0": card}, more=table))["devices"][1]
            self.assertEqual("hyperv-region" in rules(told, "blocks"), blocks, value)
            self.assertEqual("0xbdf83000-0xbdf84fff" in json.dumps(told), blocks, value)
        self.assertEqual(self.one(RequiresReservedMemoryRegion=None)["verdict"], "assignable")

    def test_a_vanished_device(self):
        """It was listed, and then nothing of it could be read."""
        d = survey(self.capture({"0000:07:00.0": {}}))["devices"][0]
        self.assertEqual(d["verdict"], "unknown")
        self.assertIsNone(d["vendor"])
        self.assertFalse(rules(d, "blocks"))

    def test_paths(self):
        """Only a path of the right form is ever printed."""
        good = "PCIROOT(0)#PCI(0300)#PCI(0000)"
        for path, taken in ((good, True), ("ACPI(_SB_)#ACPI(PCI0)\n" + good, True), ("PCIROOT(0)", False),
                            (good + "#X", False), ("PCIROOT(0)#PCI(0300)'; calc #", False), ("PCIROOT()#PCI(0300)", False),
                            ("PCIROOT(0)" + "#PCI(0000)" * 33, False), (good + "'", False), ("", False)):
            capture = self.capture({"0000:07:00.0": device(LocationPaths=path)})
            done = subprocess.run([PCIPASS, "--from", capture, "emit", "hyperv", "07:00.0"], capture_output=True, text=True, check=False)
            self.assertEqual(done.returncode, 0 if taken else 3, f"{path}: {done.stderr}")
            self.assertEqual(f"$path = '{good}'\n" in done.stdout, taken, path)
            self.assertNotIn("calc", done.stdout)

    def test_names(self):
        """A device without an address is passed over, and said."""
        for name in ("unplaced-1", "0000-07-00", "0000-7-0.0", "x"):
            capture = self.capture({"0000:07:00.0": device()}, more=TABLES | {f"windows/devices/{name}/DeviceType": b"2\n"})
            done = subprocess.run([PCIPASS, "--from", capture], capture_output=True, text=True, check=False)
            self.assertIn(f"'{name}': Windows gives this device no address", done.stdout + done.stderr)

    def test_parents_that_cannot_be(self):
        """A path that makes a loop, or a bridge of a higher bus, makes no parent."""
        a, b = "PCIROOT(0)#PCI(0300)", "PCIROOT(0)#PCI(0300)#PCI(0000)"
        for first, second in ((b, a), (a, a), (b, b)):
            capture = self.capture({"0000:07:00.0": device(LocationPaths=first),
                                    "0000:08:00.0": device(0x060400, LocationPaths=second, DeviceType=8)})
            self.assertEqual(len(survey(capture)["devices"]), 2)

    def test_disabled_and_dismounted(self):
        self.assertIn("hyperv-disabled", rules(self.one(Problem=22, Resources=None), "informs"))
        self.assertEqual(self.one(Problem=22, Resources=None)["verdict"], "assignable")
        self.assertIn("problem 31", [f["text"] for f in self.one(Problem=31)["findings"] if f["rule"] == "hyperv-disabled"][0])
        d = self.one(Enumerator="PCIP", Problem=22)
        self.assertEqual(rules(d, "informs") & {"hyperv-dismounted", "hyperv-disabled"}, {"hyperv-dismounted"})

    def test_resources(self):
        """What a graphics card has since the first PC is no BAR of its own; ports and sizes are told."""
        old = "memory 0xa0000 0xbffff\nio 0x3b0 0x3bb\nio 0x3c0 0x3df\ninterrupt message\n"
        self.assertEqual(rules(self.one(Resources=old + "memory 0xf7e00000 0xf7e03fff"), "degrades"), set())
        self.assertEqual(rules(self.one(Resources="io 0x5000 0x50ff"), "degrades"), {"hyperv-mmio"})
        self.assertEqual(rules(self.one(Resources="memory 0x380000000000 0x3807ffffffff"), "degrades"), {"hyperv-mmio"})
        for odd in ("memory 5 4", "memory", "memory x y", "memory 0x100000 0xffffffffffffffff", "\n" * 50, "memory 0x100000 " * 200):
            self.assertEqual(self.one(Resources=odd)["verdict"], "assignable", odd)

    def test_edition_and_role(self):
        for change, rule, effect, remedies in (
                ({"InstallationType": "Client"}, "hyperv-edition", "blocks", ["windows-server"]),
                ({"HyperVRole": "0"}, "hyperv-role", "blocks", ["install-hyperv"]),
                ({"Hypervisor": "guest"}, "hyperv-machine", "blocks", [])):
            d = survey(self.capture({"0000:07:00.0": device()}, windows.SYSTEM | change))["devices"][0]
            self.assertEqual(rules(d, effect), {rule})
            self.assertEqual([r["id"] for f in d["findings"] for r in f["remedies"]], remedies)
        for name, rule in (("InstallationType", "hyperv-edition"), ("HyperVRole", "hyperv-role")):
            system = {k: v for k, v in windows.SYSTEM.items() if k != name}
            d = survey(self.capture({"0000:07:00.0": device()}, system))["devices"][0]
            self.assertEqual((d["verdict"], rules(d, "unknown")), ("unknown", {rule}))
        core = windows.SYSTEM | {"InstallationType": "Server Core"}
        self.assertEqual(survey(self.capture({"0000:07:00.0": device()}, core))["devices"][0]["verdict"], "assignable")

    def test_what_hyperv_uses(self):
        """That it remaps shows an IOMMU where no table was read; that it does not decides nothing."""
        asked = {"0000:07:00.0": device()}
        for role, bits, unknown, informs in (
                ("root", None, {"hyperv-machine"}, set()), ("root", "48", set(), set()), ("root", "60", set(), set()),
                ("root", "0", {"hyperv-machine"}, {"hyperv-machine", "hyperv-interrupt-remapping"}),
                ("root", "16", set(), {"hyperv-interrupt-remapping"}), ("root", "x", {"hyperv-machine"}, set()),
                ("root", "4294967296", {"hyperv-machine"}, set()), ("none", "48", {"hyperv-machine"}, set())):
            system = windows.SYSTEM | {"Hypervisor": role} | ({"HypervisorHardware": bits} if bits else {})
            document = survey(self.capture(asked, system, more={}))
            d = document["devices"][0]
            self.assertEqual(rules(d, "unknown") - {"hyperv-region"}, unknown, (role, bits))
            self.assertEqual(rules(document["host"], "informs"), informs, (role, bits))
            self.assertFalse(rules(d, "blocks"))
        # With a table that was read.
        d = survey(self.capture(asked, windows.SYSTEM | {"HypervisorHardware": "0"}))["devices"][0]
        self.assertEqual((d["verdict"], rules(d, "unknown")), ("assignable", set()))

    def test_other_targets(self):
        """What KVM and Xen would do cannot be told from Windows, and is never blocked for that."""
        d = survey(self.capture({"0000:07:00.0": device()}), "--for", "all")["devices"][0]
        self.assertEqual((d["verdicts"]["kvm"], d["verdicts"]["xen"]), ("unknown", "unknown"))
        self.assertEqual(d["verdicts"]["hyperv"], "assignable")


if __name__ == "__main__":
    unittest.main()
