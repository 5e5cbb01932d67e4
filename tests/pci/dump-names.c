/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names of the ids on standard input ("VVVV DDDD" or "C CCCC" a line), from the pci.ids that is
 * named. */
#include <stdio.h>
#include <stdlib.h>

#include "pci/ids.h"

int main(int argc, char **argv)
{
	static char text[8 << 20];
	struct pp_arena arena;
	struct pp_ids ids;
	unsigned int a, b;
	char line[64], name[512];
	FILE *f = argc == 2 ? fopen(argv[1], "rb") : NULL;

	if (!f)
		return EXIT_FAILURE;
	size_t len = fread(text, 1, sizeof(text), f);
	fclose(f);
	pp_arena_init(&arena, 0);
	pp_ids_init(&ids, PP_SPAN(text, len), &arena);
	while (fgets(line, sizeof(line), stdin)) {
		if (sscanf(line, "C %x", &a) == 1 && line[1] == ' ')
			pp_ids_class_name(&ids, a, name, sizeof(name));
		else if (sscanf(line, "%x %x", &a, &b) == 2)
			pp_ids_device_name(&ids, a, b, name, sizeof(name));
		else
			return EXIT_FAILURE;
		puts(name);
	}
	pp_arena_fini(&arena);
	return EXIT_SUCCESS;
}
