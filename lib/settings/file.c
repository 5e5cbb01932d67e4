/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Schema and data files: bounded, and never a device. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "conrep/xml.h"
#include "settings/settings.h"

#define PIECE_BYTES ((size_t)64 * 1024)

/* A device is not even opened: opening one may do something. */
static int open_file(const char *path, struct pp_error *e)
{
	struct stat st;
	int fd = -1;

	if (stat(path, &st))
		return pp_fail(e, errno, "%.300s: %s", path, strerror(errno));
	if (S_ISREG(st.st_mode) || S_ISFIFO(st.st_mode))
		fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	else
		return pp_fail(e, S_ISDIR(st.st_mode) ? EISDIR : EBADMSG,
		               "%.300s: neither a file nor a pipe", path);
	if (fd < 0)
		return pp_fail(e, errno, "%.300s: %s", path, strerror(errno));
	if (fstat(fd, &st) || !(S_ISREG(st.st_mode) || S_ISFIFO(st.st_mode))) {
		close(fd);
		return pp_fail(e, EBADMSG, "%.300s: neither a file nor a pipe", path);
	}
	return fd;
}

static int read_whole(int fd, const char *path, struct pp_buffer *b, struct pp_error *e)
{
	for (;;) {
		char piece[PIECE_BYTES];
		ssize_t n = read(fd, piece, sizeof(piece));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return pp_fail(e, errno, "%.300s: %s", path, strerror(errno));
		if (!n)
			return 0;
		if ((size_t)n > PP_XML_MAX_FILE_BYTES - b->len)
			return pp_fail(e, E2BIG, "%.300s: more than %u bytes", path,
			               PP_XML_MAX_FILE_BYTES);
		pp_buffer_append(b, piece, (size_t)n);
		if (b->failed)
			return pp_fail_oom(e, path);
	}
}

static int into_arena(const struct pp_buffer *b, const char *path, struct pp_arena *a,
                      struct pp_span *ret, const char **object, struct pp_error *e)
{
	const char *slash = strrchr(path, '/');
	char *name = pp_arena_strdup(a, slash && slash[1] ? slash + 1 : path);
	uint8_t *bytes = PP_ARENA_ARRAY(a, b->len, uint8_t);

	if (!name || !bytes)
		return pp_fail_oom(e, path);
	if (b->len)
		memcpy(bytes, b->data, b->len);
	*object = name;
	*ret = PP_SPAN(bytes, b->len);
	return 0;
}

int pp_settings_file(const char *path, struct pp_arena *a, struct pp_span *ret, const char **object,
                     struct pp_error *e)
{
	struct pp_buffer b;
	int fd = open_file(path, e);

	if (fd < 0)
		return fd;
	pp_buffer_init(&b, PP_XML_MAX_FILE_BYTES);
	int r = read_whole(fd, path, &b, e);
	close(fd);
	if (!r)
		r = into_arena(&b, path, a, ret, object, e);
	pp_buffer_fini(&b);
	return r;
}

int pp_settings_check_target(const char *path, const char *own, const char *what,
                             struct pp_error *e)
{
	struct stat theirs, ours;

	if (stat(path, &theirs) || stat(own, &ours) || theirs.st_dev != ours.st_dev ||
	    theirs.st_ino != ours.st_ino)
		return 0;
	return pp_fail(e, EINVAL, "%.300s: is %s itself, which would be lost", path, what);
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
