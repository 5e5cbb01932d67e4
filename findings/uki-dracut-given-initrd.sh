#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# With uki_generator=dracut, a new initrd that is handed to kernel-install makes no unified kernel image.
#
# Expected: "dracut -f --regenerate-all" on Debian 13 has every initrd made anew, and where kernel-install makes
#   unified images (layout=uki, uki_generator=dracut) these as well: Debian's dracut runs
#   /etc/initramfs/post-update.d/systemd-boot, which runs "kernel-install add VERSION KERNEL INITRD".
# Seen: given an initrd, dracut's plugin leaves the work to others and exits 0, and the plugin that copies
#   the image takes the plain kernel for it: "is missing .efi suffix", exit 1. The old image stays, and dracut
#   ends with 0 all the same. Without the initrd ("kernel-install add VERSION KERNEL") the image is made.
# Versions: dracut-core 106-6, systemd 257.13-1~deb13u1, systemd-boot 257.13-1~deb13u1 (Debian 13).
# Why it matters: who puts a modprobe.d line, a udev rule for vfio-pci or an ACPI table into the initrd
#   and regenerates all boots the old image, without what was put there.
# shellcheck source-path=SCRIPTDIR source=common.sh
. "$(dirname "$0")/common.sh"
get_from trixie systemd=257.13-1~deb13u1 systemd-boot=257.13-1~deb13u1 systemd-boot-efi=257.13-1~deb13u1 \
	dracut-core=106-6

# Any EFI program does for a kernel: none is started.
# shellcheck disable=SC2154
kernel=$work/boot/vmlinuz-6.12
initrd=$work/boot/initrd.img-6.12
mkdir -p "$work/boot/debian/6.12" "$work/staging"
cp "$root/usr/lib/systemd/boot/efi/linuxx64.efi.stub" "$kernel"
echo "an initrd" >"$initrd"

# plugin NAME: runs a plugin of kernel-install as kernel-install does, with an initrd; says how it ended.
plugin() {
	local status=0
	KERNEL_INSTALL_VERBOSE=0 KERNEL_INSTALL_MACHINE_ID=0123456789abcdef0123456789abcdef \
		KERNEL_INSTALL_ENTRY_TOKEN=debian KERNEL_INSTALL_BOOT_ROOT=$work/boot KERNEL_INSTALL_LAYOUT=uki \
		KERNEL_INSTALL_IMAGE_TYPE=pe KERNEL_INSTALL_CONF_ROOT=$work/conf \
		KERNEL_INSTALL_STAGING_AREA=$work/staging KERNEL_INSTALL_INITRD_GENERATOR=dracut \
		KERNEL_INSTALL_UKI_GENERATOR=dracut \
		"$root/usr/lib/kernel/install.d/$1" add 6.12 "$work/boot/debian/6.12" "$kernel" "$initrd" \
		>"$work/said" 2>&1 || status=$?
	sed "s|$work||g" "$work/said"
	echo "exit $status"
}

same "Debian's hook hands the initrd on" "$(grep '^kernel-install' "$root/etc/initramfs/post-update.d/systemd-boot")" <<'END'
kernel-install add "$1" "$k" "$2"
END
same "dracut's own plugin, given an initrd" "$(plugin 50-dracut.install; ls "$work/staging")" <<'END'
exit 0
END
same "the plugin that copies the image" "$(plugin 90-uki-copy.install; find "$work/boot" -name "*.efi")" <<'END'
Error: /boot/vmlinuz-6.12 is missing .efi suffix.
exit 1
END
# What comes of that hook is not looked at.
same "the end of dracut" "$(tail -n 6 "$root/usr/bin/dracut")" <<'END'
if [ -z "$NO_POST_UPDATE_HOOKS" ] && [ -d /etc/initramfs/post-update.d/ ]; then
    run-parts --arg="${kernel}" --arg="${outfile}" \
        /etc/initramfs/post-update.d/
fi

exit 0
END
finish
