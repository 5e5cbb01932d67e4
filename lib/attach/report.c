/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What an attempt came to, for people and for programs. */
#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>

#include "attach/attach.h"
#include "report/out.h"
#include "report/words.h"

static const char *result_name(const struct pp_attach *a)
{
	static const char *const names[] = {
		[PP_ATTACH_DONE] = "attached",
		[PP_ATTACH_REFUSED] = "refused",
		[PP_ATTACH_NOT_TRIED] = "not-tried",
		[PP_ATTACH_STOPPED] = "stopped",
	};
	return names[a->result];
}

/* "EPERM" */
static const char *errno_name(int error)
{
	const char *name = strerrorname_np(error);

	return name ? name : "unknown error";
}

static const char *report_answer(const struct pp_attach_step *s)
{
	if (s->error)
		return errno_name(s->error);
	return s->failed ? "no" : "ok";
}

static void report_print_step(struct pp_out *o, const struct pp_attach_step *s)
{
	char first[64], rest[] = "                            ";

	snprintf(first, sizeof(first), "  %-10s %-13s  ", report_answer(s), s->name);
	pp_out_wrapped(o, first, rest, s->text);
	for (uint32_t i = 0; i < s->nr_log; i++)
		pp_out_wrapped(o, "             kernel: ", "                     ", s->log[i]);
	if (s->nr_log_lost)
		pp_out(o, "             kernel: more lines, which are not shown\n");
}

static void print_end(struct pp_out *o, const struct pp_attach *a)
{
	bool done = a->result == PP_ATTACH_DONE;

	pp_out(o, "%s%s%s", pp_out_color(o, done ? PP_GREEN : PP_RED),
	       done                               ? "attached"
	       : a->result == PP_ATTACH_REFUSED   ? "refused"
	       : a->result == PP_ATTACH_NOT_TRIED ? "not tried"
	                                          : "stopped",
	       pp_out_color(o, PP_COLOR_NONE));
	pp_out_wrapped(o, a->reason ? ": " : "", "  ", a->reason ? a->reason : "");
	if (a->log_error)
		pp_out(o, "what the kernel logged could not be read: %s\n", strerror(a->log_error));
	if (!a->not_restored) {
		if (a->txn.nr_ops && a->result != PP_ATTACH_NOT_TRIED)
			pp_out(o, "what was taken is put back\n");
		return;
	}
	pp_out(o, "NOT PUT BACK: what is left to do, as root:\n");
	for (uint32_t i = 0; i < a->nr_to_type; i++)
		pp_out(o, "  %s\n", a->to_type[i]);
	pp_out(o, "or \"pcipass undo\", which tries that again\n");
}

static void report_print(struct pp_out *o, const struct pp_attach *a)
{
	for (uint32_t i = 0; i < a->nr_devices; i++) {
		const struct pp_device *d = &a->host->devices[a->devices[i]];
		const char *address = PP_ADDRESS_TEXT(d->address);
		pp_out(o, "%s%s%s", pp_out_color(o, PP_BOLD), address,
		       pp_out_color(o, PP_COLOR_NONE));
		if (d->group != PP_NO_GROUP)
			pp_out(o, ", group %u", a->host->groups[d->group].number);
		pp_out(o, "\n");
	}
	for (const struct pp_attach_step *s = a->steps; s; s = s->next)
		report_print_step(o, s);
	print_end(o, a);
	if (!a->not_restored)
		pp_out(o, "Next: pcipass %s %s\n",
		       a->result != PP_ATTACH_DONE                          ? "explain"
		       : pp_words_guest_binds(a->host->kernel.release.text) ? "emit proxmox"
		                                                            : "emit qemu",
		       a->asked);
}

static json_t *strings(const char *const *list, uint32_t n)
{
	json_t *array = json_array();

	for (uint32_t i = 0; i < n; i++)
		json_array_append_new(array, json_string(list[i]));
	return array;
}

static json_t *json_step(const struct pp_attach_step *s)
{
	return json_pack("{s:s, s:s, s:b, s:s?, s:i, s:o, s:b}", "step", s->name, "text", s->text,
	                 "ok", !s->failed, "errno", s->error ? errno_name(s->error) : NULL,
	                 "errno_number", s->error, "log", strings(s->log, s->nr_log), "log_cut",
	                 s->nr_log_lost != 0);
}

static json_t *report_json_document(const struct pp_attach *a)
{
	json_t *devices = json_array(), *groups = json_array(), *steps = json_array(),
	       *unread = json_object();

	for (uint32_t i = 0; i < a->nr_devices; i++)
		json_array_append_new(devices,
		                      pp_json_address(a->host->devices[a->devices[i]].address));
	for (uint32_t i = 0; i < a->nr_groups; i++)
		if (a->groups[i].numbered || a->groups[i].known != PP_NO_GROUP)
			json_array_append_new(groups, json_integer(a->groups[i].number));
	for (const struct pp_attach_step *s = a->steps; s; s = s->next)
		json_array_append_new(steps, json_step(s));
	if (a->log_error)
		json_object_set_new(unread, "log", json_string(pp_unread_reason(a->log_error)));
	return json_pack("{s:s, s:s, s:o, s:o, s:s, s:s?, s:s?, s:o, s:b, s:o, s:o}", "schema",
	                 "pcipass.attach/1", "asked", a->asked, "devices", devices, "groups",
	                 groups, "result", result_name(a), "reason", a->reason, "refused_at",
	                 a->refused_at ? a->refused_at->name : NULL, "steps", steps, "restored",
	                 !a->not_restored, "to_restore", strings(a->to_type, a->nr_to_type),
	                 "unread", unread);
}

int pp_attach_report(const struct pp_attach *a, const struct pp_style *style, struct pp_sink sink,
                     struct pp_error *e)
{
	struct pp_out o;

	pp_out_init(&o, style, sink);
	if (style->format == PP_FORMAT_JSON) {
		pp_out_json(&o, report_json_document(a));
		pp_out(&o, "\n");
	} else {
		report_print(&o, a);
	}
	return pp_out_fini(&o, e);
}
