/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Writes and removes EFI variables. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sys/file.h"
#include "sys/path.h"
#include "sys/variable.h"

const bool pp_variables_are_files = true;

#define VARIABLE_FLAGS (O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)

/* efivarfs makes variables immutable. 0 no such flag, or no such file; 1 taken off; -errno. */
static int variable_make_mutable(const char *path, int *ret_flags)
{
	int flags, r = 0;
	int fd = open(path, O_RDONLY | VARIABLE_FLAGS);

	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	if (!ioctl(fd, FS_IOC_GETFLAGS, &flags) && (flags & FS_IMMUTABLE_FL)) {
		*ret_flags = flags;
		flags &= ~FS_IMMUTABLE_FL;
		r = ioctl(fd, FS_IOC_SETFLAGS, &flags) ? -errno : 1;
	}
	close(fd);
	return r;
}

static void variable_make_immutable(const char *path, int flags)
{
	int fd = open(path, O_RDONLY | VARIABLE_FLAGS);

	/* A variable that stays mutable until the reboot is no reason to fail. */
	if (fd >= 0 && ioctl(fd, FS_IOC_SETFLAGS, &flags))
		flags = 0;
	if (fd >= 0)
		close(fd);
}

static int variable_write_fd(int fd, struct pp_span bytes)
{
	struct stat st;
	ssize_t n = write(fd, bytes.data, bytes.len);

	if (n < 0)
		return -errno;
	if ((size_t)n != bytes.len)
		return -EIO;
	/* A plain file keeps the rest of a longer content; a variable does not. */
	if (fstat(fd, &st))
		return -errno;
	if ((uintmax_t)st.st_size > bytes.len && ftruncate(fd, (off_t)bytes.len))
		return -errno;
	return fsync(fd) && errno != EINVAL ? -errno : 0;
}

static int variable_unlink(const char *path)
{
	int flags;
	int taken = variable_make_mutable(path, &flags);

	if (taken < 0)
		return taken;
	if (!unlink(path) || errno == ENOENT)
		return 0;
	int r = -errno;
	if (taken > 0)
		variable_make_immutable(path, flags);
	return r;
}

int pp_variable_remove(const char *path)
{
	int r = variable_unlink(path);

	return r < 0 ? r : pp_directory_sync(path);
}

static int variable_put(const char *path, struct pp_span bytes)
{
	bool made = !pp_path_is_there(path);
	int fd = open(path, O_WRONLY | O_CREAT | VARIABLE_FLAGS, 0644);

	if (fd < 0)
		return -errno;
	int r = variable_write_fd(fd, bytes);
	if (close(fd) && r == 0)
		r = -errno;
	if (r < 0 && made)
		variable_unlink(path);
	return r == 0 && made ? pp_directory_sync(path) : r;
}

int pp_variable_write(const char *path, struct pp_span bytes)
{
	int flags;
	int taken = variable_make_mutable(path, &flags);
	int r = taken < 0 ? taken : variable_put(path, bytes);

	if (taken > 0)
		variable_make_immutable(path, flags);
	return r;
}
