/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The kinds of steps, each a row. */
#ifndef PP_PLAN_KIND_H
#define PP_PLAN_KIND_H

#include "plan/check.h"
#include "plan/json.h"

/* A file kind-WORD.c and a line of kinds.def. Functions that a kind does not need are NULL. */
struct pp_step_kind_ops {
	const char *name;    /* in plans */
	const char *summary; /* what it changes, for the documents */
	/* Its fields in a plan: offsets from the step. NULL: none. */
	const struct pp_json_row *rows;
	/* What no single field tells when they were read. */
	int (*check_fields)(struct pp_json_reader *r, struct pp_step *s);
	/* NULL: it takes effect at the next boot. */
	bool (*needs_reboot)(const struct pp_step *s);
	/*
	 * s->text and s->undo made from the fields, so that a plan says what it does whoever wrote
	 * it; NULL where out of memory. Without the function the step keeps its own.
	 */
	void (*describe)(struct pp_arena *a, struct pp_step *s);
	/* At the most two answers; without the function it shows in the devices' verdicts. */
	void (*check)(struct pp_checking *c, const struct pp_step *s);
};

#define PP_KIND(value, word) extern const struct pp_step_kind_ops pp_step_kind_##word;
#include "plan/kinds.def"
#undef PP_KIND

/* Never NULL for a kind of the enum. */
const struct pp_step_kind_ops *pp_step_kind_of(enum pp_step_kind kind);

/* Whether the program carries it out; else a person does. */
static inline bool pp_step_is_automatic(const struct pp_step *s)
{
	return s->kind != PP_STEP_INSTRUCTION;
}

/* Sets what follows from the fields. false: out of memory. */
bool pp_step_complete(struct pp_arena *a, struct pp_step *s);

#define PP_KIND_AT(member) offsetof(struct pp_step, member)

#endif
