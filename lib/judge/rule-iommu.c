/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Is there an IOMMU, may KVM have it, and is its table one that Linux takes? */
#include <stdlib.h>
#include <string.h>

#include "base/crc32.h"
#include "base/text.h"
#include "judge/rules.h"
#include "override/override.h"

/* Under Xen the hypervisor owns the IOMMU, and VFIO has no part in it. */
static void under_xen(struct pp_judging *j)
{
	if (!j->host->xen || j->host->iommu_on == PP_YES)
		return;
	static const char *const roles[] = {
		[PP_XEN_NONE] = "host runs under Xen",
		[PP_XEN_DOM0] = "host runs under Xen, as its dom0",
		[PP_XEN_GUEST] = "machine is a Xen guest",
		[PP_XEN_UNKNOWN] = "host runs under Xen",
	};
	struct pp_finding *f =
		pp_find(j, PP_BLOCKS,
	                "this %s, which keeps the IOMMU to itself: KVM cannot pass devices through",
	                roles[j->host->xen_role]);
	pp_evidence(j, f, "/sys/hypervisor/type: xen");
	if (j->host->xen_role == PP_XEN_DOM0 || j->host->xen_role == PP_XEN_GUEST)
		pp_evidence(j, f, "%s", j->host->xen_from);
	if (j->host->dmar_is_rmad)
		pp_evidence(j, f,
		            "/sys/firmware/acpi/tables/RMAD: the DMAR, which Xen renames for "
		            "its dom0");
	if (j->host->xen_role == PP_XEN_DOM0)
		pp_add_remedy_by_hand(f, &pp_remedy_another_kernel,
		                      "boot the host without Xen: Linux then controls the IOMMU",
		                      "no Xen guest can run");
}

/* Linux itself shows page 0 as reserved: only the firmware's own map tells. */
static bool xen_page_0_is_usable(const struct pp_host *h, const struct pp_region *r)
{
	return !r->start && h->kernel.log_lines[PP_LOG_PAGE_0_USABLE];
}

const struct pp_region *pp_xen_refused_ivmd(const struct pp_host *h)
{
	for (uint32_t i = 0; h->xen && i < h->nr_regions; i++) {
		const struct pp_region *r = &h->regions[i];
		if (r->source == PP_FROM_IVRS &&
		    (xen_page_0_is_usable(h, r) || r->reserved_in_memory_map == PP_NO))
			return r;
	}
	return NULL;
}

/* No device at all can go to a guest of Xen then. For KVM the rule xen says what is in the way. */
static void xen_ivmd(struct pp_judging *j)
{
	const struct pp_host *h = j->host;
	const struct pp_region *bad = pp_xen_refused_ivmd(h);

	if (!bad)
		return;
	struct pp_finding *f = pp_find(
		j, PP_BLOCKS,
		"Xen turns the IOMMU off here: the firmware reserves %s for devices (IVMD), but "
		"its memory map does not mark that memory as reserved",
		pp_range(j, bad->start, bad->end_incl));
	pp_evidence(j, f, "IVRS IVMD %u at +0x%x: %s", bad->index, bad->offset,
	            pp_range(j, bad->start, bad->end_incl));
	if (!xen_page_0_is_usable(h, bad) || !pp_prove_by_log(j, f, PP_LOG_PAGE_0_USABLE))
		pp_evidence(j, f, "/proc/iomem: not entirely reserved");
	pp_add_remedy_by_hand(f, &pp_remedy_bios_update,
	                      "update the BIOS: a newer version may have a correct IVRS table",
	                      NULL);
	pp_add_remedy_by_hand(f, &pp_remedy_another_kernel,
	                      "boot the host without Xen: Linux with KVM maps such a region and "
	                      "keeps the IOMMU on",
	                      "no Xen guest can run");
}

struct firmware_words {
	unsigned int kinds;
	const char *text;
};

static const char *words_for(const struct firmware_words *list, size_t n, enum pp_host_kind kind)
{
	for (size_t i = 0; i < n; i++)
		if (list[i].kinds & PP_ON(kind))
			return list[i].text;
	return NULL;
}

/*
 * QEMU's machine pc has no virtual IOMMU (hw/i386/pc_q35.c allows it on q35), and with KVM it
 * remaps interrupts only if the I/O APIC is QEMU's own (hw/i386/x86-iommu.c, x86_iommu_realize()).
 */
