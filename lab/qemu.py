# SPDX-License-Identifier: GPL-2.0-or-later
"""One run of the emulator: the board's words, the logs it leaves, the faults that are its own."""

from __future__ import annotations

import re
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from . import places
from machinery.model import Iommu

MEMORY_MIB = 2048
# Never KVM: where there is a /dev/kvm that cannot run a kernel, QEMU hangs.
BOARD = ["-machine", "q35,accel=tcg,kernel-irqchip=split", "-cpu", "max", "-smp", "1",
         "-nodefaults", "-no-user-config", "-nic", "none", "-display", "none", "-no-reboot",
         # Slots in sysfs then have the ports' numbers.
         "-global", "ICH9-LPC.acpi-pci-hotplug-with-bridge-support=off"]
# no_timer_check: the emulator's timer is late under load, and the kernel would panic over it.
ALWAYS = "no_timer_check panic=-1 console=ttyS0 quiet"
CMDLINE = f"intel_iommu=on iommu=pt {ALWAYS}"

OVMF_CODE = "/usr/share/OVMF/OVMF_CODE_4M.fd"
OVMF_VARS = "/usr/share/OVMF/OVMF_VARS_4M.fd"
FIRMWARE_LINE = re.compile(r"^lab: (.*)$", re.MULTILINE)
FIRMWARE_PORT, ANSWER_PORT = 0x402, 0x502

# What the emulator does wrong under load; a run that ends so may be repeated.
KNOWN_FAULTS = (
    re.compile(r"timer doesn't work through Interrupt-remapped IO-APIC"),
    re.compile(r"watchdog: BUG: soft lockup"),
    re.compile(r"rcu: INFO: rcu_\w+ (?:self-)?detected (?:expedited )?stalls?"),
)
SCREEN_CODE = re.compile(r"\x1b\[[0-9;=]*[A-Za-z]")


class Failed(Exception):
    """A run that gave no answer; the text has the end of the serial line."""


@dataclass
class Run:
    """What a run left behind."""

    answer: bytes
    firmware: list[str]
    serial: str
    stderr: str
    code: int
    seconds: float

    @property
    def timed_out(self) -> bool:
        """timeout(1) had to end it."""
        return self.code in (124, 137)

    @property
    def fault(self) -> str:
        """The known fault of the emulator that it shows; empty: none."""
        for known in KNOWN_FAULTS:
            found = known.search(self.serial)
            if found:
                return found[0]
        # The firmware clears the screen before it starts the kernel.
        if self.timed_out and not SCREEN_CODE.sub("", self.serial).strip():
            return "nothing came from the machine"
        return ""

    def story(self) -> str:
        """For a message: how it ended and the last lines of its serial line."""
        how = "ran into its time limit" if self.timed_out else f"ended with {self.code}"
        tail = "\n".join(self.stderr.splitlines()[-5:] + self.serial.splitlines()[-25:])
        return f"QEMU {how} after {self.seconds:.0f} s\n{tail}"


def _port(name: str, number: int, directory: Path) -> list[str]:
    return ["-chardev", f"file,id={name},path={directory / name}",
            "-device", f"isa-debugcon,iobase={number:#x},chardev={name}"]


@dataclass(frozen=True)
class Emulator:
    """A program of QEMU's, what every machine of it has, and how answers leave the guest."""

    program: str
    package: str
    board: list[str]
    ports: Callable[[Path], list[str]]


X86 = Emulator("qemu-system-x86_64", "qemu-system-x86", BOARD,
               lambda directory: [*_port("firmware", FIRMWARE_PORT, directory),
                               *_port("answer", ANSWER_PORT, directory)])


def iommu(wanted: Iommu) -> list[str]:
    """The IOMMU a recipe asks for. AMD's table is QEMU's own unless one is given in its place."""
    remap = "on" if wanted.remap else "off"
    if wanted.kind == "intel":
        return ["-device", f"intel-iommu,intremap={remap},aw-bits=48"]
    if wanted.kind == "amd":
        return ["-device", f"amd-iommu,intremap={remap}"]
    if wanted.kind == "virtio":
        return ["-device", "virtio-iommu-pci"]
    return []


def uefi(variables: Path) -> list[str]:
    """UEFI firmware that keeps its variables in a file."""
    code = places.host_file(OVMF_CODE, "ovmf")
    return ["-drive", f"if=pflash,unit=0,readonly=on,format=raw,file={code}",
            "-drive", f"if=pflash,unit=1,format=raw,file={variables}"]


def _read(path: Path) -> str:
    return path.read_bytes().decode("utf-8", "replace") if path.exists() else ""


def _wait(command: list[str], seconds: int) -> tuple[int, str]:
    """Exit code and standard error. If we are interrupted, timeout(1) is told to end QEMU; if we are
    killed, the kernel tells it. It tells QEMU, too: timeout that gets the signal just as it has forked
    does not know its child's number yet, and leaves it running (coreutils 9.1)."""
    tied = [places.program("setpriv", "util-linux"), "--pdeathsig", "TERM"]
    bound = [*tied, places.program("timeout", "coreutils"), "--kill-after=5", str(seconds), *tied, *command]
    with subprocess.Popen(bound, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                          stderr=subprocess.PIPE, text=True, errors="replace") as process:
        try:
            _, stderr = process.communicate()
        except BaseException:
            process.terminate()
            process.wait()
            raise
    return process.returncode, stderr


def run(words: list[str], directory: Path, seconds: int, emulator: Emulator = X86) -> Run:
    """Starts QEMU with these words and waits for its end, at most so many seconds."""
    logs = [directory / name for name in ("firmware", "answer", "serial")]
    for path in logs:
        path.unlink(missing_ok=True)
    command = [places.program(emulator.program, emulator.package), *emulator.board, *words,
               *emulator.ports(directory), "-serial", f"file:{directory / 'serial'}"]
    start = time.monotonic()
    code, stderr = _wait(command, seconds)
    answer = logs[1].read_bytes() if logs[1].exists() else b""
    return Run(answer, FIRMWARE_LINE.findall(_read(logs[0])), _read(logs[2]), stderr, code,
               time.monotonic() - start)
