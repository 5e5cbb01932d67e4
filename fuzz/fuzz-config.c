/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Input: the bytes of a configuration space, as many as were read. */
#include <stdlib.h>

#include "pci/config.h"

static void require(int mappings)
{
	if (!mappings)
		abort();
}

/* A capability stands inside its space, on a dword. */
static void config_check(const struct pp_config *c, size_t size)
{
	require(c->header_read == (size < 64 ? PP_NO : PP_YES));
	for (int i = 0; i < PP_CAP_COUNT; i++) {
		uint16_t first = i >= PP_CAP_ACS ? 0x100 : 0x40;
		uint16_t limit = i >= PP_CAP_ACS ? 0x1000 : 0x100;
		if (c->caps[i].seen != PP_YES) {
			require(c->caps[i].offset == 0);
			continue;
		}
		require(c->caps[i].offset >= first && c->caps[i].offset < limit);
		require(c->caps[i].offset % 4 == 0 && c->caps[i].offset + 4u <= size);
	}
	require((c->acs_known == PP_YES) <= (c->caps[PP_CAP_ACS].seen == PP_YES));
	require((c->sriov_known == PP_YES) <= (c->caps[PP_CAP_SRIOV].seen == PP_YES));
	require((c->pcie_type_known == PP_YES) == (c->caps[PP_CAP_PCIE].seen == PP_YES));
	require(c->slot_number < 1 << 13);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pp_span span = PP_SPAN(data, size);
	struct pp_config_reader reader = pp_config_reader_span(&span);
	struct pp_config config;
	struct pp_arena arena;
	struct pp_notes notes;
	struct pp_error e = { 0 };

	pp_arena_init(&arena, 0);
	pp_notes_init(&notes, &arena);
	int rc = pp_config_decode(&reader, "fuzz", &notes, &config, &e);
	if (rc)
		require(rc == -ENODEV && e.code == ENODEV && e.text[0]);
	else
		config_check(&config, size);
	pp_arena_fini(&arena);
	return 0;
}
