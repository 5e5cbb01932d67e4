/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs a transaction, rolls it back, and finds what is left of one that was killed. */
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "host/host.h"
#include "txn/txn.h"

const char *pp_boot_id(struct pp_apply *a)
{
	char text[64];

	return pp_arena_strdup(
		&a->arena, pp_sys_text(a->sys, "proc/sys/kernel/random/boot_id", text, sizeof(text))
				   ? ""
				   : text);
}

bool pp_txn_is_to_undo(const struct pp_op *op)
{
	return op->progress == PP_OP_BEGUN || op->progress == PP_OP_DONE;
}

static int txn_set_progress(struct pp_apply *a, struct pp_txn *t, struct pp_op *op,
                            enum pp_op_progress progress, struct pp_error *e)
{
	op->progress = progress;
	return pp_txn_save(a, t, e);
}

int pp_txn_check(struct pp_apply *a, const struct pp_txn *t, enum pp_direction dir,
                 struct pp_error *e)
{
	int r = 0;

	for (uint32_t i = 0; !r && i < t->nr_ops; i++) {
		const struct pp_op *op = &t->ops[i];
		if (dir == PP_RUN ? op->progress != PP_OP_UNDONE : pp_txn_is_to_undo(op))
			r = pp_op_check(a, op, dir, e);
	}
	return r;
}

int pp_txn_check_rollback(struct pp_apply *a, const struct pp_txn *t, struct pp_error *e)
{
	int r = pp_txn_check(a, t, PP_ROLLBACK, e);

	for (uint32_t i = 0; !r && i < t->nr_ops; i++) {
		const struct pp_op *op = &t->ops[i];
		if (pp_txn_is_to_undo(op) && op->ops->room)
			r = op->ops->room(a, op, PP_ROLLBACK, 0, 0, e);
	}
	if (r == -EROFS || r == -ENOSPC)
		pp_fail_prefix(e, "nothing was undone yet");
	return r;
}

static int txn_stopped(const struct pp_apply *a, struct pp_error *e)
{
	const struct pp_apply_options *o = a->options;

	return o && o->stop && o->stop(o->ctx) ? pp_fail(e, EINTR, "stopped by a signal") : 0;
}

int pp_txn_run(struct pp_apply *a, struct pp_txn *t, struct pp_error *e)
{
	char text[512];
	int r = 0;

	for (uint32_t i = 0; !r && i < t->nr_ops; i++) {
		struct pp_op *op = &t->ops[i];
		if (op->progress == PP_OP_DONE)
			continue;
		r = txn_stopped(a, e);
		if (!r)
			r = txn_set_progress(a, t, op, PP_OP_BEGUN, e);
		if (r)
			break;
		pp_apply_say(a, "%s", pp_op_describe(op, PP_RUN, text, sizeof(text)));
		r = pp_op_execute(a, op, e);
		/* On disk with the next one's begin, or with the end: done twice is done once. */
		if (!r)
			op->progress = PP_OP_DONE;
	}
	if (!r)
		r = txn_stopped(a, e);
	for (uint32_t i = 0; !r && i < t->nr_ops; i++)
		r = pp_op_verify(a, &t->ops[i], e);
	return r;
}

/* What the transaction was written over is in force again. */
static int txn_end_before(struct pp_apply *a, const struct pp_txn *t, struct pp_error *e)
{
	struct pp_txn before;

	if (!t->previous)
		return pp_txn_remove(a, e);
	int r = pp_txn_parse(PP_SPAN(t->previous, strlen(t->previous)), "the journal before",
	                     &a->arena, &before, e);
	return r ? r : pp_txn_save(a, &before, e);
}

int pp_txn_end(struct pp_apply *a, struct pp_txn *t, enum pp_phase phase, struct pp_error *e)
{
	if (t->purpose != PP_TXN_PLAN || (phase == PP_PHASE_UNDONE && t->previous))
		return txn_end_before(a, t, e);
	t->phase = phase;
	int r = pp_txn_save(a, t, e);
	/* Without room for it: a host without a journal is as it was before, too. */
	if ((r == -ENOSPC || r == -EDQUOT) && phase == PP_PHASE_UNDONE)
		r = pp_txn_remove(a, e);
	return r;
}

