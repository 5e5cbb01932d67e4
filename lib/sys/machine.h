/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The machine that is acted on, as a table of functions: this machine, the files below a directory,
 * or a test's. A capture is none: it has a source (source/source.h) and no struct pp_sys, so there
 * is nothing that could be done to it.
 *
 * Paths are those of the machine without the leading slash, as in source/source.h; messages have
 * the slash. Under Windows they begin with the drive, "C:/Windows", or else are below the directory
 * for the data of programs. Links are followed, and below a directory never out of it. Functions
 * without a struct pp_error return 0 or a negative errno value.
 */
#ifndef PP_SYS_MACHINE_H
#define PP_SYS_MACHINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/span.h"
#include "sys/directory.h"
#include "sys/lock.h"
#include "sys/path.h"
#include "sys/process.h"

struct pp_sys {
	const struct pp_sys_ops *ops;
	const char *root; /* where its files are, without a slash at the end; "": this machine */
	const char *data; /* where paths without a drive begin; NULL: at root */
};

/* What a file has besides: a security label, an access control list, a user's own. */
struct pp_attribute {
	const char *name;
	struct pp_span value;
};

#define PP_CONTENT_MAX_ATTRIBUTES 64

/* A file's whole content, or that there is none. */
struct pp_content {
	bool exists;
	uint32_t mode; /* permission bits */
	uint32_t uid, gid;
	struct pp_span bytes;
	const struct pp_attribute *attributes;
	uint32_t nr_attributes;
	/* Of the file that is there: its names, and whether a signature over its bytes goes with
	 * it. */
	uint32_t nr_links;
	bool is_signed;
};

#define PP_CONTENT_MAX_BYTES (16u << 20)

/* A process that holds a file open. */
struct pp_holder {
	int pid;       /* 0: one that is not shown */
	char name[64]; /* clean */
	const char *path;
};

struct pp_sys_ops {
	/* Files. */
	int (*info)(struct pp_sys *s, const char *path, struct pp_sys_info *ret);
	/* Up to max bytes from the beginning; more: -E2BIG. The bytes live in a. */
	int (*read)(struct pp_sys *s, const char *path, size_t max, struct pp_arena *a,
	            struct pp_span *ret);
	/* A regular file to be replaced: -EMLINK a link, -EBADMSG otherwise no regular file. */
	int (*content)(struct pp_sys *s, const char *path, size_t max, struct pp_arena *a,
	               struct pp_content *ret);
	/* The link's text. -EINVAL: not a link; -ENAMETOOLONG: does not fit. */
	int (*link)(struct pp_sys *s, const char *path, char *buf, size_t size);
	int (*list)(struct pp_sys *s, const char *path, struct pp_arena *a, struct pp_names *ret);
	/* At most max bytes of a file for as long as it is needed; never empty. */
	int (*map)(struct pp_sys *s, const char *path, size_t max, struct pp_span *ret);
	void (*unmap)(struct pp_sys *s, struct pp_span bytes);
	/* Whole or not at all, synced, with its directory. */
	int (*put)(struct pp_sys *s, const char *path, const struct pp_content *c,
	           struct pp_error *e);
	int (*remove)(struct pp_sys *s, const char *path);
	/* Removes what a killed writer left beside path. */
	void (*sweep)(struct pp_sys *s, const char *path);
	int (*mkdir)(struct pp_sys *s, const char *path);
	int (*rmdir)(struct pp_sys *s, const char *path);
	int (*room)(struct pp_sys *s, const char *path, uint64_t bytes, uint64_t files,
	            struct pp_error *e);
	/* One write of the whole text, to a file that the kernel makes. */
	int (*write)(struct pp_sys *s, const char *path, const char *text);

	/* Programs: by name, as the machine finds them; *ret is for pp_sys_run(). */
	bool (*find_program)(struct pp_sys *s, const char *name, char *ret, size_t size);
	int (*run)(struct pp_sys *s, const char *const *argv, unsigned int limit_s,
	           const struct pp_lock *lock, struct pp_process_result *ret, struct pp_error *e);

	/* Who uses what. */
	bool (*is_privileged)(struct pp_sys *s);
	/* A block device that someone holds for himself: 1, 0 or an errno. */
	int (*is_claimed)(struct pp_sys *s, const char *path);
	/* A network interface that has an address: 1, 0 or an errno. */
	int (*has_address)(struct pp_sys *s, const char *name);
	/* The first that holds one of these open (NULL at the end): 1, 0 or an errno. */
	int (*find_holder)(struct pp_sys *s, const char *const *paths, struct pp_holder *ret);

	/* A device's node: a handle that is not negative, for reading and writing. */
	int (*open)(struct pp_sys *s, const char *path);
	int (*control)(struct pp_sys *s, int handle, unsigned long request, void *argument);
	void (*close)(struct pp_sys *s, int handle);
	/*
	 * The kernel's next record behind where log_begin() stood. -EAGAIN: no more now; -EPIPE:
	 * some were lost.
	 */
	int (*log_begin)(struct pp_sys *s);
	int (*log_next)(struct pp_sys *s, char *buf, size_t size, size_t *ret);
	void (*free)(struct pp_sys *s);
};

