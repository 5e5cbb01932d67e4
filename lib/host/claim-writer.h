/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Inside the module: how the readers of claims write down what they find. */
#ifndef PP_HOST_CLAIM_WRITER_H
#define PP_HOST_CLAIM_WRITER_H

#include "host/build.h"
#include "host/claim.h"

struct pp_claim_writer {
	struct pp_host_build *b;
	struct pp_source *source; /* the files themselves: nothing of them gets into a capture */
	struct pp_buffer text;
	uint32_t nr_holders;
	/* The line that is being written. */
	struct pp_buffer devices;
	uint32_t nr_devices;
};

/* Whom a line is about. */
struct pp_claimant {
	enum pp_claim_kind kind;
	uint32_t number;
	bool starts, by_group, one_of, elsewhere;
	bool same_holder;        /* as in the line before */
	const char *sort, *name; /* or NULL */
};

/* A device of the line that is being written. One that is not there is passed over. */
void pp_claim_add_device(struct pp_claim_writer *w, struct pp_address a);
/* The device of that address; every: all functions of its slot. */
void pp_claim_add_functions(struct pp_claim_writer *w, struct pp_address a, bool every);
/* "07:00.0", "0000:07:00" (every function); false: no address. */
bool pp_claim_add_text(struct pp_claim_writer *w, const char *address);
/* The PCI device that a link of sysfs leads below; false: none. */
bool pp_claim_add_link(struct pp_claim_writer *w, const char *path);
/* The devices behind a file: "/dev/dri/card0", "/dev/nvidia0", "/dev/sda" …; none: nothing is
 * added. */
void pp_claim_add_node(struct pp_claim_writer *w, const char *node);
/*
 * The display that NVIDIA's container tools call so: "all", "0" or "0:1" (of the driver's displays
 * in the order of their addresses), "GPU-UUID" or its beginning, each also behind
 * "nvidia.com/gpu=".
 */
void pp_claim_add_nvidia(struct pp_claim_writer *w, const char *id);
/* All that are bound to a driver. */
void pp_claim_add_driver(struct pp_claim_writer *w, const char *driver);
/* Forgets the line. */
void pp_claim_drop(struct pp_claim_writer *w);
/* Ends the line; without a device there is none. */
void pp_claim_end(struct pp_claim_writer *w, const struct pp_claimant *c);
/* A file or directory that might hold claims was not read; ENOENT and ENODATA are passed over. */
void pp_claim_unread(struct pp_claim_writer *w, const char *path, int error);
/* As pp_claim_unread(), for a file that something has to have: its absence is told, too. 0: none.
 */
void pp_claim_missing(struct pp_claim_writer *w, const char *path, int error);

/* "101.conf" → 101 */
bool pp_claim_guest_number(const char *name, uint32_t *ret);
/*
 * The devices that an instance of LXD or Incus was last started with, from qemu.conf or lxc.conf in
 * logs/name; none, if there is no such file. 0 or -ENOMEM.
 */
int pp_claim_add_start(struct pp_claim_writer *w, const char *logs, const char *name, bool is_vm);

/* Lists "qemu-server" or "lxc" of this node of Proxmox VE; its path in ret. 0 or -errno. */
int pp_claim_proxmox_directory(struct pp_claim_writer *w, const char *what, char *ret, size_t size,
                               struct pp_names *names);

/* What a resource mapping of a cluster of Proxmox VE has on this node: a line "map" each. */
struct pp_mapped {
	struct pp_span path; /* "0000:01:00.0", several with ";" between them */
	struct pp_span id, subsystem, group;
};

struct pp_mapping {
	struct pp_span name;
	const struct pp_mapped *mapped;
	uint32_t nr;
};

struct pp_mappings {
	const struct pp_mapping *list; /* by name */
	uint32_t nr;
};

/* "a;b" → "a", and *rest behind the separator. */
struct pp_span pp_claim_part(struct pp_span *rest, char separator);
/* "0000:01:00.0;01:00.1": a function or all of a slot each. */
void pp_claim_add_addresses(struct pp_claim_writer *w, struct pp_span list);
/* The mappings of pci.cfg in the arena; those with nothing on this node are not among them. */
int pp_mappings_parse(struct pp_span text, const char *node, struct pp_arena *a,
                      struct pp_mappings *ret);
const struct pp_mapping *pp_mappings_find(const struct pp_mappings *m, struct pp_span name);
/* A line of each. 0 or -ENOMEM. */
int pp_claims_of_mappings(struct pp_claim_writer *w, const struct pp_mappings *m);

/* The readers. 0 or -ENOMEM. */
int pp_claims_of_proxmox(struct pp_claim_writer *w);
int pp_claims_of_libvirt(struct pp_claim_writer *w);
int pp_claims_of_xen(struct pp_claim_writer *w);
int pp_claims_of_containers(struct pp_claim_writer *w);
int pp_claims_of_instances(struct pp_claim_writer *w);
int pp_claims_of_processes(struct pp_claim_writer *w);
int pp_claims_of_host(struct pp_claim_writer *w);

#endif
