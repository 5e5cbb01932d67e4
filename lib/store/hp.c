/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Settings through HP's own conrep. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "store/areas.h"
#include "store/hp-conrep.h"
#include "store/hp-find.h"
#include "store/hp-values.h"
#include "store/stores.h"
#include "sys/process.h"

/*
 * Settings through HP's own conrep: it is given texts, never bytes. What it saves is encoded into
 * cells in which only the bits of sections that it told are known, and the same save gives the same
 * cells; so cells are compared here as elsewhere, and what is compared are the sections' meanings.
 */
struct hp {
	struct pp_store base;
	struct pp_arena arena;
	struct pp_hp_program program;
	struct pp_arena machine_arena;
	struct pp_machine machine;
	bool has_machine;
	/*
	 * What was read last, and when: a write that follows at once expects that, and does not
	 * make a slow program say it again. Else it is asked anew.
	 */
	struct pp_arena read_arena;
	struct pp_hp_values last_read;
	struct pp_span last_schema; /* in read_arena */
	int64_t read_ms;
	unsigned int fresh_ms;
	bool has_read;
	/* From prepare on: all that it told before our first write. */
	struct pp_arena before_arena;
	struct pp_hp_values before;
	bool has_before;
};

void pp_hp_set_fresh(struct pp_store *s, unsigned int ms)
{
	((struct hp *)s)->fresh_ms = ms;
}

void pp_hp_set_timeout(struct pp_store *s, unsigned int seconds)
{
	((struct hp *)s)->program.limit_s = seconds;
}

static int keep_machine(struct hp *s, const struct pp_machine *m, struct pp_error *e)
{
	const char *const from[] = { m->product, m->rom_family, m->rom_date, m->processor };
	const char **const to[] = { &s->machine.product, &s->machine.rom_family,
		                    &s->machine.rom_date, &s->machine.processor };

	if (s->has_machine)
		return 0;
	for (size_t i = 0; i < sizeof(to) / sizeof(to[0]); i++) {
		*to[i] = from[i] ? pp_arena_strdup(&s->machine_arena, from[i]) : NULL;
		if (from[i] && !*to[i])
			return pp_fail_oom(e, s->base.where);
	}
	s->has_machine = true;
	return 0;
}

static int hp_ask(struct hp *s, struct pp_span schema_bytes, const struct pp_schema *schema,
                  struct pp_arena *a, struct pp_hp_values *ret, struct pp_error *e)
{
	struct pp_data data;
	int r = pp_hp_save(&s->program, schema_bytes, a, &data, e);

	/* Of no machine nothing is known to fit, and every setting would be left out by itself. */
	if (r == 0 && !data.machine.product)
		return pp_fail(e, ENODATA,
		               "%.200s: what it saved names no machine (originating_platform is "
		               "missing), so it is not known whose settings they are",
		               s->base.where);
	if (r == 0)
		r = keep_machine(s, &data.machine, e);
	return r < 0 ? r : pp_hp_values_make(schema, &data, s->base.where, a, ret, e);
}

static int need_bytes(const struct pp_schema *schema, struct pp_error *e)
{
	if (schema->bytes.len)
		return 0;
	return pp_fail(e, EINVAL, "HP's conrep needs the schema as a file, and this one has none");
}

/* The caller's memory and ours live apart. */
static int read_twice(struct hp *s, const struct pp_schema *schema, struct pp_areas *ret,
                      struct pp_error *e)
{
	struct pp_hp_values told;
	int r = hp_ask(s, schema->bytes, schema, &s->read_arena, &s->last_read, e);

	if (r == 0)
		r = pp_hp_values_make(schema, &s->last_read.data, s->base.where, ret->arena, &told,
		                      e);
	return r < 0 ? r : pp_hp_values_copy(&told, ret, e);
}

static int hp_read(struct pp_store *base, const struct pp_schema *schema, struct pp_areas *ret,
                   struct pp_error *e)
{
	struct hp *s = (struct hp *)base;
	int r = need_bytes(schema, e);

