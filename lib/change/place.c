/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "change/place.h"
#include "sys/atomic.h"
#include "sys/file.h"

#define MAX_NAMES 4096

char *pp_place_path(struct pp_arena *arena, const struct pp_apply *a, const char *path)
{
	return pp_arena_printf(arena, "%s/%s", a->root, path);
}

/* Into a buffer of PATH_MAX; false: too long. */
static bool whole_path(const struct pp_apply *a, const char *path, char *buf)
{
	return snprintf(buf, PATH_MAX, "%s/%s", a->root, path) < PATH_MAX;
}

static int failed(const char *path, int code, struct pp_error *e)
{
	return pp_fail(e, code, "/%.300s: %s", path, strerror(code));
}

/* The folders on the way to path; on the machine itself links are the administrator's. */
static int check_way(const struct pp_apply *a, const char *path, struct pp_error *e)
{
	char whole[PATH_MAX];

	if (!whole_path(a, path, whole))
		return failed(path, ENAMETOOLONG, e);
	if (!*a->root)
		return 0;
	for (char *slash = strchr(whole + strlen(a->root) + 1, '/'); slash;
	     slash = strchr(slash + 1, '/')) {
		struct stat st;
		*slash = '\0';
		int r = lstat(whole, &st);
		*slash = '/';
		if (r)
			return errno == ENOENT ? 0 : failed(path, errno, e);
		if (!S_ISDIR(st.st_mode))
			return pp_fail(e, EBADMSG,
			               "/%.300s: a folder on the way is a link or no folder, "
			               "which may lead out of %.100s",
			               path, a->root);
	}
	return 0;
}

static int read_open(struct pp_apply *a, int fd, const char *path, struct pp_content *ret,
                     struct pp_error *e)
{
	struct stat st;

	if (fstat(fd, &st))
		return failed(path, errno, e);
	if (!S_ISREG(st.st_mode))
		return pp_fail(e, EBADMSG, "/%.300s: no regular file", path);
	if (st.st_size > PP_PLACE_MAX_BYTES)
		return pp_fail(e, EFBIG, "/%.300s: %jd bytes, at most %u are taken", path,
		               (intmax_t)st.st_size, PP_PLACE_MAX_BYTES);
	struct pp_content c = {
		.exists = true, .mode = st.st_mode & 07777, .uid = st.st_uid, .gid = st.st_gid
	};
	int r = pp_fd_read(fd, path, (size_t)st.st_size, &a->arena, &c.bytes, e);
	if (!r)
		*ret = c;
	return r;
}

