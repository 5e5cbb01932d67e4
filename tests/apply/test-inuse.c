/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the host works with is found, whatever way it is used. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "inuse/guest.h"
#include "inuse/inuse.h"
#include "fake.h"

#define DISK_PATH "../../devices/pci0000:00/0000:00:02.0/0000:02:00.0/host0/block/"

static int set_up(void **state)
{
	struct fake *f = fake_new();

	*state = f;
	/* One disk of the HBA with a partition, one of somebody else's that is mounted. */
	fake_link(f, "sys/class/block/sdb", DISK_PATH "sdb");
	fake_link(f, "sys/class/block/sdb1", DISK_PATH "sdb/sdb1");
	fake_link(f, "sys/class/block/sda1",
	          "../../devices/pci0000:00/0000:00:1f.2/ata1/block/sda/sda1");
	fake_file(f, "sys/devices/pci0000:00/0000:00:02.0/0000:02:00.0/host0/block/sdb/dev",
	          "8:16\n");
	fake_file(f, "sys/devices/pci0000:00/0000:00:02.0/0000:02:00.0/host0/block/sdb/sdb1/dev",
	          "8:17\n");
	fake_directory(f,
	               "sys/devices/pci0000:00/0000:00:02.0/0000:02:00.0/host0/block/sdb/holders");
	fake_directory(
		f, "sys/devices/pci0000:00/0000:00:02.0/0000:02:00.0/host0/block/sdb/sdb1/holders");
	fake_link(f, "sys/class/net/eth0",
	          "../../devices/pci0000:00/0000:00:02.0/0000:03:00.0/net/eth0");
	fake_file(f, "sys/devices/pci0000:00/0000:00:02.0/0000:03:00.0/net/eth0/flags", "0x1003\n");
	return 0;
}

static int tear_down(void **state)
{
	fake_free(*state);
	return 0;
}

/* words NULL: nothing uses it. */
static void used(struct fake *f, int device, const char *words)
{
	struct pp_arena a;
	struct pp_error e = { 0 };
	const char *use = "untouched";

	pp_arena_init(&a, 0);
	assert_int_equal(pp_inuse_find(&f->kernel.base, &f->devices[device], &a, &use, &e), 0);
	if (!words)
		assert_null(use);
	else if (!use || !strstr(use, words))
		fail_msg("found \"%s\", wanted \"%s\"", use ? use : "nothing", words);
	pp_arena_fini(&a);
}

static void unused(void **state)
{
	used(*state, FAKE_HBA, NULL);
	used(*state, FAKE_NIC, NULL);
	used(*state, FAKE_SOUND, NULL);
}

static void mounted(void **state)
{
	fake_file(*state, "proc/self/mountinfo",
	          "22 1 8:1 / / rw - ext4 /dev/sda1 rw\n30 22 8:17 / /srv/my\\040data rw - xfs "
	          "/dev/sdb1 rw\n");
	used(*state, FAKE_HBA, "sdb1 below it is mounted on /srv/my\\040data");
	used(*state, FAKE_NIC, NULL);
}

/* btrfs: an anonymous number, the device's name alone tells. */
static void mounted_by_name(void **state)
{
	fake_file(*state, "proc/self/mountinfo",
	          "30 22 0:45 /sub /srv rw,relatime shared:5 - btrfs /dev/sdb1 rw\n");
	used(*state, FAKE_HBA, "sdb1 below it is mounted on /srv");
}

static void part_of_a_file_system(void **state)
{
	struct fake *f = *state;

	fake_directory(f, "sys/fs/btrfs/features");
	fake_link(f, "sys/fs/btrfs/0b4d-11/devices/sdb",
	          "../../../../devices/pci0000:00/0000:00:02.0/"
	          "0000:02:00.0/host0/block/sdb");
	used(f, FAKE_HBA, "sdb below it is part of a mounted file system");
}

static void swapped_to(void **state)
{
	fake_file(*state, "proc/swaps", "Filename Type\n/dev/sdb1\tpartition 1 2 3\n");
	used(*state, FAKE_HBA, "sdb1 below it is swapped to");
}

static void held_by_process(void **state)
{
	struct fake *f = *state;

	fake_directory(
		f,
		"sys/devices/pci0000:00/0000:00:02.0/0000:02:00.0/host0/block/sdb/sdb1/holders/md0");
	used(f, FAKE_HBA, "sdb1 below it is part of md0");
}

