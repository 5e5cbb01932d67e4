#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Arguments taken off the kernel command line, wherever a boot loader reads it, and put back.

usage: test-take-off.py DRIVE [TEST...]
"""

import sys
import tempfile
from pathlib import Path

from applying import ARGUMENT, drive, expect, main, refused, roundtrip, same, spoil, undo
from fakeroot import RELEASE, Root

OFF, IGFX = "take-off:intel_iommu=off", "take-off:intel_iommu=igfx_off"
GRUB = "etc/default/grub"


def grub(root: Root, text: str) -> None:
    root.put(GRUB, text)
    root.run_tool("update-grub")


def test_grub(root: Root) -> None:
    """Off each line, list and file; remarks and other words keep their bytes."""
    text = ('# intel_iommu=off was for the old card\n'
            'GRUB_CMDLINE_LINUX="quiet  intel_iommu=off\tsplash"\n'
            "GRUB_CMDLINE_LINUX_DEFAULT='intel_iommu=off xintel_iommu=off intel_iommu=offline'\n"
            'GRUB_CMDLINE_LINUX_RECOVERY="intel_iommu=sm_on,off,igfx_off single"\n'
            'GRUB_TIMEOUT=5 # no more')
    grub(root, text)
    root.put("etc/default/grub.d/x.cfg", 'GRUB_CMDLINE_LINUX="$GRUB_CMDLINE_LINUX intel-iommu=off"\n')
    root.put("etc/default/grub.d/x.bak", 'GRUB_CMDLINE_LINUX="intel_iommu=off"\n')
    root.run_tool("update-grub")
    before = root.snapshot()
    expect("dry", *drive(root, "dry", OFF), 0, f"would write /{GRUB}", "would run update-grub")
    roundtrip(root, OFF)
    assert root.text(GRUB) == (
        '# intel_iommu=off was for the old card\n'
        'GRUB_CMDLINE_LINUX="quiet  splash"\n'
        "GRUB_CMDLINE_LINUX_DEFAULT='xintel_iommu=off intel_iommu=offline'\n"
        'GRUB_CMDLINE_LINUX_RECOVERY="intel_iommu=sm_on,igfx_off single"\n'
        'GRUB_TIMEOUT=5 # no more'), root.text(GRUB)
    assert root.text("etc/default/grub.d/x.cfg") == 'GRUB_CMDLINE_LINUX="$GRUB_CMDLINE_LINUX"\n'
    assert "intel_iommu=off" in root.text("etc/default/grub.d/x.bak")
    undo(root, before)


def test_option_of_a_list(root: Root) -> None:
    for line, left in (("intel_iommu=on,igfx_off", "intel_iommu=on"), ("intel_iommu=igfx_off,on", "intel_iommu=on"),
                       ("a intel_iommu=igfx_off", "a"), ("intel_iommu=igfx_off b", "b"),
                       ("intel_iommu=on,igfx_off,sm_on x", "intel_iommu=on,sm_on x"),
                       ("intel_iommu=igfx_off,igfx_off intel_iommu=on", "intel_iommu=on")):
        grub(root, f'GRUB_CMDLINE_LINUX="{line}"\n')
        before = root.snapshot()
        expect(line, *drive(root, "run", IGFX), 0)
        assert root.text(GRUB) == f'GRUB_CMDLINE_LINUX="{left}"\n', root.text(GRUB)
        expect(line, *drive(root, "undo"), 0)
        same(line, before, root.snapshot())


def test_each_word(root: Root) -> None:
    for word in ("intel_iommu=off", "intel_iommu=igfx_off", "intel_iommu=intgpu_off", "amd_iommu=off", "iommu=off",
                 "intremap=off", "nointremap"):
        grub(root, f'GRUB_CMDLINE_LINUX="quiet {word}"\n')
        before = root.snapshot()
        expect(word, *drive(root, "run", f"take-off:{word}"), 0)
        assert word not in root.text("boot/grub/grub.cfg")
        expect(word, *drive(root, "undo"), 0)
        same(word, before, root.snapshot())


def test_a_word_without_an_option(root: Root) -> None:
    for line, left in (("nointremap", ""), ("a nointremap b", "a b"), ("nointremapx nointremap=1 nointremap", "nointremapx nointremap=1"),
                       ("nointremap nointremap quiet", "quiet")):
        grub(root, f'GRUB_CMDLINE_LINUX="{line}"\n')
        expect(line, *drive(root, "run", "take-off:nointremap"), 0)
        assert root.text(GRUB) == f'GRUB_CMDLINE_LINUX="{left}"\n', root.text(GRUB)
        expect(line, *drive(root, "undo"), 0)


def test_what_is_no_word_of_the_kernels(root: Root) -> None:
    """Behind "--" all is for init, and what quotation marks hold is one word's own."""
    for line, left in (('"a nointremap -- nointremap x"', '"a -- nointremap x"'),
                       ('"nointremap --"', '"--"'), ('"--x nointremap"', '"--x"'),
                       ("'dyndbg=\"file x nointremap\" nointremap'", "'dyndbg=\"file x nointremap\"'"),
                       ('"dyndbg=\\"x nointremap\\" nointremap ro"', '"dyndbg=\\"x nointremap\\" ro"'),
                       # The kernel ends a word at each of these, at the second byte of the space that does not break as well.
                       ('"a nointremap\v-- nointremap"', '"a\v-- nointremap"'),
                       ('"x\u00a0nointremap quiet"', '"x\u00a0quiet"'), ('"nointremap\u00a0quiet"', '"nointremap\u00a0quiet"'),
                       ('"a b" # nointremap', '"a b" # nointremap')):
        grub(root, f"GRUB_CMDLINE_LINUX={line}\nGRUB_CMDLINE_LINUX_DEFAULT=\"nointremap\"\n")
        before = root.snapshot()
        drive(root, "run", "take-off:nointremap")
        wanted = f'GRUB_CMDLINE_LINUX={left}\nGRUB_CMDLINE_LINUX_DEFAULT=""\n'
        assert root.text(GRUB) == wanted, root.text(GRUB)
        expect(line, *drive(root, "undo"), 0)
        same(line, before, root.snapshot())


