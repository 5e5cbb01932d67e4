/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The name that was probably meant. */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "conrep/suggest.h"

/* Longer names are not compared, so that the work is bounded. */
#define MAX_NAME     64
#define MAX_DISTANCE 3u

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static unsigned int least(unsigned int a, unsigned int b, unsigned int c)
{
	unsigned int ab = a < b ? a : b;

	return ab < c ? ab : c;
}

/* Levenshtein's distance, row by row; letters of either case are the same. */
static unsigned int distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
	unsigned int row[MAX_NAME + 1];

	for (unsigned int j = 0; j <= b_len; j++)
		row[j] = j;
	for (unsigned int i = 1; i <= a_len; i++) {
		unsigned int diagonal = row[0];
		row[0] = i;
		for (size_t j = 1; j <= b_len; j++) {
			unsigned int above = row[j];
			unsigned int differs = lower(a[i - 1]) != lower(b[j - 1]);
			row[j] = least(above + 1, row[j - 1] + 1, diagonal + differs);
			diagonal = above;
		}
	}
	return row[b_len];
}

static void try(const char *wanted, const char *name, unsigned int *best, const char **ret)
{
	size_t wanted_len = strlen(wanted), len = strlen(name);
	size_t difference = wanted_len > len ? wanted_len - len : len - wanted_len;

	if (len > MAX_NAME || difference >= *best)
		return;
	unsigned int d = distance(wanted, wanted_len, name, len);
	if (d < *best) {
		*best = d;
		*ret = name;
	}
}

const char *pp_suggest_name(const struct pp_schema *s, const char *name)
{
	size_t len = strlen(name);
	const char *found = NULL;

	if (len > MAX_NAME)
		return NULL;
	/* In a short name few letters make another name. */
	unsigned int best = 1 + (len / 3 < MAX_DISTANCE ? (unsigned int)len / 3 : MAX_DISTANCE);
	for (uint32_t i = 0; i < s->nr_sections; i++) {
		const struct pp_schema_section *section = &s->sections[i];
		try(name, section->name, &best, &found);
		for (uint32_t j = 0; j < section->nr_altnames; j++)
			try(name, section->altnames[j], &best, &found);
	}
	return found;
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
static bool ends_with(const char *stem, size_t len, const char *end, size_t end_len)
{
	if (!end_len || end_len > len || (end_len < len && stem[len - end_len - 1] != '_'))
		return false;
	for (size_t i = 0; i < end_len; i++)
		if (lower(stem[len - end_len + i]) != lower(end[i]))
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

	if (!ends_with(name, len, wanted, wanted_len) ||
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

	if (strlen(name) > MAX_NAME || !pp_parse_dec(name + len, UINT32_MAX, &n.wanted))
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
