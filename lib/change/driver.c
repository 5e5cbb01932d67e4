/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From the host's driver to vfio-pci and back, by driver_override: no other device of the same ids
 * is touched (new_id would take them all). */
#include <stdio.h>
#include <string.h>

#include "change/deed.h"
#include "change/guard.h"
#include "change/tool.h"

#define DEVICES    "sys/bus/pci/devices"
#define DRIVERS    "sys/bus/pci/drivers"
#define PROBE      "sys/bus/pci/drivers_probe"
#define NAME_BYTES 128

/* drivers/pci/pci-sysfs.c, driver_override_show(): what stands for none. */
#define NO_OVERRIDE "(null)"

int pp_driver_read(const struct pp_apply *a, const char *address, char *driver, char *override,
                   size_t size)
{
	char path[256];

	snprintf(path, sizeof(path), DEVICES "/%s/driver", address);
	int r = pp_place_link(a, path, driver, size);
	if (r == -ENOENT) {
		*driver = '\0';
		r = 0;
	}
	if (r)
		return r;
	snprintf(path, sizeof(path), DEVICES "/%s/driver_override", address);
	r = pp_place_text(a, path, override, size);
	if (!r && !strcmp(override, NO_OVERRIDE))
		*override = '\0';
	return r;
}

static int look(const struct pp_apply *a, const struct pp_deed *d, char *driver, char *override,
                struct pp_error *e)
{
	int r = pp_driver_read(a, d->address, driver, override, NAME_BYTES);

	return r ? pp_fail(e, -r, "%s: its driver cannot be read: %s", d->address, strerror(-r))
	         : 0;
}

int pp_driver_check(struct pp_apply *a, const struct pp_deed *d, enum pp_way way,
                    struct pp_error *e)
{
	char driver[NAME_BYTES], override[NAME_BYTES];
	int r = look(a, d, driver, override, e);

	if (!r && !strcmp(driver, PP_VFIO))
		return way == PP_WAY_BACK && strcmp(d->driver, PP_VFIO)
		               ? pp_guard_guest(a, d->address, e)
		               : 0;
	if (r || !*driver)
		return r;
	if (!strcmp(driver, d->driver))
		return way == PP_WAY_ON ? pp_guard_host(a, d->address, driver, e) : 0;
	return pp_fail(e, EBUSY, "%s: its driver is %s by now, expected %s", d->address, driver,
	               *d->driver ? d->driver : "none");
}

/* What the kernel is told at path; text without a newline. */
static int tell(struct pp_apply *a, const struct pp_deed *d, const char *path, const char *text,
                struct pp_error *e)
{
	int r = pp_place_tell(a, path, text);

	return r ? pp_fail(e, -r, "%s: /%s: %s", d->address, path, strerror(-r)) : 0;
}

static int set_override(struct pp_apply *a, const struct pp_deed *d, const char *name,
                        struct pp_error *e)
{
	char path[256], line[NAME_BYTES + 2];

	snprintf(path, sizeof(path), DEVICES "/%s/driver_override", d->address);
	snprintf(line, sizeof(line), "%s\n", name);
	return tell(a, d, path, line, e);
}

static int unbind(struct pp_apply *a, const struct pp_deed *d, const char *driver,
                  struct pp_error *e)
{
	char path[256];

	snprintf(path, sizeof(path), DRIVERS "/%s/unbind", driver);
	return *driver ? tell(a, d, path, d->address, e) : 0;
}

/*
 * EINVAL: a driver wanted it and failed (drivers/base/bus.c, drivers_probe_store()). That is no
 * reason to keep a device; the kernel log has why.
 */
static int probe(struct pp_apply *a, const struct pp_deed *d, struct pp_error *e)
{
	int r = tell(a, d, PROBE, d->address, e);

	return r == -EINVAL ? 0 : r;
}

/*
 * The kernel looks for a driver among those that are loaded; the host's own may not be, for nothing
 * needed it while vfio-pci had the device.
 */
static int find_driver(struct pp_apply *a, const struct pp_deed *d, struct pp_error *e)
{
	char driver[NAME_BYTES], override[NAME_BYTES], path[256], alias[256];
	const char *const load[] = { "modprobe", "-b", alias, NULL };
	struct pp_error ignored;

	int r = probe(a, d, e);
	if (!r)
		r = look(a, d, driver, override, e);
	if (r || *driver)
		return r;
	snprintf(path, sizeof(path), DEVICES "/%s/modalias", d->address);
	if (!pp_place_text(a, path, alias, sizeof(alias)) && !strncmp(alias, "pci:", 4) &&
	    !pp_tool_run(a, load, 60, &ignored))
		r = probe(a, d, e);
	if (!r)
		r = look(a, d, driver, override, e);
	if (!r && !*driver)
		pp_apply_say(a, "%s: no driver of the host's has taken it", d->address);
	return r;
}

