/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A capture from somebody else, all the way to JSON: an archive, or files of which "=== PATH"
 * begins each and "=-> PATH" a link. Read as a host, judged for each hypervisor, and written; what
 * is written is JSON that has the fields of the rows, each of its type.
 */
#include <stdio.h>

#include <pcipass/report.h>

#include "capture.h"
#include "host/host.h"
#include "plan/json.h"
#include "report/field.h"
#include "touch.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MAX_DOCUMENT ((size_t)64 << 20)

static int capture_write(void *ctx, const char *bytes, size_t len)
{
	pp_buffer_append(ctx, bytes, len);
	return 0;
}

static void check_object(const json_t *v, const struct pp_object *o);

static bool is_word_of(const char *(*words)(unsigned int i), const char *text)
{
	for (unsigned int i = 0; words(i); i++)
		if (!strcmp(words(i), text))
			return true;
	return false;
}

static void check_text(const json_t *v, const struct pp_field *f)
{
	const char *text = json_string_value(v);

	if (!text || (f->words && !is_word_of(f->words, text)) ||
	    (!*text && !f->may_be_empty && !f->words))
		abort();
}

static void check_list(const json_t *v, const struct pp_field *f)
{
	if (!json_is_array(v) || (f->has_one && !json_array_size(v)))
		abort();
	for (size_t i = 0; i < json_array_size(v); i++) {
		if (f->type == PP_FIELD_TEXTS)
			check_text(json_array_get(v, i), f);
		else
			check_object(json_array_get(v, i), f->object);
	}
}

static void check_counts(const json_t *v, const struct pp_field *f)
{
	for (unsigned int i = 0; f->words(i); i++)
		if (json_integer_value(json_object_get(v, f->words(i))) < 0 ||
		    !json_is_integer(json_object_get(v, f->words(i))))
			abort();
}

/* Only fields that can say it, and, of those that can be null, only where they are. */
static void check_reasons(const json_t *v, const json_t *of, const struct pp_object *o)
{
	const char *key;
	json_t *reason;

	if (!json_is_object(v))
		abort();
	json_object_foreach((json_t *)(uintptr_t)v, key, reason)
	{
		const struct pp_field *f = pp_object_field(o, key);
		if (!f || !f->unread || !json_is_string(reason) || !*json_string_value(reason) ||
		    (f->nullable && !json_is_null(json_object_get(of, key))))
			abort();
	}
}

static void check_address(const json_t *v)
{
	const char *text = json_string_value(v);
	struct pp_address a;

	if (!text || !pp_address_parse(text, &a) || strlen(text) < strlen("0000:00:00.0"))
		abort();
}

static void check_field(const json_t *v, const struct pp_field *f)
{
	if (json_is_null(v) && f->nullable)
		return;
	switch (f->type) {
	case PP_FIELD_TEXT:
		check_text(v, f);
		return;
	case PP_FIELD_ADDRESS:
		check_address(v);
		return;
	case PP_FIELD_INTEGER:
		if (!json_is_integer(v) || json_integer_value(v) < 0)
			abort();
		return;
	case PP_FIELD_BOOLEAN:
		if (!json_is_boolean(v))
			abort();
		return;
	case PP_FIELD_TEXTS:
	case PP_FIELD_OBJECTS:
		check_list(v, f);
		return;
	case PP_FIELD_OBJECT:
		check_object(v, f->object);
		return;
	case PP_FIELD_COUNTS:
		check_counts(v, f);
		return;
	case PP_FIELD_REASONS:
		return;
	}
}

/* All of the object's fields, and no other. */
static void check_object(const json_t *v, const struct pp_object *o)
{
	size_t known = 0;

	if (!json_is_object(v))
		abort();
	for (unsigned int i = 0; i < o->nr_fields; i++) {
		const struct pp_field *f = &o->fields[i];
		const json_t *value = json_object_get(v, f->name);
		if (!value && !f->present)
			abort();
		if (!value)
			continue;
		known++;
		if (f->type == PP_FIELD_REASONS)
			check_reasons(value, v, o);
		else
			check_field(value, f);
	}
	if (known != json_object_size(v))
		abort();
}

static void check_document(const struct pp_buffer *b, const struct pp_object *o)
{
	json_error_t error;

	if (b->failed || !b->len)
		abort();
	json_t *v = json_loadb(b->data, b->len, JSON_REJECT_DUPLICATES, &error);
	if (!v)
		abort();
	check_object(v, o);
	json_decref(v);
}

/* Nothing in it steers a terminal. */
static void check_lines(const struct pp_buffer *b)
{
	for (size_t i = 0; i < b->len; i++)
		if (((unsigned char)b->data[i] < 0x20 && b->data[i] != '\n') || b->data[i] == 0x7f)
			abort();
}

