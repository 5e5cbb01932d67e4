/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a capture leaves out of the files that it holds. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "base/text.h"
#include "host/bar-log.h"
#include "host/build.h"
#include "host/claim.h"
#include "host/disk.h"
#include "host/device-log.h"
#include "host/framebuffer.h"
#include "host/modprobe.h"
#include "host/module.h"
#include "host/redact.h"
#include "host/redact-part.h"
#include "smbios/smbios.h"

static int redact_take(struct pp_buffer *b, struct pp_span *content, struct pp_arena *a,
                       struct pp_error *e)
{
	char *copy = b->failed ? NULL : pp_arena_strndup(a, b->data ? b->data : "", b->len);
	size_t len = b->len;

	pp_buffer_fini(b);
	if (!copy)
		return pp_fail_oom(e, "capture");
	*content = PP_SPAN(copy, len);
	return 0;
}

static int redact_smbios(struct pp_span *content, struct pp_arena *a, struct pp_error *e)
{
	struct pp_buffer b;

	pp_buffer_init(&b, REDACT_MAX_BYTES);
	/* A table that cannot be parsed cannot be cleaned either: its place is kept, not its bytes.
	 */
	if (pp_smbios_redact(*content, &b, NULL)) {
		pp_buffer_fini(&b);
		*content = PP_SPAN("", 0);
		return 0;
	}
	return redact_take(&b, content, a, e);
}

/* Debian's own version, which tells the stable release that its kernel's name hides. */
static bool find_package(struct pp_span version, struct pp_span *ret)
{
	static const char packager[] = " Debian ";
	const uint8_t *at = pp_span_find(version, packager);

	if (!at)
		return false;
	at += sizeof(packager) - 1;
	struct pp_span rest = PP_SPAN(at, (size_t)(version.data + version.len - at));
	return pp_text_word(&rest, ret) && ret->data[0] >= '0' && ret->data[0] <= '9';
}

/* "Linux version RELEASE": behind it stands who built it, and where. The compiler's name tells the
 * processor's family. */
static int redact_version(struct pp_span *content, struct pp_arena *a, struct pp_error *e)
{
	static const char *const families[] = { "aarch64-", "arm-linux", "riscv64-", "powerpc64",
		                                "s390x-",   "loongarch", "x86_64-" };
	struct pp_buffer b;
	struct pp_span rest = *content, word;

	pp_buffer_init(&b, REDACT_MAX_BYTES);
	/* What stands behind other words is no release. */
	for (int i = 0; i < 3 && pp_text_word(&rest, &word); i++) {
		if (i < 2 && !pp_span_is(word, i ? "version" : "Linux"))
			break;
		pp_buffer_puts(&b, i ? " " : "");
		if (i == 2)
			pp_redact_release(word, &b);
		else
			pp_buffer_append(&b, word.data, word.len);
	}
	for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++)
		if (pp_span_find(rest, families[i])) {
			pp_buffer_puts(&b, " (");
			pp_buffer_puts(&b, families[i]);
			pp_buffer_puts(&b, ")");
			break;
		}
	if (find_package(*content, &word)) {
		pp_buffer_puts(&b, " Debian ");
		pp_redact_release(word, &b);
	}
	pp_buffer_puts(&b, "\n");
	return redact_take(&b, content, a, e);
}

/* "nvme 0000:02:00.0: AMD-Vi: Event logged [IO_PAGE_FAULT …": driver and address come first. */
static bool is_amd_fault(struct pp_span line)
{
	struct pp_span word;

	return pp_text_word(&line, &word) && pp_text_word(&line, &word) && word.len > 8 &&
	       word.data[word.len - 1] == ':' && pp_text_word(&line, &word) &&
	       pp_span_is(word, "AMD-Vi:") && pp_span_find(line, "[IO_PAGE_FAULT ");
}

/* "pci 0000:0b:00.0: BAR 1 [mem size 0x10000000 64bit pref]: failed to assign" */
static bool is_bar_without_address(struct pp_span line)
{
	struct pp_bar_log bar;
	struct pp_span rest = line, word;

	return pp_text_word(&rest, &word) && pp_text_word(&rest, &word) &&
	       word.data[word.len - 1] == ':' && pp_bar_log_parse(line, &bar);
}

