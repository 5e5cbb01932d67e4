/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The same host under one kernel after the other: what an upgrade will do. */
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "judge/select.h"
#include "report/words.h"

#define MAX_KERNELS 16
#define MAX_BYTES   ((size_t)256 * 1024 * 1024)

/* What a device is told under one kernel. */
struct kernels_answer {
	enum pp_verdict verdict;
	const char *rule, *text; /* the first reason; NULL: none */
};

struct kernels_column {
	const char *release;
	bool running;
	struct kernels_answer *answers; /* by row */
	unsigned int counts[PP_VERDICT_COUNT];
};

struct kernels {
	struct pp_arena arena;
	const struct pp_host *host;
	enum pp_target target;
	struct kernels_column columns[MAX_KERNELS];
	uint32_t nr_columns;
	struct pp_selection rows;
	bool *told; /* by row of these: printed already */
};

static int kernels_keep_row(struct kernels *k, struct kernels_answer *a, const struct pp_row *row)
{
	const struct pp_finding *f = row->nr_findings ? row->findings[0] : NULL;

	a->verdict = row->verdict;
	if (!f || f->effect == PP_INFORMS || row->verdict == PP_VERDICT_NOT_ENDPOINT)
		return 0;
	a->rule = f->rule->id;
	a->text = pp_arena_strndup(&k->arena, f->text, strlen(f->text));
	return a->text ? 0 : -ENOMEM;
}

static int kernels_judge(struct kernels *k, struct kernels_column *c, const struct pp_host *h,
                         struct pp_error *e)
{
	struct pp_survey *s;
	int r = pp_survey_new(h, k->target, &s, e);

	if (r)
		return r;
	c->answers = PP_ARENA_ARRAY(&k->arena, s->nr_rows, struct kernels_answer);
	memcpy(c->counts, s->counts, sizeof(c->counts));
	for (uint32_t i = 0; c->answers && !r && i < s->nr_rows; i++)
		r = kernels_keep_row(k, &c->answers[i], &s->rows[i]);
	pp_survey_free(s);
	return r || !c->answers ? pp_fail_oom(e, "survey") : 0;
}

/* release NULL: the running kernel. */
static int kernels_add(struct kernels *k, const char *release, struct pp_error *e)
{
	struct kernels_column *c = &k->columns[k->nr_columns++];
	struct pp_host *other = NULL;
	int r = release ? pp_host_as_kernel(k->host, release, &other, e) : 0;

	c->running = !release;
	c->release = release ? release : k->host->kernel.release.text;
	if (!r)
		r = kernels_judge(k, c, release ? other : k->host, e);
	pp_host_free(other);
	return r;
}

/* The running kernel in its place among the others; one of the same series is not told twice. */
static int kernels_add_all(struct kernels *k, struct pp_error *e)
{
	bool told = false;
	int r = 0;

	for (size_t i = 0; !r && pp_kernel_releases[i]; i++) {
		int order = pp_kernel_order(&k->host->kernel, pp_kernel_releases[i]);
		if (!told && order <= 0) {
			told = true;
			r = kernels_add(k, NULL, e);
		}
		if (!r && order)
			r = kernels_add(k, pp_kernel_releases[i], e);
	}
	return r || told ? r : kernels_add(k, NULL, e);
}

static bool kernels_same_text(const char *a, const char *b)
{
	return a == b || (a && b && !strcmp(a, b));
}

static bool kernels_same(const struct kernels_answer *a, const struct kernels_answer *b)
{
	return a->verdict == b->verdict && kernels_same_text(a->text, b->text);
}

static bool kernels_changes(const struct kernels *k, uint32_t row)
{
	for (uint32_t i = 1; i < k->nr_columns; i++)
		if (!kernels_same(&k->columns[i - 1].answers[row], &k->columns[i].answers[row]))
			return true;
	return false;
}

