/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Inside lib/sys: what each system does in its own way for a lock file; the rest is lock.c's. */
#ifndef PP_SYS_LOCK_OS_H
#define PP_SYS_LOCK_OS_H

#include <stddef.h>
#include <stdint.h>

#include "sys/lock.h"

/* "123\n" by itself, "123 456 update-grub\n" with a program at work. */
#define PP_LOCK_NOTE_BYTES 96

/* A descriptor for reading and writing, never of a link, or -errno. make: where there is none. */
int pp_lock_os_open(const char *path, bool make);
/*
 * 0: locked. 1: another holder has removed the file meanwhile. -EAGAIN: somebody has it. -EEXIST:
 * somebody else's file, which must never be cut and written to. Else -errno.
 */
int pp_lock_os_try(int fd, const char *path);
/* A descriptor for reading, if somebody has it; it is not taken. Else negative. */
int pp_lock_os_find_held(const char *path);
/* From the beginning of the file, ended by a NUL; and over what is there. */
void pp_lock_os_read(int fd, char *ret, size_t size);
void pp_lock_os_write(int fd, const char *text, size_t len);

#endif
