/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A host with everything that a verdict needs, decoded. */
#ifndef PP_HOST_HOST_H
#define PP_HOST_HOST_H

#include <pcipass/host.h>

#include "acpi/dmar.h"
#include "acpi/iort.h"
#include "acpi/ivrs.h"
#include "acpi/viot.h"
#include "base/arena.h"
#include "base/notes.h"
#include "host/claim.h"
#include "host/device-log.h"
#include "host/module.h"
#include "host/kernel-facts.h"
#include "pci/address.h"
#include "pci/config.h"
#include "smbios/smbios.h"

/*
 * The decoded host. Everything lives in its arena, is built once and const from then on. Devices
 * are referred to by their index in pp_host.devices, which is in address order.
 */
#define PP_NO_DEVICE UINT32_MAX
#define PP_NO_GROUP  UINT32_MAX

/* Text that may be missing. error: 0, ENOENT absent, ENODATA never read, EACCES and others. */
struct pp_text_fact {
	const char *text; /* cleaned; NULL if error */
	int error;
};

/* Who said which slot a device sits in. */
enum pp_slot_source {
	PP_SLOT_SMBIOS = 1 << 0,     /* type 9 record with the device's or its port's address */
	PP_SLOT_KERNEL = 1 << 1,     /* /sys/bus/pci/slots */
	PP_SLOT_CAPABILITY = 1 << 2, /* Slot Capabilities of the port above */
};

struct pp_slot_ref {
	enum pp_place_kind kind;
	const char *number;      /* "2"; NULL: none that is known */
	const char *designation; /* SMBIOS: "PCI-E Slot 2"; NULL without a record */
	unsigned int sources;    /* enum pp_slot_source: who says so */
	const char *other_name;  /* what a disagreeing witness says, else NULL */
	unsigned int other_witness;
	uint32_t id;         /* the same for all devices of one place, 0 without one */
	const char *twin;    /* another PCI slot has this number: its designation; else NULL */
	bool unknown;        /* no witness could say */
	const char *onboard; /* SMBIOS type 41 designation: the device is embedded */
};

/* The number of the PCI or PCI-E slot; NULL: in none, or not known. */
static inline const char *pp_slot_number(const struct pp_slot_ref *s)
{
	return s->kind == PP_PLACE_SLOT ? s->number : NULL;
}

/* Whether the place has a name, "slot 2" or "mezz2". */
static inline bool pp_slot_is_named(const struct pp_slot_ref *s)
{
	return s->kind != PP_PLACE_NONE && s->number;
}

#define PP_NR_BARS 6

/* A BAR as the kernel has it. */
struct pp_bar {
	uint64_t bytes; /* 0: not there; or, without an address, of a size that is not known */
	uint64_t start; /* 0 without an address */
	bool io, is_64, prefetchable;
	bool unplaced;     /* the function has it, and it has no address */
	const char *proof; /* of that: what shows it */
};

/* What a function's BARs ask for, by the kernel: sysfs resource, and what it logged. */
struct pp_bars {
	struct pp_bar bar[PP_NR_BARS];
	struct pp_bar vf[PP_NR_BARS]; /* of all VFs that a PF can have, together */
	uint64_t rom_bytes;
};

struct pp_windows;
struct pp_origins;
struct pp_windows_device;

