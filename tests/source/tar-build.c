/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Builds tar archives in memory. */
#define _GNU_SOURCE
#include <archive.h>
#include <archive_entry.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tar-build.h"

#define BLOCK 512u

static void need(bool ok, const char *what)
{
	if (!ok) {
		perror(what);
		abort();
	}
}

void tar_header(struct pp_buffer *b, const char *name, char type, const char *target,
                unsigned long long size)
{
	char h[BLOCK] = { 0 };
	unsigned int sum = 0;

	need(strlen(name) <= 100 && (!target || strlen(target) <= 100), name);
	memcpy(h, name, strlen(name));
	memcpy(h + 100, "0000644", 7);
	memcpy(h + 108, "0000000", 7);
	memcpy(h + 116, "0000000", 7);
	if (size < 1ull << 33) {
		char octal[16];
		snprintf(octal, sizeof(octal), "%011llo", size);
		memcpy(h + 124, octal, 11);
	} else {
		h[124] = (char)0x80; /* base 256 */
		for (int i = 0; i < 8; i++)
			h[135 - i] = (char)(size >> (8 * i));
	}
	memcpy(h + 136, "00000000000", 11);
	h[156] = type;
	if (target)
		memcpy(h + 157, target, strlen(target));
	memcpy(h + 257, "ustar\00000", 8);
	memset(h + 148, ' ', 8);
	for (size_t i = 0; i < BLOCK; i++)
		sum += (unsigned char)h[i];
	char octal[16];
	snprintf(octal, sizeof(octal), "%06o", sum & 0777777);
	memcpy(h + 148, octal, 7);
	pp_buffer_append(b, h, sizeof(h));
	need(!b->failed, "buffer");
}

void tar_data(struct pp_buffer *b, const void *data, size_t len)
{
	static const char zeros[BLOCK];

	pp_buffer_append(b, data, len);
	pp_buffer_append(b, zeros, (BLOCK - len % BLOCK) % BLOCK);
	need(!b->failed, "buffer");
}

void tar_file(struct pp_buffer *b, const char *name, const char *text)
{
	tar_header(b, name, TAR_FILE, NULL, strlen(text));
	tar_data(b, text, strlen(text));
}

void tar_directory(struct pp_buffer *b, const char *name)
{
	tar_header(b, name, TAR_FOLDER, NULL, 0);
}

void tar_link(struct pp_buffer *b, const char *name, const char *target)
{
	tar_header(b, name, TAR_LINK, target, 0);
}

void tar_end(struct pp_buffer *b)
{
	static const char zeros[2 * BLOCK];
	pp_buffer_append(b, zeros, sizeof(zeros));
	need(!b->failed, "buffer");
}

void tar_compress(struct pp_buffer *to, const struct pp_buffer *from, const char *filter)
{
	size_t size = from->len + from->len / 8 + 4096, used = 0;
	char *out = malloc(size);
	struct archive *a = archive_write_new();
	struct archive_entry *entry = archive_entry_new();

	archive_write_set_format_raw(a);
	need(archive_write_add_filter_by_name(a, filter) == ARCHIVE_OK, filter);
	archive_write_set_bytes_in_last_block(a, 1);
	need(archive_write_open_memory(a, out, size, &used) == ARCHIVE_OK, filter);
	archive_entry_set_filetype(entry, AE_IFREG);
	archive_entry_set_pathname(entry, "x");
	need(archive_write_header(a, entry) == ARCHIVE_OK, filter);
	need(archive_write_data(a, from->data, from->len) == (la_ssize_t)from->len, filter);
	need(archive_write_close(a) == ARCHIVE_OK, filter);
	archive_write_free(a);
	archive_entry_free(entry);
	pp_buffer_append(to, out, used);
	need(!to->failed, "buffer");
	free(out);
}

char *scratch_new(void)
{
	/* In memory where that is, so that thousands of fsyncs cost nothing. */
	bool memory = !access("/dev/shm", W_OK);
	char *path = strdup(memory ? "/dev/shm/pcipass-test-XXXXXX" : "/tmp/pcipass-test-XXXXXX");
	need(path && mkdtemp(path), "mkdtemp");
	return path;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	return remove(path);
}

void scratch_free(char *path)
{
	nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	free(path);
}

static void make_parents(char *path)
{
	for (char *p = path + 1; (p = strchr(p, '/')); p++) {
		*p = '\0';
		mkdir(path, 0755);
		*p = '/';
	}
}

void put_file(const char *directory, const char *name, const char *text)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	make_parents(path);
	if (path[strlen(path) - 1] == '/')
		return; /* a directory */
	FILE *f = fopen(path, "w");
	need(f != NULL, path);
	need(fputs(text, f) >= 0 && !fclose(f), path);
}

void put_link(const char *directory, const char *name, const char *target)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	make_parents(path);
	need(!symlink(target, path), path);
}
