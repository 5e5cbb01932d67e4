#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Makes the corpus of fuzz-packed: captures in the form of lib/source/packed-form.h."""

import struct
from pathlib import Path

HERE = Path(__file__).resolve().parent / "corpus" / "packed"
DIRECTORY, FILE, LINK, THERE, LOST = 1, 2, 3, 4, 5


def node(kind: int, parent: int, length: int = 0, offset: int = 0, *, error: int = 0, partial: int = 0, more: int = 0,
         period: int = 0) -> bytes:
    return struct.pack("<BBHIIIII", kind, 0, error, parent, partial, length, more | period << 24, offset)


def packed(nodes: list[bytes], names: list[str], data: bytes, *, told: bool = False, asked=(), listed=(), unread=(),
           partial=()) -> bytes:
    records = b"".join(nodes)
    strings = [*names, "a tool", *asked, *listed]
    for error, path in unread:
        records += struct.pack("<II", error, 1)
        strings.append(path)
    for end, ranges, path in partial:
        records += struct.pack("<IIQI", 1, end is not None, end or 0, len(ranges))
        records += b"".join(struct.pack("<QQ", *r) for r in ranges)
        strings.append(path)
    text = b"".join(s.encode() + b"\0" for s in strings)
    head = struct.pack("<4s6BxxIIIIIIQQQ", b"CCS2", 2, told, told, told, 2, 0, len(nodes) + 1, 1, len(asked), len(listed),
                       len(unread), len(partial), len(records), len(text), len(data))
    return head + text + data + records


def main() -> None:
    HERE.mkdir(exist_ok=True)
    top = node(DIRECTORY, 0)
    (HERE / "empty").write_bytes(packed([top], [], b""))
    (HERE / "foreign").write_bytes(packed(
        [top, node(DIRECTORY, 1), node(FILE, 2, 7), node(LINK, 2, 4, 7), node(FILE, 2, 7), node(THERE, 2, error=27)],
        ["sys", "file", "link", "hard", "large"], b"contentfile"))
    (HERE / "capture").write_bytes(packed(
        [top, node(DIRECTORY, 1), node(FILE, 2, 16, partial=1), node(FILE, 2, 3, 16, more=4000, period=1),
         node(LOST, 2, error=13)],
        ["sys", "part", "config", "secret"], b"0123456789abcdef\1\2\0", told=True, asked=["sys/a", "sys/b"],
        listed=["", "sys"], unread=[(13, "sys/secret")], partial=[(64, [(0, 4), (8, 12)], "sys/part")]))


if __name__ == "__main__":
    main()
