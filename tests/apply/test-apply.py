#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Applies, undoes and refuses on hosts of every boot system.

usage: test-apply.py DRIVE [TEST...]
"""

import fcntl
import os
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import zlib
from errno import EBUSY, ECANCELED
from pathlib import Path

import fakeroot
from applying import (ARGUMENT, CPIO, HALF, SETTING, drive, expect, main, refused, roundtrip, same,
                      spoil, tool_of, undo)
from fakeroot import DRHD, FIRST, RELEASE, SCOPE_A, SCOPE_B, STATE, TABLE, Root, override


def test_debian(root: Root) -> None:
    before = root.snapshot()
    roundtrip(root, override(), ARGUMENT, SETTING)
    initrd = root.read(f"boot/initrd.img-{RELEASE}")
    cpio = root.read(CPIO)
    assert initrd.startswith(cpio) and b"kernel/firmware/acpi/DMAR.aml" in cpio
    assert " intel_iommu=on\n" in root.text("boot/grub/grub.cfg")
    assert root.excluded() == [2]
    assert root.read("etc/default/grub") and (root.path / STATE).stat().st_mode & 0o777 == 0o700
    assert (root.path / STATE / "apply.json").stat().st_mode & 0o777 == 0o600
    # SECOND had one scope and goes as a whole; the revision is one higher.
    at = cpio.index(b"DMAR", cpio.index(b"DMAR.aml") + 4)
    length, revision = struct.unpack_from("<I", cpio, at + 4)[0], struct.unpack_from("<I", cpio, at + 24)[0]
    assert length == len(TABLE) - 10 - 34 and revision == 2 and sum(cpio[at:at + length]) % 256 == 0
    root.put("proc/sys/kernel/random/boot_id", fakeroot.NEW_BOOT + "\n")
    assert "done booted" in drive(root, "status")[1]
    root.put("proc/sys/kernel/random/boot_id", fakeroot.OLD_BOOT + "\n")
    undo(root, before)


def test_arm(root: Root) -> None:
    """An IORT in which one of two RMRs may be remapped; later the other one, too, and the first stays so."""
    table = fakeroot.iort()
    root.put("sys/firmware/acpi/tables/IORT", table)
    step = fakeroot.override_iort(table)
    before = root.snapshot()

    def flags() -> tuple:
        cpio = root.read(CPIO)
        at = cpio.index(b"IORT", cpio.index(b"IORT.aml") + 4)
        assert sum(cpio[at:at + len(table)]) % 256 == 0 and cpio[at + 24] == 2
        return cpio[at + 48 + 16], cpio[at + 96 + 16]

    roundtrip(root, step + "96", ARGUMENT)
    assert flags() == (0, 1)
    expect("second", *drive(root, "run", step + "48"), 0)
    assert flags() == (1, 1)
    expect("undo", *drive(root, "undo"), 0)
    assert flags() == (0, 1)
    undo(root, before)
    refused(root, 22, "no RMR node begins here", steps=(step + "64",))


def test_second_override_keeps_the_first(root: Root) -> None:
    """Before the reboot the running table is the firmware's still; after it, it is ours."""
    before = root.snapshot()
    expect("first", *drive(root, "run", override()), 0)
    middle = root.snapshot()
    expect("second", *drive(root, "run", override(), override(TABLE, SCOPE_B)), 0)
    both = root.read(CPIO)
    assert struct.pack("<BBBB", 0x1c, 7, 0, 0) not in both and struct.pack("<BBBB", 0x1c, 4, 0, 0) not in both
    expect("undo", *drive(root, "undo"), 0)
    same("back to the first", middle, root.snapshot())
    expect("undo", *drive(root, "undo"), 0)
    same("back to none", before, root.snapshot())


def test_after_reboot_the_table_is_ours(root: Root) -> None:
    expect("run", *drive(root, "run", override()), 0)
    cpio = root.read(CPIO)
    at = cpio.index(b"DMAR", cpio.index(b"DMAR.aml") + 4)
    ours = cpio[at:at + struct.unpack_from("<I", cpio, at + 4)[0]]
    root.put("sys/firmware/acpi/tables/DMAR", ours)
    assert root.read(f"{STATE}/firmware/DMAR") == TABLE
    # A plan made of what runs now.
    expect("more", *drive(root, "run", override(ours, SCOPE_A)), 0)
    assert root.read(f"{STATE}/firmware/DMAR") == TABLE
    last = root.read(CPIO)
    at = last.index(b"DMAR", last.index(b"DMAR.aml") + 4)
    assert struct.unpack_from("<I", last, at + 24)[0] == 3


