/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What other programs say where a rule of ours speaks: for people below "explain", and as JSON. */
#include <stdio.h>
#include <string.h>

#include "judge/phrase.h"
#include "report/words.h"

/* More rules than there are; of any more, nothing is told. */
#define MAX_RULES 64

/* The rules that spoke of some devices, each once. */
struct rules_told {
	const struct pp_rule *list[MAX_RULES];
	uint32_t count;
};

static void phrases_note_rule(struct rules_told *t, const struct pp_rule *rule)
{
	for (uint32_t i = 0; i < t->count; i++)
		if (t->list[i] == rule)
			return;
	if (t->count < MAX_RULES)
		t->list[t->count++] = rule;
}

static void phrases_note_row(struct rules_told *t, const struct pp_row *row)
{
	bool bridge = row->verdict == PP_VERDICT_NOT_ENDPOINT;

	for (uint32_t i = 0; i < row->nr_findings; i++)
		/* Nobody passes a bridge on, so what only informs of one refuses nothing. */
		if (!bridge || !strcmp(row->findings[i]->rule->id, "not-endpoint"))
			phrases_note_rule(t, row->findings[i]->rule);
}

static void phrases_collect(const struct pp_survey *s, const uint32_t *only, uint32_t nr_only,
                            struct rules_told *ret)
{
	uint32_t n = only ? nr_only : s->nr_rows;

	*ret = (struct rules_told){ 0 };
	for (uint32_t i = 0; i < n; i++)
		phrases_note_row(ret, &s->rows[only ? only[i] : i]);
	for (uint32_t i = 0; !only && i < s->nr_host_findings; i++)
		phrases_note_rule(ret, s->host_findings[i]->rule);
}

static bool phrases_told(const struct rules_told *t, const struct pp_phrase *p)
{
	for (uint32_t i = 0; i < t->count; i++)
		if (pp_phrase_has_rule(p, t->list[i]->id))
			return true;
	return false;
}

/* Who prints it, as a person would say it on that host. */
static void phrases_source(const struct pp_phrase *p, enum pp_tri here, char *buf, size_t size)
{
	if (p->source == PP_PHRASE_QEMU)
		snprintf(buf, size, "QEMU");
	else if (p->source == PP_PHRASE_SURVEY_DDA)
		snprintf(buf, size, "Microsoft's SurveyDDA.ps1, for Hyper-V");
	else if (pp_phrase_before(p))
		snprintf(buf, size, "%s before %s", here == PP_NO ? "older kernels," : "Linux",
		         pp_phrase_before(p));
	else if (pp_phrase_since(p))
		snprintf(buf, size, "%s %s and later", here == PP_NO ? "newer kernels," : "Linux",
		         pp_phrase_since(p));
	else
		snprintf(buf, size, "Linux");
}

static void phrases_print(struct pp_out *o, const struct pp_phrase *p, enum pp_tri here)
{
	char source[64], line[512];

	if (p->source == PP_PHRASE_HPE) {
		snprintf(line, sizeof(line), "HPE's customer advisory: document %s", p->text);
	} else {
		phrases_source(p, here, source, sizeof(source));
		snprintf(line, sizeof(line), "%s: \"%s\"", source, p->text);
	}
	pp_out_wrapped(o, "  ", "    ", line);
}

static void phrases_print_backgrounds(struct pp_out *o, const struct pp_survey *s,
                                      const struct rules_told *t)
{
	const struct pp_background *b;
	char line[1024];
	bool any = false;

	for (size_t i = 0; (b = pp_background_at(i)); i++) {
		bool told = false;
		for (uint32_t r = 0; r < t->count; r++)
			told |= pp_background_has_rule(b, t->list[r]->id);
		if (!told || !pp_background_fits(b, s->host))
			continue;
		snprintf(line, sizeof(line), "%s: %s.", b->title, b->text);
		pp_out(o, "%s", any ? "" : "\n");
		pp_out_wrapped(o, "", "  ", line);
		any = true;
	}
	if (any)
		pp_out(o, "The whole story: doc/why.md\n");
}

void pp_phrases_text(struct pp_out *o, const struct pp_survey *s, const uint32_t *only,
                     uint32_t nr_only)
{
	struct rules_told told;
	const struct pp_phrase *p;
	bool any = false;

	phrases_collect(s, only, nr_only, &told);
	for (size_t i = 0; (p = pp_phrase_at(i)); i++) {
		enum pp_tri here = pp_phrase_of_kernel(p, &s->host->kernel);
		/* What this kernel says, where others say it otherwise, is among the proofs. */
		bool proved = here == PP_YES && p->fact;
		if (proved || !phrases_told(&told, p) || !pp_phrase_fits(p, s->host))
			continue;
		pp_out(o, "%s", any ? "" : "\nMessages that mean the same:\n");
		phrases_print(o, p, here);
		any = true;
	}
	phrases_print_backgrounds(o, s, &told);
}

static json_t *phrases_object(const struct pp_phrase *p, const struct pp_host *h)
{
	static const char *const sources[] = {
		[PP_PHRASE_LINUX] = "linux",
		[PP_PHRASE_QEMU] = "qemu",
		[PP_PHRASE_SURVEY_DDA] = "survey-dda",
		[PP_PHRASE_HPE] = "hpe",
	};
	json_t *rules = json_array();

	for (size_t i = 0; i < PP_PHRASE_RULES && p->rules[i]; i++)
		json_array_append_new(rules, json_string(p->rules[i]));
	return json_pack("{s:s, s:s, s:s?, s:s?, s:s, s:o, s:o}", "id", p->id, "source",
	                 sources[p->source], "since", pp_phrase_since(p), "before",
	                 pp_phrase_before(p), "text", p->text, "rules", rules, "this_kernel",
	                 pp_json_tri(pp_phrase_of_kernel(p, &h->kernel)));
}

json_t *pp_phrases_json(const struct pp_survey *s, const uint32_t *only, uint32_t nr_only)
{
	json_t *list = json_array();
	struct rules_told told;
	const struct pp_phrase *p;

	phrases_collect(s, only, nr_only, &told);
	for (size_t i = 0; (p = pp_phrase_at(i)); i++)
		if (phrases_told(&told, p) && pp_phrase_fits(p, s->host))
			json_array_append_new(list, phrases_object(p, s->host));
	return list;
}
