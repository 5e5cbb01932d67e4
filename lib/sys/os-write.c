/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Changes files of this machine, or those below a directory of it; and runs its programs. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "sys/atomic.h"
#include "sys/attribute.h"
#include "sys/file.h"
#include "sys/os.h"

/* On the machine itself links are the administrator's. */
int pp_os_path_to_write(const struct pp_sys *s, const char *path, char *whole)
{
	int r = pp_os_path(s, path, whole);

	if (r || !*s->root)
		return r;
	for (char *slash = strchr(whole + strlen(s->root) + 1, '/'); slash;
	     slash = strchr(slash + 1, '/')) {
		struct stat st;
		*slash = '\0';
		r = lstat(whole, &st) ? -errno : S_ISDIR(st.st_mode) ? 0 : -EXDEV;
		*slash = '/';
		if (r)
			return r == -ENOENT ? 0 : r;
	}
	return 0;
}

/*
 * The owner first: a change of owner may clear bits of the mode. The attributes last: an access
 * control list goes with the mode, and each of these writes would clear a file's capabilities.
 */
static int os_fill(int fd, const char *whole, const struct pp_content *c)
{
	struct stat st;

	if (fstat(fd, &st))
		return -errno;
	if ((st.st_uid != c->uid || st.st_gid != c->gid) && fchown(fd, c->uid, c->gid))
		return -errno;
	if (fchmod(fd, c->mode))
		return -errno;
	int r = pp_fd_write(fd, c->bytes);
	return r ? r : pp_attributes_keep(fd, whole, c);
}

int pp_os_put(struct pp_sys *s, const char *path, const struct pp_content *c, struct pp_error *e)
{
	char whole[PATH_MAX];
	struct pp_atomic f;
	int r = pp_os_path_to_write(s, path, whole);

	if (r)
		return pp_fail(e, -r, "/%.300s: %s", path, strerror(-r));
	r = pp_atomic_open(whole, 0600, true, &f, e);
	if (r)
		return r;
	r = os_fill(f.fd, whole, c);
	if (r) {
		pp_atomic_abort(&f);
		return pp_fail(e, -r, "/%.300s: %s", path, strerror(-r));
	}
	return pp_atomic_commit(&f, e);
}

int pp_os_remove(struct pp_sys *s, const char *path)
{
	char whole[PATH_MAX];
	int r = pp_os_path_to_write(s, path, whole);

	if (r)
		return r;
	return unlink(whole) ? -errno : pp_directory_sync(whole);
}

void pp_os_clean_up(struct pp_sys *s, const char *path)
{
	char whole[PATH_MAX];

	if (!pp_os_path_to_write(s, path, whole))
		pp_atomic_clean_up(whole);
}

int pp_os_mkdir(struct pp_sys *s, const char *path)
{
	char whole[PATH_MAX];
	int r = pp_os_path_to_write(s, path, whole);

	if (r)
		return r;
	if (mkdir(whole, 0755) && errno != EEXIST)
		return -errno;
	return chmod(whole, 0755) ? -errno : pp_directory_sync(whole);
}

int pp_os_rmdir(struct pp_sys *s, const char *path)
{
	char whole[PATH_MAX];
	int r = pp_os_path_to_write(s, path, whole);

	if (r)
		return r;
	return rmdir(whole) ? -errno : pp_directory_sync(whole);
}

/* File systems that make inodes as they need them tell none at all. */
static int os_has_space(const struct statvfs *fs, const char *path, uint64_t bytes, uint64_t files,
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

int pp_os_check_space(struct pp_sys *s, const char *path, uint64_t bytes, uint64_t files,
                      struct pp_error *e)
{
	char whole[PATH_MAX];
	struct statvfs fs;
	int r = pp_os_path(s, path, whole);

	if (r)
		return pp_fail(e, -r, "/%.300s: %s", path, strerror(-r));
	/* The nearest directory that is there. */
	while (statvfs(whole, &fs)) {
		char *slash = strrchr(whole, '/');
		if (errno != ENOENT || !slash || slash == whole)
			return pp_fail(e, errno, "/%.300s: %s", path, strerror(errno));
		*slash = '\0';
	}
	r = os_has_space(&fs, path, bytes, files, e);
	if (!r && access(whole, W_OK))
		r = pp_fail(e, errno, "%.300s: cannot be written: %s", whole, strerror(errno));
	return r;
}

int pp_os_write(struct pp_sys *s, const char *path, const char *text)
{
	int fd = pp_os_open(s, path, O_WRONLY | O_CLOEXEC | O_NOCTTY);

	if (fd < 0)
		return fd;
	/* sysfs takes a write whole, and its answer is the write's. */
	int r = write(fd, text, strlen(text)) < 0 ? -errno : 0;
	close(fd);
	return r;
}

bool pp_os_find_program(struct pp_sys *s, const char *name, char *ret, size_t size)
{
	static const char *const directories[] = { "usr/sbin", "usr/bin", "sbin", "bin" };

	for (size_t i = 0; i < sizeof(directories) / sizeof(directories[0]); i++) {
		if ((size_t)snprintf(ret, size, "%s/%s/%s", s->root, directories[i], name) < size &&
		    pp_path_is_program(ret))
			return true;
	}
	return false;
}

int pp_os_run(struct pp_sys *s, const char *const *argv, unsigned int limit_s,
              const struct pp_lock *lock, struct pp_process_result *ret, struct pp_error *e)
{
	char path[PATH_MAX], root[PATH_MAX + 16];
	const char *const environment[] = { PP_PROCESS_PATH, "LC_ALL=C", "HOME=/", root, NULL };

	if (!pp_os_find_program(s, argv[0], path, sizeof(path)))
		return pp_fail(e, ENOENT, "%s: the host has no such program", argv[0]);
	snprintf(root, sizeof(root), "PCIPASS_ROOT=%s", s->root);
	const struct pp_process process = { .program = path,
		                            .argv = argv,
		                            .environment = *s->root ? environment : NULL,
		                            .limit_s = limit_s,
		                            .lock = lock };
	return pp_process_run(&process, ret, e);
}
