/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Every step that can fail does, and each time all is as it was before. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <linux/vfio.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fake.h"

#define HBA   "0000:02:00.0"
#define SOUND "0000:02:00.1"

static int set_up(void **state)
{
	*state = fake_new();
	return 0;
}

static int tear_down(void **state)
{
	fake_free(*state);
	return 0;
}

static void as_before(struct fake *f)
{
	assert_string_equal(fake_driver(f, HBA), "mptsas");
	assert_string_equal(fake_driver(f, "0000:03:00.0"), "e1000e");
	assert_string_equal(fake_driver(f, "0000:00:02.0"), "pcieport");
	assert_string_equal(fake_override(f, HBA), "");
	assert_string_equal(fake_override(f, SOUND), "");
	assert_int_equal(f->open_fds, 0);
}

static void ends_as(struct pp_attach *a, enum pp_attach_result result, const char *words)
{
	assert_non_null(a);
	assert_int_equal(pp_attach_result(a), result);
	if (words && !strstr(a->reason, words))
		fail_msg("\"%s\" lacks \"%s\"", a->reason, words);
	assert_true(pp_attach_restored(a));
	assert_int_equal(a->nr_to_type, 0);
}

static const struct pp_attach_step *step_of(const struct pp_attach *a, const char *name)
{
	for (const struct pp_attach_step *s = a->steps; s; s = s->next)
		if (!strcmp(s->name, name))
			return s;
	fail_msg("no step %s", name);
	return NULL;
}

static void all_goes_well(void **state)
{
	struct fake *f = *state;
	struct pp_attach *a = fake_attach(f, "02:00.0", true, false);

	ends_as(a, PP_ATTACH_DONE, NULL);
	assert_null(a->reason);
	assert_string_equal(f->did, "open:dev/vfio/vfio\n"
	                            "version:\n"
	                            "extension:\n"
	                            "override:0000:02:00.0:vfio-pci\n"
	                            "unbind:mptsas:0000:02:00.0\n"
	                            "bind:vfio-pci:0000:02:00.0\n"
	                            "open:dev/vfio/8\n"
	                            "status:\n"
	                            "container:\n"
	                            "iommu:\n"
	                            "info:\n"
	                            "map:\n"
	                            "device:0000:02:00.0\n"
	                            "device-info:\n"
	                            "unmap:\n"
	                            "close:device\n"
	                            "close:group\n"
	                            "close:container\n"
	                            "unbind:vfio-pci:0000:02:00.0\n"
	                            "override:0000:02:00.0\n"
	                            "bind:mptsas:0000:02:00.0\n");
	/* The first page that fits in the second range: the first range is too small. */
	assert_int_equal(f->mapped_at, 0x201000);
	as_before(f);
	pp_attach_free(a);
}

static void without_ranges(void **state)
{
	struct fake *f = *state;

	f->no_ranges = true;
	struct pp_attach *a = fake_attach(f, "02:00.0", true, true);
	ends_as(a, PP_ATTACH_DONE, NULL);
	assert_int_equal(f->mapped_at, 0x1000000);
	assert_int_equal(step_of(a, "reset")->error, 0);
	assert_non_null(strstr(f->did, "reset:\n"));
	as_before(f);
	pp_attach_free(a);
}

/* A slot of two functions in one group, one without a driver; an override of its own is kept. */
static void a_whole_slot(void **state)
{
	struct fake *f = *state;

	fake_file(f, "sys/bus/pci/devices/" HBA "/driver_override", "mptsas\n");
	struct pp_attach *a = fake_attach(f, "slot2", true, false);
	ends_as(a, PP_ATTACH_DONE, NULL);
	assert_int_equal(a->txn.nr_ops, 2);
	assert_string_equal(fake_override(f, HBA), "mptsas");
	assert_string_equal(fake_override(f, SOUND), "");
	assert_string_equal(fake_driver(f, HBA), "mptsas");
	assert_string_equal(fake_driver(f, SOUND), "");
	/* One group, one container; both devices. The last taken goes back first. */
	const char *first = strstr(f->did, "unbind:vfio-pci:" SOUND),
		   *second = strstr(f->did, "unbind:vfio-pci:" HBA);
	assert_true(first && second && first < second);
	assert_non_null(strstr(f->did, "device:" SOUND));
	pp_attach_free(a);
}

