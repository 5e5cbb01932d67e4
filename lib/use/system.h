/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef PP_USE_SYSTEM_H
#define PP_USE_SYSTEM_H

#include "source/source.h"

/*
 * The machine that is acted on: files are read through a source, everything else goes through this
 * table, so that a test can be the kernel. Paths as in source.h; failures are negative errno
 * values.
 */
struct pp_system {
	const struct pp_system_ops *ops;
	struct pp_source *source; /* reads files; live for the real machine */
	const char *run;          /* folder that a reboot empties; made when needed */
};

/* A process that holds a file open. */
struct pp_holder {
	int pid;       /* 0: one that /proc does not show */
	char name[64]; /* clean */
	const char *path;
};

struct pp_system_ops {
	bool (*is_root)(struct pp_system *s);
	/* One write of the whole text. */
	int (*write)(struct pp_system *s, const char *path, const char *text);
	/* For reading and writing; a descriptor. */
	int (*open)(struct pp_system *s, const char *path);
	int (*ioctl)(struct pp_system *s, int fd, unsigned long request, void *argument);
	void (*close)(struct pp_system *s, int fd);
	/* A block device that someone holds for himself: 1, 0 or an errno. */
	int (*is_claimed)(struct pp_system *s, const char *path);
	/* A network interface that has an address: 1, 0 or an errno. */
	int (*has_address)(struct pp_system *s, const char *name);
	/* The first that holds one of these open (NULL at the end): 1, 0 or an errno. */
	int (*find_holder)(struct pp_system *s, const char *const *paths, struct pp_holder *ret);
	/*
	 * The next record of /dev/kmsg behind where log_begin() stood. -EAGAIN: no more now;
	 * -EPIPE: some were lost.
	 */
	int (*log_begin)(struct pp_system *s);
	ssize_t (*log_next)(struct pp_system *s, char *buf, size_t size);
	void (*free)(struct pp_system *s);
};

/* This machine. */
int pp_system_new(struct pp_system **ret, struct pp_error *e);
/*
 * The files below a root. Nobody here holds a disk or an address of that host, so its files alone
 * say who uses what; a process of ours may hold one of the files. Nothing of it can be changed.
 */
int pp_system_at(const char *root, struct pp_system **ret, struct pp_error *e);
void pp_system_free(struct pp_system *s);

/* Over this machine's processes; paths below root, "" for "/". 1, 0 or an errno. */
int pp_holder_find(const char *root, const char *const *paths, struct pp_holder *ret);

#endif
