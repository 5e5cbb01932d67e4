/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a capture leaves out of the files that it holds. */
#include <string.h>

#include "base/buffer.h"
#include "base/text.h"
#include "host/argument.h"
#include "host/bar-log.h"
#include "host/build.h"
#include "host/claim.h"
#include "host/disk.h"
#include "host/device-log.h"
#include "host/framebuffer.h"
#include "host/modprobe.h"
#include "host/module.h"
#include "host/redact.h"
#include "smbios/smbios.h"

#define MAX_BYTES ((size_t)16 * 1024 * 1024)

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

	pp_buffer_init(&b, MAX_BYTES);
	/* A table that cannot be parsed cannot be cleaned either: its place is kept, not its bytes.
	 */
	if (pp_smbios_redact(*content, &b, NULL)) {
		pp_buffer_fini(&b);
		*content = PP_SPAN("", 0);
		return 0;
	}
	return redact_take(&b, content, a, e);
}

/* The kernel takes '-' for '_' in a name. */
static bool starts_like(struct pp_span word, const char *prefix)
{
	size_t n = strlen(prefix);

	for (size_t i = 0; i < n; i++) {
		if (i == word.len)
			return false;
		if (word.data[i] != (uint8_t)prefix[i] &&
		    !(word.data[i] == '-' && prefix[i] == '_'))
			return false;
	}
	return true;
}

/* Arguments that decide something. The others name disks, hosts and addresses. */
static bool argument_matters(struct pp_span word)
{
	static const char *const prefixes[] = {
		"iommu",
		"intel_iommu",
		"amd_iommu",
		"intremap",
		"vfio",
		"pci=",
		"pci_",
		"pcie_",
		"memmap=",
		"lockdown",
		"ivrs_",
		"nointremap",
		"nox2apic",
		"noapic",
		"nolapic",
		"disableapic",
		"nosmp",
		"maxcpus=",
		"nomsi",
		"initcall_blacklist=",
		"efi=",
		"acpi=",
		"no_timer_check",
		"xen",
		"tboot",
		"module_blacklist=",
		"modprobe.blacklist=",
		"video=",
		"nomodeset",
		"kvm.",
		"kvm_amd.",
		"kvm_intel.",
	};

	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++)
		if (starts_like(word, prefixes[i]))
			return true;
	/* What stands behind "--" is init's. */
	if (pp_span_is(word, "--") || pp_span_is(word, "quiet"))
		return true;
	/* One that was meant for them. */
	struct pp_argument a;
	return pp_argument_check(word, false, &a);
}

static int redact_command_line(struct pp_span *content, struct pp_arena *a, struct pp_error *e)
{
	struct pp_buffer b;
	struct pp_span rest = *content, word;

	pp_buffer_init(&b, MAX_BYTES);
	while (pp_text_word(&rest, &word)) {
		if (!argument_matters(word))
			continue;
		if (b.len)
			pp_buffer_puts(&b, " ");
		pp_buffer_append(&b, word.data, word.len);
	}
	pp_buffer_puts(&b, "\n");
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

	pp_buffer_init(&b, MAX_BYTES);
	for (int i = 0; i < 3 && pp_text_word(&rest, &word); i++) {
		pp_buffer_puts(&b, i ? " " : "");
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
		pp_buffer_append(&b, word.data, word.len);
	}
	pp_buffer_puts(&b, "\n");
	return redact_take(&b, content, a, e);
}

/* "Unknown kernel command line parameters "a b=c", will be …": if no other argument stands there.
 */
static bool unknown_arguments_matter(struct pp_span line)
{
	const uint8_t *begin = pp_span_find(line, "\""), *last = line.data + line.len;
	const uint8_t *end = begin ? memchr(begin + 1, '"', (size_t)(last - begin - 1)) : NULL;
	struct pp_span rest, word;

	if (!end)
		return false;
	rest = PP_SPAN(begin + 1, (size_t)(end - begin - 1));
	while (pp_text_word(&rest, &word))
		if (!argument_matters(word))
			return false;
	return true;
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
		"Lockdown:",
	};
	struct pp_address device;
	enum pp_device_line_sort sort;

	line = pp_log_message(line);
	if (pp_span_starts(line, "Unknown kernel command line parameters"))
		return unknown_arguments_matter(line);
	if (is_amd_fault(line) || is_bar_without_address(line) ||
	    pp_device_line_parse(line, &device, &sort))
		return true;
	for (size_t i = 0; i < sizeof(beginnings) / sizeof(beginnings[0]); i++)
		if (pp_span_starts(line, beginnings[i]))
			return !pp_span_starts(line, "pci ") || pp_span_find(line, "iommu");
	return log_is_osc(line);
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

	pp_buffer_init(&b, MAX_BYTES);
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

	if (pp_span_starts(line, "# Automatically generated file") ||
	    pp_span_starts(line, "# Linux/"))
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

/* "boot/config-6.1.0", "lib/modules/6.1.0/config" */
static bool is_config(const char *path)
{
	size_t n = strlen(path);

	return !strncmp(path, "boot/config-", 12) ||
	       (strstr(path, "lib/modules/") && n > 7 && !strcmp(path + n - 7, "/config"));
}

/* "lib/modules/6.1.0/modules.dep", "…/modules.builtin" */
static bool is_module_list(const char *path)
{
	const char *name = strrchr(path, '/');

	return strstr(path, "lib/modules/") && name &&
	       (!strcmp(name, "/modules.dep") || !strcmp(name, "/modules.builtin"));
}

