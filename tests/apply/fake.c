/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A machine with three functions, for attaches: what a kernel answers besides its drivers. */
#define _GNU_SOURCE
#include "fake.h"

#include <assert.h>
#include <ftw.h>
#include <errno.h>
#include <linux/vfio.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DRIVERS "sys/bus/pci/drivers/"
#define DEVICES "sys/bus/pci/devices/"

static void path_of(const struct fake *f, const char *path, char ret[512])
{
	int n = snprintf(ret, 512, "%s/%s", f->root, path);

	assert(n < 512);
	(void)n;
}

static void make_directories(const struct fake *f, const char *path)
{
	char whole[512];

	path_of(f, path, whole);
	for (char *c = whole + strlen(f->root) + 1; (c = strchr(c, '/')); c++) {
		*c = '\0';
		mkdir(whole, 0700);
		*c = '/';
	}
}

void fake_directory(struct fake *f, const char *path)
{
	char whole[512];

	make_directories(f, path);
	path_of(f, path, whole);
	mkdir(whole, 0700);
}

void fake_file(struct fake *f, const char *path, const char *text)
{
	char whole[512];

	make_directories(f, path);
	path_of(f, path, whole);
	FILE *out = fopen(whole, "w");
	assert(out);
	fputs(text, out);
	fclose(out);
}

void fake_link(struct fake *f, const char *path, const char *text)
{
	char whole[512];

	make_directories(f, path);
	path_of(f, path, whole);
	unlink(whole);
	int r = symlink(text, whole);
	assert(!r);
	(void)r;
}

void fake_rename(struct fake *f, const char *from, const char *to)
{
	char old[512], new[512];

	path_of(f, from, old);
	path_of(f, to, new);
	int r = rename(old, new);
	assert(!r);
	(void)r;
}

const char *fake_driver(struct fake *f, const char *address)
{
	static char name[128];

	return kernel_driver(&f->kernel, address, name);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *walk)
{
	return remove(path);
}

void fake_add_cdev(struct fake *f)
{
	f->cdev = true;
	fake_file(f, "dev/iommu", "");
}

/* A device that vfio-pci has gets a node: "0000:02:00.1" is vfio21. */
static void make_node(struct fake *f, const char *address)
{
	char path[256], whole[512];

	if (!f->cdev || strlen(address) < 12)
		return;
	if (!strcmp(fake_driver(f, address), "vfio-pci")) {
		snprintf(path, sizeof(path), DEVICES "%s/vfio-dev/vfio%c%c/dev", address,
		         address[6], address[11]);
		fake_file(f, path, "240:0\n");
		return;
	}
	snprintf(path, sizeof(path), DEVICES "%s/vfio-dev", address);
	path_of(f, path, whole);
	nftw(whole, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

const char *fake_override(struct fake *f, const char *address)
{
	static char name[128];

	return kernel_override(&f->kernel, address, name);
}

static void note(struct fake *f, const char *a, const char *b, const char *c)
{
	size_t n = strlen(f->did);

	snprintf(f->did + n, sizeof(f->did) - n, "%s:%s%s%s\n", a, b, *c ? ":" : "", c);
}

static bool fake_path_ends_with(const char *s, const char *tail)
{
	size_t n = strlen(s), t = tail ? strlen(tail) : 0;

	return tail && n >= t && !strcmp(s + n - t, tail);
}

static bool is_privileged(struct pp_sys *s)
{
	return !((struct fake *)s)->not_root;
}

static int write_driver(struct fake *f, const char *path, const char *address)
{
	char driver[64];
	const char *name = path + strlen(DRIVERS), *verb = strrchr(path, '/') + 1;

	snprintf(driver, sizeof(driver), "%.*s", (int)(verb - 1 - name), name);
	note(f, verb, driver, address);
	if (fake_path_ends_with(path, f->fail_write) || fake_path_ends_with(path, f->fail_write2))
		return -f->fail_write_errno;
	if (!strcmp(verb, "bind") && f->lost_driver && !strcmp(driver, f->lost_driver))
		return 0;
	int r = kernel_write(&f->kernel.base, path, address);
	make_node(f, address);
	return r;
}

static int write_text(struct pp_sys *s, const char *path, const char *text)
{
	struct fake *f = (struct fake *)s;

	if (!strncmp(path, DRIVERS, strlen(DRIVERS)))
		return write_driver(f, path, text);
	char address[16];
	snprintf(address, sizeof(address), "%.12s", path + strlen(DEVICES));
	char plain[64];
	snprintf(plain, sizeof(plain), "%.*s", (int)strcspn(text, "\n"), text);
	note(f, "override", address, plain);
	if (fake_path_ends_with(path, f->fail_write))
		return -f->fail_write_errno;
	return kernel_write(s, path, text);
}

static int open_node(struct pp_sys *s, const char *path)
{
	struct fake *f = (struct fake *)s;

	note(f, "open", path, "");
	if (fake_path_ends_with(path, f->die_at_open))
		raise(SIGKILL);
	if (fake_path_ends_with(path, f->fail_open))
		return -f->fail_open_errno;
	if (f->no_groups && !strcmp(path, "dev/vfio/vfio"))
		return -ENOENT;
	if (!f->cdev && !strcmp(path, "dev/iommu"))
		return -ENOENT;
	f->open_fds++;
	if (!strcmp(path, "dev/iommu"))
		return 500;
	if (!strncmp(path, "dev/vfio/devices/", strlen("dev/vfio/devices/")))
		return 2000;
	return strcmp(path, "dev/vfio/vfio") ? atoi(path + strlen("dev/vfio/")) + 1000 : 100;
}

static const char *request_name(unsigned long request)
{
	static const struct {
		unsigned long request;
		const char *name;
	} names[] = {
		{ VFIO_GET_API_VERSION, "version" },
		{ VFIO_CHECK_EXTENSION, "extension" },
		{ VFIO_GROUP_GET_STATUS, "status" },
		{ VFIO_GROUP_SET_CONTAINER, "container" },
		{ VFIO_SET_IOMMU, "iommu" },
		{ VFIO_IOMMU_GET_INFO, "info" },
		{ VFIO_IOMMU_MAP_DMA, "map" },
		{ VFIO_IOMMU_UNMAP_DMA, "unmap" },
		{ VFIO_GROUP_GET_DEVICE_FD, "device" },
		{ VFIO_DEVICE_RESET, "reset" },
		{ FAKE_BIND, "bind-iommufd" },
		{ FAKE_ATTACH, "attach-ioas" },
		{ FAKE_DETACH, "detach-ioas" },
		{ FAKE_ALLOC, "alloc-ioas" },
		{ FAKE_MAP, "map-ioas" },
		{ FAKE_UNMAP, "unmap-ioas" },
	};

	/* VFIO_DEVICE_GET_INFO has a number of its own, others share theirs. */
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].request == request)
			return names[i].name;
	return "device-info";
}

