/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The operations that move a device between the host's driver and vfio-pci, by driver_override: no
 * other device with the same ids is touched (new_id would take them all). "bind" and "unbind" are a
 * plan's; "borrow" is an attach's, which must leave everything exactly as it was. "no-driver" takes
 * a bridge off its driver by an override that no driver has the name of.
 */
#include <stdio.h>
#include <string.h>

#include "txn/context.h"
#include "txn/precondition.h"
#include "txn/op.h"
#include "txn/stage.h"

#define DRIVERS "sys/bus/pci/drivers"
#define PROBE   "sys/bus/pci/drivers_probe"

/* drivers/pci/pci-sysfs.c, driver_override_show(): what stands for none. */
#define NO_OVERRIDE "(null)"

/* What a device has now. */
struct driver_now {
	struct pp_driver is;
	bool vfio; /* its driver is vfio-pci */
	bool ours; /* its override is vfio-pci */
};

int pp_driver_read(const struct pp_apply *a, const char *address, struct pp_driver *ret,
                   struct pp_error *e)
{
	int r = pp_sys_link_name(a->sys, PP_SYS_DEVICE(address, "driver"), ret->driver,
	                         sizeof(ret->driver));

	if (r == -ENOENT) {
		*ret->driver = '\0';
		r = 0;
	}
	if (!r)
		r = pp_sys_text(a->sys, PP_SYS_DEVICE(address, "driver_override"), ret->override,
		                sizeof(ret->override));
	if (!r && !strcmp(ret->override, NO_OVERRIDE))
		*ret->override = '\0';
	return r ? pp_fail(e, -r, "%s: its driver cannot be read: %s", address, strerror(-r)) : 0;
}

static int driver_look(const struct pp_apply *a, const struct pp_op *op, struct driver_now *ret,
                       struct pp_error *e)
{
	int r = pp_driver_read(a, op->device, &ret->is, e);

	ret->vfio = !r && !strcmp(ret->is.driver, PP_VFIO);
	ret->ours = !r && !strcmp(ret->is.override, PP_VFIO);
	return r;
}

/* One write of text to a file of the kernel's. */
static int driver_write(struct pp_apply *a, const struct pp_op *op, const char *path,
                        const char *text, struct pp_error *e)
{
	int r = pp_sys_write(a->sys, path, text);

	return r ? pp_fail(e, -r, "%s: /%s: %s", op->device, path, strerror(-r)) : 0;
}

static int driver_set_override(struct pp_apply *a, const struct pp_op *op, const char *name,
                               struct pp_error *e)
{
	char line[PP_DRIVER_BYTES + 2];

	snprintf(line, sizeof(line), "%s\n", name);
	return driver_write(a, op, PP_SYS_DEVICE(op->device, "driver_override"), line, e);
}

/* verb: "bind" or "unbind" */
static int driver_ask(struct pp_apply *a, const struct pp_op *op, const char *driver,
                      const char *verb, struct pp_error *e)
{
	char path[256];

	snprintf(path, sizeof(path), DRIVERS "/%s/%s", driver, verb);
	return driver_write(a, op, path, op->device, e);
}

/* The driver, then nothing else: the override first, for unbound the device is then nobody else's.
 */
static int driver_to_vfio(struct pp_apply *a, const struct pp_op *op, const struct driver_now *now,
                          struct pp_error *e)
{
	static const char *const load[] = { "modprobe", PP_VFIO, NULL };
	struct driver_now then;
	int r = 0;

	if (!pp_sys_has_directory(a->sys, DRIVERS "/" PP_VFIO))
		r = pp_sys_run(a->sys, load, 60, &a->lock, e);
	if (!r && !now->ours)
		r = driver_set_override(a, op, PP_VFIO, e);
	if (r || now->vfio)
		return r;
	if (*now->is.driver)
		r = driver_ask(a, op, now->is.driver, "unbind", e);
	if (!r)
		r = driver_ask(a, op, PP_VFIO, "bind", e);
	if (!r)
		r = driver_look(a, op, &then, e);
	if (!r && !then.vfio)
		r = pp_fail(e, EIO,
		            "%s: " PP_VFIO " did not take it: it has %s; the kernel log says why",
		            op->device, *then.is.driver ? then.is.driver : "no driver");
	return r;
}

/*
 * EINVAL: a driver wanted it and failed (drivers/base/bus.c, drivers_probe_store()). That is no
 * reason to keep a device; the kernel log has why.
 */
static int driver_probe(struct pp_apply *a, const struct pp_op *op, struct pp_error *e)
{
	int r = driver_write(a, op, PROBE, op->device, e);

	return r == -EINVAL ? 0 : r;
}

