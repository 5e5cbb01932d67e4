/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * VFIO as a hypervisor speaks it: container, group, IOMMU type 1, device. The numbers are those of
 * Documentation/driver-api/vfio.rst and linux/vfio.h.
 */
#define _GNU_SOURCE
#include <linux/vfio.h>
#include <stdio.h>
#include <string.h>
#include <stdlib.h>
#include <unistd.h>

#include "attach/attach.h"
#include "base/cursor.h"

#define CONTAINER "dev/vfio/vfio"

/* The answer of VFIO_IOMMU_GET_INFO with all its capabilities is some hundred bytes. */
#define INFO_BYTES 65536
/* Where the kernel lists no ranges: above what PCs reserve below 1 MiB, below what they do above.
 */
#define DEFAULT_IOVA ((uint64_t)16 << 20)

static void *vfio_number(unsigned long n)
{
	return (void *)(uintptr_t)n;
}

/* ENODEV: udev made the node, and no module is behind it. */
static bool vfio_is_without_groups(struct pp_attach *a, int fd)
{
	return (fd == -ENOENT || fd == -ENODEV || fd == -ENXIO) && pp_sys_has(a->sys, "dev/iommu");
}

int pp_vfio_load(struct pp_attach *a)
{
	int fd = a->sys->ops->open(a->sys, CONTAINER);

	a->opened.container = fd < 0 ? -1 : fd;
	int r = vfio_is_without_groups(a, fd) ? pp_iommufd_load(a)
	                                      : pp_attach_step(a, "load", fd, "/" CONTAINER);
	if (r)
		return pp_attach_end(a, PP_ATTACH_NOT_TRIED, "/%s: %s: modprobe vfio-pci loads it",
		                     vfio_is_without_groups(a, fd) ? "dev/iommu" : CONTAINER,
		                     strerror(-r));
	if (!pp_sys_has_directory(a->sys, "sys/bus/pci/drivers/vfio-pci"))
		return pp_attach_end(a, PP_ATTACH_NOT_TRIED,
		                     "the driver vfio-pci is not loaded: modprobe vfio-pci");
	if (fd < 0)
		return 0;
	int version = pp_attach_control(a, fd, VFIO_GET_API_VERSION, NULL);
	if (version != VFIO_API_VERSION)
		return pp_attach_end(a, PP_ATTACH_NOT_TRIED,
		                     "VFIO answers with version %d, not with %d", version,
		                     VFIO_API_VERSION);
	if (pp_attach_control(a, fd, VFIO_CHECK_EXTENSION, vfio_number(VFIO_TYPE1v2_IOMMU)) <= 0)
		return pp_attach_end(a, PP_ATTACH_NOT_TRIED,
		                     "VFIO has no IOMMU of type 1: modprobe vfio_iommu_type1");
	return 0;
}

static int open_group(struct pp_attach *a, uint32_t i)
{
	char path[32];

	snprintf(path, sizeof(path), "dev/vfio/%u", a->groups[i].number);
	int fd = a->sys->ops->open(a->sys, path);
	a->groups[i].fd = fd < 0 ? -1 : fd;
	return pp_attach_ask(a, "open-group", fd, "/%s", path);
}

static int get_status(struct pp_attach *a, uint32_t i)
{
	struct vfio_group_status status = { .argsz = sizeof(status) };
	int r = pp_attach_control(a, a->groups[i].fd, VFIO_GROUP_GET_STATUS, &status);
	bool viable = status.flags & VFIO_GROUP_FLAGS_VIABLE;
	const char *culprit = r < 0 || viable ? NULL : pp_take_culprit(a, &a->groups[i]);

	pp_attach_step(a, "get-status", r, "group %u%s%s%s", a->groups[i].number,
	               r < 0    ? ""
	               : viable ? " is viable"
	                        : " is not viable",
	               culprit ? ": " : "", culprit ? culprit : "");
	return r < 0 || !viable ? pp_attach_refused(a) : 0;
}

static int set_container(struct pp_attach *a, uint32_t i)
{
	int r = pp_attach_control(a, a->groups[i].fd, VFIO_GROUP_SET_CONTAINER,
	                          &a->opened.container);

	return pp_attach_ask(a, "set-container", r, "group %u", a->groups[i].number);
}

