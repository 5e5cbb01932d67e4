/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The form of an image file: lines with a checksum at their end, read strictly and written. */
#include <stdio.h>
#include <string.h>

#include "base/crc32.h"
#include "base/hex.h"
#include "base/text.h"
#include "store/areas.h"
#include "store/image-file.h"

#define WHAT           "pcipass-settings"
#define VERSION        "1"
#define LINE_BYTES     32
#define CHECKSUM_BYTES 15 /* "crc32 ", eight digits, newline */

struct lines {
	struct pp_span rest;
	const char *object; /* borrowed, for messages */
	unsigned int number;
	struct pp_span line; /* the current one */
};

static int __attribute__((format(printf, 3, 4)))
lines_fail(const struct lines *l, struct pp_error *e, const char *fmt, ...)
{
	char text[300];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return pp_fail(e, EBADMSG, "%.300s line %u: %s", l->object, l->number, text);
}

static bool lines_next(struct lines *l)
{
	l->number++;
	return pp_text_line(&l->rest, &l->line);
}

/* What follows key and a blank; false: the line does not begin so, or nothing follows. */
static bool lines_value(const struct lines *l, const char *key, struct pp_span *ret)
{
	size_t n = strlen(key);

	if (!pp_span_starts(l->line, key) || l->line.len < n + 2 || l->line.data[n] != ' ')
		return false;
	*ret = PP_SPAN(l->line.data + n + 1, l->line.len - n - 1);
	return true;
}

