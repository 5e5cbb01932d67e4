/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The kernel's log, as dmesg, journalctl and syslog print it. */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "import/import.h"

/* Longer lines hold nothing that is looked for. */
#define LOG_LINE_MAX 2000u

/* "[    0.004000] ", "[Sat Nov 28 17:00:00 2026] " or "[  +0.000012] ": cut off, with its bracket.
 */
static bool log_cut_stamp(struct pp_span *line)
{
	if (!line->len || line->data[0] != '[')
		return false;
	const uint8_t *end = memchr(line->data, ']', line->len < 40 ? line->len : 40);
	if (!end)
		return false;
	for (const uint8_t *c = line->data + 1; c < end; c++)
		if (!strchr(" 0123456789.+:,-TZ", *c) &&
		    !((*c | 0x20) >= 'a' && (*c | 0x20) <= 'y'))
			return false;
	size_t n = (size_t)(end - line->data) + 1;
	n += n < line->len && line->data[n] == ' ';
	*line = PP_SPAN(line->data + n, line->len - n);
	return true;
}

/* "Nov 28 17:00:00 host kernel: " and "2026-11-28T17:00:00+00:00 host kernel: ". */
static bool log_cut_syslog(struct pp_span *line)
{
	const uint8_t *at =
		pp_span_find(PP_SPAN(line->data, line->len < 120 ? line->len : 120), " kernel: ");

	if (!at)
		return false;
	at += strlen(" kernel: ");
	*line = PP_SPAN(at, (size_t)(line->data + line->len - at));
	log_cut_stamp(line);
	return true;
}

/* A line that some kernel prints at boot; a text without any is no kernel log. */
static bool log_is_kernels(struct pp_span line)
{
	static const char *const begins[] = {
		"Linux version ", "Command line: ", "Kernel command line: ",
		"DMAR",           "AMD-Vi",         "iommu: ",
		"ACPI: ",         "BIOS-e820: ",    "vfio",
		"pci ",           "IOMMU: ",        "PCI: ",
		"DMI: ",          "arm-smmu",       "pcieport ",
		"GICv",           "SMBIOS ",
	};

	for (size_t i = 0; i < sizeof(begins) / sizeof(begins[0]); i++)
		if (pp_span_starts(line, begins[i]))
			return true;
	return pp_span_find(line, "iommu group") != NULL;
}

static bool log_message(struct pp_span *line)
{
	if (line->len && line->data[0] == '<') {
		uint64_t level;
		size_t n = pp_import_hex(PP_SPAN(line->data + 1, line->len - 1), &level);
		if (n && n + 1 < line->len && line->data[n + 1] == '>')
			*line = PP_SPAN(line->data + n + 2, line->len - n - 2);
	}
	return log_cut_stamp(line) || log_cut_syslog(line);
}

static bool log_knows(struct pp_span text)
{
	unsigned int indent, stamped = 0, known = 0;
	struct pp_span line;

	for (unsigned int n = 0; n < 5000 && pp_import_line(&text, &line, &indent); n++) {
		bool stamp = log_message(&line), kernels = log_is_kernels(line);
		stamped += stamp && kernels;
		known += kernels;
		if (stamped || known >= 2)
			return true;
	}
	return stamped || known >= 2;
}

/* "pci 0000:07:00.0: Adding to iommu group 19", since 5.3; before "iommu: Adding device … to group
 * N". */
static int log_group(struct pp_import *in, struct pp_span line, bool *any, struct pp_error *e)
{
	char address[PP_ADDRESS_TEXT_BYTES + 1] = "", number[16];
	struct pp_address a;
	uint64_t group;

	if (pp_import_behind(line, ": Adding to iommu group ", number, sizeof(number)))
		pp_import_behind(line, "pci ", address, sizeof(address));
	else if (pp_import_behind(line, " to group ", number, sizeof(number)))
		pp_import_behind(line, "iommu: Adding device ", address, sizeof(address));
	char *end = strpbrk(address, " ");
	if (end)
		*end = '\0';
	size_t n = strlen(address);
	if (n && address[n - 1] == ':')
		address[n - 1] = '\0';
	if (!pp_address_parse(address, &a) || !pp_parse_dec(number, UINT32_MAX - 1, &group))
		return 0;
	*any = true;
	return pp_import_group(in, a, (uint32_t)group, e);
}

/* "DMI: HP ProLiant DL380p Gen8, BIOS P70 05/24/2019": maker and product are not told apart. */
static int log_dmi(struct pp_import *in, struct pp_span line, struct pp_error *e)
{
	char text[200], *bios, *date;

	if (!pp_span_starts(line, "DMI: "))
		return 0;
	pp_import_behind(line, "DMI: ", text, sizeof(text));
	bios = strstr(text, ", BIOS ");
	if (!bios)
		return 0;
	*bios = '\0';
	bios += strlen(", BIOS ");
	date = strrchr(bios, ' ');
	if (date)
		*date++ = '\0';
	/* "Board/Product": older kernels print the board behind a slash. */
	char *slash = strchr(text, '/');
	if (slash)
		*slash = '\0';
	int r = pp_import_text(in, "sys/class/dmi/id/product_name", text, e);
	if (!r)
		r = pp_import_text(in, "sys/class/dmi/id/bios_version", bios, e);
	return r || !date ? r : pp_import_text(in, "sys/class/dmi/id/bios_date", date, e);
}

static int log_facts(struct pp_import *in, struct pp_span line, bool *groups, struct pp_error *e)
{
	char text[LOG_LINE_MAX + 64];
	int r = 0;

	if (pp_span_starts(line, "Linux version ")) {
		pp_text_clean_into(text, sizeof(text), line.data, line.len);
		r = pp_import_text(in, "proc/version", text, e);
	} else if (pp_span_starts(line, "Command line: ") ||
	           pp_span_starts(line, "Kernel command line: ")) {
		pp_import_behind(line, "ommand line: ", text, sizeof(text));
		r = pp_import_text(in, "proc/cmdline", text, e);
	}
	if (!r)
		r = log_dmi(in, line, e);
	return r ? r : log_group(in, line, groups, e);
}

static int log_read(struct pp_import *in, struct pp_span text, struct pp_error *e)
{
	struct pp_span line;
	unsigned int indent;
	bool groups = false;
	int r = 0;

	while (!r && pp_import_line(&text, &line, &indent)) {
		if (line.len > LOG_LINE_MAX)
			continue;
		log_message(&line);
		pp_buffer_append(&in->log, line.data, line.len);
		pp_buffer_puts(&in->log, "\n");
		r = log_facts(in, line, &groups, e);
	}
	if (in->log.failed) {
		pp_import_note(in, "has more than %zu MiB of log: the rest was not read",
		               PP_MAX_FILE_BYTES >> 20);
		in->log.failed = false;
	}
	/* Devices that came or went since may be missing. */
	if (groups)
		pp_import_says(in, "asked sys/kernel/iommu_groups/");
	return r;
}

const struct pp_reader pp_reader_log = {
	.title = "a kernel log",
	.knows = log_knows,
	.read = log_read,
};
