/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Input: a structure table. Redacting it must not change what is parsed, and once is enough. */
#include <stdlib.h>
#include <string.h>

#include "../tests/smbios/compare.h"

static void require(int mappings)
{
	if (!mappings)
		abort();
}

static void check_redacted(struct pp_span in, const struct pp_smbios *before, struct pp_arena *a)
{
	struct pp_buffer once, twice;
	struct pp_smbios after;

	pp_buffer_init(&once, 2 * PP_SMBIOS_MAX_BYTES);
	pp_buffer_init(&twice, 2 * PP_SMBIOS_MAX_BYTES);
	require(pp_smbios_redact(in, &once, NULL) == 0);
	struct pp_span out = PP_SPAN(once.data, once.len);
	require(pp_smbios_parse(out, a, NULL, &after, NULL) == 0);
	require(same_smbios(before, &after));
	require(pp_smbios_redact(out, &twice, NULL) == 0);
	require(once.len == twice.len && (!once.len || !memcmp(once.data, twice.data, once.len)));
	pp_buffer_fini(&once);
	pp_buffer_fini(&twice);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pp_span in = PP_SPAN(data, size);
	struct pp_smbios smbios;
	struct pp_buffer out;
	struct pp_arena arena;
	struct pp_notes notes;
	struct pp_error e = { 0 };

	pp_arena_init(&arena, 0);
	pp_notes_init(&notes, &arena);
	pp_buffer_init(&out, PP_SMBIOS_MAX_BYTES);
	int rc = pp_smbios_parse(in, &arena, &notes, &smbios, &e);
	if (!rc) {
		check_redacted(in, &smbios, &arena);
	} else {
		require(e.code == -rc && e.text[0]);
		require(pp_smbios_redact(in, &out, NULL) == rc && !out.len);
	}
	pp_buffer_fini(&out);
	pp_arena_fini(&arena);
	return 0;
}
