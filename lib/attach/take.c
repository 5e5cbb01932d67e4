/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From the host's driver to vfio-pci and back: by driver_override, so that no other device of the
 * same ids is touched (new_id would take them all). */
#include <stdio.h>
#include <string.h>

#include "attach/attach.h"
#include "use/guest.h"
#include "use/use.h"
#include "base/text.h"

#define DEVICES "sys/bus/pci/devices"
#define DRIVERS "sys/bus/pci/drivers"
#define VFIO    "vfio-pci"

#define PATH_BYTES 256
#define NAME_BYTES 128

/* drivers/pci/pci-sysfs.c, driver_override_show(): what stands for none. */
#define NO_OVERRIDE "(null)"

/* The driver's name now; "" for none. */
static int read_driver(struct pp_attach *a, const char *address, char *ret, size_t size)
{
	char path[PATH_BYTES], link[1024];

	snprintf(path, sizeof(path), DEVICES "/%s/driver", address);
	int r = pp_sys_link(a->sys, path, link, sizeof(link));
	if (r && r != -ENOENT)
		return r;
	const char *slash = r ? NULL : strrchr(link, '/');
	const char *name = r ? "" : slash ? slash + 1 : link;
	if (strlen(name) >= size)
		return -ENAMETOOLONG;
	strcpy(ret, name);
	return 0;
}

static int read_override(struct pp_attach *a, const char *address, char *ret, size_t size)
{
	char path[PATH_BYTES];

	snprintf(path, sizeof(path), DEVICES "/%s/driver_override", address);
	int r = pp_sys_text(a->sys, path, ret, size);
	if (!r && !strcmp(ret, NO_OVERRIDE))
		*ret = '\0';
	return r;
}

static int write_override(struct pp_attach *a, const struct pp_taken *t, const char *text)
{
	char path[PATH_BYTES], line[NAME_BYTES + 2];

	snprintf(path, sizeof(path), DEVICES "/%s/driver_override", t->address);
	snprintf(line, sizeof(line), "%s\n", text);
	return pp_sys_write(a->sys, path, line);
}

/* verb: "bind" or "unbind" */
static int tell_driver(struct pp_attach *a, const struct pp_taken *t, const char *driver,
                       const char *verb)
{
	char path[PATH_BYTES];

	snprintf(path, sizeof(path), DRIVERS "/%s/%s", driver, verb);
	return pp_sys_write(a->sys, path, t->address);
}

/* Drivers that leave DMA to user space: see rule-group.c. */
static bool leaves_dma_alone(const char *driver)
{
	return !*driver || strstr(driver, "vfio") || !strcmp(driver, "pci-stub") ||
	       !strcmp(driver, "pcieport");
}

static bool is_named(const struct pp_attach *a, uint32_t device)
{
	for (uint32_t i = 0; i < a->nr_devices; i++)
		if (a->devices[i] == device)
			return true;
	return false;
}

/* Adds a device that is to be bound; NULL if it is as it should be, or stays with the host. */
static int plan_device(struct pp_attach *a, uint32_t index)
{
	const struct pp_device *d = &a->host->devices[index];
	struct pp_taken *t = &a->taken[a->nr_taken];
	char driver[NAME_BYTES], override[NAME_BYTES];
	struct pp_error e = { 0 };
	const char *use = NULL;

	*t = (struct pp_taken){ .device = d };
	pp_address_format(d->address, t->address);
	int r = read_driver(a, t->address, driver, sizeof(driver));
	if (!r)
		r = read_override(a, t->address, override, sizeof(override));
	if (r)
		return pp_attach_end(a, PP_ATTACH_NOT_TRIED, "%s: its driver could not be read: %s",
		                     t->address, strerror(-r));
	/* A bridge stays with the host: if its driver is in the way, the kernel will say so. */
	if (!is_named(a, index) && (pp_device_is_bridge(d) || leaves_dma_alone(driver)))
		return 0;
	if (!strcmp(driver, VFIO))
		return 0;
	struct pp_device now = *d;
	now.driver.text = *driver ? driver : NULL;
	if (pp_use_find(a->sys, &now, &a->arena, &use, &e))
		return pp_attach_end(a, PP_ATTACH_NOT_TRIED, "%s: %s", t->address, e.text);
	if (use)
		return pp_attach_end(a, PP_ATTACH_NOT_TRIED, "%s is needed by the host: %s",
		                     t->address, use);
	if (*driver && !a->options.take)
		return pp_attach_end(a, PP_ATTACH_NOT_TRIED,
		                     "%s belongs to %s: --take takes it, and puts it back",
		                     t->address, driver);
	t->driver = *driver ? pp_arena_strdup(&a->arena, driver) : NULL;
	t->override = *override ? pp_arena_strdup(&a->arena, override) : NULL;
	if ((*driver && !t->driver) || (*override && !t->override))
		a->oom = true;
	a->nr_taken++;
	return 0;
}

