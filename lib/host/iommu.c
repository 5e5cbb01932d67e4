/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether the kernel runs an IOMMU, which, and whether interrupts are remapped. */
#include <string.h>

#include "acpi/madt.h"
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
	/* arm-smmu-v3.c: "smmu3.0x…"; arm-smmu.c: "smmu.0x…" */
	if (!strncmp(name, "smmu", 4))
		return PP_IOMMU_SMMU;
	/* virtio-iommu.c: the bus' name of what it is, "0000:00:01.0" or "a003e00.virtio_mmio" */
	struct pp_address address;
	if (pp_address_parse(name, &address) || strstr(name, "virtio"))
		return PP_IOMMU_VIRTIO;
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
		h->iommu = PP_IOMMU_SMMU;
	else if (h->viot || h->viot_error)
		h->iommu = PP_IOMMU_VIRTIO;
	if (!r && names.count && h->iommu == PP_IOMMU_SMMU)
		h->smmu_v3 = pp_tri(!strncmp(names.names[0], "smmu3", 5));
	h->iommu_on = groups_tell(h);
	return 0;
}

/* What the names of interrupt chips show. */
struct chips {
	bool remapped, its, gicv2m;
};

/* " MSI 134217728": a chip of that very name, and the number that follows it. */
static bool names_plain_msi(struct pp_span text)
{
	static const char name[] = " MSI ";
	const uint8_t *at;

	while ((at = pp_span_find(text, name))) {
		size_t used = (size_t)(at - text.data) + sizeof(name) - 1;
		text = PP_SPAN(text.data + used, text.len - used);
		size_t i = 0;
		while (i < text.len && text.data[i] == ' ')
			i++;
		if (i < text.len && text.data[i] >= '0' && text.data[i] <= '9')
			return true;
	}
	return false;
}

/*
 * Remapped interrupts carry the prefix "IR-" in their chip's name
 * (drivers/iommu/intel/irq_remapping.c, drivers/iommu/amd/iommu.c). On Arm an ITS isolates them:
 * "ITS-MSI", from 6.11 on "ITS-PCI-MSIX-0000:01:00.0" (drivers/irqchip/irq-gic-v3-its.c). A GICv2m
 * does not: "MSI", from 6.11 on "GICv2m-PCI-MSIX-0000:01:00.0" (irq-gic-v2m.c).
 */
static void chips_learn(struct chips *c, struct pp_span text)
{
	c->remapped |= pp_span_find(text, " IR-") != NULL;
	c->its |= pp_span_find(text, " ITS-") != NULL;
	c->gicv2m |= pp_span_find(text, " GICv2m-") || names_plain_msi(text);
}

/* The longest text that may lie across two pieces: a name and the blanks before its number. */
#define PIECES_OVERLAP 64

/* Read piece by piece, and on x86 no further than to the first name that is remapped. */
static int read_chips(struct pp_host_build *b, struct pp_node file, struct chips *ret)
{
	char buf[8192];
	size_t kept = 0, offset = 0;

	for (;;) {
		ssize_t n =
			pp_source_pread(b->source, file, buf + kept, sizeof(buf) - kept, offset);
		if (n < 0)
			return (int)n;
		struct pp_span seen = PP_SPAN(buf, kept + (size_t)n);
		offset += (size_t)n;
		chips_learn(ret, seen);
		if (ret->remapped)
			return 0;
		if (offset > INTERRUPTS_MAX_BYTES)
			return -E2BIG;
		/* No kernel shows an empty file: that is no answer. */
		if (!n)
			return offset ? 0 : -EBADMSG;
		kept = seen.len < PIECES_OVERLAP ? seen.len : PIECES_OVERLAP;
		memmove(buf, buf + seen.len - kept, kept);
	}
}

static enum pp_msi_chip msi_chip_of(bool its, bool gicv2m)
{
	if (its)
		return gicv2m ? PP_MSI_CHIP_BOTH : PP_MSI_CHIP_ITS;
	return gicv2m ? PP_MSI_CHIP_GICV2M : PP_MSI_CHIP_UNKNOWN;
}

/* What the firmware declares; a table that is broken declares nothing. 0 or -ENOMEM. */
static int find_declared_chip(struct pp_host_build *b)
{
	static const char path[] = "sys/firmware/acpi/tables/APIC";
	struct pp_host *h = b->host;
	struct pp_error ignored;
	struct pp_span bytes;
	struct pp_madt madt;
	int r = pp_source_read_all(b->source, path, PP_ACPI_TABLE_MAX_BYTES, &b->scratch, &bytes);

	if (!r && !pp_madt_parse(bytes, &h->notes, &madt, &ignored)) {
		h->msi_chip = msi_chip_of(madt.nr_its, madt.nr_msi_frames);
		h->msi_chip_from = "/sys/firmware/acpi/tables/APIC";
	}
	return r == -ENOMEM ? r : 0;
}

/* 0 or -ENOMEM. */
static int find_chip_by_tree(struct pp_host_build *b)
{
	bool its = false, gicv2m = false;
	int r = pp_build_tree_msi(b, &its, &gicv2m);

	b->host->msi_chip = msi_chip_of(its, gicv2m);
	b->host->msi_chip_from = "/sys/class/pci_bus/*/of_node/msi-map";
	return r;
}

