/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A configuration space that is put together byte by byte, and what of it is known. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "import/import.h"

void pp_import_config_put(struct pp_import_config *c, unsigned int at, uint32_t value,
                          unsigned int bytes)
{
	for (unsigned int i = 0; i < bytes && at + i < PP_IMPORT_CONFIG; i++) {
		c->bytes[at + i] = (uint8_t)(value >> 8 * i);
		c->known[(at + i) / 8] |= (uint8_t)(1u << (at + i) % 8);
	}
}

static bool config_knows(const struct pp_import_config *c, unsigned int at)
{
	return at < PP_IMPORT_CONFIG && c->known[at / 8] >> at % 8 & 1;
}

bool pp_import_config_any(const struct pp_import_config *c)
{
	return config_knows(c, 0);
}

static bool told_bit(const uint8_t *bits, unsigned int at)
{
	return bits[at / 8] >> at % 8 & 1;
}

static void told_set(uint8_t *bits, unsigned int at)
{
	bits[at / 8] |= (uint8_t)(1u << at % 8);
}

static unsigned int config_end(const struct pp_import_config *c)
{
	unsigned int end = PP_IMPORT_CONFIG;

	while (end && !config_knows(c, end - 1))
		end--;
	return end;
}

static uint16_t config_count(const struct pp_import_config *c)
{
	uint16_t n = 0;

	for (unsigned int i = 0; i < PP_IMPORT_CONFIG; i++)
		n = (uint16_t)(n + config_knows(c, i));
	return n;
}

/* What the file has, as one of a text. */
static void config_load(const struct pp_import_told *t, struct pp_span bytes,
                        struct pp_import_config *ret)
{
	memset(ret, 0, sizeof(*ret));
	if (!t->end)
		return;
	memcpy(ret->bytes, bytes.data, t->end);
	memcpy(ret->known, t->known, (t->end + 7u) / 8);
}

/* The kind and the place of the next capability; 0: none, or not known. PCI 6.7, PCIe 7.6.3. */
static uint32_t config_capability(const struct pp_import_config *c, unsigned int at)
{
	unsigned int bytes = at < 0x100 ? 2 : 4;
	uint32_t head = 0;

	for (unsigned int i = 0; i < bytes; i++) {
		if (at < 0x40 || !config_knows(c, at + i))
			return 0;
		head |= (uint32_t)c->bytes[at + i] << 8 * i;
	}
	return head;
}

/* Whether two lists of capabilities are the same, as far as both are known. */
static bool config_same_list(const struct pp_import_config *a, const struct pp_import_config *b,
                             unsigned int at)
{
	for (unsigned int n = 0; n < PP_IMPORT_CONFIG / 4; n++) {
		uint32_t x = config_capability(a, at), y = config_capability(b, at);
		/* A version, which lines do not tell, is bits 16 to 19. */
		uint32_t differ = (x ^ y) & (at < 0x100 ? 0xffff : 0xfff0ffff);
		if (!x || !y)
			return true;
		if (differ)
			return false;
		at = at < 0x100 ? x >> 8 & 0xfc : x >> 20 & 0xffc;
	}
	return true;
}

static bool config_without_ids(const struct pp_import_config *c)
{
	return config_knows(c, 1) && c->bytes[0] == 0xff && c->bytes[1] == 0xff;
}

/* What may change from one boot to the next, or that one of them does not tell, is no difference.
 */
static const char *config_differs(const struct pp_import_config *a,
                                  const struct pp_import_config *b)
{
	/* PCI 6.2.1: vendor, device, revision, class. */
	static const uint8_t ids[] = { 0, 1, 2, 3, 8, 10, 11 };
	bool bridge = (a->bytes[0xe] & 0x7f) == 1;

	/* A virtual function has no ids of its own there, which lines tell all the same. */
	bool vf = config_without_ids(a) || config_without_ids(b);
	for (size_t i = vf ? 4 : 0; i < sizeof(ids); i++)
		if (config_knows(a, ids[i]) && config_knows(b, ids[i]) &&
		    a->bytes[ids[i]] != b->bytes[ids[i]])
			return " (ids)";
	for (unsigned int i = 0x19; bridge && i <= 0x1a; i++)
		if (config_knows(a, i) && config_knows(b, i) && a->bytes[i] && b->bytes[i] &&
		    a->bytes[i] != b->bytes[i])
			return " (buses)";
	if (config_knows(a, 0x34) && config_knows(b, 0x34) && a->bytes[0x34] && b->bytes[0x34] &&
	    (a->bytes[0x34] != b->bytes[0x34] || !config_same_list(a, b, a->bytes[0x34] & 0xfc)))
		return " (capabilities)";
	return config_same_list(a, b, 0x100) ? NULL : " (capabilities)";
}

