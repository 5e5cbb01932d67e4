/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pcipass explain --log: what the lines of a log mean, and what the host at hand says of them. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <pcipass/log.h>

#include "cli.h"

#define PIECE_BYTES ((size_t)64 * 1024)

static int log_failed(const char *name, int code, struct pp_error *e)
{
	e->code = code;
	snprintf(e->text, sizeof(e->text), "%.300s: %s", name, strerror(code));
	return -code;
}

static int cli_log_read(struct pp_log *l, FILE *f, const char *name, struct pp_error *e)
{
	static char piece[PIECE_BYTES];
	size_t n;

	while ((n = fread(piece, 1, sizeof(piece), f)))
		pp_log_feed(l, piece, n);
	return ferror(f) ? log_failed(name, errno, e) : 0;
}

static int log_read_stdin(struct pp_log *l, struct pp_error *e)
{
	if (isatty(STDIN_FILENO))
		warn("paste the log, then type Ctrl-D");
	return cli_log_read(l, stdin, "standard input", e);
}

static int log_read_file(struct pp_log *l, const char *path, struct pp_error *e)
{
	FILE *f = fopen(path, "rbe");

	if (!f)
		return log_failed(path, errno, e);
	int r = cli_log_read(l, f, path, e);
	fclose(f);
	return r;
}

/* A file that is there, standard input, or the text itself, as words if it was not quoted. */
static int log_read_all(struct pp_log *l, int argc, char **argv, struct pp_error *e)
{
	struct stat st;
	int r = 0;

	if (!argc || (argc == 1 && !strcmp(argv[0], "-"))) {
		r = log_read_stdin(l, e);
	} else if (argc == 1 && !stat(argv[0], &st)) {
		if (S_ISDIR(st.st_mode))
			return log_failed(argv[0], EISDIR, e);
		r = log_read_file(l, argv[0], e);
	} else if (argc == 1 && !strpbrk(argv[0], " \t\n")) {
		/* One word is no line of a log: a file was meant. */
		r = log_failed(argv[0], errno, e);
	} else {
		for (int i = 0; i < argc; i++) {
			pp_log_feed(l, i ? " " : "", i ? 1 : 0);
			pp_log_feed(l, argv[i], strlen(argv[i]));
		}
	}
	pp_log_end(l);
	return r;
}

enum exit_code explain_log(const struct options *o, int argc, char **argv)
{
	struct pp_style style = style_of(o);
	struct pp_error e = { 0 }, none = { 0 };
	enum exit_code code = EXIT_YES;
	struct look l = { 0 };
	struct pp_log *log;

	/* A host that was named must be there; this one may be none. */
	if (o->from && look_open(o, &l, &e))
		return complain(&e);
	if (!o->from && look_open(o, &l, &none))
		l = (struct look){ 0 };
	reader_confine();
	if (pp_log_new(&log, &e)) {
		look_close(&l);
		return complain(&e);
	}
	if (log_read_all(log, argc, argv, &e) ||
	    pp_report_log(log, l.survey, &style, sink_stdout(), &e) || flush_stdout(&e))
		code = complain(&e);
	else if (!pp_log_known(log))
		code = EXIT_NO;
	pp_log_free(log);
	look_close(&l);
	return code;
}
