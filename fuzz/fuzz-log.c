/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Logs that strangers paste: the same bytes in pieces of two sizes give the same answer. */
#include <stdlib.h>
#include <string.h>

#include "log/log.h"
#include "touch.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Made once: the automaton is the same for every text. */
static struct pp_log *fuzz_log(int which)
{
	static struct pp_log *logs[2];

	if (!logs[which] && pp_log_new(&logs[which], NULL))
		abort();
	pp_log_restart(logs[which]);
	return logs[which];
}

static struct pp_log *fuzz_feed(struct pp_log *l, const uint8_t *data, size_t size, size_t piece)
{
	for (size_t at = 0; at < size; at += piece)
		pp_log_feed(l, (const char *)data + at, size - at < piece ? size - at : piece);
	pp_log_end(l);
	return l;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pp_log *whole = fuzz_feed(fuzz_log(0), data, size, size ? size : 1);
	struct pp_log *parts = fuzz_feed(fuzz_log(1), data, size, size ? data[0] % 7 + 1u : 1);

	if (whole->known != parts->known || whole->nr_hits != parts->nr_hits ||
	    memcmp(whole->hits, parts->hits, whole->nr_hits * sizeof(*whole->hits)) != 0)
		abort();
	for (uint32_t i = 0; i < whole->nr_hits; i++)
		if (!memchr(whole->hits[i].quote, 0, PP_LOG_QUOTE_BYTES))
			abort();
	return 0;
}
