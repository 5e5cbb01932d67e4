/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A real VFIO attach, tried step by step and taken back. */
#ifndef PCIPASS_ATTACH_H
#define PCIPASS_ATTACH_H

#include <stdbool.h>

#include <pcipass/error.h>
#include <pcipass/host.h>
#include <pcipass/report.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * A real VFIO attach: what a hypervisor does with a device before its guest starts, each step with
 * the kernel's answer. It changes a machine for as long as it lasts: it takes the driver off a
 * device, and puts it back.
 */
struct pp_attach;

struct pp_attach_options {
	bool take;  /* take a device from its host driver, and put it back */
	bool reset; /* ask for a reset of its own, too */
	/* Asked between steps; true: stop here, and put everything back. May be NULL. */
	bool (*stop)(void *ctx);
	void *stop_ctx;
};

enum pp_attach_result {
	PP_ATTACH_DONE,      /* the kernel took every step */
	PP_ATTACH_REFUSED,   /* the kernel refused one */
	PP_ATTACH_NOT_TRIED, /* nothing was done: no rights, no VFIO, in use by the host … */
	PP_ATTACH_STOPPED,   /* the caller's stop(), or another holder of the group */
};

/*
 * Tries the devices that "what" names as pp_report_explain() takes it, each group as a whole. h is
 * this machine, read a moment ago; it must outlive *ret. What the host itself works with (a file
 * system, swap, an address of the network, the console) is never taken. What is taken is written
 * down before; an attempt that was killed is rolled back by the next one, and by pp_apply_undo(),
 * pp_apply_run() and pp_apply_resume().
 * Fails, before anything was touched: -EINVAL or -ENXIO for what it names, -ENOMEM. Whatever
 * happens later is in *ret.
 */
int pp_attach_try(const struct pp_host *h, const char *what, const struct pp_attach_options *o,
                  struct pp_attach **ret, struct pp_error *e);
void pp_attach_free(struct pp_attach *a);

/* How the attempt ended. */
enum pp_attach_result pp_attach_result(const struct pp_attach *a);

/* Whether everything that was taken is as it was; the report has the commands to type if not. */
bool pp_attach_restored(const struct pp_attach *a);

/* Every step, its answer, and what the kernel logged meanwhile. */
int pp_attach_report(const struct pp_attach *a, const struct pp_style *style, struct pp_sink sink,
                     struct pp_error *e);

#ifdef __cplusplus
}
#endif

#endif
