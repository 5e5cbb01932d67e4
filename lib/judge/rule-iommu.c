/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Is there an IOMMU, is it on, and does it remap interrupts? */
#include <string.h>

#include "base/text.h"
#include "judge/rules.h"

/* Under Xen the hypervisor owns the IOMMU, and VFIO has no part in it. */
static void under_xen(struct pp_judging *j)
{
	if (!j->host->xen || j->host->iommu_on == PP_YES)
		return;
	struct pp_finding *f = pp_find(j, PP_BLOCKS,
	                               "this host runs under Xen, which keeps the IOMMU to itself: "
	                               "not for KVM");
	pp_evidence(j, f, "/sys/hypervisor/type: xen");
	if (j->host->dmar_is_rmad)
		pp_evidence(j, f,
		            "/sys/firmware/acpi/tables/RMAD: the DMAR, which Xen renames for "
		            "its dom0");
}

/* The firmware's setup; for a guest, the machine that its own host gives it. */
static void remedy_firmware(struct pp_judging *j, struct pp_finding *f)
{
	if (j->host->is_guest == PP_YES) {
		pp_evidence(j, f, "/proc/cpuinfo: flag hypervisor: the host is a virtual machine");
		pp_add_remedy_by_hand(
			f, &pp_remedy_virtual_iommu,
			"give this virtual machine an IOMMU: with QEMU \"-device intel-iommu,"
			"intremap=on\", with libvirt <iommu model='intel'/>",
			"only for devices that the machine was given itself");
		return;
	}
	if (j->host->table_iort == PP_YES) {
		pp_add_remedy_by_hand(f, &pp_remedy_bios_iommu,
		                      "enable the SMMU in the firmware's setup, if it has an entry "
		                      "\"SMMU\" or \"IOMMU\"",
		                      NULL);
		return;
	}
	pp_add_remedy_by_hand(
		f, &pp_remedy_bios_iommu,
		"enable the IOMMU in the BIOS setup: \"Intel VT-d\" or \"AMD IOMMU\"; on "
		"ProLiant Gen8 System Options > Processor Options > Intel VT-d",
		NULL);
}

static void iommu_absent(struct pp_judging *j)
{
	const struct pp_host *h = j->host;

	if (h->iommu_on != PP_NO || h->table_dmar != PP_NO || h->table_ivrs != PP_NO || h->xen ||
	    h->iort_has_smmu != PP_NO)
		return;
	struct pp_finding *f =
		h->table_iort == PP_YES
			? pp_find(j, PP_BLOCKS,
	                          "the firmware declares no IOMMU (its IORT lists none)")
			: pp_find(j, PP_BLOCKS,
	                          "the firmware declares no IOMMU (no DMAR, IVRS or IORT table)");
	pp_evidence(j, f, "/sys/firmware/acpi/tables: no DMAR, no IVRS%s",
	            h->table_iort == PP_YES ? "" : ", no IORT");
	pp_evidence(j, f, "/sys/kernel/iommu_groups: empty");
	remedy_firmware(j, f);
}

/* The table that declares an IOMMU; NULL if none does, or none was read. */
static const char *declaring_table(const struct pp_host *h)
{
	if (h->table_dmar == PP_YES)
		return "DMAR";
	if (h->table_ivrs == PP_YES)
		return "IVRS";
	return h->iort_has_smmu == PP_YES ? "IORT" : NULL;
}

/* The argument that turned it off, as it stands on the command line; NULL if there is none. */
static const char *switched_off(struct pp_judging *j)
{
	static const char *const names[] = { "intel_iommu", "amd_iommu", "iommu" };
	enum pp_iommu_kind kind = j->host->iommu;

	/* arm64 has none of them. */
	if (kind == PP_IOMMU_SMMU)
		return NULL;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		/* The other maker's argument is not looked at. */
		if ((i == 0 && kind == PP_IOMMU_AMD) || (i == 1 && kind == PP_IOMMU_INTEL))
			continue;
		const char *value = pp_kernel_argument(j->host, names[i], j->arena);
		if (value && !strncmp(value, "off", 3))
			return pp_arena_printf(j->arena, "%s=%s", names[i], value);
	}
	return NULL;
}

static void remedy_argument(struct pp_judging *j, struct pp_finding *f, const char *off)
{
	bool intel = j->host->iommu == PP_IOMMU_INTEL || j->host->iommu == PP_IOMMU_NONE;

	if (off)
		pp_add_remedy_by_hand(
			f, &pp_remedy_kernel_argument,
			pp_arena_printf(j->arena,
		                        "take %s off the kernel's command line%s and reboot", off,
		                        intel ? ", put intel_iommu=on there" : ""),
			NULL);
	else if (intel)
		pp_add_remedy_by_argument(
			f, &pp_remedy_kernel_argument,
			"add intel_iommu=on to the kernel's command line, then reboot", NULL,
			"intel_iommu=on");
	else if (j->host->kernel.command_line.error)
		pp_evidence(j, f, "the kernel's command line was not read");
	else /* AMD's and Arm's are on by default: only the log can tell what went wrong. */
		pp_evidence(j, f, "no argument switches it off: the kernel log tells more (\"%s\")",
		            j->host->iommu == PP_IOMMU_AMD ? "AMD-Vi" : "smmu");
}