static void claimed(void **state)
{
	struct fake *f = *state;

	f->claimed = "dev/sdb";
	used(f, FAKE_HBA, "sdb below it is in use");
	/* No medium: nobody can use it. */
	f->claimed_errno = ENOMEDIUM;
	used(f, FAKE_HBA, NULL);
}

static void behind_a_loop_device(void **state)
{
	struct fake *f = *state;

	fake_link(f, "sys/class/block/loop3", "../../devices/virtual/block/loop3");
	fake_directory(f, "sys/devices/virtual/block/loop3");
	used(f, FAKE_HBA, NULL);
	fake_file(f, "sys/devices/virtual/block/loop3/loop/backing_file", "/dev/sdb10\n");
	used(f, FAKE_HBA, NULL);
	fake_file(f, "sys/devices/virtual/block/loop3/loop/backing_file", "/dev/sdb1\n");
	used(f, FAKE_HBA, "sdb1 below it is behind loop3");
	used(f, FAKE_NIC, NULL);
}

static void exported(void **state)
{
	static const char path[] = "sys/kernel/config/nvmet/subsystems/nqn.x/namespaces/1/"
				   "device_path";
	struct fake *f = *state;

	fake_file(f, path, "/dev/sda\n");
	used(f, FAKE_HBA, NULL);
	fake_file(f, path, "/dev/sdb\n");
	used(f, FAKE_HBA, "/dev/sdb is exported by NVMe over Fabrics");
	used(f, FAKE_NIC, NULL);
}

/* A disk given to a guest as a file; a tape that is written; a display that is shown on. */
static void held_by_a_process(void **state)
{
	struct fake *f = *state;

	f->held = "dev/sdb1";
	used(f, FAKE_HBA, "qemu-system-x86 (pid 4711) holds /dev/sdb1");
	used(f, FAKE_NIC, NULL);
	f->held = "dev/nst0";
	used(f, FAKE_HBA, NULL);
	fake_link(f, "sys/class/scsi_tape/nst0",
	          "../../devices/pci0000:00/0000:00:02.0/0000:02:00.0/host0/scsi_tape/nst0");
	used(f, FAKE_HBA, "holds /dev/nst0");
	f->held = "dev/dri/card0";
	fake_link(f, "sys/class/drm/card0",
	          "../../devices/pci0000:00/0000:00:02.0/0000:02:00.1/drm/card0");
	used(f, FAKE_HBA, NULL);
	used(f, FAKE_SOUND, "holds /dev/dri/card0");
}

/* More than one round of growth, and none is lost. */
static void many_disks(void **state)
{
	struct fake *f = *state;
	char path[128], link[256];

	for (int i = 0; i < 200; i++) {
		snprintf(path, sizeof(path), "sys/class/block/sdx%d", i);
		snprintf(link, sizeof(link), "%ssdx%d", DISK_PATH, i);
		fake_link(f, path, link);
		snprintf(
			path, sizeof(path),
			"sys/devices/pci0000:00/0000:00:02.0/0000:02:00.0/host0/block/sdx%d/holders",
			i);
		fake_directory(f, path);
	}
	used(f, FAKE_HBA, NULL);
	f->held = "dev/sdx0";
	used(f, FAKE_HBA, "holds /dev/sdx0");
	f->held = "dev/sdx99";
	used(f, FAKE_HBA, "holds /dev/sdx99");
}

static void kernel_console(void **state)
{
	struct fake *f = *state;

	fake_link(f, "sys/class/tty/ttyS4",
	          "../../devices/pci0000:00/0000:00:02.0/0000:03:00.0/tty/ttyS4");
	fake_file(f, "proc/consoles", "tty0 -WU (EC p  )    4:7\nttyS0 -W- (E  p a)    4:64\n");
	used(f, FAKE_NIC, NULL);
	fake_file(f, "proc/consoles", "tty0 -WU (EC p  )    4:7\nttyS4 -W- (E  p a)    4:68\n");
	used(f, FAKE_NIC, "the kernel's console is ttyS4 below it");
	used(f, FAKE_HBA, NULL);
}

