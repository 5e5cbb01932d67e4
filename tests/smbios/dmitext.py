# SPDX-License-Identifier: GPL-2.0-or-later
"""Makes an SMBIOS structure table from dmidecode's text.

Of many machines only that text exists. Types 0, 1, 4, 9, 41, 203 and 127 are turned back into
binary structures with their handles, lengths and order, as far as the text gives the fields: what
it does not give is zero, all strings are there and their numbers follow the order of the fields.

    table = dmitext.compile_text(open("dmidecode.txt").read())
    dump = dmitext.dump_file(table)      # for dmidecode --from-dump

Names and codes: DSP0134 7.10 and 7.42 in dmidecode's spelling.
"""
import re
import struct

SLOT_TYPES = {name: code for code, name in enumerate([
    "Other", "Unknown", "ISA", "MCA", "EISA", "PCI", "PC Card (PCMCIA)", "VLB", "Proprietary",
    "Processor Card", "Proprietary Memory Card", "I/O Riser Card", "NuBus", "PCI-66", "AGP",
    "AGP 2x", "AGP 4x", "PCI-X", "AGP 8x", "M.2 Socket 1-DP", "M.2 Socket 1-SD", "M.2 Socket 2",
    "M.2 Socket 3", "MXM Type I", "MXM Type II", "MXM Type III", "MXM Type III-HE", "MXM Type IV",
    "MXM 3.0 Type A", "MXM 3.0 Type B", "PCI Express 2 SFF-8639 (U.2)",
    "PCI Express 3 SFF-8639 (U.2)", "PCI Express Mini 52-pin with bottom-side keep-outs",
    "PCI Express Mini 52-pin without bottom-side keep-outs", "PCI Express Mini 76-pin",
    "PCI Express 4 SFF-8639 (U.2)", "PCI Express 5 SFF-8639 (U.2)",
    "OCP NIC 3.0 Small Form Factor (SFF)", "OCP NIC 3.0 Large Form Factor (LFF)",
    "OCP NIC Prior to 3.0"], 1)}
# Older spelling.
SLOT_TYPES["PCI Express 2 SFF-8639"] = 0x1f
SLOT_TYPES["PCI Express 3 SFF-8639"] = 0x20
for generation, first in (("", 0xa5), (" 2", 0xab), (" 3", 0xb1), (" 4", 0xb8), (" 5", 0xbe)):
    for step, lanes in enumerate(("", " x1", " x2", " x4", " x8", " x16")):
        SLOT_TYPES["PCI Express" + generation + lanes] = first + step
SLOT_TYPES.update({"PCI Express 6+": 0xc4, "EDSFF E1": 0xc5, "EDSFF E3": 0xc6})

# Before the type in older spelling, a field of its own ("8x or x8") in newer.
WIDTHS = {"8-bit": 3, "16-bit": 4, "32-bit": 5, "64-bit": 6, "128-bit": 7, "x1": 8, "x2": 9,
          "x4": 10, "x8": 11, "x12": 12, "x16": 13, "x32": 14}
WIDTHS_OF_THEIR_OWN = {"Other": 1, "Unknown": 2, "8 bit": 3, "16 bit": 4, "32 bit": 5,
                       "64 bit": 6, "128 bit": 7}
WIDTHS_OF_THEIR_OWN.update(("%sx or x%s" % (n, n), WIDTHS["x" + n])
                           for n in ("1", "2", "4", "8", "12", "16", "32"))
USAGES = {"Other": 1, "Unknown": 2, "Available": 3, "In Use": 4, "Unavailable": 5}
LENGTHS = {"Other": 1, "Unknown": 2, "Short": 3, "Long": 4, '2.5" drive form factor': 5,
           '3.5" drive form factor': 6}
SLOT_CHARACTERISTICS = {
    "Unknown": 0x0001, "5.0 V is provided": 0x0002, "3.3 V is provided": 0x0004,
    "Opening is shared": 0x0008, "PME signal is supported": 0x0100,
    "Hot-plug devices are supported": 0x0200, "SMBus signal is supported": 0x0400,
    "PCIe slot bifurcation is supported": 0x0800,
    "Async/surprise removal is supported": 0x1000,
}
ONBOARD_TYPES = {name: code for code, name in enumerate([
    "Other", "Unknown", "Video", "SCSI Controller", "Ethernet", "Token Ring", "Sound",
    "PATA Controller", "SATA Controller", "SAS Controller", "Wireless LAN", "Bluetooth", "WWAN",
    "eMMC", "NVMe Controller", "UFS Controller"], 1)}
HPE_TYPES = {"Unknown": 0, "Reserved": 1}
HPE_TYPES.update((name, code) for code, name in enumerate([
    "Flexible LOM", "Embedded LOM", "NIC in a Slot", "Storage Controller",
    "Smart Array Storage Controller", "USB Hard Disk", "Other PCI Device", "RAM Disk",
    "Firmware Volume", "UEFI Shell", "Generic UEFI USB Boot Entry",
    "Dynamic Smart Array Controller", "File", "NVME Hard Drive", "NVDIMM", "Embedded GPU"], 3))
