/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A source: the table of functions that each kind of it has. */
#ifndef PP_SOURCE_SOURCE_H
#define PP_SOURCE_SOURCE_H

#include <stdbool.h>
#include <sys/types.h>

#include <pcipass/source.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/span.h"
#include "source/limits.h"
#include "sys/directory.h"

/*
 * Paths are written as on the host without the leading slash: "sys/bus/pci/devices/0000:07:00.0".
 * Links are followed inside the root and never out of it.
 *
 * Three answers stay distinct everywhere:
 *   -ENOENT	looked for, and not there
 *   -ENODATA	nobody looked: the capture does not say
 *   -EACCES, -EPERM, -EIO …: there, but could not be read, now or when the capture was made
 * A capture of ours knows from its manifest what was looked for. In a foreign directory or archive
 * a missing file is absent where the directory that would hold it is there, and unread where it is
 * not. Sockets, pipes and device nodes count as absent there: nothing of a host is told in them.
 *
 * A path has no slash at either end, no empty component, no "." and no "..": -EINVAL, or
 * -ENAMETOOLONG for one longer than Linux takes. "" is the root, for directories only.
 */

/* An open directory or file; a value, closed by pp_source_close(). */
struct pp_node {
	int fd;         /* live, directory; -1 otherwise */
	uint32_t index; /* archive, recorder */
	bool plain;     /* what was opened has this name itself: it is not a link */
};

#define PP_NODE_NONE ((struct pp_node){ .fd = -1, .index = 0 })

static inline bool pp_node_is_none(struct pp_node n)
{
	return n.fd < 0 && !n.index;
}

/* A back end is a table of functions. Failures are negative errno values, texts are made above. */
struct pp_source_ops {
	int (*open_dir)(struct pp_source *s, const char *path, struct pp_node *ret);
	/*
	 * dir PP_NODE_NONE: name is a path from the root; else a plain name in dir. A directory:
	 * -EISDIR, from here or (live) from pread.
	 */
	int (*open_file)(struct pp_source *s, struct pp_node dir, const char *name,
	                 struct pp_node *ret);
	/*
	 * Bytes read, less than len only at the end of what can be read. Files of proc may give
	 * less in the middle: pp_source_read_all() goes on until nothing comes.
	 */
	ssize_t (*pread)(struct pp_source *s, struct pp_node file, void *buf, size_t len,
	                 uint64_t offset);
	/* The link's text as it stands; bytes without a NUL. -EINVAL: not a link. */
	ssize_t (*readlink)(struct pp_source *s, struct pp_node dir, const char *name, char *buf,
	                    size_t size);
	int (*list)(struct pp_source *s, const char *path, struct pp_arena *a,
	            struct pp_names *ret);
	/*
	 * The kernel log, one line each with the kernel's "[    1.234567] " stamp or without one.
	 * Live: the ring buffer. Captures: var/log/dmesg.txt, var/log/dmesg, or where sosreport
	 * has it.
	 */
	int (*kernel_log)(struct pp_source *s, struct pp_arena *a, struct pp_span *ret);
	void (*close)(struct pp_source *s, struct pp_node n);
	void (*free)(struct pp_source *s);
};

enum pp_source_kind {
	PP_SOURCE_LIVE,
	PP_SOURCE_DIRECTORY,
	PP_SOURCE_ARCHIVE,
	PP_SOURCE_TABLE,    /* a bare table: looks like an archive that holds only it */
	PP_SOURCE_RECORDER, /* passes everything on and remembers it */
};

/* Every back end's own struct begins with it. */
struct pp_source {
	const struct pp_source_ops *ops;
	enum pp_source_kind kind;
	const struct pp_capture_info *capture; /* NULL: no capture of ours */
	bool still;                            /* see pp_source_is_still() */
};

enum pp_source_kind pp_source_kind(const struct pp_source *s);

/*
 * Files in a directory with nothing behind them: reading more of one than is needed disturbs
 * nobody. Not so where the directory is a mounted /sys after all.
 */
bool pp_source_is_still(const struct pp_source *s);

/* What a capture of ours says of itself. */
struct pp_capture_info {
	const char *tool;              /* cleaned; NULL: it does not say */
	enum pp_tri as_root, redacted; /* read with root's rights? changed by a filter? */
};

/* Borrowed from the source; NULL: no capture of ours. */
const struct pp_capture_info *pp_source_capture_info(const struct pp_source *s);

int pp_source_open_dir(struct pp_source *s, const char *path, struct pp_node *ret);
int pp_source_open_file(struct pp_source *s, struct pp_node dir, const char *name,
                        struct pp_node *ret);
ssize_t pp_source_pread(struct pp_source *s, struct pp_node file, void *buf, size_t len,
                        uint64_t offset);
void pp_source_close(struct pp_source *s, struct pp_node n);
int pp_source_list(struct pp_source *s, const char *path, struct pp_arena *a, struct pp_names *ret);
int pp_source_kernel_log(struct pp_source *s, struct pp_arena *a, struct pp_span *ret);

/*
 * A small text file (a sysfs attribute) into buf, NUL-terminated, the last newline gone.
 * dir as in open_file. 0 or a negative errno; -E2BIG: does not fit.
 */
int pp_source_read_text(struct pp_source *s, struct pp_node dir, const char *name, char *buf,
                        size_t size);

/* A link's text, NUL-terminated. -ENAMETOOLONG: does not fit. */
int pp_source_read_link(struct pp_source *s, struct pp_node dir, const char *name, char *buf,
                        size_t size);

/* A whole file of at most max bytes into the arena; -E2BIG if it is larger. */
int pp_source_read_all(struct pp_source *s, const char *path, size_t max, struct pp_arena *a,
                       struct pp_span *ret);

/*
 * The source that a recorder passes questions on to: what is asked of it leaves nothing in the
 * capture. Of any other source, itself.
 */
struct pp_source *pp_source_aside(struct pp_source *s);
/*
 * Puts a file into the capture that a recorder makes, in place of what was read aside.
 * A recorder that runs out of memory says so when it writes. Of any other source: nothing.
 */
void pp_source_keep(struct pp_source *s, const char *path, struct pp_span content);

/* As pp_source_open_confined(), but in this process, without any confinement. */
int pp_source_open_unconfined(const struct pp_confined_open *how, struct pp_source **ret,
                              char **notes, struct pp_error *e);

#endif
