/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The tables of commands and of options: what is parsed, what help shows, what a shell completes.
 */
#ifndef CLI_TABLE_H
#define CLI_TABLE_H

#include <stddef.h>

#include "cli.h"

/* An option. Without argument it is a bool in struct options, else a text. */
struct option_row {
	char letter; /* 0: it has none */
	const char *name, *argument;
	unsigned int mask; /* enum option_mask of the commands that take it; 0: every command */
	size_t field;      /* in struct options */
	const char *help;
	const char *title; /* NULL: it belongs to the group of the row above */
};

#define FIELD(name) offsetof(struct options, name)

/* In the order of --help. */
extern const struct option_row option_rows[];
extern const size_t nr_option_rows;
#define MAX_OPTION_ROWS 64

/* Every command but the members of families, in the order of --help; ended by NULL. */
extern const struct command *const commands[];
extern const struct command command_help, command_complete;

/* Whether the command, NULL: any, takes the option. */
bool option_is_taken(const struct option_row *r, const struct command *c);
/* What an option does, to this command; NULL: to all. */
const char *option_help(const struct option_row *r, const struct command *c);
/* The command of that name, of which the first letters, skip of them, are left out; NULL: none. */
const struct command *find_command(const struct command *const *list, size_t skip,
                                   const char *name);

#endif
