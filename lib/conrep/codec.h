/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From a setting's text to bits and back, by its section of the schema. */
#ifndef PP_CONREP_CODEC_H
#define PP_CONREP_CODEC_H

#include "conrep/data.h"
#include "conrep/area.h"
#include "conrep/schema.h"

/*
 * Between bytes and text, one section at a time. The text forms:
 *   ENUM     the value's text; a byte whose masked bits are no value of the schema: "0x" and two
 *            lower-case hex digits, which is taken back as it was written
 *   hex      two lower-case digits a byte, in the order of the bytes, single blanks between them,
 *            as HP's tool writes it; read in either case, and without any blanks
 *   text     bytes up to the padding (NULs and blanks at the end); bytes outside 20h-7eh, and a
 *            backslash that would be read as such an escape, as \xHH. Shorter text is padded with
 *            NULs, except that text which means the same as what is there leaves every byte alone
 * A RAW section whose EV is absent has the empty text.
 * Sections are those that pp_schema_parse() gives: an EV of at most PP_EV_MAX_BYTES, fields inside
 * their records, no text and no entry's name that means two things.
 */

/*
 * What the section says now. *ret lives in a, name and helptext are the schema's.
 * -ENOENT: its EV is absent (of RAW, and with empty_delete, that is a value: no text, and every
 * record empty);
 * -ENODATA or the cell's error: nobody read it; -EBADMSG: the cell is shorter than the section.
 */
int pp_codec_decode(const struct pp_schema_section *s, const struct pp_areas *m, struct pp_arena *a,
                    struct pp_setting *ret, struct pp_error *e);

/*
 * Puts the setting into *m: bits and bytes that the section does not own keep their value, also
 * beyond its length. An absent EV is made, as long as the longest section of the schema that uses
 * it, the rest zero. With empty_delete an EV whose records become all empty (zeros, or text that is
 * padding only) becomes absent, unless a byte that the section does not own says something or a
 * section of another name uses the EV. Records and fields that the setting leaves out keep their
 * bytes. A setting that says what is there already changes nothing; so the empty text of RAW leaves
 * an absent EV absent. Of one that is there it is no hex, and an empty text is text like any other.
 * -EINVAL: an invalid value, a field or index that the section has not, hex of the wrong
 * length, text too long; the sentence names object, line and what is allowed. The errors of
 * pp_codec_decode() for the cell. *m is untouched then.
 */
int pp_codec_encode(const struct pp_schema *schema, const struct pp_schema_section *s,
                    const struct pp_setting *value, const char *object, struct pp_areas *m,
                    struct pp_error *e);

/*
 * Whether now, which pp_codec_decode() gave, says all that wanted, which pp_codec_encode() took,
 * asks for. a is for scratch. -ENOMEM.
 */
int pp_codec_holds(const struct pp_schema_section *s, const struct pp_setting *wanted,
                   const struct pp_setting *now, struct pp_arena *a, bool *ret);

/* The longest length that the schema gives to that EV. */
uint32_t pp_codec_ev_bytes(const struct pp_schema *s, const char *ev);

/*
 * The bits of a cell's byte that the section owns: the mask of one byte (ENUM), all of each byte
 * (RAW), all of each byte of a field (RECORDS). false: none, *ret_mask untouched.
 */
bool pp_codec_owns(const struct pp_schema_section *s, size_t byte, uint8_t *ret_mask);

#endif
