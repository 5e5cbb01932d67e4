/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Texts that strangers paste: any bytes, in two parts as two texts of one host. */
#include <stdio.h>

#include <pcipass/import.h>

#include "source/source.h"
#include "touch.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pp_source *source;
	struct pp_import *in;
	struct pp_error e = { 0 };
	size_t first = size ? data[0] * size / 256 : 0;

	if (pp_import_new(&in, &e))
		return 0;
	int r = pp_import_add(in, "all", (const char *)data, size, &e);
	int s = pp_import_add(in, "part", (const char *)data + first, size - first, &e);
	if ((!r || !s) && !pp_import_finish(in, &source, &e)) {
		struct pp_arena a;
		struct pp_names names;
		pp_arena_init(&a, 0);
		if (!pp_source_list(source, "sys/bus/pci/devices", &a, &names))
			for (uint32_t i = 0; i < names.count; i++) {
				char path[300], buf[64];
				snprintf(path, sizeof(path), "sys/bus/pci/devices/%.200s/config",
				         names.names[i]);
				pp_source_read_text(source, PP_NODE_NONE, path, buf, sizeof(buf));
			}
		pp_arena_fini(&a);
		pp_source_free(source);
	}
	pp_import_free(in);
	return 0;
}
