#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Recipes: errors name lines, trees agree with lspci, tables with iasl, bytes with themselves."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
from glob import glob

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)

import lspci  # noqa: E402
from machinery import config_space, dmar, generate, recipe, sinks, smbios, tree  # noqa: E402
from machinery.kernel import Kernel, insert_region  # noqa: E402
from machinery.model import Machine, MachineError  # noqa: E402

NEEDS_DATA = ("dl360-g7",)
RECIPES = sorted(name for name in (os.path.basename(p)[:-len(".machine")]
                                   for p in glob(f"{HERE}/*.machine")) if name not in NEEDS_DATA)
BOARD = """
system HP "ProLiant DL380p Gen8"
iommu intel
00:01.0 8086:3c02 root-port {port} name=port
  00.0 1000:0087 sas name=card {card}
  00.1 1000:0087 sas
drhd fed90000 all
"""


def load(name: str) -> Machine:
    """A recipe of this directory."""
    return recipe.load(f"{HERE}/{name}.machine")


def write(m: Machine, path: str) -> None:
    """The machine's tree at a path."""
    writer, sink = tree.TreeWriter(m), sinks.open_sink(path)
    writer.write(sink)
    sink.close()


def contents(path: str) -> bytes:
    """A file's bytes."""
    with open(path, "rb") as f:
        return f.read()


def group_of(m: Machine) -> dict[str, int]:
    """Group numbers by address."""
    return {f.address: n for f, n in Kernel(m).items()}


class Errors(unittest.TestCase):
    """Every mistake is refused, and the message names the line."""

    CASES = (
        (1, "frobnicate", "unknown word 'frobnicate'"),
        (2, "\n00:01.0 8086:3c02 roof-port", "unknown word 'roof-port'"),
        (2, "\n  00.0 1000:0087 sas", "no bridge is above"),
        (2, "00:01.0 8086:3c02 root-port\n  02:00.0 1000:0087 sas", "no bus number"),
        (2, "\n00:02.0 1000:0087 sas bars=3K", "no power of two"),
        (1, "00:02.0 1000:0087 sas bars=1M:64,1M:64,1M:64,1M:64", "8 BARs"),
        (1, "00:02.0 1000:0087 sas acs", "conventional PCI"),
        (1, "00:02.0 1000:0087 sas pcie=rciep sriov=4/2", "4 VFs on"),
        (3, "\n\nkernel 6.1.0 gentoo", "unknown flavour"),
        (1, "rmrr 1000", "no interval"),
        (2, "\nrmrr 1000-1fff nobody", "nothing is called 'nobody'"),
        (2, "\nrmrr 1000-1fff endpoint:00.0", "no scope"),
        (2, "iommu intel\nslot 1 \"S\" nobody", "nothing is called 'nobody'"),
        (1, "00:02.0 @card", "no kind is called 'card'"),
        (2, "kind a @a\n00:02.0 @a", "no kind is called 'a'"),
        (2, "00:02.0 1000:0087 sas\n00:02.0 1000:0087 sas", "there twice"),
        (1, "system \"HP", "No closing quotation"),
        (1, "include no-such-file", "No such file"),
        (1, "table DMAR no/such/table", "PCIPASS_TEST_DATA"),
        (1, "table IVRS some/file", "only a DMAR"),
        (1, "unsafe-interrupts maybe", "maybe"),
    )

    def test_lines(self) -> None:
        for line, text, wanted in self.CASES:
            with self.subTest(text=text), self.assertRaises(MachineError) as caught:
                m = recipe.loads(text)
                m.iommu.kind = "intel"
                tree.TreeWriter(m)
                smbios.build(m)
            self.assertIn(wanted, str(caught.exception))
            self.assertEqual(caught.exception.line, line)
            self.assertIn(f":{line}: ", str(caught.exception))

    def test_nothing_is_written_after_an_error(self) -> None:
        with tempfile.TemporaryDirectory() as directory:
            bad = f"{directory}/bad.machine"
            with open(bad, "w", encoding="utf-8") as f:
                f.write("iommu intel\nslot 1 \"S\" nobody\n")
            done = subprocess.run([sys.executable, f"{HERE}/mkmachine", bad, "-o", f"{directory}/out"],
                                  capture_output=True, text=True, check=False)
            self.assertEqual(done.returncode, 1)
            self.assertIn("bad.machine:2: ", done.stderr)
            self.assertFalse(os.path.exists(f"{directory}/out"))


