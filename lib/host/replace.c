/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A host with another firmware table in the place of its own. */
#include <stdlib.h>
#include <string.h>

#include "host/build.h"

#define MAX_BYTES ((size_t)512 * 1024 * 1024)

static int replace_parse(struct pp_host *h, enum pp_region_source table, struct pp_span bytes,
                         struct pp_error *e)
{
	if (table == PP_FROM_DMAR) {
		struct pp_dmar *dmar = PP_ARENA_NEW(&h->arena, struct pp_dmar);
		h->dmar = dmar;
		h->dmar_bytes = bytes;
		return dmar ? pp_dmar_parse(bytes, &h->arena, NULL, dmar, e)
		            : pp_fail_oom(e, "DMAR");
	}
	if (table == PP_FROM_IORT) {
		struct pp_iort *iort = PP_ARENA_NEW(&h->arena, struct pp_iort);
		h->iort = iort;
		h->iort_bytes = bytes;
		return iort ? pp_iort_parse(bytes, &h->arena, NULL, iort, e)
		            : pp_fail_oom(e, "IORT");
	}
	struct pp_ivrs *ivrs = PP_ARENA_NEW(&h->arena, struct pp_ivrs);
	h->ivrs = ivrs;
	h->ivrs_bytes = bytes;
	return ivrs ? pp_ivrs_parse(bytes, &h->arena, NULL, ivrs, e) : pp_fail_oom(e, "IVRS");
}

int pp_host_rebuild_regions(struct pp_host *h, struct pp_error *e)
{
	struct pp_device *devices = PP_ARENA_ARRAY(&h->arena, h->nr_devices, struct pp_device);

	if (!devices)
		return pp_fail_oom(e, "host");
	if (h->nr_devices)
		memcpy(devices, h->devices, h->nr_devices * sizeof(*devices));
	for (uint32_t i = 0; i < h->nr_devices; i++)
		devices[i].first_mapping = devices[i].nr_mappings = 0;
	h->devices = devices;
	h->regions = NULL;
	h->mappings = NULL;
	h->nr_regions = h->nr_mappings = 0;
	struct pp_host_build b = { .host = h, .devices = devices };
	pp_arena_init(&b.scratch, MAX_BYTES);
	int r = pp_build_regions(&b, e);
	pp_arena_fini(&b.scratch);
	return r;
}

int pp_host_replace_table(const struct pp_host *h, enum pp_region_source table,
                          struct pp_span bytes, struct pp_host **ret, struct pp_error *e)
{
	struct pp_host *n = malloc(sizeof(*n));

	if (!n)
		return pp_fail_oom(e, "host");
	*n = *h;
	pp_arena_init(&n->arena, MAX_BYTES);
	pp_notes_init(&n->notes, &n->arena);
	int r = replace_parse(n, table, bytes, e);
	if (!r)
		r = pp_host_rebuild_regions(n, e);
	if (r) {
		pp_host_free(n);
		return r;
	}
	*ret = n;
	return 0;
}
