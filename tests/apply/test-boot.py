#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Boot loaders and unified kernel images: who is recognised, what is written, what is refused.

usage: test-boot.py DRIVE [TEST...]
"""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import fakeroot
from applying import ARGUMENT, DEVICE, drive, expect, main, refused, roundtrip, same, spoil, undo
from fakeroot import RELEASE, Root, override


def test_unified_images(_: Root) -> None:
    """Table and argument are in the image that starts, made by what makes it."""
    for early, maker, files in (
            ("mkinitcpio", "mkinitcpio", {"etc/kernel/cmdline": b"root=/dev/sda2 rw intel_iommu=on\n",
                                          "etc/mkinitcpio.conf.d/pcipass.conf": b"HOOKS+=(acpi_override)"}),
            ("dracut", "dracut", {"etc/dracut.conf.d/zz-pcipass-cmdline.conf": b'kernel_cmdline+=" intel_iommu=on "'}),
            ("mkinitcpio", "kernel-install", {"etc/kernel/cmdline": b"root=/dev/sda2 rw intel_iommu=on\n"}),
            ("initramfs-tools", "kernel-install", {"etc/kernel/cmdline": b"root=/dev/sda2 rw intel_iommu=on\n",
                                                   "etc/initramfs-tools/hooks/pcipass": b"prepend"})):
        with tempfile.TemporaryDirectory() as directory:
            root = Root(Path(directory) / "root", early, "none")
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
    with tempfile.TemporaryDirectory() as directory:
        root = Root(Path(directory) / "root", "mkinitcpio", "none")
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
            with tempfile.TemporaryDirectory() as directory:
                root = Root(Path(directory) / "root", "mkinitcpio", "grub")
                spoil(root, root.make_uki("mkinitcpio"))
                refused(root, want, words, steps=(step,))


def test_unified_image_signed_by_its_maker(_: Root) -> None:
    with tempfile.TemporaryDirectory() as directory:
        root = Root(Path(directory) / "root", "mkinitcpio", "none")
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
        with tempfile.TemporaryDirectory() as directory:
            root = Root(Path(directory) / "root", "dracut", "none")
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
        with tempfile.TemporaryDirectory() as directory:
            root = Root(Path(directory) / "root", "mkinitcpio", "none")
            root.make_uki("mkinitcpio")
            spoil(root)
            refused(root, 95, words, steps=(ARGUMENT,))
    with tempfile.TemporaryDirectory() as directory:
        root = Root(Path(directory) / "root", "dracut", "none")
        root.make_uki("dracut")
        root.put("etc/dracut.conf.d/uki.conf", 'uefi="yes"\n')
        refused(root, 95, "makes up the command line", "kernel_cmdline=", steps=(ARGUMENT,))


def test_unified_image_without_the_table(_: Root) -> None:
    """A tool that does not do what it was told: noticed in what it made, and taken back."""
    for wrong in ("s/acpi_override/other/", "s/^echo .the initrd itself.*/mv $out.new x.new; gzip -n < x.new > "
                  "$out.new; rm x.new/"):
        with tempfile.TemporaryDirectory() as directory:
            root = Root(Path(directory) / "root", "mkinitcpio", "none")
            root.make_uki("mkinitcpio")
            tool = root.path / "usr/sbin/mkinitcpio"
            subprocess.run(["sed", "-i", wrong, tool], check=True)
            root.run_tool("mkinitcpio", "-P")
            before = root.snapshot()
            expect(wrong, *drive(root, "run", override()), 5, "would not find the table", "as it was before")
            same(wrong, before, root.snapshot())


def test_kernel_install_too_old(_: Root) -> None:
    with tempfile.TemporaryDirectory() as directory:
        root = Root(Path(directory) / "root", "mkinitcpio", "none")
        root.make_uki("kernel-install")
        root.put("usr/sbin/kernel-install", root.text("usr/sbin/kernel-install").replace("add-all", "add"))
        refused(root, 95, "systemd 255", steps=(override(),))
        (root.path / "usr/sbin/ukify").unlink()
        refused(root, 95, "what makes it is not known", steps=(ARGUMENT,))


def test_which_loader(_: Root) -> None:
    """GRUB and systemd-boot side by side: what started the host is what is written to."""
    def both(directory: str) -> Root:
        root = Root(Path(directory) / "root", "initramfs-tools", "grub")
        root.loader("kernel-install")
        return root

    with tempfile.TemporaryDirectory() as directory:
        refused(both(directory), 95, "both installed", steps=(ARGUMENT,))
    with tempfile.TemporaryDirectory() as directory:
        root = both(directory)
        root.put("proc/cmdline", "BOOT_IMAGE=/boot/vmlinuz root=/dev/sda1 ro quiet\n")
        before = root.snapshot()
        roundtrip(root, ARGUMENT)
        assert "intel_iommu=on" in root.text("boot/grub/grub.cfg")
        assert root.text("etc/kernel/cmdline") == "root=/dev/sda2 rw\n"
        undo(root, before)
    with tempfile.TemporaryDirectory() as directory:
        root = both(directory)
        root.variable("LoaderInfo", "systemd-boot 252.39-1~deb12u2")
        before = root.snapshot()
        roundtrip(root, ARGUMENT)
        assert "intel_iommu=on" not in root.text("boot/grub/grub.cfg")
        assert "intel_iommu=on" in root.text(f"boot/loader/entries/{RELEASE}.conf")
        undo(root, before)
    with tempfile.TemporaryDirectory() as directory:
        root = both(directory)
        root.variable("LoaderInfo", "rEFInd 0.14.2")
        refused(root, 95, "started by rEFInd 0.14.2", steps=(ARGUMENT,))
    with tempfile.TemporaryDirectory() as directory:
        root = both(directory)
        (root.path / "sys/firmware/efi/efivars").mkdir(parents=True)
        refused(root, 95, "mount efivarfs", steps=(ARGUMENT,))
        refused(root, 95, "mount efivarfs", steps=(override(),))


def test_own_entry(_: Root) -> None:
    """An entry that a person wrote, and the initrd that it names."""
    with tempfile.TemporaryDirectory() as directory:
        root = Root(Path(directory) / "root", "mkinitcpio", "none")
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
        entry = root.text("boot/loader/entries/arch.conf")
        root.put("boot/loader/entries/arch.conf", entry.replace("/initramfs-linux.img", "/other.img"))
        before = root.snapshot()
        expect("other", *drive(root, "run", override()), 5, "/boot/other.img", "as it was before")
        same("other", before, root.snapshot())


def test_entry_of_several_initrds(_: Root) -> None:
    """The kernel looks for a table up to the first compressed one: what stands behind does not count."""
    microcode = fakeroot.cpio(("kernel/x86/microcode/GenuineIntel.bin", b"microcode"))
    other = fakeroot.cpio(("kernel/firmware/acpi/DMAR.aml", fakeroot.dmar(fakeroot.DRHD, revision=9)))
    for first, found in ((microcode, True), (microcode + bytes(8), True), (b"compressed", False), (other, False),
                         (None, True)):
        with tempfile.TemporaryDirectory() as directory:
            root = Root(Path(directory) / "root", "mkinitcpio", "none")
            root.put("boot/loader/entries/arch.conf", "title Arch\nlinux /vmlinuz-linux\ninitrd  /first.img\n"
                     "initrd  /initramfs-linux.img\noptions root=/dev/sda2 rw\n")
            root.variable("LoaderInfo", "systemd-boot 257")
            root.variable("LoaderEntrySelected", "arch.conf")
            # What this boot was given is not what the next one takes.
            root.put("proc/cmdline", "initrd=\\old.img root=/dev/sda2 rw\n")
            root.put("boot/old.img", "elsewhere")
            if first is not None:
                root.put("boot/first.img", first)
            before = root.snapshot()
            if found:
                roundtrip(root, override())
                undo(root, before)
            else:
                expect(first, *drive(root, "run", override()), 5, "/boot/first.img", "as it was before")
                same(first, before, root.snapshot())
    # Without the entry's file, as the running kernel was told: of one on no mounted partition nothing is said.
    for word, found in (("initrd=\\0123\\initrd", True), ("initrd=\\EFI\\x\\initramfs-linux.img", True),
                        ("initrd=\\EFI\\x\\other.img", False)):
        with tempfile.TemporaryDirectory() as directory:
            root = Root(Path(directory) / "root", "mkinitcpio", "none")
            root.put("boot/other.img", "elsewhere")
            root.put(f"boot/initrd.img-{RELEASE}", "an older maker's")
            root.variable("LoaderInfo", "systemd-boot 257")
            root.put("proc/cmdline", f"{word} root=/dev/sda2 rw\n")
            expect(word, *drive(root, "run", override()), *((0,) if found else (5, "/boot/other.img")))


def debian_with_dracut(directory: str, **config: str) -> Root:
    """Debian 13: its kernel package makes an initrd in /boot, dracut hands each on to kernel-install, and
    kernel-install run by itself takes that in /boot and one that it has dracut make."""
    root = Root(Path(directory) / "root", "dracut", "none")
    (root.path / f"boot/initramfs-{RELEASE}.img").unlink()
    root.put("etc/kernel/cmdline", "root=/dev/sda2 rw\n")
    root.put("etc/initramfs/post-update.d/systemd-boot", "#!/bin/sh\n")
    root.put("usr/lib/kernel/install.d/50-dracut.install", "#!/bin/sh\n")
    root.put("etc/kernel/install.conf", "".join(f"{name}={value}\n" for name, value in config.items()))
    for name in ("boot/efi/debian", "boot/efi/loader/entries", "boot/efi/EFI/Linux"):
        (root.path / name).mkdir(parents=True)
    root.tool("dracut", fakeroot.DRACUT_DEBIAN)
    root.tool("kernel-install", fakeroot.KERNEL_INSTALL_DEBIAN)
    root.tool("ukify", "#!/bin/sh\n")
    root.run_tool("dracut", "-f", f"/boot/initrd.img-{RELEASE}", RELEASE)
    root.run_tool("kernel-install", "add", RELEASE, f"/boot/vmlinuz-{RELEASE}")
    return root


def test_debian_with_dracut_and_two_initrds(_: Root) -> None:
    """The one in /boot is made anew and the entry names it alone: none has what was taken back."""
    entry = f"boot/efi/loader/entries/debian-{RELEASE}.conf"
    with tempfile.TemporaryDirectory() as directory:
        root = debian_with_dracut(directory)
        assert root.text(entry).count("initrd ") == 2, root.text(entry)
        root.variable("LoaderInfo", "systemd-boot 257.13")
        root.variable("LoaderEntrySelected", f"debian-{RELEASE}.conf")
        root.put("proc/cmdline", f"initrd=\\debian\\initrd initrd=\\debian\\initrd.img-{RELEASE} root=/dev/sda2 rw\n")
        root.device(DEVICE)
        image, made = f"boot/efi/debian/initrd.img-{RELEASE}", f"boot/initrd.img-{RELEASE}"
        expect("run", *drive(root, "run", f"bind:{DEVICE},1000,0072,mpt3sas,boot", override()), 0)
        assert root.text(entry).count("initrd ") == 1, root.text(entry)
        assert b"driver_override" in root.read(image) and b"acpi/DMAR.aml" in root.read(image)
        # The kernel's package is configured again: two, of the same.
        root.run_tool("dracut", "-f", f"/boot/initrd.img-{RELEASE}", RELEASE)
        root.run_tool("kernel-install", "add", RELEASE, f"/boot/vmlinuz-{RELEASE}")
        expect("undo", *drive(root, "undo"), 0)
        root.run_tool("kernel-install", "add", RELEASE, f"/boot/vmlinuz-{RELEASE}")
        for name in (made, image, "boot/efi/debian/initrd"):
            assert b"driver_override" not in root.read(name) and b"acpi/DMAR.aml" not in root.read(name), name


def test_debian_with_dracut_and_unified_images(_: Root) -> None:
    """By ukify of what dracut hands on, or by the plugin of dracut, which is given no initrd."""
    for generator, tool in (("ukify", "dracut-boot"), ("dracut", "kernel-install-initrd")):
        with tempfile.TemporaryDirectory() as directory:
            root = debian_with_dracut(directory, layout="uki", initrd_generator="dracut", uki_generator=generator)
            if generator == "dracut":
                root.put("etc/dracut.conf.d/line.conf", 'kernel_cmdline="root=/dev/sda2 rw"\n')
                root.run_tool("kernel-install", "add", RELEASE, f"/boot/vmlinuz-{RELEASE}")
            image = f"boot/efi/EFI/Linux/debian-{RELEASE}.efi"
            root.started_from(image)
            before = root.snapshot()
            expect(generator, *drive(root, "run", override(), ARGUMENT), 0)
            made = root.read(image)
            assert b"acpi/DMAR.aml" in made and b" intel_iommu=on" in made, f"{generator}: {made!r}"
            assert f'"{tool}"' in root.text(f"{fakeroot.STATE}/apply.json"), generator
            expect(generator, *drive(root, "undo"), 0)
            after = root.read(image)
            assert b"acpi/DMAR.aml" not in after and b"intel_iommu=on" not in after, f"{generator}: {after!r}"
            # The way back of an image by ukify has one initrd, where the kernel's package puts in two.
            del before[image]
            same(generator, before, {k: v for k, v in root.snapshot().items() if k != image})


def test_own_entry_with_carriage_returns(_: Root) -> None:
    """systemd-boot ends a line at either: the argument stands in front of both."""
    with tempfile.TemporaryDirectory() as directory:
        root = Root(Path(directory) / "root", "mkinitcpio", "none")
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
    with tempfile.TemporaryDirectory() as directory:
        root = Root(Path(directory) / "root", "mkinitcpio", "none")
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


def test_syslinux(root: Root) -> None:
    """It leaves BOOT_IMAGE= as GRUB does, which may be installed beside it, and initrd=, which GRUB takes away."""
    root.put("boot/extlinux/extlinux.conf", "LABEL linux\n  KERNEL /vmlinuz\n  APPEND root=/dev/sda1\n")
    root.put("proc/cmdline", "BOOT_IMAGE=/vmlinuz root=/dev/sda1 ro initrd=/initrd.img quiet\n")
    refused(root, 95, "Syslinux", steps=(ARGUMENT,))
    refused(root, 95, "Syslinux", steps=(override(),))


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
        with tempfile.TemporaryDirectory() as directory:
            root = Root(Path(directory) / "root", "mkinitcpio", "none")
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
    with tempfile.TemporaryDirectory() as directory:
        root = Root(Path(directory) / "root", "mkinitcpio", "none")
        root.put("etc/mkinitcpio.d/linux.preset", 'ALL_config="/etc/mkinitcpio.conf"\n')
        refused(root, 95, "reads no drop-ins", steps=(override(),))


def test_grub_default_in_other_words(_: Root) -> None:
    """An assignment more would take the place of what the host needs to find its disk."""
    for line in ('export GRUB_CMDLINE_LINUX_DEFAULT="rd.luks.uuid=1"', ' GRUB_CMDLINE_LINUX_DEFAULT="rd.luks.uuid=1"',
                 'GRUB_CMDLINE_LINUX_DEFAULT+="rd.luks.uuid=1"', ': "${GRUB_CMDLINE_LINUX_DEFAULT:=rd.luks.uuid=1}"',
                 'GRUB_CMDLINE_LINUX_DEFAULT="rd."luks.uuid=1', "GRUB_CMDLINE_LINUX_DEFAULT='rd.'\"luks.uuid=1\""):
        with tempfile.TemporaryDirectory() as directory:
            root = Root(Path(directory) / "root", "initramfs-tools", "grub2")
            root.tool("grub2-mkconfig", root.text("usr/sbin/grub2-mkconfig").replace("/bin/sh", "/bin/bash"))
            root.put("etc/default/grub", f"#GRUB_CMDLINE_LINUX_DEFAULT=\nGRUB_CMDLINE_LINUX=\n{line}\n")
            root.run_tool("grub2-mkconfig")
            assert "rd.luks.uuid=1" in root.text("boot/grub2/grub.cfg"), line
            refused(root, 95, "that pcipass does not edit", steps=(ARGUMENT,))
    for line in ("# GRUB_CMDLINE_LINUX_DEFAULT=\nGRUB_CMDLINE_LINUX_DEFAULT_X=1\nMY_GRUB_CMDLINE_LINUX_DEFAULT=1\n",
                 'GRUB_CMDLINE_LINUX_DEFAULT="quiet" # as it came\n'):
        with tempfile.TemporaryDirectory() as directory:
            root = Root(Path(directory) / "root", "initramfs-tools", "grub2")
            root.put("etc/default/grub", line)
            root.run_tool("grub2-mkconfig")
            before = root.snapshot()
            roundtrip(root, ARGUMENT)
            undo(root, before)


def test_grub_semicolon(_: Root) -> None:
    """GRUB ends the command there; what we add behind it would never arrive."""
    two = "0000:00:1c.0;0000:00:1d.0"
    for value, arrives in ((two, False), (f"'{two}'", True), (two.replace(";", "\\\\;"), True), ("a='b';", False)):
        with tempfile.TemporaryDirectory() as directory:
            root = Root(Path(directory) / "root", "initramfs-tools", "grub")
            root.put("etc/default/grub", f'GRUB_CMDLINE_LINUX_DEFAULT="pci=disable_acs_redir={value}"\n')
            root.run_tool("update-grub")
            before = root.snapshot()
            if arrives:
                roundtrip(root, ARGUMENT)
                undo(root, before)
            else:
                expect(value, *drive(root, "run", ARGUMENT), 5, "did not reach the first boot entry", ";")
                same(value, before, root.snapshot())


def test_grub_dropin_without_an_end(root: Root) -> None:
    """A person's last line of our file need not have one."""
    expect("run", *drive(root, "run", ARGUMENT), 0)
    own = "etc/default/grub.d/pcipass.cfg"
    root.put(own, root.text(own).rstrip("\n"))
    expect("run", *drive(root, "run", "argument:iommu=pt"), 0)
    assert "intel_iommu=on iommu=pt\n" in root.text("boot/grub/grub.cfg"), root.text(own)