/* Its switch is never up, and an address is somewhere else. */
static void port_of_a_switch(void **state)
{
	struct fake *f = *state;

	fake_link(f, "sys/devices/pci0000:00/0000:00:02.0/0000:03:00.0/net/eth0/upper_ovs-system",
	          "../../../../../virtual/net/ovs-system");
	fake_link(f, "sys/class/net/ovs-system", "../../devices/virtual/net/ovs-system");
	fake_file(f, "sys/devices/virtual/net/ovs-system/flags", "0x1002\n");
	used(f, FAKE_NIC, "eth0 is a port of Open vSwitch");
	fake_file(f, "sys/devices/pci0000:00/0000:00:02.0/0000:03:00.0/net/eth0/flags", "0x1002\n");
	used(f, FAKE_NIC, NULL);
}

/* What could decide and cannot be read is no "no". */
static void cannot_tell(void **state)
{
	struct fake *f = *state;
	struct pp_arena a;
	struct pp_error e = { 0 };
	const char *use = "untouched";

	f->claimed = "dev/sdb";
	f->claimed_errno = EIO;
	pp_arena_init(&a, 0);
	assert_int_equal(pp_inuse_find(&f->kernel.base, &f->devices[FAKE_HBA], &a, &use, &e), -EIO);
	assert_string_equal(use, "untouched");
	assert_non_null(strstr(e.text, "/dev/sdb"));
	pp_arena_fini(&a);
	struct pp_attach *attempt = fake_attach(f, "02:00.0", true, false);
	assert_int_equal(pp_attach_result(attempt), PP_ATTACH_NOT_TRIED);
	assert_string_equal(fake_driver(f, "0000:02:00.0"), "mptsas");
	pp_attach_free(attempt);
}

#define HBA_BLOCK "sys/devices/pci0000:00/0000:00:02.0/0000:02:00.0/host0/block/"

static void not_known(struct fake *f, int device, const char *words)
{
	struct pp_arena a;
	struct pp_error e = { 0 };
	const char *use = "untouched";

	pp_arena_init(&a, 0);
	if (pp_inuse_find(&f->kernel.base, &f->devices[device], &a, &use, &e) >= 0)
		fail_msg("%s is away, and it is said: %s", words, use ? use : "not in use");
	assert_string_equal(use, "untouched");
	if (!strstr(e.text, words) || !strstr(e.text, "cannot tell"))
		fail_msg("%s", e.text);
	pp_arena_fini(&a);
}

/* What is not there says nothing: perhaps /proc, /sys or /dev is not there. */
static void missing_is_no_answer(void **state)
{
	static const struct {
		int device;
		const char *path, *witness; /* what every kernel has beside it */
	} rows[] = {
		{ FAKE_HBA, "proc/self/mountinfo", NULL },
		{ FAKE_HBA, "proc/swaps", "proc/filesystems" },
		{ FAKE_NIC, "proc/net/route", "proc/net/dev" },
		{ FAKE_NIC, "proc/net/ipv6_route", "proc/net/dev" },
		{ FAKE_NIC, "proc/consoles", "proc/filesystems" },
		{ FAKE_HBA, HBA_BLOCK "sdb/holders", NULL },
		{ FAKE_HBA, HBA_BLOCK "sdb/sdb1/holders", NULL },
		{ FAKE_NIC, "sys/devices/pci0000:00/0000:00:02.0/0000:03:00.0/net/eth0/flags",
		  NULL },
		{ FAKE_HBA, "sys/bus/pci/devices/0000:02:00.0", NULL },
	};
	struct fake *f = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *words = strstr(rows[i].path, "block/") ? "/holders" : rows[i].path;
		if (strstr(rows[i].path, "flags"))
			words = "eth0/flags";
		fake_rename(f, rows[i].path, "away");
		/* A kernel that was built without it. */
		if (rows[i].witness) {
			used(f, rows[i].device, NULL);
			fake_rename(f, rows[i].witness, "witness");
		}
		not_known(f, rows[i].device, words);
		if (rows[i].witness)
			fake_rename(f, "witness", rows[i].witness);
		fake_rename(f, "away", rows[i].path);
		used(f, rows[i].device, NULL);
	}
}

static void no_node_no_answer(void **state)
{
	struct fake *f = *state;

	f->claimed = "dev/sdb1";
	f->claimed_errno = ENOENT;
	not_known(f, FAKE_HBA, "dev/sdb1");
	/* A path below a multipath disk has none. */
	fake_file(f, HBA_BLOCK "sdb/sdb1/hidden", "1\n");
	used(f, FAKE_HBA, NULL);
	fake_file(f, HBA_BLOCK "sdb/sdb1/hidden", "0\n");
	not_known(f, FAKE_HBA, "dev/sdb1");
}

