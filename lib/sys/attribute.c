/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Extended attributes; see attribute.h. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "sys/attribute.h"

/* linux/limits.h: XATTR_LIST_MAX */
#define LIST_BYTES 65536

/* security/integrity/integrity.h: EVM_IMA_XATTR_DIGSIG, IMA_VERITY_DIGSIG */
#define IMA_SIGNATURE        0x03
#define IMA_VERITY_SIGNATURE 0x06

/* Made by the kernel from a file's bytes. */
static bool attribute_is_derived(const char *name)
{
	return !strcmp(name, "security.ima") || !strcmp(name, "security.evm");
}

/* *ret_signed: it is a signature over the bytes. */
static int attribute_read(int fd, const char *name, struct pp_arena *arena,
                          struct pp_attribute *ret, bool *ret_signed)
{
	ssize_t n = fgetxattr(fd, name, NULL, 0);
	uint8_t *value = n < 0 ? NULL : PP_ARENA_ARRAY(arena, (size_t)n + 1, uint8_t);

	if (n < 0)
		return -errno;
	ret->name = pp_arena_strdup(arena, name);
	if (!value || !ret->name)
		return -ENOMEM;
	n = fgetxattr(fd, name, value, (size_t)n);
	if (n < 0)
		return -errno;
	ret->value = PP_SPAN(value, (size_t)n);
	*ret_signed |= !strcmp(name, "security.ima") && n &&
	               (value[0] == IMA_SIGNATURE || value[0] == IMA_VERITY_SIGNATURE);
	return 0;
}

int pp_attributes_read(int fd, struct pp_arena *arena, struct pp_content *c)
{
	char names[LIST_BYTES];
	ssize_t len = flistxattr(fd, names, sizeof(names));
	uint32_t n = 0;

	if (len <= 0)
		return len == 0 || errno == ENOTSUP ? 0 : -errno;
	struct pp_attribute *list =
		PP_ARENA_ARRAY(arena, PP_CONTENT_MAX_ATTRIBUTES, struct pp_attribute);
	if (!list)
		return -ENOMEM;
	for (const char *name = names; name < names + len; name += strlen(name) + 1) {
		if (n == PP_CONTENT_MAX_ATTRIBUTES)
			return -E2BIG;
		int r = attribute_read(fd, name, arena, &list[n], &c->is_signed);
		if (r && r != -ENODATA)
			return r;
		n += !r && !attribute_is_derived(name);
	}
	c->attributes = list;
	c->nr_attributes = n;
	return 0;
}

static int attribute_write(int fd, const struct pp_attribute *a)
{
	return fsetxattr(fd, a->name, a->value.data, a->value.len, 0) ? -errno : 0;
}

int pp_attributes_keep(int fd, const char *replaced, const struct pp_content *c)
{
	struct pp_content there = { 0 };
	struct pp_arena arena;
	int from = open(replaced, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY), r = 0;

	if (from < 0 && errno != ENOENT)
		return -errno;
	pp_arena_init(&arena, 0);
	if (from >= 0)
		r = pp_attributes_read(from, &arena, &there);
	const struct pp_content *source = from >= 0 ? &there : c;
	for (uint32_t i = 0; !r && i < source->nr_attributes; i++)
		r = attribute_write(fd, &source->attributes[i]);
	pp_arena_fini(&arena);
	if (from >= 0)
		close(from);
	return r;
}