def test_other_systems(_: Root) -> None:
    for early, loader, files in (
            ("initramfs-tools", "proxmox", {"boot/esp/entry": b"boot=zfs intel_iommu=on\n"}),
            ("dracut", "grub2", {"boot/grub2/grub.cfg": b"quiet intel_iommu=on",
                                 "etc/default/grub": b'="quiet intel_iommu=on"'}),
            ("dracut", "grubby", {"boot/loader/entries/a.conf": b"ro quiet intel_iommu=on\ngrub_users",
                                  "boot/loader/entries/b.conf": b"ro quiet intel_iommu=on\n",
                                  "etc/kernel/cmdline": b"ro quiet intel_iommu=on",
                                  "etc/default/grub": b'GRUB_CMDLINE_LINUX="quiet intel_iommu=on"\n'}),
            ("mkinitcpio", "kernel-install",
             {f"boot/loader/entries/{RELEASE}.conf": b"options root=/dev/sda2 rw intel_iommu=on\n",
              "etc/mkinitcpio.conf.d/pcipass.conf": b"HOOKS+=(acpi_override)"}),
            ("none", "grub", {"boot/grub/grub.cfg": b"initrd  /boot/pcipass-acpi.cpio /boot/initrd.img"})):
        with tempfile.TemporaryDirectory() as directory:
            root = Root(Path(directory) / "root", early, loader)
            before = root.snapshot()
            roundtrip(root, override(), ARGUMENT)
            for name, content in files.items():
                assert content in root.read(name), f"{early}, {loader}: {name}: {root.read(name)!r}"
            if early in ("dracut", "mkinitcpio"):
                name = RELEASE if early == "dracut" else "linux"
                assert b"acpi/DMAR.aml" in root.read(f"boot/initramfs-{name}.img")
            undo(root, before)


def test_drift(root: Root) -> None:
    other = fakeroot.dmar(DRHD, FIRST)
    refused(root, 16, "step 1", "make a new plan", steps=(override(other, SCOPE_A),))
    refused(root, 22, "step 2", "Other", steps=(ARGUMENT, "setting:RMRDS_Slot2:Other:Endpoints_Excluded"))
    refused(root, 22, "step 1", "RMRDS_Slot99",
            steps=("setting:RMRDS_Slot99:Endpoints_Included:Endpoints_Excluded",))
    refused(root, 22, "step 1", steps=(override(TABLE, 3),))


def test_asked(root: Root) -> None:
    """No leaves nothing behind, not even a lock; yes counts for what was shown."""
    before = root.snapshot(True)
    expect("no", *drive(root, "run", "--ask=no", ARGUMENT), ECANCELED, "2 changes", "nothing was changed")
    same("no", before, root.snapshot(True))
    late = f"echo '# mine' > {root.path}/etc/default/grub.d/pcipass.cfg"
    expect("changed meanwhile", *drive(root, "run", f"--ask={late}", ARGUMENT), EBUSY, "2 changes",
           "/etc/default/grub.d/pcipass.cfg")
    (root.path / "etc/default/grub.d/pcipass.cfg").unlink()
    same("changed meanwhile", before, {k: v for k, v in root.snapshot(True).items() if not k.startswith(STATE)})
    shutil.rmtree(root.path / STATE)
    another = f"{drive.program} {root.path} run {SETTING} > /dev/null"
    expect("another first", *drive(root, "run", f"--ask={another}", ARGUMENT), EBUSY,
           "another pcipass has changed this host since")
    assert root.excluded() == [2] and "done" in drive(root, "status")[1]
    expect("undo", *drive(root, "undo"), 0)
    expect("yes", *drive(root, "run", "--ask=true", ARGUMENT), 0, "2 changes")
    # With a journal there it is locked while the question is open.
    another = f"{drive.program} {root.path} undo > {root.path}/said || true"
    expect("at work", *drive(root, "run", f"--ask={another}", SETTING), 0)
    assert "another pcipass is at work" in root.text("said")


