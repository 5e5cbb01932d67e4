/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads the command line, finds the command that it names, and shows the help. */
#include <errno.h>
#include <getopt.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <pcipass/nearest.h>

#include "table.h"

const char program_name[] = "pcipass";
/* Once the command is known, its own. */
static char help_hint[80] = "; see pcipass --help";
const char *const program_help = help_hint;

/* In the order of --help; a title stands above the first of its group. */
static const struct {
	const char *title;
	const struct command *first;
} titles[] = {
	{ "Look at a host:", &command_survey },
	{ "Change this host:", &command_free },
	{ "Configure a guest, and the firmware:", &command_emit },
};

/* An option without a letter has its row's number behind all letters as its key. */
#define FIRST_KEY 256
/* More than any list of commands has. */
#define MAX_NAMES 32

static void option_head(const struct option_row *r, char *buf, size_t size)
{
	const char letter[] = { '-', r->letter, ',', ' ', '\0' };

	snprintf(buf, size, "%s--%s%s%s", r->letter ? letter : "", r->name, r->argument ? " " : "",
	         r->argument ? r->argument : "");
}

/* Options of what Windows has nothing of the kind of. */
#define TAKES_LINUX_ONLY (TAKES_ATTACH | TAKES_TAKE | TAKES_RESET | TAKES_WHEN)

/* Those of a command; NULL: all, under titles. */
static void print_options(const struct command *c)
{
	char head[40];

	for (size_t i = 0; i < nr_option_rows; i++) {
		if (c && option_rows[i].mask && !(option_rows[i].mask & c->takes))
			continue;
		if (is_for_windows && option_rows[i].mask & TAKES_LINUX_ONLY)
			continue;
		/* A command may refuse what its mask takes. */
		if (!*option_help(&option_rows[i], c))
			continue;
		if (!c && option_rows[i].title)
			printf("%s%s\n", i ? "\n" : "", option_rows[i].title);
		option_head(&option_rows[i], head, sizeof(head));
		printf("  %-20s %s\n", head, option_help(&option_rows[i], c));
	}
}

/* Windows has no manual pages. */
static const char *help_more(void)
{
	return is_for_windows ? "\"pcipass help COMMAND\" describes one command; for Windows see "
	                        "doc/windows.md in the source."
	                      : "For more details see pcipass(1).";
}

/* A line for each form of its arguments. */
static void print_command_line(const struct command *c)
{
	const char *form = c->arguments ? c->arguments : "", *before = "usage:";

	do {
		int len = (int)strcspn(form, "\n");
		if (!is_for_windows || strncmp(form, "--attach", 8)) {
			printf("%s pcipass [options] %s%s%.*s\n", before, c->name, len ? " " : "",
			       len, form);
			before = "      ";
		}
		form += len + (form[len] == '\n');
	} while (*form);
}

static bool is_here(const struct command *c)
{
	return !is_for_windows || !c->linux_only;
}

/* skip: letters of the name that the reader has typed already. */
static void print_commands(const struct command *const *list, size_t skip)
{
	for (; *list; list++) {
		const char *arguments = (*list)->arguments ? (*list)->arguments : "";
		char head[40];
		if (!is_here(*list) || (*list)->hidden)
			continue;
		for (size_t i = 0; i < sizeof(titles) / sizeof(titles[0]); i++)
			if (titles[i].first == *list)
				printf("%s%s\n", i ? "\n" : "", titles[i].title);
		snprintf(head, sizeof(head), "%s%s%.*s", (*list)->name + skip,
		         *arguments ? " " : "", (int)strcspn(arguments, "\n"), arguments);
		printf("  %-20s %.*s\n", head, (int)strcspn((*list)->help, "\n"), (*list)->help);
	}
	puts("");
}

