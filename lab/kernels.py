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
PACKAGE = r"linux-image-{series}\.[0-9.]+(?:\+[a-z0-9]+)?(?:-[0-9]+)?-{arch}(?:-unsigned)?$"
# From 7.0 on that package is empty: the kernel and its modules are in two others.
BINARY = r"linux-binary-(unsigned-)?([0-9.]+(?:\+[a-z0-9]+)?(?:-[0-9]+)?-{arch})$"
NEWEST = "newest"
BACKPORTS = "trixie-backports"  # where the newest are
# Where a series is that is not for this host, whose package lists have its own architecture's alone.
FOREIGN_SUITES = {"6.1": "bookworm", "6.12": "trixie"}
ARM_MAGIC_AT, ARM_MAGIC = 0x38, b"ARM\x64"  # Documentation/arch/arm64/booting.rst
XZ_MAGIC, ZSTD_MAGIC, ELF_MAGIC = b"\xfd7zXZ\0", b"\x28\xb5\x2f\xfd", b"\x7fELF"


@dataclass(frozen=True)
class Kernel:
    """An unpacked kernel package."""

    series: str  # "6.1"
    release: str
    image: Path  # as a boot loader wants it
    vmlinux: Path  # unpacked, as QEMU starts it by PVH; for Arm the same as image
    modules: Path  # the directory with modules.dep
    arch: str = places.NATIVE
    vfio: str = "groups"  # its way to VFIO; cdev.py has others


def _apt(*words: str, config: Path | None = None) -> str:
    done = subprocess.run([places.program("apt-cache", "apt"), *words], capture_output=True,
                          text=True, check=False, env=_environment(config))
    return done.stdout if done.returncode == 0 else ""


def _environment(config: Path | None) -> dict[str, str]:
    return {**os.environ, "APT_CONFIG": str(config)} if config else dict(os.environ)


def _numbers(name: str) -> list[int]:
    return [int(n) for n in re.findall(r"\d+", name)]


def at_least(series: str, other: str) -> bool:
    """Whether a series is that one or a later one."""
    return _numbers(series) >= _numbers(other)


def newest_package(series: str, arch: str = places.NATIVE, config: Path | None = None) -> str:
    """The newest image of a series that can be had; of one version rather the signed one."""
    wanted = re.compile(PACKAGE.format(series=re.escape(series), arch=arch))
    names = [n for n in _apt("pkgnames", f"linux-image-{series}.", config=config).split()
             if wanted.match(n)]
    for name in sorted(names, key=lambda n: (_numbers(n), "unsigned" not in n), reverse=True):
        # some are only named by other packages
        if _apt("show", "--no-all-versions", name, config=config):
            return name
    raise places.Skip(f"the package lists have no kernel {series}: run apt-get update, and for "
                      "6.12 have Debian 12's security archive among the sources")


def mirror() -> str:
    """Where this host has Debian's packages from, but for security updates."""
    listed = subprocess.run([places.program("apt-get", "apt"), "indextargets", "--format",
                             "$(CODENAME) $(REPO_URI)", "Created-By: Packages", "Origin: Debian"],
                            capture_output=True, text=True, check=False).stdout
    for line in listed.splitlines():
        codename, _, address = line.partition(" ")
        if "-" not in codename and address:
            return address
    raise places.Skip("apt has no packages of Debian's: the newest kernel is among them")


def _suite(directory: Path, suite: str, arch: str) -> Path:
    """A configuration of apt that knows this one suite; what the host has is left alone."""
    for name in ("lists/partial", "cache/archives/partial"):
        (directory / name).mkdir(parents=True)
    keys = places.host_file("/usr/share/keyrings/debian-archive-keyring.gpg",
                            "debian-archive-keyring")
    (directory / "sources.list").write_text(
        f"deb [arch={arch} signed-by={keys}] {mirror()} {suite} main\n")
    config = directory / "apt.conf"
    config.write_text(f'APT::Architecture "{arch}";\nAPT::Architectures {{ "{arch}"; }};\n'
                      f'Dir::State::lists "{directory}/lists";\nDir::Cache "{directory}/cache";\n'
                      f'Dir::Etc::sourcelist "{directory}/sources.list";\n'
                      'Dir::Etc::sourceparts "/dev/null";\n')
    done = subprocess.run([places.program("apt-get", "apt"), "-qq", "update"], check=False,
                          capture_output=True, text=True, env=_environment(config))
    if done.returncode:
        why = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise places.Skip(f"the package lists of {suite} could not be read: {why}")
    return config


