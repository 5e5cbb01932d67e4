# SPDX-License-Identifier: GPL-2.0-or-later
"""A KVM guest inside the virtual server: QEMU with what it needs, a kernel, and a system that reads
SMART from the disks it is given.

The server's emulated processor has AMD's SVM, so the server has a KVM of its own, whatever the host
has; QEMU in there by TCG would take ten times as long.
"""

from __future__ import annotations

from . import initramfs, places
from .kernels import Kernel

FOLDER = "guest"
MEMORY_MIB = 256
SERVER_MODULES = ("kvm_amd",)
MODULES = ("ahci", "sd_mod", "nvme")
DISKS = "/dev/sda /dev/nvme0"
PASSED = "SMART overall-health self-assessment test result: PASSED"
CMDLINE = "console=ttyS0 quiet panic=-1 no_timer_check"
# Each where QEMU looks for it; by PVH a kernel needs no other firmware.
QEMU_FILES = {
    "/usr/share/seabios/bios-256k.bin": "seabios",
    "/usr/share/qemu/kvmvapic.bin": "qemu-system-data",
    "/usr/share/qemu/pvh.bin": "qemu-system-data",
}
START = f"{FOLDER}/start"
# What a person would have; the guest's serial line is its output.
SCRIPT = f""". {{devices}}
exec timeout {{seconds}} qemu-system-x86_64 -machine q35,accel=kvm -m {MEMORY_MIB} \\
	-nodefaults -nic none -display none -serial stdio -no-reboot \\
	-kernel /{FOLDER}/vmlinux -initrd /{FOLDER}/initrd \\
	-append '{CMDLINE}' "${{{{pcipass[@]}}}}"
"""
# Disks are found some time after their drivers are loaded.
INIT = f"""#!/bin/sh
mount -t devtmpfs devtmpfs /dev
mount -t proc proc /proc
mount -t sysfs sysfs /sys
modprobe -a {' '.join(MODULES)}
n=0
while [ $n -lt 200 ] && ! ls {DISKS} >/dev/null 2>&1; do
	sleep 0.1
	n=$((n + 1))
done
echo
echo "the guest, Linux $(uname -r):"
for disk in {DISKS}; do
	echo "smartctl $disk"
	smartctl -i -H $disk | grep -E '^(Device Model|Model Number|Serial Number|SMART overall)'
done
poweroff -f
"""


def _system(kernel: Kernel) -> bytes:
    """The guest's initramfs."""
    system = initramfs.System(kernel)
    system.add_file("init", INIT.encode(), 0o755)
    system.add_program(places.program("smartctl", "smartmontools"))
    system.add_modules(*MODULES)
    return system.pack()


def add_to(image: initramfs.Image, devices: str, seconds: int) -> None:
    """Puts all of it into a server's image.

    devices: the file that will hold what pcipass emit says. seconds: as long as the guest may run.
    """
    image.add_program(places.program("bash", "bash"))
    # Its files are looked for beside its own directory.
    image.add_program(places.program("qemu-system-x86_64", "qemu-system-x86"), "usr/bin")
    for path, package in QEMU_FILES.items():
        image.add_host_file(places.host_file(path, package))
    image.add_modules(*SERVER_MODULES)
    image.add_file(f"{FOLDER}/vmlinux", image.kernel.vmlinux.read_bytes())
    image.add_file(f"{FOLDER}/initrd", _system(image.kernel))
    image.add_file(START, SCRIPT.format(devices=devices, seconds=seconds).encode())
