/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Landlock: takes from this process every path but those below some directories. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sys/confined.h"

/*
 * Of Documentation/userspace-api/landlock.rst and include/uapi/linux/landlock.h, which the headers
 * of a distribution have in an older form than the kernel that runs.
 */
#ifndef SYS_landlock_create_ruleset
#define SYS_landlock_create_ruleset 444
#define SYS_landlock_add_rule       445
#define SYS_landlock_restrict_self  446
#endif

#define LANDLOCK_VERSION_FLAG   1u
#define LANDLOCK_PATH_BENEATH   1
#define LANDLOCK_READ_FILE      ((uint64_t)1 << 2)
#define LANDLOCK_READ_DIRECTORY ((uint64_t)1 << 3)
/* What a version can refuse: rights on files are numbered from 0 on. */
#define LANDLOCK_FILES_1 13u           /* to execute, write, read, remove, create */
#define LANDLOCK_FILES_2 14u           /* to move to another directory */
#define LANDLOCK_FILES_3 15u           /* to cut off */
#define LANDLOCK_FILES_5 16u           /* ioctl() on devices */
#define LANDLOCK_TCP     ((uint64_t)3) /* version 4: to bind and to connect */
#define LANDLOCK_SCOPES  ((uint64_t)3) /* version 6: abstract sockets, signals */

struct landlock_rules {
	uint64_t files;
	uint64_t tcp;    /* from version 4 on */
	uint64_t scopes; /* from version 6 on */
};

struct landlock_beneath {
	uint64_t allowed;
	int32_t directory;
} __attribute__((packed));

int pp_landlock_version(void)
{
	long version = syscall(SYS_landlock_create_ruleset, NULL, (size_t)0, LANDLOCK_VERSION_FLAG);

	return version > 0 ? (int)version : 0;
}

static unsigned int landlock_nr_files(int version)
{
	if (version >= 5)
		return LANDLOCK_FILES_5;
	if (version >= 3)
		return LANDLOCK_FILES_3;
	return version == 2 ? LANDLOCK_FILES_2 : LANDLOCK_FILES_1;
}

static int landlock_new(int version)
{
	struct landlock_rules rules = { .files = ((uint64_t)1 << landlock_nr_files(version)) - 1 };
	size_t size = sizeof(rules.files);

	if (version >= 4) {
		rules.tcp = LANDLOCK_TCP;
		size += sizeof(rules.tcp);
	}
	if (version >= 6) {
		rules.scopes = LANDLOCK_SCOPES;
		size += sizeof(rules.scopes);
	}
	long fd = syscall(SYS_landlock_create_ruleset, &rules, size, 0u);
	return fd < 0 ? -errno : (int)fd;
}

static int landlock_add(int rules, int fd, bool named)
{
	struct landlock_beneath beneath = { .directory = fd };
	struct stat st;

	if (fstat(fd, &st))
		return -errno;
	beneath.allowed = LANDLOCK_READ_FILE;
	if (S_ISDIR(st.st_mode))
		beneath.allowed |= LANDLOCK_READ_DIRECTORY;
	/* A file that is open needs no right to be opened. */
	else if (!named)
		return 0;
	if (!syscall(SYS_landlock_add_rule, rules, LANDLOCK_PATH_BENEATH, &beneath, 0u))
		return 0;
	/* A pipe of a shell, "<(command)", which has no place in a file system. */
	return errno == EBADFD ? 0 : -errno;
}

int pp_landlock_begin(void)
{
	int version = pp_landlock_version();

	return version ? landlock_new(version) : PP_LANDLOCK_NONE;
}

int pp_landlock_allow(int rules, const char *path)
{
	int fd = rules < 0 ? -1 : open(path, O_PATH | O_CLOEXEC);
	int r = fd < 0 ? 0 : landlock_add(rules, fd, true);

	if (fd >= 0)
		close(fd);
	return r;
}

int pp_landlock_enforce(int rules)
{
	if (rules == PP_LANDLOCK_NONE)
		return 0;
	int r = syscall(SYS_landlock_restrict_self, rules, 0u) ? -errno : 0;
	close(rules);
	return r;
}

int pp_landlock_confine(const int *fds, unsigned int nr)
{
	int rules = pp_landlock_begin(), r = 0;

	if (rules < 0)
		return rules == PP_LANDLOCK_NONE ? 0 : rules;
	for (unsigned int i = 0; !r && i < nr; i++)
		r = landlock_add(rules, fds[i], false);
	if (!r)
		return pp_landlock_enforce(rules);
	close(rules);
	return r;
}
