/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How the running system was booted, by the boot loader's traces and the command line. */
#ifndef PP_BOOT_BOOT_H
#define PP_BOOT_BOOT_H

#include "txn/context.h"

/*
 * How the running system was started. What is installed says little: a host may have GRUB,
 * systemd-boot and a tool for unified kernel images side by side, and only one of them boots it.
 */
enum pp_boot_style {
	PP_BOOT_UNKNOWN, /* no trace: what is installed decides, if it is one thing only */
	PP_BOOT_GRUB,    /* BOOT_IMAGE= on the command line */
	PP_BOOT_ENTRY,   /* systemd-boot, from one of its entries */
	PP_BOOT_UKI,     /* a unified kernel image, started by systemd-stub */
	PP_BOOT_OTHER,   /* another loader that names itself, or the firmware alone */
};

/* -ENOTSUP: the traces contradict each other, or cannot be read on this host. */
int pp_boot_find(struct pp_apply *a, enum pp_boot_style *ret, struct pp_error *e);

/* All that is in a file; false: there is none, or it cannot be read. Lives in the arena. */
bool pp_boot_read(struct pp_apply *a, const char *path, struct pp_span *ret);
/* A variable of the Boot Loader Interface as text, in the arena; NULL: not set. */
const char *pp_boot_variable(struct pp_apply *a, const char *name);
/* What the loader calls itself; NULL: it has left no name. */
const char *pp_boot_loader_info(struct pp_apply *a);
/* The loader as it names itself; for PP_BOOT_OTHER. */
const char *pp_boot_loader(struct pp_apply *a);
bool pp_boot_is_secure(struct pp_apply *a);

/*
 * A path as firmware and boot loaders write it (\EFI\Linux\x.efi), looked for where ESPs are
 * mounted; below the root, in the arena. NULL: not there.
 */
const char *pp_boot_file(struct pp_apply *a, const char *path);

/*
 * What the entry that this host starts from names as its initrds, up to NULL: as it is written now,
 * or, where its file is not found, as the running kernel was told. In the arena; NULL: no memory.
 */
const char *const *pp_boot_initrds(struct pp_apply *a);

/* Word number n of the running kernel command line that begins so, without that; NULL: none. */
const char *pp_boot_word(struct pp_apply *a, const char *begin, unsigned int n);
/* The running kernel's release; NULL: not known. */
const char *pp_boot_release(struct pp_apply *a);
/* The whole command line, in the arena; "" if it is not there. */
const char *pp_boot_command_line(struct pp_apply *a);

#endif
