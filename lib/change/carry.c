/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>
#include <string.h>

#include "change/carry.h"

const char *pp_boot_id(struct pp_apply *a)
{
	char text[64];

	return pp_arena_strdup(
		&a->arena,
		pp_place_text(a, "proc/sys/kernel/random/boot_id", text, sizeof(text)) ? "" : text);
}

static int set_state(struct pp_apply *a, struct pp_apply_journal *j, struct pp_deed *d,
                     enum pp_deed_state state, struct pp_error *e)
{
	d->state = state;
	return pp_apply_journal_save(a, j, e);
}

int pp_carry_check(struct pp_apply *a, const struct pp_apply_journal *j, enum pp_way way,
                   struct pp_error *e)
{
	int r = 0;

	for (uint32_t i = 0; !r && i < j->nr_deeds; i++) {
		enum pp_deed_state done = j->deeds[i].state;
		if (done != PP_DEED_UNDONE && (way == PP_WAY_ON || done != PP_DEED_PENDING))
			r = pp_deed_check(a, &j->deeds[i], way, e);
	}
	return r;
}

int pp_carry_check_back(struct pp_apply *a, const struct pp_apply_journal *j, struct pp_error *e)
{
	int r = pp_carry_check(a, j, PP_WAY_BACK, e);

	for (uint32_t i = 0; !r && i < j->nr_deeds; i++) {
		const struct pp_deed *d = &j->deeds[i];
		bool file = d->kind == PP_DEED_FILE, back = file && d->old_content.exists;
		if (d->state == PP_DEED_PENDING || d->state == PP_DEED_UNDONE)
			continue;
		/* What is removed needs no room. */
		if (file || d->kind == PP_DEED_FOLDER)
			r = pp_place_room(a, d->path, back ? d->old_content.bytes.len : 0, back, e);
		else if (pp_deed_is_tool(d))
			r = pp_place_room(a, "boot", 0, 0, e);
	}
	if (r == -EROFS || r == -ENOSPC)
		pp_fail_prefix(e, "nothing was taken back yet");
	return r;
}

int pp_carry_on(struct pp_apply *a, struct pp_apply_journal *j, struct pp_error *e)
{
	char text[512];
	int r = 0;

	for (uint32_t i = 0; !r && i < j->nr_deeds; i++) {
		struct pp_deed *d = &j->deeds[i];
		if (d->state == PP_DEED_DONE)
			continue;
		r = set_state(a, j, d, PP_DEED_BEGUN, e);
		if (r)
			break;
		pp_apply_say(a, "%s", pp_deed_text(d, text, sizeof(text)));
		r = pp_deed_do(a, d, e);
		/* On disk with the next deed's begin, or with the end: done twice is done once. */
		if (!r)
			d->state = PP_DEED_DONE;
	}
	for (uint32_t i = 0; !r && i < j->nr_deeds; i++)
		r = pp_deed_verify(a, &j->deeds[i], e);
	return r;
}

int pp_carry_end(struct pp_apply *a, struct pp_apply_journal *j, enum pp_phase phase,
                 struct pp_error *e)
{
	if (phase == PP_PHASE_UNDONE && j->previous) {
		struct pp_apply_journal before;
		int r = pp_apply_journal_parse(PP_SPAN(j->previous, strlen(j->previous)),
		                               "the journal before", &a->arena, &before, e);
		return r ? r : pp_apply_journal_save(a, &before, e);
	}
	j->phase = phase;
	int r = pp_apply_journal_save(a, j, e);
	/* All is as before: without a journal that is as true. */
	if ((r == -ENOSPC || r == -EDQUOT) && phase == PP_PHASE_UNDONE)
		r = pp_apply_journal_remove(a, e);
	return r;
}

/*
 * On the way back a journal that cannot be written (a full disk, say) stops nothing: whoever reads
 * the older one looks at each deed anew, and finds it old or new.
 */
static void save_if_possible(struct pp_apply *a, struct pp_apply_journal *j, struct pp_deed *d,
                             enum pp_deed_state state)
{
	struct pp_error ignored;

	set_state(a, j, d, state, &ignored);
}

static int undo_one(struct pp_apply *a, struct pp_apply_journal *j, struct pp_deed *d,
                    struct pp_error *e)
{
	char text[512];

	if (d->state == PP_DEED_PENDING || d->state == PP_DEED_UNDONE)
		return 0;
	if (d->state == PP_DEED_DONE)
		save_if_possible(a, j, d, PP_DEED_BEGUN);
	pp_apply_say(a, "%s", pp_deed_undo_text(d, text, sizeof(text)));
	int r = pp_deed_undo(a, d, e);
	if (!r)
		save_if_possible(a, j, d, PP_DEED_UNDONE);
	return r;
}

int pp_carry_back(struct pp_apply *a, struct pp_apply_journal *j, struct pp_error *e)
{
	struct pp_error ignored;
	int r = 0;

	j->phase = PP_PHASE_UNDOING;
	pp_apply_journal_save(a, j, &ignored);
	for (uint32_t i = j->nr_deeds; !r && i-- > 0;)
		if (!pp_deed_is_tool(&j->deeds[i]))
			r = undo_one(a, j, &j->deeds[i], e);
	/* They read what is restored by now. */
	for (uint32_t i = 0; !r && i < j->nr_deeds; i++)
		if (pp_deed_is_tool(&j->deeds[i]))
			r = undo_one(a, j, &j->deeds[i], e);
	if (r)
		return r;
	r = pp_carry_end(a, j, PP_PHASE_UNDONE, e);
	if (r)
		pp_fail_prefix(e, "all is as it was, and the journal cannot say so yet");
	return r;
}

int pp_carry_failed(struct pp_apply *a, struct pp_apply_journal *j, struct pp_error *e)
{
	struct pp_error second = { 0 }, first = *e;

	pp_apply_say(a, "failed: %s", first.text);
	if (!pp_carry_back(a, j, &second))
		return pp_fail(e, first.code, "%.420s. Everything is as it was before", first.text);
	return pp_fail(
		e, first.code,
		"%.230s. Taking it back failed as well: %.120s. \"pcipass undo\" tries again",
		first.text, second.text);
}
