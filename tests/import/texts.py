# SPDX-License-Identifier: GPL-2.0-or-later
"""What the tests of lib/import share: a sample's files, the texts that its tools would print of them, and
what pcipass reads of these. The program is the first argument of the test."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

PCIPASS = sys.argv.pop(1)
MACHINES = Path(__file__).resolve().parent.parent / "machines"
sys.path.insert(0, str(MACHINES))
from machinery.command import make  # noqa: E402
from machinery.model import MissingData  # noqa: E402

DATA = Path(os.environ.get("PCIPASS_TEST_DATA") or "/nonexistent")
LSPCI = shutil.which("lspci", path=os.environ.get("PATH", "") + ":/usr/bin:/usr/sbin")
TABLES = "sys/firmware/acpi/tables"


def pcipass(*words: str, text: str | bytes = "") -> subprocess.CompletedProcess:
    """The command, with what it said."""
    return subprocess.run([PCIPASS, *map(str, words)], check=False, capture_output=True,
                          input=text if isinstance(text, bytes) else text.encode())


def hex_lines(data: bytes, form: str) -> str:
    """As xxd, hexdump -C, hexdump or acpidump print it."""
    made = []
    for at in range(0, len(data), 16):
        row = data[at:at + 16]
        text = "".join(chr(b) if 32 <= b < 127 else "." for b in row)
        if form == "xxd":
            pairs = " ".join(row[n:n + 2].hex() for n in range(0, len(row), 2))
            made.append(f"{at:08x}: {pairs:39}  {text}")
        elif form == "words":
            padded = row + bytes(len(row) % 2)
            made.append(f"{at:07x} {' '.join(padded[n:n + 2][::-1].hex() for n in range(0, len(padded), 2))}")
        elif form == "hexdump":
            first, second = (" ".join(f"{b:02x}" for b in half) for half in (row[:8], row[8:]))
            made.append(f"{at:08x}  {first:23}  {second:23}  |{text}|")
        else:
            made.append(f"    {at:04X}: {' '.join(f'{b:02X}' for b in row):47}  {text}")
    return "\n".join(made) + "\n"


def squeezed(lines: str, length: int, digits: int = 8) -> str:
    """As hexdump without -v: rows that repeat are "*", and the length stands at the end."""
    made, before = [], None
    for line in lines.splitlines():
        row = line.split(" ", 1)[1]
        if row != before:
            made.append(line)
        elif made[-1] != "*":
            made.append("*")
        before = row
    return "\n".join([*made, f"{length:0{digits}x}"]) + "\n"


def acpidump(tables: dict[str, bytes]) -> str:
    """All tables, as acpidump prints them."""
    return "\n".join(f"{name} @ 0x{0xBDDA0000 + n * 0x1000:016X}\n{hex_lines(data, 'acpidump')}"
                     for n, (name, data) in enumerate(tables.items()))


class Importing(unittest.TestCase):
    """A sample's files, and the texts that its tools would print of them."""

    def setUp(self):
        if not LSPCI:
            self.skipTest("no lspci")
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.dir = Path(scratch.name)
        self.count = 0

    def sample(self, name: str) -> Path:
        """The files of a sample."""
        host = self.dir / "host"
        shutil.rmtree(host, ignore_errors=True)
        try:
            make(MACHINES / f"{name}.machine", "-o", host)
        except MissingData as e:
            self.skipTest(str(e))
        return host

    def lspci(self, host: Path, *options: str) -> str:
        """The real lspci on these files."""
        done = subprocess.run([LSPCI, "-A", "linux-sysfs", "-O", f"sysfs.path={host}/sys/bus/pci", *options],
                              capture_output=True, text=True, check=True)
        return done.stdout

    def file(self, text: str | bytes) -> Path:
        self.count += 1
        path = self.dir / f"text{self.count}"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    def texts(self, host: Path, *options: str) -> list[str]:
        """Everything that is there of a host, as texts."""
        made = [self.lspci(host, *options)]
        for name in ("var/log/dmesg.txt", "proc/iomem", "proc/interrupts", "proc/cmdline"):
            text = (host / name).read_text(errors="replace") if (host / name).exists() else ""
            # A capture keeps of these what decides, which need not look like the file any more.
            if text.strip() and ("root=" in text or name != "proc/cmdline") and ("CPU0" in text or name != "proc/interrupts"):
                made.append(text)
        tables = host / TABLES
        if tables.is_dir():
            found = {p.name: p.read_bytes() for p in sorted(tables.iterdir()) if p.is_file() and p.stat().st_size}
            if found:
                made.append(acpidump(found))
        dmi = host / "sys/firmware/dmi/tables"
        if (dmi / "DMI").exists() and (dmi / "smbios_entry_point").exists():
            made.append((dmi / "smbios_entry_point").read_bytes().ljust(0x20, b"\0") + (dmi / "DMI").read_bytes())
        return made

    def read(self, *texts: str | bytes, code: tuple = (0, 3)) -> dict:
        """The survey's document of these texts, without the texts' names and lines."""
        words = [w for text in texts for w in ("--from", self.file(text))]
        done = pcipass(*words, "--json")
        self.assertIn(done.returncode, code, done.stderr)
        self.said = done.stderr.decode()
        return self.without_origins(json.loads(done.stdout))

    @staticmethod
    def without_origins(document: dict) -> dict:
        for part in (document["host"], *document["devices"]):
            for finding in part["findings"]:
                finding.pop("origins")
        return document

    def compare(self, of_texts: dict, of_host: dict, what: str) -> tuple[int, int]:
        """Never another verdict; how many are the same, and how many unknown."""
        want = {d["address"]: d for d in of_host["devices"]}
        same = unknown = 0
        self.assertEqual({d["address"] for d in of_texts["devices"]}, set(want), what)
        for d in of_texts["devices"]:
            mine, theirs = d["verdict"], want[d["address"]]["verdict"]
            unsure = any(f["effect"] == "unknown" for f in d["findings"])
            if mine == theirs or (mine.startswith("blocked") and theirs.startswith("blocked")):
                same += 1
            elif mine == "unknown" or (mine == "care" and theirs == "assignable" and unsure):
                unknown += 1
            else:
                reasons = [(f["effect"], f["rule"]) for f in d["findings"]]
                hers = [(f["effect"], f["rule"]) for f in want[d["address"]]["findings"]]
                self.fail(f"{what}: {d['address']}: {mine} for {reasons}, the host says {theirs} for {hers}")
        return same, unknown
