#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Applies, undoes and refuses on hosts of every boot system.

usage: test-apply.py DRIVE
"""

import fcntl
import os
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time
import zlib
from pathlib import Path

import fakeroot
from fakeroot import (DRHD, FIRST, RELEASE, SCOPE_A, SCOPE_A2, SCOPE_B, STATE, TABLE, Driver, Root,
                      differences, override)

drive: Driver
ARGUMENT = "argument:intel_iommu=on"
SETTING = "setting:RMRDS_Slot2:Endpoints_Included:Endpoints_Excluded"
CPIO = f"{STATE}/acpi-override.cpio"
DEVICE, RULES = "0000:07:00.0", "etc/udev/rules.d/05-pcipass.rules"


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
                name = RELEASE if early == "dracut" else "linux"
                assert b"acpi/DMAR.aml" in root.read(f"boot/initramfs-{name}.img")
            undo(root, before)


def refused(root: Root, want: int, *words: str, steps: tuple = ()) -> None:
    """Nothing is changed, and there is nothing to undo."""
    before = root.snapshot()
    expect(words, *drive(root, "run", *(steps or (ARGUMENT, override(), SETTING))), want, *words)
    same(words, before, root.snapshot())
    expect(words, *drive(root, "undo"), 2)


def test_unified_images(_: Root) -> None:
    """Table and argument are in the image that starts, made by what makes it."""
    for early, maker, files in (
            ("mkinitcpio", "mkinitcpio", {"etc/kernel/cmdline": b"root=/dev/sda2 rw intel_iommu=on\n",
                                          "etc/mkinitcpio.conf.d/pcipass.conf": b"HOOKS+=(acpi_override)"}),
            ("dracut", "dracut", {"etc/dracut.conf.d/zz-pcipass-cmdline.conf": b'kernel_cmdline+=" intel_iommu=on "'}),
            ("mkinitcpio", "kernel-install", {"etc/kernel/cmdline": b"root=/dev/sda2 rw intel_iommu=on\n"}),
            ("initramfs-tools", "kernel-install", {"etc/kernel/cmdline": b"root=/dev/sda2 rw intel_iommu=on\n",
                                                   "etc/initramfs-tools/hooks/pcipass": b"prepend"})):
        with tempfile.TemporaryDirectory() as folder:
            root = Root(Path(folder) / "root", early, "none")
            image = root.make_uki(maker)
            before = root.snapshot()
            roundtrip(root, override(), ARGUMENT)
            for name, content in files.items():
                assert content in root.read(name), f"{early}, {maker}: {name}: {root.read(name)!r}"
            made = root.read(image)
            assert b"acpi/DMAR.aml" in made and b" intel_iommu=on" in made, f"{early}, {maker}: {made!r}"
            # A second argument, before the reboot.
            expect("second", *drive(root, "run", override(), ARGUMENT, "argument:iommu=pt"), 0)
            assert b"intel_iommu=on" in root.read(image) and b" iommu=pt" in root.read(image)
            expect("undo", *drive(root, "undo"), 0)
            same("undo of the second", root.changed, root.snapshot())
            undo(root, before)


def test_unified_image_of_dropins(_: Root) -> None:
    """mkinitcpio puts the files of /etc/cmdline.d together: one more is ours."""
    with tempfile.TemporaryDirectory() as folder:
        root = Root(Path(folder) / "root", "mkinitcpio", "none")
        root.put("etc/cmdline.d/root.conf", "root=/dev/sda2 rw\n")
        image = root.make_uki("mkinitcpio")
        (root.path / "etc/kernel/cmdline").unlink()
        root.run_tool("mkinitcpio", "-P")
        before = root.snapshot()
        roundtrip(root, ARGUMENT)
        assert root.text("etc/cmdline.d/pcipass.conf").endswith("\nintel_iommu=on\n")
        assert b"root=/dev/sda2 rw" in root.read(image) and b"intel_iommu=on" in root.read(image)
        undo(root, before)


def test_unified_image_refused(_: Root) -> None:
    """Nothing is changed where the boot would not get it, or would not be."""
    def no_maker(root: Root, image: str) -> None:
        (root.path / "etc/mkinitcpio.d/linux.preset").unlink()

    def lost(root: Root, image: str) -> None:
        (root.path / image).unlink()

    def no_image(root: Root, image: str) -> None:
        root.put(image, fakeroot.uki(b"a kernel", None, b"x\0"))

    def broken(root: Root, image: str) -> None:
        root.put(image, root.read(image)[:700])

    def signed(root: Root, image: str) -> None:
        root.put(image, fakeroot.uki(b"a kernel", b"x", b"root=/dev/sda2 rw\0", signed=True))

    def secure(root: Root, image: str) -> None:
        root.secure_boot()

    def through_grub(root: Root, image: str) -> None:
        root.put("proc/cmdline", "BOOT_IMAGE=/EFI/Linux/arch-linux.efi root=/dev/sda2 rw\n")

    for spoil, want, words in ((no_maker, 95, "what makes it is not known"), (lost, 95, "mount the partition"),
                               (no_image, 95, "mount the partition"), (broken, 95, "mount the partition"),
                               (signed, 1, "is signed for Secure Boot"), (secure, 1, "has no signature"),
                               (through_grub, 95, "GRUB started a unified kernel image")):
        for step in (override(), ARGUMENT):
            with tempfile.TemporaryDirectory() as folder:
                root = Root(Path(folder) / "root", "mkinitcpio", "grub")
                spoil(root, root.make_uki("mkinitcpio"))
                refused(root, want, words, steps=(step,))


def test_unified_image_signed_by_its_maker(_: Root) -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = Root(Path(folder) / "root", "mkinitcpio", "none")
        root.put("etc/initcpio/post/sbctl", "#!/bin/sh\n")
        root.make_uki("mkinitcpio")
        root.secure_boot()
        before = root.snapshot()
        roundtrip(root, override(), ARGUMENT)
        undo(root, before)
        # A hook that has stopped to do so.
        root.put("usr/sbin/mkinitcpio", root.text("usr/sbin/mkinitcpio").replace("uki-signed", "uki"))
        for step in (override(), ARGUMENT):
            expect("unsigned", *drive(root, "run", step), 1, "sign it before the next boot")
            (root.path / "usr/sbin/mkinitcpio").write_text(
                root.text("usr/sbin/mkinitcpio").replace("kind=uki ||", "kind=uki-signed ||"))
            root.run_tool("mkinitcpio", "-P")
            root.put("usr/sbin/mkinitcpio", root.text("usr/sbin/mkinitcpio").replace("uki-signed", "uki"))


def test_unified_image_signed_by_dracut(_: Root) -> None:
    """With a key and a certificate, of files that dracut reads: *.conf."""
    key, certificate = 'uefi_secureboot_key="/k"\n', 'uefi_secureboot_cert="/c"\n'
    for name, text, want in (("key.conf", key + certificate, None), ("key.conf.off", key + certificate, 1),
                             ("key.conf", key, 1), ("key.conf", certificate, 1)):
        with tempfile.TemporaryDirectory() as folder:
            root = Root(Path(folder) / "root", "dracut", "none")
            image = root.make_uki("dracut")
            root.put(f"etc/dracut.conf.d/{name}", text)
            root.put(image, fakeroot.uki(b"a kernel", b"x", b"root=/dev/sda2 rw\0", signed=True))
            if want:
                refused(root, want, "is signed for Secure Boot", steps=(ARGUMENT,))
            else:
                expect(text, *drive(root, "dry", ARGUMENT), 0)


def test_unified_image_command_line_refused(_: Root) -> None:
    """One word where there was nothing would be all of the command line."""
    def made_up(root: Root) -> None:
        (root.path / "etc/kernel/cmdline").unlink()

    def preset(root: Root) -> None:
        root.put("etc/mkinitcpio.d/linux.preset", root.text("etc/mkinitcpio.d/linux.preset") +
                 'default_cmdline="/etc/other"\n')

    def options(root: Root) -> None:
        root.put("etc/mkinitcpio.d/linux.preset", root.text("etc/mkinitcpio.d/linux.preset") +
                 'default_options="--no-cmdline"\n')

    def other(root: Root) -> None:
        root.put("proc/cmdline", "root=/dev/sdb1\n")

    def none(root: Root) -> None:
        root.put("efi/EFI/Linux/arch-linux.efi", fakeroot.uki(b"a kernel", b"x", None))

    def empty(root: Root) -> None:
        root.put("etc/kernel/cmdline", "# root=/dev/sda2\n")

    for spoil, words in ((made_up, "makes up the command line"), (empty, "makes up the command line"),
                         (preset, "a preset"), (options, "a preset"),
                         (other, "was not given the command line"), (none, "no command line of its own")):
        with tempfile.TemporaryDirectory() as folder:
            root = Root(Path(folder) / "root", "mkinitcpio", "none")
            root.make_uki("mkinitcpio")
            spoil(root)
            refused(root, 95, words, steps=(ARGUMENT,))
    with tempfile.TemporaryDirectory() as folder:
        root = Root(Path(folder) / "root", "dracut", "none")
        root.make_uki("dracut")
        root.put("etc/dracut.conf.d/uki.conf", 'uefi="yes"\n')
        refused(root, 95, "makes up the command line", "kernel_cmdline=", steps=(ARGUMENT,))


def test_unified_image_without_the_table(_: Root) -> None:
    """A tool that does not do what it was told: noticed in what it made, and taken back."""
    for wrong in ("s/acpi_override/other/", "s/^echo .the initrd itself.*/mv $out.new x.new; gzip -n < x.new > "
                  "$out.new; rm x.new/"):
        with tempfile.TemporaryDirectory() as folder:
            root = Root(Path(folder) / "root", "mkinitcpio", "none")
            root.make_uki("mkinitcpio")
            tool = root.path / "usr/sbin/mkinitcpio"
            subprocess.run(["sed", "-i", wrong, tool], check=True)
            root.run_tool("mkinitcpio", "-P")
            before = root.snapshot()
            expect(wrong, *drive(root, "run", override()), 5, "would not find the table", "as it was before")
            same(wrong, before, root.snapshot())


def test_kernel_install_too_old(_: Root) -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = Root(Path(folder) / "root", "mkinitcpio", "none")
        root.make_uki("kernel-install")
        root.put("usr/sbin/kernel-install", root.text("usr/sbin/kernel-install").replace("add-all", "add"))
        refused(root, 95, "systemd 255", steps=(override(),))
        (root.path / "usr/sbin/ukify").unlink()
        refused(root, 95, "what makes it is not known", steps=(ARGUMENT,))


def test_which_loader(_: Root) -> None:
    """GRUB and systemd-boot side by side: what started the host is what is written to."""
    def both(folder: str) -> Root:
        root = Root(Path(folder) / "root", "initramfs-tools", "grub")
        root.loader("kernel-install")
        return root

    with tempfile.TemporaryDirectory() as folder:
        refused(both(folder), 95, "both installed", steps=(ARGUMENT,))
    with tempfile.TemporaryDirectory() as folder:
        root = both(folder)
        root.put("proc/cmdline", "BOOT_IMAGE=/boot/vmlinuz root=/dev/sda1 ro quiet\n")
        before = root.snapshot()
        roundtrip(root, ARGUMENT)
        assert "intel_iommu=on" in root.text("boot/grub/grub.cfg")
        assert root.text("etc/kernel/cmdline") == "root=/dev/sda2 rw\n"
        undo(root, before)
    with tempfile.TemporaryDirectory() as folder:
        root = both(folder)
        root.variable("LoaderInfo", "systemd-boot 252.39-1~deb12u2")
        before = root.snapshot()
        roundtrip(root, ARGUMENT)
        assert "intel_iommu=on" not in root.text("boot/grub/grub.cfg")
        assert "intel_iommu=on" in root.text(f"boot/loader/entries/{RELEASE}.conf")
        undo(root, before)
    with tempfile.TemporaryDirectory() as folder:
        root = both(folder)
        root.variable("LoaderInfo", "rEFInd 0.14.2")
        refused(root, 95, "started by rEFInd 0.14.2", steps=(ARGUMENT,))
    with tempfile.TemporaryDirectory() as folder:
        root = both(folder)
        (root.path / "sys/firmware/efi/efivars").mkdir(parents=True)
        refused(root, 95, "mount efivarfs", steps=(ARGUMENT,))
        refused(root, 95, "mount efivarfs", steps=(override(),))


def test_own_entry(_: Root) -> None:
    """An entry that a person wrote, and the initrd that it names."""
    with tempfile.TemporaryDirectory() as folder:
        root = Root(Path(folder) / "root", "mkinitcpio", "none")
        root.put("boot/loader/entries/arch.conf", "title Arch\nlinux /vmlinuz-linux\n"
                 "initrd /initramfs-linux.img\noptions root=/dev/sda2 rw\n")
        root.variable("LoaderInfo", "systemd-boot 257")
        root.variable("LoaderEntrySelected", "arch.conf")
        root.put("proc/cmdline", "initrd=\\initramfs-linux.img root=/dev/sda2 rw\n")
        before = root.snapshot()
        roundtrip(root, override(), ARGUMENT)
        assert root.text("boot/loader/entries/arch.conf").endswith("options root=/dev/sda2 rw intel_iommu=on\n")
        undo(root, before)
        # The entry takes another than what the tool makes.
        root.put("boot/other.img", "elsewhere")
        root.put("proc/cmdline", "initrd=\\other.img root=/dev/sda2 rw\n")
        before = root.snapshot()
        expect("other", *drive(root, "run", override()), 5, "/boot/other.img", "as it was before")
        same("other", before, root.snapshot())


def test_own_entry_with_carriage_returns(_: Root) -> None:
    """systemd-boot ends a line at either: the argument stands in front of both."""
    with tempfile.TemporaryDirectory() as folder:
        root = Root(Path(folder) / "root", "mkinitcpio", "none")
        root.put("efi/loader/entries/arch.conf", "title Arch\r\nlinux /vmlinuz\r\noptions root=/dev/sda2 rw\r\n")
        root.variable("LoaderInfo", "systemd-boot 255.4")
        root.variable("LoaderEntrySelected", "arch.conf")
        root.put("proc/cmdline", "root=/dev/sda2 rw\n")
        before = root.snapshot()
        roundtrip(root, ARGUMENT)
        assert root.read("efi/loader/entries/arch.conf").endswith(b"rw intel_iommu=on\r\n")
        undo(root, before)


def test_kernel_install_makes_the_initrd(_: Root) -> None:
    """mkinitcpio -P would make one that no entry loads."""
    with tempfile.TemporaryDirectory() as folder:
        root = Root(Path(folder) / "root", "mkinitcpio", "none")
        root.put("etc/kernel/cmdline", "root=/dev/sda2 rw\n")
        root.put(f"lib/modules/{RELEASE}/vmlinuz", "a kernel")
        root.put("usr/lib/kernel/install.d/50-mkinitcpio.install", "#!/bin/sh\n")
        for name in ("0123", "loader/entries"):
            (root.path / "boot" / name).mkdir(parents=True)
        root.tool("kernel-install", fakeroot.KERNEL_INSTALL_BLS)
        root.run_tool("kernel-install", "add-all")
        root.variable("LoaderInfo", "systemd-boot 257.9")
        root.variable("LoaderEntrySelected", f"0123-{RELEASE}.conf")
        root.put("proc/cmdline", "initrd=\\0123\\initrd root=/dev/sda2 rw\n")
        before = root.snapshot()
        roundtrip(root, override(), ARGUMENT)
        assert b"acpi/DMAR.aml" in root.read("boot/0123/initrd")
        assert root.text(f"boot/loader/entries/0123-{RELEASE}.conf").endswith("rw intel_iommu=on\n")
        undo(root, before)
        # Told to leave it to another, it makes none: what mkinitcpio makes itself is not loaded.
        root.put("etc/kernel/install.conf", "initrd_generator=other\n")
        before = root.snapshot()
        expect("other", *drive(root, "run", override()), 5, "/boot/0123/initrd", "as it was before")
        same("other", before, root.snapshot())


def test_two_makers_of_initrds(root: Root) -> None:
    root.early("dracut")
    refused(root, 95, "both installed", steps=(override(),))


def test_sdbootutil(root: Root) -> None:
    root.tool("sdbootutil", "#!/bin/sh\n")
    root.put("boot/efi/loader/entries/x.conf", "options root=/dev/sda1\n")
    refused(root, 95, "sdbootutil", steps=(ARGUMENT,))
    refused(root, 95, "sdbootutil", steps=(override(),))


def test_grub_of_entries(root: Root) -> None:
    root.put("boot/grub/grub.cfg", "insmod blscfg\nblscfg\n")
    refused(root, 95, "blscfg", steps=(ARGUMENT,))


def test_hook_is_there_already(_: Root) -> None:
    """As the refusal tells to have it: no drop-in is needed then."""
    for hooks in ("HOOKS=(base udev acpi_override block)\n", "HOOKS=(\n  base\n  acpi_override\n)\n",
                  'HOOKS="base acpi_override"\n'):
        with tempfile.TemporaryDirectory() as folder:
            root = Root(Path(folder) / "root", "mkinitcpio", "none")
            root.tool("mkinitcpio", root.text("usr/sbin/mkinitcpio").replace(
                "'^HOOKS.*acpi_override' $conf", "'^[^#]*acpi_override' $conf && [ -e etc/initcpio/acpi_override ]"))
            (root.path / "etc/mkinitcpio.conf.d").rmdir()
            expect("dry", *drive(root, "dry", override()), 95, "add acpi_override to HOOKS")
            root.put("etc/mkinitcpio.conf", hooks)
            root.run_tool("mkinitcpio", "-P")
            before = root.snapshot()
            roundtrip(root, override())
            undo(root, before)


def test_preset_names_its_configuration(_: Root) -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = Root(Path(folder) / "root", "mkinitcpio", "none")
        root.put("etc/mkinitcpio.d/linux.preset", 'ALL_config="/etc/mkinitcpio.conf"\n')
        refused(root, 95, "reads no drop-ins", steps=(override(),))


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


def test_grub_default_in_other_words(_: Root) -> None:
    """An assignment more would take the place of what the host needs to find its disk."""
    for line in ('export GRUB_CMDLINE_LINUX_DEFAULT="rd.luks.uuid=1"', ' GRUB_CMDLINE_LINUX_DEFAULT="rd.luks.uuid=1"',
                 'GRUB_CMDLINE_LINUX_DEFAULT+="rd.luks.uuid=1"', ': "${GRUB_CMDLINE_LINUX_DEFAULT:=rd.luks.uuid=1}"',
                 'GRUB_CMDLINE_LINUX_DEFAULT="rd."luks.uuid=1', "GRUB_CMDLINE_LINUX_DEFAULT='rd.'\"luks.uuid=1\""):
        with tempfile.TemporaryDirectory() as folder:
            root = Root(Path(folder) / "root", "initramfs-tools", "grub2")
            root.tool("grub2-mkconfig", root.text("usr/sbin/grub2-mkconfig").replace("/bin/sh", "/bin/bash"))
            root.put("etc/default/grub", f"#GRUB_CMDLINE_LINUX_DEFAULT=\nGRUB_CMDLINE_LINUX=\n{line}\n")
            root.run_tool("grub2-mkconfig")
            assert "rd.luks.uuid=1" in root.text("boot/grub2/grub.cfg"), line
            refused(root, 95, "not edited by programs", steps=(ARGUMENT,))
    for line in ("# GRUB_CMDLINE_LINUX_DEFAULT=\nGRUB_CMDLINE_LINUX_DEFAULT_X=1\nMY_GRUB_CMDLINE_LINUX_DEFAULT=1\n",
                 'GRUB_CMDLINE_LINUX_DEFAULT="quiet" # as it came\n'):
        with tempfile.TemporaryDirectory() as folder:
            root = Root(Path(folder) / "root", "initramfs-tools", "grub2")
            root.put("etc/default/grub", line)
            root.run_tool("grub2-mkconfig")
            before = root.snapshot()
            roundtrip(root, ARGUMENT)
            undo(root, before)


def test_grub_dropin_without_an_end(root: Root) -> None:
    """A person's last line of our file need not have one."""
    expect("run", *drive(root, "run", ARGUMENT), 0)
    own = "etc/default/grub.d/pcipass.cfg"
    root.put(own, root.text(own).rstrip("\n"))
    expect("run", *drive(root, "run", "argument:iommu=pt"), 0)
    assert "intel_iommu=on iommu=pt\n" in root.text("boot/grub/grub.cfg"), root.text(own)


