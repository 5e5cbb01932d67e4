/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An example of libpcipass: walks a host, its survey and a plan, and prints what it finds.
 *
 * usage: walk [CAPTURE|TEXT [DEVICE]]
 *
 * Without CAPTURE it looks at this host. TEXT is what people have in hand, such as the output of
 * lspci -nnvv. DEVICE ("07:00.0", "slot2", "group13") is what the plan
 * frees. Exits 0; 1: something could not be read at all; 2: usage.
 *
 *   cc -o walk walk.c $(pkg-config --cflags --libs libpcipass)
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <pcipass/pcipass.h>

/* Why a fact is not there: absent is not the same as unread. */
static const char *why_missing(int err)
{
	if (err == -ENOENT)
		return "none";
	return err == -EACCES || err == -EPERM ? "not read: root could" : "not read";
}

/* A fact that is a text, as pp_device_driver() gives it. */
static void print_fact(const char *name, const struct pp_device *d,
                       int (*get)(const struct pp_device *d, const char **ret))
{
	const char *text;
	int err = get(d, &text);

	printf("  %s: %s\n", name, err ? why_missing(err) : text);
}

static void print_place(const struct pp_device *d)
{
	enum pp_place_kind kind;
	const char *number;
	int err = pp_device_place(d, &kind, &number);

	if (err)
		printf("  place: %s\n", why_missing(err));
	else
		printf("  place: %s%s\n", pp_place_word(kind), number ? number : "");
}

static void print_device(const struct pp_host *h, const struct pp_device *d)
{
	char address[PP_DEVICE_ADDRESS_BYTES];
	unsigned int vendor, device, class_code;
	const struct pp_group *group;

	pp_device_address(d, address);
	printf("%s\n", address);
	int err = pp_device_ids(d, &vendor, &device);
	if (err || (err = pp_device_class(d, &class_code)))
		printf("  ids: %s\n", why_missing(err));
	else
		printf("  ids: %04x:%04x, class %06x\n", vendor, device, class_code);
	print_fact("driver", d, pp_device_driver);
	print_fact("slot", d, pp_device_slot);
	print_place(d);
	if (pp_device_onboard_name(d))
		printf("  onboard: %s\n", pp_device_onboard_name(d));
	const struct pp_device *pf = pp_host_physical_function(h, d);
	if (pf) {
		pp_device_address(pf, address);
		printf("  virtual function of: %s\n", address);
	}
	err = pp_host_group_of(h, d, &group);
	if (err)
		printf("  group: %s\n", why_missing(err));
	else
		printf("  group: %u\n", pp_group_number(group));
}

static void print_remedy(const struct pp_remedy *r)
{
	const char *needs = pp_remedy_needs(r), *side_effect = pp_remedy_side_effect(r);
	const char *how = !pp_remedy_is_automatic(r) ? "by hand" : needs ? "later" : "by program";

	printf("    remedy %s (%s): %s\n", pp_remedy_id(r), how, pp_remedy_text(r));
	if (needs)
		printf("      needs: %s\n", needs);
	if (side_effect)
		printf("      side effect: %s\n", side_effect);
}

/* r: the row that has the finding; NULL: the host. */
static void print_finding(const struct pp_row *r, const struct pp_finding *f)
{
	const struct pp_remedy *remedy;
	const char *line, *text;
	unsigned int number;

	printf("  %s (%s", pp_effect_name(pp_finding_effect(f)), pp_finding_rule(f));
	if (pp_finding_effect(f) == PP_EFFECT_UNKNOWN)
		printf(", could be: %s", pp_effect_name(pp_finding_could(f)));
	printf("): %s\n", pp_finding_text(f));
	for (unsigned int i = 0; (line = pp_finding_evidence_at(f, i)); i++) {
		printf("    evidence: %s\n", line);
		text = pp_finding_origin(r, f, i, &number);
		if (text)
			printf("      told by: %s, line %u\n", text, number);
	}
	printf("    reference: %s\n", pp_finding_reference(f));
	for (unsigned int i = 0; (remedy = pp_finding_remedy_at(f, i)); i++)
		print_remedy(remedy);
}

static void print_devices(const struct pp_host *h, const struct pp_survey *s)
{
	const struct pp_finding *finding;
	const struct pp_row *row;
	unsigned int count;
	int err = pp_host_count_devices(h, &count);

	if (err)
		printf("devices: %s\n", why_missing(err));
	else
		printf("devices: %u\n", count);
	for (unsigned int i = 0; (row = pp_survey_row_at(s, i)); i++) {
		print_device(h, pp_row_device(row));
		printf("  verdict: %s%s\n", pp_verdict_name(pp_row_verdict(row)),
		       pp_row_by_free(row) ? ", \"pcipass free\" frees it" : "");
		for (unsigned int k = 0; (finding = pp_row_finding_at(row, k)); k++)
			print_finding(row, finding);
	}
	printf("host\n");
	for (unsigned int i = 0; (finding = pp_survey_host_finding_at(s, i)); i++)
		print_finding(NULL, finding);
	/* Without devices nobody else shows these. */
	for (unsigned int i = 0; !count && (finding = pp_survey_common_finding_at(s, i)); i++)
		print_finding(NULL, finding);
}

