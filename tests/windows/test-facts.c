/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which fields of what is known of a host are set, and which are left at zero, in captures: for
 * test-facts.py. A line a field: its name, in how many structures it is set, and in how many not.
 */
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <pcipass/source.h>

#include "host/host.h"
#include "host/on-windows.h"

#define MAX_BYTES 65536

#define FIELD(structure, field)                                                                    \
	{ #structure,                                                                              \
	  #field,                                                                                  \
	  offsetof(struct structure, field),                                                       \
	  sizeof(((struct structure *)NULL)->field),                                               \
	  0,                                                                                       \
	  0 },

static struct {
	const char *structure, *field;
	size_t offset, bytes;
	unsigned int set, zero;
} rows[] = {
#include "fields.h"
};
#define NR_ROWS (sizeof(rows) / sizeof(rows[0]))

static void look_at(const char *structure, const void *object)
{
	static const char zeros[MAX_BYTES];

	for (size_t i = 0; i < NR_ROWS; i++) {
		if (strcmp(rows[i].structure, structure) != 0)
			continue;
		if (memcmp((const char *)object + rows[i].offset, zeros, rows[i].bytes))
			rows[i].set++;
		else
			rows[i].zero++;
	}
}

static void look_at_host(const struct pp_host *h)
{
	look_at("pp_host", h);
	look_at("pp_kernel", &h->kernel);
	if (h->windows)
		look_at("pp_windows", h->windows);
	for (uint32_t i = 0; i < h->nr_devices; i++) {
		look_at("pp_device", &h->devices[i]);
		look_at("pp_config", &h->devices[i].config);
		if (h->devices[i].windows)
			look_at("pp_windows_device", h->devices[i].windows);
	}
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		struct pp_error e = { 0 };
		struct pp_source *source;
		struct pp_host *host;
		if (pp_source_open(argv[i], &source, &e) || pp_host_read(source, &host, &e)) {
			fprintf(stderr, "%s: %s\n", argv[i], e.text);
			return 1;
		}
		look_at_host(host);
		pp_host_free(host);
		pp_source_free(source);
	}
	for (size_t i = 0; i < NR_ROWS; i++)
		printf("%s.%s %u %u\n", rows[i].structure, rows[i].field, rows[i].set,
		       rows[i].zero);
	return 0;
}
