#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Each kind of text, made by the tool that prints it or in its form, gives the facts that it was made of.

usage: test-readers.py PCIPASS [NAME…]
"""

import json
import re
import shlex
import shutil
import subprocess
import sys
import tarfile
import tempfile
import unittest
from pathlib import Path

from texts import DATA, LSPCI, PCIPASS, TABLES, Importing, acpidump, pcipass

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "smbios"))
import dmitext  # noqa: E402

PATH = "/usr/local/bin:/usr/bin:/usr/sbin:/sbin"
IASL, DMIDECODE = shutil.which("iasl", path=PATH), shutil.which("dmidecode", path=PATH)
# A device, so that there is a host to make a capture of.
DEVICE = "00:00.0 Host bridge [0600]: Intel Corporation Device [8086:3c00] (rev 07)\n"


class Reading(Importing):
    """What a reader made of a text, as files."""

    def files(self, *texts: str | bytes) -> dict[str, bytes]:
        """The capture of a host that is made of these texts."""
        self.count += 1
        out = self.dir / f"capture{self.count}.tar"
        words = [w for text in texts for w in ("--from", self.file(text))]
        done = pcipass(*words, "capture", "-o", out, "--keep-private")
        self.assertIn(done.returncode, (0, 3), done.stderr)
        with tarfile.open(out) as tar:
            return {m.name: tar.extractfile(m).read() for m in tar if m.isfile()}

    def refused(self, text: str | bytes) -> str:
        done = pcipass("--from", self.file(text), "reserved")
        self.assertEqual(done.returncode, 4, done.stdout)
        return done.stderr.decode()


@unittest.skipUnless(DMIDECODE, "no dmidecode")
class Dmidecode(Reading):
    """dmidecode's text, against its own reading of the table that is made of the text."""

    FIELDS = {0: ("Vendor", "Version", "Release Date"), 1: ("Manufacturer", "Product Name"), 2: ("Product Name",),
              4: ("Manufacturer",), 9: ("Designation", "ID", "Bus Address"), 41: ("Reference Designation", "Bus Address")}

    def dmidecode(self, table: bytes, *options: str) -> str:
        with tempfile.NamedTemporaryFile() as f:
            f.write(dmitext.dump_file(table))
            f.flush()
            return subprocess.run([DMIDECODE, *options, "--from-dump", f.name], capture_output=True, check=True,
                                  encoding="utf-8", errors="replace").stdout

    def facts(self, text: str) -> list:
        """What is read of each record; a text loses blanks at the ends."""
        seen, made = set(), []
        for r in dmitext.parse_text(text):
            if r.type not in self.FIELDS or (r.type in (0, 1, 2, 4) and r.type in seen):
                continue
            seen.add(r.type)
            # dmidecode leaves out the ID of slot types that it does not know: 0, which is no number either.
            made.append((r.type, [re.sub(r"^(Not Specified|<BAD INDEX>|0|0000:ff:1f\.7)$", "", " ".join(
                r.fields.get(key, "").split())) for key in self.FIELDS[r.type]]))
        return made

    def table(self, text: str) -> bytes:
        files = self.files(DEVICE, text)
        self.assertIn("sys/firmware/dmi/tables/DMI", files, self.dir)
        return files["sys/firmware/dmi/tables/DMI"]

    def test_real_servers(self):
        """65 servers of five generations, by the text alone."""
        texts = sorted(DATA.glob("dmidecode/*.txt"))
        if not texts:
            self.skipTest("no real servers' texts (PCIPASS_TEST_DATA)")
        slots = 0
        for path in texts:
            with self.subTest(path.stem):
                text = path.read_text(errors="replace")
                want = self.facts(text)
                if not any(kind == 9 for kind, _ in want):
                    continue
                have = self.facts(self.dmidecode(self.table(text)))
                self.assertEqual(have, want)
                slots += sum(kind == 9 for kind, _ in have)
        print(f"dmidecode: {len(texts)} texts, {slots} slots", file=sys.stderr)

    def test_samples(self):
        """As dmidecode prints it, whole or in part, also on a host without root's part of lspci."""
        host = self.sample("dl380p-gen8")
        table = (host / "sys/firmware/dmi/tables/DMI").read_bytes()
        lspci = self.lspci(host, "-nnk")
        want = json.loads(pcipass("--from", host, "--json").stdout)
        slots = {d["address"]: d["slot"] for d in want["devices"]}
        for options in ((), ("-q",), ("-u",), ("-t", "slot"), ("-t", "9", "-u")):
            with self.subTest(options):
                made = self.read(lspci, self.dmidecode(table, *options))
                mine = {d["address"]: d["slot"] for d in made["devices"] if slots[d["address"]]}
                self.assertEqual(mine, {a: s for a, s in slots.items() if s})
                if "-t" not in options:
                    self.assertEqual([made["host"][k] for k in ("manufacturer", "product", "bios_version", "bios_date")],
                                     [want["host"][k] for k in ("manufacturer", "product", "bios_version", "bios_date")])

    def test_forms(self):
        """Quoted, with CRLF, with the blanks lost; and what dmidecode 3.7 calls the BIOS."""
        host = self.sample("dl380p-gen8")
        text = self.dmidecode((host / "sys/firmware/dmi/tables/DMI").read_bytes())
        want = self.table(text)
        for form in (text.replace("\n", "\r\n"), "".join(f"> {line}\n" for line in text.splitlines()),
                     "\n".join(line.strip() for line in text.splitlines()) + "\n", text.expandtabs(8),
                     text.replace("\nBIOS Information", "\nPlatform Firmware Information")):
            self.assertEqual(self.table(form), want)

    def test_cut(self):
        """A part of the records says nothing of slots, but who the machine is."""
        host = self.sample("dl380p-gen8")
        text = self.dmidecode((host / "sys/firmware/dmi/tables/DMI").read_bytes())
        head = "SMBIOS 2.8 present.\n%d structures occupying 6201 bytes.\nTable at 0xBFBDB000.\n\n"
        whole = len(re.findall("^Handle", text, re.M))
        made = self.read(DEVICE, head % whole + text)
        self.assertEqual((made["host"]["product"], self.said), ("ProLiant DL380p Gen8", ""))
        files = self.files(DEVICE, head % (whole + 1) + text)
        self.assertNotIn("sys/firmware/dmi/tables/DMI", files)
        self.assertEqual(files["sys/class/dmi/id/product_name"].strip(), b"ProLiant DL380p Gen8")
        self.read(DEVICE, head % (whole + 1) + text)
        self.assertIn("which card is in which slot is not taken from it", self.said)
        self.read(DEVICE, "# dmidecode 3.4\n" + text + "# dmidecode 3.4\n" + text.replace("DL380p", "DL360p"))
        self.assertIn("has a second output of dmidecode", self.said)


