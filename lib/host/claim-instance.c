/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Containers and VMs of LXD and Incus. Their configuration is in a database that no other program
 * can read safely; what is read is the copy that they keep beside each instance, backup.yaml. It is
 * there while the instance's storage is mounted, for the snap of LXD often in that snap's own
 * mounts alone. Without it, what the instance was last started with is read, and that its
 * configuration is not known is told: such an instance may have any device.
 *
 * Of YAML only what the two write is known: block mappings, a key a line. Text of several lines is
 * indented further than its key, so it is never taken for one.
 */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "host/claim-writer.h"

#define INSTANCE_FILE_BYTES ((size_t)4 * 1024 * 1024)
#define INSTANCE_MAX        10000
#define VALUE_BYTES         256

/* One device of the instance: the values of the keys that are looked at, "" where there is none. */
struct instance_device {
	char type[32], gputype[32], nictype[32];
	char pci[VALUE_BYTES], address[VALUE_BYTES], id[VALUE_BYTES];
	char vendor[VALUE_BYTES], product[VALUE_BYTES];
	char parent[VALUE_BYTES], source[VALUE_BYTES], path[VALUE_BYTES];
};

struct instance_walk {
	struct pp_claim_writer *w;
	/* Columns: of the instance's keys, of what is below the key that is open, and below that.
	 */
	size_t key, below, device;
	bool in_instance, is_vm, starts;
	enum { SECTION_OTHER, SECTION_CONFIG, SECTION_DEVICES } section;
	struct pp_span name;
	struct instance_device d;
};

/* pci: "0000:01:00.0" or "01:00.0" */
static bool instance_matches(const struct instance_device *i, const struct pp_device *d)
{
	uint64_t id;

	if (pp_device_base_class(d) != 0x03)
		return false;
	return (!*i->vendor || (pp_parse_hex(i->vendor, 0xffff, &id) && id == d->vendor)) &&
	       (!*i->product || (pp_parse_hex(i->product, 0xffff, &id) && id == d->device));
}

/* Without an address or a card's number a container gets every display that matches. */
static void instance_add_gpu(struct pp_claim_writer *w, const struct instance_device *d)
{
	const struct pp_host *h = w->b->host;
	char node[VALUE_BYTES + 16];

	/* A part of the card, a mediated device or a virtual function, is not the card. */
	if (!strcmp(d->gputype, "mdev") || !strcmp(d->gputype, "sriov"))
		return;
	if (*d->pci) {
		pp_claim_add_text(w, d->pci);
		return;
	}
	if (*d->id) {
		if (strchr(d->id, '=')) {
			pp_claim_add_nvidia(w, d->id);
			return;
		}
		snprintf(node, sizeof(node), "/dev/dri/card%s", d->id);
		pp_claim_add_node(w, node);
		return;
	}
	for (uint32_t i = 0; i < h->nr_devices; i++)
		if (instance_matches(d, &h->devices[i]))
			pp_claim_add_device(w, h->devices[i].address);
}

static void instance_end_device(struct instance_walk *k)
{
	const struct instance_device *d = &k->d;
	char path[VALUE_BYTES + 32];

	if (!strcmp(d->type, "gpu")) {
		instance_add_gpu(k->w, d);
	} else if (!strcmp(d->type, "pci")) {
		pp_claim_add_text(k->w, d->address);
	} else if ((!strcmp(d->type, "nic") || !strcmp(d->type, "infiniband")) &&
	           !strcmp(d->nictype, "physical") && *d->parent && !strchr(d->parent, '/')) {
		snprintf(path, sizeof(path), "sys/class/net/%s", d->parent);
		pp_claim_add_link(k->w, path);
	} else if (!strcmp(d->type, "unix-char") || !strcmp(d->type, "unix-block") ||
	           !strcmp(d->type, "disk")) {
		/* "source" of the host; without one, "path" is the same in both. */
		const char *node = *d->source || !strcmp(d->type, "disk") ? d->source : d->path;
		if (!strncmp(node, "/dev/", 5))
			pp_claim_add_node(k->w, node);
	}
	k->d = (struct instance_device){ .type = "" };
}

