/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A child process for work on what strangers wrote: it has its input, a pipe for its answer, and
 * no way to anything else. Linux only. */
#ifndef PP_SYS_CONFINED_H
#define PP_SYS_CONFINED_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/resource.h>
#include <sys/types.h>

#include "base/error.h"

/* A sanitizer has needs of its own: to report, and for addresses. */
#if defined(__SANITIZE_ADDRESS__)
#define PP_IS_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define PP_IS_SANITIZED 1
#endif
#endif
#ifndef PP_IS_SANITIZED
#define PP_IS_SANITIZED 0
#endif

/* A build whose coverage is counted writes that down at its end, wherever it runs. */
#ifndef PP_IS_COVERED
#define PP_IS_COVERED 0
#endif

/*
 * In the child
 *   - all descriptors are closed but its inputs and the pipe;
 *   - Landlock refuses every path but those below an input that is a directory, TCP, and signals
 *     to other processes, as far as the kernel's version of it goes;
 *   - a seccomp filter lets it read, write, allocate memory that holds no code, and end. Any other
 *     system call fails with EPERM: it opens no socket, starts no program, creates no process;
 *   - it can gain no rights (no_new_privs), and if root started it, it has given root's up: it is
 *     the user nobody. For a directory it keeps the right to read files of others, for Landlock
 *     bounds that;
 *   - memory and processor time are limited, and it writes no file and no core dump.
 * A kernel without Landlock or seccomp has the rest.
 */
struct pp_confined_job {
	const int *fds; /* the inputs; each stays open under its number */
	unsigned int nr_fds;
	bool directories; /* some of them are directories, open with O_PATH */
	unsigned int cpu_s;
	/* Runs in the child; what it writes into out is the answer. 0: the child ends well. */
	int (*work)(void *ctx, int out);
	void *ctx;
};

struct pp_confined {
	int fd; /* where the answer comes from */
	pid_t pid;
	unsigned int cpu_s;
};

/* 0 or a negative errno. */
int pp_confined_start(const struct pp_confined_job *job, struct pp_confined *ret);
/* For work: all of the bytes. */
int pp_confined_send(int out, const void *bytes, size_t len);
/* All of buf; -EPIPE: the answer ends before. */
int pp_confined_receive(const struct pp_confined *c, void *buf, size_t len);
/*
 * Ends it, unless it has ended. 0: all was sent, nothing is left, and it ended well. -EPROTO and a
 * sentence otherwise: it was killed, it used up its time, or it sent more than was taken.
 */
int pp_confined_end(struct pp_confined *c, struct pp_error *e);
/*
 * Has no more use for it. It is killed and waited for; a process that is confined itself may do
 * neither, and it ends at its next write, when its time is used up, or with this process.
 */
void pp_confined_stop(struct pp_confined *c);

/*
 * The same for the rest of this process's life, where all of a command's work is for it: it may
 * also print, and start processes that are confined as it is. Files are opened for reading, by
 * their names, at or below the places alone; root's right to read what others own is kept for them.
 */
struct pp_confined_self {
	const int *fds; /* what stays open, besides the standard files */
	unsigned int nr_fds;
	const char *const *places; /* paths; where nothing is, there is nothing to allow */
	unsigned int nr_places;
	pid_t parent; /* it dies with this process, which has started it; 0: with none */
};

/* 0 or a negative errno. */
int pp_confine_self(const struct pp_confined_self *how);
/*
 * For such a process: what it may take of memory and processor time while it works on one input, as
 * a child may. SIGXCPU has to end it. What it had stands in *before, for pp_confined_unlimit(). 0
 * or a negative errno.
 */
struct pp_confined_limits {
	rlim_t memory, cpu;
};
int pp_confined_limit(unsigned int cpu_s, struct pp_confined_limits *before);
void pp_confined_unlimit(const struct pp_confined_limits *before);
/* -EPROTO and why a child ended that way; cpu_s: what it was given of processor time; 0: not known.
 */
int pp_confined_told(int status, unsigned int cpu_s, struct pp_error *e);
/* How a child ends that could not be confined, before it has read anything. */
#define PP_EXIT_UNCONFINED 71

/* What the running kernel has of it. */
struct pp_confinement {
	int landlock; /* the version of its interface; 0: none, or not switched on */
	bool seccomp;
};
struct pp_confinement pp_confinement_here(void);

/*
 * Inside: 0 or a negative errno. Where the kernel has none, it is 0 all the same. Files below those
 * of fds that are directories can still be opened for reading.
 */
int pp_landlock_confine(const int *fds, unsigned int nr);
/* The same in steps: begun, with what may be read at a path and below it, and put in force. */
#define PP_LANDLOCK_NONE (-4096) /* this kernel has none; no errno */
int pp_landlock_begin(void);
int pp_landlock_allow(int rules, const char *path);
int pp_landlock_enforce(int rules);
enum pp_seccomp_role {
	PP_SECCOMP_DECODER,     /* of what is open */
	PP_SECCOMP_DIRECTORIES, /* openat() and openat2() for reading are let through */
	PP_SECCOMP_READER,      /* a whole command: it forks, and asks the terminal for its width */
};
int pp_seccomp_confine(enum pp_seccomp_role role);
bool pp_seccomp_is_here(void);
int pp_landlock_version(void);

#endif