/*
 * Where no driver uses message interrupts, the log tells what the kernel found; where that is gone,
 * too, the firmware what is there. The IORT does not: it may name an ITS that is not.
 */
static int find_msi_chip(struct pp_host_build *b, const struct chips *c)
{
	struct pp_host *h = b->host;

	h->msi_chip = msi_chip_of(c->its, c->gicv2m);
	h->msi_chip_from = "/proc/interrupts";
	if (h->msi_chip == PP_MSI_CHIP_UNKNOWN) {
		h->msi_chip = msi_chip_of(h->kernel.log_its, h->kernel.log_gicv2m);
		h->msi_chip_from = "kernel log";
	}
	if (h->msi_chip == PP_MSI_CHIP_UNKNOWN && find_declared_chip(b))
		return -ENOMEM;
	if (h->msi_chip == PP_MSI_CHIP_UNKNOWN && find_chip_by_tree(b))
		return -ENOMEM;
	switch (h->msi_chip) {
	case PP_MSI_CHIP_ITS:
		h->intremap = PP_YES;
		break;
	case PP_MSI_CHIP_GICV2M:
		h->intremap = PP_NO;
		break;
	case PP_MSI_CHIP_BOTH:
		/* Before it was asked of each device, all of them had to isolate. */
		if (pp_kernel_has(&h->kernel, PP_KERNEL_MSI_BY_DEVICE) == PP_NO)
			h->intremap = PP_NO;
		break;
	case PP_MSI_CHIP_UNKNOWN:
		break;
	}
	return 0;
}

static int conclude_remapping(struct pp_host_build *b, const struct chips *c)
{
	struct pp_host *h = b->host;

	switch (h->iommu) {
	case PP_IOMMU_INTEL:
	case PP_IOMMU_AMD:
		h->intremap = pp_tri(c->remapped);
		break;
	case PP_IOMMU_SMMU:
		return find_msi_chip(b, c);
	case PP_IOMMU_VIRTIO:
		/* It has nothing of the kind: on x86 nobody does it, on Arm an ITS may. */
		if (!(PP_ON(h->kind) & PP_ON_X86))
			return find_msi_chip(b, c);
		h->intremap = PP_NO;
		break;
	default:
		/* Elsewhere an interrupt controller may isolate under another name. */
		if (c->remapped || (c->its && !c->gicv2m))
			h->intremap = PP_YES;
	}
	return 0;
}

/* VFIO's refusal may be of a device there, whose interrupts may be the only ones left out. */
static bool remapping_has_vmd(const struct pp_host *h)
{
	return h->nr_devices && pp_is_behind_vmd(&h->devices[h->nr_devices - 1]);
}

/*
 * What the kernel says of it. Each line of the boot speaks of all units, since Linux remaps
 * interrupts at every one or at none; and it is there only where the log reaches back to it. Two
 * that contradict each other are of two boots, as is one that says so and chips that do not.
 */
static void remapping_by_log(struct pp_host *h, bool chips_read)
{
	static const enum pp_log_line off[] = { PP_LOG_IR_OFF_INTEL, PP_LOG_IR_OFF_AMD,
		                                PP_LOG_IR_NO_UNIT, PP_LOG_IR_ERRATUM,
		                                PP_LOG_IR_NO_IOAPIC };
	const char *const *lines = h->kernel.log_lines;
	const char *yes = lines[PP_LOG_IR_ON], *no = NULL;

	if (h->iommu == PP_IOMMU_SMMU || h->iommu == PP_IOMMU_VIRTIO)
		return;
	for (size_t i = 0; i < sizeof(off) / sizeof(off[0]) && !no; i++)
		no = lines[off[i]];
	bool x86 = h->kind == PP_KIND_INTEL || h->kind == PP_KIND_AMD || h->kind == PP_KIND_X86;
	if (!yes && !no && x86 && !remapping_has_vmd(h))
		no = lines[PP_LOG_IR_REFUSED];
	if (!yes == !no || (yes && chips_read))
		return;
	h->intremap = pp_tri(yes != NULL);
	h->intremap_line = yes ? yes : no;
}

static int find_remapping(struct pp_host_build *b)
{
	static const char path[] = "proc/interrupts";
	struct chips chips = { 0 };
	struct pp_node file;
	int r = pp_source_open_file(b->source, PP_NODE_NONE, path, &file);

	if (!r) {
		r = read_chips(b, file, &chips);
		pp_source_close(b->source, file);
	}
	if (r == -ENOMEM)
		return r;
	bool elsewhere = b->host->iommu == PP_IOMMU_SMMU || b->host->iommu == PP_IOMMU_VIRTIO;
	if ((!r || elsewhere) && conclude_remapping(b, &chips))
		return -ENOMEM;
	if (b->host->intremap == PP_UNKNOWN)
		remapping_by_log(b->host, !r);
	if (!r || b->host->intremap_line)
		return 0;
	return pp_build_unread(b, path, -r, "whether interrupts are remapped");
}

int pp_build_iommu(struct pp_host_build *b, struct pp_error *e)
{
	if (find_iommu(b) || pp_build_width(b) || pp_build_streams(b))
		return pp_fail_oom(e, "IOMMU");
	if (b->host->iommu_on == PP_YES && find_remapping(b))
		return pp_fail_oom(e, "IOMMU");
	return 0;
}
