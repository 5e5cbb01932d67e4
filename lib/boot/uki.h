/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef PP_BOOT_UKI_H
#define PP_BOOT_UKI_H

#include "txn/stage.h"

/*
 * A unified kernel image: a PE file that holds kernel, initrd and command line, each a section.
 * Nothing can be put in front of its initrd but by what makes the image.
 */
enum pp_uki_maker {
	PP_UKI_MKINITCPIO,     /* a preset names it */
	PP_UKI_DRACUT,         /* uefi=yes */
	PP_UKI_KERNEL_INSTALL, /* layout=uki */
};

struct pp_uki {
	const char *path; /* below the root */
	enum pp_uki_maker maker;
	/* What writes the command line into it: "mkinitcpio", "dracut" or "ukify". */
	const char *generator;
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

/* Its sections, of bytes already in memory. */
int pp_uki_parse(struct pp_span in, const char *object, struct pp_uki_image *ret,
                 struct pp_error *e);

#endif