def test_unknown_argument(root: Root) -> None:
    refused(root, 1, "not a kernel argument", steps=("argument:init=/bin/sh",))
    refused(root, 1, "not a kernel argument", steps=('argument:intel_iommu=on" $(reboot)',))


def test_contrary_argument(root: Root) -> None:
    root.put("etc/default/grub", 'GRUB_CMDLINE_LINUX_DEFAULT="quiet intel_iommu=off"\n')
    root.run_tool("update-grub")
    refused(root, 95, "has intel_iommu=off")


def test_overruled_argument(root: Root) -> None:
    """A later file takes the argument away again: noticed, and everything taken back."""
    root.put("etc/default/grub.d/zz.cfg", 'GRUB_CMDLINE_LINUX_DEFAULT="quiet"\n')
    root.run_tool("update-grub")
    before = root.snapshot()
    expect("overruled", *drive(root, "run", ARGUMENT), 5, "did not reach", "as it was before")
    same("overruled", before, root.snapshot())


def test_argument_there_already(root: Root) -> None:
    root.put("etc/default/grub", 'GRUB_CMDLINE_LINUX_DEFAULT="quiet intel_iommu=on"\n')
    root.run_tool("update-grub")
    before = root.snapshot()
    expect("there", *drive(root, "run", ARGUMENT), 0)
    same("there", before, root.snapshot())


def test_lockdown(root: Root) -> None:
    for found in ("none [integrity] confidentiality", "none integrity [confidentiality]"):
        root.put("sys/kernel/security/lockdown", found + "\n")
        refused(root, 1, "/sys/kernel/security/lockdown", found, "[none] is needed",
                "pcipass does not replace firmware tables on a locked-down host")


def test_secure_boot_without_lockdown(root: Root) -> None:
    """It is the lockdown that counts: a kernel that is not locked down takes the table."""
    root.put("sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c", b"\6\0\0\0\1")
    for lockdown in (True, False):
        if not lockdown:
            (root.path / "sys/kernel/security/lockdown").unlink()
        before = root.snapshot()
        expect("Secure Boot", *drive(root, "run", override()), 0)
        undo(root, before)


def test_tboot(root: Root) -> None:
    root.put("var/log/dmesg", "[    0.000000] tboot: found shared page at phys addr 0x6d8f0000:\n")
    refused(root, 1, "started by tboot", "would be ignored", "Start it without tboot")


def test_foreign_table(root: Root) -> None:
    """Another table than the plan was made from: longer, or of the same length."""
    for found in (fakeroot.dmar(DRHD, FIRST), TABLE[:-1] + bytes([TABLE[-1] ^ 1])):
        root.put("sys/firmware/acpi/tables/DMAR", found)
        refused(root, 16, f"DMAR: {len(found)} bytes, CRC-32 {zlib.crc32(found):08x}",
                f"made from one of {len(TABLE)} bytes, {zlib.crc32(TABLE):08x}", "make a new plan")
    (root.path / "sys/firmware/acpi/tables/DMAR").unlink()
    refused(root, 2, "/sys/firmware/acpi/tables/DMAR")


def test_kernel_without_upgrade(root: Root) -> None:
    root.put(f"boot/config-{RELEASE}", "# CONFIG_ACPI_TABLE_UPGRADE is not set\n")
    refused(root, 95, "ACPI_TABLE_UPGRADE")


def test_foreign_override(root: Root) -> None:
    root.put("etc/initramfs-tools/hooks/mine", "#!/bin/sh\ncp x kernel/firmware/acpi\n")
    refused(root, 17, "/etc/initramfs-tools/hooks/mine", "remove it first")


def test_foreign_override_runs(root: Root) -> None:
    root.put("var/log/dmesg", "[    0.000000] ACPI: Table Upgrade: override [DMAR-HP    -ProLiant]\n")
    refused(root, 17, "from the initrd already")


def test_foreign_files(root: Root) -> None:
    root.put("etc/default/grub.d/pcipass.cfg", "# somebody's\n")
    refused(root, 17, "not made by pcipass")


def test_foreign_hook(root: Root) -> None:
    root.put("etc/initramfs-tools/hooks/pcipass", "#!/bin/sh\n")
    refused(root, 17, "not made by pcipass")


