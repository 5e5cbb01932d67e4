/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The IORT parser on tables built in memory. */
#include <stdio.h>

#include "fixture.h"

#include "acpi/iort.h"

/* Where the first node of a table begins. */
#define FIRST 48

static const struct pp_iort *parsed(struct fixture *f)
{
	static struct pp_iort t;

	acpi_seal(&f->table);
	int err = pp_iort_parse(fixture_table(f), &f->arena, &f->notes, &t, &f->error);
	if (err)
		print_message("%s\n", f->error.text);
	assert_int_equal(err, 0);
	return &t;
}

static void put_smmu_v3(struct fixture *f, uint64_t base)
{
	iort_node(&f->table, PP_IORT_SMMU_V3, 5, 0);
	acpi_put(&f->table, base, 8);
	acpi_put(&f->table, 0, 44);
	acpi_end(&f->table);
}

static void test_empty(void **state)
{
	struct fixture *f = *state;

	iort_begin(&f->table, 6, 0);
	const struct pp_iort *t = parsed(f);
	assert_string_equal(t->header.signature, "IORT");
	assert_int_equal(t->header.revision, 6);
	assert_int_equal(t->nr_nodes, 0);
	assert_int_equal(f->notes.count, 0);
}

static void test_root_complex(void **state)
{
	struct fixture *f = *state;

	iort_begin(&f->table, 5, 2);
	put_smmu_v3(f, 0x1122334455660000);
	const uint32_t at = (uint32_t)f->table.len;
	iort_node(&f->table, PP_IORT_ROOT_COMPLEX, 4, 0x89abcdef);
	acpi_put(&f->table, UINT64_MAX, 8);
	acpi_put(&f->table, 0x80000001, 4);
	acpi_put(&f->table, 0x12345, 4);
	acpi_put(&f->table, 0, 4);
	iort_mappings(&f->table, 2);
	iort_mapping(&f->table, 0x10, 0xfffe, 0x20000, FIRST, 0);
	iort_mapping(&f->table, 0xffffffff, 0, 0x30000, FIRST, PP_IORT_MAPPING_SINGLE);
	acpi_end(&f->table);
	const struct pp_iort *t = parsed(f);
	assert_int_equal(t->nr_nodes, 2);
	assert_int_equal(t->nodes[0].type, PP_IORT_SMMU_V3);
	assert_int_equal(t->nodes[0].base, 0x1122334455660000);
	assert_int_equal(t->nodes[0].nr_mappings, 0);
	const struct pp_iort_node *n = &t->nodes[1];
	assert_int_equal(n->type, PP_IORT_ROOT_COMPLEX);
	assert_int_equal(n->revision, 4);
	assert_int_equal(n->identifier, 0x89abcdef);
	assert_int_equal(n->offset, at);
	assert_int_equal(n->length, f->table.len - at);
	assert_int_equal(n->raw.len, f->table.len - at);
	assert_memory_equal(n->raw.data, f->table.data + at, n->raw.len);
	assert_int_equal(n->ats, 0x80000001);
	assert_int_equal(n->segment, 0x12345);
	assert_int_equal(n->flags, 0);
	assert_null(n->name);
	assert_int_equal(n->nr_mappings, 2);
	assert_int_equal(n->mappings[0].input_base, 0x10);
	assert_int_equal(n->mappings[0].ids_minus_1, 0xfffe);
	assert_int_equal(n->mappings[0].output_base, 0x20000);
	assert_int_equal(n->mappings[0].output_reference, FIRST);
	assert_int_equal(n->mappings[0].flags, 0);
	assert_int_equal(n->mappings[0].offset, at + 36);
	assert_ptr_equal(n->mappings[0].output, &t->nodes[0]);
	assert_int_equal(n->mappings[1].input_base, 0xffffffff);
	assert_int_equal(n->mappings[1].flags, PP_IORT_MAPPING_SINGLE);
	assert_int_equal(n->mappings[1].offset, at + 56);
	assert_int_equal(f->notes.count, 0);
}

