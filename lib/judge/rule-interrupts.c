/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Are interrupts remapped, so that a guest cannot forge the host's; and if not, what keeps them. */
#include <string.h>

#include "base/text.h"
#include "host/kernel-facts.h"
#include "judge/rules.h"

/*
 * Intel 5500, 5520 and X58 before their last revisions: arch/x86/kernel/early-quirks.c,
 * intel_remapping_check(). The kernel leaves remapping off there, whatever the BIOS says.
 */
static const struct pp_device *broken_chipset(const struct pp_host *h)
{
	pp_host_needs_all(h);
	for (uint32_t i = 0; i < h->nr_devices; i++) {
		const struct pp_device *d = &h->devices[i];
		if (d->vendor != 0x8086 || d->config.header_read != PP_YES)
			continue;
		bool known = d->device == 0x3403 || d->device == 0x3405 || d->device == 0x3406;
		if (known && (d->config.revision <= 0x13 ||
		              (d->device == 0x3405 && d->config.revision == 0x22)))
			return d;
	}
	return NULL;
}

static void prove_not_remapped(struct pp_judging *j, struct pp_finding *f)
{
	const struct pp_host *h = j->host;

	switch (h->msi_chip) {
	case PP_MSI_CHIP_GICV2M:
		pp_evidence(j, f, "%s: GICv2m, which cannot tell devices apart, and no ITS",
		            h->msi_chip_from);
		break;
	case PP_MSI_CHIP_BOTH:
		pp_evidence(j, f, "%s: ITS and GICv2m: kernels before %s require both to isolate",
		            h->msi_chip_from, pp_kernel_fact(PP_KERNEL_MSI_BY_DEVICE)->since);
		break;
	default:
		if (h->iommu == PP_IOMMU_VIRTIO) {
			pp_evidence(j, f, "a virtio-iommu does not remap interrupts");
			break;
		}
		if (!h->intremap_why && h->intremap_line) {
			pp_evidence(j, f, "kernel log: %s", h->intremap_line);
			pp_prove_by_log(j, f, PP_LOG_IR_REFUSED);
			break;
		}
		pp_evidence(j, f, "%s",
		            h->intremap_why ? h->intremap_why
		                            : "/proc/interrupts: no chip name begins with IR-");
	}
}

static void interrupts_unknown(struct pp_judging *j)
{
	const struct pp_host *h = j->host;

	if (h->iommu != PP_IOMMU_SMMU && h->iommu != PP_IOMMU_VIRTIO) {
		pp_find_unknown(j, PP_BLOCKS, "cannot tell whether interrupts are remapped");
		return;
	}
	struct pp_finding *f = pp_find_unknown(
		j, PP_BLOCKS, "cannot tell whether message interrupts are isolated (by an ITS)");
	if (h->msi_chip == PP_MSI_CHIP_BOTH)
		pp_evidence(j, f, "%s: both an ITS and a GICv2m", h->msi_chip_from);
	else
		pp_evidence(j, f,
		            "neither /proc/interrupts, the kernel log, the ACPI table APIC nor the "
		            "device tree's msi-map names an ITS or a GICv2m");
}

/* A word of the command line that leaves remapping off, as it stands there; NULL: none. */
static const char *interrupts_word(struct pp_judging *j)
{
	static const struct {
		const char *name, *value; /* the value begins so; "": any, or none */
	} words[] = {
		/* drivers/iommu/irq_remapping.c */
		{ "intremap", "off" },
		{ "nointremap", "" },
		/* Without I/O APICs there is nothing to remap: arch/x86/kernel/apic */
		{ "noapic", "" },
		{ "nolapic", "" },
		{ "disableapic", "" },
		{ "nosmp", "" },
		{ "maxcpus", "0" },
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		const char *value = pp_kernel_argument(j->host, words[i].name, j->arena);
		if (!value || strncmp(value, words[i].value, strlen(words[i].value)))
			continue;
		return *value ? pp_arena_printf(j->arena, "%s=%s", words[i].name, value)
		              : words[i].name;
	}
	return NULL;
}

static bool table_has_ioapic(const struct pp_dmar *dmar)
{
	for (uint32_t i = 0; i < dmar->nr_entries; i++) {
		const struct pp_dmar_entry *e = &dmar->entries[i];
		for (uint16_t k = 0; e->type == PP_DMAR_DRHD && k < e->nr_scopes; k++)
			if (e->scopes[k].type == PP_SCOPE_IOAPIC)
				return true;
	}
	return false;
}

