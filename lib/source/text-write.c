/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Writes a capture as a text that fits into a post of a forum. */
#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <stdlib.h>

#include "base/crc32.h"
#include "lazy/library.h"
#include "source/text.h"

#define LINE_BYTES 57u /* 76 characters */

static int text_deflate(struct archive *a, struct archive_entry *entry, struct pp_span in,
                        uint8_t *out, size_t size, size_t *ret)
{
	archive_entry_set_mode(entry, AE_IFREG | 0644);
	/* No time of day in the head: the same host gives the same text. */
	bool ok = archive_write_set_format_raw(a) == ARCHIVE_OK &&
	          archive_write_add_filter_gzip(a) == ARCHIVE_OK &&
	          archive_write_set_filter_option(a, "gzip", "timestamp", NULL) == ARCHIVE_OK &&
	          archive_write_set_filter_option(a, "gzip", "compression-level", "9") ==
	                  ARCHIVE_OK &&
	          archive_write_set_bytes_in_last_block(a, 1) == ARCHIVE_OK &&
	          archive_write_open_memory(a, out, size, ret) == ARCHIVE_OK &&
	          archive_write_header(a, entry) == ARCHIVE_OK &&
	          archive_write_data(a, in.data, in.len) == (la_ssize_t)in.len &&
	          archive_write_close(a) == ARCHIVE_OK;
	return ok ? 0 : -EIO;
}

/* Compressed bytes, to be freed. */
static int text_compress(struct pp_span in, uint8_t **ret, size_t *len, struct pp_error *e)
{
	size_t size = in.len + in.len / 8 + 65536;
	struct archive *a = archive_write_new();
	struct archive_entry *entry = archive_entry_new();
	uint8_t *out = malloc(size);
	int r = -ENOMEM;

	if (a && entry && out)
		r = text_deflate(a, entry, in, out, size, len);
	archive_entry_free(entry);
	archive_write_free(a);
	if (r) {
		free(out);
		return r == -ENOMEM ? pp_fail_oom(e, "capture")
		                    : pp_fail(e, -r, "capture: cannot be compressed with gzip");
	}
	*ret = out;
	return 0;
}

static void text_base64(struct pp_span in, struct pp_buffer *b)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
		"+/";
	char out[4];

	for (size_t i = 0; i < in.len; i += 3) {
		size_t n = in.len - i < 3 ? in.len - i : 3;
		uint32_t v = (uint32_t)in.data[i] << 16;
		v |= n > 1 ? (uint32_t)in.data[i + 1] << 8 : 0;
		v |= n > 2 ? in.data[i + 2] : 0;
		for (unsigned int d = 0; d < 4; d++)
			out[d] = d > n ? '=' : digits[v >> (18 - 6 * d) & 63];
		pp_buffer_append(b, out, 4);
	}
	pp_buffer_puts(b, "\n");
}

int pp_text_pack(struct pp_span entries, struct pp_buffer *ret, struct pp_error *e)
{
	uint8_t *packed = NULL;
	size_t len = 0;
	int r = pp_lazy_archive(e);

	if (!r)
		r = text_compress(entries, &packed, &len, e);
	if (r)
		return r;
	pp_buffer_puts(ret, "-----" PP_TEXT_BEGIN "-----\n");
	for (size_t i = 0; i < len; i += LINE_BYTES)
		text_base64(PP_SPAN(packed + i, len - i < LINE_BYTES ? len - i : LINE_BYTES), ret);
	pp_buffer_printf(ret, "-----" PP_TEXT_END "%zu %08x-----\n", len,
	                 (unsigned int)pp_span_crc32(PP_SPAN(packed, len)));
	free(packed);
	return ret->failed ? pp_fail_oom(e, "capture") : 0;
}
