# SPDX-License-Identifier: GPL-2.0-or-later
"""A virtual server: a recipe's machine with a kernel, its disks and its settings, boot by boot."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from pathlib import Path
from types import TracebackType

from . import devices, disk, initramfs, job, parcel, places, qemu, smbios, state
from .kernels import Kernel
from machinery.model import Machine

# A boot takes 3 to 10 s; a busy host makes ten times that of it.
BOOT_SECONDS = 180
TRIES = 2


class Server:
    """One machine. What it keeps lies in a directory that goes with it.

    With the lab's firmware it starts by UEFI and the settings live in its variables. Without, the
    kernel is started at once; give boot() a table then. structures: SMBIOS records beside those
    of the recipe. with_state: it has a disk that state.MOUNT mounts.
    """

    emulator = qemu.X86

    def __init__(self, machine: Machine, kernel: Kernel, image: initramfs.Image | None,
                 firmware: bool = True, cmdline: str = qemu.CMDLINE,
                 memory_mib: int = qemu.MEMORY_MIB, structures: tuple[bytes, ...] = (),
                 with_state: bool = False) -> None:
        self.machine = machine
        self.kernel = kernel
        self.firmware = firmware
        self.cmdline = cmdline
        self.memory_mib = memory_mib
        self.structures = structures
        self.retries = 0
        self.boots = 0
        self.directory = Path(tempfile.mkdtemp(prefix="pcipass-lab-"))
        self._initramfs = image.pack() if image else b""
        self._kept: list[Path] = []
        self._state: Path | None = None
        if with_state:
            self._state = self.directory / "state"
            state.make(self._state)
            self._kept.append(self._state)
        self._rom: Path | None = None
        if firmware:
            self._rom = places.built("lab/firmware/proliant.rom",
                                     "no gnu-efi when the build was set up")
            variables = self.directory / "variables"
            shutil.copyfile(places.host_file(qemu.OVMF_VARS, "ovmf"), variables)
            self._kept.append(variables)

    def __enter__(self) -> Server:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None,
                 traceback: TracebackType | None) -> None:
        if os.environ.get("PCIPASS_LAB_KEEP"):
            print(f"kept: {self.directory}", file=sys.stderr)
        else:
            shutil.rmtree(self.directory)

    def _board(self) -> list[str]:
        words = ["-m", str(self.memory_mib), *qemu.iommu(self.machine.iommu)]
        if self.firmware:
            words += qemu.uefi(self.directory / "variables")
        words += devices.arguments(self.machine, self.directory, self._rom)
        if self._state:
            words += state.words(self._state)
        return words + smbios.arguments(self.machine, self.directory, self.structures)

    def _medium(self, asked: job.Job, table: bytes) -> list[str]:
        """What is started, with the job in it."""
        initrd = self.directory / "initrd"
        initrd.write_bytes(table + self._initramfs + asked.pack())
        # By UEFI only an image with its own loader starts; else the unpacked one is faster.
        kernel = self.kernel.image if self.firmware else self.kernel.vmlinux
        return ["-kernel", str(kernel), "-initrd", str(initrd), "-append", self.cmdline]

    def _remember(self) -> None:
        """What a boot changes, as it was before."""
        for path in self._kept:
            shutil.copyfile(path, path.with_suffix(".before"))

    def _go_back(self) -> None:
        """As if that boot had never been: what it did would be done twice."""
        for path in self._kept:
            shutil.copyfile(path.with_suffix(".before"), path)

    def boot(self, asked: job.Job, table: bytes = b"",
             seconds: int = BOOT_SECONDS) -> job.Answer:
        """Switches the machine on, has the job done and waits until it is off again.

        table: an archive of tables.early(). A known fault of the emulator is tried once more and
        counted; anything else without an answer raises qemu.Failed.
        """
        words = self._board() + self._medium(asked, table)
        self.boots += 1
        self._remember()
        for attempt in range(TRIES):
            run = qemu.run(words, self.directory, seconds, self.emulator)
            try:
                answer = job.parse_answer(run.answer)
            except ValueError as e:
                if not run.fault or attempt + 1 == TRIES:
                    raise qemu.Failed(f"boot {self.boots} of {self.machine.name}: {e}\n"
                                      f"{run.story()}") from e
                print(f"once more: {run.fault}", file=sys.stderr)
                self.retries += 1
                self._go_back()
                continue
            answer.firmware, answer.seconds, answer.retries = run.firmware, run.seconds, attempt
            return answer
        raise AssertionError("not reached")


class Installed(Server):
    """A server with Debian on a disk of its own: what is changed there, stays. GRUB starts it."""

    def __init__(self, machine: Machine, kernel: Kernel,
                 memory_mib: int = qemu.MEMORY_MIB) -> None:
        system = disk.get(kernel.series)
        super().__init__(machine, kernel, None, memory_mib=memory_mib)
        self._disk = self.directory / "system.qcow2"
        disk.on_top(system, self._disk)
        self._kept.append(self._disk)

    def _medium(self, asked: job.Job, table: bytes) -> list[str]:
        return [*disk.words(self._disk, "qcow2"), *parcel.words(asked, self.directory / "parcel")]
