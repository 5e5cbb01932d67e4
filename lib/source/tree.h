/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The files of a capture by path. */
#ifndef PP_SOURCE_TREE_H
#define PP_SOURCE_TREE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/span.h"
#include "source/limits.h"

/*
 * A tree of files in memory: what an archive held, what a recorder was told. Nodes are numbers; 0
 * is no node, PP_TREE_TOP the top. Pointers to nodes are good until the next one is added. Names
 * and contents are borrowed from an arena.
 */
enum pp_tree_kind {
	PP_TREE_NOTHING, /* a name that was mentioned; as good as absent */
	PP_TREE_DIRECTORY,
	PP_TREE_FILE,
	PP_TREE_LINK,
	PP_TREE_THERE, /* there and no link; every way to open it fails with error */
	PP_TREE_LOST,  /* could not even be looked at: everything fails with error */
};

struct pp_tree_node {
	const char *name;
	struct pp_span data; /* FILE: content, or its beginning; LINK: its text */
	/* FILE: bytes behind data, which repeat the last period bytes of it again and again. */
	uint32_t more : 24, period : 8;
	uint32_t parent, first, next;
	uint32_t hash;     /* over (parent, name) */
	uint32_t partial;  /* FILE: its place in the manifest's list, from 1; 0: wholly there */
	uint16_t error;    /* positive errno: DIRECTORY: of its list; FILE: of its unread bytes */
	uint16_t path_len; /* of the path from the top */
	uint8_t kind, name_len, depth;
	bool named; /* LOST: its directory's list has the name all the same */
};

struct pp_tree {
	struct pp_arena *arena;
	/* Names and small contents that came last: they are the same in many places. NULL: a small
	 * tree. */
	struct pp_span *shared;
	struct pp_tree_node *nodes;
	/* The nodes by hash, with a part of it in each slot; 0: free. */
	uint32_t *slots;
	uint32_t count, size, slot_count;
	uint32_t touched; /* of the nodes' memory, see pp_pages_touch() */
	uint32_t root;    /* where paths begin; above it nothing is ever reached */
	uint64_t key[2];
};

#define PP_TREE_TOP 1u

int pp_tree_init(struct pp_tree *t, struct pp_arena *a);
void pp_tree_fini(struct pp_tree *t);

static inline struct pp_tree_node *pp_tree_at(const struct pp_tree *t, uint32_t node)
{
	return &t->nodes[node];
}

/* Room for so many nodes at once; more can be added all the same. -ENOMEM. */
int pp_tree_reserve(struct pp_tree *t, uint32_t count);

/* The child of that name, 0 if there is none. */
uint32_t pp_tree_child(const struct pp_tree *t, uint32_t parent, const char *name, size_t len);

/*
 * The child of that name, made as PP_TREE_NOTHING if there is none. -E2BIG: too many nodes;
 * -ENAMETOOLONG: name, path or depth; -ENOMEM.
 */
int pp_tree_add(struct pp_tree *t, uint32_t parent, const char *name, size_t len, uint32_t *ret);

/* The same for a name that lives as long as the tree. -EEXIST: there is one. */
int pp_tree_add_new(struct pp_tree *t, uint32_t parent, const char *name, size_t len,
                    uint32_t *ret);

/* Those bytes in the arena, with a NUL behind them; NULL: it refused them. */
const uint8_t *pp_tree_keep(struct pp_tree *t, const void *bytes, size_t len);

/* The content of a file that is small and ends in the same again and again keeps little of it. */
int pp_tree_set_content(struct pp_tree *t, uint32_t node, struct pp_span content);
static inline size_t pp_tree_content_len(const struct pp_tree_node *n)
{
	return n->data.len + n->more;
}
/* Bytes of a file from offset on, which has that many. */
void pp_tree_copy_content(const struct pp_tree_node *n, size_t offset, void *buf, size_t len);

/* Why the arena refused bytes: -E2BIG, its limit; -ENOMEM. */
int pp_tree_full(const struct pp_tree *t, size_t bytes);

/* The path from t->root, "" for the root; always fits. */
void pp_tree_path(const struct pp_tree *t, uint32_t node, char buf[PP_MAX_PATH + 1]);

/* The children that a list shows, sorted by bytes, in a; *count may be 0. -ENOMEM. */
int pp_tree_children(const struct pp_tree *t, uint32_t node, struct pp_arena *a,
                     const uint32_t **ret, uint32_t *count);

/*
 * Finds a child for a walk: 0 with the node, or with 0 in *ret when it is missing; or a negative
 * errno that ends the walk. It may add nodes. ".." is only asked of a parent that is THERE: whether
 * it is a directory.
 */
typedef int (*pp_tree_find)(void *ctx, uint32_t parent, const char *name, size_t len,
                            uint32_t *ret);

struct pp_tree_place {
	uint32_t node;   /* 0: missing, then: */
	uint32_t parent; /* the directory that does not hold it */
	bool last;       /* it was the last component that was missing */
	/* From the missing component on; links may have put "." and ".." behind it. */
	char rest[PP_MAX_PATH + 1];
};

/* The path of a missing place; false: longer than a path can be. */
bool pp_tree_place_path(const struct pp_tree *t, const struct pp_tree_place *place,
                        char buf[PP_MAX_PATH + 1]);

/*
 * Walks a path from start, links resolved below t->root; the last component's link only if follow.
 * find NULL: what the tree holds is all there is. 0 (found or missing), -ENOTDIR, -ELOOP,
 * -ENAMETOOLONG or the error of a node that could not be read.
 */
int pp_tree_walk(struct pp_tree *t, pp_tree_find find, void *ctx, uint32_t start, const char *path,
                 bool follow, struct pp_tree_place *ret);

#endif
