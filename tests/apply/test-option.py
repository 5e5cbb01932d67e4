#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Options of kernel modules: where they are written, and where somebody's own stand in the way.

usage: test-option.py DRIVE [TEST...]
"""

import os
import sys
import tempfile
from pathlib import Path

from applying import drive, expect, main, refused, roundtrip, same, spoil, undo
from fakeroot import RELEASE, Root

FILE = "etc/modprobe.d/pcipass.conf"
DENYLIST, IDLE = "option:vfio_pci:disable_denylist", "option:vfio_pci:disable_idle_d3"
UNSAFE = "option:vfio_iommu_type1:allow_unsafe_interrupts"
LINE = "options vfio_pci disable_denylist=1"
BUILTIN = f"lib/modules/{RELEASE}/modules.builtin"


def test_there_and_back(_: Root) -> None:
    for early, tool in (("initramfs-tools", "update-initramfs"), ("dracut", "dracut"), ("mkinitcpio", "mkinitcpio"),
                        ("none", "")):
        with tempfile.TemporaryDirectory() as directory:
            root = Root(Path(directory) / "root", early)
            before = root.snapshot()
            expect(early, *drive(root, "dry", DENYLIST), 0, f"would write /{FILE}",
                   f"would run {tool}" if tool else "holds if the module is not loaded from it")
            roundtrip(root, DENYLIST)
            assert root.text(FILE).splitlines()[1:] == [LINE], root.text(FILE)
            undo(root, before)


def test_two_in_one_file(root: Root) -> None:
    before = root.snapshot()
    roundtrip(root, DENYLIST, UNSAFE, IDLE)
    lines = root.text(FILE).splitlines()
    assert len(lines) == 4 and LINE in lines and "options vfio_pci disable_idle_d3=1" in lines, lines
    undo(root, before)


def test_one_after_the_other(root: Root) -> None:
    before = root.snapshot()
    expect("first", *drive(root, "run", DENYLIST), 0)
    first = root.snapshot()
    expect("second", *drive(root, "run", UNSAFE), 0)
    expect("undo", *drive(root, "undo"), 0)
    same("back to the first", first, root.snapshot())
    expect("undo", *drive(root, "undo"), 0)
    same("back to nothing", before, root.snapshot())


def test_set_already(root: Root) -> None:
    """Wherever it stands, in whatever spelling."""
    for path, text in (("etc/modprobe.d/vfio.conf", "options vfio-pci ids=1:2 disable-denylist=1\n"),
                       ("usr/lib/modprobe.d/x.conf", "options  vfio_pci disable_denylist\n"),
                       ("etc/modprobe.d/two.conf", "options vfio_pci disable_denylist=0\n"
                        "options vfio-pci \\\n\tdisable_denylist=Y"),
                       (BUILTIN, "kernel/drivers/vfio/pci/vfio-pci.ko\n")):
        root.put(path, text)
        if path == BUILTIN:
            root.put("etc/default/grub", 'GRUB_CMDLINE_LINUX="vfio-pci.disable_denylist=on"\n')
            root.run_tool("update-grub")
        expect(text, *drive(root, "dry", DENYLIST), 0, "nothing to change")
        (root.path / path).unlink()


def test_set_otherwise(root: Root) -> None:
    """Somebody's decision is named, and stays."""
    cases = (("etc/modprobe.d/a.conf", "options vfio-pci disable_denylist=0\n"),
             ("usr/lib/modprobe.d/z.conf", "options vfio_pci disable_denylist=n\n"),
             ("run/modprobe.d/z.conf", "options vfio_pci disable_denylist=1 disable_denylist=N\n"))
    for path, text in cases:
        root.put(path, text)
        refused(root, 95, f"/{path} sets disable_denylist=", "remove it there", steps=(DENYLIST,))
        (root.path / path).unlink()
    root.put("etc/default/grub", 'GRUB_CMDLINE_LINUX="vfio-pci.disable_denylist=0"\n')
    root.run_tool("update-grub")
    root.put("etc/modprobe.d/a.conf", LINE + "\n")
    refused(root, 95, "the kernel command line sets disable_denylist=0", steps=(DENYLIST,))


