/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Looks at what is at a path of this machine, for Windows. */
#include <windows.h>

#include "base/compat.h"
#include "sys/file.h"
#include "sys/name-list.h"
#include "sys/path.h"
#include "sys/wide.h"

/* A symbolic link or a junction; other reparse points, such as a file kept elsewhere, are files. */
static bool path_is_link(HANDLE h)
{
	FILE_ATTRIBUTE_TAG_INFO tag;

	return GetFileInformationByHandleEx(h, FileAttributeTagInfo, &tag, sizeof(tag)) &&
	       tag.FileAttributes & FILE_ATTRIBUTE_REPARSE_POINT &&
	       IsReparseTagNameSurrogate(tag.ReparseTag);
}

/* For looking at only; a directory too. */
static int path_open(const char *path, bool follow, HANDLE *ret)
{
	wchar_t wide[PP_WIDE_PATH];
	int r = pp_wide_path(path, wide);

	if (r)
		return r;
	*ret = CreateFileW(
		wide, FILE_READ_ATTRIBUTES, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE,
		NULL, OPEN_EXISTING,
		FILE_FLAG_BACKUP_SEMANTICS | (follow ? 0 : FILE_FLAG_OPEN_REPARSE_POINT), NULL);
	return *ret == INVALID_HANDLE_VALUE ? -pp_windows_errno(GetLastError()) : 0;
}

int pp_path_info(const char *path, bool follow, struct pp_sys_info *ret)
{
	BY_HANDLE_FILE_INFORMATION info;
	HANDLE h;
	int r = path_open(path, follow, &h);

	if (r)
		return r;
	/* CON, NUL and their like are no files and have no such information. */
	if (GetFileType(h) != FILE_TYPE_DISK)
		*ret = (struct pp_sys_info){ .kind = PP_SYS_OTHER };
	else if (!GetFileInformationByHandle(h, &info))
		r = -pp_windows_errno(GetLastError());
	else
		*ret = (struct pp_sys_info){
			.kind = !follow && path_is_link(h) ? PP_SYS_OTHER
			        : info.dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY
			                ? PP_SYS_DIRECTORY
			                : PP_SYS_FILE,
			.bytes = (uint64_t)info.nFileSizeHigh << 32 | info.nFileSizeLow,
			.volume = info.dwVolumeSerialNumber,
			.number = (uint64_t)info.nFileIndexHigh << 32 | info.nFileIndexLow,
		};
	CloseHandle(h);
	return r;
}

/* What may be run is told by its name's end alone, and the caller has chosen the name. */
bool pp_path_is_program(const char *path)
{
	struct pp_sys_info info;

	return !pp_path_info(path, true, &info) && info.kind == PP_SYS_FILE;
}

int pp_path_check_writable(const char *path)
{
	wchar_t wide[PP_WIDE_PATH];
	struct pp_sys_info info;
	int r = pp_path_info(path, true, &info);

	if (!r)
		r = pp_wide_path(path, wide);
	if (r)
		return r;
	bool directory = info.kind == PP_SYS_DIRECTORY;
	HANDLE h = CreateFileW(wide, directory ? FILE_ADD_FILE : GENERIC_WRITE,
	                       FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL,
	                       OPEN_EXISTING, directory ? FILE_FLAG_BACKUP_SEMANTICS : 0, NULL);
	if (h == INVALID_HANDLE_VALUE)
		return -pp_windows_errno(GetLastError());
	CloseHandle(h);
	return 0;
}

/* Without the prefix that only long paths need. */
static const wchar_t *path_plain(wchar_t *path)
{
	static const wchar_t unc[] = L"\\\\?\\UNC\\", local[] = L"\\\\?\\";
	const size_t unc_len = sizeof(unc) / sizeof(*unc) - 1;

	if (!wcsncmp(path, unc, unc_len)) {
		path += unc_len - 2;
		*path = L'\\';
		return path;
	}
	return wcsncmp(path, local, 4) ? path : path + 4;
}

int pp_path_resolve(const char *path, char ret[PATH_MAX], struct pp_error *e)
{
	wchar_t wide[PP_WIDE_PATH];
	HANDLE h;
	int r = path_open(path, true, &h);

	if (r)
		return pp_file_failed(path, -r, e);
	DWORD len = GetFinalPathNameByHandleW(h, wide, PP_WIDE_PATH, FILE_NAME_NORMALIZED);
	r = !len ? -pp_windows_errno(GetLastError()) : len >= PP_WIDE_PATH ? -ENAMETOOLONG : 0;
	CloseHandle(h);
	if (!r)
		r = pp_from_wide(path_plain(wide), ret, PATH_MAX);
	return r ? pp_file_failed(path, -r, e) : 0;
}

bool pp_file_contains(const char *path, uint64_t max, const char *text)
{
	struct pp_arena a;
	struct pp_span bytes;

	pp_arena_init(&a, 0);
	bool found = max <= SIZE_MAX && !pp_file_read(path, (size_t)max, &a, &bytes, NULL) &&
	             memmem(bytes.data, bytes.len, text, strlen(text));
	pp_arena_fini(&a);
	return found;
}

static int path_add_name(struct pp_name_list *n, struct pp_arena *a, const wchar_t *wide)
{
	char name[3 * MAX_PATH + 1];

	if (!wcscmp(wide, L".") || !wcscmp(wide, L".."))
		return 0;
	int r = pp_from_wide(wide, name, sizeof(name));
	if (r)
		return r;
	return pp_name_list_add(n, a, name);
}

static int path_read_names(const wchar_t *pattern, struct pp_arena *a, struct pp_name_list *ret)
{
	WIN32_FIND_DATAW found;
	HANDLE h = FindFirstFileExW(pattern, FindExInfoBasic, &found, FindExSearchNameMatch, NULL,
	                            FIND_FIRST_EX_LARGE_FETCH);

	if (h == INVALID_HANDLE_VALUE)
		return GetLastError() == ERROR_FILE_NOT_FOUND ? 0
		                                              : -pp_windows_errno(GetLastError());
	int r;
	do
		r = path_add_name(ret, a, found.cFileName);
	while (!r && FindNextFileW(h, &found));
	if (!r && GetLastError() != ERROR_NO_MORE_FILES)
		r = -pp_windows_errno(GetLastError());
	FindClose(h);
	return r;
}

int pp_path_list(const char *path, struct pp_arena *a, struct pp_names *ret)
{
	wchar_t pattern[PP_WIDE_PATH];
	struct pp_name_list n = { 0 };
	struct pp_sys_info info;
	int r = pp_path_info(path, true, &info);

	if (!r && info.kind != PP_SYS_DIRECTORY)
		r = -ENOTDIR;
	if (!r)
		r = pp_wide_path(path, pattern);
	if (!r && wcslen(pattern) + 3 > PP_WIDE_PATH)
		r = -ENAMETOOLONG;
	if (r)
		return r;
	wcscat(pattern, L"\\*");
	r = path_read_names(pattern, a, &n);
	return pp_name_list_end(&n, r, a, ret);
}

/* "C:/file", with either slash; what lies on another machine is not taken. */
bool pp_path_is_absolute(const char *path)
{
	bool letter = (*path >= 'A' && *path <= 'Z') || (*path >= 'a' && *path <= 'z');

	return letter && path[1] == ':' && (path[2] == '/' || path[2] == '\\');
}
