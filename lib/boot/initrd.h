/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The tools that make initrds: which of them this host uses, and how it is run. */
#ifndef PP_BOOT_INITRD_H
#define PP_BOOT_INITRD_H

#include "txn/op.h"
#include "txn/stage.h"

/*
 * What makes a host's initrds, or its unified kernel images, and how a table gets in front of them
 * so that it stays there: a file initrd-NAME.c with this row, and a line of rows.def.
 */
struct pp_initrd {
	const char *name; /* also that of its plugin of kernel-install */
	/* It counts only where no other is found, and where GRUB may have started the host. */
	bool is_of_loader;
	/* It is on this host. NULL: it makes no initrds of its own. */
	bool (*detect)(struct pp_apply *a);
	/* It gives each new initrd to kernel-install by itself; NULL: it does not. */
	bool (*feeds_kernel_install)(struct pp_apply *a);
	/* What is run for that; NULL: the same as rebuild. */
	const struct pp_tool *feed;
	/* A sentence in *ret if somebody else's override goes this way already, else NULL. */
	int (*foreign)(struct pp_stage *s, const char **ret, struct pp_error *e);
	/* tables: one each, by signature; cpio: all of them in the form the kernel wants. */
	int (*install)(struct pp_stage *s, const struct pp_span *tables, uint32_t nr_tables,
	               struct pp_span cpio, struct pp_error *e);
	/*
	 * A file of our own that has it put another file into the initrd: path, its line with "%s"
	 * for the other, and the directory that the maker reads it from, if that need not be there.
	 * path NULL: it takes all udev rules of /etc by itself.
	 */
	struct {
		const char *path, *line, *directory;
	} include;
	/* Makes the initrds anew, so that files in /etc are in them; NULL: nothing does. */
	const struct pp_tool *rebuild;

	/* Unified kernel images. The image is its own; NULL: it makes none but for kernel-install.
	 */
	bool (*makes_uki)(struct pp_apply *a, const char *image);
	/* It signs what it makes. */
	bool (*signs_uki)(struct pp_apply *a, bool by_kernel_install);
	/* Puts a kernel argument where it takes the image's command line from; NULL: makes no
	 * images. */
	int (*add_to_uki)(struct pp_stage *s, const char *argument, struct pp_error *e);
};

/* The table; NULL at the end. */
extern const struct pp_initrd *const pp_initrds[];
#define PP_LOADER(name)
#define PP_INITRD(name) extern const struct pp_initrd pp_initrd_##name;
#include "boot/rows.def"
#undef PP_LOADER
#undef PP_INITRD

/* What makes this host's initrds, and what is run for that: the maker itself, or kernel-install. */
struct pp_initrd_made_by {
	const struct pp_initrd *maker;
	const struct pp_tool *rebuild; /* NULL: nothing makes them anew */
};

/* -ENOTSUP: none that is known, or several; the text says what to do by hand. */
int pp_initrd_find(struct pp_apply *a, struct pp_initrd_made_by *ret, struct pp_error *e);

/* Has the initrds made anew, by one run for all kernels or one for each. */
int pp_initrd_rebuild(struct pp_stage *s, const struct pp_initrd_made_by *by, struct pp_error *e);

/* Its files, and the tool that makes the initrds anew. */
int pp_initrd_install(struct pp_stage *s, const struct pp_initrd_made_by *by,
                      const struct pp_span *tables, uint32_t nr_tables, struct pp_span cpio,
                      struct pp_error *e);

/* Has the maker put a udev rule into the initrds; nothing where it cannot be told to. */
int pp_initrd_include(struct pp_stage *s, const struct pp_initrd *maker, const char *file,
                      struct pp_error *e);
/* No maker is told any more. */
int pp_initrd_exclude(struct pp_stage *s, struct pp_error *e);

/* Our own tables, as they would be by now; none is no error. */
int pp_initrd_tables(struct pp_stage *s, const struct pp_span **ret, uint32_t *ret_nr,
                     struct pp_error *e);

/* For the rows. Whether the text of one of the host's programs, a script, has that word. */
bool pp_initrd_program_has(struct pp_apply *a, const char *program, const char *word);
/* Each table into a file of its own. */
int pp_initrd_put_tables(struct pp_stage *s, const char *directory, const struct pp_span *tables,
                         uint32_t nr_tables, struct pp_error *e);
/* Whether one of the files in a directory, none of them ours, holds one of the words. */
int pp_initrd_search(struct pp_stage *s, const char *directory, const char *const *words,
                     const char **ret, struct pp_error *e);

#define PP_INITRD_CPIO PP_APPLY_STATE "/acpi-override.cpio"

#endif
