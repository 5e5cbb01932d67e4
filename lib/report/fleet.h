/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Inside the module: the report about many hosts, which its files share. */
#ifndef PP_REPORT_FLEET_H
#define PP_REPORT_FLEET_H

#include <pcipass/fleet.h>

#include "report/columns.h"

/* What metrics.c puts together: families one after the other, whichever host is at hand. */
struct pp_metrics {
	struct pp_buffer known, counts, devices;
	struct pp_table labels;
	unsigned int verdicts[PP_TARGET_COUNT][PP_VERDICT_COUNT]; /* of the host at hand */
	bool twice;                                               /* a name of a host */
	unsigned int targets; /* those counted so far, a bit each */
	uint64_t *ids;        /* target, vendor and device of those that can be passed through */
	size_t nr_ids, size_ids;
};

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
	struct pp_metrics metrics;
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

/* For formats that are neither text nor JSON: the device, with its verdict for a target. */
int pp_fleet_measure(struct pp_fleet *f, const struct pp_subject *s, enum pp_target t,
                     enum pp_verdict v, struct pp_error *e);

int pp_metrics_init(struct pp_metrics *m, struct pp_error *e);
void pp_metrics_fini(struct pp_metrics *m);
/* A host, "" for one without a name; its devices; its end, with a bit for each target. */
void pp_metrics_host(struct pp_metrics *m, const char *host, bool known);
void pp_metrics_device(struct pp_metrics *m, const struct pp_subject *s, enum pp_target t,
                       enum pp_verdict v);
void pp_metrics_end_host(struct pp_metrics *m, const char *host, unsigned int targets);
/* -EFBIG: more than there is room for. */
int pp_metrics_print(struct pp_metrics *m, struct pp_out *o, struct pp_error *e);
/* For the feature file of one host: a device; all of it. */
int pp_metrics_id(struct pp_metrics *m, const struct pp_subject *s, enum pp_target t,
                  enum pp_verdict v, struct pp_error *e);
int pp_metrics_print_features(struct pp_metrics *m, struct pp_out *o, struct pp_error *e);

#endif