static const char *guest_of_qemu(struct pp_judging *j)
{
	const char *product = j->host->product.text;
	const char *what = j->host->viot ? "give this virtual machine an IOMMU that remaps "
	                                   "interrupts, in place of the virtio-iommu"
	                   : product && strstr(product, "i440FX")
	                           ? "make this virtual machine a q35 machine, for i440FX has no "
	                             "IOMMU, and give it one"
	                           : "give this virtual machine an IOMMU";

	if (j->host->kind == PP_KIND_AMD)
		return pp_arena_printf(
			j->arena,
			"%s: with QEMU 10.2 or later \"-machine q35,kernel-irqchip=split -device "
			"amd-iommu,intremap=on,dma-remap=on\"",
			what);
	return pp_arena_printf(
		j->arena,
		"%s: with QEMU \"-machine q35,kernel-irqchip=split -device intel-iommu,intremap=on\"; with libvirt <iommu "
		"model='intel'><driver intremap='on'/></iommu>, and <ioapic driver='qemu'/> among "
		"the features; with Proxmox VE \"qm set VMID --machine "
		"q35,viommu=intel\"",
		what);
}

/* A virtual machine gets its IOMMU from the host that runs it. */
static void firmware_of_guest(struct pp_judging *j, struct pp_finding *f)
{
	static const struct {
		const char *maker, *text; /* NULL: it gives its guests none */
	} makers[] = {
		{ "VMware",
		  "give this virtual machine an IOMMU: in its settings, tick \"Expose IOMMU to "
		  "the guest OS\"" },
		{ "Microsoft", NULL },
		{ "Amazon", NULL },
		{ "Google", NULL },
		{ "Alibaba", NULL },
		{ "Xen", NULL },
		{ "innotek", NULL },
	};
	const char *maker = j->host->manufacturer.text;
	const char *text = NULL;

	if (PP_ON(j->host->kind) & PP_ON_ARM)
		text = "give this virtual machine an IOMMU: with QEMU \"-machine virt,"
		       "iommu=smmuv3\", with libvirt <iommu model='smmuv3'/>";
	else if (PP_ON(j->host->kind) & PP_ON_X86)
		text = guest_of_qemu(j);
	for (size_t i = 0; maker && i < sizeof(makers) / sizeof(makers[0]); i++)
		if (strstr(maker, makers[i].maker))
			text = makers[i].text;
	if (j->host->is_guest == PP_YES)
		pp_evidence(j, f, "this host is itself a virtual machine: %s",
		            j->host->guest_from ? j->host->guest_from
		                                : "/proc/cpuinfo: flag hypervisor");
	if (text)
		pp_add_remedy_by_hand(f, &pp_remedy_virtual_iommu, text,
		                      "DMA gets slower: the IOMMU is emulated");
}

void pp_add_remedy_firmware(struct pp_judging *j, struct pp_finding *f)
{
	static const struct firmware_words list[] = {
		{ PP_ON(PP_KIND_INTEL), "enable \"Intel VT-d\" in the BIOS setup" },
		{ PP_ON(PP_KIND_AMD),
		  "enable the IOMMU in the BIOS setup: \"IOMMU\", \"AMD-Vi\" or \"AMD I/O "
		  "Virtualization\"" },
		{ PP_ON_X86,
		  "enable the IOMMU in the BIOS setup: \"Intel VT-d\" or, on AMD, \"IOMMU\"" },
		{ PP_ON(PP_KIND_ARM_ACPI) | PP_ON(PP_KIND_ARM),
		  "enable \"SMMU\" or \"IOMMU\" in the firmware setup, if there is such an entry" },
	};
	const struct pp_host *h = j->host;
	const char *text = words_for(list, sizeof(list) / sizeof(list[0]), h->kind);

	if (h->is_guest == PP_YES) {
		firmware_of_guest(j, f);
		return;
	}
	if (h->kind == PP_KIND_INTEL && h->product.text && strstr(h->product.text, "ProLiant") &&
	    strstr(h->product.text, "Gen8"))
		text = "enable \"Intel VT-d\" in the BIOS setup: System Options > Processor Options > "
		       "Intel VT-d";
	if (text)
		pp_add_remedy_by_hand(f, &pp_remedy_bios_iommu, text, NULL);
}

