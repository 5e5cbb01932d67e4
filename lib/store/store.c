/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Finds the kind of a store by its name, and opens it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/hp-find.h"
#include "store/hp-places.h"
#include "store/stores.h"
#include "sys/path.h"

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

void *pp_store_alloc(size_t size, const struct pp_store_ops *ops, struct pp_error *e)
{
	struct pp_store *s = calloc(1, size);

	if (!s) {
		pp_fail_oom(e, ops->kind);
		return NULL;
	}
	s->ops = ops;
	pp_arena_init(&s->arena, 0);
	return s;
}

int pp_store_opened(struct pp_store *s, int r, struct pp_store **ret)
{
	if (r)
		pp_store_close(s);
	else
		*ret = s;
	return r;
}

int pp_store_name(struct pp_store *s, const char *state, const char *kind, const char *place,
                  struct pp_error *e)
{
	s->where = pp_arena_printf(&s->arena, "%s%s%s", kind, *place ? ":" : "", place);
	s->state = pp_arena_strdup(&s->arena, state);
	return s->where && s->state ? 0 : pp_fail_oom(e, kind);
}

static const char *store_after(const char *what, const char *kind)
{
	size_t n = strlen(kind);

	return !strncmp(what, kind, n) && what[n] == ':' ? what + n + 1 : NULL;
}

/* *ret_place NULL: the usual one of its kind. */
static int store_parse(const char *what, const char **ret_kind, const char **ret_place,
                       struct pp_error *e)
{
	static const char *const kinds[] = { "image", "efivars", "hp" };
	const char *place = NULL, *kind = NULL;

	for (size_t i = 0; !kind && i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		place = store_after(what, kinds[i]);
		if (place || !strcmp(what, kinds[i]))
			kind = kinds[i];
	}
	if (!kind || (!strcmp(kind, "image") && !place))
		return pp_fail(
			e, EINVAL,
			"'%.100s' is not a store: image:FILE, efivars, efivars:DIRECTORY, hp "
			"or hp:PROGRAM",
			what);
	*ret_kind = kind;
	*ret_place = place;
	return place ? pp_store_check_path(place, e) : 0;
}

bool pp_store_is_name(const char *what)
{
	const char *kind, *place;

	return !store_parse(what, &kind, &place, NULL) && (!place || pp_path_is_absolute(place));
}

int pp_store_open(const char *what, const char *state, struct pp_store **ret, struct pp_error *e)
{
	const char *place, *kind;

	if (!state)
		state = pp_sys_state();
	int r = pp_store_check_path(state, e);
	if (r == 0)
		r = store_parse(what, &kind, &place, e);
	if (r < 0)
		return r;
	if (!strcmp(kind, "image"))
		return pp_image_open(place, ret, e);
	return !strcmp(kind, "hp") ? pp_hp_open(place, state, ret, e)
	                           : pp_efivars_open(place, state, ret, e);
}

static const char *store_lock_path(const struct pp_store *s, char *ret)
{
	snprintf(ret, PATH_MAX, "%s.lock", s->own);
	return ret;
}

/* What begins the sentence that refuses. */
static const char *store_in_use(const struct pp_store *s, char ret[512])
{
	snprintf(ret, 512, "%.490s: in use by", s->where);
	return ret;
}

int pp_store_lock(const struct pp_store *s, struct pp_lock *ret, struct pp_error *e)
{
	char path[PATH_MAX], what[512];

	return pp_lock_take(store_lock_path(s, path), store_in_use(s, what), PP_LOCK_REMOVE, ret,
	                    e);
}

int pp_store_check_lock(const struct pp_store *s, struct pp_error *e)
{
	char path[PATH_MAX], what[512];

	return pp_lock_check(store_lock_path(s, path), store_in_use(s, what), e);
}

int pp_store_check_journal(const struct pp_store *s, struct pp_error *e)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s.journal", s->own ? s->own : "");
	if (!s->own || !pp_path_is_there(path))
		return 0;
	return pp_fail(
		e, EUCLEAN,
		"%.300s: a write of these settings was interrupted; \"pcipass settings set\" "
		"or load on them brings it to an end",
		path);
}

void pp_store_close(struct pp_store *s)
{
	if (!s)
		return;
	if (s->ops->close)
		s->ops->close(s);
	pp_arena_fini(&s->arena);
	free(s);
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
		"cannot reach this host's BIOS settings: HP's conrep is not installed; %s, or "
		"name the program with --store hp:PROGRAM",
		pp_hp_package);
}
