#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Writes fuzz/corpus/image: small images. The same bytes every time."""

import pathlib
import zlib


def sealed(*lines: str) -> bytes:
    body = "".join(line + "\n" for line in lines).encode()
    return body + f"crc32 {zlib.crc32(body):08x}\n".encode()


def data(head: str, content: bytes) -> list[str]:
    rows = [content[i:i + 32].hex() for i in range(0, len(content), 32)]
    return [f"{head} {len(content)}", *rows]


IMAGE = "pcipass-settings 1"
INPUTS = {
    "image-empty": sealed(IMAGE),
    "image-all": sealed(IMAGE, "product ProLiant DL380p Gen8", "rom-family P70",
                        "rom-date 05/24/2019", "processor Intel", *data("ev CQHLS1", bytes(range(40))),
                        *data("ev A", b"\xff"), *data("nvram", bytes(70)), *data("cmos", b"\1\2")),
    "image-cells": sealed(IMAGE, *data("cmos", bytes(32)), *data("nvram", bytes(33))),
    "image-version": sealed("pcipass-settings 2"),
}

corpus = pathlib.Path(__file__).parent / "corpus" / "image"
corpus.mkdir(parents=True, exist_ok=True)
for name, content in INPUTS.items():
    (corpus / name).write_bytes(content)
