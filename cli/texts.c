/* SPDX-License-Identifier: GPL-2.0-or-later */
/* --from with what people have in hand: texts of files and of standard input. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <pcipass/import.h>

#include "cli.h"

#define PIECE_BYTES ((size_t)256 * 1024)
/* One more than the library takes, so that a longer one is refused, not cut. */
#define MAX_BYTES (((size_t)128 << 20) + 1)

static int texts_failed(const char *name, int code, struct pp_error *e)
{
	e->code = code;
	snprintf(e->text, sizeof(e->text), "%.300s: %s", name, strerror(code));
	return -code;
}

static int texts_read(FILE *f, const char *name, char **ret, size_t *ret_len, struct pp_error *e)
{
	size_t len = 0, size = 0, n;
	char *bytes = NULL;

	do {
		if (len + PIECE_BYTES > size) {
			size = size ? size * 2 : PIECE_BYTES;
			char *more = realloc(bytes, size);
			if (!more) {
				free(bytes);
				return texts_failed(name, ENOMEM, e);
			}
			bytes = more;
		}
		n = fread(bytes + len, 1, PIECE_BYTES, f);
		len += n;
	} while (n && len < MAX_BYTES);
	if (ferror(f)) {
		free(bytes);
		return texts_failed(name, EIO, e);
	}
	*ret = bytes;
	*ret_len = len;
	return 0;
}

/* It is a host of its own, not a part of one. */
static int texts_refuse(const char *path, const char *kind, struct pp_error *e)
{
	e->code = EBADMSG;
	snprintf(e->text, sizeof(e->text),
	         "%.300s: %s cannot be combined with another --from; give it alone", path, kind);
	return -EMLINK;
}

/* A directory or an archive: a support bundle is taken among other texts, a whole host is not. */
static int texts_add_bundle(struct pp_import *in, const char *path, bool directory,
                            struct pp_error *e)
{
	struct pp_source *source;
	int r = pp_source_open(path, &source, e);

	if (r)
		return r;
	r = pp_import_add_bundle(in, path, source, e);
	pp_source_free(source);
	return r == -ENOEXEC ? texts_refuse(path, directory ? "a directory" : "an archive", e) : r;
}

static bool texts_is_archive(FILE *f)
{
	static const struct {
		const char *magic;
		size_t len, at;
	} kinds[] = {
		{ "\x1f\x8b", 2, 0 },         /* gzip */
		{ "BZh", 3, 0 },              /* bzip2 */
		{ "\x28\xb5\x2f\xfd", 4, 0 }, /* zstd */
		{ "\xfd\x37zXZ", 5, 0 },      /* xz */
		{ "ustar", 5, 257 },          /* tar */
	};
	char bytes[262];
	size_t len = fread(bytes, 1, sizeof(bytes), f);

	rewind(f);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (len >= kinds[i].at + kinds[i].len &&
		    !memcmp(bytes + kinds[i].at, kinds[i].magic, kinds[i].len))
			return true;
	return false;
}

/* Of standard input, which can be read once. */
static struct {
	char *bytes;
	size_t len;
} texts_standard;

static int texts_read_standard(char **ret, size_t *ret_len, struct pp_error *e)
{
	if (!texts_standard.bytes) {
		int r = texts_read(stdin, "standard input", &texts_standard.bytes,
		                   &texts_standard.len, e);
		if (r)
			return r;
	}
	*ret = malloc(texts_standard.len + 1);
	if (!*ret)
		return texts_failed("standard input", ENOMEM, e);
	memcpy(*ret, texts_standard.bytes, texts_standard.len);
	*ret_len = texts_standard.len;
	return 0;
}

