/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pcipass survey of many hosts: captures, texts and saved results, as one table. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

static const char standard_input[] = "standard input";

/*
 * The reason for a cell: without the path that stands before it, and without the list of all texts
 * that are read.
 */
static void fleet_shorten_reason(char *text, const char *path)
{
	static const char long_one[] = "nor a text that pcipass reads";
	size_t n = strlen(path);
	char *list;

	if (!strncmp(text, path, n) && !strncmp(text + n, ": ", 2))
		memmove(text, text + n + 2, strlen(text + n + 2) + 1);
	list = strstr(text, long_one);
	if (list)
		list[sizeof(long_one) - 1] = '\0';
}

static int fleet_add_unknown(struct pp_fleet *f, const char *name, const char *path,
                             const char *text, struct pp_error *e)
{
	char reason[sizeof(e->text)];

	snprintf(reason, sizeof(reason), "%s", text);
	fleet_shorten_reason(reason, path);
	return pp_fleet_add_unknown(f, name, path, reason, e);
}

/* Results of other runs. */
static int fleet_add_results(const struct options *o, struct pp_fleet *f, const char *name,
                             const char *path, struct pp_error *e)
{
	struct pp_error why = { 0 };
	char *bytes = NULL;
	size_t len = 0;

	if (o->kernel)
		return fleet_add_unknown(
			f, name, path, "a saved result is for the kernel that it was made for", e);
	if (texts_read_path(path, &bytes, &len, &why))
		return fleet_add_unknown(f, name, path, why.text, e);
	int r = pp_fleet_add_results(f, name, path, bytes, len, e);
	free(bytes);
	return r == -ENOEXEC ? fleet_add_unknown(f, name, path, "no result of pcipass", e) : r;
}

/* A host by itself: what is wrong with it is its own row. *unsure: a table of it is broken. */
static int fleet_add_host(const struct options *one, struct pp_fleet *f, const char *name,
                          bool *unsure, struct pp_error *e)
{
	const char *path = strcmp(one->from, "-") ? one->from : standard_input;
	struct pp_error why = { 0 };
	struct look l;

	warn_about(name);
	int r = look_open(one, &l, &why);
	warn_about(NULL);
	if (r)
		return fleet_add_unknown(f, name, path, why.text, e);
	*unsure |= pp_host_table_error(l.host, &why);
	const struct pp_survey *only[] = { l.survey };
	r = pp_fleet_add(f, name, path, look_for_all(one) ? l.surveys : only, e);
	look_close(&l);
	return r;
}

/* false: more texts than one host may have. */
static bool fleet_name_host(const struct options *o, const struct pp_host_list *list,
                            unsigned int i, struct options *one)
{
	const char *path = pp_host_list_path(list, i, 0);

	*one = *o;
	one->from = path;
	one->nr_more_from = 0;
	for (unsigned int n = 1; (path = pp_host_list_path(list, i, n)); n++) {
		if (n > MAX_FROM)
			return false;
		one->more_from[one->nr_more_from++] = path;
	}
	return true;
}

/* From i on, as far as one process may read them; none, if that is not so of the first. */
static void fleet_read_ahead(const struct options *o, const struct pp_host_list *list,
                             unsigned int i, unsigned int n)
{
	struct options one;

	for (; i < n; i++) {
		enum pp_host_path kind = pp_host_list_kind(list, i);
		if (kind == PP_HOST_PATH_RESULTS || kind == PP_HOST_PATH_HOSTS ||
		    !fleet_name_host(o, list, i, &one) || !texts_ahead_add(o->ahead, &one))
			return;
	}
}

static int fleet_add(const struct options *o, struct pp_fleet *f, struct pp_host_list *list,
                     unsigned int i, unsigned int n, bool *unsure, struct pp_error *e)
{
	const char *name = pp_host_list_name(list, i), *path = pp_host_list_path(list, i, 0);
	struct options one;
	char why[80];

	if (!strcmp(path, "-"))
		name = standard_input;
	if (pp_host_list_kind(list, i) == PP_HOST_PATH_RESULTS)
		return fleet_add_results(o, f, name, path, e);
	if (pp_host_list_kind(list, i) == PP_HOST_PATH_HOSTS)
		return fleet_add_unknown(f, name, path,
		                         "a directory that is empty, too deep or not readable", e);
	if (!fleet_name_host(o, list, i, &one)) {
		snprintf(why, sizeof(why), "more than %d texts of one host", MAX_FROM + 1);
		return fleet_add_unknown(f, name, path, why, e);
	}
	if (!texts_ahead_has(o->ahead, &one))
		fleet_read_ahead(o, list, i, n);
	return fleet_add_host(&one, f, name, unsure, e);
}

static int fleet_add_all(const struct options *o, struct pp_fleet *f, struct pp_host_list *list,
                         unsigned int n, bool *unsure, struct pp_error *e)
{
	struct options many = *o;
	int r = 0;

	many.ahead = texts_ahead_new();
	if (!many.ahead) {
		e->code = ENOMEM;
		snprintf(e->text, sizeof(e->text), "out of memory");
		return -ENOMEM;
	}
	for (unsigned int i = 0; !r && i < n; i++) {
		if (n > 1 && !(o->json && terminal_columns()))
			progress_count(i + 1, n);
		r = fleet_add(&many, f, list, i, n, unsure, e);
	}
	progress_count_end();
	texts_ahead_free(many.ahead);
	return r;
}

/* Of one host by itself nothing is told where it cannot be read: there is no other to go on with.
 */
