/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The guests of libvirt's system daemon, by /etc/libvirt/qemu/NAME.xml: elements hostdev, interface
 * and disk that name a PCI device of the host in their source. A small walk over tags: these files
 * have namespaces and are written by libvirt alone.
 */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "host/claim-writer.h"

#define LIBVIRT            "etc/libvirt/qemu"
#define LIBVIRT_FILE_BYTES ((size_t)1024 * 1024)
#define LIBVIRT_MAX_GUESTS 10000

/* Where the walk is. */
struct libvirt_walk {
	struct pp_claim_writer *w;
	bool pci_device; /* in a hostdev, interface or disk of a PCI device's */
	bool source;     /* in its source */
	bool in_name;    /* in the first name */
	unsigned int depth, device_depth;
	struct pp_span name;
};

/* A tag without its angle brackets: <hostdev mode='subsystem'>, </source>, <address …/>. */
struct libvirt_tag {
	struct pp_span name, attributes;
	bool closes, empty;
};

static bool libvirt_is_blank(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* The value of an attribute; false: it is not there, or has no quotes. */
static bool libvirt_attribute(const struct libvirt_tag *t, const char *name, struct pp_span *ret)
{
	struct pp_span at = t->attributes;
	size_t n = strlen(name);

	while (at.len) {
		while (at.len && libvirt_is_blank(*at.data))
			at = PP_SPAN(at.data + 1, at.len - 1);
		const uint8_t *equals = at.len ? memchr(at.data, '=', at.len) : NULL;
		size_t left = equals ? at.len - (size_t)(equals + 1 - at.data) : 0;
		if (left < 2 || (equals[1] != '\'' && equals[1] != '"'))
			return false;
		const uint8_t *end = memchr(equals + 2, equals[1], left - 1);
		if (!end)
			return false;
		if ((size_t)(equals - at.data) == n && !memcmp(at.data, name, n)) {
			*ret = PP_SPAN(equals + 2, (size_t)(end - equals - 2));
			return true;
		}
		at = PP_SPAN(end + 1, at.len - (size_t)(end + 1 - at.data));
	}
	return false;
}

static bool libvirt_attribute_is(const struct libvirt_tag *t, const char *name, const char *value)
{
	struct pp_span is;

	return libvirt_attribute(t, name, &is) && pp_span_is(is, value);
}

/* "0x0a" or "10": as virStrToLong with base 0. */
static bool libvirt_number(const struct libvirt_tag *t, const char *name, uint64_t max,
                           uint64_t *ret)
{
	struct pp_span value;
	char text[16];

	if (!libvirt_attribute(t, name, &value))
		return false;
	snprintf(text, sizeof(text), "%.*s", value.len < sizeof(text) ? (int)value.len : 0,
	         (const char *)value.data);
	return !strncmp(text, "0x", 2) ? pp_parse_hex(text, max, ret)
	                               : pp_parse_dec(text, max, ret);
}

static void libvirt_take_address(struct libvirt_walk *k, const struct libvirt_tag *t)
{
	uint64_t domain = 0, bus, slot, function;

	if (!libvirt_number(t, "domain", UINT32_MAX, &domain))
		domain = 0;
	if (libvirt_number(t, "bus", 0xff, &bus) && libvirt_number(t, "slot", 0x1f, &slot) &&
	    libvirt_number(t, "function", 7, &function))
		pp_claim_add_device(k->w, (struct pp_address){ (uint32_t)domain, (uint8_t)bus,
		                                               (uint8_t)slot, (uint8_t)function });
}

/* <hostdev type='pci'>, <interface type='hostdev'>, <disk type='nvme'> */
static bool libvirt_is_pci_device(const struct libvirt_tag *t)
{
	return (pp_span_is(t->name, "hostdev") && libvirt_attribute_is(t, "type", "pci")) ||
	       (pp_span_is(t->name, "interface") && libvirt_attribute_is(t, "type", "hostdev")) ||
	       (pp_span_is(t->name, "disk") && libvirt_attribute_is(t, "type", "nvme"));
}

static void libvirt_take_tag(struct libvirt_walk *k, const struct libvirt_tag *t)
{
	if (t->closes) {
		k->depth -= k->depth > 0;
		k->in_name = false;
		if (k->pci_device && k->depth == k->device_depth)
			k->pci_device = k->source = false;
		else if (pp_span_is(t->name, "source"))
			k->source = false;
		return;
	}
	if (!k->pci_device && libvirt_is_pci_device(t) && !t->empty) {
		k->pci_device = true;
		k->device_depth = k->depth;
	} else if (k->pci_device && pp_span_is(t->name, "source") && !t->empty) {
		k->source = true;
	} else if (k->source && pp_span_is(t->name, "address")) {
		libvirt_take_address(k, t);
	}
	k->in_name = k->depth == 1 && pp_span_is(t->name, "name") && !k->name.len && !t->empty;
	k->depth += !t->empty;
}

/* inside: what stands between the angle brackets. */
static struct libvirt_tag libvirt_read_tag(struct pp_span inside)
{
	struct libvirt_tag t = { 0 };

	t.closes = inside.len && *inside.data == '/';
	t.empty = inside.len && inside.data[inside.len - 1] == '/';
	if (t.closes)
		inside = PP_SPAN(inside.data + 1, inside.len - 1);
	else if (t.empty)
		inside.len--;
	size_t n = 0;
	while (n < inside.len && !libvirt_is_blank(inside.data[n]))
		n++;
	t.name = PP_SPAN(inside.data, n);
	t.attributes = PP_SPAN(inside.data + n, inside.len - n);
	return t;
}

/* Where a tag ends: a ">" outside of quotes; NULL: nowhere. */
static const uint8_t *libvirt_tag_end(struct pp_span at)
{
	uint8_t quote = 0;

	for (size_t i = 0; i < at.len; i++) {
		uint8_t c = at.data[i];
		if (quote)
			quote = c == quote ? 0 : quote;
		else if (c == '"' || c == '\'')
			quote = c;
		else if (c == '>')
			return at.data + i;
	}
	return NULL;
}

/* Behind a comment or a declaration, which may hold anything. */
static bool libvirt_skip(struct pp_span *rest)
{
	const char *end = pp_span_starts(*rest, "!--") ? "-->" : ">";

	if (!rest->len || (*rest->data != '!' && *rest->data != '?'))
		return false;
	const uint8_t *at = pp_span_find(*rest, end);
	size_t used = at ? (size_t)(at - rest->data) + strlen(end) : rest->len;
	*rest = PP_SPAN(rest->data + used, rest->len - used);
	return true;
}

static void libvirt_walk_file(struct libvirt_walk *k, struct pp_span rest)
{
	while (rest.len) {
		const uint8_t *open = memchr(rest.data, '<', rest.len);
		if (!open)
			return;
		if (k->in_name && !k->name.len)
			k->name = PP_SPAN(rest.data, (size_t)(open - rest.data));
		rest = PP_SPAN(open + 1, rest.len - (size_t)(open + 1 - rest.data));
		if (libvirt_skip(&rest))
			continue;
		const uint8_t *end = libvirt_tag_end(rest);
		if (!end)
			return;
		struct libvirt_tag t =
			libvirt_read_tag(PP_SPAN(rest.data, (size_t)(end - rest.data)));
		libvirt_take_tag(k, &t);
		rest = PP_SPAN(end + 1, rest.len - (size_t)(end + 1 - rest.data));
	}
}

static int libvirt_read_guest(struct pp_claim_writer *w, const char *file)
{
	struct libvirt_walk k = { .w = w };
	struct pp_claimant c = { .kind = PP_CLAIM_LIBVIRT };
	char path[300], link[8];
	struct pp_span text;

	snprintf(path, sizeof(path), LIBVIRT "/%.250s", file);
	int r = pp_source_read_all(w->source, path, LIBVIRT_FILE_BYTES, &w->b->scratch, &text);
	if (r) {
		/* Its name is the guest's: nothing of it is kept. */
		pp_claim_unread(w, LIBVIRT "/*.xml", -r);
		return r == -ENOMEM ? r : 0;
	}
	libvirt_walk_file(&k, text);
	c.name = pp_text_clean(&w->b->scratch, k.name.data, k.name.len);
	snprintf(path, sizeof(path), LIBVIRT "/autostart/%.250s", file);
	r = pp_source_read_link(w->source, PP_NODE_NONE, path, link, sizeof(link));
	c.starts = !r || r == -ENAMETOOLONG || r == -EINVAL;
	pp_claim_end(w, &c);
	return c.name ? 0 : -ENOMEM;
}

int pp_claims_of_libvirt(struct pp_claim_writer *w)
{
	struct pp_names names;
	int r = pp_source_list(w->source, LIBVIRT, &w->b->scratch, &names);

	if (r) {
		pp_claim_unread(w, LIBVIRT, -r);
		return r == -ENOMEM ? r : 0;
	}
	for (uint32_t i = 0; !r && i < names.count && i < LIBVIRT_MAX_GUESTS; i++) {
		size_t n = strlen(names.names[i]);
		if (n > 4 && n < 250 && !strcmp(names.names[i] + n - 4, ".xml"))
			r = libvirt_read_guest(w, names.names[i]);
	}
	return r;
}
