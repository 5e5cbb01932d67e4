/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Prints what the parsers make of a table, a line per record: its offset, its kind, its fields.
 * iasl-oracle.py brings iasl's disassembly into the same form, so it changes together with it.
 * usage: dump-acpi FILE
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "acpi/dmar.h"
#include "acpi/iort.h"
#include "acpi/ivrs.h"

static void dump_header(const struct pp_acpi_header *h)
{
	printf("0x0000 header signature=\"%s\" length=%" PRIu32 " revision=%u checksum=0x%02x "
	       "oem_id=\"%s\" oem_table_id=\"%s\" oem_revision=0x%08" PRIx32 " creator=\"%s\" "
	       "creator_revision=0x%08" PRIx32 "\n",
	       h->signature, h->length, h->revision, h->checksum, h->oem_id, h->oem_table_id,
	       h->oem_revision, h->creator_id, h->creator_revision);
}

static void dump_notes(const struct pp_notes *notes)
{
	for (const struct pp_note *n = notes->first; n; n = n->next)
		printf("0x%04zx note %s\n", n->offset, n->text);
}

static void dump_scope(const struct pp_dmar_scope *s)
{
	printf("0x%04" PRIx32 " scope type=%u length=%u flags=0x%02x enumeration=0x%02x bus=0x%02x "
	       "path=",
	       s->offset, s->type, s->length, s->flags, s->enumeration_id, s->start_bus);
	for (unsigned int i = 0; i < s->nr_hops; i++)
		printf("%s%02x.%02x", i ? "/" : "", s->hops[i].device, s->hops[i].function);
	printf("\n");
}

static void dump_dmar_entry(const struct pp_dmar_entry *e)
{
	static const char *const names[] = {
		"DRHD", "RMRR", "ATSR", "RHSA", "ANDD", "SATC", "SIDP"
	};
	const char *name = e->type < sizeof(names) / sizeof(names[0]) ? names[e->type] : NULL;

	printf("0x%04" PRIx32 " %s type=%u length=%u", e->offset, name ? name : "unknown", e->type,
	       e->length);
	switch (e->type) {
	case PP_DMAR_DRHD:
		printf(" flags=0x%02x size=0x%02x segment=0x%04x base=0x%016" PRIx64, e->flags,
		       e->size, e->segment, e->base);
		break;
	case PP_DMAR_RMRR:
		printf(" segment=0x%04x base=0x%016" PRIx64 " limit=0x%016" PRIx64, e->segment,
		       e->base, e->limit_incl);
		break;
	case PP_DMAR_ATSR:
	case PP_DMAR_SATC:
		printf(" flags=0x%02x segment=0x%04x", e->flags, e->segment);
		break;
	case PP_DMAR_RHSA:
		printf(" base=0x%016" PRIx64 " proximity=0x%08" PRIx32, e->base, e->proximity);
		break;
	case PP_DMAR_ANDD:
		printf(" device=0x%02x name=\"%s\"", e->acpi_device, e->acpi_name);
		break;
	case PP_DMAR_SIDP:
		printf(" segment=0x%04x", e->segment);
		break;
	}
	printf("\n");
	for (unsigned int i = 0; i < e->nr_scopes; i++)
		dump_scope(&e->scopes[i]);
}

static int dump_dmar(struct pp_span in, struct pp_arena *a, struct pp_notes *notes,
                     struct pp_error *e)
{
	struct pp_dmar d;

	int err = pp_dmar_parse(in, a, notes, &d, e);
	if (err)
		return err;
	dump_header(&d.header);
	printf("0x0024 dmar width=%u flags=0x%02x\n", d.host_address_width, d.flags);
	for (uint32_t i = 0; i < d.nr_entries; i++)
		dump_dmar_entry(&d.entries[i]);
	return 0;
}

static void dump_device(const struct pp_ivhd_device *d)
{
	printf("0x%04" PRIx32 " device type=0x%02x id=0x%04x flags=0x%02x", d->offset, d->type,
	       d->devid, d->flags);
	switch (d->type) {
	case PP_IVHD_DEV_ALIAS:
	case PP_IVHD_DEV_ALIAS_RANGE:
		printf(" alias=0x%04x", d->alias_devid);
		break;
	case PP_IVHD_DEV_EXT_SELECT:
	case PP_IVHD_DEV_EXT_RANGE:
		printf(" extended=0x%08" PRIx32, d->extended);
		break;
	case PP_IVHD_DEV_SPECIAL:
		printf(" handle=0x%02x alias=0x%04x variety=%u", d->special_handle, d->alias_devid,
		       d->special_variety);
		break;
	case PP_IVHD_DEV_ACPI_HID:
		printf(" hid=\"%s\" cid=\"%s\" uid=\"%s\"", d->hid, d->cid, d->uid ? d->uid : "");
		break;
	}
	printf("\n");
}

