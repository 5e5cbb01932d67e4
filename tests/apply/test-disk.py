#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Applies and takes back on file systems that are really full, or really read-only.

The state directory, /etc and /boot of a host are each a small tmpfs in turn. Every free size from none
to enough, in pages and in inodes: before the apply begins, and while it is at work, when somebody
else fills what it had counted on. Each ends with the new, or with a sentence, the old, and nothing
left behind; signals that come while it is full change nothing of that. Runs as root in a mount namespace of its own.

usage: test-disk.py DRIVE [EVERY]     EVERY: only every so many sizes and moments
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from fakeroot import STATE, Driver, Root, differences, override

ENOENT, EINTR, ECHILD, ENOSPC, EROFS = 2, 4, 10, 28, 30
SIGNALS = ("INT", "TERM", "HUP", "PIPE")
PAGE = 4096
DEVICE = "0000:07:00.0"
# At boot: nobody here answers for the kernel, so a driver would not change.
STEPS = (override(), "argument:intel_iommu=on", f"bind:{DEVICE},1000,0072,mpt3sas,boot",
         "option:vfio_pci:disable_denylist",
         "setting:RMRDS_Slot2:Endpoints_Included:Endpoints_Excluded")
INSIDE = "--in-namespace"


class Disk:
    """A host one of whose directories is a file system of its own."""

    def __init__(self, drive: Driver, directory: Path, where: str, kinds: tuple, every: int):
        self.drive, self.where, self.every = drive, where, every
        self.name = f"{where}, {'/'.join(kinds)}"
        self.root = Root(directory / "root", *kinds)
        self.root.device(DEVICE)
        self.replaces = "grub2" in kinds  # /etc/default/grub
        self.path = self.root.path / where
        self.path.mkdir(exist_ok=True)
        shutil.copytree(self.path, directory / "copy", symlinks=True)
        self.mount("-t", "tmpfs", "-o", "size=8m,nr_inodes=1000,mode=700", "none")
        shutil.copytree(directory / "copy", self.path, symlinks=True, dirs_exist_ok=True)
        self.before = self.snapshot()
        self.expect("a first run", self.run(), 0)
        self.after = self.snapshot()
        assert self.before != self.after
        self.expect("its undo", self.drive(self.root, "undo"), 0)
        self.same("its undo", self.before)
        self.runs = 0

    def mount(self, *words: str) -> None:
        subprocess.run(["mount", *words, self.path], check=True)

    def remount(self, *options: str) -> None:
        self.mount("-o", ",".join(("remount", *options)))

    def unmount(self) -> None:
        subprocess.run(["umount", self.path], check=True)

    def roomy(self) -> None:
        for path in self.path.glob("filler*"):
            path.unlink()
        self.remount("size=8m", "nr_inodes=1000")

    def leave(self, pages: int) -> None:
        """So many are free, and many inodes."""
        fs = os.statvfs(self.path)
        used = (fs.f_blocks - fs.f_bfree) * fs.f_frsize // PAGE
        self.remount(f"size={max(1, used + pages) * PAGE}")

    def leave_files(self, files: int) -> None:
        fs = os.statvfs(self.path)
        self.remount(f"nr_inodes={max(1, fs.f_files - fs.f_ffree + files)}")

    def run(self, *options: str) -> tuple:
        return self.drive(self.root, "run", *options, *STEPS)

    def snapshot(self) -> dict:
        return {k: v for k, v in self.root.snapshot().items() if "filler" not in k and k != self.where}

    def expect(self, what: str, got: tuple, *codes: int) -> None:
        assert got[0] in codes, f"{self.name}: {what}: errno {got[0]}, want one of {codes}: {got[1]}"

    def same(self, what: str, wanted: dict) -> None:
        now = self.snapshot()
        assert now == wanted, f"{self.name}: {what}:\n" + "\n".join(differences(wanted, now))
        left = [str(p) for pattern in (".pcipass-*.tmp", "*.new") for p in self.root.path.rglob(pattern)]
        assert not left, f"{self.name}: {what}: left behind: {left}"

    def says(self, what: str, text: str, *words: str) -> None:
        last = text.strip().splitlines()[-1]
        for word in words:
            assert word in last, f"{self.name}: {what}: '{word}' is not in: {last}"

    def status(self) -> str:
        return self.drive(self.root, "status")[1].split()[0]

    def refused_or_done(self, what: str, got: tuple) -> bool:
        """Refused before anything was changed, with what to do; or done. true: done."""
        self.runs += 1
        code, text = got
        self.expect(what, got, 0, ENOSPC)
        if code == 0:
            self.same(what, self.after)
            self.expect(f"{what}: undo", self.drive(self.root, "undo"), 0)
        else:
            self.says(what, text, "/" + self.where.split("/", maxsplit=1)[0], "make room")
            assert "undo:" not in text, f"{self.name}: {what}: something was done: {text}"
            self.expect(f"{what}: undo", self.drive(self.root, "undo"), ENOENT)
        self.same(what, self.before)
        return code == 0

    def too_small(self) -> None:
        """From the beginning on."""
        for what, leave, sizes in (("pages", self.leave, [*range(0, 32), *range(32, 1000, 16)]),
                                   ("inodes", self.leave_files, range(0, 100))):
            for size in sizes[::self.every]:
                leave(size)
                done = self.refused_or_done(f"{size} {what}", self.run())
                self.roomy()
                if done:
                    break
            assert size and done, f"{self.name}: {what}: never enough, or always"

    def disturbed(self, what: str, got: tuple) -> bool:
        """Something ran short in the middle. true: it did not."""
        self.runs += 1
        code, text = got
        self.expect(what, got, 0, ENOSPC, ECHILD)
        if code == 0:
            self.same(what, self.after)
        elif "as it was before" in text:
            # A tool has words of its own.
            self.says(what, text, "exit status" if code == ECHILD else "No space")
            self.same(what, self.before)
        else:
            # Only the host's tools, and a file that was there before, need room on the way back.
            assert self.where == "boot" or self.replaces, f"{self.name}: {what}: not taken back: {text}"
            self.says(what, text, "exit status" if code == ECHILD else "No space", "\"pcipass undo\" tries again")
            assert self.status() == "partly", f"{self.name}: {what}: {self.status()}"
        self.undo_when_full(what)
        return code == 0

    def undo_when_full(self, what: str) -> None:
        """At once where no tool needs room; else told, and later."""
        code, text = self.drive(self.root, "undo")
        self.expect(f"{what}: undo", (code, text), 0, ENOENT, ENOSPC, ECHILD)
        if code in (ENOSPC, ECHILD):
            assert self.where != STATE, f"{self.name}: {what}: undo: {text}"
            self.says(f"{what}: undo", text, "exit status" if code == ECHILD else "make room")
            assert self.status() in ("partly", "done"), f"{self.name}: {what}: {self.status()}"
            self.roomy()
            self.expect(f"{what}: undo later", self.drive(self.root, "undo"), 0)
        self.same(f"{what}: undo", self.before)
        self.roomy()

    def shrinking(self) -> None:
        """Somebody else fills it once the apply is at work: at once but for some, or at each line."""
        for option in ("--fill", "--fill-files"):
            for left in range(0, 100, self.every):
                if self.disturbed(f"{option}, {left} left",
                                  self.run(f"{option}=1:{left}:{self.path}")):
                    break
            assert left, f"{self.name}: {option}: nothing was hit"
            for line in range(2, 20, self.every):
                self.disturbed(f"{option} at line {line}", self.run(f"{option}={line}:0:{self.path}"))
                if not list(self.path.glob("filler*")) and line > 12:
                    break

    def signalled(self, strace: str) -> None:
        """A signal comes while it is full: as it begins to write, at work, and on the way back."""
        for left in range(0, 8, 2 * self.every):
            for number, when in enumerate(range(1, 60, 6 * self.every)):
                signal = SIGNALS[(left + number) % len(SIGNALS)]
                prefix = (strace, "-o", "/dev/null", "-e", "trace=write", "-e", f"inject=write:signal={signal}:when={when}")
                code, text = self.drive(self.root, "run", "--signals", f"--fill=1:{left}:{self.path}", *STEPS, prefix=prefix)
                what = f"{signal} at write {when}, {left} left"
                # Before the program catches it, it ends the program, which has changed nothing.
                if code < 0 and not text:
                    self.same(what, self.before)
                elif code == EINTR:
                    assert "stopped by a signal" in text and "as it was before" in text, f"{self.name}: {what}: {text}"
                    self.runs += 1
                    self.undo_when_full(what)
                else:
                    self.disturbed(what, (code, text))

    def full_later(self) -> None:
        """Between apply and undo."""
        for leave in (self.leave, self.leave_files):
            for size in range(0, 6, self.every):
                self.expect("run", self.run(), 0)
                leave(size)
                self.undo_when_full(f"full later, {size}")

    def read_only(self) -> None:
        self.remount("ro")
        code, text = self.run()
        self.expect("read-only", (code, text), EROFS)
        self.says("read-only", text, "/" + self.where.split("/", maxsplit=1)[0], "read-only", "mount it writable")
        self.same("read-only", self.before)
        self.expect("read-only: undo", self.drive(self.root, "undo"), ENOENT, EROFS)
        self.remount("rw")
        self.expect("run", self.run(), 0)
        self.remount("ro")
        for _ in range(2):
            code, text = self.drive(self.root, "undo")
            self.expect("undo, read-only", (code, text), EROFS)
            self.says("undo, read-only", text, "read-only", "mount it writable", "nothing was")
            self.same("undo, read-only", self.after)
            assert self.status() == "done"
        self.remount("rw")
        self.expect("undo, writable again", self.drive(self.root, "undo"), 0)
        self.same("undo, writable again", self.before)

    def greedy_tool(self, clean: str) -> None:
        """The tool that makes initrds fills the disk, and removes what it made or not."""
        tool = self.root.path / "usr/sbin/update-initramfs"
        good = tool.read_text()
        self.root.tool("update-initramfs", good.replace(
            "out=", f"{clean}\ncat /dev/zero > boot/filler\nout=", 1))
        code, text = self.run()
        self.expect("greedy", (code, text), ECHILD)
        self.says("greedy", text, "update-initramfs: exit status", "undo\" tries again")
        assert self.status() == "partly"
        self.root.tool("update-initramfs", good)
        self.undo_when_full("greedy")