class Rules(unittest.TestCase):
    """Groups and regions by Linux's rules, on boards of two functions."""

    def board(self, port: str, card: str = "", more: str = "") -> Machine:
        return recipe.loads(BOARD.format(port=port, card=card) + more)

    def test_acs(self) -> None:
        for port, groups in (("acs", [0, 1, 1]), ("", [0, 0, 0]), ("acs=1f/0c", [0, 0, 0]),
                             ("acs=0f/0d", [0, 1, 1]), ("acs-quirk", [0, 1, 1])):
            with self.subTest(port=port):
                self.assertEqual(list(group_of(self.board(port)).values()), groups)

    def test_isolated_functions(self) -> None:
        m = self.board("acs")
        for f in m.functions[1:]:
            f.acs = (0x1D, 0x1D)
        self.assertEqual(list(group_of(m).values()), [0, 1, 2])

    def test_group_by_hand(self) -> None:
        self.assertEqual(list(group_of(self.board("acs", more="group port card.*")).values()),
                         [0, 0, 0])

    def test_relaxable_from_5_3(self) -> None:
        for release, kind in (("5.2.1", "direct"), ("5.3.1", "direct-relaxable")):
            m = recipe.loads(f"kernel {release} vanilla\niommu intel\ndrhd fed90000 all\n"
                             "00:1a.0 8086:1d2d ehci\nrmrr bd000000-bd000fff 00:1a.0")
            self.assertIn((0xBD000000, 0xBD000FFF, kind), Kernel(m).regions[0])

    def test_regions_merge(self) -> None:
        regions: list[tuple[int, int, str]] = []
        for new in ((0x3000, 0x3FFF, "direct"), (0x1000, 0x1FFF, "direct"),
                    (0x1000, 0x8FFF, "direct-relaxable"), (0x2000, 0x2FFF, "direct")):
            insert_region(regions, new)
        self.assertEqual(regions, [(0x1000, 0x3FFF, "direct"),
                                   (0x1000, 0x8FFF, "direct-relaxable")])

    def test_bridge_scope_covers_what_is_below(self) -> None:
        k = Kernel(self.board("acs", more="rmrr bd000000-bd000fff port"))
        self.assertTrue(all((0xBD000000, 0xBD000FFF, "direct") in r for r in k.regions.values()))

    def test_wrong_scope_type_turns_the_iommu_off(self) -> None:
        k = Kernel(self.board("acs", more="rmrr bd000000-bd000fff endpoint:00:01.0"))
        self.assertFalse(k.active)
        self.assertEqual(k.items(), [])
        self.assertIn("DMAR: Device scope type does not match for 0000:00:01.0", k.scope_messages)

    def test_one_hop_scope_may_be_a_plain_address(self) -> None:
        k = Kernel(self.board("acs", more="rmrr bd000000-bd000fff endpoint:01:00.0"))
        self.assertEqual([f.address for f in k.rmrrs[0].devices], ["0000:01:00.0"])

    def test_uncovered_functions_have_no_group(self) -> None:
        m = recipe.loads("iommu intel\n00:01.0 8086:0001 sas\n00:02.0 8086:0002 sas\n"
                         "drhd fed90000 00:01.0")
        self.assertEqual(list(group_of(m)), ["0000:00:01.0"])


