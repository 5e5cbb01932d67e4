#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# lspci -vmm leaves out domain 0 where plain lspci prints it, and the short address then means more devices.
#
# Expected: on a machine with several domains (VMD, Arm servers) every output of lspci names the domain,
#   as the plain list does; and what -vmm prints after "Slot:" can be given back to -s.
# Seen: in -vmm and -m a device of domain 0 is 01:00.0 while others are 0001:01:00.0 and 10000:01:00.0. And
#   `lspci -s 01:00.0` takes the device of every domain, and so does `setpci -s`, which writes. Only -D
#   names them all.
# Versions: pciutils 1:3.9.0-4 (Debian 12), the same in 1:3.13.0-2 (Debian 13).
# Why it matters: -vmm is the form for scripts. A script that takes "Slot:" as a key finds nothing under
#   0000:01:00.0; one that gives it to `setpci -s` to reset a device or to switch ACS writes to three.
#   Scripts should always pass -D.
# shellcheck source-path=SCRIPTDIR source=common.sh
. "$(dirname "$0")/common.sh"
get pciutils=1:3.9.0-4 libpci3=1:3.9.0-4
needs lspci setpci

# Three SAS controllers, as lspci -x writes them: the header is enough.
for address in 0000:01:00.0 0001:01:00.0 10000:01:00.0; do
	cat <<END
$address SAS
00: 00 10 72 00 06 04 10 00 03 00 07 01 10 00 00 00
10: 01 e0 00 00 04 00 fc fb 00 00 00 00 04 00 f8 fb
20: 00 00 00 00 00 00 00 00 00 00 00 00 00 10 20 30
30: 00 00 00 00 50 00 00 00 00 00 00 00 0a 01 00 00

END
done >"$work/dump"

# asks OPTION...
asks() {
	lspci -n -F "$work/dump" "$@"
}
same "plain" "$(asks | cut -d ' ' -f 1)" <<'END'
0000:01:00.0
0001:01:00.0
10000:01:00.0
END
same "-vmm" "$(asks -vmm | sed -n 's/^Slot:\t//p')" <<'END'
01:00.0
0001:01:00.0
10000:01:00.0
END
same "-s 01:00.0" "$(asks -s 01:00.0 | cut -d ' ' -f 1)" <<'END'
0000:01:00.0
0001:01:00.0
10000:01:00.0
END
same "setpci -s 01:00.0" "$(setpci -v -A dump -O dump.name="$work/dump" -s 01:00.0 VENDOR_ID | sort)" <<'END'
0000:01:00.0 @00 = 1000
0001:01:00.0 @00 = 1000
10000:01:00.0 @00 = 1000
END
finish
