#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Makes the corpus of fuzz-capture of sample machines: the first devices of some of different kinds. The same bytes every
time."""

import re
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
MACHINES = HERE.parent / "tests/machines"
# Recipe, and how many of its functions are kept: an input is to be small.
CHOSEN = {"no-vfio": 4, "amd-ioapic": 4, "arm-board-smmu": 4, "wrong-scope": 6, "sriov-nic": 6, "dmar-all-ones": 3}
DEVICE = re.compile(r"[0-9a-f]{4}:[0-9a-f]{2}:[01][0-9a-f]\.[0-7]")
MAX_BYTES = 2048


def made_of(recipe: str, folder: Path) -> Path:
    root = folder / recipe
    subprocess.run([sys.executable, "-B", MACHINES / "mkmachine", MACHINES / f"{recipe}.machine", "-o", root], check=True)
    return root


def names_of(root: Path, devices: int) -> list[Path]:
    """What is kept, by path."""
    functions = sorted({m for p in root.rglob("*") for m in DEVICE.findall(str(p))})
    dropped = set(functions[devices:])
    return [p for p in sorted(root.rglob("*")) if (p.is_symlink() or p.is_file())
            and not dropped & set(DEVICE.findall(str(p.relative_to(root)))) and (p.is_symlink() or p.stat().st_size <= MAX_BYTES)]


def section(root: Path, path: Path) -> bytes:
    name = str(path.relative_to(root))
    if path.is_symlink():
        return f"=-> {name}\n{path.readlink()}\n".encode()
    content = path.read_bytes()
    return f"=== {name}\n".encode() + content + (b"" if content.endswith(b"\n") else b"\n")


def main() -> None:
    (HERE / "corpus/capture").mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as temporary:
        for recipe, devices in CHOSEN.items():
            root = made_of(recipe, Path(temporary))
            paths = names_of(root, devices)
            # The first is a file: it says which form this is.
            paths.sort(key=Path.is_symlink)
            (HERE / "corpus/capture" / recipe).write_bytes(b"".join(section(root, p) for p in paths))
        root = Path(temporary) / "no-vfio"
        with tarfile.open(HERE / "corpus/capture/no-vfio.tar", "w", format=tarfile.USTAR_FORMAT) as archive:
            for path in names_of(root, 1):
                info = archive.gettarinfo(path, str(path.relative_to(root)))
                info.mtime = info.uid = info.gid = 0
                info.uname = info.gname = ""
                if path.is_symlink():
                    archive.addfile(info)
                else:
                    with path.open("rb") as content:
                        archive.addfile(info, content)


main()
