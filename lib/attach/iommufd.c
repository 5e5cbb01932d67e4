/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * VFIO without groups: each device is a node of its own, bound to /dev/iommu and attached to an
 * address space there. The numbers are those of linux/vfio.h and linux/iommufd.h of Linux 6.6;
 * older headers, with which this is built as well, lack them.
 */
#define _GNU_SOURCE
#include <linux/vfio.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "attach/attach.h"

#define IOMMUFD "dev/iommu"
#define NODES   "dev/vfio/devices"

#define BIND_IOMMUFD      _IO(VFIO_TYPE, VFIO_BASE + 18)
#define ATTACH_IOMMUFD_PT _IO(VFIO_TYPE, VFIO_BASE + 19)
#define DETACH_IOMMUFD_PT _IO(VFIO_TYPE, VFIO_BASE + 20)
#define IOAS_ALLOC        _IO(';', 0x81)
#define IOAS_MAP          _IO(';', 0x85)
#define IOAS_UNMAP        _IO(';', 0x86)
#define MAP_WRITEABLE     (1u << 1)
#define MAP_READABLE      (1u << 2)

struct bind_iommufd {
	uint32_t argsz, flags;
	int32_t iommufd;
	uint32_t out_devid;
};

struct attach_pt {
	uint32_t argsz, flags, pt_id;
};

struct detach_pt {
	uint32_t argsz, flags;
};

struct ioas_alloc {
	uint32_t size, flags, out_ioas_id;
};

struct ioas_map {
	uint32_t size, flags, ioas_id, reserved;
	uint64_t user_va, length, iova;
};

struct ioas_unmap {
	uint32_t size, ioas_id;
	uint64_t iova, length;
};

/*
 * "vfio3", the node of a device that vfio-pci has: 1; 0: the kernel makes no nodes
 * (VFIO_DEVICE_CDEV), or an errno.
 */
static int iommufd_node(struct pp_attach *a, uint32_t i, char *ret, size_t size)
{
	const char *address = PP_ATTACH_ADDRESS(a, i);
	struct pp_names names;
	char name[64];
	int r = pp_sys_list(a->sys, PP_SYS_DEVICE(address, "vfio-dev"), &a->arena, &names);
	if (r)
		return r == -ENOENT ? 0 : r;
	for (uint32_t k = 0; k < names.count; k++) {
		snprintf(name, sizeof(name), "vfio-dev/%.32s/dev", names.names[k]);
		if (strlen(names.names[k]) > 32 ||
		    !pp_sys_has(a->sys, PP_SYS_DEVICE(address, name)))
			continue;
		snprintf(ret, size, NODES "/%s", names.names[k]);
		return 1;
	}
	return 0;
}

bool pp_iommufd_is_there(struct pp_attach *a)
{
	char node[80];

	for (uint32_t i = 0; i < a->nr_devices; i++)
		if (iommufd_node(a, i, node, sizeof(node)) != 1)
			return false;
	return pp_sys_has(a->sys, IOMMUFD);
}

int pp_iommufd_load(struct pp_attach *a)
{
	int fd = a->sys->ops->open(a->sys, IOMMUFD);

	a->opened.iommufd = fd < 0 ? -1 : fd;
	return pp_attach_step(a, "load-iommufd", fd, "/" IOMMUFD);
}

static int iommufd_open_device(struct pp_attach *a, uint32_t i)
{
	char node[80];
	int r = iommufd_node(a, i, node, sizeof(node));

	if (r <= 0)
		return pp_attach_end(a, PP_ATTACH_NOT_TRIED, "%s has no node below /" NODES "%s%s",
		                     PP_ATTACH_ADDRESS(a, i),
		                     r ? ": " : ": the kernel was built without VFIO_DEVICE_CDEV",
		                     r ? strerror(-r) : "");
	int fd = a->sys->ops->open(a->sys, node);
	a->opened.devices[i] = fd < 0 ? -1 : fd;
	return pp_attach_ask(a, "open-device", fd, "%s: /%s", PP_ATTACH_ADDRESS(a, i), node);
}