static void test_rmr(void **state)
{
	struct fixture *f = *state;

	iort_begin(&f->table, PP_IORT_RMR_REVISION, 2);
	put_smmu_v3(f, 0x2b400000);
	const uint32_t at = (uint32_t)f->table.len;
	iort_rmr(&f->table, PP_IORT_RMR_REMAP_PERMITTED | 0x100, 2);
	iort_range(&f->table, 0x8877665544330000, 0x10000);
	iort_range(&f->table, 0xffffffffffff0000, 0x10000);
	iort_mappings(&f->table, 1);
	iort_mapping(&f->table, 0, 3, 0x400, FIRST, 0);
	acpi_end(&f->table);
	const struct pp_iort_node *n = &parsed(f)->nodes[1];
	assert_int_equal(n->type, PP_IORT_RMR);
	assert_int_equal(n->flags, 0x101);
	assert_int_equal(n->segment, 0);
	assert_int_equal(n->nr_ranges, 2);
	assert_int_equal(n->ranges[0].base, 0x8877665544330000);
	assert_int_equal(n->ranges[0].length_bytes, 0x10000);
	assert_int_equal(n->ranges[0].offset, at + 28);
	assert_int_equal(n->ranges[1].base, 0xffffffffffff0000);
	assert_int_equal(n->ranges[1].offset, at + 48);
	assert_int_equal(n->nr_mappings, 1);
	assert_int_equal(n->mappings[0].ids_minus_1, 3);
	assert_int_equal(n->mappings[0].output_base, 0x400);
	assert_int_equal(n->mappings[0].output->base, 0x2b400000);
	assert_int_equal(f->notes.count, 0);
}

static void put_component(struct fixture *f, const char *name, size_t bytes, bool mapped)
{
	iort_node(&f->table, PP_IORT_NAMED_COMPONENT, 4, 0);
	acpi_put(&f->table, 0x21, 4);
	acpi_put(&f->table, 0, 8);
	acpi_put(&f->table, 48, 1);
	acpi_put_bytes(&f->table, name, bytes);
	if (mapped) {
		iort_mappings(&f->table, 1);
		iort_mapping(&f->table, 0, 0, 0x10, FIRST, PP_IORT_MAPPING_SINGLE);
	}
	acpi_end(&f->table);
}

static void test_named_component(void **state)
{
	struct fixture *f = *state;

	iort_begin(&f->table, 5, 2);
	put_component(f, "\\_SB.DEV\x1b\0\0", 11, true);
	put_component(f, "\\_SB.B", 7, false);
	const struct pp_iort *t = parsed(f);
	assert_int_equal(t->nodes[0].flags, 0x21);
	assert_string_equal(t->nodes[0].name, "\\_SB.DEV?");
	assert_int_equal(t->nodes[0].nr_mappings, 1);
	assert_int_equal(t->nodes[0].mappings[0].output_base, 0x10);
	assert_ptr_equal(t->nodes[0].mappings[0].output, &t->nodes[0]);
	assert_string_equal(t->nodes[1].name, "\\_SB.B");
	assert_int_equal(f->notes.count, 0);
}

static void test_name_without_nul(void **state)
{
	struct fixture *f = *state;

	iort_begin(&f->table, 5, 2);
	put_component(f, "\\_SB", 4, true);
	const uint32_t second = (uint32_t)f->table.len;
	put_component(f, "", 0, false);
	const struct pp_iort *t = parsed(f);
	assert_string_equal(t->nodes[0].name, "\\_SB");
	assert_string_equal(t->nodes[1].name, "");
	fixture_assert_note(f, FIRST + 29, "name of a component is not NUL-terminated");
	fixture_assert_note(f, second + 29, "name of a component is not NUL-terminated");
	assert_int_equal(f->notes.count, 2);
}