struct pp_device {
	struct pp_address address;
	struct pp_config config;
	uint16_t vendor, device; /* the kernel's, where the configuration space hides them (VF) */
	uint32_t class_code;     /* 24 bits */
	bool ids_known;
	bool asleep; /* configuration space left alone: it or a bridge above it sleeps */
	bool gone;   /* configuration space reads all ones: it does not answer */
	/* As in sysfs, but for a device that is simply in D0; NULL: not read. */
	const char *power_state, *runtime_status;
	/* Of a port, where one below it is gone: lanes that the link has; -1: not read. */
	int link_lanes;
	struct pp_text_fact driver;
	struct pp_text_fact reset_method; /* as in sysfs: "flr bus"; ENOENT: no method */
	const struct pp_bars *bars;       /* NULL: bars_error says why; bridges are not asked */
	int bars_error;
	uint32_t group;  /* index in pp_host.groups or PP_NO_GROUP */
	int group_error; /* with PP_NO_GROUP: ENOENT no group, else not read */
	uint32_t parent; /* the bridge above, PP_NO_DEVICE on a root bus */
	uint8_t root_bus;
	uint32_t physfn;    /* a VF's PF, else PP_NO_DEVICE */
	uint32_t nr_vfs_on; /* a PF's VFs that exist now */
	struct pp_slot_ref slot;
	/* What the host does with disks below it: "/ on nvme0n1p2"; NULL: nothing that is known. */
	const char *host_use;
	bool host_runs_from; /* it is of that sort that the host cannot do without */
	uint32_t first_mapping, nr_mappings;     /* in pp_host.mappings */
	uint32_t first_claim, nr_claims;         /* in pp_host.claims */
	const struct pp_windows_device *windows; /* what Windows says of it; NULL: it runs Linux */
	/* The firmware's framebuffer in one of its BARs: "BOOTFB at 0xc0000000-0xc02fffff"; or
	 * NULL. */
	const char *framebuffer;
};

struct pp_kernel_region {
	uint64_t start, end_incl;
	enum pp_region_kind kind;
};

struct pp_group {
	uint32_t number;
	const uint32_t *devices;
	uint32_t nr_devices;
	const struct pp_kernel_region *regions;
	uint32_t nr_regions;
	int regions_error; /* errno, 0 if they were read */
	bool no_iommu;     /* VFIO's stand-in for a device that no IOMMU covers */
};

/* What became of a scope. */
enum pp_scope_match {
	PP_SCOPE_MATCHED,
	PP_SCOPE_MATCHED_BDF, /* one hop, start bus taken as the device's own: kernel workaround */
	PP_SCOPE_IGNORED,     /* a type the kernel does not match for regions */
	PP_SCOPE_NO_DEVICE,   /* names nothing that is there */
	PP_SCOPE_UNREAD,      /* leads through a bridge whose buses were not read */
	PP_SCOPE_WRONG_TYPE,  /* endpoint scope on a bridge, or the reverse: the IOMMU stays off */
	PP_SCOPE_NOT_TRIED,   /* no device list to match against */
};

struct pp_region_scope {
	const struct pp_dmar_scope *dmar;
	enum pp_scope_match match;
	uint32_t device; /* what it names, PP_NO_DEVICE if nothing */
};

/* A reserved region that the firmware's table declares. */
struct pp_region {
	enum pp_region_source source;
	uint32_t index;                       /* among the regions of that table */
	uint32_t offset;                      /* of its structure in the table */
	uint16_t segment;                     /* IORT: of the first device held, else 0 */
	uint64_t start, end_incl;             /* as declared; end may be below start */
	const struct pp_region_scope *scopes; /* DMAR */
	uint32_t nr_scopes;
	uint16_t first_devid, last_devid; /* IVRS */
	uint8_t ivmd_type, ivmd_flags;    /* IVRS */
	const struct pp_iort_node *rmr;   /* IORT: an RMR may have many ranges, each a region */
	const uint32_t *devices;          /* held, in address order */
	uint32_t nr_devices;
	enum pp_tri reserved_in_memory_map; /* does the kernel's memory map reserve it whole? */
};

/* A device held by a region. */
struct pp_region_mapping {
	uint32_t device, region;
	uint32_t scope;  /* in the region; the one that matched */
	bool via_bridge; /* a bridge above the device is named */
	bool relaxable;  /* Linux lets it go: pp_region_lets_go() */
};

enum pp_iommu_kind {
	PP_IOMMU_NONE = 0,
	PP_IOMMU_INTEL,
	PP_IOMMU_AMD,
	PP_IOMMU_SMMU,   /* Arm's, by the IORT or a device tree */
	PP_IOMMU_VIRTIO, /* a virtual machine's virtio-iommu, by the VIOT */
	PP_IOMMU_OTHER,  /* another: the kernel's own words are all there is */
};