/* A device tree is the board itself: what it does not have, no setting brings. */
static void absent_in_tree(struct pp_judging *j)
{
	const struct pp_host *h = j->host;
	struct pp_finding *f = pp_find(
		j, PP_BLOCKS,
		"the device tree assigns no IOMMU to PCI devices, and no setting can change that: "
		"passthrough is not possible on this board");

	pp_evidence(j, f, "%s: no PCI host has the property iommu-map", h->tree_from);
	pp_evidence(j, f, "/sys/kernel/iommu_groups: %s",
	            h->groups_elsewhere ? "no group has a PCI device" : "empty");
}

/* The tables in which a firmware of that kind would declare one. */
static const char *absent_tables(const struct pp_host *h)
{
	static const struct firmware_words list[] = {
		{ PP_ON(PP_KIND_INTEL), "no DMAR" },
		{ PP_ON(PP_KIND_AMD), "no IVRS" },
		{ PP_ON(PP_KIND_X86), "no DMAR, no IVRS" },
		{ PP_ON(PP_KIND_ARM_ACPI) | PP_ON(PP_KIND_ARM), "no IORT" },
	};
	const char *text = words_for(list, sizeof(list) / sizeof(list[0]), h->kind);

	return text ? text : "no DMAR, no IVRS, no IORT";
}

static void iommu_absent(struct pp_judging *j)
{
	const struct pp_host *h = j->host;
	struct pp_finding *f;

	if (pp_host_never_groups(h)) {
		absent_in_tree(j);
		return;
	}
	if (h->iommu_on != PP_NO || h->table_dmar != PP_NO || h->table_ivrs != PP_NO || h->xen ||
	    h->iort_has_smmu != PP_NO || h->viot || h->viot_error)
		return;
	if (!(PP_ON(h->kind) & (PP_ON_X86 | PP_ON_ACPI_ARM))) {
		f = pp_find(j, PP_BLOCKS, "the kernel uses no IOMMU for PCI");
		if (h->tree_iommu == PP_YES)
			pp_evidence(j, f, "%s: a PCI host has the property iommu-map",
			            h->tree_from);
		pp_evidence(j, f, "this is %s", pp_host_kind_words(h->kind));
	} else if (h->table_iort == PP_YES) {
		f = pp_find(j, PP_BLOCKS, "the firmware declares no IOMMU (its IORT lists none)");
	} else {
		f = pp_find(j, PP_BLOCKS, "the firmware declares no IOMMU (%s)", absent_tables(h));
		pp_evidence(j, f, "/sys/firmware/acpi/tables: %s", absent_tables(h));
	}
	pp_evidence(j, f, "/sys/kernel/iommu_groups: empty");
	pp_add_remedy_firmware(j, f);
}

/* What is hidden from a container is unread, and nothing can be carried out from inside. */
static void in_container(struct pp_judging *j)
{
	if (!j->host->container)
		return;
	struct pp_finding *f = pp_find(
		j, PP_INFORMS,
		"this looks like a container, which sees only part of its host: run pcipass on "
		"the host itself");
	pp_evidence(j, f, "%s", j->host->container);
}

