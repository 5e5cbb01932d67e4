/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A seccomp filter: the few system calls that reading and decoding need. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sys/confined.h"

/* An architecture that is not here has no filter, and pp_seccomp_is_here() says so. */
#if defined(__x86_64__) && defined(__LP64__)
#define SECCOMP_ARCH AUDIT_ARCH_X86_64
#define SECCOMP_X32  0x40000000u /* numbers of another interface to the same kernel */
#elif defined(__i386__)
#define SECCOMP_ARCH AUDIT_ARCH_I386
#elif defined(__aarch64__) && defined(__LP64__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define SECCOMP_ARCH AUDIT_ARCH_AARCH64
#elif defined(__arm__) && defined(__ARM_EABI__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define SECCOMP_ARCH AUDIT_ARCH_ARM
#elif defined(__riscv) && __riscv_xlen == 64
#define SECCOMP_ARCH AUDIT_ARCH_RISCV64
#elif defined(__powerpc64__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define SECCOMP_ARCH AUDIT_ARCH_PPC64LE
#elif defined(__loongarch64) && defined(AUDIT_ARCH_LOONGARCH64)
#define SECCOMP_ARCH AUDIT_ARCH_LOONGARCH64
#endif

#ifndef SECCOMP_ARCH
bool pp_seccomp_is_here(void)
{
	return false;
}

int pp_seccomp_confine(enum pp_seccomp_role role)
{
	return 0;
}
#else

#define SECCOMP_MAX_CODE 400

/* Of what is open already, of memory, of time, and to end. */
static const int seccomp_calls[] = {
	SYS_read,
	SYS_write,
	SYS_readv,
	SYS_writev,
	SYS_pread64,
	SYS_close,
	SYS_lseek,
	SYS_munmap,
	SYS_brk,
	SYS_mremap,
	SYS_madvise,
	SYS_futex,
	SYS_getrandom,
	SYS_exit,
	SYS_exit_group,
	SYS_sysinfo,
	SYS_rt_sigreturn,
	SYS_rt_sigprocmask,
	SYS_clock_gettime,
	SYS_gettimeofday,
	SYS_getpid,
	SYS_gettid,
	SYS_sched_yield,
	SYS_restart_syscall,
	SYS_fcntl,
	SYS_dup,
	SYS_clock_getres,
#if PP_IS_SANITIZED
	SYS_sigaltstack,
	SYS_getrusage,
#endif
#ifdef SYS_fstat
	SYS_fstat,
#endif
#ifdef SYS_newfstatat
	SYS_newfstatat, /* fstat() of newer C libraries */
#endif
#ifdef SYS_fstatat64
	SYS_fstatat64,
#endif
#ifdef SYS_statx
	SYS_statx,
#endif
#ifdef SYS_fstat64
	SYS_fstat64,
#endif
#ifdef SYS_fcntl64
	SYS_fcntl64,
#endif
#ifdef SYS__llseek
	SYS__llseek,
#endif
#ifdef SYS_clock_gettime64
	SYS_clock_gettime64,
#endif
#ifdef SYS_futex_time64
	SYS_futex_time64,
#endif
};

static const int seccomp_directory_calls[] = {
	SYS_openat2,   SYS_readlinkat, SYS_getdents64, SYS_fstatfs,
#ifdef SYS_fstatfs64
	SYS_fstatfs64,
#endif
};

/*
 * Of a whole command: files by their names, processes that inherit all of this, and what
 * pp_confined_start() needs, which can only take more away.
 */
