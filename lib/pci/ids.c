/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Names of vendors, devices and classes, from the text of the PCI ID database.
 *
 * The file's form (pci.ids(5)): "VVVV  vendor", below it "<tab>DDDD  device" and, a tab further in,
 * subsystems; "C BB  class", below it "<tab>SS  subclass". Lines that begin with "#" are comments.
 */
#define _GNU_SOURCE
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pci/ids.h"

/* Bytes of one name that are shown; the longest of the file has about 150. */
#define MAX_NAME_BYTES 200

struct pp_ids_entry {
	uint32_t id;
	uint32_t name;             /* where in the text */
	struct pp_ids_index below; /* devices of a vendor, subclasses of a class */
};

/* One line: where it begins and ends, without the newline. */
struct ids_line {
	const char *begin, *end;
};

void pp_ids_init(struct pp_ids *ids, struct pp_span text, struct pp_arena *a)
{
	*ids = (struct pp_ids){ .arena = a, .text = text };
	if (ids->text.len > PP_IDS_MAX_BYTES)
		ids->text.len = PP_IDS_MAX_BYTES;
}

static struct ids_line ids_line_at(const struct pp_ids *ids, size_t offset)
{
	const char *begin = (const char *)ids->text.data + offset;
	const char *end = memchr(begin, '\n', ids->text.len - offset);

	return (struct ids_line){ begin, end ? end : begin + (ids->text.len - offset) };
}

static int ids_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Reads "<digits hexadecimal digits><blank>name" at p; false where the line is something else. */
static bool ids_parse(const struct pp_ids *ids, const char *p, const char *end, int digits,
                      struct pp_ids_entry *ret)
{
	uint32_t id = 0;

	if (end - p <= digits)
		return false;
	for (int i = 0; i < digits; i++) {
		int digit = ids_digit(p[i]);
		if (digit < 0)
			return false;
		id = id << 4 | (uint32_t)digit;
	}
	p += digits;
	if (*p != ' ' && *p != '\t')
		return false;
	while (p < end && (*p == ' ' || *p == '\t'))
		p++;
	*ret = (struct pp_ids_entry){ .id = id,
		                      .name = (uint32_t)(p - (const char *)ids->text.data) };
	return true;
}

static int ids_compare(const void *a, const void *b)
{
	const struct pp_ids_entry *x = a, *y = b;

	if (x->id != y->id)
		return x->id < y->id ? -1 : 1;
	return x->name < y->name ? -1 : x->name > y->name;
}

/* Entries while they are gathered. */
struct ids_list {
	struct pp_ids_entry *entries;
	size_t nr, room;
	bool in_order;
	bool failed;
};

static void ids_add(struct ids_list *l, const struct pp_ids_entry *e)
{
	if (l->nr == l->room) {
		size_t room = l->room ? l->room * 2 : 64;
		struct pp_ids_entry *more = reallocarray(l->entries, room, sizeof(*more));
		if (!more) {
			l->failed = true;
			return;
		}
		l->entries = more;
		l->room = room;
	}
	if (l->nr && l->entries[l->nr - 1].id >= e->id)
		l->in_order = false;
	l->entries[l->nr++] = *e;
}

/* The list becomes the index; the list is empty then. The file is in order, yet nobody says so. */
static void ids_finish(struct pp_ids *ids, struct ids_list *l, struct pp_ids_index *ret)
{
	size_t nr = l->failed ? 0 : l->nr;

	if (!l->in_order && nr)
		qsort(l->entries, nr, sizeof(*l->entries), ids_compare);
	ret->entries = PP_ARENA_ARRAY(ids->arena, nr, struct pp_ids_entry);
	ret->nr = ret->entries ? nr : 0;
	if (ret->nr)
		memcpy(ret->entries, l->entries, nr * sizeof(*l->entries));
	free(l->entries);
}

/* Vendors and classes: the lines without a tab. */
static void ids_index_top(struct pp_ids *ids)
{
	struct ids_list vendors = { .in_order = true }, classes = { .in_order = true };
	struct pp_ids_entry e;

	for (size_t at = 0; at < ids->text.len;) {
		struct ids_line line = ids_line_at(ids, at);
		const char *p = line.begin;
		at = (size_t)(line.end - (const char *)ids->text.data) + 1;
		if (p == line.end || *p == '\t' || *p == '#')
			continue;
		if (ids_parse(ids, p, line.end, 4, &e))
			ids_add(&vendors, &e);
		else if (line.end - p > 2 && p[0] == 'C' && p[1] == ' ' &&
		         ids_parse(ids, p + 2, line.end, 2, &e))
			ids_add(&classes, &e);
	}
	ids_finish(ids, &vendors, &ids->vendors);
	ids_finish(ids, &classes, &ids->classes);
}

