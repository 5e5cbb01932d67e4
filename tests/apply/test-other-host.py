#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A journal that is another host's, or whose devices, kernels or tools are gone: undo and apply --resume.

usage: test-other-host.py DRIVE [TEST...]
"""

import shutil
import sys
import tempfile
from pathlib import Path

from applying import ARGUMENT, DEVICE, RULES, SETTING, drive, expect, main, same, spoil
from fakeroot import RELEASE, STATE, Root, override

DMI = "sys/class/dmi/id"
BIND = f"bind:{DEVICE},1000,0072,mpt3sas"
CHIPSET = [f"0000:00:{n:02x}.0" for n in range(4)]


def make(root: Root) -> None:
    root.put(f"{DMI}/product_name", "ProLiant DL380p Gen8\n")
    root.put(f"{DMI}/board_name", "X9\n")
    root.put(f"{DMI}/bios_version", "P70\n")
    root.put("proc/cpuinfo", "vendor_id\t: GenuineIntel\ncpu family\t: 6\nmodel\t\t: 62\n\n")
    for n, address in enumerate(CHIPSET):
        root.device(address, driver="pcieport", vendor="8086", device=f"0e0{n}")
    root.device(DEVICE)
    root.kernel(DEVICE)


def remove(root: Root, address: str) -> None:
    shutil.rmtree(root.path / "sys/bus/pci/devices" / address)


def exchange(root: Root, address: str, device: str) -> None:
    root.put(f"sys/bus/pci/devices/{address}/device", f"0x{device}\n")


def applied(root: Root, *steps: str) -> dict:
    """The host before."""
    make(root)
    before = root.snapshot()
    expect("run", *drive(root, "run", "--host", *(steps or (ARGUMENT, SETTING, BIND))), 0)
    return before


def refused(root: Root, verb: str, *words: str) -> None:
    """Nothing is changed, not even the journal; the lock has another note."""
    before = root.snapshot(), root.read(f"{STATE}/apply.json")
    expect((verb, words), *drive(root, verb), 16, *words)
    same((verb, words), before[0], root.snapshot())
    assert root.read(f"{STATE}/apply.json") == before[1]


def test_same_host(root: Root) -> None:
    before = applied(root)
    # A newer BIOS and a card more are no other host.
    root.put(f"{DMI}/bios_version", "P71\n")
    before["sys/class/dmi/id/bios_version"] = root.snapshot()["sys/class/dmi/id/bios_version"]
    expect("undo", *drive(root, "undo"), 0, "give 0000:07:00.0 back to mpt3sas")
    same("undo", before, root.snapshot())


def test_undo_on_another_host(root: Root) -> None:
    before = applied(root)
    for path, text, words in ((f"{DMI}/product_name", "ProLiant DL360p Gen8\n",
                               "product is ProLiant DL380p Gen8; this host's is ProLiant DL360p Gen8"),
                              (f"{DMI}/board_name", "X10\n", "board is X9; this host's is X10"),
                              ("proc/cpuinfo", "vendor_id\t: GenuineIntel\ncpu family\t: 6\nmodel\t\t: 45\n\n",
                               "processor is GenuineIntel family 6 model 62")):
        old = root.text(path)
        root.put(path, text)
        refused(root, "undo", words, "this is another host, and nothing was undone", '"pcipass undo --files"')
        root.put(path, old)
    # Without names the devices are what is left.
    shutil.rmtree(root.path / DMI)
    for address in CHIPSET:
        exchange(root, address, "1111")
    refused(root, "undo", "a host with 5 PCI devices, and 1 of them are in this host")
    exchange(root, CHIPSET[0], "0e00")
    exchange(root, CHIPSET[3], "0e01")  # moved
    expect("undo", *drive(root, "undo"), 0)
    left = root.snapshot()
    same("undo", {k: v for k, v in before.items() if not k.startswith("sys/")},
         {k: v for k, v in left.items() if not k.startswith("sys/")})


def test_files_only(root: Root) -> None:
    """The disk is in another machine: what lies on it is undone, that machine keeps what it has."""
    before = applied(root)
    root.put(f"{DMI}/product_name", "ProLiant DL360p Gen8\n")
    refused(root, "undo", "product is")
    expect("undo", *drive(root, "undo", "--files"), 0, "not undone: set RMRDS_Slot2",
           f"not undone: bind {DEVICE}", f"remove /{RULES}", "run update-initramfs")
    after = root.snapshot()
    assert root.driver(DEVICE) == "vfio-pci" and root.excluded() == [2]
    for name, what in before.items():
        if name.startswith(("etc/", "boot/")):
            assert after[name] == what, name
    expect("undo twice", *drive(root, "undo", "--files"), 2, "undone already")


def test_resume_on_another_host(root: Root) -> None:
    make(root)
    before = spoil(root, "update-grub", f"cp {STATE}/apply.json saved; kill -9 $PPID; exit 1")
    drive(root, "run", "--host", ARGUMENT, SETTING)
    assert "partly" in drive(root, "status")[1]
    (root.path / "saved").unlink(missing_ok=True)
    old = root.text(f"{DMI}/product_name")
    root.put(f"{DMI}/product_name", "ProLiant DL360p Gen8\n")
    refused(root, "resume", "product is ProLiant DL380p Gen8; this host's is ProLiant DL360p Gen8",
            '"pcipass undo" undoes what was done')
    refused(root, "undo", "this is another host")
    root.put(f"{DMI}/product_name", old)
    # What the rest of the plan rests on is gone; what was done can be undone all the same.
    remove(root, CHIPSET[3])
    refused(root, "resume", "no device is there now")
    expect("undo", *drive(root, "undo"), 0)
    same("undo", {k: v for k, v in before.items() if CHIPSET[3] not in k}, root.snapshot())


def test_card_is_gone(root: Root) -> None:
    before = applied(root, BIND)
    remove(root, DEVICE)
    expect("undo", *drive(root, "undo"), 0, f"{DEVICE}: no device is there any more, so nothing is undone there")
    same("undo", {k: v for k, v in before.items() if DEVICE not in k},
         {k: v for k, v in root.snapshot().items() if DEVICE not in k})


def test_another_card_is_there(root: Root) -> None:
    applied(root, BIND)
    exchange(root, DEVICE, "0087")
    expect("undo", *drive(root, "undo"), 0, f"{DEVICE}: another card is there now")
    # It is somebody else's that vfio-pci has it.
    assert root.driver(DEVICE) == "vfio-pci" and not (root.path / RULES).exists()


def test_virtual_functions_of_another_card(root: Root) -> None:
    make(root)
    numvfs = f"sys/bus/pci/devices/{DEVICE}/sriov_numvfs"
    root.put(numvfs, "4\n")
    expect("run", *drive(root, "run", "--host", f"vfs:{DEVICE},1000,0072,4"), 0)
    assert root.text(numvfs) == "0\n"
    exchange(root, DEVICE, "0087")
    expect("undo", *drive(root, "undo"), 0, "another card is there now")
    assert root.text(numvfs) == "0\n"


def test_table_on_another_host(root: Root) -> None:
    """A table is in files, and of one machine all the same."""
    applied(root, override())
    root.put(f"{DMI}/board_name", "X10\n")
    refused(root, "undo", "board is X9")
    expect("undo", *drive(root, "undo", "--files"), 0)


def test_kernels_come_and_go(_: Root) -> None:
    """kernel-install runs for each kernel: one that was there is removed, another one is new."""
    new = "6.12.0-1-amd64"
    with tempfile.TemporaryDirectory() as directory:
        root = Root(Path(directory) / "root", loader="kernel-install")
        expect("run", *drive(root, "run", ARGUMENT), 0, f"run kernel-install add {RELEASE}")
        root.put(f"boot/vmlinuz-{new}", "a kernel")
        (root.path / "lib/modules" / new).mkdir()
        root.run_tool("kernel-install", "add", new)
        assert "intel_iommu=on" in root.text(f"boot/loader/entries/{new}.conf")
        (root.path / f"boot/vmlinuz-{RELEASE}").unlink()
        (root.path / f"boot/loader/entries/{RELEASE}.conf").unlink()
        (root.path / "lib/modules" / RELEASE).rmdir()
        expect("undo", *drive(root, "undo"), 0, f"run kernel-install add {new} /boot/vmlinuz-{new} again")
        assert "intel_iommu" not in root.text(f"boot/loader/entries/{new}.conf")
        assert not (root.path / f"boot/loader/entries/{RELEASE}.conf").exists()


def test_tool_is_gone(root: Root) -> None:
    """Such as initramfs-tools, which has given way to dracut."""
    make(root)
    before = root.snapshot()
    expect("run", *drive(root, "run", BIND), 0, "run update-initramfs")
    (root.path / "usr/sbin/update-initramfs").unlink()
    expect("undo", *drive(root, "undo"), 0,
           "the host does not have update-initramfs any more: run by hand what makes its initrds now")
    left = root.snapshot()
    assert {k for k in before if before[k] != left.get(k)} == {f"boot/initrd.img-{RELEASE}", "usr/sbin/update-initramfs"}
    expect("undo twice", *drive(root, "undo"), 2, "undone already")


if __name__ == "__main__":
    sys.exit(main(globals()))
