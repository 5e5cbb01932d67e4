#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# driverctl gives vfio-pci the device's ids, and with them every other device of the same model.
#
# Expected: `driverctl set-override DEVICE vfio-pci` is about that one device, which is what driver_override
#   is for; unset-override takes all of it back.
# Seen: before driver_override it writes vendor and device to vfio-pci's new_id. From then on vfio-pci takes
#   each device of these ids that has no driver or appears later: a virtual function, a drive that is
#   plugged in, the second controller after its driver was unloaded. unset-override does not take it back.
# Versions: driverctl 0.115-2 (Debian 13). Not so in 0.111-1 (Debian 12), which has no such line.
# Why it matters: a host with two equal controllers, one for a guest and one for itself, may lose its own
#   to vfio-pci at the next rescan. `echo "1000 0072" >/sys/bus/pci/drivers/vfio-pci/remove_id` ends it.
# shellcheck source-path=SCRIPTDIR source=common.sh
. "$(dirname "$0")/common.sh"
get proot=5.1.0-1.3 libtalloc2=2.4.0-f2
get_from trixie driverctl=0.115-2
needs proot

pci_device pci0000:00/0000:01:00.0 1000 0072 010700
module=$work/sys/module/vfio_pci/drivers/pci:vfio-pci
mkdir -p "$module" "$work/sys/module/vfio-pci" "$work/saved"
touch "$module/new_id" "$module/remove_id" "$work/sys/bus/pci/drivers_probe"
ln -s "$module" "$work/sys/devices/pci0000:00/0000:01:00.0/driver"

# there COMMAND...: driverctl with that device as its /sys, and a directory of its own in /etc.
there() {
	timeout 60 proot -b "$work/sys:/sys" -b "$work/saved:/etc/driverctl.d" -b /bin/true:/sbin/modprobe \
		bash "$root/usr/sbin/driverctl" "$@"
}
there set-override 0000:01:00.0 vfio-pci
same "after set-override: new_id, driver_override" \
	"$(cat "$module/new_id"; echo; cat "$work/sys/devices/pci0000:00/0000:01:00.0/driver_override")" <<'END'
0x1000 0x0072
vfio-pci
END
there unset-override 0000:01:00.0
same "after unset-override: driver_override, what was written to remove_id" \
	"[$(cat "$work/sys/devices/pci0000:00/0000:01:00.0/driver_override")] [$(cat "$module/remove_id")]" <<'END'
[] []
END
finish