def _newest_release(config: Path, arch: str) -> tuple[str, str]:
    """The newest kernel that can be had, and "unsigned-" where it is there unsigned alone."""
    binary = re.compile(BINARY.format(arch=arch))
    names = [binary.match(n) for n in _apt("pkgnames", "linux-binary-", config=config).split()]
    found = [(_numbers(m[2]), not m[1], m) for m in names if m]
    for _, _, m in sorted(found, key=lambda f: f[:2], reverse=True):
        if _apt("show", "--no-all-versions", m[0], config=config):
            return m[2], m[1] or ""
    raise places.Skip(f"{BACKPORTS} has no kernel for {arch}")


def fetch(package: str, directory: Path, config: Path | None = None) -> Path:
    done = subprocess.run([places.program("apt-get", "apt"), "-qq", "download", package],
                          cwd=directory, capture_output=True, text=True, check=False,
                          env=_environment(config))
    found = list(directory.glob("*.deb"))
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


def _unpack(package: Path, tree: Path) -> None:
    subprocess.run([places.program("dpkg-deb", "dpkg"), "-x", package, tree], check=True)
    package.unlink()


def _keep(image: Path, release: str, tree: Path, directory: Path) -> None:
    """What a boot needs of unpacked packages; the rest goes."""
    image.rename(directory / "vmlinuz")
    (directory / "release").write_text(release)
    data = (directory / "vmlinuz").read_bytes()
    if data[ARM_MAGIC_AT:ARM_MAGIC_AT + 4] == ARM_MAGIC:
        os.link(directory / "vmlinuz", directory / "vmlinux")
    else:
        (directory / "vmlinux").write_bytes(payload(data))
    modules = tree / "lib" / "modules" / release
    if not modules.exists():
        modules.parent.mkdir(parents=True, exist_ok=True)
        (tree / "usr" / "lib" / "modules" / release).rename(modules)
    # Its warnings are of files that lie in a package which a boot does not need.
    subprocess.run([places.program("depmod", "kmod"), "-b", tree, release], check=True,
                   stderr=subprocess.DEVNULL)
    modules.rename(directory / "modules")
    shutil.rmtree(tree)


def _make(series: str, directory: Path, arch: str) -> None:
    """A kernel of a series: of this host's own package lists, if it is for this host."""
    tree, apt = directory / "tree", directory / "apt"
    config = None
    if arch != places.NATIVE:
        config = _suite(apt, FOREIGN_SUITES[series], arch)
    _unpack(fetch(newest_package(series, arch, config), directory, config), tree)
    shutil.rmtree(apt, ignore_errors=True)
    image = next((tree / "boot").glob("vmlinuz-*"))
    _keep(image, image.name[len("vmlinuz-"):], tree, directory)


def _make_newest(directory: Path, arch: str) -> None:
    """The newest kernel of the backports."""
    tree, apt = directory / "tree", directory / "apt"
    config = _suite(apt, BACKPORTS, arch)
    release, unsigned = _newest_release(config, arch)
    for package in (f"linux-binary-{unsigned}{release}", f"linux-modules-{release}"):
        _unpack(fetch(package, directory, config), tree)
    shutil.rmtree(apt)
    _keep(tree / "usr" / "lib" / "modules" / release / "vmlinuz", release, tree, directory)


def _open(directory: Path, arch: str) -> Kernel:
    release = (directory / "release").read_text()
    return Kernel(".".join(release.split(".")[:2]), release, directory / "vmlinuz",
                  directory / "vmlinux", directory / "modules", arch)


def get(series: str, arch: str = places.NATIVE) -> Kernel:
    """The kernel of a series ("6.1") or the newest; Skip if it cannot be had.

    The first call fetches it, if $PCIPASS_LAB_FETCH allows that: a test that nobody told to does
    not go to the network.
    """
    cache = places.cache()
    name = f"linux-{series}" if arch == places.NATIVE else f"linux-{arch}-{series}"
    ready = cache / name
    with open(cache / f"{name}.lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not ready.exists():
            if not os.environ.get("PCIPASS_LAB_FETCH"):
                how = "truth --kernel newest" if series == NEWEST else "lab"
                if arch != places.NATIVE:
                    how = f"truth --arm --kernel {series}"
                raise places.Skip(f"no kernel {series} yet: ./run {how} fetches it")
            with tempfile.TemporaryDirectory(dir=cache) as made:
                directory = Path(made) / "kernel"
                directory.mkdir()
                if series == NEWEST:
                    _make_newest(directory, arch)
                else:
                    _make(series, directory, arch)
                directory.rename(ready)
    return _open(ready, arch)
