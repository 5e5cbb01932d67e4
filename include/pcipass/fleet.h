/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Many hosts: which there are in a directory, and one report about all of them. */
#ifndef PCIPASS_FLEET_H
#define PCIPASS_FLEET_H

#include <stdbool.h>
#include <stddef.h>

#include <pcipass/report.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What a path was found to be. */
enum pp_host_path {
	PP_HOST_PATH_TEXT,      /* a file that is none of the others: a text, a table */
	PP_HOST_PATH_ARCHIVE,   /* an archive: a capture or a support bundle */
	PP_HOST_PATH_DIRECTORY, /* laid out like a host, or an unpacked support bundle */
	PP_HOST_PATH_RESULTS,   /* results of pcipass survey --json */
	PP_HOST_PATH_HOSTS,     /* a directory of hosts */
};

/* Hosts, each with its name and the files that tell of it. */
struct pp_host_list;

/* 0 or -ENOMEM. Freed with pp_host_list_free(). */
int pp_host_list_new(struct pp_host_list **ret, struct pp_error *e);
void pp_host_list_free(struct pp_host_list *l);

/*
 * Adds the hosts of a path. A file is one host, and so is a directory that is laid out like one or
 * is an unpacked support bundle. Any other directory holds hosts: each file in it is one, and of a
 * directory in it all texts together are one. Names that begin with a dot are left out. A path that
 * cannot be read is a host all the same: whoever opens it learns why. What is in the files is not
 * checked. -EBADMSG: a directory without anything in it; -E2BIG: more than a million hosts.
 */
int pp_host_list_add(struct pp_host_list *l, const char *path, enum pp_host_path *ret,
                     struct pp_error *e);

/* How many hosts there are. */
unsigned int pp_host_list_count(const struct pp_host_list *l);
/*
 * The name of a host: of its file, without what tells the kind of file, as in web1.tar.gz; the path
 * where two would be named alike. Borrowed, until the next host is added. NULL: there are no more.
 */
const char *pp_host_list_name(struct pp_host_list *l, unsigned int index);
/* Its files, in the order of their names; mostly one. NULL: there are no more. Borrowed. */
const char *pp_host_list_path(const struct pp_host_list *l, unsigned int index, unsigned int n);
/* What its first file is. */
enum pp_host_path pp_host_list_kind(const struct pp_host_list *l, unsigned int index);
/* Of a path that cannot be looked at twice, such as standard input: what it turned out to be. */
void pp_host_list_set_kind(struct pp_host_list *l, unsigned int index, enum pp_host_path kind);

/* A report about many hosts, one after the other. */
struct pp_fleet;

/* What came together. */
struct pp_fleet_counts {
	unsigned int hosts;         /* all */
	unsigned int unknown_hosts; /* those of which nothing is known */
	/* Devices by verdict, bridges among them. With all targets: of the first. */
	unsigned int devices[PP_VERDICT_COUNT];
	/* Of any target, if all were asked for. */
	unsigned int unknown_devices;
};

/*
 * Begins a report. Text: one table with a column for the host, where a host of which nothing is
 * known has a row that says why; JSON: a document a line. Metrics name the host unless its name is
 * "". target: whose verdicts are wanted, of
 * saved results too; PP_TARGET_COUNT: those that each host has. for_all: those of every target
 * beside it. style is copied, what it points to is borrowed, as is the sink. -EINVAL: a column that
 * there is not. Without style.sort rows are handed over as they come, so that memory does not grow
 * with the number of hosts. Freed with pp_fleet_free().
 */
int pp_fleet_new(const struct pp_style *style, enum pp_target target, bool for_all,
                 struct pp_sink sink, struct pp_fleet **ret, struct pp_error *e);
void pp_fleet_free(struct pp_fleet *f);

/*
 * A host that was read: its surveys by enum pp_target if all were asked for, else one in the first
 * place. path: what it was read from, for the reader. A host without a list of devices is unknown.
 */
int pp_fleet_add(struct pp_fleet *f, const char *name, const char *path,
                 const struct pp_survey *const *surveys, struct pp_error *e);
/* A host of which nothing is known; reason: a sentence. */
int pp_fleet_add_unknown(struct pp_fleet *f, const char *name, const char *path, const char *reason,
                         struct pp_error *e);
/*
 * Results that pcipass survey --json wrote: one document, or one a line. A document that names its
 * host keeps that name. What cannot be used is a host that is unknown. -ENOEXEC, without a text:
 * these are no results of pcipass.
 */
int pp_fleet_add_results(struct pp_fleet *f, const char *name, const char *path, const char *bytes,
                         size_t len, struct pp_error *e);
/* Ends the report: 0, or what pp_report_survey() fails with. */
int pp_fleet_finish(struct pp_fleet *f, struct pp_error *e);
/*
 * tell is called for each host of which nothing is known, if the table that was asked for does not
 * have the reason.
 */
void pp_fleet_on_unknown(struct pp_fleet *f,
                         void (*tell)(void *ctx, const char *name, const char *reason), void *ctx);
/* So far. */
const struct pp_fleet_counts *pp_fleet_counts(const struct pp_fleet *f);

/* Whether bytes are results of pcipass survey --json. */
bool pp_fleet_are_results(const char *bytes, size_t len);

#ifdef __cplusplus
}
#endif

#endif
