#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Support bundles, read back: a sosreport, a probe of hw-probe, an archive of supportconfig or a report of Proxmox VE
of a sample gives the sample's verdict, or an unknown, and never another.

usage: test-bundles.py PCIPASS [NAME…]
"""

import importlib.util
import io
import json
import resource
import shutil
import sys
import tarfile
import unittest
from pathlib import Path

import bundles

HERE = Path(__file__).resolve().parent
_spec = importlib.util.spec_from_file_location("test_import", HERE / "test-import.py")
texts = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(texts)
MACHINES, DATA, pcipass, some = texts.MACHINES, texts.DATA, texts.pcipass, texts.some

TREES = {
    "sos 4.9": lambda host, root: bundles.sos(host, root),
    "sos 3.5": lambda host, root: bundles.sos(host, root, "3.5"),
    "sos 3.0": lambda host, root: bundles.sos(host, root, "3.0"),
    "hw-probe": lambda host, root: bundles.probe(host, root),
    "hw-probe, minimal": lambda host, root: bundles.probe(host, root, True),
    "supportconfig": bundles.supportconfig,
    "pvereport": lambda host, root: bundles.put(root, "report.txt", bundles.pve(host)),
}
TOP = {"sos": "sosreport-host-2026-11-28-abcdefg", "hw-probe": "hw.info", "supportconfig": "scc_host_261128_1700",
       "pvereport": "pve"}
MODES = ("w", "w:gz", "w:bz2", "w:xz")


class Bundles(texts.Importing):
    """A host's files, and the bundles that its tools would make of them."""

    def tree(self, host: Path, kind: str) -> Path:
        """The bundle's directory, or the report's file."""
        top = TOP[kind.split(",")[0].split(" ")[0]]
        root = self.dir / "trees" / top
        shutil.rmtree(root.parent, ignore_errors=True)
        root.mkdir(parents=True)
        TREES[kind](host, root)
        return root / "report.txt" if kind == "pvereport" else root

    def pack(self, root: Path, mode: str) -> Path:
        """One of the archives that are in use."""
        archive = self.dir / f"{root.name}.tar{mode[1:].replace(':', '.')}"
        with tarfile.open(archive, mode) as tar:
            tar.add(root, root.name)
        return archive

    def survey(self, *paths: Path, code: tuple = (0, 3)) -> dict:
        done = pcipass(*[word for path in paths for word in ("--from", path)], "--json")
        self.assertIn(done.returncode, code, done.stderr)
        self.said = done.stderr.decode()
        return json.loads(done.stdout)


