# SPDX-License-Identifier: GPL-2.0-or-later
"""Where things lie: the sources, the build, the cache, the programs that are needed."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

SOURCE = Path(__file__).resolve().parent.parent
BUILD = Path(os.environ.get("PCIPASS_BUILD_ROOT", SOURCE / "build"))
RECIPES = SOURCE / "lab" / "machines"
NATIVE = "amd64"  # Debian's name of what the build is for

# The recipes' language and the tables made from it are those of the sample machines.
sys.path.insert(0, str(SOURCE / "tests" / "machines"))


class Skip(Exception):
    """The lab cannot run here; says what is missing."""


def cache() -> Path:
    """Where downloads are kept: $PCIPASS_LAB_CACHE, the user's cache, else the build's directory."""
    own = os.environ.get("PCIPASS_LAB_CACHE")
    users = os.environ.get("XDG_CACHE_HOME")
    path = Path(own) if own else Path(users) / "pcipass-lab" if users else BUILD / "lab-cache"
    path.mkdir(parents=True, exist_ok=True)
    return path


def program(name: str, package: str) -> str:
    """The path of a program of this host."""
    found = shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
    if not found:
        raise Skip(f"no {name}, of the package {package}")
    return found


def host_file(path: str, package: str) -> Path:
    """A file of an installed package."""
    if not os.path.exists(path):
        raise Skip(f"no {path}, of the package {package}")
    return Path(path)


def system_root(arch: str) -> Path:
    """Where programs and libraries of an architecture are taken from: this host, or the root that
    ./run arm64 made."""
    if arch == NATIVE:
        return Path("/")
    found = cache() / f"{arch}-root"
    if not found.exists():
        raise Skip(f"no {found}: ./run arm64 makes it")
    return found


def built(path: str, why: str, arch: str = NATIVE) -> Path:
    """A file that the build makes where it can."""
    found = (BUILD if arch == NATIVE else BUILD / arch) / path
    if not found.exists():
        raise Skip(f"no {found}: {why}")
    return found
