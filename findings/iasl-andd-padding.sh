#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# iasl shortens the ANDD structures of a DMAR, so what follows them moves.
#
# Expected: a listing that nobody touched compiles to a table of the same length.
# Seen: firmware pads the name in an ANDD (ACPI namespace device) with zeros up to a multiple of 4 or 8.
#   The listing shows no padding, and the compiler writes none: the structure, the table and all offsets
#   behind it shrink, and structures with 64-bit fields begin at odd addresses. 0 errors, 0 warnings.
# Versions: acpica-tools 20200925-8 (Debian 12), the same in 20250404-1 (Debian 13). Of 170 DMAR tables
#   of real machines 13 have an ANDD, and all 13 change so.
# Why it matters: a comparison of the edited table with the firmware's shows a difference everywhere; and
#   patches made by offset in the firmware's table hit something else in the compiled one. Take scopes
#   out of the binary table, or compare structure by structure.
# shellcheck source-path=SCRIPTDIR source=common.sh
. "$(dirname "$0")/common.sh"
get acpica-tools=20200925-8

hex "$work/DMAR" <<'END'
44 4d 41 52 84 00 00 00 01 c0 56 45 4e 44 4f 52 42 4f 41 52 44 20 20 20 01 00 00 00 48 50 20 20
01 00 00 00 26 01 00 00 00 00 00 00 00 00 00 00
00 00 18 00 01 00 00 00 00 00 d9 fe 00 00 00 00 05 08 00 00 01 00 15 00  # DRHD, scope 5: namespace device 1
04 00 1c 00 00 00 00 01 5c 5f 53 42 2e 50 43 49 30 2e 49 32 43 30 00     # ANDD 1, \_SB.PCI0.I2C0
00 00 00 00 00                                                           # its padding
01 00 20 00 00 00 00 00 00 30 f8 bd 00 00 00 00 ff 4f f8 bd 00 00 00 00  # RMRR
01 08 00 00 00 00 14 00
END

cd "$work"
iasl -d DMAR >/dev/null 2>&1 </dev/null
cp DMAR.dsl again.dsl
iasl again.dsl >compiled 2>&1 </dev/null
iasl -d again.aml >/dev/null 2>&1 </dev/null
# places LISTING: each structure with its offset and length.
places() {
	awk '/Subtable Type/ { at = $1; name = $NF } / Length :/ && at { print at, name, $NF; at = "" }' "$1" |
		tr -d '[]'
}
same "what the compiler says" "$(grep Compilation compiled)" <<'END'
Compilation successful. 0 Errors, 0 Warnings, 0 Remarks
END
same "offset and length of the structures before" "$(places DMAR.dsl)" <<'END'
030h Definition 0018
048h Declaration 001C
064h Region 0020
END
same "offset and length of the structures after" "$(places again.dsl)" <<'END'
030h Definition 0018
048h Declaration 0017
05Fh Region 0020
END
finish