@unittest.skipUnless(IASL, "no iasl")
class Iasl(Reading):
    """A table's listing gives the regions of the table."""

    def listing(self, table: bytes) -> str:
        path = self.dir / "table"
        path.write_bytes(table)
        subprocess.run([IASL, "-d", path], capture_output=True, check=False, cwd=self.dir)
        return (self.dir / "table.dsl").read_text(encoding="latin-1")

    def reserved(self, text: str | bytes) -> tuple[int, bytes]:
        done = pcipass("--from", self.file(text), "reserved", "--json")
        return done.returncode, done.stdout

    def tables(self):
        """The samples' tables, and real ones where they are."""
        for name in ("dl380p-gen8", "amd-board", "vmd-qat", "overlapping-regions"):
            host = self.sample(name)
            for table in ("DMAR", "IVRS"):
                path = host / TABLES / table
                if path.exists() and path.stat().st_size:
                    yield f"{name} {table}", path.read_bytes()
        for path in sorted(DATA.glob("acpi/*/*"))[::4]:
            yield path.stem, path.read_bytes()

    def test_listings(self):
        whole = refused = fields = 0
        for name, table in self.tables():
            with self.subTest(name):
                text, want = self.listing(table), self.reserved(table)
                self.assertEqual(self.reserved(text), want)
                whole += 1
                # Its last part lost: by the fields, or not at all.
                cut = text[:text.index("Raw Table Data")]
                have = self.reserved(cut)
                if have[0] == 4:
                    self.assertIn("the listing leaves out bytes", self.refused(cut))
                    refused += 1
                else:
                    self.assertEqual(have, want)
                    fields += 1
                newer = re.sub(r"^\[(\w+h) (\d+) +(\d+)\]", lambda m: f"[{m[1]} {m[2]} {int(m[3]):03X}h]", cut, flags=re.M)
                self.assertEqual(self.reserved(newer), have)
        print(f"iasl: {whole} listings, {fields} without their bytes, {refused} refused without", file=sys.stderr)
        self.assertGreater(fields, refused)

    def test_broken(self):
        text = self.listing((self.sample("dl380p-gen8") / TABLES / "DMAR").read_bytes())
        lines = text[:text.index("Raw Table Data")].splitlines()
        self.assertIn("leaves out bytes from 0x32 on", self.refused("\n".join(lines[:27])))
        self.assertIn("sudo cat /sys/firmware/acpi/tables/DMAR", self.refused("\n".join(lines[:27])))
        length = next(line for line in lines if "Table Length" in line)
        short = "\n".join(lines).replace(length, length.rsplit(":", 1)[0] + ": 00000010")
        self.assertIn("its length is 16", self.refused(short))


