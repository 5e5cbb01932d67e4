/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Everything about some devices: reasons, evidence, remedies; or one line about them. */
#include <stdio.h>
#include <string.h>

#include "host/isolation.h"
#include "host/place.h"
#include "judge/select.h"
#include "plan/plan.h"
#include "report/field.h"
#include "report/more.h"
#include "report/out.h"
#include "report/words.h"

/* Of evidence of one kind, such as the regions of a table, so much is shown without --verbose. */
#define MAX_EVIDENCE_OF_A_KIND 2

/* "fixable for KVM (blocked, but can be freed)"; without for whom unless it is asked for. */
static void verdict_words(const struct pp_out *o, const struct pp_survey *s, enum pp_verdict v,
                          bool whole, char *buf, size_t size)
{
	static const struct {
		const char *verdict, *more;
	} words[PP_VERDICT_COUNT] = {
		[PP_VERDICT_ASSIGNABLE] = { "assignable", "" },
		[PP_VERDICT_CARE] = { "assignable, with care", "" },
		[PP_VERDICT_BLOCKED_FIXABLE] = { "fixable", " (blocked, but can be freed)" },
		[PP_VERDICT_BLOCKED] = { "blocked", " (no remedy is known)" },
		[PP_VERDICT_NOT_ENDPOINT] = { "a bridge", " (cannot be passed through)" },
		[PP_VERDICT_UNKNOWN] = { "unknown", " (a fact is missing)" },
	};
	bool named = o->style->name_target && v != PP_VERDICT_NOT_ENDPOINT;

	snprintf(buf, size, "%s%s%s%s", words[v].verdict,
	         !named                 ? ""
	         : v == PP_VERDICT_CARE ? ", for "
	                                : " for ",
	         named ? pp_target_title(s->target) : "", whole ? words[v].more : "");
}

static void print_slot(struct pp_out *o, const struct pp_device *d)
{
	static const struct {
		enum pp_slot_source source;
		const char *name;
	} sources[] = {
		{ PP_SLOT_SMBIOS, "SMBIOS" },
		{ PP_SLOT_KERNEL, "kernel" },
		{ PP_SLOT_CAPABILITY, "slot capability" },
	};
	const struct pp_slot_ref *s = &d->slot;
	const char *before = s->designation ? "; source: " : " (source: ";
	bool slot = s->kind == PP_PLACE_SLOT, sourced = false;

	if (s->kind == PP_PLACE_NONE) {
		if (s->onboard)
			pp_out(o, "  slot     none: embedded (%s)\n", s->onboard);
		else
			pp_out(o, "  slot     %s\n", s->unknown ? "unknown" : "none");
		return;
	}
	pp_out(o, "  %s%s%s", slot ? "slot     " : "place    ", slot ? "" : pp_place_word(s->kind),
	       s->number ? s->number
	       : slot    ? "without a number"
	                 : ", without a number");
	if (s->designation)
		pp_out(o, " (\"%s\"", s->designation);
	for (size_t i = 0; i < sizeof(sources) / sizeof(sources[0]); i++) {
		if (!(s->sources & sources[i].source))
			continue;
		pp_out(o, "%s%s", sourced ? ", " : before, sources[i].name);
		sourced = true;
	}
	pp_out(o, "%s\n", s->designation || sourced ? ")" : "");
	if (!s->twin)
		return;
	char line[512];
	snprintf(line, sizeof(line), "another slot has this number: %s", s->twin);
	pp_out_wrapped(o, "           ", "           ", line);
}

/* "DMAR RMRR 2 at +0xee: …", and of a text where it stands in it: " (dmar.txt, line 12)". */
static void explain_print_one(struct pp_out *o, const struct pp_host *h, const struct pp_device *d,
                              const char *evidence)
{
	struct pp_origin from = pp_evidence_origin(&o->evidence_log, h, d, evidence);
	char line[1600], number[32] = "";

	if (from.line)
		snprintf(number, sizeof(number), ", line %u", from.line);
	if (from.text)
		snprintf(line, sizeof(line), "%.1000s (%.500s%s)", evidence, from.text, number);
	pp_out_wrapped(o, "           evidence: ", "                     ",
	               from.text ? line : evidence);
}

/* Evidence begins with where it was found. Each line of the kernel's says something of its own. */
static bool explain_same_kind(const char *a, const char *b)
{
	size_t len = strcspn(a, " ");

	return len == strcspn(b, " ") && !strncmp(a, b, len) && strncmp(a, "kernel ", 7) != 0;
}

