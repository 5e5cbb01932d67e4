# SPDX-License-Identifier: GPL-2.0-or-later
"""The disk of a server whose system is all in memory: what pcipass keeps outlasts a boot there."""

from __future__ import annotations

import subprocess
from pathlib import Path

from . import places

LABEL = "lab-state"
FOLDER = "/var/lib"  # of the server
MIB = 16
# The file system wants a checksum that it asks the kernel for by a name that busybox cannot follow.
MODULES = ("crc32c_generic", "ext4")
MOUNT = (f"modprobe -a {' '.join(MODULES)}; "
         f"until findfs LABEL={LABEL} >/dev/null 2>&1; do sleep 0.1; done; "
         f"mkdir -p {FOLDER} && mount -t ext4 LABEL={LABEL} {FOLDER}")
UNMOUNT = f"umount {FOLDER}"


def make(path: Path) -> None:
    """An empty one."""
    subprocess.run([places.program("mke2fs", "e2fsprogs"), "-q", "-t", "ext4", "-L", LABEL, path,
                    f"{MIB}M"], check=True, capture_output=True)


def words(path: Path) -> list[str]:
    """As a disk of the board, for QEMU."""
    return ["-drive", f"if=none,id=state,format=raw,file={path}",
            "-device", "ide-hd,drive=state,bus=ide.0"]
