# SPDX-License-Identifier: GPL-2.0-or-later
"""An archive as the kernel unpacks it: cpio, format newc, not compressed."""

from __future__ import annotations

import stat

ALIGN = 4
TRAILER = "TRAILER!!!"


class Archive:
    """Grows entry by entry; directories above an entry are made on the way."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._names: set[str] = set()
        self._number = 0

    def _entry(self, name: str, mode: int, data: bytes) -> None:
        self._number += 1
        encoded = name.encode() + b"\0"
        fields = (self._number, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(encoded), 0)
        head = b"070701" + b"".join(b"%08X" % f for f in fields) + encoded
        self._parts += [head, bytes(-len(head) % ALIGN), data, bytes(-len(data) % ALIGN)]

    def directory(self, name: str) -> None:
        """A directory, and those above it."""
        parts = name.strip("/").split("/")
        for n in range(1, len(parts) + 1):
            path = "/".join(parts[:n])
            if path and path not in self._names:
                self._names.add(path)
                self._entry(path, stat.S_IFDIR | 0o755, b"")

    def _above(self, name: str) -> str:
        name = name.strip("/")
        above, slash, _ = name.rpartition("/")
        if slash:
            self.directory(above)
        self._names.add(name)
        return name

    def file(self, name: str, data: bytes, mode: int = 0o644) -> None:
        """A file."""
        self._entry(self._above(name), stat.S_IFREG | mode, data)

    def link(self, name: str, target: str) -> None:
        """A symbolic link."""
        self._entry(self._above(name), stat.S_IFLNK | 0o777, target.encode())

    def __contains__(self, name: str) -> bool:
        return name.strip("/") in self._names

    def pack(self) -> bytes:
        """The whole archive. May be followed by another one."""
        self._entry(TRAILER, 0, b"")
        data = b"".join(self._parts)
        return data + bytes(-len(data) % 512)
