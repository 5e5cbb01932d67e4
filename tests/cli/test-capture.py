#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A capture: what it is written to, that it answers as the host did, and what it does not tell."""

import gzip
import io
import json
import os
import re
import shutil
import struct
import subprocess
import sys
import tarfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "host"))
from hosttree import (ENDPOINT, PCIPASS, Case, drhd, rmrr, scope, smbios_record,  # noqa: E402
                      smbios_slot, smbios_system)

SECRETS = ("SER1AL4711", "f00dfeed", "secrethost", "aa:bb:cc", "s3cretuser", "/dev/mapper/vg0",
           "10.11.12.13")
UUID = bytes(range(0xC0, 0xD0))
MAC = b"\xaa\xbb\xcc\xdd\xee\x42"


class Written(Case):
    def setUp(self):
        super().setUp()
        self.host().device("0000:01:00.0", group=1)
        self.file = self.directory / "host.tar.gz"

    def capture(self, *more, file=None):
        return self.run_pcipass("capture", "-o", str(file or self.file), *more)

    def test_every_form(self):
        live = self.run_pcipass("--json")
        for name in ("a.tar", "a.tar.gz", "a.tar.zst", "a.tgz"):
            run = self.capture(file=self.directory / name)
            self.assertEqual((run.returncode, run.stdout), (0, ""), run.stderr)
            self.assertIn(f"wrote {self.directory / name}", run.stderr)
            again = self.run_pcipass("--json", path=self.directory / name)
            self.assertEqual((again.returncode, again.stdout), (live.returncode, live.stdout))

    def test_unknown_form(self):
        run = self.capture(file=self.directory / "a.zip")
        self.assertIn(run.returncode, (2, 4))
        self.assertFalse((self.directory / "a.zip").exists())

    def test_never_over_a_file(self):
        self.file.write_text("precious")
        run = self.capture()
        self.assertEqual(run.returncode, 4)
        self.assertIn("host.tar.gz", run.stderr)
        self.assertEqual(self.file.read_text(), "precious")
        self.assertEqual(self.capture("--force").returncode, 0)
        self.assertEqual(gzip.decompress(self.file.read_bytes())[:8], b"pcipass/")
        self.assertEqual(sorted(p.name for p in self.directory.iterdir()), ["host", "host.tar.gz"])

    def test_place_that_is_not_there(self):
        run = self.capture(file=self.directory / "none" / "a.tar")
        self.assertEqual(run.returncode, 4)
        self.assertIn("none/a.tar", run.stderr)

    def test_nothing_to_capture(self):
        self.tree.remove("sys/bus")
        run = self.capture()
        self.assertIn(run.returncode, (3, 4))
        self.assertIn("no devices to capture", run.stderr)
        self.assertFalse(self.file.exists())

    def test_whose_rights(self):
        """It says whether it was read with root's rights: of the one who typed it, not of the process that reads."""
        capture = Path(self.directory) / "rights.tar"
        run = self.run_pcipass("capture", "-o", str(capture))
        self.assertEqual(run.returncode, 0, run.stderr)
        manifest = capture.read_bytes()[512:1024]
        self.assertIn(b"\nroot yes\n" if os.geteuid() == 0 else b"\nroot no\n", manifest)

    def said_to_be(self, capture: Path, root: str, redacted: str) -> Path:
        """The same capture, of somebody with these rights who kept or left out what is private."""
        made = capture.with_name("said.tar")
        with tarfile.open(capture) as tar, tarfile.open(made, "w") as other:
            for entry in tar:
                content = tar.extractfile(entry).read() if entry.isfile() else b""
                if entry.name == "pcipass/manifest":
                    content = re.sub(rb"\nroot \w+\nredacted \w+\n", f"\nroot {root}\nredacted {redacted}\n".encode(), content)
                entry.size = len(content)
                other.addfile(entry, io.BytesIO(content) if entry.isfile() else None)
        return made

    def test_whose_rights_of_a_capture(self):
        """Nothing is read anew: what its maker could not read or left out is not in a capture of it either."""
        self.assertEqual(self.capture(file=self.directory / "first.tar").returncode, 0)
        for root, redacted, words, kept in (("yes", "yes", ["--keep-private"], "yes"), ("no", "yes", [], "yes"),
                                            ("no", "no", ["--keep-private"], "no"), ("yes", "no", [], "yes")):
            with self.subTest(root=root, redacted=redacted, words=words):
                first = self.said_to_be(self.directory / "first.tar", root, redacted)
                again = self.directory / "again.tar"
                run = self.run_pcipass("capture", *words, "--force", "-o", str(again), path=first)
                self.assertEqual(run.returncode, 0, run.stderr)
                with tarfile.open(again) as tar:
                    manifest = tar.extractfile("pcipass/manifest").read()
                self.assertIn(f"\nroot {root}\nredacted {kept}\n".encode(), manifest)

    def test_the_same_twice(self):
        self.capture(file=self.directory / "a.tar.gz")
        self.capture(file=self.directory / "b.tar.gz")
        self.assertEqual((self.directory / "a.tar.gz").read_bytes(),
                         (self.directory / "b.tar.gz").read_bytes())


