/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where the files of a host were told, if it was put together of texts. */
#ifndef PP_SOURCE_ORIGIN_H
#define PP_SOURCE_ORIGIN_H

/*
 * A source of texts has it; captures and live hosts have not. Lines:
 *
 *	text NAME		the next text, from 1
 *	at TEXT LINE PATH	the file of the host at PATH was told by that text; LINE from 1, 0:
 *by all of it
 *	log TEXT LINE FIRST	from its line FIRST on, counted from 0, the kernel log is what the
 *text has from LINE on
 */
#define PP_ORIGINS_PATH "run/pcipass/origins"

#endif
