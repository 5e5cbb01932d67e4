/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * An IOMMU that the firmware declares and the kernel does not run: why, and what follows from that.
 * Only where nothing else explains it is an argument offered.
 */
#include <string.h>

#include "base/text.h"
#include "judge/rules.h"

#define LOG "kernel log: "

static bool is_proved_by_log(const struct pp_finding *f, const char *text)
{
	for (uint32_t i = 0; i < f->nr_evidence; i++)
		if (!strncmp(f->evidence[i], LOG, strlen(LOG)) &&
		    !strcmp(f->evidence[i] + strlen(LOG), text))
			return true;
	return false;
}

bool pp_prove_by_log(struct pp_judging *j, struct pp_finding *f, enum pp_log_line line)
{
	const char *text = j->host->kernel.log_lines[line];

	if (text && !is_proved_by_log(f, text))
		pp_evidence(j, f, LOG "%s", text);
	return text;
}

bool pp_prove_not_built(struct pp_judging *j, struct pp_finding *f, enum pp_kernel_option option)
{
	const struct pp_kernel *k = &j->host->kernel;

	if (pp_kernel_has_option(k, option) != PP_NO)
		return false;
	pp_evidence(j, f, "%s: %s is not set", k->config.path, pp_kernel_option_name(option));
	return true;
}

void pp_add_remedy_take_off(struct pp_judging *j, struct pp_finding *f, const char *word,
                            const char *instead)
{
	bool put = instead && !pp_kernel_argument_given(j->host, instead);

	const char *text = pp_arena_printf(
		j->arena, "remove %s from the kernel command line%s%s%s and reboot", word,
		put ? ", add " : "", put ? instead : "", put ? " instead" : "");
	const struct pp_step steps[] = {
		{ .kind = PP_STEP_TAKE_OFF, .argument = { word } },
		{ .kind = PP_STEP_ARGUMENT, .argument = { instead } },
	};

	if (pp_argument_is_unwanted(word))
		pp_add_remedy_by_steps(j, f, &pp_remedy_kernel_argument, text, NULL, steps,
		                       put ? 2 : 1);
	else
		pp_add_remedy_by_hand(f, &pp_remedy_kernel_argument, text, NULL);
}

void pp_add_remedy_bios_update(struct pp_finding *f)
{
	pp_add_remedy_by_hand(f, &pp_remedy_bios_update,
	                      "update the BIOS: a newer version may have a correct table", NULL);
}

void pp_add_remedy_table(struct pp_judging *j, struct pp_finding *f)
{
	pp_add_remedy_bios_update(f);
	if (!pp_remedy_override_forbidden(j->host, j->arena))
		pp_add_remedy_by_hand(
			f, &pp_remedy_override,
			"override the table with a corrected copy, by hand (doc/remedies.md), "
			"then reboot",
			"the kernel then uses a table that is not the firmware's own");
}

/* The table that declares an IOMMU; NULL if none does, or none was read. */
static const char *iommu_off_declaring_table(const struct pp_host *h)
{
	if (h->table_dmar == PP_YES)
		return "DMAR";
	if (h->table_ivrs == PP_YES)
		return "IVRS";
	if (h->iort_has_smmu == PP_YES)
		return "IORT";
	return h->viot || h->viot_error ? "VIOT" : NULL;
}

/* Words that switch it off, and on which kind of host the kernel looks at them. */
static const struct {
	const char *argument;
	unsigned int kinds;
} off_words[] = {
	{ "intel_iommu=off", PP_ON_INTEL },
	{ "amd_iommu=off", PP_ON_AMD },
	{ "iommu=off", PP_ON_X86 },
	{ "acpi=off", PP_ON_X86 },
};

/* The argument that turned it off, as it stands on the command line; NULL if there is none. */
static const char *off_word(struct pp_judging *j)
{
	for (size_t i = 0; i < sizeof(off_words) / sizeof(off_words[0]); i++)
		if (off_words[i].kinds & PP_ON(j->host->kind) &&
		    pp_kernel_argument_given(j->host, off_words[i].argument))
			return off_words[i].argument;
	return NULL;
}

static void off_by_word(struct pp_judging *j, struct pp_finding *f, const char *word)
{
	bool intel = j->host->kind == PP_KIND_INTEL || j->host->iommu == PP_IOMMU_INTEL;

	pp_evidence(j, f, "/proc/cmdline: %s", word);
	pp_add_remedy_take_off(j, f, word, intel ? "intel_iommu=on" : NULL);
}

