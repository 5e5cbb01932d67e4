/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The kernel log in files, and its lines. */
#ifndef PP_SOURCE_KERNEL_LOG_H
#define PP_SOURCE_KERNEL_LOG_H

#include "source/source.h"

#define PP_KERNEL_LOG_PATH "var/log/dmesg.txt"

/* The first of the files that hold a kernel log. -ENODATA: none does. */
int pp_kernel_log_from_files(struct pp_source *s, struct pp_arena *a, struct pp_span *ret);

/* The ring buffer of the running kernel; nothing in it is cleared or marked as read. */
int pp_kernel_log_live(struct pp_source *s, struct pp_arena *a, struct pp_span *ret);

/* Takes the "<6>" from the beginning of each line, in place; the new length. */
size_t pp_kernel_log_strip(char *text, size_t len);

#endif
