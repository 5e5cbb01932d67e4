/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where no maker of initrds is known: GRUB itself loads a second initrd in front. */
#include "boot/initrd.h"
#include "boot/loader.h"

#define GRUB_FILE "boot/pcipass-acpi.cpio"

static int grub_foreign(struct pp_stage *s, const char **ret, struct pp_error *e)
{
	struct pp_content c;
	int r = pp_stage_read(s, GRUB_FILE, &c, e);

	if (!r && c.exists && !pp_sys_has(s->apply->sys, PP_INITRD_CPIO))
		*ret = "/" GRUB_FILE " is there, and not known";
	return r;
}

static int grub_install(struct pp_stage *s, const struct pp_span *tables, uint32_t nr_tables,
                        struct pp_span cpio, struct pp_error *e)
{
	int r = pp_stage_put(s, GRUB_FILE, cpio, 0644, e);

	return r ? r : pp_grub_add(s, "GRUB_EARLY_INITRD_LINUX_CUSTOM", "pcipass-acpi.cpio", e);
}

const struct pp_initrd pp_initrd_grub = {
	.name = "GRUB",
	.is_of_loader = true,
	.detect = pp_grub_is_here,
	.foreign = grub_foreign,
	.install = grub_install,
};
