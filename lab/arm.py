# SPDX-License-Identifier: GPL-2.0-or-later
"""The Arm server: QEMU's board virt with an SMMUv3, by UEFI with ACPI or with a device tree."""

from __future__ import annotations

import shutil
from pathlib import Path

from . import devices, initramfs, job, places, qemu, server, smbios
from .kernels import Kernel
from machinery.model import Machine

ARCH = "arm64"
# A processor without pointer authentication, whose emulation takes half of the time.
BOARD = ["-cpu", "cortex-a72", "-smp", "1", "-nodefaults", "-no-user-config", "-nic", "none",
         "-display", "none", "-no-reboot"]
ALWAYS = "panic=-1 console=ttyAMA0 quiet"
CODE = "/usr/share/AAVMF/AAVMF_CODE.fd"
VARIABLES = "/usr/share/AAVMF/AAVMF_VARS.fd"
# A boot takes 40 s to 60 s, by UEFI 20 s more, and two are at work at once.
BOOT_SECONDS = 900


def _ports(directory: Path) -> list[str]:
    """virtio's serial line on MMIO: there are no I/O ports, and a PCI device would be in the way."""
    return ["-device", "virtio-serial-device",
            "-chardev", f"file,id=answer,path={directory / 'answer'}",
            "-device", "virtserialport,chardev=answer,nr=1,name=answer"]


def machine_words(machine: Machine) -> list[str]:
    """The board a recipe asks for."""
    io = machine.iommu
    words = ["virt", "accel=tcg"]
    # Of messages: an ITS tells devices apart, a GICv2m does not, and a GICv3 alone has none.
    words += {"its": ["gic-version=3", "its=on"], "gicv2m": ["gic-version=2"],
              "none": ["gic-version=3", "its=off"]}[machine.messages]
    if io.kind == "smmu":
        words += ["iommu=smmuv3"]
    words += ["acpi=off" if machine.device_tree else "acpi=on"]
    return ["-machine", ",".join(words)]


class ArmServer(server.Server):
    """A virtual server for Arm. With a device tree the kernel is started at once."""

    emulator = qemu.Emulator("qemu-system-aarch64", "qemu-system-arm", BOARD, _ports)

    def __init__(self, machine: Machine, kernel: Kernel, image: initramfs.Image,
                 cmdline: str) -> None:
        super().__init__(machine, kernel, image, firmware=False, cmdline=cmdline)
        if not machine.device_tree:
            variables = self.directory / "variables"
            shutil.copyfile(places.host_file(VARIABLES, "qemu-efi-aarch64"), variables)
            self._kept.append(variables)

    def _board(self) -> list[str]:
        words = [*machine_words(self.machine), "-m", str(self.memory_mib)]
        if not self.machine.device_tree:
            code = places.host_file(CODE, "qemu-efi-aarch64")
            words += ["-drive", f"if=pflash,unit=0,readonly=on,format=raw,file={code}", "-drive",
                      f"if=pflash,unit=1,format=raw,file={self.directory / 'variables'}"]
            words += smbios.arguments(self.machine, self.directory)
        return words + devices.arguments(self.machine, self.directory, None)

    def boot(self, asked: job.Job, table: bytes = b"",
             seconds: int = BOOT_SECONDS) -> job.Answer:
        """As any server; it only takes longer."""
        return super().boot(asked, table, seconds)
