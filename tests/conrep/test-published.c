/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Schemas of the published ones' shape are read as they are; what is odd in them is a note, and
 * nothing is but a missing mask or byte. usage: test-published FILE... The published ones
 * themselves are no part of the project: those that lie in conrep/ below $PCIPASS_TEST_DATA are
 * read as well.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conrep/match.h"

#define MAX_BYTES (4u << 20)

/* Enough for a file that was cut off to be seen. */
#define LEAST_SECTIONS 200

static int published_check(const char *path, const struct pp_schema *schema,
                           const struct pp_notes *notes)
{
	int failed = schema->nr_sections < LEAST_SECTIONS;

	printf("%s: %u sections, %u notes\n", path, schema->nr_sections, notes->count);
	for (const struct pp_note *n = notes->first; n; n = n->next) {
		printf("  line %zu: %s\n", n->offset, n->text);
		failed |= !strstr(n->text, "no <mask>, taken as 0xff") &&
		          !strstr(n->text, "no <byte>, taken as 0");
	}
	return failed;
}

static int try(const char *path)
{
	static unsigned char bytes[MAX_BYTES];
	struct pp_schema schema;
	struct pp_arena arena;
	struct pp_notes notes;
	struct pp_error e;

	FILE *f = fopen(path, "rb");
	if (!f) {
		perror(path);
		return 1;
	}
	size_t len = fread(bytes, 1, sizeof(bytes), f);
	fclose(f);
	pp_arena_init(&arena, 0);
	pp_notes_init(&notes, &arena);
	int err = pp_schema_parse(PP_SPAN(bytes, len), path, &arena, &notes, &schema, &e);
	if (err)
		printf("FAILED: %s\n", e.text);
	else
		err = published_check(path, &schema, &notes);
	pp_arena_fini(&arena);
	return err != 0;
}

int main(int argc, char **argv)
{
	const char *base = getenv("PCIPASS_TEST_DATA");
	char directory[4096], path[8192];
	int failed = argc < 2;

	for (int i = 1; i < argc; i++)
		failed += try(argv[i]);
	snprintf(directory, sizeof(directory), "%s/conrep", base ? base : ".");
	DIR *d = opendir(directory);
	for (struct dirent *entry; d && (entry = readdir(d));) {
		const char *dot = strrchr(entry->d_name, '.');
		if (!dot || strcmp(dot, ".xml"))
			continue;
		snprintf(path, sizeof(path), "%s/%s", directory, entry->d_name);
		failed += try(path);
	}
	if (d)
		closedir(d);
	return failed ? 1 : 0;
}
