/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Unified kernel images: what is in them, and who makes the one that runs. */
#ifndef PP_BOOT_UKI_H
#define PP_BOOT_UKI_H

#include "boot/initrd.h"

/*
 * A unified kernel image: a PE file that holds kernel, initrd and command line, each a section.
 * Nothing can be put in front of its initrd but by what makes the image.
 */
struct pp_uki {
	const char *path; /* below the root */
	/* What writes its command line into it: a row with add_to_uki. */
	const struct pp_initrd *maker;
	bool by_kernel_install; /* which runs the maker: layout=uki */
};

/*
 * The image that the running system was started from, and what makes it. -ENOTSUP: it is not found,
 * or what makes it is not known, or made it elsewhere. -EPERM: it is signed, and would not be when
 * it is made anew.
 */
int pp_uki_find(struct pp_apply *a, struct pp_uki *ret, struct pp_error *e);

/* What is in an image, borrowed from it until pp_uki_close(). */
struct pp_uki_image {
	struct pp_span whole;
	struct pp_span kernel, initrd, command_line; /* empty: no such section */
	bool is_signed;
};

/* -EBADMSG: no unified kernel image. */
int pp_uki_open(const struct pp_apply *a, const char *path, struct pp_uki_image *ret,
                struct pp_error *e);
void pp_uki_close(const struct pp_apply *a, struct pp_uki_image *u);

/* For the makers. An image that names the kernel, behind what it begins with. */
bool pp_uki_is_of_running_kernel(struct pp_apply *a, const char *image, const char *begin);
/* Somebody has written a command line to /etc/kernel/cmdline: a file without one is as good as
 * none. */
bool pp_uki_has_cmdline(struct pp_apply *a);
/* A file of our own with one line a word, behind all that the image's line has already. */
int pp_uki_put_line(struct pp_stage *s, const char *path, const char *line, struct pp_error *e);
/* -ENOTSUP: the maker makes the command line up; where: what a person can write it to. */
int pp_uki_no_source(const char *maker, const char *where, struct pp_error *e);

/* Its sections, of bytes already in memory. */
int pp_uki_parse(struct pp_span in, const char *object, struct pp_uki_image *ret,
                 struct pp_error *e);

#endif
