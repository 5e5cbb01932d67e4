#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Disks that the host runs from: found through volumes, arrays and pools, told, and kept in captures."""

import os
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "host"))
from hosttree import Case  # noqa: E402

NVME, SATA, SECOND, XHCI = "0000:01:00.0", "0000:00:1f.2", "0000:02:00.0", "0000:00:14.0"
PATHS = {NVME: "pci0000:00/0000:00:01.0/0000:01:00.0/nvme/nvme0", SECOND: "pci0000:00/0000:00:02.0/0000:02:00.0/nvme/nvme1",
         SATA: "pci0000:00/0000:00:1f.2/ata1/host0/target0:0:0/0:0:0:0/block",
         XHCI: "pci0000:00/0000:00:14.0/usb2/2-1/2-1:1.0/host6/target6:0:0/6:0:0:0/block"}


class Disks(Case):
    def setUp(self):
        super().setUp()
        t = self.host()
        t.bridge("0000:00:01.0", 1, group=1)
        t.bridge("0000:00:02.0", 2, group=2)
        t.device(NVME, 0x010802, group=3, driver="nvme")
        t.device(SECOND, 0x010802, group=4, driver="nvme")
        t.device(SATA, 0x010601, group=5, driver="ahci")
        t.device(XHCI, 0x0C0330, group=6, driver="xhci_hcd")
        t.device("0000:00:1f.3", 0x040300, group=5)
        (t.root / "sys/class/block").mkdir(parents=True)
        (t.root / "proc/1").mkdir(parents=True)
        t.write("proc/swaps", "Filename\tType\tSize\tUsed\tPriority\n")

    def block(self, name: str, number: str, directory: str = "virtual/block", slaves=(), dm: str = "") -> None:
        t = self.tree
        base = f"sys/devices/{directory}/{name}"
        t.write(f"{base}/dev", number + "\n")
        (t.root / base / "slaves").mkdir()
        for slave in slaves:
            (t.root / base / "slaves" / slave).mkdir()
        if dm:
            t.write(f"{base}/dm/name", dm + "\n")
        os.symlink(f"../../devices/{directory}/{name}", t.root / "sys/class/block" / name)

    def disk(self, address: str, name: str, *numbers: str) -> None:
        """A disk with partitions."""
        self.block(name, numbers[0], PATHS[address])
        for n, number in enumerate(numbers[1:], 1):
            part = f"{name}p{n}" if name[-1].isdigit() else f"{name}{n}"
            self.block(part, number, f"{PATHS[address]}/{name}")

    def mounts(self, *lines: tuple) -> None:
        """(number, mount point, type, source)"""
        self.tree.write("proc/1/mountinfo", "".join(
            f"{30 + n} 1 {number} / {point} rw,relatime shared:1 - {kind} {source} rw\n"
            for n, (number, point, kind, source) in enumerate(lines)))

    def uses(self) -> dict:
        """What is said of each device, the same of a capture without private things."""
        def said(devices: dict) -> dict:
            return {a: f["text"] for a, d in devices.items() for f in d["findings"]
                    if f["rule"] == "host-disk" and f["effect"] == "degrades"}
        found = said(self.survey())
        archive = self.directory / "c.tar"
        if archive.exists():
            archive.unlink()
        self.assertEqual(self.run_pcipass("capture", "-o", str(archive)).returncode, 0)
        self.assertEqual(said(self.survey(path=archive)), found)
        self.assertNotIn(b"secret", archive.read_bytes())
        return found

    def test_not_read(self):
        """The host's mounts or its disks are missing: a controller of disks is no better for it."""
        for path in ("proc/1/mountinfo", "sys/class/block"):
            self.setUp()
            self.disk(NVME, "nvme0n1", "259:0", "259:1")
            self.mounts(("259:1", "/", "ext4", "/dev/nvme0n1p1"))
            self.tree.remove(path)
            devices = self.survey()
            for address in (NVME, SECOND, SATA):
                f = self.assert_finding(devices[address], "host-disk", "unknown", "were not read")
                self.assertEqual((f["could"], devices[address]["verdict"]), ("degrades", "care"))
            self.assert_not_found(devices[XHCI], "host-disk")
        self.setUp()
        self.tree.remove("proc/1")  # nobody looked
        device = self.survey()[NVME]
        self.assert_finding(device, "host-disk", "unknown", "cannot tell whether the host runs from it")
        self.assertEqual(device["verdict"], "care")

    def test_xen(self):
        """dom0 stops as a host of KVM does."""
        self.disk(NVME, "nvme0n1", "259:0", "259:1")
        self.mounts(("259:1", "/", "ext4", "/dev/nvme0n1p1"))
        said = self.run_pcipass("--for", "xen", "explain", NVME).stdout
        self.assertIn("the host runs from it (/ on nvme0n1p1)", said)

    def test_partitions(self):
        self.disk(NVME, "nvme0n1", "259:0", "259:1", "259:2")
        self.disk(SATA, "sda", "8:0", "8:1")
        self.mounts(("259:2", "/", "ext4", "/dev/nvme0n1p2"), ("0:24", "/proc", "proc", "proc"),
                    ("259:1", "/boot/efi", "vfat", "/dev/nvme0n1p1"), ("8:1", "/home/secret", "xfs", "/dev/sda1"))
        found = self.uses()
        self.assertEqual(set(found), {NVME, SATA})
        self.assertIn("the host runs from it (/ on nvme0n1p2, /boot/efi on nvme0n1p1)", found[NVME])
        self.assertIn("the host uses it (a mounted file system on sda1)", found[SATA])
        devices = self.survey()
        self.assertEqual(devices[NVME]["verdict"], "care")
        # the one that shares its group with a disk that is only mounted can go; nothing is said
        self.assert_not_found(devices["0000:00:1f.3"], "host-disk-in-group")
        for hypervisor in ("qemu", "libvirt", "proxmox"):
            shown = " ".join(self.run_pcipass("emit", hypervisor, NVME).stdout.replace("#", "").split())
            self.assertIn("the host runs from it (/ on nvme0n1p2", shown)
        run = self.run_pcipass("free", NVME, "--dry-run")
        self.assertEqual(run.returncode, 1)
        self.assertIn("the host runs from it", run.stderr)
        self.assertEqual(self.run_pcipass("free", SECOND, "--dry-run").returncode, 0)

    def test_in_the_group(self):
        self.disk(SATA, "sda", "8:0", "8:1")
        self.mounts(("8:1", "/", "xfs", "/dev/sda1"))
        self.assert_finding(self.survey()["0000:00:1f.3"], "host-disk-in-group", "degrades", "00:1f.2 in the same group 5")

    def test_volumes_and_arrays(self):
        self.disk(NVME, "nvme0n1", "259:0", "259:1")
        self.disk(SECOND, "nvme1n1", "259:5", "259:6")
        self.block("md0", "9:0", slaves=("nvme0n1p1", "nvme1n1p1"))
        self.block("dm-0", "253:0", slaves=("md0",), dm="secret-root")
        self.mounts(("253:0", "/", "ext4", "/dev/mapper/secret-root"))
        found = self.uses()
        self.assertEqual(set(found), {NVME, SECOND})
        self.assertIn("/ on nvme0n1p1", found[NVME])

    def test_btrfs(self):
        """Its number is nobody's, and the table names one of its disks; below it a volume."""
        self.disk(NVME, "nvme0n1", "259:0", "259:1")
        self.disk(SATA, "sda", "8:0", "8:1")
        self.block("dm-3", "253:3", slaves=("nvme0n1p1",), dm="secret-crypt")
        for member in ("dm-3", "sda1"):
            (self.tree.root / "sys/fs/btrfs/0000-1111/devices" / member).mkdir(parents=True)
        (self.tree.root / "sys/fs/btrfs/features").mkdir()
        self.mounts(("0:31", "/", "btrfs", "/dev/mapper/secret-crypt"))
        self.assertEqual(set(self.uses()), {NVME, SATA})

    def test_pool(self):
        self.disk(NVME, "nvme0n1", "259:0", "259:3")
        self.disk(SECOND, "nvme1n1", "259:5", "259:6")
        for number, label in (("259:3", "secretpool"), ("259:6", "other")):
            self.tree.write(f"run/udev/data/b{number}", f"S:disk/by-id/secret\nE:ID_FS_TYPE=zfs_member\nE:ID_FS_LABEL={label}\n"
                            "E:ID_SERIAL=secret\n")
        self.mounts(("0:30", "/", "zfs", "secretpool/ROOT/secret-1"))
        self.assertEqual(set(self.uses()), {NVME})

    def test_swap_and_usb(self):
        self.disk(XHCI, "sdb", "8:16", "8:17")
        self.disk(SATA, "sda", "8:0", "8:1")
        self.mounts(("8:17", "/boot", "ext4", "/dev/sdb1"))
        self.tree.write("proc/swaps", "Filename\tType\n/dev/sda1 partition 1 0 -2\n")
        found = self.uses()
        self.assertIn("(/boot on sdb1)", found[XHCI])
        self.assertIn("(swap on sda1)", found[SATA])

    def test_multipath(self):
        t = self.tree
        self.block("nvme0n1", "259:0", "virtual/nvme-subsystem/nvme-subsys0")
        (t.root / "sys/class/nvme-subsystem").mkdir(parents=True)
        (t.root / "sys/devices/virtual/nvme-subsystem/nvme-subsys0").mkdir(parents=True, exist_ok=True)
        os.symlink("../../devices/virtual/nvme-subsystem/nvme-subsys0", t.root / "sys/class/nvme-subsystem/nvme-subsys0")
        os.symlink("../../../pci0000:00/0000:00:01.0/0000:01:00.0/nvme/nvme0",
                   t.root / "sys/devices/virtual/nvme-subsystem/nvme-subsys0/nvme0")
        self.mounts(("259:0", "/", "ext4", "/dev/nvme0n1"))
        self.assertEqual(set(self.uses()), {NVME})

    def test_another_process_must_do(self):
        """Without root the mounts of the first process are not shown."""
        self.disk(NVME, "nvme0n1", "259:0")
        self.mounts(("259:0", "/", "ext4", "/dev/nvme0n1"))
        (self.tree.root / "proc/self").mkdir()
        (self.tree.root / "proc/1/mountinfo").rename(self.tree.root / "proc/self/mountinfo")
        self.assertEqual(set(self.uses()), {NVME})

    def test_odd(self):
        self.disk(NVME, "nvme0n1", "259:0")
        loop = self.tree.root / "sys/class/block/dm-9"
        loop.symlink_to("dm-9")
        self.block("dm-1", "253:1", slaves=("dm-2",))
        self.block("dm-2", "253:2", slaves=("dm-1", "gone"))
        for text in ("", "\n", "x" * 5000, "1 2 3\n", "30 1 259:0 / / rw\n", "30 1 259:0 / / rw - \n", "30 1 259:0 / / rw - ext4\n",
                     "30 1 259:9 / / rw - ext4 /dev/nvme9n9\n", "30 1 253:1 / / rw - ext4 /dev/dm-1\n",
                     "30 1 0:5 / / rw - overlay overlay rw\n", "30 1 0:5 / / rw - zfs  rw\n", "\0\0\n" * 50):
            self.tree.write("proc/1/mountinfo", text)
            self.assertEqual(self.uses(), {}, text[:50])
        self.tree.remove("proc/1/mountinfo")
        self.assertEqual(self.uses(), {})


if __name__ == "__main__":
    unittest.main()
