#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# libvirt reads the numbers of a PCI address as C does; its schema and virsh's options do not.
#
# Expected: bus='10' is what lspci calls bus 10; or a number without 0x is refused. What the schema takes,
#   libvirt takes.
# Seen: without 0x a number is decimal, and with a leading 0 it is octal. bus='10' becomes bus 0x0a,
#   and slot='12' becomes slot 0x0c, without a word. The schema takes bus='08' and slot='1f', and the
#   parser refuses both. In an option of virsh the same digits are hex: attach-interface with
#   0000:10:00.0 is bus 0x10.
# Versions: libvirt 9.0.0-4+deb12u2 (Debian 12), the same in 11.3.0 (Debian 13). The test driver of
#   libvirt parses; no daemon is needed.
# Why it matters: who copies 10:00.0 from lspci into a <hostdev> hands over 0a:00.0, and if there is such a
#   device nothing tells. virt-xml-validate finds no fault. Always write 0x.
# shellcheck source-path=SCRIPTDIR source=common.sh
. "$(dirname "$0")/common.sh"
get libvirt0=9.0.0-4+deb12u2 libvirt-clients=9.0.0-4+deb12u2 libxml2-utils=2.9.14+dfsg-1.3~deb12u6
needs virsh xmllint
schema=$root/usr/share/libvirt/schemas/domain.rng

# answers BUS SLOT: what the schema and the parser say of a host device with this address.
answers() {
	local file=$work/$1-$2.xml
	cat >"$file" <<END
<domain type='test'><name>guest</name><memory>65536</memory><os><type>hvm</type></os><devices>
<hostdev mode='subsystem' type='pci' managed='yes'><source>
<address domain='0' bus='$1' slot='$2' function='0'/></source></hostdev></devices></domain>
END
	printf 'bus=%s slot=%s: ' "$1" "$2"
	sed "s/type='test'/type='kvm'/" "$file" >"$file.kvm"
	if xmllint --noout --relaxng "$schema" "$file.kvm" >/dev/null 2>&1; then
		printf 'valid, '
	else
		printf 'not valid, '
	fi
	virsh -c test:///default "define $file; dumpxml guest" 2>&1 </dev/null |
		sed -n "s/.*Invalid value.*'\\(.*\\)' in.*/refused: \\1/p; s/.*<address domain='0x0000' \\(.*\\) function.*/\\1/p" |
		head -n 1
}

export XDG_CONFIG_HOME=$work XDG_CACHE_HOME=$work XDG_RUNTIME_DIR=$work
printf 'libvirt %s\n' "$(virsh --version)"
same "written address, schema, what libvirt makes of it" "$(
	answers 0x10 0
	answers 10 0
	answers 010 0
	answers 7 12
	answers 08 0
	answers 7 1f
)" <<'END'
bus=0x10 slot=0: valid, bus='0x10' slot='0x00'
bus=10 slot=0: valid, bus='0x0a' slot='0x00'
bus=010 slot=0: valid, bus='0x08' slot='0x00'
bus=7 slot=12: valid, bus='0x07' slot='0x0c'
bus=08 slot=0: valid, refused: bus
bus=7 slot=1f: valid, refused: slot
END
same "an option of virsh" "$(virsh -c test:///default attach-interface test hostdev 0000:10:00.0 --print-xml 2>&1 |
	sed -n "s/.*<address .*\\(bus='[^']*'\\).*/\\1/p")" <<'END'
bus='0x10'
END
finish