/* This machine. */
int pp_sys_live(struct pp_sys **ret, struct pp_error *e);
/*
 * The files below a directory, for tests and images: no device of it is here, so nobody holds a
 * disk or an address of it; a process of ours may hold one of its files. Its programs run here, and
 * PCIPASS_ROOT names the directory to them.
 */
int pp_sys_below(const char *root, struct pp_sys **ret, struct pp_error *e);
void pp_sys_free(struct pp_sys *s);

/* What stands in front of a path for people. */
static inline const char *pp_sys_slash(const char *path)
{
	return pp_path_is_absolute(path) ? "" : "/";
}

/* path as this machine has it; NULL: no memory. */
char *pp_sys_whole(const struct pp_sys *s, struct pp_arena *a, const char *path);

/* The whole content of a file that is to be replaced. Absent is no error. -EBADMSG: a link or no
 * regular file. The bytes live in a. */
int pp_sys_content(struct pp_sys *s, const char *path, struct pp_arena *a, struct pp_content *ret,
                   struct pp_error *e);
/*
 * Same bytes, mode and owner. Not the attributes: they go with the file whatever its bytes are, and
 * a label may be set anew at any time.
 */
bool pp_content_same(const struct pp_content *a, const struct pp_content *b);
/*
 * Makes it so, whole or not at all, synced; or removes it. The attributes are those of the file
 * that is replaced; where there is none, those of c.
 */
int pp_sys_put(struct pp_sys *s, const char *path, const struct pp_content *c, struct pp_error *e);
/* With the lock held only. */
void pp_sys_clean_up(struct pp_sys *s, const char *path);

/*
 * What Linux shows of a PCI device: "sys/bus/pci/devices/0000:07:00.0/NAME"; the macro's text lives
 * as long as the block around it. name "": the device's directory.
 */
#define PP_SYS_DEVICES    "sys/bus/pci/devices"
#define PP_SYS_PATH_BYTES 256
const char *pp_sys_device_path(const char *address, const char *name, char ret[PP_SYS_PATH_BYTES]);
#define PP_SYS_DEVICE(address, name)                                                               \
	pp_sys_device_path((address), (name), (char[PP_SYS_PATH_BYTES]){ "" })

bool pp_sys_has(struct pp_sys *s, const char *path);
bool pp_sys_has_directory(struct pp_sys *s, const char *path);
bool pp_sys_is_same_file(struct pp_sys *s, const char *a, const char *b);
/* Mode 0755, whatever the caller's umask: others than root read configuration. */
int pp_sys_mkdir(struct pp_sys *s, const char *path, struct pp_error *e);
/* What is not empty stays, without an error. */
int pp_sys_rmdir(struct pp_sys *s, const char *path, struct pp_error *e);
/*
 * Whether so many bytes and files more can be put beside path. -EROFS, -ENOSPC with numbers,
 * -EACCES.
 */
int pp_sys_check_space(struct pp_sys *s, const char *path, uint64_t bytes, uint64_t files,
                       struct pp_error *e);

/* The whole of a file, which may be one that the kernel makes. */
int pp_sys_read(struct pp_sys *s, const char *path, size_t max, struct pp_arena *a,
                struct pp_span *ret);
/* Its first line, without the newline. -E2BIG: the file does not fit. */
int pp_sys_text(struct pp_sys *s, const char *path, char *buf, size_t size);
int pp_sys_link(struct pp_sys *s, const char *path, char *buf, size_t size);
/* Its bytes, where it is a file. */
int pp_sys_file_size(struct pp_sys *s, const char *path, uint64_t *ret);
/* The last component of a link's text. */
int pp_sys_link_name(struct pp_sys *s, const char *path, char *buf, size_t size);
/* Sorted by bytes, in a. */
int pp_sys_list(struct pp_sys *s, const char *path, struct pp_arena *a, struct pp_names *ret);
/* Without names that begin with a dot; NULL at the end. Absent is empty; NULL: no memory. */
const char *const *pp_sys_names(struct pp_sys *s, const char *path, struct pp_arena *a);
int pp_sys_write(struct pp_sys *s, const char *path, const char *text);

bool pp_sys_has_program(struct pp_sys *s, const char *name);
/* Its path on the machine, in ret of PATH_MAX bytes; false: the machine lacks it. */
bool pp_sys_find_program(struct pp_sys *s, const char *name, char *ret);
/*
 * Runs a program of the machine's: argv ends with NULL, and argv[0] is a name. -ENOENT: there is no
 * such program. -ETIMEDOUT: it was stopped. -ECHILD: it failed; the text has its last lines.
 */
int pp_sys_run(struct pp_sys *s, const char *const *argv, unsigned int limit_s,
               const struct pp_lock *lock, struct pp_error *e);

/*
 * A directory whose files are believed (sys/file.h), and no component of its path is a link. -EPERM
 * otherwise. make: the last component is made where it is missing; else that is -ENOENT.
 */
int pp_sys_private_directory(const struct pp_sys *s, const char *path, bool make,
                             struct pp_error *e);

#endif
