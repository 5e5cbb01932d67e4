#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A table that iasl disassembles and compiles again may no longer replace the one it came from.
#
# Expected: compiling a listing that nobody touched gives the table back, but for the checksum and the
#   name of the compiler.
# Seen: an OEM table id (or OEM id) with a byte that cannot be printed comes out as another one: the byte
#   01 becomes a blank, and what follows a zero byte is lost. No warning; 0 errors.
# Versions: acpica-tools 20200925-8 (Debian 12), the same in 20250404-1 (Debian 13).
# Why it matters: Linux replaces a firmware table by one from the initrd only if both ids are the same
#   bytes (acpi_table_initrd_override() in drivers/acpi/tables.c). Otherwise it adds the new DMAR as a
#   second one, which the IOMMU driver never reads, and the region stays. A Compaq 6730b has such a
#   DMAR. Copy bytes 10 to 23 from the firmware's table and mend the checksum.
# shellcheck source-path=SCRIPTDIR source=common.sh
. "$(dirname "$0")/common.sh"
get acpica-tools=20200925-8

hex "$work/DMAR" <<'END'
44 4d 41 52 62 00 00 00 01 8b 56 45 4e 44 4f 52                          # OEM id "VENDOR"
01 00 00 00 00 00 00 00 01 00 00 00 48 50 20 20                          # OEM table id 01 00 00 …
01 00 00 00 26 01 00 00 00 00 00 00 00 00 00 00
00 00 10 00 01 00 00 00 00 00 d9 fe 00 00 00 00
01 00 22 00 00 00 00 00 00 30 f8 bd 00 00 00 00 ff 4f f8 bd 00 00 00 00 01 0a 00 00 00 00 1c 04
00 00
END

cd "$work"
iasl -d DMAR >/dev/null 2>&1 </dev/null
iasl DMAR.dsl >compiled </dev/null 2>&1
same "what the compiler says" "$(grep Compilation compiled)" <<'END'
Compilation successful. 0 Errors, 0 Warnings, 0 Remarks
END
# Offsets from 1: 17 is the first byte of the OEM table id; 10 the checksum, 29 to 36 the compiler.
same "the bytes that differ beside checksum and compiler" \
	"$(cmp -l DMAR DMAR.aml | awk '$1 != 10 && !($1 >= 29 && $1 <= 36)')" <<'END'
17   1  40
END
finish
