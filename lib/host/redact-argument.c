/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a capture keeps of a kernel command line: the parameters that are read here, with their
 * values. Of one that was mistyped the name stays, so that it is found. All others say nothing
 * here, and name disks, hosts and keys.
 */
#include <string.h>

#include "base/text.h"
#include "host/argument.h"
#include "host/command-line.h"
#include "host/redact-part.h"

/* Documentation/admin-guide/kernel-parameters.txt. Names with '_', as the kernel compares them. */
static const char *const redact_parameters[] = {
	"quiet",
	"pci",
	"pcie_aspm",
	"pcie_port_pm",
	"pcie_ports",
	"pcie_hp",
	"memmap",
	"lockdown",
	"nox2apic",
	"noapic",
	"nolapic",
	"disableapic",
	"nosmp",
	"maxcpus",
	"nomsi",
	"initcall_blacklist",
	"efi",
	"acpi",
	"no_timer_check",
	"nomodeset",
	"video",
	"module_blacklist",
	"modprobe.blacklist",
	"xen_pciback.hide",
	"xen_pciback.permissive",
	"xen_pciback.passthrough",
	"xen_nopv",
	"xen_no_vector_callback",
	"tboot",
	"kvm.ignore_msrs",
	"kvm.report_ignored_msrs",
	"kvm.enable_virt_at_load",
	"kvm.nx_huge_pages",
	"kvm_amd.avic",
	"kvm_amd.nested",
	"kvm_amd.npt",
	"kvm_intel.nested",
	"kvm_intel.ept",
	"kvm_intel.enable_apicv",
};

static bool redact_is_parameter(struct pp_span name)
{
	for (size_t i = 0; i < sizeof(redact_parameters) / sizeof(redact_parameters[0]); i++) {
		const char *p = redact_parameters[i];
		size_t n = strlen(p), k = 0;
		if (n != name.len)
			continue;
		while (k < n && (name.data[k] == '-' ? '_' : name.data[k]) == (uint8_t)p[k])
			k++;
		if (k == n)
			return true;
	}
	return false;
}

/* What a word keeps of itself: nothing, its name, or all. */
enum redact_keep {
	REDACT_NOTHING,
	REDACT_NAME,
	REDACT_ALL,
};

static enum redact_keep redact_judge(struct pp_span word, struct pp_span name)
{
	struct pp_argument a;

	if (redact_is_parameter(name))
		return REDACT_ALL;
	if (!pp_argument_check(word, true, &a))
		return REDACT_NOTHING;
	return a.fault == PP_ARGUMENT_UNKNOWN ? REDACT_NAME : REDACT_ALL;
}

/* A value in quotation marks may hold other words, which are judged for themselves. */
static void redact_value(struct pp_span value, struct pp_buffer *b)
{
	struct pp_span word;
	bool quoted = memchr(value.data, ' ', value.len) || memchr(value.data, '\t', value.len);
	size_t n = 0;

	if (!quoted) {
		pp_buffer_append(b, value.data, value.len);
		return;
	}
	if (value.data[0] == '"')
		value = PP_SPAN(value.data + 1, value.len - 1);
	if (value.len && value.data[value.len - 1] == '"')
		value.len--;
	pp_buffer_puts(b, "\"");
	for (size_t i = 0; pp_text_word(&value, &word); i++) {
		const uint8_t *equals = memchr(word.data, '=', word.len);
		size_t len = equals ? (size_t)(equals - word.data) : word.len;
		/* The first is the value proper. */
		if (i && redact_judge(word, PP_SPAN(word.data, len)) != REDACT_ALL)
			continue;
		pp_buffer_puts(b, n++ ? " " : "");
		pp_buffer_append(b, word.data, word.len);
	}
	pp_buffer_puts(b, "\"");
}

static void redact_word(struct pp_span word, struct pp_buffer *b)
{
	bool around = word.data[0] == '"';

	/* "name=value": the marks are no part of it. */
	if (around) {
		word = PP_SPAN(word.data + 1, word.len - 1);
		if (word.len && word.data[word.len - 1] == '"')
			word.len--;
	}
	if (!word.len)
		return;
	const uint8_t *equals = memchr(word.data, '=', word.len);
	struct pp_span name = PP_SPAN(word.data, equals ? (size_t)(equals - word.data) : word.len);
	enum redact_keep keep = redact_judge(word, name);
	if (keep == REDACT_NOTHING || memchr(name.data, ' ', name.len))
		return;
	pp_buffer_puts(b, b->len ? " " : "");
	pp_buffer_append(b, name.data, name.len);
	if (keep == REDACT_ALL && equals) {
		pp_buffer_puts(b, "=");
		redact_value(PP_SPAN(equals + 1, word.len - name.len - 1), b);
	}
}

void pp_redact_command_line(struct pp_span line, struct pp_buffer *b)
{
	struct pp_span rest = line, before = line, word;
	struct pp_buffer kept;

	pp_buffer_init(&kept, REDACT_MAX_BYTES);
	while (pp_command_line_next(&rest, &word)) {
		redact_word(word, &kept);
		before = rest;
	}
	/* "--" ended it. What stands behind it is init's, and ours only if it was put there by
	 * mistake. */
	if (pp_text_word(&before, &word))
		pp_buffer_puts(&kept, kept.len ? " --" : "--");
	while (pp_text_word(&before, &word))
		redact_word(word, &kept);
	pp_buffer_append(b, kept.data ? kept.data : "", kept.len);
	b->failed |= kept.failed;
	pp_buffer_fini(&kept);
}
