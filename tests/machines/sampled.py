# SPDX-License-Identifier: GPL-2.0-or-later
"""The sample machines as captures, for tests that also take recorded ones: none of them needs data
that is not in the repository."""

from __future__ import annotations

import os
import sys
import tarfile
from collections.abc import Iterator

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)

from machinery import recipe, sinks, tree  # noqa: E402
from machinery.model import Machine, MissingData  # noqa: E402


def machines() -> Iterator[tuple[str, Machine]]:
    """Each recipe's name and machine, without those that need data that is not here."""
    for name in sorted(os.listdir(HERE)):
        stem, dot = os.path.splitext(name)
        if dot != ".machine":
            continue
        try:
            machine = recipe.load(f"{HERE}/{name}")
        except MissingData:
            continue
        if not machine.raw_tables:
            yield stem, machine


def captures(directory: str, whole: bool = False) -> list[tuple[str, str]]:
    """Makes them in a directory; the name of each, and its archive. whole: only those that were read with
    root's rights, in which nothing is unknown."""
    made = []
    for name, machine in machines():
        if whole and not machine.as_root:
            continue
        path = f"{directory}/{name}.tar"
        sink = sinks.open_sink(path)
        tree.TreeWriter(machine).write(sink)
        sink.close()
        made.append((name, path))
    return made


def files(archive: str, ends: str) -> Iterator[tuple[str, bytes]]:
    """The regular files of a capture whose name ends so: name and content."""
    with tarfile.open(archive) as tar:
        for member in tar:
            if member.isfile() and member.name.endswith(ends):
                content = tar.extractfile(member)
                assert content
                yield member.name, content.read()
