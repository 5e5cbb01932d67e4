/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One apply: where it works, and that no other one does. */
#include <stdio.h>
#include <string.h>

#include "change/context.h"
#include "sys/file.h"

int pp_apply_init(const struct pp_apply_options *o, const struct pp_apply_settings *settings,
                  struct pp_apply *ret, struct pp_error *e)
{
	const char *root = o && o->root ? o->root : "/";
	size_t len = strlen(root);

	*ret = (struct pp_apply){ .options = o, .lock = PP_LOCK_NONE, .attach_lock = PP_LOCK_NONE };
	ret->settings = settings ? settings : &pp_apply_machine_settings;
	pp_arena_init(&ret->arena, 0);
	while (len && root[len - 1] == '/')
		len--;
	ret->root = pp_arena_strndup(&ret->arena, root, len);
	if (ret->root)
		ret->state = o && o->state ? pp_arena_strdup(&ret->arena, o->state)
		                           : pp_arena_printf(&ret->arena, "%s/" PP_APPLY_STATE,
		                                             ret->root);
	if (ret->state)
		return 0;
	pp_arena_fini(&ret->arena);
	return pp_fail_oom(e, "apply");
}

void pp_apply_fini(struct pp_apply *a)
{
	pp_lock_release(&a->lock);
	pp_lock_release(&a->attach_lock);
	pp_arena_fini(&a->arena);
}

int pp_apply_lock(struct pp_apply *a, struct pp_error *e)
{
	bool make = !a->options || !a->options->dry_run;
	const char *path = pp_arena_printf(&a->arena, "%s/apply.lock", a->state);

	if (!path)
		return pp_fail_oom(e, "apply");
	int r = pp_directory_private(a->state, make, e);
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
