/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where a section's bits lie: what decoding and encoding share. */
#ifndef PP_CONREP_CODEC_SECTION_H
#define PP_CONREP_CODEC_SECTION_H

#include "conrep/codec.h"

/* What the two directions of the codec share. */

/* What an absent EV is read as, and made of. */
extern const uint8_t pp_zeros[PP_EV_MAX_BYTES];

/* The bytes of its cell that a section reads and writes: the first, how many. */
uint32_t pp_section_first(const struct pp_schema_section *s);
uint32_t pp_section_bytes(const struct pp_schema_section *s);
/* How long its cell has to be. */
size_t pp_section_end(const struct pp_schema_section *s);

/* The section's cell, long enough; the errors of pp_codec_decode(). */
int pp_section_area(const struct pp_schema_section *s, const struct pp_areas *m,
                    struct pp_area **ret, struct pp_error *e);

/* The id that a text of an ENUM stands for; false: none. */
bool pp_section_value(const struct pp_schema_section *s, const char *text, uint8_t *ret);

#endif
