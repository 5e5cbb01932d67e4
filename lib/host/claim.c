/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Claims on devices: what the readers found, as one text, and that text decoded. Live and in a
 * capture the answer comes from the text.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "host/claim-writer.h"

#define CLAIMS_MAX_BYTES ((size_t)1024 * 1024)
#define CLAIMS_MAX       16384

static const char *const claim_kinds[PP_NR_CLAIM_KINDS] = {
	[PP_CLAIM_RUNNING] = "running", [PP_CLAIM_PROXMOX] = "proxmox",
	[PP_CLAIM_LIBVIRT] = "libvirt", [PP_CLAIM_CONTAINER] = "container",
	[PP_CLAIM_NETWORK] = "network", [PP_CLAIM_STORAGE] = "storage",
	[PP_CLAIM_CONSOLE] = "console", [PP_CLAIM_PROGRAM] = "program",
	[PP_CLAIM_GUEST] = "guest",     [PP_CLAIM_MAPPING] = "mapping",
};

static const char claim_name[] = " name=";

/* --- writing --- */

void pp_claim_add_device(struct pp_claim_writer *w, struct pp_address a)
{
	char text[PP_ADDRESS_TEXT_BYTES];

	if (pp_host_find(w->b->host, a) == PP_NO_DEVICE)
		return;
	pp_address_format(a, text);
	pp_buffer_printf(&w->devices, " %s", text);
	w->nr_devices++;
}

void pp_claim_add_functions(struct pp_claim_writer *w, struct pp_address a, bool every)
{
	if (!every) {
		pp_claim_add_device(w, a);
		return;
	}
	for (a.function = 0; a.function < 8; a.function++)
		pp_claim_add_device(w, a);
}

bool pp_claim_add_text(struct pp_claim_writer *w, const char *address)
{
	char text[PP_ADDRESS_TEXT_BYTES + 2];
	struct pp_address a;

	if (pp_address_parse(address, &a)) {
		pp_claim_add_functions(w, a, false);
		return true;
	}
	snprintf(text, sizeof(text), "%.*s.0", PP_ADDRESS_TEXT_BYTES - 1, address);
	if (!pp_address_parse(text, &a))
		return false;
	pp_claim_add_functions(w, a, true);
	return true;
}

bool pp_claim_add_link(struct pp_claim_writer *w, const char *path)
{
	char link[1024];

	if (pp_source_read_link(w->source, PP_NODE_NONE, path, link, sizeof(link)))
		return false;
	uint32_t d = pp_host_device_in_path(w->b->host, link);
	if (d == PP_NO_DEVICE)
		return false;
	if (d != PP_ANOTHER_DEVICE)
		pp_claim_add_device(w, w->b->host->devices[d].address);
	return true;
}

void pp_claim_drop(struct pp_claim_writer *w)
{
	w->devices.len = 0;
	w->nr_devices = 0;
}

static void claim_write_flags(struct pp_buffer *b, const struct pp_claimant *c)
{
	bool any = c->starts || c->by_group || c->one_of || c->elsewhere;

	pp_buffer_printf(b, "%s%s%s%s%s", c->starts ? "starts" : "", c->by_group ? "group" : "",
	                 c->one_of ? "oneof" : "", c->elsewhere ? "elsewhere" : "", any ? "" : "-");
}

void pp_claim_end(struct pp_claim_writer *w, const struct pp_claimant *c)
{
	if (w->nr_devices && !w->devices.failed) {
		w->nr_holders += !c->same_holder;
		pp_buffer_printf(&w->text, "%s %u %u ", claim_kinds[c->kind], w->nr_holders,
		                 c->number);
		claim_write_flags(&w->text, c);
		pp_buffer_printf(&w->text, " %s%s", c->sort ? c->sort : "-", w->devices.data);
		if (c->name && *c->name) {
			pp_buffer_puts(&w->text, claim_name);
			pp_buffer_puts(&w->text, c->name);
		}
		pp_buffer_puts(&w->text, "\n");
	}
	w->text.failed |= w->devices.failed;
	pp_claim_drop(w);
}

void pp_claim_unread(struct pp_claim_writer *w, const char *path, int error)
{
	if (error && error != ENOENT && error != ENODATA && error != ENOTDIR)
		pp_buffer_printf(&w->text, "unread %d %s\n", error, path);
}

void pp_claim_missing(struct pp_claim_writer *w, const char *path, int error)
{
	if (error)
		pp_buffer_printf(&w->text, "unread %d %s\n", error, path);
}

void pp_claims_redact(struct pp_span line, struct pp_buffer *b)
{
	const uint8_t *name = pp_span_find(line, claim_name);

	pp_buffer_append(b, line.data, name ? (size_t)(name - line.data) : line.len);
	pp_buffer_puts(b, "\n");
}

/* --- reading --- */

struct claim_reader {
	struct pp_host *host;
	struct pp_host_build *b;
	struct pp_claim *claims;
	uint32_t nr;
};

