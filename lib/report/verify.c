/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The answers of verify as text, a line each, and as JSON. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "plan/check.h"
#include "plan/kind.h"
#include "report/out.h"
#include "report/words.h"

static void verify_print_check(struct pp_out *o, const struct pp_check *c)
{
	static const enum pp_color colors[] = {
		[PP_VERIFIED_YES] = PP_GREEN,
		[PP_VERIFIED_NO] = PP_RED,
		[PP_VERIFIED_UNKNOWN] = PP_YELLOW,
	};
	const char *answer = pp_verified_name(c->answer);

	pp_out(o, "  %s%-8s%s", pp_out_color(o, colors[c->answer]), answer,
	       pp_out_color(o, PP_COLOR_NONE));
	pp_out_wrapped(o, "", "          ", c->what);
	if (c->evidence)
		pp_out_wrapped(o, "          ", "            ", c->evidence);
}

static void print_result(struct pp_out *o, const struct pp_plan *p, enum pp_verified result)
{
	static const char *const texts[] = {
		[PP_VERIFIED_YES] = "freed",
		[PP_VERIFIED_NO] = "not freed, or not yet: see the lines marked \"no\"",
		[PP_VERIFIED_UNKNOWN] = "cannot tell: see the lines marked \"unknown\"",
	};
	const char *more = result != PP_VERIFIED_UNKNOWN ? ""
	                   : p->host.windows             ? "; an administrator may read more"
	                                                 : "; root may read more";
	char line[256];

	snprintf(line, sizeof(line), "%s: %s%s", p->request, texts[result], more);
	pp_out_wrapped(o, "", "  ", line);
}

static bool verify_binds(const struct pp_plan *p)
{
	for (uint32_t i = 0; i < p->nr_steps; i++)
		if (p->steps[i].kind == PP_STEP_BIND)
			return true;
	return false;
}

static void verify_print_next(struct pp_out *o, const struct pp_plan *p, enum pp_verified result,
                              enum pp_booted booted)
{
	const char *again = o->style->command ? o->style->command : "pcipass";
	char line[1400], what[PP_WORDS_TYPED_BYTES];

	pp_words_typed(p->request, what, sizeof(what));
	if (result == PP_VERIFIED_NO && pp_plan_needs_reboot(p) && booted == PP_BOOTED_NOT)
		snprintf(line, sizeof(line), "reboot, then pcipass verify");
	else if (!strcmp(p->request, "all-slots"))
		snprintf(line, sizeof(line), "%s", again);
	else if (result == PP_VERIFIED_YES && p->host.windows)
		snprintf(line, sizeof(line), "%s emit hyperv %s", again, what);
	else if (result == PP_VERIFIED_YES &&
	         (verify_binds(p) || pp_words_guest_binds(p->host.kernel)))
		snprintf(line, sizeof(line), "%s emit %s %s", again, pp_words_emit(p->host.kernel),
		         what);
	else if (result == PP_VERIFIED_YES)
		snprintf(line, sizeof(line), "pcipass bind %s (as root%s), then %s emit qemu %s",
		         what, pp_words_elsewhere(o) ? ", on that host" : "", again, what);
	else
		snprintf(line, sizeof(line), "%s explain %s", again, what);
	pp_out_wrapped(o, "Next: ", "      ", line);
}

/* One plan and its answers. */
struct verified {
	const struct pp_plan *plan;
	struct pp_checks checks;
	enum pp_booted booted;
};

/* What is about the host first, then device by device. */
static void print_checks(struct pp_out *o, const struct verified *v)
{
	const struct pp_checks *checks = &v->checks;
	char address[PP_ADDRESS_TEXT_BYTES];

	for (uint32_t i = 0; i < checks->count; i++)
		if (!checks->list[i].device)
			verify_print_check(o, &checks->list[i]);
	for (uint32_t i = 0; i < checks->count; i++) {
		const struct pp_check *c = &checks->list[i];
		if (!c->device)
			continue;
		if (!i || checks->list[i - 1].device != c->device) {
			pp_address_format_short(c->device->address, address);
			pp_out(o, "%s%s%s\n", pp_out_color(o, PP_BOLD), address,
			       pp_out_color(o, PP_COLOR_NONE));
		}
		verify_print_check(o, c);
	}
	print_result(o, v->plan, checks->result);
}

