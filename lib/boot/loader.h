/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The boot loaders: how each is recognised, and how it is given a kernel argument. */
#ifndef PP_BOOT_LOADER_H
#define PP_BOOT_LOADER_H

#include "boot/boot.h"
#include "txn/op.h"
#include "txn/stage.h"

/* A boot loader: a file loader-NAME.c with this row, and a line of rows.def. */
struct pp_loader {
	const char *name; /* for people */
	/* What it reads arguments from, for people: "/etc/default/grub". */
	const char *reads;
	/* The boots that may be its own, by their traces: PP_BOOT_BIT() of each. */
	unsigned int boots;
	/* It writes the files of those behind it in rows.def, so it counts where both are there. */
	bool writes_others;
	/* It is on this host; whether it has started this boot may be open. */
	bool (*detect)(struct pp_apply *a);
	/* Why it cannot be given an argument here, -ENOTSUP or -EPERM; NULL: nothing speaks against
	 * it. */
	int (*check)(struct pp_apply *a, struct pp_error *e);
	/*
	 * Puts the argument where it is read, and has the tool run that the next boot needs. Files
	 * go through the stage, which keeps what was in them: that is the way back.
	 */
	int (*add)(struct pp_stage *s, const char *argument, struct pp_error *e);
	/* Takes every such word, or option of a word, off. -ENOTSUP: it stands nowhere here. */
	int (*take_off)(struct pp_stage *s, const char *word, struct pp_error *e);
	/* The command line that the next boot would get, in the arena; NULL: cannot be told. */
	const char *(*command_line)(struct pp_apply *a);
	/* The programs of the host's that add() may have run, up to NULL; NULL: none. */
	const struct pp_tool *const *tools;
};

#define PP_BOOT_BIT(style) (1u << (style))

/* The table; NULL at the end. */
extern const struct pp_loader *const pp_loaders[];
#define PP_INITRD(name)
#define PP_LOADER(name) extern const struct pp_loader pp_loader_##name;
#include "boot/rows.def"
#undef PP_LOADER
#undef PP_INITRD

/* -ENOTSUP: none that is known; the text says what to do by hand. */
int pp_loader_find(struct pp_apply *a, const struct pp_loader **ret, struct pp_error *e);

/* GRUB is there, whether or not it starts this host. */
bool pp_grub_is_here(struct pp_apply *a);
/* Appends a word to a variable of GRUB's configuration, and has its menu made anew. */
int pp_grub_add(struct pp_stage *s, const char *variable, const char *word, struct pp_error *e);
/* The same in one line of /etc/default/grub, and no more. */
int pp_grub_edit(struct pp_stage *s, const char *variable, const char *word, struct pp_error *e);
/* As its menu has it. */
const char *pp_grub_command_line(struct pp_apply *a);
extern const struct pp_tool *const pp_grub_tools[];

/* The one line from which kernel-install, Proxmox and makers of unified kernel images take it. */
#define PP_LOADER_CMDLINE      "etc/kernel/cmdline"
#define PP_LOADER_GRUB_DEFAULT "etc/default/grub"
int pp_loader_append_cmdline(struct pp_stage *s, const char *argument, struct pp_error *e);
const char *pp_loader_read_cmdline(struct pp_apply *a);

/* kernel-install is run for every kernel of which there is an image. */
int pp_kernel_install_run(struct pp_stage *s, struct pp_error *e);
/* It writes the entries that this host starts from. */
bool pp_kernel_install_is_here(struct pp_apply *a);
/* For all kernels at once: kernel-install(8), from systemd 255 on. */
extern const struct pp_tool pp_tool_kernel_install_all;
/* For one kernel in /boot, whose initrd and image a plugin of kernel-install makes. */
extern const struct pp_tool pp_tool_kernel_install_initrd;

/*
 * Takes "NAME=OPTION" off wherever it stands in these files: off a list of options, or the whole
 * word. A place is a file, or "DIRECTORY/.END" for a directory's files of that ending; NULL behind
 * the last. -ENOTSUP: it stands in none of them.
 */
int pp_loader_take_off_files(struct pp_stage *s, const char *const *places, const char *word,
                             struct pp_error *e);
/* The options of a line of rEFInd's; false: it is a comment, or of another form. */
bool pp_refind_options(struct pp_span line, struct pp_span *ret);
/* Has the menu made anew. */
int pp_grub_rebuild(struct pp_stage *s, struct pp_error *e);

/* The line of options in an entry of the Boot Loader Specification; NULL: none. */
const char *pp_entry_options(struct pp_apply *a, const char *path);
int pp_entry_append(struct pp_stage *s, const char *path, const char *argument, struct pp_error *e);

/* A file that is edited as text; absent is "". -EBADMSG: it has a zero byte. */
int pp_loader_read_text(struct pp_stage *s, const char *path, char **ret, struct pp_error *e);
/* In the arena, as far as the first zero byte; NULL: no memory. */
char *pp_loader_text(struct pp_apply *a, struct pp_span bytes);
/*
 * The line with one more word for the kernel, before "--"; the line itself where it has the word.
 * In *ret, in the arena. -ENOTSUP: a quotation mark in it is not closed; where: the file, for
 * people.
 */
int pp_loader_line_with(struct pp_apply *a, const char *line, const char *word, const char *where,
                        const char **ret, struct pp_error *e);
/*
 * Appends a word to a variable of a shell's file, which is made if it is not there. Only the plain
 * form NAME="WORDS" is edited, anything else refused: -ENOTSUP. tool: what is to be run after that,
 * for a person who does it by hand.
 */
int pp_loader_edit_variable(struct pp_stage *s, const char *path, const char *variable,
                            const char *word, const char *tool, struct pp_error *e);

#endif
