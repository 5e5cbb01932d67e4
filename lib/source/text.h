/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A capture as a text that fits into a post of a forum. */
#ifndef PP_SOURCE_TEXT_H
#define PP_SOURCE_TEXT_H

#include "base/buffer.h"
#include "source/source.h"

/*
 *	-----BEGIN PCIPASS CAPTURE-----
 *	the entries of pp_recorder_pack(), compressed with gzip, in base64, 76 characters a line
 *	-----END PCIPASS CAPTURE LENGTH CRC32-----
 *
 * LENGTH is that of the compressed bytes, in decimal, CRC32 of them in hex. What mail, forums and
 * web pages add to a line is passed over: marks of quotation, blanks, CR, entities of HTML.
 */
#define PP_TEXT_BEGIN    "BEGIN PCIPASS CAPTURE"
#define PP_TEXT_END      "END PCIPASS CAPTURE "
#define PP_TEXT_MAX      ((size_t)4 * 1024 * 1024)  /* compressed bytes that are read */
#define PP_TEXT_MAX_OPEN ((size_t)64 * 1024 * 1024) /* and what they come to */

/* Appends the text. */
int pp_text_pack(struct pp_span entries, struct pp_buffer *ret, struct pp_error *e);

#endif
