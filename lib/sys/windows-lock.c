/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Lock files for Windows: taking, releasing, and telling who holds one. */
#include <windows.h>

#include "base/compat.h"
#include "base/text.h"
#include "sys/lock.h"
#include "sys/path.h"
#include "sys/wide.h"

#define TRIES      16
#define WAIT_MS    20
#define END_MS     10000
#define NOTE_BYTES 96 /* "123\n" by itself, "123 456 conrep.exe\n" with a program at work */

/*
 * Locks are mandatory here: this byte far behind the end of the file keeps the note readable. A
 * program that we start has no lock of its own: it is ended with us (sys/process.h), but not in the
 * same moment. lock_outlive() waits for that.
 */
static OVERLAPPED lock_byte(void)
{
	return (OVERLAPPED){ .OffsetHigh = 0x7fffffff };
}

static HANDLE lock_handle(int fd)
{
	return (HANDLE)_get_osfhandle(fd);
}

static int lock_failed(const char *path, int code, struct pp_error *e)
{
	return pp_fail(e, code, "%.300s: %s", path, strerror(code));
}

static bool lock_is_alive(uint64_t pid)
{
	HANDLE h = OpenProcess(SYNCHRONIZE, FALSE, (DWORD)pid);

	if (!h)
		return GetLastError() == ERROR_ACCESS_DENIED;
	bool alive = WaitForSingleObject(h, 0) == WAIT_TIMEOUT;
	CloseHandle(h);
	return alive;
}

static size_t lock_read_note(int fd, char *ret, size_t size)
{
	int n = _lseeki64(fd, 0, SEEK_SET) ? 0 : read(fd, ret, (unsigned int)size - 1);

	ret[n > 0 ? n : 0] = '\0';
	return strlen(ret);
}

static int lock_busy(int fd, const char *path, const char *what, struct pp_error *e)
{
	char text[NOTE_BYTES + 1] = "", *rest = text;
	uint64_t pid, program;

	lock_read_note(fd, text, sizeof(text));
	text[strcspn(text, "\n")] = '\0';
	const char *first = strsep(&rest, " "), *second = strsep(&rest, " ");
	if (!pp_parse_dec(first, UINT32_MAX, &pid))
		return pp_fail(e, EBUSY, "%.200s an unknown process (its lock: %.250s)", what,
		               path);
	if (second && rest && pp_parse_dec(second, UINT32_MAX, &program) &&
	    lock_is_alive(program)) {
		pp_text_clean_in_place(rest);
		return pp_fail(e, EBUSY,
		               "%.150s process %u, which runs %.40s (process %u; its lock: %.200s)",
		               what, (unsigned int)pid, rest, (unsigned int)program, path);
	}
	return pp_fail(e, EBUSY, "%.150s process %u (its lock: %.200s)", what, (unsigned int)pid,
	               path);
}

