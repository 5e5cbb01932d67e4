/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The source's table of functions, and reading whole files through it. */
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "source/manifest.h"
#include "source/source.h"
#include "sys/pages.h"

/* Such a copy gets its pages at once: a page fault costs more than copying a page. */
#define TOUCH_FROM ((size_t)64 * 1024)

void pp_source_free(struct pp_source *s)
{
	if (s)
		s->ops->free(s);
}

bool pp_source_is_still(const struct pp_source *s)
{
	return s->still;
}

enum pp_source_kind pp_source_kind(const struct pp_source *s)
{
	return s->kind;
}

const struct pp_capture_info *pp_source_capture_info(const struct pp_source *s)
{
	return s->capture;
}

/* A path from the root, or a plain name in dir. */
static int check_name(struct pp_node dir, const char *name)
{
	if (!pp_node_is_none(dir) && strchr(name, '/'))
		return -EINVAL;
	return pp_path_check(name, false);
}

int pp_source_open_dir(struct pp_source *s, const char *path, struct pp_node *ret)
{
	int r = pp_path_check(path, true);
	return r < 0 ? r : s->ops->open_dir(s, path, ret);
}

int pp_source_open_file(struct pp_source *s, struct pp_node dir, const char *name,
                        struct pp_node *ret)
{
	int r = check_name(dir, name);
	return r < 0 ? r : s->ops->open_file(s, dir, name, ret);
}

ssize_t pp_source_pread(struct pp_source *s, struct pp_node file, void *buf, size_t len,
                        uint64_t offset)
{
	return s->ops->pread(s, file, buf, len, offset);
}

void pp_source_close(struct pp_source *s, struct pp_node n)
{
	if (!pp_node_is_none(n))
		s->ops->close(s, n);
}

int pp_source_list(struct pp_source *s, const char *path, struct pp_arena *a, struct pp_names *ret)
{
	int r = pp_path_check(path, true);
	return r < 0 ? r : s->ops->list(s, path, a, ret);
}

int pp_source_kernel_log(struct pp_source *s, struct pp_arena *a, struct pp_span *ret)
{
	return s->ops->kernel_log(s, a, ret);
}

int pp_source_read_text(struct pp_source *s, struct pp_node dir, const char *name, char *buf,
                        size_t size)
{
	struct pp_node file;
	int r = pp_source_open_file(s, dir, name, &file);
	if (r < 0)
		return r;
	ssize_t n = pp_source_pread(s, file, buf, size, 0);
	pp_source_close(s, file);
	if (n < 0)
		return (int)n;
	/* All of buf filled: without room for the NUL even the last newline was too much. */
	if ((size_t)n == size && buf[n - 1] != '\n')
		return -E2BIG;
	if (n && buf[n - 1] == '\n')
		n--;
	buf[n] = '\0';
	return 0;
}

int pp_source_read_link(struct pp_source *s, struct pp_node dir, const char *name, char *buf,
                        size_t size)
{
	int r = check_name(dir, name);
	if (r < 0)
		return r;
	ssize_t n = s->ops->readlink(s, dir, name, buf, size);
	if (n < 0)
		return (int)n;
	if ((size_t)n == size)
		return -ENAMETOOLONG;
	buf[n] = '\0';
	return 0;
}

/* Up to max bytes into a block of malloc's, which is *buf's in any case. */
static ssize_t read_up_to(struct pp_source *s, struct pp_node file, size_t max, uint8_t **buf)
{
	size_t len = 0, size = 0;

	for (;;) {
		size_t had = size;
		int r = pp_read_room(buf, &size, len, max);
		if (r)
			return r;
		if (size > had && had)
			pp_pages_touch(*buf + len, size - len);
		ssize_t n = pp_source_pread(s, file, *buf + len, size - len, len);
		if (n < 0)
			return n;
		if (!n)
			return len > max ? -E2BIG : (ssize_t)len;
		len += (size_t)n;
	}
}

int pp_source_read_all(struct pp_source *s, const char *path, size_t max, struct pp_arena *a,
                       struct pp_span *ret)
{
	PP_CLEANUP(pp_cleanup_free) uint8_t *buf = NULL;
	struct pp_node file;
	int r = pp_source_open_file(s, PP_NODE_NONE, path, &file);
	if (r < 0)
		return r;
	ssize_t len = read_up_to(s, file, max, &buf);
	pp_source_close(s, file);
	if (len < 0)
		return (int)len;
	uint8_t *copy = pp_arena_alloc(a, (size_t)len);
	if (!copy)
		return -ENOMEM;
	if ((size_t)len >= TOUCH_FROM)
		pp_pages_touch(copy, (size_t)len);
	if (len)
		memcpy(copy, buf, (size_t)len);
	*ret = PP_SPAN(copy, (size_t)len);
	return 0;
}
