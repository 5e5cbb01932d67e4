/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reports about a host, as text and as JSON. */
#ifndef PCIPASS_REPORT_H
#define PCIPASS_REPORT_H

#include <stdbool.h>
#include <stddef.h>

#include <pcipass/judge.h>
#include <pcipass/settings.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Where a report goes, piece by piece. Non-zero stops the report, which then fails with -EIO. */
struct pp_sink {
	int (*write)(void *ctx, const char *bytes, size_t len);
	void *ctx;
};

/* What prints into a sink, given as a callback; 0, or a negative errno with e set. */
typedef int (*pp_print)(void *ctx, struct pp_sink sink, struct pp_error *e);

/*
 * The file path with what print prints, wholly or not at all: it is written under a temporary name
 * beside path, synced and renamed. At most 64 MiB. On failure nothing has changed. -EEXIST: path
 * exists and overwrite is false; -EISDIR, -EBADMSG: it exists and is no regular file, which is
 * never replaced; -EFBIG: more than fits; or what print failed with.
 */
int pp_report_file(const char *path, bool overwrite, pp_print print, void *ctx, struct pp_error *e);

enum pp_format {
	PP_FORMAT_TEXT,
	PP_FORMAT_JSON, /* one document and a newline; see doc/schema */
	/* Of a fleet's report alone: */
	PP_FORMAT_PROMETHEUS, /* metrics in Prometheus' text format */
	PP_FORMAT_NFD,        /* of one host, a feature file of node-feature-discovery */
};

struct pp_style {
	enum pp_format format;
	unsigned int width; /* text: columns; 0 means 80 */
	bool color;         /* text: with terminal escapes */
	bool all;           /* text: bridges too */
	bool verbose;       /* text: all evidence, and where the kernel decides */
	bool cut;           /* text: long names are cut, so that a line fits the width */
	/*
	 * text: of a survey only its table, with these columns: "ADDRESS,VERDICT", or "+REASON" for
	 * one more than the usual ones; NULL: all of the survey
	 */
	const char *columns;
	bool no_headings; /* text: of a survey only its table, without the line of headings */
	/*
	 * text: of a survey only the table of those devices whose cells are these:
	 * "DRIVER=nvme,VERDICT=blocked*"; NULL: of all
	 */
	const char *filter;
	/* text: of a survey only its table, sorted by these columns: "GROUP,DRIVER"; NULL: by
	 * address */
	const char *sort;
	/* The host's name, for the column HOST; NULL: it has none. */
	const char *host;
	/*
	 * Of many hosts, what this one was read from: JSON has it and the name, and is one line.
	 * A fleet's report sets both.
	 */
	const char *path;
	/* text: how the reader would call the command again on this source; NULL: "pcipass" */
	const char *command;
	/* text: where the directory doc is installed; NULL: not, documents are named as in the
	 * source */
	const char *documents;
	/* text: the file that a plan was written to; NULL: none */
	const char *plan_file;
	/* text: changes of settings without the lines about the machine */
	bool no_machine;
	/* text: of verify one line alone, for the log of a boot */
	bool one_line;
	/* text: it is this host's, and HP's conrep, which carries BIOS settings, is not there */
	bool no_conrep;
	/* JSON of the first of them: the answers of all targets beside it; NULL: of that alone */
	const struct pp_survey *const *targets;
	/* text: with each verdict, for whom it is */
	bool name_target;
	/*
	 * Name of a device for people, from the PCI ID database; NULL or an empty result: the ids
	 * alone. The text is copied at once.
	 */
	const char *(*name)(void *ctx, unsigned int vendor, unsigned int device);
	/* Name of a 16-bit class, likewise. */
	const char *(*class_name)(void *ctx, unsigned int class_code);
	void *name_ctx;
	/*
	 * pp_emit() only: the guest, as its hypervisor calls it: a number for Proxmox VE, a name
	 * for Hyper-V. NULL: the text has a placeholder that does nothing until it is filled in.
	 */
	const char *guest;
	bool ascii; /* text: a tree is drawn with ASCII, not with box characters of UTF-8 */
};

