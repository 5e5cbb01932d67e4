/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A plan as text: its steps, their side effects, the other remedies, and what comes next. */
#include <stdio.h>
#include <string.h>

#include <pcipass/plan.h>

#include "plan/json.h"
#include "plan/kind.h"
#include "report/out.h"
#include "report/words.h"

static void print_heading(struct pp_out *o, const char *text)
{
	pp_out(o, "\n%s%s%s\n", pp_out_color(o, PP_BOLD), text, pp_out_color(o, PP_COLOR_NONE));
}

static const char *plan_name_of(const struct pp_out *o, const struct pp_plan_device *d)
{
	return o->style->name ? o->style->name(o->style->name_ctx, d->vendor, d->device) : NULL;
}

static void plan_print_device(struct pp_out *o, const struct pp_plan_device *d)
{
	char address[PP_ADDRESS_TEXT_BYTES], line[512], place[64] = "";
	const char *name = plan_name_of(o, d);

	pp_address_format_short(d->address, address);
	if (d->slot)
		snprintf(place, sizeof(place), "slot %s, ", d->slot);
	else if (d->place)
		snprintf(place, sizeof(place), "%s, ", d->place);
	snprintf(line, sizeof(line), "%s%s", place, name && *name ? name : "");
	if (!name || !*name)
		snprintf(line, sizeof(line), "%s%04x:%04x", place, d->vendor, d->device);
	char first[PP_ADDRESS_TEXT_BYTES + 8];
	snprintf(first, sizeof(first), "  %s  ", address);
	pp_out_wrapped(o, first, "           ", line);
	if (!d->asked)
		pp_out_wrapped(o, "           ", "           ",
		               "included, because it shares the IOMMU group");
}

/* What carries a setting to the ROM does not come with pcipass. */
static void print_needs(struct pp_out *o, const struct pp_plan *p, const struct pp_step *s)
{
	if (s->kind != PP_STEP_SETTING || (s->setting.store && strcmp(s->setting.store, "hp") != 0))
		return;
	pp_out_wrapped(o, "     needs: ", "       ",
	               p->host.windows ? "HP's conrep.exe (PowerShell module HPEBIOSCmdlets)"
	                               : "HP's conrep (package hp-scripting-tools)");
}

static void plan_print_step(struct pp_out *o, const struct pp_plan *p, const struct pp_step *s,
                            unsigned int number)
{
	char first[64];

	snprintf(first, sizeof(first), "  %u. ", number);
	pp_out_wrapped(o, first, "     ", s->text);
	print_needs(o, p, s);
	if (s->side_effect)
		pp_out_wrapped(o, "     side effect: ", "       ", s->side_effect);
	pp_out_wrapped(o, "     to undo: ", "       ", s->undo);
	pp_out_wrapped(o, "     remedy: ", "       ", s->remedy);
}

/* Either the steps that pcipass carries out, or those that are left to a person. */
static void print_steps(struct pp_out *o, const struct pp_plan *p, bool by_hand, const char *title)
{
	unsigned int number = 0;

	for (uint32_t i = 0; i < p->nr_steps; i++) {
		if (pp_step_is_automatic(&p->steps[i]) == by_hand)
			continue;
		if (!number)
			print_heading(o, title);
		plan_print_step(o, p, &p->steps[i], ++number);
	}
}

static void print_alternatives(struct pp_out *o, const struct pp_plan *p)
{
	char first[80];

	if (p->nr_alternatives)
		print_heading(o, "OTHER REMEDIES");
	for (uint32_t i = 0; i < p->nr_alternatives; i++) {
		const struct pp_alternative *a = &p->alternatives[i];
		snprintf(first, sizeof(first), "  [%s] ", a->remedy);
		pp_out_wrapped(o, first, "     ", a->text);
		if (a->side_effect)
			pp_out_wrapped(o, "     side effect: ", "       ", a->side_effect);
	}
}

static bool any_possible(const struct pp_plan *p)
{
	for (uint32_t i = 0; i < p->nr_alternatives; i++)
		if (p->alternatives[i].possible)
			return true;
	return false;
}

/* The command that does it, for a plan that does nothing else: "bind", "unbind"; or "free". */
static const char *verb_of(const struct pp_plan *p)
{
	enum pp_step_kind kind = p->nr_steps ? p->steps[0].kind : PP_STEP_KINDS;

	for (uint32_t i = 0; i < p->nr_steps; i++)
		if (p->steps[i].kind != kind)
			return "free";
	return kind == PP_STEP_BIND || kind == PP_STEP_UNBIND ? pp_step_kind_name(kind) : "free";
}

