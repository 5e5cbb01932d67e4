/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The survey: for people a list by verdict, worst first; for programs one JSON document. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report/columns.h"
#include "report/more.h"
#include "report/words.h"

/* The order in which a person wants to read: what needs doing, what needs thought, what is fine. */
static const struct section {
	enum pp_verdict verdict;
	const char *title;
	bool only_if_all;
} sections[] = {
	{ PP_VERDICT_BLOCKED_FIXABLE, "FIXABLE: blocked, but can be freed", false },
	{ PP_VERDICT_BLOCKED, "BLOCKED: no remedy is known", false },
	{ PP_VERDICT_UNKNOWN, "UNKNOWN: a fact is missing", false },
	{ PP_VERDICT_CARE, "ASSIGNABLE, WITH CARE", false },
	{ PP_VERDICT_ASSIGNABLE, "ASSIGNABLE", false },
	{ PP_VERDICT_NOT_ENDPOINT, "BRIDGES: they stay with the host", true },
};
/* Odd firmware is rarely why somebody asks: of each kind so many lines, and in all. */
#define MAX_NOTES_OF_A_KIND 2
#define MAX_NOTES           8

/* Of so many parts of the chipset the addresses are named. */
#define MAX_FOLDED 16

#define NR_SECTIONS (sizeof(sections) / sizeof(sections[0]))

/*
 * What a row says of itself: of a blocked device what blocks it, of another what to know. What
 * holds for the whole host stands above the rows, once; the rest is for "explain" and for JSON.
 */
static bool is_reason(const struct pp_row *row, const struct pp_finding *f)
{
	bool blocked =
		row->verdict == PP_VERDICT_BLOCKED || row->verdict == PP_VERDICT_BLOCKED_FIXABLE;

	if (f->rule->scope == PP_SCOPE_OF_HOST)
		return false;
	/* Where nothing helps, what would help against the rest is no use. */
	if (row->verdict == PP_VERDICT_BLOCKED && f->nr_remedies)
		return false;
	return blocked && !f->rule->if_blocked ? f->effect == PP_BLOCKS : f->effect != PP_INFORMS;
}

static const char *remedy_text(const struct pp_finding *f)
{
	return f->nr_remedies ? f->remedies[0].text : "";
}

/* The next reason of a row from index i on; NULL if there is none. */
static const struct pp_finding *next_reason(const struct pp_row *row, uint32_t *i)
{
	while (*i < row->nr_findings) {
		const struct pp_finding *f = row->findings[(*i)++];
		if (is_reason(row, f))
			return f;
	}
	return NULL;
}

static bool same_reasons(const struct pp_row *x, const struct pp_row *y)
{
	uint32_t i = 0, j = 0;

	if (x->by_free != y->by_free)
		return false;
	for (;;) {
		const struct pp_finding *a = next_reason(x, &i), *b = next_reason(y, &j);
		if (!a || !b)
			return a == b;
		if (a != b && (strcmp(a->text, b->text) || strcmp(remedy_text(a), remedy_text(b))))
			return false;
	}
}

/* FNV-1a over what same_reasons() compares. */
static uint64_t hash_text(uint64_t hash, const char *s)
{
	for (; *s; s++)
		hash = (hash ^ (uint8_t)*s) * 0x100000001b3ull;
	return hash * 0x100000001b3ull;
}

static uint64_t hash_reasons(const struct pp_row *row)
{
	uint64_t hash = 0xcbf29ce484222325ull ^ row->by_free;
	const struct pp_finding *f;

	for (uint32_t i = 0; (f = next_reason(row, &i));)
		hash = hash_text(hash_text(hash, f->text), remedy_text(f));
	return hash;
}

/* Rows with the same reasons stand together, and the reasons below them once. */
struct member {
	const struct pp_row *row;
	const struct pp_row *first; /* of the rows with the same reasons */
	uint64_t hash;
	bool has_slot; /* one of them sits in a slot */
	bool folded;   /* behind all others, in one line */
};

