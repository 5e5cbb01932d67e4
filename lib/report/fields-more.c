/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The fields of what is missing from the texts that a host is made of. */
#include "report/field.h"

static void more_put_missing(struct pp_json_writer *w, const struct pp_subject *s)
{
	const char *missing;

	pp_json_open(w, '[');
	for (unsigned int i = 0; (missing = pp_more_missing(s->more, i)); i++)
		pp_json_put_text(w, missing);
	pp_json_close(w, ']');
}

static void more_put_there(struct pp_json_writer *w, const struct pp_subject *s)
{
	pp_json_put_text(w, s->more->there);
}

static const struct pp_field more_fields[] = {
	{ "missing", PP_FIELD_TEXTS, "What decides and is in none of the texts, for people.",
	  .has_one = true, .write = more_put_missing },
	{ "command", PP_FIELD_TEXT,
	  "One command for a shell on that host. Its output goes into files, which --from takes.",
	  .write = more_put_there },
};

const struct pp_object pp_object_more = {
	.name = "more",
	.meaning = "What would decide what is unknown.",
	PP_OBJECT_FIELDS(more_fields),
};

/* Of check's document its one row. */
static bool more_of(const struct pp_subject *s, struct pp_more *ret)
{
	uint32_t index = s->row ? (uint32_t)(s->row - s->survey->rows) : 0;

	return s->row ? pp_more_find(s->out, s->survey, &index, 1, ret)
	              : pp_more_find(s->out, s->survey, s->only, s->nr_only, ret);
}

bool pp_more_is_wanted(const struct pp_subject *s)
{
	return more_of(s, &(struct pp_more){ 0 });
}

void pp_json_put_more(struct pp_json_writer *w, const struct pp_subject *s)
{
	struct pp_subject part = *s;
	struct pp_more more;

	more_of(s, &more);
	part.more = &more;
	pp_object_write(w, &pp_object_more, &part);
}
