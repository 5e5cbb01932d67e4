/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the text of reserved regions and their JSON share. */
#ifndef PP_REPORT_RESERVED_H
#define PP_REPORT_RESERVED_H

#include "base/arena.h"
#include "judge/select.h"
#include "report/out.h"

/* Each region of an RMR has all of its id mappings: a hostile table could make millions. */
#define PP_RESERVED_STREAMS 64
uint32_t pp_reserved_nr_streams(const struct pp_iort_node *rmr);

const char *pp_reserved_match_name(enum pp_scope_match match);
struct pp_address pp_reserved_devid(uint16_t segment, uint16_t devid);
/* Does the kernel list that very region for the device's group? */
enum pp_tri pp_reserved_kernel_lists(const struct pp_host *h, const struct pp_region *r,
                                     uint32_t device);
/* The region is for one of these devices; the group, by index, has one of them. */
bool pp_reserved_is_of(const struct pp_region *r, const struct pp_selection *only);
bool pp_reserved_is_group_of(const struct pp_host *h, uint32_t group,
                             const struct pp_selection *only);

/* The whole report for people. only: of these devices; NULL: of all. */
void pp_reserved_text(struct pp_out *o, const struct pp_host *h, const struct pp_selection *only,
                      struct pp_arena *a);

#endif