class Lists(Reading):
    """Lists of devices: what each tells is what the capture has, and nothing else is."""

    def setUp(self):
        super().setUp()
        self.host = self.sample("sriov-nic")
        self.want = json.loads(pcipass("--from", self.host, "--json").stdout)
        self.by = {d["address"]: d for d in self.want["devices"]}

    def parents(self) -> dict[str, str]:
        """The bridge above each device, by lspci's tree of the sample."""
        made = {}
        for address in self.by:
            bus = int(address[5:7], 16)
            for config in (self.host / "sys/bus/pci/devices").glob("*/config"):
                data = config.read_bytes()
                if data[14] & 0x7f == 1 and data[25] == bus:
                    made[address] = config.parent.name
        return made

    def path(self, address: str) -> str:
        up, made = self.parents(), [address]
        while made[0] in up:
            made.insert(0, up[made[0]])
        return f"/sys/devices/pci0000:{made[0][5:7]}/" + "/".join(made)

    def physfn(self, address: str) -> str | None:
        link = self.host / "sys/bus/pci/devices" / address / "physfn"
        return link.readlink().name if link.is_symlink() else None

    def compare(self, made: dict, keys: tuple, leave_out: tuple = ()):
        self.assertEqual({d["address"] for d in made["devices"]},
                         {a for a, d in self.by.items() if d["class"][:2] not in leave_out})
        for d in made["devices"]:
            self.assertEqual([d[k] for k in keys], [self.by[d["address"]][k] for k in keys], d["address"])
            self.assertIn(d["verdict"], (self.by[d["address"]]["verdict"], "unknown"))

    def pvesh(self, leave_out: tuple = ()) -> str:
        return json.dumps([{"class": f"0x{d['class']}", "device": f"0x{d['device']}", "device_name": "A device",
                   "id": a, "iommugroup": -1 if d["group"] is None else d["group"], "subsystem_device": "0x0000",
                   "subsystem_vendor": "0x0000", "vendor": f"0x{d['vendor']}", "vendor_name": "A maker"}
                   for a, d in self.by.items() if d["class"][:2] not in leave_out])

    def test_pvesh(self):
        text = self.pvesh(("05", "06", "0b"))
        rows = json.loads(text)
        keys = ("vendor", "device", "class", "group")
        for form in (text, json.dumps({"data": rows}), "# pvesh get /nodes/pve/hardware/pci --output-format json\n" + text,
                     text + "\nroot@pve:~#\n", json.dumps([{**r, "iommugroup": str(r["iommugroup"])} for r in rows])):
            self.compare(self.read(form), keys, ("05", "06", "0b"))
        self.assertIn("no JSON from line 1 on", self.refused(text[:-30]))

    def test_pvesh_without_bridges(self):
        """A region's path leads over bridges, which the list leaves out: whom it is for is not known."""
        host = self.sample("dl380p-gen8")
        want = {d["address"]: d for d in json.loads(pcipass("--from", host, "--json").stdout)["devices"]}
        rows = [{"class": f"0x{d['class']}", "device": f"0x{d['device']}", "id": a, "iommugroup": d["group"],
                 "vendor": f"0x{d['vendor']}"} for a, d in want.items() if d["class"][:2] != "06"]
        made = self.read(json.dumps(rows), (host / TABLES / "DMAR").read_bytes(),
                         (host / "var/log/dmesg.txt").read_text())
        for d in made["devices"]:
            self.assertIn(d["verdict"], (want[d["address"]]["verdict"], "unknown"), d["address"])

    def nodedev(self, address: str) -> str:
        d = self.by[address]
        bus, slot, function = int(address[5:7], 16), int(address[8:10], 16), int(address[11])
        driver = f"  <driver>\n    <name>{d['driver']}</name>\n  </driver>\n" if d["driver"] else ""
        group, physfn = "", self.physfn(address)
        form = "<address domain='0x{}' bus='0x{}' slot='0x{}' function='0x{}'/>".format

        def element(of: str) -> str:
            return form(of[:4], of[5:7], of[8:10], of[11])
        if d["group"] is not None:
            group = f"    <iommuGroup number='{d['group']}'>\n" + "".join(
                f"      {element(a)}\n" for a, o in self.by.items() if o["group"] == d["group"]) + "    </iommuGroup>\n"
        parent = f"    <capability type='phys_function'>\n      {element(physfn)}\n    </capability>\n" if physfn else ""
        return (f"<device>\n  <name>pci_{re.sub('[:.]', '_', address)}</name>\n  <path>{self.path(address)}</path>\n"
                f"  <parent>computer</parent>\n{driver}  <capability type='pci'>\n    <class>0x{d['class']}</class>\n"
                f"    <domain>0</domain>\n    <bus>{bus}</bus>\n    <slot>{slot}</slot>\n    <function>{function}</function>\n"
                f"    <product id='0x{d['device']}'>A device</product>\n    <vendor id='0x{d['vendor']}'>A maker</vendor>\n"
                f"{parent}{group}    <numa node='0'/>\n    <pci-express>\n      <link validity='cap' port='0' speed='5' width='4'/>\n"
                "    </pci-express>\n  </capability>\n</device>\n\n")

    def test_nodedev(self):
        text = "".join(self.nodedev(a) for a in self.by)
        keys = ("vendor", "device", "class", "group", "driver")
        for form in (text, text.replace("'", '"'), text.replace("<", "&lt;").replace(">", "&gt;"),
                     "".join(f"> {line}\n" for line in text.splitlines())):
            self.compare(self.read(form), keys)
        # One alone, and one that is cut.
        first = next(iter(self.by))
        self.assertEqual([d["address"] for d in self.read(self.nodedev(first))["devices"]], [first])
        self.read(text[:-60])
        self.assertIn("ends within a device", self.said)

    def lshw(self, numeric: bool) -> list:
        nodes, up = {}, self.parents()
        names = {"0200": "Ethernet controller", "0604": "PCI bridge", "0600": "Host bridge", "0601": "ISA bridge"}
        for a, d in self.by.items():
            product = f"A device [{int(d['vendor'], 16):X}:{int(d['device'], 16):X}]" if numeric else "A device"
            nodes[a] = {"id": "x", "class": "bus" if d["class"][:2] == "06" else "generic", "claimed": bool(d["driver"]),
                        "handle": f"PCI:{a}", "description": names.get(d["class"][:4], "Something"), "product": product,
                        "vendor": "A maker", "physid": "0", "businfo": f"pci@{a}", "version": "01", "children": [],
                        "configuration": {"driver": d["driver"], "latency": "0"} if d["driver"] else {"latency": "0"}}
            bridge = (self.host / "sys/bus/pci/devices" / a / "config").read_bytes()
            if d["class"][:4] == "0604":
                nodes[a]["handle"] = f"PCIBUS:0000:{bridge[25]:02x}"
        tops = []
        for a, node in nodes.items():
            (nodes[up[a]]["children"] if a in up else tops).append(node)
        return tops

    def test_lshw(self):
        core = {"id": "core", "class": "bus", "description": "Motherboard", "product": "A board", "children": [
            {"id": "firmware", "class": "memory", "vendor": "HP", "version": "P70", "date": "07/01/2015"},
            *self.lshw(True)]}
        top = {"id": "server", "class": "system", "product": "ProLiant DL380p Gen8 (662257-421)", "vendor": "HP",
               "children": [core]}
        made = self.read(json.dumps(top, indent=2))
        # A class is there by its name only, which not every class has here.
        self.compare(made, ("driver",))
        named = [d for d in made["devices"] if d["class"] is not None]
        self.assertGreater(len(named), 3)
        for d in named:
            self.assertEqual([d["vendor"], d["device"], d["class"][:4]],
                             [*(self.by[d["address"]][k] for k in ("vendor", "device")), self.by[d["address"]]["class"][:4]])
        self.assertEqual((made["host"]["product"], made["host"]["bios_version"]), (top["product"], "P70"))
        self.compare(self.read(json.dumps(self.lshw(False))), ("driver",))
        # lshw 02.18 with -class: no brackets around, commas between.
        flat = ",\n".join(json.dumps({**n, "children": []}) for n in self.lshw(True))
        self.assertEqual(len(self.read(flat)["devices"]), len(self.lshw(True)))
        self.assertIn("no JSON from line", self.refused(json.dumps(top, indent=2)[:-20]))


