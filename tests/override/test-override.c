/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tables with devices taken out, and the archive that carries them. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include "../acpi/fixture.h"

#include "acpi/dmar.h"
#include "acpi/iort.h"
#include "acpi/ivrs.h"
#include "override/override.h"

#define MAX_SCOPES 64

static const uint8_t hba[] = { 0x02, 0, 0, 0 }, nic[] = { 0x03, 0, 0, 1 };

/* Two units, two regions; the first region holds an HBA and a NIC, the second the HBA alone. */
static struct pp_span two_regions(struct fixture *f)
{
	struct acpi_builder *b = &f->table;

	dmar_begin(b, 46, 1);
	dmar_drhd(b, 1, 0, 0xfbffe000);
	acpi_end(b);
	dmar_rmrr(b, 0, 0xbdf83000, 0xbdf84fff);
	dmar_scope(b, 1, 0, 0, hba, sizeof(hba));
	dmar_scope(b, 1, 0, 0, nic, sizeof(nic));
	acpi_end(b);
	dmar_rmrr(b, 0, 0xf4000, 0xf4fff);
	dmar_scope(b, 1, 0, 0, hba, sizeof(hba));
	acpi_end(b);
	dmar_structure(b, 2);
	acpi_put(b, 1, 4);
	acpi_end(b);
	acpi_seal(b);
	return fixture_table(f);
}

static struct pp_dmar parse(struct fixture *f, struct pp_span table)
{
	struct pp_dmar d;

	assert_int_equal(pp_dmar_parse(table, &f->arena, &f->notes, &d, &f->error), 0);
	return d;
}

static void assert_wins(const struct pp_acpi_header *was, const struct pp_acpi_header *is)
{
	assert_true(is->checksum_ok);
	assert_int_equal(is->oem_revision, was->oem_revision + 1);
	assert_string_equal(is->oem_id, was->oem_id);
	assert_string_equal(is->oem_table_id, was->oem_table_id);
}

static void test_scope_goes_and_empty_region_goes(void **state)
{
	struct fixture *f = *state;
	struct pp_span table = two_regions(f), out;
	struct pp_dmar was = parse(f, table);
	const uint32_t scopes[] = { was.entries[2].scopes[0].offset,
		                    was.entries[1].scopes[0].offset,
		                    was.entries[2].scopes[0].offset };

	assert_int_equal(pp_override_dmar(table, scopes, 3, &f->arena, &out, &f->error), 0);
	struct pp_dmar is = parse(f, out);
	assert_wins(&was.header, &is.header);
	assert_int_equal(out.len, is.header.length);
	assert_int_equal(is.nr_entries, 3);
	assert_int_equal(is.entries[1].base, 0xbdf83000);
	assert_int_equal(is.entries[1].nr_scopes, 1);
	assert_int_equal(is.entries[1].scopes[0].hops[0].device, 3);
	assert_int_equal(is.entries[2].type, PP_DMAR_ATSR);
}

static void test_refuses_what_is_no_scope_of_a_region(void **state)
{
	struct fixture *f = *state;
	struct pp_span table = two_regions(f), out = { 0 };
	struct pp_dmar was = parse(f, table);
	uint32_t scopes[] = { was.entries[1].scopes[0].offset, was.entries[1].offset };

	assert_int_equal(pp_override_dmar(table, scopes, 2, &f->arena, &out, &f->error), -EINVAL);
	assert_non_null(strstr(f->error.text, "no region's scope"));
	assert_int_equal(pp_override_dmar(table, scopes, 0, &f->arena, &out, &f->error), -EINVAL);
	assert_null(out.data);
	acpi_poke(&f->table, 24, UINT32_MAX, 4);
	acpi_seal(&f->table);
	assert_int_equal(pp_override_dmar(fixture_table(f), scopes, 1, &f->arena, &out, &f->error),
	                 -EOVERFLOW);
	assert_null(out.data);
}

