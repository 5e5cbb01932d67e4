#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# dmidecode prints the address of a device that the firmware says it has none for.
#
# Expected: FFh as bus and FFh as device and function mean "not applicable" in SMBIOS types 9 and 41,
#   so there is no "Bus Address:" line.
# Seen: the line is left out only if the segment is FFFFh as well. With segment 0 the text says 0000:ff:1f.7,
#   which is an address that a device may have, on the last bus of segment 0.
# Versions: dmidecode 3.4-1 (Debian 12), the same in 3.6-2 (Debian 13).
# Why it matters: whoever joins slots with devices by the text gets a slot for 0000:ff:1f.7, and empty slots
#   that seem to share one device. Servers have devices on bus ff (a processor's uncore).
# shellcheck source-path=SCRIPTDIR source=common.sh
. "$(dirname "$0")/common.sh"
get dmidecode=3.4-1

hex "$work/smbios" <<'END'
5f 53 4d 33 5f d7 18 03 06 00 01 00 56 00 00 00 20 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00  # entry point
09 17 00 09 01 b6 0d 03 04 01 00 04 01 ff ff ff ff 04 00 00 00 00 00  # slot, segment ffff, bus ff, devfn ff
53 6c 6f 74 20 31 00 00
09 17 01 09 01 b6 0d 03 04 02 00 04 01 00 00 ff ff 04 00 00 00 00 00  # slot, segment 0, bus ff, devfn ff
53 6c 6f 74 20 32 00 00
29 0b 00 0f 01 85 01 00 00 ff ff  # onboard device, segment 0, bus ff, devfn ff
4e 49 43 20 31 00 00
7f 04 fe 00 00 00
END

cd "$work"
same "designation and address" \
	"$(dmidecode --from-dump smbios | sed -n 's/^\t.*\(Designation\|Bus Address\): /\1 /p')" <<'END'
Designation Slot 1
Designation Slot 2
Bus Address 0000:ff:1f.7
Designation NIC 1
Bus Address 0000:ff:1f.7
END
finish
