#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What is said to be freed by "pcipass free" is what "pcipass free --dry-run" plans whole.

usage: test-by-free.py PCIPASS MACHINES [TRUTH]

On samples, recorded machines and generated hosts, read as root or by an ordinary user: by_free of a
device holds exactly when free makes a plan, with steps, all of which the program carries out.
"""

import io
import json
import random
import re
import subprocess
import sys
import tarfile
import tempfile
import unittest
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "host"), str(HERE.parent / "harness"), str(HERE.parent / "machines")]
PCIPASS, MACHINES = Path(sys.argv.pop(1)).resolve(), Path(sys.argv.pop(1))
TRUTH = Path(sys.argv.pop(1)) if len(sys.argv) > 1 else None
sys.argv.insert(1, str(PCIPASS))  # hosttree takes it from there
from hosttree import (BRIDGE, ENDPOINT, NOT_REMAPPED, INTERRUPTS, Tree, drhd,  # noqa: E402
                      iort_table, ivmd, rmrr, scope, smbios_slot, smbios_system)
from machinery.command import make  # noqa: E402
from machinery.model import MissingData  # noqa: E402
from subset import IS_SANITIZED, IS_WHOLE, some  # noqa: E402

GENERATED = 300 if IS_WHOLE else 8 if IS_SANITIZED else 40
DIRECT = "0x00000000bdf83000 0x00000000bdf84fff direct"
# What each of these calls for: a word taken off, an option of a module set, another kernel or a person.
WORDS = ("quiet", "intel_iommu=off", "intel_iommu=on quiet", "amd_iommu=off", "intremap=off", "intel_iommu=on,igfx_off",
         "intel_iommu=on pcie_acs_override=downstream,multifunction", "iommu=off", "nointremap", "noapic", "iommu=pt",
         "module_blacklist=vfio-pci", "pci=disable_acs_redir=pci:8086:3c04", "vfio-pci.ids=8086:10fb")
CONF = ("options vfio-pci disable_denylist=1\n", "options vfio_iommu_type1 allow_unsafe_interrupts=1\n",
        "options vfio-pci disable_idle_d3=0 nointxmask=1\n", "install vfio-pci /bin/false\n", "blacklist vfio-pci\n",
        "options vfio-pci ids=8086:10fb # a comment\n")
PRODUCTS = ("ProLiant DL380p Gen8", "ProLiant DL360 Gen9", "ProLiant MicroServer Gen8", "X11", "")


def run(root: Path, *arguments: str) -> tuple[int, str, str]:
    done = subprocess.run([PCIPASS, "--from", str(root), *arguments], capture_output=True, text=True,
                          check=False, timeout=120)
    assert "Sanitizer" not in done.stderr, done.stderr
    return done.returncode, done.stdout, done.stderr


def is_planned_whole(root: Path, what: str) -> tuple[bool, str]:
    """Whether the program carries out every step of the plan, of which there is one at least."""
    code, out, err = run(root, "--json", "free", what, "--dry-run")
    if code:
        return False, err
    kinds = [step["kind"] for step in json.loads(out)["steps"]]
    return bool(kinds) and "instruction" not in kinds, str(kinds)


def disagreements(root: Path, name: str) -> tuple[list[str], int, int]:
    """What the survey and the plans of a host say differently; devices asked; devices by free."""
    code, out, err = run(root, "--json")
    if code not in (0, 3) or not out:
        return [f"{name}: survey: {code} {err}"], 0, 0
    wrong, asked, by_free, slots = [], 0, 0, set()
    for device in json.loads(out)["devices"]:
        if device["verdict"] == "not-endpoint":
            continue
        asked += 1
        by_free += device["by_free"]
        planned, why = is_planned_whole(root, device["address"])
        if planned != device["by_free"]:
            wrong.append(f"{name} {device['address']} ({device['verdict']}): "
                         f"by_free {device['by_free']}, free: {why}")
        if device["slot"] and re.fullmatch(r"[A-Za-z0-9_.-]+", device["slot"]):
            slots.add(device["slot"])
    # What explain tells to type for a whole slot; what it suggests may be a virtual function instead.
    for slot in slots:
        text = run(root, "explain", f"slot{slot}")[1]
        planned, why = is_planned_whole(root, f"slot{slot}")
        if planned != (f" free slot{slot} --dry-run\n" in text):
            wrong.append(f"{name} slot{slot}: explain does not agree with free: {why}")
    return wrong, asked, by_free


ROOTS_ALONE = re.compile(r"sys/firmware/(acpi|dmi)/tables/(DMAR|IVRS|IORT|DMI)$|var/log/dmesg.txt$")


def as_user(root: Path, out: Path) -> None:
    """A capture of that host by somebody who is not root: tables, kernel log and the upper part of each
    configuration space were not read."""
    whole = out.with_suffix(".root.tar")
    code, _, err = run(root, "capture", "--keep-private", "-o", str(whole))
    assert not code, err
    lines, kept = [], []
    with tarfile.open(whole) as tar:
        for entry in tar:
            content = tar.extractfile(entry).read() if entry.isfile() else b""
            if ROOTS_ALONE.search(entry.name):
                lines.append(f"unread EACCES {entry.name}")
                content = b""
            elif entry.name.endswith("/config"):
                lines.append(f"partial {entry.name} 0-3f")
                content = content[:64].ljust(64, b"\0")
            kept.append((entry, content))
    with tarfile.open(out, "w") as tar:
        for entry, content in kept:
            if entry.name == "pcipass/manifest":
                text = content.decode().replace("root yes", "root no")
                assert "root no" in text
                content = (re.sub(r"(?m)^partial .*/config .*\n", "", text) + "\n".join(lines) + "\n").encode()
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content) if entry.isfile() else None)
    whole.unlink()


class Host:
    """One random host: what stands in its way, and what stands in the way of the remedies."""

    def __init__(self, root: Path, number: int):
        self.random = random.Random(f"by-free-{number}")
        self.tree = Tree(root)
        self.kind = self.random.choice(("intel", "intel", "intel", "amd", "amd", "arm", "none"))
        self.on = self.random.random() < 0.8 and self.kind != "none"
        self.numbers: dict[str, int] = {}
        self.write_system()
        self.write_devices()
        self.write_table()

    def chance(self, p: float) -> bool:
        return self.random.random() < p

    def write_system(self) -> None:
        t, r = self.tree, self.random
        t.kernel(r.choice(("6.12.0-1-amd64", "6.1.0-28-amd64", "5.10.0-8-amd64", "4.19.0-1-amd64",
                           "6.8.12-4-pve")))
        t.write("proc/interrupts", NOT_REMAPPED if self.chance(0.15) else INTERRUPTS)
        if self.chance(0.9):
            t.write("proc/cmdline", " ".join(r.sample(WORDS, r.choice((1, 1, 2)))) + "\n")
        if self.chance(0.25):
            t.write("etc/modprobe.d/vfio.conf", r.choice(CONF))
        t.write("sys/firmware/acpi/tables/FACP", b"FACP")
        if self.chance(0.9):
            held = "none [integrity] confidentiality" if self.chance(0.2) else "[none] integrity"
            t.write("sys/kernel/security/lockdown", held + "\n")
        if self.chance(0.1):
            t.write("sys/hypervisor/type", "xen\n")
        lines = ["DMAR: IOMMU enabled"]
        if self.chance(0.15):
            lines.append("tboot: found shared page at phys addr 0x78a7a000")
        if self.chance(0.1):
            lines.append("Device scope type does not match for 0000:01:00.0")
        if self.chance(0.9):
            t.log(*lines)
        if self.on:
            t.iommu({"intel": "dmar0", "amd": "ivhd0", "arm": "smmu3.0x0"}[self.kind])

    def device(self, address: str, group: int, **more) -> None:
        self.tree.device(address, group=group if self.on else None, **more)
        self.numbers[address] = group

    def write_devices(self) -> None:
        r, slots = self.random, []
        group = 1
        for bus in range(1, r.randint(3, 6)):
            driver = "shpchp" if self.chance(0.1) else "pcieport"
            self.tree.bridge(f"0000:00:{bus:02x}.0", bus, group=group if self.on else None,
                             driver=driver, acs=(0x5F, 0x1D) if self.chance(0.7) else None,
                             slot=bus if self.chance(0.3) else 0)
            group += self.on and self.chance(0.7)
            for function in range(r.randint(1, 3)):
                more = {"class_code": r.choice((0x020000, 0x010700, 0x030000, 0x0C0330, 0x0B4000))}
                if more["class_code"] == 0x0B4000:
                    more["device"] = 0x0435
                if self.chance(0.25):
                    more["sriov"] = 4
                if self.chance(0.05):
                    more["power"] = "D3cold\n"
                    more["bytes_"] = b"\xff" * 64
                self.device(f"0000:{bus:02x}:00.{function}", group,
                            driver=r.choice((None, "ixgbe", "vfio-pci")), **more)
                group += self.chance(0.5)
            group += 1
            if self.chance(0.6):
                slots.append(smbios_slot(bus, f"PCI-E Slot {bus}", bus, 0))
        if self.chance(0.85):
            self.tree.smbios(smbios_system("HP", r.choice(PRODUCTS)), *slots)
        if self.chance(0.5):
            for bus in range(1, 3):
                self.tree.slot(str(bus), f"0000:{bus:02x}:00")

    def write_table(self) -> None:
        r = self.random
        named = [a for a in self.numbers if self.chance(0.5)]
        scopes = [scope(ENDPOINT, 0, f"{int(a[5:7], 16):02x}.0", f"00.{a[-1]}") for a in named]
        if self.chance(0.1) and self.kind == "intel":
            scopes.append(scope(BRIDGE, 0, "01.0"))
        unread = self.chance(0.15)
        if self.kind == "intel" and not unread:
            self.tree.dmar(drhd(), *([rmrr(0xBDF83000, 0xBDF84FFF, *scopes)] if scopes else []))
        elif self.kind == "amd" and not unread:
            blocks = [ivmd(0xBDF83000, 0x2000, int(a[5:7], 16) << 8 | int(a[-1]), select=True)
                      for a in named]
            self.tree.ivrs(*blocks)
        elif self.kind == "arm":
            self.tree.write("sys/firmware/acpi/tables/IORT", iort_table(4))
        for group in sorted({self.numbers[a] for a in named}):
            if self.on and self.chance(0.9):
                self.tree.regions(group, DIRECT)


class ByFree(unittest.TestCase):
    maxDiff = None

    def hold(self, hosts: list[tuple[Path, str]], least: int) -> None:
        """No disagreement on any of them, and enough devices that free would free."""
        with ThreadPoolExecutor(2) as pool:
            answers = list(pool.map(lambda host: disagreements(*host), hosts))
        wrong = [line for answer in answers for line in answer[0]]
        asked, by_free = (sum(answer[i] for answer in answers) for i in (1, 2))
        print(f"{self.id()}: {len(hosts)} hosts, {asked} devices, {by_free} by free",
              file=sys.stderr)
        self.assertEqual(wrong, [])
        self.assertGreaterEqual(by_free, least)
        self.assertGreater(asked, by_free)

    def test_generated(self) -> None:
        with tempfile.TemporaryDirectory() as directory:
            hosts = []
            for number in range(GENERATED):
                root = Path(directory) / str(number)
                Host(root, number)
                hosts.append((root, f"generated {number}"))
                if number % 3 == 0:
                    capture = Path(directory) / f"{number}.tar"
                    as_user(root, capture)
                    hosts.append((capture, f"generated {number}, not root"))
            self.hold(hosts, GENERATED // 4)

    def test_samples(self) -> None:
        with tempfile.TemporaryDirectory() as directory:
            hosts = []
            for recipe in some(sorted(MACHINES.glob("*.machine")), 6):
                out = Path(directory) / f"{recipe.stem}.tar"
                try:
                    make(recipe, "-o", out)
                except MissingData:
                    continue
                hosts.append((out, recipe.stem))
            self.hold(hosts, 2 if IS_SANITIZED else 8)

    def test_recorded(self) -> None:
        if not TRUTH or not TRUTH.is_dir():
            self.skipTest("no recorded machines")
        self.hold([(p, p.parent.name) for p in some(sorted(TRUTH.glob("*/capture.tar.gz")), 12)],
                  2 if IS_SANITIZED else 8)


if __name__ == "__main__":
    unittest.main()
