/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Names of temporary files, and which files may be replaced: the same on every system. */
#define _GNU_SOURCE
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#ifndef _WIN32
#include <sys/random.h>
#endif

#include "sys/temporary.h"

#define RANDOM_DIGITS 16

void pp_temporary_prefix(const char *name, char ret[PP_TEMPORARY_PREFIX_BYTES + 1])
{
	uint32_t sum = 2166136261u; /* FNV-1a */

	for (const char *p = name; *p; p++)
		sum = (sum ^ (unsigned char)*p) * 16777619u;
	snprintf(ret, PP_TEMPORARY_PREFIX_BYTES + 1, ".pcipass-%08x-", sum);
}

int pp_temporary_name(const char *prefix, char ret[48])
{
	uint64_t number;

	if (getrandom(&number, sizeof(number), 0) != (ssize_t)sizeof(number))
		return -errno;
	snprintf(ret, 48, "%s%016llx.tmp", prefix, (unsigned long long)number);
	return 0;
}

bool pp_temporary_is(const char *name, const char *prefix)
{
	return !strncmp(name, prefix, PP_TEMPORARY_PREFIX_BYTES) &&
	       strspn(name + PP_TEMPORARY_PREFIX_BYTES, "0123456789abcdef") == RANDOM_DIGITS &&
	       !strcmp(name + PP_TEMPORARY_PREFIX_BYTES + RANDOM_DIGITS, ".tmp");
}

int pp_atomic_failed(const struct pp_atomic *f, int code, struct pp_error *e)
{
	return pp_fail(e, code, "%.300s: %s", f->path, strerror(code));
}

int pp_atomic_check_kind(const struct pp_atomic *f, enum pp_sys_kind kind, struct pp_error *e)
{
	if (kind == PP_SYS_DIRECTORY)
		return pp_fail(e, EISDIR, "%.300s: a directory, need the name of a file", f->path);
	if (kind != PP_SYS_FILE)
		return pp_fail(e, EBADMSG,
		               "%.300s: not a regular file, so pcipass does not replace it",
		               f->path);
	return f->overwrite ? 0 : pp_atomic_failed(f, EEXIST, e);
}