/*
 * During a rollback a journal that cannot be written (a full disk, say) stops nothing: whoever
 * reads the older one looks at each operation anew, and finds it old or new.
 */
static void txn_note_progress(struct pp_apply *a, struct pp_txn *t, struct pp_op *op,
                              enum pp_op_progress progress)
{
	struct pp_error ignored;

	txn_set_progress(a, t, op, progress, &ignored);
}

static int txn_undo_one(struct pp_apply *a, struct pp_txn *t, struct pp_op *op, struct pp_error *e)
{
	char text[512];

	if (!pp_txn_is_to_undo(op))
		return 0;
	if (op->progress == PP_OP_DONE)
		txn_note_progress(a, t, op, PP_OP_BEGUN);
	pp_apply_say(a, "%s", pp_op_describe(op, PP_ROLLBACK, text, sizeof(text)));
	int r = pp_op_undo(a, op, e);
	if (!r)
		txn_note_progress(a, t, op, PP_OP_UNDONE);
	return r;
}

/* Number i in the order of a rollback: in reverse, but tools behind what they read. */
static struct pp_op *txn_rollback_order(const struct pp_txn *t, uint32_t i)
{
	uint32_t nr_others = 0;

	for (uint32_t k = 0; k < t->nr_ops; k++)
		nr_others += !t->ops[k].ops->is_tool;
	if (i < nr_others) {
		for (uint32_t k = t->nr_ops; k-- > 0;)
			if (!t->ops[k].ops->is_tool && !i--)
				return &t->ops[k];
	}
	i -= nr_others;
	for (uint32_t k = 0; k < t->nr_ops; k++)
		if (t->ops[k].ops->is_tool && !i--)
			return &t->ops[k];
	return NULL;
}

/* 0, or the first failure; what goes on does. */
static int txn_undo_all(struct pp_apply *a, struct pp_txn *t, struct pp_error *e)
{
	struct pp_error later;
	int first = 0;

	for (uint32_t i = 0; i < t->nr_ops; i++) {
		struct pp_op *op = txn_rollback_order(t, i);
		int r = txn_undo_one(a, t, op, first ? &later : e);
		first = first ? first : r;
		if (r && !op->ops->goes_on)
			break;
	}
	return first;
}

int pp_txn_rollback(struct pp_apply *a, struct pp_txn *t, struct pp_error *e)
{
	struct pp_error ignored;

	t->phase = PP_PHASE_UNDOING;
	pp_txn_save(a, t, &ignored);
	int r = txn_undo_all(a, t, e);
	if (r)
		return r;
	r = pp_txn_end(a, t, PP_PHASE_UNDONE, e);
	if (r)
		pp_fail_prefix(e, "all is as it was, and the journal cannot say so yet");
	return r;
}

/* "update-grub, update-initramfs -u -k all": what was run and cannot be compared; "" nothing. */
static void txn_name_tools(const struct pp_txn *t, char *buf, size_t size)
{
	size_t len = 0;

	*buf = '\0';
	for (uint32_t i = 0; i < t->nr_ops && len < size; i++) {
		const struct pp_op *op = &t->ops[i];
		char text[256];
		if (!op->ops->is_tool || op->progress == PP_OP_PENDING)
			continue;
		pp_op_describe(op, PP_RUN, text, sizeof(text));
		len += (size_t)snprintf(buf + len, size - len, "%s%s", len ? ", " : "",
		                        text + strlen("run "));
	}
}

int pp_txn_failed(struct pp_apply *a, struct pp_txn *t, struct pp_error *e)
{
	struct pp_error second = { 0 }, first = *e;
	char tools[120];

	pp_apply_say(a, "failed: %s", first.text);
	txn_name_tools(t, tools, sizeof(tools));
	int r = pp_txn_rollback(a, t, &second);
	if (r && t->purpose == PP_TXN_SETTINGS) {
		return pp_fail(e, first.code,
		               "%.200s. Putting the old settings back failed as well: %.130s. The "
		               "next command that writes there tries again, for which %.90s stays",
		               first.text, second.text, PP_APPLY_JOURNAL(a));
	}
	if (r)
		return pp_fail(e, first.code,
		               "%.230s. Rolling back failed as well: %.120s. \"pcipass undo\" "
		               "tries again",
		               first.text, second.text);
	if (!*tools)
		return pp_fail(e, first.code, "%.420s. Everything is as it was before", first.text);
	return pp_fail(
		e, first.code,
		"%.250s. Everything that pcipass changed is as it was before; the output of these tools was rebuilt: %s",
		first.text, tools);
}

