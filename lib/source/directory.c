/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A directory below which files are read as on a host. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "source/fsroot.h"
#include "source/kernel-log.h"
#include "source/tree.h"
#include "source/unpacked.h"

/*
 * A directory laid out like a host: somebody's, so a link in it may point anywhere and a name may
 * be a device node. openat2 keeps every path below the root; only regular files are opened.
 *
 * Files by path are opened twice: first as a place (O_PATH), which does nothing to a device or a
 * pipe, and for reading only once fstat has called it a regular file; the second open must find
 * the same file. Reopening through /proc/self/fd would do it in one, but needs /proc. Files in an
 * open directory are looked at with fstatat and opened with O_NOFOLLOW: a swap in between ends in
 * an error, or in a descriptor that does not wait.
 */
struct directory {
	struct pp_source base;
	int root;
	/* The paths of open directories, for links found in them; by pp_node.index - 1. */
	char **open_paths;
	uint32_t count, size;
};

static struct directory *directory(struct pp_source *s)
{
	return (struct directory *)s;
}

/* pp_tree_find over the real directory, for finding out which component of a path is missing. */
struct search {
	int root;
	struct pp_tree tree;
};

static int search_link(struct search *s, uint32_t node, int fd)
{
	char text[PP_MAX_LINK + 1];
	ssize_t len = pp_place_link(fd, "", text, sizeof(text));
	if (len < 0)
		return (int)len;
	char *copy = pp_arena_strndup(s->tree.arena, text, (size_t)len);
	if (!copy)
		return -ENOMEM;
	pp_tree_at(&s->tree, node)->data = PP_SPAN(copy, (size_t)len);
	return 0;
}

static int search_find(void *ctx, uint32_t parent, const char *name, size_t len, uint32_t *ret)
{
	struct search *s = ctx;
	char path[PP_MAX_PATH + 1];
	struct stat st;
	uint32_t node;

	int r = pp_tree_add(&s->tree, parent, name, len, &node);
	if (r < 0)
		return r;
	pp_tree_path(&s->tree, node, path);
	int fd = pp_place_open_below(s->root, path, PP_OPEN_PLACE | O_NOFOLLOW);
	if (fd == -ENOENT) {
		*ret = 0;
		return 0;
	}
	if (fd < 0)
		return fd;
	r = fstat(fd, &st) ? -errno : 0;
	if (r == 0 && S_ISLNK(st.st_mode))
		r = search_link(s, node, fd);
	close(fd);
	if (r < 0)
		return r;
	pp_tree_at(&s->tree, node)->kind = S_ISLNK(st.st_mode)   ? PP_TREE_LINK
	                                   : S_ISDIR(st.st_mode) ? PP_TREE_DIRECTORY
	                                                         : PP_TREE_FILE;
	*ret = node;
	return 0;
}

/* The same link by link: where one leads to a missing place, its directory is what counts. */
static int directory_missing_by_walk(struct directory *d, const char *path, bool follow)
{
	struct pp_tree_place place;
	struct search s = { .root = d->root };
	struct pp_arena a;

	pp_arena_init(&a, 0);
	int r = pp_tree_init(&s.tree, &a);
	if (r == 0)
		r = pp_tree_walk(&s.tree, search_find, &s, PP_TREE_TOP, path, follow, &place);
	pp_tree_fini(&s.tree);
	pp_arena_fini(&a);
	if (r < 0)
		return r;
	return place.node || place.last ? -ENOENT : -ENODATA;
}

/*
 * Whether the -ENOENT of a path is an absence, or nobody kept the directory it would be in. A
 * survey asks for many files that most hosts lack, so the usual answer takes three system calls.
 */
static int directory_missing(struct directory *d, const char *path, bool follow)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	char parent[PP_MAX_PATH + 1], link[1];
	int dir = d->root;

	if (slash) {
		memcpy(parent, path, (size_t)(slash - path));
		parent[slash - path] = '\0';
		dir = pp_place_open_below(d->root, parent, PP_OPEN_PLACE | O_DIRECTORY);
	}
	if (dir == -ENOENT)
		return -ENODATA;
	ssize_t n = dir < 0 ? dir : pp_place_link(dir, name, link, sizeof(link));
	if (slash && dir >= 0)
		close(dir);
	return n == -ENOENT ? -ENOENT : directory_missing_by_walk(d, path, follow);
}

static int open_path(struct directory *d, const char *path, int flags)
{
	int fd = pp_place_open_below(d->root, path, flags);
	return fd == -ENOENT ? directory_missing(d, path, true) : fd;
}

static int directory_remember(struct directory *d, const char *path, uint32_t *ret)
{
	uint32_t i = 0;

	/* Few directories are open at a time. */
	while (i < d->count && d->open_paths[i])
		i++;
	if (i == d->size) {
		uint32_t size = d->size ? d->size * 2 : 8;
		char **open_paths = reallocarray(d->open_paths, size, sizeof(*open_paths));
		if (!open_paths)
			return -ENOMEM;
		d->open_paths = open_paths;
		d->size = size;
	}
	char *copy = strdup(path);
	if (!copy)
		return -ENOMEM;
	d->open_paths[i] = copy;
	if (i == d->count)
		d->count++;
	*ret = i + 1;
	return 0;
}

