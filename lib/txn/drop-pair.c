/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Makes room in the journal, which keeps a limited number of plans one upon another: two of them
 * that took each other back, such as a bind and the unbind after it, are dropped. Undoing what is
 * left leads to the same end.
 */
#include <string.h>

#include "txn/txn.h"

/* The newest first. */
struct txn_chain {
	struct pp_txn list[PP_TXN_MAX_DEPTH + 1];
	uint32_t nr;
};

static int chain_read(struct pp_apply *a, const struct pp_txn *t, struct txn_chain *ret,
                      struct pp_error *e)
{
	int r = 0;

	ret->list[0] = *t;
	ret->nr = 1;
	for (const char *text = t->previous; !r && text && ret->nr <= PP_TXN_MAX_DEPTH;
	     text = ret->list[ret->nr - 1].previous)
		r = pp_txn_parse(PP_SPAN(text, strlen(text)), "the journal before", &a->arena,
		                 &ret->list[ret->nr++], e);
	return r;
}

/* Of an operation that can be told to be taken back. */
static bool op_is_driver(const struct pp_op *op)
{
	return op->ops == &pp_op_bind || op->ops == &pp_op_unbind;
}

static bool op_same_object(const struct pp_op *x, const struct pp_op *y)
{
	if (x->device || y->device)
		return x->device && y->device && !strcmp(x->device, y->device);
	return x->ops == &pp_op_file && y->ops == &pp_op_file &&
	       !strcmp(x->file.path, y->file.path);
}

static const struct pp_op *txn_find_same(const struct pp_txn *t, const struct pp_op *op)
{
	for (uint32_t i = 0; i < t->nr_ops; i++)
		if (op_same_object(&t->ops[i], op))
			return &t->ops[i];
	return NULL;
}

/*
 * What a driver was after an unbind is the kernel's choice: it is known where the next operation on
 * the device has found it.
 */
static bool chain_found_again(const struct txn_chain *c, uint32_t newer, const struct pp_op *op)
{
	const struct pp_op *next = NULL;

	while (newer-- && !next)
		next = txn_find_same(&c->list[newer], op);
	return next && op_is_driver(next) && !strcmp(next->driver.driver, op->driver.driver) &&
	       !strcmp(next->driver.override, op->driver.override);
}

static bool chain_op_is_taken_back(const struct txn_chain *c, uint32_t older, uint32_t newer,
                                   const struct pp_op *op)
{
	const struct pp_op *back = txn_find_same(&c->list[newer], op);

	if (op->ops->is_tool)
		return true;
	for (uint32_t k = newer + 1; k < older; k++)
		if (txn_find_same(&c->list[k], op))
			return false;
	if (!back)
		return false;
	if (op->ops == &pp_op_file)
		return pp_content_same(&op->file.before, &back->file.after);
	return op_is_driver(op) && op_is_driver(back) && op->ops != back->ops &&
	       chain_found_again(c, newer, op);
}

static bool chain_is_pair(const struct txn_chain *c, uint32_t older, uint32_t newer)
{
	const struct pp_txn *x = &c->list[older], *y = &c->list[newer];

	for (uint32_t i = 0; i < x->nr_ops; i++)
		if (!chain_op_is_taken_back(c, older, newer, &x->ops[i]))
			return false;
	for (uint32_t i = 0; i < y->nr_ops; i++)
		if (!y->ops[i].ops->is_tool && !txn_find_same(x, &y->ops[i]))
			return false;
	return true;
}

static int chain_drop(struct pp_apply *a, struct txn_chain *c, uint32_t older, uint32_t newer,
                      const char **ret, struct pp_error *e)
{
	const char *text = NULL;
	int r = 0;

	for (uint32_t k = c->nr; !r && --k > 0;) {
		if (k == older || k == newer)
			continue;
		c->list[k].previous = text;
		r = pp_txn_text(&c->list[k], &a->arena, &text, e);
	}
	if (!r)
		*ret = text;
	return r;
}

int pp_txn_drop_pair(struct pp_apply *a, struct pp_txn *t, bool *ret, struct pp_error *e)
{
	struct txn_chain c;
	int r = chain_read(a, t, &c, e);

	*ret = false;
	if (r)
		return r;
	for (uint32_t older = c.nr; --older > 1;)
		for (uint32_t newer = older; --newer > 0;)
			if (chain_is_pair(&c, older, newer)) {
				*ret = true;
				return chain_drop(a, &c, older, newer, &t->previous, e);
			}
	return 0;
}
