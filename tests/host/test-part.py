#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""check reads of a host only what decides about the device, and says what it says by the whole host.

usage: test-part.py PROGRAM PCIPASS [--slow] [PATTERN]

PROGRAM is test-part: it compares both answers for the devices of hosts. Asked are the sample machines, a
generated host, the recorded machines where they are there, and sample machines that were changed at random
(seeded): files lost, registers flipped, drivers, groups and arguments others. --slow: all devices of all of
them, and many more changes.
"""

import io
import json
import os
import random
import subprocess
import sys
import tarfile
import tempfile
import unittest
from glob import glob
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "machines"), str(HERE.parent / "harness")]
import sampled  # noqa: E402  pylint: disable=wrong-import-position
from subset import some  # noqa: E402  pylint: disable=wrong-import-position

DATA = os.environ.get("PCIPASS_TEST_DATA", "")
SLOW = "--slow" in sys.argv
PROGRAM, PCIPASS = [a for a in sys.argv[1:] if a != "--slow"][:2]
CHANGED = 2500 if SLOW else 60
ARGUMENTS = [b"pcie_acs_override=downstream", b"intel_iommu=on,relax_rmrr", b"pci=noacs", b"iommu=pt",
             b"pci=config_acs=1xxxxxx@0000:00:01.0"]


class Capture:
    """The members of an archive, to be changed; without a content: a directory or a link."""

    def __init__(self, path: str):
        with tarfile.open(path) as archive:
            self.members = [(m, archive.extractfile(m).read() if m.isreg() else None) for m in archive]

    def pick(self, chance: random.Random, *parts: str) -> int | None:
        """One of the members whose path has all of these."""
        found = [i for i, (m, _) in enumerate(self.members)
                 if all(p in m.name for p in parts) and (m.isreg() or m.issym())]
        return chance.choice(found) if found else None

    def write(self, path: str) -> None:
        with tarfile.open(path, "w") as archive:
            for member, content in self.members:
                if content is not None:
                    member.size = len(content)
                archive.addfile(member, None if content is None else io.BytesIO(content))


def set_content(c: Capture, at: int | None, change) -> None:
    if at is not None:
        member, content = c.members[at]
        c.members[at] = (member, change(content or b""))


def flip(chance: random.Random, content: bytes) -> bytes:
    changed = bytearray(content)
    if changed:
        changed[chance.randrange(len(changed))] ^= 1 << chance.randrange(8)
    return bytes(changed)


def lose_file(c: Capture, chance: random.Random) -> None:
    at = c.pick(chance, "")
    # A device that the kernel lists in a group says so itself.
    if at is not None and "/iommu_groups/" not in c.members[at][0].name:
        del c.members[at]


def lose_capabilities(c: Capture, chance: random.Random) -> None:
    set_content(c, c.pick(chance, "sys/devices/pci", "/config"), lambda b: b[:64])


def flip_register(c: Capture, chance: random.Random) -> None:
    set_content(c, c.pick(chance, "sys/devices/pci", "/config"), lambda b: flip(chance, b))


def flip_table(c: Capture, chance: random.Random) -> None:
    set_content(c, c.pick(chance, "acpi/tables/"), lambda b: flip(chance, b))


def change_regions(c: Capture, chance: random.Random) -> None:
    set_content(c, c.pick(chance, "reserved_regions"),
                lambda b: b"0x00000000000e0000 0x00000000000effff direct\n" + b)


def change_driver(c: Capture, chance: random.Random) -> None:
    at = c.pick(chance, "sys/devices/pci", "/driver")
    if at is not None and c.members[at][0].issym():
        driver = chance.choice(["vfio-pci", "nvidia", "pcieport", "shpchp", "ahci"])
        c.members[at][0].linkname = f"../../../bus/pci/drivers/{driver}"


def add_argument(c: Capture, chance: random.Random) -> None:
    set_content(c, c.pick(chance, "proc/cmdline"),
                lambda b: b.rstrip(b"\n") + b" " + chance.choice(ARGUMENTS) + b"\n")


def lose_log_lines(c: Capture, chance: random.Random) -> None:
    set_content(c, c.pick(chance, "dmesg"),
                lambda b: b"".join(x for x in b.splitlines(True) if chance.random() < 0.8))


def lose_remapping(c: Capture, chance: random.Random) -> None:
    set_content(c, c.pick(chance, "proc/interrupts"), lambda b: b.replace(b"IR-", b""))


def send_to_sleep(c: Capture, chance: random.Random) -> None:
    at = c.pick(chance, "sys/devices/pci", "/config")
    if at is None:
        return
    directory = c.members[at][0].name.removesuffix("/config")
    for name, content in (("power_state", b"D3cold\n"), ("power/runtime_status", b"suspended\n")):
        c.members = [(m, b) for m, b in c.members if m.name != f"{directory}/{name}"]
        c.members.append((tarfile.TarInfo(f"{directory}/{name}"), content))


def join_groups(c: Capture, chance: random.Random) -> None:
    """A device goes into another group, in both places."""
    at = c.pick(chance, "sys/devices/pci", "/iommu_group")
    other = c.pick(chance, "iommu_groups/", "/devices/")
    if at is None or other is None:
        return
    address = c.members[at][0].name.split("/")[-2]
    group = c.members[other][0].name.split("/")[3]
    link = c.members[at][0]
    link.linkname = link.linkname.rsplit("/", 1)[0] + "/" + group
    for member, _ in c.members:
        words = member.name.split("/")
        if "/iommu_groups/" in member.name and words[4:6] == ["devices", address]:
            member.name = f"sys/kernel/iommu_groups/{group}/devices/{address}"


CHANGES = [lose_file, lose_capabilities, flip_register, flip_register, flip_table, change_regions, change_driver,
           add_argument, lose_log_lines, lose_remapping, send_to_sleep, join_groups]


class Part(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory(prefix="part-")
        self.addCleanup(directory.cleanup)
        self.directory = directory.name

    def compare(self, hosts: list, every: int) -> tuple:
        """How many devices a part was enough for, and how many were asked."""
        done = subprocess.run([PROGRAM, str(every), *hosts], capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stderr[-4000:])
        parts, devices = map(int, done.stdout.split())
        return parts, devices

    def test_samples(self):
        hosts = [path for _, path in some(sampled.captures(self.directory), 4)]
        parts, devices = self.compare(hosts, 1)
        self.assertGreater(parts, devices / 3)

    def test_generated(self):
        """As a directory, which is what check reads in part."""
        host = Path(self.directory) / "generated"
        subprocess.run([sys.executable, HERE.parent / "machines/mkmachine", "--generate", "160", "-o", host],
                       check=True, stdout=subprocess.DEVNULL)
        parts, devices = self.compare([host], 1 if SLOW else 3)
        self.assertGreater(parts, devices * 9 / 10)
        self.assert_command_says_so(host)

    def assert_command_says_so(self, host: Path) -> None:
        survey = json.loads(subprocess.run([PCIPASS, "--from", host, "--json"], capture_output=True, check=False).stdout)
        for device in survey["devices"][::40]:
            command = [PCIPASS, "--from", host, "check", "--json", device["address"]]
            said = json.loads(subprocess.run(command, capture_output=True, check=False).stdout)
            self.assertEqual((said["address"], said["verdict"]), (device["address"], device["verdict"]))

    @unittest.skipUnless(DATA and glob(f"{DATA}/truth/*/capture.tar.gz"), "without recorded machines")
    def test_recorded(self):
        hosts = sorted(glob(f"{DATA}/truth/*/capture.tar.gz"))
        parts, devices = self.compare(hosts if SLOW else some(hosts, 4), 1 if SLOW else 3)
        self.assertGreater(parts, devices / 8)

    def test_changed(self):
        chance = random.Random(17)
        samples = [path for _, path in sampled.captures(self.directory)]
        hosts = []
        for i in range(CHANGED):
            capture = Capture(chance.choice(samples))
            for _ in range(chance.randint(1, 4)):
                chance.choice(CHANGES)(capture, chance)
            hosts.append(f"{self.directory}/changed-{i}.tar")
            capture.write(hosts[-1])
            if len(hosts) == 60:
                self.compare(hosts, 1)
                for host in hosts:
                    os.unlink(host)
                hosts = []


if __name__ == "__main__":
    sys.argv[1:] = [a for a in sys.argv[1:] if a not in ("--slow", PROGRAM, PCIPASS)]
    unittest.main()