static void test_other_types(void **state)
{
	struct fixture *f = *state;
	static const uint8_t types[] = { PP_IORT_ITS_GROUP, PP_IORT_SMMU, PP_IORT_PMCG, PP_IORT_IWB,
		                         8 };

	iort_begin(&f->table, 5, sizeof(types));
	for (size_t i = 0; i < sizeof(types); i++) {
		iort_node(&f->table, types[i], 1, (uint32_t)i);
		acpi_put(&f->table, 0x123456789a, 8);
		acpi_end(&f->table);
	}
	const struct pp_iort *t = parsed(f);
	assert_int_equal(t->nr_nodes, sizeof(types));
	for (size_t i = 0; i < sizeof(types); i++) {
		assert_int_equal(t->nodes[i].type, types[i]);
		assert_int_equal(t->nodes[i].identifier, i);
		assert_int_equal(t->nodes[i].base, types[i] == PP_IORT_SMMU ? 0x123456789a : 0);
		assert_int_equal(t->nodes[i].raw.len, 24);
	}
	fixture_assert_note(f, FIRST + 4 * 24, "node of unknown type 8");
	assert_int_equal(f->notes.count, 1);
}

/* Nodes need not follow the header at once. */
static void test_padding_before_nodes(void **state)
{
	struct fixture *f = *state;

	iort_begin(&f->table, 5, 1);
	acpi_poke(&f->table, 40, 56, 4);
	acpi_put(&f->table, UINT64_MAX, 8);
	put_smmu_v3(f, 0x10000);
	const struct pp_iort *t = parsed(f);
	assert_int_equal(t->nr_nodes, 1);
	assert_int_equal(t->nodes[0].offset, 56);
	assert_int_equal(t->nodes[0].base, 0x10000);
	assert_int_equal(f->notes.count, 0);
}

static void test_odd_rmr(void **state)
{
	struct fixture *f = *state;

	iort_begin(&f->table, 4, 3);
	iort_rmr(&f->table, 0, 4);
	iort_range(&f->table, 0x1000, 0x10000);
	iort_range(&f->table, 0x10000, 0x1000);
	iort_range(&f->table, 0x20000, 0);
	iort_range(&f->table, 0xffffffffffff0000, 0x20000);
	acpi_end(&f->table);
	const uint32_t empty = (uint32_t)f->table.len;
	iort_rmr(&f->table, 0, 0);
	acpi_end(&f->table);
	/* A place of 0 means none, whatever the count. */
	const uint32_t nowhere = (uint32_t)f->table.len;
	iort_rmr(&f->table, 0, 7);
	acpi_poke(&f->table, nowhere + 24, 0, 4);
	acpi_poke(&f->table, nowhere + 8, 7, 4);
	acpi_end(&f->table);
	const struct pp_iort *t = parsed(f);
	assert_int_equal(t->nodes[0].nr_ranges, 4);
	assert_int_equal(t->nodes[1].nr_ranges, 0);
	assert_int_equal(t->nodes[2].nr_ranges, 0);
	assert_int_equal(t->nodes[2].nr_mappings, 0);
	fixture_assert_note(f, FIRST + 28,
	                    "RMR range at 0x1000 of 0x10000 bytes is not aligned to 64 KiB");
	fixture_assert_note(f, FIRST + 48,
	                    "RMR range at 0x10000 of 0x1000 bytes is not aligned to 64 KiB");
	fixture_assert_note(f, FIRST + 68, "RMR with an empty memory range");
	fixture_assert_note(f, FIRST + 88, "RMR range passes the end of the address space");
	fixture_assert_note(f, empty, "RMR without a memory range is skipped");
	fixture_assert_note(f, nowhere, "RMR without a memory range is skipped");
	const uint32_t all[] = { FIRST, empty, nowhere };
	for (unsigned int i = 0; i < 3; i++) {
		fixture_assert_note(f, all[i], "RMR without an id mapping is skipped");
		fixture_assert_note(f, all[i], "RMR in a table of revision 4 is skipped");
	}
	assert_int_equal(f->notes.count, 12);
}

