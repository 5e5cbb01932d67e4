#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Of several softdep lines for a module, modprobe obeys one.
#
# Expected: soft dependencies from all files of modprobe.d are added up, as options are: modprobe.d(5) says of
#   options that they are all added together.
# Seen: the first softdep line of the module counts, in the order of the files' names, and the others do
#   nothing. A "post:" in an earlier file is enough to hide a "pre:" in a later one. Nothing is told, and
#   `modprobe -c` shows both lines. Of two options lines with the same parameter, both are passed, and
#   the kernel keeps the last value (param_set_copystring() in kernel/params.c): of two `options vfio-pci ids=` the first file's devices are lost.
# Versions: kmod 30+20221128-1 (Debian 12), the same in 34.2-2 (Debian 13).
# Why it matters: "softdep nvme pre: vfio-pci" is the usual way to let vfio-pci have a device before the
#   host's driver. If a package or an older file has a softdep for nvme as well, the host's driver wins at
#   boot. One line, in one file, must name everything.
# shellcheck source-path=SCRIPTDIR source=common.sh
. "$(dirname "$0")/common.sh"
get kmod=30+20221128-1 libkmod2=30+20221128-1
kernel_modules nvme vfio-pci ahci

# loads MODULE: what modprobe would load for it, in order.
loads() {
	modprobe -d "$work" -S 6.1.0 -C "$work/conf" --show-depends "$1" | sed 's| .*/| |; s| *$||'
}
echo 'softdep nvme pre: vfio-pci' >"$work/conf/b.conf"
same "one line" "$(loads nvme)" <<'END'
insmod vfio-pci.ko
insmod nvme.ko
END
echo 'softdep nvme post: ahci' >"$work/conf/a.conf"
same "another line in an earlier file" "$(loads nvme)" <<'END'
insmod nvme.ko
insmod ahci.ko
END
echo 'options vfio-pci ids=1000:0072' >"$work/conf/a.conf"
echo 'options vfio-pci ids=8086:0a54' >"$work/conf/b.conf"
same "two lines of options" "$(loads vfio-pci)" <<'END'
insmod vfio-pci.ko ids=1000:0072 ids=8086:0a54
END
finish