static int lines_check_first(struct lines *l, struct pp_error *e)
{
	struct pp_span value;

	if (pp_span_starts(l->rest, "\xff\xfe") || pp_span_starts(l->rest, "\xfe\xff") ||
	    pp_span_starts(l->rest, "\xef\xbb\xbf"))
		return pp_fail(e, EBADMSG,
		               "%.300s: begins with a byte order mark, so another program has "
		               "written it anew; it is taken only byte for byte",
		               l->object);
	if (!lines_next(l) || !lines_value(l, WHAT, &value))
		return pp_fail(e, EBADMSG, "%.300s: does not begin with '" WHAT " " VERSION "'",
		               l->object);
	if (pp_span_is(value, VERSION))
		return 0;
	return pp_fail(e, EPROTONOSUPPORT,
	               "%.300s: '" WHAT "' of version %.*s, this program knows " VERSION, l->object,
	               value.len > 20 ? 20 : (int)value.len, (const char *)value.data);
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

/* Stands before the second line and ends before the checksum. */
static int lines_open(struct pp_span in, const char *object, struct lines *ret, struct pp_error *e)
{
	struct lines l = { .rest = in, .object = object };
	int r = lines_check_first(&l, e);

	if (r == 0)
		r = check_checksum(in, object, e);
	if (r < 0)
		return r;
	for (size_t i = 0; i < in.len; i++)
		if ((in.data[i] < 0x20 && in.data[i] != '\n') || in.data[i] == 0x7f)
			return pp_fail(e, EBADMSG, "%.300s: byte 0x%02x at offset %zu", object,
			               in.data[i], i);
	if (l.rest.len < CHECKSUM_BYTES)
		return lines_fail(&l, e, "nothing follows");
	l.rest.len -= CHECKSUM_BYTES;
	*ret = l;
	return 0;
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

static int lines_take_line(struct lines *l, uint8_t *to, size_t n, struct pp_error *e)
{
	if (!lines_next(l))
		return lines_fail(l, e, "the end, %zu bytes are missing", n);
	if (l->line.len != 2 * n)
		return lines_fail(l, e, "%zu characters, %zu hex digits are due", l->line.len,
		                  2 * n);
	for (size_t i = 0; i < n; i++) {
		unsigned int high = pp_hex_digit_lower(l->line.data[2 * i]),
			     low = pp_hex_digit_lower(l->line.data[2 * i + 1]);
		if (high > 15 || low > 15)
			return lines_fail(l, e,
			                  "character %zu is not a lower-case hexadecimal digit",
			                  2 * i + 1 + (high <= 15));
		to[i] = (uint8_t)(high << 4 | low);
	}
	return 0;
}

/* The bytes announced by length, from the lines that follow; 1 to max of them. */
static int lines_take(struct lines *l, struct pp_span length, size_t max, struct pp_arena *a,
                      struct pp_span *ret, struct pp_error *e)
{
	size_t len;

	if (!lines_number(length, max, &len))
		return lines_fail(l, e, "the length is not a number from 1 to %zu", max);
	if (len > l->rest.len / 2)
		return lines_fail(l, e, "%zu bytes, but the file ends before that", len);
	uint8_t *data = PP_ARENA_ARRAY(a, len, uint8_t);
	if (!data)
		return pp_fail_oom(e, l->object);
	for (size_t at = 0; at < len; at += LINE_BYTES) {
		size_t n = len - at < LINE_BYTES ? len - at : LINE_BYTES;
		int r = lines_take_line(l, data + at, n, e);
		if (r < 0)
			return r;
	}
	*ret = PP_SPAN(data, len);
	return 0;
}

/* Splits "NAME LENGTH" and checks the name. */
static int lines_ev(const struct lines *l, struct pp_span value, struct pp_arena *a,
                    const char **ret_name, struct pp_span *ret_length, struct pp_error *e)
{
	const uint8_t *blank = memchr(value.data, ' ', value.len);

	if (!blank)
		return lines_fail(l, e, "no 'NAME LENGTH'");
	size_t len = (size_t)(blank - value.data);
	const char *name = pp_arena_strndup(a, (const char *)value.data, len);
	if (!name)
		return pp_fail_oom(e, l->object);
	if (!pp_ev_name_ok(name))
		return lines_fail(l, e, "'%.40s' is not a valid EV name", name);
	*ret_name = name;
	*ret_length = PP_SPAN(blank + 1, value.len - len - 1);
	return 0;
}

#define NR_FIELDS 4
static const char *const field_keys[NR_FIELDS] = { "product", "rom-family", "rom-date",
	                                           "processor" };

static const char **machine_field(struct pp_machine *m, size_t i)
{
	const char **const fields[NR_FIELDS] = { &m->product, &m->rom_family, &m->rom_date,
		                                 &m->processor };
	return fields[i];
}

/* A line of the machine's; false: it is none, and the cells begin. */
static bool is_field(const struct lines *l, size_t *i, struct pp_span *ret)
{
	for (size_t k = *i; k < NR_FIELDS; k++) {
		if (lines_value(l, field_keys[k], ret)) {
			*i = k;
			return true;
		}
	}
	return false;
}

static int take_field(const struct lines *l, struct pp_span value, struct pp_arena *a,
                      const char **ret, struct pp_error *e)
{
	if (value.len > PP_IMAGE_MAX_TEXT)
		return lines_fail(l, e, "%zu characters, at most %u are taken", value.len,
		                  PP_IMAGE_MAX_TEXT);
	const char *text = pp_text_clean(a, value.data, value.len);
	if (!text)
		return pp_fail_oom(e, l->object);
	if (!pp_span_is(value, text))
		return lines_fail(l, e, "more than printable ASCII, or blanks at an end");
	*ret = text;
	return 0;
}

static int image_file_read_area(struct lines *l, struct pp_areas *m, struct pp_error *e)
{
	enum pp_area_space space = PP_CELL_EV;
	size_t max = PP_EV_MAX_BYTES;
	const char *name = NULL;
	struct pp_span value, length, bytes;
	int r;

	if (lines_value(l, "ev", &value)) {
		r = lines_ev(l, value, m->arena, &name, &length, e);
		if (r < 0)
			return r;
	} else if (lines_value(l, "nvram", &length)) {
		space = PP_CELL_NVRAM;
		max = PP_NVRAM_BYTES;
	} else if (lines_value(l, "cmos", &length)) {
		space = PP_CELL_CMOS;
		max = PP_CMOS_BYTES;
	} else {
		return lines_fail(l, e,
		                  "neither ev, nvram nor cmos, nor a line of the machine's "
		                  "in its place");
	}
	if (pp_areas_find(m, space, name))
		return lines_fail(l, e, "a second time");
	r = lines_take(l, length, max, m->arena, &bytes, e);
	if (r < 0)
		return r;
	r = pp_areas_put(m, space, name, 0, bytes);
	return r < 0 ? pp_fail(e, -r, "%.300s line %u: %s", l->object, l->number, strerror(-r)) : 0;
}

int pp_image_parse(struct pp_span in, const char *object, struct pp_arena *a, struct pp_image *ret,
                   struct pp_error *e)
{
	struct pp_image image = { 0 };
	struct lines l;
	struct pp_span value;

	if (in.len > PP_IMAGE_MAX_BYTES)
		return pp_fail(e, E2BIG, "%.300s: %zu bytes, at most %u are taken", object, in.len,
		               PP_IMAGE_MAX_BYTES);
	int r = lines_open(in, object, &l, e);
	pp_areas_init(&image.memory, a);
	for (size_t i = 0; r == 0 && lines_next(&l);) {
		if (is_field(&l, &i, &value)) {
			r = take_field(&l, value, a, machine_field(&image.machine, i++), e);
			continue;
		}
		i = NR_FIELDS;
		r = image_file_read_area(&l, &image.memory, e);
	}
	if (r == 0)
		*ret = image;
	return r;
}

/* "HEAD LENGTH" and the bytes. */
static void lines_put(struct pp_buffer *b, const char *head, struct pp_span bytes)
{
	char line[2 * LINE_BYTES + 1];

	pp_buffer_printf(b, "%s %zu\n", head, bytes.len);
	for (size_t at = 0, n; at < bytes.len; at += n) {
		n = bytes.len - at < LINE_BYTES ? bytes.len - at : LINE_BYTES;
		*pp_hex_put(PP_SPAN(bytes.data + at, n), line) = '\n';
		pp_buffer_append(b, line, 2 * n + 1);
	}
}

void pp_image_add_checksum(struct pp_buffer *b)
{
	if (!b->failed)
		pp_buffer_printf(b, "crc32 %08x\n", pp_span_crc32(PP_SPAN(b->data, b->len)));
}

static void format_area(const struct pp_area *c, struct pp_buffer *b)
{
	static const char *const keys[] = {
		[PP_CELL_EV] = "ev", [PP_CELL_NVRAM] = "nvram", [PP_CELL_CMOS] = "cmos"
	};
	char head[PP_EV_NAME_MAX + 8];

	if (c->error || !c->len)
		return;
	snprintf(head, sizeof(head), "%s%s%s", keys[c->space], c->space == PP_CELL_EV ? " " : "",
	         c->space == PP_CELL_EV ? c->name : "");
	lines_put(b, head, PP_SPAN(c->data, c->len));
}

void pp_image_format(const struct pp_machine *m, const struct pp_areas *cells, struct pp_buffer *b)
{
	struct pp_machine machine = *m;
	char text[PP_IMAGE_MAX_TEXT + 1];

	pp_buffer_puts(b, WHAT " " VERSION "\n");
	for (size_t i = 0; i < NR_FIELDS; i++) {
		const char *field = *machine_field(&machine, i);
		pp_text_clean_into(text, sizeof(text), field, field ? strlen(field) : 0);
		/* What was cut may end in a blank. */
		pp_text_clean_into(text, sizeof(text), text, strlen(text));
		if (*text)
			pp_buffer_printf(b, "%s %s\n", field_keys[i], text);
	}
	for (uint32_t i = 0; i < cells->nr_cells; i++)
		format_area(cells->cells[i], b);
	pp_image_add_checksum(b);
}