/* What belongs to one vendor or class: the lines with one tab up to the next without. */
static void ids_index_below(struct pp_ids *ids, struct pp_ids_entry *of, int digits)
{
	struct ids_list list = { .in_order = true };
	struct pp_ids_entry e;
	struct ids_line line = ids_line_at(ids, of->name);
	size_t at = (size_t)(line.end - (const char *)ids->text.data) + 1;

	while (at < ids->text.len) {
		line = ids_line_at(ids, at);
		const char *p = line.begin;
		at = (size_t)(line.end - (const char *)ids->text.data) + 1;
		if (p == line.end || *p == '#' || *p == '\r')
			continue;
		if (*p != '\t')
			break;
		if (ids_parse(ids, p + 1, line.end, digits, &e))
			ids_add(&list, &e);
	}
	ids_finish(ids, &list, &of->below);
}

/* The first of several with this id, as libpci keeps it; NULL: none. */
static struct pp_ids_entry *ids_find(const struct pp_ids_index *index, uint32_t id)
{
	size_t low = 0, high = index->nr;

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		if (index->entries[mid].id < id)
			low = mid + 1;
		else
			high = mid;
	}
	return low < index->nr && index->entries[low].id == id ? &index->entries[low] : NULL;
}

static struct pp_ids_entry *ids_find_top(struct pp_ids *ids, struct pp_ids_index *index,
                                         uint32_t id)
{
	if (!index->entries)
		ids_index_top(ids);
	return ids_find(index, id);
}

static struct pp_ids_entry *ids_find_below(struct pp_ids *ids, struct pp_ids_entry *of, uint32_t id,
                                           int digits)
{
	if (!of)
		return NULL;
	if (!of->below.entries)
		ids_index_below(ids, of, digits);
	return ids_find(&of->below, id);
}

/* For "%.*s": the bytes of a name, without blanks at its end. */
static int ids_name_len(const struct pp_ids *ids, const struct pp_ids_entry *e)
{
	struct ids_line line = ids_line_at(ids, e->name);
	size_t len = (size_t)(line.end - line.begin);

	while (len && strchr(" \t\r", line.begin[len - 1]))
		len--;
	return len < MAX_NAME_BYTES ? (int)len : MAX_NAME_BYTES;
}

static const char *ids_name(const struct pp_ids *ids, const struct pp_ids_entry *e)
{
	return (const char *)ids->text.data + e->name;
}

void pp_ids_device_name(struct pp_ids *ids, unsigned int vendor, unsigned int device, char *ret,
                        size_t size)
{
	struct pp_ids_entry *maker = ids_find_top(ids, &ids->vendors, vendor & 0xffff);
	struct pp_ids_entry *model = ids_find_below(ids, maker, device & 0xffff, 4);

	if (model)
		snprintf(ret, size, "%.*s %.*s", ids_name_len(ids, maker), ids_name(ids, maker),
		         ids_name_len(ids, model), ids_name(ids, model));
	else if (maker)
		snprintf(ret, size, "%.*s Device %04x", ids_name_len(ids, maker),
		         ids_name(ids, maker), device);
	else
		snprintf(ret, size, "Device %04x:%04x", vendor, device);
}

void pp_ids_class_name(struct pp_ids *ids, unsigned int class_code, char *ret, size_t size)
{
	struct pp_ids_entry *base = ids_find_top(ids, &ids->classes, class_code >> 8 & 0xff);
	struct pp_ids_entry *sub = ids_find_below(ids, base, class_code & 0xff, 2);

	if (sub)
		snprintf(ret, size, "%.*s", ids_name_len(ids, sub), ids_name(ids, sub));
	else if (base)
		snprintf(ret, size, "%.*s [%04x]", ids_name_len(ids, base), ids_name(ids, base),
		         class_code);
	else
		snprintf(ret, size, "Class %04x", class_code);
}
