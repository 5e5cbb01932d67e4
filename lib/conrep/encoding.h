/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Text files of other encodings as UTF-8. */
#ifndef PP_CONREP_ENCODING_H
#define PP_CONREP_ENCODING_H

#include "base/arena.h"
#include "base/error.h"
#include "base/span.h"

/*
 * XML documents in the encodings that people's editors and shells write, as UTF-8. It looks at no
 * more of XML than the declaration.
 *
 * A byte order mark decides: UTF-8, UTF-16LE, UTF-16BE; the encoding that a declaration names does
 * not count then, as Windows PowerShell writes UTF-16 below whatever declaration it was given.
 * Without a mark the declaration decides: UTF-8 (also if it names none), US-ASCII, ISO-8859-1 or
 * windows-1252.
 *
 * *ret is UTF-8 without a mark and without NUL, and a declaration in it names no other encoding
 * than UTF-8 or, if every byte is ASCII, US-ASCII: the same document for any other XML parser.
 * Line ends stay as they are, so lines keep their numbers. *ret is in, a part of in, or lives in a.
 *
 * -EBADMSG, with object and line: bytes that the encoding does not have, half a UTF-16 character or
 * surrogate pair, NUL, two marks, a declaration of UTF-16 without a mark, an unknown encoding.
 * -E2BIG: more than max_bytes as UTF-8. -ENOMEM.
 */
int pp_encoding_to_utf8(struct pp_span in, const char *object, size_t max_bytes, struct pp_arena *a,
                        struct pp_span *ret, struct pp_error *e);

#endif
