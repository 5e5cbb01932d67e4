/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A new file in the place of an old one, for Windows: temporary name, flush, rename. */
#include <windows.h>

#include "base/compat.h"
#include "sys/temporary.h"
#include "sys/wide.h"

#define TRIES 16

/* What is behind the last separator, a drive's colon among them. */
static const char *atomic_name(const char *path)
{
	const char *name = path;

	for (const char *c = path; *c; c++)
		if (*c == '/' || *c == '\\' || *c == ':')
			name = c + 1;
	return name;
}

/* A name beside path. */
static int atomic_beside(const char *path, const char *name, wchar_t ret[PP_WIDE_PATH])
{
	char beside[PATH_MAX];
	int directory = (int)(atomic_name(path) - path);

	if (snprintf(beside, sizeof(beside), "%.*s%s", directory, path, name) >=
	    (int)sizeof(beside))
		return -ENAMETOOLONG;
	return pp_wide_path(beside, ret);
}

/* What is at the name already: 0 if it may become ours. */
static int atomic_check_old(const struct pp_atomic *f, struct pp_error *e)
{
	struct pp_sys_info info;
	int r = pp_path_info(f->path, false, &info);

	if (r)
		return r == -ENOENT ? 0 : pp_atomic_failed(f, -r, e);
	return pp_atomic_check_kind(f, info.kind, e);
}

/* Shared with nobody as long as its writer lives, so that nobody else can remove it. */
static int atomic_open_temporary(struct pp_atomic *f)
{
	char prefix[PP_TEMPORARY_PREFIX_BYTES + 1];
	wchar_t wide[PP_WIDE_PATH];

	pp_temporary_prefix(f->name, prefix);
	for (int i = 0; i < TRIES; i++) {
		int r = pp_temporary_name(prefix, f->temporary);
		if (!r)
			r = atomic_beside(f->path, f->temporary, wide);
		if (r)
			return r;
		HANDLE h = CreateFileW(wide, GENERIC_WRITE, 0, NULL, CREATE_NEW,
		                       FILE_ATTRIBUTE_NORMAL, NULL);
		if (h != INVALID_HANDLE_VALUE) {
			f->fd = _open_osfhandle((intptr_t)h, O_BINARY | O_NOINHERIT);
			if (f->fd >= 0)
				return 0;
			CloseHandle(h);
			DeleteFileW(wide);
			return -EMFILE;
		}
		if (GetLastError() != ERROR_FILE_EXISTS)
			return -pp_windows_errno(GetLastError());
	}
	return -EEXIST;
}

void pp_atomic_clean_up(const char *path)
{
	char prefix[PP_TEMPORARY_PREFIX_BYTES + 1], name[MAX_PATH];
	wchar_t wide[PP_WIDE_PATH];
	WIN32_FIND_DATAW found;

	pp_temporary_prefix(atomic_name(path), prefix);
	if (atomic_beside(path, ".pcipass-*.tmp", wide))
		return;
	HANDLE h = FindFirstFileW(wide, &found);
	if (h == INVALID_HANDLE_VALUE)
		return;
	do {
		/* One whose writer lives cannot be removed. */
		if (!pp_from_wide(found.cFileName, name, sizeof(name)) &&
		    pp_temporary_is(name, prefix) && !atomic_beside(path, name, wide))
			DeleteFileW(wide);
	} while (FindNextFileW(h, &found));
	FindClose(h);
}

int pp_atomic_open(const char *path, mode_t mode, bool overwrite, struct pp_atomic *ret,
                   struct pp_error *e)
{
	struct pp_atomic f = { .fd = -1, .dir = -1, .path = path, .overwrite = overwrite };

	f.name = atomic_name(path);
	if (!*f.name)
		return pp_atomic_failed(&f, EISDIR, e);
	int r = atomic_check_old(&f, e);
	if (r)
		return r;
	pp_atomic_clean_up(path);
	r = atomic_open_temporary(&f);
	if (r)
		return pp_atomic_failed(&f, -r, e);
	*ret = f;
	return 0;
}

void pp_atomic_abort(struct pp_atomic *f)
{
	wchar_t wide[PP_WIDE_PATH];

	if (f->fd >= 0)
		close(f->fd);
	f->fd = -1;
	if (!atomic_beside(f->path, f->temporary, wide))
		DeleteFileW(wide);
}

static int atomic_put_in_place(const struct pp_atomic *f)
{
	wchar_t from[PP_WIDE_PATH], to[PP_WIDE_PATH];
	int r = atomic_beside(f->path, f->temporary, from);

	if (!r)
		r = pp_wide_path(f->path, to);
	if (r)
		return r;
	if (MoveFileExW(from, to,
	                MOVEFILE_WRITE_THROUGH | (f->overwrite ? MOVEFILE_REPLACE_EXISTING : 0)))
		return 0;
	return -pp_windows_errno(GetLastError());
}

int pp_atomic_commit(struct pp_atomic *f, struct pp_error *e)
{
	int r = _commit(f->fd) ? -errno : 0;

	if (close(f->fd) && !r)
		r = -errno;
	f->fd = -1;
	if (!r)
		r = atomic_put_in_place(f);
	if (r) {
		pp_atomic_failed(f, -r, e);
		pp_atomic_abort(f);
	}
	return r;
}
