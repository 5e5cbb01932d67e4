/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A machine whose files are in memory, made of a fuzzer's input: "=== PATH" begins each file. A
 * program of it is there where its file is; none is ever run. Its root is a path that is nowhere,
 * so what does not go by way of the machine finds nothing.
 */
#ifndef FUZZ_MEMORY_H
#define FUZZ_MEMORY_H

#include "sys/machine.h"
#include "touch.h"

#define MEMORY_ROOT      "/nowhere/pcipass-fuzz"
#define MEMORY_MAX_FILES 64
#define MEMORY_MAX_PATH  200

struct memory_file {
	char path[MEMORY_MAX_PATH];
	struct pp_content content;
};

struct memory {
	struct pp_sys base; /* first */
	struct pp_arena arena;
	struct memory_file files[MEMORY_MAX_FILES];
	char directories[MEMORY_MAX_FILES][MEMORY_MAX_PATH];
	unsigned int nr_files, nr_directories;
	bool read_only; /* whatever would change something is a failure of the caller's */
};

/* Fills m from the input; the bytes are copied. */
void memory_init(struct memory *m, struct pp_span in);
void memory_fini(struct memory *m);
/* NULL: there is none. */
struct memory_file *memory_find(struct memory *m, const char *path);
/* Files and directories of the same names, bytes, modes and owners. */
bool memory_is_same(const struct memory *a, const struct memory *b);
/*
 * The next file of an input: what stands before the first "=== PATH" is passed over. *path is of
 * MEMORY_MAX_PATH bytes, without slashes at its beginning; one that is too long is left out.
 */
bool memory_next(struct pp_span *in, char *path, struct pp_span *ret);

#endif
