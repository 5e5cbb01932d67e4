# SPDX-License-Identifier: GPL-2.0-or-later
"""Hosts in a directory, with small stand-ins for the tools that make initrds and menus."""

import hashlib
import os
import struct
import subprocess
import sys
import time
import zlib
from pathlib import Path

RELEASE = "6.1.0-test"
OLD_BOOT, NEW_BOOT = "11111111-1111-1111-1111-111111111111", "22222222-2222-2222-2222-222222222222"
STATE = "var/lib/pcipass"
# What the stand-ins call for an early archive and for a unified kernel image: this file.
MAKE = f"{sys.executable} -B {os.path.abspath(__file__)}"
LOADER_GUID = "4a67b082-0a4c-41cf-b6c7-440b29bb8c4f"

# Both write what they make beside it and rename, as the real ones do.
UPDATE_INITRAMFS = """#!/bin/sh
set -e
cd "$PCIPASS_ROOT"
[ ! -e tools-fail ] || { echo "first line"; echo "update-initramfs: no space" >&2; exit 1; }
out=boot/initrd.img-%(release)s
trap 'rm -f $out.new' EXIT
: > $out.new
for hook in etc/initramfs-tools/hooks/*; do
	[ -x "$hook" ] || continue
	file=$(sed -n 's/^prepend_earlyinitramfs //p' "$hook")
	[ -z "$file" ] || cat ".$file" >> $out.new
done
echo "the initrd itself" >> $out.new
cat etc/udev/rules.d/*.rules >> $out.new 2>/dev/null || :
mv $out.new $out
""" % {"release": RELEASE}

# bash, as the real one: its configuration appends by +=.
DRACUT = """#!/bin/bash
set -e
cd "$PCIPASS_ROOT"
out=boot/initramfs-%(release)s.img
: > $out.new
for conf in etc/dracut.conf.d/*.conf; do
	[ -e "$conf" ] || continue
	. "./$conf"
done
[ "$acpi_override" != yes ] || %(make)s cpio .$acpi_table_dir/*.aml >> $out.new
for item in $install_items; do cat .$item >> $out.new; done
echo "the initrd itself" >> $out.new
[ "$uefi" != yes ] || {
	[ -n "$kernel_cmdline" ] || kernel_cmdline="root=/dev/found"
	image=boot/efi/EFI/Linux/linux-%(release)s-0123.efi
	%(make)s uki $image.new boot/vmlinuz-%(release)s $out.new "$kernel_cmdline"
	rm $out.new
	mv $image.new $image
	exit 0
}
mv $out.new $out
""" % {"release": RELEASE, "make": MAKE}

MKINITCPIO = """#!/bin/sh
set -e
cd "$PCIPASS_ROOT"
uki=
out=boot/initramfs-linux.img
[ ! -e etc/mkinitcpio.d/linux.preset ] || uki=$(sed -n 's/^default_uki="\\/\\(.*\\)"/\\1/p' etc/mkinitcpio.d/linux.preset)
[ "$1" = -P ] || out=$1
: > $out.new
for conf in etc/mkinitcpio.conf etc/mkinitcpio.conf.d/*.conf; do
	[ -e "$conf" ] && grep -q '^HOOKS.*acpi_override' $conf || continue
	%(make)s cpio etc/initcpio/acpi_override/*.aml >> $out.new
done
echo "the initrd itself" >> $out.new
[ -z "$uki" ] || {
	if cat etc/kernel/cmdline etc/cmdline.d/*.conf > line.new 2>/dev/null || [ -s line.new ]; then
		line=$(grep -h '^[^#]' line.new | tr -s '\\n' ' ')
	else
		line=$(cat proc/cmdline)
	fi
	rm -f line.new
	[ -e etc/initcpio/post/sbctl ] && kind=uki-signed || kind=uki
	%(make)s $kind $uki.new boot/vmlinuz-linux $out.new "$line"
	rm $out.new
	mv $uki.new $uki
	exit 0
}
mv $out.new $out
""" % {"make": MAKE}

