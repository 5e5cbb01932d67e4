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
 *            were asked for, listed, unread, partly read; bytes of the records, the strings and the
 *            data
 *   strings  each with its NUL: the nodes' names but that of PP_TREE_TOP; the tool; paths that were
 *            asked for, listed, unread, partly read
 *   data     the files' and links' bytes; what the tree shares is there once, or in few places if
 *            it is short
 *   records  of each node from PP_TREE_TOP on: as PACKED_NODE_BYTES has it
 *            of each unread path: error, line (4 each)
 *            of each partly read one: line, whether its end is known (4 each), its end (8), number
 *            of its ranges (4), and of each range first and end (8 each)
 *
 * The records come last, so that a node is complete as soon as its record is there.
 */
#define PACKED_MAGIC      0x32534343u /* CCS2 */
#define PACKED_HEAD_BYTES 60u
/* kind, named (1 each); error (2); parent, partial, bytes (4 each); more (3), period (1); offset
 * (4) */
#define PACKED_NODE_BYTES 24u
/* Bytes of up to so many are not looked for among all that were sent. */
#define PACKED_SHORT_BYTES 48u
/* A node's record and name, as long as there are nodes; of a manifest at most as much as it has. */
#define PACKED_MAX_NODES   (PP_MAX_ENTRIES + PP_TREE_TOP + 2)
#define PACKED_MAX_RECORDS ((size_t)256 * 1024 * 1024)
#define PACKED_MAX_DATA    (PP_MAX_TOTAL_BYTES + (size_t)PACKED_MAX_NODES * PACKED_SHORT_BYTES)
#define PACKED_MAX_STRINGS ((size_t)256 * 1024 * 1024)
#define PACKED_MAX_PATHS   ((uint64_t)8 * 1024 * 1024)
#define PACKED_MAX_TOOL    4095u
#define PACKED_MAX_ERRNO   4096u

#endif
