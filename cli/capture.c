/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pcipass capture: writes all that a survey reads into one file. */
#include <errno.h>
#include <pcipass/capture.h>
#include <pcipass/report.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"

#define PRIVATE  "serial numbers, UUIDs, MAC addresses and names of hosts, users and volumes"
#define LEFT_OUT PRIVATE " left out"

static void tell_unread(void *ctx, const char *what, const char *reason, const char *adds)
{
	warn("not captured: %s (%s): %s", what, reason, adds);
}

/* What of a survey stands above the capture, for those who read the post. */
static const char columns[] = "ADDRESS,ID,CLASS,GROUP,DRIVER,VERDICT";
static const char head[] = "The PCI devices of a host, by pcipass " PCIPASS_VERSION ".\n\n";
static const char foot[] =
	"\nAll that decides is below, without serial numbers, UUIDs, MAC addresses and\n"
	"names. Saved with this page or alone, it is read by: pcipass --from FILE\n\n";

#define TABLE_MAX 30000u

struct post {
	const struct pp_survey *survey;
	struct pp_style style;
	const char *capture;
	char table[TABLE_MAX];
	size_t len;
};

static int post_keep(void *ctx, const char *bytes, size_t len)
{
	struct post *p = ctx;

	if (p->len + len > sizeof(p->table))
		return -1;
	memcpy(p->table + p->len, bytes, len);
	p->len += len;
	return 0;
}

static int post_print(void *ctx, struct pp_sink sink, struct pp_error *e)
{
	struct post *p = ctx;
	struct pp_sink kept = { .write = post_keep, .ctx = p };
	size_t capture = strlen(p->capture);

	p->len = 0;
	/* Of a host with a thousand devices the capture alone. */
	if (pp_report_survey(p->survey, &p->style, kept, e) ||
	    p->len + capture + sizeof(head) + sizeof(foot) > PP_CAPTURE_TEXT_MAX)
		p->len = 0;
	if (sink.write(sink.ctx, head, strlen(head)) || sink.write(sink.ctx, p->table, p->len) ||
	    sink.write(sink.ctx, foot, strlen(foot)) || sink.write(sink.ctx, p->capture, capture)) {
		e->code = EIO;
		snprintf(e->text, sizeof(e->text), "the text cannot be written");
		return -EIO;
	}
	return 0;
}

static enum exit_code capture_print(const struct options *o, const struct pp_host *host,
                                    const char *text)
{
	struct pp_error e = { 0 };
	struct options to = *o;
	struct pp_survey *survey;
	struct post *p = calloc(1, sizeof(*p));

	if (!p || pp_survey_new(host, PP_TARGET_KVM, &survey, &e)) {
		free(p);
		e.code = e.code ? e.code : ENOMEM;
		return complain(&e);
	}
	p->survey = survey;
	p->capture = text;
	p->style = (struct pp_style){ .format = PP_FORMAT_TEXT, .width = 80, .columns = columns };
	to.output = o->output ? o->output : "-";
	int r = output_write(&to, post_print, p, &e);
	pp_survey_free(survey);
	free(p);
	return r ? complain(&e) : EXIT_YES;
}

static enum exit_code capture_text(const struct options *o,
                                   const struct pp_capture_options *options)
{
	struct pp_error e = { 0 };
	struct pp_source *source;
	struct pp_host *host;
	char *text;

	if (o->keep_private)
		return complain_usage(
			"a text for a post has nothing private; leave out --keep-private");
	if (source_open_shown(o, &source, &e))
		return complain(&e);
	int r = pp_capture_text(source, options, &text, &host, &e);
	progress_end();
	pp_source_free(source);
	if (r)
		return complain(&e);
	enum exit_code code = capture_print(o, host, text);
	pp_host_unread(host, tell_unread, NULL);
	if (code == EXIT_YES && o->output && strcmp(o->output, "-") != 0)
		warn("wrote %s, a text for a post; " LEFT_OUT, o->output);
	pp_host_free(host);
	free(text);
	return code;
}

static void tell_unlisted(void *ctx, const char *what, const char *reason, const char *adds)
{
	warn("cannot be captured: %s (%s): %s", what, reason, adds);
}

static void capture_list_one(void *ctx, const char *path, const char *fate)
{
	progress_end();
	printf("%-9s %s\n", fate, path);
}

static enum exit_code capture_list(const struct options *o, struct pp_capture_options *options)
{
	struct pp_error e = { 0 };
	struct pp_source *source;
	struct pp_host *host;

	if (o->output)
		return complain_usage("capture --list writes no file; leave out -o");
	options->for_text = o->text;
	if (o->text && o->keep_private)
		return complain_usage(
			"a text for a post has nothing private; leave out --keep-private");
	if (source_open_shown(o, &source, &e))
		return complain(&e);
	int r = pp_capture_list(source, options, capture_list_one, NULL, &host, &e);
	pp_source_free(source);
	if (r)
		return complain(&e);
	pp_host_unread(host, tell_unlisted, NULL);
	pp_host_free(host);
	return flush_stdout(&e) ? complain(&e) : EXIT_YES;
}

static enum exit_code capture_run(const struct options *o, int argc, char **argv)
{
	const bool reader_writes = reader_is_child() && o->output && strcmp(o->output, "-") != 0;
	struct pp_capture_options options = {
		.overwrite = o->force,
		.keep_private = o->keep_private,
		.before_write = reader_writes ? reader_capture_begin : signals_finish_file,
		.fd = reader_writes ? reader_capture_fd() : 0,
		.as_root = reader_has_roots_rights(),
		.tool = "pcipass " PCIPASS_VERSION,
	};
	struct pp_error e = { 0 };
	struct pp_source *source;
	struct pp_host *host;

	if (o->list_files)
		return capture_list(o, &options);
	if (o->text)
		return capture_text(o, &options);
	if (!o->output) {
		return complain_usage(
			"capture: need -o FILE (.tar, .tar.gz or .tar.zst), --text or --list");
	}
	bool to_stdout = !strcmp(o->output, "-");
	if (to_stdout && isatty(STDOUT_FILENO))
		return complain_usage(
			"capture -o -: standard output is a terminal; send it to a file or a pipe");
	if (source_open_shown(o, &source, &e))
		return complain(&e);
	int r = pp_capture_write(source, o->output, &options, &host, &e);
	bool was_read = !r;
	if (reader_writes)
		r = reader_output_end(r, &e);
	progress_end();
	pp_source_free(source);
	if (r && was_read)
		pp_host_free(host);
	if (output_failed(r, &e))
		return complain(&e);
	pp_host_unread(host, tell_unread, NULL);
	pp_host_free(host);
	warn("wrote %s; %s", to_stdout ? "the capture to standard output" : o->output,
	     o->keep_private ? PRIVATE " are in it" : LEFT_OUT);
	return EXIT_YES;
}

static const struct option_help capture_options[] = {
	{ "from", "capture from a capture or directory, not from this host" },
	{ "output", "the file: .tar, .tar.gz or .tar.zst; - is stdout" },
	{ 0 },
};

const struct command command_capture = {
	.name = "capture",
	.arguments = "-o FILE",
	.help = "save what a survey reads to a file, for use with --from",
	.options = capture_options,
	.takes = TAKES_FROM | TAKES_OUTPUT | TAKES_FORCE | TAKES_PRIVATE | TAKES_CAPTURE,
	.run = capture_run,
	.reads = true,
};