def test_link_in_the_way(root: Root) -> None:
    os.rename(root.path / "etc/default/grub.d", root.path / "elsewhere")
    os.symlink("../../elsewhere", root.path / "etc/default/grub.d")
    refused(root, 74, "a link or no directory")


def test_missing_tool(root: Root) -> None:
    (root.path / "usr/sbin/update-grub").unlink()
    (root.path / "usr/sbin/grub-mkconfig").unlink()
    refused(root, 95, "boot loader is not known")


def test_missing_initrd_tool(root: Root) -> None:
    (root.path / "usr/sbin/update-initramfs").unlink()
    (root.path / "boot/grub/grub.cfg").unlink()
    refused(root, 95, "initrd is not known", "looked for initramfs-tools", "By hand: \"pcipass override build\"",
            steps=(override(),))


def test_missing_modprobe(root: Root) -> None:
    """Found out in the middle, when the driver is not there: everything is taken back."""
    root.device("0000:07:00.0")
    shutil.rmtree(root.path / "sys/bus/pci/drivers/vfio-pci")
    before = root.snapshot()
    expect("modprobe", *drive(root, "run", "bind:0000:07:00.0,1000,0072,mpt3sas"), 2,
           "modprobe: the host has no such program", "as it was before")
    same("modprobe", before, root.snapshot())


def test_unknown_initrd(_: Root) -> None:
    with tempfile.TemporaryDirectory() as directory:
        refused(Root(Path(directory) / "root", "none", "none"), 95, "override build", steps=(override(),))


def test_no_root(_: Root) -> None:
    """Of the machine itself, and refused before anything is looked at."""
    user = 65534 if os.geteuid() == 0 else os.geteuid()
    with tempfile.TemporaryDirectory() as directory:
        # Where anybody may start it.
        program = shutil.copy(drive.program, directory)
        os.chmod(directory, 0o755)
        for what in (("run", ARGUMENT), ("dry", ARGUMENT), ("undo",), ("resume",)):
            out = subprocess.run([program, "/", *what], capture_output=True, text=True, check=False,
                                 user=user if os.geteuid() == 0 else None)
            expect(what, out.returncode, out.stdout, 1, "1 only root can change this host", f"user {user}",
                   "run it as root")


def test_tool_fails(root: Root) -> None:
    before = root.snapshot()
    root.put("tools-fail", "")
    code, text = drive(root, "run", override(), ARGUMENT)
    # Undoing runs the same tool.
    expect("tool", code, text, 10, "update-initramfs: exit status 1", "no space", "failed as well")
    assert "partly" in drive(root, "status")[1]
    expect("again", *drive(root, "run", ARGUMENT), 114, "was interrupted")
    (root.path / "tools-fail").unlink()
    expect("undo", *drive(root, "undo"), 0)
    same("tool", before, root.snapshot())


def test_tool_fails_once(_: Root) -> None:
    """With half of its work done in place: run again, it makes what was there before."""
    for tool, half in HALF.items():
        for how, words in (("exit 1", "exit status 1"), ("kill -9 $$", "killed by signal 9"),
                           ("kill -TERM $$; sleep 9", "killed by signal 15"), ("exec sleep 50", "stopped after 1 seconds")):
            with tempfile.TemporaryDirectory() as directory:
                root = Root(Path(directory) / "root")
                before = spoil(root, tool, f"{half}\n{how}")
                expect(how, *drive(root, "run", "--tool-seconds=1", override(), ARGUMENT, SETTING),
                       110 if "stopped" in words else 10, f"{tool}: {words}", "as it was before")
                same(how, before, root.snapshot())
                assert "undone" in drive(root, "status")[1]


def test_tool_hangs(root: Root) -> None:
    """For good: so says the end, and undo works once the tool does."""
    good = root.text("usr/sbin/update-initramfs")
    before = root.snapshot()
    spoil(root, "update-initramfs", HALF["update-initramfs"] + "\nexec sleep 50", True)
    expect("hangs", *drive(root, "run", "--tool-seconds=1", override(), ARGUMENT), 110, "stopped after 1 seconds",
           "failed as well", "\"pcipass undo\" tries again")
    expect("hangs", *drive(root, "undo", "--tool-seconds=1"), 110, "stopped after 1 seconds")
    assert "partly" in drive(root, "status")[1]
    root.tool("update-initramfs", good)
    (root.path / "spoiled").unlink()
    expect("undo", *drive(root, "undo"), 0)
    same("hangs", before, root.snapshot())