def can_inject() -> bool:
    if not shutil.which("strace"):
        return False
    run = subprocess.run(["strace", "-qq", "-o", os.devnull, "-e", "trace=fsync", "-e",
                          "inject=fsync:signal=CONT:when=1", "true"], capture_output=True, check=False)
    return run.returncode == 0


@unittest.skipUnless(can_inject(), "needs strace with injection of signals")
class Signals(Case):
    """A signal while a file is written: it is finished, and no temporary file stays behind."""

    def setUp(self):
        super().setUp()
        self.host().device("0000:01:00.0", group=1)

    def interrupted(self, name, call, *command):
        """The program, which gets the signal as it makes that call for the first time; or the process that works for it,
        which first asks for the file and writes into that then."""
        log = self.directory / "trace"
        of, when = (["-f"], 2) if call == "write" else ([], 1)
        done = subprocess.run(["strace", "-qq", *of, "-o", log, "-e", f"trace={call}", "-e",
                               f"inject={call}:signal={name}:when={when}", PCIPASS, "--from", self.tree.root, *command],
                              env={**os.environ, "ASAN_OPTIONS": "detect_leaks=0"},  # which traces, too
                              capture_output=True, text=True, check=False, timeout=100)
        self.assertIn(f"--- SIG{name} ", log.read_text())
        return done

    def test_file_is_finished(self):
        place = self.directory / "out"
        place.mkdir()
        for command, file in ((("capture",), "c.tar"), (("capture", "--text"), "c.txt"),
                              (("report",), "r.html")):
            whole = self.directory / file
            made = self.run_pcipass(*command, "-o", str(whole))
            self.assertEqual(made.returncode, 0, made.stderr)
            for name in ("INT", "QUIT", "TERM", "HUP", "PIPE"):
                # as it is made, as its content goes there, once that is complete, before it has its own name
                for call in ("sendmsg", "write", "fsync", "renameat2"):
                    with self.subTest(command=command, name=name, call=call):
                        target = place / f"{name}-{call}-{file}"
                        done = self.interrupted(name, call, *command, "-o", str(target))
                        self.assertEqual(done.returncode, 0, done.stderr)
                        self.assertEqual(os.listdir(place), [target.name])
                        self.assertEqual(target.read_bytes(), whole.read_bytes())
                        target.unlink()


