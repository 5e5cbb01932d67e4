#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# modprobe loads a blacklisted module as another one's soft dependency.
#
# Expected: a module that is blacklisted is not loaded for a device. modprobe.d(5) says of soft dependencies
#   that flags such as --use-blacklist are applied to all the modules that are named.
# Seen: the blacklist is asked for the module itself only. Its soft dependencies are loaded, blacklisted or
#   not, with -b and for a device's alias as well.
# Versions: kmod 30+20221128-1 (Debian 12), the same in 34.2-2 (Debian 13).
# Why it matters: "blacklist" is the usual way to keep a host's driver off a device that a guest should have.
#   If any other module has a softdep on it, the driver is loaded with that one and takes the device.
#   Debian 12 has such lines itself, for ehci-hcd. driver_override holds, whatever is loaded.
# shellcheck source-path=SCRIPTDIR source=common.sh
. "$(dirname "$0")/common.sh"
get kmod=30+20221128-1 libkmod2=30+20221128-1
kernel_modules nvme ahci

cat >"$work/conf/a.conf" <<'END'
alias pci:v00008086d00002922sv*sd*bc*sc*i* ahci
blacklist nvme
END

# loads WHAT: what modprobe -b would load for it, in order.
loads() {
	modprobe -b -n -v -d "$work" -S 6.1.0 -C "$work/conf" "$1" | sed 's| .*/| |; s| *$||'
}
device=pci:v00008086d00002922sv00000000sd00000000bc01sc06i01
same "the blacklisted module" "[$(loads nvme)]" <<'END'
[]
END
same "a device of another module" "$(loads $device)" <<'END'
insmod ahci.ko
END
echo 'softdep ahci pre: nvme' >"$work/conf/b.conf"
same "a device of another module, with a softdep on the blacklisted one" "$(loads $device)" <<'END'
insmod nvme.ko
insmod ahci.ko
END
finish
