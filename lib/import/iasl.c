/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What "iasl -d" makes of a firmware table: a line for each field, with its place and length, and
 * at the end the bytes. These count where they are there; of a listing without them the fields do.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/quote.h"
#include "base/text.h"
#include "import/import.h"

/* Firmware pads a name, and the listing does not show with what: 7 bytes at most. */
#define IASL_MAX_PADDING 7u
#define IASL_HEADER      36u

struct iasl_field {
	uint32_t at, length;
	struct pp_span name, value;
};

struct iasl_table {
	uint8_t *bytes; /* as far as the fields reach: see iasl_end() */
	bool *known;    /* behind them, in the same block */
	uint32_t size;
};

static struct pp_span iasl_trim(struct pp_span s)
{
	while (s.len && s.data[0] == ' ')
		s = PP_SPAN(s.data + 1, s.len - 1);
	while (s.len && s.data[s.len - 1] == ' ')
		s.len--;
	return s;
}

/* "[024h 0036   1]   Host Address Width : 2D"; newer ones have the length in hex: "001h]". */
static bool iasl_field(struct pp_span line, struct iasl_field *ret)
{
	const uint8_t *close =
		line.len ? memchr(line.data, ']', line.len < 32 ? line.len : 32) : NULL;
	struct pp_span head, word[3];
	uint64_t at, length = 0;

	if (!close || line.data[0] != '[')
		return false;
	head = PP_SPAN(line.data + 1, (size_t)(close - line.data) - 1);
	for (unsigned int i = 0; i < 3; i++)
		if (!pp_text_word(&head, &word[i]))
			return false;
	size_t n = pp_import_hex(word[0], &at);
	if (!n || n + 1 != word[0].len || word[0].data[n] != 'h' || at >= PP_MAX_TABLE_BYTES)
		return false;
	if (word[2].data[word[2].len - 1] == 'h') {
		pp_import_hex(word[2], &length);
	} else {
		char text[12];
		pp_text_clean_into(text, sizeof(text), word[2].data, word[2].len);
		if (!pp_parse_dec(text, PP_MAX_TABLE_BYTES, &length))
			return false;
	}
	struct pp_span rest = PP_SPAN(close + 1, (size_t)(line.data + line.len - close) - 1);
	const uint8_t *colon = pp_span_find(rest, " : ");
	if (!colon || !length || length > PP_MAX_TABLE_BYTES - at)
		return false;
	ret->at = (uint32_t)at;
	ret->length = (uint32_t)length;
	ret->name = iasl_trim(PP_SPAN(rest.data, (size_t)(colon - rest.data)));
	ret->value = iasl_trim(PP_SPAN(colon + 3, (size_t)(rest.data + rest.len - colon) - 3));
	return true;
}

/* "00 00 1F", "1C,04": as the bytes are. Or a number, the lowest byte first: "00000000FED90000". */
static bool iasl_bytes(struct pp_span value, uint8_t *ret, uint32_t length)
{
	uint64_t v;
	size_t n = pp_import_hex(value, &v);

	if (n == 2 * (size_t)length && length <= 8) {
		for (uint32_t i = 0; i < length; i++)
			ret[i] = (uint8_t)(v >> 8 * i);
		return true;
	}
	for (uint32_t i = 0; i < length; i++) {
		if (value.len < 2 || pp_import_hex(PP_SPAN(value.data, 2), &v) != 2)
			return false;
		ret[i] = (uint8_t)v;
		size_t eaten = value.len > 2 ? 3 : 2;
		if (eaten == 3 && value.data[2] != ' ' && value.data[2] != ',')
			return false;
		value = PP_SPAN(value.data + eaten, value.len - eaten);
	}
	return true;
}

/* "\"DMAR\"    [DMA Remapping table]": bytes, and zeros behind them. */
static bool iasl_string(struct pp_span value, uint8_t *ret, uint32_t length)
{
	const uint8_t *end;

	if (!value.len || value.data[0] != '"')
		return false;
	value = PP_SPAN(value.data + 1, value.len - 1);
	end = memchr(value.data, '"', value.len);
	size_t n = end ? (size_t)(end - value.data) : 0;
	if (!end || n > length)
		return false;
	memset(ret, 0, length);
	memcpy(ret, value.data, n);
	return true;
}

/* A line with more bytes goes on below: "                  00 00 00 …" has no place of its own. */
static void iasl_put(struct iasl_table *t, const struct iasl_field *f)
{
	/* Parts of a field stand behind it, at its own place. */
	if (t->known[f->at] || !(iasl_string(f->value, t->bytes + f->at, f->length) ||
	                         iasl_bytes(f->value, t->bytes + f->at, f->length)))
		return;
	memset(t->known + f->at, true, f->length);
}

static int iasl_fail_gap(struct pp_import *in, const struct iasl_table *t, uint32_t at,
                         struct pp_error *e)
{
	char path[40], typed[64];