/* Quotation marks of either kind are no part of a value. */
static struct pp_span instance_unquoted(struct pp_span s)
{
	if (s.len >= 2 && (s.data[0] == '"' || s.data[0] == '\'') && s.data[s.len - 1] == s.data[0])
		return PP_SPAN(s.data + 1, s.len - 2);
	return s;
}

static void instance_keep(struct instance_device *d, struct pp_span key, struct pp_span value)
{
	const struct {
		const char *key;
		char *to;
		size_t size;
	} keys[] = {
		{ "type", d->type, sizeof(d->type) },
		{ "gputype", d->gputype, sizeof(d->gputype) },
		{ "nictype", d->nictype, sizeof(d->nictype) },
		{ "pci", d->pci, VALUE_BYTES },
		{ "address", d->address, VALUE_BYTES },
		{ "id", d->id, VALUE_BYTES },
		{ "vendorid", d->vendor, VALUE_BYTES },
		{ "productid", d->product, VALUE_BYTES },
		{ "parent", d->parent, VALUE_BYTES },
		{ "source", d->source, VALUE_BYTES },
		{ "path", d->path, VALUE_BYTES },
	};

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (pp_span_is(key, keys[i].key) && value.len < keys[i].size)
			snprintf(keys[i].to, keys[i].size, "%.*s", (int)value.len,
			         (const char *)value.data);
}

/* A key of the instance itself. */
static void instance_take_key(struct instance_walk *k, struct pp_span key, struct pp_span value)
{
	instance_end_device(k);
	k->below = k->device = 0;
	k->section = pp_span_is(key, "expanded_devices")  ? SECTION_DEVICES
	             : pp_span_is(key, "expanded_config") ? SECTION_CONFIG
	                                                  : SECTION_OTHER;
	if (pp_span_is(key, "name"))
		k->name = value;
	else if (pp_span_is(key, "type"))
		k->is_vm = pp_span_is(value, "virtual-machine");
}

static void instance_take_line(struct instance_walk *k, size_t column, struct pp_span key,
                               struct pp_span value)
{
	if (!column) {
		instance_end_device(k);
		k->in_instance = pp_span_is(key, "container") || pp_span_is(key, "instance");
		k->section = SECTION_OTHER;
		return;
	}
	if (!k->in_instance)
		return;
	k->key = k->key ? k->key : column;
	if (column == k->key) {
		instance_take_key(k, key, value);
		return;
	}
	k->below = k->below ? k->below : column;
	if (column == k->below) {
		instance_end_device(k);
		k->device = 0;
		if (k->section == SECTION_CONFIG && pp_span_is(key, "boot.autostart"))
			k->starts = pp_span_is(value, "true") || pp_span_is(value, "1");
		return;
	}
	k->device = k->device ? k->device : column;
	if (k->section == SECTION_DEVICES && column == k->device)
		instance_keep(&k->d, key, value);
}

static void instance_walk_file(struct instance_walk *k, struct pp_span text)
{
	struct pp_span line;

	while (pp_text_line(&text, &line)) {
		size_t column = 0;
		while (column < line.len && line.data[column] == ' ')
			column++;
		const uint8_t *colon = line.len > column
		                               ? memchr(line.data + column, ':', line.len - column)
		                               : NULL;
		if (!colon || line.data[column] == '#' || line.data[column] == '-')
			continue;
		struct pp_span key =
			PP_SPAN(line.data + column, (size_t)(colon - line.data) - column);
		struct pp_span value =
			PP_SPAN(colon + 1, line.len - (size_t)(colon + 1 - line.data));
		while (value.len && *value.data == ' ')
			value = PP_SPAN(value.data + 1, value.len - 1);
		instance_take_line(k, column, instance_unquoted(key), instance_unquoted(value));
	}
	instance_end_device(k);
}

