/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Finds out what a path is: a directory, an archive, a bare table. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/buffer.h"
#include "source/archive-read.h"
#include "source/fsroot.h"
#include "source/stored.h"

#define SNIFF_BYTES  512u
#define USTAR_OFFSET 257u
#define LIVE         "live:"

static const char neither[] = "not a directory, a tar archive or a firmware table";

/*
 * The signature, if it is one of those that we take bare. A tar may hold a file of that name, and
 * acpidump's text begins with it: "DMAR @ 0x00000000BDDAD000".
 */
static const char *table_signature(const uint8_t *head, size_t len)
{
	static const char *const known[] = { "DMAR", "IVRS", "IORT" };

	if (len >= USTAR_OFFSET + 5 && !memcmp(head + USTAR_OFFSET, "ustar", 5))
		return NULL;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (len >= 4 && !memcmp(head, known[i], 4) &&
		    (len < 9 || memcmp(head + 4, " @ 0x", 5) != 0))
			return known[i];
	return NULL;
}

/* A host of which nothing is known but one table. */
static int table_new(const char *signature, struct pp_span in, struct pp_source **ret,
                     struct pp_error *e)
{
	struct pp_stored *s;
	char path[64];
	uint32_t node;

	int r = pp_stored_new(PP_SOURCE_TABLE, &s, e);
	if (r < 0)
		return r;
	s->told = true; /* and nothing was told */
	snprintf(path, sizeof(path), "sys/firmware/acpi/tables/%s", signature);
	r = pp_stored_add(s, path, "table", &node, e);
	uint8_t *copy = r < 0 ? NULL : pp_arena_alloc(&s->arena, in.len);
	if (!copy) {
		pp_source_free(&s->base);
		return r < 0 ? r : pp_fail_oom(e, "table");
	}
	memcpy(copy, in.data, in.len);
	pp_tree_at(&s->tree, node)->kind = PP_TREE_FILE;
	pp_tree_at(&s->tree, node)->data = PP_SPAN(copy, in.len);
	*ret = &s->base;
	return 0;
}

static int open_named(int r, const char *name, struct pp_error *e)
{
	char prefix[256];

	if (r == -ENOEXEC)
		return pp_fail(e, ENOEXEC, "%.300s: %s", name, neither);
	if (r < 0 && e) {
		snprintf(prefix, sizeof(prefix), "%.200s", name);
		return pp_fail_prefix(e, prefix);
	}
	return r;
}

int pp_source_open_bytes(const char *name, struct pp_span in, struct pp_source **ret,
                         struct pp_error *e)
{
	const char *signature = table_signature(in.data, in.len);

	if (signature && in.len > PP_MAX_TABLE_BYTES)
		return pp_fail(e, E2BIG, "%.300s: a firmware table of %zu bytes, the limit is %zu",
		               name, in.len, PP_MAX_TABLE_BYTES);
	if (signature)
		return open_named(table_new(signature, in, ret, e), name, e);
	return open_named(pp_archive_open_memory(in, ret, e), name, e);
}

static int source_open_table(int fd, const char *path, struct pp_source **ret, struct pp_error *e)
{
	size_t size = PP_MAX_TABLE_BYTES + 1, len = 0;
	PP_CLEANUP(pp_cleanup_free) uint8_t *buf = malloc(size);
	if (!buf)
		return pp_fail_oom(e, path);
	while (len < size) {
		ssize_t n = pp_place_read(fd, buf + len, size - len, len);
		if (n < 0)
			return pp_fail(e, (int)-n, "%.300s: %s", path, strerror((int)-n));
		if (!n)
			break;
		len += (size_t)n;
	}
	return pp_source_open_bytes(path, PP_SPAN(buf, len), ret, e);
}

static int open_regular(int fd, const char *path, struct pp_source **ret, struct pp_error *e)
{
	uint8_t head[SNIFF_BYTES];
	/* Another reader may have moved it. */
	ssize_t n = lseek(fd, 0, SEEK_SET) < 0 ? -errno : pp_place_read(fd, head, sizeof(head), 0);

	if (n < 0)
		return pp_fail(e, (int)-n, "%.300s: %s", path, strerror((int)-n));
	if (table_signature(head, (size_t)n))
		return source_open_table(fd, path, ret, e);
	int r = pp_archive_open_fd(fd, PP_SPAN(head, n), ret, e);
	if (r == -ENOEXEC && pp_archive_lacks_filter(PP_SPAN(head, n)))
		return pp_fail(e, EBADMSG,
		               "%.300s: compressed with bzip2, xz or zstd, which this program was "
		               "built without; compress it with gzip instead",
		               path);
	return open_named(r, path, e);
}

int pp_file_read_start(const char *path, size_t max, uint8_t **ret, size_t *ret_len)
{
	int fd = pp_place_open_file(path);
	PP_CLEANUP(pp_cleanup_free) uint8_t *buf = NULL;
	size_t size = 0, len = 0;
	ssize_t n = 1;
	int r = 0;

	if (fd < 0)
		return fd;
	while (!r && n > 0 && len < max) {
		r = pp_read_room(&buf, &size, len, max);
		size_t room = size - len < max - len ? size - len : max - len;
		n = r ? r : pp_place_read(fd, buf + len, room, len);
		len += n > 0 ? (size_t)n : 0;
	}
	pp_place_close(fd);
	if (n < 0)
		return (int)n;
	*ret = buf;
	*ret_len = len;
	buf = NULL;
	return 0;
}

bool pp_source_needs_archive(int fd)
{
	uint8_t head[SNIFF_BYTES];
	ssize_t n = pp_place_read(fd, head, sizeof(head), 0);

	return n < 0 || !table_signature(head, (size_t)n);
}

int pp_input_open(const char *path, struct pp_input *ret, struct pp_error *e)
{
	struct pp_input in = { .path = path };

	if (!strcmp(path, "-"))
		in.path = "standard input";
	else
		in.fd = pp_place_open_file(path);
	if (in.fd == -EISDIR) {
		in.directory = true;
		in.fd = pp_directory_input(path);
	}
	if (in.fd == -EINVAL)
		return pp_fail(e, EINVAL, "%.300s: %s", path, neither);
	if (in.fd < -1 || (in.fd < 0 && !in.directory))
		return pp_fail(e, -in.fd, "%.300s: %s", path, strerror(-in.fd));
	*ret = in;
	return 0;
}

void pp_input_close(struct pp_input *in)
{
	if (in->fd > 0)
		pp_place_close(in->fd);
	in->fd = -1;
}

int pp_source_open_input(const struct pp_input *in, struct pp_source **ret, struct pp_error *e)
{
	if (in->directory)
		return open_named(pp_directory_open(in, ret, e), in->path, e);
	return open_regular(in->fd, in->path, ret, e);
}

int pp_source_open(const char *path, struct pp_source **ret, struct pp_error *e)
{
	struct pp_input in;

	if (!path)
		return pp_live_new(ret, e);
	/* No file's name under Windows. */
	if (pp_live_takes_stand_ins && !strncmp(path, LIVE, sizeof(LIVE) - 1))
		return pp_live_with(path + sizeof(LIVE) - 1, ret, e);
	int r = pp_input_open(path, &in, e);
	if (r)
		return r;
	r = pp_source_open_input(&in, ret, e);
	pp_input_close(&in);
	return r;
}
