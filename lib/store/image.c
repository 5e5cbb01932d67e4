/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Settings in an image file. */
#include <stdio.h>
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
	struct pp_arena a PP_CLEANUP(pp_arena_fini);
	struct pp_image image;

	pp_arena_init(&a, 0);
	int r = image_load(s->path, &a, &image, e);
	return r ? r : pp_areas_of_schema(schema, copy_area, &image.memory, ret, e);
}

static int image_prepare(struct pp_store *base, const struct pp_changes *c, struct pp_arena *a,
                         struct pp_store_change *ret, struct pp_error *e)
{
	struct image *s = (struct image *)base;
	struct pp_image image;
	int r = image_load(s->path, a, &image, e);

	if (r == 0)
		r = pp_areas_check(c, &image.memory, base->where, e);
	return r < 0 ? r : pp_areas_narrow(c, a, ret, e);
}

static int image_state(struct pp_store *base, const struct pp_store_change *change,
                       enum pp_store_state *ret, char *text, size_t size, struct pp_error *e)
{
	struct image *s = (struct image *)base;
	struct pp_arena a PP_CLEANUP(pp_arena_fini);
	struct pp_image image;

	pp_arena_init(&a, 0);
	int r = image_load(s->path, &a, &image, e);
	return r ? r : pp_areas_compare(change, &image.memory, base->where, ret, text, size, e);
}

static int image_put(const char *path, const struct pp_machine *m, const struct pp_areas *cells,
                     bool overwrite, struct pp_error *e)
{
	struct pp_buffer b PP_CLEANUP(pp_buffer_fini);

	pp_buffer_init(&b, PP_IMAGE_MAX_BYTES);
	pp_image_format(m, cells, &b);
	struct pp_span bytes = PP_SPAN(b.data, b.len);
	if (b.failed)
		return pp_fail(e, E2BIG, "%.300s: an image may have %u bytes", path,
		               PP_IMAGE_MAX_BYTES);
	return overwrite ? pp_file_replace(path, bytes, 0666, e)
	                 : pp_file_put(path, bytes, 0666, false, e);
}

/* All cells at once: a new file in the place of the old. */
static int image_write(struct pp_store *base, const struct pp_store_change *change, bool back,
                       const struct pp_lock *lock, struct pp_error *e)
{
	struct image *s = (struct image *)base;
	struct pp_arena a PP_CLEANUP(pp_arena_fini);
	struct pp_image image;
	bool any = false;

	pp_arena_init(&a, 0);
	int r = image_load(s->path, &a, &image, e);
	for (uint32_t i = 0; r == 0 && i < change->nr_writes; i++) {
		bool differs;
		r = pp_areas_step(&change->writes[i], back, &image.memory, base->where, &differs,
		                  e);
		any |= r == 0 && differs;
	}
	return r || !any ? r : image_put(s->path, &image.machine, &image.memory, true, e);
}

static void image_clean_up(struct pp_store *base)
{
	pp_atomic_clean_up(((struct image *)base)->path);
}

static const struct pp_machine *image_machine(const struct pp_store *base)
{
	return &((const struct image *)base)->machine;
}

static const struct pp_store_ops image_ops = {
	.kind = "image",
	.read = image_read,
	.prepare = image_prepare,
	.state = image_state,
	.write = image_write,
	.sweep = image_clean_up,
	.machine = image_machine,
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
	s->path = pp_arena_strdup(&s->base.arena, resolved);
	s->base.where = pp_arena_printf(&s->base.arena, "image:%s", resolved);
	s->base.own = s->path;
	if (!s->path || !s->base.where)
		return pp_fail_oom(e, path);
	r = image_load(s->path, &s->base.arena, &image, e);
	if (r == 0)
		s->machine = image.machine;
	return r;
}

int pp_image_open(const char *path, struct pp_store **ret, struct pp_error *e)
{
	struct image *s = pp_store_alloc(sizeof(*s), &image_ops, e);

	return s ? pp_store_opened(&s->base, image_fill(s, path, e), ret) : -ENOMEM;
}

int pp_image_create(const char *path, const struct pp_machine *m, const struct pp_areas *cells,
                    bool overwrite, struct pp_error *e)
{
	const struct pp_store at = { .where = path, .own = path };
	struct pp_lock lock;
	int r = pp_store_check_path(path, e);

	if (r < 0)
		return r;
	/* Nobody is to be kept from a file that is not going to be replaced. */
	if (!overwrite && pp_path_is_there(path))
		return pp_file_failed(path, EEXIST, e);
	r = pp_store_lock(&at, &lock, e);
	if (r < 0)
		return r;
	r = pp_store_check_journal(&at, e);
	if (r == 0)
		r = image_put(path, m, cells, overwrite, e);
	pp_lock_release(&lock);
	return r;
}
