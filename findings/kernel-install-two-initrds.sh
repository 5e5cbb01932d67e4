#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# kernel-install on Debian 13 puts two initrds into one boot entry: a new one of dracut's, and an older one.
#
# Expected: "kernel-install add VERSION KERNEL", by which systemd-boot's entries get a changed
#   /etc/kernel/cmdline, takes one initrd: the one that dracut's plugin makes for it.
# Seen: Debian's plugin 55-initrd.install adds /boot/initrd.img-VERSION, which dracut made when the kernel was
#   installed or the initrd was last made anew. The entry names both, the loader hands over both, and the
#   kernel unpacks one over the other: a udev rule or modprobe.d line that was taken away since is in force
#   in the initrd again, and there are twice as many bytes to load.
# Versions: systemd 257.13-1~deb13u1, systemd-boot 257.13-1~deb13u1, dracut-core 106-6 (Debian 13).
# Why it matters: a device stays bound to vfio-pci at boot by a rule that is nowhere in /etc any more.
# shellcheck source-path=SCRIPTDIR source=common.sh
. "$(dirname "$0")/common.sh"
get_from trixie systemd=257.13-1~deb13u1 systemd-boot=257.13-1~deb13u1 systemd-boot-efi=257.13-1~deb13u1 \
	dracut-core=106-6
# The plugin looks into /boot, which is one of its own here.
unshare --map-root-user --mount true 2>/dev/null || skip "this needs user namespaces"

# shellcheck disable=SC2154
mkdir -p "$work/boot/debian/6.12" "$work/staging" "$work/conf"
cp "$root/usr/lib/systemd/boot/efi/linuxx64.efi.stub" "$work/boot/vmlinuz-6.12"
echo "root=/dev/sda2" >"$work/conf/cmdline"
echo "of the kernel's package" >"$work/boot/initrd.img-6.12"
# Where dracut's plugin leaves its own.
echo "of dracut's plugin" >"$work/staging/initrd"

# plugins NAME...: runs plugins of kernel-install as kernel-install does, for a kernel in /boot.
plugins() {
	# shellcheck disable=SC2016
	KERNEL_INSTALL_VERBOSE=0 KERNEL_INSTALL_MACHINE_ID=0123456789abcdef0123456789abcdef \
		KERNEL_INSTALL_ENTRY_TOKEN=debian KERNEL_INSTALL_BOOT_ROOT=/boot KERNEL_INSTALL_LAYOUT=bls \
		KERNEL_INSTALL_IMAGE_TYPE=pe KERNEL_INSTALL_CONF_ROOT=$work/conf \
		KERNEL_INSTALL_STAGING_AREA=$work/staging KERNEL_INSTALL_INITRD_GENERATOR=dracut \
		unshare --map-root-user --mount sh -ec 'mount --bind "$1/boot" /boot; shift
			for plugin; do "$plugin" add 6.12 /boot/debian/6.12 /boot/vmlinuz-6.12; done' sh "$work" "$@"
}

# shellcheck disable=SC2016
same "where dracut's plugin leaves its initrd" \
	"$(grep -c 'KERNEL_INSTALL_STAGING_AREA/$IMAGE" || exit 1$' "$root/usr/lib/kernel/install.d/50-dracut.install")" <<'END'
1
END
plugins "$root/usr/lib/kernel/install.d/55-initrd.install" "$root/usr/lib/kernel/install.d/90-loaderentry.install" \
	>"$work/log" 2>&1 || skip "the plugins do not run here: $(tail -n 1 "$work/log")"
same "the entry's initrds" "$(grep '^initrd' "$work/boot/loader/entries/debian-6.12.conf")" <<'END'
initrd     /boot/debian/6.12/initrd
initrd     /boot/debian/6.12/initrd.img-6.12
END
same "what these are" "$(cd "$work/boot/debian/6.12" && cat initrd initrd.img-6.12)" <<'END'
of dracut's plugin
of the kernel's package
END
finish
