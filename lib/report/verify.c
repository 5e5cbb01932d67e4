/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The answers of verify as text, a line each, and as JSON. */
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

/* What was asked for stands in a plan's file: nothing that a shell takes apart is repeated. */
static bool verify_can_type(const char *request)
{
	static const char plain[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.:";

	return *request && !request[strspn(request, plain)] && strcmp(request, "all-slots") != 0;
}

/* Each was looked at when it was applied, or not at all. */
static void verify_print_earlier(struct pp_out *o, const struct pp_plan *p)
{
	const char *again = o->style->command ? o->style->command : "pcipass";
	char line[1400];

	for (uint32_t i = 0; i < p->nr_earlier; i++) {
		const char *request = p->earlier[i];
		if (verify_can_type(request))
			snprintf(
				line, sizeof(line),
				"%s was freed by an earlier plan, which was not checked: %s check %s",
				request, again, request);
		else
			snprintf(line, sizeof(line),
			         "%s: an earlier plan, which was not checked: %s", request, again);
		pp_out_wrapped(o, "", "  ", line);
	}
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
	char line[1400];

	if (result == PP_VERIFIED_NO && pp_plan_needs_reboot(p) && booted == PP_BOOTED_NOT)
		snprintf(line, sizeof(line), "reboot, then pcipass verify");
	else if (!verify_can_type(p->request))
		snprintf(line, sizeof(line), "%s", again);
	else if (result == PP_VERIFIED_YES && p->host.windows)
		snprintf(line, sizeof(line), "%s emit hyperv %s", again, p->request);
	else if (result == PP_VERIFIED_YES && verify_binds(p))
		snprintf(line, sizeof(line), "%s emit qemu %s", again, p->request);
	else if (result == PP_VERIFIED_YES)
		snprintf(line, sizeof(line), "pcipass bind %s (as root%s), then %s emit qemu %s",
		         p->request, pp_words_elsewhere(o) ? ", on that host" : "", again,
		         p->request);
	else
		snprintf(line, sizeof(line), "%s explain %s", again, p->request);
	pp_out_wrapped(o, "Next: ", "      ", line);
}

/* What is about the host first, then device by device. */
static void print_checks(struct pp_out *o, const struct pp_plan *p, const struct pp_checks *checks,
                         enum pp_booted booted)
{
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
	print_result(o, p, checks->result);
	verify_print_earlier(o, p);
	verify_print_next(o, p, checks->result, booted);
}

static json_t *check_json(const struct pp_check *c)
{
	return json_pack("{s:o, s:s, s:s, s:s}", "address",
	                 c->device ? pp_json_address(c->device->address) : json_null(), "what",
	                 c->what, "answer", pp_verified_name(c->answer), "evidence", c->evidence);
}

static json_t *verify_document(const struct pp_plan *p, const struct pp_checks *checks,
                               enum pp_booted booted)
{
	json_t *list = json_array(), *earlier = json_array();

	for (uint32_t i = 0; i < checks->count; i++)
		list = pp_plan_json_push(list, check_json(&checks->list[i]));
	for (uint32_t i = 0; i < p->nr_earlier; i++)
		earlier = pp_plan_json_push(earlier, json_string(p->earlier[i]));
	json_t *o = json_pack("{s:s, s:s, s:s, s:b, s:b, s:o}", "schema", "pcipass.verify/1",
	                      "request", p->request, "result", pp_verified_name(checks->result),
	                      "booted_since", booted != PP_BOOTED_NOT, "booted_since_assumed",
	                      booted == PP_BOOTED_ASSUMED, "checks", list);
	/* Only where there is something to say. */
	if (!p->nr_earlier) {
		json_decref(earlier);
		return o;
	}
	if (!json_object_set_new(o, "earlier", earlier))
		return o;
	json_decref(o);
	return NULL;
}

int pp_report_verify(const struct pp_plan *p, const struct pp_survey *s, enum pp_booted booted,
                     const struct pp_style *style, struct pp_sink sink, enum pp_verified *ret,
                     struct pp_error *e)
{
	struct pp_checks checks;
	struct pp_arena a;
	struct pp_out o;

	pp_arena_init(&a, 0);
	int r = pp_plan_check(p, s, booted, &a, &checks, e);
	if (!r) {
		pp_out_init(&o, style, sink);
		if (style->format == PP_FORMAT_JSON) {
			pp_out_json(&o, verify_document(p, &checks, booted));
			pp_out(&o, "\n");
		} else {
			print_checks(&o, p, &checks, booted);
		}
		r = pp_out_fini(&o, e);
	}
	if (!r)
		*ret = checks.result;
	pp_arena_fini(&a);
	return r;
}