class Samples(unittest.TestCase):
    """What each recipe is for."""

    def regions_of(self, m: Machine, address: str) -> list[str]:
        k = Kernel(m)
        return [kind for _, _, kind in k.regions[group_of(m)[address]] if kind != "msi"]

    def test_gen8_story(self) -> None:
        m = load("dl380p-gen8")
        self.assertEqual(len(Kernel(m).rmrrs), 9)
        holding = [r for r in Kernel(m).rmrrs if any(d.name == "hba" for d in r.devices)]
        self.assertEqual(len(holding), 7)
        self.assertIn("direct", self.regions_of(m, "0000:07:00.0"))
        freed = load("dl380p-gen8-freed")
        self.assertEqual(self.regions_of(freed, "0000:07:00.0"), [])
        self.assertIn("direct", self.regions_of(freed, "0000:0a:00.0"))
        self.assertEqual(len(Kernel(freed).rmrrs), 9)
        relaxed = load("dl380p-gen8-pve")
        self.assertEqual(set(self.regions_of(relaxed, "0000:07:00.0")), {"direct-relaxable"})

    def test_gen8_without_an_iommu(self) -> None:
        off, gone = Kernel(load("dl380p-gen8-iommu-off")), Kernel(load("dl380p-gen8-vtd-off"))
        self.assertEqual((off.active, gone.active), (False, False))
        self.assertEqual((list(off.tables), list(gone.tables)), (["DMAR"], []))

    def test_switches(self) -> None:
        shared, apart = group_of(load("switch-cards")), group_of(load("switch-acs"))
        drives = [f.address for f in load("switch-cards").functions if f.class_code == 0x010802]
        self.assertEqual(len(drives), 4)
        self.assertEqual(len({shared[d] for d in drives}), 1)
        self.assertEqual(len({apart[d] for d in drives}), 4)

    def test_virtual_functions(self) -> None:
        m = load("sriov-nic")
        virtual = [f for f in m.functions if f.physfn]
        self.assertEqual([f.address for f in virtual],
                         [f"0000:41:10.{n}" for n in (0, 2, 4, 6)])
        self.assertEqual(self.regions_of(m, "0000:41:00.0"), ["direct"])
        for f in virtual:
            self.assertEqual(self.regions_of(m, f.address), [])

    def test_conventional(self) -> None:
        groups = group_of(load("conventional-pci"))
        self.assertEqual(groups["0000:01:00.0"], groups["0000:02:00.0"])
        self.assertEqual(groups["0000:01:00.0"], groups["0000:02:01.0"])
        self.assertNotEqual(groups["0000:00:01.0"], groups["0000:01:00.0"])

    def test_desktop(self) -> None:
        m = load("desktop-relaxable")
        kinds = {kind for regions in Kernel(m).regions.values() for _, _, kind in regions}
        self.assertEqual(kinds, {"direct-relaxable", "msi"})
        groups = group_of(m)
        self.assertEqual(groups["0000:01:00.0"], groups["0000:01:00.1"])

    def test_amd(self) -> None:
        for name in ("amd-board", "amd-board-k612"):
            m = load(name)
            self.assertIn("direct", self.regions_of(m, "0000:01:00.0"))
            self.assertNotIn("0000:00:00.2", group_of(m))

    def test_slot_addresses(self) -> None:
        m = load("dl380p-gen8")
        recipe_slots = tree.TreeWriter(m).slot_addresses
        self.assertEqual(recipe_slots, {"1": "0000:04:00", "2": "0000:07:00", "3": "0000:0a:00",
                                        "4": "0000:21:00", "5": "0000:24:00"})
        m.kernel_slots.append(("9", "port2", 1))
        self.assertEqual(tree.TreeWriter(m).slot_addresses["9"], "0000:07:00")

    def test_interrupt_remapping(self) -> None:
        self.assertFalse(Kernel(load("no-intremap")).remapping)
        self.assertTrue(Kernel(load("dl380p-gen8")).remapping)


@unittest.skipUnless(shutil.which("lspci"), "no lspci")
class Trees(unittest.TestCase):
    """Every tree as the real lspci sees it."""

    def check(self, m: Machine, k: Kernel, directory: str) -> None:
        rows = lspci.run(directory)
        self.assertEqual(sorted(rows), sorted(f.address for f in m.functions))
        slots = {s.target: s.kernel for s in m.slots if s.kernel}
        for f in m.functions:
            row = rows[f.address]
            with self.subTest(device=f.address):
                self.assertEqual(row.ids, (f.vendor_id, f.device_id))
                self.assertEqual(row.class_code, f.class_code >> 8)
                self.assertEqual(row.field("Kernel driver in use"), f.driver or None)
                group = k.group_of.get(id(f))
                self.assertEqual(row.field("IOMMU group"), None if group is None else str(group))
                if f.name in slots:
                    self.assertEqual(row.field("Physical Slot"), slots[f.name])
                self.assertEqual(row.acs(), f.acs if m.as_root else None)
                if f.bridge:
                    self.assertIn(f"secondary={f.secondary:02x}, subordinate={f.subordinate:02x}",
                                  row.body)
                if m.as_root:
                    self.assertEqual(row.has("FLReset+"), f.flr)
                    self.assertEqual(row.has("MSI-X:"), f.msix > 0)
                    self.assertEqual(row.has("SR-IOV"), f.sriov is not None)
                    self.assertFalse(row.has("Capabilities: [") and row.has("<chain"))

    def test_every_recipe(self) -> None:
        self.assertGreater(len(RECIPES), 10)
        for name in RECIPES:
            with self.subTest(recipe=name), tempfile.TemporaryDirectory() as directory:
                m = load(name)
                write(m, directory)
                self.check(m, Kernel(m), directory)
                self.links_lead_somewhere(directory)

    def links_lead_somewhere(self, directory: str) -> None:
        for at, directories, files in os.walk(directory):
            for name in directories + files:
                path = os.path.join(at, name)
                # No tree holds the devices that a process has open, nor what LXD mounts for itself alone.
                away = os.path.islink(path) and os.readlink(path).startswith(("/dev/", "/var/snap/lxd/"))
                if os.path.islink(path) and not away and name not in ("driver", "subsystem"):
                    self.assertTrue(os.path.exists(path), path)

    def test_user_sees_less(self) -> None:
        with tempfile.TemporaryDirectory() as directory:
            write(load("dl380p-gen8-user"), directory)
            self.assertFalse(os.path.exists(f"{directory}/sys/firmware"))
            self.assertFalse(os.path.exists(f"{directory}/var/log/dmesg.txt"))
            card = f"{directory}/sys/bus/pci/devices/0000:07:00.0"
            self.assertEqual(os.path.getsize(f"{card}/config"), 64)
            for line in contents(f"{directory}/proc/iomem").splitlines():
                self.assertTrue(line.startswith(b"00000000-00000000 : "), line)

    def test_generated(self) -> None:
        with tempfile.TemporaryDirectory() as directory:
            m = generate.machine(1200)
            self.assertEqual(len(m.functions), 1200)
            self.assertTrue(any(f.domain for f in m.functions))
            self.assertTrue(any(f.physfn for f in m.functions))
            for f in m.functions[:50]:
                self.assertEqual(len(config_space.build(f)), 4096)
            write(m, directory)
            self.check(m, Kernel(m), directory)


