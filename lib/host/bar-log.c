/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Lines of the kernel log about BARs that got no address; see bar-log.h. */
#include <string.h>

#include "base/text.h"
#include "host/bar-log.h"

#define NR_BARS     6
#define FIRST_OF_VF 7 /* before 6.9 */

/* The text of [from, to), for a number. */
static bool bar_copy(const uint8_t *from, const uint8_t *to, char *buf, size_t size)
{
	size_t n = (size_t)(to - from);

	if (n >= size)
		return false;
	memcpy(buf, from, n);
	buf[n] = '\0';
	return true;
}

/* "pci 0000:0b:00.0": the last word before the colon. */
static bool bar_parse_device(struct pp_span line, const uint8_t *colon, struct pp_address *ret)
{
	const uint8_t *from = colon;
	char text[PP_ADDRESS_TEXT_BYTES];

	while (from > line.data && from[-1] != ' ')
		from--;
	return bar_copy(from, colon, text, sizeof(text)) && pp_address_parse(text, ret);
}

static bool bar_parse_number(struct pp_span rest, struct pp_bar_log *l)
{
	size_t n = 0;
	uint64_t number;
	char text[4];

	while (n < rest.len && rest.data[n] >= '0' && rest.data[n] <= '9')
		n++;
	if (!n || !bar_copy(rest.data, rest.data + n, text, sizeof(text)) ||
	    !pp_parse_dec(text, 99, &number))
		return false;
	if (!l->vf && number >= FIRST_OF_VF && number < FIRST_OF_VF + NR_BARS) {
		l->vf = true;
		number -= FIRST_OF_VF;
	}
	l->bar = (unsigned int)number;
	return number < NR_BARS;
}

/* "[mem size 0x10000000 64bit pref]" */
static bool bar_parse_size(struct pp_span rest, struct pp_bar_log *l)
{
	const uint8_t *open = pp_span_find(rest, "["), *size, *end;
	char text[20];

	if (!open)
		return false;
	rest = PP_SPAN(open, (size_t)(rest.data + rest.len - open));
	end = memchr(rest.data, ']', rest.len);
	if (!end)
		return false;
	rest.len = (size_t)(end - rest.data);
	size = pp_span_find(rest, " size 0x");
	if (!size)
		return false;
	size += strlen(" size ");
	const uint8_t *to = size;
	while (to < end && *to != ' ')
		to++;
	l->io = pp_span_starts(rest, "[io");
	l->is_64 = pp_span_find(rest, " 64bit") != NULL;
	l->prefetchable = pp_span_find(rest, " pref") != NULL;
	return (l->io || pp_span_starts(rest, "[mem")) && bar_copy(size, to, text, sizeof(text)) &&
	       pp_parse_hex(text, UINT64_MAX, &l->bytes) && l->bytes;
}

bool pp_bar_log_parse(struct pp_span line, struct pp_bar_log *ret)
{
	static const char own[] = ": BAR ", of_vf[] = ": VF BAR ";
	struct pp_bar_log l = { .vf = false };

	if (!pp_span_find(line, "failed to assign"))
		return false;
	const uint8_t *at = pp_span_find(line, own);
	size_t skip = sizeof(own) - 1;
	if (!at) {
		at = pp_span_find(line, of_vf);
		skip = sizeof(of_vf) - 1;
		l.vf = true;
	}
	if (!at || !bar_parse_device(line, at, &l.device))
		return false;
	at += skip;
	struct pp_span rest = PP_SPAN(at, (size_t)(line.data + line.len - at));
	if (!bar_parse_number(rest, &l) || !bar_parse_size(rest, &l))
		return false;
	*ret = l;
	return true;
}
