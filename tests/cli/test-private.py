#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What names a machine, a person or a network is planted into every file of a host, and into the
names of those that people name; a capture has none of it, in any of its forms.

Nothing is planted into CONTENT, and of the files of OWN_LINES nothing into the lines that are there: what the
kernel logs of its own, iomem, cpuinfo and the kernel's configuration say. A capture keeps those lines whole.
What is planted there are lines of others, behind them.
"""

import base64
import gzip
import os
import re
import subprocess
import sys
import tarfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "host"))
from hosttree import Case  # noqa: E402

MACHINES = Path(__file__).parent.parent / "machines"
SAMPLES = ("arm-board", "boot-disk", "claims", "dl380p-gen8-user", "lxd")

# What between them have every kind of file that the sample machines have.
RULED = (*SAMPLES, "amd-board", "arm-server", "resets", "sriov-nic", "vmd-qat")

MARKS = ("secrethost", "s3cretuser", "SER1AL4711", "enx0a1b2c3d4e5f", "0a:1b:2c:3d:4e:5f",
         "5000c500a1b2c3d4", "c0ffee11-2222-4333-8444-555566667777", "10.11.12.13", "fe80::a1b:2cff",
         "iqn.2001-04.com.secret", "/home/s3cretuser/x")
LINE = " ".join(MARKS)

# Files whose bytes are what a capture is for, and hold no text of anybody's: registers, tables, and
# what the firmware says the machine is.
CONTENT = re.compile(
    r"/config$|/firmware/acpi/tables/|/firmware/devicetree/|/dmi/tables/|/dmi/id/"
    r"(product_name|board_name|sys_vendor|bios_version|bios_date)$")
# A line there is the kernel's, or the build's, from its first word to its last.
OWN_LINES = re.compile(r"^(var/log/|boot/config-|proc/cpuinfo$|proc/iomem$|proc/mounts$|lib/modules/)")


class Planted(Case):
    """Each sample machine, its files filled up."""

    def make(self, machine):
        tree = self.directory / machine
        made = subprocess.run([sys.executable, "-B", MACHINES / "mkmachine",
                               MACHINES / f"{machine}.machine", "-o", tree], check=False, capture_output=True)
        self.assertEqual(made.returncode, 0, (machine, made.stderr))
        return tree

    def fill(self, tree):
        """Behind what a file has: in its lines, as more of them, and as values."""
        for path in tree.rglob("*"):
            name = str(path.relative_to(tree))
            if path.is_symlink() or not path.is_file() or CONTENT.search("/" + name):
                continue
            lines = path.read_bytes().decode("utf-8", "surrogateescape").splitlines()
            # Of a number nobody knows whether it is an address.
            wide = re.search(r"/(resource|reserved_regions|cap|features)$", name)
            more = LINE.replace("5000c500a1b2c3d4", "") if wide else LINE
            if not OWN_LINES.match(name) and not name.startswith("run/pcipass/"):
                lines = [f"{line} {more}" for line in lines]
            lines += ["", f"Serial\t\t: {more}", f"# {more}", f"[    1.000000] systemd[1]: {more}",
                      f"hostname={MARKS[0]} x=\"a {more}\" root=/dev/mapper/{MARKS[0]}"]
            if name == "proc/cmdline":
                lines = [f"{lines[0]} root=UUID={MARKS[6]} ip=10.11.12.13 kvm_key={MARKS[1]} "
                         f"systemd.setenv=\"A={MARKS[0]} kvm={MARKS[1]}\" vfio_key={MARKS[1]} "
                         f"intel_iomu={MARKS[0]} -- --token={MARKS[2]}"]
            path.write_bytes("\n".join(lines).encode("utf-8", "surrogateescape") + b"\n")

    def plant_names(self, tree):
        """Files that people name, and a kernel that somebody built."""
        def put(name, text):
            (tree / name).parent.mkdir(parents=True, exist_ok=True)
            (tree / name).write_text(text)
        release = "6.6.10-secrethost"
        version = (tree / "proc/version").read_text().split()
        put("proc/version", f"Linux version {release} (s3cretuser@secrethost) " + " ".join(version[3:]))
        put(f"boot/config-{release}", f"# Linux/x86 {release} Kernel Configuration\nCONFIG_VFIO=m\n"
            f"CONFIG_DEFAULT_HOSTNAME=\"{MARKS[0]}\"\n")
        put(f"lib/modules/{release}/modules.dep", f"kernel/{MARKS[0]}.ko:\nkernel/drivers/vfio/vfio.ko:\n")
        put(f"lib/modules/{release}/modules.builtin", f"kernel/{MARKS[0]}.ko\n")
        put("lib/modules/6.6.10-s3cretuser/modules.dep", "kernel/drivers/vfio/vfio.ko:\n")
        put("etc/modprobe.d/secrethost.conf", f"options vfio_pci ids=10de:1b80 x={MARKS[1]} # {LINE}\n")
        put("etc/modprobe.d/s3cretuser.conf", f"options bonding arp_ip_target={MARKS[7]}\n")
        put("etc/modprobe.d/SER1AL4711.txt", LINE)
        os.symlink("/home/s3cretuser/x", tree / "etc/modprobe.d/0secrethost.conf")
        put("home/s3cretuser/x", "options vfio_pci ids=1000:0072\n")
        put("sys/hypervisor/type", LINE)
        put("run/systemd/container", LINE)
        put(f"sys/fs/btrfs/{MARKS[6]}/devices/x", "")
        put("proc/swaps", f"Filename Type\n/dev/disk/by-id/{MARKS[2]} partition 1\n/{MARKS[0]} file 2\n")
        put("run/udev/data/b8:1", f"E:ID_SERIAL={MARKS[2]}\nE:ID_FS_TYPE=zfs_member\n"
            f"E:ID_FS_LABEL={MARKS[0]}\n")
        put("var/log/dmesg.txt", (tree / "var/log/dmesg.txt").read_text() +
            f"[ 2.0] Lockdown: {MARKS[1]}: /dev/mem is restricted\n"
            f"[ 2.1] Unknown kernel command line parameters \"token={MARKS[2]} intel_iomu=on\", will be "
            "passed to user space.\n")

    def look(self, where, data):
        for mark in MARKS:
            for form in {mark, mark.upper(), mark.lower()}:
                at = data.find(form.encode())
                self.assertLess(at, 0, f"{where}: {data[max(0, at - 80):at + 80]!r}")

    def unpacked(self, file):
        """All of an archive: names, targets of links, contents."""
        with tarfile.open(file) as tar:
            for member in tar:
                yield member.name, member.linkname.encode()
                if member.isfile():
                    yield member.name, member.name.encode() + b"\n" + tar.extractfile(member).read()

    def check(self, tree, names=("c.tar",)):
        for name in names:
            file = self.directory / name
            run = self.run_pcipass("capture", "--force", "-o", str(file), path=tree)
            self.assertEqual(run.returncode, 0, run.stderr)
            if name.endswith(".zst"):
                plain = self.directory / "plain.tar"
                subprocess.run(["zstd", "-qdf", file, "-o", plain], check=True)
                file = plain
            for where, data in self.unpacked(file):
                self.look(f"{tree.name}, {name}: {where}", data)
        run = self.run_pcipass("capture", "--list", path=tree)
        self.assertEqual(run.returncode, 0, run.stderr)
        kept = [line for line in run.stdout.splitlines() if not line.startswith("left out")]
        self.look(f"{tree.name}, --list", "\n".join(kept).encode())
        text = self.run_pcipass("capture", "--text", path=tree)
        self.assertEqual(text.returncode, 0, text.stderr)
        self.look(f"{tree.name}, --text", text.stdout.encode())
        body = re.search(r"BEGIN PCIPASS CAPTURE[^\n]*\n(.*?)\n-----END", text.stdout, re.S).group(1)
        self.look(f"{tree.name}, --text, decoded", gzip.decompress(base64.b64decode(body)))

    def test_no_mark_is_left(self):
        for machine in SAMPLES:
            with self.subTest(machine):
                tree = self.make(machine)
                self.fill(tree)
                self.check(tree)

    def test_no_name_is_left(self):
        tree = self.make("boot-disk")
        self.plant_names(tree)
        self.check(tree, ("c.tar", "c.tar.gz", "c.tar.zst"))
        answer = self.run_pcipass("--json", path=self.directory / "plain.tar")
        self.assertIn(answer.returncode, (0, 1, 3), answer.stderr)
        with tarfile.open(self.directory / "plain.tar") as tar:
            names = tar.getnames()
            options = sorted(n for n in names if n.startswith("etc/modprobe.d/+"))
            self.assertEqual(len(options), 2, names)
            self.assertEqual(tar.extractfile(options[1]).read(), b"options vfio_pci ids=10de:1b80\n")
            self.assertEqual(len([n for n in names if re.fullmatch(r"lib/modules/6\.6\.10-[0-9a-f]{8}", n)]), 2)
            log = tar.extractfile("var/log/dmesg.txt").read().decode()
        self.assertIn('parameters "intel_iomu", will be passed', log)
        # The link may have led to more: nobody knows, and that is said.
        listed = self.run_pcipass("capture", "--list", path=tree).stdout
        self.assertRegex(listed, r"(?m)^left out  etc/modprobe\.d/\+0001\.conf$")

    def test_every_file_has_a_rule(self):
        """A file that a survey reads and that no rule is for is left out, and what rests on it unknown."""
        for machine in RULED:
            tree = self.make(machine)
            listed = self.run_pcipass("capture", "--list", path=tree)
            self.assertEqual(listed.returncode, 0, listed.stderr)
            self.assertTrue(listed.stdout)
            for line in listed.stdout.splitlines():
                self.assertFalse(line.startswith("left out"), f"{machine}: {line}")

    def test_list_is_what_is_written(self):
        tree = self.make("dl380p-gen8")
        for private in ([], ["--keep-private"]):
            listed = self.run_pcipass("capture", "--list", *private, path=tree)
            file = self.directory / "c.tar"
            self.run_pcipass("capture", "--force", "-o", str(file), *private, path=tree)
            with tarfile.open(file) as tar:
                written = {m.name: tar.extractfile(m).read() if m.isfile() else None
                           for m in tar if not m.isdir() and m.name != "pcipass/manifest"}
            said = {line[10:]: line[:10].strip() for line in listed.stdout.splitlines()}
            self.assertEqual(said.pop("pcipass/manifest"), "added")
            self.assertEqual(set(said), set(written))
            self.assertIn("whole", said.values())
            for name, fate in said.items():
                source = tree / name
                if fate == "whole" and source.is_file() and not source.is_symlink() and \
                        not name.endswith("/config"):
                    self.assertEqual(written[name], source.read_bytes(), name)
            self.assertEqual(said["proc/version"], "whole" if private else "redacted")
            if private:
                self.assertNotIn("redacted", said.values())


class Arguments(Case):
    """What stays of a kernel command line."""

    def setUp(self):
        super().setUp()
        self.host().device("0000:01:00.0", group=1)

    def kept(self, line):
        self.tree.write("proc/cmdline", line + "\n")
        file = self.directory / "c.tar"
        self.run_pcipass("capture", "--force", "-o", str(file))
        with tarfile.open(file) as tar:
            return tar.extractfile("proc/cmdline").read().decode()

    def test_kept(self):
        for line, kept in (
                ("intel_iommu=on iommu=pt quiet", "intel_iommu=on iommu=pt quiet"),
                ("vfio-pci.ids=10de:1b80,8086:1521", "vfio-pci.ids=10de:1b80,8086:1521"),
                ("intel_iommu=onn", "intel_iommu=onn"),
                ("intel_iomu=secret", "intel_iomu"),
                ("kvm_key=secret kvm.ignore_msrs=1", "kvm.ignore_msrs=1"),
                ("pci=noaer pcie_aspm=off pcie_secret=x", "pci=noaer pcie_aspm=off"),
                ("a=\"b intel_iommu=on\" iommu=pt", "iommu=pt"),
                ("\"iommu=pt\"", "iommu=pt"),
                ("intel_iommu=\"on iommu=pt host=secret\"", "intel_iommu=\"on iommu=pt\""),
                ("root=/dev/sda1 -- --token=secret intel_iommu=on 3", "-- intel_iommu=on"),
                ("iommu=pt -- 3", "iommu=pt --"),
                ("", "")):
            with self.subTest(line):
                self.assertEqual(self.kept(line), kept + "\n")


if __name__ == "__main__":
    unittest.main()