class Dumps(Reading):
    """"lspci -x" of old and new pciutils, without numeric ids: what stands in the bytes is what is read."""

    @staticmethod
    def parse(text: str) -> dict[str, bytes]:
        made, address = {}, ""
        for line in text.splitlines():
            head = re.match(r"((?:[0-9a-f]{4,}:)?[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]) \S", line)
            dump = re.match(r"([0-9a-f]{2,3}):((?: [0-9a-f]{2}){16})$", line)
            if head:
                address = head[1] if head[1].count(":") == 2 else "0000:" + head[1]
                made[address] = b""
            elif dump:
                made[address] += bytes.fromhex(dump[2])
        return made

    def check(self, text: str):
        want = self.parse(text)
        files = self.files(text)
        ranges = dict(re.findall(r"^partial sys/bus/pci/devices/(\S+)/config (\S+)$", files["pcipass/manifest"].decode(), re.M))
        for address, data in want.items():
            have = files[f"sys/bus/pci/devices/{address}/config"]
            # A capture holds what was asked for.
            asked = [[int(end, 16) for end in part.split("-")] for part in ranges.get(address, "").split(",")
                     if re.fullmatch(r"[0-9a-f]+-[0-9a-f]+", part)] or [[0, len(have) - 1]]
            self.assertGreaterEqual(sum(last + 1 - first for first, last in asked), 60, address)
            for first, last in asked:
                self.assertEqual(have[first:last + 1], data[first:last + 1], f"{address} from {first:x} on")
        # The same devices as lspci -F finds in the text.
        dump = self.dir / "dump"
        dump.write_text(text)
        lines = subprocess.run([LSPCI, "-F", dump, "-Dn"], capture_output=True, text=True, check=True).stdout.splitlines()
        made = {d["address"]: d for d in self.read(text)["devices"]}
        self.assertEqual(sorted(made), sorted(line.split()[0] for line in lines))
        for line in lines:
            address, kind, ids = line.split()[:3]
            self.assertEqual((made[address]["class"][:4] + ":", f"{made[address]['vendor']}:{made[address]['device']}"),
                             (kind, ids))
        return len(want)

    def test_real(self):
        texts = sorted(DATA.glob("lspci/*.lspci"))
        if not texts:
            self.skipTest("no real dumps (PCIPASS_TEST_DATA)")
        devices = 0
        for path in texts:
            with self.subTest(path.stem):
                devices += self.check(path.read_text(errors="replace"))
        print(f"lspci: {len(texts)} dumps, {devices} devices", file=sys.stderr)

    def test_samples(self):
        """A sample's own dump with names alone, as pciutils before 2.2 and without -nn have it."""
        host = self.sample("dl380p-gen8")
        for options in (("-x",), ("-xxx",), ("-vxxxx",), ("-Dvvx",)):
            with self.subTest(options):
                self.check(self.lspci(host, *options))

    def test_logs(self):
        """Lines of odd regions: they are a log, and nothing is made of them that they do not say."""
        path = DATA / "logs/odd-rmrr-lines.txt"
        if not path.exists():
            self.skipTest("no logs (PCIPASS_TEST_DATA)")
        made = self.read(DEVICE, path.read_text())
        self.assertEqual([d["verdict"] for d in made["devices"]], ["not-endpoint"])
        self.assertEqual(pcipass("explain", "--log", path).returncode, 0)