/* Here the kernel looks at regions, at remapping and at the drivers of the group. */
static int iommufd_bind(struct pp_attach *a, uint32_t i)
{
	struct bind_iommufd bind = { .argsz = sizeof(bind), .iommufd = a->opened.iommufd };
	int r = pp_attach_control(a, a->opened.devices[i], BIND_IOMMUFD, &bind);
	const char *culprit = r == -EPERM ? pp_take_culprit(a, &a->groups[a->place_of[i]]) : NULL;

	return pp_attach_ask(a, "bind-iommufd", r, "%s%s%s", PP_ATTACH_ADDRESS(a, i),
	                     culprit ? ": " : "", culprit ? culprit : "");
}

static int iommufd_alloc(struct pp_attach *a)
{
	struct ioas_alloc alloc = { .size = sizeof(alloc) };
	int r = pp_attach_control(a, a->opened.iommufd, IOAS_ALLOC, &alloc);

	a->opened.ioas = alloc.out_ioas_id;
	return pp_attach_ask(a, "alloc-ioas", r, "an address space");
}

static int iommufd_attach_device(struct pp_attach *a, uint32_t i)
{
	struct attach_pt attach = { .argsz = sizeof(attach), .pt_id = a->opened.ioas };
	int r = pp_attach_control(a, a->opened.devices[i], ATTACH_IOMMUFD_PT, &attach);

	return pp_attach_ask(a, "attach-ioas", r, "%s", PP_ATTACH_ADDRESS(a, i));
}

/* A page of our own, where the kernel finds a place for it; nobody tells the device where. */
static int iommufd_map(struct pp_attach *a)
{
	struct pp_opened *o = &a->opened;
	int r = pp_vfio_make_page(o);
	struct ioas_map map = { .size = sizeof(map),
		                .flags = MAP_WRITEABLE | MAP_READABLE,
		                .ioas_id = o->ioas,
		                .user_va = (uintptr_t)o->page,
		                .length = o->page_bytes };

	if (!r)
		r = pp_attach_control(a, o->iommufd, IOAS_MAP, &map);
	o->iova = map.iova;
	return pp_attach_ask(a, "map-ioas", r, "a page at 0x%llx", (unsigned long long)o->iova);
}

static int iommufd_unmap(struct pp_attach *a)
{
	struct ioas_unmap unmap = { .size = sizeof(unmap),
		                    .ioas_id = a->opened.ioas,
		                    .iova = a->opened.iova,
		                    .length = a->opened.page_bytes };
	int r = pp_attach_control(a, a->opened.iommufd, IOAS_UNMAP, &unmap);

	return pp_attach_ask(a, "unmap-ioas", r, "0x%llx", (unsigned long long)a->opened.iova);
}

static int iommufd_detach(struct pp_attach *a, uint32_t i)
{
	struct detach_pt detach = { .argsz = sizeof(detach) };
	int r = pp_attach_control(a, a->opened.devices[i], DETACH_IOMMUFD_PT, &detach);

	return pp_attach_ask(a, "detach-ioas", r, "%s", PP_ATTACH_ADDRESS(a, i));
}

static int iommufd_each(struct pp_attach *a, int (*step)(struct pp_attach *a, uint32_t i))
{
	int r = 0;

	for (uint32_t i = 0; !r && i < a->nr_devices; i++)
		r = pp_attach_stops(a) ? -ECANCELED : step(a, i);
	return r;
}

int pp_iommufd_attach(struct pp_attach *a)
{
	int r = a->opened.iommufd >= 0 ? 0 : pp_iommufd_load(a);

	if (r)
		return pp_attach_refused(a);
	r = iommufd_each(a, iommufd_open_device);
	if (!r)
		r = iommufd_each(a, iommufd_bind);
	if (!r)
		r = iommufd_alloc(a);
	if (!r)
		r = iommufd_each(a, iommufd_attach_device);
	if (!r)
		r = iommufd_map(a);
	if (!r)
		r = iommufd_each(a, pp_vfio_look_at);
	if (!r)
		r = iommufd_unmap(a);
	return r ? r : iommufd_each(a, iommufd_detach);
}
