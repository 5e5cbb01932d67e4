/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Words on the kernel command line that nothing reads, or that change nothing on this host. */
#include <string.h>

#include "base/text.h"
#include "host/argument.h"
#include "host/command-line.h"
#include "judge/rules.h"

static bool argument_kind_is(const struct pp_host *h, unsigned int kinds)
{
	return h->kind != PP_KIND_UNKNOWN && kinds & PP_ON(h->kind);
}

/* Why it has no effect on a machine of this kind; NULL: it may have one, or the kind is not known.
 */
static const char *argument_not_here(const struct pp_host *h, enum pp_argument_for for_whom)
{
	const unsigned int other = ~(PP_ON(PP_KIND_UNKNOWN) | PP_ON(PP_KIND_X86) |
	                             PP_ON(PP_KIND_INTEL) | PP_ON(PP_KIND_AMD));

	if (for_whom != PP_ARGUMENT_FOR_ALL && argument_kind_is(h, other))
		return "it applies to x86 only";
	if (for_whom == PP_ARGUMENT_FOR_INTEL && argument_kind_is(h, PP_ON(PP_KIND_AMD)))
		return "it applies to Intel's IOMMU only; this host has AMD's, which is on by "
		       "default";
	if (for_whom == PP_ARGUMENT_FOR_AMD && argument_kind_is(h, PP_ON(PP_KIND_INTEL)))
		return "it applies to AMD's IOMMU only; this host has Intel's (intel_iommu=on)";
	return NULL;
}

static void argument_tell_value(struct pp_judging *j, const struct pp_argument *a)
{
	struct pp_finding *f;

	if (!strcmp(a->name, "amd_iommu") && !strcmp(a->value, "on"))
		f = pp_find(j, PP_INFORMS,
		            "amd_iommu=on has no effect: AMD's IOMMU is on by default, and "
		            "amd_iommu= does not accept on");
	else if (!strcmp(a->value, "relax_rmrr"))
		f = pp_find(j, PP_INFORMS,
		            "%s=%s has no effect: only the kernels of Proxmox VE know it", a->name,
		            a->value);
	else if (a->meant)
		f = pp_find(j, PP_INFORMS,
		            "%s=%s has no effect: it does not accept %s; did you mean %s?", a->name,
		            a->value, a->value, a->meant);
	else
		f = pp_find(j, PP_INFORMS, "%s=%s has no effect: it does not accept %s", a->name,
		            a->value, a->value);
	pp_evidence(j, f, "/proc/cmdline: %s=%s", a->name, a->value);
}

static void argument_tell(struct pp_judging *j, const struct pp_argument *a)
{
	const char *not_here = argument_not_here(j->host, a->for_whom);
	struct pp_finding *f = NULL;

	switch (a->fault) {
	case PP_ARGUMENT_FINE:
		if (!not_here)
			return;
		f = pp_find(j, PP_INFORMS, "%s on the kernel command line has no effect: %s",
		            a->name, not_here);
		break;
	case PP_ARGUMENT_UNKNOWN:
		f = pp_find(j, PP_INFORMS,
		            "nothing reads %s on the kernel command line; did you mean %s?",
		            a->name, a->meant);
		break;
	case PP_ARGUMENT_GONE:
		f = pp_find(j, PP_INFORMS, "current kernels no longer read %s; did you mean %s?",
		            a->name, a->meant);
		break;
	case PP_ARGUMENT_BLANK:
		f = pp_find(j, PP_INFORMS,
		            "%s= on the kernel command line does not accept \"%s\": separate "
		            "arguments with spaces, and do not put quotation marks around them",
		            a->name, a->value);
		break;
	case PP_ARGUMENT_IDS:
		f = pp_find(j, PP_INFORMS,
		            "%s= on the kernel command line expects vendor:device in "
		            "hexadecimal, separated by commas, not \"%s\"",
		            a->name, a->value);
		break;
	case PP_ARGUMENT_VALUE:
		if (!not_here) {
			argument_tell_value(j, a);
			return;
		}
		f = pp_find(j, PP_INFORMS, "%s on the kernel command line has no effect: %s",
		            a->name, not_here);
		break;
	}
	pp_evidence(j, f, "/proc/cmdline: %s", a->name);
}

/* What stands behind "--" goes to init. */
static void argument_look_behind(struct pp_judging *j, struct pp_span rest)
{
	struct pp_argument a;
	struct pp_span word;

	while (pp_text_word(&rest, &word)) {
		if (!pp_argument_check(word, j->host->kernel.proxmox, &a) ||
		    a.fault == PP_ARGUMENT_UNKNOWN)
			continue;
		struct pp_finding *f = pp_find(
			j, PP_INFORMS,
			"%s comes after \"--\" on the kernel command line: it goes to init, not "
			"to the kernel",
			a.name);
		pp_evidence(j, f, "/proc/cmdline: -- %s", a.name);
	}
}

static void argument_ignored(struct pp_judging *j)
{
	const char *line = j->host->kernel.command_line.text;
	struct pp_argument a;

	if (!line)
		return;
	struct pp_span rest = PP_SPAN(line, strlen(line)), word;
	while (pp_command_line_next(&rest, &word))
		if (pp_argument_check(word, j->host->kernel.proxmox, &a))
			argument_tell(j, &a);
	argument_look_behind(j, rest);
}

static const struct pp_rule rules[] = {
	{ .id = "argument-ignored",
	  .reference = "Documentation/admin-guide/kernel-parameters.txt",
	  .on_host = argument_ignored },
};

const struct pp_rule_table pp_rules_argument = { rules, sizeof(rules) / sizeof(rules[0]) };
