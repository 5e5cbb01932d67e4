/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Source, host and survey, and how a report looks. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "host/part.h"

int source_open(const struct options *o, struct pp_source **ret, struct pp_error *e)
{
	int r = is_another_host(o) ? texts_open(o, ret, e) : pp_source_open(o->from, ret, e);

	/* A path that holds no host is no misuse of the command. */
	if (r == -EINVAL)
		e->code = EBADMSG;
	return r;
}

/* Whoever waits for standard input may be asked for a password meanwhile. */
static bool source_waits(const struct options *o)
{
	bool waits = o->from && !strcmp(o->from, "-");

	for (unsigned int i = 0; i < o->nr_more_from; i++)
		waits |= !strcmp(o->more_from[i], "-");
	return waits;
}

int source_open_shown(const struct options *o, struct pp_source **ret, struct pp_error *e)
{
	const char *what = o->from ? "reading" : "reading this host";

	if (!source_waits(o))
		progress_begin(what);
	int r = source_open(o, ret, e);
	if (!r && source_waits(o))
		progress_begin(what);
	return r;
}

bool is_another_host(const struct options *o)
{
	return o->from && !(is_for_windows && !strncmp(o->from, "live:", 5));
}

/* "all" is for those that show several surveys: the first of them is KVM's. */
static enum pp_target look_target(const struct options *o)
{
	enum pp_target t = o->target ? pp_target_of(o->target) : PP_TARGET_KVM;

	return t == PP_TARGET_COUNT ? PP_TARGET_KVM : t;
}

bool look_for_all(const struct options *o)
{
	return o->target && !strcmp(o->target, "all");
}

static int look_add(struct look *l, enum pp_target t, struct pp_error *e)
{
	struct pp_survey *s = l->survey;
	int r = t ? pp_survey_new(l->host, t, &s, e) : 0;

	if (!r)
		l->surveys[t] = s;
	return r;
}

/* Of a directory of hosts nothing is known but that: says so, where nothing else was found. */
static int look_refuse_hosts(const struct options *o, const struct look *l, struct pp_error *e)
{
	struct pp_host_list *list;
	enum pp_host_path kind;
	unsigned int n;
	int r = 0;

	if (!is_another_host(o) || o->nr_more_from || !strcmp(o->from, "-") ||
	    pp_host_count_devices(l->host, &n) != -ENODATA || pp_host_list_new(&list, e))
		return 0;
	r = pp_host_list_add(list, o->from, &kind, e);
	if (!r && kind == PP_HOST_PATH_HOSTS) {
		r = -EBADMSG;
		e->code = EBADMSG;
		snprintf(e->text, sizeof(e->text),
		         "%.300s: a directory of %u host%s, need one of them; only survey "
		         "takes all",
		         o->from, pp_host_list_count(list),
		         pp_host_list_count(list) == 1 ? "" : "s");
	}
	pp_host_list_free(list);
	return r;
}

/* Fewer devices than this are read in no time. */
#define LOOK_PART_LEAST 32

/* The host and its survey by what decides about one device; 1: all of it has to be read. */
static int look_read_part(const struct options *o, const char *device, struct look *l,
                          struct pp_error *e)
{
	bool plain = !o->kernel && (!o->target || !strcmp(o->target, "kvm")) && !o->nr_more_from;

	/* An archive is in memory already. */
	if (!plain || pp_source_kind(l->source) == PP_SOURCE_ARCHIVE)
		return 1;
	int r = pp_host_read_part(l->source, device, LOOK_PART_LEAST, &l->host, e);
	if (!r)
		r = pp_survey_new(l->host, PP_TARGET_KVM, &l->survey, e);
	if (r || !pp_host_is_short(l->host))
		return r;
	pp_survey_free(l->survey);
	pp_host_free(l->host);
	l->survey = NULL;
	l->host = NULL;
	return 1;
}

static int look_read_all(const struct options *o, bool keep, struct look *l, struct pp_error *e)
{
	int r = pp_host_read(l->source, &l->host, e);

	if (!r)
		r = look_refuse_hosts(o, l, e);
	if (!r && o->kernel && strcmp(o->kernel, "all")) {
		l->running = l->host;
		l->host = NULL;
		r = pp_host_as_kernel_in(l->source, l->running, o->kernel, &l->host, e);
	}
	/* The host has what it needs; its files take as much memory again. */
	if (!keep) {
		pp_source_free(l->source);
		l->source = NULL;
	}
	/* Whoever runs Windows asks for Hyper-V. */
	enum pp_target target = look_target(o);
	if (!r && !o->target && pp_host_is_windows(l->host))
		target = PP_TARGET_HYPERV;
	if (!r)
		r = pp_survey_new(l->host, target, &l->survey, e);
	for (int t = 0; !r && look_for_all(o) && t < PP_TARGET_COUNT; t++)
		r = look_add(l, (enum pp_target)t, e);
	return r;
}

