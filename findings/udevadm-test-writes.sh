#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# `udevadm test` writes what a rule assigns to ATTR{...} into sysfs: the test of a rule for vfio-pci carries it out.
#
# Expected: udevadm(8) says that it simulates an event, and the program itself that it is for debugging only and runs nothing
#   that RUN names. So a rule can be tried on a host that is at work.
# Seen: what RUN names is not run, but each ATTR{...}="..." is written at once: driver_override, sriov_numvfs and remove,
#   of another device as well (ATTR{[pci/ADDRESS]...}). The event is "add" if no other is named.
# Versions: udev 252.39-1~deb12u2 (Debian 12). Not so in 257.13-1~deb13u1 (Debian 13), which tells what it would write.
# Why it matters: who tries a rule with driver_override="vfio-pci" and takes it back still has a device that goes to vfio-pci
#   whenever it is probed again, also when a guest gives it back. With remove="1", the usual line against the sound or USB
#   function of a graphics card, that function is gone until the bus is scanned again. A rule that wants ACTION=="add"
#   can be read through with `udevadm test --action=change`, which leaves it out.
# shellcheck source-path=SCRIPTDIR source=common.sh
. "$(dirname "$0")/common.sh"
get udev=252.39-1~deb12u2 libudev1=252.39-1~deb12u2 systemd=252.39-1~deb12u2 libkmod2=30+20221128-1 proot=5.1.0-1.3 \
	libtalloc2=2.4.0-f2
LD_LIBRARY_PATH=$root/usr/lib/x86_64-linux-gnu/systemd:$root/lib/systemd:$LD_LIBRARY_PATH
needs udevadm proot

for device in 0000:01:00.0 0000:01:00.1; do
	pci_device pci0000:00/$device 8086 1521 020000
	directory=$work/sys/devices/pci0000:00/$device
	ln -s /sys/bus/pci "$directory/subsystem"
	touch "$directory/remove" "$directory/sriov_numvfs"
done
mkdir -p "$work/sys/class" "$work/run" "$work/none" "$work/udev/rules.d"
cat >"$work/udev/rules.d/10-vfio.rules" <<'END'
ACTION=="add", KERNEL=="0000:01:00.0", ATTR{driver_override}="vfio-pci", ATTR{sriov_numvfs}="4"
ACTION=="add", KERNEL=="0000:01:00.0", ATTR{[pci/0000:01:00.1]remove}="1", RUN+="/bin/touch /run/ran"
END

# tests OPTION...: what udevadm says of RUN, and what is in the devices' files after it. They lie in a directory, so that
# udevadm must be told not to ask whether it is sysfs.
tests() {
	SYSTEMD_DEVICE_VERIFY_SYSFS=0 timeout 60 proot -b "$work/sys:/sys" -b "$work/udev:/etc/udev" -b "$work/run:/run" \
		-b "$work/none:/usr/lib/udev" -b "$work/none:/lib/udev" -b "$work/none:/usr/local/lib" \
		"$root/bin/udevadm" test "$@" /sys/devices/pci0000:00/0000:01:00.0 2>&1 |
		grep '^This program\|^specified\|^run:' | sed 's/[.] .*/./'
	(cd "$work/sys/devices/pci0000:00" && grep . ./*/driver_override ./*/sriov_numvfs ./*/remove)
	[ ! -e "$work/run/ran" ] || echo "what RUN names was run"
}
same "the test of a rule for another event" "$(tests --action=change)" <<'END'
This program is for debugging only, it does not run any program
specified by a RUN key.
./0000:01:00.0/driver_override:(null)
./0000:01:00.1/driver_override:(null)
END
same "the test of the rule" "$(tests)" <<'END'
This program is for debugging only, it does not run any program
specified by a RUN key.
run: '/bin/touch /run/ran'
./0000:01:00.0/driver_override:vfio-pci
./0000:01:00.1/driver_override:(null)
./0000:01:00.0/sriov_numvfs:4
./0000:01:00.1/remove:1
END
finish
