#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# iasl takes two bytes from each named device without a unique id in an AMD board's IVRS.
#
# Expected: a listing that nobody touched compiles to a table of the same bytes, but for checksum and compiler.
# Seen: an IVHD entry F0h (a device named by its ACPI hardware id) ends with the format and the length of a
#   unique id (UID), both 0 if it has none. The listing leaves these two out, and the compiler writes an entry
#   of 20 bytes instead of 22, sets the lengths of IVHD and table to match, and reports 0 errors and 0 warnings.
#   A reader that follows the specification, as Linux does, takes what lies behind the table for format and
#   length. So it is where the entry is the last of the table; elsewhere the compiler refuses its own listing.
# Versions: acpica-tools 20250404-1 (Debian 13). 20200925-8 (Debian 12) refuses to compile its own listing of
#   such a table: it knows no IVHD of type 40h. Of 56 IVRS tables of real machines 3 have such an entry (for an
#   eMMC controller, AMDI0040 or PNPD0040); three more lose a structure of type 51h, which the
#   listing calls unknown and the compiler leaves out.
# Why it matters: an IVRS with a wrong or missing I/O APIC is corrected by hand in just this way, and put into
#   the initrd. The corrected table then has a second fault. Patch the binary table, and its checksum.
# shellcheck source-path=SCRIPTDIR source=common.sh
. "$(dirname "$0")/common.sh"
get_from trixie acpica-tools=20250404-1 libc6=2.41-12+deb13u5
# The programs of an older Debian do not start with this C library: it is for iasl alone.
libraries=$LD_LIBRARY_PATH
unset LD_LIBRARY_PATH
PATH=${PATH#*:*:*:*:}
iasl() {
	"$root/usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2" --library-path "$libraries" "$root/usr/bin/iasl" "$@"
}

hex "$work/IVRS" <<'END'
49 56 52 53 96 00 00 00 02 a0 56 45 4e 44 4f 52 42 4f 41 52 44 20 20 20 01 00 00 00 41 4d 44 20
01 00 00 00 41 30 20 00 00 00 00 00 00 00 00 00
21 08 20 00 00 03 00 00 00 00 00 00 00 00 00 00                          # IVMD
00 f0 32 71 00 00 00 00 00 60 02 00 00 00 00 00
40 30 46 00 02 00 40 00 00 00 20 fd 00 00 00 00 00 00 00 00 00 80 04 00  # IVHD 40h
da 4a 29 22 ef 77 4f 00 00 00 00 00 00 00 00 00
03 03 00 00 04 ff 03 00                                                  # devices 00:00.3 to ff:1f.7
f0 99 00 f7 41 4d 44 49 30 30 34 30 00 00 00 00 00 00 00 00 00 00        # AMDI0040, no CID, no UID
END

cd "$work"
iasl -d IVRS >/dev/null 2>&1 </dev/null
cp IVRS.dsl again.dsl
iasl again.dsl >compiled 2>&1 </dev/null
same "what the compiler says" "$(grep Compilation compiled)" <<'END'
Compilation successful. 0 Errors, 0 Warnings, 0 Remarks
END
# bytes FILE: the lengths of table and IVHD, and what stands behind the hardware id.
bytes() {
	printf 'table %d\n' "0x$(od -An -tx1 -j4 -N1 "$1" | tr -d ' ')"
	printf 'IVHD %d\n' "0x$(od -An -tx1 -j82 -N1 "$1" | tr -d ' ')"
	od -An -tx1 -v -j132 "$1"
}
same "before" "$(bytes IVRS)" <<'END'
table 150
IVHD 70
 41 4d 44 49 30 30 34 30 00 00 00 00 00 00 00 00
 00 00
END
same "after" "$(bytes again.aml)" <<'END'
table 148
IVHD 68
 41 4d 44 49 30 30 34 30 00 00 00 00 00 00 00 00
END
finish