@unittest.skipUnless(shutil.which("iasl"), "no iasl")
class Tables(unittest.TestCase):
    """The tables, as an independent reader takes them apart."""

    def disassemble(self, name: str, data: bytes) -> str:
        with tempfile.TemporaryDirectory() as directory:
            with open(f"{directory}/{name}.bin", "wb") as f:
                f.write(data)
            done = subprocess.run(["iasl", "-d", "-p", f"{directory}/out", f"{directory}/{name}.bin"],
                                  capture_output=True, text=True, check=False)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertNotIn("Incorrect checksum", done.stdout + done.stderr)
            return contents(f"{directory}/out.dsl").decode("latin-1")

    @staticmethod
    def scopes(text: str) -> list[tuple[int, list[tuple[int, int, int, list[str]]]]]:
        """(structure type, [(scope type, id, bus, path)]) in order."""
        found: list[tuple[int, list[tuple[int, int, int, list[str]]]]] = []
        for line in text.splitlines():
            field = re.match(r"\[.*\]\s+([A-Za-z ]+) : (\S+)", line)
            if not field:
                continue
            key, value = field.groups()
            if key == "Subtable Type":
                found.append((int(value, 16), []))
            elif key == "Device Scope Type":
                found[-1][1].append((int(value, 16), 0, 0, []))
            elif key == "Enumeration ID":
                kind, _, bus, path = found[-1][1][-1]
                found[-1][1][-1] = (kind, int(value, 16), bus, path)
            elif key == "PCI Bus Number":
                kind, number, _, path = found[-1][1][-1]
                found[-1][1][-1] = (kind, number, int(value, 16), path)
            elif key == "PCI Path":
                found[-1][1][-1][3].append(value)
        return found

    def test_dmar(self) -> None:
        seen = 0
        for name in RECIPES:
            k = Kernel(load(name))
            if "DMAR" not in k.tables or not k.table:
                continue
            with self.subTest(recipe=name):
                data = k.tables["DMAR"]
                self.assertEqual(sum(data) & 0xFF, 0)
                text = self.disassemble("DMAR", data)
                wanted = [(s.kind, [(x.kind, x.enumeration_id, x.start_bus,
                                     [f"{d:02X},{f:02X}" for d, f in x.path]) for x in s.scopes])
                          for s in k.table.structures]
                self.assertEqual(self.scopes(text), wanted)
                limits = re.findall(r"End Address \(limit\) : ([0-9A-F]+)", text)
                self.assertEqual([int(x, 16) for x in limits],
                                 [s.limit for s in k.table.of_kind(1)])
                self.assertEqual(dmar.unpack(data), k.table)
                seen += 1
        self.assertGreater(seen, 8)

    def test_ilo_is_two_hops_away(self) -> None:
        table = Kernel(load("dl380p-gen8")).table
        assert table
        paths = [s.path for r in table.of_kind(1) for s in r.scopes]
        self.assertIn([(0x1C, 7), (0, 4)], paths)
        self.assertIn([(0x02, 0), (0, 0)], paths)

    def test_ivrs(self) -> None:
        data = Kernel(load("amd-board")).tables["IVRS"]
        self.assertEqual(sum(data) & 0xFF, 0)
        text = self.disassemble("IVRS", data)
        # From 2025 on iasl says "Subtable Type" of an IVHD's device entries, too.
        blocks = [t for t in re.findall(r"Subtable Type : (\w\w)", text) if t in ("10", "11", "40", "20", "21", "22")]
        self.assertEqual(blocks, ["10", "11", "22"])
        memory = text[text.index("Subtable Type : 22"):]
        self.assertEqual(re.findall(r"Device ?I[dD](?: \(End\))? : (\w+)", memory)[:1], ["0000"])
        self.assertIn("Memory Length : 0000000000001000", memory)


