/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the kernel logged of the IOMMU, of tables from the initrd and of DMA that it stopped. */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "host/build.h"
#include "host/log-search.h"

/* The text of the log line behind prefix, up to the next blank or comma. */
static const char *word_behind(struct pp_host_build *b, struct pp_span line, const uint8_t *at,
                               const char *prefix)
{
	at += strlen(prefix);
	size_t left = (size_t)(line.data + line.len - at), n = 0;

	while (n < left && at[n] != ' ' && at[n] != ',')
		n++;
	return pp_text_clean(&b->host->arena, at, n);
}

/* What stands behind prefix up to the first of ends; false if the prefix or an end is not there. */
static bool between(struct pp_span line, const char *prefix, const char *ends, char *buf,
                    size_t size)
{
	const uint8_t *at = pp_span_find(line, prefix);
	size_t n = 0;

	if (!at)
		return false;
	at += strlen(prefix);
	size_t left = (size_t)(line.data + line.len - at);
	while (n < left && !strchr(ends, at[n]))
		n++;
	if (!n || n >= size)
		return false;
	memcpy(buf, at, n);
	buf[n] = '\0';
	return true;
}

/*
 * drivers/iommu/intel/dmar.c, dmar_fault_do_one(): "DMAR: [DMA Read NO_PASID] Request device
 * [07:00.0] fault addr 0xbdf83000 […"; before 5.14 "[DMA Write] Request device [07:00.0] fault
 * addr bdf83000 […", some with PASID between.
 */
static bool parse_intel(struct pp_span line, struct pp_fault *ret)
{
	char device[PP_ADDRESS_TEXT_BYTES], address[24];

	return between(line, "Request device [", "]", device, sizeof(device)) &&
	       between(line, "fault addr ", " ", address, sizeof(address)) &&
	       pp_address_parse(device, &ret->device) &&
	       pp_parse_hex(address, UINT64_MAX, &ret->address);
}

/* "nvme 0000:02:00.0: AMD-Vi: Event …": the word before the driver's own prefix. */
static bool device_in_front(struct pp_span line, struct pp_address *ret)
{
	const uint8_t *end = pp_span_find(line, ": AMD-Vi: Event logged");
	char device[PP_ADDRESS_TEXT_BYTES];
	size_t n = 0;

	if (!end)
		return false;
	while (end - n > line.data && end[-(ptrdiff_t)n - 1] != ' ' && n + 1 < sizeof(device))
		n++;
	memcpy(device, end - n, n);
	device[n] = '\0';
	return pp_address_parse(device, ret);
}

/*
 * drivers/iommu/amd/iommu.c, amd_iommu_report_page_fault(): "AMD-Vi: Event logged [IO_PAGE_FAULT
 * device=07:00.0 domain=0x0007 address=0x… flags=…]"; with a known device its name in front
 * and no device=. From 6.3 on device= has the domain too.
 */
static bool parse_amd(struct pp_span line, struct pp_fault *ret)
{
	char device[PP_ADDRESS_TEXT_BYTES], address[24];

	if (!pp_span_find(line, "Event logged [IO_PAGE_FAULT ") ||
	    !between(line, " address=", " ]", address, sizeof(address)) ||
	    !pp_parse_hex(address, UINT64_MAX, &ret->address))
		return false;
	if (between(line, " device=", " ]", device, sizeof(device)))
		return pp_address_parse(device, &ret->device);
	return device_in_front(line, &ret->device);
}

static bool log_is_known(const struct pp_fault *list, uint32_t nr, struct pp_fault f)
{
	for (uint32_t i = 0; i < nr; i++)
		if (list[i].address == f.address && pp_address_equal(list[i].device, f.device))
			return true;
	return false;
}

static void learn_fault(struct pp_kernel *k, struct pp_fault *list, struct pp_span line)
{
	struct pp_fault f;

	if (k->nr_log_faults == PP_MAX_FAULTS || (!parse_intel(line, &f) && !parse_amd(line, &f)))
		return;
	if (!log_is_known(list, k->nr_log_faults, f))
		list[k->nr_log_faults++] = f;
}

