/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Everything about some devices: reasons, evidence, remedies; or one line about them. */
#include <stdio.h>
#include <string.h>

#include "host/isolation.h"
#include "host/place.h"
#include "judge/select.h"
#include "report/out.h"
#include "report/words.h"

static const char *verdict_words(enum pp_verdict v)
{
	static const char *const words[PP_VERDICT_COUNT] = {
		[PP_VERDICT_ASSIGNABLE] = "assignable",
		[PP_VERDICT_CARE] = "assignable, with care",
		[PP_VERDICT_BLOCKED_FIXABLE] = "blocked, can be freed",
		[PP_VERDICT_BLOCKED] = "blocked, no remedy known",
		[PP_VERDICT_NOT_ENDPOINT] = "a bridge, stays with the host",
		[PP_VERDICT_UNKNOWN] = "unknown, a fact is missing",
	};
	return words[v];
}

static void print_slot(struct pp_out *o, const struct pp_device *d)
{
	static const struct {
		enum pp_slot_source witness;
		const char *name;
	} sources[] = {
		{ PP_SLOT_SMBIOS, "SMBIOS" },
		{ PP_SLOT_KERNEL, "the kernel" },
		{ PP_SLOT_CAPABILITY, "the port's capability" },
	};
	const struct pp_slot_ref *s = &d->slot;
	const char *by = "by";
	bool slot = s->kind == PP_PLACE_SLOT;

	if (s->kind == PP_PLACE_NONE) {
		if (s->onboard)
			pp_out(o, "  slot    none: embedded (%s)\n", s->onboard);
		else
			pp_out(o, "  slot    %s\n", s->unknown ? "not known" : "none");
		return;
	}
	pp_out(o, "  %s%s%s", slot ? "slot    " : "place   ", slot ? "" : pp_place_word(s->kind),
	       s->number ? s->number
	       : slot    ? "without a number"
	                 : ", without a number");
	if (s->designation)
		pp_out(o, " (\"%s\")", s->designation);
	for (size_t i = 0; i < sizeof(sources) / sizeof(sources[0]); i++) {
		if (!(s->sources & sources[i].witness))
			continue;
		pp_out(o, "%s %s %s", by[0] == 'b' ? "," : "", by, sources[i].name);
		by = "and";
	}
	pp_out(o, "\n");
	if (!s->twin)
		return;
	char line[512];
	snprintf(line, sizeof(line), "another slot has this number: %s", s->twin);
	pp_out_wrapped(o, "          ", "          ", line);
}

static void print_finding(struct pp_out *o, const struct pp_finding *f)
{
	char first[64];

	snprintf(first, sizeof(first), "  %-9s", pp_effect_name(f->effect));
	pp_out(o, "\n");
	pp_out_wrapped(o, first, "           ", f->text);
	for (uint32_t i = 0; i < f->nr_evidence; i++)
		pp_out_wrapped(o, "           evidence: ", "                     ", f->evidence[i]);
	pp_out_wrapped(o, "           rule:     ", "                     ", f->rule->id);
	pp_out_wrapped(o, "           see:      ", "                     ", f->rule->reference);
	for (uint32_t i = 0; i < f->nr_remedies; i++) {
		snprintf(first, sizeof(first), "           remedy:   [%s] ",
		         f->remedies[i].ops->id);
		pp_out_wrapped(o, first, "                     ", f->remedies[i].text);
		if (f->remedies[i].side_effect)
			pp_out_wrapped(o, "                     side effect: ",
			               "                       ", f->remedies[i].side_effect);
	}
}

/* How many companions of a group that is not there yet are named. */
#define COMPUTED 6
/* Of more devices than that nobody reads it, and each costs a walk over all. */
#define MAX_COMPUTED_DEVICES 256

