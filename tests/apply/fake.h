/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A machine with three functions, as an attach finds it. */
#ifndef FAKE_H
#define FAKE_H

#include "attach/attach.h"
#include "kernel.h"

/*
 * A machine of kernel.h's with answers for an attach. Three functions:
 * 0000:02:00.0 and .1 in group 8 below the bridge 0000:00:02.0 (group 2), 0000:03:00.0 in group 9.
 */
struct fake {
	struct kernel kernel; /* first */
	char root[64];
	struct pp_device devices[4];
	struct pp_group groups[3];
	struct pp_host host;

	/* What was done, one word a line: "open:dev/vfio/8", "bind:mptsas:0000:02:00.0". */
	char did[8192];

	bool not_root;
	bool not_viable;
	bool no_type1;
	bool cdev;      /* /dev/iommu, and a node for each device that vfio-pci has */
	bool no_groups; /* no /dev/vfio/vfio */
	bool no_ranges; /* VFIO_IOMMU_GET_INFO without capabilities */
	/* The nth call (from 1) of that request or the write to a path that ends so fails. */
	unsigned long fail_ioctl;
	int fail_ioctl_errno;
	const char *fail_write, *fail_write2;
	int fail_write_errno;
	const char *fail_open;
	int fail_open_errno;
	const char *die_at_open; /* the process is killed there */
	const char *lost_driver; /* binding to it says yes, and does nothing */
	const char *claimed;     /* a block device's path */
	int claimed_errno;
	const char *addressed; /* a network interface */
	const char *held;      /* a file that process 4711 holds open */
	int log_errno;
	const char *log[8]; /* records that come after the failing call; NULL behind the last */
	int nr_log, next_log;
	int open_fds;
	uint64_t mapped_at;
	bool space_in_use; /* a device is attached to the address space of /dev/iommu */
	int stop_after;    /* stop() says yes from then on; 0: never */
};

enum { FAKE_BRIDGE, FAKE_HBA, FAKE_SOUND, FAKE_NIC, NR_FAKES };

struct fake *fake_new(void);
void fake_free(struct fake *f);

/* The numbers of linux/vfio.h and linux/iommufd.h, which older headers lack. */
#define FAKE_BIND   _IO(';', 100 + 18)
#define FAKE_ATTACH _IO(';', 100 + 19)
#define FAKE_DETACH _IO(';', 100 + 20)
#define FAKE_ALLOC  _IO(';', 0x81)
#define FAKE_MAP    _IO(';', 0x85)
#define FAKE_UNMAP  _IO(';', 0x86)

/* The machine gets /dev/iommu and VFIO_DEVICE_CDEV. */
void fake_add_cdev(struct fake *f);

/* A file, a link, a directory below the root; directories are made as needed. */
void fake_file(struct fake *f, const char *path, const char *text);
void fake_link(struct fake *f, const char *path, const char *text);
void fake_directory(struct fake *f, const char *path);
void fake_rename(struct fake *f, const char *from, const char *to);

/* The driver that a function has now, "" for none; its driver_override. Valid till the next call.
 */
const char *fake_driver(struct fake *f, const char *address);
const char *fake_override(struct fake *f, const char *address);

struct pp_attach *fake_attach(struct fake *f, const char *what, bool take, bool reset);

#endif
