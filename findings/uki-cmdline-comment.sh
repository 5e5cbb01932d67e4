#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A comment in /etc/kernel/cmdline is left out of a boot loader entry, and becomes kernel arguments in a
# unified kernel image: two plugins of one kernel-install.
#
# Expected: both plugins of systemd 257, which read the same file for the same kernel, make the same command
#   line of it. The one for loader entries skips lines that begin with "#".
# Seen: the one for unified kernel images takes every word of the file, "#" and all behind it. An argument
#   that was commented out is in force again when the host changes to unified images: here
#   intel_iommu=off. systemd 252 does the same in loader entries too.
# Versions: systemd and systemd-ukify 257.13-1~deb13u1 (Debian 13), systemd 252.39-1~deb12u2 (Debian 12).
# Why it matters: a host that is prepared for passthrough has its IOMMU switched off by a line that
#   everybody reads as a comment, and /proc/cmdline is the only place that shows it.
# shellcheck source-path=SCRIPTDIR source=common.sh
. "$(dirname "$0")/common.sh"
get systemd=252.39-1~deb12u2
mv "$root" "$work/debian-12"
mkdir "$root"
get_from trixie systemd=257.13-1~deb13u1 systemd-ukify=257.13-1~deb13u1 \
	systemd-boot-efi=257.13-1~deb13u1 python3-pefile=2024.8.26-2.1
export PYTHONPATH=$root/usr/lib/python3/dist-packages
python3 -c 'import pefile' 2>"$work/log" || skip "this needs python3: $(tail -n 1 "$work/log")"

mkdir "$work/conf" "$work/boot" "$work/staging"
cat >"$work/conf/cmdline" <<-END
	root=/dev/sda2 intel_iommu=on
	# intel_iommu=off until the BIOS is updated
END
# Any EFI program does for a kernel: none is started.
kernel=$root/usr/lib/systemd/boot/efi/linuxx64.efi.stub
machine=0123456789abcdef0123456789abcdef

# plugin DIRECTORY NAME LAYOUT: runs a plugin of kernel-install as kernel-install does.
plugin() {
	mkdir -p "$work/boot/debian/6.12"
	# shellcheck disable=SC2154
	KERNEL_INSTALL_VERBOSE=0 KERNEL_INSTALL_MACHINE_ID=$machine KERNEL_INSTALL_ENTRY_TOKEN=debian \
		KERNEL_INSTALL_BOOT_ROOT=$work/boot KERNEL_INSTALL_LAYOUT=$3 KERNEL_INSTALL_IMAGE_TYPE=pe \
		KERNEL_INSTALL_CONF_ROOT=$work/conf KERNEL_INSTALL_STAGING_AREA=$work/staging \
		KERNEL_INSTALL_INITRD_GENERATOR=none KERNEL_INSTALL_UKI_GENERATOR=ukify \
		KERNEL_INSTALL_UKIFY=$root/usr/bin/ukify KERNEL_INSTALL_BOOT_STUB=$kernel \
		"$1/usr/lib/kernel/install.d/$2" add 6.12 "$work/boot/debian/6.12" "$kernel"
}
# options: what the loader entry hands to the kernel.
options() {
	sed -n 's/^options *//p; ' "$work/boot/loader/entries/debian-6.12.conf" | sed 's/ *$//'
}
# section: the same of the unified image.
section() {
	python3 - "$work/staging/uki.efi" <<-'END'
		import pefile, sys
		for s in pefile.PE(sys.argv[1]).sections:
		    if s.Name.rstrip(b"\0") == b".cmdline":
		        print(s.get_data()[:s.Misc_VirtualSize].rstrip(b"\0").decode().strip())
	END
}

plugin "$root" 90-loaderentry.install bls
same "systemd 257, a loader entry" "$(options)" <<'END'
root=/dev/sda2 intel_iommu=on
END
plugin "$root" 60-ukify.install uki
same "systemd 257, a unified kernel image" "$(section)" <<'END'
root=/dev/sda2 intel_iommu=on # intel_iommu=off until the BIOS is updated
END
plugin "$work/debian-12" 90-loaderentry.install bls
same "systemd 252, a loader entry" "$(options)" <<'END'
root=/dev/sda2 intel_iommu=on # intel_iommu=off until the BIOS is updated
END
finish