static void test_mappings_to_nowhere(void **state)
{
	struct fixture *f = *state;

	iort_begin(&f->table, 5, 3);
	put_smmu_v3(f, 0);
	put_smmu_v3(f, 1);
	const uint32_t at = (uint32_t)f->table.len;
	iort_node(&f->table, PP_IORT_ITS_GROUP, 0, 0);
	iort_mappings(&f->table, 5);
	iort_mapping(&f->table, 0, 0, 0, 0, 0);
	iort_mapping(&f->table, 0, 0, 0, FIRST + 1, 0);
	iort_mapping(&f->table, 0, 0, 0, 0xffffffff, 0);
	iort_mapping(&f->table, 0, 0, 0, FIRST + 68, 0);
	iort_mapping(&f->table, 0, 0, 0, at, 0);
	acpi_end(&f->table);
	const struct pp_iort *t = parsed(f);
	const struct pp_iort_mapping *m = t->nodes[2].mappings;
	for (unsigned int i = 0; i < 3; i++)
		assert_null(m[i].output);
	assert_ptr_equal(m[3].output, &t->nodes[1]);
	assert_ptr_equal(m[4].output, &t->nodes[2]);
	fixture_assert_note(f, at + 16, "id mapping to 0x0, where no node begins");
	fixture_assert_note(f, at + 36, "id mapping to 0x31, where no node begins");
	fixture_assert_note(f, at + 56, "id mapping to 0xffffffff, where no node begins");
	assert_int_equal(f->notes.count, 3);
}

static void put_root(struct fixture *f, uint32_t segment, uint32_t nr_mappings)
{
	iort_node(&f->table, PP_IORT_ROOT_COMPLEX, 3, 0);
	acpi_put(&f->table, 0, 12);
	acpi_put(&f->table, segment, 4);
	acpi_put(&f->table, 0, 4);
	iort_mappings(&f->table, nr_mappings);
}

/* The stream behind a requester id of segment 0; UINT32_MAX: no SMMU. */
static uint32_t stream_of(const struct pp_iort *t, uint32_t id)
{
	uint32_t stream = 4711;
	const struct pp_iort_node *root = pp_iort_root_complex(t, 0);
	const struct pp_iort_node *smmu = pp_iort_find_smmu(t, root, id, &stream);

	if (!smmu) {
		assert_int_equal(stream, 4711);
		return UINT32_MAX;
	}
	assert_true(pp_iort_is_smmu(smmu));
	return stream;
}

static void test_find_smmu(void **state)
{
	struct fixture *f = *state;

	iort_begin(&f->table, 5, 3);
	put_smmu_v3(f, 0x10000);
	const uint32_t its = (uint32_t)f->table.len;
	iort_node(&f->table, PP_IORT_ITS_GROUP, 1, 0);
	acpi_put(&f->table, 0, 8);
	acpi_end(&f->table);
	put_root(f, 0, 4);
	iort_mapping(&f->table, 0x100, 0xff, 0x1000, FIRST, 0);
	iort_mapping(&f->table, 0x180, 0xff, 0x3000, FIRST, 0);
	/* Begins where the first ends, by firmware that counts one too many. */
	iort_mapping(&f->table, 0x1ff, 0xff, 0x2000, FIRST, 0);
	iort_mapping(&f->table, 0x300, 0xff, 0, its, 0);
	acpi_end(&f->table);
	const struct pp_iort *t = parsed(f);
	assert_int_equal(stream_of(t, 0xff), UINT32_MAX);
	assert_int_equal(stream_of(t, 0x100), 0x1000);
	assert_int_equal(stream_of(t, 0x1fe), 0x10fe);
	assert_int_equal(stream_of(t, 0x1ff), 0x2000);
	/* The end of the second, inside the third, which does not begin there. */
	assert_int_equal(stream_of(t, 0x27f), 0x3000 + 0xff);
	assert_int_equal(stream_of(t, 0x2fe), 0x20ff);
	assert_int_equal(stream_of(t, 0x2ff), UINT32_MAX);
	assert_int_equal(stream_of(t, 0x300), UINT32_MAX);
	assert_null(pp_iort_root_complex(t, 1));
}

