/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What dmesg, journalctl and syslog put around a line of the kernel's log, taken off. */
#include <string.h>

#include "base/hex.h"
#include "base/text.h"
#include "import/import.h"

/* A stamp may have the names of days and months in any language. */
#define STAMP_BYTES 48u

static void log_skip(struct pp_span *line, size_t n)
{
	*line = PP_SPAN(line->data + n, line->len - n);
}

/* "[    0.004000] ", "[Sat Nov 28 17:00:00 2026] ", "[  +0.000012] ", "[    1.2 <    0.000012>] ".
 */
static bool log_cut_stamp(struct pp_span *line)
{
	if (!line->len || line->data[0] != '[')
		return false;
	const uint8_t *end =
		memchr(line->data, ']', line->len < STAMP_BYTES ? line->len : STAMP_BYTES);
	if (!end)
		return false;
	for (const uint8_t *c = line->data + 1; c < end; c++)
		if (!strchr(" 0123456789.+:,-<>TZ", *c) && *c < 0x80 &&
		    !((*c | 0x20) >= 'a' && (*c | 0x20) <= 'y'))
			return false;
	size_t n = (size_t)(end - line->data) + 1;
	n += n < line->len && line->data[n] == ' ';
	log_skip(line, n);
	return true;
}

/* "[    T0] " and "[    C1] ": which task or processor printed it, behind the time. */
static void log_cut_caller(struct pp_span *line)
{
	size_t n = 1;

	if (!line->len || line->data[0] != '[')
		return;
	while (n < line->len && line->data[n] == ' ')
		n++;
	if (n == line->len || (line->data[n] != 'T' && line->data[n] != 'C'))
		return;
	for (n++; n < line->len && line->data[n] >= '0' && line->data[n] <= '9';)
		n++;
	if (n < line->len && line->data[n] == ']')
		log_skip(line, n + 1 + (n + 1 < line->len && line->data[n + 1] == ' '));
}

/* "2026-11-28T17:00:00,000000+00:00 ", as "dmesg --time-format iso" and containers' logs have it.
 */
static bool log_cut_iso(struct pp_span *line)
{
	static const char form[] = "dddd-dd-ddTdd:dd:dd";
	size_t n = 0;

	for (; n < sizeof(form) - 1; n++) {
		uint8_t c = n < line->len ? line->data[n] : 0;
		if (form[n] == 'd' ? c < '0' || c > '9' : c != (uint8_t)form[n])
			return false;
	}
	while (n < line->len && n < STAMP_BYTES && memchr("0123456789.,+-:Z", line->data[n], 16))
		n++;
	if (n == line->len || line->data[n] != ' ')
		return false;
	log_skip(line, n + 1);
	return true;
}

/* "Nov 28 17:00:00 host kernel: ", "2026-11-28T17:00:00+00:00 host kernel: "; RFC 5424: "kernel - -
 * - ". */
static bool log_cut_syslog(struct pp_span *line)
{
	static const char *const names[] = { " kernel: ", " kernel - - - " };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const uint8_t *at = pp_span_find(
			PP_SPAN(line->data, line->len < 120 ? line->len : 120), names[i]);
		if (!at)
			continue;
		log_skip(line, (size_t)(at - line->data) + strlen(names[i]));
		return true;
	}
	return false;
}

/* "<6>", and "kern  :info  : " of "dmesg -x". */
static void log_cut_level(struct pp_span *line)
{
	uint64_t level;
	size_t n;

	if (line->len && line->data[0] == '<') {
		n = pp_import_hex(PP_SPAN(line->data + 1, line->len - 1), &level);
		if (n && n + 1 < line->len && line->data[n + 1] == '>')
			log_skip(line, n + 2);
	}
	if (line->len < 15 || !pp_span_starts(*line, "kern  :") ||
	    memcmp(line->data + 13, ": ", 2) != 0)
		return;
	log_skip(line, 15);
}

/* "\u001b" and what else JSON writes of a character; what is no ASCII is left out. */
static size_t log_json_escape(struct pp_span s, char *ret)
{
	static const char from[] = "\"\\/ntr", to[] = "\"\\/ \t ";
	const char *at = s.len > 1 && s.data[1] ? strchr(from, s.data[1]) : NULL;
	uint64_t v;

	if (at) {
		*ret = to[at - from];
		return 2;
	}
	*ret = '?';
	if (s.len >= 6 && s.data[1] == 'u' && pp_import_hex(PP_SPAN(s.data + 2, 4), &v) == 4) {
		if (v >= 0x20 && v < 0x7f)
			*ret = (char)v;
		return 6;
	}
	return s.len > 1 ? 2 : 1;
}

/* The message of "journalctl -o json" and "dmesg --json", which are strings of JSON in a line. */
static bool log_json(struct pp_span *line, char buf[PP_LOG_LINE_BYTES])
{
	static const char *const names[] = { "\"MESSAGE\":\"", "\"msg\": \"", "\"msg\":\"" };
	const uint8_t *at = NULL;
	size_t n = 0, i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]) && !at; i++)
		at = pp_span_find(*line, names[i]);
	if (!at || (i == 1 && !pp_span_find(*line, "\"_TRANSPORT\":\"kernel\"")))
		return false;
	struct pp_span s = *line;
	log_skip(&s, (size_t)(at - s.data) + strlen(names[i - 1]));
	while (s.len && s.data[0] != '"' && n < PP_LOG_LINE_BYTES) {
		char c = (char)s.data[0];
		size_t eaten = c == '\\' ? log_json_escape(s, &c) : 1;
		buf[n++] = c;
		log_skip(&s, eaten);
	}
	*line = PP_SPAN(buf, n);
	return true;
}

bool pp_import_log_line(struct pp_span *line, char buf[PP_LOG_LINE_BYTES], bool *syslog)
{
	if (line->len && (line->data[0] == '{' || line->data[0] == '"') && log_json(line, buf))
		return true;
	log_cut_level(line);
	struct pp_span whole = *line;
	bool cut = log_cut_stamp(line);
	if (!cut && log_cut_syslog(line)) {
		*syslog = true;
		log_cut_stamp(line);
		return true;
	}
	if (!cut && log_cut_iso(line)) {
		cut = true;
		log_cut_stamp(line);
	}
	if (!cut)
		return false;
	log_cut_caller(line);
	/* "[    0.004000] host kernel: " of "journalctl -o short-monotonic". */
	struct pp_span rest = *line, host, name;
	if (line->data != whole.data && pp_text_word(&rest, &host) && pp_text_word(&rest, &name) &&
	    pp_span_is(name, "kernel:")) {
		*syslog = true;
		log_skip(line, (size_t)(name.data + name.len - line->data));
		log_skip(line, line->len && line->data[0] == ' ');
	}
	return true;
}
