/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The tools that make initrds: which of them this host uses, and how it is run. */
#ifndef PP_BOOT_INITRD_H
#define PP_BOOT_INITRD_H

#include "txn/stage.h"

/* What makes a host's initrds, and how a table gets in front of them so that it stays there. */
struct pp_initrd {
	const char *name;
	bool (*detect)(struct pp_apply *a);
	/* A sentence in *ret if somebody else's override goes this way already, else NULL. */
	int (*foreign)(struct pp_stage *s, const char **ret, struct pp_error *e);
	/* tables: one each, by signature; cpio: all of them in the form the kernel wants. */
	int (*install)(struct pp_stage *s, const struct pp_span *tables, uint32_t nr_tables,
	               struct pp_span cpio, struct pp_error *e);
	/* Makes the initrds anew, so that files in /etc are in them; PP_HOST_TOOLS: nothing does.
	 */
	enum pp_host_tool rebuild;
};

/* -ENOTSUP: none that is known, or several; the text says what to do by hand. */
int pp_initrd_find(struct pp_apply *a, const struct pp_initrd **ret, struct pp_error *e);

static inline bool pp_initrd_rebuilds(const struct pp_initrd *early)
{
	return early->rebuild != PP_HOST_TOOLS;
}

/* Its files, and the tool that makes the initrds anew. */
int pp_initrd_install(struct pp_stage *s, const struct pp_initrd *early,
                      const struct pp_span *tables, uint32_t nr_tables, struct pp_span cpio,
                      struct pp_error *e);

/* Our own tables, as they would be by now; none is no error. */
int pp_initrd_tables(struct pp_stage *s, const struct pp_span **ret, uint32_t *ret_nr,
                     struct pp_error *e);

#define PP_INITRD_CPIO PP_APPLY_STATE "/acpi-override.cpio"

#endif
