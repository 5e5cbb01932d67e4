#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What is printed to be pasted does what is meant and nothing else, whatever a capture says: each text that a
survey shows is made of what a shell would run, and what is printed is run by a shell that finds nothing but
recorders.

usage: test-pasted.py PCIPASS
"""

import json
import os
import re
import subprocess
import sys
import unittest
from pathlib import Path
from xml.etree import ElementTree

try:
    import yaml
except ImportError:
    yaml = None

sys.path[:0] = [str(Path(__file__).parent.parent / name) for name in ("host", "harness")]
from hosttree import (PCIPASS, Case, drhd, rmrr, scope, ENDPOINT, smbios_onboard, smbios_slot,  # noqa: E402
                      smbios_system)
from subset import thin  # noqa: E402

# Each runs "touch" where it is taken for more than text.
HOSTILE = ("x;touch owned;:", "x$(touch owned)", "x`touch owned`", "x'; touch owned; '", 'x"; touch owned; "',
           "x|touch owned", "x&touch owned&", "x>owned", "x\ntouch owned\n", "x #\ttouch owned", "x\\'; touch owned; #",
           "x--><touch/><!--", "x\x1b]0;t\x07\x1b[31m", "x\u202e\u009b31m\x9b", "-x", "~x", "{touch,owned}", "=x")
# And where it is more than text to a parser of YAML.
HOSTILE_YAML = ('x"', "x'", "x: y", "x\n---\nkind: Secret", "x\nspec: {}", "&a x", "*a", "!!python/object:os.system x", "%YAML 1.1", "x # y",
                "[x", "{x: y", "| x", "> x", "@x", "x\r\nkind: Pod", "x\u2028kind: Pod", "x\x85kind: Pod", "{{ lookup('pipe', 'touch owned') }}",
                "{% raw %}", "x\tkind: Pod", "...", "? x", "- x", "null", "yes", "0x10", "<<: x")
# What is told to be typed begins with one of these.
COMMANDS = re.compile(r"(?:pcipass|sudo|echo|xl|qm|cat|modprobe|sh) ")
MEANT = {"pcipass", "sudo", "xl", "qm", "cat", "modprobe", "sh"}


def texts_of(value) -> list[str]:
    """All texts of a JSON document."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        return [text for part in value for text in texts_of(part)]
    return [value] if isinstance(value, str) else []


