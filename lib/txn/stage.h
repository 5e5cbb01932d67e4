/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The operations that a plan comes to, collected and put in order. */
#ifndef PP_TXN_STAGE_H
#define PP_TXN_STAGE_H

#include "txn/txn.h"

/*
 * What a plan comes to on this host: each step says what it would change, nothing is changed. A
 * file that two steps touch becomes one operation, for the second sees what the first would write.
 */
struct pp_stage {
	struct pp_apply *apply;
	const struct pp_plan *plan;
	const struct pp_txn *before; /* NULL: none */
	uint32_t step;               /* the one being staged */
	bool touched;                /* a file changes by it */
	const char *image;           /* a unified kernel image that tools make anew; NULL: none */
	struct pp_op *ops;
	uint32_t nr_ops;
};

int pp_stage_init(struct pp_stage *s, struct pp_apply *a, const struct pp_plan *p,
                  const struct pp_txn *before, struct pp_error *e);

/* The file as it would be by now. */
int pp_stage_read(struct pp_stage *s, const char *path, struct pp_content *ret, struct pp_error *e);
/* Replaces or makes it, and the directories that it needs; a file that is there keeps mode and
 * owner. bytes are borrowed. Same bytes: nothing. */
int pp_stage_put(struct pp_stage *s, const char *path, struct pp_span bytes, mode_t mode,
                 struct pp_error *e);
int pp_stage_puts(struct pp_stage *s, const char *path, const char *text, mode_t mode,
                  struct pp_error *e);
/* Into a file of our own: made, or replaced. -EEXIST: what is there is somebody else's. */
int pp_stage_put_ours(struct pp_stage *s, const char *path, const char *text, mode_t mode,
                      struct pp_error *e);
/* Behind what is in it, beginning with our mark; nothing where the words stand there already. */
int pp_stage_add_ours(struct pp_stage *s, const char *path, const char *words, const char *text,
                      struct pp_error *e);
int pp_stage_remove(struct pp_stage *s, const char *path, struct pp_error *e);
/* Once, also where two steps ask for it. kernel: for the tools that take one, borrowed; else NULL.
 * -ENOENT: no such program. */
int pp_stage_run(struct pp_stage *s, const struct pp_tool *tool, const char *kernel,
                 struct pp_error *e);
/*
 * A setting, joined with the others of its store. Nothing where it says so already. -EBUSY: it says
 * something else than is expected.
 */
int pp_stage_setting(struct pp_stage *s, const struct pp_step_setting *set, struct pp_error *e);
/* An operation whose fields the caller sets; NULL with the error set. */
struct pp_op *pp_stage_add(struct pp_stage *s, const struct pp_op_ops *ops, struct pp_error *e);

/* The step is staged: tools that it asked for and nothing of it needs are dropped. */
void pp_stage_close_step(struct pp_stage *s);
/* In the order of execution, without what came to nothing. */
void pp_stage_sort(struct pp_stage *s);
/* Space and write permission for all of it, and for the initrds that are made anew. */
int pp_stage_check_space(struct pp_stage *s, struct pp_error *e);

/* The line that begins each file of ours; nobody else's begins so. */
#define PP_STAGE_MARK "# Made by pcipass; \"pcipass undo\" takes it away.\n"
bool pp_stage_is_ours(const struct pp_content *c);

#endif
