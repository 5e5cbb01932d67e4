/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What to type next, for each verdict: every answer for people ends with it. */
#include <stdio.h>
#include <string.h>

#include "plan/plan.h"
#include "report/more.h"
#include "report/out.h"
#include "report/words.h"

void pp_next_command(const struct pp_out *o, const struct pp_survey *s, const char *verb,
                     const char *what, char *buf, size_t size)
{
	/* The groups are the kernel's, and what emit makes names its hypervisor itself. */
	bool other = s->target != (s->host->windows ? PP_TARGET_HYPERV : PP_TARGET_KVM) &&
	             strcmp(verb, "groups") && strcmp(verb, "emit");
	/* Another kernel's answer is looked at further under that kernel. */
	const char *kernel =
		s->host->kernel.running && strcmp(verb, "groups") && strcmp(verb, "emit")
			? s->host->kernel.release.text
			: NULL;
	char typed[PP_WORDS_TYPED_BYTES], release[PP_WORDS_TYPED_BYTES];

	snprintf(buf, size, "%s%s%s%s%s%s%s%s%s", o->style->command ? o->style->command : "pcipass",
	         kernel ? " --kernel " : "",
	         kernel ? pp_words_typed(kernel, release, sizeof(release)) : "",
	         other ? " --for " : "", other ? pp_target_name(s->target) : "", *verb ? " " : "",
	         verb, *what ? " " : "", *what ? pp_words_typed(what, typed, sizeof(typed)) : "");
}

static bool next_denied(const struct pp_host *h)
{
	for (const struct pp_unread *u = h->unread; u; u = u->next)
		if (u->error == EACCES || u->error == EPERM)
			return true;
	return false;
}

/* No attach can be tried: Windows itself refuses the dismount, and says why; another kernel is none
 * that runs.
 */
static void next_unknown_by_explaining(const struct pp_out *o, const struct pp_survey *s,
                                       const char *what, char *buf, size_t size)
{
	char command[1200];

	if (s->host->windows && next_denied(s->host) && pp_words_elsewhere(o)) {
		snprintf(buf, size,
		         "a capture made by an administrator shows more: on that host, pcipass "
		         "capture -o host.tar.gz");
		return;
	}
	pp_next_command(o, s, "explain", what, command, sizeof(command));
	snprintf(buf, size, "%s: %s",
	         s->host->windows && next_denied(s->host)
	                 ? "an administrator can read more"
	                 : "what is not known, and where it would be read",
	         command);
}

/* Root reads more, a capture that root made holds more; and a real attach settles it. */
static void next_unknown(const struct pp_out *o, const struct pp_survey *s, const char *what,
                         char *buf, size_t size)
{
	bool elsewhere = pp_words_elsewhere(o), windows = s->host->windows;
	char typed[PP_WORDS_TYPED_BYTES];

	if (windows || s->host->kernel.running)
		next_unknown_by_explaining(o, s, what, buf, size);
	else if (next_denied(s->host) && elsewhere)
		snprintf(buf, size,
		         "a capture made by root shows more: on that host, sudo pcipass capture "
		         "-o host.tar.gz");
	else if (next_denied(s->host))
		snprintf(buf, size, "root can read more: sudo pcipass explain %s",
		         pp_words_typed(what, typed, sizeof(typed)));
	else
		snprintf(buf, size, "try a real attach: as root%s, pcipass verify --attach %s",
		         elsewhere ? " on that host" : "",
		         pp_words_typed(what, typed, sizeof(typed)));
}

void pp_next_of_row(struct pp_out *o, const struct pp_survey *s, const struct pp_row *row,
                    const char *what)
{
	char command[1200], line[2600], typed[PP_WORDS_TYPED_BYTES];
	uint32_t index = (uint32_t)(row - s->rows);

	if (row->verdict == PP_VERDICT_UNKNOWN &&
	    pp_more_find(o, s, &index, 1, &(struct pp_more){ 0 }))
		return; /* The block behind it says what to type. */
	switch (row->verdict) {
	case PP_VERDICT_ASSIGNABLE:
	case PP_VERDICT_CARE:
		if (pp_words_give(o, s, row))
			return;
		if (pp_words_host_needs(s, row->device)) {
			pp_next_command(o, s, "", "", command, sizeof(command));
			snprintf(line, sizeof(line),
			         "the host runs from it; which other devices a guest can have: %s",
			         command);
			break;
		}
		pp_next_command(o, s, "emit", pp_target_name(s->target), command, sizeof(command));
		snprintf(line, sizeof(line), "%s %s", command,
		         pp_words_typed(what, typed, sizeof(typed)));
		break;
	case PP_VERDICT_BLOCKED_FIXABLE:
		pp_next_command(o, s, "check", what, command, sizeof(command));
		pp_words_steps(row, line, sizeof(line) - sizeof(command) - 8);
		snprintf(line + strlen(line), sizeof(line) - strlen(line), "; then %s", command);
		break;
	case PP_VERDICT_UNKNOWN:
		next_unknown(o, s, what, line, sizeof(line));
		break;
	case PP_VERDICT_NOT_ENDPOINT:
		pp_next_command(o, s, "groups", "", command, sizeof(command));
		snprintf(line, sizeof(line), "what is below which bridge: %s", command);
		break;
	default:
		pp_next_command(o, s, "", "", command, sizeof(command));
		snprintf(line, sizeof(line), "which devices a guest can have: %s", command);
	}
	pp_out_wrapped(o, "Next: ", "      ", line);
}