/* The last plan, then those before it. */
static void print_all(struct pp_out *o, const struct verified *all, uint32_t nr,
                      enum pp_verified result)
{
	for (uint32_t i = 0; i < nr; i++) {
		if (i)
			pp_out(o, "\nEarlier plan, %s:\n", all[i].plan->request);
		print_checks(o, &all[i]);
	}
	if (nr > 1)
		pp_out(o, "\n");
	/* What comes next is about the first that did not work. */
	while (nr > 1 && all->checks.result != result) {
		all++;
		nr--;
	}
	verify_print_next(o, all->plan, result, all->booted);
}

/* The first check that the result rests on. */
static const struct pp_check *verify_first(const struct verified *v)
{
	for (uint32_t i = 0; i < v->checks.count; i++)
		if (v->checks.list[i].answer == v->checks.result)
			return &v->checks.list[i];
	return NULL;
}

/*
 * One sentence, without an end: the first thing that is not in effect, and why. NULL: out of
 * memory.
 */
static const char *verify_warning(const struct verified *all, uint32_t nr, enum pp_verified result,
                                  const struct pp_host *h, struct pp_arena *a)
{
	const struct verified *v = all;
	const char *bios;

	while (v + 1 < all + nr && v->checks.result != result)
		v++;
	const struct pp_check *c = verify_first(v);

	enum pp_verified same = pp_check_same_bios(v->plan, h, a, &bios);
	if (same == PP_VERIFIED_NO && !bios)
		return NULL;
	return pp_arena_printf(a, "%s: %s%s%s%s%s", v->plan->request,
	                       v->checks.result == PP_VERIFIED_NO
	                               ? "what pcipass applied is not in effect"
	                               : "cannot tell whether what pcipass applied is in effect",
	                       c ? ": " : "", c ? c->evidence : "", bios ? "; the BIOS was " : "",
	                       bios ? bios : "");
}

static void verify_print_one_line(struct pp_out *o, const struct verified *all, uint32_t nr,
                                  enum pp_verified result, const char *warning)
{
	if (result == PP_VERIFIED_YES)
		pp_out(o, "%s%s: what pcipass applied is in effect\n", all->plan->request,
		       nr > 1 ? " and earlier plans" : "");
	else
		pp_out(o, "%s; to see all: pcipass verify\n", warning);
}

static json_t *check_json(const struct pp_check *c)
{
	return json_pack("{s:o, s:s, s:s, s:s}", "address",
	                 c->device ? pp_json_address(c->device->address) : json_null(), "what",
	                 c->what, "answer", pp_verified_name(c->answer), "evidence", c->evidence);
}

static json_t *checks_json(const struct pp_checks *checks)
{
	json_t *list = json_array();

	for (uint32_t i = 0; i < checks->count; i++)
		list = pp_plan_json_push(list, check_json(&checks->list[i]));
	return list;
}

/* Their names, and for those who want to know more their checks. */
static int verify_add_earlier(json_t *o, const struct verified *all, uint32_t nr)
{
	json_t *names = json_array(), *list = json_array();

	for (uint32_t i = 1; i < nr; i++) {
		const char *request = all[i].plan->request;
		names = pp_plan_json_push(names, json_string(request));
		list = pp_plan_json_push(list,
		                         json_pack("{s:s, s:s, s:b, s:o}", "request", request,
		                                   "result", pp_verified_name(all[i].checks.result),
		                                   "booted_since", all[i].booted != PP_BOOTED_NOT,
		                                   "checks", checks_json(&all[i].checks)));
	}
	int r = json_object_set_new(o, "earlier", names);
	return json_object_set_new(o, "earlier_checks", list) || r;
}

