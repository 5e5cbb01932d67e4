/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Inside the module: the report about many hosts, which its files share. */
#ifndef PP_REPORT_FLEET_H
#define PP_REPORT_FLEET_H

#include <pcipass/fleet.h>

#include "report/columns.h"

/* A line of the table that has not been printed yet. */
struct pp_fleet_row {
	const char *const *cells;
	const char *const *keys; /* NULL: not sorted */
	size_t order;
};

struct pp_fleet {
	struct pp_out out;
	struct pp_style style; /* with the host at hand */
	enum pp_target target; /* PP_TARGET_COUNT: each host's own */
	bool for_all;
	struct pp_table table, filters, sorts;
	struct pp_arena arena; /* of the rows */
	struct pp_fleet_row *rows;
	size_t nr_rows, size_rows, nr_all;
	bool laid_out;
	struct pp_fleet_counts counts;
	void (*tell)(void *ctx, const char *name, const char *reason);
	void *tell_ctx;
	/* The first device that pcipass free frees; "": none so far. */
	char next[600];
};

/* The host that is added now, for the cells and the documents that follow. */
void pp_fleet_begin_host(struct pp_fleet *f, const char *name, const char *path);
/* A row of the table if the filter takes it; -ENOMEM. */
int pp_fleet_put(struct pp_fleet *f, const struct pp_subject *s, struct pp_error *e);
/* Counts the verdict of a device, and that of another target that is unknown. */
void pp_fleet_count(struct pp_fleet *f, enum pp_verdict v, bool unknown_elsewhere);

#endif