static void two_groups(void **state)
{
	struct fake *f = *state;

	f->devices[FAKE_NIC].slot = f->devices[FAKE_HBA].slot;
	struct pp_attach *a = fake_attach(f, "slot2", true, false);
	ends_as(a, PP_ATTACH_DONE, NULL);
	assert_int_equal(a->nr_groups, 2);
	const char *iommu = strstr(f->did, "iommu:");
	assert_non_null(iommu);
	assert_null(strstr(iommu + 1, "iommu:"));
	assert_non_null(strstr(f->did, "open:dev/vfio/9"));
	as_before(f);
	pp_attach_free(a);
}

/* A companion is taken too, one without a driver left alone. */
static void companions(void **state)
{
	struct fake *f = *state;
	struct pp_attach *a = fake_attach(f, "02:00.1", true, false);

	ends_as(a, PP_ATTACH_DONE, NULL);
	assert_non_null(strstr(f->did, "unbind:mptsas:" HBA));
	assert_null(strstr(f->did, "device:" HBA));
	assert_non_null(strstr(f->did, "device:" SOUND));
	as_before(f);
	pp_attach_free(a);
}

static void not_without_take(void **state)
{
	struct fake *f = *state;
	struct pp_attach *a = fake_attach(f, "02:00.0", false, false);

	ends_as(a, PP_ATTACH_NOT_TRIED, HBA " belongs to mptsas: --take");
	as_before(f);
	pp_attach_free(a);
	/* Nor a companion. */
	a = fake_attach(f, "02:00.1", false, false);
	ends_as(a, PP_ATTACH_NOT_TRIED, HBA " belongs to mptsas");
	assert_null(strstr(f->did, "bind:"));
	assert_null(strstr(f->did, "override:"));
	as_before(f);
	pp_attach_free(a);
}

static void nothing_is_touched_without_rights(void **state)
{
	struct fake *f = *state;

	f->not_root = true;
	struct pp_attach *a = fake_attach(f, "02:00.0", true, false);
	ends_as(a, PP_ATTACH_NOT_TRIED, "root");
	assert_string_equal(f->did, "");
	pp_attach_free(a);
}

static void without_vfio(void **state)
{
	struct fake *f = *state;
	char path[128];

	f->no_type1 = true;
	struct pp_attach *a = fake_attach(f, "02:00.0", true, false);
	ends_as(a, PP_ATTACH_NOT_TRIED, "modprobe vfio_iommu_type1");
	pp_attach_free(a);
	snprintf(path, sizeof(path), "%s/sys/bus/pci/drivers/vfio-pci", f->root);
	assert_int_equal(remove(path), 0);
	a = fake_attach(f, "02:00.0", true, false);
	ends_as(a, PP_ATTACH_NOT_TRIED, "vfio-pci is not loaded");
	pp_attach_free(a);
	f->fail_open = "dev/vfio/vfio";
	f->fail_open_errno = ENOENT;
	a = fake_attach(f, "02:00.0", true, false);
	ends_as(a, PP_ATTACH_NOT_TRIED, "/dev/vfio/vfio");
	assert_null(strstr(f->did, "bind"));
	as_before(f);
	pp_attach_free(a);
}

static void bridges_and_strangers(void **state)
{
	struct fake *f = *state;
	struct pp_attach_options o = { .take = true };
	struct pp_attach *a = fake_attach(f, "00:02.0", true, false);
	struct pp_error e = { 0 };

	ends_as(a, PP_ATTACH_NOT_TRIED, "a bridge stays");
	pp_attach_free(a);
	f->devices[FAKE_HBA].group = PP_NO_GROUP;
	a = fake_attach(f, "02:00.0", true, false);
	ends_as(a, PP_ATTACH_NOT_TRIED, "in no IOMMU group");
	pp_attach_free(a);
	f->devices[FAKE_HBA].group = 1;
	f->groups[1].no_iommu = true;
	a = fake_attach(f, "02:00.0", true, false);
	ends_as(a, PP_ATTACH_NOT_TRIED, "no IOMMU covers");
	pp_attach_free(a);
	a = NULL;
	assert_int_equal(pp_attach_run(&f->kernel.base, &f->host, "nonsense", &o, &a, &e), -EINVAL);
	assert_int_equal(pp_attach_run(&f->kernel.base, &f->host, "7f:00.0", &o, &a, &e), -ENXIO);
	assert_null(a);
	assert_string_equal(f->did, "");
}