static void iommu_info(struct fake *f, struct vfio_iommu_type1_info *info)
{
	static const struct {
		struct vfio_info_cap_header header;
		uint32_t nr, reserved;
		struct vfio_iova_range ranges[2];
	} cap = { { VFIO_IOMMU_TYPE1_INFO_CAP_IOVA_RANGE, 1, 0 },
		  2,
		  0,
		  /* Too small for a page; then one that begins unaligned. */
		  { { 0x1000, 0x17ff }, { 0x200010, 0xfeffffff } } };

	info->flags = 0;
	if (f->no_ranges)
		return;
	info->flags = VFIO_IOMMU_INFO_CAPS;
	info->cap_offset = sizeof(*info);
	memcpy((uint8_t *)info + sizeof(*info), &cap, sizeof(cap));
	info->argsz = sizeof(*info) + sizeof(cap);
}

/* What the kernel checks of an argument: its size, and the handles in it. */
static int answer_iommufd(struct fake *f, unsigned long request, uint32_t *argument)
{
	if (request == FAKE_BIND && (argument[0] != 16 || argument[1] || argument[2] != 500))
		return -EINVAL;
	if (request == FAKE_ALLOC) {
		if (argument[0] != 12 || argument[1])
			return -EINVAL;
		argument[2] = 7;
	}
	if (request == FAKE_ATTACH) {
		if (argument[0] != 12 || argument[1] || argument[2] != 7)
			return -EINVAL;
		f->space_in_use = true;
	}
	if (request == FAKE_DETACH && (argument[0] != 8 || !f->space_in_use))
		return -EINVAL;
	if (request == FAKE_MAP) {
		uint64_t *wide = (uint64_t *)argument;
		if (argument[0] != 40 || argument[1] != 6 || argument[2] != 7 || !wide[2] ||
		    wide[3] % 4096 || !wide[3])
			return -EINVAL;
		wide[4] = 0x300000;
		f->mapped_at = wide[4];
	}
	if (request == FAKE_UNMAP) {
		uint64_t *wide = (uint64_t *)argument;
		if (argument[0] != 24 || argument[1] != 7 || wide[1] != f->mapped_at)
			return -EINVAL;
		f->mapped_at = 0;
	}
	return 0;
}

