/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A question that is answered with yes or no. */
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "cli.h"

/* What is left of a line that was too long. */
static void drop_line(void)
{
	int c;

	do
		c = getchar();
	while (c != '\n' && c != EOF);
}

static bool is_word(const char *answer, const char *letter, const char *word)
{
	return !strcasecmp(answer, letter) || !strcasecmp(answer, word);
}

enum exit_code ask_yes_no(const char *what, const char *no)
{
	char answer[16] = "";

	if (!isatty(STDIN_FILENO)) {
		warn("not a terminal, so %s cannot ask: add --yes", program_name);
		return EXIT_USAGE;
	}
	say("%s [y/N] ", what);
	if (!fgets(answer, sizeof(answer), stdin)) {
		say("\n");
		warn("%s", no);
		return EXIT_NO;
	}
	if (!strchr(answer, '\n'))
		drop_line();
	answer[strcspn(answer, "\r\n")] = '\0';
	if (is_word(answer, "y", "yes"))
		return EXIT_YES;
	if (!*answer || is_word(answer, "n", "no"))
		warn("%s", no);
	else
		warn("please answer y or n; %s", no);
	return EXIT_NO;
}