def test_lockdown(root: Root) -> None:
    for found in ("none [integrity] confidentiality", "none integrity [confidentiality]"):
        root.put("sys/kernel/security/lockdown", found + "\n")
        refused(root, 1, "/sys/kernel/security/lockdown", found, "[none] is needed", "Turn Secure Boot off")


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
    with tempfile.TemporaryDirectory() as folder:
        refused(Root(Path(folder) / "root", "none", "none"), 95, "override build", steps=(override(),))


def test_no_root(_: Root) -> None:
    """Of the machine itself, and refused before anything is looked at."""
    user = 65534 if os.geteuid() == 0 else os.geteuid()
    with tempfile.TemporaryDirectory() as folder:
        # Where anybody may start it.
        program = shutil.copy(drive.program, folder)
        os.chmod(folder, 0o755)
        for what in (("run", ARGUMENT), ("dry", ARGUMENT), ("undo",), ("resume",)):
            out = subprocess.run([program, "/", *what], capture_output=True, text=True, check=False,
                                 user=user if os.geteuid() == 0 else None)
            expect(what, out.returncode, out.stdout, 1, "1 only root can change this host", f"user {user}",
                   "run it as root")


def spoil(root: Root, name: str, how: str, always: bool = False) -> dict:
    """The tool does that instead, once or always; the host as it is then."""
    script = root.text(f"usr/sbin/{name}").split("\n", 1)[1]
    root.put("spoiled", "")
    root.tool(name, "#!/bin/sh\n# reads default/grub.d\ncd \"$PCIPASS_ROOT\"\nif [ -e spoiled ]; then\n"
                    f"{'' if always else 'rm spoiled'}\n{how}\nfi\n{script}")
    before = root.snapshot()
    if not always:
        del before["spoiled"]
    return before