static void main_print_help(const struct command *c)
{
	if (c) {
		print_command_line(c);
		printf("%s\n\n", c->help);
		if (c->family)
			print_commands(c->family, strlen(c->name) + 1);
		print_options(c);
		if (c->examples)
			printf("\nExamples:\n%s", c->examples);
		printf("\n%s\n", help_more());
		return;
	}
	puts("usage: pcipass [options] [command]\nShow which PCI devices can be passed through "
	     "to a virtual machine, exactly why\nthe others cannot, and free them.\n");
	print_commands(commands, 0);
	puts("DEVICE is an address (07:00.0), a slot (slot2, mezz1, or all-slots), an IOMMU\n"
	     "group (group13) or vendor:device (1000:0087).\n");
	print_options(NULL);
	puts("\nExamples:\n"
	     "  $ pcipass explain slot2           why it is blocked, and what frees it\n"
	     "  $ pcipass free slot2 --dry-run    what would be done; changes nothing\n"
	     "  $ pcipass capture -o host.tar.gz  to look at elsewhere, with --from\n"
	     "\nExit: 0 yes or done, 1 no, 2 usage, 3 cannot tell, 4 failed.");
	puts(help_more());
}

static const struct option_row *row_of(int key)
{
	for (size_t i = 0; i < nr_option_rows; i++)
		if (key == (option_rows[i].letter ? option_rows[i].letter : FIRST_KEY + (int)i))
			return &option_rows[i];
	return NULL;
}

static void for_getopt(struct option *longs, char *letters)
{
	*letters++ = ':';
	for (size_t i = 0; i < nr_option_rows; i++) {
		longs[i] = (struct option){
			.name = option_rows[i].name,
			.has_arg = option_rows[i].argument ? required_argument : no_argument,
			.val = option_rows[i].letter ? option_rows[i].letter : FIRST_KEY + (int)i,
		};
		if (!option_rows[i].letter)
			continue;
		*letters++ = option_rows[i].letter;
		if (option_rows[i].argument)
			*letters++ = ':';
	}
	longs[nr_option_rows] = (struct option){ 0 };
	*letters = '\0';
}

/* Where a misunderstanding sends the reader; NULL: to the help of all. */
static void hint_at(const struct command *c)
{
	snprintf(help_hint, sizeof(help_hint), "; see pcipass %s%s--help", c ? c->name : "",
	         c ? " " : "");
}

/* How many there are; the names behind the letters that are typed already, at most size. */
static size_t names_of(const struct command *const *list, size_t skip, const char **ret,
                       size_t size)
{
	size_t n = 0;

	for (; *list && n < size; list++)
		if (!(*list)->hidden)
			ret[n++] = (*list)->name + skip;
	return n;
}

/* The first word that is a command, for a hint: options are read before commands. */
static const struct command *guess_command(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		const struct command *c = find_command(commands, 0, argv[i]);
		if (c)
			return c;
	}
	return NULL;
}

/* A long option that getopt did not take: unknown, short for several, or given a value. */
static enum exit_code refuse_long(const char *word, const struct command *c)
{
	size_t len = strcspn(word + 2, "=");
	const char *begun[MAX_OPTION_ROWS], *names[MAX_OPTION_ROWS];
	char typed[64];
	size_t n = 0;

	for (size_t i = 0; i < nr_option_rows; i++) {
		names[i] = option_is_taken(&option_rows[i], c) ? option_rows[i].name : NULL;
		if (len && !strncmp(option_rows[i].name, word + 2, len))
			begun[n++] = option_rows[i].name;
	}
	if (n == 1)
		return complain_usage("option '--%s' takes no value", begun[0]);
	if (n > 1)
		return complain_usage("option '--%.*s' is short for more than one: --%s, --%s%s",
		                      (int)len, word + 2, begun[0], begun[1], n > 2 ? "…" : "");
	snprintf(typed, sizeof(typed), "%.*s", len < sizeof(typed) ? (int)len : 0, word + 2);
	const char *near = pp_nearest_name(typed, names, nr_option_rows);
	if (near)
		return complain_near("unknown option '--%.*s', did you mean '--%s'?", (int)len,
		                     word + 2, near);
	return complain_usage("unknown option '%s'", word);
}

static enum exit_code not_understood(int key, int argc, char **argv)
{
	const struct command *c = guess_command(argc, argv);
	const char *word = argv[optind - 1];

	hint_at(c);
	if (key == ':')
		return complain_usage("option '%s' needs a value", word);
	/* Of several letters in one word only optopt says which. */
	if (optopt > 0 && optopt < FIRST_KEY && !row_of(optopt))
		return complain_usage("unknown option '-%c'", optopt);
	return refuse_long(word, c);
}

