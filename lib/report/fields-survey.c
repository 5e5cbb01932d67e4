/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The survey's JSON document as a whole. */
#include "report/field.h"
#include "report/words.h"

#define SCHEMA "pcipass.survey/1"

static const char *survey_schema_words(unsigned int i)
{
	return i ? NULL : SCHEMA;
}

static void survey_put_schema(struct pp_json_writer *w, const struct pp_subject *s)
{
	pp_json_put_text(w, SCHEMA);
}

const char *pp_target_words(unsigned int i)
{
	return i < PP_TARGET_COUNT ? pp_target_name((enum pp_target)i) : NULL;
}

void pp_survey_put_target(struct pp_json_writer *w, const struct pp_subject *s)
{
	pp_json_put_text(w, pp_target_name(s->survey->target));
}

static void survey_put_host(struct pp_json_writer *w, const struct pp_subject *s)
{
	pp_object_write(w, &pp_object_host, s);
}

/* A line each. A large host's document goes out piece by piece: see pp_out(). */
static void survey_put_devices(struct pp_json_writer *w, const struct pp_subject *s)
{
	uint32_t n = s->only ? s->nr_only : s->survey->nr_rows;
	struct pp_subject part = *s;

	pp_json_open(w, '[');
	for (uint32_t i = 0; i < n; i++) {
		part.row = &s->survey->rows[s->only ? s->only[i] : i];
		part.device = part.row->device;
		pp_json_new_line(w);
		pp_object_write(w, &pp_object_device, &part);
		pp_out_hand_over(s->out);
	}
	pp_json_close(w, ']');
}

static const char *survey_count_words(unsigned int i)
{
	return i < PP_VERDICT_COUNT    ? pp_verdict_name((enum pp_verdict)i)
	       : i == PP_VERDICT_COUNT ? "devices"
	                               : NULL;
}

static void survey_put_summary(struct pp_json_writer *w, const struct pp_subject *s)
{
	pp_json_open(w, '{');
	for (unsigned int i = 0; i <= PP_VERDICT_COUNT; i++) {
		pp_json_key(w, survey_count_words(i));
		pp_json_put_integer(w, i < PP_VERDICT_COUNT ? s->survey->counts[i]
		                                            : s->survey->nr_rows);
	}
	pp_json_close(w, '}');
}

static bool survey_is_of_many(const struct pp_subject *s)
{
	return s->out->style->path != NULL;
}

static void survey_put_name(struct pp_json_writer *w, const struct pp_subject *s)
{
	pp_json_put_text(w, s->out->style->host);
}

static void survey_put_from(struct pp_json_writer *w, const struct pp_subject *s)
{
	pp_json_put_text(w, s->out->style->path);
}

static const struct pp_field survey_fields[] = {
	{ "schema", PP_FIELD_TEXT, "The name of this document, and its version.",
	  .words = survey_schema_words, .write = survey_put_schema },
	{ "host", PP_FIELD_OBJECT, "The host.", .object = &pp_object_host,
	  .write = survey_put_host },
	{ "target", PP_FIELD_TEXT,
	  "The hypervisor that the verdicts are for; with --for all KVM, and the others' stand beside "
	  "its own.",
	  .words = pp_target_words, .write = pp_survey_put_target },
	{ "devices", PP_FIELD_OBJECTS, "In the order of their addresses.",
	  .object = &pp_object_device, .write = survey_put_devices },
	{ "summary", PP_FIELD_COUNTS, "Devices of the whole host by verdict; devices: all of them.",
	  .words = survey_count_words, .write = survey_put_summary },
	{ "more", PP_FIELD_OBJECT,
	  "Of a host made of texts, where one of the devices shown is not known enough: what is "
	  "missing.",
	  .optional = true, .present = pp_more_is_wanted, .object = &pp_object_more,
	  .write = pp_json_put_more },
	{ "name", PP_FIELD_TEXT, "Among many hosts: the name of this one.", .optional = true,
	  .present = survey_is_of_many, .write = survey_put_name },
	{ "from", PP_FIELD_TEXT, "Among many hosts: the file that this one was read from.",
	  .optional = true, .present = survey_is_of_many, .write = survey_put_from },
	{ "phrases", PP_FIELD_OBJECTS,
	  "What other programs print where the rules of this document speak: the words to search "
	  "by. Each once.",
	  .object = &pp_object_phrase, .write = pp_json_put_phrases },
};

const struct pp_object pp_object_survey = {
	.name = "survey",
	.meaning = "Written by pcipass --json and pcipass explain --json. The latter contains "
		   "only the named devices; its summary counts the whole host. Fields may be "
		   "added.",
	PP_OBJECT_FIELDS(survey_fields),
};

void pp_survey_json(struct pp_out *o, const struct pp_survey *s, const uint32_t *only,
                    uint32_t nr_only)
{
	struct pp_subject subject = {
		.out = o, .host = s->host, .survey = s, .only = only, .nr_only = nr_only
	};

	pp_out_object(o, &pp_object_survey, &subject);
	pp_out(o, "\n");
}

#define UNKNOWN_SCHEMA "pcipass.unknown/1"

static const char *unknown_schema_words(unsigned int i)
{
	return i ? NULL : UNKNOWN_SCHEMA;
}

static void unknown_put_schema(struct pp_json_writer *w, const struct pp_subject *s)
{
	pp_json_put_text(w, UNKNOWN_SCHEMA);
}

static void unknown_put_reason(struct pp_json_writer *w, const struct pp_subject *s)
{
	pp_json_put_text(w, s->unknown);
}

static const struct pp_field unknown_fields[] = {
	{ "schema", PP_FIELD_TEXT, "The name of this document, and its version.",
	  .words = unknown_schema_words, .write = unknown_put_schema },
	{ "name", PP_FIELD_TEXT, "The name of the host.", .write = survey_put_name },
	{ "from", PP_FIELD_TEXT, "The file that was to be read.", .write = survey_put_from },
	{ "reason", PP_FIELD_TEXT, "Why nothing is known of the host, in a sentence.",
	  .write = unknown_put_reason },
};

const struct pp_object pp_object_unknown = {
	.name = "unknown",
	.meaning =
		"Of many hosts, in place of a survey: nothing is known of this one. Fields may be "
		"added.",
	PP_OBJECT_FIELDS(unknown_fields),
};