HALF = {"update-initramfs": f"echo half > boot/initrd.img-{RELEASE}", "update-grub": "echo half > boot/grub/grub.cfg"}


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


def test_tool_fails_once(_: Root) -> None:
    """With half of its work done in place: run again, it makes what was there before."""
    for tool, half in HALF.items():
        for how, words in (("exit 1", "exit status 1"), ("kill -9 $$", "killed by signal 9"),
                           ("kill -TERM $$; sleep 9", "killed by signal 15"), ("exec sleep 50", "stopped after 1 seconds")):
            with tempfile.TemporaryDirectory() as folder:
                root = Root(Path(folder) / "root")
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


def tool_of(root: Root) -> int:
    """The process of the tool that runs, by the lock's note; waits for it."""
    for _ in range(500):
        words = root.text(f"{STATE}/apply.lock").split() if (root.path / STATE / "apply.lock").exists() else []
        if len(words) == 3:
            return int(words[1])
        time.sleep(0.01)
    raise AssertionError("no tool was started")


def test_interrupted_at_a_tool(_: Root) -> None:
    """The tool goes on with the lock; when it has ended, undo or resume lead to the old or the new."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL):
        for what in ("undo", "resume"):
            with tempfile.TemporaryDirectory() as folder:
                root = Root(Path(folder) / "root")
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
    expect("setting", code, text, 5, "the store refused", "as it was before")
    same("setting", before, root.snapshot())


def test_second_instance(root: Root) -> None:
    """One that is at work, not one that is said to be."""
    before = spoil(root, "update-initramfs", "while [ ! -e go ]; do sleep 0.02; done; rm go")
    with drive.start(root, "run", override(), ARGUMENT) as process:
        tool, seen = tool_of(root), root.snapshot(True)
        for what in (("run", SETTING), ("dry", SETTING), ("undo",), ("resume",)):
            expect(what, *drive(root, *what), 16, f"another pcipass is at work: process {process.pid}",
                   f"update-initramfs (process {tool})", f"{STATE}/apply.lock")
            same(what, seen, root.snapshot(True))
        root.put("go", "")
        assert process.wait(30) == 0, process.stdout.read()
    undo(root, before)


def test_lock_without_a_note(root: Root) -> None:
    expect("run", *drive(root, "run", ARGUMENT), 0)
    for note, words in ((f"{os.getpid()}\n", f"process {os.getpid()}"), ("", "it holds"), ("no number\n", "it holds")):
        with open(root.path / STATE / "apply.lock", "r+", encoding="ascii") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            lock.truncate(0)
            lock.write(note)
            lock.flush()
            for what in (("run", SETTING), ("undo",), ("resume",)):
                expect(what, *drive(root, *what), 16, "another pcipass is at work", words)
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
    root.device(DEVICE)
    mount(root)
    refused(root, 16, "needed by the host", "mounted on /var", steps=(BIND,))


BIND, UNBIND = (f"{what}:{DEVICE},1000,0072,{driver}" for what, driver in
                (("bind", "mpt3sas"), ("unbind", "vfio-pci")))


def bound(root: Root, *more: str, address: str = DEVICE) -> None:
    """A device that pcipass has bound; more: ",now" or ",boot"."""
    if not root.driver(address):
        root.device(address)
    root.kernel(address)
    expect("bind", *drive(root, "run", f"bind:{address},1000,0072,mpt3sas{''.join(more)}"), 0)


def files(root: Root) -> dict:
    """What is in files; folders of the host that were made stay with an unbind."""
    return {k: v for k, v in root.snapshot().items() if (root.path / k).is_file() or "/driver" in k}


def test_unbind(root: Root) -> None:
    root.device(DEVICE)
    before = files(root)
    bound(root)
    is_bound = root.snapshot()
    initrd = f"boot/initrd.img-{RELEASE}"
    assert root.driver(DEVICE) == "vfio-pci" and b"driver_override" in root.read(initrd)
    assert "3 changes" in drive(root, "count", UNBIND)[1]
    expect("dry", *drive(root, "dry", UNBIND), 0, f"would remove /{RULES}", "would run update-initramfs",
           f"would take {DEVICE} off vfio-pci")
    same("dry", is_bound, root.snapshot())
    expect("unbind", *drive(root, "run", UNBIND), 0)
    assert root.driver(DEVICE) == "mpt3sas" and b"driver_override" not in root.read(initrd)
    now = {k: v for k, v in files(root).items() if k != f"kernel/{DEVICE}"}
    same("unbind", before, now)
    expect("again", *drive(root, "run", UNBIND), 0, "nothing to change")
    assert "0 changes" in drive(root, "count", UNBIND)[1]
    expect("undo", *drive(root, "undo"), 0, f"bind {DEVICE} to vfio-pci again", f"put /{RULES} back")
    same("undo", is_bound, root.snapshot())
    expect("undo of the bind", *drive(root, "undo"), 0)
    same("undo of the bind", before, {k: v for k, v in files(root).items() if k != f"kernel/{DEVICE}"})


def test_unbind_now_or_at_boot(root: Root) -> None:
    bound(root)
    is_bound = root.snapshot()
    rule = root.text(RULES)
    expect("now", *drive(root, "run", UNBIND + ",now"), 0)
    assert root.driver(DEVICE) == "mpt3sas" and root.text(RULES) == rule
    expect("undo", *drive(root, "undo"), 0)
    same("undo", is_bound, root.snapshot())
    expect("boot", *drive(root, "run", UNBIND + ",boot"), 0)
    assert root.driver(DEVICE) == "vfio-pci" and not (root.path / RULES).exists()
    expect("undo", *drive(root, "undo"), 0)
    same("undo", is_bound, root.snapshot())


def test_bind_now_or_at_boot(root: Root) -> None:
    root.device(DEVICE)
    root.kernel(DEVICE)
    expect("now", *drive(root, "run", BIND + ",now"), 0)
    assert root.driver(DEVICE) == "vfio-pci" and not (root.path / RULES).exists()
    expect("undo", *drive(root, "undo"), 0)
    expect("boot", *drive(root, "run", BIND + ",boot"), 0)
    assert root.driver(DEVICE) == "mpt3sas" and DEVICE in root.text(RULES)


def test_unbind_one_of_two(root: Root) -> None:
    """Only its own lines go; a longer domain is another device, a comment is a comment."""
    far = f"1{DEVICE}"
    bound(root)
    bound(root, address=far)
    rules = root.text(RULES)
    # The second's own kind of line, and a remark of the administrator's, without an end of line.
    root.put(RULES, rules + f"# not {DEVICE}: mine")
    expect("unbind", *drive(root, "run", UNBIND), 0)
    left = root.text(RULES)
    assert far in left and left.endswith(f"# not {DEVICE}: mine\n") and f"[pci/{DEVICE}]" not in left
    assert all(line in rules for line in left.splitlines()[:-1]) and len(left) < len(rules)
    assert root.driver(far) == "vfio-pci" and root.driver(DEVICE) == "mpt3sas"
    expect("the other", *drive(root, "run", f"unbind:{far},1000,0072,vfio-pci"), 0)
    # The remark keeps the file.
    assert root.text(RULES).splitlines()[-1] == f"# not {DEVICE}: mine"
    root.put(RULES, root.text(RULES).splitlines()[0] + "\n")
    assert "0 changes" in drive(root, "count", UNBIND)[1]


def test_bind_behind_a_line_without_an_end(root: Root) -> None:
    bound(root)
    root.put(RULES, root.text(RULES) + "# mine")
    bound(root, address="0000:08:00.0")
    assert "# mine\nACTION==" in root.text(RULES)


def test_bind_of_another_card(root: Root) -> None:
    """The rule of the card before is not this one's."""
    bound(root)
    root.put(f"sys/bus/pci/devices/{DEVICE}/device", "0x0073\n")
    expect("bind", *drive(root, "run", f"bind:{DEVICE},1000,0073,vfio-pci"), 0)
    assert root.text(RULES).count(']device}=="0x0073"') == 1, root.text(RULES)
    expect("again", *drive(root, "run", f"bind:{DEVICE},1000,0073,vfio-pci"), 0, "nothing to change")
    expect("unbind", *drive(root, "run", f"unbind:{DEVICE},1000,0073,vfio-pci"), 0)
    assert not (root.path / RULES).exists()


