#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Applies where somebody wrote the journal, owns attributes, or interrupts; where the words of a
command line are not all the kernel's.

usage: test-hostile.py DRIVE [TEST...]
"""

import json
import os
import sys
import tempfile
import zlib
from pathlib import Path

from applying import ARGUMENT, SETTING, drive, expect, main, refused, roundtrip, same, undo
from fakeroot import RELEASE, STATE, Root, override

EPERM, EINTR, EMLINK, EBADMSG, ENOTSUP = 1, 4, 31, 74, 95
JOURNAL = f"{STATE}/apply.json"


PLAN = {"schema": "pcipass.plan/1", "request": "slot2", "regions": [], "steps": [], "alternatives": [],
        "host": {"product": None, "bios_version": None, "kernel": None},
        "devices": [{"address": "0000:07:00.0", "vendor": "1000", "device": "0072", "slot": None, "asked": True}]}


def plant(root: Root, version: int, kind: str, fields: dict) -> None:
    """A journal with a checksum that fits, in which a program is to be run."""
    root.tool("bash", "#!/bin/sh\n: > \"$PCIPASS_ROOT/pwned\"\n")
    body = {"boot_id": "", "phase": "applied", "schema": f"pcipass.journal/{version}"}
    if version == 1:
        body |= {"deeds": [{"kind": kind, "state": "done", "step": 0} | fields], "plan": "{}"}
    else:
        body |= {"operations": [{"kind": kind, "progress": "done", "step": 0, kind: fields}], "plan": PLAN,
                 "previous": None, "purpose": "plan"}
    text = json.dumps(body, sort_keys=True, separators=(",", ":"))
    root.put(JOURNAL, f'{{"crc32":"{zlib.crc32(text.encode()):08x}","journal":{text}}}\n')
    os.chmod(root.path / JOURNAL, 0o600)


def test_planted_journal(root: Root) -> None:
    """No program is run that pcipass does not know, whoever has computed the checksum."""
    argv = ["bash", "-c", "id"]
    for version, fields, words in ((1, {"argv": argv}, "need pcipass.journal/2"),
                                   (2, {"argv": argv}, "'tool' is missing"),
                                   (2, {"tool": "bash", "kernel": None}, "has an unknown value"),
                                   (2, {"tool": "dracut", "kernel": "6.1"}, "'kernel' is not null"),
                                   (2, {"tool": "update-grub", "kernel": None}, "of another kind")):
        plant(root, version, "initrd", fields)
        for what in ("undo", "resume", "status"):
            expect((what, fields), *drive(root, what), EBADMSG, words, "nothing is done. Keep it")
        assert not (root.path / "pwned").exists()
    # The same form with a tool of the host's is taken: only what is in it was wrong.
    plant(root, 2, "initrd", {"tool": "update-initramfs", "kernel": None})
    expect("undo", *drive(root, "undo"), 0, "run update-initramfs -u -k all again")


def test_journal_of_others(root: Root) -> None:
    expect("run", *drive(root, "run", ARGUMENT), 0)
    before = root.snapshot()
    for mode in (0o620, 0o602):
        os.chmod(root.path / JOURNAL, mode)
        for what in ("undo", "resume", "run"):
            expect(what, *drive(root, what), EPERM, "nobody else may write to it")
    os.chmod(root.path / JOURNAL, 0o600)
    same("refused", before, root.snapshot())
    if os.geteuid() == 0:
        os.chown(root.path / JOURNAL, 1000, 1000)
        expect("undo", *drive(root, "undo"), EPERM, "belongs to user 1000")
        os.chown(root.path / JOURNAL, 0, 0)
    expect("undo", *drive(root, "undo"), 0)


def attributes(path: Path) -> dict:
    return {name: os.getxattr(path, name) for name in os.listxattr(path)}


def test_attributes(_: Root) -> None:
    """Labels and lists go with a file that is replaced, there and back; so do owner and mode."""
    with tempfile.TemporaryDirectory(dir=Path(__file__).parent) as directory:
        root = Root(Path(directory) / "root", "initramfs-tools", "grub2")
        path = root.path / "etc/default/grub"
        wanted = {"user.test": b"a value", "user.empty": b""}
        if os.geteuid() == 0:
            # u::rw,u:1000:r,g::r,m::r,o::r
            wanted |= {"trusted.label": b"\0\1", "system.posix_acl_access": bytes.fromhex(
                "0200000001000600ffffffff0200040" "0e803000004000400ffffffff10000400ffffffff20000400ffffffff")}
            os.chown(path, 1000, 1000)
        os.chmod(path, 0o644)
        try:
            for name, value in wanted.items():
                os.setxattr(path, name, value)
        except OSError as e:
            print(f"skipped: attributes: {e}")
            return
        before, stat = root.snapshot(), os.stat(path)
        there = attributes(path)
        for what in ("run", "undo"):
            expect(what, *drive(root, what, *((ARGUMENT,) if what == "run" else ())), 0)
            now = os.stat(path)
            assert attributes(path) == there, (what, attributes(path), there)
            assert (now.st_uid, now.st_gid, now.st_mode) == (stat.st_uid, stat.st_gid, stat.st_mode), what
        same("undo", before, root.snapshot())


def test_attributes_of_a_removed_file(root: Root) -> None:
    """They come back with it."""
    with tempfile.TemporaryDirectory(dir=Path(__file__).parent) as directory:
        root = Root(Path(directory) / "root")
        device = "0000:07:00.0"
        root.device(device)
        rules = root.path / "etc/udev/rules.d/05-pcipass.rules"
        expect("bind", *drive(root, "run", f"bind:{device},1000,0072,mpt3sas,boot"), 0)
        try:
            os.setxattr(rules, "user.test", b"kept")
        except OSError as e:
            print(f"skipped: attributes: {e}")
            return
        expect("unbind", *drive(root, "run", f"unbind:{device},1000,0072,mpt3sas,boot"), 0)
        assert not rules.exists()
        expect("undo", *drive(root, "undo"), 0)
        assert os.getxattr(rules, "user.test") == b"kept"


def test_hard_links(_: Root) -> None:
    with tempfile.TemporaryDirectory() as directory:
        root = Root(Path(directory) / "root", "initramfs-tools", "grub2")
        os.link(root.path / "etc/default/grub", root.path / "etc/default/other")
        refused(root, EMLINK, "/etc/default/grub: has 2 hard links", steps=(ARGUMENT,))
        (root.path / "etc/default/other").unlink()
        expect("run", *drive(root, "run", ARGUMENT), 0)


def test_stopped(root: Root) -> None:
    """Between two operations, wherever; then all is rolled back and nothing is left to be done."""
    steps = (override(), ARGUMENT, SETTING)
    before = root.snapshot()
    for line in range(1, 100):
        code, text = drive(root, "run", f"--stop={line}", *steps)
        if code == 0:
            break
        expect(line, code, text, EINTR, "stopped by a signal", "is as it was before")
        same(line, before, root.snapshot())
        expect(line, *drive(root, "resume"), 2, "no apply was interrupted")
        expect(line, *drive(root, "undo"), 2, "undone already")
    assert line > 8, line
    expect("undo", *drive(root, "undo"), 0)
    same("undo", before, root.snapshot())


def test_what_is_made_anew_is_said(root: Root) -> None:
    """A line that a hand added to the menu is lost: nothing says that it is not."""
    code, text = drive(root, "run", "--fail-setting", ARGUMENT, SETTING)
    expect("tools", code, text, 16, "Everything that pcipass changed is as it was before",
           "was rebuilt: update-grub")
    expect("no tools", *drive(root, "run", "--fail-setting", SETTING), 16, "Everything is as it was before")


def with_line(directory: str, where: str, line: str) -> tuple:
    """A host whose loader reads the line there; and what to read it back from."""
    path = Path(directory) / "root"
    if where == "kernel-install":
        root = Root(path, "initramfs-tools", "none")
        root.loader("kernel-install")
        root.put("etc/kernel/cmdline", f"{line}\n")
        root.run_tool("kernel-install", "add", RELEASE, f"/boot/vmlinuz-{RELEASE}")
        return root, "etc/kernel/cmdline"
    root = Root(path, "initramfs-tools", where)
    root.put("etc/default/grub", f"GRUB_CMDLINE_LINUX_DEFAULT='{line}'\n")
    tool = "grub2-mkconfig" if where == "grub2" else "update-grub"
    root.run_tool(tool)
    return root, "boot/grub2/grub.cfg" if where == "grub2" else "boot/grub/grub.cfg"


def test_words_for_init(_: Root) -> None:
    """What stands behind "--" is not for the kernel."""
    for where in ("kernel-install", "grub2", "grub"):
        for line, wanted in (("quiet -- 3", "quiet intel_iommu=on -- 3"),
                             ("-- intel_iommu=on", "intel_iommu=on -- intel_iommu=on"),
                             ("quiet", "quiet intel_iommu=on"),
                             ("x--y a--", "x--y a-- intel_iommu=on")):
            with tempfile.TemporaryDirectory() as directory:
                root, made = with_line(directory, where, line)
                before = root.snapshot()
                roundtrip(root, ARGUMENT)
                text = root.text(made)
                if where == "grub":
                    # A drop-in adds at one end of the variable.
                    words = next(x for x in text.splitlines() if "\tlinux " in x).split()
                    assert words.index("intel_iommu=on") < (words + ["--"]).index("--"), (line, text)
                else:
                    assert wanted in text, (where, line, text)
                undo(root, before)


def test_quoted_words(_: Root) -> None:
    """Blanks between quotation marks end no word; what is not closed would swallow the argument."""
    with tempfile.TemporaryDirectory() as directory:
        root, made = with_line(directory, "kernel-install", 'dyndbg="file a +p; intel_iommu=on"')
        expect("run", *drive(root, "run", ARGUMENT), 0)
        assert root.text(made) == 'dyndbg="file a +p; intel_iommu=on" intel_iommu=on\n', root.text(made)
    for line in ('dyndbg="file a +p', '"quiet', 'a="b" c="'):
        with tempfile.TemporaryDirectory() as directory:
            root, _made = with_line(directory, "kernel-install", line)
            refused(root, ENOTSUP, "quotation mark without its partner", steps=(ARGUMENT,))
    for line in ('intel_iommu="on"', '"intel_iommu=on"', 'quiet intel_iommu=on -- 3'):
        with tempfile.TemporaryDirectory() as directory:
            root, made = with_line(directory, "kernel-install", line)
            assert "0 changes" in drive(root, "dry", "--ask=no", ARGUMENT)[1], line


def test_one_argument_twice(_: Root) -> None:
    for where in ("kernel-install", "grub2", "grub"):
        with tempfile.TemporaryDirectory() as directory:
            root, made = with_line(directory, where, "quiet")
            expect(where, *drive(root, "run", ARGUMENT, ARGUMENT), 0)
            assert root.text(made).count("intel_iommu=on") == 1, root.text(made)


if __name__ == "__main__":
    sys.exit(main(globals()))
