/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the recorder keeps of each file. */
#ifndef PP_SOURCE_RECORD_NODE_H
#define PP_SOURCE_RECORD_NODE_H

#include "source/manifest.h"
#include "source/record.h"
#include "source/tree.h"

/* The bytes of one file that were read. */
struct pp_bytes {
	uint8_t *data; /* len bytes, zero where nothing was read */
	size_t len, size;
	struct pp_range *ranges; /* ascending, not touching */
	uint32_t count, room;
	bool ends;
	uint64_t end;
};

/* What was found out about a name; what kind of thing it is stands in the tree. */
enum pp_looked {
	PP_NOT_LOOKED,
	PP_LOOKED,
	PP_LOOKED_MISSING, /* absent, or the inner source does not know */
};

struct pp_record {
	struct pp_bytes *bytes; /* of a file that was opened */
	uint8_t looked;
	bool opened, listed; /* the file was opened; the directory was listed */
	bool rewritten;      /* a filter gave other content than was read */
	bool renamed;        /* a filter gave it another name */
	bool out;            /* a filter left it out */
	bool in_list;        /* the name came up in its directory's list */
	/* What a question that ended here, or would have, was answered. */
	bool absent, unknown;
};

struct pp_handle {
	struct pp_node inner;
	uint32_t node; /* 0: could not be followed; nothing is remembered */
	bool used;
};

struct pp_recorder {
	struct pp_source base;
	struct pp_source *inner;
	struct pp_arena arena;
	struct pp_tree tree;
	struct pp_record *records; /* one a node */
	struct pp_handle *handles;
	uint32_t record_count, handle_count;
	size_t bytes;
	/* The open directory that a question is about: its names are looked at through it. 0: none.
	 */
	uint32_t at_node;
	struct pp_node at;
	int failed; /* why not everything could be remembered */
};

static inline struct pp_record *pp_record_at(const struct pp_recorder *r, uint32_t node)
{
	return &r->records[node];
}

/* Makes the child and its record. */
int pp_record_add(struct pp_recorder *r, uint32_t parent, const char *name, size_t len,
                  uint32_t *ret);

/* Finds out whether a name is there, and a link; once. -ENOTDIR: its parent is not a directory. */
int pp_record_look(struct pp_recorder *r, uint32_t node);

/* The same of a name that was opened and is not a link. */
void pp_record_plain(struct pp_recorder *r, uint32_t parent, const char *name);

/*
 * The node a path ends at, each component looked at on the way; 0: none. Where it is missing,
 * *missing is a node that stands for the rest of the path; else 0.
 */
uint32_t pp_record_walk(struct pp_recorder *r, uint32_t start, const char *path, bool follow,
                        uint32_t *missing);

/* The question about a missing one was answered with -ENOENT or -ENODATA. */
void pp_record_missing(struct pp_recorder *r, uint32_t missing, ssize_t answer);

/* What a question about a node was answered. */
void pp_record_opened_dir(struct pp_recorder *r, uint32_t node, int answer);
void pp_record_opened_file(struct pp_recorder *r, uint32_t node, int answer);
void pp_record_read(struct pp_recorder *r, uint32_t node, const void *buf, size_t len,
                    uint64_t offset, ssize_t answer);
void pp_record_listed(struct pp_recorder *r, uint32_t node, const struct pp_names *names);

/* The file is known to end at the offset. */
void pp_record_ends(struct pp_recorder *r, uint32_t node, uint64_t offset);

static inline bool pp_bytes_complete(const struct pp_bytes *b)
{
	if (!b->ends)
		return false;
	return b->count ? b->count == 1 && !b->ranges[0].first && b->ranges[0].end == b->end
	                : b->end == 0;
}

#endif