/* Arm's controllers of message interrupts. An ITS keeps devices apart, a GICv2m does not. */
enum pp_msi_chip {
	PP_MSI_CHIP_UNKNOWN = 0,
	PP_MSI_CHIP_ITS,
	PP_MSI_CHIP_GICV2M, /* or another that the kernel calls plainly "MSI" */
	PP_MSI_CHIP_BOTH,
};

/* What sort of machine the host is: lib/host/kind.c decides it, once. */
enum pp_host_kind {
	PP_KIND_UNKNOWN = 0,
	PP_KIND_INTEL,    /* x86 with Intel's IOMMU, if any */
	PP_KIND_AMD,      /* x86 with AMD's; Hygon too */
	PP_KIND_X86,      /* x86 of an unknown maker */
	PP_KIND_ARM_ACPI, /* Arm, described by ACPI */
	PP_KIND_ARM_TREE, /* Arm, described by a device tree */
	PP_KIND_ARM,      /* Arm; by what it is described is not known */
	PP_KIND_RISCV,
	PP_KIND_POWER,
	PP_KIND_OTHER,
	PP_NR_HOST_KINDS,
};

/* Sets of kinds, for rows that say where they apply. An unknown host may be any. */
#define PP_ON(kind)      (1u << (kind))
#define PP_ON_INTEL      (PP_ON(PP_KIND_INTEL) | PP_ON(PP_KIND_X86) | PP_ON(PP_KIND_UNKNOWN))
#define PP_ON_AMD        (PP_ON(PP_KIND_AMD) | PP_ON(PP_KIND_X86) | PP_ON(PP_KIND_UNKNOWN))
#define PP_ON_X86        (PP_ON_INTEL | PP_ON_AMD)
#define PP_ON_ACPI_ARM   (PP_ON(PP_KIND_ARM_ACPI) | PP_ON(PP_KIND_ARM) | PP_ON(PP_KIND_UNKNOWN))
#define PP_ON_ARM        (PP_ON(PP_KIND_ARM_ACPI) | PP_ON(PP_KIND_ARM_TREE) | PP_ON(PP_KIND_ARM))
#define PP_ON_EVERY_KIND (~0u)

/* Xen, and what this host is to it. */
enum pp_xen_role {
	PP_XEN_NONE = 0,
	PP_XEN_DOM0,
	PP_XEN_GUEST,
	PP_XEN_UNKNOWN, /* under Xen, in a role that is not known */
};

/* Options that the running kernel was built with or without. */
enum pp_kernel_option {
	PP_CONFIG_INTEL_IOMMU,
	PP_CONFIG_INTEL_IOMMU_DEFAULT_ON,
	PP_CONFIG_INTEL_IOMMU_DEFAULT_ON_INTGPU_OFF, /* Debian's */
	PP_CONFIG_AMD_IOMMU,
	PP_CONFIG_IRQ_REMAP,
	PP_CONFIG_ARM_SMMU,
	PP_CONFIG_ARM_SMMU_V3,
	PP_CONFIG_VIRTIO_IOMMU,
	PP_CONFIG_VFIO,
	PP_CONFIG_VFIO_PCI,
	PP_CONFIG_VFIO_IOMMU_TYPE1,
	PP_CONFIG_IOMMUFD,
	PP_CONFIG_VFIO_DEVICE_CDEV,
	PP_NR_KERNEL_OPTIONS,
};

struct pp_kernel_config {
	const char *path; /* "/boot/config-6.1.0-28-amd64"; NULL: none was read */
	/* 'y', 'm' or 'n'; 0: not known. Where the whole file was read, what it lacks is 'n'. */
	char option[PP_NR_KERNEL_OPTIONS];
};

/* The version of a program of the host. */
struct pp_tool_version {
	unsigned int number[2]; /* 9.0 */
	const char *from;       /* where it was read; NULL: not known */
};

