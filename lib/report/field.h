/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The fields of the JSON documents, each described once: what is written, its schema in doc/schema
 * and its line in doc/json.md come from one row, and the survey's columns can show it.
 */
#ifndef PP_REPORT_FIELD_H
#define PP_REPORT_FIELD_H

#include "report/json-writer.h"
#include "report/more.h"
#include "report/out.h"

/* What a field is written of: as much of this as its object has. */
struct pp_subject {
	struct pp_out *out; /* for the names of devices, and to hand over what is written */
	const struct pp_host *host;
	const struct pp_survey *survey; /* NULL: of the host alone */
	/* The devices of the document, by row of the survey; NULL: all of them. */
	const uint32_t *only;
	uint32_t nr_only;
	const struct pp_row *row;
	const struct pp_device *device; /* the row's */
	const struct pp_finding *finding;
	const struct pp_remedy *remedy;
	const struct pp_unread *unread;
	const struct pp_phrase *phrase;
	const struct pp_more *more;
	/* A line of the finding's evidence, and the text that shows it. */
	uint32_t evidence;
	struct pp_origin origin;
	/* Of the groups' document: all of them, one, and where its devices begin. */
	const struct pp_group_list *groups;
	uint32_t group, first;
	/* Of check's: what was named, and with --for all the row that decides for each target. */
	const char *asked;
	const struct pp_row *const *worst;
	/* A device of a saved document, with that document, in place of host, survey and row. */
	const json_t *saved, *document;
	enum pp_target target; /* of the verdicts that are wanted of it */
	/* Of a host of which nothing is known: why; in place of all the rest. */
	const char *unknown;
};

enum pp_field_type {
	PP_FIELD_TEXT,
	PP_FIELD_ADDRESS,
	PP_FIELD_INTEGER, /* not below 0 */
	PP_FIELD_BOOLEAN,
	PP_FIELD_TEXTS,   /* a list */
	PP_FIELD_OBJECT,  /* .object */
	PP_FIELD_OBJECTS, /* a list of .object */
	PP_FIELD_COUNTS,  /* an integer for each of .words */
	PP_FIELD_REASONS, /* for each null of the same object why it is null: field by field */
};

struct pp_field {
	const char *name; /* stable */
	enum pp_field_type type;
	/* One to three clauses for the document and the schema, with what null means. */
	const char *meaning;
	const char *since; /* the first version of pcipass that writes it; NULL: 0.1.0 */
	bool nullable;
	/* Why it is null; NULL: it is known that there is none. A fact that may be unread has it.
	 */
	const char *(*unread)(const struct pp_subject *s);
	/* Place among the reasons, where 0.1.0 has one; others follow as the fields do. */
	unsigned int unread_rank;
	/* Of a text: a regular expression, or the words that it can be, one by one up to NULL. */
	const char *pattern;
	const char *(*words)(unsigned int i);
	bool may_be_empty;
	bool has_one;  /* a list: at least */
	bool optional; /* .meaning says when it is written, and present() decides */
	const struct pp_object *object;
	/* Only written where that field of the same object has that value, which present() says. */
	struct {
		const char *field, *value;
	} only_if;
	bool (*present)(const struct pp_subject *s); /* NULL: always */
	/* Writes one value; not for PP_FIELD_REASONS. */
	void (*write)(struct pp_json_writer *w, const struct pp_subject *s);
};

struct pp_object {
	const char *name, *meaning;
	const struct pp_field *fields;
	unsigned int nr_fields;
};

#define PP_OBJECT_FIELDS(list) .fields = (list), .nr_fields = sizeof(list) / sizeof((list)[0])

void pp_object_write(struct pp_json_writer *w, const struct pp_object *o,
                     const struct pp_subject *s);
/* By name; NULL: none. */
const struct pp_field *pp_object_field(const struct pp_object *o, const char *name);

/* The field of a saved device, as the value of a cell: nothing for null. */
void pp_saved_put(struct pp_json_writer *w, const struct pp_subject *s, const char *name);
/* Whether the document says why that field is null. */
bool pp_saved_is_unread(const struct pp_subject *s, const char *name);
/* Cells that are no field: columns.c. */
void pp_saved_put_address(struct pp_json_writer *w, const struct pp_subject *s);
void pp_saved_put_slot(struct pp_json_writer *w, const struct pp_subject *s);
void pp_saved_put_device(struct pp_json_writer *w, const struct pp_subject *s);
void pp_saved_put_id(struct pp_json_writer *w, const struct pp_subject *s);
void pp_saved_put_type(struct pp_json_writer *w, const struct pp_subject *s);
void pp_saved_put_rules(struct pp_json_writer *w, const struct pp_subject *s);
void pp_saved_put_reason(struct pp_json_writer *w, const struct pp_subject *s);
void pp_saved_put_remedy(struct pp_json_writer *w, const struct pp_subject *s);
/* The verdict for a target; NULL: the document does not have it. */
const char *pp_saved_verdict(const struct pp_subject *s, enum pp_target t);

/* One value into a report, with nothing around it. */
void pp_out_object(struct pp_out *o, const struct pp_object *object, const struct pp_subject *s);

/* The documents of groups, check and slots. */
extern const struct pp_object pp_object_groups, pp_object_check, pp_object_slots, pp_object_unknown;
/* The survey's document, and what it is made of. */
extern const struct pp_object pp_object_verdicts, pp_object_findings_for;
extern const struct pp_object pp_object_survey, pp_object_more, pp_object_host, pp_object_unread,
	pp_object_finding, pp_object_remedy, pp_object_device, pp_object_phrase;

/* Values that several objects have. */
void pp_json_put_fact(struct pp_json_writer *w, const struct pp_text_fact *f);
void pp_json_put_tri(struct pp_json_writer *w, enum pp_tri t);
void pp_json_put_address(struct pp_json_writer *w, struct pp_address a);
void pp_json_put_findings(struct pp_json_writer *w, const struct pp_subject *s,
                          const struct pp_finding *const *list, uint32_t nr);
void pp_json_put_phrases(struct pp_json_writer *w, const struct pp_subject *s);
/* Of the device, as the survey has them. */
void pp_device_put_address(struct pp_json_writer *w, const struct pp_subject *s);
void pp_device_put_place(struct pp_json_writer *w, const struct pp_subject *s);
void pp_device_put_vendor(struct pp_json_writer *w, const struct pp_subject *s);
void pp_device_put_device(struct pp_json_writer *w, const struct pp_subject *s);
void pp_device_put_name(struct pp_json_writer *w, const struct pp_subject *s);
/* Of the row. */
void pp_device_put_verdict(struct pp_json_writer *w, const struct pp_subject *s);
const char *pp_verdict_words(unsigned int i);
/* Of the survey: the hypervisor whose verdicts it has. */
void pp_survey_put_target(struct pp_json_writer *w, const struct pp_subject *s);
const char *pp_target_words(unsigned int i);
/* What to type to know more: of the rows of the document. */
bool pp_more_is_wanted(const struct pp_subject *s);
void pp_json_put_more(struct pp_json_writer *w, const struct pp_subject *s);
/* Whether the answers of all hypervisors were asked for. */
bool pp_targets_asked(const struct pp_subject *s);
/* pp_unread_reason() in words, for schemas. */
const char *pp_unread_words(unsigned int i);

#endif