/* The same by another way: structure by structure from the parsed table. */
static void expect(struct fixture *f, const struct pp_dmar *d, struct pp_span table,
                   const uint32_t *cut, uint32_t nr_cut)
{
	struct acpi_builder *b = &f->table;
	uint32_t end = 48;

	b->len = 0;
	acpi_put_bytes(b, table.data, 48);
	for (uint32_t i = 0; i < d->nr_entries; i++) {
		const struct pp_dmar_entry *r = &d->entries[i];
		end = r->offset + r->length;
		size_t at = b->len;
		uint32_t kept = 0, gone = 0;
		acpi_put_bytes(b, r->raw.data, r->raw.len);
		for (uint32_t j = r->nr_scopes; r->type == PP_DMAR_RMRR && j-- > 0;) {
			bool out = false;
			for (uint32_t k = 0; k < nr_cut; k++)
				out |= cut[k] == r->scopes[j].offset;
			kept += !out;
			gone += out;
			if (!out)
				continue;
			size_t from = at + r->scopes[j].offset - r->offset;
			memmove(b->data + from, b->data + from + r->scopes[j].length,
			        b->len - from - r->scopes[j].length);
			b->len -= r->scopes[j].length;
		}
		if (gone && !kept)
			b->len = at;
		else if (gone)
			acpi_poke(b, at + 2, b->len - at, 2);
	}
	acpi_put_bytes(b, table.data + end, d->header.length - end);
	acpi_poke(b, 24, d->header.oem_revision + 1, 4);
	acpi_seal(b);
}

/* Every choice of scopes for small regions tables, some for large ones. */
static unsigned int cut_real_dmar(struct fixture *f, struct pp_span table)
{
	struct pp_dmar d = parse(f, table);
	uint32_t all[MAX_SCOPES], cut[MAX_SCOPES], nr = 0;
	unsigned int tried = 0;

	for (uint32_t i = 0; i < d.nr_entries; i++)
		for (uint32_t j = 0; d.entries[i].type == PP_DMAR_RMRR &&
		                     j < d.entries[i].nr_scopes && nr < MAX_SCOPES;
		     j++)
			all[nr++] = d.entries[i].scopes[j].offset;
	srand(1);
	for (unsigned int i = 1; nr && i < (nr < 7 ? 1u << nr : 128); i++) {
		uint32_t nr_cut = 0;
		for (uint32_t j = 0; j < nr; j++)
			if (nr < 7 ? i >> j & 1 : rand() & 1)
				cut[nr_cut++] = all[j];
		if (!nr_cut)
			continue;
		struct pp_span out;
		assert_int_equal(pp_override_dmar(table, cut, nr_cut, &f->arena, &out, &f->error),
		                 0);
		expect(f, &d, table, cut, nr_cut);
		assert_int_equal(out.len, f->table.len);
		assert_memory_equal(out.data, f->table.data, out.len);
		tried++;
	}
	return tried;
}

static bool covered(struct fixture *f, struct pp_span table, uint16_t devid, uint64_t base)
{
	struct pp_ivrs t;

	assert_int_equal(pp_ivrs_parse(table, &f->arena, NULL, &t, &f->error), 0);
	for (uint32_t i = 0; i < t.nr_blocks; i++) {
		const struct pp_ivrs_block *b = &t.blocks[i];
		if (!pp_ivrs_is_ivmd(b->type) || b->base != base)
			continue;
		if (b->type == PP_IVMD_ALL || b->devid == devid ||
		    (b->type == PP_IVMD_RANGE && b->devid <= devid && devid <= b->end_devid))
			return true;
	}
	return false;
}

