/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the tests of ACPI parsers share. */
#ifndef TESTS_ACPI_FIXTURE_H
#define TESTS_ACPI_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "acpi-builder.h"
#include "base/arena.h"
#include "base/error.h"
#include "base/notes.h"
#include "base/span.h"

/* What every test of a table needs; one static instance a program, new for each test. */
struct fixture {
	struct pp_arena arena;
	struct pp_notes notes;
	struct pp_error error;
	struct acpi_builder table;
};

static inline int fixture_setup(void **state)
{
	static struct fixture f;

	f.table.len = 0;
	memset(&f.error, 0, sizeof(f.error));
	pp_arena_init(&f.arena, 0);
	pp_notes_init(&f.notes, &f.arena);
	*state = &f;
	return 0;
}

static inline int fixture_teardown(void **state)
{
	struct fixture *f = *state;

	pp_arena_fini(&f->arena);
	return 0;
}

/* The table in a block of its exact size, so that sanitizers see a read behind it. */
static inline struct pp_span fixture_table(struct fixture *f)
{
	uint8_t *copy = pp_arena_alloc(&f->arena, f->table.len);

	assert_non_null(copy);
	memcpy(copy, f->table.data, f->table.len);
	return PP_SPAN(copy, f->table.len);
}

/* Exactly one note of all is at offset and says text. */
static inline void fixture_assert_note(const struct fixture *f, size_t offset, const char *text)
{
	unsigned int found = 0;

	for (const struct pp_note *n = f->notes.first; n; n = n->next)
		if (n->offset == offset && !strcmp(n->text, text))
			found++;
	if (found != 1) {
		print_message("%u times: 0x%zx: %s; there are:\n", found, offset, text);
		for (const struct pp_note *n = f->notes.first; n; n = n->next)
			print_message("\t0x%zx: %s\n", n->offset, n->text);
	}
	assert_int_equal(found, 1);
}

#define FIXTURE_TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

#endif
