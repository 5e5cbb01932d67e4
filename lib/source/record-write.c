/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Writes a capture as an archive, its manifest first. */
#include <archive.h>
#include <archive_entry.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lazy/library.h"
#include "sys/atomic.h"
#include "source/record-writer.h"

/* Written at once. */
#define WRITE_BYTES (64 * 1024)

#define MODE_FILE      0644 /* of a file in the archive */
#define MODE_ARCHIVE   0600 /* what a host is made of is nobody else's business */
#define MODE_DIRECTORY 0755
#define MODE_LINK      0777

/* "-" is standard output. */
static bool is_stdout(const char *path)
{
	return !strcmp(path, "-");
}

static int archive_failed(struct pp_record_writer *w, struct archive *a)
{
	const char *why = archive_error_string(a);
	int code = archive_errno(a);

	if (code == ENOMEM)
		return pp_record_writer_oom(w);
	/* libarchive has one text for all that write() may say. */
	if (code > 0 && why && !strcmp(why, "Write error"))
		why = strerror(code);
	return pp_fail(w->e, code > 0 ? code : EIO, "%.300s: cannot be written: %s",
	               is_stdout(w->path) ? "standard output" : w->path,
	               why ? why : "no reason given");
}

static int put_entry(struct pp_record_writer *w, struct archive *a, struct archive_entry *entry,
                     const char *path, mode_t mode, struct pp_span content)
{
	archive_entry_clear(entry);
	archive_entry_copy_pathname(entry, path);
	archive_entry_set_mode(entry, mode);
	archive_entry_set_size(entry, 0);
	if ((mode & AE_IFMT) == AE_IFLNK) {
		char text[PP_MAX_LINK + 1];
		memcpy(text, content.data, content.len);
		text[content.len] = '\0';
		archive_entry_copy_symlink(entry, text);
		content = PP_SPAN(NULL, 0);
	} else {
		archive_entry_set_size(entry, (la_int64_t)content.len);
	}
	if (archive_write_header(a, entry) != ARCHIVE_OK)
		return archive_failed(w, a);
	if (content.len &&
	    archive_write_data(a, content.data, content.len) != (la_ssize_t)content.len)
		return archive_failed(w, a);
	return 0;
}

static int put_node(struct pp_record_writer *w, struct archive *a, struct archive_entry *entry,
                    const struct pp_record_output *o)
{
	const struct pp_tree_node *n = pp_tree_at(&w->r->tree, o->node);
	char path[PP_MAX_PATH + 1];

	pp_tree_path(&w->r->tree, o->node, path);
	if (n->kind == PP_TREE_DIRECTORY)
		return put_entry(w, a, entry, path, AE_IFDIR | MODE_DIRECTORY, PP_SPAN(NULL, 0));
	if (n->kind == PP_TREE_LINK)
		return put_entry(w, a, entry, path, AE_IFLNK | MODE_LINK, n->data);
	return put_entry(w, a, entry, path, AE_IFREG | MODE_FILE, o->content);
}

static int put_entries(struct pp_record_writer *w, struct archive *a)
{
	struct pp_buffer manifest;
	struct archive_entry *entry = archive_entry_new();
	if (!entry)
		return pp_record_writer_oom(w);
	pp_buffer_init(&manifest, PP_MAX_FILE_BYTES - 1);
	pp_record_writer_manifest(w, &manifest);
	int r = manifest.failed ? pp_fail(w->e, E2BIG,
	                                  "%.300s: the manifest takes more than %zu "
	                                  "bytes, or memory ran out",
	                                  w->path, PP_MAX_FILE_BYTES)
	                        : put_entry(w, a, entry, PP_MANIFEST_PATH, AE_IFREG | MODE_FILE,
	                                    PP_SPAN(manifest.data, manifest.len));
	pp_buffer_fini(&manifest);
	for (uint32_t i = 0; r == 0 && i < w->output_count; i++)
		r = put_node(w, a, entry, &w->outputs[i]);
	archive_entry_free(entry);
	return r;
}

static bool ends_in(const char *path, const char *ending)
{
	size_t len = strlen(path), n = strlen(ending);
	return len > n && !strcmp(path + len - n, ending);
}

/*
 * The filter that the name asks for; ARCHIVE_FATAL for a name that says nothing, ARCHIVE_WARN where
 * libarchive would run a program for it.
 */
static int set_compression(struct archive *a, const char *path)
{
	if (ends_in(path, ".tar"))
		return archive_write_add_filter_none(a);
	if (ends_in(path, ".tar.zst"))
		return archive_write_add_filter_zstd(a);
	if (!ends_in(path, ".tar.gz") && !ends_in(path, ".tgz") && !is_stdout(path))
		return ARCHIVE_FATAL;
	int r = archive_write_add_filter_gzip(a);
	/* No time of day in the head. */
	return r == ARCHIVE_OK ? archive_write_set_filter_option(a, "gzip", "timestamp", NULL) : r;
}