static json_t *verify_bios_json(const struct verified *v, const struct pp_host *h,
                                struct pp_arena *a)
{
	const char *words;
	enum pp_verified same = pp_check_same_bios(v->plan, h, a, &words);

	return same == PP_VERIFIED_UNKNOWN ? json_null() : json_boolean(same == PP_VERIFIED_NO);
}

static json_t *verify_document(const struct verified *all, uint32_t nr, enum pp_verified result,
                               const char *warning, json_t *bios)
{
	json_t *o =
		json_pack("{s:s, s:s, s:s, s:s?, s:o, s:b, s:b, s:o}", "schema", "pcipass.verify/1",
	                  "request", all->plan->request, "result", pp_verified_name(result),
	                  "warning", warning, "bios_changed", bios, "booted_since",
	                  all->booted != PP_BOOTED_NOT, "booted_since_assumed",
	                  all->booted == PP_BOOTED_ASSUMED, "checks", checks_json(&all->checks));

	/* Only where there is something to say. */
	if (!o || nr == 1 || !verify_add_earlier(o, all, nr))
		return o;
	json_decref(o);
	return NULL;
}

static int verify_check_all(const struct pp_plan *p, const struct pp_survey *s,
                            enum pp_booted booted, struct pp_arena *a, struct verified *all,
                            enum pp_verified *ret, struct pp_error *e)
{
	int r = 0;

	*ret = PP_VERIFIED_YES;
	for (uint32_t i = 0; !r && i <= p->nr_earlier; i++) {
		struct verified *v = &all[i];
		v->plan = i ? p->earlier[i - 1] : p;
		v->booted = !i ? booted : v->plan->booted_since ? PP_BOOTED_SINCE : PP_BOOTED_NOT;
		r = pp_plan_check(v->plan, s, v->booted, a, &v->checks, e);
		if (!r && *ret != PP_VERIFIED_NO && v->checks.result != PP_VERIFIED_YES)
			*ret = v->checks.result;
	}
	return r;
}

int pp_report_verify(const struct pp_plan *p, const struct pp_survey *s, enum pp_booted booted,
                     const struct pp_style *style, struct pp_sink sink, enum pp_verified *ret,
                     struct pp_error *e)
{
	uint32_t nr = p->nr_earlier + 1;
	enum pp_verified result = PP_VERIFIED_UNKNOWN;
	struct pp_arena a PP_CLEANUP(pp_arena_fini);
	struct pp_out o;

	pp_arena_init(&a, 0);
	struct verified *all = PP_ARENA_ARRAY(&a, nr, struct verified);
	int r = all ? 0 : pp_fail_oom(e, "verify");
	/* What was applied here is this host's; a plan that is only said to be need not be. */
	if (!r && booted == PP_BOOTED_ASSUMED &&
	    pp_plan_check_model(&p->host, s->host, "the plan was made for", e)) {
		e->code = ENODATA;
		r = -ENODATA;
	}
	if (!r)
		r = verify_check_all(p, s, booted, &a, all, &result, e);
	if (r)
		return r;
	const char *warning =
		result == PP_VERIFIED_YES ? NULL : verify_warning(all, nr, result, s->host, &a);
	if (!warning && result != PP_VERIFIED_YES)
		return pp_fail_oom(e, "verify");
	pp_out_init(&o, style, sink);
	if (style->format == PP_FORMAT_JSON) {
		pp_out_json(&o, verify_document(all, nr, result, warning,
		                                verify_bios_json(all, s->host, &a)));
		pp_out(&o, "\n");
	} else if (style->one_line) {
		verify_print_one_line(&o, all, nr, result, warning);
	} else {
		print_all(&o, all, nr, result);
	}
	r = pp_out_fini(&o, e);
	if (!r)
		*ret = result;
	return r;
}
