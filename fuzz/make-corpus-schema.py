#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Writes the inputs of fuzz-schema.

usage: make-corpus-schema.py FOLDER
"""

import sys
from pathlib import Path

BITS = '<value id="0">Off</value><value id="0x01">On</value><mask>0x01</mask>'
FIELD = ("<Field><Field_name>{}</Field_name><Field_size>{}</Field_size>"
         "<Field_start>{}</Field_start></Field>")
GLOBAL = ("<global><helptext><![CDATA[ For\n some. ]]></helptext><fileversion>4.35</fileversion>"
          "<minimumconrepversion>3.40</minimumconrepversion>"
          "<platforms><platform>Gen8</platform><platform>Gen9</platform></platforms>"
          "<onmismatch>exception</onmismatch></global>")
CONDITIONS = ("<platforms><platform>Gen8</platform></platforms>"
              "<romfamilies><romfamily>P70</romfamily></romfamilies>"
              "<romdates><greaterthan>06/01/09</greaterthan></romdates>"
              "<proc_mans><proc_man>Intel</proc_man></proc_mans>")


def section(inside: str, name: str = "A") -> str:
    """One section."""
    return f'<Section name="{name}">{inside}</Section>'


def records(length: int, size: int, *fields: tuple) -> str:
    """An EV of records."""
    all_fields = "".join(FIELD.format(*f) for f in fields)
    return (f"<ev>CQHORD</ev><length>{length}</length><record_size>{size}</record_size>"
            f"<Fields>{all_fields}</Fields>")


SECTIONS = {
    "enum-ev": section("<ev>CQSBKT</ev><length>8</length><byte>00</byte>" + BITS),
    "enum-nvram": section("<nvram>0x26A</nvram>" + BITS, "RMRDS_Slot1"),
    "enum-cmos": section("<cmos>0x5c</cmos>" + BITS),
    "records": section(records(16, 8, ("Id", 4, 0), ("Slot", 1, 4), ("Rest", 3, 5))),
    "records-text": section(records(30, 15, ("Line", 15, 0)) +
                            "<format>text</format><empty_delete>1</empty_delete>"),
    "names-collide": section(records(22, 2, ("A", 1, 0), ("A1", 1, 1))),
    "overlap": section(records(8, 4, ("A", 2, 0), ("B", 2, 1))),
    "raw": section("<ev>CQHOS</ev><length>2</length>"),
    "raw-text": section("<ev>CQHLN</ev><length>0x6</length><format>text</format>"),
    "conditions": section(CONDITIONS + "<nvram>0x45</nvram>" + BITS),
    "altname": section("<altname>RMRDS_Slot2</altname><altname>C</altname><nvram>1</nvram>" + BITS),
    "twins": section("<nvram>1</nvram>" + BITS) * 2 + section("<nvram>2</nvram>" + BITS),
    "odd": section("stray<nvram>1</nvram><byte>0</byte><length>1</length><platforms/>"
                   '<value id="1" x="y">On</value><value id="1">Yes</value>'),
    "one-text-two-ids": section('<nvram>1</nvram><value id="1">On</value><value id="0">Off</value>'
                                '<value id="1">Off</value>'),
    "global": GLOBAL,
    "global-odd": "<global><other/><onmismatch>skip</onmismatch></global><more><b/></more>",
}

DOCUMENTS = {
    "empty": "<Conrep/>",
    "doctype": "<!DOCTYPE a [<!ENTITY e SYSTEM 'file:///etc/passwd'>]><Conrep>&e;</Conrep>",
    "entities": "<Conrep><Section name='a&amp;&#38;amp;&lt;'>&lt;&#x41;&undefined;</Section></Conrep>",
    "namespace": "<c:Conrep xmlns:c='urn:x' xml:lang='en'/>",
    "declared": "<?xml version='1.0' encoding='US-ASCII' standalone='yes'?><?p i?><!-- c --><Conrep/>",
    "latin": "<?xml version='1.1' encoding='ISO-8859-1'?><Conrep/>",
    "marked": "\ufeff<Conrep><Section name='\u00e4\u202e'/></Conrep>",
    "deep": "<Conrep>" + "<a>" * 17 + "</a>" * 17 + "</Conrep>",
}


DECLARED = '<?xml version="1.0" encoding="{}"?>\r\n<Conrep>\r\n{}</Conrep>\r\n'
SLOT = section("<helptext>M\u00fcller \u20ac</helptext><nvram>0x26A</nvram>" + BITS, "RMRDS_Slot1")
LATIN = SLOT.replace("\u20ac", "")


def marked(text: str, encoding: str) -> bytes:
    """With a byte order mark, as editors and shells of Windows write it."""
    return ("\ufeff" + text).encode(encoding)


ENCODED = {
    "utf-16": marked("<Conrep/>", "utf-16-le"),
    "utf-16-out-file": marked(DECLARED.format("UTF-8", SLOT), "utf-16-le"),
    "utf-16-big": marked(DECLARED.format("utf-16", SLOT + "\U0001f600"), "utf-16-be"),
    "utf-16-unmarked": DECLARED.format("UTF-16", SLOT).encode("utf-16-le"),
    "utf-16-odd": marked(DECLARED.format("UTF-8", SLOT), "utf-16-le")[:-1],
    "utf-16-surrogate": marked("<Conrep>", "utf-16-le") + b"\0\xdc\0\xd8<\0",
    "utf-16-nul": marked("<Conrep>\0</Conrep>", "utf-16-le"),
    "utf-16-marks": marked("\ufeff<Conrep/>", "utf-16-be"),
    "utf-32": marked("<Conrep/>", "utf-32-le"),
    "utf-8-marked": marked(DECLARED.format("ISO-8859-1", SLOT), "utf-8"),
    "utf-8-not": DECLARED.format("UTF-8", LATIN).encode("iso-8859-1"),
    "latin1": DECLARED.format("ISO-8859-1", LATIN).encode("iso-8859-1"),
    "windows-1252": DECLARED.format("windows-1252", SLOT).encode("cp1252"),
    "windows-1252-not": DECLARED.format("windows-1252", LATIN).encode("cp1252") + b"\x81",
    "utf-16-not": DECLARED.format("utf-16", LATIN).encode("cp1252"),
}


def main() -> int:
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in SECTIONS.items():
        (folder / name).write_text(f"<Conrep>{text}</Conrep>\n", "utf-8")
    for name, text in DOCUMENTS.items():
        (folder / name).write_text(text, "utf-8")
    for name, content in ENCODED.items():
        (folder / name).write_bytes(content)
    return 0


if __name__ == "__main__":
    sys.exit(main())
