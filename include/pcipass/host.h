/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A host as it was read: its devices, groups, regions and slots. */
#ifndef PCIPASS_HOST_H
#define PCIPASS_HOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <pcipass/error.h>
#include <pcipass/source.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A host decoded: its devices, groups, regions, slots, kernel and firmware. */
struct pp_host;

/*
 * Reads everything that a verdict needs from s, once. What cannot be read is kept as unread, with
 * the reason; only a source that holds no host at all is an error. A device's configuration space
 * is not touched while the device or a bridge above it sleeps. s may be freed afterwards.
 */
int pp_host_read(struct pp_source *s, struct pp_host **ret, struct pp_error *e);

/*
 * The same host as it would be under another kernel, by what is known of its release: "7.3" or
 * "6.12.57+deb13-amd64". Groups, and the regions that a kernel lists, are kept where that kernel
 * would show the same; what its configuration says is not known. h is borrowed and must outlive the
 * result, which is freed with pp_host_free(). -EINVAL: no release of Linux.
 */
int pp_host_as_kernel(const struct pp_host *h, const char *release, struct pp_host **ret,
                      struct pp_error *e);
/*
 * The same, and if that kernel is installed, its configuration and list of modules are read from s,
 * the source of h: of "7.3" that of the only installed kernel of this series.
 */
int pp_host_as_kernel_in(struct pp_source *s, const struct pp_host *h, const char *release,
                         struct pp_host **ret, struct pp_error *e);
void pp_host_free(struct pp_host *h);

/* Whether the host runs Windows, and not Linux. */
bool pp_host_is_windows(const struct pp_host *h);

/* Whether a firmware table is there but could not be decoded; *e then says where and why. */
bool pp_host_table_error(const struct pp_host *h, struct pp_error *e);

/* Whether a firmware table is there and the rights to read it are missing. */
bool pp_host_table_denied(const struct pp_host *h);

/*
 * Walking a host. Everything below is borrowed from the host: it is const, and valid until
 * pp_host_free(). Lists begin at index 0, are in a fixed order, and give NULL behind their last
 * entry, so that
 *
 *   for (i = 0; (d = pp_host_device_at(h, i)); i++)
 *
 * visits every device. pp_host_ functions tell how things of one host belong together and need the
 * host that they came from; the others read one thing by itself.
 *
 * Unread, absent and zero are three different things. A function that gives a fact returns 0 and
 * stores it in *ret; -ENOENT: it was looked for and is not there; any other negative errno value:
 * it was not read, and the value says why (-ENODATA: the capture does not hold it; -EACCES: root
 * could read it; -EBADMSG: it is malformed). *ret is untouched then. An empty list that was read
 * has a count of 0.
 */

/* A function of a PCI device: what lspci(8) shows as one line. */
struct pp_device;

/* A group of devices that the IOMMU cannot keep apart; VFIO passes it through as a whole. */
struct pp_group;

/* Memory that the firmware's DMAR, IVRS or IORT table requires mapped 1:1 for devices. */
struct pp_region;

/* Memory that the kernel reserves for a group: sysfs, iommu_groups/NUMBER/reserved_regions. */
struct pp_kernel_region;

/*
 * How many devices the host has, bridges included. Any error: the list of devices was not read, and
 * pp_host_device_at() gives none (-ENODATA for a firmware table alone). Never -ENOENT.
 */
int pp_host_count_devices(const struct pp_host *h, unsigned int *ret);
/* The devices, in the order of their addresses. NULL: there are no more. */
const struct pp_device *pp_host_device_at(const struct pp_host *h, unsigned int index);

/* Room for the text of any address, its final NUL included. */
#define PP_DEVICE_ADDRESS_BYTES 20

/* Writes the address as the kernel does: "0000:07:00.0". Never fails. */
void pp_device_address(const struct pp_device *d, char ret[PP_DEVICE_ADDRESS_BYTES]);

/* The same as numbers. Domains above 0xffff exist (Intel VMD). Never fails. */
void pp_device_numbers(const struct pp_device *d, unsigned int *ret_domain, unsigned int *ret_bus,
                       unsigned int *ret_device, unsigned int *ret_function);

/*
 * Vendor and device id, 16 bits each. -ENODATA: not read, because the device sleeps or does not
 * answer.
 * Source: configuration space, for a virtual function sysfs.
 */
int pp_device_ids(const struct pp_device *d, unsigned int *ret_vendor, unsigned int *ret_device);
/* Class code, 24 bits: base class, subclass, programming interface. Errors and source likewise. */
int pp_device_class(const struct pp_device *d, unsigned int *ret);

/* Whether it is a bridge of any kind (base class 06). No guest can be given one. */
bool pp_device_is_bridge(const struct pp_device *d);

/*
 * Name of the bound driver. -ENOENT: no driver is bound.
 * Source: sysfs, the link "driver".
 */
int pp_device_driver(const struct pp_device *d, const char **ret);

/*
 * What the kernel can reset the device with, best first, separated by blanks: "flr bus". -ENOENT:
 * nothing, or a kernel before 5.15, which does not say; -ENODATA also for a bridge, which is not
 * asked.
 * Source: sysfs, reset_method.
 */
int pp_device_reset_methods(const struct pp_device *d, const char **ret);

/*
 * Number of the PCI or PCI Express slot that the device sits in, "2", as it is printed on the
 * board. -ENOENT: in no slot; -ENODATA: neither SMBIOS nor the kernel could say. Source: SMBIOS
 * type 9, /sys/bus/pci/slots, the Slot Capabilities of the port above, in this order.
 */
int pp_device_slot(const struct pp_device *d, const char **ret);

