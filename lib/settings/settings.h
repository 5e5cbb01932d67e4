/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An open store with its schema: what reading and writing settings share. */
#ifndef PP_SETTINGS_SETTINGS_H
#define PP_SETTINGS_SETTINGS_H

#include <pcipass/settings.h>

#include "base/buffer.h"
#include "conrep/change.h"
#include "store/store.h"

enum pp_remark_kind {
	PP_REMARK_SCHEMA, /* what is odd in the schema */
	PP_REMARK_OTHERS, /* a setting that was not read and that nobody named */
	PP_REMARK_ASKED,  /* what was named, or stands in the data file */
};

/* Something that was odd or left out, in a sentence. */
struct pp_remark {
	struct pp_remark *next;
	enum pp_remark_kind kind;
	const char *text;
};

struct pp_settings {
	struct pp_arena arena; /* all that follows lives in it */
	struct pp_store *store;
	const char *asked; /* the name that was asked for, borrowed; NULL: that of this host */
	struct pp_machine machine;
	const char *(*name)(void *ctx, unsigned int vendor, unsigned int device); /* NULL: none */
	void *name_ctx;
	char recovered[512];
	struct pp_schema schema;
	const char *schema_path;  /* NULL: built in */
	const char *schema_where; /* for people */
	struct pp_notes notes;
	struct pp_areas memory;
	struct pp_data now; /* every setting that fits the machine */
	struct pp_remark *remarks, **last_remark;
	struct pp_buffer document;
	bool has_schema, has_read;
};

struct pp_settings_plan {
	const struct pp_settings *settings;
	struct pp_changes changes;
};

/* pp_settings_open() without what was interrupted: nothing of it is looked at (lib/txn does that).
 */
int pp_settings_new(const struct pp_settings_options *o, struct pp_settings **ret,
                    struct pp_error *e);

/* A whole schema or data file, or what a pipe gives, into the arena; object: its name for people.
 */
int pp_settings_file(const char *path, struct pp_arena *a, struct pp_span *ret, const char **object,
                     struct pp_error *e);

/* -EINVAL: path is the file own, which is what for people, and writing there would lose it. */
int pp_settings_check_target(const char *path, const char *own, const char *what,
                             struct pp_error *e);
/* The same for all that s has been read from. */
int pp_settings_check_targets(const struct pp_settings *s, const char *path, struct pp_error *e);

/* A schema, and where it was found. */
struct pp_schema_text {
	struct pp_schema schema;
	const char *path;  /* absolute; NULL: built in */
	const char *where; /* for people */
};

/* As pp_settings_schema() finds it; all of *ret lives in a. */
int pp_schema_text_read(const char *name, struct pp_arena *a, struct pp_notes *notes,
                        struct pp_schema_text *ret, struct pp_error *e);

/* 0 or -ENOMEM. */
int pp_settings_remark(struct pp_settings *s, enum pp_remark_kind kind, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* -EINVAL: the schema has no setting of that name; the sentence tells one that is near. */
int pp_settings_refuse_name(const struct pp_settings *s, const char *name, struct pp_error *e);

/* Notes since the last call become remarks of that kind. */
int pp_settings_take_notes(struct pp_settings *s, enum pp_remark_kind kind);

/* -EINVAL unless the schema has been read and, if read is set, the store too: a caller's bug. */
int pp_settings_ready(const struct pp_settings *s, bool read, struct pp_error *e);

#endif
