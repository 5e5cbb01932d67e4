/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* systemd's ukify: it makes no initrds, but kernel-install's unified kernel images of them. */
#include "boot/config.h"
#include "boot/initrd.h"
#include "boot/loader.h"
#include "boot/uki.h"

static bool ukify_signs_uki(struct pp_apply *a, bool by_kernel_install)
{
	if (pp_sys_has_program(a->sys, "ukify") && (pp_config_uki(a, "SecureBootPrivateKey") ||
	                                            pp_config_uki(a, "SecureBootCertificateName")))
		return true;
	return by_kernel_install && pp_sys_has(a->sys, "usr/lib/kernel/install.d/91-sbctl.install");
}

static int ukify_add_to_uki(struct pp_stage *s, const char *argument, struct pp_error *e)
{
	if (!pp_uki_has_cmdline(s->apply))
		return pp_uki_no_source("ukify", "/" PP_LOADER_CMDLINE, e);
	return pp_loader_append_cmdline(s, argument, e);
}

const struct pp_initrd pp_initrd_ukify = {
	.name = "ukify",
	.signs_uki = ukify_signs_uki,
	.add_to_uki = ukify_add_to_uki,
};