/* What kind of place a card sits in. */
enum pp_place_kind {
	PP_PLACE_NONE = 0, /* in no place that has a name, or not known */
	PP_PLACE_SLOT,     /* PCI, PCI-X, PCI Express */
	PP_PLACE_MEZZANINE,
	PP_PLACE_OCP,
	PP_PLACE_NVME,    /* a drive bay or an M.2 socket */
	PP_PLACE_STORAGE, /* for the board's own storage controller */
	PP_PLACE_FLEXLOM,
	PP_PLACE_OTHER,
};

/* "slot", "mezz", "ocp" …: with the number behind it the name of a place. */
const char *pp_place_word(enum pp_place_kind kind);

/*
 * The place that the device sits in, a slot or another; *ret_number is NULL where it has no number.
 * -ENOENT: in none; -ENODATA and source as of pp_device_slot().
 */
int pp_device_place(const struct pp_device *d, enum pp_place_kind *ret_kind,
                    const char **ret_number);

/* The board's name of an embedded device, from SMBIOS type 41: "NIC Port 1". NULL: none is known.
 */
const char *pp_device_onboard_name(const struct pp_device *d);

/* The physical function of a virtual one (SR-IOV); NULL: it is none, or its own is not known. */
const struct pp_device *pp_host_physical_function(const struct pp_host *h,
                                                  const struct pp_device *d);

/* How many groups the kernel has made; 0: none, the IOMMU is off. Never -ENOENT. */
int pp_host_count_groups(const struct pp_host *h, unsigned int *ret);
/* The groups by ascending number. NULL: there are no more. */
const struct pp_group *pp_host_group_at(const struct pp_host *h, unsigned int index);

/* The group of a device. -ENOENT: it is in none. */
int pp_host_group_of(const struct pp_host *h, const struct pp_device *d,
                     const struct pp_group **ret);

/* The kernel's number of a group. Numbers need not follow one another. */
unsigned int pp_group_number(const struct pp_group *g);

/* false: a stand-in that VFIO made for a device that no IOMMU covers (no-IOMMU mode). */
bool pp_group_has_iommu(const struct pp_group *g);

/* How many devices a group has; always one at least. */
unsigned int pp_group_count_devices(const struct pp_group *g);
/* The devices of a group, in the order of their addresses. NULL: there are no more. */
const struct pp_device *pp_host_group_device_at(const struct pp_host *h, const struct pp_group *g,
                                                unsigned int index);

/* What the kernel does with a region. */
enum pp_region_kind {
	PP_REGION_UNKNOWN = 0,      /* a kind that this library does not know */
	PP_REGION_DIRECT,           /* mapped 1:1; VFIO refuses the group */
	PP_REGION_DIRECT_RELAXABLE, /* the same, but the kernel ignores it for the device */
	PP_REGION_RESERVED,         /* no guest memory may lie here */
	PP_REGION_MSI,              /* the window of message interrupts */
};

/* "unknown", "direct", "direct-relaxable", "reserved", "msi"; "" for any other value. */
const char *pp_region_kind_name(enum pp_region_kind kind);

/*
 * How many regions the kernel lists for a group. -ENOENT: a kernel before 4.11, which has no list.
 * Regions that overlap may be listed as one.
 */
int pp_group_count_regions(const struct pp_group *g, unsigned int *ret);
/* These regions, as the kernel lists them. NULL: there are no more. */
const struct pp_kernel_region *pp_group_region_at(const struct pp_group *g, unsigned int index);

/* First and last address, in bytes, both included. */
void pp_kernel_region_range(const struct pp_kernel_region *r, uint64_t *ret_start,
                            uint64_t *ret_end_incl);
/* What the kernel calls the region. */
enum pp_region_kind pp_kernel_region_kind(const struct pp_kernel_region *r);

/* Which firmware table declares a region. */
enum pp_region_source {
	PP_FROM_DMAR, /* Intel: an RMRR */
	PP_FROM_IVRS, /* AMD: an IVMD */
	PP_FROM_IORT, /* Arm: a memory range of an RMR */
};

/* "DMAR", "IVRS" or "IORT"; "" for any other value. */
const char *pp_region_source_name(enum pp_region_source source);

/*
 * How many regions the firmware declares. 0: its table declares none; -ENOENT: it has no DMAR,
 * IVRS or IORT table; -EBADMSG: a table is there and cannot be decoded, see pp_host_table_error().
 */
int pp_host_count_regions(const struct pp_host *h, unsigned int *ret);
/* The regions in the order of the table. NULL: there are no more. */
const struct pp_region *pp_host_region_at(const struct pp_host *h, unsigned int index);

/* The table that declares a region. */
enum pp_region_source pp_region_source(const struct pp_region *r);
/* Its place among the regions of that table, from 0. */
unsigned int pp_region_index(const struct pp_region *r);
/*
 * First and last address, in bytes, both included, as the firmware declares them: a wrong table may
 * have the end below the start.
 */
void pp_region_range(const struct pp_region *r, uint64_t *ret_start, uint64_t *ret_end_incl);

/*
 * PP_REGION_DIRECT, or PP_REGION_DIRECT_RELAXABLE where the kernel lets go every device that the
 * region holds; of an RMR, where it permits remapping.
 */
enum pp_region_kind pp_host_region_kind(const struct pp_host *h, const struct pp_region *r);

/*
 * How many devices of this host a region is for. Any error, as of pp_host_count_devices(): there is
 * no list of devices to match the table with.
 */
int pp_host_count_region_devices(const struct pp_host *h, const struct pp_region *r,
                                 unsigned int *ret);
/* These devices, in the order of their addresses. NULL: there are no more. */
const struct pp_device *pp_host_region_device_at(const struct pp_host *h, const struct pp_region *r,
                                                 unsigned int index);

#ifdef __cplusplus
}
#endif

#endif
