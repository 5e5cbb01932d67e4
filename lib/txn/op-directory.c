/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The operation that makes a directory, mode 0755. It has no state of its own: made twice is made
 * once, also where it was killed before it set the mode; and undoing it leaves one that is not
 * empty.
 */
#include <stdio.h>

#include "txn/op.h"

static int directory_execute(struct pp_apply *a, const struct pp_op *op, struct pp_error *e)
{
	return pp_sys_mkdir(a->sys, op->directory.path, e);
}

static int directory_undo(struct pp_apply *a, const struct pp_op *op, struct pp_error *e)
{
	return pp_sys_rmdir(a->sys, op->directory.path, e);
}

static void directory_describe(const struct pp_op *op, enum pp_direction dir, char *buf,
                               size_t size)
{
	snprintf(buf, size, "%s /%s", dir == PP_RUN ? "make" : "remove", op->directory.path);
}

static const struct pp_json_row directory_rows[] = {
	PP_OP_PATH_ROW(directory.path),
	{ NULL },
};

static int directory_room(struct pp_apply *a, const struct pp_op *op, enum pp_direction dir,
                          uint64_t bytes, uint64_t files, struct pp_error *e)
{
	bool run = dir == PP_RUN;

	return pp_sys_check_space(a->sys, op->directory.path, run ? bytes : 0, run ? files : 0, e);
}

const struct pp_op_ops pp_op_directory = {
	.name = "directory",
	.rank = PP_RANK_DIRECTORY,
	.execute = directory_execute,
	.undo = directory_undo,
	.describe = directory_describe,
	.rows = directory_rows,
	.room = directory_room,
};
