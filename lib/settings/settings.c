/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The store, and whose it is; what was odd; whether the schema is for this machine. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "host/identity.h"
#include "settings/settings.h"
#include "store/hp-find.h"

/* As many as a person reads; the rest is counted. */
#define MOST_REMARKS 4u

/* The store's own machine is never overruled: a capture's identity must not open this host. */
static int identify(struct pp_settings *s, struct pp_error *e)
{
	const struct pp_machine *own = NULL;
	struct pp_source *live;

	if (s->store->ops->machine)
		own = s->store->ops->machine(s->store);
	if (own) {
		s->machine = *own;
		return 0;
	}
	int r = pp_source_open(NULL, &live, e);
	if (r)
		return r;
	r = pp_host_identity(live, &s->arena, &s->machine, e);
	pp_source_free(live);
	return r;
}

static int open_store(const struct pp_settings_options *o, struct pp_settings *s,
                      struct pp_error *e)
{
	int r = o->store ? pp_store_open(o->store, o->state, &s->store, e)
	                 : pp_store_detect(o->state, &s->store, e);

	return r ? r : identify(s, e);
}

int pp_settings_new(const struct pp_settings_options *o, struct pp_settings **ret,
                    struct pp_error *e)
{
	struct pp_settings *s = calloc(1, sizeof(*s));

	if (!s)
		return pp_fail_oom(e, "settings");
	pp_arena_init(&s->arena, 0);
	pp_notes_init(&s->notes, &s->arena);
	pp_areas_init(&s->memory, &s->arena);
	pp_buffer_init(&s->document, (size_t)64 * 1024 * 1024);
	s->last_remark = &s->remarks;
	s->asked = o->store;
	s->name = o->name;
	s->name_ctx = o->name_ctx;
	int r = open_store(o, s, e);
	if (r) {
		pp_settings_close(s);
		return r;
	}
	*ret = s;
	return 0;
}

bool pp_settings_hp_is_here(void)
{
	char path[PATH_MAX];

	return pp_hp_find(NULL, path);
}

void pp_settings_close(struct pp_settings *s)
{
	if (!s)
		return;
	if (s->store)
		pp_store_close(s->store);
	pp_buffer_fini(&s->document);
	pp_arena_fini(&s->arena);
	free(s);
}

const char *pp_settings_where(const struct pp_settings *s)
{
	return s->store->where;
}

const char *pp_settings_recovered(const struct pp_settings *s)
{
	return s->recovered;
}

const char *pp_settings_machine(const struct pp_settings *s, enum pp_settings_fact fact)
{
	switch (fact) {
	case PP_SETTINGS_PRODUCT:
		return s->machine.product;
	case PP_SETTINGS_ROM_FAMILY:
		return s->machine.rom_family;
	case PP_SETTINGS_ROM_DATE:
		return s->machine.rom_date;
	case PP_SETTINGS_PROCESSOR:
		return s->machine.processor;
	}
	return NULL;
}

int pp_settings_remark(struct pp_settings *s, enum pp_remark_kind kind, const char *fmt, ...)
{
	struct pp_remark *remark = PP_ARENA_NEW(&s->arena, struct pp_remark);
	va_list ap;

	va_start(ap, fmt);
	char *text = pp_arena_vprintf(&s->arena, fmt, ap);
	va_end(ap);
	if (!remark || !text)
		return -ENOMEM;
	pp_text_clean_in_place(text);
	remark->kind = kind;
	remark->text = text;
	*s->last_remark = remark;
	s->last_remark = &remark->next;
	return 0;
}

int pp_settings_take_notes(struct pp_settings *s, enum pp_remark_kind kind)
{
	for (const struct pp_note *n = s->notes.first; n; n = n->next)
		if (pp_settings_remark(s, kind, "%s line %zu: %s", n->object, n->offset, n->text))
			return -ENOMEM;
	if (s->notes.dropped &&
	    pp_settings_remark(s, kind, "and %u more of that", s->notes.dropped))
		return -ENOMEM;
	pp_notes_init(&s->notes, &s->arena);
	return 0;
}

static unsigned int count_remarks(const struct pp_settings *s, enum pp_remark_kind kind)
{
	unsigned int n = 0;

	for (const struct pp_remark *r = s->remarks; r; r = r->next)
		n += r->kind == kind;
	return n;
}

