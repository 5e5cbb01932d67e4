/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Working directories under Windows: who may use them is what the directory above hands down. */
#include <windows.h>

#include "base/compat.h"
#include "sys/file.h"
#include "sys/path.h"
#include "sys/scratch.h"
#include "sys/wide.h"

int pp_scratch_make(const char *above, const char *prefix, char ret[PATH_MAX], struct pp_error *e)
{
	wchar_t wide[PP_WIDE_PATH];
	unsigned int random;

	if (getrandom(&random, sizeof(random), 0) != (ssize_t)sizeof(random) ||
	    snprintf(ret, PATH_MAX, "%s/%s-%lu-%08x", above, prefix,
	             (unsigned long)GetCurrentProcessId(), random) >= PATH_MAX)
		return pp_fail(e, EIO, "%.300s: no name for a directory in it", above);
	int r = pp_wide_path(ret, wide);
	if (!r && !CreateDirectoryW(wide, NULL))
		r = -pp_windows_errno(GetLastError());
	return r ? pp_file_failed(ret, -r, e) : 0;
}

int pp_scratch_put(const char *path, struct pp_span bytes, struct pp_error *e)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd < 0)
		return pp_file_failed(path, errno, e);
	int r = pp_fd_write(fd, bytes);
	close(fd);
	return r ? pp_file_failed(path, -r, e) : 0;
}

void pp_scratch_remove(const char *path)
{
	char file[PATH_MAX];
	wchar_t wide[PP_WIDE_PATH];
	struct pp_names names = { .count = 0 };
	struct pp_arena a;

	pp_arena_init(&a, 0);
	if (pp_path_list(path, &a, &names))
		names.count = 0;
	for (uint32_t i = 0; i < names.count; i++)
		if (snprintf(file, sizeof(file), "%s/%s", path, names.names[i]) < PATH_MAX)
			unlink(file);
	pp_arena_fini(&a);
	if (!pp_wide_path(path, wide))
		RemoveDirectoryW(wide);
}

/* The process whose number stands in the name: "hp-work-123-0a1b2c3d". */
static bool scratch_is_orphan(const char *name, const char *prefix)
{
	size_t len = strlen(prefix);
	char *end;

	if (strncmp(name, prefix, len) || name[len] != '-')
		return false;
	unsigned long pid = strtoul(name + len + 1, &end, 10);
	if (*end != '-')
		return false;
	HANDLE h = OpenProcess(SYNCHRONIZE, FALSE, pid);
	if (!h)
		return GetLastError() != ERROR_ACCESS_DENIED;
	bool alive = WaitForSingleObject(h, 0) == WAIT_TIMEOUT;
	CloseHandle(h);
	return !alive;
}

void pp_scratch_clean_up(const char *above, const char *prefix)
{
	char path[PATH_MAX];
	struct pp_names names = { .count = 0 };
	struct pp_arena a;

	pp_arena_init(&a, 0);
	if (pp_path_list(above, &a, &names))
		names.count = 0;
	for (uint32_t i = 0; i < names.count; i++)
		if (scratch_is_orphan(names.names[i], prefix) &&
		    snprintf(path, sizeof(path), "%s/%s", above, names.names[i]) < PATH_MAX)
			pp_scratch_remove(path);
	pp_arena_fini(&a);
}
