#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""To vfio-pci and off it, while the host, a guest or somebody else has the device.

usage: test-bind.py DRIVE [TEST...]
"""

import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from applying import ARGUMENT, DEVICE, RULES, drive, expect, main, refused, same, undo
from fakeroot import RELEASE, STATE, Root, override

BIND, UNBIND = (f"{what}:{DEVICE},1000,0072,{driver}" for what, driver in
                (("bind", "mpt3sas"), ("unbind", "vfio-pci")))


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


def rule_lines(root: Root) -> list[str]:
    """Our rules at boot, without the mark above them."""
    return [line for line in root.text(RULES).splitlines() if line and not line.startswith("#")]


def test_virtual_function(root: Root) -> None:
    """It has its driver before udev hears of it, and vfio-pci may be loaded by then."""
    root.device(DEVICE)
    bound(root, ",boot")
    plain = rule_lines(root)
    assert not any("driver/unbind" in line or "drivers_probe" in line for line in plain), plain
    expect("undo", *drive(root, "undo"), 0)
    root.device("0000:06:00.0")
    (root.path / "sys/bus/pci/devices" / DEVICE / "physfn").symlink_to("../0000:06:00.0")
    bound(root, ",boot")
    lines = rule_lines(root)
    off, probe = (next(i for i, line in enumerate(lines) if word in line)
                  for word in (f'ATTR{{driver/unbind}}="{DEVICE}"',
                               f'ATTR{{[subsystem/pci]drivers_probe}}="{DEVICE}"'))
    override = next(i for i, line in enumerate(lines) if "driver_override" in line)
    assert override < off < probe, lines
    for line in (lines[off], lines[probe]):
        for match in (f'KERNEL=="{DEVICE}"', 'ATTR{vendor}=="0x1000"', 'ATTR{device}=="0x0072"'):
            assert match in line, line
    assert 'ATTR{driver}!="vfio-pci"' in lines[off], lines[off]
    assert [line for line in lines if line not in (lines[off], lines[probe])] == plain, lines
    before = files(root)
    expect("undo", *drive(root, "undo"), 0)
    assert RULES not in files(root), before


def test_bind_in_use(root: Root) -> None:
    root.device(DEVICE)
    mount(root)
    refused(root, 16, "needed by the host", "mounted on /var", steps=(BIND,))


def bound(root: Root, *more: str, address: str = DEVICE) -> None:
    """A device that pcipass has bound; more: ",now" or ",boot"."""
    if not root.driver(address):
        root.device(address)
    root.kernel(address)
    expect("bind", *drive(root, "run", f"bind:{address},1000,0072,mpt3sas{''.join(more)}"), 0)


def files(root: Root) -> dict:
    """What is in files; directories of the host that were made stay with an unbind."""
    return {k: v for k, v in root.snapshot().items() if (root.path / k).is_file() or "/driver" in k}


def test_unbind(root: Root) -> None:
    root.device(DEVICE)
    before = files(root)
    bound(root)
    is_bound = root.snapshot()
    initrd = f"boot/initrd.img-{RELEASE}"
    assert root.driver(DEVICE) == "vfio-pci" and b"driver_override" in root.read(initrd)
    assert "3 changes" in drive(root, "dry", "--ask=no", UNBIND)[1]
    expect("dry", *drive(root, "dry", UNBIND), 0, f"would remove /{RULES}", "would run update-initramfs",
           f"would take {DEVICE} off vfio-pci")
    same("dry", is_bound, root.snapshot())
    expect("unbind", *drive(root, "run", UNBIND), 0)
    assert root.driver(DEVICE) == "mpt3sas" and b"driver_override" not in root.read(initrd)
    now = {k: v for k, v in files(root).items() if k != f"kernel/{DEVICE}"}
    same("unbind", before, now)
    expect("again", *drive(root, "run", UNBIND), 0, "nothing to change")
    assert "0 changes" in drive(root, "dry", "--ask=no", UNBIND)[1]
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


def test_many_times(root: Root) -> None:
    """As a guest's start and stop do it: the journal never runs full, and undo leads to the beginning."""
    other = "0000:08:00.0"
    for device in (DEVICE, other):
        root.device(device)
        root.kernel(device)
    before = files(root)
    expect("first", *drive(root, "run", ARGUMENT), 0)
    for _ in range(7):
        for device in (DEVICE, other):
            expect("bind", *drive(root, "run", f"bind:{device},1000,0072,mpt3sas,now"), 0)
        for device in (DEVICE, other):
            expect("unbind", *drive(root, "run", f"unbind:{device},1000,0072,vfio-pci,now"), 0)
    for _ in range(9):
        code, text = drive(root, "undo")
        if code:
            break
    expect("undo", code, text, 2, "undone already")
    same("undo", before, files(root))


def test_full_journal(root: Root) -> None:
    """What was not taken back is not dropped."""
    devices = [f"0000:{n:02x}:00.0" for n in range(7, 16)]
    for device in devices:
        root.device(device)
        root.kernel(device)
    for device in devices[:8]:
        expect("bind", *drive(root, "run", f"bind:{device},1000,0072,mpt3sas"), 0)
    full = f"bind:{devices[8]},1000,0072,mpt3sas"
    expect("full", *drive(root, "run", full), 7, "8 plans are applied one upon another")
    # Off and on again: what another driver has taken meanwhile is no pair.
    expect("undo", *drive(root, "undo"), 0)
    expect("unbind", *drive(root, "run", f"unbind:{devices[6]},1000,0072,vfio-pci"), 0)
    expect("full", *drive(root, "run", full), 7, "8 plans are applied one upon another")
    expect("bind", *drive(root, "run", f"bind:{devices[6]},1000,0072,mpt3sas"), 0)


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
    assert "0 changes" in drive(root, "dry", "--ask=no", UNBIND)[1]


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
        with tempfile.TemporaryDirectory() as directory:
            root = Root(Path(directory) / "root", early)
            bound(root)
            assert not dropin or root.text(dropin)
            expect(early, *drive(root, "run", UNBIND), 0, "run " + early if dropin else "is not known")
            assert not dropin or not (root.path / dropin).exists()


def test_unbind_nothing(root: Root) -> None:
    root.device(DEVICE)
    before = root.snapshot()
    for when in ("", ",now", ",boot"):
        step = f"unbind:{DEVICE},1000,0072,mpt3sas{when}"
        assert "0 changes" in drive(root, "dry", "--ask=no", step)[1]
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
    for what in ("run", "dry"):
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
        ("etc/driverctl.d/pci-" + DEVICE, "vfio-pci\n", "driverctl unset-override " + DEVICE, True),
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
                       ("etc/driverctl.d/pci-" + DEVICE, "uio_pci_generic\n"),
                       ("proc/cmdline", "vfio-pci.ids=1000:0073 vfio-pci.idsx=1000:0072\n")):
        root.put(path, text)
    expect("others' others", *drive(root, "run", UNBIND), 0)


def test_bound_by_the_command_line(root: Root) -> None:
    bound(root)
    root.put("proc/cmdline", 'quiet vfio_pci.ids="10de:1b80,1000:0072"\n')
    # Taken out of the boot loader's file already, but not yet gone.
    refuses(root, 95, "at once, for it has its ids: vfio-pci.ids= on the kernel command line", UNBIND)
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
            assert "2 changes" in drive(root, "dry", "--ask=no", UNBIND + ",boot")[1]
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


if __name__ == "__main__":
    sys.exit(main(globals()))