/* -1: go on. */
static int parse_options(int argc, char **argv, struct options *o, unsigned int *given)
{
	struct option longs[MAX_OPTION_ROWS + 1];
	char letters[2 * MAX_OPTION_ROWS + 2];
	int c;

	opterr = 0;
	for_getopt(longs, letters);
	while ((c = getopt_long(argc, argv, letters, longs, NULL)) != -1) {
		const struct option_row *r = row_of(c);
		if (!r)
			return (int)not_understood(c, argc, argv);
		*given |= r->mask;
		/* Of a variable that is not set: "$file". */
		if (r->argument && !*optarg &&
		    (!strcmp(r->argument, "FILE") || !strcmp(r->argument, "PATH")))
			return (int)complain_usage("--%s: empty file name", r->name);
		if (r->field == FIELD(from) && r->argument && o->from) {
			if (o->nr_more_from == MAX_FROM)
				return (int)complain_usage("--from: at most %d of them",
				                           MAX_FROM + 1);
			o->more_from[o->nr_more_from++] = optarg;
		} else if (r->argument)
			*(const char **)((char *)o + r->field) = optarg;
		else
			*(bool *)((char *)o + r->field) = true;
	}
	if (o->color && strcmp(o->color, "auto") && strcmp(o->color, "always") &&
	    strcmp(o->color, "never"))
		return (int)complain_usage("--color %s: need auto, always or never", o->color);
	if (o->target && strcmp(o->target, "all") && pp_target_of(o->target) == PP_TARGET_COUNT)
		return (int)complain_usage("--for %s: need kvm, hyperv, xen or all", o->target);
	return -1;
}

/* Somebody who names a device wants to know about it: "slot2", "07:00.0"; "slots" names none. */
static bool looks_like_device(const char *s)
{
	static const char *const words[] = { "slot", "mezz", "ocp", "nvme", "group" };
	bool word = false;

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		word |= !strncmp(s, words[i], strlen(words[i])) &&
		        strcspn(s, "0123456789") < strlen(s);
	return word || strchr(s, ':');
}

static bool is_given(const struct option_row *r, const struct options *o)
{
	const char *field = (const char *)o + r->field;

	return r->argument ? *(const char *const *)field != NULL : *(const bool *)field;
}

/* One that can be no file's: "slot2", "07:00.0", "10de:2504"; not "rack2:web.tgz" or "group1.tgz".
 */
