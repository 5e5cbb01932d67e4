/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the columns of the survey's table hold. A new one is a row of columns[]. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/nearest.h"
#include "base/text.h"
#include "host/place.h"
#include "report/columns.h"
#include "report/words.h"

/* With a second domain every address shows its own. Sorted: the last device has the highest. */
static void column_put_address(struct pp_json_writer *w, const struct pp_subject *s)
{
	char address[PP_ADDRESS_TEXT_BYTES];

	if (s->host->devices[s->host->nr_devices - 1].address.domain)
		pp_address_format(s->device->address, address);
	else
		pp_address_format_short(s->device->address, address);
	pp_json_put_text(w, address);
}

/* Of a PCI slot the number alone. */
static void column_put_slot(struct pp_json_writer *w, const struct pp_subject *s)
{
	const struct pp_slot_ref *slot = &s->device->slot;
	char text[80];

	if (pp_slot_is_named(slot))
		snprintf(text, sizeof(text), "%s%s",
		         slot->kind == PP_PLACE_SLOT ? "" : pp_place_word(slot->kind),
		         slot->number);
	pp_json_put_text(w, pp_slot_is_named(slot) ? text : slot->unknown ? "?" : NULL);
}

static void column_put_device(struct pp_json_writer *w, const struct pp_subject *s)
{
	char name[256];

	pp_out_short_name(s->out, s->device, name, sizeof(name));
	pp_json_put_text(w, name);
}

static void column_put_id(struct pp_json_writer *w, const struct pp_subject *s)
{
	char text[16];

	snprintf(text, sizeof(text), "%04x:%04x", s->device->vendor, s->device->device);
	pp_json_put_text(w, s->device->ids_known ? text : "?");
}

static void column_put_type(struct pp_json_writer *w, const struct pp_subject *s)
{
	const struct pp_style *style = s->out->style;
	const char *name = style->class_name && s->device->ids_known
	                           ? style->class_name(style->name_ctx, s->device->class_code >> 8)
	                           : NULL;
	char text[128];

	snprintf(text, sizeof(text), "%s", name ? name : "");
	pp_text_clean_in_place(text);
	pp_json_put_text(w, *text ? text : s->device->ids_known ? NULL : "?");
}

static const struct pp_finding *column_reason(const struct pp_subject *s)
{
	const struct pp_finding *first = s->row->nr_findings ? s->row->findings[0] : NULL;

	return first && first->effect != PP_INFORMS ? first : NULL;
}

static void column_put_reason(struct pp_json_writer *w, const struct pp_subject *s)
{
	const struct pp_finding *first = column_reason(s);

	pp_json_put_text(w, first ? first->text : NULL);
}

static void column_put_remedy(struct pp_json_writer *w, const struct pp_subject *s)
{
	const struct pp_finding *first = column_reason(s);

	pp_json_put_text(w, first && first->nr_remedies ? first->remedies[0].ops->id : NULL);
}

static void column_put_rules(struct pp_json_writer *w, const struct pp_subject *s)
{
	const struct pp_row *row = s->row;

	for (uint32_t i = 0; i < row->nr_findings; i++) {
		const struct pp_rule *rule = row->findings[i]->rule;
		/* One behind the other where a rule found several things. */
		bool again = i && row->findings[i - 1]->rule == rule;
		if (row->findings[i]->effect != PP_INFORMS && !again)
			pp_json_put_text(w, rule->id);
	}
}

static void column_put_host(struct pp_json_writer *w, const struct pp_subject *s)
{
	pp_json_put_text(w, s->out->style->host);
}

static void column_put_verdict_for(struct pp_json_writer *w, const struct pp_subject *s,
                                   enum pp_target t)
{
	const struct pp_survey *const *targets = s->out->style->targets;
	const char *verdict = NULL;

	if (s->saved)
		verdict = pp_saved_verdict(s, t);
	else if (targets)
		verdict = pp_verdict_name(targets[t]->rows[s->row - s->survey->rows].verdict);
	else if (s->survey->target == t)
		verdict = pp_verdict_name(s->row->verdict);
	pp_json_put_text(w, verdict ? verdict : "?");
}

static void column_put_kvm(struct pp_json_writer *w, const struct pp_subject *s)
{
	column_put_verdict_for(w, s, PP_TARGET_KVM);
}