struct instance_place {
	const char *directory, *sort;
	bool is_vm;
	const char *logs[2]; /* directories that have one for each instance that was started */
};

/* From the files of its last start; the name is that of its directory. */
static int instance_read_start(struct pp_claim_writer *w, const struct instance_place *p,
                               const char *name)
{
	struct pp_claimant c = { .kind = p->is_vm ? PP_CLAIM_GUEST : PP_CLAIM_CONTAINER,
		                 .sort = p->sort };
	int r = 0;

	for (size_t i = 0; !r && i < 2 && p->logs[i]; i++)
		r = pp_claim_add_start(w, p->logs[i], name, p->is_vm);
	c.name = pp_text_clean(&w->b->scratch, name, strlen(name));
	pp_claim_end(w, &c);
	return c.name ? r : -ENOMEM;
}

/* *missing: the first error of a configuration that was not read; untouched if it was. */
static int instance_read(struct pp_claim_writer *w, const struct instance_place *p,
                         const char *name, int *missing)
{
	struct instance_walk k = { .w = w };
	struct pp_claimant c = { .sort = p->sort };
	struct pp_span text;
	char path[512];
	int n = snprintf(path, sizeof(path), "%s/%s" PP_INSTANCE_COPY, p->directory, name);

	if (n < 0 || (size_t)n >= sizeof(path))
		return 0;
	int r = pp_source_read_all(w->source, path, INSTANCE_FILE_BYTES, &w->b->scratch, &text);
	if (r == -ENOMEM)
		return r;
	if (r) {
		*missing = *missing ? *missing : -r;
		return instance_read_start(w, p, name);
	}
	instance_walk_file(&k, text);
	c.kind = k.is_vm ? PP_CLAIM_GUEST : PP_CLAIM_CONTAINER;
	c.starts = k.starts;
	c.name = pp_text_clean(&w->b->scratch, k.name.data, k.name.len);
	pp_claim_end(w, &c);
	return c.name ? 0 : -ENOMEM;
}

static int instance_read_all(struct pp_claim_writer *w, const struct instance_place *p)
{
	struct pp_names names;
	char shown[128];
	int missing = 0, r = pp_source_list(w->source, p->directory, &w->b->scratch, &names);

	if (r) {
		pp_claim_unread(w, p->directory, -r);
		return r == -ENOMEM ? r : 0;
	}
	for (uint32_t i = 0; !r && i < names.count && i < INSTANCE_MAX; i++)
		r = instance_read(w, p, names.names[i], &missing);
	snprintf(shown, sizeof(shown), "%s/*" PP_INSTANCE_COPY, p->directory);
	pp_claim_missing(w, shown, missing);
	return r;
}

int pp_claims_of_instances(struct pp_claim_writer *w)
{
	static const struct instance_place places[] = {
		{ "var/lib/incus/containers", "incus", false, { "run/incus", "var/log/incus" } },
		{ "var/lib/incus/virtual-machines",
		  "incus",
		  true,
		  { "run/incus", "var/log/incus" } },
		{ "var/lib/lxd/containers", "lxd", false, { "var/log/lxd" } },
		{ "var/lib/lxd/virtual-machines", "lxd", true, { "var/log/lxd" } },
		{ "var/snap/lxd/common/lxd/containers",
		  "lxd",
		  false,
		  { "var/snap/lxd/common/lxd/logs" } },
		{ "var/snap/lxd/common/lxd/virtual-machines",
		  "lxd",
		  true,
		  { "var/snap/lxd/common/lxd/logs" } },
	};
	int r = 0;

	for (size_t i = 0; !r && i < sizeof(places) / sizeof(places[0]); i++)
		r = instance_read_all(w, &places[i]);
	return r;
}