def test_order_of_files(root: Root) -> None:
    """By name across the directories, the last counts; a file of /etc hides its namesakes."""
    root.put("usr/lib/modprobe.d/a.conf", "options vfio_pci disable_denylist=0\n")
    root.put("etc/modprobe.d/b.conf", LINE + "\n")
    expect("the later", *drive(root, "dry", DENYLIST), 0, "nothing to change")
    root.put("usr/lib/modprobe.d/c.conf", "options vfio_pci disable_denylist=0\n")
    refused(root, 95, "/usr/lib/modprobe.d/c.conf", steps=(DENYLIST,))
    (root.path / "etc/modprobe.d/c.conf").symlink_to("/dev/null")
    expect("hidden", *drive(root, "dry", DENYLIST), 0, "nothing to change")


def test_others_lines(root: Root) -> None:
    """Of other modules and options, comments, and files that modprobe does not read."""
    root.put("etc/modprobe.d/a.conf", "#options vfio_pci disable_denylist=0\noptions vfio disable_denylist=0\n"
                                      "options vfio_pci disable_denylistx=0\nblacklist vfio_pci\n")
    root.put("etc/modprobe.d/b.txt", "options vfio_pci disable_denylist=0\n")
    roundtrip(root, DENYLIST)


def test_install_line(root: Root) -> None:
    root.put("etc/modprobe.d/a.conf", "install vfio-pci /sbin/modprobe --ignore-install vfio-pci\n")
    refused(root, 95, "/etc/modprobe.d/a.conf has a command of its own", steps=(DENYLIST,))


def test_built_in(root: Root) -> None:
    """modprobe.d means nothing to it: Ubuntu's kernels have vfio-pci so."""
    root.put(BUILTIN, "kernel/drivers/vfio/vfio_iommu_type1.ko\nkernel/drivers/vfio/pci/vfio-pci.ko\n")
    root.put("etc/modprobe.d/a.conf", "options vfio_pci disable_denylist=0\n")
    before = root.snapshot()
    roundtrip(root, DENYLIST, UNSAFE)
    assert not (root.path / FILE).exists()
    menu = root.text("boot/grub/grub.cfg")
    assert " vfio_pci.disable_denylist=1" in menu and " vfio_iommu_type1.allow_unsafe_interrupts=1" in menu, menu
    undo(root, before)


def test_somebodys_file(root: Root) -> None:
    root.put(FILE, "options nouveau modeset=0\n")
    refused(root, 17, f"/{FILE}: exists and was not made by pcipass", steps=(DENYLIST,))


def test_unreadable(root: Root) -> None:
    """What it says is not known; a directory says nothing."""
    (root.path / "etc/modprobe.d/deep.conf").mkdir(parents=True)
    expect("a directory", *drive(root, "dry", DENYLIST), 0, f"would write /{FILE}")
    root.put("etc/modprobe.d/huge.conf", "")
    os.truncate(root.path / "etc/modprobe.d/huge.conf", 17 << 20)
    refused(root, 7, "/etc/modprobe.d/huge.conf", "is not known", steps=(DENYLIST,))


def test_not_ours_to_set(root: Root) -> None:
    for step in ("option:vfio_pci:ids", "option:nouveau:modeset", "option:vfio_pci:disable_denylist=1 x"):
        assert drive(root, "run", step)[0], step
    assert not (root.path / FILE).exists()


def test_overruled_by_a_tool(root: Root) -> None:
    """Something writes a later file while the initrd is made: noticed, and all is taken back."""
    before = spoil(root, "update-initramfs", "mkdir -p etc/modprobe.d; "
                   "echo options vfio_pci disable_denylist=0 > etc/modprobe.d/zz.conf")
    expect("overruled", *drive(root, "run", DENYLIST), 5, "/etc/modprobe.d/zz.conf overrules it",
           "as it was before")
    (root.path / "etc/modprobe.d/zz.conf").unlink()
    (root.path / "etc/modprobe.d").rmdir()
    same("overruled", before, root.snapshot())


if __name__ == "__main__":
    sys.exit(main(globals()))
