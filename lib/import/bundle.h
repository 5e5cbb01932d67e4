/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Support bundles: the directories that sos report, hw-probe and supportconfig leave. */
#ifndef PP_IMPORT_BUNDLE_H
#define PP_IMPORT_BUNDLE_H

#include "import/import.h"

/* A file of a bundle, by its path in there. */
struct pp_bundle_member {
	/* One '*' stands for any part of a name. */
	const char *path;
	/* What reads it; NULL: it is the host's file of the same path, byte for byte. */
	const struct pp_reader *reader;
	/* Of the members with the same number only the first that is there is read; 0: each. */
	uint8_t set;
	/* A log that is read where those before it lack the beginning of the boot. */
	bool if_cut;
	/* The listing of the directory is complete where this file is there. */
	const char *lists;
};

/* A kind of bundle is a row. */
struct pp_bundle {
	const char *title;    /* "a sosreport" */
	const char *marks[4]; /* a directory is of this kind if it has all of them */
	bool proc_bus_pci;    /* it has the configuration spaces of /proc/bus/pci */
	bool acpi_tables;     /* it has files of /sys/firmware/acpi/tables */
	const char *journal;  /* a directory of binary journals, which need a program to be read */
	const struct pp_bundle_member *members;
	size_t nr_members;
};

extern const struct pp_bundle pp_bundles[];
extern const size_t pp_nr_bundles;

/* Whether s has a support bundle there; prefix: "" or "DIRECTORY/". */
bool pp_bundle_is_at(struct pp_source *s, const char *prefix);

/* bundle-proc.c: what needs more than a row. prefix: where the host begins, "" or "NAME/". */
int pp_bundle_read_config(struct pp_import *in, struct pp_source *s, const char *prefix,
                          struct pp_error *e);
/* Ids of the devices, where no text had them; fails where a text has others. */
int pp_bundle_check_config(struct pp_import *in, struct pp_source *s, const char *prefix,
                           struct pp_error *e);
int pp_bundle_read_tables(struct pp_import *in, struct pp_source *s, const char *prefix,
                          struct pp_error *e);

#endif
