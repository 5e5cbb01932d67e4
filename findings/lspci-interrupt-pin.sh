#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# lspci 3.15 names every interrupt pin one letter too far: INTA is "pin B".
#
# Expected: the register "interrupt pin" of a function (offset 3Dh) has 1 for INTA to 4 for INTD, and lspci -vv
#   shows 1 as "pin A", as it always did.
# Seen: it shows 1 as "pin B", and 4 as "pin E", which no function has. 0, which is no pin, is "unknown pin". The
#   line begins with "Interrupts:" now, so that what looks for "Interrupt:" finds nothing.
# Versions: pciutils 1:3.15.0-2 (Debian sid); 1:3.9.0-4 (Debian 12) is right.
# Why it matters: a device with INTx only can go to a guest if it shares its line with none on the host. Which lines are
#   shared follows from the pins, by the swizzle at each bridge or the firmware's table; read off this output
#   it comes out wrong for every device, and nothing looks odd until a card with four functions has a pin E.
#   setpci -s ADDRESS INTERRUPT_PIN shows the register.
# shellcheck source-path=SCRIPTDIR source=common.sh
. "$(dirname "$0")/common.sh"
get_from sid pciutils=1:3.15.0-2 libpci3=1:3.15.0-2 libc6=2.43-7 libkmod2=34.2-2+b2 libudev1=262.1-1 \
	zlib1g=1:1.3.dfsg+really1.3.2-4 libzstd1=1.5.7+dfsg-4 liblzma5=5.8.4-1 libssl3t64=3.6.5-1
# The programs of an older Debian do not start with this C library: it is for lspci alone.
libraries=$LD_LIBRARY_PATH
unset LD_LIBRARY_PATH
PATH=${PATH#*:*:*:*:}

# pin NUMBER: what lspci says of a function whose register has it, and that IRQ 11.
pin() {
	{
		printf '01:00.0 x\n'
		printf '00: 00 10 72 00 00 00 00 00 00 00 07 01 00 00 00 00\n'
		printf '%s: 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00\n' 10 20
		printf '30: 00 00 00 00 00 00 00 00 00 00 00 00 0b %02x 00 00\n' "$1"
	} >"$work/dump"
	"$root/usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2" --library-path "$libraries" "$root/usr/bin/lspci" \
		-vv -F "$work/dump" 2>/dev/null | sed -n 's/^\tInterrupt/Interrupt/p'
}
same "the pins from none to INTD" "$(for number in 0 1 2 3 4; do pin $number; done)" <<'END'
Interrupts: unknown pin routed to IRQ 11
Interrupts: pin B routed to IRQ 11
Interrupts: pin C routed to IRQ 11
Interrupts: pin D routed to IRQ 11
Interrupts: pin E routed to IRQ 11
END
finish
