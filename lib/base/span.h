/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Borrowed bytes with their length, and a yes, no or unknown. */
#ifndef PP_BASE_SPAN_H
#define PP_BASE_SPAN_H

#include <stddef.h>
#include <stdint.h>

/* Borrowed bytes. data may be NULL only if len is 0. */
struct pp_span {
	const uint8_t *data;
	size_t len;
};

#define PP_SPAN(p, n) ((struct pp_span){ (const uint8_t *)(p), (n) })

/* "unknown" is the zero value, so that a forgotten fact is never a no. */
enum pp_tri { PP_UNKNOWN = 0, PP_NO, PP_YES };

static inline enum pp_tri pp_tri(int yes)
{
	return yes ? PP_YES : PP_NO;
}

#endif