class Samples(Bundles):
    """Every sample machine, in every layout."""

    def check_host(self, host: Path, survey: dict, name: str, count: dict) -> None:
        # Every host in about half of the layouts, each in another form; all of them in all by the names.
        for number, kind in enumerate(TREES):
            if (number + len(name)) % 2 and name not in ("dl380p-gen8", "amd-board"):
                continue
            with self.subTest(f"{name} {kind}"):
                path = self.tree(host, kind)
                if path.is_dir() and number % 2:
                    path = self.pack(path, MODES[(number // 2 + len(name)) % len(MODES)])
                made = self.survey(path)
                same, unknown = self.compare(made, survey, f"{name} {kind}")
                was = count.setdefault(kind, [0, 0])
                was[0] += same
                was[1] += unknown
                # What is not in a bundle is not absent on the host.
                if made["host"]["iommu_on"] is False:
                    self.assertIs(survey["host"]["iommu_on"], False)
                self.assertNotIn("two hosts", self.said)

    def tell(self, what: str, count: dict) -> None:
        for kind, (same, unknown) in count.items():
            print(f"{what}, {kind}: {same} verdicts the same, {unknown} unknown", file=sys.stderr)

    def test_every_sample(self):
        count: dict = {}
        for recipe in some(sorted(MACHINES.glob("*.machine")), 8):
            try:
                host = self.sample(recipe.stem)
            except unittest.SkipTest:
                continue
            # Which modules the kernel has is in none of them.
            if recipe.stem.startswith("no-vfio"):
                continue
            self.check_host(host, json.loads(pcipass("--from", host, "--json").stdout), recipe.stem, count)
        self.tell("samples", count)
        self.assertGreater(count["sos 4.9"][0], count["sos 4.9"][1])

    def test_recorded(self):
        count: dict = {}
        for capture in some(sorted(DATA.glob("truth/*/capture.tar.gz"))[::4], 8):
            host = self.dir / "recorded"
            shutil.rmtree(host, ignore_errors=True)
            with tarfile.open(capture) as archive:
                archive.extractall(host)
            if list((host / "sys/bus/pci/devices").glob("*/config")):
                self.check_host(host, json.loads(pcipass("--from", capture, "--json").stdout), capture.parent.name,
                                count)
        if not count:
            self.skipTest("no recorded machines")
        self.tell("recorded", count)


class Layouts(Bundles):
    """What a bundle tells, and that what it lacks stays unread."""

    def setUp(self):
        super().setUp()
        self.host = self.sample("dl380p-gen8")
        self.want = json.loads(pcipass("--from", self.host, "--json").stdout)

    def hba(self, survey: dict) -> dict:
        return next(d for d in survey["devices"] if d["address"] == "0000:07:00.0")

    def test_sos_decides(self):
        """Tables, configuration spaces, groups: the regions hold the same devices as on the host."""
        made = self.survey(self.tree(self.host, "sos 4.9"))
        self.assertEqual(self.hba(made)["verdict"], "blocked-fixable")
        self.assertIn("RMRDS_Slot2", json.dumps(self.hba(made)["findings"]))
        self.assertEqual(made["host"]["product"], "ProLiant DL380p Gen8")
        self.assertEqual(made["host"]["kernel"], "6.1.0-25-amd64")
        self.assertEqual([d["group"] for d in made["devices"]], [d["group"] for d in self.want["devices"]])

    def test_without_tables(self):
        """Then lspci alone does not free the device."""
        made = self.survey(self.tree(self.host, "sos 3.5"))
        self.assertEqual(self.hba(made)["verdict"], "unknown")

    def test_no_trace_of_the_iommu(self):
        """A bundle without groups and log: not "IOMMU off"."""
        root = self.tree(self.host, "sos 4.9")
        shutil.rmtree(root / "sos_commands/kernel")
        plain = root / "sos_commands/pci/lspci_-nnvv"
        plain.write_text("".join(line for line in plain.read_text().splitlines(True) if "IOMMU group" not in line))
        made = self.survey(root)
        self.assertIsNone(made["host"]["iommu_on"])
        self.assertNotIn("iommu-off", json.dumps(made))

    def test_part_of_sysfs(self):
        """A directory that is no bundle, with a part of /sys/kernel: no groups are told, not "no groups"."""
        part = self.dir / "part"
        for name in ("sys/kernel/softlockup_count", "sys/class/net/README"):
            bundles.put(part, name, "0\n")
        shutil.copytree(self.host / "sys/firmware", part / "sys/firmware")
        device = next((self.host / "sys/devices").glob("pci*/0000:00:00.0"))
        shutil.copytree(device, part / device.relative_to(self.host), symlinks=True,
                        ignore=lambda *_: ["iommu_group"])
        (part / "sys/bus/pci/devices").mkdir(parents=True)
        for link in (self.host / "sys/bus/pci/devices").iterdir():
            (part / "sys/bus/pci/devices" / link.name).symlink_to(link.readlink())
        made = self.survey(part)
        self.assertIsNone(made["host"]["iommu_on"])

    def test_lspci_failed(self):
        """The file of a command that failed has what it said: the configuration spaces are there all the same."""
        root = self.tree(self.host, "sos 4.9")
        (root / "sos_commands/pci/lspci_-nnvv").write_text("timeout: failed to run command 'lspci': No such file\n")
        made = self.survey(root)
        self.assertEqual({d["address"] for d in made["devices"]}, {d["address"] for d in self.want["devices"]})
        self.compare(made, self.want, "no lspci")

    def test_supportconfig_joins_lists(self):
        """Ids of "lspci -nn", drivers and groups of "lspci -vvv"."""
        made = self.hba(self.survey(self.tree(self.host, "supportconfig")))
        want = self.hba(self.want)
        for key in ("vendor", "device", "driver", "group"):
            self.assertEqual(made[key], want[key], key)
        self.assertNotIn("without ids", self.said)

    def cut_logs(self, root: Path) -> str:
        """Of a host that runs for long, dmesg has the end alone; returns all of it."""
        log = (root / "sos_commands/kernel/dmesg").read_text()
        for name in ("dmesg", "dmesg_-T"):
            path = root / "sos_commands/kernel" / name
            path.write_text("".join(path.read_text().splitlines(True)[-3:]))
        return log

    def test_journal_where_dmesg_is_cut(self):
        """The journal of the boot has what the log lost, among others' lines, which are none of the kernel's."""
        root = self.tree(self.host, "sos 4.9")
        want = self.without_origins(self.survey(root))
        log = self.cut_logs(root)
        self.assertNotIn("kernel log: ", json.dumps(self.survey(root)))
        journal = "-- Journal begins at Sat 2026-11-28 16:59:58 UTC, ends at Sat 2026-11-28 18:00:00 UTC. --\n"
        for line in log.splitlines():
            journal += f"Nov 28 17:00:00 server kernel: {line.split('] ', 1)[1]}\n"
            journal += "Nov 28 17:00:00 server app[812]: DMAR: IOMMU disabled\n"
        for name in ("sos_commands/logs/journalctl_--no-pager_--boot", "sos_commands/logs/journalctl_--no-pager",
                     "sos_commands/logs/journalctl_--no-pager_--catalog_--boot", "var/log/kern.log", "var/log/messages"):
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(journal)
            made = self.survey(root)
            self.assertIn(name, json.dumps([f["origins"] for d in made["devices"] for f in d["findings"]]))
            self.without_origins(made)
            self.assertEqual(self.said, "", name)
            self.assertEqual((made["host"]["iommu_on"], made["devices"]), (want["host"]["iommu_on"], want["devices"]), name)
            path.unlink()

    def test_binary_journal(self):
        """It cannot be read, and it is said how it can, where the log lacks what it has."""
        root = self.tree(self.host, "sos 4.9")
        journal = root / "var/log/journal/0123/system.journal"
        journal.parent.mkdir(parents=True)
        journal.write_bytes(b"LPKSHHRH" + bytes(1000))
        self.survey(root)
        self.assertEqual(self.said, "")
        self.cut_logs(root)
        for path in (root, self.pack(root, "w:xz")):
            self.survey(path)
            self.assertIn("journalctl -D var/log/journal -k >journal.txt", self.said)

    def test_log_of_the_boot_before(self):
        """logs/dmesg.1, messages.txt and grub's configuration are not this boot."""
        for kind in ("hw-probe", "supportconfig"):
            made = self.survey(self.tree(self.host, kind))
            self.assertEqual(made["host"]["kernel"], "6.1.0-25-amd64")
            self.assertIs(made["host"]["iommu_on"], True)

    def test_pvereport(self):
        """As it is printed, quoted, with CRLF, and from a web page."""
        report = bundles.pve(self.host)
        for text in (report, report.replace("\n", "\r\n"), "".join(f"> {line}\n" for line in report.splitlines())):
            made = self.read(text)
            self.assertEqual(self.hba(made)["driver"], "mpt3sas")
            self.assertEqual(made["host"]["kernel"], "6.1.0-25-amd64")
            self.assertEqual({d["address"] for d in made["devices"]}, {d["address"] for d in self.want["devices"]})

    def test_together(self):
        """What a bundle lacks, another text may have."""
        root = self.tree(self.host, "hw-probe")
        self.assertEqual(self.hba(self.survey(root))["verdict"], "unknown")
        dmar = self.host / texts.TABLES / "DMAR"
        for path in (root, self.pack(root, "w:xz")):
            self.assertEqual(self.hba(self.survey(path, dmar))["verdict"], "blocked-fixable")
            self.assertEqual(self.hba(self.survey(dmar, path))["verdict"], "blocked-fixable")


class Refused(Bundles):
    """Bounded, and a sentence that names the file."""

    def setUp(self):
        super().setUp()
        self.host = self.sample("dl380p-gen8")

    def refused(self, *paths: Path) -> str:
        done = pcipass(*[word for path in paths for word in ("--from", path)])
        self.assertEqual(done.returncode, 4, done.stdout)
        return done.stderr.decode()

    def test_two_hosts(self):
        root = self.tree(self.host, "sos 4.9")
        other = root.parent / "sosreport-other"
        shutil.copytree(root, other, symlinks=True)
        both = self.dir / "both.tar"
        with tarfile.open(both, "w") as tar:
            tar.add(root.parent, ".")
        self.assertIn("holds more than one host, sosreport-", self.refused(both))
        # of a directory survey shows each, and the others want one
        self.assertEqual(pcipass("--from", root.parent).returncode, 0)
        done = pcipass("groups", "--from", root.parent)
        self.assertEqual(done.returncode, 4)
        self.assertRegex(done.stderr.decode(), "holds more than one host, sosreport-|a directory of 2 hosts, need one")
        shutil.rmtree(other)
        config = root / "proc/bus/pci/07/00.0"
        config.write_bytes(b"\x86\x80\x99\x99" + config.read_bytes()[4:])
        said = self.refused(root)
        self.assertIn("two hosts in one: 0000:07:00.0 is vendor 0x8086 by /proc/bus/pci, and 0x1000 by lspci", said)
        report = bundles.pve(self.host)
        line = report.count("\n") + 2
        self.assertIn(f"line {line}: a second report begins here", self.refused(self.file(report + report)))

    def test_half_an_archive(self):
        whole = self.pack(self.tree(self.host, "sos 4.9"), "w:xz").read_bytes()
        for part in (2, 3, 5):
            half = self.dir / "half.tar.xz"
            half.write_bytes(whole[:len(whole) // part])
            self.assertRegex(self.refused(half), r"half\.tar\.xz: (damaged or )?cut off at offset \d+")

    def test_large_members(self):
        """A gigabyte of log is not read, the rest is; in time and memory that do not grow with it."""
        root = self.tree(self.host, "sos 4.9")
        log = root / "sos_commands/kernel/dmesg"
        with open(log, "r+b") as f:
            f.truncate(1 << 30)
        (root / "sos_commands/kernel/dmesg_-T").unlink()
        made = self.survey(root)
        self.assertIn("sos_commands/kernel/dmesg: not read: too large", self.said)
        self.compare(made, json.loads(pcipass("--from", self.host, "--json").stdout), "large")

    def test_huge(self):
        """More than is kept in memory, of what nobody reads: what decides is read, though it comes behind it."""
        root = self.tree(self.host, "sos 4.9")
        want = self.without_origins(self.survey(root))
        huge = self.dir / "huge.tar.gz"
        with tarfile.open(huge, "w:gz", compresslevel=1) as tar:
            for name in ("var/log/app", "sos_commands/process/lsof", "sos_commands/logs/ls"):
                for i in range(15):
                    entry = tarfile.TarInfo(f"{root.name}/{name}{i}")
                    entry.size = 8 << 20
                    tar.addfile(entry, io.BytesIO(bytes(entry.size)))
            tar.add(root, root.name)
        made = self.without_origins(self.survey(huge))
        self.assertEqual((made["host"], made["devices"]), (want["host"], want["devices"]))
        self.assertLess(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, 200 << 10)

    def test_any_piece(self):
        """Cut at any place, a text of many sections tells less, and nothing else."""
        want = {d["address"]: d["verdict"] for d in json.loads(pcipass("--from", self.host, "--json").stdout)["devices"]}
        root = self.tree(self.host, "supportconfig")
        for text in (bundles.pve(self.host), (root / "hardware.txt").read_text()):
            for end in range(400, len(text), max(1, len(text) // 25)):
                done = pcipass("--from", self.file(text[:end]), "--json")
                self.assertIn(done.returncode, (0, 3, 4), done.stderr)
                for d in json.loads(done.stdout)["devices"] if done.stdout else ():
                    self.assertIn(d["verdict"], (want[d["address"]], "unknown", "not-endpoint"))


if __name__ == "__main__":
    unittest.main()
