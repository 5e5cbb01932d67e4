/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Schemas that others have published are read as they are; what is odd in them is a note. They are
 * no part of the project: conrep/ below $PCIPASS_TEST_DATA.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conrep/fit.h"

#define MAX_BYTES (4u << 20)

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
		printf("%s: %u sections, %u notes\n", path, schema.nr_sections, notes.count);
	for (const struct pp_note *n = notes.first; n; n = n->next)
		printf("  line %zu: %s\n", n->offset, n->text);
	pp_arena_fini(&arena);
	return err != 0;
}

int main(void)
{
	const char *base = getenv("PCIPASS_TEST_DATA");
	char folder[4096], path[8192];
	int count = 0, failed = 0;

	snprintf(folder, sizeof(folder), "%s/conrep", base ? base : ".");
	DIR *d = opendir(folder);
	for (struct dirent *entry; d && (entry = readdir(d));) {
		const char *dot = strrchr(entry->d_name, '.');
		if (!dot || strcmp(dot, ".xml"))
			continue;
		snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
		failed += try(path);
		count++;
	}
	if (d)
		closedir(d);
	if (!count) {
		printf("skipped: no *.xml in %s\n", folder);
		return 77;
	}
	return failed ? 1 : 0;
}
