/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a capture leaves out of the files that it holds. */
#include <string.h>

#include "base/buffer.h"
#include "base/text.h"
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
		"nox2apic",
		"noapic",
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
		"kvm",
		"quiet",
		"--",
	};

	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++)
		if (starts_like(word, prefixes[i]))
			return true;
	return false;
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

/* "Linux version RELEASE": behind it stands who built it, and where. */
static int redact_version(struct pp_span *content, struct pp_arena *a, struct pp_error *e)
{
	struct pp_buffer b;
	struct pp_span rest = *content, word;

	pp_buffer_init(&b, MAX_BYTES);
	for (int i = 0; i < 3 && pp_text_word(&rest, &word); i++) {
		pp_buffer_puts(&b, i ? " " : "");
		pp_buffer_append(&b, word.data, word.len);
	}
	pp_buffer_puts(&b, "\n");
	return redact_take(&b, content, a, e);
}

/* Behind "<4>", "kernel: " and "[    1.234567] [    T0] ", in whatever order they come. */
static struct pp_span message_of(struct pp_span line)
{
	for (;;) {
		const uint8_t *end = NULL;
		if (line.len && line.data[0] == '[' && !pp_span_starts(line, "[Firmware"))
			end = pp_span_find(line, "] ");
		else if (line.len && line.data[0] == '<')
			end = pp_span_find(line, ">");
		else if (pp_span_starts(line, "kernel: "))
			end = line.data + 6;
		if (!end)
			return line;
		end += *end == '>' ? 1 : 2;
		line = PP_SPAN(end, (size_t)(line.data + line.len - end));
	}
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

/* The kernel's own lines on what matters: programs that write to its log begin otherwise. */
static bool log_line_matters(struct pp_span line)
{
	static const char *const beginnings[] = {
		"DMAR",
		"AMD-Vi",
		"GICv2m: range",
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
	line = message_of(line);
	if (pp_span_starts(line, "Unknown kernel command line parameters"))
		return unknown_arguments_matter(line);
	if (is_amd_fault(line))
		return true;
	for (size_t i = 0; i < sizeof(beginnings) / sizeof(beginnings[0]); i++)
		if (pp_span_starts(line, beginnings[i]))
			return !pp_span_starts(line, "pci ") || pp_span_find(line, "iommu");
	return false;
}

/* Where the kernel's code lies is nobody's business. */
static bool memory_line_matters(struct pp_span line)
{
	return pp_span_find(line, " : Reserved") || pp_span_find(line, " : reserved") ||
	       pp_span_find(line, " : ACPI ");
}

/* Of the processors, whether they are virtual. */
static int redact_processors(struct pp_span *content)
{
	static const char virtual[] = "flags : hypervisor\n", real[] = "flags :\n";

	if (!pp_span_find(*content, "flags"))
		*content = PP_SPAN("", 0);
	else if (pp_span_find(*content, " hypervisor"))
		*content = PP_SPAN(virtual, sizeof(virtual) - 1);
	else
		*content = PP_SPAN(real, sizeof(real) - 1);
	return 0;
}

static bool option_matters(struct pp_span line)
{
	struct pp_span word;

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
		return redact_processors(content);
	if (!strncmp(path, "etc/modprobe.d/", 15))
		return keep_lines(content, option_matters, a, e);
	return 0;
}
