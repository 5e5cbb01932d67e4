/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of the command line share: options, commands, exit codes, output. */
#ifndef CLI_H
#define CLI_H

#include <stdbool.h>

#include <pcipass/fleet.h>
#include <pcipass/judge.h>
#include <pcipass/plan.h>
#include <pcipass/quote.h>
#include <pcipass/report.h>
#include <pcipass/settings.h>
#include <pcipass/source.h>

/* What a script may rely on. */
enum exit_code {
	EXIT_YES = 0,    /* yes, or done */
	EXIT_NO = 1,     /* blocked, differs, refused */
	EXIT_USAGE = 2,  /* the command was not understood */
	EXIT_UNSURE = 3, /* facts or rights are missing */
	EXIT_FAILED = 4,
};

/* Of a text that was not quoted. */
#define MAX_WORDS 4096

/* How many texts can be one host, besides the first. */
#define MAX_FROM 15

struct options {
	const char *from;                /* NULL: the live host */
	const char *more_from[MAX_FROM]; /* further texts of the same host */
	unsigned int nr_more_from;
	const char *output; /* the file to write */
	const char *store;  /* where settings live; NULL: found out */
	const char *schema; /* what they are called */
	const char *attach; /* verify: the device to try */
	const char *by;     /* free: the remedy to take */
	const char *plan;   /* free, verify: a plan's file */
	const char *vm;     /* emit: the guest */
	const char *target; /* whose answer is wanted: "kvm", "hyperv", "xen", "all"; NULL: kvm */
	const char *kernel; /* the release that the answers are for; NULL: the running one */
	bool json, all, force, keep_private, dry_run, yes, take, reset, computed, help, version;
	bool verbose;        /* settings: what nobody named, too */
	bool resume;         /* apply: go on with one that was interrupted */
	bool files;          /* undo: only what is in files */
	bool now, boot;      /* bind, unbind: when; neither: both */
	const char *columns; /* survey: the names of those to print; NULL: all of the survey */
	bool list_columns, noheadings;
	bool prometheus, nfd;      /* survey: in place of a table */
	const char *filter, *sort; /* survey: which rows, and by what; NULL: all, by address */
	bool text;                 /* capture: a text for a post */
	bool list_files;           /* capture: only say what would go into it */
	bool log;                  /* explain: of a log, not of a device */
	const char *color;         /* "auto", "always", "never"; NULL: auto */
	struct texts_ahead *ahead; /* what is read of many hosts; NULL: it is one */
};

/* Which options a command takes, besides --help and --version. */
enum option_mask {
	TAKES_FROM = 1 << 0,
	TAKES_JSON = 1 << 1,
	TAKES_ALL = 1 << 2,
	TAKES_COLOR = 1 << 3,
	TAKES_OUTPUT = 1 << 4,
	TAKES_FORCE = 1 << 5,
	TAKES_PRIVATE = 1 << 6,
	TAKES_STORE = 1 << 7,
	TAKES_SCHEMA = 1 << 8,
	TAKES_DRY_RUN = 1 << 9,
	TAKES_YES = 1 << 10,
	TAKES_ATTACH = 1 << 11,
	TAKES_TAKE = 1 << 12,
	TAKES_RESET = 1 << 13,
	TAKES_COMPUTED = 1 << 14,
	TAKES_BY = 1 << 15,
	TAKES_PLAN = 1 << 16,
	TAKES_RESUME = 1 << 17,
	TAKES_WHEN = 1 << 18,
	TAKES_VERBOSE = 1 << 19,
	TAKES_VM = 1 << 20,
	TAKES_COLUMNS = 1 << 21,
	TAKES_LIST_COLUMNS = 1 << 22,
	TAKES_NO_HEADINGS = 1 << 23,
	TAKES_TARGET = 1 << 24,
	TAKES_KERNEL = 1 << 25,
	TAKES_FILES = 1 << 26,
	TAKES_LOG = 1 << 27,
	TAKES_CAPTURE = 1 << 28,
	TAKES_FILTER = 1 << 29,
	TAKES_SORT = 1 << 30,
};

/* What an option means to one command, where that is less than to all. */
struct option_help {
	const char *option, *help; /* "output" */
};

/* A command is a row; so is a command of a command. */
struct command {
	const char *name; /* "settings get": a command's own after its family's */
	/* For the usage lines, one of several forms a line, the main one first; NULL: none. */
	const char *arguments;
	const char *help;
	const struct option_help *options; /* ended by an empty row; NULL: none */
	unsigned int takes;                /* enum option_mask */
	int min_arguments, max_arguments;
	enum exit_code (*run)(const struct options *o, int argc, char **argv);
	const struct command *const *family; /* ended by NULL; then there is no run */
	const char *examples;                /* lines for the help, each with its end; NULL: none */
	bool linux_only;                     /* there is nothing of its kind on Windows */
	bool reads;                          /* with --from it needs nothing but what that names */
	bool hidden;                         /* for other programs: --help does not list it */
};