/* A bridge of the group with a driver of the host's is left alone: the kernel is to say no. */
static void a_bridge_in_the_group(void **state)
{
	static const uint32_t members[] = { FAKE_BRIDGE, FAKE_HBA, FAKE_SOUND };
	struct fake *f = *state;

	f->groups[1].devices = members;
	f->groups[1].nr_devices = 3;
	f->not_viable = true;
	fake_link(f, "sys/bus/pci/devices/0000:00:02.0/driver",
	          "../../../../bus/pci/drivers/shpchp");
	struct pp_attach *a = fake_attach(f, "02:00.0", true, false);
	ends_as(a, PP_ATTACH_REFUSED, "0000:00:02.0 has shpchp");
	assert_string_equal(a->refused_at->name, "get-status");
	assert_int_equal(a->refused_at->error, 0);
	assert_null(strstr(f->did, "container:\n"));
	assert_string_equal(fake_driver(f, "0000:00:02.0"), "shpchp");
	assert_string_equal(fake_driver(f, HBA), "mptsas");
	pp_attach_free(a);
}

struct refusal {
	unsigned long request;
	int error;
	const char *step;
};

static void each_ioctl_refused(void **state)
{
	static const struct refusal refusals[] = {
		{ VFIO_GROUP_GET_STATUS, ENOTTY, "get-status" },
		{ VFIO_GROUP_SET_CONTAINER, EPERM, "set-container" },
		{ VFIO_GROUP_SET_CONTAINER, EINVAL, "set-container" },
		{ VFIO_SET_IOMMU, EPERM, "set-iommu" },
		{ VFIO_IOMMU_GET_INFO, EINVAL, "map-dma" },
		{ VFIO_IOMMU_MAP_DMA, ENOMEM, "map-dma" },
		{ VFIO_GROUP_GET_DEVICE_FD, EIO, "get-device-fd" },
		{ VFIO_DEVICE_GET_INFO, EINVAL, "get-info" },
		{ VFIO_DEVICE_RESET, ENOTTY, "reset" },
		{ VFIO_IOMMU_UNMAP_DMA, EINVAL, "unmap-dma" },
	};
	struct fake *f = *state;

	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
		f->fail_ioctl = refusals[i].request;
		f->fail_ioctl_errno = refusals[i].error;
		struct pp_attach *a = fake_attach(f, "slot2", true, true);
		ends_as(a, PP_ATTACH_REFUSED, refusals[i].step);
		assert_string_equal(a->refused_at->name, refusals[i].step);
		assert_int_equal(a->refused_at->error, refusals[i].error);
		as_before(f);
		pp_attach_free(a);
	}
}

/* A kernel whose VFIO has no groups: each device by its own node. */
static void without_groups(void **state)
{
	struct fake *f = *state;

	fake_add_cdev(f);
	f->no_groups = true;
	struct pp_attach *a = fake_attach(f, "02:00.0", true, true);
	ends_as(a, PP_ATTACH_DONE, NULL);
	assert_string_equal(f->did, "open:dev/vfio/vfio\n"
	                            "open:dev/iommu\n"
	                            "override:0000:02:00.0:vfio-pci\n"
	                            "unbind:mptsas:0000:02:00.0\n"
	                            "bind:vfio-pci:0000:02:00.0\n"
	                            "open:dev/vfio/devices/vfio20\n"
	                            "bind-iommufd:\n"
	                            "alloc-ioas:\n"
	                            "attach-ioas:\n"
	                            "map-ioas:\n"
	                            "device-info:\n"
	                            "reset:\n"
	                            "unmap-ioas:\n"
	                            "detach-ioas:\n"
	                            "close:device\n"
	                            "close:iommufd\n"
	                            "unbind:vfio-pci:0000:02:00.0\n"
	                            "override:0000:02:00.0\n"
	                            "bind:mptsas:0000:02:00.0\n");
	assert_int_equal(f->mapped_at, 0);
	as_before(f);
	pp_attach_free(a);
	/* Two functions in one address space. */
	a = fake_attach(f, "slot2", true, false);
	ends_as(a, PP_ATTACH_DONE, NULL);
	assert_non_null(strstr(f->did, "bind-iommufd:\nbind-iommufd:\nalloc-ioas:\nattach-ioas:\n"
	                               "attach-ioas:\nmap-ioas:\n"));
	as_before(f);
	pp_attach_free(a);
}

