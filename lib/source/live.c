/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* This host as a source. */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>

#include "source/fsroot.h"
#include "source/kernel-log.h"

/*
 * The running host. The kernel's own files are trusted as far as opening goes, so a file is one
 * openat and links are the kernel's to follow.
 */
struct live {
	struct pp_source base;
	int root;
};

static int root_of(struct pp_source *s)
{
	return ((struct live *)s)->root;
}

static int live_dir(struct pp_source *s, struct pp_node dir)
{
	return pp_node_is_none(dir) ? root_of(s) : dir.fd;
}

static int live_open(int dir, const char *path, int flags, struct pp_node *ret)
{
	int fd = pp_place_open(dir, path, flags);

	if (fd < 0)
		return fd;
	*ret = (struct pp_node){ .fd = fd };
	return 0;
}

static int live_open_dir(struct pp_source *s, const char *path, struct pp_node *ret)
{
	return live_open(root_of(s), path, PP_OPEN_PLACE | O_DIRECTORY, ret);
}

static int live_open_file(struct pp_source *s, struct pp_node dir, const char *name,
                          struct pp_node *ret)
{
	if (pp_node_is_none(dir))
		return live_open(live_dir(s, dir), name, PP_OPEN_READ, ret);
	int r = live_open(live_dir(s, dir), name, PP_OPEN_READ | O_NOFOLLOW, ret);
	if (r == -ELOOP)
		return live_open(live_dir(s, dir), name, PP_OPEN_READ, ret);
	if (!r)
		ret->plain = true;
	return r;
}

static ssize_t live_pread(struct pp_source *s, struct pp_node file, void *buf, size_t len,
                          uint64_t offset)
{
	return pp_place_read(file.fd, buf, len, offset);
}

static ssize_t live_readlink(struct pp_source *s, struct pp_node dir, const char *name, char *buf,
                             size_t size)
{
	return pp_place_link(live_dir(s, dir), name, buf, size);
}

static int live_list(struct pp_source *s, const char *path, struct pp_arena *a,
                     struct pp_names *ret)
{
	int fd = pp_place_open(root_of(s), path, PP_OPEN_DIRECTORY);
	return fd < 0 ? fd : pp_fd_list(fd, false, a, ret);
}

static void source_live_close(struct pp_source *s, struct pp_node n)
{
	pp_place_close(n.fd);
}

static void source_live_free(struct pp_source *s)
{
	pp_place_close(root_of(s));
	free(s);
}

static const struct pp_source_ops live_ops = {
	.open_dir = live_open_dir,
	.open_file = live_open_file,
	.pread = live_pread,
	.readlink = live_readlink,
	.list = live_list,
	.kernel_log = pp_kernel_log_live,
	.close = source_live_close,
	.free = source_live_free,
};

int pp_live_new(struct pp_source **ret, struct pp_error *e)
{
	struct live *l = calloc(1, sizeof(*l));
	if (!l)
		return pp_fail_oom(e, "/");
	l->base = (struct pp_source){ .ops = &live_ops, .kind = PP_SOURCE_LIVE };
	int r = l->root = pp_place_open(AT_FDCWD, "/", PP_OPEN_PLACE | O_DIRECTORY);
	if (r < 0) {
		free(l);
		return pp_fail(e, -r, "/: %s", strerror(-r));
	}
	*ret = &l->base;
	return 0;
}

const bool pp_live_takes_stand_ins = false;

int pp_live_with(const char *stand_in, struct pp_source **ret, struct pp_error *e)
{
	return pp_fail(e, ENOTSUP, "%.300s: stands in for nothing here", stand_in);
}