void pp_txn_describe_rollback(const struct pp_txn *t, void (*say)(void *ctx, const char *line),
                              void *ctx)
{
	char text[512];

	for (uint32_t i = 0; i < t->nr_ops; i++) {
		const struct pp_op *op = txn_rollback_order(t, i);
		if (pp_txn_is_to_undo(op))
			say(ctx, pp_op_describe(op, PP_ROLLBACK, text, sizeof(text)));
	}
}

uint32_t pp_txn_count_rollback(const struct pp_txn *t)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < t->nr_ops; i++)
		n += pp_txn_is_to_undo(&t->ops[i]);
	return n;
}

/* The commands for what is not back, as one line. */
static int txn_not_all_back(struct pp_apply *a, const struct pp_txn *t, struct pp_error *e)
{
	char text[400] = "", one[512];
	size_t len = 0;

	for (uint32_t i = t->nr_ops; i-- > 0 && len < sizeof(text);) {
		const struct pp_op *op = &t->ops[i];
		if (op->progress == PP_OP_UNDONE || !op->ops->by_hand)
			continue;
		op->ops->by_hand(a, op, one, sizeof(one));
		for (char *line = one, *end; (end = strchr(line, '\n')) && len < sizeof(text);
		     line = end + 1)
			len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%.*s",
			                        len ? "; " : "", (int)(end - line), line);
	}
	return pp_fail(e, EIO,
	               "not every device of the interrupted attach was given back. As root: %s",
	               text);
}

/*
 * A device that was removed since has nothing to give back, and would keep every other command from
 * working until the next boot. Without /sys nothing is known to be gone.
 */
static void txn_leave_removed(struct pp_apply *a, struct pp_txn *t)
{
	bool known = pp_sys_has_directory(a->sys, PP_SYS_DEVICES);

	for (uint32_t i = 0; known && i < t->nr_ops; i++) {
		struct pp_op *op = &t->ops[i];
		if (!pp_txn_is_to_undo(op) || pp_sys_has(a->sys, PP_SYS_DEVICE(op->device, "")))
			continue;
		pp_apply_say(a,
		             "%s: the device is gone, so there is nothing to give back to %s of an "
		             "attach that was interrupted",
		             op->device, *op->driver.driver ? op->driver.driver : "no driver");
		op->progress = PP_OP_UNDONE;
	}
}

static void txn_say_would(void *ctx, const char *line)
{
	pp_apply_say(ctx, "would %s, which an interrupted attach left", line);
}

static int txn_recover_attach(struct pp_apply *a, struct pp_txn *t, bool dry_run, bool *ret,
                              struct pp_error *e)
{
	const char *now = pp_boot_id(a);

	if (!now)
		return pp_fail_oom(e, "journal");
	if (*t->boot_id && *now && strcmp(t->boot_id, now))
		return dry_run ? 0 : pp_txn_end(a, t, PP_PHASE_UNDONE, e);
	txn_leave_removed(a, t);
	int r = pp_txn_check(a, t, PP_ROLLBACK, e);
	if (r) {
		pp_fail_prefix(e, "an interrupted attach left a device on vfio-pci");
		return r;
	}
	*ret = true;
	if (dry_run) {
		pp_txn_describe_rollback(t, txn_say_would, a);
		return 0;
	}
	pp_apply_say(a, "an attach was interrupted; its devices are given back:");
	r = pp_txn_rollback(a, t, e);
	return r == -EBUSY || !r ? r : txn_not_all_back(a, t, e);
}

/* Neither old nor new: nothing is known to be right, so nothing is done. */
static int txn_refuse_settings(struct pp_apply *a, const struct pp_op_state *s, struct pp_error *e)
{
	return pp_fail(e, EUCLEAN,
	               "%.250s: a write of settings was interrupted, and then somebody else wrote; "
	               "nothing was changed. Look at the settings, then move %.200s away",
	               s->text, PP_APPLY_JOURNAL(a));
}

