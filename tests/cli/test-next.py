#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Every answer for people ends in something to type, on every sample machine and recorded one, and
what is typed is understood.

usage: test-next.py PCIPASS DATA
"""

import json
import os
import re
import shlex
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

PCIPASS, DATA = Path(sys.argv.pop(1)).resolve(), Path(sys.argv.pop(1))
TESTS = Path(__file__).parent.parent
sys.path[:0] = [str(TESTS / "machines"), str(TESTS / "harness")]
import sampled  # noqa: E402
from subset import some  # noqa: E402

COMMAND = re.compile(r"(?:sudo )?pcipass(?: --from (?:'[^']*'|\S+))?(?: --for \S+)?"
                     r"(?: (?:explain|check|free|bind|emit (?:qemu|proxmox|xen|hyperv)|groups|verify --attach|capture -o|verify))?"
                     r"(?: [0-9a-z:.]+)?(?=$|,|;| \(as root)", re.MULTILINE)
ON_THE_HOST = ("bind", "free", "verify", "capture")


class Next(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.directory = cls.enterClassContext(tempfile.TemporaryDirectory())
        cls.captures = [path for _, path in sampled.captures(cls.directory)]
        cls.recorded = sorted(str(p) for p in DATA.glob("truth/*/capture.tar.gz"))

    def run_pcipass(self, *arguments) -> subprocess.CompletedProcess:
        return subprocess.run([PCIPASS, *arguments], capture_output=True, text=True, check=False, timeout=120,
                              env={**os.environ, "COLUMNS": "4000"})

    def typed(self, capture: str, command: str, what: str) -> None:
        """The command is one, and names a device that is there."""
        words = [w for w in shlex.split(command) if w != "sudo"]
        self.assertEqual(words[0], "pcipass", what)
        rest = words[3:] if words[1:2] == ["--from"] else words[1:]
        if rest[:1] == ["capture"] or rest == ["verify"]:
            return
        if rest and rest[0] == "free":
            rest = rest if "--dry-run" in rest else [*rest, "--dry-run"]
        elif rest and rest[0] in ON_THE_HOST:
            rest = ["check", rest[-1]]
        key = capture, *rest
        if key not in self.known:
            self.known[key] = self.run_pcipass("--from", capture, *rest).returncode
        self.assertNotIn(self.known[key], (2, 4), (what, command))

    def ends(self, capture: str, *arguments) -> str:
        """The last paragraph that begins with "Next: "; its commands are typed."""
        done = self.run_pcipass("--from", capture, *arguments)
        what = f"{Path(capture).name}: {arguments}"
        text = done.stdout.rstrip().rpartition("\nNext: ")[2]
        self.assertNotEqual(text, done.stdout.rstrip(), what + done.stdout + done.stderr)
        first = text.splitlines()[0]
        self.assertTrue(re.search(COMMAND.pattern + r"$", first) or "\n      to do it: pcipass " in text, what + text)
        found = [m.group(0) for m in COMMAND.finditer(text)]
        self.assertTrue(found, what + text)
        for command in found:
            self.typed(capture, command, what)
        return text

    def one(self, capture: str) -> None:
        """All answers about one machine; of devices with the same reasons one."""
        self.known: dict = {}
        self.ends(capture)
        seen = set()
        for device in json.loads(self.run_pcipass("--from", capture, "--json").stdout)["devices"]:
            driver = device["driver"] or ""
            why = (device["verdict"], device["by_free"], "vfio" in driver, tuple(sorted({f["rule"] for f in device["findings"]})))
            if why in seen or len(seen) > 6:
                continue
            seen.add(why)
            address = device["address"]
            self.ends(capture, "explain", address)
            said = self.run_pcipass("--from", capture, "check", address).stdout
            self.assertEqual(said.count("\n"), 1)
            command = re.search(r"; (?:next|to free it)(?:, as (?:root|an administrator) on that host)?: (.*)", said)
            self.assertTrue(command, said)
            self.typed(capture, command.group(1), said)
            self.plan(capture, address)

    def plan(self, capture: str, address: str) -> None:
        """free, where it has a plan, and verify with that plan."""
        plan = Path(self.directory) / "plan.json"
        plan.unlink(missing_ok=True)
        shown = self.run_pcipass("--from", capture, "free", address, "-o", plan)
        if shown.returncode:
            self.assertIn(f"explain {address}", shown.stderr)
            return
        self.assertRegex(shown.stdout, r"(?m)^Next: .*pcipass ")
        steps = json.loads(plan.read_text())["steps"]
        if steps:
            self.ends(capture, "verify", "--plan", str(plan))

    def test_samples(self):
        self.assertGreater(len(self.captures), 10)
        for capture in some(self.captures, 8):
            with self.subTest(capture):
                self.one(capture)

    def test_other_targets(self):
        """free makes plans for KVM, so what is offered for another hypervisor is no such command."""
        for capture in some(self.captures, 8):
            devices = json.loads(self.run_pcipass("--from", capture, "--json").stdout)["devices"]
            for target in ("hyperv", "xen"):
                self.known = {}
                with self.subTest(capture, target=target):
                    said = self.ends(capture, "--for", target)
                    for command in re.findall(r"then (pcipass .*)", said):
                        self.assertIn(f"--for {target} ", command)
                    for device in devices[:3]:
                        said = self.ends(capture, "--for", target, "explain", device["address"])
                        self.assertNotIn(" free ", said)

    def sample(self, name: str) -> str:
        return next(c for c in self.captures if Path(c).name.split(".")[0] == name)

    def test_substitute(self):
        """Virtual functions that are free are not switched off by what is shown below them."""
        self.known = {}
        said = self.ends(self.sample("sriov-nic"))
        self.assertRegex(said, r"^pcipass bind 41:10\.0 .*, then pcipass --from \S+ emit qemu 41:10\.0$")
        survey = self.run_pcipass("--from", self.sample("sriov-nic")).stdout
        self.assertRegex(survey, r"remedy: .*: 41:10\.0\n +to free the physical function: pcipass free slot1\n")

    def test_no_more_than_the_device_needs(self):
        """To free the slot would also switch off what the other function has."""
        said = self.run_pcipass("--from", self.sample("sriov-nic"), "check", "41:00.1").stdout
        self.assertRegex(said, r"; to free it, as root on that host: pcipass free 41:00\.1\n\Z")

    def test_names(self):
        capture = self.sample("dl380p-gen8")
        for typed, name in (("slot 2", "slot2"), ("0000:07:00.0", "07:00.0"), ("7:0.0", "07:00.0"),
                            ("group 19", "group19"), ("1000:0087", "1000:0087")):
            said = self.run_pcipass("--from", capture, "explain", typed).stdout
            self.assertTrue(said.rstrip().endswith(f"pcipass free {name}"), said)
        self.assertRegex(self.run_pcipass("--from", capture, "check", "all-slots").stdout,
                         r"^0000:07:00\.0 \(worst of 4\): fixable: ")

    def test_options_are_kept(self):
        """What is suggested is what was asked for."""
        gen8, amd, desktop = (self.sample(x) for x in ("dl380p-gen8", "amd-board", "desktop-relaxable"))
        for words, next_one in (
                (("--from", gen8, "free", "slot2", "--dry-run", "--store", "hp:/opt/x/conrep"),
                 r"Next: run pcipass free slot2 --store hp:/opt/x/conrep as root "),
                (("--from", gen8, "free", "slot2", "--dry-run", "--by", "table-override"),
                 r"Next: run pcipass free slot2 --by table-override as root "),
                (("--from", amd, "--kernel", "6.12"), rf"More: pcipass --from {amd} --kernel 6.12 explain 01:00.0$"),
                (("--from", amd, "check", "01:00.0", "--kernel", "6.12"),
                 rf"; next: pcipass --from {amd} --kernel 6.12 explain 01:00.0$"),
                (("--from", desktop, "free", "01:00.0", "--dry-run"), rf"then pcipass --from {desktop} emit qemu 01:00.0$")):
            said = " ".join(self.run_pcipass(*words).stdout.split())
            self.assertRegex(said, next_one)

    def test_after_what_is_left_to_a_person(self):
        """The device that was asked for is not where it was, or never becomes free: "check" of it would say no for ever."""
        for name, words, then in (("sriov-nic", "slot1 --by use-vf", "run pcipass, which lists the virtual functions"),
                                  ("dl380p-gen8", "slot3 --by another-slot", "reboot, then run pcipass, which lists the device at its new address"),
                                  ("amd-board-k612", "01:00.0 --by bios-preboot-dma", "reboot, then run pcipass check 01:00.0")):
            said = self.run_pcipass("--from", self.sample(name), "free", *words.split(), "--dry-run").stdout
            self.assertIn(f"Next: pcipass does not do this for you: do it by hand, {'then ' * (then[:3] == 'run')}{then}",
                          " ".join(said.split()), words)
        said = self.run_pcipass("--from", self.sample("sriov-nic"), "explain", "slot1").stdout
        self.assertRegex(said, r"\nNext: pcipass bind 41:10\.0 ")

    def test_what_the_host_runs_from(self):
        """bind would refuse it."""
        capture = self.sample("boot-disk")
        for address in ("00:14.0", "00:1f.3", "01:00.0"):
            said = self.run_pcipass("--from", capture, "explain", address).stdout
            self.assertRegex(said, r"\nNext: the host runs from it; .*: pcipass --from \S+\n\Z")
            said = self.run_pcipass("--from", capture, "check", address).stdout
            self.assertRegex(said, rf"; next: pcipass --from \S+ explain {address}\n\Z")
        said = self.run_pcipass("--from", capture).stdout
        self.assertRegex(said, r"\nNext: pcipass bind 02:00\.0 ")

    def test_background_only_where_refused(self):
        said = self.run_pcipass("--from", self.sample("desktop-relaxable"), "explain", "00:02.0").stdout
        self.assertIn("verdict  assignable", said)
        self.assertIn("its reserved region does not block it", said)
        self.assertNotIn("Why a guest cannot have it", said)
        said = self.run_pcipass("--from", self.sample("dl380p-gen8"), "explain", "slot2").stdout
        self.assertIn("Why a guest cannot have it", said)

    def test_recorded(self):
        if not self.recorded:
            self.skipTest("no recorded machines here")
        for capture in some(self.recorded[::10], 2):
            with self.subTest(capture):
                self.one(capture)


if __name__ == "__main__":
    unittest.main()
