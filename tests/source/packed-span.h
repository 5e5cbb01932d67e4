/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Bytes in memory as what a child process sends, for pp_packed_take(). */
#ifndef TESTS_PACKED_SPAN_H
#define TESTS_PACKED_SPAN_H

#include <errno.h>
#include <string.h>

#include "base/span.h"

/* ctx: a struct pp_span, from which is taken what was received. */
static inline int packed_receive_from_span(void *ctx, void *buf, size_t len)
{
	struct pp_span *s = ctx;

	if (len > s->len)
		return -EPIPE;
	if (len)
		memcpy(buf, s->data, len);
	*s = PP_SPAN(s->data + len, s->len - len);
	return 0;
}

#endif
