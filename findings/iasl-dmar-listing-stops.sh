#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# iasl stops at a DMAR structure that it does not know, exits with 0, and does not read its own listing.
#
# Expected: an unknown structure is skipped by its length, as the kernel does and as iasl itself does in
#   an IVRS; or the exit code tells that the listing is not whole.
# Seen: iasl 20200925 knows the structures 0 to 4 and 6. At a SATC (type 5; 2 of 170 real tables have one)
#   the listing ends, what follows is missing, and the exit code is 0. The error is only printed. The
#   listing does not compile, so such a table cannot be edited by way of iasl.
# Versions: acpica-tools 20200925-8 (Debian 12); not so in 20250404-1 (Debian 13), which knows the SATC.
# Why it matters: a script that edits `iasl -d` output and looks at the exit code works on half a DMAR. And
#   whoever deletes the SATC to make the listing compile gives the kernel a table without it.
# shellcheck source-path=SCRIPTDIR source=common.sh
. "$(dirname "$0")/common.sh"
get acpica-tools=20200925-8

hex "$work/DMAR" <<'END'
44 4d 41 52 82 00 00 00 01 61 56 45 4e 44 4f 52 42 4f 41 52 44 20 20 20 01 00 00 00 48 50 20 20
01 00 00 00 26 01 00 00 00 00 00 00 00 00 00 00
00 00 10 00 01 00 00 00 00 00 d9 fe 00 00 00 00                                                     # DRHD
01 00 22 00 00 00 00 00 00 30 f8 bd 00 00 00 00 ff 4f f8 bd 00 00 00 00 01 0a 00 00 00 00 1c 04     # RMRR bdf83000-bdf84fff
00 00                                                                                     # for 1c.4/00.0
05 00 10 00 01 00 00 00 01 08 00 00 00 00 02 00                                                     # SATC for 00:02.0
06 00 10 00 00 00 00 00 01 08 00 00 00 00 03 00                                                     # SIDP for 00:03.0
END

cd "$work"
code=0
iasl -d DMAR >output 2>&1 </dev/null || code=$?
same "the structures in the listing, and the exit code" \
	"$(sed -n 's/.*Subtable Type : //p' DMAR.dsl; echo "exit code $code")" <<'END'
0000 [Hardware Unit Definition]
0001 [Reserved Memory Region]
0005 [Unknown Subtable Type]
exit code 0
END
code=0
iasl DMAR.dsl >output 2>&1 </dev/null || code=$?
same "the listing as input" "$(grep -o 'Unknown subtable type' output; echo "exit code $code")" <<'END'
Unknown subtable type
exit code 255
END
finish