class StandardOutput(Case):
    """From one host to another through a pipe, without a file."""

    def setUp(self):
        super().setUp()
        self.host().device("0000:01:00.0", group=1)
        self.piped = self.capture(stdout=subprocess.PIPE)
        self.assertEqual(self.piped.returncode, 0, self.piped.stderr)

    def capture(self, *command, **how):
        return subprocess.run([PCIPASS, "--from", self.tree.root, "capture", "-o", "-", *command],
                              stderr=subprocess.PIPE, check=False, timeout=60, **how)

    def look(self, path, given=b""):
        done = subprocess.run([PCIPASS, "--from", path, "--json"], input=given, capture_output=True, check=False,
                              timeout=60)
        self.assertEqual(done.stderr, b"")
        return done.stdout

    def test_same_as_a_file(self):
        file = self.directory / "c.tar.gz"
        self.assertEqual(self.run_pcipass("capture", "-o", str(file)).returncode, 0)
        self.assertEqual(self.piped.stdout, file.read_bytes())
        self.assertIn(b"wrote the capture to standard output", self.piped.stderr)

    def test_read_from_a_pipe(self):
        file = self.directory / "c.tar.gz"
        file.write_bytes(self.piped.stdout)
        for given in (self.piped.stdout, gzip.decompress(self.piped.stdout)):
            self.assertEqual(self.look("-", given), self.look(str(file)))

    def test_cut_off(self):
        done = subprocess.run([PCIPASS, "--from", "-", "check", "01:00.0"], input=self.piped.stdout[:-200],
                              capture_output=True, check=False, timeout=60)
        self.assertEqual((done.returncode, done.stdout), (4, b""))
        self.assertIn(b"pcipass: standard input: ", done.stderr)

    def test_nowhere_to_go(self):
        with open("/dev/full", "wb") as full:
            done = self.capture(stdout=full)
        self.assertEqual(done.returncode, 4)
        self.assertIn(b"standard output: cannot be written: No space left on device", done.stderr)
        ours, theirs = os.openpty()
        done = self.capture(stdout=theirs)
        os.close(theirs)
        os.close(ours)
        self.assertEqual(done.returncode, 2)
        self.assertIn(b"standard output is a terminal", done.stderr)


class Privacy(Case):
    """What names a machine, a person or a network is planted wherever it stands on a host."""

    def setUp(self):
        super().setUp()
        t = self.host()
        t.write("proc/version", "Linux version 6.12.0 (s3cretuser@secrethost) (gcc) #1 SMP\n")
        t.write("proc/cmdline", "BOOT_IMAGE=/vmlinuz root=/dev/mapper/vg0 ip=10.11.12.13 "
                "intel_iommu=on hostname=secrethost rd.luks.uuid=f00dfeed quiet "
                "--token=s3cretuser kvm_key=s3cretuser\n")
        t.log("Linux version 6.12.0 (s3cretuser@secrethost)",
              "Command line: BOOT_IMAGE=/vmlinuz root=/dev/mapper/vg0 intel_iommu=on",
              "Kernel command line: root=/dev/mapper/vg0 intel_iommu=on hostname=secrethost",
              'Unknown kernel command line parameters "hostname=secrethost iommu_x=y", will be '
              "passed to user space.", "DMI: HP, serial SER1AL4711",
              "ixgbe 0000:01:00.0: aa:bb:cc:dd:ee:42", "systemd[1]: Hostname set to <secrethost>",
              "DMAR: IOMMU enabled")
        t.write("proc/interrupts", "            CPU0       CPU1\n"
                "  24:         12          0  IR-PCI-MSIX-0000:01:00.0    0-edge      secrethost-TxRx-0\n"
                "  25:          0          0  IR-IO-APIC    9-fasteoi   aa:bb:cc, secrethost\n"
                " NMI:          0          0   Non-maskable interrupts\n")
        t.write("etc/modprobe.d/site.conf", "# for secrethost by s3cretuser\n"
                "options bonding arp_ip_target=10.11.12.13\noptions vfio_iommu_type1 x=1\n")
        t.smbios(smbios_system("HP", "ProLiant DL380p Gen8", "SER1AL4711", UUID),
                 smbios_record(2, 0x200, bytes([1, 2, 3, 4]), b"HP", b"board", b"v",
                               b"SER1AL4711"),
                 smbios_record(11, 0xB00, bytes([1]), b"secrethost"),
                 smbios_record(17, 0x1100, bytes(0x24), b"SER1AL4711"),
                 smbios_record(209, 0xD100, bytes(2) + MAC),
                 smbios_record(221, 0xDD00, bytes(4) + UUID, b"SER1AL4711"),
                 smbios_slot(2, "PCI-E Slot 2", 1, 0))
        d = t.device("0000:01:00.0", 0x020000, group=1)
        # the device's serial number (its MAC address) and vital product data
        b = bytearray((d / "config").read_bytes())
        struct.pack_into("<I", b, 0x100, 0x00010003)
        b[0x104:0x10C] = MAC[:3] + b"\xff\xff" + MAC[3:]
        (d / "config").write_bytes(b)
        (d / "vpd").write_bytes(b"SER1AL4711")
        for path, text in (("proc/sys/kernel/hostname", "secrethost"),
                           ("etc/hostname", "secrethost"), ("etc/machine-id", "f00dfeed"),
                           ("sys/class/dmi/id/product_serial", "SER1AL4711"),
                           ("sys/class/dmi/id/product_uuid", "f00dfeed"),
                           ("sys/bus/pci/devices/0000:01:00.0/net/eth0/address", "aa:bb:cc")):
            t.write(path, text + "\n")
        t.dmar(drhd(), rmrr(0xBD000000, 0xBD000FFF, scope(ENDPOINT, 1, "00.0")))

    def content(self, *more):
        file = self.directory / "host.tar"
        run = self.run_pcipass("capture", "--force", "-o", str(file), *more)
        self.assertEqual(run.returncode, 0, run.stderr)
        return file, file.read_bytes()

    def test_left_out(self):
        file, content = self.content()
        for secret in SECRETS:
            self.assertNotIn(secret.encode(), content)
            self.assertNotIn(secret.upper().encode(), content)
        for secret in (UUID, MAC, MAC[:3] + b"\xff\xff" + MAC[3:]):
            self.assertNotIn(secret, content)
        # what decides stays
        for word in (b"intel_iommu=on", b"ProLiant DL380p Gen8", b"PCI-E Slot 2",
                     b"24: 12 0 IR-PCI-MSIX-0000:01:00.0 0-edge\n", b"25: 0 0 IR-IO-APIC 9-fasteoi\n",
                     b"options vfio_iommu_type1", b"DMAR: IOMMU enabled"):
            self.assertIn(word, content)
        self.assertEqual(self.run_pcipass("--json", path=file).stdout,
                         self.run_pcipass("--json").stdout)

    def test_kept_on_demand(self):
        _, content = self.content("--keep-private")
        for secret in (b"SER1AL4711", b"secrethost", b"s3cretuser", b"/dev/mapper/vg0", UUID):
            self.assertIn(secret, content)
        # even so: only what a survey reads
        self.assertNotIn(b"aa:bb:cc:dd:ee:42\n", content.replace(b"0: aa", b""))
        self.assertNotIn(MAC[:3] + b"\xff\xff" + MAC[3:], content)

    def test_smbios_that_cannot_be_cleaned(self):
        self.tree.write("sys/firmware/dmi/tables/DMI", b"\x01\x02SER1AL4711")
        _, content = self.content()
        self.assertNotIn(b"SER1AL4711", content)


