/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One apply: where it works, and that no other one does. */
#include <stdio.h>
#include <string.h>

#include "txn/context.h"
#include "sys/trust.h"

static int open_machine(struct pp_apply *a, struct pp_error *e)
{
	const char *root = a->options && a->options->root ? a->options->root : "/";

	if (a->settings->sys) {
		a->sys = a->settings->sys;
		return 0;
	}
	return root[strspn(root, "/")] ? pp_sys_below(root, &a->sys, e) : pp_sys_live(&a->sys, e);
}

int pp_apply_init(const struct pp_apply_options *o, const struct pp_apply_settings *settings,
                  struct pp_apply *ret, struct pp_error *e)
{
	*ret = (struct pp_apply){ .options = o,
		                  .settings = settings ? settings : &pp_apply_machine_settings,
		                  .lock = PP_LOCK_NONE };
	int r = open_machine(ret, e);
	if (r)
		return r;
	pp_arena_init(&ret->arena, 0);
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
	if (a->settings->close)
		a->settings->close(a);
	pp_lock_release(&a->lock);
	if (a->sys != a->settings->sys)
		pp_sys_free(a->sys);
	pp_arena_fini(&a->arena);
}

/* Of one that somebody chose the way to it is his. */
int pp_apply_check_state(const struct pp_apply *a, bool make, struct pp_error *e)
{
	return a->options && a->options->state
	               ? pp_directory_private(a->state, make, e)
	               : pp_sys_private_directory(a->sys, PP_APPLY_STATE, make, e);
}

static int apply_take_lock(struct pp_apply *a, bool make, struct pp_error *e)
{
	const char *path = pp_arena_printf(&a->arena, "%s/apply.lock", a->state);

	if (!path)
		return pp_fail_oom(e, "apply");
	int r = pp_apply_check_state(a, make, e);
	if (r == -EROFS)
		return pp_fail(e, EROFS,
		               "%.300s: its file system is read-only, and nothing was done: mount "
		               "it writable, then try again",
		               a->state);
	if (r)
		return r == -ENOENT && !make ? 0 : r;
	return pp_lock_take(path,
	                    "another pcipass is at work:", make ? PP_LOCK_KEEP : PP_LOCK_IF_THERE,
	                    &a->lock, e);
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
