#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Every field of what is known of a host, on a host that runs Windows: filled, or said to be not known, or
left at zero for a reason that tests/windows/facts gives. A new field without a line there fails.

usage: test-facts.py FACTS SOURCE_ROOT
"""

import re
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

FACTS, ROOT = sys.argv.pop(1), Path(sys.argv.pop(1))
sys.path.insert(0, str(ROOT / "tests/machines"))
import sampled  # noqa: E402
from machinery import sinks, windows  # noqa: E402

LIST = ROOT / "tests/windows/facts"
# Besides the samples: what none of them has.
SPECIAL = ({"Hypervisor": "guest", "ProcessorVendor": "GenuineIntel"}, {"HypervisorHardware": str(1 << 4 | 1 << 5)})


class Special(windows.WindowsWriter):
    """A machine whose devices are all disabled, and were used to start it."""

    def __init__(self, machine, system: dict[str, str]) -> None:
        super().__init__(machine)
        self.system = system

    def properties(self, f):
        return super().properties(f) | {"Problem": 22, "OnPostPath": 1}

    def write(self, sink, drop=frozenset()):
        before = dict(windows.SYSTEM)
        windows.SYSTEM.update(self.system)
        try:
            super().write(sink, drop)
        finally:
            windows.SYSTEM.clear()
            windows.SYSTEM.update(before)


def seen() -> dict[str, tuple[int, int]]:
    """By field: how often it is set, and how often zero, over all sample machines."""
    with tempfile.TemporaryDirectory() as scratch:
        captures = []
        for name, machine in sampled.machines():
            if not machine.as_root or machine.device_tree or machine.iommu.kind not in ("intel", "amd", "none"):
                continue
            writers = [windows.WindowsWriter(machine)]
            if name == "dl380p-gen8":
                writers += [Special(machine, system) for system in SPECIAL]
            for writer in writers:
                captures.append(f"{scratch}/{len(captures)}.tar")
                sink = sinks.open_sink(captures[-1])
                writer.write(sink)
                sink.close()
        out = subprocess.run([FACTS, *captures], check=True, capture_output=True, text=True).stdout
    rows = (line.split() for line in out.splitlines())
    return {field: (int(set_), int(zero)) for field, set_, zero in rows}


class Facts(unittest.TestCase):
    def test_each_field(self):
        """filled: in some device or host; always: in each, for zero would be a claim; zero: in none."""
        known, found = {}, seen()
        for line in LIST.read_text().splitlines():
            if line and not line.startswith("#"):
                row = re.fullmatch(r"(\S+)\s+(filled|always|zero)(?:: (\S.*))?", line)
                self.assertTrue(row, line)
                self.assertEqual(row[2] == "zero", bool(row[3]), f"{line}: a reason is for zero, and for zero only")
                known[row[1]] = row[2]
        self.assertEqual(set(found) - set(known), set(), f"not in {LIST}: is it read on Windows, or why not?")
        self.assertEqual(set(known) - set(found), set(), "there is no such field")
        for field, how in known.items():
            set_, zero = found[field]
            self.assertTrue(set_ + zero, field)
            if how == "filled":
                self.assertTrue(set_, f"{field}: no longer filled on Windows")
            elif how == "always":
                self.assertFalse(zero, f"{field}: left at zero on Windows, where it has to say that it was not read")
            else:
                self.assertFalse(set_, f"{field}: filled on Windows, though {LIST} says that it is not")


if __name__ == "__main__":
    unittest.main()