/* "acpi PNP0A08:00: _OSC: OS now controls […]": who has PCI Express. */
static bool log_is_osc(struct pp_span line)
{
	return pp_span_starts(line, "acpi PNP0A0") && pp_span_find(line, ": _OSC: ");
}

static const char log_unknown[] = "Unknown kernel command line parameters \"";

/* The kernel's own lines on what matters: programs that write to its log begin otherwise. */
static bool log_line_matters(struct pp_span line)
{
	static const char *const beginnings[] = {
		"DMAR",
		"dmar",
		"Intel-IOMMU",
		"AMD-Vi",
		"GICv2m: range",
		"IOAPIC[",
		"Not init interrupt remapping",
		"BIOS-e820: [mem 0x0000000000000000-",
		"Xen: [mem 0x0000000000000000-",
		"ITS [mem ",
		"iommu",
		"IOMMU",
		"vfio-pci ",
		"vfio_iommu_type1",
		"vfio_pci",
		"ACPI: DMAR",
		"ACPI: IVRS",
		"ACPI: IORT",
		"ACPI: Table Upgrade",
		"pci ",
		"Your BIOS is broken",
		"[Firmware Bug]",
		"Kernel is locked down",
		"ACPI: kernel is locked down",
		"tboot: ",
	};
	struct pp_address device;
	enum pp_device_line_sort sort;

	line = pp_log_message(line);
	if (is_amd_fault(line) || is_bar_without_address(line) ||
	    pp_device_line_parse(line, &device, &sort))
		return true;
	for (size_t i = 0; i < sizeof(beginnings) / sizeof(beginnings[0]); i++)
		if (pp_span_starts(line, beginnings[i]))
			return !pp_span_starts(line, "pci ") || pp_span_find(line, "iommu");
	return log_is_osc(line);
}

/* "Unknown kernel command line parameters "a b=c", will be passed to user space.": as the line is.
 */
static void redact_unknown_arguments(struct pp_span line, struct pp_buffer *b)
{
	size_t n = (size_t)(pp_log_message(line).data - line.data) + sizeof(log_unknown) - 1;
	struct pp_span rest = PP_SPAN(line.data + n, line.len - n);
	const uint8_t *end = pp_span_find(rest, "\", will be passed to user space");

	if (!end)
		return;
	pp_buffer_append(b, line.data, n);
	pp_redact_command_line(PP_SPAN(rest.data, (size_t)(end - rest.data)), b);
	pp_buffer_puts(b, "\", will be passed to user space.\n");
}

static void redact_log_line(struct pp_span line, struct pp_buffer *b)
{
	if (pp_span_starts(pp_log_message(line), log_unknown)) {
		redact_unknown_arguments(line, b);
	} else if (log_line_matters(line)) {
		pp_buffer_append(b, line.data, line.len);
		pp_buffer_puts(b, "\n");
	}
}

/* Where the kernel's code lies is nobody's business. */
static bool memory_line_matters(struct pp_span line)
{
	return pp_framebuffer_line_is(line) || pp_span_find(line, " : Reserved") ||
	       pp_span_find(line, " : reserved") || pp_span_find(line, " : ACPI ");
}

/* Of the processors their family, maker and model, and whether they are virtual. */
static int redact_processors(struct pp_span *content, struct pp_arena *a, struct pp_error *e)
{
	static const char *const keys[] = {
		"vendor_id", "cpu family", "model\t", "CPU implementer", "CPU part", "isa\t",
		"isa ",      "cpu\t",      "cpu ",    "address sizes"
	};
	struct pp_buffer b;
	struct pp_span rest = *content, line;
	bool told[sizeof(keys) / sizeof(keys[0])] = { false };

	pp_buffer_init(&b, REDACT_MAX_BYTES);
	while (pp_text_line(&rest, &line))
		for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
			/* "cpu" alone begins "cpu MHz", "cpu cores" and more of x86's lines. */
			bool word = !strcmp(keys[i], "cpu\t") || !strcmp(keys[i], "cpu ");
			bool same = pp_span_starts(line, keys[i]) &&
			            (!word || pp_span_find(line, "POWER"));
			if (!same || told[i])
				continue;
			told[i] = true;
			pp_buffer_append(&b, line.data, line.len);
			pp_buffer_puts(&b, "\n");
		}
	if (pp_span_find(*content, "flags"))
		pp_buffer_puts(&b, pp_span_find(*content, " hypervisor") ? "flags : hypervisor\n"
		                                                         : "flags :\n");
	return redact_take(&b, content, a, e);
}

