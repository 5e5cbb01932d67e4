/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Has what strangers wrote read and decoded by a confined child process. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/text.h"
#include "lazy/library.h"
#include "source/archive-read.h"
#include "source/confined.h"
#include "source/packed.h"
#include "sys/place.h"

#define MAX_INPUTS 32
/* A lot for a capture, and for each MiB of a large archive more than unpacking it takes. */
#define CPU_S         60u
#define CPU_S_PER_MIB 4u
#define CPU_S_MAX     (4u * 60 * 60)

#define MAX_NOTES ((uint32_t)64 * 1024)

/* What the child's answer begins with; both ends are one program. */
struct confined_answer {
	uint32_t error;    /* positive errno; 0: a capture follows */
	uint32_t not_here; /* the source is not one that can be sent */
	uint32_t text_len; /* of the error */
	uint32_t notes_len;
};

static int confined_send(void *ctx, const void *bytes, size_t len)
{
	return pp_confined_send(*(const int *)ctx, bytes, len);
}

static int confined_receive(void *ctx, void *buf, size_t len)
{
	return pp_confined_receive(ctx, buf, len);
}

int pp_confined_answer(const struct pp_confined_open *how, int out)
{
	struct pp_source *source = NULL;
	struct pp_error e = { 0 };
	const char *notes = NULL;
	int r = how->open(how->ctx, &source, &notes, &e);
	const struct pp_stored *stored = r ? NULL : pp_stored_of(source);
	/* An attempt that was given up may have left one. */
	const char *text = r ? e.text : "";
	const struct confined_answer answer = {
		.error = (uint32_t)-r,
		.not_here = !r && !stored,
		.text_len = (uint32_t)strlen(text),
		.notes_len = notes ? (uint32_t)strnlen(notes, MAX_NOTES) : 0,
	};

	r = pp_confined_send(out, &answer, sizeof(answer));
	if (!r)
		r = pp_confined_send(out, text, answer.text_len);
	if (!r)
		r = pp_confined_send(out, notes, answer.notes_len);
	if (!r && stored)
		r = pp_packed_put(stored, confined_send, &out);
	pp_source_free(source);
	return r;
}

static int confined_work(void *ctx, int out)
{
	return pp_confined_answer(ctx, out);
}

/* Of the child's error, which it may have made up. */
static int confined_failed(const struct pp_confined *c, const struct confined_answer *answer,
                           struct pp_error *e)
{
	char text[sizeof(e->text)];

	if (answer->error > 4095 || answer->text_len >= sizeof(text))
		return pp_fail(e, EPROTO, "what was read came back damaged: no error (%u)",
		               answer->error);
	int r = pp_confined_receive(c, text, answer->text_len);
	if (r)
		return pp_fail(e, EPROTO, "what was read came back cut off");
	text[answer->text_len] = '\0';
	pp_text_clean_in_place(text);
	return pp_fail(e, (int)answer->error, "%s", text);
}

static int confined_take_notes(const struct pp_confined *c, uint32_t len, char **ret,
                               struct pp_error *e)
{
	if (!len)
		return 0;
	if (len > MAX_NOTES)
		return pp_fail(e, EPROTO, "what was read came back damaged: notes of %u bytes",
		               len);
	char *notes = malloc(len + 1);
	if (!notes)
		return pp_fail_oom(e, "notes");
	int r = pp_confined_receive(c, notes, len);
	if (r) {
		free(notes);
		return pp_fail(e, -r, "what was read came back cut off");
	}
	notes[len] = '\0';
	*ret = notes;
	return 0;
}

int pp_confined_take(struct pp_confined *c, struct pp_source **ret, char **notes, bool *not_here,
                     struct pp_error *e)
{
	struct confined_answer answer;
	int r = pp_confined_receive(c, &answer, sizeof(answer));

	if (r)
		return pp_fail(e, -r, "what was read came back cut off");
	if (answer.error)
		return confined_failed(c, &answer, e);
	if (answer.text_len)
		return pp_fail(e, EPROTO, "what was read came back damaged: an error and none");
	r = confined_take_notes(c, answer.notes_len, notes, e);
	*not_here = answer.not_here;
	return r || *not_here ? r : pp_packed_take(confined_receive, c, ret, e);
}

unsigned int pp_confined_cpu_s(const struct pp_confined_open *how)
{
	uint64_t seconds = CPU_S;
	struct stat st;

	for (unsigned int i = 0; i < how->nr_inputs; i++)
		if (!fstat(how->inputs[i].fd, &st) && S_ISREG(st.st_mode))
			seconds += (uint64_t)(st.st_size >> 20) * CPU_S_PER_MIB;
	return seconds < CPU_S_MAX ? (unsigned int)seconds : CPU_S_MAX;
}

