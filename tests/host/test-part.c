/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is told of one device, by the part of the host that decides about it, is what is told by the
 * whole host: its verdict, its line and its JSON. Every device of each host is asked, or every so
 * many. usage: test-part EVERY HOST…; prints of how many a part was enough, and of how many there
 * are.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <pcipass/pcipass.h>

#include "base/buffer.h"
#include "host/part.h"
#include "judge/judge.h"

/* What check prints, as text and as JSON. */
struct part_answer {
	struct pp_buffer text;
	enum pp_verdict verdict;
};

static int part_take(void *ctx, const char *text, size_t len)
{
	pp_buffer_append(ctx, text, len);
	return 0;
}

static int part_check(const struct pp_survey *s, const char *address, struct part_answer *ret,
                      struct pp_error *e)
{
	struct pp_style style = { .format = PP_FORMAT_TEXT };
	const struct pp_sink sink = { part_take, &ret->text };

	pp_buffer_init(&ret->text, 1 << 20);
	int r = pp_report_check(s, address, &style, sink, &ret->verdict, e);
	style.format = PP_FORMAT_JSON;
	if (!r)
		r = pp_report_check(s, address, &style, sink, &ret->verdict, e);
	pp_buffer_append(&ret->text, "", 1);
	return r;
}

static void part_say(const char *path, const char *address, const char *what)
{
	fprintf(stderr, "%s: %s: %s\n", path, address, what);
}

/* 0: a part was not enough; 1: it was, and the answer is the same; -1. */
static int part_compare(struct pp_source *source, const char *path, const struct pp_survey *whole,
                        const char *address)
{
	struct part_answer by_part, by_all;
	struct pp_survey *survey = NULL;
	struct pp_host *host = NULL;
	struct pp_error e = { 0 };
	int r = pp_host_read_part(source, address, 0, &host, &e);

	if (!r)
		r = pp_survey_new(host, PP_TARGET_KVM, &survey, &e);
	if (r || pp_host_is_short(host)) {
		if (r < 0)
			part_say(path, address, e.text);
		pp_survey_free(survey);
		pp_host_free(host);
		return r < 0 ? -1 : 0;
	}
	r = part_check(survey, address, &by_part, &e);
	int all = part_check(whole, address, &by_all, &e);
	bool same = !r && !all && by_part.verdict == by_all.verdict &&
	            !strcmp((const char *)by_part.text.data, (const char *)by_all.text.data);
	if (!same) {
		part_say(path, address, r || all ? e.text : "the answers differ");
		fprintf(stderr, "by the part:\n%s\nby all:\n%s\n", (char *)by_part.text.data,
		        (char *)by_all.text.data);
	}
	pp_buffer_fini(&by_part.text);
	pp_buffer_fini(&by_all.text);
	pp_survey_free(survey);
	pp_host_free(host);
	return same ? 1 : -1;
}

struct part_counts {
	unsigned int parts, devices, wrong;
};

static int part_look_at(const char *path, unsigned int every, struct part_counts *c,
                        struct pp_error *e)
{
	struct pp_source *source = NULL;
	struct pp_survey *survey = NULL;
	struct pp_host *host = NULL;
	int r = pp_source_open(path, &source, e);

	if (!r)
		r = pp_host_read(source, &host, e);
	if (!r)
		r = pp_survey_new(host, PP_TARGET_KVM, &survey, e);
	for (unsigned int i = 0; !r && i < pp_survey_count_rows(survey); i++) {
		char address[PP_DEVICE_ADDRESS_BYTES];
		if ((c->devices++) % every)
			continue;
		pp_device_address(pp_host_device_at(host, i), address);
		int same = part_compare(source, path, survey, address);
		c->parts += same > 0;
		c->wrong += same < 0;
	}
	pp_survey_free(survey);
	pp_host_free(host);
	pp_source_free(source);
	return r;
}

int main(int argc, char **argv)
{
	unsigned int every = argc > 1 ? (unsigned int)strtoul(argv[1], NULL, 10) : 0;
	struct part_counts c = { 0 };
	struct pp_error e = { 0 };

	if (!every)
		return 2;
	for (int i = 2; i < argc; i++)
		if (part_look_at(argv[i], every, &c, &e)) {
			fprintf(stderr, "%s: %s\n", argv[i], e.text);
			return 1;
		}
	printf("%u %u\n", c.parts, (c.devices + every - 1) / every);
	return c.wrong ? 1 : 0;
}