static int txn_put_settings_back(struct pp_apply *a, struct pp_txn *t, const char *what,
                                 struct pp_error *e)
{
	int r = pp_txn_rollback(a, t, e);
	if (r)
		return pp_fail(e, -r,
		               "the old settings could not be put back: %.250s; %.200s stays",
		               e->text, PP_APPLY_JOURNAL(a));
	pp_apply_say(a, "%s; a write was interrupted halfway, and the old settings were put back",
	             what);
	return 0;
}

/* Old and new values are this host's only; a disk may have come from another one. */
static int txn_check_host(struct pp_apply *a, const struct pp_txn *t, struct pp_error *e)
{
	struct pp_host *host;
	struct pp_error why;

	if (!t->host)
		return 0;
	int r = pp_apply_read_host(a, &host, e);
	if (r)
		return r;
	r = pp_plan_check_machine(t->host, host, "it was begun on", &why);
	pp_host_free(host);
	if (!r)
		return 0;
	return pp_fail(e, EUCLEAN,
	               "a write of settings was interrupted, and this is another host: %.200s; "
	               "nothing was changed. Where it belongs the next command finishes it; here, "
	               "move %.150s away",
	               why.text, PP_APPLY_JOURNAL(a));
}

static int txn_recover_settings(struct pp_apply *a, struct pp_txn *t, bool dry_run, bool *ret,
                                struct pp_error *e)
{
	const char *store = t->ops[0].setting.store;
	struct pp_op_state s;
	int r = txn_check_host(a, t, e);

	if (r)
		return r;
	r = pp_op_state(a, &t->ops[0], &s, e);
	if (r) {
		struct pp_error why = *e;
		/* -ENOENT is for a host on which nothing was begun. */
		return pp_fail(
			e, r == -ENOENT ? EIO : -r,
			"a write of settings was interrupted, and how they stand is unknown: "
			"%.250s; %.150s keeps what was there before",
			why.text, PP_APPLY_JOURNAL(a));
	}
	if (s.found == PP_OP_NEITHER)
		return txn_refuse_settings(a, &s, e);
	if (s.found == PP_OP_PART && dry_run) {
		pp_apply_say(a,
		             "%s; a write was interrupted halfway, and the old settings have to be "
		             "put back: the next command that writes there does that",
		             s.text);
		return 0;
	}
	if (s.found == PP_OP_PART) {
		*ret = true;
		return txn_put_settings_back(a, t, s.text, e);
	}
	pp_apply_say(a, "%s: a write was interrupted: all the %s settings stand", store,
	             s.found == PP_OP_BEFORE ? "old" : "new");
	return dry_run ? 0 : pp_txn_end(a, t, PP_PHASE_UNDONE, e);
}

/* An image and its journal may have been moved, together: what counts is the image's name. */
static int txn_check_own(const struct pp_apply *a, const struct pp_txn *t, struct pp_error *e)
{
	const char *theirs = t->purpose == PP_TXN_SETTINGS ? t->ops[0].setting.store : "";
	const char *name = strrchr(theirs, '/'), *own = strrchr(a->store->where, '/');

	if (!strcmp(theirs, a->store->where) || (name && own && !strcmp(name, own)))
		return 0;
	return pp_fail(e, EBADMSG,
	               "%.200s: the journal of another store: %.100s, and this is %.100s; where it "
	               "belongs it finishes what was begun",
	               PP_APPLY_JOURNAL(a), theirs, a->store->where);
}

int pp_txn_recover(struct pp_apply *a, bool *ret, struct pp_error *e)
{
	bool dry_run = a->options && a->options->dry_run;
	struct pp_txn t;
	int r = pp_txn_load(a, &t, e);

	*ret = false;
	if (r == -ENOENT)
		return 0;
	if (!r && pp_apply_is_apart(a))
		r = txn_check_own(a, &t, e);
	if (r || t.purpose == PP_TXN_PLAN)
		return r;
	if (!dry_run)
		pp_txn_clean_up(a, &t);
	return t.purpose == PP_TXN_ATTACH ? txn_recover_attach(a, &t, dry_run, ret, e)
	                                  : txn_recover_settings(a, &t, dry_run, ret, e);
}
