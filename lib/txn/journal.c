/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The journal: a transaction as a JSON document with a checksum, written whole and read strictly.
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/crc32.h"
#include "plan/json.h"
#include "txn/txn.h"
#include "sys/atomic.h"
#include "sys/file.h"
#include "sys/trust.h"

/*
 * {"crc32": "…", "journal": {"schema": "pcipass.journal/2", …}}, where the checksum is that of the
 * journal written compactly with sorted keys: what was read and checked is written so again.
 */
#define SCHEMA "pcipass.journal/2"
#define FLAGS  (JSON_COMPACT | JSON_SORT_KEYS)

static const char *const purposes[PP_TXN_PURPOSES] = { "plan", "attach", "settings" };
static const char *const phases[PP_PHASES] = { "applying", "applied", "undoing", "undone" };

/* A document inside the document, as its text is written again; NULL is null. */
static json_t *nested_write(const struct pp_json_row *row, const void *member)
{
	const char *text = *(const char *const *)member;

	return text ? json_loads(text, JSON_REJECT_DUPLICATES, NULL) : json_null();
}

static int nested_read(struct pp_json_reader *r, const struct pp_json_row *row, const json_t *v,
                       void *member)
{
	const char **ret = member;

	*ret = NULL;
	if (json_is_null(v))
		return 0;
	if (!json_is_object(v))
		return pp_json_bad(r, "'%s' is not an object", row->key);
	char *text = json_dumps(v, FLAGS);
	*ret = text ? pp_arena_strdup(r->arena, text) : NULL;
	free(text);
	return *ret ? 0 : pp_fail_oom(r->error, r->object);
}

static const struct pp_json_type nested = { nested_write, nested_read, NULL };

static json_t *host_write(const struct pp_json_row *row, const void *member)
{
	const struct pp_plan_host *host = *(const struct pp_plan_host *const *)member;

	return host ? pp_json_write(pp_plan_host_rows, host) : json_null();
}

static int host_read(struct pp_json_reader *r, const struct pp_json_row *row, const json_t *v,
                     void *member)
{
	struct pp_plan_host *host = PP_ARENA_NEW(r->arena, struct pp_plan_host);
	struct pp_json_row inner = PP_PLAN_HOST_ROW(0);

	*(const struct pp_plan_host **)member = host;
	return host ? inner.type->read(r, &inner, v, host) : pp_fail_oom(r->error, r->object);
}

static const struct pp_json_type host = { host_write, host_read, NULL };

#define TXN(member) offsetof(struct pp_txn, member)
static const struct pp_json_row txn_rows[] = {
	{ "schema", &pp_row_constant, .more = SCHEMA },
	{ "purpose", &pp_row_word, TXN(purpose), .words = purposes, .max = PP_TXN_PURPOSES },
	{ "phase", &pp_row_word, TXN(phase), .words = phases, .max = PP_PHASES },
	{ "boot_id", &pp_row_text, TXN(boot_id) },
	{ "plan", &nested, TXN(plan) },
	{ "host", &host, TXN(host), .may_lack = true, .omit_null = true },
	{ "operations", &pp_row_list, PP_JSON_LIST(struct pp_txn, ops, nr_ops),
	  .max = PP_TXN_MAX_OPS, .item = &pp_op_json },
	{ "previous", &nested, TXN(previous) },
	{ NULL },
};

static char *journal_checksum(const char *text, char *buf)
{
	snprintf(buf, 9, "%08x", pp_span_crc32(PP_SPAN(text, strlen(text))));
	return buf;
}

int pp_txn_text(const struct pp_txn *t, struct pp_arena *arena, const char **ret,
                struct pp_error *e)
{
	json_t *body = pp_json_write(txn_rows, t);
	char *text = body ? json_dumps(body, FLAGS) : NULL;
	char crc[9];

	json_decref(body);
	const char *whole = text ? pp_arena_printf(arena, "{\"crc32\":\"%s\",\"journal\":%s}\n",
	                                           journal_checksum(text, crc), text)
	                         : NULL;
	free(text);
	if (!whole)
		return pp_fail_oom(e, "journal");
	if (strlen(whole) > PP_TXN_MAX_BYTES)
		return pp_fail(e, E2BIG, "journal: %zu bytes, at most %u are kept", strlen(whole),
		               PP_TXN_MAX_BYTES);
	*ret = whole;
	return 0;
}