static void dump_block(const struct pp_ivrs_block *b)
{
	printf("0x%04" PRIx32 " %s type=0x%02x flags=0x%02x length=%u", b->offset,
	       pp_ivrs_is_ivhd(b->type)   ? "IVHD"
	       : pp_ivrs_is_ivmd(b->type) ? "IVMD"
	                                  : "unknown",
	       b->type, b->flags, b->length);
	if (pp_ivrs_is_ivhd(b->type))
		printf(" id=0x%04x capability=0x%04x base=0x%016" PRIx64 " segment=0x%04x "
		       "info=0x%04x features=0x%08" PRIx32,
		       b->devid, b->capability, b->base, b->segment, b->info, b->features);
	if (pp_ivrs_is_ivhd(b->type) && b->type != PP_IVHD_10)
		printf(" efr=0x%016" PRIx64 " efr2=0x%016" PRIx64, b->efr, b->efr2);
	if (b->type == PP_IVMD_SELECT || b->type == PP_IVMD_RANGE)
		printf(" id=0x%04x", b->devid);
	if (b->type == PP_IVMD_RANGE)
		printf(" end=0x%04x", b->end_devid);
	if (pp_ivrs_is_ivmd(b->type))
		printf(" segment=0x%04x base=0x%016" PRIx64 " bytes=0x%016" PRIx64, b->segment,
		       b->base, b->length_bytes);
	printf("\n");
	for (unsigned int i = 0; i < b->nr_devices; i++)
		dump_device(&b->devices[i]);
}

static int dump_ivrs(struct pp_span in, struct pp_arena *a, struct pp_notes *notes,
                     struct pp_error *e)
{
	struct pp_ivrs v;

	int err = pp_ivrs_parse(in, a, notes, &v, e);
	if (err)
		return err;
	dump_header(&v.header);
	printf("0x0024 ivrs info=0x%08" PRIx32 "\n", v.info);
	for (uint32_t i = 0; i < v.nr_blocks; i++)
		dump_block(&v.blocks[i]);
	return 0;
}

static void dump_node(const struct pp_iort_node *n)
{
	const char *name = pp_iort_type_name(n->type);

	printf("0x%04" PRIx32 " %s type=%u length=%u revision=%u identifier=%" PRIu32
	       " flags=0x%08" PRIx32 " segment=%" PRIu32 " ats=0x%08" PRIx32 " base=0x%016" PRIx64
	       " name=\"%s\"\n",
	       n->offset, name ? name : "unknown", n->type, n->length, n->revision, n->identifier,
	       n->flags, n->segment, n->ats, n->base, n->name ? n->name : "");
	for (unsigned int i = 0; i < n->nr_ranges; i++)
		printf("0x%04" PRIx32 " range base=0x%016" PRIx64 " bytes=0x%016" PRIx64 "\n",
		       n->ranges[i].offset, n->ranges[i].base, n->ranges[i].length_bytes);
	for (unsigned int i = 0; i < n->nr_mappings; i++) {
		const struct pp_iort_mapping *m = &n->mappings[i];
		printf("0x%04" PRIx32 " mapping input=0x%08" PRIx32 " ids_minus_1=0x%08" PRIx32
		       " output=0x%08" PRIx32 " reference=0x%08" PRIx32 " flags=0x%08" PRIx32 "\n",
		       m->offset, m->input_base, m->ids_minus_1, m->output_base,
		       m->output_reference, m->flags);
	}
}

static int dump_iort(struct pp_span in, struct pp_arena *a, struct pp_notes *notes,
                     struct pp_error *e)
{
	struct pp_iort t;

	int err = pp_iort_parse(in, a, notes, &t, e);
	if (err)
		return err;
	dump_header(&t.header);
	for (uint32_t i = 0; i < t.nr_nodes; i++)
		dump_node(&t.nodes[i]);
	return 0;
}

static bool dump_is(struct pp_span in, const char *signature)
{
	return in.len >= PP_ACPI_HEADER_BYTES && !memcmp(in.data, signature, 4);
}

int main(int argc, char **argv)
{
	static uint8_t data[PP_ACPI_TABLE_MAX_BYTES];
	struct pp_error error = { 0 };
	struct pp_notes notes;
	struct pp_arena arena;

	FILE *f = argc == 2 ? fopen(argv[1], "rb") : NULL;
	if (!f) {
		fprintf(stderr, "usage: %s FILE\n", argv[0]);
		return 2;
	}
	const struct pp_span in = PP_SPAN(data, fread(data, 1, sizeof(data), f));
	fclose(f);
	pp_arena_init(&arena, 0);
	pp_notes_init(&notes, &arena);
	int err = dump_is(in, "IVRS")   ? dump_ivrs(in, &arena, &notes, &error)
	          : dump_is(in, "IORT") ? dump_iort(in, &arena, &notes, &error)
	                                : dump_dmar(in, &arena, &notes, &error);
	if (err)
		fprintf(stderr, "%s\n", error.text);
	else
		dump_notes(&notes);
	pp_arena_fini(&arena);
	return err ? 1 : 0;
}
