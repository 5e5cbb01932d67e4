/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Writes settings so that a crash leaves old or new, and says which. */
#include <stdio.h>
#include <string.h>

#include "store/journal.h"
#include "store/transaction.h"
#include "sys/atomic.h"
#include "sys/path.h"

#define MAX_WHY 300

static void transaction_sweep(struct pp_store *s)
{
	pp_atomic_clean_up(s->journal);
	if (s->ops->sweep)
		s->ops->sweep(s);
}

/* What counts is how it reads back, whatever the writer says. */
static int restore(struct pp_store *s, const struct pp_journal *j, struct pp_error *e)
{
	enum pp_store_state stands;
	char text[MAX_WHY] = "";
	struct pp_error look;
	int r = s->ops->write(s, j, true, e);
	int seen = s->ops->compare(s, j, &stands, text, sizeof(text), &look);

	if (seen == 0 && stands == PP_STANDS_OLD)
		return 0;
	if (r < 0)
		return r;
	if (seen < 0)
		return pp_fail(e, -seen, "%s", look.text);
	return pp_fail(e, EIO, "%.200s: put back, but it does not read back: %.250s", s->where,
	               *text ? text : "the new settings still stand");
}

/*
 * After a write that failed or that does not read back: to the old again. *e holds why on entry,
 * and what became of it on return.
 */
static int transaction_put_back(struct pp_store *s, const struct pp_journal *j, struct pp_error *e)
{
	char why[MAX_WHY], text[MAX_WHY];
	enum pp_store_state stands;
	struct pp_error again = { 0 };
	int code = e->code;

	snprintf(why, sizeof(why), "%.299s", e->text);
	int r = s->ops->compare(s, j, &stands, text, sizeof(text), &again);
	bool untouched = r == 0 && stands == PP_STANDS_OLD;
	if (r == 0 && !untouched)
		r = restore(s, j, &again);
	if (r < 0)
		return pp_fail(e, code,
		               "%.200s; putting the old settings back failed, too (%.130s); the "
		               "journal %.90s stays, and the next start tries again",
		               why, again.text, s->journal);
	const char *done = untouched ? "nothing was changed" : "the old settings were put back";
	if (pp_journal_drop(s, &again) < 0)
		return pp_fail(e, code, "%s; %s; the next start removes the journal (%.100s)", why,
		               done, again.text);
	return pp_fail(e, code, "%s; %s", why, done);
}

static int write_and_check(struct pp_store *s, const struct pp_journal *j, struct pp_error *e)
{
	enum pp_store_state stands;
	char text[MAX_WHY] = "";
	int r = s->ops->write(s, j, false, e);

	if (r == 0)
		r = s->ops->compare(s, j, &stands, text, sizeof(text), e);
	if (r < 0 || stands == PP_STANDS_NEW)
		return r;
	return pp_fail(e, EIO, "%.200s: written, but it does not read back: %.250s", s->where,
	               *text ? text : "the old settings still stand");
}

static int run_locked(struct pp_store *s, const struct pp_changes *c, struct pp_arena *a,
                      struct pp_error *e)
{
	struct pp_error none;
	struct pp_journal j;

	if (pp_path_is_there(s->journal))
		return pp_fail(e, EUCLEAN,
		               "%.300s: a transaction did not come to its end; recover first",
		               s->journal);
	transaction_sweep(s);
	int r = s->ops->prepare(s, c, a, &j, e);
	if (r < 0)
		return r;
	r = pp_journal_save(s, &j, e);
	if (r < 0) {
		/* It may be in place with only the sync of the directory failed. */
		if (r != -EEXIST)
			pp_journal_drop(s, &none);
		return pp_fail_prefix(e, "without a journal nothing is written");
	}
	r = write_and_check(s, &j, e);
	if (r < 0)
		return transaction_put_back(s, &j, e);
	r = pp_journal_drop(s, &none);
	if (r < 0)
		return pp_fail(e, -r,
		               "all is written and reads back; only the journal could not be "
		               "removed for good (%.200s): the next start does that",
		               none.text);
	return 0;
}

int pp_transaction_run(struct pp_store *s, const struct pp_changes *c, struct pp_error *e)
{
	struct pp_error local;
	struct pp_arena a;

	if (!c->nr_writes)
		return 0;
	if (!e)
		e = &local;
	int r = pp_store_lock(s, e);
	if (r < 0)
		return r;
	pp_arena_init(&a, 0);
	r = run_locked(s, c, &a, e);
	pp_arena_fini(&a);
	pp_store_unlock(s);
	return r;
}

/* The journal cannot be used: nothing is known, so nothing is done. */
static int transaction_damaged(const struct pp_store *s, char *text, size_t size,
                               struct pp_error *e)
{
	char why[MAX_WHY];