/* Lines of the kernel log that tell whether an IOMMU, or interrupt remapping, is off, and why. */
enum pp_log_line {
	PP_LOG_DMAR_ALL_ONES,   /* Intel: a unit that does not answer */
	PP_LOG_DMAR_ADDRESS_0,  /* Intel: a unit at address 0 */
	PP_LOG_DMAR_UNUSABLE,   /* Intel: the table, or a unit of it, could not be used */
	PP_LOG_STONEY_RIDGE,    /* AMD: not used beside this graphics chip */
	PP_LOG_AMD_SME,         /* AMD: not used with this microcode and encrypted memory */
	PP_LOG_IR_ERRATUM,      /* Intel: a chipset whose interrupt remapping is broken */
	PP_LOG_IR_NO_UNIT,      /* Intel: an I/O APIC that no unit covers */
	PP_LOG_IR_NO_IOAPIC,    /* the I/O APICs are switched off */
	PP_LOG_IR_NO_SB_IOAPIC, /* AMD: the table lacks the I/O APIC of the timer */
	PP_LOG_IR_OFF_AMD,
	PP_LOG_IR_OFF_INTEL,
	PP_LOG_IR_ON,         /* Intel or AMD: every unit remaps interrupts */
	PP_LOG_IR_REFUSED,    /* VFIO refused a device for want of it */
	PP_LOG_PAGE_0_USABLE, /* the firmware's memory map has RAM at address 0 */
	PP_NR_LOG_LINES,
};

#define PP_MAX_IOAPICS 32

/* I/O APICs that the kernel told of. */
struct pp_ioapics {
	struct pp_ioapic {
		uint8_t id;
		uint32_t first_gsi;
	} known[PP_MAX_IOAPICS];
	uint32_t nr_known;
	uint8_t missing[PP_MAX_IOAPICS]; /* AMD: ids that the IVRS does not name */
	uint32_t nr_missing;
};

/* DMA that the IOMMU stopped, as the kernel logged it. */
struct pp_fault {
	struct pp_address device;
	uint64_t address;
};

#define PP_MAX_FAULTS       64
#define PP_MAX_DEVICE_LINES 64

/* drivers/acpi/tables.c: what the kernel logged of a table of one signature in its initrd. */
struct pp_log_override {
	bool found; /* "DMAR ACPI table found in initrd [" */
	bool taken; /* "Table Upgrade: override [DMAR-…": in the place of the firmware's */
	bool added; /* "Table Upgrade: install [DMAR-…": as another one; the driver reads the first
	             */
};

/* One option "ids=" of vfio-pci, without quotation marks, and where it stands: a path, or "the
 * kernel command line".
 */
struct pp_vfio_ids {
	const char *ids, *where;
};

struct pp_kernel {
	/* The kernel whose files were read, where another is asked for; NULL: this one. */
	const struct pp_kernel *running;
	struct pp_text_fact release; /* "6.1.0-28-amd64" */
	/* Of the release; 0 if it is unknown. Only kernel-facts.c compares them. */
	unsigned int major, minor, patch;
	bool patch_known; /* false: "6.1.0-28" does not tell it */
	bool proxmox;
	bool backports; /* Red Hat's or SUSE's: a low number does not mean old behaviour */
	struct pp_text_fact command_line; /* only looked at, never shown whole */
	/*
	 * "Y" or "N": the module's parameter; before it is loaded, the command line or modprobe.d.
	 * ENOENT: set nowhere, so "N" once it is loaded.
	 */
	struct pp_text_fact unsafe_interrupts;
	struct pp_text_fact denylist_disabled; /* "Y" or "N": vfio_pci.disable_denylist */
	/* The same of other options; see pp_module_option_find(). */
	struct pp_text_fact idle_d3_disabled, vga_disabled, intx_not_masked, sriov_enabled;
	struct pp_text_fact iommufd_unsafe_interrupts;
	struct pp_text_fact lockdown; /* "none", "integrity", "confidentiality" */
	bool log_scope_mismatch;      /* "Device scope type does not match for" */
	const char *log_scope_device; /* the device it names */
	bool rmrrs_relaxed; /* relax_rmrr is in force: by the log, or on Proxmox the command line */
	bool acs_override_ignored;  /* the log: the kernel does not know pcie_acs_override */
	bool log_direct_map_failed; /* "not able to establish FW requested direct mapping" */
	int log_error;              /* errno where the log was not read */
	bool log_from_boot;         /* it reaches back to where tables are overridden */
	/* What the log says of tables in the initrd. */
	struct pp_log_override log_dmar, log_ivrs, log_iort;
	bool log_override_refused; /* "kernel is locked down, ignoring table override" */
	bool log_tboot;            /* started by tboot, which hands the kernel its own DMAR */
	/* _OSC at a host bridge: the firmware gave Linux the PCIe capability, or kept it. */
	enum pp_tri log_pcie_control;
	bool log_its, log_gicv2m; /* Arm: the kernel found an ITS, a GICv2m frame */
	const struct pp_fault *log_faults;
	uint32_t nr_log_faults;              /* the first PP_MAX_FAULTS that differ */
	struct pp_device_line *device_lines; /* the last of each sort and device */
	uint32_t nr_device_lines;
	const char *log_lines[PP_NR_LOG_LINES]; /* the first of each sort, cleaned; NULL: none */
	struct pp_ioapics ioapics;
	struct pp_kernel_config config;
	struct pp_module vfio_pci, vfio_type1, iommufd;
	/* What vfio-pci is told to take, in the order of modprobe, which hands the command line's
	 * over last. Each replaces the one before: only the last is in force. */
	const struct pp_vfio_ids *vfio_ids;
	uint32_t nr_vfio_ids;
};

