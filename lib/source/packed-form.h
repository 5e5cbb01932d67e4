/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The form of a capture on its way from one process to another. */
#ifndef PP_SOURCE_PACKED_FORM_H
#define PP_SOURCE_PACKED_FORM_H

#include "source/packed.h"

/*
 * Integers are little-endian. Both ends are the same program, so the form has no versions.
 *
 *   head     PACKED_MAGIC; a byte each: kind of the source, whether its manifest tells of what is
 *            missing, whether it is a capture, whether that names its tool, read as root, redacted,
 *            two of 0; count of nodes and number of the root as in struct pp_tree; how many paths
 *            were asked for, listed, unread, partly read; bytes of the three parts that follow
 *   records  of each node from PP_TREE_TOP on: kind, named (a byte each), error (2), parent,
 *            place among the partly read, bytes, more of them and their period as in struct
 *            pp_tree_node (4 each), their offset in the data (8)
 *            of each unread path: error, line (4 each)
 *            of each partly read one: line, whether its end is known (4 each), its end (8), number
 *            of its ranges (4), and of each range first and end (8 each)
 *   strings  each with its NUL: the nodes' names but that of PP_TREE_TOP; the tool; paths that were
 *            asked for, listed, unread, partly read
 *   data     the files' and links' bytes; what the tree shares is there once
 */
#define PACKED_MAGIC      0x31534343u /* CCS1 */
#define PACKED_HEAD_BYTES 60u
#define PACKED_NODE_BYTES 32u
/* A node's record and name, as long as there are nodes; of a manifest at most as much as it has. */
#define PACKED_MAX_NODES   (PP_MAX_ENTRIES + PP_TREE_TOP + 2)
#define PACKED_MAX_RECORDS ((size_t)256 * 1024 * 1024)
#define PACKED_MAX_STRINGS ((size_t)256 * 1024 * 1024)
#define PACKED_MAX_PATHS   ((uint64_t)8 * 1024 * 1024)
#define PACKED_MAX_TOOL    4095u
#define PACKED_MAX_ERRNO   4096u
#define PACKED_MAX_MORE    0xffffffu

#endif
