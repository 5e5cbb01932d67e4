#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# QEMU takes a guest address at which no guest looks, and says nothing.
#
# Expected: a device at function 4 of a slot with no function 0, or at device 1 below a root port, is refused,
#   or there is a warning; QEMU does refuse other addresses that cannot be.
# Seen: both are taken without a word. A guest looks for function 0 first, and below a root port for device
#   0 only: its firmware gives the device no memory, and its system does not list it.
# Versions: qemu-system-x86 1:7.2+dfsg-7+deb12u18+b3 with seabios 1.16.2-1 (Debian 12). 1:10.0.13+ds-0+deb13u1
#   (Debian 13) warns of device 1 below a root port, and still says nothing of the missing function 0.
# Why it matters: who hands over function 1 of a card and gives it the guest address that it has on the host,
#   as in vfio-pci,host=07:00.1,addr=0.1, gets a guest without the device. All else looks right: vfio-pci
#   is bound, QEMU holds the group, there is no error anywhere. Function 0 must be there, or the address
#   must end in .0.
# shellcheck source-path=SCRIPTDIR source=common.sh
. "$(dirname "$0")/common.sh"
get "${qemu_packages[@]}"
needs qemu-system-x86_64

# guest OPTION...: starts a machine, lets its firmware look round, and asks QEMU for the device's memory.
# It counts what QEMU itself says as well.
guest() {
	{
		for _ in {1..14}; do
			sleep 0.5
			echo 'info pci'
		done
		echo quit
	} | timeout 60 qemu-system-x86_64 -L "$root/usr/share/qemu" -L "$root/usr/share/seabios" \
		-machine q35,accel=tcg -m 128 -display none -nodefaults -nic none -serial none -monitor stdio \
		"$@" >"$work/monitor" 2>"$work/errors" || echo "exit code $?"
	tr -d '\r' <"$work/monitor" | sed -n '/Ethernet/,/BAR1/s/.*BAR0: 32 bit memory at \(0x[0-9a-f]*\).*/\1/p' | tail -n 1 |
		sed 's/^0xffff.*/no memory/; s/^0x.*/memory/'
	grep -v 'has no peer' "$work/errors" || echo "no message"
}
card=e1000e,romfile=
same "function 0" "$(guest -device "$card,addr=1c.0")" <<'END'
memory
no message
END
same "function 4 alone" "$(guest -device "$card,addr=1c.4")" <<'END'
no memory
no message
END
port=pcie-root-port,id=rp1,chassis=1
same "below a port, function 0" "$(guest -device "$port" -device "$card,bus=rp1,addr=0.0")" <<'END'
memory
no message
END
same "below a port, function 1 alone" "$(guest -device "$port" -device "$card,bus=rp1,addr=0.1")" <<'END'
no memory
no message
END
same "below a port, device 1" "$(guest -device "$port" -device "$card,bus=rp1,addr=1.0")" <<'END'
no memory
no message
END
finish