/* How many pieces of evidence from index on are of one kind. */
static uint32_t explain_count_kind(const struct pp_finding *f, uint32_t index)
{
	uint32_t n = 1;

	while (index + n < f->nr_evidence &&
	       explain_same_kind(f->evidence[index], f->evidence[index + n]))
		n++;
	return n;
}

static void explain_print_evidence(struct pp_out *o, const struct pp_host *h,
                                   const struct pp_device *d, const struct pp_finding *f)
{
	for (uint32_t i = 0, n; i < f->nr_evidence; i += n) {
		n = explain_count_kind(f, i);
		/* A line that says "one more" would be no shorter. */
		uint32_t shown = o->style->verbose || n <= MAX_EVIDENCE_OF_A_KIND + 1
		                         ? n
		                         : MAX_EVIDENCE_OF_A_KIND;
		for (uint32_t k = 0; k < shown; k++)
			explain_print_one(o, h, d, f->evidence[i + k]);
		if (shown < n)
			pp_out(o, "                     and %u more like that (-v)\n", n - shown);
	}
}

static void explain_print_remedies(struct pp_out *o, const struct pp_finding *f)
{
	char first[64];

	for (uint32_t i = 0; i < f->nr_remedies; i++) {
		snprintf(first, sizeof(first), "           remedy:   [%s] ",
		         f->remedies[i].ops->id);
		pp_out_wrapped(o, first, "                     ", f->remedies[i].text);
		if (f->remedies[i].side_effect)
			pp_out_wrapped(o, "                     side effect: ",
			               "                       ", f->remedies[i].side_effect);
	}
}

/* What a reader wants first: the reason, then what helps; how it is known stands below. */
static void print_finding(struct pp_out *o, const struct pp_host *h, const struct pp_device *d,
                          const struct pp_finding *f, const char *told_of)
{
	static const char *const labels[] = {
		[PP_BLOCKS] = "BLOCKS",
		[PP_DEGRADES] = "CARE",
		[PP_INFORMS] = "NOTE",
		[PP_EFFECT_UNKNOWN] = "UNKNOWN",
	};
	char first[64];

	snprintf(first, sizeof(first), "  %-9s", labels[f->effect]);
	pp_out(o, "\n");
	pp_out_wrapped(o, first, "           ", f->text);
	if (told_of) {
		pp_out(o, "           remedies and evidence: as for %s above\n", told_of);
		return;
	}
	explain_print_remedies(o, f);
	explain_print_evidence(o, h, d, f);
	pp_out_wrapped(o, "           rule:     ", "                     ", f->rule->id);
	if (o->style->verbose)
		pp_out_wrapped(o, "           see:      ", "                     ",
		               f->rule->reference);
}

/* How many companions of a group that is not there yet are named. */
#define COMPUTED 6
/* Of more devices than that nobody reads it, and each costs a walk over all. */
#define MAX_COMPUTED_DEVICES 256
/* With so many devices above is compared. */
#define MAX_TOLD_DEVICES 16

