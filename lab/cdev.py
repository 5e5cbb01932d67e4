# SPDX-License-Identifier: GPL-2.0-or-later
"""The newest kernel with VFIO's devices as files of their own, which Debian's kernels have off: its
VFIO modules and iommufd are built from Debian's source, and take the place of Debian's modules."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import tempfile
from dataclasses import replace
from pathlib import Path

from . import kernels, places
from .kernels import Kernel

# With groups and without them.
BOTH, ALONE = "both", "cdev"
WAYS = (BOTH, ALONE)
SUITE = "trixie"  # its compiler is the one that the backported kernels are built with
COMPILER = "gcc-14"
SCRIPT = places.SOURCE / "lab" / "build-cdev"
SHOWN_LINES = 5


def _sources() -> list[str]:
    mirror = kernels.mirror()
    return [f"deb {mirror} {suite} main" for suite in (SUITE, kernels.BACKPORTS)]


def _build(kernel: Kernel, made: Path) -> None:
    """The modules of both kinds, by Debian's own compiler in a root of its own."""
    version = ".".join(kernel.release.split(".")[:2])
    packages = (COMPILER, "make", "xz-utils", f"linux-headers-{kernel.release}",
                f"linux-source-{version}")
    unchecked = subprocess.run(["apt-config", "dump", "--format", "%v",
                                "Acquire::Check-Valid-Until"], capture_output=True, text=True,
                               check=False).stdout == "false"
    done = subprocess.run(
        [places.program("mmdebstrap", "mmdebstrap"), "--quiet", "--variant=minbase",
         *(["--aptopt=Acquire::Check-Valid-Until \"false\""] if unchecked else []),
         '--aptopt=Apt::Install-Recommends "false"', f"--include={','.join(packages)}",
         f"--customize-hook=copy-in {SCRIPT} /",
         f'--customize-hook=chroot "$1" sh /{SCRIPT.name} {kernel.release} {version} {COMPILER}',
         f"--customize-hook=sync-out /modules {made}",
         SUITE, "/dev/null", *_sources()], capture_output=True, text=True, check=False)
    if done.returncode:
        why = "\n".join(done.stderr.strip().splitlines()[-SHOWN_LINES:])
        raise places.Skip(f"the modules could not be built: {why}")


def _take_place(kernel: Kernel, built: Path, to: Path) -> None:
    """A kernel's modules with the built ones in the place of Debian's."""
    tree = to.parent / "tree"
    modules = tree / "lib" / "modules" / kernel.release
    modules.parent.mkdir(parents=True)
    shutil.copytree(kernel.modules, modules, symlinks=True)
    # Others that are Debian's were built for another VFIO.
    shutil.rmtree(modules / "kernel" / "drivers" / "vfio")
    shutil.copytree(built, modules / "kernel" / "drivers" / "vfio")
    subprocess.run([places.program("depmod", "kmod"), "-b", tree, kernel.release], check=True,
                   stderr=subprocess.DEVNULL)
    modules.rename(to)
    shutil.rmtree(tree)


def get(way: str) -> Kernel:
    """The newest kernel with both ways to VFIO, or without groups; Skip if it cannot be had.

    The modules are built by the first call, if $PCIPASS_LAB_FETCH allows that.
    """
    kernel = kernels.get(kernels.NEWEST)
    cache = places.cache()
    ready = cache / f"vfio-{kernel.release}"
    with open(cache / "vfio.lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not ready.exists():
            if not os.environ.get("PCIPASS_LAB_FETCH"):
                raise places.Skip("VFIO without groups is not built yet: ./run lab --cdev builds it")
            with tempfile.TemporaryDirectory(dir=cache) as made:
                os.chmod(made, 0o755)
                built, directory = Path(made) / "built", Path(made) / "ready"
                built.mkdir()
                directory.mkdir()
                _build(kernel, built)
                for each in WAYS:
                    _take_place(kernel, built / each, directory / each)
                directory.rename(ready)
    return replace(kernel, modules=ready / way, vfio=way)
