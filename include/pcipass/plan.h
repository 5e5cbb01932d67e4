/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Plans: the steps that free devices, and the check whether they worked. */
#ifndef PCIPASS_PLAN_H
#define PCIPASS_PLAN_H

#include <stdbool.h>

#include <pcipass/judge.h>
#include <pcipass/report.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * What to do so that a device can be given away: steps in their order, each with what it expects to
 * find, what it changes, its side effect and how to undo it. Made from a survey, of this host or
 * of a capture; a plan says what, never how: no command stands in it, and no path but that of HP's
 * conrep, so that a plan from somebody else can do no more than what its text says.
 */
struct pp_plan;

/* When a device is bound, or unbound. */
enum pp_bind_when { PP_BIND_NOW = 1 << 0, PP_BIND_AT_BOOT = 1 << 1 };

struct pp_plan_options {
	/* The remedy to take ("bios-rmrds", "table-override" …); NULL: the best this host offers.
	 */
	const char *remedy;
	/* "efivars", "hp" or "hp:PROGRAM", HP's conrep; NULL: found out when it is applied. */
	const char *store;
};

/*
 * request: a device, slot, "all-slots", group or vendor:device as anywhere else. The plan frees
 * every endpoint that shares a group with what was named, for a hypervisor takes whole groups.
 * A device that is free already gives a plan without steps.
 * -EINVAL: no name, or no remedy of that name. -ENXIO: nothing of that name. -ENODATA: a fact is
 * missing without which no plan can be made. -ENOTSUP: no remedy, or not the one asked for; the
 * text says which there are.
 */
int pp_plan_new(const struct pp_survey *s, const char *request, const struct pp_plan_options *o,
                struct pp_plan **ret, struct pp_error *e);

/*
 * A plan from its JSON (doc/schema/plan-1.json). Hostile input: unknown kinds, keys that a kind has
 * not, values out of range are -EBADMSG. Bounded; *ret is the caller's.
 */
int pp_plan_parse(const void *bytes, size_t len, struct pp_plan **ret, struct pp_error *e);
void pp_plan_free(struct pp_plan *p);

/* Steps that a program carries out; and those that a person has to. */
unsigned int pp_plan_steps(const struct pp_plan *p);
unsigned int pp_plan_instructions(const struct pp_plan *p);
/* Something in it takes effect at the next boot only. */
bool pp_plan_needs_reboot(const struct pp_plan *p);

/* One step of a plan. Borrowed from the plan, const, and valid until pp_plan_free(). */
struct pp_step;

/* What a step changes. */
enum pp_step_kind {
	PP_STEP_SETTING,     /* a BIOS setting, through a store */
	PP_STEP_OVERRIDE,    /* the firmware's table without some scopes, from the initrd */
	PP_STEP_ARGUMENT,    /* a kernel argument, at every boot */
	PP_STEP_TAKE_OFF,    /* an argument, or an option of one, off the kernel command line */
	PP_STEP_OPTION,      /* an option of a kernel module, from the next boot on */
	PP_STEP_BIND,        /* a device to vfio-pci, now and at every boot */
	PP_STEP_UNBIND,      /* and off it, to the host's own driver */
	PP_STEP_NO_DRIVER,   /* a bridge off its driver, now and at every boot */
	PP_STEP_VFS,         /* a device's virtual functions off, now */
	PP_STEP_DRIVER_FILE, /* the driver that HP's conrep needs, where Windows looks for it */
	PP_STEP_INSTRUCTION, /* what only a person can do, in a menu */
	PP_STEP_KINDS,
};

/* The word for it, as plans have it: "setting", "argument" …; "" for any other value. */
const char *pp_step_kind_name(enum pp_step_kind kind);

/* Every step, instructions too, in the order in which they are carried out. NULL: no more. */
const struct pp_step *pp_plan_step_at(const struct pp_plan *p, unsigned int index);

/* What the step changes. */
enum pp_step_kind pp_step_kind(const struct pp_step *s);
/* Id of the remedy that the step belongs to. */
const char *pp_step_remedy(const struct pp_step *s);
/* What is done, one sentence. */
const char *pp_step_text(const struct pp_step *s);
/* Its side effect; NULL: none. */
const char *pp_step_side_effect(const struct pp_step *s);
/* How it is undone, one sentence. */
const char *pp_step_undo(const struct pp_step *s);
/* Whether it takes effect at the next boot only. */
bool pp_step_needs_reboot(const struct pp_step *s);

/* To whom a plan is shown, as text; JSON is the same for all. */
enum pp_plan_view {
	PP_PLAN_OFFERED,     /* to somebody who may carry it out later: what comes next, too */
	PP_PLAN_CARRIED_OUT, /* just before it is */
	PP_PLAN_APPLIED,     /* after it was: what was done, and what was applied before */
};

/* As text for people (steps, side effects, the other remedies) or as JSON. */
int pp_report_plan(const struct pp_plan *p, enum pp_plan_view view, const struct pp_style *style,
                   struct pp_sink sink, struct pp_error *e);

/*
 * What pcipass has changed here, as JSON (doc/schema/status-1.json). p: what is in place; NULL:
 * nothing. interrupted: it was applied in part. booted: the host was rebooted since.
 */
int pp_report_status(const struct pp_plan *p, bool interrupted, bool booted,
                     const struct pp_style *style, struct pp_sink sink, struct pp_error *e);

/*
 * After the reboot: did it work? Each device of the plan is checked in a fresh survey: no region
 * of the table names it, the kernel lists none for its group, the verdict is no longer blocked; and
 * each step: an override's line in the kernel log, an argument on the command line, a driver bound,
 * DMA faults inside a former region since boot. booted: whether the host has been rebooted after
 * the plan was applied. *ret: no if anything says no, else unknown if
 * anything is unknown, else yes. -ENODATA, with PP_BOOTED_ASSUMED: the plan
 * is another host's.
 */
enum pp_booted {
	PP_BOOTED_NOT,
	PP_BOOTED_SINCE,
	PP_BOOTED_ASSUMED, /* nobody looked, and the report says so */
};
enum pp_verified { PP_VERIFIED_YES, PP_VERIFIED_NO, PP_VERIFIED_UNKNOWN };
int pp_report_verify(const struct pp_plan *p, const struct pp_survey *s, enum pp_booted booted,
                     const struct pp_style *style, struct pp_sink sink, enum pp_verified *ret,
                     struct pp_error *e);

#ifdef __cplusplus
}
#endif

#endif