class Smbios(unittest.TestCase):
    """The structure table, read back byte by byte, and by dmidecode where there is one."""

    @staticmethod
    def structures(data: bytes) -> list[tuple[int, bytes, list[bytes]]]:
        found, at = [], 0
        while at < len(data):
            length = data[at + 1]
            end = data.index(b"\0\0", at + length)
            found.append((data[at], data[at:at + length], data[at + length:end].split(b"\0")))
            at = end + 2
        return found

    def test_slots(self) -> None:
        table, entry = smbios.build(load("dl380p-gen8"))
        self.assertEqual((sum(entry) & 0xFF, sum(entry[16:]) & 0xFF), (0, 0))
        found = self.structures(table)
        self.assertEqual(int.from_bytes(entry[28:30], "little"), len(found))
        self.assertEqual(int.from_bytes(entry[22:24], "little"), len(table))
        slots = [(text[0], body[7], body[15], body[16]) for kind, body, text in found if kind == 9]
        self.assertEqual(slots[:3], [(b"PCI-E Slot 1", 4, 4, 0), (b"PCI-E Slot 2", 4, 7, 0),
                                     (b"PCI-E Slot 3", 4, 10, 0)])
        onboard = [(text[0], body[9], body[10]) for kind, body, text in found if kind == 41]
        self.assertEqual(onboard[3], (b"NIC Port 4", 3, 3))

    def test_odd_designation(self) -> None:
        found = self.structures(smbios.build(load("odd-firmware"))[0])
        slots = [(text[0], body[13:17]) for kind, body, text in found if kind == 9]
        self.assertIn((b"PCIE2\xae", bytes(4)), slots)


class Same(unittest.TestCase):
    """The same recipe gives the same bytes."""

    def test_archives(self) -> None:
        with tempfile.TemporaryDirectory() as directory:
            for ending in (".tar", ".tar.gz"):
                for n in (1, 2):
                    write(load("dl380p-gen8"), f"{directory}/{n}{ending}")
                self.assertEqual(contents(f"{directory}/1{ending}"), contents(f"{directory}/2{ending}"))
            self.assertEqual(contents(f"{directory}/1.tar.gz")[4:8], bytes(4), "gzip's time")

    def test_archive_holds_the_directory(self) -> None:
        with tempfile.TemporaryDirectory() as directory:
            write(load("amd-board"), f"{directory}/a.tar.gz")
            write(load("amd-board"), f"{directory}/direct")
            os.mkdir(f"{directory}/unpacked")
            subprocess.run(["tar", "-xzf", f"{directory}/a.tar.gz", "-C", f"{directory}/unpacked"],
                           check=True)
            done = subprocess.run(["diff", "-r", "--no-dereference", f"{directory}/direct",
                                   f"{directory}/unpacked"], capture_output=True, check=False)
            self.assertEqual((done.returncode, done.stdout), (0, b""))


class Readme(unittest.TestCase):
    """The example in the README is a recipe."""

    def test_example(self) -> None:
        text = contents(f"{HERE}/README.md").decode()
        example = text.split("```recipe\n")[1].split("```")[0]
        m = recipe.loads(example, HERE)
        k = Kernel(m)
        self.assertEqual(len(m.functions), 8)
        self.assertTrue(k.active)
        for word in recipe.Parser(HERE).handlers:
            self.assertIn(f"`{word} ", text, f"{word} is not described")


if __name__ == "__main__":
    unittest.main()
