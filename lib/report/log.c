/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the lines of a log mean, and what the host itself says of the devices in them. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "judge/select.h"
#include "log/log.h"
#include "report/out.h"
#include "report/words.h"

/* So many devices are named where a line is about none in particular. */
#define MAX_NAMED 8

static const char *log_source_title(enum pp_phrase_source s)
{
	static const char *const titles[] = {
		[PP_PHRASE_LINUX] = "Linux",
		[PP_PHRASE_QEMU] = "QEMU",
		[PP_PHRASE_XEN] = "Xen",
		[PP_PHRASE_SURVEY_DDA] = "SurveyDDA.ps1 (Hyper-V)",
		[PP_PHRASE_HPE] = "HPE",
		[PP_PHRASE_LIBVIRT] = "libvirt",
		[PP_PHRASE_PROXMOX] = "Proxmox VE",
	};
	return titles[s];
}

/* Which releases print it: what is known exactly, or those that were looked at. */
static void log_printed_by(const struct pp_phrase *p, char *buf, size_t size)
{
	const char *title = log_source_title(p->source);
	bool pciback = p->file && strstr(p->file, "xen-pciback");

	if (p->by)
		snprintf(buf, size, "%s", p->by);
	else if (pp_phrase_before(p))
		snprintf(buf, size, "%s before %s", title, pp_phrase_before(p));
	else if (pp_phrase_since(p))
		snprintf(buf, size, "%s %s and later", title, pp_phrase_since(p));
	else if (p->first && strcmp(p->first, p->last))
		snprintf(buf, size, "%s, seen in %s to %s", pciback ? "Linux (pciback)" : title,
		         p->first, p->last);
	else if (p->first)
		snprintf(buf, size, "%s, seen in %s", title, p->first);
	else
		snprintf(buf, size, "%s", title);
}

static const struct pp_row *log_row(const struct pp_survey *s, const struct pp_log_hit *hit)
{
	for (uint32_t i = 0; s && hit->has_device && i < s->nr_rows; i++)
		if (pp_address_equal(s->rows[i].device->address, hit->device))
			return &s->rows[i];
	return NULL;
}

/* Whether this host has no such device, or knows its groups and has no such group. */
static bool log_is_elsewhere(const struct pp_survey *s, const struct pp_log_hit *hit)
{
	if (hit->has_device)
		return !log_row(s, hit);
	if (!hit->has_group || s->host->groups_elsewhere ||
	    (s->host->groups_error && s->host->groups_error != ENOENT))
		return false;
	for (uint32_t i = 0; i < s->host->nr_groups; i++)
		if (s->host->groups[i].number == hit->group)
			return false;
	return true;
}

static bool log_speaks(const struct pp_row *row, const struct pp_phrase *p)
{
	for (uint32_t i = 0; i < row->nr_findings; i++)
		if (pp_phrase_has_rule(p, row->findings[i]->rule->id))
			return true;
	return false;
}

/* What a person would call the device or group; "": the line is about none. */
static void log_subject(const struct pp_log_hit *hit, char *buf, size_t size)
{
	char address[PP_ADDRESS_TEXT_BYTES];

	*buf = '\0';
	if (hit->has_device) {
		pp_address_format_short(hit->device, address);
		snprintf(buf, size, "%s", address);
	} else if (hit->has_group) {
		snprintf(buf, size, "group%u", hit->group);
	}
}

/* A report on its way into a text. */
struct log_text {
	char *buf;
	size_t size, len;
};

static int log_text_write(void *ctx, const char *bytes, size_t len)
{
	struct log_text *t = ctx;

	for (size_t i = 0; i < len && t->len + 1 < t->size; i++)
		if (bytes[i] != '\n')
			t->buf[t->len++] = bytes[i];
	t->buf[t->len] = '\0';
	return 0;
}

/* The host's own answer, in the words of "pcipass check"; false: it has none. */
static bool log_check(const struct pp_survey *s, const char *what, const struct pp_style *style,
                      char *buf, size_t size)
{
	struct log_text text = { buf, size, 0 };
	struct pp_sink sink = { log_text_write, &text };
	struct pp_style plain = { .command = style->command };
	enum pp_verdict verdict;

	*buf = '\0';
	return !pp_report_check(s, what, &plain, sink, &verdict, NULL) && *buf;
}

