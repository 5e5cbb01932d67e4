/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How much a source may hold: bytes, files, depth. */
#ifndef PP_SOURCE_LIMITS_H
#define PP_SOURCE_LIMITS_H

#include <stddef.h>
#include <stdint.h>

/*
 * What a capture or a foreign archive may cost. Everything in them is hostile; these bounds hold
 * whatever the headers say. A host of 20,000 functions with two dozen files each fits.
 */
#define PP_MAX_ENTRIES     600000u                     /* files, directories and links in a tree */
#define PP_MAX_FILE_BYTES  ((size_t)16 * 1024 * 1024)  /* larger ones are there but unread */
#define PP_MAX_TOTAL_BYTES ((size_t)256 * 1024 * 1024) /* content and names kept in memory */
/*
 * Decompressed, kept or skipped: so much of any archive, and of a large one, such as a support
 * bundle, so many times what was read of it, up to the last limit. A bundle's logs reach 30 times
 * their size; what is made to cost time, thousands.
 */
#define PP_MAX_STREAM_BYTES ((int64_t)1024 * 1024 * 1024)
#define PP_MAX_STREAM_RATIO 100
#define PP_MAX_STREAM_TOTAL ((int64_t)64 * 1024 * 1024 * 1024)
#define PP_MAX_TABLE_BYTES  ((size_t)1024 * 1024) /* a bare firmware table */
#define PP_MAX_PATH         4095u
#define PP_MAX_NAME         255u
#define PP_MAX_LINK         4095u
#define PP_MAX_DEPTH        64u
#define PP_MAX_HOPS         40u /* links followed in one path, as in Linux */

#endif