	if (r < 0)
		return r;
	s->has_read = false;
	pp_arena_fini(&s->read_arena);
	pp_arena_init(&s->read_arena, 0);
	r = read_twice(s, schema, ret, e);
	char *bytes = r < 0 ? NULL
	                    : pp_arena_strndup(&s->read_arena, (const char *)schema->bytes.data,
	                                       schema->bytes.len);
	s->has_read = bytes;
	s->last_schema = PP_SPAN(bytes, schema->bytes.len);
	s->read_ms = pp_now_ms();
	return r;
}

/* It was read a moment ago, by the same schema. */
static bool is_fresh(const struct hp *s, const struct pp_schema *schema)
{
	return s->has_read && pp_now_ms() - s->read_ms < s->fresh_ms &&
	       s->last_schema.len == schema->bytes.len &&
	       !memcmp(s->last_schema.data, schema->bytes.data, schema->bytes.len);
}

/* What it tells now, into before. */
static int ask_before(struct hp *s, const struct pp_schema *schema, struct pp_error *e)
{
	s->has_before = false;
	pp_arena_fini(&s->before_arena);
	if (is_fresh(s, schema)) {
		s->before_arena = s->read_arena;
		s->before = s->last_read;
		s->before.memory.arena = &s->before_arena;
		pp_arena_init(&s->read_arena, 0);
		s->has_read = false;
		return 0;
	}
	pp_arena_init(&s->before_arena, 0);
	return hp_ask(s, schema->bytes, schema, &s->before_arena, &s->before, e);
}

/* The settings of names as they were told, as a data file. */
static int format(const struct pp_data *d, const char *what, struct pp_arena *a,
                  struct pp_span *ret, struct pp_error *e)
{
	struct pp_buffer b;

	pp_buffer_init(&b, PP_JOURNAL_MAX_DATA);
	pp_data_write(d, &b);
	char *copy = b.failed ? NULL : pp_arena_strndup(a, b.data, b.len);
	size_t len = b.len;
	pp_buffer_fini(&b);
	if (!copy)
		return pp_fail_oom(e, what);
	*ret = PP_SPAN(copy, len);
	return 0;
}

static int hp_remember(const struct hp *s, const struct pp_changes *c, struct pp_arena *a,
                       struct pp_journal *j, struct pp_error *e)
{
	struct pp_setting *old = PP_ARENA_ARRAY(a, c->nr_settings, struct pp_setting);
	struct pp_data old_data = { .settings = old },
		       new_data = { .settings = c->settings, .nr_settings = c->nr_settings };

	if (!old)
		return pp_fail_oom(e, s->base.where);
	for (uint32_t i = 0; i < c->nr_settings; i++) {
		const struct pp_setting *was =
			pp_hp_values_setting(&s->before.data, c->settings[i].name);
		if (!was)
			return pp_fail(e, ENODATA,
			               "%.200s: did not tell what %.64s is now, so it could not be "
			               "put back; nothing was written",
			               s->base.where, c->settings[i].name);
		old[old_data.nr_settings++] = *was;
	}
	int r = format(&old_data, "old settings", a, &j->old_data, e);
	return r < 0 ? r : format(&new_data, "new settings", a, &j->new_data, e);
}

static int hp_prepare(struct pp_store *base, const struct pp_changes *c, struct pp_arena *a,
                      struct pp_journal *ret, struct pp_error *e)
{
	struct hp *s = (struct hp *)base;
	struct pp_journal j = { .store = base->where, .schema = c->schema->bytes };
	int r = need_bytes(c->schema, e);

	if (r < 0)
		return r;
	r = ask_before(s, c->schema, e);
	if (r == 0)
		r = pp_areas_check(c, &s->before.memory, base->where, e);
	if (r == 0)
		r = hp_remember(s, c, a, &j, e);
	if (r < 0)
		return r;
	s->has_before = true;
	*ret = j;
	return 0;
}

