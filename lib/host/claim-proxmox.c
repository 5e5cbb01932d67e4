/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The VMs of a node of Proxmox VE, by their configurations: lines "hostpciN:", with an address or a
 * resource mapping of the cluster's; and the VMs of its other nodes that have such a mapping. Of a
 * file the part before the first "[" counts; snapshots and what is pending stand behind.
 */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "host/claim-writer.h"

#define PVE            "etc/pve"
#define PVE_MAPPINGS   PVE "/mapping/pci.cfg"
#define PVE_FILE_BYTES ((size_t)512 * 1024)
#define PVE_MAX_GUESTS 10000

#define PVE_MAX_HOSTPCI 16

struct proxmox_search {
	struct pp_claim_writer *w;
	const char *node;            /* this one's name; NULL: not known */
	struct pp_mappings mappings; /* what they have on this node */
	uint32_t nr_read;            /* configurations */
	/* Of the guest that is read: mappings of several devices. */
	const struct pp_mapping *pools[PVE_MAX_HOSTPCI];
	uint32_t nr_pools;
};

/* "key: value" → the value without blanks around it. */
static bool proxmox_value(struct pp_span line, const char *key, struct pp_span *ret)
{
	size_t n = strlen(key);

	if (!pp_span_starts(line, key) || line.len <= n || line.data[n] != ':')
		return false;
	*ret = PP_SPAN(line.data + n + 1, line.len - n - 1);
	while (ret->len && (*ret->data == ' ' || *ret->data == '\t'))
		*ret = PP_SPAN(ret->data + 1, ret->len - 1);
	while (ret->len && (ret->data[ret->len - 1] == ' ' || ret->data[ret->len - 1] == '\r'))
		ret->len--;
	return true;
}

/* "hostpci0: …" */
static bool proxmox_is_hostpci(struct pp_span line, struct pp_span *ret)
{
	static const char key[] = "hostpci";
	size_t n = sizeof(key) - 1, digits = 0;
	char name[sizeof(key) + 4];

	if (!pp_span_starts(line, key))
		return false;
	while (n + digits < line.len && digits < 3 && line.data[n + digits] >= '0' &&
	       line.data[n + digits] <= '9')
		digits++;
	if (!digits)
		return false;
	snprintf(name, sizeof(name), "%.*s", (int)(n + digits), (const char *)line.data);
	return proxmox_value(line, name, ret);
}

/* Of several devices that a mapping has on this node the guest gets one that is free. */
static void proxmox_add_mapping(struct proxmox_search *s, struct pp_span name)
{
	const struct pp_mapping *m = pp_mappings_find(&s->mappings, name);

	if (m && m->nr == 1)
		pp_claim_add_addresses(s->w, m->mapped[0].path);
	else if (m && m->nr && s->nr_pools < PVE_MAX_HOSTPCI)
		s->pools[s->nr_pools++] = m;
}

/* "mdev=nvidia-63": a part of the device, beside which others have theirs. */
static bool proxmox_is_part(struct pp_span value)
{
	while (value.len)
		if (pp_span_starts(pp_claim_part(&value, ','), "mdev="))
			return true;
	return false;
}

/*
 * "0000:01:00,pcie=1", "host=01:00.0,…", "mapping=gpu,…". An address in the configuration of
 * another node's guest is that node's device.
 */
static void proxmox_add_hostpci(struct proxmox_search *s, struct pp_span value, bool elsewhere)
{
	if (proxmox_is_part(value))
		return;
	while (value.len) {
		struct pp_span part = pp_claim_part(&value, ',');
		if (pp_span_starts(part, "mapping="))
			proxmox_add_mapping(s, PP_SPAN(part.data + 8, part.len - 8));
		else if (elsewhere)
			continue;
		else if (pp_span_starts(part, "host="))
			pp_claim_add_addresses(s->w, PP_SPAN(part.data + 5, part.len - 5));
		else if (part.len && !memchr(part.data, '=', part.len))
			pp_claim_add_addresses(s->w, part);
	}
}

/* Nothing is started of a template, but of its copies, which have files of their own. */
static void proxmox_end_guest(struct proxmox_search *s, struct pp_claimant *c, bool template)
{
	if (template)
		pp_claim_drop(s->w);
	c->same_holder = false;
	bool any = s->w->nr_devices;
	pp_claim_end(s->w, c);
	c->one_of = true;
	for (uint32_t i = 0; !template && i < s->nr_pools; i++) {
		for (uint32_t k = 0; k < s->pools[i]->nr; k++)
			pp_claim_add_addresses(s->w, s->pools[i]->mapped[k].path);
		c->same_holder = any;
		any |= s->w->nr_devices != 0;
		pp_claim_end(s->w, c);
	}
}

static int proxmox_read_guest(struct proxmox_search *s, const char *path, uint32_t number,
                              bool elsewhere)
{
	struct pp_arena *a = &s->w->b->scratch;
	struct pp_claimant c = { .kind = PP_CLAIM_PROXMOX,
		                 .number = number,
		                 .elsewhere = elsewhere };
	struct pp_span text, line, value;
	bool template = false;
	int r = pp_source_read_all(s->w->source, path, PVE_FILE_BYTES, a, &text);

	if (r) {
		pp_claim_unread(s->w,
		                elsewhere ? PVE "/nodes/*/qemu-server/*.conf"
		                          : PVE "/qemu-server/*.conf",
		                -r);
		return r == -ENOMEM ? r : 0;
	}
	s->nr_pools = 0;
	while (pp_text_line(&text, &line) && !pp_span_starts(line, "[")) {
		if (proxmox_is_hostpci(line, &value))
			proxmox_add_hostpci(s, value, elsewhere);
		else if (proxmox_value(line, "onboot", &value))
			c.starts = !elsewhere && pp_span_is(value, "1");
		else if (proxmox_value(line, "template", &value))
			template = pp_span_is(value, "1");
		else if (proxmox_value(line, "name", &value))
			c.name = pp_text_clean(a, value.data, value.len);
	}
	proxmox_end_guest(s, &c, template);
	return 0;
}