static int answer(struct fake *f, unsigned long request, void *argument)
{
	if (request == FAKE_BIND || request == FAKE_ALLOC || request == FAKE_ATTACH ||
	    request == FAKE_DETACH || request == FAKE_MAP || request == FAKE_UNMAP)
		return answer_iommufd(f, request, argument);
	if (request == VFIO_CHECK_EXTENSION)
		return !f->no_type1;
	if (request == VFIO_GROUP_GET_STATUS)
		((struct vfio_group_status *)argument)->flags =
			f->not_viable ? 0 : VFIO_GROUP_FLAGS_VIABLE;
	if (request == VFIO_IOMMU_GET_INFO)
		iommu_info(f, argument);
	if (request == VFIO_IOMMU_MAP_DMA)
		f->mapped_at = ((struct vfio_iommu_type1_dma_map *)argument)->iova;
	if (request == VFIO_DEVICE_GET_INFO)
		((struct vfio_device_info *)argument)->flags = VFIO_DEVICE_FLAGS_RESET;
	if (request == VFIO_GROUP_GET_DEVICE_FD) {
		f->open_fds++;
		return 2000;
	}
	return 0;
}

static int control(struct pp_sys *s, int handle, unsigned long request, void *argument)
{
	struct fake *f = (struct fake *)s;
	bool names_device = request == VFIO_GROUP_GET_DEVICE_FD;

	note(f, request_name(request), names_device ? argument : "", "");
	if (request == f->fail_ioctl) {
		while (f->nr_log < 8 && f->log[f->nr_log])
			f->nr_log++;
		return -f->fail_ioctl_errno;
	}
	return answer(f, request, argument);
}

static void close_handle(struct pp_sys *s, int handle)
{
	struct fake *f = (struct fake *)s;

	f->open_fds--;
	note(f, "close",
	     handle >= 2000   ? "device"
	     : handle >= 1000 ? "group"
	     : handle == 500  ? "iommufd"
	                      : "container",
	     "");
}

static int is_claimed(struct pp_sys *s, const char *path)
{
	struct fake *f = (struct fake *)s;

	if (!f->claimed || strcmp(path, f->claimed))
		return 0;
	return f->claimed_errno ? -f->claimed_errno : 1;
}

static int has_address(struct pp_sys *s, const char *name)
{
	struct fake *f = (struct fake *)s;

	return f->addressed && !strcmp(f->addressed, name);
}

static int find_holder(struct pp_sys *s, const char *const *paths, struct pp_holder *ret)
{
	struct fake *f = (struct fake *)s;

	for (; f->held && *paths; paths++)
		if (!strcmp(*paths, f->held)) {
			*ret = (struct pp_holder){ 4711, "qemu-system-x86", *paths };
			return 1;
		}
	return 0;
}

static int log_begin(struct pp_sys *s)
{
	return -((struct fake *)s)->log_errno;
}

static int log_next(struct pp_sys *s, char *buf, size_t size, size_t *ret)
{
	struct fake *f = (struct fake *)s;

	if (f->next_log >= f->nr_log)
		return -EAGAIN;
	const char *record = f->log[f->next_log++];
	if (!strcmp(record, "lost"))
		return -EPIPE;
	*ret = (size_t)snprintf(buf, size, "%s", record);
	return 0;
}

/* Files and drivers are those of the directory; the rest is the fake's. */
static void make_machine(struct fake *f)
{
	struct pp_error e = { 0 };
	int r = kernel_init(&f->kernel, f->root, &e);
	struct pp_sys_ops *ops = &f->kernel.ops;

	assert(!r);
	(void)r;
	ops->is_privileged = is_privileged;
	ops->write = write_text;
	ops->open = open_node;
	ops->control = control;
	ops->close = close_handle;
	ops->is_claimed = is_claimed;
	ops->has_address = has_address;
	ops->find_holder = find_holder;
	ops->log_begin = log_begin;
	ops->log_next = log_next;
}

