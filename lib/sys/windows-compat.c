/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The C library's calls for files with UTF-8 paths and binary content, and what it lacks besides.
 */
#include <stdarg.h>
#include <windows.h>

/* For RtlGenRandom: documented under this name. */
#include <ntsecapi.h>

#include "base/compat.h"
#include "sys/wide.h"

#undef open
#undef fopen
#undef access
#undef unlink
#undef _stat64

static bool wide_is_slash(char c)
{
	return c == '/' || c == '\\';
}

/*
 * \\.\NAME and \\?\NAME lead to drives, pipes and other devices, on which opening alone may do
 * something; not \\?\C:\ and \\?\UNC\, which only long paths have.
 */
static bool wide_is_device(const char *path)
{
	if (!wide_is_slash(path[0]) || !wide_is_slash(path[1]) ||
	    (path[2] != '.' && path[2] != '?') || !wide_is_slash(path[3]))
		return false;
	const char *rest = path + 4;
	bool drive = *rest && rest[1] == ':' && wide_is_slash(rest[2]);
	bool share = !strncasecmp(rest, "UNC", 3) && wide_is_slash(rest[3]);
	return path[2] == '.' || !(drive || share);
}

int pp_wide_path(const char *path, wchar_t ret[PP_WIDE_PATH])
{
	if (!*path)
		return -ENOENT;
	if (wide_is_device(path))
		return -EINVAL;
	if (MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, path, -1, ret, PP_WIDE_PATH))
		return 0;
	return GetLastError() == ERROR_INSUFFICIENT_BUFFER ? -ENAMETOOLONG : -EILSEQ;
}

int pp_from_wide(const wchar_t *text, char *ret, size_t size)
{
	int room = size > INT_MAX ? INT_MAX : (int)size;

	if (WideCharToMultiByte(CP_UTF8, 0, text, -1, ret, room, NULL, NULL))
		return 0;
	return GetLastError() == ERROR_INSUFFICIENT_BUFFER ? -ENAMETOOLONG : -EILSEQ;
}

int pp_windows_errno(unsigned long code)
{
	static const struct {
		unsigned long code;
		int error;
	} known[] = {
		{ ERROR_FILE_NOT_FOUND, ENOENT },
		{ ERROR_PATH_NOT_FOUND, ENOENT },
		{ ERROR_INVALID_NAME, ENOENT },
		{ ERROR_BAD_PATHNAME, ENOENT },
		{ ERROR_BAD_NETPATH, ENOENT },
		{ ERROR_INVALID_DRIVE, ENOENT },
		{ ERROR_NO_MORE_FILES, ENOENT },
		{ ERROR_NOT_FOUND, ENOENT },
		{ ERROR_ACCESS_DENIED, EACCES },
		{ ERROR_PRIVILEGE_NOT_HELD, EPERM },
		{ ERROR_SHARING_VIOLATION, EBUSY },
		{ ERROR_LOCK_VIOLATION, EBUSY },
		{ ERROR_USER_MAPPED_FILE, EBUSY },
		{ ERROR_WRITE_PROTECT, EROFS },
		{ ERROR_DISK_FULL, ENOSPC },
		{ ERROR_HANDLE_DISK_FULL, ENOSPC },
		{ ERROR_NOT_ENOUGH_MEMORY, ENOMEM },
		{ ERROR_OUTOFMEMORY, ENOMEM },
		{ ERROR_NO_SYSTEM_RESOURCES, ENOMEM },
		{ ERROR_TOO_MANY_OPEN_FILES, EMFILE },
		{ ERROR_FILE_EXISTS, EEXIST },
		{ ERROR_ALREADY_EXISTS, EEXIST },
		{ ERROR_DIR_NOT_EMPTY, ENOTEMPTY },
		{ ERROR_DIRECTORY, ENOTDIR },
		{ ERROR_FILENAME_EXCED_RANGE, ENAMETOOLONG },
		{ ERROR_BUFFER_OVERFLOW, ENAMETOOLONG },
		{ ERROR_NOT_SAME_DEVICE, EXDEV },
		{ ERROR_NOT_SUPPORTED, ENOTSUP },
		{ ERROR_INVALID_FUNCTION, ENOTSUP },
		{ ERROR_CALL_NOT_IMPLEMENTED, ENOSYS },
		{ ERROR_INVALID_PARAMETER, EINVAL },
		{ ERROR_INVALID_HANDLE, EBADF },
		{ ERROR_BROKEN_PIPE, EPIPE },
		{ ERROR_NO_DATA, EPIPE },
		{ ERROR_NOT_READY, ENODEV },
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (known[i].code == code)
			return known[i].error;
	return EIO;
}

/* Whether the path can be used; sets errno as the C library does. */
static bool compat_wide(const char *path, wchar_t ret[PP_WIDE_PATH])
{
	int r = pp_wide_path(path, ret);

	if (r)
		errno = -r;
	return !r;
}

int pp_compat_open(const char *path, int flags, ...)
{
	wchar_t wide[PP_WIDE_PATH];
	int mode = 0;

	if (flags & O_CREAT) {
		va_list ap;
		va_start(ap, flags);
		mode = va_arg(ap, int);
		va_end(ap);
	}
	/* The only bit of a mode that Windows has: whether the file can be written. */
	return compat_wide(path, wide)
	               ? _wopen(wide, flags | O_BINARY,
	                        mode & 0222 || !(flags & O_CREAT) ? _S_IREAD | _S_IWRITE : _S_IREAD)
	               : -1;
}

/* "rbe": "e" is glibc's O_CLOEXEC. */
FILE *pp_compat_fopen(const char *path, const char *mode)
{
	wchar_t wide[PP_WIDE_PATH];

	if (!compat_wide(path, wide))
		return NULL;
	return _wfopen(wide, *mode == 'r' ? L"rbN" : *mode == 'a' ? L"abN" : L"wbN");
}

int pp_compat_access(const char *path, int mode)
{
	wchar_t wide[PP_WIDE_PATH];

	return compat_wide(path, wide) ? _waccess(wide, mode & ~X_OK) : -1;
}

int pp_compat_unlink(const char *path)
{
	wchar_t wide[PP_WIDE_PATH];

	return compat_wide(path, wide) ? _wunlink(wide) : -1;
}

int pp_compat_rmdir(const char *path)
{
	wchar_t wide[PP_WIDE_PATH];

	return compat_wide(path, wide) ? _wrmdir(wide) : -1;
}

int pp_compat_stat(const char *path, struct _stat64 *ret)
{
	wchar_t wide[PP_WIDE_PATH];

	return compat_wide(path, wide) ? _wstat64(wide, ret) : -1;
}

ssize_t getrandom(void *bytes, size_t len, unsigned int flags)
{
	if (len <= INT_MAX && RtlGenRandom(bytes, (ULONG)len))
		return (ssize_t)len;
	errno = EIO;
	return -1;
}

unsigned int geteuid(void)
{
	TOKEN_ELEVATION elevation = { 0 };
	HANDLE token;
	DWORD len;

	if (!OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &token))
		return 1;
	bool elevated =
		GetTokenInformation(token, TokenElevation, &elevation, sizeof(elevation), &len) &&
		elevation.TokenIsElevated;
	CloseHandle(token);
	return elevated ? 0 : 1;
}

unsigned int getegid(void)
{
	return geteuid();
}