/* Through a node between, round in a circle, to nowhere, by single mappings. */
static void test_find_smmu_by_stages(void **state)
{
	struct fixture *f = *state;
	uint32_t id;

	iort_begin(&f->table, 5, 6);
	put_smmu_v3(f, 0x10000);
	const uint32_t between = (uint32_t)f->table.len;
	put_root(f, 9, 1);
	iort_mapping(&f->table, 0x400, 0xff, 0x10000, FIRST, 0);
	acpi_end(&f->table);
	put_root(f, 0, 1);
	iort_mapping(&f->table, 0, 0xffff, 0x400, between, 0);
	acpi_end(&f->table);
	const uint32_t round = (uint32_t)f->table.len;
	put_root(f, 1, 1);
	iort_mapping(&f->table, 0, 0xffffffff, 0, round, 0);
	acpi_end(&f->table);
	put_root(f, 2, 2);
	iort_mapping(&f->table, 0, 0xffff, 0, 0, 0);
	iort_mapping(&f->table, 0, 0xffff, 0, FIRST, 0);
	acpi_end(&f->table);
	put_root(f, 3, 1);
	iort_mapping(&f->table, 0, 0, 0x77, FIRST, PP_IORT_MAPPING_SINGLE);
	acpi_end(&f->table);
	const struct pp_iort *t = parsed(f);
	assert_int_equal(stream_of(t, 0x28), 0x10028);
	assert_int_equal(stream_of(t, 0xff), 0x100ff);
	assert_int_equal(stream_of(t, 0x100), UINT32_MAX);
	assert_null(pp_iort_find_smmu(t, pp_iort_root_complex(t, 1), 5, &id));
	assert_null(pp_iort_find_smmu(t, pp_iort_root_complex(t, 2), 5, &id));
	assert_ptr_equal(pp_iort_find_smmu(t, pp_iort_root_complex(t, 3), 0xabc, &id), t->nodes);
	assert_int_equal(id, 0x77);
}

static void test_odd_count(void **state)
{
	struct fixture *f = *state;

	iort_begin(&f->table, 5, 0xffffffff);
	put_smmu_v3(f, 0);
	assert_int_equal(parsed(f)->nr_nodes, 1);
	fixture_assert_note(f, 36, "4294967295 nodes are said to be there, but only 1 are");
	acpi_poke(&f->table, 36, 0, 4);
	assert_int_equal(parsed(f)->nr_nodes, 0);
	fixture_assert_note(f, FIRST, "68 bytes behind the last node");
	assert_int_equal(f->notes.count, 2);
}

static void assert_fails(struct fixture *f, const char *text)
{
	struct pp_iort t = { .nr_nodes = 4711 };

	acpi_seal(&f->table);
	assert_int_equal(pp_iort_parse(fixture_table(f), &f->arena, &f->notes, &t, &f->error),
	                 -EBADMSG);
	assert_string_equal(f->error.text, text);
	assert_int_equal(t.nr_nodes, 4711);
	/* The texts and the notes are for those who want them. */
	assert_int_equal(pp_iort_parse(fixture_table(f), &f->arena, NULL, &t, NULL), -EBADMSG);
}

