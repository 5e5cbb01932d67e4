/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Prints the rows of the judge's rules, the remedies and the kinds of steps, a line each, for the
 * documents' tests.
 */
#include <stdio.h>

#include "judge/judge.h"
#include "plan/kind.h"

static void print_remedy(const struct pp_remedy_ops *ops)
{
	printf("remedy\t%s\t%s\t%s\t%s\n", ops->id, ops->summary, ops->undo,
	       ops->flags & PP_REMEDY_NO_REBOOT ? "no" : "yes");
}

static void print_kind(const struct pp_step_kind_ops *ops)
{
	printf("step\t%s\t%s\t", ops->name, ops->summary);
	for (const struct pp_json_row *row = ops->rows; row && row->key; row++)
		printf("%s%s%s", row == ops->rows ? "" : " ", row->key, row->may_lack ? "?" : "");
	printf("\n");
}

/* With whom it speaks for, "KVM, Xen" or "all". */
static void print_rule(const struct pp_rule *r)
{
	unsigned int targets = r->targets ? r->targets : PP_FOR_KVM;
	bool any = false;

	printf("rule\t%s\t%s\t", r->id, r->reference);
	if (targets == PP_FOR_ALL)
		printf("all");
	for (int t = 0; targets != PP_FOR_ALL && t < PP_TARGET_COUNT; t++) {
		if (!(targets & PP_FOR(t)))
			continue;
		printf("%s%s", any ? ", " : "", pp_target_title((enum pp_target)t));
		any = true;
	}
	printf("\n");
}

int main(void)
{
	for (size_t i = 0; pp_rule_at(i); i++)
		print_rule(pp_rule_at(i));
	for (size_t i = 0; pp_remedy_at(i); i++)
		print_remedy(pp_remedy_at(i));
	for (int k = 0; k < PP_STEP_KINDS; k++)
		print_kind(pp_step_kind_of((enum pp_step_kind)k));
	return 0;
}
