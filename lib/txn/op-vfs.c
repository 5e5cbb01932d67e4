/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The operation that turns a device's virtual functions off. */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "txn/op.h"
#include "txn/precondition.h"

#define NUMBER "sriov_numvfs"

int pp_vfs_read(struct pp_apply *a, const char *address, uint32_t *ret, struct pp_error *e)
{
	const char *path = PP_SYS_DEVICE(address, NUMBER);
	char text[32];
	uint64_t vfs;
	int r = pp_sys_text(a->sys, path, text, sizeof(text));
	if (r)
		return pp_fail(e, -r, "%s: /%s: %s", address, path, strerror(-r));
	if (!pp_parse_dec(text, UINT16_MAX, &vfs))
		return pp_fail(e, EBADMSG, "%s: /%s says %.20s, need a number", address, path,
		               text);
	*ret = (uint32_t)vfs;
	return 0;
}

static int vfs_state(struct pp_apply *a, const struct pp_op *op, struct pp_op_state *ret,
                     struct pp_error *e)
{
	uint32_t now;
	int r = pp_vfs_read(a, op->device, &now, e);

	if (r)
		return r;
	ret->found = !now ? PP_OP_AFTER : now == op->vfs.before ? PP_OP_BEFORE : PP_OP_NEITHER;
	snprintf(ret->text, sizeof(ret->text),
	         "%s: %u of its virtual functions are on by now, expected %u", op->device, now,
	         op->vfs.before);
	return 0;
}

/* They go away under whoever has them: no guest, and nothing of the host's. */
static int vfs_is_unused(struct pp_apply *a, const char *address, struct pp_error *e)
{
	struct pp_driver now;
	int r = pp_driver_read(a, address, &now, e);

	if (!r)
		r = pp_precondition_guest(a, address, e);
	return r || strstr(now.driver, "vfio") ? r
	                                       : pp_precondition_host(a, address, now.driver, e);
}

static int vfs_are_unused(struct pp_apply *a, const char *physical, struct pp_error *e)
{
	const char *const *names = pp_sys_names(a->sys, PP_SYS_DEVICE(physical, ""), &a->arena);
	char target[256];
	int r = names ? 0 : pp_fail_oom(e, physical);
	for (; !r && *names; names++) {
		if (strncmp(*names, "virtfn", strlen("virtfn")) != 0)
			continue;
		const char *path = PP_SYS_DEVICE(physical, *names);
		r = pp_sys_link_name(a->sys, path, target, sizeof(target));
		r = r ? pp_fail(e, -r, "/%s: %s", path, strerror(-r)) : vfs_is_unused(a, target, e);
	}
	return r;
}

static int vfs_allowed(struct pp_apply *a, const struct pp_op *op, enum pp_direction dir,
                       struct pp_error *e)
{
	struct pp_driver now;

	if (dir == PP_RUN)
		return vfs_are_unused(a, op->device, e);
	int r = pp_driver_read(a, op->device, &now, e);
	if (r || (*now.driver && !strstr(now.driver, "vfio")))
		return r;
	return pp_fail(e, EBUSY,
	               "%s: its driver is %s, and only the host's own can turn its virtual "
	               "functions on: pcipass unbind %s",
	               op->device, *now.driver ? now.driver : "none", op->device);
}

static int vfs_write(struct pp_apply *a, const struct pp_op *op, uint32_t number,
                     struct pp_error *e)
{
	const char *path = PP_SYS_DEVICE(op->device, NUMBER);
	char text[16];

	snprintf(text, sizeof(text), "%u\n", number);
	int r = pp_sys_write(a->sys, path, text);
	return r ? pp_fail(e, -r, "%s: /%s: %s", op->device, path, strerror(-r)) : 0;
}

static int vfs_execute(struct pp_apply *a, const struct pp_op *op, struct pp_error *e)
{
	return vfs_write(a, op, 0, e);
}

static int vfs_undo(struct pp_apply *a, const struct pp_op *op, struct pp_error *e)
{
	return vfs_write(a, op, op->vfs.before, e);
}

static void vfs_describe(const struct pp_op *op, enum pp_direction dir, char *buf, size_t size)
{
	if (dir == PP_RUN)
		snprintf(buf, size, "turn off the %u virtual functions of %s", op->vfs.before,
		         op->device);
	else
		snprintf(buf, size, "turn on %u virtual functions of %s", op->vfs.before,
		         op->device);
}

static const struct pp_json_row vfs_rows[] = {
	PP_OP_ADDRESS_ROW,
	{ "before", &pp_row_number, PP_OP_AT(vfs.before), .min = 1, .max = UINT16_MAX },
	{ NULL },
};

const struct pp_op_ops pp_op_vfs = {
	.name = "vfs",
	.rank = PP_RANK_DRIVER,
	.state = vfs_state,
	.allowed = vfs_allowed,
	.execute = vfs_execute,
	.undo = vfs_undo,
	.describe = vfs_describe,
	.rows = vfs_rows,
};