/* Two devices are told the same by every kernel. */
static bool kernels_alike(const struct kernels *k, uint32_t x, uint32_t y)
{
	for (uint32_t i = 0; i < k->nr_columns; i++)
		if (!kernels_same(&k->columns[i].answers[x], &k->columns[i].answers[y]))
			return false;
	return true;
}

static const char *kernels_release(const struct kernels_column *c)
{
	return c->release ? c->release : "unknown";
}

static void kernels_print_counts(struct pp_out *o, const struct kernels *k)
{
	pp_out(o, "%s%-30s ASSIGNABLE  CARE  FIXABLE  BLOCKED  UNKNOWN%s\n",
	       pp_out_color(o, PP_DIM), "LINUX", pp_out_color(o, PP_COLOR_NONE));
	for (uint32_t i = 0; i < k->nr_columns; i++) {
		const struct kernels_column *c = &k->columns[i];
		char name[64];
		snprintf(name, sizeof(name), "%.48s%s", kernels_release(c),
		         c->running ? ", running" : "");
		pp_out(o, "%s%-30s%s %10u %5u %8u %8u %8u\n", pp_out_color(o, PP_BOLD), name,
		       pp_out_color(o, PP_COLOR_NONE), c->counts[PP_VERDICT_ASSIGNABLE],
		       c->counts[PP_VERDICT_CARE], c->counts[PP_VERDICT_BLOCKED_FIXABLE],
		       c->counts[PP_VERDICT_BLOCKED], c->counts[PP_VERDICT_UNKNOWN]);
	}
}

/* "6.6 to 7.3: blocked: the firmware …", for each run of kernels that say the same. */
static void kernels_print_answers(struct pp_out *o, const struct kernels *k, uint32_t row)
{
	for (uint32_t first = 0, last; first < k->nr_columns; first = last + 1) {
		const struct kernels_answer *a = &k->columns[first].answers[row];
		char line[1024];
		for (last = first; last + 1 < k->nr_columns &&
		                   kernels_same(a, &k->columns[last + 1].answers[row]);)
			last++;
		snprintf(line, sizeof(line), "%.48s%s%.48s: %s%s%.800s",
		         kernels_release(&k->columns[first]), last > first ? " to " : "",
		         last > first ? kernels_release(&k->columns[last]) : "",
		         pp_words_verdict(a->verdict), a->text ? ": " : "", a->text ? a->text : "");
		pp_out_wrapped(o, "    ", "      ", line);
	}
}

static void kernels_print_device(struct pp_out *o, const struct kernels *k, uint32_t row)
{
	const struct pp_device *d = &k->host->devices[row];
	char address[PP_ADDRESS_TEXT_BYTES], first[PP_ADDRESS_TEXT_BYTES + 16], name[256];

	pp_address_format_short(d->address, address);
	pp_out_name(o, d, name, sizeof(name));
	snprintf(first, sizeof(first), "  %s%s%s  ", pp_out_color(o, PP_BOLD), address,
	         pp_out_color(o, PP_COLOR_NONE));
	pp_out_wrapped(o, first, "      ", name);
}

/* The devices that are told what this one is, together. */
static void kernels_print_same(struct pp_out *o, struct kernels *k, uint32_t index)
{
	uint32_t row = k->rows.devices[index];

	for (uint32_t i = index; i < k->rows.count; i++) {
		if (k->told[i] || !kernels_alike(k, row, k->rows.devices[i]))
			continue;
		k->told[i] = true;
		kernels_print_device(o, k, k->rows.devices[i]);
	}
	kernels_print_answers(o, k, row);
}