UPDATE_GRUB = """#!/bin/sh
# reads default/grub.d
set -e
cd "$PCIPASS_ROOT"
. ./etc/default/grub
for x in etc/default/grub.d/*.cfg; do
	[ -e "$x" ] || continue
	. "./$x"
done
trap 'rm -f %(cfg)s.new' EXIT
early=
for i in $GRUB_EARLY_INITRD_LINUX_CUSTOM; do [ ! -e boot/$i ] || early="$early /boot/$i"; done
{
	echo "menuentry 'Debian' {"
	echo "	linux /boot/vmlinuz root=/dev/sda1 ro $GRUB_CMDLINE_LINUX $GRUB_CMDLINE_LINUX_DEFAULT"
	echo "	initrd $early /boot/initrd.img"
	echo "}"
} > %(cfg)s.new
mv %(cfg)s.new %(cfg)s
"""

# The same without drop-ins, as elsewhere.
GRUB2_MKCONFIG = UPDATE_GRUB.replace("# reads default/grub.d\n", "").replace(
    "for x in etc/default/grub.d/*.cfg; do\n\t[ -e \"$x\" ] || continue\n\t. \"./$x\"\ndone\n", "")

PROXMOX = """#!/bin/sh
set -e
cd "$PCIPASS_ROOT"
mkdir -p boot/esp
cat etc/kernel/cmdline > boot/esp/entry.new
mv boot/esp/entry.new boot/esp/entry
"""

KERNEL_INSTALL = """#!/bin/sh
set -e
cd "$PCIPASS_ROOT"
echo "options $(cat etc/kernel/cmdline)" > boot/loader/entries/$2.conf.new
mv boot/loader/entries/$2.conf.new boot/loader/entries/$2.conf
"""

# With layout=uki: the initrd by its own plugin, and all of it into one image.
KERNEL_INSTALL_UKI = """#!/bin/sh
# add-all
set -e
cd "$PCIPASS_ROOT"
initrd=boot/initrd.img-%(release)s
[ -e $initrd ] || { ./usr/sbin/mkinitcpio initrd.staged; initrd=initrd.staged; }
image=boot/EFI/Linux/0123-%(release)s.efi
%(make)s uki $image.new boot/vmlinuz-%(release)s $initrd "$(cat etc/kernel/cmdline)"
rm -f initrd.staged
mv $image.new $image
""" % {"release": RELEASE, "make": MAKE}

# With layout=bls: the entry's initrd is one that a plugin made for it.
KERNEL_INSTALL_BLS = """#!/bin/sh
# add-all
set -e
cd "$PCIPASS_ROOT"
./usr/sbin/mkinitcpio boot/0123/initrd
{
	echo "title Arch"
	echo "options $(cat etc/kernel/cmdline)"
} > boot/loader/entries/0123-%(release)s.conf.new
mv boot/loader/entries/0123-%(release)s.conf.new boot/loader/entries/0123-%(release)s.conf
""" % {"release": RELEASE}

# Debian 13's: each initrd that is made goes on to kernel-install.
DRACUT_DEBIAN = """#!/bin/bash
set -e
cd "$PCIPASS_ROOT"
[ "$1" = -f ]
if [ "$2" = --kver ]; then out=.$4; else out=.$2; fi
uefi=no
for conf in etc/dracut.conf.d/*.conf; do
	[ -e "$conf" ] || continue
	. "./$conf"
done
[ "$acpi_override" != yes ] || %(make)s cpio .$acpi_table_dir/*.aml > $out.new
for item in $install_items; do cat .$item >> $out.new; done
echo "the initrd itself" >> $out.new
mv $out.new $out
# post-update.d
[ "$KERNEL_INSTALL" ] || ./usr/sbin/kernel-install add %(release)s /boot/vmlinuz-%(release)s ${out#.} 2>/dev/null || :
""" % {"release": RELEASE, "make": MAKE}

