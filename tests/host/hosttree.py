# SPDX-License-Identifier: GPL-2.0-or-later
"""Writes the files of a host that pcipass reads into a directory, and asks pcipass about it.

One call a fact: what is not written is absent, as on a host that does not have it. The defaults are
a kernel 6.12 that runs Intel's IOMMU with interrupts remapped; Case.host() makes them.
"""

import json
import os
import shutil
import struct
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

PCIPASS = sys.argv.pop(1) if len(sys.argv) > 1 else "pcipass"

UNITY, READ, WRITE, EXCLUSION = 1, 2, 4, 8
ENDPOINT, BRIDGE, IOAPIC, HPET, ACPI = 1, 2, 3, 4, 5
INTERRUPTS = "           CPU0\n   2:   24  IR-IO-APIC    2-edge      timer\n"
NOT_REMAPPED = "           CPU0\n   2:   24  IO-APIC    2-edge      timer\n"


def scope(kind: int, start_bus: int, *hops: str) -> bytes:
    """A device scope; hops as "1c.4"."""
    path = b"".join(bytes([int(h[:2], 16), int(h[3:], 16)]) for h in hops)
    return struct.pack("<BBHBB", kind, 6 + len(path), 0, 0, start_bus) + path


def rmrr(start: int, end: int, *scopes: bytes, segment: int = 0) -> bytes:
    body = struct.pack("<HHQQ", 0, segment, start, end) + b"".join(scopes)
    return struct.pack("<HH", 1, 4 + len(body)) + body


def drhd(*scopes: bytes, flags: int = 1, segment: int = 0) -> bytes:
    body = struct.pack("<BBHQ", flags, 0, segment, 0xFED90000) + b"".join(scopes)
    return struct.pack("<HH", 0, 4 + len(body)) + body


def ivmd(start: int, length: int, first: int = 0, last: int | None = None, *, select: bool = False,
         flags: int = UNITY | READ | WRITE, segment: int = 0) -> bytes:
    """All devices, or one (select), or a range if last is given."""
    kind = 0x21 if select else 0x20 if last is None else 0x22
    return struct.pack("<BBHHHQQQ", kind, flags, 32, first, last or 0, segment, start, length)


def acpi(signature: bytes, body: bytes) -> bytes:
    table = bytearray(struct.pack("<4sIBB6s8sI4sI", signature, 36 + len(body), 1, 0, b"OEMID ",
                                  b"OEMTABLE", 1, b"CRID", 1) + body)
    table[9] = -sum(table) & 0xFF
    return bytes(table)


def iort_table(node_type: int) -> bytes:
    """An IORT with one node: 0 is an interrupt controller, 4 an SMMUv3."""
    node = struct.pack("<BHBIII", node_type, 64, 0, 0, 0, 0) + bytes(48)
    return acpi(b"IORT", struct.pack("<III", 1, 48, 0) + node)


ITS_GROUP, ROOT_COMPLEX, SMMU, SMMU_V3, RMR = 0, 2, 3, 4, 6
REMAP_PERMITTED = 1
SINGLE = 1


def iort(*nodes: tuple, revision: int = 5) -> bytes:
    """An IORT. A node: its type, its fields, then its mappings, each (first id, number of ids, first
    id behind it, index of the node that it leads to, flags)."""
    offsets = [48]
    for _, fields, *maps in nodes:
        offsets.append(offsets[-1] + 16 + len(fields) + 20 * len(maps))
    body = b""
    for identifier, (kind, fields, *maps) in enumerate(nodes):
        length = 16 + len(fields) + 20 * len(maps)
        body += struct.pack("<BHBIII", kind, length, 0, identifier, len(maps),
                            16 + len(fields) if maps else 0) + fields
        for first, count, to, node, *flags in maps:
            body += struct.pack("<IIIII", first, count - 1, to, offsets[node], *flags or (0,))
    table = bytearray(acpi(b"IORT", struct.pack("<III", len(nodes), 48, 0) + body))
    table[8] = revision
    table[9] = (table[9] - sum(table)) & 0xFF
    return bytes(table)


def its_group() -> tuple:
    return ITS_GROUP, struct.pack("<II", 1, 0)


def smmu(*maps: tuple, kind: int = SMMU_V3) -> tuple:
    return kind, struct.pack("<Q", 0x9050000) + bytes(44), *maps


def root_complex(*maps: tuple, segment: int = 0) -> tuple:
    return ROOT_COMPLEX, struct.pack("<QIII", 0, 0, segment, 64), *maps


def iort_rmr(*ranges: tuple, maps: tuple = (), flags: int = 0) -> tuple:
    """Memory ranges as (start, length); what it holds: stream ids behind mappings."""
    fields = struct.pack("<III", flags, len(ranges), 28)
    return RMR, fields + b"".join(struct.pack("<QQI", s, n, 0) for s, n in ranges), *maps


def dmar_table(*structures: bytes, flags: int = 1) -> bytes:
    return acpi(b"DMAR", bytes([38, flags]) + bytes(10) + b"".join(structures))


def ivrs_table(*blocks: bytes) -> bytes:
    return acpi(b"IVRS", bytes(12) + b"".join(blocks))