static int fleet_add_only(const struct options *o, struct pp_fleet *f, bool *unsure,
                          struct pp_error *e)
{
	struct look l;
	unsigned int n;
	int r = look_open(o, &l, e);

	if (r)
		return r;
	*unsure |= pp_host_table_error(l.host, e);
	const struct pp_survey *only[] = { l.survey };
	if (pp_host_count_devices(l.host, &n)) {
		e->code = ENODATA;
		snprintf(e->text, sizeof(e->text), "no devices to survey: the list was not read");
		r = -ENODATA;
	}
	if (!r)
		r = pp_fleet_add(f, "", "", look_for_all(o) ? l.surveys : only, e);
	look_close(&l);
	return r;
}

static enum exit_code fleet_code(const struct pp_fleet *f, bool unsure)
{
	const struct pp_fleet_counts *n = pp_fleet_counts(f);

	return unsure || n->unknown_hosts || n->unknown_devices ? EXIT_UNSURE : EXIT_YES;
}

static void fleet_tell(void *ctx, const char *name, const char *reason)
{
	warn("%s: %s", name, reason);
}

int fleet_report(const struct options *o, struct pp_host_list *list, unsigned int most,
                 const struct pp_style *style, struct pp_sink sink, enum exit_code *ret,
                 struct pp_error *e)
{
	enum pp_target target =
		o->target && !look_for_all(o) ? pp_target_of(o->target) : PP_TARGET_COUNT;
	unsigned int n = list ? pp_host_list_count(list) : 0;
	struct pp_fleet *f;
	bool unsure = false;
	int r = pp_fleet_new(style, target, look_for_all(o), sink, &f, e);

	if (r)
		return r;
	pp_fleet_on_unknown(f, fleet_tell, NULL);
	n = n < most ? n : most;
	r = list ? fleet_add_all(o, f, list, n, &unsure, e) : fleet_add_only(o, f, &unsure, e);
	if (!r)
		r = pp_fleet_finish(f, e);
	*ret = fleet_code(f, unsure);
	pp_fleet_free(f);
	return r;
}

/* What output_write() hands on. */
struct fleet_output {
	const struct options *o;
	struct pp_host_list *list;
	struct pp_style style;
	enum exit_code code;
};

static int fleet_print(void *ctx, struct pp_sink sink, struct pp_error *e)
{
	struct fleet_output *p = ctx;

	return fleet_report(p->o, p->list, UINT_MAX, &p->style, sink, &p->code, e);
}

enum exit_code fleet_survey(const struct options *o, struct pp_host_list *list)
{
	struct fleet_output p = { .o = o, .list = list, .style = style_of(o) };
	struct options to = *o;
	struct pp_error e = { 0 };

	if (is_for_all_kernels(o))
		return complain_usage("--kernel all: need one host, not %u",
		                      list ? pp_host_list_count(list) : 0);
	to.output = o->output ? o->output : "-";
	return output_write(&to, fleet_print, &p, &e) ? complain(&e) : p.code;
}

/* A directory with nothing in it but a host's directory is that host, as an archive is. */
static bool fleet_is_only_one(const struct pp_host_list *list)
{
	return pp_host_list_count(list) == 1 &&
	       pp_host_list_kind(list, 0) == PP_HOST_PATH_DIRECTORY;
}

/* Several --from are texts of one host, unless none is a text and one is a host of its own. */
static bool fleet_is_many(const struct options *o, const enum pp_host_path *kinds, unsigned int n)
{
	struct pp_error e = { 0 };
	struct pp_source *source;
	bool own = false;

	for (unsigned int i = 0; i < n; i++) {
		if (n > 1 && kinds[i] == PP_HOST_PATH_TEXT)
			return false;
		own |= kinds[i] == PP_HOST_PATH_HOSTS || kinds[i] == PP_HOST_PATH_RESULTS;
	}
	if (own || n == 1)
		return own;
	/* Captures; or support bundles, which may be of one host. */
	int r = texts_open(o, &source, &e);
	if (!r)
		pp_source_free(source);
	return r == -EMLINK;
}

static int fleet_add_path(struct pp_host_list *list, const char *path, enum pp_host_path *kind,
                          struct pp_error *e)
{
	char *bytes;
	size_t len;

	int r = pp_host_list_add(list, path, kind, e);
	if (r || strcmp(path, "-"))
		return r;
	r = texts_read_path(path, &bytes, &len, e);
	if (r)
		return r;
	if (pp_fleet_are_results(bytes, len))
		pp_host_list_set_kind(list, pp_host_list_count(list) - 1,
		                      *kind = PP_HOST_PATH_RESULTS);
	free(bytes);
	return 0;
}

int fleet_list(const struct options *o, int argc, char **argv, struct pp_host_list **ret,
               bool *many, struct pp_error *e)
{
	enum pp_host_path kinds[MAX_FROM + 1];
	struct pp_host_list *list;
	int r = pp_host_list_new(&list, e);

	if (r)
		return r;
	r = fleet_add_path(list, o->from, &kinds[0], e);
	for (unsigned int i = 0; !r && i < o->nr_more_from; i++)
		r = fleet_add_path(list, o->more_from[i], &kinds[i + 1], e);
	for (int i = 0; !r && i < argc; i++)
		r = pp_host_list_add(list, argv[i], NULL, e);
	if (r) {
		pp_host_list_free(list);
		return r;
	}
	*many = argc || (!fleet_is_only_one(list) && fleet_is_many(o, kinds, o->nr_more_from + 1));
	*ret = list;
	return 0;
}