static int check_ending(struct pp_record_writer *w)
{
	if (ends_in(w->path, ".tar") || ends_in(w->path, ".tar.zst") ||
	    ends_in(w->path, ".tar.gz") || ends_in(w->path, ".tgz") || is_stdout(w->path))
		return 0;
	return pp_fail(w->e, EINVAL,
	               "%.300s: a capture's name ends in .tar, .tar.gz or .tar.zst (-: standard "
	               "output)",
	               w->path);
}

static bool all_ascii(const void *bytes, size_t len)
{
	const uint8_t *p = bytes;

	for (size_t i = 0; i < len; i++)
		if (p[i] >= 0x80)
			return false;
	return true;
}

/*
 * Names are bytes, whatever the locale; for libarchive to write them as such every entry takes a
 * header of its own, that GNU tar complains of. So only where it is needed.
 */
static bool is_ascii(const struct pp_record_writer *w)
{
	for (uint32_t i = 0; i < w->output_count; i++) {
		const struct pp_tree_node *n = pp_tree_at(&w->r->tree, w->outputs[i].node);
		if (!all_ascii(n->name, n->name_len) ||
		    (n->kind == PP_TREE_LINK && !all_ascii(n->data.data, n->data.len)))
			return false;
	}
	return true;
}

/* USTAR 100 and 100; a directory's name gets a slash. */
#define SHORT_NAME 98
#define SHORT_LINK 100

static bool is_short(const struct pp_record_writer *w)
{
	for (uint32_t i = 0; i < w->output_count; i++) {
		const struct pp_tree_node *n = pp_tree_at(&w->r->tree, w->outputs[i].node);
		if (n->path_len > SHORT_NAME ||
		    (n->kind == PP_TREE_LINK && n->data.len > SHORT_LINK))
			return false;
	}
	return true;
}

/*
 * With names that need no pax header both formats have the same bytes, and libarchive makes a pax
 * header of each entry first, to see whether it needs one: a third of what a capture costs.
 */
static int set_format(const struct pp_record_writer *w, struct archive *a)
{
	bool ascii = is_ascii(w);

	if (ascii && is_short(w))
		return archive_write_set_format_ustar(a);
	int r = archive_write_set_format_pax_restricted(a);
	return r == ARCHIVE_OK && !ascii ? archive_write_set_options(a, "hdrcharset=BINARY") : r;
}

static int write_archive(struct pp_record_writer *w, int fd)
{
	int opened = pp_lazy_archive(w->e);
	if (opened)
		return opened;
	struct archive *a = archive_write_new();
	if (!a)
		return pp_record_writer_oom(w);
	int r = 0, filter = set_compression(a, w->path);
	if (filter == ARCHIVE_WARN)
		r = pp_fail(w->e, EINVAL,
		            "%.300s: this program cannot compress with zstd; name the file .tar.gz",
		            w->path);
	else if (filter != ARCHIVE_OK || set_format(w, a) != ARCHIVE_OK ||
	         archive_write_set_bytes_per_block(a, WRITE_BYTES) != ARCHIVE_OK ||
	         archive_write_set_bytes_in_last_block(a, 1) != ARCHIVE_OK ||
	         archive_write_open_fd(a, fd) != ARCHIVE_OK)
		r = archive_failed(w, a);
	if (r == 0)
		r = put_entries(w, a);
	if (r == 0 && archive_write_close(a) != ARCHIVE_OK)
		r = archive_failed(w, a);
	archive_write_free(a);
	return r;
}

static int prepare_and_write(struct pp_record_writer *w, int fd)
{
	pp_arena_init(&w->arena, 0);
	int r = pp_record_writer_prepare(w);
	if (r == 0)
		r = write_archive(w, fd);
	pp_arena_fini(&w->arena);
	return r;
}

int pp_recorder_write(struct pp_source *recorder, const char *path, bool overwrite,
                      const struct pp_record_options *options, struct pp_error *e)
{
	struct pp_record_writer w = {
		.r = (struct pp_recorder *)recorder,
		.options = options,
		.path = path,
		.e = e,
	};
	struct pp_atomic file;

	int r = check_ending(&w);
	if (r == 0 && (options->fd || is_stdout(path)))
		return prepare_and_write(&w, options->fd ? options->fd : STDOUT_FILENO);
	if (r == 0)
		r = pp_atomic_open(path, MODE_ARCHIVE, overwrite, &file, e);
	if (r < 0)
		return r;
	r = prepare_and_write(&w, file.fd);
	if (r < 0) {
		pp_atomic_abort(&file);
		return r;
	}
	return pp_atomic_commit(&file, e);
}