/* Takes ids at both ends, neighbours and a lone one out, and asks for every id what covers it. */
static void cut_ivrs_block(struct fixture *f, struct pp_span table, const struct pp_ivrs_block *b)
{
	uint16_t first = b->type == PP_IVMD_ALL ? 0 : b->devid;
	uint16_t last = b->type == PP_IVMD_ALL     ? 0xffff
	                : b->type == PP_IVMD_RANGE ? b->end_devid
	                                           : b->devid;
	uint16_t out[4] = { last, first, first < last ? (uint16_t)(first + 1) : first,
		            (uint16_t)(first + (last - first) / 2) };
	struct pp_span result;

	if (last < first)
		return;
	assert_int_equal(pp_override_ivrs(table, b->segment, out, 4, &f->arena, &result, &f->error),
	                 0);
	for (uint32_t id = 0; id <= 0xffff;
	     id += id < first || id > (uint32_t)first + 256 ? 97 : 1) {
		bool gone = false;
		for (int i = 0; i < 4; i++)
			gone |= out[i] == id;
		assert_int_equal(covered(f, result, (uint16_t)id, b->base),
		                 !gone && covered(f, table, (uint16_t)id, b->base));
	}
}

static void test_ivrs_is_split(void **state)
{
	struct fixture *f = *state;
	static const struct {
		uint8_t type;
		uint16_t first, last;
	} blocks[] = { { 0x20, 0, 0 },
		       { 0x21, 0x0700, 0 },
		       { 0x22, 0x0700, 0x0740 },
		       { 0x22, 0, 3 },
		       { 0x22, 0xfffe, 0xffff } };

	for (size_t i = 0; i < sizeof(blocks) / sizeof(blocks[0]); i++) {
		ivrs_begin(&f->table, 0);
		ivrs_ivhd(&f->table, 0x11, 2, 0xfeb80000, 0);
		acpi_end(&f->table);
		ivrs_ivmd(&f->table, blocks[i].type, 7, blocks[i].first, blocks[i].last, 0xbdf83000,
		          0x2000);
		acpi_seal(&f->table);
		struct pp_span table = fixture_table(f);
		struct pp_ivrs t;
		assert_int_equal(pp_ivrs_parse(table, &f->arena, NULL, &t, &f->error), 0);
		cut_ivrs_block(f, table, &t.blocks[1]);
	}
}

static void test_ivrs_refuses_what_nothing_covers(void **state)
{
	struct fixture *f = *state;
	uint16_t id = 0x0800;
	struct pp_span out = { 0 };

	ivrs_begin(&f->table, 0);
	ivrs_ivmd(&f->table, 0x21, 7, 0x0700, 0, 0xbdf83000, 0x2000);
	acpi_seal(&f->table);
	assert_int_equal(pp_override_ivrs(fixture_table(f), 0, &id, 1, &f->arena, &out, &f->error),
	                 -EINVAL);
	assert_string_equal(f->error.text, "IVRS: no memory block covers 08:00.0");
	id = 0x0700;
	assert_int_equal(pp_override_ivrs(fixture_table(f), 1, &id, 1, &f->arena, &out, &f->error),
	                 -EINVAL);
	assert_null(out.data);
}

/* An SMMU at 0x30, and two RMRs for one stream of it each. */
static struct pp_span two_rmrs(struct fixture *f, uint32_t at[2])
{
	struct acpi_builder *b = &f->table;

	iort_begin(b, 5, 3);
	iort_node(b, PP_IORT_SMMU_V3, 4, 0);
	acpi_put(b, 0x09050000, 8);
	acpi_put(b, 0, 44);
	acpi_end(b);
	for (uint32_t i = 0; i < 2; i++) {
		at[i] = (uint32_t)b->len;
		iort_rmr(b, PP_IORT_RMR_PRIVILEGED, 1);
		iort_range(b, 0x4a000000 + 0x10000 * i, 0x10000);
		iort_mappings(b, 1);
		iort_mapping(b, 0, 0, 0x100 + i, 0x30, PP_IORT_MAPPING_SINGLE);
		acpi_end(b);
	}
	acpi_seal(b);
	return fixture_table(f);
}