static int directory_open_dir(struct pp_source *s, const char *path, struct pp_node *ret)
{
	struct directory *d = directory(s);
	struct pp_node node = PP_NODE_NONE;

	node.fd = open_path(d, path, PP_OPEN_PLACE | O_DIRECTORY);
	if (node.fd < 0)
		return node.fd;
	int r = directory_remember(d, path, &node.index);
	if (r < 0) {
		close(node.fd);
		return r;
	}
	*ret = node;
	return 0;
}

/* 0 for a regular file. */
static int check_plain(const struct stat *st)
{
	if (S_ISREG(st->st_mode))
		return 0;
	return S_ISDIR(st->st_mode) ? -EISDIR : -ENOENT;
}

static int open_file_by_path(struct directory *d, const char *path)
{
	struct stat before, after;

	int fd = open_path(d, path, PP_OPEN_PLACE);
	if (fd < 0)
		return fd;
	int r = fstat(fd, &before) ? -errno : check_plain(&before);
	close(fd);
	if (r < 0)
		return r;
	fd = open_path(d, path, PP_OPEN_READ);
	if (fd < 0)
		return fd;
	if (fstat(fd, &after))
		r = -errno;
	else if (before.st_dev != after.st_dev || before.st_ino != after.st_ino)
		r = -ESTALE;
	if (r < 0)
		close(fd);
	return r < 0 ? r : fd;
}

/* The path of a name in an open directory. */
static int directory_join(const struct directory *d, struct pp_node dir, const char *name,
                          char ret[PP_MAX_PATH + 1])
{
	const char *base = d->open_paths[dir.index - 1];
	size_t len = strlen(base), more = strlen(name);

	if (len + 1 + more > PP_MAX_PATH)
		return -ENAMETOOLONG;
	memcpy(ret, base, len);
	if (len)
		ret[len++] = '/';
	memcpy(ret + len, name, more + 1);
	return 0;
}

static int open_file_in(struct directory *d, struct pp_node dir, const char *name, bool *plain)
{
	char path[PP_MAX_PATH + 1];
	struct stat st;

	if (fstatat(dir.fd, name, &st, AT_SYMLINK_NOFOLLOW))
		return -errno;
	if (S_ISLNK(st.st_mode)) {
		int r = directory_join(d, dir, name, path);
		return r < 0 ? r : open_file_by_path(d, path);
	}
	int r = check_plain(&st);
	if (r < 0)
		return r;
	int fd = openat(dir.fd, name, PP_OPEN_READ | O_NOFOLLOW);
	*plain = fd >= 0;
	return fd < 0 ? -errno : fd;
}

static int directory_open_file(struct pp_source *s, struct pp_node dir, const char *name,
                               struct pp_node *ret)
{
	struct directory *d = directory(s);
	bool plain = false;
	int fd = pp_node_is_none(dir) ? open_file_by_path(d, name)
	                              : open_file_in(d, dir, name, &plain);
	if (fd < 0)
		return fd;
	*ret = (struct pp_node){ .fd = fd, .plain = plain };
	return 0;
}

static ssize_t directory_pread(struct pp_source *s, struct pp_node file, void *buf, size_t len,
                               uint64_t offset)
{
	return pp_place_read(file.fd, buf, len, offset);
}

static ssize_t directory_readlink(struct pp_source *s, struct pp_node dir, const char *name,
                                  char *buf, size_t size)
{
	struct directory *d = directory(s);

	if (!pp_node_is_none(dir))
		return pp_place_link(dir.fd, name, buf, size);
	int fd = pp_place_open_below(d->root, name, PP_OPEN_PLACE | O_NOFOLLOW);
	if (fd == -ENOENT)
		return directory_missing(d, name, false);
	if (fd < 0)
		return fd;
	ssize_t n = pp_place_link(fd, "", buf, size);
	close(fd);
	return n;
}

static int directory_list(struct pp_source *s, const char *path, struct pp_arena *a,
                          struct pp_names *ret)
{
	int fd = open_path(directory(s), path, PP_OPEN_DIRECTORY);
	return fd < 0 ? fd : pp_fd_list(fd, true, a, ret);
}

static void directory_close(struct pp_source *s, struct pp_node n)
{
	struct directory *d = directory(s);

	close(n.fd);
	if (n.index) {
		free(d->open_paths[n.index - 1]);
		d->open_paths[n.index - 1] = NULL;
	}
}

static void directory_free(struct pp_source *s)
{
	struct directory *d = directory(s);

	for (uint32_t i = 0; i < d->count; i++)
		free(d->open_paths[i]);
	free(d->open_paths);
	close(d->root);
	free(d);
}