	snprintf(path, sizeof(path), "/sys/firmware/acpi/tables/%.4s", (const char *)t->bytes);
	if (!pp_quote_shell(typed, sizeof(typed), path))
		snprintf(typed, sizeof(typed), "/sys/firmware/acpi/tables/…");
	return pp_fail(e, EBADMSG,
	               "%.200s: %.4s table: the listing leaves out bytes from 0x%x on, and has no "
	               "raw data at its end; on that host: sudo cat %s >table.bin",
	               in->name, (const char *)t->bytes, at, typed);
}

/* 0: whole, or all that is missing is padding by the table's own checksum. */
static int iasl_check(struct pp_import *in, const struct iasl_table *t, uint32_t length,
                      struct pp_error *e)
{
	uint32_t gap = 0, first = 0, widest = 0, at = 0;
	uint8_t sum = 0;

	for (uint32_t i = 0; i < length; i++) {
		sum = (uint8_t)(sum + t->bytes[i]);
		gap = t->known[i] ? 0 : gap + 1;
		if (gap == 1)
			first = i;
		if (gap > widest) {
			widest = gap;
			at = first;
		}
	}
	return widest && (widest > IASL_MAX_PADDING || sum) ? iasl_fail_gap(in, t, at, e) : 0;
}

/*
 * The next field of the table that the listing begins with: the signature of a second one ends it.
 * *begun: false before the first.
 */
static bool iasl_next(struct pp_span *text, bool *begun, struct iasl_field *ret)
{
	struct pp_span line;
	unsigned int indent;

	while (pp_import_line(text, &line, &indent)) {
		if (!iasl_field(line, ret))
			continue;
		if (*begun && !ret->at && pp_span_is(ret->name, "Signature"))
			return false;
		*begun = true;
		return true;
	}
	return false;
}

/* How far the fields reach: a table of some hundred bytes needs no megabyte. */
static uint32_t iasl_end(struct pp_span text)
{
	uint32_t end = IASL_HEADER;
	struct iasl_field f;
	bool begun = false;

	while (iasl_next(&text, &begun, &f))
		if (f.at + f.length > end)
			end = f.at + f.length;
	return end;
}

static int iasl_read_fields(struct pp_import *in, struct pp_span text, struct pp_error *e)
{
	/* With room for padding behind the last field. */
	struct iasl_table t = { .size = iasl_end(text) + IASL_MAX_PADDING };
	PP_CLEANUP(pp_cleanup_free) uint8_t *block = calloc(2, t.size);
	struct iasl_field f;
	bool begun = false;

	if (!block)
		return pp_fail_oom(e, in->name);
	t.bytes = block;
	t.known = (bool *)(block + t.size);
	for (bool first = true; iasl_next(&text, &begun, &f); first = false) {
		if (first)
			pp_import_here(in, f.name.data);
		iasl_put(&t, &f);
	}
	uint32_t length = t.bytes[4] | (uint32_t)t.bytes[5] << 8 | (uint32_t)t.bytes[6] << 16 |
	                  (uint32_t)t.bytes[7] << 24;
	if (length < IASL_HEADER || length > PP_MAX_TABLE_BYTES)
		return pp_fail(e, EBADMSG, "%.200s: %.4s table: its length is %u, which cannot be",
		               in->name, (const char *)t.bytes, length);
	if (length > t.size)
		return iasl_fail_gap(in, &t, t.size - IASL_MAX_PADDING, e);
	int r = iasl_check(in, &t, length, e);
	return r ? r : pp_import_table(in, PP_SPAN(t.bytes, length), e);
}

/* Where the bytes begin; false: the listing was cut before them. */
static bool iasl_raw(struct pp_span text, struct pp_span *ret)
{
	const uint8_t *at = pp_span_find(text, "Raw Table Data");

	if (!at)
		return false;
	*ret = PP_SPAN(at, (size_t)(text.data + text.len - at));
	return true;
}

static bool iasl_knows(struct pp_span text)
{
	struct pp_span line;
	struct iasl_field f;
	unsigned int indent;

	for (unsigned int n = 0; n < 500 && pp_import_line(&text, &line, &indent); n++)
		if (iasl_field(line, &f) && !f.at && f.length == 4 &&
		    pp_span_is(f.name, "Signature"))
			return pp_span_starts(f.value, "\"DMAR\"") ||
			       pp_span_starts(f.value, "\"IVRS\"") ||
			       pp_span_starts(f.value, "\"IORT\"");
	return false;
}

static int iasl_read(struct pp_import *in, struct pp_span text, struct pp_error *e)
{
	struct pp_span raw;

	return iasl_raw(text, &raw) ? pp_import_table_lines(in, raw, e)
	                            : iasl_read_fields(in, text, e);
}

const struct pp_reader pp_reader_iasl = {
	.title = "a listing of iasl",
	.knows = iasl_knows,
	.read = iasl_read,
};
