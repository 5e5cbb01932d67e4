/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A capture in memory as a source. */
#ifndef PP_SOURCE_STORED_H
#define PP_SOURCE_STORED_H

#include "source/manifest.h"
#include "source/tree.h"

/*
 * A source whose answers are all in memory: an archive, an unpacked capture, a bare table. It is
 * filled through its tree, then sealed.
 */
struct pp_stored {
	struct pp_source base;
	struct pp_arena arena;
	struct pp_tree tree;
	struct pp_manifest manifest;
	/* The directory of the last name that was added: the next one mostly is in it, too. */
	char last[PP_MAX_PATH + 1];
	size_t last_len;
	uint32_t last_parent;
	bool told; /* what is missing is absent only if the manifest says that it was asked for */
};

int pp_stored_new(enum pp_source_kind kind, struct pp_stored **ret, struct pp_error *e);

/* NULL: a source whose answers are not in memory. */
const struct pp_stored *pp_stored_of(const struct pp_source *s);

/* -EBADMSG: a name that leads out or is too long, a file where a directory is needed. what: for the
 * text, as "entry 12". The node's kind is for the caller to set. */
int pp_stored_add(struct pp_stored *s, const char *path, const char *what, uint32_t *ret,
                  struct pp_error *e);

/* Settles where the root is, and what the manifest says if there is one. */
int pp_stored_finish(struct pp_stored *s, struct pp_error *e);

#endif
