/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A pcipass that is wrong on purpose: the rule rmrr-hard finds nothing. The truth run must notice.
 * The linker puts this table in the place of the real one (--wrap).
 */
#include <stdlib.h>
#include <string.h>

#include "judge/rules.h"

#define RULES_MAX 64

extern const struct pp_rule_table __real_pp_rules_region;
struct pp_rule_table __wrap_pp_rules_region;

static struct pp_rule rules[RULES_MAX];

static void find_nothing(struct pp_judging *j, const struct pp_device *d)
{
}

__attribute__((constructor)) static void replace_rule(void)
{
	const struct pp_rule_table *real = &__real_pp_rules_region;
	size_t replaced = 0;

	if (real->count > RULES_MAX)
		abort();
	memcpy(rules, real->rules, real->count * sizeof(rules[0]));
	for (size_t i = 0; i < real->count; i++) {
		if (strcmp(rules[i].id, "rmrr-hard"))
			continue;
		rules[i].on_device = find_nothing;
		replaced++;
	}
	if (replaced != 1)
		abort();
	__wrap_pp_rules_region = (struct pp_rule_table){ rules, real->count };
}