static int set_iommu(struct pp_attach *a)
{
	int r = pp_attach_control(a, a->opened.container, VFIO_SET_IOMMU,
	                          vfio_number(VFIO_TYPE1v2_IOMMU));

	return pp_attach_ask(a, "set-iommu", r, "type 1, version 2");
}

/* A page in one of the ranges that the IOMMU takes, and not at address 0. */
static bool page_in_ranges(struct pp_cursor *c, uint32_t n, uint64_t page, uint64_t *ret)
{
	for (uint32_t i = 0; i < n; i++) {
		uint64_t start = pp_cursor_u64(c), end_incl = pp_cursor_u64(c);
		if (c->bad)
			return false;
		start = start ? start : page;
		if (start > UINT64_MAX - page)
			continue;
		start = (start + page - 1) & ~(page - 1);
		if (start <= end_incl && end_incl - start >= page - 1) {
			*ret = start;
			return true;
		}
	}
	return false;
}

/* The chain of capabilities behind struct vfio_iommu_type1_info. false: ranges, but no place. */
static bool find_iova(struct pp_span info, uint32_t first, uint64_t page, uint64_t *ret)
{
	*ret = DEFAULT_IOVA;
	for (uint32_t at = first, hops = 0; at && at < info.len && hops < 64; hops++) {
		struct pp_cursor c;
		pp_cursor_init(&c, PP_SPAN(info.data + at, info.len - at), "VFIO", at);
		uint16_t id = pp_cursor_u16(&c);
		pp_cursor_skip(&c, 2);
		uint32_t next = pp_cursor_u32(&c);
		if (c.bad)
			break;
		if (id == VFIO_IOMMU_TYPE1_INFO_CAP_IOVA_RANGE) {
			uint32_t n = pp_cursor_u32(&c);
			pp_cursor_skip(&c, 4);
			return page_in_ranges(&c, n, page, ret);
		}
		at = next;
	}
	return true;
}

static int choose_iova(struct pp_attach *a, uint64_t page, uint64_t *ret)
{
	union {
		struct vfio_iommu_type1_info head;
		uint8_t bytes[INFO_BYTES];
	} *info = pp_arena_alloc(&a->arena, sizeof(*info));

	if (!info)
		return -ENOMEM;
	info->head.argsz = INFO_BYTES;
	int r = pp_attach_control(a, a->opened.container, VFIO_IOMMU_GET_INFO, info);
	if (r < 0)
		return r;
	size_t len = info->head.argsz < INFO_BYTES ? info->head.argsz : INFO_BYTES;
	bool chain = info->head.flags & VFIO_IOMMU_INFO_CAPS;
	if (!find_iova(PP_SPAN(info->bytes, len), chain ? info->head.cap_offset : 0, page, ret))
		return -ENOSPC;
	return 0;
}

int pp_vfio_make_page(struct pp_opened *o)
{
	o->page_bytes = (size_t)sysconf(_SC_PAGESIZE);
	if (!o->page)
		o->page = aligned_alloc(o->page_bytes, o->page_bytes);
	if (o->page)
		memset(o->page, 0, o->page_bytes);
	return o->page ? 0 : -ENOMEM;
}

static int map_dma(struct pp_attach *a)
{
	struct pp_opened *o = &a->opened;
	int r = pp_vfio_make_page(o);

	if (!r)
		r = choose_iova(a, o->page_bytes, &o->iova);
	if (!r) {
		struct vfio_iommu_type1_dma_map map = {
			.argsz = sizeof(map),
			.flags = VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE,
			.vaddr = (uintptr_t)o->page,
			.iova = o->iova,
			.size = o->page_bytes,
		};
		r = pp_attach_control(a, o->container, VFIO_IOMMU_MAP_DMA, &map);
		o->mapped = r >= 0;
	}
	return pp_attach_ask(a, "map-dma", r, "a page at 0x%llx", (unsigned long long)o->iova);
}

