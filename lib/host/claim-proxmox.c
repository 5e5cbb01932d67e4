/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The VMs of this node of Proxmox VE, by their configurations: lines "hostpciN:", with an address
 * or a mapping of the cluster's. Of a file the part before the first "[" counts; snapshots and what
 * is pending stand behind.
 */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "host/claim-writer.h"

#define PVE              "etc/pve"
#define PVE_MAPPINGS     PVE "/mapping/pci.cfg"
#define PVE_FILE_BYTES   ((size_t)512 * 1024)
#define PVE_MAX_GUESTS   10000
#define PVE_MAX_SEARCHED ((size_t)64 * 1024 * 1024)

struct proxmox_search {
	struct pp_claim_writer *w;
	const char *node;        /* this one's name; NULL: not known */
	struct pp_span mappings; /* pci.cfg; empty: none, or not read */
	size_t searched;         /* bytes of it, over all guests */
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

/* The part up to the separator, and *rest behind it. */
static struct pp_span proxmox_part(struct pp_span *rest, char separator)
{
	const uint8_t *at = rest->len ? memchr(rest->data, separator, rest->len) : NULL;
	size_t len = at ? (size_t)(at - rest->data) : rest->len, used = len + (at != NULL);
	struct pp_span part = PP_SPAN(rest->data, len);

	*rest = PP_SPAN(rest->data + used, rest->len - used);
	return part;
}

/* "0000:01:00.0;01:00.1": addresses, a function or all of a slot each. */
static void proxmox_add_addresses(struct proxmox_search *s, struct pp_span list)
{
	while (list.len) {
		struct pp_span part = proxmox_part(&list, ';');
		char text[PP_ADDRESS_TEXT_BYTES];
		snprintf(text, sizeof(text), "%.*s", part.len < sizeof(text) ? (int)part.len : 0,
		         (const char *)part.data);
		pp_claim_add_text(s->w, text);
	}
}

/* One "map" line of a mapping: "id=…,node=pve1,path=0000:01:00.0". false: another node's. */
static bool proxmox_read_map(struct proxmox_search *s, struct pp_span line, struct pp_span *ret)
{
	struct pp_span path = { 0 }, node = { 0 };

	while (line.len) {
		struct pp_span part = proxmox_part(&line, ',');
		if (pp_span_starts(part, "path="))
			path = PP_SPAN(part.data + 5, part.len - 5);
		else if (pp_span_starts(part, "node="))
			node = PP_SPAN(part.data + 5, part.len - 5);
	}
	/* Another node's device of the same address is none of ours. */
	if (s->node && node.len && !pp_span_is(node, s->node))
		return false;
	*ret = path;
	return true;
}

/*
 * The section "pci: NAME" of pci.cfg; its lines are indented. Of several devices that it has on
 * this node the VM gets one that is free: which one is not known before it starts.
 */
static void proxmox_add_mapping(struct proxmox_search *s, struct pp_span name)
{
	struct pp_span rest = s->mappings, line, word, value, path = { 0 };
	bool inside = false;
	unsigned int nr = 0;

	s->searched += rest.len;
	while (s->searched < PVE_MAX_SEARCHED && pp_text_line(&rest, &line)) {
		if (line.len && *line.data != ' ' && *line.data != '\t') {
			inside = proxmox_value(line, "pci", &value) && value.len == name.len &&
			         !memcmp(value.data, name.data, name.len);
			continue;
		}
		if (inside && pp_text_word(&line, &word) && pp_span_is(word, "map") &&
		    pp_text_word(&line, &word))
			nr += proxmox_read_map(s, word, &path);
	}
	if (nr == 1)
		proxmox_add_addresses(s, path);
}

/* "mdev=nvidia-63": a part of the device, beside which others have theirs. */
static bool proxmox_is_part(struct pp_span value)
{
	while (value.len)
		if (pp_span_starts(proxmox_part(&value, ','), "mdev="))
			return true;
	return false;
}

/* "0000:01:00,pcie=1", "host=01:00.0,…", "mapping=gpu,…" */
static void proxmox_add_hostpci(struct proxmox_search *s, struct pp_span value)
{
	if (proxmox_is_part(value))
		return;
	while (value.len) {
		struct pp_span part = proxmox_part(&value, ',');
		if (pp_span_starts(part, "host="))
			proxmox_add_addresses(s, PP_SPAN(part.data + 5, part.len - 5));
		else if (pp_span_starts(part, "mapping="))
			proxmox_add_mapping(s, PP_SPAN(part.data + 8, part.len - 8));
		else if (part.len && !memchr(part.data, '=', part.len))
			proxmox_add_addresses(s, part);
	}
}

static int proxmox_read_guest(struct proxmox_search *s, const char *path, uint32_t number)
{
	struct pp_arena *a = &s->w->b->scratch;
	struct pp_claimant c = { .kind = PP_CLAIM_PROXMOX, .number = number };
	struct pp_span text, line, value;
	bool template = false;
	int r = pp_source_read_all(s->w->source, path, PVE_FILE_BYTES, a, &text);

	if (r) {
		pp_claim_unread(s->w, PVE "/qemu-server/*.conf", -r);
		return r == -ENOMEM ? r : 0;
	}
	while (pp_text_line(&text, &line) && !pp_span_starts(line, "[")) {
		if (proxmox_is_hostpci(line, &value))
			proxmox_add_hostpci(s, value);
		else if (proxmox_value(line, "onboot", &value))
			c.starts = pp_span_is(value, "1");
		else if (proxmox_value(line, "template", &value))
			template = pp_span_is(value, "1");
		else if (proxmox_value(line, "name", &value))
			c.name = pp_text_clean(a, value.data, value.len);
	}
	/* Nothing is started of a template, but of its copies, which have files of their own. */
	if (template)
		pp_claim_drop(s->w);
	pp_claim_end(s->w, &c);
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

/* /etc/pve/local leads to nodes/NAME. */
static int proxmox_find_node(struct proxmox_search *s)
{
	char link[256];

	if (pp_source_read_link(s->w->source, PP_NODE_NONE, PVE "/local", link, sizeof(link)))
		return 0;
	const char *slash = strrchr(link, '/');
	s->node = pp_arena_strdup(&s->w->b->scratch, slash ? slash + 1 : link);
	return s->node ? 0 : -ENOMEM;
}

int pp_claims_of_proxmox(struct pp_claim_writer *w)
{
	struct proxmox_search s = { .w = w };
	struct pp_names names;
	char directory[160], path[256];
	uint32_t number;
	int r = pp_claim_proxmox_directory(w, "qemu-server", directory, sizeof(directory), &names);

	if (r) {
		pp_claim_unread(w, PVE "/qemu-server", -r);
		return r == -ENOMEM ? r : 0;
	}
	r = pp_source_read_all(w->source, PVE_MAPPINGS, PVE_FILE_BYTES, &w->b->scratch,
	                       &s.mappings);
	if (r)
		s.mappings = (struct pp_span){ 0 };
	pp_claim_unread(w, PVE_MAPPINGS, -r);
	r = r == -ENOMEM ? r : proxmox_find_node(&s);
	for (uint32_t i = 0; !r && i < names.count && i < PVE_MAX_GUESTS; i++) {
		if (!pp_claim_guest_number(names.names[i], &number))
			continue;
		snprintf(path, sizeof(path), "%s/%.20s", directory, names.names[i]);
		r = proxmox_read_guest(&s, path, number);
	}
	return r;
}