/*
 * Every device with its verdict and reasons, a summary, the next step. -EINVAL: style.columns,
 * style.filter or style.sort names a column that there is not.
 */
int pp_report_survey(const struct pp_survey *s, const struct pp_style *style, struct pp_sink sink,
                     struct pp_error *e);

/* The columns that style.columns can name, and what is in them, a line each. */
int pp_report_columns(const struct pp_style *style, struct pp_sink sink, struct pp_error *e);

/* The same host for every target, by enum pp_target, in one table. */
int pp_report_targets(const struct pp_survey *const surveys[PP_TARGET_COUNT],
                      const struct pp_style *style, struct pp_sink sink, struct pp_error *e);

/*
 * The same as one HTML page that needs no other file: the topology, the devices with their findings
 * for every target, and the reserved regions. Everything in it that comes from the host is escaped.
 * Of the style only the names count.
 */
int pp_report_page(const struct pp_survey *const surveys[PP_TARGET_COUNT],
                   const struct pp_style *style, struct pp_sink sink, struct pp_error *e);

/*
 * Everything about the devices that "what" names: an address, "slot2", "mezz1", "all-slots",
 * "group13" or "vendor:device" in hex. -EINVAL: none of these, or two places have the name; -ENXIO:
 * nothing of that name here.
 */
int pp_report_explain(const struct pp_survey *s, const char *what, const struct pp_style *style,
                      struct pp_sink sink, struct pp_error *e);

/*
 * The same host under kernels of one release after the other, the running one among them: how many
 * devices each lets go, and which devices are told something else. what: as of
 * pp_report_explain(), or NULL for every device; those that it names are told either way.
 */
int pp_report_kernels(const struct pp_host *h, enum pp_target target, const char *what,
                      const struct pp_style *style, struct pp_sink sink, struct pp_error *e);

/*
 * One line for the devices that "what" names, and the worst of their verdicts. With
 * style->targets a line for each target, and the worst of all. Bridges among the
 * devices of a slot or group are left out unless they are all there is.
 */
int pp_report_check(const struct pp_survey *s, const char *what, const struct pp_style *style,
                    struct pp_sink sink, enum pp_verdict *ret, struct pp_error *e);

/*
 * Every reserved region, from the table and from the kernel, with its devices. what: as of
 * pp_report_explain(), for the regions of these devices; NULL: all.
 */
int pp_report_reserved(const struct pp_host *h, const char *what, const struct pp_style *style,
                       struct pp_sink sink, struct pp_error *e);

/*
 * The devices in slots and other places with a name, by place, with their verdicts. *ret_nr: how
 * many there are.
 */
int pp_report_slots(const struct pp_survey *s, const struct pp_style *style, struct pp_sink sink,
                    uint32_t *ret_nr, struct pp_error *e);

/*
 * The topology as a tree: the devices below the bridges that lead to them, with place, group and
 * verdict. what: as of pp_report_explain(), for these devices; NULL: all.
 */
int pp_report_tree(const struct pp_survey *s, const char *what, const struct pp_style *style,
                   struct pp_sink sink, struct pp_error *e);

/*
 * The IOMMU groups and what is in them: the kernel's, or where it has made none, or computed is
 * wanted, those that it would make, with the reason why devices share one. Computed groups have
 * numbers of their own.
 */
int pp_report_groups(const struct pp_host *h, bool computed, const struct pp_style *style,
                     struct pp_sink sink, struct pp_error *e);

/*
 * Settings as they are, after pp_settings_read(): all, or with count those that names say, as
 * "NAME" or "NAME.ENTRY". Text: all as a table, named ones as NAME=VALUE, which
 * pp_settings_plan_set() takes. -EINVAL: no such setting; -ENODATA: it was left out.
 */
int pp_report_settings(const struct pp_settings *s, const char *const *names, size_t count,
                       const struct pp_style *style, struct pp_sink sink, struct pp_error *e);

/* What would change or, if written, has changed; old and new. */
int pp_report_changes(const struct pp_settings_plan *p, bool written, const struct pp_style *style,
                      struct pp_sink sink, struct pp_error *e);

#ifdef __cplusplus
}
#endif

#endif