int texts_read_path(const char *path, char **ret, size_t *ret_len, struct pp_error *e)
{
	struct stat st;

	if (!strcmp(path, "-"))
		return texts_read_standard(ret, ret_len, e);
	if (stat(path, &st))
		return texts_failed(path, errno, e);
	if (!S_ISREG(st.st_mode))
		return texts_failed(path, S_ISDIR(st.st_mode) ? EISDIR : EINVAL, e);
	FILE *f = fopen(path, "rbe");
	if (!f)
		return texts_failed(path, errno, e);
	int r = texts_read(f, path, ret, ret_len, e);
	fclose(f);
	if (!r && *ret_len == MAX_BYTES) {
		free(*ret);
		return texts_failed(path, EFBIG, e);
	}
	return r;
}

/* What is in a file, or comes from standard input; a directory or an archive in among is taken. */
static int texts_load(struct pp_import *in, const char *path, bool alone, char **bytes, size_t *len,
                      struct pp_error *e)
{
	bool standard = !strcmp(path, "-");
	struct stat st;

	*bytes = NULL;
	/* Looked at before it is opened: opening alone can do something to a device. */
	if (!standard && stat(path, &st))
		return texts_failed(path, errno, e);
	if (!standard && !alone && S_ISDIR(st.st_mode))
		return texts_add_bundle(in, path, true, e);
	if (!standard && !S_ISREG(st.st_mode))
		return texts_failed(path, S_ISDIR(st.st_mode) ? EISDIR : EINVAL, e);
	if (standard)
		return texts_read_standard(bytes, len, e);
	FILE *f = fopen(path, "rbe");
	if (!f)
		return texts_failed(path, errno, e);
	if (!alone && texts_is_archive(f)) {
		fclose(f);
		return texts_add_bundle(in, path, false, e);
	}
	int r = texts_read(f, path, bytes, len, e);
	fclose(f);
	return r;
}

/* *whole: a capture that was in the text, which is a host of its own. */
static int texts_add(struct pp_import *in, const char *path, bool alone, struct pp_source **whole,
                     struct pp_error *e)
{
	const char *name = strcmp(path, "-") ? path : "standard input";
	size_t len = 0;
	char *bytes;
	int r = texts_load(in, path, alone, &bytes, &len, e);

	if (r || !bytes)
		return r;
	r = pp_source_open_text(name, bytes, len, whole, e);
	if (r == -ENOEXEC)
		r = pp_import_add(in, name, bytes, len, e);
	else if (!r && !alone)
		r = texts_refuse(name, "a capture", e);
	free(bytes);
	return r;
}

/* What the library noted of them, a line each. */
static void texts_tell(const struct pp_import *in)
{
	const char *line = pp_import_notes(in);

	while (*line) {
		size_t n = strcspn(line, "\n");
		warn("%.*s", (int)n, line);
		line += n + (line[n] == '\n');
	}
}

int texts_of_bundle(const char *path, struct pp_source **source, struct pp_error *e)
{
	struct pp_import *in;
	struct pp_source *host;
	int r = pp_import_new(&in, e);

	if (r)
		return r;
	r = pp_import_add_bundle(in, path, *source, e);
	if (!r)
		r = pp_import_finish(in, &host, e);
	if (!r) {
		texts_tell(in);
		pp_source_free(*source);
		*source = host;
	}
	pp_import_free(in);
	return r == -ENOEXEC ? 0 : r;
}

int texts_open(const struct options *o, struct pp_source **ret, struct pp_error *e)
{
	struct pp_source *whole = NULL;
	struct pp_import *in;
	int r = pp_import_new(&in, e);

	if (r)
		return r;
	r = texts_add(in, o->from, !o->nr_more_from, &whole, e);
	for (unsigned int i = 0; !r && i < o->nr_more_from; i++)
		r = texts_add(in, o->more_from[i], false, &whole, e);
	if (!r && !whole)
		r = pp_import_finish(in, ret, e);
	if (!r && !whole)
		texts_tell(in);
	pp_import_free(in);
	if (whole && r)
		pp_source_free(whole);
	else if (whole)
		*ret = whole;
	return r;
}
