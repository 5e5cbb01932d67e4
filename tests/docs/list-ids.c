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
	printf("step\t%s\t%s\t%s\n", ops->name, ops->summary, ops->keys ? ops->keys : "");
}

int main(void)
{
	for (size_t i = 0; pp_rule_at(i); i++)
		printf("rule\t%s\t%s\n", pp_rule_at(i)->id, pp_rule_at(i)->reference);
	for (size_t i = 0; pp_remedy_at(i); i++)
		print_remedy(pp_remedy_at(i));
	for (int k = 0; k < PP_STEP_KINDS; k++)
		print_kind(pp_step_kind_of((enum pp_step_kind)k));
	return 0;
}
