#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Ends an apply at each of its changing system calls; then resume or undo leads to new or old.

Each run is killed at, or has an error at, one call. Afterwards every other run is resumed, the
others undone, and the whole host is compared byte by byte with what it was before, or with what it
is after an apply that nobody disturbed. An error must lead to one of the two by itself.

With --signals it gets a signal that it can catch instead: INT, TERM and HUP end it between two operations with all
taken back, or once all is done; PIPE does nothing. Nothing is left for a later command then.

usage: test-kill.py DRIVE [EVERY [--signals]]
"""

import errno
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from fakeroot import STATE, Driver, Root, differences, iort, override, override_iort

CALLS = ("write", "pwrite64", "renameat", "renameat2", "rename", "unlinkat", "unlink", "fsync", "mkdir",
         "rmdir", "ftruncate", "fchmod", "fchown", "chmod", "openat")
SIGNALS = ("INT", "TERM", "HUP", "PIPE")
DEVICE = "0000:07:00.0"
SETTING = "setting:RMRDS_Slot2:Endpoints_Included:Endpoints_Excluded"
IMAGE = (override(), "argument:intel_iommu=on", SETTING)
FREE = (override(), "argument:intel_iommu=on", f"bind:{DEVICE},1000,0072,mpt3sas", SETTING)
OPTION = ("option:vfio_pci:disable_denylist", "option:vfio_iommu_type1:allow_unsafe_interrupts")
BRIDGE = ("no-driver:0000:0c:00.0,8086,244e,shpchp", f"vfs:{DEVICE},1000,0072,4")
TAKE_OFF = ("take-off:intel_iommu=off", "argument:intel_iommu=on")
ARM = (override_iort(iort(), "96"), SETTING)
UNBIND = (f"unbind:{DEVICE},1000,0072,vfio-pci",)


def count(strace: str, drive: Driver, root: Root, log: Path, *what: str) -> dict:
    """How often the program itself, not its tools, makes each call."""
    code, text = drive(root, *what, prefix=(strace, "-o", str(log), "-e", "trace=" + ",".join(CALLS)))
    assert code == 0, text
    calls = re.findall(r"^(\w+)\(", log.read_text(), re.MULTILINE)
    return {call: calls.count(call) for call in CALLS if call in calls}


class Kill:
    """One host, made anew from a copy for each try."""

    def __init__(self, drive: Driver, strace: str, origin: Root, directory: Path, steps: tuple):
        self.drive, self.strace, self.directory = drive, strace, directory
        self.origin, self.steps = origin, steps
        self.tries = 0
        done = self.fresh()
        self.before = done.snapshot()
        self.calls = count(strace, drive, done, directory / "log", "run", *self.steps)
        self.after = done.snapshot()
        self.undo_calls = count(strace, drive, done, directory / "log", "undo")
        assert done.snapshot() == self.before

    def fresh(self) -> Root:
        path = self.directory / "root"
        shutil.rmtree(path, ignore_errors=True)
        shutil.copytree(self.origin.path, path, symlinks=True)
        root = Root.__new__(Root)
        root.path = path
        return root

    def inject(self, root: Root, call: str, what: str, when: str, *command: str) -> tuple:
        self.tries += 1
        return self.drive(root, *command, prefix=(self.strace, "-o", "/dev/null", "-e", f"trace={call}", "-e",
                                                  f"inject={call}:{what}:when={when}"))

    def is_one_of(self, name: str, root: Root, *wanted: dict) -> None:
        now = root.snapshot()
        if now not in wanted:
            raise AssertionError(f"{name}: neither old nor new:\n" + "\n".join(differences(wanted[0], now)))

    def settle(self, name: str, root: Root, resume: bool) -> None:
        """Whatever was left, leads to one side."""
        if resume:
            code, text = self.drive.settle(root, "resume")
            # 2: killed before the journal was there, or after its end.
            if code not in (0, 2):
                raise AssertionError(f"{name}: resume: {text}")
            self.is_one_of(name + ": resume", root, self.after, self.before)
        code, text = self.drive.settle(root, "undo")
        if code not in (0, 2):
            raise AssertionError(f"{name}: undo: {text}")
        self.is_one_of(name + ": undo", root, self.before)

    def kill_all(self, every: int) -> None:
        number = 0
        for call, times in self.calls.items():
            for when in range(1, times + 1):
                number += 1
                if call == "openat" or number % every:
                    continue
                root = self.fresh()
                self.inject(root, call, "signal=KILL", str(when), "run", *self.steps)
                self.settle(f"killed at {call} {when}", root, number // every % 2 == 0)

    def kill_undo(self, every: int) -> None:
        number = 0
        for call, times in self.undo_calls.items():
            for when in range(1, times + 1):
                number += 1
                if call == "openat" or number % every:
                    continue
                root = self.fresh()
                assert self.drive(root, "run", *self.steps)[0] == 0
                self.inject(root, call, "signal=KILL", str(when), "undo")
                self.settle(f"undo killed at {call} {when}", root, number // every % 2 == 0)

    def signals(self, every: int, command: tuple) -> None:
        """Old or new at once, with a message that says which, and no file besides."""
        calls, old, new = ((self.calls, self.before, self.after) if command[0] == "run" else
                           (self.undo_calls, self.after, self.before))
        every = min(every, sum(calls.values()))  # one at least
        number = 0
        for call, times in calls.items():
            for when in range(1, times + 1):
                number += 1
                if number % every:
                    continue
                signal = SIGNALS[number // every % len(SIGNALS)]
                name = f"{command[0]}: {signal} at {call} {when}"
                root = self.fresh()
                if command[0] != "run":
                    assert self.drive(root, "run", *self.steps)[0] == 0
                code, text = self.inject(root, call, f"signal={signal}", str(when), command[0], "--signals", *command[1:])
                # Before the program catches them, they end it, and it has changed nothing.
                early = code < 0 and not text
                if not early and (code not in (0, errno.EINTR) or (signal == "PIPE" and code)):
                    raise AssertionError(f"{name}: {code}: {text}")
                if code > 0 and "stopped by a signal" not in text:
                    raise AssertionError(f"{name}: does not say why: {text}")
                self.is_one_of(f"{name}: {code} {text}", root, old if code else new)

    def errors(self, every: int) -> None:
        """-EIO once; a full disk and a read-only one from there on."""
        number = 0
        for call, times in self.calls.items():
            if call == "openat":
                continue
            for when in range(1, times + 1):
                for error, on in (("EIO", ""), ("ENOSPC", ""), ("EROFS", "")):
                    number += 1
                    if number % every:
                        continue
                    name = f"{error} at {call} {when}{on}"
                    root = self.fresh()
                    code, text = self.inject(root, call, f"error={error}", f"{when}{on}", "run", *self.steps)
                    self.is_one_of(f"{name}: {text}", root, self.before if code else self.after,
                                   self.before)
                    self.settle(name, root, False)

    def disk_full(self) -> None:
        """Nothing can be written any more, from some write on: what is left is led back later."""
        for when in range(1, self.calls["write"] + 1, 3):
            root = self.fresh()
            self.inject(root, "write", "error=ENOSPC", f"{when}+", "run", *self.steps)
            self.settle(f"ENOSPC from write {when}", root, False)


def with_image(_drive: Driver, path: Path) -> Root:
    root = Root(path, "mkinitcpio", "none")
    root.make_uki("mkinitcpio")
    return root


def with_device(_drive: Driver, path: Path) -> Root:
    root = Root(path)
    root.device(DEVICE)
    root.kernel(DEVICE)
    root.group(DEVICE, 13)
    return root


def switched_off(drive: Driver, path: Path) -> Root:
    """A host that was told to leave its IOMMU off."""
    root = with_device(drive, path)
    root.put("etc/default/grub", 'GRUB_CMDLINE_LINUX="quiet intel_iommu=off"\n')
    root.run_tool("update-grub")
    return root


def with_rmr(_drive: Driver, path: Path) -> Root:
    """A host with the tables of Arm."""
    root = Root(path)
    (root.path / "sys/firmware/acpi/tables/DMAR").unlink()
    root.put("sys/firmware/acpi/tables/IORT", iort())
    return root


def with_bridge(drive: Driver, path: Path) -> Root:
    """A bridge with a driver, and a device with virtual functions."""
    root = with_device(drive, path)
    root.put(f"sys/bus/pci/devices/{DEVICE}/sriov_numvfs", "4\n")
    root.device("0000:0c:00.0", driver="shpchp", vendor="8086", device="244e", built_in=True)
    root.put("sys/bus/pci/devices/0000:0c:00.0/class", "0x060400\n")
    root.kernel("0000:0c:00.0", "shpchp")
    root.group("0000:0c:00.0", 14)
    return root


def bound(drive: Driver, path: Path) -> Root:
    """A host with a device on vfio-pci, now and at boot, and no journal of who did it."""
    root = with_device(drive, path)
    code, text = drive(root, "run", f"bind:{DEVICE},1000,0072,mpt3sas")
    assert code == 0, text
    (path / STATE / "apply.json").unlink()
    return root


# The image's tool is slow, and the calls are mostly the same.
HOSTS = (("free", with_device, FREE, 1), ("image", with_image, IMAGE, 18), ("unbind", bound, UNBIND, 1),
         ("option", with_device, OPTION, 2), ("bridge", with_bridge, BRIDGE, 1),
         ("take-off", switched_off, TAKE_OFF, 2), ("iort", with_rmr, ARM, 4))


def main() -> int:
    strace = shutil.which("strace")
    if not strace:
        print("skipped: strace is not installed")
        return 77
    if subprocess.run([strace, "-o", "/dev/null", "true"], check=False, capture_output=True).returncode:
        print("skipped: strace may not trace here")
        return 77
    every = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    drive = Driver(sys.argv[1])
    for name, make, steps, share in HOSTS:
        with tempfile.TemporaryDirectory() as directory:
            kill = Kill(drive, strace, make(drive, Path(directory) / "origin"), Path(directory), steps)
            step = min(every * share, 40)  # of a run's calls some at least
            if sys.argv[3:] == ["--signals"]:
                kill.signals(every, ("run", *steps))
                kill.signals(every, ("undo",))
            else:
                kill.kill_all(step)
                kill.kill_undo(step)
            if name != "image" and not sys.argv[3:]:
                kill.errors(step * 3)
                kill.disk_full()
            assert kill.tries, f"{name}: nothing was disturbed"
            print(f"{name}: {sum(kill.calls.values())} calls of an apply, {sum(kill.undo_calls.values())} "
                  f"of an undo; {kill.tries} times disturbed: old or new each time")
    return 0


if __name__ == "__main__":
    sys.exit(main())
