/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A plan that does nothing but bind, or unbind. */
#include "txn/context.h"
#include "judge/select.h"
#include "plan/kind.h"

/*
 * drivers/vfio/pci/vfio_pci_core.c, vfio_pci_core_register_device(): any header of type 0. A host
 * or ISA bridge stays where it is unless a driver, such as lpc_ich, keeps its group from VFIO. What
 * is behind a VMD controller is gone when that is bound, and of no use to VFIO before; it may be
 * unbound.
 */
static bool bind_plan_takes(const struct pp_device *d, enum pp_step_kind kind)
{
	return !pp_has_bridge_header(d) && !(kind == PP_STEP_BIND && pp_is_behind_vmd(d)) &&
	       (!pp_device_is_bridge(d) || d->driver.text || d->driver.error != ENOENT);
}

/* kind and when of *step are set. */
static int bind_plan_add_device(struct pp_plan *plan, const struct pp_device *d,
                                struct pp_plan_device *device, struct pp_step *step,
                                struct pp_error *e)
{
	const char *address = PP_ADDRESS_SHORT(d->address);
	if (!d->ids_known)
		return pp_fail(e, ENODATA, "%s: its vendor and device ids were not read", address);
	if (d->driver.error && d->driver.error != ENOENT)
		return pp_fail(e, ENODATA, "%s: its driver was not read", address);
	*device = (struct pp_plan_device){
		.address = d->address, .vendor = d->vendor, .device = d->device, .asked = true
	};
	step->remedy = step->kind == PP_STEP_BIND ? "bind-vfio" : "unbind-vfio";
	step->bind.address = d->address;
	step->bind.vendor = d->vendor;
	step->bind.device = d->device;
	step->bind.expected_driver = d->driver.text ? d->driver.text : "";
	return pp_step_complete(&plan->arena, step) ? 0 : pp_fail_oom(e, "plan");
}

static int bind_plan_fill(struct pp_plan *plan, const struct pp_host *h, const char *what,
                          const struct pp_step *like, struct pp_error *e)
{
	struct pp_selection selected;
	int r = pp_select(h, what, &plan->arena, &selected, e);

	if (r)
		return r;
	struct pp_plan_device *devices =
		PP_ARENA_ARRAY(&plan->arena, selected.count, struct pp_plan_device);
	struct pp_step *steps = PP_ARENA_ARRAY(&plan->arena, selected.count, struct pp_step);
	bool vmd = false;
	uint32_t n = 0;
	plan->request = pp_arena_strdup(&plan->arena, what);
	if (!devices || !steps || !plan->request)
		return pp_fail_oom(e, "plan");
	r = pp_plan_take_host(&plan->host, h, &plan->arena, e);
	for (uint32_t i = 0; !r && i < selected.count; i++) {
		const struct pp_device *d = &h->devices[selected.devices[i]];
		vmd |= pp_is_behind_vmd(d);
		if (!bind_plan_takes(d, like->kind))
			continue;
		steps[n] = *like;
		r = bind_plan_add_device(plan, d, &devices[n], &steps[n], e);
		n += !r;
	}
	if (!r && (!n || n > PP_PLAN_MAX_STEPS))
		r = pp_fail(
			e, EINVAL, "%.100s: names %s", what,
			n     ? "too many devices"
			: vmd ? "only what is behind an Intel VMD controller: bind the controller"
			      : "only bridges, which need not be bound for any guest");
	plan->devices = devices;
	plan->steps = steps;
	plan->nr_devices = plan->nr_steps = n;
	return r;
}

static int bind_plan_make(const struct pp_survey *s, const char *what, const struct pp_step *like,
                          struct pp_plan **ret, struct pp_error *e)
{
	struct pp_plan *plan = pp_plan_alloc();

	if (!plan)
		return pp_fail_oom(e, "plan");
	int r = bind_plan_fill(plan, s->host, what, like, e);
	if (r)
		pp_plan_free(plan);
	else
		*ret = plan;
	return r;
}

int pp_apply_bind_plan(const struct pp_survey *s, const char *what, unsigned int when,
                       struct pp_plan **ret, struct pp_error *e)
{
	return bind_plan_make(s, what, &(struct pp_step){ .kind = PP_STEP_BIND, .bind.when = when },
	                      ret, e);
}

int pp_apply_unbind_plan(const struct pp_survey *s, const char *what, unsigned int when,
                         struct pp_plan **ret, struct pp_error *e)
{
	return bind_plan_make(
		s, what, &(struct pp_step){ .kind = PP_STEP_UNBIND, .bind.when = when }, ret, e);
}