static void test_rmr_may_be_remapped(void **state)
{
	struct fixture *f = *state;
	uint32_t at[2];
	struct pp_span table = two_rmrs(f, at), out;
	struct pp_iort was, is;

	assert_int_equal(pp_iort_parse(table, &f->arena, NULL, &was, &f->error), 0);
	const uint32_t nodes[] = { at[1], at[1] };
	assert_int_equal(pp_override_iort(table, nodes, 2, &f->arena, &out, &f->error), 0);
	assert_int_equal(pp_iort_parse(out, &f->arena, NULL, &is, &f->error), 0);
	assert_wins(&was.header, &is.header);
	assert_int_equal(is.nodes[1].flags, PP_IORT_RMR_PRIVILEGED);
	assert_int_equal(is.nodes[2].flags, PP_IORT_RMR_PRIVILEGED | PP_IORT_RMR_REMAP_PERMITTED);
	/* Nothing else changes: the checksum, the OEM revision, one byte of flags. */
	assert_int_equal(out.len, table.len);
	for (size_t i = 0; i < out.len; i++)
		if (i != 9 && (i < 24 || i > 27) && i != at[1] + 16)
			assert_int_equal(out.data[i], table.data[i]);
}

static void test_iort_refuses_what_is_no_rmr(void **state)
{
	struct fixture *f = *state;
	uint32_t at[2];
	struct pp_span table = two_rmrs(f, at), out = { 0 };
	const uint32_t smmu = 0x30, inside = at[0] + 1;

	assert_int_equal(pp_override_iort(table, &smmu, 1, &f->arena, &out, &f->error), -EINVAL);
	assert_string_equal(f->error.text, "IORT+0x30: no RMR node begins here");
	assert_int_equal(pp_override_iort(table, &inside, 1, &f->arena, &out, &f->error), -EINVAL);
	assert_int_equal(pp_override_iort(table, at, 0, &f->arena, &out, &f->error), -EINVAL);
	table.len--;
	assert_int_equal(pp_override_iort(table, at, 1, &f->arena, &out, &f->error), -EBADMSG);
	assert_null(out.data);
}

static void test_cpio_is_read_back(void **state)
{
	struct fixture *f = *state;
	struct pp_span tables[2] = { two_regions(f) }, archive;
	const struct pp_span *back;
	uint32_t nr;

	ivrs_begin(&f->table, 0);
	acpi_seal(&f->table);
	tables[1] = fixture_table(f);
	assert_int_equal(pp_override_cpio(tables, 2, &f->arena, &archive, &f->error), 0);
	assert_int_equal(archive.len % 4, 0);
	assert_int_equal(pp_override_cpio_read(archive, &f->arena, &back, &nr, &f->error), 0);
	assert_int_equal(nr, 2);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(back[i].len, tables[i].len);
		assert_memory_equal(back[i].data, tables[i].data, tables[i].len);
	}
	for (size_t len = 0; len < archive.len; len++) {
		uint8_t *copy = pp_arena_alloc(&f->arena, len ? len : 1);
		memcpy(copy, archive.data, len);
		assert_int_equal(
			pp_override_cpio_read(PP_SPAN(copy, len), &f->arena, &back, &nr, &f->error),
			0);
		assert_true(nr <= 2);
	}
}

static struct pp_span joined(struct fixture *f, struct pp_span a, struct pp_span b, size_t zeros)
{
	uint8_t *all = pp_arena_alloc(&f->arena, a.len + zeros + b.len);

	memcpy(all, a.data, a.len);
	memset(all + a.len, 0, zeros);
	memcpy(all + a.len + zeros, b.data, b.len);
	return PP_SPAN(all, a.len + zeros + b.len);
}

