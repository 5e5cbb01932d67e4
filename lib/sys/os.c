/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reads the files of this machine, or those below a directory of it. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sys/attribute.h"
#include "sys/os.h"
#include "sys/place.h"

int pp_os_path(const struct pp_sys *s, const char *path, char *ret)
{
	return snprintf(ret, PATH_MAX, "%s/%s", s->root, path) < PATH_MAX ? 0 : -ENAMETOOLONG;
}

int pp_os_open(const struct pp_sys *s, const char *path, int flags)
{
	char whole[PATH_MAX];

	if (!*s->root) {
		int r = pp_os_path(s, path, whole);
		return r ? r : pp_place_open(AT_FDCWD, whole, flags);
	}
	int root = pp_place_open(AT_FDCWD, s->root, PP_OPEN_PLACE | O_DIRECTORY);
	if (root < 0)
		return root;
	int fd = pp_place_open_below(root, path, flags);
	close(root);
	return fd;
}

static int os_stat(const struct pp_sys *s, const char *path, struct stat *ret)
{
	int fd = pp_os_open(s, path, PP_OPEN_PLACE);

	if (fd < 0)
		return fd;
	int r = fstat(fd, ret) ? -errno : 0;
	close(fd);
	return r;
}

int pp_os_info(struct pp_sys *s, const char *path, struct pp_sys_info *ret)
{
	struct stat st;
	int r = os_stat(s, path, &st);

	if (!r)
		pp_stat_info(&st, ret);
	return r;
}

int pp_os_read(struct pp_sys *s, const char *path, size_t max, struct pp_arena *a,
               struct pp_span *ret)
{
	int fd = pp_os_open(s, path, PP_OPEN_READ);

	if (fd < 0)
		return fd;
	int r = pp_fd_read_all(fd, max, a, ret);
	close(fd);
	return r;
}

int pp_os_content(struct pp_sys *s, const char *path, size_t max, struct pp_arena *a,
                  struct pp_content *ret)
{
	char whole[PATH_MAX];
	struct stat st;
	struct pp_content c = { .exists = true };
	/* Before anything is changed: it is going to be written. */
	int r = pp_os_path_to_write(s, path, whole);
	int fd = r ? r : pp_os_open(s, path, PP_OPEN_READ | O_NOFOLLOW);

	if (fd < 0)
		return fd == -ELOOP ? -EMLINK : fd;
	r = fstat(fd, &st) ? -errno : S_ISREG(st.st_mode) ? 0 : -EBADMSG;
	if (!r)
		r = pp_fd_read_all(fd, max, a, &c.bytes);
	if (!r)
		r = pp_attributes_read(fd, a, &c);
	close(fd);
	if (r)
		return r;
	c.mode = st.st_mode & 07777;
	c.uid = st.st_uid;
	c.gid = st.st_gid;
	c.nr_links = (uint32_t)st.st_nlink;
	*ret = c;
	return 0;
}

int pp_os_link(struct pp_sys *s, const char *path, char *buf, size_t size)
{
	int fd = pp_os_open(s, path, PP_OPEN_PLACE | O_NOFOLLOW);

	if (fd < 0)
		return fd;
	ssize_t n = pp_place_link(fd, "", buf, size);
	close(fd);
	if (n < 0)
		return (int)n;
	if ((size_t)n == size)
		return -ENAMETOOLONG;
	buf[n] = '\0';
	return 0;
}

int pp_os_list(struct pp_sys *s, const char *path, struct pp_arena *a, struct pp_names *ret)
{
	int fd = pp_os_open(s, path, PP_OPEN_READ | O_DIRECTORY);

	return fd < 0 ? fd : pp_fd_list(fd, false, a, ret);
}

int pp_os_map(struct pp_sys *s, const char *path, size_t max, struct pp_span *ret)
{
	struct stat st;
	int fd = pp_os_open(s, path, PP_OPEN_READ);

	if (fd < 0)
		return fd;
	int r = fstat(fd, &st) ? -errno : S_ISREG(st.st_mode) && st.st_size > 0 ? 0 : -EBADMSG;
	size_t len = r ? 0 : (uintmax_t)st.st_size < max ? (size_t)st.st_size : max;
	void *bytes = r ? NULL : mmap(NULL, len, PROT_READ, MAP_PRIVATE, fd, 0);
	if (!r && bytes == MAP_FAILED)
		r = -errno;
	close(fd);
	if (!r)
		*ret = PP_SPAN(bytes, len);
	return r;
}

void pp_os_unmap(struct pp_sys *s, struct pp_span bytes)
{
	munmap((void *)(uintptr_t)bytes.data, bytes.len);
}
