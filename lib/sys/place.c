/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Opens files and directories for reading. */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sys/place.h"

/* A rename during a walk makes openat2 ask to be called again. */
#define RETRIES 64

int pp_place_open(int dir, const char *path, int flags)
{
	int fd = openat(dir, *path ? path : ".", flags);

	return fd < 0 ? -errno : fd;
}

int pp_place_open_below(int root, const char *path, int flags)
{
	struct open_how how = { .flags = (unsigned int)flags,
		                .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS };
	long fd = -1;

	for (int i = 0; i < RETRIES; i++) {
		fd = syscall(SYS_openat2, root, *path ? path : ".", &how, sizeof(how));
		if (fd >= 0 || (errno != EAGAIN && errno != EINTR))
			break;
	}
	return fd < 0 ? -errno : (int)fd;
}

ssize_t pp_place_link(int dir, const char *name, char *buf, size_t size)
{
	ssize_t n = readlinkat(dir, name, buf, size);

	if (n >= 0)
		return n;
	/* An empty name on what is not a link: ENOENT, where a name would give EINVAL. */
	return !*name && errno == ENOENT ? -EINVAL : -errno;
}

int pp_place_open_file(const char *path)
{
	struct stat st;

	if (stat(path, &st))
		return -errno;
	if (!S_ISREG(st.st_mode))
		return S_ISDIR(st.st_mode) ? -EISDIR : -EINVAL;
	int fd = open(path, PP_OPEN_READ);
	if (fd < 0)
		return -errno;
	if (!fstat(fd, &st) && S_ISREG(st.st_mode))
		return fd;
	close(fd);
	return -EINVAL;
}

ssize_t pp_place_read(int fd, void *buf, size_t len, uint64_t offset)
{
	if (offset > INT64_MAX)
		return -EINVAL;
	for (;;) {
		ssize_t n = pread(fd, buf, len, (off_t)offset);
		if (n >= 0)
			return n;
		if (errno != EINTR)
			return -errno;
	}
}

void pp_place_close(int fd)
{
	close(fd);
}