/* Somebody else's file must never be cut and written to. */
static bool lock_is_ours(int fd)
{
	char text[NOTE_BYTES + 1];
	BY_HANDLE_FILE_INFORMATION info;

	if (!GetFileInformationByHandle(lock_handle(fd), &info) || info.nNumberOfLinks > 1 ||
	    info.dwFileAttributes & (FILE_ATTRIBUTE_DIRECTORY | FILE_ATTRIBUTE_REPARSE_POINT) ||
	    info.nFileSizeHigh || info.nFileSizeLow > NOTE_BYTES)
		return false;
	return !lock_read_note(fd, text, sizeof(text)) || (*text >= '0' && *text <= '9');
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

/* 1: another holder removed the file meanwhile; 0 locked; else an errno. */
static int lock_try(int fd, const char *path, const char *what, struct pp_error *e)
{
	if (!lock_whole(fd))
		return GetLastError() == ERROR_LOCK_VIOLATION || GetLastError() == ERROR_IO_PENDING
		               ? lock_busy(fd, path, what, e)
		               : lock_failed(path, pp_windows_errno(GetLastError()), e);
	if (!lock_is_ours(fd))
		return pp_fail(e, EEXIST, "%.300s: exists and is not a lock file of pcipass", path);
	return !lock_has_name(fd, path);
}

void pp_lock_note(const struct pp_lock *l, int program, const char *name)
{
	char text[NOTE_BYTES];

	if (l->fd < 0)
		return;
	unsigned long pid = GetCurrentProcessId();
	int len = program ? snprintf(text, sizeof(text), "%lu %d %.40s\n", pid, program, name)
	                  : snprintf(text, sizeof(text), "%lu\n", pid);
	bool written =
		!_lseeki64(l->fd, 0, SEEK_SET) && write(l->fd, text, (unsigned int)len) == len;
	if (_chsize_s(l->fd, written ? len : 0))
		return;
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
static int lock_outlive(int fd, const char *path, const char *what, struct pp_error *e)
{
	char text[NOTE_BYTES + 1] = "", *rest = text;
	uint64_t program;

	lock_read_note(fd, text, sizeof(text));
	text[strcspn(text, "\n")] = '\0';
	strsep(&rest, " ");
	const char *second = strsep(&rest, " ");
	if (!second || !rest || !pp_parse_dec(second, UINT32_MAX, &program))
		return 0;
	HANDLE h =
		OpenProcess(SYNCHRONIZE | PROCESS_QUERY_LIMITED_INFORMATION, FALSE, (DWORD)program);
	if (!h)
		return 0;
	bool lives = lock_runs(h, rest) && WaitForSingleObject(h, END_MS) == WAIT_TIMEOUT;
	CloseHandle(h);
	return lives ? lock_busy(fd, path, what, e) : 0;
}

static int lock_open(const char *path, enum pp_lock_how how)
{
	wchar_t wide[PP_WIDE_PATH];
	int r = pp_wide_path(path, wide);

	if (r)
		return r;
	HANDLE h = CreateFileW(wide, GENERIC_READ | GENERIC_WRITE | DELETE,
	                       FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL,
	                       how == PP_LOCK_IF_THERE ? OPEN_EXISTING : OPEN_ALWAYS,
	                       FILE_FLAG_OPEN_REPARSE_POINT | FILE_ATTRIBUTE_NORMAL, NULL);
	if (h == INVALID_HANDLE_VALUE)
		return -pp_windows_errno(GetLastError());
	int fd = _open_osfhandle((intptr_t)h, O_BINARY | O_NOINHERIT);
	if (fd < 0)
		CloseHandle(h);
	return fd < 0 ? -EMFILE : fd;
}

int pp_lock_take(const char *path, const char *what, enum pp_lock_how how, struct pp_lock *ret,
                 struct pp_error *e)
{
	struct pp_lock l = { .remove = how == PP_LOCK_REMOVE };

	if (snprintf(l.path, sizeof(l.path), "%s", path) >= (int)sizeof(l.path))
		return lock_failed(path, ENAMETOOLONG, e);
	for (int i = 0; i < TRIES; i++) {
		l.fd = lock_open(path, how);
		if (how == PP_LOCK_IF_THERE && (l.fd == -ENOENT || l.fd == -EACCES)) {
			*ret = PP_LOCK_NONE;
			return 0;
		}
		/* A file whose removal is not finished refuses for a moment. */
		if (l.fd == -EACCES && i + 1 < TRIES) {
			Sleep(WAIT_MS);
			continue;
		}
		if (l.fd < 0)
			return lock_failed(path, -l.fd, e);
		int r = lock_try(l.fd, path, what, e);
		if (r == 0)
			r = lock_outlive(l.fd, path, what, e);
		if (r == 0) {
			if (how != PP_LOCK_IF_THERE)
				pp_lock_note(&l, 0, NULL);
			*ret = l;
			return 0;
		}
		close(l.fd);
		if (r < 0)
			return r;
		Sleep(WAIT_MS);
	}
	return pp_fail(e, EBUSY, "%.200s other processes in turn (their lock: %.250s)", what, path);
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

int pp_lock_check(const char *path, const char *what, struct pp_error *e)
{
	int fd = lock_open(path, PP_LOCK_IF_THERE);

	if (fd < 0)
		return 0;
	int r = lock_whole(fd) ? 0 : lock_busy(fd, path, what, e);
	close(fd);
	return r;
}
