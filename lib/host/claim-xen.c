/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Xen's guests, by /etc/xen/NAME.cfg: assignments of strings and lists, of which "pci" and "name"
 * are looked at; xl.cfg(5), xl-pci-configuration(5). Links in /etc/xen/auto start with the host.
 */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "host/claim-writer.h"

#define XEN            "etc/xen"
#define XEN_FILE_BYTES ((size_t)256 * 1024)
#define XEN_MAX_GUESTS 10000

static void xen_skip(struct pp_span *s, size_t n)
{
	*s = PP_SPAN(s->data + n, s->len - n);
}

/* Blanks and comments; lines too, inside a list. */
static void xen_skip_blanks(struct pp_span *s, bool lines)
{
	while (s->len) {
		if (*s->data == '#')
			while (s->len && *s->data != '\n')
				xen_skip(s, 1);
		else if (strchr(lines ? " \t\r\n" : " \t\r", *s->data) && *s->data)
			xen_skip(s, 1);
		else
			return;
	}
}

/* 'x' or "x"; false: no string. */
static bool xen_string(struct pp_span *s, struct pp_span *ret)
{
	if (!s->len || (*s->data != '"' && *s->data != '\''))
		return false;
	const uint8_t *end = memchr(s->data + 1, *s->data, s->len - 1);
	if (!end)
		return false;
	*ret = PP_SPAN(s->data + 1, (size_t)(end - s->data) - 1);
	xen_skip(s, ret->len + 2);
	return true;
}

/* "[bdf=][DDDD:]BB:SS.F[@VSLOT][,KEY=VALUE…]"; F may be "*", all functions. */
static void xen_add(struct pp_claim_writer *w, struct pp_span spec)
{
	char text[PP_ADDRESS_TEXT_BYTES + 8];

	while (spec.len && *spec.data == ' ')
		xen_skip(&spec, 1);
	if (pp_span_starts(spec, "bdf="))
		xen_skip(&spec, 4);
	size_t n = 0;
	while (n < spec.len && !strchr(",@ ", spec.data[n]))
		n++;
	if (n > 2 && spec.data[n - 1] == '*' && spec.data[n - 2] == '.')
		n -= 2;
	if (n >= sizeof(text))
		return;
	snprintf(text, sizeof(text), "%.*s", (int)n, (const char *)spec.data);
	pp_claim_add_text(w, text);
}

static void xen_take_value(struct pp_claim_writer *w, struct pp_span key, struct pp_span *s,
                           struct pp_span *name)
{
	bool is_pci = pp_span_is(key, "pci");
	struct pp_span value;

	if (s->len && *s->data == '[') {
		xen_skip(s, 1);
		for (xen_skip_blanks(s, true); s->len && *s->data != ']'; xen_skip_blanks(s, true))
			if (!xen_string(s, &value))
				xen_skip(s, 1);
			else if (is_pci)
				xen_add(w, value);
		if (s->len)
			xen_skip(s, 1);
	} else if (xen_string(s, &value)) {
		if (is_pci)
			xen_add(w, value);
		else if (pp_span_is(key, "name"))
			*name = value;
	}
}

static bool xen_is_of_key(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_';
}

static void xen_walk(struct pp_claim_writer *w, struct pp_span s, struct pp_span *name)
{
	while (s.len) {
		xen_skip_blanks(&s, true);
		size_t n = 0;
		while (n < s.len && xen_is_of_key(s.data[n]))
			n++;
		struct pp_span key = PP_SPAN(s.data, n);
		xen_skip(&s, n);
		xen_skip_blanks(&s, false);
		if (n && s.len && *s.data == '=') {
			xen_skip(&s, 1);
			xen_skip_blanks(&s, false);
			xen_take_value(w, key, &s, name);
		}
		/* The next statement. */
		while (s.len && *s.data != '\n' && *s.data != ';')
			xen_skip(&s, 1);
		if (s.len)
			xen_skip(&s, 1);
	}
}

/* A link in /etc/xen/auto leads to the guest's file. */
static bool xen_starts(struct pp_claim_writer *w, const struct pp_names *automatic,
                       const char *file)
{
	for (uint32_t i = 0; i < automatic->count; i++) {
		char path[300], link[512];
		snprintf(path, sizeof(path), XEN "/auto/%.250s", automatic->names[i]);
		if (pp_source_read_link(w->source, PP_NODE_NONE, path, link, sizeof(link)))
			continue;
		const char *slash = strrchr(link, '/');
		if (!strcmp(slash ? slash + 1 : link, file))
			return true;
	}
	return false;
}

static int xen_read_guest(struct pp_claim_writer *w, const char *file,
                          const struct pp_names *automatic)
{
	struct pp_claimant c = { .kind = PP_CLAIM_GUEST, .sort = "xen" };
	struct pp_span text, name = { 0 };
	char path[300];

	snprintf(path, sizeof(path), XEN "/%.250s", file);
	int r = pp_source_read_all(w->source, path, XEN_FILE_BYTES, &w->b->scratch, &text);
	if (r) {
		pp_claim_unread(w, XEN "/*.cfg", -r);
		return r == -ENOMEM ? r : 0;
	}
	xen_walk(w, text, &name);
	c.starts = xen_starts(w, automatic, file);
	c.name = pp_text_clean(&w->b->scratch, name.data, name.len);
	pp_claim_end(w, &c);
	return c.name ? 0 : -ENOMEM;
}

int pp_claims_of_xen(struct pp_claim_writer *w)
{
	struct pp_names names, automatic = { 0 };
	int r = pp_source_list(w->source, XEN, &w->b->scratch, &names);

	if (r) {
		pp_claim_unread(w, XEN, -r);
		return r == -ENOMEM ? r : 0;
	}
	if (pp_source_list(w->source, XEN "/auto", &w->b->scratch, &automatic))
		automatic.count = 0;
	for (uint32_t i = 0; !r && i < names.count && i < XEN_MAX_GUESTS; i++) {
		size_t n = strlen(names.names[i]);
		if (n > 4 && n < 250 && !strcmp(names.names[i] + n - 4, ".cfg"))
			r = xen_read_guest(w, names.names[i], &automatic);
	}
	return r;
}