static void remedy_table(struct pp_judging *j, struct pp_finding *f)
{
	pp_add_remedy_by_hand(f, &pp_remedy_bios_update, "a newer BIOS may have mended the table",
	                      NULL);
	if (!pp_remedy_override_forbidden(j->host, j->arena))
		pp_add_remedy_by_hand(f, &pp_remedy_override,
		                      "give the kernel the table with its mistake mended, by hand "
		                      "(doc/remedies.md), then reboot",
		                      "a table that is not the firmware's own");
}

/* Declared, and yet not running: what is known to keep the kernel from it. */
static void iommu_declared_but_off(struct pp_judging *j, const char *table)
{
	const struct pp_host *h = j->host;
	const char *off = switched_off(j);
	struct pp_finding *f;

	if (h->kernel.log_direct_map_failed) {
		f = pp_find(j, PP_BLOCKS,
		            "the kernel gave up on the IOMMU: it could not map a region that the "
		            "firmware asks for");
		pp_evidence(j, f, "kernel log: not able to establish FW requested direct mapping");
		pp_add_remedy_by_argument(f, &pp_remedy_kernel_argument,
		                          "add iommu=pt to the kernel's command line, then reboot",
		                          NULL, "iommu=pt");
		remedy_table(j, f);
	} else if (h->table_error.code) {
		f = pp_find(j, PP_BLOCKS,
		            "the IOMMU is off: the firmware's %s table is broken (%s)", table,
		            h->table_error.text);
		/* No argument makes the kernel read a table that it could not use. */
		remedy_table(j, f);
	} else if (off) {
		f = pp_find(j, PP_BLOCKS, "the IOMMU is switched off on the command line (%s)",
		            off);
		remedy_argument(j, f, off);
	} else {
		f = pp_find(j, PP_BLOCKS,
		            "the firmware declares an IOMMU (%s), but the kernel does not run it",
		            table);
		remedy_argument(j, f, NULL);
	}
	pp_evidence(j, f, "/sys/firmware/acpi/tables/%s: present", table);
	pp_evidence(j, f, "/sys/kernel/iommu_groups: empty");
}

static void iommu_off(struct pp_judging *j)
{
	const struct pp_host *h = j->host;
	const char *table = declaring_table(h);

	if (h->iommu_on != PP_NO || h->wrong_scope_device != PP_NO_DEVICE ||
	    h->kernel.log_scope_mismatch || h->xen)
		return;
	if (table) {
		iommu_declared_but_off(j, table);
	} else if (h->table_dmar == PP_UNKNOWN || h->table_ivrs == PP_UNKNOWN ||
	           h->iort_has_smmu == PP_UNKNOWN) {
		struct pp_finding *f = pp_find(j, PP_BLOCKS,
		                               "the kernel runs no IOMMU; whether the firmware "
		                               "declares one could not be read");
		remedy_argument(j, f, switched_off(j));
		remedy_firmware(j, f);
	}
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
			"the firmware's table calls %s %s, which it is not: Linux leaves the whole "
			"IOMMU off",
			pp_name_of(j, d), endpoint ? "an endpoint" : "a bridge");
		pp_evidence(j, f, "DMAR+0x%x: scope of type %u for %s, header type %u",
		            h->wrong_scope_offset, h->wrong_scope_type, pp_name_of(j, d),
		            d->config.header_type);
		remedy_table(j, f);
	} else if (h->kernel.log_scope_mismatch) {
		struct pp_finding *f = pp_find(
			j, PP_BLOCKS,
			"the firmware's table names %s by the wrong type: "
			"Linux leaves the whole IOMMU off",
			h->kernel.log_scope_device ? h->kernel.log_scope_device : "a device");
		pp_evidence(j, f, "kernel log: Device scope type does not match");
		remedy_table(j, f);
	}
}

static void groups_unread(struct pp_judging *j)
{
	if (j->host->iommu_on != PP_UNKNOWN)
		return;
	pp_find_unknown(j, PP_BLOCKS,
	                "whether an IOMMU is on is not known: the groups were not read");
}

/*
 * Intel 5500, 5520 and X58 before their last revisions: arch/x86/kernel/early-quirks.c,
 * intel_remapping_check(). The kernel leaves remapping off there, whatever the BIOS says.
 */
