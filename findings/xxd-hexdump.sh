#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# "xxd -r" takes what hexdump printed, says nothing, and makes another table of it.
#
# Expected: xxd -r undoes a dump with addresses, or refuses one that is not its own.
# Seen: of a line of "hexdump -C" it reads the first eight bytes; the second blank between the two halves ends
#   the line for it. It seeks to each line's address, so the other eight are zero and nothing is out of place.
#   Of "hexdump" without options, whose words are in the host's byte order, it writes each pair turned round.
#   Both exit with 0.
# Versions: xxd 2:9.0.1378-2+deb12u2 with hexdump of bsdextrautils 2.38.1-5+deb12u3 (Debian 12).
# Why it matters: a DMAR is often posted as a hexdump, and what xxd makes of it still begins as the table does.
#   The scope at the end here names 07:00.0; what was made has no scope, and a region that begins at 0.
# shellcheck source-path=SCRIPTDIR source=common.sh
. "$(dirname "$0")/common.sh"
get xxd=2:9.0.1378-2+deb12u2 bsdextrautils=2.38.1-5+deb12u3
needs xxd hexdump

# A device scope of a DMAR: an endpoint at 07:00.0, and what stands before it.
hex "$work/table" <<'END'
44 4d 41 52 30 00 00 00 01 5a 48 50 20 20 20 20  50 72 6f 4c 69 61 6e 74 01 00 00 00 31 00 00 00
01 00 28 00 00 00 00 00 00 30 f8 bd 00 00 00 00  ff 4f f8 bd 00 00 00 00 01 08 00 00 00 07 00 00
END
hexdump -vC "$work/table" >"$work/text"
xxd -r "$work/text" "$work/made"
same "what xxd makes of hexdump -C" "exit $? $(od -An -v -tx1 "$work/made")" <<'END'
exit 0  44 4d 41 52 30 00 00 00 00 00 00 00 00 00 00 00
 50 72 6f 4c 69 61 6e 74 00 00 00 00 00 00 00 00
 01 00 28 00 00 00 00 00 00 00 00 00 00 00 00 00
 ff 4f f8 bd 00 00 00 00
END
hexdump -v "$work/table" >"$work/text"
xxd -r "$work/text" "$work/other"
same "what xxd makes of hexdump" "exit $? $(od -An -v -tx1 "$work/other")" <<'END'
exit 0  4d 44 52 41 00 30 00 00 5a 01 50 48 20 20 20 20
 72 50 4c 6f 61 69 74 6e 00 01 00 00 00 31 00 00
 00 01 00 28 00 00 00 00 30 00 bd f8 00 00 00 00
 4f ff bd f8 00 00 00 00 08 01 00 00 07 00 00 00
END
finish
