# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What every finding shares: a temporary directory, pinned packages, bytes from hex, comparing output.
# It is sourced, not run.
set -euo pipefail
export LC_ALL=C

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# Nothing that fails outside a comparison may pass for a change of behaviour without a word.
trap 'printf "stopped at line %s\n" "$LINENO" >&2' ERR
root=$work/root
failed=0
mkdir "$root" "$work/packages"

# skip REASON: the packages cannot be had, so nothing can be said.
skip() {
	printf 'skipped: %s\n' "$*" >&2
	exit 77
}

apt_options=(-qq -o APT::Sandbox::User="$(id -un)")

# get PACKAGE=VERSION...: downloads Debian packages and unpacks them below $root. Nothing is installed.
get() {
	local package
	for package in apt-get dpkg-deb; do
		command -v "$package" >/dev/null || skip "this needs $package"
	done
	[ "$(dpkg --print-architecture)" = amd64 ] || skip "the packages are for amd64"
	(cd "$work/packages" && apt-get "${apt_options[@]}" download "$@") >"$work/log" 2>&1 ||
		skip "the packages cannot be downloaded: $(head -n 1 "$work/log")"
	for package in "$work"/packages/*.deb; do
		dpkg-deb -x "$package" "$root"
		rm "$package"
	done
	local libs=$root/usr/lib/x86_64-linux-gnu:$root/lib/x86_64-linux-gnu
	export PATH="$root/usr/sbin:$root/usr/bin:$root/sbin:$root/bin:$PATH" LD_LIBRARY_PATH="$libs"
	printf 'packages: %s\n' "$*"
}

# get_from RELEASE PACKAGE=VERSION...: the same from another release of Debian than this machine's, for
# which apt gets a configuration of its own in the temporary directory.
get_from() {
	local release=$1 mirror
	shift
	mirror=$(apt-get indextargets --format "\$(REPO_URI)" 'Created-By: Packages' 'Component: main' 2>/dev/null |
		head -n 1)
	[ -n "$mirror" ] || skip "apt has no source of packages"
	mkdir -p "$work/apt/lists/partial" "$work/apt/cache"
	printf 'deb [signed-by=%s] %s %s main\n' /usr/share/keyrings/debian-archive-keyring.gpg "$mirror" "$release" \
		>"$work/apt/sources.list"
	apt_options+=(-o Dir::Etc::SourceList="$work/apt/sources.list" -o Dir::Etc::SourceParts=/dev/null
		-o Dir::State::Lists="$work/apt/lists" -o Dir::Cache="$work/apt/cache"
		-o Acquire::Languages=none)
	apt-get "${apt_options[@]}" update >"$work/log" 2>&1 ||
		skip "no list of packages for $release: $(head -n 1 "$work/log")"
	get "$@"
}

# QEMU with the libraries that a small Debian lacks.
# shellcheck disable=SC2034
qemu_packages=(qemu-system-x86=1:7.2+dfsg-7+deb12u18+b3 qemu-system-common=1:7.2+dfsg-7+deb12u18+b3
	qemu-system-data=1:7.2+dfsg-7+deb12u18 seabios=1.16.2-1 libaio1=0.3.113-4
	libbpf1=1:1.1.2-0+deb12u1 libcapstone4=4.0.2-5 libfdt1=1.6.1-4+b1 libfuse3-3=3.14.0-4
	libibverbs1=44.0-2 libjpeg62-turbo=1:2.1.5-2 libnuma1=2.0.16-1 libpixman-1-0=0.42.2-1
	libpmem1=1.12.1-2 libpng16-16=1.6.39-2+deb12u6 librdmacm1=44.0-2
	libsasl2-2=2.1.28+dfsg-10+deb12u1 libseccomp2=2.5.4-1+deb12u1 libslirp0=4.7.0-1
	liburing2=2.3-3 libvdeplug2=4.0.1-4 libndctl6=76.1-1 libdaxctl1=76.1-1
	libnl-3-200=3.7.0-0.2+b1 libnl-route-3-200=3.7.0-0.2+b1)

# needs PROGRAM...: skips if a library is missing that the packages do not bring along.
needs() {
	local program missing
	for program in "$@"; do
		missing=$(ldd "$(command -v "$program")" 2>&1 | tr -d '\t' |
			sed -n 's/ => not found//p; s/.*version .\(.*\). not found.*/\1/p' | head -n 1) || true
		[ -z "$missing" ] || skip "$program needs $missing"
	done
}

