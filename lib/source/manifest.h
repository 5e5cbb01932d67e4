/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The manifest of a capture: what was looked for, absent, or not read. */
#ifndef PP_SOURCE_MANIFEST_H
#define PP_SOURCE_MANIFEST_H

#include "base/buffer.h"
#include "source/source.h"

/* What a capture says of itself; the form is described in record.h. */
#define PP_MANIFEST_DIRECTORY "pcipass"
#define PP_MANIFEST_PATH      "pcipass/manifest"
#define PP_MANIFEST_VERSION   1

struct pp_range {
	uint64_t first, end; /* end exclusive */
};

struct pp_unread {
	const char *path;
	int error; /* positive errno */
	unsigned int line;
};

struct pp_partial {
	const char *path;
	struct pp_range *ranges; /* ascending, not touching */
	uint32_t count;
	bool ends;    /* the file was seen to end, */
	uint64_t end; /* here */
	unsigned int line;
};

struct pp_manifest {
	struct pp_capture_info info;
	const char **asked, **listed; /* sorted; listed without the slash at the end */
	struct pp_unread *unread;     /* sorted by path */
	struct pp_unread *named;      /* error is 0 */
	struct pp_partial *partial;
	uint32_t asked_count, listed_count, unread_count, named_count, partial_count;
};

/* Everything in the arena. -EBADMSG with the number of the line. */
int pp_manifest_parse(struct pp_span text, struct pp_arena *a, struct pp_manifest *ret,
                      struct pp_error *e);

bool pp_manifest_asked(const struct pp_manifest *m, const char *path);
bool pp_manifest_listed(const struct pp_manifest *m, const char *path);

/* NULL: nothing of it. */
const struct pp_unread *pp_manifest_unread(const struct pp_manifest *m, const char *path);

/* The path with every component that differs from host to host written as '*'. */
void pp_manifest_pattern(const char *path, char ret[PP_MAX_PATH + 1]);

/* A path as it is written: control bytes, backslashes and bytes from 0x7f on as \xHH. */
void pp_manifest_put_path(struct pp_buffer *b, const char *path);

/* "EACCES", or the number where there is no name; the other way round 0 for what is no error. */
void pp_errno_name(int error, char ret[24]);
int pp_errno_parse(struct pp_span name);

/* 0; -EINVAL or -ENAMETOOLONG: no path as source.h wants it. empty_ok: "" is the root. */
int pp_path_check(const char *path, bool empty_ok);

#endif
