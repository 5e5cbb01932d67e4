/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The operation that runs one of the host's own programs: what makes initrds, and what makes a boot
 * loader's menu. Only those of the rows in lib/boot are ever run; a journal names one of them and
 * can give it nothing but a kernel's version.
 */
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "txn/context.h"
#include "txn/op.h"
#include "txn/stage.h"

/* Twenty kernels' initrds on a slow disk. */
#define TOOL_SECONDS 1800

bool pp_tool_takes_kernel(const struct pp_tool *tool)
{
	for (const char *const *arg = tool->argv; *arg; arg++)
		if (strstr(*arg, PP_TOOL_KERNEL))
			return true;
	return false;
}

/* Argument number i as it is run; NULL behind the last. */
static const char *tool_argument(const struct pp_op *op, unsigned int i, char *buf, size_t size)
{
	const char *arg = op->tool.tool->argv[i];
	const char *kernel = arg ? strstr(arg, PP_TOOL_KERNEL) : NULL;

	if (!kernel)
		return arg;
	snprintf(buf, size, "%.*s%s%s", (int)(kernel - arg), arg, op->tool.kernel,
	         kernel + strlen(PP_TOOL_KERNEL));
	return buf;
}

static int tool_execute(struct pp_apply *a, const struct pp_op *op, struct pp_error *e)
{
	unsigned int seconds = a->options ? a->options->tool_seconds : 0;
	char texts[PP_TOOL_MAX_ARGV][512];
	const char *argv[PP_TOOL_MAX_ARGV + 1] = { NULL };

	for (unsigned int i = 0; i < PP_TOOL_MAX_ARGV; i++)
		argv[i] = tool_argument(op, i, texts[i], sizeof(texts[i]));
	return pp_sys_run(a->sys, argv, seconds ? seconds : TOOL_SECONDS, &a->lock, e);
}

/* A kernel's own files, which are named with its version, have not gone with it. */
static bool tool_has_kernel(struct pp_apply *a, const struct pp_op *op)
{
	char text[512];
	const char *arg;

	for (unsigned int i = 0; i < PP_TOOL_MAX_ARGV && op->tool.kernel; i++) {
		arg = tool_argument(op, i, text, sizeof(text));
		if (arg && *arg == '/' && !pp_sys_has(a->sys, arg + 1))
			return false;
	}
	return true;
}

/* Since it ran the program may have given way to another one, and kernels were removed. */
static int tool_undo(struct pp_apply *a, const struct pp_op *op, struct pp_error *e)
{
	const char *name = op->tool.tool->argv[0];

	if (!tool_has_kernel(a, op))
		return 0;
	if (pp_sys_has_program(a->sys, name))
		return tool_execute(a, op, e);
	pp_apply_say(a,
	             "the host does not have %s any more: run by hand what makes its %s now, or "
	             "what was undone stays in effect",
	             name, op->tool.tool->makes_initrd ? "initrds" : "boot entries");
	return 0;
}

static void tool_describe(const struct pp_op *op, enum pp_direction dir, char *buf, size_t size)
{
	char text[512];
	const char *arg;
	int len = snprintf(buf, size, "run");

	for (unsigned int i = 0;
	     i < PP_TOOL_MAX_ARGV && (arg = tool_argument(op, i, text, sizeof(text))); i++)
		if ((size_t)len < size)
			len += snprintf(buf + len, size - (size_t)len, " %s", arg);
	if (dir == PP_ROLLBACK && (size_t)len < size)
		snprintf(buf + len, size - (size_t)len, " again");
}

static json_t *tool_write(const struct pp_json_row *row, const void *member)
{
	return json_string((*(const struct pp_tool *const *)member)->name);
}

static int tool_read(struct pp_json_reader *r, const struct pp_json_row *row, const json_t *v,
                     void *member)
{
	const char *name;
	int err = pp_row_name.read(r, row, v, &name);
	const struct pp_tool *tool = err ? NULL : pp_tool_find(name);

	*(const struct pp_tool **)member = tool;
	return err || tool ? err : pp_json_bad(r, "'tool' has an unknown value");
}

static const struct pp_json_type tool_json = { tool_write, tool_read, NULL };

static const struct pp_json_row tool_rows[] = {
	{ "tool", &tool_json, PP_OP_AT(tool.tool) },
	{ "kernel", &pp_row_name, PP_OP_AT(tool.kernel), .or_null = true, .more = "+~:" },
	{ NULL },
};

static int tool_check(struct pp_json_reader *r, struct pp_op *op)
{
	const char *kernel = op->tool.kernel;

	if (op->tool.tool->makes_initrd != (op->ops == &pp_op_initrd))
		return pp_json_bad(r, "'tool' is of another kind");
	if (!pp_tool_takes_kernel(op->tool.tool))
		return kernel ? pp_json_bad(r, "'kernel' is not null") : 0;
	/* No option, then. */
	return kernel && *kernel != '-' ? 0 : pp_json_bad(r, "'kernel' is not a valid name");
}

/* The largest initrd: a new one stands beside its old one for a while. */
static uint64_t tool_largest_initrd(struct pp_apply *a)
{
	const char *const *names = pp_sys_names(a->sys, "boot", &a->arena);
	uint64_t largest = 0;

	for (; names && *names; names++) {
		char path[PATH_MAX];
		uint64_t bytes;
		if (!strncmp(*names, "init", 4) &&
		    snprintf(path, sizeof(path), "boot/%s", *names) < PATH_MAX &&
		    pp_sys_file_size(a->sys, path, &bytes) == 0 && bytes > largest)
			largest = bytes;
	}
	return largest;
}

static int tool_room(struct pp_apply *a, const struct pp_op *op, enum pp_direction dir,
                     uint64_t bytes, uint64_t files, struct pp_error *e)
{
	if (dir == PP_ROLLBACK)
		return pp_sys_check_space(a->sys, "boot", 0, 0, e);
	if (op->tool.tool->makes_initrd)
		bytes += tool_largest_initrd(a);
	return pp_sys_check_space(a->sys, "boot", bytes, files, e);
}

static bool tool_is_same(const struct pp_op *op, const struct pp_tool *tool, const char *kernel)
{
	if (!op->ops->is_tool || op->tool.tool != tool)
		return false;
	return !kernel || !strcmp(kernel, op->tool.kernel);
}

int pp_stage_run(struct pp_stage *s, const struct pp_tool *tool, const char *kernel,
                 struct pp_error *e)
{
	for (uint32_t i = 0; i < s->nr_ops; i++)
		if (tool_is_same(&s->ops[i], tool, kernel))
			return 0;
	if (!pp_sys_has_program(s->apply->sys, tool->argv[0]))
		return pp_fail(e, ENOENT, "%s is needed, but the host does not have it",
		               tool->argv[0]);
	struct pp_op *op = pp_stage_add(s, tool->makes_initrd ? &pp_op_initrd : &pp_op_loader, e);
	if (!op)
		return -e->code;
	op->tool.tool = tool;
	op->tool.kernel = kernel;
	return 0;
}

#define TOOL_FUNCTIONS                                                                             \
	.is_tool = true, .execute = tool_execute, .undo = tool_undo, .describe = tool_describe,    \
	.rows = tool_rows, .check = tool_check, .room = tool_room

const struct pp_op_ops pp_op_initrd = { .name = "initrd", .rank = PP_RANK_INITRD, TOOL_FUNCTIONS };
const struct pp_op_ops pp_op_loader = { .name = "loader", .rank = PP_RANK_LOADER, TOOL_FUNCTIONS };