/* Both ways, one after the other; the first is closed by then. */
static void both_ways(void **state)
{
	struct fake *f = *state;

	fake_add_cdev(f);
	struct pp_attach *a = fake_attach(f, "02:00.0", true, false);
	ends_as(a, PP_ATTACH_DONE, NULL);
	assert_non_null(strstr(f->did, "close:container\nopen:dev/iommu\n"
	                               "open:dev/vfio/devices/vfio20\nbind-iommufd:\n"));
	as_before(f);
	pp_attach_free(a);
	/* /dev/iommu alone is no second way. */
	f->cdev = false;
	f->did[0] = '\0';
	a = fake_attach(f, "02:00.0", true, false);
	ends_as(a, PP_ATTACH_DONE, NULL);
	assert_null(strstr(f->did, "open:dev/iommu"));
	pp_attach_free(a);
	/* Refused by groups: the other way would be refused as well. */
	f->cdev = true;
	f->fail_ioctl = VFIO_GROUP_SET_CONTAINER;
	f->fail_ioctl_errno = EINVAL;
	a = fake_attach(f, "02:00.0", true, false);
	ends_as(a, PP_ATTACH_REFUSED, "set-container");
	assert_null(strstr(f->did, "open:dev/iommu"));
	as_before(f);
	pp_attach_free(a);
}

static void without_nodes(void **state)
{
	struct fake *f = *state;

	fake_add_cdev(f);
	f->no_groups = true;
	fake_file(f, "sys/bus/pci/devices/0000:02:00.0/vfio-dev/vfio20/uevent", "");
	f->fail_open = "dev/iommu";
	f->fail_open_errno = ENODEV;
	struct pp_attach *a = fake_attach(f, "02:00.0", true, false);
	ends_as(a, PP_ATTACH_NOT_TRIED, "modprobe vfio-pci");
	as_before(f);
	pp_attach_free(a);
	f->fail_open = "devices/vfio20";
	a = fake_attach(f, "02:00.0", true, false);
	ends_as(a, PP_ATTACH_REFUSED, "open-device");
	as_before(f);
	pp_attach_free(a);
	/* /dev/iommu, and a kernel without VFIO_DEVICE_CDEV. */
	f->fail_open = NULL;
	fake_link(f, "sys/bus/pci/devices/0000:02:00.0/driver",
	          "../../../../bus/pci/drivers/vfio-pci");
	a = fake_attach(f, "02:00.0", true, false);
	ends_as(a, PP_ATTACH_NOT_TRIED, "VFIO_DEVICE_CDEV");
	assert_int_equal(f->open_fds, 0);
	pp_attach_free(a);
}

