/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The command table, and the options that they share. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"

static const struct command *const commands[] = {
	&command_survey, &command_explain, &command_check,  &command_reserved,
	&command_groups, &command_capture, &command_verify,
};
#define NR_COMMANDS (sizeof(commands) / sizeof(commands[0]))

enum {
	OPT_FROM = 256,
	OPT_JSON,
	OPT_ALL,
	OPT_COLOR,
	OPT_FORCE,
	OPT_PRIVATE,
	OPT_ATTACH,
	OPT_TAKE,
	OPT_RESET,
	OPT_COMPUTED,
	OPT_VERSION
};

static const struct option long_options[] = {
	{ "from", required_argument, NULL, OPT_FROM },
	{ "json", no_argument, NULL, OPT_JSON },
	{ "all", no_argument, NULL, OPT_ALL },
	{ "color", required_argument, NULL, OPT_COLOR },
	{ "output", required_argument, NULL, 'o' },
	{ "force", no_argument, NULL, OPT_FORCE },
	{ "keep-private", no_argument, NULL, OPT_PRIVATE },
	{ "computed", no_argument, NULL, OPT_COMPUTED },
	{ "attach", required_argument, NULL, OPT_ATTACH },
	{ "take", no_argument, NULL, OPT_TAKE },
	{ "reset", no_argument, NULL, OPT_RESET },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, OPT_VERSION },
	{ NULL, 0, NULL, 0 },
};

static const struct option_help {
	unsigned int mask; /* 0: every command */
	const char *option, *text;
} option_helps[] = {
	{ TAKES_FROM, "--from PATH", "a capture, a folder or a bare table in place of this host" },
	{ TAKES_JSON, "--json", "one JSON document" },
	{ TAKES_ALL, "--all", "bridges and interrupt windows too" },
	{ TAKES_COLOR, "--color WHEN", "auto (the default), always or never" },
	{ TAKES_OUTPUT, "-o, --output FILE", "write FILE: .tar, .tar.gz or .tar.zst" },
	{ TAKES_FORCE, "--force", "replace FILE if it is there" },
	{ TAKES_PRIVATE, "--keep-private",
	  "keep serial numbers, UUIDs, MAC addresses and host names" },
	{ TAKES_COMPUTED, "--computed",
	  "work the groups out, even where the kernel has made some" },
	{ TAKES_ATTACH, "--attach DEVICE",
	  "try a real VFIO attach of it, and put everything back" },
	{ TAKES_TAKE, "--take", "take devices from their host drivers meanwhile" },
	{ TAKES_RESET, "--reset", "reset the device, too" },
	{ 0, "-h, --help", "this help; after a command, that command's" },
	{ 0, "--version", "the version" },
};

static void print_options(unsigned int takes)
{
	for (size_t i = 0; i < sizeof(option_helps) / sizeof(option_helps[0]); i++)
		if (!option_helps[i].mask || (option_helps[i].mask & takes))
			printf("  %-18s %s\n", option_helps[i].option, option_helps[i].text);
}

static void print_command_line(const struct command *c)
{
	printf("usage: pcipass [options] %s%s%s\n", c->name, c->arguments ? " " : "",
	       c->arguments ? c->arguments : "");
}

static void print_help(const struct command *c)
{
	if (c) {
		print_command_line(c);
		printf("%s\n\n", c->help);
		print_options(c->takes);
		return;
	}
	puts("usage: pcipass [options] [command]\n"
	     "Tells for every PCI device whether it can be passed through to a virtual\n"
	     "machine, and if not, exactly why.\n");
	for (size_t i = 0; i < NR_COMMANDS; i++) {
		char head[32];
		snprintf(head, sizeof(head), "%s%s%s", commands[i]->name,
		         commands[i]->arguments ? " " : "",
		         commands[i]->arguments ? commands[i]->arguments : "");
		printf("  %-18s %.*s\n", head, (int)strcspn(commands[i]->help, "\n"),
		       commands[i]->help);
	}
	puts("\nA device is named by its address (07:00.0), slot (slot2), group (group13) or\n"
	     "vendor:device (1000:0087).\n");
	print_options(~0u);
	puts("\nExit: 0 yes or done, 1 no, 2 usage, 3 cannot tell, 4 failed.");
}

