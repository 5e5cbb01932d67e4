/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether the kernel runs an IOMMU, which, and whether interrupts are remapped. */
#include <string.h>

#include "base/text.h"
#include "host/build.h"

/* The first lines hold the timer's interrupt already; a host with many processors has long ones. */
#define INTERRUPTS_MAX_BYTES ((size_t)1024 * 1024)

static enum pp_iommu_kind kind_by_name(const char *name)
{
	if (!strncmp(name, "dmar", 4))
		return PP_IOMMU_INTEL;
	if (!strncmp(name, "ivhd", 4))
		return PP_IOMMU_AMD;
	return PP_IOMMU_OTHER;
}

/* Groups are what passthrough needs: they are there exactly when an IOMMU is on. */
static enum pp_tri groups_tell(const struct pp_host *h)
{
	for (uint32_t i = 0; i < h->nr_groups; i++)
		if (!h->groups[i].no_iommu)
			return PP_YES;
	if (h->groups_elsewhere)
		return PP_YES;
	return h->groups_error ? PP_UNKNOWN : PP_NO;
}

static int find_iommu(struct pp_host_build *b)
{
	struct pp_host *h = b->host;
	struct pp_names names;
	int r = pp_source_list(b->source, "sys/class/iommu", &b->scratch, &names);

	if (r == -ENOMEM)
		return r;
	if (!r && names.count)
		h->iommu = kind_by_name(names.names[0]);
	else if (h->table_dmar == PP_YES)
		h->iommu = PP_IOMMU_INTEL;
	else if (h->table_ivrs == PP_YES)
		h->iommu = PP_IOMMU_AMD;
	else if (h->iort_has_smmu == PP_YES)
		h->iommu = PP_IOMMU_OTHER;
	h->iommu_on = groups_tell(h);
	return 0;
}

/*
 * Remapped interrupts carry the prefix in their chip's name (drivers/iommu/intel/irq_remapping.c,
 * drivers/iommu/amd/iommu.c); Arm's isolated ones come from an ITS
 * (drivers/irqchip/irq-gic-v3-its.c). The file is read piece by piece, no further than to the
 * first one.
 */
static int search_remapping(struct pp_host_build *b, struct pp_node file)
{
	char buf[8192];
	size_t kept = 0, offset = 0;
	bool x86 = b->host->iommu == PP_IOMMU_INTEL || b->host->iommu == PP_IOMMU_AMD;

	for (;;) {
		ssize_t n =
			pp_source_pread(b->source, file, buf + kept, sizeof(buf) - kept, offset);
		if (n < 0)
			return (int)n;
		struct pp_span seen = PP_SPAN(buf, kept + (size_t)n);
		offset += (size_t)n;
		if (pp_span_find(seen, x86 ? " IR-" : "ITS-")) {
			b->host->intremap = PP_YES;
			return 0;
		}
		if (offset > INTERRUPTS_MAX_BYTES)
			return -E2BIG;
		if (!n) {
			/* No kernel shows an empty file: that is no answer. */
			if (!offset)
				return -EBADMSG;
			/* Elsewhere an interrupt controller may isolate under another name. */
			b->host->intremap = x86 ? PP_NO : PP_UNKNOWN;
			return 0;
		}
		/* The prefix may lie across two pieces. */
		kept = seen.len < 3 ? seen.len : 3;
		memmove(buf, buf + seen.len - kept, kept);
	}
}

static int find_remapping(struct pp_host_build *b)
{
	static const char path[] = "proc/interrupts";
	struct pp_node file;
	int r = pp_source_open_file(b->source, PP_NODE_NONE, path, &file);

	if (!r) {
		r = search_remapping(b, file);
		pp_source_close(b->source, file);
	}
	if (r == -ENOMEM)
		return r;
	return r ? pp_build_unread(b, path, -r, "whether interrupts are remapped") : 0;
}

int pp_build_iommu(struct pp_host_build *b, struct pp_error *e)
{
	if (find_iommu(b))
		return pp_fail_oom(e, "IOMMU");
	if (b->host->iommu_on == PP_YES && find_remapping(b))
		return pp_fail_oom(e, "IOMMU");
	return 0;
}