static void print_group(const struct pp_host *h, const struct pp_group *g)
{
	char address[PP_DEVICE_ADDRESS_BYTES];
	const struct pp_kernel_region *region;
	const struct pp_device *device;
	unsigned int count;
	uint64_t start, end;

	printf("group %u%s:", pp_group_number(g), pp_group_has_iommu(g) ? "" : " (no IOMMU)");
	for (unsigned int i = 0; (device = pp_host_group_device_at(h, g, i)); i++) {
		pp_device_address(device, address);
		printf(" %s", address);
	}
	printf("\n");
	int err = pp_group_count_regions(g, &count);
	if (err)
		printf("  kernel regions: %s\n", why_missing(err));
	for (unsigned int i = 0; (region = pp_group_region_at(g, i)); i++) {
		pp_kernel_region_range(region, &start, &end);
		printf("  kernel region: 0x%" PRIx64 "-0x%" PRIx64 " %s\n", start, end,
		       pp_region_kind_name(pp_kernel_region_kind(region)));
	}
}

static void print_region(const struct pp_host *h, const struct pp_region *r)
{
	char address[PP_DEVICE_ADDRESS_BYTES];
	const struct pp_device *device;
	unsigned int count;
	uint64_t start, end;

	pp_region_range(r, &start, &end);
	printf("region %s %u: 0x%" PRIx64 "-0x%" PRIx64 " %s\n",
	       pp_region_source_name(pp_region_source(r)), pp_region_index(r), start, end,
	       pp_region_kind_name(pp_host_region_kind(h, r)));
	int err = pp_host_count_region_devices(h, r, &count);
	if (err)
		printf("  devices: %s\n", why_missing(err));
	for (unsigned int i = 0; (device = pp_host_region_device_at(h, r, i)); i++) {
		pp_device_address(device, address);
		printf("  device: %s\n", address);
	}
}

static void print_groups_and_regions(const struct pp_host *h)
{
	const struct pp_group *group;
	const struct pp_region *region;
	unsigned int count;
	int err = pp_host_count_groups(h, &count);

	if (err)
		printf("groups: %s\n", why_missing(err));
	else
		printf("groups: %u\n", count);
	for (unsigned int i = 0; (group = pp_host_group_at(h, i)); i++)
		print_group(h, group);
	err = pp_host_count_regions(h, &count);
	if (err)
		printf("regions: %s\n", err == -ENOENT ? "no table" : why_missing(err));
	else
		printf("regions: %u\n", count);
	for (unsigned int i = 0; (region = pp_host_region_at(h, i)); i++)
		print_region(h, region);
}

static void print_step(const struct pp_step *s)
{
	printf("step %s (%s): %s\n", pp_step_kind_name(pp_step_kind(s)), pp_step_remedy(s),
	       pp_step_text(s));
	if (pp_step_side_effect(s))
		printf("  side effect: %s\n", pp_step_side_effect(s));
	printf("  undo: %s\n", pp_step_undo(s));
	if (pp_step_needs_reboot(s))
		printf("  at the next boot\n");
}

/* That there is no plan is an answer, too. */
static void print_plan(const struct pp_survey *s, const char *device)
{
	struct pp_plan_options options = { NULL, NULL };
	struct pp_error e = { 0 };
	struct pp_plan *plan;
	const struct pp_step *step;

	if (pp_plan_new(s, device, &options, &plan, &e)) {
		printf("no plan: %s\n", e.text);
		return;
	}
	printf("plan: %u steps for a program, %u for a person\n", pp_plan_steps(plan),
	       pp_plan_instructions(plan));
	for (unsigned int i = 0; (step = pp_plan_step_at(plan, i)); i++)
		print_step(step);
	pp_plan_free(plan);
}

/* A host of one text. */
static int import_text(const char *path, struct pp_source **ret, struct pp_error *e)
{
	static char bytes[1024 * 1024];
	FILE *file = fopen(path, "rb");
	size_t len = file ? fread(bytes, 1, sizeof(bytes), file) : 0;
	struct pp_import *in;
	int err;

	if (!file) {
		err = -errno;
		snprintf(e->text, sizeof(e->text), "%s: %s", path, strerror(errno));
		return err;
	}
	fclose(file);
	err = pp_import_new(&in, e);
	if (err)
		return err;
	err = pp_import_add(in, path, bytes, len, e);
	fprintf(stderr, "%s", pp_import_notes(in));
	if (!err)
		err = pp_import_finish(in, ret, e);
	pp_import_free(in);
	return err;
}

int main(int argc, char **argv)
{
	struct pp_error e = { 0 };
	struct pp_source *source = NULL;
	struct pp_host *host = NULL;
	struct pp_survey *survey = NULL;

	if (argc > 3) {
		fprintf(stderr, "usage: walk [CAPTURE|TEXT [DEVICE]]\n");
		return 2;
	}
	int err = pp_source_open(argc > 1 ? argv[1] : NULL, &source, &e);
	if (err == -ENOEXEC)
		err = import_text(argv[1], &source, &e);
	if (!err)
		err = pp_host_read(source, &host, &e);
	if (!err)
		err = pp_survey_new(host, PP_TARGET_KVM, &survey, &e);
	if (!err) {
		print_devices(host, survey);
		print_groups_and_regions(host);
		if (argc > 2)
			print_plan(survey, argv[2]);
	} else {
		fprintf(stderr, "walk: %s\n", e.text);
	}
	/* In this order: a survey borrows from its host. */
	pp_survey_free(survey);
	pp_host_free(host);
	pp_source_free(source);
	return err ? 1 : 0;
}
