/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Many hosts in one report: one table, or a JSON document a line. A host of which nothing is known
 * has its row as every other.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <pcipass/quote.h>

#include "report/fleet.h"
#include "report/field.h"
#include "report/words.h"

/* So much of the table is kept to find out how wide its columns are. */
#define FLEET_KEPT_BYTES ((size_t)8 * 1024 * 1024)
/* Sorted, all of it is. */
#define FLEET_SORTED_BYTES ((size_t)4 * 1024 * 1024 * 1024)

static int fleet_read_style(struct pp_fleet *f, struct pp_error *e)
{
	const char *usual =
		f->for_all ? "HOST," PP_TABLE_TARGETS ",REASON" : "HOST," PP_TABLE_USUAL ",REASON";
	int r = pp_table_init(&f->table, usual, f->style.columns, false, e);

	if (!r)
		r = pp_table_read_filter(&f->filters, f->style.filter, e);
	if (!r)
		r = pp_table_read_sort(&f->sorts, f->style.sort, e);
	return r;
}

int pp_fleet_new(const struct pp_style *style, enum pp_target target, bool for_all,
                 struct pp_sink sink, struct pp_fleet **ret, struct pp_error *e)
{
	struct pp_fleet *f = calloc(1, sizeof(*f));

	if (!f)
		return pp_fail_oom(e, "the table of hosts");
	f->style = *style;
	f->target = target;
	f->for_all = for_all;
	pp_out_init(&f->out, &f->style, sink);
	pp_arena_init(&f->arena, style->sort ? FLEET_SORTED_BYTES : 0);
	pp_table_init_empty(&f->filters);
	pp_table_init_empty(&f->sorts);
	int r = pp_metrics_init(&f->metrics, e);
	if (!r)
		r = fleet_read_style(f, e);
	if (r) {
		pp_fleet_free(f);
		return r;
	}
	*ret = f;
	return 0;
}

void pp_fleet_free(struct pp_fleet *f)
{
	if (!f)
		return;
	pp_table_fini(&f->table);
	pp_table_fini(&f->filters);
	pp_table_fini(&f->sorts);
	pp_metrics_fini(&f->metrics);
	pp_buffer_fini(&f->out.buffer);
	pp_arena_fini(&f->arena);
	free(f->rows);
	free(f);
}

const struct pp_fleet_counts *pp_fleet_counts(const struct pp_fleet *f)
{
	return &f->counts;
}

void pp_fleet_on_unknown(struct pp_fleet *f,
                         void (*tell)(void *ctx, const char *name, const char *reason), void *ctx)
{
	f->tell = tell;
	f->tell_ctx = ctx;
}

void pp_fleet_begin_host(struct pp_fleet *f, const char *name, const char *path)
{
	f->style.host = name;
	f->style.path = path;
	f->style.targets = NULL;
	f->counts.hosts++;
}

void pp_fleet_count(struct pp_fleet *f, enum pp_verdict v, bool unknown_elsewhere)
{
	f->counts.devices[v]++;
	f->counts.unknown_devices += v == PP_VERDICT_UNKNOWN || unknown_elsewhere;
}

static int fleet_compare(const void *x, const void *y)
{
	const struct pp_fleet_row *a = x, *b = y;
	unsigned int n = 0;

	/* Ended by NULL: qsort passes nothing on. */
	while (a->keys && a->keys[n])
		n++;
	int r = pp_table_compare(a->keys, b->keys, n);
	return r ? r : a->order < b->order ? -1 : a->order > b->order;
}

/* Prints what is kept. What comes later has the widths of what came first. */
static void fleet_print_rows(struct pp_fleet *f)
{
	struct pp_table *t = &f->table;

	if (f->style.sort && f->nr_rows)
		qsort(f->rows, f->nr_rows, sizeof(*f->rows), fleet_compare);
	if (!f->laid_out) {
		pp_table_widths_begin(t);
		for (size_t k = 0; k < f->nr_rows; k++)
			for (unsigned int i = 0; i < t->nr_columns; i++)
				pp_table_widths_add(t, i, f->rows[k].cells[i]);
		pp_table_widths_end(t, &f->out);
		if (!f->style.no_headings)
			pp_table_heading(t, &f->out);
		f->laid_out = true;
	}
	for (size_t k = 0; k < f->nr_rows; k++)
		pp_table_cells(t, &f->out, f->rows[k].cells);
	f->nr_rows = 0;
	pp_arena_fini(&f->arena);
	pp_arena_init(&f->arena, f->style.sort ? FLEET_SORTED_BYTES : 0);
}