def can_inject() -> str | None:
    """strace, where it works."""
    strace = shutil.which("strace")
    probe = strace and subprocess.run([strace, "-o", "/dev/null", "-e", "inject=write:signal=HUP:when=9", "true"], check=False,
                                      capture_output=True)
    return strace if probe and not probe.returncode else None


def main_inside(program: str, every: int) -> int:
    drive = Driver(program)
    strace = can_inject()
    total = 0
    for where, *kinds in ((STATE, "initramfs-tools", "grub"), ("etc", "initramfs-tools", "grub"),
                          ("boot", "initramfs-tools", "grub"), ("etc", "dracut", "grub2")):
        with tempfile.TemporaryDirectory() as directory:
            disk = Disk(drive, Path(directory), where, tuple(kinds), every)
            try:
                disk.too_small()
                disk.shrinking()
                if strace:
                    disk.signalled(strace)
                disk.full_later()
                disk.read_only()
                if where == "boot":
                    disk.greedy_tool("")
                    disk.greedy_tool("trap 'rm -f boot/filler' EXIT")
                total += disk.runs
            finally:
                disk.unmount()
    print(f"{total} disks too small: the old or the new each time")
    if not strace:
        print("skipped: signals on a full disk: strace(1) is not there or cannot trace here")
    return 0


def main() -> int:
    if sys.argv[1] == INSIDE:
        return main_inside(sys.argv[2], int(sys.argv[3]))
    if os.geteuid():
        print("skipped: only root can mount")
        return 77
    if not shutil.which("unshare"):
        print("skipped: no unshare(1)")
        return 77
    alone = ["unshare", "-m", "--propagation", "private"]
    with tempfile.TemporaryDirectory() as directory:
        tried = subprocess.run([*alone, "mount", "-t", "tmpfs", "none", directory], check=False,
                               capture_output=True, text=True)
    if tried.returncode:
        print(f"skipped: nothing can be mounted here: {tried.stderr.strip()}")
        return 77
    every = sys.argv[2] if len(sys.argv) > 2 else "1"
    return subprocess.run([*alone, sys.executable, "-B", __file__, INSIDE, sys.argv[1], every],
                          check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