/* Once; the errors are those of the child, or why there is no answer of it. */
static int confined_open_once(const struct pp_confined_open *how, struct pp_source **ret,
                              char **notes, bool *not_here, struct pp_error *e)
{
	int fds[MAX_INPUTS];
	struct pp_confined c;
	struct pp_confined_job job = { .fds = fds,
		                       .nr_fds = how->nr_inputs,
		                       .cpu_s = pp_confined_cpu_s(how),
		                       .work = confined_work,
		                       .ctx = (void *)how };

	for (unsigned int i = 0; i < how->nr_inputs; i++) {
		fds[i] = how->inputs[i].fd;
		job.directories |= how->inputs[i].directory;
	}
	int r = pp_confined_start(&job, &c);
	if (r)
		return pp_fail(e, -r, "%.300s: no process to read it in: %s", how->inputs[0].path,
		               strerror(-r));
	struct pp_source *source = NULL;
	struct pp_error ended = { 0 };
	r = pp_confined_take(&c, &source, notes, not_here, e);
	/* Why an answer was cut off is told by how the child ended. */
	int end = pp_confined_end(&c, &ended);
	if (end && (!r || r == -EPIPE))
		r = pp_fail(e, -end, "%.200s: %s", how->inputs[0].path, ended.text);
	if (r == -EPIPE)
		r = pp_fail(e, EPROTO, "%.200s: what was read came back cut off",
		            how->inputs[0].path);
	if (!r) {
		*ret = source;
		return 0;
	}
	pp_source_free(source);
	free(*notes);
	*notes = NULL;
	return r;
}

int pp_confined_load_libraries(const struct pp_confined_open *how, struct pp_error *e)
{
	bool wanted = false;

	for (unsigned int i = 0; i < how->nr_inputs; i++)
		wanted |= !how->inputs[i].directory && pp_source_needs_archive(how->inputs[i].fd);
	return wanted ? pp_lazy_archive(e) : 0;
}

int pp_source_open_confined(const struct pp_confined_open *how, struct pp_source **ret,
                            char **notes, struct pp_error *e)
{
	bool not_here = false, directories = false;

	*notes = NULL;
	if (!how->nr_inputs || how->nr_inputs > MAX_INPUTS)
		return pp_fail(e, E2BIG, "%u inputs, need 1 to %u", how->nr_inputs, MAX_INPUTS);
	for (unsigned int i = 0; i < how->nr_inputs; i++)
		directories |= how->inputs[i].directory;
	/* Without it, a path that leads out could not be refused to the child. */
	if (directories && !pp_landlock_version())
		return pp_source_open_unconfined(how, ret, notes, e);
	int r = pp_confined_load_libraries(how, e);
	if (!r)
		r = confined_open_once(how, ret, notes, &not_here, e);
	/* Something in a directory, of which the name alone says nothing. */
	if (r == -ELIBACC && !pp_lazy_archive(NULL))
		r = confined_open_once(how, ret, notes, &not_here, e);
	if (!r && not_here) {
		free(*notes);
		*notes = NULL;
		r = pp_source_open_unconfined(how, ret, notes, e);
	}
	return r;
}

int pp_source_open_here(const struct pp_confined_open *how, struct pp_source **ret, char **notes,
                        struct pp_error *e)
{
	struct pp_confined_limits before;

	*notes = NULL;
	int r = pp_confined_limit(pp_confined_cpu_s(how), &before);
	if (r)
		return pp_fail(e, -r, "%.300s: cannot limit memory and time for reading it: %s",
		               how->inputs[0].path, strerror(-r));
	r = pp_source_open_unconfined(how, ret, notes, e);
	pp_confined_unlimit(&before);
	return r;
}

void pp_confinement_text(char *buf, size_t size)
{
	struct pp_confinement c = pp_confinement_here();
	char landlock[40];

	snprintf(landlock, sizeof(landlock), "Landlock (version %d)", c.landlock);
	if (!c.landlock && !c.seccomp)
		snprintf(buf, size,
		         "with limits only: this kernel has neither "
		         "Landlock nor seccomp");
	else
		snprintf(buf, size, "confined by %s%s%s%s", c.landlock ? landlock : "",
		         c.landlock && c.seccomp ? " and " : "", c.seccomp ? "seccomp" : "",
		         c.landlock && c.seccomp ? ""
		         : c.landlock            ? "; this kernel has no seccomp"
		                                 : "; this kernel has no Landlock");
}