extern const struct command command_survey, command_explain, command_reserved, command_check,
	command_capture, command_emit, command_groups, command_settings, command_verify,
	command_free, command_apply, command_undo, command_bind, command_unbind, command_override,
	command_slots, command_tree, command_status, command_report;

/* Which of the programs this is, and where its help is: "; see pcipass --help". */
extern const char program_name[];
extern const char *const program_help;

/* To standard error at once, as it is. */
__attribute__((format(printf, 1, 2))) void say(const char *fmt, ...);
/* What say() calls first; NULL: nothing. */
extern void (*say_before)(void);
/* Says "pcipass: …" on standard error and gives the exit code that belongs to it. */
enum exit_code complain(const struct pp_error *e);
__attribute__((format(printf, 1, 2))) void warn(const char *fmt, ...);
/* From here on with this before it; NULL: without. Borrowed. */
void warn_about(const char *name);
/* The same for a command that was not understood, with where to look. Always EXIT_USAGE. */
__attribute__((format(printf, 1, 2))) enum exit_code complain_usage(const char *fmt, ...);

/* Without where to look, for a sentence that says what was meant. Always EXIT_USAGE. */
__attribute__((format(printf, 1, 2))) enum exit_code complain_near(const char *fmt, ...);

/* What --from names, else this host. */
int source_open(const struct options *o, struct pp_source **ret, struct pp_error *e);
/* The same, and a progress line from then on. */
int source_open_shown(const struct options *o, struct pp_source **ret, struct pp_error *e);

/* What --from names, as one host: read by a confined process. -EMLINK: one of several is a host of
 * its own, and no part of one. */
int texts_open(const struct options *o, struct pp_source **ret, struct pp_error *e);
/* Hosts that texts_open() will be asked for in this order, with it in their options. NULL: no
 * memory. */
struct texts_ahead *texts_ahead_new(void);
/* false: not this one, or not yet. */
bool texts_ahead_add(struct texts_ahead *a, const struct options *o);
/* It is the next one. */
bool texts_ahead_has(const struct texts_ahead *a, const struct options *o);
void texts_ahead_free(struct texts_ahead *a);
/* All that is in a file, or comes from standard input ("-"), as often as asked; free() it. */
int texts_read_path(const char *path, char **ret, size_t *ret_len, struct pp_error *e);

/*
 * The hosts that --from and the words behind it name; *many: they are more than one host's
 * evidence, or come from elsewhere than a host. Freed with pp_host_list_free().
 */
int fleet_list(const struct options *o, int argc, char **argv, struct pp_host_list **ret,
               bool *many, struct pp_error *e);
/* One report about them, or about the host of o, with list NULL, where it has no form of its own.
 */
enum exit_code fleet_survey(const struct options *o, struct pp_host_list *list);
/* The same into a sink, of the first of them, at most so many; *ret: the exit code if it is 0. */
int fleet_report(const struct options *o, struct pp_host_list *list, unsigned int most,
                 const struct pp_style *style, struct pp_sink sink, enum exit_code *ret,
                 struct pp_error *e);

/* What every look begins with: source, host, survey. Freed as a whole. */
struct look {
	struct pp_source *source; /* NULL: the host is read */
	struct pp_host *running;  /* with --kernel the host as it is; else NULL */
	struct pp_host *host;
	struct pp_survey *survey; /* for the target that was asked for; with "all" for the first */
	/* With "all" one a target, of which .survey is the first; else empty. */
	const struct pp_survey *surveys[PP_TARGET_COUNT];
};
/* Whether every target was asked for. */
bool look_for_all(const struct options *o);
/* Whether --from names a host that is not this one; "live:DIRECTORY" is this one, with files of
 * tests. */
bool is_another_host(const struct options *o);
int look_open(const struct options *o, struct look *ret, struct pp_error *e);
/*
 * The same for a verdict about one device, which must not read thousands of others. If device is no
 * address, or where it takes the whole host to tell, all is read.
 */
int look_open_at(const struct options *o, const char *device, struct look *ret, struct pp_error *e);
/* The same with the source, for who reads files of it. */
int look_open_with_source(const struct options *o, struct look *ret, struct pp_error *e);
void look_close(struct look *l);
bool is_for_all_kernels(const struct options *o);
/* explain --log: of a file, of standard input, or of the words themselves. */
enum exit_code explain_log(const struct options *o, int argc, char **argv);
/* --kernel all: one kernel after the other. what: the devices; NULL: all. */
enum exit_code kernels_compare(const struct options *o, const char *what);

/* What would change if the data file on standard input were loaded. */
int plan_stdin(struct pp_settings *s, struct pp_settings_plan **ret, struct pp_error *e);

/* A device's name for people, from the PCI ID database. */
const char *device_name(void *ctx, unsigned int vendor, unsigned int device);
const char *class_name(void *ctx, unsigned int class_code);
/* Opens it now, for a process that cannot later. */
void names_open(void);
/* The bytes of pci.ids for as long as the process lives; none where this system has no such file.
 */
struct pp_span pci_ids_text(void);

