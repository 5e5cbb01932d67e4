/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The lines of lspci's output as it printed them: those that mail and terminals broke are whole. */
#include <string.h>

#include "base/text.h"
#include "import/lspci.h"

/* "10: 47 05 10 00 …" */
static bool lines_is_dump(struct pp_span line)
{
	uint64_t at;
	size_t n = pp_import_hex(line, &at);

	return n >= 2 && n <= 3 && n < line.len && line.data[n] == ':';
}

/* "(prog-if 01": the parenthesis does not end. */
static bool lines_is_open(struct pp_span line)
{
	bool open = false;

	for (size_t i = 0; i < line.len; i++)
		open = line.data[i] == '(' || (open && line.data[i] != ')');
	return open;
}

/*
 * Whether a line that is not indented is the rest of the one before: mail programs break long lines
 * at blanks, terminals anywhere, so that a blank may come first. A heading of -nn ends with its
 * ids, its revision and interface, and what lspci tells below it is indented.
 */
static bool lines_goes_on(struct pp_span line, unsigned int indent, struct pp_span next,
                          unsigned int next_indent)
{
	uint64_t number, other;
	struct pp_span rest = next;
	uint32_t group;

	/* The last words of the flags, which a list of groups would have with a colon. */
	if (indent > 1 && !next_indent && pp_span_starts(line, "Flags: ") &&
	    pp_lspci_group(&rest, &group) && !rest.len)
		return true;
	if (!next.len || next_indent > 1 || pp_lspci_is_heading(next) ||
	    pp_lspci_is_damaged(next) || lines_is_dump(next))
		return false;
	if (!pp_lspci_is_heading(line))
		return indent > 1 && !next_indent && !lines_is_dump(line);
	if (pp_lspci_ids(line, &number, &other))
		return next.data[0] == '(' || lines_is_open(line);
	/* The ids of a subsystem are not the device's. */
	return pp_lspci_class(line, &number) && !pp_lspci_is_detail(next);
}

/* Up to its end; false: it is too long. */
static bool lines_join(struct pp_lspci_lines *l, struct pp_span *line, struct pp_span next)
{
	uint64_t vendor, device;

	if (line->len + 1 + next.len > sizeof(l->joined))
		return false;
	if (line->data != l->joined)
		memcpy(l->joined, line->data, line->len);
	uint8_t *end = l->joined + line->len;
	*end = ' ';
	memcpy(end + 1, next.data, next.len);
	struct pp_span all = PP_SPAN(l->joined, line->len + 1 + next.len);
	/* A terminal breaks in the middle of a word: "[1000:" and "0087]". */
	if (pp_lspci_is_heading(all) && !pp_lspci_ids(all, &vendor, &device)) {
		memmove(end, end + 1, next.len);
		all.len--;
	}
	*line = all;
	return true;
}

bool pp_lspci_next(struct pp_lspci_lines *l, struct pp_span *text, struct pp_span *line,
                   unsigned int *indent)
{
	struct pp_span next;
	unsigned int next_indent;

	if (!pp_import_line(text, line, indent))
		return false;
	l->begin = line->data;
	for (struct pp_span rest = *text; pp_import_line(&rest, &next, &next_indent) &&
	                                  lines_goes_on(*line, *indent, next, next_indent) &&
	                                  lines_join(l, line, next);)
		*text = rest;
	return true;
}