static void each_ioctl_of_iommufd_refused(void **state)
{
	static const struct refusal refusals[] = {
		{ FAKE_BIND, EINVAL, "bind-iommufd" },
		{ FAKE_BIND, EPERM, "bind-iommufd" },
		{ FAKE_ALLOC, ENOMEM, "alloc-ioas" },
		{ FAKE_ATTACH, EINVAL, "attach-ioas" },
		{ FAKE_MAP, ENOMEM, "map-ioas" },
		{ VFIO_DEVICE_GET_INFO, EINVAL, "get-info" },
		{ VFIO_DEVICE_RESET, ENOTTY, "reset" },
		{ FAKE_UNMAP, ENOENT, "unmap-ioas" },
		{ FAKE_DETACH, EINVAL, "detach-ioas" },
	};
	struct fake *f = *state;

	fake_add_cdev(f);
	f->no_groups = true;
	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
		f->fail_ioctl = refusals[i].request;
		f->fail_ioctl_errno = refusals[i].error;
		struct pp_attach *a = fake_attach(f, "slot2", true, true);
		ends_as(a, PP_ATTACH_REFUSED, refusals[i].step);
		assert_string_equal(a->refused_at->name, refusals[i].step);
		assert_int_equal(a->refused_at->error, refusals[i].error);
		as_before(f);
		pp_attach_free(a);
	}
	f->fail_ioctl = FAKE_BIND;
	f->fail_ioctl_errno = EBUSY;
	struct pp_attach *a = fake_attach(f, "02:00.0", true, false);
	ends_as(a, PP_ATTACH_STOPPED, "another program holds the device");
	as_before(f);
	pp_attach_free(a);
}

static void the_kernels_words(void **state)
{
	struct fake *f = *state;

	f->fail_ioctl = VFIO_GROUP_SET_CONTAINER;
	f->fail_ioctl_errno = EPERM;
	f->log[0] =
		"4,700,9000,-;vfio-pci 0000:02:00.0: DMAR: Device is ineligible\n SUBSYSTEM=pci\n";
	f->log[1] = "lost";
	f->log[2] = "30,701,9001,-;somebody's own words\n";
	f->log[3] = "no record";
	f->log[4] = "6,702,9002,-;\x1b[31mred\n";
	struct pp_attach *a = fake_attach(f, "02:00.0", true, false);
	ends_as(a, PP_ATTACH_REFUSED, "Operation not permitted");
	const struct pp_attach_step *s = step_of(a, "set-container");
	assert_int_equal(s->nr_log, 2);
	assert_int_equal(s->nr_log_lost, 1);
	assert_string_equal(s->log[0], "vfio-pci 0000:02:00.0: DMAR: Device is ineligible");
	assert_string_equal(s->log[1], "?[31mred");
	assert_int_equal(step_of(a, "get-status")->nr_log, 0);
	pp_attach_free(a);
}

static void the_log_cannot_be_read(void **state)
{
	struct fake *f = *state;

	f->log_errno = EPERM;
	struct pp_attach *a = fake_attach(f, "02:00.0", true, false);
	ends_as(a, PP_ATTACH_DONE, NULL);
	assert_int_equal(a->log_error, EPERM);
	pp_attach_free(a);
}

static void each_write_fails(void **state)
{
	static const char *const writes[] = { "/driver_override", "mptsas/unbind",
		                              "vfio-pci/bind" };
	struct fake *f = *state;

	for (size_t i = 0; i < sizeof(writes) / sizeof(writes[0]); i++) {
		f->fail_write = writes[i];
		f->fail_write_errno = i == 2 ? EINVAL : EIO;
		struct pp_attach *a = fake_attach(f, "02:00.0", true, false);
		ends_as(a, PP_ATTACH_REFUSED, "bind");
		assert_string_equal(a->refused_at->name, "bind");
		assert_int_equal(a->refused_at->error, f->fail_write_errno);
		assert_null(strstr(f->did, "open:dev/vfio/8"));
		as_before(f);
		pp_attach_free(a);
	}
}

/* The second of two cannot be bound: the first goes back as well. */
static void half_taken(void **state)
{
	struct fake *f = *state;

	fake_link(f, "sys/bus/pci/devices/" SOUND "/driver",
	          "../../../../bus/pci/drivers/snd_hda_intel");
	f->fail_write = "snd_hda_intel/unbind";
	f->fail_write_errno = EIO;
	struct pp_attach *a = fake_attach(f, "slot2", true, false);
	ends_as(a, PP_ATTACH_REFUSED, "bind");
	assert_string_equal(fake_driver(f, SOUND), "snd_hda_intel");
	as_before(f);
	pp_attach_free(a);
}

static void bound_by_word_only(void **state)
{
	struct fake *f = *state;

	f->lost_driver = "vfio-pci";
	struct pp_attach *a = fake_attach(f, "02:00.0", true, false);
	ends_as(a, PP_ATTACH_REFUSED, "bind");
	assert_int_equal(a->refused_at->error, EIO);
	as_before(f);
	pp_attach_free(a);
}