bool pp_claim_guest_number(const char *name, uint32_t *ret)
{
	char text[16];
	size_t n = strlen(name);
	uint64_t number;

	if (n < 6 || n >= sizeof(text) + 5 || strcmp(name + n - 5, ".conf"))
		return false;
	snprintf(text, sizeof(text), "%.*s", (int)(n - 5), name);
	if (!pp_parse_dec(text, 999999999, &number) || !number)
		return false;
	*ret = (uint32_t)number;
	return true;
}

int pp_claim_proxmox_directory(struct pp_claim_writer *w, const char *what, char *ret, size_t size,
                               struct pp_names *names)
{
	struct pp_names nodes;

	snprintf(ret, size, PVE "/%s", what);
	int r = pp_source_list(w->source, ret, &w->b->scratch, names);
	if (r != -ENOENT && r != -ENODATA)
		return r;
	/* Files of a node somewhere else, without the link to its own directory. */
	if (pp_source_list(w->source, PVE "/nodes", &w->b->scratch, &nodes) || nodes.count != 1)
		return r;
	snprintf(ret, size, PVE "/nodes/%.100s/%s", nodes.names[0], what);
	return pp_source_list(w->source, ret, &w->b->scratch, names);
}

/* /etc/pve/local leads to nodes/NAME; a node alone needs no link. */
static int proxmox_find_node(struct proxmox_search *s)
{
	struct pp_arena *a = &s->w->b->scratch;
	struct pp_names nodes;
	char link[256];
	const char *name = link;

	if (!pp_source_read_link(s->w->source, PP_NODE_NONE, PVE "/local", link, sizeof(link))) {
		const char *slash = strrchr(link, '/');
		name = slash ? slash + 1 : link;
	} else if (!pp_source_list(s->w->source, PVE "/nodes", a, &nodes) && nodes.count == 1) {
		name = nodes.names[0];
	} else {
		return 0;
	}
	s->node = pp_arena_strdup(a, name);
	return s->node ? 0 : -ENOMEM;
}

/* Without the node's name nothing is known of what a mapping has on it. */
static int proxmox_read_mappings(struct proxmox_search *s)
{
	struct pp_span text = { 0 };
	int r = pp_source_read_all(s->w->source, PVE_MAPPINGS, PVE_FILE_BYTES, &s->w->b->scratch,
	                           &text);

	pp_claim_unread(s->w, PVE_MAPPINGS, -r);
	if (r)
		return r == -ENOMEM ? r : 0;
	r = proxmox_find_node(s);
	if (!r && !s->node)
		pp_claim_missing(s->w, PVE "/local", ENOENT);
	return r ? r : pp_mappings_parse(text, s->node, &s->w->b->scratch, &s->mappings);
}

static int proxmox_read_guests(struct proxmox_search *s, const char *directory,
                               const struct pp_names *names, bool elsewhere)
{
	char path[256];
	uint32_t number;
	int r = 0;

	for (uint32_t i = 0; !r && i < names->count && s->nr_read < PVE_MAX_GUESTS; i++) {
		if (!pp_claim_guest_number(names->names[i], &number))
			continue;
		s->nr_read++;
		snprintf(path, sizeof(path), "%s/%.20s", directory, names->names[i]);
		r = proxmox_read_guest(s, path, number, elsewhere);
	}
	return r;
}

/* A guest of another node can move here, and its mapping then means a device of this node. */
static int proxmox_read_other_nodes(struct proxmox_search *s)
{
	struct pp_names nodes, names;
	char directory[160];
	int r = 0;

	if (!s->mappings.nr ||
	    pp_source_list(s->w->source, PVE "/nodes", &s->w->b->scratch, &nodes))
		return 0;
	for (uint32_t i = 0; !r && i < nodes.count; i++) {
		if (!strcmp(nodes.names[i], s->node))
			continue;
		snprintf(directory, sizeof(directory), PVE "/nodes/%.100s/qemu-server",
		         nodes.names[i]);
		r = pp_source_list(s->w->source, directory, &s->w->b->scratch, &names);
		if (r) {
			pp_claim_unread(s->w, PVE "/nodes/*/qemu-server", -r);
			r = r == -ENOMEM ? r : 0;
			continue;
		}
		r = proxmox_read_guests(s, directory, &names, true);
	}
	return r;
}

int pp_claims_of_proxmox(struct pp_claim_writer *w)
{
	struct proxmox_search s = { .w = w };
	struct pp_names names;
	char directory[160];
	int r = pp_claim_proxmox_directory(w, "qemu-server", directory, sizeof(directory), &names);

	if (r) {
		pp_claim_unread(w, PVE "/qemu-server", -r);
		return r == -ENOMEM ? r : 0;
	}
	r = proxmox_read_mappings(&s);
	if (!r)
		r = pp_claims_of_mappings(w, &s.mappings);
	if (!r)
		r = proxmox_read_guests(&s, directory, &names, false);
	return r ? r : proxmox_read_other_nodes(&s);
}
