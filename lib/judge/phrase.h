/* SPDX-License-Identifier: LGPL-2.1-or-later */
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
	PP_PHRASE_XEN,        /* the hypervisor's log, and xl */
	PP_PHRASE_HPE,        /* a document of HPE's, by its number */
};

#define PP_PHRASE_RULES 4

struct pp_phrase {
	const char *id; /* stable */
	enum pp_phrase_source source;
	/* Of the kernel's: prints it where that holds; NULL: no limit is known. */
	const enum pp_kernel_fact *fact;
	/* As it is printed; of a line with changing parts the part that does not change. */
	const char *text;
	/* The rules that say here what it says there; NULL behind the last. None: no rule does. */
	const char *rules[PP_PHRASE_RULES];
};

/* All of them in turn: NULL behind the last. */
const struct pp_phrase *pp_phrase_at(size_t index);
/* By its id; NULL: there is none. */
const struct pp_phrase *pp_phrase_find(const char *id);
bool pp_phrase_has_rule(const struct pp_phrase *p, const char *rule);

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
