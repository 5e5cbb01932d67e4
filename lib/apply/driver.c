/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From the host's driver to vfio-pci and back, by driver_override: no other device of the same ids
 * is touched (new_id would take them all). */
#include <stdio.h>
#include <string.h>

#include "apply/deed.h"
#include "apply/tool.h"

#define DEVICES    "sys/bus/pci/devices"
#define DRIVERS    "sys/bus/pci/drivers"
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

int pp_driver_check(struct pp_apply *a, const struct pp_deed *d, struct pp_error *e)
{
	char driver[NAME_BYTES], override[NAME_BYTES];
	int r = look(a, d, driver, override, e);

	if (r || !strcmp(driver, PP_VFIO) || !strcmp(driver, d->driver) || !*driver)
		return r;
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

int pp_driver_take(struct pp_apply *a, const struct pp_deed *d, struct pp_error *e)
{
	static const char *const load[] = { "modprobe", PP_VFIO, NULL };
	char driver[NAME_BYTES], override[NAME_BYTES];
	int r = look(a, d, driver, override, e);

	if (r || !strcmp(driver, PP_VFIO))
		return r;
	if (!pp_place_has_folder(a, DRIVERS "/" PP_VFIO))
		r = pp_tool_run(a, load, 60, e);
	/* The override first: unbound, the device is then nobody else's. */
	if (!r)
		r = set_override(a, d, PP_VFIO, e);
	if (!r)
		r = unbind(a, d, driver, e);
	if (!r)
		r = tell(a, d, "sys/bus/pci/drivers_probe", d->address, e);
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
	if (was_vfio && strcmp(d->driver, PP_VFIO))
		r = unbind(a, d, driver, e);
	if (!r && strcmp(override, d->override))
		r = set_override(a, d, d->override, e);
	if (!r && *d->driver && (was_vfio || !*driver) && strcmp(d->driver, PP_VFIO))
		r = tell(a, d, "sys/bus/pci/drivers_probe", d->address, e);
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
