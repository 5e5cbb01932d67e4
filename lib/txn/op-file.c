/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The operation that makes, replaces or removes a file, with its mode, owner and attributes. */
#include <stdio.h>
#include <string.h>

#include "txn/op.h"

static int file_state(struct pp_apply *a, const struct pp_op *op, struct pp_op_state *ret,
                      struct pp_error *e)
{
	struct pp_content now;
	int r = pp_sys_content(a->sys, op->file.path, &a->arena, &now, e);

	if (r)
		return r;
	ret->found = pp_content_same(&now, &op->file.after)    ? PP_OP_AFTER
	             : pp_content_same(&now, &op->file.before) ? PP_OP_BEFORE
	                                                       : PP_OP_NEITHER;
	snprintf(ret->text, sizeof(ret->text),
	         "%s%.300s: somebody else has changed it: it is neither as it was before nor as "
	         "pcipass writes it",
	         pp_sys_slash(op->file.path), op->file.path);
	return 0;
}

static int file_execute(struct pp_apply *a, const struct pp_op *op, struct pp_error *e)
{
	return pp_sys_put(a->sys, op->file.path, &op->file.after, e);
}

static int file_undo(struct pp_apply *a, const struct pp_op *op, struct pp_error *e)
{
	return pp_sys_put(a->sys, op->file.path, &op->file.before, e);
}

static void file_describe(const struct pp_op *op, enum pp_direction dir, char *buf, size_t size)
{
	const char *slash = pp_sys_slash(op->file.path);

	if (dir == PP_RUN)
		snprintf(buf, size, "%s %s%s", op->file.after.exists ? "write" : "remove", slash,
		         op->file.path);
	else
		snprintf(buf, size,
		         op->file.before.exists ? "put %s%s back as it was" : "remove %s%s", slash,
		         op->file.path);
}

#define CONTENT(member) offsetof(struct pp_content, member)
static const struct pp_json_row attribute_rows[] = {
	{ "name", &pp_row_text, offsetof(struct pp_attribute, name) },
	{ "bytes", &pp_row_bytes, offsetof(struct pp_attribute, value) },
	{ NULL },
};
static const struct pp_json_row content_rows[] = {
	{ "mode", &pp_row_number, CONTENT(mode), .max = 07777 },
	{ "uid", &pp_row_number, CONTENT(uid), .max = UINT32_MAX },
	{ "gid", &pp_row_number, CONTENT(gid), .max = UINT32_MAX },
	{ "attributes", &pp_row_list, PP_JSON_LIST(struct pp_content, attributes, nr_attributes),
	  .max = PP_CONTENT_MAX_ATTRIBUTES, .rows = attribute_rows },
	{ "bytes", &pp_row_bytes, CONTENT(bytes) },
	{ NULL },
};

static json_t *content_write(const struct pp_json_row *row, const void *member)
{
	const struct pp_content *c = member;

	return c->exists ? pp_json_write(content_rows, c) : json_null();
}

static int content_read(struct pp_json_reader *r, const struct pp_json_row *row, const json_t *v,
                        void *member)
{
	struct pp_content *c = member;

	*c = (struct pp_content){ .exists = !json_is_null(v) };
	return c->exists ? pp_json_read(r, content_rows, v, c) : 0;
}

static const struct pp_json_type content = { content_write, content_read, NULL };

static const struct pp_json_row file_rows[] = {
	PP_OP_PATH_ROW(file.path),
	{ "before", &content, PP_OP_AT(file.before) },
	{ "after", &content, PP_OP_AT(file.after) },
	{ NULL },
};

static size_t file_bytes(const struct pp_op *op)
{
	return op->file.before.bytes.len + op->file.after.bytes.len;
}

/* What is removed needs no room. */
static int file_room(struct pp_apply *a, const struct pp_op *op, enum pp_direction dir,
                     uint64_t bytes, uint64_t files, struct pp_error *e)
{
	bool back = op->file.before.exists;

	if (dir == PP_ROLLBACK) {
		bytes = back ? op->file.before.bytes.len : 0;
		files = back;
	}
	return pp_sys_check_space(a->sys, op->file.path, bytes, files, e);
}

static bool file_is_idle(const struct pp_op *op)
{
	return pp_content_same(&op->file.before, &op->file.after);
}

static void file_clean_up(struct pp_apply *a, const struct pp_op *op)
{
	pp_sys_clean_up(a->sys, op->file.path);
}

const struct pp_op_ops pp_op_file = {
	.name = "file",
	.rank = PP_RANK_FILE,
	.state = file_state,
	.execute = file_execute,
	.undo = file_undo,
	.describe = file_describe,
	.rows = file_rows,
	.bytes = file_bytes,
	.room = file_room,
	.is_idle = file_is_idle,
	.sweep = file_clean_up,
};
