/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The name that somebody meant who typed another one: the least edit distance. */
#include <string.h>

#include "base/nearest.h"

#define MAX_DISTANCE 3u

static char nearest_lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static unsigned int nearest_least(unsigned int a, unsigned int b, unsigned int c)
{
	unsigned int ab = a < b ? a : b;

	return ab < c ? ab : c;
}

/*
 * Edits that make one of the other, row by row: a letter more, less or another, or two neighbours
 * that changed places, which is the commonest slip. Letters of either case are the same.
 */
static unsigned int nearest_distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
	unsigned int rows[3][PP_NEAREST_MAX_NAME + 1];
	unsigned int *before = rows[0], *last = rows[1], *row = rows[2];

	for (unsigned int j = 0; j <= b_len; j++)
		last[j] = j;
	for (unsigned int i = 1; i <= a_len; i++) {
		row[0] = i;
		for (size_t j = 1; j <= b_len; j++) {
			char x = nearest_lower(a[i - 1]), y = nearest_lower(b[j - 1]);
			row[j] = nearest_least(last[j] + 1, row[j - 1] + 1, last[j - 1] + (x != y));
			if (i > 1 && j > 1 && x == nearest_lower(b[j - 2]) &&
			    y == nearest_lower(a[i - 2]) && before[j - 2] + 1 < row[j])
				row[j] = before[j - 2] + 1;
		}
		unsigned int *oldest = before;
		before = last;
		last = row;
		row = oldest;
	}
	return last[b_len];
}

void pp_nearest_init(struct pp_nearest *n, const char *wanted)
{
	size_t len = strlen(wanted);
	/* In a short name few letters make another name. */
	unsigned int most = len / 3 < MAX_DISTANCE ? (unsigned int)len / 3 : MAX_DISTANCE;

	*n = (struct pp_nearest){ .wanted = wanted, .distance = most + 1 };
}

void pp_nearest_offer(struct pp_nearest *n, const char *name)
{
	size_t wanted_len = strlen(n->wanted), len = strlen(name);
	size_t difference = wanted_len > len ? wanted_len - len : len - wanted_len;

	if (wanted_len > PP_NEAREST_MAX_NAME || len > PP_NEAREST_MAX_NAME ||
	    difference >= n->distance)
		return;
	unsigned int d = nearest_distance(n->wanted, wanted_len, name, len);
	if (d < n->distance) {
		n->distance = d;
		n->found = name;
	}
}

const char *pp_nearest_name(const char *typed, const char *const *names, size_t count)
{
	struct pp_nearest n;

	pp_nearest_init(&n, typed);
	for (size_t i = 0; i < count; i++)
		if (names[i])
			pp_nearest_offer(&n, names[i]);
	return n.found;
}
