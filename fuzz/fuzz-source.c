/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The bytes as an archive or a bare table, everything in it listed and read; and as a manifest.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "source/archive-read.h"
#include "source/manifest.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Links may make a few entries look like many: enough is enough. */
#define MAX_QUESTIONS 200u
#define MAX_DEPTH     5u

static unsigned int questions;

static void read_file(struct pp_source *s, struct pp_node dir, const char *name)
{
	char buf[100];
	struct pp_node file;

	if (pp_source_open_file(s, dir, name, &file) < 0)
		return;
	ssize_t n = 1;
	for (uint64_t at = 0; n > 0 && at < 4096; at += (uint64_t)n) {
		n = pp_source_pread(s, file, buf, sizeof(buf), at);
		if (n > (ssize_t)sizeof(buf))
			abort();
	}
	/* Bytes behind a gap, and behind the end. */
	pp_source_pread(s, file, buf, 4, 0x100);
	pp_source_pread(s, file, buf, 4, UINT64_MAX);
	pp_source_close(s, file);
}

static void ask(struct pp_source *s, struct pp_node dir, const char *name)
{
	char text[64];

	pp_source_read_text(s, dir, name, text, sizeof(text));
	if (pp_source_read_link(s, dir, name, text, sizeof(text)) == 0 &&
	    strlen(text) >= sizeof(text))
		abort();
	read_file(s, dir, name);
}

static void walk(struct pp_source *s, const char *path, unsigned int depth)
{
	struct pp_arena a;
	struct pp_names names = { 0 };
	struct pp_node dir;
	char child[PP_MAX_PATH + 1];

	if (pp_source_open_dir(s, path, &dir) < 0)
		return;
	pp_arena_init(&a, 0);
	ask(s, dir, "absent");
	int r = pp_source_list(s, path, &a, &names);
	for (uint32_t i = 0; r == 0 && i < names.count && questions < MAX_QUESTIONS; i++) {
		questions++;
		if (i && strcmp(names.names[i - 1], names.names[i]) >= 0)
			abort();
		ask(s, dir, names.names[i]);
		int len = snprintf(child, sizeof(child), "%s%s%s", path, *path ? "/" : "",
		                   names.names[i]);
		if (len < (int)sizeof(child) && depth < MAX_DEPTH)
			walk(s, child, depth + 1);
	}
	pp_source_close(s, dir);
	pp_arena_fini(&a);
}

static void as_archive(const uint8_t *data, size_t size)
{
	static const char *const paths[] = { "sys/a/b", "sys/firmware/acpi/tables/DMAR",
		                             "proc/x/y" };
	struct pp_source *s;
	struct pp_arena a;
	struct pp_span log;
	struct pp_error e = { 0 };

	int r = pp_source_open_bytes("fuzz", PP_SPAN(data, size), &s, &e);
	if (r < 0) {
		/* Every refusal is a sentence. */
		if (e.code != -r || !e.text[0])
			abort();
		return;
	}
	questions = 0;
	pp_arena_init(&a, 0);
	walk(s, "", 0);
	/* A capture lists nothing unless it was listed. */
	walk(s, "sys", 0);
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		ask(s, PP_NODE_NONE, paths[i]);
	pp_source_kernel_log(s, &a, &log);
	pp_arena_fini(&a);
	pp_source_free(s);
}

/*
 * A tar's header carries a sum of its bytes, which ends nearly every mutation at once. So that
 * they get further: a copy with the sums made right, for the caller to free; NULL: no tar.
 */
static uint8_t *tar_with_its_sums(const uint8_t *data, size_t size)
{
	if (size < 512 || memcmp(data + 257, "ustar", 5) != 0)
		return NULL;
	uint8_t *copy = malloc(size);
	if (!copy)
		abort();
	memcpy(copy, data, size);
	for (size_t at = 0; at + 512 <= size && copy[at];) {
		unsigned int sum = 0;
		char octal[16], bytes[13] = { 0 };
		memset(copy + at + 148, ' ', 8);
		for (size_t i = 0; i < 512; i++)
			sum += copy[at + i];
		snprintf(octal, sizeof(octal), "%06o", sum & 0777777);
		memcpy(copy + at + 148, octal, 7);
		memcpy(bytes, copy + at + 124, 12);
		size_t content = strtoul(bytes, NULL, 8);
		if (content > size)
			break;
		at += 512 + (content + 511) / 512 * 512;
	}
	return copy;
}

static void as_manifest(const uint8_t *data, size_t size)
{
	struct pp_manifest m;
	struct pp_arena a;
	struct pp_error e = { 0 };

	pp_arena_init(&a, 0);
	int r = pp_manifest_parse(PP_SPAN(data, size), &a, &m, &e);
	if (r < 0 && (e.code != -r || !e.text[0]))
		abort();
	for (uint32_t i = 0; r == 0 && i < m.asked_count; i++)
		if (!pp_manifest_asked(&m, m.asked[i]))
			abort();
	for (uint32_t i = 0; r == 0 && i < m.unread_count; i++)
		if (!pp_manifest_unread(&m, m.unread[i].path) || m.unread[i].error <= 0)
			abort();
	pp_arena_fini(&a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	as_archive(data, size);
	uint8_t *tar = tar_with_its_sums(data, size);
	if (tar)
		as_archive(tar, size);
	free(tar);
	as_manifest(data, size);
	return 0;
}
