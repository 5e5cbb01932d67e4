#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Bridges off their drivers, and virtual functions off: now, at boot, and back.

usage: test-bridge.py DRIVE [TEST...]
"""

import subprocess
import sys
import tempfile
from pathlib import Path

from applying import RULES, drive, expect, main, refused, roundtrip, same, undo
from fakeroot import RELEASE, Root

BRIDGE, DEVICE, VF = "0000:0c:00.0", "0000:07:00.0", "0000:07:10.0"
STEP = f"no-driver:{BRIDGE},8086,244e,shpchp"
VFS = f"vfs:{DEVICE},1000,0072,4"
OVERRIDE = f"sys/bus/pci/devices/{BRIDGE}/driver_override"
NUMVFS = f"sys/bus/pci/devices/{DEVICE}/sriov_numvfs"
SETTER = 'KERNEL=="%s", ATTR{sriov_numvfs}="4"\n' % DEVICE


def bridge(root: Root, address: str = BRIDGE, driver: str = "shpchp", built_in: bool = True) -> None:
    root.device(address, driver=driver, vendor="8086", device="244e", built_in=built_in)
    root.put(f"sys/bus/pci/devices/{address}/class", "0x060400\n")
    root.group(address, 13)
    root.kernel(address, driver)


def test_there_and_back(root: Root) -> None:
    bridge(root)
    before = root.snapshot()
    expect("dry", *drive(root, "dry", STEP), 0, f"would write /{RULES}", "would run update-initramfs",
           f"would unbind {BRIDGE} from shpchp")
    roundtrip(root, STEP)
    assert root.driver(BRIDGE) == "" and root.text(OVERRIDE) == "none\n"
    lines = root.text(RULES).splitlines()[1:]
    assert len(lines) == 2 and all(f'KERNEL=="{BRIDGE}"' in x and '"0x244e"' in x for x in lines), lines
    assert 'ATTR{driver_override}="none"' in lines[0] and f'ATTR{{driver/unbind}}="{BRIDGE}"' in lines[1], lines
    undo(root, before)


def test_other_initrds(_: Root) -> None:
    for early, words in (("dracut", "would run dracut"), ("mkinitcpio", "would run mkinitcpio"),
                         ("none", "is not known")):
        with tempfile.TemporaryDirectory() as directory:
            root = Root(Path(directory) / "root", early)
            bridge(root)
            before = root.snapshot()
            expect(early, *drive(root, "dry", STEP), 0, words)
            roundtrip(root, STEP)
            undo(root, before)


def test_after_a_boot(root: Root) -> None:
    """The rule has unbound it: undo gives it back all the same."""
    bridge(root)
    before = root.snapshot()
    expect("run", *drive(root, "run", STEP), 0)
    root.put("proc/sys/kernel/random/boot_id", "22222222-2222-2222-2222-222222222222\n")
    expect("undo", *drive(root, "undo"), 0)
    assert root.driver(BRIDGE) == "shpchp" and root.text(OVERRIDE) == "(null)\n"
    root.put("proc/sys/kernel/random/boot_id", "11111111-1111-1111-1111-111111111111\n")
    same("undo", before, root.snapshot())


def test_beside_a_bound_device(root: Root) -> None:
    """One file of rules for both; each goes without the other."""
    bridge(root)
    root.device(DEVICE)
    root.kernel(DEVICE)
    expect("bind", *drive(root, "run", f"bind:{DEVICE},1000,0072,mpt3sas"), 0)
    bound = root.snapshot()
    expect("run", *drive(root, "run", STEP), 0)
    assert root.text(RULES).count("\n") == 5, root.text(RULES)
    expect("unbind", *drive(root, "run", f"unbind:{DEVICE},1000,0072,vfio-pci"), 0)
    assert DEVICE not in root.text(RULES) and BRIDGE in root.text(RULES)
    expect("undo", *drive(root, "undo"), 0)
    expect("undo", *drive(root, "undo"), 0)
    same("undo", bound, root.snapshot())


def test_without_a_driver_already(root: Root) -> None:
    """Somebody has unbound it by hand: what is left is the boot."""
    bridge(root)
    (root.path / f"sys/bus/pci/devices/{BRIDGE}/driver").unlink()
    before = root.snapshot()
    roundtrip(root, STEP)
    assert root.driver(BRIDGE) == "" and root.text(OVERRIDE) == "none\n"
    undo(root, before)


def test_refused(root: Root) -> None:
    bridge(root)
    refused(root, 16, "its driver is shpchp, the plan expects other", steps=(STEP.replace("shpchp", "other"),))
    refused(root, 16, "its device is 0x244e", steps=(STEP.replace("244e", "244f"),))
    for code in ("0x010700", "0x060401x", "0x060100", ""):
        root.put(f"sys/bus/pci/devices/{BRIDGE}/class", code + "\n")
        refused(root, 22, "need a PCI bridge", steps=(STEP,))
    (root.path / f"sys/bus/pci/devices/{BRIDGE}/class").unlink()
    refused(root, 2, "/class", steps=(STEP,))


def test_does_not_let_go(root: Root) -> None:
    """Files only, nobody reacts: it is noticed, and the override is taken back."""
    bridge(root)
    (root.path / "kernel" / BRIDGE).unlink()
    (root.path / "kernel").rmdir()
    before = root.snapshot()
    expect("run", *drive(root, "run", STEP), 5, "reading it back gives the old value")
    after = root.snapshot()
    assert root.text(OVERRIDE).startswith("\n"), root.text(OVERRIDE)
    same("run", {k: v for k, v in before.items() if k != OVERRIDE}, {k: v for k, v in after.items() if k != OVERRIDE})


def test_undo_beside_a_guest(root: Root) -> None:
    """The driver would come back into the group of a device that a guest has."""
    bridge(root)
    expect("run", *drive(root, "run", STEP), 0)
    done = root.snapshot()
    with open(root.path / "dev/vfio/13", "rb") as held:
        with subprocess.Popen(["sleep", "60"], stdin=held) as guest:
            expect("undo", *drive(root, "undo"), 16, "end the guest first")
            guest.kill()
    same("undo", done, root.snapshot())
    expect("undo", *drive(root, "undo"), 0)
    assert root.driver(BRIDGE) == "shpchp"


def with_functions(root: Root, vf_driver: str = "mpt3sas") -> None:
    root.device(DEVICE)
    root.put(NUMVFS, "4\n")
    root.device(VF, driver=vf_driver)
    root.group(VF, 20)
    (root.path / f"sys/bus/pci/devices/{DEVICE}/virtfn0").symlink_to(f"../{VF}")


def test_functions_off(root: Root) -> None:
    with_functions(root)
    before = root.snapshot()
    expect("dry", *drive(root, "dry", VFS), 0, f"would turn off the 4 virtual functions of {DEVICE}")
    roundtrip(root, VFS)
    assert root.text(NUMVFS) == "0\n"
    undo(root, before)


def test_functions_of_a_guest(root: Root) -> None:
    with_functions(root, "vfio-pci")
    with open(root.path / "dev/vfio/20", "rb") as held:
        with subprocess.Popen(["sleep", "60"], stdin=held) as guest:
            refused(root, 16, "end the guest first", steps=(VFS,))
            guest.kill()
    expect("run", *drive(root, "run", VFS), 0)


def test_functions_of_the_host(root: Root) -> None:
    with_functions(root)
    disk = root.path / f"sys/devices/pci0000:00/{VF}/block/sda"
    (disk / "holders").mkdir(parents=True)
    (disk / "dev").write_text("8:0\n")
    (root.path / "sys/class/block/sda").symlink_to(f"../../devices/pci0000:00/{VF}/block/sda")
    root.put("proc/self/mountinfo", "36 35 8:0 / /var rw - ext4 /dev/sda rw\n")
    refused(root, 16, f"{VF} is needed by the host", "/var", steps=(VFS,))


def test_functions_drift(root: Root) -> None:
    with_functions(root)
    root.put(NUMVFS, "3\n")
    refused(root, 16, "3 of its virtual functions are on, the plan expects 4", steps=(VFS,))
    root.put(NUMVFS, "many\n")
    refused(root, 74, "need a number", steps=(VFS,))
    root.put(NUMVFS, "0\n")
    expect("off", *drive(root, "dry", VFS), 0, "nothing to change")
    (root.path / NUMVFS).unlink()
    refused(root, 2, "sriov_numvfs", steps=(VFS,))


def test_functions_back_only_by_their_driver(root: Root) -> None:
    with_functions(root)
    expect("run", *drive(root, "run", VFS), 0)
    done = root.snapshot()
    driver = root.path / f"sys/bus/pci/devices/{DEVICE}/driver"
    driver.unlink()
    driver.symlink_to("../../drivers/vfio-pci")
    expect("undo", *drive(root, "undo"), 16, f"pcipass unbind {DEVICE}")
    driver.unlink()
    driver.symlink_to("../../drivers/mpt3sas")
    same("undo", done, root.snapshot())
    # Somebody else has turned some on: that is not what was there before.
    root.put(NUMVFS, "2\n")
    expect("undo", *drive(root, "undo"), 16, "2 of its virtual functions are on by now")
    root.put(NUMVFS, "0\n")
    expect("undo", *drive(root, "undo"), 0)
    assert root.text(NUMVFS) == "4\n"


def test_who_turns_them_on(root: Root) -> None:
    """Each place that would is named; a remark is none."""
    with_functions(root)
    for path, text in (("etc/udev/rules.d/70-vf.rules", SETTER),
                       ("etc/systemd/system/vf.service", "ExecStart=sh -c 'echo 4 > /sys/x/sriov_numvfs'\n"),
                       ("etc/systemd/network/10-x.link", "[Link]\nSR-IOVVirtualFunctions=4\n"),
                       ("etc/modprobe.d/x.conf", "options mpt3sas max_vfs=4\n"),
                       ("etc/rc.local", "echo 4 > /sys/class/net/x/device/sriov_numvfs\n")):
        root.put(path, text)
        expect(path, *drive(root, "dry", VFS), 0, f"/{path} may turn virtual functions on at the next boot")
        root.put(path, f"# {text}".replace("\n", "\n# "))
        assert path not in drive(root, "dry", VFS)[1], path


def test_menu_stays(root: Root) -> None:
    """Neither touches the boot loader's menu."""
    bridge(root)
    with_functions(root)
    menu = root.text("boot/grub/grub.cfg")
    roundtrip(root, STEP, VFS)
    assert root.text("boot/grub/grub.cfg") == menu and b"driver_override" in root.read(f"boot/initrd.img-{RELEASE}")


if __name__ == "__main__":
    sys.exit(main(globals()))