/* computed: the computed groups, where the kernel has made none at all; else NULL. */
static void print_group(struct pp_out *o, const struct pp_survey *s, const struct pp_device *d,
                        const struct pp_isolation *computed)
{
	uint32_t device = (uint32_t)(d - s->host->devices), n = 0;
	char address[PP_ADDRESS_TEXT_BYTES];

	if (d->group != PP_NO_GROUP) {
		pp_out(o, "  group   %u\n", s->host->groups[d->group].number);
		return;
	}
	pp_out(o, "  group   %s", d->group_error == ENOENT ? "none" : "not read");
	uint32_t group = computed ? computed->devices[device].group : PP_NO_GROUP;
	for (uint32_t i = 0; group != PP_NO_GROUP && i < s->host->nr_devices && n <= COMPUTED;
	     i++) {
		if (i == device || computed->devices[i].group != group)
			continue;
		pp_address_format_short(s->host->devices[i].address, address);
		pp_out(o, "%s%s", n ? ", " : "; computed: with ", n == COMPUTED ? "more" : address);
		n++;
	}
	pp_out(o, "%s\n", group != PP_NO_GROUP && !n ? "; computed: alone" : "");
}

static void explain_print_device(struct pp_out *o, const struct pp_survey *s,
                                 const struct pp_row *row, const struct pp_isolation *computed)
{
	const struct pp_device *d = row->device;
	char address[PP_ADDRESS_TEXT_BYTES], name[256];

	pp_address_format(d->address, address);
	pp_out_name(o, d, name, sizeof(name));
	pp_out(o, "%s%s%s %s\n", pp_out_color(o, PP_BOLD), address, pp_out_color(o, PP_COLOR_NONE),
	       name);
	pp_out(o, "  verdict %s%s%s\n", pp_out_color(o, pp_verdict_color(row->verdict)),
	       verdict_words(row->verdict), pp_out_color(o, PP_COLOR_NONE));
	if (d->ids_known)
		pp_out(o, "  ids     %04x:%04x, class %06x\n", d->vendor, d->device, d->class_code);
	print_slot(o, d);
	print_group(o, s, d, computed);
	pp_out(o, "  driver  %s\n",
	       d->driver.text              ? d->driver.text
	       : d->driver.error == ENOENT ? "none"
	                                   : "not read");
	for (uint32_t i = 0; i < row->nr_findings; i++)
		print_finding(o, row->findings[i]);
}

static bool any_remedy(const struct pp_survey *s, const struct pp_selection *chosen)
{
	for (uint32_t i = 0; i < chosen->count; i++) {
		const struct pp_row *row = &s->rows[chosen->devices[i]];
		for (uint32_t f = 0; f < row->nr_findings; f++)
			if (row->findings[f]->nr_remedies)
				return true;
	}
	return false;
}

/* Where nothing that was named is in the way, how the first of them comes to a guest. */
static void explain_print_give(struct pp_out *o, const struct pp_survey *s,
                               const struct pp_selection *chosen)
{
	const struct pp_row *first = NULL;

	for (uint32_t i = 0; i < chosen->count; i++) {
		const struct pp_row *row = &s->rows[chosen->devices[i]];
		if (row->verdict == PP_VERDICT_NOT_ENDPOINT)
			continue;
		if (row->verdict != PP_VERDICT_ASSIGNABLE && row->verdict != PP_VERDICT_CARE)
			return;
		if (!first)
			first = row;
	}
	if (!first)
		return;
	pp_out(o, "\n");
	pp_words_give(o, s, first);
}

/* What to do about it: the command, where there is one, and where the rest is told. */
static void print_remedies(struct pp_out *o, const struct pp_survey *s,
                           const struct pp_selection *chosen, const char *what)
{
	bool by_free = pp_survey_by_free(s, chosen->devices, chosen->count);

	explain_print_give(o, s, chosen);
	if (!any_remedy(s, chosen))
		return;
	pp_out(o, "\n");
	if (by_free) {
		pp_out(o, "To free it, as root%s: pcipass free %s\n",
		       pp_words_elsewhere(o) ? " on that host" : "", what);
		pp_out(o, "What that would do: %s free %s --dry-run\n",
		       o->style->command ? o->style->command : "pcipass", what);
	}
	pp_out_wrapped(
		o, "", "",
		"Each remedy step by step, by hand and with its way back: doc/remedies.md, under "
		"the name in brackets.");
}

int pp_report_explain(const struct pp_survey *s, const char *what, const struct pp_style *style,
                      struct pp_sink sink, struct pp_error *e)
{
	struct pp_arena a;
	struct pp_selection chosen;
	struct pp_isolation isolation;
	struct pp_out o;
	/* The IOMMU is off: what it would make of the device is worth a word. */
	bool compute = !s->host->nr_groups && !s->host->groups_error;