def smbios_record(kind: int, handle: int, fields: bytes, *strings: bytes) -> bytes:
    text = b"".join(s + b"\0" for s in strings) or b"\0"
    return struct.pack("<BBH", kind, 4 + len(fields), handle) + fields + text + b"\0"


def smbios_system(maker: str, product: str, serial: str = "SER1AL", uuid: bytes = b"\x5a" * 16):
    return smbios_record(1, 0x100, bytes([1, 2, 0, 3]) + uuid + bytes([6, 0, 0]), maker.encode(),
                         product.encode(), serial.encode())


def smbios_slot(number: int, name: str, bus: int, devfn: int, segment: int = 0,
                slot_type: int = 0xB5) -> bytes:
    fields = struct.pack("<BBBBBHBBHBB", 1, slot_type, 0x0B, 4, 4, number, 0, 0, segment, bus,
                         devfn)
    return smbios_record(9, 0x900 + number, fields, name.encode())


def smbios_onboard(name: str, bus: int, devfn: int) -> bytes:
    return smbios_record(41, 0x2900 + bus, struct.pack("<BBBHBB", 1, 0x85, 1, 0, bus, devfn),
                         name.encode())


def config(vendor: int, device: int, class_code: int, *, header: int = 0, buses=(0, 0), msi=True,
           flr=False, port: int | None = None, slot: int = 0, sriov=None, pin: int = 1,
           pcie: int | None = 0, acs: tuple[int, int] | None = None) -> bytearray:
    """A configuration space of 4096 bytes. port: the PCIe type; slot: the port's slot number; acs:
    what access control can do, and what is on."""
    b = bytearray(4096)
    struct.pack_into("<HHHH", b, 0, vendor, device, 0x406, 0)
    struct.pack_into("<I", b, 8, class_code << 8 | 1)
    b[0x0E] = header
    b[0x3D] = pin
    if header == 1:
        b[0x19], b[0x1A] = buses
    caps = []
    if port is not None or pcie is not None:
        kind = pcie if port is None else port
        flags = 2 | kind << 4 | (0x100 if slot else 0)
        caps.append((0x10, struct.pack("<HI", flags, (1 << 28) if flr else 0).ljust(18, b"\0")
                     + struct.pack("<I", slot << 19).ljust(40, b"\0")))
    if msi:
        caps.append((0x05, b"\0" * 12))
    at, link = 0x40, 0x34
    for number, body in caps:
        b[link], b[at] = at, number
        b[at + 2:at + 2 + len(body)] = body
        link, at = at + 1, at + 2 + len(body) + 3 & ~3
        b[6] = 0x10
    if sriov:
        struct.pack_into("<I", b, 0x100, 0x10010)
        struct.pack_into("<HHHHHH", b, 0x108, 1, 0, sriov, sriov, sriov, 0)
    if acs:
        assert not sriov
        struct.pack_into("<IHH", b, 0x100, 0x1000D, *acs)
    return b