static const int seccomp_reader_calls[] = {
#ifdef SYS_readlink
	SYS_readlink,
#endif
#ifdef SYS_stat
	SYS_stat,
	SYS_lstat,
#endif
#ifdef SYS_stat64
	SYS_stat64,
	SYS_lstat64,
#endif
#ifdef SYS_access
	SYS_access,
#endif
	SYS_faccessat,
#ifdef SYS_faccessat2
	SYS_faccessat2,
#endif
	SYS_statfs,
#ifdef SYS_statfs64
	SYS_statfs64,
#endif
	SYS_getcwd,
	SYS_umask,
	SYS_uname,
#ifdef SYS_getuid32
	SYS_getuid32,
	SYS_geteuid32,
	SYS_setgroups32,
	SYS_setresuid32,
	SYS_setresgid32,
#endif
	SYS_getuid,
	SYS_geteuid,
	SYS_getppid,
#ifdef SYS_getpgrp
	SYS_getpgrp,
#endif
	SYS_getpgid,
	SYS_setgroups,
	SYS_setresuid,
	SYS_setresgid,
	SYS_capget,
	SYS_capset,
	SYS_prctl,
#ifdef SYS_getrlimit
	SYS_getrlimit,
#endif
#ifdef SYS_ugetrlimit
	SYS_ugetrlimit,
#endif
#ifdef SYS_setrlimit
	SYS_setrlimit,
#endif
	SYS_rt_sigaction,
	SYS_sigaltstack,
#ifdef SYS_pipe
	SYS_pipe,
#endif
	SYS_pipe2,
#ifdef SYS_dup2
	SYS_dup2,
#endif
	SYS_dup3,
#ifdef SYS_close_range
	SYS_close_range,
#endif
#ifdef SYS_poll
	SYS_poll,
#endif
	SYS_ppoll,
#ifdef SYS_ppoll_time64
	SYS_ppoll_time64,
#endif
	SYS_wait4,
	/* The file that whoever started it has made for it. */
	SYS_recvmsg,
	SYS_set_robust_list,
#ifdef SYS_rseq
	SYS_rseq,
#endif
#ifdef SYS_landlock_restrict_self
	SYS_landlock_create_ruleset,
	SYS_landlock_add_rule,
	SYS_landlock_restrict_self,
#else
	444,
	445,
	446,
#endif
#if PP_IS_SANITIZED
	/* To look for leaks at the end. */
	SYS_ptrace,
	SYS_clone,
#ifdef SYS_getdents
	SYS_getdents,
#endif
#endif
};

struct seccomp_code {
	struct sock_filter steps[SECCOMP_MAX_CODE];
	unsigned short nr;
};

static void seccomp_add(struct seccomp_code *c, struct sock_filter step)
{
	/* Too long: seccomp_install() refuses it. */
	if (c->nr < SECCOMP_MAX_CODE)
		c->steps[c->nr] = step;
	c->nr++;
}

#define SECCOMP_LOAD(field)                                                                        \
	(struct sock_filter)                                                                       \
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
/* The lower half, on the little-endian machines above. */
#define SECCOMP_LOAD_ARGUMENT(n)                                                                   \
	(struct sock_filter)                                                                       \
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,                                                 \
	                 (uint32_t)(offsetof(struct seccomp_data, args) + (n) * sizeof(uint64_t)))
#define SECCOMP_RETURN(value) (struct sock_filter) BPF_STMT(BPF_RET | BPF_K, (value))
#define SECCOMP_REFUSE        SECCOMP_RETURN(SECCOMP_RET_ERRNO | EPERM)
#define SECCOMP_ALLOW         SECCOMP_RETURN(SECCOMP_RET_ALLOW)
/* Goes on with the next step, or else behind so many. */
#define SECCOMP_UNLESS(op, value, over)                                                            \
	(struct sock_filter) BPF_JUMP(BPF_JMP | (op) | BPF_K, (uint32_t)(value), 0, (over))

static void seccomp_allow(struct seccomp_code *c, const int *calls, size_t nr)
{
	for (size_t i = 0; i < nr; i++) {
		seccomp_add(c, SECCOMP_UNLESS(BPF_JEQ, calls[i], 1));
		seccomp_add(c, SECCOMP_ALLOW);
	}
}

/* The call is let through unless this argument of it has one of these bits. */
static void seccomp_allow_without(struct seccomp_code *c, int call, unsigned int argument,
                                  uint32_t bits)
{
	seccomp_add(c, SECCOMP_UNLESS(BPF_JEQ, call, 4));
	seccomp_add(c, SECCOMP_LOAD_ARGUMENT(argument));
	seccomp_add(c, SECCOMP_UNLESS(BPF_JSET, bits, 1));
	seccomp_add(c, SECCOMP_REFUSE);
	seccomp_add(c, SECCOMP_ALLOW);
}