class More(Reading):
    """What is missing is named, with one command; and what that command prints then decides."""

    def typed(self, *texts: Path, ask: tuple = ()) -> tuple[str, str]:
        """What is typed there and here."""
        done = pcipass(*[w for t in texts for w in ("--from", t)], *ask)
        said = done.stdout.decode()
        found = re.search(r"^To know more, on that host: (.*)\n  then here: (.*)$", said, re.M)
        self.assertTrue(found, said)
        self.assertTrue(said.endswith(found[0] + "\n"))
        return found[1], found[2]

    def run_there(self, host: Path, command: str):
        """The command in a shell, with programs that print what that host's would."""
        tools = self.dir / "tools"
        tools.mkdir(exist_ok=True)
        tables = {p.name: p.read_bytes() for p in (host / TABLES).iterdir() if p.is_file() and p.stat().st_size}
        outputs = {"lspci": self.lspci(host, "-nnvvxxxx"), "acpidump": acpidump(tables),
                   "dmesg": (host / "var/log/dmesg.txt").read_text(), "dmidecode": "",
                   "cat": (host / "proc/interrupts").read_text()}
        if DMIDECODE:
            outputs["dmidecode"] = Dmidecode.dmidecode(self, (host / "sys/firmware/dmi/tables/DMI").read_bytes())
        for name, text in outputs.items():
            (self.dir / f"out-{name}").write_text(text)
            (tools / name).write_text(f"#!/bin/sh\nexec /bin/cat {self.dir}/out-{name}\n")
        (tools / "sudo").write_text('#!/bin/sh\nexec "$@"\n')
        for tool in tools.iterdir():
            tool.chmod(0o755)
        subprocess.run(["/bin/sh", "-c", command], cwd=self.dir, check=True, env={"PATH": f"{tools}:/bin:/usr/bin"})

    def test_it_decides(self):
        """A forum's "lspci -nn", then the command's output: as the host itself, but for how devices are reset."""
        host = self.sample("dl380p-gen8")
        want = {d["address"]: d["verdict"] for d in json.loads(pcipass("--from", host, "--json").stdout)["devices"]}
        first = self.dir / "it's a \"post\".txt"
        first.write_text(self.lspci(host, "-nn"))
        there, here = self.typed(first, ask=("explain", "07:00.0"))
        self.assertIn("lspci -nnvvxxxx >lspci.txt", there)
        # A name with a quote in it is one word of the command all the same.
        self.assertIn(str(first), shlex.split(here))
        first = first.rename(self.dir / "a post.txt")
        there, here = self.typed(first, ask=("explain", "07:00.0"))
        self.assertIn(f"--from '{first}'", here)
        self.run_there(host, there)
        done = subprocess.run(["/bin/sh", "-c", here.replace("pcipass", f"'{Path(PCIPASS).resolve()}'", 1) + " --json"], cwd=self.dir,
                              capture_output=True, check=False)
        made = {d["address"]: d for d in json.loads(done.stdout)["devices"]}
        self.assertEqual(made["0000:07:00.0"]["verdict"], "blocked-fixable")
        self.assertEqual(made["0000:07:00.0"]["slot"], "2" if DMIDECODE else made["0000:07:00.0"]["slot"])
        for address, device in made.items():
            self.assertIn(device["verdict"], (want[address], "unknown", "care"))
        # What is missing now is in no text.
        document = json.loads(done.stdout)
        self.assertIn(document["more"]["command"], ("sudo pcipass capture -o host.tar.gz",
                                                    "sudo sh -c 'cat /proc/interrupts >interrupts.txt'",
                                                    "sudo cat /proc/interrupts >interrupts.txt"))

    def test_json_and_check(self):
        host = self.sample("dl380p-gen8")
        text = self.file(self.lspci(host, "-nnvv"))
        more = json.loads(pcipass("--from", text, "--json").stdout)["more"]
        self.assertIn("acpidump >acpidump.txt", more["command"])
        self.assertEqual(json.loads(pcipass("--from", text, "explain", "07:00.0", "--json").stdout)["more"]["missing"][0],
                         "the firmware's IOMMU table")
        done = pcipass("--from", text, "check", "07:00.0")
        self.assertIn(b"; to know more, on that host: sudo sh -c 'acpidump", done.stdout)
        self.assertEqual(done.stdout.count(b"\n"), 1)
        # A capture, and a bridge, want nothing.
        self.assertNotIn("more", json.loads(pcipass("--from", host, "--json").stdout))
        self.assertNotIn(b"To know more", pcipass("--from", text, "explain", "00:1c.4").stdout)

    def test_no_devices(self):
        host = self.sample("dl380p-gen8")
        done = pcipass("--from", self.file((host / "var/log/dmesg.txt").read_text()))
        self.assertEqual(done.returncode, 3)
        self.assertIn(b"no text lists them; to know them, on that host: sudo lspci -nnvvxxxx >lspci.txt", done.stderr)

    def test_names_again(self):
        """What comes next is typed with every text."""
        host = self.sample("dl380p-gen8")
        texts = [self.file(t) for t in (self.lspci(host, "-nnvvxxxx"), (host / "var/log/dmesg.txt").read_text(),
                                        (host / TABLES / "DMAR").read_bytes())]
        done = pcipass(*[w for t in texts for w in ("--from", t)])
        self.assertIn(" ".join(f"--from {t}" for t in texts), " ".join(done.stdout.decode().split()))


