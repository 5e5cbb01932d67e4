#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Writes fuzz/corpus/uki: small unified kernel images and initrds. The same bytes every time."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "tests" / "apply"))
from fakeroot import cpio, uki  # noqa: E402 pylint: disable=wrong-import-position

TABLE = cpio(("kernel/firmware/acpi/DMAR.aml", b"DMAR" + bytes(40)))
MICROCODE = cpio(("kernel/x86/microcode/GenuineIntel.bin", b"microcode"))
INPUTS = {
    "image": uki(b"kernel", MICROCODE + TABLE + b"\x1f\x8b", b"root=/dev/sda1\0"),
    "image-signed": uki(b"kernel", b"initrd", None, signed=True),
    "initrd": MICROCODE + bytes(8) + TABLE + b"\x1f\x8b",
    "initrd-late": b"\x1f\x8b\0\0" + TABLE,
}

corpus = pathlib.Path(__file__).parent / "corpus" / "uki"
corpus.mkdir(parents=True, exist_ok=True)
for name, content in INPUTS.items():
    (corpus / name).write_bytes(content)
