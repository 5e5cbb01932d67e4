# SPDX-License-Identifier: GPL-2.0-or-later
"""The shared libraries that a program needs, with those that it opens by itself (lib/lazy)."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

LIBRARY = re.compile(r"(?:=> )?(/\S+) \(0x")
OPENED = re.compile(rb"\0(lib(?:archive|xml2)\.so\.[0-9]+)\0")
CACHED = re.compile(r"^\s*(\S+) \(libc6,x86-64\S*\) => (\S+)$", re.MULTILINE)


def opened(path: Path) -> list[str]:
    """The names of those that it opens when it needs them."""
    return sorted({name.decode() for name in OPENED.findall(path.read_bytes())})


def _linked(path: str | Path) -> list[str]:
    return LIBRARY.findall(subprocess.run(["ldd", path], capture_output=True, text=True, check=False).stdout)


def needed(path: Path) -> list[str]:
    """The files on this host, each once, the loader among them; none for a static program."""
    files = _linked(path)
    names = opened(path)
    if names:
        cache = dict(reversed(CACHED.findall(subprocess.run(
            ["/sbin/ldconfig", "-p"], capture_output=True, text=True, check=True).stdout)))
        for name in names:
            files += [cache[name], *_linked(cache[name])]
    return list(dict.fromkeys(files))