def test_unbind_with_virtual_functions(root: Root) -> None:
    """They would go with it, and the kernel would wait for the guest that has one."""
    root.device(DEVICE)
    root.put(f"sys/bus/pci/devices/{DEVICE}/sriov_numvfs", "0\n")
    bound(root)
    before = root.snapshot()
    root.put(f"sys/bus/pci/devices/{DEVICE}/sriov_numvfs", "2\n")
    for verb in (("run", UNBIND), ("undo",)):
        expect(verb, *drive(root, *verb), 16, "virtual functions are on")
    root.put(f"sys/bus/pci/devices/{DEVICE}/sriov_numvfs", "0\n")
    same("refused", before, root.snapshot())
    expect("unbind", *drive(root, "run", UNBIND), 0)


def test_bind_from_a_driver_of_two_words(root: Root) -> None:
    """drivers/media/pci/saa7146: "budget dvb"."""
    root.device(DEVICE, driver="budget dvb")
    root.kernel(DEVICE, driver="budget dvb")
    expect("bind", *drive(root, "run", f"bind:{DEVICE},1000,0072,budget dvb"), 0)
    expect("undo", *drive(root, "undo"), 0)
    assert root.driver(DEVICE) == "budget dvb"


def test_unbind_with_somebodys_file_of_our_name(root: Root) -> None:
    root.device(DEVICE)
    root.put(RULES, f'KERNEL=="{DEVICE}", ATTR{{driver_override}}="vfio-pci"\n')
    refused(root, 95, f"bound at boot by /{RULES}", steps=(f"unbind:{DEVICE},1000,0072,mpt3sas",))


