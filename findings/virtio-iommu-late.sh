#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Linux 7.3 waits some seconds for the driver of a virtio-iommu, and then leaves devices without an IOMMU for good.
#
# Expected: in a virtual machine with a virtio-iommu the drivers of other devices wait for that of the IOMMU, as
#   drivers/acpi/viot.c says and 6.12 does; or what was bound without it is moved behind it once it is there.
# Seen: 6.12 waits until the module is loaded, here half a minute. 7.3 gives up after some 15 seconds ("deferred probe
#   timeout, ignoring dependency") and binds the driver. The IOMMU's driver, loaded afterwards, makes groups for all
#   devices without a driver and leaves out this one, also when its driver is taken off and bound again.
# Versions: linux-image-6.12.117+deb13-amd64 6.12.117-1 (Debian 13), linux-binary-7.3.4+deb13-amd64 7.3.4-1~bpo13+1
#   (its backports), in both a module; in qemu-system-x86 1:7.2+dfsg-7+deb12u18+b3, machine q35.
# Why it matters: in a guest whose initrd lacks virtio_iommu and waits for a disk, a network or a passphrase, the cards
#   whose drivers are in it have no group after an upgrade of the kernel: vfio-pci cannot be bound (EINVAL), and
#   their DMA goes past the IOMMU. With virtio_iommu in the initrd nobody has to wait.
# shellcheck source-path=SCRIPTDIR source=common.sh
. "$(dirname "$0")/common.sh"
for program in unxz cpio; do
	command -v "$program" >/dev/null || skip "this needs $program"
done
get "${qemu_packages[@]}" busybox-static=1:1.35.0-4+deb12u1+b1
needs qemu-system-x86_64
get_from trixie linux-image-6.12.117+deb13-amd64=6.12.117-1
get_from trixie-backports linux-binary-7.3.4+deb13-amd64=7.3.4-1~bpo13+1 \
	linux-modules-7.3.4+deb13-amd64=7.3.4-1~bpo13+1

# The system of the guest: modules, and seconds to wait, in the order of the command line. The card is one whose driver needs
# no other.
mkdir -p "$work/guest/bin" "$work/guest/proc" "$work/guest/sys"
cp "$root/bin/busybox" "$work/guest/bin/"
cat >"$work/guest/init" <<'END'
#!/bin/busybox sh
export PATH=/bin
busybox mount -t proc none /proc
busybox mount -t sysfs none /sys
card=/sys/bus/pci/devices/0000:00:03.0
say() {
	driver=no group=no
	[ ! -e $card/driver ] || driver=a
	[ ! -e $card/iommu_group ] || group=a
	echo "<$1: $driver driver, $group group>"
}
for module in $(busybox sed 's/.*order=\([^ ]*\).*/\1/; s/,/ /g' /proc/cmdline); do
	case $module in
	[0-9]*) busybox sleep "$module"; continue ;;
	esac
	busybox insmod /$module.ko
	busybox sleep 1
	say "after $module"
done
echo 0000:00:03.0 >/sys/bus/pci/drivers/e1000/unbind
echo 0000:00:03.0 >/sys/bus/pci/drivers/e1000/bind
say "bound again"
busybox poweroff -f
END
chmod +x "$work/guest/init"

# boot RELEASE KERNEL ORDER: what the guest said.
boot() {
	local module found
	for module in virtio_iommu e1000; do
		found=$(find "$root/usr/lib/modules/$1" "$root/lib/modules/$1" -name "${module/_/[-_]}.ko*" 2>/dev/null | head -n 1) || true
		case $found in
		*.xz) unxz -c "$found" >"$work/guest/$module.ko" ;;
		*) cp "$found" "$work/guest/$module.ko" ;;
		esac
	done
	(cd "$work/guest" && find . | cpio --quiet -o -H newc) >"$work/initrd"
	timeout 300 qemu-system-x86_64 -L "$root/usr/share/qemu" -L "$root/usr/share/seabios" \
		-machine q35,accel=tcg -cpu max -m 512 -display none -nodefaults -nic none -serial stdio -no-reboot \
		-device virtio-iommu-pci,addr=2 -device e1000,addr=3,romfile= -kernel "$2" -initrd "$work/initrd" \
		-append "console=ttyS0 quiet panic=-1 order=$3" 2>/dev/null | tr -d '\r' | sed -n 's/.*<\(.*\)>.*/\1/p'
}

old=6.12.117+deb13-amd64 new=7.3.4+deb13-amd64
same "$old" "$(boot $old "$root/boot/vmlinuz-$old" e1000,30,virtio_iommu)" <<'END'
after e1000: no driver, no group
after virtio_iommu: a driver, a group
bound again: a driver, a group
END
same "$new" "$(boot $new "$root/usr/lib/modules/$new/vmlinuz" e1000,30,virtio_iommu)" <<'END'
after e1000: no driver, no group
after virtio_iommu: a driver, no group
bound again: a driver, no group
END
same "$new, without the wait" "$(boot $new "$root/usr/lib/modules/$new/vmlinuz" e1000,virtio_iommu)" <<'END'
after e1000: no driver, no group
after virtio_iommu: a driver, a group
bound again: a driver, a group
END
finish