int pp_take_plan(struct pp_attach *a)
{
	uint32_t n = 0;
	int r = 0;

	for (uint32_t i = 0; i < a->nr_groups; i++)
		n += a->host->groups[a->groups[i]].nr_devices;
	a->taken = PP_ARENA_ARRAY(&a->arena, n, struct pp_taken);
	a->to_type = PP_ARENA_ARRAY(&a->arena, n * 3, const char *);
	if (!a->taken || !a->to_type)
		a->oom = true;
	for (uint32_t i = 0; !r && !a->oom && i < a->nr_groups; i++) {
		const struct pp_group *g = &a->host->groups[a->groups[i]];
		for (uint32_t k = 0; !r && k < g->nr_devices; k++)
			r = plan_device(a, g->devices[k]);
	}
	return a->oom ? -ENOMEM : r;
}

/* Each thing done is noted before it is known to have worked: undoing it twice does no harm. */
static int take_one(struct pp_attach *a, struct pp_taken *t, const char **ret)
{
	char driver[NAME_BYTES];

	*ret = "driver_override";
	t->override_set = true;
	int r = write_override(a, t, VFIO);
	if (r)
		return r;
	if (t->driver) {
		*ret = "unbind";
		t->unbound = true;
		r = tell_driver(a, t, t->driver, "unbind");
		if (r)
			return r;
	}
	*ret = "bind";
	t->bound = true;
	r = tell_driver(a, t, VFIO, "bind");
	if (r)
		return r;
	*ret = "driver";
	r = read_driver(a, t->address, driver, sizeof(driver));
	return r ? r : strcmp(driver, VFIO) ? -ENODEV : 0;
}

int pp_take(struct pp_attach *a)
{
	for (uint32_t i = 0; i < a->nr_taken; i++) {
		struct pp_taken *t = &a->taken[i];
		const char *at;
		if (pp_attach_stops(a))
			return -ECANCELED;
		int r = take_one(a, t, &at);
		pp_attach_step(a, "bind", r, "%s%s%s to vfio-pci%s%s%s", t->address,
		               t->driver ? " from " : "", t->driver ? t->driver : "", r ? " (" : "",
		               r ? at : "", r ? ")" : "");
		if (r)
			return pp_attach_refused(a);
	}
	return 0;
}

const char *pp_take_culprit(struct pp_attach *a, uint32_t group)
{
	const struct pp_group *g = &a->host->groups[group];
	char address[PP_ADDRESS_TEXT_BYTES], driver[NAME_BYTES];

	for (uint32_t i = 0; i < g->nr_devices; i++) {
		pp_address_format(a->host->devices[g->devices[i]].address, address);
		if (!read_driver(a, address, driver, sizeof(driver)) && !leaves_dma_alone(driver))
			return pp_arena_printf(&a->arena, "%s has %s", address, driver);
	}
	return NULL;
}

