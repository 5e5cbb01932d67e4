/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is odd in an input that can be used all the same. */
#include "base/notes.h"
#include "base/text.h"

void pp_notes_init(struct pp_notes *n, struct pp_arena *a)
{
	*n = (struct pp_notes){ .arena = a };
	n->last = &n->first;
}

void pp_note(struct pp_notes *n, const char *object, size_t offset, const char *fmt, ...)
{
	if (!n)
		return;
	struct pp_note *note =
		n->count < PP_NOTES_MAX ? PP_ARENA_NEW(n->arena, struct pp_note) : NULL;
	if (!note) {
		n->dropped++;
		return;
	}
	va_list ap;
	va_start(ap, fmt);
	char *text = pp_arena_vprintf(n->arena, fmt, ap);
	va_end(ap);
	char *name = pp_arena_strdup(n->arena, object);
	if (!text || !name) {
		n->dropped++;
		return;
	}
	pp_text_clean_in_place(text);
	pp_text_clean_in_place(name);
	*note = (struct pp_note){ .object = name, .offset = offset, .text = text };
	*n->last = note;
	n->last = &note->next;
	n->count++;
}