/* Not the report's business, but whoever reads it should know. */
static void look_warn(const struct look *l, struct pp_error *e)
{
	if (pp_host_table_error(l->host, e))
		warn("%s", e->text);
}

static int look_read(const struct options *o, const char *device, bool keep, struct look *ret,
                     struct pp_error *e)
{
	struct look l = { 0 };
	int r = source_open_shown(o, &l.source, e);

	if (!r)
		r = device ? look_read_part(o, device, &l, e) : 1;
	if (r == 1)
		r = look_read_all(o, keep, &l, e);
	progress_end();
	if (r) {
		look_close(&l);
		return r;
	}
	look_warn(&l, e);
	*ret = l;
	return 0;
}

int look_open_at(const struct options *o, const char *device, struct look *ret, struct pp_error *e)
{
	return look_read(o, device, false, ret, e);
}

int look_open(const struct options *o, struct look *ret, struct pp_error *e)
{
	return look_read(o, NULL, false, ret, e);
}

int look_open_with_source(const struct options *o, struct look *ret, struct pp_error *e)
{
	return look_read(o, NULL, true, ret, e);
}

void look_close(struct look *l)
{
	for (int t = 1; t < PP_TARGET_COUNT; t++)
		pp_survey_free((struct pp_survey *)l->surveys[t]);
	pp_survey_free(l->survey);
	pp_host_free(l->host);
	pp_host_free(l->running);
	pp_source_free(l->source);
	*l = (struct look){ 0 };
}

#define MAX_WIDTH 100000

/* 0: the text is for no terminal, and who reads it has named no width. */
bool is_for_all_kernels(const struct options *o)
{
	return o->kernel && !strcmp(o->kernel, "all");
}

enum exit_code kernels_compare(const struct options *o, const char *what)
{
	struct pp_error e = { 0 };
	struct pp_style style = style_of(o);
	enum exit_code code = EXIT_YES;
	struct look l;

	if (look_for_all(o))
		return complain_usage("--kernel all: need one hypervisor, not --for all");
	if (look_open(o, &l, &e))
		return complain(&e);
	if (pp_report_kernels(l.host, look_target(o), what, &style, sink_stdout(), &e) ||
	    flush_stdout(&e))
		code = complain(&e);
	look_close(&l);
	return code;
}

static unsigned int terminal_width(void)
{
	const char *columns = getenv("COLUMNS");
	char *end = NULL;
	long named = columns ? strtol(columns, &end, 10) : 0;

	if (named > 0 && !*end)
		return named < MAX_WIDTH ? (unsigned int)named : MAX_WIDTH;
	return terminal_columns();
}

static bool wants_color(const struct options *o)
{
	if (o->color && strcmp(o->color, "auto"))
		return !strcmp(o->color, "always");
	/* https://no-color.org */
	const char *no = getenv("NO_COLOR");
	return terminal_columns() && !(no && *no) && terminal_has_color();
}

/* Behind line: a word as a shell takes it. false: left for the reader to type. */
static bool command_append_word(char *line, size_t size, const char *word)
{
	size_t n = strlen(line);

	return pp_quote_word(line + n, size - n, word);
}

/*
 * "pcipass --from FILE", also of several; lives as long as the process. Without --kernel: what
 * changes the host is done under the kernel that runs, and what only looks gets it by
 * pp_next_command().
 */
static const char *command_again(const struct options *o)
{
	static char line[1024];

	if (!o->from)
		return "pcipass";
	snprintf(line, sizeof(line), "pcipass --from ");
	bool all = command_append_word(line, sizeof(line), o->from);
	for (unsigned int i = 0; all && i < o->nr_more_from; i++) {
		strncat(line, " --from ", sizeof(line) - strlen(line) - 1);
		all = command_append_word(line, sizeof(line), o->more_from[i]);
	}
	return all ? line : "pcipass --from …";
}

struct pp_style style_of(const struct options *o)
{
	unsigned int width = terminal_width();

	return (struct pp_style){
		.format = o->json         ? PP_FORMAT_JSON
		          : o->prometheus ? PP_FORMAT_PROMETHEUS
		          : o->nfd        ? PP_FORMAT_NFD
		                          : PP_FORMAT_TEXT,
		.width = width,
		.cut = width,
		.color = !o->json && wants_color(o),
		.all = o->all,
		.verbose = o->verbose,
		.documents = installed_documents(),
		.columns = o->columns,
		.no_headings = o->noheadings,
		.filter = o->filter,
		.sort = o->sort,
		.name_target = o->target != NULL,
		.command = command_again(o),
		.no_conrep = !o->from && !o->json && !pp_settings_hp_is_here(),
		.name = device_name,
		.class_name = class_name,
	};
}
