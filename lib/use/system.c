/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The real machine. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <ifaddrs.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "use/system.h"

#define HOLDER_TRIES 30 /* of 100 ms */

struct machine {
	struct pp_system base;
	int log; /* /dev/kmsg, -1: not open */
};

static bool machine_is_root(struct pp_system *s)
{
	return geteuid() == 0;
}

static int open_path(const char *path, int flags)
{
	char absolute[4096];

	if ((size_t)snprintf(absolute, sizeof(absolute), "/%s", path) >= sizeof(absolute))
		return -ENAMETOOLONG;
	int fd = open(absolute, flags | O_CLOEXEC | O_NOCTTY);
	return fd < 0 ? -errno : fd;
}

static int machine_write(struct pp_system *s, const char *path, const char *text)
{
	int fd = open_path(path, O_WRONLY);

	if (fd < 0)
		return fd;
	/* sysfs takes a write whole, and its answer is the write's. */
	ssize_t n = write(fd, text, strlen(text));
	int r = n < 0 ? -errno : 0;
	close(fd);
	return r;
}

static int machine_open(struct pp_system *s, const char *path)
{
	return open_path(path, O_RDWR);
}

static int machine_ioctl(struct pp_system *s, int fd, unsigned long request, void *argument)
{
	int r = ioctl(fd, request, argument);
	return r < 0 ? -errno : r;
}

static void machine_close(struct pp_system *s, int fd)
{
	close(fd);
}

/* open(2): O_EXCL on a block device fails with EBUSY where it is mounted or otherwise held. */
static int machine_is_claimed(struct pp_system *s, const char *path)
{
	int fd = open_path(path, O_RDONLY | O_EXCL | O_NONBLOCK);

	if (fd < 0)
		return fd == -EBUSY ? 1 : fd;
	close(fd);
	return 0;
}

static int machine_has_address(struct pp_system *s, const char *name)
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
static int find_holder_once(const char *const *paths, struct pp_holder *ret)
{
	int r = pp_holder_find("", paths, ret);

	for (; !r && *paths; paths++) {
		if (strncmp(*paths, "dev/vfio/", 9) || strchr(*paths + 9, '/'))
			continue;
		int fd = open_path(*paths, O_RDWR);
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
static int machine_find_holder(struct pp_system *s, const char *const *paths, struct pp_holder *ret)
{
	const struct timespec pause = { .tv_nsec = 100 * 1000 * 1000 };
	int r = find_holder_once(paths, ret);

	for (int i = 0; r == 1 && i < HOLDER_TRIES; i++) {
		nanosleep(&pause, NULL);
		r = find_holder_once(paths, ret);
	}
	return r;
}

static int machine_log_begin(struct pp_system *s)
{
	struct machine *m = (struct machine *)s;

	m->log = open_path("dev/kmsg", O_RDONLY | O_NONBLOCK);
	if (m->log < 0)
		return m->log;
	return lseek(m->log, 0, SEEK_END) < 0 ? -errno : 0;
}

static ssize_t machine_log_next(struct pp_system *s, char *buf, size_t size)
{
	struct machine *m = (struct machine *)s;

	if (m->log < 0)
		return -EAGAIN;
	ssize_t n = read(m->log, buf, size);
	return n < 0 ? -errno : n ? n : -EAGAIN;
}

static void machine_free(struct pp_system *s)
{
	struct machine *m = (struct machine *)s;

	if (m->log >= 0)
		close(m->log);
	pp_source_free(s->source);
	free(m);
}

static const struct pp_system_ops machine_ops = {
	.is_root = machine_is_root,
	.write = machine_write,
	.open = machine_open,
	.ioctl = machine_ioctl,
	.close = machine_close,
	.is_claimed = machine_is_claimed,
	.has_address = machine_has_address,
	.find_holder = machine_find_holder,
	.log_begin = machine_log_begin,
	.log_next = machine_log_next,
	.free = machine_free,
};

int pp_system_new(struct pp_system **ret, struct pp_error *e)
{
	struct machine *m = calloc(1, sizeof(*m));

	if (!m)
		return pp_fail_oom(e, "attach");
	m->base.ops = &machine_ops;
	m->base.run = "/run/pcipass";
	m->log = -1;
	int r = pp_source_open(NULL, &m->base.source, e);
	if (r) {
		free(m);
		return r;
	}
	*ret = &m->base;
	return 0;
}

/* Another root. */
struct rooted {
	struct pp_system base;
	char root[];
};

static bool rooted_is_root(struct pp_system *s)
{
	return false;
}

static int rooted_nobody(struct pp_system *s, const char *what)
{
	return 0;
}

static int rooted_find_holder(struct pp_system *s, const char *const *paths, struct pp_holder *ret)
{
	return pp_holder_find(((struct rooted *)s)->root, paths, ret);
}

static void rooted_free(struct pp_system *s)
{
	pp_source_free(s->source);
	free(s);
}

static const struct pp_system_ops rooted_ops = { .is_root = rooted_is_root,
	                                         .is_claimed = rooted_nobody,
	                                         .has_address = rooted_nobody,
	                                         .find_holder = rooted_find_holder,
	                                         .free = rooted_free };

int pp_system_at(const char *root, struct pp_system **ret, struct pp_error *e)
{
	struct rooted *s = calloc(1, sizeof(*s) + strlen(root) + 1);

	if (!s)
		return pp_fail_oom(e, "apply");
	s->base.ops = &rooted_ops;
	strcpy(s->root, root);
	int r = pp_source_open(root, &s->base.source, e);
	if (r) {
		free(s);
		return r;
	}
	*ret = &s->base;
	return 0;
}

void pp_system_free(struct pp_system *s)
{
	if (s)
		s->ops->free(s);
}
