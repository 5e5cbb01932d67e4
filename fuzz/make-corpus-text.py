#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Makes the corpus of fuzz-text: entries of a capture, and texts that hold some."""

import base64
import gzip
import zlib
from pathlib import Path

HERE = Path(__file__).resolve().parent / "corpus" / "text"
MANIFEST = b"pcipass-capture 1\ntool x\nroot yes\nredacted yes\nasked sys/bus/pci/devices/\nunread EACCES proc/iomem\n"


def entry(kind: str, path: str, content: bytes = b"") -> bytes:
    return f"{kind} {len(content)} {path}\n".encode() + content + b"\n"


def text(entries: bytes) -> bytes:
    packed = gzip.compress(entries, 9, mtime=0)
    return (b"A host.\n\n-----BEGIN PCIPASS CAPTURE-----\n" + base64.encodebytes(packed)
            + f"-----END PCIPASS CAPTURE {len(packed)} {zlib.crc32(packed):08x}-----\n".encode())


def main() -> None:
    HERE.mkdir(exist_ok=True)
    entries = (entry("f", "pcipass/manifest", MANIFEST) + entry("d", "sys/bus/pci/devices/0000:07:00.0")
               + entry("f", "sys/bus/pci/devices/0000:07:00.0/vendor", b"0x1000\n")
               + entry("l", "sys/bus/pci/devices/0000:07:00.0/driver", b"../../../../bus/pci/drivers/mpt3sas")
               + entry("f", "proc/version", b"Linux version 6.1.0\n") + entry("f", "etc/a\\x20b", b""))
    (HERE / "entries").write_bytes(entries)
    (HERE / "text").write_bytes(text(entries))
    (HERE / "quoted").write_bytes(b"".join(b"> " + line for line in text(entries).splitlines(True)).replace(b"+", b"&#43;"))


main()