static void column_put_hyperv(struct pp_json_writer *w, const struct pp_subject *s)
{
	column_put_verdict_for(w, s, PP_TARGET_HYPERV);
}

static void column_put_xen(struct pp_json_writer *w, const struct pp_subject *s)
{
	column_put_verdict_for(w, s, PP_TARGET_XEN);
}

/* The verdict that was asked for, of a saved document, too. */
static void column_put_saved_verdict(struct pp_json_writer *w, const struct pp_subject *s)
{
	column_put_verdict_for(w, s, s->target);
}

static const struct pp_column columns[] = {
	{ "ADDRESS", .help = "PCI address.", .columns = 7, .put = column_put_address,
	  .put_saved = pp_saved_put_address },
	{ "SLOT", .help = "Slot number, or the name of another place: mezz1.", .columns = 4,
	  .narrow = 10, .right = true, .put = column_put_slot, .put_saved = pp_saved_put_slot },
	{ "GROUP", .field = "group", .help = "IOMMU group.", .columns = 5, .narrow = 5,
	  .right = true },
	{ "DRIVER", .field = "driver", .help = "Driver that is bound now.", .columns = 6,
	  .narrow = 9 },
	{ "VERDICT", .field = "verdict", .columns = 7, .in_title = true, .is_verdict = true,
	  .put_saved = column_put_saved_verdict },
	{ "DEVICE", .help = "Name from the PCI ID database.", .narrow = 8, .put = column_put_device,
	  .put_saved = pp_saved_put_device },
	{ "PLACE", .field = "place", .help = "Slot or other place, as commands take it: slot2." },
	{ "ID", .help = "Vendor and device ID.", .put = column_put_id,
	  .put_saved = pp_saved_put_id },
	{ "CLASS", .field = "class", .help = "Class code." },
	{ "TYPE", .help = "Name of the class.", .narrow = 8, .put = column_put_type,
	  .put_saved = pp_saved_put_type },
	{ "NAME", .field = "name", .help = "DEVICE with the full vendor name.", .narrow = 8 },
	{ "PHYSFN", .field = "physfn", .help = "Physical function of a virtual function." },
	{ "ONBOARD", .field = "onboard", .help = "The board's name for an on-board device.",
	  .narrow = 8 },
	{ "RESET", .field = "reset", .help = "Reset methods that the kernel offers." },
	{ "BY-FREE", .field = "by_free", .help = "Whether \"pcipass free\" frees it." },
	{ "RULES", .help = "Rules that block it or may block it.", .narrow = 8,
	  .put = column_put_rules, .put_saved = pp_saved_put_rules },
	{ "REASON", .help = "First reason.", .narrow = 8, .put = column_put_reason,
	  .put_saved = pp_saved_put_reason },
	{ "REMEDY", .help = "First remedy for that reason.", .put = column_put_remedy,
	  .put_saved = pp_saved_put_remedy },
	{ "HOST", .help = "Name of the host, by that of its file.", .narrow = 8, .is_host = true,
	  .put = column_put_host, .put_saved = column_put_host },
	{ "KVM", .help = "Verdict for KVM, with --for all.", .put = column_put_kvm,
	  .is_verdict = true, .put_saved = column_put_kvm },
	{ "HYPERV", .help = "Verdict for Hyper-V, with --for all.", .put = column_put_hyperv,
	  .is_verdict = true, .put_saved = column_put_hyperv },
	{ "XEN", .help = "Verdict for Xen, with --for all.", .put = column_put_xen,
	  .is_verdict = true, .put_saved = column_put_xen },
};

#define NR_COLUMNS (sizeof(columns) / sizeof(columns[0]))

static const struct pp_field *column_field(const struct pp_column *c)
{
	return c->field ? pp_object_field(&pp_object_device, c->field) : NULL;
}

static void table_take(struct pp_table *t, const struct pp_column *c)
{
	t->fields[t->nr_columns] = column_field(c);
	t->columns[t->nr_columns++] = c;
}

