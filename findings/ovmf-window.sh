#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# OVMF's X-PciMmio64Mb does nothing in one release, and in the next one takes a card's memory away.
#
# Expected: the fw_cfg item opt/ovmf/X-PciMmio64Mb makes the guest's window above 4 GiB, in which the large
#   BARs of graphics cards go, larger than OVMF's default of 32 GiB; a value from a guide does no harm.
# Seen: there is no default of 32 GiB any more: OVMF opens an eighth of the address space that it believes the
#   CPU to have (at 40 bits 128 GiB, and of a CPU model without 1 GiB pages it believes no more than 40 bits).
#   2022.11 ignores a smaller value in the item. 2025.02 obeys it: a BAR of 64 GiB that fits without the item
#   has no room with 32768, and then no BAR of the device gets an address, the 32-bit one neither.
# Versions: ovmf 2022.11-6+deb12u2 (Debian 12) and 2025.02-8+deb13u1 (Debian 13), both in
#   qemu-system-x86 1:7.2+dfsg-7+deb12u18+b3, machine q35, TCG.
# Why it matters: the item stands in guides with 32768 and 65536, and it stays in the guest's configuration. After
#   an upgrade of the host the guest sees the card with all BARs disabled, and its driver reports a
#   broken device. Take the item out, or give twice the sum of the BARs.
# shellcheck source-path=SCRIPTDIR source=common.sh
. "$(dirname "$0")/common.sh"
get "${qemu_packages[@]}" ovmf=2022.11-6+deb12u2
needs qemu-system-x86_64
mv "$root/usr/share/OVMF" "$work/2022.11"
get_from trixie ovmf=2025.02-8+deb13u1
mv "$root/usr/share/OVMF" "$work/2025.02"

# bars ID: what the monitor said last of the device's two memory BARs.
bars() {
	tr -d '\r' <"$work/monitor" | awk -v id="\"$1\"" '
		/^ *BAR[02]:/ { at[$1] = $0; sub(/.* at /, "", at[$1]); sub(/ .*/, "", at[$1]) }
		/^ *id / { if ($2 == id) last = "BAR 0 " at["BAR0:"] ", BAR 2 " at["BAR2:"]; delete at }
		END { gsub(/0xffffffffffffffff/, "nowhere", last); print last }'
}

# guest RELEASE OPTION...: where the firmware puts a BAR of 64 GiB, and another one of that device below 4 GiB. It is
# done when a second device, which fits anywhere, has its addresses.
guest() {
	local firmware=$work/$1
	shift
	: >"$work/monitor"
	cp "$firmware/OVMF_VARS_4M.fd" "$work/variables"
	{
		for _ in {1..150}; do
			sleep 1
			echo 'info pci'
			[[ $(bars small) != *BAR\ 2\ 0x* ]] || break
		done
		echo quit
	} | timeout 180 qemu-system-x86_64 -L "$root/usr/share/qemu" -L "$root/usr/share/seabios" \
		-machine q35,accel=tcg -cpu qemu64 -m 256 -display none -nodefaults -nic none -serial none -monitor stdio \
		-drive "if=pflash,format=raw,readonly=on,file=$firmware/OVMF_CODE_4M.fd" \
		-drive "if=pflash,format=raw,file=$work/variables" \
		-device pcie-root-port,id=rp1,chassis=1 -device pci-testdev,bus=rp1,membar=64G,id=large \
		-device pcie-root-port,id=rp2,chassis=2 -device pci-testdev,bus=rp2,membar=1M,id=small \
		"$@" >"$work/monitor" 2>"$work/errors" || echo "exit code $?"
	bars large | sed 's/BAR 0 0x[0-9a-f]*/BAR 0 below 4 GiB/'
}
item=name=opt/ovmf/X-PciMmio64Mb,string
same "2022.11, without the item" "$(guest 2022.11)" <<'END'
BAR 0 below 4 GiB, BAR 2 0xe000000000
END
same "2022.11, with 32768" "$(guest 2022.11 -fw_cfg "$item=32768")" <<'END'
BAR 0 below 4 GiB, BAR 2 0xe000000000
END
same "2025.02, without the item" "$(guest 2025.02)" <<'END'
BAR 0 below 4 GiB, BAR 2 0xc000000000
END
same "2025.02, with 32768" "$(guest 2025.02 -fw_cfg "$item=32768")" <<'END'
BAR 0 nowhere, BAR 2 nowhere
END
same "2025.02, with 131072" "$(guest 2025.02 -fw_cfg "$item=131072")" <<'END'
BAR 0 below 4 GiB, BAR 2 0x2000000000
END
finish
