/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Cells of the survey's table from a document that was saved: pcipass.survey/1, as it is described
 * in doc/json.md. Somebody may have written it by hand: what is not as described is not known.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "report/field.h"

#define SAVED_TEXT_BYTES 1024

/* As what comes from a host is: nothing in it steers a terminal. */
static void saved_put_text(struct pp_json_writer *w, const char *text)
{
	char clean[SAVED_TEXT_BYTES];

	snprintf(clean, sizeof(clean), "%s", text);
	pp_text_clean_in_place(clean);
	pp_json_put_text(w, clean);
}

static void saved_put_value(struct pp_json_writer *w, const json_t *value)
{
	if (json_is_string(value))
		saved_put_text(w, json_string_value(value));
	else if (json_is_integer(value))
		pp_json_put_integer(w, json_integer_value(value));
	else if (json_is_boolean(value))
		pp_json_put_boolean(w, json_is_true(value));
	for (size_t i = 0; i < json_array_size(value); i++)
		if (json_is_string(json_array_get(value, i)))
			saved_put_text(w, json_string_value(json_array_get(value, i)));
}

void pp_saved_put(struct pp_json_writer *w, const struct pp_subject *s, const char *name)
{
	saved_put_value(w, json_object_get(s->saved, name));
}

bool pp_saved_is_unread(const struct pp_subject *s, const char *name)
{
	return !json_object_get(s->saved, name) ||
	       json_object_get(json_object_get(s->saved, "unread"), name);
}

/* NULL: it is not there, or no text. */
static const char *saved_text(const struct pp_subject *s, const char *name)
{
	return json_string_value(json_object_get(s->saved, name));
}

/* Of the last device: with a second domain every address shows its own. */
static bool saved_has_domains(const struct pp_subject *s)
{
	const json_t *devices = json_object_get(s->document, "devices");
	const json_t *last = json_array_get(devices, json_array_size(devices) - 1);
	const char *address = json_string_value(json_object_get(last, "address"));

	return !address || strncmp(address, "0000:", 5);
}

void pp_saved_put_address(struct pp_json_writer *w, const struct pp_subject *s)
{
	const char *address = saved_text(s, "address");
	bool is_long = !address || strncmp(address, "0000:", 5) || saved_has_domains(s);

	saved_put_text(w, !address ? "?" : is_long ? address : address + 5);
}

void pp_saved_put_slot(struct pp_json_writer *w, const struct pp_subject *s)
{
	const char *place = saved_text(s, "place");
	size_t n = strlen(pp_place_word(PP_PLACE_SLOT));

	if (place)
		saved_put_text(w,
		               strncmp(place, pp_place_word(PP_PLACE_SLOT), n) ? place : place + n);
	else if (pp_saved_is_unread(s, "place"))
		pp_json_put_text(w, "?");
}

void pp_saved_put_device(struct pp_json_writer *w, const struct pp_subject *s)
{
	const char *name = saved_text(s, "name");
	char text[256];

	snprintf(text, sizeof(text), "%s", name ? name : "(unknown)");
	pp_out_shorten_name(text);
	saved_put_text(w, text);
}

void pp_saved_put_id(struct pp_json_writer *w, const struct pp_subject *s)
{
	const char *vendor = saved_text(s, "vendor"), *device = saved_text(s, "device");
	char text[64];

	snprintf(text, sizeof(text), "%.16s:%.16s", vendor ? vendor : "", device ? device : "");
	saved_put_text(w, vendor && device ? text : "?");
}

void pp_saved_put_type(struct pp_json_writer *w, const struct pp_subject *s)
{
	const struct pp_style *style = s->out->style;
	const char *text = saved_text(s, "class"), *name = NULL;
	uint64_t code;

	if (!text || !pp_parse_hex(text, 0xffffff, &code)) {
		pp_json_put_text(w, "?");
		return;
	}
	if (style->class_name)
		name = style->class_name(style->name_ctx, (unsigned int)(code >> 8));
	if (name && *name)
		saved_put_text(w, name);
}

/* The findings for the target that is asked for. */
static const json_t *saved_findings(const struct pp_subject *s)
{
	const char *made_for = json_string_value(json_object_get(s->document, "target"));
	const char *wanted = pp_target_name(s->target);

	if (made_for && !strcmp(made_for, wanted))
		return json_object_get(s->saved, "findings");
	return json_object_get(json_object_get(s->saved, "findings_for"), wanted);
}

static bool saved_only_informs(const json_t *finding)
{
	const char *effect = json_string_value(json_object_get(finding, "effect"));

	return !effect || !strcmp(effect, pp_effect_name(PP_INFORMS));
}

void pp_saved_put_rules(struct pp_json_writer *w, const struct pp_subject *s)
{
	const json_t *findings = saved_findings(s);
	const char *before = "";

	for (size_t i = 0; i < json_array_size(findings); i++) {
		const json_t *f = json_array_get(findings, i);
		const char *rule = json_string_value(json_object_get(f, "rule"));
		if (rule && !saved_only_informs(f) && strcmp(rule, before))
			saved_put_text(w, rule);
		before = rule ? rule : "";
	}
}

static const json_t *saved_reason(const struct pp_subject *s)
{
	const json_t *first = json_array_get(saved_findings(s), 0);

	return first && !saved_only_informs(first) ? first : NULL;
}

void pp_saved_put_reason(struct pp_json_writer *w, const struct pp_subject *s)
{
	saved_put_value(w, json_object_get(saved_reason(s), "text"));
}

void pp_saved_put_remedy(struct pp_json_writer *w, const struct pp_subject *s)
{
	const json_t *remedies = json_object_get(saved_reason(s), "remedies");

	saved_put_value(w, json_object_get(json_array_get(remedies, 0), "id"));
}

const char *pp_saved_verdict(const struct pp_subject *s, enum pp_target t)
{
	const char *made_for = json_string_value(json_object_get(s->document, "target"));
	const char *verdict = json_string_value(
		json_object_get(json_object_get(s->saved, "verdicts"), pp_target_name(t)));

	if (!verdict && made_for && !strcmp(made_for, pp_target_name(t)))
		verdict = saved_text(s, "verdict");
	for (int v = 0; verdict && v < PP_VERDICT_COUNT; v++)
		if (!strcmp(verdict, pp_verdict_name((enum pp_verdict)v)))
			return pp_verdict_name((enum pp_verdict)v);
	return NULL;
}
