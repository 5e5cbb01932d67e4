/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reads everything that a verdict needs, once, and decodes it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "host/build.h"
#include "host/on-windows.h"
#include "sys/pages.h"

/* A hostile capture cannot make the model larger than this. */
#define HOST_MAX_BYTES ((size_t)512 * 1024 * 1024)

void pp_host_free(struct pp_host *h)
{
	if (!h)
		return;
	pp_arena_fini(&h->arena);
	free(h);
}

bool pp_host_table_error(const struct pp_host *h, struct pp_error *e)
{
	if (h->table_error.code)
		*e = h->table_error;
	return h->table_error.code != 0;
}

static bool is_denied(int error)
{
	return error == EACCES || error == EPERM;
}

bool pp_host_table_denied(const struct pp_host *h)
{
	return is_denied(h->dmar_error) || is_denied(h->ivrs_error) || is_denied(h->iort_error) ||
	       is_denied(h->viot_error);
}

int pp_build_unread(struct pp_host_build *b, const char *path, int error, const char *adds)
{
	struct pp_host *h = b->host;
	struct pp_unread **end = &h->unread;

	/* Of Linux' files a Windows host has only those of the firmware. */
	if (h->windows && strncmp(path, "windows/", 8) && strncmp(path, "sys/firmware/", 13))
		return 0;
	for (; *end; end = &(*end)->next)
		if (!strcmp((*end)->path, path))
			return 0;
	struct pp_unread *u = PP_ARENA_NEW(&h->arena, struct pp_unread);
	if (!u)
		return -ENOMEM;
	u->path = pp_arena_strdup(&h->arena, path);
	u->adds = pp_arena_strdup(&h->arena, adds);
	u->error = error;
	if (!u->path || !u->adds)
		return -ENOMEM;
	*end = u;
	return 0;
}

/* Paths of doc/windows.md, by what Windows calls their content. */
static void unread_name_on_windows(const char *path, char *buf)
{
	static const struct {
		const char *below, *words;
	} kinds[] = {
		{ "sys/firmware/acpi/tables/", "the firmware's table " },
		{ "windows/devices/*/", "a device's " },
		{ "windows/system/", "" },
	};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		size_t n = strlen(kinds[i].below);
		if (strncmp(path, kinds[i].below, n))
			continue;
		snprintf(buf, PP_UNREAD_NAME_BYTES, "%s%s", kinds[i].words, path + n);
		return;
	}
	snprintf(buf, PP_UNREAD_NAME_BYTES, "%s",
	         !strcmp(path, "sys/firmware/dmi/tables/DMI") ? "SMBIOS"
	         : !strcmp(path, "windows/devices")           ? "the list of PCI devices"
	         : !strcmp(path, "windows/devices/*")         ? "a device"
	                                                      : path);
}

const char *pp_unread_name(const struct pp_host *h, const struct pp_unread *u, char *buf)
{
	if (h->windows)
		unread_name_on_windows(u->path, buf);
	else /* Files, but for the kernel log. */
		snprintf(buf, PP_UNREAD_NAME_BYTES, "%s%s", strchr(u->path, '/') ? "/" : "",
		         u->path);
	return buf;
}

int pp_build_text(struct pp_host_build *b, const char *path, struct pp_text_fact *ret)
{
	char buf[4096];
	int r = pp_source_read_text(b->source, PP_NODE_NONE, path, buf, sizeof(buf));

	*ret = (struct pp_text_fact){ .error = -r };
	if (r)
		return 0;
	ret->text = pp_text_clean(&b->host->arena, buf, strlen(buf));
	return ret->text ? 0 : -ENOMEM;
}