static struct pp_fleet_row *fleet_row(struct pp_fleet *f)
{
	if (f->nr_rows == f->size_rows) {
		size_t size = f->size_rows ? f->size_rows * 2 : 256;
		struct pp_fleet_row *rows = reallocarray(f->rows, size, sizeof(*rows));
		if (!rows)
			return NULL;
		f->rows = rows;
		f->size_rows = size;
	}
	return &f->rows[f->nr_rows];
}

/* The cells, and behind them NULL. */
static const char *const *fleet_cells(struct pp_fleet *f, struct pp_table *t,
                                      const struct pp_subject *s)
{
	const char **cells = PP_ARENA_ARRAY(&f->arena, t->nr_columns + 1, const char *);

	for (unsigned int i = 0; cells && i < t->nr_columns; i++) {
		cells[i] = pp_arena_strdup(&f->arena, pp_table_cell(t, i, s));
		if (!cells[i])
			return NULL;
	}
	return cells;
}

int pp_fleet_put(struct pp_fleet *f, const struct pp_subject *s, struct pp_error *e)
{
	if (!pp_table_takes(&f->filters, s, f->style.filter))
		return 0;
	struct pp_fleet_row *row = fleet_row(f);
	const char *const *cells = row ? fleet_cells(f, &f->table, s) : NULL;
	const char *const *keys = cells && f->style.sort ? fleet_cells(f, &f->sorts, s) : NULL;
	if (!cells || (f->style.sort && !keys))
		return pp_fail_oom(e, "the table of hosts");
	*row = (struct pp_fleet_row){ .cells = cells, .keys = keys, .order = f->nr_all++ };
	f->nr_rows++;
	if (!f->style.sort && f->arena.used_bytes > FLEET_KEPT_BYTES)
		fleet_print_rows(f);
	return 0;
}

/* Nobody waits for what is written in vain. */
static int fleet_written(const struct pp_fleet *f, struct pp_error *e)
{
	if (f->out.buffer.failed)
		return pp_fail_oom(e, "the table of hosts");
	return f->out.failed ? pp_fail(e, EIO, "the report could not be written") : 0;
}

int pp_fleet_add_unknown(struct pp_fleet *f, const char *name, const char *path, const char *reason,
                         struct pp_error *e)
{
	struct pp_subject s = { .out = &f->out, .unknown = reason };

	pp_fleet_begin_host(f, name, path);
	f->counts.unknown_hosts++;
	if (f->style.format == PP_FORMAT_TEXT) {
		if (f->tell && !pp_table_has_reason(&f->table))
			f->tell(f->tell_ctx, name, reason);
		return pp_fleet_put(f, &s, e);
	}
	if (f->style.format == PP_FORMAT_JSON) {
		pp_out_object(&f->out, &pp_object_unknown, &s);
		pp_out(&f->out, "\n");
	} else
		pp_metrics_host(&f->metrics, name, false);
	return fleet_written(f, e);
}

static bool fleet_unknown_elsewhere(const struct pp_survey *const *surveys, uint32_t row)
{
	for (int t = 1; t < PP_TARGET_COUNT; t++)
		if (surveys[t]->rows[row].verdict == PP_VERDICT_UNKNOWN)
			return true;
	return false;
}

static void fleet_remember_next(struct pp_fleet *f, const struct pp_row *row)
{
	char address[PP_ADDRESS_TEXT_BYTES], path[400];

	if (*f->next || !row->by_free || !pp_quote_word(path, sizeof(path), f->style.path))
		return;
	pp_address_format_short(row->device->address, address);
	snprintf(f->next, sizeof(f->next), "pcipass --from %s explain %s", path, address);
}

int pp_fleet_measure(struct pp_fleet *f, const struct pp_subject *s, enum pp_target t,
                     enum pp_verdict v, struct pp_error *e)
{
	if (f->style.format == PP_FORMAT_NFD)
		return pp_metrics_id(&f->metrics, s, t, v, e);
	pp_metrics_device(&f->metrics, s, t, v);
	return 0;
}