class Tree:
    """A host's files below a directory."""

    def __init__(self, root: Path):
        self.root = Path(root)
        self.groups: dict[int, list[str]] = {}
        for directory in ("sys/bus/pci/devices", "sys/bus/pci/slots", "sys/kernel/iommu_groups",
                       "sys/class/iommu", "sys/firmware/acpi/tables", "sys/module",
                       "sys/kernel/security", "sys/firmware/dmi/tables", "etc/modprobe.d", "proc",
                       "var/log"):
            (self.root / directory).mkdir(parents=True, exist_ok=True)

    def write(self, path: str, content) -> Path:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, str):
            content = content.encode("utf-8", "surrogateescape")
        file.write_bytes(content)
        return file

    def remove(self, path: str) -> None:
        file = self.root / path
        if file.is_dir() and not file.is_symlink():
            shutil.rmtree(file)
        else:
            file.unlink()

    def kernel(self, release: str) -> None:
        self.write("proc/version", f"Linux version {release} (builder@host) (gcc) #1 SMP\n")

    def log(self, *lines: str) -> None:
        self.write("var/log/dmesg", "".join(f"[    1.000000] {x}\n" for x in lines))

    def iommu(self, name: str = "dmar0") -> None:
        (self.root / "sys/class/iommu" / name).mkdir()

    def dmar(self, *structures: bytes, flags: int = 1) -> None:
        self.write("sys/firmware/acpi/tables/DMAR", dmar_table(*structures, flags=flags))

    def ivrs(self, *blocks: bytes) -> None:
        self.write("sys/firmware/acpi/tables/IVRS", ivrs_table(*blocks))

    def smbios(self, *records: bytes) -> None:
        self.write("sys/firmware/dmi/tables/DMI",
                   b"".join(records) + smbios_record(127, 0xFEFF, b""))

    def slot(self, name: str, address: str) -> None:
        self.write(f"sys/bus/pci/slots/{name}/address", address + "\n")

    def regions(self, group: int, *lines: str) -> None:
        self.write(f"sys/kernel/iommu_groups/{group}/reserved_regions",
                   "".join(x + "\n" for x in lines))

    def device(self, address: str, class_code: int = 0x020000, *, vendor: int = 0x8086,
               device: int = 0x10FB, group: int | None = None, driver: str | None = None,
               reset: str | None = "bus\n", power: str | None = "D0\n", physfn: str | None = None,
               bytes_: bytes | None = None, **more) -> Path:
        """One function; more goes to config(). A number as group puts it there."""
        d = self.root / "sys/bus/pci/devices" / address
        d.mkdir()
        content = config(vendor, device, class_code, **more) if bytes_ is None else bytes_
        if physfn:
            content[0:4] = b"\xff\xff\xff\xff"
            os.symlink(f"../{physfn}", d / "physfn")
        (d / "config").write_bytes(content)
        (d / "vendor").write_text(f"0x{vendor:04x}\n")
        (d / "device").write_text(f"0x{device:04x}\n")
        (d / "class").write_text(f"0x{class_code:06x}\n")
        (d / "resource").write_text(("0x%016x 0x%016x 0x%016x\n" % (0, 0, 0)) * 13)
        if power is not None:
            (d / "power_state").write_text(power)
        if reset is not None and class_code >> 8 not in (0x0600, 0x0601, 0x0604):
            (d / "reset_method").write_text(reset)
        if more.get("header") == 1:
            (d / "secondary_bus_number").write_text(f"{more['buses'][0]}\n")
            (d / "subordinate_bus_number").write_text(f"{more['buses'][1]}\n")
        if driver:
            os.symlink(f"../../../bus/pci/drivers/{driver}", d / "driver")
        if group is not None:
            os.symlink(f"../../../kernel/iommu_groups/{group}", d / "iommu_group")
            if group not in self.groups:
                self.groups[group] = []
                self.regions(group, "0x00000000fee00000 0x00000000feefffff msi")
            self.groups[group].append(address)
        return d

    def bridge(self, address: str, secondary: int, subordinate: int | None = None, **more) -> Path:
        """A PCIe port or bridge; port 4 (root port) unless told otherwise."""
        more.setdefault("port", 4)
        more.setdefault("device", 0x3C04)
        return self.device(address, more.pop("class_code", 0x060400), header=1,
                           buses=(secondary, secondary if subordinate is None else subordinate),
                           **more)


class Case(unittest.TestCase):
    """A test with a directory of its own."""

    maxDiff = None

    def setUp(self) -> None:
        self.directory = Path(tempfile.mkdtemp(prefix="pcipass-"))
        self.addCleanup(shutil.rmtree, self.directory)
        self.tree = Tree(self.directory / "host")

    def host(self, release: str | None = "6.12.0-1-amd64", *, iommu: str | None = "dmar0",
             interrupts: str | None = INTERRUPTS, log: tuple = ("DMAR: IOMMU enabled",)) -> Tree:
        """What every host has around its devices."""
        t = self.tree
        if release:
            t.kernel(release)
        if iommu:
            t.iommu(iommu)
        if interrupts:
            t.write("proc/interrupts", interrupts)
        t.write("proc/cmdline", "quiet\n")
        t.write("sys/firmware/acpi/tables/FACP", b"FACP")  # every ACPI host has one
        t.write("proc/iomem", "00001000-0009ffff : System RAM\nbd000000-bfffffff : Reserved\n")
        t.write("sys/kernel/security/lockdown", "[none] integrity confidentiality\n")
        t.log(*log)
        return t

    def run_pcipass(self, *arguments, path: Path | None = None, **more):
        """pcipass on the directory; text in and out."""
        command = [PCIPASS, "--from", str(path or self.tree.root), *arguments]
        more.setdefault("timeout", 60)
        return subprocess.run(command, capture_output=True, text=True, errors="surrogateescape",
                              check=False, **more)

    def ask(self, *arguments, codes=(0, 3), **more) -> dict:
        """The JSON of a command that must end with one of codes."""
        run = self.run_pcipass("--json", *arguments, **more)
        self.assertIn(run.returncode, codes, run.stderr)
        return json.loads(run.stdout)

    def survey(self, **more) -> dict:
        """The devices of the survey by address."""
        self.document = self.ask(**more)
        return {d["address"]: d for d in self.document["devices"]}

    def reserved(self) -> list:
        return [r for r in self.ask("reserved")["regions"] if r["source"] != "kernel"]

    def found(self, device: dict, rule: str) -> dict:
        """The one finding of that rule."""
        some = [f for f in device["findings"] if f["rule"] == rule]
        self.assertEqual(len(some), 1, f"{rule}: {[f['rule'] for f in device['findings']]}")
        return some[0]

    def assert_not_found(self, device: dict, rule: str) -> None:
        self.assertNotIn(rule, [f["rule"] for f in device["findings"]])

    def assert_finding(self, device: dict, rule: str, effect: str, *words: str,
                       remedies: list | None = None) -> dict:
        f = self.found(device, rule)
        self.assertEqual(f["effect"], effect, f["text"])
        for word in words:
            self.assertIn(word, f["text"])
        if remedies is not None:
            self.assertEqual([c["id"] for c in f["remedies"]], remedies)
        return f
