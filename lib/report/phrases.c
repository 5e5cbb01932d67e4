/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What other programs say where a rule of ours speaks: for people below "explain", and as JSON. */
#include <stdio.h>
#include <string.h>

#include "judge/phrase.h"
#include "report/field.h"
#include "report/words.h"

/* More rules than there are; of any more, nothing is told. */
#define MAX_RULES 64

/* The rules that spoke of some devices, each once. */
struct rules_told {
	const struct pp_rule *list[MAX_RULES];
	bool refuses[MAX_RULES]; /* not only informs: it blocks, degrades or may do so */
	uint32_t count;
};

static void phrases_note(struct rules_told *t, const struct pp_finding *f)
{
	uint32_t i = 0;

	while (i < t->count && t->list[i] != f->rule)
		i++;
	if (i == MAX_RULES)
		return;
	if (i == t->count)
		t->count++;
	t->list[i] = f->rule;
	t->refuses[i] |= f->effect != PP_INFORMS;
}

static void phrases_note_row(struct rules_told *t, const struct pp_row *row)
{
	bool bridge = row->verdict == PP_VERDICT_NOT_ENDPOINT;

	for (uint32_t i = 0; i < row->nr_findings; i++)
		/* Nobody passes a bridge on, so what only informs of one refuses nothing. */
		if (!bridge || !strcmp(row->findings[i]->rule->id, "not-endpoint"))
			phrases_note(t, row->findings[i]);
}

static void phrases_collect(const struct pp_survey *s, const uint32_t *only, uint32_t nr_only,
                            struct rules_told *ret)
{
	uint32_t n = only ? nr_only : s->nr_rows;

	*ret = (struct rules_told){ 0 };
	for (uint32_t i = 0; i < n; i++)
		phrases_note_row(ret, &s->rows[only ? only[i] : i]);
	for (uint32_t i = 0; !only && i < s->nr_host_findings; i++)
		phrases_note(ret, s->host_findings[i]);
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
	else if (p->source == PP_PHRASE_XEN)
		snprintf(buf, size, "Xen, xl");
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
			told |= t->refuses[r] && pp_background_has_rule(b, t->list[r]->id);
		if (!told || !pp_background_fits(b, s->host))
			continue;
		snprintf(line, sizeof(line), "%s: %s.", b->title, b->text);
		pp_out(o, "%s", any ? "" : "\n");
		pp_out_wrapped(o, "", "  ", line);
		any = true;
	}
	if (any)
		pp_out(o, "Background: %s\n",
		       pp_words_document(o, "doc/why.md", line, sizeof(line)));
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
		if (!p->quoted || proved || !phrases_told(&told, p) || !pp_phrase_fits(p, s->host))
			continue;
		pp_out(o, "%s", any ? "" : "\nOther programs report the same problem as:\n");
		phrases_print(o, p, here);
		any = true;
	}
	phrases_print_backgrounds(o, s, &told);
}

static void phrase_put_id(struct pp_json_writer *w, const struct pp_subject *s)
{
	pp_json_put_text(w, s->phrase->id);
}

static const char *phrase_source_words(unsigned int i)
{
	static const char *const sources[] = {
		[PP_PHRASE_LINUX] = "linux",
		[PP_PHRASE_QEMU] = "qemu",
		[PP_PHRASE_SURVEY_DDA] = "survey-dda",
		[PP_PHRASE_XEN] = "xen",
		[PP_PHRASE_HPE] = "hpe",
	};
	return i < sizeof(sources) / sizeof(sources[0]) ? sources[i] : NULL;
}

static void phrase_put_source(struct pp_json_writer *w, const struct pp_subject *s)
{
	pp_json_put_text(w, phrase_source_words(s->phrase->source));
}

static void phrase_put_since(struct pp_json_writer *w, const struct pp_subject *s)
{
	pp_json_put_text(w, pp_phrase_since(s->phrase));
}

static void phrase_put_before(struct pp_json_writer *w, const struct pp_subject *s)
{
	pp_json_put_text(w, pp_phrase_before(s->phrase));
}

static void phrase_put_text(struct pp_json_writer *w, const struct pp_subject *s)
{
	pp_json_put_text(w, s->phrase->text);
}

static void phrase_put_rules(struct pp_json_writer *w, const struct pp_subject *s)
{
	pp_json_open(w, '[');
	for (size_t i = 0; i < PP_PHRASE_RULES && s->phrase->rules[i]; i++)
		pp_json_put_text(w, s->phrase->rules[i]);
	pp_json_close(w, ']');
}

static void phrase_put_this_kernel(struct pp_json_writer *w, const struct pp_subject *s)
{
	pp_json_put_tri(w, pp_phrase_of_kernel(s->phrase, &s->host->kernel));
}

#define PHRASE_VERSION "^[0-9]+\\.[0-9]+$"

static const struct pp_field phrase_fields[] = {
	{ "id", PP_FIELD_TEXT, "Stable.", .pattern = "^[a-z][a-z0-9-]*$", .write = phrase_put_id },
	{ "source", PP_FIELD_TEXT,
	  "The kernel log, QEMU, Microsoft's SurveyDDA.ps1, Xen and xl, or the number of a document of HPE's.",
	  .words = phrase_source_words, .write = phrase_put_source },
	{ "since", PP_FIELD_TEXT,
	  "The first kernel that prints it; null: no limit is known, or it is none of the kernel's.",
	  .nullable = true, .pattern = PHRASE_VERSION, .write = phrase_put_since },
	{ "before", PP_FIELD_TEXT, "The first kernel that no longer prints it; null as above.",
	  .nullable = true, .pattern = PHRASE_VERSION, .write = phrase_put_before },
	{ "text", PP_FIELD_TEXT,
	  "As it is printed; of a line with changing parts the part that does not change.",
	  .write = phrase_put_text },
	{ "rules", PP_FIELD_TEXTS, "The rules that say here what it says there.",
	  .pattern = "^[a-z][a-z0-9-]*$", .has_one = true, .write = phrase_put_rules },
	{ "this_kernel", PP_FIELD_BOOLEAN,
	  "Whether the running kernel prints it; null: not known, or it is none of the kernel's.",
	  .nullable = true, .write = phrase_put_this_kernel },
};

const struct pp_object pp_object_phrase = {
	.name = "phrase",
	.meaning = "What another program prints.",
	PP_OBJECT_FIELDS(phrase_fields),
};

void pp_json_put_phrases(struct pp_json_writer *w, const struct pp_subject *s)
{
	struct pp_subject part = *s;
	struct rules_told told;

	phrases_collect(s->survey, s->only, s->nr_only, &told);
	pp_json_open(w, '[');
	for (size_t i = 0; (part.phrase = pp_phrase_at(i)); i++)
		if (part.phrase->quoted && phrases_told(&told, part.phrase) &&
		    pp_phrase_fits(part.phrase, s->host))
			pp_object_write(w, &pp_object_phrase, &part);
	pp_json_close(w, ']');
}
