/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Records what a survey reads, for a capture. */
#ifndef PP_SOURCE_RECORD_H
#define PP_SOURCE_RECORD_H

#include "base/buffer.h"
#include "source/source.h"

/*
 * A source that passes every question on to another one and remembers the answers: what a capture
 * has to hold is, by construction, exactly what was asked. Reading the written capture gives the
 * same answers again, the refusals and the absences among them.
 *
 * inner is borrowed and must outlive the recorder. Free with pp_source_free().
 */
int pp_recorder_new(struct pp_source *inner, struct pp_source **ret, struct pp_error *e);

/*
 * Called for every file (kernel log included, under var/log/dmesg.txt) as it is written: may give
 * other content. path as on the host. 0: *content is what to write (it may point into a or stay as
 * it is); -ENOENT: leave the file out as if it had never been asked for; other negative errno:
 * give up.
 */
typedef int (*pp_record_filter)(void *ctx, const char *path, struct pp_span *content,
                                struct pp_arena *a, struct pp_error *e);

/*
 * Called for every name in the tree, before anything is written; path as it will be written, up to
 * the last name, which is as on the host. *ret is the name to write, which has to last until all is
 * written; NULL: it is not there, nor what is below it. -ENOMEM.
 */
typedef int (*pp_record_name)(void *ctx, const char *path, const char **ret);
/* Whether a link may be written; else it is there, and nobody knows where it leads. */
typedef bool (*pp_record_link)(const char *path, struct pp_span text);

/* What becomes of a file. */
enum pp_record_fate {
	PP_RECORD_WHOLE,   /* as it was read */
	PP_RECORD_CHANGED, /* its name, or its content, by the filters */
	PP_RECORD_OUT,     /* the filter leaves it out */
	PP_RECORD_NAME,    /* its name only: nothing asked what is in it */
	PP_RECORD_ADDED,   /* what the capture says of itself */
};

struct pp_record_options {
	const char *tool; /* for the manifest: "pcipass 0.1.0" */
	bool as_root;     /* whether the facts were read with root's rights */
	bool redacted;
	pp_record_filter filter; /* NULL: everything as it was read */
	void *filter_ctx;
	pp_record_name name; /* NULL: as on the host */
	void *name_ctx;
	pp_record_link link; /* NULL: all */
	int fd;              /* pp_recorder_write() writes there, not to path; 0: to path */
};

/*
 * Writes the archive to path: format and compression by its ending (.tar, .tar.gz or .tgz,
 * .tar.zst), first a temporary file beside it, then renamed, never over an existing file unless
 * overwrite. The archive has mode 0600, the files in it 0644, owner 0 and no times, so that the
 * same host gives the same bytes.
 *
 * The first entry is "pcipass/manifest", lines of text. Paths in it are canonical, links resolved;
 * control bytes, backslashes and bytes from 0x7f on are written as \xHH.
 *
 *	pcipass-capture 1
 *	tool pcipass 0.1.0
 *	root yes|no
 *	redacted yes|no
 *
 *	asked PATTERN
 *		A path that was asked for and was absent, on one device at least. A component
 *		that is a PCI address or root bus, a number or a slot's name is written as '*'.
 *		What was asked for and is neither in the archive nor named below was absent.
 *	asked PATTERN/
 *		The directory was listed: the archive and the lines below have every name in it.
 *	unread ERRNO PATH
 *		There, but could not be read. Without an entry in the archive it could not even
 *		be looked at. With a directory's entry: it could not be listed. With a file's entry,
 *		which is empty: it could not be opened; with a partial line too: the bytes that
 *		are missing could not be read. ENODATA: nobody tried.
 *	named PATH
 *		No entry in the archive, but its directory's list has the name.
 *	partial PATH A-B,C-D,E-
 *		Only these bytes (hex, inclusive) of the file were read; the gaps are zero in the
 *		archive and read as -ENODATA. "E-" at the end: the file was seen to end at E.
 *		"-" alone: nothing was read.
 */
int pp_recorder_write(struct pp_source *recorder, const char *path, bool overwrite,
                      const struct pp_record_options *options, struct pp_error *e);

/*
 * Nothing is written: tell is called for each file and link that pp_recorder_write() would write,
 * in that order, and for those that it leaves out. The recorder can be freed afterwards, no more.
 */
int pp_recorder_list(struct pp_source *recorder, const struct pp_record_options *options,
                     void (*tell)(void *ctx, const char *path, enum pp_record_fate fate), void *ctx,
                     struct pp_error *e);

/*
 * The same without an archive: what pp_text_unpack() takes, the manifest first. Each entry is a
 * line "KIND LENGTH PATH" (f: a file, l: a link, d: a directory; the path as the manifest has it),
 * its bytes and a newline.
 */
int pp_recorder_pack(struct pp_source *recorder, const struct pp_record_options *options,
                     struct pp_buffer *ret, struct pp_error *e);

#endif
