#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# dmidecode leaves out the slot's number for the slot types that NVMe drives and OCP cards sit in.
#
# Expected: each slot with a Slot ID (SMBIOS type 9, offset 09h) shows it in its "ID:" line.
# Seen: the line is printed for a list of slot types. PCI, PCI Express and U.2 up to Gen 3 are on it; U.2 Gen 4
#   and 5 (24h, 25h), OCP NIC 3.0 (26h, 27h), CXL (30h) and EDSFF (C5h, C6h) are not. For them the number
#   is in the table and not in the text.
# Versions: dmidecode 3.4-1 (Debian 12), the same in 3.6-2 (Debian 13).
# Why it matters: the slot's number is what a BIOS setting, a backplane and a person go by. A tool that takes it
#   from the text finds none in just the bays of newer servers; it must read the table's bytes.
# shellcheck source-path=SCRIPTDIR source=common.sh
. "$(dirname "$0")/common.sh"
get dmidecode=3.4-1

hex "$work/smbios" <<'END'
5f 53 4d 33 5f 91 18 03 06 00 01 00 9c 00 00 00 20 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00  # entry point
09 17 00 09 01 b6 0a 04 03 01 00 04 01 00 00 81 00 04 00 00 00 00 00  # PCI Express 3 x16, id 1
42 61 79 20 31 00 00
09 17 01 09 01 24 0a 04 05 02 00 04 01 00 00 82 00 04 00 00 00 00 00  # U.2 Gen 4, id 2
42 61 79 20 32 00 00
09 17 02 09 01 25 0a 04 05 03 00 04 01 00 00 83 00 04 00 00 00 00 00  # U.2 Gen 5, id 3
42 61 79 20 33 00 00
09 17 03 09 01 c5 0a 04 01 04 00 04 01 00 00 84 00 04 00 00 00 00 00  # EDSFF E1, id 4
42 61 79 20 34 00 00
09 17 04 09 01 26 0d 04 01 05 00 04 01 00 00 85 00 04 00 00 00 00 00  # OCP NIC 3.0 small, id 5
4f 43 50 20 35 00 00
7f 04 fe 00 00 00
END

cd "$work"
same "designation, type and id of the slots" \
	"$(dmidecode --from-dump smbios | sed -n 's/^\t\(Designation\|Type\|ID\): /\1 /p')" <<'END'
Designation Bay 1
Type x4 PCI Express 3 x16
ID 1
Designation Bay 2
Type x4 PCI Express 4 SFF-8639 (U.2)
Designation Bay 3
Type x4 PCI Express 5 SFF-8639 (U.2)
Designation Bay 4
Type x4 EDSFF E1
Designation OCP 5
Type x16 OCP NIC 3.0 Small Form Factor (SFF)
END
finish