KERNEL_INSTALL_DEBIAN = """#!/bin/bash
set -e
cd "$PCIPASS_ROOT"
layout=bls uki_generator=ukify
. ./etc/kernel/install.conf
initrds=$4
[ "$initrds" ] || {
	KERNEL_INSTALL=1 ./usr/sbin/dracut -f /initrd.staged %(release)s
	initrds="/initrd.staged /boot/initrd.img-%(release)s"
}
if [ $layout.$uki_generator = uki.dracut ]; then
	[ ! "$4" ] || { echo "Error: $3 is missing .efi suffix." >&2; exit 1; }
	for conf in etc/dracut.conf.d/*.conf; do [ ! -e "$conf" ] || . "./$conf"; done
	line=$kernel_cmdline
	initrds=/initrd.staged
else
	line=$(cat etc/kernel/cmdline)
fi
if [ $layout = uki ]; then
	image=boot/efi/EFI/Linux/debian-%(release)s.efi
	for i in $initrds; do cat .$i; done > initrds.new
	%(make)s uki $image.new .$3 initrds.new "$line"
	rm -f initrds.new initrd.staged
	mv $image.new $image
	exit 0
fi
entry=boot/efi/loader/entries/debian-%(release)s.conf
echo "options $line" > $entry.new
for i in $initrds; do
	name=${i##*/}
	name=${name%%.staged}
	cp .$i boot/efi/debian/$name
	echo "initrd /debian/$name" >> $entry.new
done
rm -f initrd.staged
mv $entry.new $entry
""" % {"release": RELEASE, "make": MAKE}

POST_UPDATE = """
./usr/sbin/kernel-install add %(release)s boot/vmlinuz-%(release)s
""" % {"release": RELEASE}


def cpio(*files: tuple) -> bytes:
    """newc, as from an uncompressed early archive."""
    out = b""
    for name, content in (*files, ("TRAILER!!!", b"")):
        out += b"070701" + b"".join(b"%08x" % n for n in (
            1, 0 if name == "TRAILER!!!" else 0o100644, 0, 0, 1, 0, len(content), 0, 0, 0, 0,
            len(name) + 1, 0)) + name.encode() + b"\0"
        out += bytes(-len(out) % 4) + content
        out += bytes(-len(out) % 4)
    return out + bytes(-len(out) % 512)


def uki(kernel: bytes, initrd: bytes, cmdline: bytes, signed: bool = False) -> bytes:
    """A PE32+ file of three sections, as ukify makes one round systemd-stub."""
    sections = [(b".linux", kernel), (b".cmdline", cmdline), (b".initrd", initrd)]
    sections = [(name, content) for name, content in sections if content is not None]
    optional = struct.pack("<H110x", 0x20b) + struct.pack("<32xII", 4096, 8 if signed else 0) + bytes(88)
    head = b"MZ" + bytes(58) + struct.pack("<I", 64) + b"PE\0\0" + struct.pack(
        "<HHIIIHH", 0x8664, len(sections), 0, 0, 0, len(optional), 0x22) + optional
    table, body, at = b"", b"", 1024
    for name, content in sections:
        padded = content + bytes(-len(content) % 512)
        table += struct.pack("<8sIIII16x", name, len(content), 0x10000 + at, len(padded), at)
        body += padded
        at += len(padded)
    return (head + table).ljust(1024, b"\0") + body


def scope(*hops: tuple, kind: int = 1, bus: int = 0) -> bytes:
    """VT-d 8.3.1"""
    return struct.pack("<BBHBB", kind, 6 + 2 * len(hops), 0, 0, bus) + bytes(b for h in hops for b in h)


def rmrr(start: int, end: int, *scopes: bytes) -> bytes:
    """VT-d 8.4"""
    body = b"".join(scopes)
    return struct.pack("<HHHHQQ", 1, 24 + len(body), 0, 0, start, end) + body


def dmar(*structures: bytes, revision: int = 1) -> bytes:
    """VT-d 8.1, with its checksum."""
    body = struct.pack("<BB10x", 38, 1) + b"".join(structures)
    table = bytearray(struct.pack("<4sIBB6s8sI4sI", b"DMAR", 36 + len(body), 1, 0, b"HP    ", b"ProLiant",
                                  revision, b"PCIP", 1) + body)
    table[9] = -sum(table) & 0xff
    return bytes(table)


