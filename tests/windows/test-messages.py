#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What pcipass.exe says under wine of a Windows host, in every command, its help and its errors: nothing
that only Linux has.

usage: test-messages.py PCIPASS [NAME…]

The machine is that of gen8host.py, with all that it is asked for, without its tables, without devices, and
asked by a user who is no administrator.
"""

import json
import re
import shutil
import sys
import unittest
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "harness")]
import gen8  # noqa: E402
from gen8host import NEWER, Host  # noqa: E402
from subset import IS_WHOLE  # noqa: E402

LINUX = re.compile(r"\bsudo\b|(?<!PCI)\broot\b(?! complex| port| partition)|(?<![\w.])/(?:sys|proc|etc|boot|dev|var|usr)\b|"
                   r"\bdmesg\b|\blspci\b|initrd|initramfs|modprobe|\bvfio|\bkernel\b|systemd|journalctl|\bacpidump\b|"
                   r"IOMMU group|\buser \d|\bGRUB\b|update-|\bapt\b|/dev/|\bchmod\b", re.IGNORECASE)
# What speaks of Linux for a reason: captures and texts of Linux are read here, too.
ABOUT_LINUX = (
    "--kernel", "IOMMU groups, or those the kernel would make", "even if the kernel has made some",
    "where the kernel decides", "an IOMMU\n", "nor a text that pcipass reads: lspci", "works on Linux only",
    "On Windows these are left out", "Windows has no IOMMU groups, and Linux's", "FILE.cpio for an initrd",
    "there are no IOMMU groups here", "so the kernel refuses",  # what Linux's message means
)
COMMANDS = ("survey", "explain", "slots", "reserved", "check", "capture", "emit", "free", "apply", "undo", "status", "verify",
            "groups", "settings", "bind", "unbind", "override")
SETTINGS = ("list", "get", "set", "diff", "save", "load", "image")
LIVE = ("--from", "live:live")
# Of the questions and devices, every so many.
EVERY = 1 if IS_WHOLE else 4


def rules_texts(said: str) -> str:
    """Of a survey's JSON what people read; the names of its fields and files are an interface."""
    document = json.loads(said)
    return "\n".join(f["text"] for d in document["devices"] for f in d["findings"])


