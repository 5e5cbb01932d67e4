#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# With an ACPI table in front of an initrd, lsinitrd shows the table and nothing else.
#
# Expected: an initrd may begin with any number of uncompressed archives, and lsinitrd shows what is behind
#   them, or says that it does not.
# Seen: lsinitrd knows an early archive by microcode in it, or by a file "early_cpio", and skips one only. An
#   archive with an ACPI table, first or second, is taken for the image itself: all of the system behind
#   it is not listed, and `lsinitrd IMAGE FILE` finds nothing there. No error.
# Versions: dracut-core 059-4 (Debian 12), the same in 106-6 (Debian 13).
# Why it matters: the usual way to give the kernel another DMAR is such an archive in front of the initrd. The
#   host boots as it should, and lsinitrd says that there is neither init nor vfio-pci in the image. A
#   file "early_cpio" in the archive helps where it is the only one.
# shellcheck source-path=SCRIPTDIR source=common.sh
. "$(dirname "$0")/common.sh"
get dracut-core=059-4 cpio=2.13+dfsg-7.1
needs cpio
export dracutbasedir=$root/usr/lib/dracut

# archive NAME FILE...: a newc archive with these files, which are made.
archive() {
	local name=$1 file
	shift
	for file in "$@"; do
		mkdir -p "$work/$name.d/$(dirname "$file")"
		echo "$name" >"$work/$name.d/$file"
	done
	(cd "$work/$name.d" && find . -mindepth 1 -printf '%P\n' | sort | cpio --quiet -o -H newc) >"$work/$name"
}
archive microcode kernel/x86/microcode/GenuineIntel.bin
archive table kernel/firmware/acpi/DMAR.aml
archive marked early_cpio kernel/firmware/acpi/DMAR.aml
archive system init etc/modprobe.d/vfio.conf
gzip -n "$work/system"

# files PART...: the plain files that lsinitrd lists of the parts in a row, and the size of one that it prints.
files() {
	(cd "$work" && cat "$@" system.gz >image)
	bash "$root/usr/bin/lsinitrd" "$work/image" 2>/dev/null | sed -n 's/^-r.* \([^ ]*\)$/\1/p'
	echo "vfio.conf: $(bash "$root/usr/bin/lsinitrd" "$work/image" etc/modprobe.d/vfio.conf 2>/dev/null | wc -c) bytes"
}
same "microcode, system" "$(files microcode)" <<'END'
kernel/x86/microcode/GenuineIntel.bin
etc/modprobe.d/vfio.conf
init
vfio.conf: 7 bytes
END
same "table, system" "$(files table)" <<'END'
kernel/firmware/acpi/DMAR.aml
vfio.conf: 0 bytes
END
same "microcode, table, system" "$(files microcode table)" <<'END'
kernel/x86/microcode/GenuineIntel.bin
kernel/firmware/acpi/DMAR.aml
vfio.conf: 0 bytes
END
same "table with early_cpio, system" "$(files marked)" <<'END'
early_cpio
kernel/firmware/acpi/DMAR.aml
etc/modprobe.d/vfio.conf
init
vfio.conf: 7 bytes
END
finish
