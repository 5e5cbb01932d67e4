/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The running machine with its devices, and a machine that is the files below a directory. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <ifaddrs.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "sys/os.h"
#include "sys/state.h"

#define HOLDER_TRIES 30 /* of 100 ms */

struct live {
	struct pp_sys base;
	int log; /* /dev/kmsg, -1: not open */
};

static bool live_is_privileged(struct pp_sys *s)
{
	return geteuid() == 0;
}

static int sys_live_open(struct pp_sys *s, const char *path)
{
	return pp_os_open(s, path, O_RDWR | O_CLOEXEC | O_NOCTTY);
}

static int live_control(struct pp_sys *s, int handle, unsigned long request, void *argument)
{
	int r = ioctl(handle, request, argument);
	return r < 0 ? -errno : r;
}

static void sys_live_close(struct pp_sys *s, int handle)
{
	close(handle);
}

/* open(2): O_EXCL on a block device fails with EBUSY where it is mounted or otherwise held. */
static int live_is_claimed(struct pp_sys *s, const char *path)
{
	int fd = pp_os_open(s, path, O_RDONLY | O_EXCL | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);

	if (fd < 0)
		return fd == -EBUSY ? 1 : fd;
	close(fd);
	return 0;
}

static int live_has_address(struct pp_sys *s, const char *name)
{
	struct ifaddrs *list;
	int found = 0;

	if (getifaddrs(&list) < 0)
		return -errno;
	for (const struct ifaddrs *i = list; i && !found; i = i->ifa_next)
		found = i->ifa_addr && !strcmp(i->ifa_name, name) &&
		        (i->ifa_addr->sa_family == AF_INET || i->ifa_addr->sa_family == AF_INET6);
	freeifaddrs(list);
	return found;
}

/*
 * A group has one user at a time, be it by its own file or by its devices' files (drivers/vfio,
 * group.c), so that it cannot be opened tells of a user whom /proc does not show.
 */
static int live_find_holder_once(struct pp_sys *s, const char *const *paths, struct pp_holder *ret)
{
	int r = pp_os_find_holder(s, paths, ret);

	for (; !r && *paths; paths++) {
		if (strncmp(*paths, "dev/vfio/", 9) || strchr(*paths + 9, '/'))
			continue;
		int fd = sys_live_open(s, *paths);
		if (fd >= 0)
			close(fd);
		if (fd != -EBUSY)
			continue;
		*ret = (struct pp_holder){ .path = *paths };
		r = 1;
	}
	return r;
}

/* Somebody may just look at a node that is new, and let it go: only who stays is a holder. */
static int live_find_holder(struct pp_sys *s, const char *const *paths, struct pp_holder *ret)
{
	const struct timespec pause = { .tv_nsec = 100 * 1000 * 1000 };
	int r = live_find_holder_once(s, paths, ret);

	for (int i = 0; r == 1 && i < HOLDER_TRIES; i++) {
		nanosleep(&pause, NULL);
		r = live_find_holder_once(s, paths, ret);
	}
	return r;
}

static int live_log_begin(struct pp_sys *s)
{
	struct live *m = (struct live *)s;

	if (m->log >= 0)
		close(m->log);
	m->log = pp_os_open(s, "dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	if (m->log < 0)
		return m->log;
	return lseek(m->log, 0, SEEK_END) < 0 ? -errno : 0;
}

static int live_log_next(struct pp_sys *s, char *buf, size_t size, size_t *ret)
{
	struct live *m = (struct live *)s;

	if (m->log < 0)
		return -EAGAIN;
	ssize_t n = read(m->log, buf, size);
	if (n <= 0)
		return n < 0 ? -errno : -EAGAIN;
	*ret = (size_t)n;
	return 0;
}

static void sys_live_free(struct pp_sys *s)
{
	struct live *m = (struct live *)s;

	if (m->log >= 0)
		close(m->log);
	free(m);
}

static const struct pp_sys_ops live_ops = {
	PP_OS_FILE_OPS,
	.is_privileged = live_is_privileged,
	.is_claimed = live_is_claimed,
	.has_address = live_has_address,
	.find_holder = live_find_holder,
	.open = sys_live_open,
	.control = live_control,
	.close = sys_live_close,
	.log_begin = live_log_begin,
	.log_next = live_log_next,
	.free = sys_live_free,
};

int pp_sys_live(struct pp_sys **ret, struct pp_error *e)
{
	struct live *m = calloc(1, sizeof(*m));

	if (!m)
		return pp_fail_oom(e, "/");
	m->base = (struct pp_sys){ .ops = &live_ops, .root = "" };
	m->log = -1;
	*ret = &m->base;
	return 0;
}

static bool below_is_privileged(struct pp_sys *s)
{
	return false;
}

static const struct pp_sys_ops below_ops = {
	PP_OS_FILE_OPS,
	PP_NO_DEVICE_OPS,
	.is_privileged = below_is_privileged,
	.find_holder = pp_os_find_holder,
};

int pp_sys_below(const char *root, struct pp_sys **ret, struct pp_error *e)
{
	return pp_no_device_new(&below_ops, root, ret, e);
}

const char *pp_sys_state(void)
{
	return "/" PP_SYS_STATE;
}
