/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Surveys many captures in one process. usage: captures CAPTURE…; prints how many devices are
 * assignable in all of them, so that every survey is made. Exits 1 if one could not be read.
 */
#include <stdio.h>
#include <stdlib.h>

#include <pcipass/pcipass.h>

static int captures_decode(void *ctx, struct pp_source **ret, const char **notes,
                           struct pp_error *e)
{
	return pp_source_open_input(ctx, ret, e);
}

/* As the command reads what --from names. */
static int captures_open(const char *path, struct pp_source **ret, struct pp_error *e)
{
	struct pp_input input;
	struct pp_confined_open how = {
		.inputs = &input, .nr_inputs = 1, .open = captures_decode, .ctx = &input
	};
	char *notes = NULL;
	int r = pp_input_open(path, &input, e);

	if (r)
		return r;
	r = pp_source_open_confined(&how, ret, &notes, e);
	pp_input_close(&input);
	free(notes);
	return r;
}

static int captures_survey(const char *path, unsigned int *assignable, struct pp_error *e)
{
	struct pp_source *source = NULL;
	struct pp_survey *survey = NULL;
	struct pp_host *host = NULL;
	int r = captures_open(path, &source, e);

	if (!r)
		r = pp_host_read(source, &host, e);
	if (!r)
		r = pp_survey_new(host, PP_TARGET_KVM, &survey, e);
	if (!r)
		*assignable += pp_survey_count(survey, PP_VERDICT_ASSIGNABLE);
	pp_survey_free(survey);
	pp_host_free(host);
	pp_source_free(source);
	return r;
}

int main(int argc, char **argv)
{
	unsigned int assignable = 0;
	struct pp_error e = { 0 };

	for (int i = 1; i < argc; i++)
		if (captures_survey(argv[i], &assignable, &e)) {
			fprintf(stderr, "captures: %s: %s\n", argv[i], e.text);
			return 1;
		}
	printf("%u\n", assignable);
	return 0;
}
