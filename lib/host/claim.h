/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who has a device already, or works with it: a guest, a container, or the host itself. */
#ifndef PP_HOST_CLAIM_H
#define PP_HOST_CLAIM_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "base/span.h"

struct pp_host;
struct pp_device;

enum pp_claim_kind {
	PP_CLAIM_RUNNING,   /* a process has opened it by VFIO: a running guest */
	PP_CLAIM_PROXMOX,   /* the configuration of a VM of Proxmox VE names it */
	PP_CLAIM_LIBVIRT,   /* that of a guest of libvirt does */
	PP_CLAIM_GUEST,     /* that of a guest of something else does: sort */
	PP_CLAIM_CONTAINER, /* a container is given files of its driver */
	PP_CLAIM_NETWORK,   /* the host's network goes over it */
	PP_CLAIM_STORAGE,   /* a disk below it is part of an array or a volume */
	PP_CLAIM_CONSOLE,   /* the host's console is shown on it */
	PP_CLAIM_PROGRAM,   /* a program has opened its display or compute device */
	PP_CLAIM_MAPPING,   /* a resource mapping of a cluster of Proxmox VE names it: sort */
	PP_NR_CLAIM_KINDS,
};

struct pp_claim {
	enum pp_claim_kind kind;
	uint32_t device; /* index in pp_host.devices */
	uint32_t holder; /* the same for all claims of one guest or container */
	uint32_t number; /* of a guest or container; 0: it has none, or none is known */
	bool starts;     /* with the host */
	bool by_group;   /* its group is held: whether the device itself is used is not known */
	bool one_of;     /* the guest gets this device or another one of the same mapping */
	bool elsewhere;  /* the guest is on another node, and has the device if it starts here */
	/*
	 * Of containers "lxc", "docker" … or "netns", which is any network namespace but this one;
	 * of guests "xen" …, of networks "route" …; of mappings the property that does not fit the
	 * device: "id", "subsystem-id", "iommugroup", with "no-" before it where it is missing;
	 * else
	 * "".
	 */
	const char *sort;
	/* Of a guest, container or mapping; NULL: not known. Captures leave it out. */
	const char *name;
};

/* Of one device, in the order of the kinds. */
const struct pp_claim *pp_device_claims(const struct pp_host *h, const struct pp_device *d,
                                        uint32_t *ret_nr);
/*
 * A guest's configuration names it and no other in its place, on this node, whether or not that
 * guest runs.
 */
bool pp_claim_is_configured(const struct pp_claim *c);
/* Both are of resource mappings, and of the same one. */
bool pp_claim_is_same_mapping(const struct pp_claim *a, const struct pp_claim *b);
/* "VM 101", "the libvirt guest web", "container 105": for a sentence. NULL: no memory. */
const char *pp_claim_words(const struct pp_claim *c, struct pp_arena *a);

/*
 * What is known of claims is one text, a line each. A capture holds it, and none of the files that
 * it was made from:
 *
 *	KIND HOLDER NUMBER FLAGS SORT ADDRESS… [name=NAME]
 *	unread ERRNO PATH
 *
 * FLAGS and SORT are "-" where there is none. Redacted, names are left out.
 */
#define PP_CLAIMS_PATH "run/pcipass/claims"

/*
 * The copy of an instance's configuration, beside it. pp_host.unread names it, with a star for the
 * instance, where some instance has none that could be read.
 */
#define PP_INSTANCE_COPY "/backup.yaml"

void pp_claims_redact(struct pp_span line, struct pp_buffer *b);

#endif
