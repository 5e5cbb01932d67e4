/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A lock file under Windows. */
#include <windows.h>

#include "base/compat.h"
#include "base/text.h"
#include "sys/lock-os.h"
#include "sys/path.h"
#include "sys/wide.h"

#define TRIES   16
#define WAIT_MS 20
#define END_MS  10000

/*
 * Locks are mandatory here: this byte far behind the end of the file keeps the note readable. A
 * program that we start has no lock of its own: it is ended with us (sys/process.h), but not in the
 * same moment. lock_is_outlived() waits for that.
 */
static OVERLAPPED lock_byte(void)
{
	return (OVERLAPPED){ .OffsetHigh = 0x7fffffff };
}

static HANDLE lock_handle(int fd)
{
	return (HANDLE)_get_osfhandle(fd);
}

void pp_lock_os_read(int fd, char *ret, size_t size)
{
	int n = _lseeki64(fd, 0, SEEK_SET) ? 0 : read(fd, ret, (unsigned int)size - 1);

	ret[n > 0 ? n : 0] = '\0';
}

void pp_lock_os_write(int fd, const char *text, size_t len)
{
	bool written =
		!_lseeki64(fd, 0, SEEK_SET) && write(fd, text, (unsigned int)len) == (int)len;

	if (_chsize_s(fd, written ? (int64_t)len : 0))
		return;
}

static bool lock_is_ours(int fd)
{
	char text[PP_LOCK_NOTE_BYTES + 1];
	BY_HANDLE_FILE_INFORMATION info;

	if (!GetFileInformationByHandle(lock_handle(fd), &info) || info.nNumberOfLinks > 1 ||
	    info.dwFileAttributes & (FILE_ATTRIBUTE_DIRECTORY | FILE_ATTRIBUTE_REPARSE_POINT) ||
	    info.nFileSizeHigh || info.nFileSizeLow > PP_LOCK_NOTE_BYTES)
		return false;
	pp_lock_os_read(fd, text, sizeof(text));
	return !*text || (*text >= '0' && *text <= '9');
}

/* Still the file of that name. */
static bool lock_has_name(int fd, const char *path)
{
	BY_HANDLE_FILE_INFORMATION mine;
	struct pp_sys_info there;

	return GetFileInformationByHandle(lock_handle(fd), &mine) &&
	       !pp_path_info(path, false, &there) && there.volume == mine.dwVolumeSerialNumber &&
	       there.number == ((uint64_t)mine.nFileIndexHigh << 32 | mine.nFileIndexLow);
}

static bool lock_whole(int fd)
{
	OVERLAPPED at = lock_byte();

	return LockFileEx(lock_handle(fd), LOCKFILE_EXCLUSIVE_LOCK | LOCKFILE_FAIL_IMMEDIATELY, 0,
	                  1, 0, &at);
}

/* Whether it is the program of that name, and not another that has got its number. */
static bool lock_runs(HANDLE process, const char *name)
{
	wchar_t wide[PP_WIDE_PATH];
	char path[PATH_MAX];
	DWORD len = PP_WIDE_PATH;

	if (!QueryFullProcessImageNameW(process, 0, wide, &len) ||
	    pp_from_wide(wide, path, sizeof(path)))
		return true;
	const char *slash = strrchr(path, '\\');
	return !strncasecmp(slash ? slash + 1 : path, name, strlen(name));
}

/* The program of one that was killed may end a moment after the lock is free: it may yet write. */
static bool lock_is_outlived(int fd)
{
	char text[PP_LOCK_NOTE_BYTES + 1], *rest = text;
	uint64_t program;

	pp_lock_os_read(fd, text, sizeof(text));
	text[strcspn(text, "\n")] = '\0';
	strsep(&rest, " ");
	const char *second = strsep(&rest, " ");
	if (!second || !rest || !pp_parse_dec(second, UINT32_MAX, &program))
		return false;
	HANDLE h =
		OpenProcess(SYNCHRONIZE | PROCESS_QUERY_LIMITED_INFORMATION, FALSE, (DWORD)program);
	if (!h)
		return false;
	bool lives = lock_runs(h, rest) && WaitForSingleObject(h, END_MS) == WAIT_TIMEOUT;
	CloseHandle(h);
	return lives;
}

int pp_lock_os_try(int fd, const char *path)
{
	if (!lock_whole(fd))
		return GetLastError() == ERROR_LOCK_VIOLATION || GetLastError() == ERROR_IO_PENDING
		               ? -EAGAIN
		               : -pp_windows_errno(GetLastError());
	if (!lock_is_ours(fd))
		return -EEXIST;
	if (lock_has_name(fd, path))
		return lock_is_outlived(fd) ? -EAGAIN : 0;
	Sleep(WAIT_MS);
	return 1;
}

static int lock_open(const char *path, bool make)
{
	wchar_t wide[PP_WIDE_PATH];
	int r = pp_wide_path(path, wide);

	if (r)
		return r;
	HANDLE h = CreateFileW(wide, GENERIC_READ | GENERIC_WRITE | DELETE,
	                       FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL,
	                       make ? OPEN_ALWAYS : OPEN_EXISTING,
	                       FILE_FLAG_OPEN_REPARSE_POINT | FILE_ATTRIBUTE_NORMAL, NULL);
	if (h == INVALID_HANDLE_VALUE)
		return -pp_windows_errno(GetLastError());
	int fd = _open_osfhandle((intptr_t)h, O_BINARY | O_NOINHERIT);
	if (fd < 0)
		CloseHandle(h);
	return fd < 0 ? -EMFILE : fd;
}

/* A file whose removal is not finished refuses for a moment. */
int pp_lock_os_open(const char *path, bool make)
{
	int fd = lock_open(path, make);

	for (int i = 1; make && fd == -EACCES && i < TRIES; i++) {
		Sleep(WAIT_MS);
		fd = lock_open(path, make);
	}
	return fd;
}

int pp_lock_os_find_held(const char *path)
{
	int fd = lock_open(path, false);

	if (fd < 0 || !lock_whole(fd))
		return fd;
	close(fd);
	return -1;
}

void pp_lock_release(struct pp_lock *l)
{
	if (l->fd < 0)
		return;
	/* Whoever opened it before finds out that the name is gone, and begins anew. */
	if (l->remove && lock_has_name(l->fd, l->path))
		unlink(l->path);
	close(l->fd);
	l->fd = -1;
}