static bool is_device_name(const char *s)
{
	const char *dot = strrchr(s, '.');

	return looks_like_device(s) && !s[strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789:.")] &&
	       (!dot || (dot[1] >= '0' && dot[1] <= '7' && !dot[2]));
}

/* An option that the command would silently ignore is a misunderstanding: said, not swallowed. */
static enum exit_code refuse_option(const struct command *c, const struct options *o,
                                    unsigned int extra)
{
	char head[40];

	/* Several options may have one mask: the one that was given. */
	for (size_t i = 0; i < nr_option_rows; i++)
		if (option_rows[i].mask & extra && is_given(&option_rows[i], o)) {
			option_head(&option_rows[i], head, sizeof(head));
			warn("%s does not take %s; see pcipass %s --help", c->name, head, c->name);
			break;
		}
	return EXIT_USAGE;
}

/* "get" is a command of settings: the whole of its name; NULL: of none. */
static const char *member_name(const char *word)
{
	for (const struct command *const *c = commands; *c; c++) {
		const struct command *member =
			(*c)->family ? find_command((*c)->family, strlen((*c)->name) + 1, word)
				     : NULL;
		if (member)
			return member->name;
	}
	return NULL;
}

static enum exit_code no_command(const char *word)
{
	const char *names[MAX_NAMES];
	const char *near = member_name(word);
	char typed[600];

	if (!pp_quote_word(typed, sizeof(typed), word))
		return complain_usage("unknown command '%s'", word);
	if (looks_like_device(word))
		return complain_near("unknown command '%s': try pcipass explain %s", word, typed);
	if (!access(word, R_OK))
		return complain_near("unknown command '%s': try pcipass --from %s", word, typed);
	if (!near)
		near = pp_nearest_name(word, names, names_of(commands, 0, names, MAX_NAMES));
	if (near)
		return complain_near("unknown command '%s', did you mean '%s'?", word, near);
	return complain_usage("unknown command '%s'", word);
}

static enum exit_code unknown_member(const struct command *c, const char *word)
{
	size_t skip = strlen(c->name) + 1;
	const char *names[MAX_NAMES];
	const char *near =
		pp_nearest_name(word, names, names_of(c->family, skip, names, MAX_NAMES));

	hint_at(c);
	if (near)
		return complain_near("unknown command '%s %s', did you mean '%s %s'?", c->name,
		                     word, c->name, near);
	return complain_usage("unknown command '%s %s'", c->name, word);
}

static enum exit_code no_member(const struct command *c)
{
	char names[256] = "";
	size_t n = 0;

	for (const struct command *const *m = c->family; *m && n < sizeof(names); m++)
		n += (size_t)snprintf(names + n, sizeof(names) - n, "%s%s", n ? ", " : "",
		                      (*m)->name + strlen(c->name) + 1);
	return complain_usage("%s needs a command: %s", c->name, names);
}

static enum exit_code finish(void)
{
	struct pp_error e = { 0 };

	return flush_stdout(&e) ? complain(&e) : EXIT_YES;
}

/* The command that was typed, and how many words it took; NULL: said why it is none. */
static const struct command *choose_command(int argc, char **argv, int *words)
{
	const struct command *c = find_command(commands, 0, argv[0]);

	if (!c) {
		no_command(argv[0]);
		return NULL;
	}
	*words = 1;
	if (!c->family || argc < 2)
		return c;
	const struct command *member = find_command(c->family, strlen(c->name) + 1, argv[1]);
	if (!member)
		unknown_member(c, argv[1]);
	*words = 2;
	return member;
}

/* The commands of the list that are not in this program; said so far. */
static unsigned int print_missing(const struct command *const *list, unsigned int said)
{
	for (; *list; list++) {
		if (!is_here(*list))
			printf("%s%s", said++ ? ", " : "", (*list)->name);
		if ((*list)->family)
			said = print_missing((*list)->family, said);
	}
	return said;
}

static enum exit_code main_version(void)
{
	char confinement[160];

	puts("pcipass " PCIPASS_VERSION);
	pp_confinement_text(confinement, sizeof(confinement));
	printf("What --from names is read %s.\n", confinement);
	if (is_for_windows) {
		printf("On Windows these are left out: ");
		print_missing(commands, 0);
		puts(", verify --attach");
	}
	return finish();
}

static enum exit_code main_help(int argc, char **argv)
{
	const struct command *c = NULL;
	int words = 0;

	if (argc)
		c = choose_command(argc, argv, &words);
	if (argc && !c)
		return EXIT_USAGE;
	if (c && !is_here(c))
		return complain_near("%s works on Linux only", c->name);
	main_print_help(c);
	return finish();
}

static enum exit_code run_command(const struct command *c, const struct options *o,
                                  unsigned int given, int argc, char **argv)
{
	enum exit_code code;

	hint_at(c);
	if (c->family)
		return no_member(c);
	if (!is_here(c))
		return complain_near("%s works on Linux only", c->name);
	if (given & ~c->takes)
		return refuse_option(c, o, given & ~c->takes);
	if (argc < c->min_arguments)
		return complain_usage("%s needs %s", c->name, c->arguments);
	if (c == &command_survey && argc && is_device_name(argv[0]) && access(argv[0], F_OK))
		return complain_near("survey takes no device: try %s explain %s",
		                     style_of(o).command, argv[0]);
	if (argc > c->max_arguments)
		return complain_usage("unexpected argument '%s'", argv[c->max_arguments]);
	if (c == &command_help)
		return main_help(argc, argv);
	return reader_begin(c, o, argc, argv, &code) ? code : c->run(o, argc, argv);
}

int main(int argc, char **argv)
{
	const struct command *c = &command_survey;
	struct options o = { 0 };
	unsigned int given = 0;
	int words = 0;

	start();
	int done = parse_options(argc, argv, &o, &given);

	if (done >= 0)
		return done;
	if (o.version)
		return (int)main_version();
	argc -= optind;
	argv += optind;
	if (o.help)
		return (int)main_help(argc, argv);
	if (argc)
		c = choose_command(argc, argv, &words);
	if (!c)
		return EXIT_USAGE;
	return (int)run_command(c, &o, given, argc - words, argv + words);
}
