/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A stranger's program: the public headers and the shared library, nothing else. Surveys what it is
 * given and prints the number of devices that are blocked, of which there must be some.
 * usage: use PATH
 */
#include <pcipass/pcipass.h>
#include <stdio.h>

static int to_nowhere(void *ctx, const char *bytes, size_t len)
{
	*(size_t *)ctx += len;
	return bytes ? 0 : -1;
}

int main(int argc, char **argv)
{
	struct pp_error e = { 0 };
	struct pp_source *source = NULL;
	struct pp_host *host = NULL;
	struct pp_survey *survey = NULL;
	size_t written = 0;
	struct pp_sink sink = { to_nowhere, &written };
	struct pp_style style = { .format = PP_FORMAT_JSON };

	if (argc != 2)
		return 2;
	if (pp_source_open(argv[1], &source, &e) || pp_host_read(source, &host, &e) ||
	    pp_survey_new(host, PP_TARGET_KVM, &survey, &e) ||
	    pp_report_survey(survey, &style, sink, &e)) {
		fprintf(stderr, "%s\n", e.text);
		return 1;
	}
	unsigned int blocked = pp_survey_count(survey, PP_VERDICT_BLOCKED) +
	                       pp_survey_count(survey, PP_VERDICT_BLOCKED_FIXABLE);
	printf("%u blocked, %zu bytes\n", blocked, written);
	pp_survey_free(survey);
	pp_host_free(host);
	pp_source_free(source);
	return written && blocked ? 0 : 1;
}
