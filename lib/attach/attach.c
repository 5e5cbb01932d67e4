/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One attempt: look, take, attach, close, put back. */
#include <stdlib.h>
#include <string.h>

#include "attach/attach.h"

#define ATTACH_BYTES ((size_t)64 * 1024 * 1024)

/* Of a slot or group the endpoints; a bridge stays with the host. */
static int attach_choose_devices(struct pp_attach *a, struct pp_error *e)
{
	struct pp_selection s;
	int r = pp_select(a->host, a->asked, &a->arena, &s, e);

	if (r)
		return r;
	uint32_t *devices = PP_ARENA_ARRAY(&a->arena, s.count, uint32_t);
	if (!devices)
		return pp_fail_oom(e, "attach");
	for (uint32_t i = 0; i < s.count; i++)
		if (!pp_device_is_bridge(&a->host->devices[s.devices[i]]))
			devices[a->nr_devices++] = s.devices[i];
	a->devices = devices;
	return 0;
}

static void attach_say(void *ctx, const char *line)
{
	(void)pp_attach_step(ctx, "put-back", 0, "%s", line);
}

static int session_init(struct pp_attach *a, struct pp_error *e)
{
	a->session_options = (struct pp_apply_options){ .say = attach_say, .ctx = a };
	int r = pp_apply_init(&a->session_options, a->sys, &a->session, e);
	a->has_session = !r;
	return r;
}

/* Nobody else is at it, and what an attempt before left is back. */
static int clear_way(struct pp_attach *a)
{
	struct pp_error e = { 0 };
	bool found;
	int r = session_init(a, &e);

	if (r)
		return pp_attach_end(a, PP_ATTACH_NOT_TRIED, "%s", e.text);
	r = pp_apply_lock(&a->session, &a->lock_error);
	/* Where the state directory cannot be written a device that needs no taking can be tried.
	 */
	if (r == -EBUSY)
		return pp_attach_end(a, PP_ATTACH_NOT_TRIED, "%s", a->lock_error.text);
	if (!r)
		r = pp_txn_recover(&a->session, &found, &e);
	else
		r = 0;
	return r ? pp_attach_end(a, PP_ATTACH_NOT_TRIED, "%s", e.text) : 0;
}

static int attach_look(struct pp_attach *a)
{
	int r = pp_attach_choose_groups(a);

	if (r)
		return r;
	if (!a->sys->ops->is_privileged(a->sys))
		return pp_attach_end(a, PP_ATTACH_NOT_TRIED, "an attach requires root");
	a->log_error = -a->sys->ops->log_begin(a->sys);
	r = pp_vfio_load(a);
	if (!r)
		r = clear_way(a);
	return r ? r : pp_take_plan(a);
}

static void attempt(struct pp_attach *a)
{
	int r = attach_look(a);

	if (!r)
		r = pp_take(a);
	if (!r)
		r = pp_attach_read_groups(a);
	if (!r)
		r = pp_vfio_attach(a);
	pp_vfio_close(a);
	pp_put_back(a);
	if (a->has_session)
		pp_apply_fini(&a->session);
	a->has_session = false;
	if (!r)
		a->result = PP_ATTACH_DONE;
	else if (r == -ENOMEM)
		a->oom = true;
}

int pp_attach_run(struct pp_sys *s, const struct pp_host *h, const char *what,
                  const struct pp_attach_options *o, struct pp_attach **ret, struct pp_error *e)
{
	struct pp_attach *a = calloc(1, sizeof(*a));

	if (!a)
		return pp_fail_oom(e, "attach");
	pp_arena_init(&a->arena, ATTACH_BYTES);
	a->sys = s;
	a->host = h;
	a->options = *o;
	a->opened.container = a->opened.iommufd = -1;
	a->last = &a->steps;
	a->result = PP_ATTACH_NOT_TRIED;
	a->asked = pp_arena_strdup(&a->arena, what);
	int r = a->asked ? attach_choose_devices(a, e) : pp_fail_oom(e, "attach");
	if (r) {
		pp_attach_free(a);
		return r;
	}
	attempt(a);
	a->sys = NULL;
	/* What memory ran out for is told, but never in place of what was not put back. */
	if (a->oom && !a->not_restored && !a->nr_to_type) {
		pp_attach_free(a);
		return pp_fail_oom(e, "attach");
	}
	*ret = a;
	return 0;
}

int pp_attach_try(const struct pp_host *h, const char *what, const struct pp_attach_options *o,
                  struct pp_attach **ret, struct pp_error *e)
{
	struct pp_sys *s;
	int r = pp_sys_live(&s, e);

	if (r)
		return r;
	r = pp_attach_run(s, h, what, o, ret, e);
	pp_sys_free(s);
	return r;
}

void pp_attach_free(struct pp_attach *a)
{
	if (!a)
		return;
	pp_arena_fini(&a->arena);
	free(a);
}

enum pp_attach_result pp_attach_result(const struct pp_attach *a)
{
	return a->result;
}

bool pp_attach_restored(const struct pp_attach *a)
{
	return !a->not_restored;
}