/* "run it with sudo", as the end of a sentence. */
const char *how_to_get_rights(void);
/* Whether this user can change the host; if not, that is said. */
bool may_change_host(void);
/* Only somebody at a terminal can be asked; of another answer than yes or no is said what counts.
 */
enum exit_code ask_yes_no(const char *what, const char *no);
/* The plan is to be shown or written, and carried out by somebody at another time. */
bool is_for_later(const struct options *o);
/* Prints a plan, with what comes next. */
enum exit_code plan_show(const struct options *o, const struct pp_plan *p);
/*
 * Whether a command that takes up what was applied found nothing to do, as a script may that
 * repeats it: r is what it returned, is_left whether there was something. Says so: "Nothing to
 * undo: …".
 */
bool apply_had_nothing(int r, bool is_left, const char *verb, const struct pp_error *e);
/*
 * Checks the plan on this host, shows it, asks unless told not to, and carries it out.
 * ret_nothing: where it would change nothing here it is not shown, and this says so; NULL: always
 * shown.
 */
enum exit_code show_and_apply(const struct options *o, const struct pp_plan *p, bool *ret_nothing);

/*
 * Under Windows HP's conrep reads no setting before its driver is in place: whoever is at a
 * terminal, or has said --yes, is offered that. EXIT_YES: go on, whether there is a driver or not.
 */
enum exit_code offer_driver(const struct options *o);

/* Reads a plan's file. Freed with pp_plan_free(). */
int plan_load(const char *path, struct pp_plan **ret, struct pp_error *e);

/* How to print, on this terminal; and where. */
struct pp_style style_of(const struct options *o);
struct pp_sink sink_stdout(void);
/* What kept something from being written there; 0: nothing did. */
extern int stdout_error;
/* All of it has arrived. */
int flush_stdout(struct pp_error *e);
/* What print prints, to the file that -o names; "-" is standard output. */
int output_write(const struct options *o, pp_print print, void *ctx, struct pp_error *e);
/* r, and where a file is in the way, how to replace it. */
int output_failed(int r, struct pp_error *e);

/* Tries a real VFIO attach of the device that --attach names. */
enum exit_code verify_attach(const struct options *o, const struct pp_host *h);

/* First of all: makes what was inherited safe to work with. */
void start(void);

/* This program is the one for Windows. */
extern const bool is_for_windows;

/* The directory that doc/ is installed in; NULL: this program runs from elsewhere. */
const char *installed_documents(void);

/* How wide the terminal is that standard output goes to. 0: no terminal. */
unsigned int terminal_columns(void);
/* Whether such a terminal shows colours. */
bool terminal_has_color(void);
/* Whether the characters that a reader sees are UTF-8, by LC_ALL, LC_CTYPE or LANG. */
bool locale_is_utf8(void);

/* From now on standard output goes through a pager, where one is wanted, until the process ends. */
void pager_begin(const struct options *o);
/* How wide the terminal is that a pager shows it on; 0: there is none. */
extern unsigned int pager_columns;
/* The same in two steps: whether one would be; and for what comes from in. 0 or -1. */
bool pager_is_wanted(const struct options *o);
int pager_start(int in);

/*
 * Confines a command that reads what strangers wrote, in a child process where -o or a pager need
 * one that is not confined. true: the child has run it, and *ret is how it ended; false: this is
 * the process that runs it.
 */
bool reader_begin(const struct command *c, const struct options *o, int argc, char **argv,
                  enum exit_code *ret);
/* Whether the command was started by root: what it reads is then read with root's rights. */
bool reader_has_roots_rights(void);
bool reader_is_child(void);
bool reader_is_confined(void);
bool reader_is_alone(void); /* it confines itself, and there is nobody to ask */
/* From here on, where that was left to the command. */
void reader_confine(void);
/* In the child, what only its parent can do: */
int reader_pager(void); /* the pager's end of a pipe; -1: there is none */
int reader_write(pp_print print, void *ctx, struct pp_error *e); /* into the file of -o */
/* The same of a capture, which writes to a descriptor; to be ended with what came of it. */
void reader_capture_begin(void);
int reader_capture_fd(void);
int reader_output_end(int r, struct pp_error *e);

/*
 * From now on, until progress_end() or until something is said, a line on standard error shows what
 * is done and for how long: after a second, and on a terminal alone.
 */
void progress_begin(const char *what);
void progress_end(void);
/*
 * The same for one of many hosts, "host 12 of 300", until progress_count_end(): what is begun and
 * ended meanwhile is a part of it. After something was said the next host's line goes on.
 */
void progress_count(unsigned int host, unsigned int hosts);
void progress_count_end(void);

/*
 * From here on SIGINT, SIGTERM, SIGHUP, SIGQUIT and SIGXCPU make signals_stop() say true, and
 * SIGPIPE and SIGXFSZ do nothing. said, which may be NULL, goes to standard error with the first of
 * them.
 */
void signals_catch(const char *said);
bool signals_stop(void *ctx);
/* A file is about to be written: it is finished, so that no temporary file stays behind. */
void signals_finish_file(void);

#endif