/* The call is let through if this argument of it has this value; what follows is asked else. */
static void seccomp_allow_if(struct seccomp_code *c, int call, unsigned int argument,
                             uint32_t value)
{
	seccomp_add(c, SECCOMP_UNLESS(BPF_JEQ, call, 4));
	seccomp_add(c, SECCOMP_LOAD_ARGUMENT(argument));
	seccomp_add(c, SECCOMP_UNLESS(BPF_JEQ, value, 1));
	seccomp_add(c, SECCOMP_ALLOW);
	seccomp_add(c, SECCOMP_LOAD(nr));
}

/* What isatty(), its width and the group in its foreground are asked by. */
static const unsigned int seccomp_terminal[] = {
	TCGETS,
	TIOCGWINSZ,
	TIOCGPGRP,
	/* TCGETS2, whose struct the C library's headers do not have. */
	0x802c542a,
};

static void seccomp_add_reader(struct seccomp_code *c)
{
	seccomp_allow(c, seccomp_reader_calls,
	              sizeof(seccomp_reader_calls) / sizeof(seccomp_reader_calls[0]));
	for (size_t i = 0; i < sizeof(seccomp_terminal) / sizeof(seccomp_terminal[0]); i++)
		seccomp_allow_if(c, SYS_ioctl, 1, seccomp_terminal[i]);
#ifdef SYS_prlimit64
	seccomp_allow_if(c, SYS_prlimit64, 0, 0);
#endif
#ifdef SYS_open
	seccomp_allow_without(c, SYS_open, 1, O_ACCMODE | O_CREAT | O_TRUNC);
#endif
	/* fork(), and nothing that shares memory or makes a namespace. */
	seccomp_allow_without(c, SYS_clone, 0,
	                      ~(uint32_t)(CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID | CSIGNAL));
}

static void seccomp_build(struct seccomp_code *c, enum pp_seccomp_role role)
{
	seccomp_add(c, SECCOMP_LOAD(arch));
	seccomp_add(c, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SECCOMP_ARCH, 1, 0));
	seccomp_add(c, SECCOMP_RETURN(SECCOMP_RET_KILL_PROCESS));
	seccomp_add(c, SECCOMP_LOAD(nr));
#ifdef SECCOMP_X32
	seccomp_add(c, SECCOMP_UNLESS(BPF_JSET, SECCOMP_X32, 1));
	seccomp_add(c, SECCOMP_REFUSE);
#endif
	seccomp_allow(c, seccomp_calls, sizeof(seccomp_calls) / sizeof(seccomp_calls[0]));
	if (role != PP_SECCOMP_DECODER) {
		seccomp_allow(c, seccomp_directory_calls,
		              sizeof(seccomp_directory_calls) / sizeof(seccomp_directory_calls[0]));
		seccomp_allow_without(c, SYS_openat, 2, O_ACCMODE | O_CREAT | O_TRUNC);
	}
	/* No memory that code could run in. */
#ifdef SYS_mmap
	seccomp_allow_without(c, SYS_mmap, 2, PROT_EXEC);
#endif
#ifdef SYS_mmap2
	seccomp_allow_without(c, SYS_mmap2, 2, PROT_EXEC);
#endif
	seccomp_allow_without(c, SYS_mprotect, 2, PROT_EXEC);
	if (role == PP_SECCOMP_READER)
		seccomp_add_reader(c);
	/* Only this process can be meant: abort() ends it so. */
	seccomp_allow_if(c, SYS_tgkill, 0, (uint32_t)getpid());
	seccomp_add(c, SECCOMP_REFUSE);
}

bool pp_seccomp_is_here(void)
{
	/* 0: no filter, so the kernel knows of them. */
	return prctl(PR_GET_SECCOMP, 0, 0, 0, 0) >= 0;
}

int pp_seccomp_confine(enum pp_seccomp_role role)
{
	struct seccomp_code code = { .nr = 0 };

	if (!pp_seccomp_is_here())
		return 0;
	seccomp_build(&code, role);
	if (code.nr > SECCOMP_MAX_CODE)
		return -E2BIG;
	struct sock_fprog program = { .len = code.nr, .filter = code.steps };
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) ? -errno : 0;
}
#endif