/* A switch of one of VFIO's modules, and the fact that says how it stands. */
struct pp_module_option {
	const char *module, *option; /* as /sys/module has them, with '_' */
	size_t fact;                 /* offset of its struct pp_text_fact in struct pp_kernel */
	bool only_read;              /* no plan sets it */
};

/* One that a plan may set; NULL: there is none. */
const struct pp_module_option *pp_module_option_find(const char *module, const char *option);
/* "Y" or "N", as with unsafe_interrupts. */
const struct pp_text_fact *pp_module_option_fact(const struct pp_module_option *o,
                                                 const struct pp_kernel *k);
/* What the kernel takes for on: lib/kstrtox.c, kstrtobool(); a bare name is a yes. */
bool pp_module_option_is_on(const char *value);

/* What could not be read, once a fact. */
struct pp_unread {
	struct pp_unread *next;
	const char *path; /* with '*' for any device */
	int error;        /* EACCES, EPERM: root would read it; ENODATA: the capture lacks it */
	const char *adds; /* what it would add */
};

#define PP_UNREAD_NAME_BYTES 320

/* Of a host that was read for one device: see host/part.h. */
struct pp_part {
	struct pp_address device;
	bool is_short; /* an answer depended on what was not read */
};

struct pp_host {
	struct pp_arena arena;
	struct pp_notes notes; /* odd firmware, odd files */

	const struct pp_windows *windows; /* host/on-windows.h; NULL: the host runs Linux */
	struct pp_text_fact product, manufacturer, board, bios_version, bios_date;
	struct pp_kernel kernel;
	enum pp_host_kind kind;
	const char *kind_from;  /* what shows it, for people; NULL: nothing does */
	const char *processor;  /* as /proc/cpuinfo calls its maker; NULL: not known */
	const char *guest_from; /* what shows that it is a virtual machine; NULL: cpuinfo, if any */
	const char *cpu;        /* "GenuineIntel family 6 model 62"; NULL: not known */
	const char *container;  /* what shows that this is a container; NULL: nothing does */
	enum pp_tri tree_iommu; /* the device tree gives PCI an IOMMU; on other hosts unknown */
	const char *tree_from;  /* the directory that was looked at */
	const struct pp_tree_map *tree_maps; /* of a device tree: one a root bus */
	uint32_t nr_tree_maps;
	enum pp_tri smmu_v3; /* the SMMU is of version 3, as the kernel names it */
	/* On a kernel that lets a stream have one device alone: whose it is, by pp_smmu_taken(). */
	const struct pp_smmu_stream *streams;
	uint32_t nr_streams;
	enum pp_xen_role xen_role;
	const char *xen_from; /* what shows the role */