def test_interrupted_at_a_tool(_: Root) -> None:
    """The tool goes on with the lock; when it has ended, undo or resume lead to the old or the new."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL):
        for what in ("undo", "resume"):
            with tempfile.TemporaryDirectory() as directory:
                root = Root(Path(directory) / "root")
                expect("run", *drive(root, "run", override(), ARGUMENT), 0)
                after = root.snapshot()
                expect("undo", *drive(root, "undo"), 0)
                good, before = root.text("usr/sbin/update-initramfs"), root.snapshot()
                spoil(root, "update-initramfs", HALF["update-initramfs"] + "\nexec sleep 50")
                with drive.start(root, "run", override(), ARGUMENT) as process:
                    tool = tool_of(root)
                    process.send_signal(number)
                    assert process.wait(10) == -number
                    expect("held", *drive(root, what), 16, f"process {process.pid}, or update-initramfs (process {tool})")
                    os.kill(tool, signal.SIGKILL)
                root.tool("update-initramfs", good)
                expect(what, *drive.settle(root, what), 0)
                same(f"{number.name}, {what}", before if what == "undo" else after, root.snapshot())


def test_setting_fails(root: Root) -> None:
    before = root.snapshot()
    code, text = drive(root, "run", "--fail-setting", override(), ARGUMENT, SETTING)
    expect("setting", code, text, 16, "in use by process", "as it was before")
    same("setting", before, root.snapshot())


def test_second_instance(root: Root) -> None:
    """One that is at work, not one that is said to be."""
    before = spoil(root, "update-initramfs", "while [ ! -e go ]; do sleep 0.02; done; rm go")
    with drive.start(root, "run", override(), ARGUMENT) as process:
        try:
            tool, seen = tool_of(root), root.snapshot(True)
            for what in (("run", SETTING), ("dry", SETTING), ("undo",), ("resume",)):
                expect(what, *drive(root, *what), 16, f"another pcipass is at work: process {process.pid}",
                       f"update-initramfs (process {tool})", f"{STATE}/apply.lock")
                same(what, seen, root.snapshot(True))
        finally:
            # Also where something of this does not hold: the tool would wait for ever.
            root.put("go", "")
        assert process.wait(30) == 0, process.stdout.read()
    undo(root, before)


def test_lock_without_a_note(root: Root) -> None:
    expect("run", *drive(root, "run", ARGUMENT), 0)
    for note, words in ((f"{os.getpid()}\n", f"process {os.getpid()}"), ("", "an unknown process"), ("no number\n", "an unknown process")):
        with open(root.path / STATE / "apply.lock", "r+", encoding="ascii") as lock:
            # F_OFD_SETLK, as pcipass takes it
            fcntl.fcntl(lock, 37, struct.pack("hhqqi4x", fcntl.F_WRLCK, 0, 0, 0, 0))
            lock.truncate(0)
            lock.write(note)
            lock.flush()
            for what in (("run", SETTING), ("undo",), ("resume",)):
                expect(what, *drive(root, *what), 16, "another pcipass is at work", words)
    expect("undo", *drive(root, "undo"), 17, "is not a lock file of pcipass")
    root.put(f"{STATE}/apply.lock", "")
    expect("undo", *drive(root, "undo"), 0)


def test_state_of_somebody_else(root: Root) -> None:
    """A journal says what root writes and runs: who else could have written it is not believed."""
    expect("run", *drive(root, "run", ARGUMENT), 0)
    state, journal = root.path / STATE, root.path / STATE / "apply.json"
    before = root.snapshot()

    def refused(*words: str) -> None:
        for what in (("undo",), ("resume",), ("run", SETTING), ("dry", SETTING), ("status",)):
            expect(what, *drive(root, *what), 1, *words)
        same(words, before, root.snapshot())

    state.chmod(0o777)
    refused("mode 0777")
    state.chmod(0o700)
    journal.chmod(0o666)
    refused("apply.json: belongs to", "mode 0666")
    journal.chmod(0o600)
    if not os.geteuid():
        for path in (state, journal):
            os.chown(path, 1000, 1000)
            refused(f"{path.name}: belongs to user 1000")
            os.chown(path, 0, 0)
    for path in (state, state.parent):
        path.rename(root.path.parent / "elsewhere")
        path.symlink_to(root.path.parent / "elsewhere")
        for what in (("undo",), ("run", SETTING), ("status",)):
            expect(what, *drive(root, *what), 1, "must be a directory, and not a link")
        path.unlink()
        (root.path.parent / "elsewhere").rename(path)
    expect("undo", *drive(root, "undo"), 0)


def test_attributes_are_kept(_: Root) -> None:
    """What a file has besides its bytes: an SELinux label, say. Not every kernel's tmpfs has any."""
    with tempfile.TemporaryDirectory(dir=Path(__file__).parent) as directory:
        root = Root(Path(directory) / "root", "dracut", "grub2")
        path = root.path / "etc/default/grub"
        try:
            os.setxattr(path, "user.test", b"kept")
        except OSError as error:
            print(f"skipped: attributes of files: {error}")
            return
        number = path.stat().st_ino
        expect("run", *drive(root, "run", ARGUMENT), 0)
        assert path.stat().st_ino != number, "the file was not replaced"
        assert os.getxattr(path, "user.test") == b"kept"
        expect("undo", *drive(root, "undo"), 0)
        assert os.getxattr(path, "user.test") == b"kept"


