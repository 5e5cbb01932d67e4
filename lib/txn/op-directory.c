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

static json_t *directory_to_json(const struct pp_op *op)
{
	return json_pack("{ss}", "path", op->directory.path);
}

static int directory_from_json(struct pp_json_reader *r, const json_t *o, struct pp_op *op)
{
	int err = PP_JSON_READ_KEYS(r, o, "path");

	return err ? err : pp_op_read_path(r, o, &op->directory.path);
}

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
	.to_json = directory_to_json,
	.from_json = directory_from_json,
	.room = directory_room,
};