class Messages(Host):
    PREFIX = "wine-messages"
    maxDiff = None

    def setUp(self):
        super().setUp()
        self.asked = 0
        self.wrong: list[str] = []

    def look(self, *words: str, code: int | None = None, plain: bool = False) -> str:
        done = self.wine.run(self.wine.faults if plain else self.wine.exe, *words, cwd=self.directory,
                             **({"PCIPASS_PLAIN": "1"} if plain else {}))
        said = (done.stdout + done.stderr).decode(errors="replace")
        if code is not None:
            self.assertEqual(done.returncode, code, (words, said))
        self.assertTrue(said.strip() or not done.returncode, f"{words}: exit code {done.returncode}, and nothing said")
        self.asked += 1
        for line in (rules_texts(done.stdout.decode()) if "--json" in words and "survey" in words else said).splitlines():
            # A driver's name is the sample machine's own.
            if LINUX.search(line) and not any(part in line for part in ABOUT_LINUX) and not line.startswith("    see:"):
                self.wrong.append(f"{' '.join(words)}{' (no administrator)' * plain}: {line}")
        return said

    def without(self, *parts: str) -> str:
        """A directory that stands in for what wine lacks, but for the files of these names."""
        name = "less-" + "-".join(p.replace("/", "") for p in parts)
        shutil.copytree(self.directory / "live", self.directory / name, dirs_exist_ok=True)
        for path in sorted((self.directory / name).rglob("*")):
            if path.is_file() and any(part in str(path) for part in parts):
                path.unlink()
        return f"live:{name}"

    def every_device(self, source: str, *words: str) -> None:
        done = self.wine.pcipass("--from", source, "--json", cwd=self.directory)
        devices = [d["address"] for d in json.loads(done.stdout)["devices"] if d["verdict"] != "not-endpoint"]
        for address in devices[::EVERY]:
            self.look("--from", source, *words, "explain", address)

    def check(self, least: int) -> None:
        self.assertEqual(self.wrong, [])
        self.assertGreaterEqual(self.asked, least)

    def test_what_is_asked(self):
        asked = [(*LIVE, name, *words) for name in COMMANDS for words in
                 ((), ("slot2",), ("slot9",), ("no such",), ("--store", "efivars"), ("-o", "out.tar.gz", "--force"))]
        asked += [(name,) for name in COMMANDS]
        asked += [("settings", name, *words) for name in SETTINGS for words in
                  ((), ("RMRDS_Slot2",), ("none=1",), ("--store", "efivars"), ("--store", "image:none"))]
        asked += [(*LIVE, *words) for words in (
            ["emit", "hyperv", "slot2"], ["explain", "slot2", "--verbose"], ["survey", "--json"], ["--all"],
            ["survey", "--columns", "address,verdict,reason"], ["check", "slot2"], ["explain", "group3"],
            ["free", "slot2", "-o", "plan.json", "--force"], ["free", "02:00.0"], ["free", "all-slots"],
            ["explain", "--log", "Device is ineligible for IOMMU domain attach due to platform RMRR requirement"],
            ["explain", "--log", "BIOS requires that this device remain attached to BIOS-owned memory."])]
        asked += [["apply", "--plan", "plan.json"], ["apply", "--plan", "none"], ["apply", "--resume"], ["undo"],
                  ["verify", "--plan", "plan.json"], ["verify", "--plan", "pcipass.exe"], ["status"]]
        for plain in (False, True):
            # In the short form each is asked by one of the two, if at all.
            for words in asked[plain * EVERY // 2::EVERY]:
                self.look(*words, plain=plain)
        self.check(2 * len(asked) // EVERY - 1)

    def test_every_device(self):
        self.every_device("live:live")
        # No tables at all; a machine without an IOMMU; a guest; Windows without Hyper-V.
        self.every_device(self.without("acpi/tables"))
        self.every_device(self.without("DMAR"))
        self.every_device(self.without("Hypervisor"))
        self.every_device(self.without("HyperVRole"))
        self.check(40 // EVERY)

    def test_no_devices(self):
        self.wine.run("reg", "delete", r"HKLM\System\CurrentControlSet\Enum\PCI", "/f")
        for name in ("survey", "slots", "reserved", "explain", "groups", "check", "capture", "free"):
            self.look(name, "slot2") if name in ("explain", "check", "free") else self.look(name)
        self.check(8)

    def test_help(self):
        for words in ([], *([c] for c in COMMANDS), *(["settings", c] for c in SETTINGS)):
            said = self.look(*words, "--help")
            self.assertNotIn("--attach", said)
        self.look("--version", code=0)
        self.look("--nonsense", code=2)
        self.look("surve", code=2)
        self.check(25)

    def test_once_applied(self):
        self.live("free", "slot2", "--yes")
        for plain in (False, True):
            for words in (["status"], ["verify"], ["apply", "--resume"], ["free", "slot2"], ["settings", "get", "RMRDS_Slot2"],
                          ["undo", "--dry-run"], ["undo"]):
                self.look(*(LIVE if words[0] in ("verify", "free") else ()), *words, plain=plain)
        (self.state / "apply.json").write_text("{")
        for words in (["status"], ["verify"], ["undo"], ["apply", "--resume"]):
            self.look(*words)
        shutil.rmtree(self.state)
        self.state.mkdir()
        self.state.chmod(0o777)
        for words in (["status"], ["verify"], ["undo"], [*LIVE, "free", "slot2", "--yes"]):
            self.look(*words)
        self.check(20)

    def test_what_fails(self):
        for mode in ("driver", "half", "lie", "die"):
            shutil.rmtree(self.state, ignore_errors=True)
            self.conrep.reset()
            self.conrep.mode(mode)
            self.look(*LIVE, "free", "all-slots", "--yes")
            self.look("settings", "set", "--yes", f"RMRDS_Slot2={gen8.NEW}")
        shutil.rmtree(self.drive / NEWER)
        self.look(*LIVE, "free", "slot2", "--yes")
        self.look("settings", "list")
        self.check(10)


if __name__ == "__main__":
    gen8.start()
    unittest.main()