@unittest.skipUnless(Path("/sys/bus/pci/devices").is_dir(), "no PCI here")
class Live(Case):
    """This host, as root and as nobody: the capture answers each as the host did."""

    def run_as(self, prefix, *arguments):
        return subprocess.run([*prefix, str(self.directory / "pcipass"), *arguments],
                              capture_output=True, text=True, check=False, timeout=120)

    def same(self, prefix):
        os.chmod(self.directory, 0o777)
        shutil.copy(PCIPASS, self.directory / "pcipass")
        os.chmod(self.directory / "pcipass", 0o755)
        file = str(self.directory / "live.tar.zst")
        # a device may fall asleep in between
        for _ in range(3):
            live = self.run_as(prefix, "--json")
            self.assertIn(live.returncode, (0, 3), live.stderr)
            run = self.run_as(prefix, "capture", "--force", "-o", file)
            self.assertEqual(run.returncode, 0, run.stderr)
            again = self.run_as(prefix, "--from", file, "--json")
            if again.stdout == live.stdout:
                break
        self.assertEqual((again.returncode, again.stdout), (live.returncode, live.stdout))
        self.assertTrue(json.loads(live.stdout)["devices"])

    def test_as_it_is(self):
        self.same([])

    @unittest.skipUnless(os.geteuid() == 0 and shutil.which("setpriv"), "needs root and setpriv")
    def test_as_nobody(self):
        self.same(["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"])


if __name__ == "__main__":
    unittest.main()
