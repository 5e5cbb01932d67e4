/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A directory as a capture, on Windows: one that was made under Windows, and unpacked. A capture of
 * Linux has names of devices that no file can have here, and links that unpacking loses; what is
 * lost would read as absent.
 */
#include <stdio.h>
#include <string.h>

#include "source/fsroot.h"
#include "source/stored.h"
#include "sys/file.h"
#include "sys/path.h"

#define DEVICES "windows/devices"

struct windows_directory {
	struct pp_stored *s;
	struct pp_error *e;
};

static int windows_directory_failed(struct windows_directory *l, const char *path, int code)
{
	if (code == E2BIG)
		return pp_fail(l->e, E2BIG, "%.300s: the capture is larger than %zu MiB", path,
		               PP_MAX_TOTAL_BYTES >> 20);
	return code == ENOMEM ? pp_fail_oom(l->e, path)
	                      : pp_fail(l->e, code, "%.300s: %s", path, strerror(code));
}

static int windows_directory_file(struct windows_directory *l, const char *path, uint32_t node)
{
	struct pp_error why = { 0 };
	struct pp_span bytes = { 0 };
	int r = pp_file_read(path, PP_MAX_FILE_BYTES, &l->s->arena, &bytes, &why);

	/* One that cannot be read is there all the same. */
	if (r == -EACCES || r == -EPERM || r == -EFBIG) {
		pp_tree_at(&l->s->tree, node)->kind = PP_TREE_THERE;
		pp_tree_at(&l->s->tree, node)->error = r == -EFBIG ? E2BIG : EACCES;
		return 0;
	}
	if (r == -ENOMEM)
		return windows_directory_failed(l, path, -pp_tree_full(&l->s->tree, 1));
	if (r)
		return windows_directory_failed(l, path, -r);
	pp_tree_at(&l->s->tree, node)->kind = PP_TREE_FILE;
	pp_tree_at(&l->s->tree, node)->data = bytes;
	return 0;
}

/* Recursion ends at PP_MAX_DEPTH, where the tree takes no more. Links are passed over. */
static int windows_directory_load(struct windows_directory *l, const char *path, uint32_t node)
{
	char below[PP_MAX_PATH + 1];
	struct pp_sys_info info;
	struct pp_arena names_arena;
	struct pp_names names;
	uint32_t child;

	pp_arena_init(&names_arena, 0);
	int r = pp_path_list(path, &names_arena, &names);
	if (r)
		r = windows_directory_failed(l, path, -r);
	for (uint32_t i = 0; !r && i < names.count; i++) {
		const char *name = names.names[i];
		if ((size_t)snprintf(below, sizeof(below), "%s/%s", path, name) >= sizeof(below))
			r = windows_directory_failed(l, path, ENAMETOOLONG);
		else if ((r = pp_path_info(below, false, &info)))
			r = windows_directory_failed(l, below, -r);
		if (r || info.kind == PP_SYS_OTHER)
			continue;
		r = pp_tree_add(&l->s->tree, node, name, strlen(name), &child);
		if (r) {
			r = windows_directory_failed(l, below, -r);
		} else if (info.kind == PP_SYS_FILE) {
			r = windows_directory_file(l, below, child);
		} else {
			pp_tree_at(&l->s->tree, child)->kind = PP_TREE_DIRECTORY;
			r = windows_directory_load(l, below, child);
		}
	}
	pp_arena_fini(&names_arena);
	return r;
}

/* What only a capture made under Windows has. */
static bool windows_directory_is_ours(const char *path)
{
	char devices[PP_MAX_PATH + 1];
	struct pp_sys_info info;

	return (size_t)snprintf(devices, sizeof(devices), "%s/" DEVICES, path) < sizeof(devices) &&
	       !pp_path_info(devices, false, &info) && info.kind == PP_SYS_DIRECTORY;
}

bool pp_input_is_host(const struct pp_input *in)
{
	return false;
}

int pp_directory_input(const char *path)
{
	return -1;
}

int pp_directory_open(const struct pp_input *in, struct pp_source **ret, struct pp_error *e)
{
	const char *path = in->path;
	struct windows_directory l = { .e = e };

	if (!windows_directory_is_ours(path))
		return pp_fail(
			e, EISDIR,
			"a directory without " DEVICES ": on Windows pcipass reads a capture of "
			"Linux as an archive only, because names such as 0000:07:00.0 cannot be "
			"files here; pack it as .tar or .tar.gz where it was made");
	int r = pp_stored_new(PP_SOURCE_DIRECTORY, &l.s, e);
	if (r)
		return r;
	r = windows_directory_load(&l, path, PP_TREE_TOP);
	if (!r)
		r = pp_stored_finish(l.s, e);
	if (r) {
		pp_source_free(&l.s->base);
		return r;
	}
	*ret = &l.s->base;
	return 0;
}

int pp_directory_open_as_is(const char *path, struct pp_source **ret, struct pp_error *e)
{
	return pp_fail(e, ENOTSUP, "on Windows name the captures themselves");
}
