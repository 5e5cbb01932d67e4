/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How many address bits the IOMMU maps, and how many the processors have. */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "host/build.h"

/* The first processor's lines, the flags among them, lie in so much. */
#define PROCESSOR_BYTES 8192

#define CLASS_IOMMU "sys/class/iommu"

/* VT-d 11.4.2: MGAW, bits 21:16, is one less than the width; SAGAW, bits 12:8: 39, 48, 57 bits. */
static unsigned int width_of_cap(uint64_t cap)
{
	unsigned int mgaw = (cap >> 16 & 0x3f) + 1, sagaw = cap >> 8 & 0x1f, tables = 0;

	for (unsigned int i = 1; i <= 3; i++)
		if (sagaw >> i & 1)
			tables = 30 + 9 * i;
	return tables && tables < mgaw ? tables : mgaw;
}

/* IOMMU 48882, 3.4.10: HATS, bits 11:10: host tables of 4, 5 or 6 levels. */
static unsigned int width_of_features(uint64_t efr)
{
	static const unsigned int widths[] = { 48, 57, 64, 64 };

	return widths[efr >> 10 & 3];
}

static bool width_read_hex(struct pp_host_build *b, const char *path, uint64_t *ret)
{
	char text[48];

	if (pp_source_read_text(b->source, PP_NODE_NONE, path, text, sizeof(text)))
		return false;
	/* "206d73ef22254ade:0": two registers from 6.x on. */
	text[strcspn(text, ":")] = '\0';
	return pp_parse_hex(text, UINT64_MAX, ret);
}

static int width_take(struct pp_host *h, unsigned int width, const char *root, const char *what)
{
	if (h->iommu_width && width >= h->iommu_width)
		return 0;
	h->iommu_width = width;
	h->iommu_width_from = pp_arena_printf(&h->arena, "%s%s", root, what);
	return h->iommu_width_from ? 0 : -ENOMEM;
}

/* The narrowest unit counts: which of them a device is behind is not asked. */
static int width_by_units(struct pp_host_build *b)
{
	struct pp_names names;
	uint64_t value;
	int r = pp_source_list(b->source, CLASS_IOMMU, &b->scratch, &names);

	if (r)
		return r == -ENOMEM ? r : 0;
	for (uint32_t i = 0; !r && i < names.count; i++) {
		const char *name = names.names[i];
		bool intel = !strncmp(name, "dmar", 4), amd = !strncmp(name, "ivhd", 4);
		char path[256];
		if (!intel && !amd)
			continue;
		snprintf(path, sizeof(path), CLASS_IOMMU "/%.64s/%s", name,
		         intel ? "intel-iommu/cap" : "amd-iommu/features");
		if (!width_read_hex(b, path, &value) || !value)
			continue;
		r = width_take(b->host, intel ? width_of_cap(value) : width_of_features(value), "/",
		               path);
	}
	return r;
}

/* What the firmware's table says, where no unit was read; IOMMU 48882, 5.2.1: VASize, bits 21:15.
 */
static int width_by_tables(struct pp_host *h)
{
	unsigned int va = h->ivrs ? h->ivrs->info >> 15 & 0x7f : 0;

	if (h->iommu == PP_IOMMU_INTEL && h->dmar && !h->iommu_width)
		return width_take(h, h->dmar->host_address_width, "",
		                  "DMAR+0x24: host address width");
	if (h->iommu == PP_IOMMU_AMD && va >= 32)
		return width_take(h, va, "", "IVRS+0x24: size of virtual addresses");
	return 0;
}

/* "address sizes	: 46 bits physical, 48 bits virtual" */
static int width_of_processors(struct pp_host_build *b)
{
	static const char key[] = "address sizes", physical[] = " bits physical";
	char head[PROCESSOR_BYTES], digits[4] = "";
	struct pp_node file;
	uint64_t width;
	int r = pp_source_open_file(b->source, PP_NODE_NONE, "proc/cpuinfo", &file);

	if (r)
		return r == -ENOMEM ? r : 0;
	ssize_t n = pp_source_pread(b->source, file, head, sizeof(head), 0);
	pp_source_close(b->source, file);
	if (n < 0)
		return n == -ENOMEM ? (int)n : 0;
	struct pp_span rest = PP_SPAN(head, (size_t)n), line;
	while (pp_text_line(&rest, &line)) {
		const uint8_t *colon = pp_span_starts(line, key) ? pp_span_find(line, ": ") : NULL;
		const uint8_t *end = colon ? pp_span_find(line, physical) : NULL;
		if (!end || end - colon < 3 || (size_t)(end - colon - 2) >= sizeof(digits))
			continue;
		memcpy(digits, colon + 2, (size_t)(end - colon - 2));
		if (pp_parse_dec(digits, 64, &width))
			b->host->cpu_width = (unsigned int)width;
		break;
	}
	return 0;
}

int pp_build_width(struct pp_host_build *b)
{
	if (width_by_units(b) || width_by_tables(b->host) || width_of_processors(b))
		return -ENOMEM;
	return 0;
}