static void add_device(struct fake *f, int index, struct pp_address a, uint32_t class_code,
                       uint32_t group, const char *driver)
{
	char address[PP_ADDRESS_TEXT_BYTES], path[256];
	struct pp_device *d = &f->devices[index];

	d->address = a;
	d->vendor = 0x1000;
	d->device = (uint16_t)(0x70 + index);
	d->ids_known = true;
	d->class_code = class_code;
	d->config.header_read = PP_YES;
	d->config.header_type = index == FAKE_BRIDGE ? PP_HEADER_BRIDGE : PP_HEADER_NORMAL;
	d->group = group;
	d->parent = index == FAKE_BRIDGE ? PP_NO_DEVICE : FAKE_BRIDGE;
	d->physfn = PP_NO_DEVICE;
	pp_address_format(a, address);
	snprintf(path, sizeof(path), DEVICES "%s/driver_override", address);
	fake_file(f, path, "(null)\n");
	if (driver)
		kernel_set_driver(&f->kernel, address, driver);
}

static void add_files(struct fake *f)
{
	static const char *const directories[] = { "kernel",
		                                   "sys/class/block",
		                                   "sys/class/net",
		                                   "sys/class/graphics",
		                                   "sys/fs",
		                                   "var/lib",
		                                   "proc/net",
		                                   "proc/self",
		                                   "dev/vfio",
		                                   DRIVERS "mptsas",
		                                   DRIVERS "snd_hda_intel",
		                                   DRIVERS "e1000e",
		                                   DRIVERS "vfio-pci" };

	for (size_t i = 0; i < sizeof(directories) / sizeof(directories[0]); i++)
		fake_directory(f, directories[i]);
	fake_file(f, "proc/self/mountinfo", "22 1 8:1 / / rw - ext4 /dev/sda1 rw\n");
	fake_file(f, "proc/sys/kernel/random/boot_id", "11111111-1111-1111-1111-111111111111\n");
	fake_file(f, "proc/swaps", "Filename Type Size Used Priority\n");
	fake_file(f, "proc/net/route",
	          "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\n");
	fake_file(f, "proc/net/ipv6_route", "");
	fake_file(f, "proc/net/dev", "");
	for (int i = 0; i < 3; i++) {
		static const char *const nodes[] = { "dev/vfio/2", "dev/vfio/8", "dev/vfio/9" };
		fake_file(f, nodes[i], "");
	}
	fake_file(f, "proc/filesystems", "nodev\tsysfs\n");
	fake_file(f, "proc/consoles", "tty0 -WU (EC p  )    4:7\n");
}

struct fake *fake_new(void)
{
	static const uint32_t members[] = { FAKE_BRIDGE, FAKE_HBA, FAKE_SOUND, FAKE_NIC };
	struct fake *f = calloc(1, sizeof(*f));

	assert(f);
	strcpy(f->root, "/tmp/pcipass-apply-XXXXXX");
	char *made = mkdtemp(f->root);
	assert(made);
	(void)made;
	make_machine(f);
	add_files(f);
	add_device(f, FAKE_BRIDGE, (struct pp_address){ 0, 0, 2, 0 }, 0x060400, 0, "pcieport");
	add_device(f, FAKE_HBA, (struct pp_address){ 0, 2, 0, 0 }, 0x010700, 1, "mptsas");
	add_device(f, FAKE_SOUND, (struct pp_address){ 0, 2, 0, 1 }, 0x040300, 1, NULL);
	add_device(f, FAKE_NIC, (struct pp_address){ 0, 3, 0, 0 }, 0x020000, 2, "e1000e");
	f->devices[FAKE_HBA].slot = f->devices[FAKE_SOUND].slot =
		(struct pp_slot_ref){ .kind = PP_PLACE_SLOT, .number = "2" };
	f->groups[0] = (struct pp_group){ .number = 2, .devices = members, .nr_devices = 1 };
	f->groups[1] = (struct pp_group){ .number = 8, .devices = members + 1, .nr_devices = 2 };
	f->groups[2] = (struct pp_group){ .number = 9, .devices = members + 3, .nr_devices = 1 };
	f->host.devices = f->devices;
	f->host.nr_devices = NR_FAKES;
	f->host.groups = f->groups;
	f->host.nr_groups = 3;
	return f;
}

void fake_free(struct fake *f)
{
	kernel_fini(&f->kernel);
	nftw(f->root, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	free(f);
}

static bool stop(void *ctx)
{
	struct fake *f = ctx;

	return f->stop_after && !--f->stop_after ? (f->stop_after = 1, true) : false;
}

struct pp_attach *fake_attach(struct fake *f, const char *what, bool take, bool reset)
{
	struct pp_attach_options o = { .take = take, .reset = reset, .stop = stop, .stop_ctx = f };
	struct pp_attach *a = NULL;
	struct pp_error e = { 0 };

	return pp_attach_run(&f->kernel.base, &f->host, what, &o, &a, &e) ? NULL : a;
}
