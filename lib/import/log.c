/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The kernel's log, as dmesg, journalctl and syslog print it. */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "import/import.h"
#include "source/kernel-log.h"

/* A line begins so that some kernel prints at boot. */
static bool log_begins(struct pp_span line)
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
	return false;
}

/* A text without any such line is no kernel log. */
static bool log_is_kernels(struct pp_span line)
{
	return log_begins(line) || pp_span_find(line, "iommu group") != NULL;
}

static bool log_message(struct pp_span *line, char buf[PP_LOG_LINE_BYTES])
{
	bool syslog = false;

	return pp_import_log_line(line, buf, &syslog);
}

static bool log_knows(struct pp_span text)
{
	unsigned int indent, stamped = 0, known = 0;
	char buf[PP_LOG_LINE_BYTES];
	struct pp_span line;

	for (unsigned int n = 0; n < 5000 && pp_import_line(&text, &line, &indent); n++) {
		bool stamp = log_message(&line, buf), kernels = log_is_kernels(line);
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
static void log_dmi(struct pp_import *in, struct pp_span line)
{
	char text[200], *bios, *date;

	if (!pp_span_starts(line, "DMI: ") || *in->dmi.product)
		return;
	pp_import_behind(line, "DMI: ", text, sizeof(text));
	bios = strstr(text, ", BIOS ");
	if (!bios)
		return;
	*bios = '\0';
	bios += strlen(", BIOS ");
	date = strrchr(bios, ' ');
	if (date)
		*date++ = '\0';
	/* "Board/Product": older kernels print the board behind a slash. */
	char *slash = strchr(text, '/');
	if (slash)
		*slash = '\0';
	snprintf(in->dmi.product, sizeof(in->dmi.product), "%s", text);
	snprintf(in->dmi.bios, sizeof(in->dmi.bios), "%.63s", bios);
	snprintf(in->dmi.date, sizeof(in->dmi.date), "%.15s", date ? date : "");
	in->dmi.line = pp_import_line_number(in);
	in->dmi.text = in->nr_texts;
}

/* What a reader of a log finds out on its way. */
struct log_state {
	bool groups;       /* it tells of IOMMU groups */
	bool other;        /* from here on it is another boot's than what an earlier text told */
	bool command_line; /* it came */
	bool syslog;       /* the kernel's lines are among others' */
	bool kernels;      /* a line of it begins as one of the kernel's */
};

/* Of a long line the kernel prints the beginning. */
static bool log_agrees(struct pp_span a, const char *b)
{
	size_t n = strlen(b);

	while (a.len && a.data[a.len - 1] == '\n')
		a.len--;
	return !memcmp(a.data, b, a.len < n ? a.len : n);
}

/* A line that is another for each boot. */
static int log_boot(struct pp_import *in, const char *path, const char *text, struct log_state *s,
                    struct pp_error *e)
{
	struct pp_span told;

	if (pp_import_get(in, path, &told) && told.len) {
		if (log_agrees(told, text))
			return 0;
		s->other = true;
		pp_import_note(in, "line %u: the log of another boot: its lines are left out",
		               pp_import_line_number(in));
	}
	return pp_import_text(in, path, text, e);
}

static int log_facts(struct pp_import *in, struct pp_span line, struct log_state *s,
                     struct pp_error *e)
{
	char text[PP_LOG_LINE_BYTES + 64];
	int r = 0;

	if (pp_span_starts(line, "Linux version ")) {
		pp_text_clean_into(text, sizeof(text), line.data, line.len);
		r = log_boot(in, "proc/version", text, s, e);
	} else if (pp_span_starts(line, "Command line: ") ||
	           pp_span_starts(line, "Kernel command line: ")) {
		/* The second line of one boot may be longer than the first, by a bootconfig. */
		pp_import_behind(line, "ommand line: ", text, sizeof(text));
		if (!s->command_line)
			r = log_boot(in, "proc/cmdline", text, s, e);
		s->command_line = true;
	}
	if (r || s->other)
		return r;
	log_dmi(in, line);
	return log_group(in, line, &s->groups, e);
}

/*
 * A journal of several boots: the last one is the host as it is. The kernel's version is each one's
 * first line; without a stamp it may be anybody's words.
 */
static struct pp_span log_last_boot(struct pp_import *in, struct pp_span text)
{
	struct pp_span rest = text, line, last = text;
	unsigned int indent, boots = 0;
	char buf[PP_LOG_LINE_BYTES];
	bool before = false;

	for (struct pp_span at = rest; pp_import_line(&rest, &line, &indent); at = rest) {
		bool begins = log_message(&line, buf) && pp_span_starts(line, "Linux version ");
		/* Some journals have each line twice. */
		if (begins && !before) {
			last = at;
			boots++;
		}
		before = begins;
	}
	if (boots < 2)
		return text;
	pp_import_note(in, "holds %u boots: the last one is read", boots);
	return last;
}

/* Of a log that was cut short at its limit the lines that are there count. */
static void log_keep(struct pp_import *in, struct pp_span line)
{
	uint32_t number = pp_import_line_number(in);

	if (in->log.failed)
		return;
	if (in->log_text != in->nr_texts || in->log_next != number)
		pp_buffer_printf(&in->origins, "log %u %u %u\n", in->nr_texts, number,
		                 in->nr_log_lines);
	in->log_text = in->nr_texts;
	in->log_next = number + 1;
	pp_buffer_append(&in->log, line.data, line.len);
	pp_buffer_puts(&in->log, "\n");
	in->nr_log_lines++;
}

static int log_read(struct pp_import *in, struct pp_span text, struct pp_error *e)
{
	struct log_state s = { 0 };
	char buf[PP_LOG_LINE_BYTES];
	struct pp_span line;
	unsigned int indent;
	int r = 0;

	in->log_text = 0;
	text = log_last_boot(in, text);
	while (!r && !s.other && pp_import_line(&text, &line, &indent)) {
		pp_import_here(in, line.data);
		if (!pp_import_log_line(&line, buf, &s.syslog) && s.syslog)
			continue;
		/* Longer lines hold nothing that is looked for. */
		if (line.len > PP_LOG_LINE_BYTES)
			continue;
		s.kernels |= log_begins(line);
		r = log_facts(in, line, &s, e);
		if (!s.other)
			log_keep(in, line);
	}
	if (in->log.failed) {
		pp_import_note(in, "has more than %zu MiB of log: the rest was not read",
		               PP_MAX_FILE_BYTES >> 20);
		in->log.failed = false;
	}
	if (!r && !s.kernels)
		pp_import_note(
			in,
			"holds no line of the kernel's log in a form that pcipass reads; on that host: "
			"sudo dmesg >dmesg.txt");
	/* Devices that came or went since may be missing. */
	if (s.groups)
		pp_import_says(in, "asked sys/kernel/iommu_groups/");
	return r;
}

/* Another text may tell maker, product and BIOS apart, or tell of another machine. */
static int log_finish_dmi(struct pp_import *in, struct pp_error *e)
{
	static const char *const tables = "sys/firmware/dmi/tables/DMI";

	if (!*in->dmi.product || pp_import_has(in, tables) ||
	    pp_import_has(in, "sys/class/dmi/id/product_name"))
		return 0;
	in->told_text = in->dmi.text;
	in->told_line = in->dmi.line;
	int r = pp_import_text(in, "sys/class/dmi/id/product_name", in->dmi.product, e);
	if (!r && !pp_import_has(in, "sys/class/dmi/id/bios_version"))
		r = pp_import_text(in, "sys/class/dmi/id/bios_version", in->dmi.bios, e);
	if (!r && *in->dmi.date && !pp_import_has(in, "sys/class/dmi/id/bios_date"))
		r = pp_import_text(in, "sys/class/dmi/id/bios_date", in->dmi.date, e);
	return r;
}

int pp_import_log_finish(struct pp_import *in, struct pp_error *e)
{
	int r = log_finish_dmi(in, e);

	if (r || !in->log.len)
		return r;
	return pp_import_file(in, PP_KERNEL_LOG_PATH, in->log.data, in->log.len, e);
}

const struct pp_reader pp_reader_log = {
	.title = "a kernel log",
	.knows = log_knows,
	.read = log_read,
};
