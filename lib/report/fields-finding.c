/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The fields of a finding in JSON, and of its remedies. */
#include "report/field.h"

/* Rules and remedies. */
#define FIELD_ID "^[a-z][a-z0-9-]*$"

static void remedy_put_id(struct pp_json_writer *w, const struct pp_subject *s)
{
	pp_json_put_text(w, s->remedy->ops->id);
}

static void remedy_put_text(struct pp_json_writer *w, const struct pp_subject *s)
{
	pp_json_put_text(w, s->remedy->text);
}

static void remedy_put_side_effect(struct pp_json_writer *w, const struct pp_subject *s)
{
	pp_json_put_text(w, s->remedy->side_effect);
}

static void remedy_put_by_free(struct pp_json_writer *w, const struct pp_subject *s)
{
	pp_json_put_boolean(w, s->remedy->automatic && !s->remedy->needs);
}

static void remedy_put_needs(struct pp_json_writer *w, const struct pp_subject *s)
{
	pp_json_put_text(w, s->remedy->needs);
}

static const struct pp_field remedy_fields[] = {
	{ "id", PP_FIELD_TEXT, "Stable; doc/remedies.md has a section for each.",
	  .pattern = FIELD_ID, .write = remedy_put_id },
	{ "text", PP_FIELD_TEXT, "What to do, for people.", .write = remedy_put_text },
	{ "side_effect", PP_FIELD_TEXT, "Its side effect; null: none.", .nullable = true,
	  .may_be_empty = true, .write = remedy_put_side_effect },
	{ "by_free", PP_FIELD_BOOLEAN,
	  "Whether pcipass free carries it out; otherwise it is done by hand.",
	  .write = remedy_put_by_free },
	{ "needs", PP_FIELD_TEXT, "What is missing to plan it: rights, or a fact; null: nothing.",
	  .nullable = true, .write = remedy_put_needs },
};

const struct pp_object pp_object_remedy = {
	.name = "remedy",
	.meaning = "One way to free a device.",
	PP_OBJECT_FIELDS(remedy_fields),
};

static const char *finding_effect_words(unsigned int i)
{
	static const enum pp_effect effects[] = { PP_BLOCKS, PP_DEGRADES, PP_INFORMS,
		                                  PP_EFFECT_UNKNOWN };

	return i < sizeof(effects) / sizeof(effects[0]) ? pp_effect_name(effects[i]) : NULL;
}

static const char *finding_could_words(unsigned int i)
{
	return i < 3 ? finding_effect_words(i) : NULL;
}

static void finding_put_rule(struct pp_json_writer *w, const struct pp_subject *s)
{
	pp_json_put_text(w, s->finding->rule->id);
}

static void finding_put_effect(struct pp_json_writer *w, const struct pp_subject *s)
{
	pp_json_put_text(w, pp_effect_name(s->finding->effect));
}

static void finding_put_text(struct pp_json_writer *w, const struct pp_subject *s)
{
	pp_json_put_text(w, s->finding->text);
}

static void finding_put_evidence(struct pp_json_writer *w, const struct pp_subject *s)
{
	pp_json_open(w, '[');
	for (uint32_t i = 0; i < s->finding->nr_evidence; i++)
		pp_json_put_text(w, s->finding->evidence[i]);
	pp_json_close(w, ']');
}

static void origin_put_evidence(struct pp_json_writer *w, const struct pp_subject *s)
{
	pp_json_put_integer(w, s->evidence);
}

static void origin_put_file(struct pp_json_writer *w, const struct pp_subject *s)
{
	pp_json_put_text(w, s->origin.text);
}

static void origin_put_line(struct pp_json_writer *w, const struct pp_subject *s)
{
	if (s->origin.line)
		pp_json_put_integer(w, s->origin.line);
	else
		pp_json_put_text(w, NULL);
}