int pp_table_add(struct pp_table *t, const char *name, size_t len, struct pp_error *e)
{
	const char *names[NR_COLUMNS];
	char typed[64];

	snprintf(typed, sizeof(typed), "%.*s", len < sizeof(typed) ? (int)len : 63, name);
	for (size_t i = 0; i < NR_COLUMNS; i++) {
		names[i] = columns[i].name;
		if (strcasecmp(columns[i].name, typed))
			continue;
		if (t->nr_columns == PP_TABLE_MAX_COLUMNS)
			return pp_fail(e, EINVAL, "more than %d columns", PP_TABLE_MAX_COLUMNS);
		table_take(t, &columns[i]);
		return 0;
	}
	const char *near = pp_nearest_name(typed, names, NR_COLUMNS);
	return pp_fail(e, EINVAL, "unknown column '%s'%s%s%s", typed,
	               near ? ", did you mean '" : "",
	               near ? near : "; pcipass --list-columns names them", near ? "'?" : "");
}

void pp_table_init_empty(struct pp_table *t)
{
	*t = (struct pp_table){ .indent = "" };
	pp_buffer_init(&t->cell, 1 << 16);
}

static int table_add_list(struct pp_table *t, const char *names, bool sections, struct pp_error *e)
{
	int r = 0;

	while (!r && names) {
		size_t len = strcspn(names, ",");
		r = pp_table_add(t, names, len, e);
		if (!r && sections && t->columns[t->nr_columns - 1]->in_title)
			t->nr_columns--;
		names = names[len] ? names + len + 1 : NULL;
	}
	return r;
}

int pp_table_init(struct pp_table *t, const char *usual, const char *names, bool sections,
                  struct pp_error *e)
{
	int r = 0;

	pp_table_init_empty(t);
	t->indent = sections ? "  " : "";
	if (!names || *names == '+')
		r = table_add_list(t, usual, sections, e);
	if (!r && names)
		r = table_add_list(t, names + (*names == '+'), false, e);
	return r;
}

void pp_table_fini(struct pp_table *t)
{
	pp_buffer_fini(&t->cell);
}

/* Of a host of which nothing is known: who, that, and why. */
static const char *table_cell_of_unknown(const struct pp_column *c, const struct pp_subject *s)
{
	if (c->is_host)
		return s->out->style->host;
	if (c->put == column_put_reason)
		return s->unknown;
	return c->is_verdict ? pp_verdict_name(PP_VERDICT_UNKNOWN) : "?";
}

static bool table_is_unread(const struct pp_field *f, const struct pp_subject *s)
{
	if (!f || !f->unread)
		return false;
	return s->saved ? pp_saved_is_unread(s, f->name) : f->unread(s) != NULL;
}

const char *pp_table_cell(struct pp_table *t, unsigned int i, const struct pp_subject *s)
{
	struct pp_json_writer w = { .buffer = &t->cell, .plain = true };
	const struct pp_column *c = t->columns[i];
	const struct pp_field *f = t->fields[i];

	if (s->unknown)
		return table_cell_of_unknown(c, s);
	t->cell.len = 0;
	if (s->saved && c->put_saved)
		c->put_saved(&w, s);
	else if (s->saved)
		pp_saved_put(&w, s, f->name);
	else if (c->put || f)
		(c->put ? c->put : f->write)(&w, s);
	if (t->cell.len)
		return t->cell.data;
	return table_is_unread(f, s) ? "?" : "-";
}

/* What is too wide for the terminal is taken from the columns that may be cut, the last first. */
static void table_narrow(struct pp_table *t, const struct pp_out *o)
{
	unsigned int total = (unsigned int)strlen(t->indent) + t->nr_columns - 1;

	for (unsigned int i = 0; i < t->nr_columns; i++)
		total += t->widths[i];
	for (unsigned int i = t->nr_columns; i-- > 0 && total > o->width;) {
		unsigned int least = t->columns[i]->narrow, over = total - o->width;
		if (!least || t->widths[i] <= least)
			continue;
		unsigned int cut = over < t->widths[i] - least ? over : t->widths[i] - least;
		t->widths[i] -= cut;
		total -= cut;
	}
}

bool pp_table_shows(const struct pp_out *o, const struct pp_row *row)
{
	return o->style->all || row->verdict != PP_VERDICT_NOT_ENDPOINT;
}

void pp_table_widths_begin(struct pp_table *t)
{
	for (unsigned int i = 0; i < t->nr_columns; i++) {
		const struct pp_column *c = t->columns[i];
		unsigned int heading = pp_out_columns(c->name);
		t->widths[i] = heading > c->columns ? heading : c->columns;
	}
}

void pp_table_widths_add(struct pp_table *t, unsigned int i, const char *text)
{
	unsigned int n = pp_out_columns(text);

	t->widths[i] = n > t->widths[i] ? n : t->widths[i];
}

