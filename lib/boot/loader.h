/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef PP_BOOT_LOADER_H
#define PP_BOOT_LOADER_H

#include "txn/stage.h"

/* Where a host's boot loader reads kernel arguments. */
struct pp_loader {
	const char *name;
	bool (*detect)(struct pp_apply *a);
	int (*add)(struct pp_stage *s, const char *argument, struct pp_error *e);
	/* The command line that the next boot would get, in the arena; NULL: cannot be told. */
	const char *(*command_line)(struct pp_apply *a);
};

/* -ENOTSUP: none that is known; the text says what to do by hand. */
int pp_loader_find(struct pp_apply *a, const struct pp_loader **ret, struct pp_error *e);

/* Those of loader-entry.c, and of the image that runs. */
extern const struct pp_loader pp_loader_kernel_install, pp_loader_grubby, pp_loader_entry;
int pp_loader_find_uki(struct pp_apply *a, const struct pp_loader **ret, struct pp_error *e);

bool pp_loader_is_grub(struct pp_apply *a);
/* Appends a word to a variable of GRUB's configuration, and has its menu made anew. */
int pp_loader_grub_add(struct pp_stage *s, const char *variable, const char *word,
                       struct pp_error *e);

/* The same in one line of /etc/default/grub, and no more. */
int pp_loader_grub_edit(struct pp_stage *s, const char *variable, const char *word,
                        struct pp_error *e);

/* The one line from which kernel-install, Proxmox and makers of unified kernel images take it. */
#define PP_LOADER_CMDLINE      "etc/kernel/cmdline"
#define PP_LOADER_GRUB_DEFAULT "etc/default/grub"
int pp_loader_append_cmdline(struct pp_stage *s, const char *argument, struct pp_error *e);
const char *pp_loader_read_cmdline(struct pp_apply *a);
/* kernel-install is run for every kernel of which there is an image. */
int pp_loader_add_kernels(struct pp_stage *s, struct pp_error *e);

/* In the arena, as far as the first zero byte; NULL: no memory. */
char *pp_loader_text(struct pp_apply *a, struct pp_span bytes);
/*
 * The line with one more word for the kernel, before "--"; the line itself where it has the word.
 * In *ret, in the arena. -ENOTSUP: a quotation mark in it is not closed; where: the file, for
 * people.
 */
int pp_loader_line_with(struct pp_apply *a, const char *line, const char *word, const char *where,
                        const char **ret, struct pp_error *e);
#endif
