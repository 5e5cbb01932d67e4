#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A drive behind Intel's VMD has no address in lshw, and in hwinfo the address of another device.
#
# Expected: the NVMe drive that the kernel calls 10000:01:00.0 is called so by all who list PCI devices.
# Seen: lshw shows it without any "businfo". hwinfo calls it "PCI 100.0" (bus 1, device 00), and the device
#   0000:01:00.0 as well: domain, bus and device are joined without a separator, and the upper digits of
#   the domain are lost; 0001:81:00.0 becomes "PCI 18100.0". Its "SysFS BusID" is right, and so is lspci.
# Versions: lshw 02.19.git.2021.06.19.996aaad9c7-2+b1 and hwinfo 21.82-1 (Debian 12); the same in Debian 13.
# Why it matters: with VMD switched on, which servers often come with, NVMe drives live in domains above
#   ffff. An inventory made with lshw -json cannot say which drive is where, and one made with hwinfo
#   says it of two devices at once.
# shellcheck source-path=SCRIPTDIR source=common.sh
. "$(dirname "$0")/common.sh"
get lshw=02.19.git.2021.06.19.996aaad9c7-2+b1 hwinfo=21.82-1 libhd21=21.82-1 libx86emu3=3.5-1 \
	pciutils=1:3.9.0-4 libpci3=1:3.9.0-4 proot=5.1.0-1.3 libtalloc2=2.4.0-f2
needs lshw hwinfo lspci proot

pci_device pci0000:00/0000:00:1c.0 8086 2030 060400 01 "00 01 01"
pci_device pci0000:00/0000:00:1c.0/0000:01:00.0 1000 0072 010700
vmd=pci0000:00/0000:00:0e.0
pci_device $vmd 8086 201d 010400
pci_device $vmd/pci10000:00/10000:00:02.0 8086 2030 060400 01 "00 01 01"
pci_device $vmd/pci10000:00/10000:00:02.0/10000:01:00.0 8086 0a54 010802
pci_device pci0001:80/0001:80:01.0 8086 2030 060400 01 "80 81 81"
pci_device pci0001:80/0001:80:01.0/0001:81:00.0 1000 0097 010700

# there PROGRAM...: runs it with the devices above as its /sys.
there() {
	timeout 60 proot -b "$work/sys:/sys" "$@" 2>/dev/null
}
same "lspci" "$(there lspci -n -D | grep -v ' 0604: ' | cut -d ' ' -f 1)" <<'END'
0000:00:0e.0
0000:01:00.0
0001:81:00.0
10000:01:00.0
END
same "lshw: class, businfo if there is one" "$(there lshw -json -class storage | tr -d ' ",' |
	awk -F 'businfo:|id:' '/^id:/ { printf "%s%s", n++ ? "\n" : "", $2 } /^businfo:/ { printf " %s", $2 }')" <<'END'
raid pci@0000:00:0e.0
sas pci@0000:01:00.0
nvme
sas pci@0001:81:00.0
END
same "hwinfo: what it is called, what sysfs calls it" "$(there hwinfo --storage-ctrl |
	sed -n 's/^[0-9]*: \(PCI [^:]*\):.*/\1/p; s/^  SysFS BusID: /  /p' | paste -d ' ' - - | tr -s ' ' | sort)" <<'END'
PCI 0e.0 0000:00:0e.0
PCI 100.0 0000:01:00.0
PCI 100.0 10000:01:00.0
PCI 18100.0 0001:81:00.0
END
finish