/* Of the configuration what decides here: some options hold names, keys and command lines. */
static bool config_line_matters(struct pp_span line)
{
	static const char *const names[] = { "INTEL_IOMMU", "AMD_IOMMU", "IRQ_REMAP", "IOMMU",
		                             "ARM_SMMU",    "VFIO",      "SPAPR_TCE" };
	size_t skip = pp_span_starts(line, "# ") ? 2 : 0;

	if (pp_span_starts(line, "# Automatically generated file"))
		return true;
	struct pp_span rest = PP_SPAN(line.data + skip, line.len - skip);
	if (!pp_span_starts(rest, "CONFIG_"))
		return false;
	rest = PP_SPAN(rest.data + 7, rest.len - 7);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (pp_span_starts(rest, names[i]))
			return true;
	return false;
}

/* "# Linux/x86 6.1.0-28-amd64 Kernel Configuration" */
static void redact_config_line(struct pp_span line, struct pp_buffer *b)
{
	struct pp_span rest = line, word;

	if (pp_span_starts(line, "# Linux/")) {
		for (size_t i = 0; i < 3 && pp_text_word(&rest, &word); i++)
			if (i == 2)
				pp_redact_release(word, b);
			else
				pp_buffer_printf(b, "%s ", i ? "Linux/-" : "#");
		pp_buffer_puts(b, " Kernel Configuration\n");
	} else if (config_line_matters(line)) {
		pp_buffer_append(b, line.data, line.len);
		pp_buffer_puts(b, "\n");
	}
}

/* Options that decide something, of modules that do: drivers/vfio, drivers/iommu/iommufd. */
static bool option_is_known(struct pp_span word)
{
	static const char *const names[] = {
		"ids",
		"disable_vga",
		"disable_idle_d3",
		"disable_denylist",
		"disable_hugepages",
		"dma_entry_limit",
		"enable_sriov",
		"nointxmask",
		"allow_unsafe_interrupts",
		"enable_unsafe_noiommu_mode",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		size_t n = strlen(names[i]);
		if (pp_span_starts(word, names[i]) && (word.len == n || word.data[n] == '='))
			return true;
	}
	return false;
}

static bool option_module_matters(struct pp_span name)
{
	return pp_span_starts(name, "vfio") || pp_span_is(name, "iommufd");
}

/* "install vfio /bin/false", "options vfio_pci ids=…": without a comment, or what else follows. */
static void redact_option(struct pp_span line, struct pp_buffer *b)
{
	struct pp_span name, command, word;
	bool ban = pp_module_ban_parse(line, &name);

	if (!pp_text_word(&line, &command) || !pp_text_word(&line, &name) ||
	    !(ban || pp_span_is(command, "options")) || !option_module_matters(name))
		return;
	pp_buffer_printf(b, "%s ", ban ? "install" : "options");
	pp_buffer_append(b, name.data, name.len);
	if (ban)
		pp_buffer_puts(b, " /bin/false");
	while (!ban && pp_text_word(&line, &word) && word.data[0] != '#')
		if (option_is_known(word)) {
			pp_buffer_puts(b, " ");
			pp_buffer_append(b, word.data, word.len);
		}
	pp_buffer_puts(b, "\n");
}

void pp_redact_options(struct pp_span text, struct pp_buffer *b)
{
	struct pp_span line;

	while (pp_text_line(&text, &line))
		redact_option(line, b);
}

static int keep_lines(struct pp_span *content, bool (*matters)(struct pp_span), struct pp_arena *a,
                      struct pp_error *e)
{
	struct pp_buffer b;
	struct pp_span rest = *content, line;

	pp_buffer_init(&b, REDACT_MAX_BYTES);
	while (pp_text_line(&rest, &line)) {
		if (!matters(line))
			continue;
		pp_buffer_append(&b, line.data, line.len);
		pp_buffer_puts(&b, "\n");
	}
	return redact_take(&b, content, a, e);
}

/* What is written anew, as a whole or line by line. */
static int redact_whole(struct pp_span *content, void (*redact)(struct pp_span, struct pp_buffer *),
                        struct pp_arena *a, struct pp_error *e)
{
	struct pp_buffer b;

