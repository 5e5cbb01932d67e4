# SPDX-License-Identifier: GPL-2.0-or-later
"""A disk with Debian on it: its own kernel package, initramfs-tools, udev and GRUB, as anybody has
them. Made once for each kernel and kept in the cache."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from . import job, kernels, parcel, places, qemu

SUITE = "bookworm"
TARGET = "deb $(REPO_URI) $(RELEASE) $(COMPONENT)"  # a line of sources.list
PACKAGES = ("initramfs-tools", "grub-efi-amd64", "kmod", "udev", "e2fsprogs", "dosfstools", "zstd")
LEFT_OUT = ("doc", "man", "locale", "info")  # of /usr/share
# Only these in the initrd, so that making it takes seconds in the emulator, not minutes.
INITRD_MODULES = ("ahci", "sd_mod", "ext4", "nvme")
FILES = places.SOURCE / "lab" / "debian"
ROOT_LABEL, ESP_LABEL = "lab-root", "LAB-ESP"
MIB = 1 << 20
ESP_MIB, ROOT_MIB = 64, 1400
ESP_START_MIB = 1
ROOT_START_MIB = ESP_START_MIB + ESP_MIB
SETUP_CMDLINE = (f"root=LABEL={ROOT_LABEL} init=/lab-init no_timer_check panic=-1 console=ttyS0 "
                 "quiet")
SETUP_SECONDS = 1200


def _do(*command: str | Path) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        why = "\n".join((done.stderr.strip() or done.stdout.strip()).splitlines()[-5:])
        raise places.Skip(f"{Path(command[0]).name}: {why}")


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def _sources() -> list[str]:
    """Where this host has its packages from, as far as that is this Debian."""
    done = subprocess.run([places.program("apt-get", "apt"), "indextargets", "--format",
                           f"$(CODENAME) {TARGET}", "Created-By: Packages", "Origin: Debian"],
                          capture_output=True, text=True, check=False)
    targets = (line.partition(" ") for line in done.stdout.splitlines())
    found = [line for codename, _, line in targets if codename.partition("-")[0] == SUITE]
    if not found:
        raise places.Skip(f"apt has no packages of Debian's {SUITE}: the disk is made from them")
    return found


def _bootstrap(series: str, root: Path) -> None:
    """Debian in a directory."""
    packages = ",".join((kernels.newest_package(series), *PACKAGES))
    modules = "\\n".join(INITRD_MODULES)
    tools = 'mkdir -p "$1/etc/initramfs-tools/conf.d" && ' \
            'echo MODULES=list >"$1/etc/initramfs-tools/conf.d/lab" && ' \
            f'printf "{modules}\\n" >"$1/etc/initramfs-tools/modules"'
    _do(places.program("mmdebstrap", "mmdebstrap"), "--quiet", "--mode=root", "--variant=minbase",
        f"--include={packages}", '--aptopt=Apt::Install-Recommends "false"',
        *(f"--dpkgopt=path-exclude=/usr/share/{name}/*" for name in LEFT_OUT),
        "--dpkgopt=force-confold", f"--setup-hook={tools}", SUITE, root, *_sources())


def _configure(root: Path) -> None:
    """What is this machine's own."""
    _write(root / "etc/fstab", f"LABEL={ROOT_LABEL} / ext4 defaults 0 1\n"
                               f"LABEL={ESP_LABEL} /boot/efi vfat noauto 0 0\n")
    _write(root / "etc/hostname", "proliant\n")
    (root / "boot/efi").mkdir(exist_ok=True)
    (root / "etc/default/grub.d").mkdir(exist_ok=True)
    shutil.copyfile(FILES / "grub.cfg", root / "etc/default/grub.d/lab.cfg")
    shutil.copyfile(FILES / "init", root / "lab-init")
    (root / "lab-init").chmod(0o755)