/* Without a word on the command line: what the kernel was built to do; unknown: yes or no. */
static enum pp_tri on_by_default(const struct pp_host *h)
{
	enum pp_tri all = pp_kernel_has_option(&h->kernel, PP_CONFIG_INTEL_IOMMU_DEFAULT_ON);
	enum pp_tri most =
		pp_kernel_has_option(&h->kernel, PP_CONFIG_INTEL_IOMMU_DEFAULT_ON_INTGPU_OFF);

	if (h->kind == PP_KIND_AMD || h->iommu == PP_IOMMU_AMD || h->iommu == PP_IOMMU_SMMU)
		return PP_YES;
	if (all == PP_YES || most == PP_YES)
		return PP_YES;
	return all;
}

/* Asked for, or on by default, and yet off: no argument helps, and the log was searched. */
static void off_without_cause(struct pp_judging *j, struct pp_finding *f)
{
	const struct pp_host *h = j->host;
	const char *mark = h->iommu == PP_IOMMU_AMD    ? "AMD-Vi"
	                   : h->iommu == PP_IOMMU_SMMU ? "smmu"
	                                               : "DMAR";

	if (h->kernel.log_error)
		pp_evidence(j, f, "the kernel log, which would say why, was not read");
	else
		pp_evidence(j, f,
		            "the kernel log gives no reason that pcipass knows: see its lines "
		            "with \"%s\"",
		            mark);
}

static void off_add_argument(struct pp_judging *j, struct pp_finding *f)
{
	const struct pp_host *h = j->host;

	if (pp_kernel_argument_given(h, "intel_iommu=on")) {
		pp_evidence(j, f, "/proc/cmdline: intel_iommu=on is present");
		off_without_cause(j, f);
	} else if (on_by_default(h) == PP_YES) {
		if (h->kernel.config.path && h->iommu == PP_IOMMU_INTEL)
			pp_evidence(j, f, "%s: it is on by default", h->kernel.config.path);
		off_without_cause(j, f);
	} else if (PP_ON(h->kind) & PP_ON_INTEL) {
		pp_add_remedy_by_argument(
			f, &pp_remedy_kernel_argument,
			"add intel_iommu=on to the kernel command line, then reboot", NULL,
			"intel_iommu=on");
	} else if (h->kernel.command_line.error) {
		pp_evidence(j, f, "the kernel command line was not read");
	}
}

/* A remapping unit of the table that no kernel can use; NULL: all look well. */
static const struct pp_dmar_entry *off_bad_unit(const struct pp_dmar *dmar)
{
	for (uint32_t i = 0; dmar && i < dmar->nr_entries; i++)
		if (dmar->entries[i].type == PP_DMAR_DRHD &&
		    (!dmar->entries[i].base || dmar->entries[i].base & 0xfff))
			return &dmar->entries[i];
	return NULL;
}

/* drivers/iommu/intel/dmar.c, dmar_validate_one_drhd(): for one such unit the whole table goes. */
static bool off_by_unit(struct pp_judging *j)
{
	const struct pp_host *h = j->host;
	const struct pp_dmar_entry *bad = off_bad_unit(h->dmar);
	bool ones = h->kernel.log_lines[PP_LOG_DMAR_ALL_ONES];
	struct pp_finding *f;

	if (ones)
		f = pp_find(j, PP_BLOCKS,
		            "the IOMMU is off: a remapping unit in the firmware's DMAR table "
		            "does not respond (its registers read all ones), so Linux ignores "
		            "the whole table");
	else if (bad || h->kernel.log_lines[PP_LOG_DMAR_ADDRESS_0])
		f = pp_find(
			j, PP_BLOCKS,
			"the IOMMU is off: the firmware's DMAR table has a remapping unit %s, so "
			"Linux ignores the whole table",
			bad && bad->base ? "at an address that is not page-aligned"
					 : "at address 0");
	else if (h->kernel.log_lines[PP_LOG_DMAR_UNUSABLE])
		f = pp_find(j, PP_BLOCKS,
		            "the IOMMU is off: Linux could not use the firmware's DMAR table");
	else
		return false;
	pp_prove_by_log(j, f, PP_LOG_DMAR_ALL_ONES);
	if (!ones)
		pp_prove_by_log(j, f, PP_LOG_DMAR_ADDRESS_0);
	pp_prove_by_log(j, f, PP_LOG_DMAR_UNUSABLE);
	if (bad)
		pp_evidence(j, f, "DMAR+0x%x: DRHD, register base 0x%llx", bad->offset,
		            (unsigned long long)bad->base);
	pp_add_remedy_bios_update(f);
	if (ones && h->is_guest != PP_YES)
		pp_add_remedy_by_hand(
			f, &pp_remedy_bios_iommu,
			"check that \"Intel VT-d\" is enabled in the BIOS setup: some BIOSes "
			"provide the table even while it is disabled",
			NULL);
	pp_add_remedy_table(j, f);
	return true;
}

