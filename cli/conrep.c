/* SPDX-License-Identifier: GPL-2.0-or-later */
/* conrep's own spelling: the options, words and return codes that scripts know. */
#define _GNU_SOURCE
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"

const char program_name[] = "conrep";
const char *const program_help = "; see pcipass-conrep -h";

#define DEFAULT_DATA "conrep.dat"

/* As the documents of HP's tool have them; where they disagree, see the manual page. */
enum return_code {
	RETURN_DONE = 0,
	RETURN_SCHEMA = 1,   /* the schema file */
	RETURN_DATA = 2,     /* the data file */
	RETURN_STORE = 3,    /* no way to the settings: HP's "driver missing" */
	RETURN_PASSWORD = 4, /* an administrator's password keeps the settings */
	RETURN_MACHINE = 5,  /* not for this machine */
	RETURN_TAG = 6,      /* the schema lacks an element */
	RETURN_COMMAND = 7,
	RETURN_OTHER = 255,
};

struct wish {
	bool save, load, help, version, dry_run, verbose;
	const char *schema; /* NULL: HP's conrep.xml where it is installed, else the built-in one */
	const char *data, *store;
};

/* What is said beside a data file: to standard error where that goes to standard output. */
static FILE *talk;

/* What a load costs besides, told after it. */
static char side_effects[4096];

static void print_banner(void)
{
	fputs("conrep " PP_SETTINGS_LEVEL " (pcipass " PCIPASS_VERSION
	      "): saves and loads a ProLiant's settings\n",
	      talk);
}

static void conrep_print_help(void)
{
	puts("");
	puts("usage: pcipass-conrep [-s | -l] [-x FILE] [-f FILE]\n"
	     "\n"
	     "  -s, --save         save this machine's settings to the data file\n"
	     "  -l, --load         load the data file's settings into this machine\n"
	     "  -x, --xml FILE     the schema; conrep_rmrds.xml, where there is no such file,\n"
	     "                     is built in; the default: HP's conrep.xml where it is\n"
	     "                     installed, else the built-in one\n"
	     "  -f, --file FILE    the data file; the default: " DEFAULT_DATA
	     "; -: standard output\n"
	     "                     or input\n"
	     "      --store WHAT   where the settings are: image:FILE, efivars or hp:PROGRAM\n"
	     "      --dry-run      with -l: show what would be written; write nothing\n"
	     "  -v, --verbose      also what the schema asks for, what is odd in it and what\n"
	     "                     could not be read\n"
	     "  -h, -?, --help     this help\n"
	     "      --version      the version\n"
	     "\n"
	     "Return codes: 0 done, 1 schema, 2 data file, 3 no way to the settings, 4 admin\n"
	     "password, 5 machine not supported, 6 element missing, 7 command, 255 other.");
}

/* The last line, whatever came before it. */
static int conrep_give(enum return_code code)
{
	struct pp_error e = { 0 };

	fflush(stdout);
	fprintf(talk, "Conrep Return Code: %d\n", (int)code);
	if (!flush_stdout(&e))
		return (int)code;
	complain(&e);
	if (code != RETURN_DONE)
		return (int)code;
	warn("the request was carried out, but this output could not be written");
	return RETURN_OTHER;
}

static enum return_code conrep_failed(const struct pp_error *e, enum return_code code)
{
	fflush(stdout);
	complain(e);
	return e->code == ENOMEM ? RETURN_OTHER : code;
}

/* Of the store: what HP's own program has a return code for keeps it. */
static enum return_code store_failed(const struct pp_error *e)
{
	fflush(stdout);
	complain(e);
	switch (e->code) {
	case EKEYREJECTED:
		return RETURN_PASSWORD;
	case ENOTSUP:
		return RETURN_MACHINE;
	case ENODEV:
	case ENOEXEC:
		return RETURN_STORE;
	default:
		return RETURN_OTHER;
	}
}

static void conrep_tell(void *ctx, const char *text)
{
	(void)ctx;
	warn("%s", text);
}

static void keep_side_effect(void *ctx, const char *text)
{
	size_t n = strlen(side_effects);

	snprintf(side_effects + n, sizeof(side_effects) - n, "%s%s", n ? "\n" : "", text);
}

/* Just above the return code, where it is seen. */
static void tell_side_effects(void)
{
	char *rest = side_effects, *line;

	fflush(stdout);
	while ((line = strsep(&rest, "\n")) && *line)
		warn("%s", line);
}

static const char *conrep_known(const char *text)
{
	return text ? text : "unknown";
}

