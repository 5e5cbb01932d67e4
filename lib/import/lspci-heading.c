/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The line that begins a device in the output of lspci and in lists of IOMMU groups. */
#include <string.h>

#include "base/hex.h"
#include "base/text.h"
#include "import/lspci.h"

/* So far into a line something may stand before its address. */
#define HEADING_BYTES 48u

/* "[RESET]" and "[1000:0087]" of lists of groups, "-" and "--->" of people: their length. */
static size_t heading_mark(struct pp_span s)
{
	size_t n = 0;

	if (s.len && s.data[0] == '[') {
		for (n = 1; n < s.len && n < 12 && s.data[n] != ']' && s.data[n] > ' ';)
			n++;
		return n < s.len && s.data[n] == ']' ? n + 1 : 0;
	}
	while (n < s.len && n < 8 && memchr("-=*>~", s.data[n], 5))
		n++;
	return n;
}

static struct pp_span heading_behind_marks(struct pp_span line)
{
	size_t n;

	for (unsigned int i = 0; i < 4 && (n = heading_mark(line)); i++) {
		while (n < line.len && (line.data[n] == ' ' || line.data[n] == '\t'))
			n++;
		line = PP_SPAN(line.data + n, line.len - n);
	}
	return line;
}

bool pp_lspci_address(struct pp_span *line, struct pp_address *ret)
{
	char text[PP_ADDRESS_TEXT_BYTES];
	struct pp_span s = heading_behind_marks(*line);
	size_t n = 0;

	while (n < s.len && s.data[n] != ' ' && n < sizeof(text) - 1)
		n++;
	/* A domain has four digits at least: "1:07:00.0" is the line of a file that grep found. */
	if ((n != 7 && n < 12) || n == s.len || s.data[n] != ' ')
		return false;
	memcpy(text, s.data, n);
	text[n] = '\0';
	if (text[n - 2] != '.' || !pp_address_parse(text, ret))
		return false;
	*line = PP_SPAN(s.data + n + 1, s.len - n - 1);
	return true;
}

/* "IOMMU Group 13 07:00.0 …", "Group 13: 07:00.0", "IOMMU group 13: [1000:0087] 07:00.0". */
bool pp_lspci_group(struct pp_span *line, uint32_t *ret)
{
	static const char *const begins[] = { "IOMMU Group ", "IOMMU group ", "Group ",
		                              "Group: ", "group " };

	for (size_t i = 0; i < sizeof(begins) / sizeof(begins[0]); i++) {
		size_t n = strlen(begins[i]), digits = 0;
		char number[12];
		uint64_t v;
		if (!pp_span_starts(*line, begins[i]))
			continue;
		while (n < line->len && line->data[n] == ' ')
			n++;
		while (n + digits < line->len && digits < sizeof(number) - 1 &&
		       line->data[n + digits] >= '0' && line->data[n + digits] <= '9')
			digits++;
		memcpy(number, line->data + n, digits);
		number[digits] = '\0';
		if (!digits || !pp_parse_dec(number, UINT32_MAX - 1, &v))
			return false;
		n += digits;
		while (n < line->len &&
		       (line->data[n] == ':' || line->data[n] == ' ' || line->data[n] == '\t'))
			n++;
		*line = PP_SPAN(line->data + n, line->len - n);
		*ret = (uint32_t)v;
		return true;
	}
	return false;
}

/* "[1000:0087]" or "[0107]:"; the last of its kind in the line. */
bool pp_lspci_ids(struct pp_span line, uint64_t *vendor, uint64_t *device)
{
	bool found = false;

	for (size_t i = 0; i + 11 <= line.len; i++) {
		uint64_t v, d;
		if (line.data[i] != '[' || line.data[i + 5] != ':' || line.data[i + 10] != ']' ||
		    pp_import_hex(PP_SPAN(line.data + i + 1, 4), &v) != 4 ||
		    pp_import_hex(PP_SPAN(line.data + i + 6, 4), &d) != 4)
			continue;
		*vendor = v;
		*device = d;
		found = true;
	}
	return found;
}

bool pp_lspci_class(struct pp_span line, uint64_t *ret)
{
	for (size_t i = 0; i + 7 <= line.len; i++)
		if (line.data[i] == '[' && line.data[i + 5] == ']' && line.data[i + 6] == ':' &&
		    pp_import_hex(PP_SPAN(line.data + i + 1, 4), ret) == 4)
			return true;
	return false;
}

/* Below a heading of "lspci -k" or "-v", as their second line. */
bool pp_lspci_is_detail(struct pp_span line)
{
	static const char *const begins[] = { "Subsystem: ", "DeviceName: ",    "Control: I/O",
		                              "Flags: ",     "Physical Slot: ", "Kernel " };

	for (size_t i = 0; i < sizeof(begins) / sizeof(begins[0]); i++)
		if (pp_span_starts(line, begins[i]))
			return true;
	return false;
}

/* "07:00.0 …", also behind its group; or a group's own line. */
bool pp_lspci_is_heading(struct pp_span line)
{
	struct pp_address a;
	uint32_t group;

	return pp_lspci_group(&line, &group) || pp_lspci_address(&line, &a);
}

/* "07:00.0" at that place, and no more digits. */
static bool heading_address_at(struct pp_span line, size_t at)
{
	static const char form[] = "xx:xx.x";

	if (line.len - at < 7 || (at && pp_hex_digit(line.data[at - 1]) < 16))
		return false;
	for (size_t i = 0; i < 7; i++)
		if (form[i] == 'x' ? pp_hex_digit(line.data[at + i]) == 16
		                   : line.data[at + i] != (uint8_t)form[i])
			return false;
	return line.len - at == 7 || pp_hex_digit(line.data[at + 7]) == 16;
}

bool pp_lspci_is_several(struct pp_span line)
{
	size_t n = 0;

	for (size_t i = 0; i < line.len; i++)
		n += heading_address_at(line, i) && (i + 7 == line.len || line.data[i + 7] == ' ');
	return n > 1;
}

bool pp_lspci_is_damaged(struct pp_span line)
{
	uint64_t class_code;
	size_t i = 0;

	while (i < line.len && i < HEADING_BYTES && !heading_address_at(line, i))
		i++;
	return i < line.len && i < HEADING_BYTES && pp_lspci_class(line, &class_code);
}
