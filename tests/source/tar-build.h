/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Builds tar archives in memory for tests. */
#ifndef TEST_TAR_BUILD_H
#define TEST_TAR_BUILD_H

#include "base/buffer.h"
#include "source/source.h"

/* Tar archives byte by byte, so that they can be wrong. Failures abort: these are tests. */
#define TAR_FILE      '0'
#define TAR_HARD_LINK '1'
#define TAR_LINK      '2'
#define TAR_CHAR      '3'
#define TAR_FOLDER    '5'
#define TAR_FIFO      '6'

/* target: of a link, else NULL. size is what the header says, len what follows. */
void tar_header(struct pp_buffer *b, const char *name, char type, const char *target,
                unsigned long long size);
void tar_data(struct pp_buffer *b, const void *data, size_t len);
void tar_file(struct pp_buffer *b, const char *name, const char *text);
void tar_directory(struct pp_buffer *b, const char *name);
void tar_link(struct pp_buffer *b, const char *name, const char *target);
void tar_end(struct pp_buffer *b);

/* "gzip", "xz", "zstd" */
void tar_compress(struct pp_buffer *to, const struct pp_buffer *from, const char *filter);

/* A temporary directory that goes, with all in it, in scratch_free(). */
char *scratch_new(void);
void scratch_free(char *path);
/* Files below a directory; parents are made. */
void put_file(const char *directory, const char *name, const char *text);
void put_link(const char *directory, const char *name, const char *target);

#endif
