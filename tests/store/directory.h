/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A temporary directory with the files of a store, for tests. */
#ifndef TEST_FOLDER_H
#define TEST_FOLDER_H

/* Include it first: it wants more than plain C of the headers. */
#define _GNU_SOURCE

/* cmocka.h wants these before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A directory for one test, and files in it. */

static char directory[64];

static inline int make_directory(void **state)
{
	strcpy(directory, "/tmp/pcipass-test-XXXXXX");
	return mkdtemp(directory) ? 0 : -1;
}

static inline int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	return remove(path);
}

static inline int remove_directory(void **state)
{
	return nftw(directory, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

/* FOLDER/name, in one of a few buffers in turn. */
static inline const char *in_directory(const char *name)
{
	static char paths[8][256];
	static unsigned int next;
	char *path = paths[next++ % 8];

	snprintf(path, 256, "%s/%s", directory, name);
	return path;
}

static inline void put_file(const char *name, const void *bytes, size_t len)
{
	FILE *f = fopen(in_directory(name), "wb");

	assert_non_null(f);
	assert_int_equal(fwrite(bytes, 1, len, f), len);
	assert_int_equal(fclose(f), 0);
}

static inline void put_text(const char *name, const char *text)
{
	put_file(name, text, strlen(text));
}

/* Up to 64 KiB, with a NUL behind; "" if it is not there. */
static inline const char *get_file(const char *name, size_t *ret_len)
{
	static char content[65536];
	FILE *f = fopen(in_directory(name), "rb");
	size_t len = f ? fread(content, 1, sizeof(content) - 1, f) : 0;

	if (f)
		fclose(f);
	content[len] = '\0';
	if (ret_len)
		*ret_len = len;
	return content;
}

static inline int is_there(const char *name)
{
	return !access(in_directory(name), F_OK);
}

static inline void assert_has(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("'%s' does not hold '%s'", text, part);
}

#endif
