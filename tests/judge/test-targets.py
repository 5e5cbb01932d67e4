#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What Hyper-V and Xen say of a host: against a second reading of their rules on random hosts, and on
samples where each rule must and must not speak.

usage: test-targets.py PCIPASS [NAME…]
"""

import itertools
import json
import os
import random
import re
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

PCIPASS = sys.argv.pop(1)
MACHINES = Path(__file__).resolve().parent.parent / "machines"
sys.path.insert(0, str(MACHINES))
from machinery.command import make  # noqa: E402
from machinery.model import MissingData  # noqa: E402

DATA = Path(os.environ.get("PCIPASS_TEST_DATA") or "/nonexistent")
TARGETS = ["kvm", "hyperv", "xen"]
# Of verdicts, the later is worse; and the findings that make it so.
WORSE = ["not-endpoint", "assignable", "care", "unknown", "blocked-fixable", "blocked"]
DECIDES = {"care": {"degrades", "unknown"}, "unknown": {"unknown"}, "blocked-fixable": {"blocks"}, "blocked": {"blocks"},
           "assignable": set(), "not-endpoint": set()}
HEAD = """\
system Sample "Server"
bios Sample 1.0 01/02/2020
kernel 6.12.9 vanilla
cmdline root=/dev/sda1 ro intel_iommu=on
{more}
iommu intel
00:00.0 8086:3c00 host-bridge
{devices}
00:1f.0 8086:1d41 isa
drhd fbffe000 all ioapic:8@00:1f.7
{regions}
"""


def rules_by_target() -> dict[str, set[str]]:
    """Whom each rule speaks for, as doc/rules.md has it."""
    speaks = {}
    text = (MACHINES.parent.parent / "doc/rules.md").read_text()
    for section in text.split("\n### ")[1:]:
        name = section.split("\n", 1)[0].strip()
        names = re.search(r"^- for: (.*)$", section, re.M)
        whom = names.group(1) if names else "KVM"
        speaks[name] = {t for t, word in (("kvm", "KVM"), ("hyperv", "Hyper-V"), ("xen", "Xen")) if word in whom or whom == "all"}
    return speaks


SPEAKS = rules_by_target()


def deciding_key(finding: dict) -> tuple[str, str, bool]:
    """What of a finding decides: its rule, how strict it is, and whether it can be remedied."""
    return finding["rule"], finding["effect"], bool(finding["remedies"])


def pcipass(*words: str) -> subprocess.CompletedProcess:
    """The command, with what it said."""
    return subprocess.run([PCIPASS, *words], capture_output=True, text=True, check=False)


class Host(unittest.TestCase):
    """A test that makes hosts of recipes."""

    def setUp(self):
        self.scratch = tempfile.TemporaryDirectory()
        self.addCleanup(self.scratch.cleanup)
        self.path = ""

    def made(self, recipe: str, *options: str) -> str:
        """Makes the host of a recipe's text."""
        file = Path(self.scratch.name, "host.machine")
        file.write_text(recipe)
        return self.made_of(file, *options)

    def made_of(self, file: Path, *options: str) -> str:
        self.path = f"{self.scratch.name}/host-{random.getrandbits(48):x}.tar"
        try:
            make(*options, file, "-o", self.path)
        except MissingData as e:
            self.skipTest(str(e))
        return self.path

    def document(self, *words: str) -> dict:
        done = pcipass("--from", self.path, *words, "--json")
        self.assertIn(done.returncode, (0, 3), done.stderr)
        return json.loads(done.stdout)

    def devices(self, target: str) -> dict:
        """Verdict and rules of each device, by its short address."""
        return {d["address"].removeprefix("0000:"): d for d in self.document("--for", target)["devices"]}

    def rules(self, target: str, device: str, effect: str = "blocks") -> set[str]:
        return {f["rule"] for f in self.devices(target)[device]["findings"] if f["effect"] == effect}

    def remedies(self, target: str, device: str) -> list[str]:
        return [r["id"] for f in self.devices(target)[device]["findings"] for r in f["remedies"]]


# The tests of Microsoft's survey script in its order, each with the rule that says the same here.
SCRIPT = [("region", "hyperv-region"), ("acs", "hyperv-acs"), ("old-style", "hyperv-conventional"),
          ("legacy", "hyperv-legacy"), ("line", "hyperv-interrupts")]


def script_says(p: dict) -> list[str]:
    """The script's tests on the properties of a device: what fails, in its order. It stops at the first."""
    fails = []
    if p["reserved"]:
        fails.append("region")
    if not p["acs_up"]:
        fails.append("acs")
    if p["type"] == 0:
        fails.append("old-style")
    if p["type"] == 3 and p["class"] != 3:
        fails.append("legacy")
    if p["line"] and not p["message"]:
        fails.append("line")
    return fails


