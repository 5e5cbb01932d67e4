# SPDX-License-Identifier: GPL-2.0-or-later
"""The small systems that are booted: the virtual server's, and what others make of the base."""

from __future__ import annotations

import lzma
import os
import re
import subprocess
from pathlib import Path

from . import cpio, libraries, places
from .kernels import Kernel

# With what they depend on. A recipe that needs others adds them.
MODULES = ("vfio-pci", "vfio_iommu_type1", "efivarfs", "ahci", "sd_mod", "sg", "nvme", "mptsas",
           "e1000e")
# Without I/O ports answers leave by virtio; a module may be built in.
ANSWER_MODULES = ("virtio_mmio", "virtio_console")
COMMANDS = ("pcipass", "pcipass-conrep")
NEEDED = re.compile(r"\(NEEDED\).*\[(.+)\]|interpreter: (/\S+)\]")
FOREIGN_LIBRARIES = {"arm64": "aarch64-linux-gnu"}
SYSTEM_FOLDERS = ("bin", "sbin", "etc", "dev", "proc", "sys", "tmp", "run", "var", "mnt")


def _module_name(path: str) -> str:
    """"kernel/drivers/vfio/pci/vfio-pci.ko.xz" → "vfio_pci"."""
    return os.path.basename(path).partition(".ko")[0].replace("-", "_")


class System:
    """An initramfs under construction: busybox only. Things may be added until pack()."""

    def __init__(self, kernel: Kernel) -> None:
        self.kernel = kernel
        self._packed = b""
        self._archive = cpio.Archive()
        self._dependencies: dict[str, list[str]] = {}
        self._loaded: dict[str, str] = {}  # line of modules.dep by module
        for line in (kernel.modules / "modules.dep").read_text().splitlines():
            path, _, needs = line.partition(":")
            self._dependencies[_module_name(path)] = [path, *needs.split()]
        for name in SYSTEM_FOLDERS:
            self._archive.directory(name)
        busybox = places.host_file("/bin/busybox", "busybox-static")
        # The names of its applets are the same for every architecture.
        self._root = places.system_root(kernel.arch)
        self._archive.file("bin/busybox", (self._root / "bin/busybox").read_bytes(), 0o755)
        for applet in subprocess.run([busybox, "--list"], capture_output=True, text=True,
                                     check=True).stdout.split():
            if applet != "busybox":
                self._archive.link(f"bin/{applet}", "busybox")

    def add_file(self, name: str, data: bytes, mode: int = 0o644) -> None:
        """A file of the guest."""
        self._archive.file(name, data, mode)

    def add_host_file(self, path: str | Path, mode: int = 0o644) -> None:
        """A file of this host, at its own place; links are followed."""
        if str(path) not in self._archive:
            self._archive.file(str(path), Path(path).read_bytes(), mode)

    def add_program(self, path: str | Path, to: str = "bin", name: str = "") -> None:
        """A program with the shared libraries it needs."""
        path = Path(path)
        name = f"{to}/{name or path.name}"
        if name in self._archive:
            raise ValueError(f"{name} is there already")
        self._archive.file(name, path.read_bytes(), 0o755)
        if self.kernel.arch != places.NATIVE:
            self._add_foreign_libraries(path)
            return
        for library in libraries.needed(path):
            self.add_host_file(library, 0o755)

    def _add_foreign_libraries(self, path: Path) -> None:
        """What ldd would name, for a program that cannot run here; and what that needs in turn."""
        listed = subprocess.run([places.program("readelf", "binutils"), "-dl", "-W", path],
                                capture_output=True, text=True, check=True).stdout
        for library, interpreter in [*NEEDED.findall(listed), *((n, "") for n in libraries.opened(path))]:
            name = interpreter or f"/lib/{FOREIGN_LIBRARIES[self.kernel.arch]}/{library}"
            if name in self._archive:
                continue
            found = self._root / name[1:]
            if not found.exists():
                found = self._root / "usr" / name[1:]
            self._archive.file(name, found.read_bytes(), 0o755)
            self._add_foreign_libraries(found)

    def add_modules(self, *names: str) -> None:
        """Modules and what they need; what is built in or unknown to this kernel is left out."""
        for name in names:
            for path in self._dependencies.get(name.replace("-", "_"), []):
                self._add_module(path)

    def has_module(self, name: str) -> bool:
        """Whether the kernel has it as a module that was added."""
        return name.replace("-", "_") in self._loaded

    def _add_module(self, path: str) -> None:
        name = _module_name(path)
        if name in self._loaded:
            return
        data = (self.kernel.modules / path).read_bytes()
        if path.endswith(".xz"):
            data = lzma.decompress(data)
        needs = self._dependencies[name][1:]
        plain = [p.removesuffix(".xz") for p in (path, *needs)]
        self._archive.file(f"lib/modules/{self.kernel.release}/{plain[0]}", data)
        self._loaded[name] = f"{plain[0]}: {' '.join(plain[1:])}"

    def pack(self) -> bytes:
        """The archive. Nothing can be added afterwards."""
        if self._packed:
            return self._packed
        listing = "".join(line + "\n" for line in self._loaded.values())
        self._archive.file(f"lib/modules/{self.kernel.release}/modules.dep", listing.encode())
        self._packed = self._archive.pack()
        return self._packed


class Image(System):
    """The virtual server's: the runner as process 1, the commands as they were built."""

    def __init__(self, kernel: Kernel, command: Path | None = None) -> None:
        """command: in place of the built pcipass."""
        super().__init__(kernel)
        arch = kernel.arch
        runner = places.built("lab/guest/lab-runner", "a build with sanitizers has no lab", arch)
        self.add_file("init", runner.read_bytes(), 0o755)
        for name in COMMANDS:
            built = places.built(name, "build it first", arch)
            self.add_program(command if command and name == "pcipass" else built, name=name)
        # efivarfs guards what it does not know by a flag that busybox cannot clear.
        if arch == places.NATIVE:
            self.add_program(places.program("chattr", "e2fsprogs"))
        self.add_modules(*MODULES)
        if arch != places.NATIVE:
            self.add_modules(*ANSWER_MODULES)
