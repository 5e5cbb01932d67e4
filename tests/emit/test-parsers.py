#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What emit prints is taken by those who read it: QEMU, libvirt's schema, bash.

QEMU must refuse each device for one reason only, that this host has none at that address: then it
has understood everything else. The domain is changed to one that no host has, so that a machine
with a device at that address does not lend it.
"""

import json
import re
import shutil
import subprocess
import sys
import unittest
from pathlib import Path

from emitting import GIB, MEMORY_64, Emitting, qemu_arguments
from hosttree import PCIPASS

QEMU = ["timeout", "60", "qemu-system-x86_64", "-machine", "q35,accel=tcg", "-nodefaults", "-display",
        "none", "-nic", "none", "-S", "-monitor", "stdio"]
QEMU_ARM = ["timeout", "60", "qemu-system-aarch64", "-machine", "virt,gic-version=max", "-accel",
            "tcg", "-cpu", "max", *QEMU[5:]]
MACHINES = Path(__file__).parent.parent / "machines"
DOMAIN = """<domain type='kvm'>
  <name>guest</name>
  <memory>1048576</memory>
  <os><type arch='x86_64' machine='q35'>hvm</type></os>
  <devices>
%s  </devices>
%s</domain>
"""


def missing(program: str) -> bool:
    return not shutil.which(program)


class Parsers(Emitting):
    def many(self) -> list[str]:
        """A host with one of each kind; the devices to try."""
        self.cards()
        for n in range(8):
            self.card(f"0000:09:00.{n}", (8 * GIB, MEMORY_64), group=30)
        self.tree.bridge("0000:00:04.0", 9, group=40)
        for n in (1, 5):
            self.card(f"0000:00:1d.{n}", group=50, pcie=None, class_code=0x0C0320)
        return ["07:00.0", "08:00.0", "00:1a.0", "09:00.3", "group50", "8086:10fb"]

    def qemu(self, *arguments: str, program=tuple(QEMU)) -> subprocess.CompletedProcess:
        return subprocess.run([*program, *arguments], input="quit\n", capture_output=True, text=True,
                              check=False, timeout=90)

    @unittest.skipIf(missing("qemu-system-x86_64"), "qemu-system-x86 is not installed")
    def test_qemu(self):
        tried = 0
        for what in self.many():
            words = [w.replace("host=0000:", "host=fffe:")
                     for w in qemu_arguments(self.emit("qemu", what))]
            pairs = list(zip(words[::2], words[1::2]))
            rest = [w for p in pairs if not p[1].startswith("vfio-pci") for w in p]
            run = self.qemu(*rest)
            self.assertEqual((run.returncode, run.stderr), (0, ""), rest)
            functions = [p for p in pairs if p[1].startswith("vfio-pci")]
            for pair in functions if len(functions) < 4 else functions[:1] + functions[-1:]:
                address = re.search("host=([0-9a-f:.]+)", pair[1]).group(1)
                run = self.qemu(*rest, *pair)
                self.assertNotEqual(run.returncode, 0)
                self.assertRegex(run.stderr, rf": vfio .*{address}: no such host device")
                tried += 1
        self.assertGreater(tried, 7)

    @unittest.skipIf(missing("qemu-system-x86_64"), "qemu-system-x86 is not installed")
    def test_qemu_would_say(self):
        """A property that it does not know is told before the host is looked at."""
        self.cards()
        words = [w.replace("host=0000:", "host=fffe:").replace("rombar=", "rombra=")
                 for w in qemu_arguments(self.emit("qemu", "07:00.0"))]
        self.assertIn("rombra' not found", self.qemu(*words).stderr)

    @unittest.skipIf(missing("qemu-system-aarch64"), "qemu-system-arm is not installed")
    def test_qemu_arm(self):
        self.arm()
        for what in "07:00.0", "08:00.0":
            words = [w.replace("host=0000:", "host=fffe:")
                     for w in qemu_arguments(self.emit("qemu", what))]
            run = self.qemu(*words, program=QEMU_ARM)
            self.assertRegex(run.stderr, ": vfio .*: no such host device")
            run = self.qemu(*words[:-2], program=QEMU_ARM)
            self.assertEqual((run.returncode, run.stderr), (0, ""))

    def validate(self, text: str, domain: str = DOMAIN) -> subprocess.CompletedProcess:
        inside, _, outside = text.partition("<!-- Add this to <domain>")
        outside = outside and "<!-- Add this to <domain>" + outside
        path = self.directory / "domain.xml"
        path.write_text(domain % (inside, outside))
        return subprocess.run(["virt-xml-validate", path, "domain"], capture_output=True,
                              text=True, check=False, timeout=60)

    @unittest.skipIf(missing("virt-xml-validate"), "libvirt-clients is not installed")
    def test_libvirt(self):
        for what in self.many():
            text = self.emit("libvirt", what)
            run = self.validate(text)
            self.assertEqual(run.returncode, 0, run.stderr + text)
        for good, bad in (("managed=", "manged="), ("<rom bar='off'/>", "<rom bar='of'/>")):
            text = self.emit("libvirt", "07:00.0")
            self.assertIn(good, text)
            self.assertNotEqual(self.validate(text.replace(good, bad)).returncode, 0, bad)

    @unittest.skipIf(missing("virt-xml-validate"), "libvirt-clients is not installed")
    def test_libvirt_arm(self):
        self.arm()
        for what in "07:00.0", "08:00.0":
            text = self.emit("libvirt", what)
            run = self.validate(text, DOMAIN.replace("x86_64", "aarch64").replace("q35", "virt"))
            self.assertEqual(run.returncode, 0, run.stderr + text)

    @unittest.skipIf(missing("shellcheck"), "shellcheck is not installed")
    def test_shell(self):
        for what in self.many():
            for hypervisor, head in (("proxmox", ""), ("qemu", "# shellcheck disable=SC2034\n")):
                text = "#!/bin/bash\n" + head + self.emit(hypervisor, what)
                run = subprocess.run(["shellcheck", "-"], input=text, capture_output=True,
                                     text=True, check=False, timeout=60)
                self.assertEqual(run.stdout, "", text)


class Samples(Emitting):
    """On each sample machine emit and check are of one mind, and its XML is well-formed."""

    def test_samples(self):
        done = emitted = 0
        for recipe in ("desktop-relaxable", "dl380p-gen8-freed", "sriov-nic", "switch-cards",
                       "amd-board-k612"):
            path = self.directory / f"{recipe}.tar"
            subprocess.run([sys.executable, MACHINES / "mkmachine", MACHINES / f"{recipe}.machine",
                            "-o", path], check=True)
            survey = json.loads(subprocess.run([PCIPASS, "--from", path, "--json"], check=True,
                                               capture_output=True).stdout)
            for device in survey["devices"]:
                verdict = device["verdict"]
                code = 0 if verdict in ("assignable", "care") else 3 if verdict == "unknown" else 1
                hypervisor = ("qemu", "libvirt", "proxmox")[done % 3]
                run = self.run_pcipass("emit", hypervisor, device["address"], path=path)
                self.assertEqual(run.returncode, code, (recipe, device["address"], run.stderr))
                done += 1
                emitted += not code
                if not code:
                    self.assertIn(device["address"].rsplit(".", 1)[0].rsplit(":", 1)[0],
                                  run.stdout)
        self.assertGreater(done, 40)
        self.assertGreater(emitted, 15)


if __name__ == "__main__":
    unittest.main()
