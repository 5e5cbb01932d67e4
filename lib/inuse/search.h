/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One search for uses of a device: what the searches by kind share. */
#ifndef PP_INUSE_SEARCH_H
#define PP_INUSE_SEARCH_H

#include "inuse/inuse.h"

#define PP_INUSE_NAME_BYTES 64
#define PP_INUSE_LINK_BYTES 1024

struct pp_inuse {
	struct pp_sys *sys;
	struct pp_arena *arena;
	struct pp_error *error;
	/* "/0000:07:00.0/": stands in the path of all below */
	char below[PP_ADDRESS_TEXT_BYTES + 2];
	const char *found;
	/* For disks. */
	struct pp_names disks;
	const char **nodes; /* files in dev that are the device's, NULL at the end */
	uint32_t nr_nodes;
	struct pp_span mounts, swaps;
	/* For interfaces. */
	struct pp_span routes, routes6;
};

/* Whether the device is needed is not known. Returns r. */
int pp_inuse_cannot(struct pp_inuse *s, int r, const char *path);
/* Ends the search with that sentence. */
int pp_inuse_found(struct pp_inuse *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Absent is empty: a kernel without that subsystem uses nothing of it. */
int pp_inuse_list(struct pp_inuse *s, const char *path, struct pp_names *ret);
/*
 * A file of proc. Absent is empty only where the witness is there, which every kernel has beside
 * it: without /proc, or with a part of it, nothing is known.
 */
int pp_inuse_table(struct pp_inuse *s, const char *path, const char *witness, struct pp_span *ret);

#define PP_INUSE_PROC_PROBE "proc/filesystems"
/* Whether directory/name is a link to something below the device. A link that is gone is not. */
int pp_inuse_is_below(struct pp_inuse *s, const char *directory, const char *name, bool *ret);
/* The nth word of a line, from 0; empty if there are not so many. */
struct pp_span pp_inuse_word(struct pp_span line, unsigned int n);

/* Disks and tapes: mounted, in another's stack, exported; and what a process holds open. */
int pp_inuse_disks(struct pp_inuse *s);
int pp_inuse_processes(struct pp_inuse *s);
int pp_inuse_network(struct pp_inuse *s);

#endif