def test_unbind_both_in_one(root: Root) -> None:
    other = "0000:07:00.1"
    bound(root)
    bound(root, address=other)
    expect("both", *drive(root, "run", UNBIND, f"unbind:{other},1000,0072,vfio-pci"), 0, f"remove /{RULES}")
    assert not (root.path / RULES).exists() and root.driver(other) == "mpt3sas"
    expect("undo", *drive(root, "undo"), 0)
    assert other in root.text(RULES) and root.driver(other) == root.driver(DEVICE) == "vfio-pci"


def test_unbind_other_initrds(_: Root) -> None:
    for early, dropin in (("dracut", "etc/dracut.conf.d/pcipass-bind.conf"),
                          ("mkinitcpio", "etc/mkinitcpio.conf.d/pcipass-bind.conf"), ("none", "")):
        with tempfile.TemporaryDirectory() as folder:
            root = Root(Path(folder) / "root", early)
            bound(root)
            assert not dropin or root.text(dropin)
            expect(early, *drive(root, "run", UNBIND), 0, "run " + early if dropin else "is not known")
            assert not dropin or not (root.path / dropin).exists()


def test_unbind_nothing(root: Root) -> None:
    root.device(DEVICE)
    before = root.snapshot()
    for when in ("", ",now", ",boot"):
        step = f"unbind:{DEVICE},1000,0072,mpt3sas{when}"
        assert "0 changes" in drive(root, "count", step)[1]
        expect("dry", *drive(root, "dry", step), 0, "nothing to change")
    same("nothing", before, root.snapshot(True))