static int by_hash(const void *x, const void *y)
{
	const struct member *a = x, *b = y;

	if (a->hash != b->hash)
		return a->hash < b->hash ? -1 : 1;
	return a->row < b->row ? -1 : a->row > b->row;
}

static bool in_slot(const struct pp_row *row)
{
	return pp_slot_is_named(&row->device->slot);
}

/*
 * Cards in slots before what is soldered down, they are what people come for: first the groups of
 * rows that have one, and in them the cards.
 */
static int by_first(const void *x, const void *y)
{
	const struct member *a = x, *b = y;

	if (a->folded != b->folded)
		return b->folded ? -1 : 1;
	if (a->has_slot != b->has_slot)
		return a->has_slot ? -1 : 1;
	if (a->first == b->first && in_slot(a->row) != in_slot(b->row))
		return in_slot(a->row) ? -1 : 1;
	if (a->first != b->first)
		return a->first < b->first ? -1 : 1;
	return a->row < b->row ? -1 : a->row > b->row;
}

/* Nobody asks for it, and nothing of its own is wrong. With --all it is shown as any other. */
static bool survey_is_folded(const struct pp_out *o, const struct pp_row *row)
{
	uint32_t i = 0;

	return !o->style->all && pp_words_is_chipset(row->device) &&
	       (row->verdict == PP_VERDICT_CARE || row->verdict == PP_VERDICT_ASSIGNABLE ||
	        !next_reason(row, &i));
}

/* The rows of one verdict in the order in which they are shown; NULL: out of memory. */
static struct member *survey_gather(const struct pp_out *o, const struct pp_survey *s,
                                    enum pp_verdict verdict, struct pp_arena *a)
{
	struct member *list = PP_ARENA_ARRAY(a, s->counts[verdict], struct member);
	uint32_t n = 0;

	if (!list)
		return NULL;
	for (uint32_t i = 0; i < s->nr_rows && n < s->counts[verdict]; i++)
		if (s->rows[i].verdict == verdict)
			list[n++] = (struct member){ .row = &s->rows[i],
				                     .hash = hash_reasons(&s->rows[i]),
				                     .folded = survey_is_folded(o, &s->rows[i]) };
	qsort(list, n, sizeof(*list), by_hash);
	for (uint32_t i = 0; i < n; i++) {
		bool same = i && list[i].hash == list[i - 1].hash;
		list[i].first = same ? list[i - 1].first : list[i].row;
		list[i].has_slot = in_slot(list[i].row) || (same && list[i - 1].has_slot);
	}
	/* What the last of them knows, all should. */
	for (uint32_t i = n; i-- > 1;)
		if (list[i - 1].hash == list[i].hash)
			list[i - 1].has_slot = list[i].has_slot;
	qsort(list, n, sizeof(*list), by_first);
	return list;
}

/* A finding and its best remedy, unless that is *printed already: the last one shown. */
static void print_reason(struct pp_out *o, const struct pp_finding *f, const char *indent,
                         const char **printed)
{
	char first[32], rest[32];

	pp_out_wrapped(o, indent, indent, f->text);
	if (!f->nr_remedies || (*printed && !strcmp(*printed, f->remedies[0].text)))
		return;
	*printed = f->remedies[0].text;
	snprintf(first, sizeof(first), "%sremedy: ", indent);
	snprintf(rest, sizeof(rest), "%s        ", indent);
	pp_out_wrapped(o, first, rest, *printed);
}

/* What is told is that a virtual function takes its place, which is not what "pcipass free" does.
 */
static bool is_by_substitute(const struct pp_row *row)
{
	for (uint32_t i = 0; i < row->nr_findings; i++) {
		const struct pp_finding *f = row->findings[i];
		if (f->effect == PP_BLOCKS && f->nr_remedies &&
		    f->remedies[0].ops->flags & PP_REMEDY_KEEPS_DEVICE)
			return true;
	}
	return false;
}