	snprintf(why, sizeof(why), "%.299s", e->text);
	/* Not to be read by us now; nothing is wrong with it. */
	if (e->code != EBADMSG && e->code != EPROTONOSUPPORT && e->code != EFBIG &&
	    e->code != E2BIG) {
		snprintf(text, size,
		         "%s: its journal cannot be read, so how it stands is unknown: %s",
		         s->where, why);
		return pp_fail_prefix(e, "the journal cannot be read");
	}
	snprintf(text, size,
	         "%s: its journal cannot be used: %s; nothing was written. Look at the settings "
	         "themselves, then move %s away",
	         s->where, why, s->journal);
	return pp_fail(e, e->code, "%.400s; look at the settings themselves, then move it away",
	               why);
}

static int settle_part(struct pp_store *s, const struct pp_journal *j, bool may_write,
                       const char *what, char *text, size_t size, struct pp_error *e)
{
	if (!may_write) {
		snprintf(text, size,
		         "%s: a transaction was cut off in its middle (%s); the old settings have "
		         "to be put back",
		         s->where, what);
		return pp_fail(e, EROFS, "%s", text);
	}
	int r = restore(s, j, e);
	if (r < 0) {
		snprintf(text, size, "%s: the old settings could not be put back: %s; %s stays",
		         s->where, e->text, s->journal);
		return r;
	}
	snprintf(text, size,
	         "%s: a transaction was cut off in its middle (%s); the old settings were put back",
	         s->where, what);
	return 0;
}

static int settle(struct pp_store *s, const struct pp_journal *j, bool may_write,
                  enum pp_recovered *ret, char *text, size_t size, struct pp_error *e)
{
	enum pp_store_state stands;
	char what[MAX_WHY] = "";
	int r = s->ops->compare(s, j, &stands, what, sizeof(what), e);

	if (r < 0) {
		snprintf(text, size,
		         "%s: a transaction was cut off, and how it stands is unknown: %s",
		         s->where, e->text);
		return r;
	}
	if (stands == PP_STANDS_OTHER) {
		snprintf(text, size,
		         "%s: a transaction was cut off, and then somebody else wrote: %s; nothing "
		         "was changed. Look at the settings, then move %s away",
		         s->where, what, s->journal);
		return pp_fail(e, EUCLEAN, "%s", text);
	}
	if (stands == PP_STANDS_PART) {
		r = settle_part(s, j, may_write, what, text, size, e);
		if (r < 0)
			return r;
	} else {
		snprintf(text, size,
		         "%s: a transaction did not come to its end: all the %s settings stand",
		         s->where, stands == PP_STANDS_OLD ? "old" : "new");
	}
	r = may_write ? pp_journal_drop(s, e) : 0;
	if (r < 0)
		return r;
	*ret = stands == PP_STANDS_PART  ? PP_RECOVERED_RESTORED
	       : stands == PP_STANDS_OLD ? PP_RECOVERED_OLD
	                                 : PP_RECOVERED_NEW;
	return 0;
}

static int recover_locked(struct pp_store *s, bool may_write, enum pp_recovered *ret, char *text,
                          size_t size, struct pp_error *e)
{
	struct pp_arena a;
	struct pp_journal j;

	if (may_write)
		transaction_sweep(s);
	pp_arena_init(&a, 0);
	int r = pp_journal_load(s, &a, &j, e);
	if (r == -ENOENT) {
		*ret = PP_RECOVERED_NONE;
		r = 0;
	} else if (r < 0) {
		r = transaction_damaged(s, text, size, e);
	} else {
		r = settle(s, &j, may_write, ret, text, size, e);
	}
	pp_arena_fini(&a);
	return r;
}

int pp_transaction_recover(struct pp_store *s, bool may_write, enum pp_recovered *ret, char *text,
                           size_t size, struct pp_error *e)
{
	struct pp_error local;
	int r = 0;

	if (!e)
		e = &local;
	if (size)
		*text = '\0';
	bool journal = pp_path_is_there(s->journal);
	if (!may_write) {
		r = journal ? pp_store_busy(s, e) : 0;
		return r < 0 ? r : recover_locked(s, false, ret, text, size, e);
	}
	/* Without a directory for it there is no journal, and none is made for looking. */
	if (!journal && s->state && !pp_path_is_there(s->state)) {
		*ret = PP_RECOVERED_NONE;
		return 0;
	}
	r = pp_store_lock(s, e);
	if (r < 0 && !journal && r != -EBUSY) {
		/* A directory that cannot be written: who wants to write is told so then. */
		*ret = PP_RECOVERED_NONE;
		return 0;
	}
	if (r < 0)
		return r;
	r = recover_locked(s, true, ret, text, size, e);
	pp_store_unlock(s);
	return r;
}