	int devices_error; /* errno: the list of devices itself could not be read */
	const struct pp_device *devices;
	uint32_t nr_devices;
	/* Of texts: not one bridge among them, so they were left out, as Proxmox VE does. */
	bool no_bridges;

	int groups_error; /* ENODATA: whether there are groups is not known */
	const struct pp_group *groups;
	uint32_t nr_groups;

	/* The IOMMU as the firmware declares it and as the kernel runs it. */
	enum pp_tri table_dmar, table_ivrs, table_iort; /* present among the firmware's tables? */
	/* errno where the table is present but was not read or decoded */
	int dmar_error, ivrs_error, iort_error;
	bool dmar_is_rmad;           /* Xen renames it for its dom0; the same bytes else */
	struct pp_error table_error; /* the sentence of a table that could not be decoded */
	uint32_t wrong_scope_device; /* first device that a DMAR scope names by the wrong type */
	uint32_t wrong_scope_offset;
	uint8_t wrong_scope_type;
	const struct pp_dmar *dmar;
	const struct pp_ivrs *ivrs;
	const struct pp_iort *iort;
	struct pp_span dmar_bytes, ivrs_bytes, iort_bytes; /* of these, as they were read */
	/* The IORT lists an IOMMU: many list interrupt controllers only. */
	enum pp_tri iort_has_smmu;
	/* A virtual machine's own table; not looked for where a DMAR or an IVRS is. */
	enum pp_tri table_viot;
	int viot_error;             /* errno where it is there and was not read or decoded */
	const struct pp_viot *viot; /* NULL as well: it leads to no IOMMU */
	enum pp_tri is_guest;       /* the host is a virtual machine itself */
	bool xen;                   /* it runs under Xen, which keeps the IOMMU to itself */
	bool groups_elsewhere;      /* there are groups, of other devices than PCI's */
	enum pp_tri iommu_on;       /* the kernel runs one */
	enum pp_iommu_kind iommu;   /* by what the kernel runs, else by the table */
	/* Address bits that it maps, by the narrowest unit; 0: not known. And who says so. */
	unsigned int iommu_width;
	const char *iommu_width_from;
	/* Read only where the kernel has VFIO's device files. */
	struct pp_tool_version qemu, libvirt;
	unsigned int cpu_width; /* physical address bits of the processors; 0: not known */
	enum pp_tri intremap;   /* interrupts are remapped; on Arm: message interrupts isolated */
	const char *intremap_line; /* the kernel's own, one of log_lines, that tells it; or NULL */
	const char
		*intremap_why; /* another kernel is asked for, and would not remap: why; or NULL */
	enum pp_msi_chip msi_chip; /* with an SMMU: who takes message interrupts */
	const char *msi_chip_from; /* which file said so */

	/* PP_NO: the mounts were read, and the disk of "/" was not found; PP_UNKNOWN: not read. */
	enum pp_tri root_disk_known;
	int disks_error; /* why it is not known; 0: nobody asks on Windows */

	const struct pp_smbios *smbios; /* NULL: not read */

	const struct pp_region *regions;
	uint32_t nr_regions;
	const struct pp_region_mapping *mappings; /* by device, then region */
	uint32_t nr_mappings;

	const struct pp_claim *claims; /* by device, then kind */
	uint32_t nr_claims;

	struct pp_unread *unread;
	const struct pp_origins *origins; /* host/origin.h; NULL: the host is not one of texts */
	struct pp_part *part;             /* NULL: the whole host was read */
};

/*
 * To be called where an answer depends on devices that have nothing to do with the one it is about:
 * of a part that makes it worthless, and the host is read whole.
 */
static inline void pp_host_needs_all(const struct pp_host *h)
{
	if (h->part)
		h->part->is_short = true;
}

/* What the kernel last logged of a device that does not answer; NULL: nothing of that sort. */
const struct pp_device_line *pp_device_line(const struct pp_host *h, const struct pp_device *d,
                                            enum pp_device_line_sort sort);

/*
 * What could not be read, for people: on Linux the file, in buf's PP_UNREAD_NAME_BYTES; on Windows,
 * which has no such file, the table or the property.
 */
const char *pp_unread_name(const struct pp_host *h, const struct pp_unread *u, char *buf);