	pp_buffer_init(&b, REDACT_MAX_BYTES);
	redact(*content, &b);
	return redact_take(&b, content, a, e);
}

static int redact_each(struct pp_span *content, void (*redact)(struct pp_span, struct pp_buffer *),
                       struct pp_arena *a, struct pp_error *e)
{
	struct pp_buffer b;
	struct pp_span rest = *content, line;

	pp_buffer_init(&b, REDACT_MAX_BYTES);
	while (pp_text_line(&rest, &line))
		redact(line, &b);
	return redact_take(&b, content, a, e);
}

static void redact_command_line(struct pp_span line, struct pp_buffer *b)
{
	pp_redact_command_line(line, b);
	pp_buffer_puts(b, "\n");
}

/* A file that is swapped to has a path of somebody's; a disk has a name. */
static void redact_swap(struct pp_span line, struct pp_buffer *b)
{
	struct pp_span word;

	if (!pp_text_word(&line, &word) || !pp_span_starts(word, "/dev/") ||
	    memchr(word.data + 5, '/', word.len - 5))
		return;
	pp_buffer_append(b, word.data, word.len);
	pp_buffer_puts(b, " partition\n");
}

static size_t count_digits(struct pp_span word)
{
	size_t n = 0;

	while (n < word.len && word.data[n] >= '0' && word.data[n] <= '9')
		n++;
	return n;
}

/* "IR-PCI-MSIX-0000:07:00.0", "ITS-MSI", "GICv3": a chip, and on x86 the device behind it. */
static bool interrupt_is_chip(struct pp_span word)
{
	static const char *const parts[] = { "APIC", "MSI", "PIC", "GIC", "ITS", "HPET", "xen-" };

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		if (pp_span_find(word, parts[i]))
			return true;
	return false;
}

static bool interrupt_is_cpu(struct pp_span word)
{
	return pp_span_starts(word, "CPU") && word.len > 3 && word.len < 8 &&
	       count_digits(PP_SPAN(word.data + 3, word.len - 3)) == word.len - 3;
}

/* "524288", "0-edge": its number at the chip, and how it is triggered (irqchip's names). */
static bool interrupt_is_number(struct pp_span word)
{
	static const char *const triggers[] = { "", "-edge", "-level", "-fasteoi" };
	size_t digits = count_digits(word);
	bool found = false;

	for (size_t i = 0; i < sizeof(triggers) / sizeof(triggers[0]); i++)
		found |= pp_span_is(PP_SPAN(word.data + digits, word.len - digits), triggers[i]);
	return digits && found;
}

static void interrupt_put(struct pp_span word, struct pp_buffer *b)
{
	pp_buffer_puts(b, " ");
	pp_buffer_append(b, word.data, word.len);
}

/*
 * A line of /proc/interrupts up to its chip, which tells whether interrupts are remapped, and its
 * number there. Behind them stand names that drivers make up, of a network interface or with its
 * address (show_interrupts() in kernel/irq/proc.c).
 */
static void redact_interrupt(struct pp_span line, struct pp_buffer *b)
{
	struct pp_span word, rest = line;

	if (!pp_text_word(&rest, &word)) {
		pp_buffer_puts(b, "\n");
		return;
	}
	if (interrupt_is_cpu(word)) {
		while (pp_text_word(&line, &word) && interrupt_is_cpu(word))
			interrupt_put(word, b);
	} else {
		size_t digits = count_digits(word);
		if (!digits || digits + 1 != word.len || word.data[digits] != ':')
			return;
		pp_buffer_append(b, word.data, word.len);
		bool more;
		while ((more = pp_text_word(&rest, &word)) && count_digits(word) == word.len)
			interrupt_put(word, b);
		if (more && interrupt_is_chip(word)) {
			interrupt_put(word, b);
			/* A name may begin with a digit as well. */
			if (pp_text_word(&rest, &word) && interrupt_is_number(word))
				interrupt_put(word, b);
		}
	}
	pp_buffer_puts(b, "\n");
}