/* What tells why an IOMMU is off, or whether it remaps interrupts. */
static const struct log_sort {
	enum pp_log_line sort;
	const char *one, *other; /* both stand in the line; other may be NULL */
} log_sorts[] = {
	/* drivers/iommu/intel/dmar.c, warn_invalid_dmar(), dmar_table_init(), alloc_iommu() */
	{ PP_LOG_DMAR_ALL_ONES, "DMAR reported at address ", "returns all ones" },
	{ PP_LOG_DMAR_ADDRESS_0, "DMAR reported at address 0!", NULL },
	{ PP_LOG_DMAR_UNUSABLE, "arse DMAR table failure", NULL },
	{ PP_LOG_DMAR_UNUSABLE, "DMAR: Can't validate DRHD address", NULL },
	{ PP_LOG_DMAR_UNUSABLE, "DMAR: Invalid DMAR haw", NULL },
	{ PP_LOG_DMAR_UNUSABLE, "DMAR: ", "Record passes table end" },
	{ PP_LOG_DMAR_UNUSABLE, "DMAR: Failed to map dmar", NULL },
	{ PP_LOG_DMAR_UNUSABLE, "DMAR: Cannot get a valid ", "agaw" },
	/* drivers/iommu/amd/init.c, detect_ivrs(), amd_iommu_sme_check(),
	 * check_ioapic_information()
	 */
	{ PP_LOG_STONEY_RIDGE, "AMD-Vi: Disable IOMMU on Stoney Ridge", NULL },
	{ PP_LOG_AMD_SME, "AMD-Vi: IOMMU not currently supported when SME is active", NULL },
	{ PP_LOG_IR_NO_SB_IOAPIC, "AMD-Vi", "No southbridge IOAPIC found" },
	{ PP_LOG_IR_OFF_AMD, "AMD-Vi", "Disabling interrupt remapping" },
	/* print_iommu_info() */
	{ PP_LOG_IR_ON, "AMD-Vi", "Interrupt remapping enabled" },
	/* drivers/iommu/intel/irq_remapping.c; arch/x86/kernel/apic/apic.c, enable_IR_x2apic() */
	{ PP_LOG_IR_ON, "Enabled IRQ remapping in ", NULL },
	{ PP_LOG_IR_OFF_INTEL, "Failed to enable irq remapping", NULL },
	{ PP_LOG_IR_OFF_INTEL, "Not enabling interrupt remapping", NULL },
	{ PP_LOG_IR_OFF_INTEL, "Not enable interrupt remapping", NULL },
	{ PP_LOG_IR_ERRATUM, "has enabled interrupt remapping", NULL },
	{ PP_LOG_IR_NO_UNIT, "has no mapping iommu, interrupt remapping will be disabled", NULL },
	{ PP_LOG_IR_NO_IOAPIC, "Not init interrupt remapping due to skipped IO-APIC setup", NULL },
	/* drivers/vfio/vfio_iommu_type1.c, vfio_iommu_type1_attach_group() */
	{ PP_LOG_IR_REFUSED, "No interrupt remapping support", NULL },
	/* arch/x86/kernel/e820.c, e820__print_table() */
	{ PP_LOG_PAGE_0_USABLE, ": [mem 0x0000000000000000-", "] usable" },
};

/* The message alone: when it was logged is no part of the proof. */
static const char *log_message(struct pp_host_build *b, struct pp_span line)
{
	if (line.len && line.data[0] == '[' && !pp_span_starts(line, "[Firmware")) {
		const uint8_t *end = pp_span_find(line, "] ");
		if (end)
			line = PP_SPAN(end + 2, (size_t)(line.data + line.len - end - 2));
	}
	/* What a message says in more than one line, the kernel's buffer shows as "\\x0a". */
	const uint8_t *next = pp_span_find(line, "\\x0a");
	size_t len = next ? (size_t)(next - line.data) : line.len;
	return pp_text_clean(&b->host->arena, line.data, len);
}

