/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The resource mappings of a cluster of Proxmox VE, /etc/pve/mapping/pci.cfg: a name for which each
 * node has a device of its own, or several. Before it starts a guest by one, the node compares what
 * the mapping says of a device with the device (pve-guest-common, PVE::Mapping::PCI, assert_valid).
 *
 *	hba
 *		map id=1000:0087,iommugroup=13,node=pve1,path=0000:07:00.0,subsystem-id=1000:3020
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "host/claim-writer.h"

#define MAPPINGS_MAX 8192 /* lines "map" and names, each */

struct mapping_parser {
	const char *node;
	struct pp_mapping *list;
	struct pp_mapped *mapped;
	uint32_t nr, nr_mapped;
};

struct pp_span pp_claim_part(struct pp_span *rest, char separator)
{
	const uint8_t *at = rest->len ? memchr(rest->data, separator, rest->len) : NULL;
	size_t len = at ? (size_t)(at - rest->data) : rest->len, used = len + (at != NULL);
	struct pp_span part = PP_SPAN(rest->data, len);

	if (rest->len)
		*rest = PP_SPAN(rest->data + used, rest->len - used);
	return part;
}

void pp_claim_add_addresses(struct pp_claim_writer *w, struct pp_span list)
{
	while (list.len) {
		struct pp_span part = pp_claim_part(&list, ';');
		char text[PP_ADDRESS_TEXT_BYTES];
		snprintf(text, sizeof(text), "%.*s", part.len < sizeof(text) ? (int)part.len : 0,
		         (const char *)part.data);
		pp_claim_add_text(w, text);
	}
}

/* --- reading --- */

static bool mapping_property(struct pp_span part, const char *key, struct pp_span *ret)
{
	size_t n = strlen(key);

	if (!pp_span_starts(part, key))
		return false;
	*ret = PP_SPAN(part.data + n, part.len - n);
	return true;
}

/* "id=…,node=pve1,path=0000:01:00.0": of another node it is nothing. */
static void mapping_add_line(struct mapping_parser *p, struct pp_span line)
{
	struct pp_mapping *m = &p->list[p->nr - 1];
	struct pp_mapped entry = { 0 };
	struct pp_span node = { 0 };

	while (line.len) {
		struct pp_span part = pp_claim_part(&line, ',');
		if (!mapping_property(part, "path=", &entry.path) &&
		    !mapping_property(part, "id=", &entry.id) &&
		    !mapping_property(part, "subsystem-id=", &entry.subsystem) &&
		    !mapping_property(part, "iommugroup=", &entry.group))
			mapping_property(part, "node=", &node);
	}
	if (!entry.path.len || !pp_span_is(node, p->node) || p->nr_mapped == MAPPINGS_MAX)
		return;
	m->mapped = m->nr ? m->mapped : &p->mapped[p->nr_mapped];
	p->mapped[p->nr_mapped++] = entry;
	m->nr++;
}

static bool mapping_is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static struct pp_span mapping_trim(struct pp_span s)
{
	while (s.len && mapping_is_blank((char)*s.data))
		s = PP_SPAN(s.data + 1, s.len - 1);
	while (s.len && mapping_is_blank((char)s.data[s.len - 1]))
		s.len--;
	return s;
}

/* A name stands at the beginning of its line, what it has is indented; an empty line ends it. */
static void mapping_parse_lines(struct mapping_parser *p, struct pp_span rest)
{
	struct pp_span line, word;
	bool inside = false;

	while (pp_text_line(&rest, &line)) {
		struct pp_span text = mapping_trim(line);
		if (text.len && *text.data == '#')
			continue;
		if (!text.len || mapping_is_blank((char)*line.data)) {
			inside = inside && text.len;
			if (inside && pp_text_word(&text, &word) && pp_span_is(word, "map"))
				mapping_add_line(p, mapping_trim(text));
			continue;
		}
		/* A line without an indent inside is none of its own: passed over. */
		if (inside)
			continue;
		inside = p->nr < MAPPINGS_MAX && !memchr(text.data, ' ', text.len);
		if (inside)
			p->list[p->nr++] = (struct pp_mapping){ .name = text };
	}
}

static int mapping_compare_names(struct pp_span a, struct pp_span b)
{
	size_t n = a.len < b.len ? a.len : b.len;
	int r = memcmp(a.data, b.data, n);

	return r ? r : a.len < b.len ? -1 : a.len > b.len;
}

static int mapping_compare(const void *x, const void *y)
{
	const struct pp_mapping *a = x, *b = y;
	int r = mapping_compare_names(a->name, b->name);

	/* In the order of the file. */
	return r ? r : a->name.data < b->name.data ? -1 : a->name.data > b->name.data;
}

/* Of a name that is there twice the last one counts. */
static uint32_t mapping_drop_twins(struct pp_mapping *list, uint32_t nr)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < nr; i++) {
		bool twin = n && !mapping_compare_names(list[n - 1].name, list[i].name);
		list[twin ? n - 1 : n++] = list[i];
	}
	return n;
}