/* The module that the kernel would load for the device, as udev does. */
static bool driver_load_module(struct pp_apply *a, const struct pp_op *op)
{
	char alias[256];
	const char *const load[] = { "modprobe", "-b", alias, NULL };
	struct pp_error ignored;

	return !pp_sys_text(a->sys, PP_SYS_DEVICE(op->device, "modalias"), alias, sizeof(alias)) &&
	       !strncmp(alias, "pci:", 4) && !pp_sys_run(a->sys, load, 60, &a->lock, &ignored);
}

/*
 * Whichever driver of the host's wants it. The kernel asks those that are loaded; the right one may
 * not be, for nothing needed it while vfio-pci had the device.
 */
static int driver_to_any(struct pp_apply *a, const struct pp_op *op, struct pp_error *e)
{
	struct driver_now now;
	int r = driver_probe(a, op, e);

	if (!r)
		r = driver_look(a, op, &now, e);
	if (r || *now.is.driver)
		return r;
	if (driver_load_module(a, op))
		r = driver_probe(a, op, e);
	if (!r)
		r = driver_look(a, op, &now, e);
	if (!r && !*now.is.driver)
		pp_apply_say(a, "%s: no driver of the host's has taken it", op->device);
	return r;
}

/* From vfio-pci, and from an override of ours, to what was there before. */
static int driver_restore(struct pp_apply *a, const struct pp_op *op, struct pp_error *e)
{
	struct driver_now now;
	int r = driver_look(a, op, &now, e);

	if (!r && now.vfio && strcmp(op->driver.driver, PP_VFIO))
		r = driver_ask(a, op, PP_VFIO, "unbind", e);
	if (!r && strcmp(now.is.override, op->driver.override))
		r = driver_set_override(a, op, op->driver.override, e);
	return r;
}

/* The one that it had, by its name: another may match as well. */
static int driver_to_former(struct pp_apply *a, const struct pp_op *op, struct pp_error *e)
{
	struct driver_now now;
	int r = driver_look(a, op, &now, e);

	if (r || *now.is.driver || !*op->driver.driver)
		return r;
	r = driver_ask(a, op, op->driver.driver, "bind", e);
	if (!r)
		r = driver_look(a, op, &now, e);
	if (!r && !*now.is.driver)
		r = pp_fail(e, ENODEV, "%s: %s did not take it back; the kernel log says why",
		            op->device, op->driver.driver);
	return r;
}

/* On the way from what was there before to an override and a driver, "" none. */
static int driver_state(struct pp_apply *a, const struct pp_op *op, const char *override,
                        const char *driver, struct pp_op_state *ret, struct pp_error *e)
{
	struct driver_now now;
	int r = driver_look(a, op, &now, e);

	if (r)
		return r;
	bool same = !strcmp(now.is.override, op->driver.override);
	bool was = !strcmp(now.is.driver, op->driver.driver);
	bool set = !strcmp(now.is.override, override);
	if (set && !strcmp(now.is.driver, driver))
		ret->found = PP_OP_AFTER;
	else if (same && was)
		ret->found = PP_OP_BEFORE;
	else if ((set || same) && (!*now.is.driver || was))
		ret->found = PP_OP_PART;
	else
		ret->found = PP_OP_NEITHER;
	snprintf(ret->text, sizeof(ret->text),
	         "%s: its driver is %.100s by now, expected %.100s (driver_override %.100s)",
	         op->device, *now.is.driver ? now.is.driver : "none",
	         *op->driver.driver ? op->driver.driver : "none",
	         *now.is.override ? now.is.override : "none");
	return 0;
}

static int bind_state(struct pp_apply *a, const struct pp_op *op, struct pp_op_state *ret,
                      struct pp_error *e)
{
	return driver_state(a, op, PP_VFIO, PP_VFIO, ret, e);
}

static int bind_allowed(struct pp_apply *a, const struct pp_op *op, enum pp_direction dir,
                        struct pp_error *e)
{
	struct driver_now now;
	int r = driver_look(a, op, &now, e);

	if (!r && dir == PP_RUN && !now.vfio)
		r = pp_precondition_host(a, op->device, now.is.driver, e);
	else if (!r && dir == PP_ROLLBACK && now.vfio && strcmp(op->driver.driver, PP_VFIO))
		r = pp_precondition_guest(a, op->device, e);
	return r;
}

static int bind_execute(struct pp_apply *a, const struct pp_op *op, struct pp_error *e)
{
	struct driver_now now;
	int r = driver_look(a, op, &now, e);

	return r ? r : driver_to_vfio(a, op, &now, e);
}