/* named: what was asked about; NULL: every device. */
static void kernels_print(struct pp_out *o, struct kernels *k, const char *named)
{
	char host[512];
	bool any = false;

	pp_words_host(k->host, host, sizeof(host));
	pp_out_wrapped(o, "", "  ", host);
	pp_out(o, "\n");
	kernels_print_counts(o, k);
	for (uint32_t i = 0; i < k->rows.count; i++) {
		if (k->told[i] || (!named && !kernels_changes(k, k->rows.devices[i])))
			continue;
		pp_out(o, "%s", any ? "" : named ? "\n" : "\nWhat changes:\n");
		any = true;
		kernels_print_same(o, k, i);
	}
	if (!any)
		pp_out(o, "\nNo device's answer changes.\n");
	pp_out(o, "\n");
	pp_words_other_kernel(o, k->host);
	pp_out(o, "More: %s --kernel %s%s%s\n", o->style->command ? o->style->command : "pcipass",
	       PP_KERNEL_NEWEST, named ? " explain " : "", named ? named : "");
}

static json_t *kernels_json_answer(const struct kernels_column *c, uint32_t row)
{
	const struct kernels_answer *a = &c->answers[row];

	return json_pack("{s:s?, s:s, s:s?, s:s?}", "kernel", c->release, "verdict",
	                 pp_verdict_name(a->verdict), "rule", a->rule, "reason", a->text);
}

static json_t *kernels_json_device(const struct kernels *k, uint32_t row)
{
	json_t *answers = json_array();

	for (uint32_t i = 0; i < k->nr_columns; i++)
		json_array_append_new(answers, kernels_json_answer(&k->columns[i], row));
	return json_pack("{s:o, s:b, s:o}", "address",
	                 pp_json_address(k->host->devices[row].address), "changes",
	                 kernels_changes(k, row), "answers", answers);
}

static void kernels_json(struct pp_out *o, const struct kernels *k)
{
	json_t *kernels = json_array(), *devices = json_array();

	for (uint32_t i = 0; i < k->nr_columns; i++) {
		const struct kernels_column *c = &k->columns[i];
		json_t *counts = json_object();
		for (unsigned int v = 0; v < PP_VERDICT_COUNT; v++)
			json_object_set_new(counts, pp_verdict_name(v), json_integer(c->counts[v]));
		json_array_append_new(kernels, json_pack("{s:s?, s:b, s:o}", "kernel", c->release,
		                                         "running", c->running, "summary", counts));
	}
	for (uint32_t i = 0; i < k->rows.count; i++)
		json_array_append_new(devices, kernels_json_device(k, k->rows.devices[i]));
	pp_out_json(o,
	            json_pack("{s:s, s:s, s:o, s:o}", "schema", "pcipass.kernels/1", "target",
	                      pp_target_name(k->target), "kernels", kernels, "devices", devices));
	pp_out(o, "\n");
}

static int kernels_choose(struct kernels *k, const char *what, struct pp_error *e)
{
	if (what)
		return pp_select(k->host, what, &k->arena, &k->rows, e);
	uint32_t *all = PP_ARENA_ARRAY(&k->arena, k->host->nr_devices, uint32_t), n = 0;
	if (!all)
		return pp_fail_oom(e, "survey");
	for (uint32_t i = 0; i < k->host->nr_devices; i++)
		if (!pp_device_is_bridge(&k->host->devices[i]))
			all[n++] = i;
	k->rows = (struct pp_selection){ all, n };
	return 0;
}

int pp_report_kernels(const struct pp_host *h, enum pp_target target, const char *what,
                      const struct pp_style *style, struct pp_sink sink, struct pp_error *e)
{
	struct kernels k = { .host = h, .target = target };
	struct pp_out o;

	pp_arena_init(&k.arena, MAX_BYTES);
	int r = kernels_choose(&k, what, e);
	if (!r) {
		k.told = PP_ARENA_ARRAY(&k.arena, k.rows.count, bool);
		r = k.told ? 0 : pp_fail_oom(e, "survey");
	}
	if (!r)
		r = kernels_add_all(&k, e);
	if (!r) {
		pp_out_init(&o, style, sink);
		if (style->format == PP_FORMAT_JSON)
			kernels_json(&o, &k);
		else
			kernels_print(&o, &k, what);
		r = pp_out_fini(&o, e);
	}
	pp_arena_fini(&k.arena);
	return r;
}
