/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Schema and data files: bounded, and never a device. */
#include <string.h>

#include "conrep/xml.h"
#include "settings/settings.h"
#include "sys/file.h"
#include "sys/path.h"

int pp_settings_file(const char *path, struct pp_arena *a, struct pp_span *ret, const char **object,
                     struct pp_error *e)
{
	const char *slash = strrchr(path, '/');
	char *name = pp_arena_strdup(a, slash && slash[1] ? slash + 1 : path);

	if (!name)
		return pp_fail_oom(e, path);
	*object = name;
	return pp_file_read_input(path, PP_XML_MAX_FILE_BYTES, a, ret, e);
}

int pp_settings_check_target(const char *path, const char *own, const char *what,
                             struct pp_error *e)
{
	if (!pp_path_is_same(path, own))
		return 0;
	return pp_fail(e, EINVAL, "%.300s: is %s itself, which would be overwritten", path, what);
}

int pp_settings_check_targets(const struct pp_settings *s, const char *path, struct pp_error *e)
{
	int r = s->schema_path ? pp_settings_check_target(path, s->schema_path, "the schema", e)
	                       : 0;

	if (!r && !strcmp(s->store->ops->kind, "image"))
		r = pp_settings_check_target(path, s->store->where + strlen("image:"), "the store",
		                             e);
	return r;
}