/* Of several devices the one that decides what is to be done. */
static const struct pp_row *next_worst(const struct pp_survey *s, const uint32_t *devices,
                                       uint32_t nr_devices)
{
	static const int order[PP_VERDICT_COUNT] = {
		[PP_VERDICT_NOT_ENDPOINT] = 0, [PP_VERDICT_CARE] = 1,
		[PP_VERDICT_ASSIGNABLE] = 2,   [PP_VERDICT_UNKNOWN] = 3,
		[PP_VERDICT_BLOCKED] = 4,      [PP_VERDICT_BLOCKED_FIXABLE] = 5,
	};
	const struct pp_row *worst = NULL;

	for (uint32_t i = 0; i < nr_devices; i++) {
		const struct pp_row *row = &s->rows[devices[i]];
		if (!worst || order[row->verdict] > order[worst->verdict])
			worst = row;
	}
	return worst;
}

void pp_next_of_devices(struct pp_out *o, const struct pp_survey *s, const uint32_t *devices,
                        uint32_t nr_devices, const char *what)
{
	const struct pp_row *row = next_worst(s, devices, nr_devices);
	char line[1400], typed[PP_WORDS_TYPED_BYTES], once[PP_WORDS_ONCE_BYTES];

	if (!row)
		return;
	if (!pp_survey_is_acted_on(s) || !pp_plan_frees(s, what)) {
		pp_next_of_row(o, s, row, what);
		return;
	}
	pp_next_command(o, s, "free", what, line, sizeof(line));
	pp_out(o, "To see what frees it: %s --dry-run\n", line);
	/* What frees the device takes its virtual functions away, of which a guest can have one. */
	const struct pp_row *substitute = pp_words_substitute(s, row);
	if (substitute) {
		char address[PP_ADDRESS_TEXT_BYTES];
		pp_address_format_short(substitute->device->address, address);
		pp_next_of_row(o, s, substitute, address);
		return;
	}
	snprintf(line, sizeof(line), "%s%s%s (it asks first): pcipass free %s",
	         pp_words_as_who(s->host->windows), pp_words_elsewhere(o) ? " on that host" : "",
	         pp_words_once_it_runs(s->host, once, sizeof(once)),
	         pp_words_typed(what, typed, sizeof(typed)));
	pp_out_wrapped(o, "Next: ", "      ", line);
}

void pp_next_of_survey(struct pp_out *o, const struct pp_survey *s)
{
	static const enum pp_verdict turns[] = { PP_VERDICT_UNKNOWN, PP_VERDICT_BLOCKED,
		                                 PP_VERDICT_NOT_ENDPOINT };
	char address[PP_ADDRESS_TEXT_BYTES], command[1200];

	for (size_t t = 0; t < sizeof(turns) / sizeof(turns[0]); t++)
		for (uint32_t i = 0; i < s->nr_rows; i++) {
			const struct pp_row *row = &s->rows[i];
			if (row->verdict != turns[t])
				continue;
			pp_address_format_short(row->device->address, address);
			if (turns[t] == PP_VERDICT_BLOCKED) {
				pp_next_command(o, s, "explain", address, command, sizeof(command));
				pp_out_wrapped(o, "Next: ", "      ", command);
			} else {
				pp_next_of_row(o, s, row, address);
			}
			return;
		}
}

void pp_next_in_check(const struct pp_out *o, const struct pp_survey *s, const struct pp_row *row,
                      const char *what, char *buf, size_t size)
{
	char typed[PP_WORDS_TYPED_BYTES], name[32];

	if (row->verdict == PP_VERDICT_NOT_ENDPOINT)
		pp_next_command(o, s, "groups", "", buf, size);
	else if ((row->verdict != PP_VERDICT_ASSIGNABLE && row->verdict != PP_VERDICT_CARE) ||
	         pp_words_host_needs(s, row->device))
		pp_next_command(o, s, "explain", what, buf, size);
	else if (s->target == PP_TARGET_KVM && pp_words_to_bind(s, row->device, name, sizeof(name)))
		/* A name of several devices may stand for the same or for more. */
		snprintf(buf, size, "pcipass bind %s",
		         strncmp(name, "group", 5) ? pp_words_typed(what, typed, sizeof(typed))
		                                   : name);
	else
		snprintf(buf, size, "%s emit %s %s",
		         o->style->command ? o->style->command : "pcipass",
		         s->target == PP_TARGET_KVM ? pp_words_emit(pp_words_release(s->host))
		                                    : pp_target_name(s->target),
		         pp_words_typed(what, typed, sizeof(typed)));
}