static const struct pp_device *broken_chipset(const struct pp_host *h)
{
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
		pp_evidence(j, f, "%s: GICv2m, which does not tell devices apart; no ITS",
		            h->msi_chip_from);
		break;
	case PP_MSI_CHIP_BOTH:
		pp_evidence(j, f, "%s: ITS and GICv2m: kernels before %s want all to isolate",
		            h->msi_chip_from, pp_kernel_fact(PP_KERNEL_MSI_BY_DEVICE)->since);
		break;
	default:
		pp_evidence(j, f, "/proc/interrupts: no chip name begins with IR-");
	}
}

static void interrupt_remapping_unknown(struct pp_judging *j)
{
	const struct pp_host *h = j->host;

	if (h->iommu != PP_IOMMU_SMMU) {
		pp_find_unknown(j, PP_BLOCKS, "whether interrupts are remapped could not be read");
		return;
	}
	struct pp_finding *f = pp_find_unknown(
		j, PP_BLOCKS, "whether message interrupts are isolated (by an ITS) is not known");
	if (h->msi_chip == PP_MSI_CHIP_BOTH)
		pp_evidence(j, f, "%s: both an ITS and a GICv2m", h->msi_chip_from);
	else
		pp_evidence(j, f,
		            "neither /proc/interrupts nor the kernel log names an ITS or a "
		            "GICv2m");
}

static void interrupt_remapping(struct pp_judging *j)
{
	const struct pp_host *h = j->host;
	const char *unsafe = h->kernel.unsafe_interrupts.text;

	if (h->iommu_on != PP_YES || h->intremap == PP_YES)
		return;
	if (h->intremap == PP_UNKNOWN) {
		interrupt_remapping_unknown(j);
		return;
	}
	int unread = h->kernel.unsafe_interrupts.error;
	/* Off by default: that nobody kept the configuration is no reason to think otherwise. */
	if (!unsafe && unread != ENOENT && unread != ENODATA) {
		pp_find_unknown(j, PP_BLOCKS,
		                "interrupts are not remapped, and whether VFIO may do without "
		                "(allow_unsafe_interrupts) could not be read");
		return;
	}
	bool allowed = unsafe && *unsafe == 'Y';
	struct pp_finding *f =
		allowed ? pp_find(j, PP_DEGRADES,
	                          "interrupts are not remapped: a guest could forge the host's "
	                          "(allow_unsafe_interrupts is set)")
			: pp_find(j, PP_BLOCKS,
	                          "interrupts are not remapped, so VFIO refuses every device (EPERM)");
	prove_not_remapped(j, f);
	if (!unsafe && unread == ENODATA)
		pp_evidence(j, f, "allow_unsafe_interrupts: not in the capture; off by default");
	if (h->dmar && !(h->dmar->flags & PP_DMAR_INTR_REMAP))
		pp_evidence(j, f, "DMAR+0x25: flag INTR_REMAP is 0");
	const struct pp_device *chipset = broken_chipset(h);
	if (chipset)
		pp_evidence(j, f,
		            "%s is 8086:%04x revision %02x: an erratum, so Linux leaves it off",
		            pp_name_of(j, chipset), chipset->device, chipset->config.revision);
	const char *argument = pp_kernel_argument(h, "intremap", j->arena);
	if (argument && !strncmp(argument, "off", 3)) {
		pp_evidence(j, f, "command line: intremap=off");
		pp_add_remedy_by_hand(f, &pp_remedy_kernel_argument,
		                      "take intremap=off off the kernel's command line and reboot",
		                      NULL);
	}
	if (allowed)
		return;
	const struct pp_step option = {
		.kind = PP_STEP_OPTION, .option = { "vfio_iommu_type1", "allow_unsafe_interrupts" }
	};
	pp_add_remedy_by_steps(
		j, f, &pp_remedy_unsafe_interrupts,
		"write \"options vfio_iommu_type1 allow_unsafe_interrupts=1\" into a file of "
		"/etc/modprobe.d and reboot",
		"a guest that owns a device can inject interrupts into the host", &option, 1);
}

static const struct pp_rule rules[] = {
	{ .id = "iommu-absent", .reference = "ACPI 6.5, 5.2.6", .on_host = iommu_absent },
	{ .id = "xen", .reference = "/sys/hypervisor/type", .on_host = under_xen },
	{ .id = "iommu-off",
	  .reference = "drivers/iommu/intel/iommu.c, intel_iommu_setup()",
	  .on_host = iommu_off },
	{ .id = "iommu-scope-type",
	  .reference = "drivers/iommu/intel/dmar.c, dmar_insert_dev_scope()",
	  .on_host = iommu_scope_type },
	{ .id = "groups-unread",
	  .reference = "/sys/kernel/iommu_groups",
	  .on_host = groups_unread },
	{ .id = "interrupt-remapping",
	  .reference = "drivers/vfio/vfio_iommu_type1.c, vfio_iommu_type1_attach_group()",
	  .on_host = interrupt_remapping },
};

const struct pp_rule_table pp_rules_iommu = { rules, sizeof(rules) / sizeof(rules[0]) };