int pp_driver_take(struct pp_apply *a, const struct pp_deed *d, struct pp_error *e)
{
	static const char *const load[] = { "modprobe", PP_VFIO, NULL };
	char driver[NAME_BYTES], override[NAME_BYTES];
	int r = look(a, d, driver, override, e);

	if (r || !strcmp(driver, PP_VFIO))
		return r;
	/* It may have come into use since it was asked: an initrd takes its time. */
	r = pp_guard_host(a, d->address, driver, e);
	if (!r && !pp_place_has_folder(a, DRIVERS "/" PP_VFIO))
		r = pp_tool_run(a, load, 60, e);
	/* The override first: unbound, the device is then nobody else's. */
	if (!r)
		r = set_override(a, d, PP_VFIO, e);
	if (!r)
		r = unbind(a, d, driver, e);
	if (!r)
		r = tell(a, d, PROBE, d->address, e);
	return r ? r : pp_driver_verify(a, d, e);
}

int pp_driver_give_back(struct pp_apply *a, const struct pp_deed *d, struct pp_error *e)
{
	char driver[NAME_BYTES], override[NAME_BYTES];
	int r = look(a, d, driver, override, e);

	if (r)
		return r;
	bool was_vfio = !strcmp(driver, PP_VFIO);
	/* It is somebody else's by now, in a boot without our rule: nothing of ours is left. */
	if (!was_vfio && *driver && strcmp(override, PP_VFIO))
		return 0;
	if (was_vfio && strcmp(d->driver, PP_VFIO)) {
		r = pp_guard_guest(a, d->address, e);
		if (!r)
			r = unbind(a, d, driver, e);
	}
	if (!r && strcmp(override, d->override))
		r = set_override(a, d, d->override, e);
	if (!r && *d->driver && (was_vfio || !*driver) && strcmp(d->driver, PP_VFIO))
		r = find_driver(a, d, e);
	return r;
}

int pp_driver_verify(struct pp_apply *a, const struct pp_deed *d, struct pp_error *e)
{
	char driver[NAME_BYTES], override[NAME_BYTES];
	int r = look(a, d, driver, override, e);

	if (!r && strcmp(driver, PP_VFIO))
		r = pp_fail(e, EIO,
		            "%s: " PP_VFIO " did not take it: it has %s; the kernel log says why",
		            d->address, *driver ? driver : "no driver");
	return r;
}

int pp_release_check(struct pp_apply *a, const struct pp_deed *d, enum pp_way way,
                     struct pp_error *e)
{
	char driver[NAME_BYTES], override[NAME_BYTES];
	int r = look(a, d, driver, override, e);
	bool is_vfio = !r && !strcmp(driver, PP_VFIO);

	if (r)
		return r;
	if (way == PP_WAY_ON)
		return is_vfio ? pp_guard_guest(a, d->address, e) : 0;
	return *driver && !is_vfio && strcmp(driver, d->driver)
	               ? pp_guard_host(a, d->address, driver, e)
	               : 0;
}

int pp_release_do(struct pp_apply *a, const struct pp_deed *d, struct pp_error *e)
{
	char driver[NAME_BYTES], override[NAME_BYTES];
	int r = look(a, d, driver, override, e);
	bool is_vfio = !r && !strcmp(driver, PP_VFIO);

	if (is_vfio)
		r = pp_guard_guest(a, d->address, e);
	if (!r && !strcmp(override, PP_VFIO))
		r = set_override(a, d, "", e);
	if (!r && is_vfio)
		r = unbind(a, d, driver, e);
	if (!r && (is_vfio || !*driver))
		r = find_driver(a, d, e);
	return r ? r : pp_release_verify(a, d, e);
}

int pp_release_undo(struct pp_apply *a, const struct pp_deed *d, struct pp_error *e)
{
	char driver[NAME_BYTES], override[NAME_BYTES];
	int r = look(a, d, driver, override, e);

	if (r)
		return r;
	if (!strcmp(d->driver, PP_VFIO)) {
		r = pp_driver_take(a, d, e);
		if (!r)
			r = look(a, d, driver, override, e);
	} else if (!*d->driver && *driver && strcmp(driver, PP_VFIO)) {
		/* It had none, and the kernel gave it one. */
		r = pp_guard_host(a, d->address, driver, e);
		if (!r)
			r = unbind(a, d, driver, e);
	}
	return !r && strcmp(override, d->override) ? set_override(a, d, d->override, e) : r;
}

int pp_release_verify(struct pp_apply *a, const struct pp_deed *d, struct pp_error *e)
{
	char driver[NAME_BYTES], override[NAME_BYTES];
	int r = look(a, d, driver, override, e);

	if (!r && !strcmp(driver, PP_VFIO))
		r = pp_fail(e, EIO,
		            "%s: " PP_VFIO " has it still, or took it again: it has the device's "
		            "ids (from new_id, or its parameter ids)",
		            d->address);
	if (!r && !strcmp(override, PP_VFIO))
		r = pp_fail(e, EIO, "%s: its driver_override still says " PP_VFIO, d->address);
	return r;
}