/* The options that make this plan again: " --by NAME", " --boot". */
static void plan_put_options(const struct pp_plan *p, char *buf, size_t size)
{
	char typed[PP_WORDS_TYPED_BYTES];
	size_t n = 0;

	buf[0] = '\0';
	if (p->by)
		n += (size_t)snprintf(buf, size, " --by %s",
		                      pp_words_typed(p->by, typed, sizeof(typed)));
	if (p->store)
		n += (size_t)snprintf(buf + n, size - n, " --store %s",
		                      pp_words_typed(p->store, typed, sizeof(typed)));
	if (!strcmp(verb_of(p), "free"))
		return;
	const struct pp_step_bind *b = &p->steps[0].bind;
	if (!pp_step_bind_is(b, PP_BIND_AT_BOOT))
		snprintf(buf + n, size - n, " --now");
	else if (!pp_step_bind_is(b, PP_BIND_NOW))
		snprintf(buf + n, size - n, " --boot");
}

static void print_next(struct pp_out *o, const struct pp_plan *p, enum pp_plan_view view)
{
	unsigned int by_hand = pp_plan_instructions(p);
	bool reboot = pp_plan_needs_reboot(p), offered = view == PP_PLAN_OFFERED;
	/* Where the device that was asked for is not what is there in the end. */
	const char *then = pp_plan_does(p, PP_REMEDY_KEEPS_DEVICE)
	                           ? ", which lists the virtual functions"
	                   : pp_plan_does(p, PP_REMEDY_MOVES_DEVICE)
	                           ? ", which lists the device at its new address"
	                           : "";
	char line[1800], what[PP_WORDS_TYPED_BYTES], options[800], file[1024];

	pp_words_typed(p->request, what, sizeof(what));
	plan_put_options(p, options, sizeof(options));
	if (offered || any_possible(p) || !pp_plan_steps(p))
		pp_out(o, "\n");
	if (!pp_plan_steps(p))
		snprintf(line, sizeof(line),
		         "pcipass does not do this for you: do it by hand%s, then run pcipass%s%s",
		         reboot ? ", reboot" : "", *then ? "" : " check ", *then ? then : what);
	else if (o->style->plan_file)
		snprintf(line, sizeof(line),
		         "run pcipass apply --plan %s %s on the host; it asks before it "
		         "changes anything%s. Then %srun pcipass%s",
		         pp_words_typed(o->style->plan_file, file, sizeof(file)),
		         pp_words_as_who(p->host.windows),
		         by_hand ? "; the rest is left to you" : "", reboot ? "reboot, and " : "",
		         *then ? then : " verify");
	else
		snprintf(line, sizeof(line),
		         "run pcipass %s %s%s %s on the host; it asks before it changes "
		         "anything%s. Then %srun pcipass%s",
		         verb_of(p), what, options, pp_words_as_who(p->host.windows),
		         by_hand ? "; the rest is left to you" : "", reboot ? "reboot, and " : "",
		         *then ? then : " verify");
	if (offered || !pp_plan_steps(p))
		pp_out_wrapped(o, "Next: ", "      ", line);
	if (any_possible(p))
		pp_out_wrapped(o, "Or:   ", "      ",
		               "to use another remedy, add --by and its name in brackets");
}

#define BIND_GROUPS_NAMED 8

/* It is free already: what the host must let go of, then the guest's own configuration. */
static void plan_print_give(struct pp_out *o, const struct pp_plan *p)
{
	char line[2600] = "", what[PP_WORDS_TYPED_BYTES];
	size_t n = 0;

	bool bind = !p->bound && !p->host.windows && !pp_words_guest_binds(p->host.kernel);
	pp_words_typed(p->request, what, sizeof(what));
	for (uint32_t i = 0; bind && i < p->nr_bind_groups && i < BIND_GROUPS_NAMED; i++)
		n += (size_t)snprintf(line + n, sizeof(line) - n, "%spcipass bind group%u",
		                      i ? ", " : "", p->bind_groups[i]);
	if (bind)
		n += (size_t)snprintf(
			line + n, sizeof(line) - n, "%s%s%s (as root, on that host), then ",
			n ? "" : "pcipass bind ", n ? "" : what,
			p->nr_bind_groups > BIND_GROUPS_NAMED ? " and further groups" : "");
	snprintf(line + n, sizeof(line) - n, "%s emit %s %s",
	         o->style->command ? o->style->command : "pcipass",
	         p->host.windows ? "hyperv" : pp_words_emit(p->host.kernel), what);
	pp_out(o, "\n");
	pp_out_wrapped(o, "Next: ", "      ", line);
}

/* Why devices come along. */
static void print_isolation(struct pp_out *o, const struct pp_plan *p)
{
	for (uint32_t i = 0; i < p->nr_isolation; i++) {
		const struct pp_plan_isolation *s = &p->isolation[i];
		pp_out_wrapped(o, "  ", "    ", s->text);
		if (s->advice)
			pp_out_wrapped(o, "    to change that: ", "      ", s->advice);
	}
}