static void exports_not_mounted(void **state)
{
	struct fake *f = *state;

	fake_directory(f, "sys/module/nvmet");
	not_known(f, FAKE_HBA, "nvmet");
	fake_directory(f, "sys/kernel/config/nvmet/subsystems");
	used(f, FAKE_HBA, NULL);
}

static int find_guest(struct fake *f, struct pp_error *e)
{
	struct pp_arena a;
	const char *guest = NULL;

	pp_arena_init(&a, 0);
	int r = pp_guest_find(&f->kernel.base, "0000:02:00.0", &a, &guest, e);
	assert_null(guest);
	pp_arena_fini(&a);
	return r;
}

/* Whether a guest has it: without the nodes that it would hold, nobody can tell. */
static void guest_not_known(void **state)
{
	struct fake *f = *state;
	struct pp_error e = { 0 };

	fake_link(f, "sys/bus/pci/devices/0000:02:00.0/iommu_group",
	          "../../../../kernel/iommu_groups/8");
	fake_directory(f, "sys/kernel/iommu_groups/8/devices/0000:02:00.0");
	assert_int_equal(find_guest(f, &e), 0);
	fake_link(f, "sys/bus/pci/devices/0000:02:00.0/driver",
	          "../../../../bus/pci/drivers/vfio-pci");
	assert_int_equal(find_guest(f, &e), 0);
	fake_rename(f, "dev/vfio/8", "away");
	assert_int_equal(find_guest(f, &e), -ENOENT);
	assert_non_null(strstr(e.text, "cannot tell whether a guest uses it"));
	/* A node of its own in place of the group's. */
	fake_directory(f, "sys/bus/pci/devices/0000:02:00.0/vfio-dev/vfio3");
	fake_file(f, "dev/vfio/devices/vfio3", "");
	assert_int_equal(find_guest(f, &e), 0);
	fake_rename(f, "sys/bus/pci/devices/0000:02:00.0", "gone");
	assert_int_equal(find_guest(f, &e), -ENOENT);
}

static void nvme_multipath(void **state)
{
	struct fake *f = *state;

	fake_link(f, "sys/class/block/nvme0n1",
	          "../../devices/virtual/nvme-subsystem/nvme-subsys0/nvme0n1");
	fake_file(f, "sys/devices/virtual/nvme-subsystem/nvme-subsys0/nvme0n1/dev", "259:0\n");
	fake_directory(f, "sys/devices/virtual/nvme-subsystem/nvme-subsys0/nvme0n1/holders");
	fake_link(f, "sys/class/nvme-subsystem/nvme-subsys0",
	          "../../devices/virtual/nvme-subsystem/nvme-subsys0");
	fake_link(f, "sys/devices/virtual/nvme-subsystem/nvme-subsys0/nvme0",
	          "../../../pci0000:00/0000:00:02.0/0000:03:00.0/nvme/nvme0");
	fake_file(f, "proc/swaps", "Filename Type\n/dev/nvme0n1\tpartition 1 2 3\n");
	used(f, FAKE_NIC, "nvme0n1 below it is swapped to");
	used(f, FAKE_HBA, NULL);
}

static void addressed(void **state)
{
	struct fake *f = *state;

	f->addressed = "eth0";
	used(f, FAKE_NIC, "its interface eth0 is up and has an address");
	/* Down, it is idle. */
	fake_file(f, "sys/devices/pci0000:00/0000:00:02.0/0000:03:00.0/net/eth0/flags", "0x1002\n");
	used(f, FAKE_NIC, NULL);
}

static void in_another_namespace(void **state)
{
	struct fake *f = *state;

	/* The kernel shows the directory, and what is in it to its own namespace. */
	fake_directory(f, "sys/bus/pci/devices/0000:03:00.0/net");
	used(f, FAKE_NIC, "its network interface is in another network namespace");
	fake_file(f, "sys/bus/pci/devices/0000:03:00.0/net/eth0/flags", "0x1002\n");
	used(f, FAKE_NIC, NULL);
}