def test_unbind_an_override_that_stayed(root: Root) -> None:
    root.device(DEVICE)
    root.kernel(DEVICE)
    root.put(f"sys/bus/pci/devices/{DEVICE}/driver_override", "vfio-pci\n")
    before = root.snapshot()
    expect("unbind", *drive(root, "run", f"unbind:{DEVICE},1000,0072,mpt3sas"), 0)
    assert root.text(f"sys/bus/pci/devices/{DEVICE}/driver_override") == "(null)\n"
    expect("undo", *drive(root, "undo"), 0)
    same("undo", before, root.snapshot())


def test_unbind_loads_the_driver(root: Root) -> None:
    """After a boot with the rule nobody has loaded it."""
    bound(root)
    (root.path / f"kernel/{DEVICE}").write_text("")
    root.put(f"sys/bus/pci/devices/{DEVICE}/modalias", "pci:v00001000d00000072\n")
    root.tool("modprobe", f"""#!/bin/sh
[ "$*" = "-b pci:v00001000d00000072" ] && echo mpt3sas > "$PCIPASS_ROOT/kernel/{DEVICE}"
""")
    expect("unbind", *drive(root, "run", UNBIND), 0)
    assert root.driver(DEVICE) == "mpt3sas"


def test_unbind_without_a_driver(root: Root) -> None:
    bound(root)
    (root.path / f"kernel/{DEVICE}").write_text("")
    expect("unbind", *drive(root, "run", UNBIND), 0, "no driver of the host's has taken it")
    assert root.driver(DEVICE) == ""
    expect("undo", *drive(root, "undo"), 0)
    assert root.driver(DEVICE) == "vfio-pci"


