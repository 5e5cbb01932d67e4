/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which rows the survey's table shows, and in which order: by what stands in their cells. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"
#include "report/columns.h"
#include "report/words.h"

/* A row, and its cells in the columns that are sorted by. */
struct choice {
	const struct pp_row *row;
	const char *const *keys;
	unsigned int nr_keys;
};

/* A cell is the pattern, in which "*" stands for anything; the case of letters does not count. */
static bool choose_matches(const char *cell, const char *pattern, size_t len)
{
	const char *star = NULL, *again = NULL, *end = pattern + len;

	while (*cell) {
		if (pattern < end && *pattern == '*') {
			star = ++pattern;
			again = cell;
		} else if (pattern < end && !strncasecmp(pattern, cell, 1)) {
			pattern++;
			cell++;
		} else if (star) {
			pattern = star;
			cell = ++again;
		} else
			return false;
	}
	while (pattern < end && *pattern == '*')
		pattern++;
	return pattern == end;
}

/* A verdict goes by its name, "blocked-fixable", and by the word for people, "fixable". */
static bool choose_matches_verdict(enum pp_verdict v, const char *pattern, size_t len)
{
	return choose_matches(pp_verdict_name(v), pattern, len) ||
	       choose_matches(pp_words_verdict(v), pattern, len);
}

static bool choose_takes(const struct pp_column *c, const char *cell, const char *pattern,
                         size_t len)
{
	if (choose_matches(cell, pattern, len))
		return true;
	for (unsigned int v = 0; c->is_verdict && v < PP_VERDICT_COUNT; v++)
		if (!strcmp(cell, pp_verdict_name((enum pp_verdict)v)))
			return choose_matches_verdict((enum pp_verdict)v, pattern, len);
	return false;
}

/* A misspelt verdict would take no row, and look like an answer. */
static int choose_check(const struct pp_column *c, const char *pattern, size_t len,
                        struct pp_error *e)
{
	bool found = !c->is_verdict;

	for (unsigned int v = 0; !found && v < PP_VERDICT_COUNT; v++)
		found = choose_matches_verdict((enum pp_verdict)v, pattern, len);
	return found ? 0
	             : pp_fail(e, EINVAL,
	                       "filter: unknown verdict '%.*s'; expected assignable, care, "
	                       "fixable, blocked, unknown or bridge",
	                       len < 64 ? (int)len : 64, pattern);
}

/* The columns of "COLUMN=VALUE,COLUMN=VALUE". */
int pp_table_read_filter(struct pp_table *t, const char *filter, struct pp_error *e)
{
	while (filter) {
		size_t len = strcspn(filter, ","), name = strcspn(filter, "=,");
		if (name == len)
			return pp_fail(e, EINVAL,
			               "filter '%.*s': need COLUMN=VALUE, such as driver=nvme",
			               len < 64 ? (int)len : 64, filter);
		int r = pp_table_add(t, filter, name, e);
		if (!r)
			r = choose_check(t->columns[t->nr_columns - 1], filter + name + 1,
			                 len - name - 1, e);
		if (r)
			return r;
		filter = filter[len] ? filter + len + 1 : NULL;
	}
	return 0;
}

int pp_table_read_sort(struct pp_table *t, const char *sort, struct pp_error *e)
{
	int r = 0;

	while (!r && sort) {
		size_t len = strcspn(sort, ",");
		r = pp_table_add(t, sort, len, e);
		sort = sort[len] ? sort + len + 1 : NULL;
	}
	return r;
}

/* t has the columns of the filter, in its order. */
bool pp_table_takes(struct pp_table *t, const struct pp_subject *s, const char *filter)
{
	for (unsigned int i = 0; filter; i++) {
		size_t len = strcspn(filter, ","), name = strcspn(filter, "=") + 1;
		bool asked = !s->unknown || t->columns[i]->is_host;
		if (asked &&
		    !choose_takes(t->columns[i], pp_table_cell(t, i, s), filter + name, len - name))
			return false;
		filter = filter[len] ? filter + len + 1 : NULL;
	}
	return true;
}

