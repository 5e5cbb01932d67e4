/* SPDX-License-Identifier: GPL-2.0-or-later */
/* --from with another host: a capture, or what people have in hand, in one or several pieces. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <pcipass/import.h>

#include "cli.h"
#include "source/archive-read.h"

#define PIECE_BYTES ((size_t)256 * 1024)
/* One more than the library takes, so that a longer one is refused, not cut. */
#define MAX_BYTES (((size_t)128 << 20) + 1)
/* So much of a file tells that it is an archive. */
#define HEAD_BYTES 262
/*
 * So many hosts are read by one process. To start it costs more than to read a host; if one of them
 * takes it over, what it tells of those behind is a lie.
 */
#define TEXTS_AHEAD 16

/* What --from names. All of it is read where nothing else can be. */
struct texts {
	struct pp_input inputs[1 + MAX_FROM];
	unsigned int nr;
	char *notes; /* what the library noted of them, a line each; NULL: nothing */
};

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

/* Of standard input, which can be read once. */
static struct {
	char *bytes;
	size_t len;
} texts_standard;

static int texts_load_standard(struct pp_error *e)
{
	return texts_standard.bytes ? 0
	                            : texts_read(stdin, "standard input", &texts_standard.bytes,
	                                         &texts_standard.len, e);
}

static int texts_read_standard(char **ret, size_t *ret_len, struct pp_error *e)
{
	int r = texts_load_standard(e);

	if (r)
		return r;
	*ret = malloc(texts_standard.len + 1);
	if (!*ret)
		return texts_failed("standard input", ENOMEM, e);
	memcpy(*ret, texts_standard.bytes, texts_standard.len);
	*ret_len = texts_standard.len;
	return 0;
}

/* A directory, an archive or a bare table. */
static int texts_open_source(const struct pp_input *input, struct pp_source **ret,
                             struct pp_error *e)
{
	if (input->fd != STDIN_FILENO)
		return pp_source_open_input(input, ret, e);
	int r = texts_load_standard(e);
	if (r || !texts_standard.len)
		return r ? r : -ENOEXEC;
	struct pp_span in = { (const uint8_t *)texts_standard.bytes, texts_standard.len };
	if (in.len < MAX_BYTES)
		return pp_source_open_bytes(input->path, in, ret, e);
	e->code = EFBIG;
	snprintf(e->text, sizeof(e->text),
	         "standard input: more than %zu MiB, which only a file may have", MAX_BYTES >> 20);
	return -EFBIG;
}

