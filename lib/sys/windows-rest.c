/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the build for Windows cannot do yet: running programs and acting on this machine. */
#include <windows.h>

#include "base/compat.h"
#include "sys/file.h"
#include "sys/machine.h"
#include "sys/scratch.h"
#include "sys/trust.h"
#include "sys/variable.h"

#define NOT_HERE "not possible in this build for Windows"

int pp_sys_live(struct pp_sys **ret, struct pp_error *e)
{
	return pp_fail(e, ENOTSUP, "acting on this machine: " NOT_HERE);
}

int pp_sys_below(const char *root, struct pp_sys **ret, struct pp_error *e)
{
	return pp_fail(e, ENOTSUP, "%.300s: " NOT_HERE, root);
}

int64_t pp_now_ms(void)
{
	return (int64_t)GetTickCount64();
}

int pp_process_run(const struct pp_process *p, struct pp_process_result *ret, struct pp_error *e)
{
	return pp_fail(e, ENOTSUP, "%.300s: " NOT_HERE, p->program);
}

int pp_trust_check(const char *path, char ret[PATH_MAX], struct pp_error *e)
{
	return pp_fail(e, ENOTSUP, "%.300s: " NOT_HERE, path);
}

int pp_file_read_private(const char *path, size_t max, struct pp_arena *a, struct pp_span *ret,
                         struct pp_error *e)
{
	return pp_fail(e, ENOTSUP, "%.300s: " NOT_HERE, path);
}

int pp_directory_private(const char *path, bool make, struct pp_error *e)
{
	return pp_fail(e, ENOTSUP, "%.300s: " NOT_HERE, path);
}

int pp_scratch_make(const char *above, const char *prefix, char ret[PATH_MAX], struct pp_error *e)
{
	return pp_fail(e, ENOTSUP, "%.300s: " NOT_HERE, above);
}

int pp_scratch_put(const char *path, struct pp_span bytes, struct pp_error *e)
{
	return pp_fail(e, ENOTSUP, "%.300s: " NOT_HERE, path);
}

void pp_scratch_remove(const char *path)
{
}

void pp_scratch_clean_up(const char *above, const char *prefix)
{
}

/* EFI variables are files on Linux only. */
int pp_variable_write(const char *path, struct pp_span bytes)
{
	return -ENOSYS;
}

int pp_variable_remove(const char *path)
{
	return -ENOSYS;
}