def _partition(root: Path, directory: Path) -> Path:
    """The directory as the second partition of a disk, behind an empty EFI system partition."""
    disk, esp, system = directory / "disk", directory / "esp", directory / "system"
    sectors = MIB // 512
    _do(places.program("mkfs.vfat", "dosfstools"), "-n", ESP_LABEL, "-C", esp,
        str(ESP_MIB * 1024))
    _do(places.program("mke2fs", "e2fsprogs"), "-q", "-t", "ext4", "-L", ROOT_LABEL, "-d", root,
        system, f"{ROOT_MIB}M")
    with open(disk, "wb") as file:
        file.truncate((ROOT_START_MIB + ROOT_MIB + 1) * MIB)
    table = (f"label: gpt\nstart={ESP_START_MIB * sectors}, size={ESP_MIB * sectors}, type=U\n"
             f"start={ROOT_START_MIB * sectors}, size={ROOT_MIB * sectors}, type=L\n")
    subprocess.run([places.program("sfdisk", "fdisk"), "-q", disk], input=table, text=True,
                   check=True, capture_output=True)
    for part, at in (esp, ESP_START_MIB), (system, ROOT_START_MIB):
        _do("dd", f"if={part}", f"of={disk}", "bs=1M", f"seek={at}", "conv=notrunc,sparse")
        part.unlink()
    return disk


def words(path: Path, form: str = "raw") -> list[str]:
    """The disk as the board's first, for QEMU."""
    return ["-drive", f"if=none,id=system,format={form},cache=unsafe,file={path}",
            "-device", "ide-hd,drive=system,bus=ide.0,bootindex=1"]


def _set_up(root: Path, disk: Path, directory: Path) -> None:
    """Its first boot, by QEMU's own loader: GRUB is installed by its own tools."""
    asked = job.Job()
    steps = [asked.run(line, SETUP_SECONDS) for line in (
        "modprobe vfat && mount /boot/efi",
        "grub-install --target=x86_64-efi --efi-directory=/boot/efi --removable --no-nvram",
        # In a chroot it knows no root file system and leaves fsck out.
        "update-grub", "update-initramfs -u -k all")]
    image, = (root / "boot").glob("vmlinuz-*")
    initrd, = (root / "boot").glob("initrd.img-*")
    run = qemu.run(["-m", "1024", *words(disk), "-kernel", str(image), "-initrd", str(initrd),
                    "-append", SETUP_CMDLINE, *parcel.words(asked, directory / "parcel")], directory,
                   SETUP_SECONDS)
    try:
        answer = job.parse_answer(run.answer)
    except ValueError as e:
        raise qemu.Failed(f"the disk's first boot: {e}\n{run.story()}") from e
    for step in steps:
        if answer[step].exit:
            raise qemu.Failed(f"{answer[step].command}: "
                              f"{answer[step].stderr.decode('utf-8', 'replace')}")


def _make(series: str, directory: Path) -> Path:
    root = directory / "root"
    _bootstrap(series, root)
    _configure(root)
    disk = _partition(root, directory)
    _set_up(root, disk, directory)
    shutil.rmtree(root)
    return disk


def get(series: str) -> Path:
    """The disk of a kernel series ("6.1"), not to be written to; Skip if it cannot be had."""
    cache = places.cache()
    ready = cache / f"disk-{series}"
    with open(cache / f"disk-{series}.lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not ready.exists():
            if not os.environ.get("PCIPASS_LAB_FETCH"):
                raise places.Skip(f"no disk with Debian and {series} yet: ./run story --override "
                                  "makes it")
            if os.geteuid() != 0:
                raise places.Skip("only root can make a disk with Debian on it")
            with tempfile.TemporaryDirectory(dir=cache) as made:
                os.chmod(made, 0o755)
                _make(series, Path(made)).rename(ready)
    return ready


def on_top(of: Path, path: Path) -> None:
    """A disk that holds only what differs from another one."""
    _do(places.program("qemu-img", "qemu-utils"), "create", "-q", "-f", "qcow2", "-F", "raw",
        "-b", of, path)
