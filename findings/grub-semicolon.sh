#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# GRUB ends the kernel's command line at the ";" that the kernel wants between two PCI devices.
#
# Expected: what stands in GRUB_CMDLINE_LINUX arrives at the kernel, as it does with systemd-boot.
# Seen: grub-mkconfig writes it into grub.cfg as it is, and GRUB takes ";" as the end of the command. The kernel
#   gets the first device only, and nothing that stands behind it. GRUB says "can't find command", boots
#   on, and grub-script-check finds no fault.
# Versions: grub-common and grub-pc-bin 2.06-13+deb12u2 (Debian 12), the same in 2.12-9+deb13u4 (Debian 13).
# Why it matters: pci=disable_acs_redir=, pci=resource_alignment= and pci=config_acs= take several devices with
#   ";" between them, and are used for passthrough. The second device keeps its ACS; and intel_iommu=on
#   behind it is lost as well, so there are no groups at all. Single quotes in the value help:
#   GRUB_CMDLINE_LINUX="pci=disable_acs_redir='0000:00:1c.0;0000:00:1d.0' intel_iommu=on".
# shellcheck source-path=SCRIPTDIR source=common.sh
. "$(dirname "$0")/common.sh"
get "${qemu_packages[@]}" grub-common=2.06-13+deb12u2 grub-pc-bin=2.06-13+deb12u2 \
	proot=5.1.0-1.3 libtalloc2=2.4.0-f2
needs qemu-system-x86_64 grub-mkimage proot

# What grub-mkconfig runs for Linux, on a /boot with one kernel and with answers for what it asks of disks.
mkdir -p "$work/boot/grub" "$work/disk"
touch "$work/boot/vmlinuz-6.1.0" "$work/boot/initrd.img-6.1.0"
cat >"$work/probe" <<'END'
#!/bin/sh
case "$*" in
*fs_uuid*) echo 1234 ;;
*--target=fs*) echo ext2 ;;
*partmap*) echo gpt ;;
*compatibility*) echo '(hd0)' ;;
esac
END
chmod +x "$work/probe"

# entry ARGUMENTS: the first "linux" line of the grub.cfg for GRUB_CMDLINE_LINUX=ARGUMENTS.
entry() {
	timeout 60 proot -b "$work/boot:/boot" -b "$work/probe:/usr/sbin/grub-probe" \
		-b "$root/usr/bin/grub-mkrelpath:/usr/bin/grub-mkrelpath" \
		env pkgdatadir="$root/usr/share/grub" GRUB_DEVICE=/dev/sda1 GRUB_DEVICE_UUID=1234 GRUB_CMDLINE_LINUX="$1" \
		sh "$root/etc/grub.d/10_linux" 2>/dev/null | awk '/^\tlinux\t/ && !n++' | tr '\t' ' '
}

# arrives: what GRUB gives to the command on standard input, and what it says beside, on a serial line.
arrives() {
	cat >"$work/disk/grub.cfg" <<-END
		serial --unit=0
		terminal_output serial
		function linux { for word in "\$@"; do echo "word \$word"; done; }
		$(cat)
		halt
	END
	tar -C "$work/disk" -cf "$work/disk.tar" grub.cfg
	echo 'normal (memdisk)/grub.cfg' >"$work/start"
	grub-mkimage -d "$root/usr/lib/grub/i386-pc" -O i386-pc -o "$work/core" -p '(memdisk)' -m "$work/disk.tar" \
		-c "$work/start" biosdisk serial echo terminal halt normal memdisk tar
	cat "$root/usr/lib/grub/i386-pc/boot.img" "$work/core" >"$work/image"
	truncate -s 4M "$work/image"
	timeout 60 qemu-system-x86_64 -L "$root/usr/share/qemu" -L "$root/usr/share/seabios" -machine pc,accel=tcg -m 64 \
		-display none -nodefaults -serial stdio -drive "file=$work/image,format=raw" -no-reboot 2>/dev/null |
		tr '\r\033' '\n' | grep -o 'word .*\|error: .*' | sed 's/^word //'
}
two='0000:00:1c.0;0000:00:1d.0'
entry "pci=disable_acs_redir=$two intel_iommu=on" >"$work/plain"
same "grub.cfg" "$(sed 's/^ *//; s/ *$//' "$work/plain")" <<'END'
linux /boot/vmlinuz-6.1.0 root=/dev/sda1 ro pci=disable_acs_redir=0000:00:1c.0;0000:00:1d.0 intel_iommu=on
END
same "the words that arrive" "$(arrives <"$work/plain")" <<'END'
/boot/vmlinuz-6.1.0
root=/dev/sda1
ro
pci=disable_acs_redir=0000:00:1c.0
error: can't find command `0000:00:1d.0'.
END
same "the words that arrive, with single quotes" \
	"$(entry "pci=disable_acs_redir='$two' intel_iommu=on" | arrives)" <<'END'
/boot/vmlinuz-6.1.0
root=/dev/sda1
ro
pci=disable_acs_redir=0000:00:1c.0;0000:00:1d.0
intel_iommu=on
END
finish