def test_changed_since(root: Root) -> None:
    """What somebody else wrote meanwhile is not lost."""
    expect("run", *drive(root, "run", ARGUMENT, SETTING), 0)
    after = root.text("etc/default/grub.d/pcipass.cfg")
    root.put("etc/default/grub.d/pcipass.cfg", after + "# mine\n")
    expect("undo", *drive(root, "undo"), 16, "somebody else has changed it")
    assert root.excluded() == [2]
    root.put("etc/default/grub.d/pcipass.cfg", after)
    whole = root.text("settings")
    root.put("settings", whole[:-20])
    expect("undo", *drive(root, "undo"), 74, "settings: cut off")
    root.put("settings", whole)
    # Another setting in the same bytes is somebody else's business.
    root.settings(2, 5)
    expect("undo", *drive(root, "undo"), 0, "set RMRDS_Slot2 back to Endpoints_Included")
    assert root.excluded() == [5]


def test_settings_together(root: Root) -> None:
    """Several settings of one store are one write, there and back."""
    third = SETTING.replace("Slot2", "Slot3")
    before = root.snapshot()
    expect("run", *drive(root, "run", SETTING, third), 0,
           "set RMRDS_Slot2 to Endpoints_Excluded, RMRDS_Slot3 to Endpoints_Excluded\n")
    assert root.excluded() == [2, 3]
    expect("again", *drive(root, "run", SETTING, third), 0, "nothing to change")
    expect("more", *drive(root, "run", third, SETTING.replace("Slot2", "Slot9")), 0)
    assert root.excluded() == [2, 3, 9]
    expect("undo", *drive(root, "undo"), 0)
    assert root.excluded() == [2, 3]
    undo(root, before)


def test_damaged_journal(root: Root) -> None:
    """Cut at every byte, and with every byte changed: refused, and nothing is done."""
    expect("run", *drive(root, "run", ARGUMENT), 0)
    whole, seen = root.read(f"{STATE}/apply.json"), root.snapshot()
    for cut in range(0, len(whole) - 2, 7):
        root.put(f"{STATE}/apply.json", whole[:cut])
        expect(f"cut at {cut}", *drive(root, "undo"), 74, "damaged")
    for at in range(0, len(whole) - 1, 23):
        changed = bytearray(whole)
        changed[at] ^= 1
        root.put(f"{STATE}/apply.json", bytes(changed))
        expect(f"byte {at}", *drive(root, "undo"), 74, "damaged")
    root.put(f"{STATE}/apply.json", whole[:-20])
    expect("run", *drive(root, "run", SETTING), 74, "damaged")
    same("damaged", seen, root.snapshot())
    root.put(f"{STATE}/apply.json", whole)
    expect("undo", *drive(root, "undo"), 0)


if __name__ == "__main__":
    sys.exit(main(globals()))
