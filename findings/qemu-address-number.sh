#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# QEMU puts a device with address 16 into slot 22, or, where its options are JSON, into slot 2.
#
# Expected: addr=16 of -device is slot 16, and the number 16 in JSON, which QEMU takes since 6.2, is the same.
# Seen: the text 16 is hexadecimal, slot 0x16. The number 16 in JSON is no slot at all but slot and function in one,
#   as config space counts them: 02.0. 17 is 02.1, and 256 is refused with the property's other form in the
#   message. Only text means the same in both: "addr": "0x10". Beside it bus_nr of a pxb-pcie is decimal in both.
# Versions: qemu-system-x86 1:7.2+dfsg-7+deb12u18+b3 (Debian 12); the same in 1:10.0.13+ds-0+deb13u1 (Debian 13).
# Why it matters: a program that makes JSON from an address takes a number for what is a number everywhere else.
#   The guest has its passed-through card, but in another slot than its configuration says; and a second one in
#   the next slot, 17, is refused as a function of a card that the configuration does not name.
# shellcheck source-path=SCRIPTDIR source=common.sh
. "$(dirname "$0")/common.sh"
get "${qemu_packages[@]}"
needs qemu-system-x86_64

# place OPTION: where QEMU puts it, or what it says to it.
place() {
	printf '%s: ' "$1"
	printf '%s\n' 'info qtree' quit | timeout 60 qemu-system-x86_64 -L "$root/usr/share/qemu" \
		-L "$root/usr/share/seabios" -machine q35,accel=tcg -display none -nodefaults -nic none -monitor stdio \
		-S -device "$1" 2>&1 | tr -d '\r' |
		sed -n 's/.*: \(Parameter\)/\1/p; /dev: .*, id "card"/,/^ *addr = /{ s/^ *\(addr\|bus_nr\) = //p }' | paste -sd ' '
}

same "as text" "$(place edu,id=card,addr=16; place edu,id=card,addr=0x10; place edu,id=card,addr=16.1)" <<'END'
edu,id=card,addr=16: 16.0
edu,id=card,addr=0x10: 10.0
edu,id=card,addr=16.1: 16.1
END
same "as JSON" "$(place '{"driver":"edu","id":"card","addr":16}'; place '{"driver":"edu","id":"card","addr":17}'
	place '{"driver":"edu","id":"card","addr":"16"}'; place '{"driver":"edu","id":"card","addr":"0x10"}'
	place '{"driver":"edu","id":"card","addr":256}')" <<'END'
{"driver":"edu","id":"card","addr":16}: 02.0
{"driver":"edu","id":"card","addr":17}: 02.1
{"driver":"edu","id":"card","addr":"16"}: 16.0
{"driver":"edu","id":"card","addr":"0x10"}: 10.0
{"driver":"edu","id":"card","addr":256}: Parameter 'addr' expects a value between -1 and 255
END
same "a root bus" "$(place pxb-pcie,id=card,bus_nr=16,addr=16
	place '{"driver":"pxb-pcie","id":"card","bus_nr":16,"addr":16}')" <<'END'
pxb-pcie,id=card,bus_nr=16,addr=16: 16 (0x10) 16.0
{"driver":"pxb-pcie","id":"card","bus_nr":16,"addr":16}: 16 (0x10) 02.0
END
finish
