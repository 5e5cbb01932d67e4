/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Objects of JSON, written from the rows that describe their fields. */
#include <errno.h>
#include <string.h>

#include "report/field.h"

void pp_json_put_fact(struct pp_json_writer *w, const struct pp_text_fact *f)
{
	pp_json_put_text(w, f->text);
}

void pp_json_put_tri(struct pp_json_writer *w, enum pp_tri t)
{
	if (t == PP_UNKNOWN)
		pp_json_put_null(w);
	else
		pp_json_put_boolean(w, t == PP_YES);
}

void pp_json_put_address(struct pp_json_writer *w, struct pp_address a)
{
	char text[PP_ADDRESS_TEXT_BYTES];

	pp_address_format(a, text);
	pp_json_put_text(w, text);
}

const char *pp_unread_reason(int error)
{
	switch (error) {
	case EACCES:
	case EPERM:
		return "not permitted";
	case ENODATA:
		return "not in the capture";
	case ENOENT:
		return "absent";
	case EBADMSG:
		return "malformed";
	case E2BIG:
		return "too large";
	default:
		return "unreadable";
	}
}

const char *pp_unread_words(unsigned int i)
{
	static const int errors[] = { EACCES, ENODATA, ENOENT, EBADMSG, E2BIG, EIO };

	return i < sizeof(errors) / sizeof(errors[0]) ? pp_unread_reason(errors[i]) : NULL;
}

static void field_write_reason(struct pp_json_writer *w, const struct pp_field *f,
                               const struct pp_subject *s)
{
	const char *reason = f->unread(s);

	if (!reason)
		return;
	pp_json_key(w, f->name);
	pp_json_put_text(w, reason);
}

static void object_write_reasons(struct pp_json_writer *w, const struct pp_object *o,
                                 const struct pp_subject *s)
{
	const struct pp_field *ranked[16] = { NULL };
	const unsigned int nr_ranked = sizeof(ranked) / sizeof(ranked[0]);

	pp_json_open(w, '{');
	for (unsigned int i = 0; i < o->nr_fields; i++)
		if (o->fields[i].unread && o->fields[i].unread_rank < nr_ranked)
			ranked[o->fields[i].unread_rank] = &o->fields[i];
	for (unsigned int i = 1; i < nr_ranked; i++)
		if (ranked[i])
			field_write_reason(w, ranked[i], s);
	for (unsigned int i = 0; i < o->nr_fields; i++)
		if (o->fields[i].unread && !o->fields[i].unread_rank)
			field_write_reason(w, &o->fields[i], s);
	pp_json_close(w, '}');
}

void pp_object_write(struct pp_json_writer *w, const struct pp_object *o,
                     const struct pp_subject *s)
{
	pp_json_open(w, '{');
	for (unsigned int i = 0; i < o->nr_fields; i++) {
		const struct pp_field *f = &o->fields[i];
		if (f->present && !f->present(s))
			continue;
		pp_json_key(w, f->name);
		if (f->type == PP_FIELD_REASONS)
			object_write_reasons(w, o, s);
		else
			f->write(w, s);
	}
	pp_json_close(w, '}');
}

const struct pp_field *pp_object_field(const struct pp_object *o, const char *name)
{
	for (unsigned int i = 0; i < o->nr_fields; i++)
		if (!strcmp(o->fields[i].name, name))
			return &o->fields[i];
	return NULL;
}

void pp_out_object(struct pp_out *o, const struct pp_object *object, const struct pp_subject *s)
{
	struct pp_json_writer w = { .buffer = &o->buffer, .one_line = o->style->path != NULL };

	pp_object_write(&w, object, s);
	pp_out(o, "%s", "");
}
