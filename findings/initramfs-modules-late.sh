#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# initramfs-tools loads the modules of /etc/initramfs-tools/modules after udev has loaded the drivers of all devices.
#
# Expected: that file says of its modules that they are loaded at boot in the order in which they stand there, with
#   their options, so "vfio-pci ids=8086:100e" there comes before the drivers that are only found by the devices.
# Seen: the init of the initrd first runs scripts/init-top. The script udev in it starts udev, has it go through all
#   devices, and waits until it is done. The file's modules are next. vfio-pci is loaded with its ids, and the device
#   has the host's driver already. Nothing is told.
# Versions: initramfs-tools-core 0.142+deb12u3 and udev 252.39-1~deb12u2 (Debian 12), with linux-image-6.1.0-57-amd64
#   6.1.192-3 in qemu-system-x86 1:7.2+dfsg-7+deb12u18+b3; the same with initramfs-tools-core 0.148.4 (Debian 13).
# Why it matters: guides to passthrough put vfio-pci there. It helps for a graphics card whose driver is not in the initrd,
#   and not for a disk controller, an NVMe drive, a network card or a USB controller, whose drivers are. What helps is
#   in modprobe.d, which is in the initrd too: "softdep e1000 pre: vfio-pci" beside "options vfio-pci ids=8086:100e".
# shellcheck source-path=SCRIPTDIR source=common.sh
. "$(dirname "$0")/common.sh"
command -v cpio >/dev/null || skip "this needs cpio"
kernel=6.1.0-57-amd64
get "${qemu_packages[@]}" linux-image-$kernel=6.1.192-3 initramfs-tools-core=0.142+deb12u3 udev=252.39-1~deb12u2 \
	libudev1=252.39-1~deb12u2 kmod=30+20221128-1 libkmod2=30+20221128-1 busybox-static=1:1.35.0-4+deb12u1+b1
needs qemu-system-x86_64 "$root/bin/udevadm" "$root/bin/kmod"

# The initrd as mkinitramfs lays it out, with two drivers and one script of our own, after the modules.
initrd=$work/tree
mkdir -p "$initrd"/{bin,sbin,conf/conf.d,etc/modprobe.d,run,lib/systemd,lib/udev/rules.d,lib64,scripts/init-premount}
mkdir -p "$initrd/lib/x86_64-linux-gnu" "$initrd/lib/modules/$kernel"
cp -r "$root/usr/share/initramfs-tools/init" "$initrd/"
cp -r "$root/usr/share/initramfs-tools/scripts/." "$initrd/scripts/"
cp "$root/lib/udev/rules.d/80-drivers.rules" "$initrd/lib/udev/rules.d/"
cp "$root/bin/busybox" "$root/bin/udevadm" "$root/bin/kmod" "$initrd/bin/"
ln -s /bin/udevadm "$initrd/lib/systemd/systemd-udevd"
ln -s /bin/kmod "$initrd/sbin/modprobe"
for program in $("$root/bin/busybox" --list); do
	[ -e "$initrd/sbin/$program" ] || [ -e "$initrd/bin/$program" ] || ln -s busybox "$initrd/bin/$program"
done
for library in $(ldd "$root/bin/udevadm" "$root/bin/kmod" | grep -o '/[^ ]*\.so[^ ]*' | sort -u); do
	case $library in
	*/ld-linux*) cp "$library" "$initrd/lib64/" ;;
	*) cp "$library" "$initrd/lib/x86_64-linux-gnu/" ;;
	esac
done
find "$root/lib/modules/$kernel" \( -name 'vfio*.ko' -o -name irqbypass.ko -o -name e1000.ko \) \
	-exec cp -t "$initrd/lib/modules/$kernel" {} +
cp "$root/lib/modules/$kernel/modules."{order,builtin} "$initrd/lib/modules/$kernel/"
ln -s "$root/bin/kmod" "$work/depmod"
"$work/depmod" -b "$initrd" $kernel 2>/dev/null
echo DPKG_ARCH=amd64 >"$initrd/conf/arch.conf"
echo BOOT=local >"$initrd/conf/initramfs.conf"
# shellcheck disable=SC2016 # The init of the initrd has arguments for them.
echo '/scripts/init-top/udev "$@"' >"$initrd/scripts/init-top/ORDER"
# shellcheck disable=SC2016
echo '/scripts/init-premount/show "$@"' >"$initrd/scripts/init-premount/ORDER"
cat >"$initrd/scripts/init-premount/show" <<'END'
#!/bin/sh
driver=$(readlink /sys/bus/pci/devices/0000:00:03.0/driver)
echo "<vfio-pci is $([ -e /sys/module/vfio_pci ] || echo not )loaded, the card has ${driver##*/}>" >/dev/console
poweroff -f
END
chmod +x "$initrd/scripts/init-premount/show"

# boots: who has the network card once the modules are loaded.
boots() {
	(cd "$initrd" && find . | cpio --quiet -o -H newc) >"$work/initrd"
	timeout 300 qemu-system-x86_64 -L "$root/usr/share/qemu" -L "$root/usr/share/seabios" -machine q35,accel=tcg \
		-cpu max -m 512 -display none -nodefaults -nic none -serial stdio -no-reboot -device intel-iommu \
		-device e1000,addr=3,romfile= -kernel "$root/boot/vmlinuz-$kernel" -initrd "$work/initrd" \
		-append "console=ttyS0 quiet intel_iommu=on panic=-1" 2>/dev/null |
		tr -d '\r' | sed -n 's/.*<\(vfio-pci .*\)>.*/\1/p'
}
echo 'vfio-pci ids=8086:100e' >"$initrd/conf/modules"
same "in /etc/initramfs-tools/modules" "$(boots)" <<'END'
vfio-pci is loaded, the card has e1000
END
module=$(find "$initrd/lib/modules" -name e1000.ko)
mv "$module" "$work/"
same "there, with the card's driver not in the initrd" "$(boots)" <<'END'
vfio-pci is loaded, the card has vfio-pci
END
mv "$work/e1000.ko" "$module"
printf '%s\n' 'options vfio-pci ids=8086:100e' 'softdep e1000 pre: vfio-pci' >"$initrd/etc/modprobe.d/vfio.conf"
same "in modprobe.d" "$(boots)" <<'END'
vfio-pci is loaded, the card has vfio-pci
END
finish
