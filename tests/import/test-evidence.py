#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The table of doc/evidence.md: what each source tells of a sample, found out by reading it, and every kind of support
bundle and text among its rows.

usage: test-evidence.py PCIPASS [--write]
"""

import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import unittest
from pathlib import Path

WRITE = "--write" in sys.argv
if WRITE:
    sys.argv.remove("--write")
HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path.insert(0, str(HERE))
import bundles  # noqa: E402

_spec = importlib.util.spec_from_file_location("test_bundles", HERE / "test-bundles.py")
trees = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(trees)
texts, pcipass = trees.texts, trees.pcipass
_spec = importlib.util.spec_from_file_location("test_readers", HERE / "test-readers.py")
readers = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(readers)

FACTS = ("Devices", "Drivers", "Groups", "Configuration", "IOMMU", "Regions", "Interrupts", "Kernel", "Machine")
BEGIN, END = "<!-- table: tests/import/test-evidence.py --write -->\n", "<!-- end of table -->\n"
HBA = "0000:07:00.0"


def facts_of(survey: dict, want: set) -> set:
    """Which facts a survey knows."""
    host, devices = survey["host"], {d["address"]: d for d in survey["devices"]}
    hba = devices.get(HBA, {})
    rules = {f["rule"] for d in survey["devices"] for f in d["findings"] if f["effect"] == "unknown"}
    unread = {u["path"] for u in host["unread"]}
    known = {"Devices": set(devices) == want, "Drivers": hba.get("driver"), "Groups": hba.get("group") is not None,
             "Configuration": devices and "config-unread" not in rules and "sys/bus/pci/devices/*/config" not in unread,
             "IOMMU": host["iommu_on"] is not None,
             "Regions": "sys/firmware/acpi/tables/DMAR" not in unread,
             "Interrupts": host["interrupt_remapping"] is not None, "Kernel": host["kernel"], "Machine": host["product"]}
    return {fact for fact, is_known in known.items() if is_known}


class Evidence(trees.Bundles):
    """Each source by itself, or with the list of devices that it needs beside it."""

    maxDiff = None

    def setUp(self):
        super().setUp()
        self.host = self.sample("dl380p-gen8")
        self.want = json.loads(pcipass("--from", self.host, "--json").stdout)
        self.verdicts = {d["address"]: d["verdict"] for d in self.want["devices"]}
        self.short = self.file(self.lspci(self.host, "-nn"))
        self.long = self.file(self.lspci(self.host, "-nnvv"))
        self.dmar = self.host / texts.TABLES / "DMAR"

    def ask(self, *paths: Path) -> dict | None:
        done = pcipass(*[word for path in paths for word in ("--from", path)], "--json")
        return json.loads(done.stdout) if done.stdout else None

    def known(self, path: Path) -> tuple[set, str]:
        """The facts, and of how many endpoints the verdict is the host's; never another, but for a reset unread."""
        alone, want = self.ask(path), set(self.verdicts)
        if alone and alone["devices"]:
            self.compare(alone, self.want, str(path))
            endpoints = {a: v for a, v in self.verdicts.items() if v != "not-endpoint"}
            same = sum(endpoints.get(d["address"]) == d["verdict"] for d in alone["devices"])
            return facts_of(alone, want), f"{same} of {len(endpoints)}"
        found = set()
        for base in ((self.short,), (self.long, self.dmar)):
            before = facts_of(self.ask(*base), want)
            found |= facts_of(self.ask(path, *base), want) - before
        return found, ""

    def sources(self) -> dict[str, Path]:
        """A file of each kind, by what the table calls it."""
        capture, post = self.dir / "host.tar.gz", self.dir / "post.txt"
        pcipass("--from", self.host, "capture", "-o", capture)
        pcipass("--from", self.host, "capture", "--text", "-o", post)
        dmi, tables = self.host / "sys/firmware/dmi/tables", self.host / texts.TABLES
        groups = {d["address"]: d["group"] for d in self.want["devices"]}
        listing = "\n".join(f"IOMMU Group {groups['0000:' + line.split()[0]]} {line}"
                            for line in self.lspci(self.host, "-nn").splitlines())
        found = {p.name: p.read_bytes() for p in sorted(tables.iterdir()) if p.is_file() and p.stat().st_size}
        lists = readers.Lists("test_lshw")
        lists.host, lists.by = self.host, {d["address"]: d for d in self.want["devices"]}
        made: dict[str, Path | str | bytes] = {
            "`pcipass capture -o host.tar.gz`": capture,
            "`pcipass capture --text`": post,
            "`sos report`, from 3.3": "sos 4.9",
            "`sos report`, without firmware tables and `/proc/bus/pci`": "sos 3.5",
            "`hw-probe -save`": "hw-probe",
            "`supportconfig`": "supportconfig",
            "`pvereport`": "pvereport",
            "`lspci -nn`": self.short,
            "`lspci -nnk`": self.file(self.lspci(self.host, "-nnk")),
            "`lspci -vmmnnk`": self.file(self.lspci(self.host, "-vmmnnk")),
            "`lspci -nnvv`, as root": self.long,
            "`lspci -nnvvvxxxx`, as root": self.file(self.lspci(self.host, "-nnvvvxxxx")),
            "list of IOMMU groups": self.file(listing + "\n"),
            "`find /sys/kernel/iommu_groups/ -type l`": self.file(
                "".join(f"/sys/kernel/iommu_groups/{group}/devices/{address}\n" for address, group in groups.items())),
            "`dmesg`": self.host / "var/log/dmesg.txt",
            "`/sys/firmware/acpi/tables/DMAR` or IVRS, or a dump of it": self.dmar,
            "`acpidump`": self.file(texts.acpidump(found)),
            "`dmidecode --dump-bin`": self.file((dmi / "smbios_entry_point").read_bytes().ljust(0x20, b"\0")
                                                + (dmi / "DMI").read_bytes()),
            "`dmidecode`": self.file(readers.Dmidecode.dmidecode(self, (dmi / "DMI").read_bytes())),
            "`iasl -d` of a DMAR or IVRS": self.file(readers.Iasl.listing(self, self.dmar.read_bytes())),
            "`lshw -json -numeric`": self.file(json.dumps(lists.lshw(True))),
            "`virsh nodedev-dumpxml`, of all PCI devices": self.file("".join(map(lists.nodedev, lists.by))),
            "`pvesh get` of `hardware/pci` as JSON, with `--pci-class-blacklist ''`": self.file(lists.pvesh()),
            "`/proc/interrupts`": self.host / "proc/interrupts",
            "`/proc/iomem`": self.host / "proc/iomem",
            "`/proc/cmdline`": self.host / "proc/cmdline",
            "`uname -a`": self.file(bundles.uname(self.host)),
            "`pveversion -v`": self.file("proxmox-ve: 8.2.0 (running kernel: 6.8.12-4-pve)\n"),
        }
        for name, what in made.items():
            if isinstance(what, str):
                tree = self.tree(self.host, what)
                kept = self.dir / "kept" / what.replace(" ", "-")
                kept.parent.mkdir(exist_ok=True)
                shutil.copytree(tree, kept, symlinks=True) if tree.is_dir() else shutil.copy(tree, kept)
                made[name] = kept
        return made

    def table(self) -> str:
        rows = [f"| Source | {' | '.join(FACTS)} | Verdicts |", "|---" * (len(FACTS) + 2) + "|"]
        for name, path in self.sources().items():
            found, verdicts = self.known(path)
            rows.append(f"| {name} | {' | '.join('yes' if f in found else '' for f in FACTS)} | {verdicts} |")
        return "\n".join(rows) + "\n"

    @unittest.skipUnless(readers.DMIDECODE and readers.IASL, "no dmidecode or no iasl")
    def test_table(self):
        document = ROOT / "doc/evidence.md"
        text = document.read_text()
        before, rest = text.split(BEGIN)
        shown, after = rest.split(END)
        made = self.table()
        if WRITE:
            document.write_text(before + BEGIN + made + END + after)
        else:
            self.assertEqual(shown, made, "test-evidence.py --write writes it anew")

    def test_without_pcipass(self):
        """The commands for a host without pcipass, typed there, and what then reads their files."""
        blocks = re.findall(r"^```sh\n(.*?)^```", (ROOT / "doc/evidence.md").read_text(), re.MULTILINE | re.DOTALL)
        typed = next(b for b in blocks if b.startswith("sudo lspci"))
        read = next(b for b in blocks if b.startswith("pcipass --from lspci.txt"))
        bins, here = self.dir / "bin", self.dir / "here"
        here.mkdir()
        for name, does in {"sudo": 'exec "$@"', "dmesg": f"cat {self.host}/var/log/dmesg.txt",
                           "lspci": f'exec {bundles.LSPCI} -A linux-sysfs -O sysfs.path={self.host}/sys/bus/pci "$@"'}.items():
            bundles.put(bins, name, f"#!/bin/sh\n{does}\n")
            (bins / name).chmod(0o755)
        env = os.environ | {"PATH": f"{bins}:{os.environ['PATH']}"}
        on_host = re.sub(r" /(proc|sys)/", rf" {self.host}/\1/", typed)
        subprocess.run(["sh", "-euc", on_host], cwd=here, env=env, check=True)
        words = [here / word if word.endswith((".txt", ".bin")) else word for word in read.split()[1:]]
        made = json.loads(pcipass(*words, "--json").stdout)
        same, unknown = self.compare(made, self.want, "commands")
        self.assertGreater(same, 25)

    def test_bundles_are_named(self):
        """Each row of the kinds of bundles has a section that says what it lacks."""
        rows = (ROOT / "lib/import/bundle-rows.c").read_text()
        heads = re.findall(r"^### (.*)$", (ROOT / "doc/evidence.md").read_text(), re.MULTILINE)
        titles = re.findall(r'\.title = "(?:an?) (?:\w+ of )?([\w-]+)"', rows)
        self.assertEqual(len(titles), 3)
        for title in titles + ["Proxmox VE"]:
            self.assertTrue([h for h in heads if title in h], title)


if __name__ == "__main__":
    unittest.main()
