/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Finds the kind of a store by its name, and opens it. */
#include <stdio.h>
#include <string.h>

#include "store/hp-find.h"
#include "store/lines.h"
#include "store/stores.h"
#include "sys/trust.h"

/* Room for our own names behind it. */
#define MAX_PATH (PATH_MAX - 64)

int pp_store_check_path(const char *path, struct pp_error *e)
{
	if (!*path)
		return pp_fail(e, EINVAL, "an empty path");
	if (strlen(path) > MAX_PATH)
		return pp_fail(e, ENAMETOOLONG, "%.100s…: a path of more than %d bytes", path,
		               MAX_PATH);
	for (const char *p = path; *p; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			return pp_fail(e, EINVAL, "%.300s: a control byte in a path", path);
	return 0;
}

int pp_store_name(struct pp_store *s, struct pp_arena *a, const char *state, const char *kind,
                  const char *place, struct pp_error *e)
{
	char name[24];

	if (*place)
		snprintf(name, sizeof(name), "%s-%08x", kind,
		         pp_crc32(PP_SPAN(place, strlen(place))));
	else
		snprintf(name, sizeof(name), "%s", kind);
	s->where = pp_arena_printf(a, "%s%s%s", kind, *place ? ":" : "", place);
	s->journal = pp_arena_printf(a, "%s/%s.journal", state, name);
	s->lock = pp_arena_printf(a, "%s/%s.lock", state, name);
	s->state = pp_arena_strdup(a, state);
	s->held = PP_LOCK_NONE;
	return s->where && s->journal && s->lock && s->state ? 0 : pp_fail_oom(e, kind);
}

static const char *store_after(const char *what, const char *kind)
{
	size_t n = strlen(kind);

	return !strncmp(what, kind, n) && what[n] == ':' ? what + n + 1 : NULL;
}

int pp_store_open(const char *what, const char *state, struct pp_store **ret, struct pp_error *e)
{
	static const char *const kinds[] = { "image", "efivars", "hp" };
	const char *place = NULL, *kind = NULL;

	if (!state)
		state = PP_STORE_STATE;
	int r = pp_store_check_path(state, e);
	for (size_t i = 0; !kind && i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		place = store_after(what, kinds[i]);
		if (place || !strcmp(what, kinds[i]))
			kind = kinds[i];
	}
	if (!kind || (!strcmp(kind, "image") && !place))
		return pp_fail(
			e, EINVAL,
			"'%.100s' is no store: image:FILE, efivars, efivars:DIRECTORY, hp or "
			"hp:PROGRAM",
			what);
	if (r == 0 && place)
		r = pp_store_check_path(place, e);
	if (r < 0)
		return r;
	if (!strcmp(kind, "image"))
		return pp_image_open(place, ret, e);
	return !strcmp(kind, "hp") ? pp_hp_open(place, state, ret, e)
	                           : pp_efivars_open(place, state, ret, e);
}

/* What begins the sentence that refuses. */
static const char *store_in_use(const struct pp_store *s, char ret[512])
{
	snprintf(ret, 512, "%.490s: in use by", s->where);
	return ret;
}

int pp_store_lock(struct pp_store *s, struct pp_error *e)
{
	char what[512];
	int r = s->state ? pp_directory_private(s->state, true, e) : 0;

	return r ? r : pp_lock_take(s->lock, store_in_use(s, what), PP_LOCK_REMOVE, &s->held, e);
}

void pp_store_unlock(struct pp_store *s)
{
	pp_lock_release(&s->held);
}

int pp_store_busy(const struct pp_store *s, struct pp_error *e)
{
	char what[512];

	return pp_lock_check(s->lock, store_in_use(s, what), e);
}

void pp_store_close(struct pp_store *s)
{
	if (!s)
		return;
	pp_store_unlock(s);
	s->ops->close(s);
}

int pp_store_detect(const char *state, struct pp_store **ret, struct pp_error *e)
{
	int r = pp_store_open("efivars", state, ret, e);

	if (r != -ENOENT)
		return r;
	r = pp_store_open("hp", state, ret, e);
	if (r != -ENOENT)
		return r;
	return pp_fail(
		e, ENOENT,
		"no way to this host's settings: HP's conrep is not installed: " PP_HP_PACKAGE
		". --store takes hp:PROGRAM where it is in another place; settings alone "
		"are changed in efivars:DIRECTORY or image:FILE too");
}
