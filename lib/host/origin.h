/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Of a host that is made of texts: which text told a fact, and in which line. */
#ifndef PP_HOST_ORIGIN_H
#define PP_HOST_ORIGIN_H

#include "host/host.h"

/* A place in a text. */
struct pp_origin {
	const char *text; /* its file's name, cleaned; NULL: not known */
	uint32_t line;    /* from 1; 0: the text as a whole */
};

/*
 * Of a file of the host, such as "sys/bus/pci/devices/0000:07:00.0/driver"; of a directory, the
 * first of what is below it.
 */
struct pp_origin pp_origin_of(const struct pp_host *h, const char *path);

/* Of the first line of the kernel log that has those words in it. It searches all of the log. */
struct pp_origin pp_origin_of_log(const struct pp_host *h, const char *words);
/* How much that is. */
size_t pp_origin_log_bytes(const struct pp_host *h);

#endif