def test_rest_of_other_loaders(_: Root) -> None:
    """An entry's title, and what is for init, keep their bytes."""
    for loader, path, text, left in (
            ("grubby", "boot/loader/entries/a.conf", "title no nointremap\noptions ro nointremap -- nointremap\n",
             "title no nointremap\noptions ro -- nointremap\n"),
            ("proxmox", "etc/kernel/cmdline", 'x="a nointremap b" nointremap "nointremap" -- nointremap\n',
             'x="a nointremap b" "" -- nointremap\n')):
        with tempfile.TemporaryDirectory() as directory:
            root = Root(Path(directory) / "root", "dracut" if loader == "grubby" else "initramfs-tools", loader)
            root.put(path, text)
            # What rpm leaves beside the entries is none.
            root.put("boot/loader/entries/0.conf.rpmsave", "title x\noptions ro\n")
            if loader == "proxmox":
                root.run_tool("proxmox-boot-tool", "refresh")
            before = root.snapshot()
            roundtrip(root, "take-off:nointremap")
            assert root.text(path) == left, root.text(path)
            undo(root, before)


def test_one_off_one_on(root: Root) -> None:
    """What stood against the new argument goes in the same plan."""
    grub(root, 'GRUB_CMDLINE_LINUX="quiet intel_iommu=off"\n')
    before = root.snapshot()
    roundtrip(root, OFF, ARGUMENT)
    menu = root.text("boot/grub/grub.cfg")
    assert "intel_iommu=on" in menu and "intel_iommu=off" not in menu, menu
    undo(root, before)
    expect("alone", *drive(root, "run", ARGUMENT), 95, "intel_iommu=off")


def test_other_loaders(_: Root) -> None:
    word = "intel_iommu=off"
    for early, loader, files in (
            ("initramfs-tools", "proxmox", {"etc/kernel/cmdline": f"root=ZFS=rpool/ROOT {word} boot=zfs\n"}),
            ("dracut", "grub2", {GRUB: f'GRUB_CMDLINE_LINUX="{word}"\n'}),
            ("dracut", "grubby", {"boot/loader/entries/a.conf": f"title a\noptions root=/dev/sda1 {word} ro\n",
                                  "etc/kernel/cmdline": f"root=/dev/sda1 ro {word}",
                                  GRUB: f'GRUB_CMDLINE_LINUX="quiet {word}"\n'}),
            ("initramfs-tools", "kernel-install", {"etc/kernel/cmdline": f"{word} root=/dev/sda2 rw\n"})):
        with tempfile.TemporaryDirectory() as directory:
            root = Root(Path(directory) / "root", early, loader)
            for path, text in files.items():
                root.put(path, text)
            tool = {"proxmox": ("proxmox-boot-tool", "refresh"), "grub2": ("grub2-mkconfig",),
                    "kernel-install": ("kernel-install", "add", RELEASE)}.get(loader)
            if tool:
                root.run_tool(*tool)
            before = root.snapshot()
            roundtrip(root, OFF)
            for path, text in files.items():
                wanted = text.replace(f"{word} ", "") if f"{word} " in text else text.replace(word, "").replace(
                    ' "', '"').rstrip(" ")
                assert root.text(path) == wanted, (loader, path, root.text(path))
            undo(root, before)