/* One command for all reasons: it makes one plan. */
static void print_by(struct pp_out *o, const char *indent, const struct pp_survey *s,
                     const struct pp_row *row, const char *label, const char *others)
{
	char command[160], line[256], first[64], rest[32];

	if (!pp_words_free(s, row, command, sizeof(command)))
		return;
	snprintf(line, sizeof(line), "%s%s", command, others);
	snprintf(first, sizeof(first), "%s%s: ", indent, label);
	snprintf(rest, sizeof(rest), "%s  ", indent);
	pp_out_wrapped(o, first, rest, line);
}

/* Of one row, or of several that have them in common. */
static void survey_print_reasons(struct pp_out *o, const struct pp_survey *s,
                                 const struct pp_row *row, bool several)
{
	const struct pp_finding *f;
	const char *printed = NULL;
	uint32_t i = 0, n = 0;

	for (; (f = next_reason(row, &i)); n++)
		print_reason(o, f, "      ", &printed);
	if (n)
		print_by(o, "      ", s, row,
		         is_by_substitute(row) ? "to free the physical function"
		         : several             ? "to free one of them"
		                               : "to do it",
		         "");
	bool blocked_itself = false;
	for (i = 0; i < row->nr_findings; i++)
		blocked_itself |= row->findings[i]->effect == PP_BLOCKS &&
		                  row->findings[i]->rule->scope != PP_SCOPE_OF_HOST;
	if (!n && !blocked_itself && row->nr_findings && row->findings[0]->effect != PP_INFORMS)
		pp_out(o, "      no reason of its own: see HOST-WIDE PROBLEMS\n");
}

/* What holds for every device alike. */
static void survey_print_host(struct pp_out *o, const struct pp_survey *s)
{
	const char *printed = NULL;

	if (s->nr_common_findings)
		pp_out(o, "\n%sHOST-WIDE PROBLEMS%s\n", pp_out_color(o, PP_BOLD),
		       pp_out_color(o, PP_COLOR_NONE));
	for (uint32_t i = 0; i < s->nr_common_findings; i++) {
		const struct pp_finding *f = s->common_findings[i];
		print_reason(o, f, "  ", &printed);
		if (f->nr_remedies && f->remedies[0].side_effect)
			pp_out_wrapped(o, "        side effect: ", "          ",
			               f->remedies[0].side_effect);
	}
	const struct pp_row *first = pp_words_first_to_free(s);
	if (s->nr_common_findings && first)
		print_by(o, "  ", s, first, "to do it",
		         s->nr_rows > 1 ? ", or any other below" : "");
}

/* All of them in one place, which has a name of its own; or one row alone. */
static bool in_one_slot(const struct member *list, uint32_t first, uint32_t last)
{
	const struct pp_slot_ref *slot = &list[first].row->device->slot;

	for (uint32_t i = first + 1; i <= last; i++) {
		const struct pp_slot_ref *other = &list[i].row->device->slot;
		if (!pp_slot_is_named(slot) || !pp_slot_is_named(other) || slot->twin ||
		    slot->kind != other->kind || strcmp(slot->number, other->number))
			return false;
	}
	return true;
}

/* Behind all others of a section, in one line. */
static void survey_print_folded(struct pp_out *o, const struct member *list, uint32_t n)
{
	char address[PP_ADDRESS_TEXT_BYTES], line[600] = "", first[64];
	size_t len = 0;

	for (uint32_t i = 0; i < n && i < MAX_FOLDED; i++) {
		pp_address_format_short(list[i].row->device->address, address);
		len += (size_t)snprintf(line + len, sizeof(line) - len, "%s%s", i ? ", " : "",
		                        address);
	}
	if (n > MAX_FOLDED)
		snprintf(line + len, sizeof(line) - len, " and %u more", n - MAX_FOLDED);
	snprintf(first, sizeof(first), "  %u chipset device%s without a driver (--all): ", n,
	         n == 1 ? "" : "s");
	pp_out_wrapped(o, first, "      ", line);
}

