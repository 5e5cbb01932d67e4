#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# xl takes `permissive=yes` for a device, says nothing, and leaves it off.
#
# Expected: xl-pci-configuration(5) calls permissive, msitranslate, seize and power_mgmt BOOLEAN, so that yes, true or
#   on switch them on, or are refused as an unknown option is.
# Seen: they are taken and mean off. So does 0x1. A number in decimal alone is read; whatever does not begin with one
#   is 0. The same word for all devices, pci_permissive = "yes", is ignored as well, but with a warning.
#   The other words of a device are checked: an unknown option or policy ends with an error.
# Versions: libxenmisc4.17 4.17.7+13-g2445b30a44-0+deb12u1 (Debian 12), which xl reads its files with; the same with
#   libxenmisc4.20 4.20.4+63-g7abfd2bce2-0+deb13u1 (Debian 13).
# Why it matters: permissive is what lets a guest's driver write registers of the device that Xen does not know, and
#   seize takes the device from dom0's driver. With the word the driver fails in the guest, or the guest is not
#   created since the device is not assignable, while the file seems to say otherwise.
# shellcheck source-path=SCRIPTDIR source=common.sh
. "$(dirname "$0")/common.sh"
command -v cc >/dev/null || skip "this needs a C compiler"
get libxenmisc4.17=4.17.7+13-g2445b30a44-0+deb12u1 libxen-dev=4.17.7+13-g2445b30a44-0+deb12u1 \
	libxencall1=4.17.7+13-g2445b30a44-0+deb12u1 libxendevicemodel1=4.17.7+13-g2445b30a44-0+deb12u1 \
	libxenevtchn1=4.17.7+13-g2445b30a44-0+deb12u1 libxenforeignmemory1=4.17.7+13-g2445b30a44-0+deb12u1 \
	libxengnttab1=4.17.7+13-g2445b30a44-0+deb12u1 libxenhypfs1=4.17.7+13-g2445b30a44-0+deb12u1 \
	libxenstore4=4.17.7+13-g2445b30a44-0+deb12u1 libxentoollog1=4.17.7+13-g2445b30a44-0+deb12u1 \
	libxentoolcore1=4.17.7+13-g2445b30a44-0+deb12u1 libyajl2=2.1.0-3+deb12u2 libnl-3-200=3.7.0-0.2+b1 \
	libnl-route-3-200=3.7.0-0.2+b1 libfdt1=1.6.1-4+b1

# What xl does with the text of a device, and with a number of the guest's file.
cat >"$work/read.c" <<'END'
#include <libxl.h>
#include <libxlutil.h>
#include <stdio.h>
#include <string.h>

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		XLU_Config *config = xlu_cfg_init(stdout, "guest");
		libxl_device_pci device;
		long value = -1;
		int status;

		if (strchr(argv[i], '"')) {
			status = xlu_cfg_readdata(config, argv[i], strlen(argv[i]));
			if (status == 0)
				status = xlu_cfg_get_long(config, "pci_permissive", &value, 0);
			printf("%s: %s\n", argv[i], status == 0 ? "taken" : "refused");
		} else {
			libxl_device_pci_init(&device);
			status = xlu_pci_parse_spec_string(config, &device, argv[i]);
			printf("%s: ", argv[i]);
			if (status == 0)
				printf("permissive %d, seize %d\n", device.permissive, device.seize);
			else
				printf("refused\n");
		}
		xlu_cfg_destroy(config);
	}
}
END
# The libraries that those two need are found when it runs.
cc -w -I"$root/usr/include" -o "$work/read" "$work/read.c" -L"$root/usr/lib/x86_64-linux-gnu" -lxlutil -lxenlight \
	-Wl,--unresolved-symbols=ignore-all
needs "$work/read"

same "words for one device" "$("$work/read" 07:00.0 07:00.0,permissive=1 07:00.0,permissive=yes \
	07:00.0,permissive=true 07:00.0,permissive=0x1 07:00.0,seize=1 07:00.0,seize=on 2>&1)" <<'END'
07:00.0: permissive 0, seize 0
07:00.0,permissive=1: permissive 1, seize 0
07:00.0,permissive=yes: permissive 0, seize 0
07:00.0,permissive=true: permissive 0, seize 0
07:00.0,permissive=0x1: permissive 0, seize 0
07:00.0,seize=1: permissive 0, seize 1
07:00.0,seize=on: permissive 0, seize 0
END
# The messages have no end of line of their own.
same "what is checked" "$("$work/read" 07:00.0,permissiv=1 07:00.0,rdm_policy=yes 2>&1)" <<'END'
Unknown PCI_SPEC_STRING option: permissiv07:00.0,permissiv=1: refused
Unknown RDM policy: yes07:00.0,rdm_policy=yes: refused
END
same "for all devices" "$("$work/read" 'pci_permissive = "1"' 'pci_permissive = "yes"' 2>&1)" <<'END'
pci_permissive = "1": taken
guest:1: warning: parameter `pci_permissive' is not a valid number
pci_permissive = "yes": refused
END
finish
