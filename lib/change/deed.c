/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>
#include <string.h>

#include "change/deed.h"
#include "change/tool.h"

/* Twenty kernels' initrds on a slow disk. */
#define TOOL_SECONDS 1800

static int run_tool(struct pp_apply *a, const struct pp_deed *d, struct pp_error *e)
{
	unsigned int seconds = a->options ? a->options->tool_seconds : 0;

	return pp_tool_run(a, d->argv, seconds ? seconds : TOOL_SECONDS, e);
}

/* 1: as wanted, 0: as before. */
static int look_at_file(struct pp_apply *a, const struct pp_deed *d, struct pp_error *e)
{
	struct pp_content now;
	int r = pp_place_read(a, d->path, &now, e);

	if (r)
		return r;
	if (pp_content_same(&now, &d->new_content))
		return 1;
	if (pp_content_same(&now, &d->old_content))
		return 0;
	return pp_fail(e, EBUSY,
	               "/%.300s: somebody else has changed it: it is neither as it was before "
	               "nor as pcipass writes it",
	               d->path);
}

static int look_at_setting(struct pp_apply *a, const struct pp_deed *d, struct pp_error *e)
{
	const struct pp_step_setting *s = &d->setting;
	int r = a->settings->says(a, s, s->wanted, e);

	if (r)
		return r;
	r = a->settings->says(a, s, s->expected, e);
	if (r < 0)
		return r;
	return r ? 0
	         : pp_fail(e, EBUSY,
	                   "%.100s says neither %.100s nor %.100s: it was changed meanwhile",
	                   s->section, s->expected, s->wanted);
}

int pp_deed_check(struct pp_apply *a, const struct pp_deed *d, enum pp_way way, struct pp_error *e)
{
	int r = 0;

	if (d->kind == PP_DEED_FILE)
		r = look_at_file(a, d, e);
	else if (d->kind == PP_DEED_SETTING)
		r = look_at_setting(a, d, e);
	else if (d->kind == PP_DEED_DRIVER)
		r = pp_driver_check(a, d, way, e);
	else if (d->kind == PP_DEED_RELEASE)
		r = pp_release_check(a, d, way, e);
	return r < 0 ? r : 0;
}

int pp_deed_do(struct pp_apply *a, const struct pp_deed *d, struct pp_error *e)
{
	int r;

	switch (d->kind) {
	case PP_DEED_FOLDER:
		return pp_place_mkdir(a, d->path, e);
	case PP_DEED_FILE:
		r = look_at_file(a, d, e);
		return r ? (r < 0 ? r : 0) : pp_place_put(a, d->path, &d->new_content, e);
	case PP_DEED_INITRD:
	case PP_DEED_LOADER:
		return run_tool(a, d, e);
	case PP_DEED_DRIVER:
		return pp_driver_take(a, d, e);
	case PP_DEED_RELEASE:
		return pp_release_do(a, d, e);
	default:
		r = look_at_setting(a, d, e);
		return r ? (r < 0 ? r : 0) : a->settings->set(a, &d->setting, d->setting.wanted, e);
	}
}

int pp_deed_undo(struct pp_apply *a, const struct pp_deed *d, struct pp_error *e)
{
	int r;

	switch (d->kind) {
	case PP_DEED_FOLDER:
		return pp_place_rmdir(a, d->path, e);
	case PP_DEED_FILE:
		r = look_at_file(a, d, e);
		return r > 0 ? pp_place_put(a, d->path, &d->old_content, e) : r;
	case PP_DEED_INITRD:
	case PP_DEED_LOADER:
		return run_tool(a, d, e);
	case PP_DEED_DRIVER:
		return pp_driver_give_back(a, d, e);
	case PP_DEED_RELEASE:
		return pp_release_undo(a, d, e);
	default:
		r = look_at_setting(a, d, e);
		return r > 0 ? a->settings->set(a, &d->setting, d->setting.expected, e) : r;
	}
}

int pp_deed_verify(struct pp_apply *a, const struct pp_deed *d, struct pp_error *e)
{
	int r = 1;

	if (d->kind == PP_DEED_FOLDER)
		r = pp_place_has_folder(a, d->path);
	else if (d->kind == PP_DEED_FILE)
		r = look_at_file(a, d, e);
	else if (d->kind == PP_DEED_SETTING)
		r = look_at_setting(a, d, e);
	else if (d->kind == PP_DEED_DRIVER)
		return pp_driver_verify(a, d, e);
	else if (d->kind == PP_DEED_RELEASE)
		return pp_release_verify(a, d, e);
	char text[256];
	if (r == 0)
		return pp_fail(e, EIO, "%s: was done, and reading it back finds the old",
		               pp_deed_text(d, text, sizeof(text)));
	return r < 0 ? r : 0;
}

const char *pp_deed_text(const struct pp_deed *d, char *buf, size_t size)
{
	size_t len = 0;

	switch (d->kind) {
	case PP_DEED_FOLDER:
		snprintf(buf, size, "make /%s", d->path);
		break;
	case PP_DEED_FILE:
		snprintf(buf, size, "%s /%s", !d->new_content.exists ? "remove" : "write", d->path);
		break;
	case PP_DEED_INITRD:
	case PP_DEED_LOADER:
		len = (size_t)snprintf(buf, size, "run");
		for (const char *const *arg = d->argv; *arg && len < size; arg++)
			len += (size_t)snprintf(buf + len, size - len, " %s", *arg);
		break;
	case PP_DEED_DRIVER:
		snprintf(buf, size, "bind %s to " PP_VFIO, d->address);
		break;
	case PP_DEED_RELEASE:
		snprintf(buf, size, "take %s off " PP_VFIO, d->address);
		break;
	default:
		snprintf(buf, size, "set %s to %s", d->setting.section, d->setting.wanted);
	}
	return buf;
}

const char *pp_deed_undo_text(const struct pp_deed *d, char *buf, size_t size)
{
	switch (d->kind) {
	case PP_DEED_FOLDER:
		snprintf(buf, size, "remove /%s", d->path);
		break;
	case PP_DEED_FILE:
		snprintf(buf, size, d->old_content.exists ? "put /%s back as it was" : "remove /%s",
		         d->path);
		break;
	case PP_DEED_INITRD:
	case PP_DEED_LOADER:
		return pp_deed_text(d, buf, size);
	case PP_DEED_DRIVER:
		snprintf(buf, size, "give %s back to %s", d->address,
		         *d->driver ? d->driver : "no driver");
		break;
	case PP_DEED_RELEASE:
		snprintf(buf, size,
		         strcmp(d->driver, PP_VFIO) ? "set the driver_override of %s back"
		                                    : "bind %s to " PP_VFIO " again",
		         d->address);
		break;
	default:
		snprintf(buf, size, "set %s back to %s", d->setting.section, d->setting.expected);
	}
	return buf;
}