static void print_section(struct pp_out *o, const struct pp_survey *s,
                          const struct section *section, struct pp_table *table)
{
	uint32_t n = s->counts[section->verdict];
	struct pp_arena a;

	if (!n || (section->only_if_all && !o->style->all))
		return;
	pp_arena_init(&a, 0);
	const struct member *list = survey_gather(o, s, section->verdict, &a);
	o->buffer.failed |= !list;
	if (list)
		pp_out(o, "\n%s%s (%u)%s\n", pp_out_color(o, PP_BOLD), section->title, n,
		       pp_out_color(o, PP_COLOR_NONE));
	uint32_t shown = 0;
	while (list && shown < n && !list[shown].folded)
		shown++;
	for (uint32_t i = 0, first = 0; i < shown; i++) {
		pp_table_row(table, o, s, list[i].row);
		if (i + 1 < shown && same_reasons(list[i].row, list[i + 1].row))
			continue;
		survey_print_reasons(o, s, list[i].row, !in_one_slot(list, first, i));
		first = i + 1;
	}
	if (list && shown < n)
		survey_print_folded(o, list + shown, n - shown);
	pp_arena_fini(&a);
}

static void survey_print_head(struct pp_out *o, const struct pp_survey *s, struct pp_table *table,
                              const struct pp_rows *rows)
{
	char line[512];

	pp_words_host(s->host, line, sizeof(line));
	pp_out_wrapped(o, "", "  ", line);
	if (s->host->kernel.running)
		pp_words_other_kernel(o, s->host);
	pp_words_iommu(s->host, line, sizeof(line));
	pp_out_wrapped(o, "", "  ", line);
	survey_print_host(o, s);
	pp_table_lay_out(table, o, s, rows);
	if (s->nr_rows) {
		pp_out(o, "\n");
		pp_table_heading(table, o);
	}
}

static void print_summary(struct pp_out *o, const struct pp_survey *s)
{
	const unsigned int *n = s->counts;
	unsigned int devices = s->nr_rows - n[PP_VERDICT_NOT_ENDPOINT];
	char line[512];
	int len =
		snprintf(line, sizeof(line),
	                 "%u device%s: %u assignable, %u with care, %u fixable, %u blocked",
	                 devices, devices == 1 ? "" : "s", n[PP_VERDICT_ASSIGNABLE],
	                 n[PP_VERDICT_CARE], n[PP_VERDICT_BLOCKED_FIXABLE], n[PP_VERDICT_BLOCKED]);

	if (n[PP_VERDICT_UNKNOWN])
		len += snprintf(line + len, sizeof(line) - (size_t)len, ", %u unknown",
		                n[PP_VERDICT_UNKNOWN]);
	pp_out(o, "\n");
	pp_out_wrapped(o, "", "  ", line);
	if (n[PP_VERDICT_NOT_ENDPOINT] && !o->style->all)
		pp_out(o, "%u bridge%s not shown (--all)\n", n[PP_VERDICT_NOT_ENDPOINT],
		       n[PP_VERDICT_NOT_ENDPOINT] == 1 ? "" : "s");
}

/* Nothing but the table, for other programs and for people with few questions. */
static void survey_print_table(struct pp_out *o, const struct pp_survey *s, struct pp_table *table,
                               const struct pp_rows *rows)
{
	pp_table_lay_out(table, o, s, rows);
	if (!o->style->no_headings)
		pp_table_heading(table, o);
	for (uint32_t i = 0; i < rows->count; i++)
		pp_table_row(table, o, s, rows->rows[i]);
}

/* Odd firmware tables, of which nothing follows: they come in dozens. */
static bool is_about_firmware(const struct pp_finding *f)
{
	return !strcmp(f->rule->id, "region-odd") || !strcmp(f->rule->id, "firmware-odd") ||
	       !strcmp(f->rule->id, "scope-names-nothing");
}