int pp_place_read(struct pp_apply *a, const char *path, struct pp_content *ret, struct pp_error *e)
{
	char whole[PATH_MAX];
	int r = check_way(a, path, e);

	if (r)
		return r;
	whole_path(a, path, whole);
	int fd = open(whole, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	if (fd < 0 && errno == ELOOP)
		return pp_fail(e, EBADMSG, "/%.300s: a link, which would be replaced by a file",
		               path);
	if (fd < 0 && errno != ENOENT && errno != ENOTDIR)
		return failed(path, errno, e);
	if (fd < 0) {
		*ret = (struct pp_content){ 0 };
		return 0;
	}
	r = read_open(a, fd, path, ret, e);
	close(fd);
	return r;
}

bool pp_content_same(const struct pp_content *a, const struct pp_content *b)
{
	if (!a->exists || !b->exists)
		return a->exists == b->exists;
	return a->mode == b->mode && a->uid == b->uid && a->gid == b->gid &&
	       a->bytes.len == b->bytes.len &&
	       (!a->bytes.len || !memcmp(a->bytes.data, b->bytes.data, a->bytes.len));
}

/* The owner first: a change of owner may clear bits of the mode. */
static int fill(int fd, const struct pp_content *c)
{
	struct stat st;

	if (fstat(fd, &st))
		return -errno;
	if ((st.st_uid != c->uid || st.st_gid != c->gid) && fchown(fd, c->uid, c->gid))
		return -errno;
	return fchmod(fd, c->mode) ? -errno : pp_fd_write(fd, c->bytes);
}

static int remove_file(const char *path, const char *whole, struct pp_error *e)
{
	if (unlink(whole))
		return errno == ENOENT ? 0 : failed(path, errno, e);
	int r = pp_directory_sync(whole);
	return r ? failed(path, -r, e) : 0;
}

int pp_place_put(struct pp_apply *a, const char *path, const struct pp_content *c,
                 struct pp_error *e)
{
	char whole[PATH_MAX];
	struct pp_atomic f;
	int r = check_way(a, path, e);

	if (r)
		return r;
	whole_path(a, path, whole);
	if (!c->exists)
		return remove_file(path, whole, e);
	r = pp_atomic_open(whole, 0600, true, &f, e);
	if (r)
		return r;
	r = fill(f.fd, c);
	if (r) {
		pp_atomic_abort(&f);
		return failed(path, -r, e);
	}
	return pp_atomic_commit(&f, e);
}

void pp_place_sweep(struct pp_apply *a, const char *path)
{
	char whole[PATH_MAX];
	struct pp_error ignored;

	if (!check_way(a, path, &ignored) && whole_path(a, path, whole))
		pp_atomic_sweep(whole);
}

static bool has_kind(const struct pp_apply *a, const char *path, mode_t kind)
{
	char whole[PATH_MAX];
	struct stat st;

	return whole_path(a, path, whole) && !stat(whole, &st) &&
	       (!kind || (st.st_mode & S_IFMT) == kind);
}

bool pp_place_has(const struct pp_apply *a, const char *path)
{
	return has_kind(a, path, 0);
}

bool pp_place_has_folder(const struct pp_apply *a, const char *path)
{
	return has_kind(a, path, S_IFDIR);
}

int pp_place_mkdir(struct pp_apply *a, const char *path, struct pp_error *e)
{
	char whole[PATH_MAX];
	int r = check_way(a, path, e);

	if (r)
		return r;
	whole_path(a, path, whole);
	if (mkdir(whole, 0755) && errno != EEXIST)
		return failed(path, errno, e);
	/* Not the caller's umask: others than root read configuration. */
	if (chmod(whole, 0755))
		return failed(path, errno, e);
	r = pp_directory_sync(whole);
	return r ? failed(path, -r, e) : 0;
}

int pp_place_rmdir(struct pp_apply *a, const char *path, struct pp_error *e)
{
	char whole[PATH_MAX];
	int r = check_way(a, path, e);

	if (r)
		return r;
	whole_path(a, path, whole);
	if (rmdir(whole))
		return errno == ENOENT || errno == ENOTEMPTY || errno == EEXIST
		               ? 0
		               : failed(path, errno, e);
	r = pp_directory_sync(whole);
	return r ? failed(path, -r, e) : 0;
}

int pp_place_text(const struct pp_apply *a, const char *path, char *buf, size_t size)
{
	char whole[PATH_MAX];

	if (!whole_path(a, path, whole))
		return -ENAMETOOLONG;
	int fd = open(whole, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0)
		return -errno;
	ssize_t n = read(fd, buf, size - 1);
	int r = n < 0 ? -errno : 0;
	close(fd);
	if (r)
		return r;
	buf[n] = '\0';
	buf[strcspn(buf, "\n")] = '\0';
	return 0;
}

int pp_place_link(const struct pp_apply *a, const char *path, char *buf, size_t size)
{
	char whole[PATH_MAX], link[PATH_MAX];

	if (!whole_path(a, path, whole))
		return -ENAMETOOLONG;
	ssize_t n = readlink(whole, link, sizeof(link) - 1);
	if (n < 0)
		return -errno;
	link[n] = '\0';
	const char *slash = strrchr(link, '/');
	const char *name = slash ? slash + 1 : link;
	if (strlen(name) >= size)
		return -ENAMETOOLONG;
	memcpy(buf, name, strlen(name) + 1);
	return 0;
}

int pp_place_tell(const struct pp_apply *a, const char *path, const char *text)
{
	char whole[PATH_MAX];

	if (!whole_path(a, path, whole))
		return -ENAMETOOLONG;
	int fd = open(whole, O_WRONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return -errno;
	/* sysfs takes a write whole, and its answer is the write's. */
	int r = write(fd, text, strlen(text)) < 0 ? -errno : 0;
	close(fd);
	if (!r && a->settings->told)
		a->settings->told(a, path, text);
	return r;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

const char *const *pp_place_list(struct pp_apply *a, const char *path)
{
	char whole[PATH_MAX];
	const char **names = PP_ARENA_ARRAY(&a->arena, MAX_NAMES + 1, const char *);
	DIR *dir = names && whole_path(a, path, whole) ? opendir(whole) : NULL;
	size_t n = 0;

	if (!dir)
		return names;
	for (struct dirent *d = readdir(dir); d && n < MAX_NAMES; d = readdir(dir)) {
		if (d->d_name[0] == '.')
			continue;
		names[n] = pp_arena_strdup(&a->arena, d->d_name);
		if (!names[n++]) {
			closedir(dir);
			return NULL;
		}
	}
	closedir(dir);
	qsort(names, n, sizeof(*names), by_name);
	return names;
}

/* File systems that make inodes as they need them tell none at all. */
static int check_room(const struct statvfs *fs, const char *path, uint64_t bytes, uint64_t files,
                      struct pp_error *e)
{
	uint64_t free_bytes = (uint64_t)fs->f_bavail * fs->f_frsize;

	if (fs->f_flag & ST_RDONLY)
		return pp_fail(e, EROFS,
		               "/%.300s: its file system is read-only: mount it writable, then try "
		               "again",
		               path);
	if (free_bytes < bytes)
		return pp_fail(e, ENOSPC,
		               "/%.300s: its file system has %llu KiB free, %llu are needed: make "
		               "room, then try again",
		               path, (unsigned long long)free_bytes / 1024,
		               ((unsigned long long)bytes + 1023) / 1024);
	if (fs->f_files && fs->f_favail < files)
		return pp_fail(e, ENOSPC,
		               "/%.300s: its file system has room for %llu files more, %llu are "
		               "needed: make room, then try again",
		               path, (unsigned long long)fs->f_favail, (unsigned long long)files);
	return 0;
}

int pp_place_room(const struct pp_apply *a, const char *path, uint64_t bytes, uint64_t files,
                  struct pp_error *e)
{
	char whole[PATH_MAX];
	struct statvfs fs;

	if (!whole_path(a, path, whole))
		return failed(path, ENAMETOOLONG, e);
	/* The nearest folder that is there. */
	while (statvfs(whole, &fs)) {
		char *slash = strrchr(whole, '/');
		if (errno != ENOENT || !slash || slash == whole)
			return failed(path, errno, e);
		*slash = '\0';
	}
	int r = check_room(&fs, path, bytes, files, e);
	if (!r && access(whole, W_OK))
		r = pp_fail(e, errno, "%.300s: cannot be written: %s", whole, strerror(errno));
	return r;
}