static int iommu_compare_offsets(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

/* The scopes of regions that Linux stumbles over, in ascending order. */
static uint32_t *iommu_wrong_scopes(struct pp_judging *j, uint32_t *ret_nr)
{
	const struct pp_host *h = j->host;
	uint32_t *scopes = PP_ARENA_ARRAY(j->arena, PP_PLAN_MAX_ITEMS, uint32_t), nr = 0;

	for (uint32_t i = 0; scopes && i < h->nr_regions; i++)
		for (uint32_t k = 0; k < h->regions[i].nr_scopes && nr < PP_PLAN_MAX_ITEMS; k++)
			if (h->regions[i].scopes[k].match == PP_SCOPE_WRONG_TYPE)
				scopes[nr++] = h->regions[i].scopes[k].dmar->offset;
	j->failed |= !scopes;
	if (nr)
		qsort(scopes, nr, sizeof(*scopes), iommu_compare_offsets);
	*ret_nr = nr;
	return scopes;
}

/* Whether a table without these scopes can be built, and Linux finds no fault with what is left. */
static bool iommu_scopes_suffice(struct pp_judging *j, const uint32_t *scopes, uint32_t nr)
{
	struct pp_error ignored = { 0 };
	struct pp_arena scratch;
	struct pp_span made;
	struct pp_host *after;
	bool good = false;

	pp_arena_init(&scratch, 0);
	if (!pp_override_dmar(j->host->dmar_bytes, scopes, nr, &scratch, &made, &ignored) &&
	    !pp_host_replace_table(j->host, PP_FROM_DMAR, made, &after, &ignored)) {
		good = after->wrong_scope_device == PP_NO_DEVICE;
		pp_host_free(after);
	}
	pp_arena_fini(&scratch);
	return good;
}

/*
 * A region's scope can go: what it reserved is then mapped for nobody. One that says what a unit
 * covers cannot: only a corrected type helps, which no program can know to be right.
 */
static void iommu_add_scope_remedies(struct pp_judging *j, struct pp_finding *f)
{
	const struct pp_host *h = j->host;
	uint32_t nr;
	uint32_t *scopes = iommu_wrong_scopes(j, &nr);
	struct pp_step step = { .kind = PP_STEP_OVERRIDE,
		                .override = {
					.table = "DMAR", .scopes = scopes, .nr_scopes = nr } };

	if (j->failed || !nr || pp_remedy_override_forbidden(h, j->arena) ||
	    !iommu_scopes_suffice(j, scopes, nr)) {
		pp_add_remedy_table(j, f);
		return;
	}
	step.override.expected_crc = pp_span_crc32(h->dmar_bytes);
	step.override.expected_bytes = (uint32_t)h->dmar_bytes.len;
	pp_add_remedy_by_steps(
		j, f, &pp_remedy_override,
		nr == 1 ? "override the firmware's DMAR table (from the initrd) with a copy "
			  "without that entry, then reboot"
			: "override the firmware's DMAR table (from the initrd) with a copy "
			  "without the entries of the wrong type, then reboot",
		"if the firmware still uses the region, it may overwrite guest memory or cause "
		"DMA faults",
		&step, 1);
	pp_add_remedy_bios_update(f);
}

/* drivers/iommu/intel/dmar.c, dmar_insert_dev_scope(): -EINVAL, and the driver stays off. */
static void iommu_scope_type(struct pp_judging *j)
{
	const struct pp_host *h = j->host;

	if (h->iommu_on != PP_NO)
		return;
	if (h->wrong_scope_device != PP_NO_DEVICE) {
		const struct pp_device *d = &h->devices[h->wrong_scope_device];
		bool endpoint = h->wrong_scope_type == PP_SCOPE_ENDPOINT;
		struct pp_finding *f = pp_find(
			j, PP_BLOCKS,
			"the firmware's table lists %s as %s, which it is not, so Linux leaves "
			"the whole IOMMU off",
			pp_name_of(j, d), endpoint ? "an endpoint" : "a bridge");
		pp_evidence(j, f, "DMAR+0x%x: scope of type %u for %s, header type %u",
		            h->wrong_scope_offset, h->wrong_scope_type, pp_name_of(j, d),
		            d->config.header_type);
		iommu_add_scope_remedies(j, f);
	} else if (h->kernel.log_scope_mismatch) {
		struct pp_finding *f = pp_find(
			j, PP_BLOCKS,
			"the firmware's table lists %s with the wrong type, so Linux leaves the "
			"whole IOMMU off",
			h->kernel.log_scope_device ? h->kernel.log_scope_device : "a device");
		pp_evidence(j, f, "kernel log: Device scope type does not match");
		pp_add_remedy_table(j, f);
	}
}

static void groups_unread(struct pp_judging *j)
{
	if (j->host->iommu_on != PP_UNKNOWN)
		return;
	pp_find_unknown(j, PP_BLOCKS,
	                "cannot tell whether an IOMMU is on: the IOMMU groups were not read");
}

static const struct pp_rule rules[] = {
	{ .id = "iommu-absent", .reference = "drivers/iommu", .on_host = iommu_absent },
	{ .id = "xen", .reference = "/sys/hypervisor/type", .on_host = under_xen },
	{ .id = "xen-ivmd",
	  .targets = PP_FOR_XEN,
	  .kinds = PP_ON_AMD,
	  .reference = "Xen: drivers/passthrough/amd/iommu_acpi.c, parse_ivmd_block()",
	  .on_host = xen_ivmd },
	{ .id = "container",
	  .reference = "/.dockerenv, /run/.containerenv, /run/systemd/container",
	  .on_host = in_container },
	{ .id = "iommu-scope-type",
	  .kinds = PP_ON_INTEL,
	  .reference = "drivers/iommu/intel/dmar.c, dmar_insert_dev_scope()",
	  .on_host = iommu_scope_type },
	{ .id = "groups-unread",
	  .reference = "/sys/kernel/iommu_groups",
	  .on_host = groups_unread },
};

const struct pp_rule_table pp_rules_iommu = { rules, sizeof(rules) / sizeof(rules[0]) };