static int bind_undo(struct pp_apply *a, const struct pp_op *op, struct pp_error *e)
{
	struct pp_error ignored;
	int r = driver_restore(a, op, e);

	/* The module of its driver may be gone by now, after a reboot. */
	if (!r && driver_to_former(a, op, &ignored))
		r = driver_to_any(a, op, e);
	return r;
}

static int borrow_undo(struct pp_apply *a, const struct pp_op *op, struct pp_error *e)
{
	int r = driver_restore(a, op, e);

	return r ? r : driver_to_former(a, op, e);
}

static void bind_describe(const struct pp_op *op, enum pp_direction dir, char *buf, size_t size)
{
	if (dir == PP_RUN)
		snprintf(buf, size, "bind %s to " PP_VFIO, op->device);
	else
		snprintf(buf, size, "give %s back to %s", op->device,
		         *op->driver.driver ? op->driver.driver : "no driver");
}

/* What is still missing of the way back. */
static void borrow_by_hand(struct pp_apply *a, const struct pp_op *op, char *buf, size_t size)
{
	const char *address = op->device, *driver = op->driver.driver,
		   *override = op->driver.override;
	struct driver_now now;
	struct pp_error ignored;
	int len = 0;

	*buf = '\0';
	if (driver_look(a, op, &now, &ignored))
		return;
	bool same = !strcmp(now.is.driver, driver);
	if (!same && *now.is.driver)
		len += snprintf(buf, size, "echo %s > /" DRIVERS "/%s/unbind\n", address,
		                now.is.driver);
	if (strcmp(now.is.override, override) && (size_t)len < size)
		len += snprintf(buf + len, size - (size_t)len,
		                "echo %s%s> /" PP_SYS_DEVICES "/%s/driver_override\n", override,
		                *override ? " " : "", address);
	if (!same && *driver && (size_t)len < size)
		snprintf(buf + len, size - (size_t)len, "echo %s > /" DRIVERS "/%s/bind\n", address,
		         driver);
}

/*
 * Off vfio-pci is what is wanted; which driver takes it then is the kernel's choice. Without one it
 * may be that the kernel was not asked yet.
 */
static int unbind_state(struct pp_apply *a, const struct pp_op *op, struct pp_op_state *ret,
                        struct pp_error *e)
{
	struct driver_now now;
	int r = driver_look(a, op, &now, e);

	if (r)
		return r;
	bool same = !strcmp(now.is.override, op->driver.override) &&
	            !strcmp(now.is.driver, op->driver.driver);
	if (same)
		ret->found = PP_OP_BEFORE;
	else
		ret->found = now.vfio || now.ours || !*now.is.driver ? PP_OP_PART : PP_OP_AFTER;
	return 0;
}

static int unbind_verify(struct pp_apply *a, const struct pp_op *op, struct pp_error *e)
{
	struct driver_now now;
	int r = driver_look(a, op, &now, e);

	if (!r && now.vfio)
		r = pp_fail(e, EIO,
		            "%s: " PP_VFIO " has it still, or took it again: it has the device's "
		            "ids (from new_id, or its parameter ids)",
		            op->device);
	if (!r && now.ours)
		r = pp_fail(e, EIO, "%s: its driver_override still says " PP_VFIO, op->device);
	return r;
}

static int unbind_allowed(struct pp_apply *a, const struct pp_op *op, enum pp_direction dir,
                          struct pp_error *e)
{
	struct driver_now now;
	int r = driver_look(a, op, &now, e);

	if (r || !*now.is.driver)
		return r;
	if (dir == PP_RUN)
		return now.vfio ? pp_precondition_guest(a, op->device, e) : 0;
	return now.vfio || !strcmp(now.is.driver, op->driver.driver)
	               ? 0
	               : pp_precondition_host(a, op->device, now.is.driver, e);
}

static int unbind_execute(struct pp_apply *a, const struct pp_op *op, struct pp_error *e)
{
	struct driver_now now;
	int r = driver_look(a, op, &now, e);

	if (!r && now.ours)
		r = driver_set_override(a, op, "", e);
	if (!r && now.vfio)
		r = driver_ask(a, op, PP_VFIO, "unbind", e);
	if (!r && (now.vfio || !*now.is.driver))
		r = driver_to_any(a, op, e);
	return r ? r : unbind_verify(a, op, e);
}

static int unbind_undo(struct pp_apply *a, const struct pp_op *op, struct pp_error *e)
{
	struct driver_now now;
	int r = driver_look(a, op, &now, e);

	if (!r && !strcmp(op->driver.driver, PP_VFIO))
		r = driver_to_vfio(a, op, &now, e);
	else if (!r && !*op->driver.driver && *now.is.driver && !now.vfio)
		/* It had none, and the kernel gave it one. */
		r = driver_ask(a, op, now.is.driver, "unbind", e);
	if (!r)
		r = driver_look(a, op, &now, e);
	return !r && strcmp(now.is.override, op->driver.override)
	               ? driver_set_override(a, op, op->driver.override, e)
	               : r;
}

