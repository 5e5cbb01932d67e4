/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What HP's conrep answers: return codes, and what they mean. */
#define _GNU_SOURCE
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/text.h"
#include "store/hp-answer.h"
#include "store/hp-places.h"

#define NO_LIBRARY 127 /* the dynamic loader's exit status, and a shell's */

/* What is known of its return codes; sources disagree about 1 and 2. */
static const struct meaning {
	int status, code;
	const char *text;
} meanings[] = {
	{ 1, EBADMSG, "the schema (or, by other accounts, the data file) is bad" },
	{ 2, EBADMSG, "the data file (or, by other accounts, the schema) is bad" },
	{ 3, ENODEV, pp_hp_no_driver },
	{ 4, EKEYREJECTED,
	  "an administrator password is set in the BIOS: take it off for the change" },
	{ 5, ENOTSUP, "it does not support this server" },
	{ 6, EBADMSG, "the schema lacks an element that it needs" },
	{ 7, EINVAL, "it did not understand its command line" },
	{ NO_LIBRARY, ENOEXEC,
	  "it could not start: hp-scripting-tools 11.60 needs libxml2.so.2, dmidecode and "
	  "pciutils" },
};

/* Where the words are in the line, in either case; NULL: not in it. */
static const char *answer_find(const char *line, const char *words)
{
	return strcasestr(line, words);
}

/* Line by line as text; false: no more. */
static bool answer_line(struct pp_span *rest, char *ret, size_t size)
{
	struct pp_span line;

	if (!pp_text_line(rest, &line))
		return false;
	pp_text_clean_into(ret, size, line.data, line.len);
	return true;
}

/* "Conrep Return Code: 0"; conrep 3.00: "CONREP Return code: 0". The last one counts. */
static bool answer_printed_code(const struct pp_hp_answer *a, int *ret)
{
	static const char key[] = "Conrep Return Code:";
	struct pp_span rest = a->output;
	char line[256];
	uint64_t code;
	bool found = false;

	while (answer_line(&rest, line, sizeof(line))) {
		const char *at = answer_find(line, key);
		if (at && pp_parse_dec(at + sizeof(key) - 1, INT_MAX, &code)) {
			*ret = (int)code;
			found = true;
		}
	}
	return found;
}

static bool answer_aborts(const struct pp_hp_answer *a)
{
	struct pp_span rest = a->output;
	char line[256];

	while (answer_line(&rest, line, sizeof(line)))
		if (answer_find(line, "aborting"))
			return true;
	return false;
}

/* Its last words but the code and what it is about, for people. */
static void answer_last_words(const struct pp_hp_answer *a, char *ret, size_t size)
{
	struct pp_span rest = a->output;
	char line[100];

	*ret = '\0';
	while (answer_line(&rest, line, sizeof(line)))
		if (*line && !answer_find(line, "return code") && strncmp(line, "Loading", 7) != 0)
			snprintf(ret, size, " (it said: %s)", line);
}

static const char *answer_rights(void)
{
	return geteuid() ? pp_hp_rights : "";
}

const char *pp_hp_hint(const char *what)
{
	return strcmp(what, "save") ? ""
	                            : "; to see why, run it yourself with -s, which only reads";
}

int pp_hp_answer_check(const struct pp_hp_answer *a, struct pp_error *e)
{
	char words[128];
	int printed = a->status;

	answer_last_words(a, words, sizeof(words));
	if (answer_printed_code(a, &printed) && printed != a->status)
		return pp_fail(e, EIO,
		               "%.200s: a %s ended with status %d, but it prints return code %d%s",
		               a->program, a->what, a->status, printed, words);
	for (size_t i = 0; i < sizeof(meanings) / sizeof(meanings[0]); i++)
		if (a->status == meanings[i].status)
			return pp_fail(e, meanings[i].code,
			               "%.200s: return code %d of a %s: %s%s%s", a->program,
			               a->status, a->what, meanings[i].text, words,
			               answer_rights());
	if (a->status)
		return pp_fail(e, EIO,
		               "%.150s: the %s failed with the unknown return code %d%s%s%s",
		               a->program, a->what, a->status, words, answer_rights(),
		               pp_hp_hint(a->what));
	if (answer_aborts(a))
		return pp_fail(e, EIO, "%.200s: a %s ended with return code 0, but it aborted%s%s",
		               a->program, a->what, words, answer_rights());
	return 0;
}