def test_arguments_with_brackets(_: Root) -> None:
    """AMD's I/O APICs: brackets and an at sign reach the loader as they are, and no other form is written."""
    for maker, loader, file in (("initramfs-tools", "grub", "boot/grub/grub.cfg"),
                                ("dracut", "grub", "boot/grub/grub.cfg"),
                                ("initramfs-tools", "refind", "boot/refind_linux.conf")):
        for words in (("ivrs_ioapic[4]=00:14.0", "ivrs_ioapic[5]=00:00.2"), ("ivrs_ioapic=4@0000:00:14.0",)):
            with tempfile.TemporaryDirectory() as directory:
                root = Root(Path(directory) / "root", maker, loader)
                before = root.snapshot()
                roundtrip(root, *(f"argument:{w}" for w in words))
                for word in words:
                    assert f" {word}" in root.text(file), f"{maker}, {loader}: {word}: {root.text(file)}"
                undo(root, before)
    with tempfile.TemporaryDirectory() as directory:
        root = Root(Path(directory) / "root", "initramfs-tools", "grub")
        for word in ("ivrs_ioapic[4]=00:14.0;reboot", "ivrs_ioapic[4]=$(id)", "ivrs_ioapic[256]=00:14.0",
                     "ivrs_ioapic[04]=00:14.0", "ivrs_ioapic[4]=0:14.0", "ivrs_ioapic=4@0001:00:14.0",
                     "ivrs_ioapic=4@00:14.0 x", "ivrs_ioapic[4]=00:20.0", "ivrs_ioapic", "ivrs_ioapic[]=00:14.0"):
            refused(root, 1, "not a kernel argument that pcipass writes", steps=(f"argument:{word}",))