static void unbind_describe(const struct pp_op *op, enum pp_direction dir, char *buf, size_t size)
{
	if (dir == PP_RUN)
		snprintf(buf, size, "take %s off " PP_VFIO, op->device);
	else
		snprintf(buf, size,
		         strcmp(op->driver.driver, PP_VFIO) ? "set the driver_override of %s back"
		                                            : "bind %s to " PP_VFIO " again",
		         op->device);
}

static int no_driver_state(struct pp_apply *a, const struct pp_op *op, struct pp_op_state *ret,
                           struct pp_error *e)
{
	return driver_state(a, op, PP_NO_DRIVER, "", ret, e);
}

/* A host's driver beside a guest's device would break their isolation: the kernel refuses it. */
static int no_driver_allowed(struct pp_apply *a, const struct pp_op *op, enum pp_direction dir,
                             struct pp_error *e)
{
	return dir == PP_ROLLBACK && *op->driver.driver ? pp_precondition_guest(a, op->device, e)
	                                                : 0;
}

static int no_driver_execute(struct pp_apply *a, const struct pp_op *op, struct pp_error *e)
{
	struct driver_now now;
	int r = driver_look(a, op, &now, e);

	if (!r && strcmp(now.is.override, PP_NO_DRIVER))
		r = driver_set_override(a, op, PP_NO_DRIVER, e);
	if (!r && *now.is.driver)
		r = driver_ask(a, op, now.is.driver, "unbind", e);
	return r;
}

static void no_driver_describe(const struct pp_op *op, enum pp_direction dir, char *buf,
                               size_t size)
{
	if (dir == PP_ROLLBACK)
		bind_describe(op, dir, buf, size);
	else if (*op->driver.driver)
		snprintf(buf, size, "unbind %s from %s", op->device, op->driver.driver);
	else
		snprintf(buf, size, "keep %s without a driver", op->device);
}

static bool driver_is_fine(const char *name)
{
	return !*name || pp_is_driver_name(name);
}

#define DRIVER_NAME .is_fine = driver_is_fine, .otherwise = "is not a valid driver name"
static const struct pp_json_row driver_rows[] = {
	PP_OP_ADDRESS_ROW,
	{ "driver", &pp_row_text, PP_OP_AT(driver.driver), DRIVER_NAME },
	{ "override", &pp_row_text, PP_OP_AT(driver.override), DRIVER_NAME },
	{ NULL },
};

int pp_op_driver_init(struct pp_op *op, struct pp_arena *arena, const char *address,
                      const struct pp_driver *now, struct pp_error *e)
{
	op->device = pp_arena_strdup(arena, address);
	op->driver.driver = pp_arena_strdup(arena, now->driver);
	op->driver.override = pp_arena_strdup(arena, now->override);
	return op->device && op->driver.driver && op->driver.override ? 0
	                                                              : pp_fail_oom(e, "driver");
}

const struct pp_op_ops pp_op_bind = {
	.name = "bind",
	.rank = PP_RANK_DRIVER,
	.leaves_foreign = true,
	.state = bind_state,
	.allowed = bind_allowed,
	.execute = bind_execute,
	.undo = bind_undo,
	.describe = bind_describe,
	.rows = driver_rows,
};

const struct pp_op_ops pp_op_borrow = {
	.name = "borrow",
	.rank = PP_RANK_DRIVER,
	.leaves_foreign = true,
	.goes_on = true,
	.state = bind_state,
	.allowed = bind_allowed,
	.execute = bind_execute,
	.undo = borrow_undo,
	.describe = bind_describe,
	.by_hand = borrow_by_hand,
	.rows = driver_rows,
};

const struct pp_op_ops pp_op_unbind = {
	.name = "unbind",
	.rank = PP_RANK_DRIVER,
	.state = unbind_state,
	.allowed = unbind_allowed,
	.execute = unbind_execute,
	.undo = unbind_undo,
	.verify = unbind_verify,
	.describe = unbind_describe,
	.rows = driver_rows,
};

const struct pp_op_ops pp_op_no_driver = {
	.name = "no-driver",
	.rank = PP_RANK_DRIVER,
	.leaves_foreign = true,
	.state = no_driver_state,
	.allowed = no_driver_allowed,
	.execute = no_driver_execute,
	.undo = bind_undo,
	.describe = no_driver_describe,
	.rows = driver_rows,
};