/* What a comparison needs, all in one arena. */
struct view {
	struct pp_schema schema;
	struct pp_data old_data, new_data;
	struct pp_hp_values now;
};

static int hp_look(struct hp *s, const struct pp_journal *j, struct pp_arena *a, struct view *v,
                   struct pp_error *e)
{
	int r;

	if (!j->new_data.len)
		return pp_fail(e, EBADMSG, "%.300s: holds no settings", s->base.journal);
	r = pp_schema_parse(j->schema, "schema of the journal", a, NULL, &v->schema, e);
	if (r == 0)
		r = pp_data_parse(j->old_data, "old settings of the journal", a, NULL, &v->old_data,
		                  e);
	if (r == 0)
		r = pp_data_parse(j->new_data, "new settings of the journal", a, NULL, &v->new_data,
		                  e);
	return r < 0 ? r : hp_ask(s, j->schema, &v->schema, a, &v->now, e);
}

/* Another section than ours: only while we still know what it was. */
static int compare_rest(const struct hp *s, const struct view *v, struct pp_arena *a,
                        const char **ret_name, struct pp_error *e)
{
	for (uint32_t i = 0; s->has_before && i < s->before.data.nr_settings; i++) {
		const struct pp_setting *was = &s->before.data.settings[i];
		bool same;
		if (pp_hp_values_setting(&v->new_data, was->name))
			continue;
		int r = pp_hp_values_hold(&v->now, &v->schema, was, a, &same, e);
		if (r < 0)
			return r;
		if (!same) {
			*ret_name = was->name;
			return 0;
		}
	}
	return 0;
}

static int compare_ours(const struct view *v, struct pp_arena *a, uint32_t *nr_old,
                        uint32_t *nr_new, const char **ret_other, struct pp_error *e)
{
	for (uint32_t i = 0; i < v->new_data.nr_settings; i++) {
		const struct pp_setting *want = &v->new_data.settings[i];
		const struct pp_setting *was = pp_hp_values_setting(&v->old_data, want->name);
		bool is_new, is_old = false;
		int r = pp_hp_values_hold(&v->now, &v->schema, want, a, &is_new, e);
		if (r == 0 && !is_new && was)
			r = pp_hp_values_hold(&v->now, &v->schema, was, a, &is_old, e);
		if (r < 0)
			return r;
		*nr_new += is_new;
		*nr_old += is_old;
		if (!is_new && !is_old)
			*ret_other = want->name;
	}
	return 0;
}

static int hp_compare(struct pp_store *base, const struct pp_journal *j, enum pp_store_state *ret,
                      char *text, size_t size, struct pp_error *e)
{
	uint32_t nr_old = 0, nr_new = 0;
	const char *other = NULL, *rest = NULL;
	struct pp_arena a;
	struct view v;

	pp_arena_init(&a, 0);
	int r = hp_look((struct hp *)base, j, &a, &v, e);
	if (r == 0)
		r = compare_ours(&v, &a, &nr_old, &nr_new, &other, e);
	if (r == 0)
		r = compare_rest((struct hp *)base, &v, &a, &rest, e);
	if (r == 0 && other)
		snprintf(text, size, "%.64s is neither what it was nor what it was to become",
		         other);
	else if (r == 0 && rest)
		snprintf(text, size, "%.64s has changed, too, and nobody asked for that", rest);
	else if (r == 0 && nr_old && nr_new)
		snprintf(text, size, "%u of %u settings written", nr_new, v.new_data.nr_settings);
	if (r == 0)
		*ret = other || rest ? PP_STANDS_OTHER
		       : !nr_old     ? PP_STANDS_NEW
		       : !nr_new     ? PP_STANDS_OLD
		                     : PP_STANDS_PART;
	pp_arena_fini(&a);
	return r;
}