static const struct pp_field origin_fields[] = {
	{ "evidence", PP_FIELD_INTEGER, "Which of the finding's evidence, from 0.",
	  .write = origin_put_evidence },
	{ "file", PP_FIELD_TEXT, "The text, as --from named it.", .write = origin_put_file },
	{ "line", PP_FIELD_INTEGER, "The line in it, from 1; null: the text as a whole.",
	  .nullable = true, .write = origin_put_line },
};

static const struct pp_object origin_object = {
	.name = "origin",
	.meaning = "Which text shows a piece of evidence.",
	PP_OBJECT_FIELDS(origin_fields),
};

static bool finding_is_of_texts(const struct pp_subject *s)
{
	return s->finding->host && s->finding->host->origins;
}

static void finding_put_origins(struct pp_json_writer *w, const struct pp_subject *s)
{
	struct pp_subject part = *s;

	pp_json_open(w, '[');
	for (uint32_t i = 0; i < s->finding->nr_evidence; i++) {
		part.evidence = i;
		part.origin = pp_evidence_origin(&s->out->evidence_log, s->finding->host, s->device,
		                                 s->finding->evidence[i]);
		if (part.origin.text)
			pp_object_write(w, &origin_object, &part);
	}
	pp_json_close(w, ']');
}

static void finding_put_remedies(struct pp_json_writer *w, const struct pp_subject *s)
{
	struct pp_subject part = *s;

	pp_json_open(w, '[');
	for (uint32_t i = 0; i < s->finding->nr_remedies; i++) {
		part.remedy = &s->finding->remedies[i];
		pp_object_write(w, &pp_object_remedy, &part);
	}
	pp_json_close(w, ']');
}

static void finding_put_reference(struct pp_json_writer *w, const struct pp_subject *s)
{
	pp_json_put_text(w, s->finding->rule->reference);
}

static bool finding_is_unknown(const struct pp_subject *s)
{
	return s->finding->effect == PP_EFFECT_UNKNOWN;
}

static void finding_put_could(struct pp_json_writer *w, const struct pp_subject *s)
{
	pp_json_put_text(w, pp_effect_name(s->finding->could));
}

static const struct pp_field finding_fields[] = {
	{ "rule", PP_FIELD_TEXT, "Stable; doc/rules.md has a section for each.",
	  .pattern = FIELD_ID, .write = finding_put_rule },
	{ "effect", PP_FIELD_TEXT, "The effect on the device.", .words = finding_effect_words,
	  .write = finding_put_effect },
	{ "text", PP_FIELD_TEXT, "One sentence for people.", .write = finding_put_text },
	{ "evidence", PP_FIELD_TEXTS, "What was read, and where.", .write = finding_put_evidence },
	{ "remedies", PP_FIELD_OBJECTS, "Best first.", .object = &pp_object_remedy,
	  .write = finding_put_remedies },
	{ "origins", PP_FIELD_OBJECTS,
	  "Of a host made of texts: which text shows each piece of evidence, as far as that is known.",
	  .optional = true, .present = finding_is_of_texts, .object = &origin_object,
	  .write = finding_put_origins },
	{ "reference", PP_FIELD_TEXT, "The specification or kernel file that the rule rests on.",
	  .write = finding_put_reference },
	{ "could", PP_FIELD_TEXT, "What the missing fact might have shown.",
	  .words = finding_could_words, .only_if = { "effect", "unknown" },
	  .present = finding_is_unknown, .write = finding_put_could },
};

const struct pp_object pp_object_finding = {
	.name = "finding",
	.meaning = "What a rule found about the host or a device.",
	PP_OBJECT_FIELDS(finding_fields),
};

void pp_json_put_findings(struct pp_json_writer *w, const struct pp_subject *s,
                          const struct pp_finding *const *list, uint32_t nr)
{
	struct pp_subject part = *s;

	pp_json_open(w, '[');
	for (uint32_t i = 0; i < nr; i++) {
		part.finding = list[i];
		pp_object_write(w, &pp_object_finding, &part);
	}
	pp_json_close(w, ']');
}
