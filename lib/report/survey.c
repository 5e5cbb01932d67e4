/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The survey: for people a list by verdict, worst first; for programs one JSON document. */
#include <stdio.h>
#include <string.h>

#include "report/out.h"
#include "report/words.h"

/* The order in which a person wants to read: what needs doing, what needs thought, what is fine. */
static const struct section {
	enum pp_verdict verdict;
	const char *title;
	bool only_if_all;
} sections[] = {
	{ PP_VERDICT_BLOCKED_CURABLE, "BLOCKED, and there is a cure", false },
	{ PP_VERDICT_BLOCKED, "BLOCKED", false },
	{ PP_VERDICT_UNKNOWN, "UNKNOWN: a fact is missing", false },
	{ PP_VERDICT_CARE, "ASSIGNABLE, WITH CARE", false },
	{ PP_VERDICT_ASSIGNABLE, "ASSIGNABLE", false },
	{ PP_VERDICT_NOT_ENDPOINT, "BRIDGES: they stay with the host", true },
};
#define NR_SECTIONS (sizeof(sections) / sizeof(sections[0]))

/* Reasons that a row shows: what merely informs is for "explain". */
static bool is_reason(const struct pp_finding *f)
{
	return f->effect != PP_INFORMS;
}

static uint32_t count_reasons(const struct pp_row *row)
{
	uint32_t n = 0;

	while (n < row->nr_findings && is_reason(row->findings[n]))
		n++;
	return n;
}

static bool same_cures(const struct pp_finding *x, const struct pp_finding *y)
{
	if (x->nr_cures != y->nr_cures)
		return false;
	return !x->nr_cures || !strcmp(x->cures[0].text, y->cures[0].text);
}

/* Rows with the same reasons stand together, and the reasons below them once. */
static bool same_reasons(const struct pp_row *x, const struct pp_row *y)
{
	uint32_t n = count_reasons(x);

	if (n != count_reasons(y))
		return false;
	for (uint32_t i = 0; i < n; i++) {
		const struct pp_finding *a = x->findings[i], *b = y->findings[i];
		if (a != b && (a->rule != b->rule || strcmp(a->text, b->text) || !same_cures(a, b)))
			return false;
	}
	return true;
}

static void print_reasons(struct pp_out *o, const struct pp_row *row)
{
	uint32_t n = count_reasons(row);
	const char *told = NULL;

	for (uint32_t i = 0; i < n; i++) {
		const struct pp_finding *f = row->findings[i];
		pp_out_wrapped(o, "      ", "      ", f->text);
		if (!f->nr_cures || (told && !strcmp(told, f->cures[0].text)))
			continue;
		told = f->cures[0].text;
		pp_out_wrapped(o, "      cure: ", "            ", told);
	}
}

static bool wide_addresses(const struct pp_survey *s)
{
	/* Sorted: the last one has the highest domain. */
	return s->nr_rows && s->rows[s->nr_rows - 1].device->address.domain;
}

static void print_row(struct pp_out *o, const struct pp_survey *s, const struct pp_row *row)
{
	const struct pp_device *d = row->device;
	char address[PP_ADDRESS_TEXT_BYTES], group[16] = "-", name[256];
	unsigned int used = 31;

	if (wide_addresses(s)) {
		pp_address_format(d->address, address);
		used += 5;
	} else {
		pp_address_format_short(d->address, address);
	}
	if (d->group != PP_NO_GROUP)
		snprintf(group, sizeof(group), "%u", s->host->groups[d->group].number);
	pp_out_short_name(o, d, name, sizeof(name));
	pp_out(o, "  %s%-*s%s %4.4s %5s %-9.9s %.*s\n",
	       pp_out_color(o, pp_verdict_color(row->verdict)), wide_addresses(s) ? 12 : 7, address,
	       pp_out_color(o, PP_COLOR_NONE), d->slot.name ? d->slot.name : "-", group,
	       d->driver.text ? d->driver.text : "-", (int)(o->width - used), name);
}

static void print_section(struct pp_out *o, const struct pp_survey *s,
                          const struct section *section)
{
	const struct pp_row *previous = NULL;

	if (!s->counts[section->verdict] || (section->only_if_all && !o->style->all))
		return;
	pp_out(o, "\n%s%s (%u)%s\n", pp_out_color(o, PP_BOLD), section->title,
	       s->counts[section->verdict], pp_out_color(o, PP_COLOR_NONE));
	for (uint32_t i = 0; i < s->nr_rows; i++) {
		const struct pp_row *row = &s->rows[i];
		if (row->verdict != section->verdict)
			continue;
		if (previous && !same_reasons(previous, row))
			print_reasons(o, previous);
		print_row(o, s, row);
		previous = row;
	}
	if (previous)
		print_reasons(o, previous);
}

