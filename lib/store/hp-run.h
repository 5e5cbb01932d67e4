/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef PP_STORE_HP_RUN_H
#define PP_STORE_HP_RUN_H

#include <stdbool.h>

#include "base/error.h"

/* One run of a program that is not trusted to end, to be short or to tell the truth. */

#define PP_RUN_MAX_OUTPUT 65536

struct pp_run {
	const char *program; /* a path; no shell, no search */
	char *const *argv;
	const char *folder; /* to run in */
	unsigned int limit_s;
	int keep_fd; /* open in the child, too; -1 none */
};

struct pp_run_result {
	bool timed_out;                     /* it was ended by us */
	int signal;                         /* it was ended by this signal; 0: it ended itself */
	int status;                         /* exit status then */
	char output[PP_RUN_MAX_OUTPUT + 1]; /* both streams, what came first of it */
	size_t len;
};

/*
 * Runs it in a process group of its own with nothing on its standard input and an environment of
 * PATH and LANG. 0: it ran, whatever came of it.
 */
int pp_run(const struct pp_run *r, struct pp_run_result *ret, struct pp_error *e);

#endif