def test_refind(_: Root) -> None:
    """Each line gets the argument; all else in the file stays, and the table goes into the initrd."""
    odd = ("# \"a comment\" \"root=/dev/sda2\"\n\n\"The \"\"usual\"\" one\"\t\"root=UUID=1-2 ro\" # behind it\r\n"
           "plain \"ro root=/dev/sda2\"\nno options\nlast \"root=UUID=1-2 initrd=/boot/x-%v.img -- single\"")
    for text in (fakeroot.REFIND_LINUX, odd):
        with tempfile.TemporaryDirectory() as directory:
            root = Root(Path(directory) / "root", "initramfs-tools", "refind")
            root.put("boot/refind_linux.conf", text)
            before = root.snapshot()
            roundtrip(root, override(), ARGUMENT)
            made = root.text("boot/refind_linux.conf")
            assert made.count("intel_iommu=on") == 3, made
            assert made.replace(" intel_iommu=on", "") == text, made
            expect("second", *drive(root, "run", "argument:iommu=pt"), 0)
            expect("undo", *drive(root, "undo"), 0)
            same("undo of the second", root.changed, root.snapshot())
            undo(root, before)


def test_refind_beside_others(_: Root) -> None:
    """GRUB, whose traces are not in this boot, is left alone; another loader's boot is its own."""
    with tempfile.TemporaryDirectory() as directory:
        root = Root(Path(directory) / "root", "initramfs-tools", "grub")
        root.loader("refind")
        for name in (None, "rEFInd 0.15.0", "Linux EFI stub 7.2.0"):
            if name:
                root.variable("LoaderInfo", name)
            before = root.snapshot()
            roundtrip(root, ARGUMENT)
            assert "intel_iommu=on" not in root.text("boot/grub/grub.cfg")
            undo(root, before)
            shutil.rmtree(root.path / fakeroot.STATE)
        root.variable("LoaderInfo", "Limine 9.2.0")
        refused(root, 95, "started by Limine 9.2.0", steps=(ARGUMENT,))
    with tempfile.TemporaryDirectory() as directory:
        root = Root(Path(directory) / "root", "initramfs-tools", "grub")
        root.loader("refind")
        root.put("proc/cmdline", "root=UUID=1-2 ro quiet splash\n")
        refused(root, 95, "GRUB and rEFInd are both installed", "/boot/refind_linux.conf", steps=(ARGUMENT,))