static bool claim_number(struct pp_span *rest, uint32_t *ret)
{
	char text[16];
	struct pp_span word;
	uint64_t n;

	if (!pp_text_word(rest, &word) || word.len >= sizeof(text))
		return false;
	memcpy(text, word.data, word.len);
	text[word.len] = '\0';
	if (!pp_parse_dec(text, UINT32_MAX, &n))
		return false;
	*ret = (uint32_t)n;
	return true;
}

static int claim_read_unread(struct claim_reader *r, struct pp_span rest)
{
	uint32_t error;
	struct pp_span path;

	if (!claim_number(&rest, &error) || !error || error > 4095 || !pp_text_word(&rest, &path))
		return 0;
	const char *text = pp_text_clean(&r->host->arena, path.data, path.len);
	return text ? pp_build_unread(r->b, text, (int)error, "who has or uses a device already")
	            : -ENOMEM;
}

static bool claim_kind_of(struct pp_span word, enum pp_claim_kind *ret)
{
	for (int k = 0; k < PP_NR_CLAIM_KINDS; k++)
		if (pp_span_is(word, claim_kinds[k])) {
			*ret = (enum pp_claim_kind)k;
			return true;
		}
	return false;
}

/* The devices of one line, each a claim. */
static void claim_read_devices(struct claim_reader *r, struct pp_span rest,
                               const struct pp_claim *c)
{
	struct pp_span word;

	while (pp_text_word(&rest, &word) && r->nr < CLAIMS_MAX) {
		char text[PP_ADDRESS_TEXT_BYTES];
		struct pp_address a;
		if (word.len >= sizeof(text))
			continue;
		memcpy(text, word.data, word.len);
		text[word.len] = '\0';
		if (!pp_address_parse(text, &a))
			continue;
		uint32_t d = pp_host_find(r->host, a);
		if (d == PP_NO_DEVICE)
			continue;
		r->claims[r->nr] = *c;
		r->claims[r->nr++].device = d;
	}
}

static int claim_read_line(struct claim_reader *r, struct pp_span line)
{
	struct pp_arena *a = &r->host->arena;
	const uint8_t *name = pp_span_find(line, claim_name);
	struct pp_span word, rest = line, flags, sort;
	struct pp_claim c = { 0 };

	if (name) {
		const uint8_t *from = name + sizeof(claim_name) - 1;
		rest.len = (size_t)(name - line.data);
		c.name = pp_text_clean(a, from, (size_t)(line.data + line.len - from));
		if (!c.name)
			return -ENOMEM;
		c.name = *c.name ? c.name : NULL;
	}
	if (!pp_text_word(&rest, &word))
		return 0;
	if (pp_span_is(word, "unread"))
		return claim_read_unread(r, rest);
	if (!claim_kind_of(word, &c.kind) || !claim_number(&rest, &c.holder) ||
	    !claim_number(&rest, &c.number) || !pp_text_word(&rest, &flags) ||
	    !pp_text_word(&rest, &sort))
		return 0;
	c.starts = pp_span_find(flags, "starts");
	c.by_group = pp_span_find(flags, "group");
	c.one_of = pp_span_find(flags, "oneof");
	c.elsewhere = pp_span_find(flags, "elsewhere");
	c.sort = pp_span_is(sort, "-") ? "" : pp_text_clean(a, sort.data, sort.len);
	if (!c.sort)
		return -ENOMEM;
	claim_read_devices(r, rest, &c);
	return 0;
}

static int claim_compare(const void *x, const void *y)
{
	const struct pp_claim *a = x, *b = y;

	if (a->device != b->device)
		return a->device < b->device ? -1 : 1;
	if (a->kind != b->kind)
		return a->kind < b->kind ? -1 : 1;
	if (a->holder != b->holder)
		return a->holder < b->holder ? -1 : 1;
	return a->one_of - b->one_of;
}

/* A guest may name a device twice. */
static uint32_t claim_drop_twins(struct pp_claim *claims, uint32_t nr)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < nr; i++)
		if (!n || claim_compare(&claims[n - 1], &claims[i]))
			claims[n++] = claims[i];
	return n;
}

static int claims_decode(struct pp_host_build *b, struct pp_span text)
{
	struct claim_reader r = { .host = b->host, .b = b };
	struct pp_span line;
	int err = 0;

	/* Each has a word of its own. Room for the most that may be costs more than the rest does.
	 */
	size_t max = text.len / 2 + 1;
	r.claims =
		PP_ARENA_ARRAY(&b->scratch, max < CLAIMS_MAX ? max : CLAIMS_MAX, struct pp_claim);
	if (!r.claims)
		return -ENOMEM;
	while (!err && pp_text_line(&text, &line))
		err = claim_read_line(&r, line);
	if (err)
		return err;
	qsort(r.claims, r.nr, sizeof(*r.claims), claim_compare);
	r.nr = claim_drop_twins(r.claims, r.nr);
	struct pp_claim *kept = PP_ARENA_ARRAY(&b->host->arena, r.nr, struct pp_claim);
	if (!kept)
		return -ENOMEM;
	for (uint32_t i = 0; i < r.nr; i++) {
		struct pp_device *d = &b->devices[r.claims[i].device];
		kept[i] = r.claims[i];
		d->first_claim = d->nr_claims++ ? d->first_claim : i;
	}
	b->host->claims = kept;
	b->host->nr_claims = r.nr;
	return 0;
}