static void group_in_use(void **state)
{
	struct fake *f = *state;

	f->fail_open = "dev/vfio/8";
	f->fail_open_errno = EBUSY;
	struct pp_attach *a = fake_attach(f, "02:00.0", true, false);
	ends_as(a, PP_ATTACH_STOPPED, "another program");
	as_before(f);
	pp_attach_free(a);
	f->fail_open_errno = ENOENT;
	a = fake_attach(f, "02:00.0", true, false);
	ends_as(a, PP_ATTACH_REFUSED, "open-group");
	as_before(f);
	pp_attach_free(a);
}

/* However it ends, a driver that does not come back is told, with what to type. */
static void driver_does_not_rebind(void **state)
{
	struct fake *f = *state;
	char text[4096] = "";

	f->fail_write = "mptsas/bind";
	f->fail_write_errno = EIO;
	struct pp_attach *a = fake_attach(f, "02:00.0", true, false);
	assert_non_null(a);
	assert_int_equal(pp_attach_result(a), PP_ATTACH_DONE);
	assert_false(pp_attach_restored(a));
	assert_int_equal(step_of(a, "put-back")->error, EIO);
	for (uint32_t i = 0; i < a->nr_to_type; i++)
		strcat(strcat(text, a->to_type[i]), "\n");
	assert_string_equal(text, "echo " HBA " > /sys/bus/pci/drivers/mptsas/bind\n");
	assert_string_equal(fake_override(f, HBA), "");
	pp_attach_free(a);
}

static void the_driver_pretends(void **state)
{
	struct fake *f = *state;

	f->lost_driver = "mptsas";
	struct pp_attach *a = fake_attach(f, "02:00.0", true, false);
	assert_non_null(a);
	assert_false(pp_attach_restored(a));
	assert_int_equal(step_of(a, "put-back")->error, ENODEV);
	assert_int_equal(a->nr_to_type, 1);
	pp_attach_free(a);
}

static void vfio_does_not_let_go(void **state)
{
	struct fake *f = *state;
	char text[4096] = "";

	f->fail_write = "vfio-pci/unbind";
	f->fail_write_errno = EIO;
	fake_link(f, "sys/bus/pci/devices/" SOUND "/driver",
	          "../../../../bus/pci/drivers/snd_hda_intel");
	struct pp_attach *a = fake_attach(f, "slot2", true, false);
	assert_non_null(a);
	assert_false(pp_attach_restored(a));
	for (uint32_t i = 0; i < a->nr_to_type; i++)
		strcat(strcat(text, a->to_type[i]), "\n");
	/* Both are tried, the later one first. The override stays, so that what it is can be told.
	 */
	assert_string_equal(text, "echo " SOUND " > /sys/bus/pci/drivers/vfio-pci/unbind\n"
	                          "echo > /sys/bus/pci/devices/" SOUND "/driver_override\n"
	                          "echo " SOUND " > /sys/bus/pci/drivers/snd_hda_intel/bind\n"
	                          "echo " HBA " > /sys/bus/pci/drivers/vfio-pci/unbind\n"
	                          "echo > /sys/bus/pci/devices/" HBA "/driver_override\n"
	                          "echo " HBA " > /sys/bus/pci/drivers/mptsas/bind\n");
	pp_attach_free(a);
}

/* Somebody took it while it was on vfio-pci: the kernel would wait for him. */
static void taken_by_a_guest(void **state)
{
	struct fake *f = *state;

	fake_link(f, "sys/bus/pci/devices/" HBA "/iommu_group",
	          "../../../../kernel/iommu_groups/8");
	fake_directory(f, "sys/kernel/iommu_groups/8/devices/" HBA);
	f->held = "dev/vfio/8";
	struct pp_attach *a = fake_attach(f, "02:00.0", true, false);
	assert_non_null(a);
	assert_false(pp_attach_restored(a));
	assert_int_equal(step_of(a, "put-back")->error, EBUSY);
	assert_non_null(strstr(step_of(a, "put-back")->text,
	                       HBA " is used by a guest: qemu-system-x86 (pid 4711) holds "
	                           "/dev/vfio/8"));
	assert_null(strstr(f->did, "unbind:vfio-pci"));
	assert_string_equal(fake_driver(f, HBA), "vfio-pci");
	assert_int_equal(a->nr_to_type, 3);
	pp_attach_free(a);
	/* Somebody else's group is nobody's business. */
	f->held = "dev/vfio/9";
	fake_link(f, "sys/bus/pci/devices/" HBA "/driver", "../../../../bus/pci/drivers/mptsas");
	a = fake_attach(f, "02:00.0", true, false);
	assert_true(pp_attach_restored(a));
	pp_attach_free(a);
}

