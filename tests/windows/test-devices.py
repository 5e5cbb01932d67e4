#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""pcipass.exe surveys devices under wine, whose properties the real SetupAPI gives it: what it says is what
the same machine gives as a capture made under Linux, and a capture made there is read here.

usage: test-devices.py PCIPASS [--few] [NAME…]

What wine does not have comes from a directory, live:DIR: tables, and whether Hyper-V runs. Resources are
not to be had there at all, so that nothing is compared that rests on them.
"""

import json
import subprocess
import sys
import tarfile
import tempfile
import unittest
from pathlib import Path

PCIPASS = Path(sys.argv.pop(1)).resolve()
HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "machines"), str(HERE.parent / "harness")]
import registry  # noqa: E402
import sampled  # noqa: E402
import wine  # noqa: E402
from machinery import sinks, windows  # noqa: E402
from subset import thin  # noqa: E402

MACHINES = ("dl380p-gen8", "dl380p-gen8-freed", "overlapping-regions", "switch-cards", "desktop-relaxable", "amd-board",
            "gen8-places", "conventional-pci")
OF_RESOURCES = {"hyperv-mmio"}


def rules(device: dict) -> dict:
    """What each rule says, but for what rests on resources."""
    return {f["rule"]: f["effect"] for f in device["findings"] if f["rule"] not in OF_RESOURCES}


class Devices(unittest.TestCase):
    """One machine after the other, planted in the registry."""

    @classmethod
    def setUpClass(cls):
        cls.scratch = tempfile.TemporaryDirectory()
        cls.directory = Path(cls.scratch.name)
        cls.wine = wine.Wine(cls.directory)
        cls.machines = dict(sampled.machines())

    @classmethod
    def tearDownClass(cls):
        cls.scratch.cleanup()

    def plant(self, name: str, drop: frozenset[str] = frozenset(), leave: str = "") -> tuple[Path, Path]:
        """Its capture as Windows has it, and the directory that stands in for what wine lacks."""
        writer = windows.WindowsWriter(self.machines[name])
        capture, stand_in = Path(self.directory, f"{name}.tar"), Path(tempfile.mkdtemp(dir=self.directory))
        sink = sinks.open_sink(str(capture))
        writer.write(sink, drop)
        sink.close()
        for path, data in registry.stand_ins(writer).items():
            if not leave or leave not in path:
                file = stand_in / path
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(data)
        (self.directory / "plant.reg").write_bytes(registry.script(writer, drop))
        done = self.wine.run("regedit", "/S", self.directory / "plant.reg", cwd=self.directory)
        self.assertEqual(done.returncode, 0)
        return capture, stand_in

    def surveyed(self, stand_in: Path) -> dict:
        done = self.wine.pcipass("--from", f"live:{stand_in.name}", "--json", cwd=self.directory)
        self.assertIn(done.returncode, (0, 3), done.stderr)
        return json.loads(done.stdout)

    def here(self, capture: Path, *words: str) -> dict:
        done = subprocess.run([PCIPASS, "--from", capture, *words, "--json"], capture_output=True, text=True, check=False)
        self.assertIn(done.returncode, (0, 3), done.stderr)
        return json.loads(done.stdout)

    def test_every_machine(self):
        """The properties as they were planted, and the verdicts that follow."""
        count = 0
        for name in thin(MACHINES, 6):
            with self.subTest(name):
                capture, stand_in = self.plant(name)
                there, here = self.surveyed(stand_in), self.here(capture)
                self.assertEqual([d["address"] for d in there["devices"]], [d["address"] for d in here["devices"]])
                for one, other in zip(there["devices"], here["devices"], strict=True):
                    count += 1
                    for key in ("vendor", "device", "class", "driver", "place", "onboard"):
                        self.assertEqual(one[key], other[key], f"{one['address']} {key}")
                    self.assertEqual(rules(one), rules(other), one["address"])
                    texts = [[f["text"] for f in d["findings"] if f["rule"] not in OF_RESOURCES] for d in (one, other)]
                    self.assertEqual(*texts, one["address"])
                    if not any(f["rule"] in OF_RESOURCES and f["effect"] == "degrades" for f in other["findings"]):
                        self.assertEqual(one["verdict"], other["verdict"], one["address"])
        print(f"{count} devices", file=sys.stderr)

    def test_captured_there_read_here(self):
        """The archive, made by the program for Windows, says here what was said there."""
        _, stand_in = self.plant("dl380p-gen8")
        done = self.wine.pcipass("--from", f"live:{stand_in.name}", "capture", "-o", "made.tar.gz", cwd=self.directory)
        self.assertEqual(done.returncode, 0, done.stderr)
        there, here = self.surveyed(stand_in), self.here(self.directory / "made.tar.gz")
        for document in (there, here):
            for d in document["devices"]:
                d.pop("name")
        self.assertEqual(there["devices"], here["devices"])
        self.assertEqual(there["host"]["windows"], here["host"]["windows"])

    def test_unpacked(self):
        """The same capture as a directory; what in it is too long, or empty, is not known."""
        capture, _ = self.plant("dl380p-gen8")
        whole = self.there_from(capture.name)
        unpacked = self.directory / "unp\u00e4cked here"
        unpacked.mkdir()
        with tarfile.open(capture) as tar:
            tar.extractall(unpacked)
        self.assertEqual(self.there_from(unpacked.name), whole)
        self.assertEqual(self.there_from(str(unpacked)), whole)
        directory = unpacked / "windows/devices/0000-07-00.0"
        for name, change in (("RequiresReservedMemoryRegion", lambda p: p.write_bytes(b"0" * (17 << 20))),
                             ("AcsCompatibleUpHierarchy", lambda p: p.write_bytes(b"")),
                             ("DeviceType", lambda p: (p.unlink(), p.mkdir()))):
            change(directory / name)
        told = {d["address"]: d for d in self.there_from(unpacked.name)["devices"]}
        self.assertEqual(rules(told["0000:07:00.0"])["hyperv-acs"], "unknown")
        self.assertEqual(rules(told["0000:07:00.0"])["hyperv-conventional"], "unknown")
        # Wine shows a link of Linux as the directory that it leads to: one without an end.
        (unpacked / "windows/again").symlink_to(unpacked / "windows", target_is_directory=True)
        done = self.wine.pcipass("--from", unpacked.name, "--json", cwd=self.directory)
        self.assertEqual((done.returncode, done.stdout), (4, b""), done.stderr)

    def there_from(self, name: str) -> dict:
        done = self.wine.pcipass("--from", name, "--json", cwd=self.directory)
        self.assertIn(done.returncode, (0, 3), done.stderr)
        return json.loads(done.stdout)

    def test_missing_properties(self):
        _, stand_in = self.plant("dl380p-gen8", frozenset({"AcsCompatibleUpHierarchy", "InterruptSupport"}))
        told = {d["address"]: d for d in self.surveyed(stand_in)["devices"]}
        self.assertEqual({r for r, effect in rules(told["0000:07:00.0"]).items() if effect == "unknown"},
                         {"hyperv-acs", "hyperv-interrupts"})

    def test_tables_that_are_refused(self):
        """Wine refuses ACPI tables: the property still tells of a region, and the verdict is never better."""
        _, stand_in = self.plant("dl380p-gen8", leave="acpi/tables")
        told = {d["address"]: d for d in self.surveyed(stand_in)["devices"]}
        self.assertEqual(rules(told["0000:07:00.0"])["hyperv-region"], "blocks")
        self.assertEqual(rules(told["0000:07:00.0"])["hyperv-machine"], "unknown")

    def faulty(self, stand_in: Path, **faults: str) -> dict:
        done = self.wine.run(wine.BUILD / "pcipass-faults.exe", "--from", f"live:{stand_in.name}", "--json", cwd=self.directory,
                             **faults)
        self.assertIn(done.returncode, (0, 3), (faults, done.stdout[:2000], done.stderr))
        return json.loads(done.stdout)

    def test_a_device_that_vanishes(self):
        """In front of any question about it: no verdict gets better or is a guess, neither its own nor, of a
        bridge, those of what is below it."""
        _, stand_in = self.plant("dl380p-gen8-freed")
        whole = {d["address"]: d for d in self.faulty(stand_in)["devices"]}
        changed: set[str] = set()
        n, last = 1, None
        while True:
            told = {d["address"]: d for d in self.faulty(stand_in, PCIPASS_GONE=str(n))["devices"]}
            self.assertLessEqual(set(told), set(whole))
            # A device without an address is passed over.
            others = [a for a in whole if a not in told or told[a] != whole[a]]
            if not others and last is not None and last > 40:
                break
            last = 0 if others else (last or 0) + 7
            for a in set(others) & set(told):
                # Below a bridge that is gone no slot is known, and so no setting.
                worse = ("unknown", "blocked") if whole[a]["verdict"] == "blocked-fixable" else ("unknown",)
                self.assertIn(told[a]["verdict"], (whole[a]["verdict"], *worse), (n, a))
            changed |= set(others)
            n += 7
        self.assertGreater(len(changed), len(whole) // 2)
        print(f"vanished in front of {n // 7} questions, {len(changed)} devices", file=sys.stderr)

    def test_no_table_at_all(self):
        """The system gives neither ACPI's tables nor SMBIOS; without stand-ins, so that it is asked."""
        self.plant("dl380p-gen8")
        empty = Path(tempfile.mkdtemp(dir=self.directory))
        document = self.faulty(empty, PCIPASS_REFUSE="1")
        told = {d["address"]: d for d in document["devices"]}
        self.assertIsNone(document["host"]["product"])
        self.assertEqual(rules(told["0000:07:00.0"])["hyperv-region"], "blocks")
        self.assertFalse({d["verdict"] for d in told.values()} & {"assignable", "care"})

    def test_this_prefix_as_it_is(self):
        """Without anything planted or standing in: a guest, or no Hyper-V, and no verdict that is too good."""
        self.plant("dl380p-gen8-freed")
        done = self.wine.pcipass("--json", cwd=self.directory)
        self.assertIn(done.returncode, (0, 3), done.stderr)
        verdicts = {d["verdict"] for d in json.loads(done.stdout)["devices"]}
        self.assertFalse(verdicts & {"assignable", "care"}, verdicts)


if __name__ == "__main__":
    why = wine.why_not(PCIPASS)
    if why:
        wine.skip(why)
    unittest.main()
