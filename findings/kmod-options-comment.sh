#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A "#" behind an option in modprobe.d is no comment: its words are handed to the module.
#
# Expected: as in a shell, or in the file's own whole-line comments, a "#" behind "options MODULE NAME=VALUE"
#   begins a comment.
# Seen: modprobe passes "#" and every word behind it as parameters of the module. Nothing is told; the
#   kernel logs "unknown parameter" for each, and a word that happens to be a parameter is set: here a
#   note on a former value sets that value again, and the last one counts.
# Versions: kmod 30+20221128-1 (Debian 12), the same in 34.2-2 (Debian 13).
# Why it matters: "options vfio-pci ids=..." lines are copied from forums with notes behind them. A note
#   such as "# was ids=8086:0a54" takes that device from the host as well.
# shellcheck source-path=SCRIPTDIR source=common.sh
. "$(dirname "$0")/common.sh"
get kmod=30+20221128-1 libkmod2=30+20221128-1
kernel_modules vfio-pci

# loads: what modprobe would load, with its parameters.
loads() {
	modprobe -d "$work" -S 6.1.0 -C "$work/conf" --show-depends vfio-pci | sed 's| .*/| |; s| *$||'
}
printf '# a whole line\noptions vfio-pci ids=1000:0087\n' >"$work/conf/a.conf"
same "a comment on a line of its own" "$(loads)" <<'END'
insmod vfio-pci.ko ids=1000:0087
END
echo 'options vfio-pci disable_vga=1  # for the HBA' >"$work/conf/a.conf"
same "a comment behind an option" "$(loads)" <<'END'
insmod vfio-pci.ko disable_vga=1  # for the HBA
END
echo 'options vfio-pci ids=1000:0087 # was ids=8086:0a54' >"$work/conf/a.conf"
same "a note on a former value" "$(loads)" <<'END'
insmod vfio-pci.ko ids=1000:0087 # was ids=8086:0a54
END
finish