class Script(Host):
    """10,000 random devices, their properties worked out here from what was drawn."""

    CLASSES = {"vga": 3, "ethernet": 2, "sas": 1, "nvme": 1}
    TYPES = {"endpoint": 2, "legacy": 3}

    def functions(self, rng: random.Random, port_acs: bool, place: str) -> list[tuple[str, str, dict]]:
        """One or two functions below a port: name, line, properties."""
        count, made = rng.choice([1, 1, 1, 2]), []
        acs = [rng.random() < 0.5 for _ in range(count)]
        for n in range(count):
            kind, cls = rng.choice(list(self.TYPES)), rng.choice(list(self.CLASSES))
            line, message = rng.random() < 0.7, rng.random() < 0.7
            name = f"d{place}x{n}"
            text = (f"  00.{n} 1000:{0x100 + n:04x} {cls} name={name} pcie={kind} pm bars=16K:64"
                    + " pin=A" * line + " msi" * message + " acs" * acs[n] + " multi" * (count > 1))
            made.append((name, text, {"type": self.TYPES[kind], "class": self.CLASSES[cls], "line": line,
                                      "message": message, "acs_up": port_acs and (count == 1 or acs[n]),
                                      "reserved": False, "address": n}))
        return made

    def one_host(self, rng: random.Random) -> int:
        lines, devices, bus = [], {}, 0
        for dev in range(1, 28):
            for fn in range(8):
                if rng.random() < 0.06:  # integrated or conventional, on the root bus
                    kind = rng.choice(["rciep", "none"])
                    line, message = rng.random() < 0.5, rng.random() < 0.5
                    lines.append(f"00:{dev:02x}.{fn} 8086:1d00 sata name=i{dev}x{fn} pcie={kind} bars=4K multi"
                                 + " pin=A" * line + " msi" * message)
                    devices[f"i{dev}x{fn}"] = (f"00:{dev:02x}.{fn}", {
                        "type": 4 if kind == "rciep" else 0, "class": 1, "line": line, "message": message,
                        "acs_up": True, "reserved": False})
                    continue
                bus += 1
                acs = rng.random() < 0.7
                lines.append(f"00:{dev:02x}.{fn} 8086:3c02 root-port bus={bus:02x} multi pm msi" + " acs" * acs)
                for name, text, p in self.functions(rng, acs, f"{dev}x{fn}"):
                    lines.append(text)
                    devices[name] = (f"{bus:02x}:00.{p.pop('address')}", p)
        held = rng.sample(sorted(devices), len(devices) // 5)
        for name in held:
            devices[name][1]["reserved"] = True
        regions = "\n".join(f"rmrr {0x7A000000 + n * 0x10000:x}-{0x7A000FFF + n * 0x10000:x} "
                            + " ".join(held[n * 8:n * 8 + 8]) for n in range((len(held) + 7) // 8))
        self.made(HEAD.format(more="", devices="\n".join(lines), regions=regions))
        told = self.devices("hyperv")
        for name, (address, p) in devices.items():
            rules = [f["rule"] for f in told[address]["findings"] if f["effect"] == "blocks"]
            ours = [key for key, rule in SCRIPT if rule in rules]
            self.assertEqual(ours, script_says(p), f"{name} at {address}: {p}")
            self.assertEqual(set(rules) - {rule for _, rule in SCRIPT}, set(), name)
            self.assertEqual(told[address]["verdict"] in ("assignable", "care"), not ours, name)
        return len(devices)

    def test_first_reason(self):
        rng, seen, hosts = random.Random(20260101), 0, 0
        while seen < 10000:
            seen += self.one_host(rng)
            hosts += 1
        print(f"{seen} devices on {hosts} hosts: the script's answers and ours are the same", file=sys.stderr)


ONE = "00:03.0 8086:3c08 root-port pm msi acs\n  00.0 1000:0087 sas name=hba pm msix=16 flr pin=A bars=256:io,16K:64"


class HyperV(Host):
    """What the script does not look at."""

    def test_pcie_control(self):
        self.made(HEAD.format(more="pcie-control kept", devices=ONE, regions=""))
        self.assertEqual(self.rules("hyperv", "01:00.0"), {"hyperv-pcie-control"})
        self.made(HEAD.format(more="", devices=ONE, regions=""))
        self.assertEqual(self.rules("hyperv", "01:00.0"), set())
        self.assertEqual(self.rules("hyperv", "01:00.0", "degrades"), {"hyperv-mmio"})

    def test_log_that_does_not_say(self):
        self.made(HEAD.format(more="made-by user", devices=ONE, regions=""))
        device = self.devices("hyperv")["01:00.0"]
        self.assertEqual(device["verdict"], "unknown")
        self.assertLessEqual({"hyperv-pcie-control", "hyperv-region"},
                             self.rules("hyperv", "01:00.0", "unknown"))

    def test_no_remapping_and_no_table(self):
        for more, rule in (("iommu intel noremap", "hyperv-interrupt-remapping"),
                           ("iommu none", "hyperv-machine")):
            recipe = HEAD.format(more="", devices=ONE, regions="").replace("iommu intel", more)
            self.made(recipe if "none" not in more else recipe.replace("drhd", "# drhd"))
            self.assertEqual(self.rules("hyperv", "01:00.0"), {rule})
            self.assertIn("bios-iommu", self.remedies("hyperv", "01:00.0"))

    def test_remedies_are_of_that_world(self):
        """No override from the initrd and no argument of Linux's helps Windows."""
        self.made_of(MACHINES / "dl380p-gen8.machine")
        self.assertEqual(self.remedies("hyperv", "07:00.0"), ["bios-rmrds"])
        self.assertEqual(self.remedies("xen", "07:00.0"), ["bios-rmrds", "xen-rdm-relaxed"])
        self.assertIn("table-override", self.remedies("kvm", "07:00.0"))
        self.assertFalse(self.devices("hyperv")["07:00.0"]["by_free"])


class Xen(Host):
    """Regions, as Xen and xl look at them."""

    def xen(self, *regions: str, devices: str = ONE) -> tuple[set[str], set[str]]:
        self.made(HEAD.format(more="", devices=devices, regions="\n".join(regions)))
        return self.rules("xen", "01:00.0"), self.rules("xen", "01:00.0", "degrades")

    def test_alone_and_high(self):
        """Mapped into the guest, which KVM refuses."""
        self.assertEqual(self.xen("rmrr bdf83000-bdf84fff hba"), (set(), {"xen-region"}))
        self.assertEqual(self.devices("kvm")["01:00.0"]["verdict"], "blocked-fixable")

    def test_shared(self):
        """With a device that is not there as well: Xen counts scopes."""
        blocks, _ = self.xen("rmrr bdf83000-bdf84fff hba endpoint:00:0e.0")
        self.assertEqual(blocks, {"xen-region"})
        self.assertEqual(self.remedies("xen", "01:00.0"), ["xen-rdm-relaxed"])

    def test_below_the_boundary(self):
        for start, end, blocked in ((0xF4000, 0xF4FFF, True), (0x80000000, 0x80000FFF, True),
                                    (0x80001000, 0x80001FFF, False)):
            blocks, _ = self.xen(f"rmrr {start:x}-{end:x} hba")
            self.assertEqual("xen-region" in blocks, blocked, f"{start:x}")

    def test_bridge_scope(self):
        """Xen does not lead a bridge's region to the devices below."""
        blocks, degrades = self.xen("rmrr bdf83000-bdf84fff 00:03.0")
        self.assertEqual((blocks, "xen-region" in degrades), (set(), True))
        self.assertEqual(self.devices("kvm")["01:00.0"]["verdict"], "blocked-fixable")

    def test_overlap(self):
        more = ONE + "\n00:1d.0 8086:1d26 ehci driver=ehci-pci name=usb af-flr bars=1K"
        for second, off in (("rmrr bdf85000-bdf86fff usb", False), ("rmrr bdf84000-bdf86fff usb", True)):
            blocks, _ = self.xen("rmrr bdf83000-bdf84fff hba", second, devices=more)
            self.assertEqual("xen-regions-overlap" in blocks, off, second)

    def test_table_unread(self):
        self.made(HEAD.format(more="made-by user", devices=ONE, regions="rmrr bdf83000-bdf84fff hba"))
        self.assertEqual(self.devices("xen")["01:00.0"]["verdict"], "unknown")


class SideBySide(Host):
    """--for all, and the commands that take it."""

    def test_three_verdicts_everywhere(self):
        """KVM's stays what it is without the others, nobody's verdict is without a reason, and where two differ,
        a rule says so."""
        recorded = sorted(DATA.glob("truth/*/capture.tar.gz")) + sorted(DATA.glob("machines/*.tar.gz"))
        devices = differences = 0
        for file in [*sorted(MACHINES.glob("*.machine")), *recorded]:
            if file.suffix == ".machine":
                try:
                    self.made_of(file)
                except unittest.SkipTest:
                    continue
            else:
                self.path = str(file)
            with self.subTest(str(file)):
                together = self.document("--for", "all")
                plain = self.document()
                self.assertEqual([d["verdict"] for d in together["devices"]],
                                 [d["verdict"] for d in plain["devices"]])
                for d in together["devices"]:
                    devices += 1
                    self.assertEqual(list(d["verdicts"]), TARGETS)
                    self.assertEqual(d["verdicts"]["kvm"], d["verdict"])
                    for target, findings in {"kvm": d["findings"], **d["findings_for"]}.items():
                        self.assert_founded(d["verdicts"][target], findings, f"{d['address']} {target}")
                        self.assert_speaks(target, findings, d["address"])
                    differences += self.assert_explained(d)
        self.assertGreater(differences, 300)
        print(f"{devices} devices, {differences} differences between two targets", file=sys.stderr)

    def assert_speaks(self, target: str, findings: list, what: str):
        """Only rules that doc/rules.md says are for the target."""
        for f in findings:
            self.assertIn(target, SPEAKS[f["rule"]], f"{what}: {f['rule']}")

    def assert_explained(self, device: dict) -> int:
        """Of two targets whose verdicts differ, the worse has a finding that decides, and that the other
        has not, or less strictly, or with a remedy. The number of such pairs."""
        findings = {"kvm": device["findings"], **device["findings_for"]}
        verdicts, pairs = device["verdicts"], 0
        for worse, better in itertools.permutations(TARGETS, 2):
            if WORSE.index(verdicts[worse]) <= WORSE.index(verdicts[better]):
                continue
            pairs += 1
            deciding = [deciding_key(f) for f in findings[worse] if f["effect"] in DECIDES[verdicts[worse]]
                        and not (verdicts[worse] == "blocked" and f["remedies"])]
            others = [deciding_key(f) for f in findings[better]]
            self.assertTrue([k for k in deciding if k not in others],
                            f"{device['address']}: {verdicts[worse]} for {worse}, {verdicts[better]} for {better}, "
                            f"by {deciding} against {others}")
        return pairs

    def assert_founded(self, verdict: str, findings: list, what: str):
        effects = {f["effect"] for f in findings}
        want = {"blocked": "blocks", "blocked-fixable": "blocks", "unknown": "unknown"}.get(verdict)
        if want:
            self.assertIn(want, effects, what)
        elif verdict == "care":
            self.assertTrue(effects & {"degrades", "unknown"}, what)
        elif verdict == "assignable":
            self.assertLessEqual(effects, {"informs"}, what)

    def test_commands(self):
        self.made_of(MACHINES / "dl380p-gen8.machine")
        text = pcipass("--from", self.path, "--for", "all").stdout
        self.assertIn("ADDRESS SLOT KVM        Hyper-V    Xen        DEVICE", text)
        self.assertIn("07:00.0    2 fixable    fixable    fixable", text)
        self.assertIn("04:00.0    1 assignable fixable    fixable", text)
        check = pcipass("--from", self.path, "check", "slot1", "--for", "all")
        self.assertEqual(check.returncode, 1)
        self.assertEqual([line.split(": ")[1].split(" for ")[-1].split(",")[0].split(";")[0] for line in check.stdout.splitlines()],
                         ["KVM", "Hyper-V", "Xen"])
        self.assertEqual(pcipass("--from", self.path, "check", "slot1").returncode, 0)
        self.assertEqual(pcipass("--from", self.path, "check", "slot1", "--for", "hyperv").returncode, 1)
        one = json.loads(pcipass("--from", self.path, "check", "slot1", "--for", "xen", "--json").stdout)
        self.assertEqual((one["target"], one["verdict"]), ("xen", "blocked-fixable"))
        three = json.loads(pcipass("--from", self.path, "check", "slot1", "--for", "all", "--json").stdout)
        self.assertEqual(three["verdicts"], {"kvm": "assignable", "hyperv": "blocked-fixable", "xen": "blocked-fixable"})
        explain = pcipass("--from", self.path, "explain", "slot1", "--for", "all").stdout
        for title in ("assignable for KVM", "fixable for Hyper-V (blocked", "fixable for Xen (blocked"):
            self.assertIn(f"verdict  {title}", explain)

    def test_wrong_words(self):
        wrong = pcipass("--for", "esxi")
        self.assertEqual(wrong.returncode, 2)
        self.assertIn("--for esxi: need kvm, hyperv, xen or all", wrong.stderr)
        self.assertEqual(pcipass("free", "slot1", "--for", "xen").returncode, 2)

    def test_next_step(self):
        """What is printed to be typed keeps the target where the command takes it, and only there."""
        self.made_of(MACHINES / "dl380p-gen8.machine")
        text = " ".join(pcipass("--from", self.path, "--for", "xen").stdout.split())
        self.assertIn("--for xen explain", text)
        self.assertNotIn("--for xen free", text)
        self.assertNotIn("emit qemu", text)


if __name__ == "__main__":
    unittest.main()