/* Index of the device at that address or PP_NO_DEVICE. */
uint32_t pp_host_find(const struct pp_host *h, struct pp_address a);

/*
 * The same host as it would be with other bytes for its DMAR or IVRS: regions and holds are worked
 * out anew, all else is h's and borrowed from it. -EBADMSG: the table cannot be decoded.
 */
int pp_host_replace_table(const struct pp_host *h, enum pp_region_source table,
                          struct pp_span bytes, struct pp_host **ret, struct pp_error *e);

static inline uint8_t pp_device_base_class(const struct pp_device *d)
{
	return (uint8_t)(d->class_code >> 16);
}
/* Whether it is known what it is; of one that does not answer no more will be. */
static inline bool pp_device_class_known(const struct pp_device *d)
{
	return d->config.header_read == PP_YES || d->ids_known || d->class_code || d->gone;
}

/* drivers/iommu/intel/iommu.c, device_rmrr_is_relaxable(): tested on the device itself. */
bool pp_device_is_relaxable(const struct pp_device *d);
/* Whether Linux lets the device go although the region names it: as above, or by relax_rmrr. */
bool pp_region_lets_go(const struct pp_host *h, const struct pp_region *r,
                       const struct pp_device *d);

/*
 * The kernel's own region of an ISA bridge's group, for old DMA behind it: no firmware uses it. The
 * kernel's list has the firmware's regions below 16 MiB in it, as one.
 */
bool pp_kernel_region_is_for_isa(const struct pp_kernel_region *k);

/*
 * Behind Intel's Volume Management Device, whose domains are those above 0xffff
 * (drivers/pci/controller/vmd.c): it is gone as soon as the controller leaves the driver vmd, for
 * vfio-pci as well.
 */
bool pp_is_behind_vmd(const struct pp_device *d);

/* Whether it is known which buses a bridge leads to. */
bool pp_device_buses_known(const struct pp_device *bridge);

/* No IOMMU can ever make groups of this host's PCI devices, whatever a person does. */
bool pp_host_never_groups(const struct pp_host *h);
/* "an Intel x86", "Arm with a device tree" …: the kind in words. */
const char *pp_host_kind_words(enum pp_host_kind kind);
/* "intel", "arm-acpi" …: the kind for documents. */
const char *pp_host_kind_name(enum pp_host_kind kind);

/* Whether the kernel was built with an option. */
enum pp_tri pp_kernel_has_option(const struct pp_kernel *k, enum pp_kernel_option option);
/* "CONFIG_INTEL_IOMMU" */
const char *pp_kernel_option_name(enum pp_kernel_option option);

/* The kernel is locked down: pcipass then replaces no firmware table. */
bool pp_locked_down(const struct pp_host *h);
/* VFIO has no containers of type 1 here: it goes by /dev/iommu alone. */
bool pp_kernel_goes_by_iommufd(const struct pp_kernel *k);
/* Whether iommufd maps a guest's memory, for want of vfio_iommu_type1; groups or not. */
bool pp_kernel_maps_by_iommufd(const struct pp_kernel *k);
/* Whether the kernel has VFIO's device files, /dev/vfio/devices, and iommufd. */
enum pp_tri pp_kernel_has_device_files(const struct pp_kernel *k);
/* Whether the running kernel refuses a group for a direct region. */
enum pp_tri pp_kernel_blocks_direct(const struct pp_host *h);
/* Whether a device gets its IOMMU group only when a driver is bound to it: older kernels, SMMU. */
enum pp_tri pp_kernel_groups_late(const struct pp_host *h);

/*
 * Value of the last "name=" on the command line, copied to the arena; "" for a bare name, NULL if
 * there is none. name is written with underscores; the kernel takes dashes for them.
 */
const char *pp_kernel_argument(const struct pp_host *h, const char *name, struct pp_arena *a);

/*
 * Whether "name=one,two" is on the running kernel command line already: every option behind the
 * equals sign stands behind some "name=" there, and none after it takes it back.
 */
bool pp_kernel_argument_given(const struct pp_host *h, const char *argument);

#endif
