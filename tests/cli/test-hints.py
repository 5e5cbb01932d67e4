#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The commands that pcipass names next, on each sample machine and behind each misunderstanding: every
one is run as it stands, but for the device's name where it says DEVICE."""

import contextlib
import json
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

PCIPASS = Path(sys.argv.pop(1)).resolve()
MACHINES = Path(__file__).parent.parent / "machines"
sys.path.insert(0, str(MACHINES.resolve()))
from machinery.command import make  # noqa: E402
from machinery.model import MissingData  # noqa: E402

AS_USER = "-user,"  # what root would be told is not in that capture
TO_FREE = r"to do it: (pcipass free \S+)"


def squeezed(text: str) -> str:
    """Without line breaks."""
    return re.sub(r"\s+", " ", text)


class Hints(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.directory = Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        # Names that the shell would take apart.
        for recipe in MACHINES.glob("*.machine"):
            with contextlib.suppress(MissingData):
                make(recipe, "-o", cls.directory / f"{recipe.stem}, its.tar")

    def type(self, line: str, *codes: int) -> str:
        """What it says, as a shell runs it."""
        done = subprocess.run(["bash", "-c", line], cwd=self.directory, capture_output=True, text=True,
                              check=False, stdin=subprocess.DEVNULL, timeout=60,
                              env={"PATH": f"{PCIPASS.parent}:/usr/bin:/bin", "COLUMNS": "80",
                                   "LC_ALL": "C.UTF-8"})
        self.assertIn(done.returncode, codes or (0,), f"{line}: {done.stdout}{done.stderr}")
        self.assertNotIn("Sanitizer", done.stderr)
        return done.stdout + done.stderr

    def samples(self) -> list[str]:
        found = sorted(p.name for p in self.directory.glob("*.tar"))
        self.assertGreater(len(found), 8)
        return found

    def freed(self, sample: str, command: str) -> None:
        """The command has a plan, and a program carries out all of it."""
        line = command.replace("pcipass ", f"pcipass --json --from '{sample}' ", 1) + " --dry-run"
        plan = self.type(line)
        kinds = [s["kind"] for s in json.loads(plan)["steps"]]
        self.assertTrue(kinds and "instruction" not in kinds, f"{sample}: {command}: {kinds}")

    def test_surveys(self):
        """Each "to do it", and what the survey ends with."""
        counts = {"to do it": 0, "More": 0, "emit": 0}
        for sample in self.samples():
            survey = self.type(f"pcipass --from '{sample}'")
            devices: list[str] = []
            for line in survey.splitlines():
                row = re.match(r"  ([0-9a-f:]{3,}[0-9a-f]{2}\.[0-7]) ", line)
                free = re.search(TO_FREE, line)
                if row:
                    devices = [*devices, row.group(1)] if not free else [row.group(1)]
                elif free and devices:
                    counts["to do it"] += 1
                    self.freed(sample, free.group(1).replace("DEVICE", devices[-1]))
            emit = re.search(r"Next: (?:pcipass bind \S+ \(as root, on that host\), then )?"
                             r"(pcipass --from '.*?' emit qemu \S+)", squeezed(survey))
            if emit:
                counts["emit"] += 1
                self.assertIn("vfio-pci,host=", self.type(emit.group(1)))
            more = re.search(r"^More: (.*)", survey, re.MULTILINE | re.DOTALL)
            if more:
                counts["More"] += 1
                self.explained(sample, self.type(squeezed(more.group(1))))
        self.assertGreater(counts["to do it"], 10)
        self.assertGreater(counts["More"], 5)
        self.assertGreater(counts["emit"], 4)

    def explained(self, sample: str, text: str) -> None:
        """What an explanation ends with."""
        text = squeezed(text)
        found = re.search(r"To see what frees it: (pcipass .*? --dry-run) "
                          r"Next: as root on that host \(it asks first\): (pcipass free \S+)$", text.strip())
        if not found:
            self.assertNotIn("To see what frees it", text)
            return
        self.freed(sample, found.group(2))
        if AS_USER in sample:
            return
        planned = squeezed(self.type(found.group(1)))
        self.freed(sample, re.search(r"run (pcipass free .*?) as root", planned).group(1))

    def test_checks_and_plans(self):
        """The answer in one line, and a plan that only a person can carry out."""
        named = left = 0
        for sample in (s for s in self.samples() if AS_USER not in s):
            survey = json.loads(self.type(f"pcipass --from '{sample}' --json"))
            seen = set()
            for device in survey["devices"]:
                why = str([(f["rule"], [c["id"] for c in f["remedies"]]) for f in device["findings"]])
                if device["verdict"] != "blocked-fixable" or why in seen:
                    continue
                seen.add(why)
                said = self.type(f"pcipass --from '{sample}' check {device['address']}", 1)
                free = re.search(r"; to free it, as root on that host: (pcipass free .*)", said)
                plan = self.type(f"pcipass --from '{sample}' free {device['address']} --dry-run", 0, 1)
                if free:
                    named += 1
                    self.assertIn("it asks before it changes anything", squeezed(plan))
                elif "pcipass does not do this for you" in squeezed(plan):
                    left += 1
                    check = re.search(r"then run (pcipass check \S+|pcipass(?=, which lists the ))", squeezed(plan)).group(1)
                    self.type(check.replace("pcipass", f"pcipass --from '{sample}'", 1), 1 if "check" in check else 0)
        self.assertGreater(named, 5)
        self.assertGreater(left, 2)

    def test_other_ways(self):
        """Each name in brackets is one for --by."""
        sample = "dl380p-gen8-iommu-off, its.tar"
        plan = self.type(f"pcipass --from '{sample}' free slot2 --dry-run")
        for way in re.findall(r"^  \[(\S+)\] (?!.*not here)", plan, re.MULTILINE):
            one = squeezed(self.type(f"pcipass --from '{sample}' free slot2 --by {way} --dry-run"))
            self.assertIn(f"pcipass free slot2 --by {way} as root" if "it asks" in one else
                          "pcipass check slot2", one)

    def test_misunderstood(self):
        """What an error's hint says works."""
        sample = shlex.quote(self.samples()[0])
        self.type(f"cp {sample} a.tar; cp {sample} 00:1f.2")
        here = next((p.name for p in Path("/sys/bus/pci/devices").glob("*")), None)
        for line in (f"pcipass {here}" if here else "pcipass slot2", "pcipass a.tar", "pcipass survey a.tar",
                     "pcipass --nonsense", "pcipass check --nonsense", "pcipass check", "pcipass reserved -ox",
                     "pcipass check --all", "pcipass-conrep -z", "pcipass-conrep -s -l"):
            hints = re.findall(r"(?:try|see) (pcipass[^;\n]*)", self.type(line, 2, 7))
            self.assertTrue(hints, line)
            for hint in hints:
                self.type(hint, *((0, 1, 3) if here else (0, 1, 2, 3)))

    def test_options_that_hints_name(self):
        """Each option of a hint is taken where the hint says so."""
        host = "--from 'dl380p-gen8, its.tar'"
        for line, code, word, then in (
                (f"pcipass {host} free slot2", 2, "add --dry-run or -o", "--dry-run"),
                (f"pcipass {host} free slot2", 2, "add --dry-run or -o", "-o p.json"),
                (f"pcipass {host} free slot2 -o p.json", 4, "--force replaces it", "--force"),
                (f"pcipass {host} override build 02:00.0 -o o.cpio", 0, "", ""),
                (f"pcipass {host} override build 02:00.0 -o o.cpio", 4, "--force replaces it", "--force"),
                ("pcipass capture -o c.tar", 0, "", ""),
                ("pcipass capture -o c.tar", 4, "--force replaces it", "--force"),
                (f"pcipass settings image i {host}", 0, "", ""),
                (f"pcipass settings image i {host}", 4, "--force replaces it", "--force"),
                ("pcipass settings save --store image:i -o s.dat", 0, "", ""),
                ("pcipass settings save --store image:i -o s.dat", 4, "--force replaces it", "--force"),
                ("pcipass free", 2, "or --plan FILE", "--plan p.json --dry-run"),
                (f"pcipass {host} verify", 2, "need --plan FILE", "--plan p.json")):
            self.assertIn(word, self.type(line, code), line)
            if then:
                self.type(f"{line} {then}", *((0, 1) if "verify" in line or "--plan" in then else (0,)))
        self.assertIn("need auto, always or never", self.type("pcipass --color x", 2))
        self.type("pcipass settings image i4 --store image:i")
        self.assertIn("--schema: empty file name", self.type("pcipass settings list --schema ''", 2))
        self.type(f"pcipass {host} --color never; pcipass {host} --color always --all")
        for line, word in (("pcipass apply", "need --plan FILE or --resume"),
                           ("pcipass apply --resume --dry-run", "--dry-run is for --plan"),
                           (f"pcipass settings image x {host} --store image:i",
                            "either --from, a blank image with that machine's identity, or --store"),
                           ("pcipass verify --take", "--take and --reset are for --attach"),
                           (f"pcipass {host} verify --attach slot2", "cannot try a device of another host"),
                           ("pcipass verify --attach slot2 --plan x", "--plan and --attach exclude each other"),
                           ("pcipass free --plan x --by y", "--by, --store, --from and -o are for making a plan")):
            self.assertIn(word, self.type(line, 2), line)


class Hypervisors(unittest.TestCase):
    """What remedies and prices tell to a hypervisor is taken by it."""

    @unittest.skipUnless(shutil.which("qemu-system-x86_64"), "QEMU is not installed")
    def test_qemu(self):
        for line in ("-machine max-ram-below-4g=2G", "-machine max-ram-below-4g=1G",
                     "-device intel-iommu,intremap=on -machine q35",
                     "-machine q35,kernel-irqchip=split -device intel-iommu,intremap=on",
                     "-fw_cfg name=opt/ovmf/X-PciMmio64Mb,string=262144"):
            done = subprocess.run(["qemu-system-x86_64", *line.split(), "-accel", "tcg", "-display",
                                   "none", "-nodefaults", "-S", "-monitor", "stdio"], input="quit\n",
                                  capture_output=True, text=True, check=False, timeout=60)
            self.assertEqual((done.returncode, done.stderr), (0, ""), line)

    @unittest.skipUnless(shutil.which("virt-xml-validate"), "virt-xml-validate is not installed")
    def test_libvirt(self):
        text = ('<domain type="qemu"><name>x</name><memory>1048576</memory><os><type machine="q35">hvm'
                "</type></os><features><ioapic driver='qemu'/></features><devices>"
                "<iommu model='intel'><driver intremap='on'/></iommu></devices></domain>")
        with tempfile.TemporaryDirectory() as directory:
            path = Path(directory) / "domain.xml"
            for good, made in ((True, text), (True, text.replace("><driver intremap='on'/></iommu>", "/>")),
                               (False, text.replace("<driver", "<drover"))):
                path.write_text(made)
                done = subprocess.run(["virt-xml-validate", path, "domain"], capture_output=True,
                                      check=False)
                self.assertEqual(done.returncode == 0, good, made)


if __name__ == "__main__":
    unittest.main()