/* "07:00.0, 02:00.0 and 3 more": the devices of which one of the phrase's rules speaks. */
static void log_devices_spoken_of(const struct pp_survey *s, const struct pp_phrase *p, char *buf,
                                  size_t size)
{
	char address[PP_ADDRESS_TEXT_BYTES];
	uint32_t named = 0, more = 0;
	size_t n = 0;

	*buf = '\0';
	for (uint32_t i = 0; i < s->nr_rows && n < size; i++) {
		if (!log_speaks(&s->rows[i], p))
			continue;
		if (named == MAX_NAMED) {
			more++;
			continue;
		}
		pp_address_format_short(s->rows[i].device->address, address);
		n += (size_t)snprintf(buf + n, size - n, "%s%s", named++ ? ", " : "", address);
	}
	if (more && n < size)
		snprintf(buf + n, size - n, " and %u more", more);
}

static bool log_host_says(const struct pp_survey *s, const struct pp_phrase *p, char *buf,
                          size_t size)
{
	for (uint32_t i = 0; i < s->nr_host_findings; i++)
		if (pp_phrase_has_rule(p, s->host_findings[i]->rule->id)) {
			snprintf(buf, size, "%s", s->host_findings[i]->text);
			return true;
		}
	for (uint32_t i = 0; i < s->nr_common_findings; i++)
		if (pp_phrase_has_rule(p, s->common_findings[i]->rule->id)) {
			snprintf(buf, size, "%s", s->common_findings[i]->text);
			return true;
		}
	return false;
}

/* What the host at hand says of it; "": nothing. */
static void log_here(const struct pp_survey *s, const struct pp_log_hit *hit,
                     const struct pp_style *style, char *buf, size_t size)
{
	char what[32], devices[256];

	*buf = '\0';
	log_subject(hit, what, sizeof(what));
	if (log_is_elsewhere(s, hit))
		snprintf(buf, size,
		         hit->has_device ? "no device %s: the text is from another host, or the "
		                           "device has moved or is gone"
		                         : "no %s: the text is from another host, or an earlier "
		                           "boot",
		         what);
	else if (*what && log_check(s, what, style, buf, size))
		return;
	else if (log_host_says(s, hit->phrase, buf, size))
		return;
	else if (hit->phrase->rules[0]) {
		log_devices_spoken_of(s, hit->phrase, devices, sizeof(devices));
		if (*devices)
			snprintf(buf, size, "this concerns %s", devices);
		else
			snprintf(buf, size, "nothing of that is found now");
	}
}

/* What a phrase says to do: words, and behind them the command, if it names one. */
struct log_todo {
	const char *words, *command, *arguments; /* "see the group: ", "sudo pcipass", " groups" */
	size_t nr_words;
};

static struct log_todo log_todo_of(const struct pp_phrase *p)
{
	const char *next = pp_phrase_next(p), *at = strstr(next, "pcipass");
	struct log_todo t = { .words = next, .nr_words = strlen(next) };

	if (!at)
		return t;
	t.arguments = at + strlen("pcipass");
	t.nr_words = (size_t)(at - next);
	if (t.nr_words >= 5 && !strncmp(at - 5, "sudo ", 5))
		t.nr_words -= 5;
	t.command = next + t.nr_words;
	return t;
}

/* Behind "pcipass": the line's own device or group where the phrase says DEVICE or none. */
static void log_arguments(const struct log_todo *t, const struct pp_log_hit *hit, char *buf,
                          size_t size)
{
	char what[32];
	const char *device = t->arguments ? strstr(t->arguments, "DEVICE") : NULL;

	log_subject(hit, what, sizeof(what));
	bool groups = t->arguments && !strcmp(t->arguments, " groups");
	if (!*what)
		snprintf(buf, size, "%s", t->arguments ? t->arguments : "");
	else if (groups && hit->has_group)
		snprintf(buf, size, " explain group%u", hit->group);
	else if (!t->arguments || groups)
		snprintf(buf, size, " explain %s", what);
	else if (device)
		snprintf(buf, size, "%.*s%s%s", (int)(device - t->arguments), t->arguments, what,
		         device + strlen("DEVICE"));
	else
		snprintf(buf, size, "%s", t->arguments);
}