/* How many more of a kind there are than were told. */
static void tell_rest(const struct pp_settings *s, enum pp_remark_kind kind, unsigned int told,
                      const char *what, void (*tell)(void *ctx, const char *text), void *ctx)
{
	unsigned int n = count_remarks(s, kind);
	char text[128];

	if (n <= told)
		return;
	snprintf(text, sizeof(text), "%u %s%s; --verbose names %s", n - told, told ? "more " : "",
	         what, n - told == 1 ? "it" : "them");
	tell(ctx, text);
}

void pp_settings_remarks(const struct pp_settings *s, enum pp_settings_detail detail,
                         void (*tell)(void *ctx, const char *text), void *ctx)
{
	unsigned int told = 0;

	for (const struct pp_remark *r = s->remarks; r; r = r->next) {
		bool asked = r->kind == PP_REMARK_ASKED && told < MOST_REMARKS;
		if (detail != PP_SETTINGS_EVERYTHING && !asked)
			continue;
		tell(ctx, r->text);
		told += r->kind == PP_REMARK_ASKED;
	}
	if (detail == PP_SETTINGS_EVERYTHING)
		return;
	tell_rest(s, PP_REMARK_ASKED, told, "of that", tell, ctx);
	if (detail == PP_SETTINGS_ALL_ASKED)
		tell_rest(s, PP_REMARK_OTHERS, 0, "settings could not be read and are left out",
		          tell, ctx);
}

int pp_settings_ready(const struct pp_settings *s, bool read, struct pp_error *e)
{
	if (!s->has_schema)
		return pp_fail(e, EINVAL, "settings: no schema has been read");
	if (read && !s->has_read)
		return pp_fail(e, EINVAL, "settings: the store has not been read");
	return 0;
}

/* "3.40" against "5.2.0.0", number by number; what is no number counts as 0. */
static int compare_versions(const char *a, const char *b)
{
	while (*a || *b) {
		unsigned long x = strtoul(a, NULL, 10), y = strtoul(b, NULL, 10);
		if (x != y)
			return x < y ? -1 : 1;
		a += strcspn(a, ".");
		b += strcspn(b, ".");
		a += *a == '.';
		b += *b == '.';
	}
	return 0;
}

/* One platform is enough; each is tried alone, so that it can be told which one it was. */
static bool platform_met(const struct pp_settings *s, uint32_t i)
{
	struct pp_schema one = { .global = { .platforms = &s->schema.global.platforms[i],
		                             .nr_platforms = 1 } };
	char reason[8];

	one.object = one.helptext = one.on_mismatch = "";
	return pp_schema_match(&one, &s->machine, reason, sizeof(reason)) == PP_MATCH_YES;
}

/* What a schema asks for is shown on a terminal. */
static void demand(void (*tell)(void *ctx, const struct pp_settings_demand *d), void *ctx,
                   const char *what, const char *asked, bool met)
{
	char clean[128];

	snprintf(clean, sizeof(clean), "%s", asked);
	pp_text_clean_in_place(clean);
	tell(ctx, &(struct pp_settings_demand){ what, clean, met });
}

int pp_settings_check(const struct pp_settings *s,
                      void (*tell)(void *ctx, const struct pp_settings_demand *d), void *ctx,
                      struct pp_error *e)
{
	const struct pp_schema *schema = &s->schema;
	char reason[PP_REASON_BYTES];

	if (pp_settings_ready(s, false, e))
		return -EINVAL;
	bool current = compare_versions(schema->minimum_version, PP_SETTINGS_LEVEL) <= 0;
	if (tell && *schema->minimum_version)
		demand(tell, ctx, "version", schema->minimum_version, current);
	for (uint32_t i = 0; tell && i < schema->global.nr_platforms; i++)
		demand(tell, ctx, "platform", schema->global.platforms[i], platform_met(s, i));
	if (!current)
		return pp_fail(e, ENOTSUP, "%.100s requires conrep %.40s; this one is level %s",
		               schema->object, schema->minimum_version, PP_SETTINGS_LEVEL);
	if (pp_schema_match(schema, &s->machine, reason, sizeof(reason)) != PP_MATCH_YES)
		return pp_fail(e, EPERM, "%s", reason);
	return 0;
}
