/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Text output: buffer, colour, wrapping, names. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "report/out.h"

/* A piece is handed over when it has grown to this. */
#define PIECE_BYTES  ((size_t)16 * 1024)
#define BUFFER_BYTES ((size_t)64 * 1024 * 1024)

void pp_out_init(struct pp_out *o, const struct pp_style *style, struct pp_sink sink)
{
	*o = (struct pp_out){ .style = style, .sink = sink };
	o->width = style->width ? style->width : 80;
	if (o->width < 40)
		o->width = 40;
	pp_buffer_init(&o->buffer, BUFFER_BYTES);
}

static void hand_over(struct pp_out *o)
{
	if (o->buffer.len && !o->failed &&
	    o->sink.write(o->sink.ctx, o->buffer.data, o->buffer.len))
		o->failed = true;
	o->buffer.len = 0;
}

void pp_out_hand_over(struct pp_out *o)
{
	if (o->buffer.len >= PIECE_BYTES)
		hand_over(o);
}

int pp_out_fini(struct pp_out *o, struct pp_error *e)
{
	bool memory = o->buffer.failed;

	hand_over(o);
	pp_buffer_fini(&o->buffer);
	if (memory)
		return pp_fail_oom(e, "report");
	return o->failed ? pp_fail(e, EIO, "the report could not be written") : 0;
}

void pp_out(struct pp_out *o, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	pp_buffer_vprintf(&o->buffer, fmt, ap);
	va_end(ap);
	pp_out_hand_over(o);
}

/* Colors take no place. */
static size_t out_columns(const char *text)
{
	size_t n = 0;

	for (const char *p = text; *p; p++)
		if (*p == '\033' && strchr(p, 'm'))
			p = strchr(p, 'm');
		else
			n++;
	return n;
}

void pp_out_wrapped(struct pp_out *o, const char *first, const char *rest, const char *text)
{
	struct pp_span left = PP_SPAN(text, strlen(text)), word;
	const uint8_t *end = NULL; /* of the word before, on the same line */
	size_t column = out_columns(first);

	pp_buffer_puts(&o->buffer, first);
	while (pp_text_word(&left, &word)) {
		/* Two blanks stay two: a line of the kernel's is quoted as it can be searched for.
		 */
		size_t gap = end ? (size_t)(word.data - end) : 0;
		if (end && column + gap + word.len > o->width) {
			pp_buffer_puts(&o->buffer, "\n");
			pp_buffer_puts(&o->buffer, rest);
			column = strlen(rest);
			gap = 0;
		}
		pp_buffer_append(&o->buffer, end, gap);
		pp_buffer_append(&o->buffer, word.data, word.len);
		column += gap + word.len;
		end = word.data + word.len;
	}
	pp_out(o, "\n");
}

const char *pp_out_color(const struct pp_out *o, enum pp_color c)
{
	static const char *const escapes[] = {
		[PP_COLOR_NONE] = "\033[0m", [PP_RED] = "\033[31m", [PP_YELLOW] = "\033[33m",
		[PP_GREEN] = "\033[32m",     [PP_BOLD] = "\033[1m", [PP_DIM] = "\033[2m",
	};
	return o->style->color ? escapes[c] : "";
}

enum pp_color pp_verdict_color(enum pp_verdict v)
{
	switch (v) {
	case PP_VERDICT_ASSIGNABLE:
		return PP_GREEN;
	case PP_VERDICT_BLOCKED:
	case PP_VERDICT_BLOCKED_FIXABLE:
		return PP_RED;
	case PP_VERDICT_NOT_ENDPOINT:
		return PP_DIM;
	default:
		return PP_YELLOW;
	}
}

void pp_out_name(const struct pp_out *o, const struct pp_device *d, char *buf, size_t size)
{
	const char *name = NULL;

	if (!d->ids_known) {
		snprintf(buf, size, "(unknown)");
		return;
	}
	if (o->style->name)
		name = o->style->name(o->style->name_ctx, d->vendor, d->device);
	if (name && *name)
		snprintf(buf, size, "%s", name);
	else
		snprintf(buf, size, "%04x:%04x", d->vendor, d->device);
	/* A database of the user's own may hold anything. A long name may have been cut inside a
	 * character, which JSON would refuse. */
	pp_text_clean_in_place(buf);
}

void pp_out_shorten_name(char *buf)
{
	static const char *const fillers[] = { " Corporation", " Company",      " and subsidiaries",
		                               ", Inc.",       " Inc.",         " Co., Ltd.",
		                               " Co Ltd",      " Limited",      " Technologies",
		                               " Electronics", " Semiconductor" };

	for (size_t i = 0; i < sizeof(fillers) / sizeof(fillers[0]); i++) {
		char *at = strstr(buf, fillers[i]);
		size_t n = strlen(fillers[i]);
		if (at && (at[n] == ' ' || !at[n]))
			memmove(at, at + n, strlen(at + n) + 1);
	}
}

void pp_out_short_name(const struct pp_out *o, const struct pp_device *d, char *buf, size_t size)
{
	pp_out_name(o, d, buf, size);
	pp_out_shorten_name(buf);
}

/* Bytes that continue a character take no column. */
static bool out_continues(char byte)
{
	return ((unsigned char)byte & 0xc0) == 0x80;
}

unsigned int pp_out_columns(const char *text)
{
	unsigned int n = 0;

	for (; *text; text++)
		n += !out_continues(*text);
	return n;
}

size_t pp_out_fitting(const char *text, unsigned int columns)
{
	const char *end = text;

	while (*end && columns--)
		for (end++; out_continues(*end);)
			end++;
	while (end > text && end[-1] == ' ')
		end--;
	return (size_t)(end - text);
}

void pp_out_fit(const struct pp_out *o, char *text, size_t size, int columns)
{
	unsigned int room = columns > 1 ? (unsigned int)columns : 1;

	if (!o->style->cut || pp_out_columns(text) <= room)
		return;
	size_t len = pp_out_fitting(text, room - 1);
	if (len + sizeof(PP_OUT_MORE) <= size)
		memcpy(text + len, PP_OUT_MORE, sizeof(PP_OUT_MORE));
	else
		text[len] = '\0';
}

static int out_to_buffer(const char *bytes, size_t len, void *ctx)
{
	struct pp_buffer *b = ctx;

	pp_buffer_append(b, bytes, len);
	return b->failed ? -1 : 0;
}

void pp_out_json(struct pp_out *o, json_t *value)
{
	if (!value ||
	    json_dump_callback(value, out_to_buffer, &o->buffer, JSON_COMPACT | JSON_ENCODE_ANY))
		o->buffer.failed = true;
	json_decref(value);
	pp_out_hand_over(o);
}
