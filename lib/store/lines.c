/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Files of lines with a checksum at their end: read strictly, written. */
#include <stdio.h>
#include <string.h>

#include "base/crc32.h"
#include "base/hex.h"
#include "base/text.h"
#include "conrep/schema.h"
#include "store/lines.h"

#define CHECKSUM_BYTES 15 /* "crc32 ", eight digits, newline */

void pp_lines_put(struct pp_buffer *b, const char *head, struct pp_span bytes)
{
	char line[2 * PP_LINES_BYTES + 1];

	pp_buffer_printf(b, "%s %zu\n", head, bytes.len);
	for (size_t at = 0, n; at < bytes.len; at += n) {
		n = bytes.len - at < PP_LINES_BYTES ? bytes.len - at : PP_LINES_BYTES;
		*pp_hex_put(PP_SPAN(bytes.data + at, n), line) = '\n';
		pp_buffer_append(b, line, 2 * n + 1);
	}
}

void pp_lines_add_checksum(struct pp_buffer *b)
{
	if (!b->failed)
		pp_buffer_printf(b, "crc32 %08x\n", pp_span_crc32(PP_SPAN(b->data, b->len)));
}

int pp_lines_fail(const struct pp_lines *l, struct pp_error *e, const char *fmt, ...)
{
	char text[300];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return pp_fail(e, EBADMSG, "%.300s line %u: %s", l->object, l->number, text);
}

static int check_first(struct pp_lines *l, const char *what, unsigned int version,
                       struct pp_error *e)
{
	struct pp_span value;
	char text[24];

	if (pp_span_starts(l->rest, "\xff\xfe") || pp_span_starts(l->rest, "\xfe\xff") ||
	    pp_span_starts(l->rest, "\xef\xbb\xbf"))
		return pp_fail(e, EBADMSG,
		               "%.300s: begins with a byte order mark, so another program has "
		               "written it anew; it is taken only byte for byte",
		               l->object);
	if (!pp_lines_next(l) || !pp_lines_value(l, what, &value))
		return pp_fail(e, EBADMSG, "%.300s: does not begin with '%s %u'", l->object, what,
		               version);
	snprintf(text, sizeof(text), "%u", version);
	if (pp_span_is(value, text))
		return 0;
	return pp_fail(e, EPROTONOSUPPORT, "%.300s: '%s' of version %.*s, this program knows %u",
	               l->object, what, value.len > 20 ? 20 : (int)value.len,
	               (const char *)value.data, version);
}

static int check_checksum(struct pp_span in, const char *object, struct pp_error *e)
{
	char want[CHECKSUM_BYTES + 1];
	struct pp_span seal = { 0 };

	if (in.len > CHECKSUM_BYTES) {
		in.len -= CHECKSUM_BYTES;
		seal = PP_SPAN(in.data + in.len, CHECKSUM_BYTES);
	}
	if (!seal.len || in.data[in.len - 1] != '\n' || !pp_span_starts(seal, "crc32 "))
		return pp_fail(e, EBADMSG,
		               "%.300s: cut off: the last line is no 'crc32' with eight digits",
		               object);
	snprintf(want, sizeof(want), "crc32 %08x\n", pp_span_crc32(in));
	if (pp_span_is(seal, want))
		return 0;
	return pp_fail(e, EBADMSG,
	               "%.300s: damaged: its checksum is %.8s, that of its content %.8s", object,
	               (const char *)seal.data + 6, want + 6);
}

int pp_lines_open(struct pp_span in, const char *object, const char *what, unsigned int version,
                  struct pp_lines *ret, struct pp_error *e)
{
	struct pp_lines l = { .rest = in, .object = object };
	int r = check_first(&l, what, version, e);

	if (r == 0)
		r = check_checksum(in, object, e);
	if (r < 0)
		return r;
	for (size_t i = 0; i < in.len; i++)
		if ((in.data[i] < 0x20 && in.data[i] != '\n') || in.data[i] == 0x7f)
			return pp_fail(e, EBADMSG, "%.300s: byte 0x%02x at offset %zu", object,
			               in.data[i], i);
	if (l.rest.len < CHECKSUM_BYTES)
		return pp_lines_fail(&l, e, "nothing follows");
	l.rest.len -= CHECKSUM_BYTES;
	*ret = l;
	return 0;
}