/* What the host itself is found to have, of no device. */
static void survey_print_notes(struct pp_out *o, const struct pp_survey *s)
{
	uint32_t shown = 0, of_a_kind = 0;

	if (s->nr_host_findings)
		pp_out(o, "\n%sNOTES%s\n", pp_out_color(o, PP_BOLD),
		       pp_out_color(o, PP_COLOR_NONE));
	for (uint32_t i = 0; i < s->nr_host_findings; i++) {
		const struct pp_finding *f = s->host_findings[i];
		of_a_kind = i && f->rule == s->host_findings[i - 1]->rule ? of_a_kind + 1 : 1;
		if (!o->style->all && (shown == MAX_NOTES ||
		                       (of_a_kind > MAX_NOTES_OF_A_KIND && is_about_firmware(f))))
			continue;
		pp_out_wrapped(o, "  ", "    ", f->text);
		shown++;
	}
	if (shown < s->nr_host_findings)
		pp_out(o, "  and %u more like these (--all)\n", s->nr_host_findings - shown);
}

static void survey_print_text(struct pp_out *o, const struct pp_survey *s, struct pp_table *table,
                              const struct pp_rows *rows)
{
	survey_print_head(o, s, table, rows);
	for (size_t i = 0; i < NR_SECTIONS; i++)
		print_section(o, s, &sections[i], table);
	survey_print_notes(o, s);
	print_summary(o, s);
	pp_words_rights(o, s->host);
	pp_words_next(o, s);
	pp_more_print(o, s, NULL, 0);
}

static int survey_print(struct pp_out *o, const struct pp_survey *s, struct pp_table *table,
                        bool only_table, struct pp_error *e)
{
	struct pp_rows rows;
	struct pp_arena a;

	pp_arena_init(&a, 0);
	int r = pp_table_choose(o, s, &a, &rows, e);
	if (!r && only_table)
		survey_print_table(o, s, table, &rows);
	else if (!r)
		survey_print_text(o, s, table, &rows);
	pp_arena_fini(&a);
	return r;
}

int pp_report_survey(const struct pp_survey *s, const struct pp_style *style, struct pp_sink sink,
                     struct pp_error *e)
{
	const bool only_table =
		style->columns || style->no_headings || style->filter || style->sort;
	struct pp_table table;
	struct pp_out o;

	if (s->host->devices_error && s->host->origins)
		return pp_fail(
			e, ENODATA,
			"no devices to survey: no text lists them; to know them, on that host: "
			"sudo lspci -nnvvxxxx >lspci.txt");
	if (s->host->devices_error && s->host->nr_regions)
		return pp_fail(e, ENODATA,
		               "no devices to survey, only a firmware table; for its reserved "
		               "regions: %s reserved",
		               style->command ? style->command : "pcipass");
	if (s->host->devices_error)
		/* A host without PCI at all: nothing can be printed of it, nothing has failed. */
		return pp_fail(
			e, s->host->devices_error == ENOENT ? ENODATA : s->host->devices_error,
			"no devices to survey: %s is %s",
			s->host->windows ? "the list of PCI devices" : "/sys/bus/pci/devices",
			pp_unread_reason(s->host->devices_error));
	int r = pp_table_init(&table, style->targets ? PP_TABLE_TARGETS : PP_TABLE_USUAL,
	                      style->columns, !only_table, e);
	if (r)
		return r;
	pp_out_init(&o, style, sink);
	if (style->format == PP_FORMAT_JSON)
		pp_survey_json(&o, s, NULL, 0);
	else
		r = survey_print(&o, s, &table, only_table, e);
	o.buffer.failed |= table.cell.failed;
	pp_table_fini(&table);
	struct pp_error not_asked = { 0 };
	int written = pp_out_fini(&o, r ? &not_asked : e);
	return r ? r : written;
}
