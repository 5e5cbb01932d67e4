#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Writes the corpora config/ and smbios/ beside this file. Made up, no machine's bytes."""
import os
import struct


def config(size=0x200, header_type=0, caps=(), extended=(), pointer=None):
    """caps, extended: (id, offset, bytes behind the header)."""
    data = bytearray(max(size, 0x200))
    struct.pack_into("<HHHHBBH", data, 0, 0x1000, 0x0072, 0x0406, 0x0010, 3, 0, 0x0107)
    data[0x0e] = header_type
    data[0x18:0x1b] = bytes([0, 1, 9]) if header_type & 3 else bytes(3)
    data[0x3d] = 1
    link = 0x14 if header_type & 0x7f == 2 else 0x34
    for cap, at, body in caps:
        data[link] = at
        data[at] = cap
        data[at + 2:at + 2 + len(body)] = body
        link = at + 1
    if pointer is not None:
        data[link] = pointer
    for i, (cap, at, body) in enumerate(extended):
        after = extended[i + 1][1] if i + 1 < len(extended) else 0
        struct.pack_into("<I", data, at, after << 20 | 1 << 16 | cap)
        data[at + 4:at + 4 + len(body)] = body
    return bytes(data[:size])


def pcie(kind, devcap=1 << 28, slot=0):
    body = bytearray(0x16)
    struct.pack_into("<HI", body, 0, kind << 4 | 2 | (0x100 if slot else 0), devcap)
    struct.pack_into("<I", body, 0x12, slot << 19)
    return 0x10, 0x90, bytes(body)


PM = (0x01, 0x40, struct.pack("<HH", 3, 8))
MSI = (0x05, 0x50, b"\x80\0")
MSIX = (0x11, 0x70, b"\x0e\0")
AF = (0x13, 0x84, b"\x06\x03")
ACS = (0x000d, 0x180, struct.pack("<HH", 0x5f, 0x1d))
SRIOV = (0x0010, 0x140, struct.pack("<IHHHHH", 0, 1, 0, 63, 63, 2))
AER, ARI, REBAR = (0x0001, 0x100, b""), (0x000e, 0x130, b""), (0x0015, 0x1a0, b"")

CONFIGS = {
    "endpoint": config(caps=[PM, MSI, MSIX, pcie(0)], extended=[AER, ARI, SRIOV, ACS, REBAR]),
    "root-port": config(header_type=1, caps=[PM, MSI, pcie(4, 0, 2)], extended=[AER, ACS]),
    "conventional": config(size=256, caps=[PM, MSI, AF]),
    "unprivileged": config(size=64, caps=[PM]),
    "cardbus": config(size=256, header_type=2, caps=[PM]),
    "pcix-mode-2": config(caps=[(0x07, 0x68, struct.pack("<HI", 0, 1 << 30))], extended=[AER, ARI]),
    "loop": config(size=256, caps=[PM, MSI], pointer=0x40),
    "low-pointer": config(size=256, caps=[PM, MSI], pointer=0x20),
    "at-the-end": config(caps=[(0x10, 0xfc, b"\2\0")], extended=[AER]),
    "gone": b"\xff" * 256,
}


def structure(kind, handle, body, *strings):
    data = struct.pack("<BBH", kind, 4 + len(body), handle) + body
    return data + (b"".join(s + b"\0" for s in strings) or b"\0") + b"\0"


def smbios(*structures, end=True):
    return b"".join(structures) + (structure(127, 0xfeff, b"") if end else b"")


BIOS = structure(0, 0, b"\1\2\0\xf0\3" + b"\0" * 0x11, b"HPE", b"U30", b"01/02/2019")
SYSTEM = structure(1, 1, b"\1\2\3\4" + b"\x5a" * 16 + b"\6\5\5", b"HPE", b"ProLiant", b"v", b"SER",
                   b"SKU")
CPU = structure(4, 2, b"\1\3\2\2" + b"\x5a" * 18, b"Proc 1", b"Intel")
SLOT = structure(9, 3, struct.pack("<BBBBBHBBHBB", 1, 0xb5, 11, 4, 4, 2, 4, 1, 0, 7, 0), b"Slot 2")
OLD_SLOT = structure(9, 4, b"\1\6\5\3\3\1\0\4", b"PCI 1")
NO_ADDRESS = structure(9, 5, b"\1\6\5\3\3\1\0\4\0\xff\xff\xff\xff", b"PCI 2")
ONBOARD = structure(41, 6, struct.pack("<BBBHBB", 1, 0x85, 1, 0, 2, 1), b"LOM 1")
HPE = structure(203, 7, struct.pack("<HH10xHHBBBBBBBBBBHBBHBB", 3, 0xfffe, 0xfffe, 0, 9, 10, 2, 1,
                                    255, 255, 1, 2, 3, 0, 0xfffe, 0, 4, 0, 7, 0),
                b"PciRoot(0x0)", b"PCI.Slot.2.1", b"Array", b"SER")

TABLES = {
    "machine": smbios(HPE, BIOS, SYSTEM, CPU, SLOT, OLD_SLOT, NO_ADDRESS, ONBOARD),
    "no-end": smbios(SYSTEM, SLOT, end=False),
    "twice": smbios(BIOS, SYSTEM, BIOS, SYSTEM),
    "other-maker": smbios(SYSTEM.replace(b"HPE", b"ACM"), HPE),
    "unknown-types": smbios(structure(17, 8, b"\x5a" * 36, b"DIMM"), SLOT),
    "behind-the-end": smbios(SYSTEM) + SLOT,
    "cut-string": smbios(SYSTEM, end=False)[:-3],
    "bad-length": smbios(SLOT, end=False) + b"\1\2\0\0",
}


def main():
    here = os.path.dirname(os.path.abspath(__file__))
    for folder, files in (("config", CONFIGS), ("smbios", TABLES)):
        os.makedirs(os.path.join(here, folder), exist_ok=True)
        for name, data in files.items():
            with open(os.path.join(here, folder, name), "wb") as f:
                f.write(data)


if __name__ == "__main__":
    main()
