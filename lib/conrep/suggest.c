/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The name that was probably meant. */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/nearest.h"
#include "base/text.h"
#include "conrep/suggest.h"

static char suggest_lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

const char *pp_suggest_name(const struct pp_schema *s, const char *name)
{
	struct pp_nearest nearest;

	pp_nearest_init(&nearest, name);
	for (uint32_t i = 0; i < s->nr_sections; i++) {
		const struct pp_schema_section *section = &s->sections[i];
		pp_nearest_offer(&nearest, section->name);
		for (uint32_t j = 0; j < section->nr_altnames; j++)
			pp_nearest_offer(&nearest, section->altnames[j]);
	}
	return nearest.found;
}

/* Letters before the digits that a name ends with. */
static size_t stem_len(const char *name)
{
	size_t len = strlen(name);

	while (len && name[len - 1] >= '0' && name[len - 1] <= '9')
		len--;
	return len;
}

/* "Slot" ends "RMRDS_Slot": what is left of a name without its first word, or the whole of it. */
static bool suggest_ends_with(const char *stem, size_t len, const char *end, size_t end_len)
{
	if (!end_len || end_len > len || (end_len < len && stem[len - end_len - 1] != '_'))
		return false;
	for (size_t i = 0; i < end_len; i++)
		if (suggest_lower(stem[len - end_len + i]) != suggest_lower(end[i]))
			return false;
	return true;
}

/* Settings whose names differ in a number, and which of them there are. */
struct numbered {
	const char *stem;
	int len;
	uint64_t wanted, first, last;
	bool has_wanted;
};

static void count_section(struct numbered *n, const char *name, const char *wanted,
                          size_t wanted_len)
{
	size_t len = stem_len(name);
	uint64_t number;

	if (!suggest_ends_with(name, len, wanted, wanted_len) ||
	    !pp_parse_dec(name + len, UINT32_MAX, &number))
		return;
	if (!n->stem) {
		n->stem = name;
		n->len = (int)len;
		n->first = n->last = number;
	}
	if ((size_t)n->len != len || strncmp(n->stem, name, len) != 0)
		return;
	n->first = number < n->first ? number : n->first;
	n->last = number > n->last ? number : n->last;
	n->has_wanted |= number == n->wanted;
}

static bool suggest_numbered(const struct pp_schema *s, const char *name, char *ret, size_t size)
{
	struct numbered n = { 0 };
	size_t len = stem_len(name);

	if (strlen(name) > PP_NEAREST_MAX_NAME || !pp_parse_dec(name + len, UINT32_MAX, &n.wanted))
		return false;
	for (uint32_t i = 0; i < s->nr_sections; i++)
		count_section(&n, s->sections[i].name, name, len);
	if (!n.stem || (!n.has_wanted && n.first == n.last))
		return false;
	if (n.has_wanted)
		snprintf(ret, size, "; did you mean %.*s%u?", n.len, n.stem,
		         (unsigned int)n.wanted);
	else
		snprintf(ret, size, "; it has %.*s%u to %.*s%u", n.len, n.stem,
		         (unsigned int)n.first, n.len, n.stem, (unsigned int)n.last);
	return true;
}

void pp_suggest(const struct pp_schema *s, const char *name, char *ret, size_t size)
{
	const char *near;

	*ret = '\0';
	if (suggest_numbered(s, name, ret, size))
		return;
	near = pp_suggest_name(s, name);
	if (near)
		snprintf(ret, size, "; did you mean %.100s?", near);
}
