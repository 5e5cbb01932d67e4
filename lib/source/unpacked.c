/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A capture that was unpacked into a directory. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "source/fsroot.h"
#include "source/stored.h"
#include "source/unpacked.h"

struct loader {
	struct pp_stored *s;
	struct pp_error *e;
};

bool pp_unpacked_is(int fd)
{
	struct stat st;
	int ours = openat(fd, PP_MANIFEST_DIRECTORY, PP_OPEN_PLACE | O_DIRECTORY | O_NOFOLLOW);
	if (ours < 0)
		return false;
	bool is = !fstatat(ours, "manifest", &st, AT_SYMLINK_NOFOLLOW) && S_ISREG(st.st_mode);
	close(ours);
	return is;
}

static int unpacked_failed(struct loader *l, uint32_t node, int code)
{
	char path[PP_MAX_PATH + 1];

	pp_tree_path(&l->s->tree, node, path);
	if (code == ENOMEM)
		return pp_fail_oom(l->e, path);
	if (code == E2BIG)
		return pp_fail(l->e, E2BIG, "%.300s: the capture is larger than %zu MiB", path,
		               PP_MAX_TOTAL_BYTES >> 20);
	return pp_fail(l->e, code, "%.300s: %s", path, strerror(code));
}

/* The content of a file of size bytes, or of as many as it has by now. */
static int load_content(struct loader *l, int fd, size_t size, uint32_t node)
{
	uint8_t *data = pp_arena_alloc(&l->s->arena, size);
	size_t len = 0;

	if (!data)
		return unpacked_failed(l, node, -pp_tree_full(&l->s->tree, size));
	while (len < size) {
		ssize_t n = pp_place_read(fd, data + len, size - len, len);
		if (n < 0)
			return unpacked_failed(l, node, (int)-n);
		if (!n)
			break;
		len += (size_t)n;
	}
	pp_tree_at(&l->s->tree, node)->data = PP_SPAN(data, len);
	return 0;
}

static int unpacked_load_file(struct loader *l, int dir, const char *name, uint32_t node)
{
	struct stat st;
	int fd = openat(dir, name, PP_OPEN_READ | O_NOFOLLOW);
	/* A file that cannot be read is there all the same. */
	if (fd < 0 && errno == EACCES) {
		pp_tree_at(&l->s->tree, node)->kind = PP_TREE_THERE;
		pp_tree_at(&l->s->tree, node)->error = EACCES;
		return 0;
	}
	if (fd < 0)
		return unpacked_failed(l, node, errno);
	int r = fstat(fd, &st) ? unpacked_failed(l, node, errno) : 0;
	pp_tree_at(&l->s->tree, node)->kind = PP_TREE_FILE;
	if (r == 0 && (uint64_t)st.st_size > PP_MAX_FILE_BYTES) {
		pp_tree_at(&l->s->tree, node)->kind = PP_TREE_THERE;
		pp_tree_at(&l->s->tree, node)->error = E2BIG;
	} else if (r == 0 && st.st_size) {
		r = load_content(l, fd, (size_t)st.st_size, node);
	}
	close(fd);
	return r;
}

static int load_link(struct loader *l, int dir, const char *name, uint32_t node)
{
	char text[PP_MAX_LINK + 1];
	ssize_t len = readlinkat(dir, name, text, sizeof(text));
	if (len < 0)
		return unpacked_failed(l, node, errno);
	char *copy = pp_arena_strndup(&l->s->arena, text, (size_t)len);
	if (!copy)
		return unpacked_failed(l, node, -pp_tree_full(&l->s->tree, (size_t)len));
	pp_tree_at(&l->s->tree, node)->kind = PP_TREE_LINK;
	pp_tree_at(&l->s->tree, node)->data = PP_SPAN(copy, (size_t)len);
	return 0;
}

static int load_directory(struct loader *l, int fd, uint32_t node);

static int unpacked_load_entry(struct loader *l, int dir, const char *name, uint32_t parent)
{
	struct stat st;
	uint32_t node;

	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW))
		return unpacked_failed(l, parent, errno);
	int r = pp_tree_add(&l->s->tree, parent, name, strlen(name), &node);
	if (r < 0)
		return unpacked_failed(l, parent, -r);
	if (S_ISLNK(st.st_mode))
		return load_link(l, dir, name, node);
	if (S_ISREG(st.st_mode))
		return unpacked_load_file(l, dir, name, node);
	if (!S_ISDIR(st.st_mode))
		return 0;
	int fd = openat(dir, name, PP_OPEN_DIRECTORY | O_NOFOLLOW);
	pp_tree_at(&l->s->tree, node)->kind = PP_TREE_DIRECTORY;
	return fd < 0 ? unpacked_failed(l, node, errno) : load_directory(l, fd, node);
}

/* fd is closed. Recursion ends at PP_MAX_DEPTH, where the tree takes no more. */
static int load_directory(struct loader *l, int fd, uint32_t node)
{
	struct pp_arena a;
	struct pp_names names;
	int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);

	pp_arena_init(&a, 0);
	int r = copy < 0 ? -errno : pp_fd_list(copy, true, &a, &names);
	if (r < 0)
		r = unpacked_failed(l, node, -r);
	for (uint32_t i = 0; r == 0 && i < names.count; i++)
		r = unpacked_load_entry(l, fd, names.names[i], node);
	pp_arena_fini(&a);
	close(fd);
	return r;
}

int pp_unpacked_new(int fd, struct pp_source **ret, struct pp_error *e)
{
	struct loader l = { .e = e };
	int r = pp_stored_new(PP_SOURCE_DIRECTORY, &l.s, e);
	if (r < 0)
		return r;
	int top = openat(fd, ".", PP_OPEN_DIRECTORY);
	r = top < 0 ? unpacked_failed(&l, PP_TREE_TOP, errno)
	            : load_directory(&l, top, PP_TREE_TOP);
	if (r == 0)
		r = pp_stored_finish(l.s, e);
	if (r < 0) {
		pp_source_free(&l.s->base);
		return r;
	}
	*ret = &l.s->base;
	return 0;
}