static void to_type(struct pp_attach *a, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
static void to_type(struct pp_attach *a, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	const char *line = pp_arena_vprintf(&a->arena, fmt, ap);
	va_end(ap);
	if (line)
		a->to_type[a->nr_to_type++] = line;
	else
		a->oom = true;
}

/* Whether the device is as it was; what is missing becomes commands. */
static bool look_again(struct pp_attach *a, const struct pp_taken *t)
{
	char driver[NAME_BYTES], override[NAME_BYTES];
	const char *wanted = t->driver ? t->driver : "",
		   *wanted_override = t->override ? t->override : "";
	int r = read_driver(a, t->address, driver, sizeof(driver));
	int r2 = read_override(a, t->address, override, sizeof(override));
	bool same = !r && !strcmp(driver, wanted),
	     same2 = !r2 && !strcmp(override, wanted_override);

	if (same && same2)
		return true;
	if (!same && !r && *driver)
		to_type(a, "echo %s > /" DRIVERS "/%s/unbind", t->address, driver);
	if (!same2)
		to_type(a, "echo %s%s> /" DEVICES "/%s/driver_override", wanted_override,
		        *wanted_override ? " " : "", t->address);
	if (!same && *wanted)
		to_type(a, "echo %s > /" DRIVERS "/%s/bind", t->address, wanted);
	return false;
}

void pp_take_look(struct pp_attach *a, struct pp_taken *t)
{
	char driver[NAME_BYTES], override[NAME_BYTES];
	const char *before = t->override ? t->override : "";
	int r = read_override(a, t->address, override, sizeof(override));

	t->override_set = t->unbound = t->bound = false;
	/* The device is gone. */
	if (r == -ENOENT)
		return;
	r = r ? r : read_driver(a, t->address, driver, sizeof(driver));
	bool vfio = r || !strcmp(driver, VFIO), none = r || !*driver;
	bool ours = r || !strcmp(override, VFIO), same = r || !strcmp(override, before);
	/* Everything that we do to it ends with its own override and then its driver. */
	if (same ? (ours && vfio) || (none && t->driver) : ours) {
		t->override_set = true;
		t->unbound = t->driver;
		t->bound = vfio;
	}
}

/* The first failure is told; the rest is done all the same. */
static int put_one_back(struct pp_attach *a, const struct pp_taken *t)
{
	char driver[NAME_BYTES];
	int first = 0;
	int r = read_driver(a, t->address, driver, sizeof(driver));

	if (t->bound && (r || !strcmp(driver, VFIO)))
		first = tell_driver(a, t, VFIO, "unbind");
	r = write_override(a, t, t->override ? t->override : "");
	first = first ? first : r;
	/* Where unbinding failed the driver is there still, and needs no binding. */
	if (t->unbound && (read_driver(a, t->address, driver, sizeof(driver)) || !*driver)) {
		r = tell_driver(a, t, t->driver, "bind");
		first = first ? first : r;
	}
	return first;
}

/* Somebody who took it meanwhile; the kernel would wait for him. What cannot be told is no. */
static const char *guest_of(struct pp_attach *a, const struct pp_taken *t)
{
	const char *guest = NULL;
	struct pp_error e = { 0 };
	char driver[NAME_BYTES];

	if (t->bound && !read_driver(a, t->address, driver, sizeof(driver)) &&
	    !strcmp(driver, VFIO) && pp_guest_find(a->sys, t->address, &a->arena, &guest, &e))
		guest = pp_arena_strdup(&a->arena, e.text);
	return guest;
}

void pp_put_back(struct pp_attach *a)
{
	for (uint32_t i = a->nr_taken; i-- > 0;) {
		const struct pp_taken *t = &a->taken[i];
		if (!t->override_set)
			continue;
		const char *guest = guest_of(a, t);
		int r = guest ? -EBUSY : put_one_back(a, t);
		bool same = look_again(a, t);
		/* A write that failed and yet left all as it was is no failure. */
		pp_attach_step(a, "put-back",
		               same ? 0
		               : r  ? r
		                    : -ENODEV,
		               "%s to %s%s%s", t->address, t->driver ? t->driver : "no driver",
		               guest ? ": " : "", guest ? guest : "");
		if (!same)
			a->not_restored = true;
	}
}
