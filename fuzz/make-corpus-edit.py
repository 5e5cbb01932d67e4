#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Makes the corpora of fuzz-edit and fuzz-dry-run of the hosts that tests/apply has: small files, the same every time."""

import json
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "tests/apply"))
import fakeroot  # noqa: E402  pylint: disable=wrong-import-position

# A program is its name; GRUB's say in a comment what they read.
MAX_BYTES, PROGRAM_BYTES = 4096, 100
# Letters whose codes choose one of arguments[] in fuzz-edit.c.
CHOICES = {"on": b"Q", "igfx": b"V", "nointremap": b"Y"}


def section(path: str, content: bytes) -> bytes:
    return f"=== {path}\n".encode() + content + (b"" if content.endswith(b"\n") else b"\n")


def files_of(root: Path) -> bytes:
    """The small files of a host."""
    made = b""
    for path in sorted(p for p in root.rglob("*") if p.is_file()):
        content = path.read_bytes()
        name = str(path.relative_to(root))
        if name.startswith("usr/sbin/"):
            content = content[:PROGRAM_BYTES]
        if len(content) <= MAX_BYTES and not name.startswith(("settings", "etc/hostname")):
            made += section(name, content)
    return made


def host(early: str, loader: str, also: dict[str, str] | None = None) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        root = fakeroot.Root(Path(folder) / "r", early, loader)
        for path, text in (also or {}).items():
            root.put(path, text)
        return files_of(root.path)


def uki(maker: str) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        root = fakeroot.Root(Path(folder) / "r", "mkinitcpio" if maker == "mkinitcpio" else maker, "none")
        root.make_uki(maker)
        return files_of(root.path)


ENTRY = "title A nointremap\nlinux /vmlinuz\noptions root=/dev/sda2 quiet intel_iommu=on,igfx_off -- nointremap x\n"
HOSTS = {
    "grub": host("initramfs-tools", "grub"),
    "grub-rest": host("initramfs-tools", "grub", {
        "etc/default/grub": "GRUB_CMDLINE_LINUX_DEFAULT='quiet dyndbg=\"file x nointremap\" nointremap -- nointremap'\n",
        "etc/default/grub.d/x.cfg": "GRUB_CMDLINE_LINUX=\"$GRUB_CMDLINE_LINUX intel_iommu=igfx_off,on\"\n"}),
    # What else the kernel takes for a blank.
    "grub-blank": host("initramfs-tools", "grub", {
        "etc/default/grub": "GRUB_CMDLINE_LINUX='x\u00a0nointremap\v-- nointremap'\n"}),
    "grub2": host("dracut", "grub2"),
    "grubby": host("dracut", "grubby", {"boot/loader/entries/c.conf": ENTRY, "boot/loader/entries/0.conf.save": ENTRY}),
    "proxmox": host("initramfs-tools", "proxmox", {"etc/kernel/cmdline": "root=ZFS=rpool nointremap -- nointremap"}),
    "kernel-install": host("mkinitcpio", "kernel-install"),
    "refind": host("mkinitcpio", "refind", {"boot/refind_linux.conf": fakeroot.REFIND_LINUX + '"x nointremap" "nointremap '
                                            'dyndbg=""file x nointremap"" quiet -- nointremap"\n'}),
    "entry": host("mkinitcpio", "none", {"boot/loader/entries/arch.conf": ENTRY,
                                         "sys/firmware/efi/efivars/LoaderEntrySelected-" + fakeroot.LOADER_GUID:
                                         "\6\0\0\0a\0r\0c\0h\0.\0c\0o\0n\0f\0\0\0"}),
    "uki": uki("mkinitcpio"),
    "uki-dracut": uki("dracut"),
}
BIND = {"address": "0000:07:00.0", "vendor": "1000", "device": "0087", "expected_driver": "mpt3sas"}
DEVICE = {"sys/bus/pci/devices/0000:07:00.0/vendor": "0x1000\n", "sys/bus/pci/devices/0000:07:00.0/device": "0x0087\n",
          "sys/bus/pci/devices/0000:07:00.0/driver_override": "(null)\n"}
# The host of each plan in the corpus of fuzz-plan.
PLANS = {"argument": ("initramfs-tools", "grub"), "bind": ("initramfs-tools", "grub"), "unbind": ("dracut", "grubby"),
         "instruction": ("mkinitcpio", "kernel-install"), "override-dmar": ("initramfs-tools", "proxmox"),
         "override-ivrs": ("dracut", "grub2"), "setting": ("mkinitcpio", "kernel-install")}


def with_steps(plan: dict, steps: list) -> bytes:
    return json.dumps(plan | {"steps": steps}, separators=(",", ":")).encode()


def main() -> None:
    for folder in ("edit", "dry-run"):
        (HERE / "corpus" / folder).mkdir(exist_ok=True)
    for name, files in HOSTS.items():
        for choice, letter in CHOICES.items():
            (HERE / "corpus/edit" / f"{name}-{choice}").write_bytes(section("do", letter) + files)
    for name, kinds in PLANS.items():
        plan = (HERE / "corpus/plan" / name).read_bytes()
        (HERE / "corpus/dry-run" / name).write_bytes(section("plan", plan) + host(*kinds, DEVICE))
    # All in one plan: what several steps write is one operation.
    plan = json.loads((HERE / "corpus/plan/argument").read_text())
    steps = [json.loads((HERE / "corpus/plan" / name).read_text())["steps"][0] for name in ("argument", "instruction")]
    head = {"remedy": "x", "text": "x", "side_effect": None, "undo": "y", "needs_reboot": True}
    steps += [head | {"kind": "take-off", "take-off": {"argument": "nointremap"}},
              head | {"kind": "option", "option": {"module": "vfio-pci", "option": "disable_idle_d3=1"}}]
    (HERE / "corpus/dry-run/several").write_bytes(section("plan", with_steps(plan, steps)) + HOSTS["grub-rest"])


main()