static void print_machine(const struct pp_settings *s)
{
	fprintf(talk, "\tSystem Type:\t\t\t%s\n",
	        conrep_known(pp_settings_machine(s, PP_SETTINGS_PRODUCT)));
	fprintf(talk, "\tROM Date   :\t\t\t%s\n",
	        conrep_known(pp_settings_machine(s, PP_SETTINGS_ROM_DATE)));
	fprintf(talk, "\tROM Family :\t\t\t%s\n",
	        conrep_known(pp_settings_machine(s, PP_SETTINGS_ROM_FAMILY)));
	fprintf(talk, "\tProcessor Manufacturer :\t%s\n",
	        conrep_known(pp_settings_machine(s, PP_SETTINGS_PROCESSOR)));
}

static void print_demand(void *ctx, const struct pp_settings_demand *d)
{
	bool version = !strcmp(d->what, "version");

	(void)ctx;
	if (!version && !d->met)
		fprintf(talk, "\tPlatform check    : [%-32.32s]\n", d->asked);
	else
		fprintf(talk, "\t%s: [%-32.32s]                  %s\n",
		        version ? "Global Restriction" : "Platform check    ", d->asked,
		        d->met ? "OK" : "not met");
}

static bool is_standard(const char *data)
{
	return !strcmp(data, "-");
}

static enum return_code conrep_save(struct pp_settings *s, const struct wish *w)
{
	struct pp_error e = { 0 };
	const char *text;
	size_t len;

	fprintf(talk, "Saving configuration data to %s\n", w->data);
	if (!is_standard(w->data))
		return pp_settings_save(s, w->data, true, &e) ? conrep_failed(&e, RETURN_DATA)
		                                              : RETURN_DONE;
	if (pp_settings_document(s, &text, &len, &e))
		return conrep_failed(&e, RETURN_OTHER);
	fwrite(text, 1, len, stdout);
	return flush_stdout(&e) ? conrep_failed(&e, RETURN_DATA) : RETURN_DONE;
}

/* A setting that the schema does not have, and nobody said which schema. */
static void hint_at_schema(const struct wish *w, const struct pp_error *e)
{
	if (!w->schema && e->code == EINVAL)
		warn("no schema was named: -x FILE names one, -x conrep_rmrds.xml the built-in "
		     "one of the RMRDS settings");
}

static enum return_code plan_failed(const struct wish *w, const struct pp_error *e)
{
	enum return_code code = conrep_failed(e, e->code == EPERM     ? RETURN_MACHINE
	                                         : e->code == ENODATA ? RETURN_OTHER
	                                                              : RETURN_DATA);
	hint_at_schema(w, e);
	return code;
}

static enum return_code conrep_load(struct pp_settings *s, const struct wish *w)
{
	struct pp_style style = { .format = PP_FORMAT_TEXT, .width = 80, .no_machine = true };
	struct pp_settings_plan *plan;
	struct pp_error e = { 0 };

	fprintf(talk, "Loading configuration data from %s\n", w->data);
	if (is_standard(w->data) ? plan_stdin(s, &plan, &e)
	                         : pp_settings_plan_file(s, w->data, &plan, &e))
		return plan_failed(w, &e);
	if (w->dry_run) {
		if (pp_report_changes(plan, false, &style, sink_stdout(), &e))
			return conrep_failed(&e, RETURN_OTHER);
		return RETURN_DONE;
	}
	pp_settings_plan_risks(plan, keep_side_effect, NULL);
	fflush(stdout);
	if (pp_settings_write(s, plan, &e)) {
		*side_effects = '\0';
		return store_failed(&e);
	}
	return RETURN_DONE;
}

static enum return_code conrep_check(struct pp_settings *s, const struct wish *w)
{
	struct pp_error e = { 0 };

	if (!pp_settings_check(s, w->verbose ? print_demand : NULL, NULL, &e))
		return RETURN_DONE;
	/* What of it is not met. */
	if (!w->verbose)
		pp_settings_check(s, print_demand, NULL, NULL);
	return conrep_failed(&e, e.code == EPERM ? RETURN_MACHINE : RETURN_SCHEMA);
}

static enum return_code with_schema(struct pp_settings *s, const struct wish *w)
{
	struct pp_error e = { 0 };
	int r = w->schema ? pp_settings_schema(s, w->schema, &e) : pp_settings_schema_system(s, &e);

	fprintf(talk, "XML System Configuration: %s\nHardware   Configuration: %s\n",
	        r ? conrep_known(w->schema) : pp_settings_schema_where(s), w->data);
	fflush(talk);
	if (r)
		return conrep_failed(&e, e.code == ENOMSG ? RETURN_TAG : RETURN_SCHEMA);
	enum return_code code = conrep_check(s, w);
	if (code != RETURN_DONE)
		return code;
	if (pp_settings_read(s, &e))
		return e.code == EPERM ? conrep_failed(&e, RETURN_MACHINE) : store_failed(&e);
	return w->save ? conrep_save(s, w) : conrep_load(s, w);
}