/* What to type where the text is from: the host at hand is another one, or has changed since. */
static void log_next_there(const struct log_todo *t, const char *arguments, char *buf, size_t size)
{
	int n = (int)t->nr_words;

	while (n && strchr(": ,", t->words[n - 1]))
		n--;
	snprintf(buf, size, "%.*s%son the host that printed it: %.*s%s", n, t->words, n ? "; " : "",
	         t->command ? (int)(t->arguments - t->command) : (int)strlen("pcipass"),
	         t->command ? t->command : "pcipass", arguments);
}

static void log_next(const struct pp_survey *s, const struct pp_log_hit *hit,
                     const struct pp_style *style, char *buf, size_t size)
{
	struct log_todo t = log_todo_of(hit->phrase);
	const char *command = style->command ? style->command : "pcipass";
	char arguments[96];

	log_arguments(&t, hit, arguments, sizeof(arguments));
	if (!t.command && strncmp(t.words, "see ", 4) != 0) {
		snprintf(buf, size, "%s", t.words);
		return;
	}
	if (s && log_is_elsewhere(s, hit)) {
		log_next_there(&t, arguments, buf, size);
		return;
	}
	/* What acts is typed on the host itself; a capture is read by anybody, Windows has no sudo.
	 */
	bool acts = strstr(arguments, " override") || strstr(arguments, "bind ");
	bool as_is = acts || (!strcmp(command, "pcipass") && !(s && s->host->windows));
	if (t.command && as_is)
		snprintf(buf, size, "%.*s%s", (int)(t.arguments - t.words), t.words, arguments);
	else
		snprintf(buf, size, "%.*s%s%s%s", (int)t.nr_words, t.words, t.command ? "" : ": ",
		         command, arguments);
}

static void log_rules(const struct pp_phrase *p, char *buf, size_t size)
{
	size_t n = 0;

	*buf = '\0';
	for (uint32_t i = 0; i < PP_PHRASE_RULES && p->rules[i] && n < size; i++)
		n += (size_t)snprintf(buf + n, size - n, "%s%s", i ? ", " : "", p->rules[i]);
}

static void log_part(struct pp_out *o, const char *name, const char *text)
{
	char head[16];

	if (!*text)
		return;
	snprintf(head, sizeof(head), "  %-8s", name);
	pp_out_wrapped(o, head, "          ", text);
}

/* numbered: the text has more lines than this one. */
static void log_print(struct pp_out *o, const struct pp_survey *s, const struct pp_log_hit *hit,
                      bool numbered)
{
	char line[1400];

	if (!numbered)
		*line = '\0';
	else if (hit->count > 1)
		snprintf(line, sizeof(line),
		         "line %llu, and %llu more like it: ", (unsigned long long)hit->line,
		         (unsigned long long)hit->count - 1);
	else
		snprintf(line, sizeof(line), "line %llu: ", (unsigned long long)hit->line);
	pp_out(o, "%s", pp_out_color(o, PP_BOLD));
	pp_out_wrapped(o, line, "  ", hit->quote);
	pp_out(o, "%s", pp_out_color(o, PP_COLOR_NONE));
	log_part(o, "means", pp_phrase_means(hit->phrase));
	if (s) {
		log_here(s, hit, o->style, line, sizeof(line));
		log_part(o, "here", line);
	}
	log_printed_by(hit->phrase, line, sizeof(line));
	log_part(o, "by", line);
	log_rules(hit->phrase, line, sizeof(line));
	log_part(o, "rules", line);
	log_next(s, hit, o->style, line, sizeof(line));
	log_part(o, "next", line);
	pp_out(o, "\n");
}

