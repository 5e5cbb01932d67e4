#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Linux ends a word of its command line at every byte 0xa0: in the middle of "à", and at the space that comes from web pages.
#
# Expected: words end at spaces, tabs and line ends; bytes above 0x7f are parts of words, for Documentation/
#   admin-guide/kernel-parameters.rst says nothing else, and a boot loader hands UTF-8 through.
# Seen: next_arg() of lib/cmdline.c goes by isspace(), and its table in lib/ctype.c is that of Latin-1, where 0xa0
#   is a space that does not break lines. In UTF-8 it is the second byte of that space (c2 a0) and of "à" (c3 a0), and a
#   byte of many other letters. The word before keeps c2 or c3, so it is not the parameter that was meant. Quotation marks
#   help, as they do with a space.
# Versions: linux-image-6.12.117+deb13-amd64 6.12.117-1 (Debian 13) in qemu-system-x86 1:7.2+dfsg-7+deb12u18+b3.
# Why it matters: parameters pasted from a page into /etc/default/grub are two for the kernel where an editor of that file
#   sees one, and the first has a byte too many in its value; a path or label with "à" falls into two words. Whoever looks
#   for a parameter, or for "--", by ASCII's blanks finds other ones than the kernel.
# shellcheck source-path=SCRIPTDIR source=common.sh
. "$(dirname "$0")/common.sh"
command -v cpio >/dev/null || skip "this needs cpio"
get "${qemu_packages[@]}" busybox-static=1:1.35.0-4+deb12u1+b1
needs qemu-system-x86_64
get_from trixie linux-image-6.12.117+deb13-amd64=6.12.117-1

# What stands behind "--" is for init: a word each.
mkdir -p "$work/guest/bin"
cp "$root/bin/busybox" "$work/guest/bin/"
cat >"$work/guest/init" <<'END'
#!/bin/busybox sh
for word; do
	echo "<$(printf %s "$word" | /bin/busybox xxd -p)>"
done
/bin/busybox poweroff -f
END
chmod +x "$work/guest/init"
(cd "$work/guest" && find . | cpio --quiet -o -H newc) >"$work/initrd"

# boot WORDS: init's words, in hex.
boot() {
	timeout 300 qemu-system-x86_64 -L "$root/usr/share/qemu" -L "$root/usr/share/seabios" \
		-machine q35,accel=tcg -cpu max -m 512 -display none -nodefaults -nic none -serial stdio -no-reboot \
		-kernel "$root/boot/vmlinuz-6.12.117+deb13-amd64" -initrd "$work/initrd" \
		-append "console=ttyS0 quiet panic=-1 -- $1" 2>/dev/null | tr -d '\r' | sed -n 's/.*<\([0-9a-f]*\)>.*/\1/p'
}

same "a space that does not break, à, é, and both between quotation marks" \
	"$(boot $'one\xc2\xa0two ab\xc3\xa0cd ab\xc3\xa9cd "x=\xc2\xa0 y"')" <<'END'
6f6e65c2
74776f
6162c3
6364
6162c3a96364
783dc2a02079
END
finish
