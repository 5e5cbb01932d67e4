#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Of `find . | cpio -o -H newc`, some cpio programs make an archive whose tables the kernel does not find.
#
# Expected: the command that every guide to ACPI table overrides gives makes the same names with any cpio.
# Seen: GNU cpio and busybox take "./" off the names, bsdcpio and toybox keep it. bsdtar --format newc with
#   "." keeps it as well. No message; all of them list and unpack such an archive alike.
# Versions: cpio 2.13+dfsg-7.1 and busybox 1:1.35.0-4+deb12u1+b1 against libarchive-tools 3.6.2-1+deb12u5 and
#   toybox 0.8.9+dfsg-1 (Debian 12).
# Why it matters: the kernel compares the beginning of each name with "kernel/firmware/acpi/"
#   (find_cpio_data() in lib/earlycpio.c), so "./kernel/firmware/acpi/DMAR.aml" is no table to it. The host
#   boots with the firmware's DMAR, and the kernel log says nothing of an override. Give the names without
#   "./": find kernel | cpio -o -H newc.
# shellcheck source-path=SCRIPTDIR source=common.sh
. "$(dirname "$0")/common.sh"
get cpio=2.13+dfsg-7.1 busybox=1:1.35.0-4+deb12u1+b1 toybox=0.8.9+dfsg-1 libarchive-tools=3.6.2-1+deb12u5 libarchive13=3.6.2-1+deb12u5
needs cpio busybox toybox bsdcpio bsdtar

mkdir -p "$work/tree/kernel/firmware/acpi"
echo table >"$work/tree/kernel/firmware/acpi/DMAR.aml"
cd "$work/tree"
# name: the table's name in the archive on standard input.
name() {
	tr '\0' '\n' | grep -ao '[./]*kernel/firmware/acpi/DMAR.aml'
}
same "the table's name" "$(
	echo "cpio      $(find . | cpio --quiet -o -H newc | name)"
	echo "busybox   $(find . | busybox cpio -o -H newc 2>/dev/null | name)"
	echo "bsdcpio   $(find . | bsdcpio --quiet -o -H newc | name)"
	echo "toybox    $(find . | toybox cpio -o -H newc | name)"
	echo "bsdtar .  $(bsdtar --format newc -cf - . | name)"
	echo "bsdcpio, without ./ $(find kernel | bsdcpio --quiet -o -H newc | name)"
)" <<'END'
cpio      kernel/firmware/acpi/DMAR.aml
busybox   kernel/firmware/acpi/DMAR.aml
bsdcpio   ./kernel/firmware/acpi/DMAR.aml
toybox    ./kernel/firmware/acpi/DMAR.aml
bsdtar .  ./kernel/firmware/acpi/DMAR.aml
bsdcpio, without ./ kernel/firmware/acpi/DMAR.aml
END
finish
