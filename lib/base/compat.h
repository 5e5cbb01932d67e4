/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the C library of Windows lacks, or does otherwise than the sources expect. The build for
 * Windows includes it in front of every file (meson.build), so that no other file knows of it.
 */
#ifndef PP_BASE_COMPAT_H
#define PP_BASE_COMPAT_H

#ifndef _WIN32
#error "for Windows only"
#endif

#include <errno.h>
#include <fcntl.h>
#include <io.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

/* printf with C's own conversions (%zu, %jd), and the compiler's check of its arguments. */
#define format(kind, text, first) __format__(gnu_##kind, text, first)

/* Bytes of UTF-8: a path of Windows has up to 260 units, with a long one's prefix more. */
#undef PATH_MAX
#define PATH_MAX 4096

/* Names of errors that it lacks; captures hold names (source/path.c), never numbers. */
#define EUCLEAN      201
#define EREMOTEIO    202
#define ESTALE       203
#define ENOKEY       204
#define EKEYREJECTED 205
#define EHWPOISON    206
#define ENOMEDIUM    207
#define EDQUOT       208
/* It says "Unknown error" from 100 on. These are the texts of glibc, in English. */
const char *pp_compat_error(int code);
#define strerror pp_compat_error

void *memmem(const void *in, size_t in_len, const void *what, size_t len);
void *memrchr(const void *in, int c, size_t len);
char *strcasestr(const char *in, const char *what);
char *strsep(char **rest, const char *delimiters);
void *reallocarray(void *p, size_t count, size_t size);
/* Sorts a pointer's worth of context along, as glibc's; qsort_s has its arguments otherwise. */
void qsort_r(void *base, size_t count, size_t size,
             int (*compare)(const void *a, const void *b, void *ctx), void *ctx);

/* Not inherited by a program that is started; never a terminal's or a pipe's business. */
#define O_CLOEXEC  O_NOINHERIT
#define O_NONBLOCK 0
#define O_NOCTTY   0
#define O_NOFOLLOW 0

/* Below, in sys/windows-compat.c: paths are UTF-8, files are bytes. */
int pp_compat_open(const char *path, int flags, ...);
FILE *pp_compat_fopen(const char *path, const char *mode);
int pp_compat_access(const char *path, int mode);
int pp_compat_unlink(const char *path);
int pp_compat_rmdir(const char *path);
int pp_compat_stat(const char *path, struct stat *ret);
#define open   pp_compat_open
#define fopen  pp_compat_fopen
#define access pp_compat_access
#define unlink pp_compat_unlink
#define rmdir  pp_compat_rmdir
/* "stat" is a macro for this name already, of the struct as well, which has no parenthesis. */
#define _stat64(path, ret) pp_compat_stat(path, ret)

#define GRND_NONBLOCK 0
ssize_t getrandom(void *bytes, size_t len, unsigned int flags);
/* 0: with an administrator's rights, that are in effect; else another number. */
unsigned int geteuid(void);
unsigned int getegid(void);

#endif
