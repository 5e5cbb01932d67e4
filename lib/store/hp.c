/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Settings through HP's own conrep. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "store/areas.h"
#include "store/hp-conrep.h"
#include "store/hp-find.h"
#include "store/hp-places.h"
#include "store/hp-values.h"
#include "store/stores.h"
#include "sys/process.h"

/* What it told, when, and of which schema. */
struct told {
	struct pp_arena arena; /* all that follows lives in it */
	struct pp_hp_values values;
	struct pp_span schema;
	int64_t ms;
	bool valid;
};

/*
 * Settings through HP's own conrep: it is given texts, never bytes. What it saves is encoded into
 * cells in which only the bits of sections that it told are known, and the same save gives the same
 * cells; so cells are compared here as elsewhere, and what is compared are the sections' meanings.
 */
struct hp {
	struct pp_store base;
	struct pp_hp_program program;
	struct pp_machine machine;
	bool has_machine;
	/*
	 * What is asked for at once after it was told is not asked of a slow program again. Once
	 * something was written neither counts for that.
	 */
	struct told last;
	struct told before; /* from prepare on: all that it told before our first write */
	unsigned int fresh_ms;
	bool has_written; /* since prepare */
};

static void told_clear(struct told *t)
{
	pp_arena_fini(&t->arena);
	*t = (struct told){ .valid = false };
	pp_arena_init(&t->arena, 0);
}

static void told_move(struct told *from, struct told *to)
{
	pp_arena_fini(&to->arena);
	*to = *from;
	to->values.memory.arena = &to->arena;
	*from = (struct told){ .valid = false };
	pp_arena_init(&from->arena, 0);
}

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
		*to[i] = from[i] ? pp_arena_strdup(&s->base.arena, from[i]) : NULL;
		if (from[i] && !*to[i])
			return pp_fail_oom(e, s->base.where);
	}
	s->has_machine = true;
	return 0;
}

static int hp_ask_anew(struct hp *s, const struct pp_schema *schema, struct pp_error *e)
{
	struct told *t = &s->last;
	struct pp_span bytes = schema->bytes;
	struct pp_data data;

	told_clear(t);
	int r = pp_hp_save(&s->program, bytes, &t->arena, &data, e);
	/* Of no machine nothing is known to fit, and every setting would be left out by itself. */
	if (r == 0 && !data.machine.product)
		return pp_fail(e, ENODATA,
		               "%.200s: what it saved names no machine (originating_platform is "
		               "missing), so it is not known whose settings they are",
		               s->base.where);
	if (r == 0)
		r = keep_machine(s, &data.machine, e);
	if (r == 0)
		r = pp_hp_values_make(schema, &data, s->base.where, &t->arena, &t->values, e);
	char *copy =
		r < 0 ? NULL : pp_arena_strndup(&t->arena, (const char *)bytes.data, bytes.len);
	t->schema = PP_SPAN(copy, bytes.len);
	t->valid = copy;
	t->ms = pp_now_ms();
	return r < 0 || copy ? r : pp_fail_oom(e, s->base.where);
}

static bool hp_is_fresh(const struct hp *s, const struct told *t, const struct pp_schema *schema)
{
	return t->valid && pp_now_ms() - t->ms < s->fresh_ms &&
	       t->schema.len == schema->bytes.len &&
	       !memcmp(t->schema.data, schema->bytes.data, schema->bytes.len);
}

/* What it tells now, or told a moment ago. */
static int hp_ask(struct hp *s, const struct pp_schema *schema, struct told **ret,
                  struct pp_error *e)
{
	*ret = &s->before;
	if (!s->has_written && hp_is_fresh(s, &s->before, schema))
		return 0;
	*ret = &s->last;
	return hp_is_fresh(s, &s->last, schema) ? 0 : hp_ask_anew(s, schema, e);
}

static int need_bytes(const struct pp_schema *schema, struct pp_error *e)
{
	if (schema->bytes.len)
		return 0;
	return pp_fail(e, EINVAL, "HP's conrep needs the schema as a file, and this one has none");
}

/* The caller's memory and ours live apart. */
static int hp_read(struct pp_store *base, const struct pp_schema *schema, struct pp_areas *ret,
                   struct pp_error *e)
{
	struct hp *s = (struct hp *)base;
	struct pp_hp_values values;
	int r = need_bytes(schema, e);

	if (r == 0)
		r = hp_ask_anew(s, schema, e);
	if (r == 0)
		r = pp_hp_values_make(schema, &s->last.values.data, base->where, ret->arena,
		                      &values, e);
	return r < 0 ? r : pp_hp_values_copy(&values, ret, e);
}

