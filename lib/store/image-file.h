/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The form of an image file. */
#ifndef PP_STORE_IMAGE_FILE_H
#define PP_STORE_IMAGE_FILE_H

#include "base/buffer.h"
#include "conrep/match.h"
#include "conrep/area.h"

/*
 * An image: a machine's settings in one file of lines. The first says what it is and its version,
 * the last is "crc32 " and eight hex digits over all bytes before it. Bytes stand below the line
 * that gives their number, in decimal, at its end: 32 a line, two lower-case hex digits each. There
 * is one way to write a content and no other is read, so a file that was read is written again to
 * the byte.
 *
 *   pcipass-settings 1
 *   product ProLiant DL380p Gen8      \
 *   rom-family P70                     | who the machine is; what is not known is left out,
 *   rom-date 05/24/2019                | the order is this one, printable ASCII
 *   processor Intel                   /
 *   ev CQHLS1 32                      an EV, its length, its bytes
 *   00112233…
 *   nvram 4096                        at most once; from its first byte on
 *   cmos 256                          at most once
 *   crc32 1a2b3c4d
 *
 * Cells stand in any order and keep it. An EV that is not in it is absent; an image without nvram
 * or cmos does not hold them, which is another thing than zeros.
 */
#define PP_IMAGE_MAX_BYTES (1u << 20)
#define PP_IMAGE_MAX_TEXT  255u

struct pp_image {
	struct pp_machine machine;
	struct pp_areas memory;
};

/* *ret lives in a. -EBADMSG, -EPROTONOSUPPORT (another version), -E2BIG. */
int pp_image_parse(struct pp_span in, const char *object, struct pp_arena *a, struct pp_image *ret,
                   struct pp_error *e);

/* Text of the machine is cleaned; cells with an error are left out. Failure shows in b->failed. */
void pp_image_format(const struct pp_machine *m, const struct pp_areas *cells, struct pp_buffer *b);
/* What ends it. */
void pp_image_add_checksum(struct pp_buffer *b);

#endif
