/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An attach: its steps, and what the files that carry it out share. */
#ifndef PP_ATTACH_ATTACH_H
#define PP_ATTACH_ATTACH_H

#include <pcipass/attach.h>

#include "txn/txn.h"
#include "host/host.h"
#include "judge/select.h"

/* One thing asked of the kernel, and its answer. */
struct pp_attach_step {
	struct pp_attach_step *next;
	const char *name; /* stable: "set-container" */
	const char *text; /* of what, or what came of it */
	int error;        /* errno, 0: done */
	bool failed;      /* with error 0: the kernel said no in another way than by an errno */
	const char *const *log; /* what the kernel logged meanwhile, cleaned */
	uint32_t nr_log, nr_log_lost;
};

/* An IOMMU group of the attempt. */
struct pp_attach_group {
	uint32_t known;  /* index in the host's; PP_NO_GROUP: it comes with the driver */
	uint32_t number; /* the kernel's */
	bool numbered;   /* number is what the kernel says, not what is foreseen */
	int fd;          /* -1: not open */
};

/* What is open of VFIO; -1: not. */
struct pp_opened {
	int container;
	int iommufd; /* /dev/iommu, and the address space in it */
	uint32_t ioas;
	int *devices;
	bool mapped;
	void *page;
	size_t page_bytes;
	uint64_t iova;
};

struct pp_attach {
	struct pp_arena arena;
	struct pp_sys *sys; /* while the attempt runs */
	const struct pp_host *host;
	const char *asked;
	struct pp_attach_options options;

	const uint32_t *devices; /* to attach: those named, without bridges */
	uint32_t nr_devices;
	struct pp_attach_group *groups;
	uint32_t nr_groups;
	uint32_t *place_of;                 /* per device: its group among those */
	const struct pp_isolated *isolated; /* where a group is still to come */
	/* Devices and companions are borrowed in a transaction, which is always rolled back. */
	struct pp_apply session;
	struct pp_apply_options session_options;
	struct pp_error lock_error; /* code 0: the lock is held */
	struct pp_txn txn;
	bool has_session;
	bool written; /* the journal has it */
	struct pp_opened opened;

	struct pp_attach_step *steps, **last;
	enum pp_attach_result result;
	const char *reason; /* a sentence without its full stop; NULL: attached */
	const struct pp_attach_step *refused_at;
	bool not_restored;
	const char **to_type; /* commands that would put back what is not */
	uint32_t nr_to_type;
	int log_error; /* errno: the kernel log could not be read */
	bool oom;      /* tested once at the end */
};

/* Every failure of these is in the attempt: its result, its reason, its last step. */

/*
 * Remembers a step with the kernel's answer, 0 or a negative errno, and what it logged. Gives the
 * answer back. text is copied.
 */
int pp_attach_step(struct pp_attach *a, const char *name, int r, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
/* The same of what the attempt cannot do without: refused, it has ended. */
int pp_attach_ask(struct pp_attach *a, const char *name, int r, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
/* Device number i of those to attach, as text. */
#define PP_ATTACH_ADDRESS(a, i) PP_ADDRESS_TEXT((a)->host->devices[(a)->devices[i]].address)
/* The attempt ends so. Returns -ECANCELED. */
int pp_attach_end(struct pp_attach *a, enum pp_attach_result result, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* The kernel refused the last step. Returns -ECANCELED. */
int pp_attach_refused(struct pp_attach *a);
/* Whether the caller wants no more; the attempt has then ended. */
bool pp_attach_stops(struct pp_attach *a);

/* Which groups the devices are in, or will be. */
int pp_attach_choose_groups(struct pp_attach *a);
/* The numbers of those that came with vfio-pci. */
int pp_attach_read_groups(struct pp_attach *a);

static inline int pp_attach_control(struct pp_attach *a, int fd, unsigned long request,
                                    void *argument)
{
	return a->sys->ops->control(a->sys, fd, request, argument);
}

/* Finds what is to be bound, and whether it may be. */
int pp_take_plan(struct pp_attach *a);
/* Binds all of it to vfio-pci. */
int pp_take(struct pp_attach *a);
/* A device of that group whose driver VFIO does not accept: "0000:00:1f.0 has lpc_ich"; or NULL. */
const char *pp_take_culprit(struct pp_attach *a, const struct pp_attach_group *g);
/* Rolls back, whatever fails on the way; and looks. */
void pp_put_back(struct pp_attach *a);

/* Opens the container: VFIO is there. */
int pp_vfio_load(struct pp_attach *a);
/* From the groups to the devices' descriptors. */
int pp_vfio_attach(struct pp_attach *a);
/* Asks an opened device what it has, and for a reset where that is wanted. */
int pp_vfio_look_at(struct pp_attach *a, uint32_t i);
void pp_vfio_close(struct pp_attach *a);
/* A page of our own, seen by the device for a moment; nobody tells it where. */
int pp_vfio_make_page(struct pp_opened *o);

/* The same without groups: whether the kernel offers it for the devices, which vfio-pci has. */
bool pp_iommufd_is_there(struct pp_attach *a);
/* Opens /dev/iommu. A negative errno value is in the last step alone. */
int pp_iommufd_load(struct pp_attach *a);
/* From the devices' nodes to a mapping, and off it again. */
int pp_iommufd_attach(struct pp_attach *a);

/* The whole attempt on another machine than this, for tests. s is borrowed. */
int pp_attach_run(struct pp_sys *s, const struct pp_host *h, const char *what,
                  const struct pp_attach_options *o, struct pp_attach **ret, struct pp_error *e);

#endif