static int unmap_dma(struct pp_attach *a)
{
	struct vfio_iommu_type1_dma_unmap unmap = {
		.argsz = sizeof(unmap),
		.iova = a->opened.iova,
		.size = a->opened.page_bytes,
	};
	int r = pp_attach_control(a, a->opened.container, VFIO_IOMMU_UNMAP_DMA, &unmap);

	a->opened.mapped = false;
	return pp_attach_ask(a, "unmap-dma", r, "0x%llx", (unsigned long long)a->opened.iova);
}

int pp_vfio_look_at(struct pp_attach *a, uint32_t i)
{
	struct vfio_device_info info = { .argsz = sizeof(info) };
	int fd = a->opened.devices[i];

	const char *address = PP_ATTACH_ADDRESS(a, i);
	int r = pp_attach_control(a, fd, VFIO_DEVICE_GET_INFO, &info);
	if (pp_attach_step(a, "get-info", r, "%s: %u regions, %u kinds of interrupt, %s", address,
	                   info.num_regions, info.num_irqs,
	                   info.flags & VFIO_DEVICE_FLAGS_RESET ? "can be reset" : "no reset"))
		return pp_attach_refused(a);
	if (!a->options.reset)
		return 0;
	r = pp_attach_control(a, fd, VFIO_DEVICE_RESET, NULL);
	return pp_attach_ask(a, "reset", r, "%s", address);
}

static int get_device(struct pp_attach *a, uint32_t i)
{
	int group = a->groups[a->place_of[i]].fd;
	char address[PP_ADDRESS_TEXT_BYTES];

	pp_address_format(a->host->devices[a->devices[i]].address, address);
	int fd = pp_attach_control(a, group, VFIO_GROUP_GET_DEVICE_FD, address);
	a->opened.devices[i] = fd < 0 ? -1 : fd;
	int r = pp_attach_ask(a, "get-device-fd", fd, "%s", address);
	return r ? r : pp_vfio_look_at(a, i);
}

static int attach_group(struct pp_attach *a, uint32_t i)
{
	int r = pp_attach_stops(a) ? -ECANCELED : open_group(a, i);

	if (!r)
		r = get_status(a, i);
	if (!r)
		r = pp_attach_stops(a) ? -ECANCELED : set_container(a, i);
	/* The container takes its IOMMU with the first group; others join it. */
	if (!r && !i)
		r = set_iommu(a);
	return r;
}

static int vfio_attach_groups(struct pp_attach *a)
{
	int r = 0;

	for (uint32_t i = 0; !r && i < a->nr_groups; i++)
		r = attach_group(a, i);
	if (!r)
		r = map_dma(a);
	for (uint32_t i = 0; !r && i < a->nr_devices; i++)
		r = pp_attach_stops(a) ? -ECANCELED : get_device(a, i);
	return r ? r : unmap_dma(a);
}

static void vfio_close_one(struct pp_attach *a, int *fd)
{
	if (*fd >= 0)
		a->sys->ops->close(a->sys, *fd);
	*fd = -1;
}

/* What closing undoes (mapping, container, binding) needs no step of its own. */
static void vfio_close_all(struct pp_attach *a)
{
	struct pp_opened *o = &a->opened;

	for (uint32_t i = a->nr_devices; o->devices && i-- > 0;)
		vfio_close_one(a, &o->devices[i]);
	for (uint32_t i = a->nr_groups; i-- > 0;)
		vfio_close_one(a, &a->groups[i].fd);
	vfio_close_one(a, &o->container);
	vfio_close_one(a, &o->iommufd);
}

/* By groups, and by the devices' own nodes: each way that the kernel has. */
int pp_vfio_attach(struct pp_attach *a)
{
	if (a->opened.container < 0)
		return pp_iommufd_attach(a);
	int r = vfio_attach_groups(a);
	if (r || !pp_iommufd_is_there(a))
		return r;
	vfio_close_all(a);
	return pp_iommufd_attach(a);
}

void pp_vfio_close(struct pp_attach *a)
{
	vfio_close_all(a);
	free(a->opened.page);
	a->opened = (struct pp_opened){ .container = -1, .iommufd = -1 };
}