int pp_mappings_parse(struct pp_span text, const char *node, struct pp_arena *a,
                      struct pp_mappings *ret)
{
	struct mapping_parser p = { .node = node };

	*ret = (struct pp_mappings){ 0 };
	if (!node || !text.len)
		return 0;
	/* Each of either has a line of its own. */
	size_t max = text.len / 2 + 1 < MAPPINGS_MAX ? text.len / 2 + 1 : MAPPINGS_MAX;
	p.list = PP_ARENA_ARRAY(a, max, struct pp_mapping);
	p.mapped = PP_ARENA_ARRAY(a, max, struct pp_mapped);
	if (!p.list || !p.mapped)
		return -ENOMEM;
	mapping_parse_lines(&p, text);
	if (p.nr)
		qsort(p.list, p.nr, sizeof(*p.list), mapping_compare);
	ret->list = p.list;
	ret->nr = mapping_drop_twins(p.list, p.nr);
	return 0;
}

static int mapping_compare_key(const void *key, const void *entry)
{
	return mapping_compare_names(*(const struct pp_span *)key,
	                             ((const struct pp_mapping *)entry)->name);
}

const struct pp_mapping *pp_mappings_find(const struct pp_mappings *m, struct pp_span name)
{
	if (!m->nr || !name.len)
		return NULL;
	return bsearch(&name, m->list, m->nr, sizeof(*m->list), mapping_compare_key);
}

/* --- whether it fits --- */

/* As the node compares it: letter by letter, but for "0x". */
static bool mapping_says(struct pp_span given, const char *wanted)
{
	char text[16];
	size_t n = 0;

	for (size_t i = 0; i < given.len && n + 1 < sizeof(text); i++) {
		if (given.data[i] == '0' && i + 1 < given.len && given.data[i + 1] == 'x')
			i++;
		else
			text[n++] = (char)given.data[i];
	}
	text[n] = '\0';
	return !strcmp(text, wanted);
}

static const char *mapping_check_ids(const struct pp_mapped *m, const struct pp_device *d)
{
	const struct pp_config *c = &d->config;
	char wanted[16];

	snprintf(wanted, sizeof(wanted), "%04x:%04x", d->vendor, d->device);
	if (d->ids_known && !mapping_says(m->id, wanted))
		return m->id.len ? "id" : "no-id";
	snprintf(wanted, sizeof(wanted), "%04x:%04x", c->subsystem_vendor, c->subsystem_device);
	if (c->header_read == PP_YES && c->header_type == PP_HEADER_NORMAL &&
	    !mapping_says(m->subsystem, wanted))
		return m->subsystem.len ? "subsystem-id" : "no-subsystem-id";
	return NULL;
}

static const char *mapping_check_group(const struct pp_claim_writer *w, const struct pp_mapped *m,
                                       const struct pp_device *d)
{
	char wanted[16] = "";

	if (d->group == PP_NO_GROUP && d->group_error != ENOENT)
		return NULL;
	if (d->group != PP_NO_GROUP)
		snprintf(wanted, sizeof(wanted), "%u", w->b->host->groups[d->group].number);
	if (mapping_says(m->group, wanted))
		return NULL;
	return m->group.len ? "iommugroup" : "no-iommugroup";
}

/* The property that keeps the node from starting a guest; NULL: none that is known. */
static const char *mapping_check(const struct pp_claim_writer *w, const struct pp_mapped *m)
{
	struct pp_span rest = m->path;
	const char *problem = NULL;

	for (bool first = true; rest.len && !problem; first = false) {
		struct pp_span part = pp_claim_part(&rest, ';');
		char text[PP_ADDRESS_TEXT_BYTES + 2];
		struct pp_address a;
		snprintf(text, sizeof(text), "%.*s%s", part.len < 16 ? (int)part.len : 0,
		         (const char *)part.data,
		         part.len && memchr(part.data, '.', part.len) ? "" : ".0");
		uint32_t d =
			pp_address_parse(text, &a) ? pp_host_find(w->b->host, a) : PP_NO_DEVICE;
		if (d == PP_NO_DEVICE)
			continue;
		problem = mapping_check_ids(m, &w->b->host->devices[d]);
		if (!problem && first)
			problem = mapping_check_group(w, m, &w->b->host->devices[d]);
	}
	return problem;
}

int pp_claims_of_mappings(struct pp_claim_writer *w, const struct pp_mappings *m)
{
	for (uint32_t i = 0; i < m->nr; i++) {
		const struct pp_mapping *of = &m->list[i];
		struct pp_claimant c = { .kind = PP_CLAIM_MAPPING };
		c.name = pp_text_clean(&w->b->scratch, of->name.data, of->name.len);
		if (!c.name)
			return -ENOMEM;
		for (uint32_t k = 0; k < of->nr; k++) {
			pp_claim_add_addresses(w, of->mapped[k].path);
			c.sort = mapping_check(w, &of->mapped[k]);
			c.one_of = of->nr > 1;
			/* Of devices that are not there no line is written. */
			bool any = w->nr_devices != 0;
			pp_claim_end(w, &c);
			c.same_holder |= any;
		}
	}
	return 0;
}