class Origins(Reading):
    """Evidence names the text that shows it, and the line."""

    # What no text shows: what was worked out, or that nothing was found.
    OF_NONE = ("VFIO_GROUP_SET_CONTAINER fails", "binding it to vfio-pci fails", "/proc/interrupts: ",
               "computed from the hardware", "/sys/firmware/acpi/tables: no", "writing to sriov_numvfs",
               "domain ", "kernel log: no ", "handled by ", "reset_method")

    def check(self, line: str, evidence: str, address: str | None):
        """That line of the text is about it."""
        short = address[5:] if address else ""
        if evidence.startswith("kernel log: "):
            self.assertIn(evidence.removeprefix("kernel log: ").split("…")[0][:60], line)
        elif evidence.startswith("kernel "):
            self.assertIn("Linux version ", line)
        elif "/driver: " in evidence:
            self.assertIn("Kernel driver in use: " + evidence.split(": ")[-1], line)
        elif evidence.startswith("/sys/kernel/iommu_groups/"):
            self.assertIn("IOMMU group: " + evidence.split("/")[4], line)
        elif evidence.startswith("/proc/cmdline"):
            self.assertIn("ommand line: ", line)
        elif re.match(r"[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]: ", evidence):
            self.assertTrue(line.startswith(evidence.split(": ")[0] + " "), line)
        elif evidence.startswith("configuration space of "):
            self.assertTrue(line.startswith(evidence.split()[3].rstrip(":") + " "), line)
        elif evidence.startswith(("DMAR", "IVRS")):
            self.assertIn(evidence[:4], line)
        else:
            self.assertTrue(line.startswith(short + " "), (line, evidence))

    def test_every_evidence(self):
        counted = 0
        for name in ("dl380p-gen8", "dl380p-gen8-iommu-off", "sriov-nic", "desktop-relaxable", "amd-board"):
            host = self.sample(name)
            tables = {p.name: p.read_bytes() for p in sorted((host / TABLES).iterdir()) if p.is_file() and p.stat().st_size}
            # Among others' words, so that no line is where its number in the output would have it.
            texts = {str(self.file("Hello,\n\n" + text)): "Hello,\n\n" + text for text in (
                self.lspci(host, "-nnvvv"), (host / "var/log/dmesg.txt").read_text(), acpidump(tables))}
            done = pcipass(*[w for t in texts for w in ("--from", t)], "--json")
            document = json.loads(done.stdout)
            found = [(None, f) for f in document["host"]["findings"]]
            found += [(d["address"], f) for d in document["devices"] for f in d["findings"]]
            for address, finding in found:
                origins = {o["evidence"]: o for o in finding["origins"]}
                for n, evidence in enumerate(finding["evidence"]):
                    if evidence.startswith(self.OF_NONE):
                        continue
                    with self.subTest(f"{name} {address} {evidence}"):
                        self.assertIn(n, origins)
                        line = texts[origins[n]["file"]].splitlines()[origins[n]["line"] - 1]
                        self.check(line, evidence, address)
                        counted += 1
        print(f"origins: {counted} pieces of evidence", file=sys.stderr)
        self.assertGreater(counted, 100)

    def test_explain(self):
        host = self.sample("dl380p-gen8")
        dump = self.file((host / TABLES / "DMAR").read_bytes())
        lspci = self.file(self.lspci(host, "-nnvv"))
        done = pcipass("--from", lspci, "--from", dump, "--from", self.file((host / "var/log/dmesg.txt").read_text()),
                       "explain", "07:00.0")
        text = " ".join(done.stdout.decode().split())
        # Bytes have no lines.
        self.assertIn(f"DMAR RMRR 2 at +0xee: 0xbdf83000-0xbdf84fff ({dump})", text)
        self.assertRegex(text, rf"class 010700, driver mpt3sas \({lspci}, line \d+\)")
        # A host's own files are no texts.
        self.assertNotIn("origins", json.loads(pcipass("--from", host, "--json").stdout)["devices"][0]["findings"][0])

    def test_captured(self):
        """A capture that is made of texts holds nothing of their names."""
        host = self.sample("sriov-nic")
        files = self.files(self.lspci(host, "-nnvv"))
        self.assertEqual([name for name in files if "origins" in name], [])


if __name__ == "__main__":
    unittest.main()
