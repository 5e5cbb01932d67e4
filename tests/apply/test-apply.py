#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Applies, undoes and refuses on hosts of every boot system.

usage: test-apply.py DRIVE
"""

import fcntl
import os
import struct
import sys
import tempfile
from pathlib import Path

import fakeroot
from fakeroot import (DRHD, FIRST, RELEASE, SCOPE_A, SCOPE_A2, SCOPE_B, STATE, TABLE, Driver, Root,
                      differences, override)

drive: Driver
ARGUMENT = "argument:intel_iommu=on"
SETTING = "setting:RMRDS_Slot2:Endpoints_Included:Endpoints_Excluded"
CPIO = f"{STATE}/acpi-override.cpio"


def expect(what, code: int, text: str, want: int, *words: str) -> None:
    """The errno, and that the text says what is to be known."""
    assert code == want, f"{what}: errno {code}, want {want}: {text}"
    for word in words:
        assert word in text, f"{what}: '{word}' is not in: {text}"


def same(what, a: dict, b: dict) -> None:
    assert a == b, f"{what}: not the same:\n" + "\n".join(differences(a, b))


def roundtrip(root: Root, *steps: str) -> None:
    """Apply, apply again, undo: the second changes nothing, the third leaves no trace."""
    before = root.snapshot()
    expect("dry", *drive(root, "dry", *steps), 0, "would ")
    same("a dry run", before, root.snapshot(True))
    expect("run", *drive(root, "run", *steps), 0)
    after = root.snapshot()
    assert after != before
    expect("again", *drive(root, "run", *steps), 0, "nothing to change")
    same("twice is once", after, root.snapshot())
    assert "done" in drive(root, "status")[1]
    root.changed = after


def undo(root: Root, before: dict) -> None:
    expect("undo", *drive(root, "undo"), 0)
    same("undo", before, root.snapshot())
    expect("undo twice", *drive(root, "undo"), 2, "undone already")
    assert "undone" in drive(root, "status")[1]


def test_debian(root: Root) -> None:
    before = root.snapshot()
    roundtrip(root, override(), ARGUMENT, SETTING)
    initrd = root.read(f"boot/initrd.img-{RELEASE}")
    cpio = root.read(CPIO)
    assert initrd.startswith(cpio) and b"kernel/firmware/acpi/DMAR.aml" in cpio
    assert " intel_iommu=on\n" in root.text("boot/grub/grub.cfg")
    assert root.text("settings") == "RMRDS_Slot2=Endpoints_Excluded\n"
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
        with tempfile.TemporaryDirectory() as folder:
            root = Root(Path(folder) / "root", early, loader)
            before = root.snapshot()
            roundtrip(root, override(), ARGUMENT)
            for name, content in files.items():
                assert content in root.read(name), f"{early}, {loader}: {name}: {root.read(name)!r}"
            if early in ("dracut", "mkinitcpio"):
                assert b"DMAR" in root.read(f"boot/initramfs-{RELEASE}.img")
            undo(root, before)


def refused(root: Root, want: int, *words: str, steps: tuple = ()) -> None:
    """Nothing is changed, and there is nothing to undo."""
    before = root.snapshot()
    expect(words, *drive(root, "run", *(steps or (ARGUMENT, override(), SETTING))), want, *words)
    same(words, before, root.snapshot())
    expect(words, *drive(root, "undo"), 2)


def test_drift(root: Root) -> None:
    other = fakeroot.dmar(DRHD, FIRST)
    refused(root, 16, "step 1", "make a new plan", steps=(override(other, SCOPE_A),))
    refused(root, 16, "does not say Other", steps=(ARGUMENT, "setting:RMRDS_Slot2:Other:Endpoints_Excluded"))
    refused(root, 22, "step 1", steps=(override(TABLE, 3),))


def test_unknown_argument(root: Root) -> None:
    refused(root, 1, "no kernel argument", steps=("argument:init=/bin/sh",))
    refused(root, 1, "no kernel argument", steps=('argument:intel_iommu=on" $(reboot)',))


def test_contrary_argument(root: Root) -> None:
    root.put("etc/default/grub", 'GRUB_CMDLINE_LINUX_DEFAULT="quiet intel_iommu=off"\n')
    root.run_tool("update-grub")
    refused(root, 95, "intel_iommu=off stands")


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
    root.put("sys/kernel/security/lockdown", "none [integrity] confidentiality\n")
    refused(root, 1, "locked down")


def test_tboot(root: Root) -> None:
    root.put("var/log/dmesg", "[    0.000000] tboot: found shared page at phys addr 0x6d8f0000:\n")
    refused(root, 1, "tboot")


def test_kernel_without_upgrade(root: Root) -> None:
    root.put(f"boot/config-{RELEASE}", "# CONFIG_ACPI_TABLE_UPGRADE is not set\n")
    refused(root, 95, "ACPI_TABLE_UPGRADE")


def test_foreign_override(root: Root) -> None:
    root.put("etc/initramfs-tools/hooks/mine", "#!/bin/sh\ncp x kernel/firmware/acpi\n")
    refused(root, 17, "/etc/initramfs-tools/hooks/mine", "take it out first")


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
    refused(root, 74, "a link or no folder")


def test_missing_tool(root: Root) -> None:
    (root.path / "usr/sbin/update-grub").unlink()
    (root.path / "usr/sbin/grub-mkconfig").unlink()
    refused(root, 95, "boot loader is not known")


def test_unknown_initrd(_: Root) -> None:
    with tempfile.TemporaryDirectory() as folder:
        refused(Root(Path(folder) / "root", "none", "none"), 95, "override build", steps=(override(),))


def test_tool_fails(root: Root) -> None:
    before = root.snapshot()
    root.put("tools-fail", "")
    code, text = drive(root, "run", override(), ARGUMENT)
    # Undoing runs the same tool.
    expect("tool", code, text, 10, "update-initramfs: exit status 1", "no space", "failed as well")
    assert "partly" in drive(root, "status")[1]
    expect("again", *drive(root, "run", ARGUMENT), 114, "half done")
    (root.path / "tools-fail").unlink()
    expect("undo", *drive(root, "undo"), 0)
    same("tool", before, root.snapshot())


def test_setting_fails(root: Root) -> None:
    before = root.snapshot()
    code, text = drive(root, "run", "--fail-setting", override(), ARGUMENT, SETTING)
    expect("setting", code, text, 5, "the store refused", "as it was before")
    same("setting", before, root.snapshot())


def test_second_instance(root: Root) -> None:
    expect("run", *drive(root, "run", ARGUMENT), 0)
    with open(root.path / STATE / "apply.lock", "r+", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        lock.write(f"{os.getpid()}\n")
        lock.flush()
        for what in (("run", SETTING), ("undo",), ("resume",)):
            expect(what, *drive(root, *what), 16, f"process {os.getpid()}")
    expect("undo", *drive(root, "undo"), 0)


def test_changed_since(root: Root) -> None:
    """What somebody else wrote meanwhile is not lost."""
    expect("run", *drive(root, "run", ARGUMENT, SETTING), 0)
    after = root.text("etc/default/grub.d/pcipass.cfg")
    root.put("etc/default/grub.d/pcipass.cfg", after + "# mine\n")
    expect("undo", *drive(root, "undo"), 16, "somebody else has changed it")
    assert root.text("settings") == "RMRDS_Slot2=Endpoints_Excluded\n"
    root.put("etc/default/grub.d/pcipass.cfg", after)
    root.put("settings", "RMRDS_Slot2=Other\n")
    expect("undo", *drive(root, "undo"), 16, "neither Endpoints_Included nor")
    root.put("settings", "RMRDS_Slot2=Endpoints_Excluded\n")
    expect("undo", *drive(root, "undo"), 0)


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


def test_bind(root: Root) -> None:
    root.device("0000:07:00.0")
    step = "bind:0000:07:00.0,1000,0072,mpt3sas"
    refused(root, 16, "its device is 0x0072", steps=("bind:0000:07:00.0,1000,0073,mpt3sas",))
    refused(root, 16, "its driver is mpt3sas", steps=("bind:0000:07:00.0,1000,0072,",))
    expect("dry", *drive(root, "dry", step), 0, "bind 0000:07:00.0", "write /etc/udev/rules.d/05-pcipass.rules",
           "update-initramfs")
    # Nobody answers for the kernel here: the driver does not change, which is noticed.
    before = {k: v for k, v in root.snapshot().items() if not k.startswith("sys/")}
    expect("bind", *drive(root, "run", step), 5, "did not take it")
    assert root.text("sys/bus/pci/drivers/mpt3sas/unbind") == "0000:07:00.0"
    after = {k: v for k, v in root.snapshot().items() if not k.startswith("sys/")}
    same("bind", before, after)


def test_bind_in_use(root: Root) -> None:
    root.device("0000:07:00.0")
    disk = root.path / "sys/devices/pci0000:00/0000:07:00.0/block/sda"
    disk.mkdir(parents=True)
    (disk / "dev").write_text("8:0\n")
    (disk / "holders").mkdir()
    os.symlink("../../devices/pci0000:00/0000:07:00.0/block/sda", root.path / "sys/class/block/sda")
    root.put("proc/self/mountinfo", "36 35 8:0 / / rw - ext4 /dev/sda rw\n")
    refused(root, 16, "needed by the host", "mounted on /", steps=("bind:0000:07:00.0,1000,0072,mpt3sas",))


def main() -> int:
    global drive
    drive = Driver(sys.argv[1])
    tests = [f for name, f in globals().items()
             if name.startswith("test_") and name in (sys.argv[2:] or [name])]
    failures = 0
    for test in tests:
        with tempfile.TemporaryDirectory() as folder:
            try:
                test(Root(Path(folder) / "root"))
            except AssertionError as e:
                failures += 1
                print(f"{test.__name__}: {e}")
    print(f"{len(tests) - failures} of {len(tests)} tests passed")
    return 1 if failures or not tests else 0


if __name__ == "__main__":
    sys.exit(main())