/* Numbers by their value, before all other text. */
static int choose_compare_cells(const char *a, const char *b)
{
	bool text_a = a[strspn(a, "0123456789")], text_b = b[strspn(b, "0123456789")];
	size_t len_a = strlen(a), len_b = strlen(b);

	if (text_a != text_b)
		return text_a ? 1 : -1;
	if (!text_a && len_a != len_b)
		return len_a < len_b ? -1 : 1;
	return strcmp(a, b);
}

int pp_table_compare(const char *const *a, const char *const *b, unsigned int nr_keys)
{
	int r = 0;

	for (unsigned int i = 0; !r && i < nr_keys; i++)
		r = choose_compare_cells(a[i], b[i]);
	return r;
}

static int choose_compare(const void *x, const void *y)
{
	const struct choice *a = x, *b = y;
	int r = pp_table_compare(a->keys, b->keys, a->nr_keys);

	return r ? r : a->row < b->row ? -1 : a->row > b->row;
}

const char *const *pp_table_keys(struct pp_table *t, const struct pp_subject *s, struct pp_arena *a)
{
	const char **keys = PP_ARENA_ARRAY(a, t->nr_columns, const char *);

	for (unsigned int i = 0; keys && i < t->nr_columns; i++) {
		keys[i] = pp_arena_strdup(a, pp_table_cell(t, i, s));
		if (!keys[i])
			return NULL;
	}
	return keys;
}

/* The rows that the filter takes, with what they are sorted by; -ENOMEM. */
static int choose_rows(struct pp_table *filters, struct pp_table *sorts, struct pp_out *o,
                       const struct pp_survey *s, struct choice *list, uint32_t *ret_count,
                       struct pp_arena *a)
{
	for (uint32_t i = 0; i < s->nr_rows; i++) {
		const struct pp_row *row = &s->rows[i];
		const struct pp_subject subject = {
			.out = o, .host = s->host, .survey = s, .row = row, .device = row->device
		};
		if (!pp_table_shows(o, row) || !pp_table_takes(filters, &subject, o->style->filter))
			continue;
		struct choice *c = &list[(*ret_count)++];
		*c = (struct choice){ .row = row, .nr_keys = sorts->nr_columns };
		c->keys = sorts->nr_columns ? pp_table_keys(sorts, &subject, a) : NULL;
		if (sorts->nr_columns && !c->keys)
			return -ENOMEM;
	}
	return 0;
}

static int choose_sorted(struct pp_table *filters, struct pp_table *sorts, struct pp_out *o,
                         const struct pp_survey *s, struct pp_arena *a, struct pp_rows *ret,
                         struct pp_error *e)
{
	uint32_t count = 0;
	int r = pp_table_read_filter(filters, o->style->filter, e);

	if (!r)
		r = pp_table_read_sort(sorts, o->style->sort, e);
	if (r)
		return r;
	struct choice *list = PP_ARENA_ARRAY(a, s->nr_rows, struct choice);
	const struct pp_row **rows = PP_ARENA_ARRAY(a, s->nr_rows, const struct pp_row *);
	if (s->nr_rows && (!list || !rows))
		return pp_fail_oom(e, "the table");
	if (choose_rows(filters, sorts, o, s, list, &count, a))
		return pp_fail_oom(e, "the table");
	if (sorts->nr_columns && count)
		qsort(list, count, sizeof(*list), choose_compare);
	for (uint32_t i = 0; i < count; i++)
		rows[i] = list[i].row;
	*ret = (struct pp_rows){ .rows = rows, .count = count };
	return 0;
}

int pp_table_choose(struct pp_out *o, const struct pp_survey *s, struct pp_arena *a,
                    struct pp_rows *ret, struct pp_error *e)
{
	struct pp_table filters, sorts;

	pp_table_init_empty(&filters);
	pp_table_init_empty(&sorts);
	int r = choose_sorted(&filters, &sorts, o, s, a, ret, e);
	pp_table_fini(&filters);
	pp_table_fini(&sorts);
	return r;
}