static int learn_line(struct pp_host_build *b, struct pp_span line)
{
	struct pp_kernel *k = &b->host->kernel;

	for (size_t i = 0; i < sizeof(log_sorts) / sizeof(log_sorts[0]); i++) {
		const struct log_sort *s = &log_sorts[i];
		if (k->log_lines[s->sort] || !pp_span_find(line, s->one) ||
		    (s->other && !pp_span_find(line, s->other)))
			continue;
		k->log_lines[s->sort] = log_message(b, line);
		if (!k->log_lines[s->sort])
			return -ENOMEM;
	}
	return 0;
}

static bool number_behind(struct pp_span line, const char *prefix, const char *ends, uint64_t max,
                          uint64_t *ret)
{
	char text[16];

	return between(line, prefix, ends, text, sizeof(text)) && pp_parse_dec(text, max, ret);
}

/*
 * arch/x86/kernel/apic/io_apic.c: "IOAPIC[0]: apic_id 8, version 33, address 0xfec00000, GSI
 * 0-23"; drivers/iommu/amd/init.c: "AMD-Vi: [Firmware Bug]: : IOAPIC[8] not in IVRS table".
 */
static void learn_ioapic(struct pp_kernel *k, struct pp_span line)
{
	struct pp_ioapics *io = &k->ioapics;
	uint64_t id, gsi;

	if (pp_span_find(line, "not in IVRS table") &&
	    number_behind(line, "IOAPIC[", "]", 0xff, &id)) {
		for (uint32_t i = 0; i < io->nr_missing; i++)
			if (io->missing[i] == id)
				return;
		if (io->nr_missing < PP_MAX_IOAPICS)
			io->missing[io->nr_missing++] = (uint8_t)id;
	} else if (number_behind(line, "]: apic_id ", ",", 0xff, &id) &&
	           number_behind(line, " GSI ", "-", UINT32_MAX, &gsi)) {
		for (uint32_t i = 0; i < io->nr_known; i++)
			if (io->known[i].id == id)
				return;
		if (io->nr_known < PP_MAX_IOAPICS)
			io->known[io->nr_known++] =
				(struct pp_ioapic){ (uint8_t)id, (uint32_t)gsi };
	}
}

static void learn_table(struct pp_log_override *o, const char *signature, struct pp_span line)
{
	char text[48];

	snprintf(text, sizeof(text), "%s ACPI table found in initrd [", signature);
	o->found |= pp_span_find(line, text) != NULL;
	snprintf(text, sizeof(text), "Table Upgrade: override [%s-", signature);
	o->taken |= pp_span_find(line, text) != NULL;
	snprintf(text, sizeof(text), "Table Upgrade: install [%s-", signature);
	o->added |= pp_span_find(line, text) != NULL;
}

/* drivers/acpi/tables.c, acpi_table_upgrade(), acpi_table_initrd_override(),
 * acpi_table_initrd_scan() */
static void learn_override(struct pp_kernel *k, struct pp_span line)
{
	static const char refused[] = "kernel is locked down, ignoring table override";

	learn_table(&k->log_dmar, "DMAR", line);
	learn_table(&k->log_ivrs, "IVRS", line);
	learn_table(&k->log_iort, "IORT", line);
	k->log_override_refused |= pp_span_find(line, refused) != NULL;
	/* The tables are listed right after; a capture has no earlier line. */
	k->log_from_boot |=
		pp_span_find(line, "ACPI: DMAR 0x") || pp_span_find(line, "ACPI: IVRS 0x") ||
		pp_span_find(line, "ACPI: IORT 0x") || pp_span_find(line, "Linux version ");
	/* drivers/irqchip/irq-gic-v3-its.c, its_probe_one(); irq-gic-v2m.c, gicv2m_init_one() */
	k->log_its |= pp_span_find(line, "ITS [mem 0x") != NULL;
	k->log_gicv2m |= pp_span_find(line, "GICv2m: range[mem 0x") != NULL;
	k->log_tboot |= pp_span_find(line, "tboot: found shared page") != NULL;
}

