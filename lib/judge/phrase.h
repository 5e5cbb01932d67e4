/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What other programs print where a rule of ours speaks, and what stands behind such a rule. */
#ifndef PP_JUDGE_PHRASE_H
#define PP_JUDGE_PHRASE_H

/*
 * What other programs print where a rule of ours speaks: the words that people have in hand when
 * they search. One table, for everything that quotes or recognises them.
 */

#include "judge/judge.h"

enum pp_phrase_source {
	PP_PHRASE_LINUX, /* the kernel log */
	PP_PHRASE_QEMU,
	PP_PHRASE_SURVEY_DDA, /* Microsoft's SurveyDDA.ps1, for Hyper-V */
	PP_PHRASE_XEN,        /* the hypervisor's log, xl, and pciback in the kernel of its host */
	PP_PHRASE_HPE,        /* a document of HPE's, by its number */
	PP_PHRASE_LIBVIRT,
	PP_PHRASE_PROXMOX, /* qm, and the tasks of the web page */
};

#define PP_PHRASE_RULES 4

struct pp_phrase {
	const char *id; /* stable */
	enum pp_phrase_source source;
	/* Of the kernel's: prints it where that holds; NULL: no limit is known. */
	const enum pp_kernel_fact *fact;
	/*
	 * As it is printed; of a line with changing parts the part that does not change, with "{}"
	 * for a changing part in its middle, "{w}" for one that is a word.
	 */
	const char *text;
	/* The rules that say here what it says there; NULL behind the last. None: no rule does. */
	const char *rules[PP_PHRASE_RULES];
	/* Told by explain where one of its rules speaks; else it is known in logs alone. */
	bool quoted;
	bool once; /* in a log it is told once, not for each device */
	/* Where the program's source has it, and the first and last release that were looked at
	 * and print it; NULL: not known. */
	const char *file, *first, *last;
	const char *by;    /* who prints it, if that is no release of the program alone */
	const char *as;    /* the id of another spelling, which has the two below */
	const char *means; /* for people: sentences */
	const char *next;  /* what to do; NULL: nothing */
};

/* The parts of the table, a file each, for phrase.c alone. */
struct pp_phrase_part {
	const struct pp_phrase *rows;
	size_t count;
};
extern const struct pp_phrase_part pp_phrases_linux, pp_phrases_qemu, pp_phrases_xen,
	pp_phrases_other;

/* All of them in turn: NULL behind the last. */
const struct pp_phrase *pp_phrase_at(size_t index);
/* By its id; NULL: there is none. */
const struct pp_phrase *pp_phrase_find(const char *id);
bool pp_phrase_has_rule(const struct pp_phrase *p, const char *rule);
/* What it means, and what to do, "" where nothing is to be done: of the spelling that has it. */
const char *pp_phrase_means(const struct pp_phrase *p);
const char *pp_phrase_next(const struct pp_phrase *p);

/* The first release that prints it, and the first that does not any more; NULL: none is known. */
const char *pp_phrase_since(const struct pp_phrase *p);
const char *pp_phrase_before(const struct pp_phrase *p);
/* Whether that kernel prints it; unknown for what is none of the kernel's. */
enum pp_tri pp_phrase_of_kernel(const struct pp_phrase *p, const struct pp_kernel *k);
/* Whether it is worth telling on that host: a maker's document is for the maker's machines. */
bool pp_phrase_fits(const struct pp_phrase *p, const struct pp_host *h);

/* What stands behind a rule, for somebody who meets it for the first time. */
struct pp_background {
	const char *rules[PP_PHRASE_RULES];
	bool ilo_only; /* told of a ProLiant from Gen8 on */
	const char *title, *text;
};

/* All of it in turn, in the order of reading: NULL behind the last. */
const struct pp_background *pp_background_at(size_t index);
bool pp_background_has_rule(const struct pp_background *b, const char *rule);
bool pp_background_fits(const struct pp_background *b, const struct pp_host *h);

#endif