bool pp_lines_next(struct pp_lines *l)
{
	l->number++;
	return pp_text_line(&l->rest, &l->line);
}

bool pp_lines_value(const struct pp_lines *l, const char *key, struct pp_span *ret)
{
	size_t n = strlen(key);

	if (!pp_span_starts(l->line, key) || l->line.len < n + 2 || l->line.data[n] != ' ')
		return false;
	*ret = PP_SPAN(l->line.data + n + 1, l->line.len - n - 1);
	return true;
}

/* A copy for messages and keeping; NULL: no memory. */
static char *lines_text(struct pp_span s, struct pp_arena *a)
{
	return pp_arena_strndup(a, (const char *)s.data, s.len);
}

/* A decimal number as it would be written: no sign, no blank, no leading zero. */
static bool lines_number(struct pp_span s, size_t max, size_t *ret)
{
	size_t v = 0;

	if (!s.len || s.len > 9 || s.data[0] == '0')
		return false;
	for (size_t i = 0; i < s.len; i++) {
		if (s.data[i] < '0' || s.data[i] > '9')
			return false;
		v = 10 * v + (s.data[i] - '0');
	}
	*ret = v;
	return v <= max;
}

static int lines_take_line(struct pp_lines *l, uint8_t *to, size_t n, struct pp_error *e)
{
	if (!pp_lines_next(l))
		return pp_lines_fail(l, e, "the end, %zu bytes are missing", n);
	if (l->line.len != 2 * n)
		return pp_lines_fail(l, e, "%zu characters, %zu hex digits are due", l->line.len,
		                     2 * n);
	for (size_t i = 0; i < n; i++) {
		unsigned int high = pp_hex_digit_lower(l->line.data[2 * i]),
			     low = pp_hex_digit_lower(l->line.data[2 * i + 1]);
		if (high > 15 || low > 15)
			return pp_lines_fail(l, e, "character %zu is no lower-case hex digit",
			                     2 * i + 1 + (high <= 15));
		to[i] = (uint8_t)(high << 4 | low);
	}
	return 0;
}

int pp_lines_take(struct pp_lines *l, struct pp_span length, size_t max, struct pp_arena *a,
                  struct pp_span *ret, struct pp_error *e)
{
	size_t len;

	if (!lines_number(length, max, &len))
		return pp_lines_fail(l, e, "the length is not a number from 1 to %zu", max);
	if (len > l->rest.len / 2)
		return pp_lines_fail(l, e, "%zu bytes, but the file ends before that", len);
	uint8_t *data = PP_ARENA_ARRAY(a, len, uint8_t);
	if (!data)
		return pp_fail_oom(e, l->object);
	for (size_t at = 0; at < len; at += PP_LINES_BYTES) {
		size_t n = len - at < PP_LINES_BYTES ? len - at : PP_LINES_BYTES;
		int r = lines_take_line(l, data + at, n, e);
		if (r < 0)
			return r;
	}
	*ret = PP_SPAN(data, len);
	return 0;
}

bool pp_ev_name_ok(const char *name)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789_-.";
	size_t len = strlen(name);

	return len && len <= PP_EV_NAME_MAX && strspn(name, letters) == len &&
	       strspn(name, ".") != len;
}

int pp_lines_ev(const struct pp_lines *l, struct pp_span value, struct pp_arena *a,
                const char **ret_name, struct pp_span *ret_length, struct pp_error *e)
{
	const uint8_t *blank = memchr(value.data, ' ', value.len);

	if (!blank)
		return pp_lines_fail(l, e, "no 'NAME LENGTH'");
	size_t len = (size_t)(blank - value.data);
	const char *name = lines_text(PP_SPAN(value.data, len), a);
	if (!name)
		return pp_fail_oom(e, l->object);
	if (!pp_ev_name_ok(name))
		return pp_lines_fail(l, e, "'%.40s' is no name of an EV", name);
	*ret_name = name;
	*ret_length = PP_SPAN(blank + 1, value.len - len - 1);
	return 0;
}