/* -1: go on. */
static int parse_options(int argc, char **argv, struct options *o, unsigned int *given)
{
	int c;

	opterr = 0;
	while ((c = getopt_long(argc, argv, ":ho:", long_options, NULL)) != -1) {
		switch (c) {
		case OPT_FROM:
			o->from = optarg;
			*given |= TAKES_FROM;
			break;
		case OPT_JSON:
			o->json = true;
			*given |= TAKES_JSON;
			break;
		case OPT_ALL:
			o->all = true;
			*given |= TAKES_ALL;
			break;
		case OPT_COLOR:
			*given |= TAKES_COLOR;
			if (!strcmp(optarg, "always"))
				o->color = COLOR_ALWAYS;
			else if (!strcmp(optarg, "never"))
				o->color = COLOR_NEVER;
			else if (strcmp(optarg, "auto"))
				return (int)complain_usage("--color %s: need auto, always or never",
				                           optarg);
			break;
		case 'o':
			o->output = optarg;
			*given |= TAKES_OUTPUT;
			break;
		case OPT_FORCE:
			o->force = true;
			*given |= TAKES_FORCE;
			break;
		case OPT_PRIVATE:
			o->keep_private = true;
			*given |= TAKES_PRIVATE;
			break;
		case OPT_COMPUTED:
			o->computed = true;
			*given |= TAKES_COMPUTED;
			break;
		case OPT_ATTACH:
			o->attach = optarg;
			*given |= TAKES_ATTACH;
			break;
		case OPT_TAKE:
			o->take = true;
			*given |= TAKES_TAKE;
			break;
		case OPT_RESET:
			o->reset = true;
			*given |= TAKES_RESET;
			break;
		case 'h':
			o->help = true;
			break;
		case OPT_VERSION:
			o->version = true;
			break;
		case ':':
			return (int)complain_usage("%s: its value is missing", argv[optind - 1]);
		default:
			/* Of several letters in one word only optopt says which. */
			if (optopt > 0 && optopt < OPT_FROM)
				return (int)complain_usage("-%c: no such option", optopt);
			return (int)complain_usage("%s: no such option, or it takes no value",
			                           argv[optind - 1]);
		}
	}
	return -1;
}

/* Somebody who names a device wants to know about it. */
static bool looks_like_device(const char *s)
{
	return strchr(s, ':') || !strncmp(s, "slot", 4) || !strncmp(s, "group", 5);
}

static const struct command *find_command(const char *name)
{
	for (size_t i = 0; i < NR_COMMANDS; i++)
		if (!strcmp(commands[i]->name, name))
			return commands[i];
	return NULL;
}

/* An option that the command would silently ignore is a misunderstanding: said, not swallowed. */
static enum exit_code refuse_option(const struct command *c, unsigned int extra)
{
	for (size_t i = 0; i < sizeof(option_helps) / sizeof(option_helps[0]); i++)
		if (option_helps[i].mask & extra) {
			warn("%s does not take %s; see pcipass %s --help", c->name,
			     option_helps[i].option, c->name);
			break;
		}
	return EXIT_USAGE;
}

static int finish(void)
{
	struct pp_error e = { 0 };

	return (int)(flush_stdout(&e) ? complain(&e) : EXIT_YES);
}

int main(int argc, char **argv)
{
	struct options o = { 0 };
	unsigned int given = 0;
	int done = parse_options(argc, argv, &o, &given);

	if (done >= 0)
		return done;
	if (o.version) {
		puts("pcipass " PCIPASS_VERSION);
		return finish();
	}
	const struct command *c = &command_survey;
	if (optind < argc) {
		c = find_command(argv[optind]);
		if (!c && looks_like_device(argv[optind]))
			return (int)complain_usage("'%s' is no command: try pcipass explain %s",
			                           argv[optind], argv[optind]);
		if (!c && !access(argv[optind], R_OK))
			return (int)complain_usage("'%s' is no command: try pcipass --from %s",
			                           argv[optind], argv[optind]);
		if (!c)
			return (int)complain_usage("'%s' is no command", argv[optind]);
		optind++;
	} else if (o.help) {
		c = NULL;
	}
	if (o.help) {
		print_help(c);
		return finish();
	}
	if (given & ~c->takes)
		return (int)refuse_option(c, given & ~c->takes);
	if (argc - optind < c->min_arguments)
		return (int)complain_usage("%s: an argument is missing", c->name);
	if (argc - optind > c->max_arguments)
		return (int)complain_usage("'%s': one argument too many",
		                           argv[optind + c->max_arguments]);
	return (int)c->run(&o, argc - optind, argv + optind);
}
