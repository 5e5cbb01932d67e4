# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What every finding shares: a temporary folder, pinned packages, bytes from hex, comparing output.
# It is sourced, not run.
set -euo pipefail
export LC_ALL=C

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
root=$work/root
failed=0
mkdir "$root" "$work/packages"

# skip REASON: the packages cannot be had, so nothing can be said.
skip() {
	printf 'skipped: %s\n' "$*" >&2
	exit 77
}

# get PACKAGE=VERSION...: downloads Debian packages and unpacks them below $root. Nothing is installed.
get() {
	local package
	for package in apt-get dpkg-deb; do
		command -v "$package" >/dev/null || skip "this needs $package"
	done
	for package in "$@"; do
		(cd "$work/packages" && apt-get -qq -o APT::Sandbox::User="$(id -un)" download "$package") >"$work/log" 2>&1 ||
			skip "$package cannot be downloaded: $(head -n 1 "$work/log")"
	done
	for package in "$work"/packages/*.deb; do
		dpkg-deb -x "$package" "$root"
		rm "$package"
	done
	local libs=$root/usr/lib/x86_64-linux-gnu:$root/lib/x86_64-linux-gnu
	export PATH="$root/usr/sbin:$root/usr/bin:$root/sbin:$root/bin:$PATH" LD_LIBRARY_PATH="$libs"
	printf 'packages: %s\n' "$*"
}

# needs PROGRAM...: skips if a library is missing that the packages do not bring along.
needs() {
	local program missing
	for program in "$@"; do
		missing=$(ldd "$(command -v "$program")" 2>&1 | sed -n 's/ => not found//p' | tr -d '\t' | head -n 1)
		[ -z "$missing" ] || skip "$program needs $missing"
	done
}

# hex FILE: writes the bytes that standard input has in hex. Blanks and what follows # are skipped.
hex() {
	sed 's/#.*//' | tr -d ' \t\n' | sed 's/../\\x&/g' >"$work/escapes"
	printf '%b' "$(cat "$work/escapes")" >"$1"
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
