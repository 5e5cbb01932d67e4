/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs HP's conrep to save or load settings. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conrep/xml.h"
#include "store/hp-answer.h"
#include "store/hp-conrep.h"
#include "sys/file.h"
#include "sys/process.h"
#include "sys/scratch.h"
#include "sys/trust.h"

#define SCHEMA_FILE "schema.xml"
#define DATA_FILE   "settings.dat"
#define PREFIX      "hp-work"

struct work {
	char directory[PATH_MAX];
	char schema[PATH_MAX + 16], data[PATH_MAX + 16];
};

static int work_begin(const struct pp_hp_program *p, struct pp_span schema, struct work *w,
                      struct pp_error *e)
{
	int r = pp_directory_private(p->state, true, e);

	if (r == 0)
		r = pp_scratch_make(p->state, PREFIX, w->directory, e);
	if (r < 0)
		return r;
	snprintf(w->schema, sizeof(w->schema), "%s/" SCHEMA_FILE, w->directory);
	snprintf(w->data, sizeof(w->data), "%s/" DATA_FILE, w->directory);
	r = pp_scratch_put(w->schema, schema, e);
	if (r < 0)
		pp_scratch_remove(w->directory);
	return r;
}

void pp_hp_clean_up(const struct pp_hp_program *p)
{
	pp_scratch_clean_up(p->state, PREFIX);
}

static int hp_conrep_judge(const struct pp_hp_program *p, const struct pp_process_result *res,
                           const char *what, struct pp_error *e)
{
	if (res->end == PP_PROCESS_STOPPED)
		return pp_fail(e, ETIMEDOUT,
		               "%.200s: the %s timed out after %u s and was stopped%s", p->path,
		               what, p->limit_s, pp_hp_hint(what));
	if (res->end == PP_PROCESS_SIGNALLED)
		return pp_fail(e, EIO, "%.200s: died in a %s by signal %d", p->path, what,
		               res->signal);
	return pp_hp_answer_check(
		&(struct pp_hp_answer){ .program = p->path,
	                                .what = what,
	                                .status = res->status,
	                                .output = PP_SPAN(res->output, res->len) },
		e);
}

static int hp_conrep_run(const struct pp_hp_program *p, const struct work *w, bool load,
                         const struct pp_lock *lock, struct pp_error *e)
{
	char schema[PATH_MAX + 20], data[PATH_MAX + 20];
	const char *argv[] = { "conrep", load ? "-l" : "-s", schema, data, NULL };
	struct pp_process process = { .program = p->path,
		                      .argv = argv,
		                      .directory = w->directory,
		                      .limit_s = p->limit_s,
		                      .lock = lock };
	struct pp_process_result *res = malloc(sizeof(*res));

	if (!res)
		return pp_fail_oom(e, p->path);
	snprintf(schema, sizeof(schema), "-x%s", w->schema);
	snprintf(data, sizeof(data), "-f%s", w->data);
	int err = pp_process_run(&process, res, e);
	if (err == 0)
		err = hp_conrep_judge(p, res, load ? "load" : "save", e);
	else if (err == -ENOENT)
		/* It was looked at before. */
		err = pp_fail(
			e, ENOEXEC,
			"%.200s: cannot be started: the loader or interpreter that it names is "
			"missing (a 32-bit program needs the 32-bit C library)",
			p->path);
	free(res);
	return err;
}

int pp_hp_save(const struct pp_hp_program *p, struct pp_span schema, struct pp_arena *a,
               struct pp_data *ret, struct pp_error *e)
{
	struct work w;
	struct pp_span bytes;
	struct pp_error why = { 0 };
	int r = work_begin(p, schema, &w, e);

	if (r < 0)
		return r;
	r = hp_conrep_run(p, &w, false, NULL, e);
	if (r == 0) {
		r = pp_file_read(w.data, PP_XML_MAX_FILE_BYTES, a, &bytes, &why);
		if (r == 0)
			r = pp_data_parse(bytes, "what it saved", a, NULL, ret, &why);
		if (r < 0)
			pp_fail(e, r == -ENOENT ? EIO : -r, "%.150s: says that it saved, but %s",
			        p->path, r == -ENOENT ? "there is no file" : why.text);
		r = r == -ENOENT ? -EIO : r;
	}
	pp_scratch_remove(w.directory);
	return r;
}

int pp_hp_load(const struct pp_hp_program *p, struct pp_span schema, struct pp_span data,
               const struct pp_lock *lock, struct pp_error *e)
{
	struct work w;
	int r = work_begin(p, schema, &w, e);

	if (r < 0)
		return r;
	r = pp_scratch_put(w.data, data, e);
	if (r == 0)
		r = hp_conrep_run(p, &w, true, lock, e);
	pp_scratch_remove(w.directory);
	return r;
}