/* Room for so many bytes; what is there stays. */
static int told_grow(struct pp_import *in, struct pp_import_told *t, struct pp_tree_node *n,
                     unsigned int end, struct pp_error *e)
{
	size_t bits = (end + 7u) / 8, before = (t->end + 7u) / 8;
	uint8_t *block = pp_arena_alloc(&in->stored->arena, end + 2 * bits);

	if (!block)
		return pp_fail_oom(e, in->name);
	memset(block, 0, end + 2 * bits);
	if (t->end) {
		memcpy(block, n->data.data, t->end);
		memcpy(block + end, t->known, before);
		memcpy(block + end + bits, t->dumped, before);
	}
	t->known = block + end;
	t->dumped = block + end + bits;
	t->end = (uint16_t)end;
	n->data = PP_SPAN(block, end);
	return 0;
}

/* The bytes of c that are better known than those of the file. */
static int told_merge(struct pp_import *in, struct pp_import_told *t, struct pp_tree_node *n,
                      const struct pp_import_config *c, bool *changed, struct pp_error *e)
{
	unsigned int end = config_end(c);
	bool more = config_count(c) > t->nr_known;
	int r = end > t->end ? told_grow(in, t, n, end, e) : 0;
	uint8_t *bytes = (uint8_t *)n->data.data;

	for (unsigned int i = 0; !r && i < end; i++) {
		bool known = told_bit(t->known, i), dumped = told_bit(t->dumped, i);
		if (!config_knows(c, i) || (known && dumped > c->dumped) ||
		    (known && dumped == c->dumped && !more))
			continue;
		*changed |= !known || bytes[i] != c->bytes[i];
		bytes[i] = c->bytes[i];
		t->nr_known = (uint16_t)(t->nr_known + !known);
		told_set(t->known, i);
		if (c->dumped)
			told_set(t->dumped, i);
	}
	t->whole |= !r && c->whole && end == t->end;
	return r;
}

static int told_new(struct pp_import *in, uint32_t node, struct pp_import_told **ret,
                    struct pp_error *e)
{
	if (in->nr_told == in->size_told) {
		uint32_t size = in->size_told ? in->size_told * 2 : 64;
		struct pp_import_told *told = reallocarray(in->told, size, sizeof(*told));
		if (!told)
			return pp_fail_oom(e, in->name);
		in->told = told;
		in->size_told = size;
	}
	*ret = &in->told[in->nr_told++];
	**ret = (struct pp_import_told){ 0 };
	pp_tree_at(&in->stored->tree, node)->partial = in->nr_told;
	return 0;
}

int pp_import_config_write(struct pp_import *in, const struct pp_import_config *c,
                           struct pp_address a, struct pp_error *e)
{
	char path[96], address[PP_ADDRESS_TEXT_BYTES];
	struct pp_import_told *t = NULL;
	bool changed = false;
	uint32_t node;

	pp_address_format(a, address);
	snprintf(path, sizeof(path), "sys/bus/pci/devices/%s/config", address);
	int r = pp_stored_add(in->stored, path, in->name, &node, e);
	if (r)
		return r;
	struct pp_tree_node *n = pp_tree_at(&in->stored->tree, node);
	if (n->kind == PP_TREE_NOTHING) {
		r = told_new(in, node, &t, e);
		if (r)
			return r;
		n->kind = PP_TREE_FILE;
	} else if (!n->partial) {
		/* A whole space that did not come from here stays as it is. */
		return 0;
	} else {
		PP_CLEANUP(pp_cleanup_free)
		struct pp_import_config *before = malloc(sizeof(*before));
		if (!before)
			return pp_fail_oom(e, in->name);
		t = &in->told[n->partial - 1];
		config_load(t, n->data, before);
		const char *what = config_differs(before, c);
		if (what) {
			pp_import_note_other(in, path, what);
			return 0;
		}
	}
	if (!r && !t->whole)
		r = told_merge(in, t, n, c, &changed, e);
	if (!r && changed)
		pp_import_tells(in, path);
	return r;
}

/* The ranges, as the manifest has them; a list too long for a line ends early. */
static void told_finish(struct pp_import *in, const struct pp_import_told *t, const char *path)
{
	unsigned int at = 0;
	char line[4096];
	size_t n = 0;

	while (at < t->end && n < sizeof(line) - 32) {
		unsigned int first = at;
		while (at < t->end && told_bit(t->known, at))
			at++;
		if (at > first)
			n += (size_t)snprintf(line + n, sizeof(line) - n, "%s%x-%x", n ? "," : "",
			                      first, at - 1);
		while (at < t->end && !told_bit(t->known, at))
			at++;
	}
	if (n)
		pp_import_says(in, "partial %s %s", path, line);
}

void pp_import_config_finish(struct pp_import *in)
{
	const struct pp_tree *tree = &in->stored->tree;
	char path[PP_MAX_PATH + 1];

	for (uint32_t i = PP_TREE_TOP; in->nr_told && i < tree->count; i++) {
		struct pp_tree_node *n = pp_tree_at(tree, i);
		if (!n->partial)
			continue;
		const struct pp_import_told *t = &in->told[n->partial - 1];
		n->partial = 0;
		pp_tree_path(tree, i, path);
		if (!t->whole)
			told_finish(in, t, path);
	}
}