def test_unbind_drift(root: Root) -> None:
    bound(root)
    refuses(root, 16, "its driver is vfio-pci", f"unbind:{DEVICE},1000,0072,mpt3sas")
    refuses(root, 16, "its device is 0x0072", f"unbind:{DEVICE},1000,0073,vfio-pci")
    (root.path / f"sys/bus/pci/devices/{DEVICE}/driver").unlink()
    os.symlink("../../drivers/mlx5_vfio_pci", root.path / f"sys/bus/pci/devices/{DEVICE}/driver")
    refuses(root, 95, "mlx5_vfio_pci", f"unbind:{DEVICE},1000,0072,mlx5_vfio_pci")


def refuses(root: Root, want: int, words: str, step: str) -> None:
    """Nothing is changed, and what was applied before stays applied."""
    before = root.snapshot(True)
    for what in ("count", "run", "dry"):
        expect((what, words), *drive(root, what, step), want, words)
        after = root.snapshot(True)
        # Whoever locked it last is in there.
        before.pop(f"{STATE}/apply.lock", None), after.pop(f"{STATE}/apply.lock", None)
        same((what, words), before, after)


def test_unbind_taken_again(root: Root) -> None:
    """By ids of vfio-pci that nothing shows: all is as it was."""
    bound(root)
    root.put(f"kernel/{DEVICE}", "vfio-pci\n")
    before = root.snapshot()
    expect("again", *drive(root, "run", UNBIND), 5, "took it again", "as it was before")
    same("again", before, root.snapshot())


def test_bound_by_others(root: Root) -> None:
    """What pcipass cannot take out is named, and nothing is done."""
    ids = "10de:1b80,1000:0072:ffffffff"
    cases = (
        ("etc/driverctl.d/" + DEVICE, "vfio-pci\n", "driverctl unset-override " + DEVICE, True),
        ("etc/modprobe.d/vfio.conf", f"# x\noptions vfio-pci disable_vga=1 ids={ids}\n",
         "/etc/modprobe.d/vfio.conf (options vfio-pci ids=)", False),
        ("usr/lib/modprobe.d/vfio.conf", f"options vfio_pci ids={ids}\n", "/usr/lib/modprobe.d/vfio.conf", False),
        ("etc/udev/rules.d/99-mine.rules", f'KERNEL=="{DEVICE}", ATTR{{driver_override}}="vfio-pci"\n',
         "/etc/udev/rules.d/99-mine.rules", True),
        ("etc/udev/rules.d/98-ids.rules", 'ATTR{vendor}=="0x1000", ATTR{device}=="0x0072", '
         'ATTR{driver_override}="vfio-pci"\n', "/etc/udev/rules.d/98-ids.rules", True))
    bound(root)
    for path, text, words, now_goes in cases:
        root.put(path, text)
        refuses(root, 95, words, UNBIND)
        refuses(root, 95, words, UNBIND + ",boot")
        if now_goes:
            expect(path, *drive(root, "run", UNBIND + ",now"), 0)
            expect(path, *drive(root, "undo"), 0)
        else:
            refuses(root, 95, "at once", UNBIND + ",now")
        (root.path / path).unlink()
    # A link is read, and a line goes on behind a backslash.
    root.put("elsewhere", f"options vfio-pci \\\n  ids={ids}\n")
    (root.path / "etc/modprobe.d/linked.conf").symlink_to("../../elsewhere")
    refuses(root, 95, "/etc/modprobe.d/linked.conf (options", UNBIND)
    (root.path / "etc/modprobe.d/linked.conf").unlink()
    # Somebody who has it not bound now wants to know it, too.
    expect("now", *drive(root, "run", UNBIND + ",now"), 0)
    root.put("etc/modprobe.d/vfio.conf", f"options vfio-pci ids={ids}\n")
    refuses(root, 95, "/etc/modprobe.d/vfio.conf", UNBIND)
    (root.path / "etc/modprobe.d/vfio.conf").unlink()
    expect("now", *drive(root, "undo"), 0)
    for path, text in (("etc/modprobe.d/a.conf", "options vfio-pci ids=1000:0073,1001:0072\n"),
                       ("etc/modprobe.d/b.conf", f"#options vfio-pci ids={ids}\noptions vfio ids={ids}\n"),
                       ("etc/modprobe.d/c.txt", f"options vfio-pci ids={ids}\n"),
                       ("etc/udev/rules.d/99-mine.rules", f'#{DEVICE} driver_override vfio-pci\n'),
                       ("etc/driverctl.d/" + DEVICE, "uio_pci_generic\n"),
                       ("proc/cmdline", "vfio-pci.ids=1000:0073 vfio-pci.idsx=1000:0072\n")):
        root.put(path, text)
    expect("others' others", *drive(root, "run", UNBIND), 0)


def test_bound_by_the_command_line(root: Root) -> None:
    bound(root)
    root.put("proc/cmdline", 'quiet vfio_pci.ids="10de:1b80,1000:0072"\n')
    # Taken out of the boot loader's file already, but not yet gone.
    refuses(root, 95, "at once, for it has its ids: vfio-pci.ids= on the kernel's command line", UNBIND)
    expect("boot", *drive(root, "run", UNBIND + ",boot"), 0)
    expect("undo", *drive(root, "undo"), 0)
    root.put("etc/default/grub", 'GRUB_CMDLINE_LINUX="vfio-pci.ids=1000:0072"\n')
    root.run_tool("update-grub")
    refuses(root, 95, "bound at boot by vfio-pci.ids=", UNBIND + ",boot")


class Guest:
    """A process that holds a file open."""

    def __init__(self, file: Path):
        self.process = subprocess.Popen(["sleep", "600"], stdin=open(file, "rb"))
        # Till it has become what it is called.
        while Path(f"/proc/{self.process.pid}/comm").read_text() != "sleep\n":
            time.sleep(0.01)

    def __enter__(self) -> str:
        return f"sleep (pid {self.process.pid}) holds"

    def __exit__(self, *_) -> None:
        self.process.kill()
        self.process.wait()


