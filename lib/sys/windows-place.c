/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Opens files for reading, for Windows. */
#include <windows.h>

#include "base/compat.h"
#include "sys/path.h"
#include "sys/place.h"
#include "sys/wide.h"

int pp_place_open_file(const char *path)
{
	struct pp_sys_info info;
	int r = pp_path_info(path, true, &info);

	if (r)
		return r;
	if (info.kind != PP_SYS_FILE)
		return info.kind == PP_SYS_DIRECTORY ? -EISDIR : -EINVAL;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

ssize_t pp_place_read(int fd, void *buf, size_t len, uint64_t offset)
{
	DWORD n, piece = len > INT_MAX ? INT_MAX : (DWORD)len;

	if (offset > INT64_MAX)
		return -EINVAL;
	/* Its own position stays, as with pread(). */
	int64_t before = _telli64(fd);
	if (before < 0 || _lseeki64(fd, (int64_t)offset, SEEK_SET) < 0)
		return -errno;
	int r = ReadFile((HANDLE)_get_osfhandle(fd), buf, piece, &n, NULL)
	                ? 0
	                : -pp_windows_errno(GetLastError());
	if (_lseeki64(fd, before, SEEK_SET) < 0)
		return -errno;
	return r ? r : (ssize_t)n;
}

void pp_place_close(int fd)
{
	close(fd);
}