static bool off_by_amd(struct pp_judging *j)
{
	const struct pp_host *h = j->host;
	struct pp_finding *f;

	if (h->kernel.log_lines[PP_LOG_STONEY_RIDGE]) {
		f = pp_find(
			j, PP_BLOCKS,
			"Linux leaves the IOMMU off because Stoney Ridge graphics does not work "
			"with it");
		pp_prove_by_log(j, f, PP_LOG_STONEY_RIDGE);
		pp_add_remedy_by_hand(
			f, &pp_remedy_kernel_argument,
			"add amd_iommu=force_enable to the kernel command line and reboot",
			"the built-in graphics may hang or show nothing");
		return true;
	}
	if (!h->kernel.log_lines[PP_LOG_AMD_SME])
		return false;
	f = pp_find(j, PP_BLOCKS,
	            "Linux leaves the IOMMU off: with this processor's microcode, it does not "
	            "work with memory encryption (SME)");
	pp_prove_by_log(j, f, PP_LOG_AMD_SME);
	pp_add_remedy_by_hand(
		f, &pp_remedy_bios_update,
		"update the BIOS: a newer version has newer microcode for the processor", NULL);
	if (pp_kernel_argument_given(h, "mem_encrypt=on"))
		pp_add_remedy_take_off(j, f, "mem_encrypt=on", NULL);
	return true;
}

static enum pp_kernel_option driver_of(const struct pp_host *h)
{
	if (h->iommu == PP_IOMMU_AMD)
		return PP_CONFIG_AMD_IOMMU;
	if (h->iommu == PP_IOMMU_VIRTIO)
		return PP_CONFIG_VIRTIO_IOMMU;
	return h->iommu == PP_IOMMU_SMMU ? PP_CONFIG_ARM_SMMU_V3 : PP_CONFIG_INTEL_IOMMU;
}

/* No argument brings a driver that was not built. */
static bool off_by_kernel(struct pp_judging *j)
{
	const struct pp_kernel *k = &j->host->kernel;
	enum pp_kernel_option option = driver_of(j->host);

	if (pp_kernel_has_option(k, option) != PP_NO ||
	    (option == PP_CONFIG_ARM_SMMU_V3 &&
	     pp_kernel_has_option(k, PP_CONFIG_ARM_SMMU) != PP_NO))
		return false;
	struct pp_finding *f = pp_find(
		j, PP_BLOCKS, "the IOMMU is off: this kernel was built without its driver (%s)",
		pp_kernel_option_name(option));
	pp_prove_not_built(j, f, option);
	pp_add_remedy_by_hand(f, &pp_remedy_another_kernel,
	                      pp_arena_printf(j->arena, "boot a kernel that was built with %s, %s",
	                                      pp_kernel_option_name(option),
	                                      option == PP_CONFIG_VIRTIO_IOMMU
	                                              ? "such as Debian 13's"
	                                              : "as distribution kernels are"),
	                      NULL);
	if (option == PP_CONFIG_VIRTIO_IOMMU)
		pp_add_remedy_firmware(j, f);
	return true;
}

void pp_add_remedy_virtio_driver(struct pp_finding *f)
{
	pp_add_remedy_by_hand(
		f, &pp_remedy_virtio_iommu,
		"load the virtio-iommu's driver before those of the devices: add a line "
		"virtio_iommu to /etc/initramfs-tools/modules, run \"update-initramfs "
		"-u\", and reboot",
		NULL);
}

/* Its driver is a module with distributions, and other drivers wait for it: drivers/acpi/viot.c. */
static bool off_by_virtio(struct pp_judging *j)
{
	struct pp_finding *f;

	if (j->host->iommu != PP_IOMMU_VIRTIO)
		return false;
	f = pp_find(j, PP_BLOCKS,
	            "this virtual machine has a virtio-iommu, but its driver is not loaded");
	pp_evidence(j, f, "/sys/firmware/acpi/tables/VIOT: present");
	pp_evidence(j, f, "/sys/kernel/iommu_groups: %s",
	            j->host->groups_elsewhere ? "none has a PCI device" : "empty");
	pp_add_remedy_virtio_driver(f);
	pp_add_remedy_firmware(j, f);
	return true;
}