def test_used_by_a_guest(root: Root) -> None:
    """Nobody is made to wait in the kernel: unbind, undo and resume refuse."""
    bound(root)
    root.device("0000:07:00.1")
    root.group(DEVICE, 13, "vfio0")
    root.group("0000:07:00.1", 13, "vfio1")
    for name in ("13", "devices/vfio0", "devices/vfio1"):
        node = f"dev/vfio/{name}"
        with Guest(root.path / node) as words:
            words = f"{DEVICE} is used by a guest: {words} /{node}"
            refuses(root, 16, words, UNBIND)
            refuses(root, 16, words, UNBIND + ",now")
            before = root.snapshot()
            expect("undo of a bind", *drive(root, "undo"), 16, words)
            same("undo of a bind", before, root.snapshot())
            # At boot is later.
            assert "2 changes" in drive(root, "count", UNBIND + ",boot")[1]
    # As udev looks at a node: a name, not an open file.
    named = os.open(root.path / "dev/vfio/13", os.O_PATH)
    with Guest(root.path / "etc/hostname"):
        expect("another file", *drive(root, "run", UNBIND), 0)
    os.close(named)


def test_guest_comes_meanwhile(root: Root) -> None:
    """While the initrd is made: everything back, and the device stays the guest's."""
    bound(root)
    root.group(DEVICE, 13)
    root.put("usr/sbin/update-initramfs", "#!/bin/sh\n[ -e \"$PCIPASS_ROOT/guest\" ] && exit 0\n"
             "echo > \"$PCIPASS_ROOT/guest\"\nsleep 600 < \"$PCIPASS_ROOT/dev/vfio/13\" > /dev/null 2>&1 &\n"
             "echo $! > \"$PCIPASS_ROOT/guest\"\nwhile [ \"$(cat /proc/$!/comm)\" != sleep ]; do :; done\n")
    rule = root.text(RULES)
    try:
        expect("meanwhile", *drive(root, "run", UNBIND), 16, "is used by a guest: sleep", "as it was before")
    finally:
        os.kill(int(root.text("guest")), signal.SIGKILL)
    assert root.driver(DEVICE) == "vfio-pci" and root.text(RULES) == rule


def test_resume_with_a_guest(root: Root) -> None:
    """Half done, the device still on vfio-pci: resume refuses while it is used, undo needs not to."""
    bound(root)
    is_bound = root.snapshot()
    root.group(DEVICE, 13)
    tool = root.text("usr/sbin/update-initramfs")
    for way in ("undo", "resume"):
        root.put("usr/sbin/update-initramfs", "#!/bin/sh\nkill -9 $PPID\n")
        assert drive(root, "run", UNBIND)[0] == -signal.SIGKILL
        root.put("usr/sbin/update-initramfs", tool)
        assert "partly" in drive.settle(root, "status")[1] and not (root.path / RULES).exists()
        with Guest(root.path / "dev/vfio/13") as words:
            expect("resume", *drive.settle(root, "resume"), 16, f"{DEVICE} is used by a guest: {words}")
            assert root.driver(DEVICE) == "vfio-pci" and not (root.path / RULES).exists()
            if way == "undo":
                expect("undo", *drive(root, "undo"), 0)
                now = {k: v for k, v in root.snapshot().items() if k in is_bound}
                same("undo", is_bound, now)
        if way == "resume":
            expect("resume", *drive(root, "resume"), 0)
            assert root.driver(DEVICE) == "mpt3sas" and "done" in drive(root, "status")[1]


def test_resume_of_a_bind_in_use(root: Root) -> None:
    root.device(DEVICE)
    root.kernel(DEVICE)
    tool = root.text("usr/sbin/update-initramfs")
    root.put("usr/sbin/update-initramfs", "#!/bin/sh\nkill -9 $PPID\n")
    assert drive(root, "run", BIND)[0] == -signal.SIGKILL
    root.put("usr/sbin/update-initramfs", tool)
    mount(root)
    expect("resume", *drive.settle(root, "resume"), 16, "needed by the host", "mounted on /var")
    assert root.driver(DEVICE) == "mpt3sas"
    root.put("proc/self/mountinfo", "")
    with Guest(root.path / "etc/hostname"):
        expect("resume", *drive(root, "resume"), 0)
    assert root.driver(DEVICE) == "vfio-pci"


def test_bind_of_a_held_disk(root: Root) -> None:
    """Neither mounted nor claimed, and yet somebody works with it."""
    root.device(DEVICE)
    mount(root)
    root.put("proc/self/mountinfo", "")
    root.put("dev/sda", "")
    with Guest(root.path / "dev/sda") as words:
        refused(root, 16, f"needed by the host: {words} /dev/sda", steps=(BIND,))


def mount(root: Root) -> None:
    disk = root.path / f"sys/devices/pci0000:00/{DEVICE}/block/sda"
    disk.mkdir(parents=True)
    (disk / "dev").write_text("8:0\n")
    (disk / "holders").mkdir()
    os.symlink(f"../../devices/pci0000:00/{DEVICE}/block/sda", root.path / "sys/class/block/sda")
    root.put("proc/self/mountinfo", "36 35 8:0 / /var rw - ext4 /dev/sda rw\n")


def test_undo_of_unbind_in_use(root: Root) -> None:
    """Given back to the host, its disk was mounted: undo would take it away."""
    bound(root)
    expect("unbind", *drive(root, "run", UNBIND), 0)
    mount(root)
    before = root.snapshot()
    expect("undo", *drive(root, "undo"), 16, "needed by the host", "mounted on /var")
    same("undo", before, root.snapshot())
    root.put("proc/self/mountinfo", "")
    expect("undo", *drive(root, "undo"), 0)
    assert root.driver(DEVICE) == "vfio-pci"


def main() -> int:
    global drive
    drive = Driver(sys.argv[1])
    # A shell starts what it puts into the background with this ignored, and programs inherit that.
    signal.signal(signal.SIGINT, signal.default_int_handler)
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