void pp_table_widths_end(struct pp_table *t, struct pp_out *o)
{
	if (o->style->cut)
		table_narrow(t, o);
}

void pp_table_lay_out(struct pp_table *t, struct pp_out *o, const struct pp_survey *s,
                      const struct pp_rows *rows)
{
	/* Nothing stands behind the last column: its width is asked for only to cut it. */
	unsigned int nr_measured = t->nr_columns - (o->style->cut ? 0 : 1);

	pp_table_widths_begin(t);
	for (uint32_t k = 0; k < rows->count; k++) {
		const struct pp_row *row = rows->rows[k];
		const struct pp_subject subject = {
			.out = o, .host = s->host, .survey = s, .row = row, .device = row->device
		};
		for (unsigned int i = 0; i < nr_measured; i++)
			pp_table_widths_add(t, i, pp_table_cell(t, i, &subject));
	}
	pp_table_widths_end(t, o);
}

static void table_pad(struct pp_out *o, unsigned int n)
{
	static const char blanks[] = "                                ";

	for (; n > sizeof(blanks) - 1; n -= (unsigned int)sizeof(blanks) - 1)
		pp_buffer_puts(&o->buffer, blanks);
	pp_buffer_append(&o->buffer, blanks, n);
}

static void table_put(struct pp_table *t, struct pp_out *o, unsigned int i, const char *text,
                      enum pp_color color)
{
	bool last = i + 1 == t->nr_columns, right = t->columns[i]->right;
	unsigned int width = pp_out_columns(text), room = t->widths[i];
	bool cut = o->style->cut && width > room;
	unsigned int pad = width < room ? room - width : 0;

	pp_buffer_puts(&o->buffer, i ? " " : t->indent);
	table_pad(o, right ? pad : 0);
	pp_buffer_puts(&o->buffer, color ? pp_out_color(o, color) : "");
	pp_buffer_append(&o->buffer, text, cut ? pp_out_fitting(text, room - 1) : strlen(text));
	pp_buffer_puts(&o->buffer, cut ? PP_OUT_MORE : "");
	pp_buffer_puts(&o->buffer, color ? pp_out_color(o, PP_COLOR_NONE) : "");
	table_pad(o, right || last ? 0 : pad);
	if (last)
		pp_out(o, "\n");
}

void pp_table_heading(struct pp_table *t, struct pp_out *o)
{
	for (unsigned int i = 0; i < t->nr_columns; i++)
		table_put(t, o, i, t->columns[i]->name, PP_DIM);
}

void pp_table_row(struct pp_table *t, struct pp_out *o, const struct pp_survey *s,
                  const struct pp_row *row)
{
	const struct pp_subject subject = {
		.out = o, .host = s->host, .survey = s, .row = row, .device = row->device
	};

	for (unsigned int i = 0; i < t->nr_columns; i++)
		table_put(t, o, i, pp_table_cell(t, i, &subject),
		          i ? PP_COLOR_NONE : pp_verdict_color(row->verdict));
}

static enum pp_color table_color_of(const char *verdict)
{
	for (int v = 0; v < PP_VERDICT_COUNT; v++)
		if (!strcmp(verdict, pp_verdict_name((enum pp_verdict)v)))
			return pp_verdict_color((enum pp_verdict)v);
	return PP_COLOR_NONE;
}

void pp_table_cells(struct pp_table *t, struct pp_out *o, const char *const *cells)
{
	for (unsigned int i = 0; i < t->nr_columns; i++)
		table_put(t, o, i, cells[i],
		          t->columns[i]->is_verdict ? table_color_of(cells[i]) : PP_COLOR_NONE);
}

bool pp_table_has_reason(const struct pp_table *t)
{
	for (unsigned int i = 0; i < t->nr_columns; i++)
		if (t->columns[i]->put == column_put_reason)
			return true;
	return false;
}

int pp_report_columns(const struct pp_style *style, struct pp_sink sink, struct pp_error *e)
{
	struct pp_out o;

	pp_out_init(&o, style, sink);
	for (size_t i = 0; i < NR_COLUMNS; i++) {
		const struct pp_column *c = &columns[i];
		const struct pp_field *f = column_field(c);
		pp_out(&o, "%-8s %s\n", c->name, c->help ? c->help : f ? f->meaning : "");
	}
	return pp_out_fini(&o, e);
}