uint32_t pp_host_find(const struct pp_host *h, struct pp_address a)
{
	uint32_t low = 0, high = h->nr_devices;

	while (low < high) {
		uint32_t mid = low + (high - low) / 2;
		int order = pp_address_compare(h->devices[mid].address, a);
		if (!order)
			return mid;
		if (order < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return PP_NO_DEVICE;
}

#define CLASS_HOST_BRIDGE  0x0600
#define CLASS_ISA_BRIDGE   0x0601
#define CLASS_OTHER_BRIDGE 0x0680
#define CLASS_BRIDGE       0x06
#define CLASS_DISPLAY      0x03
#define CLASS_USB          0x0c03

/*
 * vfio-pci goes by the header. A host or ISA bridge has a normal one and is the board's own; other
 * functions of the class (NVSwitch, non-transparent bridges) are as good as any endpoint.
 */
bool pp_device_is_bridge(const struct pp_device *d)
{
	if (d->config.header_read == PP_YES)
		return d->config.header_type != PP_HEADER_NORMAL ||
		       d->class_code >> 8 == CLASS_HOST_BRIDGE ||
		       d->class_code >> 8 == CLASS_ISA_BRIDGE;
	return pp_device_base_class(d) == CLASS_BRIDGE && d->class_code >> 8 != CLASS_OTHER_BRIDGE;
}

bool pp_region_lets_go(const struct pp_host *h, const struct pp_region *r,
                       const struct pp_device *d)
{
	/* drivers/acpi/arm64/iort.c, iort_get_rmrs() */
	if (r->source == PP_FROM_IORT)
		return r->rmr->flags & PP_IORT_RMR_REMAP_PERMITTED;
	/* AMD's driver knows no such thing. */
	return r->source == PP_FROM_DMAR && (pp_device_is_relaxable(d) || h->kernel.rmrrs_relaxed);
}

/* drivers/iommu/intel/iommu.c, intel_iommu_get_resv_regions(), CONFIG_INTEL_IOMMU_FLOPPY_WA */
bool pp_kernel_region_is_for_isa(const struct pp_kernel_region *k)
{
	return !k->start && k->end_incl == 0xffffff && k->kind == PP_REGION_DIRECT_RELAXABLE;
}

bool pp_is_behind_vmd(const struct pp_device *d)
{
	return d->address.domain > 0xffff;
}

bool pp_device_is_relaxable(const struct pp_device *d)
{
	return d->class_code >> 8 == CLASS_USB || pp_device_base_class(d) == CLASS_DISPLAY;
}

typedef int (*build_step)(struct pp_host_build *, struct pp_error *);

static const build_step linux_steps[] = {
	pp_build_kernel,      pp_build_firmware,    pp_build_devices,
	pp_build_topology,    pp_build_kind,        pp_build_groups,
	pp_build_iommu,       pp_build_regions,     pp_build_memory_map,
	pp_build_framebuffer, pp_build_slots,       pp_build_disks,
	pp_build_claims,      pp_build_hypervisors, NULL,
};

/* What only Linux tells is left out: its files are not there to be asked for. */
static const build_step windows_steps[] = {
	pp_build_firmware, pp_build_windows_devices, pp_build_topology, pp_build_kind,
	pp_build_iommu,    pp_build_regions,         pp_build_slots,    NULL,
};

static int host_mark_part(struct pp_host_build *b)
{
	if (!b->only)
		return 0;
	b->host->part = PP_ARENA_NEW(&b->host->arena, struct pp_part);
	if (!b->host->part)
		return -ENOMEM;
	b->host->part->device = b->about;
	return 0;
}

int pp_build_host(struct pp_host_build *b, struct pp_host **ret, struct pp_error *e)
{
	struct pp_host *h = calloc(1, sizeof(*h));
	int r = 0;

	if (!h)
		return pp_fail_oom(e, "host");
	pp_pages_arena_init(&h->arena, HOST_MAX_BYTES);
	pp_notes_init(&h->notes, &h->arena);
	b->host = h;
	pp_pages_arena_init(&b->scratch, HOST_MAX_BYTES);
	r = host_mark_part(b);
	if (!r)
		r = pp_build_origins(b);
	if (!r)
		r = pp_build_windows(b);
	const build_step *steps = h->windows ? windows_steps : linux_steps;
	for (size_t i = 0; !r && steps[i]; i++)
		r = steps[i](b, e);
	pp_arena_fini(&b->scratch);
	if (r) {
		pp_host_free(h);
		return r == -ENOMEM ? pp_fail_oom(e, "host") : r;
	}
	*ret = h;
	return 0;
}

int pp_host_read(struct pp_source *s, struct pp_host **ret, struct pp_error *e)
{
	struct pp_host_build b = { .source = s };

	return pp_build_host(&b, ret, e);
}