DRHD = struct.pack("<HHBBHQ", 0, 16, 1, 0, 0, 0xfed90000)
FIRST = rmrr(0xbdf83000, 0xbdf84fff, scope((0x1c, 4), (0, 0)), scope((0x1c, 7), (0, 0)))
SECOND = rmrr(0xe8000, 0xe8fff, scope((0x1c, 4), (0, 0)))
TABLE = dmar(DRHD, FIRST, SECOND)
# Offsets of the scopes: of 1c.4's device in both regions, of 1c.7's in the first.
SCOPE_A, SCOPE_B, SCOPE_A2 = 64 + 24, 64 + 24 + 10, 64 + len(FIRST) + 24


def override(table: bytes = TABLE, *offsets: int) -> str:
    """The step that takes these scopes out of that table."""
    where = ",".join(str(o) for o in offsets or (SCOPE_A, SCOPE_A2))
    return f"override:DMAR:{zlib.crc32(table):08x}:{len(table)}:{where}"


def iort() -> bytes:
    """An IORT whose only group of devices has two RMRs, at 48 and 96."""
    rmr = struct.pack("<BHBIIIIIIQQI", 6, 48, 3, 0, 0, 0, 0, 1, 28, 0x4a000000, 0x10000, 0)
    table = bytearray(struct.pack("<4sIBB6s8sI4sI", b"IORT", 48 + 96, 5, 0, b"SAMPLE", b"SAMPLE  ", 1, b"PCIP", 1)
                      + struct.pack("<III", 2, 48, 0) + rmr + rmr)
    table[9] = -sum(table) & 0xff
    return bytes(table)


def override_iort(table: bytes, node: str = "") -> str:
    """The step that lets what this RMR node covers be remapped."""
    return f"override:IORT:{zlib.crc32(table):08x}:{len(table)}:{node}"


REFIND_LINUX = """\
"Boot with standard options"  "root=UUID=1-2 ro quiet splash"
"Boot to single-user mode"    "root=UUID=1-2 ro quiet splash single"
"Boot with minimal options"   "ro root=/dev/sda2"
"""