def test_comment_that_is_none(_: Root) -> None:
    """systemd 252 for entries, and 257 for unified images, hand a comment's words to the kernel."""
    with tempfile.TemporaryDirectory() as directory:
        root = Root(Path(directory) / "root", "initramfs-tools", "kernel-install")
        root.put("etc/kernel/cmdline", "root=/dev/sda2 rw\n# intel_iommu=off until the BIOS is updated\n")
        root.run_tool("kernel-install", "add", RELEASE)
        refused(root, 95, 'intel_iommu=off stands behind a "#" in /etc/kernel/cmdline', "remove the line",
                steps=(OFF,))


def test_unified_image(_: Root) -> None:
    for early in ("mkinitcpio", "dracut"):
        with tempfile.TemporaryDirectory() as directory:
            root = Root(Path(directory) / "root", early, "none")
            line = "root=/dev/sda2 intel_iommu=off rw"
            image = root.make_uki(early)
            if early == "dracut":
                root.put("etc/dracut.conf.d/uki.conf", f'uefi="yes"\nkernel_cmdline="{line}"\n')
            else:
                root.put("etc/kernel/cmdline", line + "\n")
            root.run_tool(*(("mkinitcpio", "-P") if early == "mkinitcpio" else ("dracut",)))
            root.started_from(image, line)
            before = root.snapshot()
            roundtrip(root, OFF)
            assert b"intel_iommu" not in root.read(image) and b"root=/dev/sda2 rw" in root.read(image)
            undo(root, before)


def test_refind(_: Root) -> None:
    with tempfile.TemporaryDirectory() as directory:
        root = Root(Path(directory) / "root", "initramfs-tools", "none")
        root.variable("LoaderInfo", "rEFInd 0.13.2")
        root.put("boot/refind_linux.conf", '"Boot intel_iommu=off" "root=/dev/sda2 intel_iommu=off rw"\n'
                                           'Single "root=/dev/sda2 x=""a intel_iommu=off"" intel_iommu=off -- intel_iommu=off"\n')
        root.put("proc/cmdline", "root=/dev/sda2 intel_iommu=off rw\n")
        before = root.snapshot()
        roundtrip(root, OFF)
        assert root.text("boot/refind_linux.conf") == (
            '"Boot intel_iommu=off" "root=/dev/sda2 rw"\n'
            'Single "root=/dev/sda2 x=""a intel_iommu=off"" -- intel_iommu=off"\n'), root.text("boot/refind_linux.conf")
        undo(root, before)


def test_not_there(root: Root) -> None:
    before = root.snapshot()
    expect("not on it", *drive(root, "dry", OFF), 0, "nothing to change")
    same("not on it", before, root.snapshot(True))


def test_from_elsewhere(root: Root) -> None:
    """The menu has it, and no file that is known."""
    script = root.text("usr/sbin/update-grub")
    root.tool("update-grub", script.replace("root=/dev/sda1 ro", "root=/dev/sda1 ro intel_iommu=off"))
    root.run_tool("update-grub")
    refused(root, 95, "intel_iommu=off was not found", "by hand", steps=(OFF,))
    # In a file as well: it is taken off there, comes back, and all is as it was.
    grub(root, 'GRUB_CMDLINE_LINUX="intel_iommu=off"\n')
    before = root.snapshot()
    expect("comes back", *drive(root, "run", OFF), 5, "is still in the boot loader's first entry", "as it was before")
    same("comes back", before, root.snapshot())


def test_tool_fails(root: Root) -> None:
    grub(root, 'GRUB_CMDLINE_LINUX="intel_iommu=off"\n')
    before = spoil(root, "update-grub", "exit 3")
    expect("fails", *drive(root, "run", OFF), 10, "as it was before")
    same("fails", before, root.snapshot())


def test_binary(root: Root) -> None:
    grub(root, 'GRUB_CMDLINE_LINUX="intel_iommu=off"\n')
    root.put(GRUB, b'GRUB_CMDLINE_LINUX="intel_iommu=off"\n\0')
    refused(root, 74, "cannot be read as text", steps=(OFF,))


def test_not_ours_to_take(root: Root) -> None:
    grub(root, 'GRUB_CMDLINE_LINUX="root=/dev/sda1 mitigations=auto intel_iommu=on"\n')
    for step in ("take-off:root=/dev/sda1", "take-off:mitigations=auto", "take-off:intel_iommu=on", "take-off:ro"):
        before = root.snapshot()
        assert drive(root, "run", step)[0], step
        same(step, before, root.snapshot())


if __name__ == "__main__":
    sys.exit(main(globals()))
