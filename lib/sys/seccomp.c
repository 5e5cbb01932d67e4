/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A seccomp filter: the few system calls that reading and decoding need. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdint.h>
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

int pp_seccomp_confine(bool directories)
{
	return 0;
}
#else

#define SECCOMP_MAX_CODE 160

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

/* The call is let through unless its third argument has one of these bits. */
static void seccomp_allow_without(struct seccomp_code *c, int call, uint32_t bits)
{
	seccomp_add(c, SECCOMP_UNLESS(BPF_JEQ, call, 4));
	/* The lower half, on the little-endian machines above. */
	seccomp_add(c, SECCOMP_LOAD(args[2]));
	seccomp_add(c, SECCOMP_UNLESS(BPF_JSET, bits, 1));
	seccomp_add(c, SECCOMP_REFUSE);
	seccomp_add(c, SECCOMP_ALLOW);
}

/* Only this process can be meant: abort() ends it so. */
static void seccomp_allow_on_self(struct seccomp_code *c, int call)
{
	seccomp_add(c, SECCOMP_UNLESS(BPF_JEQ, call, 4));
	seccomp_add(c, SECCOMP_LOAD(args[0]));
	seccomp_add(c, SECCOMP_UNLESS(BPF_JEQ, getpid(), 1));
	seccomp_add(c, SECCOMP_ALLOW);
	seccomp_add(c, SECCOMP_REFUSE);
}

static void seccomp_build(struct seccomp_code *c, bool directories)
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
	if (directories) {
		seccomp_allow(c, seccomp_directory_calls,
		              sizeof(seccomp_directory_calls) / sizeof(seccomp_directory_calls[0]));
		seccomp_allow_without(c, SYS_openat, O_ACCMODE | O_CREAT | O_TRUNC);
	}
	/* No memory that code could run in. */
#ifdef SYS_mmap
	seccomp_allow_without(c, SYS_mmap, PROT_EXEC);
#endif
#ifdef SYS_mmap2
	seccomp_allow_without(c, SYS_mmap2, PROT_EXEC);
#endif
	seccomp_allow_without(c, SYS_mprotect, PROT_EXEC);
	seccomp_allow_on_self(c, SYS_tgkill);
	seccomp_add(c, SECCOMP_REFUSE);
}

bool pp_seccomp_is_here(void)
{
	/* 0: no filter, so the kernel knows of them. */
	return prctl(PR_GET_SECCOMP, 0, 0, 0, 0) >= 0;
}

int pp_seccomp_confine(bool directories)
{
	struct seccomp_code code = { .nr = 0 };

	if (!pp_seccomp_is_here())
		return 0;
	seccomp_build(&code, directories);
	if (code.nr > SECCOMP_MAX_CODE)
		return -E2BIG;
	struct sock_fprog program = { .len = code.nr, .filter = code.steps };
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) ? -errno : 0;
}
#endif
