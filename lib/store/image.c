/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Settings in an image file. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/areas.h"
#include "store/image-file.h"
#include "store/stores.h"
#include "sys/atomic.h"
#include "sys/file.h"
#include "sys/path.h"

/* Files of an image lie beside it, so that what belongs together is moved and mounted together. */
struct image {
	struct pp_store base;
	struct pp_arena arena;
	const char *path; /* links resolved */
	struct pp_machine machine;
};

/* NVRAM and CMOS that the file does not hold are cells, too: not kept here. */
static int mark_missing(struct pp_areas *m)
{
	int r = 0;

	if (!pp_areas_find(m, PP_CELL_NVRAM, NULL))
		r = pp_areas_put(m, PP_CELL_NVRAM, NULL, ENODATA, PP_SPAN(NULL, 0));
	if (r == 0 && !pp_areas_find(m, PP_CELL_CMOS, NULL))
		r = pp_areas_put(m, PP_CELL_CMOS, NULL, ENODATA, PP_SPAN(NULL, 0));
	return r;
}

static int image_load(const char *path, struct pp_arena *a, struct pp_image *ret,
                      struct pp_error *e)
{
	struct pp_span bytes;
	int r = pp_file_read(path, PP_IMAGE_MAX_BYTES, a, &bytes, e);

	if (r == 0)
		r = pp_image_parse(bytes, path, a, ret, e);
	if (r == 0 && mark_missing(&ret->memory))
		r = pp_fail_oom(e, path);
	return r;
}

static int copy_area(void *from, enum pp_area_space space, const char *name, struct pp_areas *ret,
                     struct pp_error *e)
{
	const struct pp_area *c = pp_areas_find(from, space, name);
	int r = c ? pp_areas_put(ret, space, name, c->error, PP_SPAN(c->data, c->len))
	          : pp_areas_put(ret, space, name, ENOENT, PP_SPAN(NULL, 0));

	return r < 0 ? pp_fail(e, -r, "image: %s", strerror(-r)) : 0;
}

static int image_read(struct pp_store *base, const struct pp_schema *schema, struct pp_areas *ret,
                      struct pp_error *e)
{
	struct image *s = (struct image *)base;
	struct pp_arena a;
	struct pp_image image;

	pp_arena_init(&a, 0);
	int r = image_load(s->path, &a, &image, e);
	if (r == 0)
		r = pp_areas_of_schema(schema, copy_area, &image.memory, ret, e);
	pp_arena_fini(&a);
	return r;
}

static int image_prepare(struct pp_store *base, const struct pp_changes *c, struct pp_arena *a,
                         struct pp_journal *ret, struct pp_error *e)
{
	struct image *s = (struct image *)base;
	struct pp_image image;
	int r = image_load(s->path, a, &image, e);

	if (r == 0)
		r = pp_areas_check(c, &image.memory, base->where, e);
	if (r < 0)
		return r;
	*ret = (struct pp_journal){
		.store = base->where,
		.writes = c->writes,
		.nr_writes = c->nr_writes,
	};
	return 0;
}

static int image_compare(struct pp_store *base, const struct pp_journal *j,
                         enum pp_store_state *ret, char *text, size_t size, struct pp_error *e)
{
	struct image *s = (struct image *)base;
	struct pp_arena a;
	struct pp_image image;

	pp_arena_init(&a, 0);
	int r = image_load(s->path, &a, &image, e);
	if (r == 0)
		r = pp_areas_compare(j, &image.memory, base->where, ret, text, size, e);
	pp_arena_fini(&a);
	return r;
}

static int image_put(const char *path, const struct pp_machine *m, const struct pp_areas *cells,
                     bool overwrite, struct pp_error *e)
{
	struct pp_buffer b;

	pp_buffer_init(&b, PP_IMAGE_MAX_BYTES);
	pp_image_format(m, cells, &b);
	struct pp_span bytes = PP_SPAN(b.data, b.len);
	int r;
	if (b.failed)
		r = pp_fail(e, E2BIG, "%.300s: an image may have %u bytes", path,
		            PP_IMAGE_MAX_BYTES);
	else
		r = overwrite ? pp_file_replace(path, bytes, 0666, e)
		              : pp_file_put(path, bytes, 0666, false, e);
	pp_buffer_fini(&b);
	return r;
}