/* Arm before 6.15: the device is in no group until vfio-pci is bound. */
static void without_a_group_yet(struct fake *f, uint32_t device)
{
	f->host.iommu = PP_IOMMU_SMMU;
	f->host.iommu_on = PP_YES;
	assert_true(pp_kernel_set_release(&f->host.kernel, "6.12.0"));
	f->host.kernel.release = (struct pp_text_fact){ .text = "6.12.0" };
	f->devices[device].group = PP_NO_GROUP;
	f->devices[device].group_error = ENOENT;
	f->devices[device].driver = (struct pp_text_fact){ .error = ENOENT };
	fake_file(f, "dev/vfio/8", "");
	fake_file(f, "dev/vfio/12", "");
}

static void group_comes_with_the_driver(void **state)
{
	struct fake *f = *state;

	without_a_group_yet(f, FAKE_SOUND);
	fake_link(f, "sys/bus/pci/devices/" SOUND "/iommu_group",
	          "../../../../kernel/iommu_groups/12");
	struct pp_attach *a = fake_attach(f, "02:00.1", true, false);
	ends_as(a, PP_ATTACH_DONE, NULL);
	assert_string_equal(step_of(a, "find-group")->text, SOUND " is in group 12 now");
	const char *bound = strstr(f->did, "bind:vfio-pci:" SOUND);
	assert_non_null(bound);
	assert_non_null(strstr(bound, "open:dev/vfio/12\n"));
	assert_null(strstr(f->did, "mptsas"));
	assert_int_equal(a->nr_groups, 1);
	assert_int_equal(a->groups[0].number, 12);
	as_before(f);
	pp_attach_free(a);
}

/* It joins the group of a device that is attempted with it: that is opened once. */
static void joins_a_group_of_the_attempt(void **state)
{
	struct fake *f = *state;

	without_a_group_yet(f, FAKE_SOUND);
	fake_link(f, "sys/bus/pci/devices/" SOUND "/iommu_group",
	          "../../../../kernel/iommu_groups/8");
	struct pp_attach *a = fake_attach(f, "slot2", true, false);
	ends_as(a, PP_ATTACH_DONE, NULL);
	assert_int_equal(a->nr_groups, 1);
	const char *opened = strstr(f->did, "open:dev/vfio/8\n");
	assert_non_null(opened);
	assert_null(strstr(opened + 1, "open:dev/vfio/"));
	assert_non_null(strstr(f->did, "device:" HBA));
	assert_non_null(strstr(f->did, "device:" SOUND));
	as_before(f);
	pp_attach_free(a);
}

/* Who else is in it, and in the way, is found there. */
static void joins_a_group_that_is_held(void **state)
{
	struct fake *f = *state;

	without_a_group_yet(f, FAKE_SOUND);
	fake_link(f, "sys/bus/pci/devices/" SOUND "/iommu_group",
	          "../../../../kernel/iommu_groups/12");
	fake_directory(f, "sys/kernel/iommu_groups/12/devices/" HBA);
	f->not_viable = true;
	struct pp_attach *a = fake_attach(f, "02:00.1", true, false);
	ends_as(a, PP_ATTACH_REFUSED, NULL);
	assert_string_equal(step_of(a, "get-status")->text,
	                    "group 12 is not viable: " HBA " has mptsas");
	as_before(f);
	pp_attach_free(a);
}