HPE_LOCATIONS = {name: code for code, name in enumerate([
    "Unknown", "Embedded", "iLO Virtual Media", "Front USB Port", "Rear USB Port", "Internal USB",
    "Internal SD Card", "Internal Virtual USB (Embedded NAND)", "Embedded SATA Port",
    "Embedded Smart Array", "PCI Slot", "RAM Memory", "USB", "Dynamic Smart Array Controller",
    "URL", "NVMe Drive Bay"])}


class Record:
    """One structure of the text: handle, type, length, title, fields, items, raw, strings.

    fields: name -> text behind the colon. items: name -> the indented lines below it.
    raw and strings: bytes, and texts, where dmidecode knew nothing better than a hex dump.
    """

    def __init__(self, handle, kind, length):
        self.handle, self.type, self.length = handle, kind, length
        self.title, self.fields, self.items = "", {}, {}

    @property
    def raw(self):
        return bytes.fromhex("".join(self.items.get("Header and Data", [])))

    @property
    def strings(self):
        return self.items.get("Strings", [])


def parse_text(text):
    """The records of dmidecode's output, of all types, in its order."""
    records, record, key = [], None, None
    for line in text.splitlines():
        m = re.match(r"Handle 0x([0-9A-F]{4}), DMI type (\d+), (\d+) bytes", line)
        if m:
            record = Record(int(m.group(1), 16), int(m.group(2)), int(m.group(3)))
            records.append(record)
        elif record is None or not line.strip():
            continue
        elif line.startswith("\t\t"):
            record.items.setdefault(key, []).append(line[2:])
        elif line.startswith("\t"):
            key, _, value = line[1:].partition(":")
            record.fields.setdefault(key, value[1:])
        elif not record.title:
            record.title = line
    return records


class Builder:
    """The formatted area and the strings of one structure."""

    def __init__(self, record):
        self.fields = record.fields
        self.data = bytearray(record.length)
        self.set = []
        struct.pack_into("<BBH", self.data, 0, record.type, record.length, record.handle)

    def put(self, fmt, at, value):
        if at + struct.calcsize(fmt) <= len(self.data):
            struct.pack_into("<" + fmt, self.data, at, value)

    def text(self, at, key):
        """A string field; "Not Specified" is the number 0, <BAD INDEX> one that is not there."""
        value = self.fields.get(key, "Not Specified")
        if value == "<BAD INDEX>":
            self.put("B", at, 0xee)
        elif value != "Not Specified":
            # An empty string cannot be in a set: it was blanks, and the text lost them.
            self.set.append(value or " ")
            self.put("B", at, len(self.set))

    def number(self, fmt, at, key, default=0):
        m = re.match(r"(0x[0-9A-Fa-f]+|\d+)", self.fields.get(key, ""))
        self.put(fmt, at, int(m.group(1), 0) if m else default)

    def name(self, at, key, names):
        value = self.fields.get(key, "Unknown").strip()
        if value == "<OUT OF SPEC>":
            self.put("B", at, 0xff)
        elif value in names:
            self.put("B", at, names[value])
        else:
            raise ValueError("%s: %s: no code known" % (key, value))

    def address(self, at, key="Bus Address"):
        m = re.match(r"(\w{4}):(\w\w):(\w\w)\.(\w)", self.fields.get(key, ""))
        segment, bus, device, function = (int(g, 16) for g in m.groups()) if m \
            else (0xffff, 0xff, 0x1f, 7)
        self.put("H", at, segment)
        self.put("B", at + 2, bus)
        self.put("B", at + 3, device << 3 | function)

    def done(self):
        return finish(self.data, self.set)


def finish(formatted, strings):
    encoded = b"".join(s.encode("ascii", "replace") + b"\0" for s in strings)
    return bytes(formatted) + (encoded or b"\0") + b"\0"


def bios(b):
    b.text(0x04, "Vendor")
    b.text(0x05, "Version")
    b.text(0x08, "Release Date")
    b.put("H", 0x06, int(b.fields.get("Address", "0x0"), 16) >> 4)
    for key, at in (("BIOS Revision", 0x14), ("Firmware Revision", 0x16)):
        m = re.match(r"(\d+)\.(\d+)", b.fields.get(key, ""))
        b.put("B", at, int(m.group(1)) if m else 0xff)
        b.put("B", at + 1, int(m.group(2)) if m else 0xff)


def system(b):
    for at, key in ((0x04, "Manufacturer"), (0x05, "Product Name"), (0x06, "Version"),
                    (0x07, "Serial Number"), (0x19, "SKU Number"), (0x1a, "Family")):
        b.text(at, key)


