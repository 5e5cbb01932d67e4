/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The devices as a tree: each below the bridge that leads to it, with its slot, group and verdict.
 * What a bridge leads to decides whether it is shown; its own findings are the survey's business.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "host/place.h"
#include "judge/select.h"
#include "report/words.h"

/* Deeper ones are drawn at this depth. Buses of real hosts nest less than ten deep. */
#define TREE_DEPTH 32
/* What stands before a device: a branch a level, of three bytes a line. */
#define TREE_HEAD_BYTES (TREE_DEPTH * 8)

struct tree_node {
	uint32_t first, next; /* below, and beside: by row; PP_NO_DEVICE: none */
	bool shown;
};

struct tree {
	struct pp_out out;
	const struct pp_survey *survey;
	struct tree_node *nodes;
	const char *what;
	struct pp_selection chosen; /* with what */
	bool measuring;
	int width, place_width, group_width;
};

/* Branches, as lsblk draws them: to what is not the last one, to the last, and past. */
static const struct tree_lines {
	const char *branch, *last, *past, *blank;
} tree_utf8 = { "├─", "└─", "│ ", "  " }, tree_ascii = { "|-", "`-", "| ", "  " };

static const struct tree_lines *tree_lines_of(const struct tree *t)
{
	return t->out.style->ascii ? &tree_ascii : &tree_utf8;
}

/* Each below its bridge; rows are in the order of their addresses, and so are the lists. */
static int tree_link(struct tree *t, struct pp_arena *a)
{
	const struct pp_survey *s = t->survey;

	t->nodes = PP_ARENA_ARRAY(a, s->nr_rows, struct tree_node);
	if (!t->nodes)
		return -ENOMEM;
	for (uint32_t i = 0; i < s->nr_rows; i++)
		t->nodes[i] = (struct tree_node){ PP_NO_DEVICE, PP_NO_DEVICE, false };
	for (uint32_t i = s->nr_rows; i-- > 0;) {
		uint32_t parent = s->rows[i].device->parent;
		if (parent == PP_NO_DEVICE)
			continue;
		t->nodes[i].next = t->nodes[parent].first;
		t->nodes[parent].first = i;
	}
	return 0;
}

/* And with it what leads there. */
static void tree_show(struct tree *t, uint32_t i)
{
	while (i != PP_NO_DEVICE && !t->nodes[i].shown) {
		t->nodes[i].shown = true;
		i = t->survey->rows[i].device->parent;
	}
}

/* The devices that were asked for; else those that the survey lists, or with --all every one. */
static int tree_choose(struct tree *t, struct pp_arena *a, struct pp_error *e)
{
	const struct pp_survey *s = t->survey;
	const char *what = t->what;

	for (uint32_t i = 0; !what && i < s->nr_rows; i++)
		if (t->out.style->all || (s->rows[i].verdict != PP_VERDICT_NOT_ENDPOINT &&
		                          !pp_words_is_chipset(s->rows[i].device)))
			tree_show(t, i);
	if (!what)
		return 0;
	int r = pp_select(s->host, what, a, &t->chosen, e);
	for (uint32_t i = 0; !r && i < t->chosen.count; i++)
		tree_show(t, t->chosen.devices[i]);
	return r;
}

static void tree_place(const struct pp_row *row, char *buf, size_t size)
{
	const struct pp_slot_ref *slot = &row->device->slot;

	*buf = '\0';
	if (pp_slot_is_named(slot))
		snprintf(buf, size, "%s%s", pp_place_word(slot->kind), slot->number);
}

static void tree_group(const struct tree *t, const struct pp_row *row, char *buf, size_t size)
{
	uint32_t group = row->device->group;

	*buf = '\0';
	if (group != PP_NO_GROUP)
		snprintf(buf, size, "%u", t->survey->host->groups[group].number);
}

static void tree_widen(int *width, const char *text)
{
	int columns = (int)pp_out_columns(text);

	*width = columns > *width ? columns : *width;
}

static void tree_pad(struct tree *t, const char *text, int width)
{
	int blank = width - (int)pp_out_columns(text);

	pp_out(&t->out, "%s%*s", text, blank > 0 ? blank : 0, "");
}