/* drivers/acpi/pci_root.c, negotiate_os_control(); 3.x: "ACPI _OSC control (0x1d) granted" */
static void learn_pcie_control(struct pp_kernel *k, struct pp_span line)
{
	bool gave = pp_span_find(line, "_OSC: OS now controls [") &&
	            pp_span_find(line, "PCIeCapability");
	bool kept = pp_span_find(line, "_OSC: platform retains control of PCIe features") ||
	            (pp_span_find(line, "_OSC: platform does not support [") &&
	             pp_span_find(line, "PCIeCapability"));

	if (kept)
		k->log_pcie_control = PP_NO;
	else if (gave && k->log_pcie_control == PP_UNKNOWN)
		k->log_pcie_control = PP_YES;
}

/* Each line that learn_other() learns from holds one of these. */
static const char *const log_others[] = {
	"Device scope type does not match for ",
	"assuming all RMRRs are relaxable",
	"not able to establish FW requested direct mapping",
	"Unknown kernel command line parameters",
	" ACPI table found in initrd [",
	"Table Upgrade: override [",
	"Table Upgrade: install [",
	"kernel is locked down, ignoring table override",
	"ACPI: DMAR 0x",
	"ACPI: IVRS 0x",
	"ACPI: IORT 0x",
	"Linux version ",
	"ITS [mem 0x",
	"GICv2m: range[mem 0x",
	"tboot: found shared page",
	"_OSC: OS now controls [",
	"_OSC: platform ",
	"Request device [",
	"Event logged [IO_PAGE_FAULT ",
	"not in IVRS table",
	"]: apic_id ",
};

_Static_assert(sizeof(log_others) / sizeof(log_others[0]) <= PP_LOG_SEARCH_TEXTS &&
                       sizeof(log_sorts) / sizeof(log_sorts[0]) <= PP_LOG_SEARCH_TEXTS,
               "PP_LOG_SEARCH_TEXTS");

static void learn_other(struct pp_host_build *b, struct pp_span line, struct pp_fault *faults)
{
	static const char mismatch[] = "Device scope type does not match for ";
	struct pp_kernel *k = &b->host->kernel;
	const uint8_t *at = pp_span_find(line, mismatch);

	if (at) {
		k->log_scope_mismatch = true;
		k->log_scope_device = word_behind(b, line, at, mismatch);
	}
	if (pp_span_find(line, "assuming all RMRRs are relaxable"))
		k->rmrrs_relaxed = true;
	if (pp_span_find(line, "not able to establish FW requested direct mapping"))
		k->log_direct_map_failed = true;
	/* init/main.c, print_unknown_bootoptions() */
	if (pp_span_find(line, "Unknown kernel command line parameters") &&
	    pp_span_find(line, "pcie_acs_override"))
		k->acs_override_ignored = true;
	learn_override(k, line);
	learn_pcie_control(k, line);
	learn_fault(k, faults, line);
	learn_ioapic(k, line);
}

int pp_build_log(struct pp_host_build *b)
{
	struct pp_kernel *k = &b->host->kernel;
	struct pp_log_search search;
	struct pp_span log, line;
	int r = pp_source_kernel_log(b->source, &b->scratch, &log);

	k->log_error = -r;
	if (r == -ENOMEM)
		return r;
	if (r)
		return pp_build_unread(
			b, "kernel log", -r,
			"what the kernel logged about the IOMMU and the regions at boot");
	struct pp_fault *faults = PP_ARENA_ARRAY(&b->host->arena, PP_MAX_FAULTS, struct pp_fault);
	if (!faults)
		return -ENOMEM;
	k->log_faults = faults;
	b->log = log;
	pp_log_search_init(&search, log, log_others, sizeof(log_others[0]),
	                   sizeof(log_others) / sizeof(log_others[0]));
	while (pp_log_search_next(&search, &line))
		learn_other(b, line, faults);
	pp_log_search_init(&search, log, &log_sorts[0].one, sizeof(log_sorts[0]),
	                   sizeof(log_sorts) / sizeof(log_sorts[0]));
	while (pp_log_search_next(&search, &line))
		if (learn_line(b, line))
			return -ENOMEM;
	return pp_build_device_lines(b);
}