/* What is not as it was: all that we know to have been otherwise, in this process, else ours. */
static int hp_put_back(struct hp *s, const struct pp_journal *j, struct pp_error *e)
{
	struct pp_arena a;
	struct pp_span bytes;
	struct view v;
	uint32_t n = 0;

	pp_arena_init(&a, 0);
	int r = hp_look(s, j, &a, &v, e);
	const struct pp_data *was = s->has_before ? &s->before.data : &v.old_data;
	struct pp_setting *back = NULL;
	if (r == 0) {
		back = PP_ARENA_ARRAY(&a, was->nr_settings, struct pp_setting);
		r = back ? 0 : pp_fail_oom(e, s->base.where);
	}
	for (uint32_t i = 0; r == 0 && i < was->nr_settings; i++) {
		bool same;
		r = pp_hp_values_hold(&v.now, &v.schema, &was->settings[i], &a, &same, e);
		if (r == 0 && !same)
			back[n++] = was->settings[i];
	}
	struct pp_data data = { .settings = back, .nr_settings = n };
	if (r == 0 && n)
		r = format(&data, "old settings", &a, &bytes, e);
	if (r == 0 && n)
		r = pp_hp_load(&s->program, j->schema, bytes, &s->base.held, e);
	pp_arena_fini(&a);
	return r;
}

static int hp_write(struct pp_store *base, const struct pp_journal *j, bool back,
                    struct pp_error *e)
{
	struct hp *s = (struct hp *)base;

	return back ? hp_put_back(s, j, e)
	            : pp_hp_load(&s->program, j->schema, j->new_data, &base->held, e);
}

static void hp_clean_up(struct pp_store *base)
{
	pp_hp_clean_up(&((struct hp *)base)->program);
}

static const struct pp_machine *hp_machine(const struct pp_store *base)
{
	const struct hp *s = (const struct hp *)base;

	return s->has_machine ? &s->machine : NULL;
}

static void hp_close(struct pp_store *base)
{
	struct hp *s = (struct hp *)base;

	pp_arena_fini(&s->read_arena);
	pp_arena_fini(&s->before_arena);
	pp_arena_fini(&s->machine_arena);
	pp_arena_fini(&s->arena);
	free(s);
}

static const struct pp_store_ops hp_ops = {
	.kind = "hp",
	.read = hp_read,
	.prepare = hp_prepare,
	.compare = hp_compare,
	.write = hp_write,
	.sweep = hp_clean_up,
	.machine = hp_machine,
	.close = hp_close,
};

static int hp_fill(struct hp *s, const char *program, const char *state, struct pp_error *e)
{
	char found[PATH_MAX];
	const char *path = program ? program : pp_hp_find(NULL, found) ? found : NULL;

	if (!path)
		return pp_fail(e, ENOENT,
		               "HP's conrep is not installed: " PP_HP_PACKAGE
		               "; hp:PROGRAM names it where it is in another place");
	int r = pp_hp_check(path, e);
	if (r < 0)
		return r;
	r = pp_store_name(&s->base, &s->arena, state, "hp", path, e);
	if (r < 0)
		return r;
	s->program.path = pp_arena_strdup(&s->arena, path);
	s->program.state = s->base.state;
	s->program.limit_s = PP_HP_LIMIT_S;
	return s->program.path ? 0 : pp_fail_oom(e, path);
}

int pp_hp_open(const char *program, const char *state, struct pp_store **ret, struct pp_error *e)
{
	struct hp *s = calloc(1, sizeof(*s));

	if (!s)
		return pp_fail_oom(e, "hp");
	s->base = (struct pp_store){ .ops = &hp_ops, .held = PP_LOCK_NONE };
	pp_arena_init(&s->arena, 0);
	pp_arena_init(&s->machine_arena, 0);
	pp_arena_init(&s->before_arena, 0);
	pp_arena_init(&s->read_arena, 0);
	s->fresh_ms = PP_HP_FRESH_MS;
	int r = hp_fill(s, program, state, e);
	if (r < 0)
		hp_close(&s->base);
	else
		*ret = &s->base;
	return r;
}