/* What it tells now, into before. */
static int ask_before(struct hp *s, const struct pp_schema *schema, struct pp_error *e)
{
	struct told *now;
	int r = hp_ask(s, schema, &now, e);

	if (r == 0 && now == &s->last)
		told_move(now, &s->before);
	s->has_written = false;
	return r;
}

/* The settings of names as they were told, as a data file. */
static int hp_format(const struct pp_data *d, const char *what, struct pp_arena *a,
                     struct pp_span *ret, struct pp_error *e)
{
	struct pp_buffer b PP_CLEANUP(pp_buffer_fini);

	pp_buffer_init(&b, PP_STORE_MAX_DATA);
	pp_data_write(d, &b);
	*ret = PP_SPAN(b.failed ? NULL : pp_arena_strndup(a, b.data, b.len), b.len);
	return ret->data ? 0 : pp_fail_oom(e, what);
}

static int hp_remember(const struct hp *s, const struct pp_changes *c, struct pp_arena *a,
                       struct pp_store_change *ret, struct pp_error *e)
{
	struct pp_setting *old = PP_ARENA_ARRAY(a, c->nr_settings, struct pp_setting);
	struct pp_data old_data = { .settings = old },
		       new_data = { .settings = c->settings, .nr_settings = c->nr_settings };

	if (!old)
		return pp_fail_oom(e, s->base.where);
	for (uint32_t i = 0; i < c->nr_settings; i++) {
		const struct pp_setting *was =
			pp_hp_values_setting(&s->before.values.data, c->settings[i].name);
		if (!was)
			return pp_fail(e, ENODATA,
			               "%.200s: did not tell what %.64s is now, so it could not be "
			               "put back; nothing was written",
			               s->base.where, c->settings[i].name);
		old[old_data.nr_settings++] = *was;
	}
	int r = hp_format(&old_data, "old settings", a, &ret->old_data, e);
	return r < 0 ? r : hp_format(&new_data, "new settings", a, &ret->new_data, e);
}

static int hp_prepare(struct pp_store *base, const struct pp_changes *c, struct pp_arena *a,
                      struct pp_store_change *ret, struct pp_error *e)
{
	struct hp *s = (struct hp *)base;
	struct pp_store_change change = { .schema = c->schema->bytes };
	int r = need_bytes(c->schema, e);

	if (r == 0)
		r = ask_before(s, c->schema, e);
	if (r == 0)
		r = pp_areas_check(c, &s->before.values.memory, base->where, e);
	if (r == 0)
		r = hp_remember(s, c, a, &change, e);
	if (r == 0)
		*ret = change;
	return r;
}

/* What a comparison needs, in one arena but for what was told. */
struct view {
	struct pp_schema schema;
	struct pp_data old_data, new_data;
	const struct pp_hp_values *now;
};

static int hp_look(struct hp *s, const struct pp_store_change *c, struct pp_arena *a,
                   struct view *v, struct pp_error *e)
{
	struct told *now;

	if (!c->new_data.len)
		return pp_fail(e, EBADMSG, "%.300s: the journal holds no settings for it",
		               s->base.where);
	int r = pp_schema_parse(c->schema, "schema of the journal", a, NULL, &v->schema, e);
	if (r == 0)
		r = pp_data_parse(c->old_data, "old settings of the journal", a, NULL, &v->old_data,
		                  e);
	if (r == 0)
		r = pp_data_parse(c->new_data, "new settings of the journal", a, NULL, &v->new_data,
		                  e);
	if (r == 0)
		r = hp_ask(s, &v->schema, &now, e);
	if (r == 0)
		v->now = &now->values;
	return r;
}

/* Another section than ours: only while we still know what it was. */
static int compare_rest(const struct hp *s, const struct view *v, struct pp_arena *a,
                        const char **ret_name, struct pp_error *e)
{
	for (uint32_t i = 0; s->before.valid && i < s->before.values.data.nr_settings; i++) {
		const struct pp_setting *was = &s->before.values.data.settings[i];
		bool same;
		if (pp_hp_values_setting(&v->new_data, was->name))
			continue;
		int r = pp_hp_values_hold(v->now, &v->schema, was, a, &same, e);
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
		int r = pp_hp_values_hold(v->now, &v->schema, want, a, &is_new, e);
		if (r == 0 && !is_new && was)
			r = pp_hp_values_hold(v->now, &v->schema, was, a, &is_old, e);
		if (r < 0)
			return r;
		*nr_new += is_new;
		*nr_old += is_old;
		if (!is_new && !is_old)
			*ret_other = want->name;
	}
	return 0;
}