/* Where lib/earlycpio.c would find it, and nowhere else. */
static void test_table_is_found_as_the_kernel_finds_it(void **state)
{
	struct fixture *f = *state;
	struct pp_span table = two_regions(f), one, none, gzip = PP_SPAN("\x1f\x8b\x08\0", 4);

	assert_int_equal(pp_override_cpio(&table, 1, &f->arena, &one, &f->error), 0);
	assert_int_equal(pp_override_cpio(&table, 0, &f->arena, &none, &f->error), 0);
	assert_true(pp_override_initrd_has(one, table));
	assert_false(pp_override_initrd_has(none, table));
	assert_true(pp_override_initrd_has(joined(f, one, gzip, 8), table));
	/* Behind somebody else's early archive, but not behind what is compressed. */
	assert_true(pp_override_initrd_has(joined(f, none, one, 0), table));
	assert_true(pp_override_initrd_has(joined(f, none, one, 512), table));
	assert_false(pp_override_initrd_has(joined(f, none, one, 2), table));
	assert_false(pp_override_initrd_has(joined(f, gzip, one, 0), table));
	/* The first of a signature counts. */
	uint8_t *other = pp_arena_alloc(&f->arena, table.len);
	memcpy(other, table.data, table.len);
	other[table.len - 1] ^= 1;
	struct pp_span second, changed = PP_SPAN(other, table.len);
	assert_int_equal(pp_override_cpio(&changed, 1, &f->arena, &second, &f->error), 0);
	assert_false(pp_override_initrd_has(joined(f, second, one, 0), table));
	assert_true(pp_override_initrd_has(joined(f, one, second, 0), table));
	/* Of several in a row: what is all archives leaves it to the next one. */
	assert_int_equal(pp_override_initrd_find(one, table), PP_YES);
	assert_int_equal(pp_override_initrd_find(second, table), PP_NO);
	assert_int_equal(pp_override_initrd_find(gzip, table), PP_NO);
	assert_int_equal(pp_override_initrd_find(joined(f, none, gzip, 0), table), PP_NO);
	assert_int_equal(pp_override_initrd_find(none, table), PP_UNKNOWN);
	assert_int_equal(pp_override_initrd_find(joined(f, none, none, 512), table), PP_UNKNOWN);
	assert_int_equal(pp_override_initrd_find(PP_SPAN(none.data, 100), table), PP_NO);
	assert_int_equal(pp_override_initrd_find((struct pp_span){ 0 }, table), PP_UNKNOWN);
	/* Whole only with its last byte. */
	size_t last = one.len;
	for (size_t len = 0; len < one.len; len++) {
		uint8_t *copy = pp_arena_alloc(&f->arena, len ? len : 1);
		memcpy(copy, one.data, len);
		if (pp_override_initrd_has(PP_SPAN(copy, len), table)) {
			last = len;
			break;
		}
	}
	assert_true(last < one.len);
}

static void test_cpio_is_what_cpio_reads(void **state)
{
	struct fixture *f = *state;
	struct pp_span table = two_regions(f), archive;
	char path[] = "/tmp/pcipass-cpio-XXXXXX", command[128], line[128];
	static const char *const want[] = { "kernel\n", "kernel/firmware\n",
		                            "kernel/firmware/acpi\n",
		                            "kernel/firmware/acpi/DMAR.aml\n" };

	assert_int_equal(pp_override_cpio(&table, 1, &f->arena, &archive, &f->error), 0);
	int fd = mkstemp(path);
	FILE *file = fdopen(fd, "w");
	assert_int_equal(fwrite(archive.data, 1, archive.len, file), archive.len);
	assert_int_equal(fclose(file), 0);
	snprintf(command, sizeof(command), "cpio -it --quiet <%s", path);
	FILE *names = popen(command, "r");
	for (size_t i = 0; i < 4; i++) {
		assert_non_null(fgets(line, sizeof(line), names));
		assert_string_equal(line, want[i]);
	}
	assert_null(fgets(line, sizeof(line), names));
	assert_int_equal(pclose(names), 0);
	remove(path);
}