def test_refind_refused(_: Root) -> None:
    """The kernel runs with other options, or rEFInd has entries of a person's."""
    def other(root: Root) -> None:
        root.put("proc/cmdline", "root=UUID=3-4 ro initrd=\\boot\\initrd.img\n")

    def no_root(root: Root) -> None:
        root.put("boot/refind_linux.conf", '"Boot" "ro quiet"\n')

    def comments(root: Root) -> None:
        root.put("boot/refind_linux.conf", "# " + fakeroot.REFIND_LINUX.replace("\n", "\n# "))

    def unquoted(root: Root) -> None:
        root.put("boot/refind_linux.conf", 'Boot root=UUID=1-2\n"Boot"\n"Boot" "root=UUID=1-2')

    def entry(root: Root) -> None:
        root.put("boot/efi/EFI/refind/refind.conf", 'menuentry "Arch" {\n  loader /vmlinuz\n'
                 '  submenuentry "x" {\n    add_options "single"\n  }\n}\n')

    for spoil, words in ((other, "started by the firmware itself"), (no_root, "started by the firmware itself"),
                         (comments, "started by the firmware itself"), (unquoted, "started by the firmware itself"),
                         (entry, "has entries with options of their own")):
        with tempfile.TemporaryDirectory() as directory:
            root = Root(Path(directory) / "root", "initramfs-tools", "refind")
            spoil(root)
            refused(root, 95, words, steps=(ARGUMENT,))
    with tempfile.TemporaryDirectory() as directory:
        root = Root(Path(directory) / "root", "initramfs-tools", "refind")
        # As the package's own: samples that are switched off, and one without options.
        root.put("boot/efi/EFI/refind/refind.conf", 'menuentry "Arch" {\n  options "x"\n  submenuentry "y" {\n'
                 '    add_options "single"\n  }\n  disabled\n}\n'
                 'menuentry Shell {\n  loader /EFI/shell.efi\n}\n# menuentry "y" {\n# options "z"\n')
        expect("samples", *drive(root, "dry", ARGUMENT), 0)


if __name__ == "__main__":
    sys.exit(main(globals()))