	pp_arena_init(&a, 0);
	int r = pp_select(s->host, what, &a, &chosen, e);
	compute = compute && !r && chosen.count <= MAX_COMPUTED_DEVICES;
	if (compute)
		r = pp_isolation_compute(s->host, &a, &isolation, e);
	if (r) {
		pp_arena_fini(&a);
		return r;
	}
	pp_out_init(&o, style, sink);
	if (style->format == PP_FORMAT_JSON) {
		pp_survey_json(&o, s, chosen.devices, chosen.count);
	} else {
		for (uint32_t i = 0; i < chosen.count; i++) {
			if (i)
				pp_out(&o, "\n");
			explain_print_device(&o, s, &s->rows[chosen.devices[i]],
			                     compute ? &isolation : NULL);
		}
		pp_phrases_text(&o, s, chosen.devices, chosen.count);
		print_remedies(&o, s, &chosen, what);
		if (s->host->unread)
			pp_out(&o, "\n");
		pp_words_rights(&o, s->host);
	}
	pp_arena_fini(&a);
	return pp_out_fini(&o, e);
}

/* Which of two verdicts decides for both. */
static int severity(enum pp_verdict v)
{
	static const int order[PP_VERDICT_COUNT] = {
		[PP_VERDICT_NOT_ENDPOINT] = 0,
		[PP_VERDICT_ASSIGNABLE] = 1,
		[PP_VERDICT_CARE] = 2,
		[PP_VERDICT_UNKNOWN] = 3,
		[PP_VERDICT_BLOCKED_FIXABLE] = 4,
		[PP_VERDICT_BLOCKED] = 5,
	};
	return order[v];
}

static void explain_print_check(struct pp_out *o, const struct pp_survey *s, const char *what,
                                const struct pp_row *worst)
{
	char address[PP_ADDRESS_TEXT_BYTES], command[160];
	const char *reason = "";

	pp_address_format(worst->device->address, address);
	const struct pp_finding *first = worst->nr_findings ? worst->findings[0] : NULL;
	if (first && first->effect == PP_INFORMS)
		first = NULL;
	if (first)
		reason = first->text;
	if (o->style->format == PP_FORMAT_JSON) {
		json_t *remedies = json_array();
		for (uint32_t i = 0; first && i < first->nr_remedies; i++)
			json_array_append_new(remedies, json_string(first->remedies[i].ops->id));
		pp_out_json(o, json_pack("{s:s, s:s, s:s, s:s, s:s, s:s?, s:o}", "schema",
		                         "pcipass.check/1", "asked", what, "address", address,
		                         "verdict", pp_verdict_name(worst->verdict), "reason",
		                         reason, "rule", first ? first->rule->id : NULL, "remedies",
		                         remedies));
		pp_out(o, "\n");
		return;
	}
	bool by_free = pp_words_free(s, worst, command, sizeof(command));
	bool blocked = worst->verdict == PP_VERDICT_BLOCKED_FIXABLE;
	pp_out(o, "%s: %s%s%s%s%s\n", address, blocked ? "blocked" : verdict_words(worst->verdict),
	       *reason ? ": " : "", reason, by_free ? "; to free it: " : "",
	       by_free ? command : "");
}

int pp_report_check(const struct pp_survey *s, const char *what, const struct pp_style *style,
                    struct pp_sink sink, enum pp_verdict *ret, struct pp_error *e)
{
	struct pp_arena a;
	struct pp_selection chosen;
	const struct pp_row *worst = NULL;
	struct pp_out o;

	pp_arena_init(&a, 0);
	int r = pp_select(s->host, what, &a, &chosen, e);
	for (uint32_t i = 0; !r && i < chosen.count; i++) {
		const struct pp_row *row = &s->rows[chosen.devices[i]];
		if (!worst || severity(row->verdict) > severity(worst->verdict))
			worst = row;
	}
	pp_arena_fini(&a);
	if (r)
		return r;
	pp_out_init(&o, style, sink);
	explain_print_check(&o, s, what, worst);
	r = pp_out_fini(&o, e);
	if (!r)
		*ret = worst->verdict;
	return r;
}
