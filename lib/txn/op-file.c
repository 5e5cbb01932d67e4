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

static json_t *file_content_to_json(const struct pp_content *c)
{
	json_t *attributes = json_array();

	if (!c->exists) {
		json_decref(attributes);
		return json_null();
	}
	for (uint32_t i = 0; i < c->nr_attributes; i++)
		if (json_array_append_new(
			    attributes, json_pack("{ss,so}", "name", c->attributes[i].name, "bytes",
		                                  pp_json_of_bytes(c->attributes[i].value)))) {
			json_decref(attributes);
			return NULL;
		}
	return json_pack("{si,sI,sI,so,so}", "mode", (int)c->mode, "uid", (json_int_t)c->uid, "gid",
	                 (json_int_t)c->gid, "attributes", attributes, "bytes",
	                 pp_json_of_bytes(c->bytes));
}

static json_t *file_to_json(const struct pp_op *op)
{
	return json_pack("{ss,so,so}", "path", op->file.path, "before",
	                 file_content_to_json(&op->file.before), "after",
	                 file_content_to_json(&op->file.after));
}

static int file_read_attributes(struct pp_json_reader *r, const json_t *o, struct pp_content *c)
{
	const json_t *list = pp_json_read_list(r, o, "attributes", PP_CONTENT_MAX_ATTRIBUTES);
	int err = list ? 0 : -EBADMSG;

	if (err)
		return err;
	uint32_t n = (uint32_t)json_array_size(list);
	struct pp_attribute *attributes = PP_ARENA_ARRAY(r->arena, n, struct pp_attribute);
	if (!attributes)
		return pp_fail_oom(r->error, r->object);
	for (uint32_t i = 0; !err && i < n; i++) {
		const json_t *one = json_array_get(list, i);
		err = PP_JSON_READ_KEYS(r, one, "name", "bytes");
		if (!err)
			err = pp_json_read_text(r, one, "name", &attributes[i].name);
		if (!err)
			err = pp_json_read_bytes(r, one, "bytes", &attributes[i].value);
	}
	c->attributes = attributes;
	c->nr_attributes = n;
	return err;
}

static int file_read_content(struct pp_json_reader *r, const json_t *o, const char *key,
                             struct pp_content *ret)
{
	const json_t *c = json_object_get(o, key);
	uint32_t mode = 0, uid = 0, gid = 0;

	*ret = (struct pp_content){ 0 };
	if (json_is_null(c))
		return 0;
	int err = PP_JSON_READ_KEYS(r, c, "mode", "uid", "gid", "attributes", "bytes");
	if (!err)
		err = pp_json_read_number(r, json_object_get(c, "mode"), "mode", 0, 07777, &mode);
	if (!err)
		err = pp_json_read_number(r, json_object_get(c, "uid"), "uid", 0, UINT32_MAX, &uid);
	if (!err)
		err = pp_json_read_number(r, json_object_get(c, "gid"), "gid", 0, UINT32_MAX, &gid);
	if (!err)
		err = file_read_attributes(r, c, ret);
	if (!err)
		err = pp_json_read_bytes(r, c, "bytes", &ret->bytes);
	ret->exists = true;
	ret->mode = (mode_t)mode;
	ret->uid = (uint32_t)uid;
	ret->gid = (uint32_t)gid;
	return err;
}

static int file_from_json(struct pp_json_reader *r, const json_t *o, struct pp_op *op)
{
	int err = PP_JSON_READ_KEYS(r, o, "path", "before", "after");

	if (!err)
		err = pp_op_read_path(r, o, &op->file.path);
	if (!err)
		err = file_read_content(r, o, "before", &op->file.before);
	return err ? err : file_read_content(r, o, "after", &op->file.after);
}

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
	.to_json = file_to_json,
	.from_json = file_from_json,
	.bytes = file_bytes,
	.room = file_room,
	.is_idle = file_is_idle,
	.sweep = file_clean_up,
};
