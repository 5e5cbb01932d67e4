# SPDX-License-Identifier: GPL-2.0-or-later
"""What a server that starts from its disk is handed at each boot: the runner, the commands as they
were built, the job. An archive on a second disk, which debian/init unpacks into memory: so the first
stays as its owner has it."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

from . import job, libraries, places

COMMANDS = ("pcipass",)
PLACE = "/run/lab"
LOADER = "ld-linux-x86-64.so.2"
# With this host's loader and libraries: the server's Debian may be another than this host's.
WRAPPER = (f'#!/bin/sh\nexec {PLACE}/lib/{LOADER} --library-path {PLACE}/lib '
           f'--argv0 {{name}} {PLACE}/lib/{{name}} "$@"\n')


def _put(archive: tarfile.TarFile, name: str, data: bytes, mode: int = 0o755) -> None:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = len(data), mode
    archive.addfile(entry, io.BytesIO(data))


def _put_command(archive: tarfile.TarFile, path: Path) -> None:
    _put(archive, f"lib/{path.name}", path.read_bytes())
    _put(archive, f"bin/{path.name}", WRAPPER.format(name=path.name).encode())
    for library in libraries.needed(path):
        name = f"lib/{Path(library).name}"
        if name not in archive.getnames():
            _put(archive, name, Path(library).read_bytes())


def words(asked: job.Job, path: Path) -> list[str]:
    """Packs it into a file; the words for QEMU."""
    with tarfile.open(path, "w") as archive:
        _put(archive, "runner", places.built("lab/guest/lab-runner",
                                             "a build with sanitizers has no lab").read_bytes())
        _put(archive, "job", asked.records())
        for name in COMMANDS:
            _put_command(archive, places.built(name, "build it first"))
    return ["-drive", f"if=none,id=parcel,format=raw,cache=unsafe,file={path}",
            "-device", "ide-hd,drive=parcel,bus=ide.1,serial=parcel"]
