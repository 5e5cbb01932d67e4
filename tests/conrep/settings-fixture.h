/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A schema and its bytes, for tests of settings. */
#ifndef TEST_SETTINGS_FIXTURE_H
#define TEST_SETTINGS_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "conrep/change.h"

/* What every test of settings begins with: a schema, a machine, its bytes. */
struct fixture {
	struct pp_arena arena;
	struct pp_schema schema;
	struct pp_machine machine;
	struct pp_areas memory;
	struct pp_notes notes;
	struct pp_error e;
};

static inline void fixture_init(struct fixture *f, const char *sections)
{
	*f = (struct fixture){ .machine = { "ProLiant DL360e Gen8", "P73", "08/02/2014",
		                            "Intel" } };
	pp_arena_init(&f->arena, 0);
	pp_notes_init(&f->notes, &f->arena);
	pp_areas_init(&f->memory, &f->arena);
	char *xml = pp_arena_printf(&f->arena, "<Conrep>\n%s</Conrep>", sections);
	int r = pp_schema_parse(PP_SPAN(xml, strlen(xml)), "s.xml", &f->arena, &f->notes,
	                        &f->schema, &f->e);
	if (r)
		fail_msg("%s", f->e.text);
}

static inline void fixture_fini(struct fixture *f)
{
	pp_arena_fini(&f->arena);
}

#define PUT_EV(f, name, bytes)                                                                     \
	assert_int_equal(pp_areas_put(&(f)->memory, PP_CELL_EV, name, 0,                           \
	                              PP_SPAN(bytes, sizeof(bytes) - 1)),                          \
	                 0)

static inline void put_missing(struct fixture *f, enum pp_area_space space, const char *name,
                               int error)
{
	assert_int_equal(pp_areas_put(&f->memory, space, name, error, PP_SPAN(NULL, 0)), 0);
}

/* All zero; for the caller to write into. */
static inline uint8_t *put_nvram(struct fixture *f)
{
	static const uint8_t none[PP_NVRAM_BYTES];

	assert_int_equal(
		pp_areas_put(&f->memory, PP_CELL_NVRAM, NULL, 0, PP_SPAN(none, sizeof(none))), 0);
	return pp_areas_find(&f->memory, PP_CELL_NVRAM, NULL)->data;
}

static inline struct pp_data parse_data(struct fixture *f, const char *text)
{
	struct pp_data d = { 0 };

	if (pp_data_parse(PP_SPAN(text, strlen(text)), "f.dat", &f->arena, &f->notes, &d, &f->e))
		fail_msg("%s", f->e.text);
	return d;
}

/* Sections, each on a line of its own from line 2 on. */
static inline struct pp_data parse_sections(struct fixture *f, const char *sections)
{
	return parse_data(f, pp_arena_printf(&f->arena, "<Conrep>\n%s</Conrep>\n", sections));
}

#define ASSERT_EV(m, name, bytes)                                                                  \
	do {                                                                                       \
		const struct pp_area *cell_ = pp_areas_find(m, PP_CELL_EV, name);                  \
		assert_non_null(cell_);                                                            \
		assert_int_equal(cell_->error, 0);                                                 \
		assert_int_equal(cell_->len, sizeof(bytes) - 1);                                   \
		assert_memory_equal(cell_->data, bytes, sizeof(bytes) - 1);                        \
	} while (0)

#endif
