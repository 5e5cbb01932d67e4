/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who holds a file open, by the links of /proc/PID/fd. */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "sys/os.h"

/* A file that is looked for, as the system calls see it. */
struct holder_file {
	const char *path, *name; /* below the root; its last component */
	mode_t kind;
	dev_t device, number; /* of the file system, of the node */
	ino_t inode;
};

/* Of those that are there; ret has room for all. */
static uint32_t holder_find_files(const struct pp_sys *s, const char *const *paths,
                                  struct holder_file *ret)
{
	uint32_t n = 0;

	for (; *paths; paths++) {
		char whole[PATH_MAX];
		struct stat st;
		if (pp_os_path(s, *paths, whole) || stat(whole, &st))
			continue;
		const char *slash = strrchr(*paths, '/');
		ret[n++] = (struct holder_file){ .path = *paths,
			                         .name = slash ? slash + 1 : *paths,
			                         .kind = st.st_mode & S_IFMT,
			                         .device = st.st_dev,
			                         .number = st.st_rdev,
			                         .inode = st.st_ino };
	}
	return n;
}

/*
 * Who has it by O_PATH only, as udev has each node that is new, knows where it is and has not
 * opened it: proc(5), fdinfo, flags in octal. What cannot be read counts as open.
 */
static bool holder_is_open(const char *pid, const char *fd)
{
	char path[64], text[256], *flags;

	snprintf(path, sizeof(path), "/proc/%.16s/fdinfo/%.16s", pid, fd);
	int info = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = info < 0 ? -1 : read(info, text, sizeof(text) - 1);
	if (info >= 0)
		close(info);
	text[n > 0 ? n : 0] = '\0';
	flags = strstr(text, "flags:");
	return !flags || !(strtoul(flags + strlen("flags:"), NULL, 8) & O_PATH);
}

/*
 * The link's text is the path that the process opened, perhaps in a mount namespace or below a root
 * of its own, so the node itself decides. Only what is called so is looked at closer: stat() of an
 * open file on a dead network server would wait for it.
 */
static const struct holder_file *holder_match(int fds, const char *fd, const struct holder_file *w,
                                              uint32_t n)
{
	char link[4096], *deleted, *slash;
	ssize_t len = readlinkat(fds, fd, link, sizeof(link) - 1);
	struct stat st;

	if (len <= 0 || link[0] != '/')
		return NULL;
	link[len] = '\0';
	deleted = strstr(link, " (deleted)");
	if (deleted)
		*deleted = '\0';
	slash = strrchr(link, '/');
	for (uint32_t i = 0; i < n; i++) {
		if (strcmp(slash + 1, w[i].name) || fstatat(fds, fd, &st, 0) ||
		    (st.st_mode & S_IFMT) != w[i].kind)
			continue;
		bool node = S_ISCHR(st.st_mode) || S_ISBLK(st.st_mode);
		if (node ? st.st_rdev == w[i].number
		         : st.st_dev == w[i].device && st.st_ino == w[i].inode)
			return &w[i];
	}
	return NULL;
}

static void holder_read_name(const char *pid, struct pp_holder *ret)
{
	char path[64], text[64];

	snprintf(path, sizeof(path), "/proc/%.16s/comm", pid);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text));
	if (fd >= 0)
		close(fd);
	pp_text_clean_into(ret->name, sizeof(ret->name), n > 0 ? text : "?", n > 0 ? (size_t)n : 1);
}

/*
 * 1 with *ret: it holds one. -EACCES: it may not be looked at. Of a process that has gone nothing
 * is to be known.
 */
static int holder_in_process(const char *pid, const struct holder_file *w, uint32_t n,
                             const struct holder_file **ret)
{
	char path[64];
	const struct holder_file *found = NULL;

	snprintf(path, sizeof(path), "/proc/%.16s/fd", pid);
	DIR *fds = opendir(path);
	if (!fds)
		return errno == ENOENT || errno == ESRCH ? 0 : -errno;
	for (struct dirent *d; !found && (d = readdir(fds));)
		if (d->d_name[0] != '.') {
			found = holder_match(dirfd(fds), d->d_name, w, n);
			if (found && !holder_is_open(pid, d->d_name))
				found = NULL;
		}
	closedir(fds);
	*ret = found;
	return found != NULL;
}

/* 1: found. 0: nobody, and each process was looked at. */
static int holder_search_in(DIR *proc, const struct holder_file *files, uint32_t n,
                            struct pp_holder *ret)
{
	bool seen_ourselves = false;
	int unknown = 0;

	for (struct dirent *d; (d = readdir(proc));) {
		const struct holder_file *found;
		uint64_t pid;
		if (!pp_parse_dec(d->d_name, INT32_MAX, &pid))
			continue;
		seen_ourselves |= (pid_t)pid == getpid();
		int r = holder_in_process(d->d_name, files, n, &found);
		if (r < 0)
			unknown = r;
		if (r <= 0)
			continue;
		*ret = (struct pp_holder){ .pid = (int)pid, .path = found->path };
		holder_read_name(d->d_name, ret);
		return 1;
	}
	/* An empty directory, or the processes of another namespace. */
	return seen_ourselves ? unknown : -ENOENT;
}

static int holder_search(const struct holder_file *files, uint32_t n, struct pp_holder *ret)
{
	DIR *proc = opendir("/proc");

	if (!proc)
		return -errno;
	int r = holder_search_in(proc, files, n, ret);
	closedir(proc);
	return r;
}

int pp_os_find_holder(struct pp_sys *s, const char *const *paths, struct pp_holder *ret)
{
	size_t count = 0;

	while (paths[count])
		count++;
	struct holder_file *files = calloc(count + 1, sizeof(*files));
	if (!files)
		return -ENOMEM;
	uint32_t n = holder_find_files(s, paths, files);
	int r = n ? holder_search(files, n, ret) : 0;
	/* Below a directory, nobody but us has anything to do with the files. */
	if (*s->root && r == -EACCES)
		r = 0;
	free(files);
	return r;
}