/* Makes the text from the host's own files. */
static int claims_collect(struct pp_host_build *b, struct pp_span *ret)
{
	static int (*const readers[])(struct pp_claim_writer *) = {
		pp_claims_of_processes, pp_claims_of_proxmox,    pp_claims_of_libvirt,
		pp_claims_of_xen,       pp_claims_of_containers, pp_claims_of_instances,
		pp_claims_of_host,
	};
	struct pp_claim_writer w = { .b = b, .source = pp_source_aside(b->source) };
	int r = 0;

	pp_buffer_init(&w.text, CLAIMS_MAX_BYTES);
	pp_buffer_init(&w.devices, CLAIMS_MAX_BYTES);
	for (size_t i = 0; !r && i < sizeof(readers) / sizeof(readers[0]); i++)
		r = readers[i](&w);
	/* Too many to be kept: the first ones are. */
	char *copy = r ? NULL
	               : pp_arena_strndup(&b->scratch, w.text.data ? w.text.data : "", w.text.len);
	if (copy)
		*ret = PP_SPAN(copy, w.text.len);
	pp_buffer_fini(&w.text);
	pp_buffer_fini(&w.devices);
	return r ? r : copy ? 0 : -ENOMEM;
}

int pp_build_claims(struct pp_host_build *b, struct pp_error *e)
{
	struct pp_span text = { 0 };
	int r;

	/* A capture of ours has the text, or says nothing of claims. */
	if (pp_source_capture_info(b->source)) {
		r = pp_source_read_all(b->source, PP_CLAIMS_PATH, CLAIMS_MAX_BYTES, &b->scratch,
		                       &text);
		if (r && r != -ENOMEM)
			return 0;
	} else {
		r = claims_collect(b, &text);
		if (!r)
			pp_source_keep(b->source, PP_CLAIMS_PATH, text);
	}
	if (!r)
		r = claims_decode(b, text);
	return r ? pp_fail_oom(e, "claims") : 0;
}

/* --- asking --- */

const struct pp_claim *pp_device_claims(const struct pp_host *h, const struct pp_device *d,
                                        uint32_t *ret_nr)
{
	*ret_nr = d->nr_claims;
	return d->nr_claims ? &h->claims[d->first_claim] : NULL;
}

bool pp_claim_is_configured(const struct pp_claim *c)
{
	return !c->one_of && !c->elsewhere &&
	       (c->kind == PP_CLAIM_PROXMOX || c->kind == PP_CLAIM_LIBVIRT ||
	        c->kind == PP_CLAIM_GUEST);
}

bool pp_claim_is_same_mapping(const struct pp_claim *a, const struct pp_claim *b)
{
	return a->kind == PP_CLAIM_MAPPING && b->kind == PP_CLAIM_MAPPING && a->holder == b->holder;
}

static const char *claim_words_by_sort(const struct pp_claim *c, struct pp_arena *a)
{
	static const struct {
		const char *sort, *container, *guest;
	} sorts[] = { { "lxc", "LXC container", "guest" },
		      { "docker", "Docker container", "guest" },
		      { "podman", "Podman container", "guest" },
		      { "incus", "Incus container", "Incus VM" },
		      { "lxd", "LXD container", "LXD VM" },
		      { "netns", "network namespace", "guest" },
		      { "xen", "container", "Xen guest" } };
	bool guest = c->kind == PP_CLAIM_GUEST;
	const char *words = guest ? "guest" : "container";

	for (size_t i = 0; i < sizeof(sorts) / sizeof(sorts[0]); i++)
		if (!strcmp(c->sort, sorts[i].sort))
			words = guest ? sorts[i].guest : sorts[i].container;
	return c->name ? pp_arena_printf(a, "the %s %.100s", words, c->name)
	               : pp_arena_printf(a, "%s %s", strchr("IL", *words) ? "an" : "a", words);
}

const char *pp_claim_words(const struct pp_claim *c, struct pp_arena *a)
{
	switch (c->kind) {
	case PP_CLAIM_RUNNING:
	case PP_CLAIM_PROXMOX:
		if (c->number && c->name)
			return pp_arena_printf(a, "VM %u (%.100s)", c->number, c->name);
		if (c->number)
			return pp_arena_printf(a, "VM %u", c->number);
		break;
	case PP_CLAIM_LIBVIRT:
		return c->name ? pp_arena_printf(a, "the libvirt guest %.100s", c->name)
		               : pp_arena_strdup(a, "a libvirt guest");
	case PP_CLAIM_CONTAINER:
		if (c->number)
			return pp_arena_printf(a, "container %u", c->number);
		return claim_words_by_sort(c, a);
	case PP_CLAIM_GUEST:
		return claim_words_by_sort(c, a);
	case PP_CLAIM_MAPPING:
		return c->name ? pp_arena_printf(a, "the resource mapping %.100s", c->name)
		               : pp_arena_strdup(a, "a resource mapping");
	default:
		break;
	}
	return c->name ? pp_arena_printf(a, "the guest %.100s", c->name)
	               : pp_arena_strdup(a, "a guest");
}