/* What else the guest gets, or nobody does, before it is said that there is nothing to do. */
static void print_companions(struct pp_out *o, const struct pp_plan *p)
{
	char address[PP_ADDRESS_TEXT_BYTES], line[512], list[320] = "";
	uint32_t n = 0, named = 0;

	for (uint32_t i = 0; i < p->nr_devices; i++) {
		if (p->devices[i].asked || ++n > 8)
			continue;
		pp_address_format_short(p->devices[i].address, address);
		size_t len = strlen(list);
		snprintf(list + len, sizeof(list) - len, "%s%s", named++ ? ", " : "", address);
	}
	if (n) {
		char more[32] = "";
		if (n > named)
			snprintf(more, sizeof(more), " and %u more", n - named);
		snprintf(line, sizeof(line), "%.160s: %s%s %s", p->request, list, more,
		         n == 1 ? "shares its IOMMU group: it goes to the same guest, or is "
		                  "bound to vfio-pci and left unused"
		                : "share its IOMMU group: they go to the same guest, or are "
		                  "bound to vfio-pci and left unused");
		pp_out_wrapped(o, "", "  ", line);
	}
	print_isolation(o, p);
}

static void plan_print_title(struct pp_out *o, const struct pp_plan *p, enum pp_plan_view view)
{
	const char *product = p->host.product ? p->host.product : "unknown product";
	const char *kernel = p->host.windows  ? p->host.windows
	                     : p->host.kernel ? p->host.kernel
	                                      : "not known";
	char line[512];

	if (view == PP_PLAN_APPLIED) {
		snprintf(line, sizeof(line), "pcipass %s %s (%s, %s%s):", verb_of(p), p->request,
		         product, p->host.windows ? "" : "Linux ", kernel);
	} else if (!p->nr_steps) {
		uint32_t asked = 0;
		for (uint32_t i = 0; i < p->nr_devices; i++)
			asked += p->devices[i].asked;
		print_companions(o, p);
		snprintf(line, sizeof(line),
		         "%s: nothing to do: %s can be passed to a guest already", p->request,
		         asked > 1 ? "they" : "it");
	} else if (!p->nr_devices) {
		snprintf(line, sizeof(line), "To reach the settings (%s, %s%s):", product,
		         p->host.windows ? "" : "Linux ", kernel);
	} else {
		snprintf(line, sizeof(line), "To %s %s (%s, %s%s):", verb_of(p), p->request,
		         product, p->host.windows ? "" : "Linux ", kernel);
	}
	pp_out_wrapped(o, "", "  ", line);
}

static void plan_print_earlier(struct pp_out *o, const struct pp_plan *p)
{
	for (uint32_t i = 0; i < p->nr_earlier; i++)
		pp_out_wrapped(o, i ? "                " : "\nApplied before: ", "                ",
		               p->earlier[i]->request);
}

static void print_plan(struct pp_out *o, const struct pp_plan *p, enum pp_plan_view view)
{
	plan_print_title(o, p, view);
	for (uint32_t i = 0; i < p->nr_devices; i++)
		plan_print_device(o, &p->devices[i]);
	if (p->nr_steps)
		print_isolation(o, p);
	print_steps(o, p, false,
	            view == PP_PLAN_OFFERED   ? "WHAT WOULD BE DONE"
	            : view == PP_PLAN_APPLIED ? "WHAT WAS DONE"
	                                      : "WHAT WILL BE DONE");
	print_steps(o, p, true, "WHAT IS LEFT TO YOU");
	if (view == PP_PLAN_APPLIED) {
		plan_print_earlier(o, p);
		return;
	}
	print_alternatives(o, p);
	if (p->nr_steps)
		print_next(o, p, view);
	else if (strcmp(p->request, "all-slots") != 0)
		plan_print_give(o, p);
}

int pp_report_plan(const struct pp_plan *p, enum pp_plan_view view, const struct pp_style *style,
                   struct pp_sink sink, struct pp_error *e)
{
	struct pp_out o;

	pp_out_init(&o, style, sink);
	if (style->format == PP_FORMAT_JSON) {
		pp_out_json(&o, pp_plan_json(p));
		pp_out(&o, "\n");
	} else {
		print_plan(&o, p, view);
	}
	return pp_out_fini(&o, e);
}

int pp_report_status(const struct pp_plan *p, bool interrupted, bool booted,
                     const struct pp_style *style, struct pp_sink sink, struct pp_error *e)
{
	struct pp_out o;

	pp_out_init(&o, style, sink);
	pp_out_json(&o, json_pack("{ss, ss, sb, sb, so}", "schema", "pcipass.status/1", "state",
	                          !p            ? "none"
	                          : interrupted ? "interrupted"
	                                        : "applied",
	                          "needs_reboot", p && pp_plan_needs_reboot(p), "rebooted",
	                          p && booted, "plan", p ? pp_plan_json(p) : json_null()));
	pp_out(&o, "\n");
	return pp_out_fini(&o, e);
}