static void tree_print_row(struct tree *t, const struct pp_row *row, const char *head)
{
	struct pp_out *o = &t->out;
	char place[80], group[16], name[256], address[PP_ADDRESS_TEXT_BYTES];
	char first[TREE_HEAD_BYTES + 8 + PP_ADDRESS_TEXT_BYTES];

	pp_address_format_short(row->device->address, address);
	snprintf(first, sizeof(first), "%s%s", head, address);
	tree_place(row, place, sizeof(place));
	tree_group(t, row, group, sizeof(group));
	if (t->measuring) {
		tree_widen(&t->width, first);
		tree_widen(&t->place_width, place);
		tree_widen(&t->group_width, group);
		return;
	}
	pp_out_short_name(o, row->device, name, sizeof(name));
	pp_out_fit(o, name, sizeof(name),
	           (int)o->width - t->width - t->place_width - t->group_width - 14);
	tree_pad(t, first, t->width);
	pp_out(o, " %s", pp_out_color(o, PP_BOLD));
	tree_pad(t, place, t->place_width);
	pp_out(o, "%s ", pp_out_color(o, PP_COLOR_NONE));
	tree_pad(t, group, t->group_width);
	pp_out(o, " %s%-10s%s %s\n", pp_out_color(o, pp_verdict_color(row->verdict)),
	       pp_words_verdict(row->verdict), pp_out_color(o, PP_COLOR_NONE), name);
}

/* The next one that is shown. */
static uint32_t tree_next(const struct tree *t, uint32_t i)
{
	while (i != PP_NO_DEVICE && !t->nodes[i].shown)
		i = t->nodes[i].next;
	return i;
}

/* A list and what is below it; head stands before each of its lines. */
static void tree_walk(struct tree *t, uint32_t i, const char *head, unsigned int depth)
{
	const struct tree_lines *lines = tree_lines_of(t);
	char own[TREE_HEAD_BYTES + 8], below[TREE_HEAD_BYTES + 8];
	const int max = TREE_HEAD_BYTES - 1;

	for (i = tree_next(t, i); i != PP_NO_DEVICE;) {
		uint32_t next = tree_next(t, t->nodes[i].next);
		bool last = next == PP_NO_DEVICE;
		snprintf(own, sizeof(own), "%.*s%s", max, head, last ? lines->last : lines->branch);
		snprintf(below, sizeof(below), "%.*s%s", max, head,
		         last ? lines->blank : lines->past);
		tree_print_row(t, &t->survey->rows[i], own);
		tree_walk(t, t->nodes[i].first, depth < TREE_DEPTH ? below : head, depth + 1);
		i = next;
	}
}

/* Devices without a bridge above them, of one root bus, in one list. */
static void tree_print_roots(struct tree *t)
{
	const struct pp_survey *s = t->survey;
	uint32_t first = PP_NO_DEVICE, last = PP_NO_DEVICE;

	for (uint32_t i = 0; i <= s->nr_rows; i++) {
		const struct pp_device *d = i < s->nr_rows ? s->rows[i].device : NULL;
		if (d && (d->parent != PP_NO_DEVICE || !t->nodes[i].shown))
			continue;
		const struct pp_device *o = last == PP_NO_DEVICE ? NULL : s->rows[last].device;
		if (o &&
		    (!d || d->address.domain != o->address.domain || d->root_bus != o->root_bus)) {
			if (!t->measuring)
				pp_out(&t->out, "%04x:%02x\n", o->address.domain, o->root_bus);
			tree_walk(t, first, "", 0);
			first = last = PP_NO_DEVICE;
		}
		if (last != PP_NO_DEVICE)
			t->nodes[last].next = i;
		first = first == PP_NO_DEVICE ? i : first;
		last = i;
	}
}

static void tree_print(struct tree *t)
{
	t->measuring = true;
	tree_print_roots(t);
	t->measuring = false;
	pp_out(&t->out, "%s%-*s %-*s %-*s %-10s NAME%s\n", pp_out_color(&t->out, PP_DIM), t->width,
	       "DEVICE", t->place_width, "PLACE", t->group_width, "GROUP", "VERDICT",
	       pp_out_color(&t->out, PP_COLOR_NONE));
	tree_print_roots(t);
	pp_words_rights(&t->out, t->survey->host);
	if (t->what)
		pp_next_of_devices(&t->out, t->survey, t->chosen.devices, t->chosen.count, t->what);
	else
		pp_words_next(&t->out, t->survey);
}

int pp_report_tree(const struct pp_survey *s, const char *what, const struct pp_style *style,
                   struct pp_sink sink, struct pp_error *e)
{
	struct tree t = {
		.survey = s, .what = what, .width = 7, .place_width = 5, .group_width = 5
	};
	struct pp_arena a;

	if (s->host->devices_error)
		return pp_fail(e, ENODATA, "tree: the devices were not read");
	pp_arena_init(&a, 0);
	pp_out_init(&t.out, style, sink);
	int r = tree_link(&t, &a);
	if (r)
		pp_fail_oom(e, "tree");
	if (!r)
		r = tree_choose(&t, &a, e);
	if (!r)
		tree_print(&t);
	pp_arena_fini(&a);
	int written = pp_out_fini(&t.out, r ? NULL : e);
	return r ? r : written;
}
