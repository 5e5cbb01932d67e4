/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A stranger's program: the public headers and the shared library, nothing else. Surveys what it is
 * given and prints the number of devices that are blocked, of which there must be some. Every count
 * must be that of a walk, and every device be found by its address.
 * usage: use PATH
 */
#include <pcipass/pcipass.h>
#include <stdio.h>
#include <string.h>

static int to_nowhere(void *ctx, const char *bytes, size_t len)
{
	*(size_t *)ctx += len;
	return bytes ? 0 : -1;
}

/* One line for each thing that does not agree. */
static unsigned int wrong;

static void use_check(int agrees, const char *what, const char *where)
{
	if (agrees)
		return;
	wrong++;
	printf("%s: %s do not agree\n", where, what);
}

static void check_finding(const struct pp_finding *f, const char *where)
{
	unsigned int n = 0;

	while (pp_finding_evidence_at(f, n))
		n++;
	use_check(n == pp_finding_count_evidence(f), "lines of evidence", where);
	for (n = 0; pp_finding_remedy_at(f, n);)
		n++;
	use_check(n == pp_finding_count_remedies(f), "remedies", where);
	use_check(pp_finding_effect(f) == PP_EFFECT_UNKNOWN ||
	                  pp_finding_could(f) == pp_finding_effect(f),
	          "effects", where);
}

static void check_row(const struct pp_survey *s, const struct pp_row *row)
{
	const struct pp_device *d = pp_row_device(row);
	const struct pp_row *found = NULL;
	char address[PP_DEVICE_ADDRESS_BYTES], numbers[64];
	unsigned int domain, bus, device, function, n = 0;
	const char *methods = NULL;

	pp_device_address(d, address);
	pp_device_numbers(d, &domain, &bus, &device, &function);
	snprintf(numbers, sizeof(numbers), "%04x:%02x:%02x.%x", domain, bus, device, function);
	use_check(!strcmp(address, numbers), "address and numbers", address);
	use_check(!pp_survey_find_row(s, address, &found, NULL) && found == row, "rows", address);
	for (const struct pp_finding *f; (f = pp_row_finding_at(row, n)); n++)
		check_finding(f, address);
	use_check(n == pp_row_count_findings(row), "findings", address);
	use_check(pp_device_is_bridge(d) == (pp_row_verdict(row) == PP_VERDICT_NOT_ENDPOINT),
	          "bridges", address);
	/* A bridge is not asked for its resets; the sample's HBA has two. */
	int err = pp_device_reset_methods(d, &methods);
	use_check(pp_device_is_bridge(d) ? err && !methods : err || methods, "reset methods",
	          address);
	use_check(strcmp(address, "0000:07:00.0") || (methods && !strcmp(methods, "flr bus")),
	          "reset methods", address);
}

/* The groups share the devices out; those of no group are the rest. */
static void check_groups(const struct pp_host *h)
{
	unsigned int in_groups = 0, alone = 0, devices = 0;
	const struct pp_group *group, *of;
	const struct pp_device *d;

	for (unsigned int i = 0; (group = pp_host_group_at(h, i)); i++) {
		unsigned int n = 0;
		for (; (d = pp_host_group_device_at(h, group, n)); n++)
			use_check(!pp_host_group_of(h, d, &of) && of == group, "groups",
			          "a device");
		use_check(n && n == pp_group_count_devices(group), "devices", "a group");
		in_groups += n;
	}
	for (unsigned int i = 0; (d = pp_host_device_at(h, i)); i++)
		alone += pp_host_group_of(h, d, &of) != 0;
	use_check(!pp_host_count_devices(h, &devices) && devices == in_groups + alone, "devices",
	          "the groups");
}

static void check_plan(const struct pp_survey *s)
{
	struct pp_plan_options options = { NULL, NULL };
	struct pp_plan *plan = NULL;
	unsigned int n = 0;

	use_check(!pp_plan_new(s, "slot2", &options, &plan, NULL), "plan and sample", "slot2");
	if (!plan)
		return;
	while (pp_plan_step_at(plan, n))
		n++;
	use_check(n && n == pp_plan_steps(plan) + pp_plan_instructions(plan), "steps", "slot2");
	pp_plan_free(plan);
}

static void check_walk(const struct pp_host *h, const struct pp_survey *s)
{
	const struct pp_row *row;
	unsigned int n = 0;

	for (; (row = pp_survey_row_at(s, n)); n++) {
		use_check(pp_row_device(row) == pp_host_device_at(h, n), "devices", "a row");
		check_row(s, row);
	}
	use_check(n == pp_survey_count_rows(s), "rows", "the survey");
	check_groups(h);
	check_plan(s);
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
	check_walk(host, survey);
	pp_survey_free(survey);
	pp_host_free(host);
	pp_source_free(source);
	return written && blocked && !wrong ? 0 : 1;
}
