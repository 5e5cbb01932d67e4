/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A device's virtual functions, turned off. Who would turn them on at the next boot is named. */
#include <stdio.h>
#include <string.h>

#include "apply/bind.h"
#include "apply/steps.h"
#include "base/text.h"

/* Where a host is told to turn virtual functions on, and the words that do it. */
static const struct {
	const char *directory, *word;
} vfs_setters[] = {
	{ "etc/udev/rules.d", "sriov_numvfs" },
	{ "usr/lib/udev/rules.d", "sriov_numvfs" },
	{ "etc/systemd/system", "sriov_numvfs" },
	{ "etc/systemd/network", "SR-IOVVirtualFunctions" },
	{ "etc/tmpfiles.d", "sriov_numvfs" },
	{ "etc/sysfs.d", "sriov_numvfs" },
	{ "etc/network/interfaces.d", "sriov_numvfs" },
	{ "etc/netplan", "virtual-function-count" },
	{ "etc/modprobe.d", "max_vfs" },
};
static const char *const vfs_files[] = { "etc/sysfs.conf", "etc/rc.local",
	                                 "etc/network/interfaces" };

static bool vfs_file_has(struct pp_apply *a, const char *path, const char *word)
{
	struct pp_span text, line, first;

	if (pp_sys_read(a->sys, path, PP_CONTENT_MAX_BYTES, &a->arena, &text))
		return false;
	while (pp_text_line(&text, &line)) {
		struct pp_span left = line;
		if (pp_text_word(&left, &first) && *first.data != '#' && pp_span_find(line, word))
			return true;
	}
	return false;
}

static void vfs_say_setter(struct pp_apply *a, const char *address, const char *path)
{
	pp_apply_say(
		a,
		"/%.200s may turn virtual functions on at the next boot: if it is for %s, take "
		"it out there",
		path, address);
}

static void vfs_say_setters(struct pp_apply *a, const char *address)
{
	char path[512];

	for (size_t i = 0; i < sizeof(vfs_setters) / sizeof(vfs_setters[0]); i++) {
		const char *const *names =
			pp_sys_names(a->sys, vfs_setters[i].directory, &a->arena);
		for (; names && *names; names++) {
			snprintf(path, sizeof(path), "%s/%s", vfs_setters[i].directory, *names);
			if (vfs_file_has(a, path, vfs_setters[i].word))
				vfs_say_setter(a, address, path);
		}
	}
	for (size_t i = 0; i < sizeof(vfs_files) / sizeof(vfs_files[0]); i++)
		if (vfs_file_has(a, vfs_files[i], "sriov_numvfs"))
			vfs_say_setter(a, address, vfs_files[i]);
}

static int step_vfs_stage(struct pp_stage *s, const struct pp_step *step, struct pp_error *e)
{
	const struct pp_step_vfs *v = &step->vfs;
	struct pp_step_bind b = { .address = v->address, .vendor = v->vendor, .device = v->device };
	struct pp_apply *a = s->apply;
	struct pp_bound now;
	uint32_t vfs;
	int r = pp_bind_expect(a, &b, &now, e);

	if (!r)
		r = pp_vfs_read(a, now.address, &vfs, e);
	if (r || !vfs)
		return r;
	if (vfs != v->expected)
		return pp_fail(e, EBUSY,
		               "%s: %u of its virtual functions are on, the plan expects %u",
		               now.address, vfs, v->expected);
	struct pp_op *op = pp_stage_add(s, &pp_op_vfs, e);
	if (!op)
		return -e->code;
	op->device = pp_arena_strdup(&a->arena, now.address);
	op->vfs.before = vfs;
	if (!op->device)
		return pp_fail_oom(e, now.address);
	vfs_say_setters(a, now.address);
	return op->ops->allowed(a, op, PP_RUN, e);
}

const struct pp_step_ops pp_step_vfs_ops = { .stage = step_vfs_stage };
