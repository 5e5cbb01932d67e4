/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Decodes a configuration space for tests, and fails the test if it cannot. */
#ifndef TESTS_PCI_DECODE_H
#define TESTS_PCI_DECODE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "config-builder.h"

#define TYPE(t) ((uint16_t)((t) << 4 | 2))

/* What one decoding gave; the notes' texts one after the other. */
struct result {
	struct pp_config config;
	struct pp_error error;
	int rc;
	unsigned int nr_notes;
	char notes[2048];
};

static inline struct result decode(struct config_builder *b)
{
	struct result r = { .config = { .vendor = 0xdead } };
	struct pp_config_reader reader = cb_reader(b);
	struct pp_arena arena;
	struct pp_notes notes;

	pp_arena_init(&arena, 0);
	pp_notes_init(&notes, &arena);
	b->calls = 0;
	r.rc = pp_config_decode(&reader, "0000:07:00.0", &notes, &r.config, &r.error);
	for (const struct pp_note *n = notes.first; n; n = n->next) {
		size_t used = strlen(r.notes);
		assert_string_equal(n->object, "0000:07:00.0");
		snprintf(r.notes + used, sizeof(r.notes) - used, "+0x%zx: %s\n", n->offset,
		         n->text);
	}
	r.nr_notes = notes.count;
	pp_arena_fini(&arena);
	if (b->trespass >= 0)
		fail_msg("byte 0x%x was asked for", (unsigned int)b->trespass);
	return r;
}

/* The same where nothing odd and no failure is expected. */
static inline struct pp_config decode_clean(struct config_builder *b)
{
	struct result r = decode(b);

	assert_int_equal(r.rc, 0);
	assert_string_equal(r.notes, "");
	return r.config;
}

static inline void assert_note(const struct result *r, const char *text)
{
	assert_int_equal(r->rc, 0);
	if (r->nr_notes != 1 || !strstr(r->notes, text))
		fail_msg("wanted one note with \"%s\", got: %s", text, r->notes);
}

static inline void assert_caps(const struct pp_config *c, enum pp_cap from, enum pp_cap to,
                               enum pp_tri seen)
{
	for (int i = from; i <= (int)to; i++)
		assert_int_equal(c->caps[i].seen, seen);
}

static inline void cb_pcie(struct config_builder *b, uint8_t at, uint8_t type)
{
	cb_cap(b, 0x10, at);
	cb_u16(b, at + 2u, TYPE(type));
	if (type == PP_PCIE_ENDPOINT || type == PP_PCIE_LEGACY_ENDPOINT ||
	    type == PP_PCIE_RC_ENDPOINT) {
		cb_u32(b, at + 4u, 0);
		cb_need(b, at + 4u, 4);
	}
}

#endif
