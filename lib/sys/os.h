/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Inside lib/sys: files of this machine, which a live machine and one below a directory share. */
#ifndef PP_SYS_OS_H
#define PP_SYS_OS_H

#include "sys/machine.h"

struct stat;

void pp_stat_info(const struct stat *st, struct pp_sys_info *ret);
/* From fd to its end, a zero behind it. -E2BIG, -errno. */
int pp_fd_read_all(int fd, size_t max, struct pp_arena *a, struct pp_span *ret);
/* The whole of fd if that is a regular file. path: its name. -EFBIG. */
int pp_fd_read_regular(int fd, const char *path, size_t max, struct pp_arena *a,
                       struct pp_span *ret, struct pp_error *e);

/* A descriptor of a file to read; the second takes what a pipe gives as well. */
int pp_file_open(const char *path, struct pp_error *e);
int pp_file_open_input(const char *path, struct pp_error *e);

/* A file as open(2) opens it, never out of the root; -errno. */
int pp_os_open(const struct pp_sys *s, const char *path, int flags);
/* The path on this machine, in a buffer of PATH_MAX. */
int pp_os_path(const struct pp_sys *s, const char *path, char *ret);
/* The same of what is to be written. -EXDEV: below a directory a link on the way could lead out. */
int pp_os_path_to_write(const struct pp_sys *s, const char *path, char *ret);

int pp_os_info(struct pp_sys *s, const char *path, struct pp_sys_info *ret);
int pp_os_read(struct pp_sys *s, const char *path, size_t max, struct pp_arena *a,
               struct pp_span *ret);
int pp_os_content(struct pp_sys *s, const char *path, size_t max, struct pp_arena *a,
                  struct pp_content *ret);
int pp_os_link(struct pp_sys *s, const char *path, char *buf, size_t size);
int pp_os_list(struct pp_sys *s, const char *path, struct pp_arena *a, struct pp_names *ret);
int pp_os_map(struct pp_sys *s, const char *path, size_t max, struct pp_span *ret);
void pp_os_unmap(struct pp_sys *s, struct pp_span bytes);
int pp_os_put(struct pp_sys *s, const char *path, const struct pp_content *c, struct pp_error *e);
int pp_os_remove(struct pp_sys *s, const char *path);
void pp_os_clean_up(struct pp_sys *s, const char *path);
int pp_os_mkdir(struct pp_sys *s, const char *path);
int pp_os_rmdir(struct pp_sys *s, const char *path);
int pp_os_check_space(struct pp_sys *s, const char *path, uint64_t bytes, uint64_t files,
                      struct pp_error *e);
int pp_os_write(struct pp_sys *s, const char *path, const char *text);
bool pp_os_find_program(struct pp_sys *s, const char *name, char *ret, size_t size);
int pp_os_run(struct pp_sys *s, const char *const *argv, unsigned int limit_s,
              const struct pp_lock *lock, struct pp_process_result *ret, struct pp_error *e);
/* Over this machine's processes. */
int pp_os_find_holder(struct pp_sys *s, const char *const *paths, struct pp_holder *ret);

/* A machine below a directory, without a device: no-device.c. */
int pp_no_device_use(struct pp_sys *s, const char *what);
int pp_no_device_open(struct pp_sys *s, const char *path);
int pp_no_device_control(struct pp_sys *s, int handle, unsigned long request, void *argument);
void pp_no_device_close(struct pp_sys *s, int handle);
int pp_no_device_log_begin(struct pp_sys *s);
int pp_no_device_log_next(struct pp_sys *s, char *buf, size_t size, size_t *ret);
void pp_no_device_free(struct pp_sys *s);
int pp_no_device_new(const struct pp_sys_ops *ops, const char *root, struct pp_sys **ret,
                     struct pp_error *e);
#define PP_NO_DEVICE_OPS                                                                           \
	.is_claimed = pp_no_device_use, .has_address = pp_no_device_use,                           \
	.open = pp_no_device_open, .control = pp_no_device_control, .close = pp_no_device_close,   \
	.log_begin = pp_no_device_log_begin, .log_next = pp_no_device_log_next,                    \
	.free = pp_no_device_free

#define PP_OS_FILE_OPS                                                                             \
	.info = pp_os_info, .read = pp_os_read, .content = pp_os_content, .link = pp_os_link,      \
	.list = pp_os_list, .map = pp_os_map, .unmap = pp_os_unmap, .put = pp_os_put,              \
	.remove = pp_os_remove, .sweep = pp_os_clean_up, .mkdir = pp_os_mkdir,                     \
	.rmdir = pp_os_rmdir, .room = pp_os_check_space, .write = pp_os_write,                     \
	.find_program = pp_os_find_program, .run = pp_os_run

#endif