static bool option_matters(struct pp_span line)
{
	struct pp_span word;

	if (pp_module_ban_parse(line, &word))
		return pp_span_starts(word, "vfio") || pp_span_is(word, "iommufd");
	return pp_text_word(&line, &word) && pp_span_is(word, "options") &&
	       pp_text_word(&line, &word) && pp_span_starts(word, "vfio");
}

static int keep_lines(struct pp_span *content, bool (*matters)(struct pp_span), struct pp_arena *a,
                      struct pp_error *e)
{
	struct pp_buffer b;
	struct pp_span rest = *content, line;

	pp_buffer_init(&b, MAX_BYTES);
	while (pp_text_line(&rest, &line)) {
		if (!matters(line))
			continue;
		pp_buffer_append(&b, line.data, line.len);
		pp_buffer_puts(&b, "\n");
	}
	return redact_take(&b, content, a, e);
}

/* A line that goes on behind a backslash is one. */
static int redact_options(struct pp_span *content, struct pp_arena *a, struct pp_error *e)
{
	char *joined = pp_modprobe_join(*content, a);

	if (!joined)
		return pp_fail_oom(e, "capture");
	*content = PP_SPAN(joined, strlen(joined));
	return keep_lines(content, option_matters, a, e);
}

/* A file that is swapped to has a path of somebody's; a disk has a name. */
static bool swap_matters(struct pp_span line)
{
	return pp_span_starts(line, "/dev/") && !pp_span_starts(line, "/dev/mapper/");
}

static bool path_ends(const char *path, const char *end)
{
	size_t n = strlen(path), m = strlen(end);

	return n > m && !strcmp(path + n - m, end);
}

/* What is written anew, as a whole or line by line. */
static int redact_whole(struct pp_span *content, void (*redact)(struct pp_span, struct pp_buffer *),
                        struct pp_arena *a, struct pp_error *e)
{
	struct pp_buffer b;

	pp_buffer_init(&b, MAX_BYTES);
	redact(*content, &b);
	return redact_take(&b, content, a, e);
}

static int redact_each(struct pp_span *content, void (*redact)(struct pp_span, struct pp_buffer *),
                       struct pp_arena *a, struct pp_error *e)
{
	struct pp_buffer b;
	struct pp_span rest = *content, line;

	pp_buffer_init(&b, MAX_BYTES);
	while (pp_text_line(&rest, &line))
		redact(line, &b);
	return redact_take(&b, content, a, e);
}

static bool starts_with_digit(struct pp_span word)
{
	return word.len && word.data[0] >= '0' && word.data[0] <= '9';
}

/*
 * A line of /proc/interrupts up to its chip, which tells whether interrupts are remapped, and its
 * number there. Behind them stand names that drivers make up, of a network interface or with its
 * address (show_interrupts() in kernel/irq/proc.c).
 */
static void redact_interrupt(struct pp_span line, struct pp_buffer *b)
{
	struct pp_span word;
	bool chip_told = false;

	for (size_t i = 0; pp_text_word(&line, &word); i++) {
		bool label = !i && word.data[word.len - 1] == ':';
		if (!label && !starts_with_digit(word) && !pp_span_starts(word, "CPU")) {
			if (chip_told)
				break;
			chip_told = true;
		}
		pp_buffer_puts(b, i ? " " : "");
		pp_buffer_append(b, word.data, word.len);
	}
	pp_buffer_puts(b, "\n");
}

int pp_redact(void *ctx, const char *path, struct pp_span *content, struct pp_arena *a,
              struct pp_error *e)
{
	if (!strcmp(path, "sys/firmware/dmi/tables/DMI"))
		return redact_smbios(content, a, e);
	if (!strcmp(path, "proc/cmdline"))
		return redact_command_line(content, a, e);
	if (!strcmp(path, "proc/version"))
		return redact_version(content, a, e);
	if (!strncmp(path, "var/log/", 8))
		return keep_lines(content, log_line_matters, a, e);
	if (!strcmp(path, "proc/iomem"))
		return keep_lines(content, memory_line_matters, a, e);
	if (!strcmp(path, "proc/cpuinfo"))
		return redact_processors(content, a, e);
	if (!strcmp(path, "proc/interrupts"))
		return redact_each(content, redact_interrupt, a, e);
	if (is_config(path))
		return keep_lines(content, config_line_matters, a, e);
	if (!strncmp(path, "proc/", 5) && path_ends(path, "/mountinfo"))
		return redact_each(content, pp_mount_redact, a, e);
	if (path_ends(path, "/dm/name"))
		return redact_whole(content, pp_volume_redact, a, e);
	if (!strncmp(path, "run/udev/data/", 14))
		return redact_whole(content, pp_udev_redact, a, e);
	if (!strcmp(path, PP_CLAIMS_PATH))
		return redact_each(content, pp_claims_redact, a, e);
	if (!strcmp(path, "proc/swaps"))
		return keep_lines(content, swap_matters, a, e);
	if (!strcmp(path, "var/lib/dpkg/status"))
		return redact_whole(content, pp_packages_redact, a, e);
	if (is_module_list(path))
		return keep_lines(content, pp_module_line_matters, a, e);
	if (pp_modprobe_is_file(path))
		return redact_options(content, a, e);
	return 0;
}
