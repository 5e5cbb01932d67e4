/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Several hosts read and decoded by one confined child process, one after the other. */
#include <stdlib.h>
#include <string.h>

#include "source/confined.h"

struct pp_confined_queue {
	const struct pp_confined_open *jobs;
	unsigned int nr, next;
	struct pp_confined child;
	bool is_running; /* the child, and the answer of the next job is its next one */
};

int pp_confined_queue_new(const struct pp_confined_open *jobs, unsigned int nr,
                          struct pp_confined_queue **ret, struct pp_error *e)
{
	unsigned int inputs = 0;

	for (unsigned int i = 0; i < nr; i++) {
		inputs += jobs[i].nr_inputs;
		for (unsigned int k = 0; k < jobs[i].nr_inputs; k++)
			if (jobs[i].inputs[k].directory)
				return pp_fail(e, EINVAL, "%.300s: a directory is read by itself",
				               jobs[i].inputs[k].path);
	}
	if (inputs > PP_CONFINED_QUEUE_INPUTS)
		return pp_fail(e, E2BIG, "%u inputs, need at most %u", inputs,
		               PP_CONFINED_QUEUE_INPUTS);
	struct pp_confined_queue *q = calloc(1, sizeof(*q));
	if (!q)
		return pp_fail_oom(e, "queue");
	*q = (struct pp_confined_queue){ .jobs = jobs, .nr = nr };
	*ret = q;
	return 0;
}

/* Runs in the child. */
static int queue_work(void *ctx, int out)
{
	const struct pp_confined_queue *q = ctx;
	int r = 0;

	for (unsigned int i = q->next; !r && i < q->nr; i++)
		r = pp_confined_answer(&q->jobs[i], out);
	return r;
}

/* Twice what the longest may take: more than all do, and no host gets the time of fifteen others.
 */
static unsigned int queue_cpu_s(const struct pp_confined_queue *q)
{
	unsigned int most = 0;

	for (unsigned int i = q->next; i < q->nr; i++) {
		unsigned int seconds = pp_confined_cpu_s(&q->jobs[i]);
		most = seconds > most ? seconds : most;
	}
	return 2 * most;
}

static int queue_start(struct pp_confined_queue *q, struct pp_error *e)
{
	int fds[PP_CONFINED_QUEUE_INPUTS], r = 0;
	struct pp_confined_job job = {
		.fds = fds, .cpu_s = queue_cpu_s(q), .work = queue_work, .ctx = q
	};

	for (unsigned int i = q->next; !r && i < q->nr; i++) {
		r = pp_confined_load_libraries(&q->jobs[i], e);
		for (unsigned int k = 0; k < q->jobs[i].nr_inputs; k++)
			fds[job.nr_fds++] = q->jobs[i].inputs[k].fd;
	}
	if (!r)
		r = pp_confined_start(&job, &q->child);
	q->is_running = !r;
	return r;
}

/*
 * Errors that tell of the child, not of what it read; or of what it could not do. Without memory
 * the rest of an answer is left in the pipe, and the child has that of others as well.
 */
static bool queue_is_broken(int r)
{
	return r == -EPIPE || r == -EPROTO || r == -ELIBACC || r == -ENOMEM;
}

/* The next answer of the child. 1: there is none to rest on, and this child is given up. */
static int queue_take(struct pp_confined_queue *q, struct pp_source **ret, char **notes,
                      struct pp_error *e)
{
	struct pp_source *source = NULL;
	struct pp_error ended;
	bool not_here = false;
	int r = pp_confined_take(&q->child, &source, notes, &not_here, e);
	bool broken = not_here || queue_is_broken(r);

	q->is_running = !broken && q->next + 1 < q->nr;
	/* Where its answers end, so does it, and is waited for. */
	if (r == -EPIPE)
		pp_confined_end(&q->child, &ended);
	else if (broken)
		pp_confined_stop(&q->child);
	else if (!q->is_running)
		broken = pp_confined_end(&q->child, &ended) != 0;
	if (broken || r) {
		pp_source_free(source);
		free(*notes);
		*notes = NULL;
		return broken ? 1 : r;
	}
	*ret = source;
	return 0;
}

int pp_confined_queue_next(struct pp_confined_queue *q, struct pp_source **ret, char **notes,
                           struct pp_error *e)
{
	int r = 1;

	*notes = NULL;
	if (q->next == q->nr)
		return pp_fail(e, EINVAL, "all of %u were read", q->nr);
	/* For the last one a child of its own is no more work. */
	if (q->is_running || (q->next + 1 < q->nr && !queue_start(q, e)))
		r = queue_take(q, ret, notes, e);
	/* What is wrong with it is told by a process that reads nothing else. */
	if (r == 1)
		r = pp_source_open_confined(&q->jobs[q->next], ret, notes, e);
	q->next++;
	return r;
}

void pp_confined_queue_free(struct pp_confined_queue *q)
{
	if (q && q->is_running)
		pp_confined_stop(&q->child);
	free(q);
}