static void log_print_end(struct pp_out *o, const struct pp_log *l, const struct pp_survey *s)
{
	const char *command = o->style->command ? o->style->command : "pcipass";
	char line[1400], host[256];

	if (l->beyond)
		pp_out(o, "%llu more such lines, of further devices, are not shown.\n",
		       (unsigned long long)l->beyond);
	if (s && l->known) {
		pp_words_host(s->host, host, sizeof(host));
		snprintf(line, sizeof(line), "\"here\" is %s: %s",
		         pp_words_elsewhere(o) ? "the host of --from" : "this host", host);
		pp_out_wrapped(o, "", "", line);
	}
	if (!l->known)
		pp_out_wrapped(o, "", "",
		               "No line of it is one that pcipass knows; that says nothing about "
		               "the devices.");
	if (s)
		snprintf(line, sizeof(line), "Next: %s", command);
	else
		snprintf(line, sizeof(line),
		         "Next: on that host, sudo pcipass; or there sudo pcipass "
		         "capture -o host.tar.gz, and here pcipass --from "
		         "host.tar.gz explain --log");
	pp_out_wrapped(o, "", "      ", line);
}

static json_t *log_text_or_null(const char *text)
{
	return text && *text ? json_string(text) : json_null();
}

static json_t *log_json_here(const struct pp_survey *s, const struct pp_log_hit *hit)
{
	const struct pp_row *row = s ? log_row(s, hit) : NULL;

	if (!row)
		return json_null();
	json_t *findings = json_array();
	for (uint32_t i = 0; i < row->nr_findings; i++)
		if (pp_phrase_has_rule(hit->phrase, row->findings[i]->rule->id))
			json_array_append_new(findings, json_pack("{s:s, s:s}", "rule",
			                                          row->findings[i]->rule->id,
			                                          "text", row->findings[i]->text));
	return json_pack("{s:s, s:o}", "verdict", pp_verdict_name(row->verdict), "findings",
	                 findings);
}

static json_t *log_json_hit(const struct pp_survey *s, const struct pp_log_hit *hit)
{
	static const char *const sources[] = {
		[PP_PHRASE_LINUX] = "linux",     [PP_PHRASE_QEMU] = "qemu",
		[PP_PHRASE_XEN] = "xen",         [PP_PHRASE_SURVEY_DDA] = "survey-dda",
		[PP_PHRASE_HPE] = "hpe",         [PP_PHRASE_LIBVIRT] = "libvirt",
		[PP_PHRASE_PROXMOX] = "proxmox",
	};
	const struct pp_phrase *p = hit->phrase;
	char by[128];
	json_t *rules = json_array();

	for (uint32_t i = 0; i < PP_PHRASE_RULES && p->rules[i]; i++)
		json_array_append_new(rules, json_string(p->rules[i]));
	log_printed_by(p, by, sizeof(by));
	return json_pack(
		"{s:s, s:s, s:s, s:s, s:I, s:I, s:s, s:o, s:o, s:o, s:o, s:o, s:o}", "id", p->id,
		"source", sources[p->source], "printed_by", by, "text", p->text, "line",
		(json_int_t)hit->line, "count", (json_int_t)hit->count, "quote", hit->quote,
		"device", hit->has_device ? pp_json_address(hit->device) : json_null(), "group",
		hit->has_group ? json_integer(hit->group) : json_null(), "means",
		log_text_or_null(pp_phrase_means(p)), "next", log_text_or_null(pp_phrase_next(p)),
		"rules", rules, "here", log_json_here(s, hit));
}

static json_t *log_json(const struct pp_log *l, const struct pp_survey *s)
{
	json_t *messages = json_array();

	for (uint32_t i = 0; i < l->nr_hits; i++)
		if (l->hits[i].count)
			json_array_append_new(messages, log_json_hit(s, &l->hits[i]));
	return json_pack("{s:s, s:I, s:I, s:I, s:o}", "schema", "pcipass.log/1", "lines",
	                 (json_int_t)l->lines, "known", (json_int_t)l->known, "not_listed",
	                 (json_int_t)l->beyond, "messages", messages);
}

int pp_report_log(const struct pp_log *l, const struct pp_survey *s, const struct pp_style *style,
                  struct pp_sink sink, struct pp_error *e)
{
	struct pp_out o;

	pp_out_init(&o, style, sink);
	if (style->format == PP_FORMAT_JSON) {
		pp_out_json(&o, log_json(l, s));
		pp_out(&o, "\n");
		return pp_out_fini(&o, e);
	}
	for (uint32_t i = 0; i < l->nr_hits; i++)
		if (l->hits[i].count)
			log_print(&o, s, &l->hits[i], l->lines != 0);
	log_print_end(&o, l, s);
	return pp_out_fini(&o, e);
}