static void test_bad_table(void **state)
{
	struct fixture *f = *state;

	iort_begin(&f->table, 5, 0);
	f->table.len = 47;
	assert_fails(f, "IORT+0x4: table length 47, need at least 48");
	acpi_begin(&f->table, "DMAR", 1);
	assert_fails(f, "IORT+0x0: signature 'DMAR', need 'IORT'");
	iort_begin(&f->table, 5, 1);
	put_smmu_v3(f, 0);
	acpi_poke(&f->table, 40, 47, 4);
	assert_fails(f, "IORT+0x28: nodes at 0x2f, need 0x30 to 0x74");
	acpi_poke(&f->table, 40, 0x75, 4);
	assert_fails(f, "IORT+0x28: nodes at 0x75, need 0x30 to 0x74");
}

static void test_bad_node_length(void **state)
{
	struct fixture *f = *state;
	static const uint16_t needs[] = { 16, 29, 32, 24, 24, 16, 28, 16, 16 };

	for (unsigned int type = 0; type < 9; type++) {
		const unsigned int lengths[] = { 0, needs[type] - 1u };
		char text[128];

		iort_begin(&f->table, 5, 2);
		iort_node(&f->table, (uint8_t)type, 0, 0);
		acpi_put(&f->table, 0, 48);
		for (unsigned int k = 0; k < 2; k++) {
			acpi_poke(&f->table, FIRST + 1, lengths[k], 2);
			snprintf(text, sizeof(text),
			         "IORT+0x31: length %u of a node of type %u, need at least %u",
			         lengths[k], type, needs[type]);
			assert_fails(f, text);
		}
		acpi_poke(&f->table, FIRST + 1, 65, 2);
		snprintf(text, sizeof(text),
		         "IORT+0x31: length 65 of a node of type %u, but only 64 bytes are left",
		         type);
		assert_fails(f, text);
	}
	iort_begin(&f->table, 5, 1);
	acpi_put(&f->table, 0, 2);
	assert_fails(f, "IORT+0x31: need 2 bytes, found 1");
}

static void test_bad_mappings(void **state)
{
	struct fixture *f = *state;

	iort_begin(&f->table, 5, 2);
	iort_node(&f->table, PP_IORT_ROOT_COMPLEX, 0, 0);
	acpi_put(&f->table, 0, 16);
	iort_mappings(&f->table, 1);
	iort_mapping(&f->table, 0, 0, 0, FIRST, 0);
	acpi_end(&f->table);
	put_smmu_v3(f, 0); /* bytes that belong to somebody else */
	acpi_poke(&f->table, FIRST + 8, 2, 4);
	assert_fails(f, "IORT+0x38: 2 mappings at 0x20 do not lie in their node of 52 bytes");
	acpi_poke(&f->table, FIRST + 8, 0xffffffff, 4);
	assert_fails(f,
	             "IORT+0x38: 4294967295 mappings at 0x20 do not lie in their node of 52 bytes");
	acpi_poke(&f->table, FIRST + 8, 1, 4);
	acpi_poke(&f->table, FIRST + 12, 33, 4);
	assert_fails(f, "IORT+0x38: 1 mappings at 0x21 do not lie in their node of 52 bytes");
	acpi_poke(&f->table, FIRST + 12, 31, 4);
	assert_fails(f, "IORT+0x38: 1 mappings at 0x1f do not lie in their node of 52 bytes");
	acpi_poke(&f->table, FIRST + 12, 0xfffffff0, 4);
	assert_fails(f, "IORT+0x38: 1 mappings at 0xfffffff0 do not lie in their node of 52 bytes");
}

static void test_bad_ranges(void **state)
{
	struct fixture *f = *state;

	iort_begin(&f->table, 5, 2);
	iort_rmr(&f->table, 0, 2);
	iort_range(&f->table, 0, 0x10000);
	acpi_end(&f->table);
	put_smmu_v3(f, 0);
	assert_fails(f, "IORT+0x44: 2 memory ranges at 0x1c do not lie in their node of 48 bytes");
	acpi_poke(&f->table, FIRST + 20, 1, 4);
	acpi_poke(&f->table, FIRST + 24, 27, 4);
	assert_fails(f, "IORT+0x44: 1 memory ranges at 0x1b do not lie in their node of 48 bytes");
	acpi_poke(&f->table, FIRST + 24, 29, 4);
	assert_fails(f, "IORT+0x44: 1 memory ranges at 0x1d do not lie in their node of 48 bytes");
}

