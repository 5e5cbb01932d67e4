# SPDX-License-Identifier: GPL-2.0-or-later
"""Where a tree goes: a directory, or a tar archive with the same bytes every time."""

from __future__ import annotations

import gzip
import os
import tarfile
from typing import BinaryIO


class DirectorySink:
    """Writes into an empty or new directory."""

    def __init__(self, path: str) -> None:
        if os.path.isdir(path) and os.listdir(path):
            raise FileExistsError(f"{path} is not empty")
        os.makedirs(path, exist_ok=True)
        self.base = path
        self.made: set[str] = {""}
        self.files = 0

    def directory(self, path: str) -> None:
        """Makes a directory and those above it."""
        if path in self.made:
            return
        self.directory(path.rpartition("/")[0])
        os.mkdir(f"{self.base}/{path}")
        self.made.add(path)

    def file(self, path: str, content: bytes, mode: int = 0o444) -> None:
        """Writes a file; the mode is kept, but the owner can always write."""
        self.directory(path.rpartition("/")[0])
        fd = os.open(f"{self.base}/{path}", os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode | 0o200)
        try:
            os.write(fd, content) if len(content) < 65536 else self._write_all(fd, content)
        finally:
            os.close(fd)
        self.files += 1

    @staticmethod
    def _write_all(fd: int, content: bytes) -> None:
        view = memoryview(content)
        while view:
            view = view[os.write(fd, view):]

    def link(self, path: str, target: str) -> None:
        """Makes a symbolic link."""
        self.directory(path.rpartition("/")[0])
        os.symlink(target, f"{self.base}/{path}")
        self.files += 1

    def close(self) -> None:
        """Nothing is left to do."""


class ArchiveSink:
    """Writes .tar or .tar.gz: owner 0, no times, entries in the order they are given."""

    def __init__(self, path: str) -> None:
        self.raw: BinaryIO = open(path, "wb")
        self.out: BinaryIO | gzip.GzipFile = self.raw
        if path.endswith("gz"):
            self.out = gzip.GzipFile(filename="", mode="wb", compresslevel=3, fileobj=self.raw,
                                     mtime=0)
        self.made: set[str] = {""}
        self.files = 0

    def _entry(self, path: str, kind: bytes, mode: int, content: bytes = b"",
               target: str = "") -> None:
        info = tarfile.TarInfo(path)
        info.type = kind
        info.mode = mode
        info.size = len(content)
        info.linkname = target
        self.out.write(info.tobuf(tarfile.GNU_FORMAT, "utf-8", "surrogateescape"))
        if content:
            self.out.write(content + bytes(-len(content) % tarfile.BLOCKSIZE))

    def directory(self, path: str) -> None:
        """Adds a directory and those above it, once."""
        if path in self.made:
            return
        self.directory(path.rpartition("/")[0])
        self._entry(path, tarfile.DIRTYPE, 0o755)
        self.made.add(path)

    def file(self, path: str, content: bytes, mode: int = 0o444) -> None:
        """Adds a file."""
        self.directory(path.rpartition("/")[0])
        self._entry(path, tarfile.REGTYPE, mode, content)
        self.files += 1

    def link(self, path: str, target: str) -> None:
        """Adds a symbolic link."""
        self.directory(path.rpartition("/")[0])
        self._entry(path, tarfile.SYMTYPE, 0o777, target=target)
        self.files += 1

    def close(self) -> None:
        """Ends the archive."""
        self.out.write(bytes(2 * tarfile.BLOCKSIZE))
        if self.out is not self.raw:
            self.out.close()
        self.raw.close()


Sink = DirectorySink | ArchiveSink


def open_sink(path: str) -> Sink:
    """By the name's ending: an archive, else a directory."""
    if path.endswith((".tar", ".tar.gz", ".tgz")):
        return ArchiveSink(path)
    return DirectorySink(path)