/* The device for each target that was asked for. */
static int fleet_measure_row(struct pp_fleet *f, const struct pp_survey *const *surveys, uint32_t i,
                             const struct pp_subject *s, struct pp_error *e)
{
	int r = 0;

	for (int t = 0; !r && t < (f->for_all ? PP_TARGET_COUNT : 1); t++)
		r = pp_fleet_measure(f, s, surveys[t]->target, surveys[t]->rows[i].verdict, e);
	return r;
}

static int fleet_add_row(struct pp_fleet *f, const struct pp_survey *const *surveys, uint32_t i,
                         struct pp_error *e)
{
	const struct pp_survey *s = surveys[0];
	const struct pp_row *row = &s->rows[i];
	const struct pp_subject subject = {
		.out = &f->out, .host = s->host, .survey = s, .row = row, .device = row->device
	};

	pp_fleet_count(f, row->verdict, f->for_all && fleet_unknown_elsewhere(surveys, i));
	fleet_remember_next(f, row);
	if (f->style.format == PP_FORMAT_PROMETHEUS || f->style.format == PP_FORMAT_NFD)
		return fleet_measure_row(f, surveys, i, &subject, e);
	if (f->style.format != PP_FORMAT_TEXT || !pp_table_shows(&f->out, row))
		return 0;
	return pp_fleet_put(f, &subject, e);
}

int pp_fleet_add(struct pp_fleet *f, const char *name, const char *path,
                 const struct pp_survey *const *surveys, struct pp_error *e)
{
	const struct pp_survey *s = surveys[0];
	char reason[200];
	int r = 0;

	if (s->host->devices_error) {
		snprintf(reason, sizeof(reason), "no devices to survey: %s is %s",
		         s->host->windows ? "the list of PCI devices" : "/sys/bus/pci/devices",
		         pp_unread_reason(s->host->devices_error));
		return pp_fleet_add_unknown(
			f, name, path,
			s->host->origins ? "no devices to survey: no text lists them" : reason, e);
	}
	pp_fleet_begin_host(f, name, path);
	f->style.targets = f->for_all ? surveys : NULL;
	pp_metrics_host(&f->metrics, name, true);
	for (uint32_t i = 0; !r && i < s->nr_rows; i++)
		r = fleet_add_row(f, surveys, i, e);
	if (!r && f->style.format == PP_FORMAT_JSON)
		pp_survey_json(&f->out, s, NULL, 0);
	f->style.targets = NULL;
	pp_metrics_end_host(&f->metrics, name, f->for_all ? ~0u : 1u << s->target);
	return r ? r : fleet_written(f, e);
}

static void fleet_print_summary(struct pp_fleet *f)
{
	const unsigned int *n = f->counts.devices;
	unsigned int devices = 0;

	for (int v = 0; v < PP_VERDICT_COUNT; v++)
		devices += v == PP_VERDICT_NOT_ENDPOINT ? 0 : n[v];
	pp_out(&f->out, "\n%u host%s, %u of them unknown; %u device%s: %u assignable, ",
	       f->counts.hosts, f->counts.hosts == 1 ? "" : "s", f->counts.unknown_hosts, devices,
	       devices == 1 ? "" : "s", n[PP_VERDICT_ASSIGNABLE]);
	pp_out(&f->out, "%u with care, %u fixable, %u blocked, %u unknown\n", n[PP_VERDICT_CARE],
	       n[PP_VERDICT_BLOCKED_FIXABLE], n[PP_VERDICT_BLOCKED], n[PP_VERDICT_UNKNOWN]);
	if (*f->next)
		pp_out(&f->out, "Next: %s\n", f->next);
}

int pp_fleet_finish(struct pp_fleet *f, struct pp_error *e)
{
	const struct pp_style *s = &f->style;

	if (s->format == PP_FORMAT_TEXT)
		fleet_print_rows(f);
	if (s->format == PP_FORMAT_TEXT && !s->columns && !s->no_headings && !s->filter && !s->sort)
		fleet_print_summary(f);
	int r = 0;
	if (s->format == PP_FORMAT_PROMETHEUS)
		r = pp_metrics_print(&f->metrics, &f->out, e);
	if (s->format == PP_FORMAT_NFD)
		r = pp_metrics_print_features(&f->metrics, &f->out, e);
	f->out.buffer.failed |=
		f->table.cell.failed | f->filters.cell.failed | f->sorts.cell.failed;
	struct pp_error not_asked = { 0 };
	int written = pp_out_fini(&f->out, r ? &not_asked : e);
	return r ? r : written;
}