/* Intel: a table that does not offer remapping, or leaves an I/O APIC out. */
static void interrupts_by_dmar(struct pp_judging *j, struct pp_finding *f)
{
	const struct pp_host *h = j->host;
	bool unit = pp_prove_by_log(j, f, PP_LOG_IR_NO_UNIT);

	if (h->dmar && !(h->dmar->flags & PP_DMAR_INTR_REMAP)) {
		pp_evidence(j, f, "DMAR+0x25: flag INTR_REMAP is 0");
		if (h->is_guest != PP_YES)
			pp_add_remedy_by_hand(
				f, &pp_remedy_bios_iommu,
				"enable \"Interrupt Remapping\" or \"x2APIC\" in the BIOS setup, "
				"if there is such an entry",
				NULL);
	} else if (h->dmar && !table_has_ioapic(h->dmar)) {
		pp_evidence(j, f, "DMAR: no remapping unit lists an I/O APIC");
		unit = true;
	}
	if (unit)
		pp_add_remedy_table(j, f);
}

static bool ivrs_has_ioapic(const struct pp_ivrs *ivrs)
{
	for (uint32_t b = 0; b < ivrs->nr_blocks; b++)
		for (uint32_t i = 0; i < ivrs->blocks[b].nr_devices; i++) {
			const struct pp_ivhd_device *d = &ivrs->blocks[b].devices[i];
			if (d->type == PP_IVHD_DEV_SPECIAL && d->special_variety == 1)
				return true;
		}
	return false;
}

/*
 * AMD: an I/O APIC that the table does not name, or names wrongly. drivers/iommu/amd/init.c,
 * check_ioapic_information(): nothing else but the command line and the kernel's configuration
 * leaves remapping off where the IOMMU is on, so that without a cause the table is the likely one.
 */
static void interrupts_by_ivrs(struct pp_judging *j, struct pp_finding *f, bool explained)
{
	const struct pp_ioapics *io = &j->host->kernel.ioapics;
	bool off = pp_prove_by_log(j, f, PP_LOG_IR_OFF_AMD);
	const char *named, *words = pp_remedy_ivrs_arguments(j->host, j->arena, &named);

	for (uint32_t i = 0; i < io->nr_missing && i < 4; i++)
		pp_evidence(j, f, "kernel log: AMD-Vi: IOAPIC[%u] not in IVRS table",
		            io->missing[i]);
	pp_prove_by_log(j, f, PP_LOG_IR_NO_SB_IOAPIC);
	if (words)
		pp_evidence(j, f, "IVRS: %s", named);
	if (words)
		pp_add_remedy_by_argument(
			f, &pp_remedy_ivrs_ioapic,
			pp_arena_printf(
				j->arena,
				"add %s to the kernel command line, then reboot: the firmware's "
				"IVRS table does not say where that I/O APIC is",
				words),
			"if the address is wrong, the host may not boot; in that case, remove "
			"the argument in the boot loader menu",
			words);
	else if (j->host->ivrs && !ivrs_has_ioapic(j->host->ivrs))
		pp_evidence(j, f, "IVRS: lists no I/O APIC");
	else if (!off && !j->host->intremap_why && !explained)
		pp_evidence(j, f,
		            j->host->kernel.log_error
		                    ? "the kernel log, which would name the I/O APIC, was not read"
		                    : "the kernel log does not say why: its beginning may be gone");
	if (off || j->host->intremap_why || !explained)
		pp_add_remedy_by_hand(
			f, &pp_remedy_bios_update,
			"update the BIOS: a newer version may list the I/O APIC in its IVRS table",
			NULL);
}

/* What is known to keep the kernel from it, and what helps without opening the host to a guest. */
static void interrupts_causes(struct pp_judging *j, struct pp_finding *f)
{
	const struct pp_host *h = j->host;
	const char *word = interrupts_word(j);
	const struct pp_device *chipset = broken_chipset(h);

	if (h->iommu == PP_IOMMU_VIRTIO && PP_ON(h->kind) & PP_ON_X86)
		pp_add_remedy_firmware(j, f);
	if (h->iommu != PP_IOMMU_INTEL && h->iommu != PP_IOMMU_AMD)
		return;
	if (chipset) {
		pp_evidence(j, f,
		            "%s is 8086:%04x revision %02x, which has an erratum: Linux leaves "
		            "interrupt remapping off",
		            pp_name_of(j, chipset), chipset->device, chipset->config.revision);
		pp_prove_by_log(j, f, PP_LOG_IR_ERRATUM);
	}
	if (word) {
		pp_evidence(j, f, "/proc/cmdline: %s", word);
		pp_prove_by_log(j, f, PP_LOG_IR_NO_IOAPIC);
		pp_add_remedy_take_off(j, f, word, NULL);
	}
	bool built = !pp_prove_not_built(j, f, PP_CONFIG_IRQ_REMAP);
	if (!built)
		pp_add_remedy_by_hand(f, &pp_remedy_another_kernel,
		                      "boot a kernel that was built with CONFIG_IRQ_REMAP", NULL);
	if (h->iommu == PP_IOMMU_AMD)
		interrupts_by_ivrs(j, f, word || !built);
	else if (!chipset)
		interrupts_by_dmar(j, f);
}