static void print_head(struct pp_out *o, const struct pp_survey *s)
{
	char line[512];

	pp_words_host(s->host, line, sizeof(line));
	pp_out_wrapped(o, "", "", line);
	pp_words_iommu(s->host, line, sizeof(line));
	pp_out_wrapped(o, "", "", line);
	if (s->nr_rows)
		pp_out(o, "\n%s  %-*s SLOT GROUP DRIVER    DEVICE%s\n", pp_out_color(o, PP_DIM),
		       wide_addresses(s) ? 12 : 7, "ADDRESS", pp_out_color(o, PP_COLOR_NONE));
}

static void print_summary(struct pp_out *o, const struct pp_survey *s)
{
	const unsigned int *n = s->counts;
	char line[512];
	int len =
		snprintf(line, sizeof(line),
	                 "%u devices: %u assignable, %u with care, %u blocked with a cure, "
	                 "%u blocked",
	                 s->nr_rows - n[PP_VERDICT_NOT_ENDPOINT], n[PP_VERDICT_ASSIGNABLE],
	                 n[PP_VERDICT_CARE], n[PP_VERDICT_BLOCKED_CURABLE], n[PP_VERDICT_BLOCKED]);

	if (n[PP_VERDICT_UNKNOWN])
		len += snprintf(line + len, sizeof(line) - (size_t)len, ", %u unknown",
		                n[PP_VERDICT_UNKNOWN]);
	if (n[PP_VERDICT_NOT_ENDPOINT] && !o->style->all)
		snprintf(line + len, sizeof(line) - (size_t)len, "; %u bridges not shown (--all)",
		         n[PP_VERDICT_NOT_ENDPOINT]);
	pp_out(o, "\n");
	pp_out_wrapped(o, "", "", line);
}

static int print_text(struct pp_out *o, const struct pp_survey *s)
{
	print_head(o, s);
	for (size_t i = 0; i < NR_SECTIONS; i++)
		print_section(o, s, &sections[i]);
	for (uint32_t i = 0; i < s->nr_host_findings && i < 8; i++)
		pp_out_wrapped(o, i ? "  " : "\nFIRMWARE\n  ", "    ", s->host_findings[i]->text);
	if (s->nr_host_findings > 8)
		pp_out(o, "  and %u more: --json\n", s->nr_host_findings - 8);
	print_summary(o, s);
	pp_words_rights(o, s->host);
	pp_words_next(o, s);
	return 0;
}

static json_t *summary(const struct pp_survey *s)
{
	json_t *o = json_object();

	for (int v = 0; v < PP_VERDICT_COUNT; v++)
		json_object_set_new(o, pp_verdict_name((enum pp_verdict)v),
		                    json_integer(s->counts[v]));
	json_object_set_new(o, "devices", json_integer(s->nr_rows));
	return o;
}

static json_t *host_with_findings(const struct pp_survey *s)
{
	json_t *host = pp_json_host(s->host), *list = json_array();

	for (uint32_t i = 0; i < s->nr_host_findings; i++)
		json_array_append_new(list, pp_json_finding(s->host_findings[i]));
	json_object_set_new(host, "findings", list);
	return host;
}

/* Written device by device, so that a large host needs no large document in memory. */
void pp_survey_json(struct pp_out *o, const struct pp_survey *s, const uint32_t *only,
                    uint32_t nr_only)
{
	uint32_t n = only ? nr_only : s->nr_rows;

	pp_out(o, "{\"schema\":\"pcipass.survey/1\",\"host\":");
	pp_out_json(o, host_with_findings(s));
	pp_out(o, ",\"target\":\"kvm\",\"devices\":[");
	for (uint32_t i = 0; i < n; i++) {
		pp_out(o, i ? ",\n" : "\n");
		pp_out_json(o, pp_json_row(o, s, &s->rows[only ? only[i] : i]));
	}
	pp_out(o, "],\"summary\":");
	pp_out_json(o, summary(s));
	pp_out(o, "}\n");
}

int pp_report_survey(const struct pp_survey *s, const struct pp_style *style, struct pp_sink sink,
                     struct pp_error *e)
{
	struct pp_out o;

	if (s->host->devices_error)
		return pp_fail(e, s->host->devices_error,
		               "no devices to survey: /sys/bus/pci/devices is %s",
		               pp_unread_reason(s->host->devices_error));
	pp_out_init(&o, style, sink);
	if (style->format == PP_FORMAT_JSON)
		pp_survey_json(&o, s, NULL, 0);
	else
		print_text(&o, s);
	return pp_out_fini(&o, e);
}