static void test_names(void **state)
{
	static const char *const names[] = { "ITS group",    "named component",
		                             "root complex", "SMMU",
		                             "SMMUv3",       "PMCG",
		                             "RMR",          "IWB" };

	for (uint8_t i = 0; i < 8; i++)
		assert_string_equal(pp_iort_type_name(i), names[i]);
	assert_null(pp_iort_type_name(8));
	assert_null(pp_iort_type_name(255));
}

static void test_out_of_memory(void **state)
{
	struct fixture *f = *state;
	unsigned int failed = 0;

	iort_begin(&f->table, 5, 2);
	put_component(f, "\\_SB.B", 7, true);
	iort_rmr(&f->table, 0, 1);
	iort_range(&f->table, 0, 0x10000);
	acpi_end(&f->table);
	acpi_seal(&f->table);
	struct pp_span in = fixture_table(f);
	for (size_t limit = 1;; limit++) {
		struct pp_iort t = { .nr_nodes = 4711 };
		struct pp_arena small;

		pp_arena_init(&small, limit);
		int err = pp_iort_parse(in, &small, NULL, &t, &f->error);
		pp_arena_fini(&small);
		if (!err)
			break;
		assert_int_equal(err, -ENOMEM);
		assert_string_equal(f->error.text, "IORT: out of memory");
		assert_int_equal(t.nr_nodes, 4711);
		failed++;
	}
	assert_in_range(failed, 100, 1000);
}

static void test_memory_is_bounded(void **state)
{
	struct fixture *f = *state;
	const uint32_t nodes = (PP_ACPI_TABLE_MAX_BYTES - FIRST) / 16;

	iort_begin(&f->table, 5, nodes);
	for (uint32_t i = 0; i < nodes; i++) {
		iort_node(&f->table, 0, 0, 0);
		acpi_end(&f->table);
	}
	assert_int_equal(parsed(f)->nr_nodes, nodes);
	assert_in_range(f->arena.used_bytes, 1, 16 * PP_ACPI_TABLE_MAX_BYTES);

	/* Both arrays of each node are the same bytes. */
	const size_t before = f->arena.used_bytes;
	iort_begin(&f->table, 5, 16);
	for (uint32_t i = 0; i < 16; i++) {
		iort_rmr(&f->table, 0, 3200);
		iort_mappings(&f->table, 3200);
		acpi_put(&f->table, 0, 3200 * 20);
		acpi_end(&f->table);
	}
	assert_int_equal(parsed(f)->nodes[15].nr_ranges, 3200);
	assert_in_range(f->arena.used_bytes - before, 1, 8 * PP_ACPI_TABLE_MAX_BYTES);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FIXTURE_TEST(test_empty),
		FIXTURE_TEST(test_root_complex),
		FIXTURE_TEST(test_rmr),
		FIXTURE_TEST(test_named_component),
		FIXTURE_TEST(test_name_without_nul),
		FIXTURE_TEST(test_other_types),
		FIXTURE_TEST(test_padding_before_nodes),
		FIXTURE_TEST(test_odd_rmr),
		FIXTURE_TEST(test_mappings_to_nowhere),
		FIXTURE_TEST(test_find_smmu),
		FIXTURE_TEST(test_find_smmu_by_stages),
		FIXTURE_TEST(test_odd_count),
		FIXTURE_TEST(test_bad_table),
		FIXTURE_TEST(test_bad_node_length),
		FIXTURE_TEST(test_bad_mappings),
		FIXTURE_TEST(test_bad_ranges),
		FIXTURE_TEST(test_names),
		FIXTURE_TEST(test_out_of_memory),
		FIXTURE_TEST(test_memory_is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
