/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Files of /proc as they are: iomem and cmdline. */
#include <string.h>

#include "base/text.h"
#include "import/import.h"

/* "00000000-00000fff : Reserved" */
static bool iomem_line(struct pp_span line)
{
	uint64_t start, end;
	size_t n = pp_import_hex(line, &start);

	if (n < 8 || n + 1 >= line.len || line.data[n] != '-')
		return false;
	struct pp_span rest = PP_SPAN(line.data + n + 1, line.len - n - 1);
	n = pp_import_hex(rest, &end);
	return n >= 8 && n + 3 < rest.len && !memcmp(rest.data + n, " : ", 3);
}

static bool iomem_knows(struct pp_span text)
{
	unsigned int indent, lines = 0, known = 0;
	struct pp_span line;

	while (lines < 50 && pp_import_line(&text, &line, &indent)) {
		lines += line.len != 0;
		known += iomem_line(line);
	}
	return known >= 3 && known * 2 > lines;
}

static int iomem_read(struct pp_import *in, struct pp_span text, struct pp_error *e)
{
	if (text.len > PP_MAX_FILE_BYTES)
		return pp_fail(e, E2BIG, "%.200s: more than %zu MiB for /proc/iomem", in->name,
		               PP_MAX_FILE_BYTES >> 20);
	return pp_import_file(in, "proc/iomem", text.data, text.len, e);
}

const struct pp_reader pp_reader_iomem = {
	.title = "/proc/iomem",
	.knows = iomem_knows,
	.read = iomem_read,
};

/* "           CPU0       CPU1", then "  0:  10  0  IR-IO-APIC   2-edge  timer". */
static bool interrupts_knows(struct pp_span text)
{
	struct pp_span line, word;
	unsigned int indent;

	return pp_import_line(&text, &line, &indent) && indent && pp_text_word(&line, &word) &&
	       pp_span_is(word, "CPU0") && pp_import_line(&text, &line, &indent) &&
	       pp_span_find(line, ":") != NULL;
}

static int interrupts_read(struct pp_import *in, struct pp_span text, struct pp_error *e)
{
	if (text.len > PP_MAX_FILE_BYTES)
		return pp_fail(e, E2BIG, "%.200s: more than %zu MiB for /proc/interrupts", in->name,
		               PP_MAX_FILE_BYTES >> 20);
	return pp_import_file(in, "proc/interrupts", text.data, text.len, e);
}

const struct pp_reader pp_reader_interrupts = {
	.title = "/proc/interrupts",
	.knows = interrupts_knows,
	.read = interrupts_read,
};

/* One line, which names a kernel or its root. */
static bool command_line_knows(struct pp_span text)
{
	struct pp_span line, more;
	unsigned int indent;

	if (!pp_import_line(&text, &line, &indent) || line.len > 4096)
		return false;
	while (pp_import_line(&text, &more, &indent))
		if (more.len)
			return false;
	return pp_span_starts(line, "BOOT_IMAGE=") || pp_span_starts(line, "root=") ||
	       pp_span_starts(line, "initrd=") || pp_span_find(line, " root=");
}

static int command_line_read(struct pp_import *in, struct pp_span text, struct pp_error *e)
{
	return pp_import_file(in, "proc/cmdline", text.data, text.len, e);
}

const struct pp_reader pp_reader_command_line = {
	.title = "/proc/cmdline",
	.knows = command_line_knows,
	.read = command_line_read,
};