/* As if nothing had been tried. */
static void unlink_driver(struct fake *f, const char *address)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/sys/bus/pci/devices/%s/driver", f->root, address);
	assert_int_equal(remove(path), 0);
	snprintf(path, sizeof(path), "sys/bus/pci/devices/%s/driver_override", address);
	fake_file(f, path, "(null)\n");
	snprintf(path, sizeof(path), "%s/var/lib/pcipass/apply.json", f->root);
	remove(path);
}

static void no_group_even_then(void **state)
{
	static const char *const odd[] = { NULL, "../../../../kernel/iommu_groups/twelve",
		                           "../../../../kernel/iommu_groups/99999999999",
		                           "../../../../kernel/iommu_groups/" };
	struct fake *f = *state;

	without_a_group_yet(f, FAKE_SOUND);
	for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
		if (odd[i])
			fake_link(f, "sys/bus/pci/devices/" SOUND "/iommu_group", odd[i]);
		struct pp_attach *a = fake_attach(f, "02:00.1", true, false);
		assert_int_equal(pp_attach_result(a), PP_ATTACH_REFUSED);
		assert_string_equal(a->refused_at->name, "find-group");
		assert_null(strstr(f->did, "status:"));
		/* With such a link nobody can tell whether a guest has it: then it stays. */
		assert_int_equal(pp_attach_restored(a), !odd[i]);
		if (odd[i])
			unlink_driver(f, SOUND);
		as_before(f);
		pp_attach_free(a);
	}
}

/* From 6.15 on it would have one; and so it would with a driver of its own. */
static void no_group_to_come(void **state)
{
	struct fake *f = *state;

	without_a_group_yet(f, FAKE_SOUND);
	assert_true(pp_kernel_set_release(&f->host.kernel, "6.15.0"));
	f->host.kernel.release.text = "6.15.0";
	struct pp_attach *a = fake_attach(f, "02:00.1", true, false);
	ends_as(a, PP_ATTACH_NOT_TRIED, SOUND " is in no IOMMU group");
	pp_attach_free(a);
	without_a_group_yet(f, FAKE_HBA);
	f->devices[FAKE_HBA].driver = (struct pp_text_fact){ .text = "mptsas" };
	a = fake_attach(f, "02:00.0", true, false);
	ends_as(a, PP_ATTACH_NOT_TRIED, HBA " is in no IOMMU group");
	assert_string_equal(f->did, "");
	pp_attach_free(a);
}

static void stopped_at_every_moment(void **state)
{
	struct fake *f = *state;
	int n = 1;

	for (;; n++) {
		f->stop_after = n;
		struct pp_attach *a = fake_attach(f, "slot2", true, false);
		assert_non_null(a);
		as_before(f);
		enum pp_attach_result result = pp_attach_result(a);
		if (result == PP_ATTACH_DONE) {
			pp_attach_free(a);
			break;
		}
		ends_as(a, PP_ATTACH_STOPPED, "asked to stop");
		pp_attach_free(a);
	}
	/* Before each binding, each group, its container and each device. */
	assert_int_equal(n - 1, 2 + 2 + 2);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	static const struct CMUnitTest tests[] = {
		TEST(all_goes_well),
		TEST(without_ranges),
		TEST(a_whole_slot),
		TEST(two_groups),
		TEST(companions),
		TEST(not_without_take),
		TEST(nothing_is_touched_without_rights),
		TEST(without_vfio),
		TEST(bridges_and_strangers),
		TEST(a_bridge_in_the_group),
		TEST(each_ioctl_refused),
		TEST(without_groups),
		TEST(both_ways),
		TEST(without_nodes),
		TEST(each_ioctl_of_iommufd_refused),
		TEST(the_kernels_words),
		TEST(the_log_cannot_be_read),
		TEST(each_write_fails),
		TEST(half_taken),
		TEST(bound_by_word_only),
		TEST(group_in_use),
		TEST(driver_does_not_rebind),
		TEST(the_driver_pretends),
		TEST(vfio_does_not_let_go),
		TEST(taken_by_a_guest),
		TEST(group_comes_with_the_driver),
		TEST(joins_a_group_of_the_attempt),
		TEST(joins_a_group_that_is_held),
		TEST(no_group_even_then),
		TEST(no_group_to_come),
		TEST(stopped_at_every_moment),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
