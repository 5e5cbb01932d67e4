#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# lsinitramfs does not see an early archive that the kernel sees.
#
# Expected: archives in an initrd follow each other on 4 bytes, as the kernel reads them, and as lsinitramfs
#   of Debian 13 and tools other than GNU cpio write or read them.
# Seen: lsinitramfs and unmkinitramfs look for the next archive on 512 bytes, the block of GNU cpio. One
#   that begins elsewhere is skipped without a word, up to the next that lies right, or the compressed one.
# Versions: initramfs-tools-core 0.142+deb12u3 (Debian 12). Not so in 0.148.4 (Debian 13).
# Why it matters: who checks with lsinitramfs whether the ACPI table or the microcode is in the initrd is
#   told that it is not, though the kernel will use it. Pad each archive to 512 bytes, and both agree.
# shellcheck source-path=SCRIPTDIR source=common.sh
. "$(dirname "$0")/common.sh"
get initramfs-tools-core=0.142+deb12u3 cpio=2.13+dfsg-7.1
needs cpio

# archive NAME FILE: a newc archive with this file, which is made, without GNU cpio's padding.
archive() {
	local end
	mkdir -p "$work/$1.d/$(dirname "$2")"
	echo "$1" >"$work/$1.d/$2"
	(cd "$work/$1.d" && find . -mindepth 1 -printf '%P\n' | sort | cpio --quiet -o -H newc) >"$work/$1"
	end=$(grep -abo 'TRAILER!!!' "$work/$1" | cut -d : -f 1)
	truncate -s "$(((end + 11 + 3) / 4 * 4))" "$work/$1"
}
archive microcode kernel/x86/microcode/GenuineIntel.bin
archive table kernel/firmware/acpi/DMAR.aml
archive system init
gzip -n "$work/system"
cat "$work/microcode" "$work/table" "$work/system.gz" >"$work/by-4"
truncate -s %512 "$work/microcode" "$work/table"
cat "$work/microcode" "$work/table" "$work/system.gz" >"$work/by-512"

# files IMAGE: the files that lsinitramfs lists, without directories.
files() {
	sh "$root/usr/bin/lsinitramfs" "$1" 2>&1 | grep -E 'bin$|aml$|init$'
}
same "archives on 512 bytes" "$(files "$work/by-512")" <<'END'
kernel/x86/microcode/GenuineIntel.bin
kernel/firmware/acpi/DMAR.aml
init
END
same "archives on 4 bytes" "$(files "$work/by-4")" <<'END'
kernel/x86/microcode/GenuineIntel.bin
init
END
finish
