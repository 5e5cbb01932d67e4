/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Where this Windows has its own directories: by the registry's part that only administrators may
 * change, never by a variable of the environment, which everybody may set.
 */
#include <windows.h>

#include "base/compat.h"
#include "sys/path.h"
#include "sys/state.h"
#include "sys/wide.h"
#include "sys/windows-places.h"

#define PROFILES    L"SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion\\ProfileList"
#define DRIVE       L"%SystemDrive%"
#define CURRENT     L"SOFTWARE\\Microsoft\\Windows\\CurrentVersion"
#define ENVIRONMENT L"SYSTEM\\CurrentControlSet\\Control\\Session Manager\\Environment"
#define PATH_BYTES  65536u

/* With / for \, and no separator at the end. */
static void places_tidy(char *path)
{
	for (char *c = path; *c; c++)
		*c = *c == '\\' ? '/' : *c;
	for (size_t len = strlen(path); len > 3 && path[len - 1] == '/'; len--)
		path[len - 1] = '\0';
}

const char *pp_windows_directory(void)
{
	static char path[PATH_MAX];
	wchar_t wide[MAX_PATH];

	if (*path)
		return path;
	UINT len = GetSystemWindowsDirectoryW(wide, MAX_PATH);
	if (!len || len >= MAX_PATH || pp_from_wide(wide, path, sizeof(path)))
		snprintf(path, sizeof(path), "C:/Windows");
	places_tidy(path);
	return path;
}

const char *pp_windows_program_data(void)
{
	static char path[PATH_MAX];
	wchar_t wide[MAX_PATH] = L"";
	DWORD size = sizeof(wide) - sizeof(*wide);
	const size_t drive = sizeof(DRIVE) / sizeof(wchar_t) - 1;
	char rest[PATH_MAX];

	if (*path)
		return path;
	if (RegGetValueW(HKEY_LOCAL_MACHINE, PROFILES, L"ProgramData",
	                 RRF_RT_REG_SZ | RRF_RT_REG_EXPAND_SZ | RRF_NOEXPAND, NULL, wide, &size))
		*wide = L'\0';
	bool on_system = !_wcsnicmp(wide, DRIVE, drive);
	if (pp_from_wide(on_system ? wide + drive : wide, rest, sizeof(rest)))
		*rest = '\0';
	if (on_system)
		snprintf(path, sizeof(path), "%.2s%s", pp_windows_directory(), rest);
	else if (pp_path_is_absolute(rest))
		snprintf(path, sizeof(path), "%s", rest);
	else
		snprintf(path, sizeof(path), "%.2s/ProgramData", pp_windows_directory());
	places_tidy(path);
	return path;
}

const char *pp_sys_state(void)
{
	static char path[PATH_MAX + sizeof(PP_SYS_STATE)];

	snprintf(path, sizeof(path), "%s/" PP_SYS_STATE, pp_windows_program_data());
	return path;
}

/* A text below HKEY_LOCAL_MACHINE, with the variables in it put in. */
static bool places_text(const wchar_t *key, const wchar_t *name, char *ret, size_t size)
{
	DWORD bytes = PATH_BYTES;
	PP_CLEANUP(pp_cleanup_free) wchar_t *wide = malloc(PATH_BYTES);

	if (!wide || RegGetValueW(HKEY_LOCAL_MACHINE, key, name, RRF_RT_REG_SZ, NULL, wide, &bytes))
		return false;
	if (pp_from_wide(wide, ret, size) || !*ret)
		return false;
	places_tidy(ret);
	return true;
}

bool pp_windows_program_files(bool is_32_bit, char *ret, size_t size)
{
	return places_text(CURRENT, is_32_bit ? L"ProgramFilesDir (x86)" : L"ProgramFilesDir", ret,
	                   size);
}

bool pp_windows_search_path(char *ret, size_t size)
{
	return places_text(ENVIRONMENT, L"Path", ret, size);
}
