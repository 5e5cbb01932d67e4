#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Packs a UEFI driver into a PCI option ROM (UEFI 14.4.2, PCI Firmware 5.1.2), uncompressed.

usage: make-rom.py DRIVER.efi VENDOR:DEVICE -o ROM
"""

from __future__ import annotations

import argparse
import struct

UNIT = 512
PCIR_AT = 0x1C
IMAGE_AT = 0x38
EFI_SIGNATURE = 0x0EF1
CODE_TYPE_EFI = 3
LAST_IMAGE = 0x80
CLASS_ETHERNET = bytes((0x00, 0x00, 0x02))
PE_OFFSET_AT = 0x3C


def pe_kind(image: bytes) -> tuple[int, int]:
    """Subsystem and machine from the PE header; the ROM's header repeats them."""
    if image[:2] != b"MZ" or len(image) < PE_OFFSET_AT + 4:
        raise SystemExit("make-rom: no PE image: no MZ at 0")
    at, = struct.unpack_from("<I", image, PE_OFFSET_AT)
    if image[at:at + 4] != b"PE\0\0" or len(image) < at + 0x5E:
        raise SystemExit(f"make-rom: no PE image: no header at {at:#x}")
    machine, = struct.unpack_from("<H", image, at + 4)
    subsystem, = struct.unpack_from("<H", image, at + 0x5C)
    return subsystem, machine


def pack(image: bytes, vendor: int, device: int) -> bytes:
    """The ROM: header, PCI data structure, the image, zeros up to whole units."""
    subsystem, machine = pe_kind(image)
    units = -(-(IMAGE_AT + len(image)) // UNIT)
    if units > 0xFFFF:
        raise SystemExit(f"make-rom: {len(image)} bytes do not fit a ROM")
    header = struct.pack("<HHIHHH8xHH", 0xAA55, units, EFI_SIGNATURE, subsystem, machine, 0,
                         IMAGE_AT, PCIR_AT)
    pcir = struct.pack("<4sHHHHB3sHHBBHHH", b"PCIR", vendor, device, 0, 0x1C, 3, CLASS_ETHERNET,
                       units, 0, CODE_TYPE_EFI, LAST_IMAGE, 0, 0, 0)
    head = header.ljust(PCIR_AT, b"\0") + pcir
    assert len(header) == PCIR_AT - 2 and len(head) <= IMAGE_AT
    return (head.ljust(IMAGE_AT, b"\0") + image).ljust(units * UNIT, b"\0")


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument("driver")
    p.add_argument("ids", help="of the card that carries the ROM")
    p.add_argument("-o", "--output", required=True)
    args = p.parse_args()
    vendor, device = (int(x, 16) for x in args.ids.split(":"))
    with open(args.driver, "rb") as f:
        rom = pack(f.read(), vendor, device)
    with open(args.output, "wb") as f:
        f.write(rom)


if __name__ == "__main__":
    main()