void pp_txn_clean_up(struct pp_apply *a, const struct pp_txn *t)
{
	pp_atomic_clean_up(PP_APPLY_JOURNAL(a));
	for (uint32_t i = 0; i < t->nr_ops; i++)
		if (t->ops[i].ops->sweep)
			t->ops[i].ops->sweep(a, &t->ops[i]);
}

int pp_txn_save(struct pp_apply *a, const struct pp_txn *t, struct pp_error *e)
{
	struct pp_arena arena;
	const char *text;

	pp_arena_init(&arena, 0);
	int r = pp_txn_text(t, &arena, &text, e);
	if (!r)
		r = pp_file_put(PP_APPLY_JOURNAL(a), PP_SPAN(text, strlen(text)), 0600, true, e);
	pp_arena_fini(&arena);
	return r;
}

int pp_txn_remove(const struct pp_apply *a, struct pp_error *e)
{
	int r = pp_file_remove(PP_APPLY_JOURNAL(a), e);
	return r == -ENOENT ? 0 : r;
}

static int journal_read_body(struct pp_json_reader *r, const json_t *o, struct pp_txn *ret)
{
	/* First: one of another version has other keys. */
	int err = pp_row_constant.read(r, txn_rows, json_object_get(o, "schema"), NULL);

	if (!err)
		err = pp_json_read(r, txn_rows, o, ret);
	if (!err && !ret->plan == (ret->purpose == PP_TXN_PLAN))
		err = pp_json_bad(r, "'plan' does not fit the purpose");
	if (!err && ret->purpose == PP_TXN_SETTINGS &&
	    (ret->nr_ops != 1 || ret->ops[0].ops != &pp_op_setting))
		err = pp_json_bad(r, "more or less than a write of settings");
	return err;
}

static bool journal_checksum_fits(const json_t *root, const json_t *body)
{
	const char *want = json_string_value(json_object_get(root, "crc32"));
	char *text = json_dumps(body, FLAGS), crc[9];
	bool fits = text && want && !strcmp(journal_checksum(text, crc), want);

	free(text);
	return fits;
}

static int journal_read(struct pp_json_reader *r, const json_t *root, struct pp_txn *ret)
{
	const json_t *body = json_object_get(root, "journal");

	if (json_object_size(root) != 2 || !json_is_object(body))
		return pp_json_bad(r, "need 'crc32' and 'journal'");
	if (!journal_checksum_fits(root, body))
		return pp_json_bad(r, "its checksum does not fit");
	return journal_read_body(r, body, ret);
}

int pp_txn_parse(struct pp_span in, const char *object, struct pp_arena *arena, struct pp_txn *ret,
                 struct pp_error *e)
{
	struct pp_json_reader r = { arena, object, "", e };
	struct pp_txn t = { 0 };
	char why[400];
	json_t *root;
	int err = pp_json_load(in, object, &root, e);

	if (!err) {
		err = journal_read(&r, root, &t);
		json_decref(root);
	}
	if (!err) {
		*ret = t;
		return 0;
	}
	if (err != -EBADMSG)
		return err;
	snprintf(why, sizeof(why), "%.399s", e->text);
	return pp_fail(
		e, EBADMSG,
		"%s; the journal is damaged or from another version of pcipass, so nothing is done. Keep it: it holds what was there before",
		why);
}

int pp_txn_load(struct pp_apply *a, struct pp_txn *ret, struct pp_error *e)
{
	const char *path = PP_APPLY_JOURNAL(a);
	struct pp_span bytes;
	int r = pp_apply_check_state(a, false, e);

	/* What is in it will be done as root, so nobody else may have been able to write it. */
	if (!r)
		r = pp_file_read_private(path, PP_TXN_MAX_BYTES, &a->arena, &bytes, e);
	if (r == -ENOENT)
		return pp_fail(e, ENOENT, "nothing is applied here");
	return r ? r : pp_txn_parse(bytes, path, &a->arena, ret, e);
}

int pp_txn_load_plan(struct pp_apply *a, struct pp_txn *ret, struct pp_error *e)
{
	struct pp_txn t;
	int r = pp_txn_load(a, &t, e);

	for (int depth = 0; !r && t.purpose != PP_TXN_PLAN; depth++) {
		const char *previous = t.previous;
		if (!previous || depth == PP_TXN_MAX_DEPTH)
			return pp_fail(e, ENOENT, "nothing is applied here");
		r = pp_txn_parse(PP_SPAN(previous, strlen(previous)), "the journal before",
		                 &a->arena, &t, e);
	}
	if (!r)
		*ret = t;
	return r;
}