/* All cells at once: a new file in the place of the old. */
static int image_write(struct pp_store *base, const struct pp_journal *j, bool back,
                       struct pp_error *e)
{
	struct image *s = (struct image *)base;
	struct pp_arena a;
	struct pp_image image;
	bool any = false;

	pp_arena_init(&a, 0);
	int r = image_load(s->path, &a, &image, e);
	for (uint32_t i = 0; r == 0 && i < j->nr_writes; i++) {
		bool change;
		r = pp_areas_step(&j->writes[i], back, &image.memory, base->where, &change, e);
		any |= r == 0 && change;
	}
	if (r == 0 && any)
		r = image_put(s->path, &image.machine, &image.memory, true, e);
	pp_arena_fini(&a);
	return r;
}

static void image_clean_up(struct pp_store *base)
{
	pp_atomic_clean_up(((struct image *)base)->path);
}

static const struct pp_machine *image_machine(const struct pp_store *base)
{
	return &((const struct image *)base)->machine;
}

static void image_close(struct pp_store *base)
{
	struct image *s = (struct image *)base;

	pp_arena_fini(&s->arena);
	free(s);
}

static const struct pp_store_ops image_ops = {
	.kind = "image",
	.read = image_read,
	.prepare = image_prepare,
	.compare = image_compare,
	.write = image_write,
	.sweep = image_clean_up,
	.machine = image_machine,
	.close = image_close,
};

static int image_fill(struct image *s, const char *path, struct pp_error *e)
{
	char resolved[PATH_MAX];
	struct pp_image image;

	int r = pp_path_resolve(path, resolved, e);

	if (r == 0)
		r = pp_store_check_path(resolved, e);
	if (r < 0)
		return r;
	s->path = pp_arena_strdup(&s->arena, resolved);
	s->base.where = pp_arena_printf(&s->arena, "image:%s", resolved);
	s->base.journal = pp_arena_printf(&s->arena, "%s.journal", resolved);
	s->base.lock = pp_arena_printf(&s->arena, "%s.lock", resolved);
	if (!s->path || !s->base.where || !s->base.journal || !s->base.lock)
		return pp_fail_oom(e, path);
	r = image_load(s->path, &s->arena, &image, e);
	if (r == 0)
		s->machine = image.machine;
	return r;
}

int pp_image_open(const char *path, struct pp_store **ret, struct pp_error *e)
{
	struct image *s = calloc(1, sizeof(*s));

	if (!s)
		return pp_fail_oom(e, path);
	s->base = (struct pp_store){ .ops = &image_ops, .held = PP_LOCK_NONE };
	pp_arena_init(&s->arena, 0);
	int r = image_fill(s, path, e);
	if (r < 0)
		image_close(&s->base);
	else
		*ret = &s->base;
	return r;
}

static int create_locked(const struct pp_store *at, const char *path, const struct pp_machine *m,
                         const struct pp_areas *cells, bool overwrite, struct pp_error *e)
{
	if (pp_path_is_there(at->journal))
		return pp_fail(e, EUCLEAN,
		               "%.300s: a transaction on the image of that name did not come to "
		               "its end, and its journal would be taken for one of the new image; "
		               "a set or load on the old one settles it",
		               at->journal);
	return image_put(path, m, cells, overwrite, e);
}

int pp_image_create(const char *path, const struct pp_machine *m, const struct pp_areas *cells,
                    bool overwrite, struct pp_error *e)
{
	char journal[PATH_MAX + 16], lock[PATH_MAX + 16];
	struct pp_store at = {
		.where = path, .journal = journal, .lock = lock, .held = PP_LOCK_NONE
	};
	int r = pp_store_check_path(path, e);

	if (r < 0)
		return r;
	/* Nobody is to be kept from a file that is not going to be replaced. */
	if (!overwrite && pp_path_is_there(path))
		return pp_file_failed(path, EEXIST, e);
	snprintf(journal, sizeof(journal), "%s.journal", path);
	snprintf(lock, sizeof(lock), "%s.lock", path);
	r = pp_store_lock(&at, e);
	if (r < 0)
		return r;
	r = create_locked(&at, path, m, cells, overwrite, e);
	pp_store_unlock(&at);
	return r;
}