/* A directory or an archive: a support bundle is taken among other texts, a whole host is not. */
static int texts_add_bundle(struct pp_import *in, const struct pp_input *input, struct pp_error *e)
{
	struct pp_source *source;
	int r = texts_open_source(input, &source, e);

	if (r)
		return r;
	r = pp_import_add_bundle(in, input->path, source, e);
	pp_source_free(source);
	return r == -ENOEXEC ? texts_refuse(input->path,
	                                    input->directory ? "a directory" : "an archive", e)
	                     : r;
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

/* The input stays open; what is read of it begins at its start. */
static FILE *texts_stream(const struct pp_input *input)
{
	int fd = dup(input->fd);
	FILE *f = fd < 0 ? NULL : fdopen(fd, "rb");

	if (f)
		rewind(f);
	else if (fd >= 0)
		close(fd);
	return f;
}

/* An archive among others; the text that was read is not needed then. */
static int texts_load_standard_among(struct pp_import *in, const struct pp_input *input, bool alone,
                                     char **bytes, size_t *len, struct pp_error *e)
{
	int r = texts_load_standard(e);

	if (r)
		return r;
	return !alone && pp_archive_is_one(PP_SPAN(texts_standard.bytes, texts_standard.len))
	               ? texts_add_bundle(in, input, e)
	               : texts_read_standard(bytes, len, e);
}

/* What is in a file, or comes from standard input; an archive in among others is added. */
static int texts_load(struct pp_import *in, const struct pp_input *input, bool alone, char **bytes,
                      size_t *len, struct pp_error *e)
{
	char head[HEAD_BYTES];

	if (input->fd == STDIN_FILENO)
		return texts_load_standard_among(in, input, alone, bytes, len, e);
	FILE *f = texts_stream(input);
	if (!f)
		return texts_failed(input->path, errno, e);
	size_t n = fread(head, 1, sizeof(head), f);
	rewind(f);
	int r = !alone && pp_archive_is_one(PP_SPAN(head, n))
	                ? texts_add_bundle(in, input, e)
	                : texts_read(f, input->path, bytes, len, e);
	fclose(f);
	return r;
}

/* *whole: a capture that was in the text, which is a host of its own. */
static int texts_add(struct pp_import *in, const struct pp_input *input, bool alone,
                     struct pp_source **whole, struct pp_error *e)
{
	char *bytes = NULL;
	size_t len = 0;
	int r = input->directory ? texts_add_bundle(in, input, e)
	                         : texts_load(in, input, alone, &bytes, &len, e);

	if (r || !bytes)
		return r;
	r = pp_source_open_text(input->path, bytes, len, whole, e);
	if (r == -ENOEXEC)
		r = pp_import_add(in, input->path, bytes, len, e);
	else if (!r && !alone)
		r = texts_refuse(input->path, "a capture", e);
	free(bytes);
	return r;
}

static int texts_keep_notes(struct texts *t, const struct pp_import *in, struct pp_error *e)
{
	free(t->notes);
	t->notes = strdup(pp_import_notes(in));
	return t->notes ? 0 : texts_failed("notes", ENOMEM, e);
}

/* If *source is a support bundle: the host that it tells of, in its place. */
static int texts_of_bundle(struct texts *t, struct pp_source **source, struct pp_error *e)
{
	struct pp_source *host = NULL;
	struct pp_import *in;
	int r = pp_import_new(&in, e);

	if (r)
		return r;
	r = pp_import_add_bundle(in, t->inputs[0].path, *source, e);
	if (!r)
		r = pp_import_finish(in, &host, e);
	if (!r)
		r = texts_keep_notes(t, in, e);
	pp_import_free(in);
	if (r) {
		pp_source_free(host);
		return r == -ENOEXEC ? 0 : r;
	}
	pp_source_free(*source);
	*source = host;
	return 0;
}

static int texts_import(struct texts *t, struct pp_source **ret, struct pp_error *e)
{
	struct pp_source *whole = NULL;
	struct pp_import *in;
	int r = pp_import_new(&in, e);

	if (r)
		return r;
	for (unsigned int i = 0; !r && i < t->nr; i++)
		r = texts_add(in, &t->inputs[i], t->nr == 1, &whole, e);
	if (!r && !whole)
		r = pp_import_finish(in, ret, e);
	if (!r && !whole)
		r = texts_keep_notes(t, in, e);
	pp_import_free(in);
	if (whole && r)
		pp_source_free(whole);
	else if (whole)
		*ret = whole;
	return r;
}

/* A single one is a capture, a bundle, a table or a text; several are one host's texts. */
static int texts_decode(void *ctx, struct pp_source **ret, const char **notes, struct pp_error *e)
{
	struct texts *t = ctx;
	struct pp_source *source = NULL;
	int r = t->nr == 1 ? texts_open_source(&t->inputs[0], &source, e) : -ENOEXEC;

	if (r == -ENOEXEC)
		r = texts_import(t, &source, e);
	else if (!r)
		r = texts_of_bundle(t, &source, e);
	if (r) {
		pp_source_free(source);
		return r;
	}
	*notes = t->notes;
	*ret = source;
	return 0;
}

/* -ENOEXEC: no directory that is a host's as it is. Nothing of its files is decoded yet. */
static int texts_open_host(const struct texts *t, struct pp_source **ret, struct pp_error *e)
{
	struct pp_source *source;

	if (t->nr > 1 || !pp_input_is_host(&t->inputs[0]))
		return -ENOEXEC;
	int r = pp_source_open_input(&t->inputs[0], &source, e);
	if (r)
		return r;
	if (!pp_import_is_bundle(source)) {
		*ret = source;
		return 0;
	}
	pp_source_free(source);
	return -ENOEXEC;
}

static void texts_tell(const char *line)
{
	while (line && *line) {
		size_t n = strcspn(line, "\n");
		warn("%.*s", (int)n, line);
		line += n + (line[n] == '\n');
	}
}

/* Standard input is read at once, but not looked at: it cannot be read a second time. */
static int texts_open_inputs(const struct options *o, struct texts *t, struct pp_error *e)
{
	int r = 0;

	for (unsigned int i = 0; !r && i <= o->nr_more_from; i++) {
		r = pp_input_open(i ? o->more_from[i - 1] : o->from, &t->inputs[i], e);
		t->nr += !r;
		if (!r && t->inputs[i].fd == STDIN_FILENO)
			r = texts_load_standard(e);
	}
	return r;
}

static void texts_close(struct texts *t)
{
	free(t->notes);
	while (t->nr)
		pp_input_close(&t->inputs[--t->nr]);
}

/* Hosts whose texts one process reads in their order, while those before are judged. */
struct texts_ahead {
	struct texts texts[TEXTS_AHEAD];
	struct pp_confined_open jobs[TEXTS_AHEAD];
	unsigned int nr, next, inputs;
	struct pp_confined_queue *queue;
};

struct texts_ahead *texts_ahead_new(void)
{
	return calloc(1, sizeof(struct texts_ahead));
}

static bool texts_are_files(const struct texts *t)
{
	struct stat st;

	for (unsigned int i = 0; i < t->nr; i++)
		if (t->inputs[i].directory || t->inputs[i].fd <= STDERR_FILENO ||
		    fstat(t->inputs[i].fd, &st) || !S_ISREG(st.st_mode))
			return false;
	return true;
}

bool texts_ahead_add(struct texts_ahead *a, const struct options *o)
{
	struct texts *t = &a->texts[a->nr];
	struct pp_error ignored;

	if (a->queue || a->nr == TEXTS_AHEAD ||
	    a->inputs + 1 + o->nr_more_from > PP_CONFINED_QUEUE_INPUTS || !strcmp(o->from, "-"))
		return false;
	for (unsigned int i = 0; i < o->nr_more_from; i++)
		if (!strcmp(o->more_from[i], "-"))
			return false;
	*t = (struct texts){ .nr = 0 };
	if (texts_open_inputs(o, t, &ignored) || !texts_are_files(t)) {
		texts_close(t);
		return false;
	}
	a->jobs[a->nr] = (struct pp_confined_open){
		.inputs = t->inputs, .nr_inputs = t->nr, .open = texts_decode, .ctx = t
	};
	a->inputs += t->nr;
	a->nr++;
	return true;
}

bool texts_ahead_has(const struct texts_ahead *a, const struct options *o)
{
	return a && a->next < a->nr && a->texts[a->next].inputs[0].path == o->from;
}

static void texts_ahead_clear(struct texts_ahead *a)
{
	pp_confined_queue_free(a->queue);
	while (a->nr)
		texts_close(&a->texts[--a->nr]);
	a->queue = NULL;
	a->next = a->inputs = 0;
}

/* So many may be open that none is left for the process. */
static bool texts_lacks_files(int r)
{
	return r == -EMFILE || r == -ENFILE;
}

/* The last one closes all, so that the next ones can be added. */
static int texts_ahead_take(struct texts_ahead *a, struct pp_source **ret, char **notes,
                            struct pp_error *e)
{
	int r = a->queue ? 0 : pp_confined_queue_new(a->jobs, a->nr, &a->queue, e);

	if (!r)
		r = pp_confined_queue_next(a->queue, ret, notes, e);
	if (++a->next == a->nr || !a->queue || texts_lacks_files(r))
		texts_ahead_clear(a);
	return r;
}

void texts_ahead_free(struct texts_ahead *a)
{
	if (a)
		texts_ahead_clear(a);
	free(a);
}

/*
 * One that is read by itself needs no process beside one that is confined for it already; among
 * many hosts it must not be able to spoil the others.
 */
static int texts_open_by_itself(const struct options *o, struct pp_source **ret, char **notes,
                                struct pp_error *e)
{
	struct texts t = { .nr = 0 };
	struct pp_confined_open how = { .inputs = t.inputs, .open = texts_decode, .ctx = &t };
	int r = texts_open_inputs(o, &t, e);

	how.nr_inputs = t.nr;
	if (!r)
		r = texts_open_host(&t, ret, e);
	if (r == -ENOEXEC && t.nr == 1 && !o->ahead && reader_is_confined())
		r = pp_source_open_here(&how, ret, notes, e);
	else if (r == -ENOEXEC)
		r = pp_source_open_confined(&how, ret, notes, e);
	texts_close(&t);
	return r;
}

int texts_open(const struct options *o, struct pp_source **ret, struct pp_error *e)
{
	char *notes = NULL;
	bool ahead = texts_ahead_has(o->ahead, o);
	int r = ahead ? texts_ahead_take(o->ahead, ret, &notes, e) : 0;

	if (!ahead || texts_lacks_files(r))
		r = texts_open_by_itself(o, ret, &notes, e);
	texts_tell(notes);
	free(notes);
	if (r == -EMLINK)
		e->code = EBADMSG;
	return r;
}