static bool off_by_table(struct pp_judging *j, const char *table)
{
	const struct pp_host *h = j->host;
	struct pp_finding *f;

	/* What the running one told of itself is not known of another. */
	if (h->kernel.running && h->kernel.running->log_direct_map_failed) {
		pp_find_unknown(j, PP_BLOCKS,
		                "cannot tell whether Linux %s would use the IOMMU: the running "
		                "kernel gave up on it, because it could not map a region that the "
		                "firmware requires",
		                h->kernel.release.text);
		return true;
	}
	if (h->kernel.log_direct_map_failed) {
		f = pp_find(j, PP_BLOCKS,
		            "the kernel gave up on the IOMMU: it could not map a region that the "
		            "firmware requires");
		pp_evidence(j, f, "kernel log: not able to establish FW requested direct mapping");
		pp_add_remedy_by_argument(f, &pp_remedy_kernel_argument,
		                          "add iommu=pt to the kernel command line, then reboot",
		                          NULL, "iommu=pt");
	} else if (h->table_error.code) {
		/* No argument makes the kernel read a table that it could not use. */
		f = pp_find(j, PP_BLOCKS,
		            "the IOMMU is off: the firmware's %s table is broken (%s)", table,
		            h->table_error.text);
	} else {
		return h->iommu == PP_IOMMU_INTEL && off_by_unit(j);
	}
	pp_add_remedy_table(j, f);
	return true;
}

/* Declared, and yet not running: what is known to keep the kernel from it, what decides first. */
static void off_though_declared(struct pp_judging *j, const char *table)
{
	const struct pp_host *h = j->host;
	const char *word = off_word(j);

	if (off_by_table(j, table) || off_by_amd(j) || off_by_kernel(j) || off_by_virtio(j))
		return;
	struct pp_finding *f =
		word ? pp_find(j, PP_BLOCKS,
	                       "the IOMMU is turned off on the kernel command line (%s)", word)
		     : pp_find(j, PP_BLOCKS,
	                       "the firmware declares an IOMMU (%s), but the kernel does not use "
	                       "it",
	                       table);
	if (word)
		off_by_word(j, f, word);
	else
		off_add_argument(j, f);
	pp_evidence(j, f, "/sys/firmware/acpi/tables/%s: present", table);
	pp_evidence(j, f, "/sys/kernel/iommu_groups: %s",
	            h->groups_elsewhere ? "none has a PCI device" : "empty");
}

static void iommu_off(struct pp_judging *j)
{
	const struct pp_host *h = j->host;
	const char *table = iommu_off_declaring_table(h);
	const char *word = off_word(j);

	if (h->iommu_on != PP_NO || h->wrong_scope_device != PP_NO_DEVICE ||
	    h->kernel.log_scope_mismatch || h->xen || pp_host_never_groups(h))
		return;
	if (table) {
		off_though_declared(j, table);
		return;
	}
	if (h->table_dmar != PP_UNKNOWN && h->table_ivrs != PP_UNKNOWN &&
	    h->iort_has_smmu != PP_UNKNOWN)
		return;
	struct pp_finding *f =
		word ? pp_find(j, PP_BLOCKS,
	                       "the IOMMU is turned off on the kernel command line (%s)", word)
		     : pp_find(j, PP_BLOCKS,
	                       "the kernel uses no IOMMU; cannot tell whether the firmware "
	                       "declares one");
	if (word)
		off_by_word(j, f, word);
	else
		off_add_argument(j, f);
	pp_add_remedy_firmware(j, f);
}

const char *pp_graphics_left_out(struct pp_judging *j, const struct pp_device *d)
{
	const struct pp_host *h = j->host;

	if (h->iommu != PP_IOMMU_INTEL || pp_device_base_class(d) != 0x03 || d->vendor != 0x8086 ||
	    d->parent != PP_NO_DEVICE)
		return NULL;
	if (pp_kernel_argument_given(h, "intel_iommu=igfx_off"))
		return "intel_iommu=igfx_off";
	if (pp_kernel_argument_given(h, "intel_iommu=intgpu_off"))
		return "intel_iommu=intgpu_off";
	if (!pp_kernel_argument_given(h, "intel_iommu=on") &&
	    pp_kernel_has_option(&h->kernel, PP_CONFIG_INTEL_IOMMU_DEFAULT_ON_INTGPU_OFF) == PP_YES)
		return "";
	return NULL;
}

static const struct pp_rule rules[] = {
	{ .id = "iommu-off",
	  .reference = "Documentation/admin-guide/kernel-parameters.txt; drivers/iommu",
	  .on_host = iommu_off },
};

const struct pp_rule_table pp_rules_iommu_off = { rules, sizeof(rules) / sizeof(rules[0]) };