class Root:
    """A host's files below a directory."""

    def __init__(self, path: Path, early: str = "initramfs-tools", loader: str = "grub"):
        self.path = path
        self.put("proc/sys/kernel/random/boot_id", OLD_BOOT + "\n")
        self.put("proc/sys/kernel/osrelease", RELEASE + "\n")
        self.put(f"boot/config-{RELEASE}", "CONFIG_ACPI_TABLE_UPGRADE=y\n")
        self.put(f"boot/vmlinuz-{RELEASE}", "a kernel")
        self.put("sys/firmware/acpi/tables/DMAR", TABLE)
        self.put("sys/kernel/security/lockdown", "[none] integrity confidentiality\n")
        self.settings()
        self.put("etc/hostname", "host\n")
        (path / "var/lib").mkdir(parents=True)
        (path / "lib/modules" / RELEASE).mkdir(parents=True)
        self.early(early)
        self.loader(loader)

    def early(self, kind: str) -> None:
        """What makes initrds."""
        if kind == "initramfs-tools":
            (self.path / "etc/initramfs-tools/hooks").mkdir(parents=True)
            self.put("usr/share/initramfs-tools/hook-functions", "")
            self.tool("update-initramfs", UPDATE_INITRAMFS)
        elif kind == "dracut":
            (self.path / "etc/dracut.conf.d").mkdir(parents=True)
            self.tool("dracut", DRACUT)
        elif kind == "mkinitcpio":
            self.put("etc/mkinitcpio.conf", "HOOKS=(base udev)\n")
            (self.path / "etc/mkinitcpio.conf.d").mkdir(parents=True)
            self.put("usr/lib/initcpio/install/acpi_override", "build() {\n}\n")
            self.tool("mkinitcpio", MKINITCPIO)
        if kind == "initramfs-tools":
            self.run_tool("update-initramfs")
        elif kind == "dracut":
            self.run_tool("dracut")
        elif kind == "mkinitcpio":
            self.run_tool("mkinitcpio", "-P")

    def loader(self, kind: str) -> None:
        """What boots it."""
        if kind in ("grub", "grub2"):
            self.put("etc/default/grub", 'GRUB_DEFAULT=0\nGRUB_CMDLINE_LINUX_DEFAULT="quiet"\n'
                                         'GRUB_CMDLINE_LINUX=""\n')
        if kind == "grub":
            (self.path / "boot/grub").mkdir()
            (self.path / "etc/default/grub.d").mkdir()
            self.tool("grub-mkconfig", "#!/bin/sh\n# ${sysconfdir}/default/grub.d\n")
            self.tool("update-grub", UPDATE_GRUB % {"cfg": "boot/grub/grub.cfg"})
            self.run_tool("update-grub")
        elif kind == "grub2":
            (self.path / "boot/grub2").mkdir()
            self.tool("grub2-mkconfig", GRUB2_MKCONFIG % {"cfg": "boot/grub2/grub.cfg"})
            self.run_tool("grub2-mkconfig")
        elif kind == "proxmox":
            self.put("etc/kernel/proxmox-boot-uuids", "0000-0000\n")
            self.put("etc/kernel/cmdline", "root=ZFS=rpool/ROOT boot=zfs\n")
            self.tool("proxmox-boot-tool", PROXMOX)
            self.run_tool("proxmox-boot-tool", "refresh")
        elif kind == "kernel-install":
            self.put("etc/kernel/cmdline", "root=/dev/sda2 rw\n")
            (self.path / "boot/loader/entries").mkdir(parents=True)
            self.tool("kernel-install", KERNEL_INSTALL)
            self.run_tool("kernel-install", "add", RELEASE)
        elif kind == "grubby":
            self.tool("grubby", "#!/bin/sh\nexit 1\n")
            for name in ("a", "b"):
                self.put(f"boot/loader/entries/{name}.conf",
                         f"title {name}\nlinux /vmlinuz-{name}\noptions root=/dev/sda1 ro quiet\n"
                         "grub_users $grub_users\n")
            self.put("etc/kernel/cmdline", "root=/dev/sda1 ro quiet")
            self.put("etc/default/grub", 'GRUB_CMDLINE_LINUX="quiet"\n')

        elif kind == "refind":
            # As mkrlconf of refind 0.13.2 writes it; rEFInd itself adds the initrd.
            self.put("boot/refind_linux.conf", REFIND_LINUX)
            self.put("proc/cmdline", "root=UUID=1-2 ro quiet splash initrd=\\boot\\initrd.img\n")

    def variable(self, name: str, text: str) -> None:
        """Of the Boot Loader Interface, as efivarfs shows it."""
        self.put(f"sys/firmware/efi/efivars/{name}-{LOADER_GUID}",
                 struct.pack("<I", 6) + text.encode("utf-16-le") + b"\0\0")

    def secure_boot(self) -> None:
        self.put("sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c",
                 struct.pack("<IB", 6, 1))

    def started_from(self, image: str, command_line: str = "root=/dev/sda2 rw") -> None:
        """systemd-boot started this unified kernel image; 256 and older tell no more."""
        self.variable("LoaderInfo", "systemd-boot 255.4")
        self.variable("StubInfo", "systemd-stub 255.4")
        self.variable("LoaderEntrySelected", image.rsplit("/", maxsplit=1)[-1])
        self.put("proc/cmdline", command_line + "\n")

    def make_uki(self, maker: str) -> str:
        """A host that starts from an image which it makes itself; gives the image's path."""
        line = "root=/dev/sda2 rw"
        if maker == "mkinitcpio":
            image = "efi/EFI/Linux/arch-linux.efi"
            self.put("boot/vmlinuz-linux", "a kernel")
            self.put("etc/mkinitcpio.d/linux.preset", "#default_config=\"/etc/mkinitcpio.conf\"\n"
                     f"#default_image=\"/boot/x.img\"\ndefault_uki=\"/{image}\"\n")
            self.put("etc/kernel/cmdline", line + "\n")
            command = ("mkinitcpio", "-P")
            (self.path / "boot/initramfs-linux.img").unlink()
        elif maker == "dracut":
            image = f"boot/efi/EFI/Linux/linux-{RELEASE}-0123.efi"
            self.put("etc/dracut.conf.d/uki.conf", f"uefi=\"yes\"\nkernel_cmdline=\"{line}\"\n")
            command = ("dracut",)
            (self.path / f"boot/initramfs-{RELEASE}.img").unlink()
        else:
            image = f"boot/EFI/Linux/0123-{RELEASE}.efi"
            self.put("etc/kernel/install.conf", "layout=uki\n")
            self.put("etc/kernel/cmdline", line + "\n")
            self.put(f"lib/modules/{RELEASE}/vmlinuz", "a kernel")
            self.tool("ukify", "#!/bin/sh\n")
            self.tool("kernel-install", KERNEL_INSTALL_UKI)
            command = ("kernel-install", "add-all")
            if (self.path / "usr/sbin/mkinitcpio").exists():
                self.put("usr/lib/kernel/install.d/50-mkinitcpio.install", "#!/bin/sh\n")
                (self.path / "boot/initramfs-linux.img").unlink()
            else:
                self.put("etc/initramfs/post-update.d/systemd-boot", "#!/bin/sh\n")
                self.tool("update-initramfs", UPDATE_INITRAMFS + POST_UPDATE)
        (self.path / image).parent.mkdir(parents=True)
        self.run_tool(*command)
        self.started_from(image)
        return image

    def device(self, address: str, driver: str = "mpt3sas", vendor: str = "1000", device: str = "0072",
               built_in: bool = False) -> None:
        """A PCI device with a driver; files only, so nothing reacts when they are written."""
        where = self.path / "sys/bus/pci/devices" / address
        self.put(f"sys/bus/pci/devices/{address}/vendor", f"0x{vendor}\n")
        self.put(f"sys/bus/pci/devices/{address}/device", f"0x{device}\n")
        self.put(f"sys/bus/pci/devices/{address}/class", "0x010700\n")
        self.put(f"sys/bus/pci/devices/{address}/driver_override", "(null)\n")
        for name in (driver, "vfio-pci"):
            (self.path / "sys/bus/pci/drivers" / name).mkdir(parents=True, exist_ok=True)
            self.put(f"sys/bus/pci/drivers/{name}/unbind", "")
            self.put(f"sys/bus/pci/drivers/{name}/bind", "")
        if not built_in:
            (self.path / "sys/bus/pci/drivers" / driver / "module").mkdir(exist_ok=True)
        self.put("sys/bus/pci/drivers_probe", "")
        for directory in ("sys/class/block", "sys/class/net", "sys/class/graphics", "sys/fs/btrfs"):
            (self.path / directory).mkdir(parents=True, exist_ok=True)
        for name in ("self/mountinfo", "swaps", "net/route", "net/ipv6_route", "consoles"):
            if not (self.path / "proc" / name).exists():
                self.put(f"proc/{name}", "")
        os.symlink(f"../../drivers/{driver}", where / "driver")

    def kernel(self, address: str, driver: str = "mpt3sas") -> None:
        """From now on somebody reacts: what the kernel binds the device to where no override stands."""
        self.put(f"kernel/{address}", driver + "\n")

    def driver(self, address: str) -> str:
        link = self.path / "sys/bus/pci/devices" / address / "driver"
        return link.readlink().name if link.is_symlink() else ""

    def group(self, address: str, number: int, *cdevs: str) -> None:
        """Its IOMMU group, as a guest opens it."""
        devices = self.path / f"sys/kernel/iommu_groups/{number}/devices"
        devices.mkdir(parents=True, exist_ok=True)
        (devices / address).symlink_to(f"../../../../bus/pci/devices/{address}")
        (self.path / "sys/bus/pci/devices" / address / "iommu_group").symlink_to(
            f"../../../../kernel/iommu_groups/{number}")
        self.put(f"dev/vfio/{number}", "")
        for cdev in cdevs:
            (self.path / "sys/bus/pci/devices" / address / "vfio-dev" / cdev).mkdir(parents=True)
            self.put(f"dev/vfio/devices/{cdev}", "")

    def put(self, path: str, content) -> None:
        whole = self.path / path
        whole.parent.mkdir(parents=True, exist_ok=True)
        whole.write_bytes(content if isinstance(content, bytes) else content.encode())

    def read(self, path: str) -> bytes:
        return (self.path / path).read_bytes()

    def text(self, path: str) -> str:
        return self.read(path).decode()

    def settings(self, *excluded: int) -> None:
        """An image of a DL380p Gen8's settings, in which these slots' endpoints are excluded."""
        nvram = bytearray(4096)
        for slot in excluded:
            nvram[0x26a + (slot - 1) // 8] |= 1 << (slot - 1) % 8
        lines = [nvram[at:at + 32].hex() for at in range(0, 4096, 32)]
        text = "\n".join(["pcipass-settings 1", "product ProLiant DL380p Gen8", "rom-family P70",
                          "nvram 4096", *lines, ""])
        self.put("settings", f"{text}crc32 {zlib.crc32(text.encode()):08x}\n")

    def excluded(self) -> list:
        """The slots that the image says are excluded."""
        lines = self.text("settings").split("nvram 4096\n")[1].splitlines()[:128]
        nvram = bytes.fromhex("".join(lines))
        return [n for n in range(1, 17) if nvram[0x26a + (n - 1) // 8] >> (n - 1) % 8 & 1]

    def tool(self, name: str, script: str | bytes) -> None:
        self.put(f"usr/sbin/{name}", script)
        (self.path / "usr/sbin" / name).chmod(0o755)

    def run_tool(self, name: str, *args: str) -> None:
        subprocess.run([self.path / "usr/sbin" / name, *args], check=True,
                       env={"PATH": "/usr/bin:/bin", "PCIPASS_ROOT": str(self.path)})

    def snapshot(self, state: bool = False) -> dict:
        """Every path with kind, mode and content, but what the journal's directory holds of its own."""
        seen = {}
        for path in sorted(self.path.rglob("*")):
            name = str(path.relative_to(self.path))
            if not state and name in (STATE, STATE + "/apply.json", STATE + "/apply.lock"):
                continue
            # Of an image whose writer was killed; who writes it again removes them.
            if name.startswith(".pcipass-") and name.endswith(".tmp") or name == "settings.lock":
                continue
            if not state and name.startswith(STATE + "/.pcipass-") and name.endswith(".tmp"):
                continue
            # Write-only to the kernel.
            if name.endswith(("/bind", "/unbind", "/drivers_probe")):
                continue
            mode = path.lstat().st_mode
            content = (os.readlink(path) if path.is_symlink() else
                       path.read_text().split("\n")[0].replace("(null)", "") if path.name == "driver_override"
                       else hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "")
            seen[name] = (oct(mode), content)
        return seen


class Driver:
    """The program under test."""

    def __init__(self, program: str):
        self.program = program

    def __call__(self, root: Root, *args: str, prefix: tuple = ()) -> tuple:
        """The errno and all that was printed."""
        # The leak sanitizer does not work in a traced process.
        extra = {"ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":detect_leaks=0"} if prefix else {}
        out = subprocess.run([*prefix, self.program, str(root.path), *args], capture_output=True,
                             text=True, timeout=60, env={**os.environ, **extra})
        lines = out.stdout.strip().splitlines()
        if out.returncode not in (0, 1) or not lines:
            return out.returncode, out.stdout + out.stderr
        return int(lines[-1].split()[0]), out.stdout

    def start(self, root: Root, *args: str) -> subprocess.Popen:
        """The same, without waiting for its end."""
        return subprocess.Popen([self.program, str(root.path), *args], stdout=subprocess.PIPE,
                                stderr=subprocess.DEVNULL, text=True)

    def settle(self, root: Root, *args: str) -> tuple:
        """The same, once a tool that outlived its starter has ended."""
        for _ in range(1000):
            code, text = self(root, *args)
            if code != 16 or "another pcipass" not in text:
                return code, text
            time.sleep(0.02)
        return code, text


def differences(a: dict, b: dict) -> list:
    return [f"{name}: {a.get(name)} -> {b.get(name)}" for name in sorted(a.keys() | b.keys())
            if a.get(name) != b.get(name)]


def main() -> int:
    what, *args = sys.argv[1:]
    if what == "cpio":
        sys.stdout.buffer.write(cpio(*((f"kernel/firmware/acpi/{Path(p).name}", Path(p).read_bytes())
                                       for p in args)))
    else:
        Path(args[0]).write_bytes(uki(Path(args[1]).read_bytes(), Path(args[2]).read_bytes(),
                                      args[3].encode() + b"\0", what == "uki-signed"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