static void interrupts_remapped(struct pp_judging *j)
{
	const struct pp_host *h = j->host;
	/* Who maps the memory says what may do without remapping. */
	bool by_iommufd = pp_kernel_maps_by_iommufd(&h->kernel);
	const struct pp_text_fact *fact =
		by_iommufd ? &h->kernel.iommufd_unsafe_interrupts : &h->kernel.unsafe_interrupts;
	const char *unsafe = fact->text;

	/* drivers/vfio/vfio_iommu_spapr_tce.c does not ask. */
	if (h->iommu_on != PP_YES || h->intremap == PP_YES || pp_host_never_groups(h) ||
	    h->kind == PP_KIND_POWER)
		return;
	if (h->intremap == PP_UNKNOWN) {
		interrupts_unknown(j);
		return;
	}
	int unread = fact->error;
	/* Off by default: that nobody kept the configuration is no reason to think otherwise. */
	if (!unsafe && unread != ENOENT && unread != ENODATA) {
		pp_find_unknown(
			j, PP_BLOCKS,
			"interrupts are not remapped; cannot tell whether VFIO may work without "
			"that (allow_unsafe_interrupts)");
		return;
	}
	bool allowed = unsafe && *unsafe == 'Y';
	struct pp_finding *f =
		allowed ? pp_find(j, PP_DEGRADES,
	                          "interrupts are not remapped: a guest could forge interrupts "
	                          "of the host (allow_unsafe_interrupts is set)")
			: pp_find(j, PP_BLOCKS,
	                          "interrupts are not remapped, so VFIO refuses every device (EPERM)");
	prove_not_remapped(j, f);
	if (!unsafe && unread == ENODATA)
		pp_evidence(j, f, "allow_unsafe_interrupts: not in the capture; off by default");
	interrupts_causes(j, f);
	if (allowed)
		return;
	const struct pp_step option = { .kind = PP_STEP_OPTION,
		                        .option = { by_iommufd ? "iommufd" : "vfio_iommu_type1",
		                                    "allow_unsafe_interrupts" } };
	pp_add_remedy_by_steps(
		j, f, &pp_remedy_unsafe_interrupts,
		by_iommufd ? "write \"options iommufd allow_unsafe_interrupts=1\" to a file in "
			     "/etc/modprobe.d and reboot"
			   : "write \"options vfio_iommu_type1 allow_unsafe_interrupts=1\" to a "
			     "file in /etc/modprobe.d and reboot",
		"a guest that owns a device can inject interrupts into the host", &option, 1);
}

/* The switch gives something away, and here for nothing. */
static void interrupts_unsafe_not_needed(struct pp_judging *j)
{
	static const char *const names[] = { "vfio_iommu_type1.allow_unsafe_interrupts",
		                             "iommufd.allow_unsafe_interrupts" };
	const struct pp_host *h = j->host;
	const char *const now[] = { h->kernel.unsafe_interrupts.text,
		                    h->kernel.iommufd_unsafe_interrupts.text };
	const char *given = NULL;
	bool set = false;

	if (h->iommu_on != PP_YES || h->intremap != PP_YES)
		return;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]) && !given; i++) {
		const char *value = pp_kernel_argument(h, names[i], j->arena);
		if (value && (!*value || strchr("yYtT1", *value) || !strcmp(value, "on")))
			given = pp_arena_printf(j->arena, "%s=%s", names[i], value);
	}
	for (size_t i = 0; i < sizeof(now) / sizeof(now[0]); i++)
		set |= now[i] && *now[i] == 'Y';
	if (!given && !set)
		return;
	struct pp_finding *f = pp_find(
		j, PP_INFORMS,
		"allow_unsafe_interrupts is set but not needed: this host remaps interrupts");
	if (given) {
		pp_evidence(j, f, "/proc/cmdline: %s", given);
		pp_add_remedy_take_off(j, f, given, NULL);
	}
	static const char *const modules[] = { "vfio_iommu_type1", "iommufd" };
	for (size_t i = 0; i < sizeof(now) / sizeof(now[0]); i++)
		if (now[i])
			pp_evidence(j, f, "/sys/module/%s/parameters/allow_unsafe_interrupts: %s",
			            modules[i], now[i]);
}

static const struct pp_rule rules[] = {
	{ .id = "interrupt-remapping",
	  .reference = "drivers/vfio/vfio_iommu_type1.c, vfio_iommu_type1_attach_group()",
	  .on_host = interrupts_remapped },
	{ .id = "unsafe-not-needed",
	  .reference = "drivers/vfio/vfio_iommu_type1.c, allow_unsafe_interrupts",
	  .on_host = interrupts_unsafe_not_needed },
};

const struct pp_rule_table pp_rules_interrupts = { rules, sizeof(rules) / sizeof(rules[0]) };
