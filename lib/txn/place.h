/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The files of the machine that an apply works on, by the names that its callers have for them. */
#ifndef PP_TXN_PLACE_H
#define PP_TXN_PLACE_H

#include "txn/context.h"

static inline int pp_place_read(struct pp_apply *a, const char *path, struct pp_content *ret,
                                struct pp_error *e)
{
	return pp_sys_content(a->sys, path, &a->arena, ret, e);
}

static inline int pp_place_put(struct pp_apply *a, const char *path, const struct pp_content *c,
                               struct pp_error *e)
{
	return pp_sys_put(a->sys, path, c, e);
}

static inline void pp_place_sweep(struct pp_apply *a, const char *path)
{
	pp_sys_sweep(a->sys, path);
}

static inline int pp_place_size(const struct pp_apply *a, const char *path, uint64_t *ret)
{
	struct pp_sys_info info;
	int r = a->sys->ops->info(a->sys, path, &info);

	if (!r)
		*ret = info.bytes;
	return r;
}

static inline bool pp_place_has(const struct pp_apply *a, const char *path)
{
	return pp_sys_has(a->sys, path);
}

static inline bool pp_place_has_folder(const struct pp_apply *a, const char *path)
{
	return pp_sys_has_directory(a->sys, path);
}

static inline int pp_place_mkdir(struct pp_apply *a, const char *path, struct pp_error *e)
{
	return pp_sys_mkdir(a->sys, path, e);
}

static inline int pp_place_rmdir(struct pp_apply *a, const char *path, struct pp_error *e)
{
	return pp_sys_rmdir(a->sys, path, e);
}

static inline int pp_place_text(const struct pp_apply *a, const char *path, char *buf, size_t size)
{
	return pp_sys_text(a->sys, path, buf, size);
}

static inline int pp_place_link(const struct pp_apply *a, const char *path, char *buf, size_t size)
{
	return pp_sys_link_name(a->sys, path, buf, size);
}

static inline int pp_place_tell(const struct pp_apply *a, const char *path, const char *text)
{
	return pp_sys_write(a->sys, path, text);
}

static inline const char *const *pp_place_list(struct pp_apply *a, const char *path)
{
	return pp_sys_names(a->sys, path, &a->arena);
}

static inline int pp_place_room(const struct pp_apply *a, const char *path, uint64_t bytes,
                                uint64_t files, struct pp_error *e)
{
	return pp_sys_room(a->sys, path, bytes, files, e);
}

#endif
