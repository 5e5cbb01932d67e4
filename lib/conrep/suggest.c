/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

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