static void default_route(void **state)
{
	struct fake *f = *state;

	fake_file(f, "proc/net/route",
	          "Iface Destination Gateway Flags RefCnt Use Metric Mask\n"
	          "eth0 0000000A 0 0001 0 0 0 00FFFFFF\n");
	used(f, FAKE_NIC, NULL);
	fake_file(f, "proc/net/route",
	          "Iface Destination Gateway Flags RefCnt Use Metric Mask\n"
	          "eth0 00000000 0100000A 0003 0 0 0 00000000\n");
	used(f, FAKE_NIC, "the default route goes through its interface eth0");
	fake_file(f, "proc/net/route", "");
	fake_file(f, "proc/net/ipv6_route",
	          "00000000000000000000000000000000 00 00000000000000000000000000000000 00 "
	          "fe800000000000000000000000000001 00000400 00000001 00000000 00000003 eth0\n");
	used(f, FAKE_NIC, "the default route");
}

/* In a bond: without an address of its own, and yet the host's. */
static void below_a_bond(void **state)
{
	struct fake *f = *state;

	fake_link(f, "sys/devices/pci0000:00/0000:00:02.0/0000:03:00.0/net/eth0/upper_bond0",
	          "../../../../../virtual/net/bond0");
	fake_link(f, "sys/class/net/bond0", "../../devices/virtual/net/bond0");
	fake_file(f, "sys/devices/virtual/net/bond0/flags", "0x1002\n");
	used(f, FAKE_NIC, NULL);
	fake_file(f, "sys/devices/virtual/net/bond0/flags", "0x1403\n");
	used(f, FAKE_NIC, "eth0 is part of bond0, which is up");
}

static void console(void **state)
{
	struct fake *f = *state;

	fake_file(f, "sys/bus/pci/devices/0000:02:00.1/boot_vga", "1\n");
	used(f, FAKE_SOUND, NULL);
	fake_link(f, "sys/class/graphics/fbcon", "../../devices/virtual/graphics/fbcon");
	used(f, FAKE_SOUND, NULL);
	/* The firmware's framebuffer, a platform device. */
	fake_link(f, "sys/class/graphics/fb0",
	          "../../devices/platform/efi-framebuffer.0/graphics/fb0");
	used(f, FAKE_SOUND, "the display that the host boots on");
	fake_file(f, "sys/bus/pci/devices/0000:02:00.1/boot_vga", "0\n");
	used(f, FAKE_SOUND, NULL);
	fake_link(f, "sys/class/graphics/fb0",
	          "../../devices/pci0000:00/0000:00:02.0/0000:02:00.1/graphics/fb0");
	used(f, FAKE_SOUND, "it shows the console (fb0)");
}

static void virtual_functions(void **state)
{
	fake_file(*state, "sys/bus/pci/devices/0000:03:00.0/sriov_numvfs", "0\n");
	used(*state, FAKE_NIC, NULL);
	fake_file(*state, "sys/bus/pci/devices/0000:03:00.0/sriov_numvfs", "4\n");
	used(*state, FAKE_NIC, "its virtual functions are on");
}

/* Neither the device itself nor a companion is taken from under the host. */
static void not_even_with_take(void **state)
{
	struct fake *f = *state;

	fake_file(f, "proc/swaps", "Filename Type\n/dev/sdb1\tpartition 1 2 3\n");
	for (int i = 0; i < 2; i++) {
		struct pp_attach *a = fake_attach(f, i ? "02:00.1" : "02:00.0", true, false);
		assert_non_null(a);
		assert_int_equal(pp_attach_result(a), PP_ATTACH_NOT_TRIED);
		assert_non_null(strstr(a->reason, "0000:02:00.0 is needed by the host: sdb1"));
		assert_null(strstr(f->did, "bind:"));
		pp_attach_free(a);
	}
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	static const struct CMUnitTest tests[] = {
		TEST(unused),
		TEST(mounted),
		TEST(mounted_by_name),
		TEST(part_of_a_file_system),
		TEST(swapped_to),
		TEST(held_by_process),
		TEST(claimed),
		TEST(behind_a_loop_device),
		TEST(exported),
		TEST(held_by_a_process),
		TEST(many_disks),
		TEST(kernel_console),
		TEST(port_of_a_switch),
		TEST(cannot_tell),
		TEST(missing_is_no_answer),
		TEST(no_node_no_answer),
		TEST(exports_not_mounted),
		TEST(guest_not_known),
		TEST(nvme_multipath),
		TEST(addressed),
		TEST(in_another_namespace),
		TEST(default_route),
		TEST(below_a_bond),
		TEST(console),
		TEST(virtual_functions),
		TEST(not_even_with_take),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
