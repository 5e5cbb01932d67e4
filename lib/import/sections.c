/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Texts in which a tool wrote down the output of many commands: supportconfig, pvereport. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "import/import.h"

/* "#==[ Command ]=====#", and the command in the line below. */
#define SUPPORTCONFIG_HEAD "#==["
/* The first section of a report of Proxmox VE. */
#define PVE_FIRST "==== general system info ===="

/* What of a section is wanted, by the command without its directory, or the file. */
static const struct section_kind {
	const char *command;
	const struct pp_reader *reader;
} section_kinds[] = {
	{ "lspci -nnk", &pp_reader_lspci },
	{ "lspci -nn", &pp_reader_lspci },
	{ "lspci -nnvv", &pp_reader_lspci },
	/* Without ids: those of "lspci -nn" above it. */
	{ "lspci -vvv", &pp_reader_lspci },
	{ "dmesg", &pp_reader_log },
	{ "dmesg -T", &pp_reader_log },
	{ "uname -a", &pp_reader_uname },
	{ "pveversion --verbose", &pp_reader_pveversion },
	{ "dmidecode", &pp_reader_any },
	{ "dmidecode -t bios", &pp_reader_any },
	{ "cat /proc/cmdline", &pp_reader_command_line },
	{ "/proc/cmdline", &pp_reader_command_line },
	{ "/proc/iomem", &pp_reader_iomem },
	{ "/proc/interrupts", &pp_reader_interrupts },
};

/* A text as it is walked. */
struct sections {
	struct pp_span rest;
	uint32_t line;                   /* number of the last line, from 1 */
	const struct section_kind *kind; /* of the section that is open, NULL: not wanted */
	uint32_t begin;                  /* the line of its command */
	const uint8_t *body;
	bool log;
};

static const struct section_kind *section_find(struct pp_span command)
{
	const uint8_t *blank = command.len ? memchr(command.data, ' ', command.len) : NULL;
	size_t word = blank ? (size_t)(blank - command.data) : command.len, at = word;
	struct pp_span program = command;

	/* "/sbin/lspci -nn", as supportconfig has it. */
	while (at && command.data[at - 1] != '/')
		at--;
	program = PP_SPAN(command.data + at, command.len - at);
	for (size_t i = 0; i < sizeof(section_kinds) / sizeof(section_kinds[0]); i++)
		if (pp_span_is(command, section_kinds[i].command) ||
		    (pp_span_is(program, section_kinds[i].command) && command.data[0] == '/'))
			return &section_kinds[i];
	return NULL;
}

/* What the open section holds, up to end. What is wrong with it is noted, the others stay. */
static int section_close(struct pp_import *in, struct sections *s, const uint8_t *end,
                         struct pp_error *e)
{
	const struct section_kind *kind = s->kind;
	const char *text = in->name;
	char name[512];

	s->kind = NULL;
	if (!kind || end <= s->body)
		return 0;
	/* "dmesg" and "dmesg -T" are one log. */
	if (kind->reader == &pp_reader_log) {
		if (s->log)
			return 0;
		s->log = true;
	}
	snprintf(name, sizeof(name), "%.300s, line %u: %s", text, s->begin, kind->command);
	in->name = name;
	int r = pp_import_read(in, kind->reader, PP_SPAN(s->body, (size_t)(end - s->body)), e);
	if (r == -EBADMSG || r == -E2BIG) {
		pp_import_note(in, "not read: %s", e ? e->text : "damaged");
		r = 0;
	}
	in->name = text;
	return r;
}

static void section_open(struct sections *s, struct pp_span command)
{
	s->kind = section_find(command);
	s->begin = s->line;
	s->body = s->rest.data;
}

static struct pp_span section_command(struct pp_span line)
{
	return PP_SPAN(line.data + 2, line.len - 2);
}

static bool supportconfig_knows(struct pp_span text)
{
	struct pp_span line, next;
	unsigned int indent;

	for (unsigned int n = 0; n < 200 && pp_import_line(&text, &line, &indent); n++) {
		struct pp_span rest = text;
		if (pp_span_starts(line, SUPPORTCONFIG_HEAD) &&
		    pp_import_line(&rest, &next, &indent) && pp_span_starts(next, "# "))
			return true;
	}
	return false;
}

static int supportconfig_read(struct pp_import *in, struct pp_span text, struct pp_error *e)
{
	struct sections s = { .rest = text };
	struct pp_span line;
	unsigned int indent;
	bool head = false;
	int r = 0;

	while (!r && pp_import_line(&s.rest, &line, &indent)) {
		s.line++;
		if (head && pp_span_starts(line, "# "))
			section_open(&s, section_command(line));
		head = !indent && pp_span_starts(line, SUPPORTCONFIG_HEAD);
		if (head)
			r = section_close(in, &s, line.data, e);
	}
	return r ? r : section_close(in, &s, text.data + text.len, e);
}

const struct pp_reader pp_reader_supportconfig = {
	.title = "a text of supportconfig",
	.knows = supportconfig_knows,
	.read = supportconfig_read,
};

static bool pve_knows(struct pp_span text)
{
	struct pp_span line;
	unsigned int indent;

	for (unsigned int n = 0; n < 200 && pp_import_line(&text, &line, &indent); n++)
		if (pp_span_is(line, PVE_FIRST))
			return true;
	return false;
}

/*
 * PVE/Report.pm: an empty line, "# COMMAND", its output; between them "==== TITLE ====". The output
 * of some has comments of its own, so that a section ends at what looks like the next.
 */
static int pve_read(struct pp_import *in, struct pp_span text, struct pp_error *e)
{
	struct sections s = { .rest = text };
	struct pp_span line;
	unsigned int indent;
	bool empty = true, first = false;
	int r = 0;

	while (!r && pp_import_line(&s.rest, &line, &indent)) {
		bool title = pp_span_starts(line, "==== ");
		bool command = empty && !indent && pp_span_starts(line, "# ");
		s.line++;
		if (title || command)
			r = section_close(in, &s, line.data, e);
		if (r)
			break;
		if (pp_span_is(line, PVE_FIRST)) {
			if (first)
				return pp_fail(e, EBADMSG,
				               "%.300s: line %u: a second report begins here: give "
				               "one host at a time",
				               in->name, s.line);
			first = true;
		}
		if (command)
			section_open(&s, section_command(line));
		empty = !line.len || title;
	}
	return r ? r : section_close(in, &s, text.data + text.len, e);
}

const struct pp_reader pp_reader_pve = {
	.title = "a report of Proxmox VE",
	.knows = pve_knows,
	.read = pve_read,
};
