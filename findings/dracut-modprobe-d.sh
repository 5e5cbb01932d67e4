#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# dracut leaves /etc/modprobe.d out of a generic initrd, and the vfio-pci that it loads there has no ids.
#
# Expected: the initrd has /etc/modprobe.d in it, as one of initramfs-tools has; or dracut tells that a module which it is
#   to load (force_drivers) has options that it leaves out.
# Seen: only with hostonly=yes. Else the image has vfio-pci, the order to load it before the other drivers, and the files
#   of /usr/lib/modprobe.d, but none of /etc. Nothing is told, and the exit status is 0.
# Versions: dracut-core 059-4 (Debian 12), the same in 106-6 (Debian 13). Since 059-1 Debian's makes generic initrds
#   wherever no file sets hostonly, as upstream's does. Its configuration for rescue images is generic as well.
# Why it matters: "options vfio-pci ids=" and force_drivers+=" vfio-pci " are the usual way to let vfio-pci have a device
#   before the host's driver. Here it is loaded, matches nothing, and the host's driver in the same initrd takes the
#   device, while modprobe in the running system shows the ids. "blacklist", "softdep" and options such as
#   allow_unsafe_interrupts=1 or disable_idle_d3=1 are lost in the same way: a module that is loaded keeps what it was
#   loaded with. install_items+=" /etc/modprobe.d/vfio.conf " in dracut.conf.d puts the file into every image.
# shellcheck source-path=SCRIPTDIR source=common.sh
. "$(dirname "$0")/common.sh"
command -v cpio >/dev/null || skip "this needs cpio"
get dracut-core=059-4 kmod=30+20221128-1 libkmod2=30+20221128-1 proot=5.1.0-1.3 libtalloc2=2.4.0-f2
kernel_modules mpt3sas vfio-pci
needs proot

mkdir "$work/etc"
echo 'options vfio-pci ids=1000:0072' >"$work/etc/vfio.conf"

# image LINE...: makes an image with these lines of dracut.conf.d, and with vfio.conf in /etc/modprobe.d. What is in it of
# modprobe.d, what it loads first, and how.
image() {
	local image=$work/image unpacked=$work/unpacked
	rm -rf "$unpacked" "$work/dracut.conf.d"
	mkdir "$unpacked" "$work/dracut.conf.d"
	printf '%s\n' 'force_drivers+=" vfio-pci "' "$@" >"$work/dracut.conf.d/vfio.conf"
	timeout 300 proot -b "$work/etc:/etc/modprobe.d" \
		env dracutbasedir="$root/usr/lib/dracut" PATH="$PATH:/usr/sbin:/sbin" \
		dracut --force --conf /dev/null --confdir "$work/dracut.conf.d" --tmpdir "$work" --kver 6.1.0 \
		--kmoddir "$work/lib/modules/6.1.0" --modules kernel-modules --add-drivers mpt3sas \
		--no-early-microcode --nostrip --no-compress "$image" >"$work/log" 2>&1 || cat "$work/log"
	cpio --quiet -it 'etc/modprobe.d/*' '*.ko' <"$image" | sort
	(cd "$unpacked" && cpio --quiet -idm 'usr/lib/modules/*' 'etc/modprobe.d/*' 'etc/cmdline.d/*' <"$image")
	cat "$unpacked/etc/cmdline.d/"*
	mkdir -p "$unpacked/etc/modprobe.d"
	modprobe -d "$unpacked/usr" -S 6.1.0 -C "$unpacked/etc/modprobe.d" --show-depends vfio-pci | sed 's| .*/| |; s| *$||'
}
same "hostonly is not set" "$(image)" <<'END'
usr/lib/modules/6.1.0/kernel/mpt3sas.ko
usr/lib/modules/6.1.0/kernel/vfio-pci.ko
rd.driver.pre=vfio_pci
insmod vfio-pci.ko
END
same "hostonly=yes" "$(image 'hostonly=yes')" <<'END'
etc/modprobe.d/vfio.conf
usr/lib/modules/6.1.0/kernel/mpt3sas.ko
usr/lib/modules/6.1.0/kernel/vfio-pci.ko
rd.driver.pre=vfio_pci
insmod vfio-pci.ko ids=1000:0072
END
same "with install_items" "$(image 'install_items+=" /etc/modprobe.d/vfio.conf "')" <<'END'
etc/modprobe.d/vfio.conf
usr/lib/modules/6.1.0/kernel/mpt3sas.ko
usr/lib/modules/6.1.0/kernel/vfio-pci.ko
rd.driver.pre=vfio_pci
insmod vfio-pci.ko ids=1000:0072
END
finish