static void capture_text(const struct pp_survey *s)
{
	const struct pp_style style = { .format = PP_FORMAT_TEXT, .all = true, .verbose = true };
	struct pp_buffer b PP_CLEANUP(pp_buffer_fini);
	struct pp_error e;

	pp_buffer_init(&b, MAX_DOCUMENT);
	if (pp_report_survey(s, &style, (struct pp_sink){ capture_write, &b }, &e))
		abort();
	check_lines(&b);
}

/* A refusal is a sentence. */
static bool capture_refused(int r, const struct pp_error *e)
{
	if (r && (r != -e->code || !e->text[0]))
		abort();
	return r;
}

/* What frees all of it; a refusal is a sentence. */
static void capture_plan(const struct pp_survey *s)
{
	const struct pp_plan_options o = { 0 };
	struct pp_error e = { 0 };
	struct pp_plan *p, *again;
	int r = pp_plan_new(s, "all-slots", &o, &p, &e);

	if (capture_refused(r, &e))
		return;
	json_t *v = pp_plan_json(p);
	char *text = json_dumps(v, JSON_COMPACT);
	if (!text)
		abort();
	if (strlen(text) <= PP_PLAN_MAX_BYTES) {
		if (pp_plan_parse(text, strlen(text), &again, &e))
			abort();
		pp_plan_free(again);
	}
	free(text);
	json_decref(v);
	pp_plan_free(p);
}

/* One document, made by print of what. */
static void capture_document(const struct pp_object *o, const void *what,
                             const struct pp_style *style,
                             int (*print)(const void *what, const struct pp_style *style,
                                          struct pp_sink sink, struct pp_error *e))
{
	struct pp_buffer b PP_CLEANUP(pp_buffer_fini);
	struct pp_error e = { 0 };

	pp_buffer_init(&b, MAX_DOCUMENT);
	if (!capture_refused(print(what, style, (struct pp_sink){ capture_write, &b }, &e), &e))
		check_document(&b, o);
}

static int print_survey(const void *what, const struct pp_style *style, struct pp_sink sink,
                        struct pp_error *e)
{
	int r = pp_report_survey(what, style, sink, e);

	if (r)
		abort();
	return r;
}

/* Refused where no place has a name. */
static int print_slots(const void *what, const struct pp_style *style, struct pp_sink sink,
                       struct pp_error *e)
{
	uint32_t nr;

	return pp_report_slots(what, style, sink, &nr, e);
}

/* Refused where there are no groups, and nothing to work them out from. */
static int print_groups(const void *what, const struct pp_style *style, struct pp_sink sink,
                        struct pp_error *e)
{
	return pp_report_groups(what, true, style, sink, e);
}

static void capture_groups(const struct pp_host *h)
{
	const struct pp_style style = { .format = PP_FORMAT_JSON };

	capture_document(&pp_object_groups, h, &style, print_groups);
}

static void capture_surveys(const struct pp_survey *const *surveys)
{
	const struct pp_style style = { .format = PP_FORMAT_JSON },
			      all = { .format = PP_FORMAT_JSON, .targets = surveys };

	capture_document(&pp_object_survey, surveys[PP_TARGET_KVM], &all, print_survey);
	capture_document(&pp_object_survey, surveys[PP_TARGET_XEN], &style, print_survey);
	capture_document(&pp_object_slots, surveys[PP_TARGET_KVM], &style, print_slots);
}

/* A host without devices has a host's documents alone. */
static void capture_report(const struct pp_host *h)
{
	struct pp_survey *surveys[PP_TARGET_COUNT];
	struct pp_error e;

	for (unsigned int t = 0; t < PP_TARGET_COUNT; t++)
		if (pp_survey_new(h, (enum pp_target)t, &surveys[t], &e))
			abort();
	capture_groups(h);
	if (pp_survey_count_rows(surveys[PP_TARGET_KVM])) {
		capture_surveys((const struct pp_survey *const *)surveys);
		capture_text(surveys[PP_TARGET_KVM]);
		capture_plan(surveys[PP_TARGET_KVM]);
	}
	for (unsigned int t = 0; t < PP_TARGET_COUNT; t++)
		pp_survey_free(surveys[t]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pp_error e = { 0 };
	struct pp_source *s;
	struct pp_host *h;

	if (capture_open(PP_SPAN(data, size), &s))
		return 0;
	if (!capture_refused(pp_host_read(s, &h, &e), &e)) {
		capture_report(h);
		pp_host_free(h);
	}
	pp_source_free(s);
	return 0;
}