static enum return_code open_code(int error)
{
	switch (error) {
	case EINVAL:
		return RETURN_COMMAND;
	case EBUSY:
	case EUCLEAN:
		return RETURN_OTHER;
	default:
		return RETURN_STORE;
	}
}

static enum return_code conrep_carry_out(const struct wish *w)
{
	struct pp_settings_options options = {
		.store = w->store,
		.may_write = w->load && !w->dry_run,
		.name = device_name,
	};
	struct pp_error e = { 0 };
	struct pp_settings *s;

	if (pp_settings_open(&options, &s, &e))
		return conrep_failed(&e, open_code(e.code));
	print_machine(s);
	fflush(talk);
	if (*pp_settings_recovered(s))
		warn("%s", pp_settings_recovered(s));
	enum return_code code = with_schema(s, w);
	fflush(talk);
	pp_settings_remarks(s,
	                    w->verbose ? PP_SETTINGS_EVERYTHING
	                    : w->save  ? PP_SETTINGS_ALL_ASKED
	                               : PP_SETTINGS_ASKED,
	                    conrep_tell, NULL);
	pp_settings_close(s);
	tell_side_effects();
	return code;
}

enum { OPT_STORE = 256, OPT_DRY_RUN, OPT_VERSION };

static bool take_option(int c, struct wish *w)
{
	switch (c) {
	case 's':
		w->save = true;
		return true;
	case 'l':
		w->load = true;
		return true;
	case 'x':
		w->schema = optarg;
		return true;
	case 'f':
		w->data = optarg;
		return true;
	case 'v':
		w->verbose = true;
		return true;
	case 'h':
		w->help = true;
		return true;
	case OPT_STORE:
		w->store = optarg;
		return true;
	case OPT_DRY_RUN:
		w->dry_run = true;
		return true;
	case OPT_VERSION:
		w->version = true;
		return true;
	default:
		return false;
	}
}

/* false: not understood, and said so. */
static bool conrep_parse(int argc, char **argv, struct wish *w)
{
	static const struct option longs[] = {
		{ "save", no_argument, NULL, 's' },
		{ "load", no_argument, NULL, 'l' },
		{ "xml", required_argument, NULL, 'x' },
		{ "schema", required_argument, NULL, 'x' },
		{ "file", required_argument, NULL, 'f' },
		{ "store", required_argument, NULL, OPT_STORE },
		{ "dry-run", no_argument, NULL, OPT_DRY_RUN },
		{ "verbose", no_argument, NULL, 'v' },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, OPT_VERSION },
		{ NULL, 0, NULL, 0 },
	};
	int c;

	opterr = 0;
	while ((c = getopt_long(argc, argv, ":slx:f:vh", longs, NULL)) != -1) {
		if (c == '?' && optopt == '?')
			c = 'h';
		if (take_option(c, w))
			continue;
		if (c == ':')
			complain_usage("option '%s' needs a value", argv[optind - 1]);
		else if (optopt > 0 && optopt < 256)
			complain_usage("unknown option '-%c'", optopt);
		else
			complain_usage("unknown option '%s'", argv[optind - 1]);
		return false;
	}
	if (w->help || w->version)
		return true;
	if (optind < argc)
		complain_usage("unexpected argument '%s': a data file goes with -f, a schema "
		               "with -x",
		               argv[optind]);
	else if (w->save == w->load)
		complain_usage("one of -s, save, and -l, load, is needed%s",
		               w->save ? ", not both" : "");
	else if (w->save && w->dry_run)
		complain_usage("--dry-run goes with -l: -s changes no setting");
	else if ((w->schema && !*w->schema) || !*w->data)
		complain_usage("empty file name");
	else
		return true;
	return false;
}

int main(int argc, char **argv)
{
	struct wish w = { .data = DEFAULT_DATA };
	struct pp_error e = { 0 };

	start();
	bool understood = conrep_parse(argc, argv, &w);

	talk = w.save && is_standard(w.data) ? stderr : stdout;
	if (understood && w.version)
		puts("conrep " PP_SETTINGS_LEVEL " (pcipass " PCIPASS_VERSION ")");
	else
		print_banner();
	if (!understood)
		return conrep_give(RETURN_COMMAND);
	if (w.help)
		conrep_print_help();
	if (w.help || w.version)
		return flush_stdout(&e) ? conrep_failed(&e, RETURN_OTHER) : RETURN_DONE;
	return conrep_give(conrep_carry_out(&w));
}