static const struct pp_source_ops directory_ops = {
	.open_dir = directory_open_dir,
	.open_file = directory_open_file,
	.pread = directory_pread,
	.readlink = directory_readlink,
	.list = directory_list,
	.kernel_log = pp_kernel_log_from_files,
	.close = directory_close,
	.free = directory_free,
};

static bool directory_has(int fd, const char *name, mode_t type)
{
	struct stat st;
	return !fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW) && (st.st_mode & S_IFMT) == type;
}

static bool directory_is_host(int fd)
{
	return directory_has(fd, "sys", S_IFDIR) || directory_has(fd, "proc", S_IFDIR) ||
	       pp_unpacked_is(fd);
}

/* The single directory in fd, if that is the host; a descriptor, or -ENOENT. */
static int single_host(int fd)
{
	struct pp_arena a;
	struct pp_names names;
	const char *only = NULL;
	int copy = openat(fd, ".", PP_OPEN_DIRECTORY);

	if (copy < 0)
		return -errno;
	pp_arena_init(&a, 0);
	int r = pp_fd_list(copy, true, &a, &names);
	for (uint32_t i = 0; r == 0 && i < names.count; i++) {
		if (!directory_has(fd, names.names[i], S_IFDIR))
			continue;
		r = only ? -ENOENT : 0;
		only = names.names[i];
	}
	int sub = r < 0 || !only ? -ENOENT
	                         : openat(fd, only, PP_OPEN_PLACE | O_DIRECTORY | O_NOFOLLOW);
	pp_arena_fini(&a);
	if (sub >= 0 && !directory_is_host(sub)) {
		close(sub);
		return -ENOENT;
	}
	return sub < 0 ? -ENOENT : sub;
}

static int check_openat2(int fd, struct pp_error *e)
{
	int copy = pp_place_open_below(fd, "", PP_OPEN_PLACE | O_DIRECTORY);
	if (copy >= 0) {
		close(copy);
		return 0;
	}
	/* Old container run times forbid what they do not know. */
	if (copy == -ENOSYS || copy == -EPERM)
		return pp_fail(e, -copy,
		               "a directory is only read where links cannot lead out of it: "
		               "that needs openat2, Linux 5.6 or later (%s)",
		               strerror(-copy));
	return pp_fail(e, -copy, "%s", strerror(-copy));
}

/* "/" itself, or a host's /sys seen from a container: the devices are behind the files. */
static bool has_live_sysfs(int root)
{
	struct statfs fs;
	int fd = pp_place_open_below(root, "sys", PP_OPEN_PLACE | O_DIRECTORY);

	if (fd < 0)
		return false;
	bool live = fstatfs(fd, &fs) || fs.f_type == SYSFS_MAGIC;
	close(fd);
	return live;
}

/* fd is taken over in any case. */
static int directory_new_as_is(int fd, struct pp_source **ret, struct pp_error *e)
{
	int r = check_openat2(fd, e);
	if (r) {
		close(fd);
		return r;
	}
	struct directory *d = calloc(1, sizeof(*d));
	if (!d) {
		close(fd);
		return pp_fail_oom(e, "directory");
	}
	d->base = (struct pp_source){ .ops = &directory_ops,
		                      .kind = PP_SOURCE_DIRECTORY,
		                      .still = !has_live_sysfs(fd) };
	d->root = fd;
	*ret = &d->base;
	return 0;
}

/* fd is taken over in any case. */
static int directory_new(int fd, struct pp_source **ret, struct pp_error *e)
{
	int sub = directory_is_host(fd) ? -ENOENT : single_host(fd);
	if (sub >= 0) {
		close(fd);
		fd = sub;
	}
	if (!pp_unpacked_is(fd))
		return directory_new_as_is(fd, ret, e);
	int r = pp_unpacked_new(fd, ret, e);
	close(fd);
	return r;
}

int pp_directory_open(const struct pp_input *in, struct pp_source **ret, struct pp_error *e)
{
	int fd = fcntl(in->fd, F_DUPFD_CLOEXEC, 0);

	return fd < 0 ? pp_fail(e, errno, "%s", strerror(errno)) : directory_new(fd, ret, e);
}

bool pp_input_is_host(const struct pp_input *in)
{
	if (!in->directory)
		return false;
	int sub = directory_is_host(in->fd) ? -ENOENT : single_host(in->fd);
	bool is = !pp_unpacked_is(sub >= 0 ? sub : in->fd);
	if (sub >= 0)
		close(sub);
	return is;
}

int pp_directory_input(const char *path)
{
	int fd = open(path, PP_OPEN_PLACE | O_DIRECTORY);

	return fd < 0 ? -errno : fd;
}

int pp_directory_open_as_is(const char *path, struct pp_source **ret, struct pp_error *e)
{
	int fd = open(path, PP_OPEN_PLACE | O_DIRECTORY);

	return fd < 0 ? pp_fail(e, errno, "%s", strerror(errno)) : directory_new_as_is(fd, ret, e);
}