class Pasted(Case):
    def setUp(self) -> None:
        super().setUp()
        self.bin, self.here = self.directory / "bin", self.directory / "here"
        self.bin.mkdir()
        self.here.mkdir()
        self.record = self.directory / "record"
        for name in MEANT | {"touch"}:
            tool = self.bin / name
            tool.write_text(f'#!/bin/bash\necho "${{0##*/}} $*" >>{self.record}\n')
            tool.chmod(0o755)
        # Nothing is written to this machine's /sys: what is printed is run with another root.
        (self.directory / "root").mkdir()

    def pasted(self, text: str) -> list[str]:
        """The programs that a shell runs for it."""
        self.record.unlink(missing_ok=True)
        text = text.replace("/sys/", f"{self.directory}/root/sys/").replace("/proc/", f"{self.directory}/root/proc/")
        subprocess.run(["/bin/bash", "--norc", "-O", "nullglob", "-c", text], cwd=self.here, capture_output=True,
                       check=False, timeout=20, stdin=subprocess.DEVNULL, env={"PATH": str(self.bin)})
        return self.record.read_text().splitlines() if self.record.exists() else []

    def hostile_host(self, word: str) -> None:
        """A host each of whose texts is that word: with a slot, a bridge's driver, a region, a log."""
        t, name = self.host(f"6.12.0-{word}"), word.replace("/", ":")
        t.dmar(drhd(), rmrr(0xBD000000, 0xBD0FFFFF, scope(ENDPOINT, 0, "02.0", "00.0")))
        t.smbios(smbios_system(word, word), smbios_slot(2, word, 7, 0), smbios_onboard(word, 9, 0))
        t.bridge("0000:00:02.0", 7, group=5, driver=name)
        t.bridge("0000:00:04.0", 8, group=5, driver=name)
        t.device("0000:07:00.0", 0x010700, vendor=0x1000, device=0x0087, group=1, driver=name)
        t.device("0000:08:00.0", 0x020000, group=5, driver=name)
        t.device("0000:09:00.0", 0x030000, group=6, driver=name)
        t.device("0000:09:00.1", 0x040300, group=6, driver=name)
        t.slot(name, "0000:08:00")
        t.regions(1, "0x00000000bd000000 0x00000000bd0fffff direct")
        t.write("proc/cmdline", f"quiet intel_iommu=on{word} pci=config_acs={word} pcie_acs_override={word} "
                f"vfio_iommu_type1.allow_unsafe_interrupts=1{word} iommu={word}\n")
        t.log(f"DMAR: [Firmware Bug]: {word}", f"vfio-pci 0000:07:00.0: {word}",
              f"vfio-pci 0000:07:00.0: Device is ineligible for IOMMU domain attach {word}")
        t.write("sys/kernel/security/lockdown", f"none [{word}]\n")
        t.write(f"etc/modprobe.d/{name}.conf", f"options vfio-pci ids={word}\nsoftdep {word} pre: vfio-pci\n")
        t.write(f"etc/libvirt/qemu/{name}.xml", "<domain><devices><hostdev mode='subsystem' type='pci'><source>"
                "<address domain='0x0' bus='0x08' slot='0x0' function='0x0'/></source></hostdev></devices></domain>")
        t.write("sys/bus/pci/devices/0000:08:00.0/reset_method", word + "\n")
        t.write("sys/hypervisor/type", word + "\n")
        # Of a release that is no name of a directory the modules cannot be read; these are loaded.
        for module in ("bus/pci/drivers/vfio-pci/new_id", "module/vfio_iommu_type1/refcnt"):
            t.write(f"sys/{module}", "0\n")

    def say(self, *arguments, path=None) -> str:
        done = self.run_pcipass(*arguments, path=path, env={**os.environ, "COLUMNS": "4000"})
        self.assertIn(done.returncode, (0, 1, 2, 3), (arguments, done.stderr))
        for text in (done.stdout, done.stderr):
            # Nothing that steers a terminal, in any answer.
            bad = re.search("[\0-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]", text)
            self.assertIsNone(bad, (arguments, text[max(0, bad.start() - 60):bad.end() + 20] if bad else ""))
        return done.stdout + done.stderr

    def answers(self, word: str, path=None):
        yield self.say(path=path)
        for arguments in (("groups",), ("reserved",), ("slots",), ("tree",), ("survey", "--all", "--columns", "+REASON"),
                          ("--for", "hyperv"), ("--for", "xen"), ("--for", "all"), ("--json",),
                          ("explain", f"slot{word}"), ("check", f"slot{word}"), ("explain", word), (word,),
                          ("free", f"slot{word}", "--dry-run"), ("bind", word, "--dry-run"),
                          ("explain", "--log", f"vfio-pci 0000:08:00.0: {word}: refused to change power state")):
            yield self.say(*arguments, path=path)
        for device in ("07:00.0", "08:00.0", "09:00.0", "00:02.0"):
            for command in ("explain", "check"):
                yield self.say(command, device, path=path)
            yield self.say("free", device, "--dry-run", path=path)
            for hypervisor in ("qemu", "proxmox", "xen", "hyperv", "libvirt"):
                yield self.say("emit", hypervisor, device, path=path)

    def typed(self, text: str):
        """Each command with what follows it in its line, to every blank: a person may copy more than is meant."""
        lines = texts_of(json.loads(text)) if text.startswith('{"') else text.splitlines()
        for line in lines:
            for found in COMMANDS.finditer(line):
                rest = line[found.start():]
                for end in re.finditer(r"(?=[ ,;]|$)", rest):
                    yield rest[:end.start()]

    def nothing_else(self, word: str, command: str) -> None:
        if re.fullmatch(r"[\w ./:,-]*", command, re.ASCII):
            return  # of words that every shell leaves alone
        ran = self.pasted(command)
        self.assertLessEqual({x.split(" ")[0] for x in ran}, MEANT, (word, command))
        left = os.listdir(self.here)
        for name in left:
            os.unlink(self.here / name)
        self.assertEqual(left, [], (word, command))

    def test_every_text(self):
        """The words of a host; what cannot be in a name of a file is left out."""
        for word in thin(HOSTILE, 3):
            if os.path.exists(self.tree.root):
                subprocess.run(["rm", "-rf", self.tree.root], check=True)
            self.tree = type(self.tree)(self.directory / "host")
            with self.subTest(repr(word)):
                try:
                    self.hostile_host(word)
                except UnicodeEncodeError:
                    continue
                commands = {c for text in self.answers(word) for c in self.typed(text)}
                self.assertGreater(len(commands), 20)
                for command in sorted(commands):
                    self.nothing_else(word, command)

    def test_name_of_the_capture(self):
        """It stands in each command; whole, it names the file again."""
        for word in HOSTILE:
            directory = self.directory / f"c{word.replace('/', ':')}"
            with self.subTest(repr(word)):
                t = self.tree = type(self.tree)(directory)
                self.host().device("0000:08:00.0", 0x020000, group=5, driver="ixgbe")
                text = self.say() + self.say("explain", "08:00.0") + self.say("check", "08:00.0")
                for command in set(self.typed(text)):
                    self.nothing_else(word, command)
                again = re.search(r"(pcipass --from (?:'.*'|\S+)) (?:--\S+ )?emit qemu 08:00.0$", text, re.MULTILINE)
                self.assertTrue(again, text)
                steered = not word.isprintable() or "\x9b" in word
                self.assertEqual(self.pasted(again.group(1)),
                                 ["pcipass --from …"] if steered else [f"pcipass --from {t.root}"], text)

    def test_bridge_driver(self):
        """The command that unbinds it writes to that driver's own file, and nowhere else."""
        word = "shpchp 2>&-;touch owned;:"
        self.hostile_host(word)
        unbind = self.directory / f"root/sys/bus/pci/drivers/{word}/unbind"
        unbind.parent.mkdir(parents=True)
        text = self.say("explain", "08:00.0")
        command = re.search(r"(echo 0000:00:0\d.0 > '/sys/bus/pci/drivers/.*/unbind')", text)
        self.assertTrue(command, text)
        self.assertEqual(self.pasted(command.group(1)), [])
        self.assertEqual(os.listdir(self.here), [])
        self.assertRegex(unbind.read_text(), r"^0000:00:0\d.0\n$")

    def plain_documents(self, hypervisor: str) -> list:
        return list(yaml.safe_load_all(self.say("emit", hypervisor, "09:00.0")))

    @unittest.skipUnless(yaml, "python3-yaml is not installed")
    def test_emitted_yaml(self):
        """What is meant for Kubernetes is, to a parser of YAML, the same whatever a capture says."""
        self.hostile_host("plain")
        forms = ("kubevirt", "harvester")
        meant = {form: self.plain_documents(form) for form in forms}
        features = self.say("survey", "--nfd")
        self.assertEqual([[d["kind"] for d in meant[form]] for form in forms],
                         [["KubeVirt", "VirtualMachine"], ["PCIDeviceClaim"]])
        for word in thin(HOSTILE_YAML, 3):
            subprocess.run(["rm", "-rf", self.tree.root], check=True)
            self.tree = type(self.tree)(self.directory / "host")
            with self.subTest(repr(word)):
                try:
                    self.hostile_host(word)
                except UnicodeEncodeError:
                    continue
                for form in forms:
                    text = self.say("emit", form, "09:00.0")
                    self.assertEqual(list(yaml.safe_load_all(text)), meant[form], text)
                    # Outside of comments there is nothing that a capture names.
                    for line in text.splitlines():
                        self.assertRegex(line, r"^(# .*|#|---|[ -]*[A-Za-z]+:( [\w./:-]+| \"[\w:.<>-]+\")?|)$", text)
                # node-feature-discovery takes a line for a feature; a label's value is a number.
                features_now = self.say("survey", "--nfd")
                for line in features_now.splitlines():
                    self.assertRegex(line, r"^(# [ -~]*|feature\.node\.kubernetes\.io/pcipass-kvm\.[0-9a-z_-]+=\d+)$")
                names = ["".join(re.findall(r"^[^=\n]*=", text, re.MULTILINE)) for text in (features, features_now)]
                self.assertEqual(*names)

    def test_emitted(self):
        """As a whole: bash runs no more than the meant commands, and XML holds no element but libvirt's."""
        for word in thin(HOSTILE, 3, 1):
            subprocess.run(["rm", "-rf", self.tree.root], check=True)
            self.tree = type(self.tree)(self.directory / "host")
            with self.subTest(repr(word)):
                self.hostile_host(word)
                for hypervisor in ("qemu", "proxmox"):
                    text = self.say("emit", hypervisor, "09:00.0")
                    self.assertIn("vfio" if hypervisor == "qemu" else "hostpci0", text)
                    self.nothing_else(word, "VMID=100\n" + text)
                    # Its comments as well, as a shell takes them that knows no comment.
                    for line in text.splitlines():
                        if "pcipass bind" in line:
                            self.nothing_else(word, line.replace("#", " "))
                text = self.say("emit", "libvirt", "09:00.0")
                names = {x.tag.rpartition("}")[2] for x in ElementTree.fromstring(f"<all>{text}</all>").iter()}
                self.assertLessEqual(names, {"all", "hostdev", "source", "address", "rom", "driver", "controller",
                                             "commandline", "arg", "cpu", "maxphysaddr"})


if __name__ == "__main__":
    unittest.main()