def processor(b):
    for at, key in ((0x04, "Socket Designation"), (0x07, "Manufacturer"), (0x10, "Version"),
                    (0x20, "Serial Number"), (0x21, "Asset Tag"), (0x22, "Part Number")):
        b.text(at, key)
    b.put("B", 0x05, 3)
    b.put("B", 0x06, 2)
    b.put("B", 0x18, 0x41 if b.fields.get("Status", "").startswith("Populated") else 0)
    for at, key in ((0x14, "Max Speed"), (0x16, "Current Speed")):
        b.number("H", at, key)
    for at, key in ((0x23, "Core Count"), (0x24, "Core Enabled"), (0x25, "Thread Count")):
        b.number("B", at, key)
    for at in (0x1a, 0x1c, 0x1e):
        b.put("H", at, 0xffff)


def slot_type(fields):
    """(type, width) of a slot from either spelling."""
    text = fields["Type"].strip()
    own = WIDTHS_OF_THEIR_OWN.get(fields.get("Data Bus Width", ""))
    if own is not None:
        width = own
    else:
        first, _, rest = text.partition(" ")
        width = WIDTHS.get(first, 2)
        text = rest if first in WIDTHS else text
    if text == "<OUT OF SPEC>":
        return 0xff, width
    return SLOT_TYPES[text], width


def slot(b, items):
    b.text(0x04, "Designation")
    kind, width = slot_type(b.fields)
    b.put("B", 0x05, kind)
    b.put("B", 0x06, width)
    b.name(0x07, "Current Usage", USAGES)
    b.name(0x08, "Length", LENGTHS)
    b.number("H", 0x09, "ID")
    known = SLOT_CHARACTERISTICS
    characteristics = known.get(b.fields.get("Characteristics"), 0)
    for item in items.get("Characteristics", []):
        characteristics |= known.get(item, 0)
    b.put("B", 0x0b, characteristics & 0xff)
    b.put("B", 0x0c, characteristics >> 8)
    b.address(0x0d)


def onboard(b):
    b.text(0x04, "Reference Designation")
    b.name(0x05, "Type", ONBOARD_TYPES)
    if b.fields.get("Status") == "Enabled":
        b.data[0x05] |= 0x80
    b.number("B", 0x06, "Type Instance")
    b.address(0x07)


def hpe_device(b):
    b.number("H", 0x04, "Associated Device Record", 0xfffe)
    b.number("H", 0x06, "Associated SMBus Record", 0xfffe)
    for at, key in ((0x08, "PCI Vendor ID"), (0x0a, "PCI Device ID"), (0x0c, "PCI Sub Vendor ID"),
                    (0x0e, "PCI Sub Device ID")):
        b.number("H", at, key, 0xffff)
    for at, key in ((0x10, "PCI Class Code"), (0x11, "PCI Sub Class Code")):
        m = re.match(r"0x[0-9A-Fa-f]*([0-9A-Fa-f]{2})$", b.fields.get(key, ""))
        b.put("B", at, int(m.group(1), 16) if m else 0xff)
    b.number("H", 0x12, "Parent Handle", 0xfffe)
    b.number("H", 0x14, "Flags")
    b.name(0x16, "Device Type", HPE_TYPES)
    b.name(0x17, "Device Location", HPE_LOCATIONS)
    b.number("B", 0x18, "Device Instance")
    b.number("B", 0x19, "Device Sub-Instance")
    b.number("B", 0x1a, "Bay", 0xff)
    b.number("B", 0x1b, "Enclosure", 0xff)
    for at, key in ((0x1c, "Device Path"), (0x1d, "Structured Name"), (0x1e, "Device Name"),
                    (0x1f, "UEFI Location"), (0x22, "PCI Part Number"), (0x23, "Serial Number")):
        if at < len(b.data):
            b.text(at, key)
    b.number("H", 0x20, "Associated Real/Phys Handle", 0xfffe)
    b.number("H", 0x24, "Segment Group Number")
    m = re.match(r"(\w\w):(\w\w)\.(\w)", b.fields.get("PCI Device", ""))
    bus, device, function = (int(g, 16) for g in m.groups()) if m else (0xff, 0x1f, 7)
    b.put("B", 0x26, bus)
    b.put("B", 0x27, device << 3 | function)


def compile_record(record):
    """The structure's bytes, or None for a type that is not made."""
    if record.type not in (0, 1, 4, 9, 41, 127, 203):
        return None
    if record.raw:
        return finish(record.raw, record.strings)
    b = Builder(record)
    if record.type == 9:
        slot(b, record.items)
    elif record.type != 127:
        {0: bios, 1: system, 4: processor, 41: onboard, 203: hpe_device}[record.type](b)
    return b.done()


def compile_records(records):
    table = b"".join(filter(None, map(compile_record, records)))
    if not any(r.type == 127 for r in records):
        table += finish(struct.pack("<BBH", 127, 4, 0xfeff), [])
    return table


def compile_text(text):
    return compile_records(parse_text(text))


def dump_file(table, version=(3, 4, 0)):
    """The table behind an SMBIOS 3 entry point (DSP0134 5.2.2), as dmidecode --dump-bin writes."""
    entry = bytearray(struct.pack("<5sBBBBBBBIQ", b"_SM3_", 0, 24, *version, 1, 0, len(table), 32))
    entry[5] = -sum(entry) & 0xff
    return bytes(entry).ljust(32, b"\0") + table