# hex FILE: writes the bytes that standard input has in hex. Blanks and what follows # are skipped.
hex() {
	sed 's/#.*//' | tr -d ' \t\n' | sed 's/../\\x&/g' >"$work/escapes"
	printf '%b' "$(cat "$work/escapes")" >"$1"
}

# kernel_modules NAME...: a directory of modules for kernel 6.1.0 below $work, and modprobe and depmod of a kmod that
# was unpacked, whose own links are absolute. A module is no more than an ELF header and a table of section
# names: depmod wants nothing else.
kernel_modules() {
	local directory=$work/lib/modules/6.1.0 name
	mkdir -p "$work/bin" "$directory/kernel" "$work/conf"
	for name in modprobe depmod; do
		ln -sf "$root/bin/kmod" "$work/bin/$name"
	done
	PATH=$work/bin:$PATH
	needs modprobe
	hex "$work/module" <<-END
		7f 45 4c 46 02 01 01 00 00 00 00 00 00 00 00 00 01 00 3e 00 01 00 00 00 00 00 00 00 00 00 00 00
		00 00 00 00 00 00 00 00 50 00 00 00 00 00 00 00 00 00 00 00 40 00 00 00 00 00 40 00 02 00 01 00
		00 2e 73 68 73 74 72 74 61 62 00 00 00 00 00 00
		00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
		00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
		01 00 00 00 03 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 40 00 00 00 00 00 00 00
		0b 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 01 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
	END
	for name in "$@"; do
		cp "$work/module" "$directory/kernel/$name.ko"
		echo "kernel/$name.ko" >>"$directory/modules.order"
	done
	touch "$directory/modules.builtin"
	depmod -b "$work" 6.1.0 2>/dev/null
}

# pci_device PATH VENDOR DEVICE CLASS [HEADER_TYPE [BUSES]]: a PCI device below $work/sys as sysfs shows it.
# PATH is the device's below /sys/devices, the rest is hex: 1000 0072 010700, BUSES 00 01 01 of a bridge.
pci_device() {
	local directory=$work/sys/devices/$1 address=${1##*/} class=$4
	mkdir -p "$directory" "$work/sys/bus/pci/devices"
	ln -sfn "../../../devices/$1" "$work/sys/bus/pci/devices/$address"
	printf '0x%s\n' "$2" >"$directory/vendor"
	printf '0x%s\n' "$3" >"$directory/device"
	printf '0x%s\n' "$class" >"$directory/class"
	printf '(null)\n' >"$directory/driver_override"
	for _ in {1..13}; do
		printf '0x%016x 0x%016x 0x%016x\n' 0 0 0
	done >"$directory/resource"
	hex "$directory/config" <<-END
		${2:2}${2::2} ${3:2}${3::2} 0000 0000 00 ${class:4} ${class:2:2} ${class::2} 00 00 ${5:-00} 00
		$(printf '00%.0s' {1..8}) ${6:-00 00 00} 00 $(printf '00%.0s' {1..36})
	END
	printf 'PCI_CLASS=%s\nPCI_ID=%s:%s\nPCI_SLOT_NAME=%s\n' "${class^^}" "${2^^}" "${3^^}" "$address" >"$directory/uevent"
}

# same WHAT ACTUAL: compares ACTUAL with standard input, and shows the difference.
same() {
	if diff -u --label "$1: as written down" --label "$1: now" - <(printf '%s\n' "$2"); then
		printf 'as written down: %s\n' "$1"
	else
		failed=1
	fi
}

# The last line of every finding: 0 if everything is as written down, 1 if not.
finish() {
	exit "$failed"
}
