#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Types what doc/why.md has one type, in its order, on a host that is a DL380p Gen8 in a directory, with a
stand-in for HP's program and the files as the author of such a write-up has them. The page's examples
on a capture are run by examples-test.py.

usage: why-test.py PCIPASS SOURCE_ROOT
"""

import importlib.util
import json
import re
import sys
import tempfile
import unittest
from pathlib import Path

ROOT = Path(sys.argv.pop(2))
PCIPASS = sys.argv.pop(1)
sys.path.insert(0, str(ROOT / "tests/apply"))
import fakeroot  # noqa: E402
import namespace  # noqa: E402

PAGE = (ROOT / "doc/why.md").read_text()

# What HP's full schema is like: records, one value, several bytes, and one for another generation.
SCHEMA = """<Conrep>
<global><helptext><![CDATA[Made up.]]></helptext><fileversion>1.0</fileversion>
<minimumconrepversion>3.40</minimumconrepversion></global>
<Section name="IMD_ServerName"><helptext><![CDATA[LCD Display name for this server]]></helptext>
<ev>TSTNAM</ev><length>16</length><record_size>16</record_size><format>text</format><Fields><Field>
<Field_name>Line</Field_name><Field_size>16</Field_size><Field_start>0</Field_start></Field></Fields>
</Section>
<Section name="IPL_Order"><helptext><![CDATA[Boot order]]></helptext><ev>TSTIPL</ev>
<length>16</length><record_size>1</record_size><Fields><Field><Field_name>Index</Field_name>
<Field_size>1</Field_size><Field_start>0</Field_start></Field></Fields></Section>
<Section name="Intel_VT-d2"><helptext><![CDATA[VT-d]]></helptext><nvram>0x10</nvram>
<value id="0x00">Enabled</value><value id="0x01">Disabled</value><mask>0x01</mask></Section>
<Section name="Boot_Targets"><helptext><![CDATA[Several bytes]]></helptext><ev>TSTRAW</ev>
<length>4</length></Section>
<Section name="VLANs"><helptext><![CDATA[Fields of several bytes]]></helptext><ev>TSTVLN</ev>
<length>6</length><record_size>3</record_size><Fields><Field><Field_name>Control</Field_name>
<Field_size>1</Field_size><Field_start>0</Field_start></Field><Field><Field_name>Id</Field_name>
<Field_size>2</Field_size><Field_start>1</Field_start></Field></Fields></Section>
<Section name="Of_Gen9"><helptext><![CDATA[.]]></helptext><platforms><platform>Gen9</platform>
</platforms><nvram>0x11</nvram><value id="0x00">On</value><value id="0x01">Off</value>
<mask>0x01</mask></Section>
</Conrep>
"""
BOOT_ORDER = "".join(f"<Index{n}>{x}</Index{n}>" for n, x in
                     enumerate(["00", "01", "03", "02", "04", "05"] + ["ff"] * 10))
VLANS = ("<Control0>01</Control0><Id0>00 64</Id0><Control1>00</Control1><Id1>00 00</Id1>")
# The page's line for PowerShell, as Out-File of Windows PowerShell 5.1 writes it.
FRAGMENT = re.search(r"^```powershell\n'(.*)' \| Out-File override-rmrds.xml\n```$", PAGE,
                     re.MULTILINE).group(1)
OUT_FILE = b"\xff\xfe" + (FRAGMENT + "\r\n").encode("utf-16-le")
# HP's own that have no schema but ours: their values are in the stand-in's file from the first.
SLOTS = {f"RMRDS_Slot{n}": "Endpoints_Included" for n in range(1, 17)}


def commands_test():
    """The test that knows which blocks hold lines to type."""
    path = ROOT / "tests/docs/commands-test.py"
    spec = importlib.util.spec_from_file_location("commands", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules["commands"] = module
    spec.loader.exec_module(module)
    return module


def sections() -> dict[int, list[list[str]]]:
    """The blocks to type of each of the twenty points, as lists of lines."""
    typed = commands_test()
    made = {}
    for number, text in re.findall(r"^## (\d+)\. .*?\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL):
        made[int(number)] = [typed.whole_lines(b) for b in typed.shell_blocks(text)]
    return made


class Page(unittest.TestCase):
    def test_twenty_points(self):
        self.assertEqual(list(sections()), list(range(1, 21)))

    def test_nothing_outside_of_them(self):
        """A block before the first point would be typed by nobody."""
        self.assertEqual(commands_test().shell_blocks(PAGE.split("\n## 1. ")[0]), [])


class Typed(unittest.TestCase):
    """Each block on the host as the one before has left it."""

    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.host = namespace.Host(Path(directory.name) / "host", PCIPASS)
        self.host.tool("conrep", (ROOT / "tests/docs/stand-in-conrep.py").read_text())
        self.state(SLOTS | {"IMD_ServerName": "<Line0>GH2</Line0>", "IPL_Order": BOOT_ORDER,
                            "Boot_Targets": "15 90 00 eb", "VLANs": VLANS})
        self.host.put("root/conrep.xml", SCHEMA)
        self.host.put("root/override-rmrds.xml", OUT_FILE)

    def state(self, values: dict) -> None:
        self.host.put("usr/sbin/settings.json", json.dumps(values))

    def kept(self) -> dict:
        """What the ROM would have."""
        return json.loads(self.host.text("usr/sbin/settings.json"))

    def type(self, line: str, code: int = 0) -> str:
        status, text = self.host.run(line)
        self.assertEqual(status, code, f"{line}: {text}")
        self.assertNotIn("Sanitizer", text)
        return text

    def freed(self, *slots: str) -> None:
        self.assertEqual({n for n, v in self.kept().items() if v == "Endpoints_Excluded"}, set(slots))

    def test_in_order(self):
        blocks = sections()
        done = set()
        for number, lists in blocks.items():
            for index, lines in enumerate(lists):
                getattr(self, f"point_{number}_{index}")(*lines)
                done.add((number, index))
        self.assertGreater(len(done), 7)

    def point_9_0(self, plan, get):
        self.assertIn("RMRDS_Slot2", self.type(plan))
        self.assertEqual(self.type(get), "RMRDS_Slot2=Endpoints_Included\n")
        self.freed()

    def point_12_0(self, save):
        self.assertIn("Conrep Return Code: 0", self.type(save))
        saved = self.host.text("root/existing-settings.xml")
        self.assertIn('originating_platform="ProLiant DL380p Gen8"', saved)
        self.assertIn("<Line0>GH2</Line0>", saved)
        self.assertIn(BOOT_ORDER, saved)
        self.assertNotIn("RMRDS", saved)
        self.assertNotIn("Of_Gen9", saved)
        # As HP's program saves it, but for who says so; it loads again and comes back the same.
        self.type("conrep -s -x/root/conrep.xml -f/root/hp.xml")
        self.assertEqual(*(re.sub(r"<!--.*-->|version=\"[0-9.]+\"", "", t)
                           for t in (saved, self.host.text("root/hp.xml"))))
        before = self.kept()
        self.type("pcipass-conrep -l -x conrep.xml -f existing-settings.xml")
        self.assertEqual(self.kept(), before)

    def point_13_0(self, cat):
        self.assertIn('<Section name="Intel_VT-d2" helptext="VT-d">Enabled</Section>', self.type(cat))

    def point_15_0(self, listed):
        self.assertIn("RMRDS_Slot16", self.type(listed))

    def point_16_0(self, save, edit, diff, load):
        self.type(save)
        self.type(edit)
        self.assertIn("RMRDS_Slot2: Endpoints_Included -> Endpoints_Excluded", self.type(diff, 1))
        self.freed()
        told = self.type(load)
        self.assertIn("iLO no longer sees the card in", told)
        self.assertTrue(told.endswith("\nConrep Return Code: 0\n"), told)
        self.freed("RMRDS_Slot2")

    def point_18_0(self, part, load):
        self.state(self.kept() | SLOTS | {"RMRDS_Slot3": "Endpoints_Excluded"})
        self.type(part)
        self.type(load)
        self.freed("RMRDS_Slot2", "RMRDS_Slot3")

    def point_19_0(self, load):
        self.assertEqual(self.host.read("root/override-rmrds.xml")[:2], b"\xff\xfe")
        self.state(self.kept() | SLOTS)
        self.type(load)
        self.freed("RMRDS_Slot2")

    def point_19_1(self, piped, named):
        for line in (piped, named):
            self.state(self.kept() | SLOTS)
            self.type(line)
            self.freed("RMRDS_Slot2")

    def point_20_0(self, check, regions):
        self.type(check, 1)
        self.host.started("dl380p-gen8-freed", fakeroot.NEW_BOOT)
        self.assertIn("assignable", self.type(check))
        self.assertNotIn("07:00.0 hard", self.type(regions))

    def point_20_1(self, *lines):
        for line in lines:
            self.assertIn("07:00.0", self.type(line).replace("PCIROOT(0)#PCI(0202)", "07:00.0"))

    def point_20_2(self, free, verify, emit):
        """All of it on a host where nothing was done yet, and back."""
        self.host.started("dl380p-gen8")
        self.state(self.kept() | SLOTS)
        before = self.kept()
        self.type(f"{free} --yes")
        self.freed("RMRDS_Slot2")
        self.host.started("dl380p-gen8-freed", fakeroot.NEW_BOOT)
        self.type(verify)
        self.assertIn("0000:07:00.0", self.type(emit))
        self.type("pcipass undo --yes")
        self.assertEqual(self.kept(), before)


if __name__ == "__main__":
    WHY = namespace.missing()
    if WHY:
        print(f"skipped: {WHY}")
        sys.exit(77)
    unittest.main()
