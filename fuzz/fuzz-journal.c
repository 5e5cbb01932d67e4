/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The bytes as a journal, whole and as the body of one whose checksum fits. What is taken must be
 * in its bounds, be able to say what it does, and be taken again when it is written out.
 */
#include <stdio.h>

#include "base/crc32.h"
#include "touch.h"
#include "txn/txn.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void walk_setting(const struct pp_op *op)
{
	const struct pp_store_change *c = &op->setting.change;

	for (uint32_t i = 0; i < c->nr_writes; i++) {
		const struct pp_area_write *w = &c->writes[i];
		touch(w->old_bytes.data, w->old_bytes.len);
		touch(w->new_bytes.data, w->new_bytes.len);
		if (w->mask)
			touch(w->mask, w->new_bytes.len);
		if (w->mask && w->old_bytes.len != w->new_bytes.len)
			abort();
	}
	touch(c->schema.data, c->schema.len);
	touch(c->old_data.data, c->old_data.len);
	touch(c->new_data.data, c->new_data.len);
}

static void walk(const struct pp_txn *t)
{
	char text[512];

	if (t->nr_ops > PP_TXN_MAX_OPS)
		abort();
	for (uint32_t i = 0; i < t->nr_ops; i++) {
		const struct pp_op *op = &t->ops[i];
		pp_op_describe(op, PP_RUN, text, sizeof(text));
		pp_op_describe(op, PP_ROLLBACK, text, sizeof(text));
		if (op->ops == &pp_op_setting)
			walk_setting(op);
	}
}

static void journal_take(struct pp_span in)
{
	struct pp_error e = { 0 };
	struct pp_arena a;
	struct pp_txn t, again;
	const char *text;

	pp_arena_init(&a, 0);
	int r = pp_txn_parse(in, "fuzz", &a, &t, &e);
	if (r && (e.code != -r || !e.text[0]))
		abort();
	if (!r) {
		walk(&t);
		if (pp_txn_text(&t, &a, &text, &e) ||
		    pp_txn_parse(PP_SPAN(text, strlen(text)), "again", &a, &again, &e))
			abort();
	}
	pp_arena_fini(&a);
}

/* The checksum is that of the body in its compact form with sorted keys. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	json_t *body = json_loadb((const char *)data, size, JSON_REJECT_DUPLICATES, NULL);
	char *sorted = json_dumps(body, JSON_COMPACT | JSON_SORT_KEYS);
	struct pp_buffer b;

	journal_take(PP_SPAN(data, size));
	json_decref(body);
	if (!sorted)
		return 0;
	pp_buffer_init(&b, (size_t)64 << 20);
	pp_buffer_printf(&b, "{\"crc32\":\"%08x\",\"journal\":%s}",
	                 pp_span_crc32(PP_SPAN(sorted, strlen(sorted))), sorted);
	if (!b.failed)
		journal_take(PP_SPAN(b.data, b.len));
	pp_buffer_fini(&b);
	free(sorted);
	return 0;
}
