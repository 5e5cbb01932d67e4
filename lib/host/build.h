/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the readers of a host's parts share while it is built. */
#ifndef PP_HOST_BUILD_H
#define PP_HOST_BUILD_H

/* Inside the module: the steps of pp_host_read(), each filling its part of the host. */

#include "base/buffer.h"
#include "host/host.h"
#include "host/modprobe.h"
#include "source/source.h"

struct pp_host_build {
	struct pp_host *host; /* being filled */
	struct pp_source *source;
	struct pp_arena scratch;     /* gone when the host is built */
	struct pp_span processor;    /* the first page of /proc/cpuinfo; empty: not read */
	struct pp_device *devices;   /* host->devices, still writable */
	struct pp_group *groups;     /* host->groups, still writable */
	struct pp_region *regions;   /* host->regions, still writable */
	struct pp_span log;          /* the kernel's, in scratch; empty: not read */
	struct pp_modprobe modprobe; /* in scratch */
	const char *release; /* whose files in /boot and /lib/modules are read; NULL: none */
	/* Of a part: the device it is for, and the devices that are read, in address order. */
	struct pp_address about;
	const struct pp_address *only; /* NULL: all that are listed */
	uint32_t nr_only;
	uint32_t domain;         /* of the devices being read … */
	uint32_t bridge_to[256]; /* … and which bridge leads to each of its buses */
};

/* The host from b->source, or the part of it that b says; the rest of *b is zeros. */
int pp_build_host(struct pp_host_build *b, struct pp_host **ret, struct pp_error *e);

/* Remembers once a path that a fact is missing, and what it would add. 0 or -ENOMEM. */
int pp_build_unread(struct pp_host_build *b, const char *path, int error, const char *adds);

/* Which texts the host is made of, if it is; before all others. 0 or -ENOMEM. */
int pp_build_origins(struct pp_host_build *b);

/* A text file as a fact in the host's arena. Never fails for a missing file; -ENOMEM only. */
int pp_build_text(struct pp_host_build *b, const char *path, struct pp_text_fact *ret);

/*
 * Whether a device sleeps, so that its configuration space must be left alone; fills in its
 * power_state and runtime_status. name is its directory's. Before its configuration space. 0, 1 for
 * yes, or -ENOMEM.
 */
int pp_build_power(struct pp_host_build *b, struct pp_node dir, const char *name,
                   struct pp_device *d);
/* The links above the devices that do not answer. 0 or -ENOMEM. */
int pp_build_links(struct pp_host_build *b);

/* The sizes of an endpoint's BARs. Never fails for a missing or odd file; -ENOMEM only. */
int pp_build_bars(struct pp_host_build *b, struct pp_node dir, struct pp_device *d);

/* BARs that got no address, by the log. After the devices. 0 or -ENOMEM. */
int pp_build_bar_log(struct pp_host_build *b);

int pp_build_kernel(struct pp_host_build *b, struct pp_error *e);
/* What the kernel logged; part of pp_build_kernel(). 0 or -ENOMEM. */
int pp_build_log(struct pp_host_build *b);
/* Its configuration of modules; before what asks it. 0 or -ENOMEM. */
int pp_build_modprobe(struct pp_host_build *b);
/* The modules that passthrough needs; after the configuration. 0 or -ENOMEM. */
int pp_build_modules(struct pp_host_build *b);
/* The releases of the installed kernels: the directories of modules. 0, or -errno of listing them.
 */
int pp_build_releases(struct pp_source *s, struct pp_arena *a, struct pp_names *ret);
/* Its lines about devices that do not answer. 0 or -ENOMEM. */
int pp_build_device_lines(struct pp_host_build *b);
/* What the kernel was built with; part of pp_build_kernel(). 0 or -ENOMEM. */
int pp_build_kernel_config(struct pp_host_build *b);
/* What sort of machine it is, and what that rules out. After the devices, before the groups. */
int pp_build_kind(struct pp_host_build *b, struct pp_error *e);
/* Whether the devices of a root bus begin with this one. */
static inline bool pp_build_begins_root(const struct pp_host *h, uint32_t i)
{
	return !i || h->devices[i - 1].address.domain != h->devices[i].address.domain ||
	       h->devices[i - 1].root_bus != h->devices[i].root_bus;
}
/* The maps of a device tree's PCI hosts. After the devices. 0 or -ENOMEM. */
int pp_build_tree_maps(struct pp_host_build *b);
/* Fewer than max bytes of a property of a device tree. -E2BIG: there are more. */
int pp_build_tree_property(struct pp_host_build *b, const char *path, void *buf, size_t max,
                           size_t *ret);
/* Which controllers take the messages of a device tree's PCI hosts. 0 or -ENOMEM. */
int pp_build_tree_msi(struct pp_host_build *b, bool *ret_its, bool *ret_gicv2m);
/* Which device has which stream of an SMMU already. After the groups. 0 or -ENOMEM. */
int pp_build_streams(struct pp_host_build *b);
int pp_build_firmware(struct pp_host_build *b, struct pp_error *e);
int pp_build_devices(struct pp_host_build *b, struct pp_error *e);
int pp_build_topology(struct pp_host_build *b, struct pp_error *e);
int pp_build_groups(struct pp_host_build *b, struct pp_error *e);
/* What the IOMMU and the processors can address; part of pp_build_iommu(). 0 or -ENOMEM. */
int pp_build_width(struct pp_host_build *b);
int pp_build_iommu(struct pp_host_build *b, struct pp_error *e);
int pp_build_regions(struct pp_host_build *b, struct pp_error *e);
int pp_build_memory_map(struct pp_host_build *b, struct pp_error *e);
/* Whose memory holds the firmware's framebuffer. After the devices. */
int pp_build_framebuffer(struct pp_host_build *b, struct pp_error *e);
/* Which of the devices the host runs from. After the devices. */
int pp_build_disks(struct pp_host_build *b, struct pp_error *e);
/* Who has the devices already. After the devices and their groups. */
int pp_build_claims(struct pp_host_build *b, struct pp_error *e);
int pp_build_slots(struct pp_host_build *b, struct pp_error *e);
/* QEMU's and libvirt's version. After the kernel. */
int pp_build_hypervisors(struct pp_host_build *b, struct pp_error *e);
/* Of dpkg's list of packages what that reads. */
void pp_packages_redact(struct pp_span text, struct pp_buffer *b);

/* Of a part: a device that was not read. */
#define PP_ANOTHER_DEVICE (PP_NO_DEVICE - 1)

/*
 * The device that the last component of a path, such as a link of sysfs, has the address of;
 * PP_NO_DEVICE: there is none. Of a part that may be PP_ANOTHER_DEVICE.
 */
uint32_t pp_host_device_in_path(const struct pp_host *h, const char *path);

/* Regions and mappings of a host that is built, anew; into its arena. */
int pp_host_rebuild_regions(struct pp_host *h, struct pp_error *e);

/* The name of a device's directory, as the kernel writes it. */
bool pp_build_parse_device(const char *name, struct pp_address *ret);

/* Of two struct pp_device, for qsort(): by address. */
int pp_build_compare_devices(const void *x, const void *y);

#endif
