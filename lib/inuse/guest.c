/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether a guest has a device: who holds its group's files open. */
#include <stdio.h>
#include <string.h>

#include "pci/address.h"
#include "inuse/guest.h"

#define GROUPS "sys/kernel/iommu_groups"

/* A group has a file of each of two names at most, and one for each of its functions. */
#define MAX_PATHS 512

struct paths {
	const char *list[MAX_PATHS + 1];
	uint32_t count;
	bool failed;
};

static void guest_add(struct paths *p, const char *path)
{
	p->failed |= !path || p->count == MAX_PATHS;
	if (!p->failed)
		p->list[p->count++] = path;
}

static int cannot(struct pp_error *e, const char *address, const char *path, int r)
{
	return pp_fail(e, -r, "%s: /%s: %s: cannot tell whether a guest uses it", address, path,
	               strerror(-r));
}

/* The number of its group as text; -ENOENT: none, and then no guest can have it. */
static int read_group(struct pp_sys *s, const char *address, char *ret, size_t size)
{
	int r = pp_sys_link_name(s, PP_SYS_DEVICE(address, "iommu_group"), ret, size);

	return !r && (!*ret || ret[strspn(ret, "0123456789")]) ? -EBADMSG : r;
}

/* drivers/vfio/device_cdev.c: vfio-dev/vfioN of a device is dev/vfio/devices/vfioN. */
static int guest_add_device(struct pp_sys *s, const char *device, struct pp_arena *a,
                            struct paths *paths)
{
	struct pp_names names;

	if (strlen(device) >= PP_ADDRESS_TEXT_BYTES)
		return 0;
	int r = pp_sys_list(s, PP_SYS_DEVICE(device, "vfio-dev"), a, &names);
	if (r)
		return r == -ENOENT ? 0 : r;
	for (uint32_t i = 0; i < names.count; i++)
		guest_add(paths, pp_arena_printf(a, "dev/vfio/devices/%s", names.names[i]));
	return 0;
}

static int add_devices(struct pp_sys *s, const char *address, const char *group, struct pp_arena *a,
                       struct paths *paths)
{
	char path[128];
	struct pp_names names;

	snprintf(path, sizeof(path), GROUPS "/%s/devices", group);
	int r = pp_sys_list(s, path, a, &names);
	if (r == -ENOENT)
		return guest_add_device(s, address, a, paths);
	for (uint32_t i = 0; !r && i < names.count; i++)
		r = guest_add_device(s, names.names[i], a, paths);
	return r;
}

/* A device on vfio-pci has a node, be it of its group or its own: /dev may be another one. */
static bool lacks_node(struct pp_sys *s, const char *address, const struct paths *paths)
{
	char driver[64];

	if (pp_sys_link_name(s, PP_SYS_DEVICE(address, "driver"), driver, sizeof(driver)) ||
	    strncmp(driver, "vfio", 4))
		return false;
	for (uint32_t i = 0; i < paths->count; i++)
		if (pp_sys_has(s, paths->list[i]))
			return false;
	return true;
}

int pp_guest_find(struct pp_sys *s, const char *address, struct pp_arena *a, const char **ret,
                  struct pp_error *e)
{
	struct paths paths = { .count = 0 };
	struct pp_holder holder;
	char group[16];
	int r = read_group(s, address, group, sizeof(group));

	/* Without /sys nothing is known of any. */
	if (r == -ENOENT && pp_sys_has(s, PP_SYS_DEVICE(address, ""))) {
		*ret = NULL;
		return 0;
	}
	if (r)
		return cannot(e, address, PP_SYS_DEVICES, r);
	guest_add(&paths, pp_arena_printf(a, "dev/vfio/%s", group));
	guest_add(&paths, pp_arena_printf(a, "dev/vfio/noiommu-%s", group));
	r = add_devices(s, address, group, a, &paths);
	if (r)
		return cannot(e, address, GROUPS, r);
	if (paths.failed)
		return pp_fail_oom(e, address);
	if (lacks_node(s, address, &paths))
		return cannot(e, address, paths.list[0], -ENOENT);
	r = s->ops->find_holder(s, paths.list, &holder);
	if (r < 0)
		return cannot(e, address, paths.list[0], r);
	const char *text = NULL;
	if (r && holder.pid)
		text = pp_arena_printf(a, "%s is used by a guest: %s (pid %d) holds /%s", address,
		                       holder.name, holder.pid, holder.path);
	else if (r)
		text = pp_arena_printf(
			a, "%s is used by a guest: a process that /proc does not show holds /%s",
			address, holder.path);
	if (r && !text)
		return pp_fail_oom(e, address);
	*ret = text;
	return 0;
}
