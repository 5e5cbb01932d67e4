# SPDX-License-Identifier: GPL-2.0-or-later
"""Debian's kernels: found in the package lists, fetched, unpacked, and kept in the cache."""

from __future__ import annotations

import fcntl
import lzma
import os
import re
import shutil
import struct
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from . import places

# "linux-image-6.1.0-56-amd64", "linux-image-6.12.117+deb12-amd64-unsigned"
# and neither the cloud nor the rt flavour
PACKAGE = r"linux-image-{series}\.[0-9.]+(?:\+[a-z0-9]+)?(?:-[0-9]+)?-amd64(?:-unsigned)?$"
XZ_MAGIC, ZSTD_MAGIC, ELF_MAGIC = b"\xfd7zXZ\0", b"\x28\xb5\x2f\xfd", b"\x7fELF"


@dataclass(frozen=True)
class Kernel:
    """An unpacked kernel package."""

    series: str
    release: str
    image: Path  # as a boot loader wants it
    vmlinux: Path  # unpacked, as QEMU starts it by PVH
    modules: Path  # the folder with modules.dep


def _apt(*words: str) -> str:
    done = subprocess.run([places.program("apt-cache", "apt"), *words], capture_output=True,
                          text=True, check=False)
    return done.stdout if done.returncode == 0 else ""


def _numbers(name: str) -> list[int]:
    return [int(n) for n in re.findall(r"\d+", name)]


def newest_package(series: str) -> str:
    """The newest image of a series that can be had; of one version rather the signed one."""
    wanted = re.compile(PACKAGE.format(series=re.escape(series)))
    names = [n for n in _apt("pkgnames", f"linux-image-{series}.").split() if wanted.match(n)]
    for name in sorted(names, key=lambda n: (_numbers(n), "unsigned" not in n), reverse=True):
        if _apt("show", "--no-all-versions", name):  # some are only named by other packages
            return name
    raise places.Skip(f"the package lists have no kernel {series}: run apt-get update, and for "
                      "6.12 have Debian 12's security archive among the sources")


def _fetch(package: str, folder: Path) -> Path:
    done = subprocess.run([places.program("apt-get", "apt"), "-qq", "download", package],
                          cwd=folder, capture_output=True, text=True, check=False)
    found = list(folder.glob("*.deb"))
    if done.returncode or len(found) != 1:
        why = (done.stderr.strip().splitlines() or ["no file"])[-1]
        raise places.Skip(f"{package} could not be fetched: {why}")
    return found[0]


def payload(image: bytes) -> bytes:
    """The ELF file inside a bzImage (Linux/x86 boot protocol 2.08 on)."""
    sectors, = struct.unpack_from("<B", image, 0x1F1)
    offset, length = struct.unpack_from("<II", image, 0x248)
    start = ((sectors or 4) + 1) * 512 + offset
    data = image[start:start + length]
    if data.startswith(XZ_MAGIC):
        # The size is appended to the stream, so there is something behind its end.
        return lzma.LZMADecompressor().decompress(data)
    if data.startswith(ZSTD_MAGIC):
        done = subprocess.run([places.program("zstd", "zstd"), "-dcq"], input=data[:-4],
                              capture_output=True, check=True)
        return done.stdout
    raise places.Skip(f"a kernel whose payload begins with {data[:4].hex()}, want xz or zstd")


def _unpack(package: Path, folder: Path) -> None:
    """What a boot needs of a package; the rest goes."""
    tree = folder / "tree"
    subprocess.run([places.program("dpkg-deb", "dpkg"), "-x", package, tree], check=True)
    package.unlink()
    image = next((tree / "boot").glob("vmlinuz-*"))
    release = image.name[len("vmlinuz-"):]
    image.rename(folder / "vmlinuz")
    (folder / "release").write_text(release)
    (folder / "vmlinux").write_bytes(payload((folder / "vmlinuz").read_bytes()))
    subprocess.run([places.program("depmod", "kmod"), "-b", tree, release], check=True)
    (tree / "lib" / "modules" / release).rename(folder / "modules")
    shutil.rmtree(tree)


def _open(series: str, folder: Path) -> Kernel:
    return Kernel(series, (folder / "release").read_text(), folder / "vmlinuz",
                  folder / "vmlinux", folder / "modules")


def get(series: str) -> Kernel:
    """The kernel of a series ("6.1"); Skip if it cannot be had.

    The first call fetches it, if $PCIPASS_LAB_FETCH allows that: a test that nobody told to does
    not go to the network.
    """
    cache = places.cache()
    ready = cache / f"linux-{series}"
    with open(cache / f"linux-{series}.lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not ready.exists():
            if not os.environ.get("PCIPASS_LAB_FETCH"):
                raise places.Skip(f"no kernel {series} yet: ./run lab fetches it")
            with tempfile.TemporaryDirectory(dir=cache) as made:
                folder = Path(made) / "kernel"
                folder.mkdir()
                _unpack(_fetch(newest_package(series), folder), folder)
                folder.rename(ready)
    return _open(series, ready)