/* What our own write has done besides is put back, too, while we know what was there. */
static enum pp_store_state hp_foreign(const struct hp *s)
{
	return s->before.valid && s->has_written ? PP_STANDS_PART : PP_STANDS_OTHER;
}

static int hp_state(struct pp_store *base, const struct pp_store_change *c,
                    enum pp_store_state *ret, char *text, size_t size, struct pp_error *e)
{
	uint32_t nr_old = 0, nr_new = 0;
	const char *other = NULL, *rest = NULL;
	const struct hp *s = (const struct hp *)base;
	struct pp_arena a PP_CLEANUP(pp_arena_fini);
	struct view v;

	pp_arena_init(&a, 0);
	int r = hp_look((struct hp *)base, c, &a, &v, e);
	if (r == 0)
		r = compare_ours(&v, &a, &nr_old, &nr_new, &other, e);
	if (r == 0)
		r = compare_rest(s, &v, &a, &rest, e);
	if (r == 0 && other)
		snprintf(text, size, "%.64s is neither what it was nor what it was to become",
		         other);
	else if (r == 0 && rest)
		snprintf(text, size, "%.64s has changed, too, and nobody asked for that", rest);
	else if (r == 0 && nr_old && nr_new)
		snprintf(text, size, "%u of %u settings written", nr_new, v.new_data.nr_settings);
	if (r == 0)
		*ret = other || rest ? hp_foreign(s)
		       : !nr_old     ? PP_STANDS_NEW
		       : !nr_new     ? PP_STANDS_OLD
		                     : PP_STANDS_PART;
	return r;
}

/* What is not as it was: all that we know to have been otherwise, in this process, else ours. */
static int hp_old_data(struct hp *s, const struct pp_store_change *c, struct pp_arena *a,
                       struct pp_span *ret, struct pp_error *e)
{
	struct view v;
	uint32_t n = 0;
	int r = hp_look(s, c, a, &v, e);

	if (r < 0)
		return r;
	const struct pp_data *was = s->before.valid ? &s->before.values.data : &v.old_data;
	struct pp_setting *back = PP_ARENA_ARRAY(a, was->nr_settings, struct pp_setting);
	if (!back)
		return pp_fail_oom(e, s->base.where);
	for (uint32_t i = 0; r == 0 && i < was->nr_settings; i++) {
		bool same;
		r = pp_hp_values_hold(v.now, &v.schema, &was->settings[i], a, &same, e);
		if (r == 0 && !same)
			back[n++] = was->settings[i];
	}
	*ret = PP_SPAN(NULL, 0);
	if (r < 0 || !n)
		return r;
	return hp_format(&(struct pp_data){ .settings = back, .nr_settings = n }, "old settings", a,
	                 ret, e);
}

static int hp_write(struct pp_store *base, const struct pp_store_change *c, bool back,
                    const struct pp_lock *lock, struct pp_error *e)
{
	struct hp *s = (struct hp *)base;
	struct pp_span data = c->new_data;
	struct pp_arena a PP_CLEANUP(pp_arena_fini);

	pp_arena_init(&a, 0);
	int r = back ? hp_old_data(s, c, &a, &data, e) : 0;
	if (r || !data.len)
		return r;
	r = pp_hp_load(&s->program, c->schema, data, lock, e);
	s->has_written = true;
	told_clear(&s->last);
	return r;
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

	pp_arena_fini(&s->last.arena);
	pp_arena_fini(&s->before.arena);
}

static const struct pp_store_ops hp_ops = {
	.kind = "hp",
	.read = hp_read,
	.prepare = hp_prepare,
	.state = hp_state,
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
		               "HP's conrep is not installed; %s; or name the program with --store "
		               "hp:PROGRAM",
		               pp_hp_package);
	int r = pp_hp_check(path, e);
	if (r < 0)
		return r;
	r = pp_store_name(&s->base, state, "hp", path, e);
	if (r < 0)
		return r;
	s->program.path = pp_arena_strdup(&s->base.arena, path);
	s->program.state = s->base.state;
	s->program.limit_s = PP_HP_LIMIT_S;
	return s->program.path ? 0 : pp_fail_oom(e, path);
}

int pp_hp_open(const char *program, const char *state, struct pp_store **ret, struct pp_error *e)
{
	struct hp *s = pp_store_alloc(sizeof(*s), &hp_ops, e);

	if (!s)
		return -ENOMEM;
	pp_arena_init(&s->before.arena, 0);
	pp_arena_init(&s->last.arena, 0);
	s->fresh_ms = PP_HP_FRESH_MS;
	return pp_store_opened(&s->base, hp_fill(s, program, state, e), ret);
}
