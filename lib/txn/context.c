/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One apply: where it works, and that no other one does. */
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "txn/context.h"
#include "host/host.h"
#include "source/source.h"
#include "sys/path.h"
#include "sys/trust.h"

#define LOCK    "apply.lock"
#define AT_WORK "another pcipass is at work:"

static int open_machine(struct pp_apply *a, struct pp_sys *sys, struct pp_error *e)
{
	const char *root = a->options && a->options->root ? a->options->root : "/";

	a->sys = sys;
	a->owns_sys = !sys;
	if (sys)
		return 0;
	return root[strspn(root, "/")] ? pp_sys_below(root, &a->sys, e) : pp_sys_live(&a->sys, e);
}

int pp_apply_init(const struct pp_apply_options *o, struct pp_sys *sys, struct pp_apply *ret,
                  struct pp_error *e)
{
	*ret = (struct pp_apply){ .options = o, .lock = PP_LOCK_NONE };
	pp_arena_init(&ret->arena, 0);
	int r = open_machine(ret, sys, e);
	if (r)
		return r;
	ret->root = ret->sys->root;
	ret->state = o && o->state ? pp_arena_strdup(&ret->arena, o->state)
	                           : pp_sys_whole(ret->sys, &ret->arena, PP_APPLY_STATE);
	if (ret->state)
		return 0;
	pp_apply_fini(ret);
	return pp_fail_oom(e, "apply");
}

void pp_apply_fini(struct pp_apply *a)
{
	pp_apply_close_stores(a);
	pp_lock_release(&a->lock);
	if (a->owns_sys)
		pp_sys_free(a->sys);
	a->sys = NULL;
	pp_arena_fini(&a->arena);
}

const char *pp_apply_journal(const struct pp_apply *a, char ret[PATH_MAX])
{
	if (pp_apply_is_apart(a))
		snprintf(ret, PATH_MAX, "%s.journal", a->store->own);
	else
		snprintf(ret, PATH_MAX, "%s/apply.json", a->state);
	return ret;
}

/* Of one that somebody chose the way to it is his. */
int pp_apply_check_state(const struct pp_apply *a, bool make, struct pp_error *e)
{
	if (pp_apply_is_apart(a))
		return 0;
	return a->options && a->options->state
	               ? pp_directory_private(a->state, make, e)
	               : pp_sys_private_directory(a->sys, PP_APPLY_STATE, make, e);
}

/* Before there was one journal, each store of settings had its own here. */
static int check_old_journals(const struct pp_apply *a, struct pp_error *e)
{
	struct pp_names names = { .count = 0 };
	struct pp_arena arena;
	int r = 0;

	pp_arena_init(&arena, 0);
	if (pp_path_list(a->state, &arena, &names))
		names.count = 0;
	for (uint32_t i = 0; !r && i < names.count; i++) {
		const char *end = strrchr(names.names[i], '.');
		if (end && !strcmp(end, ".journal"))
			r = pp_fail(e, EUCLEAN,
			            "%.200s/%.64s: the journal of an older pcipass, which left a "
			            "write of settings unfinished: look at the settings, then "
			            "remove it",
			            a->state, names.names[i]);
	}
	pp_arena_fini(&arena);
	return r;
}

static int apply_take_lock(struct pp_apply *a, bool make, struct pp_error *e)
{
	char path[PATH_MAX];

	if (pp_apply_is_apart(a))
		return pp_store_lock(a->store, &a->lock, e);
	snprintf(path, sizeof(path), "%s/" LOCK, a->state);
	int r = pp_apply_check_state(a, make, e);
	if (r == -EROFS)
		return pp_fail(e, EROFS,
		               "%.300s: its file system is read-only, and nothing was done: mount "
		               "it writable, then try again",
		               a->state);
	if (r)
		return r == -ENOENT && !make ? 0 : r;
	r = pp_lock_take(path, AT_WORK, make ? PP_LOCK_KEEP : PP_LOCK_IF_THERE, &a->lock, e);
	return r ? r : check_old_journals(a, e);
}

int pp_apply_check_lock(const struct pp_apply *a, struct pp_error *e)
{
	char path[PATH_MAX];

	if (pp_apply_is_apart(a))
		return pp_store_check_lock(a->store, e);
	snprintf(path, sizeof(path), "%s/" LOCK, a->state);
	return pp_lock_check(path, AT_WORK, e);
}

int pp_apply_lock(struct pp_apply *a, struct pp_error *e)
{
	if (a->lock.fd >= 0)
		return 0;
	return apply_take_lock(a, !a->options || !a->options->dry_run, e);
}

int pp_apply_lock_to_ask(struct pp_apply *a, struct pp_error *e)
{
	bool ask = a->options && a->options->confirm;

	if (ask && pp_apply_check_state(a, false, e) == -ENOENT)
		return 0;
	return pp_apply_lock(a, e);
}

int pp_apply_source(const struct pp_apply *a, struct pp_source **ret, struct pp_error *e)
{
	return pp_source_open(*a->root ? a->root : NULL, ret, e);
}

int pp_apply_read_host(const struct pp_apply *a, struct pp_host **ret, struct pp_error *e)
{
	struct pp_source *source;
	int r = pp_apply_source(a, &source, e);

	if (r)
		return r;
	r = pp_host_read(source, ret, e);
	pp_source_free(source);
	return r;
}

bool pp_is_driver_name(const char *s)
{
	size_t len = strlen(s);

	for (size_t i = 0; i < len; i++)
		if (s[i] < ' ' || s[i] > '~' || s[i] == '/')
			return false;
	return len && len < 128 && *s != '.';
}

void pp_apply_say(const struct pp_apply *a, const char *fmt, ...)
{
	char line[1024];
	va_list ap;

	if (!a->options || !a->options->say)
		return;
	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	a->options->say(a->options->ctx, line);
}
