/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The kinds of steps, each a row. */
#ifndef PP_PLAN_KIND_H
#define PP_PLAN_KIND_H

/* What a kind of step is: its fields, its words, and its check after the reboot. Pure. */

#include <jansson.h>

#include "base/json.h"
#include "plan/check.h"

/* A file kind-WORD.c and a line of kinds.def. Functions that a kind does not need are NULL. */
struct pp_step_kind_ops {
	const char *name;    /* in plans */
	const char *summary; /* what it changes, for the documents */
	/* Its fields in a plan, a blank between; "?" at the end: may be missing. NULL: none. */
	const char *keys;
	/* NULL: it takes effect at the next boot. */
	bool (*needs_reboot)(const struct pp_step *s);
	/* Texts of its fields into the arena, for a plan outlives what it was made from. */
	bool (*copy)(struct pp_arena *a, struct pp_step *s);
	/*
	 * s->text and s->undo made from the fields, so that a plan says what it does whoever wrote
	 * it; NULL where out of memory. Without the function the step keeps its own.
	 */
	void (*describe)(struct pp_arena *a, struct pp_step *s);
	/* Its fields, and back: keys are checked already, every value is to be. */
	json_t *(*to_json)(const struct pp_step *s);
	int (*from_json)(struct pp_json_reader *r, const json_t *o, struct pp_step *ret);
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

/* For the kinds: values that several of them have. */
json_t *pp_plan_json_address(struct pp_address a);
json_t *pp_plan_json_id(uint16_t v);
json_t *pp_plan_json_hex(uint64_t v, int digits);
/* The list with the value, or NULL: a value that could not be made must not go missing. */
json_t *pp_plan_json_push(json_t *list, json_t *value);
int pp_plan_read_address(struct pp_json_reader *r, const json_t *v, struct pp_address *ret);
int pp_plan_read_id(struct pp_json_reader *r, const json_t *o, const char *key, uint16_t *ret);
/* The address, both ids and the expected driver. */
int pp_plan_read_binding(struct pp_json_reader *r, const json_t *o, struct pp_step_bind *ret);

#endif