/* A number in any of the kernel's forms, or an address: "0x1f", "-1", "259:1", "0000:07:00.0". */
static bool word_is_number(struct pp_span word, size_t max_digits)
{
	char text[PP_ADDRESS_TEXT_BYTES];
	struct pp_address address;
	bool hex = pp_span_starts(word, "0x");
	size_t digits = 0, colons = 0;

	for (size_t i = hex ? 2 : word.data[0] == '-'; i < word.len; i++) {
		uint8_t c = word.data[i];
		bool digit = c >= '0' && c <= '9';
		digits += digit || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
		colons += !hex && c == ':' && digits;
	}
	if (digits && digits + colons + (hex ? 2 : word.data[0] == '-') == word.len && colons < 2)
		return digits <= max_digits;
	snprintf(text, sizeof(text), "%.*s", (int)word.len, (const char *)word.data);
	if (word.len < sizeof(text) - 2 && !memchr(word.data, '.', word.len))
		strcat(text, ".0"); /* a slot's address has no function */
	return word.len < sizeof(text) && pp_address_parse(text, &address);
}

/* Words of sysfs' attributes. Any other is nothing that the kernel says there. */
static bool word_is_known(struct pp_span word)
{
	static const char *const words[] = {
		/* Documentation/ABI: runtime_status, power_state, reset_method, reserved_regions, a
		   group's name */
		"active",
		"suspended",
		"suspending",
		"resuming",
		"unsupported",
		"D0",
		"D1",
		"D2",
		"D3hot",
		"D3cold",
		"unknown",
		"error",
		"flr",
		"af_flr",
		"device_specific",
		"pm",
		"bus",
		"acpi",
		"cxl_bus",
		"direct",
		"direct-relaxable",
		"reserved",
		"msi",
		"vfio-noiommu",
		/* lockdown, parameters of modules, Xen */
		"none",
		"[none]",
		"integrity",
		"[integrity]",
		"confidentiality",
		"[confidentiality]",
		"Y",
		"N",
		"xen",
		"control_d",
		"(null)",
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (pp_span_is(word, words[i]))
			return true;
	return false;
}

static void redact_numbers(struct pp_span line, size_t max_digits, struct pp_buffer *b)
{
	struct pp_span word;
	size_t n = 0;

	while (pp_text_word(&line, &word)) {
		if (!word_is_number(word, max_digits) && !word_is_known(word))
			continue;
		pp_buffer_puts(b, n++ ? " " : "");
		pp_buffer_append(b, word.data, word.len);
	}
	pp_buffer_puts(b, "\n");
}

static void redact_words(struct pp_span line, struct pp_buffer *b)
{
	redact_numbers(line, 8, b);
}

/* A longer number may be a serial number or a WWN, but in a file of addresses and of bits. */
static void redact_addresses(struct pp_span line, struct pp_buffer *b)
{
	redact_numbers(line, 16, b);
}

static void redact_to_nothing(struct pp_span text, struct pp_buffer *b)
{
}

static int redact_options(struct pp_span *content, struct pp_arena *a, struct pp_error *e)
{
	/* A line that goes on behind a backslash is one. */
	char *joined = pp_modprobe_join(*content, a);

	if (!joined)
		return pp_fail_oom(e, "capture");
	*content = PP_SPAN(joined, strlen(joined));
	return redact_whole(content, pp_redact_options, a, e);
}

/*
 * What is known of a file. One of: nothing, which keeps it whole, since no name of anybody's stands
 * there; lines that are kept as they are; lines, or the whole, written anew.
 */
struct redact_row {
	const char *pattern; /* '*': any, but no slash; "**": any */
	bool (*keep)(struct pp_span line);
	void (*each)(struct pp_span line, struct pp_buffer *b);
	void (*all)(struct pp_span text, struct pp_buffer *b);
	int (*special)(struct pp_span *content, struct pp_arena *a, struct pp_error *e);
};

static const struct redact_row redact_rows[] = {
	/* Firmware's tables: numbers and addresses. SMBIOS also has serial numbers. */
	{ "sys/firmware/acpi/tables/DMAR" },
	{ "sys/firmware/acpi/tables/IVRS" },
	{ "sys/firmware/acpi/tables/IORT" },
	{ "sys/firmware/acpi/tables/VIOT" },
	{ "sys/firmware/acpi/tables/APIC" },
	{ "sys/firmware/dmi/tables/DMI", .special = redact_smbios },
	{ "sys/**/dmi/id/product_name" },
	{ "sys/**/dmi/id/board_name" },
	{ "sys/**/dmi/id/sys_vendor" },
	{ "sys/**/dmi/id/bios_version" },
	{ "sys/**/dmi/id/bios_date" },
	/* What the kernel was given of the device tree, by the board's maker. */
	{ "sys/firmware/devicetree/base/compatible" },
	{ "sys/firmware/devicetree/base/model" },
	{ "sys/firmware/devicetree/base/**/compatible" },
	{ "sys/firmware/devicetree/base/**/phandle" },
	{ "sys/firmware/devicetree/base/**/iommu-map" },
	{ "sys/firmware/devicetree/base/**/iommu-map-mask" },
	{ "sys/firmware/devicetree/base/**/msi-map" },
	{ "sys/firmware/devicetree/base/**/msi-parent" },
	/* Below sys/devices, or where a text told of a device. Of the configuration space only what
	   rules read was read at all. */
	{ "sys/**/config" },
	{ "sys/**/resource", .each = redact_addresses },
	{ "sys/**/class", .each = redact_words },
	{ "sys/**/vendor", .each = redact_words },
	{ "sys/**/device", .each = redact_words },
	{ "sys/**/subsystem_vendor", .each = redact_words },
	{ "sys/**/subsystem_device", .each = redact_words },
	{ "sys/**/revision", .each = redact_words },
	{ "sys/**/irq", .each = redact_words },
	{ "sys/**/numa_node", .each = redact_words },
	{ "sys/**/power_state", .each = redact_words },
	{ "sys/**/power/runtime_status", .each = redact_words },
	{ "sys/**/current_link_width", .each = redact_words },
	{ "sys/**/reset_method", .each = redact_words },
	{ "sys/**/secondary_bus_number", .each = redact_words },
	{ "sys/**/subordinate_bus_number", .each = redact_words },
	{ "sys/**/dev", .each = redact_words },
	{ "sys/**/dm/name", .all = pp_volume_redact },
	{ "sys/**/intel-iommu/cap", .each = redact_addresses },
	{ "sys/**/amd-iommu/features", .each = redact_addresses },
	{ "sys/bus/pci/slots/*/address", .each = redact_words },
	{ "sys/kernel/iommu_groups/*/reserved_regions", .each = redact_addresses },
	{ "sys/kernel/iommu_groups/*/name", .each = redact_words },
	{ "sys/kernel/security/lockdown", .each = redact_words },
	{ "sys/module/*/parameters/*", .each = redact_words },
	{ "sys/hypervisor/type", .each = redact_words },
	{ "proc/xen/capabilities", .each = redact_words },
	{ "proc/cmdline", .each = redact_command_line },
	{ "proc/version", .special = redact_version },
	{ "proc/iomem", .keep = memory_line_matters },
	{ "proc/cpuinfo", .special = redact_processors },
	{ "proc/interrupts", .each = redact_interrupt },
	{ "proc/*/mountinfo", .each = pp_mount_redact },
	{ "proc/swaps", .each = redact_swap },
	{ "var/log/**", .each = redact_log_line },
	{ "boot/config-*", .each = redact_config_line },
	{ "lib/modules/*/config", .each = redact_config_line },
	{ "usr/lib/modules/*/config", .each = redact_config_line },
	{ "lib/modules/*/modules.dep", .keep = pp_module_line_matters },
	{ "lib/modules/*/modules.builtin", .keep = pp_module_line_matters },
	{ "usr/lib/modules/*/modules.dep", .keep = pp_module_line_matters },
	{ "usr/lib/modules/*/modules.builtin", .keep = pp_module_line_matters },
	{ "etc/modprobe.d/*", .special = redact_options },
	{ "run/modprobe.d/*", .special = redact_options },
	{ "usr/local/lib/modprobe.d/*", .special = redact_options },
	{ "usr/lib/modprobe.d/*", .special = redact_options },
	{ "lib/modprobe.d/*", .special = redact_options },
	{ "run/udev/data/*", .all = pp_udev_redact },
	{ "var/lib/dpkg/status", .all = pp_packages_redact },
	{ PP_CLAIMS_PATH, .each = pp_claims_redact },
	/* That they are there is what they say. */
	{ ".dockerenv", .all = redact_to_nothing },
	{ "run/.containerenv", .all = redact_to_nothing },
	{ "run/systemd/container", .all = redact_to_nothing },
	/* What Windows says of PCI devices and of itself: ids, places, names of drivers. */
	{ "windows/devices/*/*" },
	{ "windows/system/*" },
};

/* '*' takes what has no slash, "**" anything, and nothing as well. */
static bool redact_matches(const char *pattern, const char *path)
{
	for (; *pattern != '*'; pattern++, path++) {
		if (*pattern != *path)
			return false;
		if (!*path)
			return true;
	}
	bool all = pattern[1] == '*';
	for (pattern += all ? 2 : 1;; path++) {
		if (redact_matches(pattern, path))
			return true;
		if (!*path || (!all && *path == '/'))
			return false;
	}
}

/* Whether the path is one that the pattern takes, or leads to one. */
static bool redact_leads_to(const char *pattern, const char *path)
{
	for (; *pattern != '*'; pattern++, path++) {
		if (!*path)
			return *pattern == '/' || !*pattern;
		if (*pattern != *path)
			return false;
	}
	bool all = pattern[1] == '*';
	/* Whatever the path goes on with. */
	if (all && !pattern[2])
		return true;
	for (pattern += all ? 2 : 1;; path++) {
		if (!*path || redact_leads_to(pattern, path))
			return true;
		if (!all && *path == '/')
			return false;
	}
}

bool pp_redact_takes_path(const char *path)
{
	/* What the kernel names, Windows' devices, and a library's version. */
	static const char *const more[] = { "sys/**", "windows/**", "usr/lib*/libvirt.so.0",
		                            "usr/lib/*/libvirt.so.0" };

	for (size_t i = 0; i < sizeof(more) / sizeof(more[0]); i++)
		if (redact_leads_to(more[i], path))
			return true;
	for (size_t i = 0; i < sizeof(redact_rows) / sizeof(redact_rows[0]); i++)
		if (redact_leads_to(redact_rows[i].pattern, path))
			return true;
	return false;
}

/*
 * What stands behind a pattern's last star ends the path, too. Most patterns are told by their last
 * letters, and a capture has thousands of files.
 */
static bool redact_may_match(const char *pattern, const char *path, size_t len)
{
	const char *p = pattern + strlen(pattern), *at = path + len;

	while (p > pattern && p[-1] != '*') {
		if (at == path || *--at != *--p)
			return false;
	}
	return true;
}

int pp_redact(void *ctx, const char *path, struct pp_span *content, struct pp_arena *a,
              struct pp_error *e)
{
	size_t len = strlen(path);

	for (size_t i = 0; i < sizeof(redact_rows) / sizeof(redact_rows[0]); i++) {
		const struct redact_row *row = &redact_rows[i];
		if (!redact_may_match(row->pattern, path, len) ||
		    !redact_matches(row->pattern, path))
			continue;
		return row->special ? row->special(content, a, e)
		       : row->keep  ? keep_lines(content, row->keep, a, e)
		       : row->each  ? redact_each(content, row->each, a, e)
		       : row->all   ? redact_whole(content, row->all, a, e)
		                    : 0;
	}
	return -ENOENT;
}

const char *pp_redact_pattern(size_t row)
{
	return row < sizeof(redact_rows) / sizeof(redact_rows[0]) ? redact_rows[row].pattern : NULL;
}

/* "../../usr/lib", "libvirt.so.0.9000.0": the components that a link of a host's own has. */
bool pp_redact_link(const char *path, struct pp_span text)
{
	static const char *const names[] = { ".",   "..",  "",     "usr",     "lib",   "lib64",
		                             "etc", "run", "boot", "modules", "share", "var" };
	static const char libvirt[] = "libvirt.so.0";

	if (!strncmp(path, "sys/", 4) || pp_span_is(text, "/dev/null"))
		return true;
	for (size_t at = 0; at <= text.len; at++) {
		size_t from = at;
		bool known = false;
		while (at < text.len && text.data[at] != '/')
			at++;
		struct pp_span part = PP_SPAN(text.data + from, at - from);
		for (size_t i = 0; !known && i < sizeof(names) / sizeof(names[0]); i++)
			known = pp_span_is(part, names[i]);
		if (pp_span_starts(part, libvirt)) {
			size_t i = sizeof(libvirt) - 1;
			while (i < part.len && strchr(".0123456789", part.data[i]))
				i++;
			known = i == part.len;
		}
		if (!known)
			return false;
	}
	return true;
}
