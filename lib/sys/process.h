/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs one program that is not trusted to end, to print little or to tell the truth. */
#ifndef PP_SYS_PROCESS_H
#define PP_SYS_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct pp_lock;

#define PP_PROCESS_PATH "PATH=/usr/sbin:/usr/bin:/sbin:/bin"

struct pp_process {
	const char *program;            /* a path; no shell, no search */
	const char *const *argv;        /* NULL at the end */
	const char *const *environment; /* NULL at the end; NULL: PATH, LC_ALL=C and HOME=/ */
	const char *directory;          /* to run in; NULL: "/" */
	unsigned int limit_s;
	/*
	 * Stays locked until the program, and what it leaves behind, has ended, even if we end
	 * before; its note then names the program. NULL: none.
	 */
	const struct pp_lock *lock;
};

enum pp_process_end {
	PP_PROCESS_EXITED,
	PP_PROCESS_SIGNALLED,
	PP_PROCESS_STOPPED, /* by us, at the time limit */
};

#define PP_PROCESS_OUTPUT_BYTES 65536

struct pp_process_result {
	enum pp_process_end end;
	int status; /* PP_PROCESS_EXITED: its exit status */
	int signal; /* PP_PROCESS_SIGNALLED: the signal's number */
	/* The last bytes of both its outputs, and a NUL. */
	size_t len;
	char output[PP_PROCESS_OUTPUT_BYTES + 1];
};

/*
 * Runs the program in a process group of its own, with every signal at its default and none
 * blocked, nothing to read on its standard input and no descriptor of ours but the lock's. At the
 * time limit the whole group gets SIGTERM, two seconds later SIGKILL. 0: it ran, however it ended.
 */
int pp_process_run(const struct pp_process *p, struct pp_process_result *ret, struct pp_error *e);

/* Of a clock that nobody sets. */
int64_t pp_now_ms(void);
/* One of that number runs; also where it is somebody else's. */
bool pp_process_is_alive(uint64_t pid);
/* Inside lib/sys: what it printed, of which the end is kept. len: at most all that is kept. */
void pp_process_keep(struct pp_process_result *r, const char *bytes, size_t len);

#endif