/* computed: the computed groups, where the kernel has made none at all; else NULL. */
static void print_group(struct pp_out *o, const struct pp_survey *s, const struct pp_device *d,
                        const struct pp_isolation *computed)
{
	uint32_t device = (uint32_t)(d - s->host->devices), n = 0;
	char address[PP_ADDRESS_TEXT_BYTES];

	if (d->group != PP_NO_GROUP) {
		pp_out(o, "  group    %u\n", s->host->groups[d->group].number);
		return;
	}
	pp_out(o, "  group    %s", d->group_error == ENOENT ? "none" : "not read");
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

/* Both findings say the same and offer the same. */
static bool explain_same_finding(const struct pp_finding *a, const struct pp_finding *b)
{
	if (a->rule != b->rule || strcmp(a->text, b->text) || a->nr_remedies != b->nr_remedies)
		return false;
	for (uint32_t i = 0; i < a->nr_remedies; i++)
		if (strcmp(a->remedies[i].text, b->remedies[i].text))
			return false;
	return true;
}

/* The device for which the finding is explained above already; NULL: it is new. */
static const struct pp_device *explain_told_above(const struct pp_survey *s,
                                                  const struct pp_selection *chosen, uint32_t at,
                                                  const struct pp_finding *f)
{
	for (uint32_t i = 0; i < at && i < MAX_TOLD_DEVICES; i++) {
		const struct pp_row *row = &s->rows[chosen->devices[i]];
		for (uint32_t k = 0; k < row->nr_findings; k++)
			if (explain_same_finding(row->findings[k], f))
				return row->device;
	}
	return NULL;
}

static void explain_print_findings(struct pp_out *o, const struct pp_survey *s,
                                   const struct pp_selection *chosen, uint32_t at)
{
	const struct pp_row *row = &s->rows[chosen->devices[at]];
	char address[PP_ADDRESS_TEXT_BYTES];

	for (uint32_t i = 0; i < row->nr_findings; i++) {
		const struct pp_finding *f = row->findings[i];
		const struct pp_device *told =
			o->style->verbose ? NULL : explain_told_above(s, chosen, at, f);
		if (told)
			pp_address_format_short(told->address, address);
		print_finding(o, s->host, row->device, f, told ? address : NULL);
	}
}

static void explain_print_device(struct pp_out *o, const struct pp_survey *s,
                                 const struct pp_selection *chosen, uint32_t at,
                                 const struct pp_isolation *computed)
{
	const struct pp_row *row = &s->rows[chosen->devices[at]];
	const struct pp_device *d = row->device;
	char address[PP_ADDRESS_TEXT_BYTES], first[PP_ADDRESS_TEXT_BYTES + 16], name[256],
		verdict[80];

	pp_address_format(d->address, address);
	pp_out_name(o, d, name, sizeof(name));
	snprintf(first, sizeof(first), "%s%s%s ", pp_out_color(o, PP_BOLD), address,
	         pp_out_color(o, PP_COLOR_NONE));
	pp_out_wrapped(o, first, "  ", name);
	verdict_words(o, s, row->verdict, true, verdict, sizeof(verdict));
	pp_out(o, "  verdict  %s%s%s\n", pp_out_color(o, pp_verdict_color(row->verdict)), verdict,
	       pp_out_color(o, PP_COLOR_NONE));
	if (d->ids_known)
		pp_out(o, "  ids      %04x:%04x, class %06x\n", d->vendor, d->device,
		       d->class_code);
	print_slot(o, d);
	print_group(o, s, d, computed);
	pp_out(o, "  driver   %s\n",
	       d->driver.text              ? d->driver.text
	       : d->driver.error == ENOENT ? "none"
	                                   : "not read");
	explain_print_findings(o, s, chosen, at);
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

/* Where the rest is told, and what to type. */
static void print_remedies(struct pp_out *o, const struct pp_survey *s,
                           const struct pp_selection *chosen, const char *what)
{
	char line[512];

	if (any_remedy(s, chosen)) {
		snprintf(line, sizeof(line),
		         "How to apply each remedy by hand, and how to undo it: %s, under the name "
		         "in brackets.%s",
		         pp_words_document(o, "doc/remedies.md", (char[256]){ 0 }, 256),
		         s->target == PP_TARGET_KVM && pp_plan_frees(s, what)
		                 ? " To choose a remedy for pcipass free: --by and that name."
		                 : "");
		pp_out_wrapped(o, "", "", line);
	}
	pp_next_of_devices(o, s, chosen->devices, chosen->count, what);
	pp_more_print(o, s, chosen->devices, chosen->count);
}

int pp_report_explain(const struct pp_survey *s, const char *what, const struct pp_style *style,
                      struct pp_sink sink, struct pp_error *e)
{
	struct pp_arena a;
	struct pp_selection chosen;
	struct pp_isolation isolation;
	struct pp_out o;
	/* The IOMMU is off: what it would make of the device is worth a word. */
	bool compute =
		!s->host->nr_groups && !s->host->groups_error && !pp_host_never_groups(s->host);

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
			explain_print_device(&o, s, &chosen, i, compute ? &isolation : NULL);
		}
		pp_phrases_text(&o, s, chosen.devices, chosen.count);
		if (s->host->unread)
			pp_out(&o, "\n");
		pp_words_rights(&o, s->host);
		pp_out(&o, "\n");
		print_remedies(&o, s, &chosen, chosen.name);
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

/* The row whose verdict decides for all that were named. */
static const struct pp_row *explain_worst(const struct pp_survey *s,
                                          const struct pp_selection *chosen)
{
	const struct pp_row *worst = NULL;

	for (uint32_t i = 0; i < chosen->count; i++) {
		const struct pp_row *row = &s->rows[chosen->devices[i]];
		if (!worst || severity(row->verdict) > severity(worst->verdict))
			worst = row;
	}
	return worst;
}

/* What decides about a row; NULL: nothing is in its way. */
static const struct pp_finding *explain_first(const struct pp_row *row)
{
	const struct pp_finding *first = row->nr_findings ? row->findings[0] : NULL;

	return first && first->effect != PP_INFORMS ? first : NULL;
}

static void explain_check_text(struct pp_out *o, const struct pp_survey *s,
                               const struct pp_row *worst, uint32_t nr_asked)
{
	char address[PP_ADDRESS_TEXT_BYTES], command[1400], verdict[80], once[PP_WORDS_ONCE_BYTES];
	uint32_t index = (uint32_t)(worst - s->rows);
	struct pp_more wanted;
	const struct pp_finding *first = explain_first(worst);
	bool by_free = pp_words_free(s, worst, command, sizeof(command));

	if (!by_free) {
		pp_address_format_short(worst->device->address, address);
		pp_next_in_check(o, s, worst, address, command, sizeof(command));
	}
	pp_address_format(worst->device->address, address);
	verdict_words(o, s, worst->verdict, worst->verdict == PP_VERDICT_NOT_ENDPOINT, verdict,
	              sizeof(verdict));
	pp_out(o, "%s", address);
	if (nr_asked > 1)
		pp_out(o, " (worst of %u)", nr_asked);
	bool unknown =
		worst->verdict == PP_VERDICT_UNKNOWN && pp_more_find(o, s, &index, 1, &wanted);
	bool acts = by_free || !strncmp(command, "pcipass bind ", 13);
	pp_out(o, ": %s%s%s; ", verdict, first ? ": " : "", first ? first->text : "");
	if (unknown)
		pp_out(o, "to know more, on that host: %s\n", wanted.there);
	else
		pp_out(o, "%s%s%s%s%s: %s\n", by_free ? "to free it" : "next", acts ? ", " : "",
		       acts ? pp_words_as_who(s->host->windows) : "",
		       acts && pp_words_elsewhere(o) ? " on that host" : "",
		       acts ? pp_words_once_it_runs(s->host, once, sizeof(once)) : "", command);
}

static void explain_check_json(struct pp_out *o, const struct pp_survey *s, const char *what,
                               const struct pp_row *worst, const struct pp_selection *chosen)
{
	const struct pp_survey *const *targets = o->style->targets;
	const struct pp_row *of_targets[PP_TARGET_COUNT] = { NULL };

	for (int t = 0; targets && t < PP_TARGET_COUNT; t++)
		of_targets[t] = explain_worst(targets[t], chosen);
	pp_out_object(o, &pp_object_check,
	              &(struct pp_subject){ .out = o,
	                                    .survey = s,
	                                    .asked = what,
	                                    .row = worst,
	                                    .worst = of_targets,
	                                    .finding = explain_first(worst) });
	pp_out(o, "\n");
}

int pp_report_check(const struct pp_survey *s, const char *what, const struct pp_style *style,
                    struct pp_sink sink, enum pp_verdict *ret, struct pp_error *e)
{
	const struct pp_survey *const *targets = style->targets;
	struct pp_selection chosen;
	enum pp_verdict verdict;
	struct pp_arena a;
	struct pp_out o;

	pp_arena_init(&a, 0);
	int r = pp_select(s->host, what, &a, &chosen, e);
	if (r) {
		pp_arena_fini(&a);
		return r;
	}
	pp_out_init(&o, style, sink);
	const struct pp_row *worst = explain_worst(s, &chosen);
	verdict = worst->verdict;
	if (style->format == PP_FORMAT_JSON)
		explain_check_json(&o, s, what, worst, &chosen);
	else
		explain_check_text(&o, s, worst, chosen.count);
	for (int t = 1; targets && t < PP_TARGET_COUNT; t++) {
		worst = explain_worst(targets[t], &chosen);
		if (severity(worst->verdict) > severity(verdict))
			verdict = worst->verdict;
		if (style->format != PP_FORMAT_JSON)
			explain_check_text(&o, targets[t], worst, chosen.count);
	}
	pp_arena_fini(&a);
	r = pp_out_fini(&o, e);
	if (!r)
		*ret = verdict;
	return r;
}