static void test_cpio_refuses_a_name_that_is_none(void **state)
{
	struct fixture *f = *state;
	struct pp_span table = two_regions(f), out = { 0 };

	((uint8_t *)table.data)[1] = '/';
	assert_int_equal(pp_override_cpio(&table, 1, &f->arena, &out, &f->error), -EBADMSG);
	assert_string_equal(f->error.text, "table+0x1: byte 0x2f is part of no signature");
	table.len = 35;
	assert_int_equal(pp_override_cpio(&table, 1, &f->arena, &out, &f->error), -EBADMSG);
	assert_null(out.data);
}

static struct pp_span read_file(struct fixture *f, const char *directory, const char *name)
{
	char path[4096];
	uint8_t *bytes = pp_arena_alloc(&f->arena, 1 << 20);

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	FILE *file = fopen(path, "r");
	assert_non_null(file);
	size_t len = fread(bytes, 1, 1 << 20, file);
	fclose(file);
	return PP_SPAN(bytes, len);
}

/* Calls what for every real table of that signature; the number of files, 0 without data. */
static unsigned int each_real(const char *signature,
                              unsigned int (*what)(struct fixture *, struct pp_span),
                              struct fixture *f, unsigned int *tried)
{
	char directory[2048];
	const char *data = getenv("PCIPASS_TEST_DATA");
	unsigned int files = 0;

	snprintf(directory, sizeof(directory), "%s/acpi/%s", data ? data : "", signature);
	DIR *dir = opendir(directory);
	for (struct dirent *entry; dir && (entry = readdir(dir));) {
		if (entry->d_name[0] == '.')
			continue;
		pp_arena_fini(&f->arena);
		pp_arena_init(&f->arena, 0);
		pp_notes_init(&f->notes, &f->arena);
		*tried += what(f, read_file(f, directory, entry->d_name));
		files++;
	}
	if (dir)
		closedir(dir);
	return files;
}

static unsigned int cut_real_ivrs(struct fixture *f, struct pp_span table)
{
	struct pp_ivrs t;
	unsigned int tried = 0;

	assert_int_equal(pp_ivrs_parse(table, &f->arena, NULL, &t, &f->error), 0);
	for (uint32_t i = 0; i < t.nr_blocks; i++)
		if (pp_ivrs_is_ivmd(t.blocks[i].type)) {
			bool twice = false;
			/* Blocks on one region would hide each other from covered(). */
			for (uint32_t j = 0; j < t.nr_blocks; j++)
				twice |= j != i && pp_ivrs_is_ivmd(t.blocks[j].type) &&
				         t.blocks[j].base == t.blocks[i].base;
			if (twice)
				continue;
			cut_ivrs_block(f, table, &t.blocks[i]);
			tried++;
		}
	return tried;
}

static void test_real_tables(void **state)
{
	struct fixture *f = *state;
	unsigned int dmar = 0, ivrs = 0;
	unsigned int files = each_real("DMAR", cut_real_dmar, f, &dmar);

	files += each_real("IVRS", cut_real_ivrs, f, &ivrs);
	print_message("%u tables, %u DMARs made, %u IVMDs split\n", files, dmar, ivrs);
	if (!files)
		skip();
	assert_true(dmar > 100);
	assert_true(ivrs > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FIXTURE_TEST(test_scope_goes_and_empty_region_goes),
		FIXTURE_TEST(test_refuses_what_is_no_scope_of_a_region),
		FIXTURE_TEST(test_ivrs_is_split),
		FIXTURE_TEST(test_ivrs_refuses_what_nothing_covers),
		FIXTURE_TEST(test_rmr_may_be_remapped),
		FIXTURE_TEST(test_iort_refuses_what_is_no_rmr),
		FIXTURE_TEST(test_cpio_is_read_back),
		FIXTURE_TEST(test_table_is_found_as_the_kernel_finds_it),
		FIXTURE_TEST(test_cpio_is_what_cpio_reads),
		FIXTURE_TEST(test_cpio_refuses_a_name_that_is_none),
		FIXTURE_TEST(test_real_tables),
	};

	return cmocka_run_group_tests_name("override", tests, NULL, NULL);
}
