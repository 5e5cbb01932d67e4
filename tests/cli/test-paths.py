#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Nothing is taken from the current directory, or from where an environment variable points: files with the
names of schemas, tools, libraries and configuration lie there, and no system call touches one."""

import os
import re
import shutil
import subprocess
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "host"))
from hosttree import PCIPASS, Case  # noqa: E402

CALLS = "open,openat,openat2,execve,execveat,stat,lstat,newfstatat,statx,access,faccessat,faccessat2"
PLANTED = ("rmrds.xml", "conrep.xml", "schemas/rmrds.xml", "pci.ids", "pcipass.conf", ".pcipassrc",
           ".config/pcipass/pcipass.conf", "pcipass/rmrds.xml", "conrep", "hpdiscovery", "update-grub", "bash",
           "xz", "gzip", "zstd", "lspci", "modprobe", "libarchive.so.13", "libxml2.so.2", "libxml2.so.16", "libjansson.so.4",
           "catalog.xml", "grub.cfg", "initramfs.conf")
VARIABLES = ("HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_DATA_DIRS", "PATH", "PCIPASS_SCHEMAS",
             "PCIPASS_DATA", "PCI_IDS", "TMPDIR", "LOCPATH", "SHELL", "XML_CATALOG_FILES", "LIBARCHIVE_MODULES")


def can_trace() -> bool:
    return bool(shutil.which("strace")) and subprocess.run(
        ["strace", "-o", os.devnull, "true"], capture_output=True, check=False).returncode == 0


@unittest.skipUnless(can_trace(), "needs strace")
class Planted(Case):
    def setUp(self):
        super().setUp()
        self.host().device("0000:01:00.0", group=1)
        self.planted = self.directory / "planted"
        for name in PLANTED:
            (self.planted / name).parent.mkdir(parents=True, exist_ok=True)
            (self.planted / name).write_text("#!/bin/sh\nexit 1\n")
            (self.planted / name).chmod(0o755)

    def touched(self, *command, codes=(0, 1, 3)):
        """The planted files that a run in their directory names to the kernel, and all that it looks for there."""
        log = self.directory / "trace"
        environment = {**os.environ, "LC_ALL": "C.UTF-8"}
        for name in VARIABLES:
            environment[name] = str(self.planted)
        # LeakSanitizer cannot work below a tracer.
        environment["ASAN_OPTIONS"] = os.environ.get("ASAN_OPTIONS", "") + ":detect_leaks=0"
        environment["XML_CATALOG_FILES"] = str(self.planted / "catalog.xml")
        # by their whole paths, since PATH leads to the planted
        run = subprocess.run([shutil.which("strace"), "-f", "-qq", "-s", "4096", "-o", log, "-e", f"trace={CALLS}",
                              os.path.abspath(PCIPASS), *command], cwd=self.planted, env=environment,
                             capture_output=True, text=True, check=False, timeout=100)
        self.assertIn(run.returncode, codes, f"{command}: {run.stderr}")
        paths = re.findall(r'\((AT_FDCWD, |\d+, )?"([^"]*)"', log.read_text())
        self.assertTrue(paths)
        # Without a directory's number a relative path begins at the current directory.
        return [p for where, p in paths if p.startswith(str(self.planted)) or
                (not p.startswith("/") and (not where[:1].isdigit() or os.path.normpath(p) in PLANTED))]

    def test_from_a_capture(self):
        host = str(self.tree.root)
        archive = str(self.directory / "c.tar.gz")
        self.tree.write("sys/class/dmi/id/sys_vendor", "HPE\n")
        self.tree.write("sys/class/dmi/id/product_name", "ProLiant DL380p Gen8\n")
        self.tree.write("sys/class/dmi/id/bios_version", "P70\n")
        image = str(self.directory / "image")
        for command in (("--from", host), ("--from", host, "--json"), ("--from", host, "explain", "01:00.0"),
                        ("--from", host, "report", "-o", str(self.directory / "r.html")),
                        ("--from", host, "emit", "qemu", "01:00.0"),
                        ("--from", host, "capture", "-o", archive), ("--from", archive),
                        ("settings", "image", image, "--from", host),
                        ("settings", "list", "--store", f"image:{image}", "--schema", str(self.schema())),
                        ("settings", "set", "--yes", "--store", f"image:{image}", "RMRDS_Slot2=Endpoints_Excluded")):
            with self.subTest(command[2:] or command):
                self.assertEqual(self.touched(*command), [])

    def schema(self):
        """One that is named: its reader has catalogs that it must not look for."""
        path = self.directory / "s.xml"
        shutil.copy(Path(__file__).parents[2] / "schemas/rmrds.xml", path)
        return path

    def test_this_host(self):
        for command in ((), ("status",), ("groups",)):
            with self.subTest(command):
                self.assertEqual(self.touched(*command, codes=(0, 1, 3, 4)), [])

    def test_the_trace_sees_one(self):
        """A file that is named is one of those calls."""
        self.assertIn("./pci.ids", self.touched("--from", "./pci.ids", codes=(4,)))


if __name__ == "__main__":
    unittest.main()
