/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What each hypervisor would say of the same host, side by side. */
#include <stdio.h>
#include <string.h>

#include "host/place.h"
#include "judge/select.h"
#include "report/out.h"
#include "report/words.h"

#define TARGETS_COLUMN 10

/* With a second domain every address shows its own. Sorted: the last device has the highest. */
static bool targets_one_domain(const struct pp_survey *s)
{
	return !s->nr_rows || !s->rows[s->nr_rows - 1].device->address.domain;
}

static int targets_address_columns(const struct pp_survey *s)
{
	char last[PP_ADDRESS_TEXT_BYTES];

	if (targets_one_domain(s))
		return 7;
	pp_address_format(s->rows[s->nr_rows - 1].device->address, last);
	return (int)strlen(last);
}

static void targets_print_row(struct pp_out *o, const struct pp_survey *const *surveys,
                              uint32_t index)
{
	const struct pp_device *d = surveys[0]->rows[index].device;
	char address[PP_ADDRESS_TEXT_BYTES], place[80] = "", name[256];

	if (targets_one_domain(surveys[0]))
		pp_address_format_short(d->address, address);
	else
		pp_address_format(d->address, address);
	if (pp_slot_is_named(&d->slot))
		snprintf(place, sizeof(place), "%s%s",
		         d->slot.kind == PP_PLACE_SLOT ? "" : pp_place_word(d->slot.kind),
		         d->slot.number);
	pp_out_short_name(o, d, name, sizeof(name));
	int used = targets_address_columns(surveys[0]) + 6 + PP_TARGET_COUNT * (TARGETS_COLUMN + 1);
	pp_out_fit(o, name, sizeof(name), (int)o->width - used);
	pp_out(o, "%-*s %4.4s", targets_address_columns(surveys[0]), address,
	       *place            ? place
	       : d->slot.unknown ? "?"
	                         : "-");
	for (int t = 0; t < PP_TARGET_COUNT; t++) {
		enum pp_verdict v = surveys[t]->rows[index].verdict;
		pp_out(o, " %s%-*s%s", pp_out_color(o, pp_verdict_color(v)), TARGETS_COLUMN,
		       pp_words_verdict(v), pp_out_color(o, PP_COLOR_NONE));
	}
	pp_out(o, " %s\n", name);
}

static void targets_print_summary(struct pp_out *o, const struct pp_survey *const *surveys)
{
	for (int t = 0; t < PP_TARGET_COUNT; t++) {
		const unsigned int *n = surveys[t]->counts;
		pp_out(o, "%-8s %u assignable, %u with care, %u fixable, %u blocked, %u unknown\n",
		       pp_target_title((enum pp_target)t), n[PP_VERDICT_ASSIGNABLE],
		       n[PP_VERDICT_CARE], n[PP_VERDICT_BLOCKED_FIXABLE], n[PP_VERDICT_BLOCKED],
		       n[PP_VERDICT_UNKNOWN]);
	}
}

/* The first device that is not the same to all, else the first that is no bridge. */
static uint32_t targets_worth_explaining(const struct pp_survey *const *surveys)
{
	uint32_t first = PP_NO_DEVICE;

	for (uint32_t i = 0; i < surveys[0]->nr_rows; i++) {
		enum pp_verdict v = surveys[0]->rows[i].verdict;
		if (v == PP_VERDICT_NOT_ENDPOINT)
			continue;
		if (first == PP_NO_DEVICE)
			first = i;
		for (int t = 1; t < PP_TARGET_COUNT; t++)
			if (surveys[t]->rows[i].verdict != v)
				return i;
	}
	return first;
}

static void targets_print(struct pp_out *o, const struct pp_survey *const *surveys)
{
	const struct pp_survey *s = surveys[0];
	char line[512], address[PP_ADDRESS_TEXT_BYTES];

	pp_words_host(s->host, line, sizeof(line));
	pp_out_wrapped(o, "", "  ", line);
	pp_words_iommu(s->host, line, sizeof(line));
	pp_out_wrapped(o, "", "  ", line);
	pp_out(o, "\n%s%-*s %4s", pp_out_color(o, PP_DIM), targets_address_columns(s), "ADDRESS",
	       "SLOT");
	for (int t = 0; t < PP_TARGET_COUNT; t++)
		pp_out(o, " %-*s", TARGETS_COLUMN, pp_target_title((enum pp_target)t));
	pp_out(o, " DEVICE%s\n", pp_out_color(o, PP_COLOR_NONE));
	for (uint32_t i = 0; i < s->nr_rows; i++)
		if (s->rows[i].verdict != PP_VERDICT_NOT_ENDPOINT || o->style->all)
			targets_print_row(o, surveys, i);
	pp_out(o, "\n");
	targets_print_summary(o, surveys);
	pp_words_rights(o, s->host);
	uint32_t i = targets_worth_explaining(surveys);
	if (i == PP_NO_DEVICE)
		return;
	pp_address_format_short(s->rows[i].device->address, address);
	pp_out(o, "Next: %s --for all explain %s\n",
	       o->style->command ? o->style->command : "pcipass", address);
}

int pp_report_targets(const struct pp_survey *const surveys[PP_TARGET_COUNT],
                      const struct pp_style *style, struct pp_sink sink, struct pp_error *e)
{
	struct pp_out o;

	if (surveys[0]->host->devices_error || style->format == PP_FORMAT_JSON || style->columns ||
	    style->no_headings || style->filter || style->sort) {
		struct pp_style all = *style;
		all.targets = surveys;
		return pp_report_survey(surveys[0], &all, sink, e);
	}
	pp_out_init(&o, style, sink);
	targets_print(&o, surveys);
	return pp_out_fini(&o, e);
}
