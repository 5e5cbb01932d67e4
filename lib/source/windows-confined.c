/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Windows: what strangers wrote is read by the program itself. */
#include <stdio.h>
#include <stdlib.h>

#include "source/source.h"

int pp_source_open_confined(const struct pp_confined_open *how, struct pp_source **ret,
                            char **notes, struct pp_error *e)
{
	return pp_source_open_unconfined(how, ret, notes, e);
}

int pp_source_open_here(const struct pp_confined_open *how, struct pp_source **ret, char **notes,
                        struct pp_error *e)
{
	return pp_source_open_unconfined(how, ret, notes, e);
}

struct pp_confined_queue {
	const struct pp_confined_open *jobs;
	unsigned int nr, next;
};

int pp_confined_queue_new(const struct pp_confined_open *jobs, unsigned int nr,
                          struct pp_confined_queue **ret, struct pp_error *e)
{
	struct pp_confined_queue *q = calloc(1, sizeof(*q));

	if (!q)
		return pp_fail_oom(e, "queue");
	*q = (struct pp_confined_queue){ .jobs = jobs, .nr = nr };
	*ret = q;
	return 0;
}

int pp_confined_queue_next(struct pp_confined_queue *q, struct pp_source **ret, char **notes,
                           struct pp_error *e)
{
	*notes = NULL;
	if (q->next == q->nr)
		return pp_fail(e, EINVAL, "all of %u were read", q->nr);
	return pp_source_open_unconfined(&q->jobs[q->next++], ret, notes, e);
}

void pp_confined_queue_free(struct pp_confined_queue *q)
{
	free(q);
}

void pp_confinement_text(char *buf, size_t size)
{
	snprintf(buf, size, "by this process: Windows has no confinement for it here");
}
