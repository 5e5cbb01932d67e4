/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A report in a file: collected whole, then put in place at once. */
#include <errno.h>

#include <pcipass/report.h>

#include "base/buffer.h"
#include "sys/file.h"

#define REPORT_FILE_MAX_BYTES ((size_t)64 << 20)

static int report_file_collect(void *ctx, const char *bytes, size_t len)
{
	struct pp_buffer *b = ctx;

	pp_buffer_append(b, bytes, len);
	return b->failed ? -1 : 0;
}

int pp_report_file(const char *path, bool overwrite, pp_print print, void *ctx, struct pp_error *e)
{
	struct pp_buffer b;

	pp_buffer_init(&b, REPORT_FILE_MAX_BYTES);
	int r = print(ctx, (struct pp_sink){ report_file_collect, &b }, e);
	if (b.failed)
		r = pp_fail(e, EFBIG, "%.300s: no memory for it, or more than %zu bytes", path,
		            REPORT_FILE_MAX_BYTES);
	if (!r)
		r = pp_file_put(path, PP_SPAN(b.data, b.len), 0666, overwrite, e);
	pp_buffer_fini(&b);
	return r;
}
